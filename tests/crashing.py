"""Killing a piece of work at any system call that changes something, as often as one likes.

The work runs in a forked child, which costs no new Python. When it says that it begins, strace is
attached to it, so that calls are counted from there: the next run counts the same ones, and can be
killed at any of them.
"""

from __future__ import annotations

import functools
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

CHANGING = (
    "open,openat,creat,write,writev,pwrite64,pwritev,fsync,fdatasync,rename,renameat,renameat2,link,"
    "linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,truncate,ftruncate,fallocate,"
    "sendfile,copy_file_range"
)
TRACED = ",".join(f"?{name}" for name in f"access,faccessat,faccessat2,{CHANGING}".split(","))
_LINE = re.compile(r"(?:(\d+) +)?(\w+)\((.*)\) += (-?\d+|\?)")
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"')
_PATIENCE = 60.0

Begin = Callable[[], None]


@functools.cache
def strace_works() -> bool:
    if not shutil.which("strace"):
        return False
    probe = ["strace", "-qq", "-o", os.devnull, "-e", "inject=mkdir:error=EIO", "true"]
    return subprocess.run(probe, capture_output=True).returncode == 0


@dataclass(frozen=True)
class Call:
    """One system call: which of its kind it is in its thread, and what it did."""

    name: str
    ordinal: int
    text: str
    result: str

    @property
    def paths(self) -> list[str]:
        """The paths it names, whole where they are relative to an open folder."""
        return [str(Path(folder, name)) for folder, name in _PATH.findall(self.text)]

    @property
    def file(self) -> str:
        """The open file that it is about."""
        found = re.match(r"[\w-]+<([^>]*)>", self.text)
        return found[1] if found else ""


def parse(log: Path, base: Path, begin: str = "") -> list[Call]:
    """The calls of a trace that change something below `base`, all or those after a mark."""
    counts: dict[tuple[str, str], int] = {}
    calls: list[Call] = []
    begun = not begin
    for line in log.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        thread, name, text, result = match.groups()
        counts[thread, name] = counts.get((thread, name), 0) + 1
        if begin and begin in text:
            begun = True
        elif "access" in name:
            continue
        elif begun and str(base) in text and (name not in ("open", "openat") or "O_CREAT" in text):
            calls.append(Call(name, counts[thread, name], text, result))
    return calls


def in_child(work: Callable[[], None]) -> None:
    """Do something in a forked process; what fails there fails here."""
    code, told = _awaited(*_forked(lambda _begin: work()))
    assert code == 0, told


def traced(work: Callable[[Begin], None], log: Path, *injected: str) -> tuple[int, str]:
    """Run work under strace from the moment that it begins.

    Args:
        work: is given what to call when it begins.
        log: where the trace goes.
        injected: options of strace.

    Returns:
        exit code, negative for a signal, and what went wrong.
    """
    child, told, ready, go = _forked(work)
    log.write_bytes(b"")
    if not select.select([ready], [], [], _PATIENCE)[0] or not os.read(ready, 1):
        return _awaited(child, told, ready, go)  # it ended before it began
    command = ["strace", "-f", "-qq", "-y", "-s", "4096", "-e", f"trace={TRACED}", "-o", str(log)]
    strace = subprocess.Popen([*command, *injected, "-p", str(child)], stderr=subprocess.PIPE)
    end = time.monotonic() + _PATIENCE
    while not log.stat().st_size and strace.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
    os.write(go, b"g")
    ended = _awaited(child, told, ready, go)
    _out, complaint = strace.communicate()
    assert log.stat().st_size, complaint.decode()
    return ended


def _forked(work: Callable[[Begin], None]) -> tuple[int, int, int, int]:
    """A child at work; its id, and pipes: what it tells, that it is ready, that it may go."""
    (told, tell), (ready, begins), (goes, go) = os.pipe(), os.pipe(), os.pipe()
    child = os.fork()
    if child:
        for end in (tell, begins, goes):
            os.close(end)
        return child, told, ready, go
    code = 1
    try:

        def begin() -> None:
            os.write(begins, b"b")
            while not select.select([goes], [], [], 0.002)[0]:
                os.access("/begin", os.F_OK)  # what shows that strace is attached

        work(begin)
        code = 0
    except BaseException:
        os.write(tell, traceback.format_exc()[-4000:].encode())
    finally:
        sys.stdout = sys.stderr = None  # type: ignore[assignment]
        os._exit(code)


def _awaited(child: int, told: int, ready: int, go: int) -> tuple[int, str]:
    ended = False
    try:
        with os.fdopen(told, "rb") as pipe:
            complaint = pipe.read().decode(errors="replace")
        ended = True
    finally:
        os.close(ready)
        os.close(go)
        if not ended:  # the test has run into its limit, and nobody else would end the child
            os.kill(child, signal.SIGKILL)
        _pid, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), complaint


# --- what is on disk -----------------------------------------------------------------------------


class Disk:
    """What is not yet on disk, followed through a trace: files and folders that are dirty.

    Args:
        there: paths that exist already.
    """

    def __init__(self, there: Collection[str] = ()) -> None:
        self.dirty: set[str] = set()
        self._made = set(there)

    def follow(self, call: Call) -> None:
        if call.result.startswith("-"):
            return
        if call.name in ("fsync", "fdatasync"):
            self.dirty.discard(call.file)
        elif "write" in call.name or call.name in ("ftruncate", "fallocate"):
            self.dirty.add(call.file)
        elif call.name in ("sendfile", "copy_file_range"):
            self.dirty.add(re.findall(r"<([^>]*)>", call.text)[call.name == "copy_file_range"])
        elif call.name.startswith("rename"):
            old, new = call.paths
            self.dirty = {new + p[len(old) :] if below(p, old) else p for p in self.dirty}
            self._made |= {new + p[len(old) :] for p in self._made if below(p, old)}
            self._entry(old)
            self._entry(new)
        elif call.name in ("unlink", "rmdir", "unlinkat"):
            path = call.paths[0]
            self.dirty = {p for p in self.dirty if not below(p, path)}
            self._made = {p for p in self._made if not below(p, path)}
            self._entry(path)
        elif call.paths[-1] not in self._made:  # open with O_CREAT, mkdir, link
            self._made.add(call.paths[-1])
            self.dirty.add(call.paths[-1])
            self._entry(call.paths[-1])

    def _entry(self, path: str) -> None:
        self.dirty.add(str(Path(path).parent))

    def below(self, *folders: str) -> set[str]:
        return {path for path in self.dirty if any(below(path, folder) for folder in folders)}


def below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")

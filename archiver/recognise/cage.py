"""The cage: a process apart in which received bytes meet native parsers.

Promises that a caged process sees the system's libraries, this package and one scratch folder,
no network, no other file, and that it ends with the daemon. Bubblewrap gives the walls; where
the machine forbids it, `probe` says ``"none"`` and only the limits of resources are left.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import runpy
import shutil
import signal
import site
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec

Kind = Literal["bubblewrap", "none"]

SCRATCH_INSIDE = "/scratch"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ghostscript",
    "/var/lib/ghostscript",  # where /usr/share/ghostscript points for character maps on Debian
)
_WALLS = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv")

# The kernel sends the signal of a parent's death when the *thread* that started the child ends,
# so one thread that lives as long as the daemon starts them all.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cage")


class Limits(msgspec.Struct, frozen=True):
    """What one document may use.

    Attributes:
        address_space: bytes of memory that a process may map.
        cpu_seconds: processor time for one answer (one page, or the assembly).
        file_size: bytes of the largest file that it may write; page images count, so it must
            be larger than the most pixels that a page may have.
        wall_seconds: time that the daemon waits for one answer.
    """

    address_space: int
    cpu_seconds: int
    file_size: int
    wall_seconds: float


class Caged:
    """A caged process and the daemon's end of its socket.

    Args:
        process: the process, leader of its own session.
        sock: the daemon's end.
    """

    def __init__(self, process: subprocess.Popen[bytes], sock: socket.socket) -> None:
        self.sock = sock
        self._process = process
        self._ending = threading.Lock()

    @property
    def pid(self) -> int:
        """Process id on the daemon's side (bubblewrap's own where it is used)."""
        return self._process.pid

    def alive(self) -> bool:
        """Say whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process with all its descendants at once, and reap it; a second time is idle.

        May be called from another thread than the one that waits for an answer.
        """
        with self._ending:
            # Once reaped, the number may belong to somebody else.
            if self._process.poll() is None:
                for pid in [*descendants(self._process.pid), self._process.pid]:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
                self._process.wait()
            self.sock.close()


@functools.cache
def probe() -> Kind:
    """Say which cage this machine allows, by building one.

    Returns:
        ``"bubblewrap"`` or ``"none"``; the answer is kept for the life of the process.
    """
    if shutil.which("bwrap") is None:
        return "none"
    command = [*_walls(None), "--", "/usr/bin/true"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "none"
    return "bubblewrap" if done.returncode == 0 else "none"


def spawn(module: str, *, kind: Kind, scratch: Path | None, arguments: Sequence[str] = ()) -> Caged:
    """Start ``python -m module <socket fd> *arguments`` in the cage.

    Args:
        module: dotted name of a module of this package (or of the tests).
        kind: which cage, see `probe`.
        scratch: folder of this process alone, its TMPDIR; None gives memory instead.
        arguments: further words of the command line.

    Returns:
        the handle; the caller kills it in the end.

    Raises:
        OSError: the process cannot be started.
    """
    return _STARTER.submit(_start, module, kind, scratch, tuple(arguments)).result()


def _start(module: str, kind: Kind, scratch: Path | None, arguments: tuple[str, ...]) -> Caged:
    """Start the process; runs in the one thread that lives as long as the daemon."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    python = [sys.executable, "-P", "-m", "archiver.recognise.cage"]
    words = [*python, str(os.getpid()), kind, module, str(theirs.fileno()), *arguments]
    temporary = _temporary(kind, scratch)
    environment = _environment(temporary)
    if kind == "bubblewrap":
        settings = [part for item in environment.items() for part in ("--setenv", *item)]
        words = [*_walls(scratch), *settings, "--chdir", temporary, "--", *words]
    try:
        process = subprocess.Popen(
            words,
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/" if kind == "bubblewrap" else temporary,
            env={"PATH": os.defpath} if kind == "bubblewrap" else environment,
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return Caged(process, ours)


def _temporary(kind: Kind, scratch: Path | None) -> str:
    """Name the caged process's TMPDIR as it sees it."""
    if scratch is None:
        return "/tmp"
    return SCRATCH_INSIDE if kind == "bubblewrap" else str(scratch.resolve())


def _environment(temporary: str) -> dict[str, str]:
    """Give the whole environment of a caged process."""
    environment = {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin")),
        "PYTHONPATH": str(_package().parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": temporary,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "OMP_THREAD_LIMIT": "1",
    }
    if "TESSDATA_PREFIX" in os.environ:
        environment["TESSDATA_PREFIX"] = os.environ["TESSDATA_PREFIX"]
    return environment


def _walls(scratch: Path | None) -> list[str]:
    """Give bubblewrap's words: what is seen inside, and nothing else."""
    words = ["bwrap", *_WALLS, "--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        folder = Path(name)
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()), name]
        elif folder.exists():
            words += ["--ro-bind", name, name]
    # Before what may lie below it.
    words += ["--tmpfs", "/tmp"]
    for name in (*_SYSTEM_FILES, *_python_folders()):
        if Path(name).exists():
            words += ["--ro-bind", name, name]
    words += ["--proc", "/proc", "--dev", "/dev"]
    if scratch is not None:
        words += ["--bind", str(scratch.resolve()), SCRATCH_INSIDE]
    return words


def _python_folders() -> list[str]:
    """Name the folders that Python, its packages and this package live in, without doubles."""
    wanted = [sys.prefix, sys.base_prefix, *site.getsitepackages(), str(_package())]
    if site.ENABLE_USER_SITE:
        wanted.append(site.getusersitepackages())
    if "TESSDATA_PREFIX" in os.environ:
        wanted.append(os.environ["TESSDATA_PREFIX"])
    folders: list[str] = []
    for name in wanted:
        path = Path(name).resolve()
        if not any(path.is_relative_to(seen) for seen in ("/usr", *folders)):
            folders.append(str(path))
        if Path(name) != path:
            folders.append(name)
    return folders


def _package() -> Path:
    """Give the folder of the archiver package, wherever it was installed from."""
    return Path(__file__).resolve().parent.parent


def descendants(pid: int) -> list[int]:
    """List the processes below one, grandchildren first to be found last.

    Args:
        pid: the root, not itself in the answer.

    Returns:
        process ids; a process that starts meanwhile may be missing, so callers that must have
        all of them ask again until nothing is left.
    """
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def _parents() -> Iterator[tuple[int, int]]:
    """Yield (process, its parent) for each process that /proc shows."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = Path(entry.path, "stat").read_text(errors="replace")
                # The second field is the name in brackets, which may hold anything.
                yield int(entry.name), int(stat.rpartition(")")[2].split()[1])


def die_with_parent(expected: int | None = None) -> None:
    """Ask the kernel to kill this process when its parent ends.

    Args:
        expected: the parent's id; where it is already gone this process ends now.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if expected is not None and os.getppid() != expected:
        os._exit(0)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that none escapes."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    """Call prctl(2), which Python does not offer."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _hung_up(descriptor: int) -> bool:
    """Whether nobody holds the other end of a socket any more."""
    with socket.socket(fileno=os.dup(descriptor)) as control:
        try:
            return control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True


def main() -> None:
    """Run inside: tie this life to the daemon's, then become the module asked for."""
    daemon, kind, module, *arguments = sys.argv[1:]
    # Inside bubblewrap the parent is bubblewrap itself, which has --die-with-parent.
    die_with_parent(int(daemon) if kind == "none" else None)
    if _hung_up(int(arguments[0])):
        # The daemon died before bubblewrap could tie itself to it.
        os._exit(0)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

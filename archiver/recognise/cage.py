"""The cage: a process apart in which received bytes meet native parsers.

Promises that a caged process sees the system's libraries, this package and one scratch folder,
no network, no other file, that it ends with the daemon, and that what it writes to its stderr
stays bounded. Bubblewrap gives the outer walls; where the machine forbids it, Landlock does. The
inner walls (`archiver.recognise.confinement`) are the same in both. With ``"none"`` there are only
limits of resources, and that must have been asked for; where it is ``"missing"`` nothing starts.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec

from archiver.errors import SystemFault
from archiver.recognise import wire
from archiver.recognise.confinement import SCRATCH, Budget, Space, empty
from archiver.recognise.guard import descendants as descendants  # whoever has a cage may ask
from archiver.recognise.lastwords import LastWords
from archiver.recognise.visible import Visible, given_packages, visible

Kind = Literal["bubblewrap", "landlock", "none", "missing"]

_INSIDE = "archiver.recognise.inside"
TOLD = "ARCHIVER_CAGE"
"""Variable of the environment by which a caged process is told its walls (`Inside`, JSON)."""
_TRIAL = "archiver.recognise.trial_process"
_TRIAL_SECONDS = 30.0
_WALLS = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv")
_SMALL_ROOM = 16 << 20
_SOMEBODY = "1000"
_SPARE = 512 << 20

# The kernel sends the signal of a parent's death when the *thread* that started the child ends,
# so one thread that lives as long as the daemon starts them all.
_starter: ThreadPoolExecutor


def _new_starter() -> None:
    global _starter
    _starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cage")


_new_starter()
os.register_at_fork(after_in_child=_new_starter)  # a forked process has no threads


class Limits(msgspec.Struct, frozen=True):
    """What one document may use.

    Attributes:
        address_space: bytes of memory that a process may map.
        cpu_seconds: processor time for one answer (one page, or the assembly).
        file_size: bytes of the largest file that it may write.
        wall_seconds: time that the daemon waits for one answer.
        room: bytes that it may write into its scratch folder, all files together.
    """

    address_space: int
    cpu_seconds: int
    file_size: int
    wall_seconds: float
    room: int = 2 << 30

    @property
    def budget(self) -> Budget:
        """What all processes of one document may use together; each has a part of its own."""
        return Budget(self.address_space + _SPARE, self.room)


OVER = {"memory": 120, "processes": 121, "room": 122}
"""Exit status of a guarded module that used too much, by what."""
_MODEST = Limits(3 << 30, 0, 0, 0.0)


class Trial(msgspec.Struct, frozen=True):
    """Which walls a caged process found around itself.

    Attributes:
        space: see `archiver.recognise.confinement.Walls`.
        landlock: version of the kernel's Landlock, 0 where there is none.
    """

    space: Space
    landlock: int


class Inside(msgspec.Struct, frozen=True):
    """What `archiver.recognise.inside` is told.

    Attributes:
        daemon: process that it ends with, where it is the parent.
        kind: the cage.
        per_document: whether the module starts a process for each document, and guards it.
        readable: files and folders that may be read.
        folder: the only one that may be written to.
        budget: of what is guarded.
    """

    daemon: int
    kind: Kind
    per_document: bool
    readable: tuple[str, ...]
    folder: str
    budget: Budget


class Caged:
    """A caged process and the daemon's end of its socket.

    Args:
        process: the process, leader of its own session.
        sock: the daemon's end.
        words: what it writes to its stderr.
        folder: to be removed when it has ended.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        words: LastWords,
        folder: Path | None = None,
    ) -> None:
        self.sock = sock
        self.words = words
        self._process = process
        self._folder = folder
        self._ending = threading.Lock()

    @property
    def pid(self) -> int:
        """Process id on the daemon's side (bubblewrap's own where it is used)."""
        return self._process.pid

    def alive(self) -> bool:
        """Say whether the process still runs."""
        return self._process.poll() is None

    def ended(self, patience: float = 1.0) -> int | None:
        """Say how a process that has hung up has ended: its status, or minus the signal.

        Args:
            patience: seconds; the end comes a moment after the hanging up.

        Returns:
            None where it still runs.
        """
        try:
            status = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return None
        # Bubblewrap tells a signal as a shell does.
        return 128 - status if status > 128 else status

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
            self.words.close()
            if self._folder is not None:
                empty(str(self._folder))
                with contextlib.suppress(OSError):
                    self._folder.rmdir()


@functools.cache
def probe() -> Kind:
    """Say which cage this machine allows, by building one and starting Python in it.

    Returns:
        the best one; ``"missing"`` where neither works. Kept for the life of the process.
    """
    for kind in CAGES:
        if not isinstance(tried(kind), str):
            return kind
    return "missing"


CAGES: tuple[Kind, ...] = ("bubblewrap", "landlock")
"""Those that are built, the best one first."""


def tried(kind: Kind) -> Trial | str:
    """Build a cage of a kind as readers have it, and start Python in it.

    Returns:
        the walls that it found around itself; or why it did not start, for the log and `check`.
    """
    try:
        caged = spawn(_TRIAL, kind=kind, scratch=None, per_document=True)
    except OSError as error:
        return str(error)
    try:
        caged.sock.settimeout(_TRIAL_SECONDS)
        message, _fds = wire.receive(caged.sock)
        return msgspec.convert(message, Trial)
    except (wire.PeerGone, ValueError) as error:
        return caged.words.verbatim() or str(error)
    finally:
        caged.kill()


def spawn(
    module: str,
    *,
    kind: Kind,
    scratch: Path | None,
    arguments: Sequence[str] = (),
    limits: Limits = _MODEST,
    per_document: bool = False,
) -> Caged:
    """Start ``python -m module <socket fd> *arguments`` in the cage.

    Args:
        module: dotted name of a module of this package (or of the tests).
        kind: which cage, see `probe`.
        scratch: folder of this process alone, its TMPDIR where the cage has no memory for that;
            None: a new one, removed in the end.
        arguments: further words of the command line.
        limits: for all its processes together.
        per_document: the module starts a process for each document and guards it
            (`archiver.recognise.inside.guarded`); else the module itself is guarded.

    Returns:
        the handle; the caller kills it in the end.

    Raises:
        OSError: the process cannot be started.
        SystemFault: ``cage_missing``.
    """
    if kind == "missing":
        raise SystemFault("cage_missing")
    order = (module, kind, scratch, tuple(arguments), limits, per_document)
    return _starter.submit(_start, *order).result()


def _start(
    module: str,
    kind: Kind,
    scratch: Path | None,
    arguments: tuple[str, ...],
    limits: Limits,
    per_document: bool,
) -> Caged:
    """Start the process; runs in the one thread that lives as long as the daemon."""
    own = None
    if kind == "bubblewrap":
        temporary = SCRATCH
    elif scratch is None:
        own = Path(tempfile.mkdtemp(prefix="archiver-cage-"))
        temporary = str(own.resolve())
    else:
        temporary = str(scratch.resolve())
    seen = visible()
    inside = Inside(
        daemon=os.getpid(),
        kind=kind,
        per_document=per_document,
        readable=seen.readable,
        folder=temporary,
        budget=limits.budget,
    )
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    words = LastWords()
    environment = _environment(temporary) | {TOLD: msgspec.json.encode(inside).decode()}
    command = [sys.executable, "-P", "-m", _INSIDE, module, str(theirs.fileno()), *arguments]
    handed = [theirs.fileno()]
    if kind == "bubblewrap":
        settings = [part for item in environment.items() for part in ("--setenv", *item)]
        # By a file, for lists of processes show what stands on the command line.
        handed.append(_memorised([*_walls(seen, limits, per_document), *settings]))
        command = ["bwrap", "--args", str(handed[1]), "--", *command]
    try:
        process = subprocess.Popen(
            command,
            pass_fds=handed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words.writable,
            start_new_session=True,
            cwd="/" if kind == "bubblewrap" else temporary,
            env={"PATH": os.defpath} if kind == "bubblewrap" else environment,
        )
    except OSError:
        ours.close()
        words.close()
        if own is not None:
            own.rmdir()
        raise
    finally:
        theirs.close()
        for fd in handed[1:]:
            os.close(fd)
    words.begin()
    return Caged(process, ours, words, own)


def _environment(temporary: str) -> dict[str, str]:
    """Give the whole environment of a caged process."""
    environment = {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin")),
        "PYTHONPATH": os.pathsep.join(
            (str(Path(__file__).resolve().parents[2]), *given_packages())
        ),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": temporary,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "OMP_THREAD_LIMIT": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    if "TESSDATA_PREFIX" in os.environ:
        environment["TESSDATA_PREFIX"] = os.environ["TESSDATA_PREFIX"]
    return environment


def _walls(seen: Visible, limits: Limits, per_document: bool) -> list[str]:
    """Give bubblewrap's words: what is seen inside, and nothing else."""
    words = [*_WALLS]
    if os.geteuid() == 0:
        # Nobody without capabilities may give root a namespace of its own.
        words += ["--unshare-user", "--uid", _SOMEBODY, "--gid", _SOMEBODY]
    if not per_document and _knows("--disable-userns"):
        # A process that starts others for its documents makes namespaces for them.
        words += ["--unshare-user", "--disable-userns"]
    # Before what may lie below it.
    words += ["--size", str(_SMALL_ROOM), "--tmpfs", "/tmp"]
    for link, target in seen.links:
        words += ["--symlink", target, link]
    for name in seen.places:
        words += ["--ro-bind", name, name]
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += ["--size", str(_SMALL_ROOM), "--tmpfs", "/dev/shm"]
    words += ["--size", str(limits.room), "--tmpfs", SCRATCH]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SCRATCH]


def _memorised(words: Sequence[str]) -> int:
    """A file in memory with words as ``bwrap --args`` reads them; the caller closes it."""
    fd = os.memfd_create("walls")
    with open(fd, "wb", closefd=False) as file:
        file.write("".join(f"{word}\0" for word in words).encode())
        file.seek(0)
    return fd


@functools.cache
def _knows(option: str) -> bool:
    """Whether this machine's bubblewrap has an option."""
    told = subprocess.run(["bwrap", "--help"], capture_output=True, timeout=20, check=False)
    return option.encode() in told.stdout + told.stderr

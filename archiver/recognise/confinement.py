"""What a process takes from itself for good before it meets a received byte.

Promises, of the process and of all that it starts: no capability and no way to one; no file but
those named, nothing writable but its own folder; no tracing of any process but its own descendants;
no system call beyond those that parsers need. Where the kernel lets it, also namespaces of its own:
no other process to be seen, no network, and memory of a bounded size in place of every folder that
can be written to.

The walls are built from inside, by the process that is to be shut in, as each of them holds for its
descendants only. At least one of namespaces and Landlock must be there.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NoReturn

import msgspec

from archiver.recognise import kernel

SCRATCH = "/scratch"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_NEW = (
    kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNS
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWCGROUP
)
_OTHER_FOLDERS = ("/tmp", "/dev/shm")
_SMALL_ROOM = 16 << 20
_PROCESSES = 64
_DESCRIPTORS = 512
_SIGNALLED = 128


class Budget(msgspec.Struct, frozen=True):
    """What one document may use, all its processes together.

    Attributes:
        memory: bytes of memory of its own.
        room: bytes that it may write into its folder.
        processes: how many may live at the same time.
    """

    memory: int
    room: int
    processes: int = _PROCESSES


Space = Literal["own", "cage", "machine", "open"]
# Folders are memory of a bounded size, and nobody from outside is seen.
_APART = ("own", "cage")


class Walls(msgspec.Struct, frozen=True):
    """The walls around one document.

    Attributes:
        readable: files and folders that may be read and executed.
        folder: the only one that may be written to.
        budget: what may be used.
        space: which processes and folders there are beside it: ``own`` (none, in namespaces of
            its own), ``cage`` (those of the cage that it was started in), ``machine`` (all), or
            ``open``: there are no walls, only the budget.
        landlock: version of the kernel's Landlock, 0 where there is none.
    """

    readable: tuple[str, ...]
    folder: str
    budget: Budget
    space: Space
    landlock: int

    @property
    def bounded(self) -> bool:
        """Whether the folder's size is bounded by the kernel."""
        return self.space in _APART

    @property
    def signals_stay(self) -> bool:
        """Whether a signal reaches none but the document's own processes."""
        return self.space in _APART or self.landlock >= kernel.SCOPES_SIGNALS


def namespaces_work() -> bool:
    """Whether this process may make namespaces; tried in a child."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _leave_shared_namespaces()
            status = 0
        except OSError:
            pass
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def become(walls: Walls, work: Callable[[], None]) -> NoReturn:
    """Be a document's process: shut oneself in, work, and end with status 0 or 1.

    Args:
        walls: to be built; by a fresh child of one thread.
        work: is called behind them.
    """
    status = 1
    try:
        os.setsid()
        if walls.space == "own":
            _leave_shared_namespaces()
            # Only its children are in the new namespace of processes, and the first one is
            # responsible for orphans, deaf to most signals: it does not work either.
            _pass_on_end_of(os.fork())
            _cover_folders(walls)
            _pass_on_end_of(os.fork())
        if walls.space != "open":
            _shut_in(walls)
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        with contextlib.suppress(OSError):
            traceback.print_exc()
    finally:
        os._exit(status)


def exit_code(status: int) -> int:
    """Give what `become` ended with: its status, or minus the signal.

    Args:
        status: as wait(2) told it.
    """
    code = os.waitstatus_to_exitcode(status)
    return _SIGNALLED - code if code > _SIGNALLED else code


def empty(folder: str) -> None:
    """Remove all that lies in a folder, however deep a document has nested it."""
    with contextlib.suppress(FileNotFoundError):
        if left := [entry.path for entry in os.scandir(folder)]:
            subprocess.run(["rm", "-rf", "--", *left], check=False, stderr=subprocess.DEVNULL)


def wipe(walls: Walls) -> None:
    """Leave nothing of a document to the next one, where their folders are the same."""
    if walls.space == "own":
        return
    for folder in _writable(walls):
        empty(folder)


def _pass_on_end_of(child: int) -> None:
    """Wait for a child and end as it has ended; in the child itself, return."""
    if child == 0:
        kernel.die_with_parent()
        return
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(_SIGNALLED - code if code < 0 else code)


def _leave_shared_namespaces() -> None:
    """Get namespaces of one's own, the same user in them."""
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(_NEW)
    # The files below belong to root as long as the memory is hidden.
    kernel.hide_memory(False)
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, content.encode())
        finally:
            os.close(fd)
    kernel.hide_memory()


def _cover_folders(walls: Walls) -> None:
    """Put empty memory of a bounded size in place of all that could be written to."""
    kernel.keep_mounts_to_oneself()
    for folder in _writable(walls):
        own = folder == walls.folder
        kernel.mount_memory(folder, walls.budget.room if own else _SMALL_ROOM)
    # Descriptors cannot be opened anew by way of it, and the others' command lines not be read.
    kernel.mount_memory("/proc", 0)


def _writable(walls: Walls) -> list[str]:
    """Folders that may be written to: its own and, where they are memory, those for all programs.

    One of these below which Python is installed is not written to.
    """
    others = _OTHER_FOLDERS if walls.space in _APART else ()
    read = [Path(path) for path in walls.readable]
    free = [one for one in others if not any(path.is_relative_to(one) for path in read)]
    return [walls.folder, *free]


def _shut_in(walls: Walls) -> None:
    """Build the walls that hold for a process and its descendants, the innermost last."""
    from archiver.recognise import systemcalls

    kernel.hide_memory()
    kernel.renounce_privileges()
    kernel.drop_capabilities()
    _limit(walls)
    if walls.landlock:
        kernel.landlock(walls.readable, (*_writable(walls), *_DEVICES))
    systemcalls.allowed(signals=walls.signals_stay).load()


def _limit(walls: Walls) -> None:
    """Bound what no other wall does."""
    if walls.space in _APART:
        # Counted in the user namespace; elsewhere the daemon's own threads would count as well.
        most = walls.budget.processes
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(what, (most, most))

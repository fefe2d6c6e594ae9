"""The guard: sees one document's processes to their end, and ends them when they use too much.

Promises that nothing of a document's process is left when its end is told, and that the whole
family is killed within a moment after it holds more memory, processes or room than its budget.
Limits of the kernel count each process for itself; the guard counts them together.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from archiver.recognise import confinement, kernel
from archiver.recognise.confinement import Walls
from archiver.recognise.messages import Over

_LOOK_EVERY_MS = 50
_COUNTED = ("RssAnon:", "RssShmem:", "VmSwap:")


def _idle() -> None:
    """Do nothing."""


class End(NamedTuple):
    """How a document's process has ended.

    Attributes:
        status: exit status, or minus the signal.
        peak: most memory that one process of the family held, in bytes.
        over: ``memory``, ``processes`` or ``room`` where it was killed for that, else empty.
    """

    status: int
    peak: int
    over: Over


def guarded(walls: Walls, work: Callable[[], None], meanwhile: Callable[[], None] = _idle) -> End:
    """Do some work in a child behind walls, and wait until it and all it started are gone.

    Args:
        walls: around the child.
        work: is called in the child.
        meanwhile: is called here when the child has started.
    """
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        kernel.die_with_parent(guard)
        confinement.become(walls, work)
    meanwhile()
    over = _watched(child, walls)
    _pid, status, usage = os.wait4(child, 0)
    end_family(child)
    return End(confinement.exit_code(status), usage.ru_maxrss * 1024, over)


def _watched(child: int, walls: Walls) -> Over:
    """Wait for a child's end, or bring it about when the budget is used up; says by what."""
    ended = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        pause = _LOOK_EVERY_MS
        while not poll.poll(pause):
            before = time.monotonic()
            if over := _over(child, walls):
                os.kill(child, signal.SIGKILL)
                return over
            # Looking must not cost more than a twentieth of a processor.
            pause = max(_LOOK_EVERY_MS, round((time.monotonic() - before) * 20_000))
        return ""
    finally:
        os.close(ended)


def _over(child: int, walls: Walls) -> Over:
    """What a family has too much of."""
    budget = walls.budget
    family = [child, *descendants(child)]
    if len(family) > budget.processes:
        return "processes"
    if sum(map(_memory, family)) > budget.memory:
        return "memory"
    if not walls.bounded and _size(walls.folder) > budget.room:
        return "room"
    return ""


def end_family(child: int) -> None:
    """Kill what a child left behind; orphans have become this process's own children.

    Args:
        child: has ended and been waited for.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            for left in descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
            os.waitpid(-1, 0)


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


def _memory(pid: int) -> int:
    """Memory that a process holds of its own, in bytes; 0 where it has ended."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
        lines = [line for line in status.splitlines() if line.startswith(_COUNTED)]
        return sum(int(line.split()[1]) for line in lines) << 10
    return 0


def _size(folder: str) -> int:
    """Bytes in a folder on disk; what has no name any more is not seen."""
    # However deep somebody has nested folders.
    told = subprocess.run(
        ["du", "-s", "--block-size=1", folder], capture_output=True, text=True, check=False
    )
    size, _tab, _name = told.stdout.partition("\t")
    return int(size) if size.isdigit() else 0

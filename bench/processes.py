"""What a process and everything it started have used: processor time and memory, from /proc.

Promises sums over a whole tree in which nothing is counted twice while the tree rests: a living
process counts what it used and what its ended and awaited children used, and an ended child counts
with the parent that awaited it. A child that ends between two reads of /proc can be missed or
counted twice, so processor time is asked before and after the work, not during it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import threading
from pathlib import Path
from typing import Self

from archiver.recognise.guard import descendants

_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_CHILD_SUBREAPER = 36


def processor_seconds(pid: int) -> dict[int, float]:
    """Processor time (user + system) of each living process of a tree and its ended children.

    Args:
        pid: the root.

    Returns:
        seconds by process id, rounded down to the kernel's ticks of 10 ms.
    """
    used = {}
    for one in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):
            fields = (
                Path(f"/proc/{one}/stat").read_text(errors="replace").rpartition(")")[2].split()
            )
            # proc_pid_stat(5): utime, stime, cutime, cstime are fields 14 to 17, counted from 1.
            used[one] = sum(map(int, fields[11:15])) / _TICKS
    return used


def command_of(pid: int) -> str:
    """The command line of a process, or an empty text where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    return ""


def tree_memory(pid: int) -> int:
    """Memory of a tree in bytes, pages that several processes share counted once (PSS)."""
    total = 0
    for one in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def ended_children_seconds() -> float:
    """Processor time of all children of this process that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that its time is not lost."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def bury_orphans() -> None:
    """Await all children, adopted ones too; to be called when none is meant to go on."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


class PeakMemory:
    """Looks at a tree's memory again and again; the most it has seen is in `bytes`.

    Args:
        pid: the root.
        every: seconds between two looks.
    """

    def __init__(self, pid: int, every: float = 0.4) -> None:
        self.bytes = 0
        self._pid = pid
        self._every = every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            self.bytes = max(self.bytes, tree_memory(self._pid))
            self._done.wait(self._every)

"""Background: processes that only take what nobody else needs, and end with who began them.

Promises idle priority for processor and disk, as far as the kernel allows it: the disk's follows
from SCHED_IDLE (ioprio_set(2)).
"""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def end_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that began it ends.

    Args:
        parent: number of the process that began this one.
    """
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError("prctl")
    if os.getppid() != parent:
        os._exit(1)  # it ended before the kernel was told


def step_back() -> None:
    """Take only the time that no other process wants; where the kernel forbids it, go on.

    Where the kernel groups processes by session (sched(7), autogroup), priorities count inside a
    session alone: this process has one of its own, and the session itself steps back too.
    """
    os.nice(19)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("19", encoding="ascii")

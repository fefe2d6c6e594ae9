"""Who has a file open for writing: what a read lease tells, and where it can tell nothing.

Promises three answers that are never mixed up: nobody writes, somebody writes, nobody can know.
The kernel grants a read lease (fcntl(2), F_SETLEASE) only while nobody has the file open for
writing; it asks for the file's owner or for the capability CAP_LEASE, and it knows nothing of
what other machines do on a network drive.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import stat
from pathlib import Path
from typing import Literal

from archiver.inbox.mounts import is_remote, mount_table

Writers = Literal["none", "some", "unknown"]

_CAP_LEASE = 28  # capability.h
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4  # prctl.h
_MYSELF = Path("/proc/self/status")


def writers(descriptor: int) -> Writers:
    """Say whether anybody has a file open for writing; a lease is given back at once.

    Args:
        descriptor: the file, open for reading only.
    """
    # Whoever opens the file while we hold the lease makes the kernel send a signal. Its default,
    # SIGIO, ends the process; SIGURG is ignored by default.
    try:
        if is_remote(os.fstat(descriptor).st_dev, mount_table()):
            return "unknown"
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return "some" if error.errno == errno.EAGAIN else "unknown"
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return "none"


def may_lease(status: Path = _MYSELF) -> bool | None:
    """Whether a process may lease files that belong to others.

    Args:
        status: its ``/proc/PID/status``.

    Returns:
        None where that cannot be read.
    """
    try:
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    held = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
    return bool(int(held, 16) >> _CAP_LEASE & 1)


def doubt(folder: Path, owner: int, status: Path = _MYSELF) -> str | None:
    """Why it cannot be known in a drop folder whether a file is still being written.

    Args:
        folder: the drop folder.
        owner: user as whom the daemon runs.
        status: ``/proc/PID/status`` of the daemon.

    Returns:
        ``writers_unknown_network``, ``writers_unknown_rights``, or None where it can be known or
        where the folder cannot be asked.
    """
    try:
        found = folder.stat()
    except OSError:
        return None
    if is_remote(found.st_dev, mount_table()):
        return "writers_unknown_network"
    # Only where others can put files that belong to them does the capability matter.
    others = found.st_uid != owner or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return "writers_unknown_rights" if others and may_lease(status) is False else None


def keep_to_myself() -> None:
    """Let no child process inherit capabilities that the service manager has given to this one.

    To be called before the first thread starts. Children open received files; bubblewrap, which
    builds their cage, refuses to start with any.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)

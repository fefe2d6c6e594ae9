"""What the machine says, as faults: a full disk, a read-only mount, a file of the wrong owner.

Promises one translation of the system's error numbers for the whole product, and that where rights
are missing the sentence names the file or folder at fault, whose it is, and what to do.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from archiver.errors import ExitCode, SystemFault

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DENIED = frozenset({errno.EACCES, errno.EPERM})
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP})


def fault_of(error: OSError, place: Path | None = None) -> SystemFault:
    """The fault that a person is told of an error of the system.

    Args:
        error: as the system said.
        place: what was worked on, where the error does not name it.

    Returns:
        ``disk_full``, ``storage_readonly``, ``storage_failed``, ``access_denied``,
        ``path_missing`` or ``machine_fault``.
    """
    path = Path(os.fsdecode(error.filename)) if _is_path(error.filename) else place
    number, named = error.errno or 0, str(path or "")
    if number in _FULL:
        return SystemFault("disk_full", path=named)
    if number == errno.EROFS:
        return SystemFault("storage_readonly", path=named)
    if number == errno.EIO:
        return SystemFault("storage_failed", path=named, error="EIO")
    if number in _DENIED and path is not None:
        return denied(path)
    if number in _GONE and path is not None:
        return SystemFault("path_missing", path=named)
    return SystemFault("machine_fault", error=errno.errorcode.get(number, type(error).__name__))


def _is_path(name: object) -> bool:
    return isinstance(name, str | bytes) and bool(name)


def denied(path: Path) -> SystemFault:
    """``access_denied``: what on the way to a path this user may not use, and whose it is."""
    at_fault = _at_fault(path.absolute())
    try:
        status = at_fault.stat()
    except OSError:
        owner, mode = "?", "?"
    else:
        owner, mode = user_name(status.st_uid), stat.filemode(status.st_mode)
    return SystemFault(
        "access_denied",
        exit_code=ExitCode.REFUSED,
        path=str(at_fault),
        owner=owner,
        mode=mode,
        user=user_name(os.geteuid()),
    )


def _at_fault(path: Path) -> Path:
    """The first folder on the way that may not be entered, else what may not be used itself."""
    for folder in reversed(path.parents):
        if not os.access(folder, os.X_OK, effective_ids=True):
            return folder
    if not os.path.lexists(path) or os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        return path.parent
    return path


def user_name(uid: int) -> str:
    """Name of a user, his number where he has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"

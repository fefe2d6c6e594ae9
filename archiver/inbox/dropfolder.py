"""The few things that are done to a folder as a whole: open it, rename in it, make it durable.

Promises that a rename never replaces what lies under the new name, that names stay raw bytes,
and that what the operating system refuses becomes a `SystemFault` which blames the folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from archiver.errors import SystemFault

_RENAME_NOREPLACE = 1


@contextlib.contextmanager
def blaming(reason: str, folder: Path) -> Iterator[None]:
    """Turn an OSError of the block into a fault of the machine.

    Args:
        reason: reason code of the fault; a full disk or quota is ``disk_full`` in any case.
        folder: where it happened.

    Raises:
        SystemFault: `reason` with ``folder`` and the system's own word as ``error``, or
            ``disk_full`` with ``path``.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        word = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise SystemFault(
            "disk_full" if full else reason, folder=str(folder), error=word
        ) from error


@contextlib.contextmanager
def opened(
    folder: Path | bytes, within: int | None = None, *, follow: bool = True
) -> Iterator[int]:
    """Open a folder to work in it by descriptor, so that it cannot be swapped meanwhile.

    Args:
        folder: path, relative to `within` when that is given.
        within: descriptor of another folder.
        follow: whether the last part of the path may be a symlink.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(folder, flags, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def entry_names(folder: int) -> list[bytes]:
    """List the raw names in an open folder, sorted."""
    with os.scandir(folder) as entries:
        return sorted(os.fsencode(entry.name) for entry in entries)


def exists(folder: int, name: bytes) -> bool:
    """Whether a name is taken in an open folder, be it by a dangling symlink."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def sync(folder: int) -> None:
    """Make the renames in an open folder durable, as far as its file system can."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # EINVAL: network file systems that sync on their own
            raise


@functools.cache
def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    # Python has no binding; the C library has one since glibc 2.28.
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        function.argtypes = [
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_uint,
        ]
    return function


def _link_unless_taken(folder: int, old: bytes, new: bytes) -> bool:
    try:
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return False
    os.unlink(old, dir_fd=folder)
    return True


def rename_unless_taken(folder: int, old: bytes, new: bytes) -> bool:
    """Rename within an open folder, but never over something.

    Args:
        folder: descriptor of the folder.
        old: raw name as it is.
        new: raw name as it shall be.

    Returns:
        False when `new` is taken; nothing has changed then.

    Raises:
        OSError: any other refusal.
    """
    rename = _renameat2()
    if rename is not None:
        if rename(folder, old, folder, new, _RENAME_NOREPLACE) == 0:
            return True
        code = ctypes.get_errno()
        if code == errno.EEXIST:
            return False
        if code not in (errno.EINVAL, errno.ENOSYS):  # those two: NFS, old FUSE, old kernels
            raise OSError(code, os.strerror(code), old)
    return _link_unless_taken(folder, old, new)


def rename_to_free(folder: int, old: bytes, names: Iterable[bytes]) -> bytes:
    """Rename to the first name that is free.

    Args:
        folder: descriptor of the folder.
        old: raw name as it is.
        names: raw names in order of preference, without end.

    Returns:
        The name that it has now.
    """
    return next(name for name in names if rename_unless_taken(folder, old, name))

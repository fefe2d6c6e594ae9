"""Writing that outlives a power cut: files, folders and renames that are on disk when they return.

Promises that a function here has reached the disk when it returns, and has left nothing behind
when it raises. An fsync that failed is never asked again: the kernel may have dropped the pages
and would answer "done" (https://lwn.net/Articles/752063/), so the new file is thrown away and the
caller writes anew.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from archiver.machine import fault_of

CHUNK = 1 << 20
FILE_MODE = 0o640
FOLDER_MODE = 0o750
_OF_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})


@contextmanager
def storage_faults(place: Path) -> Iterator[None]:
    """Turn what the disk says into faults that blame the machine, not a document.

    Args:
        place: folder that the sentence names; the file itself may have a name of no use to people.

    Raises:
        SystemFault: ``disk_full`` (no space, no inode, quota), ``storage_failed`` (input/output
            error), ``storage_readonly`` (mounted read-only) or ``access_denied``. Every other
            OSError passes as it is.
    """
    try:
        yield
    except PermissionError as error:
        raise fault_of(error, place) from error
    except OSError as error:
        if error.errno in _OF_DISK:
            raise fault_of(OSError(error.errno, "", str(place))) from error
        raise


def make_folder(folder: Path) -> None:
    """Make a folder where it is missing, and those above it; none is open to others.

    (`Path.mkdir` gives its mode to the last one only.)

    Raises:
        OSError: as the disk said.
    """
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    for one in reversed(missing):
        one.mkdir(FOLDER_MODE, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: what was created, renamed or removed in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's bytes durable (not its name: see `sync_folder`)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte, in one system call unless the kernel takes less than it was given."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def _new_file(path: Path) -> Iterator[int]:
    """Create a file, hand out its descriptor, fsync it at the end, remove it on any error."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, FILE_MODE)
    try:
        try:
            yield descriptor
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def write_file(path: Path, content: bytes) -> None:
    """Create a file with these bytes and fsync it; its folder is the caller's to sync.

    Raises:
        FileExistsError: a file is never overwritten; see `replace`.
        OSError: as the disk said; no file is left.
    """
    with _new_file(path) as descriptor:
        write_all(descriptor, content)


def copy_file(source: Path, target: Path) -> str:
    """Copy a file to a new name and fsync it.

    Returns:
        sha512 of the bytes that were copied, as hex digits.

    Raises:
        FileExistsError: the target exists.
        OSError: as the disk said; no target is left.
    """
    digest = hashlib.sha512()
    with opened(source) as reader, _new_file(target) as descriptor:
        while chunk := reader.read(CHUNK):
            digest.update(chunk)
            write_all(descriptor, chunk)
    return digest.hexdigest()


def replace(target: Path, content: bytes, stage: Path) -> None:
    """Give a file new bytes so that every reader sees the old ones or the new ones, never a mix.

    Args:
        target: file to replace or create.
        content: all its bytes.
        stage: folder on the same file system where the new file is written first; what a crash
            leaves there ends in ``.tmp``.
    """
    temporary = stage / f"{target.name}.{secrets.token_hex(4)}.tmp"
    write_file(temporary, content)
    try:
        temporary.rename(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(target.parent)


def remove_tree(path: Path) -> None:
    """Remove a file or a folder with all in it; it is no error when there is none."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:
        return


def opened(path: Path) -> BufferedReader:
    """Open a stored file for reading; what is no plain file (pipe, device, socket) is no file.

    A pipe would keep its reader waiting for a writer for ever.

    Raises:
        FileNotFoundError: also where something else lies there.
        OSError: as the system said.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):
            raise FileNotFoundError(errno.ENOENT, "no plain file", str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "no plain file", str(path))
    return os.fdopen(descriptor, "rb")


def content(path: Path) -> bytes:
    """All bytes of a stored file; raises as `opened`."""
    with opened(path) as reader:
        return reader.read()


def file_digest(path: Path) -> str:
    """Compute the sha512 of a file's bytes, as hex digits; raises as `opened`."""
    with opened(path) as reader:
        return hashlib.file_digest(reader, "sha512").hexdigest()

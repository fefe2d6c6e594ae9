"""From a settled drop to a durable copy in the stage: open it safely, copy it, doubt it again.

Promises that a copy which is reported holds exactly the bytes of one file that did not change
from its sighting to the end of the copy, and lies on disk (fsync); in every other case no copy
is left behind. The drop itself is only read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from pathlib import Path

import msgspec

from archiver.errors import DocumentFault, Fault
from archiver.inbox.dropfolder import blaming
from archiver.inbox.leases import writers
from archiver.inbox.names import display_name
from archiver.inbox.sightings import Sighting, fingerprint
from archiver.store.durable import FILE_MODE

HEAD_BYTES = 4096
TAIL_BYTES = 2048
_CHUNK_BYTES = 1 << 20
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class DropChanged(Fault):
    """The drop is not what was sighted: leave it and wait for the next look.

    Reasons: ``drop_changed``, ``drop_vanished`` (the clerk took it back) and
    ``drop_open_for_writing``; each with the `file`'s display name.
    """


class Copied(msgspec.Struct, frozen=True):
    """What was copied.

    Attributes:
        size: bytes.
        sha512, sha256: lower-case hex digests of all bytes.
        head: the first 4 KiB at most, enough for the magic numbers of all known types.
        tail: the last 2 KiB at most, enough for the end mark of a PDF.
    """

    size: int
    sha512: str
    sha256: str
    head: bytes
    tail: bytes


def open_regular(name: bytes, within: int | None = None) -> int | None:
    """Open a plain file for reading; never follows a symlink, never waits for a FIFO's writer.

    Args:
        name: raw path, relative to `within` when that is given.
        within: descriptor of a folder.

    Returns:
        A descriptor that the caller closes, or None when it is no plain file.

    Raises:
        OSError: as `os.open`.
    """
    try:
        descriptor = os.open(name, _OPEN_FLAGS, dir_fd=within)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):  # symlink, socket, device
            return None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def is_knowable(sighting: Sighting) -> bool:
    """Whether it can be known if a drop is still open for writing; True where it has gone."""
    try:
        descriptor = open_regular(sighting.path)
    except OSError:
        return True  # whoever takes it finds that out, and says it
    if descriptor is None:
        return True
    try:
        return writers(descriptor) != "unknown"
    finally:
        os.close(descriptor)


def open_drop(sighting: Sighting) -> int:
    """Open a settled drop for reading.

    Args:
        sighting: a settled one.

    Returns:
        A descriptor of exactly the file that was sighted; the caller closes it.

    Raises:
        DropChanged: it is gone, another file, changed, or still open for writing.
        DocumentFault: ``drop_unreadable``: its rights keep us from reading it.
        SystemFault: ``inbox_unreadable`` for any other refusal.
    """
    file = display_name(sighting.name)
    with blaming("inbox_unreadable", sighting.folder):
        try:
            descriptor = open_regular(sighting.path)
        except FileNotFoundError as error:
            raise DropChanged("drop_vanished", file=file) from error
        except PermissionError as error:
            raise DocumentFault("drop_unreadable", file=file) from error
    if descriptor is None:
        raise DropChanged("drop_changed", file=file)
    try:
        if fingerprint(os.fstat(descriptor)) != sighting.fingerprint:
            raise DropChanged("drop_changed", file=file)
        if writers(descriptor) == "some":
            raise DropChanged("drop_open_for_writing", file=file)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def pour(source: int, target: int, most: int, origin: Path) -> Copied | None:
    """Copy all bytes from one descriptor to another and hash them on the way.

    Args:
        source: read from its first byte on, whatever its offset.
        target: written at its offset.
        most: bytes; a source that turns out longer is given up, so that a file which grows
            without end cannot fill the disk.
        origin: the source's folder, to blame when it cannot be read.

    Returns:
        What was copied, None when there was more than `most`.

    Raises:
        SystemFault: ``inbox_unreadable``.
        OSError: `target` cannot be written.
    """
    sha512, sha256 = hashlib.sha512(), hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    size, head, tail = 0, b"", b""
    while True:
        with blaming("inbox_unreadable", origin):
            count = os.preadv(source, [buffer], size)
        if count == 0:
            return Copied(size, sha512.hexdigest(), sha256.hexdigest(), head, tail)
        size += count
        if size > most:
            return None
        chunk = buffer[:count]
        sha512.update(chunk)
        sha256.update(chunk)
        head += bytes(chunk[: HEAD_BYTES - len(head)])
        tail = (tail + bytes(chunk[-TAIL_BYTES:]))[-TAIL_BYTES:]
        while chunk:
            chunk = chunk[os.write(target, chunk) :]


def _unchanged(descriptor: int, copied: Copied | None, expect: Sighting) -> Copied:
    """Give `copied` if the drop is still what was sighted, now that all of it has been read."""
    status = os.fstat(descriptor)
    if status.st_nlink == 0:
        raise DropChanged("drop_vanished", file=display_name(expect.name))
    if copied is None or copied.size != expect.size or fingerprint(status) != expect.fingerprint:
        raise DropChanged("drop_changed", file=display_name(expect.name))
    return copied


def copy(descriptor: int, target: Path, expect: Sighting) -> Copied:
    """Copy an open drop into the stage; the copy is on disk when this returns.

    The folder entry of `target` is not yet durable: whoever publishes it fsyncs the folder.

    Args:
        descriptor: from `open_drop`.
        target: must not exist.
        expect: the sighting that was opened.

    Returns:
        Size, digests, and both ends of the bytes.

    Raises:
        DropChanged: the drop changed or went away meanwhile; `target` is removed.
        SystemFault: ``disk_full`` or ``stage_unwritable``, `target` is removed unless it was
            there before; ``inbox_unreadable`` where the drop's disk fails.
    """
    with blaming("stage_unwritable", target.parent):
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        with blaming("stage_unwritable", target.parent), os.fdopen(out, "wb", buffering=0):
            poured = pour(descriptor, out, expect.size, expect.folder)
            copied = _unchanged(descriptor, poured, expect)
            os.fsync(out)
    except BaseException:
        # After a failed fsync the page cache may lie: never fsync again, throw it away.
        with contextlib.suppress(OSError):
            target.unlink()
        raise
    return copied

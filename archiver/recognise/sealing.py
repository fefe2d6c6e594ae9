"""Bytes handed to another process: sealed memory, or a copy that is no file of the archive.

Promises that whoever checked sealed bytes once reads the same ones ever after, and that whatever is
done to a copy never reaches the file that it was made from.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

LARGEST_IN_MEMORY = 64 << 20
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_CHUNK = 1 << 20


class Copy(NamedTuple):
    """A copy of a file.

    Attributes:
        fd: sealed memory, or a file without a name open for reading; closed by the receiver.
        sha512: of the bytes that were copied, as hex digits.
    """

    fd: int
    sha512: str


def sealed(content: bytes) -> int:
    """Put bytes into memory that nobody can change or shrink; its descriptor."""
    return sealed_from((content,))


def sealed_from(chunks: Iterable[bytes]) -> int:
    """Put bytes that come piece by piece into such memory; nothing is left where they end early."""
    fd = _memory()
    try:
        for chunk in chunks:
            _write(fd, chunk)
        _seal(fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def is_sealed(fd: int) -> bool:
    """Whether a descriptor is such memory; False where it is anything else."""
    try:
        return fcntl.fcntl(fd, fcntl.F_GET_SEALS) & _SEALS == _SEALS
    except OSError:
        return False


def is_nobodys(fd: int) -> bool:
    """Whether a descriptor is sealed memory or a file without a name: no file of the archive."""
    status = os.fstat(fd)
    return is_sealed(fd) or (stat.S_ISREG(status.st_mode) and status.st_nlink == 0)


@contextmanager
def harmless(fd: int, room: Path | None = None) -> Iterator[int]:
    """Give what may go into a cage instead of a file: a copy, unless it is nobody's already.

    Args:
        fd: open for reading.
        room: as `copied`.
    """
    if is_nobodys(fd):
        yield fd
        return
    copy = copied(fd, room).fd
    try:
        yield copy
    finally:
        os.close(copy)


def copied(fd: int, room: Path | None = None) -> Copy:
    """Copy a file, hashing it on the way.

    Args:
        fd: open for reading; its position is neither used nor moved.
        room: folder for a copy of more than `LARGEST_IN_MEMORY` bytes; None: memory for all.

    Raises:
        OSError: as memory or disk said; nothing is left.
    """
    in_memory = room is None or os.fstat(fd).st_size <= LARGEST_IN_MEMORY
    target = _memory() if in_memory else _nameless(room)
    try:
        digest, done = hashlib.sha512(), 0
        while chunk := os.pread(fd, _CHUNK, done):
            digest.update(chunk)
            _write(target, chunk)
            done += len(chunk)
        if in_memory:
            _seal(target)
            return Copy(os.dup(target), digest.hexdigest())
        return Copy(
            os.open(f"/proc/self/fd/{target}", os.O_RDONLY | os.O_CLOEXEC), digest.hexdigest()
        )
    finally:
        os.close(target)


def _memory() -> int:
    return os.memfd_create("sealed", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def _nameless(room: Path | None) -> int:
    assert room is not None
    room.mkdir(parents=True, exist_ok=True)
    return os.open(room, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o400)


def _seal(fd: int) -> None:
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS | fcntl.F_SEAL_SEAL)


def _write(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]

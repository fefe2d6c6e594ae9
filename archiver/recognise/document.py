"""A received file as the parsers see it: one descriptor, read only, never a path.

Promises that reading moves no shared position (several parsers may read at once) and that no
byte is copied where a parser takes mapped memory.
"""

from __future__ import annotations

import ctypes
import io
import mmap
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from archiver.recognise.media import TAIL_BYTES


class Document:
    """One received file.

    Args:
        fd: descriptor open for reading; stays the caller's.
        media_type: as `archiver.recognise.media.sniff` told it.
    """

    def __init__(self, fd: int, media_type: str) -> None:
        self.fd = fd
        self.media_type = media_type
        self.size = os.fstat(fd).st_size

    def stream(self) -> io.BufferedReader:
        """Give a new stream over the file with a position of its own."""
        return io.BufferedReader(_Positioned(self.fd, self.size))

    @cached_property
    def mapping(self) -> mmap.mmap:
        """The file mapped into memory, copied only where somebody writes to it."""
        return mmap.mmap(self.fd, self.size, access=mmap.ACCESS_COPY)

    def as_array(self) -> Any:
        """Give the mapping as a ctypes array, which pdfium reads without a copy."""
        return (ctypes.c_ubyte * self.size).from_buffer(self.mapping)

    def tail(self, count: int = TAIL_BYTES) -> bytes:
        """Read the last bytes."""
        start = max(self.size - count, 0)
        return os.pread(self.fd, self.size - start, start)

    def copy_to(self, path: Path) -> None:
        """Write the whole file to a new path."""
        with path.open("xb") as target:
            done = 0
            while done < self.size:
                step = os.sendfile(target.fileno(), self.fd, done, self.size - done)
                if step == 0:
                    break
                done += step


class _Positioned(io.RawIOBase):
    """A raw stream over a descriptor that keeps its own position."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the start of the file")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        count = os.preadv(self._fd, [buffer], self._position)
        self._position += count
        return count

"""The bytes of a zip with stored entries: headers, directory, end.

Promises the same bytes for the same entries, whatever machine or library, readable by every
program (APPNOTE 6.3.3; zip64 only where sizes or numbers need it). Entries are stored, not packed:
PDFs are packed already, and two versions of zlib need not give the same bytes. Sizes and check
sums stand before the data, never behind it, because some readers refuse stored entries otherwise.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

_FULL_16 = 0xFFFF
_FULL_32 = 0xFFFFFFFF
_PLAIN, _LARGE = 20, 45  # versions needed to extract
_UNIX = 3 << 8
_UTF8 = 0x800
_MODE = 0o100644 << 16
_EPOCH = 1980


class Entry(msgspec.Struct, frozen=True):
    """One file in a zip.

    Attributes:
        name: in the zip.
        start: offset of its local header.
        size: bytes of its data.
        crc: CRC-32 of its data.
        sha512: of its data, hex digits.
    """

    name: str
    start: int
    size: int
    crc: int
    sha512: str

    @property
    def data_start(self) -> int:
        """Offset of its data."""
        return self.start + header_length(self.name, self.size)

    @property
    def end(self) -> int:
        """Offset behind its data."""
        return self.data_start + self.size


def stamp(created_at: str) -> int:
    """Date and time as a zip has them, in steps of two seconds, UTC.

    Args:
        created_at: ISO 8601.
    """
    moment = datetime.fromisoformat(created_at).astimezone(UTC)
    day = (max(moment.year, _EPOCH) - _EPOCH) << 9 | moment.month << 5 | moment.day
    return day << 16 | moment.hour << 11 | moment.minute << 5 | moment.second // 2


def local_header(name: str, size: int, crc: int, when: int) -> bytes:
    """What stands before an entry's data.

    Args:
        name: in the zip.
        size: bytes of the data.
        crc: CRC-32 of the data; its value does not change the header's length.
        when: as `stamp` gives it.
    """
    is_large = size >= _FULL_32
    short = _FULL_32 if is_large else size
    extra = struct.pack("<HHQQ", 1, 16, size, size) if is_large else b""
    raw = name.encode()
    fixed = struct.pack(
        "<IHHHIIIIHH",
        0x04034B50,
        _LARGE if is_large else _PLAIN,
        _UTF8,
        0,
        when,
        crc,
        short,
        short,
        len(raw),
        len(extra),
    )
    return fixed + raw + extra


def header_length(name: str, size: int) -> int:
    """Bytes of the local header."""
    return len(local_header(name, size, 0, 0))


def _directory_entry(entry: Entry, when: int) -> bytes:
    large = [entry.size, entry.size] if entry.size >= _FULL_32 else []
    if entry.start >= _FULL_32:
        large.append(entry.start)
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    short = min(entry.size, _FULL_32)
    raw = entry.name.encode()
    needed = _LARGE if large else _PLAIN
    fixed = struct.pack(
        "<IHHHHIIIIHHHHHII",
        0x02014B50,
        _UNIX | needed,
        needed,
        _UTF8,
        0,
        when,
        entry.crc,
        short,
        short,
        len(raw),
        len(extra),
        0,
        0,
        0,
        _MODE,
        min(entry.start, _FULL_32),
    )
    return fixed + raw + extra


def directory(entries: Sequence[Entry], when: int) -> bytes:
    """What stands behind the last entry's data: the directory and the end.

    Args:
        entries: all, in their order in the file.
        when: as `stamp` gives it.
    """
    start = entries[-1].end if entries else 0
    body = b"".join(_directory_entry(entry, when) for entry in entries)
    count, end = len(entries), b""
    if count >= _FULL_16 or start >= _FULL_32 or len(body) >= _FULL_32:
        end += struct.pack(
            "<IQHHIIQQQQ",
            0x06064B50,
            44,
            _UNIX | _LARGE,
            _LARGE,
            0,
            0,
            count,
            count,
            len(body),
            start,
        )
        end += struct.pack("<IIQI", 0x07064B50, 0, start + len(body), 1)
    short = min(count, _FULL_16)
    end += struct.pack(
        "<IHHHHIIH",
        0x06054B50,
        0,
        0,
        short,
        short,
        min(len(body), _FULL_32),
        min(start, _FULL_32),
        0,
    )
    return body + end


def single(name: str, content: bytes, when: int) -> bytes:
    """A whole zip with one entry.

    Args:
        name: in the zip.
        content: its data.
        when: as `stamp` gives it.
    """
    crc = zlib.crc32(content)
    header = local_header(name, len(content), crc, when)
    return header + content + directory([Entry(name, 0, len(content), crc, "")], when)

"""Pages of TIFF files, taken over byte by byte.

Promises a file whose frames have the very strips, tiles and tags of the source, in its byte
order and flavour (classic or BigTIFF); only offsets are new. No picture is decoded, so nothing
can be recompressed. Sizes come from the file, so every read is checked against its length.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from typing import BinaryIO, NamedTuple

from archiver.errors import DocumentFault

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_UNSIGNED = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_LONG, _LONG8 = 4, 16
_DATA = {273: 279, 324: 325, 513: 514}
"""Tags that point to pixels, each with the tag of their lengths: strips, tiles, old JPEG."""
_FOLDERS = frozenset({330, 34665, 34853, 40965})
"""Tags that point to further directories: thumbnails, Exif, GPS, interoperability."""
_OLD_TABLES = frozenset({519, 520, 521})
_MOST_FIELDS = 1000
_MOST_DEPTH = 3


class _Field(NamedTuple):
    """One tag; `value` is `length` items in the source's byte order."""

    tag: int
    kind: int
    length: int
    value: bytes
    blocks: tuple[bytes, ...] = ()
    folders: tuple[Frame, ...] = ()


class Frame(NamedTuple):
    """One page as it stands in a file."""

    fields: tuple[_Field, ...]

    @property
    def blocks(self) -> tuple[bytes, ...]:
        """The raw strips or tiles, in order, as compressed."""
        return tuple(block for field in self.fields for block in field.blocks)


class Source:
    """An opened TIFF.

    Args:
        stream: seekable, open as long as this is used.

    Raises:
        DocumentFault: ``damaged`` or ``truncated``.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = stream.seek(0, io.SEEK_END)
        head = self._read(0, 8)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None:
            raise DocumentFault("damaged")
        self.order = order
        version = struct.unpack(order + "H", head[2:4])[0]
        if version not in (42, 43):
            raise DocumentFault("damaged")
        self.big = version == 43
        self._pointer = "Q" if self.big else "I"
        first = self._read(8, 8) if self.big else head[4:]
        (self._first,) = struct.unpack(order + self._pointer, first)

    def frames(self, numbers: Iterable[int]) -> dict[int, Frame]:
        """Read some pages.

        Args:
            numbers: from 1.

        Returns:
            the pages by number.

        Raises:
            DocumentFault: ``damaged`` (with the page), ``truncated``, ``split_old_tiff``.
        """
        wanted = set(numbers)
        found: dict[int, Frame] = {}
        offset, number, passed = self._first, 0, set[int]()
        while offset and offset not in passed and len(found) < len(wanted):
            passed.add(offset)
            number += 1
            if number in wanted:
                found[number], offset = self._frame(offset, 0)
            else:
                offset = self._entries(offset)[1]
        missing = wanted - set(found)
        if missing:
            raise DocumentFault("damaged", page=min(missing))
        return found

    def _read(self, offset: int, size: int) -> bytes:
        if offset + size > self._size:
            raise DocumentFault("truncated")
        self._stream.seek(offset)
        data = self._stream.read(size)
        if len(data) != size:
            raise DocumentFault("truncated")
        return data

    def _entries(self, offset: int) -> tuple[list[tuple[int, int, int, bytes]], int]:
        """Read a directory: tag, type, count and inline value of each entry; the next one."""
        counter, entry = ("Q", f"HHQ{8}s") if self.big else ("H", "HHI4s")
        head = struct.calcsize(self.order + counter)
        (count,) = struct.unpack(self.order + counter, self._read(offset, head))
        if not 0 < count <= _MOST_FIELDS:
            raise DocumentFault("damaged")
        size = struct.calcsize(self.order + entry)
        body = self._read(offset + head, count * size)
        tail = struct.calcsize(self.order + self._pointer)
        (follows,) = struct.unpack(
            self.order + self._pointer, self._read(offset + head + count * size, tail)
        )
        return list(struct.iter_unpack(self.order + entry, body)), follows

    def _frame(self, offset: int, depth: int) -> tuple[Frame, int]:
        """Read a directory with all that it points to."""
        if depth > _MOST_DEPTH:
            raise DocumentFault("damaged")
        entries, follows = self._entries(offset)
        values: dict[int, tuple[int, int, bytes]] = {}
        for tag, kind, count, inline in entries:
            if kind not in _SIZES:
                raise DocumentFault("damaged")
            size = _SIZES[kind] * count
            if size > len(inline):
                (place,) = struct.unpack(self.order + self._pointer, inline)
                value = self._read(place, size)
            else:
                value = inline[:size]
            values[tag] = (kind, count, value)
        if _OLD_TABLES & values.keys():
            raise DocumentFault("split_old_tiff")
        fields = []
        for tag, (kind, count, value) in sorted(values.items()):
            blocks: tuple[bytes, ...] = ()
            folders: tuple[Frame, ...] = ()
            if tag in _DATA:
                lengths = values.get(_DATA[tag])
                if lengths is None or lengths[1] != count:
                    raise DocumentFault("damaged")
                places = self._numbers(kind, value)
                sizes = self._numbers(lengths[0], lengths[2])
                blocks = tuple(map(self._read, places, sizes))
            elif tag in _FOLDERS:
                places = self._numbers(kind, value)
                folders = tuple(self._frame(place, depth + 1)[0] for place in places)
            fields.append(_Field(tag, kind, count, value, blocks, folders))
        return Frame(tuple(fields)), follows

    def _numbers(self, kind: int, value: bytes) -> tuple[int, ...]:
        if kind not in _UNSIGNED:
            raise DocumentFault("damaged")
        count = len(value) // _SIZES[kind]
        return struct.unpack(f"{self.order}{count}{_UNSIGNED[kind]}", value)


def written(frames: Sequence[Frame], *, order: str, big: bool) -> bytes:
    """Write frames as a TIFF.

    Args:
        frames: from sources of this byte order and flavour.
        order: ``<`` or ``>``, as `Source.order`.
        big: whether it is a BigTIFF.

    Raises:
        DocumentFault: ``too_large_for_tiff``: more than 4 GiB in the classic flavour.
    """
    return _Writer(order, big).file(frames)


class _Writer:
    def __init__(self, order: str, big: bool) -> None:
        self._order = order
        self._big = big
        self._pointer = "Q" if big else "I"
        self._out = bytearray()

    def file(self, frames: Sequence[Frame]) -> bytes:
        mark = b"II" if self._order == "<" else b"MM"
        head = struct.pack(self._order + "HHH", 43, 8, 0) if self._big else self._pack("H", 42)
        self._out += mark + head
        link = len(self._out)
        self._out += self._pack(self._pointer, 0)
        for frame in frames:
            place, follows = self._folder(frame)
            self._point(link, place)
            link = follows
        return bytes(self._out)

    def _pack(self, code: str, number: int) -> bytes:
        try:
            return struct.pack(self._order + code, number)
        except struct.error as error:
            raise DocumentFault("too_large_for_tiff") from error

    def _point(self, link: int, place: int) -> None:
        packed = self._pack(self._pointer, place)
        self._out[link : link + len(packed)] = packed

    def _append(self, data: bytes) -> int:
        """Add data at an even offset, as the format asks, and tell where."""
        self._out += b"\0" * (len(self._out) % 2)
        place = len(self._out)
        self._out += data
        return place

    def _folder(self, frame: Frame) -> tuple[int, int]:
        """Write a directory behind all that it points to; tell its place and its link's."""
        inline_size = 8 if self._big else 4
        entries = bytearray()
        for field in frame.fields:
            kind, value = field.kind, field.value
            places = [self._append(block) for block in field.blocks]
            places += [self._folder(folder)[0] for folder in field.folders]
            if places:
                kind = _LONG8 if self._big else _LONG
                value = b"".join(self._pack(self._pointer, place) for place in places)
            entries += struct.pack(self._order + "HH", field.tag, kind)
            entries += self._pack(self._pointer, field.length)
            if len(value) > inline_size:
                value = self._pack(self._pointer, self._append(value))
            entries += value.ljust(inline_size, b"\0")
        count = self._pack("Q" if self._big else "H", len(frame.fields))
        place = self._append(count + bytes(entries))
        link = len(self._out)
        self._out += self._pack(self._pointer, 0)
        return place, link

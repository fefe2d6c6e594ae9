"""The layers of a stored file: its bytes as they lie, and what is packed in them.

Promises pure Python and zlib, no parser of documents, nothing written anywhere, and memory that
does not grow with the file: blocks are read one after the other, and what is unpacked is counted
against a `Budget`, so that a bomb costs no more than that. Packed layers are gzip, members of
ZIP files, streams of PDF files, and the text that those streams show through their fonts' tables
(ISO 32000-1, 9.10.3, "ToUnicode CMaps"). Not unpacked: LZW and ASCII85 streams, encrypted files,
pixels.
"""

from __future__ import annotations

import gzip
import io
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

BLOCK = 1 << 20
_HEAD = 1024
_PIECE = 32 << 20  # of one stream of a PDF, of one member that is looked into
_SHOWN = 8 << 20  # of one stream of a PDF whose text is decoded
_DEPTH = 2
_MOST_TABLES = 64
_MOST_CODES = 1 << 16
# How far before a stream its dictionary is looked for.
_DICTIONARY = 512

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_STRING = re.compile(
    rb"\(((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*+\))*+)\)|<([0-9A-Fa-f\s]++)>", re.DOTALL
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_CHARS = re.compile(rb"beginbfchar(.*?)endbfchar", re.DOTALL)
_RANGES = re.compile(rb"beginbfrange(.*?)endbfrange", re.DOTALL)
_PAIR = re.compile(rb"<([0-9A-Fa-f\s]++)>\s*<([0-9A-Fa-f\s]*+)>")
_RANGE = re.compile(
    rb"<([0-9A-Fa-f\s]++)>\s*<([0-9A-Fa-f\s]++)>\s*(?:<([0-9A-Fa-f\s]*+)>|\[([^\]]*+)\])"
)
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*+)>")

Layer = Iterator[bytes]


class Spent(Exception):
    """A file holds more than its budget, or something that cannot be unpacked."""


class Budget:
    """What the packed layers of one file may cost.

    Args:
        size: bytes that may be unpacked.
        seconds: that it may take.
        clock: gives seconds.
    """

    def __init__(
        self, size: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._left = size
        self._clock = clock
        self._end = clock() + seconds

    def spend(self, size: int) -> None:
        """Count bytes that were unpacked.

        Raises:
            Spent: there is nothing left of it.
        """
        self._left -= size
        if self._left < 0 or self._clock() > self._end:
            raise Spent


class Table(NamedTuple):
    """How a font's codes are to be read: bytes of a code, and the text of each."""

    width: int
    texts: dict[int, str]


def layers(file: BinaryIO, budget: Budget, depth: int = _DEPTH) -> Iterator[Layer]:
    """Give the layers of a file, each as blocks in which a word may run across a border.

    Args:
        file: seekable. A layer must be read before the next one is asked for.
        budget: of its packed layers.
        depth: how deep archives in archives are looked into.

    Raises:
        Spent: not everything could be unpacked; what was given so far is right.
        OSError: as the disk said.
    """
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    yield _blocks(file)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        yield _unzipped(file, budget)
    elif head.startswith(b"PK\x03\x04") and depth:
        yield from _members(file, budget, depth - 1)
    elif b"%PDF-" in head:
        yield from _pdf(file, budget)


def _is_packed(head: bytes) -> bool:
    """Whether there is more in a file than its bytes say as they stand."""
    return head.startswith((b"\x1f\x8b", b"PK\x03\x04")) or b"%PDF-" in head


def _blocks(file: BinaryIO, budget: Budget | None = None) -> Layer:
    while block := file.read(BLOCK):
        if budget is not None:
            budget.spend(len(block))
        yield block


def _unzipped(file: BinaryIO, budget: Budget) -> Layer:
    try:
        with gzip.open(file) as unpacked:
            while block := unpacked.read(BLOCK):
                budget.spend(len(block))
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Spent from error


def _members(file: BinaryIO, budget: Budget, depth: int) -> Iterator[Layer]:
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                yield iter([member.filename.encode("utf-8", "surrogateescape")])
                with archive.open(member) as unpacked:
                    head = unpacked.read(_HEAD)
                    if member.file_size > _PIECE or not _is_packed(head):
                        yield chain([head], _blocks(unpacked, budget))  # type: ignore[arg-type]
                        continue
                    content = head + unpacked.read(_PIECE)
                budget.spend(len(content))
                yield from layers(io.BytesIO(content), budget, depth)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError) as error:
        # RuntimeError: a member is encrypted.
        raise Spent from error


def _pdf(file: BinaryIO, budget: Budget) -> Iterator[Layer]:
    """Streams of a PDF, and the text that they show by each of its fonts' tables."""
    tables: list[Table] = []
    showing: list[int] = []
    for place in list(_places(file)):
        piece = _inflated(file, place, budget)
        yield iter([piece])
        if b"beginbf" in piece:
            if len(tables) < _MOST_TABLES:
                tables.append(table_of(piece))
        elif len(piece) <= _SHOWN and (b"(" in piece or b"<" in piece):
            showing.append(place)
    for place in showing:
        piece = strings_of(_inflated(file, place, budget))
        budget.spend(len(piece) * (len(tables) + 1))
        yield iter([piece])
        for table in tables:
            yield iter([read_by(table, piece).encode("utf-8", "replace")])


def _places(file: BinaryIO) -> Iterator[int]:
    """Where the streams of a PDF begin; pictures and fonts are passed over."""
    file.seek(0)
    window, start, last = b"", 0, -1
    while block := file.read(BLOCK):
        window += block
        for match in _STREAM.finditer(window):
            place = start + match.end()
            before = window[max(0, match.start() - _DICTIONARY) : match.start()]
            described = before[before.rfind(b" obj") + 1 :]
            if place > last and b"/Image" not in described and b"/Length1" not in described:
                yield place
            last = max(last, place)
        start += max(0, len(window) - _DICTIONARY - 16)
        window = window[-_DICTIONARY - 16 :]


def _inflated(file: BinaryIO, place: int, budget: Budget) -> bytes:
    """A stream as it is meant: unpacked where it is packed, else as it stands."""
    file.seek(place)
    packed = file.read(BLOCK)
    unpacker, parts, size = zlib.decompressobj(), [], 0
    try:
        while packed and not unpacker.eof:
            part = unpacker.decompress(packed, BLOCK)
            budget.spend(len(part))
            parts.append(part)
            size += len(part)
            if size > _PIECE:
                raise Spent
            packed = unpacker.unconsumed_tail or (b"" if unpacker.eof else file.read(BLOCK))
    except zlib.error:
        if not parts:
            return packed[: packed.find(b"endstream")]
    return b"".join(parts)


def strings_of(content: bytes) -> bytes:
    """All strings in a stream of a PDF, one behind the other, as codes of their fonts.

    They are not parted: a word may be shown letter by letter.
    """
    found = []
    for literal, digits in _STRING.findall(content):
        found.append(_ESCAPE.sub(_meant, literal) if literal else _bytes(digits))
    return b"".join(found)


def _meant(match: re.Match[bytes]) -> bytes:
    """What an escape in a string stands for (ISO 32000-1, 7.3.4.2)."""
    sign = match[1]
    if sign[:1].isdigit() and sign[:1] < b"8":
        return bytes([int(sign, 8) & 0xFF])
    return b"" if sign.endswith(b"\n") else _LETTERS.get(sign, sign)


def _bytes(digits: bytes) -> bytes:
    plain = b"".join(digits.split())
    return bytes.fromhex((plain + b"0" * (len(plain) % 2)).decode("ascii"))


def table_of(content: bytes) -> Table:
    """Read a font's table from code to text."""
    texts: dict[int, str] = {}
    widths: list[int] = []
    for section in _CHARS.findall(content):
        for code, text in _PAIR.findall(section):
            widths.append(len(_bytes(code)))
            texts[int.from_bytes(_bytes(code), "big")] = _text(text)
    for section in _RANGES.findall(content):
        for first, last, text, several in _RANGE.findall(section):
            widths.append(len(_bytes(first)))
            low, high = (int.from_bytes(_bytes(code), "big") for code in (first, last))
            room = max(0, _MOST_CODES - len(texts))
            for number, code in enumerate(range(low, min(high, low + room) + 1)):
                texts[code] = _following(text, several, number)
    return Table(max(widths, default=1) or 1, texts)


def _following(first: bytes, several: bytes, number: int) -> str:
    """The text of the n-th code of a range: named one by one, or counted on from the first."""
    if several:
        named = _HEX.findall(several)
        return _text(named[number]) if number < len(named) else ""
    start = _text(first)
    if not start or ord(start[-1]) + number > 0x10FFFF:
        return ""
    return start[:-1] + chr(ord(start[-1]) + number)


def _text(digits: bytes) -> str:
    return _bytes(digits).decode("utf-16-be", "ignore")


def read_by(table: Table, codes: bytes) -> str:
    """Codes as text, by one font's table; codes that it does not have are left out."""
    width, texts = table
    return "".join(
        texts.get(int.from_bytes(codes[i : i + width], "big"), "")
        for i in range(0, len(codes), width)
    )

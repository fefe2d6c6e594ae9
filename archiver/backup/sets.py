"""Sets: the list of what one back-up holds, as a file of JSON lines that people can read too.

Promises that a list which lost a line, or got a wrong byte, is known by its last line, and that
what can still be read of it is read.

The first line tells when it was made and at which line of the ledger; then there is a line for each
file beside the vault (``path``) and for each object of the vault (``id``, whose own list of files
lies in the pool). Paths are written as in web addresses, because names of files are bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec

from archiver.records import Id
from archiver.store import durable

FOLDER = "sets"
FORMAT = 1

T = TypeVar("T")

_NAME = re.compile(r"(\d{6,})\.jsonl")
_PLAIN = "/ !#$&'()+,;=@[]{}~^`äöüÄÖÜß"


class Kept(NamedTuple):
    """Bytes in the pool: their sha512 in hex digits, and their number."""

    sha512: str
    size: int


class Head(msgspec.Struct, frozen=True):
    """First line of a set.

    Attributes:
        format: of the list.
        made_at: UTC, ISO 8601.
        seq: line of the ledger at which the archive was.
        digest: of that line.
        archive: digest of the ledger's first line, which tells archives apart; empty where the
            ledger was empty.
    """

    format: int
    made_at: str
    seq: int
    digest: str
    archive: str


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a set: a file beside the vault, or an object of it.

    Attributes:
        sha512, size: of the file's bytes, or of the list of the object's files.
        path: of the file below the archive's folder, quoted.
        id: of the object.
    """

    sha512: str
    size: int
    path: str = ""
    id: Id = ""

    @property
    def kept(self) -> Kept:
        """Its bytes in the pool."""
        return Kept(self.sha512, self.size)

    @property
    def shown(self) -> str:
        """The path for people."""
        return unquote_to_bytes(self.path).decode("utf-8", "backslashreplace")


class _End(msgspec.Struct, frozen=True):
    """Last line of a set: digest and number of all lines before it."""

    sha512: str
    lines: int


class Set(NamedTuple):
    """One set as it was read.

    Attributes:
        number: its name; they rise.
        head: None where the first line cannot be read.
        lines: that can be read.
        bad: numbers of lines that cannot be read.
        is_whole: whether the list is what was written.
    """

    number: int
    head: Head | None
    lines: list[Line]
    bad: list[int]
    is_whole: bool

    def objects(self) -> dict[Id, Kept]:
        """The lists of the objects' files."""
        return {line.id: line.kept for line in self.lines if line.id}


def quoted(path: bytes) -> str:
    """A path as it stands in a list."""
    return quote_from_bytes(path, safe=_PLAIN.encode("utf-8"))


def unquoted(path: str) -> bytes:
    """A path as the file system has it."""
    return unquote_to_bytes(path)


def encode_files(files: dict[str, Kept]) -> bytes:
    """The list of an object's files: path below the object's folder → bytes."""
    return msgspec.json.format(msgspec.json.encode(files, order="sorted"), indent=1) + b"\n"


def decode_files(raw: bytes | None) -> dict[str, Kept] | None:
    """Read the list of an object's files; None where it makes no sense."""
    try:
        return msgspec.json.decode(raw or b"", type=dict[str, Kept])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def numbers(folder: Path) -> list[int]:
    """Numbers of all sets in a back-up folder, oldest first."""
    try:
        names = [path.name for path in (folder / FOLDER).iterdir()]
    except FileNotFoundError:
        return []
    return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))


def path_of(folder: Path, number: int) -> Path:
    """File of a set."""
    return folder / FOLDER / f"{number:06}.jsonl"


def write(folder: Path, number: int, head: Head, lines: Iterable[Line]) -> None:
    """Write a set, durably and whole or not at all.

    Raises:
        OSError: as the disk said.
    """
    place = path_of(folder, number)
    place.parent.mkdir(durable.FOLDER_MODE, exist_ok=True)
    durable.replace(place, encode(head, lines), folder)


def encode(head: Head, lines: Iterable[Line]) -> bytes:
    """The bytes of a set's file."""
    rows = [msgspec.json.encode(head), *(msgspec.json.encode(line) for line in lines)]
    content = b"".join(row + b"\n" for row in rows)
    end = _End(hashlib.sha512(content).hexdigest(), len(rows))
    return content + msgspec.json.encode(end) + b"\n"


def read(folder: Path, number: int) -> Set:
    """Read a set, and of a damaged one what can be read.

    Raises:
        OSError: the file cannot be read at all.
    """
    return parse(number, path_of(folder, number).read_bytes())


def parse(number: int, raw: bytes) -> Set:
    """Read the bytes of a set's file."""
    rows = raw.splitlines(keepends=True)
    end = _decoded(rows[-1], _End) if rows else None
    body = rows[:-1] if end else rows
    digest = hashlib.sha512(b"".join(body)).hexdigest()
    head = _decoded(body[0], Head) if body else None
    lines, bad = [], [] if head else [1]
    for place, row in enumerate(body[1:], start=2):
        line = _decoded(row, Line)
        if line is not None and bool(line.path) != bool(line.id):
            lines.append(line)
        else:
            bad.append(place)
    is_whole = end == _End(digest, len(body)) and head is not None and not bad
    return Set(number, head, lines, bad, is_whole)


def sets(folder: Path) -> Iterator[Set]:
    """All sets of a back-up folder, oldest first."""
    for number in numbers(folder):
        yield read(folder, number)


def _decoded(raw: bytes, kind: type[T]) -> T | None:
    if not raw.endswith(b"\n"):
        return None
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None

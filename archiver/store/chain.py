"""The chain of the ledger, without files: lines, their digests, and where a chain breaks.

Promises that a line's ``prev`` is the sha256 of the whole line before it, newline included, that
the first line's is 64 zeros, and that numbers run from 1 without gaps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from archiver.records import Event, Id


class Head(NamedTuple):
    """The end of a chain: number of its last line and that line's sha256 as hex digits."""

    seq: int
    digest: str


GENESIS = Head(0, "0" * 64)


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line as it stands in a file; keys in this order."""

    seq: int
    at: str
    event: str
    id: Id | None
    actor: str
    data: dict[str, Any]
    prev: str


class Entry(msgspec.Struct, frozen=True):
    """One event with its place in the chain.

    Attributes:
        seq: from 1, without gaps.
        at, event, id, actor, data: as in `archiver.records.Event` (`event` is its kind).
        prev: sha256 of the line before, as hex digits.
        digest: sha256 of this line.
    """

    seq: int
    at: str
    event: str
    id: Id | None
    actor: str
    data: dict[str, Any]
    prev: str
    digest: str


class Problem(msgspec.Struct, frozen=True):
    """Where the chain breaks first.

    Attributes:
        code: ``line_unreadable``, ``line_missing``, ``line_out_of_place``, ``line_changed`` or
            ``tail_missing``.
        file: name of the file; empty where there is none.
        seq: number of the line.
    """

    code: str
    file: str
    seq: int


def line_digest(raw: bytes) -> str:
    """The sha256 of a line with its newline, as hex digits."""
    return hashlib.sha256(raw).hexdigest()


def chain(events: Iterable[Event], head: Head) -> list[Entry]:
    """Give events their places after a head.

    Raises:
        ValueError: an event's data is more than JSON can hold, which is a bug.
    """
    entries: list[Entry] = []
    for event in events:
        raw = _encode(
            Line(head.seq + 1, event.at, event.kind, event.id, event.actor, event.data, head.digest)
        )
        entry = parse(raw)
        if entry is None or encode(entry) != raw:
            raise ValueError(f"not an event for the ledger: {event.kind!r}")
        entries.append(entry)
        head = Head(entry.seq, entry.digest)
    return entries


def encode(entry: Entry) -> bytes:
    """The line of an entry, with its newline."""
    return _encode(
        Line(entry.seq, entry.at, entry.event, entry.id, entry.actor, entry.data, entry.prev)
    )


def _encode(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def parse(raw: bytes) -> Entry | None:
    """Read one line; None where it is not one whole line of a ledger."""
    if not raw.endswith(b"\n"):
        return None
    try:
        line = msgspec.json.decode(raw, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Entry(
        line.seq, line.at, line.event, line.id, line.actor, line.data, line.prev, line_digest(raw)
    )


def tail_of(content: bytes) -> tuple[int, bytes] | None:
    """Tell what a crash left at the end of a file: the beginning of a line, zeros, or nothing.

    A write is cut off by a crash, or the file has grown and its bytes never came; neither ends in
    a newline. A line with a newline was finished, and what is wrong in it no crash has done.

    Args:
        content: of the newest file of a ledger.

    Returns:
        How many bytes stay, and bytes that belong behind them: the newline of a last line that
        lacks nothing else. None where no crash leaves such an end.
    """
    end = content.rfind(b"\n") + 1
    start = content.rfind(b"\n", 0, max(0, end - 1)) + 1
    before = parse(content[content.rfind(b"\n", 0, max(0, start - 1)) + 1 : start])
    last = parse(content[start:end])
    if end and (last is None or not _follows(last, before)):
        return None
    begun = content[end:].rstrip(b"\0")
    next_ = parse(begun + b"\n")
    if next_ is not None:
        return (end + len(begun), b"\n") if _follows(next_, last) else None
    return (end, b"") if _is_beginning(begun, last) else None


def _follows(entry: Entry, before: Entry | None) -> bool:
    """Whether an entry is the one after another; where that cannot be seen, it may be."""
    return before is None or (entry.seq, entry.prev) == (before.seq + 1, before.digest)


def _is_beginning(begun: bytes, last: Entry | None) -> bool:
    """Whether this is how the line after `last` begins, and not a whole one that was changed."""
    if last is not None:
        start = f'{{"seq":{last.seq + 1},"at":"'.encode()
        if not (start.startswith(begun) or begun.startswith(start)):
            return False
    # No line has a brace that closes it before its end.
    try:
        json.JSONDecoder().raw_decode(begun.decode("utf-8", "surrogateescape"))
    except ValueError:
        return True
    return False


def first_break(lines: Iterable[tuple[str, bytes]], expected: Head | None) -> Problem | None:
    """Follow a chain from its first line and tell where it breaks.

    A link that does not hold has two ends. Whichever line the next one, or `expected`, vouches
    for is sound, so the other one was changed; where none vouches, the first is named.

    Args:
        lines: name of the file and one line of it, in order, from the first line on.
        expected: a head that must lie in the chain (from a certificate or the catalogue); without
            it nothing can be said against the last line, or for lines after it.

    Returns:
        The first problem, None when the chain holds.
    """
    head, file = GENESIS, ""
    doubt: tuple[Problem, Problem] | None = None  # the line before the link, and the one after
    for name, raw in lines:
        entry = parse(raw)
        if doubt:
            return doubt[0] if entry and entry.prev == head.digest else doubt[1]
        if entry is None:
            return Problem("line_unreadable", name, head.seq + 1)
        if entry.seq != head.seq + 1:
            code = "line_missing" if entry.seq > head.seq + 1 else "line_out_of_place"
            return Problem(code, name, head.seq + 1)
        changed = Problem("line_changed", name, entry.seq)
        if entry.prev != head.digest:
            doubt = (Problem("line_changed", file, head.seq) if head.seq else changed, changed)
        head, file = Head(entry.seq, entry.digest), name
        if expected and expected.seq == head.seq and (doubt or expected != head):
            return doubt[0] if doubt and expected == head else changed
    if doubt:
        return doubt[0]
    if expected and expected.seq > head.seq:
        return Problem("tail_missing", file, head.seq + 1)
    return None

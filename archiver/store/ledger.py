"""The ledger: everything that happened, one line per event, each line carrying the one before it.

Promises that lines are only ever added, that all lines of one `Ledger.append` are on disk when it
returns or none of them is there, and that nobody can change, add, swap or remove a line without
`Ledger.verify` naming the place. A line's ``prev`` is the sha256 of the whole line before it, its
newline included; the chain runs on from file to file (``YYYY-MM.jsonl``).

One process writes (the daemon's lock sees to that); `read`, `head` and `verify` change nothing
and may be asked by any process at any time.
"""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from archiver.errors import IntegrityFault
from archiver.records import Event
from archiver.store import durable
from archiver.store.chain import (
    GENESIS,
    Entry,
    Head,
    Problem,
    chain,
    encode,
    first_break,
    parse,
    tail_of,
)

__all__ = ["Entry", "Head", "Ledger", "Problem", "Torn"]

_FILE = re.compile(r"\d{4}-(0[1-9]|1[0-2])\.jsonl")
_CUT = re.compile(_FILE.pattern + r"\.cut-\d+(-\d+)?")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class Torn(msgspec.Struct, frozen=True):
    """A tail that a crash left, cut off at start.

    Attributes:
        file: name of the file.
        offset: bytes that were kept.
        lost: the bytes that were cut off.
        kept: name of the file beside that holds them now.
    """

    file: str
    offset: int
    lost: bytes
    kept: str


class Ledger:
    """The ledger in one folder.

    Args:
        folder: holds the monthly files; `open` makes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._head: Head | None = None  # None until opened for writing
        self._at = ""  # time of that line
        self._newest = ""  # name of the file that is written to
        self._length = 0  # its bytes that count
        self._undone = False  # a failed append may have left bytes beyond that
        self._first: dict[str, int] = {}  # name of a file -> number of its first line

    def open(self) -> Torn | None:
        """Make ready for writing: put a torn tail aside and make what is there durable.

        Returns:
            What was cut off, None where nothing was torn.

        Raises:
            IntegrityFault: ``ledger_broken`` where the last line is not to be read and no crash
                explains it; nothing was changed.
            SystemFault: ``disk_full``, ``storage_failed``.
        """
        with durable.storage_faults(self.folder):
            durable.make_folder(self.folder)
            durable.sync_folder(self.folder.parent)
            files = self._files()
            torn = None
            # A file without a line is no month, whatever its name: lines go where the last one is.
            while written := [path for path in files if path.stat().st_size]:
                torn = _cut_tail(written[-1]) or torn
                if written[-1].stat().st_size:
                    break
            # The process before may have died between its write and its fsync: what is read from
            # here on counts, so it has to be on disk first.
            for path in {*files[-1:], *written[-1:]}:
                durable.sync_file(path)
            durable.sync_folder(self.folder)
            last = self._last()
            self._head = Head(last.seq, last.digest) if last else GENESIS
            self._at = last.at if last else ""
            self._newest = written[-1].name if written else ""
            self._length = written[-1].stat().st_size if written else 0
        return torn

    def append(self, events: Sequence[Event]) -> list[Entry]:
        """Add events, all of them or none; `prepare` and `write` in one.

        Returns:
            The entries, with their numbers and digests.

        Raises:
            SystemFault: ``disk_full``, ``storage_failed``; the ledger is as before and usable.
            IntegrityFault: ``ledger_changed`` where another process has written.
        """
        with self._lock:
            entries = chain(events, self._opened())
            self._write(entries)
        return entries

    def prepare(self, events: Sequence[Event]) -> list[Entry]:
        """Give events the next places in the chain without writing anything.

        So a caller can ask the state machines about the entries first: a written line stays.
        """
        with self._lock:
            return chain(events, self._opened())

    def write(self, entries: Sequence[Entry]) -> None:
        """Write prepared entries, all or none, on disk when this returns.

        All go into one file, that of the latest month among them, by one write.

        Raises:
            ValueError: something was written since they were prepared.
            SystemFault, IntegrityFault: as `append`.
        """
        with self._lock:
            if entries and entries[0].prev != self._opened().digest:
                raise ValueError("these entries do not follow the head")
            self._write(entries)

    def head(self) -> Head:
        """Number and digest of the last line; (0, 64 zeros) where there is none.

        Raises:
            IntegrityFault: ``ledger_broken``.
        """
        if self._head is not None:
            return self._head
        last = self._last()
        return Head(last.seq, last.digest) if last else GENESIS

    def last_at(self) -> str:
        """Time of the last line, UTC, ISO 8601; empty where there is none.

        Raises:
            IntegrityFault: ``ledger_broken``.
        """
        if self._head is not None:
            return self._at
        last = self._last()
        return last.at if last else ""

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        """Read the entries after a number, in order; begins at the right file.

        A line that is being written by another process is not seen yet.

        Raises:
            IntegrityFault: ``ledger_broken`` with file and number where a line is not to be read.
        """
        limit = self._head.seq if self._head else None
        files = self._files()
        firsts = [self._first_number(path) for path in files]
        start = max((i for i, n in enumerate(firsts) if n and n <= after_seq + 1), default=0)
        seq = 0
        for name, raw in _lines(files[start:]):
            entry = parse(raw)
            if entry is None:
                raise IntegrityFault("ledger_broken", file=name, seq=seq + 1)
            seq = entry.seq
            if limit is not None and seq > limit:
                return
            if seq > after_seq:
                yield entry

    def tails(self) -> list[Path]:
        """The files that hold what was cut off after a crash, in order."""
        with suppress(FileNotFoundError):
            return sorted(path for path in self.folder.iterdir() if _CUT.fullmatch(path.name))
        return []

    def strays(self, now: str) -> list[Path]:
        """Files without a line, of months that have not come; nothing is ever written there.

        Args:
            now: UTC, ISO 8601.
        """
        return [
            path
            for path in self._files()
            if path.name > f"{now[:7]}.jsonl" and not path.stat().st_size
        ]

    def verify(self, expected_head: tuple[int, str] | None = None) -> list[Problem]:
        """Follow the whole chain; see `first_break`.

        Args:
            expected_head: number and digest that the chain must hold, as `head` gave them once;
                only with it are a removed tail and a changed last line found.

        Returns:
            The first break, or nothing: what lies behind a break is proven by nobody.
        """
        expected = Head(*expected_head) if expected_head else None
        problem = first_break(_lines(self._files()), expected)
        return [problem] if problem else []

    def _opened(self) -> Head:
        if self._head is None:
            self.open()
        return self._head or GENESIS

    def _write(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        name = max([self._newest, *(_file_name(entry.at) for entry in entries)])
        self._add(name, b"".join(map(encode, entries)))
        self._head, self._at = Head(entries[-1].seq, entries[-1].digest), entries[-1].at

    def _add(self, name: str, content: bytes) -> None:
        """Add bytes to the end of a file, durably, or leave it as it was."""
        path, fresh = self.folder / name, name != self._newest
        length = 0 if fresh else self._length
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with durable.storage_faults(self.folder):
            descriptor = os.open(path, flags, durable.FILE_MODE)
            try:
                if self._undone:
                    os.ftruncate(descriptor, length)
                elif os.fstat(descriptor).st_size != length:
                    raise IntegrityFault("ledger_changed", file=name)
                self._undone = True
                try:
                    durable.write_all(descriptor, content)
                    os.fsync(descriptor)
                    if fresh:
                        durable.sync_folder(self.folder)
                except BaseException:
                    with suppress(OSError):
                        os.ftruncate(descriptor, length)
                        os.fsync(descriptor)
                    raise
            finally:
                os.close(descriptor)
        self._newest, self._length, self._undone = name, length + len(content), False

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if _FILE.fullmatch(path.name))
        except FileNotFoundError:
            return []

    def _first_number(self, path: Path) -> int | None:
        """Number of a file's first line, None where there is none yet; it never changes."""
        if path.name not in self._first:
            with path.open("rb") as reader:
                entry = parse(reader.readline())
            if entry is None:
                return None
            self._first[path.name] = entry.seq
        return self._first[path.name]

    def _last(self) -> Entry | None:
        """Last line as the files have it."""
        for path in reversed(self._files()):
            raw = _last_line(path)
            if raw is None:
                continue
            entry = parse(raw)
            if entry is None:
                raise IntegrityFault("ledger_broken", file=path.name, seq=0)
            return entry
        return None


def _file_name(at: str) -> str:
    """The file for an event of this time.

    Raises:
        ValueError: it is no ISO time, which is a bug.
    """
    if not _MONTH.match(at):
        raise ValueError(f"not a time: {at!r}")
    return f"{at[:7]}.jsonl"


def _cut_tail(path: Path) -> Torn | None:
    """Put what a crash left at the end of a file into a file of its own beside."""
    content = path.read_bytes()
    tail = tail_of(content)
    if tail is None:
        raise IntegrityFault("ledger_broken", file=path.name, seq=_last_number(content))
    kept, missing = tail
    if kept == len(content) and not missing:
        return None
    aside = _put_aside(path, kept, content[kept:]) if content[kept:] else ""
    os.truncate(path, kept)
    if missing:
        with path.open("ab", buffering=0) as writer:
            writer.write(missing)
    return Torn(path.name, kept, content[kept:], aside) if aside else None


def _last_number(content: bytes) -> int:
    """Number of a file's last line by its place; 0 where the first one cannot be read."""
    lines = content.rstrip(b"\n").split(b"\n")
    first = parse(lines[0] + b"\n")
    return first.seq + len(lines) - 1 if first else 0


def _put_aside(path: Path, offset: int, lost: bytes) -> str:
    """Keep bytes that are cut off, durably; gives the name of their file."""
    for number in itertools.count(1):
        aside = path.with_name(f"{path.name}.cut-{offset}" + (f"-{number}" if number > 1 else ""))
        try:
            durable.write_file(aside, lost)
        except FileExistsError:
            # A crash came after this and before the cut, or an older tail ended here too.
            if aside.read_bytes() != lost:
                continue
        durable.sync_folder(path.parent)
        return aside.name
    raise AssertionError


def _lines(files: list[Path]) -> Iterator[tuple[str, bytes]]:
    """All lines with their file's name, but for one at the very end that is still being written."""
    waiting: tuple[str, bytes] | None = None  # an unfinished line: torn only if more follows
    for path in files:
        with path.open("rb") as reader:
            for raw in reader:
                if waiting:
                    yield waiting
                waiting = None
                if raw.endswith(b"\n"):
                    yield path.name, raw
                else:
                    waiting = (path.name, raw)


def _last_line(path: Path) -> bytes | None:
    """The last finished line of a file, None where there is none; reads the end only."""
    with path.open("rb") as reader:
        size, step = reader.seek(0, os.SEEK_END), 1 << 16
        while True:
            start = max(0, size - step)
            reader.seek(start)
            content = reader.read(size - start)
            end = content.rfind(b"\n") + 1
            before = content.rfind(b"\n", 0, max(0, end - 1)) + 1
            if end and (before or not start):
                return content[before:end]
            if not start:
                return None
            step *= 2

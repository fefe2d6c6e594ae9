"""Labelled examples: read from JSON lines, and kept in the archive as an append-only file.

Promises reading line by line in bounded memory; a line that is no example stops with its number.
Examples are personal data: they lie in one file that can be deleted or rewritten, never in the
ledger. What was decided last about a document is what counts.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from archiver.errors import UsageFault
from archiver.store import durable

LINE_BYTES = 32 << 20
"""Longest line of a file of examples."""

TEXT_CHARACTERS = 50_000
"""Characters of a text that are kept in the archive's own file of examples."""


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """One text whose class is known.

    Attributes:
        text: of the document.
        record_class: key of its class; ``class`` in files.
        id: of the document, empty where an older system gives none.
        date: ISO date of the paper, empty where none is given.
        corrected: a person changed the machine's answer.
        fields: further values of the document by name.
    """

    text: str
    record_class: str = msgspec.field(name="class")
    id: str = ""
    date: str = ""
    corrected: bool = False
    fields: dict[str, Any] = {}


def latest(examples: Iterable[Example]) -> list[int]:
    """Places of the examples that count: of several with one id the last, in order.

    Args:
        examples: oldest first; those without an id all count.
    """
    places: dict[str | int, int] = {}
    for place, example in enumerate(examples):
        places[example.id or place] = place
    return sorted(places.values())


def read(path: Path) -> Iterator[Example]:
    """Read examples from JSON lines, gzipped where the content says so.

    Raises:
        UsageFault: ``examples_unreadable`` (file), or ``bad_example`` with `file` and `line`.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.open(raw) if packed else raw as lines:
                yield from parsed(lines, path.name)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageFault("examples_unreadable", file=path.name) from error


class Lines(Protocol):
    """What gives lines of bytes: an open file, or what comes over a socket."""

    def readline(self, limit: int, /) -> bytes:
        """The next line, or so much of it."""
        ...


def parsed(lines: Lines, name: str) -> Iterator[Example]:
    """Examples from JSON lines.

    Args:
        lines: not compressed.
        name: of their source, for the sentence.

    Raises:
        UsageFault: ``bad_example`` with `file` and `line`.
    """
    decoder = msgspec.json.Decoder(Example)
    number = 0
    while line := lines.readline(LINE_BYTES + 1):
        number += 1
        if not line.strip():
            continue
        try:
            if len(line) > LINE_BYTES:
                raise ValueError
            example = decoder.decode(line)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            raise UsageFault("bad_example", file=name, line=number) from error
        if not example.record_class:
            raise UsageFault("bad_example", file=name, line=number)
        yield example


class ExampleStore:
    """The archive's own examples, one line each; not compressed, so that a torn end is seen.

    Args:
        path: the file; made with the first example.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[Example]:
        """All examples, oldest first; a line that a crash cut off at the end is left out."""
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            yield from parsed(_Whole(lines), self.path.name)

    def append(self, examples: Iterable[Example]) -> int:
        """Add examples durably; texts are cut to what the model reads.

        Returns:
            the number added.

        Raises:
            SystemFault: ``disk_full`` or ``storage_failed``; nothing is added.
        """
        added = 0
        with self._locked() as descriptor, durable.storage_faults(self.path.parent):
            end = _whole_end(descriptor)
            try:
                os.ftruncate(descriptor, end)
                os.lseek(descriptor, end, os.SEEK_SET)
                for example in examples:
                    durable.write_all(descriptor, line_of(example))
                    added += 1
                os.fsync(descriptor)
            except BaseException:
                os.ftruncate(descriptor, end)
                raise
        return added

    def forget(self, gone: Callable[[Example], bool]) -> int:
        """Take examples out, e.g. those of destroyed documents; the file is written anew.

        Returns:
            the number taken out.
        """
        taken = 0
        fresh = self.path.with_suffix(".tmp")
        with self._locked(), durable.storage_faults(self.path.parent):
            with fresh.open("wb") as target:
                for example in self:
                    if gone(example):
                        taken += 1
                    else:
                        target.write(line_of(example))
                target.flush()
                os.fsync(target.fileno())
            fresh.rename(self.path)
            durable.sync_folder(self.path.parent)
        return taken

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open for writing, with every other writer of this archive kept out."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        guard = os.open(self.path.with_suffix(".lock"), flags, durable.FILE_MODE)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)
            is_new = not self.path.exists()
            descriptor = os.open(self.path, flags, durable.FILE_MODE)
            try:
                if is_new:
                    durable.sync_folder(self.path.parent)
                yield descriptor
            finally:
                os.close(descriptor)
        finally:
            os.close(guard)


class _Whole:
    """Lines of a file up to the last one that ends in a newline."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines = lines

    def readline(self, limit: int) -> bytes:
        line = self._lines.readline(limit)
        return line if line.endswith(b"\n") else b""


def line_of(example: Example) -> bytes:
    """An example as one line, its text cut to what the archive keeps."""
    kept = msgspec.structs.replace(example, text=example.text[:TEXT_CHARACTERS])
    return msgspec.json.encode(kept) + b"\n"


def _whole_end(descriptor: int) -> int:
    """Bytes up to and with the last newline."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - durable.CHUNK)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0

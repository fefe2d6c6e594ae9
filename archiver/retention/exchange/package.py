"""The package of a 0503: one zip with the message and all primary files, written so as to go on.

Promises that writing may be killed at any moment and goes on where it was when asked again, with a
journal beside that names only what the disk has; that every file is what its digest says while it
is copied; and that `reread` reads every byte of the finished zip and compares it with what should
be there. Memory does not grow with the size of the files.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from archiver.errors import IntegrityFault, Refusal
from archiver.retention.exchange import zipformat
from archiver.retention.exchange.batch import PrimaryFile
from archiver.retention.exchange.zipformat import Entry
from archiver.store.durable import FILE_MODE, sync_folder, write_all, write_file

Opener = Callable[[PrimaryFile], BinaryIO]
Phase = Literal["write", "reread"]
Progress = Callable[[Phase, int, int], None]

_CHUNK = 1 << 20
# How much work a power cut may cost.
_SYNC_BYTES = 64 << 20
_SYNC_ENTRIES = 512


class Plan(msgspec.Struct, frozen=True):
    """What shall stand in a package.

    Attributes:
        path: of the zip; its folder exists.
        journal: of the journal.
        fingerprint: of the delivery; a journal of another one is refused.
        when: as `zipformat.stamp` gives it, for all entries.
        message_name: of the XML in the zip.
        files: in their order, after the message.
        total: bytes of the files, for progress; the message counts for nothing.
    """

    path: Path
    journal: Path
    fingerprint: str
    when: int
    message_name: str
    files: tuple[PrimaryFile, ...]
    total: int


class Digests(msgspec.Struct, frozen=True):
    """Digests of a file as hex digits, and its size in bytes."""

    sha256: str
    sha512: str
    size: int


class _Journal:
    """Names the entries that are on the disk, one JSON line each, below a line for the batch."""

    def __init__(self, plan: Plan) -> None:
        self._first = msgspec.json.encode({"batch": plan.fingerprint}) + b"\n"
        self.entries = self._recorded(plan)
        # Written anew, so that a torn last line does not stay in the middle.
        fresh = plan.journal.with_name(plan.journal.name + ".new")
        fresh.unlink(missing_ok=True)
        write_file(fresh, self._first + b"".join(map(_line, self.entries)))
        fresh.rename(plan.journal)
        sync_folder(plan.journal.parent)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(plan.journal, flags)

    def _recorded(self, plan: Plan) -> list[Entry]:
        """The entries of an earlier run, as far as they fit the plan and the zip."""
        if not plan.journal.exists() or not plan.path.exists():
            return []
        content = plan.journal.read_bytes()
        if not content.startswith(self._first):
            raise Refusal("export_other_batch", path=str(plan.journal))
        names = (plan.message_name, *(file.name for file in plan.files))
        size, end = plan.path.stat().st_size, 0
        entries: list[Entry] = []
        for line, name in zip(content[len(self._first) :].split(b"\n")[:-1], names, strict=False):
            entry = msgspec.json.decode(line, type=Entry)
            if (entry.name, entry.start) != (name, end) or entry.end > size:
                break
            entries.append(entry)
            end = entry.end
        return entries

    def add(self, entries: Sequence[Entry]) -> None:
        """Name more entries; their bytes must have reached the disk."""
        write_all(self._descriptor, b"".join(map(_line, entries)))
        os.fsync(self._descriptor)
        self.entries += entries

    def close(self) -> None:
        os.close(self._descriptor)


def quiet(_phase: Phase, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def _line(entry: Entry) -> bytes:
    return msgspec.json.encode(entry) + b"\n"


class _Growing:
    """The zip while it grows: entries are appended, and named in the journal once they are safe.

    The disk is waited for in a thread apart, so that copying and digests go on meanwhile; one
    wait at a time, so that the journal stays in order.
    """

    def __init__(
        self, descriptor: int, journal: _Journal, when: int, waiter: ThreadPoolExecutor
    ) -> None:
        self._descriptor = descriptor
        self._journal = journal
        self._waiter = waiter
        self._settling: Future[None] | None = None
        self._when = when
        self._fresh: list[Entry] = []
        self._waiting = 0
        self._end = journal.entries[-1].end if journal.entries else 0
        os.ftruncate(descriptor, self._end)

    def add(self, name: str, pieces: Iterable[bytes], size: int = 0) -> Entry:
        """Append one file; `size` only tells whether the header must hold a large one."""
        digest, crc, length = hashlib.sha512(), 0, 0
        start = self._end
        os.lseek(self._descriptor, start + zipformat.header_length(name, size), os.SEEK_SET)
        for piece in pieces:
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
            length += len(piece)
            write_all(self._descriptor, piece)
        os.pwrite(self._descriptor, zipformat.local_header(name, length, crc, self._when), start)
        return Entry(name, start, length, crc, digest.hexdigest())

    def keep(self, entry: Entry) -> None:
        """Count an entry as good; what is not kept is written over by the next one."""
        self._fresh.append(entry)
        self._waiting += entry.size
        self._end = entry.end
        if self._waiting >= _SYNC_BYTES or len(self._fresh) >= _SYNC_ENTRIES:
            self.settle()

    def settle(self) -> None:
        """Have all brought to the disk and named, once the wait before has ended."""
        self.wait()
        self._settling = self._waiter.submit(self._persist, self._fresh)
        self._fresh, self._waiting = [], 0

    def wait(self) -> None:
        """Wait for what `settle` has begun; what the disk said is raised here."""
        if self._settling is not None:
            self._settling.result()

    def _persist(self, entries: list[Entry]) -> None:
        os.fsync(self._descriptor)
        self._journal.add(entries)

    def finish(self) -> tuple[Entry, ...]:
        """Write the directory."""
        self.settle()
        self.wait()
        entries = tuple(self._journal.entries)
        os.lseek(self._descriptor, self._end, os.SEEK_SET)
        write_all(self._descriptor, zipformat.directory(entries, self._when))
        os.fsync(self._descriptor)
        return entries


def write(
    plan: Plan, message: Iterable[bytes], opener: Opener, progress: Progress
) -> tuple[Entry, ...]:
    """Write a package, or go on with one that was begun.

    Args:
        plan: what to write and where.
        message: the XML; asked for only where it is not yet in the zip.
        opener: gives a file's bytes from their beginning.
        progress: told ``write``, bytes done and bytes in all.

    Returns:
        All entries, the message first.

    Raises:
        IntegrityFault: ``export_source_changed``; a file is not what its digest says. The files
            before it stay written.
        Refusal: ``export_other_batch``; the journal belongs to another delivery.
        OSError: as the disk said.
    """
    journal = _Journal(plan)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(plan.path, flags, FILE_MODE)
    try:
        # The thread ends before the descriptors are closed, whatever happens.
        with ThreadPoolExecutor(1, thread_name_prefix="export") as waiter:
            growing = _Growing(descriptor, journal, plan.when, waiter)
            written = max(len(journal.entries) - 1, 0)
            if not journal.entries:
                growing.keep(growing.add(plan.message_name, message))
            _copy(growing, plan, written, opener, progress)
            return growing.finish()
    finally:
        os.close(descriptor)
        journal.close()


def _copy(growing: _Growing, plan: Plan, written: int, opener: Opener, progress: Progress) -> None:
    """Append the files that are not yet in the zip."""
    copied = sum(file.size for file in plan.files[:written])
    for file in plan.files[written:]:
        with opener(file) as source:
            entry = growing.add(file.name, _pieces(source, file.size), file.size)
        if (entry.size, entry.sha512) != (file.size, file.sha512):
            growing.settle()
            raise IntegrityFault("export_source_changed", file=file.name)
        growing.keep(entry)
        copied += file.size
        progress("write", copied, plan.total)


def _pieces(source: BinaryIO, size: int) -> Iterator[bytes]:
    """A file's bytes; one that is longer than it should be ends soon after its length."""
    left = size + 1
    while left > 0 and (piece := source.read(min(left, _CHUNK))):
        left -= len(piece)
        yield piece


def reread(plan: Plan, entries: Sequence[Entry], progress: Progress) -> Digests:
    """Read a finished package from the medium and compare all of it with what should be there.

    Args:
        plan: as it was written.
        entries: as `write` returned them.
        progress: told ``reread``, bytes done and bytes in all.

    Raises:
        IntegrityFault: ``export_written_wrong`` with the file in the package, or with the
            package itself where its own bytes are wrong.
    """
    done = 0
    with (
        plan.path.open("rb", buffering=_CHUNK) as reader,
        ThreadPoolExecutor(1, thread_name_prefix="export") as worker,
    ):
        whole = _Whole(reader, worker)
        # What the kernel still holds says nothing about the medium.
        os.posix_fadvise(reader.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for entry in entries:
            expected = zipformat.local_header(entry.name, entry.size, entry.crc, plan.when)
            own = hashlib.sha512()
            if whole.read(len(expected)) != expected:
                raise IntegrityFault("export_written_wrong", file=entry.name)
            for start in range(0, entry.size, _CHUNK):
                own.update(whole.read(min(_CHUNK, entry.size - start)))
            if own.hexdigest() != entry.sha512:
                raise IntegrityFault("export_written_wrong", file=entry.name)
            done += entry.size if entry is not entries[0] else 0
            progress("reread", done, plan.total)
        end = zipformat.directory(entries, plan.when)
        if whole.read(len(end)) != end or reader.read(1):
            raise IntegrityFault("export_written_wrong", file=plan.path.name)
        return whole.digests()


class _Whole:
    """Reads a file piece by piece; its digests are made in a thread apart, in blocks, in order."""

    def __init__(self, reader: BinaryIO, worker: ThreadPoolExecutor) -> None:
        self._reader = reader
        self._worker = worker
        self._sha256, self._sha512 = hashlib.sha256(), hashlib.sha512()
        self._size = 0
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._running: Future[None] | None = None

    def read(self, length: int) -> bytes:
        piece = self._reader.read(length)
        self._pieces.append(piece)
        self._waiting += len(piece)
        self._size += len(piece)
        if self._waiting >= _CHUNK:
            self._hand_over()
        return piece

    def _hand_over(self) -> None:
        """Give the block to the thread once it is through with the one before."""
        if self._running is not None:
            self._running.result()
        self._running = self._worker.submit(self._add, self._pieces)
        self._pieces, self._waiting = [], 0

    def _add(self, pieces: list[bytes]) -> None:
        block = b"".join(pieces)
        self._sha256.update(block)
        self._sha512.update(block)

    def digests(self) -> Digests:
        """Digests and size of all that was read."""
        self._hand_over()
        if self._running is not None:
            self._running.result()
        return Digests(self._sha256.hexdigest(), self._sha512.hexdigest(), self._size)

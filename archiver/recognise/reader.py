"""The daemon's handle on one caged reader.

Promises that a received file costs the daemon at worst the time and memory that `Limits` allow:
a hanging, dying or lying reader is killed with all it started and replaced at the next request.
Nothing is believed that has not been checked.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from archiver.errors import ReviewNeeded, SystemFault
from archiver.recognise import cage, messages, wire
from archiver.recognise.assembly import seconds_for
from archiver.recognise.channel import Request
from archiver.recognise.confinement import empty
from archiver.recognise.descriptors import Pixels, checked_pixels, regular, the_regular
from archiver.recognise.exchange import Exchange, WorkerDied
from archiver.recognise.inspection import Inspection
from archiver.recognise.media import PDF, TIFF
from archiver.recognise.redaction import Order
from archiver.recognise.sealing import harmless, sealed
from archiver.records import Page

__all__ = ["Assembled", "Pixels", "Reader", "WorkerDied"]

log = logging.getLogger(__name__)

_MODULE = "archiver.recognise.reader_process"
_WARM_UP_SECONDS = 120.0


class Assembled(NamedTuple):
    """What assembly made.

    Attributes:
        fd: a regular file open for reading, a valid PDF/A-2b (3b with attachments), closed by
            the receiver; None where there is none (findings say why).
        findings: ``signed``, ``pdfa_failed``, ``text_layer_left_out``, ``converted``.
    """

    fd: int | None
    findings: tuple[str, ...]


class Reader:
    """One slot: a template in its cage, one document at a time, for one thread at a time.

    Args:
        scratch: folder on disk for this slot alone.
        kind: the cage, see `archiver.recognise.cage.probe`.
        limits: what one document may use.
        max_pages: more pages in a file are a fault.
        max_megapixels: larger pages stay unread.
    """

    def __init__(
        self,
        scratch: Path,
        kind: cage.Kind,
        limits: cage.Limits,
        *,
        max_pages: int = 5000,
        max_megapixels: int = 100,
    ) -> None:
        self._scratch = scratch
        self._kind: cage.Kind = kind
        self._limits = limits
        self._max_pages = max_pages
        self._max_pixels = max_megapixels * 1_000_000
        self._slot: cage.Caged | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the template, None while there is none."""
        return self._slot.pid if self._slot else None

    def warm(self) -> None:
        """Start the template now, not with the first request: it takes about a second.

        Raises:
            SystemFault: ``reader_failed``.
        """
        self._ready()

    def inspect(self, fd: int, media_type: str) -> Inspection:
        """Take the first look at a received file.

        Args:
            fd: open for reading.
            media_type: as sniffed.

        Raises:
            DocumentFault: see `archiver.recognise.inspection.inspect`; ``took_too_long``,
                ``too_much_memory``.
            WorkerDied: the reader ended otherwise.
            SystemFault: ``disk_full`` or ``reader_failed``.
        """
        with self._asking("inspect", fd, media_type) as exchange:
            answer, _fds = exchange.last(messages.Inspected)
            return answer.inspection

    def pages(
        self, fd: int, media_type: str, wanted: Sequence[int], marks: bool = False
    ) -> Iterator[Page | Pixels]:
        """Get pages, each finished or as pixels for the engine, in ascending order.

        At most three page images are under way; asking for the next page lets another one go.

        Args:
            fd: open for reading.
            media_type: as sniffed.
            wanted: page numbers from 1.
            marks: whether finished pages come with the marks on them (`Page.codes`), and a page
                with a mark and nothing else goes to the engine instead of being called blank.

        Raises:
            DocumentFault, WorkerDied, SystemFault: as `inspect`.
        """
        numbers = tuple(sorted(set(wanted)))
        with self._asking("pages", fd, media_type, wanted=numbers, marks=marks) as exchange:
            for number in numbers:
                answer, fds = exchange.next(messages.Finished, messages.Sent)
                if isinstance(answer, messages.Finished):
                    if answer.page.number != number:
                        raise WorkerDied("protocol", "page number")
                    if answer.page.codes and not marks:
                        raise WorkerDied("protocol", "marks")
                    yield answer.page
                elif isinstance(answer, messages.Sent):
                    yield checked_pixels(answer, fds, number, self._max_pixels)
                    exchange.credit()
            exchange.finish()

    def assemble(
        self, fd: int, media_type: str, pages: Sequence[Page], created: datetime
    ) -> Assembled:
        """Make the PDF/A of a document from its stored pages.

        Args:
            fd: the received file, open for reading.
            media_type: as sniffed.
            pages: results of all pages.
            created: date of the rendition.

        Raises:
            DocumentFault, WorkerDied, SystemFault: as `inspect`; ``took_too_long`` after
                `archiver.recognise.assembly.seconds_for` its pages, of processor time.
        """
        told = msgspec.json.encode(list(pages))
        # It is ended by its processor time; on a machine with other work it may wait as long again.
        seconds = 2 * seconds_for(len(pages), self._limits.wall_seconds)
        return self._made("assemble", fd, media_type, told, created, seconds=seconds)

    def redact(self, fd: int, media_type: str, order: Order, created: datetime) -> Assembled:
        """Make a PDF/A of what can be seen of a document with bars over it.

        Args:
            fd: the received file, open for reading.
            media_type: as sniffed.
            order: the bars, and the words that survive.
            created: date of the rendition.

        Raises:
            DocumentFault, WorkerDied, SystemFault: as `inspect`.
        """
        told = msgspec.json.encode(order)
        seconds = self._limits.wall_seconds + len(order.pages) * 4
        return self._made("redact", fd, media_type, told, created, seconds=seconds)

    def bare(self, fd: int, wanted: Sequence[int]) -> Iterator[int | Pixels]:
        """Lay a redacted PDF bare, see `archiver.recognise.redaction`; raises as `inspect`.

        Yields:
            two descriptors of regular files (texts of the pages as JSON; all else that says
            words), then the pages wanted in the pixels of their pictures; the caller closes all.
        """
        with self._asking("bare", fd, PDF, wanted=tuple(wanted)) as exchange:
            for _file in range(2):
                yield the_regular(exchange.next(messages.Made)[1])
            for number in wanted:
                answer, fds = exchange.next(messages.Sent)
                yield checked_pixels(answer, fds, number, self._max_pixels)
                exchange.credit()
            exchange.finish()

    def preview(self, fd: int, media_type: str, number: int) -> int:
        """Draw one page as a PNG at about 100 dpi.

        Returns:
            descriptor of a regular file, which the caller closes.

        Raises:
            DocumentFault, WorkerDied, SystemFault: as `inspect`.
        """
        with self._asking("preview", fd, media_type, wanted=(number,)) as exchange:
            _answer, fds = exchange.last(messages.Made)
        return the_regular(fds)

    def split(self, fd: int, media_type: str, parts: Sequence[Sequence[int]]) -> Iterator[int]:
        """Cut a file into parts without loss, see `archiver.separate.split`.

        At most three parts are under way; asking for the next one lets another one go. The process
        that made a part may live until all are taken, so what is copied must be hashed as copied.

        Args:
            fd: the received file, open for reading.
            media_type: as sniffed.
            parts: page numbers from 1 of each part, in the order wanted.

        Yields:
            for each part in turn the descriptor of a regular file of the same type, which the
            caller closes.

        Raises:
            ReviewNeeded: the file is sound but cannot be cut, see `messages.DOUBTS`.
            DocumentFault, WorkerDied, SystemFault: as `inspect`; ``damaged`` also where the file
                has no such page.
            ValueError: a part without pages.
        """
        wanted = tuple(tuple(part) for part in parts)
        if not all(wanted):
            raise ValueError("a part has at least one page")
        with self._asking("split", fd, media_type, parts=wanted) as exchange:
            for _part in wanted:
                _answer, fds = exchange.next(messages.Made)
                yield the_regular(fds)
                exchange.credit()
            exchange.finish()

    def weave(self, fds: Sequence[int], media_type: str, order: Sequence[tuple[int, int]]) -> int:
        """Join pages of files of one type without loss, see `archiver.separate.split.weave`.

        Args:
            fds: the files, open for reading.
            media_type: of all of them.
            order: of the pages: source from 0, page number from 1.

        Returns:
            descriptor of a regular file of the same type, which the caller closes.

        Raises:
            ReviewNeeded: the files are sound but cannot be joined, see `messages.DOUBTS`;
                ``one_page_kind`` where files of this type hold one page.
            DocumentFault, WorkerDied, SystemFault: as `split`.
            ValueError: no page, or a source that was not given.
        """
        places = tuple((source, page) for source, page in order)
        if not places or not all(0 <= source < len(fds) for source, _page in places):
            raise ValueError("pages of sources that are not there")
        if media_type not in (PDF, TIFF) and (len(fds), places) != (1, ((0, 1),)):
            raise ReviewNeeded("one_page_kind")
        first, *others = fds
        with self._asking("weave", first, media_type, order=places, others=len(others)) as exchange:
            for other in others:
                with harmless(other, self._scratch) as copy:
                    exchange.hand(copy)
            _answer, made = exchange.last(messages.Made)
        return the_regular(made)

    def close(self) -> None:
        """End the reader; a later request starts a new one."""
        slot, self._slot = self._slot, None
        if slot is not None:
            slot.kill()
            # Whoever is killed leaves pieces of the document lying about.
            empty(str(self._scratch))

    def _made(
        self, do: str, fd: int, media_type: str, told: bytes, created: datetime, *, seconds: float
    ) -> Assembled:
        """Have a PDF/A made of a file and of what is told besides, in sealed memory."""
        stored = sealed(told)
        at = created.isoformat()
        try:
            with self._asking(do, fd, media_type, stored, seconds=seconds, created=at) as exchange:
                answer, fds = exchange.last(messages.Made)
        finally:
            os.close(stored)
        return Assembled(regular(fds), answer.findings)

    @contextlib.contextmanager
    def _asking(
        self,
        do: str,
        fd: int,
        media_type: str,
        *more: int,
        seconds: float | None = None,
        **rest: Any,
    ) -> Iterator[Exchange]:
        """Send a request over a channel of its own; on any irregular end, kill the slot.

        `seconds` are those that each answer may take, by default what the limits say.
        """
        request = Request(
            do=do,
            media_type=media_type,
            address_space=self._limits.address_space,
            cpu_seconds=self._limits.cpu_seconds,
            file_size=self._limits.file_size,
            max_pages=self._max_pages,
            max_pixels=self._max_pixels,
            **rest,
        )
        slot = self._ready()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        wall_seconds = seconds or self._limits.wall_seconds
        exchange = Exchange(slot, ours, self._limits, wall_seconds, self._max_pixels)
        try:
            with theirs, harmless(fd, self._scratch) as copy:
                exchange.ask(msgspec.to_builtins(request), (copy, theirs.fileno(), *more))
            yield exchange
        except BaseException as error:
            if isinstance(error, WorkerDied) and (said := slot.words.outline()):
                log.warning("reader said", extra={"said": said})
            # The template is as good as before where it has told its child's end.
            if not exchange.over:
                self.close()
            raise
        finally:
            ours.close()
            # Else what one document made it say would be told of the next one.
            slot.words.outline()

    def _ready(self) -> cage.Caged:
        """Give a warm template, a new one where there is none.

        Raises:
            SystemFault: ``reader_failed``, no template can be started.
        """
        if self._slot is not None and self._slot.alive():
            return self._slot
        self.close()
        self._scratch.mkdir(parents=True, exist_ok=True)
        try:
            # Known from the start, so that `close` can end it while it still warms up.
            slot = self._slot = cage.spawn(
                _MODULE,
                kind=self._kind,
                scratch=self._scratch,
                limits=self._limits,
                per_document=True,
            )
            slot.sock.settimeout(_WARM_UP_SECONDS)
            message, _fds = wire.receive(slot.sock)
            slot.sock.settimeout(None)
        except (OSError, wire.PeerGone) as error:
            if self._slot is not None:
                log.error("reader did not start", extra={"said": self._slot.words.verbatim()})
            self.close()
            raise SystemFault("reader_failed") from error
        if message != {"ready": True}:
            self.close()
            raise SystemFault("reader_failed")
        return slot

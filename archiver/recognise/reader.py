"""The daemon's handle on one caged reader.

Promises that a received file costs the daemon at worst the time and memory that `Limits` allow:
a hanging, dying or lying reader is killed with all it started and replaced at the next request.
Nothing is believed that has not been checked.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import stat
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self, TypeVar

import msgspec

from archiver.errors import DocumentFault, SystemFault
from archiver.recognise import cage, messages, wire
from archiver.recognise.inspection import Inspection
from archiver.recognise.reader_process import SEALS, Request
from archiver.records import Page

_MODULE = "archiver.recognise.reader_process"
_A = TypeVar("_A", bound=messages.Answer)
_WARM_UP_SECONDS = 120.0
_MEMORY_SIGNALS = frozenset({signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGSEGV})


class WorkerDied(Exception):
    """The reader ended, or said something impossible; the next request gets a new one.

    Args:
        how: ``signal``, ``status``, ``crashed``, ``protocol`` or ``gone``.
        detail: number of the signal, status, or type and place of the exception.
    """

    def __init__(self, how: str, detail: str | int = "") -> None:
        super().__init__(f"{how} {detail}".strip())
        self.how = how
        self.detail = detail


class Pixels(NamedTuple):
    """A page to be recognised.

    Attributes:
        fd: sealed memory of width × height bytes, 8-bit gray, row by row; the receiver closes it.
        width, height: pixels.
        dpi: resolution.
        number: page number from 1.
    """

    fd: int
    width: int
    height: int
    dpi: float
    number: int


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
            answer, _fds = exchange.next(messages.Inspected)
            exchange.finish()
            return answer.inspection

    def pages(self, fd: int, media_type: str, wanted: Sequence[int]) -> Iterator[Page | Pixels]:
        """Get pages, each finished or as pixels for the engine, in ascending order.

        At most three page images are under way; asking for the next page lets another one go.

        Args:
            fd: open for reading.
            media_type: as sniffed.
            wanted: page numbers from 1.

        Raises:
            DocumentFault, WorkerDied, SystemFault: as `inspect`.
        """
        numbers = tuple(sorted(set(wanted)))
        with self._asking("pages", fd, media_type, wanted=numbers) as exchange:
            for number in numbers:
                answer, fds = exchange.next(messages.Finished, messages.Sent)
                if isinstance(answer, messages.Finished):
                    if answer.page.number != number:
                        raise WorkerDied("protocol", "page number")
                    yield answer.page
                elif isinstance(answer, messages.Sent):
                    yield self._pixels(answer, fds, number)
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
            DocumentFault, WorkerDied, SystemFault: as `inspect`.
        """
        stored = os.memfd_create("pages", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(stored), "wb") as out:
                out.write(msgspec.json.encode(list(pages)))
            extra = len(pages) / 2
            with self._asking(
                "assemble", fd, media_type, stored, extra=extra, created=created.isoformat()
            ) as exchange:
                answer, fds = exchange.next(messages.Made)
                exchange.finish()
        finally:
            os.close(stored)
        return Assembled(_regular(fds), answer.findings)

    def preview(self, fd: int, media_type: str, number: int) -> int:
        """Draw one page as a PNG at about 100 dpi.

        Returns:
            descriptor of a regular file, which the caller closes.

        Raises:
            DocumentFault, WorkerDied, SystemFault: as `inspect`.
        """
        with self._asking("preview", fd, media_type, wanted=(number,)) as exchange:
            _answer, fds = exchange.next(messages.Made)
            exchange.finish()
        drawn = _regular(fds)
        if drawn is None:
            raise WorkerDied("protocol", "no preview")
        return drawn

    def close(self) -> None:
        """End the reader; a later request starts a new one."""
        if self._slot is not None:
            self._slot.kill()
            self._slot = None

    def _pixels(self, answer: messages.Sent, fds: tuple[int, ...], number: int) -> Pixels:
        """Check a page image: its number, its bounds, and memory of that size that stays so."""
        if len(fds) == 1:
            area = answer.width * answer.height
            bounded = answer.width > 0 and answer.height > 0 and area <= self._max_pixels
            if (
                answer.number == number
                and bounded
                and 50 <= answer.dpi <= 2500
                and os.fstat(fds[0]).st_size == area
                and _seals(fds[0]) & SEALS == SEALS
            ):
                return Pixels(fds[0], answer.width, answer.height, answer.dpi, number)
        _close(fds)
        raise WorkerDied("protocol", "pixels")

    @contextlib.contextmanager
    def _asking(
        self, do: str, fd: int, media_type: str, *more: int, extra: float = 0.0, **rest: Any
    ) -> Iterator[_Exchange]:
        """Send a request over a channel of its own; on any irregular end, kill the slot."""
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
        exchange = _Exchange(slot, ours, self._limits, self._limits.wall_seconds + extra)
        try:
            with theirs:
                fds = (fd, theirs.fileno(), *more)
                exchange.ask(msgspec.to_builtins(request), fds)
            yield exchange
        except (DocumentFault, SystemFault):
            if not exchange.over:
                self.close()
            raise
        except GeneratorExit:
            self.close()
            raise
        except BaseException:
            self.close()
            raise
        finally:
            ours.close()

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
            slot = cage.spawn(_MODULE, kind=self._kind, scratch=self._scratch)
            slot.sock.settimeout(_WARM_UP_SECONDS)
            message, _fds = wire.receive(slot.sock)
        except OSError as error:
            raise SystemFault("reader_failed") from error
        except wire.PeerGone as error:
            slot.kill()
            raise SystemFault("reader_failed") from error
        if message != {"ready": True}:
            slot.kill()
            raise SystemFault("reader_failed")
        slot.sock.settimeout(None)
        self._slot = slot
        return slot


class _Exchange:
    """One request and its answers, each waited for no longer than the limit."""

    def __init__(
        self, slot: cage.Caged, channel: socket.socket, limits: cage.Limits, wall_seconds: float
    ) -> None:
        self._slot = slot
        self._channel = channel
        self._limits = limits
        self._wall_seconds = wall_seconds
        self._expired = False
        self.over = False

    def ask(self, request: dict[str, Any], fds: tuple[int, ...]) -> None:
        """Send the request."""
        try:
            wire.send(self._slot.sock, request, fds)
        except wire.PeerGone as error:
            raise WorkerDied("gone") from error

    def credit(self) -> None:
        """Let another page image go; a reader that is done needs none."""
        with contextlib.suppress(wire.PeerGone):
            wire.send(self._channel, {"credit": 1})

    def next(self, *wanted: type[_A]) -> tuple[_A, tuple[int, ...]]:
        """Wait for an answer of one of the kinds wanted.

        Returns:
            the answer and its descriptors, now the caller's.
        """
        try:
            message, fds = self._receive(self._channel)
        except wire.PeerGone:
            self._buried()
        try:
            answer = messages.decode(message)
        except ValueError as error:
            _close(fds)
            raise WorkerDied("protocol", type(error).__name__) from error
        if not isinstance(answer, wanted):
            _close(fds)
            self._fail(answer)
        return answer, fds

    def finish(self) -> None:
        """Wait for the child's end after its last answer."""
        self.next(messages.Done)
        self._end()

    def _fail(self, answer: messages.Answer) -> NoReturn:
        """Raise what an answer other than the wanted one means."""
        if isinstance(answer, messages.Faulty):
            self._end()
            raise DocumentFault(answer.reason, **answer.params)
        if isinstance(answer, messages.Full):
            self._end()
            raise SystemFault("disk_full")
        if isinstance(answer, messages.Crashed):
            raise WorkerDied("crashed", f"{answer.error} {answer.place}")
        raise WorkerDied("protocol", type(answer).__name__)

    def _buried(self) -> NoReturn:
        """Raise why the child ended without a last word."""
        ended = self._end()
        number = -ended.ended
        if number == signal.SIGXCPU:
            raise DocumentFault("took_too_long")
        if number in _MEMORY_SIGNALS and ended.peak > self._limits.address_space / 2:
            raise DocumentFault("too_much_memory")
        raise WorkerDied("signal" if number > 0 else "status", abs(number))

    def _end(self) -> messages.Ended:
        """Read the template's word about the child's end."""
        try:
            message, fds = self._receive(self._slot.sock)
            _close(fds)
            ended = msgspec.convert(message, messages.Ended)
        except (wire.PeerGone, ValueError) as error:
            if self._expired:
                raise DocumentFault("took_too_long") from error
            raise WorkerDied("gone") from error
        self.over = True
        return ended

    def _receive(self, sock: socket.socket) -> tuple[dict[str, Any], tuple[int, ...]]:
        """Receive one message; when time is up the slot is killed, which ends the waiting.

        A time-out of the socket would start anew with every byte that trickles in.
        """
        timer = threading.Timer(self._wall_seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            return wire.receive(sock)
        finally:
            timer.cancel()

    def _expire(self) -> None:
        """End the slot because time is up."""
        self._expired = True
        self._slot.kill()


def _regular(fds: tuple[int, ...]) -> int | None:
    """Take the one descriptor of a regular file; None where none was sent.

    Raises:
        WorkerDied: something else was sent.
    """
    if not fds:
        return None
    if len(fds) == 1 and stat.S_ISREG(os.fstat(fds[0]).st_mode):
        return fds[0]
    _close(fds)
    raise WorkerDied("protocol", "file")


def _seals(fd: int) -> int:
    """Read the seals of a descriptor; 0 where it cannot have any."""
    try:
        return fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    except OSError:
        return 0


def _close(fds: Sequence[int]) -> None:
    """Close descriptors."""
    for fd in fds:
        os.close(fd)

"""The daemon's handle on an engine process.

Promises that nothing the process sends is believed before it is checked: an answer that is no page
of the asked number and size ends the process as if it had died. Starting it anew is the caller's
business, who alone knows how often a page has been tried.
"""

from __future__ import annotations

import socket
from typing import Any, Protocol

import msgspec

from archiver.errors import DocumentFault, ExitCode, SystemFault
from archiver.plaintext import is_plain
from archiver.recognise import codes, wire
from archiver.recognise.exchange import died
from archiver.records import Page

MAX_WORDS = 100_000
"""More words than any page has; the densest newspaper page has some 10,000."""
_OPENING_SECONDS = 60.0


class Spawned(Protocol):
    """A process started with one end of a socket pair; `cage.Caged` is one."""

    @property
    def sock(self) -> socket.socket:
        """This side's end of the pair."""
        ...

    def kill(self) -> None:
        """End the process and all its children at once."""
        ...

    def alive(self) -> bool:
        """Whether it still runs."""
        ...

    def ended(self) -> int | None:
        """How a process that has hung up has ended: its status, or minus the signal."""
        ...


class EngineDied(SystemFault):
    """The engine process ended, hung, or sent what is no answer; it has been killed.

    The page that was in it may be the cause or not: the caller counts attempts.
    """


class Greeting(msgspec.Struct, frozen=True):
    """What the engine says of itself.

    Attributes:
        name: ``tesserocr`` or ``pytesseract``.
        version: of Tesseract.
        languages: every installed model.
    """

    name: str
    version: str
    languages: tuple[str, ...]


class Engine:
    """A running engine process, to be used by one thread at a time.

    Args:
        process: the process, just started; it dies with the thread that started it.

    Attributes:
        greeting: name, version and models of the engine.

    Raises:
        SystemFault: ``engine_missing`` or ``language_missing``, as the process found.
        EngineDied: it ended before it greeted.
    """

    def __init__(self, process: Spawned) -> None:
        self._process = process
        answer = self._answer(_OPENING_SECONDS)
        if "fault" in answer:
            self.kill()
            raise _opening_fault(answer)
        try:
            self.greeting = msgspec.convert(answer.get("hello"), Greeting)
        except msgspec.ValidationError as error:
            raise self._died("protocol") from error

    def recognise(
        self,
        fd: int,
        number: int,
        width: int,
        height: int,
        dpi: float,
        timeout: float,
        *,
        marks: bool = False,
    ) -> Page:
        """Have one page read.

        Args:
            fd: a memfd or file with ``width * height`` bytes of 8 bit gray; stays open here.
            number: of the page, from 1.
            width: in pixels.
            height: in pixels.
            dpi: resolution of the scan.
            timeout: seconds after which the engine counts as hung and is killed.
            marks: whether QR codes and other marks are looked for.

        Returns:
            the page, its size and boxes those of the upright image.

        Raises:
            DocumentFault: ``page_unreadable``; the engine lives on.
            EngineDied: ``engine_died``, or ``engine_timeout`` after `timeout`.
        """
        request: dict[str, Any] = {"number": number, "width": width, "height": height, "dpi": dpi}
        request["marks"] = marks
        try:
            self._process.sock.settimeout(timeout)
            wire.send(self._process.sock, request, (fd,))
        except (wire.PeerGone, OSError) as error:
            raise self._died("gone") from error
        answer = self._answer(timeout)
        if "fault" in answer:
            raise DocumentFault("page_unreadable", page=number)
        try:
            return checked_page(answer.get("page"), number, width, height, marks=marks)
        except ValueError as error:
            raise self._died("protocol") from error

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.alive()

    def close(self) -> None:
        """Hang up; the process ends by itself once it has finished its page."""
        self._process.sock.close()

    def kill(self) -> None:
        """End the process at once and hang up."""
        self._process.kill()
        self._process.sock.close()

    def _answer(self, timeout: float) -> dict[str, Any]:
        """The next message, or `EngineDied`."""
        try:
            self._process.sock.settimeout(timeout)
            message, fds = wire.receive(self._process.sock)
        except (wire.PeerGone, OSError) as error:
            if isinstance(error.__cause__, TimeoutError):
                self.kill()
                raise EngineDied("engine_timeout", seconds=timeout) from error
            raise self._died("gone") from error
        if fds:
            raise self._died("protocol")
        return message

    def _died(self, cause: str) -> EngineDied:
        if cause == "gone":
            cause = str(died(self._process.ended()))
        self.kill()
        return EngineDied("engine_died", cause=cause)


def checked_page(raw: Any, number: int, width: int, height: int, *, marks: bool = False) -> Page:
    """The page that an engine sent, if it can be one.

    Args:
        raw: what came, as plain dicts and lists.
        number: of the page that was asked for.
        width: of the page as scanned, in pixels.
        height: of the page as scanned, in pixels.
        marks: whether marks were asked for.

    Raises:
        ValueError: a wrong type, number or size, boxes outside the page, numbers out of range,
            or marks that nobody asked for.
    """
    page = msgspec.convert(raw, Page)
    if page.rotation not in (0, 90, 180, 270):
        raise ValueError("rotation")
    size = (height, width) if page.rotation in (90, 270) else (width, height)
    if (page.number, page.source, page.width, page.height) != (number, "recognised", *size):
        raise ValueError("not the page asked for")
    if page.confidence is None or not 0.0 <= page.confidence <= 100.0:
        raise ValueError("confidence of the page")
    if len(page.words) > MAX_WORDS:
        raise ValueError("number of words")
    line = block = 0
    for word in page.words:
        if not (0 <= word.left <= word.right <= page.width and word.text.strip()):
            raise ValueError("word")
        if not is_plain(word.text):
            raise ValueError("text of a word")
        if not (0 <= word.top <= word.bottom <= page.height and 0.0 <= word.confidence <= 100.0):
            raise ValueError("word")
        if not (line <= word.line <= line + 1 and block <= word.block <= block + 1):
            raise ValueError("order of lines")
        line, block = word.line, word.block
    if page.codes and not marks:
        raise ValueError("marks")
    codes.check(page.codes, page.width, page.height)
    return page


def _opening_fault(answer: dict[str, Any]) -> SystemFault:
    """The process's reason for not opening, of the two that it may have."""
    given = answer.get("params")
    params = given if isinstance(given, dict) else {}
    if answer["fault"] == "language_missing":
        return SystemFault(
            "language_missing",
            exit_code=ExitCode.ENGINE_MISSING,
            language=str(params.get("language", "")),
            folder=str(params.get("folder", "")),
        )
    return SystemFault(
        "engine_missing",
        exit_code=ExitCode.ENGINE_MISSING,
        engine=str(params.get("engine", "")),
    )

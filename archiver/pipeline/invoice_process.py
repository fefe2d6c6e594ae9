"""The process in the cage that reads one electronic invoice, and then ends.

Promises one answer to one request, of the kinds below, with limits on memory, time and size set
before the first received byte is read.
"""

from __future__ import annotations

import errno
import resource
import socket
import sys
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from archiver.errors import Fault
from archiver.extract.einvoice_reading import Examined, Statement, examine
from archiver.recognise import wire
from archiver.recognise.document import Document
from archiver.records import Page

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class Request(msgspec.Struct, frozen=True):
    """The one request; the received file comes with it.

    Attributes:
        media_type: of the file.
        created: date for the rendering, ISO 8601.
        address_space, cpu_seconds, file_size: see `archiver.recognise.cage.Limits`.
    """

    media_type: str
    created: datetime
    address_space: int
    cpu_seconds: int
    file_size: int


class _Answer(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of the answers; the field ``kind`` tells them apart."""


class Told(_Answer, frozen=True, tag="told"):
    """An invoice; along come its XML (from a PDF) or its rendering (of an XML)."""

    statement: Statement
    pages: tuple[Page, ...]


class Nothing(_Answer, frozen=True, tag="nothing"):
    """The file has no invoice."""


class Faulty(_Answer, frozen=True, tag="fault"):
    """A foreseen fault of the document or of the machine."""

    reason: str
    params: dict[str, str | int | float]


class Full(_Answer, frozen=True, tag="full"):
    """There is no room; the document is not to blame."""


class Crashed(_Answer, frozen=True, tag="crashed"):
    """An unforeseen exception: its type and where it was raised, never its text."""

    error: str
    place: str


Answer = Told | Nothing | Faulty | Full | Crashed


def main() -> None:
    """Answer the request, then end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    message, (fd, *_none) = wire.receive(control)
    request = msgspec.convert(message, Request)
    _limit(request)
    answer, made = _answered(request, fd)
    sent = msgspec.to_builtins(answer)
    if len(msgspec.json.encode(sent)) > wire.MAX_MESSAGE:
        sent, made = msgspec.to_builtins(Faulty("too_much_output", {})), b""
    wire.send(control, sent, payload=made)


def _limit(request: Request) -> None:
    """Set what this process may use."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (request.address_space, request.address_space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (request.file_size, request.file_size))
    resource.setrlimit(resource.RLIMIT_CPU, (request.cpu_seconds, request.cpu_seconds))


def _answered(request: Request, fd: int) -> tuple[Answer, bytes]:
    """Read the invoice; the answer and what comes along with it."""
    try:
        with Document(fd, request.media_type).stream() as source:
            examined = examine(source, request.media_type, request.created)
        if examined is None:
            return Nothing(), b""
        return Told(examined.statement, examined.pages), _made(examined)
    except Exception as error:
        return _explained(error), b""


def _made(examined: Examined) -> bytes:
    return examined.rendering.pdf if examined.rendering else examined.xml or b""


def _explained(error: Exception) -> Answer:
    """Tell what went wrong: a lack of memory or room first, whatever a parser made of it."""
    for cause in _causes(error):
        number = cause.errno if isinstance(cause, OSError) else None
        if isinstance(cause, MemoryError) or number == errno.ENOMEM:
            return Faulty("too_much_memory", {})
        if number == errno.EFBIG:
            return Faulty("too_much_output", {})
        if number in _NO_ROOM:
            return Full()
    if isinstance(error, Fault):
        return Faulty(error.reason, error.params)
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return Crashed(type(error).__name__, place)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what led to it, the newest first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


if __name__ == "__main__":
    main()

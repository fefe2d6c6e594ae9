"""The archive as the daemon serves it: the same parts and acts, asked over its socket.

Promises that a caller cannot tell it from `Archive`: same arguments, same answers, same faults.
An act that is new there needs nothing here. Speaks HTTP/1.0, which needs nothing but a socket: the
library's client costs a command 12 ms, a fifth of its whole time.
"""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast
from urllib.parse import unquote, urlencode

from archiver.errors import (
    DocumentFault,
    ExitCode,
    Fault,
    IntegrityFault,
    NotFound,
    Refusal,
    SystemFault,
    UsageFault,
)

if TYPE_CHECKING:
    from archiver.acts import File

Json = dict[str, Any]

_CHUNK = 1 << 18
_FAULTS: dict[ExitCode, type[Fault]] = {
    kind.exit_code: kind
    for kind in (SystemFault, DocumentFault, Refusal, NotFound, UsageFault, IntegrityFault)
}


class _Answer(NamedTuple):
    """Status, headers by lower-case name, and the body, to be read to its end."""

    status: int
    headers: dict[str, str]
    body: BinaryIO


class RemoteArchive:
    """The parts and acts of `archiver.archive.Archive`, done by the daemon.

    It has no list of them: which act is meant, its path says; how its answer is read, the answer.
    Whoever uses it holds it for an `Archive`, so types are checked there.

    Args:
        place: of the daemon's socket.
    """

    def __init__(self, place: Path) -> None:
        self._place = place

    def __getattr__(self, name: str) -> _Part:
        """A part by its name."""
        if name.startswith("_"):
            raise AttributeError(name)
        return _Part(self._place, name)


class _Part:
    """One part of the archive."""

    def __init__(self, place: Path, name: str) -> None:
        self._place = place
        self._name = name

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """An act by its name."""
        return partial(_asked, self._place, f"{self._name}.{name}")


def _asked(place: Path, path: str, /, *placed: Any, **named: Any) -> Any:
    """Have an act done; a file among its arguments is sent, what is called is told progress."""
    given = [*placed, *named.values()]
    source = next((one for one in given if hasattr(one, "read")), None)
    progress = next((one for one in given if callable(one)), None)
    words = {name: word for name, word in named.items() if _is_word(word)}
    if placed:
        words["*"] = [word if _is_word(word) else None for word in placed]
    said = json.dumps(words, default=_as_text)
    if source is None:
        answer = _ask(place, f"/acts/{path}", said.encode())
    else:
        answer = _ask(place, f"/acts/{path}?" + urlencode({"words": said}), source)
    if "x-name" in answer.headers:
        return _file(answer)
    if answer.headers["content-type"] == "application/x-ndjson":
        return _followed(answer, progress)
    return _whole(answer)


def _is_word(value: Any) -> bool:
    return not (hasattr(value, "read") or callable(value))


def _as_text(value: Any) -> str:
    """A day or bytes, as JSON holds them."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value.isoformat())


def _file(answer: _Answer) -> File:
    from archiver.acts import File

    return File(
        stream=answer.body,
        size=int(answer.headers["content-length"]),
        name=unquote(answer.headers["x-name"]),
        media_type=answer.headers["content-type"],
        notice=answer.headers["x-notice"] or None,
    )


def _followed(answer: _Answer, progress: Callable[[int, int], None] | None) -> Json:
    """The result of work that tells how far it is."""
    # To its end, or the daemon would find its last line unread.
    result: Json | None = None
    with answer.body as lines:
        for line in lines:
            message = json.loads(line)
            if "fault" in message:
                raise _fault(message["fault"])
            if "result" in message:
                result = message["result"]
            elif progress is not None:
                progress(message["done"], message["total"])
    if result is None:
        raise SystemFault("daemon_gone")
    return result


def _ask(place: Path, path: str, body: BinaryIO | bytes) -> _Answer:
    size = len(body) if isinstance(body, bytes) else _left(body)
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(place))
            head = f"POST {path} HTTP/1.0\r\nContent-Length: {size}\r\n\r\n".encode()
            _send(sock, head, body)
            answer = _received(sock.makefile("rb"))
    except (OSError, ValueError, IndexError) as error:
        raise SystemFault("daemon_gone") from error
    if answer.status != 200:
        raise _fault(cast("Json", _whole(answer)))
    return answer


def _left(body: BinaryIO) -> int:
    """How many bytes of a file are still to be read."""
    at = body.tell()
    size = body.seek(0, os.SEEK_END) - at
    body.seek(at)
    return size


def _send(sock: socket.socket, head: bytes, body: BinaryIO | bytes) -> None:
    """Send a request; a daemon that refuses it hangs up early, and its answer tells why."""
    try:
        if isinstance(body, bytes):
            sock.sendall(head + body)
        else:
            sock.sendall(head)
            while chunk := body.read(_CHUNK):
                sock.sendall(chunk)
    except (BrokenPipeError, ConnectionResetError):
        pass


def _received(stream: BinaryIO) -> _Answer:
    """Read status and headers."""
    status = int(stream.readline().split()[1])
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return _Answer(status, headers, stream)


def _whole(answer: _Answer) -> Any:
    """The body as JSON; a daemon that died on the way is told, not a broken answer."""
    length = int(answer.headers.get("content-length", -1))
    with answer.body as body:
        try:
            # Behind it may come the news that the daemon has hung up.
            return json.loads(body.read(length))
        except (OSError, ValueError) as error:
            raise SystemFault("daemon_gone") from error


def _fault(told: Json) -> Fault:
    code = ExitCode(told["exit_code"])
    fault = _FAULTS.get(code, Fault)(told["reason"], **told["params"])
    fault.exit_code = code
    return fault

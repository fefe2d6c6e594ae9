"""The façade as the daemon serves it: the same methods as `Archive`, asked over its socket.

Promises that a caller cannot tell it from `Archive`: same arguments, same answers, same faults.
Speaks HTTP/1.0, which needs nothing but a socket: the library's client costs a command 12 ms, a
fifth of its whole time.
"""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast
from urllib.parse import quote, unquote, urlencode

from archiver.errors import ExitCode, Fault, SystemFault

if TYPE_CHECKING:
    from archiver.archive import File

Json = dict[str, Any]

_CHUNK = 1 << 18


class _Answer(NamedTuple):
    """Status, headers by lower-case name, and the body, to be read to its end."""

    status: int
    headers: dict[str, str]
    body: BinaryIO


class RemoteArchive:
    """See `archiver.archive.Archive` for what each method does.

    Args:
        place: of the daemon's socket.
    """

    def __init__(self, place: Path) -> None:
        self._place = place

    def search(self, query: str, limit: int = 20) -> Json:
        """Documents that match."""
        return self._json("GET", "/search?" + urlencode({"q": query, "limit": limit}))

    def status(self, limit: int = 50) -> Json:
        """The state of the archive."""
        return self._json("GET", f"/status?limit={limit}")

    def show(self, identifier: str) -> Json:
        """Everything known of one document."""
        return self._json("GET", f"/documents/{quote(identifier, safe='')}")

    def text(self, identifier: str) -> list[str]:
        """The text of each page."""
        answer = self._ask("GET", f"/documents/{quote(identifier, safe='')}/text")
        return cast("list[str]", _whole(answer))

    def fetch(self, identifier: str, *, original: bool = False) -> File:
        """A document's bytes."""
        flag = "1" if original else "0"
        return self._file(f"/documents/{quote(identifier, safe='')}/file?original={flag}")

    def _file(self, path: str, body: bytes | None = None) -> File:
        from archiver.archive import File

        answer = self._ask("GET", path) if body is None else self._ask("POST", path, body)
        return File(
            stream=answer.body,
            size=int(answer.headers["content-length"]),
            name=unquote(answer.headers["x-name"]),
            media_type=answer.headers["content-type"],
            notice=answer.headers["x-notice"] or None,
        )

    def add(self, source: BinaryIO, name: bytes, pipeline: str | None = None) -> Json:
        """Send a file."""
        query = _named(name)
        if pipeline:
            query["pipeline"] = pipeline
        return self._json("POST", "/documents?" + urlencode(query), source)

    def retry(self, identifier: str) -> Json:
        """Work once more on a document."""
        return self._json("POST", f"/documents/{quote(identifier, safe='')}/retry")

    def dismiss(self, identifier: str, reason: str) -> Json:
        """Settle a file in quarantine."""
        return self._settle(identifier, "dismiss", reason)

    def withdraw(self, identifier: str, reason: str) -> Json:
        """Take a document back."""
        return self._settle(identifier, "withdraw", reason)

    def review(self, limit: int = 50) -> Json:
        """What waits for a person."""
        return self._json("GET", f"/review?limit={limit}")

    def picture(self, identifier: str, page: int = 1) -> File:
        """A page as a picture."""
        return self._file(f"/documents/{quote(identifier, safe='')}/pages/{page}")

    def accept(self, identifier: str, words: Sequence[str] = ()) -> Json:
        """Confirm a document."""
        return self._said(f"/documents/{quote(identifier, safe='')}/accept", words)

    def set(self, identifier: str, words: Sequence[str]) -> Json:
        """Say what is right."""
        return self._said(f"/documents/{quote(identifier, safe='')}/set", words)

    def correct(self, identifier: str, words: Sequence[str]) -> Json:
        """Change a filed document."""
        return self._said(f"/documents/{quote(identifier, safe='')}/correct", words)

    def split(self, identifier: str, starts: Sequence[int]) -> Json:
        """Have a document divided."""
        return self._said(f"/documents/{quote(identifier, safe='')}/split", list(map(str, starts)))

    def merge(self, identifiers: Sequence[str], *, woven: bool = False) -> Json:
        """Have documents joined."""
        return self._said(f"/merge?woven={int(woven)}", identifiers)

    def reject(self, identifier: str, reason: str) -> Json:
        """Take a document in review back."""
        return self._settle(identifier, "reject", reason)

    def release(self, identifier: str) -> Json:
        """Have a batch's own object destroyed."""
        return self._json("POST", f"/documents/{quote(identifier, safe='')}/release")

    def replace(self, identifier: str, source: BinaryIO, name: bytes) -> Json:
        """Exchange a scan."""
        path = f"/documents/{quote(identifier, safe='')}/scan?"
        return self._json("POST", path + urlencode(_named(name)), source)

    def restore(self, identifier: str, source: BinaryIO) -> Json:
        """Put back what is damaged, from a copy."""
        return self._json("POST", f"/documents/{quote(identifier, safe='')}/copy", source)

    def learn(self, source: BinaryIO, wait: bool = False) -> Json:
        """Send examples."""
        return self._json("POST", f"/examples?wait={int(wait)}", source)

    def reindex(self, progress: Callable[[int, int], None]) -> Json:
        """Make the index anew."""
        return self._with_progress("/reindex", progress)

    def verify(self, progress: Callable[[int, int], None]) -> Json:
        """Read everything again."""
        return self._with_progress("/verify", progress)

    def rebuild(self, progress: Callable[[int, int], None]) -> Json:  # noqa: ARG002
        """Refused: the catalogue cannot be exchanged under a running daemon."""
        raise SystemFault("daemon_runs", exit_code=ExitCode.LOCKED)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """An act by its name, see `archiver.acts`."""
        from archiver.acts import ACTS

        if name not in ACTS:
            raise AttributeError(name)
        return partial(self._act, name, ACTS[name])

    def _act(
        self,
        name: str,
        way: str,
        /,
        *,
        source: BinaryIO | None = None,
        progress: Callable[[int, int], None] | None = None,
        **words: Any,
    ) -> Any:
        said = json.dumps(words, default=lambda day: day.isoformat())
        if source is not None:
            return self._json("POST", f"/acts/{name}?" + urlencode({"words": said}), source)
        if way == "file":
            return self._file(f"/acts/{name}", said.encode())
        if progress is not None:
            return self._with_progress(f"/acts/{name}", progress, said.encode())
        return self._json("POST", f"/acts/{name}", said.encode())

    def _said(self, path: str, words: Sequence[str]) -> Json:
        return self._json("POST", path, json.dumps({"words": list(words)}).encode())

    def _settle(self, identifier: str, what: str, reason: str) -> Json:
        path = f"/documents/{quote(identifier, safe='')}/{what}"
        return self._json("POST", path, json.dumps({"reason": reason}).encode())

    def _with_progress(
        self, path: str, progress: Callable[[int, int], None], body: bytes = b""
    ) -> Json:
        # To its end, or the daemon would find its last line unread.
        result: Json | None = None
        with self._ask("POST", path, body).body as lines:
            for line in lines:
                message = json.loads(line)
                if "fault" in message:
                    raise _fault(message["fault"])
                if "result" in message:
                    result = message["result"]
                else:
                    progress(message["done"], message["total"])
        if result is None:
            raise SystemFault("daemon_gone")
        return result

    def _json(self, method: str, path: str, body: BinaryIO | bytes = b"") -> Json:
        return cast("Json", _whole(self._ask(method, path, body)))

    def _ask(self, method: str, path: str, body: BinaryIO | bytes = b"") -> _Answer:
        size = len(body) if isinstance(body, bytes) else os.fstat(body.fileno()).st_size
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(self._place))
                head = f"{method} {path} HTTP/1.0\r\nContent-Length: {size}\r\n\r\n".encode()
                _send(sock, head, body)
                answer = _received(sock.makefile("rb"))
        except (OSError, ValueError, IndexError) as error:
            raise SystemFault("daemon_gone") from error
        if answer.status != 200:
            raise _fault(cast("Json", _whole(answer)))
        return answer


def _named(name: bytes) -> dict[str, str]:
    return {"name": base64.urlsafe_b64encode(name).decode()}


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
    fault = Fault(told["reason"], **told["params"])
    fault.exit_code = ExitCode(told["exit_code"])
    return fault

"""The façade as the daemon serves it: the same methods as `Archive`, asked over its socket.

Promises that a caller cannot tell it from `Archive`: same arguments, same answers, same faults.
"""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote, unquote, urlencode

from archiver.errors import ExitCode, Fault, SystemFault

if TYPE_CHECKING:
    from archiver.archive import File

Json = dict[str, Any]


class _UnixConnection(HTTPConnection):
    """HTTP over a socket that is connected already."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__("archive")
        self.sock = sock


class RemoteArchive:
    """See `archiver.archive.Archive` for what each method does.

    Args:
        sock: connected to the daemon.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._connection = _UnixConnection(sock)

    def search(self, query: str, limit: int = 20) -> Json:
        """Documents that match."""
        return self._json("GET", "/search?" + urlencode({"q": query, "limit": limit}))

    def status(self) -> Json:
        """The state of the archive."""
        return self._json("GET", "/status")

    def show(self, identifier: str) -> Json:
        """Everything known of one document."""
        return self._json("GET", f"/documents/{quote(identifier, safe='')}")

    def text(self, identifier: str) -> list[str]:
        """The text of each page."""
        answer = self._ask("GET", f"/documents/{quote(identifier, safe='')}/text")
        return cast("list[str]", json.loads(answer.read()))

    def fetch(self, identifier: str, *, original: bool = False) -> File:
        """A document's bytes."""
        from archiver.archive import File

        flag = "1" if original else "0"
        path = f"/documents/{quote(identifier, safe='')}/file?original={flag}"
        answer = self._ask("GET", path)
        return File(
            stream=cast("BinaryIO", answer),
            size=int(answer.headers["Content-Length"]),
            name=unquote(answer.headers["X-Name"]),
            media_type=answer.headers["Content-Type"],
            notice=answer.headers["X-Notice"] or None,
        )

    def add(self, source: BinaryIO, name: bytes, pipeline: str | None = None) -> Json:
        """Send a file."""
        query = {"name": base64.urlsafe_b64encode(name).decode()}
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

    def reindex(self, progress: Callable[[int, int], None]) -> Json:
        """Make the index anew."""
        return self._with_progress("/reindex", progress)

    def verify(self, progress: Callable[[int, int], None]) -> Json:
        """Read everything again."""
        return self._with_progress("/verify", progress)

    def rebuild(self, progress: Callable[[int, int], None]) -> Json:  # noqa: ARG002
        """Refused: the catalogue cannot be exchanged under a running daemon."""
        raise SystemFault("daemon_runs", exit_code=ExitCode.LOCKED)

    def _settle(self, identifier: str, what: str, reason: str) -> Json:
        path = f"/documents/{quote(identifier, safe='')}/{what}"
        return self._json("POST", path, json.dumps({"reason": reason}).encode())

    def _with_progress(self, path: str, progress: Callable[[int, int], None]) -> Json:
        last: Json = {}
        # Read to the end: the daemon takes a caller who hangs up before it for lost.
        for line in self._ask("POST", path):
            last = json.loads(line)
            if "done" in last:
                progress(last["done"], last["total"])
        if "fault" in last:
            raise _fault(last["fault"])
        if "result" not in last:
            raise SystemFault("daemon_gone")
        return cast("Json", last["result"])

    def _json(self, method: str, path: str, body: BinaryIO | bytes | None = None) -> Json:
        return cast("Json", json.loads(self._ask(method, path, body).read()))

    def _ask(self, method: str, path: str, body: BinaryIO | bytes | None = None) -> HTTPResponse:
        try:
            self._connection.request(method, path, body)
            answer = self._connection.getresponse()
            if answer.status != 200:
                raise _fault(json.loads(answer.read()))
            return answer
        except (HTTPException, OSError, ValueError) as error:
            raise SystemFault("daemon_gone") from error


def _fault(told: Json) -> Fault:
    fault = Fault(told["reason"], **told["params"])
    fault.exit_code = ExitCode(told["exit_code"])
    return fault

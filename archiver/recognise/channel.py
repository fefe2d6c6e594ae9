"""The caged child's end of one request: what it was asked, and the way its answers go.

Promises that the daemon is never more than three page images or parts behind.
"""

from __future__ import annotations

import os
import resource
import socket
import time
from pathlib import Path

import msgspec

from archiver.recognise import messages, wire

CREDITS = 3


class Request(msgspec.Struct, frozen=True):
    """One piece of work on one file.

    Attributes:
        do: ``inspect``, ``pages``, ``assemble``, ``preview``, ``split``, ``weave``, ``redact`` or
            ``bare``.
        media_type: of the file.
        address_space, cpu_seconds, file_size: see `archiver.recognise.cage.Limits`.
        max_pages, max_pixels: what is still taken.
        wanted: page numbers from 1.
        created: date of the rendition, ISO 8601.
        marks: whether pages are searched for marks.
        parts: pages of each part, to split.
        order: of the pages, to weave: source from 0, page from 1.
        others: files besides the first that come over the request's channel, to weave.
    """

    do: str
    media_type: str
    address_space: int
    cpu_seconds: int
    file_size: int
    max_pages: int
    max_pixels: int
    wanted: tuple[int, ...] = ()
    created: str = ""
    marks: bool = False
    parts: tuple[tuple[int, ...], ...] = ()
    order: tuple[tuple[int, int], ...] = ()
    others: int = 0


class Channel:
    """The child's end of one request.

    Args:
        sock: open as long as this is used.
        cpu_seconds: processor time for one answer.
    """

    def __init__(self, sock: socket.socket, cpu_seconds: int) -> None:
        self._sock = sock
        self._cpu_seconds = cpu_seconds
        self._credits = CREDITS

    def send(self, answer: messages.Answer, *fds: int, payload: bytes = b"") -> None:
        """Send an answer and allow the next one its own processor time."""
        wire.send(self._sock, messages.encode(answer), fds, payload)
        self.allow(self._cpu_seconds)

    def send_pixels(self, answer: messages.Sent, pixels: bytes) -> None:
        """Send a page image in its turn."""
        self.take_turn()
        self.send(answer, payload=pixels)

    def take_turn(self) -> None:
        """Wait until the daemon has taken all but two of the images or parts before."""
        while self._credits == 0:
            wire.receive(self._sock)
            self._credits += 1
        self._credits -= 1

    def files(self, count: int) -> list[int]:
        """Receive the further files of a request, the child's to close."""
        return [fd for _ in range(count) for fd in wire.receive(self._sock)[1]]

    def send_file(self, target: Path | None, findings: tuple[str, ...] = ()) -> None:
        """Send a file made in the folder as a descriptor open for reading; None: there is none."""
        if target is None:
            self.send(messages.Made(findings))
            return
        fd = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        # Without a name it takes room only as long as somebody reads it.
        target.unlink()
        self.send(messages.Made(findings), fd)
        os.close(fd)

    def send_content(self, target: Path, content: bytes) -> None:
        """Send bytes as a file, written to a new path."""
        target.write_bytes(content)
        self.send_file(target)

    @staticmethod
    def allow(seconds: float) -> None:
        """Allow this process so many more seconds of processor time."""
        _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, hard))

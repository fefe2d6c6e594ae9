"""A mail server on this machine that speaks as much SMTP as a sender of one mail needs.

It keeps what it was given and can be told to refuse, or to break off where it hurts most.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass
class Mailbox:
    """What came in, and how the server behaves.

    Attributes:
        mails: each with its envelope's addresses.
        greeting: code with which it greets.
        refused: addresses that it does not take.
        answer: code after the last byte of a mail; 0 breaks the connection instead.
        goodbye: code with which it takes leave.
        connections: how many there were.
        arrived: is called when the last byte of a mail has come, before the answer.
    """

    port: int = 0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    greeting: int = 220
    refused: set[str] = field(default_factory=set)
    answer: int = 250
    goodbye: int = 221
    connections: int = 0
    arrived: Callable[[], object] = bool


class _Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    server: Any

    def handle(self) -> None:
        box: Mailbox = self.server.box
        box.connections += 1
        self._say(box.greeting)
        to: list[str] = []
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"RCPT":
                address = line.decode("ascii").partition("<")[2].partition(">")[0]
                if address in box.refused:
                    self._say(550)
                    continue
                to.append(address)
            elif word == b"DATA":
                self._say(354)
                content = self._content()
                box.arrived()
                if not box.answer:
                    return
                if box.answer == 250:
                    mail = message_from_bytes(content, policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    box.mails.append((to, mail))
                self._say(box.answer)
                continue
            elif word == b"QUIT":
                self._say(box.goodbye)
                return
            self._say(250)

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            assert line.endswith(b"\r\n"), line
            assert line.isascii(), line
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def _say(self, code: int) -> None:
        self.wfile.write(b"%d so\r\n" % code)


@contextmanager
def mail_server(port: int = 0) -> Iterator[Mailbox]:
    """A running server; 0 takes any free port."""
    box = Mailbox()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = False
        box: Mailbox

    with Server(("127.0.0.1", port), _Conversation) as server:
        server.box = box
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()

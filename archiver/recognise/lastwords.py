"""What a caged process writes to its stderr: kept bounded, and told without text of documents.

Promises that nobody waits for a reader of these words and that a flood of them is lost, not kept.
Before a process has been given a document its words may be told as they are; afterwards only the
names of exceptions and the places in programs where they arose.
"""

from __future__ import annotations

import contextlib
import os
import re

_MOST = 4096
_PLACE = re.compile(r'^\s*File "[^"]*?([\w.-]{1,60})", line (\d{1,7}), in (\w{1,60})')
_RAISED = re.compile(r"^([A-Za-z_][\w.]{0,80}(?:Error|Exception|Warning|Interrupt|Fault|Died))\b")
_MOST_PLACES = 6


class LastWords:
    """The words of one process.

    Attributes:
        writable: descriptor for the process, until `begin` is called.
    """

    def __init__(self) -> None:
        # Whoever writes more than the pipe takes is told so instead of being kept waiting.
        self._readable, self.writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._kept = b""

    def begin(self) -> None:
        """The process has its end."""
        os.close(self.writable)
        self.writable = -1

    def verbatim(self) -> str:
        """All that was said last, for a process that has not been given any document."""
        self._drain()
        return self._kept.decode("utf-8", "replace").strip()

    def outline(self) -> str:
        """Names of exceptions and places in programs since the last call; no other word."""
        self._drain()
        said, self._kept = self._kept.decode("utf-8", "replace"), b""
        found: list[str] = []
        for line in said.splitlines():
            if place := _PLACE.match(line):
                found.append(f"{place[1]}:{place[2]} {place[3]}")
            elif raised := _RAISED.match(line):
                found.append(raised[1])
        return " < ".join(reversed(found[-_MOST_PLACES:]))

    def close(self) -> None:
        """Stop listening; what was said stays."""
        self._drain()
        for fd in (self._readable, self.writable):
            if fd >= 0:
                os.close(fd)
        self._readable = self.writable = -1

    def _drain(self) -> None:
        while self._readable >= 0:
            said = b""
            with contextlib.suppress(BlockingIOError):
                said = os.read(self._readable, 1 << 16)
            if not said:
                return
            self._kept = (self._kept + said)[-_MOST:]

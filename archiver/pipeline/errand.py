"""An errand: one received file read by a caged process of its own, which then is gone.

Promises that waiting ends, and that nothing of the process is left when the answer is there.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import msgspec

from archiver.errors import DocumentFault, SystemFault
from archiver.recognise import cage, wire
from archiver.recognise.exchange import WorkerDied
from archiver.recognise.sealing import harmless


class Errand:
    """Runs one module in the cage, one file at a time; `close` may be called by another thread.

    Args:
        module: whose ``main`` answers one request and ends.
        kind: the cage, see `archiver.recognise.cage.probe`.
        seconds: after which the process is killed.
    """

    def __init__(self, module: str, kind: cage.Kind, seconds: float) -> None:
        self._module = module
        self._kind: cage.Kind = kind
        self._seconds = seconds
        self._slot: cage.Caged | None = None
        self._closed = False

    def ask(self, request: msgspec.Struct, fd: int) -> tuple[dict[str, Any], tuple[int, ...]]:
        """Have a new process answer.

        Args:
            request: travels as JSON.
            fd: the file, open for reading; stays the caller's.

        Returns:
            what it said, and the descriptors that came along, which are the caller's.

        Raises:
            DocumentFault: ``took_too_long``.
            WorkerDied: it ended without an answer.
            SystemFault: ``reader_failed``.
        """
        with (
            harmless(fd) as copy,
            self._process() as slot,
            _deadline(slot, self._seconds) as expired,
        ):
            try:
                wire.send(slot.sock, msgspec.to_builtins(request), (copy,))
                return wire.receive(slot.sock)
            except wire.PeerGone as error:
                if expired.is_set():
                    raise DocumentFault("took_too_long") from error
                raise WorkerDied("gone") from error

    def close(self) -> None:
        """End the process that is reading, and take no more files."""
        self._closed = True
        self.give_up()

    def give_up(self) -> None:
        """End the process that is reading."""
        slot = self._slot
        if slot is not None:
            slot.kill()

    @contextlib.contextmanager
    def _process(self) -> Iterator[cage.Caged]:
        """A process for one file, killed in the end with all that it started."""
        try:
            slot = self._slot = cage.spawn(self._module, kind=self._kind, scratch=None)
        except OSError as error:
            raise SystemFault("reader_failed") from error
        try:
            if self._closed:
                raise WorkerDied("gone")
            yield slot
        finally:
            self._slot = None
            slot.kill()


@contextlib.contextmanager
def _deadline(slot: cage.Caged, seconds: float) -> Iterator[threading.Event]:
    """Kill a process when time is up; the event tells that it was.

    A time-out of the socket would start anew with every byte that trickles in.
    """
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        slot.kill()

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()

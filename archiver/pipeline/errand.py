"""An errand: one received file read by a caged process of its own, which then is gone.

Promises that waiting ends, and that nothing of the process is left when the answer is there.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

import msgspec

from archiver.errors import DocumentFault, SystemFault
from archiver.recognise import cage, wire
from archiver.recognise.exchange import WorkerDied, died, used_up
from archiver.recognise.sealing import harmless

log = logging.getLogger(__name__)


class Errand:
    """Runs one module in the cage, one file at a time; `close` may be called by another thread.

    Args:
        module: whose ``main`` answers one request and ends.
        kind: the cage, see `archiver.recognise.cage.probe`.
        limits: what it may use; after its wall time the process is killed.
    """

    def __init__(self, module: str, kind: cage.Kind, limits: cage.Limits) -> None:
        self._module = module
        self._kind: cage.Kind = kind
        self._limits = limits
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
            DocumentFault: ``took_too_long``, ``too_much_memory``, ``too_much_output``.
            WorkerDied: it ended without an answer.
            SystemFault: ``reader_failed``.
        """
        with (
            harmless(fd) as copy,
            self._process() as slot,
            _deadline(slot, self._limits.wall_seconds) as expired,
        ):
            try:
                wire.send(slot.sock, msgspec.to_builtins(request), (copy,))
                return wire.receive(slot.sock, self._limits.file_size)
            except wire.PeerGone as error:
                if expired.is_set():
                    raise DocumentFault("took_too_long") from error
                raise self._died(slot) from error

    def _died(self, slot: cage.Caged) -> Exception:
        """What a process that ended without an answer has died of."""
        ended = slot.ended()
        if said := slot.words.outline():
            log.warning("caged process said", extra={"said": said})
        over = next((name for name, status in cage.OVER.items() if status == ended), "")
        return died(ended) if not over else used_up(over)

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
            slot = self._slot = cage.spawn(
                self._module, kind=self._kind, scratch=None, limits=self._limits
            )
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

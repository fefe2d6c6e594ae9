"""One request to a caged reader and its answers, each waited for no longer than the limit.

Promises that waiting ends: with an answer, with the document's fault, or with `WorkerDied`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

import msgspec

from archiver.errors import DocumentFault, SystemFault
from archiver.recognise import cage, messages, wire

_A = TypeVar("_A", bound=messages.Answer)
_MEMORY_SIGNALS = frozenset({signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGSEGV})


_OVER = {"memory": "too_much_memory", "room": "too_much_output"}


class WorkerDied(Exception):
    """The reader ended, or said something impossible; the next request gets a new one.

    Args:
        how: ``signal``, ``status``, ``over``, ``crashed``, ``protocol`` or ``gone``.
        detail: name of the signal, status, what was used too much of, or type and place of the
            exception; never text of a document.
    """

    def __init__(self, how: str, detail: str | int = "") -> None:
        super().__init__(f"{how} {detail}".strip())
        self.how = how
        self.detail = detail


def died(ended: int | None) -> WorkerDied:
    """Tell how a process has ended.

    Args:
        ended: status, or minus the signal; None where it is not known.
    """
    if ended is None:
        return WorkerDied("gone")
    if ended >= 0:
        return WorkerDied("status", ended)
    try:
        return WorkerDied("signal", signal.Signals(-ended).name)
    except ValueError:
        return WorkerDied("signal", -ended)


def used_up(over: str) -> DocumentFault | WorkerDied:
    """Tell what a process was killed for that had used too much of something.

    Args:
        over: see `messages.Ended`.
    """
    return DocumentFault(_OVER[over]) if over in _OVER else WorkerDied("over", over)


class Exchange:
    """One request and its answers, each waited for no longer than the limit."""

    def __init__(
        self,
        slot: cage.Caged,
        channel: socket.socket,
        limits: cage.Limits,
        wall_seconds: float,
        max_pixels: int,
    ) -> None:
        self._slot = slot
        self._channel = channel
        self._limits = limits
        self._wall_seconds = wall_seconds
        self._max_pixels = max_pixels
        self._expired = False
        self._waiting = False
        self._deciding = threading.Lock()
        self.over = False

    def ask(self, request: dict[str, Any], fds: tuple[int, ...]) -> None:
        """Send the request."""
        try:
            wire.send(self._slot.sock, request, fds)
        except wire.PeerGone as error:
            raise WorkerDied("gone") from error

    def credit(self) -> None:
        """Let another page image or part go; a reader that is done needs none."""
        with contextlib.suppress(wire.PeerGone):
            wire.send(self._channel, {"credit": 1})

    def hand(self, fd: int) -> None:
        """Hand over one more file; a reader that is gone says why in its answer."""
        with contextlib.suppress(wire.PeerGone):
            wire.send(self._channel, {"file": 1}, (fd,))

    def next(self, *wanted: type[_A]) -> tuple[_A, tuple[int, ...]]:
        """Wait for an answer of one of the kinds wanted.

        Returns:
            the answer and its descriptors, now the caller's.
        """
        try:
            message, fds = self._receive(self._channel, self._max_pixels)
        except wire.PeerGone:
            self._buried()
        try:
            answer = messages.decode(message)
        except ValueError as error:
            close_all(fds)
            raise WorkerDied("protocol", type(error).__name__) from error
        if fds and not isinstance(answer, messages.Sent | messages.Made):
            close_all(fds)
            raise WorkerDied("protocol", "descriptors")
        if not isinstance(answer, wanted):
            close_all(fds)
            self._fail(answer)
        return answer, fds

    def last(self, wanted: type[_A]) -> tuple[_A, tuple[int, ...]]:
        """Wait for the one answer of a request, and for the child's end."""
        answer, fds = self.next(wanted)
        try:
            self.finish()
        except BaseException:
            close_all(fds)
            raise
        return answer, fds

    def finish(self) -> None:
        """Wait for the child's end after its last answer."""
        self.next(messages.Done)
        self._end()

    def _fail(self, answer: messages.Answer) -> NoReturn:
        """Raise what an answer other than the wanted one means."""
        if isinstance(answer, messages.Faulty):
            self._end()
            raise answer.fault()
        if isinstance(answer, messages.Full):
            self._end()
            raise SystemFault("disk_full")
        if isinstance(answer, messages.Crashed):
            self._end()
            raise WorkerDied("crashed", f"{answer.error} {answer.place}")
        raise WorkerDied("protocol", type(answer).__name__)

    def _buried(self) -> NoReturn:
        """Raise why the child ended without a last word."""
        ended = self._end()
        if ended.over:
            raise used_up(ended.over)
        number = -ended.ended
        if number == signal.SIGXCPU:
            raise DocumentFault("took_too_long")
        if number in _MEMORY_SIGNALS and ended.peak > self._limits.address_space / 2:
            raise DocumentFault("too_much_memory")
        raise died(ended.ended)

    def _end(self) -> messages.Ended:
        """Read the template's word about the child's end."""
        try:
            message, fds = self._receive(self._slot.sock)
            close_all(fds)
            ended = msgspec.convert(message, messages.Ended)
        except (wire.PeerGone, ValueError) as error:
            if self._expired:
                raise DocumentFault("took_too_long") from error
            raise WorkerDied("gone") from error
        self.over = True
        return ended

    def _receive(
        self, sock: socket.socket, most: int = 0
    ) -> tuple[dict[str, Any], tuple[int, ...]]:
        """Receive one message; when time is up the slot is killed, which ends the waiting.

        A time-out of the socket would start anew with every byte that trickles in.
        """
        self._waiting = True
        timer = threading.Timer(self._wall_seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            return wire.receive(sock, most)
        finally:
            timer.cancel()
            with self._deciding:
                self._waiting = False

    def _expire(self) -> None:
        """End the slot because time is up, unless the answer has come at the last moment."""
        with self._deciding:
            if self._waiting:
                self._expired = True
                self._slot.kill()


def close_all(fds: Sequence[int]) -> None:
    """Close descriptors."""
    for fd in fds:
        os.close(fd)

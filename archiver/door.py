"""The door: who may connect, how often at once, and how long he may stand there without a word.

Promises that strangers are sent away before a byte of theirs is read, that no person takes the
connections of others, that all of them together leave the intake its open files, and that whoever
is sent away is told why.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import resource
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from archiver.rights import Caller

_PEER = struct.Struct("3i")
_SO_PEERGROUPS = 59
_MOST_GROUPS = 256  # Python hands the kernel at most 1024 bytes

MOST_EACH = 32
"""Connections of one person at once."""
PATIENCE = 10.0
"""Seconds until the head of a request must be there."""
_RESERVED = 512  # open files that are not for those who ask
_EACH_OPENS = 4  # the connection, and files of its request
_MOST = 512
_BREATH = 0.2  # seconds until a machine without free descriptors is asked again
_REMEMBERED = 60.0  # seconds for which it is known what somebody is to the archive


def caller_of(sock: socket.socket | Any) -> Caller:
    """Who is at the other end of a unix socket, with all his groups, as the kernel knows."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    _pid, uid, gid = _PEER.unpack(raw)
    try:
        groups = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * _MOST_GROUPS)
    except OSError:
        # More groups than fit: the system's own list of this user's groups answers.
        return Caller(uid, frozenset(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)))
    return Caller(uid, frozenset({gid, *struct.unpack(f"{len(groups) // 4}I", groups)}))


def connections_at_most() -> int:
    """How many connections there may be, so that the intake keeps its open files.

    As many open files as the machine allows are asked for first.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(MOST_EACH, min(_MOST, (soft - min(_RESERVED, soft // 2)) // _EACH_OPENS))


class Door:
    """Takes connections of a listening socket and hands those on that may come in.

    Args:
        sock: listens, is not blocking.
        welcome: makes the protocol of a connection.
        is_known: whether somebody is anything to the archive; may wait, is asked in a thread.
        owners: numbers of users who always come in.
        stranger, crowd: what is said to those who are nothing to the archive, and to those who
            have too many connections, as bytes on the wire.
        most: connections of all persons together.
    """

    def __init__(
        self,
        sock: socket.socket,
        welcome: Callable[[], asyncio.Protocol],
        is_known: Callable[[Caller], bool],
        *,
        owners: frozenset[int],
        stranger: bytes,
        crowd: bytes,
        most: int,
    ) -> None:
        self._sock = sock
        self._welcome = welcome
        self._is_known = is_known
        self._owners = owners
        self._stranger = stranger
        self._crowd = crowd
        self._most = most
        self._inside: Counter[int] = Counter()
        self._known: dict[Caller, tuple[bool, float]] = {}
        self._greetings: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _address = await loop.sock_accept(self._sock)
            except OSError:
                # No descriptor is free, or the other end has gone already.
                await asyncio.sleep(_BREATH)
                continue
            sock.setblocking(False)
            greeting = loop.create_task(self._greet(sock))
            self._greetings.add(greeting)
            greeting.add_done_callback(self._greetings.discard)

    async def _greet(self, sock: socket.socket) -> None:
        try:
            caller = caller_of(sock)
            turned_away = await self._turned_away(caller)
        except (OSError, KeyError):
            sock.close()
            return
        if turned_away:
            with contextlib.suppress(OSError):
                sock.send(turned_away)
            sock.close()
            return
        self._inside[caller.uid] += 1
        guest = Guest(self._welcome(), lambda: self._left(caller.uid))
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: guest, sock)
        except OSError:
            sock.close()
            guest.leave()

    async def _turned_away(self, caller: Caller) -> bytes:
        """What somebody is told who may not come in; empty for all others."""
        if caller.uid in self._owners:
            return b""
        if not await self._knows(caller):
            return self._stranger
        is_full = sum(self._inside.values()) >= self._most
        return self._crowd if is_full or self._inside[caller.uid] >= MOST_EACH else b""

    async def _knows(self, caller: Caller) -> bool:
        known, until = self._known.get(caller, (False, 0.0))
        if time.monotonic() >= until:
            known = await asyncio.to_thread(self._is_known, caller)
            if len(self._known) > _MOST:
                self._known.clear()
            self._known[caller] = known, time.monotonic() + _REMEMBERED
        return known

    def _left(self, uid: int) -> None:
        self._inside[uid] -= 1
        if not self._inside[uid]:
            del self._inside[uid]


class Guest(asyncio.Protocol):
    """A connection that has come in; what it says goes on to the protocol inside.

    Args:
        inside: gets everything.
        leave: is called once, when the connection has ended.
    """

    def __init__(self, inside: asyncio.Protocol, leave: Callable[[], None]) -> None:
        self._inside = inside
        self._leave: Callable[[], None] | None = leave
        self._waiting: asyncio.TimerHandle | None = None

    def leave(self) -> None:
        """Count the connection no longer."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    def begun(self) -> None:
        """The head of a request is there."""
        if self._waiting is not None:
            self._waiting.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`; from now on there is a limit for the first request."""
        self._waiting = asyncio.get_running_loop().call_later(PATIENCE, transport.close)
        self._inside.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        """See `asyncio.Protocol`."""
        return self._inside.eof_received()

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._inside.pause_writing()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._inside.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.begun()
        self.leave()
        self._inside.connection_lost(exc)

"""Messages between the daemon and its caged processes: framed JSON with file descriptors.

Promises that what comes from the other side is bounded: a message longer than `MAX_MESSAGE`, bytes
that nobody waits for, a broken frame or a closed socket raises `PeerGone`, never a surprise further
in. Bytes that are not JSON (pixels, a file that was made) come behind the message and are put into
sealed memory by who receives them, so that a caged process needs no memory that outlives its own.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

from archiver.recognise.sealing import sealed_from

MAX_MESSAGE = 64 * 1024 * 1024
_HEAD = struct.Struct("!IQ")
_MAX_FDS = 4


class PeerGone(Exception):
    """The other process ended, hung up or broke the protocol."""


def send(
    sock: socket.socket,
    message: dict[str, Any],
    fds: tuple[int, ...] = (),
    payload: bytes = b"",
) -> None:
    """Send one message; the descriptors stay open on this side.

    Args:
        sock: to the other side.
        message: to be sent.
        fds: descriptors that come along.
        payload: bytes that come along, for which the other side must wait.

    Raises:
        PeerGone: the other side has hung up.
    """
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        socket.send_fds(sock, [_HEAD.pack(len(body), len(payload))], list(fds))
        sock.sendall(body)
        sock.sendall(payload)
    except OSError as error:
        raise PeerGone(str(error)) from error


def receive(sock: socket.socket, most: int = 0) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Receive one message with its descriptors, which the caller then owns.

    Args:
        sock: to the other side.
        most: bytes that may come along.

    Returns:
        the message and up to four descriptors; behind them that of sealed memory with the bytes
        that came along, if any did.

    Raises:
        PeerGone: end of stream, time-out of the socket, or a frame that cannot be trusted.
    """
    try:
        head, raw_fds, _flags, _address = socket.recv_fds(
            sock, _HEAD.size, _MAX_FDS, socket.MSG_CMSG_CLOEXEC
        )
        fds = tuple(raw_fds)
    except OSError as error:
        raise PeerGone(str(error)) from error
    try:
        head += _exactly(sock, _HEAD.size - len(head))
        length, more = _HEAD.unpack(head)
        if length > MAX_MESSAGE or more > most:
            raise PeerGone(f"message of {length} and {more} bytes")
        message = json.loads(_exactly(sock, length))
        if not isinstance(message, dict):
            raise PeerGone("not an object")
        if more:
            fds = (*fds, sealed_from(_chunks(sock, more)))
    except (PeerGone, ValueError, OSError) as error:
        for fd in fds:
            os.close(fd)
        raise error if isinstance(error, PeerGone) else PeerGone(str(error)) from error
    return message, fds


def _exactly(sock: socket.socket, count: int) -> bytes:
    """Read exactly `count` bytes."""
    return b"".join(_chunks(sock, count))


def _chunks(sock: socket.socket, count: int) -> Iterator[bytes]:
    """Read exactly `count` bytes, piece by piece."""
    while count:
        chunk = sock.recv(min(count, 1 << 20))
        if not chunk:
            raise PeerGone("end of stream")
        count -= len(chunk)
        yield chunk

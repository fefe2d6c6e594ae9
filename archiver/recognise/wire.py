"""Messages between the daemon and its caged processes: framed JSON with file descriptors.

Promises that what comes from the other side is bounded: a message longer than `MAX_MESSAGE`, a
broken frame or a closed socket raises `PeerGone`, never a surprise further in. Payloads that are
not JSON (pixels, PDF bytes) travel as descriptors of anonymous memory or files.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import Any

MAX_MESSAGE = 64 * 1024 * 1024
_HEAD = struct.Struct("!I")
_MAX_FDS = 4


class PeerGone(Exception):
    """The other process ended, hung up or broke the protocol."""


def send(sock: socket.socket, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
    """Send one message; the descriptors stay open on this side.

    Raises:
        PeerGone: the other side has hung up.
    """
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        socket.send_fds(sock, [_HEAD.pack(len(body))], list(fds))
        sock.sendall(body)
    except OSError as error:
        raise PeerGone(str(error)) from error


def receive(sock: socket.socket) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Receive one message with its descriptors, which the caller then owns.

    Returns:
        the message and up to four descriptors.

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
        (length,) = _HEAD.unpack(head)
        if length > MAX_MESSAGE:
            raise PeerGone(f"message of {length} bytes")
        message = json.loads(_exactly(sock, length))
        if not isinstance(message, dict):
            raise PeerGone("not an object")
    except (PeerGone, ValueError, OSError) as error:
        for fd in fds:
            os.close(fd)
        raise error if isinstance(error, PeerGone) else PeerGone(str(error)) from error
    return message, fds


def _exactly(sock: socket.socket, count: int) -> bytes:
    """Read exactly `count` bytes."""
    chunks = bytearray()
    while len(chunks) < count:
        chunk = sock.recv(min(count - len(chunks), 1 << 20))
        if not chunk:
            raise PeerGone("end of stream")
        chunks += chunk
    return bytes(chunks)

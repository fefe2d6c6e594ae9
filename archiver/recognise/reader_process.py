"""The reader inside the cage: a warm template, and a child of it for each document.

Promises that whatever a file does to a parser happens in a process that lives for this file
alone, behind walls of its own (`archiver.recognise.confinement`), in a folder that is empty before
and after; the template never opens a received file. Results go
over a channel that belongs to the one request, so a child cannot speak for the next document.
"""

from __future__ import annotations

import errno
import gc
import os
import resource
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from archiver.errors import DocumentFault
from archiver.recognise import assembly, confinement, guard, messages, wire
from archiver.recognise.channel import Channel, Request
from archiver.recognise.confinement import Walls
from archiver.recognise.document import Document
from archiver.recognise.tasks import TASKS


def main() -> None:
    """Warm up, then serve requests until the daemon hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    walls = msgspec.json.decode(sys.argv[2], type=Walls)
    assembly.warm()
    import pdf2image  # noqa: F401

    gc.collect()
    gc.freeze()
    wire.send(control, {"ready": True})
    while True:
        try:
            message, fds = wire.receive(control)
        except wire.PeerGone:
            return
        end = _serve(control, walls, message, fds)
        try:
            wire.send(control, msgspec.to_builtins(messages.Ended(*end)))
        except wire.PeerGone:
            return


def _serve(
    control: socket.socket, walls: Walls, message: dict[str, Any], fds: tuple[int, ...]
) -> guard.End:
    """Have one request answered by a child, and see it to its end with all it started."""

    def work() -> None:
        control.close()
        _live_once(walls, message, fds)

    def let_go() -> None:
        for fd in fds:
            os.close(fd)

    end = guard.guarded(walls, work, let_go)
    confinement.wipe(walls)
    return end


def _live_once(walls: Walls, message: dict[str, Any], fds: tuple[int, ...]) -> None:
    """Be the child: one request, then the end."""
    request = msgspec.convert(message, Request)
    _limit(request)
    tempfile.tempdir = walls.folder
    os.chdir(walls.folder)
    channel = Channel(socket.socket(fileno=fds[1]), request.cpu_seconds)
    channel.allow(request.cpu_seconds)
    _work(channel, request, fds, walls)


def _limit(request: Request) -> None:
    """Set the limits that hold for the child and all it starts."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (request.address_space, request.address_space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (request.file_size, request.file_size))


def _work(channel: Channel, request: Request, fds: tuple[int, ...], walls: Walls) -> None:
    """Do what was asked and send the answers, or why there are none."""
    try:
        document = Document(fds[0], request.media_type)
        if document.size == 0:
            raise DocumentFault("empty_file")
        TASKS[request.do](channel, request, document, fds, Path(walls.folder))
        answer: messages.Answer = messages.Done()
    except DocumentFault as fault:
        numbers = {key: value for key, value in fault.params.items() if not isinstance(value, str)}
        answer = messages.Faulty(fault.reason, numbers)
        if any(map(_is_full_disk, _causes(fault))):
            # What a parser says of a file that it had no room to work on is worth nothing.
            answer = _no_room(walls.bounded)
    except wire.PeerGone:
        return
    except Exception as error:
        answer = _explained(error, walls.bounded)
    channel.send(answer)


def _no_room(bounded: bool) -> messages.Answer:
    """Whom a lack of room concerns: the document where its folder is bounded, else the machine."""
    return messages.Faulty("too_much_output", {}) if bounded else messages.Full()


def _explained(error: Exception, bounded: bool = False) -> messages.Answer:
    """Tell a lack of memory or space from a bug by the chain of exceptions."""
    for cause in _causes(error):
        number = cause.errno if isinstance(cause, OSError) else None
        if isinstance(cause, MemoryError) or number == errno.ENOMEM:
            return messages.Faulty("too_much_memory", {})
        if number == errno.EFBIG:
            return messages.Faulty("too_much_output", {})
        if _is_full_disk(cause):
            return _no_room(bounded)
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return messages.Crashed(type(error).__name__, place)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what led to it, the newest first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_full_disk(cause: BaseException) -> bool:
    """Say whether there was no room, told by number or, through native code, by words only."""
    number = cause.errno if isinstance(cause, OSError) else None
    return number in {errno.ENOSPC, errno.EDQUOT} or "No space left" in str(cause)


if __name__ == "__main__":
    main()

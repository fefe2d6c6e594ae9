"""The reader inside the cage: a warm template, and a child of it for each document.

Promises that whatever a file does to a parser happens in a process that lives for this file
alone, with limits, in a folder of its own; the template never opens a received file. Results go
over a channel that belongs to the one request, so a child cannot speak for the next document.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from archiver.errors import DocumentFault
from archiver.recognise import assembly, cage, messages, wire
from archiver.recognise.channel import Channel, Request
from archiver.recognise.document import Document
from archiver.recognise.tasks import TASKS


def main() -> None:
    """Warm up, then serve requests until the daemon hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    cage.adopt_orphans()
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
        ended, peak = _serve(control, message, fds)
        try:
            wire.send(control, msgspec.to_builtins(messages.Ended(ended, peak)))
        except wire.PeerGone:
            return


def _serve(
    control: socket.socket, message: dict[str, Any], fds: tuple[int, ...]
) -> tuple[int, int]:
    """Fork a child for one request and see it to its end with all it started.

    Returns:
        exit status or minus the signal, and the most memory it held, in bytes.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="document-"))
    except OSError as error:
        _refuse(fds, error)
        return 0, 0
    template = os.getpid()
    child = os.fork()
    if child == 0:
        control.close()
        _live_once(template, message, fds, folder)
    for fd in fds:
        os.close(fd)
    _pid, status, usage = os.wait4(child, 0)
    _end_family(child)
    shutil.rmtree(folder, ignore_errors=True)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024


def _refuse(fds: tuple[int, ...], error: OSError) -> None:
    """Answer a request without a child: there is no room for its folder."""
    with contextlib.suppress(wire.PeerGone), socket.socket(fileno=fds[1]) as channel:
        wire.send(channel, messages.encode(_explained(error)))
    for fd in (fds[0], *fds[2:]):
        os.close(fd)


def _end_family(child: int) -> None:
    """Kill what a child left behind; orphans have become the template's own children."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            for left in cage.descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
            os.waitpid(-1, 0)


def _live_once(template: int, message: dict[str, Any], fds: tuple[int, ...], folder: Path) -> None:
    """Be the child: one request, then the end."""
    status = 1
    try:
        os.setsid()
        cage.die_with_parent(template)
        request = msgspec.convert(message, Request)
        _limit(request)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        os.chdir(folder)
        channel = Channel(socket.socket(fileno=fds[1]), request.cpu_seconds)
        channel.allow(request.cpu_seconds)
        _work(channel, request, fds, folder)
        status = 0
    finally:
        os._exit(status)


def _limit(request: Request) -> None:
    """Set the limits that hold for the child and all it starts."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (request.address_space, request.address_space))
    resource.setrlimit(resource.RLIMIT_FSIZE, (request.file_size, request.file_size))


def _work(channel: Channel, request: Request, fds: tuple[int, ...], folder: Path) -> None:
    """Do what was asked and send the answers, or why there are none."""
    try:
        document = Document(fds[0], request.media_type)
        if document.size == 0:
            raise DocumentFault("empty_file")
        TASKS[request.do](channel, request, document, fds, folder)
        answer: messages.Answer = messages.Done()
    except DocumentFault as fault:
        numbers = {key: value for key, value in fault.params.items() if not isinstance(value, str)}
        answer = messages.Faulty(fault.reason, numbers)
        if any(map(_is_full_disk, _causes(fault))):
            # What a parser says of a file that it had no room to work on is worth nothing.
            answer = messages.Full()
    except wire.PeerGone:
        return
    except Exception as error:
        answer = _explained(error)
    channel.send(answer)


def _explained(error: Exception) -> messages.Answer:
    """Tell a lack of memory or space from a bug by the chain of exceptions."""
    for cause in _causes(error):
        number = cause.errno if isinstance(cause, OSError) else None
        if isinstance(cause, MemoryError) or number == errno.ENOMEM:
            return messages.Faulty("too_much_memory", {})
        if number == errno.EFBIG:
            return messages.Faulty("too_much_output", {})
        if _is_full_disk(cause):
            return messages.Full()
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

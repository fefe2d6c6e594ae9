"""The reader inside the cage: a warm template, and a child of it for each document.

Promises that whatever a file does to a parser happens in a process that lives for this file
alone, with limits, in a folder of its own; the template never opens a received file. Results go
over a channel that belongs to the one request, so a child cannot speak for the next document.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from archiver.errors import DocumentFault
from archiver.recognise import assembly, cage, inspection, messages, picture, wire
from archiver.recognise.document import Document
from archiver.recognise.media import PDF
from archiver.recognise.sheets import sheets
from archiver.records import Page

if TYPE_CHECKING:
    from PIL import Image

CREDITS = 3
PREVIEW_DPI = 100
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Request(msgspec.Struct, frozen=True):
    """One piece of work on one file.

    Attributes:
        do: ``inspect``, ``pages``, ``assemble`` or ``preview``.
        media_type: of the file.
        address_space, cpu_seconds, file_size: see `archiver.recognise.cage.Limits`.
        max_pages, max_pixels: what is still taken.
        wanted: page numbers from 1.
        created: date of the rendition, ISO 8601.
    """

    do: str
    media_type: str
    address_space: int
    cpu_seconds: int
    file_size: int
    max_pages: int
    max_pixels: int
    wanted: tuple[int, ...] = ()
    created: str = ""


class _Channel:
    """The child's end of one request."""

    def __init__(self, sock: socket.socket, request: Request) -> None:
        self._sock = sock
        self._request = request
        self._credits = CREDITS

    def send(self, answer: messages.Answer, *fds: int) -> None:
        """Send an answer and allow the next one its own processor time."""
        wire.send(self._sock, messages.encode(answer), fds)
        self.allow(self._request.cpu_seconds)

    def send_pixels(self, answer: messages.Sent, pixels: bytes) -> None:
        """Send a page image, after the daemon has taken all but two of those before."""
        while self._credits == 0:
            wire.receive(self._sock)
            self._credits += 1
        self._credits -= 1
        fd = _sealed(pixels)
        self.send(answer, fd)
        os.close(fd)

    @staticmethod
    def allow(seconds: float) -> None:
        """Allow this process so many more seconds of processor time."""
        _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, hard))


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
        channel = _Channel(socket.socket(fileno=fds[1]), request)
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


def _work(channel: _Channel, request: Request, fds: tuple[int, ...], folder: Path) -> None:
    """Do what was asked and send the answers, or why there are none."""
    try:
        document = Document(fds[0], request.media_type)
        if document.size == 0:
            raise DocumentFault("empty_file")
        _TASKS[request.do](channel, request, document, fds, folder)
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


def _inspect(
    channel: _Channel, request: Request, document: Document, _fds: tuple[int, ...], _folder: Path
) -> None:
    """Take the first look."""
    found = inspection.inspect(document, max_pages=request.max_pages)
    channel.send(messages.Inspected(found))


def _pages(
    channel: _Channel, request: Request, document: Document, _fds: tuple[int, ...], _folder: Path
) -> None:
    """Send each page wanted, finished or as pixels."""
    for sheet in sheets(document, request.wanted, max_pixels=request.max_pixels):
        if isinstance(sheet, Page):
            channel.send(messages.Finished(sheet))
        else:
            image = sheet.gray.image
            sent = messages.Sent(sheet.number, image.width, image.height, sheet.gray.dpi)
            channel.send_pixels(sent, image.tobytes())


def _assemble(
    channel: _Channel, request: Request, document: Document, fds: tuple[int, ...], folder: Path
) -> None:
    """Make the PDF/A from the stored pages, which come as JSON in the third descriptor."""
    with os.fdopen(os.dup(fds[2]), "rb") as stored:
        stored.seek(0)
        pages = msgspec.json.decode(stored.read(), type=list[Page])
    channel.allow(request.cpu_seconds + len(pages) / 2)
    created = datetime.fromisoformat(request.created)
    target, findings = assembly.assemble(
        document, pages, created, folder, max_pages=request.max_pages
    )
    _send_file(channel, target, findings)


def _preview(
    channel: _Channel, request: Request, document: Document, _fds: tuple[int, ...], folder: Path
) -> None:
    """Draw one page as a PNG for a person to look at."""
    (number,) = request.wanted
    target = folder / "preview.png"
    if document.media_type == PDF:
        from pdf2image import convert_from_path
        from pdf2image.exceptions import PDFPageCountError, PDFSyntaxError

        source = folder / "source.pdf"
        document.copy_to(source)
        try:
            images = convert_from_path(source, dpi=PREVIEW_DPI, first_page=number, last_page=number)
        except (PDFPageCountError, PDFSyntaxError) as error:
            raise DocumentFault("damaged", page=number) from error
        if not images:
            raise DocumentFault("damaged", page=number)
        images[0].save(target, compress_level=1)
    else:
        _frame_preview(document, request, number).save(target, compress_level=1)
    _send_file(channel, target, ())


def _frame_preview(document: Document, request: Request, number: int) -> Image.Image:
    """Shrink one frame of an image file to the preview's resolution."""
    with picture.opened(document) as image:
        for frame in picture.frames(image, request.max_pages):
            if frame != number:
                continue
            if image.width * image.height > request.max_pixels:
                raise DocumentFault("looks_like_bomb")
            dpi = max(picture.resolution(image))
            small = picture.gray(image)
            side = max(round(max(small.size) * PREVIEW_DPI / dpi), 1)
            small.thumbnail((side, side))
            return small
    raise DocumentFault("damaged", page=number)


def _send_file(channel: _Channel, target: Path | None, findings: tuple[str, ...]) -> None:
    """Send a file made in the folder as a descriptor open for reading."""
    if target is None:
        channel.send(messages.Made(findings))
        return
    fd = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    channel.send(messages.Made(findings), fd)
    os.close(fd)


def _sealed(content: bytes) -> int:
    """Put bytes into memory that nobody can change or shrink any more."""
    fd = os.memfd_create("pixels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd


_TASKS = {"inspect": _inspect, "pages": _pages, "assemble": _assemble, "preview": _preview}


if __name__ == "__main__":
    main()

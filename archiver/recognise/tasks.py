"""What the caged child does with one file: look, read, assemble, draw, split, weave, redact, bare.

Promises that each task sends its answers in the order asked and leaves the last word, `Done` or a
fault, to `archiver.recognise.reader_process`.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from archiver.errors import DocumentFault
from archiver.recognise import assembly, inspection, messages, picture, redaction
from archiver.recognise.channel import Channel, Request
from archiver.recognise.document import Document
from archiver.recognise.media import PDF, TIFF
from archiver.recognise.sheets import sheets
from archiver.records import Page
from archiver.separate.split import extract_parts, weave

if TYPE_CHECKING:
    from PIL import Image

PREVIEW_DPI = 100


def _inspect(
    channel: Channel, request: Request, document: Document, _fds: tuple[int, ...], _folder: Path
) -> None:
    """Take the first look."""
    found = inspection.inspect(document, max_pages=request.max_pages)
    channel.send(messages.Inspected(found))


def _pages(
    channel: Channel, request: Request, document: Document, _fds: tuple[int, ...], _folder: Path
) -> None:
    """Send each page wanted, finished or as pixels."""
    seen = sheets(document, request.wanted, max_pixels=request.max_pixels, marks=request.marks)
    for sheet in seen:
        if isinstance(sheet, Page):
            channel.send(messages.Finished(sheet))
        else:
            image = sheet.gray.image
            sent = messages.Sent(sheet.number, image.width, image.height, sheet.gray.dpi)
            channel.send_pixels(sent, image.tobytes())


def _assemble(
    channel: Channel, request: Request, document: Document, fds: tuple[int, ...], folder: Path
) -> None:
    """Make the PDF/A from the stored pages, which come as JSON in the third descriptor."""
    with os.fdopen(os.dup(fds[2]), "rb") as stored:
        stored.seek(0)
        pages = msgspec.json.decode(stored.read(), type=list[Page])
    channel.allow(assembly.seconds_for(len(pages), request.cpu_seconds))
    created = datetime.fromisoformat(request.created)
    target, findings = assembly.assemble(
        document, pages, created, folder, max_pages=request.max_pages
    )
    channel.send_file(target, findings)


def _preview(
    channel: Channel, request: Request, document: Document, _fds: tuple[int, ...], folder: Path
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
    channel.send_file(target)


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


def _split(
    channel: Channel, request: Request, document: Document, _fds: tuple[int, ...], folder: Path
) -> None:
    """Send the parts of a file, one after the other; none is held once it is sent."""
    if document.media_type not in (PDF, TIFF):
        for part in request.parts:
            if part != (1,):
                raise DocumentFault("damaged", page=max(part))
    for made in extract_parts(document.stream(), document.media_type, request.parts):
        channel.take_turn()
        channel.send_content(folder / "part", made)
        del made  # else it would still be held while the next one is made


def _weave(
    channel: Channel, request: Request, document: Document, _fds: tuple[int, ...], folder: Path
) -> None:
    """Join pages of several files."""
    # All files come before any is opened: the daemon waits while it hands them over.
    others = [Document(fd, document.media_type) for fd in channel.files(request.others)]
    sources = [one.stream() for one in (document, *others)]
    channel.send_content(folder / "woven", weave(sources, document.media_type, request.order))


def _redact(
    channel: Channel, request: Request, document: Document, fds: tuple[int, ...], folder: Path
) -> None:
    """Make the PDF/A with bars; what is wanted comes as JSON in the third descriptor."""
    with os.fdopen(os.dup(fds[2]), "rb") as stored:
        stored.seek(0)
        order = msgspec.json.decode(stored.read(), type=redaction.Order)
    channel.allow(request.cpu_seconds + len(order.pages) * 4)
    created = datetime.fromisoformat(request.created)
    target, findings = redaction.redacted(
        document, order, created, folder, max_pixels=request.max_pixels
    )
    channel.send_file(target, findings)


def _bare(
    channel: Channel, request: Request, document: Document, _fds: tuple[int, ...], folder: Path
) -> None:
    """Send the texts of a PDF's pages, then all that says words in it, then the pages wanted."""
    texts, said = redaction.laid_bare(document)
    channel.send_content(folder / "texts", msgspec.json.encode(texts))
    channel.send_content(folder / "said", said)
    for number, image in redaction.seen_again(document, request.wanted):
        sent = messages.Sent(number, image.width, image.height, redaction.VIEW_DPI)
        channel.send_pixels(sent, image.tobytes())


TASKS = {
    "inspect": _inspect,
    "pages": _pages,
    "assemble": _assemble,
    "preview": _preview,
    "split": _split,
    "weave": _weave,
    "redact": _redact,
    "bare": _bare,
}

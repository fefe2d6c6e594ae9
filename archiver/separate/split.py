"""Pages of a received file as a file of their own, as they came.

Promises that no picture is decoded and no stream recompressed: what went in comes out byte by
byte, and each extract is opened again and compared before it is handed on. What cannot be cut
without loss (a signature, a form, attached files) is refused. Parsers touch the received file
here, so this runs in the caged child only.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

from archiver.errors import DocumentFault
from archiver.separate import tiff

if TYPE_CHECKING:
    import pikepdf

PDF = "application/pdf"
TIFF = "image/tiff"

_MOST_DEPTH = 8
_WHOLE_FILE = ("/OutputIntents", "/OCProperties", "/Lang")
"""Entries of the catalogue that pages need to look as they came: colours, layers."""

Place = tuple[int, int]
"""Number of the source from 0, number of the page from 1."""


def extract_pages(source: BinaryIO, media_type: str, numbers: Sequence[int]) -> bytes:
    """Cut some pages out of a file.

    Args:
        source: the received file, seekable.
        media_type: as told by its bytes.
        numbers: of the pages from 1, in the order wanted; at least one.

    Returns:
        a file of the same media type.

    Raises:
        DocumentFault: ``damaged``, ``truncated``, ``encrypted``, ``split_signed``,
            ``split_form``, ``split_attachments``, ``split_old_tiff``, ``too_large_for_tiff``,
            or ``extract_differs`` where the comparison fails.
        ValueError: no page is asked for, or a second page of a file that has one.
    """
    (made,) = extract_parts(source, media_type, [numbers])
    return made


def extract_parts(
    source: BinaryIO, media_type: str, parts: Sequence[Sequence[int]]
) -> Iterator[bytes]:
    """Cut a file into parts, one after the other; see `extract_pages`."""
    places = [[(0, number) for number in numbers] for numbers in parts]
    return _parts([source], media_type, places)


def weave(sources: Sequence[BinaryIO], media_type: str, order: Sequence[Place]) -> bytes:
    """Join pages of several files of one type, such as the fronts and backs of a stack.

    Args:
        sources: the received files.
        media_type: of all of them.
        order: of the pages, as `archiver.separate.interleave.woven` gives it.

    Raises:
        DocumentFault: as `extract_pages`, or ``stacks_differ_in_kind`` where the files cannot
            be one file without being changed.
    """
    (made,) = _parts(sources, media_type, [order])
    return made


def _parts(
    sources: Sequence[BinaryIO], media_type: str, parts: Sequence[Sequence[Place]]
) -> Iterator[bytes]:
    if not all(parts):
        raise ValueError("a part has at least one page")
    if media_type == PDF:
        yield from _pdf_parts(sources, parts)
    elif media_type == TIFF:
        yield from _tiff_parts(sources, parts)
    elif len(sources) == 1 and all(list(part) == [(0, 1)] for part in parts):
        for _part in parts:
            sources[0].seek(0)
            yield sources[0].read()
    else:
        raise ValueError(f"{media_type} has one page")


def _tiff_parts(sources: Sequence[BinaryIO], parts: Sequence[Sequence[Place]]) -> Iterator[bytes]:
    opened = [tiff.Source(source) for source in sources]
    first = opened[0]
    if any((one.order, one.big) != (first.order, first.big) for one in opened):
        raise DocumentFault("stacks_differ_in_kind")
    for part in parts:
        read = [
            one.frames(page for source, page in part if source == number)
            for number, one in enumerate(opened)
        ]
        frames = [read[source][page] for source, page in part]
        made = tiff.written(frames, order=first.order, big=first.big)
        again = tiff.Source(io.BytesIO(made)).frames(range(1, len(part) + 1))
        for number, frame in enumerate(frames, start=1):
            if again[number].blocks != frame.blocks:
                raise DocumentFault("extract_differs", page=number)
        yield made


def _pdf_parts(sources: Sequence[BinaryIO], parts: Sequence[Sequence[Place]]) -> Iterator[bytes]:
    import pikepdf

    with ExitStack() as stack:
        try:
            opened = []
            for source in sources:
                source.seek(0)
                pdf = stack.enter_context(pikepdf.open(source))
                _refuse_indivisible(pdf)
                # Scanners share one table of pictures among all pages: without this each
                # document would carry the pages of all others.
                pdf.remove_unreferenced_resources()
                opened.append(pdf)
            for part in parts:
                yield _pdf_part(opened, part)
        except pikepdf.PasswordError as error:
            raise DocumentFault("encrypted") from error
        except (pikepdf.PdfError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise DocumentFault("damaged") from error


def _refuse_indivisible(pdf: pikepdf.Pdf) -> None:
    """Refuse what belongs to the whole file and would be lost or broken."""
    import pikepdf

    if pdf.is_encrypted:
        raise DocumentFault("encrypted")
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        if int(form.get("/SigFlags", 0)) & 1 or "/Perms" in pdf.Root:
            raise DocumentFault("split_signed")
        if len(form.get("/Fields", pikepdf.Array())):
            raise DocumentFault("split_form")
    if len(pdf.attachments):
        raise DocumentFault("split_attachments")


def _pdf_part(sources: Sequence[pikepdf.Pdf], part: Sequence[Place]) -> bytes:
    """Write the pages into a new file without touching a stream, and read them again."""
    import pikepdf

    before = []
    with pikepdf.new() as target:
        for source, number in part:
            if not 1 <= number <= len(sources[source].pages):
                raise DocumentFault("damaged", page=number)
            page = sources[source].pages[number - 1]
            before.append(_digest(page))
            target.pages.append(page)
        first = sources[part[0][0]]
        for name in _WHOLE_FILE:
            if name in first.Root:
                target.Root[name] = target.copy_foreign(first.make_indirect(first.Root[name]))
        out = io.BytesIO()
        target.save(
            out,
            min_version=max(pdf.pdf_version for pdf in sources),
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
    with pikepdf.open(out) as again:
        after = [_digest(page) for page in again.pages]
    for number, (one, other) in enumerate(zip(before, after, strict=True), start=1):
        if one != other:
            raise DocumentFault("extract_differs", page=number)
    return out.getvalue()


def _digest(page: pikepdf.Page) -> str:
    """Digest what makes a page: its box, its turn, its drawing and all pictures, still packed."""
    import pikepdf

    found = hashlib.sha256()
    found.update(repr([float(value) for value in page.mediabox]).encode())
    found.update(repr([float(value) for value in page.cropbox]).encode())
    found.update(str(page.rotation).encode())
    contents = page.obj.get("/Contents")
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    for stream in streams:
        if isinstance(stream, pikepdf.Stream):
            found.update(stream.read_raw_bytes())
    _add_pictures(found, page.obj.get("/Resources"), _MOST_DEPTH)
    return found.hexdigest()


def _add_pictures(found: hashlib._Hash, resources: pikepdf.Object | None, depth: int) -> None:
    """Add the raw bytes of pictures and of forms with what these use."""
    import pikepdf

    if depth == 0 or not isinstance(resources, pikepdf.Dictionary):
        return
    pictures = resources.get("/XObject")
    if not isinstance(pictures, pikepdf.Dictionary):
        return
    for name, picture in sorted(pictures.items()):
        if not isinstance(picture, pikepdf.Stream):
            continue
        found.update(name.encode())
        found.update(repr(picture.get("/Filter")).encode())
        found.update(picture.read_raw_bytes())
        _add_pictures(found, picture.get("/Resources"), depth - 1)

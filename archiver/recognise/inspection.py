"""The first look at a received file: what it is, how many pages, and whether it can be worked on.

Promises a `DocumentFault` with a plain reason for every file that must not go further, and
findings for those that may, before any page is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from archiver.errors import DocumentFault
from archiver.recognise import picture
from archiver.recognise.media import JPEG, PDF, PNG, TIFF

if TYPE_CHECKING:
    import pikepdf
    from PIL import Image

    from archiver.recognise.document import Document

# A page that is smaller than a visiting card is read in a fifth of a second all the same: 5,000 of
# them cost an engine more than a quarter of an hour and hold no letter. A sheet of labels or stamps
# that was cut apart has a few.
TINY_POINTS, TINY_PIXELS = 160 * 160, 250_000
TINY_FRAME = 120_000  # an A4 sheet of 41 dpi
MOST_TINY = 200
BOMB_PIXELS = 40_000_000
BOMB_BITS_PER_PIXEL = 0.002
_END_BYTES = 65536
_MOST_ATTACHMENTS = 100
# Fax codes need less than a bit for a whole empty row, and are honest all the same.
_FAX_FILTERS = frozenset({"/CCITTFaxDecode", "/JBIG2Decode"})
_FAX_COMPRESSION = frozenset({"group3", "group4", "tiff_ccitt"})
_STRIP_OFFSETS, _STRIP_COUNTS = (273, 324), (279, 325)


class Sheet(msgspec.Struct, frozen=True):
    """One page as its header describes it.

    Attributes:
        width, height: points (1/72 inch), before any turning.
        pixels: of its largest picture; 0 without pictures.
    """

    width: float
    height: float
    pixels: int


class Inspection(msgspec.Struct, frozen=True):
    """What the first look found.

    Attributes:
        media_type: as asked.
        sheets: the pages in order, at least one.
        signed: the file carries a digital signature.
        findings: codes: ``signed``, ``repaired``, ``jbig2``.
        invoice: an XML is attached to it, which may be an electronic invoice.
    """

    media_type: str
    sheets: tuple[Sheet, ...]
    signed: bool
    findings: tuple[str, ...]
    invoice: bool = False


def looks_like_bomb(pixels: int, size: int) -> bool:
    """Say whether so many pixels cannot honestly come from so few bytes.

    Args:
        pixels: that the header promises.
        size: of the compressed data in bytes.
    """
    return pixels > BOMB_PIXELS and size * 8 < BOMB_BITS_PER_PIXEL * pixels


def are_scraps(media_type: str, sheets: Sequence[Sheet]) -> bool:
    """Say whether a file holds scraps by the hundred and not papers.

    A frame of an image file may not say how large it is, so its pixels count alone; a PDF's page
    has a size, and may carry type that needs no pixels.
    """
    if media_type == PDF:
        tiny = [one for one in sheets if one.width * one.height < TINY_POINTS]
        return sum(one.pixels < TINY_PIXELS for one in tiny) > MOST_TINY
    return sum(one.pixels < TINY_FRAME for one in sheets) > MOST_TINY


def inspect(document: Document, *, max_pages: int) -> Inspection:
    """Take the first look.

    Args:
        document: the received file.
        max_pages: more pages are a fault.

    Raises:
        DocumentFault: ``empty_file``, ``truncated``, ``damaged``, ``encrypted``, ``no_pages``,
            ``dynamic_xfa``, ``looks_like_bomb``, ``too_many_pages`` or ``tiny_pages``.
    """
    if document.size == 0:
        raise DocumentFault("empty_file")
    pdf = document.media_type == PDF
    found = (_inspect_pdf if pdf else _inspect_picture)(document, max_pages)
    if are_scraps(document.media_type, found.sheets):
        raise DocumentFault("tiny_pages", pages=len(found.sheets))
    return found


def _inspect_pdf(document: Document, max_pages: int) -> Inspection:
    """Look at a PDF's structure; signatures are told by their bytes, which no parser can hide."""
    import pikepdf

    tail = document.tail(_END_BYTES)
    whole = b"%%EOF" in tail and b"startxref" in tail
    try:
        with pikepdf.open(document.stream()) as pdf:
            if pdf.is_encrypted:
                raise DocumentFault("encrypted")
            sheets = _pdf_sheets(pdf, max_pages)
            if _is_dynamic_form(pdf):
                raise DocumentFault("dynamic_xfa")
            signed = is_signed(document)
            findings = ["signed"] if signed else []
            invoice = _has_xml(pdf)
            if any("/JBIG2Decode" in _filters(one) for one in _pictures(pdf)):
                findings.append("jbig2")
            if pdf.get_warnings():
                findings.append("repaired")
                if not whole:
                    raise DocumentFault("truncated")
    except pikepdf.PasswordError as error:
        raise DocumentFault("encrypted") from error
    except pikepdf.PdfError as error:
        if document.mapping.find(b"/Encrypt") >= 0 and whole:
            raise DocumentFault("encrypted") from error
        raise DocumentFault("damaged" if whole else "truncated") from error
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError) as error:
        raise DocumentFault("damaged") from error
    return Inspection(PDF, sheets, signed, tuple(findings), invoice)


def _pdf_sheets(pdf: pikepdf.Pdf, max_pages: int) -> tuple[Sheet, ...]:
    """List the pages with the size of their largest picture."""
    count = len(pdf.pages)
    if count == 0:
        raise DocumentFault("no_pages")
    if count > max_pages:
        raise DocumentFault("too_many_pages", pages=count, limit=max_pages)
    sheets = []
    for page in pdf.pages:
        left, bottom, right, top = (float(value) for value in page.mediabox)
        pixels = 0
        for stream in page.get_images().values():
            area = _area(stream)
            pixels = max(pixels, area)
            length = len(stream.read_raw_bytes()) if area > BOMB_PIXELS else 0
            if looks_like_bomb(area, length) and not _FAX_FILTERS.intersection(_filters(stream)):
                raise DocumentFault("looks_like_bomb", megapixels=area // 1_000_000)
        sheets.append(Sheet(abs(right - left), abs(top - bottom), pixels))
    return tuple(sheets)


def _area(stream: pikepdf.Object) -> int:
    """Multiply a picture's sides; 0 where they are no numbers."""
    try:
        return max(int(stream.Width), 0) * max(int(stream.Height), 0)
    except (AttributeError, TypeError, ValueError):
        return 0


def _pictures(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield all pictures of a PDF."""
    for page in pdf.pages:
        yield from page.get_images().values()


def _filters(stream: pikepdf.Object) -> list[str]:
    """Name the codes that a stream is packed in."""
    import pikepdf

    filters = stream.get("/Filter")
    if filters is None:
        return []
    return [str(one) for one in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]


def _is_dynamic_form(pdf: pikepdf.Pdf) -> bool:
    """Say whether the pages are made by a program in the file, and show only a plea to update."""
    form = pdf.Root.get("/AcroForm")
    return bool(pdf.Root.get("/NeedsRendering", False)) and form is not None and "/XFA" in form


def _has_xml(pdf: pikepdf.Pdf) -> bool:
    """Say whether one of the attachments is an XML by its name; none is opened."""
    try:
        specifications = islice(pdf.attachments.items(), _MOST_ATTACHMENTS)
        names = [name for key, one in specifications for name in (key, one.filename)]
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError):
        # A broken list of attachments is no reason not to read the pages.
        return False
    return any(str(name).casefold().endswith(".xml") for name in names)


def is_signed(document: Document) -> bool:
    """Say whether a PDF carries a signature.

    The byte range that a signature covers cannot be packed away, so it is looked for in the
    bytes. The form's own flag (SigFlags, ISO 32000-1, table 219) only tells that there is a field
    for one: an unsigned form has it too.
    """
    return document.mapping.find(b"/ByteRange") >= 0


def _inspect_picture(document: Document, max_pages: int) -> Inspection:
    """Look at the headers of an image file."""
    if _lacks_its_end(document):
        raise DocumentFault("truncated")
    sheets = []
    with picture.opened(document) as image:
        fax = str(image.info.get("compression")) in _FAX_COMPRESSION
        for _number in picture.frames(image, max_pages):
            width, height = image.size
            across, down = picture.resolution(image)
            if looks_like_bomb(width * height, document.size) and not fax:
                raise DocumentFault("looks_like_bomb", megapixels=width * height // 1_000_000)
            if document.media_type == TIFF and _points_beyond(image, document.size):
                raise DocumentFault("truncated")
            sheets.append(Sheet(width * 72 / across, height * 72 / down, width * height))
    return Inspection(document.media_type, tuple(sheets), False, ())


def _lacks_its_end(document: Document) -> bool:
    """Say whether the mark that ends a JPEG or PNG is missing; trailing bytes are allowed."""
    mark = {JPEG: b"\xff\xd9", PNG: b"IEND"}.get(document.media_type)
    return mark is not None and mark not in document.tail(_END_BYTES)


def _points_beyond(image: Image.Image, size: int) -> bool:
    """Say whether a TIFF's frame has strips or tiles behind the end of the file."""
    tags = getattr(image, "tag_v2", {})
    for offsets, counts in zip(_STRIP_OFFSETS, _STRIP_COUNTS, strict=True):
        starts, lengths = tags.get(offsets, ()), tags.get(counts, ())
        if any(a + b > size for a, b in zip(starts, lengths, strict=False)):
            return True
    return False

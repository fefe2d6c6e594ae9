"""A page at first sight: finished without an engine, or pixels to be recognised.

Promises, for each page asked for, one answer in the order asked: its own text, blank, too large
to be read, or the pixels for the engine. Where marks are asked for, a page that carries one is
never blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from archiver.errors import DocumentFault
from archiver.recognise import codes, picture, raster, textlayer
from archiver.recognise.blank import looks_blank
from archiver.recognise.engine import is_readable_size
from archiver.recognise.inspection import is_signed
from archiver.recognise.media import PDF
from archiver.recognise.messages import LONGEST_SIDE
from archiver.records import Page, PageSource
from archiver.separate.marks import BARCODE_DPI

if TYPE_CHECKING:
    import pikepdf
    import pypdfium2 as pdfium

    from archiver.recognise.document import Document


class Scan(NamedTuple):
    """A page for the engine.

    Attributes:
        number: from 1.
        gray: its pixels and their resolution.
    """

    number: int
    gray: raster.Gray


def sheets(
    document: Document, wanted: Sequence[int], *, max_pixels: int, marks: bool = False
) -> Iterator[Page | Scan]:
    """Look at pages of a document.

    Of a signed file the text is read from the picture, never from the text layer, because what
    was signed is what was seen.

    Args:
        document: the received file.
        wanted: page numbers from 1, ascending.
        max_pixels: how many pixels a page may have to be read.
        marks: whether pages with text of their own come with their marks; those of a `Scan` are
            left to the engine.

    Raises:
        DocumentFault: ``damaged`` or ``truncated``.
    """
    if document.media_type == PDF:
        yield from _pdf_sheets(document, wanted, max_pixels, marks)
    else:
        yield from _picture_sheets(document, wanted, max_pixels, marks)


def _pdf_sheets(
    document: Document, wanted: Sequence[int], max_pixels: int, marks: bool
) -> Iterator[Page | Scan]:
    """Look at pages of a PDF."""
    import pikepdf
    import pypdfium2 as pdfium

    try:
        shown = pdfium.PdfDocument(document.as_array())
        source = pikepdf.open(document.stream())
    except (pdfium.PdfiumError, pikepdf.PdfError) as error:
        raise DocumentFault("damaged") from error
    with source:
        shown.init_forms()
        signed = is_signed(document)
        for number in wanted:
            if not 1 <= number <= len(shown):
                # pdfium counts fewer pages than qpdf in files with a broken page tree.
                raise DocumentFault("damaged", page=number)
            try:
                page = shown[number - 1]
            except pdfium.PdfiumError as error:
                raise DocumentFault("damaged", page=number) from error
            yield _pdf_sheet(page, source, number, max_pixels, signed, marks)
            page.close()
    shown.close()


def _pdf_sheet(
    page: pdfium.PdfPage,
    source: pikepdf.Pdf,
    number: int,
    max_pixels: int,
    signed: bool,
    marks: bool,
) -> Page | Scan:
    """Look at one page of a PDF: its text first, then its picture."""
    import pikepdf

    try:
        raster.widen(page, source.pages[number - 1])
    except (pikepdf.PdfError, IndexError, TypeError, ValueError) as error:
        raise DocumentFault("damaged", page=number) from error
    share, pixels, paths = raster.largest_picture(page)
    if not signed:
        glyphs = textlayer.glyphs_of(page)
        if textlayer.trustworthy(textlayer.measure(glyphs, share, paths)):
            own = textlayer.own_page(page, number, glyphs)
            return _with_marks(own, page, max_pixels) if marks else own
    gray = None
    if pixels <= max_pixels:
        try:
            gray = raster.whole_picture(page, source.pages[number - 1], max_pixels)
        except MemoryError:
            raise
        except Exception:
            gray = None  # a page that only pdfium understands
        gray = gray or raster.render(page, max_pixels)
    if gray is None:
        width, height = (max(round(side), 1) for side in page.get_size())
        return finished(number, width, height, 72.0, "unread")
    return _seen(number, gray, marks)


def _with_marks(own: Page, page: pdfium.PdfPage, max_pixels: int) -> Page:
    """Add the marks of a page with text of its own, seen on its picture; a huge one has none."""
    import pypdfium2 as pdfium

    width, height = page.get_size()
    dpi = raster.fitting_dpi(width / 72, height / 72, max_pixels)
    if dpi is None:
        return own
    dpi = min(dpi, BARCODE_DPI)
    try:
        bitmap = page.render(scale=dpi / 72, grayscale=True, may_draw_forms=True)
    except pdfium.PdfiumError as error:
        raise DocumentFault("damaged", page=own.number) from error
    image = bitmap.to_pil().convert("L")
    seen = codes.found(image.tobytes(), image.width, image.height, dpi)
    seen = codes.resized(seen, image.size, (own.width, own.height))
    return msgspec.structs.replace(own, codes=seen)


def _picture_sheets(
    document: Document, wanted: Sequence[int], max_pixels: int, marks: bool
) -> Iterator[Page | Scan]:
    """Look at frames of an image file."""
    missing = sorted(set(wanted))
    with picture.opened(document) as image:
        for number in picture.frames(image, max(missing, default=1)):
            if number not in missing:
                continue
            missing.remove(number)
            across, down = picture.resolution(image)
            width, height = image.size
            if picture.turned(image):
                across, down, width, height = down, across, height, width
            gray = None
            if raster.reading_size(width, height, across, down, max_pixels):
                gray = raster.scale_to_reading(picture.gray(image), across, down, max_pixels)
            if gray is None:
                yield finished(number, width, height, across, "unread")
            else:
                yield _seen(number, gray, marks)
            if not missing:
                return
    if missing:
        raise DocumentFault("damaged", page=missing[0])


def _seen(number: int, gray: raster.Gray, marks: bool) -> Page | Scan:
    """Tell a blank page from one for the engine.

    The bars of a patch code that cross half of the page look like streaks of dust to
    `looks_blank`, so where marks matter only a page without any is blank.
    """
    image = gray.image
    if not is_readable_size(*image.size):
        # A roll: few pixels, but one side is longer than an engine can count.
        return finished(number, *image.size, gray.dpi, "unread")
    if looks_blank(image) and not (marks and codes.found(image.tobytes(), *image.size, gray.dpi)):
        return finished(number, *image.size, gray.dpi, "blank")
    return Scan(number, gray)


def finished(number: int, width: int, height: int, dpi: float, source: PageSource) -> Page:
    """Make a page without words; a side that no paper has is cut, since nobody looks at it."""
    width, height = min(width, LONGEST_SIDE), min(height, LONGEST_SIDE)
    return Page(number, width, height, float(dpi), 0, source, None, ())

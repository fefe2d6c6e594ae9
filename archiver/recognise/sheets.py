"""A page at first sight: finished without an engine, or pixels to be recognised.

Promises, for each page asked for, one answer in the order asked: its own text, blank, too large
to be read, or the pixels for the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from archiver.errors import DocumentFault
from archiver.recognise import picture, raster, textlayer
from archiver.recognise.blank import looks_blank
from archiver.recognise.inspection import is_signed
from archiver.recognise.media import PDF
from archiver.records import Page, PageSource

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


def sheets(document: Document, wanted: Sequence[int], *, max_pixels: int) -> Iterator[Page | Scan]:
    """Look at pages of a document.

    Of a signed file the text is read from the picture, never from the text layer, because what
    was signed is what was seen.

    Args:
        document: the received file.
        wanted: page numbers from 1, ascending.
        max_pixels: how many pixels a page may have to be read.

    Raises:
        DocumentFault: ``damaged`` or ``truncated``.
    """
    if document.media_type == PDF:
        yield from _pdf_sheets(document, wanted, max_pixels)
    else:
        yield from _picture_sheets(document, wanted, max_pixels)


def _pdf_sheets(
    document: Document, wanted: Sequence[int], max_pixels: int
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
            yield _pdf_sheet(page, source, number, max_pixels, signed)
            page.close()
    shown.close()


def _pdf_sheet(
    page: pdfium.PdfPage, source: pikepdf.Pdf, number: int, max_pixels: int, signed: bool
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
            return textlayer.own_page(page, number, glyphs)
    gray = None
    if pixels <= max_pixels:
        try:
            gray = raster.whole_picture(page, source.pages[number - 1], max_pixels)
        except (pikepdf.PdfError, IndexError, KeyError, TypeError, ValueError, AttributeError):
            gray = None  # a page that only pdfium understands
        gray = gray or raster.render(page, max_pixels)
    if gray is None:
        width, height = (max(round(side), 1) for side in page.get_size())
        return finished(number, width, height, 72.0, "unread")
    return _seen(number, gray)


def _picture_sheets(
    document: Document, wanted: Sequence[int], max_pixels: int
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
                yield _seen(number, gray)
            if not missing:
                return
    if missing:
        raise DocumentFault("damaged", page=missing[0])


def _seen(number: int, gray: raster.Gray) -> Page | Scan:
    """Tell a blank page from one for the engine."""
    if looks_blank(gray.image):
        return finished(number, *gray.image.size, gray.dpi, "blank")
    return Scan(number, gray)


def finished(number: int, width: int, height: int, dpi: float, source: PageSource) -> Page:
    """Make a page without words."""
    return Page(number, width, height, float(dpi), 0, source, None, ())

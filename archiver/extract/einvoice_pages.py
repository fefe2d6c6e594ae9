"""The readable rendering of an electronic invoice: its pages as words, and the same as a PDF/A-2b.

Promises that the words of the pages are those of the PDF, letter for letter, with boxes where
they stand, and the same bytes for the same invoice and date. What the font does not have becomes
a replacement character in both.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from archiver.errors import DocumentFault, SystemFault
from archiver.extract.einvoice import EInvoice
from archiver.extract.einvoice_layout import PAGE_MM, Span, layout
from archiver.extract.einvoice_text import title
from archiver.records import Page, Word

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.fonts import TTFFont

DPI = 300.0
MOST_PAGES = 2000

_FONT = "invoice"
_FONT_FILE = "NotoSans-Regular.ttf"
_UNKNOWN = "\ufffd"
_ASCENT, _DESCENT = 0.8, 0.25  # share of the size above and below the base line
_MM_PER_POINT = 25.4 / 72
_PIXELS_PER_MM = DPI / 25.4
_WIDTH, _HEIGHT = (round(side * _PIXELS_PER_MM) for side in PAGE_MM)


class Rendering(msgspec.Struct, frozen=True):
    """An invoice as people read it.

    Attributes:
        pages: its words; boxes in pixels at `DPI`.
        pdf: a PDF/A-2b with the same words.
    """

    pages: tuple[Page, ...]
    pdf: bytes


def render(invoice: EInvoice, created: datetime) -> Rendering:
    """Make the rendering.

    Args:
        invoice: as read.
        created: date for the file's metadata.

    Raises:
        DocumentFault: ``too_many_pages``.
        SystemFault: ``font_missing``.
    """
    pdf, known = _paper(created)
    shown = _shown(invoice, known)
    pdf.set_title(title(shown)[:200])

    @lru_cache(maxsize=10_000)
    def measure(text: str, points: float) -> float:
        pdf.set_font(_FONT, size=points)
        return float(pdf.get_string_width(text))

    pages = []
    for number, spans in enumerate(islice(layout(shown, measure), MOST_PAGES + 1), 1):
        if number > MOST_PAGES:
            raise DocumentFault("too_many_pages", limit=MOST_PAGES)
        words: list[Word] = []
        pdf.add_page()
        for span in spans:
            pdf.set_font(_FONT, size=span.points)
            pdf.text(span.left, span.base, span.text)
            words += _words(span, pdf)
        pages.append(Page(number, _WIDTH, _HEIGHT, DPI, 0, "own_text", None, tuple(words)))
    return Rendering(tuple(pages), _approved(bytes(pdf.output()), created))


def _approved(drawn: bytes, created: datetime) -> bytes:
    """A PDF as pikepdf's validator takes it, without the clock.

    fpdf2 adds an opening view, which the validator does not know, and twice the time of writing.
    """
    import pikepdf
    from pikepdf import pdfa

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        del pdf.Root.OpenAction, pdf.trailer.ID
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            for key in ("xmp:CreateDate", "xmp:ModifyDate", "xmp:MetadataDate"):
                metadata[key] = created.replace(microsecond=0).isoformat()
        pdfa.save(pdf, out, "2b", repair=False, deterministic_id=True)
    return out.getvalue()


def _paper(created: datetime) -> tuple[FPDF, frozenset[int]]:
    """Open an empty document with its font; the code points that this has."""
    from fpdf import FPDF

    # Noto Sans comes with OCRmyPDF; PDF/A wants every font embedded.
    package = find_spec("ocrmypdf")
    font = Path(package.origin or "").parent / "data" / _FONT_FILE if package else None
    if font is None or not font.is_file():
        raise SystemFault("font_missing", font=_FONT_FILE)
    pdf = FPDF(format=PAGE_MM, enforce_compliance="PDF/A-2B")
    pdf.set_creation_date(created)
    pdf.set_lang("de-DE")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font(_FONT, fname=font)
    return pdf, frozenset(cast("TTFFont", pdf.fonts[_FONT]).cmap)


def _words(span: Span, pdf: FPDF) -> Iterator[Word]:
    """The words of a span with their boxes; its font is the one set."""
    size = span.points * _MM_PER_POINT
    top, bottom = span.base - size * _ASCENT, span.base + size * _DESCENT
    space, left = pdf.get_string_width(" "), span.left
    for text in span.text.split(" "):
        right = left + pdf.get_string_width(text)
        start, upper, end, lower = (
            round(side * _PIXELS_PER_MM) for side in (left, top, right, bottom)
        )
        yield Word(text, start, upper, end, lower, 100.0, span.line, span.block)
        left = right + space


def _shown(invoice: EInvoice, known: frozenset[int]) -> EInvoice:
    """The invoice in letters that the font has."""
    plain = msgspec.to_builtins(invoice)
    return msgspec.convert(_in_font(plain, known), EInvoice)


def _in_font(value: object, known: frozenset[int]) -> object:
    """Replace what cannot be drawn, in all texts of a value made of dicts and lists."""
    if isinstance(value, str):
        return "".join(_drawn(letter, known) for letter in unicodedata.normalize("NFC", value))
    if isinstance(value, dict):
        return {key: _in_font(one, known) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_in_font(one, known) for one in value]
    return value


def _drawn(letter: str, known: frozenset[int]) -> str:
    """A letter as it is drawn: itself, a space, nothing, or the sign for what is missing."""
    if letter.isspace():
        return "\n" if letter == "\n" else " "
    category = unicodedata.category(letter)
    if category in ("Cc", "Cf"):
        return ""
    return letter if ord(letter) in known and category[0] != "C" else _UNKNOWN

"""The readable rendering of an electronic invoice: its pages as words, and the same as a PDF/A-2b.

Promises that the words of the pages are those of the PDF, letter for letter, with boxes where
they stand, and the same bytes for the same invoice and date. What the font does not have becomes
a replacement character in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import msgspec

from archiver.errors import DocumentFault
from archiver.extract.einvoice import EInvoice
from archiver.extract.einvoice_layout import Span, layout
from archiver.extract.einvoice_text import title
from archiver.pdfa import A4_MM, Draft, Measure
from archiver.records import Page, Word

DPI = 300.0
MOST_PAGES = 2000

_ASCENT, _DESCENT = 0.8, 0.25  # share of the size above and below the base line
_MM_PER_POINT = 25.4 / 72
_PIXELS_PER_MM = DPI / 25.4
_WIDTH, _HEIGHT = (round(side * _PIXELS_PER_MM) for side in A4_MM)


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
    draft = Draft(created, "de-DE")
    shown = _shown(invoice, draft)
    pages = []
    for number, spans in enumerate(islice(layout(shown, draft.measure), MOST_PAGES + 1), 1):
        if number > MOST_PAGES:
            raise DocumentFault("too_many_pages", limit=MOST_PAGES)
        words: list[Word] = []
        draft.page()
        for span in spans:
            draft.text(span.left, span.base, span.points, span.text)
            words += _words(span, draft.measure)
        pages.append(Page(number, _WIDTH, _HEIGHT, DPI, 0, "own_text", None, tuple(words)))
    return Rendering(tuple(pages), draft.finished(title(shown)))


def _words(span: Span, measure: Measure) -> Iterator[Word]:
    """The words of a span with their boxes."""
    size = span.points * _MM_PER_POINT
    top, bottom = span.base - size * _ASCENT, span.base + size * _DESCENT
    space, left = measure(" ", span.points), span.left
    for text in span.text.split(" "):
        right = left + measure(text, span.points)
        start, upper, end, lower = (
            round(side * _PIXELS_PER_MM) for side in (left, top, right, bottom)
        )
        yield Word(text, start, upper, end, lower, 100.0, span.line, span.block)
        left = right + space


def _shown(invoice: EInvoice, draft: Draft) -> EInvoice:
    """The invoice in letters that the font has."""
    plain = msgspec.to_builtins(invoice)
    return msgspec.convert(_in_font(plain, draft), EInvoice)


def _in_font(value: object, draft: Draft) -> object:
    """Replace what cannot be drawn, in all texts of a value made of dicts and lists."""
    if isinstance(value, str):
        return draft.shown(value)
    if isinstance(value, dict):
        return {key: _in_font(one, draft) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_in_font(one, draft) for one in value]
    return value

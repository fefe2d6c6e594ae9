"""Where the words of an electronic invoice stand on A4: pure arithmetic, no font and no PDF.

Promises that every value of the invoice stands on some page, whole, within the margins, and in
the order in which people read it. Widths come from a function that the caller gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archiver.extract.einvoice import EInvoice
from archiver.extract.einvoice_text import (
    COLUMNS,
    cells,
    one_line,
    parties,
    payment,
    title,
)
from archiver.pdfa import Measure, broken

NOTICE = "Lesefassung der elektronischen Rechnung. Die Rechnung selbst ist die XML-Datei."

_LEFT, _RIGHT, _TOP, _BOTTOM = 20.0, 190.0, 25.0, 275.0
_FOOT = 285.0
_VALUE_LEFT = 85.0
_TEXT, _HEADING, _SMALL = 9.5, 15.0, 8.0
_LINE_MM, _GAP_MM = 5.0, 4.0


class Span(NamedTuple):
    """Words on one base line.

    Attributes:
        left, base: millimetres from the page's left and upper edge.
        points: size of the type.
        text: words parted by single spaces.
        line, block: numbers on the page, from 0.
    """

    left: float
    base: float
    points: float
    text: str
    line: int
    block: int


class Column(NamedTuple):
    """A column between two edges in millimetres; `flush` sets its text to the right one."""

    left: float
    right: float
    flush: bool = False


class Row(NamedTuple):
    """Texts beside each other, each broken into lines within its column; `size` in points."""

    columns: tuple[Column, ...]
    texts: tuple[str, ...]
    size: float = _TEXT


_WHOLE = (Column(_LEFT, _RIGHT),)
_PAIR = (Column(_LEFT, _VALUE_LEFT - 3), Column(_VALUE_LEFT, _RIGHT))
_SUMS = (Column(_LEFT, _VALUE_LEFT - 3), Column(_VALUE_LEFT, _RIGHT, flush=True))
_TABLE = (
    Column(_LEFT, 33), Column(35, 132), Column(134, 158, flush=True), Column(160, _RIGHT, True)
)  # fmt: skip


def layout(invoice: EInvoice, measure: Measure) -> Iterator[tuple[Span, ...]]:
    """Set an invoice.

    Args:
        invoice: its texts must hold only what the font has.
        measure: the font's widths.

    Yields:
        pages with their spans in reading order; at least one.
    """
    name = one_line(title(invoice))
    sheet = _Sheet(f"{name} · Seite ", measure)
    for block in _blocks(invoice, name):
        yield from sheet.put(block)
    yield sheet.finished()


def _blocks(invoice: EInvoice, name: str) -> Iterator[Sequence[Row]]:
    """The parts of an invoice in order; a gap stands between them."""
    yield (Row(_WHOLE, (name,), _HEADING),)
    yield (Row(_WHOLE, (NOTICE,), _SMALL),)
    yield [Row(_PAIR, (label, one_line(value))) for label, value in parties(invoice)]
    if invoice.lines:
        yield [Row(_TABLE, COLUMNS), *(Row(_TABLE, cells(line)) for line in invoice.lines)]
    yield [
        Row(_SUMS if label != "IBAN" else _PAIR, (label, value))
        for label, value in payment(invoice)
    ]
    for note in invoice.notes:
        yield [Row(_WHOLE, (one_line(part),)) for part in note.splitlines() if part.strip()]


class _Sheet:
    """The page that is being set.

    Args:
        foot: text at the foot of each page, before the page's number.
        measure: the font's widths.
    """

    def __init__(self, foot: str, measure: Measure) -> None:
        self._foot = foot
        self._measure = measure
        self._number = 0
        self._begin()

    def _begin(self) -> None:
        self._number += 1
        self._spans: list[Span] = []
        self._base = _TOP
        self._line = self._block = 0

    def put(self, rows: Sequence[Row]) -> Iterator[tuple[Span, ...]]:
        """Set one block; yields the pages that have become full."""
        for row in rows:
            for texts in self._broken(row):
                if self._base > _BOTTOM:
                    yield self.finished()
                    self._begin()
                self._set(row, texts)
        if rows and self._spans:
            self._base += _GAP_MM
            self._block += 1

    def finished(self) -> tuple[Span, ...]:
        """The page as it is, with its foot."""
        block = self._spans[-1].block + 1 if self._spans else 0
        foot = _fitting(f"{self._foot}{self._number}", _RIGHT - _LEFT, _SMALL, self._measure)
        return (*self._spans, Span(_LEFT, _FOOT, _SMALL, foot, self._line, block))

    def _set(self, row: Row, texts: Sequence[str]) -> None:
        """Set one line of a row."""
        for column, text in zip(row.columns, texts, strict=True):
            if text:
                left = column.left
                if column.flush:
                    left = column.right - self._measure(text, row.size)
                self._spans.append(Span(left, self._base, row.size, text, self._line, self._block))
        self._line += 1
        self._base += _LINE_MM * max(row.size / _TEXT, 1)

    def _broken(self, row: Row) -> Iterator[tuple[str, ...]]:
        """The lines of a row; a column that is through has empty ones."""
        columns = [
            list(broken(text, column.right - column.left, row.size, self._measure))
            for column, text in zip(row.columns, row.texts, strict=True)
        ]
        for number in range(max(map(len, columns))):
            yield tuple(lines[number] if number < len(lines) else "" for lines in columns)


def _fitting(text: str, width: float, points: float, measure: Measure) -> str:
    """The end of a text that fits on one line: the page's number stands there."""
    return list(broken(text, width, points, measure))[-1]

"""Typesetting: a paper on A4, as PDF/A-2b.

Promises that every text of the paper stands on some page, whole, within the margins and in reading
order; that a row is divided between pages only where it is higher than a page; that a table's
header stands above its rows on every page; and the same bytes for the same paper. The time it
takes grows with the length of the paper and no faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archiver.papers.paper import Block, Facts, Heading, Items, Paper, Paragraph, Table
from archiver.pdfa import Draft, Measure, broken
from archiver.tongue import speaking, tr

_LEFT, _RIGHT, _TOP, _BOTTOM = 20.0, 190.0, 25.0, 274.0  # millimetres
_FOOT = 285.0
_NUMBER_ROOM = 45.0  # for the page's number beside the footer
_LABEL_RIGHT, _VALUE_LEFT, _ITEM_LEFT, _GUTTER = 78.0, 81.0, 25.0, 3.0
_TITLE, _TEXT, _CELL, _SMALL = 17.0, 9.5, 8.5, 8.0  # points
_LEVELS = {1: 13.0, 2: 11.0, 3: 9.5}
_LEADING = 0.5  # millimetres from line to line for each point
_GAP, _RULE_DROP = 3.0, 1.4
_HIGHEST_HEADER = 80.0
_LONGEST_WORD = 35.0  # that a column is made wide enough for, whatever the others want
_KEPT = 2 * _TEXT * _LEADING + _GAP  # a headline is never the last thing on a page
_LANGUAGES = {"de": "de-DE", "en": "en-GB"}


class Placed(NamedTuple):
    """A text on its base line, in millimetres from the left and upper edge; size in points."""

    left: float
    base: float
    points: float
    text: str


class Sheet(NamedTuple):
    """One page: its texts in reading order and the heights of its rules."""

    texts: list[Placed]
    rules: list[float]


class _Column(NamedTuple):
    left: float
    right: float
    flush: bool = False


class _Row(NamedTuple):
    """Cells beside each other; a cell is its lines, a line its left edge and its text."""

    cells: tuple[tuple[tuple[float, str], ...], ...]
    points: float
    space: float = 0.0  # above, not at the head of a page
    kept: float = 0.0  # height that must be left below on the same page
    ruled: bool = False

    @property
    def lines(self) -> int:
        return max(1, *map(len, self.cells))

    @property
    def lead(self) -> float:
        return self.points * _LEADING

    @property
    def height(self) -> float:
        return self.lines * self.lead + (_RULE_DROP if self.ruled else 0)

    def part(self, first: int, past: int) -> _Row:
        """Lines `first` to before `past` of every cell."""
        return self._replace(cells=tuple(cell[first:past] for cell in self.cells), ruled=False)


def pdf(paper: Paper) -> bytes:
    """Typeset a paper.

    Args:
        paper: `created` must have a time zone.

    Returns:
        a PDF/A-2b.

    Raises:
        SystemFault: ``font_missing``.
    """
    draft = Draft(paper.created, _LANGUAGES[paper.language])
    for sheet in layout(_in_font(paper, draft), draft.measure):
        draft.page()
        for placed in sheet.texts:
            draft.text(placed.left, placed.base, placed.points, placed.text)
        for height in sheet.rules:
            draft.rule(_LEFT, _RIGHT, height)
    return draft.finished(draft.shown(" ".join(paper.title.split())))


def layout(paper: Paper, measure: Measure) -> list[Sheet]:
    """Set a paper: pure arithmetic.

    Args:
        paper: its texts must hold only what the font has.
        measure: the font's widths.

    Returns:
        at least one page.
    """
    flow = _Flow()
    for row in _text_rows(paper.title, _LEFT, _TITLE, measure, kept=_KEPT):
        flow.put(row)
    for block in paper.blocks:
        _put(flow, block, measure)
    footer = next(iter(broken(paper.footer, _RIGHT - _LEFT - _NUMBER_ROOM, _SMALL, measure)), "")
    with speaking(paper.language):
        text = tr("Page {number} of {count}")
    for number, sheet in enumerate(flow.sheets, start=1):
        page = text.format(number=number, count=len(flow.sheets))
        if footer:
            sheet.texts.append(Placed(_LEFT, _FOOT, _SMALL, footer))
        left = _RIGHT - measure(page, _SMALL)
        sheet.texts.append(Placed(left, _FOOT, _SMALL, page))
    return flow.sheets


class _Flow:
    """Pages that fill from top to bottom."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self._begin()

    def _begin(self) -> None:
        self.sheets.append(Sheet([], []))
        self._base = _TOP
        self._is_head = True

    def put(self, row: _Row, header: _Row | None = None) -> None:
        """Set a row; `header` is set again where the row begins or goes on on a page."""
        space = 0.0 if self._is_head else row.space
        if self._base + space + row.height + row.kept > _BOTTOM and not self._is_head:
            self._turn(header)
            space = 0.0
        self._base += space
        done = 0
        while row.lines - done > (room := max(int((_BOTTOM - self._base) / row.lead), 1)):
            self._set(row.part(done, done + room))
            self._turn(header)
            done += room
        self._set(row.part(done, row.lines)._replace(ruled=row.ruled) if done else row)

    def _turn(self, header: _Row | None) -> None:
        """Begin a page, with a header unless that would leave no room for what it heads."""
        self._begin()
        if header is not None and header.height < _HIGHEST_HEADER:
            self._set(header)

    def _set(self, row: _Row) -> None:
        """Draw a row cell by cell, so that what is copied out of a cell is in one piece."""
        texts = self.sheets[-1].texts
        for cell in row.cells:
            for number, (left, text) in enumerate(cell):
                if text:
                    texts.append(Placed(left, self._base + number * row.lead, row.points, text))
        if row.ruled:
            last = self._base + (row.lines - 1) * row.lead
            self.sheets[-1].rules.append(last + _RULE_DROP)
        self._base += row.height
        self._is_head = False


def _put(flow: _Flow, block: Block, measure: Measure) -> None:
    """Set one block."""
    match block:
        case Heading(text, level):
            rows = _text_rows(text, _LEFT, _LEVELS[level], measure, kept=_KEPT)
            _spaced(flow, rows, _GAP * (3 - level / 2))
        case Paragraph(text):
            _spaced(flow, _text_rows(text, _LEFT, _TEXT, measure), _GAP)
        case Items(items):
            columns = (_Column(_LEFT, _ITEM_LEFT), _Column(_ITEM_LEFT, _RIGHT))
            _spaced(flow, [_row(columns, ("–", text), _TEXT, measure) for text in items], _GAP)
        case Facts(facts):
            columns = (_Column(_LEFT, _LABEL_RIGHT), _Column(_VALUE_LEFT, _RIGHT))
            _spaced(flow, [_row(columns, fact, _TEXT, measure) for fact in facts], _GAP)
        case Table():
            _put_table(flow, block, measure)


def _put_table(flow: _Flow, table: Table, measure: Measure) -> None:
    columns = _columns(table, measure)
    header = _row(columns, table.header, _CELL, measure)._replace(ruled=True)
    first = _CELL * _LEADING + _RULE_DROP
    flow.put(header._replace(space=_GAP + 1, kept=first if table.rows else 0.0))
    for texts in table.rows:
        flow.put(_row(columns, texts, _CELL, measure)._replace(ruled=True), header)


def _spaced(flow: _Flow, rows: Sequence[_Row], gap: float) -> None:
    """Set rows with a gap above the first."""
    for number, row in enumerate(rows):
        flow.put(row._replace(space=0.0 if number else gap))


def _text_rows(
    text: str, left: float, points: float, measure: Measure, kept: float = 0.0
) -> list[_Row]:
    """Running text: a row for each line, so that it may be divided anywhere."""
    lines = _lines(text, _RIGHT - left, points, measure)
    return [_Row((((left, line),),), points, kept=kept) for line in lines]


def _row(columns: Sequence[_Column], texts: Sequence[str], points: float, measure: Measure) -> _Row:
    cells = []
    for column, text in zip(columns, texts, strict=True):
        lines = _lines(text, column.right - column.left, points, measure)
        cells.append(tuple((_start(column, line, points, measure), line) for line in lines))
    return _Row(tuple(cells), points)


def _start(column: _Column, line: str, points: float, measure: Measure) -> float:
    return column.right - measure(line, points) if column.flush else column.left


def _lines(text: str, width: float, points: float, measure: Measure) -> list[str]:
    """The lines of a text; its own line ends stay."""
    parts = text.split("\n")
    return [line for part in parts for line in broken(part, width, points, measure)]


def _columns(table: Table, measure: Measure) -> list[_Column]:
    """Columns as wide as they want to be; those that want most share what is left alike."""
    count = len(table.header)
    wanted, words = [0.0] * count, [0.0] * count
    for row in (table.header, *table.rows):
        for place, text in enumerate(row):
            # A little more than measured, so that rounding breaks no text that just fits.
            wanted[place] = max(wanted[place], measure(" ".join(text.split()), _CELL) + 0.1)
            longest = max((measure(word, _CELL) + 0.1 for word in text.split()), default=0.0)
            words[place] = max(words[place], min(longest, _LONGEST_WORD))
    room = _RIGHT - _LEFT - _GUTTER * (count - 1)
    if sum(words) > room:
        words = [0.0] * count
    room -= sum(words)
    widths = list(words)
    by_wish = sorted(range(count), key=lambda place: wanted[place] - words[place])
    for done, place in enumerate(by_wish):
        more = min(wanted[place] - words[place], room / (count - done))
        widths[place] += more
        room -= more
    columns, left = [], _LEFT
    for place, width in enumerate(widths):
        columns.append(_Column(left, left + width, flush=place in table.numbers))
        left += width + _GUTTER
    return columns


def _in_font(paper: Paper, draft: Draft) -> Paper:
    """The paper in letters that the font has."""
    return Paper(
        draft.shown(" ".join(paper.title.split())),
        paper.language,
        paper.created,
        tuple(_block_in_font(block, draft) for block in paper.blocks),
        draft.shown(paper.footer),
    )


def _block_in_font(block: Block, draft: Draft) -> Block:
    shown = draft.shown
    match block:
        case Heading(text, level):
            return Heading(shown(text), level)
        case Paragraph(text):
            return Paragraph(shown(text))
        case Items(items):
            return Items(tuple(map(shown, items)))
        case Facts(facts):
            return Facts(tuple((shown(label), shown(value)) for label, value in facts))
        case Table(header, rows, numbers):
            plain = tuple(tuple(map(shown, row)) for row in rows)
            return Table(tuple(map(shown, header)), plain, numbers)

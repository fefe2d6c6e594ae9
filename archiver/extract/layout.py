"""A page as passages: runs of words that belong together, and which of them stand beside or below.

Promises pure geometry on words with boxes. A recognised line is parted where a gap is wide, so a
label at the left and a date at the right edge are two passages; positions in a passage's text lead
back to the boxes of its words.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import cached_property

from archiver.extract.values import Box
from archiver.records import Page, Word

# Gaps wider than this many line heights part a line; justified text stays below 1.5.
_GAP = 2.0
# A value stands at most this many line heights below its label.
_BELOW = 2.6


class Passage:
    """Words in one line, or in two that follow each other, with their text.

    Args:
        page: number from 1.
        words: at least one, in reading order.
    """

    def __init__(self, page: int, words: Sequence[Word]) -> None:
        self.page = page
        self.words = tuple(words)
        self._starts: list[int] = []
        text = ""
        for word in self.words:
            text += " " if text else ""
            self._starts.append(len(text))
            text += word.text
        self.text = text

    def __add__(self, other: Passage) -> Passage:
        return Passage(self.page, self.words + other.words)

    @cached_property
    def bounds(self) -> Box:
        """Box of all words."""
        return union(self.words)

    @cached_property
    def height(self) -> float:
        """Median height of its words in pixels, at least 1."""
        heights = sorted(word.bottom - word.top for word in self.words)
        return float(max(heights[len(heights) // 2], 1))

    def box(self, start: int, end: int) -> Box:
        """Box of the words that the characters `start` to `end` of the text touch."""
        touched = [
            word
            for word, first in zip(self.words, self._starts, strict=True)
            if first < end and first + len(word.text) > start
        ]
        return union(touched or self.words)

    def rest(self, start: int) -> Passage | None:
        """The words that begin at or after a character, None where there are none."""
        words = [
            word for word, first in zip(self.words, self._starts, strict=True) if first >= start
        ]
        return Passage(self.page, words) if words else None


def union(words: Iterable[Word]) -> Box:
    """The box around words, of which there is at least one."""
    boxes = [(word.left, word.top, word.right, word.bottom) for word in words]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


class Sheet:
    """One page's passages.

    Args:
        page: as read.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.lines = [Passage(page.number, words) for words in _by_line(page.words)]
        self._rows = [_parted(line) for line in self.lines]
        self.passages = [part for row in self._rows for part in row]

    @cached_property
    def line_height(self) -> float:
        """Median height of a line in pixels, at least 1."""
        heights = sorted(passage.height for passage in self.passages)
        return heights[len(heights) // 2] if heights else 1.0

    def right_of(self, passage: Passage) -> Passage | None:
        """The nearest passage at the right in the same row; marks without letters are skipped."""
        box = passage.bounds
        beside = [
            other
            for other in self.passages
            if other.bounds.left >= box.right - 2
            and _share(box, other.bounds) >= 0.5
            and any(c.isalnum() for c in other.text)
        ]
        return min(beside, key=lambda other: other.bounds.left, default=None)

    def left_of(self, passage: Passage) -> Passage | None:
        """The nearest passage with letters at the left in the same row."""
        box = passage.bounds
        beside = [
            other
            for other in self.passages
            if other.bounds.right <= box.left + 2
            and _share(box, other.bounds) >= 0.5
            and sum(c.isalpha() for c in other.text) >= 2
        ]
        return max(beside, key=lambda other: other.bounds.right, default=None)

    def below(self, passage: Passage) -> Passage | None:
        """The nearest passage that stands under this one, begun or ended at the same edge."""
        box, height = passage.bounds, passage.height
        under = [
            other
            for other in self.passages
            if 0 < other.bounds.top - box.top <= _BELOW * height + box.height
            and other.bounds.top >= box.bottom - 0.3 * height
            and (
                abs(other.bounds.left - box.left) <= 1.5 * height
                or abs(other.bounds.right - box.right) <= 1.5 * height
                or box.left <= (other.bounds.left + other.bounds.right) / 2 <= box.right
            )
        ]
        return min(under, key=lambda other: other.bounds.top, default=None)

    def in_column(self, passage: Passage) -> Passage | None:
        """What stands in the next line at the same place in the row, in rows of equal length."""
        for row, following in itertools.pairwise(self._rows):
            if passage in row:
                alike = len(row) == len(following) > 1
                return following[row.index(passage)] if alike else None
        return None

    def around(self, passage: Passage, heights: float) -> list[Passage]:
        """Passages at most so many line heights above or below it that overlap it sideways."""
        box, reach = passage.bounds, heights * passage.height
        return [
            other
            for other in self.passages
            if other is not passage
            and other.bounds.top - box.bottom <= reach
            and box.top - other.bounds.bottom <= reach
            and other.bounds.left < box.right
            and box.left < other.bounds.right
        ]

    def height_share(self, passage: Passage) -> float:
        """How far down the page it stands, 0 top to 1 bottom."""
        return passage.bounds.top / max(self.page.height, 1)


def _by_line(words: Sequence[Word]) -> list[list[Word]]:
    lines: list[list[Word]] = []
    for word in words:
        if not word.text.strip():
            continue
        if lines and lines[-1][-1].line == word.line:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _parted(line: Passage) -> list[Passage]:
    """A line, parted at its wide gaps."""
    limit = _GAP * line.height
    parts: list[list[Word]] = []
    for word in line.words:
        if parts and word.left - parts[-1][-1].right <= limit:
            parts[-1].append(word)
        else:
            parts.append([word])
    return [Passage(line.page, words) for words in parts]


def _share(one: Box, other: Box) -> float:
    """How much of the lower of two boxes lies in the same row as the other, 0 to 1."""
    common = min(one.bottom, other.bottom) - max(one.top, other.top)
    return common / max(min(one.height, other.height), 1)

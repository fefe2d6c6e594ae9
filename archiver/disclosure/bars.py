"""Black bars: where they lie on a page, and which words are left beside them.

Promises pure functions. A bar covers its words with a margin, so that ascenders, descenders and
the blur around letters are under it; a word that can no longer be seen whole is not left in the
text either.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from archiver.disclosure.request import Ground, Region
from archiver.errors import UsageFault
from archiver.records import Box, Page, Word

# Shares of a word's height; the space between words is a third of it, between lines about one.
_BESIDE = 0.15
_ABOVE = 0.2
# Engines draw boxes a little too tight now and then.
_LEAST_MM = 0.3
_MM = 25.4
# A word of which more than this share is black cannot be read whole any more.
_COVERED = 0.1


class Bar(msgspec.Struct, frozen=True):
    """A bar on one page.

    Attributes:
        page: number from 1.
        box: pixels of the upright page image, right and bottom exclusive.
        ground: why.
    """

    page: int
    box: Box
    ground: Ground


def word_bars(
    pages: Mapping[int, Page], places: Iterable[tuple[int, int]], ground: Ground
) -> list[Bar]:
    """Cover words; those of one line that follow each other get one bar with the space between.

    Args:
        pages: by number.
        places: page number and index of each word, in reading order.
        ground: why.
    """
    groups: list[tuple[int, list[Word]]] = []
    previous: tuple[int, int] | None = None
    for number, index in places:
        word = pages[number].words[index]
        follows = previous == (number, index - 1) and groups[-1][1][-1].line == word.line
        if follows:
            groups[-1][1].append(word)
        else:
            groups.append((number, [word]))
        previous = (number, index)
    return [Bar(number, _around(pages[number], words), ground) for number, words in groups]


def _around(page: Page, words: Sequence[Word]) -> Box:
    """Give the box around words with its margin, within the page."""
    # Signs such as a dash are flat: the margin goes by the tallest word.
    height = max(word.bottom - word.top for word in words)
    least = _LEAST_MM * page.dpi / _MM
    beside = math.ceil(max(_BESIDE * height, least))
    above = math.ceil(max(_ABOVE * height, least))
    return _clipped(
        page,
        min(word.left for word in words) - beside,
        min(word.top for word in words) - above,
        max(word.right for word in words) + beside,
        max(word.bottom for word in words) + above,
    )


def region_bar(page: Page, region: Region) -> Bar:
    """Cover a region, rounded outwards to whole pixels.

    Raises:
        UsageFault: ``region_outside``, nothing of it lies on the page.
    """
    if region.unit == "mm":
        across = down = page.dpi / _MM
    else:
        across, down = page.width / 1000, page.height / 1000
    box = _clipped(
        page,
        math.floor(region.left * across),
        math.floor(region.top * down),
        math.ceil(region.right * across),
        math.ceil(region.bottom * down),
    )
    if box.left >= box.right or box.top >= box.bottom:
        raise UsageFault("region_outside", id=region.document, page=region.page)
    return Bar(region.page, box, region.ground)


def _clipped(page: Page, left: int, top: int, right: int, bottom: int) -> Box:
    """Cut a box to its page."""
    return Box(max(left, 0), max(top, 0), min(right, page.width), min(bottom, page.height))


def surviving(page: Page, bars: Iterable[Bar]) -> tuple[Word, ...]:
    """Give the words of a page that no bar covers, not even in part."""
    boxes = [bar.box for bar in bars if bar.page == page.number]
    return tuple(word for word in page.words if not any(_is_covered(word, box) for box in boxes))


def _is_covered(word: Word, box: Box) -> bool:
    """Say whether a bar takes more of a word than its edge."""
    # A box without area, of a word that was read from a hairline, counts as one pixel.
    left, right = word.left, max(word.right, word.left + 1)
    top, bottom = word.top, max(word.bottom, word.top + 1)
    across = min(right, box.right) - max(left, box.left)
    down = min(bottom, box.bottom) - max(top, box.top)
    if across <= 0 or down <= 0:
        return False
    return across * down > _COVERED * (right - left) * (bottom - top)

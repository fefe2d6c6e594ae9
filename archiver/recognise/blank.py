"""Is there anything on this page? A test that costs milliseconds instead of an engine's seconds.

Promises to call a page blank only where nothing as large as one line of text is on it. Measured
on scans: ink of blank pages up to .00001 of the area, bleed-through up to .00003, one line of
text from .00025 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

INK_OF_A_BLANK = 0.0001
_STREAK_SHARE = 0.5
_MARGIN_SHARE = 0.02
_INK_BELOW_PAPER = 40
_INK_BELOW_NOISE = 6
_SURELY_INK_SHARE = 0.6
_DARKEST_PAPER = 96


def looks_blank(page: Image.Image) -> bool:
    """Say whether a page needs no reading.

    Args:
        page: the upright page, mode ``L``, 150 to 400 dpi.
    """
    return ink_ratio(page) < INK_OF_A_BLANK


def ink_ratio(page: Image.Image) -> float:
    """Measure the share of dark pixels, without the marks that a scanner makes.

    The page is shrunk to a quarter, its outermost margin (the shadow of the lid) is cut off, and
    rows and columns that are mostly dark (dust on the glass draws such streaks) do not count.

    Args:
        page: mode ``L``.

    Returns:
        dark pixels of all pixels, 0 to 1; 1 for a page that is dark all over.
    """
    from PIL import Image

    quarter = page.reduce(4) if min(page.size) >= 8 else page
    width, height = quarter.size
    across, down = int(width * _MARGIN_SHARE), int(height * _MARGIN_SHARE)
    quarter = quarter.crop((across, down, width - across, height - down))
    width, height = quarter.size
    paper = _paper(quarter.histogram())
    if paper < _DARKEST_PAPER:
        return 1.0
    limit = paper - max(_INK_BELOW_PAPER, _INK_BELOW_NOISE * _spread(quarter.histogram(), paper))
    # On a page that is a third full of print or stains the spread is no longer that of the paper.
    limit = max(limit, round(paper * _SURELY_INK_SHARE))
    dark = quarter.point([255 if value < limit else 0 for value in range(256)])
    # A box filter to one row (or column) gives the mean darkness of each column (or row).
    columns = dark.resize((width, 1), Image.Resampling.BOX).tobytes()
    rows = dark.resize((1, height), Image.Resampling.BOX).tobytes()
    streaks = 255 * _STREAK_SHARE
    if max(columns) > streaks:
        dark.paste(0, mask=_stripes(columns, streaks).resize((width, height)))
    if max(rows) > streaks:
        mask = _stripes(rows, streaks).transpose(Image.Transpose.ROTATE_270)
        dark.paste(0, mask=mask.resize((width, height)))
    return dark.histogram()[255] / max(width * height, 1)


def _paper(histogram: list[int]) -> int:
    """Give the gray of the paper: the most common value of the lighter half of the pixels."""
    seen, half = 0, sum(histogram) / 2
    for value in range(255, -1, -1):
        seen += histogram[value]
        if seen >= half:
            return max(range(value, 256), key=histogram.__getitem__)
    return 255


def _spread(histogram: list[int], paper: int) -> int:
    """Give the noise of the paper in grays: two thirds of all pixels are this near to it.

    Ink is what stands out of the noise, not what is dark: a pale fax on gray paper is legible.
    """
    wanted, seen = sum(histogram) * 2 / 3, 0
    for distance in range(256):
        near = {paper - distance, paper + distance}
        seen += sum(histogram[value] for value in near if 0 <= value < 256)
        if seen >= wanted:
            return distance
    return 255


def _stripes(means: bytes, limit: float) -> Image.Image:
    """Give a one-pixel-high mask of the streaks, each widened by a pixel to both sides."""
    from PIL import Image

    hit = [value > limit for value in means]
    wide = [any(hit[max(i - 1, 0) : i + 2]) for i in range(len(hit))]
    return Image.frombytes("L", (len(wide), 1), bytes(255 if dark else 0 for dark in wide))

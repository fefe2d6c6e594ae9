"""Marks on pages as they leave a cage: looked for inside, checked outside, by the same bounds.

Promises that what a page may carry is bounded on both sides alike, so that no mark on a sheet of
paper, however large or odd, makes an honest process look like one that lies.
"""

from __future__ import annotations

from collections.abc import Sequence

from archiver.records import Code
from archiver.separate.marks import find_codes

PATCHES = frozenset({"patch_t", "patch_2"})
KINDS = PATCHES | {"qr", "code128", "datamatrix"}
LONGEST_TEXT = 4096
"""Characters; a QR code holds up to 7089 digits, a mark of ours at most 300 characters."""
MOST = 500
"""Marks on one page; a sheet of labels has 24."""


def found(pixels: bytes, width: int, height: int, dpi: float) -> tuple[Code, ...]:
    """Look for the marks on a page, within bounds.

    Args:
        pixels: 8 bit gray, row by row, ``width * height`` bytes.
        width: in pixels.
        height: in pixels.
        dpi: resolution of the page.

    Returns:
        as `archiver.separate.marks.find_codes` gives them, with boxes cut to the page; without
        those whose text is too long to be one of ours, and no more than `MOST`.
    """
    return resized(find_codes(pixels, width, height, dpi), (width, height), (width, height))


def resized(
    codes: Sequence[Code], size: tuple[int, int], wanted: tuple[int, int]
) -> tuple[Code, ...]:
    """Give the marks of a picture as they stand on the same page in other pixels, within bounds.

    Args:
        codes: with boxes on the picture.
        size: width and height of the picture, in pixels.
        wanted: width and height of the page, in pixels.
    """
    across, down = wanted[0] / size[0], wanted[1] / size[1]
    return tuple(
        Code(
            code.kind,
            code.text,
            _within(code.left * across, wanted[0]),
            _within(code.top * down, wanted[1]),
            _within(code.right * across, wanted[0]),
            _within(code.bottom * down, wanted[1]),
        )
        for code in codes
        if len(code.text) <= LONGEST_TEXT
    )[:MOST]


def _within(value: float, limit: int) -> int:
    """Round into the page; a code that is cut off has corners beyond its edge."""
    return min(max(round(value), 0), limit)


def check(codes: Sequence[Code], width: int, height: int) -> None:
    """Refuse marks that no page can carry.

    Args:
        codes: as an untrusted process sent them.
        width: of the upright page, in pixels.
        height: of the upright page, in pixels.

    Raises:
        ValueError: too many, an unknown kind, a text too long or where there can be none, or a
            box outside the page.
    """
    if len(codes) > MOST:
        raise ValueError("number of marks")
    for code in codes:
        if code.kind not in KINDS:
            raise ValueError("kind of a mark")
        if len(code.text) > LONGEST_TEXT or bool(code.text) == (code.kind in PATCHES):
            raise ValueError("text of a mark")
        across = 0 <= code.left <= code.right <= width
        if not (across and 0 <= code.top <= code.bottom <= height):
            raise ValueError("box of a mark")

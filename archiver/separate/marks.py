"""Machine-readable marks on a page image: QR, Code 128, DataMatrix, Patch-T and Patch-2.

Promises to look at pixels alone, in whatever way the page lies, and to report no mark where
there is none. The matrix and bar codes are read by ZXing; patch codes, which no library reads,
by the lengths of dark and light runs. A patch code upside down is another one (T reads as 2), so
the kind says what stands there, not which way the sheet was fed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from archiver.records import Code

if TYPE_CHECKING:
    from PIL import Image

BARCODE_DPI = 200.0
"""ZXing gets no more than this: modules of .25 mm are still two pixels wide."""
PATCH_DPI = 100.0
PATCH_TOTAL = 0.8
"""Inches across the four bars; from printers that shrink or stretch, `PATCH_TOLERANCE` of it."""
PATCH_TOLERANCE = 0.15
LEAST_BARS = 1.25
"""Inches; bars of a true patch code are at least 2 inches long."""

_KINDS = {"QR Code": "qr", "Code 128": "code128", "Data Matrix": "datamatrix"}
_PATTERNS = {"patch_t": (1.0, 2.5, 1.0, 2.5), "patch_2": (2.5, 1.0, 2.5, 1.0)}
_UNITS = 10.0  # two wide bars of 2.5, two narrow bars and three gaps of 1
_NARROW, _WIDE = (0.45, 1.6), (1.9, 3.2)
_QUIET = 1.6  # wider than any gap, so that a fifth bar is noticed
_STEP_DPI = 10.0
_SLOPE = 0.09
_MISSES = 3
_LEVELS = (0.35, 0.5, 0.65)


def find_codes(pixels: bytes, width: int, height: int, dpi: float) -> tuple[Code, ...]:
    """Find the marks on a page.

    Args:
        pixels: 8 bit gray, row by row from the top, ``width * height`` bytes, 0 is black.
        width: in pixels.
        height: in pixels.
        dpi: resolution of the page.

    Returns:
        from top to bottom; boxes in the pixels given. Barcodes without text are left out.
    """
    from PIL import Image

    page = Image.frombytes("L", (width, height), pixels)
    codes = [*_barcodes(page, dpi), *_patches(page, dpi)]
    return tuple(sorted(codes, key=lambda code: (code.top, code.left, code.kind, code.text)))


def turned(codes: Sequence[Code], width: int, height: int, degrees: int) -> tuple[Code, ...]:
    """Give the marks of a page as they stand on the same page turned clockwise.

    Args:
        codes: with boxes on the page as it is.
        width: of the page as it is, in pixels.
        height: of the page as it is, in pixels.
        degrees: 0, 90, 180 or 270.
    """

    def point(x: int, y: int) -> tuple[int, int]:
        if degrees == 90:
            return height - y, x
        if degrees == 180:
            return width - x, height - y
        if degrees == 270:
            return y, width - x
        return x, y

    made = []
    for code in codes:
        (x0, y0), (x1, y1) = point(code.left, code.top), point(code.right, code.bottom)
        box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        made.append(Code(_kind_turned(code, degrees), code.text, *box))
    return tuple(made)


def _kind_turned(code: Code, degrees: int) -> str:
    """Bars are read downwards or from left to right; a turn may reverse that."""
    if code.kind not in _PATTERNS or degrees == 0:
        return code.kind
    lying = code.right - code.left >= code.bottom - code.top
    reversed_ = degrees == 180 or (degrees == 90) == lying
    return {"patch_t": "patch_2", "patch_2": "patch_t"}[code.kind] if reversed_ else code.kind


def _barcodes(page: Image.Image, dpi: float) -> Iterator[Code]:
    """Read what ZXing knows."""
    import zxingcpp
    from PIL import Image

    scale = 1.0
    if dpi > 1.2 * BARCODE_DPI:
        scale = dpi / BARCODE_DPI
        size = (max(round(page.width / scale), 1), max(round(page.height / scale), 1))
        page = page.resize(size, Image.Resampling.BOX)
    shown = memoryview(page.tobytes()).cast("B", (page.height, page.width))
    formats = zxingcpp.BarcodeFormat
    found = zxingcpp.read_barcodes(
        shown,
        formats=zxingcpp.BarcodeFormats([formats.QRCode, formats.Code128, formats.DataMatrix]),
        text_mode=zxingcpp.TextMode.Plain,
        try_invert=False,
    )
    for one in found:
        kind = _KINDS.get(str(one.format))
        if kind is None or not one.text:
            continue
        place = one.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        across = [round(corner.x * scale) for corner in corners]
        down = [round(corner.y * scale) for corner in corners]
        yield Code(kind, one.text, min(across), min(down), max(across), max(down))


class _Hit(NamedTuple):
    """A patch pattern on one scan line: kind, number of the line, first and last pixel."""

    kind: str
    line: int
    start: int
    end: int


def _patches(page: Image.Image, dpi: float) -> Iterator[Code]:
    """Read patch codes, first with lying bars, then with standing ones."""
    from PIL import Image

    for standing in (False, True):
        # Averaging along the bars makes noise, dots of a raster and small stains disappear.
        along, across = (page.height, page.width) if standing else (page.width, page.height)
        lines = max(round(along * _STEP_DPI / dpi), 1)
        length = max(round(across * PATCH_DPI / dpi), 1)
        size = (length, lines) if standing else (lines, length)
        small = page.resize(size, Image.Resampling.BOX)
        rows = small if standing else small.transpose(Image.Transpose.TRANSPOSE)
        for kind, first, last, start, end in _bars(_hits(rows.tobytes(), length, lines)):
            low, high = round(first * along / lines), round((last + 1) * along / lines)
            begin, stop = round(start * across / length), round(end * across / length)
            box = (begin, low, stop, high) if standing else (low, begin, high, stop)
            yield Code(kind, "", *box)


def _hits(pixels: bytes, length: int, lines: int) -> list[_Hit]:
    """Look for patch patterns on every scan line."""
    hits = set()
    tables = [_table(int(255 * level)) for level in _LEVELS]
    for line in range(lines):
        row = pixels[line * length : (line + 1) * length]
        if min(row) > 255 * _LEVELS[-1]:
            continue
        for table in tables:
            for found in _CANDIDATE.finditer(row.translate(table)):
                kind = _judge([len(run) for run in found.groups()])
                if kind is not None:
                    hits.add(_Hit(kind, line, *found.span()))
    return sorted(hits, key=lambda hit: (hit.line, hit.start))


def _table(level: int) -> bytes:
    """Make the table that writes dark pixels as ``#`` and light ones as ``.``."""
    return b"#" * level + b"." * (256 - level)


def _candidate() -> re.Pattern[bytes]:
    """Make the expression for four bars of any widths between quiet zones."""
    unit = PATCH_TOTAL * PATCH_DPI / _UNITS
    least = max(int(unit * (1 - PATCH_TOLERANCE) * _NARROW[0]), 2)
    most = int(unit * (1 + PATCH_TOLERANCE) * _WIDE[1]) + 1
    gap = int(unit * (1 + PATCH_TOLERANCE) * _NARROW[1]) + 1
    quiet = max(int(unit * _QUIET), 2)
    dark, light = rf"(#{{{least},{most}}})", rf"(\.{{{least},{gap}}})"
    bars = light.join([dark] * 4)
    return re.compile(rf"(?<=\.{{{quiet}}}){bars}(?=\.{{{quiet}}})".encode("ascii"))


_CANDIDATE = _candidate()


def _judge(runs: Sequence[int]) -> str | None:
    """Name the patch code of seven runs (bar, gap, bar, gap, bar, gap, bar), in pixels."""
    total = sum(runs)
    unit = total / _UNITS
    wanted = PATCH_TOTAL * PATCH_DPI
    if abs(total - wanted) > PATCH_TOLERANCE * wanted:
        return None
    bars, gaps = runs[::2], runs[1::2]
    if not all(_NARROW[0] <= gap / unit <= _NARROW[1] for gap in gaps):
        return None
    for kind, pattern in _PATTERNS.items():
        limits = [_WIDE if width > 1 else _NARROW for width in pattern]
        if all(low <= bar / unit <= high for bar, (low, high) in zip(bars, limits, strict=True)):
            return kind
    return None


def _bars(hits: Sequence[_Hit]) -> Iterator[tuple[str, int, int, int, int]]:
    """Join hits of neighbouring scan lines to bars, and keep those long enough.

    Yields:
        kind, first and last scan line, first and last pixel.
    """
    chains: list[list[_Hit]] = []
    pixels_per_line = PATCH_DPI / _STEP_DPI
    for hit in hits:
        for chain in chains:
            last = chain[-1]
            away = hit.line - last.line
            # A stain may swallow some lines, so the slope is allowed over the gap.
            if (
                hit.kind == last.kind
                and away <= _MISSES
                and abs(hit.start - last.start) <= max(away, 1) * _SLOPE * pixels_per_line + 2
            ):
                if away:
                    chain.append(hit)
                break
        else:
            chains.append([hit])
    for chain in chains:
        if len(chain) >= LEAST_BARS * _STEP_DPI:
            start, end = min(hit.start for hit in chain), max(hit.end for hit in chain)
            yield chain[0].kind, chain[0].line, chain[-1].line, start, end

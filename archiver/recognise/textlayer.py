"""The words that a PDF page already carries, and whether they may be trusted.

Promises that a page's own text is taken only where it is what the eye sees; a scan with an
invisible layer of unknown making is read anew. Decided page by page: one page with text says
nothing about the next.
"""

from __future__ import annotations

import ctypes
import sys
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from archiver.plaintext import is_plain
from archiver.recognise.messages import LONGEST_SIDE
from archiver.records import Page, Word

if TYPE_CHECKING:
    import pypdfium2 as pdfium

NOMINAL_DPI = 300
_INVISIBLE = 3
_SOFT_HYPHENS = "\x02\ufffe\u00ad"
_VOWELS = frozenset("aeiouyäöüAEIOUYÄÖÜàâéèêëîïôùûáíóúãõåæøœ")


class Features(NamedTuple):
    """What is measured on a page, for `trustworthy`.

    Attributes:
        visible: characters that are painted, without spaces.
        hidden: characters in the invisible mode, without spaces.
        bad: characters that mean nothing: replacement, private use, control.
        long_words: words of four and more letters.
        mute_words: those of them without any vowel.
        image_share: share of the page covered by its largest image, 0 to 1.
        paths: drawn shapes; type turned into outlines makes thousands.
    """

    visible: int
    hidden: int
    bad: int
    long_words: int
    mute_words: int
    image_share: float
    paths: int


class Glyph(NamedTuple):
    """One character with its box in points, origin at the lower left of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    hidden: bool


def trustworthy(features: Features) -> bool:
    """Decide whether a page's own text stands for what is to be seen on it.

    Args:
        features: see there.

    Returns:
        False where the page must be read by the engine (or is blank).
    """
    if features.visible == 0 or features.bad > 0.02 * features.visible:
        return False
    if features.hidden > features.visible:
        return False
    if features.long_words >= 5 and features.mute_words > 0.4 * features.long_words:
        return False
    if features.image_share > 0.5 and features.visible < 200:
        return False
    drawn = features.paths > 300 or features.image_share > 0.05
    return features.visible >= 20 or not drawn


def measure(glyphs: list[Glyph], image_share: float, paths: int) -> Features:
    """Count what `trustworthy` asks for.

    Args:
        glyphs: all characters of the page in reading order, spaces included.
        image_share: share of the page under its largest image.
        paths: number of drawn shapes.
    """
    marks = [glyph for glyph in glyphs if not glyph.text.isspace()]
    hidden = sum(glyph.hidden for glyph in marks)
    text = "".join(glyph.text for glyph in glyphs)
    words = [word for word in text.split() if len(word) >= 4 and word.isalpha()]
    mute = sum(not _VOWELS.intersection(word) for word in words)
    bad = sum(_is_bad(glyph.text) for glyph in marks)
    return Features(len(marks) - hidden, hidden, bad, len(words), mute, image_share, paths)


def _is_bad(character: str) -> bool:
    """Say whether a character carries no meaning."""
    if character in _SOFT_HYPHENS:
        return False
    return character == "\ufffd" or unicodedata.category(character) in {"Co", "Cc", "Cn", "Cs"}


def own_page(page: pdfium.PdfPage, number: int, glyphs: list[Glyph]) -> Page:
    """Make the page's text a `Page` at a nominal 300 dpi, less where that makes too many pixels.

    Args:
        page: the pdfium page, its CropBox widened to the MediaBox.
        number: from 1.
        glyphs: visible ones are used.
    """
    sides = page.get_size()
    # A MediaBox can say a sheet of hundreds of metres.
    dpi = min(float(NOMINAL_DPI), LONGEST_SIDE * 72 / max(*sides, 1.0))
    scale = dpi / 72
    width, height = (max(round(side * scale), 1) for side in sides)
    upright = _Upright(page, width, height)
    seen = [glyph for glyph in glyphs if not glyph.hidden]
    words = tuple(_words(seen, upright))
    return Page(number, width, height, dpi, 0, "own_text", None, words)


class _Upright:
    """Maps a box of the page's own space to pixels of the upright page."""

    def __init__(self, page: pdfium.PdfPage, width: int, height: int) -> None:
        self._box = page.get_mediabox()
        self._rotation = page.get_rotation()
        self.width = width
        self.height = height

    def __call__(
        self, left: float, bottom: float, right: float, top: float
    ) -> tuple[int, int, int, int]:
        x0, y0, x1, y1 = self._box
        across, up = max(x1 - x0, 1e-6), max(y1 - y0, 1e-6)
        u0, u1 = (left - x0) / across, (right - x0) / across
        v0, v1 = (y1 - top) / up, (y1 - bottom) / up
        if self._rotation == 90:
            u0, u1, v0, v1 = 1 - v1, 1 - v0, u0, u1
        elif self._rotation == 180:
            u0, u1, v0, v1 = 1 - u1, 1 - u0, 1 - v1, 1 - v0
        elif self._rotation == 270:
            u0, u1, v0, v1 = v0, v1, 1 - u1, 1 - u0
        horizontal = (_within(u0 * self.width, self.width), _within(u1 * self.width, self.width))
        vertical = (_within(v0 * self.height, self.height), _within(v1 * self.height, self.height))
        return min(horizontal), min(vertical), max(horizontal), max(vertical)


def _within(value: float, limit: int) -> int:
    """Round into the page; what is no number lies at its edge."""
    return round(min(max(0.0, value), limit))


def _words(glyphs: list[Glyph], upright: _Upright) -> Iterator[Word]:
    """Join glyphs to words, words to lines, lines to blocks.

    pdfium parts words by a space and lines by a line break that it puts in itself; a line that
    begins more than two line heights away from the one before begins a new block.
    """
    line = block = 0
    pending: list[Glyph] = []
    previous: Word | None = None
    for glyph in [*glyphs, Glyph("\n", 0, 0, 0, 0, False)]:
        if not glyph.text.isspace():
            # Control and direction characters are no part of a word.
            if is_plain(glyph.text) or glyph.text in _SOFT_HYPHENS:
                pending.append(glyph)
            continue
        if pending:
            word = _word(pending, upright, line, block)
            if previous is not None and word.line != previous.line and _is_apart(previous, word):
                block += 1
                word = _word(pending, upright, line, block)
            yield word
            previous = word
            pending = []
        if glyph.text in "\r\n" and previous is not None and previous.line == line:
            line += 1


def _word(glyphs: list[Glyph], upright: _Upright, line: int, block: int) -> Word:
    """Make one word of its glyphs."""
    text = "".join("-" if glyph.text in _SOFT_HYPHENS else glyph.text for glyph in glyphs)
    box = upright(
        min(glyph.left for glyph in glyphs),
        min(glyph.bottom for glyph in glyphs),
        max(glyph.right for glyph in glyphs),
        max(glyph.top for glyph in glyphs),
    )
    clean = unicodedata.normalize("NFC", text)
    return Word(clean, *box, confidence=100.0, line=line, block=block)


def _is_apart(previous: Word, word: Word) -> bool:
    """Say whether a line is too far from the one before to belong to its block."""
    height = max(word.bottom - word.top, previous.bottom - previous.top, 1)
    return abs(word.bottom - previous.bottom) > 2.2 * height


def glyphs_of(page: pdfium.PdfPage) -> list[Glyph]:
    """Read all characters of a page in pdfium's reading order."""
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    handle = textpage.raw
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    modes: dict[Any, bool] = {}
    found: list[Glyph] = []
    high = 0
    for index in range(raw.FPDFText_CountChars(handle)):
        code = raw.FPDFText_GetUnicode(handle, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if high and 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
        high = 0
        if code == 0:
            continue
        if 0xD800 <= code < 0xE000 or code > sys.maxunicode:
            # Half of a character, or a number that is none: both stand in files.
            code = 0xFFFD
        owner = raw.FPDFText_GetTextObject(handle, index)
        address = ctypes.cast(owner, ctypes.c_void_p).value
        if address not in modes:
            mode = raw.FPDFTextObj_GetTextRenderMode(owner) if address else 0
            modes[address] = mode == _INVISIBLE
        raw.FPDFText_GetCharBox(handle, index, left, right, bottom, top)
        box = (left.value, bottom.value, right.value, top.value)
        found.append(Glyph(chr(code), *box, hidden=modes[address]))
    textpage.close()
    return found

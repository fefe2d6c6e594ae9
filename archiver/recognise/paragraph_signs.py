"""The sign § for models that do not have it: where to look again, and what to believe.

Promises that a second reading changes nothing but the sign itself. Tesseract's German model has no
§ in its character set and reads it as ``$``, ``8``, ``5`` or ``S`` (0 of 35 on office letters), so
every reference to a law would be lost. The Latin model has it but costs a quarter more for a whole
page; here it reads only a few words around each *candidate*, and of its answer only § or §§ in the
candidate's place is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median_high, median_low
from typing import NamedTuple

import msgspec

from archiver.records import Word

SIGN = "§"

_ALONE = re.compile(r"([(\[„\"'»]?)([$S85&]|[$S8&][$S835&])")
"""A token that may be § or §§ by itself, with an opening bracket or quotation mark before it."""
_NUMBER = re.compile(r"\d{1,4}[a-z]{0,2}[.,;:)\]]*")
"""The number of a section: 4, 34f, 139b, 1004."""
_GLUED = re.compile(r"([(\[„\"'»]?)([$S&]{1,2}|[85]{1,2})(\d{1,4}[a-z]{0,2}[.,;:)\]]*)")
"""A token that may be the sign and the number in one."""
_BEFORE = re.compile(
    r"nach|gem(\.|äß)?|i\.?s\.?d\.?|i\.?v\.?m\.?|des|der|die|den|dem|gilt|gelten|aus|zu|mit|und|oder|"
    r"in|von|vom|entgegen|durch|über|vgl\.?|laut|bis|sowie|auf"
)
"""Words that go before a section's number; a glued ``828`` is looked at only after one."""
_AFTER = re.compile(
    r"Abs\.?|Absatz|Satz|S\.|Nr\.?|Nummer|Buchst\.?|ff?\.|"
    r"[A-ZÄÖÜ][A-Za-zÄÖÜäöüß-]*(G|GB|O|V|VO|OG|BG)[.,;:)]*"
)
"""Words that follow it: a part of the section, or the short name of a law (BauGB, VwGO, AO)."""
_MOST_CANDIDATES = 40


class Cutting(NamedTuple):
    """A piece of one line around a candidate, to be read again.

    Attributes:
        place: index of the candidate among the page's words.
        left, top, right, bottom: the piece in pixels of the page.
    """

    place: int
    left: int
    top: int
    right: int
    bottom: int


def candidates(words: Sequence[Word]) -> tuple[int, ...]:
    """Places of the words that may be a misread § or begin with one, in reading order.

    A sign alone must stand before a number, a glued one between the words of a legal reference, so
    amounts, numbers of accounts and table columns cost nothing. A page with more than 40 is no
    text; only the first 40 are looked at.
    """
    found = []
    for index, word in enumerate(words):
        before = words[index - 1].text.lower() if index else ""
        after = words[index + 1].text if index + 1 < len(words) else ""
        alone = _ALONE.fullmatch(word.text) and _NUMBER.fullmatch(after)
        if alone or _may_be_glued(before, word.text, after):
            found.append(index)
    return tuple(found[:_MOST_CANDIDATES])


def _may_be_glued(before: str, text: str, after: str) -> bool:
    """Whether ``$28`` or ``828`` may be a sign with its number."""
    glued = _GLUED.fullmatch(text)
    if glued is None:
        return False
    if not glued[2].isdigit():
        return True
    return bool(_BEFORE.fullmatch(before) and _AFTER.fullmatch(after))


def cuttings(
    words: Sequence[Word], places: Sequence[int], width: int, height: int
) -> tuple[Cutting, ...]:
    """The pieces of the page to read again: each candidate with its neighbours on the line.

    The neighbours let the engine see the line's height and base line.

    Args:
        words: the page as read.
        places: indexes from `candidates`.
        width: of the page, in pixels.
        height: of the page, in pixels.
    """
    return tuple(_cutting(words, index, width, height) for index in places)


def _cutting(words: Sequence[Word], index: int, width: int, height: int) -> Cutting:
    """One word before and one after, with a margin of two fifths of the line's height.

    Measured: with a margin of an eighth one sign in ten is lost, and wider cuttings cost more
    without finding more. A single box may reach into the next line, and with a piece of that in
    the cutting nothing is read, so the line's height is that of the middle box.
    """
    line = words[index].line
    nearby = range(max(0, index - 1), min(len(words), index + 2))
    inside = [words[place] for place in nearby if words[place].line == line]
    top = median_high(word.top for word in inside)
    bottom = median_low(word.bottom for word in inside)
    if top >= bottom:
        top, bottom = words[index].top, words[index].bottom
    margin = max(2, 2 * (bottom - top) // 5)
    left = max(0, min(word.left for word in inside) - margin)
    right = min(width, max(word.right for word in inside) + margin)
    return Cutting(index, left, max(0, top - margin), right, min(height, bottom + margin))


def with_signs(
    words: Sequence[Word], cut: Sequence[Cutting], second: Sequence[Sequence[Word]]
) -> tuple[Word, ...]:
    """The page's words with the signs that the second reading found.

    Args:
        words: the page as read.
        cut: the pieces that were read again.
        second: the words of each piece, boxes counted from the piece's own corner.

    Returns:
        as many words as before, in the same places; a changed one has the second reading's
        confidence.
    """
    corrected = list(words)
    for piece, readings in zip(cut, second, strict=True):
        corrected[piece.place] = _with_sign(words[piece.place], piece, readings)
    return tuple(corrected)


def _with_sign(word: Word, piece: Cutting, readings: Sequence[Word]) -> Word:
    """`word` with § where the second reading has it in the same place, else unchanged."""
    for reading in readings:
        overlap = min(word.right, reading.right + piece.left) - max(
            word.left, reading.left + piece.left
        )
        if 2 * overlap < min(word.right - word.left, reading.right - reading.left):
            continue
        text = signed_text(word.text, reading.text)
        if text != word.text:
            return msgspec.structs.replace(word, text=text, confidence=reading.confidence)
    return word


def signed_text(first: str, second: str) -> str:
    """`first` with its misread signs replaced by those with which `second` begins.

    >>> signed_text("(8", "(§"), signed_text("88", "§§"), signed_text("$28", "§28")
    ('(§', '§§', '§28')
    >>> signed_text("8", "8"), signed_text("828", "§ 29")
    ('8', '828')
    """
    rest = second.lstrip("([„\"'»")
    signs = SIGN * min(2, len(rest) - len(rest.lstrip(SIGN)))
    if not signs:
        return first
    alone = _ALONE.fullmatch(first)
    if alone is not None:
        return alone[1] + signs
    number = rest.lstrip(SIGN).strip()
    for length in (1, 2):
        glued = re.fullmatch(rf"([(\[„\"'»]?)([$S&85]{{{length}}})(\d.*)", first)
        if glued is not None and (not number or number == glued[3]) and length == len(signs):
            return glued[1] + signs + glued[3]
    return first

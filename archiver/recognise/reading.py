"""From what an engine says to words, and from words to how far they can be trusted.

Promises pure functions. Line and block numbers count from 0 without gaps in Tesseract's reading
order. Of the measures of quality, mean word confidence follows the true error rate best (Spearman
-.91 on damaged office letters, share of doubtful words .84); the share of garbage is only a hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from archiver.plaintext import plain
from archiver.records import Page, Word

LOW_CONFIDENCE = 65.0
"""Below this a page may lie on its side or on its head: office letters read upright gave 90 to 95,
the same ones lying wrong 17 to 24. In between lie upright pages of poor quality."""
DOUBTFUL = 60.0
"""A word below this confidence is as likely wrong as right."""

_COLUMNS = 12
_WORD_LEVEL = "5"
_SIDEWAYS_LETTERS = 4
_VOWEL = re.compile("[aeiouyäöüáàâéèêíóôú]", re.IGNORECASE)
_REPEATED = re.compile(r"([^\W\d_])\1{3}")


def pages_from_tsv(tsv: str) -> dict[int, tuple[Word, ...]]:
    """Words of Tesseract's TSV, by page number from 1.

    Rows that are not words, words of white space and rows that do not parse are left out: a broken
    row costs one word, not the page.

    Args:
        tsv: 12 columns a row: level, page, block, paragraph, line, word, left, top, width, height,
            confidence, text; with or without the row of headings.
    """
    pages: dict[int, list[Word]] = {}
    previous: tuple[str, ...] = ()
    line = block = -1
    for row in tsv.split("\n"):
        cells = row.split("\t")
        if len(cells) != _COLUMNS or cells[0] != _WORD_LEVEL:
            continue
        text = " ".join(cells[11].split())
        try:
            page, left, top, width, height = (int(cells[n]) for n in (1, 6, 7, 8, 9))
            confidence = min(100.0, max(0.0, float(cells[10])))
            text = plain(text)
        except ValueError:
            continue
        if not text:
            continue
        place = tuple(cells[1:5])
        if place[:1] != previous[:1]:
            line = block = -1
        if place != previous:
            line += 1
        if place[:3] != previous[:3]:
            block += 1
        previous = place
        word = Word(text, left, top, left + width, top + height, confidence, line, block)
        pages.setdefault(page, []).append(word)
    return {page: tuple(words) for page, words in pages.items()}


def mean_confidence(words: Iterable[Word]) -> float:
    """Mean confidence weighted by letters and digits, 0.0 where there are none.

    Specks and rules read as ``|`` or ``.`` carry no letter, so they have no weight.
    """
    total = weight = 0.0
    for word in words:
        letters = _letters(word.text)
        weight += letters
        total += letters * word.confidence
    return min(100.0, total / weight) if weight else 0.0


def reads_downwards(words: Sequence[Word]) -> bool:
    """Whether the page was read well, but along lines that run from top to bottom.

    Tesseract reads such a page as well as an upright one and gives boxes that stand; lines that run
    upwards or on their head it reads as garbage. So this page needs no second reading, only
    `turned_left`.
    """
    long = [word for word in words if _letters(word.text) >= _SIDEWAYS_LETTERS]
    standing = sum(word.bottom - word.top > word.right - word.left for word in long)
    return 2 * standing > len(long) and mean_confidence(words) >= LOW_CONFIDENCE


def turned_left(words: Iterable[Word], width: int) -> tuple[Word, ...]:
    """`words` with their boxes as on the page turned by 270 degrees clockwise.

    Args:
        words: boxes in pixels of the page as scanned.
        width: of the page as scanned, which is the height of the turned one.
    """
    return tuple(
        msgspec.structs.replace(
            word,
            left=word.top,
            top=width - word.right,
            right=word.bottom,
            bottom=width - word.left,
        )
        for word in words
    )


def may_be_turned(words: Sequence[Word]) -> bool:
    """Whether the page was read so badly that it may lie on its side or its head, or not at all.

    Asking for the orientation costs half a reading, so the others are not asked.
    """
    return mean_confidence(words) < LOW_CONFIDENCE


class Quality(NamedTuple):
    """How far the recognised text of a document can be trusted.

    Attributes:
        confidence: mean over all recognised pages weighted by letters, 0 to 100; 0.0 where the
            engine found no word at all, None where no page went through the engine. At 87 and above
            every measured page had at most 4.3 % of its characters wrong; below, a person looks.
        doubtful: share of words below `DOUBTFUL`, 0.0 to 1.0.
        garbage: share of words that cannot be words, 0.0 to 1.0.
        unread: pages that were kept but not read.
    """

    confidence: float | None
    doubtful: float
    garbage: float
    unread: int


def quality(pages: Sequence[Page]) -> Quality:
    """The document's quality from its pages; text layers and blank pages do not count.

    Short words, stamps and handwriting lower a page, so the whole document is judged: one faint
    cover sheet before ten good pages needs nobody.
    """
    recognised = [page for page in pages if page.source == "recognised"]
    words = [word for page in recognised for word in page.words if _letters(word.text)]
    count = len(words) or 1
    return Quality(
        confidence=mean_confidence(words) if recognised else None,
        doubtful=sum(word.confidence < DOUBTFUL for word in words) / count,
        garbage=sum(looks_like_garbage(word.text) for word in words) / count,
        unread=sum(page.source == "unread" for page in pages),
    )


def looks_like_garbage(text: str) -> bool:
    """Whether `text` can hardly be a word of any Western language.

    More than 40 signs, more other signs than letters and digits, one letter four times in a row, or
    five and more letters without a vowel unless all are capitals (abbreviations are). Runs of
    consonants and capitals within a word are no sign of garbage in German: *Rechtsschutz*, *BauGB*.
    """
    letters = _letters(text)
    if len(text) > 40 or len(text) > 2 * letters + 1 or _REPEATED.search(text):
        return True
    return letters >= 5 and text.isalpha() and not text.isupper() and _VOWEL.search(text) is None


def _letters(text: str) -> int:
    """How many letters and digits `text` has."""
    return sum(sign.isalnum() for sign in text)

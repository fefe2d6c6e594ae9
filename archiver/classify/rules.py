"""Headline rules: the words of the filing plan, found in the head of a document.

Promises a pure answer that needs no examples: which phrase of which class stands where, how well
it fits and whether it stands there as a headline. The earliest headline wins (that of a generic
class, such as a salutation, is none); where there is none, the earliest phrase wins. Two classes at
the same place are a contradiction, and a contradiction is no answer.

Phrases are compared letter by letter without spaces, accents and case, but only from word to word:
a short phrase is never found inside a longer word (``Antrag`` not in ``Änderungsantrag``), letters
printed apart are (``R E C H N U N G``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from archiver.config import RecordClass
from archiver.records import Page, Word

FIT = 80.0
"""Least likeness of a phrase, 0 to 100 (rapidfuzz ``ratio``)."""

FIT_SHORT = 86.0
"""The same for phrases of up to SHORT letters."""

SHORT = 11
LENGTH_APART = 0.2
"""Share of its length by which a phrase may be longer or shorter than what is found."""

CLEAR_FIT = 90.0
HEADLINE_SHARE = 0.5
HEADLINE_LETTERS = 60
LINE = 400
"""Characters after a phrase in which its line is looked at."""

BIG = 1.25
"""Letters so many times the page's median height are a headline's."""

BLANK_CHARACTERS = 1_000_000
"""Characters of leading blanks that are skipped before the head begins."""

Box = tuple[int, int, int, int]


class Where(msgspec.Struct, frozen=True):
    """A place in a document.

    Attributes:
        page: number from 1.
        line: number on the page, from 0.
        start, end: offsets in the text of the page.
        box: left, top, right, bottom in pixels of the upright page image, where words have boxes.
    """

    page: int
    line: int
    start: int
    end: int
    box: Box | None = None


class Hit(msgspec.Struct, frozen=True):
    """One phrase of one class in the head.

    Attributes:
        record_class: key of the class.
        phrase: as the filing plan has it.
        found: as it stands in the document.
        score: 0 to 100, likeness of both.
        headline: whether it stands as a headline and not in a running sentence.
        where: its place.
    """

    record_class: str
    phrase: str
    found: str
    score: float
    headline: bool
    where: Where


class Reading(msgspec.Struct, frozen=True):
    """What the rules say.

    Attributes:
        winner: the hit that decides, None where the rules abstain.
        hits: all hits, in order of place; those inside a longer one are left out.
        contradiction: keys of the classes that claim the same place, else empty.
        clear: the winner fits well, is a headline, and no other class has a headline.
    """

    winner: Hit | None = None
    hits: tuple[Hit, ...] = ()
    contradiction: tuple[str, ...] = ()
    clear: bool = False


def read(source: str | Sequence[Page], classes: Sequence[RecordClass]) -> Reading:
    """Read the head of a document by the rules of the filing plan.

    Args:
        source: the text, or the pages with boxes; the head is that of the first page with text.
        classes: the filing plan; classes without words take no part.
    """
    ruled = tuple(c for c in classes if c.words)
    sheet = _sheet(source, max((c.zone for c in ruled), default=0))
    if sheet is None:
        return Reading()
    return _decided(_longest(_hits(sheet, ruled)), {c.key for c in ruled if c.generic})


@lru_cache(maxsize=1 << 12)
def fold(text: str) -> str:
    """Letters and digits of `text` without case, accents and spaces; ß is ss."""
    return "".join(_folded(char) for char in unicodedata.normalize("NFC", text))


@lru_cache(maxsize=1 << 10)
def _folded(char: str) -> str:
    plain = unicodedata.normalize("NFKD", char.casefold())
    return "".join(part for part in plain if part.isalnum())


@dataclass(frozen=True)
class _Sheet:
    """The head, ready to be compared.

    Attributes:
        text: the head as it stands.
        letters: folded letters.
        origin: offset in `text` of each folded letter.
        starts, ends: places in `letters` where words begin and (exclusive) end.
        page: number of the page on which it stands.
        offset: where the head begins in `page_text`.
        words: with boxes, in the order of the text, with the offset of each in `page_text`.
        page_text: the whole page.
    """

    text: str
    letters: str
    origin: list[int]
    starts: list[int]
    ends: list[int]
    page: int = 1
    offset: int = 0
    words: list[tuple[int, Word]] = field(default_factory=list)
    page_text: str = ""


def _sheet(source: str | Sequence[Page], zone: int) -> _Sheet | None:
    """The first `zone` characters that are not blank; None where there are none."""
    if isinstance(source, str):
        return _prepared(source, 1, zone, [])
    for page in source:
        text = page.text
        if text.strip():
            return _prepared(text, page.number, zone, _offsets(text, page.words))
    return None


def _prepared(text: str, page: int, zone: int, words: list[tuple[int, Word]]) -> _Sheet | None:
    lead = text[:BLANK_CHARACTERS]
    offset = len(lead) - len(lead.lstrip())
    head = text[offset : offset + zone]
    letters: list[str] = []
    origin: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    before = " "
    for index, char in enumerate(head):
        folded = _folded(char)
        if _parts(before, char) and letters and len(ends) < len(starts):
            ends.append(len(letters))
        if folded and len(ends) == len(starts):
            starts.append(len(letters))
        letters += folded
        origin += [index] * len(folded)
        if folded or not unicodedata.combining(char):
            before = char
    if len(ends) < len(starts):
        ends.append(len(letters))
    if not letters:
        return None
    return _Sheet(head, "".join(letters), origin, starts, ends, page, offset, words, text)


def _parts(before: str, char: str) -> bool:
    """Whether a word ends between two characters."""
    if not char.isalnum():
        return not unicodedata.combining(char)
    if not before.isalnum():
        return True
    return (before.islower() and char.isupper()) or before.isdigit() != char.isdigit()


def _offsets(text: str, words: Sequence[Word]) -> list[tuple[int, Word]]:
    """Each word with its offset in the page's text, which is made of them in order."""
    placed = []
    position = 0
    for word in words:
        position = text.index(word.text, position)
        placed.append((position, word))
        position += len(word.text)
    return placed


def _hits(sheet: _Sheet, classes: Sequence[RecordClass]) -> list[tuple[int, int, Hit]]:
    """Every phrase at its best places: start and end in the folded letters, and the hit."""
    from rapidfuzz import fuzz, process

    phrases = [(c, phrase, fold(phrase)) for c in classes for phrase in c.words if fold(phrase)]
    longest = max((len(folded) for _, _, folded in phrases), default=0)
    windows = [
        (start, end)
        for i, start in enumerate(sheet.starts)
        for end in sheet.ends[i:]
        if end - start <= longest * 1.5 + 1
    ]
    if not windows:
        return []
    likeness = process.cdist(
        [folded for _, _, folded in phrases],
        [sheet.letters[start:end] for start, end in windows],
        scorer=fuzz.ratio,
        score_cutoff=FIT,
    )
    found: list[tuple[int, int, Hit]] = []
    for (record_class, phrase, folded), row in zip(phrases, likeness, strict=True):
        least = FIT_SHORT if len(folded) <= SHORT else FIT
        best: dict[int, tuple[float, int]] = {}
        for column in row.nonzero()[0].tolist():
            start, end = windows[column]
            score = float(row[column])
            apart = abs(end - start - len(folded)) / len(folded)
            inside = sheet.origin[start] < record_class.zone
            if score >= least and apart <= LENGTH_APART and inside:
                best[start] = max(best.get(start, (0.0, 0)), (score, end))
        for start, (score, end) in best.items():
            found.append((start, end, _hit(sheet, record_class.key, phrase, score, start, end)))
    return found


def _hit(sheet: _Sheet, key: str, phrase: str, score: float, start: int, end: int) -> Hit:
    first, last = sheet.origin[start], sheet.origin[end - 1] + 1
    first, last = first + sheet.offset, last + sheet.offset
    words = [w for at, w in sheet.words if at < last and at + len(w.text) > first]
    box = (
        (
            min(w.left for w in words),
            min(w.top for w in words),
            max(w.right for w in words),
            max(w.bottom for w in words),
        )
        if words
        else None
    )
    text = sheet.page_text
    line = text.count("\n", 0, first)
    where = Where(sheet.page, line, first, last, box)
    headline = _is_headline(text, first, last) or _is_big(words, sheet.words)
    return Hit(key, phrase, text[first:last], round(score, 1), headline, where)


def _is_headline(text: str, first: int, last: int) -> bool:
    """Whether the phrase is in capitals, fills half of its line, or opens a short first line."""
    found = text[first:last]
    if sum(char.isupper() for char in found) > 0.8 * sum(char.isalpha() for char in found):
        return True
    start = text.rfind("\n", 0, first) + 1
    end = text.find("\n", last, last + LINE)
    line = text[start : end if end >= 0 else last + LINE]
    letters = sum(char.isalnum() for char in line)
    if any(char.isalnum() for char in text[start:first]):
        return False
    if sum(char.isalnum() for char in found) >= HEADLINE_SHARE * letters:
        return True
    opens = not text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : start].strip()
    return opens and letters <= HEADLINE_LETTERS


def _is_big(words: Sequence[Word], all_words: Sequence[tuple[int, Word]]) -> bool:
    """Whether the words are printed larger than the page's others."""
    if not words:
        return False
    heights = sorted(word.bottom - word.top for _, word in all_words)
    usual = heights[len(heights) // 2]
    return min(word.bottom - word.top for word in words) >= BIG * usual


def _longest(found: list[tuple[int, int, Hit]]) -> list[tuple[int, int, Hit]]:
    """Hits that do not lie inside or across a longer one; equal ones of two classes stay both."""
    ranked = sorted(found, key=lambda item: (-_weight(item), item[0]))
    kept: list[tuple[int, int, Hit]] = []
    for item in ranked:
        rivals = [other for other in kept if item[0] < other[1] and other[0] < item[1]]
        if all(_equal(item, other) for other in rivals):
            kept.append(item)
    return sorted(kept, key=lambda item: (item[0], item[2].record_class))


def _weight(item: tuple[int, int, Hit]) -> float:
    return len(fold(item[2].phrase)) * item[2].score


def _equal(one: tuple[int, int, Hit], other: tuple[int, int, Hit]) -> bool:
    """Whether two classes claim the same words with the same right."""
    same = one[2].record_class == other[2].record_class
    return not same and one[:2] == other[:2] and abs(_weight(one) - _weight(other)) < 1e-6


def _decided(found: list[tuple[int, int, Hit]], generic: Collection[str]) -> Reading:
    """The earliest headline of a class of its own wins, else the earliest phrase of any."""
    hits = tuple(hit for _, _, hit in found)
    headlines = [item for item in found if item[2].headline and item[2].record_class not in generic]
    ranked = headlines or found
    if not ranked:
        return Reading()
    first = ranked[0]
    claims = sorted({hit.record_class for start, _, hit in ranked if start == first[0]})
    if len(claims) > 1:
        return Reading(None, hits, tuple(claims))
    winner = first[2]
    alone = {hit.record_class for _, _, hit in headlines} <= {winner.record_class}
    return Reading(winner, hits, (), winner.headline and winner.score >= CLEAR_FIT and alone)

"""Where terms stand on recognised pages: certain finds, and uncertain ones for a person.

Promises pure functions that miss nothing silently and blacken nothing silently: what is written
as asked (whatever the case, umlauts, blanks, hyphens at line ends and signs around) is a certain
find; what recognition may have misread, or what only holds the term, is offered as uncertain.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from archiver.disclosure.spellings import Fold, Spelling, folded_runs, spellings
from archiver.records import Id, Page

Kind = Literal["exact", "similar", "within"]

# Shorter keys have too many neighbours one letter away (Kern, Kehr, Kerl).
_LEAST_SIMILAR = 5
_LEAST_WITHIN = 4
# Only a key this long is looked for across the words of a line without regard to their bounds.
_LEAST_ACROSS = 8
_LONG = 12
_MOST_MISREAD = 2
_CONTEXT = 4
# Signs that engines take for each other, after folding.
_LOOKALIKES = str.maketrans({"1": "l", "i": "l", "j": "l", "0": "o", "5": "s", "8": "b", "6": "b"})
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


class Find(msgspec.Struct, frozen=True):
    """A place where a term stands, or may stand.

    Attributes:
        key: names the place; the same as long as the document's version is.
        term: index of the term in the request.
        kind: ``exact`` is blackened without asking; ``similar`` (misread by a letter) and
            ``within`` (in a longer word: a genitive, a compound, two words run together) only
            where a person says so.
        words: page number and index of each word, in reading order; they may go over a page's end.
        context: the words around, those found between guillemets, for the eyes of who decides.
    """

    key: str
    term: int
    kind: Kind
    words: tuple[tuple[int, int], ...]
    context: str

    @property
    def page(self) -> int:
        """Number of the page on which it begins."""
        return self.words[0][0]


class _Hit(NamedTuple):
    """A find in runs: rank (lower is surer), first run, last run."""

    rank: int
    first: int
    last: int
    kind: Kind


class Pages:
    """The words of one document, laid out to be searched.

    Args:
        document: its id.
        pages: all of its pages.
        fold: spells one word without case, accents and umlauts.
    """

    def __init__(self, document: Id, pages: Sequence[Page], fold: Fold) -> None:
        self._document = document
        self._fold = fold
        self._words = [
            (page.number, index, word.text)
            for page in pages
            for index, word in enumerate(page.words)
        ]
        self._runs: list[str] = []
        self._owner: list[int] = []
        for place, (_page, _index, text) in enumerate(self._words):
            for run in folded_runs(text, fold):
                self._runs.append(run)
                self._owner.append(place)
        self._starts: list[int] = []
        length = 0
        for run in self._runs:
            self._starts.append(length)
            length += len(run)
        self._text = "".join(self._runs)
        self._bounds = {*self._starts, length}

    def find(self, terms: Sequence[str]) -> tuple[Find, ...]:
        """Find all terms.

        Args:
            terms: as persons write them.

        Returns:
            finds by page and place. An uncertain one whose words are all part of a certain one is
            left out: it is black anyway.

        Raises:
            UsageFault: ``term_empty``.
        """
        found = [
            self._find(number, hit)
            for number, term in enumerate(terms)
            for hit in _apart(self._hits(spellings(term, self._fold)), self._runs)
        ]
        sure = {place for find in found if find.kind == "exact" for place in find.words}
        kept = {
            (find.key, find.term): find
            for find in found
            if find.kind == "exact" or not sure.issuperset(find.words)
        }
        return tuple(sorted(kept.values(), key=lambda find: (find.words, find.term)))

    def _hits(self, wanted: Sequence[Spelling]) -> Iterator[_Hit]:
        """Find one term in all its spellings, sure and unsure."""
        for spelling in wanted:
            yield from self._verbatim(spelling)
        others = {one.key for one in wanted[1:] if len(one.key) >= _LEAST_ACROSS}
        for key in sorted({wanted[0].key, *others}):
            yield from self._misread(key)

    def _verbatim(self, spelling: Spelling) -> Iterator[_Hit]:
        """Find a spelling letter by letter, wherever words begin and end."""
        key = spelling.key
        at = self._text.find(key)
        while at >= 0:
            first = bisect_right(self._starts, at) - 1
            last = bisect_left(self._starts, at + len(key)) - 1
            whole = at in self._bounds and at + len(key) in self._bounds
            if spelling.strict:
                if whole and tuple(self._runs[first : last + 1]) == spelling.runs:
                    yield _Hit(0, first, last, "exact")
            elif whole:
                yield _Hit(0, first, last, "exact")
            elif len(key) >= (_LEAST_WITHIN if first == last else _LEAST_ACROSS):
                yield _Hit(1 if first == last else 9, first, last, "within")
            at = self._text.find(key, at + 1)

    def _misread(self, key: str) -> Iterator[_Hit]:
        """Find what differs by a letter (two in long terms), or by signs that look alike."""
        from rapidfuzz.distance import Levenshtein

        if len(key) < _LEAST_WITHIN:
            return
        allowed = 0 if len(key) < _LEAST_SIMILAR else 1 if len(key) < _LONG else _MOST_MISREAD
        shape = _shape(key)
        for first in range(len(self._runs)):
            window = ""
            for last in range(first, len(self._runs)):
                window += self._runs[last]
                if len(window) > len(key) + max(allowed, 1):
                    break
                if len(window) < len(key) - max(allowed, 1):
                    continue
                distance = Levenshtein.distance(key, window, score_cutoff=allowed)
                if 0 < distance <= allowed:
                    yield _Hit(1 + distance, first, last, "similar")
                elif distance and _shape(window) == shape:
                    yield _Hit(2, first, last, "similar")

    def _find(self, term: int, hit: _Hit) -> Find:
        """Make the find of a hit."""
        first, last = self._owner[hit.first], self._owner[hit.last]
        places = [place[:2] for place in self._words[first : last + 1]]
        (from_page, start), (to_page, end) = places[0], places[-1]
        key = f"{self._document}:{from_page}.{start}-{to_page}.{end}"
        return Find(key, term, hit.kind, tuple(places), self._context(first, last))

    def _context(self, first: int, last: int) -> str:
        """Write the words around a find."""
        texts = [text for _page, _index, text in self._words]
        before = texts[max(0, first - _CONTEXT) : first]
        after = texts[last + 1 : last + 1 + _CONTEXT]
        return " ".join([*before, "«" + " ".join(texts[first : last + 1]) + "»", *after])


def _apart(hits: Iterator[_Hit], runs: Sequence[str]) -> list[_Hit]:
    """Drop an uncertain hit that is only a surer one with a short word more or less.

    Hits that overlap in another way all stay: each may be the one that is meant.
    """
    kept: list[_Hit] = []
    taken: set[int] = set()
    for hit in sorted(set(hits), key=lambda hit: (hit.rank, hit.last - hit.first, hit.first)):
        places = range(hit.first, hit.last + 1)
        fresh = sum(len(runs[place]) for place in places if place not in taken)
        if hit.kind == "exact" or fresh > _MOST_MISREAD:
            kept.append(hit)
            taken.update(places)
    return kept


def _shape(key: str) -> str:
    """Spell a key so that signs which look alike are the same."""
    for pair, one in _PAIRS:
        key = key.replace(pair, one)
    return key.translate(_LOOKALIKES)

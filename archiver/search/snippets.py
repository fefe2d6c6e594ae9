"""Snippets: the stretches of a page in which the words of a query stand.

Promises pure functions, the same for every engine: what is highlighted is found by the fold and
the stemmer of the index, in the stored plain text of each page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from archiver.search.german import plain_text, spans, words
from archiver.search.index import MARK_OFF, MARK_ON, Snippet
from archiver.search.query import And, Or, Phrase, Prefix, Query, Word
from archiver.search.stemmer import stem

WIDTH = 240
"""Characters of a snippet, marks and ellipses aside."""
PER_HIT = 3

_BLANK = re.compile(r"[\s\x00-\x1f]+")


class Wanted(msgspec.Struct, frozen=True):
    """A word or sequence to highlight: folded words, or stems; the last may be a beginning."""

    words: tuple[str, ...]
    is_stemmed: bool = False
    is_open: bool = False


class _Window(msgspec.Struct, frozen=True):
    """Finds of one page that fit into one snippet."""

    page: int
    text: str
    finds: tuple[tuple[int, int, int], ...]  # start, end, number of what was wanted

    @property
    def rank(self) -> tuple[int, int, int]:
        distinct = {number for _, _, number in self.finds}
        return -len(distinct), self.page, self.finds[0][0]


def wanted(query: Query) -> tuple[Wanted, ...]:
    """Words of a query that may stand in a page: not those in a field, not those behind NOT."""
    match query:
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(item for part in parts for item in wanted(part)))
        case Word(text):
            return (Wanted(tuple(map(stem, words(plain_text(text)))), is_stemmed=True),)
        case Phrase(text):
            return (Wanted(tuple(words(plain_text(text)))),)
        case Prefix(text):
            return (Wanted(tuple(words(plain_text(text))), is_open=True),)
        case _:
            return ()


def snippets(pages: tuple[str, ...], items: tuple[Wanted, ...]) -> tuple[Snippet, ...]:
    """Cut the best stretches out of a document.

    Args:
        pages: plain text of each page in order.
        items: from `wanted`.

    Returns:
        At most `PER_HIT` snippets by page and place: those with most different words, the
        earlier the better; none where no page has any.
    """
    best: list[_Window] = []
    for number, text in enumerate(pages, start=1) if items else ():
        best.extend(_windows(number, text, items))
        best = sorted(best, key=lambda window: window.rank)[:PER_HIT]
        if len(best) == PER_HIT and best[-1].rank[0] == -len(items):
            break  # no later page can be better
    best.sort(key=lambda window: (window.page, window.finds[0][0]))
    return tuple(Snippet(window.page, _cut(window)) for window in best)


def _windows(page: int, text: str, items: tuple[Wanted, ...]) -> Iterator[_Window]:
    """Gather the finds of a page, left to right, into windows that leave room for context."""
    gathered: list[tuple[int, int, int]] = []
    for find in _finds(text, items):
        if gathered and find[1] - gathered[0][0] > WIDTH * 3 // 4:
            yield _Window(page, text, tuple(gathered))
            gathered = []
        if not gathered or find[0] >= gathered[-1][1]:
            gathered.append(find)
    if gathered:
        yield _Window(page, text, tuple(gathered))


def _finds(text: str, items: tuple[Wanted, ...]) -> list[tuple[int, int, int]]:
    """Every place at which something wanted stands, as (start, end, number of the item)."""
    # A page has far fewer different words than words, and mostly none that is wanted.
    beginnings = {
        word: numbers
        for word in set(words(text))
        if (numbers := [n for n, item in enumerate(items) if _is_word(word, item, 0)])
    }
    places = spans(text) if beginnings else []
    finds = []
    for at, (start, _, folded) in enumerate(places):
        for number in beginnings.get(folded, ()):
            here = places[at : at + len(items[number].words)]
            if _is_at(here, items[number]):
                finds.append((start, here[-1][1], number))
    return finds


def _is_at(places: list[tuple[int, int, str]], item: Wanted) -> bool:
    return len(places) == len(item.words) and all(
        _is_word(folded, item, at) for at, (_, _, folded) in enumerate(places)
    )


def _is_word(folded: str, item: Wanted, at: int) -> bool:
    """Whether a word of a page is the wanted word number `at`."""
    word = item.words[at]
    if item.is_open and at == len(item.words) - 1:
        return folded.startswith(word)
    return (stem(folded) if item.is_stemmed else folded) == word


def _cut(window: _Window) -> str:
    """Cut a window with whole words around it, and mark its finds."""
    text = window.text
    start, end = window.finds[0][0], window.finds[-1][1]
    spare = max(0, WIDTH - (end - start)) // 2
    left, right = max(0, start - spare), min(len(text), end + spare)
    while 0 < left < start and not text[left - 1].isspace():
        left += 1
    while end < right < len(text) and not text[right].isspace():
        right -= 1
    marked, done = "", left
    for find_start, find_end, _ in window.finds:
        marked += _line(text[done:find_start]) + MARK_ON + _line(text[find_start:find_end])
        marked += MARK_OFF
        done = find_end
    marked += _line(text[done:right])
    return f"{'…' if left > 0 else ''}{marked.strip()}{'…' if right < len(text) else ''}"


def _line(text: str) -> str:
    """Text on one line; control characters, the marks among them, become spaces."""
    return _BLANK.sub(" ", text)

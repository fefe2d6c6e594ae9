"""Witnesses: odd words of a document by which it can be proved that nothing of it is left.

Promises pure choices. A word is a good witness if nobody else says it; who that may be is for the
caller to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from archiver.records import Page
from archiver.search.german import fold
from archiver.store.objects import Record

_WORD = re.compile(r"[^\W\d_]{6,40}")


def witnesses(record: Record, pages: Sequence[Page], names: Iterable[str], count: int) -> list[str]:
    """Choose words of a document, the longest first, taken in turn from all that is known of it.

    Args:
        record: what is known of the document.
        pages: as read.
        names: of the files that came for it.
        count: how many at most.

    Returns:
        words of six letters and more, none twice in whatever spelling; the first three are of
        its name, of what is known or was said about it, and of its text, where there are such.
    """
    said = [record.subject, record.sender, record.dossier, *(note.text for note in record.notes)]
    said += [value for decision in record.decisions for value in decision.values.values()]
    groups = (
        _longest(names),
        _longest(text for text in said if text),
        _longest(page.text for page in pages),
    )
    chosen: dict[str, str] = {}
    for turn in zip_longest(*groups):
        for word in turn:
            if word is not None and len(chosen) < count:
                chosen.setdefault(fold(word), word)
    return list(chosen.values())


def is_said_by(word: str, vocabulary: Iterable[str]) -> bool:
    """Whether a word stands in one of some texts, in whatever spelling."""
    folded = fold(word)
    return any(folded in fold(text) for text in vocabulary)


def _longest(texts: Iterable[str]) -> list[str]:
    words = {word for text in texts for word in _WORD.findall(text)}
    return sorted(words, key=lambda word: (-len(word), word))

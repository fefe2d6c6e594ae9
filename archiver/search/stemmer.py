"""The German Snowball stemmer on folded words, as the search library brings it.

Promises that the stem depends on the folded word alone, so all spellings of a word share it.
Rules: https://snowballstem.org/algorithms/german/stemmer.html.
"""

from __future__ import annotations

from functools import lru_cache

import tantivy

_GERMAN = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    .filter(tantivy.Filter.stemmer("german"))
    .build()
)


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Cut a folded word to its stem: ``antrage`` and ``antrag`` to ``antrag``."""
    return _GERMAN.analyze(word)[0]

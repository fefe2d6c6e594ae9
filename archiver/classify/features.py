"""A text as numbers: hashed words and word pairs of the whole, letter groups of the head.

Promises pure functions that need numpy alone, and that no word is kept: a feature is a hash, so a
stored model holds no readable text of a document. Which word stands behind a feature is found
again in the text that is explained (`names`).

The design was measured (word 1-2-grams on the whole text and 3-5 letters inside words of the
first 500 characters beat words alone, letters alone and word counts with a neural net).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEAD_CHARACTERS = 500
"""Characters of the head whose letter groups are features."""

WHOLE_CHARACTERS = 50_000
"""Characters whose words are features; longer texts are cut, so that one file costs at most so."""

SPACE_BITS = 22
"""Each of the two kinds of features has 2 ** SPACE_BITS hashes."""

SPACE = 1 << SPACE_BITS
WIDTH = 2 * SPACE
"""Features there can be: words below SPACE, letter groups from there on."""

_TOKEN = re.compile(r"\w\w+")
_BROKEN = re.compile(r"(?<=[^\W\d_])-\s*\n\s*(?=[a-zäöüß])")
_SPACES = re.compile(r"\W+")
_LETTERS = (3, 4, 5)
_PRIME = 0x01000193  # of FNV, http://www.isthe.com/chongo/tech/comp/fnv/
_MIX = 0x9E3779B1  # 2 ** 32 divided by the golden ratio: spreads low bits upwards


class Counts(NamedTuple):
    """Features of one text.

    Attributes:
        ids: uint32[n], ascending, below WIDTH.
        counts: float32[n], how often each occurs.
    """

    ids: NDArray[np.uint32]
    counts: NDArray[np.float32]


def features(text: str) -> Counts:
    """Count the features of a text; an empty text has none."""
    import numpy as np

    words = np.asarray(_word_ids(tokens(text)), dtype=np.uint32)
    letters, _ = _letter_ids(head(text))
    ids, counts = np.unique(np.concatenate([words, letters]), return_counts=True)
    return Counts(ids, counts.astype(np.float32))


def names(text: str) -> dict[int, str]:
    """The words, word pairs and letter groups of a text by the hash that stands for them.

    Letter groups are written with ``·`` for a word's edge, e.g. ``·antr``.
    """
    words = tokens(text)
    found = dict(zip(_word_ids(words), _word_names(words), strict=True))
    line = head(text)
    ids, places = _letter_ids(line)
    for feature, (start, length) in zip(ids.tolist(), places, strict=True):
        found.setdefault(feature, line[start : start + length].replace(" ", "·"))
    return found


def tokens(text: str) -> list[str]:
    """Words of two letters and more in lower case, joined where a line end parted them."""
    whole = unicodedata.normalize("NFC", text[:WHOLE_CHARACTERS])
    return _TOKEN.findall(_BROKEN.sub("", whole).lower())


def head(text: str) -> str:
    """The head in lower case with one space between words and at both ends."""
    start = unicodedata.normalize("NFC", text[:HEAD_CHARACTERS]).lower()
    return f" {_SPACES.sub(' ', start).strip()} "


def _word_ids(words: list[str]) -> list[int]:
    """Hashes of the words, then of the pairs of neighbours."""
    encoded = [word.encode() for word in words]
    single = [crc32(word) for word in encoded]
    pairs = [crc32(b" " + encoded[i + 1], single[i]) for i in range(len(words) - 1)]
    return [value & (SPACE - 1) for value in single + pairs]


def _word_names(words: list[str]) -> list[str]:
    return words + [f"{words[i]} {words[i + 1]}" for i in range(len(words) - 1)]


def _letter_ids(line: str) -> tuple[NDArray[np.uint32], list[tuple[int, int]]]:
    """Hashes of the groups of 3 to 5 letters that lie in one word, its edges included.

    Returns:
        the hashes, and start and length in `line` of each.
    """
    import numpy as np

    codes = np.frombuffer(line.encode("utf-32-le"), dtype=np.uint32)
    inner_space = codes == ord(" ")
    ids: list[NDArray[np.uint32]] = []
    places: list[tuple[int, int]] = []
    for length in _LETTERS:
        count = len(codes) - length + 1
        if count <= 0:
            continue
        value = np.full(count, length, dtype=np.uint32)
        crossed = np.zeros(count, dtype=bool)
        for offset in range(length):
            part = slice(offset, offset + count)
            value = (value ^ codes[part]) * np.uint32(_PRIME)
            if 0 < offset < length - 1:
                crossed |= inner_space[part]
        value = (value * np.uint32(_MIX)) >> np.uint32(32 - SPACE_BITS)
        kept = np.flatnonzero(~crossed)
        ids.append(value[kept] + np.uint32(SPACE))
        places += [(start, length) for start in kept.tolist()]
    return (np.concatenate(ids) if ids else np.zeros(0, np.uint32)), places

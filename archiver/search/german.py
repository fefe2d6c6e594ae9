"""German text as the index sees it: words joined over line ends, folded spelling, offsets.

Promises pure functions under which every usual spelling of a German word is the same word:
Müller, Mueller, MÜLLER and Muller; Straße and Strasse. The index and the query go through the
same fold, so a fold that conflates a little too much (``aktuell`` becomes ``aktull``) never loses
a document.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WORD_LENGTH = 64
"""Letters of a word that count; longer runs are noise of recognition."""

_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
_LINE_END = re.compile(r"(?<=[^\W\d_])[-‐‑¬\u00ad][ \t\r]*\n[ \t]*(?=([^\W\d_]{1,16}))")
_SUSPENDED = frozenset(
    {"und", "oder", "sowie", "bis", "bzw", "beziehungsweise", "noch", "als", "aber", "auch"}
)
# "ue" after such a vowel is no written-out ü (Bauer, Feuer, Säue), nor is it after q (Quelle).
_DIGRAPH = re.compile(r"ae|oe|(?<![aeqäöü])ue")


def plain_text(text: str) -> str:
    """Compose accents, join words that were hyphenated at a line end, drop soft hyphens.

    A hyphen at a line end goes when a lower-case letter follows. It stays before a capital
    (``Müller-/Meier``), after an abbreviation (``EU-/weit``) and, with its line end, where it
    stands for a part left out (``Kinder-/und Jugendhilfe``).

    Args:
        text: one page or one short value; lines end in a newline.

    Returns:
        Text for the index and for people; line breaks otherwise kept.
    """
    composed = unicodedata.normalize("NFC", text)
    if "\n" in composed:
        composed = _LINE_END.sub(_joined, composed)
    return composed.replace("\u00ad", "")


def _joined(found: re.Match[str]) -> str:
    follower = found.group(1)
    if found.group().startswith("\u00ad"):
        return ""
    if follower in _SUSPENDED:
        return found.group()
    before = found.string[max(0, found.start() - 2) : found.start()]
    is_abbreviation = len(before) == 2 and before.isalpha() and before.isupper()
    return "-" if is_abbreviation or not follower.islower() else ""


@lru_cache(maxsize=1 << 16)
def fold(word: str) -> str:
    """Spell a word without case, accents, umlauts, ß and written-out umlauts.

    The fold of a beginning is a beginning of the fold, so prefixes may be folded too.

    Args:
        word: letters and digits.

    Returns:
        Letters and digits only, at most `WORD_LENGTH`; empty where nothing is left.
    """
    if word.isascii():
        lower = word.lower()
        return (_DIGRAPH.sub(_first_letter, lower) if "e" in lower else lower)[:WORD_LENGTH]
    lower = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).casefold())
    apart = unicodedata.normalize("NFKD", _DIGRAPH.sub(_first_letter, lower))
    return "".join(letter for letter in apart if letter.isalnum())[:WORD_LENGTH]


def _first_letter(digraph: re.Match[str]) -> str:
    return digraph.group()[0]


def words(text: str) -> list[str]:
    """Folded words of a plain text in their order."""
    return [folded for word in _WORD.findall(text) if (folded := fold(word))]


def spans(text: str) -> list[tuple[int, int, str]]:
    """Words of a plain text as (start, end, folded), offsets in characters, end exclusive."""
    return [
        (found.start(), found.end(), folded)
        for found in _WORD.finditer(text)
        if (folded := fold(found.group()))
    ]


def key(text: str) -> str:
    """Normalise a reference, an id or a code: separators dropped, spelling folded.

    ``632.6-2023/0815`` and ``632 6 2023 0815`` give the same key, and the key of a beginning is
    a beginning of the key.
    """
    return fold("".join(_WORD.findall(plain_text(text))))

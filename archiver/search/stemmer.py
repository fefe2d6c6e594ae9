"""The German Snowball stemmer on folded words.

Promises that the stem depends on the folded word alone, so all spellings of a word share it.
Rules: https://snowballstem.org/algorithms/german/stemmer.html. Umlauts and ß are gone before
(`archiver.search.german.fold`), which is where Snowball's last step puts them anyway.
"""

from __future__ import annotations

import re
from functools import lru_cache

_REGION = re.compile(r"[aeiouy][^aeiouy]")
_BETWEEN_VOWELS = re.compile(r"(?<=[aeiouy])[uy](?=[aeiouy])")
_ENDING_1 = re.compile(
    r"(?:erinnen|erin|ern|(?<!syst)em|er|en|es|e|(?<=[bdfghklmnrt])s|(?<=l)ns?)$"
)
_ENDING_2 = re.compile(
    r"(?:est|en|er|(?<=...[bdfghklmnt])st"
    r"|(?<=[Udfgklmnrstz])(?<!geordn)(?<!intern)(?<!plan)(?<!tick)(?<!tr)et)$"
)
_ENDING_3 = re.compile(r"(?:isch|lich|heit|keit|end|ung|ig|ik)$")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Cut a folded word to its stem: ``antrage`` and ``antrag`` to ``antrag``."""
    marked = _BETWEEN_VOWELS.sub(lambda vowel: vowel.group().upper(), word)
    first = _region(marked, 0)
    second = _region(marked, first)
    first = max(first, 3)
    marked = _without_inflection(marked, first)
    return _without_derivation(marked, first, second).lower()


def _region(word: str, start: int) -> int:
    """Index after the first non-vowel that follows a vowel, counted from `start`."""
    found = _REGION.search(word, start)
    return found.end() if found else len(word)


def _without_inflection(word: str, first: int) -> str:
    for ending in (_ENDING_1, _ENDING_2):
        found = ending.search(word)
        if found and found.start() >= first + (found.group() in ("n", "ns")):
            word = word[: found.start()]
            if found.group() in ("e", "en", "es") and word.endswith("niss"):
                word = word[:-1]
    return word


def _without_derivation(word: str, first: int, second: int) -> str:
    found = _ENDING_3.search(word)
    if not found or found.start() < second:
        return word
    ending, base = found.group(), word[: found.start()]
    if ending in ("end", "ung"):
        return _without(base, ("ig",), second, unless_after="e")
    if ending in ("ig", "ik", "isch"):
        return word if base.endswith("e") else base
    if ending in ("lich", "heit"):
        return _without(base, ("er", "en"), first)
    return _without(base, ("lich", "ig"), second)


def _without(base: str, endings: tuple[str, ...], region: int, unless_after: str = "\0") -> str:
    for ending in endings:
        rest = base[: -len(ending)]
        if base.endswith(ending) and len(rest) >= region and not rest.endswith(unless_after):
            return rest
    return base

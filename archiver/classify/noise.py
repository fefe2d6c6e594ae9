"""Noise of recognition on clean text, for evaluation: letters taken for others, lost, doubled.

Promises the same noise from the same seed, and no noise at a share of 0.
"""

from __future__ import annotations

from random import Random

_TAKEN_FOR = {
    "0": "Oo", "1": "lI", "2": "Z", "5": "S", "6": "b", "8": "B", "B": "8", "C": "G", "D": "O",
    "E": "F", "G": "C", "H": "N", "I": "l1", "O": "0Q", "S": "5", "Z": "2", "a": "oe", "b": "h6",
    "c": "e", "e": "co", "f": "t", "g": "q9", "h": "b", "i": "lj", "j": "i", "l": "1It", "m": "nr",
    "n": "ru", "o": "0e", "q": "g", "r": "nt", "s": "5", "t": "fl", "u": "nv", "v": "uy", "w": "v",
    "y": "v", "z": "2", "ä": "a", "ö": "o", "ü": "u", "Ä": "A", "Ö": "O", "Ü": "U", "ß": "B",
    ".": ",", ",": ".",
}  # fmt: skip
_ANY = "abcdefghijklmnopqrstuvwxyzäöüß0123456789.,;:-' "


def noisy(text: str, share: float, seed: int | str) -> str:
    """Damage a text as recognition does.

    Args:
        text: clean.
        share: of characters that are damaged, 0 to 1; one in two is taken for another (one in
            two of these for a like one), one in four is lost, one in four has one put after it.
        seed: decides which.
    """
    if not share:
        return text
    chance = Random(seed)
    return "".join(_damaged(char, chance) if chance.random() < share else char for char in text)


def _damaged(char: str, chance: Random) -> str:
    kind = chance.random()
    if kind < 0.25:
        return chance.choice(_TAKEN_FOR.get(char, _ANY))
    if kind < 0.5:
        return chance.choice(_ANY)
    if kind < 0.75:
        return ""
    return char + chance.choice(_ANY)

"""Characters that recognition confuses, and what they are where a digit or a word must stand.

Promises pure functions. The pairs are those that Tesseract's German model made on scanned letters
(O/0, l/1/I, S/5, B/8, Z/2, G/6, g/9) and those of stamps.
"""

from __future__ import annotations

_DIGITS = {
    **dict.fromkeys("OoQD°", "0"),
    **dict.fromkeys("lI|!iı", "1"),
    **dict.fromkeys("Zz", "2"),
    "A": "4",
    **dict.fromkeys("Ss", "5"),
    **dict.fromkeys("Gb", "6"),
    "T": "7",
    **dict.fromkeys("B&", "8"),
    **dict.fromkeys("gq", "9"),
}
_USUAL = frozenset("OoDlI|iıZzSsB")
_TO_DIGITS = str.maketrans(_DIGITS)

# One class for a regular expression: a digit or what is read instead of one.
DIGIT = "[0-9" + "".join(_DIGITS) + "]"

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("0Qo", "o"),
        **dict.fromkeys("1iı|!j", "l"),
        **dict.fromkeys("2", "z"),
        **dict.fromkeys("5ß", "s"),
        **dict.fromkeys("69q", "g"),
        **dict.fromkeys("8", "b"),
        **dict.fromkeys("äàáâ", "a"),
        **dict.fromkeys("éèê", "e"),
        **dict.fromkeys("öó", "o"),
        **dict.fromkeys("üú", "u"),
    }
)


def as_digits(text: str) -> str:
    """`text` with look-alikes of digits replaced by the digits."""
    return text.translate(_TO_DIGITS)


def repairs(text: str) -> int:
    """How many characters `as_digits` would replace."""
    return sum(character in _DIGITS for character in text)


def weak_repairs(text: str) -> int:
    """How many of the replaced characters are no usual look-alike of their digit."""
    return sum(character in _DIGITS and character not in _USUAL for character in text)


def folded(text: str) -> str:
    """`text` with everything equal that recognition or spelling confuses, for comparing words."""
    plain = text.casefold().replace("rn", "m").replace("ae", "a").replace("oe", "o")
    return plain.replace("ue", "u").replace("ss", "s").translate(_FOLDED)


def distance(one: str, other: str, limit: int) -> int:
    """Edit distance with swaps of neighbours (optimal string alignment), `limit` + 1 if more.

    Args:
        one: a short word.
        other: another one.
        limit: greatest distance that matters.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    from rapidfuzz.distance import OSA

    return OSA.distance(one, other, score_cutoff=limit)

"""References (Aktenzeichen): shapes that a town configures, and values behind labels.

Promises that a shape with fixed places repairs look-alikes and is never cut short: what goes on
behind the shape makes it a candidate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from archiver.extract.lookalikes import DIGIT, as_digits, repairs, weak_repairs

_PART = re.compile(r"9\+|9|A\+|A|.", re.DOTALL)
_SEPARATORS = {
    ".": r"\s?[.,·]\s?",
    "-": r"\s?[-–—]\s?",
    "/": r"\s?/\s?",
    " ": r"\s{0,2}",
    ":": r"\s?:\s?",
}
_GENERIC = re.compile(r"[^\W_](?:[\w./:–-]|\s(?=[\w/]*\d))*[^\W_]")
_MIXED = re.compile(r"[0-9][OolISZB]|[OolISZB](?=[0-9])(?<![A-Z][A-Z])")
_MAX_LENGTH = 30
_MOST_REPAIRS = 2


class ReferenceFound(NamedTuple):
    """A reference in a text.

    Attributes:
        start, end: place in the text.
        normal: digits repaired, blanks and separators as the shape has them.
        shape: template that fitted, None for one of unknown shape.
        repaired: replaced characters.
        is_sure: whether it has a configured shape, and only usual look-alikes were replaced.
    """

    start: int
    end: int
    normal: str
    shape: str | None
    repaired: int
    is_sure: bool


@lru_cache(maxsize=256)
def compiled(shape: str) -> re.Pattern[str]:
    """A shape as a pattern.

    Args:
        shape: ``9`` is one digit, ``9+`` one or more, ``A`` and ``A+`` letters alike; all else
            stands for itself, and separators may be misread or have a blank beside them. E.g.
            ``99.999.99999-9``, ``9+.9+/A+ 9999-9+``.

    Returns:
        A pattern with one group for each part of the shape.
    """
    parts = []
    for part in _PART.findall(shape):
        match part:
            case "9":
                parts.append(f"({DIGIT})")
            case "9+":
                parts.append(f"({DIGIT}{{1,12}})")
            case "A":
                parts.append(r"([^\W\d_])")
            case "A+":
                parts.append(r"([^\W\d_]{1,12})")
            case _:
                parts.append("(" + _SEPARATORS.get(part, re.escape(part)) + ")")
    return re.compile(r"(?<![\w])" + "".join(parts) + r"(?![^\W_]|[./–-][^\W_])")


def find_shapes(text: str, shapes: Sequence[str]) -> Iterator[ReferenceFound]:
    """References of the configured shapes anywhere in a text, without overlaps."""
    taken: list[tuple[int, int]] = []
    for shape in sorted(shapes, key=len, reverse=True):
        for match in compiled(shape).finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            found = _normal(match, shape)
            if found is not None:
                taken.append(match.span())
                yield found


def _normal(match: re.Match[str], shape: str) -> ReferenceFound | None:
    normal, replaced, weak, digits = "", 0, 0, 0
    for part, read in zip(_PART.findall(shape), match.groups(), strict=True):
        if part.startswith("9"):
            replaced += repairs(read)
            weak += weak_repairs(read)
            digits += len(read)
            normal += as_digits(read)
        elif part.startswith("A"):
            normal += read
        else:
            normal += part
            weak += part == " " and not read  # a letter may have come in the blank's place
    # A word like "So" in place of digits is a word.
    if replaced > 3 or replaced * 2 > digits:
        return None
    return ReferenceFound(
        match.start(), match.end(), normal, shape, replaced, not weak and replaced <= _MOST_REPAIRS
    )


def behind_label(text: str, shapes: Sequence[str]) -> ReferenceFound | None:
    """The reference that a text begins with, as it stands behind a label.

    Args:
        text: what follows the label.
        shapes: configured shapes, tried first.

    Returns:
        The reference; None if the text begins with none.
    """
    start = len(text) - len(text.lstrip(" :;.-|'"))
    fitting = [found for found in find_shapes(text, shapes) if found.start <= start]
    if fitting:
        return max(fitting, key=lambda found: found.end)
    met = _GENERIC.match(text, start)
    if met is None or not 3 <= len(met[0]) <= _MAX_LENGTH:
        return None
    if sum(c.isdecimal() for c in met[0]) < 2:
        return None
    normal = re.sub(r"\s+", " ", met[0]).replace("–", "-")
    return ReferenceFound(met.start(), met.end(), normal, None, len(_MIXED.findall(normal)), False)

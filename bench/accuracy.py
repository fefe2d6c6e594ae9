"""How well a text was read: character errors with and without reading order, words found again.

Promises pure functions of two strings, `truth` and `read`. White space counts as one space, since
line breaks are the layout's, not the reader's. A rate is a fraction: 0.0 is perfect, and an error
rate may exceed 1.0 where much was invented.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple


class Tally(NamedTuple):
    """Errors out of a total, so that pages of unlike length can be added up.

    Attributes:
        errors: edits or missed words.
        total: characters or words of the truth.
    """

    errors: int
    total: int

    @property
    def rate(self) -> float:
        """Errors per character or word; 0.0 where there was nothing to read."""
        return self.errors / self.total if self.total else 0.0


def added(tallies: list[Tally]) -> Tally:
    """Sum of `tallies`, each page counting by its length."""
    return Tally(sum(tally.errors for tally in tallies), sum(tally.total for tally in tallies))


def character_errors(truth: str, read: str) -> Tally:
    """Character errors with reading order (CER): edit distance of the whole texts."""
    from rapidfuzz.distance import Levenshtein

    truth, read = _one_spaced(truth), _one_spaced(read)
    return Tally(Levenshtein.distance(truth, read), len(truth))


def line_errors(truth: str, read: str) -> Tally:
    """Character errors without reading order (lCER): each true line against its best place.

    A line of the truth costs the fewest edits that turn it into any stretch of the text as read.
    """
    read = _one_spaced(read)
    lines = [line for raw in truth.splitlines() if (line := _one_spaced(raw))]
    return Tally(sum(best_place_distance(line, read) for line in lines), sum(map(len, lines)))


def missed_words(truth: str, read: str) -> Tally:
    """Words of the truth that are not in the text as read, as bags; recall is 1 - rate."""
    wanted, found = Counter(truth.split()), Counter(read.split())
    return Tally((wanted - found).total(), wanted.total())


def missed_signs(truth: str, read: str, sign: str) -> Tally:
    """How often `sign` stands in the truth and not in the text as read, by number alone."""
    wanted = truth.count(sign)
    return Tally(max(0, wanted - read.count(sign)), wanted)


def best_place_distance(pattern: str, text: str) -> int:
    """Fewest edits that turn `pattern` into some substring of `text`.

    Myers' bit-parallel search (JACM 46, 1999): one column of the edit matrix is a pair of integers,
    bit i set where row i is one more (`plus`) or one less (`minus`) than the row above.

    Returns:
        0 to ``len(pattern)``.
    """
    if not pattern:
        return 0
    full, last = (1 << len(pattern)) - 1, 1 << (len(pattern) - 1)
    places: dict[str, int] = {}
    for row, sign in enumerate(pattern):
        places[sign] = places.get(sign, 0) | (1 << row)
    plus, minus = full, 0
    distance = best = len(pattern)
    for sign in text:
        match = places.get(sign, 0)
        vertical = match | minus
        diagonal = (((match & plus) + plus) ^ plus) | match
        rise = minus | (full & ~(diagonal | plus))
        fall = plus & diagonal
        if rise & last:
            distance += 1
        elif fall & last:
            distance -= 1
        # A match may begin anywhere, so row 0 stays 0: nothing is shifted in below.
        rise, fall = (rise << 1) & full, (fall << 1) & full
        plus = fall | (full & ~(vertical | rise))
        minus = rise & vertical
        best = min(best, distance)
    return best


def _one_spaced(text: str) -> str:
    """`text` with every run of white space as one space."""
    return " ".join(text.split())

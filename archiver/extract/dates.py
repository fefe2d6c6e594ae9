"""German dates in text that a machine has read: found, repaired, or left alone.

Promises pure reading that never raises. A date has a day: ``März 2021`` is none. What looks like
a date but numbers something (``Version 2.10.21``, ``§ 3.1.21``, a reference) is none either. Every
repair costs confidence; `SURE` is the line below which a date is only a candidate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from archiver.extract.lookalikes import DIGIT, as_digits, distance, folded, repairs

# Chosen with bench/extraction.py: at this line at least 99 of 100 dates in noisy text are right.
SURE = 0.7

_MONTHS = (
    ("januar", "jan", "janner", "jaenner"),
    ("februar", "feb", "febr", "feber"),
    ("maerz", "mrz", "mar", "mz"),
    ("april", "apr"),
    ("mai",),
    ("juni", "jun"),
    ("juli", "jul"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("oktober", "okt", "oct"),
    ("november", "nov"),
    ("dezember", "dez", "dec"),
)
_NAMES = {folded(name): number for number, names in enumerate(_MONTHS, 1) for name in names}
_WHOLE = {folded(names[0]): number for number, names in enumerate(_MONTHS, 1)}

_D = DIGIT
_ALIEN = "[^\\W\\d_]|[^\\w\\s.,:;/-]"  # one character that came in between
_PAIR = f"{_D}(?:{_ALIEN})?{_D}(?:{_ALIEN})?|{_D}"
_DOT = r"(?:\s{0,2}[.,:;·•]{1,2}\s{0,2})"
_YEAR4 = rf"[12lIi|!Zz]\s?[09OoQDgq]\s?[.,;:']?{_D}\s?{_D}"
_YEAR = rf"{_YEAR4}|[12]\d(?:{_ALIEN})\d\d|[12](?:{_ALIEN})\d{{3}}|\d{{3}}(?:{_ALIEN})\d|'?(?:{_D}\d|\d{_D})(?![^\W\d_])"
_LEFT = r"(?<![0-9])(?<![0-9][.,/:-])"
_RIGHT = r"(?![0-9])(?![./-][0-9])"

_PATTERNS = (
    re.compile(
        rf"{_LEFT}(?P<day>{_PAIR})(?P<sep1>{_DOT})(?P<month>{_PAIR})(?P<sep2>{_DOT})"
        rf"(?P<year>{_YEAR}){_RIGHT}"
    ),
    re.compile(
        rf"{_LEFT}(?P<day>{_D}{{1,2}})(?P<sep1>\s?[/-]\s?)(?P<month>{_D}{{1,2}})(?P<sep2>\s?[/-]\s?)"
        rf"(?P<year>{_YEAR4}|\d\d){_RIGHT}"
    ),
    # A point that got lost, or was read as a blank.
    re.compile(
        rf"{_LEFT}(?P<day>\d\d)(?P<sep1>\s?)(?P<month>\d\d)(?P<sep2>{_DOT})(?P<year>{_YEAR4}){_RIGHT}"
    ),
    re.compile(
        rf"{_LEFT}(?P<day>\d\d)(?P<sep1>{_DOT})(?P<month>\d\d)(?P<sep2>\s?)(?P<year>{_YEAR4}){_RIGHT}"
    ),
    re.compile(
        rf"{_LEFT}(?P<day>{_PAIR})(?P<sep1>\s{{0,2}}[.,:;·]{{0,2}}\s{{0,2}})"
        rf"(?P<name>[^\W\d_][\w|!]{{1,9}}?)(?P<sep2>\s{{0,2}}[.,:;]{{0,2}}\s{{0,2}})"
        rf"(?P<year>{_YEAR}){_RIGHT}"
    ),
    re.compile(
        rf"(?<![\w-])(?P<year>[12l][90O]{_D}{_D})(?P<sep1>-)(?P<month>{_D}{_D})(?P<sep2>-)"
        rf"(?P<day>{_D}{_D})(?![\w-])"
    ),
)

_CUE = re.compile(
    r"(?:\b(?:vom|den|dem|am|bis|ab|seit|zum|von|und|datum|stand|eingegangen|eingang)"
    r"|datum|tag,|[^\W\d_]{3},|:)\W{0,3}$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:\b(?:nr|nummer|ziffer|ziff|abschnitt|abschn|kapitel|kap|punkt|pos|position|tel|telefon|fax"
    r"|absatz|abs|art|artikel|din|top|anlage|teil|buchungsstelle)|§)\W{0,3}$",
    re.IGNORECASE,
)
_SOFTWARE = ("version", "release", "build", "revision", "firmware", "software", "update")
_LAST_WORD = re.compile(r"([^\W\d_]+)\W{0,3}$")
_SPLIT_DAY = re.compile(r"(?:^|\s)[0-3]\s$")
_FAR_AHEAD_YEARS = 10
_FIRST_YEAR = 1900


class DateFound(NamedTuple):
    """One date in a text.

    Attributes:
        start, end: place in the text.
        value: the day.
        confidence: 0 to 1, lower for every repair.
    """

    start: int
    end: int
    value: date
    confidence: float


def find_dates(text: str, today: date) -> tuple[DateFound, ...]:
    """All dates of a text, in order, without overlaps.

    Args:
        text: of any kind and length.
        today: tells which century two digits mean, and which years are far ahead.

    Returns:
        Dates from 1900 on, with their confidence; implausible ones with a low one.
    """
    found = sorted(_all(text, today), key=lambda one: (-one.confidence, one.start - one.end))
    taken: list[DateFound] = []
    for one in found:
        if all(one.end <= other.start or other.end <= one.start for other in taken):
            taken.append(one)
    return tuple(sorted(taken))


def _all(text: str, today: date) -> Iterator[DateFound]:
    for pattern in _PATTERNS:
        start = 0
        while match := pattern.search(text, start):
            start = match.start() + 1
            one = _read(match, text, today)
            if one is not None:
                yield one
                start = match.end()


def _read(match: re.Match[str], text: str, today: date) -> DateFound | None:
    parts = match.groupdict()
    groups = [parts["day"], parts.get("month") or "", parts["year"]]
    cost = _cost_of_groups(groups)
    month: int | None
    if "name" in parts:
        month, doubt = _month(parts["name"])
        cost += doubt
    else:
        month = _number(parts["month"])
        cost += _cost_of_style(parts)
    day, year = _number(parts["day"]), _year(parts["year"], match, text, today)
    if cost is None or not day or not month or year is None:
        return None
    try:
        value = date(year, month, day)
    except ValueError:
        return None
    confidence = 1.0 - cost - _cost_of_place(match, text, parts) - _cost_of_year(value, today)
    return DateFound(match.start(), match.end(), value, round(min(max(confidence, 0.0), 1.0), 3))


def _number(group: str) -> int | None:
    digits = "".join(c for c in as_digits(group) if c.isdecimal() and c.isascii())
    return int(digits) if digits else None


def _cost_of_groups(groups: list[str]) -> float:
    """What repaired and strange characters cost; a day of letters alone is none."""
    together = "".join(groups)
    digits = sum(c in "0123456789" for c in together)
    replaced = repairs(together)
    if digits <= replaced or replaced > 3:
        return 1.0
    strange = sum(
        not (c in "0123456789" or repairs(c) or c in " .,;:'") for c in together
    )
    return 0.06 * replaced + 0.15 * strange + (0.5 if strange > 1 else 0.0)


def _cost_of_style(parts: dict[str, str]) -> float:
    """What unusual separators and padding cost: ``2.03.2021`` has often lost a digit."""
    first, second = parts["sep1"].strip(), parts["sep2"].strip()
    cost = 0.0
    if not first or not second:
        cost += 0.25
    elif first in "/-":
        cost += 0.1 if first == second else 0.5
    if ":" in first + second or ";" in first + second:
        cost += 0.1 if first != second else 0.4
    day, month = parts["day"], parts["month"]
    if len(day) == 1 and as_digits(month).startswith("0"):
        cost += 0.2
    if len(parts["year"]) <= 3 and min(len(day), len(month)) == 1:
        cost += 0.25
    return cost


def _month(name: str) -> tuple[int | None, float]:
    """Number of a month and what its spelling costs; None if no or several months are meant."""
    written = folded(name)
    if written in _NAMES:
        return _NAMES[written], 0.0
    limit = 2 if len(written) >= 7 else 1 if len(written) >= 4 else 0
    near = {n: distance(written, whole, limit) for whole, n in _WHOLE.items()}
    least = min(near.values())
    nearest = [number for number, away in near.items() if away == least]
    if least > limit or len(nearest) > 1:
        return None, 1.0
    return nearest[0], 0.08 * least


def _year(group: str, match: re.Match[str], text: str, today: date) -> int | None:
    number = _number(group)
    if number is None:
        return None
    if number >= 100 or len(group.strip("'")) > 2:
        return number if _FIRST_YEAR <= number <= today.year + 100 else None
    # Two digits are only a year where they are not the half of one.
    if re.match(r"[ .,;:'´`]{0,2}[0-9]|[^\W_]", text[match.end() : match.end() + 3]):
        return None
    return number + (2000 if number <= today.year % 100 + 1 else 1900)


def _cost_of_place(match: re.Match[str], text: str, parts: dict[str, str]) -> float:
    """What stands before the date speaks for it or against it."""
    before = text[max(0, match.start() - 24) : match.start()]
    two_digits = len(parts["year"].strip("'")) <= 2
    word = _LAST_WORD.search(before)
    cost = 0.1 if two_digits else 0.0
    if "name" not in parts:
        if word and _is_software(word[1]):
            return 1.0
        if _NUMBERED.search(before):
            cost += 0.9 if two_digits else 0.2
    if len(parts["day"]) == 1 and _SPLIT_DAY.search(before):
        cost += 0.35
    if before[-1:].isalpha() and repairs(match[0][0]):
        cost += 0.5
    return cost - (0.1 if _CUE.search(before) else 0.0)


def _is_software(word: str) -> bool:
    written = folded(word)
    return written == "v" or any(distance(written, folded(one), 2) <= 2 for one in _SOFTWARE)


def _cost_of_year(value: date, today: date) -> float:
    if value.year > today.year + _FAR_AHEAD_YEARS:
        return 0.4
    return 0.0

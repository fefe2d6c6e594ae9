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

from archiver.extract.lookalikes import DIGIT, as_digits, distance, folded, repairs, weak_repairs

# Chosen with bench/extraction.py: at this line at least 99 of 100 dates in noisy text are right.
SURE = 0.7

_MONTHS = (
    ("januar", "jan", "janner", "jaenner"),
    ("februar", "feb", "febr", "feber"),
    ("maerz", "mrz", "mar"),
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

_D = DIGIT
_ALIEN = "[^\\W\\d_]|[^\\w\\s.,:;/-]"  # one character that came in between
_PAIR = f"{_D}(?:{_ALIEN})?{_D}(?:{_ALIEN})?|{_D}"
_DOT = r"(?:\s{0,2}[.,:;·•]{1,2}\s{0,2}(?:[^\W\d_](?=\d\d))?)"
_LOST = r"(?:\s?|[^\W\d_]\s?)"
_YEAR4 = rf"[12lIi|!Zz][09OoQDgq]{_D}{_D}|[12]\s?[09](?:\s|[.,;:'])?\d\s?\d"
_YEAR5 = r"[12][^\d\s]\d{3}|[12]\d[^\d\s]\d\d|\d{3}[^\d\s]\d"
_YEAR3 = r"[^\W\d_]?[09]\d\d"  # the first digit is lost or no digit
_YEAR2 = rf"'?(?:{_D}\d|\d{_D})(?![^\W\d_])"
_YEAR = rf"{_YEAR4}|{_YEAR5}|{_YEAR3}|{_YEAR2}"
_LEFT = r"(?<![0-9])(?<![0-9][.,/:-])"
_RIGHT = r"(?![0-9])(?![./-][0-9])"

_PATTERNS = (
    re.compile(
        rf"{_LEFT}(?P<day>{_PAIR})(?P<sep1>{_DOT})(?P<month>{_PAIR})(?P<sep2>{_DOT})"
        rf"(?P<year>{_YEAR}){_RIGHT}"
    ),
    re.compile(
        rf"{_LEFT}(?P<day>{_D}{{1,2}})(?P<sep1>\s?[/-]\s?)(?P<month>{_D}{{1,2}})(?P<sep2>\s?[/-]\s?)"
        rf"(?P<year>(?:{_YEAR4})|\d\d){_RIGHT}"
    ),
    # A point that got lost, or was read as a blank.
    re.compile(
        rf"{_LEFT}(?P<day>\d\d)(?P<sep1>{_LOST})(?P<month>\d\d)(?P<sep2>{_DOT})"
        rf"(?P<year>{_YEAR4}){_RIGHT}"
    ),
    re.compile(
        rf"{_LEFT}(?P<day>\d\d)(?P<sep1>{_DOT})(?P<month>\d\d)(?P<sep2>{_LOST})"
        rf"(?P<year>{_YEAR4}){_RIGHT}"
    ),
    re.compile(
        rf"{_LEFT}(?P<day>{_PAIR})(?P<sep1>\s{{0,2}}[.,:;·]{{0,2}}\s{{0,2}})"
        rf"(?P<name>[\w][\w|!;'’-]{{1,9}}?)(?P<sep2>\s{{0,2}}[.,:;·]{{0,2}}\s{{0,2}}(?:[^\W\d_](?=[12]\d{{3}}))?)"
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
_HALF = re.compile(r"[ .,;:'´`]{0,2}[0-9]")
_SPLIT_DAY = re.compile(r"(?:(?:^|\s)[0-3]|\d[.,])\s$")
# Papers name days of the next year (to be paid, valid until); later ones are mostly misread.
_AHEAD_YEARS = 1
_OLD_YEAR = 1950
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
    numbers = [parts["day"], parts.get("month") or "1"]
    if any(not _has_digit(group) for group in (*numbers, parts["year"])):
        return None
    cost = _cost_of_repairs([*numbers, parts["year"]])
    if "name" in parts:
        month, doubt = _month(parts)
        cost += doubt
    else:
        month = _number(parts["month"])
        cost += _cost_of_style(parts)
    year, doubt = _year(parts["year"], match, text, today)
    day = _number(parts["day"])
    if not day or not month or year is None:
        return None
    try:
        value = date(year, month, day)
    except ValueError:
        return None
    cost += doubt + _cost_of_place(match, text, parts)
    return DateFound(match.start(), match.end(), value, round(min(max(1.0 - cost, 0.0), 1.0), 3))


def _has_digit(group: str) -> bool:
    return any(c in "0123456789" for c in group)


def _number(group: str) -> int | None:
    if len(group) == 3:  # one character came in, and it was none of the two digits
        group = "".join(c for c in group if _has_digit(c))
    digits = "".join(c for c in as_digits(group) if c.isdecimal() and c.isascii())
    return int(digits) if digits else None


def _cost_of_repairs(groups: list[str]) -> float:
    """What repaired and strange characters cost; where both come together, a lot."""
    together = "".join(groups)
    replaced, weak = repairs(together), weak_repairs(together)
    strange = sum(not (_has_digit(c) or repairs(c) or c.isspace()) for c in together)
    if replaced > 3 or strange > 1:
        return 1.0
    return (
        0.06 * (replaced - weak) + 0.15 * weak + 0.15 * strange + 0.2 * bool(strange and replaced)
    )


def _cost_of_style(parts: dict[str, str]) -> float:
    """What unusual separators and padding cost: ``2.03.2021`` has often lost a digit."""
    first, second = parts["sep1"].strip(), parts["sep2"].strip()
    cost = 0.0
    if not first or not second or first.isalpha() or second.isalpha():
        cost += 0.25
    elif first in "/-":
        cost += 0.1 if first == second else 0.5
    if ":" in first + second or ";" in first + second:
        cost += 0.1 if first != second else 0.4
    day, month = parts["day"], parts["month"]
    if len(day) == 1 and as_digits(month).startswith("0"):
        cost += 0.35
    if len(parts["year"]) <= 3 and min(len(day), len(month)) == 1:
        cost += 0.25
    return cost


def _month(parts: dict[str, str]) -> tuple[int | None, float]:
    """Number of a month and what its spelling costs; None if no or several months are meant."""
    written = folded(parts["name"])
    if written in _NAMES:
        # An n may be read as ii, an l as i: "Juii" is June or July.
        known = written != "lull" or parts["name"][2] not in "iı"
        return (_NAMES[written], 0.0) if known else (None, 1.0)
    # Of three letters one may only be wrong where points or capitals show that a month is meant.
    letters = sum(c.isalpha() for c in parts["name"])
    if letters < 2 or letters * 2 <= len(parts["name"]) or len(written) < 3:
        return None, 1.0
    is_short = len(written) <= 4
    if is_short and not (parts["sep1"].strip() and (parts["sep2"].strip() or _shouts(parts))):
        return None, 1.0
    limit = 2 if len(written) >= 7 else 1
    near = [(distance(written, name, limit), number) for name, number in _NAMES.items()]
    least = min(near)[0]
    nearest = {number for away, number in near if away == least}
    if least > limit or len(nearest) > 1:
        return None, 1.0
    return nearest.pop(), 0.08 * least + (0.1 if is_short else 0.0)


def _shouts(parts: dict[str, str]) -> bool:
    return parts["name"].isupper() or len(parts["name"]) == 4


def _year(group: str, match: re.Match[str], text: str, today: date) -> tuple[int | None, float]:
    """The year and what its spelling costs; None where it is none."""
    group = re.sub(r"[\s']", "", group)
    cost = 0.0
    if len(group) == 5:  # one character came in
        group = "".join(c for c in group if _has_digit(c))
        number: int | None = int(group)
    elif len(group) == 2:
        # Two digits are only a year where they are not the half of one.
        if group in ("19", "20") and _HALF.match(text, match.end()):
            return None, 1.0
        number = _number(group)
        if number is not None:
            number += 2000 if number <= today.year % 100 + 1 else 1900
    elif re.fullmatch(_YEAR3, group) and not repairs(group[0]):
        last = int(group[-3:])
        number, cost = last + (2000 if last < 100 else 1000), 0.15
    else:
        number = _number(group)
    if number is None or not _FIRST_YEAR <= number <= today.year + 100:
        return None, 1.0
    if number > today.year + _AHEAD_YEARS:
        cost += 0.5
    if number < _OLD_YEAR and repairs(group):
        cost += 0.4
    return number, cost


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
    lonely = len(parts["day"]) == 1
    if lonely and (_SPLIT_DAY.search(before) or _stuck(before) or len(parts["sep1"].strip()) > 1):
        cost += 0.4
    return cost - (0.1 if _CUE.search(before) else 0.0)


def _stuck(before: str) -> bool:
    """Whether a day of one digit hangs on what may be its first digit."""
    return bool(before) and not before[-1].isspace() and before[-1] not in '(["„:,*|'


def _is_software(word: str) -> bool:
    written = folded(word)
    return written == "v" or any(distance(written, folded(one), 2) <= 2 for one in _SOFTWARE)

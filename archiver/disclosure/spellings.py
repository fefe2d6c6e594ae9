"""The spellings under which a term is looked for; dates have many.

Promises pure functions. A spelling is the run of folded words that it consists of; whoever looks
for it may join them, since blanks come and go on paper (IBAN, telephone numbers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from archiver.errors import UsageFault

Fold = Callable[[str], str]

_RUN = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
_NUMERIC = re.compile(r"\s*(\d{1,2})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{4}|\d{2})\s*")
_ISO = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*")
_NAMED = re.compile(r"\s*(\d{1,2})\s*\.?\s*([^\W\d_]{3,9})\.?\s*(\d{4}|\d{2})\s*")
_MONTHS = (
    ("januar", "jan", "jänner"),
    ("februar", "feb", "febr"),
    ("märz", "mär", "mrz", "maerz"),
    ("april", "apr"),
    ("mai",),
    ("juni", "jun"),
    ("juli", "jul"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("oktober", "okt"),
    ("november", "nov"),
    ("dezember", "dez"),
)
# Two digits of a year up to this one are of this century: birth dates reach far back.
_CENTURY_TURNS = 30


class Spelling(NamedTuple):
    """One way to write a term.

    Attributes:
        runs: its folded words.
        strict: the words must stand apart just so; else 1.12.2024 would be 11.2.2024.
    """

    runs: tuple[str, ...]
    strict: bool = False

    @property
    def key(self) -> str:
        """The words joined."""
        return "".join(self.runs)


def folded_runs(text: str, fold: Fold) -> tuple[str, ...]:
    """Words of a text, folded, without signs between them."""
    return tuple(folded for found in _RUN.finditer(text) if (folded := fold(found.group())))


def joined(text: str, fold: Fold) -> str:
    """A text as one run of folded letters and digits."""
    return "".join(folded_runs(text, fold))


def spellings(text: str, fold: Fold) -> tuple[Spelling, ...]:
    """The ways in which a term may be written.

    Args:
        text: as a person writes it.
        fold: spells one word without case, accents and umlauts.

    Returns:
        the term as written first; of a date all its usual writings.

    Raises:
        UsageFault: ``term_empty``, there is no letter or digit in it.
    """
    runs = folded_runs(text, fold)
    if not runs:
        raise UsageFault("term_empty")
    day = _day(text)
    if day is None:
        return (Spelling(runs),)
    return tuple(
        dict.fromkeys(
            [Spelling(runs, strict=_NUMERIC.fullmatch(text) is not None), *_writings(day, fold)]
        )
    )


def _writings(day: date, fold: Fold) -> Iterator[Spelling]:
    """Give the usual German and ISO writings of a day."""
    years = (str(day.year), f"{day.year % 100:02d}")
    days = dict.fromkeys((f"{day.day:02d}", str(day.day)))
    months = dict.fromkeys((f"{day.month:02d}", str(day.month)))
    for year in years:
        for first in days:
            for second in months:
                yield Spelling((first, second, year), strict=True)
            for name in _MONTHS[day.month - 1]:
                yield Spelling((first, fold(name), year))
    # Written without signs, as in names of files and on punched forms.
    yield Spelling((f"{day:%d%m%Y}",), strict=True)
    yield Spelling((f"{day:%Y}", f"{day:%m}", f"{day:%d}"), strict=True)
    yield Spelling((f"{day:%Y%m%d}",), strict=True)


def _day(text: str) -> date | None:
    """Read a term as a date; None where it is none."""
    if found := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _NUMERIC.fullmatch(text):
        day, month, year = int(found[1]), int(found[2]), _year(found[3])
    elif found := _NAMED.fullmatch(text):
        name = found[2].casefold()
        month = next((n for n, names in enumerate(_MONTHS, 1) if name in names), 0)
        day, year = int(found[1]), _year(found[3])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(digits: str) -> int:
    """Fill up a year of two digits."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2000 if year <= _CENTURY_TURNS else 1900)

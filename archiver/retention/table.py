"""The table of due dates: how many units may go, by class and year.

Promises that every unit is counted once, in one cell of its class's row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from archiver.retention.due import Due
from archiver.retention.rules import Disposition


class DueRow(msgspec.Struct, frozen=True):
    """The units of one class and disposition.

    Attributes:
        class_key: of the class.
        disposition: A archive, B appraise, V destroy, or empty.
        by_year: number by year of the first day on which they may go.
        later: number of those that may go only after the day asked about.
        held: number of those that might go until that day, but a hold stops them.
        open: number of those of which an event is not known.
        permanent: number of those that never go.
        unruled: number of those without a period.
    """

    class_key: str
    disposition: Disposition
    by_year: Mapping[int, int]
    later: int = 0
    held: int = 0
    open: int = 0
    permanent: int = 0
    unruled: int = 0

    @property
    def total(self) -> int:
        """All units of the row."""
        rest = self.later + self.held + self.open + self.permanent + self.unruled
        return sum(self.by_year.values()) + rest


class DueTable(msgspec.Struct, frozen=True):
    """Rows by class, then disposition.

    Attributes:
        until: last day asked about; None: no end.
        rows: one for each class and disposition that occurs, sorted.
    """

    until: date | None
    rows: tuple[DueRow, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """Years in which something may go, ascending."""
        return tuple(sorted({year for row in self.rows for year in row.by_year}))


def due_table(units: Iterable[tuple[Due, bool]], until: date | None = None) -> DueTable:
    """Count units by class and year.

    Args:
        units: each unit's due date, and whether a hold stops it.
        until: units whose first day lies after it are counted as later; None: none are.
    """
    years: dict[tuple[str, Disposition], Counter[int]] = {}
    rest: dict[tuple[str, Disposition], Counter[str]] = {}
    for one, is_held in units:
        row = (one.class_key, one.disposition)
        in_years, beside = years.setdefault(row, Counter()), rest.setdefault(row, Counter())
        first = one.first_day
        if one.kind != "dated":
            beside[one.kind] += 1
        elif first is None or (until is not None and first > until):
            beside["later"] += 1
        elif is_held:
            beside["held"] += 1
        else:
            in_years[first.year] += 1
    rows = (_row(*row, in_years, rest[row]) for row, in_years in sorted(years.items()))
    return DueTable(until, tuple(rows))


def _row(
    class_key: str, disposition: Disposition, in_years: Counter[int], rest: Counter[str]
) -> DueRow:
    return DueRow(
        class_key,
        disposition,
        dict(sorted(in_years.items())),
        later=rest["later"],
        held=rest["held"],
        open=rest["open"],
        permanent=rest["permanent"],
        unruled=rest["unruled"],
    )

"""Periods of the civil calendar: from an event's day to the last day of a period.

Promises the count of the German Civil Code. The day of the event is not counted (BGB § 187 (1));
a period in months or years ends with the day of the last month that has the event's number, one
in days with its last day (§ 188 (1), (2)); where the last month has no such day, it ends with that
month's last day (§ 188 (3)). Years and months are one amount and days come last (§ 189 (2), which
says so of half months). Sundays and holidays move nothing: § 193 is about declarations and
payments, not about keeping.

A period counted from the end of a calendar year is one whose event lies on 31 December: whether
that day is left out (§ 187 (1)) or 1 January is counted (§ 187 (2)), it ends on the same day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import MAXYEAR, date, timedelta

import msgspec


class Step(msgspec.Struct, frozen=True):
    """One step of a calculation, as people can be told it.

    Attributes:
        code: that `archiver.phrases.step` knows.
        params: values for its sentence; dates as 2026-12-31, so that they survive JSON.
    """

    code: str
    params: Mapping[str, str | int] = {}


class Amount(msgspec.Struct, frozen=True):
    """A length of time in years, months and days; none of them negative."""

    years: int = 0
    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if min(self.years, self.months, self.days) < 0:
            raise ValueError("a period cannot be negative")

    @property
    def is_nothing(self) -> bool:
        """Whether the period ends with the event itself."""
        return not (self.years or self.months or self.days)


def year_end(day: date) -> date:
    """31 December of the year of `day`."""
    return date(day.year, 12, 31)


def period_end(start: date, amount: Amount) -> date | None:
    """The last day of a period; None where it lies beyond the calendar (after 9999).

    Args:
        start: day of the event, which is not counted.
        amount: length of the period.
    """
    month = start.month - 1 + 12 * amount.years + amount.months
    year, month = start.year + month // 12, month % 12 + 1
    if year > MAXYEAR:
        return None
    last = date(year, month, min(start.day, monthrange(year, month)[1]))
    try:
        return last + timedelta(days=amount.days)
    except OverflowError:
        return None


def counted(start: date, amount: Amount) -> tuple[date | None, tuple[Step, ...]]:
    """The last day of a period, and how it was found.

    Args:
        start: day of the event, which is not counted.
        amount: length of the period.

    Returns:
        The day as `period_end` gives it, and the steps.
    """
    last = period_end(start, amount)
    if last is None:
        return None, (Step("beyond_calendar", {"on": start.isoformat()}),)
    if amount.is_nothing:
        return last, (Step("ends_at_once", {"on": last.isoformat()}),)
    params: dict[str, str | int] = {**msgspec.structs.asdict(amount), "on": last.isoformat()}
    whole = period_end(start, Amount(amount.years, amount.months))
    if whole is not None and whole.day != start.day:
        return last, (Step("no_such_day", {"day": start.day}), Step("added", params))
    return last, (Step("added", params),)

"""Days and ranges of days in a query: ``2023``, ``03.2024``, ``01.01.2023..``, ``>=heute-30``.

Promises pure reading and writing of ranges. A bound is an ISO day or ``today±N``, which is
resolved only when the query is run, because reading a query knows no clock.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from archiver.errors import UsageFault

Bounds = tuple[str | None, str | None]  # first and last day, both inclusive; None is open

_YEAR = re.compile(r"(?P<year>[0-9]{4})")
_MONTH = re.compile(r"(?P<month>[0-9]{1,2})[./](?P<year>[0-9]{4})")
_MONTH_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})")
_DAY = re.compile(r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})")
_DAY_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_RELATIVE = re.compile(r"(?P<name>heute|today|gestern|yesterday)(?P<shift>[+-][0-9]{1,5})?")
_COMPARED = re.compile(r"(?P<sign>>=|<=|>|<)(?P<rest>.*)", re.DOTALL)
_YEARS = range(1000, 3000)
_DAYS_AWAY = 36_500


def bounds(text: str, position: int) -> Bounds:
    """Read the value of a date field.

    Args:
        text: e.g. ``2023``, ``03.2024..``, ``<=2024-03-01``.
        position: of the value in the query, for the fault.

    Returns:
        First and last day, inclusive.

    Raises:
        UsageFault: ``bad_date`` with the text that is no date.
    """
    compared = _COMPARED.fullmatch(text)
    if compared:
        first, last = _period(compared["rest"], position)
        match compared["sign"]:
            case ">=":
                return first, None
            case ">":
                return _shifted(last, 1, position), None
            case "<=":
                return None, last
            case _:
                return None, _shifted(first, -1, position)
    if ".." in text:
        low, high = text.split("..", 1)
        return (
            _period(low, position)[0] if low else None,
            _period(high, position)[1] if high else None,
        )
    return _period(text, position)


def written(days: Bounds) -> str:
    """Write a range as `bounds` reads it."""
    first, last = days
    return f"{first or ''}..{last or ''}"


def resolved(bound: str | None, today: date) -> int | None:
    """Turn a bound into the number YYYYMMDD, counting relative ones from `today`."""
    if bound is None:
        return None
    relative = _RELATIVE.fullmatch(bound)
    if relative:
        day = today + timedelta(days=int(relative["shift"] or 0))
        return number(day.isoformat())
    return number(bound)


def number(day: str) -> int:
    """Turn an ISO day into the number YYYYMMDD, whose order is that of the days."""
    return int(day.replace("-", ""))


def _period(text: str, position: int) -> tuple[str, str]:
    """First and last day that a year, a month, a day or a relative day names."""
    relative = _RELATIVE.fullmatch(text.casefold())
    if relative:
        shift = int(relative["shift"] or 0) - (relative["name"] in ("gestern", "yesterday"))
        if abs(shift) <= _DAYS_AWAY:
            day = f"today{shift:+}" if shift else "today"
            return day, day
    for pattern in (_YEAR, _MONTH, _MONTH_ISO, _DAY, _DAY_ISO):
        found = pattern.fullmatch(text)
        if found and int(found["year"]) in _YEARS:
            parts = {name: int(digits) for name, digits in found.groupdict().items()}
            try:
                return _days(**parts)
            except ValueError:
                break
    raise UsageFault("bad_date", met=text, position=position)


def _days(year: int, month: int | None = None, day: int | None = None) -> tuple[str, str]:
    if month is None:
        return f"{year}-01-01", f"{year}-12-31"
    first = date(year, month, 1 if day is None else day)
    last = first if day is not None else first.replace(day=monthrange(year, month)[1])
    return first.isoformat(), last.isoformat()


def _shifted(day: str, days: int, position: int) -> str:
    relative = _RELATIVE.fullmatch(day)
    if relative:
        shifted = f"today{int(relative['shift'] or 0) + days:+}"
    else:
        shifted = (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    return _period(shifted, position)[0]

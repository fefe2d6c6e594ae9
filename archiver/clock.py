"""The clock: the time as it is stored, the town's day and hour made from it, and days as typed.

Promises that stored times are UTC, ISO 8601 with milliseconds and ``Z``, and that days are those
of the town: a letter that comes half an hour after midnight came on the new day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from archiver.errors import UsageFault

_FIRST_YEAR, _LAST_YEAR = 1970, 9000
TOWN = "Europe/Berlin"
_EVENING = 22
_GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def now() -> str:
    """The time as it is stored."""
    return stored(datetime.now(UTC).timestamp())


def stored(seconds: float) -> str:
    """Seconds since 1970, as files have them, as the time is stored."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_town(stored: str) -> datetime:
    """A stored time on the town's clock."""
    from zoneinfo import ZoneInfo

    return datetime.fromisoformat(stored).astimezone(ZoneInfo(TOWN))


def town_day(stored: str) -> date:
    """The town's day at a stored time."""
    moment = datetime.fromisoformat(stored)
    # The town is one or two hours ahead, so only late in the evening the days differ, and only
    # then the table of time zones has to be loaded.
    return in_town(stored).date() if moment.hour >= _EVENING else moment.date()


def typed_day(text: str) -> date:
    """A day as people type it: 31.12.2026 or 2026-12-31.

    Raises:
        UsageFault: ``not_a_date``.
    """
    german = _GERMAN_DAY.fullmatch(text.strip())
    try:
        if german:
            day, month, year = (int(group) for group in german.groups())
            return date(year, month, day)
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageFault("not_a_date", value=text) from None


def is_time(text: str) -> bool:
    """Whether a text from a file is a time that can be reckoned with: with a zone, no far year."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and _FIRST_YEAR <= moment.year <= _LAST_YEAR

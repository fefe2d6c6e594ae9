"""The clock: the time as it is stored, and the town's day and hour made from it.

Promises that stored times are UTC, ISO 8601 with milliseconds and ``Z``, and that days are those
of the town: a letter that comes half an hour after midnight came on the new day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

TOWN = "Europe/Berlin"
_EVENING = 22


def now() -> str:
    """The time as it is stored."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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

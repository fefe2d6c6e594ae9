"""Alarms: which signs are to be told now, because they began or are over; pure thinking.

Promises that each sign is told once when it begins and once when it is over, and that what comes
and goes between two looks is not told at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from archiver.monitoring.signs import Sign

# Looks in a row in which it must be there, or gone: a service that restarts wakes nobody.
LOOKS = 2


class Known(msgspec.Struct, frozen=True):
    """What is remembered of one sign.

    Attributes:
        sign: as it was when it was seen last.
        since: when it was seen first, UTC, ISO 8601.
        seen: looks in a row in which it was there; 0: it has gone.
        missed: looks in a row in which it was not.
        told: whether it was told.
    """

    sign: Sign
    since: str
    seen: int = 0
    missed: int = 0
    told: bool = False


Memory = dict[str, Known]
"""By key of the sign."""


class News(msgspec.Struct, frozen=True):
    """What is to be told.

    Attributes:
        begun: signs that are there now.
        over: signs that were told and are there no more.
    """

    begun: tuple[Known, ...] = ()
    over: tuple[Known, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.begun or self.over)


def look(memory: Memory, found: Sequence[Sign], at: str) -> tuple[Memory, News]:
    """Take one look.

    Args:
        memory: after the last look whose news were told.
        found: the signs that are there.
        at: now, UTC, ISO 8601.

    Returns:
        the memory once the news are told, and the news.
    """
    after: Memory = {}
    begun, over = [], []
    for sign in found:
        known = memory.get(sign.key) or Known(sign, at)
        seen = known.seen + 1
        is_new = not known.told and seen >= LOOKS
        known = Known(sign, known.since, seen, 0, known.told or is_new)
        after[sign.key] = known
        if is_new:
            begun.append(known)
    for key, known in memory.items():
        if key in after:
            continue
        gone = msgspec.structs.replace(known, seen=0, missed=known.missed + 1)
        if gone.told and gone.missed < LOOKS:
            after[key] = gone
        elif gone.told:
            over.append(gone)
    return after, News(tuple(begun), tuple(over))

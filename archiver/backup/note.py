"""The note: where and when the last back-up was made, so that its age can be told.

Promises that a note that makes no sense counts as none: then it is said that there is no back-up.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from archiver.clock import is_time
from archiver.store import durable

_FILE = "backup.json"


class Note(msgspec.Struct, frozen=True):
    """One back-up.

    Attributes:
        folder: where it lies.
        made_at: UTC, ISO 8601.
        number: of the set.
        seq: line of the ledger that it reaches to.
        troubles: how many things the archive could not give.
    """

    folder: str
    made_at: str
    number: int
    seq: int
    troubles: int


def remember(stage: Path, note: Note) -> None:
    """Keep a note beside those of other folders.

    Raises:
        SystemFault: ``disk_full``, ``storage_failed``.
    """
    others = [one for one in notes(stage) if one.folder != note.folder]
    with durable.storage_faults(stage):
        durable.replace(stage / _FILE, msgspec.json.encode([*others, note]), stage)


def notes(stage: Path) -> list[Note]:
    """The last back-up in each folder, the newest last."""
    try:
        noted = msgspec.json.decode((stage / _FILE).read_bytes(), type=list[Note])
    except (OSError, msgspec.DecodeError):
        return []
    return [one for one in noted if is_time(one.made_at)]


def last(stage: Path) -> Note | None:
    """The last back-up, None where there was none."""
    return max(notes(stage), key=lambda one: one.made_at, default=None)


def age_days(one: Note, now: str) -> int:
    """Whole days since a back-up was made."""
    return (datetime.fromisoformat(now) - datetime.fromisoformat(one.made_at)).days

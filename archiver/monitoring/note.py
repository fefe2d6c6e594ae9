"""What monitoring remembers: the last verification, and which alarms were told.

Promises that a note that makes no sense counts as none.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from archiver.clock import is_time
from archiver.monitoring.alarms import Memory
from archiver.store import durable

_VERIFIED, _ALARMS = "verified.json", "alarms.json"


class Verified(msgspec.Struct, frozen=True):
    """The last verification of the whole archive.

    Attributes:
        at: UTC, ISO 8601.
        problems: how many it found.
    """

    at: str
    problems: int


def remember_verified(stage: Path, verified: Verified) -> None:
    """Keep a verification in mind.

    Raises:
        SystemFault: ``disk_full``, ``storage_failed``.
    """
    _write(stage / _VERIFIED, msgspec.json.encode(verified))


def verified(stage: Path) -> Verified | None:
    """The last verification, None where there was none."""
    try:
        noted = msgspec.json.decode((stage / _VERIFIED).read_bytes(), type=Verified)
    except (OSError, msgspec.DecodeError):
        return None
    return noted if is_time(noted.at) else None


def remember_alarms(stage: Path, memory: Memory) -> None:
    """Keep in mind which alarms were told.

    Raises:
        SystemFault: ``disk_full``, ``storage_failed``.
    """
    _write(stage / _ALARMS, msgspec.json.encode(memory))


def alarms(stage: Path) -> Memory:
    """Which alarms were told."""
    try:
        return msgspec.json.decode((stage / _ALARMS).read_bytes(), type=Memory)
    except (OSError, msgspec.DecodeError):
        return {}


def _write(target: Path, content: bytes) -> None:
    with durable.storage_faults(target.parent):
        durable.replace(target, content, target.parent)

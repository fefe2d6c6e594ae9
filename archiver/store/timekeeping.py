"""Timekeeping: whether the machine's clock can be believed, and what time it is for the archive.

Promises that a clock which jumped makes nothing fall due and nothing expire, that written times
never run back before the ledger's last line, and that a clock which is right again by itself, as
after a start without a battery, needs nobody. What is believed is kept as a *mark*: the time, and
how long the machine had been running then, by the kernel's clock that nobody sets. Within one run
of the machine every jump is known by it; from one run to the next only that time went on, so a long
pause looks like a clock that is ahead, and a person has to confirm the time once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from archiver.clock import is_time, stored
from archiver.clock import now as machine_now
from archiver.store import durable

log = logging.getLogger(__name__)

_FILE = "clock.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
# What time servers put right every day is no jump; a year's pause is no pause any more.
STEP = timedelta(minutes=1)
JUMP = timedelta(days=1)
PAUSE = timedelta(days=366)
_LONGEST_RUN = 1e10  # seconds, three hundred years


class Reading(msgspec.Struct, frozen=True):
    """One look at the machine's clocks.

    Attributes:
        at: UTC, ISO 8601.
        boot: identity of this run of the machine.
        running: seconds since it began, sleep included.
    """

    at: str
    boot: str
    running: float


class Doubt(msgspec.Struct, frozen=True):
    """That the clock cannot be believed.

    Attributes:
        code: ``clock_ahead`` or ``clock_behind``.
        at: what it says, UTC, ISO 8601.
        believed: the newest time that is sure.
    """

    code: Literal["clock_ahead", "clock_behind"]
    at: str
    believed: str

    @property
    def params(self) -> dict[str, str | int | float]:
        """Values for the sentence."""
        from archiver import phrases

        return {"at": phrases.moment(self.at), "believed": phrases.moment(self.believed)}


def judge(reading: Reading, mark: Reading | None, last: str) -> Doubt | None:
    """Compare the clock with what was believed before.

    Args:
        reading: of now.
        mark: newest reading that was believed, None where there is none (a restored archive).
        last: time of the ledger's last line, empty where it has none.
    """
    at = datetime.fromisoformat(reading.at)
    if last and at < datetime.fromisoformat(last) - STEP:
        return Doubt("clock_behind", reading.at, last)
    expected = _expected(reading, mark)
    if expected is None and last:
        expected = datetime.fromisoformat(last)
    if expected is not None and at - expected > JUMP:
        return Doubt("clock_ahead", reading.at, stored(expected.timestamp()))
    return None


def _expected(reading: Reading, mark: Reading | None) -> datetime | None:
    """What time it is at least, by the mark."""
    if mark is None:
        return None
    same = reading.boot and reading.boot == mark.boot
    passed = reading.running - mark.running if same else 0.0
    return datetime.fromisoformat(mark.at) + timedelta(seconds=max(0.0, passed))


class Timekeeper:
    """The archive's time; safe to use from all threads.

    Args:
        stage: folder where the mark is kept.
        last: gives the time of the ledger's last line, empty where it has none.
        read: looks at the machine's clocks.

    Attributes:
        read: as given.
        is_mark_damaged: whether what was remembered could not be read and counts for nothing.
    """

    def __init__(
        self, stage: Path, last: Callable[[], str], read: Callable[[], Reading] | None = None
    ) -> None:
        self._file = stage / _FILE
        self._last = last
        self.read = read or machine
        self.is_mark_damaged = False
        self._mark = self._remembered()

    def doubt(self) -> Doubt | None:
        """Why the clock cannot be believed, None where it can."""
        return judge(self.read(), self._mark, self._last())

    def now(self) -> str:
        """The time to be written down: never before the ledger's last line, never absurd."""
        doubt = self.doubt()
        if doubt is None:
            return max(self.read().at, self._last())  # by less than a step
        gap = datetime.fromisoformat(doubt.at) - datetime.fromisoformat(doubt.believed)
        # A machine that was off for a while is likelier than a clock that is wrong by less.
        return doubt.at if timedelta() < gap <= PAUSE else doubt.believed

    def sure(self) -> str:
        """The time by which periods end: in doubt it stands still."""
        doubt = self.doubt()
        return self.read().at if doubt is None else min(doubt.at, doubt.believed)

    def look(self) -> Doubt | None:
        """Keep the time, where it can be believed; gives what is wrong with it.

        Raises:
            SystemFault: ``disk_full``, ``storage_failed``.
        """
        reading = self.read()
        doubt = judge(reading, self._mark, self._last())
        if doubt is None:
            self._keep(reading)
        return doubt

    def confirm(self) -> str:
        """Take the clock as right, because a person says so; gives the time.

        Raises:
            SystemFault: ``disk_full``, ``storage_failed``.
        """
        reading = self.read()
        self._keep(reading)
        return reading.at

    def _keep(self, reading: Reading) -> None:
        with durable.storage_faults(self._file):
            durable.replace(self._file, msgspec.json.encode(reading), self._file.parent)
        self._mark, self.is_mark_damaged = reading, False

    def _remembered(self) -> Reading | None:
        try:
            mark = msgspec.json.decode(self._file.read_bytes(), type=Reading)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError):
            mark = None
        if mark is not None and is_time(mark.at) and 0 <= mark.running < _LONGEST_RUN:
            return mark
        log.warning("what was remembered of the clock cannot be read")
        self.is_mark_damaged = True
        return None


def machine() -> Reading:
    """The machine's clocks now."""
    try:
        boot = _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return Reading(machine_now(), boot, time.clock_gettime(time.CLOCK_BOOTTIME))

"""The sealer: each day that is over gets its seal, and the newest seal its time stamp.

Promises that sealing never holds up or ends anything else: what fails is told as trouble and tried
again with growing pauses. The ledger gets a line for each seal (`sealed`: day, number of the line
that is sealed, digest of the seal), so that a seal which vanishes or is made anew is noticed; a day
on which nothing but that happened needs no seal (`archiver.proof.heads`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from archiver.clock import town_day
from archiver.config import Config
from archiver.errors import Fault, SystemFault
from archiver.pipeline.health import Health
from archiver.proof import seal as seals
from archiver.proof.heads import SEALED, Stored, days_without_stamp, stored_seals
from archiver.records import Event
from archiver.store.asking import Row
from archiver.store.ledger import Ledger
from archiver.store.register import Register

log = logging.getLogger(__name__)

PART, STAMP_PART = "seal", "timestamp"
PARTS = (PART, STAMP_PART)
DAEMON = "daemon"
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0
_LOOK = 60.0  # seconds; the clock may jump, so midnight is not waited for in one go
_FAREWELL = 5.0


class SealFolders(NamedTuple):
    """Where seals and their keys lie."""

    heads: Path
    keys: Path

    @property
    def key(self) -> Path:
        """The private key."""
        return self.keys / "seal.key"


def seal_folders(config: Config) -> SealFolders:
    """The folders of an archive's seals and keys; made when a seal is made."""
    return SealFolders(config.places.seals / "heads", config.places.seals / "keys")


def untold(stored: Sequence[Stored], lines: Sequence[Row], made: Sequence[str]) -> Iterator[Stored]:
    """Seals of which the ledger has still to be told.

    Args:
        stored: all seals, by day.
        lines: of the ledger about seals, oldest first.
        made: days whose seals were made just now; one that replaces a lost seal is told again.
    """
    newest = max((str(line["data"]["day"]) for line in lines), default="")
    return (one for one in stored if one.seal and (one.day > newest or one.day in made))


def pause_after(times: int) -> float:
    """Seconds to wait after so many tries in vain: a minute, two, four, up to an hour."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(times - 1, 10))


class Sealer:
    """Seals the ledger of one archive, in a thread of its own or when asked.

    Args:
        config: of the archive; nothing happens by itself where ``[seal] daily`` is off.
        ledger: of the archive.
        register: of the archive.
        now: gives the time, UTC, ISO 8601.
        nonce: gives a random number for each time stamp, see `archiver.proof.timestamp.request`.
        health: where trouble is said, as parts ``seal`` and ``timestamp``.
    """

    def __init__(
        self,
        config: Config,
        ledger: Ledger,
        register: Register,
        now: Callable[[], str],
        nonce: Callable[[], int],
        health: Health,
    ) -> None:
        self._config = config
        self._folders = seal_folders(config)
        self._ledger = ledger
        self._register = register
        self._now = now
        self._nonce = nonce
        self._health = health
        self._one = threading.Lock()  # a person may ask while the thread is at it
        self._done = ""  # the day on which everything was last seen to be done
        self._tries = 0
        self._stopping = threading.Event()
        # A stamp that does not come is left behind at the end; it is asked for at the next start.
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)

    def start(self) -> None:
        """Begin to look at the clock."""
        if self._config.seal.daily:
            self._thread.start()

    def stop(self) -> None:
        """Stop; an authority that does not answer is waited for no longer than a moment."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_FAREWELL)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = self.look()

    def look(self) -> float:
        """Seal and stamp what is due.

        Returns:
            seconds after which to look again.
        """
        today = town_day(self._now()).isoformat()
        if today == self._done:
            return _LOOK
        is_sealed = self._told(PART, lambda: self.seal(DAEMON))
        is_stamped = self._told(STAMP_PART, self.stamp)
        if is_sealed and is_stamped:
            self._done, self._tries = today, 0
            return _LOOK
        self._tries += 1
        return pause_after(self._tries)

    def _told(self, part: str, work: Callable[[], object]) -> bool:
        """Do something; trouble is told. Gives whether there was none."""
        try:
            work()
        except Fault as fault:
            log.warning("system fault", extra={"part": part, "reason": fault.reason})
            self._health.ill(part, fault)
        except Exception:
            # The sealer must outlive everything: nobody would notice that it is gone.
            log.exception("sealing failed", extra={"part": part})
            self._health.ill(part, SystemFault("projection_failed", part=part))
        else:
            self._health.well(part)
            return True
        return False

    def seal(self, actor: str) -> list[str]:
        """Seal every day that is over and has no seal; the ledger is told.

        Args:
            actor: pseudonym of who asks.

        Returns:
            the days that were sealed, oldest first.

        Raises:
            IntegrityFault: ``seal_key_lost``, ``seal_key_mismatch``, ``seal_key_open``,
                ``seal_key_unreadable``, ``ledger_broken``.
            SystemFault: ``disk_full``, ``storage_failed``, ``seals_unwritable``.
        """
        from archiver.proof.heads import seal_finished_days
        from archiver.proof.keys import found_key

        heads, now = self._folders.heads, self._now()
        with self._one:
            try:
                key = found_key(self._folders.key)
                fresh = seal_finished_days(self._ledger, heads, key, now)
            except OSError as error:
                raise SystemFault("seals_unwritable", folder=str(heads.parent)) from error
            made = [one.day for one in fresh]
            lines = self._register.lines_of(SEALED)
            told = [
                Event(SEALED, now, actor, data=_data(one))
                for one in untold(stored_seals(heads), lines, made)
            ]
            if told:
                self._register.record(*told)
        if made:
            log.info("sealed", extra={"days": len(made)})
        return made

    def stamp(self) -> str:
        """Have the newest seal stamped, where an authority is configured and it has no stamp.

        Returns:
            the day whose seal was stamped, empty where there was nothing to do.

        Raises:
            SystemFault: as `archiver.proof.heads.stamp_day`, ``timestamp_roots_unreadable``,
                ``seals_unwritable``.
        """
        roots = self._config.timestamp_roots
        if not self._config.seal.timestamp_url or roots is None:
            return ""
        from archiver.proof.heads import stamp_day
        from archiver.proof.timestamp import Authority, read_roots

        heads = self._folders.heads
        with self._one:
            known = stored_seals(heads)
            if not known or known[-1].day not in days_without_stamp(heads):
                return ""
            day = known[-1].day
            authority = Authority(self._config.seal.timestamp_url, read_roots(roots))
            try:
                stamp_day(heads, day, authority, self._nonce(), self._now())
            except OSError as error:
                raise SystemFault("seals_unwritable", folder=str(heads.parent)) from error
        log.info("stamped", extra={"day": day})
        return day


def _data(one: Stored) -> dict[str, str | int]:
    """What the ledger keeps of a seal."""
    assert one.seal is not None
    return {"day": one.day, "line": one.seal.seq, "seal": seals.digest(one.raw)}

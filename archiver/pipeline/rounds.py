"""Rounds: the running daemon reads every object again within so many days, at idle priority.

Promises that a round goes on after a restart where it stood; that what was found stays in `status`
until the object was read again and found sound; and that nobody waits for a round. At each start
the newest objects, and what in the vault belongs to nothing, are looked at first: a vault and a
ledger of different back-ups are told at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from archiver.clock import is_time
from archiver.config import Config
from archiver.errors import Fault, IntegrityFault, SystemFault
from archiver.monitoring import note
from archiver.pipeline.health import Health
from archiver.pipeline.objectcheck import Found, ObjectCheck
from archiver.records import Id
from archiver.store import durable
from archiver.store.fixity_process import Examiner

log = logging.getLogger(__name__)

PART = "verify"
_FILE = "verify.json"
_AHEAD = 0.8  # of the days, so that a round is over in time although work comes in between
_BLOCK = 500  # ids that are asked for at once
_NEWEST = 200  # objects that are looked at first
_LONGEST = 3600.0  # seconds; the clock may jump, and objects come and go
_AFTER_START = 60.0  # seconds; a start has other things to do
_FAREWELL = 5.0


class Finding(msgspec.Struct, frozen=True):
    """What was found, for as long as nothing else was seen."""

    id: Id | None
    code: str
    path: str
    message: str


class Round(msgspec.Struct, frozen=True):
    """How far a round has come, and what is known from it and the ones before.

    Attributes:
        begun: when it began, UTC, ISO 8601; empty before the first.
        after: the object that was read last; ids are read in order.
        read: objects read in this round.
        ended: when the last full round ended; empty before that.
        findings: what is wrong.
    """

    begun: str = ""
    after: Id = ""
    read: int = 0
    ended: str = ""
    findings: tuple[Finding, ...] = ()

    def with_findings(self, identifier: Id | None, found: Iterable[Found]) -> Round:
        """The same with what was found now of an object (None: beside the objects)."""
        kept = [one for one in self.findings if one.id != identifier]
        new = [_finding(one, identifier) for one in found]
        return msgspec.structs.replace(self, findings=(*kept, *new))

    def seen(self, problems: Iterable[Found]) -> Round:
        """The same with all that is wrong, as far as a whole verification has seen it."""
        found = tuple(_finding(one, one["id"]) for one in problems)
        return msgspec.structs.replace(self, findings=found)


def _finding(found: Found, identifier: Id | None) -> Finding:
    return Finding(identifier, found["code"], found["path"], found["message"])


def pause(state: Round, objects: int, days: int, now: str, took: float) -> float:
    """Seconds until the next object is read, so that all are read in time.

    Args:
        state: of the round.
        objects: that the archive has.
        days: within which each is read.
        now: UTC, ISO 8601.
        took: seconds that the last object took; as long as that is waited at least.
    """
    began = datetime.fromisoformat(state.begun or now)
    left = began + timedelta(days=days) * _AHEAD - datetime.fromisoformat(now)
    share = left.total_seconds() / max(1, objects - state.read)
    return min(_LONGEST, max(took, share))


def remember(stage: Path, state: Round) -> None:
    """Write a round down.

    Raises:
        SystemFault: ``disk_full``, ``storage_failed``, ``access_denied``.
    """
    with durable.storage_faults(stage):
        durable.replace(stage / _FILE, msgspec.json.encode(state), stage)


def remembered(stage: Path) -> Round:
    """The round as it was written down last; a new one where that cannot be read."""
    try:
        state = msgspec.json.decode((stage / _FILE).read_bytes(), type=Round)
    except (OSError, msgspec.DecodeError):
        return Round()
    return state if all(is_time(at) for at in (state.begun, state.ended) if at) else Round()


class Rounds:
    """Verifies one archive round after round, in a thread of its own.

    Args:
        config: of the archive; nothing happens where ``[verify] days`` is 0.
        check: of its objects.
        home: gives the folder of an object.
        beside: checks the ledger's chain and its seals.
        now: gives the time, UTC, ISO 8601.
        health: where what was found is said, as part ``verify``.
    """

    def __init__(
        self,
        config: Config,
        check: ObjectCheck,
        home: Callable[[Id], Path],
        beside: Callable[[], list[Found]],
        now: Callable[[], str],
        health: Health,
    ) -> None:
        self._days = config.verify.days
        self._stage = config.places.stage
        self._check = check
        self._home = home
        self._beside = beside
        self._now = now
        self._health = health
        self._examiner = Examiner()
        self._state = remembered(self._stage)
        self._ahead: list[Id] = []
        self._objects = 0
        self._writing = threading.Lock()
        self._again: set[Id] = set()
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def start(self) -> None:
        """Begin, or go on."""
        if self._days:
            self._thread.start()

    def stop(self) -> None:
        """Stop; an object that is being read is read again at the next start."""
        self._stopping.set()
        self._due.set()
        self._examiner.close()
        if self._thread.is_alive():
            self._thread.join(_FAREWELL)

    def _run(self) -> None:
        wait = self._guarded(self.first_look)
        while True:
            self._due.wait(wait)
            self._due.clear()
            if self._stopping.is_set():
                return
            wait = self._guarded(self.look)
            if wait > _AFTER_START:
                self._examiner.close()  # for hours nobody needs its memory

    def _guarded(self, step: Callable[[], float]) -> float:
        try:
            return step()
        except Fault as fault:
            log.warning("system fault", extra={"part": PART, "reason": fault.reason})
            self._health.ill(PART, fault)
        except Exception:
            # The rounds must outlive everything: nobody would notice that they have ended.
            log.exception("verifying failed", extra={"part": PART})
            self._health.ill(PART, SystemFault("projection_failed", part=PART))
        self._ahead = []  # what could not be written down is read again
        return self._health.pause(PART)

    def tell(self, identifier: Id) -> None:
        """Something was done about a document: where it was damaged, it is read again at once."""
        if any(one.id == identifier for one in self._state.findings):
            self._again.add(identifier)
            self._due.set()

    def seen(self, problems: Iterable[Found]) -> None:
        """A person has had everything read: that counts."""
        self._keep(lambda state: state.seen(problems))
        self._tell()

    def first_look(self) -> float:
        """At a start: the heads of the newest objects, and what belongs to nothing.

        Returns:
            seconds after which `look` begins.
        """
        for identifier in self._check.newest(_NEWEST):
            if self._stopping.is_set():
                return 0.0
            found = self._check.of_ledger(identifier)
            self._keep_found(identifier, found)
        self._keep_beside()
        self._tell()
        return _AFTER_START

    def look(self) -> float:
        """Read one object again.

        Returns:
            seconds after which to read the next.
        """
        while self._again:
            damaged = self._again.pop()
            self._keep_found(damaged, self._check.of_object(damaged))
        if not self._state.begun:
            self._keep(lambda state: msgspec.structs.replace(state, begun=self._now()))
        if not self._ahead:
            self._ahead = self._check.expected_after(self._state.after, _BLOCK)
            self._objects = self._check.count()
        if not self._ahead:
            return self._end()
        began = time.monotonic()
        identifier = self._ahead.pop(0)
        found = self._found(identifier)
        if self._stopping.is_set():
            return 0.0
        self._keep(
            lambda state: msgspec.structs.replace(
                state.with_findings(identifier, found), after=identifier, read=state.read + 1
            )
        )
        self._tell()
        took = time.monotonic() - began
        return pause(self._state, self._objects, self._days, self._now(), took)

    def _found(self, identifier: Id) -> list[Found]:
        seen = self._examiner.examine(self._home(identifier), identifier)
        if seen == []:
            return self._check.of_ledger(identifier)
        # What was being written while it was read looks damaged: this waits for the writer.
        return [] if self._stopping.is_set() else self._check.of_object(identifier)

    def _end(self) -> float:
        """All objects are read: the ledger and the rest of the vault, then a new round."""
        self._keep_beside()
        ended = self._now()
        self._keep(
            lambda state: Round(
                ended=ended,
                findings=tuple(
                    one
                    for one in state.findings
                    if one.id is None or self._check.is_expected(one.id)
                ),
            )
        )
        count = len(self._state.findings)
        note.remember_verified(self._stage, note.Verified(ended, count))
        self._tell()
        log.info("verified", extra={"problems": count})
        return pause(self._state, self._objects, self._days, self._now(), 1.0)

    def _keep_beside(self) -> None:
        found = [{**one, "id": None} for one in (*self._beside(), *self._check.of_strangers())]
        self._keep(lambda state: state.with_findings(None, found))

    def _keep_found(self, identifier: Id, found: list[Found]) -> None:
        """Keep what was found of an object out of its turn, where that is news."""
        if found or any(one.id == identifier for one in self._state.findings):
            self._keep(lambda state: state.with_findings(identifier, found))
            self._tell()

    def _keep(self, change: Callable[[Round], Round]) -> None:
        """Write the round down; where that fails it is told, and the round goes on from memory."""
        with self._writing:
            self._state = change(self._state)
            remember(self._stage, self._state)

    def _tell(self) -> None:
        count = len(self._state.findings)
        if count:
            self._health.ill(PART, IntegrityFault("verify_found", count=count))
        else:
            self._health.well(PART)


def told(stage: Path, days: int) -> dict[str, Any]:
    """What `status` says of the rounds.

    Args:
        stage: where they are remembered.
        days: within which each object is read.

    Returns:
        ``days``, ``begun``, ``read``, ``problems``, and ``last_full``: when everything was last
        read, in a round or because a person asked for it.
    """
    state, last = remembered(stage), note.verified(stage)
    return {
        "days": days,
        "begun": state.begun or None,
        "read": state.read,
        "last_full": last.at if last else None,
        "problems": msgspec.to_builtins(state.findings[:_BLOCK]),
    }

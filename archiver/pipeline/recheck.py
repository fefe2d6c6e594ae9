"""The net below the intake: what was taken is read again, minutes later and before it is removed.

Promises that bytes which a program wrote into a drop after it had been taken come back as a drop
of their own, that a person is told about the document made of the first state, and that nothing
is removed of which the archive does not hold every byte: the stored bytes are read first, and what
is damaged of them is put right from the drop that was kept. It needs no lease and no right: where
nobody can know whether a file is still being written, this is what loses no page.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path

from archiver.config import Config
from archiver.errors import SystemFault
from archiver.inbox import kept, release
from archiver.inbox.claim import DropChanged
from archiver.inbox.kept import Kept
from archiver.inbox.release import Arrival
from archiver.inbox.sightings import Fingerprint
from archiver.pipeline.healing import Healing
from archiver.records import AccessionState, DocumentState, Event, Id
from archiver.store.register import Register

log = logging.getLogger(__name__)

_PAUSE = 30.0  # seconds between two looks at what is kept
_MOST_BYTES = 256 << 20  # read in one look: after a start, all that is kept is due at once
_REASON = "written_on"
_D = DocumentState
_MARKED = (_D.ACCEPTED, _D.RECOGNISED, _D.CLASSIFIED, _D.FILED, _D.REVIEW)


class _Track:
    """Since when a kept drop looks as it does, and whether it was compared as such."""

    def __init__(self, fingerprint: Fingerprint, since: float) -> None:
        self.fingerprint = fingerprint
        self.since = since
        self.is_compared = False


class Recheck:
    """Looks after the drops of one archive that were taken.

    Args:
        config: of the archive.
        register: its register.
        healing: puts damaged objects of the archive right.
        now: gives the time, UTC, ISO 8601.

    Attributes:
        strangers: names of kept files of which the archive knows nothing; they are never removed.
        needed: names of kept files whose bytes the archive has lost; they stay past their time.
    """

    def __init__(
        self, config: Config, register: Register, healing: Healing, now: Callable[[], str]
    ) -> None:
        self._released = config.places.released
        self._after = config.inbox.compare_seconds
        self._folders = {p.name: config.drop_folder(p) for p in config.pipelines}
        self._register = register
        self._healing = healing
        self._now = now
        self._tracks: dict[bytes, _Track] = {}
        self._due = 0.0
        self.strangers: frozenset[bytes] = frozenset()
        self.needed: frozenset[bytes] = frozenset()
        self._again: set[Id] = set()

    def arrival(self, accession: Id) -> Arrival | None:
        """What the archive knows of an accession, None where it has no bytes of it."""
        row = self._register.accession(accession)
        if row is None or not row["sha512"]:
            return None
        return Arrival(str(row["sha512"]), bytes(row["file_raw"]))

    def look(self) -> None:
        """Compare what is due; called again and again.

        Raises:
            SystemFault: the folder for taken drops or a drop folder cannot be written;
                ``released_homeless``.
        """
        moment = time.monotonic()
        if moment < self._due:
            return
        self._due = moment + min(_PAUSE, max(self._after / 2, 0.1))
        self._examine(self._due_now(moment), remove=False)

    def expire(self, limit: datetime) -> list[Id]:
        """Remove what was accepted and last written before a time, and can be read in the archive.

        From a drop whose document is damaged or lost the document is healed; where that cannot be
        done, the drop stays and is named in `needed`.

        Returns:
            documents that were healed and are to be read again.

        Raises:
            SystemFault: as `look`.
        """
        old = [one for one in kept.kept(self._released) if one.is_older_than(limit)]
        self.needed = frozenset()
        self._again = set()
        self._examine(old, remove=True)
        return sorted(self._again)

    def compare(self, accessions: Collection[Id]) -> None:
        """Compare what is kept of some accessions now, because it is to go with their documents.

        Raises:
            SystemFault: as `look`.
        """
        drops = [one for one in kept.kept(self._released) if one.id in accessions]
        self._examine(drops, remove=False)

    def tell_written_on(self, accession: Id) -> None:
        """Have a person look at what was made of a file to which more was written later.

        A document that is on its way, filed, or in review for another reason goes into review; of
        a divided batch all its documents do. Whoever dropped it is told by the note for documents
        in review.
        """
        with self._register.exclusive():
            row = self._register.accession(accession)
            if row is None or row["state"] == AccessionState.DUPLICATE:
                return  # the document is one that came before, and is whole
            self._register.record(*map(self._reviewed, self._concerned(accession)))

    def _concerned(self, accession: Id) -> list[Id]:
        """The document of an accession, or those into which it was divided, as far as they move."""
        lines = self._register.history([accession])
        divided = [line for line in lines if line["event"] == "divided"]
        made = [str(part) for line in divided for part in line["data"]["documents"]]
        rows = [self._register.document(one) for one in (accession, *made)]
        return [
            str(row["id"])
            for row in rows
            if row is not None and row["state"] in _MARKED and row["reason"] != _REASON
        ]

    def _reviewed(self, document: Id) -> Event:
        return Event("reviewed", self._now(), "daemon", document, {"reason": _REASON})

    def _due_now(self, moment: float) -> list[Kept]:
        """What has looked the same for long enough and was not compared as such."""
        due, size = [], 0
        tracks: dict[bytes, _Track] = {}
        for drop in kept.kept(self._released):
            name, fingerprint = drop.sighting.name, drop.sighting.fingerprint
            track = self._tracks.get(name)
            if track is None or track.fingerprint != fingerprint:
                track = _Track(fingerprint, moment)
            tracks[name] = track
            waited = moment - track.since >= self._after
            if waited and not track.is_compared and size <= _MOST_BYTES:
                due.append(drop)
                size += drop.sighting.size
        self._tracks = tracks
        self.strangers &= tracks.keys()
        self.needed &= tracks.keys()
        return due

    def _examine(self, drops: Iterable[Kept], *, remove: bool) -> None:
        trouble: SystemFault | None = None
        for drop in drops:
            name = drop.sighting.name
            arrival = self.arrival(drop.id)
            if arrival is None:
                self.strangers |= {name}
                outcome: kept.Outcome = "same"
            else:
                try:
                    outcome = self._examine_one(drop, arrival, remove=remove)
                except SystemFault as fault:
                    # One folder that is away keeps nothing else from being compared.
                    trouble = fault
                    continue
            if outcome == "needed":
                self.needed |= {name}
            elif outcome == "same" and name in self._tracks:
                self._tracks[name].is_compared = True
        if trouble is not None:
            raise trouble

    def _examine_one(self, drop: Kept, arrival: Arrival, *, remove: bool) -> kept.Outcome:
        stored = self._storing(drop.id) if remove else None
        outcome = kept.examine(drop, self._knower(arrival), stored)
        if outcome == "differs":
            self._bring_back(drop, arrival)
        return outcome

    def _storing(self, accession: Id) -> Callable[[Path, str], bool]:
        """Tells whether bytes of an accession can be read in the vault, healed where need be."""

        def stored(copy: Path, sha512: str) -> bool:
            own = self._register.document(accession)
            first = [str(own["id"])] if own is not None else []
            document = self._healing.living(copy, sha512, "daemon", first=first)
            row = self._register.document(document) if document is not None else None
            if row is not None and row["state"] == DocumentState.ACCEPTED:
                self._again.add(str(row["id"]))
            return document is not None

        return stored

    def _knower(self, arrival: Arrival) -> Callable[[str], bool]:
        """Tells whether bytes are those that were accepted, or those of another document."""
        return lambda sha512: (
            sha512 == arrival.sha512 or self._register.document_with(sha512) is not None
        )

    def _bring_back(self, drop: Kept, arrival: Arrival) -> None:
        row = self._register.accession(drop.id)
        folder = self._folders.get(str(row["pipeline"])) if row else None
        if folder is None:
            raise SystemFault("released_homeless", folder=str(self._released))
        log.warning("written on after it was taken", extra={"id": drop.id})
        # First the word, then the deed: after a crash in between it is found here once more.
        self.tell_written_on(drop.id)
        try:
            release.bring_back(
                drop.sighting.name, self._released, drop.id, Path(folder), arrival.name
            )
        except DropChanged:
            return  # it is written to just now; another look will find it

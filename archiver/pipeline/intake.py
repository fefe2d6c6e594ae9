"""Intake: a settled drop or an added file becomes an accession, crash-safe step by step.

Promises that a received file's bytes are durable in the vault and its arrival durable in the
ledger before the drop is touched, that the same drop is never accepted twice, and that after a
crash between any two steps the next start finishes what was begun. The steps:

1. copy the open file into the stage, hashing, fsync;
2. build the whole object in the stage, publish it by one directory rename;
3. ledger line, catalogue, COMMIT: *this is the moment of acceptance*;
4. take the drop out of its folder, after reading it again.

What was taken is read once more minutes later (`archiver.pipeline.recheck`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from archiver.config import Config
from archiver.inbox import claim, release
from archiver.inbox.sightings import Sighting, look
from archiver.pipeline.adoption import Adoption
from archiver.pipeline.healing import Healing
from archiver.pipeline.recheck import Recheck
from archiver.pipeline.spooling import new_receipt, spooled
from archiver.pipeline.takendrops import Accepted, TakenDrops, drop_key
from archiver.records import Event, Id
from archiver.store import objects
from archiver.store.objects import DropKey, Receipt
from archiver.store.register import CatalogueBehind
from archiver.store.stores import Stores

log = logging.getLogger(__name__)


class Intake:
    """Accepts files into one archive.

    Args:
        config: of the archive.
        stores: of the archive.

    Attributes:
        recheck: looks after the drops that were taken.
    """

    def __init__(self, config: Config, stores: Stores) -> None:
        self._places = config.places
        self._stores = stores
        self._vault = stores.vault
        self._register = stores.register
        self._taken = TakenDrops(stores.register, stores.holdings)
        self._healing = Healing(stores)
        self._adoption = Adoption(stores, self._healing, self._arrival)
        self.recheck = Recheck(config, stores.register, self._healing, stores.now)
        self._accepting = threading.Lock()

    def receive_drop(self, sighting: Sighting, pipeline: str) -> Accepted | None:
        """Accept a settled drop; `release_drop` must follow.

        Returns:
            the accession, or None where the drop changed meanwhile and is looked at again.

        Raises:
            SystemFault: disk full, storage failed; the drop is untouched.
        """
        key = drop_key(sighting)
        self._register.catch_up()
        taken = self._taken.get(key)
        if taken is None:
            try:
                return self._accept_drop(sighting, pipeline, key)
            except claim.DropChanged:
                return None
        return taken

    def release_drop(self, sighting: Sighting, accepted: Accepted) -> None:
        """Step 4: what lies there is taken only if it is what was accepted.

        A drop that cannot be taken just now stays known, and is taken at a later look.

        Raises:
            SystemFault: the drop folder or the one for taken drops cannot be written.
        """
        with contextlib.suppress(claim.DropChanged):
            self._release(sighting, accepted)

    def receive_stream(self, source: BinaryIO, name: bytes, pipeline: str, actor: str) -> Id:
        """Accept bytes that a person sends; the source stays with the person.

        Args:
            source: read to its end.
            name: of the file, as bytes.
            pipeline: name of the pipeline.
            actor: pseudonym of the person.

        Returns:
            the accession's id.
        """
        identifier = self._stores.new_id()
        part = self._part(identifier)
        try:
            copied = spooled(source, part)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return self._accept(identifier, part, copied, name, pipeline, actor, None)

    def recover(self, folders: Iterable[Path]) -> None:
        """Finish what a crash interrupted; to be called once, before the first scan.

        Args:
            folders: all drop folders.
        """
        self._register.catch_up()
        recovery = self._vault.recover(self._register.knows)
        for identifier in recovery.damaged:
            log.error("object damaged", extra={"id": identifier})
        for identifier in recovery.renewed:
            self._record_purge(identifier)
        for identifier in recovery.unsettled:
            self._stores.take_back(identifier)
        self._adoption.after_crash(recovery.adopt)
        for identifier in (*self._register.destroyed(), *self._register.matter_ids(gone=True)):
            # A crash came between the ledger's word and the deed.
            if self._vault.exists(identifier):
                self._vault.destroy(identifier)
        self.recover_drops(folders)
        self._register.recover_jobs()

    def adopt_unknown(self) -> None:
        """Accept every whole object that the ledger does not know, as after a restored back-up."""
        self._adoption.after_loss()

    def recover_drops(self, folders: Iterable[Path]) -> None:
        """Take what was accepted and still lies in its folder; also after a fault in taking."""
        # What only the ledger knows yet is no stranger.
        self._register.catch_up()
        for folder in folders:
            for found in release.recover(folder, self.recheck.arrival, self._places.released):
                if found.outcome == "again":
                    self.recheck.tell_written_on(found.id)
            there = {drop_key(sighting): sighting for sighting in look(folder)}
            self._taken.look_over(folder, there)
            for key, sighting in there.items():
                accepted = self._taken.get(key)
                if accepted is not None:
                    self.release_drop(sighting, accepted)

    def _accept_drop(self, sighting: Sighting, pipeline: str, key: DropKey) -> Accepted:
        identifier = self._stores.new_id()
        part = self._part(identifier)
        fd = claim.open_drop(sighting)
        try:
            # Whose file it is has brought it: quality control may ask for somebody else.
            bringer = f"uid:{os.fstat(fd).st_uid}"
            copied = claim.copy(fd, part, sighting)
        finally:
            os.close(fd)
        accepted = Accepted(identifier, copied.sha512)
        try:
            self._accept(identifier, part, copied, sighting.name, pipeline, bringer, key)
        except CatalogueBehind:
            # The ledger has it: from here on it is the same drop, and not a duplicate.
            self._taken.add(key, accepted)
            raise
        self._taken.add(key, accepted)
        return accepted

    def _accept(
        self,
        identifier: Id,
        part: Path,
        copied: claim.Copied,
        name: bytes,
        pipeline: str,
        actor: str,
        key: DropKey | None,
    ) -> Id:
        """Steps 2 and 3: object, ledger, catalogue."""
        at = self._stores.now()
        receipt = new_receipt(identifier, copied, name, pipeline, actor, at, key)
        files: dict[str, Path | bytes] = {objects.receipt_name(identifier): objects.encode(receipt)}
        try:
            # Two equal files at once must not become two documents.
            with self._accepting, self._stores.commit(actor, at) as change:
                first = self._healing.living(part, copied.sha512, actor)
                if first is None:
                    files[objects.original_name(receipt.media_type)] = part
                    change.new(identifier, files, "received")
                    change.lines(self._arrival(receipt))
                else:
                    change.version(first, files, "duplicate", as_is=True)
                    again = {"of": first, "pipeline": receipt.pipeline}
                    change.line("duplicate", identifier, again)
        finally:
            part.unlink(missing_ok=True)
        return identifier

    def _record_purge(self, document: Id) -> None:
        """A crash came between the loss of an object's past and the ledger's word."""
        row = self._register.document(document)
        user = self._vault.inventory(document).stamps()[0].user
        with self._stores.commit(user) as change:
            change.adopt(document)
            if row is not None and row["version"] != 1:
                change.line("purged", document, {"version": 1})

    def _arrival(self, receipt: Receipt) -> list[Event]:
        """Ledger lines of a new document: received, and quarantined where it cannot be read."""
        data = {
            "pipeline": receipt.pipeline,
            "size": receipt.size,
            "digest": receipt.salted(),
            "media_type": receipt.media_type,
        }
        events = [_event("received", receipt, data)]
        if receipt.size == 0:
            events.append(_event("quarantined", receipt, {"reason": "empty_file"}))
        elif receipt.media_type == objects.UNKNOWN_TYPE:
            events.append(_event("quarantined", receipt, {"reason": "unsupported_type"}))
        return events

    def _release(self, sighting: Sighting, accepted: Accepted) -> None:
        taken = release.take(sighting, accepted.id, accepted.sha512, self._places.released)
        if taken.is_written_on:
            self.recheck.tell_written_on(accepted.id)
        self._taken.forget(drop_key(sighting))

    def _part(self, identifier: Id) -> Path:
        return self._places.stage / f"{identifier}.part"


def _event(kind: str, receipt: Receipt, data: dict[str, object]) -> Event:
    return Event(kind=kind, at=receipt.received_at, actor=receipt.actor, id=receipt.id, data=data)

"""Rescan: a better scan in the place of a bad one.

Promises that the scan before stays in the document's older versions, that what persons decided
stays, and that a scan for which the ledger could not be written leaves no trace.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from archiver.errors import Fault, IntegrityFault, Refusal
from archiver.pipeline.healing import Healing
from archiver.pipeline.spooling import new_receipt, spooled
from archiver.records import DocumentState, Event, Id, check_transition
from archiver.store import objects
from archiver.store.holdings import Holdings
from archiver.store.objects import Receipt, Record
from archiver.store.overhang import take_back
from archiver.store.projection import MOVES
from archiver.store.register import CatalogueBehind, Register, Row
from archiver.store.vault import Vault


class Rescan:
    """Exchanges scans in one archive.

    Args:
        stage: its folder for work in progress.
        vault: its vault.
        register: its register.
        now: gives the time, UTC, ISO 8601.
        new_id: gives a fresh ULID.
    """

    def __init__(
        self,
        stage: Path,
        vault: Vault,
        register: Register,
        now: Callable[[], str],
        new_id: Callable[[], Id],
    ) -> None:
        self._stage = stage
        self._vault = vault
        self._holdings = Holdings(vault)
        self._register = register
        self._now = now
        self._new_id = new_id
        self._healing = Healing(vault, register, now)

    def replace(self, document: Id, source: BinaryIO, name: bytes, actor: str) -> Id:
        """Exchange a document's scan; the one before stays in its older versions.

        Args:
            document: whose scan.
            source: the new scan, read to its end.
            name: of its file, as bytes.
            actor: pseudonym of the person.

        Returns:
            the id under which the new scan was received; the document's own where it was a good
            copy of its damaged or lost scan, which was healed.

        Raises:
            Refusal: the document's state does not allow it, ``same_scan`` or
                ``unsupported_type``: nothing was changed.
        """
        identifier = self._new_id()
        part = self._stage / f"{identifier}.part"
        try:
            copied = spooled(source, part)
            with self._register.exclusive():
                row = self._register.document(document)
                assert row is not None
                check_transition(DocumentState(row["state"]), MOVES["replaced"], document)
                if row["sha512"] == copied.sha512:
                    if self._healing.heal(document, part, copied.sha512, actor):
                        return document
                    raise Refusal("same_scan", id=document)
                self._take_back(document)
                pipeline = self._holdings.receipt(document, document).pipeline
                receipt = new_receipt(identifier, copied, name, pipeline, actor, self._now())
                if receipt.media_type == objects.UNKNOWN_TYPE:
                    raise Refusal("unsupported_type")
                version = self._exchange(row, receipt, part)
                data: dict[str, object] = {
                    "accession": identifier,
                    "version": version,
                    "pipeline": pipeline,
                    "digest": receipt.salted(),
                    "media_type": receipt.media_type,
                }
                at = receipt.received_at
                try:
                    self._register.record(Event("replaced", at, actor, document, data))
                except CatalogueBehind:
                    raise
                except Exception:
                    with contextlib.suppress(Fault):  # else before the next change, or at the start
                        self._take_back(document)
                    raise
        finally:
            part.unlink(missing_ok=True)
        self._vault.settled(document)
        return identifier

    def restore(self, document: Id, source: BinaryIO, actor: str) -> int:
        """Put back what is damaged or lost of a document, from a good copy of one of its files.

        Args:
            document: whose object.
            source: the copy, read to its end.
            actor: pseudonym of the person.

        Returns:
            how many files were put back; 0 where they were sound.

        Raises:
            Refusal: ``not_a_copy``: the object has no file with these bytes.
        """
        part = self._stage / f"{self._new_id()}.part"
        try:
            copied = spooled(source, part)
            return self._healing.heal(document, part, copied.sha512, actor)
        except IntegrityFault as fault:
            raise Refusal("not_a_copy", id=document) from fault
        finally:
            part.unlink(missing_ok=True)

    def _take_back(self, document: Id) -> None:
        take_back(self._vault, self._register, document, self._now())

    def _exchange(self, row: Row, receipt: Receipt, part: Path) -> int:
        """Write the version with the new scan; what the old one gave is no longer in it."""
        document, before = str(row["id"]), str(row["media_type"])
        record = self._holdings.record(document, int(row["version"]))
        kept = Record(decisions=record.decisions, notes=record.notes)
        files: dict[str, Path | bytes | None] = {
            objects.original_name(before): None,
            objects.RENDITION: None,
            objects.WORDS: None,
            objects.INVOICE: None,
            objects.RECORD: objects.encode(kept),
            objects.receipt_name(receipt.id): objects.encode(receipt),
        }
        files[objects.original_name(receipt.media_type)] = part
        return self._vault.add_version(
            document, files, created=receipt.received_at, message="replaced", user=receipt.actor
        )

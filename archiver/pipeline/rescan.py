"""Rescan: a better scan in the place of a bad one.

Promises that the scan before stays in the document's older versions, that what persons decided
stays, and that a scan for which the ledger could not be written leaves no trace.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from archiver.errors import IntegrityFault, Refusal
from archiver.pipeline.healing import Healing
from archiver.pipeline.spooling import new_receipt, spooled
from archiver.records import DocumentState, Id, check_transition
from archiver.store import objects
from archiver.store.commit import Change
from archiver.store.objects import Receipt, Record
from archiver.store.projection import MOVES
from archiver.store.register import Row
from archiver.store.stores import Stores


class Rescan:
    """Exchanges scans in one archive.

    Args:
        stage: its folder for work in progress.
        stores: of the archive.
    """

    def __init__(self, stage: Path, stores: Stores) -> None:
        self._stage = stage
        self._stores = stores
        self._healing = Healing(stores)

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
        identifier = self._stores.new_id()
        part = self._stage / f"{identifier}.part"
        try:
            copied = spooled(source, part)
            with self._stores.commit(actor) as change:
                change.alone()
                row = self._stores.register.document(document)
                assert row is not None
                check_transition(DocumentState(row["state"]), MOVES["replaced"], document)
                if row["sha512"] == copied.sha512:
                    if self._healing.heal(document, part, copied.sha512, actor):
                        return document
                    raise Refusal("same_scan", id=document)
                pipeline = self._stores.holdings.receipt(document, document).pipeline
                receipt = new_receipt(identifier, copied, name, pipeline, actor, change.at)
                if receipt.media_type == objects.UNKNOWN_TYPE:
                    raise Refusal("unsupported_type")
                version = self._exchange(change, row, receipt, part)
                data: dict[str, object] = {
                    "accession": identifier,
                    "version": version,
                    "pipeline": pipeline,
                    "digest": receipt.salted(),
                    "media_type": receipt.media_type,
                }
                change.line("replaced", document, data)
        finally:
            part.unlink(missing_ok=True)
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
        part = self._stage / f"{self._stores.new_id()}.part"
        try:
            copied = spooled(source, part)
            return self._healing.heal(document, part, copied.sha512, actor)
        except IntegrityFault as fault:
            raise Refusal("not_a_copy", id=document) from fault
        finally:
            part.unlink(missing_ok=True)

    def _exchange(self, change: Change, row: Row, receipt: Receipt, part: Path) -> int:
        """Write the version with the new scan; what the old one gave is no longer in it."""
        document, before = str(row["id"]), str(row["media_type"])
        record = self._stores.holdings.record(document, int(row["version"]))
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
        return change.version(document, files, "replaced")

"""What the vault says of a document, as values: receipts, record, pages.

Promises to read only files that this product wrote; the received bytes are never parsed here.
"""

from __future__ import annotations

import msgspec

from archiver.errors import Fault, IntegrityFault, NotFound
from archiver.records import Id, Page
from archiver.store import objects, ocfl
from archiver.store.asking import Row
from archiver.store.objects import Item, Matter, Receipt, Record
from archiver.store.vault import Vault


class Holdings:
    """Reads of our own files in the objects of one vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def require_own(self, row: Row, *, newest: bool = True) -> None:
        """Refuse an object that is not, or no longer, that of a document.

        One that was exchanged, or put back as a whole from earlier days, is sound in itself: only
        what the catalogue has taken over from receipt and ledger tells.

        Args:
            row: of the document.
            newest: whether its newest version is wanted, not the received bytes alone.

        Raises:
            NotFound: ``no_such_document``.
            IntegrityFault: ``object_damaged``; ``version_lost`` where it ends before the ledger.
        """
        document, wanted = str(row["id"]), int(row["version"])
        if not row["sha512"] or self._vault.is_announced(document):
            return  # nobody knows its bytes, or it is being written
        inventory = self._vault.inventory(document)
        found = min(wanted, inventory.latest)
        original = objects.original_name(str(row["media_type"]))
        if inventory.state(found or None).get(original) != row["sha512"]:
            raise IntegrityFault("object_damaged", id=document)
        if newest and found < wanted:
            raise IntegrityFault("version_lost", id=document, found=found, wanted=wanted)

    def receipt(self, document: Id, accession: Id) -> Receipt:
        """The receipt of an accession, kept in the document's object.

        Raises:
            IntegrityFault: it is not there or not readable.
        """
        data = self._read(document, objects.receipt_name(accession), None)
        try:
            return objects.decode_receipt(data or b"")
        except msgspec.DecodeError as error:
            raise IntegrityFault("object_damaged", id=document) from error

    def record(self, document: Id, version: int | None = None) -> Record:
        """The record in one version (the newest without one); empty where none was written."""
        data = self._read(document, objects.RECORD, version)
        try:
            return objects.decode_record(data) if data is not None else Record()
        except msgspec.DecodeError as error:
            raise IntegrityFault("object_damaged", id=document) from error

    def written(self, document: Id, version: int) -> Record:
        """The record in a version that was written once; empty where it has none.

        Raises:
            NotFound: ``no_such_document``: the object is gone.
            IntegrityFault: ``object_damaged``: the record or the whole version is.
        """
        record = self.record(document, version)
        if record == Record() and self._vault.inventory(document).latest < version:
            raise IntegrityFault("object_damaged", id=document)
        return record

    def record_left(self, document: Id, version: int) -> tuple[Record, bool]:
        """The record in a version, else in the newest one before it of which it can be read.

        Returns:
            the record, empty where none can be read, and whether it is that of the version.
        """
        state = self._vault.inventory(document).state
        for number in range(version, 0, -1):
            try:
                if objects.RECORD not in state(number):
                    return Record(), number == version
                return self.record(document, number), number == version
            except (KeyError, Fault):
                continue
        return Record(), version < 1

    def was_record(self, document: Id, version: int, record: Record) -> bool:
        """Whether this very record was written in a version, readable or not by now."""
        try:
            digest = self._vault.inventory(document).state(version).get(objects.RECORD)
        except KeyError:
            return False
        return digest == ocfl.digest(objects.encode(record))

    def pages(self, document: Id) -> list[Page]:
        """The pages as read; empty where the document was not read."""
        data = self._read(document, objects.WORDS, None)
        try:
            return objects.decode_pages(data) if data is not None else []
        except msgspec.DecodeError as error:
            raise IntegrityFault("object_damaged", id=document) from error

    def matter(self, identifier: Id, version: int | None = None) -> Matter | None:
        """What the object of a matter says; None where there is no such object or version.

        Raises:
            IntegrityFault: it is not readable.
        """
        data = self._read(identifier, objects.MATTER, version)
        try:
            return objects.decode_matter(data) if data is not None else None
        except msgspec.DecodeError as error:
            raise IntegrityFault("object_damaged", id=identifier) from error

    def items(self, batch: Id, version: int | None = None) -> list[Item]:
        """The documents of a batch of disposition; empty where its object is gone.

        Raises:
            IntegrityFault: they are not readable.
        """
        data = self._read(batch, objects.ITEMS, version)
        try:
            return objects.decode_items(data) if data is not None else []
        except msgspec.DecodeError as error:
            raise IntegrityFault("object_damaged", id=batch) from error

    def has_rendition(self, document: Id) -> bool:
        """Whether a PDF/A was made."""
        try:
            return objects.RENDITION in self._vault.inventory(document).state(None)
        except NotFound:
            return False

    def _read(self, document: Id, name: str, version: int | None) -> bytes | None:
        try:
            with self._vault.open(document, name, version) as file:
                return file.read()
        except (FileNotFoundError, NotFound):
            return None

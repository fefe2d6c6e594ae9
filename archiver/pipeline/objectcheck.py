"""The check of one object: is it whole, is it what the ledger tells of, and is it as new?

Promises to change nothing and to name every difference with the document's id. What is being
written at this moment, or was when a crash came, is announced in the stage and not judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from archiver import phrases
from archiver.errors import Fault
from archiver.records import MATTERS_GONE, DocumentState, Id
from archiver.store import objects, overhang
from archiver.store.holdings import Holdings
from archiver.store.ocfl import Inventory
from archiver.store.register import Register, Row
from archiver.store.vault import Vault

Found = dict[str, Any]

# What one side tells of and the other has not: the counts in `archiver.pipeline.audit`.
VAULT_LACKS = {"no_object": "objects", "version_missing": "versions"}
LEDGER_LACKS = {"unknown_object": "objects", "version_unknown": "versions"}


def found(identifier: Id | None, code: str, path: str, **more: object) -> Found:
    """One difference, with its sentence."""
    params = {"path": path, "id": identifier or "", **more}
    message = phrases.sentence(f"audit_{code}", params)
    return {"id": identifier, "code": code, "path": path, "message": message}


class ObjectCheck:
    """Checks objects of one archive.

    Args:
        vault: of the archive.
        register: of the archive.
    """

    def __init__(self, vault: Vault, register: Register) -> None:
        self._vault = vault
        self._register = register
        self._holdings = Holdings(vault)

    def expected(self) -> list[Id]:
        """Ids of all objects that the ledger tells of and that are not destroyed, in order."""
        known = {*self._register.documents(), *self._register.matter_ids()}
        return sorted(known - self._gone())

    def expected_after(self, after: Id, most: int) -> list[Id]:
        """The next ids of `expected`, behind one of them."""
        return self._register.objects_after(after, most)

    def count(self) -> int:
        """How many objects are expected."""
        return self._register.count_objects()

    def newest(self, most: int) -> list[Id]:
        """The objects of which the ledger told last."""
        ids = sorted(self._register.changed_after(self._register.head()[0] - most))
        return [one for one in ids if self.is_expected(one)]

    def is_expected(self, identifier: Id) -> bool:
        """Whether the ledger tells of an object by this id that is not destroyed."""
        is_gone = self._is_gone(identifier)
        return not is_gone and self._register.knows(identifier)

    def of_object(self, identifier: Id) -> list[Found]:
        """Check an object that is expected; every byte of it is read.

        Documents come and go while an archive is read: what is gone by now is no difference.
        """
        seen = self._vault.verify(identifier)
        problems = [found(identifier, one.code, one.path) for one in seen]
        problems += self._against_ledger(identifier)
        return [] if problems and self._is_gone(identifier) else problems

    def of_ledger(self, identifier: Id) -> list[Found]:
        """Compare an object that is expected with the ledger; only our own small files are read."""
        if not self._vault.exists(identifier):
            problems = [found(identifier, "no_object", "")]
        else:
            problems = list(self._against_ledger(identifier))
        return [] if problems and self._is_gone(identifier) else problems

    def of_strangers(self) -> Iterator[Found]:
        """What lies in the vault and belongs to nothing that the ledger tells of."""
        for problem in self._vault.verify_root():
            yield found(None, problem.code, problem.path)
        for identifier, path in self._vault.strangers(self.expected()):
            if identifier is None:
                yield found(None, "stray", path)
            elif self._vault.exists(identifier) and not self._vault.is_announced(identifier):
                if self._is_gone(identifier):
                    yield found(identifier, "not_destroyed", path)
                elif not self._register.knows(identifier):
                    yield found(identifier, "unknown_object", "")
                    for one in self._vault.verify(identifier):
                        yield found(identifier, one.code, one.path)

    def _against_ledger(self, identifier: Id) -> Iterator[Found]:
        try:
            inventory = self._vault.inventory(identifier)
        except (Fault, OSError):
            return  # its own check has named it
        version = self._register.version_of(identifier)
        if inventory.latest < version:
            numbers = {"found": inventory.latest, "wanted": version}
            yield found(identifier, "version_missing", "", **numbers)
        elif self._is_settled(identifier) and overhang.surplus(
            inventory, version, self._register.is_received
        ):
            numbers = {"found": inventory.latest, "wanted": version}
            yield found(identifier, "version_unknown", "", **numbers)
        row = self._register.document(identifier)
        if row is not None and row["id"] == identifier:
            yield from self._of_document(row, inventory)
        if self._register.matter(identifier) is not None:
            yield from self._of_certificate(identifier)

    def _of_document(self, row: Row, inventory: Inventory) -> Iterator[Found]:
        """Whether the bytes are those whose digests the ledger has, salted."""
        document = str(row["id"])
        name = objects.original_name(str(row["media_type"]))
        if row["sha512"] and inventory.state().get(name) != row["sha512"]:
            yield found(document, "original_differs", name)
        for accession, digest in self._told_digests(document).items():
            # What cannot be opened is named by the fixity of its object.
            with suppress(Fault, OSError):
                if self._holdings.receipt(document, accession).salted() != digest:
                    yield found(document, "receipt_differs", objects.receipt_name(accession))

    def _told_digests(self, document: Id) -> dict[Id, str]:
        """Salted digests of a document's accessions as the ledger told them last."""
        told: dict[Id, str] = {}
        for line in self._register.history([document]):
            data = line["data"]
            if line["event"] in ("received", "replaced") and "digest" in data:
                told[str(data.get("accession", document))] = data["digest"]
            elif line["event"] == "healed":
                told |= data.get("digests", {})
        return told

    def _of_certificate(self, matter: Id) -> Iterator[Found]:
        """A certificate that is not the one whose digest the ledger has.

        An object that was exchanged as a whole is sound in itself; only the ledger tells.
        """
        kinds = ("certificate_issued", "certificate_proved")
        lines = [one for one in self._register.history([matter]) if one["event"] in kinds]
        for line in lines[-1:]:  # where it was proved again, the newest says how it is
            for key in ("json", "pdf"):
                name = f"certificate.{key}"
                with (
                    suppress(Fault, OSError),
                    self._vault.open(matter, name) as file,
                ):
                    if hashlib.sha256(file.read()).hexdigest() != line["data"].get(key):
                        yield found(matter, "certificate_differs", name)

    def _is_settled(self, identifier: Id) -> bool:
        """Whether nobody is writing an object, and no work on it waits to write it again."""
        working = {str(row["id"]) for row in self._register.jobs()}
        return identifier not in working and not self._vault.is_announced(identifier)

    def _gone(self) -> set[Id]:
        return {*self._register.destroyed(), *self._register.matter_ids(gone=True)}

    def _is_gone(self, identifier: Id) -> bool:
        """Whether only a tombstone is expected of a document or matter."""
        matter = self._register.matter(identifier)
        if matter is not None:
            return matter["state"] in MATTERS_GONE
        row = self._register.document(identifier)
        return row is not None and row["state"] == DocumentState.DESTROYED

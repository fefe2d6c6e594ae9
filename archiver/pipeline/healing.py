"""Healing documents: a good copy of a damaged or lost original is used and never thrown away.

Promises one ledger line (`healed`) for whatever was put back, and that an object is made anew only
where nothing tells what it held, of bytes that the catalogue knows to be its original. What was
left of it then stays beside the vault until the document is destroyed.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archiver.errors import IntegrityFault, NotFound
from archiver.records import DocumentState, Id
from archiver.store import fixity, objects
from archiver.store.commit import Change
from archiver.store.objects import Receipt
from archiver.store.register import Row
from archiver.store.stores import Stores

log = logging.getLogger(__name__)

# States from which a document that has lost its words is read again.
_READ_AGAIN = (DocumentState.FILED, DocumentState.REVIEW, DocumentState.QUARANTINED)


_ANEW = "healed"


class Healing:
    """Heals objects of one archive.

    Args:
        stores: of the archive.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._vault = stores.vault
        self._register = stores.register

    def living(self, copy: Path, sha512: str, actor: str, *, first: Sequence[Id] = ()) -> Id | None:
        """The document that came with these bytes and has them, healed from them where need be.

        Args:
            copy: a file with the bytes; it may be moved where it lies in the stage.
            sha512: their digest.
            actor: pseudonym of who brought them.
            first: documents that are asked before all others, also where they are withdrawn.

        Returns:
            its id; None where no document has them: then they are to be kept as one of their own.

        Raises:
            SystemFault: as `Vault.heal`.
        """
        others = self._register.documents_with(sha512)
        for document in dict.fromkeys((*first, *others)):
            try:
                self.heal(document, copy, sha512, actor)
            except IntegrityFault as fault:
                log.warning("not healed", extra={"id": document, "reason": fault.reason})
            else:
                return document
        return None

    def heal(self, document: Id, copy: Path, sha512: str, actor: str) -> int:
        """Compare what is stored with a copy, and put back what is damaged or lost.

        Where what was made of the original is damaged or lost, the document is read again.

        Args:
            document: whose object.
            copy: a file in the stage; it may be moved from there.
            sha512: its digest.
            actor: pseudonym of who brought it.

        Returns:
            How many files were put back; 0 where what the copy can tell of was sound.

        Raises:
            IntegrityFault: ``object_damaged``: this copy does not help.
            SystemFault: as `Vault.heal`.
        """
        with self._stores.commit(actor) as change:
            change.alone()
            row = self._register.document(document)
            assert row is not None
            try:
                count = self._vault.heal(document, copy, sha512)
                told = self._untold(row)
                if told:
                    change.adopt(document)
            except (NotFound, IntegrityFault):
                if row["sha512"] != sha512:
                    raise IntegrityFault("object_damaged", id=document) from None
                told = self._make_anew(change, row, copy)
                count = len(told["digests"]) + 1
            is_anew = "digests" in told
            worn = not is_anew and self._is_worn(row, sha512)
            waits = worn or is_anew or row["reason"] == "object_damaged"
            again = waits and row["state"] in _READ_AGAIN
            if count or told or (worn and again):
                change.line("healed", document, {"files": count, "again": again, **told})
        if change.is_true:
            log.warning("object healed", extra={"id": document, "files": count})
        return count

    def _is_worn(self, row: Row, sound: str) -> bool:
        """Whether what was made of the original is damaged or lost: it can be made anew.

        Args:
            row: of the document.
            sound: SHA-512 of bytes that were compared just now.
        """
        document = str(row["id"])
        inventory, home = self._vault.inventory(document), self._vault.home(document)
        state = inventory.state()

        def is_bad(name: str) -> bool:
            path = home / inventory.content_path(name)
            return fixity.content_problem(path, state[name]) is not None

        original = objects.original_name(str(row["media_type"]))
        if original not in state or (state[original] != sound and is_bad(original)):
            return False  # of what is lost nothing can be made
        behind = inventory.latest < int(row["version"])
        return behind or any(is_bad(name) for name in objects.MADE if name in state)

    def _untold(self, row: Row) -> dict[str, Any]:
        """What the ledger has to be told of an object that was made anew when a crash came."""
        document = str(row["id"])
        inventory = self._vault.inventory(document)
        is_anew = inventory.stamps()[0].message == _ANEW
        if not is_anew or inventory.latest >= int(row["version"]):
            return {}
        came = (str(one["id"]) for one in self._register.accessions(document))
        digests = {one: self._stores.holdings.receipt(document, one).salted() for one in came}
        return {"version": 1, "digests": digests}

    def _make_anew(self, change: Change, row: Row, copy: Path) -> dict[str, Any]:
        """Put an object with the original and the receipts into the place of a lost one."""
        document = str(row["id"])
        receipts = [_receipt(row, came) for came in self._register.accessions(document)]
        files: dict[str, Path | bytes] = {objects.original_name(str(row["media_type"])): copy}
        files |= {objects.receipt_name(one.id): objects.encode(one) for one in receipts}
        self._vault.set_aside(document)
        change.new(document, files, _ANEW)
        return {"version": 1, "digests": {one.id: one.salted() for one in receipts}}


def _receipt(row: Row, came: Row) -> Receipt:
    """A receipt as the catalogue still knows it; its salt is lost, so it gets another."""
    return Receipt(
        id=str(came["id"]),
        pipeline=str(came["pipeline"]),
        file=str(came["file"]),
        file_raw=bytes(came["file_raw"]),
        size=int(came["size"]),
        media_type=str(row["media_type"]),
        sha512=str(came["sha512"]),
        salt=secrets.token_bytes(16),
        actor=str(came["actor"]),
        received_at=str(came["received_at"]),
    )

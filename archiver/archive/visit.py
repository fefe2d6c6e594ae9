"""A visit: one person at one archive; what every use case needs.

Promises that rights are asked of one table; that documents are found by their own id, by an
accession's, or by a beginning that is unique; and that what a person may not see is not there for
him: neither by its id, nor in a list, nor in a count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archiver.errors import IntegrityFault, NotFound, Refusal, UsageFault
from archiver.house import House
from archiver.records import DocumentState, Id
from archiver.rights import Act, Caller, Standing, sight, standing
from archiver.sight import Sight

if TYPE_CHECKING:
    from archiver.registry.parts import Registry
    from archiver.store.register import Register

Progress = Callable[[int, int], None]
Json = dict[str, Any]


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


class Visit:
    """One archive as one person sees it.

    Args:
        house: the parts.
        caller: the person, as the kernel names him.
    """

    def __init__(self, house: House, caller: Caller) -> None:
        self._house = house
        self._caller = caller

    def require(self, act: Act) -> None:
        """Refuse what no role of the person allows.

        Raises:
            Refusal: ``not_allowed``.
        """
        self._standing.require(act)

    @cached_property
    def _standing(self) -> Standing:
        return standing(self._house.config, self._caller, self._house.owner)

    @cached_property
    def _sight(self) -> Sight:
        return sight(self._house.config, self._caller, self._standing)

    @property
    def _seen(self) -> Register:
        """The register as this person may see it: for finding, listing and counting."""
        return self._house.register.seen(self._sight)

    @property
    def _shown(self) -> Registry:
        """The registry as this person may see it; decisions ask the whole one."""
        return replace(self._house.registry, register=self._seen)

    def _tell(self, identifier: Id) -> None:
        if self._house.office is not None:
            self._house.office.tell(identifier)

    def _require_free(self, row: Json) -> None:
        """Refuse to change a document while it is in a batch of disposition.

        Raises:
            Refusal: ``document_in_batch``.
        """
        batch = self._house.register.batch_of(str(row["id"]))
        if batch is not None:
            raise Refusal("document_in_batch", id=str(row["id"]), batch=batch)

    def _parts(self, identifier: Id) -> list[Id]:
        """Documents into which the pages of a batch, or of one side of a stack, went."""
        lines = self._house.register.history([identifier])
        return [
            part
            for line in lines
            if line["event"] == "divided"
            for part in line["data"]["documents"]
        ]

    def _document(self, identifier: Id) -> Json:
        """The row of a document by its id, an accession's id, or a beginning that is unique.

        Raises:
            NotFound: ``no_such_document``: there is none, or none that this person may see.
            UsageFault: ``id_not_unique``.
        """
        seen = self._seen
        row = seen.document(identifier.upper())
        if row is None:
            matches = seen.matching(identifier.upper()) if identifier else []
            if len(matches) > 1:
                raise UsageFault("id_not_unique", id=identifier)
            row = seen.document(matches[0]) if matches else None
        if row is None:
            raise NotFound("no_such_document", id=identifier)
        return row

    def _state(self, identifier: Id) -> str:
        """The state of a document after an act, also where it has left the person's sight."""
        row = self._house.register.document(identifier)
        assert row is not None
        return str(row["state"])

    def _stored(self, identifier: Id) -> Json:
        """The row of a document whose bytes are wanted.

        Raises:
            IntegrityFault: ``object_missing``: the ledger knows it, the vault has lost it.
        """
        row = self._document(identifier)
        document = str(row["id"])
        is_gone = row["state"] == DocumentState.DESTROYED
        if not is_gone and not self._house.vault.exists(document):
            raise IntegrityFault("object_missing", id=document)
        return row

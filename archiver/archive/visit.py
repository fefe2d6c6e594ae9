"""A visit: one person at one archive; what every part of it needs.

Promises that a part has no public methods but acts; that documents are found by their own id, by
an accession's, or by a beginning that is unique; and that what a person may not see is not there
for him: neither by its id, nor in a list, nor in a count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archiver.acts import Json, acts_of
from archiver.errors import IntegrityFault, NotFound, Refusal, SystemFault, UsageFault
from archiver.filingplan import class_words
from archiver.house import House
from archiver.patience import Patience
from archiver.records import DocumentState, Event, Id, MatterKind
from archiver.rights import Caller, Right, Standing, sight, standing
from archiver.sight import MIXED, Sight, guard

if TYPE_CHECKING:
    from archiver.registry.parts import Registry
    from archiver.search.query import Query
    from archiver.store.register import Register

READING = "read"
"""Kind of the ledger line that somebody has opened a paper of a closed class."""


class Visit:
    """One archive as one person sees it; the base of its parts.

    Args:
        house: what the archive is made of.
        caller: the person, as the kernel names him.
        patience: ends when the person waits no more for what can be given up.
    """

    def __init__(self, house: House, caller: Caller, patience: Patience) -> None:
        self._house = house
        self._caller = caller
        self._patience = patience

    def __init_subclass__(cls) -> None:
        """A public method that asks for no right cannot be defined."""
        acts_of(cls)

    def require(self, right: Right) -> None:
        """Refuse what no role of the person allows.

        Raises:
            Refusal: ``not_allowed``.
        """
        self._standing.require(right)

    @cached_property
    def _standing(self) -> Standing:
        return standing(self._house.config, self._caller, self._house.owner)

    @cached_property
    def _sight(self) -> Sight:
        return sight(self._house.config, self._caller, self._standing)

    def _query(self, text: str) -> Query:
        """A query as typed; classes in it may be called by key, title or number.

        Raises:
            UsageFault: it cannot be understood.
        """
        from archiver.search.query import parse, with_classes

        return with_classes(parse(text), class_words(self._house.config.classes))

    def _require_reference(self, reference: str) -> None:
        """Refuse the reference of a dossier that this person may not see, whatever its state.

        A paper put there would vanish from the sight of whoever put it.

        Raises:
            Refusal: ``reference_not_yours``.
        """
        from archiver.store.objects import dossier_key

        key = dossier_key(reference)
        if key and self._house.register.dossier(key) and not self._seen.dossier(key):
            raise Refusal("reference_not_yours", reference=reference)

    @property
    def _seen(self) -> Register:
        """The register as this person may see it: for finding, listing and counting."""
        return self._house.register.seen(self._sight)

    @property
    def _shown(self) -> Registry:
        """The registry as this person may see it; decisions ask the whole one."""
        return replace(self._house.registry, register=self._seen)

    def _tell(self, identifier: Id, *, at_once: bool = False) -> None:
        """Tell the daemon, where one runs here, that something was decided about a document.

        Args:
            identifier: of the document.
            at_once: whether searches must know of it before the answer goes out: somebody may
                see it no longer.
        """
        office = self._house.office
        if office is None:
            return
        office.tell(identifier)
        if at_once:
            # What keeps the index from being written is told by `status`; the decision stands.
            with suppress(SystemFault):
                office.follow_index()

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

    def _matter(
        self, name: str, kind: MatterKind, unknown: str, sees: Callable[[Json], bool]
    ) -> Json:
        """The row of a matter by its id or a beginning that is unique among those he sees.

        Raises:
            NotFound: `unknown`: there is none, or none that this person may see.
            UsageFault: ``id_not_unique``.
        """
        rows = [row for row in self._seen.beginning(name, kind) if sees(row)]
        if len(rows) > 1:
            raise UsageFault("id_not_unique", id=name)
        if not rows:
            raise NotFound(unknown, id=name)
        return rows[0]

    def _visible(self, identifiers: Iterable[Id]) -> list[Id]:
        """Those of some documents and dossiers that this person may see, in their order."""
        named = list(identifiers)
        if self._sight.is_whole:
            return named
        present = self._seen.present(named)
        return [one for one in named if one in present]

    def _covered(self, scope: str, targets: Iterable[str]) -> list[str]:
        """Those of a hold's targets that this person may see."""
        if scope == "class":
            return [key for key in targets if self._sight.passes(key)]
        return self._visible(targets)

    def _without_hidden(self, answer: Json) -> Json:
        """An answer without the numbers of what this person may not see."""
        if self._sight.is_whole:
            return answer
        named = set(_texts(answer))
        hidden = self._house.register.present(named) - self._seen.present(named)
        without: Json = _left_out(answer, hidden)
        return without

    def _opened(self, row: Json, what: str) -> None:
        """Record that the person opens a paper of a closed class; for each way once a day.

        Args:
            row: of the document.
            what: that he gets of it.
        """
        guarded_by = guard(str(row["state"]), row["record_class"], row["proposed"])
        closed = {one.key for one in self._house.config.classes if one.groups}
        if not closed or guarded_by not in closed | {MIXED}:
            return
        register, document, at = self._house.register, str(row["id"]), self._house.now()
        for line in register.history([document]):
            same = (line["event"], line["actor"]) == (READING, self._caller.pseudonym)
            if same and str(line["at"])[:10] == at[:10] and line["data"]["what"] == what:
                return
        register.record(Event(READING, at, self._caller.pseudonym, document, {"what": what}))

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

    def _stored(self, identifier: Id, *, newest: bool = True) -> Json:
        """The row of a document whose bytes are wanted.

        Args:
            identifier: as for `_document`.
            newest: whether more is wanted than the received bytes.

        Raises:
            IntegrityFault: ``object_missing``: the ledger knows it, the vault has lost it; or as
                `Holdings.require_own`.
        """
        row = self._document(identifier)
        document = str(row["id"])
        is_gone = row["state"] == DocumentState.DESTROYED
        if not is_gone and not self._house.vault.exists(document):
            raise IntegrityFault("object_missing", id=document)
        if not is_gone:
            self._house.holdings.require_own(row, newest=newest)
        return row


def worded(reason: str) -> str:
    """A person's reason, which must say something.

    Raises:
        UsageFault: ``reason_missing``.
    """
    if not reason.strip():
        raise UsageFault("reason_missing")
    return reason.strip()


def require_name(name: bytes) -> None:
    """Refuse what is no name of a file.

    Raises:
        UsageFault: ``bad_name``.
    """
    if not name or b"/" in name or b"\0" in name or name in (b".", b".."):
        raise UsageFault("bad_name")


def _texts(value: Any) -> Iterator[str]:
    """All texts in a plain value but the keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _left_out(value: Any, hidden: set[str]) -> Any:
    """A plain value without some texts: lists are shorter, elsewhere stands None."""
    if isinstance(value, dict):
        return {key: _left_out(one, hidden) for key, one in value.items()}
    if isinstance(value, list | tuple):
        kept = (one for one in value if not (isinstance(one, str) and one in hidden))
        return [_left_out(one, hidden) for one in kept]
    return None if isinstance(value, str) and value in hidden else value

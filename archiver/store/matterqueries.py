"""What can be asked of the catalogue about matters: dossiers, holds, batches, and what is in them.

Promises to change nothing, and that reads never wait for the writer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Subquery, func, select

from archiver.errors import UsageFault
from archiver.records import MATTERS_GONE, DocumentState, Id, MatterKind
from archiver.store import schema as t
from archiver.store.asking import Asking, Row

# Documents that are no longer there, or whose pages are found in others.
NOT_THERE = (DocumentState.WITHDRAWN, DocumentState.DIVIDED, DocumentState.DESTROYED)


class MatterQueries(Asking):
    """What can be asked about matters."""

    def matter(self, identifier: Id) -> Row | None:
        """One matter by its id."""
        rows = self._rows(select(t.matter).where(t.matter.c.id == identifier))
        return rows[0] if rows else None

    def matters(self, kind: MatterKind, states: Sequence[str] = ()) -> list[Row]:
        """All matters of a kind, oldest first.

        Args:
            kind: of the matters.
            states: in which they are; empty: in any.
        """
        query = select(t.matter).where(t.matter.c.kind == kind)
        if states:
            query = query.where(t.matter.c.state.in_(states))
        return self._rows(query.order_by(t.matter.c.id))

    def matter_named(self, name: str, kind: MatterKind) -> Row | None:
        """The matter of a kind whose id is, or begins, so; None where there is none.

        Raises:
            UsageFault: ``id_not_unique``.
        """
        rows = self.beginning(name, kind)
        if len(rows) > 1:
            raise UsageFault("id_not_unique", id=name)
        return rows[0] if rows else None

    def beginning(self, name: str, kind: MatterKind) -> list[Row]:
        """All matters of a kind whose ids begin so, oldest first; none for nothing."""
        start = name.upper()
        if not start:
            return []
        of = t.matter.c
        query = select(t.matter).where(of.kind == kind, of.id >= start, of.id < start + "\uffff")
        return self._rows(query.order_by(of.id))

    def matter_ids(self, *, gone: bool = False) -> list[Id]:
        """Ids of matters that have an object, or of those of which only a tombstone remains."""
        is_gone = t.matter.c.state.in_(tuple(MATTERS_GONE))
        rows = self._rows(select(t.matter.c.id).where(is_gone if gone else ~is_gone))
        return [str(row["id"]) for row in rows]

    def objects_after(self, after: Id, most: int) -> list[Id]:
        """Ids of documents and matters that have an object, in order, behind one of them."""
        of = _objects()
        rows = self._rows(select(of.c.id).where(of.c.id > after).order_by(of.c.id).limit(most))
        return [str(row["id"]) for row in rows]

    def count_objects(self) -> int:
        """Number of documents and matters that have an object."""
        return int(self._rows(select(func.count().label("n")).select_from(_objects()))[0]["n"])

    def dossier(self, key: str) -> Row | None:
        """The dossier that is known by a key; the newest, where one was merged into another."""
        query = select(t.matter).where(t.matter.c.kind == "dossier", t.matter.c.key == key)
        query = query.where(t.matter.c.state != "merged")
        rows = self._rows(query.order_by(t.matter.c.id.desc()).limit(1))
        return rows[0] if rows else None

    def in_dossier(self, key: str) -> list[Row]:
        """Documents of a dossier that are there, each with its ``batch``, oldest first."""
        of = t.document.c
        query = (
            select(t.document, t.batch_item.c.batch)
            .join(t.batch_item, t.batch_item.c.document == of.id, isouter=True)
            .where(of.dossier_key == key, of.state.not_in(NOT_THERE))
            .order_by(of.id)
        )
        return self._rows(query)

    def paper_counts(self) -> dict[str, int]:
        """Number of documents that are there, by key of the dossier that they belong to."""
        of = t.document.c
        query = (
            select(of.dossier_key, func.count().label("n"))
            .where(of.dossier_key.is_not(None), of.state.not_in(NOT_THERE))
            .group_by(of.dossier_key)
        )
        return {str(row["dossier_key"]): int(row["n"]) for row in self._rows(query)}

    def proposed_dossiers(self) -> list[Row]:
        """References that name a dossier which nobody has confirmed.

        Returns:
            ``key``, ``documents`` (how many), ``sure`` (of how many a person or a sheet said it),
            ``reference`` (as one of them has it).
        """
        # The reference of one that was merged into another may propose a dossier again.
        known = select(t.matter.c.key).where(
            t.matter.c.kind == "dossier", t.matter.c.key.is_not(None), t.matter.c.state != "merged"
        )
        of = t.document.c
        query = (
            select(
                of.dossier_key.label("key"),
                func.count().label("documents"),
                func.count(of.dossier).label("sure"),
                func.max(func.coalesce(of.dossier, of.reference)).label("reference"),
            )
            .where(of.dossier_key.is_not(None), of.state.not_in(NOT_THERE))
            .where(of.dossier_key.not_in(known))
            .group_by(of.dossier_key)
            .order_by(of.dossier_key)
        )
        return self._rows(query)

    def shelf(self) -> Iterator[Row]:
        """All documents that are there, those of one dossier together; no transaction is held.

        Documents of no dossier come first, in the order of their ids.
        """
        of = t.document.c
        key = func.coalesce(of.dossier_key, "").label("place")
        after: tuple[str, str] = ("", "")
        while True:
            query = (
                select(t.document, key, t.batch_item.c.batch)
                .join(t.batch_item, t.batch_item.c.document == of.id, isouter=True)
                .where(of.state.not_in(NOT_THERE))
                .where((key > after[0]) | ((key == after[0]) & (of.id > after[1])))
                .order_by(key, of.id)
                .limit(2000)
            )
            rows = self._rows(query)
            yield from rows
            if not rows:
                return
            after = (str(rows[-1]["place"]), str(rows[-1]["id"]))

    def withdrawn(self) -> list[Row]:
        """Documents that were taken back, each with its ``batch``, oldest first."""
        of = t.document.c
        query = (
            select(t.document, t.batch_item.c.batch)
            .join(t.batch_item, t.batch_item.c.document == of.id, isouter=True)
            .where(of.state == DocumentState.WITHDRAWN)
            .order_by(of.id)
        )
        return self._rows(query)

    def scans(self) -> Iterator[Row]:
        """All documents with the way they came, in the order of their ids; no transaction is held.

        Returns:
            ``id``, ``state``, ``media_type``, ``confidence``, ``record_class``, ``received_on``,
            ``pipeline`` and ``source`` (in which their first page came, None for a whole file).
        """
        of, came = t.document.c, t.accession.c
        after = ""
        while True:
            query = (
                select(
                    of.id, of.state, of.media_type, of.confidence, of.record_class, of.received_on,
                    came.pipeline, came.source,
                )
                .join(t.accession, came.id == of.id)
                .where(of.id > after)
                .order_by(of.id)
                .limit(2000)
            )  # fmt: skip
            rows = self._rows(query)
            yield from rows
            if not rows:
                return
            after = str(rows[-1]["id"])

    def former(self) -> dict[Id, list[Row]]:
        """What documents were counted among before: ``kind``, ``value`` and ``seq``, by document.

        ``seq`` is the number of the ledger line by which it ended.
        """
        found: dict[Id, list[Row]] = {}
        for row in self._rows(select(t.formerly).order_by(t.formerly.c.seq)):
            found.setdefault(str(row["document"]), []).append(row)
        return found

    def batch_of(self, document: Id) -> Id | None:
        """The batch of disposition in which a document is, None where it is in none."""
        query = select(t.batch_item.c.batch).where(t.batch_item.c.document == document)
        rows = self._rows(query)
        return str(rows[0]["batch"]) if rows else None

    def items(self, batch: Id) -> list[Row]:
        """Documents of a batch: ``unit``, ``batch`` and all columns of the document."""
        query = (
            select(t.document, t.batch_item.c.unit, t.batch_item.c.batch)
            .join(t.batch_item, t.batch_item.c.document == t.document.c.id)
            .where(t.batch_item.c.batch == batch)
            .order_by(t.batch_item.c.unit, t.document.c.id)
        )
        return self._rows(query)

    def lines_of(self, event: str) -> list[Row]:
        """Ledger lines of one kind, oldest first."""
        return self._rows(select(t.event).where(t.event.c.event == event).order_by(t.event.c.seq))


def _objects() -> Subquery:
    """Ids of all that has an object in the vault."""
    documents = select(t.document.c.id).where(t.document.c.state != DocumentState.DESTROYED)
    matters = select(t.matter.c.id).where(t.matter.c.state.not_in(tuple(MATTERS_GONE)))
    return documents.union_all(matters).subquery()

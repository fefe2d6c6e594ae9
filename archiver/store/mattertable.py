"""One ledger line about a matter applied to the tables of the catalogue.

Promises the same as `archiver.store.projection`, which calls it: the rows are a function of ledger
and vault, and of a matter whose object is destroyed the row says what the ledger alone would.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection, delete, insert, select

from archiver.errors import IntegrityFault
from archiver.records import MATTER_STEPS, MATTERS_GONE, Id, matter_state
from archiver.store import formerly
from archiver.store import schema as t
from archiver.store.ledger import Entry
from archiver.store.objects import Item, Matter


class MatterObjects(Protocol):
    """What this reads from the vault."""

    def matter(self, identifier: Id, version: int | None = None) -> Matter | None:
        """What a matter's object says in a version; None where there is none."""
        ...

    def items(self, batch: Id, version: int | None = None) -> list[Item]:
        """The documents of a batch of disposition; empty where its object is gone."""
        ...


def move_matter(connection: Connection, entry: Entry, objects: MatterObjects) -> None:
    """Apply one ledger line whose kind is one of `MATTER_STEPS`.

    Raises:
        Refusal: ``wrong_step`` where the table of states does not have it.
    """
    assert entry.id is not None
    kind = MATTER_STEPS[entry.event].kind
    row = connection.execute(select(t.matter).where(t.matter.c.id == entry.id)).first()
    before_kind, before = (row.kind, row.state) if row else (kind, None)
    after = matter_state(entry.event, before_kind, before, entry.id)
    version = int(entry.data.get("version", 0))
    known = None if after in MATTERS_GONE else _read(objects, entry, version)
    connection.execute(delete(t.matter).where(t.matter.c.id == entry.id))
    connection.execute(
        insert(t.matter).values(
            id=entry.id,
            kind=kind,
            state=after,
            version=version,
            key=known.key if known else None,
            about=known.about if known else {},
            changed_at=entry.at,
        )
    )
    if kind == "dossier" and row is not None:
        record_class = row.about.get("class_key")
        if after in MATTERS_GONE:
            formerly.forget(connection, entry.id)
        elif row.key and record_class and known and known.about.get("class_key") != record_class:
            formerly.left_class(connection, entry.seq, entry.id, row.key, record_class)
    if kind == "batch":
        _list_items(connection, entry.id, after, version, objects)


def _read(objects: MatterObjects, entry: Entry, version: int) -> Matter | None:
    """The matter; one that is lost must not keep all others from being known.

    A dossier that has lost its value still has its key, if another version says it, and the class
    that the line names: so holds know its papers. No one takes that for the whole value.
    """
    assert entry.id is not None
    try:
        return objects.matter(entry.id, version)
    except IntegrityFault:
        record_class = entry.data.get("class")
        if MATTER_STEPS[entry.event].kind != "dossier":
            return None
    try:
        newest = objects.matter(entry.id)
    except IntegrityFault:
        return None
    about = {"class_key": record_class} if record_class else {}
    return Matter("dossier", newest.key, about) if newest else None


def _list_items(
    connection: Connection, batch: Id, state: str, version: int, objects: MatterObjects
) -> None:
    connection.execute(delete(t.batch_item).where(t.batch_item.c.batch == batch))
    if state in MATTERS_GONE:
        return
    try:
        items = objects.items(batch, version)
    except IntegrityFault:
        items = []
    if items:
        rows = [{"document": one.document, "batch": batch, "unit": one.unit} for one in items]
        connection.execute(insert(t.batch_item), rows)

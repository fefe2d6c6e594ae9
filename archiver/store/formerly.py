"""What a document was counted among before, as the catalogue keeps it.

A hold sticks to what it once covered, whatever is corrected, moved, merged, split or read anew
afterwards; so the catalogue knows of each document the classes, dossiers and documents that it has
left, and by which line of the ledger. Promises that the rows are a function of ledger and vault:
what came from an object that is destroyed goes with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from archiver.records import Id
from archiver.store import schema as t

Kind = Literal["class", "dossier", "document"]


# Made once: making a statement costs more than running it.
_DOSSIER = (
    select(t.matter.c.id, t.matter.c.about)
    .where(
        t.matter.c.kind == "dossier",
        t.matter.c.key == bindparam("named"),
        t.matter.c.state.in_(("open", "closed")),
    )
    .order_by(t.matter.c.id.desc())
)


class Place(NamedTuple):
    """Where a document stands: its class and the key of its dossier, None where unknown."""

    document: Id
    record_class: str | None
    dossier_key: str | None


class Membership(NamedTuple):
    """One thing that a document is counted among.

    Attributes:
        kind: of it.
        value: key of the class, id of the dossier or document.
        through: object that says so.
    """

    kind: Kind
    value: str
    through: Id


def left(connection: Connection, seq: int, before: Place, after: Place) -> None:
    """Note what a document is no longer counted among.

    Args:
        connection: of the catalogue, in a transaction.
        seq: number of the ledger line that has changed it.
        before: where the document stood.
        after: where it stands now.
    """
    if after != before:
        gone = _memberships(connection, before) - _memberships(connection, after)
        _note(connection, seq, before.document, gone)


def left_class(connection: Connection, seq: int, dossier: Id, key: str, record_class: str) -> None:
    """Note for all papers of a dossier that it was of another class before.

    Args:
        connection: of the catalogue, in a transaction.
        seq: number of the ledger line.
        dossier: its id.
        key: by which it is known.
        record_class: that it had.
    """
    papers = select(t.document.c.id).where(t.document.c.dossier_key == key)
    for document in connection.execute(papers).scalars().all():
        _note(connection, seq, document, [Membership("class", record_class, dossier)])


def inherited(connection: Connection, seq: int, part: Id, sources: Iterable[Id]) -> None:
    """Note for a document that was made of pages of others all that those were counted among.

    Args:
        connection: of the catalogue, in a transaction.
        seq: number of the ledger line that made it.
        part: its id.
        sources: ids of the others.
    """
    of, at = t.formerly.c, t.document.c
    for source in sources:
        stands = select(at.id, at.record_class, at.dossier_key).where(at.id == source)
        row = connection.execute(stands).first()
        found = _memberships(connection, Place(*row)) if row else set()
        _note(connection, seq, part, {*found, Membership("document", source, source)}, source)
        before = select(of.kind, of.value, of.seq).where(of.document == source)
        for one in connection.execute(before).all():
            _note(connection, one.seq, part, [Membership(one.kind, one.value, source)])


def forget(connection: Connection, identifier: Id) -> None:
    """Take away what is known of, or through, an object that is destroyed or begun anew."""
    of = t.formerly.c
    gone = or_(of.document == identifier, of.through == identifier)
    connection.execute(delete(t.formerly).where(gone))


def _memberships(connection: Connection, place: Place) -> set[Membership]:
    found: set[Membership] = set()
    if place.record_class:
        found.add(Membership("class", place.record_class, place.document))
    named = {"named": place.dossier_key}
    dossier = connection.execute(_DOSSIER, named).first() if place.dossier_key else None
    if dossier is not None:
        found.add(Membership("dossier", dossier.id, dossier.id))
        record_class = dossier.about.get("class_key")
        if record_class:
            found.add(Membership("class", record_class, dossier.id))
    return found


def _note(
    connection: Connection,
    seq: int,
    document: Id,
    gone: Iterable[Membership],
    through: Id | None = None,
) -> None:
    """Keep memberships; where one was left more than once, the last time counts."""
    for one in sorted(gone):
        connection.execute(
            insert(t.formerly)
            .prefix_with("OR REPLACE")
            .values(
                document=document,
                kind=one.kind,
                value=one.value,
                through=through or one.through,
                seq=seq,
            )
        )

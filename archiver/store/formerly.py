"""What a document was counted among before, as the catalogue keeps it.

A hold sticks to what it once covered, whatever is corrected, moved, merged, split, read anew or
lost afterwards; so the catalogue knows of each document the classes, dossiers and documents that it
has left, and by which line of the ledger. Promises that the rows are a function of ledger and vault
although objects are lost, renewed and destroyed: the line by which their past goes carries what is
to be remembered of it, in ids and keys; what nobody can tell any more is `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select

from archiver.records import UNKNOWN, DocumentState, Event, Id, counted_class
from archiver.store import schema as t

Kind = Literal["class", "dossier", "document"]

# Name of what a line carries: by document kind, value, through and seq of each row; 0: its own.
KEPT = "formerly"
_ENDING = frozenset({"destroyed", "dossier_disposed", "healed"})
# What cannot be told now is not over yet: any hold that is placed meanwhile covers it too.
_STILL, _NOBODY = 1 << 62, ""


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


_STANDS = select(t.document.c.record_class, t.document.c.state, t.document.c.dossier_key).where(
    t.document.c.id == bindparam("of")
)
_UNTOLD = (
    select(t.formerly.c.kind)
    .where(
        t.formerly.c.document == bindparam("of"),
        t.formerly.c.through == _NOBODY,
        t.formerly.c.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(t.formerly.c.kind)
)
_TOLD = delete(t.formerly).where(
    t.formerly.c.document == bindparam("of"),
    t.formerly.c.through == _NOBODY,
    t.formerly.c.kind.in_(bindparam("kinds", expanding=True)),
)
_KEEP = insert(t.formerly).prefix_with("OR REPLACE")


class Place(NamedTuple):
    """Where a document stands: the class that counts and the key of its dossier."""

    document: Id
    record_class: str
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


def place(connection: Connection, document: Id) -> Place:
    """Where a document stands by its row; nowhere where it has none."""
    row = connection.execute(_STANDS, {"of": document}).first()
    if row is None:
        return Place(document, "", None)
    return Place(document, counted_class(row.record_class, row.state), row.dossier_key)


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


def inherited(connection: Connection, seq: int, part: Id, source: Id) -> None:
    """Note for a document that has pages of another one all that that one was counted among.

    Args:
        connection: of the catalogue, in a transaction.
        seq: number of the ledger line that says so.
        part: its id.
        source: id of the other one.
    """
    found = _memberships(connection, place(connection, source))
    _note(connection, seq, part, {*found, Membership("document", source, source)})
    for one in _rows(connection, [source]):
        # What cannot be told of the source was so when its pages were taken.
        row = (source, seq) if one.through == _NOBODY else (one.through, one.seq)
        _note(connection, row[1], part, [Membership(one.kind, one.value, row[0])])


def untold(connection: Connection, seq: int, document: Id, kinds: Iterable[Kind]) -> None:
    """Note that nobody can tell what a document is counted among, until `told` says it again.

    Args:
        connection: of the catalogue, in a transaction; the document's row is as it was before.
        seq: number of the ledger line from which on nobody can tell.
        document: its id.
        kinds: of what cannot be told.
    """
    stood = _memberships(connection, place(connection, document))
    _note(connection, seq, document, (one for one in stood if one.kind in kinds))
    _note(connection, _STILL, document, [Membership(kind, UNKNOWN, _NOBODY) for kind in kinds])


def told(
    connection: Connection, document: Id, kinds: Iterable[Kind], until: int | None
) -> frozenset[Kind]:
    """Note that it can be told again what a document is counted among.

    Args:
        connection: of the catalogue, in a transaction.
        document: its id.
        kinds: of what can be told.
        until: number of the ledger line that says it; None: it says it of the time before too.

    Returns:
        the kinds that could not be told before.
    """
    own = {"of": document, "kinds": list(kinds)}
    found: list[Kind] = list(connection.execute(_UNTOLD, own).scalars())
    if found:
        connection.execute(_TOLD, own)
    if until is not None:
        _note(connection, until, document, [Membership(one, UNKNOWN, document) for one in found])
    return frozenset(found)


def forget(connection: Connection, identifier: Id) -> None:
    """Take away what is known of, or through, an object that is destroyed.

    It was on no hold, nor is what others need to remember of it: the line carries that.
    """
    of = t.formerly.c
    gone = or_(of.document == identifier, of.through == identifier)
    connection.execute(delete(t.formerly).where(gone))


def forget_own(connection: Connection, document: Id) -> None:
    """Take away what is known of a document whose past is gone; it was on no hold."""
    connection.execute(delete(t.formerly).where(t.formerly.c.document == document))


def carrying(connection: Connection, event: Event) -> Event:
    """A line with what is to be remembered of an object whose past goes by it.

    A catalogue that is made anew cannot read it any more; holds must not depend on that.

    Args:
        connection: of the catalogue, as it is before the line.
        event: any line; most are returned as they are.
    """
    if event.id is None or event.kind not in _ENDING:
        return event
    is_anew = event.kind == "healed"
    if is_anew and "version" not in event.data:
        return event
    through = select(t.formerly.c.document).where(t.formerly.c.through == event.id)
    concerned = {*_made_of(connection, event.id), *connection.execute(through).scalars()}
    documents = _alive(connection, concerned - {event.id}) + ([event.id] if is_anew else [])
    if not documents:
        return event
    kept: dict[Id, list[list[Any]]] = {document: [] for document in documents}
    for one in _rows(connection, documents):
        row = [one.kind, one.value, one.through, one.seq]
        if one.document == event.id and one.through == _NOBODY:
            row = [one.kind, one.value, event.id, 0]
        kept[one.document].append(row)
    if is_anew:
        stood = sorted(_memberships(connection, place(connection, event.id)))
        kept[event.id] += [[*one, 0] for one in stood]
    return msgspec.structs.replace(event, data={**event.data, KEPT: kept})


def remember(connection: Connection, seq: int, kept: Mapping[Id, Iterable[list[Any]]]) -> None:
    """Let a line say of documents what they were counted among; see `carrying`.

    Args:
        connection: of the catalogue, in a transaction.
        seq: number of the line.
        kept: as it carries it.
    """
    for document in _alive(connection, kept):
        forget_own(connection, document)
        for kind, value, through, until in kept[document]:
            _note(connection, until or seq, document, [Membership(kind, value, through)])


def _made_of(connection: Connection, document: Id) -> set[Id]:
    """Documents that have pages of a document, at whatever remove."""
    of, found, fresh = t.event.c, set[Id](), {document}
    while fresh:
        lines = select(of.data).where(of.event == "divided", of.id.in_(fresh))
        parts = {
            str(part)
            for data in connection.execute(lines).scalars()
            for part in data.get("documents", ())
        }
        fresh = parts - found
        found |= fresh
    return found


def _alive(connection: Connection, documents: Iterable[Id]) -> list[Id]:
    of = t.document.c
    alive = select(of.id).where(of.id.in_(set(documents)), of.state != DocumentState.DESTROYED)
    return list(connection.execute(alive.order_by(of.id)).scalars())


def _rows(connection: Connection, documents: Iterable[Id]) -> list[Row[Any]]:
    of = t.formerly.c
    rows = select(t.formerly).where(of.document.in_(list(documents)))
    return list(connection.execute(rows.order_by(of.kind, of.value, of.through)).all())


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


def _note(connection: Connection, seq: int, document: Id, gone: Iterable[Membership]) -> None:
    """Keep memberships; where one was left more than once, the last time counts."""
    rows = [{"document": document, "seq": seq, **one._asdict()} for one in sorted(gone)]
    if rows:
        connection.execute(_KEEP, rows)

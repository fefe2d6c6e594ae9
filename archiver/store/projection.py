"""One line of the ledger applied to the tables of the catalogue.

Promises that the catalogue is a function of ledger and vault: `apply` is the only code that
changes the projected tables, it asks no clock, and applying all lines to empty tables gives the
tables that a running daemon has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Protocol

import msgspec
from sqlalchemy import BLOB, Connection, bindparam, cast, delete, insert, select, update

from archiver.clock import town_day
from archiver.errors import IntegrityFault, NotFound
from archiver.records import (
    ACCESSION_TRANSITIONS,
    DOCUMENT_TRANSITIONS,
    MATTER_STEPS,
    AccessionState,
    DocumentState,
    Id,
    check_transition,
)
from archiver.store import formerly
from archiver.store import schema as t
from archiver.store.ledger import Entry
from archiver.store.mattertable import move_matter
from archiver.store.objects import (
    DAMAGED,
    UNKNOWN_TYPE,
    Item,
    Matter,
    Receipt,
    Record,
    named_dossier,
)


class Objects(Protocol):
    """What the projection reads from the vault."""

    def receipt(self, document: Id, accession: Id) -> Receipt:
        """The receipt of an accession, kept in the document's object."""
        ...

    def written(self, document: Id, version: int) -> Record:
        """The record in one version of a document; an empty one where none was written."""
        ...

    def matter(self, identifier: Id, version: int | None = None) -> Matter | None:
        """What the object of a matter says."""
        ...

    def items(self, batch: Id, version: int | None = None) -> list[Item]:
        """The documents of a batch of disposition."""
        ...


class _Remembering:
    """Reads of the vault that keep the last record: the lines of one walk name one version."""

    def __init__(self, objects: Objects) -> None:
        self.receipt, self.matter, self.items = objects.receipt, objects.matter, objects.items
        self._read = objects.written
        self._last: tuple[Id, int, Record] | None = None

    def written(self, document: Id, version: int) -> Record:
        """See `Objects`."""
        if self._last is None or self._last[:2] != (document, version):
            self._last = document, version, self._read(document, version)
        return self._last[2]


# Ledger lines that are written to the catalogue in one statement.
_AT_ONCE = 1000
# Statements that most lines need, made once: making one costs more than running it.
_PLACE = select(t.document.c.state, t.document.c.version).where(t.document.c.id == bindparam("of"))
_CHANGE = update(t.document).where(t.document.c.id == bindparam("of"))
_END_JOB = delete(t.job).where(t.job.c.id == bindparam("of"))
_FORGET_SENDER = delete(t.sender).where(t.sender.c.document == bindparam("of"))
# An accession follows its document as far as its own table of states goes.
_FOLLOW = {
    after: update(t.accession)
    .where(
        t.accession.c.id == bindparam("of"),
        t.accession.c.state.in_(
            [state for state, allowed in ACCESSION_TRANSITIONS.items() if after in allowed]
        ),
    )
    .values(state=after)
    for after in AccessionState
}

# Kinds of events that move a document, and where they move it.
MOVES: dict[str, DocumentState] = {
    "recognised": DocumentState.RECOGNISED,
    "classified": DocumentState.CLASSIFIED,
    "filed": DocumentState.FILED,
    "reviewed": DocumentState.REVIEW,
    "quarantined": DocumentState.QUARANTINED,
    "retried": DocumentState.ACCEPTED,
    "dismissed": DocumentState.WITHDRAWN,
    "withdrawn": DocumentState.WITHDRAWN,
    # A person's decisions: on a document in review, on a filed one, on its pages, on its scan.
    "confirmed": DocumentState.FILED,
    "corrected": DocumentState.FILED,
    "ordered": DocumentState.ACCEPTED,
    "replaced": DocumentState.ACCEPTED,
    "divided": DocumentState.DIVIDED,
    # Disposition: offered to the archive; not wanted after all, or taken out; taken over there;
    # not taken over, as it has said since.
    "offered": DocumentState.OFFERED,
    "declined": DocumentState.FILED,
    "handed_over": DocumentState.HANDED_OVER,
    "handover_undone": DocumentState.OFFERED,
    "destroyed": DocumentState.DESTROYED,
}
_UNFINISHED = frozenset(
    {DocumentState.ACCEPTED, DocumentState.RECOGNISED, DocumentState.CLASSIFIED}
)
_ACCESSION_AFTER: dict[str, AccessionState] = {
    "quarantined": AccessionState.QUARANTINED,
    "retried": AccessionState.RECEIVED,
    "dismissed": AccessionState.WITHDRAWN,
    "withdrawn": AccessionState.WITHDRAWN,
    "divided": AccessionState.SEPARATED,
}


def apply(connection: Connection, entries: Iterable[Entry], objects: Objects) -> int:
    """Apply ledger lines inside the caller's transaction.

    Args:
        connection: of the catalogue, in a transaction.
        entries: the lines, in order; the first must be the one after the catalogue's position.
        objects: reads of the vault.

    Returns:
        how many they were.

    Raises:
        Refusal: ``wrong_state`` where a line's step is not allowed from the state that is.
    """
    count, following, remembering = 0, iter(entries), _Remembering(objects)
    while some := list(islice(following, _AT_ONCE)):
        for entry in some:
            _step(connection, entry, remembering)
        lines = [
            {key: getattr(entry, key) for key in ("seq", "id", "event", "at", "actor")}
            | {"data": dict(entry.data)}
            for entry in some
        ]
        connection.execute(insert(t.event), lines)
        last = some[-1]
        connection.execute(update(t.position).values(seq=last.seq, digest=last.digest))
        count += len(some)
    return count


def _step(connection: Connection, entry: Entry, objects: Objects) -> None:
    handler = _HANDLERS.get(entry.event)
    if handler is not None:
        handler(connection, entry, objects)
    elif entry.event in MOVES:
        _move(connection, entry, objects)
    elif entry.event in MATTER_STEPS:
        move_matter(connection, entry, objects)
    formerly.remember(connection, entry.seq, entry.data.get(formerly.KEPT, {}))


def _received(connection: Connection, entry: Entry, objects: Objects) -> None:
    assert entry.id is not None
    receipt, findings = _receipt(objects, entry, entry.id, entry.id)
    _accession(connection, receipt, AccessionState.RECEIVED, entry.id)
    connection.execute(
        insert(t.document),
        {
            "id": entry.id,
            "state": DocumentState.ACCEPTED,
            "media_type": receipt.media_type,
            "sha512": receipt.sha512,
            "version": 1,
            "received_on": town_day(receipt.received_at).isoformat(),
            "findings": findings,
            "params": {},
            "changed_at": entry.at,
        },
    )
    _begin_job(connection, entry.id)


def _duplicate(connection: Connection, entry: Entry, objects: Objects) -> None:
    assert entry.id is not None
    first = str(entry.data["of"])
    receipt, _findings = _receipt(objects, entry, first, entry.id)
    _accession(connection, receipt, AccessionState.DUPLICATE, first)


def _replaced(connection: Connection, entry: Entry, objects: Objects) -> None:
    """Another scan takes the place of a document's first one."""
    assert entry.id is not None
    receipt, _findings = _receipt(objects, entry, entry.id, str(entry.data["accession"]))
    _accession(connection, receipt, AccessionState.SEPARATED, entry.id)
    now = {"media_type": receipt.media_type, "sha512": receipt.sha512}
    connection.execute(_CHANGE, {"of": entry.id, **now})
    _move(connection, entry, objects)


def _receipt(
    objects: Objects, entry: Entry, document: Id, accession: Id
) -> tuple[Receipt, list[str]]:
    """An accession's receipt; one that is lost must not keep all others from being known.

    Returns:
        the receipt, and the finding ``object_damaged`` where the ledger had to stand in for it.
    """
    try:
        return objects.receipt(document, accession), []
    except (IntegrityFault, NotFound):
        lost = Receipt(
            id=accession,
            pipeline=str(entry.data.get("pipeline", "")),
            file=accession,
            file_raw=accession.encode(),
            size=int(entry.data.get("size", 0)),
            media_type=str(entry.data.get("media_type", UNKNOWN_TYPE)),
            sha512="",
            salt=b"",
            actor=str(entry.data.get("brought_by", entry.actor)),
            received_at=str(entry.data.get("received_at", entry.at)),
        )
        return lost, [DAMAGED]


def _accession(
    connection: Connection, receipt: Receipt, state: AccessionState, document: Id
) -> None:
    connection.execute(
        insert(t.accession),
        {
            "id": receipt.id,
            "state": state,
            "document": document,
            "pipeline": receipt.pipeline,
            "file": receipt.file,
            "file_raw": receipt.file_raw,
            "size": receipt.size,
            "received_at": receipt.received_at,
            "actor": receipt.actor,
            "source": receipt.part.sources[0][0] if receipt.part else None,
            "sha512": receipt.sha512,
        },
    )


def _separated(connection: Connection, entry: Entry, _objects: Objects) -> None:
    connection.execute(_FOLLOW[AccessionState.SEPARATED], {"of": entry.id})


def _begin_job(connection: Connection, document: Id) -> None:
    connection.execute(insert(t.job), {"id": document, "worker_deaths": 0, "daemon_deaths": 0})


def _move(connection: Connection, entry: Entry, objects: Objects) -> None:
    assert entry.id is not None
    after = MOVES[entry.event]
    before = connection.execute(_PLACE, {"of": entry.id}).one()
    check_transition(DocumentState(before.state), after, entry.id)
    place = formerly.place(connection, entry.id)
    values: dict[str, Any] = {
        "state": after,
        "reason": entry.data.get("reason"),
        "params": entry.data.get("params", {}),
        "changed_at": entry.at,
    }
    if "version" in entry.data:
        place = _told_late(connection, entry, int(before.version), place)
        values |= _read(connection, entry, objects)
    connection.execute(_CHANGE, {"of": entry.id, **values})
    formerly.left(connection, entry.seq, place, formerly.place(connection, entry.id))
    if entry.event in _ACCESSION_AFTER:
        connection.execute(_FOLLOW[_ACCESSION_AFTER[entry.event]], {"of": entry.id})
    if after is DocumentState.ACCEPTED:
        _begin_job(connection, entry.id)
    elif after not in _UNFINISHED:
        connection.execute(_END_JOB, {"of": entry.id})


def _read(connection: Connection, entry: Entry, objects: Objects) -> dict[str, Any]:
    """Columns of a document by the version that a line names; by the line, where it is damaged."""
    assert entry.id is not None
    version = int(entry.data["version"])
    try:
        record = objects.written(entry.id, version)
    except (IntegrityFault, NotFound):
        formerly.untold(connection, entry.seq, entry.id, _untold(entry))
        known = {}
        if _says_class(entry):
            formerly.told(connection, entry.id, ("class",), entry.seq)
            known = {"record_class": entry.data["class"]}
        return {"version": version, "findings": [DAMAGED], **known}
    formerly.told(connection, entry.id, ("class", "dossier"), entry.seq)
    _confirm_sender(connection, entry.id, record)
    return _described(record, version)


def _told_late(
    connection: Connection, entry: Entry, version: int, stood: formerly.Place
) -> formerly.Place:
    """Where a document stood, as far as a line says what nobody could tell before it.

    Args:
        connection: of the catalogue, in a transaction.
        entry: the line.
        version: of the document before it.
        stood: as the rows have it.
    """
    was, is_same = entry.data.get("was"), entry.data["version"] == version
    if was or (is_same and _says_class(entry)):
        is_late = formerly.told(connection, stood.document, ("class",), None)
        return stood._replace(record_class=str(was)) if was and is_late else stood
    return stood


def _says_class(entry: Entry) -> bool:
    """Whether a line says of which class a document is from then on."""
    return bool(entry.event in ("filed", "confirmed", "corrected") and entry.data.get("class"))


def _untold(entry: Entry) -> tuple[formerly.Kind, ...]:
    """What a line leaves open of a document whose record cannot be read."""
    if entry.event in ("withdrawn", "dismissed"):
        return ()
    if entry.event in ("confirmed", "corrected"):
        is_moved = {"reference", "dossier"}.intersection(entry.data.get("set", ()))
        return ("dossier",) if is_moved else ()
    return ("dossier",) if _says_class(entry) else ("class", "dossier")


def _divided(connection: Connection, entry: Entry, objects: Objects) -> None:
    """The pages live on in others, and what has held them holds those."""
    assert entry.id is not None
    _move(connection, entry, objects)
    for part in entry.data.get("documents", ()):
        formerly.inherited(connection, entry.seq, str(part), entry.id)


def _destroyed(connection: Connection, entry: Entry, objects: Objects) -> None:
    """Leave a tombstone: what the ledger alone would give, without name, subject or digest."""
    assert entry.id is not None
    _move(connection, entry, objects)
    connection.execute(_FORGET_SENDER, {"of": entry.id})
    formerly.forget(connection, entry.id)
    connection.execute(
        update(t.accession)
        .where(t.accession.c.document == entry.id)
        .values(
            file=t.accession.c.id,
            file_raw=cast(t.accession.c.id, BLOB),
            size=0,
            source=None,
            sha512="",
        )
    )
    nothing = {**_described(Record(), 0), "findings": [], "sha512": "", "params": {}}
    connection.execute(_CHANGE, {"of": entry.id, **nothing})


def _purged(connection: Connection, entry: Entry, objects: Objects) -> None:
    """The past of a document is gone; what it is has become version 1 of a new object.

    Lines before this one name versions that are no longer there, or are others by now. Whatever
    a new catalogue has read for them, this line puts right.
    """
    assert entry.id is not None
    # It was on no hold, and its earlier versions can be asked no more.
    formerly.forget_own(connection, entry.id)
    connection.execute(_CHANGE, {"of": entry.id, **_read(connection, entry, objects)})


def _healed(connection: Connection, entry: Entry, objects: Objects) -> None:
    """Stored bytes were put back; an object that has lost its words is read again.

    Where it was made anew its past is lost, but not the holds on it: the line carries them. Of one
    that was written before lines did, nobody can tell.
    """
    assert entry.id is not None
    if entry.data.get("again"):
        _move(connection, msgspec.structs.replace(entry, event="retried", data={}), objects)
    if "version" in entry.data:
        if formerly.KEPT not in entry.data:
            formerly.untold(connection, entry.seq, entry.id, ("class", "dossier"))
        values = _read(connection, entry, objects)
        connection.execute(_CHANGE, {"of": entry.id, **values})


class _Proposal(msgspec.Struct, frozen=True):
    """What the catalogue keeps of a verdict."""

    record_class: str
    basis: str


def _confirm_sender(connection: Connection, document: Id, record: Record) -> None:
    """Know a sender again that a person confirmed on this document."""
    connection.execute(_FORGET_SENDER, {"of": document})
    confirmed = record.confirmed_sender
    if confirmed is not None:
        keys = msgspec.to_builtins(confirmed)
        name = keys.pop("name")
        connection.execute(insert(t.sender), {"document": document, "name": name, "keys": keys})


def _described(record: Record, version: int) -> dict[str, Any]:
    """Columns of a document that come from its record."""
    verdict = msgspec.convert(record.verdict, _Proposal) if record.verdict else None
    return {
        "version": version,
        "pages": record.pages,
        "confidence": record.confidence,
        "findings": list(record.findings),
        "record_class": record.record_class,
        "reference": record.reference,
        "subject": record.subject,
        "sender": record.sender,
        "letter_date": record.letter_date,
        "dossier": record.dossier,
        "dossier_key": named_dossier(record),
        "stamped_on": _stamped_on(record),
        "proposed": verdict.record_class if verdict else None,
        "basis": verdict.basis if verdict else None,
    }


def _stamped_on(record: Record) -> str | None:
    stamps = (one.normal for one in record.fields if one.kind == "received_stamp" and one.is_fact)
    return next(stamps, None)


_HANDLERS: dict[str, Callable[[Connection, Entry, Objects], None]] = {
    "received": _received,
    "duplicate": _duplicate,
    "separated": _separated,
    "replaced": _replaced,
    "divided": _divided,
    "destroyed": _destroyed,
    "purged": _purged,
    "healed": _healed,
}
assert set(MOVES.values()) <= set(DOCUMENT_TRANSITIONS)

"""A batch of disposition: what is known of it, what stops it, and how it moves.

Promises that what was said about single items stands in files of the batch's object, and that
what goes on is what was proposed: a document or dossier that has changed since, or is on hold,
stops the batch until it is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Any, TypeVar

import msgspec

from archiver.errors import IntegrityFault, NotFound, Refusal
from archiver.records import DocumentState, Event, Id
from archiver.registry.parts import Registry
from archiver.registry.units import Shelf, Unit
from archiver.retention.exchange.batch import Delivery, Offer, Version, delivery_of
from archiver.store.asking import Row
from archiver.store.objects import Item

OFFER, DECISIONS, UNITS = "offer.json", "decisions.json", "units.json"
Progress = Callable[[int, int], None]
_NAMED = 5  # ids that a sentence names


class Batch(msgspec.Struct, frozen=True):
    """What is known of a batch; its items stand in files beside.

    Attributes:
        xdomea: version of its messages.
        process: UUID of the disposal.
        units, documents, size: how many, and bytes of their primary files.
        classes: documents by key of the class.
        skipped: units that were due and not proposed, by what keeps them.
        ledger: number and digest of the ledger's head when it was proposed.
        proposed, approved, offered, appraised, exported, confirmed: time and pseudonym of each
            step, None while it has not been made.
        folder: below the exports, empty before the export.
        reply: UUID of the process that the archive's appraisal named; empty before.
    """

    xdomea: Version
    process: str
    units: int
    documents: int
    size: int
    classes: dict[str, int]
    skipped: dict[str, int]
    ledger: tuple[int, str]
    proposed: tuple[str, str]
    approved: tuple[str, str] | None = None
    offered: tuple[str, str] | None = None
    appraised: tuple[str, str] | None = None
    exported: tuple[str, str] | None = None
    confirmed: tuple[str, str] | None = None
    folder: str = ""


class UnitNote(msgspec.Struct, frozen=True):
    """By which rule a unit went, as it was reckoned when the batch was proposed.

    Attributes:
        unit: its id.
        uuid: in the messages.
        kind: ``dossier`` or ``document``.
        class_key, version, basis, disposition: of the rule.
        ends: last day of the period; empty where there is none.
        is_due: whether the period had ended; else it was offered for its age only.
        documents: ids.
    """

    unit: Id
    uuid: str
    kind: str
    class_key: str
    version: int
    basis: str
    disposition: str
    ends: str
    is_due: bool
    documents: tuple[Id, ...]


class Decisions(msgspec.Struct, frozen=True):
    """What was said about the items of a batch, by their UUIDs in the messages.

    Attributes:
        exempt: classes that the archive has waived in general; not offered.
        taken, waived: by the archive's appraisal.
        arrived: imported there.
        dropped: taken out of the batch.
        archive_ids: what the archive calls those that have arrived.
        disputed: about which answers contradict one another; such a unit goes no further.
        answers: digests of the answers that were read in; one of them says nothing new.
    """

    exempt: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    arrived: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    archive_ids: dict[str, str] = {}
    disputed: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


def batch_of(row: Row) -> Batch:
    """The value in a row of the catalogue.

    Raises:
        IntegrityFault: ``object_damaged``.
    """
    try:
        return msgspec.convert(row["about"], Batch, strict=False)
    except msgspec.ValidationError as error:
        raise IntegrityFault("object_damaged", id=str(row["id"])) from error


def find(registry: Registry, name: str) -> Row:
    """A batch by its id or the beginning of it.

    Raises:
        NotFound: ``no_such_batch``.
        UsageFault: ``id_not_unique``.
    """
    row = registry.register.matter_named(name, "batch")
    if row is None:
        raise NotFound("no_such_batch", id=name)
    return row


def offer_of(registry: Registry, batch: Id) -> Offer:
    """The offer of a batch, as it was frozen."""
    return _file(registry, batch, OFFER, Offer)


def decisions_of(registry: Registry, batch: Id) -> Decisions:
    """What was said about the items of a batch."""
    return _file(registry, batch, DECISIONS, Decisions)


def notes_of(registry: Registry, batch: Id) -> tuple[UnitNote, ...]:
    """By which rules the units of a batch go."""
    return _file(registry, batch, UNITS, tuple[UnitNote, ...])


T = TypeVar("T")


def _file(registry: Registry, batch: Id, name: str, kind: type[T]) -> T:
    version = registry.register.version_of(batch)
    try:
        with registry.vault.open(batch, name, version) as file:
            return msgspec.json.decode(file.read(), type=kind)
    except (FileNotFoundError, NotFound, msgspec.DecodeError) as error:
        raise IntegrityFault("object_damaged", id=batch) from error


def message_offer(registry: Registry, batch: Id) -> Offer:
    """What goes out as 0501: the offer without what the archive has waived or what was dropped."""
    decisions, whole = decisions_of(registry, batch), offer_of(registry, batch)
    away = {*decisions.exempt, *decisions.dropped}
    items = tuple(item for item in whole.items if item.uuid not in away)
    return Offer(whole.head, items)


def offered_notes(registry: Registry, batch: Id) -> list[UnitNote]:
    """Units of a batch that the archive is asked about."""
    decisions = decisions_of(registry, batch)
    away = {*decisions.exempt, *decisions.dropped}
    return [note for note in notes_of(registry, batch) if note.uuid not in away]


def require_answered(registry: Registry, batch: Id, *, is_last: bool = False) -> None:
    """Refuse to go on while it is open what the archive wants, or what it has got.

    Args:
        registry: of the archive.
        batch: its id.
        is_last: before the destruction: what the archive takes must have arrived there.

    Raises:
        Refusal: ``batch_unanswered``.
    """
    said = decisions_of(registry, batch)
    settled = {*said.waived, *(said.arrived if is_last else said.taken)}
    notes = offered_notes(registry, batch)
    units = [note.unit for note in notes if note.uuid not in settled]
    if units:
        raise Refusal("batch_unanswered", id=batch, count=len(units), units=some(units))


def delivery_for(registry: Registry, batch: Id, about: Batch) -> Delivery:
    """What goes out as 0503: what the archive takes, as it was frozen.

    Its time is that of the appraisal, so that the export is the same whenever it is made.
    """
    decisions = decisions_of(registry, batch)
    assert about.appraised is not None
    taken = set(decisions.taken) - set(decisions.dropped)
    at = about.appraised[0]
    return delivery_of(offer_of(registry, batch), taken, at, about.ledger[1])


def require_state(row: Row, event: str, states: Collection[str]) -> None:
    """Refuse a step that does not follow from the state.

    Raises:
        Refusal: ``wrong_step``.
    """
    if row["state"] not in states:
        identifier = str(row["id"])
        raise Refusal("wrong_step", id=identifier, state=f"batch_{row['state']}", step=event)


def require_sound(registry: Registry, batch: Id) -> None:
    """Refuse to go on with a batch of which something is on hold or has changed.

    Raises:
        Refusal: ``batch_on_hold`` or ``batch_changed``, with how many units and the first ids.
    """
    units = _units(registry, batch)
    held = [unit.id for unit in units if unit.holds]
    if held:
        raise Refusal("batch_on_hold", id=batch, count=len(held), units=some(held))
    changed = _changed(registry, batch, units)
    if changed:
        raise Refusal("batch_changed", id=batch, count=len(changed), units=some(changed))


def has_begun(registry: Registry, batch: Id) -> bool:
    """Whether something of a batch is destroyed; until then a hold can still stop it."""
    rows = registry.register.items(batch)
    return any(row["state"] == DocumentState.DESTROYED for row in rows)


def items_of(registry: Registry, batch: Id) -> list[Item]:
    """Documents of a batch as they were proposed, without what was taken out since."""
    return registry.holdings.items(batch, registry.register.version_of(batch))


def _units(registry: Registry, batch: Id) -> list[Unit]:
    """The units of a batch as they stand now."""
    shelf = Shelf(registry, registry.today)
    found = []
    for unit, papers in groupby(registry.register.items(batch), lambda row: str(row["unit"])):
        rows = list(papers)
        if unit == rows[0]["id"]:
            # One that has come into a dossier meanwhile is no longer what was proposed.
            found += [shelf.unit_of(row) for row in rows]
            continue
        dossier = registry.register.matter(unit)
        if dossier is not None and dossier["about"]:
            found.append(shelf.of_dossier(dossier))
    return found


def _changed(registry: Registry, batch: Id, units: Sequence[Unit]) -> list[Id]:
    """Units that are not what was proposed, or whose period runs again by a corrected rule."""
    then: dict[Id, dict[Id, int]] = {}
    were_due = {note.unit for note in notes_of(registry, batch) if note.is_due}
    for item in items_of(registry, batch):
        then.setdefault(item.unit, {})[item.document] = item.version
    now = {unit.id: unit for unit in units}
    changed = []
    for unit, documents in then.items():
        found = now.get(unit)
        papers = {str(row["id"]): int(row["version"]) for row in found.papers} if found else {}
        is_open = found and found.dossier is not None and found.dossier.closed_on is None
        runs = found and unit in were_due and not found.due.is_due(registry.today)
        if found is None or papers != documents or found.is_unsettled or is_open or runs:
            changed.append(unit)
    return changed


def some(ids: Sequence[Id]) -> str:
    """The first of some ids, for a sentence."""
    more = ", …" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


def lines(
    registry: Registry, event: str, batch: Id, units: Collection[Id], actor: str
) -> list[Event]:
    """Ledger lines that move the documents of units; those that are there already are left out.

    Args:
        registry: of the archive.
        event: ``offered``, ``declined``, ``handed_over`` or ``handover_undone``.
        batch: its id.
        units: ids.
        actor: pseudonym of the person.
    """
    before = {
        "offered": (DocumentState.FILED,),
        "declined": (DocumentState.OFFERED,),
        "handed_over": (DocumentState.OFFERED,),
        "handover_undone": (DocumentState.HANDED_OVER,),
    }[event]
    at = registry.now()
    return [
        Event(event, at, actor, str(row["id"]), {"batch": batch})
        for row in registry.register.items(batch)
        if row["unit"] in units and row["state"] in before
    ]


def moved(
    registry: Registry, event: str, batch: Id, uuids: Collection[str], actor: str
) -> list[Event]:
    """Ledger lines that move the documents of items, by the items' UUIDs."""
    units = {note.unit for note in notes_of(registry, batch) if note.uuid in uuids}
    return lines(registry, event, batch, units, actor)


def move(
    registry: Registry,
    event: str,
    row: Row,
    actor: str,
    data: dict[str, Any],
    *,
    first: Sequence[Event] = (),
    items: Sequence[Item] | None = None,
    decisions: Decisions | None = None,
    files: dict[str, bytes] | None = None,
    **values: Any,
) -> None:
    """Move a batch one step.

    Args:
        registry: of the archive.
        event: kind of the ledger line.
        row: of the batch.
        actor: pseudonym of the person.
        data: for the ledger.
        first: lines about documents that become true with it.
        items: documents that it holds from now on, where they change.
        decisions: about its items, where they change.
        files: further files to keep in its object.
        values: of `Batch` that change.
    """

    def changed(about: dict[str, Any]) -> dict[str, Any]:
        before = msgspec.convert(about, Batch, strict=False)
        after: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(before, **values))
        return after

    kept: dict[str, Any] = dict(files or {})
    if decisions is not None:
        kept[DECISIONS] = msgspec.json.encode(decisions)
    registry.matters.change(
        event, str(row["id"]), changed, actor, data, items=items, files=kept, first=first
    )

"""Batches of disposition are proposed, approved and offered; units are taken out of them again.

Promises that no step is skipped, that each can be made again without harm, and that ids, times
and digests of everything that goes are frozen when a batch is proposed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

import msgspec

from archiver.errors import NotFound, Refusal
from archiver.records import Id
from archiver.registry import offers
from archiver.registry.batch import (
    DECISIONS,
    OFFER,
    UNITS,
    Batch,
    Decisions,
    Progress,
    UnitNote,
    batch_of,
    decisions_of,
    find,
    lines,
    move,
    notes_of,
    offered_notes,
    require_sound,
    require_state,
)
from archiver.registry.parts import Registry
from archiver.registry.units import Shelf, Unit
from archiver.retention.exchange.batch import Offer
from archiver.store.objects import Item


def propose(
    registry: Registry,
    actor: str,
    *,
    classes: Collection[str] = (),
    until: date | None = None,
    most: int = 0,
    progress: Progress,
) -> Id:
    """Gather what is due and free to go; ids, times and digests are frozen here.

    Args:
        registry: of the archive.
        actor: pseudonym of the person.
        classes: keys to which it is limited; empty: all.
        until: only what was due by then; None: by today.
        most: documents at most, 0: no limit; a dossier is never parted.
        progress: is told how many units are described.

    Raises:
        Refusal: ``nothing_due``; ``parties_missing`` where it is not configured who hands over to
            whom.
    """
    with registry.register.exclusive():
        chosen, skipped = _chosen(registry, classes, until, most)
        if not chosen:
            raise Refusal("nothing_due", **_counted(skipped))
        offer = offers.offer_of(registry, chosen, progress)
        exempt = _exempt(registry, chosen, offer)
        if offers.lacks_parties(offer) and len(exempt) < len(chosen):
            raise Refusal("parties_missing")
        at = offer.head.created_at
        batch = Batch(
            xdomea=offer.head.version,
            process=offer.head.process_id,
            units=len(chosen),
            documents=sum(len(unit.papers) for unit in chosen),
            size=sum(f.size for i in offer.items for d in i.documents for f in d.files),
            classes=dict(Counter(key for unit in chosen for key in _classes_of(unit))),
            skipped=dict(skipped),
            ledger=registry.register.head(),
            proposed=(at, actor),
        )
        items = [
            Item(str(row["id"]), unit.id, int(row["version"]))
            for unit in chosen
            for row in unit.papers
        ]
        notes = [_note(unit, item.uuid) for unit, item in zip(chosen, offer.items, strict=True)]
        files = {
            OFFER: msgspec.json.encode(offer),
            DECISIONS: msgspec.json.encode(Decisions(exempt=exempt)),
            UNITS: msgspec.json.encode(notes),
        }
        data = {"units": batch.units, "documents": batch.documents, "process": batch.process}
        about = msgspec.to_builtins(batch)
        return registry.matters.begin(
            "batch_proposed", about, actor, data, items=items, files=files
        )


def _chosen(
    registry: Registry, classes: Collection[str], until: date | None, most: int
) -> tuple[list[Unit], Counter[str]]:
    """Units that may go, and how many may not although they are due, by what keeps them."""
    today = registry.today
    chosen: list[Unit] = []
    skipped: Counter[str] = Counter()
    documents = 0
    for unit in Shelf(registry, today).units():
        if classes and unit.class_key not in classes:
            continue
        if not unit.due.is_due(min(until or today, today)):
            continue
        obstacle = unit.obstacle(today)
        if obstacle is not None:
            skipped[obstacle] += 1
        elif most and documents + len(unit.papers) > most:
            skipped["beyond_limit"] += 1
        else:
            chosen.append(unit)
            documents += len(unit.papers)
    return chosen, skipped


def _counted(skipped: Counter[str]) -> dict[str, int]:
    names = ("held", "unsettled", "open", "no_disposition", "in_batch")
    return {name: skipped[name] for name in names}


def _exempt(registry: Registry, units: Sequence[Unit], offer: Offer) -> tuple[str, ...]:
    """Items that need no offer: the archive has waived their class in general."""
    waived = registry.config.disposition.waived
    pairs = zip(units, offer.items, strict=True)
    return tuple(
        item.uuid
        for unit, item in pairs
        if unit.due.disposition == "V" and waived and set(_classes_of(unit)) <= {*waived}
    )


def _classes_of(unit: Unit) -> list[str]:
    """Keys of the classes of a unit's documents, and of the dossier itself."""
    own = [unit.class_key] if unit.kind == "dossier" else []
    return [str(row["record_class"]) for row in unit.papers] or own


def _note(unit: Unit, uuid: str) -> UnitNote:
    assert unit.due.ends is not None
    return UnitNote(
        unit=unit.id,
        uuid=uuid,
        kind=unit.kind,
        class_key=unit.due.class_key,
        version=unit.due.version,
        basis=unit.due.basis,
        disposition=unit.due.disposition,
        ends=unit.due.ends.isoformat(),
        documents=tuple(str(row["id"]) for row in unit.papers),
    )


def approve(registry: Registry, name: str, actor: str) -> Id:
    """Say that a proposed batch may go its way.

    Raises:
        Refusal: ``second_person_needed`` where the same person has proposed it; ``batch_on_hold``
            or ``batch_changed``; ``wrong_step``.
    """
    row = find(registry, name)
    batch, identifier = batch_of(row), str(row["id"])
    with registry.register.exclusive():
        require_state(row, "batch_approved", ("proposed",))
        if registry.config.disposition.two_persons and actor == batch.proposed[1]:
            raise Refusal("second_person_needed", id=identifier)
        require_sound(registry, identifier)
        move(registry, "batch_approved", row, actor, {}, approved=(registry.now(), actor))
    return identifier


def offer(registry: Registry, name: str, actor: str) -> Id:
    """Offer a batch to the archive: its documents are offered from now on.

    Raises:
        Refusal: ``nothing_to_offer`` where the archive has waived all of it; as `approve`.
    """
    row = find(registry, name)
    identifier = str(row["id"])
    with registry.register.exclusive():
        if row["state"] == "offered":
            return identifier
        require_state(row, "batch_offered", ("approved",))
        require_sound(registry, identifier)
        offered = {note.unit for note in offered_notes(registry, identifier)}
        if not offered:
            raise Refusal("nothing_to_offer", id=identifier)
        moves = lines(registry, "offered", identifier, offered, actor)
        at = registry.now()
        move(registry, "batch_offered", row, actor, {}, offered=(at, actor), first=moves)
    return identifier


def drop(registry: Registry, name: str, units: Sequence[str], actor: str) -> int:
    """Take units out of a batch that has not been handed over; they stay as they were.

    Args:
        registry: of the archive.
        name: of the batch.
        units: ids of dossiers or documents, or beginnings of them.
        actor: pseudonym of the person.

    Returns:
        how many were taken out.

    Raises:
        NotFound: ``not_in_batch``.
        Refusal: ``already_arrived`` for what the archive has imported; ``wrong_step``;
            ``batch_would_be_empty``: cancel it instead.
    """
    row = find(registry, name)
    identifier = str(row["id"])
    with registry.register.exclusive():
        decisions, notes = decisions_of(registry, identifier), notes_of(registry, identifier)
        inside = [note for note in notes if note.uuid not in decisions.dropped]
        chosen = [_note_like(inside, word, identifier) for word in units]
        uuids = {note.uuid for note in chosen}
        if uuids & set(decisions.arrived):
            raise Refusal("already_arrived", id=identifier)
        if len(uuids) == len(inside):
            raise Refusal("batch_would_be_empty", id=identifier)
        gone = {document for note in chosen for document in note.documents}
        moves = lines(registry, "declined", identifier, {note.unit for note in chosen}, actor)
        kept = [one for one in registry.holdings.items(identifier) if one.document not in gone]
        after = msgspec.structs.replace(
            decisions, dropped=tuple(sorted({*decisions.dropped, *uuids}))
        )
        data = {"units": [note.unit for note in chosen]}
        move(registry, "batch_reduced", row, actor, data, first=moves, items=kept, decisions=after)
    return len(chosen)


def _note_like(notes: Sequence[UnitNote], word: str, batch: Id) -> UnitNote:
    found = [note for note in notes if word and note.unit.startswith(word.upper())]
    found = found or [note for note in notes if word and note.uuid == word.lower()]
    if len(found) != 1:
        raise NotFound("not_in_batch", id=word, batch=batch)
    return found[0]


def cancel(registry: Registry, name: str, actor: str) -> Id:
    """Call a batch off that has not been exported; nothing of it has changed then.

    Raises:
        Refusal: ``wrong_step``.
    """
    row = find(registry, name)
    identifier = str(row["id"])
    with registry.register.exclusive():
        states = ("proposed", "approved", "offered", "appraised")
        require_state(row, "batch_cancelled", states)
        units = {item.unit for item in registry.holdings.items(identifier)}
        moves = lines(registry, "declined", identifier, units, actor)
        if moves:
            registry.register.record(*moves)
        registry.matters.end("batch_cancelled", identifier, actor, {})
    return identifier

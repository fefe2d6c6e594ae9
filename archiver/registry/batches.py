"""Batches of disposition are proposed, approved and offered; units are taken out of them again.

Promises that no step is skipped, that each can be made again without harm, and that ids, times
and digests of everything that goes are frozen when a batch is proposed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

import msgspec

from archiver.errors import NotFound, Refusal
from archiver.records import UNCLASSIFIED, Id
from archiver.registry import offers, packages
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
    has_begun,
    items_of,
    lines,
    move,
    notes_of,
    offered_notes,
    require_sound,
    require_state,
)
from archiver.registry.corrections import require_others
from archiver.registry.parts import Registry
from archiver.registry.units import Shelf, Unit, former
from archiver.retention.exchange.batch import Offer
from archiver.retention.holds import Former
from archiver.store.asking import Row
from archiver.store.objects import Item

# What was taken over, or is to be destroyed, goes no other way any more; but it can stay.
_ENDING = ("handed_over", "destroying")
_CANCELLABLE = ("proposed", "approved", "offered", "appraised")
_REDUCIBLE = (*_CANCELLABLE, "exported", *_ENDING)


def propose(
    registry: Registry,
    actor: str,
    *,
    classes: Collection[str] = (),
    until: date | None = None,
    most: int = 0,
    older_than: int = 0,
    withdrawn: bool = False,
    progress: Progress,
    is_seen: Callable[[Unit], bool] | None = None,
) -> Id:
    """Gather what is due and free to go; ids, times and digests are frozen here.

    Args:
        registry: of the archive.
        actor: pseudonym of the person.
        classes: keys to which it is limited; empty: all.
        until: only what was due by then; None: by today.
        most: documents at most, 0: no limit; a dossier is never parted.
        older_than: also what is older than so many years, whatever its period: archives must be
            offered everything after 30 years at the latest. Of that nothing is destroyed before
            its period has ended. 0: nothing of that kind.
        withdrawn: papers that were taken back, and nothing else: they are no records, so the
            archive is not asked.
        progress: is told how many units are described.
        is_seen: whether the person may see all of a unit; what he may not see is not gathered
            and not counted. None: he sees everything.

    Raises:
        Refusal: ``clock_in_doubt``; ``nothing_due``, or ``nothing_due_withdrawn``;
            ``parties_missing`` where it is not configured who hands over to whom.
    """
    registry.require_sure_time()
    with registry.register.exclusive():
        shelf = Shelf(registry, registry.today)
        units = shelf.withdrawn() if withdrawn else shelf.units()
        units = units if is_seen is None else filter(is_seen, units)
        chosen, skipped = _chosen(registry, units, classes, until, most, older_than)
        if not chosen and withdrawn:
            days = registry.config.disposition.withdrawn_days
            raise Refusal("nothing_due_withdrawn", days=days, **_counted(skipped))
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
        notes = [
            _note(unit, item.uuid, registry.today)
            for unit, item in zip(chosen, offer.items, strict=True)
        ]
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
    registry: Registry,
    units: Iterable[Unit],
    classes: Collection[str],
    until: date | None,
    most: int,
    older_than: int,
) -> tuple[list[Unit], Counter[str]]:
    """Units that may go, and how many may not although they are due, by what keeps them."""
    today = registry.today
    chosen: list[Unit] = []
    skipped: Counter[str] = Counter()
    documents = 0
    for unit in units:
        if classes and unit.class_key not in classes:
            continue
        is_aged = older_than > 0 and unit.is_older(older_than, today)
        if not (is_aged or unit.due.is_due(min(until or today, today))):
            continue
        obstacle = unit.obstacle(today, is_aged=is_aged and not unit.is_handed_over)
        if unit.is_handed_over and not registry.config.disposition.destroy_handed_over:
            obstacle = "handed_over"
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
    """Items that need no offer: they are there already, or their class is waived in general."""
    waived, before = registry.config.disposition.waived, former(registry)
    pairs = zip(units, offer.items, strict=True)
    return tuple(
        item.uuid
        for unit, item in pairs
        if unit.due.is_due(registry.today)
        and (unit.is_handed_over or unit.is_withdrawn or _is_waived(unit, waived, before))
    )


def _is_waived(unit: Unit, waived: Collection[str], former: Mapping[Id, Sequence[Former]]) -> bool:
    """Whether the archive has said in general that it wants nothing of the kind.

    What was of another class before is offered: one correction must not lead past the offer.
    """
    keys = {unit.class_key, *_classes_of(unit)}
    keys |= {
        one.value
        for row in unit.papers
        for one in former.get(str(row["id"]), ())
        if one.kind == "class"
    } - {UNCLASSIFIED}
    return unit.due.disposition == "V" and keys <= set(waived)


def _classes_of(unit: Unit) -> list[str]:
    """Keys of the classes of a unit's documents; where it has none, of the dossier itself."""
    if unit.is_withdrawn:
        return [unit.class_key]
    own = [unit.class_key] if unit.kind == "dossier" else []
    return [str(row["record_class"] or UNCLASSIFIED) for row in unit.papers] or own


def _note(unit: Unit, uuid: str, today: date) -> UnitNote:
    return UnitNote(
        unit=unit.id,
        uuid=uuid,
        kind=unit.kind,
        class_key=unit.due.class_key,
        version=unit.due.version,
        basis=unit.due.basis,
        disposition=unit.due.disposition,
        ends=unit.due.ends.isoformat() if unit.due.ends else "",
        is_due=unit.due.is_due(today),
        documents=tuple(str(row["id"]) for row in unit.papers),
    )


def approve(registry: Registry, name: str, actor: str) -> Id:
    """Say that a proposed batch may go its way.

    Raises:
        Refusal: ``second_person_needed`` where the same person has proposed it,
            ``corrected_by_approver`` where he has changed what decides about a unit of it;
            ``batch_on_hold`` or ``batch_changed``; ``wrong_step``.
    """
    with registry.register.exclusive():
        row = find(registry, name)
        identifier = str(row["id"])
        require_state(row, "batch_approved", ("proposed",))
        if registry.config.disposition.two_persons:
            if actor == batch_of(row).proposed[1]:
                raise Refusal("second_person_needed", id=identifier)
            require_others(registry, identifier, actor)
        require_sound(registry, identifier)
        move(registry, "batch_approved", row, actor, {}, approved=(registry.now(), actor))
    return identifier


def offer(registry: Registry, name: str, actor: str) -> Id:
    """Offer a batch to the archive: its documents are offered from now on.

    Raises:
        Refusal: ``nothing_to_offer`` where the archive has waived all of it; as `approve`.
    """
    with registry.register.exclusive():
        row = find(registry, name)
        identifier = str(row["id"])
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
    """Take units out of a batch; they stay as they are.

    Args:
        registry: of the archive.
        name: of the batch.
        units: ids of dossiers or documents, or beginnings of them.
        actor: pseudonym of the person.

    Returns:
        how many were taken out.

    Raises:
        NotFound: ``not_in_batch``.
        Refusal: ``already_arrived`` for what the archive has imported, while more is to come;
            ``batch_would_be_empty``: cancel it instead, as long as it can be; ``wrong_step``.
    """
    with registry.register.exclusive():
        row = find(registry, name)
        identifier = str(row["id"])
        require_state(row, "batch_reduced", _REDUCIBLE)
        if has_begun(registry, identifier):
            require_state(row, "batch_reduced", ())
        decisions, notes = decisions_of(registry, identifier), notes_of(registry, identifier)
        inside = [note for note in notes if note.uuid not in decisions.dropped]
        chosen = [_note_like(inside, word, identifier) for word in units]
        uuids = {note.uuid for note in chosen}
        if uuids & set(decisions.arrived) and row["state"] not in _ENDING:
            raise Refusal("already_arrived", id=identifier)
        if len(uuids) == len(inside) and row["state"] in _CANCELLABLE:
            raise Refusal("batch_would_be_empty", id=identifier)
        gone = {document for note in chosen for document in note.documents}
        moves = lines(registry, "declined", identifier, {note.unit for note in chosen}, actor)
        kept = [one for one in items_of(registry, identifier) if one.document not in gone]
        after = msgspec.structs.replace(
            decisions, dropped=tuple(sorted({*decisions.dropped, *uuids}))
        )
        data = {"units": [note.unit for note in chosen]}
        move(registry, "batch_reduced", row, actor, data, first=moves, items=kept, decisions=after)
        _go_on(registry, find(registry, identifier), after, actor)
    return len(chosen)


def _go_on(registry: Registry, row: Row, decisions: Decisions, actor: str) -> None:
    """Take the step for which a batch has waited only because of what was taken out of it.

    No further answer of the archive would come, so the batch could not be brought to its end.
    """
    identifier = str(row["id"])
    offered = {note.uuid for note in offered_notes(registry, identifier)}
    taken = offered & set(decisions.taken)
    stamp = (registry.now(), actor)
    if row["state"] == "offered" and offered <= {*decisions.taken, *decisions.waived}:
        counts = {"taken": len(taken), "waived": len(offered - taken)}
        move(registry, "batch_appraised", row, actor, counts, appraised=stamp)
    elif row["state"] == "exported" and taken <= set(decisions.arrived):
        data = {"arrived": len(decisions.arrived)}
        move(registry, "batch_confirmed", row, actor, data, confirmed=stamp)


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
    with registry.register.exclusive():
        row = find(registry, name)
        identifier = str(row["id"])
        require_state(row, "batch_cancelled", _CANCELLABLE)
        units = {item.unit for item in items_of(registry, identifier)}
        moves = lines(registry, "declined", identifier, units, actor)
        packages.discard(registry, packages.folders(registry, identifier))
        registry.matters.end("batch_cancelled", identifier, actor, {}, first=moves)
    return identifier

"""The archive's answers are read in: what it wants of an offer, and what of it has arrived there.

Promises that only what the archive has imported counts as handed over, that an answer of which
something is odd is told item by item, and that what contradicts an earlier answer lets nothing go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import BinaryIO

import msgspec

from archiver.records import Id
from archiver.registry import replies
from archiver.registry.batch import (
    Decisions,
    batch_of,
    decisions_of,
    delivery_for,
    find,
    message_offer,
    move,
    moved,
    offered_notes,
    require_sound,
    require_state,
)
from archiver.registry.parts import Registry
from archiver.retention.exchange.appraisal import (
    Appraisal,
    Confirmation,
    Finding,
    appraise,
    confirm,
)
from archiver.store.asking import Row

_MOST_REPLY = 64 << 20  # bytes


class Answered(msgspec.Struct, frozen=True):
    """What an answer of the archive came to.

    Attributes:
        state: of the batch now.
        findings: what is odd about it, item by item.
        waiting: items about which nothing usable has been said yet.
    """

    state: str
    findings: tuple[Finding, ...]
    waiting: int


def take_appraisal(registry: Registry, name: str, file: BinaryIO, actor: str) -> Answered:
    """Read in a 0502; the batch is appraised when every item is decided.

    Args:
        registry: of the archive.
        name: of the batch.
        file: as the archive sent it.
        actor: pseudonym of the person.

    Raises:
        Refusal: ``reply_other_...`` where it answers something else; ``wrong_step``.
        UsageFault: it cannot be read.
    """
    row = find(registry, name)
    identifier = str(row["id"])
    require_state(row, "batch_appraised", ("offered", "appraised"))
    answer, message = replies.appraisal(registry.config, file), _bytes(file)
    with registry.register.exclusive():
        row = find(registry, identifier)
        require_state(row, "batch_appraised", ("offered", "appraised"))
        told = appraise(message_offer(registry, identifier), answer)
        before, digest = decisions_of(registry, identifier), _digest(message)
        notes = offered_notes(registry, identifier)
        after, odd = before, _contradicted(before, told)
        if digest not in before.answers:
            after = _decided(before, told)
        waiting = [one for one in notes if one.uuid not in {*after.taken, *after.waived}]
        is_first = row["state"] == "offered"
        if after != before or (is_first and (digest not in before.answers or not waiting)):
            after = msgspec.structs.replace(after, answers=_with(before.answers, digest))
            is_whole = is_first and not waiting
            move(
                registry,
                "batch_appraised" if is_whole else "batch_answered",
                row,
                actor,
                {"taken": len(after.taken), "waived": len(after.waived)},
                decisions=after,
                files={"0502.xml": message},
                appraised=(registry.now(), actor) if is_whole else batch_of(row).appraised,
            )
        state = str(find(registry, identifier)["state"])
    units = {one.uuid: one.unit for one in notes}
    return Answered(state, (*told.findings, *_findings("appraisal", odd, units)), len(waiting))


def _contradicted(before: Decisions, told: Appraisal) -> set[str]:
    """Items about which an answer says clearly something else than an earlier one."""
    return {*(told.taken & {*before.waived}), *(told.waived & {*before.taken, *before.disputed})}


def _decided(before: Decisions, told: Appraisal) -> Decisions:
    """Decisions with those of a new answer.

    What the archive has once wanted stays wanted. What it has waived and now speaks of otherwise,
    as a whole or in a part, is open again, and will not be waived by a third answer.
    """
    taken, waived, disputed = {*before.taken}, {*before.waived}, {*before.disputed}
    spoken = {one.uuid for one in told.findings if one.code != "appraisal_missing"}
    disputed |= waived & (told.taken | spoken)
    taken |= told.taken - waived
    waived = (waived | (told.waived - taken)) - disputed
    return msgspec.structs.replace(
        before,
        taken=tuple(sorted(taken)),
        waived=tuple(sorted(waived)),
        disputed=tuple(sorted(disputed - taken)),
    )


def _findings(message: str, odd: Collection[str], units: Mapping[str, Id]) -> tuple[Finding, ...]:
    """Items about which two answers contradict one another."""
    return tuple(Finding(f"{message}_contradictory", uuid, units[uuid]) for uuid in sorted(odd))


def _digest(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()


def _with(answers: tuple[str, ...], digest: str) -> tuple[str, ...]:
    return answers if digest in answers else (*answers, digest)


def take_confirmation(registry: Registry, name: str, file: BinaryIO, actor: str) -> Answered:
    """Read in a 0506; what has arrived is handed over, the batch when everything has.

    Raises:
        Refusal: ``reply_other_...`` where it answers something else; ``batch_on_hold``,
            ``batch_changed`` or ``wrong_step``.
        UsageFault: it cannot be read.
    """
    row = find(registry, name)
    identifier = str(row["id"])
    require_state(row, "batch_confirmed", ("exported", "handed_over"))
    answer, message = replies.imported(registry.config, file), _bytes(file)
    with registry.register.exclusive():
        row = find(registry, identifier)
        require_state(row, "batch_confirmed", ("exported", "handed_over"))
        delivery = delivery_for(registry, identifier, batch_of(row))
        told = confirm(delivery, answer)
        before, digest = decisions_of(registry, identifier), _digest(message)
        after, odd = before, told.arrived & {*before.disputed}
        if digest not in before.answers:
            after = _arrived(before, told, digest)
        waiting = [item for item in delivery.items if item.uuid not in after.arrived]
        if after != before or (row["state"] == "exported" and not waiting):
            _hand_over(registry, row, actor, after, is_whole=not waiting, message=message)
        state = str(find(registry, identifier)["state"])
    units = {item.uuid: item.id for item in delivery.items}
    return Answered(state, (*told.findings, *_findings("import", odd, units)), len(waiting))


def _arrived(before: Decisions, told: Confirmation, digest: str) -> Decisions:
    """Decisions with what a new answer says has arrived.

    What had arrived and now is told otherwise, as a whole or in a part, has not, whatever a third
    answer says.
    """
    arrived, disputed = {*before.arrived}, {*before.disputed}
    spoken = {one.uuid for one in told.findings if one.code != "import_missing"}
    disputed |= arrived & spoken
    arrived = (arrived | told.arrived) - disputed
    ids = {**before.archive_ids, **told.archive_ids}
    return msgspec.structs.replace(
        before,
        arrived=tuple(sorted(arrived)),
        disputed=tuple(sorted(disputed)),
        archive_ids={uuid: name for uuid, name in ids.items() if uuid in arrived},
        answers=_with(before.answers, digest),
    )


def _hand_over(
    registry: Registry,
    row: Row,
    actor: str,
    after: Decisions,
    *,
    is_whole: bool,
    message: bytes,
) -> None:
    """Make it true that items have arrived, or that they have not after all."""
    identifier = str(row["id"])
    before = {*decisions_of(registry, identifier).arrived}
    fresh, undone = {*after.arrived} - before, before - {*after.arrived}
    is_last = is_whole and row["state"] == "exported"
    if fresh or is_last:
        require_sound(registry, identifier)
    move(
        registry,
        "batch_confirmed" if is_last else "batch_answered",
        row,
        actor,
        {"arrived": len(after.arrived)},
        first=[
            *moved(registry, "handed_over", identifier, fresh, actor),
            *moved(registry, "handover_undone", identifier, undone, actor),
        ],
        decisions=after,
        files={"0506.xml": message},
        confirmed=(registry.now(), actor) if is_last else batch_of(row).confirmed,
    )


def _bytes(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_MOST_REPLY)

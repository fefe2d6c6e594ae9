"""The handover: the archive's appraisal is read in, what it takes is exported, its receipt read in.

Promises that only what the archive has taken is exported, that only what it has imported counts as
handed over, and that an answer of which something is odd is told item by item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from archiver.errors import IntegrityFault, Refusal, UsageFault
from archiver.records import Id
from archiver.registry import packages, replies
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
    require_answered,
    require_sound,
    require_state,
    some,
)
from archiver.registry.parts import Registry
from archiver.retention.exchange import dialect
from archiver.retention.exchange.appraisal import (
    Appraisal,
    Confirmation,
    Finding,
    appraise,
    confirm,
)
from archiver.retention.exchange.batch import Delivery, PrimaryFile
from archiver.retention.exchange.delivery import deliver
from archiver.retention.exchange.verification import verify
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


def export(
    registry: Registry,
    name: str,
    folder: str,
    actor: str,
    progress: Callable[[int, int], None],
) -> Path:
    """Write what the archive takes as 0503 in a bag; goes on where a run was killed.

    Args:
        registry: of the archive.
        name: of the batch.
        folder: name below the exports; empty: the id of the batch.
        actor: pseudonym of the person.
        progress: is told mebibytes done and in all, written and read again.

    Returns:
        the folder of the package.

    Raises:
        Refusal: ``output_exists`` where something else lies there; ``export_empty`` where the
            archive takes nothing; ``batch_unanswered``, ``batch_on_hold``, ``batch_changed`` or
            ``wrong_step``.
        UsageFault: ``export_folder_bad``.
        IntegrityFault: ``export_source_changed`` or ``export_damaged``.
        SystemFault: ``disk_full``, ``storage_failed``; asked again, it goes on.
    """
    row = find(registry, name)
    require_state(row, "batch_exported", ("appraised", "exported"))
    identifier, batch = str(row["id"]), batch_of(row)
    require_answered(registry, identifier)
    require_sound(registry, identifier)
    place = _place(registry, folder or batch.folder or identifier)
    delivery = delivery_for(registry, identifier, batch)
    package = place / dialect.stem(delivery.head, "0503")
    if place.exists() and not packages.is_own(place, package.name):
        raise Refusal("output_exists", path=str(place))
    is_sent = row["state"] == "exported"
    if package.exists() and not (is_sent or packages.is_of(package, delivery)):
        packages.begin_anew(place, package.name)
    if package.exists() and not package.with_name(package.name + ".journal").exists():
        _require_whole(package, progress)
    else:
        _deliver(registry, delivery, place, progress)
    with registry.register.exclusive():
        row = find(registry, identifier)
        if row["state"] == "appraised":
            require_answered(registry, identifier)
            require_sound(registry, identifier)
            _require_same(delivery, delivery_for(registry, identifier, batch), identifier)
            stamp, items = (registry.now(), actor), len(delivery.items)
            move(
                registry,
                "batch_exported",
                row,
                actor,
                {"items": items},
                exported=stamp,
                folder=place.name,
            )
    return package


def _place(registry: Registry, folder: str) -> Path:
    if not folder or {"/", "\0"} & set(folder) or folder.startswith("."):
        raise UsageFault("export_folder_bad", value=folder)
    return registry.config.places.exports / folder


def _deliver(
    registry: Registry, delivery: Delivery, place: Path, progress: Callable[[int, int], None]
) -> None:
    """Write a package; one that was begun before units were taken out is begun anew."""
    opener = _opener(registry, delivery)
    try:
        deliver(delivery, place, opener, _mebibytes(progress))
    except Refusal as refusal:
        if refusal.reason != "export_other_batch":
            raise
        packages.begin_anew(place, dialect.stem(delivery.head, "0503"))
        deliver(delivery, place, opener, _mebibytes(progress))


def _require_same(written: Delivery, wanted: Delivery, batch: Id) -> None:
    """Refuse what was written while units were taken out.

    Raises:
        Refusal: ``batch_changed``.
    """
    left = {item.uuid for item in wanted.items}
    gone = [item.id for item in written.items if item.uuid not in left]
    if gone:
        raise Refusal("batch_changed", id=batch, count=len(gone), units=some(gone))


def _require_whole(package: Path, progress: Callable[[int, int], None]) -> None:
    findings = verify(package, _mebibytes(progress)).findings
    if findings:
        raise IntegrityFault("export_damaged", path=str(package), count=len(findings))


def _mebibytes(progress: Callable[[int, int], None]) -> Callable[[str, int, int], None]:
    """Progress of a delivery as one row of numbers: everything is written, then read again."""

    def told(phase: str, done: int, total: int) -> None:
        before = total if phase == "reread" else 0
        progress((before + done) >> 20, max(1, 2 * total >> 20))

    return told


def _opener(registry: Registry, delivery: Delivery) -> Callable[[PrimaryFile], BinaryIO]:
    """Gives the bytes of a primary file; it is known in its object by its digest."""
    owners = {file.uuid: one.id for _item, one in delivery.documents() for file in one.files}

    def opened(file: PrimaryFile) -> BinaryIO:
        document = owners[file.uuid]
        state = registry.vault.inventory(document).state()
        name = next((name for name, digest in state.items() if digest == file.sha512), None)
        if name is None:
            raise IntegrityFault("export_source_changed", file=document)
        return registry.vault.open(document, name)

    return opened


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

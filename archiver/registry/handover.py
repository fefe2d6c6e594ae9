"""The handover: what the archive takes is exported.

Promises that only what the archive has taken is exported, that the same is written whenever it is
asked for, and that a package is read again before it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from archiver.errors import IntegrityFault, Refusal, UsageFault
from archiver.records import Id
from archiver.registry import packages
from archiver.registry.batch import (
    batch_of,
    delivery_for,
    find,
    move,
    require_answered,
    require_sound,
    require_state,
    some,
)
from archiver.registry.parts import Registry
from archiver.retention.exchange import dialect
from archiver.retention.exchange.batch import Delivery, PrimaryFile
from archiver.retention.exchange.delivery import deliver
from archiver.retention.exchange.verification import verify


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

"""Overhang: what an object says beyond the last version that the ledger names.

A version is written before its ledger line. Where the line could not be written, nobody was told
that it is true, and nothing may be built upon it. Promises that nothing is removed: what the
ledger's version had is put into a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

from archiver.errors import IntegrityFault
from archiver.records import Id
from archiver.store import durable
from archiver.store.ocfl import Inventory
from archiver.store.queries import Queries
from archiver.store.vault import Vault

_RECEIPTS = "receipts/"
TAKEN_BACK = "taken_back"


def take_back(vault: Vault, known: Queries, identifier: Id, at: str) -> None:
    """Have nothing in an object that the ledger does not name, as far as it can be read.

    What a walk has written stays, with the marker, as long as its document is on its way: it
    writes the same again.

    Args:
        vault: of the archive.
        known: what the ledger names.
        identifier: of the object; nobody else may be writing it.
        at: now, UTC, ISO 8601.

    Raises:
        NotFound, SystemFault: as `Vault.add_version`.
    """
    version = known.version_of(identifier)
    with suppress(IntegrityFault):  # `verify` names what is wrong with it
        if version and known.is_on_its_way(identifier):
            if surplus(vault.inventory(identifier), version, known.is_received):
                return
        elif version:
            put_back(vault, identifier, version, at, known.is_received)
    vault.settled(identifier)


def put_back(
    vault: Vault,
    document: Id,
    version: int,
    at: str,
    knows: Callable[[Id], bool],
    *,
    anew: Collection[str] = (),
) -> bool:
    """Put the files of a version back, if later ones differ in anything but known receipts.

    Args:
        vault: of the archive.
        document: whose object; nobody else may be writing it.
        version: newest that the ledger names.
        at: now, UTC, ISO 8601.
        knows: whether the ledger has an accession; a duplicate's receipt adds a version too.
        anew: files that are written anew next; damage to what they were does not matter.

    Returns:
        Whether anything had to be put back.

    Raises:
        IntegrityFault, NotFound, SystemFault: as `Vault.add_version`.
    """
    inventory = vault.inventory(document)
    then = inventory.state(version) if version <= inventory.latest else {}
    changes: dict[str, Path | bytes | None] = {}
    for name in surplus(inventory, version, knows):
        try:
            sound = _sound(vault, document, name, version, then) if name in then else None
        except IntegrityFault:
            if name not in anew:
                raise
        else:
            changes[name] = sound
    if changes:
        vault.add_version(document, changes, at, TAKEN_BACK, "daemon")
    return bool(changes)


def surplus(inventory: Inventory, version: int, knows: Callable[[Id], bool]) -> list[str]:
    """Files in which an object differs from a version of it in anything but known receipts.

    Args:
        inventory: of the object.
        version: newest that the ledger names.
        knows: as in `put_back`.
    """
    if inventory.latest <= version:
        return []
    then, since = inventory.state(version), inventory.state()
    names = (
        name for name in sorted(then.keys() | since.keys()) if then.get(name) != since.get(name)
    )
    return [
        name
        for name in names
        if not (name.startswith(_RECEIPTS) and (name in then or knows(Path(name).stem)))
    ]


def _sound(vault: Vault, document: Id, name: str, version: int, state: Mapping[str, str]) -> Path:
    """The path of stored bytes that are still what they were: damage gets no digest of its own."""
    path = vault.path(document, name, version)
    with suppress(FileNotFoundError):
        if durable.file_digest(path) == state[name]:
            return path
    raise IntegrityFault("object_damaged", id=document)

"""Healing: stored bytes that were damaged or lost are put back from a copy that has their digest.

Promises that nothing gets into an object but bytes with a digest that a sound inventory names,
each file by one rename; that what is sound is not touched; and that what lay in the place of
something that is put back, but is no file, is set aside and not thrown away.
"""

from __future__ import annotations

from pathlib import Path

from archiver.records import Id
from archiver.store import fixity, ocfl
from archiver.store.ocfl import Inventory
from archiver.store.stage import Source, Stage


def newest_inventory(home: Path, id: Id) -> Inventory | None:
    """The inventory of an object, or the copy in its newest version's folder; None without both.

    Raises:
        OSError: it cannot be read although it is there.
    """
    inventory = fixity.sound_inventory(home, id)
    if inventory is not None or not home.is_dir():
        return inventory
    numbers = fixity.version_numbers(home)
    copy = fixity.read_inventory(home / f"v{numbers[-1]}") if numbers else None
    return copy if copy and (copy.id, copy.latest) == (id, numbers[-1]) else None


def heal(home: Path, inventory: Inventory, source: Path, sha512: str, stage: Stage) -> int:
    """Put back what a copy and the inventory can tell of an object.

    Args:
        home: the object's folder.
        inventory: sound, see `newest_inventory`.
        source: the copy.
        sha512: its digest.
        stage: where new files are written first.

    Returns:
        How many files were put back; 0 where all of them were sound.

    Raises:
        SystemFault: ``source_changed`` where the copy is other than its digest says.
        OSError: as the disk said; what was put back stays, and the call may be repeated.
    """
    count = 0
    for path, digest in inventory.content().items():
        if digest == sha512 and fixity.content_problem(home / path, digest):
            stage.put_back(inventory.id, home / path, source, digest)
            count += 1
    for path, content in ocfl.papers(inventory):
        if not fixity.has(home / path, content):
            stage.put_back(inventory.id, home / path, content)
            count += 1
    return count


def refresh(
    home: Path, inventory: Inventory, source: Source | None, sha512: str | None, stage: Stage
) -> None:
    """Put stored bytes back that are damaged or lost, where the same bytes are stored again.

    Args:
        home: the object's folder.
        inventory: sound.
        source: what is stored again, None where a file is left out.
        sha512: its digest.
        stage: where new files are written first.

    Raises:
        SystemFault: ``source_changed``.
        OSError: as the disk said.
    """
    if source is None or sha512 is None:
        return
    for path in inventory.manifest.get(sha512, ()):
        if fixity.content_problem(home / path, sha512):
            stage.put_back(inventory.id, home / path, source, sha512)

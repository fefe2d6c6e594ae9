"""Adding a version to an object that is already public, and mending one where that broke off.

Promises that an object stands at one version at any moment that a crash can choose: the order is
``vN/`` by one rename, then the root's inventory, then its sidecar, so the sidecar names the last
version that was finished, and what came after it is either whole and taken, or moved out.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from archiver.errors import IntegrityFault
from archiver.records import Id
from archiver.store import durable, fixity, ocfl
from archiver.store.ocfl import Inventory
from archiver.store.stage import Changes, Stage


def publish_version(
    home: Path, previous: Inventory, inventory: Inventory, files: Changes, stage: Stage
) -> None:
    """Build a version beside the storage root and make it the newest of its object.

    Args:
        home: the object's folder.
        previous: inventory as it is.
        inventory: inventory of the new version.
        files: logical name → source of the new files.
        stage: where to build.

    Raises:
        OSError: as the disk said; the object is as it was.
    """
    id, raw = inventory.id, ocfl.encode(inventory)
    announced = stage.is_announced(id)
    try:
        staged = stage.build_version(inventory, files)
        if not announced:
            stage.announce(id)
        staged.rename(home / inventory.head)
        durable.sync_folder(home)
        durable.replace(home / ocfl.INVENTORY, raw, stage.folder)
        durable.replace(home / ocfl.SIDECAR, ocfl.sidecar(raw), stage.folder)
    except BaseException:
        # Back to the version before; should that fail too, the marker stays for `mend`.
        with suppress(OSError):
            _point_at(home, previous.head, stage)
            _move_out(home, inventory, stage)
            if not announced:
                stage.forget(id)
        raise


def mend(home: Path, id: Id, stage: Stage) -> bool:
    """Make an object equal to its newest whole version.

    Only what lies after the version that the sidecar names may be moved out: an older version
    that is not whole has rotted, no crash is to blame, and it is left for `fixity.examine`.

    Returns:
        Whether anything had to be changed.

    Raises:
        IntegrityFault: ``object_damaged``: the root's sidecar belongs to no version.
    """
    numbers = fixity.version_numbers(home)
    done = [n for n in numbers if _same(home / ocfl.SIDECAR, home / f"v{n}" / ocfl.SIDECAR)]
    if not done:
        raise IntegrityFault("object_damaged", id=id)
    newest, changed = done[-1], False
    for number in numbers[numbers.index(newest) + 1 :]:
        changed = True
        if number == newest + 1 and fixity.is_whole(home, number):
            newest = number
        else:
            _clear(home / f"v{number}", stage.version(id, f"v{number}"))
    return _point_at(home, f"v{newest}", stage) or changed


def _move_out(home: Path, inventory: Inventory, stage: Stage) -> None:
    if (home / inventory.head).exists():
        _clear(home / inventory.head, stage.version(inventory.id, inventory.head))
    else:
        durable.remove_tree(stage.version(inventory.id, inventory.head))


def _clear(folder: Path, aside: Path) -> None:
    """Take a folder out of its object by one rename, then remove it."""
    durable.remove_tree(aside)
    folder.rename(aside)
    durable.sync_folder(folder.parent)
    durable.remove_tree(aside)


def _point_at(home: Path, head: str, stage: Stage) -> bool:
    """Make the root's inventory and sidecar those of a version; whether they were not."""
    changed = False
    for name in (ocfl.INVENTORY, ocfl.SIDECAR):
        if not _same(home / name, home / head / name):
            durable.replace(home / name, durable.content(home / head / name), stage.folder)
            changed = True
    return changed


def _same(one: Path, other: Path) -> bool:
    try:
        return durable.content(one) == durable.content(other)
    except FileNotFoundError:
        return False

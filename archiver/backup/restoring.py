"""Bringing a set back into an empty place, as the archive was at the set's line of the ledger.

Promises to compare every byte on its way, to go on where something is damaged, and to name what
could not be brought back by its document. Catalogue and index are made from what was brought back;
that, and the check of the whole, is the caller's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from archiver.backup import sets
from archiver.backup.pool import Pool
from archiver.backup.sets import Kept, Set
from archiver.backup.taking import Trouble
from archiver.config import Config
from archiver.errors import Refusal, SystemFault
from archiver.records import Id
from archiver.store import durable, fixity, ocfl
from archiver.store.ledger import Ledger
from archiver.store.stage import Stage

Progress = Callable[[int, int], None]

_VAULT = "vault"


def require_empty(place: Path, uid: int) -> None:
    """Make the place, or refuse one that holds something or belongs to somebody else.

    Raises:
        Refusal: ``folder_not_empty``, ``folder_unwritable``, ``place_of_another``.
    """
    try:
        place.mkdir(0o750, parents=True, exist_ok=True)
        if place.stat().st_uid != uid:
            raise Refusal("place_of_another", folder=str(place))
        if any(path.name != "lost+found" for path in place.iterdir()):
            raise Refusal("folder_not_empty", folder=str(place))
    except OSError as error:
        raise Refusal("folder_unwritable", folder=str(place)) from error


def bring_back(pool: Pool, one: Set, place: Path, progress: Progress) -> list[Trouble]:
    """Write everything that a set holds into a place.

    Args:
        pool: of the back-up folder.
        one: the set.
        place: an empty folder.
        progress: is told lines done and in all.

    Returns:
        What could not be brought back.

    Raises:
        SystemFault: ``disk_full``, ``storage_failed``.
    """
    troubles = [Trouble("backup_line_unreadable", "", str(number)) for number in one.bad]
    if not one.is_whole and not one.bad:
        troubles.append(Trouble("backup_set_cut", "", str(one.number)))
    with durable.storage_faults(place):
        for done, line in enumerate(one.lines, start=1):
            if line.path:
                target = place / os.fsdecode(sets.unquoted(line.path))
                code = _put(pool, line.kept, _inside(place, target))
                if code:
                    troubles.append(Trouble(code, "", line.shown))
            else:
                troubles += _object(pool, line.id, line.kept, place / _VAULT)
            progress(done, len(one.lines))
        for folder, _folders, _names in os.walk(place):
            durable.sync_folder(Path(folder))
    return troubles


def make_folders(config: Config) -> None:
    """Make the folders that hold nothing yet, and say which objects the ledger is behind of.

    What was written after the set's line is taken over or taken back when the catalogue is made.
    """
    folders = [*config.places.folders().values(), *map(config.drop_folder, config.pipelines)]
    for folder in folders:
        durable.make_folder(folder)
    named: dict[Id, int] = {}
    for entry in Ledger(config.places.ledger).read():
        version = entry.data.get("version")
        if entry.id and isinstance(version, int):
            named[entry.id] = version
    stage = Stage(config.places.stage)
    for identifier, version in named.items():
        home = config.places.vault / ocfl.object_place(identifier)
        inventory = fixity.read_inventory(home)
        if inventory is not None and inventory.latest > version:
            stage.announce(identifier)


def elsewhere(config: Config, place: Path) -> list[Path]:
    """Places of a configuration that lie elsewhere; what was brought back is not there."""
    return [one for one in config.places.folders().values() if not one.is_relative_to(place)]


def _object(pool: Pool, identifier: Id, kept: Kept, vault: Path) -> Iterable[Trouble]:
    files = sets.decode_files(pool.read(kept))
    if files is None or not ocfl.is_id(identifier):
        return [Trouble("backup_object_lost", identifier, "")]
    home = vault / ocfl.object_place(identifier)
    codes = {path: _put(pool, one, _inside(home, home / path)) for path, one in files.items()}
    return [Trouble(code, identifier, path) for path, code in codes.items() if code]


def _inside(folder: Path, path: Path) -> Path:
    """A path of a list, which may have been tampered with."""
    if not Path(os.path.normpath(path)).is_relative_to(folder):
        raise SystemFault("backup_path_outside", path=str(path))
    return path


def _put(pool: Pool, kept: Kept, target: Path) -> str:
    """Write one file; gives the code of what is wrong with its bytes, empty where nothing is."""
    source = pool.path(kept.sha512)
    if not source.exists():
        return "backup_content_missing"
    durable.make_folder(target.parent)
    try:
        if durable.copy_file(source, target) == kept.sha512:
            return ""
        target.unlink()
    except OSError:
        if pool.is_sound(kept.sha512):  # so it is the place that cannot be written
            raise
    return "backup_content_damaged"

"""Exchanging a public object for a new one that has its newest files and none of its past.

Promises that at any moment a crash can choose, the old object or the new one lies whole in its
place or in the stage, and that `mend` tells which of them it is to be. The order: the new object is
built and durable, then the marker, then the old one is moved out and the new one in, then the
old one is removed. The marker stands until the caller has committed the ledger line.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from archiver.records import Id
from archiver.store import durable, fixity, ocfl
from archiver.store.ocfl import Inventory, Stamp
from archiver.store.stage import Source, Stage


def renew(home: Path, previous: Inventory, stamp: Stamp, stage: Stage) -> None:
    """Put a new object with the newest files of an old one as version 1 into its place.

    Args:
        home: the object's folder.
        previous: its inventory.
        stamp: who, when, why.
        stage: where to build; the marker of the renewal stays there.

    Raises:
        SystemFault: ``source_changed`` where a file is no longer what the inventory says.
        OSError: as the disk said; the old object is in its place, or `mend` brings it there.
    """
    id = previous.id
    files: dict[str, Source] = {
        name: home / previous.content_path(name) for name in previous.state()
    }
    durable.remove_tree(stage.object(id))
    try:
        stage.build_object(ocfl.successor(None, id, previous.state(), stamp), files)
        stage.announce_renewal(id)
        _move(home, stage.old(id), stage)
        _move(stage.object(id), home, stage)
    except BaseException:
        # Should a step of this fail too, the marker stays for `mend`.
        with suppress(OSError):
            if stage.old(id).exists():
                if home.exists():
                    _move(home, stage.object(id), stage)
                _move(stage.old(id), home, stage)
            stage.call_off_renewal(id)
        raise
    durable.remove_tree(stage.old(id))


def mend(home: Path, id: Id, stage: Stage) -> bool:
    """Finish or call off a renewal that broke off.

    Args:
        home: the object's folder.
        id: whose marker stands.
        stage: where it stands.

    Returns:
        Whether the new object is in its place; then the marker stays until the ledger says so.

    Raises:
        OSError: as the disk said; may be called again.
    """
    new, old = stage.object(id), stage.old(id)
    if not home.exists() and old.exists():
        whole = new.exists() and not fixity.examine(new, id)
        _move(new if whole else old, home, stage)
    if new.exists() or not home.exists():
        stage.call_off_renewal(id)
        return False
    durable.remove_tree(old)
    return True


def _move(source: Path, target: Path, stage: Stage) -> None:
    source.rename(target)
    for folder in {source.parent, target.parent, stage.folder}:
        durable.sync_folder(folder)

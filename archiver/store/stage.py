"""The stage folder: where objects and versions are built before one rename makes them public.

Promises that what is built here is on disk in full before it is announced, and that everything a
crash may leave here can be told by its name: ``<id>`` (an object), ``<id>.vN`` (a version),
``<id>.gone`` (an object on its way out), ``*.tmp``, and what callers put there to be moved:
``<id>.part`` (the copy of a drop), ``<id>.rendition``. Of these names only ``<id>.intent``
outlives a crash: it says that this object was being worked on; so do ``<id>.renewal`` and
``<id>.old``, of an object that is exchanged for a new one, and ``<id>.remains-N``, what was left of
a damaged one. Other names are left alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from archiver.errors import SystemFault
from archiver.records import Id
from archiver.store import durable, ocfl
from archiver.store.ocfl import Inventory

Source = Path | bytes
Changes = Mapping[str, Source | None]

_LEFT = re.compile(r"([0-9A-Z]{26})(\.part|\.rendition|\.gone|\.v\d+)?")
_INTENT = ".intent"
_RENEWAL = ".renewal"


class Stage:
    """One stage folder.

    Args:
        folder: on the same file system as the storage root, outside it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def object(self, id: Id) -> Path:
        """Where an object is built."""
        return self.folder / id

    def version(self, id: Id, head: str) -> Path:
        """Where a version is built, and where one that is moved out lies."""
        return self.folder / f"{id}.{head}"

    def gone(self, id: Id) -> Path:
        """Where an object lies while it is removed."""
        return self.folder / f"{id}.gone"

    def old(self, id: Id) -> Path:
        """Where an object lies while another takes its place."""
        return self.folder / f"{id}.old"

    def remains(self, id: Id) -> list[Path]:
        """What was left of an object when another was made in its place, and of its parts."""
        return sorted(self.folder.glob(f"{id}.remains-*"))

    def set_aside(self, id: Id, path: Path) -> None:
        """Take something out of the vault that nobody vouches for, by one rename; it is kept."""
        number = len(self.remains(id)) + 1
        path.rename(self.folder / f"{id}.remains-{number}")
        durable.sync_folder(path.parent)
        durable.sync_folder(self.folder)

    def put_back(self, id: Id, target: Path, source: Source, sha512: str = "") -> None:
        """Give a file of a public object its bytes again, by one rename.

        Args:
            id: of the object.
            target: the file, there or not.
            source: the bytes, or a path that is copied.
            sha512: digest that a copied file must have.

        Raises:
            SystemFault: ``source_changed``; nothing was put back.
        """
        fresh = self.folder / f"{id}.{target.name}.tmp"
        durable.remove_tree(fresh)
        if isinstance(source, bytes):
            durable.write_file(fresh, source)
        elif durable.copy_file(source, fresh) != sha512:
            durable.remove_tree(fresh)
            raise SystemFault("source_changed", path=str(source))
        durable.make_folder(target.parent)
        if target.is_symlink() or target.is_dir():
            self.set_aside(id, target)
        fresh.rename(target)
        for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
            durable.sync_folder(folder)

    def build_object(self, inventory: Inventory, files: Changes) -> None:
        """Write the whole folder of a new object, durably."""
        folder = self.object(inventory.id)
        folder.mkdir(durable.FOLDER_MODE)
        durable.write_file(folder / ocfl.OBJECT_DECLARATION, ocfl.OBJECT_DECLARATION_CONTENT)
        self._fill(folder / inventory.head, inventory, files)
        _write_inventory(folder, inventory)
        durable.sync_folder(folder)

    def build_version(self, inventory: Inventory, files: Changes) -> Path:
        """Write the folder of a new version, durably, and return it."""
        folder = self.version(inventory.id, inventory.head)
        durable.remove_tree(folder)
        self._fill(folder, inventory, files)
        return folder

    def announce(self, id: Id) -> None:
        """Write the intent marker; with it, the names of all that was built become durable."""
        durable.write_file(self._intent(id), b"")
        durable.sync_folder(self.folder)

    def is_announced(self, id: Id) -> bool:
        """Whether the intent marker stands."""
        return self._intent(id).exists()

    def forget(self, id: Id) -> None:
        """Drop the markers, if there are any."""
        self._intent(id).unlink(missing_ok=True)
        self._renewal(id).unlink(missing_ok=True)

    def announce_renewal(self, id: Id) -> None:
        """Say that the object built here is to take the place of the public one, durably."""
        durable.write_file(self._renewal(id), b"")
        durable.sync_folder(self.folder)

    def is_renewing(self, id: Id) -> bool:
        """Whether the marker of a renewal stands."""
        return self._renewal(id).exists()

    def call_off_renewal(self, id: Id) -> None:
        """Drop the marker of a renewal durably, then what was built for it."""
        self._renewal(id).unlink(missing_ok=True)
        durable.sync_folder(self.folder)
        durable.remove_tree(self.object(id))

    def renewals(self) -> list[Id]:
        """Ids with the marker of a renewal, in order."""
        marked = sorted(path.stem for path in self.folder.iterdir() if path.suffix == _RENEWAL)
        return [id for id in marked if ocfl.is_id(id)]

    def discard(self, id: Id) -> None:
        """Drop an object that was built here, and its marker."""
        durable.remove_tree(self.object(id))
        self.forget(id)

    def announced(self) -> list[Id]:
        """Ids with an intent marker, in order."""
        marked = sorted(path.stem for path in self.folder.iterdir() if path.suffix == _INTENT)
        return [id for id in marked if ocfl.is_id(id)]

    def left_behind(self) -> list[tuple[Path, Id | None]]:
        """What a crash left that is of no use, each with the object it belongs to."""
        found: list[tuple[Path, Id | None]] = []
        for path in sorted(self.folder.iterdir()):
            match = _LEFT.fullmatch(path.name)
            if match and ocfl.is_id(match[1]):
                found.append((path, match[1]))
            elif path.suffix == ".tmp":
                found.append((path, None))
        return found

    def digests(self, files: Changes) -> dict[str, str | None]:
        """The sha512 of every source, None where a file is to be left out.

        Raises:
            ValueError: a name is bad, see `ocfl.check_names`.
            SystemFault: ``storage_failed`` where a source cannot be read.
        """
        ocfl.check_names(files)
        with durable.storage_faults(self.folder):
            return {name: _digest(source) for name, source in files.items()}

    def drop_moved(self, files: Changes) -> None:
        """Remove files given by a path in this folder that were not needed after all."""
        for source in files.values():
            if isinstance(source, Path) and self._holds(source):
                source.unlink(missing_ok=True)

    def _fill(self, folder: Path, inventory: Inventory, files: Changes) -> None:
        """Write one version's folder and make all of it durable, from the leaves up."""
        folder.mkdir(durable.FOLDER_MODE)
        for path, digest in sorted(inventory.content(inventory.latest).items()):
            below = path.removeprefix(f"{inventory.head}/")
            durable.make_folder((folder / below).parent)
            self._place(files[below.removeprefix("content/")], folder / below, digest)
        self.drop_moved(files)
        _write_inventory(folder, inventory)
        for place, _, _ in os.walk(folder, topdown=False):
            durable.sync_folder(Path(place))

    def _place(self, source: Source | None, target: Path, digest: str) -> None:
        """Bring the bytes of one source to their place, durably."""
        if isinstance(source, bytes):
            durable.write_file(target, source)
        elif source is not None and self._holds(source):
            source.rename(target)
            durable.sync_file(target)
        elif source is not None and durable.copy_file(source, target) != digest:
            raise SystemFault("source_changed", path=str(source))

    def _holds(self, path: Path) -> bool:
        return path.is_relative_to(self.folder)

    def _intent(self, id: Id) -> Path:
        return self.folder / f"{id}{_INTENT}"

    def _renewal(self, id: Id) -> Path:
        return self.folder / f"{id}{_RENEWAL}"


def _digest(source: Source | None) -> str | None:
    if source is None:
        return None
    return ocfl.digest(source) if isinstance(source, bytes) else durable.file_digest(source)


def _write_inventory(folder: Path, inventory: Inventory) -> None:
    raw = ocfl.encode(inventory)
    durable.write_file(folder / ocfl.INVENTORY, raw)
    durable.write_file(folder / ocfl.SIDECAR, ocfl.sidecar(raw))

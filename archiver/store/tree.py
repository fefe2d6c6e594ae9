"""The storage root as a tree of folders: where objects lie, and the shard folders between.

Promises that a shard folder is durable before an object is put into it, and that none is left
empty (OCFL E073). What stands in the objects is not its matter.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from archiver.errors import ExitCode, IntegrityFault, SystemFault
from archiver.records import Id
from archiver.store import durable, ocfl
from archiver.store.fixity import Problem


class Tree:
    """One storage root.

    Args:
        root: its folder; must have been made by `create`.

    Attributes:
        lock: to be held while shard folders are made or pruned.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = threading.Lock()

    @classmethod
    def create(cls, root: Path, stage: Path) -> None:
        """Make an empty storage root, or finish one whose making broke off.

        Args:
            root: folder; may exist, but must hold nothing else.
            stage: folder where new files are written first; made as well.

        Raises:
            IntegrityFault: ``vault_layout`` where the root holds something else.
            OSError: as the disk said.
        """
        for folder in (root, stage):
            durable.make_folder(folder)
            durable.sync_folder(folder.parent)
        if (root / ocfl.ROOT_DECLARATION).exists():
            return
        if {path.name for path in root.iterdir()} - {"extensions", "ocfl_layout.json"}:
            raise IntegrityFault("vault_layout", path=str(root))
        for name, content in ocfl.ROOT_FILES.items():
            cls(root).make_folder((root / name).parent)
            durable.replace(root / name, content, stage)

    def is_there(self) -> bool:
        """Whether this is a storage root at all."""
        return (self.root / ocfl.ROOT_DECLARATION).is_file()

    def require(self) -> None:
        """Refuse a folder that is no storage root; perhaps its disk is not mounted.

        Raises:
            SystemFault: ``vault_missing``, with the exit code for stored bytes.
        """
        if not self.is_there():
            raise SystemFault("vault_missing", exit_code=ExitCode.INTEGRITY, path=str(self.root))

    def problems(self) -> list[Problem]:
        """Where the root's own files are not as `create` writes them."""
        return [
            Problem("bad_root", "", name)
            for name, content in ocfl.ROOT_FILES.items()
            if not (self.root / name).is_file() or durable.content(self.root / name) != content
        ]

    def home(self, id: Id) -> Path:
        """The folder of an object, there or not."""
        return self.root / ocfl.object_place(id)

    def exists(self, id: Id) -> bool:
        """Whether there is an object of this id; any text may be asked."""
        return ocfl.is_id(id) and self.home(id).is_dir()

    def ids(self) -> Iterator[Id]:
        """Ids of all objects whose inventory can be read, in the order of their places."""
        for first in _subfolders(self.root):
            for second in _subfolders(first) if len(first.name) == ocfl.TUPLE_SIZE else ():
                for home in _subfolders(second):
                    with suppress(OSError, msgspec.DecodeError):
                        yield ocfl.decode(durable.content(home / ocfl.INVENTORY)).id

    def strangers(self, ids: Iterable[Id]) -> Iterator[tuple[Id | None, str]]:
        """What lies in the root, but in the place of none of these objects.

        Args:
            ids: of objects that are expected.

        Yields:
            the id of an object in its own place, else None; and the path below the root, that of
            a folder which cannot be read too.
        """
        expected = {ocfl.object_place(id) for id in ids}
        own = {path.split("/")[0] for path in ocfl.ROOT_FILES}
        for path in self._leaves(self.root, own):
            place = path.relative_to(self.root).as_posix()
            if place not in expected:
                yield (self._id_at(path) if path.is_dir() else None), place

    def _leaves(self, folder: Path, own: Collection[str] = ()) -> Iterator[Path]:
        """Folders of objects, and whatever else lies where only shard folders belong."""
        depth = len(folder.relative_to(self.root).parts)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield folder
            return
        for entry in entries:
            if entry.name in own:
                continue
            is_shard = entry.is_dir(follow_symlinks=False) and len(entry.name) == ocfl.TUPLE_SIZE
            if is_shard and depth < ocfl.TUPLES:
                yield from self._leaves(Path(entry))
            else:
                yield Path(entry)

    def _id_at(self, home: Path) -> Id | None:
        """Id of the object in a folder, None where there is none or its place is another."""
        with suppress(OSError, msgspec.DecodeError):
            id = ocfl.decode(durable.content(home / ocfl.INVENTORY)).id
            if ocfl.is_id(id) and self.home(id) == home:
                return id
        return None

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, each durable in its parent."""
        if folder == self.root or folder.is_dir():
            return
        self.make_folder(folder.parent)
        folder.mkdir(durable.FOLDER_MODE)
        durable.sync_folder(folder.parent)

    def prune(self, id: Id) -> None:
        """Remove the shard folders of an object that are empty, and make that durable."""
        folder = self.home(id).parent
        while folder != self.root:
            with suppress(FileNotFoundError):
                if any(folder.iterdir()):
                    break
                folder.rmdir()
            folder = folder.parent
        durable.sync_folder(folder)

    def sync(self, id: Id) -> None:
        """Make an object's name and the folders above it durable, whoever made them."""
        home = self.home(id)
        for folder in (self.root, home.parent.parent, home.parent, home):
            durable.sync_folder(folder)


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(Path(entry) for entry in os.scandir(folder) if entry.is_dir())
    except FileNotFoundError:
        return []

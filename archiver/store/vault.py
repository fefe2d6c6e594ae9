"""The vault: received bytes and everything made from them, one OCFL object per document.

Promises that an object is in the storage root whole or not at all, that a version is part of its
object whole or not at all, and that both are on disk when the call returns. New things are built
in the stage folder beside the root, made durable there, announced by an intent marker
``<id>.intent``, and published by one rename. The marker goes when the caller has committed the
ledger line (`Vault.settled`); what a crash leaves in between is put right by `Vault.recover`.

A call that raises has left nothing half-made and can be repeated. A file that was given as a path
in the stage folder belongs to the vault from the call on: it is moved, and after a failure it may
be gone, so a caller begins again from its source.
"""

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol
from weakref import WeakValueDictionary

import msgspec

from archiver.errors import IntegrityFault, NotFound, SystemFault
from archiver.records import Id
from archiver.store import durable, fixity, healing, ocfl, renewal, versions
from archiver.store.fixity import Problem
from archiver.store.ocfl import Inventory, Stamp
from archiver.store.stage import Changes, Source, Stage
from archiver.store.tree import Tree


class Recovery(msgspec.Struct, frozen=True):
    """What `Vault.recover` found; the caller ends every matter with `Vault.settled`.

    Attributes:
        adopt: whole objects that the ledger does not know: accept them now, or destroy them.
        repaired: objects whose files had to be put right.
        unsettled: known objects with a version whose ledger line may be missing: compare
            ``inventory(id).head`` with the ledger.
        damaged: objects that are not whole for another reason than a crash; left untouched.
        renewed: known objects that lost their past; their ledger line may be missing.
    """

    adopt: list[Id]
    repaired: list[Id]
    unsettled: list[Id]
    damaged: list[Id]
    renewed: list[Id] = []


class Vault(Protocol):
    """What every vault can do; see `LocalVault` for arguments, returns and faults."""

    def stage_object(
        self, id: Id, files: Mapping[str, Source], created: str, message: str, user: str
    ) -> None:
        """Build a new object beside the root."""
        ...

    def publish(self, id: Id) -> None:
        """Move a staged object into the root."""
        ...

    def discard(self, id: Id) -> None:
        """Drop a staged object."""
        ...

    def settled(self, id: Id) -> None:
        """Drop the intent marker."""
        ...

    def add_version(self, id: Id, files: Changes, created: str, message: str, user: str) -> int:
        """Add a version; its number."""
        ...

    def renew(self, id: Id, created: str, message: str, user: str) -> None:
        """Take all versions but the newest out of an object."""
        ...

    def open(self, id: Id, name: str, version: int | None = None) -> BinaryIO:
        """Open a logical file for reading."""
        ...

    def path(self, id: Id, name: str, version: int | None = None) -> Path:
        """Path of a logical file's bytes."""
        ...

    def inventory(self, id: Id) -> Inventory:
        """Versions, logical names, digests."""
        ...

    def home(self, id: Id) -> Path:
        """Folder of an object."""
        ...

    def exists(self, id: Id) -> bool:
        """Whether there is such an object."""
        ...

    def ids(self) -> Iterator[Id]:
        """All ids."""
        ...

    def verify(self, id: Id) -> list[Problem]:
        """Every byte against its digest."""
        ...

    def heal(self, id: Id, source: Path, sha512: str) -> int:
        """Put back what a copy has the bytes of; how many files."""
        ...

    def set_aside(self, id: Id) -> None:
        """Make room for an object that is made anew."""
        ...

    def verify_root(self) -> list[Problem]:
        """The root's own files against the layout."""
        ...

    def strangers(self, ids: Iterable[Id]) -> Iterator[tuple[Id | None, str]]:
        """What lies in the place of none of these objects."""
        ...

    def is_announced(self, id: Id) -> bool:
        """Whether an object is being written."""
        ...

    def destroy(self, id: Id) -> None:
        """Remove an object for good."""
        ...

    def recover(self, is_known: Callable[[Id], bool]) -> Recovery:
        """Put right what a crash left."""
        ...


class LocalVault:
    """An OCFL storage root in a local folder.

    Threads may share one vault: calls on one object follow each other, calls on different objects
    run at once. Only one process may write (the daemon's lock sees to that); others may read.

    Args:
        root: the OCFL storage root, made by `create`.
        stage: folder outside the root on the same file system.

    Raises:
        SystemFault: ``vault_missing`` (no storage root there: perhaps the disk is not mounted; it
            is never made anew in silence) or ``stage_elsewhere`` (another file system).
        IntegrityFault: ``vault_layout`` where the root is laid out in another way.
    """

    def __init__(self, root: Path, stage: Path) -> None:
        self.root = root
        self._stage = Stage(stage)
        self._tree = Tree(root)
        self._locks: WeakValueDictionary[Id, threading.Lock] = WeakValueDictionary()
        self._locks_lock = threading.Lock()
        self._tree.require()
        if self._tree.problems():
            raise IntegrityFault("vault_layout", path=str(root))
        if not stage.is_dir() or root.stat().st_dev != stage.stat().st_dev:
            raise SystemFault("stage_elsewhere", path=str(stage))

    @classmethod
    def create(cls, root: Path, stage: Path) -> LocalVault:
        """Make an empty storage root and its stage folder, or open what is there.

        Raises:
            IntegrityFault: ``vault_layout`` where the root holds something else.
        """
        with durable.storage_faults(root):
            Tree.create(root, stage)
        return cls(root, stage)

    def stage_object(
        self, id: Id, files: Mapping[str, Source], created: str, message: str, user: str
    ) -> None:
        """Build a whole object in the stage folder and announce it; `publish` must follow.

        Args:
            id: ULID of the new object.
            files: logical name → its bytes, or a path (moved if in the stage folder, else copied).
            created: UTC, ISO 8601 with ``Z``.
            message: code of the reason, e.g. ``received``.
            user: pseudonym.

        Raises:
            IntegrityFault: ``object_exists``.
            SystemFault: ``disk_full``, ``storage_failed``, ``source_changed``.
        """
        digests = self._stage.digests(files)
        inventory = ocfl.successor(None, id, digests, Stamp(created, message, user))
        with self._working(id):
            if self.exists(id):
                raise IntegrityFault("object_exists", id=id)
            self._stage.discard(id)
            try:
                self._stage.build_object(inventory, files)
                self._stage.announce(id)
            except BaseException:
                with suppress(OSError):
                    self._stage.discard(id)
                raise

    def publish(self, id: Id) -> None:
        """Move a staged object into the storage root; it is on disk when this returns.

        Raises:
            SystemFault: ``disk_full``, ``storage_failed``; the staged object is gone as well.
            IntegrityFault: ``object_exists``.
            FileNotFoundError: nothing is staged under this id.
        """
        home = self._tree.home(id)
        with self._working(id), self._tree.lock:
            if home.exists():
                raise IntegrityFault("object_exists", id=id)
            try:
                self._tree.make_folder(home.parent)
                self._stage.object(id).rename(home)
                durable.sync_folder(home.parent)
            except BaseException:
                # In this order: should a step fail, the marker stays and recovery sees to it.
                with suppress(OSError):
                    if home.exists():
                        home.rename(self._stage.object(id))
                    self._tree.prune(id)
                    self._stage.discard(id)
                raise

    def discard(self, id: Id) -> None:
        """Drop a staged object that is not to be published after all, if there is one."""
        with self._working(id):
            if not self.exists(id):
                self._stage.discard(id)

    def settled(self, id: Id) -> None:
        """Drop the intent marker, after the ledger line and the catalogue are committed.

        The removal is not made durable: a marker that comes back is looked at and dropped again.
        """
        with self._working(id):
            self._stage.forget(id)

    def add_version(self, id: Id, files: Changes, created: str, message: str, user: str) -> int:
        """Add a version in which the named files are new, changed or (None) no longer there.

        Args:
            id: object.
            files: as for `stage_object`; files not named stay as they are.
            created: UTC, ISO 8601 with ``Z``.
            message: code of the reason.
            user: pseudonym.

        Bytes that the object has already are not stored twice; where the stored ones are damaged,
        they are put back from these.

        Returns:
            Number of the version that holds these files; where nothing would change, that is the
            newest one and none is added, so the call may be repeated.

        Raises:
            NotFound: ``no_such_document``.
            IntegrityFault: ``object_damaged``.
            SystemFault: ``disk_full``, ``storage_failed``, ``source_changed``.
        """
        digests = self._stage.digests(files)
        with self._working(id):
            home = self._known_home(id)
            if self._stage.is_announced(id):
                versions.mend(home, id, self._stage)
            previous = fixity.read_inventory(home)
            if previous is None:
                raise IntegrityFault("object_damaged", id=id)
            inventory = ocfl.successor(previous, id, digests, Stamp(created, message, user))
            for name, source in files.items():
                healing.refresh(home, previous, source, digests[name], self._stage)
            if inventory.state() == previous.state():
                self._stage.drop_moved(files)
                return previous.latest
            versions.publish_version(home, previous, inventory, files, self._stage)
            return inventory.latest

    def renew(self, id: Id, created: str, message: str, user: str) -> None:
        """Take the past out of an object: its newest files become version 1 of a new one.

        `settled` must follow, after the ledger line. May be called again after an error.

        Args:
            id: object.
            created: UTC, ISO 8601 with ``Z``.
            message: code of the reason.
            user: pseudonym.

        Raises:
            NotFound: ``no_such_document``.
            IntegrityFault: ``object_damaged``.
            SystemFault: ``disk_full``, ``storage_failed``, ``source_changed``.
        """
        with self._working(id):
            if self._stage.is_renewing(id):
                renewal.mend(self._tree.home(id), id, self._stage)
            home = self._known_home(id)
            previous = fixity.read_inventory(home)
            if previous is None:
                raise IntegrityFault("object_damaged", id=id)
            if previous.latest > 1:
                renewal.renew(home, previous, Stamp(created, message, user), self._stage)

    def open(self, id: Id, name: str, version: int | None = None) -> BinaryIO:
        """Open a logical file for reading; version None is the newest.

        Every byte was read and compared with its digest: what is damaged goes nowhere.

        Raises:
            NotFound: ``no_such_document``.
            FileNotFoundError: the version has no such file, or there is no such version.
            IntegrityFault: ``object_damaged``.
        """
        home, inventory = self._tree.home(id), self.inventory(id)
        path = home / _content_path(inventory, name, version)
        with durable.storage_faults(self.root):
            try:
                file = durable.opened(path)
            except fixity.OUT_OF_PLACE:
                raise IntegrityFault("object_damaged", id=id) from None
            try:
                if (
                    hashlib.file_digest(file, "sha512").hexdigest()
                    != inventory.state(version)[name]
                ):
                    raise IntegrityFault("object_damaged", id=id)
                file.seek(0)
            except BaseException:
                file.close()
                raise
        return file

    def path(self, id: Id, name: str, version: int | None = None) -> Path:
        """Path of a logical file's bytes, for what compares them itself; never write to it.

        Raises:
            NotFound: ``no_such_document``.
            FileNotFoundError: the version has no such file, or there is no such version.
            IntegrityFault: ``object_damaged``.
        """
        return self._tree.home(id) / _content_path(self.inventory(id), name, version)

    def inventory(self, id: Id) -> Inventory:
        """Read an object's inventory.

        Raises:
            NotFound: ``no_such_document``.
            IntegrityFault: ``object_damaged`` where it cannot be read or fails its digest.
            SystemFault: as the disk said.
        """
        home = self._known_home(id)
        with durable.storage_faults(self.root):
            inventory = fixity.sound_inventory(home, id)
        if inventory is None:
            raise IntegrityFault("object_damaged", id=id)
        return inventory

    def home(self, id: Id) -> Path:
        """The folder of an object, there or not; never write to it."""
        return self._tree.home(id)

    def exists(self, id: Id) -> bool:
        """Whether the storage root has an object of this id; any text may be asked."""
        return self._tree.exists(id)

    def ids(self) -> Iterator[Id]:
        """All ids in the storage root, in the order of their places; unreadable ones are left out.

        (`verify` names those, asked with an id from the ledger.) One small file is read per id.
        """
        return self._tree.ids()

    def verify(self, id: Id) -> list[Problem]:
        """Compare every byte of an object with its inventories; see `fixity.examine`."""
        with self._lock(id):
            return fixity.examine(self._tree.home(id), id)

    def verify_root(self) -> list[Problem]:
        """Compare the storage root's own files with the layout; objects are not looked at."""
        return self._tree.problems()

    def heal(self, id: Id, source: Path, sha512: str) -> int:
        """Put back stored files that are damaged or missing and of which this is a copy.

        Inventories and sidecars are put right as well, from the newest one that is sound.

        Args:
            id: object.
            source: the copy; it is read only.
            sha512: its digest, as hex digits.

        Returns:
            How many files were put back.

        Raises:
            NotFound: ``no_such_document``: nothing is left of it.
            IntegrityFault: ``object_damaged``: nothing tells what it held, or this is no copy
                of any file of it.
            SystemFault: ``disk_full``, ``storage_failed``, ``source_changed``.
        """
        with self._working(id):
            home = self._known_home(id)
            inventory = healing.newest_inventory(home, id)
            if inventory is None or sha512 not in inventory.manifest:
                raise IntegrityFault("object_damaged", id=id)
            return healing.heal(home, inventory, source, sha512, self._stage)

    def set_aside(self, id: Id) -> None:
        """Make room for an object that is made anew; what was left of it stays in the stage."""
        home = self._tree.home(id)
        with self._working(id), self._tree.lock:
            if home.is_symlink() or home.exists():
                self._stage.set_aside(id, home)

    def strangers(self, ids: Iterable[Id]) -> Iterator[tuple[Id | None, str]]:
        """What lies in the storage root, but belongs to none of these; see `Tree.strangers`."""
        return self._tree.strangers(ids)

    def is_announced(self, id: Id) -> bool:
        """Whether an object is being written, or was when a process died."""
        return self._stage.is_announced(id) or self._stage.is_renewing(id)

    def destroy(self, id: Id) -> None:
        """Take an object out of the storage root for good, every version of it.

        After an error the call may be repeated; it goes on where it stopped.

        Raises:
            NotFound: ``no_such_document``.
            SystemFault: ``storage_failed``, ``disk_full``.
        """
        home, gone = self._tree.home(id), self._stage.gone(id)
        with self._working(id), self._tree.lock:
            if home.exists():
                durable.remove_tree(gone)
                home.rename(gone)
                durable.sync_folder(home.parent)
            elif not gone.exists() and not self._stage.remains(id):
                raise NotFound("no_such_document", id=id)
            self._tree.prune(id)
            self._stage.forget(id)
            for remains in self._stage.remains(id):
                durable.remove_tree(remains)
            durable.remove_tree(gone)  # last, so that a call made again finds where it stopped

    def recover(self, is_known: Callable[[Id], bool]) -> Recovery:
        """Put right what a crash left; asked once at start, before anything else is written.

        Args:
            is_known: whether the ledger has a line on this id.

        Raises:
            SystemFault: ``disk_full``, ``storage_failed``.
        """
        result = Recovery([], [], [], [], [])
        with durable.storage_faults(self.root):
            # First of all: what is built for a renewal is not left behind.
            for renewed in self._stage.renewals():
                if renewal.mend(self._tree.home(renewed), renewed, self._stage):
                    result.renewed.append(renewed)
            for path, id in self._stage.left_behind():
                # First the shard folders: without the rest nobody would know of them any more.
                if id is not None and not self.exists(id):
                    self._tree.prune(id)
                durable.remove_tree(path)
            for id in self._stage.announced():
                self._recover_object(id, is_known(id), result)
        return result

    def _recover_object(self, id: Id, known: bool, result: Recovery) -> None:
        home = self._tree.home(id)
        if not home.exists():
            self._tree.prune(id)
            self._stage.forget(id)
            return
        # The dead process may have renamed or made folders and not come to the fsync.
        self._tree.sync(id)
        try:
            if versions.mend(home, id, self._stage):
                result.repaired.append(id)
        except IntegrityFault:
            result.damaged.append(id)
            return
        if not known:
            (result.damaged if fixity.examine(home, id) else result.adopt).append(id)
        elif self.inventory(id).latest > 1:
            result.unsettled.append(id)
        else:
            self._stage.forget(id)

    def _known_home(self, id: Id) -> Path:
        if not self.exists(id):
            raise NotFound("no_such_document", id=id)
        return self._tree.home(id)

    def _lock(self, id: Id) -> threading.Lock:
        with self._locks_lock:
            return self._locks.setdefault(id, threading.Lock())

    @contextmanager
    def _working(self, id: Id) -> Iterator[None]:
        """Hold one object's lock; a bad id is a bug, because ids are made by code."""
        if not ocfl.is_id(id):
            raise ValueError(f"not an id: {id!r}")
        with self._lock(id), durable.storage_faults(self.root):
            yield


def _content_path(inventory: Inventory, name: str, version: int | None) -> str:
    """Path of a logical file's bytes below the object's folder.

    Raises:
        FileNotFoundError: the version has no such file, or there is no such version.
    """
    try:
        return inventory.content_path(name, version)
    except KeyError:
        raise FileNotFoundError(errno.ENOENT, "no such logical file", name) from None

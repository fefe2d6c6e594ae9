"""Drops that are safe in the archive and still lie in their drop folder.

They are work in progress, so no table holds them: a running process remembers what it accepted, and
the next one knows them again by their receipts, which name the very file that was taken. Promises
that one drop is not accepted twice, whatever crashed, and also where the catalogue is new.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from archiver.errors import IntegrityFault, NotFound
from archiver.inbox.sightings import Sighting
from archiver.records import Id
from archiver.store.holdings import Holdings
from archiver.store.objects import DropKey
from archiver.store.register import Register


class Accepted(NamedTuple):
    """A drop that is safe in the archive.

    Attributes:
        id: of its accession.
        sha512: hex digest of its bytes.
    """

    id: Id
    sha512: str


def drop_key(sighting: Sighting) -> DropKey:
    """What identifies a drop for as long as it lies in its folder."""
    return DropKey(
        folder=str(sighting.folder),
        name=sighting.name,
        device=sighting.device,
        inode=sighting.inode,
        size=sighting.size,
        mtime_ns=sighting.mtime_ns,
    )


class TakenDrops:
    """The taken drops of one archive.

    Args:
        register: its register.
        holdings: its objects.
    """

    def __init__(self, register: Register, holdings: Holdings) -> None:
        self._register = register
        self._holdings = holdings
        self._taken: dict[DropKey, Accepted] = {}
        self._known: set[Path] = set()

    def add(self, key: DropKey, accepted: Accepted) -> None:
        """Remember a drop from the moment of its acceptance."""
        self._taken[key] = accepted

    def get(self, key: DropKey) -> Accepted | None:
        """The accession of this very drop, where it was accepted already."""
        return self._taken.get(key)

    def forget(self, key: DropKey) -> None:
        """It has left its folder: a later file may get the same inode, size and time."""
        self._taken.pop(key, None)

    def look_over(self, folder: Path, there: Collection[DropKey]) -> None:
        """Know again what lies in a folder, and forget what does not; the ledger is taken over.

        Args:
            folder: a drop folder.
            there: all that lies in it.

        Raises:
            SystemFault: storage failed.
        """
        if folder not in self._known:
            for accepted, key in self._accepted_before(there):
                self.add(key, accepted)
            self._known.add(folder)
        for key in [key for key in self._taken if key.folder == str(folder)]:
            if key not in there:
                self.forget(key)

    def _accepted_before(self, there: Collection[DropKey]) -> Iterator[tuple[Accepted, DropKey]]:
        """What an earlier process accepted and could not take."""
        names = {key.name for key in there}
        sizes = {(key.name, key.size) for key in there}
        for row in self._register.arrivals_named(names):
            if (bytes(row["file_raw"]), row["size"]) not in sizes:
                continue
            # A receipt that cannot be read says nothing: at worst a duplicate is noted.
            with contextlib.suppress(IntegrityFault, NotFound):
                receipt = self._holdings.receipt(str(row["document"]), str(row["id"]))
                if receipt.drop is not None and receipt.drop in there:
                    yield Accepted(receipt.id, receipt.sha512), receipt.drop

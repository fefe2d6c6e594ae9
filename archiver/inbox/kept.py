"""Drops that have been taken and are kept for a while: compared again, and removed one day.

Promises that a kept drop is removed only when its very bytes were just read in the archive and
nobody can write into it any more. A program that had it open when it was taken writes on into it:
what it holds by then is not what was accepted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from archiver.inbox.claim import open_regular
from archiver.inbox.dropfolder import blaming, opened, sync
from archiver.inbox.release import ULID, digest, is_at_rest
from archiver.inbox.sightings import Sighting, fingerprint, look
from archiver.records import Id

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_KEPT = re.compile(b"(" + ULID + b")(-.*)?", re.DOTALL)

Outcome = Literal["same", "differs", "removed", "unsettled", "needed"]


class Kept(NamedTuple):
    """One drop that is kept.

    Attributes:
        id: of its accession.
        sighting: as it lies there.
    """

    id: Id
    sighting: Sighting

    def is_older_than(self, limit: datetime) -> bool:
        """Whether it was accepted and last written before a time.

        The age is that of the accession: the modification time comes from the sender and may lie
        years back. It only counts where it is *younger*, because then somebody wrote into the
        file after it was taken.
        """
        seconds = limit.timestamp()
        return _ulid_seconds(self.id) < seconds and self.sighting.mtime_ns < seconds * 1e9


def _ulid_seconds(accession: Id) -> float:
    """Seconds since 1970 of a ULID: its first ten letters are milliseconds in base 32."""
    milliseconds = 0
    for letter in accession[:10]:
        milliseconds = milliseconds * 32 + _CROCKFORD.index(letter)
    return milliseconds / 1000


def kept(released: Path) -> list[Kept]:
    """List the drops that are kept, the newest first; files with other names are left alone.

    Raises:
        SystemFault: ``released_unwritable``.
    """
    with blaming("released_unwritable", released):
        return sorted(_found(released), key=lambda one: one.id, reverse=True)


def _found(released: Path) -> Iterator[Kept]:
    for sighting in look(released):
        match = _KEPT.fullmatch(sighting.name)
        if match is not None and sighting.kind == "file":
            yield Kept(match[1].decode(), sighting)


def examine(
    drop: Kept,
    is_known: Callable[[str], bool],
    is_stored: Callable[[Path, str], bool] | None = None,
) -> Outcome:
    """Read a kept drop again and compare it with what the archive has.

    Args:
        drop: as it was seen a moment ago.
        is_known: whether the archive knows bytes of this SHA-512 (lower-case hex).
        is_stored: reads what the archive has of these bytes, given a path by which the kept drop
            can be opened and their SHA-512; where it has them and the drop is at rest, the drop is
            removed. None removes nothing.

    Returns:
        ``same``; ``removed``; ``differs``: it holds bytes that the archive does not know;
        ``needed``: the archive knows them, but has lost them; ``unsettled``: somebody writes into
        it, or it cannot be removed yet for want of knowing.

    Raises:
        SystemFault: ``released_unwritable``.
    """
    released, name = drop.sighting.folder, drop.sighting.name
    with blaming("released_unwritable", released), opened(released) as folder:
        try:
            descriptor = open_regular(name, folder)
        except FileNotFoundError:
            return "unsettled"
        if descriptor is None:
            return "unsettled"
        try:
            # Asked before hashing: nobody can open what lies here, so nobody writes after a no.
            rests = is_at_rest(descriptor)
            sha512 = str(digest(descriptor))
            if fingerprint(os.fstat(descriptor)) != drop.sighting.fingerprint:
                return "unsettled"
            if not is_known(sha512):
                return "differs"
            if is_stored is None:
                return "same"
            if not rests:
                return "unsettled"
            if not is_stored(Path(f"/proc/self/fd/{descriptor}"), sha512):
                return "needed"
            if fingerprint(os.fstat(descriptor)) != drop.sighting.fingerprint:
                return "unsettled"
            os.unlink(name, dir_fd=folder)
            sync(folder)
            return "removed"
        finally:
            os.close(descriptor)

"""Which drops are finished, which still grow, which are held: the settle test, as a pure machine.

Promises to call a file settled only when it looked the same in at least two looks that lie the
settle time apart on the caller's monotonic clock, a longer one where nobody can tell whether it
is still open for writing. Modification times are never compared with the clock (SMB clients set
them years back), and events play no part.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import msgspec

from archiver.inbox.sightings import Fingerprint, Sighting

# Lock files, half-finished downloads and what operating systems leave behind; upper or lower case.
IGNORED = (
    "~$*",
    ".*",
    "._*",
    "*.part",
    "*.crdownload",
    "*.tmp",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    ".smbdelete*",
    "@eaDir",
)
_IGNORED = re.compile("|".join(map(fnmatch.translate, IGNORED)).encode(), re.IGNORECASE)

PROBLEMS = b"_problems"
RECEIPTS = b"_received.csv"
DONE_PREFIX = b".done-"
TEMPORARY_PREFIX = b".archiver-"

HeldReason = Literal[
    "held_symlink",
    "held_fifo",
    "held_special",
    "held_folder",
    "held_hard_link",
    "held_unreadable",
]
_HELD_KINDS: dict[str, HeldReason] = {
    "symlink": "held_symlink",
    "fifo": "held_fifo",
    "other": "held_special",
    "folder": "held_folder",
}


class Held(msgspec.Struct, frozen=True):
    """An entry that is listed, with its reason code, and never taken."""

    sighting: Sighting
    reason: HeldReason


class Listing(msgspec.Struct, frozen=True):
    """What one look says about a set of drop folders.

    Attributes:
        settled: finished files, the one first seen longest ago first, then the one changed longest
            ago, then by name.
        waiting: files that have not been the same for long enough, by folder and name.
        held: entries that are no plain file with one name, by folder and name.
        ignored: entries whose name says that they are not meant for us, by folder and name.
        next_check: seconds until something waiting could settle; None when nothing waits.
        waited: seconds for which the file that has waited longest has been seen.
    """

    settled: tuple[Sighting, ...]
    waiting: tuple[Sighting, ...]
    held: tuple[Held, ...]
    ignored: tuple[Sighting, ...]
    next_check: float | None
    waited: float = 0.0


class _Track(msgspec.Struct):
    """Memory of one name: since when it is there, and since when it looks as it does."""

    first_seen: float
    fingerprint: Fingerprint
    since: float


def is_ignored(name: bytes) -> bool:
    """Whether a name says that the file is not meant for the archive."""
    return _IGNORED.match(name) is not None


def is_ours(name: bytes, kind: str) -> bool:
    """Whether the archive itself made the entry; a *file* called ``_problems`` is a drop."""
    return (
        (name == PROBLEMS and kind == "folder")
        or (name == RECEIPTS and kind == "file")
        or name.startswith((DONE_PREFIX, TEMPORARY_PREFIX))
    )


def held_reason(sighting: Sighting) -> HeldReason | None:
    """Give the reason why an entry must not be taken, None for a plain file with one name."""
    if sighting.kind != "file":
        return _HELD_KINDS[sighting.kind]
    return "held_hard_link" if sighting.links > 1 else None


def _place(sighting: Sighting) -> tuple[Path, bytes]:
    return sighting.folder, sighting.name


class Settling:
    """The settle test over one or more drop folders.

    Args:
        settle_seconds: how long a file with content must look the same.
        empty_after_seconds: how long a file must stay empty to be taken as it is; what follows
            finds it empty and says so.
        unsure_seconds: how long a file must look the same of which `is_knowable` says no.
        is_knowable: whether it can be known if a file is still open for writing; only asked of
            files that have settled else.
    """

    def __init__(
        self,
        settle_seconds: float,
        empty_after_seconds: float,
        unsure_seconds: float = 0.0,
        is_knowable: Callable[[Sighting], bool] = lambda _sighting: True,
    ) -> None:
        self._settle_seconds = settle_seconds
        self._empty_after_seconds = empty_after_seconds
        self._unsure_seconds = unsure_seconds
        self._is_knowable = is_knowable
        self._tracks: dict[tuple[Path, bytes], _Track] = {}

    def judge(self, sightings: Iterable[Sighting], now: float) -> Listing:
        """Judge one look; names that it does not hold are forgotten.

        Args:
            sightings: one look at *all* folders of this test.
            now: the monotonic clock at that look, in seconds, never less than before.

        Returns:
            Every sighting in exactly one of its lists, except those of the archive's own files.
        """
        settled: list[tuple[float, Sighting]] = []
        waiting: list[Sighting] = []
        held: list[Held] = []
        ignored: list[Sighting] = []
        tracks: dict[tuple[Path, bytes], _Track] = {}
        next_check: float | None = None
        for sighting in sightings:
            if is_ours(sighting.name, sighting.kind):
                continue
            if is_ignored(sighting.name):
                ignored.append(sighting)
            elif (reason := held_reason(sighting)) is not None:
                held.append(Held(sighting, reason))
            else:
                track, left = self._follow(sighting, now)
                tracks[_place(sighting)] = track
                if left is None:
                    settled.append((track.first_seen, sighting))
                else:
                    waiting.append(sighting)
                    next_check = left if next_check is None else min(next_check, left)
        self._tracks = tracks
        # What was there at the first look came in the order in which it was written.
        settled.sort(key=lambda pair: (pair[0], pair[1].mtime_ns, pair[1].name, pair[1].folder))
        return Listing(
            settled=tuple(sighting for _, sighting in settled),
            waiting=tuple(sorted(waiting, key=_place)),
            held=tuple(sorted(held, key=lambda one: _place(one.sighting))),
            ignored=tuple(sorted(ignored, key=_place)),
            next_check=next_check,
            waited=max((now - track.first_seen for track in tracks.values()), default=0.0),
        )

    def _follow(self, sighting: Sighting, now: float) -> tuple[_Track, float | None]:
        """Carry one name's memory on; give it with the seconds left to wait, None if settled."""
        needed = self._settle_seconds if sighting.size > 0 else self._empty_after_seconds
        known = self._tracks.get(_place(sighting))
        if known is None:
            return _Track(now, sighting.fingerprint, now), needed
        if known.fingerprint != sighting.fingerprint:
            return _Track(known.first_seen, sighting.fingerprint, now), needed
        quiet = now - known.since
        left = needed - quiet
        unsure = self._unsure_seconds - quiet
        if left <= 0 < unsure and sighting.size > 0 and not self._is_knowable(sighting):
            left = unsure
        return known, left if left > 0 else None

"""Checking back-ups: are all bytes there and what they were, and which documents miss some?

Promises to name each loss by the document or file that it belongs to, once, with the sets that are
concerned; and to end what is too old without touching the newest set.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from archiver.backup import sets
from archiver.backup.pool import Pool, writing
from archiver.backup.sets import Kept, Set
from archiver.backup.taking import Trouble

Progress = Callable[[int, int], None]


class Checked(NamedTuple):
    """What a check has shown.

    Attributes:
        sets: how many there are.
        files: whose bytes were read.
        troubles: each loss, with the sets concerned.
    """

    sets: int
    files: int
    troubles: list[tuple[Trouble, list[int]]]


def check(folder: Path, pool: Pool, progress: Progress) -> Checked:
    """Read all bytes of a back-up folder and follow all sets.

    Bytes that are damaged get another name, so that the next back-up brings them anew.

    Args:
        folder: a back-up folder that is held.
        pool: of that folder.
        progress: is told files done and in all.
    """
    digests = list(pool.digests())
    sound = set()
    for done, digest in enumerate(digests, start=1):
        if pool.is_sound(digest):
            sound.add(digest)
        progress(done, len(digests))
    damaged = set(digests) - sound
    found: dict[Trouble, list[int]] = {}
    numbers = sets.numbers(folder)
    for number in numbers:
        for trouble in _of_set(sets.read(folder, number), pool, sound, damaged):
            found.setdefault(trouble, []).append(number)
    for digest in damaged:
        pool.set_aside(digest)
    return Checked(len(numbers), len(digests), list(found.items()))


def _of_set(one: Set, pool: Pool, sound: set[str], damaged: set[str]) -> list[Trouble]:
    troubles = [Trouble("backup_line_unreadable", "", str(number)) for number in one.bad]
    if not one.is_whole and not one.bad:
        troubles.append(Trouble("backup_set_cut", "", str(one.number)))

    def missed(kept: Kept, identifier: str, path: str) -> None:
        if kept.sha512 not in sound:
            is_there = kept.sha512 in damaged
            code = "backup_content_damaged" if is_there else "backup_content_missing"
            troubles.append(Trouble(code, identifier, path))

    for line in one.lines:
        if line.path:
            missed(line.kept, "", line.shown)
            continue
        files = sets.decode_files(pool.read(line.kept))
        if files is None:
            troubles.append(Trouble("backup_object_lost", line.id, ""))
            continue
        for path, kept in files.items():
            missed(kept, line.id, path)
    return troubles


def expire(folder: Path, pool: Pool, keep_days: int, now: str) -> int:
    """Remove sets older than so many days, and the bytes that no other set needs.

    The newest set stays, whatever its age.

    Returns:
        how many sets were removed.

    Raises:
        SystemFault: ``backup_unwritable``.
    """
    limit = datetime.fromisoformat(now) - timedelta(days=keep_days)
    every = list(sets.sets(folder))
    old = [
        one for one in every[:-1] if one.head and datetime.fromisoformat(one.head.made_at) < limit
    ]
    if not old:
        return 0
    with writing(folder):
        for one in old:
            sets.path_of(folder, one.number).unlink()
    needed: set[str] = set()
    for one in every:
        if one not in old:
            needed |= _needed(one, pool)
    for digest in list(pool.digests()):
        if digest not in needed:
            pool.remove(digest)
    return len(old)


def _needed(one: Set, pool: Pool) -> set[str]:
    needed = {line.sha512 for line in one.lines}
    for kept in one.objects().values():
        needed |= {file.sha512 for file in (sets.decode_files(pool.read(kept)) or {}).values()}
    return needed

"""The catalogue made anew from ledger and vault, beside the old one.

There are no migrations: tables of another version are not changed but made again, so that they are
what the ledger makes and nothing else. Promises that the old catalogue stays as it is until the new
one is whole and on disk, and wherever ledger or vault are broken; a death in the middle costs time
only. What the ledger does not know, how often work on a document has died, is taken over where the
old catalogue can still be read.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from archiver.errors import IntegrityFault
from archiver.store import durable
from archiver.store import schema as t
from archiver.store.ledger import Ledger
from archiver.store.projection import Objects
from archiver.store.register import Deaths, Register

Progress = Callable[[int, int], None]


class Sources(NamedTuple):
    """What a catalogue is made from.

    Attributes:
        ledger: its lines.
        objects: reads of the vault.
    """

    ledger: Ledger
    objects: Objects


def is_current(catalogue: Path) -> bool:
    """Whether a catalogue is there with the tables of today.

    One that cannot be read is not judged here: whoever opens it says what is wrong with it.
    """
    if not catalogue.is_file():
        return False
    with suppress(sqlite3.Error), closing(sqlite3.connect(catalogue)) as connection:
        return bool(connection.execute("PRAGMA user_version").fetchone()[0] == t.SCHEMA)
    return True


def ensure_current(catalogue: Path, sources: Sources, progress: Progress) -> None:
    """Make the catalogue anew where it is missing or has other tables than those of today.

    Args:
        catalogue: the database, closed.
        sources: of the new one.
        progress: is told ledger lines taken over, and ledger lines in all.

    Raises:
        IntegrityFault, SystemFault: as `rebuild`.
    """
    if not is_current(catalogue):
        with _alone(catalogue.parent):
            # Another process may have been quicker.
            if not is_current(catalogue):
                _rebuild(catalogue, sources, progress)


def rebuild(catalogue: Path, sources: Sources, progress: Progress) -> int:
    """Make the catalogue anew, whatever it is now; returns the ledger's lines.

    Args:
        catalogue: the database, closed.
        sources: of the new one.
        progress: is told ledger lines taken over, and ledger lines in all.

    Raises:
        IntegrityFault: ``ledger_broken``, or ``catalogue_ahead`` where the old catalogue knows
            lines that the ledger has not; the old one stays.
        SystemFault: as the disk said; the old one stays.
    """
    with _alone(catalogue.parent):
        return _rebuild(catalogue, sources, progress)


def require_ledger(ledger: Ledger, catalogue: Path) -> None:
    """Refuse a ledger that is broken, or lacks or contradicts what a catalogue has taken over.

    A new catalogue would be made from what is left, and nobody would notice what is not.

    Args:
        ledger: from which a catalogue is to be made.
        catalogue: the database before; where it is missing or damaged, the chain alone counts.

    Raises:
        IntegrityFault: ``ledger_broken``, ``catalogue_ahead``.
    """
    known = _head_of(catalogue)
    for problem in ledger.verify(known):
        if problem.code == "tail_missing" and known is not None:
            raise IntegrityFault("catalogue_ahead", catalogue=known[0], ledger=ledger.head().seq)
        raise IntegrityFault("ledger_broken", file=problem.file, seq=problem.seq)


def _rebuild(catalogue: Path, sources: Sources, progress: Progress) -> int:
    require_ledger(sources.ledger, catalogue)
    fresh = catalogue.with_name(catalogue.name + ".fresh")
    _remove(fresh)
    try:
        register = Register(fresh, sources.ledger, sources.objects, is_draft=True)
        try:
            register.catch_up(progress)
            register.remember_deaths(_deaths(catalogue))
            lines = register.head()[0]
        finally:
            register.close()
        with durable.storage_faults(fresh):
            durable.sync_file(fresh)
            _part_from_log(catalogue)
            fresh.replace(catalogue)
            durable.sync_folder(catalogue.parent)
    except BaseException:
        _remove(fresh)
        raise
    return lines


def _head_of(catalogue: Path) -> tuple[int, str] | None:
    """Number and digest of the last line that a catalogue took over; None where it cannot say."""
    rows = _asked(catalogue, "SELECT seq, digest FROM position")
    return (int(rows[0][0]), str(rows[0][1])) if rows and rows[0][0] else None


def _deaths(catalogue: Path) -> list[Deaths]:
    """Of which documents work has died or was going on; nothing where the catalogue cannot say."""
    query = "SELECT id, worker_deaths, daemon_deaths, boot FROM job"
    return [Deaths(*row) for row in _asked(catalogue, query)]


def _asked(catalogue: Path, query: str) -> list[tuple[Any, ...]]:
    if catalogue.is_file():
        with suppress(sqlite3.Error), closing(sqlite3.connect(catalogue)) as connection:
            return connection.execute(query).fetchall()
    return []


def _part_from_log(catalogue: Path) -> None:
    """Fold a database's log into it: SQLite would take the log for that of its successor."""
    log = catalogue.with_name(catalogue.name + "-wal")
    if log.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(catalogue)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if log.exists():
        # Closing has not folded it: the database is damaged, and its successor is on disk.
        _remove(catalogue)


def _remove(catalogue: Path) -> None:
    """Remove a database; its log goes after it, for a log alone is overwritten by the next one."""
    for ending in ("", "-wal", "-shm"):
        catalogue.with_name(catalogue.name + ending).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes away that read the archive together and find the same old tables."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

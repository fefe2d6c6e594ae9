"""The register: ledger and catalogue kept as one, and what can be asked of them.

Promises that an event is durable in the ledger before the catalogue's transaction commits, and
that after a crash between the two the catalogue catches up from the ledger. One writer at a time;
reads never wait for it.
"""

from __future__ import annotations

import copy
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    select,
    update,
)
from sqlalchemy.exc import OperationalError

from archiver.errors import Fault, IntegrityFault, SystemFault
from archiver.records import Event, Id
from archiver.sight import Sight
from archiver.store import durable
from archiver.store import schema as t
from archiver.store.asking import Row, translated
from archiver.store.formerly import carrying
from archiver.store.ledger import Ledger
from archiver.store.matterqueries import MatterQueries
from archiver.store.projection import Objects, apply
from archiver.store.queries import Queries
from archiver.store.sighted import prepare

__all__ = ["CatalogueBehind", "Register", "Row"]


# Persons of the same groups share one; a town has few kinds of them.
_MOST_SIGHTS = 32


class CatalogueBehind(SystemFault):
    """Ledger lines are durable that the catalogue does not have yet; it catches up later."""


class Register(Queries, MatterQueries):
    """Ledger and catalogue of one archive.

    Args:
        catalogue: database file; made where it is missing.
        ledger: the ledger, opened for appending.
        objects: reads of the vault that the projection needs.

    Raises:
        SystemFault: the database cannot be opened or migrated.
        IntegrityFault: the catalogue is ahead of the ledger (a ledger was lost or put back).
    """

    def __init__(self, catalogue: Path, ledger: Ledger, objects: Objects) -> None:
        self._file = catalogue
        self._ledger = ledger
        self._objects = objects
        self._writing = threading.RLock()
        self._follower: Callable[[], None] = _nobody
        self._laggard: Callable[[], None] = _nobody
        self._engine = self._writer = _open(catalogue)
        self._by_sight: dict[Sight, Register] = {}

    def seen(self, sight: Sight) -> Register:
        """The same register as somebody may see it; for asking, not for recording.

        Args:
            sight: of the person; who sees everything gets this register itself.
        """
        if sight.is_whole:
            return self
        with self._writing:
            known = self._by_sight.get(sight)
            if known is None:
                if len(self._by_sight) >= _MOST_SIGHTS:
                    # Those who still ask by it keep what they have.
                    del self._by_sight[next(iter(self._by_sight))]
                known = self._by_sight[sight] = copy.copy(self)
                known._engine = _sighted(self._file, sight)
            return known

    def close(self) -> None:
        """Close all connections; the write-ahead log is folded into the file."""
        for one in self._by_sight.values():
            one._engine.dispose()
        self._by_sight.clear()
        self._writer.dispose()

    # --- writing ---------------------------------------------------------------------------

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep all other writers away: for reading, deciding and recording as one."""
        with self._writing:
            yield

    def record(self, *events: Event) -> None:
        """Write events to the ledger and apply them, all or none.

        Raises:
            Refusal: a step that the state machine does not have; nothing was written.
            CatalogueBehind: the events are true, but the catalogue could not be committed.
            SystemFault: disk full, storage failed; nothing was written.
        """
        written = False
        try:
            with self._writing, self._transaction() as connection:
                self._take_over(connection)
                # The state machine is asked first: a ledger line can never be taken back.
                events = tuple(carrying(connection, one) for one in events)
                entries = self._ledger.prepare(events)
                for entry in entries:
                    apply(connection, entry, self._objects)
                self._ledger.write(entries)
                written = True
        except Exception as error:
            if not written:
                raise
            self._laggard()
            behind = CatalogueBehind("catalogue_damaged", error=type(error).__name__)
            if isinstance(error, Fault):
                behind = CatalogueBehind(error.reason)
                behind.params = error.params
            raise behind from error
        self._follower()

    def follow(
        self, follower: Callable[[], None] | None, behind: Callable[[], None] | None = None
    ) -> None:
        """Have somebody called whenever the ledger has got lines; None: nobody.

        Whatever follows the ledger must not wait for those who write to remember it.

        Args:
            follower: lines are in ledger and catalogue.
            behind: lines are in the ledger, and the catalogue has to catch up with them.
        """
        self._follower = follower or _nobody
        self._laggard = behind or _nobody

    def catch_up(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Take over ledger lines that the catalogue does not have; returns how many.

        An empty catalogue is made anew from the whole ledger by the same way.
        """
        with self._writing, self._transaction() as connection:
            return self._take_over(connection, progress)

    def _take_over(
        self, connection: Connection, progress: Callable[[int, int], None] | None = None
    ) -> int:
        seq, digest = self._position(connection)
        head_seq, head_digest = self._ledger.head()
        if seq > head_seq:
            raise IntegrityFault("catalogue_ahead", catalogue=seq, ledger=head_seq)
        if seq == head_seq:
            if digest != head_digest:
                raise IntegrityFault("catalogue_differs", seq=seq)
            return 0
        count = 0
        for entry in self._ledger.read(seq):
            if count == 0 and entry.prev != digest:
                raise IntegrityFault("catalogue_differs", seq=entry.seq)
            apply(connection, entry, self._objects)
            count += 1
            if progress is not None:
                progress(entry.seq, head_seq)
        return count

    # --- jobs: work in progress, not in the ledger --------------------------------------------

    def begin_job(self, document: Id, boot: str) -> bool:
        """Commit that work on a document begins; False where there is nothing to do."""
        with self._writing, self._transaction() as connection:
            # Lines that the catalogue lacks may have settled it.
            self._take_over(connection)
            begun = update(t.job).where(t.job.c.id == document).values(boot=boot)
            return connection.execute(begun).rowcount == 1

    def end_job(self, document: Id, *, worker_died: bool = False) -> int:
        """Note that nobody works on a document now; returns the deaths of workers on it."""
        with self._writing, self._transaction() as connection:
            more = 1 if worker_died else 0
            connection.execute(
                update(t.job)
                .where(t.job.c.id == document)
                .values(boot=None, worker_deaths=t.job.c.worker_deaths + more)
            )
            deaths = connection.execute(
                select(t.job.c.worker_deaths).where(t.job.c.id == document)
            ).scalar()
            return int(deaths or 0)

    def recover_jobs(self) -> None:
        """After a daemon's death: its jobs are free again, and the death is counted."""
        with self._writing, self._transaction() as connection:
            connection.execute(
                update(t.job)
                .where(t.job.c.boot.is_not(None))
                .values(boot=None, daemon_deaths=t.job.c.daemon_deaths + 1)
            )

    def scrub(self) -> None:
        """Leave nothing in the database's files but what its rows say.

        ``secure_delete`` overwrites what is deleted, yet not every copy that SQLite has moved
        about in a page: of 15,000 deleted words one was still in the file after the checkpoint,
        and none after VACUUM.

        Raises:
            SystemFault: ``disk_full``, ``catalogue_locked``, ``storage_failed``; may be repeated.
        """
        with self._writing, translated(self._file):
            connection = self._writer.raw_connection()
            try:
                # Outside of a transaction, which SQLAlchemy would begin.
                cursor: Any = connection.cursor()
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if cursor.fetchone()[0]:
                    raise SystemFault("catalogue_locked")
            except sqlite3.OperationalError as error:
                raise OperationalError("scrub", None, error) from error
            finally:
                connection.close()

    # --- the database ------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(self._file), self._writer.begin() as connection:
            yield connection


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


def _head_of(catalogue: Path) -> tuple[int, str] | None:
    """Number and digest of the last line that a catalogue took over; None where it cannot say."""
    if not catalogue.is_file():
        return None
    with suppress(sqlite3.Error):
        with closing(sqlite3.connect(catalogue)) as connection:
            row = connection.execute("SELECT seq, digest FROM position").fetchone()
        return (int(row[0]), str(row[1])) if row and row[0] else None
    return None


def _nobody() -> None:
    """Nobody follows the ledger."""


def _sighted(file: Path, sight: Sight) -> Engine:
    """The database for questions, each connection with the views of a sight."""
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        prepare(connection, sight)

    event.listen(engine, "begin", _begin)
    return engine


def _open(file: Path) -> Engine:
    """Open the database, durable and with deleted text overwritten; migrate where needed."""
    with durable.storage_faults(file):
        # Names and subjects stand in it, whatever the caller's mask says.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
    # A fault of the database is logged with its statement, never with names and subjects.
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "begin", _begin)
    with translated(file):
        _migrate(engine)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        tables = "SELECT name FROM sqlite_master WHERE name='alembic_version'"
        if connection.exec_driver_sql(tables).first():
            version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            if version == t.SCHEMA:
                return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, t.SCHEMA)

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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    insert,
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
from archiver.store.chain import GENESIS
from archiver.store.formerly import carrying
from archiver.store.ledger import Entry, Ledger
from archiver.store.matterqueries import MatterQueries
from archiver.store.projection import Objects, apply
from archiver.store.queries import Queries
from archiver.store.sighted import prepare

__all__ = ["CatalogueBehind", "Deaths", "Register", "Row"]


# Persons of the same groups share one; a town has few kinds of them.
_MOST_SIGHTS = 32

# Of a catalogue in use: durable, and what is deleted is overwritten.
_IN_USE = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
# Of one that is made beside it: a death throws it away, nothing is deleted from it for good.
_DRAFT = ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=ON", "cache_size=-65536")


class Deaths(NamedTuple):
    """How often work on a document has died, which no ledger line says.

    Attributes:
        document: its id.
        of_workers, of_daemons: how many died.
        boot: of the daemon that works on it, None where none does.
    """

    document: Id
    of_workers: int
    of_daemons: int
    boot: str | None


class CatalogueBehind(SystemFault):
    """Ledger lines are durable that the catalogue does not have yet; it catches up later."""


class Register(Queries, MatterQueries):
    """Ledger and catalogue of one archive.

    Args:
        catalogue: database file; made where it is missing.
        ledger: the ledger, opened for appending.
        objects: reads of the vault that the projection needs.
        is_draft: nobody relies on the database until it is whole and synced by the caller.

    Raises:
        SystemFault: the database cannot be opened, or has other tables than those of today (see
            `archiver.store.rebuilding`).
        IntegrityFault: the catalogue is ahead of the ledger (a ledger was lost or put back).
    """

    def __init__(
        self, catalogue: Path, ledger: Ledger, objects: Objects, *, is_draft: bool = False
    ) -> None:
        self._file = catalogue
        self._ledger = ledger
        self._objects = objects
        self._writing = threading.RLock()
        self._follower: Callable[[], None] = _nobody
        self._laggard: Callable[[], None] = _nobody
        self._engine = self._writer = _open(catalogue, _DRAFT if is_draft else _IN_USE)
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
                apply(connection, entries, self._objects)
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
        following = self._following(seq, digest, head_seq, progress or _unheard)
        return apply(connection, following, self._objects)

    def _following(
        self, seq: int, digest: str, head: int, progress: Callable[[int, int], None]
    ) -> Iterator[Entry]:
        """The ledger's lines behind one, which must be the one that the catalogue knows."""
        for entry in self._ledger.read(seq):
            if entry.seq == seq + 1 and entry.prev != digest:
                raise IntegrityFault("catalogue_differs", seq=entry.seq)
            yield entry
            progress(entry.seq, head)

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

    def remember_deaths(self, known: Iterable[Deaths]) -> None:
        """Take over how often work has died, on those documents that still wait for it."""
        with self._writing, self._transaction() as connection:
            for one in known:
                connection.execute(
                    update(t.job)
                    .where(t.job.c.id == one.document)
                    .values(
                        worker_deaths=one.of_workers, daemon_deaths=one.of_daemons, boot=one.boot
                    )
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


def _nobody() -> None:
    """Nobody follows the ledger."""


def _unheard(done: int, total: int) -> None:
    """Nobody is told."""
    del done, total


def _sighted(file: Path, sight: Sight) -> Engine:
    """The database for questions, each connection with the views of a sight."""
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        prepare(connection, sight)

    event.listen(engine, "begin", _begin)
    return engine


def _open(file: Path, pragmas: Iterable[str]) -> Engine:
    """Open the database; an empty one gets the tables."""
    with durable.storage_faults(file):
        # Names and subjects stand in it, whatever the caller's mask says.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
    # A fault of the database is logged with its statement, never with names and subjects.
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "begin", _begin)
    with translated(file):
        _furnish(engine)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _furnish(engine: Engine) -> None:
    """See that the tables of today are there.

    Raises:
        SystemFault: ``catalogue_damaged``: there are others.
    """
    with engine.begin() as connection:
        if connection.exec_driver_sql("PRAGMA user_version").scalar() == t.SCHEMA:
            return
        if connection.exec_driver_sql("SELECT name FROM sqlite_master").first():
            raise SystemFault("catalogue_damaged", error="user_version")
        t.metadata.create_all(connection)
        connection.execute(insert(t.position).values(one=1, seq=0, digest=GENESIS.digest))
        connection.exec_driver_sql(f"PRAGMA user_version={t.SCHEMA}")

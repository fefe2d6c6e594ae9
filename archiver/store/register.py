"""The register: ledger and catalogue kept as one, and what can be asked of them.

Promises that an event is durable in the ledger before the catalogue's transaction commits, and
that after a crash between the two the catalogue catches up from the ledger. One writer at a time;
reads never wait for it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from archiver.errors import Fault, IntegrityFault, SystemFault
from archiver.records import UNCLASSIFIED, DocumentState, Event, Id
from archiver.store import durable
from archiver.store import schema as t
from archiver.store.ledger import Ledger
from archiver.store.objects import DropKey
from archiver.store.projection import Objects, apply

Row = dict[str, Any]

# How reason codes of questions about the class begin.
CLASS_QUESTION = "class_"

# Bytes that were received before are no new document, unless the earlier one is gone.
_GONE = (DocumentState.WITHDRAWN, DocumentState.DESTROYED)


class CatalogueBehind(SystemFault):
    """Ledger lines are durable that the catalogue does not have yet; it catches up later."""


class Register:
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
        self._engine = _open(catalogue)

    def close(self) -> None:
        """Close all connections; the write-ahead log is folded into the file."""
        self._engine.dispose()

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
                entries = self._ledger.prepare(events)
                for entry in entries:
                    apply(connection, entry, self._objects)
                self._ledger.write(entries)
                written = True
        except Exception as error:
            if not written:
                raise
            behind = CatalogueBehind("storage_failed")
            if isinstance(error, Fault):
                behind = CatalogueBehind(error.reason)
                behind.params = error.params
            raise behind from error

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
        head_seq, _ = self._ledger.head()
        if seq > head_seq:
            raise IntegrityFault("catalogue_ahead", catalogue=seq, ledger=head_seq)
        if seq == head_seq:
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

    # --- jobs and drops: work in progress, not in the ledger ---------------------------------

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

    def drop_gone(self, accession: Id) -> None:
        """Forget a drop that has been removed from its folder."""
        with self._writing, self._transaction() as connection:
            connection.execute(delete(t.drop).where(t.drop.c.id == accession))

    def drops_gone(self, folder: Path, kept: Sequence[Id]) -> None:
        """Forget all drops of a folder but those that still lie there."""
        with self._writing, self._transaction() as connection:
            connection.execute(
                delete(t.drop).where(t.drop.c.folder == str(folder), t.drop.c.id.not_in(kept))
            )

    # --- reading -----------------------------------------------------------------------------

    def knows(self, document: Id) -> bool:
        """Whether the ledger has received this document."""
        return bool(self._rows(select(t.document.c.id).where(t.document.c.id == document)))

    def head(self) -> tuple[int, str]:
        """Number and digest of the last ledger line that the catalogue has."""
        with self._reading() as connection:
            return self._position(connection)

    def jobs(self) -> list[Row]:
        """Unfinished work, oldest first."""
        return self._rows(select(t.job).order_by(t.job.c.id))

    def drops(self, folder: Path) -> list[Row]:
        """Drops that are safe in the archive and may still lie in their folder."""
        return self._rows(
            select(t.drop).where(t.drop.c.folder == str(folder)).order_by(t.drop.c.id)
        )

    def drop_taken(self, key: DropKey) -> Row | None:
        """The accession of this very drop, where it was accepted already."""
        rows = self._rows(
            select(t.drop).where(
                t.drop.c.folder == key.folder,
                t.drop.c.name == key.name,
                t.drop.c.device == key.device,
                t.drop.c.inode == key.inode,
                t.drop.c.size == key.size,
                t.drop.c.mtime_ns == key.mtime_ns,
            )
        )
        return rows[0] if rows else None

    def document_with(self, sha512: str) -> Id | None:
        """The living document that came with these bytes, if there is one."""
        rows = self._rows(
            select(t.document.c.id)
            .join(t.accession, t.accession.c.document == t.document.c.id)
            .where(t.accession.c.sha512 == sha512, t.document.c.state.not_in(_GONE))
            .order_by(t.document.c.id)
            .limit(1)
        )
        return str(rows[0]["id"]) if rows else None

    def document(self, identifier: Id) -> Row | None:
        """One document, asked for by its own id or by that of any of its accessions."""
        rows = self._rows(select(t.document).where(t.document.c.id == identifier))
        if not rows:
            owner = select(t.accession.c.document).where(t.accession.c.id == identifier)
            rows = self._rows(select(t.document).where(t.document.c.id.in_(owner)))
        return rows[0] if rows else None

    def matching(self, start: str) -> list[Id]:
        """Ids of documents and accessions that begin so, at most ten."""
        found = select(t.accession.c.id).where(
            t.accession.c.id >= start, t.accession.c.id < start + "\uffff"
        )
        return [str(row["id"]) for row in self._rows(found.order_by(t.accession.c.id).limit(10))]

    def accessions(self, document: Id) -> list[Row]:
        """All files that were received for a document, the first one first."""
        query = select(t.accession).where(t.accession.c.document == document)
        return self._rows(query.order_by(t.accession.c.id))

    def accession_digest(self, accession: Id) -> str | None:
        """sha512 of the bytes received with an accession."""
        rows = self._rows(select(t.accession.c.sha512).where(t.accession.c.id == accession))
        return str(rows[0]["sha512"]) if rows else None

    def newest_accessions(self, pipeline: str, limit: int) -> list[Row]:
        """The newest receipts of one pipeline, with the state of their documents."""
        newest = (
            select(t.accession)
            .where(t.accession.c.pipeline == pipeline)
            .order_by(t.accession.c.id.desc())
            .limit(limit)
            .subquery()
        )
        query = (
            select(newest, t.document.c.state.label("document_state"))
            .join(t.document, t.document.c.id == newest.c.document)
            .order_by(newest.c.id.desc())
        )
        return self._rows(query)

    def newest_files(self, pipeline: str, limit: int) -> list[Row]:
        """The files that came last by one pipeline, the ledger's newest first.

        What was cut out of other files is left out.

        Returns:
            the accession, with ``document_state``, ``media_type`` and ``version`` of its document.
        """
        newest = (
            select(t.accession)
            .where(t.accession.c.pipeline == pipeline, t.accession.c.source.is_(None))
            .order_by(t.accession.c.id.desc())
            .limit(limit)
            .subquery()
        )
        of = t.document.c
        query = (
            select(newest, of.state.label("document_state"), of.media_type, of.version)
            .join(t.document, of.id == newest.c.document)
            .join(t.event, t.event.c.id == newest.c.id)
            .where(t.event.c.event.in_(("received", "duplicate")))
            .order_by(t.event.c.seq.desc())
        )
        return self._rows(query)

    def problems(
        self, pipelines: Sequence[str] | None = None, *, with_questions: bool = False
    ) -> list[Row]:
        """Documents in quarantine or review, once with each name under which they came.

        Questions about the class are no problems: the paper is well, and whoever dropped it
        cannot help; they are given where they are asked for.
        Whoever drops a bad file that somebody else has dropped before is told as well.
        """
        came = t.accession
        of_document = came.c.document == t.document.c.id
        begins = func.substr(t.document.c.reason, 1, len(CLASS_QUESTION))
        waits: list[ColumnElement[bool]] = [
            t.document.c.state.in_((DocumentState.QUARANTINED, DocumentState.REVIEW))
        ]
        if not with_questions:
            waits.append(begins != CLASS_QUESTION)
        named = (
            select(func.min(came.c.id))
            .join(t.document, of_document)
            .where(*waits)
            .group_by(came.c.document, came.c.pipeline, came.c.file_raw)
        )
        query = (
            select(t.document, came.c.file, came.c.file_raw, came.c.pipeline)
            .join(came, of_document)
            .where(came.c.id.in_(named))
            .order_by(t.document.c.id, came.c.id)
        )
        if pipelines is not None:
            query = query.where(t.accession.c.pipeline.in_(pipelines))
        return self._rows(query)

    def destroyed(self) -> list[Id]:
        """Documents of which only a tombstone remains."""
        query = select(t.document.c.id).where(t.document.c.state == DocumentState.DESTROYED)
        return [str(row["id"]) for row in self._rows(query)]

    def waiting(self) -> list[Row]:
        """Documents in review, the longest waiting first."""
        query = select(t.document).where(t.document.c.state == DocumentState.REVIEW)
        return self._rows(query.order_by(t.document.c.changed_at, t.document.c.id))

    def unclassified(self) -> int:
        """Number of filed documents whose class nobody knows."""
        query = (
            select(func.count().label("n"))
            .select_from(t.document)
            .where(
                t.document.c.state == DocumentState.FILED,
                t.document.c.record_class == UNCLASSIFIED,
            )
        )
        return int(self._rows(query)[0]["n"])

    def senders(self) -> list[Row]:
        """Senders that persons confirmed: ``name`` and ``keys`` of each document."""
        return self._rows(select(t.sender).order_by(t.sender.c.document))

    def counts(self) -> dict[str, int]:
        """Number of documents in each state that occurs."""
        query = select(t.document.c.state, func.count().label("n")).group_by(t.document.c.state)
        return {str(row["state"]): int(row["n"]) for row in self._rows(query)}

    def history(self, identifiers: Sequence[Id]) -> list[Row]:
        """Ledger lines that concern these ids, oldest first."""
        query = select(t.event).where(t.event.c.id.in_(identifiers)).order_by(t.event.c.seq)
        return self._rows(query)

    def changed_after(self, seq: int) -> set[Id]:
        """Ids that ledger lines after `seq` concern."""
        rows = self._rows(select(t.event.c.id).where(t.event.c.seq > seq))
        return {str(row["id"]) for row in rows if row["id"] is not None}

    def documents(self) -> Iterator[Id]:
        """All ids of documents, in order, without holding a transaction."""
        after = ""
        while True:
            query = select(t.document.c.id).where(t.document.c.id > after)
            rows = self._rows(query.order_by(t.document.c.id).limit(1000))
            if not rows:
                return
            yield from (str(row["id"]) for row in rows)
            after = str(rows[-1]["id"])

    # --- the database ------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(), self._engine.connect() as connection:
            yield connection

    def _rows(self, query: Any) -> list[Row]:
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _position(self, connection: Connection) -> tuple[int, str]:
        row = connection.execute(select(t.position)).mappings().one()
        return int(row["seq"]), str(row["digest"])


@contextmanager
def translated() -> Iterator[None]:
    """Turn faults of the database into faults of the system."""
    try:
        yield
    except OperationalError as error:
        text = str(error.orig)
        if "full" in text:
            raise SystemFault("disk_full") from error
        if "locked" in text:
            raise SystemFault("catalogue_locked") from error
        raise SystemFault("storage_failed") from error
    except DatabaseError as error:
        raise SystemFault("catalogue_damaged") from error


def _open(file: Path) -> Engine:
    """Open the database, durable and with deleted text overwritten; migrate where needed."""
    with durable.storage_faults(file):
        # Names and subjects stand in it, whatever the caller's mask says.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30})

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

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    with translated():
        _migrate(engine)
    return engine


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

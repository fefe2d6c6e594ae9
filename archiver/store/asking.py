"""Asking the catalogue: one connection for each question, faults as faults of the system.

Promises to change nothing, and that reads never wait for the writer.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DatabaseError

from archiver.errors import SystemFault
from archiver.machine import denied
from archiver.store import schema as t

Row = dict[str, Any]

_PRIMARY = 0xFF  # an extended result code holds the primary one in its low byte


class Asking:
    """Reads of one catalogue; whoever inherits opens it."""

    _engine: Engine
    _file: Path

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(self._file), self._engine.connect() as connection:
            yield connection

    def _rows(self, query: Any) -> list[Row]:
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _position(self, connection: Connection) -> tuple[int, str]:
        row = connection.execute(select(t.position)).mappings().one()
        return int(row["seq"]), str(row["digest"])


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Turn faults of the database into faults of the system, each with its cause.

    Args:
        file: of the database.

    Raises:
        SystemFault: ``disk_full``, ``storage_failed``, ``storage_readonly``, ``access_denied``,
            ``machine_fault``, ``catalogue_locked`` or ``catalogue_damaged``.
    """
    try:
        yield
    except DatabaseError as error:
        raise _fault_of(error.orig, file) from error


def _fault_of(error: BaseException | None, file: Path) -> SystemFault:
    """What SQLite says, by its result code (https://www.sqlite.org/rescode.html)."""
    name = str(getattr(error, "sqlite_errorname", None) or type(error).__name__)
    code = int(getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return SystemFault("disk_full", path=str(file))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return SystemFault("catalogue_locked")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return _unusable(file, name)
    if code == sqlite3.SQLITE_IOERR:
        return SystemFault("storage_failed", path=str(file), error=name)
    if code == sqlite3.SQLITE_NOMEM:
        return SystemFault("machine_fault", error=name)
    return SystemFault("catalogue_damaged", error=name)


def _unusable(file: Path, name: str) -> SystemFault:
    """Why a database cannot be opened or written: rights, or the mount."""
    beside = [file.with_name(file.name + ending) for ending in ("", "-wal", "-shm")]
    for path in (file.parent, *(path for path in beside if path.exists())):
        if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
            return denied(path)
    if os.statvfs(file.parent).f_flag & os.ST_RDONLY:
        return SystemFault("storage_readonly", path=str(file))
    return SystemFault("storage_failed", path=str(file), error=name)

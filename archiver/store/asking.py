"""Asking the catalogue: one connection for each question, faults as faults of the system.

Promises to change nothing, and that reads never wait for the writer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DatabaseError, OperationalError

from archiver.errors import SystemFault
from archiver.store import schema as t

Row = dict[str, Any]


class Asking:
    """Reads of one catalogue; whoever inherits opens it."""

    _engine: Engine

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

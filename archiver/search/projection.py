"""What every engine on local files does alike: rounds of writing, the cursor, the hits.

Promises the whole of `archiver.search.index.SearchIndex` to a subclass that can write rows,
look up a tree of matches, and say whether its files can be read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec

from archiver.records import Id
from archiver.search.columns import Columns, columns, id_key, plain_entry
from archiver.search.folder import IndexFolder, damaged
from archiver.search.index import EVERYTHING, Entry, Found, Hit
from archiver.search.matching import Match, is_ranked, matching, within
from archiver.search.query import Query
from archiver.search.snippets import Wanted, snippets, wanted
from archiver.sight import Sight

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Entry)


class Row(msgspec.Struct, frozen=True):
    """One document as an engine stores it.

    Attributes:
        key: of the id, unique.
        columns: to look it up by.
        stored: bytes to give back; the whole entry, so that a search needs no database.
    """

    key: str
    columns: Columns
    stored: bytes


class Projection(ABC):
    """An index in one folder.

    Args:
        folder: need not exist.

    Raises:
        SystemFault: ``index_damaged``.
    """

    engine: str

    def __init__(self, folder: Path) -> None:
        self.folder = IndexFolder(folder, self.engine)
        if not self.folder.is_fresh:
            self.check()

    @abstractmethod
    def check(self) -> None:
        """Open the index for reading once; raise ``index_damaged`` if that fails."""

    @abstractmethod
    def write(self, rows: list[Row], out: list[str], is_fresh: bool) -> None:
        """Delete the keys `out`, add `rows`, commit; into a new index if `is_fresh`."""

    @abstractmethod
    def look_up(
        self, match: Match, limit: int, is_ranked: bool
    ) -> tuple[int, list[tuple[bytes, float]]]:
        """Count all matches; give stored bytes and scores of the best, or the newest."""

    def apply(self, entries: Iterable[Entry], gone: Iterable[Id], cursor: int) -> None:
        """See `archiver.search.index.SearchIndex.apply`."""
        rows = {entry.id: _row(plain_entry(entry)) for entry in entries}
        out = dict.fromkeys([id_key(id_) for id_ in gone] + [row.key for row in rows.values()])
        is_fresh = self.folder.is_fresh
        if is_fresh:
            self.folder.begin()
        if out or is_fresh:
            self.write(list(rows.values()), list(out), is_fresh)
        self.folder.remember(cursor)

    def cursor(self) -> int:
        """See `archiver.search.index.SearchIndex.cursor`."""
        return 0 if self.folder.is_fresh else self.folder.cursor()

    def search(self, query: Query, limit: int, today: date, sight: Sight = EVERYTHING) -> Found:
        """See `archiver.search.index.SearchIndex.search`."""
        if self.folder.is_fresh:
            return Found(0, ())
        match = matching(query, today)
        by_words = is_ranked(match)
        total, found = self.look_up(within(match, sight), limit, by_words)
        items = wanted(query)
        try:
            hits = tuple(
                _hit(_DECODER.decode(stored), score if by_words else 0.0, items)
                for stored, score in found
            )
        except msgspec.MsgspecError as error:
            raise damaged(self.folder.path) from error
        return Found(total, hits)


def _row(plain: Entry) -> Row:
    return Row(id_key(plain.id), columns(plain), _ENCODER.encode(plain))


def _hit(entry: Entry, score: float, items: tuple[Wanted, ...]) -> Hit:
    return Hit(
        id=entry.id,
        state=entry.state,
        record_class=entry.record_class,
        reference=entry.reference,
        subject=entry.subject,
        sender=entry.sender,
        date=entry.date,
        received_on=entry.received_on,
        file_name=entry.file_name,
        dossier=entry.dossier,
        pages=entry.page_count,
        score=score,
        snippets=snippets(entry.pages, items),
    )

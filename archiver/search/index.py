"""What an index takes, answers and promises, whichever engine stands behind it.

Promises the protocol `SearchIndex` and its values. An index is a projection: whatever is wrong
with one, the caller may delete its folder and build it again from cursor 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Protocol

import msgspec

from archiver.errors import SystemFault
from archiver.records import Id
from archiver.search.query import Query
from archiver.sight import UNJUDGED, Sight

MARK_ON, MARK_OFF = "\x02", "\x03"
"""Around each found word in a snippet; fronts replace them by their own highlight."""

ENGINES = ("tantivy", "whoosh")

EVERYTHING = Sight()


class Entry(msgspec.Struct, frozen=True):
    """One document as it is to be found.

    Attributes:
        id: of the document.
        state: code of `archiver.records.DocumentState`.
        record_class: code of the filing plan, None while unclassified.
        reference, subject, sender: as read or corrected, None where there is none.
        date: ISO day of the letter, None where none was read.
        received_on: ISO day of receipt.
        file_name: of the drop.
        dossier: reference or name of the dossier, None outside of any.
        pages: text of each page in order, lines parted by newlines; empty if never read.
        page_count: pages of the document, read or not.
        guard: by what it is guarded, see `archiver.sight`.
    """

    id: Id
    state: str
    record_class: str | None
    reference: str | None
    subject: str | None
    sender: str | None
    date: str | None
    received_on: str
    file_name: str
    dossier: str | None
    pages: tuple[str, ...]
    page_count: int
    guard: str = UNJUDGED


class Snippet(msgspec.Struct, frozen=True):
    """A stretch of one page, found words between `MARK_ON` and `MARK_OFF`.

    Attributes:
        page: number from 1.
        text: whole words on one line.
    """

    page: int
    text: str


class Hit(msgspec.Struct, frozen=True):
    """One found document; ``pages`` counts them, ``score`` orders hits of one search only."""

    id: Id
    state: str
    record_class: str | None
    reference: str | None
    subject: str | None
    sender: str | None
    date: str | None
    received_on: str
    file_name: str
    dossier: str | None
    pages: int
    score: float
    snippets: tuple[Snippet, ...]


class Found(msgspec.Struct, frozen=True):
    """Answer to a search: how many documents match, and the best of them."""

    total: int
    hits: tuple[Hit, ...]


class SearchIndex(Protocol):
    """One index in one folder; one process writes, any number search."""

    def apply(self, entries: Iterable[Entry], gone: Iterable[Id], cursor: int) -> None:
        """Take `gone` out, add or replace `entries`, commit, then remember `cursor`.

        Killed at any moment, either all of it holds or nothing, or all but the cursor: doing it
        again is harmless. Of two entries with one id the later holds, and an entry holds over
        its id in `gone`.

        Args:
            entries: documents as they are now.
            gone: ids to be found no more; unknown ones are ignored.
            cursor: place in the ledger up to which the index now stands.

        Raises:
            SystemFault: ``index_busy`` if another process writes; ``index_damaged`` or
                ``index_write_failed``, after which nothing has changed.
        """
        ...

    def cursor(self) -> int:
        """Place in the ledger up to which the index stands; 0 for a new one."""
        ...

    def search(self, query: Query, limit: int, today: date, sight: Sight = EVERYTHING) -> Found:
        """Find documents, best first; newest receipt first where no word was asked for.

        Args:
            query: tree of `archiver.search.query.parse`.
            limit: most hits to return, at least 1.
            today: the day from which relative days count.
            sight: of the person who asks; what he may not see is not counted either.

        Returns:
            Exact total and at most `limit` hits. A folder that does not exist yet has none.

        Raises:
            SystemFault: ``index_damaged``.
        """
        ...


def open_index(engine: str, folder: Path) -> SearchIndex:
    """Open an index without writing; the first `SearchIndex.apply` creates the folder.

    Args:
        engine: one of `ENGINES`.
        folder: the index's own.

    Raises:
        SystemFault: ``index_damaged`` if the folder holds anything but a whole index of this
            engine and version (the caller deletes and rebuilds it); ``engine_unknown``.
    """
    # Each engine costs its import only where it is the one in use.
    if engine == "tantivy":
        from archiver.search.tantivy_index import TantivyIndex

        return TantivyIndex(folder)
    if engine == "whoosh":
        from archiver.search.whoosh_index import WhooshIndex

        return WhooshIndex(folder)
    raise SystemFault("engine_unknown", engine=engine, known=", ".join(ENGINES))

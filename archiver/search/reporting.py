"""An index that tells somebody when it turns out to be damaged.

Damage that opening does not show is found by the search that meets it; whoever searches can do
nothing about it, so the one who keeps the index is told, and makes it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from archiver.errors import SystemFault
from archiver.records import Id
from archiver.search.index import EVERYTHING, Entry, Found, SearchIndex
from archiver.search.query import Query
from archiver.sight import Sight

DAMAGED = "index_damaged"


class ReportingIndex:
    """Passes everything on; see `archiver.search.index.SearchIndex`.

    Args:
        index: the index itself.
        damaged: is called when it turns out to be damaged.
    """

    def __init__(self, index: SearchIndex, damaged: Callable[[], None]) -> None:
        self._index = index
        self._damaged = damaged

    def apply(self, entries: Iterable[Entry], gone: Iterable[Id], cursor: int) -> None:
        """See `archiver.search.index.SearchIndex.apply`."""
        self._index.apply(entries, gone, cursor)

    def cursor(self) -> int:
        """See `archiver.search.index.SearchIndex.cursor`."""
        return self._index.cursor()

    def search(self, query: Query, limit: int, today: date, sight: Sight = EVERYTHING) -> Found:
        """See `archiver.search.index.SearchIndex.search`.

        Raises:
            SystemFault: ``index_renewing`` where it is damaged: it is being made anew.
        """
        try:
            return self._index.search(query, limit, today, sight)
        except SystemFault as fault:
            if fault.reason != DAMAGED:
                raise
            self._damaged()
            raise SystemFault("index_renewing") from fault

"""The index on Whoosh, the engine in pure Python; sensible to about 10,000 documents.

Promises `archiver.search.index.SearchIndex` with the same answers as Tantivy; only scores differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from whoosh import analysis, index
from whoosh import fields as kinds
from whoosh import query as constructs

from archiver.errors import ExitCode, Fault, SystemFault
from archiver.search import fields
from archiver.search.columns import KEY_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS
from archiver.search.folder import damaged, unwritten
from archiver.search.matching import (
    Between,
    Both,
    Either,
    InOrder,
    Keyed,
    Match,
    Without,
)
from archiver.search.projection import Projection, Row

_STORED = "stored"
_TRIES = 20


class WhooshIndex(Projection):
    """One folder with a Whoosh index; see `archiver.search.index.open_index`."""

    engine = "whoosh"

    def check(self) -> None:
        """See `archiver.search.projection.Projection.check`."""
        with _damage_named(self.folder.path), self._searcher():
            pass

    def look_up(
        self, match: Match, limit: int, is_ranked: bool
    ) -> tuple[int, list[tuple[bytes, float]]]:
        """See `archiver.search.projection.Projection.look_up`."""
        with _damage_named(self.folder.path), self._searcher() as searcher:
            results = searcher.search(
                _translated(match, searcher.reader()),
                limit=limit,
                sortedby=None if is_ranked else fields.RECEIVED,
                reverse=not is_ranked,
            )
            return len(results), [(hit[_STORED], float(hit.score or 0.0)) for hit in results]

    def write(self, rows: list[Row], out: list[str], is_fresh: bool) -> None:
        """See `archiver.search.projection.Projection.write`.

        Raises:
            SystemFault: ``index_busy``, ``index_damaged``, ``index_write_failed``.
        """
        path, folder = str(self.folder.data), str(self.folder.path)
        with _damage_named(self.folder.path):
            opened = index.create_in(path, _schema()) if is_fresh else index.open_dir(path)
        try:
            writer = opened.writer()
        except index.LockError as error:
            raise SystemFault("index_busy", exit_code=ExitCode.LOCKED, folder=folder) from error
        try:
            for key in out:
                writer.delete_by_term(fields.ID, key)
            for row in rows:
                writer.add_document(**_values(row))
            writer.commit()
        except OSError as error:
            raise unwritten(self.folder.path, error) from error
        finally:
            if not writer.is_closed:
                writer.cancel()

    def _searcher(self) -> Any:
        # A writer may delete the old table of contents between its listing and its opening;
        # a newer one is there by then, so only a damaged index fails every time.
        for _ in range(_TRIES - 1):
            with suppress(OSError, index.EmptyIndexError):
                return index.open_dir(str(self.folder.data)).searcher()
        return index.open_dir(str(self.folder.data)).searcher()


def _values(row: Row) -> dict[str, Any]:
    cut = row.columns
    return {
        fields.ID: row.key,
        **{name: "\n".join(lines) for name, lines in cut.texts.items()},
        **{name: " ".join(codes) for name, codes in cut.keys.items()},
        **cut.numbers,
        _STORED: row.stored,
    }


class _Lines(analysis.Tokenizer):  # type: ignore[misc]
    """Words parted by spaces; between two lines lies a gap that no phrase spans."""

    def __call__(
        self, value: str, positions: bool = False, start_pos: int = 0, **_: Any
    ) -> Iterator[Any]:
        token = analysis.Token(positions=positions)
        position = start_pos
        for line in value.split("\n"):
            for word in line.split(" ") if line else ():
                token.text = word
                token.pos = position
                position += 1
                yield token
            position += 1


def _schema() -> Any:
    text = {
        f"{name}_{kind}": kinds.TEXT(analyzer=_Lines(), phrase=True)
        for name in TEXT_COLUMNS
        for kind in ("stem", "exact")
    }
    keys = {name: kinds.KEYWORD() for name in KEY_COLUMNS}
    numbers = {name: kinds.NUMERIC(int, sortable=True, default=0) for name in NUMBER_COLUMNS}
    own = {fields.ID: kinds.ID(unique=True), _STORED: kinds.STORED()}
    return kinds.Schema(**text, **keys, **numbers, **own)


@contextmanager
def _damage_named(folder: Path) -> Iterator[None]:
    """Turn whatever reading broken files raises into ``index_damaged``."""
    try:
        yield
    except Fault:
        raise
    except Exception as error:
        # Whoosh has no error of its own for this: a broken file may raise anything.
        raise damaged(folder, error) from error


def _translated(match: Match, reader: Any) -> Any:
    """A tree of look-ups in Whoosh's constructs."""
    match match:
        case InOrder(column, words, is_open, weight, is_even):
            found = _in_order(column, words, is_open, weight, reader)
            return constructs.ConstantScoreQuery(found, weight) if is_even else found
        case Keyed(column, key, is_open, weight):
            found = constructs.Prefix(column, key) if is_open else constructs.Term(column, key)
            return constructs.ConstantScoreQuery(found, weight)
        case Between(column, low, high):
            found = constructs.NumericRange(column, low or 1, high)
            return constructs.ConstantScoreQuery(found, 0.0)
        case Both(parts):
            return constructs.And([_translated(part, reader) for part in parts])
        case Either(parts):
            return constructs.Or([_translated(part, reader) for part in parts])
        case Without(part):
            everything = constructs.ConstantScoreQuery(constructs.Every(), 0.0)
            return constructs.AndNot(everything, _translated(part, reader))
        case _:
            return constructs.Every()


def _in_order(
    column: str, words: tuple[str, ...], is_open: bool, weight: float, reader: Any
) -> Any:
    *before, last = words
    if is_open and not before:
        return constructs.Prefix(column, last, boost=weight)
    if not before:
        return constructs.Term(column, last, boost=weight)
    if not is_open:
        return constructs.Phrase(column, list(words), boost=weight)
    # Prefix keeps no positions, so the words that begin so are named one by one.
    ends = [word.decode() for word in reader.expand_prefix(column, last)]
    if not ends:
        return constructs.NullQuery
    return constructs.Or(
        [constructs.Phrase(column, [*before, word], boost=weight) for word in ends]
    )

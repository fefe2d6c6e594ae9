"""The index on Tantivy, the default engine.

Promises `archiver.search.index.SearchIndex`. Each round of writing and each search opens the
index anew: two long-lived `Index` objects leave files behind that no garbage collection finds,
opening costs under a millisecond, and a folder swapped beneath is seen at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tantivy

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

_HEAP = 32_000_000  # bytes; Tantivy asks for at least 15 million a thread
_STORED = "stored"


class TantivyIndex(Projection):
    """One folder with a Tantivy index; see `archiver.search.index.open_index`."""

    engine = "tantivy"

    def check(self) -> None:
        """See `archiver.search.projection.Projection.check`."""
        with _damage_named(self.folder.path):
            tantivy.Index.open(str(self.folder.data)).searcher()

    def look_up(
        self, match: Match, limit: int, is_ranked: bool
    ) -> tuple[int, list[tuple[bytes, float]]]:
        """See `archiver.search.projection.Projection.look_up`."""
        with _damage_named(self.folder.path):
            index = tantivy.Index.open(str(self.folder.data))
            searcher = index.searcher()
            result = searcher.search(
                _translated(match, index.schema),
                limit,
                order_by_field=None if is_ranked else fields.RECEIVED,
            )
            found = [(_stored_in(searcher.doc(address)), score) for score, address in result.hits]
            return result.count, found  # type: ignore[attr-defined]  # the stub forgets it

    def write(self, rows: list[Row], out: list[str], is_fresh: bool) -> None:
        """See `archiver.search.projection.Projection.write`.

        Raises:
            SystemFault: ``index_busy``, ``index_damaged``, ``index_write_failed``.
        """
        path = str(self.folder.data)
        with _damage_named(self.folder.path):
            index = tantivy.Index(_schema(), path) if is_fresh else tantivy.Index.open(path)
        writer = self._writer(index)
        try:
            for key in out:
                writer.delete_documents_by_term(fields.ID, key)
            for row in rows:
                # A wrong type would kill the writer with its batch; from_dict checks first.
                writer.add_document(tantivy.Document.from_dict(_values(row), index.schema))
            writer.commit()
        except ValueError as error:
            raise unwritten(self.folder.path, error) from error
        finally:
            writer.wait_merging_threads()

    def _writer(self, index: tantivy.Index) -> tantivy.IndexWriter:
        try:
            return index.writer(_HEAP, 1)
        except ValueError as error:
            folder = str(self.folder.path)
            if "LockBusy" in str(error):
                raise SystemFault("index_busy", exit_code=ExitCode.LOCKED, folder=folder) from error
            raise unwritten(self.folder.path, error) from error


def _values(row: Row) -> dict[str, object]:
    cut = row.columns
    return {
        fields.ID: [row.key],
        **cut.texts,
        **cut.keys,
        **cut.numbers,
        _STORED: row.stored,
    }


def _stored_in(document: tantivy.Document) -> bytes:
    stored = document.get_first(_STORED)
    if not isinstance(stored, bytes):
        raise ValueError("a document without its stored bytes")
    return stored


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in TEXT_COLUMNS:
        for kind in ("stem", "exact"):
            builder.add_text_field(f"{name}_{kind}", tokenizer_name="whitespace")
    for name in (fields.ID, *KEY_COLUMNS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in NUMBER_COLUMNS:
        builder.add_unsigned_field(name, indexed=True, fast=True)
    builder.add_bytes_field(_STORED, stored=True)
    return builder.build()


@contextmanager
def _damage_named(folder: Path) -> Iterator[None]:
    """Turn whatever Tantivy says of broken files, its panics too, into ``index_damaged``."""
    try:
        yield
    except Fault:
        raise
    except (ValueError, OSError) as error:
        raise damaged(folder, error) from error
    except BaseException as error:
        # A Rust panic is no Exception, so that it is not caught by mistake.
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(folder, error) from error


def _translated(match: Match, schema: tantivy.Schema) -> tantivy.Query:
    """A tree of look-ups in Tantivy's constructs."""
    query = tantivy.Query
    match match:
        case InOrder(column, words, is_open, weight, is_even):
            weighed = query.const_score_query if is_even else query.boost_query
            return weighed(_in_order(column, words, is_open, schema), weight)
        case Keyed(column, key, is_open, weight):
            found = _beginning(schema, column, key) if is_open else _term(schema, column, key)
            return query.const_score_query(found, weight)
        case Between(column, low, high):
            kind = tantivy.FieldType.Unsigned
            found = query.range_query(schema, column, kind, low, high)
            return query.const_score_query(found, 0.0)
        case Both(parts):
            required = [_required(part, schema) for part in parts]
            only_forbids = all(isinstance(part, Without) for part in parts)
            return query.boolean_query([_every(), *required] if only_forbids else required)
        case Either(parts):
            return query.boolean_query(
                [(tantivy.Occur.Should, _translated(part, schema)) for part in parts]
            )
        case Without():
            return query.boolean_query([_every(), _required(match, schema)])
        case _:
            return query.const_score_query(query.all_query(), 0.0)


def _every() -> tuple[tantivy.Occur, tantivy.Query]:
    # Tantivy finds nothing where all parts forbid, so there is always one that finds.
    return tantivy.Occur.Must, tantivy.Query.const_score_query(tantivy.Query.all_query(), 0.0)


def _required(part: Match, schema: tantivy.Schema) -> tuple[tantivy.Occur, tantivy.Query]:
    if isinstance(part, Without):
        return tantivy.Occur.MustNot, _translated(part.part, schema)
    return tantivy.Occur.Must, _translated(part, schema)


def _in_order(
    column: str, words: tuple[str, ...], is_open: bool, schema: tantivy.Schema
) -> tantivy.Query:
    if len(words) == 1:
        beginning_or_term = _beginning if is_open else _term
        return beginning_or_term(schema, column, words[0])
    if is_open:
        return tantivy.Query.regex_phrase_query(schema, column, [*words[:-1], f"{words[-1]}.*"])
    return tantivy.Query.phrase_query(schema, column, list(words))


def _term(schema: tantivy.Schema, column: str, term: str) -> tantivy.Query:
    return tantivy.Query.term_query(schema, column, term)


def _beginning(schema: tantivy.Schema, column: str, beginning: str) -> tantivy.Query:
    # Words and keys are letters and digits only, so nothing in them is a sign of the regex.
    return tantivy.Query.regex_query(schema, column, f"{beginning}.*")

"""Words that others say as well: they prove nothing about the documents that go.

Promises to look at everything that is known to belong to somebody else (their files, their rows of
the catalogue, what was learned of them, their places in the index) and at the program's own words,
so that such a word is not taken for a witness, and its being there is no sign that something is
left.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from archiver.config import Config
from archiver.inbox.settling import PROBLEMS, RECEIPTS, TEMPORARY_PREFIX
from archiver.pipeline import traces
from archiver.pipeline.traces import Finding, Sought, Store
from archiver.records import Id
from archiver.store import ocfl
from archiver.store.register import Register

_DOCUMENTS = "documents/"


class Own(msgspec.Struct, frozen=True):
    """What goes, or belongs to what goes.

    Attributes:
        ids: of documents, of what was received for them, and of objects that go with them.
        exports: names below the exports that go as well.
        whole_vault: whether every object is read, not only theirs.
    """

    ids: frozenset[Id]
    exports: frozenset[str]
    whole_vault: bool


def said_by_others(
    config: Config,
    register: Register,
    words: Sequence[str],
    own: Own,
    found: Mapping[str, Finding],
) -> set[int]:
    """Numbers of the words that stand in what belongs to others.

    A file that nobody knows belongs to nobody: it may be a copy of ours.

    Args:
        config: of the archive.
        register: knows what is somebody's.
        words: that are looked for.
        own: what does not belong to others.
        found: where they stand in all stores, as `traces.find` has told.
    """
    sought = Sought(words)
    foreign = traces.find(words, _stores(config, register, own))
    said = {hit.word for finding in foreign.values() for hit in finding.hits}
    said |= {hit.word for hit in found["index"].hits if _is_anothers(hit.path, own)}
    if own.whole_vault:
        places = tuple(ocfl.object_place(id) + "/" for id in own.ids)
        said |= {hit.word for hit in found["vault"].hits if not hit.path.startswith(places)}
    for text in (*_rows(config.places.catalogue, own), *_examples(config.places.learned, own)):
        if len(said) < len(words):
            said |= sought.within(iter([text]))
    return said


def _is_anothers(path: str, own: Own) -> bool:
    """Whether a place in the index is that of a document which stays."""
    return path.startswith(_DOCUMENTS) and path.removeprefix(_DOCUMENTS) not in own.ids


def _stores(config: Config, register: Register, own: Own) -> list[Store]:
    """Files of others, and those of the index in which no document stands."""

    def is_anothers(name: str) -> bool:
        return name not in own.ids and register.knows(name)

    places = config.places
    ours = {os.fsdecode(PROBLEMS), os.fsdecode(RECEIPTS)}
    drops = dict.fromkeys(config.drop_folder(pipeline) for pipeline in config.pipelines)
    waiting = [path for folder in drops for path in _within(folder) if path.name not in ours]
    temporary = os.fsdecode(TEMPORARY_PREFIX)
    released = [
        path
        for path in _within(places.released)
        if is_anothers(path.name.removeprefix(temporary)[:26])
    ]
    staged = [
        path
        for path in (*_within(places.stage), *_within(places.stage / "pages"))
        if is_anothers(path.name.split(".")[0])
    ]
    batches = register.matters("batch")
    packages = {str(row["about"].get("folder") or row["id"]) for row in batches} - own.exports
    exports = [path for path in _within(places.exports) if path.name in packages]
    return [
        Store("inbox", tuple(waiting)),
        Store("released", tuple(released)),
        Store("stage", tuple(staged)),
        Store("exports", tuple(exports)),
        Store("index", tuple(places.index.rglob("*.json"))),
    ]


def _within(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _rows(catalogue: Path, own: Own) -> Iterator[bytes]:
    """Rows of the catalogue that name nothing of ours, and how its tables are called."""
    if not catalogue.exists():
        return
    with closing(sqlite3.connect(f"{catalogue.as_uri()}?mode=ro", uri=True, timeout=30)) as base:
        tables = base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        for name, made in tables.fetchall():
            yield str(made).encode()
            for row in base.execute(f'SELECT * FROM "{name}"'):
                if own.ids.isdisjoint(cell for cell in row if isinstance(cell, str)):
                    yield b"\n".join(map(traces.cell, row))


def _examples(learned: Path, own: Own) -> Iterator[bytes]:
    """Examples of others: of other documents, and of those that an older system gave."""
    for path in sorted(learned.glob("*.jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                owner = ""
                with suppress(ValueError, AttributeError):
                    owner = str(json.loads(line).get("id", ""))
                if owner not in own.ids:
                    yield line

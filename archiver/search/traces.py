"""What an index holds, read without a question: for those who must prove that it holds it not.

Promises every document that the index gives back, every list of words that names a word, also of
documents that were deleted and still lie in the files, and the name of each part of the files that
neither way can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from archiver.search.columns import TEXT_COLUMNS
from archiver.search.folder import damaged
from archiver.search.german import plain_text, words
from archiver.search.index import Entry

_EXACT = tuple(f"{name}_exact" for name in TEXT_COLUMNS)
_STORED = "stored"
_DECODER = msgspec.msgpack.Decoder(Entry)

Stored = tuple[str, bytes | int | None]


def stored(engine: str, folder: Path, sought: Sequence[str]) -> Iterator[Stored]:
    """Read one index to its end.

    Args:
        engine: one of `archiver.search.index.ENGINES`.
        folder: of the index; need not exist.
        sought: words that the lists of words are asked for.

    Yields:
        ``documents/<id>`` and the document's bytes; ``words/<column>`` and the number of a word
        that it names; ``parts/<name>`` and None, where deleted documents lie that cannot be read.

    Raises:
        SystemFault: ``index_damaged``.
    """
    data = folder / "data"
    if not (folder / "cursor").exists():
        return
    terms = [(number, words(plain_text(word))) for number, word in enumerate(sought)]
    read = _tantivy if engine == "tantivy" else _whoosh
    try:
        yield from read(data, [(n, max(cut, key=len)) for n, cut in terms if cut])
    except (ValueError, OSError, msgspec.MsgspecError) as error:
        raise damaged(folder) from error


def _document(content: bytes) -> Stored:
    return f"documents/{_DECODER.decode(content).id}", content


def _tantivy(data: Path, terms: list[tuple[int, str]]) -> Iterator[Stored]:
    import tantivy

    searcher = tantivy.Index.open(str(data)).searcher()
    everything = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs))
    for _score, address in everything.hits:
        content = searcher.doc(address).get_first(_STORED)
        if isinstance(content, bytes):
            yield _document(content)
    for column in _EXACT:
        # The count is that of the files: it does not know who was deleted.
        found = [number for number, term in terms if searcher.doc_freq(column, term)]
        yield from ((f"words/{column}", number) for number in found)
    listed: dict[str, Any] = json.loads((data / "meta.json").read_bytes())
    known = set()
    for segment in listed["segments"]:
        name = segment["segment_id"].replace("-", "")
        known.add(name)
        if segment.get("deletes"):
            yield f"parts/{name}", None
    for name in sorted({path.name.split(".")[0] for path in data.glob("*.store")} - known):
        yield f"parts/{name}", None


def _whoosh(data: Path, terms: list[tuple[int, str]]) -> Iterator[Stored]:
    from whoosh import index

    opened = index.open_dir(str(data))
    reader = opened.reader()
    try:
        for _number, values in reader.iter_docs():
            yield _document(values[_STORED])
        for column in _EXACT:
            found = [number for number, term in terms if (column, term) in reader]
            yield from ((f"words/{column}", number) for number in found)
        if reader.doc_count_all() > reader.doc_count():
            yield "parts/deleted", None
        known = {path.name for path in data.glob("*.seg")}
        current = {f"{segment.segment_id()}.seg" for segment in opened._segments()}
        yield from ((f"parts/{name}", None) for name in sorted(known - current))
    finally:
        reader.close()

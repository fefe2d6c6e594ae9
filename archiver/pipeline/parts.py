"""Parts: new documents made of pages that are in the archive already.

Promises that all documents of one division or joining become true with one append to the ledger
or none does, that a person who was faster wins, and that what never became true leaves nothing
behind.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.errors import ReviewNeeded
from archiver.pipeline.pagestore import PageStore
from archiver.pipeline.work import Tools, Work
from archiver.records import DOCUMENT_TRANSITIONS, DocumentState, Event, Id
from archiver.store import durable, objects
from archiver.store.commit import Change
from archiver.store.objects import Part, Receipt, Record

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Making:
    """New documents that are being made of others.

    Attributes:
        work: whose walk ends with this.
        tools: of the lane.
        change: that makes them true.
        made: their receipts.
    """

    work: Work
    tools: Tools
    change: Change
    made: list[Receipt] = field(default_factory=list)


@contextmanager
def in_the_making(work: Work, tools: Tools) -> Iterator[Making]:
    """Make new documents; at the end all of them become true, or none.

    Raises:
        CatalogueBehind: at the end: it is true, but the catalogue does not know it yet.
    """
    making = Making(work, tools, tools.stores.commit("daemon"))
    try:
        with making.change:
            yield making
    finally:
        if making.change.is_true:
            work.made = [receipt.id for receipt in making.made]


def store_of(tools: Tools, document: Id) -> PageStore:
    """Finished pages of a document."""
    return PageStore(tools.config.places.stage / "pages", document)


def stage(
    making: Making,
    made_of: Part,
    extract: int,
    *,
    ending: str = "",
    identifier: Id | None = None,
) -> None:
    """Build a new document's object in the stage.

    Args:
        making: to which the new document is added.
        made_of: its pages' origin; the first source gives name, kind, time and bringer.
        extract: descriptor of its bytes, closed here.
        ending: of its name, for people.
        identifier: of the new document; a fresh one where none is given.
    """
    tools = making.tools
    source = made_of.sources[0][0]
    first = tools.stores.holdings.receipt(source, source)
    row = tools.stores.register.document(source)
    assert row is not None
    media_type = str(row["media_type"])
    identifier = identifier or tools.stores.new_id()
    part = tools.config.places.stage / f"{identifier}.part"
    try:
        size, sha512 = _copied(extract, part)
        stem, point, suffix = first.file.rpartition(".")
        name = f"{stem}{ending}.{suffix}" if point else first.file + ending
        receipt = Receipt(
            id=identifier,
            pipeline=first.pipeline,
            file=name,
            file_raw=name.encode(),
            size=size,
            media_type=media_type,
            sha512=sha512,
            salt=secrets.token_bytes(16),
            actor=first.actor,
            received_at=first.received_at,
            part=made_of,
        )
        making.made.append(receipt)
        files: dict[str, Path | bytes] = {
            objects.original_name(media_type): part,
            objects.receipt_name(identifier): objects.encode(receipt),
        }
        decisions = tools.stores.holdings.record(source, int(row["version"])).decisions
        if decisions and len(made_of.sources) > 1:
            files[objects.RECORD] = objects.encode(Record(decisions=decisions))
        making.change.new(identifier, files, "received", created=receipt.received_at)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _copied(fd: int, part: Path) -> tuple[int, str]:
    """Write a part into the stage, durable; its size and digest."""
    sha512, size = hashlib.sha512(), 0
    with durable.storage_faults(part), os.fdopen(fd, "rb") as source, part.open("wb") as target:
        source.seek(0)
        while chunk := source.read(_CHUNK):
            sha512.update(chunk)
            size += len(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return size, sha512.hexdigest()


def say(making: Making, sources: Mapping[Id, str], data: Callable[[], dict[str, Any]]) -> None:
    """Add the ledger's lines about the new documents; from here on nobody else decides.

    Args:
        making: the new documents.
        sources: documents whose pages they hold, with the sha512 of the bytes that were read.
        data: makes what the ledger keeps of it.

    Raises:
        ReviewNeeded: ``pages_are_gone``: a person was faster.
    """
    work, change, register = making.work, making.change, making.tools.stores.register
    change.alone()
    rows = {source: register.document(source) for source in sources}
    own = rows[work.id]
    if own is None or own["state"] != work.state:
        raise ReviewNeeded("pages_are_gone")
    if not all(has_pages(rows[source], digest) for source, digest in sources.items()):
        raise ReviewNeeded("pages_are_gone")
    kept = {**data(), "documents": [receipt.id for receipt in making.made]}
    # What is divided comes first: of lines that a power cut tore off, the arrivals can be
    # told from the objects, which the first line names.
    for source in sources:
        change.line("divided", source, kept)
    change.lines(arrival(receipt, change.at) for receipt in making.made)


def has_pages(row: dict[str, Any] | None, digest: str) -> bool:
    """Whether a document may give away its pages, and they are those that were read."""
    if row is None or row["sha512"] != digest:
        return False
    return DocumentState.DIVIDED in DOCUMENT_TRANSITIONS[DocumentState(row["state"])]


def arrival(receipt: Receipt, at: str) -> Event:
    """The ledger's line of a document that was cut out of others, or put together."""
    assert receipt.part is not None
    data = {
        "pipeline": receipt.pipeline,
        "size": receipt.size,
        "digest": receipt.salted(),
        "media_type": receipt.media_type,
        "received_at": receipt.received_at,
        "brought_by": receipt.actor,
        "of": [source for source, _pages in receipt.part.sources],
    }
    return Event("received", at, "daemon", receipt.id, data)

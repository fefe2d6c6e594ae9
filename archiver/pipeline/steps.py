"""The way of a paper, step by step: separate, recognise, extract, classify, file.

Promises that each step only adds to the `Work` it is given and that nothing is visible to anybody
before the last one: `file` writes one new version of the object and the ledger's lines.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from archiver.classify.classifier import UNCLASSIFIED, Verdict
from archiver.classify.classifier import classify as classify_pages
from archiver.clock import town_day
from archiver.config import Config
from archiver.errors import DocumentFault, ReviewNeeded
from archiver.extract.extraction import extract as extract_fields
from archiver.extract.values import COMMON_SHAPES, Extracted, Known
from archiver.pipeline.engines import Engines
from archiver.pipeline.pagestore import PageStore
from archiver.recognise.reader import Pixels, Reader
from archiver.recognise.reading import quality
from archiver.records import Event, FieldKind, Id, Page
from archiver.store import objects
from archiver.store.holdings import Holdings
from archiver.store.objects import Record
from archiver.store.register import Register
from archiver.store.vault import Vault

# Pages that are read before another document gets its turn.
TURN = 8


class NotYet(Exception):
    """The document has had its turn; finished pages are kept, others go first."""


@dataclass
class Tools:
    """What the steps work with."""

    config: Config
    vault: Vault
    holdings: Holdings
    register: Register
    reader: Reader
    engines: Engines
    others_wait: Callable[[], bool]
    now: Callable[[], str]


@dataclass
class Work:
    """One document on its way.

    Attributes:
        id: of the document.
        media_type: of the received bytes.
        size: of the received bytes.
        received_at: when they came, UTC.
        state: of the document.
        separated: whether an earlier walk has separated the received file already.
        store: finished pages.
        pages: all pages, once they are read.
        rendition: staged PDF/A, where one could be made.
        findings: codes worth knowing.
        fields: what was read from the pages.
        verdict: the class.
        steps: ledger lines so far, as kind and data.
    """

    id: Id
    media_type: str
    size: int
    received_at: str
    state: str
    separated: bool
    store: PageStore
    pages: list[Page] = field(default_factory=list)
    rendition: Path | None = None
    findings: list[str] = field(default_factory=list)
    fields: Extracted = field(default_factory=Extracted)
    verdict: Verdict = field(default_factory=lambda: Verdict(UNCLASSIFIED, 0.0))
    steps: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def separate(work: Work, _tools: Tools) -> None:
    """One received file is one document; batches are not configured."""
    if not work.separated:
        work.steps.append(("separated", {"documents": [work.id]}))


def recognise(work: Work, tools: Tools) -> None:
    """Read every page and make the PDF/A.

    Raises:
        NotYet: others wait, and this document has had its turn.
        ReviewNeeded: the file is too large to be opened.
        DocumentFault: it cannot be read.
    """
    if work.media_type == objects.UNKNOWN_TYPE:
        raise DocumentFault("unsupported_type" if work.size else "empty_file")
    limit = tools.config.limits.file_mib
    if work.size > limit << 20:
        raise ReviewNeeded("file_too_large", limit=limit)
    with tools.vault.open(work.id, objects.original_name(work.media_type)) as original:
        fd = original.fileno()
        inspection = work.store.inspection()
        if inspection is None:
            inspection = tools.reader.inspect(fd, work.media_type)
            work.store.save_inspection(inspection)
        if len(inspection.sheets) > tools.config.limits.pages:
            raise ReviewNeeded("too_many_pages", limit=tools.config.limits.pages)
        _read_pages(work, tools, fd, work.store.missing(len(inspection.sheets)))
        stored = [work.store.page(n) for n in range(1, len(inspection.sheets) + 1)]
        work.pages = [page for page in stored if page is not None]
        if len(work.pages) < len(stored):
            # A page that a power cut left half written was thrown away: it is read again.
            raise NotYet
        work.findings += inspection.findings
        if not inspection.signed:
            _assemble(work, tools, fd)
    work.steps.append(("recognised", _measures(work.pages)))


def _read_pages(work: Work, tools: Tools, fd: int, missing: Sequence[int]) -> None:
    """Read the missing pages in turns of `TURN`; every finished one is kept at once."""
    for start in range(0, len(missing), TURN):
        if start and tools.others_wait():
            raise NotYet
        waiting: list[Future[Page]] = []
        try:
            for item in tools.reader.pages(fd, work.media_type, missing[start : start + TURN]):
                if isinstance(item, Pixels):
                    waiting.append(tools.engines.submit(item))
                else:
                    work.store.save(item)
                while len(waiting) > tools.engines.count:
                    work.store.save(waiting.pop(0).result())
        finally:
            # Pages that can still be finished are kept even where one of them failed.
            failed = [error for future in waiting if (error := _keep(future, work.store))]
        if failed:
            raise failed[0]


def _keep(future: Future[Page], store: PageStore) -> BaseException | None:
    error = future.exception()
    if error is None:
        store.save(future.result())
    return error


def _assemble(work: Work, tools: Tools, fd: int) -> None:
    """Have the PDF/A made and stage it, durable."""
    created = datetime.fromisoformat(work.received_at)
    assembled = tools.reader.assemble(fd, work.media_type, work.pages, created)
    work.findings += assembled.findings
    if assembled.fd is None:
        return
    work.rendition = tools.config.places.stage / f"{work.id}.rendition"
    with os.fdopen(assembled.fd, "rb") as source, work.rendition.open("wb") as target:
        _copy(source, target)


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    source.seek(0)
    shutil.copyfileobj(source, target, 1 << 20)
    target.flush()
    os.fsync(target.fileno())


def _measures(pages: Sequence[Page]) -> dict[str, Any]:
    """Counts of pages by where their words come from, for the ledger."""
    sources = [page.source for page in pages]
    counts = {str(source): sources.count(source) for source in sorted(set(sources))}
    return {"pages": len(pages), "sources": counts}


def extract(work: Work, tools: Tools) -> None:
    """Read the fields: dates, references, who wrote to whom, amounts and accounts."""
    config = tools.config
    known = Known(
        shapes=config.references.shapes or COMMON_SHAPES,
        labels=config.references.labels,
        own_names=config.town.names,
        own_domains=config.town.domains,
    )
    work.fields = extract_fields(work.pages, town_day(work.received_at), known)


def classify(work: Work, tools: Tools) -> None:
    """Ask for the class; one that a person would have to confirm is not given."""
    work.verdict = classify_pages(work.pages, tools.config.classes)
    data = {
        "class": _class(work.verdict),
        "confidence": round(work.verdict.confidence, 3),
        "basis": work.verdict.basis,
    }
    work.steps.append(("classified", data))


def file(work: Work, tools: Tools) -> None:
    """Make it all true: the new version of the object, then the ledger's lines.

    Nobody else decides about a document meanwhile; where a person has settled it already, the
    walk has come too late and changes nothing.
    """
    with tools.register.exclusive():
        row = tools.register.document(work.id)
        if row is not None and row["state"] == work.state:
            _write_version(work, tools)
            tools.register.record(*_lines(work, tools))


def _write_version(work: Work, tools: Tools) -> None:
    """Write the new version and decide whether a person must look."""
    record = Record(
        pages=len(work.pages),
        confidence=quality(work.pages).confidence,
        findings=tuple(sorted(set(work.findings))),
        record_class=_class(work.verdict),
        reference=_fact(work, "reference"),
        subject=_fact(work, "subject"),
        sender=_fact(work, "sender"),
        letter_date=_fact(work, "letter_date"),
        fields=work.fields.fields,
        notes=tools.holdings.record(work.id).notes,
    )
    files: dict[str, Path | bytes | None] = {
        objects.WORDS: objects.encode(work.pages),
        objects.RECORD: objects.encode(record),
        objects.RENDITION: work.rendition,
    }
    version = tools.vault.add_version(
        work.id, files, created=tools.now(), message="filed", user="daemon"
    )
    for _kind, data in work.steps:
        data["version"] = version
    reason = doubt(work.pages, record.confidence, tools.config.ocr.accept_confidence)
    last: dict[str, Any] = {"version": version}
    work.steps.append(("reviewed", last | {"reason": reason}) if reason else ("filed", last))


def _class(verdict: Verdict) -> str:
    """The class, where the verdict stands without a person."""
    return verdict.record_class if verdict.alone else UNCLASSIFIED


def _fact(work: Work, kind: FieldKind) -> str | None:
    """The normal form of the surest fact of a kind; a candidate is none."""
    found = work.fields.fact(kind)
    return found.normal if found is not None else None


def doubt(pages: Sequence[Page], confidence: float | None, accepted: float) -> str | None:
    """Why a person must look at a document, or None.

    Args:
        pages: as read.
        confidence: of the whole document, 0 to 100, None where nothing was recognised.
        accepted: least confidence with which a document is filed (facts on recognition: every
            page at 86.9 or more had at most 4.3 % wrong characters).
    """
    if any(page.source == "unread" for page in pages):
        return "page_too_large"
    if all(page.source == "blank" for page in pages):
        return "only_blank_pages"
    if not any(page.words for page in pages):
        return "no_text"
    if confidence is not None and confidence < accepted:
        return "low_confidence"
    return None


Step = Callable[[Work, Tools], None]

# Moves on the way, in order.
WALKED = ("recognised", "classified")

# The way of a paper.
STEPS: tuple[Step, ...] = (separate, recognise, extract, classify, file)


def walk(work: Work, tools: Tools) -> None:
    """Walk a document through all steps."""
    for step in STEPS:
        step(work, tools)


def _lines(work: Work, tools: Tools) -> list[Event]:
    """The ledger's lines of a walk."""
    # A ledger whose end was lost may hold the first moves of an earlier walk.
    made = WALKED[: WALKED.index(work.state) + 1] if work.state in WALKED else ()
    return [
        Event(kind=kind, at=tools.now(), actor="daemon", id=work.id, data=data)
        for kind, data in work.steps
        if kind not in made
    ]

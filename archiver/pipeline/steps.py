"""The way of a paper, step by step: separate, recognise, extract, classify, file.

Promises that each step only adds to the `Work` it is given and that nothing is visible to anybody
before the last one: `file` writes one new version of the object and the ledger's lines. Only
`separate` may end the way before, with the documents that it made.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from archiver import __version__
from archiver.classify.classifier import classify as classify_pages
from archiver.classify.verdict import Verdict
from archiver.clock import town_day
from archiver.config import Config, Ocr
from archiver.errors import DocumentFault
from archiver.extract.einvoice_fields import preferred
from archiver.extract.extraction import extract as extract_fields
from archiver.extract.values import COMMON_SHAPES, Known
from archiver.pipeline.batches import separate
from archiver.pipeline.decisions import CLASS, known_senders, overlaid
from archiver.pipeline.leafing import inspected, original, read_pages
from archiver.pipeline.work import Tools, Work
from archiver.recognise.assembly import PDFA_FAILED
from archiver.recognise.reader import Assembled, WorkerDied
from archiver.recognise.reading import quality
from archiver.records import UNCLASSIFIED, Page
from archiver.store import objects
from archiver.store.commit import Change
from archiver.store.objects import Part, Record
from archiver.store.register import Register

log = logging.getLogger(__name__)


def recognise(work: Work, tools: Tools) -> None:
    """Read every page and make the PDF/A.

    Raises:
        NotYet: others wait, and this document has had its turn.
        ReviewNeeded: the file is too large to be opened.
        DocumentFault: it cannot be read.
    """
    with original(work, tools) as fd:
        if work.media_type == objects.XML:
            _read_invoice(work, tools, fd)
        else:
            inspection = inspected(work, tools, fd)
            work.pages = read_pages(work, tools, fd, len(inspection.sheets), marks=False)
            work.findings += inspection.findings
            if inspection.invoice:
                _read_invoice(work, tools, fd)
            if not inspection.signed:
                _assemble(work, tools, fd)
    work.steps.append(("recognised", _measures(work.pages, tools.config.ocr)))


def _read_invoice(work: Work, tools: Tools, fd: int) -> None:
    """Take over what an electronic invoice says; of an XML file also its rendering."""
    outcome = tools.invoices.examine(fd, work.media_type, town_day(work.received_at))
    if outcome is None:
        return
    work.invoice = outcome.statement
    work.fields = outcome.fields
    work.findings += outcome.findings
    if outcome.xml is not None:
        with os.fdopen(outcome.xml, "rb") as xml:
            xml.seek(0)
            work.xml = xml.read()
        if outcome.statement is not None:
            work.findings.append(objects.INVOICE_ATTACHED)
    if outcome.rendition is not None:
        work.pages = list(outcome.pages)
        _keep_rendition(work, tools, outcome.rendition)


def _assemble(work: Work, tools: Tools, fd: int) -> None:
    """Have the PDF/A made and stage it, durable.

    The words have been read and the original is kept, so no fault of the making stops a document:
    it is filed without a PDF/A. Only a worker that was ended from outside is worth another try.
    """
    created = datetime.fromisoformat(work.received_at)
    assembled = Assembled(None, (PDFA_FAILED,))
    try:
        if not work.plain:
            assembled = tools.reader.assemble(fd, work.media_type, work.pages, created)
    except DocumentFault as fault:
        log.info("no rendition", extra={"id": work.id, "reason": fault.reason})
    except WorkerDied as death:
        if death.how != "crashed":
            raise
        log.info("no rendition", extra={"id": work.id, "reason": str(death)})
    work.findings += assembled.findings
    if assembled.fd is not None:
        _keep_rendition(work, tools, assembled.fd)


def _keep_rendition(work: Work, tools: Tools, fd: int) -> None:
    work.rendition = tools.config.places.stage / f"{work.id}.rendition"
    with os.fdopen(fd, "rb") as source, work.rendition.open("wb") as target:
        _copy(source, target)


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    source.seek(0)
    shutil.copyfileobj(source, target, 1 << 20)
    target.flush()
    os.fsync(target.fileno())


def _measures(pages: Sequence[Page], ocr: Ocr) -> dict[str, Any]:
    """Counts of pages by where their words come from, and with what, for the ledger."""
    sources = [page.source for page in pages]
    counts = {str(source): sources.count(source) for source in sorted(set(sources))}
    measures: dict[str, Any] = {"pages": len(pages), "sources": counts, "program": __version__}
    if "recognised" in counts:
        measures |= {"engine": ocr.engine, "languages": ocr.languages}
    return measures


def extract(work: Work, tools: Tools) -> None:
    """Read the fields: dates, references, who wrote to whom, amounts and accounts."""
    config = tools.config
    known = Known(
        shapes=config.references.shapes or COMMON_SHAPES,
        labels=config.references.labels,
        senders=known_senders(tools.stores.register.senders()),
        own_names=config.town.names,
        own_domains=config.town.domains,
    )
    read = extract_fields(work.pages, town_day(work.received_at), known)
    work.fields = preferred(work.fields, read)


def classify(work: Work, tools: Tools) -> None:
    """Ask for the class; one that a person would have to confirm is only proposed."""
    work.verdict = classify_pages(work.pages, tools.config.classes, tools.model())
    data = {
        "class": standing_class(work.verdict),
        "proposed": work.verdict.record_class,
        "confidence": round(work.verdict.confidence, 3),
        "basis": work.verdict.basis,
    }
    work.steps.append(("classified", data))


def file(work: Work, tools: Tools) -> None:
    """Make it all true: the new version of the object, then the ledger's lines.

    Nobody else decides about a document meanwhile; where a person has settled it already, the
    walk has come too late and changes nothing.
    """
    with tools.stores.commit("daemon") as change:
        change.alone()
        row = tools.stores.register.document(work.id)
        if row is not None and row["state"] == work.state:
            _write_version(change, work, tools, int(row["version"]))
            _say_steps(change, work)


def _write_version(change: Change, work: Work, tools: Tools, decided: int) -> None:
    """Write the new version and decide whether a person must look.

    Args:
        change: that makes it true.
        work: whose walk it ends.
        tools: of the lane.
        decided: version with the latest decisions of persons.
    """
    before, is_whole = tools.stores.holdings.record_left(work.id, decided)
    record = overlaid(
        Record(
            pages=len(work.pages),
            confidence=quality(work.pages).confidence,
            findings=tuple(sorted(set(work.findings))),
            record_class=standing_class(work.verdict),
            fields=work.fields.fields,
            invoice=_plain(work.invoice),
            verdict=_plain(work.verdict),
            decisions=before.decisions,
            order=before.order,
            notes=before.notes,
        ),
        work.receipt.part,
    )
    files: dict[str, Path | bytes | None] = {
        objects.WORDS: objects.encode(work.pages),
        objects.RECORD: objects.encode(record),
        objects.RENDITION: work.rendition,
        objects.INVOICE: work.xml,
        # Of a division that came to nothing.
        objects.DIVISION: None,
    }
    is_same = is_whole or tools.stores.holdings.was_record(work.id, decided, record)
    version = change.version(work.id, files, "filed", as_is=True)
    for _kind, data in work.steps:
        data["version"] = version
    accepted = tools.config.ocr.accept_confidence
    reason = (
        (None if is_same else "record_lost")
        or doubt(work.pages, record.confidence, accepted)
        or dossier_doubt(record, tools.stores.register)
        or class_doubt(work.verdict, work.receipt.part, record, tools.config)
    )
    last: dict[str, Any] = {"version": version}
    if reason is None:
        work.steps.append(("filed", last | {"class": record.record_class}))
    else:
        work.steps.append(("reviewed", last | {"reason": reason}))


def _plain(value: msgspec.Struct | None) -> dict[str, Any] | None:
    return msgspec.to_builtins(value) if value is not None else None


def standing_class(verdict: Verdict) -> str:
    """The class, where the verdict stands without a person."""
    return verdict.record_class if verdict.alone else UNCLASSIFIED


def dossier_doubt(record: Record, register: Register) -> str | None:
    """Why a person must say where a paper belongs: its dossier is no longer open."""
    if any("dossier" in decision.values for decision in record.decisions):
        return None
    key = objects.named_dossier(record)
    dossier = register.dossier(key) if key else None
    return "dossier_closed" if dossier is not None and dossier["state"] != "open" else None


def class_doubt(verdict: Verdict, part: Part | None, record: Record, config: Config) -> str | None:
    """Why a person must confirm the class, or None where that is said or nothing is proposed.

    Args:
        verdict: about the document.
        part: what a separator sheet said of it, None where it came as a file.
        record: with the decisions of persons.
        config: has the plan, and when a person is asked.
    """
    if any(CLASS in decision.values for decision in record.decisions):
        return None
    if part is not None and part.record_class:
        known = {one.key for one in config.classes}
        return None if part.record_class in known else "sheet_class_unknown"
    asked = not verdict.alone and verdict.basis in config.review.ask
    return f"class_{verdict.basis}" if asked else None


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
    """Walk a document through all steps, as long as there is one."""
    for step in STEPS:
        if not work.made:
            step(work, tools)


def _say_steps(change: Change, work: Work) -> None:
    """Add the ledger's lines of a walk."""
    # A ledger whose end was lost may hold the first moves of an earlier walk.
    made = WALKED[: WALKED.index(work.state) + 1] if work.state in WALKED else ()
    for kind, data in work.steps:
        if kind not in made:
            change.line(kind, work.id, data)

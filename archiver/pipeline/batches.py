"""Batches: the pages of one received file become several documents, or those of two become one.

Promises that no page is lost and none is guessed: new objects hold the pages as they came, they
and the count (pages in = pages of documents + sheets + blanks) become true with one append to the
ledger, and what is doubtful waits for a person. The batch's own object stays as it was received.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from archiver.config import Separate
from archiver.errors import DocumentFault, ReviewNeeded
from archiver.pipeline.leafing import inspected, original, read_pages
from archiver.pipeline.pagestore import PageStore
from archiver.pipeline.work import Tools, Waits, Work
from archiver.records import AccessionState, DocumentState, Event, Id, Page
from archiver.separate.division import Rule, RuleKind, divide
from archiver.separate.interleave import Meeting, Stack, meet, woven
from archiver.separate.plan import Part as Planned
from archiver.separate.plan import Plan, Proof
from archiver.store import durable, objects
from archiver.store.objects import Order, Part, Receipt, Record
from archiver.store.register import CatalogueBehind

_RULES: dict[str, RuleKind] = {
    "none": "none",
    "sheets": "sheets",
    "pages": "fixed",
    "numbers": "archive_number",
}
_CHUNK = 1 << 20


class Division(msgspec.Struct, frozen=True):
    """What became of a batch, kept in its object as `objects.DIVISION`.

    Attributes:
        documents: ids of the documents, in order.
        plan: which pages went where, and the separator sheets that went nowhere.
    """

    documents: tuple[Id, ...]
    plan: Plan


def separate(work: Work, tools: Tools) -> None:
    """Find out which documents a received file holds, and make them where it is not just one.

    Raises:
        ReviewNeeded: what is meant is not sure.
        Waits: the other side of a two-sided stack has not come yet.
        NotYet, DocumentFault: as reading the pages.
    """
    order = work.record.order or Order()
    if order.join:
        _join(work, tools, (work.id, *order.join), backs_last=order.woven)
    elif order.starts:
        with original(work, tools) as file:
            count = len(inspected(work, tools, file.fileno()).sheets)
            _divide(work, tools, file.fileno(), [], by_hand(count, order.starts))
    elif work.separated or order.whole or work.rule == Separate() or not _may_divide(work):
        _keep_whole(work, None)
    elif work.rule.backs_follow_minutes and work.receipt.part is None:
        _meet(work, tools)
    elif work.rule.at == "none":
        _keep_whole(work, None)
    else:
        _by_marks(work, tools, sure=order.as_planned)


def _may_divide(work: Work) -> bool:
    """Whether the file came from outside, or is a stack whose sides were put together."""
    readable = work.media_type in ("application/pdf", "image/tiff")
    return readable and (work.receipt.part is None or work.receipt.part.woven)


def _keep_whole(work: Work, plan: Plan | None) -> None:
    """One received file is one document."""
    if not work.separated:
        proof = {"proof": msgspec.to_builtins(plan.proof)} if plan else {}
        work.steps.append(("separated", {"documents": [work.id], **proof}))


def _by_marks(work: Work, tools: Tools, *, sure: bool) -> None:
    """Divide at separator sheets, labels or every n pages."""
    rule = Rule(
        kind=_RULES[work.rule.at],
        every=work.rule.pages,
        two_sided=work.rule.two_sided,
        prefix=work.rule.prefix,
    )
    with original(work, tools) as file:
        fd = file.fileno()
        count = len(inspected(work, tools, fd).sheets)
        pages = read_pages(work, tools, fd, count, marks=True)
        plan = divide(pages, rule)
        doubts = [finding for finding in plan.findings if finding.needs_person]
        if doubts and not (sure and plan.parts):
            raise ReviewNeeded(doubts[0].code, page=doubts[0].page)
        if len(plan.parts) == 1 and not plan.sheets and not plan.blanks:
            _keep_whole(work, plan)
        else:
            _divide(work, tools, fd, pages, plan)


def by_hand(count: int, starts: Sequence[int]) -> Plan:
    """The division that a person ordered: no sheet is taken out, no page left out.

    Args:
        count: pages of the file.
        starts: numbers of pages with which documents begin.

    Raises:
        ReviewNeeded: ``no_such_page``.
    """
    borders = sorted({1, *starts})
    if borders[0] < 1 or borders[-1] > count:
        raise ReviewNeeded("no_such_page", page=borders[-1], pages=count)
    ends = [*(start - 1 for start in borders[1:]), count]
    parts = tuple(
        Planned(tuple(range(start, end + 1))) for start, end in zip(borders, ends, strict=True)
    )
    return Plan(parts, (), (), (), Proof(count, count, 0, 0))


def _divide(work: Work, tools: Tools, fd: int, pages: Sequence[Page], plan: Plan) -> None:
    """Make a document of each part; all of them become true at once, or none."""
    ids = sorted(tools.new_id() for _part in plan.parts)
    extracts = tools.reader.split(fd, work.media_type, [part.pages for part in plan.parts])
    receipts: list[Receipt] = []
    for number, (identifier, part, extract) in enumerate(
        zip(ids, plan.parts, extracts, strict=True), start=1
    ):
        says = part.says
        made_of = Part(
            sources=((work.id, part.pages),),
            sheet=part.sheet,
            record_class=says.record_class,
            reference=says.reference,
            dossier=says.dossier,
            archive_number=part.archive_number,
        )
        receipts.append(_stage(work, tools, identifier, made_of, extract, f"-{number:03}"))
    for identifier, part in zip(ids, plan.parts, strict=True):
        _keep_pages(PageStore(tools.config.places.stage / "pages", identifier), pages, part)
    findings = sorted({finding.code for finding in plan.findings})
    record = msgspec.structs.replace(
        work.record, pages=plan.proof.pages_in, findings=tuple(findings)
    )
    files: dict[str, Path | bytes | None] = {
        objects.DIVISION: msgspec.json.encode(Division(tuple(ids), plan)),
        objects.RECORD: objects.encode(record),
    }
    version = tools.vault.add_version(
        work.id, files, created=tools.now(), message="divided", user="daemon"
    )
    _make_true(work, tools, receipts, [work.id], {**_proof(plan, findings), "version": version})


def _proof(plan: Plan, findings: Sequence[str]) -> dict[str, Any]:
    """What the ledger keeps of a division: counts, and which pages were sheets."""
    return {
        "proof": msgspec.to_builtins(plan.proof),
        "sheets": [sheet.page for sheet in plan.sheets],
        "pages": [list(part.pages) for part in plan.parts],
        "findings": list(findings),
    }


def _keep_pages(store: PageStore, pages: Sequence[Page], part: Planned) -> None:
    """What was read of a part's pages need not be read again."""
    by_number = {page.number: page for page in pages}
    for number, source in enumerate(part.pages, start=1):
        if source in by_number:
            store.save(msgspec.structs.replace(by_number[source], number=number))


def _join(work: Work, tools: Tools, sources: Sequence[Id], *, backs_last: bool) -> None:
    """Make one document of the pages of several.

    Raises:
        ReviewNeeded: they do not fit together.
    """
    rows = [tools.register.document(source) for source in sources]
    kinds = {str(row["media_type"]) for row in rows if row is not None}
    if None in rows or len(kinds) != 1:
        raise ReviewNeeded("stacks_differ_in_kind")
    with ExitStack() as stack:
        name = objects.original_name(work.media_type)
        fds = [stack.enter_context(tools.vault.open(one, name)).fileno() for one in sources]
        counts = [len(tools.reader.inspect(fd, work.media_type).sheets) for fd in fds]
        order = _order(counts, backs_last)
        extract = tools.reader.weave(fds, work.media_type, order)
    of_each = [tuple(page for source, page in order if source == n) for n in range(len(sources))]
    made_of = Part(tuple(zip(sources, of_each, strict=True)), woven=backs_last)
    receipt = _stage(work, tools, tools.new_id(), made_of, extract, "")
    data = {"pages": [list(numbers) for numbers in of_each], "woven": backs_last}
    _make_true(work, tools, [receipt], sources, data)


def _order(counts: Sequence[int], backs_last: bool) -> list[tuple[int, int]]:
    """Places of all pages: woven, or one file behind the other."""
    if backs_last and len(counts) == 2:
        stacks = [Stack("", "", "", count, 0.0) for count in counts]
        return list(woven(stacks[0], stacks[1]))
    return [(n, page) for n, count in enumerate(counts) for page in range(1, count + 1)]


def _meet(work: Work, tools: Tools) -> None:
    """Put the two sides of a stack together, once both are there."""
    with original(work, tools) as file:
        inspected(work, tools, file.fileno())
    patience = work.rule.backs_follow_minutes * 60
    now = _seconds(tools.now())
    stacks = _stacks(work, tools, patience)
    meeting: Meeting = meet(stacks, now, patience)
    for couple in meeting.couples:
        if couple.backs.id == work.id:
            _join(work, tools, (couple.fronts.id, work.id), backs_last=True)
            return
    doubt = dict(meeting.doubts).get(work.id)
    if doubt is not None:
        raise ReviewNeeded(doubt)
    raise Waits(min(max(1.0, _seconds(work.received_at) + patience - now), patience))


def _stacks(work: Work, tools: Tools, patience: float) -> list[Stack]:
    """All stacks of the folder since the last long pause, so that couples are counted rightly.

    One that is no longer on its way keeps its place with no pages: it couples with nothing new.
    """
    rows = [
        row
        for row in tools.register.newest_accessions(work.receipt.pipeline, 500)
        if row["source"] is None
    ]
    stacks: list[Stack] = []
    for row in rows:  # the newest first
        arrived = _seconds(str(row["received_at"]))
        if arrived < _seconds(work.received_at) and stacks[-1].arrived - arrived > patience:
            break
        waits = row["document_state"] == DocumentState.ACCEPTED
        pages, media_type = 0, ""
        if waits and row["state"] == AccessionState.RECEIVED:
            pages, media_type = _size(tools, str(row["id"]))
        stacks.append(Stack(str(row["id"]), work.receipt.pipeline, media_type, pages, arrived))
    return stacks[::-1]


def _size(tools: Tools, document: Id) -> tuple[int, str]:
    """Pages and kind of a stack; no pages where it cannot be opened, as its own walk will find."""
    row = tools.register.document(document)
    media_type = str(row["media_type"]) if row else ""
    store = PageStore(tools.config.places.stage / "pages", document)
    inspection = store.inspection()
    if inspection is None:
        with tools.vault.open(document, objects.original_name(media_type)) as file:
            try:
                inspection = tools.reader.inspect(file.fileno(), media_type)
            except DocumentFault:
                return 0, media_type
        store.save_inspection(inspection)
    return len(inspection.sheets), media_type


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _stage(
    work: Work, tools: Tools, identifier: Id, made_of: Part, extract: int, ending: str
) -> Receipt:
    """Build a new document's object in the stage.

    Args:
        work: whose file it comes from.
        tools: of the lane.
        identifier: of the new document.
        made_of: its pages' origin.
        extract: descriptor of its bytes, closed here.
        ending: of its name, for people.
    """
    part = tools.config.places.stage / f"{identifier}.part"
    size, sha512 = _copied(extract, part)
    first = work.receipt
    stem, point, suffix = first.file.rpartition(".")
    name = f"{stem}{ending}.{suffix}" if point else first.file + ending
    receipt = Receipt(
        id=identifier,
        pipeline=first.pipeline,
        file=name,
        file_raw=name.encode(),
        size=size,
        media_type=work.media_type,
        sha512=sha512,
        salt=secrets.token_bytes(16),
        actor=first.actor,
        received_at=work.received_at,
        part=made_of,
    )
    files: dict[str, Path | bytes] = {
        objects.original_name(work.media_type): part,
        objects.receipt_name(identifier): objects.encode(receipt),
    }
    decisions = work.record.decisions if len(made_of.sources) > 1 else ()
    if decisions:
        files[objects.RECORD] = objects.encode(Record(decisions=decisions))
    tools.vault.stage_object(identifier, files, receipt.received_at, "received", "daemon")
    return receipt


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


def _make_true(
    work: Work,
    tools: Tools,
    receipts: Sequence[Receipt],
    sources: Sequence[Id],
    data: dict[str, Any],
) -> None:
    """Publish the new objects and say so in the ledger; a person who was faster wins."""
    made = [receipt.id for receipt in receipts]
    with tools.register.exclusive():
        rows = [tools.register.document(source) for source in sources]
        own = next(row for row in rows if row is not None and row["id"] == work.id)
        if own["state"] != work.state or any(_is_gone(row) for row in rows):
            raise ReviewNeeded("pages_are_gone")
        at = tools.now()
        arrivals = [_arrival(receipt, at) for receipt in receipts]
        divided = [
            Event("divided", at, "daemon", source, {**data, "documents": made})
            for source in sources
        ]
        try:
            for identifier in made:
                tools.vault.publish(identifier)
            tools.register.record(*arrivals, *divided)
        except CatalogueBehind:
            raise
        except Exception:
            _take_back(tools, made)
            raise
    for identifier in made:
        tools.vault.settled(identifier)
    work.made = made


def _take_back(tools: Tools, made: Sequence[Id]) -> None:
    """Remove objects that the ledger will never know; their pages lie in the batch."""
    for identifier in made:
        if tools.vault.exists(identifier):
            tools.vault.destroy(identifier)


def _is_gone(row: dict[str, Any] | None) -> bool:
    """Whether a document's pages are no longer its own to give."""
    gone = (DocumentState.DIVIDED, DocumentState.WITHDRAWN, DocumentState.DESTROYED)
    return row is None or row["state"] in gone


def _arrival(receipt: Receipt, at: str) -> Event:
    assert receipt.part is not None
    data = {
        "pipeline": receipt.pipeline,
        "size": receipt.size,
        "digest": receipt.salted(),
        "media_type": receipt.media_type,
        "received_at": receipt.received_at,
        "of": [source for source, _pages in receipt.part.sources],
    }
    return Event("received", at, "daemon", receipt.id, data)

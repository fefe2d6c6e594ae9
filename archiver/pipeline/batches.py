"""Batches: the pages of one received file become several documents.

Promises that no page is lost and none is guessed: new objects hold the pages as they came, they
and the count (pages in = pages of documents + sheets + blanks) become true with one append to the
ledger, and what is doubtful waits for a person. The batch's own object stays as it was received.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from archiver.config import Separate
from archiver.errors import ReviewNeeded
from archiver.pipeline import parts, stacks
from archiver.pipeline.leafing import as_doubt, inspected, original, read_pages
from archiver.pipeline.pagestore import PageStore
from archiver.pipeline.work import Tools, Work
from archiver.records import Id, Page
from archiver.separate.division import Rule, RuleKind, divide
from archiver.separate.plan import Part as Planned
from archiver.separate.plan import Plan, Proof
from archiver.separate.sheets import SheetMark
from archiver.store import objects
from archiver.store.objects import Order, Part

_RULES: dict[str, RuleKind] = {
    "none": "none",
    "sheets": "sheets",
    "pages": "fixed",
    "numbers": "archive_number",
}


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
        stacks.join(work, tools, (work.id, *order.join), backs_last=order.woven)
    elif order.starts:
        with original(work, tools) as fd:
            count = len(inspected(work, tools, fd).sheets)
            _divide(work, tools, fd, [], by_hand(count, order.starts))
    elif work.separated or order.whole or work.rule == Separate() or not _may_divide(work):
        _keep_whole(work, None)
    elif work.rule.backs_follow_minutes and work.receipt.part is None:
        stacks.meet_others(work, tools)
    elif work.rule.at == "none":
        _keep_whole(work, None)
    else:
        _by_marks(work, tools, sure=order.as_planned)


def _may_divide(work: Work) -> bool:
    """Whether the file came from outside, or is a stack whose sides were put together."""
    part = work.receipt.part
    return work.media_type in objects.HOLD_PAGES and (part is None or part.woven)


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
    with original(work, tools) as fd:
        count = len(inspected(work, tools, fd).sheets)
        pages = read_pages(work, tools, fd, count, marks=True)
        plan = divide(pages, rule)
        doubts = [finding for finding in plan.findings if finding.needs_person]
        if doubts and not (sure and plan.parts):
            raise ReviewNeeded(doubts[0].code, page=doubts[0].page)
        if _says_nothing(plan):
            _keep_whole(work, plan)
        else:
            _divide(work, tools, fd, pages, plan)


def _says_nothing(plan: Plan) -> bool:
    """Whether a division leaves the file as it is, and no mark says anything about it."""
    (one, *others) = plan.parts
    told = one.says != SheetMark() or one.archive_number
    return not (others or plan.sheets or plan.blanks or told)


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
    if inspected(work, tools, fd).signed:
        raise ReviewNeeded("split_signed")
    ids = sorted(tools.stores.new_id() for _part in plan.parts)
    with parts.in_the_making(work, tools) as making:
        with as_doubt():
            extracts = tools.reader.split(fd, work.media_type, [part.pages for part in plan.parts])
            numbered = enumerate(zip(ids, plan.parts, extracts, strict=True), start=1)
            for number, (identifier, part, extract) in numbered:
                made_of, ending = _part_of(work.id, part), f"-{number:03}"
                parts.stage(making, made_of, extract, ending=ending, identifier=identifier)
        parts.say(making, {work.id: work.sha512}, lambda: _written(making, ids, plan))
    for identifier, part in zip(ids, plan.parts, strict=True):
        _keep_pages(parts.store_of(tools, identifier), pages, part)


def _part_of(batch: Id, part: Planned) -> Part:
    says = part.says
    return Part(
        sources=((batch, part.pages),),
        sheet=part.sheet,
        record_class=says.record_class,
        reference=says.reference,
        dossier=says.dossier,
        archive_number=part.archive_number,
    )


def _written(making: parts.Making, ids: Sequence[Id], plan: Plan) -> dict[str, Any]:
    """Write down in the batch's object what became of it; what the ledger keeps of that."""
    work = making.work
    findings = sorted({finding.code for finding in plan.findings})
    record = msgspec.structs.replace(
        work.record, pages=plan.proof.pages_in, findings=tuple(findings)
    )
    files: dict[str, Path | bytes | None] = {
        objects.DIVISION: msgspec.json.encode(Division(tuple(ids), plan)),
        objects.RECORD: objects.encode(record),
    }
    version = making.change.version(work.id, files, "divided", as_is=True)
    return {**_proof(plan, findings), "version": version}


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

"""Which page of a batch belongs to which document, and the proof that none was lost.

Promises a pure plan in which every page of the batch stands exactly once, as a page of a
document, as a separator sheet or as a blank, in the order of the batch (BSI TR-03138 A.DV.1/2:
order and separation are kept, completeness is checked). A page with anything on it is never
dropped on a guess: what could be meant in two ways becomes a finding for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from archiver.errors import IntegrityFault, ReviewNeeded
from archiver.records import Page
from archiver.separate.sheets import NumberMark, SheetMark, read

RuleKind = Literal["none", "sheets", "fixed", "archive_number"]

PATCH_KINDS = frozenset({"patch_t", "patch_2"})
SHEET_WORDS = 60
"""A printed sheet has some twenty words; a page with more is no bare sheet, whatever it carries."""

_SURE = 60.0
_LETTERS = 3

NEEDS_PERSON = frozenset(
    {
        "batch_remainder",
        "number_on_back",
        "number_repeats",
        "numbers_contradict",
        "pages_before_first_number",
        "sheet_back_printed",
        "sheet_carries_text",
        "sheet_contradicts",
        "sheet_damaged",
        "sheet_not_expected",
        "sheet_version",
        "sheet_without_pages",
        "sides_out_of_step",
    }
)
"""Findings for which a person must look; the others are only written down."""


class Rule(msgspec.Struct, frozen=True):
    """How a pipeline divides what is dropped.

    Attributes:
        kind: ``none`` (one file, one document), ``sheets``, ``fixed`` or ``archive_number``.
        every: pages of a document for ``fixed``, at least 1; sides count, blank ones too.
        two_sided: the scanner gives both sides, so pages come in pairs.
        prefix: of plain archive numbers, see `archiver.separate.sheets.read`.
        key: secret of the archive's own labels, may be empty.
    """

    kind: RuleKind = "none"
    every: int = 0
    two_sided: bool = False
    prefix: str = "ASN"
    key: bytes = b""


class Finding(msgspec.Struct, frozen=True):
    """Something that a person should know.

    Attributes:
        code: a reason code.
        page: where, or 0 for the whole batch.
    """

    code: str
    page: int = 0

    @property
    def needs_person(self) -> bool:
        """Whether the batch waits for a person."""
        return self.code in NEEDS_PERSON


class Part(msgspec.Struct, frozen=True):
    """One document of the batch.

    Attributes:
        pages: numbers in the batch, ascending, without blanks; at least one.
        blanks: blank pages that lie in its stretch of the batch.
        sheet: number of the sheet before it, or None.
        says: what that sheet says.
        archive_number: from a label on its first page, or None.
    """

    pages: tuple[int, ...]
    blanks: tuple[int, ...] = ()
    sheet: int | None = None
    says: SheetMark = SheetMark()
    archive_number: str | None = None

    @property
    def order(self) -> tuple[int, ...]:
        """All its pages in the order of the batch, blanks too."""
        return tuple(sorted((*self.pages, *self.blanks)))


class Sheet(msgspec.Struct, frozen=True):
    """A page that only separates.

    Attributes:
        page: its number in the batch.
        kinds: the marks on it, in order of the alphabet.
        says: what it says; empty for a patch sheet and for the printed back of a sheet.
    """

    page: int
    kinds: tuple[str, ...]
    says: SheetMark = SheetMark()


class Proof(msgspec.Struct, frozen=True):
    """The count that the ledger keeps: ``pages_in = documents + sheets + blanks``.

    Attributes:
        pages_in: pages of the batch.
        documents: pages that went into documents.
        sheets: pages that only separate.
        blanks: pages with nothing on them, in the stretch of a document or between.
    """

    pages_in: int
    documents: int
    sheets: int
    blanks: int


class Plan(msgspec.Struct, frozen=True):
    """The division of one batch.

    Attributes:
        parts: the documents in order.
        sheets: in order.
        blanks: blank pages that lie in no document's stretch.
        findings: in order of their pages, those for the whole batch first.
        proof: already checked.
    """

    parts: tuple[Part, ...]
    sheets: tuple[Sheet, ...]
    blanks: tuple[int, ...]
    findings: tuple[Finding, ...]
    proof: Proof

    @property
    def needs_person(self) -> bool:
        """Whether one of the findings needs a person."""
        return any(finding.needs_person for finding in self.findings)


class _Seen(NamedTuple):
    """A page as the division sees it."""

    number: int
    blank: bool
    sheet: Sheet | None
    archive_number: str | None


def divide(pages: Sequence[Page], rule: Rule) -> Plan:
    """Divide a batch.

    Args:
        pages: all pages of the batch, numbered 1 to n in order.
        rule: of the pipeline.

    Returns:
        the plan; without any sheet or number it has one part.

    Raises:
        ValueError: the pages are not numbered 1 to n, or ``fixed`` has no length.
        IntegrityFault: ``page_proof_failed``; a bug, never the batch's fault.
    """
    if [page.number for page in pages] != list(range(1, len(pages) + 1)):
        raise ValueError("pages must be numbered from 1 in order")
    if rule.kind == "fixed" and rule.every < 1:
        raise ValueError("a fixed length must be at least 1")
    findings: list[Finding] = []
    seen = [_look(page, rule, findings) for page in pages]
    if rule.kind == "sheets" and rule.two_sided:
        seen = _with_backs(seen, findings)
    parts, loose = _parts(seen, rule, findings)
    sheets = tuple(page.sheet for page in seen if page.sheet is not None)
    plan = Plan(
        parts=parts,
        sheets=sheets,
        blanks=loose,
        findings=tuple(sorted(findings, key=lambda one: (one.page, one.code))),
        proof=Proof(
            pages_in=len(pages),
            documents=sum(len(part.pages) for part in parts),
            sheets=len(sheets),
            blanks=len(loose) + sum(len(part.blanks) for part in parts),
        ),
    )
    check(plan)
    return plan


def check(plan: Plan) -> None:
    """Prove that every page stands exactly once and in order.

    Raises:
        IntegrityFault: ``page_proof_failed`` with the counts.
    """
    proof = plan.proof
    placed = [
        *(page for part in plan.parts for page in part.order),
        *(sheet.page for sheet in plan.sheets),
        *plan.blanks,
    ]
    runs = [page for part in plan.parts for page in part.order]
    sound = (
        sorted(placed) == list(range(1, proof.pages_in + 1))
        and runs == sorted(runs)
        and all(part.pages and list(part.pages) == sorted(part.pages) for part in plan.parts)
        and proof.pages_in == proof.documents + proof.sheets + proof.blanks
        and proof.documents == sum(len(part.pages) for part in plan.parts)
        and proof.sheets == len(plan.sheets)
    )
    if not sound:
        raise IntegrityFault(
            "page_proof_failed",
            pages_in=proof.pages_in,
            documents=proof.documents,
            sheets=proof.sheets,
            blanks=proof.blanks,
        )


def _look(page: Page, rule: Rule, findings: list[Finding]) -> _Seen:
    """Read the marks on one page."""
    blank = page.source == "blank" and not page.codes
    if rule.kind in {"none", "fixed"}:
        return _Seen(page.number, blank, None, None)
    says: set[SheetMark] = set()
    numbers: set[str] = set()
    broken = False
    for code in page.codes:
        try:
            mark = read(code, prefix=rule.prefix, key=rule.key)
        except ReviewNeeded as fault:
            findings.append(Finding(fault.reason, page.number))
            broken = True
            continue
        if isinstance(mark, SheetMark):
            says.add(mark)
        elif isinstance(mark, NumberMark):
            numbers.add(mark.number)
    patched = any(code.kind in PATCH_KINDS for code in page.codes)
    number = _only(numbers, "numbers_contradict", page.number, findings)
    if not (says or patched or broken):
        return _Seen(page.number, blank, None, number)
    if rule.kind == "archive_number":
        findings.append(Finding("sheet_not_expected", page.number))
        return _Seen(page.number, blank, None, number)
    kinds = tuple(sorted({code.kind for code in page.codes}))
    said = _only(says, "sheet_contradicts", page.number, findings) or SheetMark()
    if _words(page) > SHEET_WORDS:
        findings.append(Finding("sheet_carries_text", page.number))
    return _Seen(page.number, False, Sheet(page.number, kinds, said), number)

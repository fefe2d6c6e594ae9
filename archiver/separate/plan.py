"""What a division says: documents, sheets, blanks, findings, and the proof of the count.

Promises plain frozen values that can stand in the batch's record as JSON, and one check: every
page of the batch stands exactly once, as a page of a document, as a separator sheet or as a
blank, in the order of the batch (BSI TR-03138 A.DV.1/2: order and separation are kept,
completeness is checked).
"""

from __future__ import annotations

import msgspec

from archiver.errors import IntegrityFault
from archiver.separate.sheets import SheetMark

NEEDS_PERSON = frozenset(
    {
        "batch_blank",
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

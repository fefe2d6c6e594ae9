"""Which page of a batch belongs to which document.

Promises a pure `Plan` whose proof holds. A page with anything on it is never dropped on a guess:
what could be meant in two ways becomes a finding for a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from archiver.errors import ReviewNeeded
from archiver.records import Page
from archiver.separate.plan import Finding, Part, Plan, Proof, Sheet, check
from archiver.separate.sheets import NumberMark, SheetMark, read

RuleKind = Literal["none", "sheets", "fixed", "archive_number"]

PATCH_KINDS = frozenset({"patch_t", "patch_2"})
SHEET_WORDS = 60
"""A printed sheet has some twenty words; a page with more is no bare sheet, whatever it carries."""

_SURE = 60.0
_LETTERS = 3


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


class _Seen(NamedTuple):
    """A page as the division sees it.

    Attributes:
        sheet: set where the page only separates and leaves the documents.
        opens: what is said about a document that begins here or behind the sheet, None where
            none begins.
        back: blank other side of a sheet.
    """

    number: int
    blank: bool
    sheet: Sheet | None = None
    opens: SheetMark | None = None
    archive_number: str | None = None
    back: bool = False


class _Stretch(NamedTuple):
    """Pages that follow one another without a border between them."""

    pages: list[_Seen]
    sheet: int | None = None
    says: SheetMark = SheetMark()
    archive_number: str | None = None


def divide(pages: Sequence[Page], rule: Rule) -> Plan:
    """Divide a batch.

    Args:
        pages: all pages of the batch, numbered 1 to n in order.
        rule: of the pipeline.

    Returns:
        the plan; without any sheet or number it has one part.

    Raises:
        ValueError: the pages are not numbered 1 to n, or ``fixed`` has no length.
        IntegrityFault: ``page_proof_failed``, see `archiver.separate.plan.check`.
    """
    if [page.number for page in pages] != list(range(1, len(pages) + 1)):
        raise ValueError("pages must be numbered from 1 in order")
    if rule.kind == "fixed" and rule.every < 1:
        raise ValueError("a fixed length must be at least 1")
    findings: list[Finding] = []
    seen = [_look(page, rule, findings) for page in pages]
    if rule.two_sided:
        seen = _with_backs(seen, rule, findings)
    parts, between = _parts(_stretches(seen, rule, findings))
    loose = tuple(sorted((*between, *(page.number for page in seen if page.back and page.blank))))
    if rule.kind == "sheets" and not any(page.opens for page in seen):
        findings.append(Finding("no_sheet_found"))
    if not parts:
        findings.append(Finding("batch_blank"))
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


def _look(page: Page, rule: Rule, findings: list[Finding]) -> _Seen:
    """Read the marks on one page."""
    blank = page.source == "blank" and not page.codes
    if rule.kind in {"none", "fixed"}:
        # Without division nothing is taken out, so nothing counts as blank either.
        return _Seen(page.number, blank and rule.kind == "fixed")
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
    if len(numbers) > 1:
        findings.append(Finding("numbers_contradict", page.number))
    number = numbers.pop() if len(numbers) == 1 else None
    patched = any(code.kind in PATCH_KINDS for code in page.codes)
    if not (says or patched or broken):
        return _Seen(page.number, blank, archive_number=number)
    if rule.kind == "archive_number":
        findings.append(Finding("sheet_not_expected", page.number))
        return _Seen(page.number, blank, archive_number=number)
    bare = patched or bool(says)
    if len(says) > 1:
        findings.append(Finding("sheet_contradicts", page.number))
    said = says.pop() if len(says) == 1 else SheetMark()
    if _words(page) > SHEET_WORDS:
        findings.append(Finding("sheet_carries_text", page.number))
        bare = False
    if not bare:
        return _Seen(page.number, False, None, said, number)
    kinds = tuple(sorted({code.kind for code in page.codes}))
    return _Seen(page.number, False, Sheet(page.number, kinds, said), said, number)


def _words(page: Page) -> int:
    """Count the words that were surely read; bars and a QR code read as rubbish do not count."""
    return sum(
        word.confidence >= _SURE and sum(sign.isalpha() for sign in word.text) >= _LETTERS
        for word in page.words
    )


def _with_backs(seen: list[_Seen], rule: Rule, findings: list[Finding]) -> list[_Seen]:
    """Give the other sides of sheets to their sheets, and look for labels on backs.

    A printed other side is taken for the sheet's (paper used twice) only where the batch shows
    that its pages do come in pairs: an even count, no sheet behind a printed front, and a sheet
    whose back is blank or a sheet as well. Scanners that leave out blank sides break the pairs;
    then every printed page stays in a document.
    """
    backs: dict[int, _Seen] = {}
    printed: list[_Seen] = []
    in_step, evidence = len(seen) % 2 == 0, False
    for front, back in zip(seen[::2], seen[1::2], strict=False):
        if back.archive_number and not back.sheet and not (front.blank or front.archive_number):
            findings.append(Finding("number_on_back", back.number))
        if (front.sheet is None) == (back.sheet is None):
            evidence = evidence or front.sheet is not None
            if back.opens == SheetMark() and front.opens:
                # Both sides are printed alike, but only the front's code could be read.
                backs[back.number] = back._replace(opens=front.opens)
            continue
        other = front if front.sheet is None else back
        if other.blank:
            evidence = True
            backs[other.number] = other._replace(back=True)
        else:
            printed.append(other)
            in_step = in_step and other is back
    if rule.kind != "sheets":
        return seen
    for page in printed:
        if in_step and evidence:
            findings.append(Finding("sheet_back_printed", page.number))
            backs[page.number] = _Seen(page.number, False, Sheet(page.number, ()), back=True)
        else:
            findings.append(Finding("sides_out_of_step", page.number))
    return [backs.get(page.number, page) for page in seen]


def _stretches(seen: Sequence[_Seen], rule: Rule, findings: list[Finding]) -> Iterator[_Stretch]:
    """Cut the batch at its borders; sheets and their backs stand in no stretch."""
    if rule.kind == "fixed":
        for start in range(0, len(seen), rule.every):
            pages = list(seen[start : start + rule.every])
            if len(pages) < rule.every:
                findings.append(Finding("batch_remainder", pages[0].number))
            yield _Stretch(pages)
    elif rule.kind == "sheets":
        yield from _at_sheets(seen, findings)
    elif rule.kind == "archive_number":
        yield from _at_numbers(seen, findings)
    else:
        yield _Stretch(list(seen))


def _at_sheets(seen: Sequence[_Seen], findings: list[Finding]) -> Iterator[_Stretch]:
    stretch = _Stretch([])
    for page in seen:
        if page.back:
            continue
        if page.opens is None:
            stretch.pages.append(page)
            continue
        yield stretch
        if _lost(stretch) and stretch.says != page.opens:
            findings.append(Finding("sheet_without_pages", stretch.sheet or 0))
        sheet = page.number if page.sheet else None
        stretch = _Stretch([] if sheet else [page], sheet, page.opens, page.archive_number)
    if _lost(stretch):
        findings.append(Finding("sheet_without_pages", stretch.sheet or 0))
    yield stretch


def _lost(stretch: _Stretch) -> bool:
    """Whether a sheet said something about a document that is not there."""
    return stretch.says != SheetMark() and all(page.blank for page in stretch.pages)


def _at_numbers(seen: Sequence[_Seen], findings: list[Finding]) -> Iterator[_Stretch]:
    stretch = _Stretch([])
    known: set[str] = set()
    for page in seen:
        number = page.archive_number
        if number is None or number == stretch.archive_number:
            stretch.pages.append(page)
            continue
        if not known and any(not before.blank for before in stretch.pages):
            findings.append(Finding("pages_before_first_number", 1))
        if number in known:
            findings.append(Finding("number_repeats", page.number))
        known.add(number)
        yield stretch
        stretch = _Stretch([page], archive_number=number)
    if not known:
        findings.append(Finding("no_number_found"))
    yield stretch


def _parts(stretches: Iterator[_Stretch]) -> tuple[tuple[Part, ...], tuple[int, ...]]:
    """Make a document of every stretch with anything on it; the blanks of the others are left."""
    parts: list[Part] = []
    loose: list[int] = []
    for stretch in stretches:
        blanks = [page.number for page in stretch.pages if page.blank]
        pages = [page for page in stretch.pages if not page.blank]
        if not pages:
            loose += blanks
            continue
        number = pages[0].archive_number or stretch.archive_number
        numbers = tuple(page.number for page in pages)
        parts.append(Part(numbers, tuple(blanks), stretch.sheet, stretch.says, number))
    return tuple(parts), tuple(loose)

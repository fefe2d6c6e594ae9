"""The division of a batch: every page once, in order, and nothing dropped on a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import IntegrityFault
from archiver.records import Code, Page, Word
from archiver.separate.division import Rule, divide
from archiver.separate.plan import Part, Plan, Proof, check
from archiver.separate.sheets import NumberMark, SheetMark, payload

pytestmark = pytest.mark.pure

KEY = b"musterbach"
INVOICE = SheetMark("invoice", "21.3/2024-7")
NOTICE = SheetMark("notice")
SHEETS = Rule("sheets", key=KEY)
BOTH_SIDES = Rule("sheets", two_sided=True, key=KEY)


def page(kind: str = "text", *codes: Code, words: int = 0) -> Page:
    source = "blank" if kind == "blank" else "recognised"
    read = tuple(Word("Wort", 0, 0, 9, 9, 90.0, 0, 0) for _ in range(words))
    return Page(1, 1654, 2339, 200.0, 0, source, 90.0, read, codes)


def qr(mark: SheetMark | NumberMark, key: bytes = KEY) -> Code:
    return Code("qr", payload(mark, key=key), 0, 0, 99, 99)


def patch(kind: str = "patch_t") -> Code:
    return Code(kind, "", 0, 0, 99, 99)


T = page()  # printed
B = page("blank")
S = page("text", patch(), qr(INVOICE), qr(INVOICE), patch("patch_2"))
N = page("text", patch(), qr(NOTICE))
P = page("text", patch("patch_2"))  # a Patch-T sheet fed upside down
ASN = [page("text", Code("code128", f"ASN00{n}", 0, 0, 9, 9)) for n in range(3)]


def plan_of(pages: list[Page], rule: Rule) -> Plan:
    numbered = [
        Page(number, *(getattr(one, name) for name in Page.__struct_fields__[1:]))
        for number, one in enumerate(pages, start=1)
    ]
    return divide(numbered, rule)


def codes(plan: Plan) -> list[tuple[str, int]]:
    return [(finding.code, finding.page) for finding in plan.findings]


def documents(plan: Plan) -> list[tuple[int, ...]]:
    return [part.pages for part in plan.parts]


def test_sheets_give_documents_their_class_and_reference() -> None:
    plan = plan_of([T, S, T, B, T, N, T], SHEETS)
    assert plan.parts == (
        Part((1,)),
        Part((3, 5), (4,), 2, INVOICE),
        Part((7,), (), 6, NOTICE),
    )
    assert plan.parts[1].order == (3, 4, 5)
    assert [sheet.page for sheet in plan.sheets] == [2, 6]
    assert plan.proof == Proof(7, 4, 2, 1)
    assert not plan.needs_person


def test_patch_sheets_separate_whichever_way_they_lie() -> None:
    plan = plan_of([page("text", patch()), T, P, T, T], SHEETS)
    assert documents(plan) == [(2,), (4, 5)]
    assert [sheet.kinds for sheet in plan.sheets] == [("patch_t",), ("patch_2",)]
    assert plan.findings == ()


def test_a_batch_without_a_sheet_is_one_document() -> None:
    plan = plan_of([T, B, T], SHEETS)
    assert documents(plan) == [(1, 3)]
    assert codes(plan) == [("no_sheet_found", 0)]


def test_two_sheets_in_a_row_and_a_sheet_at_the_end() -> None:
    assert codes(plan_of([S, N, T], SHEETS)) == [("sheet_without_pages", 1)]
    assert plan_of([S, N, T], SHEETS).parts[0].says == NOTICE
    assert codes(plan_of([T, S], SHEETS)) == [("sheet_without_pages", 2)]
    assert codes(plan_of([T, S, B], SHEETS)) == [("sheet_without_pages", 2)]
    # Twice the same sheet, or bare bars before a sheet or at the end, lose nothing.
    assert codes(plan_of([S, S, T, P, N, T, P], SHEETS)) == []


def test_a_batch_of_sheets_and_blanks_holds_no_document() -> None:
    plan = plan_of([P, B, B], SHEETS)
    assert plan.parts == ()
    assert plan.proof == Proof(3, 0, 1, 2)
    assert codes(plan) == [("batch_blank", 0)]
    assert plan.needs_person


def test_a_sheet_of_another_archive_takes_no_page_away() -> None:
    forged = page("text", qr(INVOICE, key=b"absender"))
    plan = plan_of([T, forged, T], SHEETS)
    assert sum(documents(plan), ()) == (1, 2, 3)
    assert all(part.says == SheetMark() for part in plan.parts)
    assert codes(plan)[-1] == ("sheet_damaged", 2)
    assert plan.needs_person


def test_a_page_full_of_text_stays_in_a_document_whatever_it_carries() -> None:
    plan = plan_of([S, T, page("text", patch(), words=200), T], SHEETS)
    assert documents(plan) == [(2,), (3, 4)]
    assert codes(plan) == [("sheet_carries_text", 3)]


def test_a_sheet_that_says_two_things_says_nothing() -> None:
    plan = plan_of([page("text", qr(INVOICE), qr(NOTICE)), T], SHEETS)
    assert plan.parts == (Part((2,), (), 1, SheetMark()),)
    assert codes(plan) == [("sheet_contradicts", 1)]


def test_a_label_on_the_first_page_gives_the_number_and_the_page_stays() -> None:
    plan = plan_of([S, ASN[1], T], SHEETS)
    assert plan.parts == (Part((2, 3), (), 1, INVOICE, "ASN001"),)


def test_backs_of_sheets_are_blank_or_belong_to_the_sheet() -> None:
    plan = plan_of([S, B, T, B, T, T, N, T, T, B], BOTH_SIDES)
    assert documents(plan) == [(3, 5, 6), (9,)]
    assert plan.blanks == (2,)
    assert [(sheet.page, sheet.says) for sheet in plan.sheets] == [
        (1, INVOICE),
        (7, NOTICE),
        (8, SheetMark()),
    ]
    assert codes(plan) == [("sheet_back_printed", 8)]
    assert plan.proof == Proof(10, 4, 3, 3)


def test_a_sheet_fed_face_down_and_one_printed_on_both_sides() -> None:
    plan = plan_of([T, T, B, S, T, B, S, P, T, T], BOTH_SIDES)
    assert documents(plan) == [(1, 2), (5,), (9, 10)]
    assert [part.says for part in plan.parts] == [SheetMark(), INVOICE, INVOICE]
    assert plan.blanks == (3,)
    assert codes(plan) == []


def test_where_a_scanner_left_blanks_out_no_printed_page_is_taken_for_a_back() -> None:
    plan = plan_of([S, T, T, T], BOTH_SIDES)
    assert documents(plan) == [(2, 3, 4)]
    assert codes(plan) == [("sides_out_of_step", 2)]
    plan = plan_of([S, B, T, N, T], BOTH_SIDES)
    assert documents(plan) == [(3,), (5,)]
    assert codes(plan) == [("sides_out_of_step", 3)]


def test_fixed_numbers_count_sides_and_say_what_is_left_over() -> None:
    plan = plan_of([T, B, T, T, B, B, T], Rule("fixed", every=2))
    assert documents(plan) == [(1,), (3, 4), (7,)]
    assert plan.blanks == (5, 6)
    assert codes(plan) == [("batch_remainder", 7)]
    with pytest.raises(ValueError, match="fixed"):
        plan_of([T], Rule("fixed"))


def test_archive_numbers_begin_documents() -> None:
    plan = plan_of([ASN[0], T, ASN[1], B, ASN[1], ASN[2]], Rule("archive_number"))
    assert [(part.archive_number, part.pages) for part in plan.parts] == [
        ("ASN000", (1, 2)),
        ("ASN001", (3, 5)),
        ("ASN002", (6,)),
    ]
    assert codes(plan) == []


def test_doubtful_archive_numbers_go_to_a_person() -> None:
    rule = Rule("archive_number", two_sided=True)
    both = page("text", *ASN[0].codes, *ASN[1].codes)
    assert codes(plan_of([T, ASN[0]], rule)) == [
        ("pages_before_first_number", 1),
        ("number_on_back", 2),
    ]
    assert codes(plan_of([both, B], rule)) == [("no_number_found", 0), ("numbers_contradict", 1)]
    plan = plan_of([ASN[0], B, ASN[1], B, ASN[0], P], rule)
    assert codes(plan) == [("number_repeats", 5), ("sheet_not_expected", 6)]
    assert documents(plan)[-1] == (5, 6)


def test_without_a_rule_the_file_is_the_document_blanks_and_all() -> None:
    assert plan_of([T, B, S], Rule()).parts == (Part((1, 2, 3)),)


def test_the_check_notices_a_lost_a_doubled_and_a_moved_page() -> None:
    proof = Proof(3, 3, 0, 0)
    for parts in ([(1, 2)], [(1, 2), (2, 3)], [(2, 3), (1,)], [(1, 3, 2)]):
        with pytest.raises(IntegrityFault, match="page_proof_failed"):
            check(Plan(tuple(Part(part) for part in parts), (), (), (), proof))


def test_pages_must_come_in_order() -> None:
    with pytest.raises(ValueError, match="numbered"):
        divide([T, T], SHEETS)


forged = page("text", qr(INVOICE, key=b"other"))
kinds = st.sampled_from([T, T, T, B, B, S, N, P, forged, *ASN, page("text", patch(), words=99)])
rules = st.sampled_from(
    [
        SHEETS,
        BOTH_SIDES,
        Rule(),
        Rule("fixed", every=3),
        Rule("archive_number", key=KEY),
        Rule("archive_number", two_sided=True, key=KEY),
    ]
)


@given(st.lists(kinds, max_size=24), rules)
def test_every_page_stands_exactly_once_and_in_order(pages, rule) -> None:
    plan = plan_of(pages, rule)
    placed = [
        *(number for part in plan.parts for number in part.order),
        *(sheet.page for sheet in plan.sheets),
        *plan.blanks,
    ]
    assert sorted(placed) == list(range(1, len(pages) + 1))
    runs = [number for part in plan.parts for number in part.order]
    assert runs == sorted(runs)
    proof = plan.proof
    assert proof.pages_in == len(pages) == proof.documents + proof.sheets + proof.blanks
    # Nothing printed leaves the documents but a page with a mark, or the other side of one.
    for sheet in plan.sheets:
        beside = sheet.page + 1 if sheet.page % 2 else sheet.page - 1
        marked = pages[sheet.page - 1].codes
        assert marked or (rule.two_sided and pages[beside - 1].codes)
    for number in (*plan.blanks, *(blank for part in plan.parts for blank in part.blanks)):
        assert pages[number - 1] is B
    assert all(
        pages[number - 1] is not B or rule.kind == "none"
        for part in plan.parts
        for number in part.pages
    )


@given(st.lists(kinds, max_size=24))
def test_a_printed_page_is_no_sheet_where_nothing_separates(pages) -> None:
    for rule in (Rule(), Rule("fixed", every=4), Rule("archive_number", key=KEY)):
        assert plan_of(pages, rule).sheets == ()

"""Bars, surviving words, the checks of a proof, and what is written about a package."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import phrases
from archiver.disclosure import package, proof
from archiver.disclosure.bars import Bar, region_bar, surviving
from archiver.disclosure.plan import check, planned, seen, title_tells
from archiver.disclosure.request import Basis, Chosen, Ground, Region, Request, Term
from archiver.errors import Refusal, UsageFault
from archiver.records import Box, Page, Word
from archiver.search.german import fold
from tests.letters import page, town_letter

pytestmark = pytest.mark.pure

DATA, SECRET = Ground.PERSONAL_DATA, Ground.TRADE_SECRET


def request(*terms, regions=(), **more):
    return Request(
        id="A-1",
        basis=Basis.FREEDOM_OF_INFORMATION,
        recipient="Erika Beispiel",
        actor="uid:7",
        documents=more.pop("documents", (Chosen("D"),)),
        terms=tuple(Term(text, DATA) for text in terms),
        regions=regions,
        **more,
    )


def plan_of(asked, *pages):
    one = seen(asked.documents[0], 1, pages, asked, fold)
    check(asked, [one])
    return planned(asked, one, pages, fold)


def test_a_bar_covers_its_words_with_a_margin_and_the_neighbours_survive():
    letter = town_letter()
    plan = plan_of(request("Anneliese Krämer", "DE75599999900000120034"), letter)
    name, account = plan.bars
    words = {word.text: word for word in letter.words}
    first, last = words["Anneliese"], words["Krämer"]
    assert name.box.left < first.left and name.box.right > last.right
    assert name.box.top <= first.top - 6 and name.box.bottom >= first.bottom + 6
    assert account.page == 1
    left = [word.text for word in plan.pages[0].words]
    assert "Anneliese" not in left and "5999" not in left
    # "Frau Krämer" was not asked for; neither was the word before the account.
    assert "Krämer," in left and "IBAN" in left and "Lindenstraße" in left
    assert "annelieseKrämer".casefold() not in plan.gone[1]
    assert "annelieskramer" not in plan.gone[1] and "anneliesekramer" in plan.gone[1]


def test_a_phrase_over_two_lines_gets_two_bars():
    plan = plan_of(
        request("Anneliese Krämer"), page((300, 300, "Frau Anneliese"), (300, 360, "Krämer dort"))
    )
    assert len(plan.bars) == 2
    assert [word.text for word in plan.pages[0].words] == ["Frau", "dort"]


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.integers(0, 900), st.integers(0, 900), st.integers(1, 400), st.integers(1, 90),
)  # fmt: skip


@given(st.lists(boxes, max_size=12), st.lists(boxes, max_size=4))
def test_no_surviving_word_lies_under_a_bar(words, bars):
    given_words = tuple(Word("Wort", *box_of(box), 90.0, 0, 0) for box in words)
    one = Page(1, 1300, 1000, 300.0, 0, "recognised", 90.0, given_words)
    left = surviving(one, [Bar(1, box, DATA) for box in bars])
    for word in left:
        for box in bars:
            across = min(word.right, box.right) - max(word.left, box.left)
            down = min(word.bottom, box.bottom) - max(word.top, box.top)
            area = (word.right - word.left) * (word.bottom - word.top)
            assert max(across, 0) * max(down, 0) <= area / 10
    assert surviving(one, [Bar(2, box, DATA) for box in bars]) == given_words


def box_of(box):
    return box.left, box.top, box.right, box.bottom


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("mm", Box(118, 236, 237, 473)), ("permille", Box(24, 70, 50, 141))],
)
def test_regions_are_measured_from_the_upper_left_and_rounded_outwards(unit, expected):
    region = Region("D", 1, 10, 20, 20, 40, DATA, unit)
    assert region_bar(page(), region).box == expected


def test_a_region_takes_the_words_below_it_with_it():
    region = Region("D", 1, 20, 60, 110, 72, SECRET)
    plan = plan_of(request(regions=(region,)), town_letter())
    left = [word.text for word in plan.pages[0].words]
    assert "Anneliese" not in left and "Anneliese" in plan.written
    assert "anneliese" in plan.gone[1]


def test_nothing_uncertain_is_decided_by_the_machine():
    pages = [page((300, 300, "Frau Häberlcin und Frau Häberlein"))]
    asked = request("Häberlein")
    one = seen(asked.documents[0], 1, pages, asked, fold)
    with pytest.raises(Refusal, match="finds_undecided count=1"):
        check(asked, [one])
    (unsure,) = [find.key for find in one.finds if find.kind != "exact"]
    black = msgspec.structs.replace(asked, blacken=(unsure,))
    assert len(plan_of(black, *pages).bars) == 2
    readable = msgspec.structs.replace(asked, leave=(unsure,))
    assert len(plan_of(readable, *pages).bars) == 1


def test_what_cannot_be_meant_is_refused():
    blank = Page(2, 100, 100, 72.0, 0, "unread", None, ())
    pages = [town_letter(), blank]
    cases = [
        (request("Zzyzx", documents=()), "nothing_to_disclose"),
        (request("Zzyzx", documents=(Chosen("D"), Chosen("D"))), "disclosed_twice"),
        (request("Zzyzx", blacken=("D:1.0-1.0",)), "find_unknown"),
        (request(regions=(Region("D", 3, 0, 0, 9, 9, DATA),)), "region_outside"),
        (request(regions=(Region("E", 1, 0, 0, 9, 9, DATA),)), "region_outside"),
        (request("Zzyzx"), "page_not_looked_through"),
    ]
    for asked, reason in cases:
        chosen = asked.documents
        everything = [seen(one, 1, pages, asked, fold) for one in chosen]
        with pytest.raises((UsageFault, Refusal), match=reason):
            check(asked, everything)
    outside = Region("D", 1, 300, 0, 400, 9, DATA)
    with pytest.raises(UsageFault, match="region_outside"):
        plan_of(request(regions=(outside,), documents=(Chosen("D", looked_through=(2,)),)), *pages)


def test_a_proof_fails_where_a_word_is_left():
    letter = town_letter()
    plan = plan_of(request("Anneliese Krämer"), letter)
    clean, gone = plan.pages[0], plan.gone[1]
    assert proof.layer_leaks(clean.text, clean, gone, fold) == 0
    assert proof.layer_leaks(letter.text, clean, gone, fold) > 0
    assert proof.layer_leaks(clean.text + " ANNELIE SEKRAEMER", clean, gone, fold) > 0
    assert proof.read_leaks(clean, ["Anneliese Krämer"], plan, fold) == 0
    assert proof.read_leaks(letter, ["Anneliese Krämer"], plan, fold) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-be"])
def test_bytes_are_searched_in_the_encodings_of_pdf(encoding):
    plan = plan_of(request("Anneliese Krämer"), town_letter())
    code = "Titel: Anneliese".encode(encoding)
    assert proof.byte_leaks([b"%PDF", code], plan, fold) == 1
    assert proof.byte_leaks([b"<" + code.hex().encode() + b">"], plan, fold) == 1
    # It survives in "Frau Krämer", so it is there by right.
    assert proof.byte_leaks(["Krämer".encode(encoding)], plan, fold) == 0


def test_a_bar_with_a_light_pixel_is_no_bar():
    pixels = bytearray(b"\xff" * 100 * 50)
    for row in range(10, 30):
        pixels[row * 100 + 20 : row * 100 + 60] = bytes(40)
    box = Box(20, 10, 60, 30)
    assert proof.gray_bars(bytes(pixels), 100, [box]) == 0
    pixels[20 * 100 + 40] = 200
    assert proof.gray_bars(bytes(pixels), 100, [box]) == 1
    assert proof.gray_bars(bytes(pixels), 100, [Box(0, 0, 1, 1)]) == 1


@pytest.mark.parametrize(
    ("title", "tells"),
    [
        ("Bescheid vom 2. April 2024", False),
        ("Bescheid Kraemer", True),
        ("KRÄMER, Anneliese", True),
        ("Krämers Wintergarten", True),
        ("Anneliese", True),
        ("Bescheid Krärner", True),
    ],
)
def test_a_title_with_a_blackened_word_is_not_told(title, tells):
    plan = plan_of(request("Krämer", "Anneliese Krämer"), town_letter())
    assert title_tells(title, ["Krämer", "Anneliese Krämer"], plan, fold) is tells


def test_the_sheet_says_how_much_and_why_but_not_what():
    plan = plan_of(
        request("Anneliese Krämer", regions=(Region("D", 1, 20, 20, 60, 25, SECRET),)),
        town_letter(),
    )
    checked = proof.Proof(1, 2, 2, 1)
    bars = package.counted(plan.bars)
    one = package.Given(
        "D", 3, package.file_name(1, "Bescheid / Nr. 4"), "ab" * 64, 1, bars, checked
    )
    assert one.file == "01_Bescheid Nr. 4.pdf"
    phrases.use("de")
    try:
        text = package.sheet("A-1", Basis.FREEDOM_OF_INFORMATION, "2026-03-01", [one])
    finally:
        phrases.use("en")
    assert "01_Bescheid Nr. 4.pdf" in text and "01.03.2026" in text
    assert "Seite 1: 1 Schwärzung, personenbezogene Daten Dritter (§ 1 SIFG)" in text
    assert "Betriebs- und Geschäftsgeheimnisse (§ 1 SIFG)" in text
    assert not any(word in text for word in ("Anneliese", "Krämer", "Erika"))
    kept = package.Disclosure(
        "A-1", Basis.FREEDOM_OF_INFORMATION, "Erika Beispiel", "uid:7", "2026-03-01T10:00:00.000Z",
        (one,), "cd" * 64,
    )  # fmt: skip
    assert kept.line()["bars"] == {"personal_data": 1, "trade_secret": 1}
    assert "Erika" not in str(kept.line())
    assert msgspec.json.decode(msgspec.json.encode(kept), type=package.Disclosure) == kept


def test_every_ground_and_basis_has_a_name():
    assert set(package.GROUNDS) == set(Ground)
    assert set(package.BASES) == set(Basis)


@given(st.text(max_size=80))
def test_a_file_is_named_so_that_every_system_takes_it(title):
    name = package.file_name(7, title)
    assert name.startswith("07_") and name.endswith(".pdf")
    assert not set(name) & set('/\\:*?"<>|\n\r\t\0') and len(name) <= 70

"""A real batch: 40 two-sided pages at 200 dpi, damaged, divided, and given back without loss."""

from __future__ import annotations

import io

import msgspec
import pytest
from PIL import Image

from archiver.recognise.blank import looks_blank
from archiver.records import Page
from archiver.separate import labels, split
from archiver.separate.division import Rule, divide
from archiver.separate.interleave import Stack, woven
from archiver.separate.marks import find_codes
from archiver.separate.plan import Plan
from archiver.separate.sheets import SheetMark
from bench.separation import CREATED, KEY, Treatment, drawn, scanned
from tests import paper
from tests.stack import DOCUMENTS, DPI, SHEETS, raw_streams, sides

MARKS = (
    SheetMark("bauantrag", "632.21-12/2024"),
    SheetMark("rechnung", "10.1/Mü 2023-17", "01HXYZABCDEFGHJKMNPQRSTVWX"),
    SheetMark("gewerbeanmeldung"),
    SheetMark("niederschrift", "022.31:2024/03"),
)
RULE = Rule("sheets", two_sided=True, key=KEY)


def looked_at(pdf: bytes) -> list[Page]:
    """What the reader and the engine would tell about each page."""
    pages = []
    for number, data in enumerate(raw_streams(pdf), start=1):
        image = Image.open(io.BytesIO(data)).convert("L")
        blank = looks_blank(image)
        codes = find_codes(image.tobytes(), *image.size, DPI) if not blank else ()
        source = "blank" if blank else "recognised"
        pages.append(Page(number, *image.size, DPI, 0, source, None, (), codes))
    return pages


@pytest.fixture(scope="module")
def scans() -> list[Image.Image]:
    return sides(MARKS, KEY)


@pytest.fixture(scope="module")
def batch(scans) -> bytes:
    return paper.scan_pdf(scans, DPI, quality=60)


@pytest.fixture(scope="module")
def plan(batch) -> Plan:
    return divide(looked_at(batch), RULE)


def test_documents_classes_and_references_are_right(plan) -> None:
    assert tuple(part.pages for part in plan.parts) == DOCUMENTS
    assert tuple(part.says for part in plan.parts) == MARKS
    assert tuple(sheet.page for sheet in plan.sheets) == SHEETS
    assert plan.findings == ()


def test_the_proof_counts_every_page(plan) -> None:
    proof = plan.proof
    assert (proof.pages_in, proof.documents, proof.sheets, proof.blanks) == (40, 23, 4, 13)
    assert plan.blanks == tuple(number + 1 for number in SHEETS)
    assert plan.parts[1].blanks == (13, 14, 16)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_each_document_holds_its_pages_as_they_came(batch, plan) -> None:
    source = raw_streams(batch)
    parts = [part.pages for part in plan.parts]
    for pages, made in zip(
        parts, split.extract_parts(io.BytesIO(batch), split.PDF, parts), strict=True
    ):
        assert raw_streams(made) == [source[number - 1] for number in pages]


def test_the_same_batch_from_a_one_sided_scanner(scans, batch, plan) -> None:
    fronts = paper.scan_pdf(scans[0::2], DPI, quality=60)
    backs = paper.scan_pdf(scans[1::2][::-1], DPI, quality=60)
    stacks = [Stack(name, "bauamt", split.PDF, 20, 0) for name in ("fronts", "backs")]
    joined = split.weave(
        [io.BytesIO(fronts), io.BytesIO(backs)], split.PDF, woven(stacks[0], stacks[1])
    )
    assert raw_streams(joined) == raw_streams(batch)


def test_a_page_full_of_print_and_stains_is_not_taken_for_a_blank() -> None:
    """A page that counts as blank is not read and not looked at for marks."""
    (sheet,) = drawn(labels.separator_sheets([labels.Sheet(MARKS[0])], CREATED, key=KEY), DPI)
    for seed in range(3):
        for coffee in (1, 3, 5):
            assert not looks_blank(scanned(sheet, Treatment(coffee=coffee, noise=20), seed))
    blank = scanned(paper.blank_image(DPI), Treatment(noise=40, quality=40))
    assert looks_blank(blank)

"""Marks are found on damaged sheets, and nowhere else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image, ImageDraw

from archiver.separate import labels, sheets
from archiver.separate.marks import find_codes, turned
from bench.separation import CREATED, KEY, MARK, TREATMENTS, Treatment, drawn, find, scanned
from tests import corpora, paper

TEXT = sheets.payload(MARK, key=KEY)


@pytest.fixture(scope="module")
def printed() -> bytes:
    return labels.separator_sheets([labels.Sheet(MARK, "Eingangsrechnung")], CREATED, key=KEY)


@pytest.mark.parametrize("name", TREATMENTS)
def test_a_damaged_sheet_is_found(printed, name) -> None:
    dpi, treatment = TREATMENTS[name]
    (page,) = drawn(printed, dpi)
    codes = find(scanned(page, treatment, seed=5), dpi)
    assert TEXT in {code.text for code in codes}
    assert any(code.kind in {"patch_t", "patch_2"} for code in codes)


def bars(page: Image.Image, widths: tuple[int, ...], top: int = 100, length: int = 1000) -> None:
    """Draw lying bars with gaps of 16 pixels (.08 inch at 200 dpi)."""
    draw = ImageDraw.Draw(page)
    for width in widths:
        draw.rectangle((300, top, 300 + length, top + width - 1), fill=30)
        top += width + 16


def test_bars_are_named_by_their_pattern_and_boxed() -> None:
    page = paper.blank_image()
    bars(page, (16, 40, 16, 40))
    bars(page, (40, 16, 40, 16), top=1000)
    found = find(page, 200)
    assert [code.kind for code in found] == ["patch_t", "patch_2"]
    (first, _second) = found
    assert (first.left, first.top, first.right, first.bottom) == pytest.approx(
        (300, 100, 1300, 260), abs=22
    )
    assert [code.kind for code in find(page.rotate(180), 200)] == ["patch_t", "patch_2"]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_codes_are_the_codes_of_the_turned_page(printed, degrees) -> None:
    (page,) = drawn(printed, 200)
    expected = find(page.rotate(-degrees, expand=True), 200)
    found = turned(find(page, 200), page.width, page.height, degrees)
    assert sorted(code.kind for code in found) == sorted(code.kind for code in expected)
    for code in expected:
        same = [one for one in found if (one.kind, one.text) == (code.kind, code.text)]
        middle = (code.left + code.right, code.top + code.bottom)
        assert any(
            (one.left + one.right, one.top + one.bottom) == pytest.approx(middle, abs=40)
            for one in same
        )


@pytest.mark.parametrize(
    "widths",
    [(16, 16, 16, 16), (40, 40, 40, 40), (16, 40, 40, 16), (40, 16, 16, 40), (16, 40, 16, 40, 16)],
)
def test_other_bars_are_no_separators(widths) -> None:
    page = paper.blank_image()
    bars(page, widths)
    assert find(page, 200) == ()


def test_short_bars_and_ruled_tables_are_no_separators() -> None:
    page = paper.letter_image()
    bars(page, (16, 40, 16, 40), top=1200, length=150)
    draw = ImageDraw.Draw(page)
    for row in range(1500, 2200, 40):
        draw.rectangle((200, row, 1400, row + (20 if row % 80 else 3)), fill=60)
    for column in range(200, 1400, 60):
        draw.rectangle((column, 1500, column + 12, 2200), fill=0)
    assert find(page, 200) == ()


@corpora.needs(corpora.LETTERS)
def test_real_letters_carry_no_marks() -> None:
    for file in sorted(corpora.LETTERS.glob("*.pdf"))[::4]:
        for page in drawn(file.read_bytes(), 200):
            assert find(page, 200) == ()


@pytest.mark.parametrize("symbol", ["qr", "code128"])
def test_every_label_of_a_sheet_is_read(symbol) -> None:
    numbers = [f"ASN{number:06}" for number in range(1, 25)]
    (page,) = drawn(labels.number_labels(numbers, CREATED, symbol=symbol, key=KEY), 200)
    codes = find(scanned(page, Treatment(skew=1, noise=15)), 200)
    read = {sheets.read(code, key=KEY) for code in codes}
    assert read == {sheets.NumberMark(number) for number in numbers}


def test_tiny_and_black_pages_are_harmless() -> None:
    assert find_codes(b"\xff", 1, 1, 200.0) == ()
    assert find_codes(bytes(90_000), 300, 300, 300.0) == ()
    assert find_codes(b"\xff" * 3000, 3000, 1, 600.0) == ()


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    heavy = {"zxingcpp", "segno", "fpdf", "PIL", "numpy", "pikepdf"}
    code = (
        "import sys, archiver.separate.division, archiver.separate.interleave,"
        "archiver.separate.labels, archiver.separate.marks, archiver.separate.split;"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert not heavy & set(loaded.split())

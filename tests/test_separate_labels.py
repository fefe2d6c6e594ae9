"""Printed sheets: the same bytes again, readable by people, and honest about what cannot be."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pikepdf
import pypdfium2
import pytest

from archiver.errors import UsageFault
from archiver.separate.labels import LABEL_COLUMNS, LABEL_ROWS, Sheet, number_labels
from archiver.separate.labels import separator_sheets as sheets_pdf
from archiver.separate.sheets import SheetMark

pytestmark = pytest.mark.pure

CREATED = datetime(2024, 3, 12, tzinfo=UTC)
NUMBERS = [f"ASN{number:06}" for number in range(30)]


def text_of(pdf: bytes, page: int = 0) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return document[page].get_textpage().get_text_range()


def test_a_sheet_says_in_words_what_its_code_says() -> None:
    mark = SheetMark("bauantrag", "632.21-12/2024", "D-17")
    made = sheets_pdf([Sheet(mark, "Bauantrag", "Łukasz Özdemir"), Sheet(SheetMark())], CREATED)
    text = text_of(made)
    for wanted in ("Trennblatt", "Bauantrag – bauantrag", "632.21-12/2024", "Łukasz Özdemir"):
        assert wanted in text
    assert text_of(made, 1).count("ohne Vorgabe") == 3
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert [round(float(side)) for side in pdf.pages[0].mediabox] == [0, 0, 595, 842]


def test_a_title_that_is_too_long_is_cut_and_not_printed_over_the_edge() -> None:
    made = sheets_pdf([Sheet(SheetMark("c"), "Angelegenheit " * 30)], CREATED)
    assert "…" in text_of(made)


def test_the_same_arguments_give_the_same_bytes() -> None:
    sheets = [Sheet(SheetMark("invoice"), "Rechnung")]
    assert sheets_pdf(sheets, CREATED) == sheets_pdf(sheets, CREATED)
    assert number_labels(NUMBERS, CREATED) == number_labels(NUMBERS, CREATED)


@pytest.mark.parametrize(("skip", "on_first"), [(0, 24), (20, 4), (24, 24)])
def test_labels_go_on_where_a_sheet_was_begun(skip, on_first) -> None:
    made = number_labels(NUMBERS, CREATED, symbol="code128", skip=skip)
    assert LABEL_COLUMNS * LABEL_ROWS == 24
    assert text_of(made).count("ASN") == on_first
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert sum(text_of(made, n).count("ASN") for n in range(len(pdf.pages))) == len(NUMBERS)


def test_nothing_to_print_and_letters_that_a_barcode_lacks_are_refused() -> None:
    for print_nothing in (lambda: sheets_pdf([], CREATED), lambda: number_labels([], CREATED)):
        with pytest.raises(UsageFault, match="nothing_to_print"):
            print_nothing()
    with pytest.raises(UsageFault, match="label_not_ascii"):
        number_labels(["Ü1"], CREATED, symbol="code128")

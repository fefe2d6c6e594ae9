"""Whose text a page carries, and where it stands."""

from __future__ import annotations

import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.recognise.document import Document
from archiver.recognise.media import PDF
from archiver.recognise.sheets import Scan, sheets
from archiver.recognise.textlayer import Features, Glyph, measure, trustworthy
from archiver.records import Page
from tests.paper import LETTER, letter_image, mixed_pdf, scan_pdf, text_pdf

pytestmark = pytest.mark.pure

SOUND = Features(
    visible=900, hidden=0, bad=0, long_words=90, mute_words=2, image_share=0.02, paths=12
)


def look(content, tmp_path, wanted=(1,)):
    path = tmp_path / "received"
    path.write_bytes(content)
    with path.open("rb") as stream:
        document = Document(stream.fileno(), PDF)
        return list(sheets(document, wanted, max_pixels=100_000_000))


@pytest.mark.parametrize(
    ("change", "trusted"),
    [
        ({}, True),
        ({"visible": 0}, False),
        ({"bad": 50}, False),
        ({"hidden": 2000}, False),
        ({"mute_words": 60}, False),
        ({"visible": 60, "image_share": 0.9}, False),
        ({"visible": 900, "image_share": 0.9}, True),
        ({"visible": 9, "paths": 4000}, False),
        ({"visible": 9, "image_share": 0.0, "paths": 3}, True),
    ],
)
def test_the_decision(change, trusted):
    assert trustworthy(SOUND._replace(**change)) is trusted


@given(st.integers(0, 5000), st.integers(0, 5000), st.floats(0, 1), st.integers(0, 9999))
def test_a_page_without_visible_text_is_never_trusted(hidden, words, share, paths):
    assert not trustworthy(Features(0, hidden, 0, words, 0, share, paths))


@given(st.text(max_size=80))
def test_measuring_counts_every_mark_once(text):
    glyphs = [Glyph(character, 0, 0, 1, 1, index % 3 == 0) for index, character in enumerate(text)]
    features = measure(glyphs, 0.0, 0)
    assert features.visible + features.hidden == sum(not c.isspace() for c in text)
    assert features.bad <= features.visible + features.hidden
    assert features.mute_words <= features.long_words


def test_a_born_digital_page_gives_its_own_words_in_order(tmp_path):
    (page,) = look(text_pdf(), tmp_path)
    assert isinstance(page, Page)
    assert page.source == "own_text"
    assert [word.text for word in page.words] == " ".join(LETTER).split()
    assert len({word.line for word in page.words}) == sum(bool(line) for line in LETTER)
    assert all(0 <= word.left < word.right <= page.width for word in page.words)


def test_boxes_lie_on_the_ink(tmp_path):
    (page,) = look(text_pdf(), tmp_path)
    import pypdfium2 as pdfium

    with pdfium.PdfDocument(text_pdf()) as shown:
        image = shown[0].render(scale=300 / 72, grayscale=True).to_pil()
    for word in page.words:
        assert image.crop((word.left, word.top, word.right, word.bottom)).getextrema()[0] < 100


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_upright(tmp_path, turn):
    with pikepdf.open(io.BytesIO(text_pdf())) as pdf:
        pdf.pages[0].Rotate = turn
        out = io.BytesIO()
        pdf.save(out)
    import pypdfium2 as pdfium

    (page,) = look(out.getvalue(), tmp_path)
    with pdfium.PdfDocument(out.getvalue()) as shown:
        image = shown[0].render(scale=300 / 72, grayscale=True).to_pil()
    assert abs(image.width - page.width) <= 1
    for word in page.words:
        assert image.crop((word.left, word.top, word.right, word.bottom)).getextrema()[0] < 100


def test_each_page_is_judged_by_itself(tmp_path):
    pages = look(mixed_pdf([LETTER, letter_image()]), tmp_path, (1, 2))
    assert isinstance(pages[0], Page)
    assert pages[0].source == "own_text"
    assert isinstance(pages[1], Scan)


def test_a_hidden_layer_over_a_scan_is_not_believed(tmp_path):
    with pikepdf.open(io.BytesIO(scan_pdf([letter_image()]))) as pdf:
        page = pdf.pages[0]
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page.obj.Resources.Font = pikepdf.Dictionary(F1=font)
        layer = b"BT 3 Tr /F1 10 Tf 50 700 Td (" + b"wrong words of long ago " * 20 + b") Tj ET"
        page.contents_add(pdf.make_stream(layer))
        out = io.BytesIO()
        pdf.save(out)
    (sheet,) = look(out.getvalue(), tmp_path)
    assert isinstance(sheet, Scan)

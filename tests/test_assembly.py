"""The PDF/A holds the stored words where they stand on the page, and nothing else has changed."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pikepdf
import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocrmypdf import pdfa as ocrmypdf_pdfa
from pikepdf import pdfa
from PIL import Image, ImageDraw

from archiver.recognise import assembly, picture
from archiver.recognise.document import Document
from archiver.recognise.media import JPEG, PDF, PNG, TIFF
from archiver.recognise.ocrmypdf_plugin import baseline, fonts_of
from archiver.recognise.sheets import Scan, sheets
from archiver.records import Page, Word
from tests.paper import (
    LETTER,
    jpeg,
    letter_image,
    mixed_pdf,
    png,
    scan_pdf,
    signed_pdf,
    text_pdf,
    tiff,
)

CREATED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DPI = 200


def words_on(width, height):
    """A grid of words, each with a text of its own."""
    return tuple(
        Word(f"Wort{row}x{column}", left, top, left + 240, top + 36, 91.0, row, row // 4)
        for row, top in enumerate(range(200, height - 200, 160))
        for column, left in enumerate(range(150, width - 300, 330))
    )


def recognised(number, width, height, *, rotation=0, words=None):
    given = words_on(width, height) if words is None else words
    return Page(number, width, height, DPI, rotation, "recognised", 91.0, given)


def assembled(content, media_type, pages, folder):
    folder.mkdir(exist_ok=True)
    path = folder / "received"
    path.write_bytes(content)
    work = folder / "work"
    work.mkdir()
    with path.open("rb") as stream:
        document = Document(stream.fileno(), media_type)
        return assembly.assemble(document, pages, CREATED, work, max_pages=100)


def placed_words(path, index=0):
    """Word → its box in pixels at DPI of the page as it is shown."""
    with pdfium.PdfDocument(path) as shown:
        page = shown[index]
        height = page.get_mediabox()[3]
        textpage = page.get_textpage()
        text = textpage.get_text_range()
        found = {}
        for word in text.split():
            start = text.index(word)
            boxes = [textpage.get_charbox(start + i) for i in range(len(word))]
            left, right = min(b[0] for b in boxes), max(b[2] for b in boxes)
            top, bottom = max(b[3] for b in boxes), min(b[1] for b in boxes)
            scale = DPI / 72
            found[word] = (
                left * scale,
                (height - top) * scale,
                right * scale,
                (height - bottom) * scale,
            )
        return found, page.get_size()


def check_valid(path, flavour="2b"):
    report = pdfa.validate_written(path, flavour)
    assert report.passed, report.summary()


def test_words_lie_over_their_boxes(tmp_path):
    image = letter_image(dpi=DPI)
    page = recognised(1, *image.size)
    target, findings = assembled(scan_pdf([image], DPI), PDF, [page], tmp_path)
    assert findings == ()
    check_valid(target)
    found, _size = placed_words(target)
    assert set(found) == {word.text for word in page.words}
    for word in page.words:
        left, top, right, bottom = found[word.text]
        assert abs(left - word.left) < 12
        assert abs(right - word.right) < 18
        assert word.top - 4 < top < bottom < word.bottom + 12


def test_the_same_input_gives_the_same_bytes(tmp_path):
    image = letter_image(dpi=100)
    page = recognised(1, *image.size)
    one, _ = assembled(scan_pdf([image], 100), PDF, [page], tmp_path / "one")
    two, _ = assembled(scan_pdf([image], 100), PDF, [page], tmp_path / "two")
    assert one.read_bytes() == two.read_bytes()
    with pikepdf.open(one) as pdf:
        assert str(pdf.open_metadata()["xmp:CreateDate"]).startswith("2026-03-01T12:00:00")


def test_the_picture_of_the_scan_is_kept_bit_for_bit(tmp_path):
    content = scan_pdf([letter_image(dpi=DPI)], DPI)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        (before,) = (one.read_raw_bytes() for one in pdf.pages[0].get_images().values())
    target, _ = assembled(content, PDF, [recognised(1, 1654, 2338)], tmp_path)
    with pikepdf.open(target) as pdf:
        assert before in [one.read_raw_bytes() for one in pdf.pages[0].get_images().values()]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_read_turned_is_shown_turned(tmp_path, turn):
    image = letter_image(dpi=DPI)
    lying = image.rotate(turn, expand=True)  # counter-clockwise, so reading turns it clockwise
    page = recognised(1, *image.size, rotation=turn)
    target, _ = assembled(scan_pdf([lying], DPI), PDF, [page], tmp_path)
    with pdfium.PdfDocument(target) as shown:
        sheet = shown[0]
        assert sheet.get_rotation() == turn
        view = sheet.render(scale=DPI / 72, grayscale=True).to_pil().resize(image.size)
        text = sheet.get_textpage().get_text_range()
    assert {word.text for word in page.words} <= set(text.split())
    ink = (0, 0, image.width, image.height // 2)
    assert sum(view.crop(ink).point(lambda v: v < 128).histogram()[1:]) > 1000
    # The words of the layer, made visible by their boxes, must lie as on the upright page.
    assert [w for w in text.split() if w.startswith("Wort0x")] == [
        w.text for w in page.words if w.line == 0
    ]


def test_own_blank_and_unread_pages_stay_as_they_are(tmp_path):
    image = letter_image(dpi=DPI)
    content = mixed_pdf([LETTER, image, image], DPI)
    pages = [
        Page(1, 2480, 3508, 300, 0, "own_text", None, (Word("Fremd", 0, 0, 9, 9, 100, 0, 0),)),
        recognised(2, *image.size),
        Page(3, *image.size, DPI, 0, "unread", None, ()),
    ]
    target, _ = assembled(content, PDF, pages, tmp_path)
    assert target is not None
    check_valid(target)
    with pdfium.PdfDocument(target) as shown:
        texts = [page.get_textpage().get_text_range().split() for page in shown]
    assert texts[0] == " ".join(LETTER).split()
    assert texts[1] == [word.text for word in pages[1].words]
    assert texts[2] == []


def test_a_wrong_hidden_layer_is_replaced(tmp_path):
    image = letter_image(dpi=DPI)
    first, _ = assembled(
        scan_pdf([image], DPI), PDF, [recognised(1, *image.size)], tmp_path / "first"
    )
    other = (Word("Richtig", 200, 200, 500, 240, 95.0, 0, 0),)
    page = recognised(1, *image.size, words=other)
    again, _ = assembled(first.read_bytes(), PDF, [page], tmp_path / "again")
    with pdfium.PdfDocument(again) as shown:
        assert shown[0].get_textpage().get_text_range().split() == ["Richtig"]
    check_valid(again)


def test_a_signed_pdf_is_never_rewritten(tmp_path):
    target, findings = assembled(signed_pdf(), PDF, [recognised(1, 1654, 2338)], tmp_path)
    assert (target, findings) == (None, ("signed",))


def alpha_png():
    image = Image.new("RGBA", (800, 1000), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((100, 100, 300, 200), fill=(0, 0, 0, 255))
    return png(image)


def deep_png():
    image = Image.new("I;16", (400, 500), 65535)
    image.paste(0, (100, 100, 200, 200))
    return png(image)


def phone_jpeg():
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    letter_image(dpi=100).rotate(90, expand=True).save(out, format="JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "media_type", "count"),
    [
        (lambda: tiff([letter_image()] * 3), TIFF, 3),
        (lambda: tiff([letter_image()] * 2, "tiff_lzw"), TIFF, 2),
        (lambda: tiff([letter_image()], "jpeg"), TIFF, 1),
        (lambda: jpeg(letter_image()), JPEG, 1),
        (phone_jpeg, JPEG, 1),
        (lambda: png(letter_image()), PNG, 1),
        (lambda: png(letter_image().convert("P")), PNG, 1),
        (alpha_png, PNG, 1),
        (deep_png, PNG, 1),
    ],
)
def test_image_files_become_pdf_a_with_the_pixels_that_were_read(tmp_path, make, media_type, count):
    content = make()
    path = tmp_path / "image"
    path.write_bytes(content)
    with path.open("rb") as stream:
        document = Document(stream.fileno(), media_type)
        wanted = range(1, count + 1)
        scans = list(sheets(document, wanted, max_pixels=10**8))
    assert len(scans) == count
    assert all(isinstance(scan, Scan) for scan in scans)
    pages = [
        Page(
            scan.number,
            *scan.gray.image.size,
            scan.gray.dpi,
            0,
            "recognised",
            90.0,
            (Word("Probe", 20, 20, 120, 60, 90.0, 0, 0),),
        )
        for scan in scans
    ]
    target, findings = assembled(content, media_type, pages, tmp_path / "out")
    assert findings == ()
    check_valid(target)
    with pdfium.PdfDocument(target) as shown:
        assert len(shown) == count
        for sheet, scan in zip(shown, scans, strict=True):
            image = scan.gray.image
            scale = image.width / sheet.get_size()[0]
            view = sheet.render(scale=scale, grayscale=True).to_pil().resize(image.size)
            small = (60, 80)
            one, two = view.resize(small).tobytes(), image.resize(small).tobytes()
            assert sum(abs(a - b) for a, b in zip(one, two, strict=True)) / len(one) < 4
            assert sheet.get_textpage().get_text_range().split() == ["Probe"]


def test_type_that_is_not_embedded_is_embedded_or_refused(tmp_path):
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page = pdf.pages[0]
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.obj.Contents = pdf.make_stream(b"BT /F1 12 Tf 72 700 Td (Antrag auf Wohngeld) Tj ET")
        out = io.BytesIO()
        pdf.save(out)
    own = Page(1, 2480, 3508, 300, 0, "own_text", None, (Word("x", 0, 0, 9, 9, 100, 0, 0),))
    target, findings = assembled(out.getvalue(), PDF, [own], tmp_path)
    if target is None:
        assert findings == ("pdfa_failed",)
    else:
        assert findings == ("converted",)
        check_valid(target)
        with pdfium.PdfDocument(target) as shown:
            assert "Wohngeld" in shown[0].get_textpage().get_text_range()


def test_a_converter_that_loses_text_is_found_out(tmp_path):
    whole, poorer = tmp_path / "whole.pdf", tmp_path / "poorer.pdf"
    whole.write_bytes(text_pdf())
    poorer.write_bytes(text_pdf([[*LETTER[:-1], "Mit freundlichen Grü en"]]))
    assert assembly.looks_alike(whole, whole)
    assert not assembly.looks_alike(whole, poorer)


def word_at(text, left, bottom, width=100, height=30):
    return Word(text, left, bottom - height, left + width, bottom, 90.0, 0, 0)


def test_the_baseline_leans_with_the_line_and_ignores_descenders():
    words = [word_at("muss", x, 500 + x // 50) for x in range(0, 1000, 150)]
    slope, intercept = baseline([*words, word_at("gypsum", 1000, 535)])
    assert slope == pytest.approx(0.02, abs=0.004)
    assert -40 < intercept <= 0


boxes = st.builds(
    word_at, st.sampled_from(["a", "g", "Wort", "("]), st.integers(0, 3000), st.integers(40, 400)
)


@given(st.lists(boxes, min_size=1, max_size=12))
def test_a_baseline_never_leaves_the_line(words):
    slope, intercept = baseline(words)
    height = max(w.bottom for w in words) - min(w.top for w in words)
    assert abs(slope) < 0.1
    assert -height <= intercept <= 0


def test_a_picture_without_resolution_is_taken_for_a_sheet(tmp_path):
    out = io.BytesIO()
    Image.new("L", (2480, 3508), 255).save(out, format="PNG")
    path = tmp_path / "plain.png"
    path.write_bytes(out.getvalue())
    with path.open("rb") as stream, picture.opened(Document(stream.fileno(), PNG)) as image:
        assert picture.resolution(image)[0] == pytest.approx(300, abs=1)


def form_with_shared_resources(fields):
    """A form as programs write it: the drawing of each field names the form's own resources."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        name, table = pikepdf.Name, pikepdf.Dictionary
        font = pdf.make_indirect(table(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica))
        shared = pdf.make_indirect(table(Font=table(Helv=font), XObject=table()))
        notes = []
        for number in range(fields):
            look = pdf.make_stream(b"BT /Helv 12 Tf (Wert) Tj ET", Subtype=name.Form)
            look.Resources = shared
            shared.XObject[f"/F{number}"] = look
            notes.append(pdf.make_indirect(table(Subtype=name.Widget, AP=table(N=look))))
        pdf.pages[0].obj.Annots = pikepdf.Array(notes)
        pdf.Root.AcroForm = table(DR=shared, Fields=pikepdf.Array(notes))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


@pytest.mark.timeout(20)
def test_fonts_of_a_form_are_each_looked_at_once():
    with pikepdf.open(io.BytesIO(form_with_shared_resources(40))) as pdf:
        assert ocrmypdf_pdfa.find_nonembedded_fonts(pdf) == {"Helvetica"}
        assert len(list(fonts_of(pdf))) == 1

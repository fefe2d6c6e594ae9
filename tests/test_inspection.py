"""The first look, blank pages and pixels, in this process: all files are made here."""

from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image, ImageDraw

from archiver.errors import DocumentFault
from archiver.recognise.blank import INK_OF_A_BLANK, ink_ratio, looks_blank
from archiver.recognise.document import Document
from archiver.recognise.inspection import inspect, looks_like_bomb
from archiver.recognise.media import JPEG, PDF, PNG, TIFF
from archiver.recognise.raster import fitting_dpi, reading_size
from archiver.recognise.sheets import Scan, sheets
from tests.paper import (
    blank_image,
    bomb_png,
    encrypted_pdf,
    jpeg,
    letter_image,
    png,
    scan_pdf,
    signed_pdf,
    text_pdf,
    tiff,
    truncated_pdf,
)

pytestmark = pytest.mark.pure


def first_look(content, media_type, tmp_path, max_pages=100):
    path = tmp_path / "received"
    path.write_bytes(content)
    with path.open("rb") as stream:
        return inspect(Document(stream.fileno(), media_type), max_pages=max_pages)


def saved(pdf):
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def no_pages():
    return saved(pikepdf.new())


def torn(content):
    return content[: len(content) // 2]


def dynamic_form():
    with pikepdf.open(io.BytesIO(text_pdf())) as pdf:
        pdf.Root.AcroForm = pikepdf.Dictionary(XFA=pdf.make_stream(b"<xdp/>"), Fields=[])
        pdf.Root.NeedsRendering = True
        return saved(pdf)


@pytest.mark.parametrize(
    ("make", "media_type", "reason"),
    [
        (lambda: b"", PDF, "empty_file"),
        (truncated_pdf, PDF, "truncated"),
        (lambda: b"%PDF-1.7\n1 0 obj\nrubbish\nstartxref\n5\n%%EOF\n", PDF, "damaged"),
        (encrypted_pdf, PDF, "encrypted"),
        (lambda: encrypted_pdf(user=""), PDF, "encrypted"),
        (no_pages, PDF, "no_pages"),
        (dynamic_form, PDF, "dynamic_xfa"),
        (bomb_png, PNG, "looks_like_bomb"),
        (lambda: png(letter_image())[:-2000], PNG, "truncated"),
        (lambda: jpeg(letter_image())[:-2000], JPEG, "truncated"),
        (lambda: torn(tiff([letter_image()])), TIFF, {"truncated", "damaged"}),
        (lambda: b"\xff\xd8\xff" + b"rubbish" * 9 + b"\xff\xd9", JPEG, "damaged"),
        (lambda: tiff([letter_image(dpi=50)] * 4), TIFF, "too_many_pages"),
    ],
)
def test_what_cannot_be_worked_on_says_why(make, media_type, reason, tmp_path):
    with pytest.raises(DocumentFault) as caught:
        first_look(make(), media_type, tmp_path, max_pages=3)
    assert caught.value.reason in ({reason} if isinstance(reason, str) else reason)


def test_a_signature_is_told_by_its_byte_range(tmp_path):
    found = first_look(signed_pdf(), PDF, tmp_path)
    assert found.signed
    assert "signed" in found.findings
    assert not first_look(text_pdf(), PDF, tmp_path).signed


@pytest.mark.parametrize(
    ("name", "expected"),
    [("factur-x.xml", True), ("ZUGFeRD-invoice.XML", True), ("Plan.pdf", False), (None, False)],
)
def test_an_xml_among_the_attachments_may_be_an_invoice(name, expected, tmp_path):
    with pikepdf.open(io.BytesIO(text_pdf())) as pdf:
        if name:
            pdf.attachments["1"] = pikepdf.AttachedFileSpec(pdf, b"<a/>", filename=name)
        content = saved(pdf)
    assert first_look(content, PDF, tmp_path).invoice is expected


def test_a_broken_list_of_attachments_does_not_stop_the_reading(tmp_path):
    with pikepdf.open(io.BytesIO(text_pdf())) as pdf:
        pdf.Root.Names = pikepdf.Dictionary(
            EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("a.xml"), 7]))
        )
        content = saved(pdf)
    assert first_look(content, PDF, tmp_path).invoice is False


def test_a_mended_file_says_so(tmp_path):
    broken = text_pdf().replace(b"startxref\n", b"startxref\n9", 1)
    assert first_look(broken, PDF, tmp_path).findings == ("repaired",)


def test_pages_are_listed_with_their_size(tmp_path):
    found = first_look(scan_pdf([letter_image()] * 2), PDF, tmp_path)
    assert len(found.sheets) == 2
    assert found.sheets[0].width == pytest.approx(595, abs=2)
    assert found.sheets[0].pixels == 1654 * 2338


def test_an_empty_fax_page_is_no_bomb(tmp_path):
    page = tiff([Image.new("L", (7000, 9900), 255)], dpi=600)
    assert first_look(page, TIFF, tmp_path).sheets[0].pixels == 7000 * 9900
    assert looks_like_bomb(144_000_000, 17_000)
    assert not looks_like_bomb(8_700_000, 450)


def look(content, media_type, tmp_path, max_pixels=10**8):
    path = tmp_path / "received"
    path.write_bytes(content)
    with path.open("rb") as stream:
        (sheet,) = sheets(Document(stream.fileno(), media_type), [1], max_pixels=max_pixels)
    return sheet


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_scan_is_read_from_the_scanners_own_pixels(tmp_path, turn):
    picture = jpeg(letter_image(dpi=300), 300)
    with pikepdf.open(io.BytesIO(scan_pdf([letter_image(dpi=300)], 300))) as pdf:
        (stream,) = pdf.pages[0].get_images().values()
        stream.write(picture, filter=pikepdf.Name.DCTDecode)
        pdf.pages[0].Rotate = turn
        content = saved(pdf)
    sheet = look(content, PDF, tmp_path)
    bare = Image.open(io.BytesIO(picture)).convert("L").rotate(-turn, expand=True)
    assert isinstance(sheet, Scan)
    assert sheet.gray.image.tobytes() == bare.tobytes()
    assert sheet.gray.dpi == pytest.approx(300, abs=0.5)


def unusual(change):
    with pikepdf.open(io.BytesIO(scan_pdf([letter_image(dpi=200)]))) as pdf:
        (stream,) = pdf.pages[0].get_images().values()
        change(pdf, pdf.pages[0], stream)
        return saved(pdf)


def inverted(_pdf, _page, stream):
    stream.Decode = [1, 0]


def mirrored(pdf, page, _stream):
    content = page.Contents.read_bytes()
    page.Contents = pdf.make_stream(b"-1 0 0 1 595 0 cm\n" + content)


def covered(pdf, page, _stream):
    page.contents_add(pdf.make_stream(b"q 0 g 0 0 300 842 re f Q"))


@pytest.mark.parametrize("change", [inverted, mirrored, covered])
def test_an_unusual_picture_is_read_as_it_is_shown(tmp_path, change):
    import pypdfium2 as pdfium

    content = unusual(change)
    sheet = look(content, PDF, tmp_path)
    assert isinstance(sheet, Scan)
    with pdfium.PdfDocument(content) as shown:
        view = shown[0].render(scale=1, grayscale=True).to_pil().resize((120, 160))
    mine = sheet.gray.image.resize((120, 160))
    difference = sum(abs(a - b) for a, b in zip(mine.tobytes(), view.tobytes(), strict=True))
    assert difference / 120 / 160 < 5


def test_a_page_too_large_stays_unread(tmp_path):
    sheet = look(scan_pdf([letter_image()]), PDF, tmp_path, max_pixels=1_000_000)
    assert sheet.source == "unread"
    sheet = look(tiff([letter_image()]), TIFF, tmp_path, max_pixels=1_000_000)
    assert sheet.source == "unread"


def test_the_resolution_fits_the_sheet():
    assert fitting_dpi(8.27, 11.69, 10**8) == 300
    assert 150 <= fitting_dpi(33, 47, 10**8) < 300
    assert fitting_dpi(100, 100, 10**8) is None
    assert reading_size(2480, 3508, 300, 300, 10**8) == (2480, 3508, 300)
    assert reading_size(4960, 7016, 600, 600, 10**8) == (2480, 3508, 300)
    assert reading_size(1728, 1143, 204, 98, 10**8) == (2541, 3499, 300)


def test_blank_pages_are_told_from_pages_with_one_line():
    assert looks_blank(blank_image())
    assert looks_blank(blank_image(300, specks=200))
    one_line = letter_image(["Bitte wenden, siehe Rückseite dieses Blattes"])
    assert not looks_blank(one_line)
    assert ink_ratio(one_line) > 2 * INK_OF_A_BLANK


def test_streaks_and_shadows_of_the_scanner_are_no_ink():
    page = blank_image(300)
    draw = ImageDraw.Draw(page)
    draw.line((700, 0, 700, page.height), fill=20, width=4)
    draw.line((0, 900, page.width, 900), fill=20, width=4)
    draw.rectangle((0, 0, 30, page.height), fill=0)
    assert looks_blank(page)
    assert not looks_blank(Image.new("L", page.size, 10))

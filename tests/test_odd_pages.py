"""Odd files of known kinds: each is read as far as a viewer shows it, or told in a sentence."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

import img2pdf
import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from archiver.errors import DocumentFault
from archiver.extract import einvoice
from archiver.extract.einvoice_reading import examine
from archiver.phrases import sentence
from archiver.recognise import messages
from archiver.recognise.document import Document
from archiver.recognise.inspection import MOST_TINY, are_scraps, inspect
from archiver.recognise.inspection import Sheet as Described
from archiver.recognise.media import PDF, PNG, TIFF
from archiver.recognise.sheets import Scan, sheets
from archiver.recognise.textlayer import _within
from archiver.records import Page
from tests import corpora, paper

pytestmark = pytest.mark.pure


def look(content: bytes, media_type: str, folder: Path) -> list[Page | Scan]:
    path = folder / "received"
    path.write_bytes(content)
    with path.open("rb") as stream:
        document = Document(stream.fileno(), media_type)
        count = len(inspect(document, max_pages=5000).sheets)
        return list(sheets(document, range(1, count + 1), max_pixels=100_000_000))


def cut_scan(mode: str, share: float) -> bytes:
    """A scan whose JPEG stream ends early, as a broken copy leaves it; the PDF itself is whole."""
    image = paper.letter_image().convert(mode)
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=70)
    whole = encoded.getvalue()
    made = img2pdf.convert(whole, layout_fun=img2pdf.get_fixed_dpi_layout_fun((200, 200)))
    with pikepdf.open(io.BytesIO(made)) as pdf:
        (picture,) = pdf.pages[0].get_images().values()
        picture.write(whole[: int(len(whole) * share)], filter=pikepdf.Name.DCTDecode)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("share", [0.85, 0.5])
def test_a_scan_that_ends_early_is_read_as_far_as_it_goes(
    tmp_path: Path, mode: str, share: float
) -> None:
    (scan,) = look(cut_scan(mode, share), PDF, tmp_path)
    assert isinstance(scan, Scan)
    upper = scan.gray.image.crop((0, 0, scan.gray.image.width, scan.gray.image.height // 3))
    assert upper.getextrema()[0] < 80


def test_a_code_beyond_unicode_is_one_bad_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pypdfium2.raw as raw

    real: Callable[[object, int], int] = raw.FPDFText_GetUnicode
    odd = {3: 0x110000, 8: 0xFFFFFFFF, 10: 0xD800}
    monkeypatch.setattr(raw, "FPDFText_GetUnicode", lambda page, at: odd.get(at) or real(page, at))
    (page,) = look(paper.text_pdf([paper.LETTER * 3]), PDF, tmp_path)
    assert isinstance(page, Page)
    assert page.words[0].text == "Sta\ufffdt"


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(1, 200_000))
def test_a_place_that_is_no_number_lies_on_the_page(value: float, limit: int) -> None:
    assert 0 <= _within(value, limit) <= limit
    if math.isfinite(value) and 0 <= value <= limit:
        assert _within(value, limit) == round(value)


@pytest.mark.parametrize("side", [14_400, 1_000_000, 2_000_000_000])
def test_a_sheet_of_any_size_is_a_page(tmp_path: Path, side: int) -> None:
    with pikepdf.open(io.BytesIO(paper.text_pdf())) as pdf:
        pdf.pages[0].mediabox = [0, 0, side, side]
        out = io.BytesIO()
        pdf.save(out)
    (page,) = look(out.getvalue(), PDF, tmp_path)
    assert isinstance(page, Page)
    messages.check_page(page)


def test_a_roll_is_kept_and_not_read(tmp_path: Path) -> None:
    image = Image.new("L", (90, 33_000), 255)
    ImageDraw.Draw(image).rectangle((10, 10, 80, 30_000), fill=0)
    (page,) = look(paper.png(image), PNG, tmp_path)
    assert isinstance(page, Page)
    assert page.source == "unread"


def tiny_tiff(frames: int, dpi: tuple[int, int] | None = (300, 300)) -> bytes:
    first, *rest = [Image.new("1", (40 + number % 2, 40), 1) for number in range(frames)]
    out = io.BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=rest, **({"dpi": dpi} if dpi else {}))
    return out.getvalue()


@pytest.mark.parametrize("dpi", [(300, 300), (1, 1), None])
def test_scraps_by_the_hundred_are_told_and_not_read(
    tmp_path: Path, dpi: tuple[int, int] | None
) -> None:
    assert len(look(tiny_tiff(10, dpi), TIFF, tmp_path)) == 10
    with pytest.raises(DocumentFault) as fault:
        look(tiny_tiff(MOST_TINY + 1, dpi), TIFF, tmp_path)
    assert fault.value.reason == "tiny_pages"
    assert "201" in sentence("tiny_pages", fault.value.params)
    assert fault.value.reason in messages.FAULTS


def test_many_small_papers_are_no_scraps() -> None:
    a6, card = Described(298, 420, 2_000_000), Described(240, 150, 0)
    assert not are_scraps(PDF, [a6] * 4000)
    assert not are_scraps(PDF, [card] * 4000)
    assert are_scraps(PDF, [Described(20, 30, 900)] * 4000)
    # A sheet whose file says a wrong resolution is small on paper, not in pixels.
    assert not are_scraps(PDF, [Described(100, 140, 8_000_000)] * 4000)
    assert not are_scraps(TIFF, [Described(100, 140, 8_000_000)] * 4000)


UBL = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"


def invoice(lines: int, notes: int = 1, note: str = "Zahlbar sofort") -> bytes:
    line = "<InvoiceLine><ID>{n}</ID><Item><Name>Kies</Name></Item></InvoiceLine>"
    return (
        f'<Invoice xmlns="{UBL}"><ID>R1</ID>'
        + f"<Note>{note}</Note>" * notes
        + "".join(line.format(n=number) for number in range(lines))
        + "</Invoice>"
    ).encode()


@pytest.mark.parametrize(
    ("xml", "cut"),
    [
        (invoice(3), False),
        (invoice(10_000), False),
        (invoice(10_001), True),
        (invoice(1, einvoice.MOST_NOTES), False),
        (invoice(1, einvoice.MOST_NOTES + 1), True),
        (invoice(1, 1, "x" * (einvoice.LONGEST_TEXT + 1)), True),
    ],
)
def test_an_invoice_of_which_something_is_left_out_says_so(xml: bytes, cut: bool) -> None:
    found = einvoice.read(xml)
    assert found.cut is cut
    assert len(found.lines) <= einvoice.MOST_LINES


def test_what_is_left_out_of_an_invoice_is_a_finding() -> None:
    from datetime import UTC, datetime

    xml = io.BytesIO(invoice(1, einvoice.MOST_NOTES + 1))
    examined = examine(xml, "application/xml", datetime(2026, 3, 1, tzinfo=UTC))
    assert examined is not None
    assert "invoice_cut" in examined.statement.findings
    assert sentence("invoice_cut") != "invoice_cut"


@corpora.needs(corpora.CASES)
@pytest.mark.parametrize("name", ["damaged-gray-jpeg.pdf", "textlayer-overflow.pdf"])
def test_cases_of_others_are_read(tmp_path: Path, name: str) -> None:
    assert look((corpora.CASES / name).read_bytes(), PDF, tmp_path)

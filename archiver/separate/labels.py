"""Separator sheets and archive number labels as a PDF to print on A4.

Promises the same bytes for the same arguments, vector shapes at their true size (print without
scaling; 90 to 110 % is still read), and separator sheets that older software and scanners'
firmware understand too: Patch-T bars lead in whichever way round the sheet is fed. The large QR
code stands twice, so that one stain does not silence both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from archiver.errors import SystemFault, UsageFault
from archiver.separate.sheets import NumberMark, SheetMark, payload

if TYPE_CHECKING:
    from fpdf import FPDF

Symbol = Literal["qr", "code128"]

A4_MM = (210.0, 297.0)
NARROW_MM, WIDE_MM = 2.032, 5.08
"""Bars of a patch code: .08 and .2 inch; the gaps between them are narrow."""
PATCH_T = (NARROW_MM, WIDE_MM, NARROW_MM, WIDE_MM)
LABEL_COLUMNS, LABEL_ROWS = 3, 8
LABEL_MM = (70.0, 37.0)

_BARS_LENGTH_MM = 170.0
_EDGE_MM = 9.0
_LARGE_QR_MM, _SMALL_QR_MM, _LABEL_QR_MM = 75.0, 42.0, 24.0
_BARCODE_HEIGHT_MM = 15.0
_MOST_MODULE_MM, _MOST_BARCODE_MM = 0.5, 58.0
_FONT = "sheet"
_LEAST_POINTS = 9.0


class Sheet(msgspec.Struct, frozen=True):
    """One separator sheet to be printed.

    Attributes:
        mark: what its code says.
        class_title: title of the record class for people; the key is printed as well.
        dossier_title: title of the dossier for people.
    """

    mark: SheetMark
    class_title: str = ""
    dossier_title: str = ""


class Wording(msgspec.Struct, frozen=True):
    """The words on a separator sheet; German ones unless the caller has others."""

    heading: str = "Trennblatt"
    any_class: str = "ohne Vorgabe"
    record_class: str = "Dokumentart"
    reference: str = "Aktenzeichen"
    dossier: str = "Akte"
    advice: tuple[str, ...] = (
        "Vor jedes Schriftstück ein Blatt legen.",
        "Das Blatt wird nicht Teil der Akte",
        "und kann wieder verwendet werden.",
        "In Originalgröße (100 %) drucken,",
        "Balken und Codes nicht beschriften.",
    )


def separator_sheets(
    sheets: Sequence[Sheet], created: datetime, *, key: bytes = b"", words: Wording | None = None
) -> bytes:
    """Make separator sheets, one a page.

    Args:
        sheets: at least one.
        created: date for the file's metadata; the only clock there is.
        key: see `archiver.separate.sheets.payload`.
        words: the words to print.

    Returns:
        a PDF.

    Raises:
        UsageFault: ``nothing_to_print``, or as `archiver.separate.sheets.payload`.
        SystemFault: ``font_missing``.
    """
    if not sheets:
        raise UsageFault("nothing_to_print")
    pdf = _paper(created)
    for sheet in sheets:
        pdf.add_page()
        _draw_sheet(pdf, sheet, payload(sheet.mark, key=key), words or Wording())
    return bytes(pdf.output())


def number_labels(
    numbers: Sequence[str],
    created: datetime,
    *,
    symbol: Symbol = "qr",
    skip: int = 0,
    key: bytes = b"",
) -> bytes:
    """Make labels with archive numbers for sheets of 3 by 8 labels of 70 by 37 mm.

    Args:
        numbers: as they are to be read again, with prefix and leading zeros.
        created: date for the file's metadata.
        symbol: ``qr`` with check value, or ``code128`` with the bare number.
        skip: labels that the first sheet lacks already.
        key: see `archiver.separate.sheets.payload`.

    Returns:
        a PDF.

    Raises:
        UsageFault: ``nothing_to_print``; ``label_not_ascii`` for a Code 128; or as
            `archiver.separate.sheets.payload`.
        SystemFault: ``font_missing``.
    """
    if not numbers:
        raise UsageFault("nothing_to_print")
    pdf = _paper(created)
    sheet_size = LABEL_COLUMNS * LABEL_ROWS
    skip %= sheet_size
    top_margin = (A4_MM[1] - LABEL_ROWS * LABEL_MM[1]) / 2
    for place, number in enumerate(numbers, start=skip):
        if place in (skip, place // sheet_size * sheet_size):
            pdf.add_page()
        row, column = divmod(place % sheet_size, LABEL_COLUMNS)
        left, top = column * LABEL_MM[0], top_margin + row * LABEL_MM[1]
        if symbol == "qr":
            _draw_qr(pdf, payload(NumberMark(number), key=key), left + 6, top + 6.5, _LABEL_QR_MM)
            _write(pdf, number, left + 33, top + 15, 34, 13)
        else:
            _draw_code128(pdf, number, left, top + 6)
            _write(pdf, number, left + 6, top + 7 + _BARCODE_HEIGHT_MM, 58, 13)
    return bytes(pdf.output())


def _paper(created: datetime) -> FPDF:
    """Open an empty document with its font."""
    from fpdf import FPDF

    # Noto Sans comes with OCRmyPDF; the built-in fonts of PDF lack many letters of names.
    package = find_spec("ocrmypdf")
    font = Path(package.origin or "").parent / "data" / "NotoSans-Regular.ttf" if package else None
    if font is None or not font.is_file():
        raise SystemFault("font_missing", font="NotoSans-Regular.ttf")
    pdf = FPDF(format="A4")
    pdf.set_creation_date(created)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font(_FONT, fname=font)
    pdf.set_fill_color(0)
    return pdf


def _draw_sheet(pdf: FPDF, sheet: Sheet, text: str, words: Wording) -> None:
    """Draw one separator sheet."""
    bars = (A4_MM[0] - _BARS_LENGTH_MM) / 2
    for top, height in _bars(_EDGE_MM, PATCH_T):
        pdf.rect(bars, top, _BARS_LENGTH_MM, height, style="F")
        pdf.rect(bars, A4_MM[1] - top - height, _BARS_LENGTH_MM, height, style="F")
    _write(pdf, words.heading, 20, 36, 170, 30)
    _draw_qr(pdf, text, (A4_MM[0] - _LARGE_QR_MM) / 2, 56, _LARGE_QR_MM)
    mark = sheet.mark
    titled = " – ".join(part for part in (sheet.class_title, mark.record_class) if part)
    dossier = " – ".join(part for part in (sheet.dossier_title, mark.dossier) if part)
    lines = (
        (words.record_class, titled or words.any_class),
        (words.reference, mark.reference or words.any_class),
        (words.dossier, dossier or words.any_class),
    )
    for number, (label, value) in enumerate(lines):
        top = 142 + number * 20
        _write(pdf, label, 20, top, 170, 11)
        _write(pdf, value, 20, top + 6, 170, 22)
    _draw_qr(pdf, text, 20, 210, _SMALL_QR_MM)
    for number, line in enumerate(words.advice):
        _write(pdf, line, 72, 213 + number * 7, 118, 12)


def _bars(top: float, heights: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Give top and height of each bar of a patch code, in millimetres."""
    for height in heights:
        yield top, height
        top += height + NARROW_MM


def _write(pdf: FPDF, text: str, left: float, top: float, width: float, points: float) -> None:
    """Write one line; smaller where it is too long, and cut where that does not help."""
    pdf.set_font(_FONT, size=points)
    while pdf.get_string_width(text) > width and points > _LEAST_POINTS:
        points -= 1
        pdf.set_font_size(points)
    while pdf.get_string_width(text) > width:
        text = text[:-2] + "…"
    pdf.set_xy(left, top)
    pdf.cell(width, points * 0.5, text)


def _draw_qr(pdf: FPDF, text: str, left: float, top: float, size: float) -> None:
    """Draw a QR code of level H without its quiet zone; `size` in millimetres."""
    import segno

    rows = list(segno.make_qr(text, error="h", boost_error=False).matrix)
    module = size / len(rows)
    for number, row in enumerate(rows):
        for start, length in _runs(row):
            pdf.rect(
                left + start * module, top + number * module, length * module, module, style="F"
            )


def _draw_code128(pdf: FPDF, text: str, left: float, top: float) -> None:
    """Draw a Code 128 in the middle of a label that begins at `left`."""
    import zxingcpp

    if not text.isascii() or not text.isprintable():
        raise UsageFault("label_not_ascii")
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    picture = memoryview(made.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
    _height, width = picture.shape or (0, 0)
    row = [picture[0, x] == 0 for x in range(width)]
    module = min(_MOST_MODULE_MM, _MOST_BARCODE_MM / len(row))
    left += (LABEL_MM[0] - len(row) * module) / 2
    for start, length in _runs(row):
        pdf.rect(left + start * module, top, length * module, _BARCODE_HEIGHT_MM, style="F")


def _runs(row: Sequence[int | bool]) -> Iterator[tuple[int, int]]:
    """Give start and length of each run of dark modules."""
    start = None
    for place, dark in enumerate((*row, False)):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place - start
            start = None

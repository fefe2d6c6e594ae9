"""Paper for tests: small functions that make pages, scans and broken files in memory.

Promises the same bytes for the same arguments (no clock; noise comes from a seed), plain values
(`PIL.Image` or ``bytes``) and no files left behind. `encrypted_pdf` alone differs from call to
call, because encryption salts itself. All text on the pages is the caller's.

Use it in a test by ``from tests.paper import letter_image, scan_pdf``; the pictures that are too
large for an engine (`bomb_png`, `plan_g4`) stand in `tests.giants` and can be had from here too.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import fpdf
import img2pdf
import pikepdf
from PIL import Image, ImageDraw, ImageFont

from tests.giants import bomb_png as bomb_png
from tests.giants import plan_g4 as plan_g4

FontName = Literal["sans", "serif", "mono"]
Compression = Literal["group4", "tiff_lzw", "jpeg", "tiff_adobe_deflate", "raw"]

FONT_FILES: dict[FontName, str] = {
    "sans": "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "serif": "/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf",
    "mono": "/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf",
}
A4_INCHES = (8.27, 11.69)
MARGIN_INCHES = 0.9
PASSWORD = "geheim"
LETTER = (
    "Stadt Musterbach",
    "Bauamt",
    "",
    "Aktenzeichen: 632.21-12/2024",
    "Musterbach, den 12. März 2024",
    "",
    "Sehr geehrte Frau Müller,",
    "",
    "der Bauantrag für das Grundstück Lindenstraße 4 ist",
    "vollständig eingegangen. Die Baugenehmigung wird erteilt.",
    "",
    "Mit freundlichen Grüßen",
)


def _a4(dpi: int) -> tuple[int, int]:
    return round(A4_INCHES[0] * dpi), round(A4_INCHES[1] * dpi)


def blank_image(dpi: int = 200, *, specks: int = 40, seed: int = 1) -> Image.Image:
    """A gray A4 page (mode L) with nothing on it but ``specks`` faint dots of dust."""
    page = Image.new("L", _a4(dpi), 246)
    draw = ImageDraw.Draw(page)
    chance = random.Random(seed)
    for _ in range(specks):
        x, y = chance.randrange(page.width), chance.randrange(page.height)
        draw.point((x, y), fill=chance.randrange(150, 220))
    return page


def letter_image(
    text_lines: Sequence[str] = LETTER,
    dpi: int = 200,
    font: FontName = "sans",
    size: float = 11,
    *,
    skew: float = 0,
    rotation: int = 0,
) -> Image.Image:
    """A gray A4 page (mode L) with the lines printed from the top left, 1.4 lines apart.

    Args:
        text_lines: one printed line each; an empty one leaves a gap. They are not wrapped.
        dpi: resolution; also set as ``info["dpi"]``.
        font: sans, serif or mono (Liberation).
        size: of the letters, in points.
        skew: degrees counter-clockwise, as paper lies askew.
        rotation: 0, 90, 180 or 270 degrees counter-clockwise, as paper is fed wrongly.

    Raises:
        ValueError: a line is too wide or there are too many; a test must not lose words.
    """
    page = Image.new("L", _a4(dpi), 250)
    draw = ImageDraw.Draw(page)
    pixels = round(size * dpi / 72)
    face = ImageFont.truetype(FONT_FILES[font], pixels)
    margin = round(MARGIN_INCHES * dpi)
    y = margin
    for line in text_lines:
        if draw.textlength(line, font=face) > page.width - 2 * margin:
            raise ValueError(f"line too wide for the page: {line!r}")
        draw.text((margin, y), line, font=face, fill=25)
        y += round(1.4 * pixels)
    if y > page.height - margin // 2:
        raise ValueError(f"{len(text_lines)} lines do not fit the page")
    if skew:
        page = page.rotate(skew, Image.Resampling.BICUBIC, fillcolor=250)
    if rotation:
        page = page.rotate(rotation, expand=True)
    page.info["dpi"] = (dpi, dpi)
    return page


def scan_pdf(images: Sequence[Image.Image], dpi: int = 200, *, quality: int = 65) -> bytes:
    """A PDF as a scanner writes it: one picture a page and no text.

    Gray and colour pictures become JPEG of that quality, pictures of mode 1 become G4.
    """
    files = [
        tiff([image], "group4", dpi) if image.mode == "1" else jpeg(image, dpi, quality=quality)
        for image in images
    ]
    layout = img2pdf.get_fixed_dpi_layout_fun((dpi, dpi))
    made = img2pdf.convert(files, layout_fun=layout, nodate=True, engine=img2pdf.Engine.internal)
    assert isinstance(made, bytes)
    return made


def jpeg(image: Image.Image, dpi: int = 200, *, quality: int = 65) -> bytes:
    """The picture as a JPEG file that says its resolution."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(dpi, dpi))
    return out.getvalue()


def png(image: Image.Image, dpi: int = 200) -> bytes:
    """The picture as a PNG file that says its resolution."""
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def tiff(
    images: Sequence[Image.Image], compression: Compression = "group4", dpi: int = 200
) -> bytes:
    """A TIFF of one or more pages; for G4 gray pictures are cut to black and white at 150."""
    if compression == "group4":
        images = [bitonal(image) for image in images]
    out = io.BytesIO()
    first, *rest = images
    first.save(
        out,
        "TIFF",
        compression=compression,
        dpi=(dpi, dpi),
        save_all=True,
        append_images=rest,
    )
    return out.getvalue()


def bitonal(image: Image.Image, threshold: int = 150) -> Image.Image:
    """The picture in black and white (mode 1): black where it is darker than the threshold."""
    if image.mode == "1":
        return image
    return image.convert("L").point([0] * threshold + [255] * (256 - threshold), "1")


def text_pdf(lines_per_page: Sequence[Sequence[str]] = (LETTER,), font: FontName = "sans") -> bytes:
    """A born-digital PDF with real text, one inner sequence a page, one string a line."""
    document = fpdf.FPDF(format="A4")
    document.set_creation_date(datetime(2024, 3, 12, 8, 15, tzinfo=UTC))
    document.set_auto_page_break(False)
    document.set_margin(MARGIN_INCHES * 25.4)
    document.add_font("paper", fname=FONT_FILES[font])
    document.set_font("paper", size=11)
    for lines in lines_per_page:
        document.add_page()
        for line in lines:
            if line:
                document.cell(text=line, h=6)
            document.ln(6)
    return bytes(document.output())


def mixed_pdf(pages: Sequence[Sequence[str] | Image.Image] | None = None, dpi: int = 200) -> bytes:
    """A PDF whose pages are real text (a sequence of lines) or scans (a picture), in that order.

    Without pages: one text page, then one scanned page, both with `LETTER`.
    """
    chosen = pages if pages is not None else (LETTER, letter_image(dpi=dpi))
    with pikepdf.new() as whole:
        for page in chosen:
            made = (
                scan_pdf([page], dpi) if isinstance(page, Image.Image) else text_pdf([list(page)])
            )
            with pikepdf.open(io.BytesIO(made)) as part:
                whole.pages.extend(part.pages)
        return _saved(whole)


def encrypted_pdf(
    lines: Sequence[str] = LETTER, *, user: str = PASSWORD, owner: str = "amtsleitung"
) -> bytes:
    """A PDF that asks for a password on opening; with ``user=""`` only editing is locked."""
    with pikepdf.open(io.BytesIO(text_pdf([lines]))) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(user=user, owner=owner))
        return out.getvalue()


def truncated_pdf(whole: bytes | None = None, share: float = 0.5) -> bytes:
    """The first ``share`` of a PDF (of a scanned letter if none is given), as a torn copy is.

    At the default share the cut goes through the page's picture: readers that repair (pikepdf)
    still find one page, whose picture is damaged; strict ones find no cross-reference table.
    """
    whole = whole if whole is not None else scan_pdf([letter_image()])
    return whole[: int(len(whole) * share)]


def signed_pdf(whole: bytes | None = None) -> bytes:
    """A PDF with a signature field, a signature dictionary and a true ``/ByteRange``.

    The signature itself is zeros: the file has the shape of a signed one, and no key behind it.
    Any change of its bytes would break a real signature in the same place.

    Args:
        whole: the PDF to sign; a scanned letter if none is given.
    """
    hole = b"<" + b"0" * 512 + b">"
    byte_range = [0, 9999999999, 9999999999, 9999999999]
    with pikepdf.open(io.BytesIO(whole or scan_pdf([letter_image()]))) as pdf:
        signature = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Sig,
                Filter=pikepdf.Name("/Adobe.PPKLite"),
                SubFilter=pikepdf.Name("/adbe.pkcs7.detached"),
                ByteRange=pikepdf.Array(byte_range),
                Contents=pikepdf.String(b"\0" * 256),
                M=pikepdf.String("D:20240312081500+01'00'"),
            )
        )
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Sig,
                T=pikepdf.String("Unterschrift"),
                V=signature,
                Rect=pikepdf.Array([0, 0, 0, 0]),
                F=132,
                P=pdf.pages[0].obj,
            )
        )
        pdf.pages[0].obj.Annots = pikepdf.Array([field])
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]), SigFlags=3)
        made = _saved(pdf, object_streams=False)
    made = made.replace(b"/Contents <" + b"00" * 256 + b">", b"/Contents " + hole)
    start = made.index(hole)
    end = start + len(hole)
    asked = b" ".join(str(number).encode() for number in byte_range)
    given = b" ".join(str(number).encode() for number in (0, start, end, len(made) - end))
    assert made.count(asked) == 1
    return made.replace(asked, given.ljust(len(asked)))


def _saved(pdf: pikepdf.Pdf, *, object_streams: bool = True) -> bytes:
    mode = pikepdf.ObjectStreamMode
    out = io.BytesIO()
    pdf.save(
        out,
        deterministic_id=True,
        object_stream_mode=mode.generate if object_streams else mode.disable,
    )
    return out.getvalue()

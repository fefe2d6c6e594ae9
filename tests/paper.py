"""Paper for tests: small functions that make pages, scans and broken files in memory.

Promises the same bytes for the same arguments (no clock; noise comes from a seed), plain values
(`PIL.Image` or ``bytes``) and no files left behind. `encrypted_pdf` alone differs from call to
call, because encryption salts itself. All text on the pages is the caller's.

Use it in a test by ``from paper import letter_image, scan_pdf``.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import fpdf
import img2pdf
import pikepdf
from PIL import Image, ImageDraw, ImageFont

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


def plan_g4(
    width: int = 20_000,
    height: int = 20_000,
    *,
    dpi: int = 600,
    container: Literal["tiff", "pdf"] = "tiff",
) -> bytes:
    """A large building plan in black and white, one G4 picture with walls, grid and hatching.

    It is drawn and coded in bands of 512 rows. A band's last row is white, which is the row that
    G4 codes the next band's first row against, so the bands' bits simply follow one another. At
    20,000 x 20,000 pixels (400 megapixels) it needs some 10 MB of memory and makes about 0.6 MB.

    Args:
        width: pixels, at least 1,000.
        height: pixels.
        dpi: resolution that the file states.
        container: a TIFF with one strip, or a PDF of one page.
    """
    bits, length = 0, 0
    chunks: list[bytes] = []
    for top in range(0, height, 512):
        code, size = _g4_bits(_plan_band(width, top, min(512, height - top)))
        bits, length = (bits << size) | code, length + size
        keep = length % 8
        chunks.append((bits >> keep).to_bytes(length // 8, "big"))
        bits, length = bits & ((1 << keep) - 1), keep
    end_of_block = 0x001001  # twice EOL
    bits, length = (bits << 24) | end_of_block, length + 24
    padding = -length % 8
    chunks.append((bits << padding).to_bytes((length + padding) // 8, "big"))
    strip = b"".join(chunks)
    if container == "tiff":
        return _g4_tiff(strip, width, height, dpi)
    return _g4_pdf(strip, width, height, dpi)


def bomb_png(width: int = 12_000, height: int = 12_000) -> bytes:
    """A valid, all black PNG of 1 bit: about 17 KB that unpack to 144 megapixels."""
    pack = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)  # a filter byte, then the pixels
    pixels = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _saved(pdf: pikepdf.Pdf, *, object_streams: bool = True) -> bytes:
    mode = pikepdf.ObjectStreamMode
    out = io.BytesIO()
    pdf.save(
        out,
        deterministic_id=True,
        object_stream_mode=mode.generate if object_streams else mode.disable,
    )
    return out.getvalue()


def _plan_band(width: int, top: int, rows: int) -> Image.Image:
    """Ink is 1 and paper 0 here, because Pillow codes a 0 as what G4 calls white."""
    band = Image.new("1", (width, rows), 0)
    draw = ImageDraw.Draw(band)
    for x in range(200, width - 200, 800):
        draw.rectangle((x, 0, x + 3, rows), fill=1)
    for y in range(-top % 400, rows, 400):
        draw.rectangle((200, y, width - 200, y + 2), fill=1)
    room = 200 + (top // 512 * 1600) % max(1, width - 800)
    for x in range(room, room + 600, 24):
        draw.line((x, 0, x + rows // 2, rows), fill=1)
    draw.rectangle((0, rows - 1, width, rows), fill=0)
    return band


def _g4_bits(band: Image.Image) -> tuple[int, int]:
    """The G4 code of one band without its end mark, as a number and its length in bits."""
    out = io.BytesIO()
    band.save(out, "TIFF", compression="group4", tiffinfo={278: band.height})
    data = out.getvalue()
    with Image.open(io.BytesIO(data)) as made:
        tags = made.getexif()
        offset, size = tags[273], tags[279]
    offset, size = (value[0] if isinstance(value, tuple) else value for value in (offset, size))
    number = int.from_bytes(data[offset : offset + size], "big")
    unused = (number & -number).bit_length() - 1  # the end mark's last bit is a 1
    assert (number >> unused) & 0xFFFFFF == 0x001001
    return number >> (unused + 24), size * 8 - unused - 24


def _g4_tiff(strip: bytes, width: int, height: int, dpi: int) -> bytes:
    long, short, rational = 4, 3, 5
    entries: list[tuple[int, int, int]] = [
        (256, long, width),
        (257, long, height),
        (258, short, 1),
        (259, short, 4),  # G4
        (262, short, 0),  # white is zero
        (273, long, 0),  # offset of the strip, set below
        (277, short, 1),
        (278, long, height),
        (279, long, len(strip)),
        (282, rational, 0),
        (283, rational, 0),
        (296, short, 2),  # inches
    ]
    resolution_at = 8 + 2 + 12 * len(entries) + 4
    places = {273: resolution_at + 8, 282: resolution_at, 283: resolution_at}
    directory = b"".join(
        struct.pack("<HHII", tag, kind, 1, places.get(tag, value)) for tag, kind, value in entries
    )
    return (
        struct.pack("<2sHIH", b"II", 42, 8, len(entries))
        + directory
        + struct.pack("<III", 0, dpi, 1)
        + strip
    )


def _g4_pdf(strip: bytes, width: int, height: int, dpi: int) -> bytes:
    with pikepdf.new() as pdf:
        points = width * 72 / dpi, height * 72 / dpi
        pdf.add_blank_page(page_size=points)
        picture = pdf.make_stream(
            strip,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=width,
            Height=height,
            BitsPerComponent=1,
            ColorSpace=pikepdf.Name.DeviceGray,
            Filter=pikepdf.Name.CCITTFaxDecode,
            DecodeParms=pikepdf.Dictionary(K=-1, Columns=width, Rows=height, BlackIs1=False),
        )
        page = pdf.pages[0]
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Plan=picture))
        drawn = f"q {points[0]:.3f} 0 0 {points[1]:.3f} 0 0 cm /Plan Do Q"
        page.obj.Contents = pdf.make_stream(drawn.encode())
        return _saved(pdf)

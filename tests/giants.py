"""Giants for tests: pictures far larger than their files, made without the memory they would need.

Promises valid files, the same bytes for the same arguments, and less than 20 MB of memory.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Literal

import pikepdf
from PIL import Image, ImageDraw


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
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()

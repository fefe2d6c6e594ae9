"""PDF pages as 8-bit gray pixels, upright, at a resolution that the engine reads well.

Promises the scanner's own pixels where the page is one picture of that page: decoding it costs a
sixth of rendering and changes nothing. Anything unusual (masks, turned or partial pictures, odd
colours) is rendered by pdfium. The whole MediaBox is shown, as in the assembled PDF.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, NamedTuple

from archiver.errors import DocumentFault
from archiver.recognise import picture

if TYPE_CHECKING:
    import pikepdf
    import pypdfium2 as pdfium
    from PIL import Image

READING_DPI = 300.0
NATIVE_DPI = (195.0, 405.0)
LEAST_DPI = 150.0
_PLAIN_COLOURS = frozenset({"/DeviceGray", "/DeviceRGB", "/CalGray", "/CalRGB"})
_PLAIN_FILTERS = frozenset(
    {"/DCTDecode", "/CCITTFaxDecode", "/FlateDecode", "/LZWDecode", "/RunLengthDecode"}
)
_TURNS = {90: "ROTATE_270", 180: "ROTATE_180", 270: "ROTATE_90"}


class Gray(NamedTuple):
    """One page to be read.

    Attributes:
        image: mode ``L``, upright.
        dpi: dots per inch, the same across and down.
    """

    image: Image.Image
    dpi: float


def reading_size(
    width: int, height: int, across: float, down: float, max_pixels: int
) -> tuple[int, int, float] | None:
    """Choose the pixels in which a picture is read.

    Args:
        width: pixels of the picture across.
        height: pixels down.
        across: its resolution across, in dpi.
        down: its resolution down.
        max_pixels: how many pixels a page may have.

    Returns:
        width, height and dpi to read at (equal to the picture's own where that is square and
        between 200 and 400 dpi), or None where the page is too large to be read.
    """
    if width * height > max_pixels:
        return None
    low, high = NATIVE_DPI
    if low <= across <= high and abs(across - down) < 0.01 * across:
        return width, height, (across + down) / 2
    sheet = (width / across, height / down)
    dpi = fitting_dpi(*sheet, max_pixels)
    if dpi is None:
        return None
    return max(round(sheet[0] * dpi), 1), max(round(sheet[1] * dpi), 1), dpi


def fitting_dpi(width: float, height: float, max_pixels: int) -> float | None:
    """Choose the resolution to render a sheet at.

    Args:
        width: of the sheet, in inches.
        height: of the sheet, in inches.
        max_pixels: how many pixels a page may have.

    Returns:
        300, or less (down to 150) where the sheet is large, or None where it is too large.
    """
    area = max(width * height, 1e-9)
    dpi = min(READING_DPI, math.sqrt(max_pixels / area) * 0.999)
    return dpi if dpi >= LEAST_DPI else None


def scale_to_reading(
    image: Image.Image, across: float, down: float, max_pixels: int
) -> Gray | None:
    """Bring a decoded picture to the pixels in which it is read; None: too large."""
    from PIL import Image

    wanted = reading_size(*image.size, across, down, max_pixels)
    if wanted is None:
        return None
    width, height, dpi = wanted
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return Gray(image, dpi)


def widen(page: pdfium.PdfPage, source: pikepdf.Page) -> None:
    """Make pdfium show the whole MediaBox, in memory only.

    The box comes from pikepdf: pdfium does not see one that the page inherits, and takes US
    letter for it.
    """
    x0, y0, x1, y1 = (float(value) for value in source.mediabox)
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    page.set_mediabox(*box)
    page.set_cropbox(*box)


def whole_picture(page: pdfium.PdfPage, source: pikepdf.Page, max_pixels: int) -> Gray | None:
    """Decode the one picture that a scanned page consists of.

    Args:
        page: pdfium's view of the page, widened.
        source: pikepdf's view of the same page.
        max_pixels: how many pixels a page may have.

    Returns:
        None where the page is more, less or other than one plain picture.
    """
    from PIL import Image

    if not _is_one_upright_picture(page):
        return None
    names = source.get_images()
    if len(names) != 1:
        return None
    ((_name, stream),) = names.items()
    if not _is_plain(stream):
        return None
    image = _decoded(stream, max_pixels)
    if image is None:
        return None
    left, bottom, right, top = page.get_mediabox()
    across = image.width * 72 / (right - left)
    down = image.height * 72 / (top - bottom)
    turn = page.get_rotation()
    if turn:
        image = image.transpose(Image.Transpose[_TURNS[turn]])
        if turn != 180:
            across, down = down, across
    return scale_to_reading(image, across, down, max_pixels)


def _is_one_upright_picture(page: pdfium.PdfPage) -> bool:
    """Say whether a page paints one upright picture over all of it, and nothing else visible."""
    import pypdfium2.raw as raw

    left, bottom, right, top = page.get_mediabox()
    width, height = right - left, top - bottom
    pictures = 0
    for item in page.get_objects(max_depth=1):
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            a, b, c, d, e, f = item.get_matrix().get()
            pictures += 1
            near = 0.01 * min(width, height)
            placed = abs(e - left) < near and abs(f - bottom) < near
            sized = abs(a - width) < near and abs(d - height) < near
            if not (placed and sized and abs(b) < 0.01 and abs(c) < 0.01):
                return False
        elif not _is_hidden_text(item):
            return False
    return pictures == 1 and raw.FPDFPage_GetAnnotCount(page.raw) == 0


def _is_hidden_text(item: pdfium.PdfObject) -> bool:
    """Say whether an object is text in the invisible mode."""
    import pypdfium2.raw as raw

    if item.type != raw.FPDF_PAGEOBJ_TEXT:
        return False
    mode = raw.FPDFTextObj_GetTextRenderMode(item.raw)
    return bool(mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE)


def _is_plain(stream: pikepdf.Stream) -> bool:
    """Say whether a picture can be decoded without knowing what lies under or over it."""
    if any(key in stream for key in ("/SMask", "/Mask", "/ImageMask", "/Decode", "/Alternates")):
        return False
    import pikepdf

    filters = stream.get("/Filter")
    names = [str(filters)]
    if isinstance(filters, pikepdf.Array):
        names = [str(one) for one in filters]
    if len(names) != 1 or names[0] not in _PLAIN_FILTERS:
        return False
    colours = stream.get("/ColorSpace")
    if isinstance(colours, pikepdf.Array):
        return str(colours[0]) in {"/ICCBased", "/CalGray", "/CalRGB", "/Indexed"}
    return str(colours) in _PLAIN_COLOURS


def _decoded(stream: pikepdf.Stream, max_pixels: int) -> Image.Image | None:
    """Decode a plain picture to gray; None where it turns out not to be plain."""
    import pikepdf
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the size is compared here, with the header's own figures
    size = (int(stream.Width), int(stream.Height))
    if size[0] * size[1] > max_pixels:
        return None
    try:
        if str(stream.get("/Filter")) == "/DCTDecode":
            image: Image.Image = Image.open(io.BytesIO(stream.read_raw_bytes()), formats=["JPEG"])
        else:
            image = pikepdf.PdfImage(stream).as_pil_image()
        if image.size != size or image.mode not in {"1", "L", "P", "RGB"}:
            return None
        # Here, where its faults are caught: gray is passed on as it is, not yet decoded.
        image.load()
        return picture.to_gray(image)
    except MemoryError:
        raise
    except Exception:
        # Whatever is wrong with it, pdfium's decoder is the more forgiving one.
        return None


def render(page: pdfium.PdfPage, max_pixels: int) -> Gray | None:
    """Render a page with pdfium, its /Rotate obeyed.

    Returns:
        None where the page is too large to be read at 150 dpi.

    Raises:
        DocumentFault: ``damaged`` where pdfium gives up.
    """
    import pypdfium2 as pdfium

    width, height = page.get_size()
    dpi = fitting_dpi(width / 72, height / 72, max_pixels)
    if dpi is None:
        return None
    try:
        bitmap = page.render(scale=dpi / 72, grayscale=True, may_draw_forms=True)
    except pdfium.PdfiumError as error:
        raise DocumentFault("damaged") from error
    return Gray(bitmap.to_pil().convert("L"), dpi)


def largest_picture(page: pdfium.PdfPage) -> tuple[float, int, int]:
    """Measure what a page paints besides text.

    Returns:
        share of the page under its largest picture (0 to 1), pixels of its largest picture,
        number of drawn shapes.
    """
    import pypdfium2.raw as raw

    left, bottom, right, top = page.get_mediabox()
    area = max((right - left) * (top - bottom), 1e-9)
    share, pixels, paths = 0.0, 0, 0
    for item in page.get_objects(max_depth=3):
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = item.get_bounds()
            across = min(x1, right) - max(x0, left)
            up = min(y1, top) - max(y0, bottom)
            if item.level:  # bounds inside a form are in the form's own space
                across, up = x1 - x0, y1 - y0
            share = max(share, min(max(across, 0) * max(up, 0) / area, 1.0))
            width, height = item.get_px_size()
            pixels = max(pixels, width * height)
        elif item.type in {raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING}:
            paths += 1
    return share, pixels, paths

"""Pages with bars burned in, as a new PDF/A; and such a file laid bare again for its proof.

Runs in the caged child. Promises a file that is made of pixels and of the words given alone:
nothing of the received file is copied but what can be seen, and under a bar there is no pixel of
it left.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from archiver.errors import DocumentFault
from archiver.recognise import picture, raster
from archiver.recognise.assembly import assemble_pdf
from archiver.recognise.media import PDF
from archiver.records import Box, Page, Word

if TYPE_CHECKING:
    import pikepdf
    import pypdfium2 as pdfium
    from PIL import Image

    from archiver.recognise.document import Document

# Above this a page is drawn in gray: in colour it would need more memory than it may have.
_COLOUR_PIXELS = 40_000_000
# Scanners see gray paper a little tinted; less than this is no colour.
_TINT = 40
_QUALITY = 90
# Of 255: noise of paper and of JPEG is less, the palest ink that can be read is more.
_CONTRAST = 48
# Of a page seen again nobody asks for inches; the engine is told what it was made for.
VIEW_DPI = 300.0
# Streams of machines, not of words.
_NOT_TEXT = ("/Length1", "/Length2", "/N")


class Order(msgspec.Struct, frozen=True):
    """What is to be made of a received file.

    Attributes:
        pages: all of its pages in order, with the words that survive.
        bars: for each of them its bars, in pixels of the upright page.
    """

    pages: tuple[Page, ...]
    bars: tuple[tuple[Box, ...], ...]


def redacted(
    document: Document, order: Order, created: datetime, folder: Path, *, max_pixels: int
) -> tuple[Path | None, tuple[str, ...]]:
    """Make the PDF/A with bars.

    Args:
        document: the received file.
        order: what is to be made of it.
        created: date for the metadata.
        folder: an empty folder on disk.
        max_pixels: how many pixels a page may have.

    Returns:
        as `archiver.recognise.assembly.assemble`.

    Raises:
        DocumentFault: ``damaged``, ``truncated`` or ``looks_like_bomb``.
    """
    import img2pdf
    import pikepdf

    if any(page.width * page.height > max_pixels for page in order.pages):
        raise DocumentFault("looks_like_bomb")
    source = folder / "pictures.pdf"
    with pikepdf.new() as made:
        drawn = _drawn(document, order.pages, max_pixels)
        words: list[Page] = []
        for page, boxes, image in zip(order.pages, order.bars, drawn, strict=True):
            words.append(_with_ink(page, image))
            encoded = _encoded(_burned(image, boxes))
            single = img2pdf.convert(
                encoded,
                layout_fun=img2pdf.get_fixed_dpi_layout_fun((page.dpi, page.dpi)),
                engine=img2pdf.Engine.pikepdf,
                nodate=True,
            )
            with pikepdf.open(io.BytesIO(single)) as one:
                made.pages.extend(one.pages)
        made.save(source, deterministic_id=True)
    return assemble_pdf(source, folder / "target.pdf", words, created)


def _with_ink(page: Page, image: Image.Image) -> Page:
    """A page as its picture is: upright, with those of its words under which something is seen.

    Text of a layer that is switched off, white letters and what lies where the sender has cut the
    page off can be read by machines only; who gets the copy is not to get it either.
    """
    gray = image.convert("L")
    seen = tuple(word for word in page.words if _is_seen(gray, word))
    return msgspec.structs.replace(page, words=seen, rotation=0, source="recognised", codes=())


def _is_seen(gray: Image.Image, word: Word) -> bool:
    """Whether something stands out from its ground where a word is said to be."""
    left, top = max(word.left, 0), max(word.top, 0)
    right, bottom = (
        min(max(word.right, left + 1), gray.width),
        min(max(word.bottom, top + 1), gray.height),
    )
    if right <= left or bottom <= top:
        return False
    extremes: Any = gray.crop((left, top, right, bottom)).getextrema()
    darkest, lightest = extremes
    return bool(lightest - darkest >= _CONTRAST)


def _drawn(document: Document, pages: Sequence[Page], max_pixels: int) -> Iterator[Image.Image]:
    """Draw pages upright, each in just the pixels in which its words were read."""
    if document.media_type == PDF:
        yield from _drawn_pdf(document, pages)
    else:
        yield from _drawn_frames(document, pages, max_pixels)


def _drawn_pdf(document: Document, pages: Sequence[Page]) -> Iterator[Image.Image]:
    """Draw pages of a PDF, forms and notes on them included: what is seen is what is given."""
    import pikepdf
    import pypdfium2 as pdfium

    try:
        shown = pdfium.PdfDocument(document.as_array())
        source = pikepdf.open(document.stream())
    except (pdfium.PdfiumError, pikepdf.PdfError) as error:
        raise DocumentFault("damaged") from error
    with source:
        shown.init_forms()
        if len(shown) != len(pages):
            raise DocumentFault("damaged")
        for wanted in pages:
            try:
                page = shown[wanted.number - 1]
                original = source.pages[wanted.number - 1]
                raster.widen(page, original)
                image = _view(page, wanted.width, wanted.height, wanted.rotation)
                yield _cropped(image, original, page.get_rotation() + wanted.rotation)
            except (pdfium.PdfiumError, pikepdf.PdfError, IndexError, TypeError) as error:
                raise DocumentFault("damaged", page=wanted.number) from error
            page.close()
    shown.close()


def _cropped(image: Image.Image, source: pikepdf.Page, turn: int) -> Image.Image:
    """Take away what the sender has cut off the page: viewers do not show it.

    Args:
        image: the whole MediaBox, upright.
        source: the page.
        turn: degrees clockwise by which it was turned to be upright.
    """
    from PIL import Image

    x0, y0, x1, y1 = map(float, source.mediabox)
    media = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    x0, y0, x1, y1 = map(float, source.cropbox)
    kept = (
        max(media[0], min(x0, x1)),
        max(media[1], min(y0, y1)),
        min(media[2], max(x0, x1)),
        min(media[3], max(y0, y1)),
    )
    if kept == media or kept[2] <= kept[0] or kept[3] <= kept[1]:
        return image
    width, height = media[2] - media[0], media[3] - media[1]
    # Shares of the page as it lies in the file, from its upper left corner.
    left, right = (kept[0] - media[0]) / width, (kept[2] - media[0]) / width
    top, bottom = (media[3] - kept[3]) / height, (media[3] - kept[1]) / height
    for _quarter in range(turn % 360 // 90):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    box = (
        round(left * image.width),
        round(top * image.height),
        round(right * image.width),
        round(bottom * image.height),
    )
    blank = Image.new(image.mode, image.size, "white")
    blank.paste(image.crop(box), box[:2])
    return blank


def _view(page: pdfium.PdfPage, width: int, height: int, turn: int = 0) -> Image.Image:
    """Draw a page in exactly so many pixels, turned clockwise.

    pdfium's own function is called because the library's wrapper rounds the size by itself.
    """
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    colour = width * height <= _COLOUR_PIXELS
    kind = raw.FPDFBitmap_BGR if colour else raw.FPDFBitmap_Gray
    bitmap = pdfium.PdfBitmap.new_native(width, height, kind)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    flags = raw.FPDF_ANNOT | (0 if colour else raw.FPDF_GRAYSCALE)
    place = (0, 0, width, height, turn // 90, flags)
    raw.FPDF_RenderPageBitmap(bitmap, page, *place)
    if page.formenv:
        raw.FPDF_FFLDraw(page.formenv, bitmap, page, *place)
    image: Image.Image = bitmap.to_pil().copy()
    bitmap.close()
    return image


def _drawn_frames(
    document: Document, pages: Sequence[Page], max_pixels: int
) -> Iterator[Image.Image]:
    """Draw the frames of an image file."""
    from PIL import Image

    left = iter(pages)
    with picture.opened(document) as image:
        for number in picture.frames(image, len(pages)):
            wanted = next(left)
            if image.width * image.height > max_pixels:
                raise DocumentFault("looks_like_bomb")
            upright = _upright(image)
            if wanted.rotation:
                # Pillow counts counter-clockwise.
                way = Image.Transpose[f"ROTATE_{360 - wanted.rotation}"]
                upright = upright.transpose(way)
            size = (wanted.width, wanted.height)
            if upright.size != size:
                smooth = upright.convert("L") if upright.mode == "1" else upright
                upright = smooth.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
            yield upright
            if number == len(pages):
                return


def _upright(image: Image.Image) -> Image.Image:
    """Decode the present frame, upright, in black and white, gray or colour."""
    from PIL import ImageOps

    pale = picture.gray(image)
    upright = ImageOps.exif_transpose(image)
    if upright.mode in {"RGBA", "LA", "PA", "P"} or "transparency" in upright.info:
        return picture.on_white(upright)
    if upright.mode in {"1", "L", "RGB"}:
        return upright
    return pale if upright.mode[0] in "IF" else upright.convert("RGB")


def _burned(image: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """Write black over the pixels of the boxes."""
    black: Any = 0 if len(image.getbands()) == 1 else (0,) * len(image.getbands())
    for box in boxes:
        image.paste(black, (box.left, box.top, box.right, box.bottom))
    return image


def _encoded(image: Image.Image) -> bytes:
    """Encode a page: black and white without loss, the rest as good JPEG, gray where it is gray.

    JBIG2 is never used: its lossy kind exchanges letters.
    """
    plain = _plain(image)
    out = io.BytesIO()
    if plain.mode == "1":
        # PDF gets Group 4 of this.
        plain.save(out, "PNG", compress_level=1)
    else:
        plain.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """Take away colours and grays that are not there."""
    from PIL import Image, ImageChops

    gray = image
    if image.mode == "RGB":
        red, green, blue = image.split()
        tint = ImageChops.lighter(
            ImageChops.difference(red, green), ImageChops.difference(green, blue)
        )
        # A few specks are noise, a stamp is more than a thousandth of a small page.
        coloured = sum(tint.histogram()[_TINT:])
        if coloured * 20_000 > image.width * image.height:
            return image
        gray = image.convert("L")
    if gray.mode == "L" and not any(gray.histogram()[1:255]):
        return gray.convert("1", dither=Image.Dither.NONE)
    return gray


def laid_bare(document: Document) -> tuple[list[str], bytes]:
    """Give everything in a PDF that says words.

    Returns:
        the text of each page as a reader's program extracts it; and, unpacked, all streams but
        pictures, fonts and colour profiles, with all strings of all objects.
    """
    import pikepdf
    import pypdfium2 as pdfium

    texts = []
    with pdfium.PdfDocument(document.as_array()) as shown:
        for page in shown:
            texts.append(page.get_textpage().get_text_range())
            page.close()
    said: list[bytes] = []
    with pikepdf.open(document.stream()) as pdf:
        said += _strings(pdf.trailer, 0)
        for item in pdf.objects:
            said += _strings(item, 0)
            if isinstance(item, pikepdf.Stream) and _is_text(item):
                said.append(item.read_bytes())
        said += [f"{name} {one.filename}".encode() for name, one in pdf.attachments.items()]
    return texts, b"\n".join(said)


def _is_text(stream: pikepdf.Stream) -> bool:
    """Say whether a stream can hold words."""
    is_picture = stream.get("/Subtype") == "/Image"
    return not is_picture and not any(key in stream for key in _NOT_TEXT)


def _strings(item: Any, depth: int) -> Iterator[bytes]:
    """Yield the strings in an object itself; objects it points to come by themselves."""
    import pikepdf

    if isinstance(item, pikepdf.String):
        yield bytes(item)
        yield str(item).encode()
    elif isinstance(item, pikepdf.Array):
        parts: Any = list(item)
        for part in parts:
            if not getattr(part, "is_indirect", False):
                yield from _strings(part, depth + 1)
    elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        for value in dict(item.items()).values():
            if not getattr(value, "is_indirect", False):
                yield from _strings(value, depth + 1)


def seen_again(document: Document, wanted: Sequence[int]) -> Iterator[tuple[int, Image.Image]]:
    """Draw pages of a PDF of pictures in their pictures' own pixels, gray.

    Raises:
        DocumentFault: ``damaged``, a page is not one picture.
    """
    import pikepdf
    import pypdfium2 as pdfium

    with pdfium.PdfDocument(document.as_array()) as shown, pikepdf.open(document.stream()) as pdf:
        for number in wanted:
            streams = list(pdf.pages[number - 1].get_images().values())
            if len(streams) != 1:
                raise DocumentFault("damaged", page=number)
            page = shown[number - 1]
            yield number, _view(page, int(streams[0].Width), int(streams[0].Height)).convert("L")
            page.close()

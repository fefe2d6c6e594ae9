"""Image files: TIFF, JPEG, PNG and JPEG 2000 as pages.

Promises one page a frame, upright, at a resolution that makes sense on paper, and a PDF whose
pages hold the frames without loss and lie exactly over the pixels that were read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.errors import DocumentFault
from archiver.recognise.media import JPEG, JPEG_2000, PNG, TIFF

if TYPE_CHECKING:
    from PIL import Image

    from archiver.recognise.document import Document

_FORMATS = {TIFF: "TIFF", JPEG: "JPEG", PNG: "PNG", JPEG_2000: "JPEG2000"}
_LONG_SIDE_INCHES = 11.69
_CREDIBLE_DPI = (97, 1300)
_EXIF_ORIENTATION = 0x0112


@contextmanager
def opened(document: Document) -> Iterator[Image.Image]:
    """Open an image file with the one decoder that its magic bytes name; pixels stay unread.

    Pillow's own limit is off here because the caller compares the header's size himself.

    Raises:
        DocumentFault: ``damaged`` where the header cannot be read.
    """
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(document.stream(), formats=[_FORMATS[document.media_type]])
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise DocumentFault("damaged") from error
    with image:
        yield image


def frames(image: Image.Image, limit: int) -> Iterator[int]:
    """Step through the frames of an opened image; after each step it stands on that frame.

    Args:
        image: as `opened` gives it.
        limit: no more than so many frames; one more is a fault.

    Yields:
        the frame's number from 1.

    Raises:
        DocumentFault: ``too_many_pages`` or ``damaged``.
    """
    number = 1
    while True:
        yield number
        if image.format != "TIFF":
            return
        try:
            image.seek(number)
        except EOFError:
            return
        except (OSError, ValueError, SyntaxError, KeyError, TypeError) as error:
            raise DocumentFault("damaged") from error
        number += 1
        if number > limit:
            raise DocumentFault("too_many_pages", limit=limit)


def resolution(image: Image.Image) -> tuple[float, float]:
    """Give the resolution across and down in dots per inch.

    Files of phones and of bad scanners carry none or 72: then the long side is taken for that
    of an A4 sheet, so that type comes out at a size that can be read.
    """
    given = image.info.get("dpi")
    with suppress(TypeError, ValueError):
        across, down = (float(value) for value in given or ())
        low, high = _CREDIBLE_DPI
        if low <= across <= high and low <= down <= high:
            return across, down
    guess = max(image.size) / _LONG_SIDE_INCHES
    return guess, guess


def turned(image: Image.Image) -> bool:
    """Say whether the orientation in the header swaps width and height."""
    with suppress(Exception):
        return int(image.getexif().get(_EXIF_ORIENTATION, 1)) >= 5
    return False


def gray(image: Image.Image) -> Image.Image:
    """Decode the present frame to 8-bit gray, upright, transparent parts white.

    Raises:
        DocumentFault: ``truncated`` or ``damaged``.
    """
    from PIL import ImageOps

    try:
        image.load()
    except (OSError, ValueError, SyntaxError, IndexError, EOFError) as error:
        text = str(error)
        reason = "truncated" if "truncated" in text or "broken data" in text else "damaged"
        raise DocumentFault(reason) from error
    upright = ImageOps.exif_transpose(image)
    return to_gray(upright)


def to_gray(image: Image.Image) -> Image.Image:
    """Turn any mode of Pillow into ``L``."""
    if image.mode == "L":
        return image if "transparency" not in image.info else _flat(image)
    if image.mode.startswith("I") or image.mode == "F":
        # 16 bits a sample: the upper eight are what the eye sees.
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        return _flat(image)
    if image.mode == "P":
        return image.convert("RGB").convert("L")
    return image.convert("L") if image.mode in {"1", "RGB", "YCbCr"} else _by_rgb(image)


def _flat(image: Image.Image) -> Image.Image:
    """Put an image with transparent parts on white paper."""
    return on_white(image).convert("L")


def on_white(image: Image.Image) -> Image.Image:
    """Put an image with transparent parts on white paper, in colour."""
    from PIL import Image

    layered = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(layered, mask=layered.getchannel("A"))
    return paper


def _by_rgb(image: Image.Image) -> Image.Image:
    """Turn CMYK, Lab and the like into gray by way of RGB."""
    return image.convert("RGB").convert("L")


def to_pdf(document: Document, target: Path, *, max_pages: int) -> None:
    """Write a PDF of an image file's frames, the compressed pixels taken over where possible.

    Raises:
        DocumentFault: as `opened` and `gray`.
    """
    import img2pdf

    with opened(document) as image:
        layouts = []
        plain = True
        for _number in frames(image, max_pages):
            layouts.append(resolution(image))
            plain = plain and _is_plain(image)
    if plain and len(set(layouts)) == 1:
        try:
            with document.stream() as source, target.open("wb") as out:
                out.write(img2pdf.convert(source, **_settings(layouts[0])))
            return
        except Exception:
            # img2pdf has its own reading of what a sound file is; Pillow's reading decides.
            target.unlink(missing_ok=True)
    _decoded_pdf(document, target, max_pages)


def _is_plain(image: Image.Image) -> bool:
    """Say whether a PDF can take this frame as it is."""
    modes = {"1", "L", "P", "RGB"}
    if image.mode not in modes or "transparency" in image.info:
        return False
    # PDF/A may hold JPEG 2000, but the validator cannot look into it and would not approve.
    return image.format not in {"MPO", "JPEG2000"}


def _settings(dpi: tuple[float, float]) -> dict[str, Any]:
    """Give img2pdf's arguments for one resolution."""
    import img2pdf

    return {
        "layout_fun": img2pdf.get_fixed_dpi_layout_fun(dpi),
        "rotation": img2pdf.Rotation.ifvalid,
        "engine": img2pdf.Engine.pikepdf,
        "nodate": True,
    }


def _decoded_pdf(document: Document, target: Path, max_pages: int) -> None:
    """Write the PDF from decoded pixels, frame by frame, compressed without loss."""
    import img2pdf
    import pikepdf
    from PIL import ImageOps

    result = pikepdf.new()
    with opened(document) as image:
        for _number in frames(image, max_pages):
            dpi = resolution(image)
            pale = gray(image)
            upright = ImageOps.exif_transpose(image)
            if turned(image):
                dpi = (dpi[1], dpi[0])
            if upright.mode in {"RGBA", "LA", "PA", "P"} or "transparency" in upright.info:
                upright = on_white(upright)
            elif upright.mode not in {"1", "L", "RGB"}:
                upright = pale if upright.mode[0] in "IF" else upright.convert("RGB")
            encoded = io.BytesIO()
            upright.save(encoded, format="PNG", compress_level=3)
            page = img2pdf.convert(encoded.getvalue(), **_settings(dpi))
            with pikepdf.open(io.BytesIO(page)) as single:
                result.pages.extend(single.pages)
    result.save(target)

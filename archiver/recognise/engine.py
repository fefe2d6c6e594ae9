"""What an OCR engine is to the rest of the house, and how one is opened.

Promises that whoever reads pages knows only `OcrEngine` and `GrayImage`: pixels in, words out. The
engine's libraries are loaded by `open_engine`, not by importing this module.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from archiver.errors import ExitCode, SystemFault
from archiver.records import Word

EngineName = Literal["tesserocr", "pytesseract"]

MAX_SIDE = 32_767
"""Longest side in pixels that Tesseract takes (16 bit coordinates)."""
MAX_PIXELS = 160_000_000
"""Most pixels of one page: A0 at 300 dpi has 139 million."""

TESSDATA_FOLDERS = (
    Path("/usr/share/tesseract-ocr/5/tessdata"),
    Path("/usr/share/tesseract-ocr/4.00/tessdata"),
    Path("/usr/share/tessdata"),
)
"""Where distributions put the models; asked in this order after ``TESSDATA_PREFIX``."""


@dataclass(frozen=True, slots=True)
class GrayImage:
    """One page as pixels.

    Attributes:
        width, height: in pixels, each 1 to `MAX_SIDE`.
        dpi: resolution of the scan; Tesseract reads worse without it.
        pixels: 8 bit gray, row by row from the top, ``width * height`` bytes, 0 is black.

    Raises:
        ValueError: the sizes do not fit each other or are beyond what an engine takes.
    """

    width: int
    height: int
    dpi: float
    pixels: bytes

    def __post_init__(self) -> None:
        if not is_readable_size(self.width, self.height):
            raise ValueError(f"no page has {self.width} x {self.height} pixels")
        if len(self.pixels) != self.width * self.height:
            raise ValueError(f"{len(self.pixels)} bytes for {self.width} x {self.height} pixels")

    def turned(self, degrees: int) -> GrayImage:
        """This image turned clockwise by 0, 90, 180 or 270 degrees."""
        if degrees == 0:
            return self
        if degrees == 180:
            return GrayImage(self.width, self.height, self.dpi, self.pixels[::-1])
        from PIL import Image

        # Pillow counts counter-clockwise.
        way = {90: Image.Transpose.ROTATE_270, 270: Image.Transpose.ROTATE_90}[degrees]
        turned = Image.frombytes("L", (self.width, self.height), self.pixels).transpose(way)
        return GrayImage(self.height, self.width, self.dpi, turned.tobytes())

    def cut(self, left: int, top: int, right: int, bottom: int) -> GrayImage:
        """The part of the image from ``left, top`` up to but without ``right, bottom``."""
        rows = (
            self.pixels[row * self.width + left : row * self.width + right]
            for row in range(top, bottom)
        )
        return GrayImage(right - left, bottom - top, self.dpi, b"".join(rows))

    def reduced(self, factor: int) -> GrayImage:
        """The image made smaller by a whole `factor`, each pixel the mean of its square."""
        from PIL import Image

        small = Image.frombytes("L", (self.width, self.height), self.pixels).reduce(factor)
        return GrayImage(small.width, small.height, self.dpi / factor, small.tobytes())

    @property
    def as_pnm(self) -> bytes:
        """The image as a binary PGM file, the cheapest format that Tesseract opens."""
        return b"P5 %d %d 255\n" % (self.width, self.height) + self.pixels


class Orientation(NamedTuple):
    """How a page lies.

    Attributes:
        degrees: 0, 90, 180 or 270 clockwise, to turn the page upright.
        confidence: the detector's own measure, 0.0 where it could not tell; above about 1 is firm.
    """

    degrees: int
    confidence: float


UNKNOWN_ORIENTATION = Orientation(0, 0.0)


class OcrEngine(Protocol):
    """Reads pixels; one instance belongs to one thread and is kept for many pages."""

    @property
    def name(self) -> EngineName:
        """The name by which config.toml calls it."""
        ...

    @property
    def line_language(self) -> str | None:
        """The model of `read_lines`, or None where it is not installed."""
        ...

    def version(self) -> str:
        """Version of Tesseract itself, e.g. ``"5.5.4"``."""
        ...

    def languages(self) -> frozenset[str]:
        """Every installed model."""
        ...

    def read(self, image: GrayImage) -> tuple[Word, ...]:
        """Read a page with layout analysis (psm 3), in Tesseract's reading order.

        Raises:
            RecognitionFailed: the engine gave up on these pixels.
        """
        ...

    def read_lines(self, images: Sequence[GrayImage]) -> tuple[tuple[Word, ...], ...]:
        """Read cuttings of one line each (psm 7) with `line_language`, boxes within each cutting.

        Raises:
            RecognitionFailed: the engine gave up on these pixels.
        """
        ...

    def orientation(self, image: GrayImage) -> Orientation:
        """How the page lies; `UNKNOWN_ORIENTATION` where the detector cannot tell."""
        ...

    def close(self) -> None:
        """Give back the engine's memory; it cannot be used afterwards."""
        ...


class RecognitionFailed(Exception):
    """The engine could not work on these pixels; another page may well be read."""


def is_readable_size(width: int, height: int) -> bool:
    """Whether a page of `width` times `height` pixels may be handed to an engine."""
    return 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS


def find_tessdata(given: Path | None) -> Path:
    """The folder of the models: `given`, else ``TESSDATA_PREFIX``, else a distribution's.

    Raises:
        SystemFault: ``engine_missing`` where none of them holds a model.
    """
    prefix = os.environ.get("TESSDATA_PREFIX")
    if given is not None:
        places: tuple[Path, ...] = (given,)
    else:
        places = (Path(prefix), Path(prefix, "tessdata")) if prefix else ()
        places += TESSDATA_FOLDERS
    for place in places:
        if any(place.glob("*.traineddata")):
            return place
    raise SystemFault("engine_missing", exit_code=ExitCode.ENGINE_MISSING, engine="tessdata")


def installed_models(tessdata: Path) -> frozenset[str]:
    """Names of the models in `tessdata`, those of scripts as ``script/Latin``."""
    found = (*tessdata.glob("*.traineddata"), *tessdata.glob("script/*.traineddata"))
    return frozenset(str(path.relative_to(tessdata).with_suffix("")) for path in found)


def open_engine(name: EngineName, languages: str, tessdata: Path | None = None) -> OcrEngine:
    """Open the engine that config.toml names.

    Args:
        name: ``tesserocr`` or ``pytesseract``.
        languages: models to read with, joined by ``+``, e.g. ``"deu"``.
        tessdata: folder of the models; None asks `find_tessdata`.

    Raises:
        SystemFault: ``engine_missing`` (the library, the program or all models) or
            ``language_missing``, both with exit code 11.
    """
    folder = find_tessdata(tessdata)
    models = installed_models(folder)
    for language in languages.split("+"):
        if language not in models:
            raise SystemFault(
                "language_missing",
                exit_code=ExitCode.ENGINE_MISSING,
                language=language,
                folder=str(folder),
            )
    from archiver.recognise import tesseract

    if name == "tesserocr":
        return tesseract.Tesserocr(languages, folder)
    return tesseract.Pytesseract(languages, folder)

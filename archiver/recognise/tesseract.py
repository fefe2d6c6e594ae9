"""Tesseract behind `OcrEngine`: in process by tesserocr, or as a program by pytesseract.

Promises the same words from both for the same pixels, up to the versions of Tesseract behind them:
both hand over raw gray pixels with their resolution (never a PNG or a Pillow image, which costs up
to twice the time and accuracy too) and both take the result as Tesseract's own TSV.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archiver.errors import ExitCode, SystemFault
from archiver.recognise.engine import (
    UNKNOWN_ORIENTATION,
    GrayImage,
    Orientation,
    RecognitionFailed,
    installed_models,
)
from archiver.recognise.reading import pages_from_tsv
from archiver.records import Word

if TYPE_CHECKING:
    import tesserocr

SIGNS_MODELS = ("Latin", "script/Latin")
"""The model that knows §, under the names by which distributions install it."""
_PAGE, _LINE = 3, 7  # page segmentation modes
_OSD_DPI = 150
_NO_INVERT = "tessedit_do_invert"


class _Models:
    """The models of a tessdata folder, and orientation, which both engines ask of the program."""

    def __init__(self, languages: str, tessdata: Path) -> None:
        # Set before any Tesseract loads: its threads cost more than they bring.
        os.environ["OMP_THREAD_LIMIT"] = "1"
        self._languages = languages
        self._tessdata = tessdata
        self._installed = installed_models(tessdata)
        known = (model for model in SIGNS_MODELS if model in self._installed)
        self._line_language = next(known, None)

    @property
    def line_language(self) -> str | None:
        """The Latin model, or None where it is not installed."""
        return self._line_language

    def languages(self) -> frozenset[str]:
        """Every installed model."""
        return self._installed

    def orientation(self, image: GrayImage) -> Orientation:
        """Ask ``tesseract --psm 0`` on the page at half size or less."""
        if "osd" not in self._installed:
            return UNKNOWN_ORIENTATION
        import pytesseract

        small = image.reduced(max(1, round(image.dpi / _OSD_DPI)))
        with _files((small,)) as (path,):
            try:
                found = pytesseract.image_to_osd(
                    path, config=self._options(small.dpi), output_type=pytesseract.Output.DICT
                )
            except (pytesseract.TesseractError, pytesseract.TesseractNotFoundError):
                # "Too few characters": nothing on the page that has an up and a down.
                return UNKNOWN_ORIENTATION
        return Orientation(
            int(found.get("rotate", 0)) % 360, float(found.get("orientation_conf", 0.0))
        )

    def _options(self, dpi: float) -> str:
        folder = shlex.quote(str(self._tessdata))
        return f"--tessdata-dir {folder} --dpi {_whole_dpi(dpi)} -c {_NO_INVERT}=0"


class Tesserocr(_Models):
    """Tesseract as a library in this process, its models kept in memory."""

    name: Literal["tesserocr"] = "tesserocr"

    def __init__(self, languages: str, tessdata: Path) -> None:
        super().__init__(languages, tessdata)
        self._page_api = self._opened(languages, _PAGE)
        self._line_api: tesserocr.PyTessBaseAPI | None = None

    def version(self) -> str:
        """Version of the library that came with the wheel."""
        return str(self._page_api.Version())

    def read(self, image: GrayImage) -> tuple[Word, ...]:
        """See `OcrEngine.read`."""
        return _recognised(self._page_api, image)

    def read_lines(self, images: Sequence[GrayImage]) -> tuple[tuple[Word, ...], ...]:
        """See `OcrEngine.read_lines`; the model is loaded at the first call."""
        if self._line_api is None:
            self._line_api = self._opened(str(self._line_language), _LINE)
        return tuple(_recognised(self._line_api, image) for image in images)

    def close(self) -> None:
        """Free both models."""
        self._page_api.End()
        if self._line_api is not None:
            self._line_api.End()

    def _opened(self, languages: str, mode: int) -> tesserocr.PyTessBaseAPI:
        try:
            import tesserocr
        except ImportError as error:
            raise _missing("tesserocr") from error
        try:
            return tesserocr.PyTessBaseAPI(
                path=f"{self._tessdata}/",
                lang=languages,
                psm=mode,
                variables={_NO_INVERT: "0", "debug_file": os.devnull},
            )
        except RuntimeError as error:
            raise _missing("tesserocr") from error


class Pytesseract(_Models):
    """The system's ``tesseract`` program, started anew for every page."""

    name: Literal["pytesseract"] = "pytesseract"

    def __init__(self, languages: str, tessdata: Path) -> None:
        super().__init__(languages, tessdata)
        try:
            import pytesseract

            self._version = str(pytesseract.get_tesseract_version())
        except (ImportError, OSError, SystemExit) as error:
            raise _missing("tesseract") from error

    def version(self) -> str:
        """Version of the program."""
        return self._version

    def read(self, image: GrayImage) -> tuple[Word, ...]:
        """See `OcrEngine.read`."""
        with _files((image,)) as (path,):
            return self._tsv(path, self._languages, _PAGE, image.dpi).get(1, ())

    def read_lines(self, images: Sequence[GrayImage]) -> tuple[tuple[Word, ...], ...]:
        """See `OcrEngine.read_lines`; all cuttings go to one run of the program."""
        if not images:
            return ()
        with _files(images) as paths:
            # A text file of names is read by the program as a document of several pages.
            listing = Path(paths[0]).with_name("cuttings.txt")
            listing.write_text("\n".join(paths) + "\n")
            found = self._tsv(str(listing), str(self._line_language), _LINE, images[0].dpi)
        return tuple(found.get(number, ()) for number in range(1, len(images) + 1))

    def close(self) -> None:
        """Nothing is kept between pages."""

    def _tsv(self, path: str, languages: str, mode: int, dpi: float) -> dict[int, tuple[Word, ...]]:
        import pytesseract

        try:
            tsv = pytesseract.image_to_data(
                path, lang=languages, config=f"{self._options(dpi)} --psm {mode}"
            )
        except pytesseract.TesseractError as error:
            raise RecognitionFailed from error
        return pages_from_tsv(tsv)


def _recognised(api: Any, image: GrayImage) -> tuple[Word, ...]:
    """Read `image` with an open API; clears what it kept of the page before."""
    try:
        api.SetImageBytes(image.pixels, image.width, image.height, 1, image.width)
        api.SetSourceResolution(_whole_dpi(image.dpi))
        if not api.Recognize():
            raise RecognitionFailed
        tsv = api.GetTSVText(0)
    except RuntimeError as error:
        raise RecognitionFailed from error
    finally:
        api.Clear()
    return pages_from_tsv(tsv).get(1, ())


def _whole_dpi(dpi: float) -> int:
    """`dpi` as Tesseract takes it: whole, and within the 70 to 2400 that it believes."""
    return min(2400, max(70, round(dpi)))


@contextmanager
def _files(images: Sequence[GrayImage]) -> Iterator[list[str]]:
    """Lay `images` down as uncompressed files; in the cage of bubblewrap their folder is memory."""
    with tempfile.TemporaryDirectory(prefix="archiver-ocr-") as folder:
        paths = []
        for number, image in enumerate(images):
            path = Path(folder, f"{number}.pgm")
            path.write_bytes(image.as_pnm)
            paths.append(str(path))
        yield paths


def _missing(engine: str) -> SystemFault:
    return SystemFault("engine_missing", exit_code=ExitCode.ENGINE_MISSING, engine=engine)

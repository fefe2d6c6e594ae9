"""OCRmyPDF's engine and rasteriser, played by pages that have been read long before.

Promises that OCRmyPDF neither renders nor recognises: it asks for words and gets the stored
ones, it asks for a page image and gets one white pixel of the right resolution, which nobody
looks at. The hooks are those of OCRmyPDF 17 (`ocrmypdf.pluginspec`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from statistics import median
from typing import Any

import ocrmypdf.pdfa
import pikepdf
from ocrmypdf import OcrEngine, hookimpl
from ocrmypdf.builtin_plugins.tesseract_ocr import TesseractOptions
from ocrmypdf.font.system_font_provider import SystemFontProvider
from ocrmypdf.helpers import page_number
from ocrmypdf.models.ocr_element import Baseline, BoundingBox, OcrClass, OcrElement
from ocrmypdf.pluginspec import OrientationConfidence
from PIL import Image

from archiver.records import Page, Word

_DESCENDING = frozenset("gjpqyQ,;()[]{}/|ßſ§ç@_„")
_SURE = 1000.0

# An invisible layer needs no font of the machine's: the two that OCRmyPDF brings hold all of
# Latin script, anything else gets the empty glyph, and the same pages give the same file
# everywhere. Searching the system's folders for 26 fonts costs 0.08 s a document besides.
SystemFontProvider.SYSTEM_FONT_DIRS = {}


def fonts_of(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield the fonts of a PDF: of its pages, of what they draw and of its form.

    OCRmyPDF's own search (`ocrmypdf.pdfa`) follows forms to a depth of ten, each as often as it is
    named: where the drawings of a form's fields share their resources, as form programs write
    them, that takes minutes and more. Here each is looked at once.
    """
    seen: set[tuple[int, int]] = set()
    form = _entry(_entry(pdf.Root, "/AcroForm"), "/DR")
    waiting: list[pikepdf.Object] = [pikepdf.Dictionary(Resources=form)]
    waiting += [page.obj for page in pdf.pages]
    while waiting:
        owner = waiting.pop()
        waiting += _appearances(owner)
        resources = _entry(owner, "/Resources")
        if not _first(resources, seen):
            continue
        for font in _entry(resources, "/Font").values():
            if isinstance(font, pikepdf.Dictionary) and _first(font, seen):
                yield font
        for drawn in _entry(resources, "/XObject").values():
            if isinstance(drawn, pikepdf.Stream) and _first(drawn, seen):
                waiting.append(drawn)


def _entry(owner: pikepdf.Object, key: str) -> pikepdf.Dictionary:
    """Give a dictionary in another one or in a stream; an empty one where there is none."""
    entry = owner.get(key)
    return entry if isinstance(entry, pikepdf.Dictionary) else pikepdf.Dictionary()


def _first(item: pikepdf.Object, seen: set[tuple[int, int]]) -> bool:
    """Whether an object is met for the first time; one without a number has one owner."""
    if not item.is_indirect:
        return True
    known = len(seen)
    seen.add(item.objgen)
    return len(seen) > known


def _appearances(page: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Yield how the annotations of a page look, in each of their states."""
    notes = page.get("/Annots")
    for note in notes if isinstance(notes, pikepdf.Array) else ():
        if not isinstance(note, pikepdf.Dictionary):
            continue
        for look in _entry(note, "/AP").values():
            states = [look] if isinstance(look, pikepdf.Stream) else []
            if isinstance(look, pikepdf.Dictionary):
                states = [one for one in look.values() if isinstance(one, pikepdf.Stream)]
            yield from states


ocrmypdf.pdfa._iter_fonts = fonts_of


class StoredPages:
    """The plugin for one document.

    Args:
        pages: recognised pages by number from 1.
    """

    def __init__(self, pages: Mapping[int, Page]) -> None:
        self._engine = _StoredEngine(pages)

    @hookimpl
    def get_ocr_engine(self, options: Any) -> OcrEngine:  # noqa: ARG002
        """Offer the stored pages as the engine."""
        return self._engine

    @hookimpl
    def rasterize_pdf_page(self, output_file: Path, page_dpi: Any) -> Path:
        """Write a white pixel instead of the page."""
        form = "JPEG" if output_file.suffix == ".jpg" else "PNG"
        output_file.write_bytes(_white_pixel(form, round(page_dpi.x)))
        return output_file


class TesseractUnasked:
    """Stands in for OCRmyPDF's Tesseract plugin.

    It keeps the options, which validation looks at, and does not ask the program for its version
    three times a document.
    """

    @hookimpl
    def register_options(self) -> dict[str, Any]:
        """Offer the options."""
        return {"tesseract": TesseractOptions}


class _StoredEngine(OcrEngine):
    """Answers from stored pages."""

    def __init__(self, pages: Mapping[int, Page]) -> None:
        self._pages = pages

    def __str__(self) -> str:
        return "archiver"

    @staticmethod
    def version() -> str:
        return "1"

    @staticmethod
    def creator_tag(options: Any) -> str:  # noqa: ARG004
        return "archiver"

    @staticmethod
    def languages(options: Any) -> set[str]:
        return set(options.languages)

    def get_orientation(  # type: ignore[override]  # OCRmyPDF calls it on the instance
        self,
        input_file: Path,
        options: Any,  # noqa: ARG002
    ) -> OrientationConfidence:
        page = self._pages.get(page_number(input_file))
        # OCRmyPDF counts the turn that the page has, records the turn that it needs.
        angle = -page.rotation % 360 if page else 0
        return OrientationConfidence(angle, _SURE)

    @staticmethod
    def get_deskew(input_file: Path, options: Any) -> float:  # noqa: ARG004
        return 0.0

    @staticmethod
    def supports_generate_ocr() -> bool:
        return True

    def generate_ocr(  # type: ignore[override]
        self,
        input_file: Path,  # noqa: ARG002
        options: Any,  # noqa: ARG002
        page_number: int = 0,
    ) -> tuple[OcrElement, str]:
        page = self._pages[page_number + 1]
        return page_element(page), page.text

    @staticmethod
    def generate_hocr(*_arguments: Any, **_named: Any) -> None:
        raise NotImplementedError("words are stored, not hOCR")

    @staticmethod
    def generate_pdf(*_arguments: Any, **_named: Any) -> None:
        raise NotImplementedError("words are stored, not a text PDF")


def _white_pixel(form: str, dpi: int) -> bytes:
    """Encode one white pixel."""
    out = io.BytesIO()
    mode = "L" if form == "JPEG" else "1"
    Image.new(mode, (1, 1), 255).save(out, format=form, dpi=(dpi, dpi))
    return out.getvalue()


def page_element(page: Page) -> OcrElement:
    """Build OCRmyPDF's tree (page, paragraphs, lines, words) from a stored page."""
    paragraphs = []
    for _block, in_block in groupby(page.words, key=lambda word: word.block):
        lines = [
            _line_element(list(in_line))
            for _line, in_line in groupby(in_block, key=lambda word: word.line)
        ]
        box = _around(lines)
        paragraphs.append(OcrElement(OcrClass.PARAGRAPH, bbox=box, children=lines))
    return OcrElement(
        OcrClass.PAGE,
        bbox=BoundingBox(0, 0, page.width, page.height),
        dpi=page.dpi,
        page_number=page.number - 1,
        children=paragraphs,
    )


def _line_element(words: list[Word]) -> OcrElement:
    """Build one line."""
    children = [
        OcrElement(
            OcrClass.WORD,
            bbox=BoundingBox(word.left, word.top, word.right, word.bottom),
            text=word.text,
            confidence=word.confidence / 100,
        )
        for word in words
    ]
    box = _around(children)
    slope, intercept = baseline(words)
    return OcrElement(
        OcrClass.LINE, bbox=box, children=children, baseline=Baseline(slope, intercept)
    )


def _around(elements: Sequence[OcrElement]) -> BoundingBox:
    """Give the box around elements."""
    boxes = [element.bbox for element in elements if element.bbox is not None]
    return BoundingBox(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def baseline(words: Sequence[Word]) -> tuple[float, float]:
    """Find the line that the words of a text line stand on.

    Args:
        words: of one line, at least one.

    Returns:
        slope (pixels down per pixel right) and the height at the line's left edge relative to
        the bottom of the box around it (zero or negative), as hOCR counts them.
    """
    left = min(word.left for word in words)
    top = min(word.top for word in words)
    bottom = max(word.bottom for word in words)
    standing = [word for word in words if not _DESCENDING.intersection(word.text)]
    if not standing:
        return 0.0, -0.22 * (bottom - top)
    points = [((word.left + word.right) / 2 - left, float(word.bottom)) for word in standing]
    slope = _slope(points)
    level = median(y - slope * x for x, y in points)
    lowest = top + 0.4 * (bottom - top)
    return slope, min(max(level, lowest), bottom) - bottom


def _slope(points: list[tuple[float, float]]) -> float:
    """Take the median of the slopes between points that stand apart; 0 where that says nothing."""
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(points) if x1 - x0 > 20]
    if len(slopes) < 2:
        return 0.0
    slope = median(slopes)
    return slope if abs(slope) < 0.1 else 0.0

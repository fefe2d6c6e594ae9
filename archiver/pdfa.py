"""Setting type on PDF/A-2b: what every page needs that the product itself draws.

Promises the same bytes for the same drawing, title and date, with a text that can be selected and
a font that is embedded. What the font does not have becomes a replacement character, so what is
measured is what is drawn. Lines are broken by arithmetic alone; widths come from the caller.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from archiver.errors import SystemFault

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.fonts import TTFFont

A4_MM = (210.0, 297.0)

Measure = Callable[[str, float], float]
"""Width in millimetres of a text in a size in points."""

_FONT = "text"
_FONT_FILE = "NotoSans-Regular.ttf"
_UNKNOWN = "\ufffd"
_LONGEST_TITLE = 200
# Readers copy a ligature as its letters; drawn as letters, it is found by them too.
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_RULE_MM, _RULE_GREY = 0.2, 160
_MEASURED = 10_000


class Draft:
    """A document that is being drawn, page by page; lengths in millimetres, sizes in points.

    Args:
        created: date for the file's metadata; the only clock there is.
        language: of its text, e.g. ``de-DE``.

    Raises:
        SystemFault: ``font_missing``.
    """

    def __init__(self, created: datetime, language: str) -> None:
        self._created = created
        self._pdf = _opened(created, language)
        font = cast("TTFFont", self._pdf.fonts[_FONT])
        self._known = frozenset(font.cmap)
        widths, scale = font.cw, 0.001 / self._pdf.k

        @lru_cache(maxsize=_MEASURED)
        def measure(text: str, points: float) -> float:
            return float(sum(widths[ord(letter)] for letter in text) * points * scale)

        self.measure: Measure = measure

    def shown(self, text: str) -> str:
        """A text in letters that the font has; line ends stay, controls go, ligatures part."""
        if text.isascii() and text.isprintable():
            return text
        letters = unicodedata.normalize("NFC", text).translate(_LIGATURES)
        return "".join(_drawn(letter, self._known) for letter in letters)

    def page(self) -> None:
        """Begin a page."""
        self._pdf.add_page()

    def text(self, left: float, base: float, points: float, text: str) -> None:
        """Write on a base line; `text` as `shown` gives it."""
        self._pdf.set_font(_FONT, size=points)
        self._pdf.text(left, base, text)

    def rule(self, left: float, right: float, height: float) -> None:
        """Draw a thin grey line across."""
        self._pdf.set_line_width(_RULE_MM)
        self._pdf.set_draw_color(_RULE_GREY)
        self._pdf.line(left, height, right, height)

    def finished(self, title: str) -> bytes:
        """The whole file.

        Args:
            title: for its metadata, as `shown` gives it.
        """
        self._pdf.set_title(title[:_LONGEST_TITLE])
        return _approved(bytes(self._pdf.output()), self._created)


def broken(text: str, width: float, points: float, measure: Measure) -> Iterator[str]:
    """Break a text into lines.

    Args:
        text: words; one that is wider than a line is broken within.
        width: of a line in millimetres.
        points: size of the type.
        measure: the font's widths.
    """
    space = measure(" ", points)
    line: list[str] = []
    used = 0.0
    for word in text.split():
        for piece in _pieces(word, width, points, measure):
            wide = measure(piece, points)
            if line and used + space + wide > width:
                yield " ".join(line)
                line, used = [], 0.0
            used += wide + (space if line else 0)
            line.append(piece)
    if line:
        yield " ".join(line)


def _pieces(word: str, width: float, points: float, measure: Measure) -> Iterator[str]:
    """Cut a word that is wider than a line."""
    if measure(word, points) <= width:
        yield word
        return
    start, used = 0, 0.0
    for place, letter in enumerate(word):
        wide = measure(letter, points)
        if place > start and used + wide > width:
            yield word[start:place]
            start, used = place, 0.0
        used += wide
    yield word[start:]


def _opened(created: datetime, language: str) -> FPDF:
    """An empty document with its font."""
    from fpdf import FPDF

    # Noto Sans comes with OCRmyPDF; PDF/A wants every font embedded.
    package = find_spec("ocrmypdf")
    font = Path(package.origin or "").parent / "data" / _FONT_FILE if package else None
    if font is None or not font.is_file():
        raise SystemFault("font_missing", font=_FONT_FILE)
    pdf = FPDF(format=A4_MM, enforce_compliance="PDF/A-2B")
    pdf.set_creation_date(created)
    pdf.set_lang(language)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font(_FONT, fname=font)
    return pdf


def _approved(drawn: bytes, created: datetime) -> bytes:
    """A PDF as pikepdf's validator takes it, without the clock.

    fpdf2 adds an opening view, which the validator does not know, and twice the time of writing.
    """
    import pikepdf
    from pikepdf import pdfa

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        del pdf.Root.OpenAction, pdf.trailer.ID
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            for key in ("xmp:CreateDate", "xmp:ModifyDate", "xmp:MetadataDate"):
                metadata[key] = created.replace(microsecond=0).isoformat()
        pdfa.save(pdf, out, "2b", repair=False, deterministic_id=True)
    return out.getvalue()


def _drawn(letter: str, known: frozenset[int]) -> str:
    """A letter as it is drawn: itself, a space, nothing, or the sign for what is missing."""
    if letter.isspace():
        return "\n" if letter == "\n" else " "
    category = unicodedata.category(letter)
    if category in ("Cc", "Cf"):
        return ""
    return letter if ord(letter) in known and category[0] != "C" else _UNKNOWN

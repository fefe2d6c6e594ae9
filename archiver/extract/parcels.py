"""Parcels of land: Gemarkung, Flur and Flurstück, in running text or in the lines of a form.

Promises that a parcel is a fact only with a Flurstück; the district (Gemarkung) and the Flur of
the same page complete it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.extract import labels
from archiver.extract.layout import Passage, Sheet
from archiver.extract.values import Field

_PLOT = r"\d{1,5}(?:\s?/\s?\d{1,4})?"
_PLOTS = re.compile(
    rf"\b(?:Flurstücke?|Flst|Flurst|Fl(?:ur)?\.?\s?st)s?\.?\s*(?:-?\s?Nr\.?|Nummer)?\s*:?\s*"
    rf"({_PLOT}(?:\s*(?:,|und)\s*{_PLOT})*)(?![\w.]*\d)",
    re.IGNORECASE,
)
_FLUR = re.compile(r"\bFlur\s*:?\s*(\d{1,3})\b(?!\s?/\s?\d)", re.IGNORECASE)
_BOTH = re.compile(rf"^\s*(\d{{1,3}})\.?\s?/\s({_PLOT})\s*$")
_FORM = re.compile(r"\bFlur\s?/\s?Flurstück", re.IGNORECASE)
_DISTRICT = re.compile(r"\bGemarkung\s*:?\s+([A-ZÄÖÜ][\wäöüß-]+(?:\s?-\s?[A-ZÄÖÜ][\wäöüß]+)?)")


def parcel_fields(sheet: Sheet) -> Iterator[Field]:
    """All parcels of a page, each with the district and the Flur that stand nearest before it."""
    district = flur = ""
    for line in sheet.lines:
        text = line.text
        named = _DISTRICT.search(text)
        district = named[1] if named else district
        met = _FLUR.search(text)
        flur = met[1] if met else flur
        if _FORM.search(text):
            continue
        for plots in _PLOTS.finditer(text):
            for plot in re.finditer(_PLOT, plots[1]):
                start = plots.start(1) + plot.start()
                yield _parcel(line, start, start + len(plot[0]), (district, flur, plot[0]))
    yield from _in_forms(sheet, district)


def _in_forms(sheet: Sheet, district: str) -> Iterator[Field]:
    """A form's ``Flur / Flurstück`` with ``7 / 118/3`` beside it."""
    for met in labels.find(sheet, ("Flur / Flurstück", "Flur Flurstück")):
        both = _BOTH.match(met.value.text)
        if both:
            yield _parcel(met.value, both.start(1), both.end(2), (district, both[1], both[2]))


def _parcel(passage: Passage, start: int, end: int, parts: tuple[str, str, str]) -> Field:
    district, flur, plot = parts
    number = re.sub(r"\s", "", plot)
    known = [f"Gemarkung {district}"] if district else []
    known += [f"Flur {flur}"] if flur else []
    return Field(
        "parcel",
        passage.text[start:end],
        ", ".join([*known, f"Flurstück {number}"]),
        passage.page,
        passage.box(start, end),
        0.9 if known else 0.8,
        "label:Flurstück",
        True,
    )

"""Printed labels and the values that stand behind, beside or below them.

Promises that a label is known through one or two misread characters, and that ``Geburtsdatum`` is
not ``Datum``: a label is compared whole, never as a part of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from archiver.extract.layout import Passage, Sheet
from archiver.extract.lookalikes import distance, folded

DATE = (
    "Rechnungsdatum",
    "Datum",
    "Briefdatum",
    "Bescheiddatum",
    "Ausstellungsdatum",
    "Datum der Rechnung",
    "Datum des Schreibens",
)
REFERENCE = (
    "Aktenzeichen",
    "Az",
    "Unser Aktenzeichen",
    "Unser Zeichen",
    "Unsere Zeichen",
    "Mein Zeichen",
    "Geschäftszeichen",
    "Gz",
    "Kassenzeichen",
    "Buchungszeichen",
)
THEIR_REFERENCE = ("Ihr Zeichen", "Ihre Zeichen", "Ihr Aktenzeichen", "Ihr Geschäftszeichen")
SUBJECT = ("Betreff", "Betr", "Betrifft")
INVOICE_NUMBER = (
    "Rechnungsnummer",
    "Rechnungs-Nr",
    "Rechnung Nr",
    "Rechnungsnr",
    "Re-Nr",
    "Rechnung",
    "Belegnummer",
    "Rechnung Nummer",
)
CASE_WORKER = (
    "Auskunft erteilt",
    "Auskunft erteilt Ihnen",
    "Sachbearbeiter",
    "Sachbearbeiterin",
    "Sachbearbeiter/in",
    "Sachbearbeitung",
    "Ansprechpartner",
    "Ansprechpartnerin",
    "Ansprechpartner/in",
    "Ihr Ansprechpartner",
    "Ihre Ansprechpartnerin",
    "Bearbeiter",
    "Bearbeiterin",
    "Bearbeiter/in",
    "Bearbeitet von",
    "Es schreibt Ihnen",
    "Zuständig",
)
TOTAL = (
    "Gesamtbetrag",
    "Rechnungsbetrag",
    "Endbetrag",
    "Zahlbetrag",
    "Gesamtsumme",
    "Endsumme",
    "Bruttobetrag",
    "Zu zahlen",
    "Zu zahlender Betrag",
    "Zu zahlen bis",
    "Gesamt",
    "Summe",
    "Gesamtkosten",
    "Zahlungsbetrag",
    "Betrag",
)
# On forms; the one who applies is the one who sends.
APPLICANT = ("Name, Vorname",)

# These also name columns of tables, under which anything may stand.
_ONLY_BESIDE = ("Betrag", "Rechnung", "Summe", "Gesamt")
# Doubt of a value below its label.
BELOW = 0.05
_LONGEST = max(len(name) for group in (DATE, REFERENCE, CASE_WORKER, TOTAL) for name in group)
_WORD = re.compile(r"[^\W_]+(?:[./-]+[^\W\d_]+)*")


class Labelled(NamedTuple):
    """A label and its value.

    Attributes:
        name: of the label, as configured.
        value: the passage behind, beside or below.
        doubt: 0 for a label read exactly, beside its value; more for each weakness.
        behind: whether label and value stand in one passage.
    """

    name: str
    value: Passage
    doubt: float
    behind: bool


def find(sheet: Sheet, names: Sequence[str]) -> Iterator[Labelled]:
    """Values behind any of the labels, in reading order.

    Args:
        sheet: one page.
        names: labels without colon, the same meaning for all.
    """
    for passage in sheet.passages:
        met = begins(passage.text, names)
        if met is None:
            continue
        name, end, away = met
        doubt = 0.03 * away
        behind = passage.rest(end)
        if behind is not None:
            if name in _ONLY_BESIDE and not passage.text[:end].rstrip().endswith(":"):
                doubt += 0.2
            yield Labelled(name, behind, doubt, True)
            continue
        beside = sheet.right_of(passage)
        if beside is not None:
            yield Labelled(name, beside, doubt + 0.01, False)
            if passage.text.rstrip().endswith(":"):
                continue
        under = sheet.in_column(passage) or sheet.below(passage)
        if under is not None and name not in _ONLY_BESIDE:
            yield Labelled(name, under, doubt + BELOW, False)


def begins(text: str, names: Sequence[str]) -> tuple[str, int, int] | None:
    """The label that a text begins with.

    Args:
        text: of a passage.
        names: labels to look for; the longest that fits wins.

    Returns:
        Label, index behind it and its colon, number of misread characters; None if there is none.
    """
    best: tuple[str, int, int] | None = None
    ends = [match.end() for match in _WORD.finditer(text[: _LONGEST + 12])][:4]
    written = [(_letters(text[:end]), end) for end in ends]
    for name, wanted, limit in _wanted(tuple(names)):
        for letters, end in written:
            away = distance(letters, wanted, limit)
            if away <= limit and (best is None or (-away, len(name)) > (-best[2], len(best[0]))):
                best = name, end, away
    if best is None:
        return None
    behind = re.match(r"[\s.]*[:;]?\s*", text[best[1] :])
    return best[0], best[1] + (behind.end() if behind else 0), best[2]


@lru_cache(maxsize=64)
def _wanted(names: tuple[str, ...]) -> tuple[tuple[str, str, int], ...]:
    """Each label with its letters and how many of them may be misread."""
    letters = [(name, _letters(name)) for name in names]
    return tuple(
        (name, wanted, 2 if len(wanted) >= 10 else 1 if len(wanted) >= 5 else 0)
        for name, wanted in letters
    )


def _letters(text: str) -> str:
    return folded("".join(c for c in text if c.isalnum()))

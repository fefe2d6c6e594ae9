"""Pages of letters made of words at places, as recognition gives them."""

from __future__ import annotations

from archiver.records import Page, Word

WIDTH, HEIGHT = 2480, 3508
_LINE = 34
_CHARACTER = 17


def page(*lines: tuple[int, int, str], number: int = 1, height: int = _LINE) -> Page:
    """A page at 300 dpi.

    Args:
        lines: left and top in pixels, and the text of one recognised line; ``|`` in it leaves a
            wide gap.
        number: of the page.
        height: of the letters.
    """
    words: list[Word] = []
    for index, (left, top, text) in enumerate(lines):
        x = left
        for part in text.split():
            if part == "|":
                x += 12 * height
                continue
            right = x + _CHARACTER * len(part)
            words.append(Word(part, x, top, right, top + height, 95.0, index, index))
            x = right + 12
    return Page(number, WIDTH, HEIGHT, 300.0, 0, "recognised", 95.0, tuple(words))


def town_letter(**changes: str) -> Page:
    """A letter of the invented town; keyword arguments replace texts of its head."""
    text = {
        "reference": "Aktenzeichen: | 70.820.46206-8",
        "clerk": "Auskunft erteilt: | Frau Wießner",
        "mail": "E-Mail: | bauamt@musterbach.example",
        "date": "Datum: | 02.04.2024",
        "body": "auf Ihren Antrag vom 8. März 2024, hier eingegangen am 12. März 2024, wird",
    } | changes
    return page(
        (300, 250, "Stadt Musterbach"),
        (300, 340, "Der Bürgermeister - Bauamt"),
        (1440, 560, text["reference"]),
        (1440, 620, text["clerk"]),
        (1440, 680, text["mail"]),
        (1440, 740, text["date"]),
        (300, 560, "Stadt Musterbach - Rathausplatz 1 - 00999 Musterbach"),
        (300, 640, "Frau"),
        (300, 700, "Anneliese Krämer"),
        (300, 760, "Lindenstraße 4"),
        (300, 820, "00999 Musterbach"),
        (300, 1100, "Baugenehmigung für Ihren Wintergarten"),
        (300, 1230, "Sehr geehrte Frau Krämer,"),
        (300, 1320, text["body"]),
        (
            300,
            1380,
            "die Genehmigung für das Grundstück Gemarkung Süd, Flur 7, Flurstück 118/3 erteilt.",
        ),
        (300, 1440, "Gesamtbetrag: 1.284,50 EUR"),
        (300, 3200, "IBAN DE75 5999 9990 0000 1200 34"),
    )

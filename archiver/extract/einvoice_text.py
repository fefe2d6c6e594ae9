"""An electronic invoice as people read it: German labels, as plain text and as simple HTML.

Promises that every value of the invoice stands in it, that nothing of it is interpreted as markup,
and that the HTML loads nothing. It is a view for people; the XML stays the invoice.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from archiver.extract.einvoice import EInvoice, Line

# UNTDID 1001, the codes that EN 16931 and ZUGFeRD allow.
_TYPES = {
    "326": "Teilrechnung",
    "380": "Rechnung",
    "381": "Gutschrift",
    "384": "Rechnungskorrektur",
    "389": "Gutschrift im Abrechnungsverfahren",
    "751": "Buchungshilfe (keine Rechnung)",
    "875": "Abschlagsrechnung",
    "876": "Teilschlussrechnung",
    "877": "Schlussrechnung",
}
_STYLE = (
    "body{font-family:sans-serif;margin:2em;max-width:50em}th{text-align:left;font-weight:normal;"
    "color:#444;padding-right:2em;vertical-align:top}td.n{text-align:right}table{margin:1em 0}"
    ".lines td,.lines th{border-bottom:1px solid #ccc;padding:.2em .8em .2em 0}"
)
COLUMNS = ("Pos.", "Bezeichnung", "Menge", "Betrag")


def title(invoice: EInvoice) -> str:
    """What the invoice is, with its number."""
    kind = _TYPES.get(invoice.type_code or "380", f"Beleg der Art {invoice.type_code}")
    return f"{kind} {invoice.number or 'ohne Nummer'}"


def german_day(day: str | None) -> str:
    """An ISO day as 31.12.2026; empty for None."""
    if not day:
        return ""
    year, month, number = day.split("-")
    return f"{number}.{month}.{year}"


def german_amount(amount: str | None, currency: str | None = None) -> str:
    """An amount as 1.284,50 EUR; empty for None."""
    if not amount:
        return ""
    whole, _point, decimals = amount.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits or 0):,}".replace(",", ".")
    return f"{sign}{grouped},{decimals or '00'}" + (f" {currency}" if currency else "")


def rows(invoice: EInvoice) -> Iterator[tuple[str, str]]:
    """Label and value of everything that is given, in the order of a paper invoice."""
    yield from parties(invoice)
    yield from payment(invoice)


def parties(invoice: EInvoice) -> Iterator[tuple[str, str]]:
    """Label and value of what stands above the lines: dates, parties, references."""
    return _given(
        ("Rechnungsnummer", invoice.number),
        ("Rechnungsdatum", german_day(invoice.issue_date)),
        ("Fällig am", german_day(invoice.due_date)),
        ("Verkäufer", invoice.seller),
        ("USt-IdNr. des Verkäufers", invoice.seller_vat_id),
        ("E-Mail des Verkäufers", invoice.seller_email),
        ("Käufer", invoice.buyer),
        ("Leitweg-ID / Referenz des Käufers", invoice.buyer_reference),
        ("Bestellnummer", invoice.order),
        ("Vertragsnummer", invoice.contract),
        ("Profil", invoice.profile),
    )


def payment(invoice: EInvoice) -> Iterator[tuple[str, str]]:
    """Label and value of what stands below the lines: totals and accounts."""
    money = invoice.currency
    return _given(
        ("Summe ohne Umsatzsteuer", german_amount(invoice.net, money)),
        ("Umsatzsteuer", german_amount(invoice.tax, money)),
        ("Summe mit Umsatzsteuer", german_amount(invoice.gross, money)),
        ("Bereits gezahlt", german_amount(invoice.prepaid, money)),
        ("Zu zahlen", german_amount(invoice.payable, money)),
        *(("IBAN", _grouped(iban)) for iban in invoice.ibans),
    )


def _given(*pairs: tuple[str, str | None]) -> Iterator[tuple[str, str]]:
    return ((label, value) for label, value in pairs if value)


def plain(invoice: EInvoice) -> str:
    """The invoice as text, one line a value."""
    head = [title(invoice), ""]
    head += [f"{label}: {one_line(value)}" for label, value in rows(invoice)]
    lines = [" · ".join(cells(line)) for line in invoice.lines]
    notes = [one_line(note) for note in invoice.notes]
    parts = [head, ["", "Positionen", *lines] if lines else [], ["", *notes] if notes else []]
    return "\n".join(line for part in parts for line in part) + "\n"


def html(invoice: EInvoice) -> str:
    """The invoice as one HTML page that loads nothing."""
    heading = escape(title(invoice))
    values = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>\n"
        for label, value in rows(invoice)
    )
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(line)) + "</tr>\n"
        for line in invoice.lines
    )
    columns = "".join(f"<th>{name}</th>" for name in COLUMNS)
    table = f'<table class="lines">\n<tr>{columns}</tr>\n{lines}</table>\n' if lines else ""
    notes = "".join(f"<p>{escape(note)}</p>\n" for note in invoice.notes)
    return (
        f'<!DOCTYPE html>\n<html lang="de">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'unsafe-inline'\">\n<title>{heading}</title>\n<style>{_STYLE}</style>\n"
        f"</head>\n<body>\n<h1>{heading}</h1>\n<table>\n{values}</table>\n{table}{notes}</body>\n</html>\n"
    )


def cells(line: Line) -> tuple[str, str, str, str]:
    """A line of the invoice, one text for each of `COLUMNS`."""
    return line.number, one_line(line.name), line.quantity, german_amount(line.amount)


def one_line(text: str) -> str:
    """A text without line breaks and double spaces."""
    return " ".join(text.split())


def _grouped(iban: str) -> str:
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))

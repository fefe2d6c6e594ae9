"""What lies beside the package to be looked at: a page to browse and a table for a spreadsheet.

Promises texts that stand alone: the page needs no network, no script and no other file. Both are
written for the archive that takes over, so their words are German, as are the messages'.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from html import escape

from archiver.retention.exchange.batch import Delivery, Document, Item, PrimaryFile

TABLE = "documents.csv"
COLUMNS = (
    "Datei",
    "Akte oder Dokument",
    "Aktenzeichen",
    "Aktenplan",
    "Titel",
    "Art",
    "Datum",
    "Eingang",
    "Format",
    "Bytes",
    "SHA-512",
    "Nummer",
)
_STYLE = (
    "body{font:16px/1.5 sans-serif;margin:2rem;max-width:80rem}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #888;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "code{font-size:.8em;word-break:break-all}"
)
# A cell that begins so would be taken for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(delivery: Delivery) -> Iterator[str]:
    """One line a file, semicolons between, as German spreadsheets read it (with a mark for UTF-8).

    Yields:
        Lines with their end.
    """
    yield "\ufeff" + _line(COLUMNS)
    for item, document in delivery.documents():
        for file in document.files:
            yield _line(_cells(item, document, file))


def _cells(item: Item, document: Document, file: PrimaryFile) -> tuple[str, ...]:
    return (
        file.name,
        item.title,
        item.reference,
        f"{item.class_code} {item.class_title}".strip(),
        document.title,
        document.kind,
        _day(document.dated),
        _day(document.received_on),
        f"{file.format.name} {file.format.version}".strip(),
        str(file.size),
        file.sha512,
        document.id,
    )


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    safe = (f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    csv.writer(line, delimiter=";", lineterminator="\r\n").writerow(safe)
    return line.getvalue()


def _day(stored: str | None) -> str:
    """31.12.2026 from 2026-12-31; what has another form stays as it is."""
    if not stored:
        return ""
    parts = stored.split("-")
    return ".".join(reversed(parts)) if len(parts) == 3 else stored


def page(delivery: Delivery, package: str) -> Iterator[str]:
    """The page: what was handed over by whom to whom, and every file with its digest.

    Args:
        delivery: what it lists.
        package: path of the package beside the page.

    Yields:
        Pieces of HTML.
    """
    head = delivery.head
    title = f"Aussonderung {head.process_id}"
    documents = sum(len(item.documents) for item in delivery.items)
    facts = (
        ("Abgebende Stelle", head.authority.name),
        ("Archiv", head.archive.name),
        ("Erstellt", head.created_at),
        ("xdomea", head.version),
        ("Umfang", f"{len(delivery.items)} Akten und Vorgänge, {documents} Dokumente"),
        ("Kopf des Verzeichnisses der Ereignisse", delivery.ledger_head),
    )
    yield (
        '<!DOCTYPE html>\n<html lang="de"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>{escape(title)}</h1>\n<dl>"
    )
    for name, value in facts:
        yield f"<dt>{name}</dt><dd>{escape(value)}</dd>" if value else ""
    yield (
        "</dl>\n<p>Alle Dateien liegen im Paket "
        f'<a href="{escape(package)}">{escape(package)}</a>, '
        "alle Angaben in der Nachricht darin und in "
        '<a href="documents.csv">documents.csv</a>.</p>\n'
    )
    for item in delivery.items:
        yield from _section(item)
    yield "</body></html>\n"


def _section(item: Item) -> Iterator[str]:
    place = f"{item.class_code} {item.class_title}".strip()
    yield f"<h2>{escape(' '.join(filter(None, (item.reference, item.title))))}</h2>\n"
    yield f"<p>{escape(place)}</p>\n<table><tr><th>Dokument</th><th>Datum</th><th>Datei</th></tr>\n"
    for document in item.documents:
        files = "<br>".join(
            f"{escape(file.name)} ({file.size} Bytes)<br><code>{file.sha512}</code>"
            for file in document.files
        )
        day = _day(document.dated or document.received_on)
        yield f"<tr><td>{escape(document.title)}</td><td>{escape(day)}</td><td>{files}</td></tr>\n"
    yield "</table>\n"

"""Brings the German catalogue up to the sources: new texts appear empty, vanished ones go.

Translate the empty ones in archiver/locale/de/LC_MESSAGES/archiver.po, then run this again; the
compiled catalogue is written beside it.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "archiver" / "locale" / "de" / "LC_MESSAGES" / "archiver.po"
KEYWORDS = {"tr": None, "N_": None, "NN_": (1, 2)}
Text = str | tuple[str, ...] | list[str]


def texts() -> list[Text]:
    """Every text for people in the sources, in order; those about a number in both forms."""
    found = extract_from_dir(ROOT / "archiver", keywords=KEYWORDS)
    return list(dict.fromkeys(message for _file, _line, message, _notes, _context in found))


def catalogue() -> Catalog:
    """The German catalogue with exactly the texts of the sources."""
    known: dict[object, Text] = {}
    if FILE.exists():
        with FILE.open("rb") as file:
            known = {m.id: m.string or "" for m in read_po(file, "de") if m.id}
    fresh = Catalog("de", project="archiver", charset="utf-8", fuzzy=False)
    for text in texts():
        fresh.add(text, known.get(text, "" if isinstance(text, str) else ("", "")))
    return fresh


def all_said(translation: Text | None) -> bool:
    """Whether a text is translated, in all its forms."""
    return bool(translation) if isinstance(translation, str) else all(translation or [""])


def compiled(messages: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    buffer = BytesIO()
    write_mo(buffer, messages)
    return buffer.getvalue()


def main() -> int:
    """Write both files; tell what is not yet translated."""
    messages = catalogue()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("wb") as file:
        write_po(file, messages, no_location=True, omit_header=True, width=100)
    FILE.with_suffix(".mo").write_bytes(compiled(messages))
    missing = [message.id for message in messages if message.id and not all_said(message.string)]
    for text in missing:
        print(f"not translated: {text!r}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

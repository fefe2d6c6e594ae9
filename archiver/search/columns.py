"""The columns of an index: an entry cut into words, keys and numbers.

Promises a pure cut that both engines store alike, so that a query means the same in both.

* A *text* column holds values (pages, a subject), each a line of words parted by spaces. It
  exists twice: ``NAME_stem`` for words in any inflection, ``NAME_exact`` for phrases and
  beginnings, which a stem would break.
* A *key* column holds codes without separators, compared whole or by their beginning.
* A *number* column holds days as YYYYMMDD.
"""

from __future__ import annotations

import msgspec

from archiver.search import dates, fields
from archiver.search.german import key, plain_text, words
from archiver.search.index import Entry
from archiver.search.stemmer import stem

SCHEMA_VERSION = 3
"""To be raised with every change of the cut, the fold or the stemmer; old indexes are rebuilt."""

TEXT = "text"
FILLED = "filled"

TEXT_COLUMNS = (TEXT, *sorted(fields.TEXTS))
GUARD = "guard"
KEY_COLUMNS = (fields.STATE, fields.CLASS, fields.REFERENCE, "dossier_key", FILLED, GUARD)
NUMBER_COLUMNS = (fields.DATE, fields.RECEIVED)


class Columns(msgspec.Struct, frozen=True):
    """One entry, cut.

    Attributes:
        texts: column name with ``_stem`` or ``_exact`` -> values.
        keys: column name -> keys; ``filled`` names the fields that have a value.
        numbers: column name -> YYYYMMDD.
    """

    texts: dict[str, list[str]]
    keys: dict[str, list[str]]
    numbers: dict[str, int]


def id_key(text: str) -> str:
    """An id as it is compared: letter case aside, for other than words ids must not conflate."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def guard_key(guard: str) -> str:
    """A guard as it is compared: exactly, for folded keys of two classes may be alike."""
    return guard.encode("utf-8", "surrogatepass").hex()


def plain_entry(entry: Entry) -> Entry:
    """The entry as it is stored and shown: its pages in plain text."""
    return msgspec.structs.replace(entry, pages=tuple(map(plain_text, entry.pages)))


def columns(entry: Entry) -> Columns:
    """Cut an entry whose pages are plain text."""
    short = {
        fields.SUBJECT: entry.subject,
        fields.SENDER: entry.sender,
        fields.FILE: entry.file_name,
        fields.DOSSIER: entry.dossier,
    }
    values = {name: [words(plain_text(text))] for name, text in short.items() if text}
    about = [value for lines in values.values() for value in lines]
    values[TEXT] = (
        [words(page) for page in entry.pages] + about + [words(plain_text(entry.reference or ""))]
    )
    keys = {
        fields.STATE: key(entry.state),
        fields.CLASS: key(entry.record_class or ""),
        fields.REFERENCE: key(entry.reference or ""),
        "dossier_key": key(entry.dossier or ""),
        GUARD: guard_key(entry.guard),
    }
    days = {fields.DATE: entry.date, fields.RECEIVED: entry.received_on}
    filled = [name for name, text in {**short, **days}.items() if text]
    filled += [name for name in (fields.CLASS, fields.REFERENCE) if keys[name]]
    return Columns(
        texts={
            f"{name}_{kind}": [" ".join(map(spell, line)) for line in lines]
            for name, lines in values.items()
            for kind, spell in (("stem", stem), ("exact", str))
        },
        keys={name: [code] for name, code in keys.items() if code} | {FILLED: filled},
        numbers={name: dates.number(day) for name, day in days.items() if day},
    )

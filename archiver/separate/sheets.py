"""What our own marks say: the grammar of separator sheets and of archive number labels.

Promises that `payload` and `parse` are each other's inverse, that a code of somebody else (a
GiroCode, a ticket, a sender's link) is silently not ours, and that a mark of ours which is not
exactly what we print is refused aloud.

A payload is ASCII: ``ARV1;k=s;c=invoice;r=632.21-12/2024;d=...;x=1f0c9a3e``. ``k`` is ``s`` for
a separator or ``n`` for an archive number, ``c`` record class, ``r`` reference, ``d`` dossier,
``n`` number, ``x`` the check value. Fields stand in this order, empty ones are left out, and
values are percent-encoded, because readers guess differently at other character sets.
"""

from __future__ import annotations

import re
from hashlib import blake2s
from urllib.parse import quote, unquote

import msgspec

from archiver.errors import ReviewNeeded, UsageFault
from archiver.plaintext import is_plain
from archiver.records import Code

MAX_PAYLOAD = 300
"""Characters; a QR code of 60 mm with level H still has modules of 0.9 mm."""

_VERSION = 1
_OURS = re.compile(r"ARV(\d{1,3});")
_FIELD = re.compile(r"([a-z])=([^;=]*)")
_SAFE = "/ .,:()+-_!*'"
_CHECK_BYTES = 4
_MAX_KEY = 32
_MOST_DIGITS = 12


class SheetMark(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a separator sheet says about the document behind it.

    Attributes:
        record_class: key of the class in the filing plan, or None.
        reference: reference (Aktenzeichen) in its full form, or None.
        dossier: id of the dossier, or None.
    """

    record_class: str | None = None
    reference: str | None = None
    dossier: str | None = None


class NumberMark(msgspec.Struct, frozen=True):
    """What an archive number label says about the page it sticks on.

    Attributes:
        number: as printed, with its leading zeros.
    """

    number: str


Mark = SheetMark | NumberMark


def payload(mark: Mark, *, key: bytes = b"") -> str:
    """Write a mark as it stands in the QR code.

    Args:
        mark: what to say; a number is digits and letters with an optional prefix.
        key: the archive's own secret of at most 32 bytes. Without one the check value finds
            damage; with one it also refuses sheets that somebody else has made, such as a letter
            that a sender wants to see filed elsewhere.

    Returns:
        ASCII, at most `MAX_PAYLOAD` characters.

    Raises:
        UsageFault: ``label_too_long``, ``label_without_number``, ``label_not_plain`` (control
            characters, which no reader would give back).
    """
    if isinstance(mark, NumberMark):
        if not mark.number:
            raise UsageFault("label_without_number")
        fields = [("k", "n"), ("n", mark.number)]
    else:
        given = (("c", mark.record_class), ("r", mark.reference), ("d", mark.dossier))
        fields = [("k", "s"), *((name, value) for name, value in given if value)]
    if not all(is_plain(value) for _name, value in fields):
        raise UsageFault("label_not_plain")
    body = f"ARV{_VERSION};" + ";".join(f"{name}={quote(value, _SAFE)}" for name, value in fields)
    text = f"{body};x={_check_value(body, key)}"
    if len(text) > MAX_PAYLOAD:
        raise UsageFault("label_too_long", length=len(text), limit=MAX_PAYLOAD)
    return text


def _check_value(body: str, key: bytes) -> str:
    return blake2s(body.encode("ascii"), digest_size=_CHECK_BYTES, key=key[:_MAX_KEY]).hexdigest()


def parse(text: str, *, key: bytes = b"") -> Mark | None:
    """Read the text of a QR code.

    Args:
        text: as the reader gave it.
        key: as for `payload`.

    Returns:
        the mark, or None where the code is not one of ours.

    Raises:
        ReviewNeeded: ``sheet_version`` (a newer kind of sheet), ``sheet_damaged`` (it begins
            like ours, but its check value or its form is wrong).
    """
    ours = _OURS.match(text)
    if ours is None:
        return None
    if int(ours[1]) != _VERSION:
        raise ReviewNeeded("sheet_version", version=int(ours[1]), known=_VERSION)
    fields: dict[str, str] = {}
    for piece in text[ours.end() :].split(";"):
        field = _FIELD.fullmatch(piece)
        if field is None or field[1] in fields or not is_plain(unquote(field[2])):
            raise ReviewNeeded("sheet_damaged")
        fields[field[1]] = unquote(field[2])
    mark: Mark
    if fields.get("k") == "n":
        mark = NumberMark(fields.get("n", ""))
    else:
        mark = SheetMark(fields.get("c"), fields.get("r"), fields.get("d"))
    # One comparison stands for all: check value, order, unknown fields, another way to encode.
    try:
        sound = payload(mark, key=key) == text
    except (UsageFault, UnicodeEncodeError):
        sound = False
    if not sound:
        raise ReviewNeeded("sheet_damaged")
    return mark


def read(code: Code, *, prefix: str = "ASN", key: bytes = b"") -> Mark | None:
    """Read a code that was found on a page.

    Args:
        code: of any kind; patch codes say nothing.
        prefix: with which plain archive numbers begin (``ASN000123`` in Code 128, as other
            archives print them too); empty where only labels with check value are taken.
        key: as for `payload`.

    Returns:
        the mark, or None where the code is not one of ours.

    Raises:
        ReviewNeeded: as `parse`.
    """
    if prefix and code.text.startswith(prefix):
        digits = code.text[len(prefix) :]
        if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS:
            return NumberMark(code.text)
    return parse(code.text, key=key)

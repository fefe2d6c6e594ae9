"""What code, JSON and ledger call by a key, as people call it: classes, fields, cues, persons.

In English the keys are the words of the command line and stay. In German the filing plan's numbers
and titles stand for its classes, and the words of the office for the rest. What is shown for a
class or a field may be typed where one is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from archiver.records import WITHDRAWN_CLASS, FieldKind
from archiver.tongue import N_, is_german, tr

CLASS = "class"

# How values of a document are called beside their keys; the first is shown in German.
FIELD_WORDS: Mapping[FieldKind | str, tuple[str, ...]] = {
    CLASS: ("Klasse",),
    "letter_date": ("Datum", "date"),
    "received_stamp": ("Eingangsstempel", "Eingang"),
    "reference": ("Aktenzeichen", "az"),
    "their_reference": ("Ihr_Zeichen",),
    "sender": ("Absender",),
    "recipient": ("Empfänger", "Empfaenger"),
    "subject": ("Betreff",),
    "iban": ("IBAN",),
    "vat_id": ("USt-IdNr",),
    "email": ("E-Mail",),
    "amount": ("Einzelbetrag",),
    "total": ("Betrag", "Summe"),
    "invoice_number": ("Rechnungsnummer",),
    "parcel": ("Flurstück", "Flurstueck"),
    "case_worker": ("Sachbearbeitung", "Sachbearbeiter"),
    "place": ("Ort",),
    "dossier": ("Akte",),
    "archive_number": ("Archivnummer",),
    "due_date": ("Fällig", "faellig"),
    "currency": ("Währung", "Waehrung"),
    "net_total": ("Nettobetrag",),
    "buyer_reference": ("Leitweg-ID",),
    "order_number": ("Bestellnummer",),
    "contract_number": ("Vertragsnummer",),
}

DAY_FIELDS = frozenset({"letter_date", "received_stamp", "due_date"})
SUM_FIELDS = frozenset({"amount", "total", "net_total"})

_CUES: Mapping[str, str] = {
    "above_salutation": N_("above the salutation"),
    "address_field": N_("address field"),
    "alone_in_head": N_("alone in the head"),
    "at_sign": N_("by its @"),
    "bad_check": N_("check digits are wrong"),
    "check_digit": N_("check digits"),
    "currency": N_("by its currency"),
    "heading": N_("heading"),
    "known_domain": N_("domain of a known sender"),
    "known_iban": N_("account of a known sender"),
    "known_name": N_("name of a known sender"),
    "known_vat_id": N_("VAT id of a known sender"),
    "letterhead": N_("letterhead"),
    "of_line": N_("“of” before it"),
    "only_amount": N_("the only amount"),
    "own_address": N_("address of the sender"),
    "own_letterhead": N_("letterhead of the town"),
    "own_name": N_("name of the town"),
    "own_name_in_head": N_("name of the town in the head"),
    "own_own_address": N_("address of the town"),
    "own_return_address": N_("return address of the town"),
    "page_header": N_("page header"),
    "person": N_("said by a person"),
    "place_and_date": N_("place and date"),
    "reference": N_("from the reference"),
    "return_address": N_("return address"),
    "sheet": N_("separator sheet"),
    "stamp": N_("received stamp"),
    "text": N_("in running text"),
    "xml": N_("from the e-invoice"),
}

_plan: dict[str, tuple[str, str]] = {}


def use_plan(classes: Mapping[str, tuple[str, str]]) -> None:
    """Name classes by a filing plan from now on, in this process.

    Args:
        classes: number and title by key.
    """
    _plan.clear()
    _plan.update(classes)


def class_name(key: str | None, title: str | None = None) -> str:
    """A class with its title.

    Args:
        key: of the class; empty for None.
        title: where it is known better than from the filing plan in use.
    """
    if not key:
        return ""
    number, known = _plan.get(key, ("", ""))
    known = title or (tr(N_("Papers that were taken back")) if key == WITHDRAWN_CLASS else known)
    if is_german():
        return f"{number} {known}".strip() or key
    return f"{key} – {known}" if known else key


def class_short(key: str | None) -> str:
    """A class where there is no room for more, or in a sentence."""
    return class_name(key) if is_german() else key or ""


def class_word(key: str) -> str:
    """A class in a command to be typed: in German its number."""
    return (_plan.get(key, ("", ""))[0] or key) if is_german() else key


def field_name(kind: str) -> str:
    """A field as it may be typed."""
    return FIELD_WORDS[kind][0] if is_german() and kind in FIELD_WORDS else kind


def cue_name(cue: str) -> str:
    """By what a value was known: ``label:Datum`` as the label itself, others in words.

    Args:
        cue: as `archiver.records.Field` has it; an unknown one is told as it is.
    """
    code, sign, rest = cue.partition(":")
    if code == "future":
        return tr("{cue}, in the future").format(cue=cue_name(rest))
    if code == "shape":
        return tr("shape {shape}").format(shape=rest)
    if sign:
        return tr("label:{label}").format(label=rest)
    return tr(_CUES.get(cue, cue))


def actor_name(actor: str) -> str:
    """Who did something, as the ledger knows him."""
    code, sign, number = actor.partition(":")
    return tr("uid:{number}").format(number=number) if sign and code == "uid" else tr(actor)


# Who writes in the ledger beside persons.
_SERVICE = N_("daemon")

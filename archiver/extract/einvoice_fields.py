"""An electronic invoice's values as fields, beside those that are read from paper.

Promises the same kinds and normal forms as reading; the cue is ``xml`` and there is no place on a
page: page 0 and an empty box.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from archiver.extract.einvoice import EInvoice
from archiver.extract.einvoice_text import one_line, title
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
        ("subject", title(invoice), True),
        ("total", total, True),
        ("net_total", invoice.net, True),
        ("currency", invoice.currency, True),
        ("due_date", invoice.due_date, "due_before_issue" not in findings),
        ("vat_id", invoice.seller_vat_id, "bad_vat_id" not in findings),
        ("email", invoice.seller_email, True),
        ("buyer_reference", invoice.buyer_reference, True),
        ("order_number", invoice.order, True),
        ("contract_number", invoice.contract, True),
        *(("iban", iban, "bad_iban" not in findings) for iban in invoice.ibans),
    ]
    return Extracted(
        tuple(
            Field(kind, value, one_line(value), 0, _NOWHERE, 0.99 if sure else 0.3, "xml", sure)
            for kind, value, sure in given
            if value
        )
    )


def preferred(told: Extracted, read: Extracted) -> Extracted:
    """The fields of a document of which its XML tells more surely than its pages.

    Args:
        told: by the XML.
        read: from the pages; what the XML tells as a fact is a candidate here at most.
    """
    sure = {field.kind for field in told.fields if field.is_fact}
    rest = (
        msgspec.structs.replace(field, is_fact=False) if field.kind in sure else field
        for field in read.fields
    )
    return Extracted(tuple(sorted((*told.fields, *rest), key=lambda field: not field.is_fact)))

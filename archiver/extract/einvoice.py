"""Electronic invoices: XRechnung (UBL, CII) and ZUGFeRD/Factur-X, from XML bytes to fields.

Promises a parser that resolves nothing: a document type declaration is refused before parsing, so
there are no entities, no external files and no network. What the XML says is taken as it stands;
`archiver.extract.einvoice_checks` says whether it agrees with itself and with its schema.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from archiver.errors import DocumentFault
from archiver.plaintext import plain_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

Syntax = Literal["ubl_invoice", "ubl_credit_note", "cii", "zugferd_1"]

# Names of the XML in ZUGFeRD 1 and 2, Factur-X and XRechnung PDFs, in lower case.
ATTACHMENT_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
MOST_BYTES = 64 << 20
MOST_NOTES = 20
MOST_LINES = 10_000
MOST_ACCOUNTS = 100
LONGEST_TEXT = 20_000
_MOST = {"ibans": MOST_ACCOUNTS, "notes": MOST_NOTES, "lines": MOST_LINES}
_NO_MEMORY = 2  # XML_ERR_NO_MEMORY of libxml2
_ROOTS: dict[str, Syntax] = {
    "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice": "ubl_invoice",
    "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote": "ubl_credit_note",
    "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice": "cii",
    "{urn:ferd:CrossIndustryDocument:invoice:1p0}CrossIndustryDocument": "zugferd_1",
}


# Bounds that hold wherever such a value is decoded again; no reader of it need ask twice.
Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Amount = Annotated[str, msgspec.Meta(pattern=r"^-?\d{1,16}\.\d{2,6}$")]


class Line(msgspec.Struct, frozen=True):
    """One line of an invoice, as written; amounts without tax."""

    number: Text
    name: Text
    quantity: Text
    amount: Amount | None


class EInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """What an electronic invoice says. Dates are ISO, amounts have a point; None is not given.

    Attributes:
        syntax: of the XML.
        profile: guideline or customisation id, as written.
        number, issue_date, type_code, currency, due_date: of the invoice; type by UNTDID 1001.
        buyer_reference: Leitweg-ID, where the buyer is an authority.
        order, contract: numbers of the buyer's order and of the contract.
        seller, seller_vat_id, seller_email, buyer: the parties.
        line_total, net, tax, gross, prepaid, payable: totals in `currency`; `net` is `line_total`
            with the allowances and charges of the whole invoice.
        ibans: accounts to pay to, without blanks.
        notes: free text, terms of payment last.
        lines: what is charged.

        cut: there is more of a kind than is taken: of endless values only the first are, see
            `MOST_LINES` and its like.
    """

    syntax: Syntax
    profile: Text | None
    number: Text | None
    issue_date: Day | None
    type_code: Text | None
    currency: Text | None
    due_date: Day | None
    buyer_reference: Text | None
    order: Text | None
    contract: Text | None
    seller: Text | None
    seller_vat_id: Text | None
    seller_email: Text | None
    buyer: Text | None
    line_total: Amount | None
    net: Amount | None
    tax: Amount | None
    gross: Amount | None
    prepaid: Amount | None
    payable: Amount | None
    ibans: Annotated[tuple[Text, ...], msgspec.Meta(max_length=MOST_ACCOUNTS)]
    notes: Annotated[tuple[Text, ...], msgspec.Meta(max_length=MOST_NOTES)]
    lines: Annotated[tuple[Line, ...], msgspec.Meta(max_length=MOST_LINES)]
    cut: bool = False


def parse(xml: bytes) -> _Element:
    """The root of an XML document, read without resolving anything.

    Args:
        xml: as received, in any encoding that XML knows.

    Raises:
        DocumentFault: ``xml_entities`` for a document type declaration, ``xml_broken`` if it is
            no well-formed XML, ``xml_too_large``.
        MemoryError: there is none left.
    """
    from lxml import etree

    if len(xml) > MOST_BYTES:
        raise DocumentFault("xml_too_large", limit=MOST_BYTES >> 20)
    if _has_doctype(xml):
        raise DocumentFault("xml_entities")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
        dtd_validation=False, attribute_defaults=False, recover=False, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if getattr(error, "code", None) == _NO_MEMORY:
            raise MemoryError from error
        raise DocumentFault("xml_broken") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentFault("xml_entities")  # in an encoding that hid it
    return root


def _has_doctype(xml: bytes) -> bool:
    """Whether a declaration stands there in ASCII, UTF-16 or UTF-32, at any place."""
    return re.search(rb"<!(?:DOCTYPE|ENTITY)", xml.replace(b"\0", b""), re.IGNORECASE) is not None


def syntax_of(root: _Element) -> Syntax | None:
    """The kind of invoice that an XML document is, None if it is none."""
    return _ROOTS.get(str(root.tag))


def read(xml: bytes) -> EInvoice:
    """Read an invoice.

    Args:
        xml: as received or as taken from a PDF.

    Raises:
        DocumentFault: as `parse`; ``not_an_invoice`` for other XML.
    """
    root = parse(xml)
    match syntax_of(root):
        case "ubl_invoice" | "ubl_credit_note" as syntax:
            return _bounded(_from_ubl(root, syntax))
        case "cii" | "zugferd_1" as syntax:
            return _bounded(_from_cii(root, syntax))
        case _:
            raise DocumentFault("not_an_invoice")


def _bounded(whole: EInvoice) -> EInvoice:
    """An invoice within its bounds, and whether something of it is left out."""
    told = msgspec.to_builtins(whole)
    kept = {key: value[: _MOST.get(key, len(value))] for key, value in told.items() if key in _MOST}
    kept = {key: _shortened(value) for key, value in (told | kept).items()}
    return msgspec.convert(kept | {"cut": kept != told}, EInvoice)


def _shortened(value: object) -> object:
    """Cut all texts of a value made of dicts and lists."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, dict):
        return {key: _shortened(one) for key, one in value.items()}
    return tuple(map(_shortened, value)) if isinstance(value, tuple) else value


def _from_ubl(root: _Element, syntax: Syntax) -> EInvoice:
    """UBL 2.1 (ISO/IEC 19845), business terms of EN 16931-3-2."""
    kind = "CreditNote" if syntax == "ubl_credit_note" else "Invoice"
    currency = _text(root, "DocumentCurrencyCode")
    seller = _all(root, "AccountingSupplierParty/Party")[:1]
    buyer = _all(root, "AccountingCustomerParty/Party")[:1]
    total = "LegalMonetaryTotal/"
    terms = _texts(root, "PaymentTerms/Note")
    ibans = _texts(root, "PaymentMeans/PayeeFinancialAccount/ID")
    return EInvoice(
        syntax=syntax,
        profile=_text(root, "CustomizationID"),
        number=_text(root, "ID"),
        issue_date=_day(_text(root, "IssueDate")),
        type_code=_text(root, f"{kind}TypeCode"),
        currency=currency,
        due_date=_day(_text(root, "DueDate") or _text(root, "PaymentMeans/PaymentDueDate")),
        buyer_reference=_text(root, "BuyerReference"),
        order=_text(root, "OrderReference/ID"),
        contract=_text(root, "ContractDocumentReference/ID"),
        seller=_ubl_name(seller),
        seller_vat_id=_ubl_vat_id(seller),
        seller_email=_of(seller, "Contact/ElectronicMail"),
        buyer=_ubl_name(buyer),
        line_total=_amount(_text(root, total + "LineExtensionAmount")),
        net=_amount(_text(root, total + "TaxExclusiveAmount")),
        tax=_in_currency(_all(root, "TaxTotal/TaxAmount"), currency),
        gross=_amount(_text(root, total + "TaxInclusiveAmount")),
        prepaid=_amount(_text(root, total + "PrepaidAmount")),
        payable=_amount(_text(root, total + "PayableAmount")),
        ibans=tuple(_account(one) for one in ibans),
        notes=(*_texts(root, "Note"), *terms),
        lines=tuple(
            Line(
                number=_text(line, "ID") or "",
                name=_text(line, "Item/Name") or "",
                quantity=_text(line, "InvoicedQuantity") or _text(line, "CreditedQuantity") or "",
                amount=_amount(_text(line, "LineExtensionAmount")),
            )
            for line in _all(root, f"{kind}Line")[: MOST_LINES + 1]
        ),
    )


def _ubl_name(party: Sequence[_Element]) -> str | None:
    """The registered name (BT-27, BT-44), else the trading name."""
    return _of(party, "PartyLegalEntity/RegistrationName") or _of(party, "PartyName/Name")


def _ubl_vat_id(party: Sequence[_Element]) -> str | None:
    for scheme in [one for element in party for one in _all(element, "PartyTaxScheme")]:
        if _text(scheme, "TaxScheme/ID") == "VAT":
            return _text(scheme, "CompanyID")
    return None


def _from_cii(root: _Element, syntax: Syntax) -> EInvoice:
    """UN/CEFACT Cross Industry Invoice, of EN 16931-3-3 and of ZUGFeRD 1."""
    old = syntax == "zugferd_1"
    head = "HeaderExchangedDocument" if old else "ExchangedDocument"
    context = "SpecifiedExchangedDocumentContext" if old else "ExchangedDocumentContext"
    deal = "SpecifiedSupplyChainTradeTransaction" if old else "SupplyChainTradeTransaction"
    group = "SupplyChainTrade" if old else "HeaderTrade"
    agreement = f"{deal}/Applicable{group}Agreement/"
    payment = f"{deal}/Applicable{group}Settlement/"
    totals = f"{payment}SpecifiedTradeSettlement{'' if old else 'Header'}MonetarySummation/"
    number = "ID" if old else "IssuerAssignedID"
    currency = _text(root, payment + "InvoiceCurrencyCode")
    seller = _all(root, agreement + "SellerTradeParty")[:1]
    terms = payment + "SpecifiedTradePaymentTerms/"
    account = payment + "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/"
    ibans = _texts(root, account + "IBANID") or _texts(root, account + "ProprietaryID")
    return EInvoice(
        syntax=syntax,
        profile=_text(root, f"{context}/GuidelineSpecifiedDocumentContextParameter/ID"),
        number=_text(root, f"{head}/ID"),
        issue_date=_day(_text(root, f"{head}/IssueDateTime/DateTimeString")),
        type_code=_text(root, f"{head}/TypeCode"),
        currency=currency,
        due_date=_day(_text(root, terms + "DueDateDateTime/DateTimeString")),
        buyer_reference=_text(root, agreement + "BuyerReference"),
        order=_text(root, f"{agreement}BuyerOrderReferencedDocument/{number}"),
        contract=_text(root, f"{agreement}ContractReferencedDocument/{number}"),
        seller=_of(seller, "Name"),
        seller_vat_id=_cii_vat_id(seller),
        seller_email=_of(seller, "DefinedTradeContact/EmailURIUniversalCommunication/URIID"),
        buyer=_text(root, agreement + "BuyerTradeParty/Name"),
        line_total=_amount(_text(root, totals + "LineTotalAmount")),
        net=_amount(_text(root, totals + "TaxBasisTotalAmount")),
        tax=_in_currency(_all(root, totals + "TaxTotalAmount"), currency),
        gross=_amount(_text(root, totals + "GrandTotalAmount")),
        prepaid=_amount(_text(root, totals + "TotalPrepaidAmount")),
        payable=_amount(_text(root, totals + "DuePayableAmount")),
        ibans=tuple(_account(one) for one in ibans),
        notes=(*_texts(root, f"{head}/IncludedNote/Content"), *_texts(root, terms + "Description")),
        lines=_cii_lines(root, deal, group),
    )


def _cii_vat_id(party: Sequence[_Element]) -> str | None:
    for element in party:
        for number in _all(element, "SpecifiedTaxRegistration/ID"):
            if number.get("schemeID") == "VA":
                return plain_lines(number.text or "").strip() or None
    return None


def _cii_lines(root: _Element, deal: str, group: str) -> tuple[Line, ...]:
    kind = "SupplyChainTrade" if group == "SupplyChainTrade" else "LineTrade"
    sums = f"Specified{kind}Settlement/SpecifiedTradeSettlement"
    total = sums + ("" if kind == "SupplyChainTrade" else "Line") + "MonetarySummation"
    return tuple(
        Line(
            number=_text(line, "AssociatedDocumentLineDocument/LineID") or "",
            name=_text(line, "SpecifiedTradeProduct/Name") or "",
            quantity=_text(line, f"Specified{kind}Delivery/BilledQuantity") or "",
            amount=_amount(_text(line, f"{total}/LineTotalAmount")),
        )
        for line in _all(root, f"{deal}/IncludedSupplyChainTradeLineItem")[: MOST_LINES + 1]
    )


def _all(element: _Element, path: str) -> list[_Element]:
    """Descendants along a path of local names, in any namespace."""
    found = [element]
    for name in path.split("/"):
        found = [child for one in found for child in one.iterchildren(f"{{*}}{name}")]
    return found


def _texts(element: _Element, path: str) -> tuple[str, ...]:
    """Texts along a path, trimmed, empty ones left out."""
    texts = (plain_lines(one.text or "").strip() for one in _all(element, path))
    return tuple(text for text in texts if text)


def _text(element: _Element, path: str) -> str | None:
    return next(iter(_texts(element, path)), None)


def _of(elements: Sequence[_Element], path: str) -> str | None:
    return next((text for one in elements if (text := _text(one, path))), None)


def _in_currency(amounts: Sequence[_Element], currency: str | None) -> str | None:
    """Of several amounts the one in the invoice's currency, else the one without a currency."""
    ordered = sorted(amounts, key=lambda one: one.get("currencyID") != currency)
    fitting = [one for one in ordered if one.get("currencyID") in (currency, None)]
    return _amount(fitting[0].text) if fitting else None


def _amount(text: str | None) -> str | None:
    """An amount with at least two decimals; None if it is no number."""
    try:
        number = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > Decimal(10) ** 15:
        return None
    exponent = number.as_tuple().exponent
    places = max(2, -exponent if isinstance(exponent, int) else 2)
    return f"{number:.{min(places, 6)}f}"


def _day(text: str | None) -> str | None:
    """A day as ISO, from ``2024-03-01`` with or without a time zone, or ``20240301``."""
    digits = re.match(r"\s*(\d{4})-?(\d\d)-?(\d\d)", text or "")
    if digits is None:
        return None
    try:
        return date(int(digits[1]), int(digits[2]), int(digits[3])).isoformat()
    except ValueError:
        return None


def _account(text: str) -> str:
    return re.sub(r"\s", "", text).upper()

"""Electronic invoices: what they say, what is refused, how people read them."""

import io
from datetime import UTC, date, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import DocumentFault
from archiver.extract import (
    einvoice,
    einvoice_checks,
    einvoice_fields,
    einvoice_layout,
    einvoice_pages,
    einvoice_text,
)
from archiver.extract.einvoice_pdf import attached_xml
from archiver.extract.einvoice_reading import AGAINST_SCHEMA, examine
from archiver.extract.values import Box, Extracted, Field
from tests import corpora
from tests.corpora import INVOICES

pytestmark = pytest.mark.pure

# Read from the XML by eye (grep), not by this program: number, date, due date, buyer's reference,
# order, contract, seller, VAT id, buyer, net, tax, gross, payable, first IBAN.
EXPECTED = {
    "01.05a-INVOICE_ubl.xml": (
        "PRG1502112", "2015-04-24", None, "99000000-18188-18", None, None, "[Seller name]",
        "DE123456789", "[Buyer name]", "8870.00", "1685.30", "10555.30", "10555.30",
        "DE79000000001234567890",
    ),
    "01.12a-INVOICE_ubl.xml": (
        "Rechnungsnummer", "2016-03-02", "2016-03-16", "04011000-12353-76", "Dummywert", None,
        "[Seller name]", "DE123456789", "[Buyer name]", "256.61", "48.76", "305.37", "305.37",
        "DE79000000001234567890",
    ),
    "01.20a-INVOICE_ubl.xml": (
        "1234567890", "2021-01-25", "2021-02-04", "1234567890-54321-40", "Bestellung XRechnung",
        None, "Betriebsstätte", "DE123456789", "Kunde 1", "300.00", "57.00", "357.00", "357.00",
        "DE79000000001234567890",
    ),
    "02.06a-INVOICE_ubl.xml": (
        "1234567", "2019-08-20", "2019-08-29", "90000000-03083-72", None, "0000000752",
        "[Seller name]", "ATU123456789", "[Buyer name]", "10.95", "2.08", "13.03", "13.03",
        "DE79000000001234567890",
    ),
    "03.07a-INVOICE_ubl.xml": (
        "1234567", "2018-04-13", "2018-04-13", "90000000-03083-72", "65002278", "0000000752",
        "[Seller name]", "ATU123456789", "[Buyer name]", "10781250.00", "2048437.50",
        "12829687.50", "12829687.50", "DE79000000001234567890",
    ),
    "04.01a-INVOICE_ubl.xml": (
        "12345", "2019-05-15", None, "12345678-12345-83", "123", None, "M. Meier Handwerk GbR",
        "DE/12/345/67890", "Beispielkunde", "12536.84", "2382.00", "14918.84", "4918.84",
        "DE79000000001234567890",
    ),
    "Facture_FR_BASICWL.pdf": (
        "FA-2017-0010", "2017-11-13", "2017-12-13", None, "PO445", "MSPE2017", "Au bon moulin",
        "FR11999999998", "Ma jolie boutique", "624.90", "46.25", "671.15", "470.15",
        "FR2012421242124212421242124",
    ),
    "ZUGFeRD_1p0_EXTENDED_Warenrechnung.pdf": (
        "R87654321012345", "2013-08-06", None, None, "B123456789", None, "MUSTERLIEFERANT GMBH",
        "DE123456789", "MUSTER-KUNDE GMBH", "448.99", "70.00", "518.99", "518.99", None,
    ),
    "additional-data-sample-1.pdf": (
        "R87654321012345", "2013-08-06", None, None, "B123456789", None, "MUSTERLIEFERANT GMBH",
        "DE123456789", "MUSTER-KUNDE GMBH", "448.99", "70.00", "518.99", "518.99", None,
    ),
    "zugferd_2p0_EN16931_2_Teilrechnung.pdf": (
        "471113", "2018-06-13", None, None, "2018-471331", None, "Lieferant GmbH", "DE123456789",
        "Kunden AG Mitte", "22.00", "1.54", "23.54", "23.54", None,
    ),
    "zugferd_2p0_EN16931_Physiotherapeut.pdf": (
        "R18-31", "2018-10-03", "2018-11-21", None, None, None, "Physiotherapeutin", "DE136695976",
        "Liselotte Müller", "380.00", "0.00", "380.00", "380.00", "DE02120300000000202051",
    ),
    "zugferd_2p0_MINIMUM.pdf": (
        "471102", "2018-03-05", None, None, None, None, "Lieferant GmbH", "DE123456789",
        "Kunden AG Mitte", "198.00", "37.62", "235.62", "235.62", None,
    ),
    "zugferd_2p1_EN16931_Einfach_DueDate.pdf": (
        "471102", "2018-03-05", "2019-03-05", None, None, None, "Lieferant GmbH", "DE123456789",
        "Kunden AG Mitte", "473.00", "56.87", "529.87", "529.87", None,
    ),
    "zugferd_2p1_EN16931_Physiotherapeut.pdf": (
        "R18-31", "2018-10-03", "2018-11-21", None, None, None, "Physiotherapeutin", "DE136695976",
        "Liselotte Müller", "380.00", "0.00", "380.00", "380.00", "DE02120300000000202051",
    ),
    "zugferd_2p1_EXTENDED_Warenrechnung.pdf": (
        "R87654321012345", "2018-08-06", None, None, "B123456789", None, "MUSTERLIEFERANT GMBH",
        "DE123456789", "MUSTER-KUNDE GMBH", "448.99", "70.00", "518.99", "518.99", None,
    ),
}  # fmt: skip


def xml_of(path):
    if path.suffix == ".xml":
        return path.read_bytes()
    with path.open("rb") as file:
        found = attached_xml(file)
    assert found is not None
    return found[1]


needs_corpus = corpora.needs(INVOICES)


@needs_corpus
def test_every_file_of_the_corpus_is_expected():
    assert {path.name for path in INVOICES.iterdir()} == set(EXPECTED)


@needs_corpus
@pytest.mark.parametrize("name", EXPECTED)
def test_values(name):
    xml = xml_of(INVOICES / name)
    read = einvoice.read(xml)
    assert (
        read.number, read.issue_date, read.due_date, read.buyer_reference, read.order,
        read.contract, read.seller, read.seller_vat_id, read.buyer, read.net, read.tax,
        read.gross, read.payable, next(iter(read.ibans), None),
    ) == EXPECTED[name]  # fmt: skip
    assert read.currency == "EUR"
    checked = einvoice_checks.validated(xml, read)
    # ZUGFeRD 2.0 MINIMUM still had sums of lines, which the schema of Factur-X 1 forbids.
    assert checked.schema == ("invalid" if "MINIMUM" in name else "valid")
    assert set(checked.findings) <= {"bad_vat_id"}  # samples carry DE123456789
    text = einvoice_text.plain(read)
    assert str(read.number) in text
    assert einvoice_text.german_amount(read.payable, "EUR") in text


UBL = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>{number}</cbc:ID><cbc:IssueDate>{day}</cbc:IssueDate><cbc:DueDate>{due}</cbc:DueDate>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity>
<cbc:RegistrationName>{seller}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party>
</cac:AccountingSupplierParty>
<cac:PaymentMeans><cac:PayeeFinancialAccount><cbc:ID>{iban}</cbc:ID></cac:PayeeFinancialAccount>
</cac:PaymentMeans>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">19</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount currencyID="EUR">100</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">{gross}</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">{gross}</cbc:PayableAmount></cac:LegalMonetaryTotal>
</Invoice>"""
GIVEN = {
    "number": "R-1",
    "day": "2024-03-15",
    "due": "2024-04-15",
    "seller": "Dachwerk Sonnenschuh GmbH",
    "iban": "DE75 5999 9990 0000 1200 34",
    "gross": "119.00",
}


def ubl(**changes):
    return UBL.format(**{key: escape(one) for key, one in (GIVEN | changes).items()}).encode()


def test_findings_name_what_does_not_agree():
    wrong = einvoice.read(
        ubl(gross="120.00", due="2024-03-01", iban="DE76599999900000120034", seller="")
    )
    assert einvoice_checks.consistency(wrong) == (
        "seller_missing",
        "buyer_missing",
        "gross_is_not_net_plus_tax",
        "due_before_issue",
        "bad_iban",
    )


def test_fields_keep_doubtful_values_as_candidates():
    read = einvoice.read(ubl(iban="DE76599999900000120034", day="2031-01-01"))
    fields = einvoice_fields.fields(read, einvoice_checks.consistency(read), date(2026, 6, 30))
    assert fields.fact("subject").normal == "Rechnung R-1"
    assert fields.fact("due_date") is None  # before the date of the invoice
    assert fields.fact("sender").normal == "Dachwerk Sonnenschuh GmbH"
    assert fields.fact("total").normal == "119.00"
    assert fields.fact("iban") is None
    assert fields.fact("letter_date") is None
    assert [one.normal for one in fields.all("letter_date")] == ["2031-01-01"]


@needs_corpus
def test_each_value_has_its_own_kind_of_field():
    read = einvoice.read(xml_of(INVOICES / "03.07a-INVOICE_ubl.xml"))
    fields = einvoice_fields.fields(read, (), date(2026, 6, 30))
    kinds = (
        "invoice_number", "letter_date", "due_date", "currency", "net_total", "total",
        "buyer_reference", "order_number", "contract_number", "reference", "their_reference",
    )  # fmt: skip
    assert [fact.normal if (fact := fields.fact(kind)) else None for kind in kinds] == [
        "1234567", "2018-04-13", "2018-04-13", "EUR", "10781250.00", "12829687.50",
        "90000000-03083-72", "65002278", "0000000752", None, None,
    ]  # fmt: skip


def test_what_the_xml_says_is_surer_than_what_was_read():
    def field(kind, normal, page, cue, is_fact=True):
        return Field(kind, normal, normal, page, Box(0, 0, 0, 0), 0.9, cue, is_fact)

    told = Extracted((field("total", "119.00", 0, "xml"), field("iban", "DE1", 0, "xml", False)))
    read = Extracted((field("total", "11.90", 1, "label:Summe"), field("iban", "DE2", 1, "iban")))
    merged = einvoice_fields.preferred(told, read)
    assert merged.fact("total").normal == "119.00"
    assert [one.normal for one in merged.all("total")] == ["119.00", "11.90"]
    # The account in the XML is doubtful, so the one on the page may stand.
    assert merged.fact("iban").normal == "DE2"
    assert [one.normal for one in merged.all("iban")] == ["DE2", "DE1"]


BODY = ubl().decode().partition("?>")[2]


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE Invoice SYSTEM "http://localhost:1/invoice.dtd">',
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!doctype Invoice PUBLIC "a" "b">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
def test_declarations_and_entities_are_refused(declaration, encoding):
    xml = f'<?xml version="1.0" encoding="{encoding}"?>{declaration}{BODY}'.encode(encoding)
    with pytest.raises(DocumentFault) as caught:
        einvoice.read(xml)
    assert caught.value.reason == "xml_entities"


def test_an_encoding_that_hides_a_declaration_does_not_help():
    declaration = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    hidden = declaration.encode("utf-7").replace(b"<", b"+ADw-").replace(b"!", b"+ACE-")
    xml = b'<?xml version="1.0" encoding="UTF-7"?>' + hidden + b"<a>&x;</a>"
    with pytest.raises(DocumentFault) as caught:
        einvoice.read(xml)
    assert caught.value.reason in ("xml_entities", "xml_broken")


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"", "xml_broken"),
        (b"%PDF-1.4", "xml_broken"),
        (ubl()[:-20], "xml_broken"),
        (b"<Invoice/>", "not_an_invoice"),
        (b"<a>" * 5000 + b"</a>" * 5000, "xml_broken"),
    ],
)
def test_what_is_no_invoice(xml, reason):
    with pytest.raises(DocumentFault) as caught:
        einvoice.read(xml)
    assert caught.value.reason == reason


@given(
    st.dictionaries(
        st.sampled_from(sorted(GIVEN)),
        st.text(
            st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿"),
            max_size=20,
        ),
    )
)
def test_any_value_is_borne_and_shown_as_text(changes):
    read = einvoice.read(ubl(**changes))
    einvoice_checks.consistency(read)
    einvoice_text.plain(read)
    page = einvoice_text.html(read)
    assert "<script" not in page
    einvoice_fields.fields(read, (), date(2026, 6, 30))


def test_markup_in_a_value_is_no_markup():
    read = einvoice.read(ubl(seller="<script>alert(1)</script> & Söhne"))
    page = einvoice_text.html(read)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in page
    assert "src=" not in page.replace("default-src", "")


def test_a_pdf_without_an_invoice(tmp_path):
    import pikepdf

    path = tmp_path / "plain.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.attachments["notes.xml"] = pikepdf.AttachedFileSpec(pdf, b"<a/>", filename="notes.xml")
        pdf.save(path)
    with path.open("rb") as file:
        assert attached_xml(file) is None
        assert examine(file, "application/pdf", CREATED) is None
    with pytest.raises(DocumentFault) as caught:
        attached_xml(io.BytesIO(b"no pdf"))
    assert caught.value.reason == "damaged"


def test_amounts_and_days_for_people():
    assert einvoice_text.german_amount("12829687.50", "EUR") == "12.829.687,50 EUR"
    assert einvoice_text.german_amount("-100.00") == "-100,00"
    assert einvoice_text.german_day("2024-03-15") == "15.03.2024"


CREATED = datetime(2024, 4, 2, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def printed(pdf):
    """The words of a PDF as another program reads them."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as shown:
        texts = [page.get_textpage().get_text_range() for page in shown]
    # pdfium takes a hyphen at the end of a line for a word that goes on in the next one.
    return [word for text in texts for word in text.replace("\ufffe", "-\n").split()]


def invoice(**changes):
    import msgspec

    return msgspec.structs.replace(einvoice.read(ubl()), **changes)


@needs_corpus
def test_a_rendering_says_what_the_pdf_shows_and_is_pdfa():
    import pikepdf
    from pikepdf import pdfa

    for path in sorted(INVOICES.glob("*.xml")):
        with path.open("rb") as file:
            examined = examine(file, "application/xml", CREATED)
        assert examined.xml is None
        rendering = examined.rendering
        text = "\n".join(page.text for page in examined.pages)
        assert [w.text for page in rendering.pages for w in page.words] == printed(rendering.pdf)
        _number, _day, due, _buyer, *_rest, payable, iban = EXPECTED[path.name]
        assert einvoice_text.german_amount(payable, "EUR") in text
        assert einvoice_text.german_day(due) in text
        assert iban in text.replace(" ", "")
        with pikepdf.open(io.BytesIO(rendering.pdf)) as pdf:
            assert not pdfa.check(pdf, "2b").findings


@needs_corpus
def test_a_file_that_breaks_its_schema_says_so():
    with (INVOICES / "zugferd_2p0_MINIMUM.pdf").open("rb") as file:
        examined = examine(file, "application/pdf", CREATED)
    assert examined.statement.name == "zugferd-invoice.xml"
    assert AGAINST_SCHEMA in examined.statement.findings
    assert examined.rendering is None
    assert examined.xml.startswith(b"<?xml")


def test_the_same_invoice_gives_the_same_bytes():
    made = {einvoice_pages.render(invoice(), CREATED).pdf for _ in range(2)}
    assert len(made) == 1


@settings(max_examples=15, deadline=None)
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_any_text_can_be_shown(number, seller, notes):
    rendering = einvoice_pages.render(
        invoice(number=number, seller=seller, notes=tuple(notes)), CREATED
    )
    assert [w.text for page in rendering.pages for w in page.words] == printed(rendering.pdf)
    for page in rendering.pages:
        for word in page.words:
            assert 0 <= word.left <= word.right <= page.width
            assert 0 <= word.top <= word.bottom <= page.height


def test_what_the_font_lacks_is_marked_and_controls_are_left_out():
    rendering = einvoice_pages.render(invoice(seller="Ma\u0308r\u202eker 株 \x07Łoś"), CREATED)
    assert "Verkäufer Märker \ufffd Łoś" in rendering.pages[0].text


def test_many_lines_run_over_pages_and_none_is_lost():
    lines = tuple(
        einvoice.Line(str(n), f"Posten {n} " + "lang " * 30, "1", "1.00") for n in range(1, 101)
    )
    rendering = einvoice_pages.render(invoice(lines=lines), CREATED)
    assert len(rendering.pages) > 3
    words = [w.text for page in rendering.pages for w in page.words]
    assert words.count("Posten") == 100
    assert words.count("1,00") == 100
    for page in rendering.pages:
        assert page.text.endswith(f"Seite {page.number}")
        steps = [(w.line, w.block) for w in page.words]
        assert steps == sorted(steps)


@given(
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=200),
    st.floats(3, 50),
)
def test_broken_lines_are_narrow_enough_and_lose_nothing(text, width):
    lines = list(einvoice_layout.broken(text, width, 10, lambda part, _points: len(part)))
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())

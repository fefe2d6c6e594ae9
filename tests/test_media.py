"""A file is what its bytes say."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archiver.recognise import media
from archiver.recognise.media import sniff
from tests.paper import jpeg, letter_image, png, text_pdf, tiff

pytestmark = pytest.mark.pure


def told(content: bytes) -> str | None:
    return sniff(content[: media.HEAD_BYTES], content[-media.TAIL_BYTES :])


def jpeg_2000() -> bytes:
    out = io.BytesIO()
    Image.new("L", (64, 64), 200).save(out, format="JPEG2000")
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (text_pdf, media.PDF),
        (lambda: tiff([letter_image(dpi=100)]), media.TIFF),
        (lambda: jpeg(letter_image(dpi=100)), media.JPEG),
        (lambda: png(letter_image(dpi=100)), media.PNG),
        (jpeg_2000, media.JPEG_2000),
    ],
)
def test_each_kind_is_told_by_its_bytes(make, expected):
    assert told(make()) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04" + b"x" * 100,
        b"<html>%PDF</html>",
        b"GIF89a" + b"\0" * 50,
        b"RIFF0000WEBP",
    ],
)
def test_anything_else_is_nothing(content):
    assert told(content) is None


INVOICE = (
    '<?xml version="1.0" encoding="{0}"?>\n<!-- a --><?b c?>\n'
    '<ubl:Invoice xmlns:ubl="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">'
    "<a/></ubl:Invoice>"
)
CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_an_invoice_is_told_in_every_encoding_that_is_read(encoding):
    assert told(INVOICE.format(encoding).encode(encoding)) == media.XML


@pytest.mark.parametrize(
    "content",
    [
        f"<rsm:CrossIndustryInvoice xmlns:rsm='{CII}'/>",
        f"\n <CrossIndustryInvoice\n xmlns = '{CII}'>",
        "<CrossIndustryDocument xmlns='urn:ferd:CrossIndustryDocument:invoice:1p0'>",
        "<CreditNote xmlns='urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2'>",
        # The start tag goes on behind the head.
        "<Invoice " + "xmlns:a='urn:a' " * 400 + "xmlns='urn:b'>",
        # A declaration is not passed over: the parser refuses it with the right reason.
        '<?xml version="1.0"?><!DOCTYPE Invoice SYSTEM "http://localhost/a.dtd"><Invoice/>',
        f'<!DOCTYPE lolz [<!ENTITY lol "lol">]><CrossIndustryInvoice xmlns="{CII}"/>',
        "<!doctype ubl:Invoice [" + "<!ENTITY a 'aaaaaaaa'>" * 400,
    ],
)
def test_what_can_be_an_invoice_is_told(content):
    assert told(content.encode()) == media.XML


@pytest.mark.parametrize(
    "content",
    [
        "<!DOCTYPE html><html/>",
        "<Invoice><number>1</number></Invoice>",
        "<InvoiceList xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'>",
        f"<a><!-- <CrossIndustryInvoice xmlns='{CII}'> --></a>",
        f"Text <CrossIndustryInvoice xmlns='{CII}'>",
        f"<!-- never closed <CrossIndustryInvoice xmlns='{CII}'>",
    ],
)
def test_other_xml_is_nothing(content):
    assert told(content.encode()) is None


def test_a_pdf_may_stand_behind_a_mail_header_but_not_anywhere():
    whole = text_pdf()
    assert told(b"X" * 1000 + whole) == media.PDF
    assert sniff(b"X" * 1100 + b"%PDF-1.7", b"") is None


def test_a_pdf_that_lost_its_header_is_told_by_its_end():
    whole = text_pdf().replace(b"%PDF-1", b"XXXXXX", 1)
    assert told(whole) == media.PDF


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_have_an_answer(head, tail):
    assert sniff(head, tail) in {
        None, media.PDF, media.TIFF, media.JPEG, media.PNG, media.JPEG_2000, media.XML,
    }  # fmt: skip

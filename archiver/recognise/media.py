"""What a received file is, told from its bytes alone.

Promises a media type from the first and last bytes, without any parser and without the name: a
clerk's ending proves nothing. Whatever is not named here is not read by machine. Of XML only what
can be an electronic invoice is told; whether it is one, its parser says.
"""

from __future__ import annotations

import codecs
import re

PDF = "application/pdf"
TIFF = "image/tiff"
JPEG = "image/jpeg"
PNG = "image/png"
JPEG_2000 = "image/jp2"
XML = "application/xml"

HEAD_BYTES = 4096
TAIL_BYTES = 4096

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JPEG_2000),
    (b"\xff\x4f\xff\x51", JPEG_2000),
)
# Byte order marks and, without one, how "<" and the next character lie in memory; the longer
# marks first, because those of UTF-32 begin with those of UTF-16.
_ENCODINGS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_INVOICE = r"(?:[\w.-]+:)?(?:Invoice|CreditNote|CrossIndustry(?:Invoice|Document))(?=[\s/>\[]|\Z)"
# What may stand before the root: processing instructions and comments, each whole.
_BEFORE_ROOT = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\s+", re.IGNORECASE)
_INVOICE_NAME = re.compile(_INVOICE)
_INVOICE_TAG = re.compile("<" + _INVOICE)
_NAMESPACES = (
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "urn:ferd:CrossIndustryDocument:invoice:1p0",
)


def sniff(head: bytes, tail: bytes) -> str | None:
    """Tell the media type of a file.

    Args:
        head: the first `HEAD_BYTES` of the file, or all of a smaller one.
        tail: the last `TAIL_BYTES`.

    Returns:
        one of the types above, or None for anything else. A PDF may stand behind up to 1024
        bytes of something else (ISO 32000-1, annex H.3.4.1), and may have lost its header where
        its end still has the marks of one.
    """
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if b"%PDF-" in head[:1024]:
        return PDF
    if b" obj" in head and b"startxref" in tail and b"%%EOF" in tail:
        return PDF
    return XML if _can_be_invoice(head) else None


def _can_be_invoice(head: bytes) -> bool:
    """Say whether the root of an XML file is an electronic invoice's.

    A file with a document type declaration counts by the name in it too: its parser refuses it
    with the right reason then.
    """
    encoding = next((name for mark, name in _ENCODINGS if head.startswith(mark)), "latin-1")
    text = head.decode(encoding, errors="replace")
    before = _BEFORE_ROOT.match(text)
    rest = text[before.end() :] if before else text
    declared = _DOCTYPE.match(rest)
    if declared:
        named = _INVOICE_NAME.match(rest, declared.end())
        return bool(named or _INVOICE_TAG.search(rest))
    root = _INVOICE_TAG.match(rest)
    if root is None:
        return False
    attributes, end, _after = rest[root.end() :].partition(">")
    # A start tag that is longer than the head may name its namespace later.
    return not end or any(name in attributes for name in _NAMESPACES)

"""From a received file to all that an electronic invoice gives: values, checks, pages, rendering.

Promises the same answer for the same bytes. It opens received bytes with native parsers, so it is
called inside the cage alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, BinaryIO

import msgspec

from archiver.extract import einvoice, einvoice_checks, einvoice_pages
from archiver.extract.einvoice import EInvoice
from archiver.extract.einvoice_checks import Validation
from archiver.extract.einvoice_pdf import attached_xml
from archiver.plaintext import plain
from archiver.records import Page

XML = "application/xml"
AGAINST_SCHEMA = "xml_against_schema"
CUT = "invoice_cut"
LONGEST_NAME = 255


class Statement(msgspec.Struct, frozen=True):
    """What an electronic invoice says and what its checks found; kept with the document.

    Attributes:
        name: of the XML in the PDF; empty where the received file is the XML.
        invoice: as written by the sender.
        validation: of it.
    """

    name: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
    invoice: EInvoice
    validation: Validation

    @property
    def findings(self) -> tuple[str, ...]:
        """Codes of all that speaks against the invoice."""
        against = (AGAINST_SCHEMA,) if self.validation.schema == "invalid" else ()
        cut = (CUT,) if self.invoice.cut else ()
        return (*against, *cut, *self.validation.findings)


class Examined(msgspec.Struct, frozen=True):
    """What was made of a received file.

    Attributes:
        statement: of the invoice.
        xml: the invoice's own bytes, where they were taken out of a PDF; else None.
        rendering: its pages for people, where the received file is XML and has none; else None.
    """

    statement: Statement
    xml: bytes | None
    rendering: einvoice_pages.Rendering | None

    @property
    def pages(self) -> tuple[Page, ...]:
        """The rendering's pages; none where there is no rendering."""
        return self.rendering.pages if self.rendering else ()


def examine(source: BinaryIO, media_type: str, created: datetime) -> Examined | None:
    """Read the invoice of a received file.

    Args:
        source: the file.
        media_type: ``application/xml``, or that of a PDF.
        created: date for the rendering's metadata.

    Returns:
        None where a PDF has no invoice attached.

    Raises:
        DocumentFault: as `archiver.extract.einvoice.read`,
            `archiver.extract.einvoice_pdf.attached_xml` and
            `archiver.extract.einvoice_pages.render`.
        SystemFault: ``font_missing``.
    """
    if media_type == XML:
        xml = source.read(einvoice.MOST_BYTES + 1)
        statement = _statement("", xml)
        return Examined(statement, None, einvoice_pages.render(statement.invoice, created))
    found = attached_xml(source)
    if found is None:
        return None
    name, xml = found
    return Examined(_statement(name, xml), xml, None)


def _statement(name: str, xml: bytes) -> Statement:
    invoice = einvoice.read(xml)
    shown = plain(name.encode(errors="replace").decode())[:LONGEST_NAME]
    return Statement(shown, invoice, einvoice_checks.validated(xml, invoice))

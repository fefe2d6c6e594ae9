"""The XML inside a ZUGFeRD or Factur-X PDF.

Promises to open only the attachments. It opens a received file, so it is called inside the cage
alone.
"""

from __future__ import annotations

from typing import BinaryIO

from archiver.errors import DocumentFault
from archiver.extract.einvoice import ATTACHMENT_NAMES

_MOST_ATTACHMENTS = 100


def attached_xml(pdf: BinaryIO) -> tuple[str, bytes] | None:
    """Take the invoice out of a PDF.

    Args:
        pdf: the file.

    Returns:
        Name and bytes of the attachment that is an invoice by its name; None if there is none.

    Raises:
        DocumentFault: ``damaged`` or ``encrypted`` if the PDF cannot be opened.
    """
    import pikepdf

    try:
        with pikepdf.open(pdf) as opened:
            names = list(opened.attachments)[:_MOST_ATTACHMENTS]
            for name in names:
                spec = opened.attachments[name]
                shown = (spec.filename or name).rpartition("/")[2]
                if shown.casefold() in ATTACHMENT_NAMES or name.casefold() in ATTACHMENT_NAMES:
                    return shown, spec.get_file().read_bytes()
    except pikepdf.PasswordError as error:
        raise DocumentFault("encrypted") from error
    except (pikepdf.PdfError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise DocumentFault("damaged") from error
    return None

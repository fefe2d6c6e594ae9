"""The daemon's handle on electronic invoices: each is read by a caged process of its own.

Promises that no received byte meets a native parser in this process, that waiting ends, and that
nothing the caged process says is believed before it has been checked: the values of an invoice
have the form of their kind, pages are whole and in order, and what was made is memory that
nobody can change any more.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time
from typing import NoReturn

import msgspec

from archiver.errors import DocumentFault, SystemFault
from archiver.extract import einvoice_checks, einvoice_fields
from archiver.extract.einvoice_pages import DPI, MOST_PAGES
from archiver.extract.einvoice_reading import Statement
from archiver.extract.values import Extracted
from archiver.pipeline.errand import Errand
from archiver.pipeline.invoice_process import Answer, Crashed, Faulty, Full, Request, Told
from archiver.plaintext import all_plain
from archiver.recognise import cage
from archiver.recognise.exchange import WorkerDied, close_all
from archiver.recognise.media import PDF, XML
from archiver.recognise.messages import check_page
from archiver.recognise.sealing import is_sealed
from archiver.records import Page

UNREAD = "attached_invoice_unread"

_MODULE = "archiver.pipeline.invoice_process"
# A PDF whose attachment is of no use is still a document that people can read.
_HARMLESS_IN_PDF = frozenset({"xml_broken", "xml_too_large", "not_an_invoice"})
_FAULTS = _HARMLESS_IN_PDF | {
    "xml_entities",
    "damaged",
    "encrypted",
    "too_many_pages",
    "too_much_memory",
    "too_much_output",
}


class Outcome(msgspec.Struct, frozen=True):
    """What an electronic invoice gives.

    Attributes:
        statement: what it says and what its checks found, to be kept with the document; None
            where what is attached to a PDF cannot be read, which `findings` say.
        fields: its values, surer than those that are read from pages.
        findings: codes.
        pages: its rendering, where the received file is XML; else empty.
        rendition: that rendering as PDF/A, open for reading; closed by the receiver.
        xml: the XML that was attached to a PDF, open for reading; closed by the receiver.
    """

    statement: Statement | None
    fields: Extracted
    findings: tuple[str, ...]
    pages: tuple[Page, ...] = ()
    rendition: int | None = None
    xml: int | None = None


class Invoices:
    """Reads invoices, one at a time; `close` may be called from another thread.

    Args:
        kind: the cage, see `archiver.recognise.cage.probe`.
        limits: what one invoice may use.
    """

    def __init__(self, kind: cage.Kind, limits: cage.Limits) -> None:
        self._limits = limits
        self._errand = Errand(_MODULE, kind, limits)

    def examine(self, fd: int, media_type: str, today: date) -> Outcome | None:
        """Read the invoice of a received file.

        Args:
            fd: the file, open for reading; stays the caller's.
            media_type: as sniffed: XML or PDF.
            today: day of receipt, by the town's calendar.

        Returns:
            None where a PDF has no invoice.

        Raises:
            DocumentFault: ``xml_entities``, ``damaged``, ``encrypted``, ``too_much_memory``,
                ``too_much_output`` or ``took_too_long``; for an XML also ``xml_broken``,
                ``xml_too_large``, ``not_an_invoice`` or ``too_many_pages``.
            WorkerDied: the process ended otherwise, or said what cannot be.
            SystemFault: ``disk_full``, ``reader_failed`` or ``font_missing``.
        """
        answer, fds = self._asked(fd, media_type, datetime.combine(today, time(), UTC))
        try:
            if not isinstance(answer, Told):
                if fds:
                    raise WorkerDied("protocol", "descriptors")
                return _without(answer, media_type)
            _check(answer, fds, media_type)
        except BaseException:
            close_all(fds)
            raise
        # The process that wrote has left the position, which is shared, at the end.
        os.lseek(fds[0], 0, os.SEEK_SET)
        told = answer.statement
        is_xml = media_type == XML
        return Outcome(
            statement=told,
            fields=einvoice_fields.fields(told.invoice, told.validation.findings, today),
            findings=told.findings,
            pages=answer.pages,
            rendition=fds[0] if is_xml else None,
            xml=None if is_xml else fds[0],
        )

    def close(self) -> None:
        """End the process that is reading, and take no more invoices."""
        self._errand.close()

    def give_up(self) -> None:
        """End the process that is reading."""
        self._errand.give_up()

    def _asked(self, fd: int, media_type: str, created: datetime) -> tuple[Answer, tuple[int, ...]]:
        """Have a new process answer; it is gone when this returns."""
        request = Request(
            media_type=media_type,
            created=created,
            address_space=self._limits.address_space,
            cpu_seconds=self._limits.cpu_seconds,
            file_size=self._limits.file_size,
        )
        message, fds = self._errand.ask(request, fd)
        try:
            answer: Answer = msgspec.convert(message, Answer)
        except ValueError as error:
            close_all(fds)
            raise WorkerDied("protocol", type(error).__name__) from error
        return answer, fds


def _without(answer: Answer, media_type: str) -> Outcome | None:
    """What follows where there is no invoice; a PDF without one is in order."""
    if isinstance(answer, Full):
        raise SystemFault("disk_full", path="/tmp")
    if isinstance(answer, Crashed):
        raise WorkerDied("crashed", f"{answer.error} {answer.place}")
    if isinstance(answer, Faulty):
        if media_type == PDF and answer.reason in _HARMLESS_IN_PDF:
            return Outcome(None, Extracted(), (UNREAD,))
        _fail(answer)
    if media_type != PDF:
        raise WorkerDied("protocol", "nothing")
    return None


def _fail(answer: Faulty) -> NoReturn:
    """Raise the fault that an answer tells."""
    if answer.reason == "font_missing":
        raise SystemFault("font_missing", font=str(answer.params.get("font", ""))[:80])
    if answer.reason not in _FAULTS:
        raise WorkerDied("protocol", "reason")
    numbers = {key: value for key, value in answer.params.items() if isinstance(value, int)}
    raise DocumentFault(answer.reason, **numbers)


def _check(answer: Told, fds: tuple[int, ...], media_type: str) -> None:
    """Refuse what cannot be, beyond the types.

    Raises:
        WorkerDied: ``protocol``.
    """
    try:
        invoice = answer.statement.invoice
        if not all_plain(msgspec.to_builtins(answer.statement)):
            raise ValueError("control characters")
        for day in (invoice.issue_date, invoice.due_date):
            if day is not None:
                date.fromisoformat(day)
        if not einvoice_checks.FINDINGS.issuperset(answer.statement.validation.findings):
            raise ValueError("finding")
        if bool(answer.pages) != (media_type == XML) or len(answer.pages) > MOST_PAGES:
            raise ValueError("number of pages")
        for number, page in enumerate(answer.pages, 1):
            if (page.number, page.source, page.dpi) != (number, "own_text", DPI):
                raise ValueError("page")
            check_page(page)
    except ValueError as error:
        raise WorkerDied("protocol", str(error)) from error
    if len(fds) != 1 or not is_sealed(fds[0]) or os.fstat(fds[0]).st_size == 0:
        raise WorkerDied("protocol", "file")

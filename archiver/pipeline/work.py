"""One document's work and the tools of one lane: what the steps are given.

Promises plain values; nothing here acts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.classify.verdict import Verdict
from archiver.config import Config, Separate
from archiver.extract.einvoice_reading import Statement
from archiver.extract.values import Extracted
from archiver.pipeline.engines import Engines
from archiver.pipeline.invoices import Invoices
from archiver.pipeline.pagestore import PageStore
from archiver.recognise.reader import Reader
from archiver.records import UNCLASSIFIED, Id, Page
from archiver.store.objects import Receipt, Record
from archiver.store.stores import Stores

if TYPE_CHECKING:
    from archiver.classify.model import Model


class NotYet(Exception):
    """The document has had its turn; finished pages are kept, others go first."""


class Waits(Exception):
    """The document waits for another one.

    Attributes:
        seconds: after which it is looked at again, if nothing comes before.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass
class Tools:
    """What the steps work with."""

    config: Config
    stores: Stores
    reader: Reader
    engines: Engines
    invoices: Invoices
    model: Callable[[], Model | None]
    others_wait: Callable[[], bool]


@dataclass
class Work:
    """One document on its way.

    Attributes:
        id: of the document.
        media_type: of the received bytes.
        size: of the received bytes.
        sha512: of the received bytes.
        received_at: when they came, UTC.
        state: of the document.
        receipt: of the file that it came as.
        record: as it stands before this walk.
        separated: whether an earlier walk has separated the received file already.
        rule: how the files of its pipeline are divided.
        store: finished pages.
        pages: all pages, once they are read.
        invoice: what an electronic invoice says, where the file is one or brings one.
        rendition: staged PDF/A, where one could be made.
        xml: of an electronic invoice that was attached to a PDF.
        findings: codes worth knowing.
        fields: what was read from the pages.
        verdict: the class.
        steps: ledger lines so far, as kind and data.
        made: documents that its pages went into; where there are any, the walk is over.
        plain: the PDF/A is not tried any more: workers died over it, time and again.
    """

    id: Id
    media_type: str
    size: int
    sha512: str
    received_at: str
    state: str
    receipt: Receipt
    record: Record
    separated: bool
    rule: Separate
    store: PageStore
    pages: list[Page] = field(default_factory=list)
    rendition: Path | None = None
    invoice: Statement | None = None
    xml: bytes | None = None
    findings: list[str] = field(default_factory=list)
    fields: Extracted = field(default_factory=Extracted)
    verdict: Verdict = field(default_factory=lambda: Verdict(UNCLASSIFIED, 0.0))
    steps: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    made: list[Id] = field(default_factory=list)
    plain: bool = False

"""What is asked for: documents, words and places to be blackened, and the grounds for it.

Promises plain frozen values. A request holds names and words, so it belongs into an object, never
into the ledger.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from archiver.records import Id

Unit = Literal["mm", "permille"]


class Basis(StrEnum):
    """The right on which papers are disclosed."""

    GDPR = "gdpr_15"
    FREEDOM_OF_INFORMATION = "sifg"
    ENVIRONMENT = "suig"
    FILE_INSPECTION = "file_inspection"


class Ground(StrEnum):
    """Why something is withheld."""

    PERSONAL_DATA = "personal_data"
    TRADE_SECRET = "trade_secret"
    PUBLIC_SAFETY = "public_safety"
    ONGOING_PROCEDURE = "ongoing_procedure"
    COPYRIGHT = "third_party_copyright"


class Term(msgspec.Struct, frozen=True):
    """A word, phrase, date or number that is blackened wherever it stands.

    Attributes:
        text: as a person writes it.
        ground: why.
    """

    text: str
    ground: Ground


class Region(msgspec.Struct, frozen=True):
    """A place on one page that is blackened.

    Attributes:
        document: whose page.
        page: number from 1.
        left, top, right, bottom: of the upright page from its top left corner, in `unit`.
        ground: why.
        unit: millimetres, or thousandths of the page's width and height.
    """

    document: Id
    page: int
    left: float
    top: float
    right: float
    bottom: float
    ground: Ground
    unit: Unit = "mm"


class Chosen(msgspec.Struct, frozen=True):
    """A document of the package.

    Attributes:
        document: its id.
        version: of the object; None for the newest.
        title: for the file's name and the sheet; left out where a blackened word stands in it.
        looked_through: pages that the machine could not read and a person has looked through.
    """

    document: Id
    version: int | None = None
    title: str = ""
    looked_through: tuple[int, ...] = ()


class Request(msgspec.Struct, frozen=True):
    """One disclosure as it is asked for.

    Attributes:
        id: of the request.
        basis: the right that is served.
        recipient: who gets the package.
        actor: pseudonym of who makes it.
        documents: in the order of the package.
        terms: blackened wherever they stand.
        regions: blackened besides.
        blacken: keys of uncertain finds that a person wants blackened.
        leave: keys of finds, certain or not, that a person wants to stay readable.
        absent: words that were found nowhere, and a person has looked and says so too.
        confirmed: keys of the pages whose pictures a person has seen as they are given.
    """

    id: str
    basis: Basis
    recipient: str
    actor: str
    documents: tuple[Chosen, ...]
    terms: tuple[Term, ...] = ()
    regions: tuple[Region, ...] = ()
    blacken: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()

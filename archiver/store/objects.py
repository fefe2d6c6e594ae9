"""What lies in an object of the vault beside the received bytes: receipts, record, words.

Promises the names of the files in an object and their form. These files, with the ledger, are the
truth from which the catalogue and the index are made.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from archiver.records import Field, Id, MatterKind, Page

RENDITION = "document.pdf"
WORDS = "words.json"
RECORD = "record.json"
DIVISION = "division.json"
MATTER = "matter.json"
ITEMS = "items.json"
INVOICE = "invoice.xml"
# What a walk makes of the received bytes, and would make again.
MADE = (RENDITION, WORDS, RECORD, INVOICE)

_ENDINGS = {
    "application/pdf": "pdf",
    "image/tiff": "tif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/jp2": "jp2",
    "application/xml": "xml",
}
UNKNOWN_TYPE = "application/octet-stream"

# Kinds of files that hold several pages.
HOLD_PAGES = ("application/pdf", "image/tiff")
XML = "application/xml"

# Finding: what the pages do not say may stand in the invoice.
INVOICE_ATTACHED = "invoice_attached"
# Finding: the ledger had to stand in for what the object says.
DAMAGED = "object_damaged"


def original_name(media_type: str) -> str:
    """Name of the received bytes in the object, by sniffed type."""
    return "original." + _ENDINGS.get(media_type, "bin")


def receipt_name(accession: Id) -> str:
    """Name of an accession's receipt in the object."""
    return f"receipts/{accession}.json"


class DropKey(msgspec.Struct, frozen=True):
    """Which file in which drop folder was taken; enough to know it again."""

    folder: str
    name: bytes
    device: int
    inode: int
    size: int
    mtime_ns: int


class Part(msgspec.Struct, frozen=True):
    """Where the pages of a document come from that was cut out of others, or put together.

    Attributes:
        sources: the objects and their pages in order, e.g. one batch and some of its pages.
        sheet: page of the separator sheet in the batch, None where there was none.
        record_class, reference, dossier: what the sheet says, None where it says nothing.
        archive_number: on a label of its first page.
        woven: fronts and backs of one stack, which may hold several documents.
    """

    sources: tuple[tuple[Id, tuple[int, ...]], ...]
    sheet: int | None = None
    record_class: str | None = None
    reference: str | None = None
    dossier: str | None = None
    archive_number: str | None = None
    woven: bool = False


class Receipt(msgspec.Struct, frozen=True):
    """What is known of one received file at the moment of its arrival.

    Attributes:
        id: of the accession.
        pipeline: name of the pipeline that it came by.
        file: its name for people (NFC).
        file_raw: its name as bytes.
        size: in bytes.
        media_type: as sniffed from the bytes.
        sha512: hex digest of the bytes.
        salt: random; digests in the ledger are salted with it, so that destroying the object
            makes them say nothing.
        actor: pseudonym of who brought it.
        received_at: UTC, ISO 8601.
        drop: where it lay, None for files that were added by command.
        part: of what it was made, None where it came as a file.
    """

    id: Id
    pipeline: str
    file: str
    file_raw: bytes
    size: int
    media_type: str
    sha512: str
    salt: bytes
    actor: str
    received_at: str
    drop: DropKey | None = None
    part: Part | None = None

    def salted(self) -> str:
        """The digest that may stand in the ledger for ever."""
        return hashlib.sha256(self.salt + bytes.fromhex(self.sha512)).hexdigest()


class Note(msgspec.Struct, frozen=True):
    """Free text that a person gave with a step."""

    at: str
    actor: str
    event: str
    text: str


class Decision(msgspec.Struct, frozen=True):
    """What a person decided about a document; it outlives every later reading.

    Attributes:
        at: UTC, ISO 8601.
        actor: pseudonym of the person.
        event: kind of the ledger line.
        values: what was set, by kind of field (normal form) or ``class`` (key in the plan); an
            empty value takes the machine's away.
        was: class before, where the decision changed it.
    """

    at: str
    actor: str
    event: str
    values: dict[str, str] = {}
    was: str | None = None


class SenderKeys(msgspec.Struct, frozen=True):
    """A sender that a person confirmed, and by what it is known again.

    Attributes:
        name: as the person wrote or accepted it.
        ibans, vat_ids, domains: that stand on this document and are surely this sender's.
    """

    name: str
    ibans: tuple[str, ...] = ()
    vat_ids: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


class Order(msgspec.Struct, frozen=True):
    """How a person wants the pages of a document to be divided or joined; done by the daemon.

    Attributes:
        as_planned: divide as the marks say, whatever was doubtful.
        whole: do not divide at all.
        starts: numbers of the pages with which documents begin; the first page always does.
        join: documents whose pages follow behind this one's, in order.
        woven: the one of `join` holds the backs to this one's fronts.
    """

    as_planned: bool = False
    whole: bool = False
    starts: tuple[int, ...] = ()
    join: tuple[Id, ...] = ()
    woven: bool = False


class Record(msgspec.Struct, frozen=True):
    """What is known of a document; each change is a new version of the object.

    Attributes:
        pages: number of pages, None while unknown.
        confidence: of the recognised words, 0 to 100, None where nothing was recognised.
        findings: codes of what is worth knowing, e.g. ``pdfa_failed``, ``signed``.
        record_class: key in the filing plan.
        reference: our reference (Aktenzeichen).
        subject: what it is about.
        sender: who wrote it.
        letter_date: ISO date written on the letter.
        dossier: to which it surely belongs; what is only proposed stands in `fields`.
        fields: everything that was read, facts and candidates, with page, place and cue.
        verdict: class, confidence and evidence as classification gave them
            (`archiver.classify.verdict.Verdict`), None where it was not asked.
        invoice: what an electronic invoice says and what its checks found
            (`archiver.extract.einvoice_reading.Statement`), None where there is none.
        decisions: of persons, oldest first.
        confirmed_sender: where a person confirmed it.
        order: how the pages are to be divided or joined, None where nobody has said.
        notes: free text given by people.
    """

    pages: int | None = None
    confidence: float | None = None
    findings: tuple[str, ...] = ()
    record_class: str | None = None
    reference: str | None = None
    subject: str | None = None
    sender: str | None = None
    letter_date: str | None = None
    dossier: str | None = None
    fields: tuple[Field, ...] = ()
    verdict: dict[str, Any] | None = None
    invoice: dict[str, Any] | None = None
    decisions: tuple[Decision, ...] = ()
    confirmed_sender: SenderKeys | None = None
    order: Order | None = None
    notes: tuple[Note, ...] = ()


class Matter(msgspec.Struct, frozen=True):
    """What is known of a matter; each change is a new version of its object.

    Attributes:
        kind: what it is.
        key: by what people call it, None where it has only its id.
        about: the value of its kind as JSON; who leads it knows its type.
    """

    kind: MatterKind
    key: str | None
    about: dict[str, Any]


class Item(msgspec.Struct, frozen=True):
    """One document of a batch of disposition.

    Attributes:
        document: its id.
        unit: id of the dossier or document that goes as a whole.
        version: of the document when the batch was proposed.
    """

    document: Id
    unit: Id
    version: int


def dossier_key(reference: str) -> str:
    """By what a dossier is known: its reference without blanks, in one case."""
    return "".join(reference.split()).lower()


def named_dossier(record: Record) -> str | None:
    """Key of the dossier to which a document surely belongs, else of the one that was read."""
    named = (record.dossier, *(one.normal for one in record.fields if one.kind == "dossier"))
    return next((dossier_key(one) for one in named if one), None)


def encode(value: Receipt | Record | Matter | list[Page] | list[Item]) -> bytes:
    """A value as the bytes of its file."""
    return msgspec.json.encode(value)


def decode_receipt(data: bytes) -> Receipt:
    """Bytes of a receipt file as a value; msgspec.DecodeError where they are not one."""
    return msgspec.json.decode(data, type=Receipt)


def decode_record(data: bytes) -> Record:
    """Bytes of a record file as a value; msgspec.DecodeError where they are not one."""
    return msgspec.json.decode(data, type=Record)


def decode_pages(data: bytes) -> list[Page]:
    """Bytes of a words file as pages; msgspec.DecodeError where they are not."""
    return msgspec.json.decode(data, type=list[Page])


def decode_matter(data: bytes) -> Matter:
    """Bytes of a matter file as a value; msgspec.DecodeError where they are not one."""
    return msgspec.json.decode(data, type=Matter)


def decode_items(data: bytes) -> list[Item]:
    """Bytes of an item file as a list; msgspec.DecodeError where they are not one."""
    return msgspec.json.decode(data, type=list[Item])

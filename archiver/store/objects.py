"""What lies in an object of the vault beside the received bytes: receipts, record, words.

Promises the names of the files in an object and their form. These files, with the ledger, are the
truth from which the catalogue and the index are made.
"""

from __future__ import annotations

import hashlib

import msgspec

from archiver.records import Field, Id, Page

RENDITION = "document.pdf"
WORDS = "words.json"
RECORD = "record.json"

_ENDINGS = {
    "application/pdf": "pdf",
    "image/tiff": "tif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/jp2": "jp2",
}
UNKNOWN_TYPE = "application/octet-stream"


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

    def salted(self) -> str:
        """The digest that may stand in the ledger for ever."""
        return hashlib.sha256(self.salt + bytes.fromhex(self.sha512)).hexdigest()


class Note(msgspec.Struct, frozen=True):
    """Free text that a person gave with a step."""

    at: str
    actor: str
    event: str
    text: str


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
        fields: everything that was read, facts and candidates, with page, place and cue.
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
    fields: tuple[Field, ...] = ()
    notes: tuple[Note, ...] = ()


def encode(value: Receipt | Record | list[Page]) -> bytes:
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

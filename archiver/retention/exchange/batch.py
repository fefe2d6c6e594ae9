"""What goes to the state archive, as frozen values: an offer, and the delivery made from it.

Promises plain values that hold all that the messages say, with every id and every time in them, so
that the same value gives the same bytes on any day and on any machine. Nothing here knows where a
file lies: a primary file is named by its digest, and whoever exports gives a way to open it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal
from uuid import UUID, uuid5

import msgspec

Version = Literal["3.1.0", "4.0.0"]
VERSIONS: tuple[Version, ...] = ("3.1.0", "4.0.0")
Disposition = Literal["A", "B", "V"]


class Party(msgspec.Struct, frozen=True):
    """An authority or an archive as the messages name it.

    Attributes:
        name: of the institution, in full.
        unit: organisational unit, empty where none is named.
        prefix, key: its entry in the directory of German public services (DVDV), e.g. ``psw`` and
            ``01003110``; both empty where it has none.
        aliases: other names under which it signs its messages.
    """

    name: str
    unit: str = ""
    prefix: str = ""
    key: str = ""
    aliases: tuple[str, ...] = ()


class Head(msgspec.Struct, frozen=True):
    """What stands at the head of a message.

    Attributes:
        version: of xdomea.
        process_id: UUID that all messages of one disposal share.
        message_id: UUID of this message; only 4.0.0 writes it.
        created_at: UTC, ISO 8601 with milliseconds and ``Z``.
        authority: who hands over.
        archive: who takes over.
        product, product_version, maker: of the program that writes the message.
        number, total: which of how many messages of its kind in the process.
    """

    version: Version
    process_id: str
    message_id: str
    created_at: str
    authority: Party
    archive: Party
    product: str = "archiver"
    product_version: str = "0"
    maker: str = "archiver"
    number: int = 1
    total: int = 1


class Format(msgspec.Struct, frozen=True):
    """A file format, as the code list ``dateiformat`` of xdomea has it.

    Attributes:
        code, list_version: entry of the list and the list's version; the list is kept apart from
            the standard and changes without it, so it comes from the settings.
        name: in words.
        version: e.g. ``2b``.
    """

    code: str
    list_version: str
    name: str
    version: str


class PrimaryFile(msgspec.Struct, frozen=True):
    """One file that is handed over.

    Attributes:
        uuid: its own, never that of its document; gives the file its name.
        suffix: of the name, without the point, e.g. ``pdf``.
        original_name: as it was called before.
        format: what it is.
        size: bytes.
        sha512: of its bytes, hex digits in lower case.
        created_at: UTC, ISO 8601.
    """

    uuid: str
    suffix: str
    original_name: str
    format: Format
    size: int
    sha512: str
    created_at: str

    @property
    def name(self) -> str:
        """Its name in the package."""
        return f"{self.uuid}.{self.suffix}"


class PastEvent(msgspec.Struct, frozen=True):
    """Something that happened to a document.

    Attributes:
        uuid: of the event.
        kind: word of the PREMIS vocabulary, e.g. ``ingestion``.
        at: UTC, ISO 8601.
        actor: pseudonymous.
        detail: in words, may be empty.
        outcome: ``success`` or ``fail``.
    """

    uuid: str
    kind: str
    at: str
    actor: str
    detail: str = ""
    outcome: str = "success"


class Document(msgspec.Struct, frozen=True):
    """One document with its files.

    Attributes:
        uuid: its id in the messages.
        id: its id in the archive here.
        title: subject.
        files: primary files, oldest version first.
        kind: class in words.
        reference, their_reference: of this side and of the other.
        received_on, sent_on, dated: days, ISO 8601; None where unknown.
        case_worker: may be empty.
        events: what happened to it, oldest first.
    """

    uuid: str
    id: str
    title: str
    files: tuple[PrimaryFile, ...]
    kind: str = ""
    reference: str = ""
    their_reference: str = ""
    received_on: str | None = None
    sent_on: str | None = None
    dated: str | None = None
    case_worker: str = ""
    events: tuple[PastEvent, ...] = ()


class Retention(msgspec.Struct, frozen=True):
    """How long something was to be kept and what is to become of it.

    Attributes:
        years: None is for ever.
        ends: day on which the period ended, ISO 8601.
        transfer_until: day until which it should have been handed over; only 4.0.0 writes it.
        disposition: of its class: archive, appraise, destroy.
        proposal: what the authority proposes.
        proposal_reason: why; only 4.0.0 writes it.
    """

    years: int | None
    ends: str | None
    disposition: Disposition
    transfer_until: str | None = None
    proposal: Literal["A", "V"] | None = None
    proposal_reason: str = ""


class Item(msgspec.Struct, frozen=True):
    """One thing that the archive decides about.

    Attributes:
        uuid: its id in the messages; the archive answers with it.
        id: its id in the archive here.
        kind: a dossier goes out as ``Akte``; a document of no dossier as a ``Vorgang`` of its own,
            because 4.0.0 has no document outside of one and archives decide about those.
        title, reference: subject and Aktenzeichen.
        class_code, class_title: its place in the filing plan.
        retention: period and disposition.
        documents: in their order; one where ``kind`` is ``document``.
        unit: who led it (Federführung).
        begins, ends: first and last day of what is in it, ISO 8601.
        closed_on: day of z.d.A., ISO 8601.
    """

    uuid: str
    id: str
    kind: Literal["dossier", "document"]
    title: str
    class_code: str
    class_title: str
    retention: Retention
    documents: tuple[Document, ...]
    reference: str = ""
    unit: str = ""
    begins: str | None = None
    ends: str | None = None
    closed_on: str | None = None

    def parts(self) -> Iterator[tuple[str, str]]:
        """UUID of everything that the messages name inside, with the id here of its document."""
        for document in self.documents:
            yield document.uuid, document.id
            for file in document.files:
                yield file.uuid, document.id


class Offer(msgspec.Struct, frozen=True):
    """What is offered; goes out as 0501."""

    head: Head
    items: tuple[Item, ...]


class Delivery(msgspec.Struct, frozen=True):
    """What the archive takes; goes out as 0503 with all files.

    Attributes:
        head: of the 0503.
        items: those to hand over, in the order of the offer.
        ledger_head: digest of the ledger's last line when the batch was proposed; may be empty.
    """

    head: Head
    items: tuple[Item, ...]
    ledger_head: str = ""

    def documents(self) -> Iterator[tuple[Item, Document]]:
        """Every document with the item it stands in, in order."""
        for item in self.items:
            for document in item.documents:
                yield item, document

    def files(self) -> Iterator[PrimaryFile]:
        """Every primary file, in order."""
        for _item, document in self.documents():
            yield from document.files


def derived_uuid(process_id: str, *words: str) -> str:
    """A UUID that follows from a process and words: asked twice, it is the same (RFC 4122, v5).

    Args:
        process_id: UUID of the disposal.
        words: e.g. ``"file"`` and an id; together they must be unique in the process.
    """
    return str(uuid5(UUID(process_id), "\n".join(words)))


def delivery_of(
    offer: Offer, taken: Collection[str], created_at: str, ledger_head: str = ""
) -> Delivery:
    """What is handed over of an offer.

    Args:
        offer: as it was sent.
        taken: UUIDs of the items that the archive takes.
        created_at: time of the 0503, to be kept with the batch so that it stays the same.
        ledger_head: see `Delivery`.
    """
    message_id = derived_uuid(offer.head.process_id, "0503", str(offer.head.number))
    head = msgspec.structs.replace(offer.head, message_id=message_id, created_at=created_at)
    items = tuple(item for item in offer.items if item.uuid in taken)
    return Delivery(head, items, ledger_head)

"""Offers and deliveries of an invented town, and the published schemas to judge messages by."""

from __future__ import annotations

import functools
import hashlib
import io
from pathlib import Path

import msgspec
from lxml import etree

from archiver.retention.exchange.batch import (
    Delivery,
    Document,
    Format,
    Head,
    Item,
    Offer,
    Party,
    PastEvent,
    PrimaryFile,
    Retention,
    delivery_of,
    derived_uuid,
)
from tests import corpora

PROCESS = "0d9e2c3a-3f57-4d7b-9d64-5a1c2b7e8f01"
TOWN = Party("Stadt Musterhausen", "Hauptamt", "psw", "10000000")
ARCHIVE = Party("Landesarchiv Musterland", aliases=("Landesarchiv",))
PDFA = Format("100", "2.0", "PDF/A", "2b")
NOON = "2026-03-02T11:00:00.000Z"


def content_of(number: int, size: int = 3000) -> bytes:
    """Bytes that no packing makes small, the same at every call."""
    block = hashlib.sha512(str(number).encode()).digest()
    return b"%PDF-1.7\n" + (block * (size // 64 + 1))[: size - 9]


def a_file(number: int, content: bytes) -> PrimaryFile:
    return PrimaryFile(
        uuid=derived_uuid(PROCESS, "file", str(number)),
        suffix="pdf",
        original_name=f"Schreiben {number}.pdf",
        format=PDFA,
        size=len(content),
        sha512=hashlib.sha512(content).hexdigest(),
        created_at="2015-06-01T08:00:00.000Z",
    )


def a_document(number: int, content: bytes, title: str | None = None) -> Document:
    event = PastEvent(
        derived_uuid(PROCESS, "event", str(number)),
        "ingestion",
        "2015-06-01T08:00:00.000Z",
        "daemon",
        "Erfassung",
    )
    return Document(
        uuid=derived_uuid(PROCESS, "document", str(number)),
        id=f"01HZ{number:022d}",
        title=title if title is not None else f"Schreiben {number} an Frau Ötztürk & Söhne <GmbH>",
        files=(a_file(number, content),),
        kind="Brief",
        reference=f"10-{number}",
        their_reference="XY/7",
        received_on="2015-06-01",
        dated="2015-05-28",
        case_worker="Mustermann",
        events=(event,),
    )


def a_head(version: str) -> Head:
    return Head(
        version=version,
        process_id=PROCESS,
        message_id=derived_uuid(PROCESS, "0501", "1"),
        created_at="2026-03-01T10:00:00.000Z",
        authority=TOWN,
        archive=ARCHIVE,
        product_version="0.1.0",
    )


def an_item(number: int, documents: tuple[Document, ...], kind: str = "dossier") -> Item:
    return Item(
        uuid=derived_uuid(PROCESS, "item", str(number)),
        id=f"01HY{number:022d}",
        kind=kind,
        title=f"Satzung über Märkte {number}",
        class_code="10.24",
        class_title="Satzungen",
        retention=Retention(10, "2025-12-31", "B", "2026-12-31", "A", "Satzung mit Wirkung"),
        documents=documents,
        reference=f"10.24/{number}",
        unit="Ordnungsamt",
        begins="2010-01-01",
        ends="2015-12-30",
        closed_on="2015-12-30",
    )


class Store:
    """Bytes of primary files by their digest, as a vault would have them."""

    def __init__(self) -> None:
        self.by_digest: dict[str, bytes] = {}

    def document(self, number: int, size: int = 3000, title: str | None = None) -> Document:
        content = content_of(number, size)
        self.by_digest[hashlib.sha512(content).hexdigest()] = content
        return a_document(number, content, title)

    def open(self, file: PrimaryFile) -> io.BytesIO:
        return io.BytesIO(self.by_digest[file.sha512])


def an_offer(store: Store, version: str, sizes: tuple[int, ...] = (3000, 4000, 5000)) -> Offer:
    """A dossier with all but the last document, the last alone, and a dossier kept for ever."""
    documents = tuple(store.document(n, size) for n, size in enumerate(sizes))
    forever = an_item(3, (store.document(9999),))
    forever = msgspec.structs.replace(forever, retention=Retention(None, None, "A"))
    return Offer(
        a_head(version),
        (an_item(1, documents[:-1]), an_item(2, documents[-1:], "document"), forever),
    )


def a_delivery(store: Store, version: str, sizes: tuple[int, ...] = (3000, 4000, 5000)) -> Delivery:
    offer = an_offer(store, version, sizes)
    return delivery_of(offer, {item.uuid for item in offer.items}, NOON, "ab" * 32)


def schemas() -> Path:
    """Where the published schemas lie; the test is left out where they are not."""
    corpora.require(corpora.XDOMEA)
    return corpora.XDOMEA


class _Local(etree.Resolver):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resolve(self, url, public_id, context):
        found = self._folder / url.rsplit("/", 1)[-1]
        return self.resolve_filename(str(found), context) if found.exists() else None


@functools.cache
def _schema(folder: Path) -> etree.XMLSchema:
    parser = etree.XMLParser()
    parser.resolvers.add(_Local(folder))
    file = folder / "xdomea-Nachrichten-AussonderungDurchfuehren.xsd"
    return etree.XMLSchema(etree.parse(str(file), parser))


def assert_valid(content: bytes, version: str) -> etree._Element:
    """Judge a message by the published schema of its version."""
    message = etree.fromstring(content, etree.XMLParser(huge_tree=True))
    _schema(schemas() / version).assertValid(message)
    return message

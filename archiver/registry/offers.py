"""Offers: units of disposition as the messages to the state archive describe them.

Promises that an offer holds all that later messages say, with every id and every time in it, so
that nothing is asked again when it is exported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Literal
from uuid import uuid4

from archiver import __version__
from archiver.config import Institution
from archiver.phrases import event_name
from archiver.proof.premis_events import event_type
from archiver.records import Id
from archiver.registry import rulebook
from archiver.registry.parts import Registry
from archiver.registry.units import Unit
from archiver.retention.exchange.batch import (
    Document,
    Format,
    Head,
    Item,
    Offer,
    Party,
    PastEvent,
    PrimaryFile,
    Retention,
    derived_uuid,
)
from archiver.retention.rules import RuleBook
from archiver.store import objects
from archiver.store.asking import Row

_PDFA = ("PDF/A", "2b")
_AS_RECEIVED = ("", "")


def offer_of(
    registry: Registry, units: Sequence[Unit], progress: Callable[[int, int], None]
) -> Offer:
    """Describe units for the archive.

    Args:
        registry: of the archive.
        units: to offer; each has a due date.
        progress: is told how many units are described.

    Raises:
        NotFound, IntegrityFault: an object cannot be read.
    """
    process, at = str(uuid4()), registry.now()
    rules = registry.config.disposition
    head = Head(
        version=rules.xdomea,
        process_id=process,
        message_id=derived_uuid(process, "0501", "1"),
        created_at=at,
        authority=_party(rules.authority),
        archive=_party(rules.archive),
        product_version=__version__,
    )
    book = rulebook.in_force(registry)
    items = []
    for number, unit in enumerate(units, start=1):
        items.append(_item(registry, process, book, unit))
        progress(number, len(units))
    return Offer(head, tuple(items))


def _party(one: Institution) -> Party:
    return Party(one.name, one.unit, one.prefix, one.key, one.aliases)


def _item(registry: Registry, process: str, book: RuleBook, unit: Unit) -> Item:
    plan = {one.key: one for one in registry.config.classes}
    planned = plan.get(unit.class_key)
    closed = unit.dossier.closed_on if unit.dossier else None
    return Item(
        uuid=derived_uuid(process, "item", unit.id),
        id=unit.id,
        kind=unit.kind,
        title=unit.title or unit.reference or registry.title(unit.class_key),
        class_code=(planned.number if planned else "") or unit.class_key,
        class_title=registry.title(unit.class_key),
        retention=_retention(book, unit),
        documents=tuple(_document(registry, process, row) for row in unit.papers),
        reference=unit.reference,
        unit=planned.leads if planned else "",
        begins=unit.first_day.isoformat(),
        ends=unit.newest_day.isoformat(),
        closed_on=closed.isoformat() if closed else None,
    )


def _retention(book: RuleBook, unit: Unit) -> Retention:
    versions = book.versions.get(unit.due.class_key, ())
    rule = next((one for one in versions if one.version == unit.due.version), None)
    proposal: dict[str, Literal["A", "V"]] = {"A": "A", "V": "V"}
    return Retention(
        years=rule.amount.years if rule and not rule.permanent else None,
        ends=unit.due.ends.isoformat() if unit.due.ends else None,
        disposition=unit.due.disposition or "B",
        proposal=proposal.get(unit.due.disposition),
        proposal_reason=unit.due.basis,
    )


def _document(registry: Registry, process: str, row: Row) -> Document:
    identifier = str(row["id"])
    record = registry.holdings.record(identifier, int(row["version"]))

    def said(kind: str) -> str:
        facts = (one.value for one in record.fields if one.kind == kind and one.is_fact)
        return next(facts, "")

    return Document(
        uuid=derived_uuid(process, "document", identifier),
        id=identifier,
        title=str(row["subject"] or row["reference"] or registry.title(str(row["record_class"]))),
        files=(_file(registry, process, row),),
        kind=registry.title(str(row["record_class"])),
        reference=str(row["reference"] or ""),
        their_reference=said("their_reference"),
        received_on=str(row["stamped_on"] or row["received_on"]),
        dated=row["letter_date"],
        case_worker=said("case_worker"),
        events=tuple(_events(registry, process, identifier)),
    )


def _file(registry: Registry, process: str, row: Row) -> PrimaryFile:
    """The PDF/A, or the received bytes where none could be made."""
    identifier, rules = str(row["id"]), registry.config.disposition
    registry.holdings.require_own(row)
    inventory = registry.vault.inventory(identifier)
    state = inventory.state(int(row["version"]))
    is_rendered = objects.RENDITION in state
    name = objects.RENDITION if is_rendered else objects.original_name(str(row["media_type"]))
    kind, version = _PDFA if is_rendered else _AS_RECEIVED
    accession = registry.register.accessions(identifier)[0]
    return PrimaryFile(
        uuid=derived_uuid(process, "file", identifier, name),
        suffix=PurePath(name).suffix[1:],
        original_name=str(accession["file"]),
        format=Format(rules.format_code, rules.format_list, kind or "-", version or "-"),
        size=registry.vault.path(identifier, name, int(row["version"])).stat().st_size,
        sha512=state[name],
        created_at=inventory.versions[f"v{row['version']}"].created,
    )


def _events(registry: Registry, process: str, document: Id) -> Iterable[PastEvent]:
    """What happened to a document, in the words of PREMIS."""
    for line in registry.register.history([document]):
        kind = str(line["event"])
        yield PastEvent(
            uuid=derived_uuid(process, "event", str(line["seq"])),
            kind=event_type(kind).label,
            at=str(line["at"]),
            actor=str(line["actor"]),
            detail=event_name(kind),
        )


def lacks_parties(offer: Offer) -> bool:
    """Whether it is not said who hands over to whom."""
    return not (offer.head.authority.name and offer.head.archive.name)

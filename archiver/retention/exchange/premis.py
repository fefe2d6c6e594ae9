"""What happened to the files, in PREMIS 3: objects with their digests, events, the agent.

Promises one object for each primary file, every past event of its document, and the event of this
export, in the order the schema asks (https://www.loc.gov/standards/premis/v3/).
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.retention.exchange.batch import (
    Delivery,
    Document,
    Head,
    PastEvent,
    PrimaryFile,
    derived_uuid,
)
from archiver.retention.exchange.markup import DECLARATION, attributes, text

_ROOT = attributes(
    **{
        "xmlns": "http://www.loc.gov/premis/v3",
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "version": "3.0",
    }
)


def record(delivery: Delivery) -> Iterator[str]:
    """The PREMIS document of a delivery.

    Yields:
        Pieces of XML.
    """
    head = delivery.head
    yield f"{DECLARATION}<premis{_ROOT}>\n"
    for file in delivery.files():
        yield _object(file)
    for _item, document in delivery.documents():
        for event in document.events:
            yield _event(event, document)
        yield _event(_export(head, document), document)
    yield _agent(head)
    yield "</premis>\n"


def _export(head: Head, document: Document) -> PastEvent:
    uuid = derived_uuid(head.process_id, "export", document.uuid)
    return PastEvent(uuid, "replication", head.created_at, head.product, "xdomea 0503")


def _t(tag: str, value: str | int) -> str:
    return f"<{tag}>{text(value)}</{tag}>"


def _identifier(tag: str, kind: str, value: str) -> str:
    return f"<{tag}>{_t(tag + 'Type', kind)}{_t(tag + 'Value', value)}</{tag}>"


def _object(file: PrimaryFile) -> str:
    return (
        '<object xsi:type="file">'
        + _identifier("objectIdentifier", "UUID", file.uuid)
        + "<objectCharacteristics><fixity>"
        + _t("messageDigestAlgorithm", "SHA-512")
        + _t("messageDigest", file.sha512)
        + "</fixity>"
        + _t("size", file.size)
        + "<format><formatDesignation>"
        + _t("formatName", file.format.name)
        + _t("formatVersion", file.format.version)
        + "</formatDesignation></format></objectCharacteristics>"
        + _t("originalName", file.original_name)
        + "</object>\n"
    )


def _event(event: PastEvent, document: Document) -> str:
    detail = ""
    if event.detail:
        inside = _t("eventDetail", event.detail)
        detail = f"<eventDetailInformation>{inside}</eventDetailInformation>"
    return (
        "<event>"
        + _identifier("eventIdentifier", "UUID", event.uuid)
        + _t("eventType", event.kind)
        + _t("eventDateTime", event.at)
        + detail
        + f"<eventOutcomeInformation>{_t('eventOutcome', event.outcome)}</eventOutcomeInformation>"
        + _identifier("linkingAgentIdentifier", "local", event.actor)
        + "".join(
            _identifier("linkingObjectIdentifier", "UUID", file.uuid) for file in document.files
        )
        + "</event>\n"
    )


def _agent(head: Head) -> str:
    return (
        "<agent>"
        + _identifier("agentIdentifier", "local", head.product)
        + _t("agentName", head.product)
        + _t("agentType", "software")
        + _t("agentVersion", head.product_version)
        + "</agent>\n"
    )

"""What an answer of the archive means for a batch: decisions, and all that is odd about them.

Promises that an answer to another process, message or authority is refused as a whole, and that in
an answer to this one every single item is either decided or reported: nothing counts as decided or
as arrived that the archive has not said without contradiction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from archiver.errors import Refusal
from archiver.retention.exchange.batch import Delivery, Head, Item, Offer, Party
from archiver.retention.exchange.replies import AppraisalList, Identity, ImportList

_SHOWN = 80
T = TypeVar("T")


class Finding(msgspec.Struct, frozen=True):
    """Something odd in an answer.

    Attributes:
        code: reason code.
        uuid: of the item, as the archive wrote it.
        id: of the item here; empty where it is unknown.
    """

    code: str
    uuid: str
    id: str = ""


class Appraisal(msgspec.Struct, frozen=True):
    """What the archive has decided.

    Attributes:
        taken: UUIDs of the items that it takes (A).
        waived: UUIDs of the items that may be destroyed as far as it is concerned (V).
        findings: items without a usable decision, and decisions without an item.
    """

    taken: frozenset[str]
    waived: frozenset[str]
    findings: tuple[Finding, ...]


class Confirmation(msgspec.Struct, frozen=True):
    """What has arrived.

    Attributes:
        arrived: UUIDs of the items that the archive has imported; only these may be destroyed.
        archive_ids: by UUID, where the archive told them.
        findings: items that have not arrived or of which it is unclear.
    """

    arrived: frozenset[str]
    archive_ids: dict[str, str]
    findings: tuple[Finding, ...]


def appraise(offer: Offer, answer: AppraisalList) -> Appraisal:
    """Compare a 0502 with the offer that it answers.

    Args:
        offer: as it was sent.
        answer: as `replies.read_appraisal` read it.

    Raises:
        Refusal: ``reply_other_...``; it answers something else.
    """
    check_identity(offer.head, answer.identity)
    items = {item.uuid.lower(): item for item in offer.items}
    said = _gathered((one.uuid, one.decision) for one in answer.items)
    findings = _strangers(offer.items, said)
    taken, waived = set(), set()
    for uuid, item in items.items():
        decisions = said.get(uuid, [])
        if not decisions:
            findings.append(Finding("appraisal_missing", item.uuid, item.id))
        elif len(set(decisions)) > 1:
            findings.append(Finding("appraisal_contradictory", item.uuid, item.id))
        elif decisions[0] == "A":
            taken.add(item.uuid)
        elif decisions[0] == "V":
            waived.add(item.uuid)
        elif decisions[0] == "B":
            findings.append(Finding("appraisal_undecided", item.uuid, item.id))
        else:
            findings.append(Finding("appraisal_unclear", item.uuid, item.id))
    return Appraisal(frozenset(taken), frozenset(waived), tuple(findings))


def confirm(delivery: Delivery, answer: ImportList) -> Confirmation:
    """Compare a 0506 with the delivery that it answers.

    4.0.0 may answer for the message alone: then success counts for all items. Once it names items,
    only those named have arrived.

    Args:
        delivery: as it was sent.
        answer: as `replies.read_import` read it.

    Raises:
        Refusal: ``reply_other_...``; it answers something else.
    """
    check_identity(delivery.head, answer.identity)
    said = _gathered((one.uuid, one.is_done) for one in answer.items)
    findings = _strangers(delivery.items, said)
    speaks_of_all = answer.is_done is not None and not answer.items
    arrived = set()
    for item in delivery.items:
        results = [bool(answer.is_done)] if speaks_of_all else said.get(item.uuid.lower(), [])
        if not results:
            findings.append(Finding("import_missing", item.uuid, item.id))
        elif len(set(results)) > 1 or (results[0] and answer.is_done is False):
            findings.append(Finding("import_contradictory", item.uuid, item.id))
        elif results[0]:
            arrived.add(item.uuid)
        else:
            findings.append(Finding("import_failed", item.uuid, item.id))
    known = {item.uuid.lower(): item.uuid for item in delivery.items}
    archive_ids = {
        known[one.uuid]: one.archive_id
        for one in answer.items
        if one.archive_id and known.get(one.uuid) in arrived
    }
    return Confirmation(frozenset(arrived), archive_ids, tuple(findings))


def check_identity(head: Head, found: Identity) -> None:
    """Refuse an answer that is not the archive's answer to this message of this process.

    Raises:
        Refusal: ``reply_other_version``, ``reply_other_process``, ``reply_other_origin``,
            ``reply_other_part``, ``reply_other_sender`` or ``reply_other_receiver``.
    """
    if found.version != head.version:
        raise Refusal("reply_other_version", found=found.version, wanted=head.version)
    if found.process_id != head.process_id.lower():
        raise Refusal("reply_other_process", found=found.process_id, wanted=head.process_id)
    if found.origin is not None and found.origin != head.message_id.lower():
        raise Refusal("reply_other_origin", found=found.origin, wanted=head.message_id)
    if found.number is not None and found.number != head.number:
        raise Refusal("reply_other_part", found=found.number, wanted=head.number)
    if not _is(head.archive, found.sender, found.sender_keys):
        name = " ".join(found.sender)[:_SHOWN]
        raise Refusal("reply_other_sender", found=name, wanted=head.archive.name)
    if not _is(head.authority, found.receiver, found.receiver_keys):
        name = " ".join(found.receiver)[:_SHOWN]
        raise Refusal("reply_other_receiver", found=name, wanted=head.authority.name)


def _is(party: Party, names: Iterable[str], keys: tuple[str, ...]) -> bool:
    """Whether a party is meant: by its key where both sides give one, else by any of its names."""
    if party.key and keys:
        return party.key in keys
    known = {_plain(name) for name in (party.name, *party.aliases)}
    return any(_plain(name) in known for name in names)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _gathered(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """All that was said about each UUID, in order."""
    said: dict[str, list[T]] = {}
    for uuid, word in pairs:
        said.setdefault(uuid, []).append(word)
    return said


def _strangers(items: tuple[Item, ...], said: Iterable[str]) -> list[Finding]:
    """Findings for UUIDs that are no item: those of a document inside one, and unknown ones."""
    known = {item.uuid.lower() for item in items}
    parts = {document.uuid.lower(): item for item in items for document in item.documents}
    findings = []
    for uuid in said:
        if uuid in known:
            continue
        if uuid in parts:
            findings.append(Finding("reply_about_part", uuid, parts[uuid].id))
        else:
            findings.append(Finding("reply_about_unknown", uuid))
    return findings

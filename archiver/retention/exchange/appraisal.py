"""What an answer of the archive means for a batch: decisions, and all that is odd about them.

Promises that an answer to another process, message or authority is refused as a whole, and that in
an answer to this one every single item is either decided or reported: nothing counts as decided or
as arrived that the archive has not said without contradiction, about the item itself and about
every document and file in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

from archiver.errors import Refusal
from archiver.retention.exchange.batch import Delivery, Head, Item, Offer, Party
from archiver.retention.exchange.replies import AppraisalList, Identity, Imported, ImportList

_SHOWN = 80
T = TypeVar("T")


class Finding(msgspec.Struct, frozen=True):
    """Something odd in an answer.

    Attributes:
        code: reason code.
        uuid: of the item; of what is no item, as the archive wrote it.
        id: of the item here; empty where it is unknown.
        part: id here of the document inside the item that it is about; empty: the item itself.
        words: the archive's own, where it gave reasons.
    """

    code: str
    uuid: str
    id: str = ""
    part: str = ""
    words: tuple[str, ...] = ()


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
    said = _Said(offer.items, ((one.uuid, one.decision) for one in answer.items))
    findings = said.strangers()
    decided: dict[str, set[str]] = {"A": set(), "V": set()}
    for item in offer.items:
        odd = list(_odd_decisions(item, said))
        findings += odd
        if not odd:
            decided[str(said.about(item.uuid)[0])].add(item.uuid)
    return Appraisal(frozenset(decided["A"]), frozenset(decided["V"]), tuple(findings))


def _odd_decisions(item: Item, said: _Said[str | None]) -> Iterator[Finding]:
    """What keeps an item from being decided.

    A decision is inherited by all that lies below (xdomea 3.1.0 and 4.0.0, Aussonderungsart), so
    parts need not be named; one that is decided otherwise contradicts the whole.
    """
    own = said.about(item.uuid)
    if not own:
        yield Finding("appraisal_missing", item.uuid, item.id)
    elif len(set(own)) > 1:
        yield Finding("appraisal_contradictory", item.uuid, item.id)
    elif own[0] == "B":
        yield Finding("appraisal_undecided", item.uuid, item.id)
    elif own[0] is None:
        yield Finding("appraisal_unclear", item.uuid, item.id)
    else:
        for part, document in item.parts():
            if set(said.about(part)) - {own[0]}:
                yield Finding("appraisal_part_differs", item.uuid, item.id, document)


def confirm(delivery: Delivery, answer: ImportList) -> Confirmation:
    """Compare a 0506 with the delivery that it answers.

    4.0.0 may answer for the message alone: then success counts for all items. Once it names
    items, only those named have arrived. Archives also name what lies in an item; it has arrived
    only if nothing in it has failed, and once one of its documents is named, each must be.

    Args:
        delivery: as it was sent.
        answer: as `replies.read_import` read it.

    Raises:
        Refusal: ``reply_other_...``; it answers something else.
    """
    check_identity(delivery.head, answer.identity)
    said = _Said(delivery.items, ((one.uuid, one) for one in answer.items))
    findings = [
        msgspec.structs.replace(one, words=_words(said.about(one.uuid))) for one in said.strangers()
    ]
    # It may mean any of them.
    has_failed = any(not _all_done(said.about(stranger.uuid)) for stranger in findings)
    arrived = set()
    for item in delivery.items:
        odd = list(_odd_results(item, said, answer))
        if has_failed and not odd:
            odd = [Finding("import_stranger", item.uuid, item.id)]
        findings += odd
        if not odd:
            arrived.add(item.uuid)
    known = {item.uuid.lower(): item.uuid for item in delivery.items}
    archive_ids = {
        known[one.uuid]: one.archive_id
        for one in answer.items
        if one.archive_id and known.get(one.uuid) in arrived
    }
    return Confirmation(frozenset(arrived), archive_ids, tuple(findings))


def _odd_results(item: Item, said: _Said[Imported], answer: ImportList) -> Iterator[Finding]:
    """What keeps an item from counting as arrived, with the reasons that the archive gives."""
    results = said.about(item.uuid)
    if answer.is_done is not None and not answer.items:
        results = [Imported(item.uuid, answer.is_done, errors=answer.errors)]
    words = _words(results) or answer.errors
    outcome = {is_done for one in results for is_done in _outcomes(one)}
    says_no = answer.is_done is False or bool(answer.errors)
    if not results:
        yield Finding("import_missing", item.uuid, item.id)
    elif len(outcome) > 1 or (outcome == {True} and says_no):
        yield Finding("import_contradictory", item.uuid, item.id, words=words)
    elif outcome == {False}:
        yield Finding("import_failed", item.uuid, item.id, words=words)
    parts = [(document, said.about(part)) for part, document in item.parts()]
    failed = [(document, told) for document, told in parts if not _all_done(told)]
    for document, told in failed:
        yield Finding("import_part_failed", item.uuid, item.id, document, _words(told))
    named = {document for document, told in parts if told}
    for one in item.documents if named and not failed else ():
        if one.id not in named:
            yield Finding("import_part_missing", item.uuid, item.id, one.id)


def _words(results: Iterable[Imported]) -> tuple[str, ...]:
    return tuple(word for one in results for word in one.errors)


def _all_done(results: Iterable[Imported]) -> bool:
    return all(_outcomes(one) == {True} for one in results)


def _outcomes(one: Imported) -> set[bool]:
    """What a result says; reasons are given only for what was not imported, so both is both."""
    return {one.is_done, False} if one.errors else {one.is_done}


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


class _Said(Generic[T]):
    """What an answer says about each thing that was sent.

    Args:
        items: that were sent.
        pairs: UUID in lower case and what is said about it, in order.
    """

    def __init__(self, items: tuple[Item, ...], pairs: Iterable[tuple[str, T]]) -> None:
        self._by_uuid: dict[str, list[T]] = {}
        for uuid, word in pairs:
            self._by_uuid.setdefault(uuid, []).append(word)
        self._sent = {item.uuid.lower() for item in items}
        self._sent |= {part.lower() for item in items for part, _document in item.parts()}

    def about(self, uuid: str) -> list[T]:
        """All that is said about one thing."""
        return self._by_uuid.get(uuid.lower(), [])

    def strangers(self) -> list[Finding]:
        """Findings for all that was never sent."""
        unknown = (uuid for uuid in self._by_uuid if uuid not in self._sent)
        return [Finding("reply_about_unknown", uuid) for uuid in unknown]

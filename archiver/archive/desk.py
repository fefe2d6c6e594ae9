"""The review desk: what waits for a person and why, and what persons decide.

Promises that each decision is one ledger line and, in the object, what was said; that it stands
for every later reading of the document; and that it becomes an example for the next like one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from archiver import phrases
from archiver.answers import waiting_answer
from archiver.archive.finding import File
from archiver.archive.visit import Json, Visit
from archiver.clock import now
from archiver.errors import DocumentFault, Refusal, UsageFault
from archiver.records import UNCLASSIFIED, DocumentState, Id
from archiver.rights import Act

if TYPE_CHECKING:
    from archiver.store.objects import Order, Record

# The most urgent first: what keeps a paper from being read at all, then what keeps pages apart,
# then what was read badly, then contradictions, then what only wants a nod.
_URGENCY = (
    frozenset({"worker_died", "file_too_large", "too_many_pages", "page_too_large", "no_text"}),
    frozenset({"low_confidence", "only_blank_pages", "sheet_class_unknown"}),
    frozenset({"class_disagreed", "class_contradictory_rules", "class_corrected_alike"}),
    frozenset({"class_rule_only", "class_model_only", "class_unknown"}),
)
_QUARANTINE, _PAGES = 0, 2

# Kinds of files that hold several pages.
_HOLD_PAGES = ("application/pdf", "image/tiff")

# Documents about which a person must still decide, or that are not read yet.
_UNSETTLED = frozenset(
    {
        DocumentState.ACCEPTED,
        DocumentState.RECOGNISED,
        DocumentState.CLASSIFIED,
        DocumentState.REVIEW,
        DocumentState.QUARANTINED,
    }
)


def urgency(state: str, reason: str) -> int:
    """How urgent a waiting document is; 0 is the most.

    Args:
        state: of the document.
        reason: code why it waits.
    """
    if state == DocumentState.QUARANTINED:
        return _QUARANTINE
    for rank, reasons in enumerate(_URGENCY):
        if reason in reasons:
            return rank + (1 if rank == 0 else 2)
    return _PAGES


class Desk(Visit):
    """Use cases of those who decide."""

    def review(self) -> Json:
        """What waits for a person, most urgent first.

        Returns:
            ``waiting`` (documents with reason, proposal and its title, and since when), ``counts``
            by reason,
            ``unclassified`` (filed documents whose class nobody knows).
        """
        self._standing.require(Act.STATUS)
        register = self._house.register
        rows = register.problems(None, with_questions=True)
        seen: dict[str, Json] = {}
        for row in rows:
            if self._standing.sees_all or row["pipeline"] in self._standing.pipelines:
                seen.setdefault(str(row["id"]), row)
        ordered = sorted(
            seen.values(),
            key=lambda row: (
                urgency(str(row["state"]), str(row["reason"])),
                row["changed_at"],
                row["id"],
            ),
        )
        titles = {one.key: one.title for one in self._house.config.classes}
        counts: dict[str, int] = {}
        for row in ordered:
            counts[str(row["reason"])] = counts.get(str(row["reason"]), 0) + 1
        return {
            "waiting": [
                {**waiting_answer(row), "title": titles.get(_proposal(row) or "", "")}
                for row in ordered
            ],
            "counts": counts,
            "unclassified": register.unclassified(),
        }

    def picture(self, identifier: Id, page: int = 1) -> File:
        """A page as a PNG of about 100 dpi.

        Raises:
            UsageFault: ``no_such_page``.
            DocumentFault: the file cannot be opened.
        """
        self._standing.require(Act.READ)
        row = self._document(identifier)
        pages = row["pages"]
        if page < 1 or (pages and page > int(pages)):
            raise UsageFault("no_such_page", page=page, pages=int(pages or 1))
        try:
            stream = self._house.picture(str(row["id"]), str(row["media_type"]), page)
        except DocumentFault as fault:
            # How many pages an undivided batch has is not known; its first one was seen.
            if fault.reason == "damaged" and pages is None and page > 1:
                raise DocumentFault("page_unreadable", page=page) from fault
            raise
        size = stream.seek(0, 2) - stream.seek(0)
        return File(stream, size, f"{row['id']}-{page}.png", "image/png", None)

    def accept(self, identifier: Id, words: Sequence[str] = ()) -> Json:
        """Confirm a document in review as it is shown, but for what is said otherwise.

        Args:
            identifier: of the document.
            words: ``key=value``, see `archiver.pipeline.decisions.parsed`.

        Raises:
            Refusal: ``not_in_review``.
            UsageFault: a word that cannot be understood.
        """
        from archiver.pipeline.decisions import accepted, parsed
        from archiver.store.objects import Order

        row = self._required(identifier, DocumentState.REVIEW, "not_in_review")
        values = parsed(words, self._house.config.classes)
        record = self._house.holdings.record(str(row["id"]))
        if record.pages is None and not values and self._waits_undivided(str(row["reason"])):
            stacks = str(row["reason"]).startswith("stack")
            return self._order(row, Order(whole=stacks, as_planned=not stacks))
        return self._decide(row, "confirmed", accepted(record, _proposal(row)) | values)

    def set(self, identifier: Id, words: Sequence[str]) -> Json:
        """Say what is right of a document in review, and nothing more than that.

        Raises:
            Refusal: ``not_in_review``.
            UsageFault: ``nothing_to_set``, or a word that cannot be understood.
        """
        from archiver.pipeline.decisions import parsed

        row = self._required(identifier, DocumentState.REVIEW, "not_in_review")
        values = parsed(words, self._house.config.classes)
        if not values:
            raise UsageFault("nothing_to_set")
        return self._decide(row, "confirmed", values)

    def correct(self, identifier: Id, words: Sequence[str]) -> Json:
        """Change what is known of a filed document; a new version, the old one stays.

        Raises:
            Refusal: ``not_filed``.
            UsageFault: ``nothing_to_set``, or a word that cannot be understood.
        """
        from archiver.pipeline.decisions import parsed

        row = self._required(identifier, DocumentState.FILED, "not_filed")
        values = parsed(words, self._house.config.classes)
        if not values:
            raise UsageFault("nothing_to_set")
        return self._decide(row, "corrected", values)

    def split(self, identifier: Id, starts: Sequence[int]) -> Json:
        """Have a document divided; the daemon does it.

        Args:
            identifier: in review or filed.
            starts: pages with which documents begin; empty: it is to stay one document.

        Raises:
            UsageFault: ``no_such_page``.
            Refusal: ``pages_not_movable``: files of this kind cannot be divided.
        """
        from archiver.store.objects import Order

        row = self._settleable(identifier)
        pages = int(row["pages"] or 0)
        wrong = [start for start in starts if start < 1 or (pages and start > pages)]
        if wrong:
            raise UsageFault("no_such_page", page=wrong[0], pages=pages)
        if not set(starts) - {1}:
            return self._order(row, Order(whole=True))
        _require_pages(row)
        return self._order(row, Order(starts=tuple(starts)))

    def merge(self, identifiers: Sequence[Id], *, woven: bool = False) -> Json:
        """Have documents joined in this order to one; the daemon does it.

        Args:
            identifiers: at least two, each in review or filed.
            woven: the first holds fronts, the second the backs, last sheet first.

        Raises:
            UsageFault: ``merge_needs_two``.
            Refusal: ``stacks_differ_in_kind`` or ``pages_not_movable``.
        """
        from archiver.store.objects import Order

        rows = [self._settleable(one) for one in identifiers]
        ids = [str(row["id"]) for row in rows]
        if len(set(ids)) < 2 or len(set(ids)) < len(ids) or (woven and len(ids) != 2):
            raise UsageFault("merge_needs_two")
        kinds = {str(row["media_type"]) for row in rows}
        if len(kinds) > 1:
            raise Refusal("stacks_differ_in_kind")
        _require_pages(rows[0])
        return self._order(rows[0], Order(join=tuple(ids[1:]), woven=woven))

    def may_decide(self) -> None:
        """Ask the rights before a file is sent.

        Raises:
            Refusal: the caller may not decide.
        """
        self._standing.require(Act.DECIDE)

    def replace(self, identifier: Id, source: BinaryIO, name: bytes) -> Json:
        """Exchange a bad scan for a better one; what persons decided stays.

        Args:
            identifier: in review or filed.
            source: the new scan, read to its end.
            name: of its file.
        """
        row = self._settleable(identifier)
        document = str(row["id"])
        self._house.intake.replace(document, source, name, self._caller.pseudonym)
        self._tell(document)
        return {"id": document, "state": self._document(document)["state"]}

    def reject(self, identifier: Id, reason: str) -> Json:
        """Take a document in review back that is not to be filed; its bytes stay until disposal.

        Args:
            identifier: of the document.
            reason: the person's words; they stand in the object, not in the ledger.

        Raises:
            Refusal: ``not_in_review``.
        """
        row = self._required(identifier, DocumentState.REVIEW, "not_in_review")
        if not reason.strip():
            raise UsageFault("reason_missing")
        document = str(row["id"])
        self._house.settle("withdrawn", document, reason, self._caller.pseudonym)
        self._tell(document)
        return {"id": document, "state": self._document(document)["state"]}

    def release(self, identifier: Id) -> Json:
        """Quality control of a divided batch has ended: its own object is destroyed.

        Raises:
            Refusal: ``not_a_batch``, or ``batch_not_ready`` while one of its documents waits.
        """
        self._standing.require(Act.SETTLE)
        row = self._document(identifier)
        batch = str(row["id"])
        if row["state"] != DocumentState.DIVIDED:
            raise Refusal("not_a_batch", id=batch, state=phrases.state_name(str(row["state"])))
        states = [self._document(part)["state"] for part in self._parts(batch)]
        waiting = sum(state in _UNSETTLED for state in states)
        if waiting:
            raise Refusal("batch_not_ready", id=batch, count=waiting)
        self._house.destroy(batch, self._caller.pseudonym, {"because": "quality_control_ended"})
        self._tell(batch)
        return {"id": batch, "state": self._document(batch)["state"]}

    # --- inside ------------------------------------------------------------------------------

    def _required(self, identifier: Id, state: DocumentState, reason: str) -> Json:
        self._standing.require(Act.DECIDE)
        row = self._document(identifier)
        if row["state"] != state:
            raise Refusal(reason, id=str(row["id"]), state=phrases.state_name(str(row["state"])))
        return row

    def _settleable(self, identifier: Id) -> Json:
        """A document whose pages may be moved or exchanged."""
        self._standing.require(Act.DECIDE)
        row = self._document(identifier)
        if row["state"] not in (DocumentState.REVIEW, DocumentState.FILED):
            state = phrases.state_name(str(row["state"]))
            raise Refusal("not_in_review", id=str(row["id"]), state=state)
        return row

    def _waits_undivided(self, reason: str) -> bool:
        from archiver.separate.plan import NEEDS_PERSON

        return reason in NEEDS_PERSON or reason.startswith("stack")

    def _order(self, row: Json, order: Order) -> Json:
        """Record how pages are to be moved, and have it done."""
        document = str(row["id"])
        actor = self._caller.pseudonym
        self._house.decide(
            "ordered", document, lambda record, _part: _ordered(record, order), {}, actor
        )
        self._tell(document)
        return {"id": document, "state": self._document(document)["state"]}

    def _decide(self, row: Json, event: str, values: dict[str, str]) -> Json:
        """Record what a person said, and learn from it."""
        from archiver.pipeline.decisions import CLASS, decided
        from archiver.store.objects import Decision

        document, actor = str(row["id"]), self._caller.pseudonym
        was = row["record_class"] if CLASS in values else None
        decision = Decision(now(), actor, event, values, was)
        data: Json = {"set": sorted(values)}
        if CLASS in values:
            data |= {"class": values[CLASS], "was": was, "proposed": row["proposed"]}
        self._house.decide(
            event, document, lambda record, part: decided(record, decision, part), data, actor
        )
        self._tell(document)
        if values.get(CLASS, UNCLASSIFIED) != UNCLASSIFIED:
            self._house.teach(document, values[CLASS], corrected=values[CLASS] != row["proposed"])
        return self._settled(document)

    def _settled(self, document: Id) -> Json:
        row = self._document(document)
        return {"id": document, "state": row["state"], "class": row["record_class"]}


def _require_pages(row: Json) -> None:
    """Refuse to move pages of a file of a kind that has only one, or none.

    Raises:
        Refusal: ``pages_not_movable``.
    """
    if row["media_type"] not in _HOLD_PAGES:
        raise Refusal("pages_not_movable")


def _proposal(row: Json) -> str | None:
    """The class that stands or, where none does, the one that is proposed."""
    known = (row["record_class"], row["proposed"])
    return next((str(key) for key in known if key and key != UNCLASSIFIED), None)


def _ordered(record: Record, order: Order) -> Record:
    import msgspec

    return msgspec.structs.replace(record, order=order)

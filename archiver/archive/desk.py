"""The review desk: what waits for a person and why, and what persons decide.

Promises that each decision is one ledger line and, in the object, what was said; that it stands
for every later reading of the document; and that it becomes an example for the next like one.
"""

from __future__ import annotations

from collections.abc import Sequence

from archiver.answers import waiting_answer
from archiver.archive.finding import File
from archiver.archive.moving import Moving, proposed_class
from archiver.archive.visit import Json
from archiver.errors import DocumentFault, Refusal, UsageFault
from archiver.records import UNCLASSIFIED, DocumentState, Id
from archiver.rights import Act

# The most urgent first: what keeps a paper from being read at all, then what keeps pages apart,
# then what was read badly, then contradictions, then what only wants a nod.
_URGENCY = (
    frozenset({"worker_died", "file_too_large", "too_many_pages", "page_too_large", "no_text"}),
    frozenset({"low_confidence", "only_blank_pages", "record_lost", "sheet_class_unknown"}),
    frozenset({"class_disagreed", "class_contradictory_rules", "class_corrected_alike"}),
    frozenset({"class_rule_only", "class_model_only", "class_unknown"}),
)
_QUARANTINE, _PAGES = 0, 2

REVIEW_LIMIT = 50
MOST_LISTED = 10_000


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


class Desk(Moving):
    """Use cases of those who decide."""

    def review(self, limit: int = REVIEW_LIMIT) -> Json:
        """What waits for a person, most urgent first.

        Args:
            limit: most documents to list.

        Returns:
            ``waiting`` (documents with reason, proposal and its title, and since when), ``counts``
            by reason,
            ``unclassified`` (filed documents whose class nobody knows).

        Raises:
            UsageFault: ``limit_out_of_range``.
        """
        if not 1 <= limit <= MOST_LISTED:
            raise UsageFault("limit_out_of_range", limit=limit, most=MOST_LISTED)
        self._standing.require(Act.STATUS)
        register = self._seen
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
                {**waiting_answer(row), "title": titles.get(proposed_class(row) or "", "")}
                for row in ordered[:limit]
            ],
            "counts": counts,
            "unclassified": register.unclassified(),
        }

    def picture(self, identifier: Id, page: int = 1) -> File:
        """A page as a PNG of about 100 dpi.

        Raises:
            UsageFault: ``no_such_page``.
            DocumentFault: the file cannot be opened.
            IntegrityFault: ``object_damaged``, ``object_missing``.
        """
        self._standing.require(Act.READ)
        row = self._stored(identifier)
        pages = row["pages"]
        if page < 1 or (pages and page > int(pages)):
            raise UsageFault("no_such_page", page=page, pages=int(pages or 1))
        self._opened(row, "picture")
        try:
            media_type = str(row["media_type"])
            stream = self._house.picture(str(row["id"]), media_type, page, self.patience)
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
        from archiver.pipeline.decisions import CLASS, accepted, parsed

        row = self._required(identifier, DocumentState.REVIEW, "not_in_review")
        values = parsed(words, self._house.config.classes)
        if row["pages"] is None:
            return self._go_on(row, values)
        proposal = proposed_class(row)
        if proposal and CLASS not in values:
            parsed([f"{CLASS}={proposal}"], self._house.config.classes)
        record = self._house.holdings.record(str(row["id"]), int(row["version"]))
        return self._decide(row, "confirmed", accepted(record, proposal) | values)

    def set(self, identifier: Id, words: Sequence[str]) -> Json:
        """Say what is right of a document in review, and nothing more than that.

        Raises:
            Refusal: ``not_in_review``.
            UsageFault: ``nothing_to_set``, or a word that cannot be understood.
        """
        row = self._required(identifier, DocumentState.REVIEW, "not_in_review")
        values = self._settings(words)
        if row["pages"] is None:
            return self._go_on(row, values)
        return self._decide(row, "confirmed", values)

    def correct(self, identifier: Id, words: Sequence[str]) -> Json:
        """Change what is known of a filed document; a new version, the old one stays.

        Raises:
            Refusal: ``not_filed``.
            UsageFault: ``nothing_to_set``, or a word that cannot be understood.
        """
        row = self._required(identifier, DocumentState.FILED, "not_filed")
        return self._decide(row, "corrected", self._settings(words))

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
        self._tell(document, at_once=True)
        return {"id": document, "state": self._state(document)}

    # --- inside ------------------------------------------------------------------------------

    def _settings(self, words: Sequence[str]) -> dict[str, str]:
        """What a person's words set, which must be something."""
        from archiver.pipeline.decisions import parsed

        values = parsed(words, self._house.config.classes)
        if not values:
            raise UsageFault("nothing_to_set")
        return values

    def _go_on(self, row: Json, values: dict[str, str]) -> Json:
        """Let a file go on that has not been read yet."""
        from archiver.pipeline.decisions import order_of

        order = order_of(str(row["reason"]))
        if order is None:
            return self._decide(row, "confirmed", values)
        if values and order.as_planned:
            # It would be lost on documents that are not there yet.
            raise Refusal("not_divided", id=str(row["id"]))
        return self._order(row, order, values)

    def _decide(self, row: Json, event: str, values: dict[str, str]) -> Json:
        """Record what a person said, and learn from it."""
        from archiver.pipeline.decisions import CLASS, decided

        document, actor = str(row["id"]), self._caller.pseudonym
        self._require_open_dossier(row, event, values)
        decision, data = self._said(row, event, values)
        self._house.decide(
            event,
            document,
            lambda record, part: decided(record, decision, part),
            data,
            actor,
            str(row["state"]),
        )
        closes = any(one.groups for one in self._house.config.classes)
        self._tell(document, at_once=CLASS in values and closes)
        if event == "confirmed":
            self._open_dossier(document)
        if values.get(CLASS, UNCLASSIFIED) != UNCLASSIFIED:
            self._house.teach(document, values[CLASS], corrected=values[CLASS] != row["proposed"])
        return self._settled(document)

    def _require_open_dossier(self, row: Json, event: str, values: dict[str, str]) -> None:
        """Refuse to put a paper into a dossier that is closed, or to take it out of one on hold.

        Raises:
            Refusal: ``dossier_is_closed``, ``reference_not_yours`` or ``document_on_hold``.
        """
        from archiver.registry.dossiers import require_leaving, require_open
        from archiver.store.objects import dossier_key

        said = values.get("dossier", values.get("reference"))
        key = dossier_key(said) if said is not None else str(row["dossier_key"] or "")
        if said is not None:
            self._require_reference(said)
        if key and (event == "confirmed" or key != row["dossier_key"]):
            require_open(self._house.registry, key)
        # What a paper in review seems to belong to may have been read wrongly.
        is_in = row["dossier_key"] and (event != "confirmed" or row["dossier"])
        if is_in and key != row["dossier_key"]:
            require_leaving(self._house.registry, str(row["id"]), str(row["dossier_key"]))

    def _open_dossier(self, document: Id) -> None:
        """Open the dossier that a person has confirmed with a paper, where its class needs one."""
        from archiver.registry import dossiers, rulebook
        from archiver.retention.units import needs_dossier

        row, registry = self._house.register.document(document), self._house.registry
        assert row is not None
        reference, key = row["dossier"], str(row["record_class"])
        if not reference or registry.register.dossier(str(row["dossier_key"])) is not None:
            return
        if needs_dossier(rulebook.in_force(registry), key, registry.today):
            dossiers.open_(registry, str(reference), key, "", self._caller.pseudonym)

    def _settled(self, document: Id) -> Json:
        row = self._house.register.document(document)
        assert row is not None
        return {"id": document, "state": row["state"], "class": row["record_class"]}

"""The review desk: what waits for a person and why, and what persons decide.

Promises that each decision is one ledger line and, in the object, what was said; that it stands
for every later reading of the document; and that it becomes an example for the next like one.
"""

from __future__ import annotations

from collections.abc import Sequence

from archiver.acts import Json, act
from archiver.answers import waiting_answer
from archiver.archive.deciding import Deciding, proposed_class
from archiver.archive.visit import worded
from archiver.errors import Refusal, UsageFault
from archiver.pipeline.decisions import CLASS, accepted, order_of, parsed
from archiver.records import DocumentState, Id
from archiver.rights import Right

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


class Review(Deciding):
    """Acts of those who decide."""

    @act(Right.STATUS, "quick")
    def list(self, limit: int = REVIEW_LIMIT) -> Json:
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

    @act(Right.DECIDE, "desk")
    def accept(self, identifier: Id, words: Sequence[str] = ()) -> Json:
        """Confirm a document in review as it is shown, but for what is said otherwise.

        Args:
            identifier: of the document.
            words: ``key=value``, see `archiver.pipeline.decisions.parsed`.

        Raises:
            Refusal: ``not_in_review``.
            UsageFault: a word that cannot be understood.
        """
        row = self._required(identifier, DocumentState.REVIEW, "not_in_review")
        values = parsed(words, self._house.config.classes)
        if row["pages"] is None:
            return self._go_on(row, values)
        proposal = proposed_class(row)
        if proposal and CLASS not in values:
            parsed([f"{CLASS}={proposal}"], self._house.config.classes)
        record = self._house.holdings.record(str(row["id"]), int(row["version"]))
        return self._decide(row, "confirmed", accepted(record, proposal) | values)

    @act(Right.DECIDE, "desk")
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

    @act(Right.DECIDE, "desk")
    def correct(self, identifier: Id, words: Sequence[str]) -> Json:
        """Change what is known of a filed document; a new version, the old one stays.

        Raises:
            Refusal: ``not_filed``.
            UsageFault: ``nothing_to_set``, or a word that cannot be understood.
        """
        row = self._required(identifier, DocumentState.FILED, "not_filed")
        return self._decide(row, "corrected", self._settings(words))

    @act(Right.DECIDE, "desk")
    def reject(self, identifier: Id, reason: str) -> Json:
        """Take a document in review back that is not to be filed; its bytes stay until disposal.

        Args:
            identifier: of the document.
            reason: the person's words; they stand in the object, not in the ledger.

        Raises:
            Refusal: ``not_in_review``.
        """
        words = worded(reason)
        row = self._required(identifier, DocumentState.REVIEW, "not_in_review")
        document = str(row["id"])
        self._house.settle("withdrawn", document, words, self._caller.pseudonym)
        self._tell(document, at_once=True)
        return {"id": document, "state": self._state(document)}

    # --- inside ------------------------------------------------------------------------------

    def _settings(self, words: Sequence[str]) -> dict[str, str]:
        """What a person's words set, which must be something."""
        values = parsed(words, self._house.config.classes)
        if not values:
            raise UsageFault("nothing_to_set")
        return values

    def _go_on(self, row: Json, values: dict[str, str]) -> Json:
        """Let a file go on that has not been read yet."""
        order = order_of(str(row["reason"]))
        if order is None:
            return self._decide(row, "confirmed", values)
        if values and order.as_planned:
            # It would be lost on documents that are not there yet.
            raise Refusal("not_divided", id=str(row["id"]))
        return self._order(row, order, values)

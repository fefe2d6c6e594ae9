"""Purging: the past of a document is taken away, its present stays.

Promises that nothing on hold and nothing in a batch is touched, and that what could not be proved
to be gone is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archiver import phrases
from archiver.acts import Json, Progress, act, silent
from archiver.archive.visit import Visit, worded
from archiver.errors import Refusal, UsageFault
from archiver.pipeline import erasure
from archiver.pipeline.remainder import is_repeated
from archiver.records import DocumentState, Id
from archiver.registry import destruction, holdbook
from archiver.registry.units import Shelf
from archiver.rights import Right

if TYPE_CHECKING:
    from archiver.pipeline.traces import Finding


class Versions(Visit):
    """The act of those who take replaced words and scans away for good."""

    @act(Right.DISPOSE)
    def purge(
        self, identifier: Id, reason: str, thorough: bool = False, progress: Progress = silent
    ) -> Json:
        """Take away what a document once was and no longer is, in every place.

        Args:
            identifier: of a filed document.
            reason: the person's words; they stand in the object, not in the ledger.
            thorough: whether the proof reads every object of the vault.
            progress: is told documents of the new index done and in all.

        Returns:
            ``versions`` that went, ``witnesses`` (odd words that were looked for), ``is_proved``
            (some were found before and none after), ``before`` and ``after`` (places in each
            store), ``remains`` (the places after), ``unread`` (what could not be looked through).

        Raises:
            NotFound: ``no_such_document``.
            UsageFault: ``reason_missing``; ``reason_repeats``, it says a word that is to go.
            Refusal: ``not_filed``, ``document_in_batch`` or ``document_on_hold``.
            SystemFault: disk full, storage failed; it goes on at the next start.
        """
        house = self._house
        house.require_sure_time()
        document = str(self._document(identifier)["id"])
        self._require_purgeable(document)
        worded(reason)
        if is_repeated(reason, house.holdings.record(document)):
            raise UsageFault("reason_repeats")
        # What a crash left of another erasure ends first, with its certificate.
        destruction.resume(house.registry, house)
        versions = house.vault.inventory(document).latest
        ended = erasure.purge(
            house,
            document,
            self._caller.pseudonym,
            {},
            house.now,
            reason=reason,
            others=house.register.matter_ids(),
            whole_vault=thorough,
            progress=progress,
            ask=lambda: self._require_purgeable(document),
        )
        return {
            "id": document,
            "versions": versions - 1,
            "witnesses": ended.witnesses,
            "is_proved": ended.is_proved,
            "before": _counted(ended.before),
            "after": _counted(ended.after),
            "remains": [
                f"{store}/{hit.path}" for store, f in ended.after.items() for hit in f.hits
            ],
            "unread": [f"{store}/{path}" for store, f in ended.after.items() for path in f.unread],
        }

    def _require_purgeable(self, document: Id) -> None:
        row, registry = self._document(document), self._house.registry
        if row["state"] != DocumentState.FILED:
            state = phrases.state_name(str(row["state"]))
            raise Refusal("not_filed", id=document, state=state)
        self._require_free(row)
        holds = Shelf(registry, registry.today).unit_of(row).holds
        if holds:
            raise Refusal("document_on_hold", id=document, holds=holdbook.named(holds))


def _counted(found: Mapping[str, Finding]) -> dict[str, int]:
    return {store: len(finding.hits) for store, finding in found.items()}

"""Holds: what stops disposition, placed and lifted by persons.

Promises that a hold stops what it covers from the moment of the answer on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from archiver.acts import Json, act
from archiver.archive.registering import Registering
from archiver.errors import UsageFault
from archiver.registry import dossiers, holdbook
from archiver.retention.holds import HoldReason, Scope, to_review
from archiver.rights import Right


class Holds(Registering):
    """Acts of those who place holds."""

    @act(Right.DISPOSE)
    def place(
        self,
        scope: str,
        targets: Sequence[str],
        reason: str,
        authority: str,
        review_on: date,
        note: str = "",
    ) -> Json:
        """Stop disposition.

        Args:
            scope: ``document``, ``dossier``, ``class`` (also what comes later) or ``search`` (what
                is found today, and nothing else).
            targets: ids, references or keys; of a search its one query.
            reason: one of `archiver.registry.holdbook.REASONS`.
            authority: who orders it, as an office.
            review_on: day on which somebody must ask whether it is still needed.
            note: free text; stands in the object only.
        """
        registry = self._house.registry
        try:
            kind, why = msgspec.convert(scope, Scope), msgspec.convert(reason, HoldReason)
        except msgspec.ValidationError:
            known = ", ".join(holdbook.REASONS)
            raise UsageFault("hold_words_unknown", scope=scope, why=reason, known=known) from None
        order = holdbook.Order(
            scope=kind,
            targets=self._targets(kind, targets),
            reason=why,
            authority=authority,
            placed_on=registry.today,
            review_on=review_on,
            note=note,
            query=targets[0] if kind == "search" and targets else "",
        )
        placed = holdbook.place(registry, order, self._caller.pseudonym)
        return {"id": placed, "scope": kind, "targets": len(order.targets)}

    def _targets(self, scope: str, words: Sequence[str]) -> tuple[str, ...]:
        registry = self._house.registry
        if scope == "document":
            return tuple(dict.fromkeys(str(self._document(word)["id"]) for word in words))
        if scope == "dossier":
            found = (dossiers.living(self._shown, word) for word in words)
            return tuple(dict.fromkeys(str(row["id"]) for row in found))
        if scope == "class":
            return tuple(dict.fromkeys(self._class(word) for word in words))
        if len(words) != 1:
            raise UsageFault("hold_one_search")
        if self._house.office is not None:
            # The index lags by moments, and what it does not know yet would not be held.
            self._house.office.follow_index()
        most = max(1, sum(registry.register.counts().values()))
        index, query = self._house.current_index(), self._query(words[0])
        hits = index.search(query, most, registry.today, self._sight).hits
        return tuple(hit.id for hit in hits)

    @act(Right.READ)
    def list(self, everything: bool = False) -> Json:
        """Holds that stand, those first that must be looked at; or all that there ever were."""
        registry = self._house.registry
        rows = registry.register.matters("hold", () if everything else ("stands",))
        late = {hold.id for hold in to_review(holdbook.standing(registry), registry.today)}
        orders = [(row, self._of_it(holdbook.order_of(row))) for row in rows]
        shown = [
            {
                "id": row["id"],
                "state": row["state"],
                "to_review": row["id"] in late,
                **_hold_json(order),
            }
            for row, order in orders
            if order.targets
        ]
        return {"holds": sorted(shown, key=lambda one: (not one["to_review"], one["id"]))}

    @act(Right.READ)
    def show(self, name: str) -> Json:
        """Everything known of a hold, also who has placed, reviewed and lifted it."""
        row = self._hold(name)
        order = self._of_it(holdbook.order_of(row))
        return {
            "id": row["id"],
            "state": row["state"],
            **_hold_json(order),
            "targets": list(order.targets),
            "note": order.note,
            "query": order.query,
            "history": self._history(str(row["id"])),
        }

    @act(Right.DISPOSE)
    def review(self, name: str, review_on: date) -> Json:
        """Say that a hold is still needed, and when to ask again."""
        actor = self._caller.pseudonym
        hold = str(self._hold(name)["id"])
        return {"id": holdbook.review(self._house.registry, hold, review_on, actor)}

    @act(Right.DISPOSE)
    def lift(self, name: str, note: str = "") -> Json:
        """Lift a hold from today on."""
        hold = str(self._hold(name)["id"])
        return {"id": holdbook.lift(self._house.registry, hold, note, self._caller.pseudonym)}

    def _hold(self, name: str) -> Json:
        """The row of a hold on something that this person may see."""

        def sees(row: Json) -> bool:
            return bool(self._of_it(holdbook.order_of(row)).targets)

        return self._matter(name, "hold", "no_such_hold", sees)


def _hold_json(order: Any) -> Json:
    return {
        "scope": order.scope,
        "reason": order.reason,
        "authority": order.authority,
        "placed_on": order.placed_on.isoformat(),
        "review_on": order.review_on.isoformat(),
        "lifted_on": order.lifted_on.isoformat() if order.lifted_on else None,
        "covers": len(order.targets),
    }

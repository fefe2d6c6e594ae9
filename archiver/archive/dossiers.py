"""Dossiers: proposed by papers, confirmed, closed and reopened by persons.

Promises that a dossier changes only while it is open and in no batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import get_args

import msgspec

from archiver import phrases
from archiver.acts import Json, act
from archiver.archive.deciding import Deciding
from archiver.archive.registering import Registering, dossier_json
from archiver.errors import NotFound, UsageFault
from archiver.filingplan import StartEvent
from archiver.records import DocumentState, Id
from archiver.registry import dossiers, units
from archiver.registry.dossiers import dossier_of
from archiver.rights import Right
from archiver.store.objects import dossier_key


class Dossiers(Registering, Deciding):
    """Acts of those who lead dossiers."""

    @act(Right.READ)
    def list(self, state: str = "", proposed: bool = False) -> Json:
        """Dossiers, and references that name one which nobody has confirmed.

        Args:
            state: only those in it; empty: all that are not disposed of.
            proposed: only what is proposed.
        """
        register = self._seen

        counts = register.paper_counts()
        rows = [] if proposed else register.matters("dossier", (state,) if state else ())
        shown = [row for row in rows if state or row["state"] not in ("disposed", "merged")]
        return {
            "dossiers": [
                {
                    "id": row["id"],
                    "state": row["state"],
                    **(dossier_json(dossier_of(row)) if row["about"] else {}),
                    "documents": counts.get(str(row["key"]), 0),
                }
                for row in shown
            ],
            "proposed": [] if state else register.proposed_dossiers(),
        }

    @act(Right.READ)
    def show(self, name: str) -> Json:
        """Everything known of a dossier: papers, due date, holds, closure, history."""
        registry = self._shown
        try:
            row = dossiers.find(registry, name)
        except NotFound as fault:
            if fault.reason != "dossier_only_proposed":
                raise
            papers = registry.register.in_dossier(dossier_key(name))
            return {"state": "proposed", "reference": name, "papers": list(map(_paper, papers))}
        told = {"id": row["id"], "state": row["state"], "history": self._history(str(row["id"]))}
        if row["state"] not in dossiers.LIVING:
            told |= dossier_json(dossiers.dossier_of(row)) if row["about"] else {}
            return self._without_hidden(told)
        unit = units.Shelf(registry, registry.today).of_dossier(row)
        assert unit.dossier is not None
        return self._without_hidden(
            {
                **told,
                **dossier_json(unit.dossier),
                "papers": list(map(_paper, unit.papers)),
                **self._explained(unit),
            }
        )

    @act(Right.DISPOSE)
    def open(self, reference: str, class_key: str = "", title: str = "") -> Json:
        """Confirm a dossier, see `archiver.registry.dossiers.open_`.

        Raises:
            Refusal: ``reference_not_yours``, and as there.
        """
        self._require_reference(reference)
        known = self._class(class_key) if class_key else None
        registry = self._house.registry
        opened = dossiers.open_(registry, reference, known, title, self._caller.pseudonym)
        return self._dossier_told(opened)

    @act(Right.DISPOSE)
    def close(self, name: str, on: date | None = None) -> Json:
        """Close a dossier (z.d.A.)."""
        closed = dossiers.close(
            self._house.registry, self._dossier(name), on, self._caller.pseudonym
        )
        return self._dossier_told(closed)

    @act(Right.DISPOSE)
    def reopen(self, name: str) -> Json:
        """Open a closed dossier again."""
        opened = dossiers.reopen(self._house.registry, self._dossier(name), self._caller.pseudonym)
        return self._dossier_told(opened)

    @act(Right.DISPOSE)
    def change(self, name: str, title: str | None = None, class_key: str = "") -> Json:
        """Give a dossier another title or class."""
        known = self._class(class_key) if class_key else None
        actor = self._caller.pseudonym
        registry, found = self._house.registry, self._dossier(name)
        changed = dossiers.describe(registry, found, title, known, actor)
        return self._dossier_told(changed)

    @act(Right.DISPOSE)
    def tell(self, name: str, event: str, on: date | None = None) -> Json:
        """Say when something happened to a dossier; without a day it is taken back.

        Args:
            name: id or reference.
            event: its code or, in the language in use, its name.
            on: the day.

        Raises:
            UsageFault: ``unknown_event`` with those that there are.
        """
        known = sorted(set(get_args(StartEvent)) - {"", "closed"})
        codes = {phrases.start_name(code).casefold(): code for code in known}
        code = codes.get(event.strip().casefold(), event)
        if code not in known:
            raise UsageFault("unknown_event", value=event, known=", ".join(known))
        kind = msgspec.convert(code, StartEvent)
        registry, found = self._house.registry, self._dossier(name)
        told = dossiers.tell(registry, found, kind, on, self._caller.pseudonym)
        return self._dossier_told(told)

    @act(Right.DISPOSE)
    def move(self, documents: Sequence[str], to: str) -> Json:
        """Put filed documents into another dossier.

        Raises:
            Refusal: ``dossier_is_closed``, ``dossier_is_gone``, ``document_in_batch`` or
                ``not_filed``.
        """
        registry = self._house.registry
        target = dossiers.dossier_of(dossiers.living(registry, self._dossier(to))).reference
        rows = [self._required(one, DocumentState.FILED, "not_filed") for one in documents]
        for row in rows:
            if row["dossier_key"]:
                dossiers.require_open(registry, str(row["dossier_key"]))
        for row in rows:
            self._decide(row, "corrected", {"dossier": target})
        return {"moved": [str(row["id"]) for row in rows], "dossier": target}

    @act(Right.DISPOSE)
    def merge(self, name: str, into: str) -> Json:
        """Put all papers of an open dossier into another one and end it.

        Raises:
            UsageFault, Refusal: as `archiver.registry.dossiers.require_mergeable`.
        """
        registry = self._house.registry
        row, target = (dossiers.living(registry, self._dossier(one)) for one in (name, into))
        papers = dossiers.require_mergeable(registry, row, target)
        if papers:
            self.move([str(one["id"]) for one in papers], str(target["id"]))
        dossiers.merge(registry, str(row["id"]), target, self._caller.pseudonym)
        return self._dossier_told(str(target["id"]))

    def _dossier(self, name: str) -> Id:
        """Id of a dossier that this person may see.

        Raises:
            NotFound, UsageFault: as `archiver.registry.dossiers.find`.
        """
        return str(dossiers.find(self._shown, name)["id"])

    def _dossier_told(self, identifier: Id) -> Json:
        row = self._house.register.matter(identifier)
        assert row is not None
        return {"id": identifier, "state": row["state"], **dossier_json(dossier_of(row))}


def _paper(row: Json) -> Json:
    return {
        "id": row["id"],
        "state": row["state"],
        "class": row["record_class"],
        "subject": row["subject"],
        "date": row["letter_date"],
        "received_on": row["received_on"],
        "is_sure": bool(row["dossier"]),
    }

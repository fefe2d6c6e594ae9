"""Periods: what may go when, by which rule and version, and why.

Promises that each due date can be told step by step.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from archiver import phrases
from archiver.acts import File, Json, act
from archiver.archive.registering import Registering, unconfirmed_json, unit_json
from archiver.errors import NotFound, Refusal
from archiver.records import DocumentState
from archiver.registry import dossiers, rulebook
from archiver.registry.units import Shelf
from archiver.retention.table import DueRow, due_table
from archiver.rights import Right
from archiver.tongue import tr

if TYPE_CHECKING:
    from archiver.retention.due import Due


class Periods(Registering):
    """Acts of those who ask how long records are kept."""

    @act(Right.READ)
    def due(self, until: date | None = None, units: bool = False) -> Json:
        """What may go, by class and year.

        Args:
            until: last day asked about; None: no end.
            units: whether those that may go by then are listed one by one.
        """
        registry = self._shown
        today = registry.today
        listed: list[Json] = []

        def counted() -> Iterator[tuple[Due, bool]]:
            for unit in Shelf(registry, today).units():
                first = unit.due.first_day
                if units and first is not None and (until is None or first <= until):
                    obstacle = unit.obstacle(max(today, until or today))
                    listed.append({**unit_json(unit), "obstacle": obstacle})
                yield unit.due, bool(unit.holds)

        table = due_table(counted(), until)
        return {
            "until": until.isoformat() if until else None,
            "years": list(table.years),
            "rows": [_row_json(row, registry.title(row.class_key)) for row in table.rows],
            "units": listed,
            "not_adopted": list(rulebook.pending(registry)),
            "unconfirmed": unconfirmed_json(registry),
        }

    @act(Right.READ)
    def picture(self, until: date | None = None) -> File:
        """The same as a picture: classes by years."""
        from archiver.retention.picture import draw

        registry = self._shown
        shelf = Shelf(registry, registry.today)
        table = due_table(((unit.due, bool(unit.holds)) for unit in shelf.units()), until)
        titles = {one.key: one.title for one in self._house.config.classes}
        stream = io.BytesIO()
        draw(table, stream, titles, (tr("class"), tr("year")))
        size = stream.tell()
        stream.seek(0)
        return File(stream, size, "retention.png", "image/png", None)

    @act(Right.READ)
    def explain(self, identifier: str) -> Json:
        """When a document or dossier may go, by which rule and version, and why."""
        registry = self._shown
        shelf = Shelf(registry, registry.today)
        try:
            return self._explained(shelf.of_dossier(dossiers.living(registry, identifier)))
        except NotFound as fault:
            if fault.reason == "dossier_only_proposed":
                raise
        row = self._document(identifier)
        if row["state"] == DocumentState.DESTROYED:
            raise Refusal("is_destroyed", id=str(row["id"]))
        return self._explained(shelf.unit_of(row))

    @act(Right.READ)
    def rules(self) -> Json:
        """All rules with all their versions."""
        registry = self._house.registry
        book = rulebook.in_force(registry)
        rules = [rule for versions in book.versions.values() for rule in versions]
        return {
            "rules": [
                {
                    **msgspec.to_builtins(rule),
                    "title": registry.title(rule.key),
                    "start": phrases.start_name(rule.event),
                    "period": phrases.amount(*msgspec.structs.astuple(rule.amount)),
                }
                for rule in rules
            ],
            "not_adopted": list(rulebook.pending(registry)),
        }

    @act(Right.DISPOSE)
    def adopt(self, valid_from: date | None = None, running_on: date | None = None) -> Json:
        """Adopt the rules of the filing plan, as new versions where they have changed."""
        actor = self._caller.pseudonym
        fresh = rulebook.adopt(self._house.registry, actor, valid_from, running_on)
        return {"added": [{"class": rule.key, "version": rule.version} for rule in fresh]}

    @act(Right.DISPOSE)
    def confirm(self, class_key: str, version: int) -> Json:
        """Confirm that running periods take a version of a rule.

        Args:
            class_key: of the class, also one that has left the plan; or its title or number.
            version: of its rule.
        """
        registry = self._house.registry
        known = class_key in rulebook.in_force(registry).versions
        key = class_key if known else self._class(class_key)
        on = rulebook.confirm(registry, key, version, self._caller.pseudonym)
        return {"class": key, "version": version, "confirmed_on": on.isoformat()}


def _row_json(row: DueRow, title: str) -> Json:
    told: Json = msgspec.to_builtins(row, str_keys=True)
    return {"class": told.pop("class_key"), "title": title, **told, "total": row.total}

"""What the parts of the registry share: how units, dossiers and steps are told.

Promises plain values ready for JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from archiver import phrases
from archiver.acts import Json
from archiver.archive.visit import Visit
from archiver.filingplan import find_class
from archiver.records import Id
from archiver.registry import rulebook
from archiver.registry.units import Shelf, Unit

if TYPE_CHECKING:
    from archiver.registry.dossiers import Dossier
    from archiver.registry.holdbook import Order
    from archiver.registry.parts import Registry
    from archiver.retention.holds import Hold
    from archiver.retention.periods import Step


class Registering(Visit):
    """What all parts need that keep the registry."""

    def _class(self, word: str) -> str:
        """Key of a class by its key, title or number."""
        return find_class(word, self._house.config.classes)

    def _of_it(self, order: Order) -> Order:
        """A hold with those of its targets that this person may see."""
        if self._sight.is_whole:
            return order
        targets = tuple(self._covered(order.scope, order.targets))
        return msgspec.structs.replace(order, targets=targets)

    def _history(self, identifier: Id) -> list[Json]:
        return [
            {
                "at": line["at"],
                "event": line["event"],
                "title": phrases.event_name(str(line["event"])),
                "actor": line["actor"],
            }
            for line in self._house.register.history([identifier])
        ]

    def _explained(self, unit: Unit) -> Json:
        """When a unit may go, and why."""
        registry = self._shown
        shelf = Shelf(registry, registry.today)
        closed = shelf.closure(unit)
        told = {
            **unit_json(unit),
            "class_title": registry.title(unit.class_key),
            "obstacle": unit.obstacle(registry.today),
            "batch": unit.batch,
            "steps": _steps(unit.due.steps),
            "holds": [_stop_json(hold) for hold in unit.holds],
            "closure": {
                "ends": closed.ends.isoformat() if closed.ends else None,
                "steps": _steps(closed.steps),
            },
        }
        return self._without_hidden(told)


def _steps(steps: Sequence[Step]) -> list[Json]:
    return [
        {"code": one.code, "params": dict(one.params), "text": phrases.step(one.code, one.params)}
        for one in steps
    ]


def unit_json(unit: Unit) -> Json:
    """A unit of disposition."""
    first = unit.due.first_day
    return {
        "kind": unit.kind,
        "id": unit.id,
        "subject": unit.title,
        "reference": unit.reference,
        "class": unit.class_key,
        "rule": {"class": unit.due.class_key, "version": unit.due.version, "basis": unit.due.basis},
        "due": unit.due.kind,
        "disposition": unit.due.disposition,
        "ends": unit.due.ends.isoformat() if unit.due.ends else None,
        "first_day": first.isoformat() if first else None,
        "missing": unit.due.missing,
        "documents": len(unit.papers),
    }


def unconfirmed_json(registry: Registry) -> list[Json]:
    """Versions of rules that wait for the archivist's word."""
    return [
        {"class": rule.key, "version": rule.version, "title": registry.title(rule.key)}
        for rule in rulebook.in_force(registry).unconfirmed
    ]


def dossier_json(dossier: Dossier) -> Json:
    """A dossier."""
    told: Json = msgspec.to_builtins(dossier)
    told["class"] = told.pop("class_key")
    return told


def _stop_json(hold: Hold) -> Json:
    return {
        "id": hold.id,
        "scope": hold.scope,
        "reason": hold.reason,
        "authority": hold.authority,
        "review_on": hold.review_on.isoformat(),
    }

"""The rule book in force: the plan's rules as they were adopted, with all their versions.

Promises that no rule counts which was not adopted by a step of its own, and that a change of the
filing plan is told until it is adopted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from archiver.errors import Refusal
from archiver.records import Id
from archiver.registry.parts import Registry
from archiver.retention.rules import FOR_ALL, Rule, RuleBook, confirmed, revised, rule_book


def in_force(registry: Registry) -> RuleBook:
    """The rules that were adopted; before the first adoption those of the filing plan."""
    row = _plan(registry)
    if row is None:
        return rule_book(revised(RuleBook(), registry.config.classes, FOR_ALL))
    return _book(row["about"])


def adopt(
    registry: Registry, actor: str, valid_from: date | None = None, running_on: date | None = None
) -> tuple[Rule, ...]:
    """Take the filing plan's rules over, as new versions where they have changed.

    Args:
        registry: of the archive.
        actor: pseudonym of the person.
        valid_from: day from which they count; None: today, and for a first plan ever since.
        running_on: see `archiver.retention.rules.revised`.

    Returns:
        the versions that were added.

    Raises:
        UsageFault: ``rule_not_newer``.
    """
    with registry.register.exclusive():
        row = _plan(registry)
        book = RuleBook() if row is None else _book(row["about"])
        since = valid_from or (FOR_ALL if row is None else registry.today)
        fresh = revised(book, registry.config.classes, since, running_on)
        if not fresh:
            return ()
        data = {"classes": sorted({rule.key for rule in fresh}), "from": since.isoformat()}
        if row is None:
            registry.matters.begin("plan_adopted", _about(fresh), actor, data)
        else:
            registry.matters.change(
                "plan_revised",
                str(row["id"]),
                lambda about: _about((*_rules(about), *fresh)),
                actor,
                data,
            )
        return fresh


def pending(registry: Registry) -> tuple[str, ...]:
    """Keys of classes whose rule in the filing plan differs from the one that was adopted."""
    book = in_force(registry)
    rules = (rule for versions in book.versions.values() for rule in versions)
    # Versions that count from a later day are known already.
    since = max((rule.valid_from for rule in rules), default=registry.today)
    fresh = revised(book, registry.config.classes, max(since, registry.today))
    return tuple(sorted({rule.key for rule in fresh}))


def adopt_first(registry: Registry, actor: str) -> None:
    """Adopt the filing plan's rules where none were adopted yet; later ones are only told."""
    if plan_id(registry) is None:
        adopt(registry, actor)


def confirm(registry: Registry, key: str, version: int, actor: str) -> date:
    """Confirm that periods which run take a version; one that was confirmed keeps its day.

    Returns:
        the day on which it was confirmed.

    Raises:
        NotFound: ``rule_unknown``.
        Refusal: ``plan_not_adopted``.
    """
    with registry.register.exclusive():
        row, on = _plan(registry), registry.today
        if row is None:
            raise Refusal("plan_not_adopted")
        before = _book(row["about"])
        after = confirmed(before, key, version, on)
        rules = [rule for versions in after.versions.values() for rule in versions]
        if after == before:
            return _confirmed_on(after, key, version)
        registry.matters.change(
            "rule_confirmed",
            str(row["id"]),
            lambda _about_before: _about(rules),
            actor,
            {"class": key, "rule": version, "on": on.isoformat()},
        )
        return on


def _confirmed_on(book: RuleBook, key: str, version: int) -> date:
    (rule,) = (rule for rule in book.versions[key] if rule.version == version)
    assert rule.transition is not None
    assert rule.transition.confirmed_on is not None
    return rule.transition.confirmed_on


def plan_id(registry: Registry) -> Id | None:
    """Id of the matter in which the rules stand, None before a plan was adopted."""
    row = _plan(registry)
    return None if row is None else str(row["id"])


def _plan(registry: Registry) -> dict[str, Any] | None:
    rows = registry.register.matters("plan")
    return rows[0] if rows else None


def _rules(about: Mapping[str, Any]) -> list[Rule]:
    return msgspec.convert(about.get("rules", []), list[Rule])


def _book(about: Mapping[str, Any]) -> RuleBook:
    return rule_book(_rules(about))


def _about(rules: Any) -> dict[str, Any]:
    return {"rules": msgspec.to_builtins(list(rules))}

"""Rules of retention and their versions over time.

Promises that a rule which once counted is never changed: a new law or a new plan adds a version,
and every due date can name the version that it rests on. How a new version treats periods that
began before it stands in its `Transition`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

from archiver import phrases
from archiver.errors import IntegrityFault, NotFound, UsageFault
from archiver.filingplan import RecordClass, StartEvent
from archiver.retention.periods import Amount

Disposition = Literal["A", "B", "V", ""]

# Running since ever: for a version that corrects a mistake in the one before.
FOR_ALL = date.min


class Transition(msgspec.Struct, frozen=True):
    """What a version does to periods that began before it.

    Attributes:
        running_on: periods that have not ended before this day take the new version, as the law
            of 2025 says of vouchers (EGAO art. 97 § 19a, UStG § 27 (40)); `FOR_ALL`: ended ones
            as well, for a correction.
        confirmed_on: day on which the archivist has confirmed it; None: not yet. Until then a
            version may lengthen a period that runs, but never shorten it.
    """

    running_on: date
    confirmed_on: date | None = None


class Rule(msgspec.Struct, frozen=True):
    """One version of the rule of one class.

    Attributes:
        key: of the class.
        version: from 1, ascending.
        valid_from: day from which it counts; the first version counts for all time before.
        event: from which the period counts; empty and not permanent: no period is named.
        amount: of the period; nothing: it ends with the event.
        permanent: never destroyed.
        year_end: counts from the end of the calendar year of the event.
        not_before: an event before whose day the period never ends; empty where there is none.
        basis: the norm or list that says so, for people.
        disposition: A archive, B appraise, V destroy, empty where the archivist has not said.
        transition: None: periods that began before it keep their version.
    """

    key: str
    version: int
    valid_from: date
    event: StartEvent = ""
    amount: Amount = Amount()
    permanent: bool = False
    year_end: bool = False
    not_before: StartEvent = ""
    basis: str = ""
    disposition: Disposition = ""
    transition: Transition | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it names no period."""
        return not (self.permanent or self.event)


class RuleBook(msgspec.Struct, frozen=True):
    """All versions of all rules.

    Attributes:
        versions: by key of the class, oldest first.
    """

    versions: Mapping[str, tuple[Rule, ...]] = {}

    def in_force(self, key: str, today: date) -> tuple[Rule, ...]:
        """Versions of a class that counted on `today` or before, oldest first."""
        return tuple(rule for rule in self.versions.get(key, ()) if rule.valid_from <= today)

    @property
    def unconfirmed(self) -> tuple[Rule, ...]:
        """Versions that wait for the archivist's word."""
        return tuple(
            rule
            for versions in self.versions.values()
            for rule in versions
            if rule.transition is not None and rule.transition.confirmed_on is None
        )


def rule_book(rules: Iterable[Rule]) -> RuleBook:
    """A book of rules as they were recorded.

    Args:
        rules: in any order of classes, each class's versions in their order.

    Raises:
        IntegrityFault: ``rules_out_of_order`` where a version is not newer than the one before.
    """
    versions: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        before = versions.get(rule.key, ())
        last = before[-1] if before else None
        if last and (rule.version <= last.version or rule.valid_from < last.valid_from):
            raise IntegrityFault("rules_out_of_order", key=rule.key, version=rule.version)
        versions[rule.key] = (*before, rule)
    return RuleBook(versions)


def revised(
    book: RuleBook,
    classes: Iterable[RecordClass],
    valid_from: date,
    running_on: date | None = None,
) -> tuple[Rule, ...]:
    """The versions that a filing plan adds to a book; none where nothing has changed.

    Args:
        book: as it was; empty for the first plan.
        classes: of the plan. Classes that have left the plan keep their rules.
        valid_from: day from which the plan counts.
        running_on: periods that have not ended before this day take the new versions, once the
            archivist has confirmed them; None: they keep theirs.

    Raises:
        UsageFault: ``rule_not_newer`` where a class has a version from a later day.
    """
    transition = None if running_on is None else Transition(running_on)
    fresh = []
    for record_class in classes:
        known = book.versions.get(record_class.key, ())
        last = known[-1] if known else None
        if last is None:
            fresh += _first(record_class, valid_from)
            continue
        rule = _rule(record_class, last.version + 1, valid_from)
        if _terms(rule) != _terms(last):
            if valid_from < last.valid_from:
                since = phrases.date(last.valid_from.isoformat())
                raise UsageFault("rule_not_newer", key=rule.key, since=since)
            fresh.append(msgspec.structs.replace(rule, transition=transition))
    return tuple(fresh)


def confirmed(book: RuleBook, key: str, version: int, on: date) -> RuleBook:
    """The book after the archivist has confirmed that running periods take a version.

    Args:
        book: as it was.
        key: of the class.
        version: that is confirmed. One that was confirmed before keeps its day.
        on: day of the confirmation.

    Raises:
        NotFound: ``rule_unknown`` where the book has no such version with a transition.
    """
    rules = list(book.versions.get(key, ()))
    for place, rule in enumerate(rules):
        if rule.version == version and rule.transition is not None:
            if rule.transition.confirmed_on is None:
                transition = Transition(rule.transition.running_on, on)
                rules[place] = msgspec.structs.replace(rule, transition=transition)
            return RuleBook({**book.versions, key: tuple(rules)})
    raise NotFound("rule_unknown", key=key, version=version)


def _first(record_class: RecordClass, valid_from: date) -> list[Rule]:
    """The rule of a new class; two versions where the plan names what a law has changed."""
    kept = record_class.retention
    if not kept.changed_on:
        return [_rule(record_class, 1, valid_from)]
    changed_on = date.fromisoformat(kept.changed_on)
    now = _rule(record_class, 2, changed_on)
    amount = Amount(kept.former_years, kept.months, kept.days)
    return [
        msgspec.structs.replace(now, version=1, valid_from=FOR_ALL, amount=amount),
        msgspec.structs.replace(now, transition=Transition(changed_on)),
    ]


def _rule(record_class: RecordClass, version: int, valid_from: date) -> Rule:
    kept = record_class.retention
    return Rule(
        key=record_class.key,
        version=version,
        valid_from=valid_from,
        event=kept.start,
        amount=Amount(kept.years, kept.months, kept.days),
        permanent=kept.permanent,
        year_end=kept.year_end,
        not_before=kept.not_before,
        basis=kept.basis,
        disposition=kept.disposition,
    )


def _terms(rule: Rule) -> Rule:
    """What a rule says, without its place in time."""
    return msgspec.structs.replace(rule, version=0, valid_from=FOR_ALL, transition=None)

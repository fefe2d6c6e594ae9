"""The due date: when a record may go by its class's rule, and how that was reckoned.

Promises that doubt keeps: an unknown event leaves the end open, and a change that nobody has
confirmed never shortens a period. The end of a period is no leave to destroy: records are offered
to the archive first, and holds stop everything.

Which version of a rule counts: a new version takes every period that had not begun when it came
into force. One that had begun keeps its version, unless the new version's transition takes those
still running. No version lets a record go earlier than the day from which it takes the period.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

import msgspec

from archiver.filingplan import StartEvent
from archiver.retention.periods import Step, counted, year_end
from archiver.retention.rules import FOR_ALL, Disposition, Rule, RuleBook, Transition

# In the order of how long they keep.
Kind = Literal["dated", "open", "permanent", "unruled"]
_LENGTH: tuple[Kind, ...] = ("dated", "open", "permanent", "unruled")

_DAY = timedelta(days=1)


class Due(msgspec.Struct, frozen=True):
    """When a record may go, and why.

    Attributes:
        kind: ``dated``: the period has a last day; ``open``: an event is not known; ``permanent``:
            never; ``unruled``: no period is named, so it stays.
        class_key: of the class whose rule counts.
        version: of that rule; 0 where the class has none.
        disposition: A archive, B appraise, V destroy, or empty.
        basis: the norm or list, for people.
        ends: last day of the period; only of ``dated``.
        missing: the event that is not known or has no date to count with; only of ``open``.
        steps: the calculation, in order.
    """

    kind: Kind
    class_key: str
    version: int = 0
    disposition: Disposition = ""
    basis: str = ""
    ends: date | None = None
    missing: StartEvent = ""
    steps: tuple[Step, ...] = ()

    @property
    def first_day(self) -> date | None:
        """The first day on which it may go: the one after the period's last."""
        return None if self.ends is None or self.ends == date.max else self.ends + _DAY

    def is_due(self, today: date) -> bool:
        """Whether the period has ended before `today`."""
        return self.ends is not None and self.ends < today


Events = Mapping[StartEvent, date]


def due(book: RuleBook, class_key: str, events: Events, today: date) -> Due:
    """When a record of a class may go, by the rules as they stand on a day.

    Args:
        book: of rules.
        class_key: of the record's class.
        events: days of what has happened, or is known to happen, to the record or its dossier.
        today: versions from later days and later confirmations do not count yet.
    """
    versions = book.in_force(class_key, today)
    if not versions:
        return Due("unruled", class_key, steps=(Step("no_rule", {"key": class_key}),))
    current, standing = _reckoned(versions[0], events), versions[0]
    for rule in versions[1:]:
        after = _succeeded(current, standing, rule, events, today)
        if after.version == rule.version:
            standing = rule
        current = after
    if current.first_day is None:
        return current
    return _with(current, Step("first_day", {"on": current.first_day.isoformat()}))


def longer(one: Due, other: Due) -> Due:
    """Of two due dates the one that keeps longer; `one` where they are alike."""
    return other if _length(other) > _length(one) else one


def _length(one: Due) -> tuple[int, date]:
    return _LENGTH.index(one.kind), one.ends or date.min


def _reckoned(rule: Rule, events: Events) -> Due:
    """The due date by one version alone."""
    blank = Due(
        "unruled", rule.key, rule.version, rule.disposition, rule.basis, steps=(_named(rule),)
    )
    if rule.is_empty:
        return _with(blank, Step("no_rule", {"key": rule.key}))
    if rule.permanent:
        return _with(blank, Step("permanent"), kind="permanent")
    start = events.get(rule.event)
    if start is None:
        return _open(blank, rule.event)
    steps = [Step("begun", {"event": rule.event, "on": start.isoformat()})]
    if rule.year_end:
        start = year_end(start)
        steps.append(Step("year_end", {"on": start.isoformat()}))
    ends, added = counted(start, rule.amount)
    reckoned = _with(blank, *steps, *added)
    if ends is None:
        return _open(reckoned, rule.event)
    return _not_before(_with(reckoned, kind="dated", ends=ends), rule, events)


def _not_before(dated: Due, rule: Rule, events: Events) -> Due:
    """Moves the end to the other event where that is later."""
    if not rule.not_before:
        return dated
    other = events.get(rule.not_before)
    if other is None:
        return _open(dated, rule.not_before)
    params: dict[str, str | int] = {"event": rule.not_before, "on": other.isoformat()}
    if dated.ends is not None and other > dated.ends:
        return _with(dated, Step("not_before", params), ends=other)
    return _with(dated, Step("not_before_met", params))


def _succeeded(before: Due, old: Rule, rule: Rule, events: Events, today: date) -> Due:
    """The due date when `rule` has followed the version that counted until then."""
    fresh = _reckoned(rule, events)
    if not _had_begun(old, rule, events):
        # What was not known under the old version no longer matters, so its steps are not told.
        step = Step("taken_before_begin", _version(rule))
        return _led(_not_earlier(fresh, rule.valid_from), (step,))
    kept = {**_version(rule), "kept": old.version}
    change = rule.transition
    if change is None or change.running_on > today:
        return _with(before, Step("keeps_version", kept))
    if before.ends is not None and before.ends < change.running_on:
        return _with(before, Step("ended_before", {**kept, "on": change.running_on.isoformat()}))
    return _taken(before, _not_earlier(fresh, change.running_on), rule, change, today)


def _taken(before: Due, fresh: Due, rule: Rule, change: Transition, today: date) -> Due:
    """The due date of a running period that a new version takes, or will when confirmed."""
    params = _version(rule)
    if change.confirmed_on is not None and change.confirmed_on <= today:
        params |= {"confirmed": change.confirmed_on.isoformat()}
        if change.running_on == FOR_ALL:
            return _led(fresh, (*before.steps, Step("corrected", params)))
        step = Step("taken_running", {**params, "on": change.running_on.isoformat()})
        return _led(fresh, (*before.steps, step))
    if longer(before, fresh) is fresh:
        return _led(fresh, (*before.steps, Step("taken_as_longer", params)))
    return _with(before, Step("waits_for_confirmation", params))


def _had_begun(old: Rule, rule: Rule, events: Events) -> bool:
    """Whether the old version's period had begun when the new version came into force."""
    if old.permanent and rule.permanent:
        return False
    # What is kept for ever has no begin of its own; the new version's event tells whether the
    # record is one of before.
    start = events.get(rule.event if old.permanent else old.event)
    return old.permanent if start is None else start < rule.valid_from


def _not_earlier(fresh: Due, since: date) -> Due:
    """`fresh`, with its end on the day before `since` where it lay earlier."""
    if fresh.ends is None or since == FOR_ALL or fresh.ends >= since - _DAY:
        return fresh
    return _with(fresh, Step("not_before_change", {"on": since.isoformat()}), ends=since - _DAY)


def _open(one: Due, missing: StartEvent) -> Due:
    return _with(one, Step("missing", {"event": missing}), kind="open", ends=None, missing=missing)


def _with(one: Due, *steps: Step, **values: object) -> Due:
    """`one` with further steps and other values."""
    return msgspec.structs.replace(one, steps=(*one.steps, *steps), **values)


def _led(one: Due, steps: tuple[Step, ...]) -> Due:
    """`one` with steps before its own."""
    return msgspec.structs.replace(one, steps=(*steps, *one.steps))


def _named(rule: Rule) -> Step:
    if not rule.basis:
        return Step("rule_without_basis", {"key": rule.key, "version": rule.version})
    return Step("rule", {"key": rule.key, "version": rule.version, "basis": rule.basis})


def _version(rule: Rule) -> dict[str, str | int]:
    return {"version": rule.version, "since": rule.valid_from.isoformat()}

"""Units of disposition: the dossier, or a document whose period counts from itself.

Promises that a dossier never goes before a paper in it, and that a day which is not known is
replaced by a later one, never by an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import reduce

import msgspec

from archiver.filingplan import StartEvent
from archiver.retention.due import Due, longer
from archiver.retention.periods import Step
from archiver.retention.rules import RuleBook

# Events that a document has by itself; all others happen to its dossier or are told by a person.
OWN_EVENTS: frozenset[StartEvent] = frozenset({"created", "issued", "sent_or_received"})


def needs_dossier(book: RuleBook, class_key: str, today: date) -> bool:
    """Whether the period of a class counts from what happens to a dossier.

    Args:
        book: of rules.
        class_key: of the class.
        today: day on which the rule is asked.

    Returns:
        False for classes that count from the document, are permanent or have no period.
    """
    rules = book.in_force(class_key, today)
    if not rules or rules[-1].permanent:
        return False
    return not {rules[-1].event, rules[-1].not_before} - {""} <= OWN_EVENTS


def document_events(
    received_on: date, letter_date: date | None = None, stamped_on: date | None = None
) -> dict[StartEvent, date]:
    """The days of a document's own events.

    Args:
        received_on: day on which the file came in; the paper is no younger.
        letter_date: that it bears, where it is a fact.
        stamped_on: day of the received stamp, where it is a fact.

    Returns:
        Days of `OWN_EVENTS`. A letter counts from its receipt, so that one dated 30 December
        and received in January counts from the new year.
    """
    arrived = stamped_on or received_on
    made = letter_date or arrived
    return {"created": made, "issued": made, "sent_or_received": max(arrived, made)}


def dossier_due(own: Due, papers: Iterable[Due]) -> Due:
    """When a dossier may go: by its own rule, but not before any paper in it.

    Args:
        own: of the dossier, by its class and events.
        papers: of the documents in it whose class needs no dossier; those without a period do
            not matter.

    Returns:
        `own`, or `own` with the end and the steps of the paper that keeps longest. Class, version
        and disposition are the dossier's.
    """
    last = reduce(longer, (paper for paper in papers if paper.kind != "unruled"), own)
    if last is own:
        return own
    step = Step("kept_by_paper", {"key": last.class_key})
    return msgspec.structs.replace(
        own,
        kind=last.kind,
        ends=last.ends,
        missing=last.missing,
        steps=(*own.steps, step, *last.steps),
    )

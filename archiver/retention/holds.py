"""Holds: what stops disposition, whatever the periods say.

Promises that a hold stands until a person lifts it; its review date only reminds. A hold on a
class or a dossier also covers what is filed there later; one on a search covers what was found on
the day of the search, and nothing else. What a hold once covered it covers until it is lifted,
whatever is corrected, moved or split afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from archiver import phrases
from archiver.errors import Refusal, UsageFault
from archiver.records import UNKNOWN, Id

Scope = Literal["document", "dossier", "class", "search"]
HoldReason = Literal[
    "lawsuit",
    "tax_assessment",  # AO § 147 (3): the period does not end while the assessment is open
    "audit",
    "election_review",
    "claim",
    "data_subject",
    "inquiry",
    "other",
]


class Hold(msgspec.Struct, frozen=True):
    """One hold.

    Attributes:
        id: of the hold.
        scope: what its targets are.
        targets: ids of documents or dossiers, or keys of classes; of a search the ids of the
            documents that were found.
        reason: why, as a code; what can be told about it stands in a note that can be deleted.
        authority: who has ordered it, as an office, never a person.
        placed_on: first day.
        review_on: day on which somebody must ask whether it is still needed.
        lifted_on: day from which it no longer holds; None while it stands.
        since: number of the ledger line that placed it.
    """

    id: Id
    scope: Scope
    targets: frozenset[str]
    reason: HoldReason
    authority: str
    placed_on: date
    review_on: date
    lifted_on: date | None = None
    since: int = 0

    def stands(self, today: date) -> bool:
        """Whether it holds on `today`."""
        return self.placed_on <= today and (self.lifted_on is None or today < self.lifted_on)


class Former(msgspec.Struct, frozen=True):
    """Something that a document was counted among before.

    Attributes:
        kind: ``class``, ``dossier`` or ``document`` (that its pages lay in).
        value: key of the class, id of the dossier or document; `UNKNOWN`: any hold on one covers.
        seq: number of the ledger line by which it ended.
    """

    kind: Literal["class", "dossier", "document"]
    value: str
    seq: int


class Subject(msgspec.Struct, frozen=True):
    """What a hold may cover: a document, with its place.

    Attributes:
        document: its id.
        class_key: of its class.
        dossier: id of its dossier, None where it is in none.
        dossier_class: key of the dossier's class, empty where it is in none.
        former: what it was counted among before.
    """

    document: Id
    class_key: str
    dossier: Id | None = None
    dossier_class: str = ""
    former: tuple[Former, ...] = ()


def checked(hold: Hold) -> Hold:
    """`hold` itself, where it can be placed.

    Raises:
        UsageFault: ``hold_without_target``, ``hold_without_authority`` or
            ``hold_review_too_early``.
    """
    if not hold.targets:
        raise UsageFault("hold_without_target")
    if not hold.authority.strip():
        raise UsageFault("hold_without_authority")
    if hold.review_on <= hold.placed_on:
        raise UsageFault("hold_review_too_early", placed=_day(hold.placed_on))
    return hold


def lifted(hold: Hold, on: date) -> Hold:
    """The hold after a person has lifted it.

    Args:
        hold: that stands.
        on: day from which it no longer holds.

    Raises:
        Refusal: ``hold_is_lifted`` where it was lifted before.
        UsageFault: ``hold_lifted_too_early`` for a day before it was placed.
    """
    if hold.lifted_on is not None:
        raise Refusal("hold_is_lifted", id=hold.id, on=_day(hold.lifted_on))
    if on < hold.placed_on:
        raise UsageFault("hold_lifted_too_early", id=hold.id, placed=_day(hold.placed_on))
    return msgspec.structs.replace(hold, lifted_on=on)


def covers(hold: Hold, subject: Subject, today: date) -> bool:
    """Whether a hold stops a document on `today`."""
    if not hold.stands(today):
        return False
    if hold.scope == "class":
        kind, now = "class", {subject.class_key, subject.dossier_class}
    elif hold.scope == "dossier":
        kind, now = "dossier", {subject.dossier or ""}
    else:
        kind, now = "document", {subject.document}
    was = {one.value for one in subject.former if one.kind == kind and one.seq > hold.since}
    return UNKNOWN in was or not hold.targets.isdisjoint(now | was)


def stopping(holds: Iterable[Hold], unit: Iterable[Subject], today: date) -> tuple[Hold, ...]:
    """The holds that stop a unit of disposition: those that cover any of its documents.

    Args:
        holds: all there are.
        unit: the documents of a dossier, or one document.
        today: the day that is asked about.
    """
    subjects = tuple(unit)
    return tuple(
        hold for hold in holds if any(covers(hold, subject, today) for subject in subjects)
    )


def to_review(holds: Iterable[Hold], today: date) -> tuple[Hold, ...]:
    """Holds that stand and whose review date has come, the longest overdue first."""
    waiting = (hold for hold in holds if hold.stands(today) and hold.review_on <= today)
    return tuple(sorted(waiting, key=lambda hold: (hold.review_on, hold.id)))


def _day(day: date) -> str:
    return phrases.date(day.isoformat())

"""Units of disposition as they stand: dossiers and single documents, with due date and holds.

Promises one pass over the shelf, however long it is, and that a unit is either free to go or says
what keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Literal

import msgspec

from archiver.clock import town_day
from archiver.errors import IntegrityFault
from archiver.filingplan import StartEvent
from archiver.records import (
    UNCLASSIFIED,
    WITHDRAWN_CLASS,
    DocumentState,
    Id,
    counted_class,
)
from archiver.registry import holdbook, rulebook
from archiver.registry.dossiers import Dossier, dossier_of
from archiver.registry.parts import Registry
from archiver.retention.closure import Closure, Person, closure
from archiver.retention.due import Due, due
from archiver.retention.holds import Former, Hold, Subject, stopping
from archiver.retention.periods import Amount, period_end
from archiver.retention.units import document_events, dossier_due, needs_dossier
from archiver.store.asking import Row
from archiver.store.objects import DAMAGED

Kind = Literal["dossier", "document"]
# A dossier that is open, or has papers that nobody has filed yet, cannot go.
Obstacle = Literal[
    "not_due", "held", "in_batch", "unsettled", "open", "no_disposition", "handed_over"
]


# States in which a paper waits for nobody.
SETTLED = frozenset(
    {
        DocumentState.FILED, DocumentState.OFFERED, DocumentState.HANDED_OVER,
        DocumentState.WITHDRAWN,
    })  # fmt: skip


class Unit(msgspec.Struct, frozen=True):
    """What goes as a whole.

    Attributes:
        kind: a dossier, or a document that is in none.
        id: of the dossier or document.
        title, reference: subject and reference; empty where unknown.
        class_key: of its class.
        due: when it may go and why.
        papers: rows of its documents, oldest first.
        dossier: what is known of it, None for a document.
        holds: that stop it.
        batch: in which it is, None where it is in none.
    """

    kind: Kind
    id: Id
    title: str
    reference: str
    class_key: str
    due: Due
    papers: tuple[Row, ...]
    dossier: Dossier | None = None
    holds: tuple[Hold, ...] = ()
    batch: Id | None = None

    @property
    def first_day(self) -> date:
        """Date of the oldest page."""
        return min(map(page_day, self.papers))

    @property
    def newest_day(self) -> date:
        """Date of the newest page."""
        return max(map(page_day, self.papers))

    @property
    def is_handed_over(self) -> bool:
        """Whether the archive has taken all of it over before; it knows nothing of later papers."""
        states = {row["state"] for row in self.papers}
        return states == {DocumentState.HANDED_OVER}

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was taken back: it is no record, and no archive is asked about it."""
        states = {row["state"] for row in self.papers}
        return states == {DocumentState.WITHDRAWN}

    @property
    def is_unsettled(self) -> bool:
        """Whether a paper in it has not been filed yet, or nobody can read what is known of it."""
        return any(row["state"] not in SETTLED for row in self.papers) or (
            not self.is_withdrawn and any(DAMAGED in row["findings"] for row in self.papers)
        )

    def is_older(self, years: int, today: date) -> bool:
        """Whether its newest page is older than so many years."""
        last = period_end(self.newest_day, Amount(years)) if self.papers else None
        return last is not None and last < today

    def obstacle(self, today: date, *, is_aged: bool = False) -> Obstacle | None:
        """What keeps it from being proposed for disposition, None where nothing does.

        Args:
            today: the day.
            is_aged: it is offered for its age, so the end of its period does not matter.
        """
        if not (is_aged or self.due.is_due(today)):
            return "not_due"
        if self.holds:
            return "held"
        if self.batch is not None:
            return "in_batch"
        if self.is_unsettled:
            return "unsettled"
        if self.dossier is not None and self.dossier.closed_on is None:
            return "open"
        return None if self.due.disposition else "no_disposition"


def page_day(row: Row) -> date:
    """Date of a document's pages: that of the letter, else the day on which it came."""
    return date.fromisoformat(str(row["letter_date"] or row["received_on"]))


def former(registry: Registry) -> dict[Id, tuple[Former, ...]]:
    """What documents were counted among before, by document."""
    return {
        document: tuple(Former(row["kind"], str(row["value"]), int(row["seq"])) for row in rows)
        for document, rows in registry.register.former().items()
    }


def withdrawn_due(registry: Registry) -> list[Id]:
    """Papers that were taken back long enough ago, and are in no batch; holds are not asked."""
    return [
        str(row["id"])
        for row in registry.register.withdrawn()
        if row["batch"] is None and _stays_until(registry, row) < registry.today
    ]


def _stays_until(registry: Registry, row: Row) -> date:
    """The last day on which a paper that was taken back has to stay."""
    days = registry.config.disposition.withdrawn_days
    return town_day(str(row["changed_at"])) + timedelta(days=days)


class Shelf:
    """All units as they stand on one day.

    Args:
        registry: of the archive.
        today: the day.

    Raises:
        IntegrityFault: ``object_damaged``: a rule, a hold or a dossier cannot be read.
    """

    def __init__(self, registry: Registry, today: date) -> None:
        self._registry = registry
        self._today = today
        self._book = rulebook.in_force(registry)
        self._holds = holdbook.standing(registry)
        rows = registry.register.matters("dossier", ("open", "closed"))
        for row in rows:
            if row["key"] is None:
                # Nobody knows which papers are in it, and loose ones would go by themselves.
                raise IntegrityFault("object_damaged", id=str(row["id"]))
        self._dossiers = {str(row["key"]): row for row in rows}
        # Few classes and few days: most due dates are those of a neighbour.
        self._due = lru_cache(maxsize=20_000)(self._reckoned)

    def units(self) -> Iterator[Unit]:
        """All units, documents of no dossier first."""
        for place, rows in groupby(self._registry.register.shelf(), lambda row: row["place"]):
            dossier = self._dossiers.get(str(place))
            if dossier is not None:
                yield self.dossier(dossier, list(rows))
            else:
                yield from (self.single(row) for row in rows)

    def withdrawn(self) -> Iterator[Unit]:
        """Documents that were taken back, each a unit of its own."""
        yield from map(self.taken_back, self._registry.register.withdrawn())

    def unit_of(self, document: Row) -> Unit:
        """The unit that a document is in; its batch is asked for where the row has none."""
        if document["state"] == DocumentState.WITHDRAWN:
            batch = self._registry.register.batch_of(str(document["id"]))
            return self.taken_back({"batch": batch, **document})
        row = self._dossiers.get(str(document["dossier_key"] or ""))
        if row is not None:
            return self.of_dossier(row)
        if "batch" in document:
            return self.single(document)
        batch = self._registry.register.batch_of(str(document["id"]))
        return self.single({**document, "batch": batch})

    def of_dossier(self, row: Row) -> Unit:
        """The unit of a dossier, by its row."""
        return self.dossier(row, self._registry.register.in_dossier(str(row["key"])))

    def single(self, row: Row) -> Unit:
        """The unit of a document that is in no dossier."""
        key = str(row["record_class"] or UNCLASSIFIED)
        return Unit(
            kind="document",
            id=str(row["id"]),
            title=str(row["subject"] or ""),
            reference=str(row["reference"] or ""),
            class_key=key,
            due=self._of_paper(row),
            papers=(row,),
            holds=self.holds_on(row),
            batch=row["batch"],
        )

    def taken_back(self, row: Row) -> Unit:
        """The unit of a document that was taken back; it goes alone, some days after.

        Holds cover it as they did before: by its class, its dossier, and what it was.
        """
        return Unit(
            kind="document",
            id=str(row["id"]),
            title=str(row["subject"] or ""),
            reference=str(row["reference"] or ""),
            class_key=WITHDRAWN_CLASS,
            due=Due(
                kind="dated",
                class_key=WITHDRAWN_CLASS,
                version=1,
                disposition="V",
                basis="[disposition] withdrawn_days",
                ends=_stays_until(self._registry, row),
            ),
            papers=(row,),
            holds=self.holds_on(row),
            batch=row["batch"],
        )

    def dossier(self, row: Row, papers: list[Row]) -> Unit:
        """The unit of a dossier with its papers."""
        dossier, identifier = dossier_of(row), str(row["id"])
        own = self._due(dossier.class_key, frozenset(dossier.happened.items()))
        others = (
            paper
            for paper in papers
            if paper["record_class"] != dossier.class_key
            or not needs_dossier(self._book, dossier.class_key, self._today)
        )
        return Unit(
            kind="dossier",
            id=identifier,
            title=dossier.title,
            reference=dossier.reference,
            class_key=dossier.class_key,
            due=dossier_due(own, (self._of_paper(paper, dossier) for paper in others)),
            papers=tuple(papers),
            dossier=dossier,
            holds=self.holds_on(*papers),
            batch=next((paper["batch"] for paper in papers if paper["batch"]), None),
        )

    def holds_on(self, *papers: Row) -> tuple[Hold, ...]:
        """Holds that cover any of some documents themselves, by their rows."""
        if not self._holds:
            return ()
        return stopping(self._holds, map(self._subject, papers), self._today)

    def once_on(self, paper: Row, lifted: Iterable[Hold]) -> tuple[Hold, ...]:
        """Of some holds that were lifted those that covered a document, by its row, until then."""
        stood = [
            msgspec.structs.replace(hold, lifted_on=None)
            for hold in lifted
            if hold.lifted_on and str(paper["received_on"]) <= hold.lifted_on.isoformat()
        ]
        return stopping(stood, (self._subject(paper),), self._today)

    @cached_property
    def _former(self) -> dict[Id, tuple[Former, ...]]:
        return former(self._registry)

    def _subject(self, row: Row) -> Subject:
        dossier = self._dossiers.get(str(row["dossier_key"] or ""))
        return Subject(
            str(row["id"]),
            counted_class(row["record_class"], str(row["state"])),
            str(dossier["id"]) if dossier else None,
            dossier_of(dossier).class_key if dossier else "",
            self._former.get(str(row["id"]), ()),
        )

    def closure(self, unit: Unit) -> Closure:
        """Until when a unit is closed to the public."""
        rules = self._registry.config.disposition
        happened = unit.dossier.happened if unit.dossier else {}
        persons = []
        if unit.class_key in rules.personal or {"born", "died"} & set(happened):
            persons = [Person(happened.get("died"), happened.get("born"))]
        newest = unit.newest_day if unit.papers else None
        return closure(newest, is_secret=unit.class_key in rules.secret, persons=persons)

    def _of_paper(self, row: Row, dossier: Dossier | None = None) -> Due:
        """When a paper may go by its own class, by its own days and those of its dossier."""
        key = str(row["record_class"] or UNCLASSIFIED)
        events = _own_events(row)
        if dossier is not None and needs_dossier(self._book, key, self._today):
            events |= dossier.happened
        return self._due(key, frozenset(events.items()))

    def _reckoned(self, key: str, events: frozenset[tuple[StartEvent, date]]) -> Due:
        return due(self._book, key, dict(events), self._today)


def _own_events(row: Row) -> dict[StartEvent, date]:
    def day(name: str) -> date | None:
        return date.fromisoformat(str(row[name])) if row[name] else None

    received = date.fromisoformat(str(row["received_on"]))
    return document_events(received, day("letter_date"), day("stamped_on"))

"""Dossiers: what belongs together by its reference, from its first paper to its disposal.

Promises that a reference which was read only proposes a dossier, that a person opens and closes
it, and that nothing changes in a dossier which is closed or offered without it being reopened.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import msgspec

from archiver import phrases
from archiver.errors import IntegrityFault, NotFound, Refusal, UsageFault
from archiver.filingplan import StartEvent
from archiver.records import UNCLASSIFIED, DocumentState, Id
from archiver.registry import holdbook, rulebook
from archiver.registry.parts import Registry
from archiver.retention.units import needs_dossier
from archiver.store.asking import Row
from archiver.store.objects import dossier_key

LIVING = ("open", "closed")


class Dossier(msgspec.Struct, frozen=True):
    """What is known of a dossier.

    Attributes:
        reference: as people write it.
        title: what it is about; may be empty.
        class_key: of its class, whose rule counts.
        opened_on: day on which it was confirmed here.
        closed_on: day of z.d.A., None while it is open.
        events: days of what has happened to it, e.g. the end of a contract or a death.
        merged_into: the dossier that took its papers.
    """

    reference: str
    title: str
    class_key: str
    opened_on: date
    closed_on: date | None = None
    events: dict[StartEvent, date] = {}
    merged_into: Id | None = None

    @property
    def happened(self) -> dict[StartEvent, date]:
        """All days from which a period may count."""
        closed: dict[StartEvent, date] = {"closed": self.closed_on} if self.closed_on else {}
        return {**self.events, **closed}


def dossier_of(row: Row) -> Dossier:
    """The value in a row of the catalogue.

    Raises:
        IntegrityFault: ``object_damaged``: without it nobody knows when the dossier may go.
    """
    try:
        return msgspec.convert(row["about"], Dossier, strict=False)
    except msgspec.ValidationError as error:
        raise IntegrityFault("object_damaged", id=str(row["id"])) from error


def find(registry: Registry, name: str) -> Row:
    """A dossier by its id, the beginning of its id, or its reference.

    Raises:
        NotFound: ``no_such_dossier``; ``dossier_only_proposed`` where only papers name it.
        UsageFault: ``id_not_unique``.
    """
    register = registry.register
    row = register.dossier(dossier_key(name)) or register.matter_named(name, "dossier")
    if row is not None:
        return row
    if register.in_dossier(dossier_key(name)):
        raise NotFound("dossier_only_proposed", reference=name)
    raise NotFound("no_such_dossier", reference=name)


def living(registry: Registry, name: str) -> Row:
    """A dossier that is open or closed, as `find` finds it.

    Raises:
        NotFound, UsageFault: as `find`.
        Refusal: ``dossier_is_gone`` where it was merged into another one or disposed of.
    """
    row = find(registry, name)
    if row["state"] not in LIVING:
        raise Refusal("dossier_is_gone", id=str(row["id"]), state=str(row["state"]))
    return row


def open_(registry: Registry, reference: str, class_key: str | None, title: str, actor: str) -> Id:
    """Confirm a dossier.

    Args:
        registry: of the archive.
        reference: by which it is known.
        class_key: of its class; None: that of most of its papers.
        title: what it is about; may be empty.
        actor: pseudonym of the person.

    Raises:
        UsageFault: ``reference_missing``; ``dossier_class_unknown`` where no paper has one.
        Refusal: ``dossier_exists``.
    """
    key = dossier_key(reference)
    if not key:
        raise UsageFault("reference_missing")
    with registry.register.exclusive():
        if registry.register.dossier(key) is not None:
            raise Refusal("dossier_exists", reference=reference)
        chosen = class_key or _class_of_most(registry, registry.register.in_dossier(key))
        if chosen is None:
            raise UsageFault("dossier_class_unknown", reference=reference)
        dossier = Dossier(" ".join(reference.split()), title, chosen, registry.today)
        data = {"class": chosen}
        about = msgspec.to_builtins(dossier)
        return registry.matters.begin("dossier_opened", about, actor, data, key=key)


def _class_of_most(registry: Registry, papers: list[Row]) -> str | None:
    """The class of most papers, those first whose period counts from a dossier."""
    book, today = rulebook.in_force(registry), registry.today
    keys = [str(row["record_class"]) for row in papers if row["record_class"]]
    known = [key for key in keys if key != UNCLASSIFIED]
    leading = [key for key in known if needs_dossier(book, key, today)]
    common = Counter(leading or known).most_common(1)
    return common[0][0] if common else None


def close(registry: Registry, name: str, on: date | None, actor: str) -> Id:
    """Close a dossier (z.d.A.): its period begins.

    Args:
        registry: of the archive.
        name: id or reference.
        on: day of closing, None: today.
        actor: pseudonym of the person.

    Raises:
        UsageFault: ``closed_in_future``; ``closed_before_paper`` where a letter in it is younger.
        Refusal: ``wrong_step``.
    """
    day = on or registry.today
    if day > registry.today:
        raise UsageFault("closed_in_future", on=_shown(day))
    row = find(registry, name)
    papers = registry.register.in_dossier(str(row["key"]))
    newest = max(
        (str(paper["letter_date"]) for paper in papers if paper["letter_date"]), default=""
    )
    if newest > day.isoformat():
        # A year mistyped here would let the dossier go too early.
        shown = phrases.date(newest)
        raise UsageFault("closed_before_paper", on=_shown(day), newest=shown)
    _change(registry, row, "dossier_closed", {"closed_on": day}, actor, {"on": day.isoformat()})
    return str(row["id"])


def reopen(registry: Registry, name: str, actor: str) -> Id:
    """Open a closed dossier again: its period ends without effect.

    Raises:
        Refusal: ``dossier_in_batch`` or ``wrong_step``.
    """
    with registry.register.exclusive():
        row = find(registry, name)
        require_free(registry, row)
        _change(registry, row, "dossier_reopened", {"closed_on": None}, actor, {})
    return str(row["id"])


def tell(registry: Registry, name: str, event: StartEvent, on: date | None, actor: str) -> Id:
    """Say what happened to a dossier and when; without a day it is taken back.

    The day may be personal: it stands in the dossier's object, not in the ledger.

    Raises:
        Refusal: ``dossier_in_batch`` or ``wrong_step``.
    """
    with registry.register.exclusive():
        row = living(registry, name)
        require_free(registry, row)
        events = dict(dossier_of(row).events)
        events.pop(event, None)
        if on is not None:
            events[event] = on
        data = {"told": event, "known": on is not None}
        _change(registry, row, "dossier_changed", {"events": events}, actor, data)
    return str(row["id"])


def describe(
    registry: Registry, name: str, title: str | None, class_key: str | None, actor: str
) -> Id:
    """Give a dossier another title or class.

    Raises:
        UsageFault: ``nothing_to_set``.
        Refusal: ``dossier_in_batch`` or ``wrong_step``.
    """
    if title is None and class_key is None:
        raise UsageFault("nothing_to_set")
    values: dict[str, Any] = {} if title is None else {"title": title}
    data: dict[str, Any] = {"set": sorted(values)}
    if class_key is not None:
        values["class_key"] = data["class"] = class_key
    with registry.register.exclusive():
        row = living(registry, name)
        require_free(registry, row)
        _change(registry, row, "dossier_changed", values, actor, data)
    return str(row["id"])


def merge(registry: Registry, name: str, into: Row, actor: str) -> Id:
    """End an open dossier whose papers have been moved to another one.

    Raises:
        Refusal: ``wrong_step``.
    """
    row = find(registry, name)
    values = {"merged_into": str(into["id"])}
    _change(registry, row, "dossier_merged", values, actor, {"into": str(into["id"])})
    return str(row["id"])


def require_mergeable(registry: Registry, row: Row, into: Row) -> list[Row]:
    """The papers that move when a dossier is merged into another one.

    Raises:
        UsageFault: ``merge_into_itself``.
        Refusal: ``dossier_is_closed`` where one of the two is not open; ``dossier_unsettled``
            while a paper waits for a person; ``dossier_on_hold``.
    """
    if row["id"] == into["id"]:
        raise UsageFault("merge_into_itself")
    for one in (row, into):
        if one["state"] != "open":
            raise Refusal("dossier_is_closed", reference=dossier_of(one).reference)
    holds = holdbook.on_dossier(registry, str(row["id"]))
    if holds:
        named = holdbook.named(holds)
        raise Refusal("dossier_on_hold", reference=dossier_of(row).reference, holds=named)
    papers = registry.register.in_dossier(str(row["key"]))
    waiting = sum(one["state"] != DocumentState.FILED for one in papers)
    if waiting:
        raise Refusal("dossier_unsettled", reference=dossier_of(row).reference, count=waiting)
    return papers


def require_open(registry: Registry, key: str) -> None:
    """Refuse to put a paper into a dossier that is closed or on its way out.

    Args:
        registry: of the archive.
        key: of the dossier; one that nobody has confirmed is open to all.

    Raises:
        Refusal: ``dossier_is_closed``.
    """
    row = registry.register.dossier(key)
    if row is not None and row["state"] != "open":
        raise Refusal("dossier_is_closed", reference=dossier_of(row).reference)


def require_leaving(registry: Registry, document: Id, key: str) -> None:
    """Refuse to take a paper out of a dossier that is on hold: the hold would no longer cover it.

    Args:
        registry: of the archive.
        document: its id.
        key: of the dossier.

    Raises:
        Refusal: ``document_on_hold``.
    """
    row = registry.register.dossier(key)
    holds = holdbook.on_dossier(registry, str(row["id"])) if row is not None else ()
    if holds:
        raise Refusal("document_on_hold", id=document, holds=holdbook.named(holds))


def require_free(registry: Registry, row: Row) -> None:
    """Refuse to change a dossier while it is in a batch of disposition.

    Raises:
        Refusal: ``dossier_in_batch``.
    """
    papers = registry.register.in_dossier(str(row["key"]))
    batch = next(filter(None, (registry.register.batch_of(str(one["id"])) for one in papers)), None)
    if batch is not None:
        raise Refusal("dossier_in_batch", reference=dossier_of(row).reference, batch=batch)


def _change(
    registry: Registry,
    row: Row,
    event: str,
    values: dict[str, Any],
    actor: str,
    data: dict[str, Any],
) -> None:
    def changed(about: dict[str, Any]) -> dict[str, Any]:
        before = msgspec.convert(about, Dossier, strict=False)
        after: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(before, **values))
        return after

    registry.matters.change(event, str(row["id"]), changed, actor, data)


def _shown(day: date) -> str:
    return phrases.date(day.isoformat())

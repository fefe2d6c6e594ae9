"""Holds as they stand: placed, reviewed and lifted, each step in the ledger.

Promises that who orders a hold and why stands in its object, and codes and days in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, get_args

import msgspec

from archiver import phrases
from archiver.errors import IntegrityFault, NotFound, UsageFault
from archiver.records import Id
from archiver.registry.parts import Registry
from archiver.retention.holds import Hold, HoldReason, Scope, checked, lifted
from archiver.store.asking import Row

REASONS: tuple[HoldReason, ...] = get_args(HoldReason)


class Order(msgspec.Struct, frozen=True):
    """A hold as it was ordered.

    Attributes:
        scope: what the targets are.
        targets: ids of documents or dossiers, or keys of classes.
        reason: why, as a code.
        authority: who has ordered it, as an office.
        placed_on, review_on: days.
        note: free text.
        query: the search whose documents are held, empty where there was none.
        lifted_on: day from which it no longer holds, None while it stands.
    """

    scope: Scope
    targets: tuple[str, ...]
    reason: HoldReason
    authority: str
    placed_on: date
    review_on: date
    note: str = ""
    query: str = ""
    lifted_on: date | None = None

    def hold(self, identifier: Id, since: int = 0) -> Hold:
        """What it stops; `since` is the number of the ledger line that placed it."""
        return Hold(
            identifier,
            self.scope,
            frozenset(self.targets),
            self.reason,
            self.authority,
            self.placed_on,
            self.review_on,
            self.lifted_on,
            since,
        )


def order_of(row: Row) -> Order:
    """The value in a row of the catalogue.

    Raises:
        IntegrityFault: ``object_damaged``: nobody knows what it holds, so nothing may go.
    """
    try:
        return msgspec.convert(row["about"], Order, strict=False)
    except msgspec.ValidationError as error:
        raise IntegrityFault("object_damaged", id=str(row["id"])) from error


def standing(registry: Registry) -> tuple[Hold, ...]:
    """The holds that nobody has lifted."""
    rows = registry.register.matters("hold", ("stands",))
    placed = {line["id"]: int(line["seq"]) for line in registry.register.lines_of("hold_placed")}
    return tuple(order_of(row).hold(str(row["id"]), placed.get(row["id"], 0)) for row in rows)


def place(registry: Registry, order: Order, actor: str) -> Id:
    """Place a hold.

    Raises:
        UsageFault: as `archiver.retention.holds.checked`.
    """
    checked(order.hold(""))
    data = {
        "scope": order.scope,
        "reason": order.reason,
        "targets": len(order.targets),
        "review_on": order.review_on.isoformat(),
    }
    with registry.register.exclusive():
        about: dict[str, Any] = msgspec.to_builtins(order)
        return registry.matters.begin("hold_placed", about, actor, data)


def review(registry: Registry, name: str, again_on: date, actor: str) -> Id:
    """Say that a hold is still needed, and when to ask again.

    Raises:
        UsageFault: ``hold_review_not_later``.
        Refusal: ``hold_is_lifted``.
    """
    with registry.register.exclusive():
        row = find(registry, name)
        order = order_of(row)
        # As if it were to be lifted: only a hold that stands can be reviewed.
        lifted(order.hold(str(row["id"])), registry.today)
        if again_on <= registry.today:
            raise UsageFault("hold_review_not_later", on=phrases.date(again_on.isoformat()))
        after = msgspec.structs.replace(order, review_on=again_on)
        data = {"review_on": again_on.isoformat()}
        _change(registry, row, "hold_reviewed", after, actor, data)
    return str(row["id"])


def lift(registry: Registry, name: str, note: str, actor: str) -> Id:
    """Lift a hold from today on.

    Raises:
        Refusal: ``hold_is_lifted``.
    """
    with registry.register.exclusive():
        row = find(registry, name)
        order = order_of(row)
        on = lifted(order.hold(str(row["id"])), registry.today).lifted_on
        assert on is not None
        noted = "\n".join(filter(None, (order.note, note)))
        after = msgspec.structs.replace(order, lifted_on=on, note=noted)
        _change(registry, row, "hold_lifted", after, actor, {"on": on.isoformat()})
    return str(row["id"])


def on_dossier(registry: Registry, dossier: Id) -> tuple[Hold, ...]:
    """Holds on a dossier itself: they no longer cover a paper that leaves it."""
    holds = (hold for hold in standing(registry) if hold.scope == "dossier")
    return tuple(hold for hold in holds if dossier in hold.targets)


def find(registry: Registry, name: str) -> Row:
    """A hold by its id or the beginning of it.

    Raises:
        NotFound: ``no_such_hold``.
        UsageFault: ``id_not_unique``.
    """
    row = registry.register.matter_named(name, "hold")
    if row is None:
        raise NotFound("no_such_hold", id=name)
    return row


def _change(
    registry: Registry, row: Row, event: str, order: Order, actor: str, data: dict[str, Any]
) -> None:
    about: dict[str, Any] = msgspec.to_builtins(order)
    registry.matters.change(event, str(row["id"]), lambda _before: about, actor, data)


def named(holds: Iterable[Hold]) -> str:
    """Ids of holds, for a sentence."""
    return ", ".join(hold.id for hold in holds)

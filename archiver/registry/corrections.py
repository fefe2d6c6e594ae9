"""What persons have changed of records that go: class, dates, dossier, pages, holds; or taken back.

Such a change decides when a record may go, whether it is offered and which holds cover it. Promises
to find every one that the ledger knows, also where it was made on the dossier, on a document of
which the pages came, or by way of the review desk, so that who approves sees it and is not the one
who made it. Who confirms at the desk what was shown there has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from archiver.clock import town_day
from archiver.errors import Refusal
from archiver.records import UNCLASSIFIED, Id
from archiver.registry import holdbook
from archiver.registry.batch import items_of, some
from archiver.registry.parts import Registry
from archiver.registry.units import Shelf
from archiver.store.asking import Row

# Values on which period, offer and holds depend.
_DECISIVE = frozenset({"class", "letter_date", "received_stamp", "reference", "dossier"})
# Lines that change them whatever their data say: other pages, another scan, another dossier; or
# that take a paper back, about which no archive is asked then.
_ALWAYS = frozenset(
    {"ordered", "replaced", "dossier_reopened", "dossier_merged", "withdrawn", "dismissed"}
)
_DAEMON = "daemon"
_AT_ONCE = 10_000  # ids in one question to the catalogue


class Correction(msgspec.Struct, frozen=True):
    """One change that a person made.

    Attributes:
        unit: that goes with it.
        id: of the document or dossier that was changed.
        event: kind of the ledger line.
        at: when, UTC, ISO 8601.
        actor: pseudonym of the person.
        what: codes of the values that were set; empty for pages and scans.
        was, now: keys of the classes, where the class was changed.
    """

    unit: Id
    id: Id
    event: str
    at: str
    actor: str
    what: tuple[str, ...] = ()
    was: str | None = None
    now: str | None = None


def corrections(registry: Registry, batch: Id) -> list[Correction]:
    """What was changed of the units of a batch, oldest first.

    Args:
        registry: of the archive.
        batch: its id; nothing is told of one that has ended.
    """
    unit_of = {item.document: item.unit for item in items_of(registry, batch)}
    register, former = registry.register, registry.register.former()
    left = {int(row["seq"]) for document in unit_of for row in former.get(document, ())}
    sources = _sources(register.lines_of("divided"))
    # Changed on a document, its dossier, one that was merged into that, or where its pages lay.
    concerned: dict[Id, dict[Id, None]] = {}
    for document, unit in unit_of.items():
        concerned.setdefault(document, {})[unit] = None
        concerned.setdefault(unit, {})[unit] = None
        for source in _above(document, sources):
            concerned.setdefault(source, {})[unit] = None
    for line in register.lines_of("dossier_merged"):
        into = str(line["data"]["into"])
        if into in concerned:
            concerned.setdefault(str(line["id"]), {})[into] = None
    ids = list(concerned)
    found = [
        _correction(unit, line)
        for start in range(0, len(ids), _AT_ONCE)
        for line in _changing(register.history(ids[start : start + _AT_ONCE]), left, former)
        for unit in concerned[str(line["id"])]
    ]
    found += _lifted(registry, batch)
    return sorted(found, key=lambda one: (one.at, one.id))


def require_others(registry: Registry, batch: Id, actor: str) -> None:
    """Refuse who has changed a unit of a batch to approve it.

    Raises:
        Refusal: ``corrected_by_approver``.
    """
    own = dict.fromkeys(one.unit for one in corrections(registry, batch) if one.actor == actor)
    if own:
        raise Refusal("corrected_by_approver", id=batch, count=len(own), units=some([*own]))


def _sources(divided: Sequence[Row]) -> dict[Id, list[Id]]:
    """Documents whose pages others have, by each of those."""
    sources: dict[Id, list[Id]] = {}
    for line in divided:
        for part in line["data"]["documents"]:
            sources.setdefault(str(part), []).append(str(line["id"]))
    return sources


def _above(document: Id, sources: Mapping[Id, Sequence[Id]]) -> set[Id]:
    """All documents in which the pages of one have lain."""
    direct = sources.get(document, ())
    return set(direct).union(*(_above(source, sources) for source in direct))


def _changing(
    lines: list[Row], left: set[int], former: Mapping[Id, Sequence[Row]]
) -> Iterator[Row]:
    """Lines of persons that changed when something may go, or what holds it."""
    for line in lines:
        data, event = line["data"], line["event"]
        is_decisive = event in ("confirmed", "corrected") and (
            _set(line) or _is_other(data.get("class"), line, former)
        )
        is_told = event == "dossier_changed" and {"told", "class"}.intersection(data)
        # Closed before the day on which it was said: the period has begun earlier.
        is_early = event == "dossier_closed" and str(data["on"]) < str(town_day(str(line["at"])))
        if line["actor"] != _DAEMON and (
            is_decisive or is_told or is_early or event in _ALWAYS or int(line["seq"]) in left
        ):
            yield line


def _set(line: Row) -> frozenset[str]:
    """What a person has set that decides, without what only confirms what was shown."""
    data = line["data"]
    return _DECISIVE.intersection(data.get("changed", data.get("set", ())))


def _is_other(now: str | None, line: Row, former: Mapping[Id, Sequence[Row]]) -> bool:
    """Whether a document was of another class once than a person has confirmed."""
    was = {
        str(row["value"])
        for row in former.get(str(line["id"]), ())
        if row["kind"] == "class" and row["through"] == row["document"] and row["seq"] < line["seq"]
    }
    return now is not None and bool(was - {now, UNCLASSIFIED})


def _lifted(registry: Registry, batch: Id) -> Iterator[Correction]:
    """Holds that covered units of a batch until a person has lifted them."""
    rows = {str(row["id"]): row for row in registry.register.matters("hold", ("lifted",))}
    if not rows:
        return
    ended = {str(line["id"]): line for line in registry.register.lines_of("hold_lifted")}
    holds = [holdbook.order_of(row).hold(identifier) for identifier, row in rows.items()]
    shelf = Shelf(registry, registry.today)
    found: dict[tuple[Id, Id], None] = {}
    for paper in registry.register.items(batch):
        for hold in shelf.once_on(paper, holds):
            found[(str(paper["unit"]), hold.id)] = None
    yield from (_correction(unit, ended[hold]) for unit, hold in found if hold in ended)


def _correction(unit: Id, line: Row) -> Correction:
    data: dict[str, Any] = line["data"]
    what = [*_set(line)]
    what += ["class"] if "class" in data and "class" not in what else []
    what += [str(data["told"])] if "told" in data else []
    return Correction(
        unit=unit,
        id=str(line["id"]),
        event=str(line["event"]),
        at=str(line["at"]),
        actor=str(line["actor"]),
        what=tuple(sorted(what)),
        was=data.get("was"),
        now=data.get("class"),
    )

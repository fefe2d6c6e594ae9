"""What persons have changed of records that go: class, dates, dossier, pages.

Such a change decides when a record may go, whether it is offered and which holds cover it. Promises
to find every one that the ledger knows, also where it was made on the dossier, on the document of
which the pages came, or by way of the review desk, so that who approves sees it and is not the one
who made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from archiver.errors import Refusal
from archiver.records import Id
from archiver.registry.batch import items_of, some
from archiver.registry.parts import Registry
from archiver.store.asking import Row

# Values on which period, offer and holds depend.
_DECISIVE = frozenset({"class", "letter_date", "received_stamp", "reference", "dossier"})
# Lines that change them whatever their data say: other pages, another scan, another dossier.
_ALWAYS = frozenset({"ordered", "replaced", "dossier_reopened", "dossier_merged"})
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
    # Changed on a document, its dossier, one that was merged into that, or where its pages lay.
    concerned: dict[Id, dict[Id, None]] = {}
    for document, unit in unit_of.items():
        concerned.setdefault(document, {})[unit] = None
        concerned.setdefault(unit, {})[unit] = None
    for document, source in register.sources(batch):
        concerned.setdefault(source, {})[unit_of[document]] = None
    for line in register.lines_of("dossier_merged"):
        into = str(line["data"]["into"])
        if into in concerned:
            concerned.setdefault(str(line["id"]), {})[into] = None
    ids = list(concerned)
    found = [
        _correction(unit, line)
        for start in range(0, len(ids), _AT_ONCE)
        for line in _changing(register.history(ids[start : start + _AT_ONCE]), left)
        for unit in concerned[str(line["id"])]
    ]
    return sorted(found, key=lambda one: (one.at, one.id))


def require_others(registry: Registry, batch: Id, actor: str) -> None:
    """Refuse who has changed a unit of a batch to approve it.

    Raises:
        Refusal: ``corrected_by_approver``.
    """
    own = dict.fromkeys(one.unit for one in corrections(registry, batch) if one.actor == actor)
    if own:
        raise Refusal("corrected_by_approver", id=batch, count=len(own), units=some([*own]))


def _changing(lines: list[Row], left: set[int]) -> Iterator[Row]:
    """Lines of persons that changed when something may go, or what holds it."""
    for line in lines:
        data = line["data"]
        is_decisive = line["event"] == "corrected" and _DECISIVE.intersection(data.get("set", ()))
        is_told = line["event"] == "dossier_changed" and {"told", "class"}.intersection(data)
        if line["actor"] != _DAEMON and (
            is_decisive or is_told or line["event"] in _ALWAYS or int(line["seq"]) in left
        ):
            yield line


def _correction(unit: Id, line: Row) -> Correction:
    data: dict[str, Any] = line["data"]
    what = [*_DECISIVE.intersection(data.get("set", ()))]
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

"""What commands about dossiers, periods and holds print alike: tables, reckonings, names.

Promises only to put into words what the façade answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from archiver import phrases
from archiver.cli import desk
from archiver.cli.explanation import Row
from archiver.naming import actor_name, class_name, class_short
from archiver.tongue import N_, tr

Json = dict[str, Any]

HOLD_REASONS = {
    "lawsuit": N_("lawsuit"),
    "tax_assessment": N_("tax assessment still open"),
    "audit": N_("audit"),
    "election_review": N_("review of an election"),
    "claim": N_("claim"),
    "data_subject": N_("demanded by a data subject"),
    "inquiry": N_("inquiry"),
    "other": N_("another reason"),
}
HOLD_SCOPES = {
    "document": N_("documents"),
    "dossier": N_("dossiers"),
    "class": N_("classes, also what comes later"),
    "search": N_("what a search found on that day"),
}
_OBSTACLES = {
    "not_due": N_("the period has not ended"),
    "held": N_("a hold stops it"),
    "in_batch": N_("it is in a batch already"),
    "unsettled": N_("a paper in it has not been filed"),
    "open": N_("the dossier is open"),
    "no_disposition": N_("the filing plan does not say what becomes of it"),
}
_DUE = {
    "open": N_("open: a day is missing"),
    "permanent": N_("never: it is kept for ever"),
    "unruled": N_("never: no period is named"),
}
_MOST_WIDE = 48  # characters of a title in a table


class Group(desk.Command, click.Group):
    """A group whose faults are told as those of a command."""


def hold_reason(code: str) -> str:
    """Why something is held, as people say it."""
    return tr(HOLD_REASONS.get(code, code))


def hold_scope(code: str) -> str:
    """What a hold covers, as people say it."""
    return tr(HOLD_SCOPES.get(code, code))


def obstacle(code: str | None) -> str:
    """What keeps a unit from going; a dash where nothing does."""
    return "–" if code is None else tr(_OBSTACLES.get(code, code))


def may_go(unit: Json) -> str:
    """When a unit may go: a day, or why there is none."""
    if unit["first_day"]:
        return phrases.date(unit["first_day"])
    return tr(_DUE.get(unit["due"], str(unit["due"])))


def cut(text: str) -> str:
    """A title for a table."""
    return text if len(text) <= _MOST_WIDE else text[: _MOST_WIDE - 1] + "…"


def print_table(
    heads: Sequence[str], rows: Sequence[Sequence[object]], right: Iterable[int] = ()
) -> None:
    """Print rows below their heads.

    Args:
        heads: one for each column.
        rows: cells, as many as heads; the last column is not filled up.
        right: numbers of the columns, from 0, that stand at their right edge.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    numbers = frozenset(right)

    def line(row: Sequence[str]) -> str:
        filled = (
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(filled).rstrip()

    desk.say(line(heads), bold=True)
    for row in cells:
        desk.say(line(row))


def print_reckoning(heading: str, steps: Sequence[Json]) -> None:
    """Print a calculation with its steps numbered."""
    desk.say(heading, bold=True)
    for number, step in enumerate(steps, start=1):
        desk.say(f"  {number:>2}. {phrases.step(step['code'], step['params'])}")


def unit_rows(unit: Json) -> list[Row]:
    """When a unit may go, by which rule, and what stops it.

    Args:
        unit: the answer of `archiver.archive.periods.Periods.explain`.
    """
    rule = unit["rule"]
    told = tr("{class_}, version {version}")
    told = told.format(class_=class_short(rule["class"]), version=rule["version"])
    closed = unit["closure"]["ends"]
    return [
        (tr("Rule"), told if rule["version"] else ""),
        (tr("Basis"), rule["basis"]),
        (tr("Disposition"), disposition(unit["disposition"])),
        (tr("May go"), may_go(unit)),
        (tr("What keeps it"), obstacle(unit["obstacle"])),
        *((tr("Hold"), held(hold)) for hold in unit["holds"]),
        (tr("In batch"), unit["batch"] or ""),
        (tr("Closed to the public until"), phrases.date(closed) if closed else tr("not known")),
    ]


def disposition(code: str) -> str:
    """What becomes of records: letter and word."""
    words = {"A": tr("archive"), "B": tr("appraise"), "V": tr("destroy")}
    return f"{code} – {words[code]}" if code in words else tr("not said")


def held(hold: Json) -> str:
    """One hold in a line."""
    text = tr("{id}: {reason}, by {authority}, review on {day}")
    day = phrases.date(hold["review_on"])
    return text.format(
        id=hold["id"], reason=hold_reason(hold["reason"]), authority=hold["authority"], day=day
    )


def history_rows(history: Sequence[Json]) -> list[Row]:
    """Who did what and when."""
    return [
        (
            tr("History"),
            f"{phrases.moment(one['at'])} {phrases.event_name(one['event'])}"
            f" ({actor_name(one['actor'])})",
        )
        for one in history
    ]


def class_row(unit: Json) -> Row:
    """The class of a unit by key and title."""
    return tr("Class"), class_name(unit["class"], unit.get("class_title"))

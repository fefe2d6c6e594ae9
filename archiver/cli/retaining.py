"""Commands about periods: what may go when, by which rule, and the rules themselves.

Promises that each due date can be read step by step, and that a rule of a changed filing plan
counts only once a person has adopted it.
"""

from __future__ import annotations

from pathlib import Path

import click

from archiver import phrases
from archiver.cli import desk, keeping
from archiver.cli.keeping import Json
from archiver.naming import class_short, class_word
from archiver.tongue import tr

_MOST_YEARS = 8  # columns that fit a terminal; later years are told together


@click.group(
    "retention",
    cls=keeping.Group,
    short_help=tr("What may go when, by which rule, and why."),
    help=tr(
        "Ask what may go when and why, and adopt the rules of the filing plan."
        "\n\nExample: archiver retention due --until 31.12.2026"
    ),
)
def retention() -> None:
    """Hold the commands together."""


@retention.command(
    cls=desk.Command,
    short_help=tr("What may go, by class and year."),
    help=tr(
        "Show how many dossiers and single documents may go, by class and year; with --units each"
        " of them, with --picture as a picture too."
        "\n\nExample: archiver retention due --until 31.12.2026 --units"
    ),
)
@click.option("--until", type=desk.text, metavar="DATE", help=tr("Last day asked about."))
@click.option("--units", is_flag=True, help=tr("List what may go by then, one by one."))
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=tr("Write the table to this PNG."),
)
@desk.json_option
@click.pass_context
def due(
    context: click.Context, until: str | None, units: bool, picture: Path | None, json_: bool
) -> None:
    """Show what may go."""
    day = desk.day(until)
    with desk.archive(desk.configured(context)) as archive:
        answer = archive.periods.due(until=day, units=units)
        if picture is not None:
            from archiver.cli.finding import write

            file = archive.periods.picture(until=day)
            with file.stream:
                write(file, picture)
    if json_:
        desk.as_json({**answer, "picture": str(picture) if picture else None})
        return
    _print_due(answer)
    if picture is not None:
        desk.say(tr("Picture: {path}").format(path=picture))


def _print_due(answer: Json) -> None:
    years = [str(year) for year in answer["years"]]
    shown, rest = years[:_MOST_YEARS], years[_MOST_YEARS:]
    counts = [_counts(row, shown, rest) for row in answer["rows"]]
    total = [sum(column) for column in zip(*counts, strict=True)]
    beyond = [tr("after {year}").format(year=shown[-1])] if rest else []
    others = (tr("later"), tr("stopped"), tr("open"), tr("for ever"), tr("no period"), tr("all"))
    heads = (tr("Class"), "", *shown, *beyond, *others)
    rows = [
        (keeping.cut(row["title"]), row["disposition"] or "–", *cells)
        for row, cells in zip(answer["rows"], counts, strict=True)
    ]
    if not rows:
        desk.say(tr("Nothing is filed yet."))
    else:
        # What is nothing reads better as a point.
        last = (tr("Together"), "", *total)
        pointed = [
            [cell or "·" if place > 1 else cell for place, cell in enumerate(r)] for r in rows
        ]
        keeping.print_table(heads, [*pointed, last], right=range(2, len(heads)))
    if answer["units"]:
        desk.say()
        _print_units(answer["units"])
    _print_waiting(answer)


def _counts(row: Json, shown: list[str], rest: list[str]) -> list[int]:
    """The cells of one row: by year, beyond the years shown, and what goes in no year."""
    by_year = row["by_year"]
    beyond = [sum(by_year.get(year, 0) for year in rest)] if rest else []
    others = ("later", "held", "open", "permanent", "unruled", "total")
    return [*(by_year.get(year, 0) for year in shown), *beyond, *(row[name] for name in others)]


def _print_units(units: list[Json]) -> None:
    heads = (tr("Number"), tr("May go"), tr("Class"), "", tr("What keeps it"), tr("Subject"))
    rows = [
        (
            one["id"],
            keeping.may_go(one),
            keeping.cut(class_short(one["class"])),
            one["disposition"] or "–",
            keeping.obstacle(one["obstacle"]),
            keeping.cut(" ".join(filter(None, (one["reference"], one["subject"])))),
        )
        for one in units
    ]
    keeping.print_table(heads, rows)


def _print_waiting(answer: Json) -> None:
    """Which rules wait for a person."""
    if answer["not_adopted"]:
        line = tr("The filing plan has changed, but was not adopted: {classes} ({command})")
        classes = ", ".join(map(class_short, answer["not_adopted"]))
        told = line.format(classes=classes, command="archiver retention adopt")
        desk.say(told, fg="yellow", err=True)
    for one in answer.get("unconfirmed", ()):
        command = f"archiver retention confirm {class_word(one['class'])} {one['version']}"
        line = tr("Periods that run do not take version {version} of “{class_}” yet ({command})")
        class_ = class_short(one["class"])
        told = line.format(version=one["version"], class_=class_, command=command)
        desk.say(told, fg="yellow", err=True)


@retention.command(
    cls=desk.Command,
    short_help=tr("When a dossier or document may go, step by step."),
    help=tr(
        "Tell when a dossier or document may go: rule, version and norm, the calculation step by"
        " step, holds, and until when it is closed to the public."
        "\n\nExample: archiver retention explain 632.21-12/2024"
    ),
)
@desk.id_argument
@desk.json_option
@click.pass_context
def explain(context: click.Context, id_: str, json_: bool) -> None:
    """Explain one due date."""
    from archiver.cli.finding import print_rows

    with desk.archive(desk.configured(context)) as archive:
        answer = archive.periods.explain(identifier=id_)
    if json_:
        desk.as_json(answer)
        return
    kinds = {"dossier": tr("Dossier"), "document": tr("Document")}
    print_rows(
        [
            (kinds[answer["kind"]], answer["id"]),
            (tr("Reference"), answer["reference"]),
            (tr("Subject"), answer["subject"]),
            keeping.class_row(answer),
            (tr("Documents"), answer["documents"] if answer["kind"] == "dossier" else ""),
            *keeping.unit_rows(answer),
        ]
    )
    keeping.print_reckoning(tr("How the period was reckoned"), answer["steps"])
    keeping.print_reckoning(tr("How the closure was reckoned"), answer["closure"]["steps"])


@retention.command(
    cls=desk.Command,
    short_help=tr("All rules with all their versions."),
    help=tr(
        "List the rules that count, with all their versions, and what waits for a person."
        "\n\nExample: archiver retention rules"
    ),
)
@desk.json_option
@click.pass_context
def rules(context: click.Context, json_: bool) -> None:
    """List the rules."""
    with desk.archive(desk.configured(context)) as archive:
        answer = archive.periods.rules()
    if json_:
        desk.as_json(answer)
        return
    heads = (tr("Class"), tr("Version"), tr("From"), tr("Period"), "", tr("Basis"))
    rows = [
        (
            keeping.cut(class_short(one["key"])),
            one["version"],
            # The first version counts for all time before.
            "" if one["valid_from"].startswith("0001-") else phrases.date(one["valid_from"]),
            _period(one),
            one["disposition"] or "–",
            keeping.cut(one["basis"]),
        )
        for one in answer["rules"]
    ]
    keeping.print_table(heads, rows, right=(1,))
    _print_waiting(answer)


def _period(rule: Json) -> str:
    """A period in words: 10 years from the end of the year: Dossier closed."""
    if rule["permanent"]:
        return tr("for ever")
    if not rule["event"]:
        return "–"
    if not any(rule["amount"].values()):
        return tr("ends with: {event}").format(event=rule["start"])
    ending = tr(", from the end of the year") if rule["year_end"] else ""
    return f"{rule['period']}{ending}: {rule['start']}"


@retention.command(
    cls=desk.Command,
    short_help=tr("Adopt the rules of the changed filing plan."),
    help=tr(
        "Adopt the rules of the filing plan as new versions where they have changed. Periods that"
        " run keep the old rule; with --running DATE those that have not ended before that day"
        " take the new one once it is confirmed."
        "\n\nExample: archiver retention adopt --from 1.1.2027 --running 1.1.2027"
    ),
)
@click.option(
    "--from", "from_", type=desk.text, metavar="DATE", help=tr("Day from which they count.")
)
@click.option(
    "--running",
    type=desk.text,
    metavar="DATE",
    help=tr("Periods that run on this day take them, once confirmed."),
)
@desk.json_option
@click.pass_context
def adopt(context: click.Context, from_: str | None, running: str | None, json_: bool) -> None:
    """Adopt the filing plan's rules."""
    since, running_on = desk.day(from_), desk.day(running)
    with desk.archive(desk.configured(context), writes=True) as archive:
        answer = archive.periods.adopt(valid_from=since, running_on=running_on)
    if json_:
        desk.as_json(answer)
        return
    for one in answer["added"]:
        text = tr("{class_}, version {version}")
        desk.say(text.format(class_=class_short(one["class"]), version=one["version"]))
    line = tr("Adopted: {rules}.") if answer["added"] else tr("Nothing has changed.")
    desk.say(line.format(rules=phrases.counted("rule", len(answer["added"]))))


@retention.command(
    cls=desk.Command,
    short_help=tr("Confirm that running periods take a new rule."),
    help=tr(
        "Confirm that periods which run take a version of a rule, so that it may shorten them."
        "\n\nExample: archiver retention confirm invoice 2"
    ),
)
@click.argument("class_", metavar="CLASS", type=desk.text)
@click.argument("version", type=click.IntRange(min=1))
@desk.json_option
@click.pass_context
def confirm(context: click.Context, class_: str, version: int, json_: bool) -> None:
    """Confirm a version."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        answer = archive.periods.confirm(class_key=class_, version=version)
    if json_:
        desk.as_json(answer)
        return
    line = tr("{class_}, version {version}: confirmed on {day}")
    day = phrases.date(answer["confirmed_on"])
    class_ = class_short(answer["class"])
    desk.say(line.format(class_=class_, version=answer["version"], day=day))


COMMANDS: dict[str, click.Command] = {"retention": retention}

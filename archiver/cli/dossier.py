"""Commands about dossiers: what there is, what is proposed, and what persons say about them.

Promises that a dossier can be named by its reference or by the beginning of its id, and that days
may be typed as 31.12.2026.
"""

from __future__ import annotations

from typing import Any

import click

from archiver import phrases
from archiver.cli import desk, keeping
from archiver.cli.keeping import Json
from archiver.naming import class_short
from archiver.tongue import tr, trn

_STATES = ("open", "closed", "merged", "disposed")


@click.group(
    "dossier",
    cls=keeping.Group,
    short_help=tr("Lead dossiers: open, close, move, merge."),
    help=tr(
        "Lead dossiers. Papers with the same reference propose one; a person opens it and closes"
        " it (z.d.A.), and from that day its period runs.\n\nExample: archiver dossier list"
    ),
)
def dossier() -> None:
    """Hold the commands together."""


def named_(command: Any) -> Any:
    """The argument NAME and the option --json of a command about one dossier."""
    return click.argument("name", metavar="DOSSIER", type=desk.text)(
        desk.json_option(click.pass_context(command))
    )


@dossier.command(
    "list",
    cls=desk.Command,
    short_help=tr("Dossiers, and references that propose one."),
    help=tr(
        "List dossiers with the number of their papers, and references on papers that propose a"
        " dossier which nobody has opened.\n\nExample: archiver dossier list --proposed"
    ),
)
@click.option("--state", type=click.Choice(_STATES), help=tr("Only those in this state."))
@click.option("--proposed", is_flag=True, help=tr("Only what is proposed."))
@desk.json_option
@click.pass_context
def list_(context: click.Context, state: str | None, proposed: bool, json_: bool) -> None:
    """List dossiers."""
    with desk.archive(desk.configured(context)) as archive:
        answer = archive.dossiers.list(state=state or "", proposed=proposed)
    if json_:
        desk.as_json(answer)
    else:
        _print_list(answer)


def _print_list(answer: Json) -> None:
    known, offered = answer["dossiers"], answer["proposed"]
    if known:
        heads = (tr("Number"), tr("State"), tr("Documents"), tr("Reference"), tr("Title"))
        rows = [
            (
                one["id"],
                phrases.state_name(one["state"]),
                one["documents"],
                one.get("reference", "–"),
                keeping.cut(one.get("title", "")),
            )
            for one in known
        ]
        keeping.print_table(heads, rows, right=(2,))
    if offered:
        desk.say(tr("Proposed by references on papers"), bold=True)
        keeping.print_table(
            (tr("Reference"), tr("Documents"), tr("of these sure")),
            [(one["reference"], one["documents"], one["sure"]) for one in offered],
            right=(1, 2),
        )
    line = tr("{dossiers}, {proposed} proposed.")
    dossiers = phrases.counted("dossier", len(known))
    desk.say(line.format(dossiers=dossiers, proposed=len(offered)), bold=True)
    if offered:
        command = f"archiver dossier open '{offered[0]['reference']}'"
        desk.say(tr("Next: {command}").format(command=command))


@dossier.command(
    cls=desk.Command,
    short_help=tr("One dossier: papers, period, holds, history."),
    help=tr(
        "Show a dossier with its papers, when it may go and why, what holds it, and who did what."
        "\n\nExample: archiver dossier show 632.21-12/2024"
    ),
)
@named_
def show(context: click.Context, name: str, json_: bool) -> None:
    """Show one dossier."""
    with desk.archive(desk.configured(context)) as archive:
        answer = archive.dossiers.show(name=name)
    if json_:
        desk.as_json(answer)
    else:
        _print_dossier(answer)


def _print_dossier(answer: Json) -> None:
    from archiver.cli.finding import print_rows

    happened = sorted(answer.get("events", {}).items())
    rows = [
        (tr("Number"), answer.get("id")),
        (tr("Reference"), answer.get("reference")),
        (tr("Title"), answer.get("title")),
        (tr("State"), phrases.state_name(answer["state"])),
        (tr("Merged into"), answer.get("merged_into")),
    ]
    if "class" in answer:
        rows.append(keeping.class_row(answer))
        rows.append((tr("Opened on"), phrases.date(answer["opened_on"])))
        rows.append((tr("Closed on"), phrases.date(answer["closed_on"])))
    rows += [
        (tr("Happened"), f"{phrases.start_name(event)}: {phrases.date(on)}")
        for event, on in happened
    ]
    if "rule" in answer:
        rows += keeping.unit_rows(answer)
    print_rows([*rows, *keeping.history_rows(answer.get("history", ()))])
    if answer.get("papers"):
        _print_papers(answer["papers"])


def _print_papers(papers: list[Json]) -> None:
    heads = (tr("Papers"), tr("State"), tr("Date"), tr("Class"), tr("Subject"))
    rows = [
        (
            one["id"],
            phrases.state_name(one["state"]),
            phrases.date(one["date"] or one["received_on"]),
            keeping.cut(class_short(one["class"])),
            keeping.cut(one["subject"] or ""),
        )
        for one in papers
    ]
    keeping.print_table(heads, rows)


@dossier.command(
    "open",
    cls=desk.Command,
    short_help=tr("Confirm a dossier that papers propose, or begin one."),
    help=tr(
        "Open a dossier under a reference; its class is that of most of its papers unless one is"
        " named.\n\nExample: archiver dossier open 632.21-12/2024 --title 'Lindenstraße 4'"
    ),
)
@click.argument("reference", type=desk.text)
@click.option("--class", "class_", default="", type=desk.text, help=tr("Class, by key or title."))
@click.option("--title", default="", type=desk.text, help=tr("What it is about."))
@desk.json_option
@click.pass_context
def open_(context: click.Context, reference: str, class_: str, title: str, json_: bool) -> None:
    """Open a dossier."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.dossiers.open(reference=reference, class_key=class_, title=title), json_)


@dossier.command(
    cls=desk.Command,
    short_help=tr("Close a dossier (z.d.A.): its period begins."),
    help=tr(
        "Close a dossier (z.d.A.). Its period begins; papers that come later with its reference"
        " wait at the review desk.\n\nExample: archiver dossier close 632.21-12/2024 --on 31.3.2026"
    ),
)
@named_
@click.option("--on", type=desk.text, metavar="DATE", help=tr("Day of closing; else today."))
def close(context: click.Context, name: str, on: str | None, json_: bool) -> None:
    """Close a dossier."""
    day = desk.day(on)
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.dossiers.close(name=name, on=day), json_)


@dossier.command(
    cls=desk.Command,
    short_help=tr("Open a closed dossier again."),
    help=tr(
        "Open a closed dossier again; its period ends without effect."
        "\n\nExample: archiver dossier reopen 632.21-12/2024"
    ),
)
@named_
def reopen(context: click.Context, name: str, json_: bool) -> None:
    """Open a closed dossier again."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.dossiers.reopen(name=name), json_)


@dossier.command(
    cls=desk.Command,
    short_help=tr("Give a dossier another title or class."),
    help=tr(
        "Give a dossier another title or class."
        "\n\nExample: archiver dossier change 632.21-12/2024 --class building_application"
    ),
)
@named_
@click.option("--class", "class_", default="", type=desk.text, help=tr("Class, by key or title."))
@click.option("--title", type=desk.text, help=tr("What it is about."))
def change(context: click.Context, name: str, class_: str, title: str | None, json_: bool) -> None:
    """Change a dossier."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.dossiers.change(name=name, title=title, class_key=class_), json_)


@dossier.command(
    cls=desk.Command,
    short_help=tr("Say when something happened from which its period counts."),
    help=tr(
        "Say when something happened to a dossier from which its period counts, e.g."
        " contract_ended, demolished or died; without a DATE it is taken back."
        "\n\nExample: archiver dossier tell 632.21-12/2024 demolished 3.5.2025"
    ),
)
@named_
@click.argument("event", type=desk.text)
@click.argument("on", required=False, metavar="[DATE]", type=desk.text)
def tell(context: click.Context, name: str, event: str, on: str | None, json_: bool) -> None:
    """Say what happened to a dossier."""
    day = desk.day(on)
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.dossiers.tell(name=name, event=event, on=day), json_)


@dossier.command(
    cls=desk.Command,
    short_help=tr("Put filed documents into another dossier."),
    help=tr(
        "Put filed documents into another dossier that is open."
        "\n\nExample: archiver dossier move 01JB2Q8T 01JB2Q9M --to 632.21-13/2024"
    ),
)
@click.argument("ids", nargs=-1, required=True, metavar="ID...", type=desk.text)
@click.option("--to", required=True, metavar="DOSSIER", type=desk.text, help=tr("Into which."))
@desk.json_option
@click.pass_context
def move(context: click.Context, ids: tuple[str, ...], to: str, json_: bool) -> None:
    """Move documents."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        answer = archive.dossiers.move(documents=list(ids), to=to)
    if json_:
        desk.as_json(answer)
    else:
        count = len(answer["moved"])
        line = trn(
            "1 document is in {dossier} now.", "{count} documents are in {dossier} now.", count
        )
        desk.say(line.format(count=count, dossier=answer["dossier"]))


@dossier.command(
    cls=desk.Command,
    short_help=tr("Put all papers of a dossier into another one and end it."),
    help=tr(
        "Put all papers of an open dossier into another open one and end it."
        "\n\nExample: archiver dossier merge 632.21-12/2024 --into 632.21-13/2024"
    ),
)
@named_
@click.option("--into", required=True, metavar="DOSSIER", type=desk.text, help=tr("Into which."))
def merge(context: click.Context, name: str, into: str, json_: bool) -> None:
    """Merge two dossiers."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.dossiers.merge(name=name, into=into), json_)


def _told(answer: Json, json_: bool) -> None:
    """Print how a dossier stands now."""
    if json_:
        desk.as_json(answer)
        return
    state = phrases.state_name(answer["state"])
    on = f" ({phrases.date(answer['closed_on'])})" if answer["closed_on"] else ""
    facts = (answer["reference"], answer["title"], class_short(answer["class"]))
    told = "  ".join(filter(None, facts))
    desk.say(desk.styled(answer["id"], fg="cyan"), f"  {state}{on}  {told}")


COMMANDS: dict[str, click.Command] = {"dossier": dossier}

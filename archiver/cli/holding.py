"""Commands about holds: what stops disposition, until when it is to be asked about again.

Promises that a hold stands until a person lifts it, and that the list names those first that must
be looked at.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from archiver import phrases
from archiver.cli import desk, keeping
from archiver.cli.keeping import Json
from archiver.tongue import tr


@click.group(
    "hold",
    cls=keeping.Group,
    short_help=tr("Stop disposition, and let it go on again."),
    help=tr(
        "Place, review and lift holds: what they cover does not go, whatever the periods say."
        "\n\nExample: archiver hold list"
    ),
)
def hold() -> None:
    """Hold the commands together."""


def _of_one(command: Any) -> Any:
    """The argument ID and the option --json of a command about one hold."""
    return desk.id_argument(desk.json_option(click.pass_context(command)))


_note_option = click.option(
    "--note", default="", type=desk.text, help=tr("Free text; it does not stand in the ledger.")
)


@hold.command(
    cls=desk.Command,
    short_help=tr("Stop disposition of documents, dossiers or classes."),
    help=tr(
        "Place a hold. SCOPE is document, dossier, class (also what comes later) or search (what is"
        " found today, and nothing else); TARGET an id, a reference, a class or the search."
        "\n\nExample: archiver hold place class invoice --reason audit"
        " --authority Rechnungsprüfungsamt --review 31.12.2027"
    ),
)
@click.argument("scope", type=click.Choice(tuple(keeping.HOLD_SCOPES)), metavar="SCOPE")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...", type=desk.text)
@click.option(
    "--reason",
    required=True,
    type=click.Choice(tuple(keeping.HOLD_REASONS)),
    metavar="CODE",
    help=tr("Why: {reasons}.").format(reasons=", ".join(keeping.HOLD_REASONS)),
)
@click.option(
    "--authority", required=True, type=desk.text, help=tr("Office that orders it, no person.")
)
@click.option(
    "--review",
    "review_",
    required=True,
    type=desk.text,
    metavar="DATE",
    help=tr("Day on which to ask whether it is still needed."),
)
@_note_option
@desk.json_option
@click.pass_context
def place(
    context: click.Context,
    scope: str,
    targets: tuple[str, ...],
    reason: str,
    authority: str,
    review_: str,
    note: str,
    json_: bool,
) -> None:
    """Place a hold."""
    words: dict[str, Any] = {"reason": reason, "authority": authority, "note": note}
    words["review_on"] = desk.day(review_)
    with desk.archive(desk.configured(context), writes=True) as archive:
        answer = archive.holds.place(scope=scope, targets=list(targets), **words)
    if json_:
        desk.as_json(answer)
        return
    line = tr("Hold {id} stands. It covers: {scope} ({count})")
    scope_name = keeping.hold_scope(answer["scope"])
    desk.say(line.format(id=answer["id"], scope=scope_name, count=answer["targets"]))


@hold.command(
    "list",
    cls=desk.Command,
    short_help=tr("Holds that stand, those to review first."),
    help=tr(
        "List the holds that stand, those first that must be reviewed; with --all lifted ones too."
        "\n\nExample: archiver hold list"
    ),
)
@click.option("--all", "all_", is_flag=True, help=tr("Lifted ones too."))
@desk.json_option
@click.pass_context
def list_(context: click.Context, all_: bool, json_: bool) -> None:
    """List holds."""
    with desk.archive(desk.configured(context)) as archive:
        answer = archive.holds.list(everything=all_)
    if json_:
        desk.as_json(answer)
    else:
        _print_list(answer["holds"])


def _print_list(holds: list[Json]) -> None:
    if holds:
        heads = (
            *(tr("Number"), tr("State"), tr("Review on"), tr("Reason"), tr("Ordered by")),
            tr("It covers"),
        )
        rows = [
            (
                one["id"],
                phrases.state_name(one["state"]),
                phrases.date(one["review_on"]) + (" !" if one["to_review"] else ""),
                keeping.hold_reason(one["reason"]),
                keeping.cut(one["authority"]),
                f"{keeping.hold_scope(one['scope'])} ({one['covers']})",
            )
            for one in holds
        ]
        keeping.print_table(heads, rows)
    late = sum(one["to_review"] for one in holds)
    line = tr("{holds}, {late} to review.")
    line = line.format(holds=phrases.counted("hold", len(holds)), late=late)
    desk.say(line, bold=True)
    if late:
        command = f"archiver hold show {holds[0]['id']}"
        desk.say(tr("Next: {command}").format(command=command))


@hold.command(
    cls=desk.Command,
    short_help=tr("One hold: what it covers, why, and who did what."),
    help=tr(
        "Show everything known of a hold, also who placed, reviewed and lifted it."
        "\n\nExample: archiver hold show 01JB2Q8T"
    ),
)
@_of_one
def show(context: click.Context, id_: str, json_: bool) -> None:
    """Show one hold."""
    from archiver.cli.finding import print_rows

    with desk.archive(desk.configured(context)) as archive:
        answer = archive.holds.show(name=id_)
    if json_:
        desk.as_json(answer)
        return
    print_rows(
        [
            (tr("Number"), answer["id"]),
            (tr("State"), phrases.state_name(answer["state"])),
            (tr("Reason"), keeping.hold_reason(answer["reason"])),
            (tr("Ordered by"), answer["authority"]),
            (tr("Placed on"), phrases.date(answer["placed_on"])),
            (tr("Review on"), phrases.date(answer["review_on"])),
            (tr("Lifted on"), phrases.date(answer["lifted_on"])),
            (tr("It covers"), keeping.hold_scope(answer["scope"])),
            (tr("Search"), answer["query"]),
            *((tr("Target"), target) for target in answer["targets"]),
            *((tr("Note"), line) for line in answer["note"].splitlines()),
            *keeping.history_rows(answer["history"]),
        ]
    )


@hold.command(
    cls=desk.Command,
    short_help=tr("It is still needed: ask again on another day."),
    help=tr(
        "Say that a hold is still needed, and when to ask again."
        "\n\nExample: archiver hold review 01JB2Q8T --again 31.12.2028"
    ),
)
@_of_one
@click.option(
    "--again", required=True, type=desk.text, metavar="DATE", help=tr("Day on which to ask again.")
)
def review(context: click.Context, id_: str, again: str, json_: bool) -> None:
    """Keep a hold."""
    day = desk.day(again)
    assert isinstance(day, date)
    with desk.archive(desk.configured(context), writes=True) as archive:
        answer = archive.holds.review(name=id_, review_on=day)
    if json_:
        desk.as_json(answer)
    else:
        line = tr("Hold {id} goes on standing; review on {day}.")
        desk.say(line.format(id=answer["id"], day=phrases.date(day.isoformat())))


@hold.command(
    cls=desk.Command,
    short_help=tr("It is no longer needed."),
    help=tr(
        "Lift a hold; what it covered may go again when its period has ended."
        "\n\nExample: archiver hold lift 01JB2Q8T --note 'Verfahren abgeschlossen'"
    ),
)
@_of_one
@_note_option
def lift(context: click.Context, id_: str, note: str, json_: bool) -> None:
    """Lift a hold."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        answer = archive.holds.lift(name=id_, note=note)
    if json_:
        desk.as_json(answer)
    else:
        desk.say(tr("Hold {id} is lifted.").format(id=answer["id"]))


COMMANDS: dict[str, click.Command] = {"hold": hold}

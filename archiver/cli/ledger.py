"""Commands of the ledger: its head for paper, its seals, its export, and the check of all three.

Promises that a check which finds something ends with the exit code for damaged bytes.
"""

from __future__ import annotations

from pathlib import Path

import click

from archiver import phrases
from archiver.cli import desk
from archiver.cli.finding import write
from archiver.errors import ExitCode
from archiver.tongue import tr


@click.group(
    short_help=tr("The ledger: head, seals, export, check."),
    help=tr(
        "The ledger has a line for each step, chained to the one before; its last line is sealed"
        " each day.\n\nExample: archiver ledger verify"
    ),
)
def ledger() -> None:
    """Hold the commands of the ledger."""


@ledger.command(
    cls=desk.Command,
    help=tr(
        "Print the number and digest of the ledger's last line, also in a short form for paper:"
        " whoever keeps it can prove later that nothing before was changed."
        "\n\nExample: archiver ledger head"
    ),
)
@desk.json_option
@click.pass_context
def head(context: click.Context, json_: bool) -> None:
    """Print the head."""
    with desk.archive(desk.configured(context)) as archive:
        told = archive.ledger.head()
    if json_:
        desk.as_json(told)
        return
    desk.say(desk.styled(told["short"], bold=True))
    line = tr("Line {seq}, SHA-256 {digest}, {moment}")
    desk.say(line.format(**{**told, "moment": phrases.moment(told["at"])}))
    if told["sealed"]:
        desk.say(tr("Newest seal: {day}").format(day=phrases.date(told["sealed"])))


@ledger.command(
    cls=desk.Command,
    help=tr(
        "Seal all days that are over and have no seal; the daemon does it each night."
        "\n\nExample: archiver ledger seal"
    ),
)
@desk.json_option
@click.pass_context
def seal(context: click.Context, json_: bool) -> None:
    """Seal what is over."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.ledger.seal()
    if json_:
        desk.as_json(told)
        return
    for day in told["days"]:
        desk.say(tr("Sealed: {day}").format(day=phrases.date(day)))
    if not told["days"]:
        desk.say(tr("All days that are over have their seal."))
    if told["stamped"]:
        desk.say(tr("Time stamp for {day}").format(day=phrases.date(told["stamped"])))


@ledger.command(
    cls=desk.Command,
    help=tr(
        "Follow the whole chain of the ledger, and check all seals and time stamps against it; the"
        " first line or seal that does not hold is named.\n\nExample: archiver ledger verify"
    ),
)
@click.option(
    "--head",
    "head_",
    type=desk.text,
    default="",
    metavar="HEAD",
    help=tr("A head that was printed on an earlier day; it must still be in the ledger."),
)
@desk.json_option
@click.pass_context
def verify(context: click.Context, head_: str, json_: bool) -> None:
    """Check the ledger."""
    with desk.archive(desk.configured(context)) as archive:
        told = archive.ledger.verify(head=head_)
    if json_:
        desk.as_json(told)
    else:
        for problem in told["problems"]:
            desk.say(problem["message"], fg="red", err=True)
        read = ", ".join(
            phrases.counted(thing, told[f"{thing}s"]) for thing in ("line", "seal", "stamp")
        )
        desk.say(f"{read}: {phrases.counted('problem', len(told['problems']))}.")
        for key in told["keys"]:
            desk.say(tr("Key of the seals: {key}").format(key=key))
    if told["problems"]:
        context.exit(int(ExitCode.INTEGRITY))


@ledger.command(
    cls=desk.Command,
    help=tr(
        "Write lines, seals, time stamps and public keys into a zip, with a program and a leaflet"
        " by which others check them without archiver. It holds no names and no text."
        "\n\nExample: archiver ledger export --from 01.01.2026 --to 31.12.2026 -o ledger-2026.zip"
    ),
)
@click.option("--from", "first", type=desk.text, metavar="DAY", help=tr("First day."))
@click.option("--to", "last", type=desk.text, metavar="DAY", help=tr("Last day."))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help=tr("File."),
)
@click.pass_context
def export(context: click.Context, first: str | None, last: str | None, output: Path) -> None:
    """Write an export."""
    days = {"first": desk.day(first), "last": desk.day(last)}
    with desk.archive(desk.configured(context)) as archive:
        file = archive.ledger.export(**days)
        with file.stream:
            write(file, output)
    desk.say(str(output))


COMMANDS: dict[str, click.Command] = {"ledger": ledger}

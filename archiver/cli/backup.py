"""Commands for back-ups: make, restore, verify, list.

Promises that whatever is lost, or could not be taken, ends with the exit code for damaged bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archiver import phrases
from archiver.cli import desk
from archiver.errors import ExitCode
from archiver.tongue import tr

_FOLDER = click.Path(path_type=Path, file_okay=False)
_MIB = 1 << 20


@click.group(
    short_help=tr("Back-ups: make, bring back, check."),
    help=tr(
        "Back-ups of the whole archive in a folder elsewhere, made while the daemon runs. Bytes"
        " that are there already are not copied again; each back-up is whole by itself."
        "\n\nExample: archiver backup make /backup/archive"
    ),
)
def backup() -> None:
    """Hold the commands of back-ups."""


@backup.command(
    cls=desk.Command,
    help=tr(
        "Make a back-up in DIR, as the archive's owner; the daemon may run. DIR may lie on"
        " another disk or server. With --restic it is then taken into that repository, encrypted;"
        " restic finds its password as always (RESTIC_PASSWORD_FILE)."
        "\n\nExample: archiver backup make /backup/archive --keep-days 90"
    ),
)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option(
    "--keep-days",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help=tr("Remove back-ups that are older, but never the newest."),
)
@click.option("--restic", default="", metavar="REPOSITORY", help=tr("Repository of restic."))
@click.option(
    "--anew", is_flag=True, help=tr("Begin again, although back-ups made in DIR are gone.")
)
@desk.json_option
@click.pass_context
def make(
    context: click.Context,
    folder: Path,
    keep_days: int | None,
    restic: str,
    anew: bool,
    json_: bool,
) -> None:
    """Make a back-up."""
    from archiver import safekeeping

    told = safekeeping.make(
        desk.configured(context),
        folder,
        keep_days=keep_days,
        anew=anew,
        repository=restic,
        progress=_bar,
    )
    if json_:
        desk.as_json(told)
    else:
        line = tr(
            "Back-up {set}, up to ledger line {line}. Objects: {objects}, other files: {files},"
            " new: {size} MB."
        )
        desk.say(line.format(**told, size=_megabytes(told["new_bytes"])))
        if told["removed_sets"]:
            desk.say(tr("Older back-ups removed: {count}").format(count=told["removed_sets"]))
        _tell(told["problems"])
    _end(context, told["problems"])


@backup.command(
    cls=desk.Command,
    help=tr(
        "Bring the back-up in DIR back into PLACE, which is empty or not there yet, make catalogue"
        " and index, and verify every byte. What is lost is named, the rest is brought back."
        "\n\nExample: archiver backup restore /backup/archive /srv/archive"
    ),
)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.argument("place", metavar="PLACE", type=_FOLDER)
@click.option(
    "--set", "number", type=int, metavar="NUMBER", help=tr("An earlier one, see backup list.")
)
@desk.json_option
@click.pass_context
def restore(
    context: click.Context, folder: Path, place: Path, number: int | None, json_: bool
) -> None:
    """Bring a back-up back."""
    from archiver import safekeeping

    told = safekeeping.restore(folder, place, number=number, progress=_bar)
    if json_:
        desk.as_json(told)
    else:
        moment = phrases.moment(told["made_at"])
        if told["documents"] is None:
            line = tr("Files of back-up {set} of {moment} are there, but not enough to open them.")
            desk.say(line.format(**told, moment=moment), fg="red")
        else:
            line = tr("Back-up {set} of {moment} is restored. Documents: {documents}.")
            desk.say(line.format(**told, moment=moment))
            desk.say(tr("Start it with: archiver -c {path} run").format(path=told["config"]))
        _tell(told["problems"])
    _end(context, told["problems"])


@backup.command(
    cls=desk.Command,
    help=tr(
        "Read every byte of the back-ups in DIR, and name each document that misses some. Damaged"
        " bytes are set aside, so that the next back-up brings them anew."
        "\n\nExample: archiver backup verify /backup/archive"
    ),
)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@desk.json_option
@click.pass_context
def verify(context: click.Context, folder: Path, json_: bool) -> None:
    """Check back-ups."""
    from archiver import safekeeping

    told = safekeeping.check(folder, _bar)
    if json_:
        desk.as_json(told)
    else:
        _tell(told["problems"])
        line = tr("Files read: {files}, back-ups: {sets}, problems: {count}.")
        desk.say(line.format(files=told["files"], sets=told["sets"], count=len(told["problems"])))
    _end(context, told["problems"])


@backup.command(
    cls=desk.Command,
    name="list",
    help=tr("List the back-ups in DIR.\n\nExample: archiver backup list /backup/archive"),
)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@desk.json_option
def list_(folder: Path, json_: bool) -> None:
    """List back-ups."""
    from archiver import safekeeping

    rows = safekeeping.listing(folder)
    if json_:
        desk.as_json(rows)
        return
    for row in rows:
        if row["whole"]:
            line = tr("{set:>6}  {moment}  up to ledger line {line}, objects: {objects}")
            desk.say(line.format(**row, moment=phrases.moment(row["made_at"])))
        else:
            desk.say(tr("{set:>6}  the list is damaged").format(**row), fg="red")
    if not rows:
        desk.say(tr("There is no back-up in this folder."))


def _tell(problems: list[dict[str, Any]]) -> None:
    for problem in problems:
        desk.say(problem["message"], fg="red")


def _end(context: click.Context, problems: list[dict[str, Any]]) -> None:
    context.exit(int(ExitCode.INTEGRITY if problems else ExitCode.OK))


def _megabytes(size: int) -> int:
    """Whole MB, of anything at least one."""
    return -(-size // _MIB)


def _bar(label: str) -> desk.Progress:
    labels = {
        "copying": tr("copying"),
        "restoring": tr("restoring"),
        "rebuilding": tr("rebuilding"),
        "verifying": tr("verifying"),
        "reading": tr("reading"),
    }
    return desk.Progress(labels[label])


COMMANDS: dict[str, click.Command] = {"backup": backup}

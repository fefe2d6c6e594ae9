"""The command that takes the past of a document away: purge.

Promises to say how many places were found before and after, and what remains.
"""

from __future__ import annotations

import click

from archiver import phrases
from archiver.cli import desk
from archiver.errors import ExitCode
from archiver.tongue import tr


@click.command(
    cls=desk.Command,
    short_help=tr("Take away for good what a document once was."),
    help=tr(
        "Take away for good what a filed document once was and no longer is: replaced scans and"
        " values, notes. The document stays as it is now. This cannot be undone."
        '\n\nExample: archiver purge 01JB2Q8T --reason "name of a stranger was typed in"'
    ),
)
@desk.id_argument
@desk.reason_option
@click.option("--thorough", is_flag=True, help=tr("Read the whole vault for the proof."))
@desk.json_option
@click.pass_context
def purge(context: click.Context, id_: str, reason: str, thorough: bool, json_: bool) -> None:
    """Purge a document."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.versions.purge(
            identifier=id_,
            reason=reason,
            thorough=thorough,
            progress=desk.Progress(tr("indexing")),
        )
    if json_:
        desk.as_json(told)
    else:
        versions = phrases.counted("version", told["versions"])
        gone = tr("Taken away: {versions}; odd words looked for: {witnesses}.")
        desk.say(gone.format(versions=versions, witnesses=told["witnesses"]))
        places = tr("Places where they stood: {before} before, {after} now.")
        sums = {when: sum(told[when].values()) for when in ("before", "after")}
        desk.say(places.format(**sums))
        if not told["witnesses"]:
            desk.say(tr("No odd word was replaced, so only the files were looked for."))
        for place in (*told["remains"], *told["unread"]):
            desk.say(tr("Look here: {place}").format(place=place), fg="red")
    context.exit(int(ExitCode.FINDINGS if told["remains"] or told["unread"] else ExitCode.OK))


COMMANDS: dict[str, click.Command] = {"purge": purge}

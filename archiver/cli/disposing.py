"""Commands of disposition: batches on their way to the archive, step by step.

Promises that each step says what came of it and what is to be done next.
"""

from __future__ import annotations

from pathlib import Path

import click

from archiver import phrases
from archiver.cli import batchwords, desk, remains
from archiver.cli.changing import opened
from archiver.cli.finding import write
from archiver.naming import actor_name
from archiver.tongue import tr

_NAME = click.argument("name", metavar="ID", type=desk.text)


@click.group(
    short_help=tr("Hand records over to the archive and destroy them."),
    help=tr(
        "Hand records over to the state archive, and destroy what may go: propose, approve, offer,"
        " appraise, export, confirm, destroy. No step can be skipped.\n\nExample: archiver batch"
        " propose --class invoice"
    ),
)
def batch() -> None:
    """Group of the commands about batches."""


@batch.command(
    cls=desk.Command,
    help=tr(
        "Gather what is due and free to go. Ids, times and digests are fixed here."
        "\n\nExample: archiver batch propose --class invoice --until 31.12.2025"
    ),
)
@click.option("--class", "classes", multiple=True, type=desk.text, help=tr("Only this class."))
@click.option("--until", type=desk.text, help=tr("Only what was due by that day."))
@click.option("--most", type=int, default=0, help=tr("So many documents at most."))
@click.option(
    "--older-than",
    type=int,
    default=0,
    metavar="YEARS",
    help=tr("Also what is older, whatever its period; of that nothing is destroyed early."),
)
@click.option(
    "--withdrawn",
    is_flag=True,
    help=tr("Instead of records that are due: papers that were taken back some time ago."),
)
@desk.json_option
@click.pass_context
def propose(
    context: click.Context,
    classes: tuple[str, ...],
    until: str | None,
    most: int,
    older_than: int,
    withdrawn: bool,
    json_: bool,
) -> None:
    """Propose a batch."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.disposal.propose(
            classes=classes,
            until=desk.day(until),
            most=most,
            older_than=older_than,
            withdrawn=withdrawn,
            progress=desk.Progress(tr("describing")),
        )
    if json_:
        desk.as_json(told)
        return
    batchwords.tell_batch(told)
    batchwords.tell_corrections(told["corrections"])
    batchwords.tell_next(told)


@batch.command(
    "list", cls=desk.Command, help=tr("List batches.\n\nExample: archiver batch list --all")
)
@click.option("--all", "everything", is_flag=True, help=tr("Also those that have ended."))
@desk.json_option
@click.pass_context
def list_(context: click.Context, everything: bool, json_: bool) -> None:
    """List batches."""
    with desk.archive(desk.configured(context)) as archive:
        told = archive.disposal.list(everything=everything)
    if json_:
        desk.as_json(told)
        return
    if not told["batches"]:
        desk.say(tr("No batch."))
    for one in told["batches"]:
        batchwords.tell_line(one)


@batch.command(
    cls=desk.Command,
    help=tr("Show a batch, unit by unit.\n\nExample: archiver batch show 01JB2Q8T"),
)
@_NAME
@desk.json_option
@click.pass_context
def show(context: click.Context, name: str, json_: bool) -> None:
    """Show a batch."""
    with desk.archive(desk.configured(context)) as archive:
        told = archive.disposal.show(name=name)
    if json_:
        desk.as_json(told)
        return
    batchwords.tell_batch(told)
    for item in told.get("items", ()):
        batchwords.tell_item(item)
    batchwords.tell_corrections(told.get("corrections", ()))
    for line in told["history"]:
        desk.say(f"  {phrases.moment(line['at'])}  {line['title']}  {actor_name(line['actor'])}")
    batchwords.tell_next(told)


@batch.command(
    cls=desk.Command,
    help=tr(
        "Say, as a second person, that a batch may go its way."
        "\n\nExample: archiver batch approve 01JB2Q8T"
    ),
)
@_NAME
@desk.json_option
@click.pass_context
def approve(context: click.Context, name: str, json_: bool) -> None:
    """Approve a batch."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        batchwords.told(archive.disposal.approve(name=name), json_)


@batch.command(
    cls=desk.Command,
    help=tr(
        "Offer a batch to the archive, and write the offer list 0501 that is to be sent. Asked"
        " again, the same list is written.\n\nExample: archiver batch offer 01JB2Q8T -o to_send"
    ),
)
@_NAME
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help=tr("Folder for the list; else the current one."),
)
@desk.json_option
@click.pass_context
def offer(context: click.Context, name: str, output: Path, json_: bool) -> None:
    """Offer a batch."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.disposal.offer(name=name)
        file = archive.disposal.message(name=name)
        target = output / file.name
        write(file, target)
    batchwords.told({**told, "file": str(target)}, json_)
    if not json_:
        desk.say(tr("Offer list: {file}").format(file=target))


@batch.command(
    cls=desk.Command,
    help=tr(
        "Read in the archive's appraisal list 0502: what it takes and what it does not."
        "\n\nExample: archiver batch appraise 01JB2Q8T answer.zip"
    ),
)
@_NAME
@click.argument("file", type=click.Path(path_type=Path))
@desk.json_option
@click.pass_context
def appraise(context: click.Context, name: str, file: Path, json_: bool) -> None:
    """Read in a 0502."""
    with desk.archive(desk.configured(context), writes=True) as archive, opened(file) as source:
        told = archive.disposal.appraise(name=name, source=source)
    batchwords.tell_answer(context, told, json_)


@batch.command(
    cls=desk.Command,
    help=tr(
        "Write what the archive takes: the message 0503 with all files, in a bag, with a page to"
        " browse and a table beside. A run that was broken off goes on."
        "\n\nExample: archiver batch export 01JB2Q8T --folder for_the_archive"
    ),
)
@_NAME
@click.option(
    "--folder", default="", type=desk.text, help=tr("Name below the exports; else the id.")
)
@desk.json_option
@click.pass_context
def export(context: click.Context, name: str, folder: str, json_: bool) -> None:
    """Export a batch."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.disposal.export(
            name=name, folder=folder, progress=desk.Progress(tr("writing (MiB)"))
        )
    if json_:
        desk.as_json(told)
    else:
        desk.say(tr("Package, read again and whole: {package}").format(**told))


@batch.command(
    cls=desk.Command,
    help=tr(
        "Read in the archive's import confirmation 0506: only what it names is handed over."
        "\n\nExample: archiver batch confirm 01JB2Q8T receipt.zip"
    ),
)
@_NAME
@click.argument("file", type=click.Path(path_type=Path))
@desk.json_option
@click.pass_context
def confirm(context: click.Context, name: str, file: Path, json_: bool) -> None:
    """Read in a 0506."""
    with desk.archive(desk.configured(context), writes=True) as archive, opened(file) as source:
        told = archive.disposal.confirm(name=name, source=source)
    batchwords.tell_answer(context, told, json_)


@batch.command(
    cls=desk.Command,
    help=tr(
        "Take dossiers or documents out of a batch; they stay as they were."
        "\n\nExample: archiver batch drop 01JB2Q8T 01JA77"
    ),
)
@_NAME
@click.argument("units", nargs=-1, required=True, metavar="UNIT...", type=desk.text)
@desk.json_option
@click.pass_context
def drop(context: click.Context, name: str, units: tuple[str, ...], json_: bool) -> None:
    """Take units out."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.disposal.drop(name=name, units=units)
    if json_:
        desk.as_json(told)
    else:
        desk.say(tr("Taken out: {dropped}").format(**told))


@batch.command(
    cls=desk.Command,
    help=tr(
        "Call a batch off that has not been exported.\n\nExample: archiver batch cancel 01JB2Q8T"
    ),
)
@_NAME
@desk.json_option
@click.pass_context
def cancel(context: click.Context, name: str, json_: bool) -> None:
    """Call a batch off."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        batchwords.told(archive.disposal.cancel(name=name), json_)


@batch.command(
    cls=desk.Command,
    help=tr(
        "Destroy what the archive does not want and what it has taken over, in every place, and"
        " prove it. This cannot be undone.\n\nExample: archiver batch destroy 01JB2Q8T"
    ),
)
@_NAME
@click.option("--thorough", is_flag=True, help=tr("Read the whole vault for the proof."))
@desk.json_option
@click.pass_context
def destroy(context: click.Context, name: str, thorough: bool, json_: bool) -> None:
    """Destroy."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.disposal.destroy(
            name=name, thorough=thorough, progress=desk.Progress(tr("destroying"))
        )
        if told["certificate"]:
            told = {**told, "proof": archive.certificates.show(name=told["certificate"])}
    if json_:
        desk.as_json(told)
    elif not told["certificate"]:
        desk.say(tr("Nothing of this batch is to be destroyed; it has ended."))
    if told["certificate"]:
        remains.tell_proof(context, told["proof"], json_)


COMMANDS: dict[str, click.Command] = {"batch": batch}

"""Commands that change what is filed: correct, replace, restore, release.

Promises that each says what became of the document, and that nothing is sent of a file that cannot
be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from archiver import phrases
from archiver.cli import desk
from archiver.cli.reviewing import identified, told
from archiver.errors import ExitCode, NotFound
from archiver.tongue import tr


@click.command(
    cls=desk.Command,
    short_help=tr("Change what is known of a filed document."),
    help=tr(
        "Change what is known of a filed document: a new version, the old one stays. An empty"
        " value takes away what was read."
        "\n\nExample: archiver correct 01JB2Q8T class=invoice date=12.3.2024"
    ),
)
@identified
@click.argument("words", nargs=-1, required=True, metavar="NAME=VALUE...", type=desk.text)
def correct(context: click.Context, id_: str, words: tuple[str, ...], json_: bool) -> None:
    """Change a filed document."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told(archive.review.correct(id_, words), json_)


@click.command(
    cls=desk.Command,
    short_help=tr("Exchange a bad scan for a better one."),
    help=tr(
        "Exchange the scan of a document in review or filed; the old one stays in an older version."
        " What persons decided stands."
        "\n\nExample: archiver replace 01JB2Q8T neuer_scan.pdf"
    ),
)
@identified
@click.argument("file", type=click.Path(path_type=Path))
def replace(context: click.Context, id_: str, file: Path, json_: bool) -> None:
    """Exchange a scan."""
    with (
        desk.archive(desk.configured(context), writes=True) as archive,
        opened(file) as source,
    ):
        told(archive.scans.replace(id_, source, desk.name_of(file)), json_)


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A person's file, open for reading.

    Raises:
        NotFound: ``no_such_file`` or ``file_unreadable``.
    """
    try:
        source = file.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound("no_such_file", file=str(file)) from None
    except PermissionError:
        raise NotFound("file_unreadable", file=str(file)) from None
    with source:
        yield source


@click.command(
    cls=desk.Command,
    short_help=tr("Put back a damaged or lost original from a good copy."),
    help=tr(
        "Put back what is damaged or lost of a document, from a good copy of its original. Only"
        " bytes with the digest that was stored get in; a copy in the drop folder does the same."
        "\n\nExample: archiver restore 01JB2Q8T bescheid.pdf"
    ),
)
@identified
@click.argument("file", type=click.Path(path_type=Path))
def restore(context: click.Context, id_: str, file: Path, json_: bool) -> None:
    """Put back an original."""
    with (
        desk.archive(desk.configured(context), writes=True) as archive,
        opened(file) as source,
    ):
        answer = archive.scans.restore(id_, source)
    if not json_:
        if answer["files"]:
            desk.say(tr("Files put back: {files}").format(files=answer["files"]))
        elif not answer["problems"]:
            desk.say(tr("What is stored is sound; nothing had to be put back."))
        for problem in answer["problems"]:
            desk.say(problem, fg="red")
        if answer["problems"]:
            code = "made_anew" if answer["again"] else "not_healed"
            desk.say(phrases.sentence(code, {"id": answer["id"]}))
            desk.say(phrases.advice(code, {"id": answer["id"]}))
    told(answer, json_)
    if answer["problems"] and not answer["again"]:
        context.exit(int(ExitCode.INTEGRITY))


@click.command(
    cls=desk.Command,
    short_help=tr("Quality control of a divided batch has ended."),
    help=tr(
        "Say that quality control of a batch that was divided has ended: the batch's own object is"
        " destroyed, its documents stay. This cannot be undone."
        "\n\nExample: archiver release 01JB2Q8T"
    ),
)
@identified
def release(context: click.Context, id_: str, json_: bool) -> None:
    """Have a batch's own object destroyed."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told(archive.scans.release(id_), json_)


COMMANDS: dict[str, click.Command] = {
    "correct": correct,
    "replace": replace,
    "restore": restore,
    "release": release,
}

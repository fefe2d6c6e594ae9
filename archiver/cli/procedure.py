"""The command that writes the procedure documentation.

Promises that what the office must still say itself stands in the text, and that no file is
overwritten.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from archiver.cli import desk
from archiver.cli.finding import write
from archiver.errors import UsageFault
from archiver.tongue import tr


@click.command(
    cls=desk.Command,
    short_help=tr("Write the procedure documentation."),
    help=tr(
        "Write the procedure documentation (Verfahrensdokumentation, German) from what is"
        " configured now: as PDF/A, or as Markdown to work on. What only the office can say is"
        " marked and listed at the end.\n\nExample: archiver procedure -o procedure.pdf"
    ),
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help=tr("File, ending in .pdf or .md."),
)
@click.option(
    "--version",
    type=desk.text,
    default="",
    metavar="NAME",
    help=tr("What this version of it is called; else its day."),
)
@click.pass_context
def procedure(context: click.Context, output: Path, version: str) -> None:
    """Write the procedure documentation."""
    form = _form(output)
    with desk.archive(desk.configured(context)) as archive:
        file = archive.procedure.write(form=form, version=version)
        with file.stream:
            write(file, output)
    desk.say(str(output))


def _form(output: Path) -> Literal["pdf", "md"]:
    ending = output.suffix.lower()
    if ending == ".pdf":
        return "pdf"
    if ending == ".md":
        return "md"
    raise UsageFault("procedure_form", path=str(output))


COMMANDS: dict[str, click.Command] = {"procedure": procedure}

"""Commands that make paper to print: separator sheets and archive number labels.

Promises to need nothing but the configuration: no daemon, no archive, no lock. A sheet names only
a class that the filing plan has, no file is overwritten unasked, and half a file is never left.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver import clock, phrases
from archiver.cli import desk
from archiver.errors import Refusal, UsageFault
from archiver.filingplan import find_class
from archiver.tongue import tr

if TYPE_CHECKING:
    from archiver.separate.labels import Sheet, Symbol, Wording

# A label takes 8 ms and a sheet 10, so the largest job takes half a minute.
_MOST_LABELS = 2400
_MOST_COPIES = 100
_FIRST_MOST = 10**11  # plain archive numbers are read with up to 12 digits


@click.group(
    short_help=tr("Make separator sheets and number labels to print."),
    help=tr(
        "Make separator sheets (labels sheets) and archive number labels (labels numbers) as PDF"
        " to print on A4, without scaling.\n\nExample: archiver labels sheets -o trennblatt.pdf"
    ),
)
def labels() -> None:
    """Hold the commands that print."""


def _file_options(command: Any) -> Any:
    """The options of every command that writes a PDF."""
    output = click.option(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        type=click.Path(path_type=Path, dir_okay=False),
        help=tr("PDF to write."),
    )
    force = click.option("--force", is_flag=True, help=tr("Overwrite the file."))
    return output(force(desk.json_option(command)))


@labels.command(
    cls=desk.Command,
    short_help=tr("Separator sheets: a new document begins."),
    help=tr(
        "Make separator sheets to lay before each document of a stack. A sheet can say of what"
        " class the document behind it is, and to which reference and dossier it belongs."
        "\n\nExample: archiver labels sheets --class dog_tax --copies 5 -o hund.pdf"
        "\n\nExample: archiver labels sheets --all -o alle.pdf"
    ),
)
@click.option("--class", "key", type=desk.text, help=tr("Class, by its key in the filing plan."))
@click.option("--all", "all_", is_flag=True, help=tr("One sheet for each class of the plan."))
@click.option("--reference", default="", type=desk.text, help=tr("Reference in its full form."))
@click.option("--dossier", default="", type=desk.text, help=tr("Id of the dossier."))
@click.option("--title", default="", type=desk.text, help=tr("Title of the dossier, for people."))
@click.option(
    "--copies",
    default=1,
    show_default=True,
    type=click.IntRange(1, _MOST_COPIES),
    help=tr("How often each sheet is printed."),
)
@_file_options
@click.pass_context
def sheets(
    context: click.Context,
    key: str | None,
    all_: bool,
    reference: str,
    dossier: str,
    title: str,
    copies: int,
    output: Path,
    force: bool,
    json_: bool,
) -> None:
    """Make separator sheets."""
    from archiver.separate.labels import Sheet, separator_sheets
    from archiver.separate.sheets import SheetMark

    config = desk.configured(context)
    words = [" ".join(word.split()) for word in (reference, dossier, title)]
    if all_ and (key is not None or any(words)):
        raise UsageFault("all_takes_no_mark")
    if all_:
        wanted = [Sheet(SheetMark(one.key), one.title) for one in config.classes]
    else:
        titles = {one.key: one.title for one in config.classes}
        chosen = None if key is None else find_class(key, config.classes)
        mark = SheetMark(chosen, words[0] or None, words[1] or None)
        wanted = [Sheet(mark, titles.get(chosen or "", ""), words[2])]
    wanted = [sheet for sheet in wanted for _copy in range(copies)]
    _write(output, separator_sheets(wanted, _created(), words=_wording()), force=force)
    if json_:
        told = [_told(sheet) | {"page": page} for page, sheet in enumerate(wanted, start=1)]
        desk.as_json({"file": str(output), "pages": len(wanted), "sheets": told})
    else:
        _say(output, len(wanted))


@labels.command(
    cls=desk.Command,
    short_help=tr("Labels with archive numbers, 3 by 8 on a page."),
    help=tr(
        "Make labels with archive numbers in order, for sheets of 24 labels of 70 by 37 mm."
        " Stick one on the first page of each document."
        "\n\nExample: archiver labels numbers --from 1 --count 189 -o etiketten.pdf"
    ),
)
@click.option(
    "--from", "first", required=True, type=click.IntRange(1, _FIRST_MOST), help=tr("First number.")
)
@click.option(
    "--count",
    required=True,
    type=click.IntRange(1, _MOST_LABELS),
    help=tr("How many labels."),
)
@click.option(
    "--prefix",
    default="ASN",
    show_default=True,
    type=desk.text,
    help=tr("What stands before each number."),
)
@click.option(
    "--digits",
    default=6,
    show_default=True,
    type=click.IntRange(1, 12),
    help=tr("Digits of each number, with leading zeros."),
)
@click.option(
    "--symbol",
    default="qr",
    show_default=True,
    type=click.Choice(["qr", "code128"]),
    help=tr("QR code with check value, or plain barcode."),
)
@click.option(
    "--skip",
    default=0,
    show_default=True,
    type=click.IntRange(0, 23),
    help=tr("Labels that the first sheet lacks already."),
)
@_file_options
@click.pass_context
def numbers(
    context: click.Context,
    first: int,
    count: int,
    prefix: str,
    digits: int,
    symbol: Symbol,
    skip: int,
    output: Path,
    force: bool,
    json_: bool,
) -> None:
    """Make labels with archive numbers."""
    from archiver.separate.labels import LABEL_COLUMNS, LABEL_ROWS, number_labels
    from archiver.separate.sheets import NumberMark, payload

    config = desk.configured(context)
    if symbol == "code128":
        _check_prefix(prefix, {pipeline.separate.prefix for pipeline in config.pipelines})
    printed = [f"{prefix}{number:0{digits}}" for number in range(first, first + count)]
    _write(output, number_labels(printed, _created(), symbol=symbol, skip=skip), force=force)
    size = LABEL_COLUMNS * LABEL_ROWS
    pages = (skip + count - 1) // size + 1
    if json_:
        told = [
            {
                "page": place // size + 1,
                "number": number,
                "says": payload(NumberMark(number)) if symbol == "qr" else number,
            }
            for place, number in enumerate(printed, start=skip)
        ]
        desk.as_json({"file": str(output), "pages": pages, "labels": told})
    else:
        _say(output, pages)


def _check_prefix(prefix: str, known: set[str]) -> None:
    """Refuse plain barcodes that no drop folder would take for archive numbers."""
    if not prefix or prefix not in known:
        shown = ", ".join(sorted(known - {""})) or "–"
        raise UsageFault("label_prefix_unread", prefix=prefix, known=shown)


def _wording() -> Wording:
    """The words on a sheet in the language in use."""
    from archiver.separate.labels import Wording

    return Wording(
        heading=tr("Separator sheet"),
        any_class=tr("not given"),
        record_class=tr("Class of document"),
        reference=tr("Reference"),
        dossier=tr("Dossier"),
        advice=(
            tr("Lay one sheet before each document."),
            tr("The sheet does not become part of the file"),
            tr("and can be used again."),
            tr("Print at original size (100 %),"),
            tr("do not write on bars and codes."),
        ),
    )


def _told(sheet: Sheet) -> dict[str, Any]:
    """What a sheet says, for scripts."""
    from archiver.separate.sheets import payload

    mark = sheet.mark
    return {
        "class": mark.record_class,
        "class_title": sheet.class_title or None,
        "reference": mark.reference,
        "dossier": mark.dossier,
        "title": sheet.dossier_title or None,
        "says": payload(mark),
    }


def _created() -> datetime:
    """The time for the file's metadata."""
    return datetime.fromisoformat(clock.now())


def _write(target: Path, content: bytes, *, force: bool) -> None:
    """Write the PDF, whole or not at all.

    Raises:
        Refusal: ``output_exists`` where it is there and may not be overwritten;
            ``output_unwritable``.
    """
    from archiver.store import durable

    try:
        if force:
            durable.replace(target, content, target.parent)
        else:
            durable.write_file(target, content)
    except FileExistsError:
        raise desk.output_exists(target) from None
    except OSError as error:
        raise Refusal("output_unwritable", path=str(target)) from error


def _say(target: Path, pages: int) -> None:
    text = tr("{file}: {pages}. Print at original size (100 %).")
    desk.say(text.format(file=target, pages=phrases.counted("page", pages)))


COMMANDS: dict[str, click.Command] = {"labels": labels}

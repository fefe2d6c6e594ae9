"""Commands of quality control: samples of scans, how far it has come, transfer notes.

Promises that a list names the next command to type, and that no file is overwritten.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from archiver import phrases
from archiver.cli import desk
from archiver.errors import UsageFault
from archiver.naming import class_short
from archiver.tongue import N_, tr

if TYPE_CHECKING:
    from archiver.papers.paper import Language

Json = dict[str, Any]

_RESULTS = {None: N_("open"), "pass": N_("good"), "fail": N_("bad")}
# Columns of the report, in their order; the keys are those of the CSV file too.
_COLUMNS = {
    "month": N_("Month"),
    "pipeline": N_("Drop folder"),
    "scans": N_("Scans"),
    "covered": N_("covered"),
    "drawn": N_("drawn"),
    "failed": N_("bad"),
    "released": N_("Originals released"),
    "waiting": N_("waiting"),
}
_MOST_TEXT = 40


@click.group(
    short_help=tr("Quality control: samples of scans that a person looks at."),
    help=tr(
        "Draw samples of scans at random, look at them, and say whether they are good. The"
        " received file of a divided batch is released only when a sample that stands for all its"
        " documents has passed.\n\nExample: archiver qc draw"
    ),
)
def qc() -> None:
    """Hold the commands of quality control."""


@qc.command(
    cls=desk.Command,
    short_help=tr("Draw a sample."),
    help=tr(
        "Draw a sample of all scans for which no sample stands yet: single ones that are filed,"
        " and documents of batches that are not released. What stood beside a bad scan is drawn"
        " whole.\n\nExample: archiver qc draw --rate 10%"
    ),
)
@click.option(
    "--rate", type=desk.text, metavar="PERCENT", help=tr("Share to draw; else as configured.")
)
@click.option(
    "--batch", "batches", multiple=True, type=desk.text, metavar="ID",
    help=tr("Only documents of this batch; may be repeated."),
)  # fmt: skip
@desk.json_option
@click.pass_context
def draw(context: click.Context, rate: str | None, batches: tuple[str, ...], json_: bool) -> None:
    """Draw a sample."""
    percent = None if rate is None else _percent(rate)
    with desk.archive(desk.configured(context), writes=True) as archive:
        sample = archive.quality.draw(percent=percent, batches=list(batches))
    _tell(sample, json_)


def _percent(word: str) -> float:
    """A share as people write it: 5%, 2.5 %, 2,5."""
    try:
        return float(word.strip().removesuffix("%").strip().replace(",", "."))
    except ValueError:
        raise UsageFault("not_a_rate", value=word) from None


def _tell(sample: Json, json_: bool) -> None:
    """Print a sample after a step, and what comes next."""
    if json_:
        desk.as_json(sample)
        return
    _print_sample(sample)
    command = "archiver review"
    if sample["state"] == "drawn":
        command = f"archiver qc show {sample['id']}"
    if sample["state"] != "passed":
        desk.say(tr("Next: {command}").format(command=command))


def _print_sample(sample: Json) -> None:
    line = tr("{checked} of {drawn} looked at, {failed} bad; stands for {population} ({percent} %)")
    told = line.format(**{**sample, "percent": f"{sample['percent']:g}"})
    state = phrases.state_name(sample["state"])
    moment = phrases.moment(sample["changed_at"])
    desk.say(desk.styled(sample["id"], fg="cyan"), f"  {moment}  {state}  {told}")


@qc.command(
    "list",
    cls=desk.Command,
    short_help=tr("All samples."),
    help=tr("List all samples, the newest first.\n\nExample: archiver qc list"),
)
@desk.json_option
@click.pass_context
def list_(context: click.Context, json_: bool) -> None:
    """List all samples."""
    with desk.archive(desk.configured(context)) as archive:
        answer = archive.quality.list()
    if json_:
        desk.as_json(answer)
        return
    for sample in answer["samples"]:
        _print_sample(sample)
    if not answer["samples"]:
        desk.say(tr("No sample was drawn yet."))


@qc.command(
    cls=desk.Command,
    short_help=tr("What was drawn, and how to look at it."),
    help=tr(
        "Show the documents of a sample, of the newest that runs without SAMPLE; or with"
        " --document one of them with its fields, its text and its transfer note."
        "\n\nExample: archiver qc show --document 01JB2Q8T"
    ),
)
@click.argument("sample", required=False, default="", type=desk.text)
@click.option("--document", default="", type=desk.text, metavar="ID", help=tr("One document."))
@desk.json_option
@click.pass_context
def show(context: click.Context, sample: str, document: str, json_: bool) -> None:
    """Show a sample, or a document of it."""
    config = desk.configured(context)
    with desk.archive(config) as archive:
        shown = archive.quality.show(name=sample, document=document)
        if document:
            shown["document"] = archive.documents.show(document)
            shown["text"] = archive.documents.text(document)
            shown["note"] = archive.notes.show(identifier=document)
    if json_:
        desk.as_json(shown)
    elif document:
        _print_document(shown, config.ui.language)
    else:
        _print_sample(shown)
        for one in shown["documents"]:
            _print_drawn(one, shown)


def _print_drawn(one: Json, sample: Json) -> None:
    facts = (class_short(one["class"]), one["subject"] or one["file"], _pages(one["pages"]))
    told = "  ".join(str(fact) for fact in facts if fact)
    result = tr(_RESULTS[one["result"]])
    desk.say(
        "  ", desk.styled(one["id"], fg="cyan"), "  ", desk.styled(result, bold=True), f"  {told}"
    )
    if one["reason"]:
        desk.say(f"    {one['reason']}")
    if sample["state"] == "drawn" and one["result"] is None:
        id_ = one["id"]
        desk.say(f"    archiver review show {id_} --open   archiver open {id_}")


def _pages(count: int | None) -> str:
    return phrases.counted("page", count or 0)


def _print_document(shown: Json, language: Language) -> None:
    from archiver.cli.finding import print_rows

    document, sample, id_ = shown["document"], shown["sample"], shown["id"]
    fields = ((one["kind"], one["value"]) for one in document["fields"] if one["is_fact"])
    rows: Sequence[tuple[str, object]] = [
        (tr("Number"), id_),
        (tr("Result"), tr(_RESULTS[shown["result"]])),
        (tr("Note"), shown["reason"]),
        (tr("State"), document["state_name"]),
        (tr("File"), ", ".join(file["file"] for file in document["files"])),
        (tr("Class"), document["class_title"]),
        (tr("Pages"), document["pages"]),
        *((tr("Known"), f"{kind}={value}") for kind, value in fields),
    ]
    print_rows(rows)
    for number, text in enumerate(shown["text"], start=1):
        desk.say("\n" + tr("p. {page}").format(page=number), bold=True)
        desk.say(text)
    desk.say("\n" + _note_text(shown["note"], language))
    if shown["result"] is None:
        desk.say(tr("Good: {command}").format(command=f"archiver qc pass {sample} {id_}"))
        command = f"archiver qc fail {sample} {id_} --reason …"
        desk.say(tr("Bad: {command}").format(command=command))


@qc.command(
    "pass",
    cls=desk.Command,
    short_help=tr("These scans are good."),
    help=tr(
        "Say that scans of a sample are good: legible, complete, in order. With --paper you also"
        " state that you have compared them with the paper; that stands in their transfer notes."
        "\n\nExample: archiver qc pass 01JB2Q9M 01JB2Q8T --paper"
    ),
)
@click.argument("sample", type=desk.text)
@click.argument("documents", nargs=-1, metavar="[DOCUMENT]...", type=desk.text)
@click.option("--all", "everything", is_flag=True, help=tr("All that nobody has looked at yet."))
@click.option("--paper", is_flag=True, help=tr("They were compared with the paper."))
@desk.json_option
@click.pass_context
def pass_(
    context: click.Context,
    sample: str,
    documents: tuple[str, ...],
    everything: bool,
    paper: bool,
    json_: bool,
) -> None:
    """Say that scans are good."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        answer = archive.quality.passed(
            name=sample, documents=list(documents), everything=everything, paper=paper
        )
    _tell(answer, json_)


@qc.command(
    cls=desk.Command,
    short_help=tr("This scan is bad."),
    help=tr(
        "Say that a scan of a sample is bad; it goes into review, and what stood beside it in its"
        " batch must be drawn anew, all of it."
        "\n\nExample: archiver qc fail 01JB2Q9M 01JB2Q8T --reason 'Seite 2 fehlt'"
    ),
)
@click.argument("sample", type=desk.text)
@click.argument("document", type=desk.text)
@desk.reason_option
@desk.json_option
@click.pass_context
def fail(context: click.Context, sample: str, document: str, reason: str, json_: bool) -> None:
    """Say that a scan is bad."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        answer = archive.quality.failed(name=sample, document=document, reason=reason)
    _tell(answer, json_)


@qc.command(
    cls=desk.Command,
    short_help=tr("How far quality control has come."),
    help=tr(
        "Count scans, samples and released originals by month of receipt and drop folder."
        "\n\nExample: archiver qc report -o pruefung.csv"
    ),
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help=tr("Write a CSV file."),
)  # fmt: skip
@desk.json_option
@click.pass_context
def report(context: click.Context, output: Path | None, json_: bool) -> None:
    """Count what was checked."""
    with desk.archive(desk.configured(context)) as archive:
        answer = archive.quality.report()
    if output is not None:
        desk.write_new(output, lambda sink: _write_csv(answer["lines"], sink))
    if json_:
        desk.as_json(answer)
    elif output is None:
        _print_report(answer["lines"])


def _write_csv(lines: Sequence[Json], sink: BinaryIO) -> None:
    """With a byte order mark and semicolons, as German spreadsheets want it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_COLUMNS), extrasaction="ignore", delimiter=";")
    writer.writeheader()
    writer.writerows(lines)
    sink.write(text.getvalue().encode("utf-8-sig"))


def _month(iso: str) -> str:
    """A month 2026-12 as 12.2026."""
    year, _, month = iso.partition("-")
    return f"{month}.{year}"


def _print_report(lines: Sequence[Json]) -> None:
    heads = [tr(title) for title in _COLUMNS.values()]
    rows = [
        [str(told[key]) for key in _COLUMNS]
        for line in lines
        for told in [line | {"pipeline": line["title"], "month": _month(line["month"])}]
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for number, row in enumerate([heads, *rows]):
        cells = [
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        desk.say("  ".join(cells).rstrip(), bold=not number)


@click.command(
    cls=desk.Command,
    short_help=tr("The transfer note of a scan."),
    help=tr(
        "Print the transfer note of a scan (BSI TR-03138, A.NB.4): who brought what, when, with"
        " what it was read and how it was checked; with -o write it as PDF/A."
        "\n\nExample: archiver note 01JB2Q8T -o vermerk.pdf"
    ),
)
@desk.id_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help=tr("PDF to write."),
)  # fmt: skip
@desk.json_option
@click.pass_context
def note(context: click.Context, id_: str, output: Path | None, json_: bool) -> None:
    """Print or write a transfer note."""
    from archiver.cli.finding import write

    config = desk.configured(context)
    with desk.archive(config) as archive:
        if output is not None:
            file = archive.notes.paper(identifier=id_)
            with file.stream:
                write(file, output)
        made = archive.notes.show(identifier=id_) if json_ or output is None else {}
    if json_:
        desk.as_json(made)
    elif output is None:
        desk.say(_note_text(made, config.ui.language), end="")


def _note_text(note: Json, language: Language) -> str:
    import json

    from archiver.papers.markdown import as_markdown
    from archiver.papers.transfer_sheet import as_paper
    from archiver.papers.transfernote import read

    return as_markdown(as_paper(read(json.dumps(note).encode()), language))


COMMANDS: dict[str, click.Command] = {"qc": qc, "note": note}

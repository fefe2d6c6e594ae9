"""Commands that find and read: search, show, get, open."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from archiver import phrases
from archiver.cli import desk
from archiver.cli.explanation import classed, explained, field_value
from archiver.errors import SystemFault, UsageFault
from archiver.tongue import tr

if TYPE_CHECKING:
    from archiver.archive import File


@click.command(
    cls=desk.Command,
    short_help=tr("Find documents by any word on them."),
    help=tr(
        'Find documents by any word on them. Words are all searched for; also: "a phrase",'
        " begin*, az:632, datum:03.2024, eingang:>=2024, ODER, NICHT, brackets; * finds all."
        "\n\nExample: archiver search 'Baugenehmigung datum:2024'"
    ),
)
@click.argument("query", nargs=-1, required=True, type=desk.text)
@click.option("--limit", default=20, show_default=True, help=tr("Most hits to show."))
@desk.json_option
@click.pass_context
def search(context: click.Context, query: tuple[str, ...], limit: int, json_: bool) -> None:
    """Find documents."""
    with desk.archive(desk.configured(context)) as archive:
        found = archive.documents.search(" ".join(query), limit)
    if json_:
        desk.as_json(found)
        return
    for hit in found["hits"]:
        _print_hit(hit)
    line = tr("{total} found, {shown} shown ({took} ms)").format(
        total=found["total"],
        shown=len(found["hits"]),
        took=phrases.decimal(found["took_ms"], 1),
    )
    desk.say(line)


def _print_hit(hit: dict[str, Any]) -> None:
    day = phrases.date(hit["date"] or hit["received_on"])
    title = hit["subject"] or hit["file"]
    state = phrases.state_name(hit["state"])
    desk.say(
        desk.styled(hit["id"], fg="cyan"), f"  {day}  {state}  ", desk.styled(title, bold=True)
    )
    for snippet in hit["snippets"]:
        page = tr("p. {page}").format(page=snippet["page"])
        desk.say(f"    {page}  ", *_highlighted(snippet["text"], snippet["marks"]))


def _highlighted(text: str, marks: list[list[int]]) -> Iterator[str | desk.Styled]:
    text, place = text.replace("\n", " "), 0
    for start, end in marks:
        yield text[place:start]
        yield desk.styled(text[start:end], fg="yellow", bold=True)
        place = end
    yield text[place:]


@click.command(
    cls=desk.Command,
    short_help=tr("Everything known of one document."),
    help=tr(
        "Show everything known of one document, or only its text (pages parted by form feed)."
        "\n\nExample: archiver show 01JB2Q8T --text"
    ),
)
@desk.id_argument
@click.option("--text", is_flag=True, help=tr("Only the recognised text."))
@desk.json_option
@click.pass_context
def show(context: click.Context, id_: str, text: bool, json_: bool) -> None:
    """Show one document."""
    with desk.archive(desk.configured(context)) as archive:
        if text:
            pages = archive.documents.text(id_)
            if json_:
                desk.as_json({"pages": pages})
            else:
                for number, page in enumerate(pages, 1):
                    desk.say(page, end="\n" if number == len(pages) else "\f")
            return
        document = archive.documents.show(id_)
    if json_:
        desk.as_json(document)
    else:
        _print_document(document)


def _print_document(document: dict[str, Any]) -> None:
    confidence = document["confidence"]
    rows = [
        (tr("Number"), document["id"]),
        (tr("State"), document["state_name"]),
        (tr("File"), ", ".join(file["file"] for file in document["files"])),
        (tr("Received"), phrases.moment(document["files"][0]["received_at"])),
        (tr("Date"), phrases.date(document["date"])),
        *classed(document),
        (tr("Reference"), document["reference"]),
        (tr("Dossier"), dossier(document)),
        (tr("Subject"), document["subject"]),
        (tr("Sender"), document["sender"]),
        *_facts(document["fields"]),
        (tr("Pages"), document["pages"]),
        *explained(document),
        (tr("Confidence"), None if confidence is None else f"{confidence:.0f} %"),
        (tr("Problem"), document["message"]),
        (tr("What to do"), document["advice"]),
        *((tr("Finding"), finding["message"]) for finding in document["findings"]),
        *((tr("Note"), f"{phrases.moment(n['at'])} {n['text']}") for n in document["notes"]),
    ]
    print_rows(rows)
    desk.say(tr("History"))
    for line in document["history"]:
        desk.say(f"  {phrases.moment(line['at'])}  {phrases.event_name(line['event'])}")


def print_rows(rows: Sequence[tuple[str, object]]) -> None:
    """Print labels and values in two columns; what is None or empty is left out."""
    shown = [(label, str(value)) for label, value in rows if value not in (None, "")]
    width = max(len(label) for label, _value in shown)
    before = ""
    for label, value in shown:
        # A label that repeats is said once.
        once = "" if label == before else label
        before = label
        desk.say(desk.styled(once.ljust(width), fg="cyan"), f"  {value}")


def dossier(document: dict[str, Any]) -> str | None:
    """The dossier to which a document belongs; one that is only proposed is marked so."""
    if document["dossier"]:
        return str(document["dossier"])
    offered = [one["normal"] for one in document["fields"] if one["kind"] == "dossier"]
    return tr("{dossier} (proposed)").format(dossier=offered[0]) if offered else None


def _facts(fields: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What else is sure, the surest of each kind."""
    labels = {
        "recipient": tr("Recipient"),
        "their_reference": tr("Their reference"),
        "received_stamp": tr("Received stamp"),
        "case_worker": tr("Case worker"),
        "invoice_number": tr("Invoice number"),
        "total": tr("Total"),
        "iban": tr("Account"),
        "parcel": tr("Parcel"),
    }
    found: dict[str, str] = {}
    for field in fields:
        if field["is_fact"] and field["kind"] in labels:
            # What a person said has no other form than the normal one.
            read = field["value"]
            told = field_value(field["kind"], read) if read == field["normal"] else read
            found.setdefault(field["kind"], told)
    return [(label, found[kind]) for kind, label in labels.items() if kind in found]


@click.command(
    cls=desk.Command,
    short_help=tr("Write a document to a file."),
    help=tr(
        "Write a document's PDF/A, or with --original the bytes as they were received, to a file."
        "\n\nExample: archiver get 01JB2Q8T -o bescheid.pdf"
    ),
)
@desk.id_argument
@click.option("--original", is_flag=True, help=tr("The bytes as they were received."))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, allow_dash=True),
    help=tr("File to write; - for standard output."),
)
@click.pass_context
def get(context: click.Context, id_: str, original: bool, output: Path) -> None:
    """Write a document to a file."""
    with desk.archive(desk.configured(context)) as archive:
        file = archive.documents.fetch(id_, original=original)
        with file.stream:
            if str(output) == "-":
                poured(file)
            else:
                write(file, output / _own_name(file) if output.is_dir() else output)
    if file.notice:
        desk.say(phrases.sentence(file.notice), fg="yellow", err=True)


def _own_name(file: File) -> str:
    """The last part of the name that its sender gave the file: never a path."""
    return Path(file.name.replace("\0", "")).name or "document"


def _copy(file: File, sink: BinaryIO) -> None:
    """Copy all bytes; fewer than were promised are a fault, not a shorter document."""
    copied = 0
    while chunk := file.stream.read(1 << 18):
        sink.write(chunk)
        copied += len(chunk)
    if copied != file.size:
        raise SystemFault("daemon_gone")


def poured(file: File) -> None:
    """Write to standard output, which must be no terminal."""
    if sys.stdout.isatty():
        raise UsageFault("not_for_terminals")
    with file.stream:
        _copy(file, sys.stdout.buffer)


def write(file: File, target: Path) -> None:
    """Write to a file that is not there yet; half a file is never left."""
    desk.write_new(target, lambda sink: _copy(file, sink))


@click.command(
    "open",
    cls=desk.Command,
    short_help=tr("Open a document in the viewer."),
    help=tr(
        "Open a document in the viewer; without a display, print the path that was written."
        "\n\nExample: archiver open 01JB2Q8T"
    ),
)
@desk.id_argument
@click.option("--original", is_flag=True, help=tr("The bytes as they were received."))
@click.pass_context
def open_(context: click.Context, id_: str, original: bool) -> None:
    """Open a document."""
    with desk.archive(desk.configured(context)) as archive:
        file = archive.documents.fetch(id_, original=original)
        target = saved(file)
    if file.notice:
        desk.say(phrases.sentence(file.notice), fg="yellow", err=True)
    viewed(target)


def saved(file: File) -> Path:
    """Write a file into a new folder from which a viewer can open it."""
    import tempfile

    with file.stream:
        target = Path(tempfile.mkdtemp(prefix="archiver-")) / _own_name(file)
        write(file, target)
    return target


def viewed(target: Path) -> None:
    """Open a file in the viewer; without a display, print its path."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        click.launch(str(target))
    else:
        desk.say(str(target))


COMMANDS: dict[str, click.Command] = {
    "search": search,
    "show": show,
    "get": get,
    "open": open_,
}

"""The review desk: what waits and why, and one command for each decision.

Promises that what a person types is taken whole or not at all, that the list names the next command
to type, and that an answer says where the daemon still has work to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from archiver import phrases
from archiver.cli import desk
from archiver.cli.explanation import (
    candidates,
    classed,
    explained,
    field_value,
    percent,
)
from archiver.errors import UsageFault
from archiver.naming import (
    CLASS,
    class_name,
    class_short,
    class_word,
    cue_name,
    field_name,
)
from archiver.records import UNCLASSIFIED
from archiver.tongue import tr, trn

Json = dict[str, Any]

_UNFINISHED = ("accepted", "recognised", "classified")
_MOST_FIELDS = 12  # candidates beside the facts


class _Group(desk.Command, click.Group):
    """A group that does something itself, with faults told as those of a command."""


@click.group(
    cls=_Group,
    invoke_without_command=True,
    short_help=tr("What waits for a person, and what persons decide."),
    help=tr(
        "List what waits for a person and why, the most urgent first; or decide, with one of the"
        " commands below. Every decision is kept and is an example for the next like document."
        "\n\nExample: archiver review"
    ),
)
@click.option("--limit", default=50, show_default=True, help=tr("Most documents to list."))
@desk.json_option
@click.pass_context
def review(context: click.Context, limit: int, json_: bool) -> None:
    """List what waits."""
    if context.invoked_subcommand is not None:
        return
    with desk.archive(desk.configured(context)) as archive:
        waiting = archive.review.list(limit)
    if json_:
        desk.as_json(waiting)
    else:
        _print_list(waiting)


def _print_list(answer: Json) -> None:
    for one in answer["waiting"]:
        _print_waiting(one)
    count, unclassified = sum(answer["counts"].values()), answer["unclassified"]
    if count > len(answer["waiting"]):
        line = tr("{shown} of {count} documents are listed; --limit lists more.")
        desk.say(line.format(shown=len(answer["waiting"]), count=count))
    line = trn("1 document waits.", "{count} documents wait.", count)
    desk.say(line.format(count=count), bold=True)
    if unclassified:
        line = tr("Filed without a class: {count} ({command})")
        command = tr("archiver search 'class:{class_} state:filed'")
        command = command.format(class_=class_word(UNCLASSIFIED))
        desk.say(line.format(count=unclassified, command=command))
    if count:
        first = answer["waiting"][0]
        command = "review show" if first["state"] == "review" else "show"
        desk.say(tr("Next: {command}").format(command=f"archiver {command} {first['id']}"))


def _print_waiting(one: Json) -> None:
    facts = [phrases.state_name(one["state"]), one["subject"] or one["file"]]
    since = tr("since {moment}").format(moment=phrases.moment(one["since"]))
    desk.say(desk.styled(one["id"], fg="cyan"), f"  {'  '.join(facts)}  ({since})")
    desk.say(f"    {one['message']}")
    # The class that stands is what "accept" takes, else the proposed one.
    key = one["proposed"] if one["class"] in (None, UNCLASSIFIED) else one["class"]
    if key not in (None, UNCLASSIFIED):
        proposed = tr("Proposed: {class_}").format(class_=class_name(key, one["title"]))
        desk.say(f"    {proposed}")


def identified(command: Any) -> Any:
    """The argument ID and the option --json of a command about one document."""
    return click.argument("id_", metavar="ID", type=desk.text)(
        desk.json_option(click.pass_context(command))
    )


@review.command(
    cls=desk.Command,
    short_help=tr("One document, its picture, and what comes into question."),
    help=tr(
        "Show what is known of a document that waits and which classes come into question; with"
        " --picture or --open a page's picture as well."
        "\n\nExample: archiver review show 01JB2Q8T --open"
    ),
)
@identified
@click.option("--page", default=1, show_default=True, help=tr("Which page to draw."))
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help=tr("Write the page's picture to this PNG; - for standard output, and nothing else."),
)
@click.option("--open", "open_", is_flag=True, help=tr("Open the page's picture in the viewer."))
def show(
    context: click.Context, id_: str, page: int, picture: Path | None, open_: bool, json_: bool
) -> None:
    """Show one document that waits."""
    from archiver.cli.finding import poured, saved, viewed, write

    target = picture
    with desk.archive(desk.configured(context)) as archive:
        if str(picture) == "-":
            poured(archive.documents.picture(id_, page))
            return
        document = archive.documents.show(id_)
        if picture is not None:
            file = archive.documents.picture(id_, page)
            with file.stream:
                write(file, picture)
        elif open_:
            target = saved(archive.documents.picture(id_, page))
    if json_:
        desk.as_json({**document, "picture": str(target) if target else None})
    else:
        _print_question(document)
        if picture is not None:
            desk.say(tr("Picture: {path}").format(path=picture))
    if open_ and target is not None and not json_:
        viewed(target)


def _print_question(document: Json) -> None:
    from archiver.cli.finding import print_rows

    rows = [
        (tr("Number"), document["id"]),
        (tr("State"), document["state_name"]),
        (tr("File"), ", ".join(file["file"] for file in document["files"])),
        (tr("Pages"), document["pages"]),
        (tr("Why it waits"), document["message"]),
        (tr("What to do"), document["advice"]),
        *classed(document),
        *((tr("In question"), line) for line in candidates(document["verdict"])),
        *explained(document),
        *_values(document["fields"]),
    ]
    print_rows(rows)
    if document["state"] != "review":
        return
    id_ = document["id"]
    accept = tr("Right so: {command}").format(command=f"archiver review accept {id_}")
    set_ = f"archiver review set {id_} {field_name(CLASS)}=…"
    other = tr("Otherwise: {command}").format(command=set_)
    desk.say(f"{accept}\n{other}")


def _values(fields: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """What was read, facts before candidates, in the words that `set` understands."""
    for one in (one for one in fields if one["is_fact"]):
        yield tr("Known"), _value(one)
    offered = [one for one in fields if not one["is_fact"]]
    for one in offered[:_MOST_FIELDS]:
        yield tr("Perhaps"), f"{_value(one)} {percent(one['confidence'])}"


def _value(field: Json) -> str:
    page = tr(", p. {page}").format(page=field["page"]) if field["page"] else ""
    value = field_value(field["kind"], field["normal"])
    return f"{field_name(field['kind'])}={value} ({cue_name(field['cue'])}{page})"


@review.command(
    cls=desk.Command,
    short_help=tr("It is right as it is shown, but for what is said."),
    help=tr(
        "Confirm a document as it is shown, with its class and sender, but for what is said"
        " otherwise as name=value. It is filed then."
        "\n\nExample: archiver review accept 01JB2Q8T date=12.3.2024"
    ),
)
@identified
@click.argument("words", nargs=-1, metavar="[NAME=VALUE]...", type=desk.text)
def accept(context: click.Context, id_: str, words: tuple[str, ...], json_: bool) -> None:
    """Confirm a document."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told(archive.review.accept(id_, words), json_)


@review.command(
    "set",
    cls=desk.Command,
    short_help=tr("Say what is right, and nothing else."),
    help=tr(
        "Say what is right of a document in review; nothing else of it is confirmed. It is filed"
        " then. An empty value takes away what was read."
        "\n\nExample: archiver review set 01JB2Q8T class=invoice total=1.234,56"
    ),
)
@identified
@click.argument("words", nargs=-1, required=True, metavar="NAME=VALUE...", type=desk.text)
def set_(context: click.Context, id_: str, words: tuple[str, ...], json_: bool) -> None:
    """Say what is right."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told(archive.review.set(id_, words), json_)


@review.command(
    cls=desk.Command,
    short_help=tr("Several documents in one file: divide it."),
    help=tr(
        "Divide a document in review or filed; PAGES are those with which documents begin. Without"
        " PAGES it stays one document."
        "\n\nExample: archiver review split 01JB2Q8T 3,7"
    ),
)
@identified
@click.argument("pages", required=False, default="", type=desk.text)
def split(context: click.Context, id_: str, pages: str, json_: bool) -> None:
    """Have a document divided."""
    starts = [_number(word) for word in pages.replace(",", " ").split()]
    with desk.archive(desk.configured(context), writes=True) as archive:
        told(archive.scans.split(id_, starts), json_)


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit()):
        raise UsageFault("not_a_number", value=word)
    return int(word)


@review.command(
    cls=desk.Command,
    short_help=tr("One document in several files: join them."),
    help=tr(
        "Join documents to one, in the order in which they are named; with --backs the first holds"
        " the fronts and the second the backs of one stack, the last sheet first."
        "\n\nExample: archiver review merge 01JB2Q8T 01JB2Q9M"
    ),
)
@click.argument("ids", nargs=-1, required=True, metavar="ID ID...", type=desk.text)
@click.option("--backs", is_flag=True, help=tr("The second one holds the backs of the first."))
@desk.json_option
@click.pass_context
def merge(context: click.Context, ids: tuple[str, ...], backs: bool, json_: bool) -> None:
    """Have documents joined."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told(archive.scans.merge(ids, woven=backs), json_)


@review.command(
    cls=desk.Command,
    short_help=tr("It is not to be filed."),
    help=tr(
        "Take back a document in review that is not to be filed; its bytes stay until disposal."
        "\n\nExample: archiver review reject 01JB2Q8T --reason Werbung"
    ),
)
@identified
@desk.reason_option
def reject(context: click.Context, id_: str, reason: str, json_: bool) -> None:
    """Take a document in review back."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told(archive.review.reject(id_, reason), json_)


def told(answer: Json, json_: bool) -> None:
    """Print what became of a document, and where the daemon still has work to do."""
    if json_:
        desk.as_json(answer)
        return
    id_, class_ = answer["id"], class_short(answer.get("class"))
    desk.say(f"{id_}  {phrases.state_name(answer['state'])}  {class_}".rstrip())
    if answer["state"] in _UNFINISHED:
        line = tr("The daemon does it when it runs; “archiver show {id}” tells what came of it.")
        desk.say(line.format(id=id_))


COMMANDS: dict[str, click.Command] = {"review": review}

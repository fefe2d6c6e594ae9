"""Commands about disclosure: look what would be blackened, give copies, and the log of what went.

Promises that looking makes nothing, and that a file to be edited is never overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from archiver import phrases
from archiver.cli import desk, packages
from archiver.cli.finding import write
from archiver.disclosure import requestfile
from archiver.disclosure.request import Basis, Chosen, Ground
from archiver.disclosure.wanted import Wanted, joined, pages_of, region_of, term_of
from archiver.errors import Fault, UsageFault
from archiver.naming import actor_name
from archiver.tongue import is_german, tr

Json = dict[str, Any]


@click.group(
    short_help=tr("Copies for those who may see papers, with names blackened."),
    help=tr(
        "Give copies to those who have a right to see papers, without what is not theirs to see:"
        " look, decide, give. What is black is gone from picture, text and file.\n\nExample:"
        " archiver disclose look 01JB2Q8T --word 'Müller=personal_data'"
    ),
)
def disclose() -> None:
    """Group of the commands about disclosure."""


def _asking(command: Any) -> Any:
    """Arguments and options with which both look and give are asked."""
    options = [
        click.argument("ids", nargs=-1, metavar="[ID]...", type=desk.text),
        click.option(
            "--search", "searches", multiple=True, type=desk.text, metavar="QUERY",
            help=tr("Also all documents that a search finds."),
        ),
        click.option(
            "--word", "words", multiple=True, type=desk.text, metavar="WORD=GROUND",
            help=tr(
                "Blacken it wherever it stands; grounds: personal_data, trade_secret,"
                " public_safety, ongoing_procedure, third_party_copyright."
            ),
        ),
        click.option(
            "--region", "regions", multiple=True, type=desk.text,
            metavar="ID:PAGE:LEFT,TOP,RIGHT,BOTTOM=GROUND",
            help=tr("Blacken a place; millimetres from the upper left corner."),
        ),
        click.option(
            "--blacken", multiple=True, type=desk.text, metavar="KEY",
            help=tr("Blacken this uncertain find; “all”: all about which nothing else is said."),
        ),
        click.option(
            "--leave", multiple=True, type=desk.text, metavar="KEY",
            help=tr("Leave this find readable."),
        ),
        click.option(
            "--looked-through", "looked", multiple=True, type=desk.text, metavar="ID:PAGE",
            help=tr("A person has looked this page through, which the machine could not read."),
        ),
        click.option(
            "--absent", multiple=True, type=desk.text, metavar="WORD",
            help=tr("This word was found nowhere; a person has looked, and it is so."),
        ),
        click.option(
            "--confirmed", multiple=True, type=desk.text, metavar="KEY",
            help=tr(
                "A person has seen the picture of this page as it is given; “disclose preview”"
                " tells the keys."
            ),
        ),
        click.option(
            "--request", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
            help=tr("Take the request from a file; options add to it."),
        ),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@disclose.command(
    cls=desk.Command,
    short_help=tr("What would be blackened, and what must be decided."),
    help=tr(
        "Say what would be blackened, what is uncertain, and which pages a person must look"
        " through. Nothing is made. With --write the request becomes a file to edit.\n\nExample:"
        " archiver disclose look 01JB2Q8T --word 'Müller=personal_data' --write request.toml"
    ),
)
@_asking
@click.option(
    "--write", "draft", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help=tr("Write a request to edit."),
)  # fmt: skip
@desk.json_option
@click.pass_context
def look(context: click.Context, /, draft: Path | None, json_: bool, **asked: Any) -> None:
    """Look what would be blackened."""
    wanted = _wanted(**asked)
    with desk.archive(desk.configured(context)) as archive:
        told = archive.disclosures.look(wanted=msgspec.to_builtins(wanted))
    if draft is not None:
        _draft(draft, wanted, told)
    if json_:
        desk.as_json(told)
    else:
        _print_look(told)
        if draft is not None:
            desk.say(tr("Request to edit: {file}").format(file=draft))


def _draft(file: Path, wanted: Wanted, told: Json) -> None:
    """Write a request to edit."""
    content = requestfile.draft(wanted, told["documents"], told["missing"]).encode()
    desk.write_new(file, lambda sink: _write(sink, content))


def _write(sink: Any, content: bytes) -> None:
    sink.write(content)


@disclose.command(
    cls=desk.Command,
    short_help=tr("The pages as they would be given, to be looked at and confirmed."),
    help=tr(
        "Write each document as it would be given into FOLDER, to be looked at page by page, and"
        " tell the key of each page. Nothing is given or noted. White letters on a dark ground,"
        " handwriting and faces are seen by a person only.\n\nExample: archiver disclose preview"
        " --request request.toml -o preview --write confirmed.toml"
    ),
)
@_asking
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help=tr("Folder for the documents."),
)
@click.option(
    "--write", "draft", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help=tr("Write a request to edit."),
)  # fmt: skip
@desk.json_option
@click.pass_context
def preview(
    context: click.Context, /, output: Path, draft: Path | None, json_: bool, **asked: Any
) -> None:
    """Write what would be given."""
    wanted = _wanted(**asked)
    words = msgspec.to_builtins(wanted)
    if not output.is_dir():
        packages.require_room(output)
        output.mkdir()
    with desk.archive(desk.configured(context)) as archive:
        told = archive.disclosures.look(wanted=words)
        files = {}
        for one in told["documents"]:
            file = archive.disclosures.preview(wanted=words, document=one["id"])
            files[one["id"]] = output / file.name
            write(file, files[one["id"]])
    if draft is not None:
        _draft(draft, wanted, told)
    if json_:
        desk.as_json({**told, "files": {key: str(path) for key, path in files.items()}})
        return
    for one in told["documents"]:
        desk.say(str(files[one["id"]]))
        for page in one["pictures"]:
            said = tr("confirmed") if page["confirmed"] else tr("to be looked at")
            number = tr("p. {page}").format(page=page["page"])
            desk.say(f"  {number}  {page['key']}  {said}")
    if draft is not None:
        desk.say(tr("Request to edit: {file}").format(file=draft))


def _wanted(
    ids: Sequence[str],
    searches: Sequence[str],
    words: Sequence[str],
    regions: Sequence[str],
    blacken: Sequence[str],
    leave: Sequence[str],
    looked: Sequence[str],
    absent: Sequence[str],
    confirmed: Sequence[str],
    file: Path | None,
    basis: str | None = None,
    recipient: str = "",
) -> Wanted:
    """What file and options ask for together."""
    typed = Wanted(
        basis=Basis(basis) if basis else None,
        recipient=recipient,
        documents=tuple(map(Chosen, ids)),
        searches=tuple(searches),
        looked_through=tuple(pair for word in looked for pair in pages_of(word)),
        terms=tuple(map(term_of, words)),
        regions=tuple(map(region_of, regions)),
        blacken=tuple(blacken),
        leave=tuple(leave),
        absent=tuple(absent),
        confirmed=tuple(key for word in confirmed for key in word.split(",")),
    )
    if file is None:
        return typed
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFault("request_unreadable", path=str(file), error=str(error)) from None
    return joined(requestfile.read(text, str(file)), typed)


def _print_look(told: Json) -> None:
    for document in told["documents"]:
        facts = [fact for fact in (document["title"], _pages(document)) if fact]
        desk.say(desk.styled(document["id"], fg="cyan"), *(f"  {fact}" for fact in facts))
        for find in document["finds"]:
            _print_find(find)
        if document["regions"]:
            count = document["regions"]
            desk.say("  " + tr("Places to be blackened: {count}").format(count=count))
        if document["secret"]:
            line = tr("A law binds this class to secrecy: ask whether it may be given at all.")
            desk.say("  " + line, fg="yellow")
        for key, text in _TO_LOOK_THROUGH.items():
            if document[key]:
                numbers = ", ".join(map(str, document[key]))
                desk.say("  " + text.format(pages=numbers), fg="yellow")
    for refused in told["refused"]:
        desk.say(refused["message"], fg="red")
    for word in told["missing"]:
        said = tr("Found nowhere: {word}").format(word=word)
        if word in told["unanswered"]:
            said += " " + tr("(look at the pages; if it is so, say --absent)")
        desk.say(said, fg="yellow")
    pictures = [one for document in told["documents"] for one in document["pictures"]]
    unseen = sum(not one["confirmed"] for one in pictures)
    if unseen:
        line = tr("Pages to be looked at and confirmed (disclose preview): {count}")
        desk.say(line.format(count=unseen), fg="yellow")
    if told["undecided"]:
        line = tr("Uncertain and undecided: {count}. Decide with --blacken KEY or --leave KEY.")
        desk.say(line.format(count=told["undecided"]), fg="yellow")


def _pages(document: Mapping[str, Any]) -> str:
    return phrases.counted("page", document["pages"])


def _print_find(find: Json) -> None:
    page = tr("p. {page}").format(page=find["page"])
    decision = _DECISIONS[find["decision"]]
    desk.say(f"  {page}  ", desk.styled(decision, bold=True), f"  {find['context']}")
    desk.say(f"    {find['key']}  {_ground(find['ground'])}")


@disclose.command(
    cls=desk.Command,
    short_help=tr("Make the package and note who got it."),
    help=tr(
        "Make the package, prove that what is black is gone, and note who got it. FOLDER must not"
        " exist yet; the archive keeps the note and no copy.\n\nExample: archiver disclose give"
        " --request request.toml --basis gdpr_15 --to 'Erika Beispiel' -o copies"
    ),
)
@_asking
@click.option(
    "--basis", type=click.Choice([one.value for one in Basis]), help=tr("The right that is served.")
)
@click.option("--to", "recipient", default="", type=desk.text, help=tr("Who gets the package."))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FOLDER",
    help=tr("Folder to be made."),
)  # fmt: skip
@desk.json_option
@click.pass_context
def give(context: click.Context, /, output: Path, json_: bool, **asked: Any) -> None:
    """Make a package."""
    wanted = _wanted(**asked)
    packages.require_room(output)
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.disclosures.give(
            wanted=msgspec.to_builtins(wanted), progress=desk.Progress(tr("proving pages"))
        )
        try:
            packages.fetch(archive, told["id"], output)
        except Fault:
            line = tr("It is made and noted. Fetch it within an hour: {command}")
            command = f"archiver disclose fetch {told['id']} -o FOLDER"
            desk.say(line.format(command=command), err=True)
            raise
    if json_:
        desk.as_json({**told, "folder": str(output)})
    else:
        _print_given(told)
        desk.say(tr("Package, proven: {folder}").format(folder=output))


@disclose.command(
    cls=desk.Command,
    short_help=tr("Fetch a package that was made but did not arrive."),
    help=tr(
        "Fetch a package that was made but did not arrive; within an hour.\n\nExample: archiver"
        " disclose fetch 01JB2Q8T -o copies"
    ),
)
@desk.id_argument
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FOLDER",
    help=tr("Folder to be made."),
)  # fmt: skip
@click.pass_context
def fetch(context: click.Context, id_: str, output: Path) -> None:
    """Fetch a package."""
    packages.require_room(output)
    with desk.archive(desk.configured(context), writes=True) as archive:
        packages.fetch(archive, id_, output)
    desk.say(tr("Package, proven: {folder}").format(folder=output))


@disclose.command(
    "list",
    cls=desk.Command,
    short_help=tr("What was given."),
    help=tr(
        "List what was given; with --document, who got a copy of it.\n\nExample: archiver disclose"
        " list --document 01JB2Q8T"
    ),
)
@click.option("--document", default="", type=desk.text, metavar="ID", help=tr("One document."))
@desk.json_option
@click.pass_context
def list_(context: click.Context, document: str, json_: bool) -> None:
    """List what was given."""
    with desk.archive(desk.configured(context)) as archive:
        told = archive.disclosures.list(document=document)
    if json_:
        desk.as_json(told)
        return
    if not told["disclosures"]:
        desk.say(tr("Nothing was given."))
    for one in told["disclosures"]:
        count = phrases.counted("document", one["documents"])
        day, basis = phrases.moment(one["at"]), one["basis_title"]
        id_ = desk.styled(one["id"], fg="cyan")
        desk.say(id_, f"  {day}  {one['recipient']}  {basis}  {count}")


@disclose.command(
    cls=desk.Command,
    short_help=tr("What was given to whom, on which basis, when, by whom."),
    help=tr(
        "Show what was given to whom, on which basis, when, by whom.\n\nExample: archiver disclose"
        " show 01JB2Q8T"
    ),
)
@desk.id_argument
@desk.json_option
@click.pass_context
def show(context: click.Context, id_: str, json_: bool) -> None:
    """Show one disclosure."""
    with desk.archive(desk.configured(context)) as archive:
        told = archive.disclosures.show(name=id_)
    if json_:
        desk.as_json(told)
    else:
        _print_given(told)


def _print_given(told: Mapping[str, Any]) -> None:
    from archiver.cli.finding import print_rows

    bars = ", ".join(f"{_ground(ground)}: {count}" for ground, count in told["bars"].items())
    print_rows(
        [
            (tr("Number"), told["id"]),
            (tr("Recipient"), told["recipient"]),
            (tr("Legal basis"), told["basis_title"]),
            (tr("Given"), phrases.moment(told["at"])),
            (tr("By"), actor_name(told["actor"])),
            (tr("Bars"), bars or tr("none")),
        ]
    )
    for one in told["documents"]:
        line = tr("{file}: {pages}, document {document}, version {version}")
        desk.say("  " + line.format(**{**one, "pages": _pages(one)}))


def _ground(code: str) -> str:
    """Why something is blackened: in German in words, else the code that is typed."""
    from archiver.disclosure.package import GROUNDS

    return tr(GROUNDS[Ground(code)]) if is_german() else code


_DECISIONS = {"blacken": tr("blacken"), "leave": tr("leave"), None: tr("undecided")}
_TO_LOOK_THROUGH = {
    "unread": tr("Not read by the machine, look through pages: {pages}"),
    "weak": tr("Read badly, better look through pages: {pages}"),
}
COMMANDS: dict[str, click.Command] = {"disclose": disclose}

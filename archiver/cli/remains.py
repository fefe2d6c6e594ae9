"""Commands about what is left: certificates of destruction, and packages for the archive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from archiver import phrases
from archiver.cli import desk
from archiver.cli.finding import write
from archiver.errors import ExitCode
from archiver.tongue import tr

_NAME = click.argument("name", metavar="ID", type=desk.text)


@click.group(
    short_help=tr("Certificates of destruction."),
    help=tr("Certificates of destruction.\n\nExample: archiver certificate list"),
)
def certificate() -> None:
    """Group of the commands about certificates."""


@certificate.command(
    "list", cls=desk.Command, help=tr("List them.\n\nExample: archiver certificate list")
)
@desk.json_option
@click.pass_context
def certificates(context: click.Context, json_: bool) -> None:
    """List certificates."""
    with desk.archive(desk.configured(context)) as archive:
        told = archive.certificates.list()
    if json_:
        desk.as_json(told)
        return
    if not told["certificates"]:
        desk.say(tr("No certificate."))
    for one in told["certificates"]:
        proved = tr("proved") if one["is_proved"] else tr("not proved")
        day, count = phrases.moment(one["at"]), one["documents"]
        desk.say(f"{one['id']}  {day}  {tr('{count} documents').format(count=count)}  {proved}")


@certificate.command(
    cls=desk.Command,
    help=tr(
        "Write a certificate as PDF/A, or as JSON."
        "\n\nExample: archiver certificate get 01JB2Q8T -o certificate.pdf"
    ),
)
@_NAME
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help=tr("File."))
@click.option("--json", "json_", is_flag=True, help=tr("As JSON."))
@click.pass_context
def get(context: click.Context, name: str, output: Path, json_: bool) -> None:
    """Write a certificate."""
    with desk.archive(desk.configured(context)) as archive:
        file = archive.certificates.get(name=name, as_json=json_)
        write(file, output)
    desk.say(str(output))


@certificate.command(
    cls=desk.Command,
    help=tr(
        "Look once more for what a certificate says is still there, and write down what came of it."
        "\n\nExample: archiver certificate prove 01JB2Q8T"
    ),
)
@_NAME
@click.option("--thorough", is_flag=True, help=tr("Read the whole vault for the proof."))
@desk.json_option
@click.pass_context
def prove(context: click.Context, name: str, thorough: bool, json_: bool) -> None:
    """Prove a destruction again."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        told = archive.certificates.prove(
            name=name, thorough=thorough, progress=desk.Progress(tr("looking"))
        )
    if json_:
        desk.as_json(told)
    tell_proof(context, told, json_)


def tell_proof(context: click.Context, proof: Mapping[str, Any], json_: bool) -> None:
    """What a certificate says, in words and as the code at the end."""
    words = {"certificate": proof["id"]}
    if json_:
        pass
    elif not proof["is_complete"]:
        desk.say(tr("Destroyed, but NOT COMPLETE. Certificate: {certificate}").format(**words))
        for one in proof["searched"]:
            if one["after"]:
                line = tr("still found in {store}: {count}")
                desk.say(f"  {line.format(store=one['title'], count=one['after'])}")
        if proof["left"]:
            desk.say("  " + tr("files that should be gone: {count}").format(count=proof["left"]))
        line = tr("Once that is settled: archiver certificate prove {certificate}")
        desk.say(line.format(**words))
    else:
        desk.say(tr("Destroyed. Certificate: {certificate}").format(**words))
        if not proof["is_proved"]:
            desk.say(tr("No odd word of it was known, so only its files were looked for."))
    if not proof["is_complete"]:
        context.exit(int(ExitCode.FINDINGS))


@click.group(
    "export",
    short_help=tr("Check packages that were exported."),
    help=tr("Packages for the archive.\n\nExample: archiver export verify exports/01JB2Q8T"),
)
def exported() -> None:
    """Group of the commands about exports."""


@exported.command(
    cls=desk.Command,
    help=tr(
        "Read a package again, byte by byte, years later and without the archive; names what is"
        " wrong, with the document's id.\n\nExample: archiver export verify exports/01JB2Q8T/…"
    ),
)
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@desk.json_option
def verify(path: Path, json_: bool) -> None:
    """Verify a package."""
    from archiver.retention.exchange.verification import verify as read_again

    bar = desk.Progress(tr("reading (MiB)"))
    result = read_again(path, lambda _phase, done, total: bar(done >> 20, max(1, total >> 20)))
    findings = [
        {
            "code": one.code,
            "path": one.path,
            "member": one.member,
            "id": one.document,
            "message": phrases.sentence(
                one.code, {"path": one.path, "member": one.member, "id": one.document}
            ),
        }
        for one in result.findings
    ]
    if json_:
        desk.as_json({"files": result.files, "findings": findings})
    else:
        for finding in findings:
            desk.say(finding["message"], fg="red", err=True)
        if not findings:
            files = phrases.counted("file", result.files)
            desk.say(tr("Whole: {files} read.").format(files=files))
    if findings:
        raise click.exceptions.Exit(int(ExitCode.INTEGRITY))


COMMANDS: dict[str, click.Command] = {"export": exported, "certificate": certificate}

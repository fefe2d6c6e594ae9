"""Commands for the person who looks after the archive: check, verify, reindex, rebuild."""

from __future__ import annotations

from typing import Any

import click

from archiver import phrases
from archiver.cli import desk
from archiver.config import Config
from archiver.errors import ExitCode
from archiver.tongue import tr


@click.command(
    cls=desk.Command,
    short_help=tr("Check what this machine lacks."),
    help=tr(
        "Check what the archive needs of this machine: programs, languages, cage, rights, space;"
        " each with a remedy.\n\nExample: archiver check"
    ),
)
@desk.json_option
@click.pass_context
def check(context: click.Context, json_: bool) -> None:
    """Check the machine."""
    from archiver.checkup import outcome, results

    config = desk.configured(context)
    found = results(config, lambda: _tried_cage(config))
    if json_:
        desk.as_json([result.as_json() for result in found])
    else:
        for result in found:
            _print_result(result.as_json())
    context.exit(int(outcome(found)))


def _tried_cage(config: Config) -> dict[str, Any]:
    """Have whoever opens received files try his cage; nothing is made where no daemon runs."""
    with desk.archive(config, prepared=False) as archive:
        return archive.upkeep.try_cage()


def _print_result(result: dict[str, Any]) -> None:
    mark, colour = {"ok": ("✓", "green"), "notice": ("!", "yellow"), "bad": ("✗", "red")}[
        result["grade"]
    ]
    desk.say(desk.styled(mark, fg=colour), f" {result['message']}")
    if result["remedy"]:
        desk.say(f"    {result['remedy']}")


@click.command(
    cls=desk.Command,
    short_help=tr("Whether the machine's clock is believed."),
    help=tr(
        "Show what time it is for the archive. After a jump of the machine's clock nothing falls"
        " due until its owner has confirmed that it is right.\n\nExample: archiver clock --confirm"
    ),
)
@click.option("--confirm", is_flag=True, help=tr("The machine's clock is right."))
@desk.json_option
@click.pass_context
def clock(context: click.Context, confirm: bool, json_: bool) -> None:
    """Show or confirm the time."""
    with desk.archive(desk.configured(context), writes=confirm) as archive:
        if confirm:
            archive.upkeep.confirm_clock()
        told = archive.upkeep.clock()
    if json_:
        desk.as_json(told)
    elif told["doubt"]:
        desk.say(told["message"], fg="red")
        desk.say(told["advice"])
    else:
        desk.say(tr("The clock is believed: {moment}").format(moment=phrases.moment(told["at"])))
    context.exit(int(ExitCode.FINDINGS if told["doubt"] else ExitCode.OK))


@click.command(
    cls=desk.Command,
    short_help=tr("Read everything again and compare."),
    help=tr(
        "Read everything again: is every byte what was received, is the ledger whole?"
        "\n\nExample: archiver verify"
    ),
)
@desk.json_option
@click.pass_context
def verify(context: click.Context, json_: bool) -> None:
    """Verify the archive."""
    with desk.archive(desk.configured(context)) as archive:
        report = archive.upkeep.verify(desk.Progress(tr("verifying")))
    if json_:
        desk.as_json(report)
    else:
        for problem in report["problems"]:
            desk.say(f"{problem['id'] or '–'}  {problem['message']}", fg="red")
        _print_lacks(report["lacks"])
        line = tr("{objects} and {lines} read, {problems}.")
        desk.say(
            line.format(
                objects=phrases.counted("object", report["objects"]),
                lines=phrases.counted("ledger_line", report["lines"]),
                problems=phrases.counted("problem", len(report["problems"])),
            )
        )
    context.exit(int(ExitCode.INTEGRITY if report["problems"] else ExitCode.OK))


def _print_lacks(lacks: dict[str, dict[str, int]]) -> None:
    """Which of vault and ledger is older, where both were not put back together."""
    for side, counts in lacks.items():
        if any(counts.values()):
            code = f"audit_{side}_lacks"
            desk.say(phrases.sentence(code, counts), bold=True)
            desk.say(phrases.advice(code, counts))


@click.command(
    cls=desk.Command,
    short_help=tr("Make the search index anew."),
    help=tr("Make the search index anew from the vault.\n\nExample: archiver reindex"),
)
@desk.json_option
@click.pass_context
def reindex(context: click.Context, json_: bool) -> None:
    """Make the index anew."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        report = archive.upkeep.reindex(desk.Progress(tr("indexing")))
    if json_:
        desk.as_json(report)
    else:
        documents = phrases.counted("document", report["documents"])
        desk.say(tr("{documents} indexed.").format(documents=documents))
    _end_unread(context, report["unread"], json_)


@click.command(
    cls=desk.Command,
    short_help=tr("Make catalogue and index anew."),
    help=tr(
        "Make catalogue and index anew from vault and ledger; stop the daemon first."
        "\n\nExample: archiver rebuild"
    ),
)
@desk.json_option
@click.pass_context
def rebuild(context: click.Context, json_: bool) -> None:
    """Make catalogue and index anew."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        report = archive.upkeep.rebuild(desk.Progress(tr("rebuilding")))
    if json_:
        desk.as_json(report)
    else:
        line = tr("{lines} taken over, {documents} indexed.")
        desk.say(
            line.format(
                lines=phrases.counted("ledger_line", report["lines"]),
                documents=phrases.counted("document", report["documents"]),
            )
        )
    _end_unread(context, report["unread"], json_)


def _end_unread(context: click.Context, unread: list[str], json_: bool) -> None:
    """Tell which documents are found without their words, and end as that deserves."""
    for document in () if json_ else unread:
        desk.say(f"{document}  {phrases.sentence('words_unread', {'id': document})}", fg="red")
    if unread and not json_:
        desk.say(phrases.advice("words_unread", {}))
    context.exit(int(ExitCode.INTEGRITY if unread else ExitCode.OK))


@click.command(
    cls=desk.Command,
    short_help=tr("Find what does not fit together, and the remedy."),
    help=tr(
        "Find what does not fit together: machine, rights, folders, vault, ledger, catalogue,"
        " index, clock, back-up; each with its remedy. --repair does what is safe for certain,"
        " while the daemon is stopped. Bytes are read by verify."
        "\n\nExample: archiver doctor --repair"
    ),
)
@click.option("--repair", is_flag=True, help=tr("Repair what is safe for certain."))
@desk.json_option
@click.pass_context
def doctor(context: click.Context, repair: bool, json_: bool) -> None:
    """Examine the archive."""
    from archiver import doctor as practice

    config = desk.configured(context)
    found, repaired = practice.examine(config, lambda: _tried_cage(config)), []
    if repair:
        repaired = practice.repair(config, found)
        found = practice.examine(config, lambda: _tried_cage(config)) if repaired else found
    told = [{**one.as_json(), "repairable": one.code in practice.REPAIRS} for one in found]
    if json_:
        desk.as_json({"repaired": [one.as_json() for one in repaired], "findings": told})
    else:
        for one in repaired:
            desk.say(tr("Repaired: {message}").format(message=one.as_json()["message"]))
        for row in told:
            _print_result(row)
        if not told:
            desk.say(tr("Nothing was found."))
    context.exit(int(practice.outcome(found)))


COMMANDS: dict[str, click.Command] = {
    "check": check,
    "clock": clock,
    "doctor": doctor,
    "verify": verify,
    "reindex": reindex,
    "rebuild": rebuild,
}

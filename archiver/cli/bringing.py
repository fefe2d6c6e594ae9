"""Commands that bring paper in and settle what went wrong: init, run, status, add, retry."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from archiver import phrases
from archiver.cli import desk
from archiver.errors import NotFound
from archiver.tongue import tr

_MOST_NAMES = 5


@click.command(
    cls=desk.Command,
    short_help=tr("Make a new archive."),
    help=tr(
        "Make a new archive in DIR, with a commented configuration and the drop folder"
        " DIR/inbox/incoming.\n\nExample: archiver init /srv/archive"
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make a new archive."""
    from archiver.founding import found

    config = found(folder)
    desk.say(tr("The archive is ready: {path}").format(path=config))
    drop = folder.resolve() / "inbox" / "incoming"
    desk.say(tr("Drop scans into {folder}").format(folder=drop))
    desk.say(tr("Start it with: archiver -c {path} run").format(path=config))


@click.command(
    cls=desk.Command,
    short_help=tr("Watch the drop folders and file what arrives."),
    help=tr(
        "Watch the drop folders and file what arrives, until stopped; with --once, end when all"
        " that is there has been worked off.\n\nExample: archiver run --once"
    ),
)
@click.option("--once", is_flag=True, help=tr("Work off what is there, then end."))
@click.pass_context
def run(context: click.Context, once: bool) -> None:
    """Run the daemon."""
    import gc

    from archiver import journal
    from archiver.daemon import run as run_daemon

    gc.enable()
    config = desk.configured(context)
    phrases.use(config.ui.language)
    glance = None
    if sys.stderr.isatty():
        journal.quiet()
        glance = _glance
    else:
        journal.start()
    rebuilding = desk.Progress(tr("rebuilding"))
    outcome = run_daemon(config, once=once, glance=glance, progress=rebuilding)
    if glance is not None:
        desk.say("", err=True)
    context.exit(int(outcome))


def _glance(queued: int, active: int, done: int) -> None:
    line = tr("waiting {queued} · in work {active} · done {done}").format(
        queued=queued, active=active, done=done
    )
    desk.say(line, start="\r\x1b[K", end="", err=True)


@click.command(
    cls=desk.Command,
    short_help=tr("What waits, what is there, what is wrong."),
    help=tr(
        "Show what waits in the drop folders, how many documents there are, and what is wrong."
        " With --check say in one line whether all is well, for monitoring programs: exit code 0"
        " in order, 1 warning, 2 critical, 3 not known.\n\nExample: archiver status --check"
    ),
)
@click.option("--limit", default=50, show_default=True, help=tr("Most problems to list."))
@click.option("--check", is_flag=True, help=tr("One line and an exit code for monitoring."))
@desk.json_option
@click.pass_context
def status(context: click.Context, limit: int, check: bool, json_: bool) -> None:
    """Show the state of the archive."""
    if check:
        from archiver.cli import alarming

        alarming.check(context)
        return
    with desk.archive(desk.configured(context)) as archive:
        state = archive.upkeep.status(limit)
    if json_:
        desk.as_json(state)
    else:
        _print_status(state)


def _print_status(state: dict[str, Any]) -> None:
    running = tr("The daemon is running.") if state["daemon"] else tr("The daemon is not running.")
    desk.say(running, fg="green" if state["daemon"] else "yellow")
    labels = {"waiting": tr("waiting"), "held": tr("held"), "ignored": tr("ignored")}
    desk.say(tr("Drop folders"), bold=True)
    for kind, label in labels.items():
        count = state["counts"][kind]
        names = state["inbox"][kind][:_MOST_NAMES]
        shown = ", ".join(names) + (" …" if count > len(names) else "")
        desk.say(f"  {label:<14}{count:>7}  {shown}".rstrip())
    desk.say(tr("Documents"), bold=True)
    for name, count in state["documents"].items():
        desk.say(f"  {phrases.state_name(name):<14}{count:>7}")
    if state["review"]:
        _print_waiting(state["review"])
    if any(state.get("retention", {}).values()):
        _print_kept(state["retention"])
    if state["problems"]:
        desk.say(tr("Problems"), bold=True)
    for problem in state["problems"]:
        desk.say("  ", desk.styled(problem["id"] or "–", fg="cyan"), f"  {problem['file']}")
        desk.say(f"    {problem['message']}")
        desk.say(f"    {problem['advice']}")
    _print_more(state)
    if state["documents"]:
        _print_verified(state["verify"])
        _print_backup(state["backup"])
    for trouble in state["system"]:
        since = phrases.moment(trouble["since"])
        colour = "red" if trouble["grade"] == "bad" else "yellow"
        desk.say(f"{trouble['message']} ({since}) {trouble['advice']}", fg=colour)


def _print_verified(rounds: dict[str, Any]) -> None:
    """When everything that is stored was last read again."""
    if rounds["last_full"]:
        line = tr("Everything stored was last read again on {moment}.")
        desk.say(line.format(moment=phrases.moment(rounds["last_full"])))
    elif rounds["days"]:
        desk.say(tr("Not everything that is stored has been read again yet."))
    for problem in rounds["problems"][:_MOST_NAMES]:
        desk.say(f"  {problem['id'] or '–'}  {problem['message']}", fg="red")
    if len(rounds["problems"]) > _MOST_NAMES:
        desk.say("  …")


def _print_backup(last: dict[str, Any] | None) -> None:
    """When the archive was last saved, for whoever may see all of it."""
    if last is None:
        desk.say(tr("There is no back-up yet."), fg="yellow")
        return
    line = tr("Last back-up: {moment} ({folder})")
    desk.say(line.format(moment=phrases.moment(last["made_at"]), folder=last["folder"]))


def _print_more(state: dict[str, Any]) -> None:
    """How many problems there are beside those that were listed, and of which kinds."""
    count, shown = state["counts"]["problems"], len(state["problems"])
    if count <= shown:
        return
    line = tr("{shown} of {count} problems are listed; --limit lists more. In all:")
    desk.say("  " + line.format(shown=shown, count=count))
    for reason, many in state["problem_counts"].items():
        desk.say(f"  {many:>7}  {phrases.kind(reason)}")


def _print_waiting(review: dict[str, Any]) -> None:
    """What waits for a person, whom "archiver review" tells more."""
    desk.say(tr("Review desk"), bold=True)
    since = ""
    if review["oldest"]:
        since = tr("the oldest since {moment}").format(moment=phrases.moment(review["oldest"]))
    waiting, unknown = tr("waiting"), tr("without class")
    desk.say(f"  {waiting:<14}{review['waiting']:>7}  {since}".rstrip())
    desk.say(f"  {unknown:<14}{review['unclassified']:>7}")


def _print_kept(kept: dict[str, Any]) -> None:
    """What waits for the archivist, each with the command that tells more."""
    desk.say(tr("Retention"), bold=True)
    rows = (
        (tr("not adopted"), kept["not_adopted"], "archiver retention adopt"),
        (tr("not confirmed"), kept["unconfirmed"], "archiver retention rules"),
        (tr("holds to review"), kept["holds_to_review"], "archiver hold list"),
        (tr("taken back, may go"), kept["withdrawn_due"], "archiver batch propose --withdrawn"),
    )
    for label, waiting, command in rows:
        if waiting:
            desk.say(f"  {label:<21}{len(waiting):>4}  {command}")


@click.command(
    cls=desk.Command,
    short_help=tr("Add files without the drop folder."),
    help=tr(
        "Add files without the drop folder; the files themselves stay where they are."
        "\n\nExample: archiver add scan1.pdf scan2.tif"
    ),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option("--pipeline", help=tr("Drop folder to which they belong."))
@desk.json_option
@click.pass_context
def add(context: click.Context, files: tuple[Path, ...], pipeline: str | None, json_: bool) -> None:
    """Add files."""
    config = desk.configured(context)
    answers = []
    for path in files:
        # A connection for each file: one that is refused must not end the others.
        with desk.archive(config, writes=True) as archive:
            try:
                source = path.open("rb")
            except (FileNotFoundError, IsADirectoryError):
                raise NotFound("no_such_file", file=str(path)) from None
            except PermissionError:
                raise NotFound("file_unreadable", file=str(path)) from None
            with source:
                answers.append(archive.intake.add(source, desk.name_of(path), pipeline))
    if json_:
        desk.as_json(answers)
        return
    for answer in answers:
        state = phrases.state_name(answer["state"])
        desk.say(desk.styled(answer["id"], fg="cyan"), f"  {state}  {answer['file']}")


@click.command(
    cls=desk.Command,
    short_help=tr("Work once more on a document."),
    help=tr(
        "Work once more on a document in quarantine or review; a filed one is read anew, and what"
        " persons decided stays.\n\nExample: archiver retry 01JB2Q8T"
    ),
)
@desk.id_argument
@desk.json_option
@click.pass_context
def retry(context: click.Context, id_: str, json_: bool) -> None:
    """Try again."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.intake.retry(id_), json_)


@click.command(
    cls=desk.Command,
    short_help=tr("Settle a file in quarantine."),
    help=tr(
        "Settle a file in quarantine that will not be needed; its bytes stay until disposal."
        "\n\nExample: archiver dismiss 01JB2Q8T --reason 'leere Datei'"
    ),
)
@desk.id_argument
@desk.reason_option
@desk.json_option
@click.pass_context
def dismiss(context: click.Context, id_: str, reason: str, json_: bool) -> None:
    """Settle a quarantined file."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.intake.dismiss(id_, reason), json_)


@click.command(
    cls=desk.Command,
    short_help=tr("Take back what was dropped by mistake."),
    help=tr(
        "Take back a document that was dropped by mistake; its bytes stay until disposal."
        "\n\nExample: archiver withdraw 01JB2Q8T --reason 'falscher Ordner'"
    ),
)
@desk.id_argument
@desk.reason_option
@desk.json_option
@click.pass_context
def withdraw(context: click.Context, id_: str, reason: str, json_: bool) -> None:
    """Withdraw a document."""
    with desk.archive(desk.configured(context), writes=True) as archive:
        _told(archive.intake.withdraw(id_, reason), json_)


def _told(answer: dict[str, Any], json_: bool) -> None:
    if json_:
        desk.as_json(answer)
    else:
        desk.say(f"{answer['id']}  {phrases.state_name(answer['state'])}")


COMMANDS: dict[str, click.Command] = {
    "init": init,
    "run": run,
    "status": status,
    "add": add,
    "retry": retry,
    "dismiss": dismiss,
    "withdraw": withdraw,
}

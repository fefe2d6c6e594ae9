"""The desk: where a command finds its archive, asks it, and says what came of it.

Promises one way to the archive (the daemon's socket, else in this process under the lock), one
place where faults become a sentence and an exit code, and output that a script can read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import click

from archiver import phrases
from archiver.config import Config, ConfigProblems, find, load
from archiver.errors import ExitCode, Fault, Refusal, SystemFault
from archiver.machine import fault_of
from archiver.naming import use_plan
from archiver.plaintext import json_shown, plain_lines, shown
from archiver.tongue import tr

if TYPE_CHECKING:
    from archiver.archive import Archive


# How long and how often a command looks whether a daemon that is starting answers: half a minute.
_GLIMPSE = 0.5
_GLIMPSES = 60


def configured(context: click.Context) -> Config:
    """The configuration that the command line names."""
    config = load(find(context.find_root().params.get("config"), os.environ))
    use_plan({one.key: (one.number, one.title) for one in config.classes})
    return config


@contextmanager
def archive(config: Config, *, writes: bool = False, prepared: bool = True) -> Iterator[Archive]:
    """The archive: the daemon's where one runs, else in this process.

    Args:
        config: of the archive.
        writes: whether the archive must be held alone when no daemon runs.
        prepared: whether folders that are missing are made then.
    """
    with ExitStack() as stack:
        if _daemon_or_lock(config, writes, prepared, stack):
            # Only here, since a search without a daemon needs nothing of it.
            from archiver.cli.remote import RemoteArchive

            yield cast("Archive", RemoteArchive(config.places.socket))
            return
        from archiver.archive import Archive
        from archiver.house import House
        from archiver.rights import myself

        house = House(config, progress=Progress(tr("rebuilding")))
        stack.callback(house.close)
        yield Archive(house, myself())


def _daemon_or_lock(config: Config, writes: bool, prepared: bool, stack: ExitStack) -> bool:
    """Whether a daemon answers; else the archive is held until the stack unwinds.

    Raises:
        Refusal: ``locked``, ``daemon_needed`` or ``not_the_owner``.
    """
    for patience in (*[_GLIMPSE] * _GLIMPSES, 0.0):
        if _answers(config.places.socket):
            return True
        from archiver.house import House, held

        House(config).prepare() if prepared else House(config).require_owner()
        try:
            # Who opens papers of a closed class is recorded.
            alone = writes or any(one.groups for one in config.classes)
            stack.enter_context(held(config, exclusive=alone, patience=patience))
        except Refusal as refusal:
            # A daemon that is starting holds the archive a while before it answers.
            if refusal.reason != "locked" or not patience:
                raise
        else:
            return False
    return False


def _answers(place: Path) -> bool:
    """Whether a daemon listens at `place`."""
    import socket

    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(str(place))
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return False
        except PermissionError as error:
            folder = str(place.parent)
            raise SystemFault("no_access", exit_code=ExitCode.REFUSED, folder=folder) from error
    return True


class Command(click.Command):
    """A command whose faults end as a sentence and an exit code."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; a `Fault`, or an error of the system, is told and ends it."""
        try:
            return super().invoke(context)
        except ConfigProblems as fault:
            _tell_problems(fault)
            raise click.exceptions.Exit(int(fault.exit_code)) from fault
        except Fault as fault:
            tell_fault(fault)
            raise click.exceptions.Exit(int(fault.exit_code)) from fault
        except (BrokenPipeError, ConnectionError):
            raise
        except OSError as error:
            told = fault_of(error)
            tell_fault(told)
            raise click.exceptions.Exit(int(told.exit_code)) from error
        except KeyboardInterrupt:
            raise click.exceptions.Exit(int(ExitCode.INTERRUPTED)) from None


def tell_fault(fault: Fault) -> None:
    """Say on stderr what happened and what to do."""
    say(phrases.sentence(fault.reason, fault.params), fg="red", err=True)
    advice = phrases.advice(fault.reason, fault.params)
    if advice:
        say(advice, err=True)


def _tell_problems(fault: ConfigProblems) -> None:
    say(phrases.sentence(fault.reason, fault.params), fg="red", err=True)
    for problem in fault.problems:
        where = f"{problem.file}: {problem.key}" if problem.key else str(problem.file)
        say(f"  {where}: {phrases.sentence(problem.reason, problem.params)}", err=True)


class Styled(NamedTuple):
    """A piece of a line in a colour of its own."""

    text: str
    fg: str | None
    bold: bool


def styled(text: str, fg: str | None = None, *, bold: bool = False) -> Styled:
    """A piece of a line for `say`."""
    return Styled(text, fg, bold)


def say(
    *pieces: str | Styled,
    fg: str | None = None,
    bold: bool = False,
    err: bool = False,
    start: str = "",
    end: str = "\n",
) -> None:
    r"""Print a line: all that the command line says passes through here.

    Names, titles and words come from outside. What in them would speak to the terminal shows as
    ``\xNN``; only line ends and tabs stay.

    Args:
        pieces: printed one after the other.
        fg: colour of the pieces that have none.
        bold: whether these are bold.
        err: print on stderr.
        start: our own control characters before the line.
        end: what ends it.
    """
    line = "".join(_coloured(piece, fg, bold) for piece in pieces)
    click.echo(f"{start}{line}{end}", nl=False, err=err)


def _coloured(piece: str | Styled, fg: str | None, bold: bool) -> str:
    text, fg, bold = piece if isinstance(piece, Styled) else (piece, fg, bold)
    return click.style(shown(text), fg=fg, bold=bold or None) if fg or bold else shown(text)


def as_json(value: Any) -> None:
    """Print a value for scripts; it says the same to them, and nothing to a terminal."""
    import json

    click.echo(json_shown(json.dumps(value, ensure_ascii=False, indent=2)))


class Progress:
    """A bar on stderr while something long goes on; nothing where nobody looks.

    Args:
        label: what goes on.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = sys.stderr.isatty()
        self._said = -1

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        if not self._shown or total <= 0 or 1000 * done // total == self._said:
            return
        self._said = 1000 * done // total
        width = 30
        full = width * done // total
        bar = "█" * full + "·" * (width - full)
        end = "\n" if done >= total else ""
        say(f"{self._label} {bar} {done}/{total}", start="\r", end=end, err=True)


def name_of(path: Path) -> bytes:
    """A file's name as bytes, whatever its encoding."""
    return os.fsencode(path.name)


def text(word: str) -> str:
    r"""A person's word as text; bytes that are not UTF-8 become ``\xNN``, as in files' names.

    What is pasted may hold control characters: they go.
    """
    return plain_lines(os.fsencode(word).decode("utf-8", "backslashreplace"))


def day(word: str | None) -> date | None:
    """A day as typed, 31.12.2026 or 2026-12-31; None where none was typed.

    Raises:
        UsageFault: ``not_a_date``.
    """
    if word is None:
        return None
    from archiver.clock import typed_day

    return typed_day(word)


def json_option(command: Any) -> Any:
    """The option ``--json`` of every command that prints data."""
    return click.option("--json", "json_", is_flag=True, help=tr("Print JSON for scripts."))(
        command
    )


def id_argument(command: Any) -> Any:
    """The argument of every command about one document."""
    return click.argument("id_", metavar="ID", type=text)(command)


def reason_option(command: Any) -> Any:
    """The option ``--reason`` of every command that wants a person's words."""
    return click.option("--reason", required=True, type=text, help=tr("Why, in your words."))(
        command
    )


def write_new(target: Path, write: Callable[[BinaryIO], None]) -> None:
    """Have a file written that is not there yet; half a file is never left.

    Raises:
        Refusal: ``output_exists`` or ``output_unwritable``.
    """
    try:
        with target.open("xb") as sink:
            try:
                write(sink)
                sink.flush()
            except BaseException:
                target.unlink()
                raise
    except FileExistsError:
        raise output_exists(target) from None
    except OSError as error:
        raise Refusal("output_unwritable", path=str(target)) from error


def output_exists(target: Path) -> Refusal:
    """The refusal to overwrite a file, with its exit code."""
    refusal = Refusal("output_exists", path=str(target))
    refusal.exit_code = ExitCode.OUTPUT_EXISTS
    return refusal

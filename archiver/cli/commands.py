"""All commands of the command line, by what people come for: finding, bringing, looking after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from archiver import __version__
from archiver.plaintext import shown
from archiver.tongue import N_, NN_, is_german, tr

# Texts of the library behind the command line, so that the catalogue has them.
_OF_CLICK = (
    N_("Usage:"),
    N_("Options"),
    N_("Positional arguments"),
    N_("Commands"),
    N_("Show the version and exit."),
    N_("Show this message and exit."),
    N_("default: {default}"),
    N_("required"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("No such command {name!r}."),
    N_("No such option {name!r}."),
    N_("{value!r} is not a valid {number_type}."),
    N_("Aborted!"),
    NN_("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    NN_("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    NN_("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given."),
    NN_("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    NN_(
        "{value!r} does not match the format {format}.",
        "{value!r} does not match the formats {formats}.",
    ),
    NN_(
        "{len_type} values are required, but {len_value} was given.",
        "{len_type} values are required, but {len_value} were given.",
    ),
    NN_("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    N_("Option {name!r} does not take a value."),
    N_("Argument {name!r} takes {nargs} values."),
    N_("Missing {param_type}"),
    N_("Missing parameter: {param_name}"),
    N_("Choose from:\n\t{choices}"),
    N_("{value} is not in the range {range}."),
    N_("{value!r} is not a valid boolean. Recognized values: {states}"),
    N_("{value!r} is not a valid UUID."),
    N_("file"),
    N_("directory"),
    N_("path"),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("{name} {filename!r} is not writable."),
    N_("{name} {filename!r} is not executable."),
    N_("{name} {filename!r} does not exist."),
    N_("Could not open file {filename!r}: {message}"),
    N_("unknown error"),
    N_("env var: {var}"),
    N_("(dynamic)"),
    N_("deprecated"),
    N_("%(prog)s, version %(version)s"),
    N_("Do you want to continue?"),
    N_("Confirm the action without prompting."),
    N_("Repeat for confirmation"),
    N_("Error: The two entered values do not match."),
    N_("Error: invalid input"),
    N_("Press any key to continue..."),
)


# What stands for a value in a command's usage, those of the library too.
_METAVARS = (
    N_("[OPTIONS]"), N_("COMMAND [ARGS]..."), N_("[COMMAND] [ARGS]..."), N_("CLASS"), N_("CODE"),
    N_("DATE"), N_("[DATE]"), N_("DAY"), N_("DAYS"), N_("DIR"), N_("DIRECTORY"),
    N_("[DOCUMENT]..."), N_("DOCUMENT"), N_("DOSSIER"), N_("EVENT"), N_("FILE"),
    N_("FILE..."), N_("FOLDER"), N_("HEAD"),
    N_("[ID]..."), N_("ID:PAGE"), N_("ID:PAGE:LEFT,TOP,RIGHT,BOTTOM=GROUND"), N_("INTEGER"),
    N_("INTEGER RANGE"), N_("KEY"), N_("NAME"), N_("NAME=VALUE..."), N_("[NAME=VALUE]..."),
    N_("NUMBER"), N_("OLD=NEW"), N_("[PAGES]"), N_("PATH"), N_("PERCENT"), N_("PLACE"), N_("QUERY"),
    N_("QUERY..."), N_("REFERENCE"), N_("REPOSITORY"), N_("SAMPLE"), N_("[SAMPLE]"), N_("SCOPE"),
    N_("TARGET..."), N_("TEXT"), N_("UNIT..."), N_("VERSION"), N_("WORD"), N_("WORD=GROUND"),
    N_("YEARS"),
)  # fmt: skip


# In the order in which people need them; a module is loaded when one of its commands is asked for.
_COMMANDS = {
    "init": "bringing",
    "run": "bringing",
    "status": "bringing",
    "add": "bringing",
    "search": "finding",
    "show": "finding",
    "get": "finding",
    "open": "finding",
    "retry": "bringing",
    "dismiss": "bringing",
    "withdraw": "bringing",
    "review": "reviewing",
    "correct": "changing",
    "replace": "changing",
    "restore": "changing",
    "release": "changing",
    "qc": "quality",
    "note": "quality",
    "dossier": "dossier",
    "retention": "retaining",
    "hold": "holding",
    "batch": "disposing",
    "export": "remains",
    "certificate": "remains",
    "disclose": "disclosing",
    "purge": "purging",
    "labels": "printing",
    "learn": "teaching",
    "evaluate": "teaching",
    "check": "upkeep",
    "doctor": "upkeep",
    "clock": "upkeep",
    "verify": "upkeep",
    "backup": "backup",
    "alarm": "alarming",
    "ledger": "ledger",
    "procedure": "procedure",
    "reindex": "upkeep",
    "rebuild": "upkeep",
}


class _Root(click.Group):
    """Finds commands in their modules, and says of wrong words only what can be read."""

    def make_context(self, *given: Any, **named: Any) -> click.Context:
        """Parse the words of the root."""
        with _harmless():
            return super().make_context(*given, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the words of a command, and run it."""
        with _harmless():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"archiver.cli.{_COMMANDS[cmd_name]}")
        return _worded(module.COMMANDS[cmd_name])


def _worded(command: click.Command) -> click.Command:
    """A command, and all below it, whose usage speaks the language in use."""
    if not is_german():
        return command
    if command.options_metavar:
        command.options_metavar = tr(command.options_metavar)
    for param in command.params:
        spelled = param.make_metavar(click.Context(command))
        # What lists its choices, or has no value, stays as it is.
        if (known := tr(spelled)) != spelled:
            param.metavar = known
    if isinstance(command, click.Group):
        command.subcommand_metavar = tr(command.subcommand_metavar)
        for inner in command.commands.values():
            _worded(inner)
    return command


@contextmanager
def _harmless() -> Iterator[None]:
    """The library tells words that it cannot take: names of files that a shell filled in, too."""
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = shown(error.message, one_line=True)
        raise


@click.group(
    cls=_Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    help=tr(
        "Archive of scanned paper: recognises what is dropped into a folder, files it, and finds"
        " it again by any word on it.\n\nExample: archiver search Baugenehmigung"
    ),
)
@click.option(
    "-c",
    "--config",
    # Whether it can be read is told in the house's own words.
    type=click.Path(path_type=Path, dir_okay=False, readable=False),
    help=tr("Configuration; else ARCHIVER_CONFIG, ./config.toml or /etc/archiver/config.toml."),
)
@click.version_option(__version__, "--version", message="archiver %(version)s")
def root(config: Path | None) -> None:
    """Parse what all commands share."""
    del config


_worded(root)

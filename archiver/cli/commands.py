"""All commands of the command line, by what people come for: finding, bringing, looking after."""

from __future__ import annotations

from pathlib import Path

import click

from archiver import __version__
from archiver.cli import bringing, finding, upkeep
from archiver.phrases import tr
from archiver.sentences import N_

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
)


class _Root(click.Group):
    """Lists commands in the order in which people need them, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


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
    type=click.Path(path_type=Path, dir_okay=False),
    help=tr("Configuration; else ARCHIVER_CONFIG, ./config.toml or /etc/archiver/config.toml."),
)
@click.version_option(__version__, "--version", message="archiver %(version)s")
def root(config: Path | None) -> None:
    """Parse what all commands share."""
    del config


for _command in (
    bringing.init,
    bringing.run,
    bringing.status,
    bringing.add,
    finding.search,
    finding.show,
    finding.get,
    finding.open_,
    bringing.retry,
    bringing.dismiss,
    bringing.withdraw,
    upkeep.check,
    upkeep.verify,
    upkeep.reindex,
    upkeep.rebuild,
):
    root.add_command(_command)

"""All commands of the command line, by what people come for: finding, bringing, looking after."""

from __future__ import annotations

from pathlib import Path

import click

from archiver import __version__
from archiver.cli import bringing, finding, upkeep
from archiver.phrases import tr


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

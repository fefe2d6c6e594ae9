"""Prints docs/cli.md: the command line as its own help tells it, in English at 80 columns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from archiver.cli.commands import root

COMMAND = Path(sys.executable).with_name("archiver")
ENVIRONMENT = {
    "ARCHIVER_LANGUAGE": "en",
    "COLUMNS": "80",
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
}

HEAD = """\
# The command line

This page is made from the commands' own help: `make docs`.

Exit codes: 0 done (also: nothing found) · 1 fault in the program · 2 wrong usage · 3 done, with
findings (something went to quarantine) · 10 configuration · 11 recognition engine missing ·
12 archive in use · 13 not found · 14 refused · 15 stored bytes are not what they were ·
16 output exists · 130 interrupted.
"""


def help_of(command: str = "") -> str:
    """The help of one command, such as "search" or "labels sheets"."""
    asked = [str(COMMAND), *command.split(), "--help"]
    ended = subprocess.run(asked, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    return ended.stdout.rstrip()


def names() -> list[str]:
    """All commands in the order in which the help lists them, each group before its own."""
    found = []
    for name, command in _commands(root):
        found.append(name)
        if isinstance(command, click.Group):
            found += [f"{name} {inner}" for inner, _command in _commands(command)]
    return found


def _commands(group: click.Group) -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    listed = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [(name, command) for name, command in listed if command is not None]


def page() -> str:
    """The whole page."""
    parts = [HEAD, f"## archiver\n\n```\n{help_of()}\n```\n"]
    parts += [f"## archiver {name}\n\n```\n{help_of(name)}\n```\n" for name in names()]
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")

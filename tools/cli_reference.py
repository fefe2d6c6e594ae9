"""Prints docs/cli.md: the command line as its own help tells it, in English at 80 columns."""

from __future__ import annotations

import click

from archiver import tongue

# The help is worded when a command is loaded, so the language comes first.
tongue.use("en")

from archiver.cli.commands import root  # noqa: E402

_WIDTH = 78  # of the text, as the library sets it on a terminal of 80 columns

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
    asked: click.Command = root
    context = root.context_class(
        root, info_name="archiver", terminal_width=_WIDTH, **root.context_settings
    )
    for word in command.split():
        assert isinstance(asked, click.Group)
        found = asked.get_command(context, word)
        assert found is not None, command
        context, asked = found.context_class(found, context, info_name=word), found
    return asked.get_help(context).rstrip()


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

"""Every command explains itself, and its page in docs is what it says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.town import COMMAND
from tools import cli_reference, message_table

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_is_what_the_commands_say() -> None:
    stale = "docs/cli.md is stale: run make docs"
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == cli_reference.page(), stale


def test_the_messages_are_what_is_said() -> None:
    stale = "docs/messages.md is stale: run make docs"
    assert (ROOT / "docs" / "messages.md").read_text(encoding="utf-8") == message_table.page(), (
        stale
    )


@pytest.mark.parametrize("name", cli_reference.names())
def test_every_command_has_help_with_an_example(name: str) -> None:
    text = cli_reference.help_of(name)
    assert f"Example: archiver {name}" in text
    assert max(map(len, text.splitlines())) <= 80


def test_german_help_is_german() -> None:
    assert "Aufruf:" in printed("de", "--help")
    assert "Befehle:" in printed("de", "--help")


def test_the_page_says_what_the_command_prints() -> None:
    assert printed("en", "labels", "sheets", "--help") == cli_reference.help_of("labels sheets")


def printed(language: str, *arguments: str) -> str:
    """What the command itself prints."""
    environment = {**os.environ, "ARCHIVER_LANGUAGE": language, "COLUMNS": "80"}
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, check=True, env=environment
    ).stdout.rstrip()

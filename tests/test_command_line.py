"""Every command explains itself, and its page in docs is what it says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

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
    environment = {**cli_reference.ENVIRONMENT, "ARCHIVER_LANGUAGE": "de"}
    text = subprocess.run(
        [cli_reference.COMMAND, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout
    assert "Aufruf:" in text
    assert "Befehle:" in text

"""Whatever the library behind the command line says, it says in the language in use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from archiver import tongue
from tools import catalogue

LIBRARY = Path(click.__file__).parent
# Editors, other systems, completion and streams, which no command has.
UNUSED = {"_termui_impl.py", "_winconsole.py", "shell_completion.py", "utils.py"}
# Told to whoever writes a command, never to whoever calls one.
OF_PROGRAMMERS = re.compile(
    r"Deprecat|defined twice|declaration|but a name was passed|cannot use the same flag"
    r"|must be an iterable|Invalid start character|Unknown color|^Choice\("
)


def texts() -> set[str]:
    """All texts that the library hands to gettext; of two forms the first."""
    return {
        node.args[0].value
        for file in LIBRARY.glob("*.py")
        if file.name not in UNUSED
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "ngettext")
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def test_every_text_of_the_library_is_in_the_catalogue() -> None:
    with catalogue.FILE.open("rb") as file:
        known = {one.id if isinstance(one.id, str) else one.id[0] for one in read_po(file, "de")}
    found = texts()
    assert len(found) > 60 and "Aborted!" in found
    assert {text for text in found if not OF_PROGRAMMERS.search(text)} <= known


def several() -> click.Group:
    """A group whose command takes what the library can check; made in the language in use."""
    kinds: dict[str, click.ParamType] = {
        "count": click.IntRange(min=1), "share": click.FloatRange(0, 1, max_open=True),
        "number": click.INT, "decimal": click.FLOAT, "one": click.Choice(["a"]),
        "other": click.Choice(["a", "b"]), "day": click.DateTime(), "id": click.UUID,
        "sure": click.BOOL, "file": click.Path(exists=True, dir_okay=False),
        "folder": click.Path(exists=True, file_okay=False),
    }  # fmt: skip
    params: list[click.Parameter] = [
        *(click.Option([f"--{name}"], type=kind) for name, kind in kinds.items()),
        click.Option(["--two"], nargs=2),
        click.Option(["--flag"], is_flag=True),
        click.Argument(["word"]),
    ]
    return click.Group("several", {"command": click.Command("command", params=params)})


WRONG = [
    "--count 0 w", "--count x w", "--share 1 w", "--number x w", "--decimal x w", "--one b w",
    "--other c w", "--two 1", "--two", "--day x w", "--id x w", "--sure x w", "--flag=1 w",
    "--file /nowhere w", "--file / w", "--folder /etc/passwd w", "", "w w",
    "w w w", "--fla w", "--coun w", "--zzz w", "--number",
]  # fmt: skip
ENGLISH = re.compile(
    r"\b(is|not|one of|the|values?|does|requires?|was|were|given|missing|invalid|such|did|you"
    r"|valid|could|takes?|got|unexpected|integer|float|range|file|directory|path|choose)\b",
    re.IGNORECASE,
)


@pytest.fixture
def german() -> Iterator[None]:
    tongue.use("de")
    yield
    tongue.use("en")


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("words", [*(f"command {one}" for one in WRONG), "comman", "zzz"])
def test_whatever_is_wrong_with_words_is_told_in_german(words: str) -> None:
    with pytest.raises(click.ClickException) as caught:
        several().main(words.split(), standalone_mode=False)
    told = re.sub(r"'[^']*'|\"[^\"]*\"", "", caught.value.format_message())
    assert not ENGLISH.search(told), told


@pytest.mark.usefixtures("german")
def test_every_fault_of_the_library_is_told_in_german() -> None:
    made = {
        click.ClickException: click.ClickException("x"),
        click.UsageError: click.UsageError("x"),
        click.BadParameter: click.BadParameter("x", param_hint="--y"),
        click.MissingParameter: click.MissingParameter(param_hint="--y", param_type="option"),
        click.NoSuchOption: click.NoSuchOption("--y", possibilities=["--ya", "--yb"]),
        click.NoSuchCommand: click.NoSuchCommand("y", possibilities=["ya", "yb"]),
        click.BadOptionUsage: click.BadOptionUsage("--y", "x"),
        click.BadArgumentUsage: click.BadArgumentUsage("x"),
        click.FileError: click.FileError("y"),
    }
    faults = {
        one
        for one in vars(click.exceptions).values()
        if isinstance(one, type) and issubclass(one, click.ClickException)
    }
    # The last tells the help of a command, whose texts are our own.
    assert faults - set(made) == {click.exceptions.NoArgsIsHelpError}
    for one in made.values():
        told = re.sub(r"'[^']*'", "", one.format_message())
        assert not ENGLISH.search(told), told

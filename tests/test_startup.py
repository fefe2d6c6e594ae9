"""The command starts quickly because it loads little: which modules, not how many milliseconds.

The milliseconds stand in bench/startup.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.town import Town

HEAVY = {
    "PIL",
    "aiohttp",
    "img2pdf",
    "numpy",
    "ocrmypdf",
    "pdf2image",
    "pikepdf",
    "pypdfium2",
    "pytesseract",
    "sklearn",
    "sqlalchemy",
    "tesserocr",
    "watchdog",
    "whoosh",
}
_DRIVER = """
import json, os, sys
from archiver.cli import main
def end(code):
    with open(LISTING, "w") as listing:
        listing.write(json.dumps([code, sorted(sys.modules)]))
os._exit = end  # the command ends its process by it
main()
"""


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The modules that a fresh process has loaded when the command has done its work."""
    listing = folder / "loaded.json"
    program = f"LISTING = {str(listing)!r}\n{_DRIVER}"
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    code, names = json.loads(listing.read_text())
    assert code == 0, ended.stderr
    return set(names)


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("startup") / "town")
    town.once()
    return town


@pytest.fixture(scope="module")
def served(home: Town) -> Iterator[Town]:
    with home.daemon():
        yield home


def test_help_loads_nothing_of_the_archive(home: Town, tmp_path: Path) -> None:
    for arguments in (["--help"], ["search", "--help"], ["run", "--help"], ["--version"]):
        modules = loaded(tmp_path, "-c", str(home.config), *arguments)
        assert not packages(modules) & {*HEAVY, "tantivy", "asyncio", "http", "ssl", "sqlite3"}
        assert "archiver.archive" not in modules
        assert "archiver.house" not in modules


def test_a_search_in_this_process_loads_the_index_alone(home: Town, tmp_path: Path) -> None:
    modules = loaded(tmp_path, "-c", str(home.config), "search", "Friedhof")
    assert not packages(modules) & {*HEAVY, "asyncio", "http", "ssl", "sqlite3"}
    assert "tantivy" in modules
    assert "archiver.store.register" not in modules


@pytest.mark.parametrize(
    "arguments", [["search", "Friedhof"], ["status"], ["status", "--json"]], ids=" ".join
)
def test_a_question_to_the_daemon_loads_no_engine(
    served: Town, tmp_path: Path, arguments: list[str]
) -> None:
    modules = loaded(tmp_path, "-c", str(served.config), *arguments)
    assert not packages(modules) & {*HEAVY, "tantivy", "asyncio", "sqlite3"}
    assert not modules & {"archiver.house", "archiver.archive", "archiver.acts"}

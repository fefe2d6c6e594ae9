"""What becomes of tests whose corpora are absent: told, or failed, never silently passed over."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import corpora

REPOSITORY = Path(__file__).resolve().parents[1]
TESTS = ("tests/test_letters.py", "tests/test_hostile_files.py")


def run(place: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run tests that need corpora in a copy of the repository that has none beside it."""
    copy = place / "archiver"
    copy.mkdir()
    for name in ("archiver", "bench", "tests", "pyproject.toml", "config.toml", "sample_docs"):
        (copy / name).symlink_to(REPOSITORY / name)
    # Python follows links to find a file's place; the folder with the corpora has to be our own.
    (copy / "bench").unlink()
    (copy / "bench").mkdir()
    for module in (REPOSITORY / "bench").glob("*.py"):
        (copy / "bench" / module.name).write_bytes(module.read_bytes())
    inherited = {name: value for name, value in os.environ.items() if name != "ARCHIVER_CORPORA"}
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-q", *TESTS]
    return subprocess.run(
        command, cwd=copy, env={**inherited, **more}, capture_output=True, text=True, timeout=100
    )


def test_without_corpora_one_line_says_what_was_left_out(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^Left out: \d+ tests .*hostile \d+, letters \d+", done.stdout, re.M)


def test_corpora_that_were_named_and_are_absent_are_a_failure(tmp_path: Path) -> None:
    done = run(tmp_path, ARCHIVER_CORPORA=str(tmp_path / "nowhere" / "corpora"))
    assert done.returncode == 1
    assert "hostile: not below" in done.stdout and "letters: not below" in done.stdout
    assert "skipped" not in done.stdout


def test_a_shared_folder_without_the_corpora_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    done = run(tmp_path)
    assert done.returncode == 1 and "letters: not below" in done.stdout


def test_every_test_asks_in_the_same_way() -> None:
    others = [
        path.name
        for path in (REPOSITORY / "tests").glob("*.py")
        if "ARCHIVER_CORPORA" in path.read_text(encoding="utf-8")
        and path.name not in ("corpora.py", "test_corpora.py")
    ]
    assert others == []


def test_only_skips_for_want_of_corpora_are_counted() -> None:
    reasons = [corpora.LEFT_OUT + "letters", corpora.LEFT_OUT + "letters", "needs root"]
    line = corpora.summary(reasons)
    assert line is not None and line.startswith("Left out: 2 tests that need corpora (letters 2)")
    assert corpora.summary(["needs root"]) is None


def test_a_folder_without_files_is_absent(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    with pytest.raises((pytest.skip.Exception, pytest.fail.Exception), match="letters"):
        corpora.require(tmp_path / "letters")

"""Corpora for tests: a test that needs one is never left out without a word.

Where the corpora are wanted (see `bench/corpora.py`), one that is absent fails the test. Where they
are not, tests that need them are left out, and the summary has one line that says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from bench import corpora

LEFT_OUT = "no corpora: "

LETTERS = corpora.FOLDER / "letters"
PAPERS = corpora.FOLDER / "council-papers"
INVOICES = corpora.FOLDER / "e-invoices"
HOSTILE = corpora.FOLDER / "hostile"
CASES = corpora.FOLDER / "cases"
XDOMEA = corpora.SCHEMAS / "xdomea"


def needs(*folders: Path) -> pytest.MarkDecorator:
    """Mark a test, or with `pytestmark` all of a file, that needs these folders."""
    return pytest.mark.corpora(*folders)


def require(*folders: Path) -> None:
    """Go on only where these folders have something in them."""
    absent = [folder.name for folder in folders if not names(folder)]
    if absent and corpora.ARE_WANTED:
        pytest.fail(f"{', '.join(absent)}: not below {corpora.FOLDER.parent}", pytrace=False)
    if absent:
        pytest.skip(LEFT_OUT + ", ".join(absent))


def is_here(folder: Path) -> bool:
    """Whether a folder that a test can do without is here; where it is wanted, it has to be."""
    if corpora.ARE_WANTED:
        require(folder)
    return bool(names(folder))


def names(folder: Path) -> list[str]:
    """Names of the files in a folder, sorted; none where it is absent."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def each(folder: Path) -> list[str]:
    """Names to make one test of each; where it is absent one, for the test to be told of."""
    return names(folder) or ["absent"]


def summary(reasons: Iterable[str]) -> str | None:
    """One line on what was left out.

    Args:
        reasons: why tests were skipped, for whatever reason.

    Returns:
        the line, None where no test was left out for want of corpora.
    """
    absent = Counter(
        reason.partition(LEFT_OUT)[2] for reason in reasons if reason.startswith(LEFT_OUT)
    )
    if not absent:
        return None
    told = ", ".join(f"{name} {count}" for name, count in sorted(absent.items()))
    return (
        f"Left out: {absent.total()} tests that need corpora ({told}). "
        "ARCHIVER_CORPORA names their folder."
    )

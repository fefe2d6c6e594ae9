"""What all tests share: a small archive of an invented town, and examples that stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests import corpora
from tests.town import Town

# The suite has the same few examples for every commit, so that red means the commit.
# `make property-campaign` has many and random ones, and makes one that fails small.
settings.register_profile(
    "suite",
    derandomize=True,
    max_examples=50,
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate, Phase.target),
)
settings.register_profile("campaign", max_examples=400, deadline=None, print_blob=True)
settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Ask for corpora before a fixture would."""
    for mark in item.iter_markers("corpora"):
        corpora.require(*mark.args)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out for want of corpora."""
    skips = [report.longrepr for report in terminalreporter.stats.get("skipped", ())]
    line = corpora.summary(str(skip[2]).removeprefix("Skipped: ") for skip in skips)
    if line is not None:
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A new archive that settles quickly."""
    return Town(tmp_path / "town")

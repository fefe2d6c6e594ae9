"""What all tests share: a small archive of an invented town, and examples that stay."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests import corpora
from tests.places import only_root
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


# What a pure test does not do: it starts no process and talks to none.
_IMPURE = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system",
           "socket.bind", "socket.connect"}  # fmt: skip
_pure: list[str] = []  # the pure test that runs, if one does


def _watch(event: str, _arguments: tuple[object, ...]) -> None:
    if _pure and event in _IMPURE:
        raise AssertionError(f"{_pure[0]} is marked as pure, but does {event}")


sys.addaudithook(_watch)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is not pure is `process`; what calls `only_root`, or has a fixture that does, `root`."""
    for item in items:
        if item.get_closest_marker("pure") is None:
            item.add_marker("process")
        if isinstance(item, pytest.Function):
            fixtures = item._fixtureinfo.name2fixturedefs.values()
            called = [item.function, *(one.func for defs in fixtures for one in defs)]
            if any("only_root" in one.__code__.co_names for one in called):
                item.add_marker("root")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Ask for corpora and rights before a fixture would; hold pure tests to their word."""
    for mark in item.iter_markers("corpora"):
        corpora.require(*mark.args)
    if item.get_closest_marker("root") is not None:
        only_root()
    if item.get_closest_marker("pure") is not None:
        _pure.append(item.nodeid)


def pytest_runtest_teardown() -> None:
    """A pure test has ended."""
    _pure.clear()


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

"""What all tests share: a small archive of an invented town, limits, and seeds that stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.town import Town

# Seconds after which a test of a long campaign hangs; for all others pyproject.toml says it.
LONGEST_CAMPAIGN = 6 * 3600

# The suite asks the same of every commit, so that red means the commit. `make property-campaign`
# has random examples, and makes one that fails small.
settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate, Phase.target),
)
settings.register_profile("campaign", deadline=None, print_blob=True)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give long campaigns the time that they need."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONGEST_CAMPAIGN))


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A new archive that settles quickly."""
    return Town(tmp_path / "town")

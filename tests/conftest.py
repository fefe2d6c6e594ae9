"""What all tests share: a small archive of an invented town."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A new archive that settles quickly."""
    return Town(tmp_path / "town")

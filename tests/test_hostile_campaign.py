"""The short form of the campaign against hostile files; `make hostile-campaign` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import corpora
from tests.mutants import mutants, seeds
from tests.siege import besiege
from tests.town import Town

CASES = ("type3-cycle.pdf", "tiling-tiny-step.pdf", "textlayer-overflow.pdf", "escape-text.pdf")
WALL = 6


def test_mutants_are_the_same_for_the_same_seed() -> None:
    parents = seeds()
    one, two = (list(mutants(30, 7, parents)) for _ in range(2))
    assert one == two
    assert len({content for _name, content in one}) == 30
    assert list(mutants(30, 8, parents)) != one


@pytest.mark.timeout(240)
@corpora.needs(corpora.CASES)
def test_hostile_files_stop_nothing_and_leave_nothing(tmp_path: Path) -> None:
    cases = [(name, (corpora.CASES / name).read_bytes()) for name in CASES]
    files = cases + list(mutants(24, 1, seeds()))
    report = besiege(
        Town(tmp_path / "town", {"work": {"wall_seconds": WALL, "processes": 2}}), files, 120
    )
    print(report.told())
    assert not report.died
    assert report.without_outcome == []
    assert (report.changed, report.odd_words, report.left, report.errors) == ([], [], [], [])
    # The first look, a page and the PDF/A; a worker's death is tried again.
    assert report.slowest.seconds < 4 * WALL + 20
    assert max(report.searches) < 2
    # What hangs is read all the same.
    assert {one.name: one.state for one in report.outcomes}["type3-cycle.pdf"] != "quarantined"

"""A batch of disposition in bulk, in fresh processes: bounded memory, and kills leave no trace."""

from __future__ import annotations

import random
from pathlib import Path

from bench.disposition import MOST_MEMORY, cost_of, filled, fingerprint, killed_export


def test_an_export_killed_three_times_is_the_undisturbed_one(tmp_path: Path) -> None:
    town = tmp_path / "town"
    filled(town, 60, 100)
    for step in ("propose", "approve", "offer", "answer", "appraise"):
        cost_of(step, town)
    exports = town / "exports"
    moments = killed_export(town, 3, random.Random(7))
    killed = fingerprint(exports)
    assert len(moments) == 3 and list(exports.glob("*/*/data/*.zip"))
    for leftover in exports.iterdir():
        leftover.rename(tmp_path / "killed")
    cost_of("export", town)
    assert fingerprint(exports) == killed


def test_no_step_needs_more_memory_than_is_promised(tmp_path: Path) -> None:
    town = tmp_path / "town"
    filled(town, 300, 1)
    steps = ("due", "propose", "approve", "offer", "answer", "appraise", "export", "confirm")
    peaks = {step: cost_of(step, town).peak for step in (*steps, "destroy")}
    assert max(peaks.values()) <= MOST_MEMORY / 2, peaks

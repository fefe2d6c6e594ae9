"""A batch of disposition in bulk, in fresh processes: bounded memory.

That kills leave no trace in an export is seen by the short form of the measurement.
"""

from __future__ import annotations

from pathlib import Path

from bench.disposition import MOST_MEMORY, cost_of, filled


def test_no_step_needs_more_memory_than_is_promised(tmp_path: Path) -> None:
    town = tmp_path / "town"
    filled(town, 200, 1)
    steps = (
        "trust",
        "due",
        "propose",
        "approve",
        "offer",
        "answer",
        "appraise",
        "export",
        "confirm",
    )
    peaks = {step: cost_of(step, town).peak for step in (*steps, "destroy")}
    assert max(peaks.values()) <= MOST_MEMORY / 2, peaks

"""Every measurement of bench/ still works: its short form; `make bench-NAME` runs the long one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from bench import history
from tests import corpora

REPOSITORY = Path(__file__).resolve().parents[1]
BENCHES = {
    "classification": (corpora.PAPERS,),
    "disposition": (),
    "engine": (corpora.LETTERS,),
    "export": (),
    "extraction": (),
    "learning": (corpora.PAPERS,),
    "ocr": (corpora.LETTERS,),
    "rebuild": (),
    "separation": (),
    "startup": (),
}
# No measurements: a program that makes papers, one that needs Java, a helper of `ocr`, campaigns.
OTHERS = {"make_samples", "pdfa", "bare", "hostile", "soak"}


@pytest.mark.parametrize(
    "bench",
    [pytest.param(name, marks=corpora.needs(*folders)) for name, folders in BENCHES.items()],
)
def test_the_short_form_runs_and_leaves_a_line(bench: str, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    words = [sys.executable, "-m", f"bench.{bench}", "--short", "--history", str(file)]
    running = subprocess.Popen(
        words,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = running.communicate()
    finally:
        # Where it hangs, nothing that it started may go on.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 0, told
    line = msgspec.json.decode(file.read_bytes(), type=history.Line)
    assert (line.bench, line.form) == (bench, "short")
    assert line.ratios and all(ratio > 0 for ratio in line.ratios.values()), line.ratios
    assert line.machine and line.versions["python"]
    assert datetime.fromisoformat(line.at).tzinfo is not None


def test_no_measurement_is_forgotten() -> None:
    programs = {
        path.stem
        for path in (REPOSITORY / "bench").glob("*.py")
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    assert programs == {*BENCHES, *OTHERS}


def test_the_history_can_be_read() -> None:
    for line in history.FILE.read_bytes().splitlines():
        kept = msgspec.json.decode(line, type=history.Line)
        assert kept.bench in BENCHES and kept.ratios

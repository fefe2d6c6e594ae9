"""The product beside the bare engine and beside OCRmyPDF: same letters, same machine, one run.

Promises a table of processor time, pages a minute, memory and accuracy for

- *engine*: tesserocr in process, two warm processes, pixels in and text out, nothing stored;
- *archiver*: from the drop to the moment when all letters are filed and found, with vault, ledger,
  catalogue, PDF/A and index; processor time of the daemon and all it started in that time;
- *ocrmypdf*: one call a file, two at a time, one thread each;

and the two ratios that the design holds itself to. Exit code 1 where one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

# Run as a file, Python looks for modules beside it, not in the folder above.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import accuracy, processes
from bench.product import Product

MOST_OF_ENGINE = 1.5
MOST_OF_OCRMYPDF = 0.5
_DEFAULT_CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"
_CORES = len(os.sched_getaffinity(0))


class Letter(NamedTuple):
    """One page of input.

    Attributes:
        path: of the PDF.
        truth: what stands on it.
    """

    path: Path
    truth: str


class Measured(NamedTuple):
    """One way of reading all letters, once.

    Attributes:
        cpu: processor seconds.
        wall: seconds.
        memory: most bytes held at one time (PSS).
        texts: what was read, by the name of the file.
    """

    cpu: float
    wall: float
    memory: int
    texts: Mapping[str, str]


def bare_engine(letters: Sequence[Letter]) -> Measured:
    """Read with the engine alone in as many warm processes as there are cores."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.bare"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
        )
        for _ in range(_CORES)
    ]
    for worker in workers:
        _answer(worker)
    waiting = list(reversed(letters))
    texts: dict[str, str] = {}
    seconds: list[float] = []

    def drive(worker: subprocess.Popen[str]) -> None:
        while waiting:
            letter = waiting.pop()
            assert worker.stdin is not None
            worker.stdin.write(f"{letter.path}\n")
            worker.stdin.flush()
            answer = _answer(worker)
            texts[letter.path.name] = str(answer["text"])
            seconds.append(float(str(answer["seconds"])))

    with processes.PeakMemory(os.getpid()) as peak, ThreadPoolExecutor(_CORES) as pool:
        own = processes.tree_memory(os.getpid()) - sum(
            processes.tree_memory(worker.pid) for worker in workers
        )
        start = time.monotonic()
        list(pool.map(drive, workers))
        wall = time.monotonic() - start
    for worker in workers:
        worker.communicate()
    return Measured(sum(seconds), wall, peak.bytes - own, texts)


def _answer(worker: subprocess.Popen[str]) -> dict[str, object]:
    assert worker.stdout is not None
    answer: dict[str, object] = json.loads(worker.stdout.readline())
    return answer


def whole_product(letters: Sequence[Letter], folder: Path, settle: float) -> tuple[Measured, str]:
    """Drop all letters on a running daemon and wait until each is found.

    Returns:
        what was measured, and a line on where the time went and how the sum was checked.
    """
    product = Product(folder / "archive", settle)
    before_life = processes.ended_children_seconds()
    with product.daemon() as daemon:
        before = processes.processor_seconds(daemon.pid)
        with processes.PeakMemory(daemon.pid) as peak:
            start = time.monotonic()
            product.drop({letter.path.name: letter.path.read_bytes() for letter in letters})
            product.wait_filed(daemon, len(letters))
            found = product.wait_found(daemon, {item.path.name: word(item) for item in letters})
        after = processes.processor_seconds(daemon.pid)
        parts = _parts(before, after)
        texts = product.texts()
    processes.bury_orphans()
    cpu = sum(after.values()) - sum(before.values())
    # The commands that asked for texts have ended too; the daemon's own life is all but them.
    life = processes.ended_children_seconds() - before_life
    note = f"{parts}; whole life and all commands {life:.1f} s"
    return Measured(cpu, found - start, peak.bytes, texts), note

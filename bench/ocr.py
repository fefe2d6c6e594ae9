"""The product beside the bare engine and beside OCRmyPDF: same letters, same machine, one run.

Promises a table of processor time, pages a minute, memory and accuracy for

- *engine*: tesserocr in process, two warm processes, pixels in and text out, nothing stored;
- *archiver*: from the drop to the moment when all letters are read and found, with vault, ledger,
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

from bench import accuracy, corpora, history, processes
from bench.product import Product

MOST_OF_ENGINE = 1.5
MOST_OF_OCRMYPDF = 0.5
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


def whole_product(
    letters: Sequence[Letter], folder: Path, settle: float, cage: str
) -> tuple[Measured, str]:
    """Drop all letters on a running daemon and wait until each is found.

    Returns:
        what was measured, and a line on where the time went and how the sum was checked.
    """
    product = Product(folder / "archive", settle, cage)
    ended = processes.ended_children_seconds()
    with product.daemon() as daemon:
        product.wait_rest(daemon)
        before = processes.processor_seconds(daemon.pid)
        with processes.PeakMemory(daemon.pid) as peak:
            start = time.monotonic()
            product.drop({letter.path.name: letter.path.read_bytes() for letter in letters})
            product.wait_settled(daemon, len(letters))
            found = product.wait_found(daemon, {item.path.name: word(item) for item in letters})
        after = processes.processor_seconds(daemon.pid)
        parts = _parts(before, after)
        texts = product.texts()
    processes.bury_orphans()
    life = processes.ended_children_seconds() - ended
    used = sum(after.values()) - sum(before.values())
    note = f"{parts}; start of the daemon {sum(before.values()):.2f} s"
    if cage == "none":
        # A cage's processes end with their namespace, which awaits none: no check there.
        note += f"; in all {sum(after.values()):.2f} s by /proc, {life:.2f} s by wait(2) at its end"
    return Measured(used, found - start, peak.bytes, texts), note


def word(letter: Letter) -> str:
    """A word of the truth to find a letter by: the longest one of plain letters.

    Poor scans are found too, so the word is one that the engine reads.
    """
    return max((one for one in letter.truth.split() if one.isalpha()), key=len)


def _parts(before: Mapping[int, float], after: Mapping[int, float]) -> str:
    """Processor time by what the processes are."""
    sums: dict[str, float] = {}
    for pid, used in after.items():
        command = processes.command_of(pid)
        kinds = [kind for kind in ("engine_process", "reader_process") if kind in command]
        kind = kinds[0].partition("_")[0] + "s" if kinds else "daemon"
        sums[kind] = sums.get(kind, 0.0) + used - before.get(pid, 0.0)
    return ", ".join(f"{kind} {used:.2f} s" for kind, used in sorted(sums.items()))


def ocrmypdf_each(letters: Sequence[Letter], folder: Path) -> Measured:
    """Call OCRmyPDF for each letter, as many at a time as there are cores."""
    folder.mkdir()
    script = 'ocrmypdf -q --jobs 1 -l deu --sidecar "$0/$1.txt" "$2" "$0/$1"'
    names = "".join(f"{letter.path.name}\0{letter.path}\0" for letter in letters)
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    before = processes.ended_children_seconds()
    start = time.monotonic()
    xargs = subprocess.Popen(
        ["xargs", "-0", f"-P{_CORES}", "-n2", "sh", "-c", script, str(folder)],
        stdin=subprocess.PIPE,
        env=environment,
    )
    with processes.PeakMemory(xargs.pid) as peak:
        xargs.communicate(names.encode())
    wall = time.monotonic() - start
    if xargs.returncode != 0:
        raise RuntimeError("ocrmypdf failed")
    texts = {
        letter.path.name: (folder / f"{letter.path.name}.txt").read_text(encoding="utf-8")
        for letter in letters
    }
    return Measured(processes.ended_children_seconds() - before, wall, peak.bytes, texts)


def table(letters: Sequence[Letter], rounds: Mapping[str, list[Measured]]) -> str:
    """One line for each way: medians over the rounds; `cores` is how many were busy on average."""
    head = f"{'':10} {'CPU s/page':>10} {'pages/min':>10} {'cores':>5} {'peak MB':>8}"
    lines = [f"{head} {'CER':>7} {'lCER':>7} {'recall':>7}"]
    for name, measured in rounds.items():
        cpu = median(one.cpu for one in measured) / len(letters)
        speed = median(60 * len(letters) / one.wall for one in measured)
        busy = median(one.cpu / one.wall for one in measured)
        memory = max(one.memory for one in measured) / 1e6
        texts = measured[-1].texts
        ordered, placed, missed = (
            accuracy.added([how(one.truth, texts[one.path.name]) for one in letters]).rate
            for how in (accuracy.character_errors, accuracy.line_errors, accuracy.missed_words)
        )
        figures = f"{name:10} {cpu:10.2f} {speed:10.1f} {busy:5.2f} {memory:8.0f}"
        lines.append(f"{figures} {ordered:7.2%} {placed:7.2%} {1 - missed:7.1%}")
    return "\n".join(lines)


def ratio(rounds: Mapping[str, list[Measured]], other: str) -> float:
    """Processor time of the product over another's: the median of the rounds' ratios."""
    pairs = zip(rounds["archiver"], rounds[other], strict=True)
    return median(ours.cpu / theirs.cpu for ours, theirs in pairs)


def surroundings() -> str:
    """What it was measured on and with."""
    program = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    import tesserocr

    library = tesserocr.tesseract_version().splitlines()[0]
    return (
        f"{history.machine()}, load {os.getloadavg()[0]:.1f},"
        f" Python {platform.python_version()}\n"
        f"tesserocr {version('tesserocr')} ({library}), ocrmypdf {version('ocrmypdf')}"
        f" ({program.stdout.splitlines()[0]}), archiver {version('archiver')}"
    )


def _letters(corpora: Path) -> list[Letter]:
    return [
        Letter(path, path.with_suffix(".txt").read_text(encoding="utf-8"))
        for path in sorted((corpora / "letters").glob("*.pdf"))
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="each way in turn, so many times")
    parser.add_argument("--corpora", type=Path, default=corpora.FOLDER)
    parser.add_argument("--letters", type=int, help="only so many")
    parser.add_argument("--settle", type=float, default=0.5, help="seconds a file must rest")
    parser.add_argument("--folder", type=Path, help="where archives are made, on a real disk")
    parser.add_argument(
        "--cage", choices=("auto", "none"), default="auto", help="none: with a check by wait(2)"
    )
    asked = history.options(parser, letters=1, rounds=1)
    letters = _letters(asked.corpora)[: asked.letters]
    if not letters:
        parser.error(f"no letters below {asked.corpora}")
    processes.adopt_orphans()
    print(surroundings())
    print(f"input: letters of one page, 300 dpi gray: {len(letters)}; rounds: {asked.rounds}")
    rounds: dict[str, list[Measured]] = {"engine": [], "archiver": [], "ocrmypdf": []}
    for number in range(asked.rounds):
        folder = Path(tempfile.mkdtemp(prefix="archiver-bench-", dir=asked.folder))
        try:
            rounds["engine"].append(bare_engine(letters))
            measured, note = whole_product(letters, folder, asked.settle, asked.cage)
            rounds["archiver"].append(measured)
            rounds["ocrmypdf"].append(ocrmypdf_each(letters, folder / "ocrmypdf"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        told = ", ".join(f"{name} {each[-1].cpu:.1f} s" for name, each in rounds.items())
        print(f"round {number + 1}: {told}\n  of archiver: {note}", flush=True)
    print(table(letters, rounds))
    engine, ocrmypdf = ratio(rounds, "engine"), ratio(rounds, "ocrmypdf")
    print(f"archiver / engine   {engine:.2f}  (at most {MOST_OF_ENGINE})")
    print(f"archiver / ocrmypdf {ocrmypdf:.2f}  (at most {MOST_OF_OCRMYPDF})")
    ratios = {"archiver/engine": engine, "archiver/ocrmypdf": ocrmypdf}
    history.note(asked, "ocr", ratios)
    is_missed = engine > MOST_OF_ENGINE or ocrmypdf > MOST_OF_OCRMYPDF
    return int(is_missed and not asked.short)


if __name__ == "__main__":
    sys.exit(main())

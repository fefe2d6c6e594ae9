"""What learning costs the daily work: intake with and without a fit of many examples beside it.

Promises runs in turn on one daemon and one fit, which is stopped (SIGSTOP) while a run without it
is measured, so that both kinds see the same machine; and figures of the whole fit in the end.

    python -m bench.learning [--examples N] [--letters N] [--rounds N] [--corpora FOLDER] [--short]

Exits 1 where throughput with the fit is less than 0.85 of that without, median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from archiver.classify.background import Fit, Fitted, fit_in_background
from archiver.classify.examples import Example, line_of, read
from bench import corpora, history, processes
from bench.make_samples import encoded
from bench.product import Product
from bench.sample_pages import Look, arrange, printed, scanned

LEAST = 0.85
_GLANCE = 0.1
_LETTER = """
= Stadt Musterbach
Amt für Finanzen || Aktenzeichen: 22.1-{number}/2024
Rathausplatz 1 || Datum: 12.03.2024


# Mitteilung Nr. {number}

Sehr geehrte Damen und Herren,
zu Ihrem Schreiben vom 3. März 2024 teilen wir mit, dass der Betrag von {number},00 EUR
eingegangen ist. Ihre Angelegenheit wird in der nächsten Sitzung beraten; Sie erhalten
danach unaufgefordert Nachricht. Bitte geben Sie bei Rückfragen das Aktenzeichen an.

Mit freundlichen Grüßen
Im Auftrag
Quandt
"""


def letter(number: int) -> bytes:
    """A small scan of one page, gray, 200 dpi; no two are the same."""
    look = Look(dpi=200)
    chance = random.Random(number)
    page = printed(arrange(_LETTER.format(number=number), look), look, chance)
    return encoded([scanned(page, look, chance)], "JPEG", quality=60, dpi=(look.dpi, look.dpi))


def varied(papers: Sequence[Example], number: int, seed: int = 1) -> Iterator[Example]:
    """Papers made anew from real ones: other figures, lines left out, lines of like papers.

    Args:
        papers: the real ones; classes are kept.
        number: of papers to make.
        seed: decides all.
    """
    chance = random.Random(seed)
    lines = [paper.text.splitlines() for paper in papers]
    alike: dict[str, list[int]] = {}
    for place, paper in enumerate(papers):
        alike.setdefault(paper.record_class, []).append(place)
    figures = re.compile(r"\d")
    for n in range(number):
        place = chance.randrange(len(papers))
        paper = papers[place]
        other = lines[chance.choice(alike[paper.record_class])] or [""]
        text = "\n".join(
            chance.choice(other) if chance.random() < 0.15 else line
            for line in lines[place]
            if chance.random() < 0.9
        )
        text = figures.sub(lambda _: str(chance.randrange(10)), text)
        yield Example(text, paper.record_class, id=f"{n:06d}")


class Neighbour:
    """The fit that runs beside the intake, begun anew whenever it is done.

    Args:
        examples: to fit.
        folder: of the model.
    """

    def __init__(self, examples: Path, folder: Path) -> None:
        self._examples = examples
        self._folder = folder
        self._fit = self._begun()
        self.fits = 1

    def _begun(self) -> Fit:
        fit = fit_in_background(self._examples, self._folder)
        fit.process.send_signal(signal.SIGSTOP)
        return fit

    def go(self) -> None:
        """Let it run."""
        if self._fit.is_done():
            self._fit = self._begun()
            self.fits += 1
        self._fit.process.send_signal(signal.SIGCONT)

    def halt(self) -> None:
        """Let it rest."""
        if not self._fit.is_done():
            self._fit.process.send_signal(signal.SIGSTOP)

    def used(self) -> float:
        """Processor time that it has used so far, in seconds."""
        return sum(processes.processor_seconds(self._fit.process.pid).values())

    def finished(self) -> tuple[Fitted, int]:
        """Run to the end; returns the result and the most memory that it has had, in MiB."""
        self.go()
        peak = 0
        while not self._fit.is_done():
            peak = max(peak, _most_memory(self._fit.process.pid))
            time.sleep(_GLANCE)
        return self._fit.result(), peak

    def end(self) -> None:
        """Break it off."""
        self._fit.cancel()
        self._fit.process.wait()


def _most_memory(process: int) -> int:
    """The most memory that a process has had so far, in MiB; 0 where it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) >> 10
    return 0


def throughput(product: Product, daemon: subprocess.Popen[bytes], first: int, count: int) -> float:
    """Drop so many letters at once; returns documents a minute until the last one is settled."""
    before = product.settled()
    product.drop({f"letter{n}.jpg": letter(n) for n in range(first, first + count)})
    begin = time.monotonic()
    return 60 * count / (product.wait_settled(daemon, before + count) - begin)


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Make the examples, measure in turn, and let the fit end."""
    papers = list(read(options.corpora / "council-papers" / "by-type.jsonl.gz"))
    examples = folder / "examples.jsonl"
    with examples.open("wb") as target:
        for example in varied(papers, options.examples):
            target.write(line_of(example))
    product = Product(folder / "archive", 0.2)
    rates: dict[str, list[float]] = {"without": [], "with": []}
    shares = []
    with product.daemon() as daemon:
        throughput(product, daemon, 0, options.letters)  # warms engines and readers
        neighbour = Neighbour(examples, folder / "model")
        try:
            for turn in range(options.rounds):
                first = 2 * (turn + 1) * options.letters
                kinds = ("without", "with") if turn % 2 else ("with", "without")
                for place, kind in enumerate(kinds):
                    if kind == "with":
                        neighbour.go()
                    used, begin = neighbour.used(), time.monotonic()
                    number = first + place * options.letters
                    rates[kind].append(
                        round(throughput(product, daemon, number, options.letters), 2)
                    )
                    if kind == "with":
                        shares.append((neighbour.used() - used) / (time.monotonic() - begin))
                    neighbour.halt()
            begin = time.monotonic()
            fitted, peak = neighbour.finished()
        except BaseException:
            neighbour.end()
            raise
    # Within a round, since the machine may have other work that comes and goes.
    pairs = zip(rates["with"], rates["without"], strict=True)
    return {
        "examples": options.examples,
        "examples_mib": examples.stat().st_size >> 20,
        "documents_per_minute": rates,
        "ratio": round(median(a / b for a, b in pairs), 3),
        "cores_of_the_fit_beside": [round(share, 2) for share in shares],
        "fits": neighbour.fits,
        "rest_of_the_fit_s": round(time.monotonic() - begin, 1),
        "peak_mib": peak,
        "figures": msgspec.to_builtins(fitted.figures) | {"trust": None},
    }


def main() -> int:
    """Measure and print; 1 where the ratio is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--letters", type=int, default=24, help="of each run")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs")
    parser.add_argument("--corpora", type=Path, default=corpora.FOLDER)
    options = history.options(parser, examples=60, letters=1, rounds=1)
    with tempfile.TemporaryDirectory(prefix="archiver-learning-") as folder:
        result = measured(options, Path(folder))
    print(json.dumps({"machine": history.machine(), **result}, indent=2, ensure_ascii=False))
    history.note(options, "learning", {"with_fit/without": result["ratio"]})
    return int(result["ratio"] < LEAST and not options.short)


if __name__ == "__main__":
    sys.exit(main())

"""The bare engine on real letters: CPU time a page, accuracy, and what the second look for § costs.

Promises one line a page and the sums, beside the figures this project was designed by. Pages are
the JPEG images embedded in the letters, decoded to gray; rendering and assembly are not measured.

Run as ``python -m bench.engine [--engine pytesseract] [--corpora FOLDER] [--languages deu]
[--short]``.
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path
from typing import NamedTuple

from archiver.recognise.engine import GrayImage, OcrEngine, open_engine
from archiver.recognise.engine_process import read_page
from archiver.recognise.reading import quality
from archiver.records import Page
from bench import accuracy, corpora, history
from bench.accuracy import Tally

DESIGNED = "design: CER 2.17 %, lCER 1.66 %, recall 95.1 %, signs 0 of 35, 1.31 CPU s/page"


class Result(NamedTuple):
    """One page read one way.

    Attributes:
        seconds: processor time, children included.
        ordered: character errors with reading order.
        placed: character errors without it.
        missed: words.
        signs: paragraph signs.
    """

    seconds: float
    ordered: Tally
    placed: Tally
    missed: Tally
    signs: Tally


def embedded_page(path: Path) -> GrayImage:
    """The one image of a one-page PDF, as gray pixels with the resolution it is shown at."""
    import pikepdf
    from PIL import Image

    with pikepdf.open(path) as pdf:
        page = pdf.pages[0]
        (stream,) = page.get_images().values()
        image = Image.open(io.BytesIO(stream.read_raw_bytes())).convert("L")
        inches = float(page.mediabox[2] - page.mediabox[0]) / 72
    return GrayImage(image.width, image.height, round(image.width / inches), image.tobytes())


def cpu_seconds() -> float:
    """Processor time of this process and of its ended children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measured(
    engine: OcrEngine, image: GrayImage, truth: str, *, signs: bool
) -> tuple[Page, Result]:
    """Read `image` once and compare it with `truth`."""
    start = cpu_seconds()
    page = read_page(engine, image, 1, signs=signs)
    seconds = cpu_seconds() - start
    return page, Result(
        seconds,
        accuracy.character_errors(truth, page.text),
        accuracy.line_errors(truth, page.text),
        accuracy.missed_words(truth, page.text),
        accuracy.missed_signs(truth, page.text, "§"),
    )


def summary(name: str, results: list[Result]) -> str:
    """One line: rates over all pages, each counting by its length."""
    seconds = sum(result.seconds for result in results) / len(results)
    signs = accuracy.added([result.signs for result in results])
    ordered = accuracy.added([result.ordered for result in results]).rate
    placed = accuracy.added([result.placed for result in results]).rate
    missed = accuracy.added([result.missed for result in results]).rate
    return (
        f"{name}: CER {ordered:.2%}, lCER {placed:.2%}, recall {1 - missed:.1%}, "
        f"signs {signs.total - signs.errors} of {signs.total}, {seconds:.2f} CPU s/page"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("tesserocr", "pytesseract"), default="tesserocr")
    parser.add_argument("--languages", default="deu")
    parser.add_argument("--corpora", type=Path, default=corpora.FOLDER)
    parser.add_argument("--letters", type=int, help="only so many")
    asked = history.options(parser, letters=1)

    engine = open_engine(asked.engine, asked.languages)
    print(f"{engine.name}, Tesseract {engine.version()}, {asked.languages}")
    plain: dict[str, list[Result]] = {}
    signed: dict[str, list[Result]] = {}
    for path in sorted((asked.corpora / "letters").glob("*.pdf"))[: asked.letters]:
        image = embedded_page(path)
        truth = path.with_suffix(".txt").read_text(encoding="utf-8")
        kind = path.stem.rpartition("_")[2]
        _page, without = measured(engine, image, truth, signs=False)
        page, with_signs = measured(engine, image, truth, signs=True)
        plain.setdefault(kind, []).append(without)
        signed.setdefault(kind, []).append(with_signs)
        found = quality([page])
        print(
            f"{path.stem:18} confidence {found.confidence:5.1f} doubtful {found.doubtful:5.1%} "
            f"garbage {found.garbage:5.1%}  " + summary("with signs", [with_signs])
        )
    if not plain:
        parser.error(f"no letters below {asked.corpora}")
    for kind in plain:
        print(summary(f"{kind}, with signs", signed[kind]))
    alone = [result for group in plain.values() for result in group]
    both = [result for group in signed.values() for result in group]
    print(summary("all, model alone", alone))
    print(summary("all, with signs", both))
    print(DESIGNED)
    seconds = [sum(result.seconds for result in results) for results in (both, alone)]
    recall = 1 - accuracy.added([result.missed for result in both]).rate
    history.note(asked, "engine", {"signs/alone": seconds[0] / seconds[1], "recall": recall})


if __name__ == "__main__":
    main()

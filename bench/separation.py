"""Separator marks under damage: hits, false hits and milliseconds a page.

Promises printed sheets, scanned in memory with skew, noise, fading, JPEG and coffee, and one line
a treatment: how often the QR code and the patch bars were found, and processor time; then every
mark on real letters and samples, which have no separators. The same seeds give the same pages.

Run as ``python -m bench.separation [--corpora FOLDER]``.
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from archiver.records import Code
from archiver.separate import labels, marks, sheets
from bench import corpora, history

if TYPE_CHECKING:
    from PIL import Image

CREATED = datetime(2024, 3, 12, tzinfo=UTC)
KEY = b"musterbach"
MARK = sheets.SheetMark("invoice", "632.21-12/2024", "01HXYZABCDEFGHJKMNPQRSTVWX")
_ROOT = Path(__file__).resolve().parents[1]
_PAPER = 246


class Treatment(NamedTuple):
    """What a sheet goes through.

    Attributes:
        skew: degrees counter-clockwise.
        turned: 0, 90, 180 or 270 degrees counter-clockwise.
        noise: standard deviation of the gray values.
        ink: gray of the black print; more is fainter.
        quality: of the JPEG.
        coffee: rings and puddles of coffee across codes and bars.
        scale: printed smaller or larger.
    """

    skew: float = 0
    turned: int = 0
    noise: int = 12
    ink: int = 20
    quality: int = 60
    coffee: int = 0
    scale: float = 1


def drawn(pdf: bytes, dpi: int) -> Iterator[Image.Image]:
    """Draw the pages of a PDF, in gray."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            yield page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L")


def scanned(page: Image.Image, treatment: Treatment, seed: int = 1) -> Image.Image:
    """Let a page become a scan of its print: the same seed gives the same one."""
    from PIL import Image, ImageChops

    chance = random.Random(seed)
    ink = treatment.ink
    page = page.point([round(ink + (_PAPER - ink) * value / 255) for value in range(256)])
    if treatment.scale != 1:
        size = round(page.width * treatment.scale), round(page.height * treatment.scale)
        small = page.resize(size, Image.Resampling.LANCZOS)
        sheet = Image.new("L", page.size, _PAPER)
        sheet.paste(small, ((page.width - size[0]) // 2, (page.height - size[1]) // 2))
        page = sheet
    for _ in range(treatment.coffee):
        page = ImageChops.multiply(page, _stain(page.size, chance))
    page = page.rotate(treatment.skew, Image.Resampling.BICUBIC, fillcolor=_PAPER)
    page = page.rotate(treatment.turned, expand=True)
    grain = ImageChops.offset(_grain(treatment.noise), chance.randrange(512), chance.randrange(512))
    noise = Image.new("L", page.size)
    for x in range(0, page.width, 512):
        for y in range(0, page.height, 512):
            noise.paste(grain, (x, y))
    page = ImageChops.add(page, noise, 1, -128)
    packed = io.BytesIO()
    page.save(packed, "JPEG", quality=treatment.quality)
    return Image.open(packed).convert("L")


@cache
def _grain(noise: int) -> Image.Image:
    """A tile of gray noise around 128."""
    from PIL import Image

    chance = random.Random(noise)
    values = (min(max(round(chance.gauss(128, noise)), 0), 255) for _ in range(512 * 512))
    return Image.frombytes("L", (512, 512), bytes(values))


def _stain(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """A brown puddle with a dark rim, as a cup leaves it."""
    from PIL import Image, ImageDraw, ImageFilter

    layer = Image.new("L", size, 255)
    draw = ImageDraw.Draw(layer)
    radius = round(size[0] * chance.uniform(0.12, 0.25))
    x, y = chance.randrange(size[0]), chance.randrange(size[1])
    box = (x - radius, y - radius, x + radius, y + radius)
    draw.ellipse(box, fill=chance.randrange(150, 215))
    draw.ellipse(box, outline=chance.randrange(90, 140), width=max(radius // 9, 3))
    return layer.filter(ImageFilter.GaussianBlur(max(size[0] / 400, 1)))


def find(page: Image.Image, dpi: float) -> tuple[Code, ...]:
    """Find the marks on a picture."""
    return marks.find_codes(page.tobytes(), page.width, page.height, dpi)


TREATMENTS: dict[str, tuple[int, Treatment]] = {
    "clean, 200 dpi": (200, Treatment()),
    "skew 3, noise 25": (200, Treatment(skew=3, noise=25)),
    "skew -3, upside down": (200, Treatment(skew=-3, turned=180)),
    "on its side": (200, Treatment(skew=1.5, turned=90)),
    "faint print": (200, Treatment(skew=1, ink=135, noise=20)),
    "three coffee stains": (200, Treatment(skew=2, coffee=3)),
    "six coffee stains, noise 30": (200, Treatment(skew=-2, coffee=6, noise=30, quality=35)),
    "printed at 90 %": (200, Treatment(skew=2, scale=0.9)),
    "noise 60, JPEG 25": (200, Treatment(skew=2, noise=60, quality=25)),
    "150 dpi, skew 3": (150, Treatment(skew=3, noise=20)),
    "300 dpi, skew 3": (300, Treatment(skew=3, noise=20)),
}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=corpora.FOLDER)
    parser.add_argument("--papers", type=int, help="without separators: only so many files")
    parser.add_argument("--copies", type=int, default=10)
    arguments = history.options(parser, copies=1, papers=2)
    shares: dict[str, float] = {}
    printed = labels.separator_sheets([labels.Sheet(MARK, "Eingangsrechnung")], CREATED, key=KEY)
    text = sheets.payload(MARK, key=KEY)
    print(f"{'treatment':30} {'qr':>6} {'bars':>6} {'ms':>6}")
    for name, (dpi, treatment) in TREATMENTS.items():
        (page,) = drawn(printed, dpi)
        qr = bars = 0
        seconds = 0.0
        for seed in range(arguments.copies):
            scan = scanned(page, treatment, seed)
            start = time.process_time()
            codes = find(scan, dpi)
            seconds += time.process_time() - start
            qr += any(code.text == text for code in codes)
            bars += any(code.kind.startswith("patch") for code in codes)
        count = arguments.copies
        print(f"{name:30} {qr:3}/{count} {bars:3}/{count} {1000 * seconds / count:6.0f}")
        shares |= {f"{name}: qr": qr / count, f"{name}: bars": bars / count}
    _unmarked(arguments.corpora, arguments.papers)
    history.note(arguments, "separation", shares)


def _unmarked(place: Path, most: int | None) -> None:
    """Count marks on pages of letters, invoices and samples; there are hardly any to be found."""
    files = [
        path
        for folder in (place / "letters", place / "e-invoices", _ROOT / "sample_docs")
        for path in sorted(folder.rglob("*.pdf"))
    ]
    pages = 0
    seconds = 0.0
    for path in files[:most]:
        for number, page in enumerate(drawn(path.read_bytes(), 200), start=1):
            start = time.process_time()
            codes = find(page, 200)
            seconds += time.process_time() - start
            pages += 1
            for code in codes:
                print(f"  {path.name} page {number}: {code.kind} {code.text[:40]!r}")
    print(f"{pages} pages without separators, {1000 * seconds / max(pages, 1):.0f} ms each")


if __name__ == "__main__":
    main()

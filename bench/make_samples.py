"""Makes `sample_docs/`: the scans of an invented town, and beside them what is to be read on them.

Promises the same bytes on every run with the same versions of Pillow, fpdf2, img2pdf and pikepdf:
each paper has a seed of its own, made of its name, and no date of today gets into a file.

Run as ``python -m bench.make_samples [FOLDER]``.
"""

from __future__ import annotations

import argparse
import io
import random
import tomllib
import zlib
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bench.sample_pages import A4, FACES, Look, Sheet, arrange, printed, scanned, stamped
from bench.sample_papers import PAPERS, Paper

FOLDER = Path(__file__).resolve().parent.parent / "sample_docs"
GRAY_QUALITY = 55
JP2_RATIO = 24
HEADER = """\
# What is to be read on the sample papers, one table a file; see README.md.
# Made by bench/make_samples.py; change bench/sample_papers.py instead.
"""


def make(paper: Paper) -> tuple[bytes, str]:
    """One sample file.

    Returns:
        Its bytes, and its exact text: pages parted by a form feed, a stamp's lines after the
        first page's own, a blank page empty.
    """
    chance = random.Random(zlib.crc32(paper.name.encode()))
    sheets = [arrange(markup, paper.look) for markup in paper.pages]
    if paper.stamp:
        sheets[0].text += ["", *paper.stamp.lines]
    text = "\f".join("\n".join(sheet.text).strip("\n") + "\n" for sheet in sheets)
    if paper.container == "text_pdf":
        return born_digital(sheets), text
    born = 1 if paper.container == "mixed_pdf" else 0
    images = [
        scan(sheet, paper, chance, first=number == 0)
        for number, sheet in enumerate(sheets)
        if number >= born
    ]
    data = contained(images, paper)
    return (joined([born_digital(sheets[:born]), data]) if born else data), text


def scan(sheet: Sheet, paper: Paper, chance: random.Random, *, first: bool) -> Image.Image:
    """The picture of one page."""
    page = printed(sheet, paper.look, chance)
    if first and paper.stamp:
        page = stamped(page, paper.stamp, paper.look.dpi, chance)
    return scanned(page, paper.look, chance)


def contained(images: list[Image.Image], paper: Paper) -> bytes:
    """The pictures as the kind of file the paper asks for."""
    dpi = (paper.look.dpi, paper.look.dpi)
    match paper.container:
        case "jpeg":
            return encoded(images, "JPEG", quality=GRAY_QUALITY, dpi=dpi)
        case "png":
            return encoded(images, "PNG", dpi=dpi, optimize=True)
        case "jp2":
            return encoded(images, "JPEG2000", quality_mode="rates", quality_layers=[JP2_RATIO])
        case "tiff_jpeg":
            return encoded(images, "TIFF", compression="jpeg", quality=GRAY_QUALITY, dpi=dpi)
        case "tiff_g4":
            return encoded(images, "TIFF", compression="group4", dpi=dpi)
        case _:
            return scan_pdf(images, paper.look)


def encoded(images: list[Image.Image], form: str, **options: object) -> bytes:
    """The pictures encoded by Pillow; more than one makes a file of several pages."""
    out = io.BytesIO()
    first, *rest = images
    more = {"save_all": True, "append_images": rest} if rest else {}
    first.save(out, form, **options, **more)
    return out.getvalue()


def scan_pdf(images: list[Image.Image], look: Look) -> bytes:
    """A PDF of pictures: G4 for black and white, JPEG for gray."""
    import img2pdf

    form: dict[str, object] = (
        {"form": "TIFF", "compression": "group4"}
        if look.bitonal
        else {"form": "JPEG", "quality": GRAY_QUALITY}
    )
    dpi = (look.dpi, look.dpi)
    files = [encoded([image], **form, dpi=dpi) for image in images]  # type: ignore[arg-type]
    layout = img2pdf.get_fixed_dpi_layout_fun(dpi)
    made: bytes = img2pdf.convert(
        files, layout_fun=layout, nodate=True, engine=img2pdf.Engine.internal
    )
    return made


def born_digital(sheets: list[Sheet]) -> bytes:
    """A PDF with real text, as an office program writes it; without stamps and signatures."""
    import fpdf

    pdf = fpdf.FPDF(unit="pt", format=A4)
    pdf.set_creation_date(datetime(2024, 4, 17, 9, 30, tzinfo=UTC))
    pdf.set_auto_page_break(False)
    fonts = {(run.face, run.bold) for sheet in sheets for run in sheet.runs}
    for face, bold in sorted(fonts):
        pdf.add_font(face, "B" if bold else "", FACES[face][bold])
    for sheet in sheets:
        pdf.add_page()
        pdf.set_line_width(0.6)
        for rule in sheet.rules:
            pdf.line(*rule)
        for run in sheet.runs:
            pdf.set_font(run.face, "B" if run.bold else "", run.size)
            pdf.text(run.x, run.y, run.text)
    return bytes(pdf.output())


def joined(parts: list[bytes]) -> bytes:
    """The PDFs one after the other as one PDF."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.new() as whole:
        for part in parts:
            with pikepdf.open(io.BytesIO(part)) as opened:
                whole.pages.extend(opened.pages)
        whole.save(out, deterministic_id=True)
    return out.getvalue()


def expected(paper: Paper) -> str:
    """The paper's table in expected.toml; fields that it does not have are left out."""
    blank = [number for number, page in enumerate(paper.pages, 1) if not page]
    fields: dict[str, object] = {
        "file": paper.name,
        "class": paper.kind,
        "pages": len(paper.pages),
        "blank_pages": blank,
        "reference": paper.reference,
        "letter_date": paper.letter_date,
        "received_date": paper.received,
        "sender": paper.sender,
        "recipient": paper.recipient,
        "subject": paper.subject,
        "amount": paper.amount,
        "iban": paper.iban,
        "find": list(paper.find),
        "shows": paper.shows,
    }
    lines = [f"{key} = {_toml(key, value)}" for key, value in fields.items() if value]
    return "\n".join(["[[document]]", *lines, ""])


def _toml(key: str, value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml("", item) for item in value) + "]"
    if isinstance(value, int) or key.endswith("_date"):
        return str(value)
    return f'"{value}"'


def write(folder: Path) -> int:
    """Make all samples anew in the folder, and remove those the list no longer has.

    Returns:
        The bytes of all sample files together.
    """
    texts = folder / "expected"
    texts.mkdir(parents=True, exist_ok=True)
    listed = folder / "expected.toml"
    if listed.exists():
        for document in tomllib.loads(listed.read_text("utf-8"))["document"]:
            (folder / document["file"]).unlink(missing_ok=True)
            (texts / (document["file"] + ".txt")).unlink(missing_ok=True)
    total = 0
    for paper in PAPERS:
        data, text = make(paper)
        (folder / paper.name).write_bytes(data)
        (texts / (paper.name + ".txt")).write_text(text, "utf-8")
        total += len(data)
        print(f"{len(data):>9,} bytes  {paper.name}")
    listed.write_text("\n".join([HEADER, *map(expected, PAPERS)]), "utf-8")
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    total = write(parser.parse_args().folder)
    print(f"{total:>9,} bytes in {len(PAPERS)} files")


if __name__ == "__main__":
    main()

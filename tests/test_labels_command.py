"""`archiver labels`: what was asked for is on the paper, for people and for the reader of codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from archiver import tongue
from archiver.cli.printing import _wording
from archiver.config import load
from archiver.errors import ExitCode
from archiver.records import Code
from archiver.separate.labels import Wording
from archiver.separate.marks import find_codes
from archiver.separate.sheets import Mark, NumberMark, SheetMark, read
from tests.town import Town

DPI = 150.0


def scanned(pdf: Path) -> Iterator[tuple[tuple[Code, ...], str]]:
    """The codes and the text of each page, from its pixels and for people."""
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            picture = page.render(scale=DPI / 72, grayscale=True).to_pil().convert("L")
            codes = find_codes(picture.tobytes(), *picture.size, DPI)
            yield codes, page.get_textpage().get_text_range()


def marks(codes: tuple[Code, ...]) -> list[Mark]:
    return [mark for code in codes if (mark := read(code)) is not None]


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return tmp_path / "sheets.pdf"


@pytest.fixture
def made(town: Town, pdf: Path) -> Callable[..., Any]:
    """Makes a PDF and gives what the command tells of it."""

    def make(*arguments: str) -> Any:
        return town.json("labels", *arguments, "-o", str(pdf))

    return make


def test_a_sheet_says_class_reference_and_dossier_to_readers_and_to_people(
    made: Callable[..., Any], pdf: Path
) -> None:
    words = ("--class", "dog_tax", "--reference", " 632.21-12/2024", "--dossier", "D-17")
    told = made("sheets", *words, "--title", "Hund Ğölü", "--copies", "2")
    mark = SheetMark("dog_tax", "632.21-12/2024", "D-17")
    pages = list(scanned(pdf))
    assert len(pages) == told["pages"] == 2
    for number, (codes, text) in enumerate(pages, start=1):
        assert marks(codes) == [mark, mark]
        assert {"patch_t"} <= {code.kind for code in codes}
        for wanted in ("Separator sheet", "Hundesteuer – dog_tax", "632.21-12/2024", "Hund Ğölü"):
            assert wanted in text
        sheet = told["sheets"][number - 1]
        assert sheet["page"] == number
        assert sheet["says"] in {code.text for code in codes}
        said = (sheet["class"], sheet["reference"], sheet["dossier"])
        assert said == ("dog_tax", "632.21-12/2024", "D-17")


def test_a_plain_sheet_only_separates(made: Callable[..., Any], pdf: Path) -> None:
    told = made("sheets")
    (codes, text), *others = scanned(pdf)
    assert others == []
    assert marks(codes) == [SheetMark(), SheetMark()]
    assert text.count("not given") == 3
    assert told["sheets"][0]["class"] is None


def test_all_gives_one_sheet_for_each_class_of_the_plan(
    made: Callable[..., Any], pdf: Path, town: Town
) -> None:
    text = "\n".join(f'[[class]]\nkey = "class_{n}"\ntitle = "Sache {n}"' for n in range(3))
    (town.root / "filingplan.toml").write_text(text, encoding="utf-8")
    told = made("sheets", "--all")
    keys = [f"class_{n}" for n in range(3)]
    assert [marks(codes)[0] for codes, _text in scanned(pdf)] == [SheetMark(key) for key in keys]
    assert [sheet["class"] for sheet in told["sheets"]] == keys


@pytest.mark.parametrize("symbol", ["qr", "code128"])
def test_labels_carry_their_numbers_in_order(
    made: Callable[..., Any], pdf: Path, symbol: str
) -> None:
    words = ("--from", "99", "--count", "26", "--skip", "1", "--symbol", symbol)
    told = made("numbers", *words)
    wanted = [f"ASN{number:06}" for number in range(99, 125)]
    assert told["pages"] == 2
    assert [(label["page"], label["number"]) for label in told["labels"]] == [
        (1 if place < 23 else 2, number) for place, number in enumerate(wanted)
    ]
    for page, (codes, text) in enumerate(scanned(pdf), start=1):
        here = {label["number"] for label in told["labels"] if label["page"] == page}
        assert {NumberMark(number) for number in here} == set(marks(codes))
        assert {label["says"] for label in told["labels"] if label["page"] == page} == {
            code.text for code in codes
        }
        assert all(number in text for number in here)


def test_prefix_and_digits_are_the_towns_own(made: Callable[..., Any], pdf: Path) -> None:
    words = ("--from", "7", "--count", "24", "--prefix", "RH-", "--digits", "4")
    assert made("numbers", *words)["pages"] == 1
    ((codes, _text),) = scanned(pdf)
    assert set(marks(codes)) == {NumberMark(f"RH-{number:04}") for number in range(7, 31)}


def test_a_barcode_that_no_folder_would_read_is_not_printed(town: Town, pdf: Path) -> None:
    words = ("--from", "7", "--count", "1", "--prefix", "RH", "--symbol", "code128")
    ended = town.command("labels", "numbers", *words, "-o", str(pdf))
    assert ended.returncode == ExitCode.USAGE
    assert "ASN" in ended.stderr
    assert not pdf.exists()
    # A folder that takes them makes them worth printing.
    pipeline = town.root / "pipelines" / "numbered.toml"
    pipeline.write_text('folder = "incoming"\n[separate]\nprefix = "RH"\n', encoding="utf-8")
    (town.root / "pipelines" / "incoming.toml").unlink()
    assert town.command("labels", "numbers", *words, "-o", str(pdf)).returncode == 0
    ((codes, _text),) = scanned(pdf)
    assert [read(code, prefix="RH") for code in codes] == [NumberMark("RH000007")]


@pytest.mark.parametrize(
    ("asked", "nearest"), [("dog_taks", "dog_tax"), ("Hundesteuern", "dog_tax"), ("", "")]
)
def test_a_class_that_is_not_in_the_plan_is_refused_with_the_nearest_keys(
    town: Town, pdf: Path, asked: str, nearest: str
) -> None:
    ended = town.command("labels", "sheets", "--class", asked, "-o", str(pdf))
    assert ended.returncode == ExitCode.USAGE
    assert f"“{asked}”" in ended.stderr
    keys = [one.key for one in load(town.config).classes]
    named = ended.stderr.splitlines()[-1].rstrip(".").partition(": ")[2].split(", ")
    assert len(named) == 3
    assert set(named) <= set(keys)
    assert named[0] == nearest or not nearest
    assert not pdf.exists()


def test_all_goes_with_no_other_mark(town: Town, pdf: Path) -> None:
    for more in (("--class", "dog_tax"), ("--reference", "1"), ("--title", "x")):
        ended = town.command("labels", "sheets", "--all", *more, "-o", str(pdf))
        assert ended.returncode == ExitCode.USAGE
        assert not pdf.exists()


def test_a_file_that_is_there_is_overwritten_only_by_force(town: Town, pdf: Path) -> None:
    pdf.write_bytes(b"my own")
    words = ("labels", "sheets", "-o", str(pdf))
    ended = town.command(*words)
    assert ended.returncode == ExitCode.OUTPUT_EXISTS
    assert str(pdf) in ended.stderr
    assert pdf.read_bytes() == b"my own"
    assert town.command(*words, "--force").returncode == 0
    assert pdf.read_bytes().startswith(b"%PDF")
    assert [path.name for path in pdf.parent.glob("*.pdf*")] == [pdf.name]
    beside = town.command("labels", "sheets", "-o", str(pdf / "no" / "x.pdf"))
    assert beside.returncode == ExitCode.REFUSED


def test_it_needs_no_archive_and_speaks_the_configured_language(town: Town, pdf: Path) -> None:
    """Vault, ledger and catalogue may be anybody's: only the configuration is read."""
    town.configure({"ui": {"language": "de"}})
    (town.root / "catalogue.db").write_bytes(b"no database")
    ended = town.command("labels", "sheets", "--class", "dog_tax", "-o", str(pdf))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert str(pdf) in ended.stdout
    assert "Seite" in ended.stdout
    ((_codes, text),) = scanned(pdf)
    assert "Trennblatt" in text
    missing = town.command("labels", "sheets", "--class", "nichts", "-o", str(pdf))
    assert "Aktenplan" in missing.stderr
    town.configure({"ui": {"language": "?"}})
    assert town.command("labels", "sheets", "-o", str(pdf)).returncode == ExitCode.CONFIG


def test_german_sheets_have_the_words_that_sheets_always_had() -> None:
    tongue.use("de")
    try:
        assert _wording() == Wording()
    finally:
        tongue.use("en")

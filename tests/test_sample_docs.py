"""The sample papers are what their list says, and making them anew changes no byte."""

from __future__ import annotations

import random
import re
import time
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from archiver.recognise.blank import looks_blank
from bench import make_samples
from bench.sample_pages import Look, Stamp, arrange, printed, scanned, stamped, wrap
from bench.sample_papers import PAPERS

FOLDER = Path(__file__).resolve().parent.parent / "sample_docs"
DOCUMENTS: list[dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))[
    "document"
]
CLASSES = {
    "building_application", "building_permit", "by_law", "council_minutes", "council_paper",
    "dog_tax", "housing_benefit", "invoice", "leave", "letter", "offence", "special_use",
    "trade_registration",
}  # fmt: skip
each = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["file"])


def truth(document: dict[str, Any]) -> list[str]:
    return (FOLDER / "expected" / f"{document['file']}.txt").read_text("utf-8").split("\f")


def flat(text: str) -> str:
    """The text in one line, with words parted at a line's end put together again."""
    return " ".join(re.sub(r"(?<=[a-zäöüß])-\n(?=[a-zäöüß])", "", text).split())


def test_made_anew_they_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    make_samples.write(tmp_path)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    kept = {p.relative_to(FOLDER): p.read_bytes() for p in FOLDER.rglob("*") if p.is_file()}
    del kept[Path("README.md")]
    assert made.keys() == kept.keys()
    assert [str(name) for name in made if made[name] != kept[name]] == []


def test_a_paper_that_left_the_list_leaves_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    born_digital = [paper for paper in PAPERS if paper.container == "text_pdf"]
    (tmp_path / "expected").mkdir()
    gone, own = tmp_path / "gone.pdf", tmp_path / "a clerk's own.pdf"
    gone.write_bytes(b"%PDF")
    own.write_bytes(b"%PDF")
    (tmp_path / "expected.toml").write_text('[[document]]\nfile = "gone.pdf"\n', "utf-8")
    monkeypatch.setattr(make_samples, "PAPERS", born_digital)
    make_samples.write(tmp_path)
    assert not gone.exists()
    assert own.exists()
    assert (tmp_path / born_digital[0].name).exists()


def test_no_date_of_today_gets_into_a_born_digital_paper() -> None:
    paper = next(paper for paper in PAPERS if paper.container == "text_pdf")
    first, _ = make_samples.make(paper)
    second_ends = int(time.time()) + 1
    while time.time() < second_ends:  # PDF dates count seconds
        again, _ = make_samples.make(paper)
    assert again == first


def test_they_are_small_and_varied() -> None:
    files = [FOLDER / document["file"] for document in DOCUMENTS]
    assert sum(path.stat().st_size for path in files) < 5_000_000
    assert {path.suffix for path in files} == {".pdf", ".tif", ".jpg", ".png", ".jp2"}
    assert {document["class"] for document in DOCUMENTS} == CLASSES
    on_disk = {p.name for p in FOLDER.iterdir() if p.is_file()} - {"README.md", "expected.toml"}
    assert on_disk == {path.name for path in files}
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert [path.name for path in files if f"`{path.name}`" not in readme] == []


@each
def test_pages_and_blank_pages_are_counted_right(document: dict[str, Any]) -> None:
    path = FOLDER / document["file"]
    if path.suffix == ".pdf":
        with pikepdf.open(path) as pdf:
            count = len(pdf.pages)
    else:
        with Image.open(path) as image:
            count = getattr(image, "n_frames", 1)
    pages = truth(document)
    assert count == document["pages"] == len(pages)
    blank = [number for number, page in enumerate(pages, 1) if not page.strip()]
    assert blank == document.get("blank_pages", [])


@each
def test_what_is_expected_stands_on_the_paper(document: dict[str, Any]) -> None:
    text = flat("\n".join(truth(document)))
    wanted = [*document["find"], document.get("reference", ""), document.get("iban", "")]
    assert [words for words in wanted if words not in text] == []
    if "amount" in document:
        whole, cents = document["amount"].split(".")
        assert f"{int(whole):,}".replace(",", ".") + "," + cents in text
    assert "¦" not in text


@each
def test_dates_are_dates_and_stamps_come_later(document: dict[str, Any]) -> None:
    assert isinstance(document["letter_date"], date)
    stamped_papers = {paper.name for paper in PAPERS if paper.stamp}
    assert ("received_date" in document) == (document["file"] in stamped_papers)
    if "received_date" in document:
        assert 0 <= (document["received_date"] - document["letter_date"]).days < 14


@each
def test_every_iban_on_the_paper_has_right_check_digits(document: dict[str, Any]) -> None:
    text = flat("\n".join(truth(document)))
    found = re.findall(r"DE\d\d(?: \d{4}){4} \d\d", text)
    assert ("iban" not in document) or document["iban"] in found
    for iban in found:
        digits = iban.replace(" ", "")
        assert int(digits[4:] + "1314" + digits[2:4]) % 97 == 1


def test_only_the_pages_that_should_have_text_have_it() -> None:
    born = {"Rechnung 2024-0417 Bürobedarf.pdf": [1], "Vorlage 2024-0123 Mühlbachbrücke.pdf": [1]}
    for document in DOCUMENTS:
        if not document["file"].endswith(".pdf"):
            continue
        with pikepdf.open(FOLDER / document["file"]) as pdf:
            own = [n for n, page in enumerate(pdf.pages, 1) if "/Font" in page.obj.Resources]
        assert own == born.get(document["file"], []), document["file"]


def test_backs_are_noisy_and_yet_blank() -> None:
    paper = PAPERS[0]
    with pikepdf.open(FOLDER / paper.name) as pdf:
        backs = [
            pikepdf.PdfImage(next(iter(pdf.pages[number - 1].get_images().values()))).as_pil_image()
            for number in DOCUMENTS[0]["blank_pages"]
        ]
    for back in backs:
        assert len(set(back.tobytes())) > 10
        assert looks_blank(back)


def test_words_are_parted_where_marked_and_nowhere_else() -> None:
    lines = wrap("Grund¦stücks¦grenze und Zisterne", "mono", False, 10, 78)
    assert lines == ["Grundstücks-", "grenze und", "Zisterne"]
    assert wrap("Ende", "mono", False, 10, 78) == ["Ende"]


def test_a_page_that_loses_words_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        arrange("Zeile\n" * 80, Look())
    with pytest.raises(ValueError, match="too wide"):
        arrange("|| " + "M" * 60, Look())


def test_a_stamp_never_hides_print() -> None:
    look = Look()
    page = printed(arrange("Sehr geehrte Damen und Herren", look), look, random.Random(1))
    stamp = Stamp(("EINGEGANGEN", "12. MRZ. 2024"), (150, 70), 4)
    with pytest.raises(ValueError, match="would lie on print"):
        stamped(page, stamp, look.dpi, random.Random(1))
    assert scanned(page, look, random.Random(1)).size == page.size

"""The sample papers are what their list says, and making them anew changes no byte; the examples
are of the filing plan's classes and none is a copy of a paper.
"""

from __future__ import annotations

import random
import re
import time
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from archiver.classify.examples import Example, read
from archiver.config import filing_plan
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
EXAMPLES: list[Example] = list(read(FOLDER / "examples.jsonl"))
BESIDE = {"README.md", "examples.jsonl"}
"""Files of the folder that are written by hand."""

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
    for name in BESIDE:
        del kept[Path(name)]
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
    on_disk = {p.name for p in FOLDER.iterdir() if p.is_file()} - BESIDE - {"expected.toml"}
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
    assert ("iban" not in document) or document["iban"] in ibans(text)
    assert [iban for iban in ibans(text) if not is_checked(iban)] == []


def ibans(text: str) -> list[str]:
    return re.findall(r"DE\d\d(?: \d{4}){4} \d\d", text)


def is_checked(iban: str) -> bool:
    digits = iban.replace(" ", "")
    return int(digits[4:] + "1314" + digits[2:4]) % 97 == 1


def test_the_examples_are_of_the_plan_and_teach_every_class_that_is_asked() -> None:
    plan = {record_class.key for record_class in filing_plan(FOLDER.parent / "filingplan.toml")}
    counts = Counter(example.record_class for example in EXAMPLES)
    assert counts.keys() <= plan - {"unclassified"}
    assert counts.keys() >= CLASSES
    assert min(counts.values()) >= 6
    assert (FOLDER / "examples.jsonl").stat().st_size < 350_000


def test_every_example_is_a_page_and_invented_like_the_papers() -> None:
    for example in EXAMPLES:
        assert 80 <= len(example.text.split()) <= 250, example.text[:60]
        flat_text = flat(example.text)
        assert [iban for iban in ibans(flat_text) if not is_checked(iban)] == []
        assert {iban[5:14] for iban in ibans(flat_text)} <= {"5999 9990"}
        postcodes = re.findall(r"\b\d{5}(?= [A-ZÄÖÜ][a-zäöüß])", example.text)
        assert [code for code in postcodes if not code.startswith("00")] == []
        addresses = re.findall(r"@\S+?\.(\w+)", flat_text)
        assert set(addresses) <= {"example"}
        assert [n for n in re.findall(r"\b0\d{2,4} \d{5}", flat_text) if n != "069 90009"] == []


LETTERHEAD = (
    "bürgermeisterin",
    "auskunft erteilt",
    "telefon",
    "e-mail",
    "rathausplatz",
    "stadtkasse",
)


def runs(text: str, length: int = 8) -> set[tuple[str, ...]]:
    """Runs of so many words, without the lines of the town's own letterhead."""
    lines = [line for line in text.lower().splitlines() if not any(w in line for w in LETTERHEAD)]
    words = re.findall(r"[a-zäöüß]+", " ".join(lines))
    return set(zip(*(words[start:] for start in range(length)), strict=False))


def test_no_example_copies_a_paper_or_another_example() -> None:
    asked = {document["file"]: runs("\n".join(truth(document))) for document in DOCUMENTS}
    taught = [runs(example.text) for example in EXAMPLES]
    for place, (example, own) in enumerate(zip(EXAMPLES, taught, strict=True)):
        assert [file for file, others in asked.items() if own & others] == [], example.text[:60]
        assert all(len(own & others) <= 0.1 * len(own) for others in taught[:place])


def test_no_person_or_company_of_a_paper_stands_in_an_example() -> None:
    sides = {
        document.get(side, "Stadt") for document in DOCUMENTS for side in ("sender", "recipient")
    }
    for name in sides:
        if not name.startswith("Stadt"):
            assert [example.text for example in EXAMPLES if name in example.text] == [], name


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

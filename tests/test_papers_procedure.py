"""The procedure documentation: it says what is configured, and what the office must still say."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pikepdf
import pytest
from pikepdf import pdfa

from archiver.config import Config, filing_plan
from archiver.papers import typeset
from archiver.papers.markdown import as_markdown
from archiver.papers.paper import Heading, Table
from archiver.papers.procedure import Change, RuleVersion, Surroundings, open_points, procedure
from archiver.settings import (
    Backup,
    Disposition,
    Institution,
    Ocr,
    Pipeline,
    Quality,
    Rights,
    Seal,
    Separate,
    WorkLimits,
)
from tests.test_papers_typeset import printed

EXAMPLE = Path(__file__).resolve().parents[1] / "archiver" / "example"
AROUND = Surroundings(
    "2",
    "2026-05-04T08:15:00.000Z",
    "archiver 0.1.0",
    (("Tesseract", "5.5.0"), ("OCRmyPDF", "17.13")),
    "x86_64, 4 Kerne",
    "Debian GNU/Linux 12",
    (RuleVersion("invoice", 2, "2026-01-01", False), RuleVersion("invoice", 1, "", True)),
    4711,
    "ab" * 32,
    (("config.toml", "cd" * 32),),
    (Change("1", "2026-01-15", "Leitung", "Erste Fassung"),),
)
CONFIG = Config(
    Path("/srv/archive/config.toml"),
    ocr=Ocr(accept_confidence=82.5),
    rights=Rights(("archiv-auskunft",), ("archiv-pruefung",), ("archiv-leitung",)),
    disposition=Disposition(
        waived=("invoice",),
        authority=Institution("Stadt Musterbach"),
        archive=Institution("Landesarchiv"),
        backups=(Backup("Bänder", 90),),
    ),
    pipelines=(
        Pipeline("bau", "bauamt", "Bauamt", ("archiv-bauamt",), Separate("sheets")),
        Pipeline("incoming", "incoming", "Posteingang", (), Separate("pages", 2)),
    ),
    classes=filing_plan(EXAMPLE / "filingplan.toml"),
)


def text_of(config=CONFIG, around=AROUND):
    return as_markdown(procedure(config, around))


def test_all_chapters_stand_in_order():
    heads = [b.text for b in procedure(CONFIG, AROUND).blocks if isinstance(b, Heading)]
    chapters = [head for head in heads if head.split()[0].isdigit()]
    assert [int(head.split()[0]) for head in chapters] == list(range(1, 12))
    assert heads[-1] == "Offene Angaben"
    assert any(head.startswith("4.7 Integrität") for head in heads)


def test_what_is_configured_is_said():
    text = text_of()
    for wanted in (
        "Stadt Musterbach", "Landesarchiv", "archiv-auskunft", "archiv-pruefung", "archiv-leitung",
        "archiv-bauamt", "Trennblätter", "feste Zahl von Seiten (2)", "unter 82,5 (von 100)",
        "5 Prozent", "Bänder | 90", "cd" * 32, "4711", "ab" * 32, "Erste Fassung", "15.01.2026",
        "Vier-Augen-Prinzip", "Rechnungen (Eingang und Ausgang)",
        "8 Jahre (vor dem 01.01.2025: 10 Jahre)", "Rechnung ausgestellt, Jahresende", "seit jeher",
        "| invoice | 2 | 01.01.2026 | nein |", "xdomea 3.1.0",
    ):  # fmt: skip
        assert wanted in text, wanted


def test_what_is_configured_otherwise_is_said_otherwise():
    other = msgspec.structs.replace(
        CONFIG,
        disposition=Disposition(two_persons=False, destroy_handed_over=False),
        quality=Quality(0.0, True),
        seal=Seal(daily=True, timestamp_url="https://tsa.example"),
        work=WorkLimits(cage="none"),
    )
    text = text_of(other)
    assert "im Programm abgeschaltet. Ersatzweise" in text
    assert "Ohne Qualitätskontrolle darf kein Papier vernichtet werden" in text
    assert "https://tsa.example" in text
    assert "die Abschottung ist abgeschaltet" in text
    assert "bleibt hier bis zu einer eigenen Entscheidung" in text
    assert "Name des zuständigen Archivs" in text and "Name der Stelle" in text
    assert "Wer ein Dokument gebracht hat, darf es nicht prüfen" in text
    usual = text_of()
    assert "https://tsa.example" not in usual and "Begründung" in usual


def test_open_points_are_listed_once_each_and_counted():
    made = procedure(CONFIG, AROUND)
    points = open_points(made.blocks)
    text = as_markdown(made)
    assert len(points) == text.count("[von der Stelle auszufüllen: ") > 40
    assert f"noch {len(points)} Angaben zu machen" in text
    listed = text[text.index("## Offene Angaben") :]
    assert listed.count("\n- ") == len(points)
    assert all(point.place for point in points)
    assert "- 1.1 Erfasste Unterlagen und Schutzbedarf: Schutzbedarf Integrität: normal" in listed
    assert len({(point.place, point.label, point.text) for point in points}) == len(points)
    fewer = open_points(procedure(msgspec.structs.replace(CONFIG, classes=()), AROUND).blocks)
    more = open_points(
        procedure(msgspec.structs.replace(CONFIG, disposition=Disposition()), AROUND).blocks
    )
    assert len(fewer) <= len(points) < len(more)


def test_every_class_of_the_plan_has_a_row_with_its_period():
    tables = [b for b in procedure(CONFIG, AROUND).blocks if isinstance(b, Table)]
    table = next(t for t in tables if "Frist" in t.header)
    assert len(table.rows) == len(CONFIG.classes) - 1
    assert all(all(cell for cell in row) for row in table.rows)
    by_number = {row[0]: row for row in table.rows}
    assert by_number["00.21"][2:4] == ("dauernd", "–")
    assert by_number["01.20"][2:4] == ("6 Monate", "Wahltag")


def test_pdf_and_markdown_hold_the_same_and_the_same_again():
    paper = procedure(CONFIG, AROUND)
    pdf = typeset.pdf(paper)
    assert typeset.pdf(procedure(CONFIG, AROUND)) == pdf
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert pdfa.check(opened, "2b").findings == []
        assert len(opened.pages) > 8
    pages = printed(pdf)
    assert pages[0].endswith(f"Seite 1 von {len(pages)}")
    body = "".join(" ".join(pages).split())
    for block in paper.blocks:
        if isinstance(block, Heading):
            assert "".join(block.text.split()) in body


@pytest.mark.parametrize("config", [Config(Path("/a/config.toml"))])
def test_an_empty_configuration_makes_a_documentation_too(config):
    text = text_of(config, msgspec.structs.replace(AROUND, rules=(), history=()))
    assert "keine Gruppe eingerichtet" in text
    assert "noch keine Fassungen in Kraft gesetzt" in text

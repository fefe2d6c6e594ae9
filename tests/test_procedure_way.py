"""The procedure documentation by the command: filled from the configuration, with its gaps."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import pdfa

from archiver.archive import Archive
from archiver.config import load
from archiver.house import House
from archiver.registry import rulebook
from archiver.rights import myself
from tests.test_papers_typeset import printed
from tests.town import Town

AT = "2026-05-04T10:00:00.000Z"


def text_of(town: Town, **words: Any) -> str:
    """The documentation as Markdown, with spaces and escapes made plain."""
    house = House(load(town.config), lambda: AT)
    try:
        if not rulebook.plan_id(house.registry):
            rulebook.adopt(house.registry, "uid:1")
        with Archive(house, myself()).procedure.write(form="md", **words).stream as stream:
            return re.sub(r"\\(.)", r"\1", " ".join(stream.read().decode().split()))
    finally:
        house.close()


def configure(town: Town, section: str, values: dict[str, Any]) -> None:
    """Change keys of a section; the first one behind its headline counts."""
    text = town.config.read_text("utf-8")
    head, _, rest = text.partition(f"[{section}]")
    for key, value in values.items():
        rest, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {json.dumps(value)}", rest, count=1)
        assert count == 1, key
    town.config.write_text(f"{head}[{section}]{rest}", "utf-8")


# Chapter by chapter: a setting, and what the text says then and did not say before.
SETTINGS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("disposition.authority", {"name": "Stadt Musterbach"}, "Stelle: Stadt Musterbach"),
    ("rights", {"archivists": ["archiv-leitung"]}, "archiv-leitung"),
    ("rights", {"reviewers": ["archiv-pruefung"]}, "archiv-pruefung"),
    ("disposition", {"two_persons": False}, "Vier-Augen-Prinzip bei der Aussonderung ist im"),
    ("search", {"engine": "whoosh"}, "beantwortet whoosh"),
    ("work", {"memory_mib": 2222}, "2222 MiB Speicher"),
    ("work", {"cage": "none"}, "die Abschottung ist abgeschaltet"),
    ("limits", {"megapixels": 77}, "über 77 Megapixel"),
    ("inbox", {"keep_released_days": 33}, "wo sie 33 Tage bleibt"),
    ("ocr", {"accept_confidence": 81.5}, "unter 81,5 (von 100)"),
    ("review", {"ask": ["unknown"]}, "(unknown)"),
    ("seal", {"daily": False}, "wird nicht täglich festgehalten"),
    ("quality", {"percent": 12.5}, "12,5 Prozent"),
    ("quality", {"other_person": True}, "darf es nicht prüfen"),
    ("disposition", {"waived": ["invoice"]}, "allgemein verzichtet auf: Rechnungen"),
    ("disposition", {"secret": ["invoice"]}, "besonderer Geheimhaltung: Rechnungen"),
    ("disposition.archive", {"name": "Landesarchiv"}, "an Landesarchiv."),
    ("places", {"exports": "abgaben"}, "/abgaben"),
)


def test_every_part_follows_the_configuration(town: Town):
    before = text_of(town)
    shown = town.config.read_text("utf-8")
    for section, values, expected in SETTINGS:
        assert expected not in before, expected
        if section == "places":
            (town.root / "abgaben").mkdir()
        configure(town, section, values)
        assert expected in text_of(town), (section, values)
        town.config.write_text(shown, "utf-8")
    digest = hashlib.sha256(town.config.read_bytes()).hexdigest()
    assert before.count(digest) == 1
    assert hashlib.sha256((town.root / "filingplan.toml").read_bytes()).hexdigest() in before
    assert text_of(town) == before
    assert "Fassung: 2026-05-04" in before and "Fassung: 7b" in text_of(town, version="7b")


def test_backups_and_drop_folders_are_listed(town: Town):
    shown = town.config.read_text("utf-8")
    town.config.write_text(
        shown.replace("backups = []", 'backups = [{ name = "Bänder", keep_days = 90 }]'), "utf-8"
    )
    (town.root / "inbox" / "bauamt").mkdir()
    rule = 'folder = "bauamt"\ntitle = "Bauamt"\nclerks = ["archiv-bauamt"]\n'
    (town.root / "pipelines" / "bau.toml").write_text(rule + '[separate]\nat = "sheets"\n')
    text = text_of(town)
    for expected in ("Bänder | 90", "bauamt | Bauamt | archiv-bauamt | Trennblätter", "bau.toml"):
        assert expected in text, expected


def test_what_counts_is_said_not_what_nobody_has_adopted(town: Town):
    rows = re.findall(r"\| ([^|]*Rechnungen[^|]*) \| (\d+ Jahre)", text_of(town))
    assert [years for _title, years in rows][:1] == ["8 Jahre"]
    plan = town.root / "filingplan.toml"
    changed = re.sub(
        r'(key = "invoice".*?years = )8', r"\g<1>30", plan.read_text("utf-8"), count=1, flags=re.S
    )
    assert changed != plan.read_text("utf-8")
    plan.write_text(changed, "utf-8")
    text = text_of(town)
    assert "30 Jahre (" not in text and "| invoice | 3 |" not in text
    house = House(load(town.config), lambda: AT)
    rulebook.adopt(house.registry, "uid:1")
    house.close()
    text = text_of(town)
    assert "| invoice | 3 | 04.05.2026 | ja |" in text and "30 Jahre" in text


def test_the_command_writes_pdf_a_and_markdown_and_lists_the_gaps(town: Town, tmp_path: Path):
    town.once()
    pdf, text = tmp_path / "procedure.pdf", tmp_path / "procedure.md"
    for target in (pdf, text):
        ended = town.command("procedure", "-o", str(target))
        assert ended.returncode == 0, ended.stderr
        assert town.command("procedure", "-o", str(target)).returncode == 16
    assert town.command("procedure", "-o", str(tmp_path / "a.docx")).returncode == 2
    with pikepdf.open(pdf) as opened:
        assert pdfa.check(opened, "2b").findings == []
    written = text.read_text("utf-8")
    marks = written.count("[von der Stelle auszufüllen: ")
    assert marks > 40 and f"noch {marks} Angaben zu machen" in written
    assert "Tesseract | 5" in written and "archiver 0.1.0" in written
    assert "fehlt" not in re.findall(r"\| (?:Tesseract|OCRmyPDF|cryptography) \| (\S+)", written)
    head = town.json("ledger", "head")
    assert head["digest"] in written
    assert "Offene Angaben" in "".join(printed(pdf.read_bytes()))


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_is_german_whatever_the_language_of_the_office(town: Town, language: str):
    town.configure({"ui": {"language": language}})
    text = text_of(town)
    assert "Rechnung ausgestellt, Jahresende" in text and "invoice issued" not in text

"""Headline rules: where phrases are found, what is not a hit, and who wins."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.classify.noise import noisy
from archiver.classify.rules import read
from archiver.config import ConfigProblems, RecordClass, filing_plan
from archiver.records import Page, Word

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[1]
COUNCIL = filing_plan(ROOT / "tests" / "plans" / "council.toml")
EXAMPLE = filing_plan(ROOT / "filingplan.toml")


def named(text, plan=COUNCIL):
    winner = read(text, plan).winner
    return winner.record_class if winner else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Stadt Musterbach\n\nÄNDERUNGSANTRAG\n\nFraktion", "Änderungsantrag"),
        ("Stadt Musterbach\n\nA N T R A G\n\nFraktion", "Antrag"),
        ("Stellungnahme zum Antrag\n\nGremium", "Stellungnahme"),
        ("Stadt Musterbach\nBeschIußvorlaqe\nNr. 3", "Beschlussvorlage"),
        ("Beschluss-\nvorlage\nNr. 3", "Beschlussvorlage"),
        ("NeubauAnlage1\nLageplan", "Anlage"),
        ("Die Stadt beantragt einen Vertrag. Der Auftrag und der Eintrag sind gestellt.", None),
        ("Die Umfrage zur Kläranlage ist beendet.", None),
        ("x" * 401 + "\nAntrag\n", None),
        ("\n \n" * 300 + "Antrag\n", "Antrag"),
        ("", None),
        (" \n\t\n", None),
        ("·—§ 12 %% ~~~ 0815 |||", None),
    ],
)
def test_phrases_are_found_as_words_only(text, expected):
    assert named(text) == expected


def test_a_headline_wins_over_an_earlier_mention():
    text = "Auf Ihre Anfrage hin senden wir, wie besprochen, folgendes Blatt.\n\nAntrag\n\nText"
    reading = read(text, COUNCIL)
    assert reading.winner is not None
    assert reading.winner.record_class == "Antrag"
    assert [hit.record_class for hit in reading.hits] == ["Anfrage", "Antrag"]
    assert reading.hits[0].headline is False
    assert reading.clear is True


def test_a_salutation_never_wins_over_a_title():
    text = "Sehr geehrte Damen und Herren,\n\nRechnung Nr. 12\n\nfür Lieferung"
    assert named(text, EXAMPLE) == "invoice"
    assert named("Stadt\n\nSehr geehrte Damen und Herren,\nwir danken.", EXAMPLE) == "letter"


def test_two_classes_at_one_place_are_a_contradiction_and_no_answer():
    plan = (
        RecordClass(key="one", words=("Meldung",)),
        RecordClass(key="two", words=("MELDUNG",)),
        RecordClass(key="three", words=("Antrag",)),
    )
    reading = read("Meldung\n\nText\n\nAntrag\n", plan)
    assert reading.winner is None
    assert reading.contradiction == ("one", "two")
    assert {hit.record_class for hit in reading.hits} == {"one", "two", "three"}


def test_a_hit_tells_its_place_on_the_page():
    words = (
        Word("Stadt", 100, 50, 200, 80, 96.0, 0, 0),
        Word("Musterbach", 220, 50, 400, 80, 95.0, 0, 0),
        Word("wegen", 100, 200, 180, 230, 95.0, 1, 1),
        Word("Rechnung", 190, 190, 500, 240, 95.0, 1, 1),
        Word("Nr.", 520, 195, 560, 235, 95.0, 1, 1),
        Word("2024/7", 580, 200, 700, 230, 95.0, 1, 1),
    )
    blank = Page(1, 1000, 1400, 150, 0, "blank", None, ())
    page = Page(2, 1000, 1400, 150, 0, "recognised", 95.0, words)
    hit = read([blank, page], EXAMPLE).winner
    assert hit is not None
    assert (hit.record_class, hit.found) == ("invoice", "Rechnung Nr")
    assert (hit.where.page, hit.where.line) == (2, 2)
    assert hit.where.box == (190, 190, 560, 240)
    assert page.text[hit.where.start : hit.where.end] == "Rechnung Nr"
    # It stands in the middle of a line, but in larger letters than the rest.
    assert hit.headline is True


@given(st.text(max_size=600))
def test_any_text_is_read_and_every_hit_stands_where_it_says(text):
    for hit in read(text, COUNCIL).hits:
        assert text[hit.where.start : hit.where.end] == hit.found
        assert hit.score >= 80


@given(st.integers(0, 10_000))
def test_titles_survive_the_noise_of_recognition_mostly(seed):
    clean = "Stadt Musterbach\nDer Bürgermeister\n\nInformationsvorlage\n\nVorlage Nr. 3"
    answer = named(noisy(clean, 0.03, seed))
    assert answer in (None, "Informationsvorlage")


def test_a_long_document_costs_no_more_than_its_head():
    text = "Niederschrift\n\n" + "Der Rat beschließt über den Antrag und die Anlage. " * 100_000
    begin = time.process_time()
    assert named(text) == "Protokoll"
    assert time.process_time() - begin < 1.0


def test_the_example_plan_holds_and_says_that_it_is_an_example():
    text = (ROOT / "filingplan.toml").read_text(encoding="utf-8")
    assert "THIS IS AN EXAMPLE" in text.split("[[class]]")[0]
    by_key = {record_class.key: record_class for record_class in EXAMPLE}
    assert len(by_key) >= 30
    assert by_key["invoice"].retention.years == 8
    assert by_key["council_minutes"].retention.permanent
    named_classes = [c for c in EXAMPLE if c.key not in {"unclassified", "letter", "special_use"}]
    for record_class in named_classes:
        kept = record_class.retention
        assert record_class.words
        assert kept.disposition, record_class.key
        assert kept.basis, record_class.key
        # Nothing ends without a beginning.
        assert kept.permanent or kept.start, record_class.key


@pytest.mark.parametrize(
    ("plan", "reasons"),
    [
        ('[[class]]\nkey = "a"\n[[class]]\nkey = "a"\n', {("class[2].key", "key_twice")}),
        (
            '[[class]]\nkey = "a"\nwords = ["Rechnung Nr"]\n'
            '[[class]]\nkey = "b"\nwords = ["RECHNUNG  nr"]\n',
            {("class[2].words", "phrase_taken")},
        ),
        ('[[class]]\nkey = "a"\nwords = ["Re"]\n', {("class[1].words", "phrase_too_short")}),
        ('[[class]]\nkey = ""\n', {("class[1].key", "key_missing")}),
        ('[[class]]\nkey = "a"\nzone = 0\n', {("class[1].zone", "not_positive")}),
        (
            '[[class]]\nkey = "a"\n[class.retention]\nyears = -1\nstart = "soon"\nfoo = 1\n',
            {
                ("class[1].retention.years", "negative"),
                ("class[1].retention.start", "wrong_type"),
                ("class[1].retention.foo", "unknown_key"),
            },
        ),
        ('class = "a"\n', {("class", "wrong_type")}),
        ('[[class]]\nkey = "a"\nretention = 3\n', {("class[1].retention", "wrong_type")}),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_with_its_place(tmp_path, plan, reasons):
    file = tmp_path / "filingplan.toml"
    file.write_text(plan, encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        filing_plan(file)
    assert {(p.key, p.reason) for p in caught.value.problems} == reasons


def test_a_plan_of_before_still_loads(tmp_path):
    file = tmp_path / "filingplan.toml"
    file.write_text('[[class]]\nkey = "a"\nnumber = "1"\ntitle = "A"\n', encoding="utf-8")
    (only,) = filing_plan(file)
    assert (only.words, only.zone, only.retention.years) == ((), 400, 0)

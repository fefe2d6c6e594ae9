"""What code calls by a key has a name in German, and what is shown may be typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from archiver import naming, phrases, tongue
from archiver.cli.explanation import field_value
from archiver.cli.reviewing import _value
from archiver.errors import UsageFault
from archiver.filingplan import RecordClass, class_words, find_class
from archiver.pipeline.decisions import KINDS, parsed
from archiver.records import UNCLASSIFIED, FieldKind
from archiver.search.query import parse, with_classes

pytestmark = pytest.mark.pure

PLAN = (
    RecordClass("invoice", number="20.31", title="Rechnungen (Eingang und Ausgang)"),
    RecordClass("dog_tax", number="22.10", title="Hundesteuer"),
    RecordClass("odd"),
)


@pytest.fixture(params=tongue.LANGUAGES, autouse=True)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    phrases.use(request.param)
    naming.use_plan({one.key: (one.number, one.title) for one in PLAN})
    yield request.param
    naming.use_plan({})
    phrases.use("en")


def test_every_field_has_a_german_name_that_may_be_typed(language: str) -> None:
    assert set(naming.FIELD_WORDS) == {naming.CLASS, *get_args(FieldKind)}
    words = [word.casefold() for kind in naming.FIELD_WORDS.values() for word in kind]
    assert len(words) == len(set(words))
    sample = {"iban": "DE75599999900000120034", naming.CLASS: "dog_tax"}
    typed = {naming.field_name(kind): kind for kind in (naming.CLASS, *KINDS)}
    assert len(typed) == len(KINDS) + 1
    for name, kind in typed.items():
        value = "1.2.2024" if kind in naming.DAY_FIELDS else sample.get(kind, "12,50")
        assert list(parsed([f"{name}={value}"], PLAN)) == [kind]
    assert ("letter_date" in typed) == (language == "en")


def test_what_is_shown_of_a_value_may_be_typed_again() -> None:
    normal = {"letter_date": "2024-03-12", "total": "-1234.50", naming.CLASS: "invoice"}
    shown = [f"{naming.field_name(kind)}={field_value(kind, v)}" for kind, v in normal.items()]
    assert parsed(shown, PLAN) == normal


def test_a_value_is_told_with_its_cue(language: str) -> None:
    field = {"kind": "total", "normal": "1284.50", "cue": "label:Betrag", "page": 2}
    wanted = {"en": "total=1284.50 (label:Betrag, p. 2)", "de": "Betrag=1.284,50 („Betrag“, S. 2)"}
    assert _value(field) == wanted[language]
    if language == "de":
        assert naming.cue_name("future:label:Datum") == "„Datum“, liegt in der Zukunft"
    for cue in (*naming._CUES, "future:stamp", "shape:632.21-99/9999"):
        assert "_" not in naming.cue_name(cue)
    assert naming.cue_name("never_heard_of") == "never_heard_of"


def test_a_class_is_told_by_the_plan_in_german(language: str) -> None:
    told = {
        "en": ("invoice – Rechnungen (Eingang und Ausgang)", "invoice", "invoice"),
        "de": (*["20.31 Rechnungen (Eingang und Ausgang)"] * 2, "20.31"),
    }
    names = (naming.class_name, naming.class_short, naming.class_word)
    assert tuple(name("invoice") for name in names) == told[language]
    for name in names:
        assert name("odd") == "odd"
        assert name("gone_from_the_plan") == "gone_from_the_plan"
    assert (naming.class_name(None), naming.class_short(None)) == ("", "")
    sentence = phrases.sentence("rule_not_newer", {"key": "invoice", "since": "1.1.2025"})
    assert naming.class_short("invoice") in sentence


def test_persons_and_the_service_have_names(language: str) -> None:
    wanted = {"en": ("uid:1000", "daemon"), "de": ("Kennung 1000", "Dienst")}
    assert (naming.actor_name("uid:1000"), naming.actor_name("daemon")) == wanted[language]


@pytest.mark.parametrize(
    "word", ["invoice", "INVOICE", "20.31", "rechnungen (eingang und ausgang)"]
)
def test_a_class_is_found_by_all_that_is_shown_of_it(word: str) -> None:
    assert find_class(word, PLAN) == "invoice"
    assert find_class(naming.class_short("invoice"), PLAN) == "invoice"
    assert find_class(naming.class_word("invoice"), PLAN) == "invoice"
    assert find_class(UNCLASSIFIED, PLAN) == UNCLASSIFIED


@pytest.mark.parametrize(("word", "nearest"), [("Rechnung", "invoice"), ("dog_taks", "dog_tax")])
def test_another_word_names_the_nearest(word: str, nearest: str) -> None:
    with pytest.raises(UsageFault) as caught:
        find_class(word, PLAN)
    assert str(caught.value.params["nearest"]).split(", ")[0] == nearest
    told = phrases.advice(caught.value.reason, caught.value.params)
    assert naming.class_short(nearest) in told


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("klasse:20.31", "class:invoice"),
        ('typ:"Rechnungen (Eingang und Ausgang)"', "class:invoice"),
        ("Wasser -(class:HUNDESTEUER OR az:632)", "Wasser NOT (class:dog_tax OR reference:632)"),
        ("klasse:Quatsch", "class:Quatsch"),
        ("20.31", "20.31"),
    ],
)
def test_a_query_finds_a_class_by_its_names(typed: str, meant: str) -> None:
    assert str(with_classes(parse(typed), class_words(PLAN))) == meant

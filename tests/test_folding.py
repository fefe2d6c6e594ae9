"""German words: spellings that are one word, stems, and words joined over line ends."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.search.german import fold, key, plain_text, spans, words
from archiver.search.stemmer import stem

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "spellings",
    [
        ("Müller", "Mueller", "MÜLLER", "Muller", "mu\u0308ller"),
        ("Straße", "Strasse", "STRASSE", "STRAẞE"),
        ("Öffnung", "Oeffnung", "OEFFNUNG"),
        ("Bauämter", "Bauaemter"),
        ("Bauübergabe", "Bauuebergabe"),
        ("Häuser", "Haeuser"),
        ("Säue", "Saeue"),
        ("Café", "Cafe"),
        ("ﬁnden", "finden"),
    ],
)
def test_spellings_of_a_word_are_one(spellings):
    assert len({fold(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [("Bauer", "Bär"), ("Feuer", "Für"), ("neue", "nü"), ("Quelle", "Qülle"), ("Frauen", "Fran")],
)
def test_ue_that_is_no_umlaut_stays(left, right):
    assert fold(left) != fold(right)


@pytest.mark.parametrize(
    ("inflected", "base"),
    [
        ("Anträge", "Antrag"),
        ("Antraege", "Antrag"),
        ("Häuser", "Haus"),
        ("Haeusern", "Haus"),
        ("Genehmigungen", "Genehmigung"),
        ("Bescheide", "Bescheid"),
        ("Gebuehren", "Gebühr"),
        ("Frauen", "Frau"),
        ("neuen", "neue"),
        ("aktuellen", "aktuell"),
        ("Besucherinnen", "Besucher"),
        ("Ämter", "Amt"),
        ("Mängeln", "Mangel"),
    ],
)
def test_inflections_share_a_stem(inflected, base):
    assert stem(fold(inflected)) == stem(fold(base))


def test_stems_are_those_of_snowball():
    """As another implementation of the rules, our own, gave them before the library's was taken."""
    stems = {
        "Erlaubnisse": "erlaubnis", "zuständigen": "zustand", "Behörden": "behord",
        "Möglichkeiten": "moglich", "Freundlichkeit": "freundlich", "Ewigkeit": "ewig",
        "betreuenden": "betreu", "Benachrichtigungen": "benachricht", "politische": "polit",
        "ledigen": "ledig", "Fabriken": "fabrik", "Systemen": "system", "internet": "internet",
        "verspätete": "verspat", "arbeitest": "arbeit", "Straßen": "strass", "Kölns": "kolns",
        "Lehrerinnen": "lehr", "ausgezeichneter": "ausgezeichn", "Müller": "mull",
        "bauen": "bau", "Bayern": "bay", "freien": "freien", "Jahrs": "jahr",
        "wenigstens": "wenigst", "eigentlich": "eigent", "Satzungen": "satzung",
    }  # fmt: skip
    assert {word: stem(fold(word)) for word in stems} == stems


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("Bebau-\nungsplan", "Bebauungsplan"),
        ("Bebau- \n  ungsplan", "Bebauungsplan"),
        ("Bebau\u00ad\nungsplan und Ge\u00adbühr", "Bebauungsplan und Gebühr"),
        ("Bebau¬\nungsplan", "Bebauungsplan"),
        ("Müller-\nMeier", "Müller-Meier"),
        ("EU-\nweit", "EU-weit"),
        ("Kinder-\nund Jugendhilfe", "Kinder-\nund Jugendhilfe"),
        ("Kinder- und Jugendhilfe", "Kinder- und Jugendhilfe"),
        ("2023-\n01", "2023-\n01"),
        ("a -\nb", "a -\nb"),
        ("Ende-\n\nneuer Absatz", "Ende-\n\nneuer Absatz"),
    ],
)
def test_words_are_joined_over_line_ends(text, joined):
    assert plain_text(text) == joined


def test_references_lose_their_separators():
    assert key("BV/632.6-2023_0815") == key("bv 632 6 2023 0815") == "bv632620230815"


umlauts = st.text("aeouäöüßnrstqAEOUÄÖÜ", max_size=12)


@given(umlauts)
def test_written_out_umlauts_fold_like_umlauts(word):
    # Written out after such a letter, the "ue" of an ü cannot be told from mere vowels.
    word = spelled = re.sub("(?i)(?<=[aeqäöü])ü", "", word)
    for umlaut, written in zip("äöüÄÖÜß", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "ss"), strict=True):
        spelled = spelled.replace(umlaut, written)
    assert fold(spelled) == fold(word)


@given(st.one_of(umlauts, st.text(max_size=20)), st.integers(0, 20))
def test_fold_of_a_beginning_is_a_beginning(word, length):
    assert fold(word).startswith(fold(word[:length])) or not word.isalnum()


@given(st.text(max_size=200))
def test_words_are_letters_and_digits_at_their_places(text):
    plain = plain_text(text)
    found = spans(plain)
    assert [folded for _, _, folded in found] == words(plain)
    for start, end, folded in found:
        assert folded.isalnum()
        assert fold(plain[start:end]) == folded
        assert stem(folded)


@given(st.text(max_size=200))
def test_plain_text_keeps_every_word_but_joins(text):
    assert "\u00ad" not in plain_text(text)
    assert len(words(plain_text(text))) <= len(words(text))

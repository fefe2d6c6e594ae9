"""Words to be blackened: found however they are written, never missed or taken silently."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.disclosure.finds import Pages
from archiver.disclosure.spellings import spellings
from archiver.errors import UsageFault
from archiver.records import Page, Word
from archiver.search.german import fold
from tests.letters import page

pytestmark = pytest.mark.pure


def found(term, *pages):
    """Kind and text of every find of one term."""
    words = {
        (one.number, index): word.text for one in pages for index, word in enumerate(one.words)
    }
    return [
        (find.kind, " ".join(words[place] for place in find.words))
        for find in Pages("D", pages, fold).find([term])
    ]


def lines(*texts, number=1):
    return page(*((300, 300 + 60 * n, text) for n, text in enumerate(texts)), number=number)


@pytest.mark.parametrize(
    ("term", "text", "printed"),
    [
        ("Müller", "Frau MÜLLER,", "MÜLLER,"),
        ("Mueller", "Herrn Müller (Bauamt)", "Müller"),
        ("Müller", "Frau Mueller-Lüdenscheidt", "Mueller-Lüdenscheidt"),
        ("Straße 4", "Lindenstr. STRASSE 4;", "STRASSE 4;"),
        ("Krämer-Nuñez", "Frau Kramer Nunez wohnt", "Kramer Nunez"),
        ("DE75 5999 9990 0000 1200 34", "IBAN: DE75599999900000120034.", "DE75599999900000120034."),
        ("DE75599999900000120034", "DE75 5999 9990 0000 1200 34", "DE75 5999 9990 0000 1200 34"),
        ("06831/12345", "Tel. 0 68 31 - 1 23 45 privat", "0 68 31 - 1 23 45"),
        ("14.02.1991", "geboren am 14. Februar 1991 in", "14. Februar 1991"),
        ("14. Februar 1991", "geb. 14.2.91", "14.2.91"),
        ("1991-02-14", "geb. 14.02.1991,", "14.02.1991,"),
        ("14.02.1991", "Stand 1991-02-14", "1991-02-14"),
        ("3. März 2024", "am 3. Mrz. 2024", "3. Mrz. 2024"),
    ],
)
def test_the_usual_writings_are_certain(term, text, printed):
    assert found(term, lines(text)) == [("exact", printed)]


def test_a_phrase_goes_over_a_line_break_a_hyphen_and_a_page():
    assert found("Anneliese Krämer", lines("Frau Anneliese", "Krämer wohnt")) == [
        ("exact", "Anneliese Krämer")
    ]
    assert found("Anneliese Krämer", lines("Frau Anne-", "liese Krä-", "mer, dort")) == [
        ("exact", "Anne- liese Krä- mer,")
    ]
    over = lines("Frau Anneliese"), lines("Krämer wohnt", number=2)
    (find,) = Pages("D", over, fold).find(["Anneliese Krämer"])
    assert find.words == ((1, 1), (2, 0))
    assert find.context == "Frau «Anneliese Krämer» wohnt"


@pytest.mark.parametrize(
    ("term", "text", "kind", "printed"),
    [
        ("Häberlein", "Frau Häberlcin schreibt", "similar", "Häberlcin"),
        ("Anneliese Krämer", "Annel1ese Kramcr kam", "similar", "Annel1ese Kramcr"),
        ("Berner", "Herr Bemer kam", "similar", "Bemer"),
        ("Olli", "Herr 0l1i kam", "similar", "0l1i"),
        ("DE75 5999 9990 0000 1200 34", "DE75 5999 9990 0000 l200 34", "similar", None),
        ("Müller", "Müllers Haus", "within", "Müllers"),
        ("Müller", "in der Müllerstraße 4", "within", "Müllerstraße"),
        ("Krämer", "FrauKrämer", "within", "FrauKrämer"),
        ("14.02.1991", "geb. 14.02.1997", "similar", "14.02.1997"),
        ("1991-02-14", "geb. 14.02.1997", "similar", "14.02.1997"),
        ("14.02.1991", "geb. 14. Fehruar 1991", "similar", "14. Fehruar 1991"),
    ],
)
def test_what_may_be_meant_is_offered(term, text, kind, printed):
    assert found(term, lines(text)) == [(kind, printed or text)]


def test_other_words_are_left_alone():
    assert found("Kern", lines("Kehr Kerl Stern erkannt", "Kein Korn")) == []
    assert ("exact", "11.2.2024") not in found("1.12.2024", lines("am 11.2.2024 kam er"))
    assert found("Anna Roth", lines("Anna Koch und Eva Roth")) == []


def test_uncertain_finds_inside_certain_ones_are_not_asked_about():
    kinds = Pages("D", [lines("Frau Anneliese Krämer wohnt")], fold).find(
        ["Anneliese Krämer", "Krämers", "Anneliese"]
    )
    assert [(find.term, find.kind) for find in kinds] == [(2, "exact"), (0, "exact")]


@pytest.mark.parametrize("term", ["", "  ", "–", "§ ("])
def test_a_term_without_letters_is_refused(term):
    with pytest.raises(UsageFault, match="term_empty"):
        spellings(term, fold)


def test_a_day_that_does_not_exist_is_just_text():
    assert [one.key for one in spellings("31.02.2024", fold)] == ["31022024"]


letters = st.text(alphabet=string.ascii_lowercase + "äöüß", min_size=4, max_size=10)


@given(st.lists(letters, min_size=1, max_size=3), st.lists(letters, max_size=6), st.randoms())
def test_a_phrase_is_found_wherever_it_is_put_and_however_it_is_cut(phrase, others, chance):
    at = chance.randrange(len(others) + 1)
    cut = []
    for word in phrase:
        place = chance.randrange(1, len(word))
        cut += [word[:place] + "-", word[place:]] if chance.random() < 0.4 else [word]
    cut[-1] += chance.choice([",", ".", ")", ""])
    texts = [
        *others[:at],
        *(part.upper() if chance.random() < 0.3 else part for part in cut),
        *others[at:],
    ]
    words = tuple(
        Word(text, 10, 10 * n, 90, 10 * n + 8, 90.0, n, n) for n, text in enumerate(texts)
    )
    one = Page(1, 2000, 2000, 300.0, 0, "recognised", 90.0, words)
    black = {
        place for find in Pages("D", [one], fold).find([" ".join(phrase)]) for place in find.words
    }
    # A hyphenated "ae" is no umlaut any more: it may be offered as uncertain, never missed.
    assert {(1, n) for n in range(at, at + len(cut))} <= black


# Without e, which may be part of a written-out umlaut: fold would shorten the word.
@given(st.text(alphabet="abdfghiklmnorstuwzäöü", min_size=5, max_size=10), st.data())
def test_one_misread_letter_is_offered(word, data):
    key = fold(word)
    at = data.draw(st.integers(0, len(key) - 1))
    other = data.draw(st.sampled_from([c for c in "bdfghklmnprstvwxyz" if c != key[at]]))
    misread = key[:at] + other + key[at + 1 :]
    kinds = [kind for kind, _text in found(key, lines(f"der {misread} kam"))]
    assert (kinds and "exact" not in kinds) or fold(misread) == fold(key)


def test_a_thick_file_is_searched_in_seconds():
    chance = random.Random(4)
    syllables = ["ba", "ko", "mer", "stein", "lin", "den", "hof", "rat"]
    texts = ["".join(chance.choices(syllables, k=3)) for _ in range(300)]
    pages = [
        Page(n, 2000, 3000, 300.0, 0, "recognised", 90.0,
             tuple(Word(text, 1, 1, 2, 2, 90.0, 0, 0) for text in chance.sample(texts, 300)))
        for n in range(1, 51)
    ]  # fmt: skip
    laid = Pages("D", pages, fold)
    assert len(laid.find([texts[0]])) >= 50

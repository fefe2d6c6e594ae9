"""The pure side of reading a page: rows to words, quality, and what a second look may change."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.recognise import paragraph_signs, reading
from archiver.records import Page, Word

pytestmark = pytest.mark.pure

HEAD = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
)

word_text = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=12
)


@st.composite
def word_on_page(draw, width=400, height=300, text=word_text):
    left, right = sorted(draw(st.lists(st.integers(0, width), min_size=2, max_size=2)))
    top, bottom = sorted(draw(st.lists(st.integers(0, height), min_size=2, max_size=2)))
    confidence = draw(st.floats(0, 100))
    return Word(draw(text), left, top, right, bottom, confidence, draw(st.integers(0, 3)), 0)


def word(text: str, confidence: float = 90.0, *, left: int = 0, line: int = 0) -> Word:
    return Word(text, left, 10, left + 10 * len(text), 40, confidence, line, 0)


def line_of(*texts: str) -> list[Word]:
    words, left = [], 0
    for text in texts:
        words.append(word(text, left=left))
        left += 10 * len(text) + 10
    return words


def page(words, source="recognised", number=1) -> Page:
    confidence = reading.mean_confidence(words) if source == "recognised" else None
    return Page(number, 400, 300, 300.0, 0, source, confidence, tuple(words))


def row(page_no, block, paragraph, line, number, text, confidence="91.5", box="5\t6\t70\t20"):
    return f"5\t{page_no}\t{block}\t{paragraph}\t{line}\t{number}\t{box}\t{confidence}\t{text}"


def test_rows_become_words_with_lines_and_paragraphs_counted_through():
    tsv = "\n".join(
        [
            HEAD,
            "1\t1\t0\t0\t0\t0\t0\t0\t400\t300\t-1\t",
            row(1, 1, 1, 1, 1, "Grüße"),
            row(1, 1, 1, 1, 2, "aus"),
            row(1, 1, 1, 2, 1, "Köln"),
            row(1, 1, 2, 1, 1, "Zweiter"),
            row(1, 4, 1, 1, 1, "Dritter"),
            row(2, 1, 1, 1, 1, "Andere"),
        ]
    )
    pages = reading.pages_from_tsv(tsv)
    assert [(w.text, w.line, w.block) for w in pages[1]] == [
        ("Grüße", 0, 0),
        ("aus", 0, 0),
        ("Köln", 1, 0),
        ("Zweiter", 2, 1),
        ("Dritter", 3, 2),
    ]
    assert pages[1][0] == Word("Grüße", 5, 6, 75, 26, 91.5, 0, 0)
    assert page(pages[1]).text == "Grüße aus\nKöln\n\nZweiter\n\nDritter"
    assert [(w.text, w.line) for w in pages[2]] == [("Andere", 0)]


@pytest.mark.parametrize(
    "bad",
    [
        row(1, 1, 1, 1, 1, " "),
        row(1, 1, 1, 1, 1, ""),
        row(1, 1, 1, 1, 1, "x", confidence=""),
        row(1, 1, 1, 1, 1, "x", box="a\t0\t0\t0"),
        row(1, 1, 1, 1, 1, "x\ty"),
    ],
)
def test_a_broken_row_costs_one_word_only(bad):
    pages = reading.pages_from_tsv("\n".join([bad, row(1, 1, 1, 2, 1, "heil")]))
    assert [(w.text, w.line, w.block) for w in pages[1]] == [("heil", 0, 0)]


@given(st.text(alphabet="5\t\n1-. a0", max_size=300))
def test_any_text_is_taken_without_a_fault_and_numbers_have_no_gaps(tsv):
    for words in reading.pages_from_tsv(tsv).values():
        assert words[0].line == words[0].block == 0
        for before, after in pairwise(words):
            assert after.line - before.line in (0, 1)
            assert 0 <= after.block - before.block <= after.line - before.line
        assert all(0.0 <= w.confidence <= 100.0 and w.text.strip() for w in words)


@given(st.lists(word_on_page()))
def test_mean_confidence_lies_between_its_words(words):
    counted = [w.confidence for w in words if any(sign.isalnum() for sign in w.text)]
    mean = reading.mean_confidence(words)
    if not counted:
        assert mean == 0.0
    else:
        assert min(counted) - 1e-9 <= mean <= max(counted) + 1e-9


def test_long_words_weigh_more_and_specks_nothing():
    words = [word("Bekanntmachung", 90.0), word("|", 0.0), word("de", 10.0), word("—", 0.0)]
    assert reading.mean_confidence(words) == pytest.approx((14 * 90 + 2 * 10) / 16)


@given(st.lists(word_on_page(width=400, height=300)))
def test_turning_left_four_times_is_no_turn(words):
    turned = tuple(words)
    for width in (400, 300, 400, 300):
        turned = reading.turned_left(turned, width)
        assert all(w.left <= w.right and w.top <= w.bottom for w in turned)
    assert turned == tuple(words)


def test_a_standing_line_is_told_from_a_badly_read_one():
    standing = [Word("Hundesteuer", 10, 10, 40, 200, 95.0, 0, 0)]
    assert reading.reads_downwards(standing)
    assert not reading.reads_downwards([word("Hundesteuer", 95.0)])
    assert not reading.reads_downwards([Word("Hundesteuer", 10, 10, 40, 200, 22.0, 0, 0)])
    assert not reading.reads_downwards([])
    assert reading.may_be_turned([]) and reading.may_be_turned([word("Xq7vl", 22.0)])
    assert not reading.may_be_turned([word("Hundesteuer", 95.0)])


def test_quality_is_of_the_recognised_pages_only():
    good = [word("Bescheid", 96.0)] * 9
    pages = [
        page([*good, word("aaaaaa", 30.0)]),
        page([word("Aktenzeichen", 100.0)], "own_text", 2),
        page([], "blank", 3),
        page([], "unread", 4),
    ]
    found = reading.quality(pages)
    assert found.confidence == pytest.approx((72 * 96 + 6 * 30) / 78)
    assert (found.doubtful, found.garbage, found.unread) == (0.1, 0.1, 1)


def test_quality_without_words():
    assert reading.quality([page([], "own_text")]).confidence is None
    assert reading.quality([]).confidence is None
    assert reading.quality([page([])]) == (0.0, 0.0, 0.0, 0)


@pytest.mark.parametrize(
    "text",
    ["Rechtsschutz", "BauGB", "VwGO", "GmbH", "Nr.", "§", "(3)", "DE29ZZZ00004890496", "1.234,56",
     "usw.", "MwSt.", "IBAN", "Straße", "xy", "-"],
)  # fmt: skip
def test_german_office_words_are_no_garbage(text):
    assert not reading.looks_like_garbage(text)


@pytest.mark.parametrize("text", ["~=|:'a", "llllo", "vxtrk", "a" * 41, ".,;:_"])
def test_garbage_is_seen(text):
    assert reading.looks_like_garbage(text)


@given(word_text)
def test_garbage_takes_any_word(text):
    assert reading.looks_like_garbage(text) in (True, False)


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        (("nach", "8", "28", "VwVfG"), 1),
        (("der", "83", "370,", "373"), 1),
        (("Die", "$$", "14", "sowie"), 1),
        (("Niederlassung", "(8", "4", "Absatz"), 1),
        (("nach", "$34f", "Absatz", "1"), 1),
        (("nach", "828", "VwVfG", "wird"), 1),
        (("S", "35", "BauGB"), 0),
    ],
)
def test_a_legal_reference_is_looked_at_again(texts, place):
    assert paragraph_signs.candidates(line_of(*texts)) == (place,)


@pytest.mark.parametrize(
    "texts",
    [
        ("Postzustellung", "8", "560,00", "€"),
        ("8:00–12:00", "Uhr"),
        ("Postfach", "8152", "·", "49619"),
        ("Artikel", "5", "und", "6"),
        ("nach", "Satz", "5", "Nummer"),
        ("von", "850", "m²"),
        ("von", "850", "Euro", "wird"),
    ],
)
def test_amounts_and_addresses_cost_nothing(texts):
    assert paragraph_signs.candidates(line_of(*texts)) == ()


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ("8", "§", "§"),
        ("$$", "§§", "§§"),
        ("5", "§§", "§§"),
        ("(8", "(§", "(§"),
        ("8", "§28", "§"),
        ("$28", "§28", "§28"),
        ("828", "§", "§28"),
        ("8528", "§§", "§§28"),
        ("828", "§29", "828"),
        ("8", "8", "8"),
        ("8", "3§", "8"),
        ("Haus", "§", "Haus"),
    ],
)
def test_only_the_sign_is_taken_from_the_second_reading(first, second, result):
    assert paragraph_signs.signed_text(first, second) == result


@given(word_text, st.text(alphabet="§8$S(a", max_size=5))
def test_a_second_reading_never_costs_a_letter_or_the_number(first, second):
    after = paragraph_signs.signed_text(first, second)
    if after == first:
        return
    assert "§" in after and "§" in second
    assert set(after) - set(first) == {"§"} or "§" in first
    letters = [sign for sign in first if sign.isalpha() and sign != "S"]
    assert [sign for sign in after if sign.isalpha() and sign != "S"] == letters


def test_the_sign_is_put_where_it_was_seen():
    words = line_of("nach", "8", "28", "8", "30")
    (piece,) = paragraph_signs.cuttings(words, (1,), 400, 300)
    inside = [Word("§", words[1].left - piece.left, 5, words[1].right - piece.left, 40, 88.0, 0, 0)]
    texts = [w.text for w in paragraph_signs.with_signs(words, (piece,), (inside,))]
    assert texts == ["nach", "§", "28", "8", "30"]
    elsewhere = [Word("§", words[2].left - piece.left, 5, words[2].right, 40, 88.0, 0, 0)]
    assert paragraph_signs.with_signs(words, (piece,), (elsewhere,)) == tuple(words)


candidate_text = st.sampled_from(["8", "$$", "34f", "nach", "Abs.", "828", "(8", "§", "1"])


@given(st.lists(word_on_page(text=candidate_text), max_size=60))
def test_cuttings_lie_on_the_page_and_are_never_empty(words):
    places = paragraph_signs.candidates(words)
    for piece in paragraph_signs.cuttings(words, places, 400, 300):
        assert 0 <= piece.left < piece.right <= 400
        assert 0 <= piece.top < piece.bottom <= 300


@given(st.lists(word_on_page(text=candidate_text), max_size=30), st.data())
def test_signs_change_texts_of_candidates_only(words, data):
    places = paragraph_signs.candidates(words)
    pieces = paragraph_signs.cuttings(words, places, 400, 300)
    answers = [data.draw(st.lists(word_on_page(text=candidate_text), max_size=3)) for _ in pieces]
    after = paragraph_signs.with_signs(words, pieces, answers)
    assert len(after) == len(words)
    for index, (old, new) in enumerate(zip(words, after, strict=True)):
        assert (new.left, new.top, new.right, new.bottom, new.line, new.block) == (
            old.left, old.top, old.right, old.bottom, old.line, old.block,
        )  # fmt: skip
        assert new == old or (index in places and "§" in new.text)
        assert not math.isnan(new.confidence)

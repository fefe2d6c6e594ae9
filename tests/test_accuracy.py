"""The measures by which readings are judged."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

# The measurements are no part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import accuracy

pytestmark = pytest.mark.pure


@given(
    st.text(alphabet="abc", max_size=7),
    st.text(alphabet="abc", max_size=12),
)
def test_the_best_place_is_the_best_of_all_places(pattern, text):
    ends = range(len(text) + 1)
    every = [text[start:end] for start in ends for end in ends if start <= end]
    best = min(Levenshtein.distance(pattern, piece) for piece in every)
    assert accuracy.best_place_distance(pattern, text) == best


def test_reading_order_counts_for_one_rate_only():
    truth, read = "Stadt Musterbach\nBauamt", "Bauamt\nStadt  Musterbach"
    assert accuracy.character_errors(truth, read).errors > 5
    assert accuracy.line_errors(truth, read) == (0, 22)
    assert accuracy.missed_words(truth, read) == (0, 3)
    assert accuracy.missed_signs("§§ 1 und § 2", "§ 1 und 8 2", "§") == (2, 3)
    assert accuracy.added([accuracy.Tally(1, 4), accuracy.Tally(0, 4)]).rate == 0.125

"""Samples: how many are drawn and which, and what a sample says of documents nobody looked at."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import Refusal
from archiver.retention.sampling import (
    Candidate,
    Drawn,
    Known,
    Sample,
    checked,
    coverage,
    draw,
    drawn,
    size,
)

pytestmark = pytest.mark.pure

PERCENTS = (1.0, 2.5, 5.0, 7.3, 100.0)
IDS = st.lists(st.integers(0, 10**6).map(lambda n: f"D{n:07}"), unique=True, max_size=80)
SEEDS = st.text("0123456789abcdef", min_size=1, max_size=32)


@st.composite
def populations(draw_: st.DrawFn) -> list[Candidate]:
    """Scans, single or of up to six batches; some documents have pages of two."""
    batches = st.lists(st.sampled_from("ABCDEF"), unique=True, max_size=2).map(tuple)
    return [Candidate(one, draw_(st.sampled_from(PERCENTS)), draw_(batches)) for one in draw_(IDS)]


@given(st.integers(0, 10**6), st.floats(0.01, 100).map(lambda share: round(share, 2)))
def test_a_share_is_rounded_up_exactly(count: int, percent: float) -> None:
    exact = Fraction(str(percent)) * count / 100
    assert 0 <= size(count, percent) - exact < 1
    assert size(count, 100.0) == count


def test_shares_that_floating_point_would_round_wrongly() -> None:
    # 7 % of 100 is 7; as binary fractions it is a little more.
    assert math.ceil(0.07 * 100) == 8
    assert size(100, 7.0) == 7
    assert size(1, 0.01) == 1


@given(populations(), SEEDS)
def test_enough_is_drawn_of_each_rate_and_of_each_batch(
    population: list[Candidate], seed: str
) -> None:
    chosen = set(draw(population, seed))
    assert chosen <= {one.document for one in population}
    assert bool(chosen) == bool(population)
    for percent in PERCENTS:
        alike = [one.document for one in population if one.percent == percent]
        assert len(chosen.intersection(alike)) >= size(len(alike), percent)
    batches = {batch for one in population for batch in one.batches}
    for batch in batches:
        assert any(one.document in chosen for one in population if batch in one.batches)
    least = sum(
        size(sum(one.percent == percent for one in population), percent) for percent in PERCENTS
    )
    assert len(chosen) <= least + len(batches)


@given(populations(), SEEDS, st.randoms(use_true_random=False))
def test_the_seed_alone_decides(population: list[Candidate], seed: str, chance: object) -> None:
    shuffled = list(population)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert draw(shuffled, seed) == draw(population, seed)


def test_the_order_is_what_is_promised_and_another_seed_draws_others() -> None:
    population = [Candidate(f"D{n:03}", 10.0) for n in range(200)]
    by_hand = sorted(
        (one.document for one in population),
        key=lambda document: hashlib.sha256(f"ab:{document}".encode()).digest(),
    )
    assert list(draw(population, "ab")) == by_hand[:20]
    assert set(draw(population, "cd")) != set(by_hand[:20])
    # Every document has its chance.
    seen = {document for n in range(300) for document in draw(population, str(n))}
    assert len(seen) == 200


def sample_of(population: str, drawn_: str, **results: str) -> Sample:
    return Sample(
        "seed",
        5.0,
        tuple(population),
        tuple(Drawn(one, results.get(one)) for one in drawn_),  # type: ignore[arg-type]
    )


def test_looking_moves_a_sample_to_its_end() -> None:
    good, bad = Drawn("", "pass", "now", "uid:7"), Drawn("", "fail", "now", "uid:7", "schief")
    sample = drawn([Candidate(one, 100.0) for one in "AB"], "seed", 100.0)
    assert (sample.outcome, set(sample.unchecked)) == ("drawn", {"A", "B"})
    half = checked(sample, ["A"], good)
    assert (half.outcome, half.unchecked) == ("drawn", ("B",))
    assert half.item("A") == msgspec.structs.replace(good, document="A")
    assert checked(half, ["B"], good).outcome == "passed"
    # What was called good can still be found bad, and never the other way.
    ended = checked(checked(half, ["A"], bad), ["B"], good)
    assert (ended.outcome, ended.failed) == ("failed", ("A",))
    for before, document, found, reason in (
        (half, "A", good, "already_checked"),
        (ended, "A", good, "already_checked"),
        (ended, "A", bad, "already_checked"),
        (half, "C", good, "not_in_sample"),
    ):
        with pytest.raises(Refusal) as fault:
            checked(before, [document], found)
        assert fault.value.reason == reason


def test_what_samples_say_and_what_an_exchanged_scan_takes_away() -> None:
    known = [
        Known("S3", "drawn", 30, sample_of("CDX", "C")),
        Known("S1", "passed", 10, sample_of("ABX", "A", A="pass")),
        Known("S2", "failed", 20, sample_of("CDE", "CD", C="fail", D="pass")),
    ]
    said = coverage(known, {"B": 11, "A": 9, "X": 15, "C": 25})
    assert said.passed == {"A": "S1"}
    assert said.running == {"C": "S3", "D": "S3", "X": "S3"}
    assert said.failed == {"D": "S2", "E": "S2"}
    assert said.bad == {"C"}
    assert [one for one in "ABCDEX" if said.is_open(one)] == ["B", "E"]


@given(st.lists(IDS, min_size=1, max_size=4), SEEDS)
def test_samples_of_what_is_open_never_overlap(arrivals: list[list[str]], seed: str) -> None:
    """As documents come, each draw takes those that nothing stands for yet."""
    known: list[Known] = []
    there: set[str] = set()
    for number, arrived in enumerate(arrivals):
        there.update(arrived)
        said = coverage(known, {})
        population = [Candidate(one, 5.0) for one in sorted(there) if said.is_open(one)]
        if population:
            sample = drawn(population, seed, 5.0)
            known.append(Known(f"S{number}", "passed", number + 1, sample))
    covered = [document for one in known for document in one.sample.population]
    assert len(covered) == len(set(covered))
    assert set(covered) == there

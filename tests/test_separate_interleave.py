"""Fronts and backs: woven within one folder only, and only where they fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import ReviewNeeded
from archiver.separate.interleave import Couple, Stack, meet, woven

pytestmark = pytest.mark.pure

PDF = "application/pdf"


def stack(name: str, pages: int = 3, arrived: float = 0, folder: str = "bauamt") -> Stack:
    return Stack(name, folder, PDF, pages, arrived)


def test_backs_come_last_first_because_the_stack_is_turned_over() -> None:
    assert woven(stack("f"), stack("b")) == ((0, 1), (1, 3), (0, 2), (1, 2), (0, 3), (1, 1))
    assert woven(stack("f"), stack("b"), last_back_first=False)[1] == (1, 1)


@given(st.integers(1, 300))
def test_every_side_stands_once_and_fronts_keep_their_order(count) -> None:
    order = woven(stack("f", count), stack("b", count))
    assert len(order) == len(set(order)) == 2 * count
    assert [page for source, page in order if source == 0] == list(range(1, count + 1))
    assert [source for source, _page in order] == [0, 1] * count


@pytest.mark.parametrize(
    ("backs", "reason"),
    [
        (stack("b", folder="ordnungsamt"), "stacks_of_two_folders"),
        (stack("b", 2), "stack_counts_differ"),
        (Stack("b", "bauamt", "image/tiff", 3, 0), "stacks_differ_in_kind"),
    ],
)
def test_what_does_not_fit_has_a_reason(backs, reason) -> None:
    with pytest.raises(ReviewNeeded, match=reason):
        woven(stack("f"), backs)
    with pytest.raises(ReviewNeeded, match="stack_empty"):
        woven(stack("f", 0), stack("b", 0))


def test_two_clerks_at_the_same_time_never_meet() -> None:
    a1, b1 = stack("A1", 5, 1), stack("B1", 5, 2, "ordnungsamt")
    a2, b2 = stack("A2", 5, 3), stack("B2", 5, 4, "ordnungsamt")
    found = meet([b2, a2, b1, a1], now=5, patience=600)
    assert found.couples == (Couple(a1, a2), Couple(b1, b2))
    assert (found.waiting, found.doubts) == ((), ())


def test_a_couple_that_does_not_fit_does_not_shift_the_next_one() -> None:
    torn, short, fronts, backs = (
        stack("A", 5, 1),
        stack("B", 4, 2),
        stack("C", 4, 3),
        stack("D", 4, 4),
    )
    found = meet([torn, short, fronts, backs], now=5, patience=600)
    assert found.couples == (Couple(fronts, backs),)
    assert found.doubts == (("A", "stack_counts_differ"), ("B", "stack_counts_differ"))


def test_fronts_wait_for_their_backs_but_not_for_ever() -> None:
    fronts, late = stack("A", 5, 0), stack("B", 5, 700)
    assert meet([fronts], now=599, patience=600).waiting == (fronts,)
    assert meet([fronts], now=601, patience=600).doubts == (("A", "stack_alone"),)
    found = meet([fronts, late], now=701, patience=600)
    assert (found.doubts, found.waiting, found.couples) == ((("A", "stack_alone"),), (late,), ())


@given(
    st.lists(
        st.builds(
            Stack,
            st.integers(0, 10**6).map(str),
            st.sampled_from(["a", "b"]),
            st.just(PDF),
            st.integers(0, 3),
            st.floats(0, 2000),
        ),
        max_size=12,
        unique_by=lambda one: one.id,
    )
)
def test_every_stack_is_accounted_for_and_couples_share_a_folder(stacks) -> None:
    found = meet(stacks, now=2000, patience=500)
    ids = [one.id for couple in found.couples for one in (couple.fronts, couple.backs)]
    ids += [one.id for one in found.waiting] + [name for name, _reason in found.doubts]
    assert sorted(ids) == sorted(one.id for one in stacks)
    assert all(couple.fronts.folder == couple.backs.folder for couple in found.couples)

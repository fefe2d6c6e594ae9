"""Holds stand until they are lifted, and cover what they say and nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import Fault
from archiver.retention.holds import Hold, Subject, checked, covers, lifted, stopping, to_review

pytestmark = pytest.mark.pure

PLACED, REVIEW = date(2026, 3, 1), date(2027, 3, 1)
DAY = timedelta(days=1)
days = st.dates(date(2025, 1, 1), date(2030, 12, 31))
names = st.sampled_from("abc")


def hold(scope: str = "document", *targets: str, **more) -> Hold:
    values = {
        "id": "h",
        "scope": scope,
        "targets": frozenset(targets),
        "reason": "lawsuit",
        "authority": "Rechtsamt",
        "placed_on": PLACED,
        "review_on": REVIEW,
    }
    return Hold(**(values | more))


holds = st.builds(
    lambda scope, targets, on, after: hold(scope, *targets, placed_on=on, lifted_on=after),
    st.sampled_from(["document", "dossier", "class", "search"]),
    st.sets(names, min_size=1),
    days,
    st.none() | days,
)
subjects = st.builds(Subject, names, names, st.none() | names, names | st.just(""))


@pytest.mark.parametrize(
    ("scope", "target", "covered"),
    [
        ("document", "doc", True),
        ("document", "dossier", False),
        ("search", "doc", True),
        ("search", "invoice", False),
        ("class", "invoice", True),
        ("class", "building_permit", True),
        ("class", "doc", False),
        ("dossier", "dossier", True),
        ("dossier", "doc", False),
    ],
)
def test_each_scope_covers_its_own(scope, target, covered):
    subject = Subject("doc", "invoice", "dossier", "building_permit")
    assert covers(hold(scope, target), subject, PLACED) == covered


def test_a_hold_on_a_class_is_standing_and_one_on_a_search_is_not():
    """A paper filed a year after the hold was placed."""
    later = Subject("filed-later", "invoice")
    assert covers(hold("class", "invoice"), later, PLACED + 365 * DAY)
    assert not covers(hold("search", "found-then"), later, PLACED + 365 * DAY)


def test_a_paper_in_no_dossier_and_of_no_class_is_not_covered_by_empty_names():
    assert not covers(hold("class", "x"), Subject("d", ""), PLACED)
    assert not covers(hold("dossier", "x"), Subject("d", ""), PLACED)


def test_it_holds_from_its_first_day_until_the_day_it_is_lifted():
    standing = hold("document", "doc")
    over = lifted(standing, date(2026, 9, 9))
    subject = Subject("doc", "x")
    for one, day, is_covered in (
        (standing, PLACED - DAY, False),
        (standing, PLACED, True),
        (standing, REVIEW + 3650 * DAY, True),  # a review that nobody made lifts nothing
        (over, date(2026, 9, 8), True),
        (over, date(2026, 9, 9), False),
    ):
        assert covers(one, subject, day) == is_covered


@given(st.lists(holds, max_size=5), st.lists(subjects, max_size=4), days)
def test_a_unit_is_stopped_just_where_one_of_its_papers_is(all_holds, unit, today):
    found = stopping(all_holds, iter(unit), today)
    expected = [one for one in all_holds if any(covers(one, paper, today) for paper in unit)]
    assert list(found) == expected
    for one in found:
        assert one.placed_on <= today
        assert one.lifted_on is None or today < one.lifted_on
    # One paper more never frees a unit.
    assert set(found) <= set(stopping(all_holds, [*unit, Subject("a", "b", "c")], today))


@given(holds, days, subjects)
def test_lifting_frees_from_that_day_and_is_refused_twice(one, on, subject):
    try:
        over = lifted(one, on)
    except Fault as fault:
        known = {"hold_is_lifted", "hold_lifted_too_early"}
        assert fault.reason in known
        assert one.lifted_on is not None or on < one.placed_on
        return
    assert not covers(over, subject, on)
    assert not covers(over, subject, on + 1000 * DAY)
    with pytest.raises(Fault, match="hold_is_lifted"):
        lifted(over, on)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (hold("class"), "hold_without_target"),
        (hold("class", "x", authority="  "), "hold_without_authority"),
        (hold("class", "x", review_on=PLACED), "hold_review_too_early"),
    ],
)
def test_a_hold_says_what_who_and_until_when_to_ask(bad, reason):
    with pytest.raises(Fault) as caught:
        checked(bad)
    assert caught.value.reason == reason
    good = hold("class", "x")
    assert checked(good) is good


def test_holds_to_review_come_with_the_longest_overdue_first():
    early = hold("class", "x", id="early", review_on=REVIEW - DAY)
    late = hold("class", "x", id="late")
    done = hold("class", "x", id="done", lifted_on=PLACED + DAY)
    assert to_review([late, done, early], REVIEW) == (early, late)
    assert to_review([late, done, early], REVIEW - DAY) == (early,)
    assert to_review([late], REVIEW - DAY) == ()


def test_it_survives_json():
    one = hold("search", "a", "b")
    assert msgspec.json.decode(msgspec.json.encode(one), type=Hold) == one

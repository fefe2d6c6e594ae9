"""Access closure: dates worked out by hand, and doubt that keeps closed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.retention.closure import Lengths, Person, closure

pytestmark = pytest.mark.pure

NEWEST = date(2000, 2, 29)
days = st.dates(date(1850, 1, 1), date(2100, 12, 31))
persons = st.lists(st.builds(Person, st.none() | days, st.none() | days), max_size=3)


@pytest.mark.parametrize(
    ("newest", "is_secret", "about", "ends"),
    [
        # 30 years from the newest page: 2030 is no leap year.
        ("2000-02-29", False, [], "2030-02-28"),
        ("1995-06-30", False, [], "2025-06-30"),
        # 60 under secrecy: 2060 is a leap year.
        ("2000-02-29", True, [], "2060-02-29"),
        # 10 after death, where that is later than the 30 years ...
        ("1980-01-01", False, [Person(died=date(2010, 3, 4))], "2020-03-04"),
        # ... and else the 30 years, which count for every record.
        ("2000-02-29", False, [Person(died=date(1995, 1, 1))], "2030-02-28"),
        # 90 after birth where the death is not known: 2026 is no leap year.
        ("1980-01-01", False, [Person(born=date(1936, 2, 29))], "2026-02-28"),
        ("1980-01-01", False, [Person(born=date(1940, 7, 1))], "2030-07-01"),
        # The death counts before the birth.
        ("1980-01-01", False, [Person(date(1999, 1, 31), date(1990, 1, 1))], "2010-01-01"),
        # 60 after the newest page where neither is known.
        ("1980-05-06", False, [Person()], "2040-05-06"),
        # The last of several persons.
        ("1980-01-01", False, [Person(died=date(1990, 1, 1)), Person(born=date(1970, 8, 9))],
         "2060-08-09"),
        # Secrecy and a person: the later one.
        ("1980-01-01", True, [Person(died=date(2035, 1, 1))], "2045-01-01"),
        ("1980-01-01", True, [Person(died=date(2000, 1, 1))], "2040-01-01"),
    ],
)  # fmt: skip
def test_the_last_day_of_closure_is_the_one_found_by_hand(newest, is_secret, about, ends):
    found = closure(date.fromisoformat(newest), is_secret=is_secret, persons=about)
    last = date.fromisoformat(ends)
    assert found.ends == last
    assert found.steps[-1].params == {"on": str(last + timedelta(days=1))}


@given(days, st.booleans(), persons, st.builds(Person, st.none() | days, st.none() | days))
def test_another_person_or_secrecy_never_opens_earlier(newest, is_secret, about, other):
    alone = closure(newest, persons=about).ends
    assert alone <= closure(newest, persons=[*about, other]).ends
    assert alone <= closure(newest, is_secret=is_secret, persons=about).ends
    assert alone <= closure(newest + timedelta(days=1), persons=about).ends
    assert alone >= closure(newest).ends


@given(st.booleans(), persons)
def test_without_a_newest_page_it_stays_closed(is_secret, about):
    found = closure(None, is_secret=is_secret, persons=about)
    assert found.ends is None


def test_a_date_that_cannot_be_keeps_closed():
    for newest, about in ((date.max, []), (NEWEST, [Person(died=date.max)])):
        assert closure(newest, persons=about).ends is None


def test_another_law_has_other_lengths():
    """North Rhine-Westphalia: 100 years after birth."""
    found = closure(NEWEST, persons=[Person(born=date(1950, 3, 1))], lengths=Lengths(born=100))
    assert found.ends == date(2050, 3, 1)

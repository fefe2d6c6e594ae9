"""The count of periods, against definitions that do not share its arithmetic."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.retention.periods import Amount, counted, period_end, year_end

pytestmark = pytest.mark.pure

DAY = timedelta(days=1)
days = st.dates(date(1800, 1, 1), date(2200, 12, 31))
amounts = st.builds(Amount, st.integers(0, 120), st.integers(0, 40), st.integers(0, 800))
whole = st.builds(Amount, st.integers(0, 120), st.integers(0, 40))


def sure_end(start: date, amount: Amount) -> date:
    found = period_end(start, amount)
    assert found is not None
    return found


def months(day: date) -> int:
    return 12 * day.year + day.month


@given(days, whole)
def test_years_and_months_end_on_the_events_number_or_the_months_last_day(start, amount):
    end = sure_end(start, amount)
    assert months(end) - months(start) == 12 * amount.years + amount.months
    is_last_of_month = (end + DAY).day == 1
    assert end.day == start.day or (end.day < start.day and is_last_of_month)


@given(days, amounts)
def test_days_come_last(start, amount):
    before = sure_end(start, Amount(amount.years, amount.months))
    assert (sure_end(start, amount) - before).days == amount.days


@given(days, days, amounts)
def test_a_later_event_never_ends_earlier(one, other, amount):
    first, second = sorted((one, other))
    assert sure_end(first, amount) <= sure_end(second, amount)


@given(days, amounts, amounts)
def test_more_never_ends_earlier(start, amount, more):
    longer = Amount(amount.years + more.years, amount.months + more.months, amount.days + more.days)
    assert start <= sure_end(start, amount) <= sure_end(start, longer)


@given(days, whole)
def test_from_the_end_of_a_year_both_ways_of_counting_agree(start, amount):
    """BGB § 187 (1), the day left out, and (2), 1 January counted with its whole day."""
    first = year_end(start) + DAY
    total = first.month - 1 + 12 * amount.years + amount.months
    day_of_same_number = date(first.year + total // 12, total % 12 + 1, 1)
    assert sure_end(year_end(start), amount) == day_of_same_number - DAY


@given(days, st.integers(0, 200))
def test_whole_years_from_a_years_end_end_with_a_year(start, years):
    assert sure_end(year_end(start), Amount(years)) == date(start.year + years, 12, 31)


@given(days, amounts)
def test_the_steps_end_where_the_period_ends(start, amount):
    end, steps = counted(start, amount)
    assert steps[-1].params["on"] == str(end)
    told = {step.code for step in steps}
    assert ("ends_at_once" in told) == (amount == Amount())
    # A day is said to be missing just where a plain look at the calendar says so.
    total = months(start) - 1 + 12 * amount.years + amount.months
    try:
        date(total // 12, total % 12 + 1, start.day)
        is_missing = False
    except ValueError:
        is_missing = True
    assert ("no_such_day" in told) == is_missing


@pytest.mark.parametrize(
    "amount", [Amount(years=1), Amount(days=1), Amount(days=10**12), Amount(months=10**12)]
)
def test_an_end_beyond_the_calendar_is_no_end(amount):
    """31.12.9999 stands on papers that are valid for ever."""
    assert period_end(date.max, amount) is None
    end, steps = counted(date.max, amount)
    assert (end, [step.code for step in steps]) == (None, ["beyond_calendar"])


def test_the_calendars_last_day_is_still_an_end():
    assert period_end(date(9998, 12, 31), Amount(1)) == date.max


def test_a_period_is_never_negative():
    with pytest.raises(ValueError, match="negative"):
        Amount(months=-1)

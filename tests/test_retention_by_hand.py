"""Due dates worked out by hand with a paper calendar, rule by rule; nothing here was computed.

How each was found stands beside it. "YE" is 31 December of the year of the event (the year-end
rule); a plain period ends on the day with the event's number (BGB § 188 (2)) or, where the month
has none, on its last day (§ 188 (3)). Leap years used: 1916, 1944, 1972, 1992, 1996, 2000, 2004,
2012, 2016, 2020, 2024, 2028; 2100 is none.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from archiver.filingplan import RecordClass, Retention, filing_plan
from archiver.retention.due import due
from archiver.retention.rules import RuleBook, confirmed, revised, rule_book

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[1]
ADOPTED = date(2026, 1, 1)
TODAY = date(2026, 11, 1)
CONFIRMED = date(2026, 3, 2)

MADE_UP = (
    RecordClass("year_and_half", retention=Retention(years=1, months=6, start="closed")),
    RecordClass("year_and_month", retention=Retention(years=1, months=1, start="closed")),
    RecordClass("ninety_days", retention=Retention(days=90, start="closed")),
    RecordClass("fortnight", retention=Retention(days=14, start="closed")),
    RecordClass("month_and_half", retention=Retention(months=1, days=15, start="closed")),
    RecordClass("half_from_ye", retention=Retention(months=6, start="closed", year_end=True)),
    RecordClass("two_from_ye", retention=Retention(months=2, start="closed", year_end=True)),
    RecordClass("after_death", retention=Retention(years=10, start="died")),
    RecordClass("after_birth", retention=Retention(years=90, start="born")),
)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The example plan, adopted on 1 January 2026, and some rules that it does not have."""
    plan = (*filing_plan(ROOT / "filingplan.toml"), *MADE_UP)
    return rule_book(revised(RuleBook(), plan, ADOPTED))


BY_HAND = [
    # Books: 10 years from YE of the last entry.
    ("books", "2015-03-12", "2025-12-31"),  # YE 31.12.2015, ten years on
    ("books", "2015-12-31", "2025-12-31"),  # the last day still belongs to 2015
    ("books", "2016-01-01", "2026-12-31"),  # one day later a whole year later: YE 31.12.2016
    ("books", "2012-02-29", "2022-12-31"),  # leap day: YE 31.12.2012, nothing special
    ("books", "1999-12-31", "2009-12-31"),  # YE the same day
    ("books", "2000-01-01", "2010-12-31"),  # YE 31.12.2000
    # Invoices since 2025: 8 years from YE of issue.
    ("invoice", "2025-01-01", "2033-12-31"),  # YE 31.12.2025, eight years on
    ("invoice", "2025-12-31", "2033-12-31"),  # same year, same end
    ("invoice", "2026-06-30", "2034-12-31"),  # YE 31.12.2026
    ("invoice", "2028-02-29", "2036-12-31"),  # YE 31.12.2028
    # Business letters: 6 years from YE.
    ("business_letter", "2019-12-31", "2025-12-31"),  # YE 31.12.2019
    ("business_letter", "2020-01-02", "2026-12-31"),  # YE 31.12.2020
    ("business_letter", "2020-02-29", "2026-12-31"),  # YE 31.12.2020
    # National procurement: 3 years from the day of the award.
    ("procurement", "2021-03-15", "2024-03-15"),  # same number
    ("procurement", "2020-02-29", "2023-02-28"),  # February 2023 has no 29th
    ("procurement", "2021-02-28", "2024-02-28"),  # the number counts, not the month's end: not 29
    ("procurement", "2021-12-31", "2024-12-31"),  # same number
    # Voter rolls: 6 months from the election.
    ("voter_roll", "2024-06-09", "2024-12-09"),  # June to December
    ("voter_roll", "2025-02-23", "2025-08-23"),  # February to August
    ("voter_roll", "2024-08-31", "2025-02-28"),  # February 2025 has no 31st
    ("voter_roll", "2023-08-31", "2024-02-29"),  # February 2024 has 29 days
    ("voter_roll", "2024-08-30", "2025-02-28"),  # no 30th either
    ("voter_roll", "2024-08-29", "2025-02-28"),  # no 29th either
    ("voter_roll", "2024-08-28", "2025-02-28"),  # same number
    ("voter_roll", "2025-03-31", "2025-09-30"),  # September has 30 days
    ("voter_roll", "2025-12-31", "2026-06-30"),  # June has 30 days
    ("voter_roll", "2024-02-29", "2024-08-29"),  # same number, not August's end
    # Passports: 5 years from the last day of validity.
    ("passport", "2020-03-14", "2025-03-14"),  # same number
    ("passport", "2024-02-29", "2029-02-28"),  # February 2029 has no 29th
    ("passport", "2019-02-28", "2024-02-28"),  # same number though 2024 has a 29th
    # Collected papers of births: 110 years from the entry.
    ("birth_papers", "1915-07-01", "2025-07-01"),  # same number
    ("birth_papers", "1916-02-29", "2026-02-28"),  # 2026 is no leap year
    ("birth_papers", "1992-02-29", "2102-02-28"),  # nor is 2102
    ("birth_papers", "1990-12-31", "2100-12-31"),  # same number
    # Collected papers of marriages: 80 years.
    ("marriage_papers", "1944-02-29", "2024-02-29"),  # leap year to leap year
    ("marriage_papers", "1945-12-31", "2025-12-31"),  # same number
    ("marriage_papers", "2020-02-29", "2100-02-28"),  # 2100 is no leap year
    # Collected papers of deaths: 30 years.
    ("death_papers", "1994-11-05", "2024-11-05"),  # same number
    ("death_papers", "1996-02-29", "2026-02-28"),  # 2026 is no leap year
    ("death_papers", "1970-02-28", "2000-02-28"),  # 2000 is a leap year, but 28 is the number
    # Residents: 5 and 50 years from YE.
    ("residents", "1970-02-10", "2025-12-31"),  # YE 31.12.1970, 55 years on
    ("residents", "1970-12-31", "2025-12-31"),  # last day of the year
    ("residents", "1971-01-01", "2026-12-31"),  # first of the next
    # Personnel files: 5 years from YE of leaving.
    ("personnel_file", "2020-07-31", "2025-12-31"),  # YE 31.12.2020
    ("personnel_file", "2020-12-31", "2025-12-31"),  # the usual last day
    # Social assistance: 6 years from the day of closing.
    ("social_assistance", "2019-05-31", "2025-05-31"),  # same number
    ("social_assistance", "2020-02-29", "2026-02-28"),  # 2026 is no leap year
    ("social_assistance", "2018-02-28", "2024-02-28"),  # 28 is the number
    # Dog tax: 10 years from YE of closing.
    ("dog_tax", "2015-03-12", "2025-12-31"),  # YE 31.12.2015
    # Papers to throw away: 1 year from YE.
    ("ephemeral", "2025-01-01", "2026-12-31"),  # YE 31.12.2025: nearly two years
    ("ephemeral", "2025-12-31", "2026-12-31"),  # and just one
    # Titled claims: 30 years from finality.
    ("titled_claim", "1994-02-28", "2024-02-28"),  # 28 is the number
    ("titled_claim", "1972-02-29", "2002-02-28"),  # 2002 is no leap year
    # Trade registrations: 10 years from YE of deregistration.
    ("trade_registration", "2014-10-01", "2024-12-31"),  # YE 31.12.2014
    # Regulatory offences: 5 years from YE of closing.
    ("offence", "2020-02-29", "2025-12-31"),  # YE 31.12.2020
    # Building files: until the building is gone, no longer.
    ("building_permit", "2024-08-31", "2024-08-31"),  # the day itself
    # One year and six months: eighteen months in one.
    ("year_and_half", "2023-08-31", "2025-02-28"),  # August 2023, 18 months on: February 2025
    ("year_and_half", "2022-08-31", "2024-02-29"),  # February 2024
    ("year_and_half", "2024-04-15", "2025-10-15"),  # same number
    # Thirteen months in one, so that the leap day is not lost on the way.
    ("year_and_month", "2024-02-29", "2025-03-29"),  # March has a 29th
    ("year_and_month", "2024-01-31", "2025-02-28"),  # February 2025 has no 31st
    # 90 days; the first day counted is the one after the event.
    ("ninety_days", "2025-01-15", "2025-04-15"),  # 16 in January, 28, 31, and 15 in April
    ("ninety_days", "2024-01-15", "2024-04-14"),  # 16 in January, 29, 31, and 14 in April
    ("ninety_days", "2025-10-02", "2025-12-31"),  # 29 in October, 30, and 31 in December
    # 14 days.
    ("fortnight", "2024-02-20", "2024-03-05"),  # 9 in February, 5 in March
    ("fortnight", "2023-02-20", "2023-03-06"),  # 8 in February, 6 in March
    ("fortnight", "2025-12-20", "2026-01-03"),  # 11 in December, 3 in January
    # One month and 15 days; the days come last (BGB § 189 (2)).
    ("month_and_half", "2025-01-31", "2025-03-15"),  # 28 February, then 15 days
    ("month_and_half", "2024-01-31", "2024-03-15"),  # 29 February, then 15 days
    # Months from YE: as if counted from 1 January with that day (BGB § 187 (2)).
    ("half_from_ye", "2024-05-05", "2025-06-30"),  # January to June
    ("two_from_ye", "2023-05-05", "2024-02-29"),  # January and February of a leap year
    ("two_from_ye", "2024-05-05", "2025-02-28"),  # and of another year
    # From death and birth.
    ("after_death", "2004-02-29", "2014-02-28"),  # 2014 is no leap year
    ("after_death", "2014-11-30", "2024-11-30"),  # same number
    ("after_birth", "1934-03-01", "2024-03-01"),  # same number
]


@pytest.mark.parametrize(("key", "event", "ends"), BY_HAND)
def test_the_last_day_is_the_one_found_by_hand(
    book: RuleBook, key: str, event: str, ends: str
) -> None:
    rule = book.versions[key][-1]
    found = due(book, key, {rule.event: date.fromisoformat(event)}, TODAY)
    assert (found.kind, str(found.ends)) == ("dated", ends)


def test_there_are_enough_dates_and_rules() -> None:
    assert len(set(BY_HAND)) == len(BY_HAND) >= 60
    assert len({key for key, _event, _ends in BY_HAND}) >= 20


# EU procurement: 3 years from the award, never before the contract has ended.
@pytest.mark.parametrize(
    ("awarded", "contract_ended", "ends"),
    [
        ("2020-02-29", "2022-06-30", "2023-02-28"),  # the contract ended within the three years
        ("2020-02-29", "2023-02-28", "2023-02-28"),  # on their last day
        ("2020-02-29", "2023-03-01", "2023-03-01"),  # one day after it
        ("2021-05-10", "2030-12-31", "2030-12-31"),  # long after it
        ("2021-05-10", None, "None"),  # it may run still
    ],
)
def test_a_contract_that_runs_keeps_its_procurement(
    book: RuleBook, awarded: str, contract_ended: str | None, ends: str
) -> None:
    events = {"awarded": date.fromisoformat(awarded)}
    if contract_ended:
        events["contract_ended"] = date.fromisoformat(contract_ended)
    found = due(book, "procurement_eu", events, TODAY)
    assert str(found.ends) == ends
    assert found.missing == ("" if contract_ended else "contract_ended")
    is_moved = any(step.code == "not_before" for step in found.steps)
    assert is_moved == (contract_ended is not None and contract_ended > "2023-02-28")


# Vouchers and invoices: 10 years from YE, since 1 January 2025 8 years, for those still running on
# that day once the archivist has confirmed it (here on 2 March 2026).
CHANGED_LAW = [
    # made, last day and version on 1 March 2026, last day and version on 2 March 2026
    # 31.12.2013 + 10 = 31.12.2023: over before the new law
    ("2013-05-03", "2023-12-31", 1, "2023-12-31", 1),
    # 31.12.2014 + 10 = 31.12.2024: over on the eve of the new law
    ("2014-12-31", "2024-12-31", 1, "2024-12-31", 1),
    # 31.12.2015 + 10 = 31.12.2025, still running; + 8 = 31.12.2023, but the law is of 2025
    ("2015-01-01", "2025-12-31", 1, "2024-12-31", 2),
    # 31.12.2016 + 10 = 31.12.2026; + 8 = 31.12.2024
    ("2016-07-07", "2026-12-31", 1, "2024-12-31", 2),
    # 31.12.2017 + 10 = 31.12.2027; + 8 = 31.12.2025
    ("2017-07-07", "2027-12-31", 1, "2025-12-31", 2),
    # 31.12.2020 + 10 = 31.12.2030; + 8 = 31.12.2028
    ("2020-02-29", "2030-12-31", 1, "2028-12-31", 2),
    # 31.12.2024 + 10 = 31.12.2034; + 8 = 31.12.2032
    ("2024-12-31", "2034-12-31", 1, "2032-12-31", 2),
    # made under the new law, which needs no word of the archivist: 31.12.2025 + 8
    ("2025-01-01", "2033-12-31", 2, "2033-12-31", 2),
]


@pytest.mark.parametrize(("made", "before", "old", "after", "new"), CHANGED_LAW)
@pytest.mark.parametrize(("key", "event"), [("voucher", "created"), ("invoice", "issued")])
def test_the_law_of_2025_shortens_what_still_ran(
    book: RuleBook, key: str, event: str, made: str, before: str, old: int, after: str, new: int
) -> None:
    book = confirmed(book, key, 2, CONFIRMED)
    events = {event: date.fromisoformat(made)}
    eve = due(book, key, events, date(2026, 3, 1))
    day = due(book, key, events, CONFIRMED)
    assert (str(eve.ends), eve.version) == (before, old)
    assert (str(day.ends), day.version) == (after, new)


def test_the_first_day_on_which_it_may_go_is_the_next(book: RuleBook) -> None:
    """Closed on 12 March 2015, to be kept ten years from the end of that year."""
    found = due(book, "dog_tax", {"closed": date(2015, 3, 12)}, TODAY)
    assert found.first_day == date(2026, 1, 1)
    assert not found.is_due(date(2025, 12, 31))
    assert found.is_due(date(2026, 1, 1))
    leap = due(book, "voter_roll", {"elected": date(2023, 8, 31)}, TODAY)
    assert leap.first_day == date(2024, 3, 1)

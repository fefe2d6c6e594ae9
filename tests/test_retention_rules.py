"""Versions of rules over time, and due dates under them: doubt keeps, nothing goes too early."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import IntegrityFault, NotFound, UsageFault
from archiver.filingplan import RecordClass, Retention, filing_plan
from archiver.retention.due import Due, due, longer
from archiver.retention.periods import Amount, period_end
from archiver.retention.rules import (
    FOR_ALL,
    Rule,
    RuleBook,
    Transition,
    confirmed,
    revised,
    rule_book,
)
from archiver.retention.units import document_events, dossier_due, needs_dossier
from archiver.tables import ConfigProblems

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[1]
DAY = timedelta(days=1)
CHANGE = date(2025, 1, 1)
TODAY = date(2026, 6, 1)

days = st.dates(date(1990, 1, 1), date(2040, 12, 31))
amounts = st.builds(Amount, st.integers(0, 30), st.integers(0, 11), st.integers(0, 40))
transitions = st.none() | st.builds(
    Transition, days | st.just(FOR_ALL), st.none() | st.dates(date(2024, 1, 1), date(2028, 1, 1))
)
terms = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["", "closed", "created", "died"]),
        "amount": amounts,
        "permanent": st.booleans(),
        "year_end": st.booleans(),
        "not_before": st.sampled_from(["", "", "contract_ended"]),
    }
)
events = st.dictionaries(
    st.sampled_from(["closed", "created", "died", "contract_ended"]), days, max_size=4
)


@st.composite
def books(draw) -> RuleBook:
    """One class with up to four versions."""
    starts = sorted(draw(st.lists(days, min_size=1, max_size=4)))
    return rule_book(
        Rule(
            "x",
            number,
            start,
            transition=None if number == 1 else draw(transitions),
            **draw(terms),
        )
        for number, start in enumerate(starts, start=1)
    )


def codes(found: Due) -> list[str]:
    return [step.code for step in found.steps]


def two(old: Amount, new: Amount, transition: Transition | None, **more) -> RuleBook:
    return rule_book(
        [
            Rule("x", 1, FOR_ALL, "closed", old, **more),
            Rule("x", 2, CHANGE, "closed", new, transition=transition, **more),
        ]
    )


@given(books(), events, days)
def test_every_answer_is_whole(book, known, today):
    found = due(book, "x", known, today)
    assert (found.kind == "dated") == (found.ends is not None)
    assert (found.kind == "open") == bool(found.missing)
    assert found.steps
    if found.kind == "dated":
        assert found.first_day == found.ends + DAY
        assert found.steps[-1].params["on"] == str(found.first_day)
        assert found.is_due(found.first_day)
        assert not found.is_due(found.ends)
    else:
        assert not found.is_due(date.max)
    if book.in_force("x", today):
        assert book.versions["x"][found.version - 1].valid_from <= today
    # It survives the way through JSON, as the daemon sends it.
    assert msgspec.json.decode(msgspec.json.encode(found), type=Due) == found


@given(books(), events, days, days)
def test_what_comes_later_changes_no_earlier_answer(book, known, today, later):
    """Versions and confirmations of after `today` do not count on `today`."""
    past = rule_book(
        msgspec.structs.replace(
            rule,
            transition=rule.transition
            and Transition(
                rule.transition.running_on,
                None
                if rule.transition.confirmed_on and rule.transition.confirmed_on > today
                else rule.transition.confirmed_on,
            ),
        )
        for rule in book.in_force("x", today)
    )
    assert due(book, "x", known, today) == due(past, "x", known, today)


@given(books(), events, days)
def test_without_a_confirmation_no_running_period_gets_shorter(book, known, today):
    """For periods that had begun before the second version."""
    first, *rest = book.versions["x"]
    start = known.get(first.event)
    if not rest or start is None or first.permanent or start >= rest[0].valid_from:
        return
    silent = rule_book(
        msgspec.structs.replace(
            rule, transition=rule.transition and Transition(rule.transition.running_on)
        )
        for rule in book.versions["x"][:2]
    )
    alone = due(rule_book([first]), "x", known, today)
    found = due(silent, "x", known, today)
    assert longer(found, alone) is found


@given(days, amounts, amounts, st.booleans(), st.none() | days)
def test_a_shorter_law_ends_nothing_before_it_is_law(closed, old, new, year_end, confirmed_on):
    book = two(old, new, Transition(CHANGE, confirmed_on), year_end=year_end)
    found = due(book, "x", {"closed": closed}, TODAY)
    assert found.ends is not None
    if found.version == 2 and closed < CHANGE:
        assert found.first_day >= CHANGE
    under_old = due(rule_book([book.versions["x"][0]]), "x", {"closed": closed}, TODAY)
    if under_old.ends < CHANGE:
        assert (found.ends, found.version) == (under_old.ends, 1)


@given(days, amounts, st.booleans())
def test_one_rule_alone_is_its_period(closed, amount, year_end):
    book = rule_book([Rule("x", 1, date(2026, 1, 1), "closed", amount, year_end=year_end)])
    start = date(closed.year, 12, 31) if year_end else closed
    assert due(book, "x", {"closed": closed}, TODAY).ends == period_end(start, amount)


CLOSED = {"closed": date(2016, 5, 3)}


@pytest.mark.parametrize(
    ("old", "new", "transition", "ends", "version", "told"),
    [
        # None of these was computed: 3 May 2016 and so many years.
        (10, 8, None, "2026-05-03", 1, "keeps_version"),
        (10, 8, Transition(CHANGE), "2026-05-03", 1, "waits_for_confirmation"),
        (10, 8, Transition(CHANGE, TODAY + DAY), "2026-05-03", 1, "waits_for_confirmation"),
        (10, 9, Transition(CHANGE, TODAY), "2025-05-03", 2, "taken_running"),
        (10, 8, Transition(CHANGE, TODAY), "2024-12-31", 2, "not_before_change"),
        (10, 8, Transition(date(2030, 1, 1), TODAY), "2026-05-03", 1, "keeps_version"),
        (8, 10, Transition(CHANGE, TODAY), "2024-05-03", 1, "ended_before"),
        (9, 12, Transition(CHANGE), "2028-05-03", 2, "taken_as_longer"),
        (9, 12, Transition(CHANGE, TODAY), "2028-05-03", 2, "taken_running"),
        (9, 12, None, "2025-05-03", 1, "keeps_version"),
        # A slip in the plan: one year instead of ten. What had ended comes back.
        (1, 10, Transition(FOR_ALL), "2026-05-03", 2, "taken_as_longer"),
        (1, 10, Transition(FOR_ALL, TODAY), "2026-05-03", 2, "corrected"),
        (10, 1, Transition(FOR_ALL, TODAY), "2017-05-03", 2, "corrected"),
    ],
)
def test_transitions(old, new, transition, ends, version, told):
    found = due(two(Amount(old), Amount(new), transition), "x", CLOSED, TODAY)
    assert (str(found.ends), found.version) == (ends, version)
    assert told in codes(found)


def test_a_period_that_had_not_begun_takes_the_version_in_force():
    book = rule_book(
        [
            Rule("x", 1, FOR_ALL, "closed", Amount(10)),
            Rule("x", 2, CHANGE, "created", Amount(1)),
        ]
    )
    known = {"created": date(2020, 2, 2)}
    found = due(book, "x", known, TODAY)
    # 2 February 2021 by its own count, but the version is of 2025.
    assert (str(found.ends), found.version) == ("2024-12-31", 2)
    assert "taken_before_begin" in codes(found)
    assert due(book, "x", known, CHANGE - DAY).missing == "closed"
    # Closed while the first version stood: its period had begun.
    assert str(due(book, "x", {**known, "closed": date(2024, 12, 31)}, TODAY).ends) == "2034-12-31"


def test_on_the_day_itself():
    """The last day of a period, of the old law, and the first of the new one."""
    book = two(Amount(10), Amount(8), Transition(CHANGE, CHANGE))
    ends_that_day = {"closed": date(2015, 1, 1)}
    found = due(book, "x", ends_that_day, CHANGE)
    assert (str(found.ends), found.version) == ("2024-12-31", 2)
    assert due(book, "x", ends_that_day, CHANGE - DAY).version == 1
    ended_the_day_before = {"closed": date(2014, 12, 31)}
    assert due(book, "x", ended_the_day_before, CHANGE).version == 1
    assert due(book, "x", {"closed": CHANGE}, CHANGE).version == 2


def test_a_third_version_asks_the_one_that_counted_not_the_one_between():
    book = rule_book(
        [
            Rule("x", 1, FOR_ALL, "closed", Amount(20)),
            Rule("x", 2, CHANGE, "created", Amount(5)),
            Rule("x", 3, TODAY, "died", Amount(1)),
        ]
    )
    found = due(book, "x", CLOSED, TODAY)
    assert (str(found.ends), found.version) == ("2036-05-03", 1)
    assert codes(found).count("keeps_version") == 2


def test_what_stays_permanent_is_told_by_its_newest_version():
    rules = [Rule("x", n, day, permanent=True) for n, day in ((1, FOR_ALL), (2, CHANGE))]
    assert due(rule_book(rules), "x", CLOSED, TODAY).version == 2
    named = Rule("x", 2, CHANGE, "closed", Amount(50))
    found = due(rule_book([Rule("x", 1, FOR_ALL), named]), "x", CLOSED, TODAY)
    assert (str(found.ends), found.version) == ("2066-05-03", 2)


def test_what_keeps_longer():
    early, late = (Due("dated", "x", ends=date(year, 1, 1)) for year in (2026, 2027))
    ranked = [early, late, *(Due(kind, "x") for kind in ("open", "permanent", "unruled"))]
    for place, one in enumerate(ranked):
        for other in ranked[place:]:
            assert longer(one, other) == longer(other, one) == other


def test_what_was_kept_for_ever_stays_so_unless_the_archivist_says_otherwise():
    def book(transition: Transition | None) -> RuleBook:
        old = Rule("x", 1, FOR_ALL, permanent=True)
        return rule_book([old, Rule("x", 2, CHANGE, "closed", Amount(1), transition=transition)])

    old = {"closed": date(2020, 1, 1)}
    assert due(book(None), "x", old, TODAY).kind == "permanent"
    assert due(book(Transition(CHANGE)), "x", old, TODAY).kind == "permanent"
    assert str(due(book(Transition(CHANGE, TODAY)), "x", old, TODAY).ends) == "2024-12-31"
    assert str(due(book(None), "x", {"closed": CHANGE}, TODAY).ends) == "2026-01-01"
    assert due(book(None), "x", {}, TODAY).kind == "permanent"


def test_what_is_not_known_keeps():
    book = rule_book([Rule("x", 1, CHANGE, "closed", Amount(1)), Rule("none", 1, CHANGE)])
    assert due(book, "x", {}, TODAY).missing == "closed"
    assert due(book, "none", CLOSED, TODAY).kind == "unruled"
    assert due(book, "never_heard_of", CLOSED, TODAY).kind == "unruled"
    for_ever = due(book, "x", {"closed": date.max}, TODAY)
    assert (for_ever.kind, for_ever.missing) == ("open", "closed")
    assert "beyond_calendar" in codes(for_ever)


def test_a_changed_plan_adds_versions_only_for_what_changed():
    def plan(**years: int) -> list[RecordClass]:
        return [
            RecordClass(k, retention=Retention(years=y, start="closed")) for k, y in years.items()
        ]

    book = RuleBook()
    fresh = revised(book, plan(a=1, b=2), CHANGE)
    assert [(rule.key, rule.version, rule.transition) for rule in fresh] == [
        ("a", 1, None),
        ("b", 1, None),
    ]
    book = rule_book(fresh)
    assert revised(book, plan(a=1, b=2), TODAY) == ()
    (only,) = revised(book, plan(a=1, b=3), TODAY, TODAY)
    assert (only.key, only.version, only.amount, only.transition) == (
        "b",
        2,
        Amount(3),
        Transition(TODAY),
    )
    with pytest.raises(UsageFault) as caught:
        revised(book, plan(a=4), CHANGE - DAY)
    assert (caught.value.reason, caught.value.params["since"]) == ("rule_not_newer", "01.01.2025")
    # A class that has left the plan keeps its rule: documents still name it.
    assert due(book, "b", CLOSED, TODAY).version == 1


def test_the_example_plan_knows_the_law_of_before_2025():
    book = rule_book(revised(RuleBook(), filing_plan(ROOT / "filingplan.toml"), TODAY))
    waiting = {(rule.key, rule.version) for rule in book.unconfirmed}
    assert waiting == {("invoice", 2), ("voucher", 2)}
    assert [rule.amount for rule in book.versions["voucher"]] == [Amount(10), Amount(8)]
    book = confirmed(book, "voucher", 2, TODAY)
    assert {rule.key for rule in book.unconfirmed} == {"invoice"}
    again = confirmed(book, "voucher", 2, TODAY + DAY)
    assert again == book, "the first confirmation counts"
    for key, version in (("voucher", 1), ("voucher", 3), ("books", 1), ("nothing", 1)):
        with pytest.raises(NotFound, match="rule_unknown"):
            confirmed(book, key, version, TODAY)


@pytest.mark.parametrize("second", [Rule("x", 1, TODAY), Rule("x", 2, CHANGE - DAY)])
def test_a_book_out_of_order_is_refused(second):
    with pytest.raises(IntegrityFault, match="rules_out_of_order"):
        rule_book([Rule("x", 1, CHANGE), second])


@pytest.mark.parametrize("day", ["2025-13-01", "1.1.2025", "20250101"])
def test_a_plan_with_a_wrong_day_of_change_is_told(tmp_path, day):
    file = tmp_path / "filingplan.toml"
    file.write_text(
        f'[[class]]\nkey = "a"\n[class.retention]\nchanged_on = "{day}"\ndays = -1\n', "utf-8"
    )
    with pytest.raises(ConfigProblems) as caught:
        filing_plan(file)
    assert {(problem.key, problem.reason) for problem in caught.value.problems} == {
        ("class[1].retention.changed_on", "wrong_type"),
        ("class[1].retention.days", "negative"),
    }


# Units of disposition


def test_only_classes_that_count_from_the_paper_itself_need_no_dossier():
    book = rule_book(revised(RuleBook(), filing_plan(ROOT / "filingplan.toml"), CHANGE))
    keys = [row["key"] for row in tomllib.loads((ROOT / "filingplan.toml").read_text())["class"]]
    without = {key for key in keys if not needs_dossier(book, key, TODAY)}
    assert {"voucher", "invoice", "business_letter", "ephemeral", "by_law", "letter"} <= without
    assert not without & {"dog_tax", "procurement", "procurement_eu", "building_permit", "books"}
    both = [
        Rule("till_contract_ends", 1, FOR_ALL, "created", Amount(1), not_before="contract_ended"),
        Rule("for_ever", 1, FOR_ALL, "closed", permanent=True),
    ]
    assert needs_dossier(rule_book(both), "till_contract_ends", TODAY)
    assert not needs_dossier(rule_book(both), "for_ever", TODAY)


def test_days_of_a_document_that_are_not_known_become_later_ones():
    received = date(2024, 1, 3)
    assert document_events(received)["created"] == received
    letter = document_events(received, letter_date=date(2023, 12, 30))
    assert letter["issued"] == date(2023, 12, 30)
    assert letter["sent_or_received"] == received
    stamped = document_events(date(2026, 5, 5), date(2023, 12, 30), date(2024, 1, 2))
    assert stamped["sent_or_received"] == date(2024, 1, 2)
    odd = document_events(received, letter_date=date(2024, 2, 2), stamped_on=date(2024, 1, 2))
    assert odd["sent_or_received"] == date(2024, 2, 2)
    assert document_events(date(2026, 5, 5), date(2023, 12, 30))["created"] == date(2023, 12, 30)


@given(st.lists(st.tuples(books(), events), min_size=1, max_size=5), days)
def test_a_dossier_never_goes_before_a_paper_in_it(parts, today):
    own, *papers = (due(book, "x", known, today) for book, known in parts)
    found = dossier_due(own, papers)
    assert (found.version, found.disposition) == (own.version, own.disposition)
    for one in (own, *(paper for paper in papers if paper.kind != "unruled")):
        assert longer(found, one) is found
    if own.is_due(today) and all(p.kind == "unruled" or p.is_due(today) for p in papers):
        assert found.is_due(today)


def test_a_dossier_says_which_paper_keeps_it():
    book = rule_book(
        [
            Rule("offence", 1, FOR_ALL, "closed", Amount(5), disposition="V"),
            Rule("invoice", 1, FOR_ALL, "issued", Amount(8), year_end=True, disposition="V"),
            Rule("by_law", 1, FOR_ALL, permanent=True, disposition="A"),
        ]
    )
    own = due(book, "offence", {"closed": date(2020, 4, 4)}, TODAY)
    invoice = due(book, "invoice", {"issued": date(2019, 5, 5)}, TODAY)
    found = dossier_due(own, [invoice])
    assert (str(found.ends), found.class_key) == ("2027-12-31", "offence")
    step = next(step for step in found.steps if step.code == "kept_by_paper")
    assert step.params == {"key": "invoice"}
    assert dossier_due(own, [due(book, "letter", {}, TODAY)]) is own
    assert dossier_due(own, [invoice, due(book, "by_law", {}, TODAY)]).kind == "permanent"

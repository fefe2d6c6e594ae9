"""The table of due dates counts every unit once, the picture shows it, and every step is told."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archiver import phrases, tongue
from archiver.filingplan import Retention, StartEvent
from archiver.retention.closure import Person, closure
from archiver.retention.due import Due, due
from archiver.retention.periods import Amount
from archiver.retention.picture import draw
from archiver.retention.rules import FOR_ALL, Rule, Transition, rule_book
from archiver.retention.table import DueTable, due_table
from archiver.sentences import STEPS

SOURCES = sorted((Path(__file__).resolve().parents[1] / "archiver" / "retention").glob("*.py"))
UNTIL = date(2030, 6, 30)

days = st.dates(date(2020, 1, 1), date(2040, 12, 31)) | st.just(date.max)
keys = st.sampled_from(["invoice", "voucher", "dog_tax"])
dues = st.builds(lambda key, ends: Due("dated", key, 1, "V", ends=ends), keys, days) | st.builds(
    Due, st.sampled_from(["open", "permanent", "unruled"]), keys
)
units = st.lists(st.tuples(dues, st.booleans()), max_size=40)


def table() -> DueTable:
    """Six units of three classes."""
    return due_table(
        [
            (Due("dated", "invoice", 2, "V", ends=date(2025, 12, 31)), False),
            (Due("dated", "invoice", 2, "V", ends=date(2025, 12, 31)), False),
            (Due("dated", "invoice", 2, "V", ends=date(2025, 12, 31)), True),
            (Due("dated", "invoice", 2, "V", ends=date(2030, 6, 30)), False),
            (Due("dated", "dog_tax", 1, "V", ends=date(2030, 6, 29)), False),
            (Due("permanent", "by_law", 1, "A"), True),
        ],
        UNTIL,
    )


def test_units_are_counted_by_class_and_the_year_in_which_they_may_first_go():
    rows = {row.class_key: row for row in table().rows}
    assert list(rows) == ["by_law", "dog_tax", "invoice"]
    assert rows["invoice"].by_year == {2026: 2}
    assert (rows["invoice"].held, rows["invoice"].later, rows["invoice"].total) == (1, 1, 4)
    assert rows["dog_tax"].by_year == {2030: 1}, "30 June 2030 is its first day, and still asked"
    assert (rows["by_law"].permanent, rows["by_law"].held) == (1, 0)
    assert table().years == (2026, 2030)


@given(units, st.none() | days)
def test_every_unit_is_counted_once(all_units, until):
    found = due_table(iter(all_units), until)
    assert sum(row.total for row in found.rows) == len(all_units)
    assert sum(sum(row.by_year.values()) for row in found.rows) == sum(
        one.first_day is not None and not is_held and (until is None or one.first_day <= until)
        for one, is_held in all_units
    )
    for row in found.rows:
        assert row.total == sum(
            (one.class_key, one.disposition) == (row.class_key, row.disposition)
            for one, _ in all_units
        )
        assert all(row.by_year.values())


def picture(of: DueTable, **more) -> Image.Image:
    buffer = BytesIO()
    draw(of, buffer, **more)
    return Image.open(BytesIO(buffer.getvalue()))


def test_the_picture_grows_with_years_and_is_darkest_where_most_may_go():
    def ending(*years: int) -> DueTable:
        return due_table([(Due("dated", "a", 1, "V", ends=date(y, 1, 1)), False) for y in years])

    small, wide = picture(ending(2030)), picture(ending(2030, 2039))
    assert wide.width >= small.width + 9 * 40, "years between are drawn as well"
    far = picture(ending(2030, 2139))
    assert far.width < wide.width, "but not a hundred of them"
    two_columns = picture(ending(2030, 2031, 2031, 2031, 2031)).convert("L")
    # Walking the middle of the row from left to right: the many are darker than the one.
    shades = two_columns.crop((two_columns.width // 2, 0, two_columns.width, two_columns.height))
    assert shades.getextrema()[0] < 120


def test_titles_and_labels_change_the_picture_and_nothing_due_still_makes_one():
    plain = picture(table())
    titled = picture(table(), titles={"invoice": "Rechnungen"}, labels=("Klasse", "Jahr"))
    assert plain.format == titled.format == "PNG"
    assert plain.tobytes() != titled.tobytes()
    assert min(picture(due_table([])).size) > 0


def test_thinking_about_periods_loads_nothing_heavy():
    modules = ", ".join(
        f"archiver.retention.{file.stem}" for file in SOURCES if file.stem[0] != "_"
    )
    code = f"import sys, {modules}; print(*(m for m in sys.modules if '.' not in m))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "numpy", "sqlalchemy", "PIL", "tantivy"} & set(run.stdout.split())


# Steps in words


def codes() -> Iterator[tuple[str, ast.Call | None]]:
    """Codes of all steps in the sources, with the call where there is one."""
    for file in SOURCES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Step":
                if node.args and isinstance(node.args[0], ast.Constant):
                    yield node.args[0].value, node
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                first = node.value.elts[0]
                if isinstance(first, ast.Constant):
                    yield first.value, None


def test_every_step_has_its_words_and_no_words_are_left_over():
    assert {code for code, _call in codes()} == set(STEPS)


def fields(text: str) -> set[str]:
    return {name for _text, name, _format, _conversion in string.Formatter().parse(text) if name}


@pytest.fixture(params=tongue.LANGUAGES)
def language(request) -> Iterator[str]:
    phrases.use(request.param)
    yield request.param
    phrases.use("en")


def everything() -> Iterator[object]:
    """Steps of due dates and closures that meet every code but that of a paper in a dossier."""
    closed = {"closed": date(2016, 8, 31), "contract_ended": date(2017, 1, 1)}
    first = Rule("x", 1, FOR_ALL, "closed", Amount(9, 6), not_before="contract_ended", basis="AO")
    change, today = date(2025, 1, 1), date(2026, 6, 1)
    for transition in (
        None,
        Transition(change),
        Transition(change, today),
        Transition(FOR_ALL, today),
    ):
        for amount in (Amount(), Amount(8), Amount(12, 0, 1), Amount(1, 1)):
            second = Rule("x", 2, change, "closed", amount, True, transition=transition)
            third = Rule("x", 2, change, "closed", amount, year_end=True, transition=transition)
            for rule in (second, third):
                early = dict.fromkeys(closed, date(2010, 1, 1))
                for known in (closed, early, {}, {"closed": date.max}):
                    yield from due(rule_book([first, rule]), "x", known, today).steps
    yield from due(rule_book([]), "x", {}, today).steps
    late = {**closed, "contract_ended": date(2040, 1, 1)}
    yield from due(rule_book([first]), "x", late, today).steps
    for secret in (True, False):
        about = [Person(died=change), Person(born=change), Person()]
        yield from closure(change, is_secret=secret, persons=about).steps
    yield from closure(None).steps


def test_every_step_that_is_made_is_told_without_holes(language):
    made = list(everything())
    assert {step.code for step in made} >= set(STEPS) - {"kept_by_paper"}
    for step in made:
        said = phrases.step(step.code, step.params)
        assert "{" not in said, step
        assert not re.search(r"\d{4}-\d\d-\d\d", said), "days are told as 31.12.2026"
    assert {"amount", "event", "on"} <= {name for text in STEPS.values() for name in fields(text)}


def test_a_reckoning_reads_as_people_say_it(language):
    rule = Rule("dog_tax", 1, FOR_ALL, "closed", Amount(10), year_end=True, basis="Satzung")
    steps = due(rule_book([rule]), "dog_tax", {"closed": date(2015, 3, 12)}, UNTIL).steps
    told = [phrases.step(step.code, step.params) for step in steps]
    assert (
        told[1:4]
        == {
            "de": [
                "Akte geschlossen (z.d.A.): 12.03.2015",
                "ab dem Ende dieses Jahres: 31.12.2015",
                "+ 10 Jahre = 31.12.2025",
            ],
            "en": [
                "Dossier closed: 12.03.2015",
                "from the end of that year: 31.12.2015",
                "+ 10 years = 31.12.2025",
            ],
        }[language]
    )
    assert "01.01.2026" in told[4]


def test_amounts_are_told_in_their_number(language):
    said = [phrases.amount(1), phrases.amount(2, 1), phrases.amount(0, 6, 1), phrases.amount()]
    assert (
        said
        == {
            "de": ["1 Jahr", "2 Jahre und 1 Monat", "6 Monate und 1 Tag", "0 Tage"],
            "en": ["1 year", "2 years and 1 month", "6 months and 1 day", "0 days"],
        }[language]
    )


def test_every_event_of_the_plan_has_a_name():
    assert {event for event in StartEvent.__args__ if event} == set(phrases.STARTS)
    assert phrases.start_name("never_heard_of") == "never_heard_of"
    assert Retention().start == ""
    assert phrases.step("never_heard_of") == "never_heard_of"

"""Periods from the plan to the due date: adopted, changed by law, confirmed, explained."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.test_review_desk import Desk, invoice
from tests.town import Town

GERMAN = {"ARCHIVER_LANGUAGE": "de", "PATH": os.defpath, "LANG": "C.UTF-8"}


def explained(desk: Desk, identifier: str) -> dict[str, Any]:
    answer: dict[str, Any] = desk.town.json("retention", "explain", identifier)
    return answer


def row(desk: Desk, key: str, *more: str) -> dict[str, Any]:
    """The row of a class in the table of due dates."""
    rows: list[dict[str, Any]] = desk.town.json("retention", "due", *more)["rows"]
    (found,) = (one for one in rows if one["class"] == key)
    return found


@pytest.fixture
def town(tmp_path: Any) -> Town:
    return Town(tmp_path / "town", {"review": {"ask": ["rule_only"]}})


def test_rules_from_adoption_over_a_new_law_to_the_due_date(town: Town) -> None:
    desk = Desk(town)
    with town.daemon():
        (adopted,) = (line for line in desk.lines() if line["event"] == "plan_adopted")
        assert adopted["actor"] == "daemon"
        kept = town.status()["retention"]
        assert kept["not_adopted"] == []
        assert kept["unconfirmed"] == [
            {"class": "invoice", "version": 2},
            {"class": "voucher", "version": 2},
        ]
        _law(desk)
        _table(desk)
    _new_plan(town, desk)


def _law(desk: Desk) -> None:
    """Eight years instead of ten since 2025: what ran on that day waits for a person."""
    town = desk.town
    old = desk.add("alt.pdf", invoice("Meier OHG", "R-1"))
    town.json("review", "accept", old, "class=invoice", "date=02.04.2017")
    before = explained(desk, old)
    assert before["rule"] == {"class": "invoice", "version": 1, "basis": "UStG § 14b"}
    assert (before["ends"], before["first_day"]) == ("2027-12-31", "2028-01-01")
    assert "waits_for_confirmation" in [step["code"] for step in before["steps"]]

    told = town.command("retention", "explain", old[:24]).stdout
    assert "1. Rule of class “invoice”, version 1: UStG § 14b" in told
    assert "+ 10 years = 31.12.2027" in told
    assert "Closed to the public until" in told
    german = town.command("retention", "explain", old, env=GERMAN).stdout
    assert "So wurde die Frist berechnet" in german
    assert "+ 10 Jahre = 31.12.2027" in german

    confirmed = town.json("retention", "confirm", "invoice", "2")
    again = town.json("retention", "confirm", "Rechnungen (Eingang und Ausgang)", "2")
    assert again == confirmed
    assert sum(line["event"] == "rule_confirmed" for line in desk.lines()) == 1
    after = explained(desk, old)
    assert after["rule"]["version"] == 2
    assert (after["ends"], after["first_day"]) == ("2025-12-31", "2026-01-01")
    assert "taken_running" in [step["code"] for step in after["steps"]]
    assert [one["class"] for one in town.status()["retention"]["unconfirmed"]] == ["voucher"]
    refused = town.command("retention", "confirm", "invoice", "3")
    assert refused.returncode == 13
    assert "Version 3" in refused.stderr


def _table(desk: Desk) -> None:
    """Every unit is counted once, in the year in which it may go."""
    town = desk.town
    new = desk.add("neu.pdf", invoice("Huber KG", "R-2"))
    town.json("review", "accept", new, "class=invoice", "date=03.05.2025")
    assert row(desk, "invoice")["by_year"] == {"2026": 1, "2034": 1}
    until = row(desk, "invoice", "--until", "31.12.2033")
    assert (until["by_year"], until["later"], until["total"]) == ({"2026": 1}, 1, 2)
    listed = town.json("retention", "due", "--until", "2026-01-01", "--units")["units"]
    assert [one["obstacle"] for one in listed] == [None]
    shown = town.command("retention", "due", "--units").stdout.splitlines()
    total = next(line for line in shown if line.startswith("Together"))
    assert total.split()[-1] == "2"
    assert "Rechnungen (Eingang und Ausgang)" in shown[1]

    picture = town.root / "due.png"
    assert town.command("retention", "due", "--picture", str(picture)).returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = town.command("retention", "due", "--picture", str(picture))
    assert again.returncode == 16
    bad = town.command("retention", "due", "--until", "gestern")
    assert (bad.returncode, "gestern" in bad.stderr) == (2, True)


def _new_plan(town: Town, desk: Desk) -> None:
    """A plan that was changed is told, and counts only once it was adopted."""
    plan = town.root / "filingplan.toml"
    text = plan.read_text(encoding="utf-8")
    place = text.index('key = "invoice"')
    changed = text[place:].replace("years = 8", "years = 9", 1)
    plan.write_text(text[:place] + changed, encoding="utf-8")
    with town.daemon():
        assert town.status()["retention"]["not_adopted"] == ["invoice"]
        assert sum(line["event"].startswith("plan_") for line in desk.lines()) == 1
        assert row(desk, "invoice")["by_year"] == {"2026": 1, "2034": 1}
        assert "not adopted: invoice" in town.command("retention", "due").stderr
        added = town.json("retention", "adopt", "--from", "1.1.2026", "--running", "1.1.2026")
        assert added == {"added": [{"class": "invoice", "version": 3}]}
        assert town.status()["retention"]["not_adopted"] == []
        assert town.json("retention", "adopt") == {"added": []}
        # Longer keeps even unconfirmed; what had ended before is not touched.
        assert row(desk, "invoice")["by_year"] == {"2026": 1, "2035": 1}
        versions = [r for r in town.json("retention", "rules")["rules"] if r["key"] == "invoice"]
        assert [one["version"] for one in versions] == [1, 2, 3]
        (revised,) = (line for line in desk.lines() if line["event"] == "plan_revised")
        assert revised["actor"].startswith("uid:")
        assert town.json("verify")["problems"] == []

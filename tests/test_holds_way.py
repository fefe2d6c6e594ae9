"""Holds with the real daemon: what they stop, what they do not, and what remains of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests import paper
from tests.ocfl_judge import judge
from tests.test_dossiers import Office
from tests.test_rebuild import tables
from tests.test_review_desk import invoice
from tests.town import Town

SOON = (date.today() + timedelta(days=30)).isoformat()
AUTHORITY = "Rechtsamt Musterbach"
NOTE = "Klage der Familie Zuckerhut"


class Bureau(Office):
    """What tests of holds ask of a town whose daemon runs."""

    def invoice(self, number: str) -> str:
        """An invoice that might have gone long ago."""
        made = self.add(f"{number}.pdf", invoice("Meier OHG", number))
        self.town.json("review", "accept", made, "class=invoice", "date=02.04.2010")
        return made

    def place(self, scope: str, *targets: str) -> str:
        words = ("--reason", "lawsuit", "--authority", AUTHORITY, "--review", SOON, "--note", NOTE)
        answer = self.town.json("hold", "place", scope, *targets, *words)
        return str(answer["id"])

    def holds(self, identifier: str) -> list[str]:
        """Holds that stop a unit; it may go where there is none."""
        unit = self.town.json("retention", "explain", identifier)
        assert unit["obstacle"] == ("held" if unit["holds"] else None)
        return [hold["id"] for hold in unit["holds"]]

    def lift(self, hold: str) -> None:
        self.town.json("hold", "lift", hold, "--note", "Verfahren beendet")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    settings = {"review": {"ask": ["rule_only", "agreed"]}}
    town = Town(tmp_path_factory.mktemp("bureau") / "town", settings)
    with town.daemon():
        yield Bureau(town)
    # Nothing of all this is lost when the catalogue is made anew.
    before = tables(town)
    assert len(before["matter"]) > 5
    town.json("rebuild")
    assert tables(town) == before
    assert town.json("verify")["problems"] == []
    assert judge(town.root / "vault") == []


def test_a_hold_on_documents_stops_these_until_it_is_lifted(bureau: Bureau) -> None:
    held, free = bureau.invoice("D-1"), bureau.invoice("D-2")
    hold = bureau.place("document", held, held[:25])
    assert (bureau.holds(held), bureau.holds(free)) == ([hold], [])
    shown = bureau.town.json("hold", "show", hold[:24])
    assert (shown["targets"], shown["note"], shown["state"]) == ([held], NOTE, "stands")
    rows = bureau.town.json("retention", "due")["rows"]
    assert next(row for row in rows if row["class"] == "invoice")["held"] == 1

    bureau.lift(hold)
    assert bureau.holds(held) == []
    shown = bureau.town.json("hold", "show", hold)
    assert shown["note"] == f"{NOTE}\nVerfahren beendet"
    assert [one["event"] for one in shown["history"]] == ["hold_placed", "hold_lifted"]
    assert "was lifted" in bureau.refused(14, "hold", "lift", hold)
    assert "was lifted" in bureau.refused(14, "hold", "review", hold, "--again", "31.12.2999")
    assert hold not in {one["id"] for one in bureau.town.json("hold", "list")["holds"]}
    assert hold in {one["id"] for one in bureau.town.json("hold", "list", "--all")["holds"]}


def test_a_hold_on_a_class_holds_what_comes_later_too(bureau: Bureau) -> None:
    hold = bureau.place("class", "Rechnungen (Eingang und Ausgang)")
    later = bureau.invoice("K-1")
    assert bureau.holds(later) == [hold]
    bureau.lift(hold)
    assert bureau.holds(later) == []


def test_a_hold_on_a_search_holds_what_was_found_that_day(bureau: Bureau) -> None:
    found = bureau.invoice("Suchwort-1")
    bureau.found("Suchwort", found)
    hold = bureau.place("search", "Suchwort class:invoice")
    later = bureau.invoice("Suchwort-2")
    assert (bureau.holds(found), bureau.holds(later)) == ([hold], [])
    assert bureau.town.json("hold", "show", hold)["query"] == "Suchwort class:invoice"
    bureau.lift(hold)


def test_a_hold_on_a_dossier_holds_the_whole_of_it(bureau: Bureau) -> None:
    reference = bureau.opened("632.21-70/2024", "Klagesache")["reference"]
    hold = bureau.place("dossier", reference)
    second = bureau.application(reference, "Klageschrift")
    bureau.town.json("review", "accept", second)
    shown = bureau.dossier(reference)
    assert [one["id"] for one in shown["holds"]] == [hold]
    assert len(shown["papers"]) == 2
    assert hold in bureau.town.command("retention", "explain", second).stdout
    bureau.lift(hold)


def test_a_hold_on_one_paper_stops_its_whole_dossier(bureau: Bureau) -> None:
    dossier = bureau.opened("632.21-71/2024", "Nachbarstreit")
    reference = dossier["reference"]
    bureau.town.json("dossier", "tell", reference, "demolished", "1.1.2020")
    bureau.town.json("dossier", "close", reference, "--on", "2.1.2020")
    assert bureau.holds(reference) == []
    hold = bureau.place("document", dossier["papers"][0]["id"])
    assert bureau.holds(reference) == [hold]
    bureau.lift(hold)


def test_a_review_moves_the_day_and_nothing_else(bureau: Bureau) -> None:
    held = bureau.invoice("R-1")
    hold = bureau.place("document", held)
    again = bureau.town.json("hold", "review", hold, "--again", "31.12.2999")
    assert again == {"id": hold}
    assert bureau.town.json("hold", "show", hold)["review_on"] == "2999-12-31"
    assert bureau.holds(held) == [hold]
    assert "after today" in bureau.refused(2, "hold", "review", hold, "--again", "1.1.2020")
    assert bureau.town.status()["retention"]["holds_to_review"] == []
    bureau.lift(hold)


def test_what_cannot_be_held_is_refused_in_words(bureau: Bureau) -> None:
    words = ("--reason", "audit", "--authority", "RPA", "--review", SOON)
    assert "covers nothing" in bureau.refused(2, "hold", "place", "search", "gibtesnicht", *words)
    assert "one search" in bureau.refused(2, "hold", "place", "search", "a", "b", *words)
    assert "no dossier" in bureau.refused(13, "hold", "place", "dossier", "ZZ 9", *words)
    nobody = ("--reason", "audit", "--authority", " ", "--review", SOON)
    assert "who ordered it" in bureau.refused(2, "hold", "place", "class", "invoice", *nobody)
    past = ("--reason", "audit", "--authority", "RPA", "--review", "1.1.2020")
    assert "review on or before" in bureau.refused(2, "hold", "place", "class", "invoice", *past)
    assert "no hold" in bureau.refused(13, "hold", "show", "ZZZ")
    odd = bureau.town.command("hold", "place", "class", "invoice", "--reason", "weil", *words[2:])
    assert odd.returncode == 2


def test_the_ledger_tells_who_and_when_and_no_names(bureau: Bureau) -> None:
    bureau.lift(bureau.place("document", bureau.invoice("L-1")))
    lines: list[dict[str, Any]] = [
        line for line in bureau.lines() if line["event"].startswith("hold_")
    ]
    assert {line["event"] for line in lines} >= {"hold_placed", "hold_lifted"}
    assert all(line["actor"].startswith("uid:") for line in lines)
    assert all(line["at"].endswith("Z") for line in lines)
    placed = next(line for line in lines if line["event"] == "hold_placed")
    assert set(placed["data"]) == {"scope", "reason", "targets", "review_on", "version"}
    assert bureau.says_nothing_of(AUTHORITY, "Zuckerhut", "Suchwort", "Verfahren beendet")


def test_a_paper_without_a_hold_is_not_stopped_by_those_of_others(bureau: Bureau) -> None:
    other = bureau.add("sonst.pdf", paper.text_pdf([("Friedhofssatzung der Stadt",)]), None)
    hold = bureau.place("document", bureau.invoice("O-1"))
    assert bureau.town.json("retention", "explain", other)["holds"] == []
    bureau.lift(hold)

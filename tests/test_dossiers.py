"""Dossiers as those meet them who lead them: proposed, opened, closed, late papers, merged."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from archiver.config import load
from archiver.house import House
from tests import paper
from tests.ocfl_judge import judge
from tests.test_rebuild import tables
from tests.test_review_desk import Desk
from tests.town import Town, wait_for

TITLE = "Ehepaar Blumenkohl, Lindenstraße"
RULE_ONLY = {"review": {"ask": ["rule_only"]}}


class Office(Desk):
    """What tests of dossiers ask of a town whose daemon runs."""

    def application(self, reference: str, what: str, state: str | None = "review") -> str:
        """Bring an application that bears a reference; returns the document's id."""
        lines = ("Stadt Musterbach", "Bauantrag", f"Aktenzeichen: {reference}", what)
        return self.add(f"{what}.pdf", paper.text_pdf([lines]), state)

    def dossier(self, name: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.town.json("dossier", "show", name)
        return shown

    def opened(self, reference: str, what: str) -> dict[str, Any]:
        """A dossier that was opened with its first paper."""
        first = self.application(reference, what)
        self.town.json("review", "accept", first)
        return self.dossier(reference)

    def listed(self, *more: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.town.json("dossier", "list", *more)
        return answer

    def refused(self, code: int, *arguments: str) -> str:
        """The sentences with which a command is refused; the ledger says nothing of it."""
        before = len(self.lines())
        ended = self.town.command(*arguments)
        assert ended.returncode == code, (arguments, ended.stdout, ended.stderr)
        assert "Traceback" not in ended.stderr
        assert len(self.lines()) == before
        return ended.stderr


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    town = Town(tmp_path_factory.mktemp("office") / "town", RULE_ONLY)
    with town.daemon():
        yield Office(town)


def test_from_the_first_paper_to_a_late_one(office: Office) -> None:
    reference, other = "632.21-10/2024", "632.21-11/2024"
    first = office.application(reference, "Antrag eins")
    proposed = {one["reference"]: one for one in office.listed()["proposed"]}
    assert proposed[reference]["documents"] == 1
    assert proposed[reference]["sure"] == 0
    assert office.dossier(reference)["state"] == "proposed"
    assert "nobody has opened" in office.refused(13, "dossier", "close", reference)

    # Who accepts the paper opens the dossier.
    office.town.json("review", "accept", first)
    dossier = office.dossier(reference)
    assert (dossier["state"], dossier["class"]) == ("open", "building_application")
    assert [one["id"] for one in dossier["papers"]] == [first]
    assert dossier["obstacle"] == "not_due"
    assert dossier["due"] == "open"
    assert reference not in {one["reference"] for one in office.listed()["proposed"]}

    closed = office.town.json("dossier", "close", reference, "--on", "1.3.2024")
    assert (closed["state"], closed["closed_on"]) == ("closed", "2024-03-01")
    late = office.application(reference, "Nachtrag zwei")
    assert office.show(late)["reason"] == "dossier_closed"
    assert "closed" in office.show(late)["message"]
    sentence = office.refused(14, "review", "accept", late)
    assert f"Dossier “{reference}” is not open" in sentence
    assert "dossier=REFERENCE" in sentence

    # Into another dossier it may go; that one begins with it.
    accepted = office.town.json("review", "accept", late, f"dossier={other}")
    assert accepted["state"] == "filed"
    assert [one["id"] for one in office.dossier(other)["papers"]] == [late]
    assert len(office.dossier(reference)["papers"]) == 1
    assert "not open" in office.refused(14, "dossier", "move", late, "--to", reference)

    # After it is open again, a late paper belongs to it.
    later = office.application(reference, "Nachtrag drei")
    office.town.json("dossier", "reopen", reference)
    office.town.json("review", "accept", later)
    assert {one["id"] for one in office.dossier(reference)["papers"]} == {first, later}
    events = [one["event"] for one in office.dossier(reference)["history"]]
    assert events == ["dossier_opened", "dossier_closed", "dossier_reopened"]
    assert {one["actor"] for one in office.dossier(reference)["history"]} == {
        office.dossier(other)["history"][0]["actor"]
    }

    moved = office.town.json("dossier", "move", later, "--to", other)
    assert moved == {"moved": [later], "dossier": other}
    assert {one["id"] for one in office.dossier(other)["papers"]} == {late, later}


def test_merged_papers_move_and_the_old_dossier_tells_where(office: Office) -> None:
    one = office.opened("632.21-20/2024", "Verschmelzung eins")
    two = office.opened("632.21-21/2024", "Verschmelzung zwei")
    assert "into itself" in office.refused(
        2, "dossier", "merge", one["id"], "--into", one["reference"]
    )
    office.town.json("dossier", "merge", one["reference"], "--into", two["id"][:24])
    assert len(office.dossier(two["id"])["papers"]) == 2
    gone = office.dossier(one["id"])
    assert (gone["state"], gone["merged_into"]) == ("merged", two["id"])
    assert "no longer led" in office.refused(14, "dossier", "move", "0", "--to", one["id"])
    assert "no longer led" in office.refused(14, "retention", "explain", one["id"])
    # The reference is free again: a new paper proposes a dossier, and is not lost.
    office.application(one["reference"], "Verschmelzung drei")
    assert one["reference"] in {p["reference"] for p in office.listed("--proposed")["proposed"]}


def test_a_dossier_with_waiting_papers_is_not_merged(office: Office) -> None:
    one = office.opened("632.21-30/2024", "Wartet eins")
    two = office.opened("632.21-31/2024", "Wartet zwei")
    office.application(one["reference"], "Wartet drei")
    refused = office.refused(14, "dossier", "merge", one["reference"], "--into", two["reference"])
    assert "not filed yet: 1" in refused
    assert len(office.dossier(two["reference"])["papers"]) == 1


def test_what_cannot_be_is_refused_in_words(office: Office) -> None:
    dossier = office.opened("632.21-40/2024", "Weigerung")
    reference = dossier["reference"]
    assert "exists already" in office.refused(14, "dossier", "open", f" {reference} ")
    assert "no dossier “ZZ 1”" in office.refused(13, "dossier", "show", "ZZ 1")
    assert "no class" in office.refused(2, "dossier", "open", "ZZ 2", "--class", "gibtesnicht")
    assert "to which class" in office.refused(2, "dossier", "open", "ZZ 2")
    assert "needs a reference" in office.refused(2, "dossier", "open", "  ")
    assert "day to come" in office.refused(2, "dossier", "close", reference, "--on", "31.12.2999")
    assert "31.2.2024" in office.refused(2, "dossier", "close", reference, "--on", "31.2.2024")
    assert "demolished" in office.refused(2, "dossier", "tell", reference, "abgerissen")
    assert office.refused(2, "dossier", "change", reference)
    state = office.refused(14, "dossier", "reopen", reference)
    assert "“dossier opened again” is not possible" in state
    assert "dossier: open" in state


def test_what_happened_stands_in_the_dossier_and_not_in_the_ledger(office: Office) -> None:
    reference = office.opened("632.21-50/2024", "Abriss")["reference"]
    office.town.json("dossier", "change", reference, "--title", TITLE)
    office.town.json("dossier", "tell", reference, "demolished", "7.8.2019")
    office.town.json("dossier", "tell", reference, "death", "1987-06-05")
    dossier = office.dossier(reference)
    assert dossier["title"] == TITLE
    assert dossier["events"] == {"demolished": "2019-08-07", "died": "1987-06-05"}
    assert dossier["ends"] == "2019-08-07"
    assert dossier["obstacle"] == "open"
    # The dead person's ten years are over before the thirty of the page.
    assert any(step["code"] == "closure_died" for step in dossier["closure"]["steps"])
    office.town.json("dossier", "tell", reference, "died")
    assert office.dossier(reference)["events"] == {"demolished": "2019-08-07"}
    assert office.says_nothing_of(TITLE, "Blumenkohl", reference, "1987-06-05", "2019-08-07")
    told = [line for line in office.lines() if line["event"] == "dossier_changed"]
    assert all(line["actor"].startswith("uid:") for line in told)


def test_people_read_tables_in_their_language(office: Office) -> None:
    reference = office.opened("632.21-60/2024", "Sprache")["reference"]
    listed = office.town.command("dossier", "list").stdout
    assert reference in listed
    assert "\x1b" not in listed, "no colours where nobody looks"
    german = {"ARCHIVER_LANGUAGE": "de", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    shown = office.town.command("dossier", "show", reference, env=german).stdout
    for word in ("Aktenzeichen", "offen", "Schriftstücke", "die Frist läuft noch", "eröffnet"):
        assert word in shown, shown


def test_a_rebuild_gives_the_same_and_the_vault_is_valid(office: Office, tmp_path: Any) -> None:
    """On a copy, since the daemon runs on; last, so that all that went before is in it."""
    wait_for(office.town.settled, "all is done")
    copy = tmp_path / "town"
    shutil.copytree(office.town.root, copy, ignore=shutil.ignore_patterns("*.sock"))
    town = object.__new__(Town)
    town.root, town.config = copy, copy / "config.toml"
    house = House(load(town.config))
    house.register.catch_up()
    house.close()
    before = tables(town)
    assert len(before["matter"]) > 5
    house.new_catalogue(lambda _done, _total: None)
    house.close()
    assert tables(town) == before
    assert judge(copy / "vault") == []
    assert office.town.json("verify")["problems"] == []

"""What was taken back is hidden at once, and goes after some days: two persons, a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from archiver import phrases
from archiver.archive import Archive
from archiver.errors import NotFound, Refusal
from archiver.rights import Caller, myself
from tests.places import memory_folder
from tests.seeding import ARCHIVISTS, Bureau, Letter, bureau, furnished

STAFF = 61006
PAPER = Letter("Wattwurmhügel Quarzuhrwerk", "by_law", "2009-02-02", subject="Irrläufer")
RIGHTS = {"rights": {"staff": [str(STAFF)], "archivists": [str(ARCHIVISTS)]}}


@pytest.fixture
def one() -> Iterator[Bureau]:
    with memory_folder() as at, bureau(furnished(at / "town", RIGHTS), "2012-01-01") as made:
        yield made


def withdrawn(one: Bureau, letter: Letter = PAPER) -> str:
    (paper,) = one.filed(letter)
    one.house.reindex(lambda _done, _total: None)
    Archive(one.house, myself()).intake.withdraw(paper, "versehentlich gescannt")
    return paper


def test_it_is_hidden_at_once(one: Bureau) -> None:
    staff = Archive(one.house, Caller(4713, frozenset({STAFF})))
    (paper,) = one.filed(PAPER)
    assert staff.documents.show(paper)["id"] == paper
    Archive(one.house, myself()).intake.withdraw(paper, "versehentlich gescannt")
    papers = staff.documents
    asking = (papers.show, papers.text, papers.fetch, papers.picture, staff.periods.explain)
    for ask in asking:
        with pytest.raises(NotFound):
            ask(paper)
    assert staff.documents.search("state:withdrawn")["total"] == 0
    assert one.one.documents.show(paper)["state"] == "withdrawn"


def test_it_goes_after_some_days_through_two_persons_with_a_certificate(one: Bureau) -> None:
    paper = withdrawn(one)
    one.filed(Letter("Bleibt", "by_law", "2009-02-02"))
    one.clock.day = "2012-01-31"
    with pytest.raises(Refusal, match="nothing_due_withdrawn") as told:
        one.one.disposal.propose(withdrawn=True)
    # The list of what is due never names it; what is advised does.
    assert "retention due" not in phrases.advice(told.value.reason, told.value.params)
    hits = one.one.documents.search("state:withdrawn")["hits"]
    assert [hit["id"] for hit in hits] == [paper]
    assert one.one.periods.explain(paper)["ends"] == "2012-01-31"
    one.clock.day = "2012-02-01"
    assert one.one.upkeep.status()["retention"]["withdrawn_due"] == [paper]
    staff = Archive(one.house, Caller(4713, frozenset({STAFF})))
    assert staff.upkeep.status()["retention"]["withdrawn_due"] == []
    # It is no record: it goes with none of those, and the archive is not asked.
    with pytest.raises(Refusal, match="nothing_due"):
        one.one.disposal.propose()
    batch = one.one.disposal.propose(withdrawn=True)["id"]
    assert {unit: item["said"] for unit, item in one.units(batch).items()} == {paper: "exempt"}
    with pytest.raises(Refusal, match="batch_not_ready_to_destroy"):
        one.one.disposal.destroy(batch)
    with pytest.raises(Refusal, match="second_person_needed"):
        one.one.disposal.approve(batch)
    one.two.disposal.approve(batch)
    with pytest.raises(Refusal, match="nothing_to_offer"):
        one.one.disposal.offer(batch)
    with pytest.raises(Refusal, match="second_person_needed"):
        one.two.disposal.destroy(batch)
    told = one.one.certificates.show(one.one.disposal.destroy(batch)["certificate"])
    assert told["is_complete"] and told["is_proved"] and told["documents"] == 1
    assert not one.house.vault.exists(paper)
    assert one.one.documents.show(paper)["state"] == "destroyed"
    assert Archive(one.house, myself()).upkeep.verify()["problems"] == []


def test_a_file_from_quarantine_goes_the_same_way(one: Bureau) -> None:
    import io

    content = io.BytesIO(b"\x00\x01 keine Schrift " * 9)
    paper = one.house.intake.receive_stream(content, b"unlesbar.xyz", "incoming", "daemon")
    assert one.one.documents.show(paper)["state"] == "quarantined"
    Archive(one.house, myself()).intake.dismiss(paper, "kann niemand lesen")
    one.clock.day = "2012-03-01"
    batch = one.one.disposal.propose(withdrawn=True)["id"]
    one.two.disposal.approve(batch)
    assert one.one.disposal.destroy(batch)["certificate"]
    assert not one.house.vault.exists(paper)


@pytest.mark.parametrize("scope", ["document", "class", "dossier"])
def test_holds_cover_it_as_before(one: Bureau, scope: str) -> None:
    one.dossier("32.1-4/2009", None, PAPER)
    (row,) = one.house.register.in_dossier("32.1-4/2009")
    paper = str(row["id"])
    targets = {"document": paper, "class": "by_law", "dossier": "32.1-4/2009"}
    hold = one.hold(scope, targets[scope])
    Archive(one.house, myself()).intake.withdraw(paper, "versehentlich gescannt")
    one.clock.day = "2012-03-01"
    with pytest.raises(Refusal) as caught:
        one.one.disposal.propose(withdrawn=True)
    assert caught.value.params["held"] == 1
    assert [one["id"] for one in one.one.periods.explain(paper)["holds"]] == [hold]
    one.one.holds.lift(hold)
    batch = one.one.disposal.propose(withdrawn=True)["id"]
    again = one.hold("document", paper)
    with pytest.raises(Refusal, match="batch_on_hold"):
        one.two.disposal.approve(batch)
    one.one.holds.lift(again)
    assert one.two.disposal.approve(batch)["state"] == "approved"
    assert one.one.periods.explain(paper)["ends"] == date(2012, 1, 31).isoformat()

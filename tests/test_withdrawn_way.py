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
    Archive(one.house, myself()).withdraw(paper, "versehentlich gescannt")
    return paper


def test_it_is_hidden_at_once(one: Bureau) -> None:
    staff = Archive(one.house, Caller(4713, frozenset({STAFF})))
    (paper,) = one.filed(PAPER)
    assert staff.show(paper)["id"] == paper
    Archive(one.house, myself()).withdraw(paper, "versehentlich gescannt")
    for ask in (staff.show, staff.text, staff.fetch, staff.picture, staff.retention_explain):
        with pytest.raises(NotFound):
            ask(paper)
    assert staff.search("state:withdrawn")["total"] == 0
    assert one.one.show(paper)["state"] == "withdrawn"


def test_it_goes_after_some_days_through_two_persons_with_a_certificate(one: Bureau) -> None:
    paper = withdrawn(one)
    one.filed(Letter("Bleibt", "by_law", "2009-02-02"))
    one.clock.day = "2012-01-31"
    with pytest.raises(Refusal, match="nothing_due_withdrawn") as told:
        one.one.batch_propose(withdrawn=True)
    # The list of what is due never names it; what is advised does.
    assert "retention due" not in phrases.advice(told.value.reason, told.value.params)
    assert [hit["id"] for hit in one.one.search("state:withdrawn")["hits"]] == [paper]
    assert one.one.retention_explain(paper)["ends"] == "2012-01-31"
    one.clock.day = "2012-02-01"
    assert one.one.status()["retention"]["withdrawn_due"] == [paper]
    assert (
        Archive(one.house, Caller(4713, frozenset({STAFF}))).status()["retention"]["withdrawn_due"]
        == []
    )
    # It is no record: it goes with none of those, and the archive is not asked.
    with pytest.raises(Refusal, match="nothing_due"):
        one.one.batch_propose()
    batch = one.one.batch_propose(withdrawn=True)["id"]
    assert {unit: item["said"] for unit, item in one.units(batch).items()} == {paper: "exempt"}
    with pytest.raises(Refusal, match="batch_not_ready_to_destroy"):
        one.one.batch_destroy(batch)
    with pytest.raises(Refusal, match="second_person_needed"):
        one.one.batch_approve(batch)
    one.two.batch_approve(batch)
    with pytest.raises(Refusal, match="nothing_to_offer"):
        one.one.batch_offer(batch)
    with pytest.raises(Refusal, match="second_person_needed"):
        one.two.batch_destroy(batch)
    told = one.one.certificate_show(one.one.batch_destroy(batch)["certificate"])
    assert told["is_complete"] and told["is_proved"] and told["documents"] == 1
    assert not one.house.vault.exists(paper)
    assert one.one.show(paper)["state"] == "destroyed"
    assert Archive(one.house, myself()).verify()["problems"] == []


def test_a_file_from_quarantine_goes_the_same_way(one: Bureau) -> None:
    import io

    content = io.BytesIO(b"\x00\x01 keine Schrift " * 9)
    paper = one.house.intake.receive_stream(content, b"unlesbar.xyz", "incoming", "daemon")
    assert one.one.show(paper)["state"] == "quarantined"
    Archive(one.house, myself()).dismiss(paper, "kann niemand lesen")
    one.clock.day = "2012-03-01"
    batch = one.one.batch_propose(withdrawn=True)["id"]
    one.two.batch_approve(batch)
    assert one.one.batch_destroy(batch)["certificate"]
    assert not one.house.vault.exists(paper)


@pytest.mark.parametrize("scope", ["document", "class", "dossier"])
def test_holds_cover_it_as_before(one: Bureau, scope: str) -> None:
    one.dossier("32.1-4/2009", None, PAPER)
    (row,) = one.house.register.in_dossier("32.1-4/2009")
    paper = str(row["id"])
    targets = {"document": paper, "class": "by_law", "dossier": "32.1-4/2009"}
    hold = one.hold(scope, targets[scope])
    Archive(one.house, myself()).withdraw(paper, "versehentlich gescannt")
    one.clock.day = "2012-03-01"
    with pytest.raises(Refusal) as caught:
        one.one.batch_propose(withdrawn=True)
    assert caught.value.params["held"] == 1
    assert [one["id"] for one in one.one.retention_explain(paper)["holds"]] == [hold]
    one.one.hold_lift(hold)
    batch = one.one.batch_propose(withdrawn=True)["id"]
    again = one.hold("document", paper)
    with pytest.raises(Refusal, match="batch_on_hold"):
        one.two.batch_approve(batch)
    one.one.hold_lift(again)
    assert one.two.batch_approve(batch)["state"] == "approved"
    assert one.one.retention_explain(paper)["ends"] == date(2012, 1, 31).isoformat()

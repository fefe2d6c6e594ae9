"""A hold sticks to what it once covered, and who corrects a record does not approve its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.visit import silent
from archiver.errors import Refusal
from archiver.house import House, new_id
from archiver.pipeline.parts import arrival
from archiver.records import Event
from archiver.retention.holds import Former, Subject, covers
from archiver.store import objects
from archiver.store.objects import Part, dossier_key
from tests.places import memory_folder
from tests.seeding import Bureau, Letter, _record, bureau, furnished
from tests.test_retention_holds import PLACED, hold

BY_LAW = Letter("Satzung", "by_law", "2009-02-02", subject="Satzung")
PAPER = Letter("Ordnungswidrigkeit", "offence", "2009-02-02", subject="Bescheid")
WAIVED: dict[str, dict[str, Any]] = {"disposition": {"waived": ["ephemeral"]}}


@pytest.fixture
def one() -> Iterator[Bureau]:
    with memory_folder() as at, bureau(furnished(at / "town", WAIVED), "2012-01-01") as made:
        yield made


def holds(one: Bureau, name: str) -> list[str]:
    return [stop["id"] for stop in one.one.periods.explain(name)["holds"]]


def papers(one: Bureau, reference: str) -> list[str]:
    return [str(row["id"]) for row in one.house.register.in_dossier(dossier_key(reference))]


def read_anew(house: House, paper: str, letter: Letter) -> None:
    """What the daemon's walk leaves behind of a paper whose pages a person has set right."""
    record = objects.encode(_record(letter))
    row = house.register.document(paper)
    steps = ("ordered",) if row and row["state"] == "filed" else ()
    for event in (*steps, "recognised", "classified", "filed"):
        version = house.vault.add_version(
            paper, {objects.RECORD: record}, house.now(), event, "daemon"
        )
        house.register.record(Event(event, house.now(), "daemon", paper, {"version": version}))


def part_of(house: House, whole: str, letter: Letter) -> str:
    """A paper that was made of the pages of another one."""
    (accession,) = house.register.accessions(whole)
    first = house.holdings.receipt(whole, str(accession["id"]))
    part = msgspec.structs.replace(first, id=new_id(), part=Part(((whole, (1,)),)))
    files: dict[str, Path | bytes] = {
        objects.original_name(first.media_type): b"%PDF-1.7 Teil",
        objects.receipt_name(part.id): objects.encode(part),
    }
    house.vault.stage_object(part.id, files, house.now(), "received", "daemon")
    house.vault.publish(part.id)
    at = house.now()
    divided = Event("divided", at, "daemon", whole, {"documents": [part.id]})
    house.register.record(divided, arrival(part, at))
    house.vault.settled(part.id)
    read_anew(house, part.id, letter)
    return part.id


def test_a_class_hold_keeps_what_is_corrected_away(one: Bureau) -> None:
    (paper,) = one.filed(BY_LAW)
    placed = one.hold("class", "by_law")
    one.clock.day = "2022-01-01"
    one.two.review.correct(paper, ["class=ephemeral"])
    assert holds(one, paper) == [placed]
    with pytest.raises(Refusal, match="nothing_due"):
        one.one.disposal.propose()
    # The catalogue knows it from ledger and vault alone.
    before = one.house.register.former()
    one.house.new_catalogue(silent)
    assert one.house.register.former() == before and holds(one, paper) == [placed]
    # A second correction, and one that has nothing to do with it, change nothing.
    one.two.review.correct(paper, ["class=claim", "subject=Anderes"])
    assert holds(one, paper) == [placed]
    one.one.holds.lift(placed)
    assert holds(one, paper) == []
    # What had left before the hold was placed was never covered.
    one.hold("class", "ephemeral")
    assert holds(one, paper) == []


def test_a_hold_follows_papers_out_of_dossiers_and_into_parts(one: Bureau) -> None:
    (whole,) = one.filed(PAPER)
    one.dossier("32.1-4/2009", None, PAPER, title="Verstöße")
    one.dossier("32.1-5/2009", None, PAPER, title="Anderes")
    (first,) = papers(one, "32.1-4/2009")
    on_class = one.hold("class", "offence")
    on_whole = one.hold("document", whole)
    # The class of the dossier held its papers; a dossier of another class does so no more.
    one.one.review.correct(first, ["class=claim"])
    one.one.dossiers.change("32.1-4/2009", class_key="claim")
    assert holds(one, "32.1-4/2009") == [on_class]
    one.one.dossiers.merge("32.1-4/2009", "32.1-5/2009")
    one.one.dossiers.change("32.1-5/2009", class_key="claim")
    (second,) = (paper for paper in papers(one, "32.1-5/2009") if paper != first)
    one.one.review.correct(second, ["class=claim"])
    assert holds(one, "32.1-5/2009") == [on_class]
    # Pages of a held document are held in the document that is made of them.
    part = part_of(one.house, whole, replace(PAPER, record_class="claim"))
    assert holds(one, part) == sorted([on_class, on_whole])


def test_a_dossier_hold_keeps_what_was_read_anew(one: Bureau) -> None:
    dossier = one.dossier("32.1-4/2009", None, replace(PAPER, is_sure=False))
    (paper,) = papers(one, "32.1-4/2009")
    placed = one.hold("dossier", "32.1-4/2009")
    read_anew(one.house, paper, replace(PAPER, reference="77.7-7/2009", is_sure=False))
    assert papers(one, "32.1-4/2009") == []
    assert holds(one, paper) == [placed] and dossier


@pytest.mark.parametrize(
    "change", ["class=claim", "date=1.1.2001", "reference=32.1-4/2008", "subject=Anderes"]
)
def test_who_corrects_does_not_approve_and_others_are_told(one: Bureau, change: str) -> None:
    (paper, _other) = one.filed(
        *(replace(PAPER, record_class=key) for key in ("ephemeral", "claim"))
    )
    one.clock.day = "2021-01-01"
    one.two.review.correct(paper, [change])
    one.clock.day = "2032-01-01"
    batch = one.one.disposal.propose()["id"]
    told = one.one.disposal.show(batch)["corrections"]
    if change.startswith("subject"):
        assert told == [] and one.two.disposal.approve(batch)["state"] == "approved"
        return
    (shown,) = told
    assert (shown["id"], shown["actor"]) == (paper, "uid:4712")
    with pytest.raises(Refusal) as caught:
        one.two.disposal.approve(batch)
    assert caught.value.reason == "corrected_by_approver"
    assert caught.value.params["units"] == shown["unit"] == paper
    assert one.state(batch) == "proposed"
    # Without it the others go on.
    one.one.disposal.drop(batch, [paper])
    assert one.two.disposal.approve(batch)["corrections"] == []


def test_changes_of_the_dossier_count_for_its_papers(one: Bureau) -> None:
    one.dossier("32.1-4/2009", "2010-01-01", PAPER)
    one.clock.day = "2022-01-01"
    one.two.dossiers.tell("32.1-4/2009", "contract_ended", None)
    batch = one.one.disposal.propose()["id"]
    with pytest.raises(Refusal, match="corrected_by_approver"):
        one.two.disposal.approve(batch)


def test_one_correction_does_not_lead_past_the_offer(one: Bureau) -> None:
    (paper, always) = one.filed(PAPER, replace(PAPER, record_class="ephemeral"))
    one.one.review.correct(paper, ["class=ephemeral"])
    one.clock.day = "2022-01-01"
    units = one.units(one.one.disposal.propose()["id"])
    assert (units[paper]["said"], units[always]["said"]) == (None, "exempt")


names = st.sampled_from("abc")
kinds = st.sampled_from(["class", "dossier", "document"])
formers = st.builds(Former, kinds, names, st.integers(1, 9))


@given(
    st.sampled_from(["document", "dossier", "class", "search"]),
    st.sets(names, min_size=1),
    st.integers(1, 9),
    st.lists(formers, max_size=5),
)
def test_a_hold_covers_what_left_after_it_was_placed(
    scope: str, targets: set[str], since: int, former: list[Former]
) -> None:
    order = hold(scope, *targets, since=since)
    kind = "document" if scope == "search" else scope
    expected = any(one.kind == kind and one.value in targets and one.seq > since for one in former)
    assert covers(order, Subject("x", "y", former=tuple(former)), PLACED) == expected

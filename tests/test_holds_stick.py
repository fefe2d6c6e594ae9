"""A hold sticks to what it once covered, and who corrects a record does not approve its end."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import NotFound, Refusal
from archiver.house import House, new_id
from archiver.pipeline.parts import arrival
from archiver.records import Event
from archiver.registry.units import Shelf
from archiver.retention.holds import Former, Subject, covers
from archiver.store import objects
from archiver.store.objects import Part, dossier_key
from tests.places import memory_folder
from tests.seeding import Bureau, Letter, _record, bureau, furnished
from tests.test_closed_classes import waiting
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
    first = house.holdings.receipt(whole, whole)
    identifier = new_id()
    content = b"%PDF-1.7 Teil " + identifier.encode()
    part = msgspec.structs.replace(
        first,
        id=identifier,
        part=Part(((whole, (1,)),)),
        sha512=hashlib.sha512(content).hexdigest(),
    )
    files: dict[str, Path | bytes] = {
        objects.original_name(first.media_type): content,
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
    one.house.new_catalogue(lambda _done, _total: None)
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


def lost_and_restored(one: Bureau, paper: str) -> None:
    """What becomes of a paper whose object is gone and whose original somebody still has."""
    row = one.house.register.document(paper)
    assert row is not None
    with one.house.vault.open(paper, objects.original_name(str(row["media_type"]))) as file:
        content = file.read()
    shutil.rmtree(one.house.vault.home(paper))
    one.one.scans.restore(paper, io.BytesIO(content))


def spoiled(one: Bureau, paper: str, version: int) -> None:
    """A byte of what one version says of a paper has rotted."""
    (record,) = one.house.vault.home(paper).glob(f"v{version}/content/record.json")
    content = bytearray(record.read_bytes())
    content[len(content) // 2] ^= 1
    record.write_bytes(content)


def test_a_hold_survives_the_loss_of_what_it_covers(one: Bureau) -> None:
    (paper, whole) = one.filed(BY_LAW, PAPER)
    on_class, on_whole = one.hold("class", "by_law"), one.hold("document", whole)
    part = part_of(one.house, whole, replace(PAPER, record_class="ephemeral"))
    lost_and_restored(one, paper)
    lost_and_restored(one, whole)
    for number in (1, 2):
        read_anew(one.house, paper, replace(BY_LAW, record_class="ephemeral"))
        lost_and_restored(one, paper)
        assert (holds(one, paper), holds(one, part)) == ([on_class], [on_whole]), number
    before = one.house.register.former()
    one.house.new_catalogue(lambda _done, _total: None)
    assert one.house.register.former() == before
    assert (holds(one, paper), holds(one, part)) == ([on_class], [on_whole])


def test_the_ledger_tells_the_class_of_a_record_that_is_damaged(one: Bureau) -> None:
    (paper, other, moved) = one.filed(BY_LAW, BY_LAW, replace(PAPER, record_class="ephemeral"))
    placed = one.hold("class", "by_law")
    one.two.review.correct(paper, ["class=ephemeral"])
    read_anew(one.house, other, replace(BY_LAW, record_class="ephemeral"))
    one.two.review.correct(other, ["class=claim"])
    one.two.review.correct(moved, ["reference=32.1-4/2009"])
    for each in (paper, moved):
        spoiled(one, each, 2)
    spoiled(one, other, 3)
    one.house.new_catalogue(lambda _done, _total: None)
    one.clock.day = "2032-01-01"
    assert holds(one, paper) == holds(one, other) == [placed]
    # The newest of what is known cannot be read: it does not go before somebody has looked.
    assert holds(one, moved) == []
    spoiled(one, moved, 3)
    one.house.new_catalogue(lambda _done, _total: None)
    with pytest.raises(Refusal) as caught:
        one.one.disposal.propose()
    assert caught.value.params["unsettled"] == 1
    # Of which dossier it is nobody knows, so a hold on any may cover it.
    one.dossier("77.7-7/2009", None, PAPER)
    placed = one.hold("dossier", "77.7-7/2009")
    assert holds(one, moved) == [placed]


def test_no_class_is_the_class_of_those_that_have_none(one: Bureau) -> None:
    letter = replace(PAPER, record_class="")
    waits = waiting(one, letter, "by_law", "class_rule_only")
    placed = one.hold("class", "unclassified")
    assert holds(one, waits) == [], "nobody has filed it yet"
    one.two.review.set(waits, ["reference=1.2-3/2009"])
    one.dossier("1.2-3/2009", None, replace(PAPER, record_class="claim"))
    assert holds(one, waits) == holds(one, "1.2-3/2009") == [placed]
    one.two.review.correct(waits, ["class=ephemeral"])
    assert holds(one, waits) == [placed]


def test_what_is_destroyed_takes_no_hold_of_others_along() -> None:
    waived = {"disposition": {"waived": ["offence"]}}
    with memory_folder() as at, bureau(furnished(at / "town", waived), "2012-01-01") as one:
        dossier = one.dossier("32.1-4/2009", None, PAPER)
        (paper,) = papers(one, "32.1-4/2009")
        placed = one.hold("class", "by_law")
        # The dossier was of the class only as long as this paper was in it.
        for key in ("by_law", "offence"):
            one.one.dossiers.change("32.1-4/2009", class_key=key)
        one.one.review.correct(paper, ["reference=77.7-7/2009"])
        one.filed(replace(PAPER, reference="32.1-4/2009"))
        one.one.dossiers.close("32.1-4/2009", on=date(2010, 1, 1))
        one.clock.day = "2042-01-01"
        batch = one.one.disposal.propose()["id"]
        assert set(one.units(batch)) == {dossier}
        one.two.disposal.approve(batch)
        one.one.disposal.destroy(batch)
        assert holds(one, paper) == [placed]
        before = one.house.register.former()
        one.house.new_catalogue(lambda _done, _total: None)
        assert one.house.register.former() == before and holds(one, paper) == [placed]


CLASSES = ("by_law", "offence", "ephemeral", "claim")
REFERENCES = ("32.1-4/2009", "32.1-5/2009", "32.1-6/2009")


class Life:
    """What may happen to papers, in an order that nobody foresees."""

    def __init__(self, one: Bureau, random: Random) -> None:
        self.one, self.random = one, random
        self.papers = one.filed(BY_LAW, PAPER, replace(PAPER, record_class="claim"))
        for reference in REFERENCES:
            one.dossier(reference, None, PAPER)
            self.papers += papers(one, reference)
        one.hold("dossier", REFERENCES[0])
        one.hold("document", *self.papers[1:3])
        for key in ("by_law", "offence", "unclassified"):
            one.hold("class", key)
        self.covered: dict[str, set[str]] = {paper: set() for paper in self.papers}

    def step(self) -> str:
        """Let something happen; what is refused does not."""
        steps = [self.corrected, self.moved, self.read, self.lost, self.divided, self.replaced]
        steps += [self.dossier_changed, self.dossier_merged, self.withdrawn, self.purged]
        step = self.random.choice(steps)
        with suppress(NotFound, Refusal):
            step(self.random.choice(self.papers))
        return step.__name__

    def check(self) -> None:
        """No hold lets go of what it has covered."""
        shelf = Shelf(self.one.house.registry, date(2012, 1, 1))
        for paper, before in self.covered.items():
            row = self.one.house.register.document(paper)
            assert row is not None
            now = {hold.id for hold in shelf.holds_on(row)}
            assert before <= now, paper
            self.covered[paper] = now

    def corrected(self, paper: str) -> None:
        self.one.two.review.correct(paper, [f"class={self.random.choice(CLASSES)}"])

    def moved(self, paper: str) -> None:
        self.one.two.review.correct(paper, [f"reference={self.random.choice(REFERENCES)}"])

    def read(self, paper: str) -> None:
        row = self.one.house.register.document(paper)
        if row and row["state"] in ("filed", "accepted"):
            key, reference = self.random.choice(CLASSES), self.random.choice(REFERENCES)
            letter = replace(PAPER, record_class=key, reference=reference, is_sure=False)
            read_anew(self.one.house, paper, letter)

    def lost(self, paper: str) -> None:
        lost_and_restored(self.one, paper)

    def divided(self, paper: str) -> None:
        row = self.one.house.register.document(paper)
        if row and row["state"] == "filed":
            letter = replace(PAPER, record_class=self.random.choice(CLASSES))
            part = part_of(self.one.house, paper, letter)
            self.papers.append(part)
            self.covered[part] = set(self.covered[paper])

    def replaced(self, paper: str) -> None:
        better = f"%PDF-1.7 besser {self.random.random()}".encode()
        self.one.two.scans.replace(paper, io.BytesIO(better), b"besser.pdf")

    def dossier_changed(self, _paper: str) -> None:
        key = self.random.choice(CLASSES)
        self.one.one.dossiers.change(self.random.choice(REFERENCES), class_key=key)

    def dossier_merged(self, _paper: str) -> None:
        one, other = self.random.sample(REFERENCES, 2)
        self.one.one.dossiers.merge(one, other)

    def withdrawn(self, paper: str) -> None:
        if self.random.random() < 0.2:
            self.one.two.intake.withdraw(paper, "versehentlich")

    def purged(self, paper: str) -> None:
        self.one.one.versions.purge(paper, "Ersuchen")


def test_nothing_that_happens_lets_a_document_out_of_a_hold(one: Bureau) -> None:
    life = Life(one, Random(9))
    life.check()
    happened = []
    for _ in range(30):
        happened.append(life.step())
        life.check()
    before = one.house.register.former()
    one.house.new_catalogue(lambda _done, _total: None)
    assert one.house.register.former() == before, happened
    life.check()


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


def refused(one: Bureau, batch: str) -> list[tuple[str, str]]:
    """What is told to those who approve of what the second person has done; he may not."""
    told = one.one.disposal.show(batch)["corrections"]
    with pytest.raises(Refusal, match="corrected_by_approver"):
        one.two.disposal.approve(batch)
    return [(line["id"], line["event"]) for line in told if line["actor"] == "uid:4712"]


def test_who_decides_otherwise_at_the_desk_does_not_approve(one: Bureau) -> None:
    waits = [waiting(one, BY_LAW.numbered(n), "ephemeral", "class_rule_only") for n in range(3)]
    plain, other, dated = waits
    one.two.review.accept(plain)
    one.two.review.set(other, ["class=claim"])
    one.two.review.set(dated, ["class=ephemeral", "date=2.2.2001"])
    one.clock.day = "2042-01-01"
    batch = one.one.disposal.propose()["id"]
    assert set(one.units(batch)) == set(waits)
    assert refused(one, batch) == [(other, "confirmed"), (dated, "confirmed")]
    one.one.disposal.drop(batch, [other, dated])
    assert one.two.disposal.approve(batch)["corrections"] == []


def test_who_confirms_another_class_than_it_was_filed_in_does_not_approve(one: Bureau) -> None:
    (paper,) = one.filed(replace(PAPER, record_class="claim"))
    read_anew(one.house, paper, replace(PAPER, record_class="ephemeral"))
    said = Event("reviewed", one.house.now(), "daemon", paper, {"reason": "class_rule_only"})
    one.house.register.record(said)
    one.two.review.accept(paper)
    one.clock.day = "2042-01-01"
    assert refused(one, one.one.disposal.propose()["id"]) == [(paper, "confirmed")]


def test_who_withdraws_does_not_approve(one: Bureau) -> None:
    (paper,) = one.filed(BY_LAW)
    one.two.intake.withdraw(paper, "versehentlich")
    one.clock.day = "2012-06-01"
    batch = one.one.disposal.propose(withdrawn=True)["id"]
    assert refused(one, batch) == [(paper, "withdrawn")]


def test_who_lifts_a_hold_or_closes_into_the_past_does_not_approve(one: Bureau) -> None:
    (paper,) = one.filed(replace(PAPER, record_class="ephemeral"))
    placed = one.hold("class", "ephemeral")
    dossier = one.dossier("32.1-4/2009", None, PAPER)
    one.two.dossiers.close("32.1-4/2009", on=date(2010, 1, 1))
    one.two.holds.lift(placed)
    one.clock.day = "2042-01-01"
    batch = one.one.disposal.propose()["id"]
    assert set(one.units(batch)) == {paper, dossier}
    assert refused(one, batch) == [(dossier, "dossier_closed"), (placed, "hold_lifted")]


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

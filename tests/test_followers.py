"""What follows the ledger: each thing by itself, renewed by itself, judged again when it may."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.classify.fitting import fit
from archiver.clock import now
from archiver.errors import SystemFault
from archiver.inbox import notices
from archiver.pipeline import projector as module
from archiver.pipeline.chore import Chore
from archiver.pipeline.health import Health
from archiver.pipeline.projector import Projector
from archiver.pipeline.rejudge import Rejudge
from archiver.rights import myself
from archiver.search.query import parse
from tests import classify_texts, paper
from tests.lane import Lane, founded, letter
from tests.town import wait_for

TODAY = date(2026, 1, 1)
LIMIT = 20.0


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Lane]:
    with Lane(founded(tmp_path / "town", incoming="", permits="")) as one:
        yield one


@pytest.fixture
def projector(lane: Lane) -> Iterator[Projector]:
    house = lane.house
    made = Projector(
        lane.config,
        house.register,
        house.holdings,
        house.index,
        lane.health,
        lambda: house.new_index(lambda _done, _total: None),
    )
    house.register.follow(made.wake)
    made.start()
    yield made
    house.register.follow(None)
    made.stop()


def found(lane: Lane, word: str) -> list[str]:
    return [hit.id for hit in lane.house.index.search(parse(word), 10, TODAY).hits]


def receipts(lane: Lane, folder: str) -> str:
    file = lane.root / "inbox" / folder / "_received.csv"
    return file.read_text("utf-8-sig") if file.exists() else ""


@pytest.mark.parametrize("trouble", ["fails", "hangs"])
def test_one_blocked_folder_keeps_neither_index_nor_other_notices_waiting(
    lane: Lane, projector: Projector, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    released, blocked = threading.Event(), threading.Event()
    real = notices.receipts

    def maybe(folder: Path, *arguments: Any) -> None:
        if folder.name == "incoming":
            blocked.set()
            if trouble == "fails":
                raise SystemFault("inbox_unwritable", folder=str(folder), error="EROFS")
            released.wait(60)
        real(folder, *arguments)

    monkeypatch.setattr(notices, "receipts", maybe)
    try:
        lane.drop("eins.pdf", letter("eins"))
        assert blocked.wait(LIMIT)
        for _attempt in range(4):  # its pauses have grown by then
            lane.health.ill("notices:incoming", SystemFault("inbox_unwritable", folder="x"))
        started = time.monotonic()
        document = lane.drop("zwei.pdf", letter("zwei"), "permits")
        wait_for(lambda: found(lane, "zwei") == [document], "it is found", LIMIT)
        wait_for(lambda: document in receipts(lane, "permits"), "the clerk is told", LIMIT)
        assert time.monotonic() - started < 5.0
    finally:
        released.set()
    monkeypatch.undo()
    lane.health.well("notices:incoming")
    projector.wake()
    # Where it only failed its pause goes on for some seconds.
    if trouble == "hangs":
        wait_for(lambda: "eins.pdf" in receipts(lane, "incoming"), "it is made up for", LIMIT)


def test_a_chore_outlives_every_error_and_ends_with_a_last_round() -> None:
    done: list[int] = []
    health = Health(now)

    def action() -> None:
        done.append(len(done))
        if len(done) == 1:
            raise ValueError("a bug")

    chore = Chore("part", action, health)
    chore.start()
    wait_for(lambda: len(done) >= 2 and not health.troubles(), "it is tried again", LIMIT)
    before = len(done)
    chore.halt()
    chore.join(LIMIT)
    assert len(done) == before + 1


# --- the index is renewed by itself ---------------------------------------------------------------


def damage(lane: Lane, kind: str) -> None:
    data = lane.config.places.index / "current" / "data"
    if kind == "positions gone":
        for file in data.glob("*.pos"):
            file.unlink()
    elif kind == "table of contents":
        (data / "meta.json").write_bytes(b"{}")
    elif kind == "folder gone":
        shutil.rmtree(data)
    else:
        for file in data.glob("*.store"):
            content = bytearray(file.read_bytes())
            content[: len(content) // 2] = bytes(len(content) // 2)
            file.write_bytes(content)


@pytest.mark.parametrize(
    "kind", ["positions gone", "table of contents", "folder gone", "stored bytes"]
)
@pytest.mark.parametrize("noticed_by", ["search", "writing"])
def test_a_damaged_index_is_renewed_by_whoever_notices_it(
    lane: Lane, projector: Projector, kind: str, noticed_by: str
) -> None:
    document = lane.drop("eins.pdf", letter("Wasserversorgung"))
    lane.work_off()
    wait_for(projector.current, "all can be found", LIMIT)
    assert found(lane, "Wasserversorgung") == [document]
    damage(lane, kind)
    if noticed_by == "search":
        lane.house.office = Told(projector)  # type: ignore[assignment]
        with pytest.raises(SystemFault, match="index_renewing"):
            Archive(lane.house, myself()).documents.search("Wasserversorgung")
        lane.house.office = None
    else:
        if kind == "stored bytes":
            pytest.skip("writing does not read them; the first search notices it")
        lane.drop("zwei.pdf", letter("Kanal"))
        lane.work_off()

    def renewed() -> bool:
        try:
            return found(lane, "Wasserversorgung") == [document]
        except SystemFault:
            return False

    wait_for(renewed, "it is found again", LIMIT)
    wait_for(lambda: not lane.health.troubles(), "all is well", LIMIT)


class Told:
    """What a search needs of an office."""

    def __init__(self, projector: Projector) -> None:
        self.index_damaged = projector.damaged


def test_a_full_disk_is_no_damage(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Projector(
        lane.config, lane.house.register, lane.house.holdings, lane.house.index, lane.health, _never
    )
    monkeypatch.setattr(module, "_can_write", lambda _folder: False)
    monkeypatch.setattr(made, "follow", _write_failed)
    with pytest.raises(SystemFault, match="index_write_failed"):
        made._keep_index()


def _never(*_arguments: object) -> Any:
    raise AssertionError("there is no cause for this")


def _write_failed() -> None:
    raise SystemFault("index_write_failed", folder="x")


# --- judged again ---------------------------------------------------------------------------------


def rejudge(lane: Lane, model: Any) -> None:
    house = lane.house
    Rejudge(lane.config, house.stores, lambda: model).judge()


def learned(lane: Lane) -> Any:
    """The first model of an archive."""
    return replace(fit(classify_texts.examples(30), lane.config.classes), version=1)


def an_invoice(number: int) -> bytes:
    return paper.text_pdf([classify_texts.paper("invoice", number).splitlines()])


def test_what_waits_for_a_class_is_judged_again_when_something_was_learned(lane: Lane) -> None:
    waits = lane.drop("rechnung.pdf", an_invoice(77))
    other = lane.drop("leer.pdf", paper.text_pdf([("",)]))
    lane.work_off()
    assert lane.reason(waits) == ("review", "class_rule_only")
    before = lane.row(other)["reason"]
    lines = lane.house.register.head()[0]
    rejudge(lane, None)
    assert lane.house.register.head()[0] == lines  # nothing was learned, nothing is written
    rejudge(lane, learned(lane))
    assert lane.state(waits) == "filed"
    row = lane.row(waits)
    assert (row["record_class"], row["basis"]) == ("invoice", "agreed")
    assert lane.row(other)["reason"] == before
    stored = lane.house.holdings.record(waits, int(row["version"]))
    assert stored.verdict is not None
    assert [page.text for page in lane.house.holdings.pages(waits)]


def test_nothing_is_read_again_where_nothing_was_learned(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane.drop("rechnung.pdf", an_invoice(79))
    lane.work_off()
    monkeypatch.setattr(lane.house.holdings, "pages", _never)
    rejudge(lane, None)


def test_a_person_who_decided_is_heard(lane: Lane) -> None:
    waits = lane.drop("rechnung.pdf", an_invoice(78))
    lane.work_off()
    lane.archive.intake.withdraw(waits, "falsch")
    rejudge(lane, learned(lane))
    assert lane.state(waits) == "withdrawn"

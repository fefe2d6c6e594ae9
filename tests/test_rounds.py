"""Rounds of verifying: in time, going on after a restart, told until it is mended."""

from __future__ import annotations

import io
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive import Archive
from archiver.house import House
from archiver.pipeline import rounds
from archiver.pipeline.audit import beside_objects
from archiver.pipeline.health import Health
from archiver.pipeline.objectcheck import ObjectCheck
from archiver.pipeline.rounds import Round, Rounds
from archiver.rights import myself
from archiver.store.fixity_process import Examiner
from tests.test_fixity_way import Holding, flip, put_back
from tests.town import wait_for

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)


@given(
    objects=st.integers(1, 400),
    days=st.integers(1, 60),
    took=st.floats(0, 3),
    read=st.integers(0, 400),
)
def test_a_round_is_over_in_time(objects: int, days: int, took: float, read: int) -> None:
    """Whatever lies before: reading and waiting by turns ends before the days do."""
    read = min(read, objects - 1)
    moment = BEGUN + timedelta(days=days) * 0.8 * read / objects
    for count in range(read, objects):
        state = Round(begun=BEGUN.isoformat(), read=count)
        wait = rounds.pause(state, objects, days, moment.isoformat(), took)
        assert took <= wait or wait == 3600.0
        moment += timedelta(seconds=took + wait)
    assert moment <= BEGUN + timedelta(days=days) or took * 2 * objects > days * 86400 * 0.2


def test_a_clock_that_has_jumped_neither_stops_nor_hurries_for_ever() -> None:
    state = Round(begun=BEGUN.isoformat(), read=1)
    late = (BEGUN + timedelta(days=20000)).isoformat()
    early = (BEGUN - timedelta(days=20000)).isoformat()
    assert rounds.pause(state, 9, 30, late, 0.5) == 0.5
    assert rounds.pause(state, 9, 30, early, 0.5) == 3600.0


class Walk:
    """The rounds of an archive, step by step in this thread."""

    def __init__(self, house: House) -> None:
        self.health = Health(house.now)
        check = ObjectCheck(house.vault, house.register)
        self.rounds = Rounds(
            house.config,
            check,
            house.vault.home,
            lambda: beside_objects(house.config, house.ledger, house.register),
            house.now,
            self.health,
        )
        self.check = check

    def whole(self) -> None:
        """To the end of a round."""
        ended = self.rounds._state.ended
        while self.rounds._state.ended == ended:
            self.rounds.look()

    def found(self) -> set[tuple[str | None, str]]:
        return {(one.id, one.code) for one in self.rounds._state.findings}

    def troubles(self) -> list[tuple[str, object]]:
        return [(one.reason, one.params["count"]) for one in self.health.troubles()]


@pytest.fixture
def holding(tmp_path: Path) -> Holding:
    return Holding(tmp_path / "town")


@pytest.fixture
def walk_of() -> Iterator[Callable[[House], Walk]]:
    made: list[Walk] = []

    def make(house: House) -> Walk:
        made.append(Walk(house))
        return made[-1]

    yield make
    for walk in made:
        walk.rounds._examiner.close()


def test_damage_is_found_told_and_forgotten_when_it_is_mended(
    holding: Holding, walk_of: Callable[[House], Walk]
) -> None:
    with holding.open() as house:
        walk = walk_of(house)
        walk.rounds.first_look()
        walk.whole()
        assert walk.found() == set() and walk.troubles() == []
        path = house.vault.path(holding.second, "original.pdf")
        whole = path.read_bytes()
        flip(path)
        walk.whole()
        assert walk.found() == {(holding.second, "changed_file")}
        assert walk.troubles() == [("verify_found", 1)]
        shown = Archive(house, myself()).upkeep.status()["verify"]
        assert [one["id"] for one in shown["problems"]] == [holding.second]
        assert shown["last_full"] == walk.rounds._state.ended
        # A person who has everything read is believed, and what is still wrong stays.
        path.write_bytes(whole)
        Archive(house, myself()).upkeep.verify()
        assert walk_of(house).found() == set()
        flip(path)
        Archive(house, myself()).upkeep.verify()
        # A restart remembers, and the next round sees that it was mended.
        again = walk_of(house)
        assert again.found() == walk.found()
        Archive(house, myself()).scans.restore(holding.second, io.BytesIO(whole))
        again.whole()
        assert again.found() == set() and again.troubles() == []


def test_a_round_goes_on_where_it_stood(holding: Holding, walk_of: Callable[[House], Walk]) -> None:
    with holding.open() as house:
        order: list[str] = []
        for _ in range(3):
            walk = walk_of(house)
            examine = walk.rounds._examiner.examine
            walk.rounds._examiner.examine = lambda home, id, e=examine: (  # type: ignore[method-assign]
                order.append(id),
                e(home, id),
            )[1]
            walk.rounds.look()
        assert order == sorted([holding.first, holding.second, holding.dossier])


def test_a_vault_of_yesterday_is_told_at_the_start(
    holding: Holding, tmp_path: Path, walk_of: Callable[[House], Walk]
) -> None:
    shutil.copytree(holding.town.root, tmp_path / "yesterday", symlinks=True)
    with holding.open() as house:
        Archive(house, myself()).review.correct(holding.first, ["subject=Zaun"])
    put_back(holding, tmp_path / "yesterday", "vault")
    with holding.open() as house:
        walk = walk_of(house)
        walk.rounds.first_look()
        assert walk.found() == {(holding.first, "version_missing")}


def test_the_reading_process_is_idle_and_its_death_is_no_finding(holding: Holding) -> None:
    examiner = Examiner()
    home = holding.home(holding.first)
    assert examiner.examine(home, holding.first) == []
    process = examiner._process
    assert process is not None
    assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
    process.kill()
    assert examiner.examine(home, holding.first) is None
    assert examiner.examine(home, holding.first) == []
    examiner.close()


def test_the_daemon_tells_what_it_has_found_until_it_is_mended(
    holding: Holding, tmp_path: Path
) -> None:
    copy = tmp_path / "kopie.pdf"
    shutil.copyfile(holding.home(holding.first) / "v1" / "content" / "original.pdf", copy)
    shutil.rmtree(holding.home(holding.first))
    town = holding.town
    with town.daemon():
        problems = wait_for(lambda: town.status()["verify"]["problems"], "it is found", 60)
        assert {one["id"] for one in problems} == {holding.first}
        assert [one["reason"] for one in town.status()["system"]] == ["verify_found"]
        # Whoever asks for a verification and goes away is not worked for any longer.
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(town.root / "archiver.sock"))
            sock.sendall(b"POST /acts/upkeep.verify HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
            assert sock.recv(20)
        assert town.command("verify").returncode == 15
        assert town.json("restore", holding.first, str(copy))["files"] > 0

        def is_over() -> bool:
            state = town.status()
            told = {one["reason"] for one in state["system"]}
            return not state["verify"]["problems"] and "verify_found" not in told

        wait_for(is_over, "it is mended and seen", 60)
    told = town.status()["verify"]
    assert told["problems"] == [] and told["days"] == 30 and told["last_full"]

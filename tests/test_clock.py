"""The clock: a jump makes nothing fall due and nothing expire, until a person says it is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive import Archive
from archiver.backup import note as backup_note
from archiver.clock import stored
from archiver.config import load
from archiver.errors import Fault
from archiver.house import House, held
from archiver.monitoring import note
from archiver.pipeline import rounds
from archiver.pipeline.office import Office, new_boot
from archiver.rights import myself
from archiver.store.timekeeping import Doubt, Reading, Timekeeper, judge
from tests.seeding import Letter, filed
from tests.town import Town, wait_for

START = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)  # a Friday
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
LETTER = Letter("Bescheid über die Friedhofsgebühr", "friedhof")


def text(moment: datetime) -> str:
    return stored(moment.timestamp())


class Machine:
    """A machine whose clock can be set, and which can be switched off."""

    def __init__(self) -> None:
        self.wall, self.boot, self.running = START, "a", 5000.0

    def __call__(self) -> Reading:
        return Reading(text(self.wall), self.boot, self.running)

    def passes(self, time: timedelta) -> None:
        self.wall += time
        self.running += time.total_seconds()

    def is_off(self, time: timedelta) -> None:
        self.wall += time
        self.boot, self.running = self.boot + "a", 60.0

    def is_set(self, by: timedelta) -> None:
        self.wall += by


class Archived:
    """A keeper on a machine, and the time of the last line that was written by it."""

    def __init__(self, stage: Path) -> None:
        self.machine, self.last, self._stage = Machine(), "", stage
        self.starts()

    def starts(self) -> None:
        self.keeper = Timekeeper(self._stage, lambda: self.last, self.machine)
        self.keeper.look()

    def writes(self) -> str:
        self.last = self.keeper.now()
        return self.last

    @property
    def code(self) -> str | None:
        doubt = self.keeper.doubt()
        return doubt.code if doubt else None


@pytest.fixture
def archived(tmp_path: Path) -> Archived:
    one = Archived(tmp_path)
    one.writes()
    return one


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (lambda m: m.passes(3 * DAY), None),  # the daemon was stopped, the machine ran
        (lambda m: m.is_set(timedelta(seconds=-5)), None),  # a time server's step
        (lambda m: m.is_set(timedelta(seconds=5)), None),
        (lambda m: m.is_set(23 * HOUR), None),
        (lambda m: m.is_off(15 * HOUR), None),  # a night
        (lambda m: m.is_off(3 * DAY), "clock_ahead"),  # a weekend: a person confirms once
        (lambda m: m.is_set(40 * YEAR), "clock_ahead"),
        (lambda m: m.is_set(25 * HOUR), "clock_ahead"),
        (lambda m: m.is_set(-2 * HOUR), "clock_behind"),
        (lambda m: m.is_set(-56 * YEAR), "clock_behind"),  # no battery
    ],
)
def test_what_happens_to_clocks(
    archived: Archived, happens: Callable[[Machine], None], code: str | None
) -> None:
    happens(archived.machine)
    archived.starts()
    assert archived.code == code
    if code is not None:
        assert archived.keeper.sure() <= text(START + HOUR)
        archived.last = archived.keeper.confirm()
        assert archived.code is None
        archived.starts()
        assert archived.code is None
        assert archived.keeper.sure() == text(archived.machine.wall)


def test_a_start_without_a_battery_heals_when_the_time_server_has_answered(
    archived: Archived,
) -> None:
    archived.machine.is_off(HOUR)
    archived.machine.is_set(-56 * YEAR)
    archived.starts()
    assert archived.code == "clock_behind"
    # What is written meanwhile is not of 1970: its period would have ended long ago.
    assert archived.writes() == text(START)
    archived.machine.is_set(56 * YEAR)
    assert archived.code is None
    assert archived.keeper.now() == text(START + HOUR)


def test_no_line_is_written_in_forty_years_and_a_restart_does_not_make_it_true(
    archived: Archived,
) -> None:
    archived.machine.is_set(40 * YEAR)
    for _ in range(3):
        archived.machine.passes(HOUR)
        archived.starts()
        assert archived.code == "clock_ahead"
        assert archived.writes() < text(START + DAY)
    archived.machine.is_off(HOUR)
    archived.starts()
    assert archived.code == "clock_ahead"
    archived.machine.is_set(-40 * YEAR)
    assert archived.code is None


def test_after_a_weekend_papers_get_the_day_on_which_they_come(archived: Archived) -> None:
    archived.machine.is_off(3 * DAY)
    archived.starts()
    assert archived.writes() == text(START + 3 * DAY)
    assert archived.keeper.sure() == text(START)


def test_without_a_mark_the_last_line_counts(tmp_path: Path) -> None:
    restored = Timekeeper(tmp_path, lambda: text(START - 30 * DAY), Machine())
    assert restored.doubt() == Doubt("clock_ahead", text(START), text(START - 30 * DAY))
    assert Timekeeper(tmp_path, lambda: "", Machine()).doubt() is None
    (tmp_path / "clock.json").write_bytes(b"{")
    assert Timekeeper(tmp_path, lambda: text(START), Machine()).doubt() is None
    for mark in (
        b'{"at":"garbage","boot":"b","running":0}',
        b'{"at":"2026-12-01T06:00:00","boot":"b","running":0}',
        b'{"at":"9999-12-31T23:59:59.000Z","boot":"b","running":-1e9}',
        b'{"at":"2026-12-01T06:00:00.000Z","boot":"b","running":1e308}',
    ):
        (tmp_path / "clock.json").write_bytes(mark)
        keeper = Timekeeper(tmp_path, lambda: text(START), Machine())
        assert keeper.is_mark_damaged and keeper.doubt() is None
        assert keeper.look() is None and not keeper.is_mark_damaged


@pytest.mark.parametrize("at", ["", "garbage", "2026-12-01T06:00:00", "9999-12-31T23:59:59.000Z"])
def test_a_note_with_a_time_that_is_none_counts_as_none(tmp_path: Path, at: str) -> None:
    back_up = {"folder": "/x", "made_at": at, "number": 1, "seq": 1, "troubles": 0}
    (tmp_path / "backup.json").write_text(json.dumps([back_up]))
    (tmp_path / "verified.json").write_text(json.dumps({"at": at, "problems": 0}))
    (tmp_path / "verify.json").write_text(json.dumps({"begun": at, "ended": at, "read": 3}))
    assert backup_note.last(tmp_path) is None and note.verified(tmp_path) is None
    assert rounds.remembered(tmp_path).begun == ""


moments = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)


@given(moments, moments, moments, st.booleans(), st.floats(0, 1e9), st.floats(0, 1e9))
def test_by_the_sure_time_nothing_is_due_that_was_not(
    wall: datetime, marked: datetime, last: datetime, same: bool, before: float, after: float
) -> None:
    mark = Reading(text(marked), "a", before)
    reading = Reading(text(wall), "a" if same else "b", after)
    doubt = judge(reading, mark, text(last))
    if doubt is not None:
        assert (doubt.code == "clock_behind") == (wall < last - timedelta(minutes=1))
        if doubt.code == "clock_ahead":
            assert text(marked) <= doubt.believed < text(wall)
    else:
        assert wall >= last - timedelta(minutes=1)
        passed = max(0.0, after - before) if same else 0.0
        assert wall - marked <= DAY + timedelta(seconds=passed + 1)


@contextmanager
def opened(town: Town, machine: Machine) -> Iterator[House]:
    """An archive in this process, on a machine of the test's own."""
    config = load(town.config)
    with held(config, exclusive=True):
        house = House(config)
        house.__dict__["time"] = Timekeeper(config.places.stage, house.ledger.last_at, machine)
        try:
            yield house
        finally:
            house.close()


@contextmanager
def working(house: House) -> Iterator[Office]:
    """The daemon's parts, as the daemon starts them."""
    office = Office(
        house.config, house.stores, house.intake, house.index, new_boot(), house.ledger, house.time
    )
    office.start(warm=False)
    house.office = office
    try:
        yield office
    finally:
        house.office = None
        office.stop()


def told_of_the_clock(archive: Archive) -> list[str]:
    return [one["reason"] for one in archive.upkeep.status()["system"] if one["part"] == "clock"]


def test_a_clock_forty_years_ahead_removes_and_proposes_nothing(town: Town) -> None:
    machine = Machine()
    with opened(town, machine) as house:
        house.time.look()
        document = filed(house, LETTER)
        taken = town.root / "released" / document
        taken.write_bytes(b"x")
        archive = Archive(house, myself())
        machine.is_set(40 * YEAR)
        with working(house) as office:
            wait_for(office.finished, "the watch has looked")
            assert taken.exists()
            assert told_of_the_clock(archive) == ["clock_ahead"]
            with pytest.raises(Fault, match="clock_in_doubt"):
                archive.disposal.propose()
            told = archive.upkeep.clock()
            assert (told["doubt"], told["sure"][:4]) == ("clock_ahead", "2026")
            archive.upkeep.confirm_clock()
            assert archive.upkeep.clock()["doubt"] is None
            assert told_of_the_clock(archive) == []
        with pytest.raises(Fault, match=r"nothing_due|parties_missing"):
            archive.disposal.propose()
        assert [path.name[:4] for path in (town.root / "ledger").iterdir()] == ["2026", "2066"]
        assert archive.upkeep.verify()["problems"] == []


def test_the_command_tells_and_confirms(town: Town) -> None:
    town.once()
    (town.root / "stage" / "clock.json").write_text(
        '{"at":"2020-01-01T08:00:00.000Z","boot":"other","running":1.0}'
    )
    told = town.command("clock")
    assert (told.returncode, "the archive last knew 01.01.2020" in told.stdout) == (3, True)
    assert town.status()["system"][0]["reason"] == "clock_ahead"
    assert town.command("clock", "--confirm").returncode == 0
    assert town.json("clock")["doubt"] is None
    assert town.status()["system"] == []
    assert town.json("verify")["problems"] == []

"""Other tables: the catalogue is made anew beside the old one, which outlives what happens."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from archiver.config import load
from archiver.errors import ExitCode, Fault
from archiver.house import House, held
from archiver.store import rebuilding
from tests.seeding import Letter, bureau, furnished
from tests.test_archives_of_releases import rows_of
from tests.town import Town, wait_for

PAPER = b"%PDF-1.7\n% a paper\n%%EOF\n"
OTHER = 5  # a number that tables had once


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three filed papers, and one on which two workers and a daemon have died."""
    town = furnished(tmp_path_factory.mktemp("made") / "town")
    with bureau(town) as one:
        one.filed(*[Letter("Friedhof am Berg", "business_letter")] * 3)
        waiting = one.house.intake.receive_stream(io.BytesIO(PAPER), b"a.pdf", "incoming", "x")
        for dies in (True, True, False):
            one.house.register.begin_job(waiting, "boot")
            one.house.register.end_job(waiting, worker_died=dies)
        one.house.register.begin_job(waiting, "boot")
        one.house.register.recover_jobs()
    return town.root


@pytest.fixture
def town(made: Path, tmp_path: Path) -> Town:
    """A copy of it whose catalogue has the tables of another version."""
    shutil.copytree(made, tmp_path / "town")
    with closing(sqlite3.connect(tmp_path / "town" / "catalogue.db")) as connection:
        connection.execute("ALTER TABLE document ADD COLUMN gone TEXT")
        connection.execute(f"PRAGMA user_version={OTHER}")
        connection.commit()
        connection.execute("PRAGMA journal_mode=DELETE")
    town = Town.__new__(Town)
    town.root, town.config = tmp_path / "town", tmp_path / "town" / "config.toml"
    return town


@contextmanager
def house_of(town: Town, progress: Callable[[int, int], None]) -> Iterator[House]:
    config = load(town.config)
    with held(config, exclusive=True):
        house = House(config, progress=progress)
        try:
            yield house
        finally:
            house.close()


def silent(done: int, total: int) -> None:
    """Nobody is told."""


def catalogue_of(town: Town) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in town.root.glob("catalogue.db*")}


def opened(town: Town, progress: Callable[[int, int], None] = silent) -> None:
    with house_of(town, progress) as house:
        assert house.register.head() == house.ledger.head()


def is_as(town: Town, made: Path) -> None:
    """The catalogue has the rows that it always had, the deaths of work among them."""
    assert rows_of(town.root / "catalogue.db") == rows_of(made / "catalogue.db")
    with closing(sqlite3.connect(town.root / "catalogue.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        deaths = connection.execute("SELECT worker_deaths, daemon_deaths FROM job").fetchall()
    assert deaths == [(2, 1)]
    assert set(catalogue_of(town)) == {"catalogue.db"}


def test_other_tables_are_made_anew_and_it_is_told_how_far(town: Town, made: Path) -> None:
    told: list[tuple[int, int]] = []
    opened(town, lambda done, total: told.append((done, total)))
    assert told == [(done, len(told)) for done in range(1, len(told) + 1)] and told
    is_as(town, made)
    told.clear()
    opened(town, lambda done, total: told.append((done, total)))
    assert not told


def test_a_catalogue_that_is_missing_is_made_anew_in_the_same_way(town: Town, made: Path) -> None:
    (town.root / "catalogue.db").unlink()
    opened(town)
    rows = rows_of(made / "catalogue.db")
    # What the ledger does not know is lost with it.
    assert [row[1:] for row in rows.pop("job")] == [(2, 1, None)]
    found = rows_of(town.root / "catalogue.db")
    assert [row[1:] for row in found.pop("job")] == [(0, 0, None)]
    assert found == rows


@pytest.mark.parametrize("line", [1, 10, 16])
def test_a_death_in_the_middle_leaves_the_old_one(town: Town, made: Path, line: int) -> None:
    before = catalogue_of(town)
    if not (child := os.fork()):
        try:
            opened(town, lambda done, _total: os._exit(9) if done == line else None)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    now = catalogue_of(town)
    assert {name: now[name] for name in before} == before
    assert set(now) - set(before) == {"catalogue.db.fresh"}
    opened(town)
    is_as(town, made)


def break_ledger(town: Town) -> None:
    (file,) = (town.root / "ledger").iterdir()
    file.write_bytes(file.read_bytes().replace(b'"filed"', b'"fiked"', 1))


def shorten_ledger(town: Town) -> None:
    (file,) = (town.root / "ledger").iterdir()
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


def take_vault_away(town: Town) -> None:
    shutil.rmtree(town.root / "vault")
    (town.root / "vault").mkdir()


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (break_ledger, "ledger_broken"),
        (shorten_ledger, "catalogue_ahead"),
        (take_vault_away, "vault_missing"),
    ],
)
def test_the_old_one_stays_where_ledger_or_vault_are_broken(
    town: Town, harm: Callable[[Town], None], reason: str
) -> None:
    before = catalogue_of(town)
    harm(town)
    with pytest.raises(Fault, match=reason), house_of(town, silent) as house:
        assert house.register
    assert catalogue_of(town) == before


def test_what_fails_on_the_way_leaves_the_old_one_and_nothing_beside(town: Town) -> None:
    before = catalogue_of(town)

    def fail(done: int, _total: int) -> None:
        if done == 3:
            raise OSError

    with pytest.raises(OSError), house_of(town, fail) as house:
        assert house.register
    assert catalogue_of(town) == before


def test_the_log_of_the_old_one_is_not_taken_for_that_of_the_new(town: Town, made: Path) -> None:
    if not os.fork():
        # Dies with its changes in the log.
        connection = sqlite3.connect(town.root / "catalogue.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        for _ in range(20):
            connection.execute("UPDATE document SET subject = subject || 'of the old one'")
        os._exit(0)
    os.wait()
    assert (town.root / "catalogue.db-wal").stat().st_size
    opened(town)
    is_as(town, made)


def test_two_who_read_together_make_one(town: Town, made: Path) -> None:
    config = load(town.config)
    children = []
    for _ in range(2):
        if not (child := os.fork()):
            try:
                with held(config, exclusive=False):
                    house = House(config)
                    house.register  # noqa: B018
                    house.close()
                    os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    is_as(town, made)


def test_the_daemon_says_so_and_one_that_is_killed_has_harmed_nothing(
    town: Town, made: Path
) -> None:
    before = catalogue_of(town)
    # A vault so slow that the catalogue is never ready.
    slow = (
        "import time; from archiver.store.holdings import Holdings;"
        "Holdings.receipt = lambda *_: time.sleep(600);"
        "from archiver.cli import main; main()"
    )
    command = [sys.executable, "-c", slow, "-c", str(town.config), "run"]
    daemon = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        wait_for((town.root / "catalogue.db.fresh").exists, "it is being made")
        asked = town.command("status")
        assert asked.returncode == ExitCode.LOCKED, (asked.stdout, asked.stderr)
        assert "The catalogue is being made anew" in asked.stderr
        assert town.command("search", "Friedhof").returncode == ExitCode.LOCKED
    finally:
        daemon.send_signal(signal.SIGKILL)
        daemon.communicate()
    now = catalogue_of(town)
    assert {name: now[name] for name in before} == before
    opened(town)
    is_as(town, made)


def test_only_a_catalogue_of_today_is_current(town: Town, made: Path, tmp_path: Path) -> None:
    assert rebuilding.is_current(made / "catalogue.db")
    assert not rebuilding.is_current(town.root / "catalogue.db")
    assert not rebuilding.is_current(tmp_path / "missing.db")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 1000)
    # Whoever opens it says so.
    assert rebuilding.is_current(damaged)

"""What a released version has left is an archive of today: it opens, is whole, tells the same."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.config import load
from archiver.daemon import _fresh_index as fresh_index
from archiver.house import House, held
from archiver.rights import myself
from tests.archive_of_release import ARCHIVES, TODAY, told_by
from tests.seeding import Clock, opened

# How something is said may get better; what is said stays.
WORDING = {"message", "advice", "title", "note"}


@pytest.fixture(params=sorted(ARCHIVES.glob("*.tar.xz")), ids=lambda path: path.name[:-7])
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The archive of a release, unpacked; the folder that it stands in."""
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path)
    for name in ("released", "exports"):
        (tmp_path / "town" / name).mkdir()
    return tmp_path / "town"


@contextmanager
def house_of(town: Path) -> Iterator[House]:
    config = load(town / "config.toml")
    with held(config, exclusive=True):
        house = opened(town / "config.toml", Clock(TODAY))
        try:
            yield house
        finally:
            house.close()


def lacks(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Where what was told before is not told now; answers may say more than they did."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in before.keys() - WORDING:
            yield from lacks(before[key], now.get(key, "not there"), f"{place}/{key}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, pair in enumerate(zip(before, now, strict=True)):
            yield from lacks(*pair, f"{place}/{number}")
    elif place.endswith("/corrections") and all(one in now for one in before):
        return  # what counts as one, and is shown where people approve, may become more
    elif before != now:
        yield f"{place}: {before!r} is now {now!r}"


def rows_of(catalogue: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(catalogue)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in names
        }


def test_it_opens_and_tells_the_same_and_is_whole(left: Path) -> None:
    told = json.loads((left / "told.json").read_text())
    with house_of(left) as house:
        # As at the start of the service: an index of another version is made anew.
        fresh_index(house)
    assert list(lacks(told, told_by(left / "config.toml"))) == []
    rows = rows_of(left / "catalogue.db")
    with house_of(left) as house:
        archive = Archive(house, myself())
        assert archive.upkeep.verify()["problems"] == []
        archive.upkeep.rebuild()
        assert archive.upkeep.verify()["problems"] == []
    assert rows_of(left / "catalogue.db") == rows
    assert list(lacks(told, told_by(left / "config.toml"))) == []

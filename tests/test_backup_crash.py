"""A back-up that is killed, or whose disk is full, at any call that changes something."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from archiver import safekeeping
from archiver.config import load
from tests.seeding import Clock, Letter, filed, opened
from tests.test_backup import backed_up, quiet
from tests.test_crash_points import strace_works
from tests.town import Town

pytestmark = pytest.mark.skipif(not strace_works(), reason="strace is missing or may not trace")

LETTER = Letter("Bescheid über die Friedhofsgebühr", "friedhof")
CHANGING = ("write", "fsync", "rename", "mkdir", "unlink")
_PROGRAM = (
    "import sys; from pathlib import Path; from archiver import safekeeping;"
    "from archiver.config import load; from archiver.errors import Fault\n"
    "try: safekeeping.make(load(Path(sys.argv[1])), Path(sys.argv[2]), keep_days=None, anew=False,"
    " repository='', progress=lambda _: lambda *_: None)\n"
    "except Fault as fault: sys.exit(fault.reason)"
)


class Place(NamedTuple):
    """An archive and its back-up folder, in which one letter is missing."""

    town: Path
    folder: Path


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Place:
    base = tmp_path_factory.mktemp("ground")
    town = Town(base / "town")
    house = opened(town.config, Clock())
    filed(house, LETTER)
    backed_up(town, base / "backup")
    # The note names the folder, which each copy has elsewhere.
    (town.root / "stage" / "backup.json").unlink()
    filed(house, LETTER.numbered(1))
    house.close()
    return Place(town.root, base / "backup")


def copied(ground: Place, base: Path) -> Place:
    place = Place(base / "town", base / "backup")
    shutil.copytree(ground.town, place.town)
    shutil.copytree(ground.folder, place.folder)
    return place


def traced(place: Place, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["strace", "-f", "-qq", "-e", f"trace={','.join(CHANGING)}", *options]
    program = [sys.executable, "-B", "-c", _PROGRAM, str(place.town / "config.toml")]
    return subprocess.run(
        [*command, *program, str(place.folder)], capture_output=True, text=True, timeout=120
    )


def calls(ground: Place, base: Path) -> list[tuple[str, int]]:
    """Each changing call of a back-up: its name and which of its kind it is."""
    place = copied(ground, base)
    ended = traced(place, "-o", str(base / "trace"))
    assert ended.returncode == 0, ended.stderr
    names = re.findall(r"^(?:\d+ +)?(\w+)\(", (base / "trace").read_text(), re.MULTILINE)
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append((name, seen[name]))
    return found


def require_sound(place: Place, base: Path, number: str) -> None:
    """What was there is still whole, and the next back-up is as if nothing had been."""
    config = load(place.town / "config.toml")
    assert all(row["whole"] for row in safekeeping.listing(place.folder))
    assert safekeeping.check(place.folder, quiet)["problems"] == []
    made = safekeeping.make(
        config, place.folder, keep_days=None, anew=False, repository="", progress=quiet
    )
    assert made["problems"] == []
    back = safekeeping.restore(place.folder, base / number, number=None, progress=quiet)
    assert (back["problems"], back["documents"]) == ([], 2)
    shutil.rmtree(base / number)


def _campaign(ground: Place, base: Path, step: int) -> int:
    every = calls(ground, base / "counted")
    assert {"write", "fsync", "rename"} <= {name for name, _ in every}
    points = every[::step] + every[-1:]
    for place_number, (name, ordinal) in enumerate(points):
        harm = "error=ENOSPC" if name == "write" and place_number % 2 else "signal=SIGKILL"
        work = base / f"{place_number}"
        place = copied(ground, work)
        ended = traced(
            place, "-o", os.devnull, "-e", f"inject={name}:{harm}:when={ordinal}"
        )  # fmt: skip
        assert harm != "signal=SIGKILL" or ended.returncode != 0, (name, ordinal)
        require_sound(place, work, "back")
        shutil.rmtree(work)
    return len(points)


def test_a_back_up_that_breaks_off_harms_none(ground: Place, tmp_path: Path) -> None:
    assert _campaign(ground, tmp_path, 20) >= 4


@pytest.mark.slow
def test_a_back_up_that_breaks_off_anywhere_harms_none(ground: Place, tmp_path: Path) -> None:
    assert _campaign(ground, tmp_path, 1) >= 40

"""A full disk: the daemon says so, loses nothing, blames no document, and goes on by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import paper
from tests.places import only_root
from tests.town import Town, wait_for

SIZE_MIB = 48


class SmallTown(Town):
    """An archive on a small disk of its own; its clerks drop on another one."""

    def __init__(self, disk: Path, desk: Path) -> None:
        super().__init__(disk / "town", {"places": {"inbox": str(desk)}})
        shutil.move(self.root / "inbox", desk)
        self.desk = desk
        self.filler = disk / "filler"

    @property
    def inbox(self) -> Path:
        return self.desk / "incoming"

    def fill(self, left: int) -> None:
        """Use up all space but `left` bytes."""
        with self.filler.open("ab", buffering=0) as filler:
            while True:
                free = os.statvfs(self.root)
                more = free.f_bavail * free.f_frsize - left
                if more <= 0:
                    return
                try:
                    filler.write(bytes(min(more, 1 << 20)))
                except OSError:
                    return

    def free(self) -> None:
        self.filler.unlink()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallTown]:
    only_root()
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "archiver-test", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this machine does not let us mount: {done.stderr.strip()}")
    try:
        yield SmallTown(disk, tmp_path / "desk")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def scan(number: int) -> bytes:
    """One page with a number to find it by."""
    lines = ("Stadt Musterbach", f"Vorgang nummer{number:03}", "Die Genehmigung wird erteilt.")
    return paper.scan_pdf([paper.letter_image(lines, dpi=150)], dpi=150, quality=90)


def says_full(town: Town) -> list[dict[str, Any]]:
    return [trouble for trouble in town.status()["system"] if trouble["reason"] == "disk_full"]


# So many bytes are left that the disk is full at different places: the stage, the ledger, the
# catalogue, the assembly of a page, the index.
@pytest.mark.parametrize(
    "left",
    [
        *(0, 16 << 10, 300 << 10, 1 << 20),
        *(pytest.param(kib << 10, marks=pytest.mark.slow) for kib in range(100, 1000, 100)),
    ],
)
def test_a_full_disk_is_said_survived_and_got_over(small: SmallTown, left: int) -> None:
    numbers = range(5)
    with small.daemon():
        small.drop("000.pdf", scan(0))
        wait_for(lambda: small.search("nummer000 state:filed"), "the first is filed")
        small.fill(left)
        for number in numbers[1:]:
            small.drop(f"{number:03}.pdf", scan(number))
        (trouble, *_more) = wait_for(lambda: says_full(small), "the daemon says that it is full")
        assert "The disk is full" in trouble["message"]
        assert trouble["advice"]
        assert "The disk is full" in small.command("status").stdout
        assert small.search("nummer000"), "what is there can still be found"
        assert small.status()["problems"] == [], "nobody is blamed"

        small.free()
        wait_for(lambda: small.settled() and not small.status()["system"], "work goes on")
        wait_for(lambda: len(small.search("Musterbach")) == len(numbers), "all can be found")
        found = {hit["file"]: hit["state"] for hit in small.search()}
        assert found == {f"{number:03}.pdf": "filed" for number in numbers}, small.status()
        assert small.json("verify")["problems"] == []
    # What a restart takes up must not come twice either.
    small.once()
    assert len(small.search()) == len(numbers)
    assert small.json("verify")["problems"] == []
    assert not list(small.inbox.glob("*.pdf"))


def test_a_ledger_that_another_program_changed_stops_the_intake_and_is_said(town: Town) -> None:
    with town.daemon():
        town.drop("1.pdf", scan(1))
        wait_for(lambda: town.search("nummer001 state:filed"), "the first is filed")
        (ledger,) = (town.root / "ledger").iterdir()
        whole = ledger.read_bytes()
        ledger.write_bytes(whole + b"{}\n")
        town.drop("2.pdf", scan(2))
        wait_for(lambda: town.status()["system"], "trouble is said")
        assert "ledger_changed" in {trouble["reason"] for trouble in town.status()["system"]}
        assert (town.inbox / "2.pdf").exists(), "what cannot be recorded is not taken"
        os.truncate(ledger, len(whole))
        wait_for(lambda: town.search("nummer002 state:filed"), "work goes on")
        wait_for(lambda: not town.status()["system"], "the trouble is over")
        assert town.json("verify")["problems"] == []

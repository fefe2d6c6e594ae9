"""A soak: an archive that is used for an hour, and what it has more of at the end than before.

Promises drops of sound and of broken papers, searches, decisions, workers that are killed, and
once a daemon that is killed; and an exit code of 1 where memory, descriptors, processes or the
disk's scratch have grown between the second and the last quarter of a daemon's life, a document
came to no end, or the archive does not verify.

Run as ``python -m bench.soak [--minutes 60] [--folder DIR]``.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from archiver.cli.remote import RemoteArchive
from archiver.errors import Fault
from archiver.recognise import cage
from tests import paper
from tests.mutants import mutants, seeds
from tests.siege import rss
from tests.town import Town

_SAMPLE_SECONDS = 5.0
# A document every second is more than a town hall of 20,000 people scans in its busiest hour.
_PAUSE_SECONDS = 1.0
_MOST_WAITING = 20
_MOST_MIB, _MOST_GROWTH = 120.0, 1.15
_MOST_DESCRIPTORS, _MOST_SCRATCH = 12, 16 << 20
_CLASSES = ("by_law", "public_contract")


@dataclass(frozen=True)
class Sample:
    """One look at the daemon.

    Attributes:
        memory, workers: MiB of the daemon itself and of all processes below it.
        descriptors, processes: how many.
        scratch: bytes in the stage and in the catalogue's log.
    """

    memory: float
    workers: float
    descriptors: int
    processes: int
    scratch: int


@dataclass
class Life:
    """What was seen and done in one life of the daemon."""

    samples: list[Sample] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    idle: Sample | None = None


class Soaking:
    """Uses an archive at random, the same way for the same seed.

    Args:
        town: without a daemon.
        seed: of all that is drawn.
    """

    def __init__(self, town: Town, seed: int) -> None:
        self._town = town
        self._chance = random.Random(seed)
        self._archive = RemoteArchive(town.root / "archiver.sock")
        self._broken = mutants(10**6, seed, seeds())
        self._images = [paper.letter_image((f"Blatt {n}", *paper.LETTER)) for n in range(3)]
        self._number = 0

    def live(self, seconds: float, *, killed: bool) -> Life:
        """One life of the daemon.

        Args:
            seconds: how long it is used.
            killed: whether it is killed in the end, and not asked to stop.
        """
        life = Life()
        with self._daemon(killed) as daemon:
            end = time.monotonic() + seconds
            sampled = 0.0
            while time.monotonic() < end:
                assert daemon.poll() is None, "the daemon died"
                self._act(life, daemon.pid)
                if time.monotonic() - sampled > _SAMPLE_SECONDS:
                    life.samples.append(self._sample(daemon.pid))
                    sampled = time.monotonic()
                time.sleep(_PAUSE_SECONDS)
            if not killed:
                self._town.wait_until_settled()
                time.sleep(2 * _SAMPLE_SECONDS)
                life.idle = self._sample(daemon.pid)
        return life

    @contextmanager
    def _daemon(self, killed: bool) -> Iterator[subprocess.Popen[bytes]]:
        if not killed:
            with self._town.daemon() as daemon:
                yield daemon
            return
        daemon = self._town.start()
        try:
            yield daemon
        finally:
            daemon.kill()
            daemon.wait()

    def _act(self, life: Life, pid: int) -> None:
        """Do one thing that people or the machine do."""
        ways: list[tuple[int, Callable[[], object]]] = [
            (5, self._drop_typed),
            (3, self._drop_scan),
            (2, self._drop_broken),
            (6, self._search),
            (3, self._decide),
            (1, partial(self._kill_worker, pid)),
        ]
        waiting = sum(
            self._archive.upkeep.status()["documents"].get(one, 0) for one in ("accepted",)
        )
        if waiting > _MOST_WAITING:
            ways = ways[3:]
        (way,) = self._chance.choices([way for _weight, way in ways], [one for one, _way in ways])
        name = getattr(way, "__name__", "kill_worker").strip("_")
        try:
            way()
            life.done[name] += 1
        except Fault as fault:
            life.done[f"refused {fault.reason}"] += 1

    def _name(self, ending: str) -> str:
        self._number += 1
        return f"{self._number:06}{ending}"

    def _drop_typed(self) -> None:
        lines = (f"Nummer {self._chance.random()}", *paper.LETTER)
        self._town.drop(self._name(".pdf"), paper.text_pdf([lines]))

    def _drop_scan(self) -> None:
        pages = self._chance.randrange(1, 4)
        self._town.drop(self._name(".pdf"), paper.scan_pdf(self._images[:pages]))

    def _drop_broken(self) -> None:
        name, content = next(self._broken)
        self._town.drop(self._name(f"-{name}"), content)

    def _search(self) -> None:
        words = ("Musterbach", "Lindenstraße 4", "az:632*", "*", '"Sehr geehrte Frau"', "niemals")
        self._archive.documents.search(self._chance.choice(words), 20)

    def _decide(self) -> None:
        hits: list[dict[str, Any]] = self._archive.documents.search("*", 50)["hits"]
        if hits:
            one = self._chance.choice(hits)
            words = [f"class={self._chance.choice(_CLASSES)}"]
            review = self._archive.review
            decide = review.set if one["state"] == "review" else review.correct
            decide(one["id"], words)

    def _kill_worker(self, pid: int) -> None:
        below = cage.descendants(pid)
        if below:
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(below), signal.SIGKILL)

    def _sample(self, pid: int) -> Sample:
        below = cage.descendants(pid)
        held = 0.0
        for one in below:
            with suppress(OSError, StopIteration):
                held += rss(one)
        root = self._town.root
        scratch = sum(map(_size, [*_files(root / "stage"), root / "catalogue.db-wal"]))
        descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        return Sample(rss(pid), held, descriptors, len(below), scratch)


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder in which others work: what is gone meanwhile is passed over."""
    for place, _folders, names in os.walk(folder):
        for name in names:
            yield Path(place, name)


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.lstat().st_size
    return 0


def growth(life: Life) -> dict[str, tuple[float, float]]:
    """Medians of the second and of the last quarter of a life, by what was measured."""
    quarter = max(len(life.samples) // 4, 1)
    early, late = life.samples[quarter : 2 * quarter], life.samples[-quarter:]
    return {
        name: tuple(statistics.median(getattr(one, name) for one in part) for part in (early, late))
        for name in Sample.__dataclass_fields__
        if early
    }


def complaints(life: Life) -> list[str]:
    """What has grown in a life, or does not rest at its end."""
    found = []
    grown = growth(life)
    early, late = grown.get("memory", (0.0, 0.0))
    if late > early * _MOST_GROWTH:
        found.append(f"memory {early:.0f} → {late:.0f} MiB")
    early, late = grown.get("descriptors", (0, 0))
    if late > early + _MOST_DESCRIPTORS:
        found.append(f"descriptors {early} → {late}")
    early, late = grown.get("scratch", (0, 0))
    if late > early + _MOST_SCRATCH:
        found.append(f"scratch {early} → {late} bytes")
    if life.idle is not None and life.idle.memory > _MOST_MIB:
        found.append(f"the daemon at rest holds {life.idle.memory:.0f} MiB")
    return found


def main() -> int:
    """Soak, and print what was seen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the archive is made, an empty folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        town = Town((asked.folder or Path(made)) / "town", {"work": {"wall_seconds": 30}})
        soaking = Soaking(town, asked.seed)
        seconds = asked.minutes * 60
        found = []
        for share, killed in ((0.2, True), (0.8, False)):
            life = soaking.live(seconds * share, killed=killed)
            print(dict(life.done), growth(life), life.idle, flush=True)
            found += complaints(life) if not killed else []
        verified = town.command("verify", timeout=3600)
        if verified.returncode != 0:
            found.append(f"verify: {verified.stdout[-500:]}")
        left = [path.name for path in town.inbox.iterdir() if path.name[0].isdigit()]
        found += [f"left in the drop folder: {left[:10]}"] if left else []
    for complaint in found:
        print(complaint)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

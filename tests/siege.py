"""A siege: files made to do harm, dropped into a living archive while others search it.

Promises a count of all that must not be: a daemon that died, a file without an outcome or whose
bytes were changed, words that are more than words, processes, files and descriptors that are left
behind, and people who waited.
"""

from __future__ import annotations

import hashlib
import math
import os
import sqlite3
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.cli.remote import RemoteArchive
from archiver.errors import Fault
from archiver.phrases import sentence
from archiver.plaintext import is_plain
from archiver.recognise import cage
from tests.town import STANDING, Town, wait_for

ENDED = frozenset({"filed", "review", "quarantined"})
_BATCH = 30
_GLANCE = 0.2


@dataclass
class Outcome:
    """What became of one file.

    Attributes:
        name: under which it was dropped.
        sha512: of its bytes, as dropped.
        state, reason: of its document.
        seconds: for which a lane had it.
        pages: that were read.
    """

    name: str
    sha512: str
    state: str = ""
    reason: str = ""
    seconds: float = 0.0
    pages: int = 0


@dataclass
class Report:
    """What a siege has shown.

    Attributes:
        outcomes: of each file.
        searches: seconds that each search of somebody else took.
        errors: lines of the daemon's log that tell of a fault of ours.
        changed: documents whose original is not what was dropped.
        odd_words: documents with words that hold control characters.
        left: what is left behind: files, processes, descriptors, by name.
        memory: MiB of the daemon itself before and after.
        died: whether the daemon ended meanwhile.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    odd_words: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    memory: tuple[float, float] = (0.0, 0.0)
    died: bool = False

    @property
    def without_outcome(self) -> list[str]:
        """Files that came to no end, or to one that nobody is told of."""
        return [
            one.name
            for one in self.outcomes
            if one.state not in ENDED or (one.reason and sentence(one.reason) == one.reason)
        ]

    @property
    def slowest(self) -> Outcome:
        return max(self.outcomes, key=lambda one: one.seconds)

    def told(self) -> str:
        """The figures, for people."""
        states = Counter(f"{one.state} {one.reason}".strip() for one in self.outcomes)
        searches = sorted(self.searches) or [0.0]
        return "\n".join(
            [
                f"{len(self.outcomes)} files, daemon died: {self.died}",
                *(f"  {count:>5} {state}" for state, count in states.most_common()),
                f"without outcome {len(self.without_outcome)}, changed {len(self.changed)}, "
                f"odd words {len(self.odd_words)}, left {self.left}, errors {len(self.errors)}",
                f"slowest {self.slowest.seconds:.1f} s {self.slowest.name}",
                f"searches {len(searches)}, median {statistics.median(searches):.3f} s, "
                f"longest {searches[-1]:.3f} s",
                f"daemon {self.memory[0]:.0f} MiB before, {self.memory[1]:.0f} MiB after",
            ]
        )


def besiege(
    town: Town, files: Sequence[tuple[str, bytes]], deadline: float, minutes: float = math.inf
) -> Report:
    """Drop files by the dozen and wait until each has its outcome.

    Args:
        town: without a daemon; its TMPDIR is its own for the time.
        files: name and content of each.
        deadline: seconds for one dozen.
        minutes: after which no more are dropped.
    """
    report = Report()
    temporary = town.root / "tmp"
    temporary.mkdir()
    os.environ["TMPDIR"] = str(temporary)
    try:
        with town.daemon() as daemon:
            _warm(town)
            before = _belongings(daemon.pid)
            resident = rss(daemon.pid)
            with _searching(town, report):
                end = time.monotonic() + minutes * 60
                for start in range(0, len(files), _BATCH):
                    if time.monotonic() > end:
                        break
                    _drop(town, files[start : start + _BATCH], report, daemon, deadline)
            report.died = daemon.poll() is not None
            report.memory = (resident, rss(daemon.pid))
            wait_for(
                lambda: not _more(before, _belongings(daemon.pid)) or None, "all is put away", 30
            )
    except AssertionError as error:
        report.left.append(str(error)[:200])
        report.died = report.died or daemon.poll() not in (None, 0)
    finally:
        del os.environ["TMPDIR"]
    report.left += [f"tmp/{path.name}" for path in temporary.iterdir()]
    report.left += _staged(town)
    report.errors = _errors(town)
    _judge(town, report)
    return report


def _warm(town: Town) -> None:
    """Have all engines and readers running, so that what comes later is more than that."""
    from tests import paper

    for number in range(4):
        words = (f"Vorher {number}", *paper.LETTER)
        town.drop(f"vorher{number}.pdf", paper.scan_pdf([paper.letter_image(words)]))
    wait_for(lambda: len(town.search("Vorher state:filed")) == 4, "engines and readers run")


def _drop(
    town: Town,
    files: Sequence[tuple[str, bytes]],
    report: Report,
    daemon: subprocess.Popen[bytes],
    deadline: float,
) -> None:
    """One batch: dropped at once, watched until all have ended."""
    batch = {}
    for name, content in files:
        town.drop(name, content)
        batch[name] = Outcome(name, hashlib.sha512(content).hexdigest())
    report.outcomes += batch.values()
    taken: dict[str, float] = {}
    last, end = time.monotonic(), time.monotonic() + deadline
    while time.monotonic() < end:
        assert daemon.poll() is None, "the daemon died"
        rows, active = _documents(town, batch)
        now = time.monotonic()
        for document in active:
            taken[document] = taken.get(document, 0.0) + now - last
        last = now
        for name, row in rows.items():
            one = batch[name]
            one.state, one.reason, one.pages = row["state"], row["reason"] or "", row["pages"] or 0
            one.seconds = taken.get(row["id"], 0.0)
        if all(one.state in ENDED for one in batch.values()):
            return
        time.sleep(_GLANCE)
    raise AssertionError(
        f"no end: {[one.name for one in batch.values() if one.state not in ENDED]}"
    )


def _documents(town: Town, batch: dict[str, Outcome]) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """The documents of a batch by name, and which of all documents a lane has now."""
    catalogue = f"file:{town.root / 'catalogue.db'}?mode=ro"
    with sqlite3.connect(catalogue, uri=True, timeout=30) as asked:
        asked.row_factory = sqlite3.Row
        marks = ",".join("?" * len(batch))
        rows = asked.execute(
            "SELECT d.*, a.file_raw AS raw FROM accession a JOIN document d ON d.id = a.document"
            f" WHERE a.file_raw IN ({marks})",
            [name.encode() for name in batch],
        ).fetchall()
        active = {row["id"] for row in asked.execute("SELECT id FROM job WHERE boot IS NOT NULL")}
    asked.close()
    return {row["raw"].decode(): dict(row) for row in rows}, active


@contextmanager
def _searching(town: Town, report: Report) -> Iterator[None]:
    """Somebody who searches all the time."""
    over = threading.Event()
    archive = RemoteArchive(town.root / "archiver.sock")

    def search() -> None:
        words = ("Vorher", "Grundstück Lindenstraße", "Hello", "az:632*", "niemals")
        while not over.wait(0.1):
            start = time.monotonic()
            try:
                archive.documents.search(words[len(report.searches) % len(words)])
            except (Fault, OSError) as error:
                report.errors.append(f"search: {error!r}")
            report.searches.append(time.monotonic() - start)

    searcher = threading.Thread(target=search)
    searcher.start()
    try:
        yield
    finally:
        over.set()
        searcher.join()


def rss(pid: int) -> float:
    """MiB of memory that a process holds itself."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def _belongings(pid: int) -> Counter[str]:
    """How many descriptors of which kind a daemon has, and how many processes below it."""
    kinds: Counter[str] = Counter()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            target = str(Path(entry.path).readlink())
        except FileNotFoundError:
            continue
        kinds["descriptors: " + target.partition(":")[0].split("/")[-1][:20]] += 1
    kinds["processes"] = len(cage.descendants(pid))
    return kinds


def _more(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """What a daemon has more of than before; a few descriptors more are the database's pool."""
    total = sum(after.values()) - after["processes"]
    known = sum(before.values()) - before["processes"]
    more = {"descriptors": total - known} if total > known + 12 else {}
    if after["processes"] > before["processes"]:
        more["processes"] = after["processes"] - before["processes"]
    return more


def _staged(town: Town) -> list[str]:
    """What lies in the stage that nobody works on."""
    stage = town.root / "stage"
    left = [path.name for path in stage.iterdir() if path.name not in STANDING]
    left += [f"pages/{path.name}" for path in (stage / "pages").glob("*")]
    left += [f"cage/{path.name}" for path in (stage / "cage").glob("*/*")]
    return [name for name in left if not name.endswith(".lock")]


def _errors(town: Town) -> list[str]:
    log = (town.root / "daemon.log").read_text(encoding="utf-8").splitlines()
    return [line[:2000] for line in log if '"level": "error"' in line]


def _judge(town: Town, report: Report) -> None:
    """Compare each original with what was dropped, and look at every word."""
    from archiver.config import load
    from archiver.house import House
    from archiver.store import objects

    house = House(load(town.config))
    try:
        for one in report.outcomes:
            (row,) = house.register.arrivals_named([one.name.encode()])[:1] or ({},)
            document = house.register.document(str(row.get("document", "")))
            if document is None:
                report.changed.append(one.name)
                continue
            name = objects.original_name(str(document["media_type"]))
            with house.vault.open(str(document["id"]), name) as kept:
                if hashlib.file_digest(kept, "sha512").hexdigest() != one.sha512:
                    report.changed.append(one.name)
            if one.state == "quarantined":
                continue
            pages = house.holdings.pages(str(document["id"]))
            if not all(is_plain(word.text) for page in pages for word in page.words):
                report.odd_words.append(one.name)
    finally:
        house.close()

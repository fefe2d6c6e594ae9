"""The kernel may kill any process that works on a document: nothing is lost, nobody is blamed.

The processes are real ones of a real daemon, found by way of /proc and killed as the kernel does
when memory runs out. A document whose reader dies once is filed all the same; one whose reader
dies every time waits for a person, and is filed when it is tried again in better times.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from archiver.recognise.guard import descendants
from tests import paper
from tests.town import Town, wait_for

PAGES = 9  # more than one turn of the reader
READER = b"archiver.recognise.reader_process"
ENGINE = b"archiver.recognise.engine_process"
DEATHS = 3


class Running(NamedTuple):
    """A town with its daemon at work."""

    town: Town
    daemon: subprocess.Popen[bytes]

    def processes(self, module: bytes) -> list[int]:
        """Python processes of one module below the daemon, without bubblewrap's own."""
        return [pid for pid in self.caged(module) if b"python" in _words(pid)[0]]

    def caged(self, module: bytes) -> list[int]:
        """All processes of one module below the daemon."""
        # What runs first inside a cage is told the module in its words, and becomes it.
        below = descendants(self.daemon.pid)
        return [pid for pid in below if any(module in word for word in _words(pid))]

    def children(self) -> list[int]:
        """Readers that have a document: those forked from a warm template."""
        readers = self.processes(READER)
        return [pid for pid in readers if _parent(pid) in readers]

    def deaths(self, identifier: str) -> list[int]:
        """How often the log says that a worker died over a document: 1, 2, 3."""
        return [line["times"] for line in self.told(identifier)]

    def told(self, identifier: str) -> list[dict[str, Any]]:
        """What the log says of workers that died over a document."""
        lines = (self.town.root / "daemon.log").read_text(encoding="utf-8").splitlines()
        told = [json.loads(line) for line in lines if '"worker died"' in line]
        return [line for line in told if line["id"] == identifier]

    def drop_file_of(self, word: str) -> Path:
        """Drop many pages with `word` on each."""
        images = [paper.letter_image((f"{word} Blatt {number}",)) for number in range(1, PAGES + 1)]
        return self.town.drop(f"{word}.pdf", paper.scan_pdf(images))

    def identifier(self, word: str) -> str:
        """The number of the document that came as ``word.pdf``."""
        (hit,) = wait_for(lambda: self.town.search(f"file:{word}"), f"{word} is known")
        return str(hit["id"])


def _words(pid: int) -> list[bytes]:
    """The command line of a process, one empty word where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return [b""]


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    town = Town(
        tmp_path_factory.mktemp("deaths") / "town", {"work": {"wall_seconds": 60, "processes": 2}}
    )
    with town.daemon() as daemon:
        yield Running(town, daemon)
        assert town.status()["system"] == []
        assert town.command("verify").returncode == 0


def _document_process(running: Running) -> list[int]:
    return running.children()


def _template(running: Running) -> list[int]:
    return [_parent(child) for child in running.children()]


def _engine(running: Running) -> list[int]:
    return running.processes(ENGINE)


@pytest.mark.parametrize(
    ("word", "victims"),
    [("Kranich", _document_process), ("Storch", _template), ("Reiher", _engine)],
)
def test_document_is_filed_although_its_worker_was_killed(
    running: Running, word: str, victims: Callable[[Running], list[int]]
) -> None:
    running.drop_file_of(word)
    identifier = running.identifier(word)
    pages = running.town.root / "stage" / "pages" / identifier
    wait_for(lambda: (pages / "000001.json").exists(), "the first page is read")
    for pid in wait_for(lambda: victims(running), "somebody works"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: running.deaths(identifier), "the death is noticed")
    causes = {line["cause"] for line in running.told(identifier)}
    assert causes <= {"reader signal SIGKILL", "reader gone", "engine_died signal SIGKILL"}

    wait_for(lambda: running.town.search(f"{word} state:filed"), "it is filed all the same")
    shown = running.town.json("show", identifier)
    assert shown["pages"] == PAGES
    assert shown["rendition"]
    # Engines die one by one, so one of them may just have been given the next try's first page.
    assert running.deaths(identifier)[-1] < DEATHS
    texts = running.town.command("show", identifier, "--text").stdout.split("\f")
    assert [word in text for text in texts] == [True] * PAGES
    assert not pages.exists()


def test_engines_killed_while_they_rest_are_nobodys_fault(running: Running) -> None:
    running.town.drop("vorher.pdf", paper.scan_pdf([paper.letter_image(("Der Dachs gräbt",))]))
    wait_for(lambda: running.town.search("Dachs state:filed"), "engines run")
    running.town.wait_until_settled()
    for pid in running.processes(ENGINE):
        with suppress(ProcessLookupError):  # a bubblewrap goes with what it holds
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not running.caged(ENGINE), "no engine is left")
    running.drop_file_of("Sperber")
    identifier = running.identifier("Sperber")
    wait_for(lambda: running.town.search("Sperber state:filed"), "it is filed")
    assert running.deaths(identifier) == []


def test_document_whose_worker_always_dies_waits_for_a_person(running: Running) -> None:
    town, over = running.town, threading.Event()

    def reap() -> None:
        while not over.is_set():
            for pid in running.children():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    reaper = threading.Thread(target=reap)
    reaper.start()
    try:
        running.drop_file_of("Habicht")
        identifier = running.identifier("Habicht")
        problem: dict[str, Any] = wait_for(
            lambda: next((p for p in town.status()["problems"] if p["id"] == identifier), None),
            "it is put aside",
        )
    finally:
        over.set()
        reaper.join()
    assert running.deaths(identifier) == [1, 2, DEATHS]
    (put_aside,) = (
        json.loads(line)
        for month in sorted((town.root / "ledger").glob("*.jsonl"))
        for line in month.read_text("utf-8").splitlines()
        if '"reviewed"' in line and identifier in line
    )
    assert "SIGKILL" in put_aside["data"]["params"]["cause"]
    assert problem["reason"] == "worker_died"
    assert f"{DEATHS} times" in problem["message"]
    assert "retry" in problem["advice"]
    wait_for(lambda: (town.problems / "Habicht.pdf.txt").exists(), "the clerk is told")
    assert problem["message"] in (town.problems / "Habicht.pdf.txt").read_text("utf-8-sig")
    wait_for(lambda: town.search("file:Habicht state:review"), "it is found nevertheless")

    town.drop("danach.pdf", paper.text_pdf([("Die Wiese am Weiher",)]))
    wait_for(lambda: town.search("Weiher state:filed"), "others are not concerned")
    assert town.json("retry", identifier)["state"] == "accepted"
    wait_for(lambda: town.search("Habicht state:filed"), "a second try in better times")
    assert town.json("show", identifier)["pages"] == PAGES
    wait_for(lambda: not town.problems.exists(), "the note vanishes")

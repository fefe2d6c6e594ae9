"""SIGKILL at random moments: no scan is lost, none comes twice, no process outlives the daemon.

The moments are spread over the run by its progress (lines of the ledger that say a scan was
received or settled), each with a random moment of waiting behind it. The seed is printed and can be
given by ARCHIVER_SEED.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from archiver.recognise.guard import descendants
from tests import corpora, paper
from tests.town import COMMAND, STANDING, Town, wait_for

SCANS = 16
_PR_SET_CHILD_SUBREAPER = 36
_LONGEST_DELAY = 1.0


def one_page_scans(letters: int) -> dict[str, bytes]:
    """Sixteen different scans of one page by name, so many of them letters of the corpora."""
    files = sorted(corpora.LETTERS.glob("*.pdf"))
    scans = {path.name: path.read_bytes() for path in files[:letters]}
    for number in range(len(scans), SCANS):
        lines = ("Stadt Musterbach", f"Vorgang {number}", "Die Genehmigung wird erteilt.")
        scans[f"scan{number:02}.pdf"] = paper.scan_pdf([paper.letter_image(lines, dpi=150)])
    assert len(set(scans.values())) == SCANS
    return scans


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The same moments each time, but other ones in the long campaign."""
    is_long = request.node.get_closest_marker("slow") is not None
    seed = os.environ.get("ARCHIVER_SEED") or (
        str(random.SystemRandom().randrange(10**6)) if is_long else "1"
    )
    print(f"ARCHIVER_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def orphanage() -> Iterator[None]:
    """Processes that lose their parent become ours, so that none can survive unseen."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def nobody_left() -> bool:
    """Whether no process below this one is alive; the dead are buried."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return not descendants(os.getpid())


class Run:
    """One run of an archive under fire; in a ``with``, so that a failed test leaves no daemon."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.daemon is not None and self.daemon.poll() is None:
            self.kill()

    def start(self) -> None:
        """Start the daemon and do not wait for it: starting may be killed as well."""
        with (self.town.root / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                [COMMAND, "-c", str(self.town.config), "run"],
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def progress(self) -> int:
        """Scans received and scans settled, 0 to 2 * SCANS; read without asking the daemon."""
        count = 0
        for file in (self.town.root / "ledger").glob("*.jsonl"):
            for line in file.read_bytes().splitlines():
                with contextlib.suppress(ValueError):
                    count += json.loads(line)["event"] in ("received", "filed", "reviewed")
        return count

    def wait_for_progress(self, wanted: int) -> None:
        def there() -> bool:
            assert self.daemon is not None
            assert self.daemon.poll() is None, self.log()
            return self.progress() >= wanted

        wait_for(there, f"progress {wanted}")

    def log(self) -> str:
        return (self.town.root / "daemon.log").read_text()[-4000:]

    def kill(self) -> None:
        """SIGKILL to the daemon's process group; whatever lives in other sessions must follow."""
        assert self.daemon is not None
        os.killpg(self.daemon.pid, signal.SIGKILL)
        self.daemon.wait()
        wait_for(nobody_left, "no process outlives the daemon", deadline=10)

    def workers(self) -> list[int]:
        """Engines, reader templates and their children, as the kernel has them now."""
        assert self.daemon is not None
        return descendants(self.daemon.pid)


def moments(chance: random.Random, kills: int) -> list[tuple[int, float]]:
    """Progress at which to strike, spread evenly, and seconds to wait then."""
    step = 2 * SCANS / kills
    return [
        (int(step * n + chance.random() * step * 0.9), chance.random() * _LONGEST_DELAY)
        for n in range(kills)
    ]


def left_behind(town: Town) -> list[Path]:
    """Pieces of documents in the stage."""
    files = [path for path in (town.root / "stage").rglob("*") if path.is_file()]
    return [path for path in files if path.name not in STANDING]


def every_scan_is_there_once(town: Town, scans: dict[str, bytes], tmp_path: Path) -> None:
    def settled_hits() -> list[dict[str, Any]]:
        hits = town.search()
        return hits if {hit["state"] for hit in hits} <= {"filed", "review"} else []

    hits = wait_for(settled_hits, "the index shows the last step of each document")
    assert sorted(hit["file"] for hit in hits) == sorted(scans)
    for hit in hits:
        target = tmp_path / f"{hit['id']}.out"
        assert town.command("get", hit["id"], "--original", "-o", str(target)).returncode == 0
        assert target.read_bytes() == scans[hit["file"]]
        shown = town.json("show", hit["id"])
        assert [file["state"] for file in shown["files"]] == ["separated"], "received once only"
    assert {path.name for path in town.inbox.iterdir()} <= {"_received.csv", "_problems"}
    assert town.json("verify")["problems"] == []
    wait_for(lambda: not left_behind(town), "work in progress is cleared away", deadline=30)


def settle_and_stop(run: Run, scans: dict[str, bytes], tmp_path: Path) -> None:
    """Let the run come to its end, look at the result, and stop the daemon cleanly."""
    run.wait_for_progress(2 * SCANS)
    run.town.wait_until_settled()
    every_scan_is_there_once(run.town, scans, tmp_path)
    assert run.daemon is not None
    assert run.daemon.poll() is None
    run.daemon.terminate()
    assert run.daemon.wait(timeout=60) == 0
    wait_for(nobody_left, "no process outlives the daemon", deadline=10)


def killed_daemons(
    town: Town, chance: random.Random, kills: int, tmp_path: Path, letters: int = 0
) -> None:
    scans = one_page_scans(letters)
    town.configure({"work": {"processes": 2}})
    for name, data in scans.items():
        town.drop(name, data)
    with Run(town) as run:
        run.start()
        for wanted, delay in moments(chance, kills):
            run.wait_for_progress(wanted)
            time.sleep(delay)
            print(f"kill at progress {run.progress()} (wanted {wanted} + {delay:.2f} s)")
            run.kill()
            run.start()
            if chance.random() < 0.3:
                time.sleep(chance.random() * _LONGEST_DELAY)
                print("killed while starting")
                run.kill()
                run.start()
        settle_and_stop(run, scans, tmp_path)


def killed_workers(
    town: Town, chance: random.Random, kills: int, tmp_path: Path, letters: int = 0
) -> None:
    scans = one_page_scans(letters)
    town.configure({"work": {"processes": 2}})
    for name, data in scans.items():
        town.drop(name, data)
    with Run(town) as run:
        run.start()
        for wanted, delay in moments(chance, kills):
            run.wait_for_progress(wanted)
            time.sleep(delay)
            victim = chance.choice(wait_for(run.workers, "a worker"))
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                name = Path(f"/proc/{victim}/comm").read_text().strip()
                os.kill(victim, signal.SIGKILL)
                print(f"killed {name} at progress {run.progress()}")
        settle_and_stop(run, scans, tmp_path)


@pytest.mark.usefixtures("orphanage")
def test_a_killed_daemon_loses_nothing(town: Town, chance: random.Random, tmp_path: Path) -> None:
    killed_daemons(town, chance, 3, tmp_path)


@pytest.mark.usefixtures("orphanage")
def test_a_killed_worker_costs_no_document(
    town: Town, chance: random.Random, tmp_path: Path
) -> None:
    killed_workers(town, chance, 4, tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("orphanage")
@pytest.mark.parametrize("_round", range(3))
def test_a_daemon_killed_twelve_times_loses_nothing(
    town: Town, chance: random.Random, tmp_path: Path, _round: int
) -> None:
    killed_daemons(town, chance, 12, tmp_path, letters=SCANS // 2)


@pytest.mark.slow
@pytest.mark.usefixtures("orphanage")
@pytest.mark.parametrize("_round", range(3))
def test_twelve_killed_workers_cost_no_document(
    town: Town, chance: random.Random, tmp_path: Path, _round: int
) -> None:
    killed_workers(town, chance, 12, tmp_path, letters=SCANS // 2)

"""A batch of disposition on its whole way, from the periods to the certificate, step by step.

Promises time and peak memory of each step in a fresh process, the export beside a plain program
that makes the same copies, digests and re-reads, and a comparison, byte for byte, of an export that
was killed again and again with an undisturbed one.

The archive is filled through the Python API on the way of every paper, but fsync is left out and
made up for by one sync in the end: filling is not what is measured here. Half of the documents are
in dossiers of fifty, half are on their own; all are due, and the archive takes all of them.

    python -m bench.disposition [--documents 10000] [--kib 200] [--kills 10] [--rounds 3]
                                [--folder DIR] [--short]

Exits 1 where the export is slower than 0.7 of the plain program, where a step needs more than
300 MB, or where the killed export differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from archiver import __version__
from archiver.archive import Archive
from archiver.config import load
from archiver.founding import found
from archiver.house import House, held
from archiver.registry import rulebook
from archiver.registry.batch import batch_of, delivery_for
from archiver.retention.exchange.batch import Delivery
from archiver.rights import Caller
from archiver.store import objects
from bench import history
from bench.export import forget, plain
from tests.seeding import Clock, Letter, filed
from tests.state_archive import Sent, StateArchive, received

TOWN, STATE_ARCHIVE = "Stadt Musterhausen", "Landesarchiv Musterland"
SECOND_PERSON = 4711
IN_DOSSIER = 50
CLOSED_ON = date(2010, 6, 30)
MOST_MEMORY, LEAST_SPEED = 300, 0.7  # MB, of the plain program's

_WORDS = (
    "Sehr geehrte Damen und Herren hiermit bestätigen wir den Eingang Ihres Schreibens und teilen"
    " mit dass über den Antrag in der nächsten Sitzung des Ausschusses entschieden wird Die"
    " Unterlagen liegen während der Sprechzeiten im Rathaus aus Mit freundlichen Grüßen"
)
_SETTINGS = {
    ("disposition.authority", "name"): TOWN,
    ("disposition.archive", "name"): STATE_ARCHIVE,
    ("rights", "archivists"): [str(SECOND_PERSON)],
}


class Cost(msgspec.Struct, frozen=True):
    """What a step took.

    Attributes:
        seconds: by the clock.
        processor: seconds, of the process alone.
        peak: most memory of the process (VmHWM), in MB of 10^6 bytes.
        caged: most memory of a process that it started, in the same.
    """

    seconds: float
    processor: float
    peak: int
    caged: int


# --- filling ----------------------------------------------------------------------------------


def seed(root: Path, documents: int, kib: int) -> None:
    """Make an archive with so many documents, each with a PDF/A of so many KiB."""
    config = found(root)
    _configure(config)
    _without_syncs()
    house = House(load(config), Clock("2019-05-06"))
    rulebook.adopt_first(house.registry, "daemon")
    for number in range(documents):
        seed_bytes = hashlib.shake_128(str(number).encode()).digest(kib << 10)
        filed(house, _letter(number), b"%PDF-1.7\n" + seed_bytes)
    own = Archive(house, Caller(house.owner, frozenset()))
    for start in range(0, documents, 2 * IN_DOSSIER):
        own.dossiers.open(_reference(start), "housing_benefit", f"Wohngeld, Vorgang {start}")
        own.dossiers.close(_reference(start), CLOSED_ON)
    house.current_index()
    house.close()
    os.sync()


def _without_syncs() -> None:
    """Leave every sync of this process out, those of SQLite too."""
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    def unsafe(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    os.fsync = _nothing
    event.listen(Pool, "checkout", unsafe)


def _letter(number: int) -> Letter:
    odd = hashlib.sha256(str(number).encode()).hexdigest()[:10].translate(_LETTERS)
    is_filed_away = number % (2 * IN_DOSSIER) < IN_DOSSIER
    return Letter(
        text=f"Vorgang {number} von {odd} {_WORDS}",
        record_class="housing_benefit" if is_filed_away else "business_letter",
        letter_date=f"{2005 + number % 5}-03-{1 + number % 28:02}",
        reference=_reference(number - number % IN_DOSSIER) if is_filed_away else None,
        subject=f"Schreiben an die Stadt Musterhausen, laufende Nummer {number}",
        name=f"scan_{number:05}.pdf",
        content=str(number).encode(),
    )


def _nothing(fd: object) -> None:
    """What stands in for fsync."""
    del fd


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def _reference(number: int) -> str:
    return f"460.{number}/2009"


def _configure(config: Path) -> None:
    section, lines = "", config.read_text(encoding="utf-8").splitlines()
    for place, line in enumerate(lines):
        if line.startswith("["):
            section = line[1 : line.index("]")]
        key = (section, line.partition("=")[0].strip())
        if key in _SETTINGS:
            lines[place] = f"{key[1]} = {json.dumps(_SETTINGS[key])}"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")


# --- steps, each in a process of its own ------------------------------------------------------


class Office:
    """The people at one archive, and the state archive that answers them.

    Args:
        root: of the archive.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.house = House(load(root / "config.toml"))
        self._owner = Archive(self.house, Caller(self.house.owner, frozenset()))
        self._second = Archive(self.house, Caller(SECOND_PERSON, frozenset({SECOND_PERSON})))

    @property
    def batch(self) -> str:
        """The one batch."""
        return str(self.house.register.matters("batch")[0]["id"])

    @property
    def archive(self) -> StateArchive:
        """Who answers."""
        return StateArchive(STATE_ARCHIVE, TOWN, lambda _title: True)

    def trust(self) -> None:
        """A person confirms the clock: years have passed since the papers of this archive came."""
        self._owner.upkeep.confirm_clock()

    def due(self) -> None:
        """What may go, by class and year."""
        self._owner.periods.due()

    def propose(self) -> None:
        """Gather everything that is due."""
        self._owner.disposal.propose()

    def approve(self) -> None:
        """A second person agrees."""
        self._second.disposal.approve(self.batch)

    def offer(self) -> None:
        """It is offered, and the message is there to be sent."""
        self._owner.disposal.offer(self.batch)
        message = self._owner.disposal.message(self.batch)
        (self.root / "0501.zip").write_bytes(message.stream.read())

    def answer(self) -> None:
        """Not measured: the state archive reads the offer and writes its answers."""
        sent = received((self.root / "0501.zip").read_bytes(), judged=False)
        (self.root / "0502.xml").write_bytes(self.archive.appraisal(sent))
        package = Sent(sent.version, sent.process, sent.items, sent.titles, {})
        (self.root / "0506.xml").write_bytes(self.archive.confirmation(package))

    def appraise(self) -> None:
        """The archive's decisions are read in."""
        with (self.root / "0502.xml").open("rb") as file:
            answer = self._owner.disposal.appraise(self.batch, file)
        assert answer["state"] == "appraised", answer["findings"][:3]

    def export(self) -> None:
        """The package is written and read again; progress goes to standard output."""
        self._owner.disposal.export(
            self.batch, progress=lambda done, _total: print(done, flush=True)
        )

    def plain(self) -> None:
        """A plain program makes the same copies, digests and re-reads."""
        delivery, paths = self.sources()
        self.begin()
        plain(delivery, lambda file: paths[file.uuid].open("rb"), self.root / "plain")

    def confirm(self) -> None:
        """The archive's receipt is read in."""
        with (self.root / "0506.xml").open("rb") as file:
            answer = self._owner.disposal.confirm(self.batch, file)
        assert answer["state"] == "handed_over", answer["findings"][:3]

    def destroy(self) -> None:
        """Everything is destroyed, with proof and certificate."""
        certificate = self._owner.disposal.destroy(self.batch)["certificate"]
        (told,) = self._owner.certificates.list()["certificates"]
        assert (told["id"], told["is_proved"]) == (certificate, True), told

    def show(self) -> None:
        """A look at the batch."""
        self._owner.disposal.show(self.batch)

    def sources(self) -> tuple[Delivery, dict[str, Path]]:
        """What is to be handed over, and where its files lie, forgotten by the kernel."""
        registry = self.house.registry
        row = registry.register.matters("batch")[0]
        delivery = delivery_for(registry, str(row["id"]), batch_of(row))
        paths = {
            file.uuid: self.house.vault.path(document.id, objects.RENDITION)
            for _item, document in delivery.documents()
            for file in document.files
        }
        forget(paths.values())
        return delivery, paths

    def begin(self) -> None:
        """Start the clock."""
        self.begun = time.perf_counter(), time.process_time()


def run_step(step: str, root: Path) -> None:
    """Make one step, and print as the last line what it took."""
    office = Office(root)
    if step == "export":
        # In a process of its own, so that its memory does not count.
        subprocess.run(_words("--step", "forget", str(root)), check=True)
    if step == "forget":
        office.sources()
        return
    with held(office.house.config, exclusive=True):
        office.begin()
        getattr(office, step)()
        begun, used = office.begun
        seconds, processor = time.perf_counter() - begun, time.process_time() - used
        office.house.close()
    caged = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if step in _CAGED else 0
    cost = Cost(seconds, processor, _high_water(), (caged << 10) // 10**6)
    print(msgspec.json.encode(cost).decode())


_CAGED = ("appraise", "confirm")


def _high_water() -> int:
    """Peak memory of this process in MB; ru_maxrss would count what the parent had at the fork."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return (int(line.split()[1]) << 10) // 10**6
    raise ValueError("this kernel does not tell VmHWM")


def _words(*words: str) -> list[str]:
    return [sys.executable, "-m", "bench.disposition", *words]


def filled(root: Path, documents: int, kib: int) -> None:
    """Make an archive, in a process of its own that syncs nothing."""
    size = ("--documents", str(documents), "--kib", str(kib))
    subprocess.run(_words("--fill", str(root), *size), check=True)


def cost_of(step: str, root: Path) -> Cost:
    """Make one step in a fresh process."""
    words = _words("--step", step, str(root))
    told = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
    return msgspec.json.decode(told.splitlines()[-1], type=Cost)


# --- killing ----------------------------------------------------------------------------------


def killed_export(root: Path, kills: int, chance: random.Random) -> list[int]:
    """Have the export killed at chance moments, then let it end.

    Returns:
        mebibytes of progress at which it was killed.
    """
    size = 2 * sum(file.size for file in _delivery(root).files()) >> 20
    moments = sorted(chance.randrange(size) for _ in range(kills))
    for moment in moments:
        with subprocess.Popen(
            _words("--step", "export", str(root)), stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            for line in running.stdout:
                if not line.strip().isdigit() or int(line) >= moment:
                    running.kill()
                    break
    cost_of("export", root)
    return moments


def _delivery(root: Path) -> Delivery:
    office = Office(root)
    try:
        registry = office.house.registry
        row = registry.register.matters("batch")[0]
        return delivery_for(registry, str(row["id"]), batch_of(row))
    finally:
        office.house.close()


def fingerprint(folder: Path) -> str:
    """One digest of all names and bytes below a folder."""
    whole = hashlib.sha512()
    for path in sorted(folder.rglob("*")):
        whole.update(f"{path.relative_to(folder)}\0".encode())
        if path.is_file():
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha512").digest())
    return whole.hexdigest()


# --- the whole --------------------------------------------------------------------------------


def measured(root: Path, kills: int, rounds: int) -> tuple[float, bool]:
    """Make and print all steps.

    Returns:
        speed of the export over that of the plain program; whether all is as it should be.
    """
    cost_of("trust", root)
    costs = {step: cost_of(step, root) for step in ("due", "propose", "show", "approve", "offer")}
    cost_of("answer", root)
    costs["appraise"] = cost_of("appraise", root)
    moments = killed_export(root, kills, random.Random(kills))
    exports = root / "exports"
    killed = fingerprint(exports)
    again: dict[str, list[Cost]] = {"plain": [], "export": []}
    undisturbed = set()
    for _round in range(rounds):
        _empty(exports)
        for step, costs_of_step in again.items():
            costs_of_step.append(cost_of(step, root))
        undisturbed.add(fingerprint(exports))
        shutil.rmtree(root / "plain")
    costs |= {step: _median(several) for step, several in again.items()}
    costs["confirm"] = cost_of("confirm", root)
    costs["destroy"] = cost_of("destroy", root)
    _print(costs)
    pairs = zip(again["plain"], again["export"], strict=True)
    speed = statistics.median(one.seconds / other.seconds for one, other in pairs)
    is_same = undisturbed == {killed}
    peak = max(cost.peak for step, cost in costs.items() if step != "plain")
    print(f"export against the plain program: {speed:.0%}")
    print(f"killed {len(moments)} times at {moments} MiB: {'the same' if is_same else 'DIFFERENT'}")
    return speed, is_same and peak <= MOST_MEMORY


def _empty(folder: Path) -> None:
    for place in folder.iterdir():
        shutil.rmtree(place)


def _median(costs: list[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.seconds)[len(costs) // 2]


def _print(costs: dict[str, Cost]) -> None:
    print("step          seconds  processor  peak MB  caged MB")
    for step, cost in costs.items():
        print(
            f"{step:12} {cost.seconds:8.1f} {cost.processor:10.1f} {cost.peak:8} {cost.caged:9}",
            flush=True,
        )


def main() -> int:
    """Fill an archive and take it through all steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--kib", type=int, default=200)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    asked = history.options(parser, documents=40, kib=100, kills=3, rounds=1)
    if asked.fill:
        seed(asked.fill, asked.documents, asked.kib)
        return 0
    if asked.step:
        run_step(asked.step[0], Path(asked.step[1]))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="archiver-disposition-", dir=asked.folder))
    try:
        begun = time.perf_counter()
        filled(folder / "town", asked.documents, asked.kib)
        took = time.perf_counter() - begun
        size = asked.documents * asked.kib >> 10
        python = platform.python_version()
        print(f"archiver {__version__}, Python {python}, {platform.platform()}")
        print(f"{asked.documents} documents, {size} MiB, filled in {took:.0f} s", flush=True)
        speed, is_right = measured(folder / "town", asked.kills, asked.rounds)
        history.note(asked, "disposition", {"plain/archiver": speed})
        return int(not is_right or (speed < LEAST_SPEED and not asked.short))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())

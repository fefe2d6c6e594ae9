"""Handing over against a plain program that makes the same copies, digests and re-reads.

Promises the time of both on the same files, each in a process of its own with the page cache
dropped from its sources as far as the kernel lets a user do that, and the most memory each needed.
The plain program copies every file into a stored zip with the standard library while it checks its
sha512, syncs, and reads the zip again for sha256, sha512 and the sha512 of every file in it.

Run as ``python -m bench.export [--files 2000] [--kib 200] [--rounds 3] [--folder DIR]
[--short]``; the long form, 10,000 documents and 2 GB, is ``--files 10000``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

from archiver.retention.exchange.batch import (
    Delivery,
    Document,
    Format,
    Head,
    Item,
    Party,
    PastEvent,
    PrimaryFile,
    Retention,
    derived_uuid,
)
from archiver.retention.exchange.package import Opener
from bench import history

PROCESS = "0d9e2c3a-3f57-4d7b-9d64-5a1c2b7e8f01"
CREATED = "2026-03-02T11:00:00.000Z"
CHUNK = 1 << 20


def make_sources(folder: Path, files: int, kib: int) -> None:
    folder.mkdir()
    for number in range(files):
        seed = hashlib.sha256(str(number).encode()).digest()
        (folder / f"{number}.pdf").write_bytes(hashlib.shake_128(seed).digest(kib << 10))


def make_delivery(folder: Path) -> Delivery:
    documents = []
    for number, path in enumerate(sorted(folder.iterdir())):
        with path.open("rb") as reader:
            digest = hashlib.file_digest(reader, "sha512").hexdigest()
        file = PrimaryFile(
            derived_uuid(PROCESS, "file", str(number)),
            "pdf",
            path.name,
            Format("100", "2.0", "PDF/A", "2b"),
            path.stat().st_size,
            digest,
            CREATED,
        )
        kinds = ("capture", "transcription", "normalization", "ingestion", "fixity check")
        events = tuple(
            PastEvent(derived_uuid(PROCESS, kind, str(number)), kind, CREATED, "daemon")
            for kind in kinds
        )
        uuid = derived_uuid(PROCESS, "document", str(number))
        title = f"Schreiben an die Stadt Musterhausen, laufende Nummer {number}"
        documents.append(
            Document(uuid, str(number), title, (file,), dated="2015-05-28", events=events)
        )
    items = tuple(
        Item(
            derived_uuid(PROCESS, "item", str(start)),
            str(start),
            "dossier",
            f"Akte {start}",
            "10.24",
            "Satzungen",
            Retention(10, "2025-12-31", "A"),
            tuple(documents[start : start + 100]),
        )
        for start in range(0, len(documents), 100)
    )
    parties = Party("Stadt Musterhausen"), Party("Landesarchiv Musterland")
    head = Head("4.0.0", PROCESS, derived_uuid(PROCESS, "0503"), CREATED, *parties)
    return Delivery(head, items)


def plain(delivery: Delivery, opened: Opener, target: Path) -> None:
    target.mkdir()
    package = target / "package.zip"
    with zipfile.ZipFile(package, "w") as zipped:
        for file in delivery.files():
            digest = hashlib.sha512()
            info = zipfile.ZipInfo(file.name)
            with opened(file) as reader, zipped.open(info, "w") as out:
                while piece := reader.read(CHUNK):
                    digest.update(piece)
                    out.write(piece)
            assert digest.hexdigest() == file.sha512
    with package.open("rb") as reader:
        os.fsync(reader.fileno())
        os.posix_fadvise(reader.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    with zipfile.ZipFile(package) as zipped:
        ranges = [
            (info.header_offset + 30 + len(info.filename), info.file_size)
            for info in zipped.infolist()
        ]
    whole = hashlib.sha256(), hashlib.sha512()
    with package.open("rb") as reader:
        for file, (start, size) in zip(delivery.files(), ranges, strict=True):
            between = reader.read(start - reader.tell())
            own, left = hashlib.sha512(), size
            for digest in whole:
                digest.update(between)
            while left:
                piece = reader.read(min(left, CHUNK))
                left -= len(piece)
                for digest in (*whole, own):
                    digest.update(piece)
            assert own.hexdigest() == file.sha512
        rest = reader.read()
        for digest in whole:
            digest.update(rest)
    (target / "manifest.txt").write_text(" ".join(digest.hexdigest() for digest in whole))


def ours(delivery: Delivery, opened: Opener, target: Path) -> None:
    from archiver.retention.exchange.delivery import deliver

    target.mkdir()
    deliver(delivery, target, opened)


def read_again(_delivery: Delivery, _opened: Opener, target: Path) -> None:
    from archiver.retention.exchange.verification import verify

    (batch,) = target.iterdir()
    found = verify(batch)
    assert not found.findings, found.findings


WAYS = {"plain": plain, "archiver": ours, "verify": read_again}


def forget(files: Iterable[Path]) -> None:
    """Drop what the kernel holds of some files."""
    for path in files:
        with path.open("rb") as reader:
            os.posix_fadvise(reader.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def run_one(way: str, sources: Path, target: Path) -> None:
    delivery = make_delivery(sources)
    forget(sources.iterdir())
    begin, cpu = time.perf_counter(), time.process_time()
    WAYS[way](delivery, lambda file: (sources / file.original_name).open("rb"), target)
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    print(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)


def measured(way: str, sources: Path, target: Path) -> tuple[float, float, int]:
    words = [sys.executable, "-m", "bench.export", "--one", way, str(sources), str(target)]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return float(told[0]), float(told[1]), int(told[2])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--kib", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    asked = history.options(parser, files=20, kib=20, rounds=1)
    if asked.one:
        run_one(asked.one[0], Path(asked.one[1]), Path(asked.one[2]))
        return 0
    base = Path(tempfile.mkdtemp(prefix="archiver-export-", dir=asked.folder))
    try:
        make_sources(base / "sources", asked.files, asked.kib)
        results: dict[str, list[tuple[float, float, int]]] = {way: [] for way in WAYS}
        for _round in range(asked.rounds):
            results["plain"].append(measured("plain", base / "sources", base / "plain"))
            results["archiver"].append(measured("archiver", base / "sources", base / "archiver"))
            results["verify"].append(measured("verify", base / "sources", base / "archiver"))
            shutil.rmtree(base / "plain")
            shutil.rmtree(base / "archiver")
    finally:
        shutil.rmtree(base)
    size = asked.files * asked.kib / 1024
    print(f"{asked.files} files, {size:.0f} MiB, {asked.rounds} rounds, medians")
    walls = {}
    for way, rounds in results.items():
        walls[way] = statistics.median(wall for wall, _cpu, _peak in rounds)
        cpu = statistics.median(cpu for _wall, cpu, _peak in rounds)
        peak = max(peak for _wall, _cpu, peak in rounds)
        rate = size / walls[way]
        print(f"{way:9} {walls[way]:7.2f} s  {cpu:7.2f} s CPU  {rate:6.0f} MiB/s  {peak:4} MiB")
    speed = walls["plain"] / walls["archiver"]
    print(f"speed against the plain program: {speed:.0%}")
    history.note(asked, "export", {"plain/archiver": speed})
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A batch on the disk: whole, judged by others, the same after any number of kills, read again."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import bagit
import msgspec
import pytest
from click.testing import CliRunner
from lxml import etree

from archiver.cli.commands import root
from archiver.errors import IntegrityFault, Refusal, UsageFault
from archiver.retention.exchange import delivery as deliveries
from archiver.retention.exchange import zipformat
from archiver.retention.exchange.batch import VERSIONS, delivery_of
from archiver.retention.exchange.delivery import deliver
from archiver.retention.exchange.verification import verify
from archiver.retention.exchange.zipformat import Entry
from tests.places import memory_folder
from tests.xdomea_batches import NOON, PROCESS, Store, a_delivery, an_offer, assert_valid

CALLS = ("write", "pwrite", "fsync", "ftruncate", "rename", "unlink", "mkdir")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def package_of(folder: Path) -> Path:
    (found,) = (folder / "data").iterdir()
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_a_batch_is_a_valid_bag_with_a_valid_package(tmp_path: Path, version: str) -> None:
    store = Store()
    delivery = a_delivery(store, version, (0, 3000, 1 << 20, 3_000_000))
    told: list[tuple[str, int, int]] = []
    folder = deliver(delivery, tmp_path, store.open, lambda *words: told.append(words))
    # Others judge: the Library of Congress's bagit, Info-ZIP, the standard library, the schema.
    bagit.Bag(str(folder)).validate()
    assert subprocess.run(["unzip", "-tq", package_of(folder)], capture_output=True).returncode == 0
    stem = {"3.1.0": f"{PROCESS}_Aussonderung.Aussonderung.0503", "4.0.0": f"{PROCESS}_0503_1"}
    assert folder.name == stem[version]
    assert package_of(folder).name == f"{stem[version]}.zip"
    with ZipFile(package_of(folder)) as package:
        assert package.testzip() is None
        assert package.namelist()[0] == f"{stem[version]}.xml"
        message = assert_valid(package.read(package.namelist()[0]), version)
        named = [e.text for e in message.iter("{*}Dateiname")]
        assert named == package.namelist()[1:]
        for file in delivery.files():
            assert hashlib.sha512(package.read(file.name)).hexdigest() == file.sha512
        assert {info.date_time for info in package.infolist()} == {(2026, 3, 2, 11, 0, 0)}
    assert verify(folder).findings == ()
    total = sum(file.size for file in delivery.files())
    assert told[-1] == ("reread", total, total)
    assert ("write", total, total) in told
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name]


def test_what_lies_beside_the_package_says_the_same(tmp_path: Path) -> None:
    store = Store()
    delivery = a_delivery(store, "4.0.0")
    folder = deliver(delivery, tmp_path, store.open)
    rows = list(
        csv.DictReader(
            io.StringIO((folder / "documents.csv").read_text("utf-8-sig")), delimiter=";"
        )
    )
    assert [row["SHA-512"] for row in rows] == [file.sha512 for file in delivery.files()]
    page = (folder / "index.html").read_text("utf-8")
    assert all(file.name in page for file in delivery.files())
    assert "&lt;GmbH&gt;" in page and "<GmbH>" not in page
    record = etree.parse(folder / "premis.xml")
    digests = [e.text for e in record.iter("{*}messageDigest")]
    assert digests == [file.sha512 for file in delivery.files()]
    assert {e.text for e in record.iter("{*}eventType")} == {"ingestion", "replication"}
    info = bagit.Bag(str(folder)).info
    assert info["External-Identifier"] == PROCESS
    assert info["Ledger-Head"] == "ab" * 32
    assert info["Payload-Oxum"] == f"{package_of(folder).stat().st_size}.1"


def test_a_cell_that_looks_like_a_formula_is_none(tmp_path: Path) -> None:
    store = Store()
    document = store.document(1, title="=HYPERLINK(1)")
    offer = an_offer(store, "4.0.0")
    item = msgspec.structs.replace(offer.items[0], documents=(document,))
    offer = msgspec.structs.replace(offer, items=(item,))
    delivery = delivery_of(offer, {item.uuid}, NOON)
    folder = deliver(delivery, tmp_path, store.open)
    assert "'=HYPERLINK(1)" in (folder / "documents.csv").read_text("utf-8-sig")


def test_only_what_the_archive_takes_is_handed_over(tmp_path: Path) -> None:
    store = Store()
    offer = an_offer(store, "4.0.0")
    delivery = delivery_of(offer, {offer.items[1].uuid}, NOON)
    folder = deliver(delivery, tmp_path, store.open)
    with ZipFile(package_of(folder)) as package:
        assert len(package.namelist()) == 2
    with pytest.raises(Refusal, match="export_empty"):
        deliver(delivery_of(offer, set(), NOON), tmp_path, store.open)


def run_until(count: int, work: Callable[[], object]) -> bool:
    """Run in a child that kills itself before its call number `count` of the file system.

    A write that is hit has written half of what it was given. True where the child was killed.
    """
    child = os.fork()
    if child == 0:
        left = [count]

        def wrapped(name: str) -> Callable[..., object]:
            real = getattr(os, name)

            def call(*words: object, **more: object) -> object:
                left[0] -= 1
                if left[0] == 0:
                    if name == "write":
                        real(words[0], bytes(words[1])[: len(words[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*words, **more)

            return call

        try:
            for name in CALLS:
                setattr(os, name, wrapped(name))
            work()
            os._exit(0)
        finally:
            os._exit(1)
    _child, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_a_run_killed_anywhere_ends_as_an_undisturbed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.retention.exchange.package._SYNC_ENTRIES", 3)
    store = Store()
    delivery = a_delivery(store, "4.0.0", (2000, 0, 1_500_000, 3000, 4000, 5000, 6000))
    with memory_folder() as base:
        (base / "whole").mkdir()
        expected = tree(deliver(delivery, base / "whole", store.open))
        kills = 0
        while True:
            folder = base / f"killed-{kills + 1}"
            folder.mkdir()
            if not run_until(kills + 1, partial(deliver, delivery, folder, store.open)):
                break
            kills += 1
            finished = tree(deliver_or_find(delivery, folder, store))
            assert finished == expected, kills
            assert [path.suffix for path in folder.iterdir()] == [""], kills
        assert kills > 60


def deliver_or_find(delivery, folder: Path, store: Store) -> Path:
    """Ask again; a run that was killed after its last step has nothing left to do."""
    try:
        return deliver(delivery, folder, store.open)
    except Refusal as refusal:
        assert refusal.reason == "output_exists"
        return folder / Path(str(refusal.params["path"])).name


def test_a_run_killed_again_and_again_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.retention.exchange.package._SYNC_ENTRIES", 1)
    store = Store()
    delivery = a_delivery(store, "3.1.0", tuple(range(1000, 1120)))
    with memory_folder() as base:
        (base / "whole").mkdir()
        (base / "killed").mkdir()
        expected = tree(deliver(delivery, base / "whole", store.open))
        kills = 0
        while run_until(60, partial(deliver, delivery, base / "killed", store.open)):
            kills += 1
            assert kills < 100
        assert kills >= 10
        (found,) = (base / "killed").iterdir()
        assert tree(found) == expected


def test_what_was_written_is_not_read_from_its_source_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("archiver.retention.exchange.package._SYNC_ENTRIES", 1)
    store = Store()
    delivery = a_delivery(store, "4.0.0", (1000, 1001, 1002, 1003))
    opened: list[str] = []

    def stops_at_third(file):
        opened.append(file.name)
        if len(opened) == 3:
            raise KeyboardInterrupt
        return store.open(file)

    with pytest.raises(KeyboardInterrupt):
        deliver(delivery, tmp_path, stops_at_third)
    deliver(delivery, tmp_path, lambda file: opened.append(file.name) or store.open(file))
    files = [file.name for file in delivery.files()]
    assert opened == files[:3] + files[2:]


def test_a_source_that_is_not_what_it_should_be_is_named(tmp_path: Path) -> None:
    store = Store()
    delivery = a_delivery(store, "4.0.0")
    bad = list(delivery.files())[1]
    good = store.by_digest[bad.sha512]
    for wrong in (good[:-1] + b"!", good + b"!", good[:-1]):
        store.by_digest[bad.sha512] = wrong
        with pytest.raises(IntegrityFault, match="export_source_changed") as caught:
            deliver(delivery, tmp_path, store.open)
        assert caught.value.params["file"] == bad.name
    assert not any(path.suffix == "" for path in tmp_path.iterdir())
    store.by_digest[bad.sha512] = good
    assert verify(deliver(delivery, tmp_path, store.open)).findings == ()


def test_a_batch_is_never_mixed_with_another_or_overwritten(tmp_path: Path) -> None:
    store = Store()
    delivery = a_delivery(store, "4.0.0")
    other = delivery_of(an_offer(store, "4.0.0"), {delivery.items[0].uuid}, NOON)
    with pytest.raises(ZeroDivisionError):
        deliver(delivery, tmp_path, lambda file: 1 / 0)
    with pytest.raises(Refusal, match="export_other_batch"):
        deliver(other, tmp_path, store.open)
    deliver(delivery, tmp_path, store.open)
    with pytest.raises(Refusal, match="output_exists"):
        deliver(other, tmp_path, store.open)


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    store = Store()
    delivery = a_delivery(store, "4.0.0")
    inside, go_on = threading.Event(), threading.Event()

    def waits(file):
        inside.set()
        assert go_on.wait(20)
        return store.open(file)

    first = threading.Thread(target=deliver, args=(delivery, tmp_path, waits))
    first.start()
    assert inside.wait(20)
    with pytest.raises(Refusal, match="export_running"):
        deliver(delivery, tmp_path, store.open)
    go_on.set()
    first.join(20)
    assert (tmp_path / f"{PROCESS}_0503_1" / "bagit.txt").exists()


def test_a_disk_that_keeps_other_bytes_is_noticed_before_the_batch_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store()
    delivery = a_delivery(store, "4.0.0")
    name = list(delivery.files())[2].name
    real = deliveries.package.write

    def flips(plan, *words):
        entries = real(plan, *words)
        place = next(entry for entry in entries if entry.name == name).data_start + 7
        with plan.path.open("r+b") as file:
            file.seek(place)
            byte = file.read(1)
            file.seek(place)
            file.write(bytes([byte[0] ^ 1]))
        return entries

    with monkeypatch.context() as patched:
        patched.setattr(deliveries.package, "write", flips)
        with pytest.raises(IntegrityFault, match="export_written_wrong") as caught:
            deliver(delivery, tmp_path, store.open)
    assert caught.value.params["file"] == name
    assert list(tmp_path.iterdir()) == []
    assert verify(deliver(delivery, tmp_path, store.open)).findings == ()


def test_one_flipped_bit_anywhere_is_named(tmp_path: Path) -> None:
    store = Store()
    delivery = a_delivery(store, "4.0.0", (70, 90))
    folder = deliver(delivery, tmp_path, store.open)
    with ZipFile(package_of(folder)) as package:
        members = {
            info.filename: range(
                info.header_offset + 30 + len(info.filename),
                info.header_offset + 30 + len(info.filename) + info.file_size,
            )
            for info in package.infolist()
        }
    owner_of = {f.name: d.id for _item, d in delivery.documents() for f in d.files}
    for path, content in tree(folder).items():
        step = max(1, len(content) // 150)
        for place in range(0, len(content), step):
            changed = bytearray(content)
            changed[place] ^= 1 << (place % 8)
            (folder / path).write_bytes(changed)
            findings = verify(folder).findings
            expected = (
                [n for n, r in members.items() if place in r] if path.startswith("data/") else []
            )
            assert [f.path for f in findings] == [path], (path, place, findings)
            assert [f.member for f in findings] == (expected or [""]), (path, place, findings)
            # A primary file is named with its document's id, the message belongs to none.
            owners = [owner_of.get(name, "") for name in expected] or [""]
            assert [f.document for f in findings] == owners, (path, place, findings)
        (folder / path).write_bytes(content)
    assert verify(folder).findings == ()


def test_a_damaged_table_beside_names_no_document_and_spoils_no_finding(tmp_path: Path) -> None:
    store = Store()
    delivery = a_delivery(store, "3.1.0", (70, 90))
    folder = deliver(delivery, tmp_path, store.open)
    file = next(delivery.files())
    package = package_of(folder)
    raw = package.read_bytes()
    place = raw.index(store.by_digest[file.sha512])
    package.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])

    def found() -> tuple[str, str]:
        (finding,) = [f for f in verify(folder).findings if f.path.startswith("data/")]
        assert finding.member == file.name
        return finding.code, finding.document

    _item, document = next(delivery.documents())
    assert found() == ("export_document_changed", document.id)
    told = CliRunner().invoke(root, ["export", "verify", str(folder)])
    assert told.exit_code == 15 and document.id in told.stderr and file.name in told.stderr
    table = folder / "documents.csv"
    whole = table.read_bytes()
    nothing = ("export_member_changed", "")
    for damaged in (
        b"",
        b"\0" * 1000,
        b'"' + b"x" * 300_000,
        whole.replace(document.id.encode(), b"../../etc/passwd"),
        whole.replace(b";", b","),
    ):
        table.write_bytes(damaged)
        assert found() == nothing
    table.unlink()
    assert found() == nothing


def test_what_is_missing_or_too_much_is_named(tmp_path: Path) -> None:
    store = Store()
    folder = deliver(a_delivery(store, "4.0.0"), tmp_path, store.open)
    for path, content in tree(folder).items():
        (folder / path).unlink()
        if path == "bagit.txt":
            with pytest.raises(UsageFault, match="export_no_bag"):
                verify(folder)
        else:
            assert [(f.code, f.path) for f in verify(folder).findings] == [
                ("export_file_missing", path)
            ]
        (folder / path).write_bytes(content)
    for path in ("data/more.pdf", "more.txt"):
        (folder / path).write_bytes(b"more")
        assert [(f.code, f.path) for f in verify(folder).findings] == [
            ("export_file_unlisted", path)
        ]
        (folder / path).unlink()
    package = package_of(folder)
    with package.open("r+b") as file:
        file.truncate(package.stat().st_size - 200)
    assert {f.path for f in verify(folder).findings} == {f"data/{package.name}"}


def test_zips_beyond_the_old_limits_are_read_by_others(tmp_path: Path) -> None:
    many = tmp_path / "many.zip"
    with many.open("wb") as file:
        entries = []
        for number in range(70_000):
            entries.append(Entry(f"{number}.txt", file.tell(), 0, 0, ""))
            file.write(zipformat.local_header(f"{number}.txt", 0, 0, 0x5C21_0000))
        file.write(zipformat.directory(entries, 0x5C21_0000))
    with ZipFile(many) as package:
        assert len(package.namelist()) == 70_000
        assert package.read("69999.txt") == b""
    large = tmp_path / "large.zip"
    first = Entry("hole.bin", 0, 5 << 30, 0, "")
    crc = 0x3610A686  # of b"hello"
    second = Entry("hello.txt", first.end, 5, crc, "")
    with large.open("wb") as file:
        file.write(zipformat.local_header(first.name, first.size, 0, 0x5C21_0000))
        file.seek(second.start)
        file.write(zipformat.local_header(second.name, 5, crc, 0x5C21_0000) + b"hello")
        file.write(zipformat.directory([first, second], 0x5C21_0000))
    with ZipFile(large) as package:
        assert package.read("hello.txt") == b"hello"
        assert package.getinfo("hole.bin").file_size == 5 << 30
    assert (
        subprocess.run(["unzip", "-p", large, "hello.txt"], capture_output=True).stdout == b"hello"
    )


MEMORY = """
import io, pathlib, re, sys
from archiver.retention.exchange.delivery import deliver
from archiver.retention.exchange.verification import verify
from archiver.retention.exchange.batch import Delivery
from tests.xdomea_batches import *
count, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
documents = tuple(a_document(n, content_of(n, 20_000)) for n in range(count))
numbers = {d.files[0].uuid: n for n, d in enumerate(documents)}
delivery = Delivery(a_head("4.0.0"), (an_item(1, documents),))
found = deliver(delivery, folder, lambda file: io.BytesIO(content_of(numbers[file.uuid], 20_000)))
assert not verify(found).findings
# Not ru_maxrss: that begins with the most that the calling process ever held.
print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""


def test_two_thousand_files_take_little_memory() -> None:
    root = Path(__file__).resolve().parents[1]
    peaks = []
    for count in (20, 2000):
        with memory_folder() as folder:
            words = [sys.executable, "-c", MEMORY, str(count), str(folder)]
            done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True)
            peaks.append(int(done.stdout) >> 10)
    assert peaks[1] < 300
    assert peaks[1] - peaks[0] < 40, peaks

"""Back-ups: whole while others write, cheap the second time, and honest about what is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import safekeeping
from archiver.archive import Archive
from archiver.backup import note, sets
from archiver.backup.sets import Head, Kept, Line
from archiver.config import load
from archiver.errors import ExitCode, Fault
from archiver.house import House, held
from archiver.rights import myself
from archiver.store import objects
from archiver.store.timekeeping import Timekeeper
from tests import paper
from tests.seeding import Clock, Letter, filed, opened
from tests.town import Town

LETTER = Letter("Bescheid über die Friedhofsgebühr", "friedhof", subject="Friedhofsgebühr")


def quiet(_label: str) -> Callable[[int, int], None]:
    return lambda _done, _total: None


def backed_up(town: Town, folder: Path, **options: Any) -> dict[str, Any]:
    given = {"keep_days": None, "anew": False, "repository": "", "progress": quiet, **options}
    return safekeeping.make(load(town.config), folder, **given)


def restored(folder: Path, place: Path, number: int | None = None) -> dict[str, Any]:
    return safekeeping.restore(folder, place, number=number, progress=quiet)


def subjects(config: Path) -> set[tuple[str, str]]:
    """Hits of a search for everything."""
    house = House(load(config))
    try:
        with held(house.config, exclusive=True):
            hits = Archive(house, myself()).documents.search("*", 1000)["hits"]
    finally:
        house.close()
    return {(hit["id"], hit["subject"]) for hit in hits}


@contextmanager
def working(town: Town) -> Iterator[House]:
    house = opened(town.config, Clock())
    try:
        yield house
    finally:
        house.close()


@pytest.fixture
def stocked(town: Town) -> tuple[Town, list[str]]:
    """An archive with three letters, one drop that waits and one that was taken."""
    with working(town) as house:
        ids = [filed(house, LETTER.numbered(number)) for number in range(3)]
    town.drop("wartet Ä.pdf", b"%PDF-1.7 wartet")
    town.drop(b"M\xfcller.pdf", b"%PDF-1.7 kein UTF-8")
    (town.root / "released" / f"{ids[0]}-alt.pdf").write_bytes(b"genommen")
    return town, ids


def original(root: Path, document: str) -> Path:
    """The received file of a document, wherever its object lies."""
    (found,) = (
        path
        for path in (root / "vault").rglob("v1/content/original.pdf")
        if document in (path.parents[2] / "inventory.json").read_text()
    )
    return found


def codes(told: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(problem["code"], problem["id"]) for problem in told["problems"]]


def test_what_is_restored_is_what_was_there(
    stocked: tuple[Town, list[str]], tmp_path: Path
) -> None:
    town, ids = stocked
    told = backed_up(town, tmp_path / "backup")
    assert told["problems"] == []
    back = restored(tmp_path / "backup", tmp_path / "back")
    assert (back["problems"], back["documents"]) == ([], 3)
    assert subjects(tmp_path / "back" / "config.toml") == subjects(town.config)
    for name in ("wartet Ä.pdf", os.fsdecode(b"M\xfcller.pdf")):
        there = tmp_path / "back" / "inbox" / "incoming" / name
        assert there.read_bytes() == (town.inbox / name).read_bytes()
    assert (
        original(tmp_path / "back", ids[1]).read_bytes() == original(town.root, ids[1]).read_bytes()
    )
    kept = note.last(tmp_path / "back" / "stage")
    assert kept is not None
    assert kept.made_at == told["made_at"]


def test_the_second_time_only_what_is_new_is_copied(
    stocked: tuple[Town, list[str]], tmp_path: Path
) -> None:
    town, ids = stocked
    first = backed_up(town, tmp_path / "backup")
    second = backed_up(town, tmp_path / "backup")
    assert (second["set"], second["new_files"]) == (2, 0)
    assert second["objects"] == first["objects"]
    with working(town) as house:
        filed(house, LETTER.numbered(7))
    third = backed_up(town, tmp_path / "backup")
    assert 0 < third["new_bytes"] < first["new_bytes"]
    # Each stands for itself: the earlier one has only what was there then.
    back = restored(tmp_path / "backup", tmp_path / "back", number=1)
    assert (back["documents"], back["problems"]) == (len(ids), [])


def test_what_is_filed_changed_and_destroyed_meanwhile_harms_no_set(
    stocked: tuple[Town, list[str]], tmp_path: Path
) -> None:
    town, ids = stocked
    stop, faults = threading.Event(), []

    def work() -> None:
        with working(town) as house:
            number = 100
            while not stop.is_set():
                try:
                    number += 1
                    fresh = filed(house, LETTER.numbered(number))
                    record = house.holdings.record(fresh, house.register.version_of(fresh))
                    house.vault.add_version(
                        fresh, {objects.RECORD: objects.encode(record)}, house.now(), "x", "daemon"
                    )
                    house.vault.settled(fresh)
                    with suppress(Fault):
                        house.register.record(_withdrawn(house, fresh))
                        house.destroy(fresh, "uid:0", {})
                    filed(house, LETTER.numbered(-number))
                except Exception as error:
                    faults.append(error)
                    return

    def _withdrawn(house: House, document: str) -> Any:
        from archiver.records import Event

        return Event("withdrawn", house.now(), "uid:0", document)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        made = [backed_up(town, tmp_path / "backup")]
        while len(made) < 4 or made[-1]["objects"] < made[0]["objects"] + 3:
            assert faults == []
            assert len(made) < 200
            made.append(backed_up(town, tmp_path / "backup"))
    finally:
        stop.set()
        worker.join()
    assert faults == []
    assert [one for one in made if one["problems"]] == []
    for one in (made[0], made[-1]):
        place = tmp_path / f"back{one['set']}"
        back = restored(tmp_path / "backup", place, number=one["set"])
        assert back["problems"] == []
        assert set(ids) <= {document for document, _ in subjects(place / "config.toml")}


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "in the set before"])
def test_an_object_destroyed_before_it_could_be_copied_moves_the_set_to_a_later_line(
    stocked: tuple[Town, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_known: bool,
) -> None:
    from archiver.backup import taking
    from archiver.records import Event

    town, ids = stocked
    homes = taking._homes

    def after_destruction(vault: Path) -> Iterator[Path]:
        with working(town) as house:
            house.register.record(Event("withdrawn", house.now(), "uid:0", ids[0]))
            house.destroy(ids[0], "uid:0", {})
        return homes(vault)

    monkeypatch.setattr(taking, "_homes", after_destruction)
    if is_known:
        monkeypatch.setattr(taking, "_homes", homes)
        backed_up(town, tmp_path / "backup")
        monkeypatch.setattr(taking, "_homes", after_destruction)
    told = backed_up(town, tmp_path / "backup")
    back = restored(tmp_path / "backup", tmp_path / "back")
    assert (told["problems"], back["problems"]) == ([], [])
    assert ids[0] not in {document for document, _ in subjects(tmp_path / "back" / "config.toml")}


def test_a_damaged_back_up_names_what_is_lost_and_the_next_one_mends_it(
    stocked: tuple[Town, list[str]], tmp_path: Path
) -> None:
    town, ids = stocked
    folder = tmp_path / "backup"
    backed_up(town, folder)
    listing = sets.read(folder, 1)
    lost, damaged = listing.objects()[ids[0]], original(town.root, ids[1]).read_bytes()
    (folder / "content" / lost.sha512[:2] / lost.sha512).unlink()
    (content,) = (
        path for path in (folder / "content").rglob("*") if path.is_file()
        and path.read_bytes() == damaged
    )  # fmt: skip
    content.write_bytes(damaged[:-1] + b"!")

    back = restored(folder, tmp_path / "back")
    lost_there = [("backup_document_damaged", ids[1]), ("backup_object_lost", ids[0])]
    assert sorted(codes(back)[:2]) == lost_there
    assert (tmp_path / "back" / "vault").exists()
    assert original(tmp_path / "back", ids[2]).exists()

    checked = safekeeping.check(folder, quiet)
    assert sorted(codes(checked)) == lost_there
    assert all(problem["sets"] == [1] for problem in checked["problems"])
    backed_up(town, folder)
    assert safekeeping.check(folder, quiet)["problems"] == []
    assert restored(folder, tmp_path / "whole")["problems"] == []


@pytest.mark.parametrize("lost", ["config.toml", "ledger/2026-11.jsonl", "vault/0=ocfl_1.1"])
def test_what_is_lost_is_told_also_where_nothing_can_be_opened(
    stocked: tuple[Town, list[str]], tmp_path: Path, lost: str
) -> None:
    town, _ids = stocked
    folder = tmp_path / "backup"
    backed_up(town, folder)
    (line,) = (line for line in sets.read(folder, 1).lines if line.shown == lost)
    content = folder / "content" / line.sha512[:2] / line.sha512
    content.write_bytes(content.read_bytes()[:-9] + b"123456789")
    back = restored(folder, tmp_path / "back")
    assert codes(back)[0] == ("backup_content_damaged", None)
    assert back["problems"][0]["path"] == lost
    # Without a ledger everything is received anew; nothing is missing that the back-up has.
    assert (back["documents"] is None) == (lost != "ledger/2026-11.jsonl")


def test_damage_in_the_archive_never_reaches_the_back_up(
    stocked: tuple[Town, list[str]], tmp_path: Path
) -> None:
    town, ids = stocked
    folder = tmp_path / "backup"
    backed_up(town, folder)
    file = original(town.root, ids[0])
    file.write_bytes(b"rotten")
    broken = original(town.root, ids[1]).parents[2] / "inventory.json"
    broken.write_bytes(broken.read_bytes().replace(b"v1", b"v9"))
    shutil.rmtree(original(town.root, ids[2]).parents[2])

    told = backed_up(town, folder)
    # The bytes of the first are in the pool: nothing is missing in the set.
    assert codes(told) == [("backup_object_carried", ids[1]), ("backup_object_kept", ids[2])]
    assert all(problem["id"] in problem["message"] for problem in told["problems"])
    assert all("()" not in problem["message"] for problem in told["problems"])
    back = restored(folder, tmp_path / "back")
    assert (back["problems"], back["documents"]) == ([], 3)

    fresh = backed_up(town, tmp_path / "other")
    unread = "backup_object_unreadable"
    lost = ("backup_object_missing", ids[2])
    assert codes(fresh) == [(unread, ids[0]), (unread, ids[1]), lost]


def test_what_the_newest_inventory_tells_is_not_read_where_it_may_be_damaged(
    stocked: tuple[Town, list[str]], tmp_path: Path
) -> None:
    town, ids = stocked
    home = original(town.root, ids[0]).parents[2]
    past, vault = home / "v1" / "inventory.json", town.root / "vault"
    for path in (past, vault / "ocfl_layout.json", home / "0=ocfl_object_1.1"):
        path.write_bytes(path.read_bytes()[::-1])
    (home / "v1" / "inventory.json.sha512").unlink()
    backed_up(town, tmp_path / "backup")
    assert restored(tmp_path / "backup", tmp_path / "back")["problems"] == []
    brought = (path for path in (tmp_path / "back").rglob("*") if "index" not in path.parts)
    open_ = [path for path in brought if path.is_dir() and path.stat().st_mode & 0o007]
    assert open_ == []


@pytest.mark.parametrize("is_new", [True, False])
def test_where_the_vault_is_not_mounted_no_back_up_is_made(
    stocked: tuple[Town, list[str]], tmp_path: Path, is_new: bool
) -> None:
    town, _ids = stocked
    if not is_new:
        backed_up(town, tmp_path / "backup")
    shutil.rmtree(town.root / "vault")
    (town.root / "vault").mkdir()
    with pytest.raises(Fault, match="vault_missing") as caught:
        backed_up(town, tmp_path / "backup")
    assert caught.value.exit_code == ExitCode.INTEGRITY
    assert (tmp_path / "backup").exists() != is_new
    if not is_new:
        assert [row["set"] for row in safekeeping.listing(tmp_path / "backup")] == [1]


def test_a_damaged_ledger_is_told_and_never_becomes_a_set(
    stocked: tuple[Town, list[str]], tmp_path: Path
) -> None:
    town, _ids = stocked
    (ledger,) = (town.root / "ledger").iterdir()
    backed_up(town, tmp_path / "backup")
    lines = ledger.read_bytes().splitlines(keepends=True)
    for number in (0, len(lines) // 2, len(lines) - 1):
        for old, new in ((b'"seq"', b'"sep"'), (b"daemon", b"demoan")):
            bad = [line.replace(old, new) if line is lines[number] else line for line in lines]
            ledger.write_bytes(b"".join(bad))
            with pytest.raises(Fault, match="ledger_broken") as caught:
                backed_up(town, tmp_path / "backup", keep_days=1)
            assert caught.value.exit_code == ExitCode.INTEGRITY
    assert [row["set"] for row in safekeeping.listing(tmp_path / "backup")] == [1]


def test_a_ledger_that_is_damaged_while_it_is_copied_never_becomes_a_set(
    stocked: tuple[Town, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archiver.backup import taking

    town, _ids = stocked
    homes = taking._homes

    def after_damage(vault: Path) -> Iterator[Path]:
        (ledger,) = (town.root / "ledger").iterdir()
        ledger.write_bytes(ledger.read_bytes().replace(b"daemon", b"demoan", 1))
        return homes(vault)

    monkeypatch.setattr(taking, "_homes", after_damage)
    with pytest.raises(Fault, match="ledger_broken"):
        backed_up(town, tmp_path / "backup")
    assert safekeeping.listing(tmp_path / "backup") == []


def test_a_back_up_is_not_made_where_it_would_be_none(
    stocked: tuple[Town, list[str]], tmp_path: Path
) -> None:
    town, _ids = stocked
    with pytest.raises(Fault, match="backup_inside"):
        backed_up(town, town.root / "exports" / "backup")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"x")
    with pytest.raises(Fault, match="folder_not_empty"):
        backed_up(town, tmp_path / "photos")
    backed_up(town, tmp_path / "disk")
    shutil.rmtree(tmp_path / "disk")  # not mounted
    (tmp_path / "disk").mkdir()
    with pytest.raises(Fault, match="backup_gone"):
        backed_up(town, tmp_path / "disk")
    assert backed_up(town, tmp_path / "disk", anew=True)["set"] == 1
    with pytest.raises(Fault, match="folder_not_empty"):
        restored(tmp_path / "disk", town.root)
    other = Town(tmp_path / "other")
    with working(other) as house:
        filed(house, LETTER)
    with pytest.raises(Fault, match="backup_of_another"):
        backed_up(other, tmp_path / "disk")


def test_old_back_ups_go_with_the_bytes_that_only_they_had(
    stocked: tuple[Town, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, ids = stocked
    folder, secret = tmp_path / "backup", original(town.root, ids[0]).read_bytes()
    Timekeeper(town.root / "stage", lambda: "").confirm()
    monkeypatch.setattr(safekeeping, "now", lambda: "2026-01-01T02:00:00.000Z")
    backed_up(town, folder)
    from archiver.records import Event

    with working(town) as house:
        house.register.record(Event("withdrawn", house.now(), "uid:0", ids[0]))
        house.destroy(ids[0], "uid:0", {})
    monkeypatch.setattr(safekeeping, "now", lambda: "2026-03-01T02:00:00.000Z")
    assert backed_up(town, folder, keep_days=90)["removed_sets"] == 0
    # By a clock that jumped none is too old.
    mark = town.root / "stage" / "clock.json"
    sure = mark.read_bytes()
    mark.write_text('{"at":"2020-01-01T08:00:00.000Z","boot":"other","running":1.0}')
    monkeypatch.setattr(safekeeping, "now", lambda: "2066-05-01T02:00:00.000Z")
    assert backed_up(town, folder, keep_days=90)["removed_sets"] == 0
    mark.write_bytes(sure)
    sets.path_of(folder, 3).unlink()
    # Nor where the new one lacks something: an older one may have it.
    sound = original(town.root, ids[1])
    monkeypatch.setattr(safekeeping, "now", lambda: "2026-05-01T02:00:00.000Z")
    home, away = sound.parents[2], tmp_path / "away"
    home.rename(away)
    told = backed_up(town, folder, keep_days=90)
    assert (len(told["problems"]), told["removed_sets"]) == (1, 0)
    away.rename(home)
    sets.path_of(folder, 3).unlink()
    monkeypatch.setattr(safekeeping, "now", lambda: "2026-05-01T02:00:00.000Z")
    assert backed_up(town, folder, keep_days=90)["removed_sets"] == 1
    kept = [path.read_bytes() for path in (folder / "content").rglob("*") if path.is_file()]
    assert secret not in kept
    assert [row["set"] for row in safekeeping.listing(folder)] == [2, 3]
    assert safekeeping.check(folder, quiet)["problems"] == []
    assert restored(folder, tmp_path / "back")["problems"] == []


@given(st.data())
def test_a_list_with_a_wrong_byte_or_a_lost_end_is_known(data: st.DataObject) -> None:
    head = Head(1, "2026-12-01T02:00:00.000Z", 7, "a" * 64, "b" * 64)
    lines = [Line("c" * 128, 3, path="config.toml"), Line("d" * 128, 9, id="01" + "A" * 24)]
    whole = sets.encode(head, lines)
    assert sets.parse(1, whole) == (1, head, lines, [], True)
    raw = bytearray(whole)
    place = data.draw(st.integers(0, len(raw) - 1))
    assert not sets.parse(1, whole[:place]).is_whole
    raw[place] ^= data.draw(st.integers(1, 255))
    assert not sets.parse(1, bytes(raw)).is_whole


@given(st.binary(min_size=1, max_size=60))
def test_every_name_of_a_file_survives(name: bytes) -> None:
    assert sets.unquoted(sets.quoted(name)) == name


def test_lists_of_files_survive() -> None:
    files = {"v1/content/original.pdf": Kept("a" * 128, 5)}
    assert sets.decode_files(sets.encode_files(files)) == files
    assert sets.decode_files(b"{}x") is None


@pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed")
def test_restic_takes_a_back_up_in_encrypted(
    stocked: tuple[Town, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, ids = stocked
    repository = str(tmp_path / "repository")
    monkeypatch.setenv("RESTIC_PASSWORD", "geheim")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(Fault, match="backup_restic"):
        backed_up(town, tmp_path / "backup", repository=repository)
    subprocess.run(["restic", "-q", "-r", repository, "init"], check=True)
    backed_up(town, tmp_path / "backup", repository=repository)
    shutil.rmtree(tmp_path / "backup")
    subprocess.run(
        ["restic", "-q", "-r", repository, "restore", "latest", "--target", tmp_path / "out"],
        check=True,
    )
    copy = tmp_path / "out" / str(tmp_path / "backup").lstrip("/")
    back = restored(copy, tmp_path / "back")
    assert (back["problems"], back["documents"]) == ([], len(ids))


def test_the_commands_while_the_daemon_takes_papers(town: Town, tmp_path: Path) -> None:
    folder, back = str(tmp_path / "backup"), Town.__new__(Town)
    back.root, back.config = tmp_path / "back", tmp_path / "back" / "config.toml"
    with town.daemon():
        assert town.status()["backup"] is None
        for number in range(4):
            town.drop(f"{number}.pdf", paper.text_pdf([(f"Haushaltsplan {number}", "Friedhof")]))
        town.json("backup", "make", folder)
        town.wait_until_settled()
        assert town.json("backup", "make", folder)["problems"] == []
        assert town.status()["backup"]["folder"] == folder
        hits = {hit["id"] for hit in town.search("Friedhof")}
        ended = town.command("backup", "restore", folder, str(back.root), configured=False)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert town.command("backup", "verify", folder).returncode == 0
    assert len(hits) == 4
    assert {hit["id"] for hit in back.search("Friedhof")} == hits
    assert back.command("verify").returncode == 0
    rows = town.json("backup", "list", folder)
    assert [row["set"] for row in rows] == [1, 2]
    next(path for path in (tmp_path / "backup" / "content").rglob("*") if path.is_file()).unlink()
    assert town.command("backup", "verify", folder).returncode == 15

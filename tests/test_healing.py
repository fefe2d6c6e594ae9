"""A good copy of a damaged or lost original heals it, by whatever way it comes."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from archiver.archive import Archive
from archiver.errors import IntegrityFault, NotFound, Refusal
from archiver.house import House, new_id
from archiver.inbox.sightings import look
from archiver.rights import myself
from archiver.store import objects, ocfl
from tests.lane import Lane, founded, letter
from tests.ocfl_judge import judge
from tests.seeding import Letter, filed
from tests.test_fixity_way import Holding, as_folder, cut, empty, flip, lose, lose_inventories, zero

PAPER = Letter("Die Satzung tritt in Kraft", "council_paper", "2026-01-02", subject="Satzung")
BYTES = b"%PDF-1.7\n" + PAPER.text.encode() + b"\n%%EOF\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Holding:
    return Holding(tmp_path_factory.mktemp("healing") / "town")


@pytest.fixture
def holding(whole: Holding, tmp_path: Path) -> Iterator[Holding]:
    """The same archive for each test, put back as it was."""
    shutil.copytree(whole.town.root, tmp_path / "kept", symlinks=True)
    yield whole
    shutil.rmtree(whole.town.root)
    (tmp_path / "kept").rename(whole.town.root)


def seeded(house: House) -> str:
    document = filed(house, PAPER)
    assert Archive(house, myself()).upkeep.verify()["problems"] == []
    return document


def dropped(house: House) -> None:
    """As the watch does it: accepted, then out of the folder."""
    inbox = house.config.places.inbox / "incoming"
    (inbox / "kopie.pdf").write_bytes(BYTES)
    (sighting,) = (one for one in look(inbox) if one.name == b"kopie.pdf")
    accepted = house.intake.receive_drop(sighting, "incoming")
    assert accepted is not None
    house.intake.release_drop(sighting, accepted)
    assert not (inbox / "kopie.pdf").exists()


def sent(house: House) -> None:
    house.intake.receive_stream(io.BytesIO(BYTES), b"kopie.pdf", "incoming", "uid:7")


def by_hand(house: House) -> None:
    (document,) = house.register.documents_with(_digest())
    Archive(house, myself()).scans.restore(document, io.BytesIO(BYTES))


def by_replace(house: House) -> None:
    (document,) = house.register.documents_with(_digest())
    Archive(house, myself()).scans.replace(document, io.BytesIO(BYTES), b"kopie.pdf")


def _digest() -> str:
    return ocfl.digest(BYTES)


WAYS: list[Callable[[House], None]] = [dropped, sent, by_hand, by_replace]


def healed(house: House) -> list[dict[str, Any]]:
    return [one.data for one in house.ledger.read() if one.event == "healed"]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("harm", [flip, Path.unlink, as_folder], ids=lambda harm: harm.__name__)
def test_a_damaged_original_is_healed_and_nothing_else_is_touched(
    holding: Holding, way: Callable[[House], None], harm: Callable[[Path], None]
) -> None:
    with holding.open() as house:
        document = seeded(house)
        harm(house.vault.path(document, "original.pdf"))
        way(house)
        archive = Archive(house, myself())
        assert archive.upkeep.verify()["problems"] == [] and judge(house.vault.root) == []
        assert healed(house) == [{"files": 1, "again": False}]
        shown = archive.documents.show(document)
        assert (shown["state"], shown["subject"], shown["class"]) == (
            "filed",
            "Satzung",
            "council_paper",
        )
        with archive.documents.fetch(document, original=True).stream as file:
            assert file.read() == BYTES


@pytest.mark.parametrize("name", ["inventory.json", "inventory.json.sha512", "v1/inventory.json"])
@pytest.mark.parametrize("harm", [zero, cut, Path.unlink], ids=lambda harm: harm.__name__)
def test_a_damaged_inventory_is_put_right_with_the_original(
    holding: Holding, name: str, harm: Callable[[Path], None]
) -> None:
    with holding.open() as house:
        document = seeded(house)
        flip(house.vault.path(document, "original.pdf"))
        harm(holding.home(document) / name)
        dropped(house)
        archive = Archive(house, myself())
        assert archive.upkeep.verify()["problems"] == [] and judge(house.vault.root) == []
        assert archive.documents.show(document)["subject"] == "Satzung"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("harm", [lose, empty, lose_inventories], ids=lambda harm: harm.__name__)
def test_a_lost_object_is_made_anew_and_read_again(
    holding: Holding, way: Callable[[House], None], harm: Callable[[Path, Path], None]
) -> None:
    with holding.open() as house:
        document = seeded(house)
        harm(holding.home(document), holding.home(holding.first))
        way(house)
        archive = Archive(house, myself())
        assert archive.upkeep.verify()["problems"] == [] and judge(house.vault.root) == []
        row = archive.documents.show(document)
        assert (row["state"], row["files"][0]["file"]) == ("accepted", "scan.pdf")
        assert [str(job["id"]) for job in house.register.jobs()] == [document]
        left = list(house.config.places.stage.glob("*.remains-*"))
        assert len(left) == (0 if harm is lose else 1)
        with archive.documents.fetch(document, original=True).stream as file:
            assert file.read() == BYTES
        before = house.register.document(document), house.register.accessions(document)
        archive.upkeep.rebuild()
        assert (house.register.document(document), house.register.accessions(document)) == before
        # What was left of it ends with it.
        house.vault.destroy(document)
        assert not list(house.config.places.stage.glob("*.remains-*"))


def test_a_crash_before_the_ledgers_line_is_made_good_by_the_same_drop(holding: Holding) -> None:
    with holding.open() as house:
        document = seeded(house)
        lose(holding.home(document), Path())
        record, house.register.record = house.register.record, dead  # type: ignore[method-assign]
        with pytest.raises(Dead):
            dropped(house)
        house.register.record = record  # type: ignore[method-assign]
    with holding.open() as house:
        house.intake.recover(house.folders())
        dropped(house)
        archive = Archive(house, myself())
        assert archive.upkeep.verify()["problems"] == []
        assert archive.documents.show(document)["state"] == "accepted" and len(healed(house)) == 1


class Dead(Exception):
    """The process died here."""


def dead(*_events: object) -> None:
    raise Dead


def test_an_object_of_the_same_bytes_that_a_crash_left_heals_before_it_is_dropped(
    holding: Holding,
) -> None:
    """Two copies came at once; when the daemon died, the second had no ledger line yet."""
    with holding.open() as house:
        document = seeded(house)
        other = new_id()
        with house.vault.open(document, f"receipts/{document}.json") as file:
            receipt = msgspec.structs.replace(objects.decode_receipt(file.read()), id=other)
        files = {"original.pdf": BYTES, f"receipts/{other}.json": objects.encode(receipt)}
        house.vault.stage_object(other, files, house.now(), "received", "daemon")
        house.vault.publish(other)
        flip(house.vault.path(document, "original.pdf"))
    with holding.open() as house:
        house.intake.recover(house.folders())
        assert Archive(house, myself()).upkeep.verify()["problems"] == []
        assert not house.vault.exists(other) and len(healed(house)) == 1


def test_a_copy_that_cannot_help_becomes_a_document_of_its_own(holding: Holding) -> None:
    """An earlier scan, of which nothing tells what the object held beside it."""
    with holding.open() as house:
        document = seeded(house)
        archive = Archive(house, myself())
        archive.scans.replace(document, io.BytesIO(b"%PDF-1.7\n% better\n%%EOF\n"), b"neu.pdf")
        lose(holding.home(document), Path())
        dropped(house)
        first, second = house.register.documents_with(_digest())
        assert first == document and house.vault.exists(second)
        problems = {(one["id"], one["code"]) for one in archive.upkeep.verify()["problems"]}
        assert problems == {(document, "no_object")}
        # The next copy finds the sound one.
        sent(house)
        assert len(house.register.documents_with(_digest())) == 2


def test_other_bytes_are_refused_and_sound_ones_are_left_alone(holding: Holding) -> None:
    with holding.open() as house:
        document = seeded(house)
        archive = Archive(house, myself())
        before = house.register.head()
        assert archive.scans.restore(document, io.BytesIO(BYTES))["files"] == 0
        flip(house.vault.path(document, "original.pdf"))
        for content in (b"", BYTES + b"%", b"%PDF-1.7\n% other"):
            with pytest.raises(Refusal, match="not_a_copy"):
                archive.scans.restore(document, io.BytesIO(content))
        assert house.register.head() == before
        with pytest.raises(NotFound):
            archive.scans.restore("01J0000000000000000000000A", io.BytesIO(BYTES))
        # Another file of the object helps as well, say a rendition from a back-up.
        with house.vault.open(document, "document.pdf") as file:
            rendition = file.read()
        flip(house.vault.path(document, "document.pdf"))
        assert archive.scans.restore(document, io.BytesIO(rendition))["files"] == 1
        assert not list(house.config.places.stage.glob("*.part"))


@pytest.mark.parametrize("harm", [flip, Path.unlink], ids=lambda harm: harm.__name__)
def test_a_damaged_document_that_waits_goes_on_when_it_is_healed(
    holding: Holding, harm: Callable[[Path], None]
) -> None:
    config = holding.town.config
    config.write_text(config.read_text().replace('cage = "auto"', 'cage = "none"'))
    with Lane(holding.town.root) as lane:
        content = letter("eins")
        document = lane.drop("eins.pdf", content)
        harm(lane.house.vault.path(document, "original.pdf"))
        assert lane.walk(document) == "quarantined"
        assert lane.reason(document)[1] == "object_damaged"
        lane.drop("noch einmal.pdf", content)
        assert lane.state(document) == "accepted"
        assert lane.walk(document) in ("filed", "review")
        assert lane.row(document)["reason"] != "object_damaged"


@pytest.mark.parametrize("name", ["words.json", "record.json"])
@pytest.mark.parametrize("way", ["restore", "retry"])
def test_what_was_made_of_a_sound_original_is_made_anew(
    tmp_path: Path, name: str, way: str
) -> None:
    with Lane(founded(tmp_path / "town")) as lane:
        content = letter("eins")
        document = lane.drop("eins.pdf", content)
        state = lane.walk(document)
        zero(lane.house.vault.path(document, name))
        assert lane.archive.upkeep.reindex()["unread"] == [document] * (name == "words.json")
        if way == "restore":
            told = lane.archive.scans.restore(document, io.BytesIO(content))
            assert told["again"] and told["problems"]
        else:
            lane.archive.intake.retry(document)
        assert lane.walk(document) == state
        assert lane.archive.upkeep.verify()["problems"] == []
        assert lane.archive.scans.restore(document, io.BytesIO(content))["problems"] == []
        assert lane.archive.upkeep.reindex()["unread"] == []


def test_a_decision_in_a_lost_version_is_asked_for_again_and_the_past_can_go(
    tmp_path: Path,
) -> None:
    with Lane(founded(tmp_path / "town")) as lane:
        document = lane.drop("eins.pdf", letter("eins"))
        lane.walk(document)
        lane.archive.review.set(document, ["subject=Ganz anders"])
        zero(lane.house.vault.path(document, "record.json"))
        lane.archive.intake.retry(document)
        assert lane.walk(document) == "review"
        assert lane.reason(document)[1] == "record_lost"
        assert lane.archive.documents.show(document)["subject"] != "Ganz anders"
        assert [one["code"] for one in lane.archive.upkeep.verify()["problems"]] == ["changed_file"]
        lane.archive.review.accept(document, [f"class={lane.config.classes[0].key}"])
        lane.archive.versions.purge(document, "Schaden")
        assert lane.archive.upkeep.verify()["problems"] == []


def test_what_goes_out_is_of_the_document_that_was_asked_for(tmp_path: Path) -> None:
    with Lane(founded(tmp_path / "town")) as lane:
        own = lane.drop("eins.pdf", letter("eins"))
        other = lane.drop("zwei.pdf", letter("zwei"))
        lane.work_off()
        home, strange = lane.house.vault.home(own), lane.house.vault.home(other)
        shutil.copytree(home, tmp_path / "kept")
        shutil.rmtree(home)
        shutil.copytree(strange, home)
        for path in home.rglob("inventory.json"):
            path.write_bytes(path.read_bytes().replace(other.encode(), own.encode()))
            path.with_name(ocfl.SIDECAR).write_bytes(ocfl.sidecar(path.read_bytes()))
        archive = lane.archive
        for ask in (
            lambda: archive.documents.fetch(own),
            lambda: archive.documents.fetch(own, original=True),
            lambda: archive.documents.show(own),
            lambda: archive.documents.text(own),
            lambda: archive.documents.picture(own),
        ):
            with pytest.raises(IntegrityFault, match="object_damaged"):
                ask()
        assert archive.upkeep.reindex()["unread"] == [own]
        # An object of earlier days has its original, and no more than that.
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "kept", home)
        shutil.rmtree(home / "v2")
        for name in (ocfl.INVENTORY, ocfl.SIDECAR):
            shutil.copy(home / "v1" / name, home)
        with pytest.raises(IntegrityFault, match="version_lost"):
            archive.documents.fetch(own)
        archive.documents.fetch(own, original=True).stream.close()
        archive.intake.retry(own)
        lane.work_off()
        assert archive.documents.fetch(own).notice == "no_rendition"
        assert archive.upkeep.verify()["problems"] == []


def test_restore_on_the_command_line(holding: Holding, tmp_path: Path) -> None:
    with holding.open() as house:
        document = seeded(house)
        flip(house.vault.path(document, "original.pdf"))
    copy = tmp_path / "kopie.pdf"
    copy.write_bytes(BYTES)
    town = holding.town
    other = tmp_path / "anderes.pdf"
    other.write_bytes(b"nichts")
    refused = town.command("restore", document, str(other))
    assert refused.returncode == 14 and "its bytes are others" in refused.stderr
    with town.daemon():
        assert town.json("restore", document, str(copy))["files"] == 1
    ended = town.command("restore", document, str(copy))
    assert ended.returncode == 0 and "sound" in ended.stdout
    assert town.json("verify")["problems"] == []

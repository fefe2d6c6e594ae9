"""A drop that was accepted and still lies in its folder is taken, not accepted once more."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest

from archiver.errors import SystemFault
from archiver.inbox import release
from archiver.inbox.sightings import look
from archiver.store.register import CatalogueBehind
from tests.lane import Lane, founded, letter


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return founded(tmp_path / "town")


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Nothing can be taken out of a drop folder, until this is called."""

    def refused(*_asked: object) -> None:
        raise SystemFault("inbox_unwritable", folder="incoming")

    real = release.take
    monkeypatch.setattr(release, "take", refused)
    return lambda: monkeypatch.setattr(release, "take", real)


def left_lying(root: Path, name: str = "brief.pdf") -> Path:
    """A drop that is accepted and cannot be taken; then the process ends."""
    with Lane(root) as lane, pytest.raises(SystemFault, match="inbox_unwritable"):
        lane.drop(name, letter("eins"))
    return root / "inbox" / "incoming" / name


def accessions(lane: Lane) -> list[tuple[str, str]]:
    return [(one.event, one.id) for one in lane.house.ledger.read() if one.id]


def test_the_next_process_takes_it(root, stuck) -> None:
    drop = left_lying(root)
    stuck()
    with Lane(root) as lane:
        assert [event for event, _id in accessions(lane)] == ["received"]
        ((_event, document),) = accessions(lane)
    assert not drop.exists()
    assert [path.name for path in (root / "released").iterdir()] == [f"{document}-brief.pdf"]


def test_it_is_taken_where_the_catalogue_is_new(root, stuck) -> None:
    drop = left_lying(root)
    stuck()
    for file in root.glob("catalogue.db*"):
        file.unlink()
    with Lane(root) as lane:
        assert [event for event, _id in accessions(lane)] == ["received"]
    assert not drop.exists()


def test_it_is_known_where_the_catalogue_stayed_behind(root, monkeypatch) -> None:
    """The ledger has the line, the catalogue could not be committed, and nothing was restarted."""
    with Lane(root) as lane:
        real = lane.house.register.record

        def behind(*events: object) -> None:
            real(*events)  # type: ignore[arg-type]
            raise CatalogueBehind("disk_full")

        monkeypatch.setattr(lane.house.register, "record", behind)
        with pytest.raises(CatalogueBehind):
            lane.drop("brief.pdf", letter("eins"))
        monkeypatch.undo()
        lane.accept("brief.pdf")
        assert [event for event, _id in accessions(lane)] == ["received"]
        assert list(look(root / "inbox" / "incoming")) == []


def test_what_is_half_taken_is_no_stranger_while_the_catalogue_is_behind(root, monkeypatch) -> None:
    """A full disk kept the catalogue behind and the drop half taken; then there was room again."""
    with Lane(root) as lane:
        register = lane.house.register
        told: list[str] = []
        register.follow(None, lambda: told.append("behind"))
        with monkeypatch.context() as patch, pytest.raises(CatalogueBehind):
            patch.setattr(register, "_transaction", uncommitted(lane, register._transaction))
            lane.drop("brief.pdf", letter("eins"))
        assert told == ["behind"]
        ((_event, document),) = accessions(lane)
        inbox = root / "inbox" / "incoming"
        (inbox / "brief.pdf").rename(inbox / f".done-{document}")
        lane.house.intake.recover_drops(lane.house.folders())
        assert [p.name for p in (root / "released").iterdir()] == [f"{document}-brief.pdf"]
        assert list(look(inbox)) == [] and len(accessions(lane)) == 1


def uncommitted(lane, transaction):
    """Transactions of a catalogue that cannot be committed once a line was written."""

    @contextmanager
    def failing():
        with transaction() as connection:
            yield connection
            if lane.house.ledger.head().seq:
                raise SystemFault("disk_full", path="catalogue.db")

    return failing


def test_another_file_under_its_name_is_a_drop_of_its_own(root, stuck) -> None:
    drop = left_lying(root)
    stuck()
    drop.unlink()
    drop.write_bytes(letter("zwei"))
    with Lane(root) as lane:
        assert drop.exists()
        lane.accept("brief.pdf")
        assert [event for event, _id in accessions(lane)] == ["received", "received"]


def test_the_file_of_a_withdrawn_document_may_come_again(root, stuck) -> None:
    """A file may get the inode, size and time of an earlier one: then it must not vanish."""
    drop = left_lying(root)
    stuck()
    known = drop.stat()
    with Lane(root) as lane:
        ((_event, document),) = accessions(lane)
        lane.walk(document)
        lane.archive.intake.withdraw(document, "Irrtum")
        os.link(root / "released" / f"{document}-brief.pdf", drop)
        (root / "released" / f"{document}-brief.pdf").unlink()
        again = drop.stat()
        assert (again.st_ino, again.st_mtime_ns) == (known.st_ino, known.st_mtime_ns)
    with Lane(root) as lane:
        lane.accept("brief.pdf")
        assert [event for event, _id in accessions(lane)].count("received") == 2

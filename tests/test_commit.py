"""The door for truth: whatever call fails, everything has happened or nothing."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import archiver
from archiver.errors import Refusal, SystemFault
from archiver.house import new_id
from archiver.store import overhang
from archiver.store.holdings import Holdings
from archiver.store.ledger import Ledger
from archiver.store.objects import MATTER, Matter, encode
from archiver.store.register import CatalogueBehind, Register
from archiver.store.stores import Stores
from archiver.store.vault import LocalVault
from tests.ocfl_judge import judge
from tests.places import memory_folder

AT = "2026-03-01T08:00:00.000Z"
ACTOR = "uid:7"
STANDS, NEW = "01J0000000000000000000000A", "01J0000000000000000000000B"
GOES = "01J0000000000000000000000C"
BEGUN = ["hold_placed", "batch_proposed"]


class Town:
    """Stores with a hold and a batch, and what the ledger says of them."""

    def __init__(self, root: Path) -> None:
        self.vault = LocalVault.create(root / "vault", root / "stage")
        self.ledger = Ledger(root / "ledger")
        self.ledger.open()
        holdings = Holdings(self.vault)
        self.register = Register(root / "catalogue.db", self.ledger, holdings)
        self.register.catch_up()
        self.stores = Stores(self.vault, holdings, self.register, lambda: AT, new_id)
        self.stage = root / "stage"

    def begin(self) -> None:
        with self.stores.commit(ACTOR) as change:
            change.new(STANDS, hold("before"), "hold_placed")
            change.new(GOES, {MATTER: encode(Matter("batch", None, {}))}, "batch_proposed")
            change.line("hold_placed", STANDS, {"version": 1})
            change.line("batch_proposed", GOES, {"version": 1})

    def act(self) -> None:
        """A new object, a version of another, the end of a third: true together."""
        with self.stores.commit(ACTOR) as change:
            change.new(NEW, hold("new"), "hold_placed")
            version = change.version(STANDS, hold("after"), "hold_reviewed")
            change.line("hold_placed", NEW, {"version": 1})
            change.line("hold_reviewed", STANDS, {"version": version})
            change.line("batch_cancelled", GOES, {})
            change.end(GOES)

    def reason(self, one: str) -> str:
        found = self.stores.holdings.matter(one)
        assert found is not None
        return str(found.about["reason"])

    def told(self) -> list[str]:
        return [entry.event for entry in self.ledger.read()]

    def recovered(self) -> None:
        """What the next start does, as far as the stores are concerned."""
        self.register.catch_up()
        found = self.vault.recover(self.register.knows)
        assert found.damaged == []
        for one in found.adopt:
            self.vault.destroy(one)
        for one in found.unsettled:
            overhang.take_back(self.vault, self.register, one, AT)
        for one in self.register.matter_ids(gone=True):
            if self.vault.exists(one):
                self.vault.destroy(one)

    def has_happened(self) -> bool:
        """Whether the change is true; it is so everywhere or nowhere."""
        lines = self.told()
        assert lines[:2] == BEGUN
        assert judge(self.vault.root) == []
        if not lines[2:]:
            assert set(self.vault.ids()) == {STANDS, GOES}
            assert self.reason(STANDS) == "before"
            return False
        assert lines[2:] == ["hold_placed", "hold_reviewed", "batch_cancelled"]
        assert (self.reason(STANDS), self.reason(NEW)) == ("after", "new")
        return True

    def close(self) -> None:
        self.register.close()


def hold(reason: str) -> dict[str, bytes]:
    return {MATTER: encode(Matter("hold", None, {"reason": reason}))}


@pytest.fixture
def town() -> Iterator[Town]:
    with memory_folder() as folder:
        made = Town(folder)
        made.begin()
        yield made
        made.close()


@contextmanager
def failing(owner: Any, name: str) -> Iterator[None]:
    """Have a call fail, the first time."""
    real, fresh = getattr(owner, name), [True]

    def call(*values: Any, **named: Any) -> Any:
        if fresh.pop() if fresh else False:
            raise SystemFault("disk_full")
        return real(*values, **named)

    setattr(owner, name, call)
    try:
        yield
    finally:
        delattr(owner, name)


def left(town: Town) -> list[str]:
    return [path.name for path in town.stage.iterdir()]


def test_all_of_it_becomes_true(town: Town) -> None:
    town.act()
    assert town.has_happened()
    assert set(town.vault.ids()) == {STANDS, NEW}
    assert left(town) == []


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("vault", "stage_object"),
        ("vault", "add_version"),
        ("vault", "publish"),
        ("register", "catch_up"),
        ("ledger", "prepare"),
        ("ledger", "write"),
    ],
)
def test_what_fails_before_the_line_is_taken_back(
    town: Town, owner: str, name: str, again: bool
) -> None:
    with failing(getattr(town, owner), name), pytest.raises(SystemFault, match="disk_full"):
        town.act()
    assert not town.has_happened()
    assert left(town) == []
    if again:
        town.act()
        assert town.has_happened()


@pytest.mark.parametrize("name", ["discard", "destroy", "add_version", "settled", "inventory"])
def test_what_cannot_be_taken_back_either_is_put_right_at_the_next_start(
    town: Town, name: str
) -> None:
    def fail(_entries: object) -> None:
        town.vault.__dict__[name] = _full
        raise SystemFault("storage_failed")

    town.ledger.write = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(SystemFault, match="storage_failed"):
        town.act()
    del town.ledger.write, town.vault.__dict__[name]
    town.recovered()
    assert not town.has_happened()
    assert left(town) == []


def _full(*_values: object, **_named: object) -> None:
    raise SystemFault("disk_full")


def test_what_the_state_machine_refuses_leaves_nothing(town: Town) -> None:
    with pytest.raises(Refusal, match="wrong_step"), town.stores.commit(ACTOR) as change:
        change.new(NEW, hold("new"), "hold_placed")
        change.version(STANDS, hold("after"), "hold_reviewed")
        change.line("dossier_closed", STANDS, {})
    assert not town.has_happened()
    assert left(town) == []


def test_what_only_the_ledger_knows_is_true_and_stays(town: Town) -> None:
    commit = town.register._transaction

    @contextmanager
    def uncommitted() -> Iterator[Any]:
        with commit() as connection:
            yield connection
            if len(town.told()) > 2:
                raise SystemFault("disk_full")

    town.register._transaction = uncommitted  # type: ignore[method-assign]
    with pytest.raises(CatalogueBehind):
        town.act()
    del town.register._transaction
    assert town.has_happened()
    # Who comes next builds upon it, though nobody has caught up.
    with town.stores.commit(ACTOR) as change:
        version = change.version(STANDS, hold("later"), "hold_reviewed")
        change.line("hold_reviewed", STANDS, {"version": version})
    assert (version, town.reason(STANDS)) == (3, "later")
    town.recovered()
    assert set(town.vault.ids()) == {STANDS, NEW}
    assert left(town) == []


def test_an_object_that_cannot_be_removed_yet_goes_at_the_next_start(town: Town) -> None:
    with failing(town.vault, "destroy"), pytest.raises(SystemFault):
        town.act()
    assert town.has_happened()
    town.recovered()
    assert set(town.vault.ids()) == {STANDS, NEW}


def test_what_was_left_behind_is_not_built_upon(town: Town) -> None:
    """The take-back fails, and somebody else writes to the object before the next start."""
    more = {**hold("after"), "note.txt": b"never true"}
    full = pytest.raises(SystemFault)
    with failing(town.ledger, "write"), full, town.stores.commit(ACTOR) as change:
        change.version(STANDS, more, "hold_reviewed")
        change.line("hold_reviewed", STANDS, {"version": 2})
        town.vault.__dict__["add_version"] = _full
    del town.vault.__dict__["add_version"]
    with town.stores.commit(ACTOR) as change:
        version = change.version(STANDS, hold("later"), "hold_reviewed")
        change.line("hold_reviewed", STANDS, {"version": version})
    assert set(town.vault.inventory(STANDS).state()) == {MATTER}
    assert town.reason(STANDS) == "later"


def test_a_change_without_a_line_comes_to_nothing(town: Town) -> None:
    with town.stores.commit(ACTOR) as change:
        change.new(NEW, hold("new"), "hold_placed")
        change.version(STANDS, hold("after"), "hold_reviewed")
    assert not change.is_true and not town.has_happened()
    assert left(town) == []


def test_an_object_that_takes_the_place_of_a_lost_one_stays(town: Town) -> None:
    """A good copy is never thrown away because the ledger could not be told of it."""
    town.vault.set_aside(STANDS)
    full = pytest.raises(SystemFault)
    with failing(town.ledger, "write"), full, town.stores.commit(ACTOR) as change:
        change.new(STANDS, hold("found again"), "healed")
        change.line("healed", STANDS, {"version": 1})
    assert town.reason(STANDS) == "found again"


def test_nobody_decides_between_a_version_and_its_line(town: Town) -> None:
    with town.stores.commit(ACTOR) as change:
        version = change.version(STANDS, hold("first"), "hold_reviewed")
        other = threading.Thread(target=town.act)
        other.start()
        other.join(0.05)
        assert other.is_alive() and town.told() == BEGUN
        change.line("hold_reviewed", STANDS, {"version": version})
    other.join(20)
    assert town.told()[2:4] == ["hold_reviewed", "hold_placed"]
    assert town.reason(STANDS) == "after"


def test_a_process_that_ends_leaves_all_to_the_next_start(town: Town) -> None:
    with pytest.raises(KeyboardInterrupt), town.stores.commit(ACTOR) as change:
        change.new(NEW, hold("new"), "hold_placed")
        change.version(STANDS, hold("after"), "hold_reviewed")
        raise KeyboardInterrupt
    town.recovered()
    assert not town.has_happened()
    assert left(town) == []


def test_there_is_no_second_door() -> None:
    makes_true = re.compile(r"\.(stage_object|add_version|settled)\(|vault\.(publish|renew)\(")
    files = Path(archiver.__file__).parent.rglob("*.py")
    assert {one.name for one in files if makes_true.search(one.read_text(encoding="utf-8"))} == {
        "commit.py",
        "overhang.py",  # it takes back what was never true
    }

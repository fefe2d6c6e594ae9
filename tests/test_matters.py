"""The store of matters: whatever is done, and wherever it is cut off, each step is whole or not."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from archiver.config import load
from archiver.errors import Refusal
from archiver.founding import found
from archiver.house import House
from archiver.records import MATTER_STEPS, MATTERS_GONE, Event
from archiver.registry import dossiers
from archiver.store.register import Register
from tests.ocfl_judge import judge
from tests.places import memory_folder
from tests.test_register import rows_of

ACTOR = "uid:7"
KINDS = ("plan", "dossier", "hold", "batch", "certificate")
BEGIN = sorted(e for e, step in MATTER_STEPS.items() if not step.before and step.kind in KINDS)
CHANGE = sorted(e for e, step in MATTER_STEPS.items() if step.before and step.kind in KINDS)
ENDING = {event for event in CHANGE if MATTER_STEPS[event].after in MATTERS_GONE}
abouts = st.dictionaries(st.sampled_from(["a", "ä", "day"]), st.text(max_size=9), max_size=2)


class Dead(BaseException):
    """The process dies: nothing catches this."""


class Dying:
    """A register that never comes to write its line."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)

    def record(self, *_events: Event) -> None:
        raise Dead


def restarted(root: Path) -> House:
    """The archive as the daemon opens it after whatever happened."""
    house = House(load(root / "config.toml"))
    house.intake.recover(house.folders())
    return house


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    with memory_folder() as folder:
        found(folder / "town")
        restarted(folder / "town").close()
        yield folder / "town"


class Leading(RuleBasedStateMachine):
    """Matters of all kinds, with a model of state and value beside them."""

    matters = Bundle("matters")
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self._place = memory_folder()
        self.root = self._place.__enter__() / "town"
        shutil.copytree(self.template, self.root)
        self.house = restarted(self.root)
        self.known: dict[str, tuple[str, str, dict[str, Any]]] = {}

    def teardown(self) -> None:
        self.house.close()
        assert judge(self.root / "vault") == []
        self._place.__exit__(None, None, None)

    @contextmanager
    def dying(self) -> Iterator[None]:
        """The process ends where the ledger's line would be written, and starts again."""
        matters = self.house.registry.matters
        dying = Dying(self.house.register)
        matters._stores = replace(matters._stores, register=dying)  # type: ignore[arg-type]
        with pytest.raises(Dead):
            yield
        self.house.close()
        self.house = restarted(self.root)

    @rule(target=matters, event=st.sampled_from(BEGIN), about=abouts)
    def begin(self, event: str, about: dict[str, Any]) -> str:
        key = "632.21-1/2024" if event == "dossier_opened" else None
        made = self.house.registry.matters.begin(event, about, ACTOR, {"n": 1}, key=key)
        self.known[made] = (MATTER_STEPS[event].kind, str(MATTER_STEPS[event].after), about)
        return made

    @rule(event=st.sampled_from(BEGIN), about=abouts)
    def begin_and_die(self, event: str, about: dict[str, Any]) -> None:
        with self.dying():
            self.house.registry.matters.begin(event, about, ACTOR, {})

    def allowed(self, event: str, matter: str) -> bool:
        kind, state, _about = self.known[matter]
        step = MATTER_STEPS[event]
        return step.kind == kind and state in step.before

    @rule(matter=matters, event=st.sampled_from(CHANGE), more=abouts)
    def change(self, matter: str, event: str, more: dict[str, Any]) -> None:
        matters, head = self.house.registry.matters, self.house.register.head()

        def step() -> None:
            if event in ENDING:
                matters.end(event, matter, ACTOR, {})
            else:
                matters.change(event, matter, lambda before: {**before, **more}, ACTOR, {})

        if not self.allowed(event, matter):
            with pytest.raises(Refusal, match="wrong_step"):
                step()
            assert self.house.register.head() == head, "a refused step leaves no line"
            return
        step()
        kind, state, about = self.known[matter]
        after = MATTER_STEPS[event].after or state
        value = {} if after in MATTERS_GONE else {**about, **more}
        self.known[matter] = (kind, after, value)

    @rule(matter=matters, event=st.sampled_from(sorted(set(CHANGE) - ENDING)), more=abouts)
    def change_and_die(self, matter: str, event: str, more: dict[str, Any]) -> None:
        if self.allowed(event, matter):
            with self.dying():
                self.house.registry.matters.change(
                    event, matter, lambda _before: {**more, "never": "true"}, ACTOR, {}
                )

    @rule()
    def rebuild(self) -> None:
        catalogue = self.root / "catalogue.db"
        self.house.register.catch_up()
        self.house.close()
        before = rows_of(catalogue)
        self.house.new_catalogue(lambda _done, _total: None)
        self.house.close()
        assert rows_of(catalogue) == before

    @invariant()
    def is_as_was_told(self) -> None:
        rows = {m: self.house.register.matter(m) for m in self.known}
        assert {
            m: (row["kind"], row["state"], row["about"]) for m, row in rows.items() if row
        } == self.known
        living = {
            m for m, (_kind, state, _about) in self.known.items() if state not in MATTERS_GONE
        }
        assert set(self.house.vault.ids()) == living, "neither lost nor left behind"
        for matter in living:
            stored = self.house.holdings.matter(matter)
            assert stored is not None
            assert stored.about == self.known[matter][2], "what was not told is not built upon"


@pytest.mark.hypothesis  # so that the campaign of properties takes it along
def test_matters_are_what_was_told_of_them(template: Path) -> None:
    Leading.template = template
    chosen = settings(max_examples=12, stateful_step_count=20)
    run_state_machine_as_test(Leading, settings=chosen)


def test_the_table_of_steps_is_the_one_that_was_agreed() -> None:
    def states(kind: str) -> dict[str, set[str]]:
        steps = {e: s for e, s in MATTER_STEPS.items() if s.kind == kind}
        reached: dict[str, set[str]] = {}
        for step in steps.values():
            for before in step.before:
                reached.setdefault(before, set()).add(step.after or before)
        return reached

    assert states("dossier") == {
        "open": {"open", "closed", "merged", "disposed"},
        "closed": {"closed", "open", "disposed"},
        "merged": {"disposed"},
    }
    assert states("hold") == {"stands": {"stands", "lifted"}}
    assert states("plan") == {"in_force": {"in_force"}}


# --- death at any file that is touched ------------------------------------------------------------


def _live(root: Path, told: int, death: int) -> None:
    """Open, close and retitle a dossier; tell of each step; die at the n-th touch of a file."""
    touched = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal touched
        if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir") and str(
            root
        ) in repr(args):
            touched += 1
            if touched == death:
                os.kill(os.getpid(), signal.SIGKILL)

    house = restarted(root)
    registry = house.registry
    sys.addaudithook(hook)
    opened = dossiers.open_(registry, "632.21-1/2024", "invoice", "Eins", ACTOR)
    os.write(told, b"o")
    dossiers.close(registry, opened, None, ACTOR)
    os.write(told, b"c")
    dossiers.reopen(registry, opened, ACTOR)
    os.write(told, b"r")
    os._exit(0)


def _lived(root: Path, death: int) -> tuple[int, str]:
    """Exit status of a life in a process of its own, and which steps were answered."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            _live(root, writer, death)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read().decode()
    _pid, status = os.waitpid(child, 0)
    return status, told


def test_a_death_at_any_file_loses_nothing_and_leaves_nothing_half(template: Path) -> None:
    states = ["", "open", "closed", "open"]
    deaths = 0
    for death in range(1, 1000, 3):
        with memory_folder() as folder:
            root = folder / "town"
            shutil.copytree(template, root)
            status, told = _lived(root, death)
            house = restarted(root)
            rows = house.register.matters("dossier")
            steps = [entry.event for entry in house.ledger.read() if entry.id]
            assert len(told) <= len(steps) <= len(told) + 1, "what was answered is true"
            assert [row["state"] for row in rows] == ([states[len(steps)]] if steps else [])
            assert set(house.vault.ids()) == {str(row["id"]) for row in rows}
            for row in rows:
                about = house.holdings.matter(str(row["id"]))
                assert about is not None
                assert about.about == row["about"]
                assert (row["about"]["closed_on"] is not None) == (row["state"] == "closed")
                assert house.vault.verify(str(row["id"])) == []
            assert house.ledger.verify(house.register.head()) == []
            assert judge(root / "vault") == []
            house.close()
            if status == 0:
                assert told == "ocr"
                break
            assert os.WTERMSIG(status) == signal.SIGKILL
            deaths += 1
    assert deaths > 10, "the life was cut off at many places"

"""Ledger and catalogue as one: whatever happens, the catalogue is what the ledger makes."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
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
from ulid import ULID

from archiver.errors import Refusal
from archiver.records import DOCUMENT_TRANSITIONS, DocumentState, Event, Id
from archiver.store import objects
from archiver.store.holdings import Holdings
from archiver.store.ledger import Ledger
from archiver.store.objects import DropKey, Note, Receipt, Record
from archiver.store.projection import MOVES
from archiver.store.register import Register
from archiver.store.vault import LocalVault
from tests.places import memory_folder

Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(catalogue: Path) -> Rows:
    """Every row of every table."""
    with sqlite3.connect(catalogue) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        rows = {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in names
        }
    connection.close()
    return rows


records = st.builds(
    Record,
    pages=st.none() | st.integers(0, 5000),
    confidence=st.none() | st.floats(0, 100),
    findings=st.lists(st.sampled_from(["signed", "jbig2", "converted"]), unique=True).map(tuple),
    record_class=st.none() | st.just("unclassified"),
    reference=st.none() | st.text(max_size=9),
    subject=st.none() | st.text(max_size=9),
    letter_date=st.none() | st.just("2026-12-31"),
    notes=st.lists(
        st.builds(Note, st.just("t"), st.just("uid:1"), st.just("x"), st.text(max_size=9)),
        max_size=1,
    ).map(tuple),
)
drops = st.none() | st.builds(
    DropKey,
    folder=st.just("/inbox/incoming"),
    name=st.sampled_from([b"a.pdf", b"M\xfcller.pdf"]),
    device=st.just(1),
    inode=st.integers(1, 2),
    size=st.just(10),
    mtime_ns=st.just(0),
)


class Life(RuleBasedStateMachine):
    """Random events on an archive in memory, with a model of each document's state beside it."""

    documents = Bundle("documents")
    empty_catalogue: Path

    def __init__(self) -> None:
        super().__init__()
        self._place = memory_folder()
        self.folder = self._place.__enter__()
        self.vault = LocalVault.create(self.folder / "vault", self.folder / "stage")
        self.holdings = Holdings(self.vault)
        self.ledger = Ledger(self.folder / "ledger")
        self.ledger.open()
        self.catalogue = self.folder / "catalogue.db"
        shutil.copyfile(self.empty_catalogue, self.catalogue)
        self.register = Register(self.catalogue, self.ledger, self.holdings)
        self.states: dict[Id, DocumentState] = {}
        self.clock = 0
        self.chance = random.Random(0)

    def teardown(self) -> None:
        """Once, in the end: what differed at some step differs then too, or nobody would mind."""
        try:
            self.catalogue_equals_one_made_from_scratch()
        finally:
            self.register.close()
            self._place.__exit__(None, None, None)

    def now(self) -> str:
        """A time that goes on, over the end of a month too."""
        self.clock += 1
        return f"2026-{1 + self.clock // 20:02}-{1 + self.clock % 20:02}T08:00:00.000Z"

    def event(self, kind: str, document: Id, record: Record | None = None) -> Event:
        data: dict[str, Any] = {}
        at = self.now()
        if record is not None and self.states.get(document) is not DocumentState.DESTROYED:
            files: dict[str, Path | bytes | None] = {objects.RECORD: objects.encode(record)}
            data["version"] = self.vault.add_version(document, files, at, kind, "daemon")
        if kind == "replaced":
            data |= {"pipeline": "incoming", "media_type": "application/pdf"}
            receipt = self.receipt(None, b"better")
            scan: dict[str, Path | bytes | None] = {
                objects.receipt_name(receipt.id): objects.encode(receipt)
            }
            if self.states[document] is not DocumentState.DESTROYED:
                self.vault.add_version(document, scan, receipt.received_at, kind, "daemon")
            data["accession"] = receipt.id
            return Event(kind, receipt.received_at, receipt.actor, document, data)
        if kind in ("reviewed", "quarantined"):
            data |= {"reason": "low_confidence", "params": {"page": 3}}
        return Event(kind, at, "daemon", document, data)

    def receipt(self, drop: DropKey | None, content: bytes) -> Receipt:
        at = self.now()
        identifier = self.new_id()
        digest = hashlib.sha512(content).hexdigest()
        name = drop.name if drop else b"added.pdf"
        shown = name.decode("utf-8", "replace")
        size, kind, actor = len(content), "application/pdf", "uid:7"
        salt = b"s" * 16
        return Receipt(
            identifier, "incoming", shown, name, size, kind, digest, salt, actor, at, drop
        )

    def new_id(self) -> Id:
        return str(ULID.from_bytes(self.clock.to_bytes(6, "big") + self.chance.randbytes(10)))

    def record(self, *events: Event, allowed: bool) -> None:
        """Record, and see that what is refused leaves no trace."""
        lines = self.lines()
        if allowed:
            self.register.record(*events)
            assert len(self.lines()) == len(lines) + len(events)
            return
        rows = rows_of(self.catalogue)
        with pytest.raises(Refusal, match="wrong_state"):
            self.register.record(*events)
        assert self.lines() == lines
        assert rows_of(self.catalogue) == rows

    def lines(self) -> list[bytes]:
        return [
            line
            for file in sorted((self.folder / "ledger").iterdir())
            for line in file.read_bytes().splitlines()
        ]

    @rule(target=documents, drop=drops, content=st.binary(max_size=4))
    def receive(self, drop: DropKey | None, content: bytes) -> Id:
        receipt = self.receipt(drop, content)
        files: dict[str, Path | bytes] = {
            objects.original_name(receipt.media_type): content,
            objects.receipt_name(receipt.id): objects.encode(receipt),
        }
        at = receipt.received_at
        self.vault.stage_object(receipt.id, files, at, "received", "daemon")
        self.vault.publish(receipt.id)
        data = {"pipeline": "incoming", "media_type": receipt.media_type, "size": receipt.size}
        self.record(Event("received", at, receipt.actor, receipt.id, data), allowed=True)
        self.states[receipt.id] = DocumentState.ACCEPTED
        return receipt.id

    @rule(document=documents, drop=drops)
    def receive_again(self, document: Id, drop: DropKey | None) -> None:
        if self.states[document] is DocumentState.DESTROYED:
            return
        receipt = self.receipt(drop, b"again")
        files: dict[str, Path | bytes | None] = {
            objects.receipt_name(receipt.id): objects.encode(receipt)
        }
        self.vault.add_version(document, files, receipt.received_at, "duplicate", "daemon")
        data = {"of": document, "pipeline": "incoming"}
        event = Event("duplicate", receipt.received_at, receipt.actor, receipt.id, data)
        self.record(event, allowed=True)
        assert self.register.document(receipt.id) == self.register.document(document)

    @rule(document=documents, kind=st.sampled_from(sorted(MOVES)), record=st.none() | records)
    def move(self, document: Id, kind: str, record: Record | None) -> None:
        allowed = MOVES[kind] in DOCUMENT_TRANSITIONS[self.states[document]]
        self.record(self.event(kind, document, record), allowed=allowed)
        if allowed:
            self.states[document] = MOVES[kind]
            if kind == "destroyed":
                self.vault.destroy(document)

    @rule(document=documents, record=records, ending=st.sampled_from(["filed", "reviewed"]))
    def walk(self, document: Id, record: Record, ending: str) -> None:
        """All steps of a paper's way at once: all of them or none."""
        kinds = ("separated", "recognised", "classified", ending)
        events = [self.event(kind, document, record) for kind in kinds]
        allowed = self.states[document] is DocumentState.ACCEPTED
        self.record(*events, allowed=allowed)
        if allowed:
            self.states[document] = MOVES[ending]

    @rule(document=documents)
    def walk_that_stumbles(self, document: Id) -> None:
        """One step that is not allowed takes the allowed ones before it with it."""
        kinds = ("recognised", "classified", "classified")
        self.record(*(self.event(kind, document) for kind in kinds), allowed=False)

    @rule(document=documents, kind=st.sampled_from(sorted(MOVES)))
    def crash_before_commit(self, document: Id, kind: str) -> None:
        """The ledger has the line, the catalogue has not: the next start catches up."""
        if MOVES[kind] not in DOCUMENT_TRANSITIONS[self.states[document]]:
            return
        self.ledger.append([self.event(kind, document)])
        self.states[document] = MOVES[kind]
        self.register.close()
        self.register = Register(self.catalogue, self.ledger, self.holdings)
        assert self.register.catch_up() == 1
        assert self.register.catch_up() == 0

    @invariant()
    def catalogue_knows_the_states(self) -> None:
        known = {id_: self.register.document(id_)["state"] for id_ in self.states}  # type: ignore[index]
        assert known == self.states
        unfinished = {"accepted", "recognised", "classified"}
        jobs = {row["id"] for row in self.register.jobs()}
        assert jobs == {id_ for id_, state in self.states.items() if state in unfinished}

    def catalogue_equals_one_made_from_scratch(self) -> None:
        fresh = self.folder / "fresh.db"
        shutil.copyfile(self.empty_catalogue, fresh)
        again = Register(fresh, Ledger(self.folder / "ledger"), self.holdings)
        assert again.catch_up() == len(self.lines())
        assert again.head() == self.ledger.head() == self.register.head()
        again.close()
        assert rows_of(fresh) == rows_of(self.catalogue)
        assert self.ledger.verify(self.register.head()) == []


@pytest.fixture(scope="module")
def empty_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue without rows; making tables is slow, and copies are not."""
    folder = tmp_path_factory.mktemp("empty")
    vault = LocalVault.create(folder / "vault", folder / "stage")
    Register(folder / "catalogue.db", Ledger(folder / "ledger"), Holdings(vault)).close()
    return folder / "catalogue.db"


@pytest.mark.hypothesis  # so that the campaign of properties takes it along
def test_the_catalogue_is_what_the_ledger_makes(empty_catalogue: Path) -> None:
    Life.empty_catalogue = empty_catalogue
    run_state_machine_as_test(
        Life, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )


def test_a_drop_of_a_destroyed_document_leaves_nothing_that_the_ledger_does_not_make(
    empty_catalogue: Path,
) -> None:
    """The same file of the drop folder, accepted twice; then the receipt of one of them goes."""
    Life.empty_catalogue = empty_catalogue
    life = Life()
    key = DropKey("/inbox/incoming", b"a.pdf", device=1, inode=1, size=10, mtime_ns=0)
    life.receive(key, b"")
    second = life.receive(key, b"")
    life.walk(second, Record(), "filed")
    life.move(second, "destroyed", None)
    life.teardown()

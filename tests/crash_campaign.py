"""The crash campaign: every operation of an archive killed at every call that changes something.

    python -m tests.crash_campaign [--every K]

prints points and violations by operation, then which mutations of the code were found. Two judges:
the operation's own promises after the next start, and the order in which a trace of the undisturbed
operation reached the disk, which finds what only a power cut would show.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver.backup.pool import Pool
from archiver.inbox import claim
from archiver.pipeline import erasure
from archiver.retention.exchange import delivery
from archiver.store import durable, ledger
from archiver.store.register import Register
from archiver.store.vault import LocalVault
from tests.crash_operations import DROP, OPERATIONS, Operation
from tests.crashing import Begin, Call, Disk, below, in_child, parse, traced
from tests.places import memory_folder


class Campaign:
    """One operation, its template, and the calls that it makes.

    Args:
        operation: to be killed.
        folder: in memory, for this alone.
        mutate: changes the code before the operation, in its process alone.
    """

    def __init__(
        self, operation: Operation, folder: Path, mutate: Callable[[], None] = lambda: None
    ) -> None:
        self._operation = operation
        self._place = folder / "now"
        self._kept = folder / "kept"
        self._log = folder / "log"
        self._mutate = mutate
        self._place.mkdir()
        in_child(lambda: operation.furnish(self._place))
        shutil.copytree(self._place, self._kept, symlinks=True)
        there = [str(path) for path in self._place.rglob("*")]
        code, told = traced(self._act, self._log)
        assert code == 0, told
        self.calls = parse(self._log, self._place)
        assert len(self.calls) > 20, "the operation has to be seen in full"
        self.problems = order_problems(self.calls, self._place, there)

    def checked(self) -> None:
        """What must hold where nothing was killed."""
        in_child(lambda: self._operation.check(self._place))

    def killed(self, call: Call) -> str:
        """Kill it at a call and start again; what does not hold then, empty where all does.

        Threads that come at another order make another call of the same kind the last one.
        """
        shutil.rmtree(self._place)
        shutil.copytree(self._kept, self._place, symlinks=True)
        where = f"inject={call.name}:signal=SIGKILL:when={call.ordinal}"
        code, told = traced(self._act, self._log, "-e", where)
        assert code in (0, -9), told
        try:
            self.checked()
        except AssertionError as error:
            return f"{self._operation.name}, killed at {call.name} {call.text[:300]}: {error}"
        return ""

    def _act(self, begin: Begin) -> None:
        self._mutate()
        self._operation.act(self._place, begin)


@contextmanager
def campaign(name: str, mutate: Callable[[], None] = lambda: None) -> Iterator[Campaign]:
    """The campaign of an operation by its name, in a folder of its own."""
    (operation,) = (one for one in OPERATIONS if one.name == name)
    with memory_folder() as folder:
        yield Campaign(operation, folder, mutate)


def spread(calls: Sequence[Call], count: int) -> list[Call]:
    """So many of the calls, from the first to the last."""
    if len(calls) <= count:
        return list(calls)
    return [calls[round(n * (len(calls) - 1) / (count - 1))] for n in range(count)]


# --- the order on disk ---------------------------------------------------------------------------


def order_problems(calls: Sequence[Call], place: Path, there: Sequence[str]) -> list[str]:
    """What was done before that on which it rests had reached the disk."""
    town, backup = f"{place}/town", f"{place}/backup"
    vault, lines = f"{town}/vault", f"{town}/ledger"
    exports = f"{town}/exports"
    published = (
        *(vault, exports, f"{town}/learned"),
        *(f"{backup}/content", f"{backup}/sets"),
    )
    disk = Disk(there)
    problems: list[str] = []

    def needs(call: Call, dirty: set[str]) -> None:
        problems.extend(f"{path} not on disk before {call.name} {call.text}" for path in dirty)

    for call in calls:
        if call.result.startswith("-"):
            continue
        if call.name.startswith("rename") and _is_below(call.paths[1], published):
            needs(call, disk.below(call.paths[0]))
        if call.name.startswith("rename") and below(call.paths[1], f"{backup}/sets"):
            needs(call, disk.below(f"{backup}/content"))
        if "write" in call.name and below(call.file, lines):
            needs(call, disk.below(vault, exports))
        if _takes(call, f"{town}/inbox/incoming/{DROP}"):
            needs(call, disk.below(vault, lines, f"{town}/catalogue.db-wal"))
        if call.name.startswith(("rename", "unlink")) and below(call.paths[0], vault):
            needs(call, disk.below(lines))
        disk.follow(call)
    left = {path for path in disk.below(lines, *published) if not path.endswith("lock")}
    return [*problems, *(f"{path} not on disk in the end" for path in left)]


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return any(below(path, folder) for folder in folders)


def _takes(call: Call, drop: str) -> bool:
    return call.name.startswith(("rename", "unlink")) and call.paths[0] == drop


# --- mutations -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutation:
    """A change of the code that the campaign has to find in an operation."""

    name: str
    operation: str
    make: Callable[[], None]


class _Unsynced:
    """A module ``os`` in which fsync is a lie."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, _descriptor: object) -> None:
        pass


def _nothing(*_arguments: object) -> None:
    pass


def _set(owner: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(owner, name, value)


def _take_first() -> None:
    """The drop goes before its object is in the vault."""
    stage = LocalVault.stage_object

    def early(self: LocalVault, *values: Any, **named: Any) -> None:
        (self.root.parent / "inbox" / "incoming" / DROP).unlink()
        stage(self, *values, **named)

    LocalVault.stage_object = early  # type: ignore[method-assign]


def _copy_unsynced() -> None:
    """Received bytes are synced neither when they are copied nor when they get their place."""
    claim.os = _Unsynced()  # type: ignore[assignment]
    durable.sync_file = _nothing


def _destroy_first() -> None:
    """Objects go before the ledger says that they are destroyed."""
    say = erasure._say_destroyed

    def late(parts: Any, plan: Any, now: Any) -> None:
        for document in filter(parts.vault.exists, plan.documents):
            parts.vault.destroy(document)
        say(parts, plan, now)

    erasure._say_destroyed = late


def _say_first() -> None:
    """The ledger has its lines before the objects are there of which they tell."""
    publish, record = LocalVault.publish, Register.record
    waiting: list[tuple[LocalVault, str]] = []

    def later(self: LocalVault, id: str) -> None:
        waiting.append((self, id))

    def first(self: Register, *events: Any) -> None:
        record(self, *events)
        while waiting:
            publish(*waiting.pop())

    LocalVault.publish = later  # type: ignore[method-assign]
    Register.record = first  # type: ignore[method-assign]


MUTATIONS = (
    Mutation("ledger line before its objects", "door", _say_first),
    Mutation("received bytes without fsync", "intake", _copy_unsynced),
    Mutation("folders without fsync", "intake", _set(durable, "sync_folder", _nothing)),
    Mutation("drop taken before it is accepted", "intake", _take_first),
    Mutation("ledger line without fsync", "correction", _set(ledger, "os", _Unsynced())),
    Mutation("files of a version without fsync", "correction", _set(durable, "os", _Unsynced())),
    Mutation("model without fsync", "model swap", _set(durable, "os", _Unsynced())),
    Mutation("package without fsync", "export", _set(delivery, "sync_folder", _nothing)),
    Mutation("object destroyed before the line", "destruction", _destroy_first),
    Mutation("set announced before its bytes", "back-up", _set(Pool, "settle", _nothing)),
)


def finding(mutation: Mutation, points: int | None = None) -> str:
    """By what a mutation was found first, empty where it was not.

    Args:
        mutation: of the code.
        points: at which to kill at most; None: at all.
    """
    with campaign(mutation.operation, mutation.make) as one:
        if one.problems:
            return one.problems[0]
        chosen = one.calls if points is None else spread(one.calls, points)
        return next(filter(None, map(one.killed, chosen)), "")


def main() -> int:
    """Run all of it; 1 where something was violated or a mutation was not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each so-manieth call")
    parser.add_argument("--only", help="name of one operation")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    wrong = 0
    print(f"{'operation':22} {'calls':>6} {'killed':>6} {'violations':>10}", flush=True)
    for operation in OPERATIONS:
        if asked.only not in (None, operation.name):
            continue
        with campaign(operation.name) as one:
            chosen = one.calls[:: asked.every]
            violations = [*one.problems, *filter(None, map(one.killed, chosen))]
        counts = f"{len(one.calls):6} {len(chosen):6} {len(violations):10}"
        print(f"{operation.name:22} {counts}", *violations[:3], sep="\n  ", flush=True)
        wrong += len(violations)
    for mutation in MUTATIONS if asked.only is None else ():
        found = finding(mutation)
        print(f"{mutation.name} ({mutation.operation}): {found[:160] or 'NOT FOUND'}", flush=True)
        wrong += not found
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

"""An object loses its past: whatever call is the last one, the old or the new object is whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from archiver.errors import IntegrityFault, NotFound, SystemFault
from archiver.store.vault import LocalVault
from tests.ocfl_judge import judge
from tests.places import memory_folder

AT = "2026-03-01T08:00:00.000Z"
A, B = "01J0000000000000000000000A", "01J0000000000000000000000B"
CHANGING = ("rename", "mkdir", "unlink", "rmdir", "fsync", "write", "open")
PAST, NOW = b"what it once was" * 99, b"what it is"


class Death(BaseException):
    """The process is no more: nothing that it does from here on reaches the disk."""


class Disk:
    """Counts the calls that change something, and from one of them on lets nothing through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.last: int | None = None
        self.dead = True
        for name in CHANGING:
            monkeypatch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name, real):
        def call(*arguments, **options):
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **options)
            self.calls += 1
            if self.last is not None and self.calls == self.last:
                if not self.dead:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                raise Death
            if self.last is not None and self.dead and self.calls > self.last:
                raise Death
            return real(*arguments, **options)

        return call


def furnished(base: Path) -> LocalVault:
    base.mkdir()
    vault = LocalVault.create(base / "vault", base / "stage")
    for id in (A, B):
        vault.stage_object(id, {"original.pdf": b"scan of " + id.encode()}, AT, "received", "u")
        vault.publish(id)
        vault.settled(id)
    for words in (PAST, NOW):
        vault.add_version(A, {"words.json": words, "a/b.json": words[:4]}, AT, "filed", "u")
        vault.settled(A)
    return vault


def content(vault: LocalVault) -> dict[str, bytes]:
    return {name: vault.path(A, name).read_bytes() for name in vault.inventory(A).state()}


def stored(vault: LocalVault) -> bytes:
    return b"".join(p.read_bytes() for p in vault.root.rglob("*") if p.is_file())


@pytest.fixture
def memory():
    with memory_folder() as folder:
        yield folder


def check(
    vault: LocalVault, expected: dict[str, bytes], what: str, *, settled: bool = False
) -> None:
    """The next start, and after it the step made again."""
    stage = vault._stage.folder
    found = vault.recover(lambda _id: True)
    assert judge(vault.root) == [] and found.damaged == [], what
    assert vault.verify(A) == vault.verify(B) == [], what
    assert content(vault) == expected, what
    latest = vault.inventory(A).latest
    assert latest in (1, 3), what
    assert found.renewed == ([A] if latest == 1 and not settled else []), what
    assert not list(stage.glob("*.old")) and not (stage / A).exists(), what
    vault.renew(A, AT, "purged", "u")
    vault.settled(A)
    assert vault.inventory(A).latest == 1 and content(vault) == expected, what
    assert PAST not in stored(vault), what
    assert judge(vault.root) == [] and list(stage.iterdir()) == [], what


def count(monkeypatch, folder: Path) -> int:
    vault = furnished(folder / "count")
    with monkeypatch.context() as patch:
        disk = Disk(patch)
        vault.renew(A, AT, "purged", "u")
        vault.settled(A)
        return disk.calls


def test_the_newest_files_become_the_only_version(memory) -> None:
    vault = furnished(memory / "v")
    expected = content(vault)
    vault.renew(A, AT, "purged", "uid:7")
    assert vault.inventory(A).stamps() == [(AT, "purged", "uid:7")]
    check(vault, expected, "once")
    assert vault.add_version(A, {"words.json": b"more"}, AT, "filed", "u") == 2
    assert vault.verify(A) == []


def test_dead_at_any_call(memory, monkeypatch) -> None:
    calls = count(monkeypatch, memory)
    assert calls > 30
    for last in range(1, calls + 1):
        vault = furnished(memory / str(last))
        expected = content(vault)
        with monkeypatch.context() as patch:
            Disk(patch).last = last
            with pytest.raises(Death):
                vault.renew(A, AT, "purged", "u")
                vault.settled(A)
        check(LocalVault(vault.root, vault._stage.folder), expected, f"dead at {last}")


def test_dead_in_recovery_too(memory, monkeypatch) -> None:
    calls = count(monkeypatch, memory)
    for last in range(1, calls + 1, 2):
        for again in range(1, 200):
            vault = furnished(memory / f"{last}-{again}")
            expected = content(vault)
            with monkeypatch.context() as patch:
                Disk(patch).last = last
                with pytest.raises(Death):
                    vault.renew(A, AT, "purged", "u")
                    vault.settled(A)
            second = LocalVault(vault.root, vault._stage.folder)
            with monkeypatch.context() as patch:
                Disk(patch).last = again
                try:
                    second.recover(lambda _id: True)
                except Death:
                    died = True
                else:
                    died = False
            third = LocalVault(vault.root, vault._stage.folder)
            check(third, expected, f"dead at {last}, then at {again}")
            if not died:
                break


def test_an_error_at_any_call_is_told_and_the_step_can_be_made_again(memory, monkeypatch) -> None:
    told = 0
    for last in range(1, count(monkeypatch, memory) + 1):
        vault = furnished(memory / str(last))
        expected = content(vault)
        with monkeypatch.context() as patch:
            disk = Disk(patch)
            disk.last, disk.dead = last, False
            settled = True
            try:
                vault.renew(A, AT, "purged", "u")
                vault.settled(A)
            except SystemFault as fault:
                assert fault.reason == "storage_failed"
                told += 1
                settled = False
        assert content(vault) == expected and vault.verify(A) == [], last
        assert judge(vault.root) == [], last
        vault.renew(A, AT, "purged", "u")
        assert vault.inventory(A).latest == 1, last
        check(vault, expected, f"error at {last}", settled=settled)
    assert told > 20


def test_rotten_bytes_are_not_made_new(memory) -> None:
    vault = furnished(memory / "v")
    vault.path(A, "words.json").write_bytes(b"what it iz")
    with pytest.raises(SystemFault, match="source_changed"):
        vault.renew(A, AT, "purged", "u")
    assert vault.inventory(A).latest == 3
    assert [problem.code for problem in vault.verify(A)] == ["changed_file"]
    (vault._tree.home(A) / "inventory.json").write_bytes(b"{}")
    with pytest.raises(IntegrityFault, match="object_damaged"):
        vault.renew(A, AT, "purged", "u")
    with pytest.raises(NotFound):
        vault.renew("01J0000000000000000000000Z", AT, "purged", "u")

"""The vault against an independent judge, a model, hostile names, damage and two threads."""

import errno
import hashlib
import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from archiver.errors import ExitCode, IntegrityFault, NotFound, SystemFault
from archiver.store import durable, ocfl
from archiver.store.vault import LocalVault
from tests.ocfl_judge import judge
from tests.places import memory_folder

AT = "2026-03-01T08:00:00.000Z"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def make_id(number: int) -> str:
    return "01J" + "".join(LETTERS[(number >> 5 * i) & 31] for i in range(22, -1, -1))


A, B = make_id(1), make_id(2)


@pytest.fixture
def vault(tmp_path):
    return LocalVault.create(tmp_path / "vault", tmp_path / "stage")


def put(vault, id, files):
    vault.stage_object(id, files, AT, "received", "daemon")
    vault.publish(id)
    vault.settled(id)


def read(vault, id, name, version=None):
    with vault.open(id, name, version) as file:
        return file.read()


def leftovers(vault_stage: Path) -> list[str]:
    return sorted(path.name for path in vault_stage.iterdir())


def test_life_of_an_object_is_valid_for_the_judge_at_every_step(vault, tmp_path):
    assert judge(vault.root) == []
    put(vault, A, {"original.pdf": b"scan", f"receipts/{A}.json": b"{}"})
    assert judge(vault.root) == []
    assert vault.add_version(A, {"words.json": b"[]", "document.pdf": b"pdf/a"}, AT, "x", "d") == 2
    assert vault.add_version(A, {"words.json": None, "record.json": b"{}"}, AT, "x", "d") == 3
    vault.settled(A)
    assert judge(vault.root) == []
    assert read(vault, A, "words.json", 2) == b"[]"
    with pytest.raises(FileNotFoundError):
        vault.open(A, "words.json")
    put(vault, B, {"original.pdf": b"another"})
    vault.destroy(A)
    assert judge(vault.root) == [] and list(vault.ids()) == [B]
    vault.destroy(B)
    assert judge(vault.root) == []
    assert leftovers(vault.root) == ["0=ocfl_1.1", "extensions", "ocfl_layout.json"]
    assert leftovers(tmp_path / "stage") == []


def test_a_staged_file_is_moved_and_another_one_copied(vault, tmp_path):
    staged, other = tmp_path / "stage" / f"{A}.part", tmp_path / "rendition.pdf"
    staged.write_bytes(b"received")
    other.write_bytes(b"kept")
    inode = staged.stat().st_ino
    put(vault, A, {"original.pdf": staged, "document.pdf": other})
    assert not staged.exists() and other.read_bytes() == b"kept"
    assert vault.path(A, "original.pdf").stat().st_ino == inode
    assert vault.path(A, "document.pdf").stat().st_ino != other.stat().st_ino


def test_bytes_that_are_stored_already_are_not_stored_again(vault, tmp_path):
    put(vault, A, {"original.pdf": b"same"})
    again = tmp_path / "stage" / f"{A}.rendition"
    again.write_bytes(b"same")
    assert vault.add_version(A, {"document.pdf": again}, AT, "x", "d") == 2
    assert vault.inventory(A).content() == {
        "v1/content/original.pdf": hashlib.sha512(b"same").hexdigest()
    }
    assert not again.exists() and read(vault, A, "document.pdf") == b"same"


def test_the_same_version_again_adds_nothing(vault):
    put(vault, A, {"original.pdf": b"1"})
    for _ in range(2):
        assert vault.add_version(A, {"words.json": b"[]"}, AT, "x", "d") == 2
    assert vault.inventory(A).head == "v2"


def test_the_storage_root_is_never_made_in_silence(tmp_path):
    (tmp_path / "vault").mkdir()
    (tmp_path / "stage").mkdir()
    with pytest.raises(SystemFault, match="vault_missing") as caught:
        LocalVault(tmp_path / "vault", tmp_path / "stage")
    assert caught.value.exit_code == ExitCode.INTEGRITY
    (tmp_path / "vault" / "photos").mkdir()
    with pytest.raises(IntegrityFault, match="vault_layout"):
        LocalVault.create(tmp_path / "vault", tmp_path / "stage")
    assert leftovers(tmp_path / "vault") == ["photos"]


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_root_whose_making_broke_off_is_finished(tmp_path, left):
    """The root's files are written in a fixed order, the declaration last."""
    (tmp_path / "vault").mkdir()
    for name, content in list(ocfl.ROOT_FILES.items())[:left]:
        (tmp_path / "vault" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vault" / name).write_bytes(content)
    vault = LocalVault.create(tmp_path / "vault", tmp_path / "stage")
    assert vault.verify_root() == [] and judge(vault.root) == []


def test_a_root_of_another_layout_is_not_written_to(vault):
    (vault.root / "ocfl_layout.json").write_text('{"extension": "0002", "description": ""}')
    with pytest.raises(IntegrityFault, match="vault_layout"):
        LocalVault(vault.root, vault.root.parent / "stage")


def test_an_object_is_never_overwritten(vault):
    put(vault, A, {"original.pdf": b"first"})
    with pytest.raises(IntegrityFault, match="object_exists"):
        vault.stage_object(A, {"original.pdf": b"second"}, AT, "received", "d")
    assert read(vault, A, "original.pdf") == b"first"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/etc/passwd", "a/../../b", "a//b", "a/", ".x", "ä.pdf", "a\n", "a b"]
)
def test_a_bad_name_is_refused_before_anything_is_touched(vault, tmp_path, name):
    staged = tmp_path / "stage" / f"{A}.part"
    staged.write_bytes(b"received")
    with pytest.raises(ValueError, match="logical name"):
        vault.stage_object(A, {name: staged}, AT, "received", "d")
    assert staged.read_bytes() == b"received"


def test_a_name_cannot_be_file_and_folder(vault):
    with pytest.raises(ValueError, match="folder of this name"):
        vault.stage_object(A, {"receipts": b"", "receipts/x.json": b""}, AT, "x", "d")


@pytest.mark.parametrize("id", ["", "../x", A.lower(), A + "A", "I" * 26, A + "\n"])
def test_what_is_no_id_is_no_path(vault, id):
    assert not vault.exists(id)
    with pytest.raises(NotFound):
        vault.path(id, "original.pdf")
    with pytest.raises(ValueError, match="not an id"):
        vault.stage_object(id, {"original.pdf": b""}, AT, "x", "d")


def test_two_threads_write_different_objects_at_once(vault):
    errors = []

    def work(number):
        try:
            id = make_id(100 + number)
            put(vault, id, {"original.pdf": b"%d" % number})
            for version in range(2, 6):
                assert vault.add_version(id, {"words.json": b"%d" % version}, AT, "x", "d")
            vault.settled(id)
            if number % 2:
                vault.destroy(id)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert sorted(vault.ids()) == [make_id(100 + n) for n in range(0, 8, 2)]
    assert judge(vault.root) == []


def test_versions_of_one_object_follow_each_other(vault):
    put(vault, A, {"original.pdf": b"1"})
    numbers = []

    def work(name):
        numbers.append(vault.add_version(A, {name: name.encode()}, AT, "x", "d"))

    threads = [threading.Thread(target=work, args=(f"n{n}.json",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(numbers) == [2, 3, 4, 5, 6, 7]
    assert len(vault.inventory(A).state()) == 7 and judge(vault.root) == []


# --- damage ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    base = tmp_path_factory.mktemp("sound")
    vault = LocalVault.create(base / "vault", base / "stage")
    put(vault, A, {"original.pdf": b"scan" * 100, f"receipts/{A}.json": b"{}"})
    vault.add_version(A, {"words.json": b"[1]"}, AT, "x", "d")
    vault.settled(A)
    return vault


def object_files(vault):
    home = vault.root / ocfl.object_place(A)
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_byte_is_found(sound, data):
    name = data.draw(st.sampled_from(object_files(sound)))
    path = sound.root / ocfl.object_place(A) / name
    before = path.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    mask = data.draw(st.integers(1, 255))
    path.write_bytes(before[:place] + bytes([before[place] ^ mask]) + before[place + 1 :])
    try:
        found = sound.verify(A)
    finally:
        path.write_bytes(before)
    assert found, f"{name} at {place}"
    assert sound.verify(A) == []


def test_every_missing_and_every_extra_file_is_named(sound, tmp_path):
    for name in object_files(sound):
        path = sound.root / ocfl.object_place(A) / name
        before = path.read_bytes()
        path.unlink()
        assert name in {problem.path for problem in sound.verify(A)}
        path.write_bytes(before)
        extra = path.with_name("extra")
        extra.symlink_to("/etc/passwd")
        assert [p.code for p in sound.verify(A)] == ["extra_file"]
        extra.unlink()
        extra.mkdir()
        assert [p.code for p in sound.verify(A)] == ["extra_folder"]
        extra.rmdir()
    assert [p.code for p in sound.verify(B)] == ["no_object"]


@pytest.mark.parametrize("working", range(6))
def test_a_version_that_could_neither_be_written_nor_taken_back_blames_nobody(
    vault, monkeypatch, working
):
    """A disk that is full in the middle, and stays so while the version is taken back."""
    put(vault, A, {"original.pdf": b"scan", "record.json": b"{}"})
    real, calls = durable.replace, []

    def full(target, content, stage):
        calls.append(target.name)
        if len(calls) > working:
            raise OSError(errno.ENOSPC, "full")
        real(target, content, stage)

    with monkeypatch.context() as patch:
        patch.setattr(durable, "replace", full)
        with suppress(SystemFault):
            vault.add_version(A, {"record.json": b"{1}"}, AT, "filed", "daemon")
        # What can be read is one version or the other.
        assert read(vault, A, "record.json") in (b"{}", b"{1}")
    vault.add_version(A, {"record.json": b"{2}"}, AT, "filed", "daemon")
    assert read(vault, A, "record.json") == b"{2}"
    assert vault.verify(A) == [] and judge(vault.root) == []


def test_an_object_in_the_place_of_another_is_found(vault):
    put(vault, A, {"original.pdf": b"1"})
    put(vault, B, {"original.pdf": b"2"})
    home = vault.root / ocfl.object_place(A)
    shutil.rmtree(home)
    shutil.copytree(vault.root / ocfl.object_place(B), home)
    assert [p.code for p in vault.verify(A)] == ["wrong_id"]


@pytest.mark.parametrize("name", ["inventory.json", "v1/content/original.pdf"])
def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(vault, name):
    put(vault, A, {"original.pdf": b"1"})
    place = vault.home(A) / name
    place.unlink()
    os.mkfifo(place)
    assert [p.code for p in vault.verify(A)] == ["missing_file"]
    with pytest.raises(IntegrityFault, match="object_damaged"):
        vault.open(A, "original.pdf")


def test_bytes_that_are_stored_again_put_damaged_ones_back(vault):
    put(vault, A, {"original.pdf": b"1", "words.json": b"2"})
    vault.path(A, "words.json").write_bytes(b"x")
    assert vault.add_version(A, {"words.json": b"2"}, AT, "filed", "daemon") == 1
    assert read(vault, A, "words.json") == b"2" and vault.verify(A) == []


def test_recovery_never_throws_away_a_version_that_was_finished_and_rotted(vault):
    put(vault, A, {"original.pdf": b"1"})
    vault.add_version(A, {"words.json": b"[]"}, AT, "x", "d")  # not settled: the marker stands
    rotten = vault.path(A, "words.json")
    rotten.write_bytes(b"][")
    found = vault.recover(lambda id: True)
    assert found.repaired == [] and found.unsettled == [A]
    assert rotten.read_bytes() == b"]["
    assert [p.code for p in vault.verify(A)] == ["changed_file"]


# --- model -----------------------------------------------------------------------------------

NAMES = st.sampled_from(["original.pdf", "document.pdf", "words.json", "receipts/x.json"])
CONTENT = st.binary(max_size=3)


class VaultAgainstModel(RuleBasedStateMachine):
    """Every step of the vault is made on a list of dictionaries too; both must say the same."""

    objects = Bundle("objects")

    @initialize()
    def begin(self):
        self.place = memory_folder()
        self.base = self.place.__enter__()
        self.vault = LocalVault.create(self.base / "vault", self.base / "stage")
        self.model: dict[str, list[dict[str, bytes]]] = {}
        self.known: set[str] = set()
        self.count = 0

    def teardown(self):
        assert judge(self.vault.root) == []
        self.place.__exit__(None, None, None)

    def new_id(self):
        self.count += 1
        return make_id(self.count)

    @rule(target=objects, files=st.dictionaries(NAMES, CONTENT, min_size=1))
    def accept(self, files):
        id = self.new_id()
        put(self.vault, id, files)
        self.model[id] = [files]
        self.known.add(id)
        return id

    @rule(target=objects, files=st.dictionaries(NAMES, CONTENT, min_size=1))
    def publish_and_crash(self, files):
        """The ledger never hears of it: recovery hands it over."""
        id = self.new_id()
        self.vault.stage_object(id, files, AT, "received", "d")
        self.vault.publish(id)
        self.reopen(adopt=[id])
        self.model[id] = [files]
        self.known.add(id)
        self.vault.settled(id)
        return id

    @rule(files=st.dictionaries(NAMES, CONTENT, min_size=1))
    def stage_and_crash(self, files):
        self.vault.stage_object(self.new_id(), files, AT, "received", "d")
        self.reopen()

    @rule(id=objects, changes=st.dictionaries(NAMES, st.none() | CONTENT, min_size=1))
    def add_version(self, id, changes):
        before = self.model[id][-1]
        after = {n: c for n, c in {**before, **changes}.items() if c is not None}
        if after != before:
            self.model[id].append(after)
        assert self.vault.add_version(id, changes, AT, "x", "d") == len(self.model[id])
        self.vault.settled(id)

    @rule(id=consumes(objects))
    def destroy(self, id):
        self.vault.destroy(id)
        del self.model[id]
        with pytest.raises(NotFound):
            self.vault.destroy(id)

    def reopen(self, adopt=()):
        self.vault = LocalVault(self.base / "vault", self.base / "stage")
        found = self.vault.recover(self.known.__contains__)
        assert found.adopt == list(adopt) and not found.repaired and not found.damaged

    @invariant()
    def both_say_the_same(self):
        if not hasattr(self, "vault"):
            return
        assert sorted(self.vault.ids()) == sorted(self.model)
        for id, versions in self.model.items():
            inventory = self.vault.inventory(id)
            assert inventory.latest == len(versions) and self.vault.verify(id) == []
            for number, files in enumerate(versions, 1):
                assert {
                    n: read(self.vault, id, n, number) for n in inventory.state(number)
                } == files


VaultAgainstModel.TestCase.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None
)
TestVaultAgainstModel = VaultAgainstModel.TestCase

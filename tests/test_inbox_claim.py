"""Claiming and releasing drops: real files, real writers, every state that a crash can leave."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import DocumentFault, SystemFault
from archiver.inbox import claim, dropfolder, kept, release
from archiver.inbox.claim import DropChanged, copy, open_drop, pour
from archiver.inbox.leases import writers
from archiver.inbox.release import Arrival, Recovered, Taken, recover, take
from archiver.inbox.sightings import Sighting, look

ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"  # 2016-07-30T23:54:10.259Z
OTHER = "01BX5ZZKBKACTAV9WEVGEMMVRZ"
DONE = f".done-{ID}"


@pytest.fixture
def inbox(tmp_path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def released(tmp_path) -> Path:
    folder = tmp_path / "released"
    folder.mkdir()
    return folder


@pytest.fixture
def stage(tmp_path) -> Path:
    folder = tmp_path / "stage"
    folder.mkdir()
    return folder


@pytest.fixture
def tmpfs(tmp_path):
    """A file system of 1 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield place
    subprocess.run(["umount", place], check=True)


def sha512(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()


def known(content: bytes = b"accepted"):
    """What the archive knows of the one accession."""
    return {ID: Arrival(sha512(content), b"scan.pdf")}.get


def drop(folder: Path, content: bytes = b"accepted", name: str = "scan.pdf") -> Sighting:
    (folder / name).write_bytes(content)
    return sight(folder, name)


def sight(folder: Path, name: str = "scan.pdf") -> Sighting:
    return next(one for one in look(folder) if one.name == os.fsencode(name))


def claimed(sighting: Sighting, target: Path) -> claim.Copied:
    descriptor = open_drop(sighting)
    try:
        return copy(descriptor, target, sighting)
    finally:
        os.close(descriptor)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(reason: str):
    return pytest.raises(DropChanged, match=f"^{reason} ")


# Copying


@settings(max_examples=30, deadline=None)
@given(
    size=st.sampled_from([0, 1, 2047, 2048, 4096, 4097, (1 << 20) + 7]), seed=st.binary(max_size=9)
)
def test_a_copy_is_the_bytes_and_says_so(tmp_path_factory, size, seed):
    folder = tmp_path_factory.mktemp("copy")
    content = (seed + bytes(range(251))) * (size // 251 + 1)
    content = content[:size]
    copied = claimed(drop(folder, content), folder / "copy.part")
    assert (folder / "copy.part").read_bytes() == content
    assert copied.size == size
    assert copied.sha512 == sha512(content)
    assert copied.sha256 == hashlib.sha256(content).hexdigest()
    assert copied.head == content[:4096]
    assert copied.tail == content[-2048:]


def test_names_that_are_not_utf8_are_copied(inbox, stage):
    (inbox / os.fsdecode(b"Pr\xfcfung.pdf")).write_bytes(b"x")
    assert claimed(look(inbox)[0], stage / "a.part").size == 1


def test_a_fifo_in_the_place_of_the_drop_does_not_hang(inbox):
    sighting = drop(inbox)
    (inbox / "scan.pdf").unlink()
    os.mkfifo(inbox / "scan.pdf")
    with refused("drop_changed"):
        open_drop(sighting)


def test_a_symlink_in_the_place_of_the_drop_is_not_followed(inbox, tmp_path):
    sighting = drop(inbox)
    (inbox / "scan.pdf").rename(tmp_path / "secret")  # same inode, only the way is another
    (inbox / "scan.pdf").symlink_to(tmp_path / "secret")
    with refused("drop_changed"):
        open_drop(sighting)


@pytest.mark.parametrize("change", ["replace", "append", "rewrite", "link"])
def test_another_file_than_the_sighted_one_is_not_opened(inbox, change):
    sighting = drop(inbox)
    path = inbox / "scan.pdf"
    if change == "replace":
        (inbox / "new").write_bytes(b"ACCEPTED")
        (inbox / "new").rename(path)
    elif change == "append":
        with path.open("ab") as file:
            file.write(b"x")
    elif change == "rewrite":
        path.write_bytes(b"ACCEPTED")
    else:
        os.link(path, inbox / "second.pdf")
    with refused("drop_changed"):
        open_drop(sighting)


def test_a_drop_that_went_away(inbox):
    sighting = drop(inbox)
    (inbox / "scan.pdf").unlink()
    with refused("drop_vanished"):
        open_drop(sighting)


def test_a_drop_that_must_not_be_read_is_a_finding_and_never_taken(inbox, released):
    drop(inbox)
    (inbox / "scan.pdf").chmod(0)
    if os.access(inbox / "scan.pdf", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(DocumentFault, match="drop_unreadable"):
        open_drop(sight(inbox))
    taken = take(sight(inbox), ID, sha512(b"accepted"), released)
    assert taken == Taken("replaced", b"scan.pdf")


def test_a_writer_in_another_process_is_noticed(inbox):
    drop(inbox)
    program = "import sys; f = open(sys.argv[1], 'ab'); print('open', flush=True); sys.stdin.read()"
    writer = subprocess.Popen(
        [sys.executable, "-c", program, inbox / "scan.pdf"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with writer:
        assert writer.stdout.readline() == b"open\n"
        with refused("drop_open_for_writing"):
            open_drop(sight(inbox))
        writer.stdin.close()
    os.close(open_drop(sight(inbox)))


def test_a_reader_is_no_writer_and_the_lease_is_given_back(inbox):
    sighting = drop(inbox)
    with (inbox / "scan.pdf").open("rb"):
        descriptor = open_drop(sighting)
    began = time.monotonic()
    os.close(os.open(inbox / "scan.pdf", os.O_WRONLY))  # blocks 45 s where a lease is left
    assert time.monotonic() - began < 5
    os.close(descriptor)


def test_a_writer_who_comes_during_the_lease_test_does_not_kill_us(tmp_path):
    """The kernel's signal to a lease holder ends a process by default."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"x")
    stop = tmp_path / "stop"
    program = (
        "import os, sys\n"
        "from archiver.inbox.leases import writers\n"
        "fd = os.open(sys.argv[1], os.O_RDONLY)\n"
        "print('go', flush=True)\n"
        "while not os.path.exists(sys.argv[2]):\n"
        "    writers(fd)\n"
    )
    arguments = [sys.executable, "-c", program, path, stop]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as prober:
        assert prober.stdout.readline() == b"go\n"
        broken = 0
        deadline = time.monotonic() + 30
        while broken < 20 and prober.poll() is None and time.monotonic() < deadline:
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            except BlockingIOError:
                broken += 1  # we ran into the lease: the signal was sent
        stop.touch()
    assert prober.returncode == 0
    assert broken == 20


def test_a_file_that_grows_during_the_copy_leaves_nothing(inbox, stage):
    sighting = drop(inbox)
    descriptor = open_drop(sighting)
    with (inbox / "scan.pdf").open("ab") as file:
        file.write(b" and more")
    with refused("drop_changed"):
        copy(descriptor, stage / "a.part", sighting)
    os.close(descriptor)
    assert contents(stage) == {}


def test_a_file_that_grows_without_end_does_not_fill_the_disk(inbox, stage):
    drop(inbox, b"x" * (3 << 20))
    with (inbox / "scan.pdf").open("rb") as source, (stage / "a.part").open("wb") as target:
        assert pour(source.fileno(), target.fileno(), (1 << 20) + 1, inbox) is None
    assert (stage / "a.part").stat().st_size <= (1 << 20) + 1


def test_a_rewrite_of_equal_length_during_the_copy_leaves_nothing(inbox, stage):
    sighting = drop(inbox)
    descriptor = open_drop(sighting)
    with (inbox / "scan.pdf").open("r+b") as file:
        file.write(b"ACCEPTED")
    with refused("drop_changed"):
        copy(descriptor, stage / "a.part", sighting)
    os.close(descriptor)
    assert contents(stage) == {}


def test_a_drop_taken_back_while_it_is_copied(inbox, stage):
    """The clerk deletes the file once the copy has begun; the descriptor would still read on."""
    path = inbox / "scan.pdf"
    with path.open("wb") as file:
        file.truncate(256 << 20)
    sighting = sight(inbox)
    descriptor = open_drop(sighting)
    target = stage / "a.part"

    def delete_once_begun() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError):
                if target.stat().st_size > 0:
                    path.unlink()
                    return

    clerk = threading.Thread(target=delete_once_begun)
    clerk.start()
    with refused("drop_vanished"):
        copy(descriptor, target, sighting)
    clerk.join()
    os.close(descriptor)
    assert contents(stage) == {}


@pytest.mark.root
def test_a_full_disk_is_the_machines_fault_and_leaves_no_part(inbox, tmpfs):
    sighting = drop(inbox, b"x" * (2 << 20))
    descriptor = open_drop(sighting)
    with pytest.raises(SystemFault, match="disk_full"):
        copy(descriptor, tmpfs / "a.part", sighting)
    os.close(descriptor)
    assert contents(tmpfs) == {}
    assert contents(inbox)["scan.pdf"] == b"x" * (2 << 20)


def test_an_existing_stage_file_is_left_alone(inbox, stage):
    sighting = drop(inbox)
    (stage / "a.part").write_bytes(b"another accession")
    with pytest.raises(SystemFault, match="stage_unwritable"):
        claimed(sighting, stage / "a.part")
    assert contents(stage) == {"a.part": b"another accession"}


# Taking


def test_the_accepted_drop_moves_to_released(inbox, released):
    sighting = drop(inbox)
    assert take(sighting, ID, sha512(b"accepted"), released) == Taken("released")
    assert contents(inbox) == {}
    assert contents(released) == {f"{ID}-scan.pdf": b"accepted"}


def test_without_a_place_to_keep_it_the_drop_is_removed(inbox):
    assert take(drop(inbox), ID, sha512(b"accepted"), None).outcome == "released"
    assert contents(inbox) == {}


@pytest.mark.root
def test_a_drop_on_another_file_system_is_kept_too(tmpfs, released):
    (released / f".archiver-{ID}").write_bytes(b"half of a copy, from a crash")
    assert take(drop(tmpfs), ID, sha512(b"accepted"), released).outcome == "released"
    assert contents(tmpfs) == {}
    assert contents(released) == {f"{ID}-scan.pdf": b"accepted"}


@pytest.mark.root
def test_bytes_written_after_the_comparison_are_not_lost(tmpfs, released, monkeypatch):
    """Where no lease is to be had, a writer may come between comparing and keeping."""
    hashed = release.digest

    def hash_then_write(descriptor):
        digest = hashed(descriptor)
        with (tmpfs / DONE).open("ab") as file:
            file.write(b" and signed")
        return digest

    monkeypatch.setattr(release, "digest", hash_then_write)
    with pytest.raises(SystemFault, match="released_unwritable"):
        take(drop(tmpfs), ID, sha512(b"accepted"), released)
    monkeypatch.undo()
    assert recover(tmpfs, known(), released)[0].outcome == "again"
    assert contents(tmpfs) == {"scan.pdf": b"accepted and signed"}


@pytest.mark.root
def test_no_room_to_keep_it_loses_nothing_and_a_second_try_ends_it(inbox, tmpfs):
    content = b"x" * (2 << 20)
    with pytest.raises(SystemFault, match="disk_full"):
        take(drop(inbox, content), ID, sha512(content), tmpfs)
    assert contents(inbox) == {DONE: content}
    assert recover(inbox, known(content), None) == [Recovered(ID, "released")]
    assert contents(inbox) == {}


def test_a_longest_name_is_kept_with_its_end(inbox, released):
    name = "ä" * 125 + ".pdf"
    take(drop(inbox, name=name), ID, sha512(b"accepted"), released)
    (kept,) = contents(released)
    assert kept.startswith(ID)
    assert kept.endswith("ä.pdf")


def test_a_drop_that_the_clerk_took_back_after_acceptance(inbox, released):
    sighting = drop(inbox)
    (inbox / "scan.pdf").unlink()
    assert take(sighting, ID, sha512(b"accepted"), released) == Taken("gone")
    assert contents(inbox) == contents(released) == {}


def test_a_drop_replaced_between_copy_and_taking_is_safe_and_so_is_the_first(
    inbox, stage, released
):
    sighting = drop(inbox)
    copied = claimed(sighting, stage / "a.part")
    (inbox / "new").write_bytes(b"another letter")
    (inbox / "new").rename(inbox / "scan.pdf")
    assert take(sighting, ID, copied.sha512, released) == Taken("replaced", b"scan.pdf")
    assert contents(stage) == {"a.part": b"accepted"}
    assert contents(inbox) == {"scan.pdf": b"another letter"}
    assert contents(released) == {}


@pytest.mark.parametrize("fallback", [False, True])
def test_a_third_file_under_the_name_moves_nobody_out(inbox, released, monkeypatch, fallback):
    """Replaced before the rename, and the name taken again before it can go back."""
    if fallback:
        monkeypatch.setattr(dropfolder, "_renameat2", lambda: None)
    sighting = drop(inbox)
    (inbox / "scan.pdf").rename(inbox / DONE)
    (inbox / DONE).write_bytes(b"second")
    (inbox / "scan.pdf").write_bytes(b"third")
    taken = take(sighting, ID, sha512(b"accepted"), released)
    again = f"scan (again-{ID}).pdf"
    assert taken == Taken("replaced", again.encode(), is_written_on=True)
    assert contents(inbox) == {"scan.pdf": b"third", again: b"second"}
    (inbox / again).rename(inbox / DONE)
    (inbox / again).write_bytes(b"fourth")
    taken = take(sighting, ID, sha512(b"accepted"), released)
    assert taken.name == f"scan (again-{ID}-2).pdf".encode()
    assert sorted(contents(inbox).values()) == [b"fourth", b"second", b"third"]


@pytest.mark.parametrize("kind", ["symlink", "folder", "fifo"])
def test_whatever_took_the_name_comes_back_as_it_was(inbox, released, kind):
    sighting = drop(inbox)
    (inbox / "scan.pdf").unlink()
    if kind == "symlink":
        (inbox / "same.pdf").write_bytes(b"accepted")  # equal bytes, but not the clerk's file
        (inbox / "scan.pdf").symlink_to("same.pdf")
    elif kind == "folder":
        (inbox / "scan.pdf").mkdir()
        (inbox / "scan.pdf" / "inside").write_bytes(b"x")
    else:
        os.mkfifo(inbox / "scan.pdf")
    assert take(sighting, ID, sha512(b"accepted"), released).outcome == "replaced"
    assert sight(inbox).kind == kind
    assert contents(released) == {}


def test_a_drop_that_somebody_opened_for_writing_meanwhile_is_not_taken(inbox, released):
    sighting = drop(inbox)
    with (inbox / "scan.pdf").open("ab") as file:
        with refused("drop_open_for_writing"):
            take(sighting, ID, sha512(b"accepted"), released)
        file.write(b" and signed")
    assert contents(inbox) == {"scan.pdf": b"accepted and signed"}


def test_a_folder_that_is_away_is_the_machines_fault(inbox, released):
    sighting = drop(inbox)
    inbox.rename(inbox.parent / "unmounted")
    with pytest.raises(SystemFault, match="inbox_unwritable"):
        take(sighting, ID, sha512(b"accepted"), released)


# Crashes: each intermediate state of `take`, made by hand


def test_recovery_before_the_rename_finds_nothing_to_do(inbox, released):
    drop(inbox)
    assert recover(inbox, known(), released) == []
    assert contents(inbox) == {"scan.pdf": b"accepted"}


def test_recovery_after_the_rename_releases_the_accepted_bytes(inbox, released):
    (inbox / DONE).write_bytes(b"accepted")
    assert recover(inbox, known(), released) == [Recovered(ID, "released")]
    assert contents(inbox) == {}
    assert contents(released) == {f"{ID}-scan.pdf": b"accepted"}


def test_recovery_gives_other_bytes_back(inbox, released):
    (inbox / DONE).write_bytes(b"another letter")
    found = recover(inbox, known(), released)
    assert found == [Recovered(ID, "again", b"scan.pdf")]
    assert contents(inbox) == {"scan.pdf": b"another letter"}
    assert contents(released) == {}


def test_recovery_rescues_what_no_accession_knows(inbox, released):
    (inbox / DONE).write_bytes(b"accepted")
    (inbox / f"rescued-{ID}").write_bytes(b"from the crash before")
    found = recover(inbox, lambda _id: None, released)
    assert found == [Recovered(ID, "rescued", f"rescued-{ID}-2".encode())]
    assert contents(inbox) == {
        f"rescued-{ID}": b"from the crash before",
        f"rescued-{ID}-2": b"accepted",
    }


def test_recovery_after_the_release_finds_nothing_to_do(inbox, released):
    take(drop(inbox), ID, sha512(b"accepted"), released)
    assert recover(inbox, known(), released) == []


def test_recovery_minds_only_its_own_names(inbox, released):
    """A second crash, an entry that is no file, and names that only resemble ours."""
    (inbox / DONE).symlink_to("/etc/hostname")
    (inbox / f".done-{OTHER}").write_bytes(b"other")
    (inbox / ".done-not-an-id").write_bytes(b"x")
    (inbox / f".done-{ID}x").write_bytes(b"x")
    lookup = {ID: known()(ID), OTHER: Arrival(sha512(b"other"), b"other.pdf")}
    assert recover(inbox, lookup.get, released) == [
        Recovered(ID, "again", b"scan.pdf"),
        Recovered(OTHER, "released"),
    ]
    assert (inbox / "scan.pdf").is_symlink()
    assert {".done-not-an-id", f".done-{ID}x"} <= {path.name for path in inbox.iterdir()}


def test_a_second_try_at_taking_ends_the_first_and_spares_a_new_drop(inbox, released):
    sighting = drop(inbox)
    (inbox / "scan.pdf").rename(inbox / DONE)
    (inbox / "scan.pdf").write_bytes(b"a new drop")
    assert take(sighting, ID, sha512(b"accepted"), released) == Taken("released")
    assert contents(inbox) == {"scan.pdf": b"a new drop"}


STEPS = ["rename", "fsync", "unlink"]


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("death", range(6))
def test_killed_before_any_step_of_taking_nothing_is_lost(tmp_path, death, keeps, replaced):
    """A real process is killed before its n-th state-changing call; recovery ends it."""
    inbox, released = tmp_path / "inbox", tmp_path / "released"
    inbox.mkdir()
    released.mkdir()
    (inbox / "scan.pdf").write_bytes(b"another letter" if replaced else b"accepted")
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from archiver.inbox import dropfolder, release\n"
        "from archiver.inbox.sightings import look\n"
        "inbox, released, death = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])\n"
        "left = death\n"
        "def mortal(call):\n"
        "    def step(*args, **named):\n"
        "        global left\n"
        "        if left == 0:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        left -= 1\n"
        "        return call(*args, **named)\n"
        "    return step\n"
        f"for name in {STEPS}:\n"
        "    setattr(os, name, mortal(getattr(os, name)))\n"
        "release.rename_to_free = mortal(release.rename_to_free)\n"
        "keep = released if sys.argv[5] == 'True' else None\n"
        "release.take(look(inbox)[0], sys.argv[6], sys.argv[4], keep)\n"
    )
    arguments = [inbox, released, str(death), sha512(b"accepted"), str(keeps), ID]
    ended = subprocess.run([sys.executable, "-c", program, *arguments], check=False)
    assert ended.returncode in (0, -signal.SIGKILL)
    keep = released if keeps else None
    recover(inbox, known(), keep)
    left = contents(inbox)
    assert not any(name.startswith(".") for name in left)
    if replaced:
        assert list(left.values()) == [b"another letter"]
    elif left:  # killed before the rename: the next look finds it, and it is taken again
        assert left == {"scan.pdf": b"accepted"}
        assert death == 0
    elif keeps:
        assert list(contents(released).values()) == [b"accepted"]


# Expiry


def test_only_what_is_old_by_its_id_and_by_its_last_writing_expires(tmp_path):
    young = "01K8ZZZZZZZZZZZZZZZZZZZZZZ"  # November 2025
    for name in (f"{ID}-scan.pdf", ID, f"{OTHER}-written.pdf", f"{young}-old time.pdf", "notes"):
        (tmp_path / name).write_bytes(b"x")
    past = datetime(2015, 1, 1, tzinfo=UTC).timestamp()
    for path in tmp_path.iterdir():
        if path.name[:26] != OTHER:
            os.utime(path, (past, past))

    def older(limit: datetime) -> list[str]:
        return [one.id for one in kept.kept(tmp_path) if one.is_older_than(limit)]

    assert older(datetime(2016, 7, 30, 23, 54, 10, tzinfo=UTC)) == []
    assert older(datetime(2020, 1, 1, tzinfo=UTC)) == [ID, ID]
    assert [one.id for one in kept.kept(tmp_path)] == [young, OTHER, ID, ID]


def test_where_no_lease_is_to_be_had_nobody_knows_who_writes():
    read, write = os.pipe()
    assert writers(read) == "unknown"
    os.close(read)
    os.close(write)

"""Waking: real inotify, real threads, real limits."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from archiver.inbox import wake
from archiver.inbox.mounts import file_system_of
from archiver.inbox.settling import DONE_PREFIX
from archiver.inbox.wake import Wake, stirs

LONG = 20.0  # a wait that is only survived when something wakes it
SHORT = 0.3


@pytest.fixture(autouse=True)
def no_leaked_threads():
    before = set(threading.enumerate())
    yield
    leaked = [thread for thread in threading.enumerate() if thread not in before]
    assert leaked == []


@pytest.fixture(autouse=True)
def no_leaked_descriptors():
    def descriptors() -> set[str]:
        return {str(path) for path in Path("/proc/self/fd").iterdir() if "inotify" in target(path)}

    def target(path: Path) -> str:
        try:
            return str(path.readlink())
        except FileNotFoundError:
            return ""

    before = descriptors()
    yield
    assert descriptors() == before


def woken(alarm: Wake) -> bool:
    began = time.monotonic()
    return alarm.wait(LONG) and time.monotonic() - began < LONG / 2


def rest(alarm: Wake) -> None:
    """Wait until nothing stirs any more."""
    while alarm.wait(SHORT):
        pass


@pytest.mark.parametrize("act", ["write", "move in", "move out", "rename", "delete", "mkdir"])
def test_what_clerks_do_wakes(tmp_path, act):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "old.pdf").write_bytes(b"x")
    (tmp_path / "new.pdf").write_bytes(b"x")
    with Wake([inbox], gather_seconds=0) as alarm:
        assert alarm.degraded is None
        if act == "write":
            (inbox / "new.pdf").write_bytes(b"x")
        elif act == "move in":
            (tmp_path / "new.pdf").rename(inbox / "new.pdf")
        elif act == "move out":
            (inbox / "old.pdf").rename(tmp_path / "old.pdf")
        elif act == "rename":
            (inbox / "old.pdf").rename(inbox / "new.pdf")
        elif act == "delete":
            (inbox / "old.pdf").unlink()
        else:
            (inbox / "folder").mkdir()
        assert woken(alarm)


def test_a_name_that_is_not_utf8_wakes(tmp_path):
    with Wake([tmp_path]) as alarm:
        (tmp_path / os.fsdecode(b"Pr\xfcfung.pdf")).write_bytes(b"x")
        assert woken(alarm)


def test_the_second_folder_wakes_as_the_first_does(tmp_path):
    folders = [tmp_path / name for name in ("incoming", "building")]
    for folder in folders:
        folder.mkdir()
    with Wake(folders) as alarm:
        for folder in folders:
            rest(alarm)
            (folder / "scan.pdf").write_bytes(b"x")
            assert woken(alarm)


def test_our_own_doings_and_ignored_names_do_not_wake(tmp_path):
    (tmp_path / "deep").mkdir()
    with Wake([tmp_path]) as alarm:
        (tmp_path / "_problems").mkdir()
        (tmp_path / "_problems" / "a.pdf.txt").write_bytes(b"x")
        (tmp_path / ".archiver-new").write_bytes(b"x")
        (tmp_path / ".archiver-new").rename(tmp_path / "_received.csv")
        (tmp_path / "scan.pdf.part").write_bytes(b"x")
        (tmp_path / "deep" / "scan.pdf").write_bytes(b"x")
        assert not alarm.wait(SHORT)
        (tmp_path / "scan.pdf.part").rename(tmp_path / "scan.pdf")
        assert woken(alarm)


def test_a_growing_file_wakes_at_its_start_and_its_end_only(tmp_path):
    with Wake([tmp_path]) as alarm, (tmp_path / "scan.pdf").open("wb", buffering=0) as file:
        assert woken(alarm)
        for _ in range(50):
            file.write(b"page")
        assert not alarm.wait(SHORT)
        file.close()
        assert woken(alarm)


def test_many_files_of_one_copy_cause_few_looks(tmp_path):
    with Wake([tmp_path], gather_seconds=0.5) as alarm:
        for number in range(100):
            (tmp_path / f"{number}.pdf").write_bytes(b"x")
        looks = 0
        while alarm.wait(SHORT):
            looks += 1
        assert looks in (1, 2)


def test_polling_waits_for_time_only(tmp_path):
    threads = threading.active_count()
    with Wake([tmp_path], mode="poll") as alarm:
        assert threading.active_count() == threads
        (tmp_path / "scan.pdf").write_bytes(b"x")
        assert not alarm.wait(0.05)
        assert alarm.degraded is None


def test_a_caller_can_wake_it_and_stopping_ends_a_wait(tmp_path):
    alarm = Wake([tmp_path])
    alarm.set()
    assert woken(alarm)
    waiting = threading.Thread(target=alarm.wait, args=(LONG,))
    waiting.start()
    began = time.monotonic()
    alarm.stop()
    waiting.join(LONG)
    assert time.monotonic() - began < LONG / 2
    assert alarm.wait(LONG)
    alarm.stop()


def test_a_folder_that_goes_away_is_said_aloud(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with Wake([inbox]) as alarm:
        inbox.rmdir()
        assert woken(alarm)
        assert alarm.degraded is not None
        assert (alarm.degraded.reason, alarm.degraded.params) == (
            "watch_folder_gone",
            {"folder": str(inbox)},
        )


def test_a_missing_folder_is_polled(tmp_path):
    with Wake([tmp_path / "away"]) as alarm:
        assert alarm.degraded is not None
        assert alarm.degraded.reason == "watch_unavailable"
        assert not alarm.wait(0.01)


def test_the_limit_of_watches_is_said_aloud_and_leaks_nothing(tmp_path):
    """The kernel's limit counts per user; with no descriptor left it answers the same EMFILE."""
    program = (
        "import resource, sys, threading\n"
        "from pathlib import Path\n"
        "import watchdog.observers\n"
        "from archiver.inbox.wake import Wake\n"
        "Path('/proc/self/mountinfo').read_text()\n"
        "import os\n"
        "lowest = os.open('/dev/null', os.O_RDONLY)\n"
        "os.close(lowest)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, lowest + 1))\n"
        "alarm = Wake([Path(sys.argv[1])])\n"
        "print(alarm.degraded.reason, alarm.wait(0.01), threading.active_count())\n"
        "alarm.stop()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("watch_limit_reached False 1\n", "")


MOUNTINFO = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /srv/inbox rw - ext4 /dev/vdb rw
31 30 0:41 / /srv/inbox/far\040away rw shared:5 - cifs //server/scan rw
32 30 0:42 / /srv/inbox/over rw - nfs4 server:/scan rw
33 30 0:43 / /srv/inbox/over rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home", "ext4"),
        ("/srv/inbox/far", "ext4"),
        ("/srv/inbox/far away", "cifs"),
        ("/srv/inbox/far away/incoming", "cifs"),
        ("/srv/inbox/over", "tmpfs"),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_its_nearest_mount(folder, kind):
    assert file_system_of(Path(folder), MOUNTINFO) == kind


def test_a_network_folder_is_said_aloud(tmp_path, monkeypatch):
    """No network mount can be had in a test, so this machine's own file system plays one."""
    kind = file_system_of(tmp_path.resolve(), Path("/proc/self/mountinfo").read_text())
    assert kind
    monkeypatch.setattr(wake, "NETWORK_FILE_SYSTEMS", {kind})
    with Wake([tmp_path]) as alarm:
        assert alarm.degraded is not None
        assert alarm.degraded.reason == "watch_network_folder"
        assert alarm.degraded.params["kind"] == kind


def test_drops_stir_and_our_own_files_do_not():
    assert stirs(b"scan.pdf")
    assert not any(
        map(stirs, (b"_problems", b"_received.csv", DONE_PREFIX + b"x", b".x", b"a.tmp"))
    )


def test_watchdog_is_not_loaded_before_it_is_needed():
    program = (
        "import sys, archiver.inbox.wake as wake\n"
        "wake.Wake([], mode='poll')\n"
        "print('watchdog' in sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"

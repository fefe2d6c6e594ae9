"""Kill, starve and unplug the store at every system call that changes something.

`crash_worker.py` lives through the life of one received file. strace lists its calls; each is
then killed (SIGKILL before the call), made to fail (ENOSPC, EIO), or has the power cut at it (an
ext4 image that is shut down, so that everything not fsynced is lost). After each the daemon's next
start is made and the promises are checked. The default run takes every n-th call; `-m slow` all.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from archiver.store.ledger import Ledger
from archiver.store.vault import LocalVault
from tests import crash_worker as worker
from tests.crash_worker import OTHER, SCAN, SCAN_BYTES
from tests.crashing import TRACED, Call, Disk, below, parse, strace_works
from tests.ocfl_judge import judge
from tests.places import memory_folder

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN; with 2 nothing is flushed, not even the journal

pytestmark = pytest.mark.skipif(
    not strace_works(), reason="strace is missing or may not trace here (ptrace)"
)


def prepare(base: Path) -> Path:
    (base / "inbox").mkdir(parents=True)
    LocalVault.create(base / "vault", base / "stage")
    (base / "inbox" / "scan.pdf").write_bytes(SCAN_BYTES)
    return base


def run(base: Path, *options: str, mode: str = "", log: Path | None = None):
    program = [sys.executable, "-B", str(Path(worker.__file__)), str(base), mode]
    trace = ["strace", "-f", "-qq", "-y", "-s", "4096", "-e", f"trace={TRACED}"]
    command = [*trace, "-o", str(log or os.devnull), *options, *program]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> list[Call]:
    folder = tmp_path_factory.mktemp("enumerate")
    base = prepare(folder / "archive")
    done = run(base, log=folder / "log")
    assert done.stdout.endswith("done\n"), done.stderr
    found = parse(folder / "log", base, f"{base}/begin")
    assert len(found) > 100, "the life has to be seen in full"
    return found


@pytest.fixture
def memory():
    with memory_folder() as folder:
        yield folder


def inject(call: Call, what: str) -> tuple[str, str]:
    return "-e", f"inject={call.name}:{what}:when={call.ordinal}"


def recover_and_check(base: Path) -> None:
    """The daemon's next start after a death at any point, and every promise of the store."""
    ledger = Ledger(base / "ledger")
    ledger.open()
    entries = list(ledger.read())
    known = {entry.id for entry in entries}
    gone = {entry.id for entry in entries if entry.event == "destroyed"}
    versions = {e.id: e.data["version"] for e in entries if "version" in e.data}
    vault = LocalVault(base / "vault", base / "stage")
    found = vault.recover(known.__contains__)
    drop = base / "inbox" / "scan.pdf"

    assert ledger.verify(ledger.head()) == []
    assert judge(vault.root) == [] and found.damaged == []
    ids = set(vault.ids())
    assert set(found.adopt) == ids - known, "each object is in the ledger or handed over"
    assert known - gone <= ids, "what the ledger has is in the vault"
    assert all(vault.inventory(id).latest >= versions[id] for id in known & ids)
    if SCAN in ids:
        assert vault.path(SCAN, "original.pdf").read_bytes() == SCAN_BYTES
    else:
        assert drop.read_bytes() == SCAN_BYTES, "received bytes are in the vault or the drop"

    for id in found.adopt:
        ledger.append([worker.event("received", id, worker.LATER, version=1)])
        vault.settled(id)
    for id in found.unsettled:
        head = vault.inventory(id).latest
        if head > versions[id]:
            ledger.append([worker.event("recognised", id, worker.LATER, version=head)])
        vault.settled(id)
    for id in gone & ids:
        vault.destroy(id)
    life = worker.Life(base)
    life.ledger.open()
    if drop.exists() and not vault.exists(SCAN):
        life.receive()
        life.record_received()
        life.settle()
    if vault.inventory(SCAN).latest == 1:
        life.recognise()
        life.record_recognised()
        life.settle()

    assert set(vault.ids()) - {OTHER} == {SCAN}, "exactly one object"
    assert vault.path(SCAN, "original.pdf").read_bytes() == SCAN_BYTES
    assert vault.inventory(SCAN).latest == 2 and vault.verify(SCAN) == []
    assert judge(vault.root) == [] and life.ledger.verify(life.ledger.head()) == []
    assert [path.name for path in (base / "stage").iterdir()] == []


def kill(call: Call, folder: Path) -> None:
    base = prepare(folder / "archive")
    try:
        done = run(base, *inject(call, "signal=SIGKILL"))
        assert done.returncode in (-9, 137), f"not killed at {call}: {done.stderr}"
        recover_and_check(base)
    except AssertionError as error:
        raise AssertionError(f"killed at {call.name} {call.text}") from error
    finally:
        shutil.rmtree(base)


def fail(call: Call, error: str, folder: Path) -> bool:
    """Let one call fail; whether the step saw a fault (and was made again)."""
    base = prepare(folder / "archive")
    try:
        done = run(base, *inject(call, f"error={error}"), mode="retry", log=folder / "log")
        assert "INJECTED" in (folder / "log").read_text()
        assert done.stdout.endswith("done\n"), done.stderr + done.stdout
        code = "disk_full" if error in ("ENOSPC", "EDQUOT") else "storage_failed"
        faults = done.stdout.splitlines()[:-1]
        assert all(code in fault for fault in faults), faults
        recover_and_check(base)
        return bool(faults)
    except AssertionError as problem:
        raise AssertionError(f"{error} at {call.name} {call.text}") from problem
    finally:
        shutil.rmtree(base)


def tells_the_step(call: Call) -> bool:
    """Whether a failure must be told: making a folder that is there already may fail unseen."""
    return not (call.name.startswith("mkdir") and call.result == "-1")


def test_killed_at_every_tenth_call(calls, memory):
    for call in calls[::10]:
        kill(call, memory)


@pytest.mark.slow
def test_killed_at_every_call(calls, memory):
    for call in calls:
        kill(call, memory)


def test_error_at_every_fifteenth_call(calls, memory):
    for number, call in enumerate(calls[::15]):
        error = ("ENOSPC", "EIO")[number % 2]
        assert fail(call, error, memory) or not tells_the_step(call), f"{error} at {call}"


@pytest.mark.slow
@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EDQUOT", "EROFS"])
def test_error_at_every_call(calls, memory, error):
    for call in calls:
        assert fail(call, error, memory) or not tells_the_step(call), f"{error} at {call}"


@pytest.mark.slow
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_an_error_that_stays_until_the_daemon_is_started_again(calls, memory, error):
    """From one call on every call of its kind fails, so what is half-made cannot be cleaned up."""
    for call in calls:
        base = prepare(memory / "archive")
        spec = f"inject={call.name}:error={error}:when={call.ordinal}+"
        done = run(base, "-e", spec)
        if tells_the_step(call) and not call.name.startswith(("write", "openat")):
            assert "SystemFault" in done.stderr, f"{call}: {done.stderr}"
        recover_and_check(base)
        shutil.rmtree(base)


@pytest.mark.slow
def test_recovery_itself_may_be_killed_anywhere(calls, memory):
    """Deaths of the life at its renames, then of the next start at each of its own calls."""
    for call in [c for c in calls if c.name.startswith(("rename", "rmdir"))]:
        for after in (0, 1):
            where = calls[min(calls.index(call) + after, len(calls) - 1)]
            seen = prepare(memory / "seen" / "archive")
            run(seen, *inject(where, "signal=SIGKILL"))
            run(seen, mode="recover", log=memory / "log")
            points = parse(memory / "log", seen, f"{seen}/begin")
            shutil.rmtree(memory / "seen")
            for point in points:
                base = prepare(memory / "archive")
                run(base, *inject(where, "signal=SIGKILL"))
                run(base, *inject(point, "signal=SIGKILL"), mode="recover")
                try:
                    recover_and_check(base)
                except AssertionError as error:
                    raise AssertionError(f"{where.text}, then {point.text}") from error
                shutil.rmtree(base)


# --- order of fsync --------------------------------------------------------------------------


def test_everything_is_on_disk_before_the_next_promise_is_given(calls):
    """Publishing needs all below it synced; a ledger line all of the vault; the drop's end both."""
    base = next(c.paths[0] for c in calls if c.paths).rsplit("/ledger", 1)[0]
    vault, stage, ledger = f"{base}/vault", f"{base}/stage", f"{base}/ledger"
    disk = Disk()
    published = lines = 0
    for call in calls:
        if call.name.startswith("rename") and below(call.paths[1], vault):
            published += 1
            assert disk.below(call.paths[0]) == set(), f"not on disk before {call.text}"
            if not call.paths[0].endswith(".tmp"):
                assert stage not in disk.dirty, f"the marker is not on disk before {call.text}"
        if call.name == "write" and below(call.file, ledger):
            lines += 1
            assert disk.below(vault) == set(), f"not on disk before {call.text}"
        if call.name == "unlink" and call.paths[0].endswith("scan.pdf"):
            assert disk.below(vault) | disk.below(ledger) == set()
        disk.follow(call)
    assert (published, lines) == (5, 5 - 1)
    assert disk.below(vault) | disk.below(ledger) == set()


# --- power loss ------------------------------------------------------------------------------


@contextmanager
def mounted(image: Path, place: Path):
    # A long commit interval, so that only what was fsynced outlives the cut.
    command = ["mount", "-o", "loop,commit=300", str(image), str(place)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def disk(memory):
    image, place = memory / "disk.img", memory / "disk"
    place.mkdir()
    try:
        with image.open("wb") as file:
            file.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
        with mounted(image, place):
            pass
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount an ext4 image here")
    return image, place


def cut_power(call: Call, image: Path, place: Path, *more: str) -> None:
    with mounted(image, place):
        shutil.rmtree(place / "archive", ignore_errors=True)
        prepare(place / "archive")
        subprocess.run(["sync", "-f", str(place)], check=True)
        run(place / "archive", *inject(call, "signal=SIGKILL"), *more)
        descriptor = os.open(place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", 2))
        finally:
            os.close(descriptor)
    with mounted(image, place):
        recover_and_check(place / "archive")


@pytest.mark.slow
def test_power_cut_at_every_call(calls, disk):
    for call in calls:
        try:
            cut_power(call, *disk)
        except AssertionError as error:
            raise AssertionError(f"power cut at {call.name} {call.text}") from error


@pytest.mark.slow
def test_one_fsync_less_and_the_power_cut_does_harm(calls, disk):
    """The campaign can fail: each fsync in turn is made a lie, and the power cut right before the
    drop is removed and at the very end.

    Were all of them lies, the journal would take back everything at once and nothing be torn; and
    many a folder's fsync is made good by the next one, because ext4 has one journal for all.
    """
    ends = [c for c in calls if c.name == "fsync" and "/inbox" in c.text] + calls[-1:]
    harmed = set()
    for call in [c for c in calls if c.name == "fsync"]:
        for end in (e for e in ends if calls.index(e) > calls.index(call)):
            lies = [f"inject=fsync:retval=0:when={call.ordinal}"]
            if end.name == "fsync":  # one rule per kind of call: cut at the unlink that follows it
                end = next(c for c in calls[calls.index(end) :] if c.name == "unlink")
            try:
                cut_power(end, *disk, "-e", *lies)
            except Exception:
                harmed.add(call.text)
    for kind in ("/ledger/", "/v1/content/", ".v2/content/", "/v1/inventory.json"):
        assert any(kind in text for text in harmed), f"no harm without the fsync of {kind}"

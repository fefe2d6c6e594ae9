"""Writers that pause: real programs of other users, daemons with and without the right to ask.

A clerk's program writes a first page, pauses longer than any settle time, and writes the rest into
the file that it has open all the while. No page may be lost, whatever the daemon may know.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.clock import now
from archiver.errors import Refusal, SystemFault
from archiver.inbox import claim, leases, mounts, release
from archiver.inbox.settling import Settling
from archiver.inbox.sightings import look
from archiver.pipeline import erasure, recheck
from archiver.recognise import cage
from tests import paper
from tests.lane import Lane, founded, letter
from tests.test_fixity_way import flip
from tests.test_rights import _python_for
from tests.town import Town, wait_for

OWNER, CLERK, FOLDER = 61201, 61202, 61203
FIRST = paper.text_pdf([("Deckblatt Wasserversorgung", *paper.LETTER)])
WHOLE = paper.text_pdf(
    [(title, *paper.LETTER) for title in ("Deckblatt Wasserversorgung", "Blatt zwei", "Kanalplan")]
)
TOMORROW = datetime.now(UTC) + timedelta(days=1)

_WRITER = """
import os, sys
folder, first, whole = sys.argv[1], *(open(name, 'rb').read() for name in sys.argv[2:4])
os.umask(0o007)
file = open(folder + '/akte.pdf', 'wb', buffering=0)
for content in (first, whole):
    file.seek(0)
    file.write(content)
    print('written', flush=True)
    sys.stdin.readline()
"""


class Writer:
    """A clerk's program that writes ``akte.pdf``, pauses for as long as a test wants, goes on."""

    def __init__(self, town: OwnedTown) -> None:
        python, environment = _python_for(CLERK)
        self._program = subprocess.Popen(
            [*python, "-c", _WRITER, town.inbox, town.first, town.whole],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            user=CLERK,
            group=CLERK,
            extra_groups=[FOLDER],
            env=environment,
            cwd="/",
            text=True,
        )
        self.is_written()

    def is_written(self) -> None:
        assert self._program.stdout is not None
        assert self._program.stdout.readline() == "written\n"

    def goes_on(self) -> None:
        assert self._program.stdin is not None
        self._program.stdin.write("\n")
        self._program.stdin.flush()

    def ends(self) -> None:
        assert self._program.stdin is not None
        self._program.stdin.close()
        assert self._program.wait(timeout=30) == 0


class OwnedTown(Town):
    """An archive that belongs to a user of its own, in a drop folder of clerks."""

    def __init__(self, root: Path, **inbox: float) -> None:
        super().__init__(root, {"inbox": inbox})
        self.first, self.whole = root / "first", root / "whole"
        self.first.write_bytes(FIRST)
        self.whole.write_bytes(WHOLE)
        self.first.chmod(0o644)
        self.whole.chmod(0o644)
        for path in (root, *root.rglob("*")):
            os.chown(path, OWNER, OWNER)
        root.chmod(0o711)
        self.inbox.parent.chmod(0o711)
        os.chown(self.inbox, OWNER, FOLDER)
        self.inbox.chmod(0o2770)

    @contextmanager
    def served(self, *, may_lease: bool, group: int = FOLDER) -> Iterator[None]:
        """A daemon of the owner, started as a service manager starts it."""
        python, environment = _python_for(OWNER)
        lease = "+lease" if may_lease else "-all"
        capabilities = [f"--inh-caps=-all,{lease}", f"--ambient-caps={lease}"]
        capabilities += [f"--bounding-set=-all,{lease}"]
        user = [f"--reuid={OWNER}", f"--regid={OWNER}", f"--groups={group}"]
        run = ["-c", "from archiver.cli import main; main()", "-c", str(self.config), "run"]
        log = self.root.parent / "daemon.log"
        with log.open("wb") as sink:
            daemon = subprocess.Popen(
                ["setpriv", *capabilities, *user, "--no-new-privs", *python, *run],
                stderr=sink,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=environment,
                cwd="/",
            )
        try:
            wait_for(
                lambda: daemon.poll() is not None or (self.root / "archiver.sock").exists(),
                "the daemon answers",
            )
            wait_for(lambda: self.command("status").returncode == 0, "the daemon answers")
            yield
        except BaseException:
            print(log.read_text()[-4000:])
            raise
        finally:
            daemon.send_signal(signal.SIGTERM)
            code = daemon.wait(timeout=60)
        assert code == 0, log.read_text()
        # With the capability as without: the children have none, and the cage is built.
        assert cage.probe() != "bubblewrap" or "no cage" not in log.read_text()

    def notices(self) -> set[str]:
        return {one["reason"] for one in self.status()["system"] if one["grade"] == "notice"}

    def checked(self) -> set[str]:
        # Whatever else it finds on the machine of the tests.
        return {one["code"] for one in json.loads(self.command("check", "--json").stdout)}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users reach."""
    folder = Path(tempfile.mkdtemp(prefix="archiver-writers-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.root
def test_without_the_right_to_ask_what_was_written_later_comes_back(place: Path) -> None:
    town = OwnedTown(place / "town", unsure_seconds=0.5, compare_seconds=0.5)
    with town.served(may_lease=False):
        assert "writers_unknown_rights" in town.notices()
        assert "writers_unknown_rights" in town.checked()
        writer = Writer(town)
        (first,) = wait_for(lambda: town.search("Wasserversorgung state:filed"), "it is filed")
        writer.goes_on()
        writer.is_written()
        writer.ends()
        (whole,) = wait_for(lambda: town.search("Kanalplan state:filed"), "the rest is filed")
        assert whole["id"] != first["id"]
        assert whole["pages"] == 3
        shown = town.json("show", first["id"])
        assert (shown["state"], shown["reason"]) == ("review", "written_on")
        note = wait_for(lambda: list(town.problems.glob("akte*")), "the clerk is told")
        assert "went on writing it" in note[0].read_text("utf-8-sig")
        assert town.command("withdraw", first["id"], "--reason", "halb").returncode == 0
        wait_for(lambda: not list(town.problems.glob("akte*")), "the note is gone")


@pytest.mark.root
def test_with_the_capability_a_pausing_writer_is_waited_for(place: Path) -> None:
    town = OwnedTown(place / "town")
    with town.served(may_lease=True):
        assert not town.notices()
        assert "writers_unknown_rights" not in town.checked()
        writer = Writer(town)
        wait_for(
            lambda: (
                "incoming/akte.pdf" in town.status()["inbox"]["waiting"]
                and b"akte.pdf" not in _settled(town.inbox, 1.0)
            ),
            "it waits although it has settled",
        )
        assert not town.search()
        writer.goes_on()
        writer.is_written()
        writer.ends()
        (whole,) = wait_for(lambda: town.search("Kanalplan state:filed"), "the whole is filed")
        assert whole["pages"] == 3
        assert [line["id"] for line in town.search()] == [whole["id"]]


def _settled(folder: Path, seconds: float) -> set[bytes]:
    """Names of files that have not changed for so long, by this machine's clock."""
    now = datetime.now(UTC).timestamp()
    return {one.name for one in look(folder) if now - one.ctime_ns / 1e9 < seconds}


# --- what can be known ----------------------------------------------------------------------------

_ASK = """
import sys
from pathlib import Path
from archiver.inbox import claim, leases
from archiver.inbox.sightings import look
folder = Path(sys.argv[1])
print(claim.is_knowable(look(folder)[0]), leases.may_lease(), leases.doubt(folder, 61201))
leases.keep_to_myself()
import subprocess
print(subprocess.run(['grep', 'CapPrm', '/proc/self/status'], capture_output=True).stdout)
"""


@pytest.mark.root
@pytest.mark.parametrize("may_lease", [False, True])
def test_files_of_others_are_known_by_the_capability_alone(place: Path, may_lease: bool) -> None:
    folder = place / "drops"
    folder.mkdir()
    (folder / "akte.pdf").write_bytes(FIRST)
    os.chown(folder / "akte.pdf", CLERK, FOLDER)
    python, environment = _python_for(OWNER)
    lease = "+lease" if may_lease else "-all"
    ended = subprocess.run(
        [
            *("setpriv", f"--inh-caps=-all,{lease}", f"--ambient-caps={lease}"),
            *(f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups", "--no-new-privs"),
            *(*python, "-c", _ASK, str(folder)),
        ],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd="/",
    )
    why = "None" if may_lease else "writers_unknown_rights"
    told, child = ended.stdout.splitlines()
    assert told == f"{may_lease} {may_lease} {why}"
    # What bubblewrap starts with: nothing.
    assert "0000000000000000" in child


def test_on_a_network_drive_nothing_is_known(tmp_path: Path, monkeypatch: Any) -> None:
    """No network mount can be had in a test, so this machine's own file system plays one."""
    (tmp_path / "akte.pdf").write_bytes(FIRST)
    (sighting,) = look(tmp_path)
    assert claim.is_knowable(sighting)
    monkeypatch.setattr(leases, "is_remote", lambda _device, _table: True)
    assert not claim.is_knowable(sighting)
    assert leases.doubt(tmp_path, os.geteuid()) == "writers_unknown_network"


def test_a_remote_file_is_known_by_the_device_of_its_mount() -> None:
    table = (
        "31 30 0:41 / /srv/far rw shared:5 - cifs //server/scan rw\n32 30 8:1 / / rw - ext4 a rw"
    )
    assert mounts.is_remote(os.makedev(0, 41), table)
    assert not mounts.is_remote(os.makedev(8, 1), table)
    assert not mounts.is_remote(os.makedev(0, 99), table)


def test_where_nothing_is_known_a_file_settles_later(tmp_path: Path) -> None:
    (tmp_path / "akte.pdf").write_bytes(FIRST)
    settling = Settling(5.0, 60.0, 60.0, lambda _sighting: False)
    assert settling.judge(look(tmp_path), 0.0).waiting
    listing = settling.judge(look(tmp_path), 5.0)
    assert (len(listing.waiting), listing.next_check) == (1, 55.0)
    assert len(settling.judge(look(tmp_path), 60.0).settled) == 1


# --- the net --------------------------------------------------------------------------------------


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Lane]:
    with Lane(founded(tmp_path / "town")) as one:
        yield one


def taken(lane: Lane, name: str = "akte.pdf", pages: int = 1) -> tuple[str, Path]:
    """Drop and take a file; its id, and where it is kept."""
    document = lane.drop(name, letter(*(f"{name} {page}" for page in range(pages))))
    (kept,) = lane.config.places.released.glob(f"{document}*")
    return document, kept


def drops(lane: Lane) -> dict[str, bytes]:
    folder = lane.root / "inbox" / "incoming"
    files = (path for path in folder.iterdir() if path.is_file() and path.name[0] != "_")
    return {path.name: path.read_bytes() for path in files}


def look_again(lane: Lane) -> None:
    """Two looks between which the time to compare has passed."""
    lane.house.intake.recheck._after = 0.0
    lane.house.intake.recheck._due = 0.0
    lane.house.intake.recheck.look()


def test_a_drop_written_on_is_found_before_it_is_removed(lane: Lane) -> None:
    document, kept = taken(lane)
    other, unchanged = taken(lane, "brief.pdf")
    lane.work_off()
    before = kept.stat()
    kept.write_bytes(kept.read_bytes() + b"% and more\n")
    os.utime(kept, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a client sets it back
    lane.house.intake.recheck.expire(TOMORROW)
    assert not unchanged.exists()
    assert not kept.exists()
    assert drops(lane)["akte.pdf"].endswith(b"% and more\n")
    assert lane.reason(document) == ("review", "written_on")
    assert lane.reason(other) == ("review", "class_rule_only")
    again = lane.accept("akte.pdf")
    assert lane.row(again)["id"] == again


def test_a_name_that_is_taken_again_moves_nobody_out(lane: Lane) -> None:
    document, kept = taken(lane)
    lane.root.joinpath("inbox", "incoming", "akte.pdf").write_bytes(b"another paper")
    kept.write_bytes(b"more")
    look_again(lane)
    assert drops(lane) == {"akte.pdf": b"another paper", f"akte (again-{document}).pdf": b"more"}


def test_nothing_is_removed_while_somebody_has_it_open(lane: Lane) -> None:
    _document, kept = taken(lane)
    with kept.open("ab") as file:
        lane.house.intake.recheck.expire(TOMORROW)
        assert kept.exists()
        file.write(b"more")
    lane.house.intake.recheck.expire(TOMORROW)
    assert drops(lane)["akte.pdf"].endswith(b"more")


def test_the_last_good_copy_heals_its_document_before_it_is_removed(lane: Lane) -> None:
    for harm in (lambda home: flip(home / "v1/content/original.pdf"), shutil.rmtree):
        document, kept = taken(lane, f"{len(lane.events('healed'))}.pdf")
        content = kept.read_bytes()
        harm(lane.house.vault.home(document))
        lane.house.intake.recheck.expire(TOMORROW)
        assert not kept.exists()
        with lane.archive.documents.fetch(document, original=True).stream as file:
            assert file.read() == content
        assert lane.archive.upkeep.verify()["problems"] == []
    assert [one["id"] for one in lane.events("healed")][-1] == document


def test_a_copy_that_cannot_heal_stays_and_is_told(lane: Lane) -> None:
    document, kept = taken(lane)
    lane.work_off()
    lane.archive.scans.replace(document, io.BytesIO(letter("besser")), b"besser.pdf")
    shutil.rmtree(lane.house.vault.home(document))
    lane.house.intake.recheck.expire(TOMORROW)
    assert kept.exists()
    assert lane.house.intake.recheck.needed == {os.fsencode(kept.name)}


def test_where_nobody_knows_who_writes_it_rests_for_a_day(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    _document, kept = taken(lane)
    monkeypatch.setattr(release, "writers", lambda _descriptor: "unknown")
    lane.house.intake.recheck.expire(TOMORROW)
    assert kept.exists()
    monkeypatch.setattr(release, "_UNSURE_REST", 0.0)
    lane.house.intake.recheck.expire(TOMORROW)
    assert not kept.exists()


def test_what_the_archive_knows_nothing_of_is_kept_and_told(lane: Lane) -> None:
    stranger = lane.config.places.released / "01ARZ3NDEKTSV4RRFFQ69G5FAV-brief.pdf"
    stranger.write_bytes(b"of a ledger that was lost")
    lane.house.intake.recheck.expire(TOMORROW)
    assert stranger.exists()
    assert lane.house.intake.recheck.strangers == {os.fsencode(stranger.name)}
    stranger.unlink()
    look_again(lane)
    assert not lane.house.intake.recheck.strangers


def test_bytes_that_are_in_the_archive_by_another_way_are_no_new_drop(lane: Lane) -> None:
    document, kept = taken(lane)
    lane.add(b"neu.pdf", WHOLE)
    lane.work_off()
    kept.write_bytes(WHOLE)
    look_again(lane)
    assert not drops(lane)
    assert lane.reason(document) == ("review", "class_rule_only")


def test_every_document_of_a_divided_batch_is_looked_at(tmp_path: Path) -> None:
    with Lane(founded(tmp_path / "town", incoming='at = "pages"\npages = 1')) as lane:
        batch, kept = taken(lane, pages=2)
        lane.work_off()
        assert lane.state(batch) == "divided"
        kept.write_bytes(WHOLE)
        look_again(lane)
        reviewed = lane.house.register.problems(["incoming"])
        assert [row["reason"] for row in reviewed] == ["written_on"] * 2


def test_growing_between_copy_and_taking_is_told_as_well(lane: Lane) -> None:
    folder = lane.root / "inbox" / "incoming"
    (folder / "akte.pdf").write_bytes(FIRST)
    (sighting,) = look(folder)
    accepted = lane.house.intake.receive_drop(sighting, "incoming")
    assert accepted is not None
    with (folder / "akte.pdf").open("r+b") as file:
        file.write(WHOLE)
    lane.house.intake.release_drop(sighting, accepted)
    assert drops(lane) == {"akte.pdf": WHOLE}
    assert lane.reason(accepted.id) == ("review", "written_on")


def test_a_crash_between_word_and_deed_is_made_good(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, kept = taken(lane)
    kept.write_bytes(WHOLE)
    monkeypatch.setattr(recheck.release, "bring_back", _dies)
    with pytest.raises(SystemFault):
        look_again(lane)
    monkeypatch.undo()
    look_again(lane)
    assert drops(lane) == {"akte.pdf": WHOLE}
    lines = lane.house.register.history([document])
    assert [line["event"] for line in lines].count("reviewed") == 1


def test_what_was_written_on_does_not_go_with_its_document(lane: Lane) -> None:
    filed, kept_of_filed = taken(lane)
    withdrawn, kept_of_withdrawn = taken(lane, "brief.pdf")
    lane.work_off()
    lane.archive.intake.withdraw(withdrawn, "falsch")
    kept_of_filed.write_bytes(WHOLE)
    kept_of_withdrawn.write_bytes(FIRST)
    with pytest.raises(Refusal, match="wrong_state"):
        erasure.erase(lane.house, [filed], "uid:1", {}, now)
    erasure.erase(lane.house, [withdrawn], "uid:1", {}, now)
    assert drops(lane) == {"akte.pdf": WHOLE, "brief.pdf": FIRST}
    assert lane.reason(filed) == ("review", "written_on")


def _dies(*_arguments: object) -> bytes:
    raise SystemFault("inbox_unwritable", folder="x", error="EIO")


@pytest.mark.root
def test_on_another_disk_the_file_itself_stays_until_it_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_folder, released = tmp_path / "drops", tmp_path / "released"
    drop_folder.mkdir()
    released.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "tmpfs", drop_folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        monkeypatch.setattr(release, "writers", lambda _descriptor: "unknown")
        path = drop_folder / "akte.pdf"
        path.write_bytes(FIRST)
        accession = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        arrival = release.Arrival(hashlib.sha512(FIRST).hexdigest(), b"akte.pdf")
        with path.open("r+b") as file:
            release.take(look(drop_folder)[0], accession, arrival.sha512, released)
            assert (released / f"{accession}-akte.pdf").read_bytes() == FIRST
            release.recover(drop_folder, {accession: arrival}.get, released)
            file.write(WHOLE)
        (found,) = release.recover(drop_folder, {accession: arrival}.get, released)
        assert found.outcome == "again"
        assert path.read_bytes() == WHOLE
    finally:
        subprocess.run(["umount", drop_folder], check=True)

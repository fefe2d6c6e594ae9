"""The settle test against a model that remembers every look, and looks at real folders."""

from __future__ import annotations

import os
import socket
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from archiver.errors import SystemFault
from archiver.inbox.names import display_name, windows_name
from archiver.inbox.settling import Settling, is_ignored
from archiver.inbox.sightings import Sighting, look

SETTLE, EMPTY = 5, 30
FOLDER = Path("/inbox/incoming")
NAMES = [b"a.pdf", b"B.tif", b"\xff.jpg", "Prüfung.pdf".encode(), b"x.part", b"~$x.docx"]


def sighting(name: bytes = b"a.pdf", **values) -> Sighting:
    known = {"kind": "file", "device": 1, "inode": 1, "links": 1, "size": 9}
    return Sighting(FOLDER, name, **{**known, "mtime_ns": 0, "ctime_ns": 0, **values})


class SettlingAgainstHistory(RuleBasedStateMachine):
    """The model keeps all looks and asks the definition; the machine keeps three numbers a name."""

    def __init__(self):
        super().__init__()
        self.settling = Settling(SETTLE, EMPTY)
        self.now = 0
        self.present: dict[bytes, Sighting] = {}
        self.looks: list[tuple[int, dict[bytes, Sighting]]] = []
        self.listing = None

    @rule(
        name=st.sampled_from(NAMES),
        kind=st.sampled_from(["file", "file", "file", "symlink", "fifo", "folder", "other"]),
        inode=st.integers(1, 2),
        links=st.sampled_from([1, 1, 1, 2]),
        size=st.sampled_from([0, 1, 2]),
        stamp=st.integers(0, 1),
    )
    def put(self, name, kind, inode, links, size, stamp):
        self.present[name] = sighting(
            name, kind=kind, inode=inode, links=links, size=size, mtime_ns=-stamp, ctime_ns=stamp
        )

    @rule(name=st.sampled_from(NAMES[:3]), stamp=st.integers(0, 1))
    def put_plain(self, name, stamp):
        self.present[name] = sighting(name, ctime_ns=stamp)

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name):
        self.present.pop(name, None)

    @rule(seconds=st.sampled_from([0, 1, 2, 5, 30]))
    def look(self, seconds):
        self.now += seconds
        self.looks.append((self.now, dict(self.present)))
        self.listing = self.settling.judge(list(self.present.values()), self.now)

    def left(self, name: bytes) -> int | None:
        """Seconds that the definition still wants, from the whole history; None is settled."""
        now, here = self.looks[-1]
        seen = here[name]
        since, count = now, 0
        for at, there in reversed(self.looks):
            if name not in there or not self.waits(there[name]):
                break
            if there[name].fingerprint != seen.fingerprint:
                break
            since, count = at, count + 1
        left = (EMPTY if seen.size == 0 else SETTLE) - (now - since)
        return None if count >= 2 and left <= 0 else left

    def first_seen(self, name: bytes) -> int:
        first = self.now
        for at, there in reversed(self.looks):
            if name not in there or not self.waits(there[name]):
                break
            first = at
        return first

    @staticmethod
    def waits(seen: Sighting) -> bool:
        return seen.kind == "file" and seen.links == 1

    @invariant()
    def agrees(self):
        if self.listing is None:
            return
        here = self.looks[-1][1]
        ignored = {name for name in here if name in (b"x.part", b"~$x.docx")}
        held = {name for name in here if name not in ignored and not self.waits(here[name])}
        left = {name: self.left(name) for name in here if name not in ignored | held}
        settled = [name for name, seconds in left.items() if seconds is None]
        waiting = [seconds for seconds in left.values() if seconds is not None]
        assert {one.name for one in self.listing.ignored} == ignored
        assert {one.sighting.name for one in self.listing.held} == held
        assert [one.name for one in self.listing.settled] == sorted(
            settled, key=lambda name: (self.first_seen(name), here[name].mtime_ns, name)
        )
        assert len(self.listing.waiting) == len(waiting)
        assert self.listing.next_check == (min(waiting) if waiting else None)


TestSettlingAgainstHistory = SettlingAgainstHistory.TestCase
TestSettlingAgainstHistory.settings = settings(stateful_step_count=30)


@given(st.floats(0, 1e6), st.floats(0.001, 1e4))
def test_waiting_exactly_as_long_as_told_is_enough(start, settle_seconds):
    """No endless series of ever shorter waits by rounding: two are enough."""
    settling = Settling(settle_seconds, settle_seconds)
    now = start
    for _ in range(3):
        listing = settling.judge([sighting()], now)
        if listing.settled:
            return
        later = now + listing.next_check
        assume(later > now)  # a wait that a clock this far on cannot show
        now = later
    raise AssertionError(f"still waiting {listing.next_check}")


@pytest.mark.parametrize(
    "name",
    [
        "~$letter.docx",
        ".hidden",
        "._Scan.pdf",
        "Scan.PDF.part",
        "x.crdownload",
        "x.TMP",
        ".DS_Store",
        "THUMBS.DB",
        "Desktop.ini",
        ".smbdelete0001",
        "@eaDir",
        ".part",
    ],
)
def test_names_that_are_not_meant_for_us(name):
    assert is_ignored(name.encode())


@pytest.mark.parametrize("name", ["part", "tmp", "a.part.pdf", "$x", "Thumbs.db.pdf", "eaDir"])
def test_names_that_only_look_like_it(name):
    assert not is_ignored(name.encode())


def test_each_kind_of_entry_is_listed_where_it_belongs(tmp_path):
    (tmp_path / "scan.pdf").write_bytes(b"x")
    (tmp_path / "twice.pdf").write_bytes(b"x")
    os.link(tmp_path / "twice.pdf", tmp_path / "twice too.pdf")
    (tmp_path / "link.pdf").symlink_to("scan.pdf")
    (tmp_path / "dangling.pdf").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo.pdf")
    (tmp_path / "~$scan.docx").write_bytes(b"x")
    (tmp_path / "_problems").mkdir()
    (tmp_path / "_received.csv").write_bytes(b"x")
    (tmp_path / ".done-01ARZ3NDEKTSV4RRFFQ69G5FAV").write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket.pdf"))
        listing = Settling(1, 1).judge(look(tmp_path), 0.0)
    assert {one.sighting.name: one.reason for one in listing.held} == {
        b"dangling.pdf": "held_symlink",
        b"fifo.pdf": "held_fifo",
        b"folder": "held_folder",
        b"link.pdf": "held_symlink",
        b"socket.pdf": "held_special",
        b"twice too.pdf": "held_hard_link",
        b"twice.pdf": "held_hard_link",
    }
    assert [one.name for one in listing.waiting] == [b"scan.pdf"]
    assert [one.name for one in listing.ignored] == [b"~$scan.docx"]


def test_a_file_that_is_called_like_our_folder_is_a_drop(tmp_path):
    (tmp_path / "_problems").write_bytes(b"x")
    assert [one.name for one in Settling(1, 1).judge(look(tmp_path), 0.0).waiting] == [b"_problems"]


def test_a_growing_file_settles_only_after_it_stood_still(tmp_path):
    settling = Settling(SETTLE, EMPTY)
    drop = tmp_path / "scan.pdf"
    now = 0.0
    with drop.open("ab", buffering=0) as file:
        for _ in range(6):
            file.write(b"page")
            now += SETTLE
            assert settling.judge(look(tmp_path), now).settled == ()
    assert settling.judge(look(tmp_path), now + SETTLE - 1).settled == ()
    assert [one.size for one in settling.judge(look(tmp_path), now + SETTLE).settled] == [24]


def test_preallocated_size_and_old_time_do_not_settle(tmp_path):
    """Explorer gives the file its full size at once, and copies the old time at the end."""
    settling = Settling(SETTLE, EMPTY)
    drop = tmp_path / "scan.pdf"
    drop.write_bytes(b"\0" * 100)
    settling.judge(look(tmp_path), 0.0)
    with drop.open("r+b") as file:
        file.write(b"x" * 100)
    os.utime(drop, (1, 1))
    assert settling.judge(look(tmp_path), 60.0).settled == ()
    assert len(settling.judge(look(tmp_path), 120.0).settled) == 1


def test_a_name_that_was_away_for_one_look_waits_anew():
    settling = Settling(SETTLE, EMPTY)
    settling.judge([sighting()], 0.0)
    settling.judge([], SETTLE)
    assert settling.judge([sighting()], SETTLE * 2).settled == ()


def test_the_drop_that_came_first_goes_first_even_when_it_changed_since():
    settling = Settling(SETTLE, EMPTY)
    settling.judge([sighting(b"z.pdf")], 0.0)
    settling.judge([sighting(b"z.pdf"), sighting(b"a.pdf")], 1.0)
    later = [sighting(b"a.pdf"), sighting(b"b.pdf"), sighting(b"z.pdf", size=10)]
    settling.judge(later, 2.0)
    settled = settling.judge(later, 60.0).settled
    assert [one.name for one in settled] == [b"z.pdf", b"a.pdf", b"b.pdf"]


def test_an_empty_file_waits_longer_and_then_settles(tmp_path):
    settling = Settling(SETTLE, EMPTY)
    (tmp_path / "scan.pdf").touch()
    assert settling.judge(look(tmp_path), 0.0).next_check == EMPTY
    assert settling.judge(look(tmp_path), EMPTY - 1).next_check == 1
    assert [one.size for one in settling.judge(look(tmp_path), EMPTY).settled] == [0]


def test_names_that_are_not_utf8_and_both_unicode_forms(tmp_path):
    folder = os.fsencode(tmp_path)
    composed = unicodedata.normalize("NFC", "Prüfung.pdf").encode()
    decomposed = unicodedata.normalize("NFD", "Prüfung.pdf").encode()
    for name in (b"Pr\xfcfung.pdf", composed, decomposed, b"a\nb\x1b[2J.pdf"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"x")
    settling = Settling(0, 0)
    settling.judge(look(tmp_path), 0.0)
    settled = settling.judge(look(tmp_path), 0.0).settled
    assert {one.name: display_name(one.name) for one in settled} == {
        b"Pr\xfcfung.pdf": r"Pr\xfcfung.pdf",
        composed: "Prüfung.pdf",
        decomposed: "Prüfung.pdf",
        b"a\nb\x1b[2J.pdf": r"a\x0ab\x1b[2J.pdf",
    }


@given(st.binary(min_size=1, max_size=255))
def test_any_bytes_have_a_name_to_show_and_one_for_windows(raw):
    shown = display_name(raw)
    shown.encode("utf-8")
    assert shown.splitlines() in ([shown], [])
    safe = windows_name(shown, 60)
    assert 1 <= len(safe.encode()) <= 60
    assert not set(safe) & set('<>:"/\\|?*\n\0')
    assert safe == safe.strip(" .")


@pytest.mark.parametrize("name", ["CON", "nul.pdf", "com1.scan.pdf", "LPT9 .txt"])
def test_device_names_of_windows_are_no_notes(name):
    assert windows_name(name, 100) == "_" + name


def test_a_direction_override_cannot_hide_the_real_extension():
    assert display_name("invoice\u202efdp.exe".encode()) == r"invoice\u202efdp.exe"


def test_a_vanished_folder_is_a_fault_of_the_machine(tmp_path):
    with pytest.raises(SystemFault, match="inbox_unreadable") as caught:
        look(tmp_path / "away")
    assert caught.value.params == {"folder": str(tmp_path / "away"), "error": "ENOENT"}


def test_ten_thousand_files_cost_little(tmp_path, record_property):
    for number in range(10_000):
        os.close(os.open(tmp_path / f"{number:05}.pdf", os.O_CREAT))
    settling = Settling(1, 1)
    began = time.process_time()
    sightings = look(tmp_path)
    looked = time.process_time()
    settling.judge(sightings, 0.0)
    again = time.process_time()
    listing = settling.judge(sightings, 1.0)
    ended = time.process_time()
    record_property("look_seconds", looked - began)
    print(f"look {looked - began:.3f} s, first {again - looked:.3f} s, next {ended - again:.3f} s")
    assert len(listing.settled) == 10_000
    assert ended - began < 2.0

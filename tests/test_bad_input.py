"""A bad day at the post desk: everything a clerk may drop by mistake, all on one day.

One daemon gets it all at once, so that each test also shows that nothing stops the others. What
was accepted has a number, is found, can be read back byte for byte and, where it cannot be filed,
says why and what to do, in `status` and in a note beside the drop folder. What is not taken still
lies where it lay, and is said as well.
"""

from __future__ import annotations

import base64
import csv
import errno
import fcntl
import io
import json
import os
import signal
import subprocess
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests import paper
from tests.town import DEADLINE, Town, wait_for, workers_paused

LATIN_1 = "Anhörung Gehölz.pdf".encode("latin-1")
LATIN_1_SHOWN = "Anh\\xf6rung Geh\\xf6lz.pdf"
LATIN_1_BAD = "Grüße.pdf".encode("latin-1")
LATIN_1_BAD_SHOWN = "Gr\\xfc\\xdfe.pdf"
NFC = "Übergrößenträger.pdf"
FIVE = tuple(f"Rechnung 4711 ({number}).pdf" for number in range(1, 6))
LETTER = ("Antrag auf Sondernutzung der Seepromenade",)
PLAN = "page_too_large"

# File, how it is made, the state it must end in, and the reason that is told.
BAD: dict[str, tuple[bytes, str, str]] = {
    "leer.pdf": (b"", "quarantined", "empty_file"),
    "abgerissen.pdf": (paper.truncated_pdf(), "quarantined", "truncated"),
    "abgerissen.jpg": (paper.jpeg(paper.letter_image())[:30_000], "quarantined", "truncated"),
    "geheim.pdf": (paper.encrypted_pdf(), "quarantined", "encrypted"),
    "Notiz.pdf": ("nur ein Text, Grüße\n".encode(), "quarantined", "unsupported_type"),
    "Zahlungserinnerung.exe": (
        Path("/usr/bin/true").read_bytes(),
        "quarantined",
        "unsupported_type",
    ),
    "Rechnung.pdf.pdf": (b"\x7fELF" + bytes(5000), "quarantined", "unsupported_type"),
    "144 Megapixel.png": (paper.bomb_png(), "quarantined", "looks_like_bomb"),
    "Lageplan.tif": (paper.plan_g4(), "review", PLAN),
    "Lageplan.pdf": (paper.plan_g4(container="pdf"), "review", PLAN),
    LATIN_1_BAD_SHOWN: (b"kein PDF, und der Name ist Latin-1", "quarantined", "unsupported_type"),
}
HELD = {
    "Verweis.pdf": "held_symlink",
    "ins Leere.pdf": "held_symlink",
    "Rohr.pdf": "held_fifo",
    "Ordner": "held_folder",
    "zweimal.pdf": "held_hard_link",
}
IGNORED = ("~$Brief.docx", "Scan.pdf.part", ".versteckt", "Thumbs.db")
SEEN_WAITING = 5


class SlowCopy(threading.Thread):
    """A program that copies a file in many pieces and keeps the last one until it is told to end.

    Args:
        path: of the copy.
        data: at least 400 bytes.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        super().__init__(daemon=True)
        self._path = path
        size = len(data) // 400
        self._pieces = [data[start : start + size] for start in range(0, len(data), size)]
        self.may_end = threading.Event()

    def run(self) -> None:
        with self._path.open("wb", buffering=0) as file:
            for piece in self._pieces[:-1]:
                file.write(piece)
                self.may_end.wait(0.02)  # the pace of a slow line, no more than that
            self.may_end.wait(DEADLINE)
            file.write(self._pieces[-1])


@dataclass
class Day:
    """What was dropped on the bad day, and what the town says of it in the evening."""

    town: Town
    daemon: subprocess.Popen[bytes]
    dropped: dict[str, bytes] = field(default_factory=dict)
    growing_sizes: list[int] = field(default_factory=list)
    first_scan_then: str = ""
    stalled_waited: bool = False
    status: dict[str, Any] = field(default_factory=dict)
    found: list[dict[str, Any]] = field(default_factory=list)

    def drop(self, name: str | bytes, data: bytes) -> None:
        path = self.town.drop(name, data)
        self.dropped[path.name] = data

    def hit(self, file: str) -> dict[str, Any]:
        (hit,) = (hit for hit in self.found if file in hit["file"])
        return hit

    def problem(self, file: str) -> dict[str, Any]:
        problems: list[dict[str, Any]] = self.status["problems"]
        (problem,) = (one for one in problems if one["file"] == file)
        return problem

    def receipts(self) -> list[dict[str, str]]:
        text = (self.town.inbox / "_received.csv").read_text(encoding="utf-8-sig")
        return list(csv.DictReader(io.StringIO(text), delimiter=";"))

    def original(self, identifier: str, folder: Path) -> bytes:
        target = folder / f"{identifier}.original"
        ended = self.town.command("get", identifier, "--original", "-o", str(target))
        assert ended.returncode == 0, ended.stderr
        return target.read_bytes()

    def notes(self) -> dict[str, str]:
        """The notes beside the drop folder, by the file name in their first line."""
        texts = [path.read_text(encoding="utf-8-sig") for path in self.town.problems.iterdir()]
        return {text.splitlines()[0]: text for text in texts}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    town = Town(tmp_path_factory.mktemp("day") / "town", {"work": {"wall_seconds": 60}})
    with town.daemon() as daemon:
        day = Day(town, daemon)
        with (town.inbox / "stockt.pdf").open("wb", buffering=0) as stalled:
            _live_through(day, stalled)
        # Taken only now that the copying program has closed it.
        wait_for(lambda: "stockt.pdf" in {row["file"] for row in day.receipts()}, "stockt.pdf")
        _evening(day)
        yield day


def _live_through(day: Day, stalled: IO[bytes]) -> None:
    """Drop everything; `stalled` is a copy that stops half way while all the rest goes on."""
    town = day.town
    day.dropped["stockt.pdf"] = paper.text_pdf([("Der Kopiervorgang stockte am Nachmittag",)])
    stalled.write(day.dropped["stockt.pdf"][:600])
    day.dropped["waechst.pdf"] = paper.scan_pdf([paper.letter_image(("Gutachten Lindenallee",))])
    copy = SlowCopy(town.inbox / "waechst.pdf", day.dropped["waechst.pdf"])
    copy.start()

    _same_name_twice(day)
    path = town.drop("Kopie.pdf", b"kein PDF")
    wait_for(lambda: not path.exists(), "the first Kopie.pdf is taken")
    town.drop("Kopie.pdf", b"auch kein PDF")
    for name, (data, _state, _reason) in BAD.items():
        day.drop(LATIN_1_BAD if name == LATIN_1_BAD_SHOWN else name, data)
    for name in FIVE:
        day.drop(name, paper.text_pdf([("Rechnung über 4711 Parkscheine",)]))
    day.drop("Siegel.pdf", paper.signed_pdf())
    day.drop(LATIN_1, paper.text_pdf([("Das Gehölz am Mühlbach bleibt",)]))
    day.drop(unicodedata.normalize("NFD", NFC), paper.text_pdf([("Zerlegte Zeichen",)]))
    day.drop("leer auch.pdf", b"")
    _lay_what_is_not_taken(town)

    while len(day.growing_sizes) < SEEN_WAITING:
        if "incoming/waechst.pdf" in town.status()["inbox"]["waiting"]:
            day.growing_sizes.append((town.inbox / "waechst.pdf").stat().st_size)
    copy.may_end.set()
    copy.join()

    day.drop("danach.pdf", paper.scan_pdf([paper.letter_image(LETTER)]))
    wait_for(lambda: town.search("Seepromenade state:filed"), "the letter dropped last is found")
    day.stalled_waited = "incoming/stockt.pdf" in town.status()["inbox"]["waiting"]
    stalled.write(day.dropped["stockt.pdf"][600:])


def _same_name_twice(day: Day) -> None:
    """Another paper under the name of one that is being recognised at that moment."""
    pages = [paper.letter_image((f"Blatt {number} der Bauakte Hafenkran",)) for number in range(12)]
    with workers_paused(day.daemon):
        path = day.town.drop("Scan.pdf", paper.scan_pdf(pages))
        wait_for(lambda: not path.exists(), "the first Scan.pdf is taken")
        (first,) = wait_for(lambda: day.town.search("file:Scan"), "the first Scan.pdf is known")
        day.town.drop("Scan.pdf", paper.text_pdf([("Kündigung des Bootsliegeplatzes",)]))
        wait_for(lambda: not path.exists(), "the second Scan.pdf is taken")
        day.first_scan_then = day.town.json("show", first["id"])["state"]


def _lay_what_is_not_taken(town: Town) -> None:
    outside = town.root / "elsewhere.pdf"
    outside.write_bytes(paper.text_pdf())
    (town.inbox / "Verweis.pdf").symlink_to(outside)
    (town.inbox / "ins Leere.pdf").symlink_to("nirgends")
    (town.inbox / "zweimal.pdf").hardlink_to(outside)
    os.mkfifo(town.inbox / "Rohr.pdf")
    (town.inbox / "Ordner").mkdir()
    (town.inbox / "Ordner" / "innen.pdf").write_bytes(paper.text_pdf())
    for name in IGNORED:
        (town.inbox / name).write_bytes(b"nicht gemeint")


def _evening(day: Day) -> None:
    """Wait until all has come to its end and the folder's own lists say so."""
    town = day.town
    wait_for(
        lambda: not set(day.dropped) & {path.name for path in town.inbox.iterdir()},
        "all drops are taken",
    )
    town.wait_until_settled()
    final = {"filed", "in review", "in quarantine", "duplicate"}
    # Two files were called Scan.pdf and two Kopie.pdf, which stand in `dropped` under no name.
    count = len(day.dropped) + 4
    wait_for(
        lambda: len(rows := day.receipts()) == count and {row["state"] for row in rows} <= final,
        "all receipts are written",
    )
    wait_for(
        lambda: {hit["state"] for hit in town.search()} <= {"filed", "review", "quarantined"},
        "the index shows the last states",
    )
    day.status = town.status()
    day.found = town.search()


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_kept_found_and_explained(day: Day, name: str, tmp_path: Path) -> None:
    data, state, reason = BAD[name]
    problem = day.problem(name)
    assert problem["reason"] == reason
    for told in (problem["message"], problem["advice"]):
        assert told.endswith(".")
        assert len(told.split()) > 3
        assert told != reason
        assert "{" not in told
    hit = day.hit(name)
    assert (hit["id"], hit["state"]) == (problem["id"], state)
    shown = day.town.json("show", hit["id"])
    assert (shown["state"], shown["reason"]) == (state, reason)
    assert shown["message"] == problem["message"]
    assert shown["files"][0]["file"] == name
    note = day.notes()[name]
    assert problem["message"] in note
    assert problem["advice"] in note
    assert hit["id"] in note
    assert day.original(hit["id"], tmp_path) == data


def test_notes_bear_the_names_of_their_files(day: Day) -> None:
    names = {path.name for path in day.town.problems.iterdir()}
    plain = {f"{name}.txt" for name in (*BAD, *HELD) if "\\" not in name}
    assert plain <= names
    assert "Gr_xfc_xdfe.pdf.txt" in names  # Windows cannot open a name with a backslash
    assert len(names) == len(day.status["problems"])


def test_signed_pdf_is_untouched_and_found_by_its_text(day: Day, tmp_path: Path) -> None:
    (hit,) = day.town.search("Grundstück Lindenstraße state:filed")
    assert hit["file"] == "Siegel.pdf"
    shown = day.town.json("show", hit["id"])
    assert [finding["code"] for finding in shown["findings"]] == ["signed"]
    assert "digital signature" in shown["findings"][0]["message"]
    assert not shown["rendition"]
    signed = day.dropped["Siegel.pdf"]
    assert day.original(hit["id"], tmp_path) == signed
    got = tmp_path / "got.pdf"
    ended = day.town.command("get", hit["id"], "-o", str(got))
    assert ended.returncode == 0
    assert "no PDF/A" in ended.stderr
    assert got.read_bytes() == signed


@pytest.mark.parametrize("name", ["Lageplan.tif", "Lageplan.pdf"])
def test_plan_over_the_limit_waits_for_a_person_and_is_kept(day: Day, name: str) -> None:
    shown = day.town.json("show", day.hit(name)["id"])
    assert shown["pages"] == 1
    assert shown["version"] > 1, "a plan is worked on, not put away unseen"
    assert "too large" in shown["message"]
    assert "person" in shown["advice"]


@pytest.mark.parametrize("name", HELD)
def test_held_entry_is_told_and_left_where_it_is(day: Day, name: str) -> None:
    problem = day.problem(name)
    assert problem["id"] is None
    assert problem["reason"] == HELD[name]
    assert problem["message"].endswith("not taken.")
    assert problem["advice"].endswith(".")
    assert f"incoming/{name}" in day.status["inbox"]["held"]
    note = day.notes()[name]
    assert problem["message"] in note
    assert problem["advice"] in note
    assert os.path.lexists(day.town.inbox / name)
    assert all(name not in hit["file"] for hit in day.found)
    assert name not in {row["file"] for row in day.receipts()}


def test_held_entries_are_what_they_were(day: Day) -> None:
    inbox, outside = day.town.inbox, day.town.root / "elsewhere.pdf"
    assert (inbox / "Verweis.pdf").readlink() == outside
    assert (inbox / "zweimal.pdf").samefile(outside)
    assert outside.read_bytes() == paper.text_pdf()
    assert (inbox / "Rohr.pdf").is_fifo()
    assert (inbox / "Ordner" / "innen.pdf").read_bytes() == paper.text_pdf()


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_not_meant_for_us_is_listed_and_left(day: Day, name: str) -> None:
    assert f"incoming/{name}" in day.status["inbox"]["ignored"]
    assert (day.town.inbox / name).read_bytes() == b"nicht gemeint"
    assert all(problem["file"] != name for problem in day.status["problems"])


def test_name_in_another_encoding_is_kept_raw_and_found(day: Day, tmp_path: Path) -> None:
    problem = day.problem(LATIN_1_BAD_SHOWN)
    assert base64.b64decode(problem["file_raw"]) == LATIN_1_BAD
    for query in ("Mühlbach", "file:Anh*", f'file:"{LATIN_1_SHOWN}"', os.fsdecode(LATIN_1)):
        (hit,) = day.town.search(query)
        assert hit["file"] == LATIN_1_SHOWN, query
    shown = day.town.json("show", hit["id"])
    assert base64.b64decode(shown["files"][0]["file_raw"]) == LATIN_1
    assert day.original(hit["id"], tmp_path) == day.dropped[os.fsdecode(LATIN_1)]
    assert LATIN_1_SHOWN in {row["file"] for row in day.receipts()}


@pytest.mark.parametrize("command", ["show", "dismiss", "withdraw", "search"])
def test_arguments_in_another_encoding_are_no_bug(day: Day, command: str) -> None:
    words = [os.fsdecode(b"\xfc\xdf")]
    if command in ("dismiss", "withdraw"):
        words += ["--reason", os.fsdecode("Irrläufer".encode("latin-1"))]
    ended = day.town.command(command, *words)
    assert ended.returncode == (0 if command == "search" else 13), ended.stderr
    assert "Traceback" not in ended.stderr


def test_name_with_decomposed_umlauts_is_found_by_its_composed_form(day: Day) -> None:
    raw = next(name for name in day.dropped if unicodedata.normalize("NFC", name) == NFC)
    assert raw != NFC
    for query in ("Übergrößenträger", f"file:{NFC}", f"datei:{raw}"):
        assert [hit["file"] for hit in day.town.search(query)] == [NFC], query
    assert NFC in {row["file"] for row in day.receipts()}


def test_file_is_taken_whole_after_its_writer_has_ended(day: Day, tmp_path: Path) -> None:
    whole = day.dropped["waechst.pdf"]
    assert len(day.growing_sizes) == SEEN_WAITING
    assert all(size < len(whole) for size in day.growing_sizes)
    assert day.growing_sizes[0] < day.growing_sizes[-1]
    (hit,) = day.town.search("Gutachten Lindenallee state:filed")
    assert day.original(hit["id"], tmp_path) == whole
    assert sum(row["file"] == "waechst.pdf" for row in day.receipts()) == 1


def test_stalled_copy_that_is_still_open_waits(day: Day, tmp_path: Path) -> None:
    if not _leases_work(tmp_path / "probe"):
        pytest.skip("this file system does not tell that a file is open for writing")
    assert day.stalled_waited
    (hit,) = day.town.search("Kopiervorgang state:filed")
    assert day.original(hit["id"], tmp_path) == day.dropped["stockt.pdf"]
    assert sum("stockt.pdf" in hit["file"] for hit in day.found) == 1


def _leases_work(probe: Path) -> bool:
    with probe.open("wb") as writer, probe.open("rb") as reader:
        assert writer.writable()
        try:
            fcntl.fcntl(reader, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
    return False


def test_same_file_five_times_is_one_document_with_five_receipts(day: Day) -> None:
    (hit,) = day.town.search("Parkscheine")
    assert all(name in hit["file"] for name in FIVE)
    rows = [row for row in day.receipts() if row["file"] in FIVE]
    assert {row["file"] for row in rows} == set(FIVE)
    assert len({row["id"] for row in rows}) == 5
    assert sorted(row["state"] for row in rows) == ["duplicate"] * 4 + ["filed"]
    for row in rows:
        assert day.town.json("show", row["id"])["id"] == hit["id"]
    shown = day.town.json("show", hit["id"])
    events = [line["event"] for line in shown["history"]]
    assert events.count("duplicate") == 4
    assert events.count("recognised") == 1


def test_second_file_of_a_bad_pair_is_told_as_well(day: Day) -> None:
    first, second = day.problem("leer.pdf"), day.problem("leer auch.pdf")
    assert first["id"] == second["id"]
    assert day.notes()["leer auch.pdf"].splitlines()[2] == second["message"]


def test_two_bad_files_of_one_name_have_a_note_each(day: Day) -> None:
    pair = [problem for problem in day.status["problems"] if problem["file"] == "Kopie.pdf"]
    assert len({problem["id"] for problem in pair}) == 2
    notes = [path.read_text(encoding="utf-8-sig") for path in day.town.problems.glob("Kopie*.txt")]
    assert len(notes) == 2
    for problem in pair:
        assert sum(problem["id"] in note for note in notes) == 1


def test_same_name_with_other_content_during_recognition_loses_nothing(
    day: Day, tmp_path: Path
) -> None:
    assert day.first_scan_then == "accepted", "the first one was still being recognised"
    (crane,) = day.town.search("Hafenkran state:filed")
    (berth,) = day.town.search("Bootsliegeplatzes state:filed")
    assert crane["id"] != berth["id"]
    assert crane["file"] == berth["file"] == "Scan.pdf"
    assert crane["pages"] == 12
    assert day.original(berth["id"], tmp_path) == paper.text_pdf(
        [("Kündigung des Bootsliegeplatzes",)]
    )
    rows = [row["id"] for row in day.receipts() if row["file"] == "Scan.pdf"]
    assert sorted(rows) == sorted([crane["id"], berth["id"]])


def test_every_accepted_file_has_a_number_and_its_bytes(day: Day, tmp_path: Path) -> None:
    rows = {row["file"]: row["id"] for row in day.receipts()}
    for name, data in day.dropped.items():
        shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        identifier = rows[unicodedata.normalize("NFC", shown)]
        document = day.town.json("show", identifier)["id"]
        assert document in {hit["id"] for hit in day.found}, name
        assert day.original(identifier, tmp_path) == data, name


def test_file_removed_while_it_is_copied_leaves_nothing_behind(day: Day) -> None:
    town, size = day.town, 1 << 28
    before = len(day.receipts())
    path, stage = town.inbox / "zurueckgenommen.tif", town.root / "stage"
    with path.open("wb") as file:
        file.truncate(size)  # a sparse file: large, and at once there

    def copying() -> Path | None:
        return next((part for part in stage.glob("*.part") if part.stat().st_size), None)

    part = wait_for(copying, "the copy has begun")
    day.daemon.send_signal(signal.SIGSTOP)
    try:
        assert part.stat().st_size < size, "stopped in the middle of the copy"
        path.unlink()
    finally:
        day.daemon.send_signal(signal.SIGCONT)
    wait_for(lambda: not part.exists(), "the half copy is thrown away")

    town.drop("weiter.pdf", paper.text_pdf([("Es geht weiter nach der Rücknahme",)]))
    wait_for(lambda: town.search("Rücknahme state:filed"), "the next letter is filed")
    assert town.search("zurueckgenommen") == []
    wait_for(lambda: len(day.receipts()) == before + 1, "only the letter has a receipt")
    status = town.status()
    assert status["inbox"]["waiting"] == []
    assert status["system"] == []


def test_nothing_stopped_and_everything_verifies(day: Day) -> None:
    assert day.status["system"] == []
    assert day.status["inbox"]["waiting"] == []
    assert day.daemon.poll() is None
    log = [json.loads(line) for line in (day.town.root / "daemon.log").read_text().splitlines()]
    assert [line for line in log if line["level"] not in ("info", "warning")] == []
    ended = day.town.command("verify")
    assert ended.returncode == 0, ended.stdout
    assert list((day.town.root / "stage").glob("*.part")) == []

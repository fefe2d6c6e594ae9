"""The ledger: any change to any byte is named, any torn tail heals, no failure costs the chain."""

import hashlib
import json
import resource
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.errors import IntegrityFault
from archiver.records import Event
from archiver.store.chain import GENESIS, chain, encode, first_break
from archiver.store.ledger import Head, Ledger
from tests.places import memory_folder

ID = "01J0000000000000000000000A"


def event(day="2026-01-31", number=0, **data):
    return Event("received", f"{day}T12:00:00.000Z", "daemon", ID, {"n": number, **data})


def fill(ledger):
    """Three months, batches and single lines."""
    ledger.append([event("2026-01-30", 1), event("2026-01-31", 2, reason="späte Post")])
    ledger.append([event("2026-02-01", 3)])
    ledger.append([event("2026-02-02", 4), event("2026-02-03", 5), event("2026-02-04", 6)])
    ledger.append([event("2026-03-01", 7)])
    ledger.append([event("2026-03-02", 8)])
    return ledger


@pytest.fixture
def ledger(tmp_path):
    return fill(Ledger(tmp_path / "ledger"))


def files(ledger):
    return sorted(path for path in ledger.folder.iterdir())


def numbers(entries):
    return [entry.data["n"] for entry in entries]


def test_lines_are_as_documented_and_chained_across_files(ledger):
    assert [path.name for path in files(ledger)] == [f"2026-0{m}.jsonl" for m in (1, 2, 3)]
    raw = b"".join(path.read_bytes() for path in files(ledger)).splitlines(keepends=True)
    lines = [json.loads(line) for line in raw]
    assert list(lines[0]) == ["seq", "at", "event", "id", "actor", "data", "prev"]
    assert [line["seq"] for line in lines] == list(range(1, 9))
    digests = ["0" * 64, *(hashlib.sha256(line).hexdigest() for line in raw)]
    assert [line["prev"] for line in lines] == digests[:-1]
    assert ledger.head() == (8, digests[-1]) == Ledger(ledger.folder).head()
    assert ledger.verify(ledger.head()) == [] == ledger.verify()


def test_a_new_instance_goes_on_with_the_chain(ledger):
    again = Ledger(ledger.folder)
    assert again.open() is None
    (entry,) = again.append([event("2026-03-03", 9)])
    assert entry.seq == 9 and entry.prev == ledger.head().digest
    assert again.verify(again.head()) == []


def test_prepared_entries_are_written_as_they_were_shown(ledger):
    entries = ledger.prepare([event("2026-03-05", 9), event("2026-03-05", 10)])
    assert ledger.head().seq == 8, "nothing is written yet"
    ledger.write(entries)
    assert list(ledger.read(8)) == entries
    with pytest.raises(ValueError, match="do not follow"):
        ledger.write(entries)
    assert ledger.verify(ledger.head()) == []


def test_a_clock_that_goes_back_does_not_write_into_an_older_file(ledger):
    ledger.append([event("2025-12-31", 9)])
    assert files(ledger)[-1].name == "2026-03.jsonl"
    assert numbers(ledger.read()) == list(range(1, 10)) and ledger.verify() == []


def test_a_batch_over_midnight_of_the_month_stays_in_one_file(ledger):
    ledger.append([event("2026-03-31", 9), event("2026-04-01", 10)])
    assert len(files(ledger)[-1].read_bytes().splitlines()) == 2
    assert ledger.verify(ledger.head()) == []


@pytest.mark.parametrize("after", range(10))
def test_reading_goes_on_after_any_number(ledger, after):
    for reader in (ledger, Ledger(ledger.folder)):
        assert numbers(reader.read(after)) == list(range(after + 1, 9))


def test_reading_opens_only_the_files_that_it_needs(ledger):
    first = files(ledger)[0]
    list(ledger.read())
    first.write_bytes(b"broken\n")
    assert numbers(ledger.read(2)) == [3, 4, 5, 6, 7, 8]
    with pytest.raises(IntegrityFault, match="ledger_broken"):
        list(ledger.read(0))


# --- somebody changes the files --------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return fill(Ledger(tmp_path_factory.mktemp("written") / "ledger"))


@given(data=st.data())
def test_any_flipped_byte_is_named(written, data):
    path = data.draw(st.sampled_from(files(written)))
    before = path.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    mask = data.draw(st.integers(1, 255))
    path.write_bytes(before[:place] + bytes([before[place] ^ mask]) + before[place + 1 :])
    try:
        found = Ledger(written.folder).verify(written.head())
    finally:
        path.write_bytes(before)
    first = json.loads(before.split(b"\n")[0])["seq"]
    line = first + before[:place].count(b"\n")
    assert [(problem.file, problem.seq) for problem in found] == [(path.name, line)], found


def all_lines(ledger):
    return [
        (path.name, raw)
        for path in files(ledger)
        for raw in path.read_bytes().splitlines(keepends=True)
    ]


@settings(suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_removed_added_and_swapped_lines_are_named(written, data):
    lines, head = all_lines(written), written.head()
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != place))
    removed = lines[:place] + lines[place + 1 :]
    assert first_break(removed, head).seq == place + 1
    doubled = [*lines[: place + 1], lines[place], *lines[place + 1 :]]
    assert place + 1 == len(lines) or first_break(doubled, head).seq == place + 2
    swapped = list(lines)
    swapped[place], swapped[other] = lines[other], lines[place]
    assert first_break(swapped, head).seq == min(place, other) + 1
    forged = chain([event(number=99)], GENESIS if not place else _head(lines[place - 1]))
    added = [*lines[:place], (lines[place][0], encode(forged[0])), *lines[place:]]
    assert first_break(added, head).seq in (place + 1, place + 2)


def _head(line):
    return Head(json.loads(line[1])["seq"], hashlib.sha256(line[1]).hexdigest())


@pytest.mark.parametrize(("month", "seq"), [(0, 1), (1, 3), (2, 7)])
def test_a_missing_file_is_named(ledger, month, seq):
    head = ledger.head()
    files(ledger)[month].unlink()
    (problem,) = Ledger(ledger.folder).verify(head)
    assert problem.seq == seq
    assert problem.code == ("tail_missing" if month == 2 else "line_missing")


def test_a_rewritten_end_is_found_by_an_expected_head_only(ledger):
    head = ledger.head()
    path = files(ledger)[-1]
    rewritten = path.read_bytes().replace(b'"n":8', b'"n":9')
    path.write_bytes(rewritten)
    other = Ledger(ledger.folder)
    assert other.verify() == []
    assert [(p.code, p.seq) for p in other.verify(head)] == [("line_changed", 8)]


def test_an_older_head_must_lie_in_the_chain(ledger):
    head = ledger.head()
    ledger.append([event("2026-03-09", 9)])
    assert ledger.verify(head) == []
    assert [p.seq for p in ledger.verify((4, "f" * 64))] == [4]


# --- crashes and errors ----------------------------------------------------------------------


@pytest.fixture
def memory():
    with memory_folder() as folder:
        yield folder


def test_a_torn_tail_at_every_offset_recovers_to_a_prefix(ledger, memory):
    names = [path.name for path in files(ledger)]
    contents = [path.read_bytes() for path in files(ledger)]
    for month, content in enumerate(contents):
        whole_before = sum(part.count(b"\n") for part in contents[:month])
        for length in range(len(content)):
            folder = memory / "torn"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name, part in zip(names[:month], contents, strict=False):
                (folder / name).write_bytes(part)
            (folder / names[month]).write_bytes(content[:length])
            torn = Ledger(folder)
            reported = torn.open()
            # A line that lacks nothing but its newline is not thrown away.
            whole = length if content[length : length + 1] == b"\n" else None
            kept = whole or content[:length].rfind(b"\n") + 1
            count = whole_before + content[:kept].count(b"\n") + bool(whole)
            assert torn.head().seq == count and torn.verify() == []
            assert (reported.lost if reported else b"") == content[kept:length]
            if reported:
                assert torn.tails() == [folder / reported.kept]
                assert (folder / reported.kept).read_bytes() == content[kept:length]
            torn.append([event("2026-03-20", 50)])
            assert numbers(torn.read()) == [*range(1, count + 1), 50]
            assert torn.verify(torn.head()) == []


def test_a_tail_of_zeros_is_cut_off(ledger):
    path = files(ledger)[-1]
    with path.open("ab") as file:
        file.write(bytes(4096))
    again = Ledger(ledger.folder)
    assert again.open().lost == bytes(4096)
    assert again.head() == ledger.head()


@pytest.mark.parametrize("content", [b"", bytes(100)])
def test_a_file_of_a_later_month_without_a_line_is_no_month(ledger, content):
    stray = ledger.folder / "2099-12.jsonl"
    stray.write_bytes(content)
    again = Ledger(ledger.folder)
    again.open()
    again.append([event("2026-03-03", 9), event("2026-04-01", 10)])
    again.append([event("2026-04-02", 11)])
    assert stray.read_bytes() == b"" and again.strays("2026-04-02") == [stray]
    assert "2026-04.jsonl" in [path.name for path in files(ledger)]
    assert again.verify(again.head()) == []
    assert numbers(Ledger(ledger.folder).read()) == list(range(1, 12))


def is_refused_untouched(ledger):
    """Whether opening refuses to go on, and no byte of any file was changed by it."""
    before = {path.name: path.read_bytes() for path in ledger.folder.iterdir()}
    with pytest.raises(IntegrityFault, match="ledger_broken"):
        Ledger(ledger.folder).open()
    return before == {path.name: path.read_bytes() for path in ledger.folder.iterdir()}


def test_one_wrong_byte_in_the_last_line_is_never_cut_off(ledger):
    path = files(ledger)[-1]
    whole = path.read_bytes()
    start = whole.rfind(b"\n", 0, -1) + 1
    for place in range(start, len(whole)):
        for wrong in {0, whole[place] ^ 0x80, whole[place] ^ 1, ord("X")} - {whole[place]}:
            path.write_bytes(whole[:place] + bytes([wrong]) + whole[place + 1 :])
            again = Ledger(ledger.folder)
            try:
                torn = again.open()
            except IntegrityFault as fault:
                assert (fault.reason, fault.params["seq"]) == ("ledger_broken", 8)
            else:
                if torn is not None:
                    # A newline that became a zero may be what a crash left: it is put back.
                    assert (wrong, torn.lost) == (0, b"\0") and path.read_bytes() == whole
                    (ledger.folder / torn.kept).unlink()
                # It reads as a line of its own: only the head that somebody kept tells.
                assert again.head().seq == 8
                if again.head() != ledger.head():
                    assert again.verify(ledger.head()) != []
            assert len(path.read_bytes()) == len(whole) and again.tails() == []
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "end", [b"\n", b"{}\n", b'{"seq":9,\n', b"\0" * 50 + b"\n", b"more", b'{"seq":7,"at":"2', b"{}"]
)
def test_an_end_that_no_crash_leaves_is_refused_and_kept(ledger, end):
    path = files(ledger)[-1]
    with path.open("ab") as file:
        file.write(end)
    assert is_refused_untouched(ledger)


def test_what_was_cut_off_is_never_overwritten_by_the_next_tail(ledger):
    path, kept = files(ledger)[-1], []
    for tail in (b'{"seq":9,"at":"2026-1', b'{"seq":9,"at":"2026-2'):
        with path.open("ab") as file:
            file.write(tail)
        kept.append(Ledger(ledger.folder).open().kept)
    contents = [(ledger.folder / name).read_bytes()[-1:] for name in kept]
    assert len(set(kept)) == 2 and contents == [b"1", b"2"]
    assert Ledger(ledger.folder).tails() == [ledger.folder / name for name in sorted(kept)]


def test_a_torn_line_before_the_last_file_is_no_crash(ledger):
    path = files(ledger)[1]
    path.write_bytes(path.read_bytes()[:-5])
    again = Ledger(ledger.folder)
    assert again.open() is None
    assert [(p.code, p.file, p.seq) for p in again.verify()] == [
        ("line_unreadable", "2026-02.jsonl", 6)
    ]


def test_reading_never_changes_a_file(ledger):
    path = files(ledger)[-1]
    with path.open("ab") as file:
        file.write(b'{"seq":9,')  # another process is writing
    before = path.read_bytes()
    reader = Ledger(ledger.folder)
    assert reader.head() == ledger.head()
    assert numbers(reader.read()) == list(range(1, 9)) and reader.verify(ledger.head()) == []
    assert path.read_bytes() == before


@pytest.mark.parametrize("day", ["2026-03-03", "2026-05-01"])
def test_a_full_disk_leaves_the_ledger_as_it_was(ledger, day):
    """A real short write: the kernel takes a part of the line, then says no (limit of file size).

    ENOSPC and EIO at every call are in test_crash_points.
    """
    head, state = ledger.head(), all_lines(ledger)
    limit = files(ledger)[-1].stat().st_size + 100
    if day > "2026-04":
        limit = 100
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old[1]))
        with pytest.raises(OSError, match="too large"):
            ledger.append([event(day, 9), event(day, 10)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert all_lines(ledger) == state and ledger.head() == head
    ledger.append([event(day, 9)])
    assert numbers(ledger.read()) == list(range(1, 10)) and ledger.verify(ledger.head()) == []


def test_a_second_writer_is_noticed(ledger):
    other = Ledger(ledger.folder)
    other.append([event("2026-03-10", 9)])
    with pytest.raises(IntegrityFault, match="ledger_changed"):
        ledger.append([event("2026-03-10", 10)])
    assert Ledger(ledger.folder).verify(other.head()) == []


READER = """
import sys
from pathlib import Path
from archiver.store.ledger import Ledger
last, rounds = 0, 0
while last < 300:
    ledger = Ledger(Path(sys.argv[1]))
    head = ledger.head()
    assert ledger.verify(head) == [], ledger.verify(head)
    seqs = [entry.seq for entry in ledger.read(last)]
    assert seqs == list(range(last + 1, last + 1 + len(seqs)))
    last = max([last, *seqs])
    rounds += 1
print(rounds)
"""


def test_another_process_reads_while_lines_are_added(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    ledger.append([event(number=1)])
    command = [sys.executable, "-c", READER, str(ledger.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        for number in range(2, 301):
            ledger.append([event(f"2026-{1 + number // 100:02}-01", number, fill="x" * 500)])
        out, _ = reader.communicate(timeout=60)
    assert reader.returncode == 0 and int(out) > 0


def test_threads_append_without_a_gap(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    threads = [
        threading.Thread(
            target=lambda t=t: [ledger.append([event(number=t)] * 2) for _ in range(20)]
        )
        for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [entry.seq for entry in ledger.read()] == list(range(1, 161))
    assert ledger.verify(ledger.head()) == []

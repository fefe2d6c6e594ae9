"""An exported ledger is checked elsewhere, by plain Python and standard tools alone."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import NotFound, Refusal
from archiver.proof.heads import seal_day, stored_seals
from archiver.proof.keys import found_key
from archiver.proof.ledgerexport import Sources, Span, export_ledger, limits
from archiver.proof.seal import fingerprint
from archiver.records import Event
from archiver.store.chain import GENESIS, chain, encode
from archiver.store.ledger import Ledger

NOW = "2026-03-20T10:00:00.000Z"


def event(day, number=0, kind="received"):
    return Event(kind, f"2026-03-{day:02}T12:00:00.000Z", "daemon", "01J0", {"n": number})


@pytest.fixture
def house(tmp_path):
    """Twelve lines on the days 2 to 13, of which 2 to 11 are sealed."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.append([event(day, kind="filed" if day % 2 else "hold_placed") for day in range(2, 14)])
    key = found_key(tmp_path / "keys" / "seal.key")
    for day in range(2, 12):
        seal_day(ledger, tmp_path / "heads", key, f"2026-03-{day:02}", NOW)
    return ledger, Sources(tmp_path / "heads", tmp_path / "keys"), key


@pytest.fixture
def export(house, tmp_path):
    ledger, sources, _key = house
    return export_ledger(ledger, sources, tmp_path / "export", NOW).path


def check(folder, **environment):
    """Run the script as a stranger would, far from any installation."""
    given_ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}
    run = subprocess.run(
        [getattr(sys, "_base_executable", sys.executable), "-I", str(folder / "check_ledger.py")],
        cwd="/", env=given_, capture_output=True, text=True,
    )  # fmt: skip
    assert run.stderr == ""
    wrong = [line for line in run.stdout.splitlines() if line.startswith(("WRONG", "FALSCH"))]
    assert run.returncode == (1 if wrong else 0), run.stdout
    return wrong, run.stdout


def test_an_untouched_export_holds(house, export):
    wrong, said = check(export)
    assert wrong == []
    assert "Lines up to number 12: sealed up to 10." in said
    assert fingerprint(house[2].public_key()) in said
    assert "ALLES IN ORDNUNG" in check(export, LANG="de_DE.UTF-8")[1]
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=export)
    assert sums.returncode == 0
    # The private key stays at home.
    assert [path.name for path in (export / "keys").iterdir()] == ["seal.pub"]
    text = (export / "README.txt").read_text(encoding="utf-8")
    assert "ZEILEN 1 BIS 12" in text and "LINES 1 TO 12" in text


def test_the_commands_of_the_leaflet_do_what_it_says(house, export):
    text = (export / "README.txt").read_text(encoding="utf-8").replace("DAY", "2026-03-05")
    commands = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    signature = [c for c in commands if "signature" in c][:3]
    run = subprocess.run(
        ["sh", "-ec", "\n".join(signature)], cwd=export, capture_output=True, text=True
    )
    assert "Signature Verified Successfully" in run.stdout, run.stderr
    (link,) = {c.split("#")[0] for c in commands if c.startswith("sed -n 5p")}
    digest = subprocess.run(["sh", "-c", link], cwd=export, capture_output=True, text=True).stdout
    sixth = (export / "ledger.jsonl").read_bytes().splitlines()[5]
    assert json.loads(sixth)["prev"] == digest.split()[0]
    key = next(c.split("  ")[0] for c in commands if c.startswith("openssl pkey "))
    said = subprocess.run(["sh", "-c", key], cwd=export, capture_output=True, text=True).stdout
    assert said.split()[0] == fingerprint(house[2].public_key())


@pytest.mark.parametrize("line", [1, 5, 10, 11])
def test_one_flipped_byte_is_named_with_its_line(export, line):
    path = export / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for place in (
        3,
        len(lines[line - 1]) // 2,
        len(lines[line - 1]) - 40,
        len(lines[line - 1]) - 1,
    ):
        changed = bytearray(lines[line - 1])
        changed[place] ^= 1
        path.write_bytes(b"".join([*lines[: line - 1], bytes(changed), *lines[line:]]))
        (wrong,) = check(export)[0]
        assert f"line {line} " in wrong, (place, wrong)


def test_without_seals_the_neighbours_tell_which_line_was_changed(export):
    for head in (export / "heads").iterdir():
        head.unlink()
    path = export / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for line in (1, 5, 11):
        raw = lines[line - 1]
        for changed in (raw.replace(b'"n":0', b'"n":7'), raw[:-6] + b"xyz" + raw[-3:]):
            path.write_bytes(b"".join([*lines[: line - 1], changed, *lines[line:]]))
            assert check(export)[0] == [f"WRONG: ledger.jsonl, line {line} was changed"]


def test_lines_and_seals_that_are_gone_or_swapped_are_told(export, house, tmp_path):
    path = export / "ledger.jsonl"
    raw = path.read_bytes()
    lines = raw.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4] + lines[5:]))
    assert "line 5 should be number 5" in check(export)[0][0]
    path.write_bytes(b"".join(lines[:8]))
    assert [text.split(": ")[1] for text in check(export)[0]] == [
        "line 9 is missing",
        "line 10 is missing",
    ]
    path.write_bytes(raw)
    head = export / "heads" / "2026-03-05.json"
    seal = head.read_bytes()
    head.unlink()
    assert "2026-03-06.json does not follow" in check(export)[0][0]
    head.write_bytes(seal.replace(b'"seq":4', b'"seq":3'))
    wrong, _said = check(export)
    assert wrong[0] == "WRONG: heads/2026-03-05.json is forged"
    head.write_bytes(b"{}")
    assert check(export)[0][0] == "WRONG: heads/2026-03-05.json cannot be read"
    head.write_bytes(seal)
    other = found_key(tmp_path / "other" / "seal.key")
    assert other.public_key() != house[2].public_key()
    (export / "keys" / "seal.pub").write_bytes((tmp_path / "other" / "seal.pub").read_bytes())
    assert len(check(export)[0]) == 10


def test_a_whole_ledger_written_anew_fails_at_its_first_seal(export):
    """Chained well in itself: only the seals know."""
    entries = chain([event(day, number=7) for day in range(2, 14)], GENESIS)
    (export / "ledger.jsonl").write_bytes(b"".join(map(encode, entries)))
    assert check(export)[0] == ["WRONG: ledger.jsonl, line 1 is not the line that was sealed"]


def test_without_openssl_it_says_what_it_could_not_check(export, tmp_path):
    wrong, said = check(export, PATH=str(tmp_path / "nothing"))
    assert wrong == [] and "Signatures not checked (no suitable openssl): 10." in said


def test_a_part_of_the_ledger_as_a_zip(house, tmp_path):
    ledger, sources, _key = house
    span = Span(first_day="2026-03-05", last_seq=8)
    made = export_ledger(ledger, sources, tmp_path / "part.zip", NOW, span)
    assert (made.first, made.last, made.seals) == (4, 8, 6)
    with zipfile.ZipFile(made.path) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path / "unpacked")
    folder = tmp_path / "unpacked" / "part"
    wrong, said = check(folder)
    assert wrong == [] and "Lines up to number 8: sealed up to 8." in said
    # The seal of the line before the first one vouches for where the part begins.
    lines = (folder / "ledger.jsonl").read_bytes()
    prev = json.loads(lines.splitlines()[0])["prev"].encode()
    (folder / "ledger.jsonl").write_bytes(lines.replace(prev, b"0" * 64, 1))
    assert "line 1 was changed" in check(folder)[0][0]


def test_events_stand_in_a_table_in_words_of_premis(export):
    with (export / "events.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [int(row["seq"]) for row in rows] == list(range(1, 13))
    filed = next(row for row in rows if row["event"] == "filed")
    assert filed["premis_type"] == "accession" and filed["premis_uri"].endswith("/eventType/acc")


def test_nothing_is_overwritten_and_nothing_half_is_left(house, tmp_path):
    ledger, sources, _key = house
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(Refusal) as refusal:
        export_ledger(ledger, sources, target, NOW)
    assert refusal.value.reason == "output_exists"
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(NotFound) as missing:
        export_ledger(ledger, sources, tmp_path / "x.zip", NOW, Span(first_day="2027-01-01"))
    assert missing.value.reason == "ledger_span_empty"
    path = ledger.folder / "2026-03.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"seq":7', b'"seq":7x'))
    with pytest.raises(Exception, match="ledger_broken"):
        export_ledger(Ledger(ledger.folder), sources, tmp_path / "x.zip", NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=12),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_a_span_of_days_leaves_no_line_of_them_out(days, first, last):
    """Also where the clock was set back."""
    entries = chain([event(day) for day in days], GENESIS)
    begin, end = limits(entries, Span(None, None, f"2026-03-0{first}", f"2026-03-0{last}"))
    wanted = [n for n, day in enumerate(days, start=1) if first <= day <= last]
    assert not wanted or (begin <= wanted[0] and wanted[-1] <= end)
    assert limits(entries, Span()) == (1, len(days))


def test_a_stamped_export_is_checked_with_the_roots(house, tmp_path):
    """A stamp that is none is told; good ones are in the tests of time stamps."""
    ledger, sources, _key = house
    roots = tmp_path / "roots.pem"
    roots.write_bytes(b"")
    (sources.heads / "2026-03-05.tsr").write_bytes(b"nothing")
    made = export_ledger(ledger, Sources(sources.heads, sources.keys, roots), tmp_path / "e", NOW)
    assert check(made.path)[0] == ["WRONG: heads/2026-03-05.json has a wrong time stamp"]
    assert len(stored_seals(Path(made.path) / "heads")) == 10

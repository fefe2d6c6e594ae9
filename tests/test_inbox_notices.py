"""Notes and receipts in a drop folder that clerks use, fill and sabotage at the same time."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import SystemFault
from archiver.inbox.names import display_name
from archiver.inbox.notices import (
    ProblemNotice,
    Receipt,
    is_our_note,
    note_names,
    publish,
    receipts,
    render_note,
)
from archiver.inbox.settling import Settling
from archiver.inbox.sightings import look

HEADER = ("Datei", "Kennung", "Stand", "Zeit")


def notice(name: str | bytes, text: str = "Das ist eine Verknüpfung.\nBitte die Datei ablegen."):
    raw = name if isinstance(name, bytes) else name.encode()
    return ProblemNotice(display_name(raw), raw, text)


def notes(folder: Path) -> dict[str, str]:
    problems = folder / "_problems"
    if not problems.exists():
        return {}
    return {path.name: path.read_text("utf-8-sig") for path in problems.iterdir()}


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_note_is_what_notepad_shows(tmp_path):
    publish(tmp_path, [notice("Prüfung.pdf")])
    content = (tmp_path / "_problems" / "Prüfung.pdf.txt").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfPr\xc3\xbcfung.pdf\r\n\r\nDas ist eine Verkn\xc3\xbcpf")
    assert content.count(b"\n") == content.count(b"\r\n") == 6


def test_solved_problems_lose_their_note_and_the_last_one_the_folder(tmp_path):
    publish(tmp_path, [notice("a.pdf"), notice("b.pdf")])
    publish(tmp_path, [notice("b.pdf", "neu")])
    assert list(notes(tmp_path)) == ["b.pdf.txt"]
    assert "neu" in notes(tmp_path)["b.pdf.txt"]
    publish(tmp_path, [])
    assert tree(tmp_path) == set()
    publish(tmp_path, [])


def test_an_unchanged_note_is_not_written_again(tmp_path):
    publish(tmp_path, [notice("a.pdf")])
    before = (tmp_path / "_problems" / "a.pdf.txt").stat()
    publish(tmp_path, [notice("a.pdf")])
    after = (tmp_path / "_problems" / "a.pdf.txt").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_what_clerks_keep_in_the_folder_stays(tmp_path):
    publish(tmp_path, [notice("a.pdf"), notice("b.pdf"), notice("c.pdf")])
    problems = tmp_path / "_problems"
    (problems / "mine.txt").write_text("remember")
    (problems / "copy.txt").write_bytes((problems / "a.pdf.txt").read_bytes())
    with (problems / "b.pdf.txt").open("a") as file:
        file.write("called Ms Beispiel")
    (problems / "c.pdf.txt").unlink()
    (problems / "c.pdf.txt").write_text("my own, under your name")
    publish(tmp_path, [notice("b.pdf", "noch immer"), notice("c.pdf")])
    found = notes(tmp_path)
    assert found["b.pdf.txt"].endswith("called Ms Beispiel")
    assert found["c.pdf.txt"] == "my own, under your name"
    assert sum(name.startswith(("b.pdf~", "c.pdf~")) for name in found) == 2
    publish(tmp_path, [])
    assert set(notes(tmp_path)) == {"mine.txt", "copy.txt", "b.pdf.txt", "c.pdf.txt"}


def test_planted_symlinks_are_not_followed(tmp_path):
    inbox, outside = tmp_path / "inbox", tmp_path / "outside"
    inbox.mkdir()
    outside.mkdir()
    (outside / "precious.txt").write_text("precious")
    (outside / "note.txt").write_bytes(render_note(b"note.txt", notice("note")))
    problems = inbox / "_problems"
    problems.mkdir()
    (problems / "a.pdf.txt").symlink_to(outside / "precious.txt")
    (problems / ".archiver-new").symlink_to(outside / "precious.txt")
    (problems / "note.txt").symlink_to(outside / "note.txt")
    os.mkfifo(problems / "fifo.txt")
    (inbox / "_received.csv").symlink_to(outside / "precious.txt")
    publish(inbox, [notice("a.pdf")])
    receipts(inbox, HEADER, [])
    publish(inbox, [])
    assert (outside / "precious.txt").read_text() == "precious"
    assert (outside / "note.txt").exists()
    assert {path.name for path in problems.iterdir()} == {"a.pdf.txt", "note.txt", "fifo.txt"}
    assert not (inbox / "_received.csv").is_symlink()


@pytest.mark.parametrize("kind", ["symlink", "file"])
def test_a_planted_problems_folder_is_a_fault_and_leads_nowhere(tmp_path, kind):
    inbox, outside = tmp_path / "inbox", tmp_path / "outside"
    inbox.mkdir()
    outside.mkdir()
    if kind == "symlink":
        (inbox / "_problems").symlink_to(outside)
    else:
        (inbox / "_problems").write_text("a drop")
    with pytest.raises(SystemFault, match="inbox_unwritable") as caught:
        publish(inbox, [notice("a.pdf")])
    assert caught.value.params["folder"] == str(inbox)
    assert tree(outside) == set()
    publish(inbox, [])


def test_names_that_look_the_same_have_a_note_each(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "Prüfung.pdf") for form in ("NFC", "NFD"))
    alike = [notice(composed, "one"), notice(decomposed, "two"), notice("PRÜFUNG.pdf", "three")]
    publish(tmp_path, alike)
    found = notes(tmp_path)
    assert len(found) == len({name.casefold() for name in found}) == 3
    assert {text.split("\n")[2] for text in found.values()} == {"one", "two", "three"}
    publish(tmp_path, alike[:1])
    assert list(notes(tmp_path)) == ["Prüfung.pdf.txt"]


@pytest.mark.parametrize(
    "raw",
    [b"\xff\xfe.pdf", b'a<b>:"c"|?*.pdf', b"CON", b"x" * 255, "ä".encode() * 127, b"...", b" "],
)
def test_notes_for_names_that_windows_cannot_have(tmp_path, raw):
    publish(tmp_path, [notice(raw)])
    ((name, text),) = notes(tmp_path).items()
    assert name.endswith(".txt")
    assert len(name.encode()) <= 200
    assert not set(name) & set('<>:"/\\|?*')
    assert text.split("\n")[0] == display_name(raw)


@given(
    st.lists(
        st.sets(st.binary(min_size=1, max_size=6).filter(lambda raw: b"/" not in raw), max_size=5),
        max_size=4,
    )
)
def test_the_folder_holds_exactly_the_last_notes(tmp_path_factory, rounds):
    folder = tmp_path_factory.mktemp("inbox")
    for raws in rounds:
        publish(folder, [notice(raw, raw.hex()) for raw in sorted(raws)])
        texts = [text.splitlines()[2] for text in notes(folder).values()]
        assert sorted(texts) == sorted(raw.hex() for raw in raws)
        assert (folder / "_problems").exists() == bool(raws)


@given(st.binary(min_size=1, max_size=255), st.text(), st.text(max_size=20))
def test_a_note_is_known_as_ours_until_somebody_touches_it(raw, text, added):
    note = notice(raw, text)
    name = next(note_names([note])[0])
    content = render_note(name, note)
    assert is_our_note(name, content)
    assert not is_our_note(b"other.txt", content)
    assert not is_our_note(name, content + b"x" + added.encode())


def test_our_own_entries_are_no_drops(tmp_path):
    publish(tmp_path, [notice("a.pdf")])
    receipts(tmp_path, HEADER, [])
    listing = Settling(0, 0).judge(look(tmp_path), 0.0)
    assert (listing.waiting, listing.held, listing.ignored) == ((), (), ())


def test_notes_can_be_read_by_whoever_may_read_the_folder(tmp_path):
    tmp_path.chmod(0o2770)
    before = os.umask(0o077)
    try:
        publish(tmp_path, [notice("a.pdf")])
        receipts(tmp_path, HEADER, [])
    finally:
        os.umask(before)
    assert (tmp_path / "_problems").stat().st_mode & 0o7777 == 0o2770
    assert (tmp_path / "_problems" / "a.pdf.txt").stat().st_mode & 0o7777 == 0o660
    assert (tmp_path / "_received.csv").stat().st_mode & 0o7777 == 0o660


def test_a_read_only_share_is_the_machines_fault(tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", share]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        for act in (
            lambda: publish(share, [notice("a.pdf")]),
            lambda: receipts(share, HEADER, []),
        ):
            with pytest.raises(SystemFault, match="inbox_unwritable") as caught:
                act()
            assert caught.value.params == {"folder": str(share), "error": "EROFS"}
        publish(share, [])
    finally:
        subprocess.run(["umount", share], check=True)


def test_a_vanished_share_is_the_machines_fault(tmp_path):
    for act in (publish, lambda folder, _: receipts(folder, HEADER, [])):
        with pytest.raises(SystemFault, match="inbox_unwritable"):
            act(tmp_path / "away", [])


# Receipts


def read_csv(folder: Path) -> list[list[str]]:
    text = (folder / "_received.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def test_receipts_are_what_excel_in_german_opens(tmp_path):
    receipts(tmp_path, HEADER, [])
    rows = [Receipt("Prüfung; alt.pdf", "01ARZ", 'liegt in "Bau"', "31.12.2026 10:00")]
    receipts(tmp_path, HEADER, rows)
    content = (tmp_path / "_received.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfDatei;Kennung;Stand;Zeit\r\n")
    assert read_csv(tmp_path)[1] == [
        "Prüfung; alt.pdf",
        "01ARZ",
        'liegt in "Bau"',
        "31.12.2026 10:00",
    ]
    assert tree(tmp_path) == {"_received.csv"}


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("http://x","y").pdf',
        "+1.pdf",
        "-1.pdf",
        "@SUM(A1).pdf",
        " =1+1",
        "＝1+1",
        "\tSUM",
    ],
)
def test_no_cell_is_a_formula(tmp_path, name):
    receipts(tmp_path, HEADER, [Receipt(name, "01ARZ", "ok", "heute")])
    assert read_csv(tmp_path)[1][0] == "'" + name


@given(st.text(), st.text())
def test_no_text_breaks_out_of_its_cell(tmp_path_factory, file, state):
    folder = tmp_path_factory.getbasetemp()
    receipts(folder, HEADER, [Receipt(file, "01ARZ", state, "heute")])
    rows = read_csv(folder)
    assert len(rows) == 2
    assert len(rows[1]) == 4
    assert rows[1][0].lstrip()[:1] not in ("=", "+", "-", "@") or not rows[1][0]

"""Words are found however they are stored, and what cannot be read is named."""

from __future__ import annotations

import base64
import gzip
import io
import json
import sqlite3
import tracemalloc
import zipfile
import zlib
from datetime import datetime
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.pipeline import traces, unpacking
from archiver.pipeline.traces import Finding, Sought, Store
from archiver.pipeline.unpacking import Budget, Spent, layers
from archiver.pipeline.witnesses import is_said_by, witnesses
from archiver.recognise.assembly import assemble_pdf
from archiver.records import Page, Word
from archiver.search.german import fold
from archiver.search.index import Entry, open_index
from archiver.store.objects import Note, Record
from tests import paper

pytestmark = pytest.mark.pure

ODD = "Wattwurmhügelgräßlich"
ID, OTHER = "01J0000000000000000000000A", "01J0000000000000000000000B"
words = st.text("abcdefgxyzäöüßéABCÄÖÜ", min_size=6, max_size=20)
codings = st.sampled_from(
    (
        lambda text: text.encode(),
        lambda text: text.upper().encode(),
        lambda text: text.lower().encode(),
        lambda text: normalize("NFD", text).encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("latin-1"),
        lambda text: json.dumps(text).encode(),
        lambda text: json.dumps(text).replace("\\u00fc", "\\u00FC").encode(),
        lambda text: text.encode("ascii", "xmlcharrefreplace"),
        lambda text: fold(text).encode(),
        lambda text: base64.b64encode(b"a/" + text.encode() + b".pdf"),
        lambda text: base64.b64encode(text.encode() + b".pdf"),
        lambda text: base64.b64encode(b"x" + text.encode()),
    )
)


@given(words, codings, st.integers(0, 40), st.integers(1, 30))
def test_a_word_is_found_in_every_coding_across_every_border(word, coded, before, size) -> None:
    content = b"." * before + coded(word) + b"." * 50
    blocks = (content[i : i + size] for i in range(0, len(content), size))
    assert Sought(["fehltdagegen", word]).within(blocks) == {1}


@given(st.binary(max_size=400))
def test_any_bytes_can_be_looked_through(content) -> None:
    for start in (b"", b"%PDF-1.4 ", b"PK\x03\x04", b"\x1f\x8b", b"%PDF-1.4 1 0 obj<<>>stream\n"):
        file = io.BytesIO(start + content)
        try:
            for layer in layers(file, Budget(1 << 20, 5)):
                b"".join(layer)
        except Spent:
            continue


@given(st.text(min_size=1, max_size=30), st.booleans())
def test_text_of_a_font_is_read_by_its_table(text, as_hex) -> None:
    signs = sorted({sign for sign in text if ord(sign) < 0xD800})
    codes = {sign: number for number, sign in enumerate(signs, 1)}
    pairs = "".join(f"<{codes[s]:04X}> <{ord(s):04X}>\n" for s in signs)
    table = unpacking.table_of(f"1 beginbfchar\n{pairs}endbfchar".encode())
    raw = b"".join(codes[s].to_bytes(2, "big") for s in text if s in codes)
    escaped = raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    shown = b"<" + raw.hex().encode() + b"> Tj" if as_hex else b"(" + escaped + b") Tj"
    expected = "".join(sign for sign in text if sign in codes)
    assert unpacking.read_by(table, unpacking.strings_of(b"BT " + shown)) == expected


def test_ranges_of_a_table_count_on_or_are_named() -> None:
    table = unpacking.table_of(
        b"2 beginbfrange <01> <03> <0041> <05><06>[<00FC> <00DF>] endbfrange"
    )
    assert table == (1, {1: "A", 2: "B", 3: "C", 5: "ü", 6: "ß"})
    endless = unpacking.table_of(b"1 beginbfrange <0000> <FFFFFFFF> <0041> endbfrange")
    assert len(endless.texts) <= (1 << 16) + 1


def found_in(folder: Path, *sought: str) -> Finding:
    return traces.find(sought or (ODD,), [Store("exports", (folder,))])["exports"]


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def rendition(folder: Path) -> bytes:
    """A scan with our text layer, in which the word stands as numbers of glyphs."""
    folder.mkdir()
    (folder / "s.pdf").write_bytes(paper.scan_pdf([paper.blank_image(100)], 100))
    word = Word(ODD, 100, 100, 400, 130, 90.0, 0, 0)
    page = Page(1, 827, 1169, 100.0, 0, "recognised", 90.0, (word,))
    made, _ = assemble_pdf(folder / "s.pdf", folder / "t.pdf", [page], datetime(2000, 1, 1))
    assert made is not None
    return made.read_bytes()


def test_packed_files_are_looked_into(tmp_path: Path) -> None:
    text = f"Hier steht {ODD}.".encode()
    drawn = paper.text_pdf([(f"Hier steht {ODD}.",)])
    rendered = rendition(tmp_path / "work")
    folder = tmp_path / "there"
    folder.mkdir()
    files = {
        "plain.txt": text,
        "lines.jsonl.gz": gzip.compress(text * 99),
        "inner.zip": zipped("a/b.zip", zipped("c.xml", text)),
        "named.zip": zipped(f"{ODD}.pdf", b""),
        "package.zip": zipped("document.pdf", rendered),
        "drawn.pdf": drawn,
        "rendered.pdf": rendered,
        "late.pdf": b"%PDF-" + bytes(3 << 20) + b"1 0 obj <<>>stream\n" + zlib.compress(text),
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_bytes(content)
        if name not in ("plain.txt",):
            assert ODD.encode() not in content or name == "named.zip"
    (folder / "without.pdf").write_bytes(paper.text_pdf([("Etwas ganz anderes",)]))
    (folder / "link").symlink_to(folder / "plain.txt")
    found = found_in(folder)
    assert {hit.path for hit in found.hits} == set(files)
    assert found.unread == () and found.files == len(files) + 1
    assert found.size == sum(p.lstat().st_size for p in folder.iterdir() if not p.is_symlink())


def test_what_cannot_be_read_is_named_and_stops_nothing(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(traces, "_UNPACKED", 8 << 20)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(64 << 20)))
    (tmp_path / "bomb.pdf").write_bytes(
        b"%PDF-1.4 1 0 obj <<>> stream\n" + zlib.compress(bytes(64 << 20))
    )
    (tmp_path / "bomb.zip").write_bytes(zipped("zeros", bytes(64 << 20)))
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04" + ODD.encode())
    (tmp_path / "closed").write_bytes(b"")
    (tmp_path / "z.txt").write_bytes(ODD.encode())
    found = found_in(tmp_path)
    assert set(found.unread) == {"bomb.gz", "bomb.pdf", "bomb.zip", "broken.zip"}
    assert {hit.path for hit in found.hits} == {"broken.zip", "z.txt"}


def test_the_report_says_no_word(tmp_path: Path) -> None:
    inner = tmp_path / f"Akte {ODD.upper()}" / "a"
    inner.mkdir(parents=True)
    (inner / "b.gz").write_bytes(b"\x1f\x8b")
    (inner / f"{ODD}.txt").write_bytes(b"")
    found = found_in(tmp_path)
    assert {hit.path for hit in found.hits} == {"*/a/b.gz", "*/a/*"}
    assert found.unread == ("*/a/b.gz",)


def test_large_files_are_not_taken_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "large.tif").open("wb") as file:
        file.truncate(64 << 20)
        file.seek(50 << 20)
        file.write(ODD.encode())
    tracemalloc.start()
    try:
        found = found_in(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.hits) == 1 and peak < 16 << 20


def catalogue(folder: Path) -> sqlite3.Connection:
    made = sqlite3.connect(folder / "catalogue.db", isolation_level=None)
    made.execute("PRAGMA journal_mode=WAL")
    made.execute("PRAGMA secure_delete=OFF")
    made.execute("CREATE TABLE document (id TEXT, params TEXT)")
    return made


def test_rows_and_what_deleting_left_are_found(tmp_path: Path) -> None:
    beside = tuple(tmp_path / f"catalogue.db{e}" for e in ("", "-wal", "-shm"))
    store = [Store("catalogue", beside)]
    made = catalogue(tmp_path)
    # Torn apart by the border of an overflow page: only the row says it.
    made.execute("INSERT INTO document VALUES ('a', ?)", ("x" * 6000,))
    torn = f"{'x' * 30}{ODD}"
    for room in range(3900, 4200):
        made.execute("UPDATE document SET params = ?", ("x" * room + torn + "x" * 4000,))
        if not traces.find([ODD], [Store("exports", (beside[0],))])["exports"].hits:
            break
    found = traces.find([ODD], store)["catalogue"]
    assert "rows/document" in {hit.path for hit in found.hits}
    made.execute("UPDATE document SET params = ?", (json.dumps([ODD]),))
    made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    made.execute("DELETE FROM document")
    after = traces.find([ODD], store)["catalogue"]
    assert after.hits and "rows/document" not in {hit.path for hit in after.hits}
    made.execute("VACUUM")
    made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert traces.find([ODD], store)["catalogue"].hits == ()
    made.close()


def entry(id: str, text: str) -> Entry:
    return Entry(
        id, "filed", None, None, None, None, None, "2024-01-01", "a.pdf", None, (text,), 1
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["tantivy", "whoosh"])
def test_a_deleted_document_is_still_found_in_an_index(tmp_path: Path, engine: str) -> None:
    index = open_index(engine, tmp_path / "current")
    index.apply([entry(ID, f"Hier {ODD} am Berg " * 300), entry(OTHER, "Anderes")], [], 1)
    store = [Store("index", (tmp_path,), engine)]
    before = traces.find(["Ungesagtes", ODD], store)["index"]
    assert {"documents/" + ID, "words/text_exact"} <= {h.path for h in before.hits if h.word == 1}
    assert not [hit for hit in before.hits if hit.word == 0] and before.unread == ()
    index.apply([], [ID], 2)
    after = traces.find([ODD], store)["index"]
    assert after.hits and after.unread
    assert "documents/" + ID not in {hit.path for hit in after.hits}


def test_witnesses_are_of_the_name_of_what_was_said_and_of_the_text() -> None:
    record = Record(subject="Baugesuch Xylofonbügel", notes=(Note("", "", "", "Wattwurm!"),))
    text = "Der Quarzuhrwerk- und der Quarzuhrwerk QUARZUHRWERK 12345678"
    read = tuple(Word(w, 0, 0, 1, 1, 9.0, 0, 0) for w in text.split())
    pages = [Page(1, 9, 9, 100.0, 0, "recognised", 9.0, read)]
    chosen = witnesses(record, pages, ["Zwölfkampf.pdf"], 4)
    assert chosen == ["Zwölfkampf", "Xylofonbügel", "QUARZUHRWERK", "Baugesuch"]
    assert witnesses(Record(), [], [], 4) == []
    assert is_said_by("BESCHEID", ["Der Gebührenbescheid"]) and not is_said_by("Wattwurm", ["Watt"])


@settings(max_examples=30)
@given(st.lists(st.text(max_size=60), max_size=6), st.integers(0, 8))
def test_witnesses_are_few_and_not_twice_the_same(texts, count) -> None:
    chosen = witnesses(Record(subject=" ".join(texts)), [], texts, count)
    assert len(chosen) <= count
    assert len({fold(word) for word in chosen}) == len(chosen)
    assert all(len(word) >= 6 and word.isalpha() for word in chosen)

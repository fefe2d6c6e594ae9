"""Everything but vault and ledger can be lost: what is made from them again is the same."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.config import load
from archiver.house import House, held
from archiver.rights import myself
from tests import paper
from tests.town import Town, wait_for

QUERIES = (
    "*",
    "Musterbach",
    "Friedhof*",
    '"wird erteilt"',
    "state:withdrawn",
    "state:review",
    "kopie",
)


def scan(*lines: str) -> bytes:
    return paper.scan_pdf([paper.letter_image(("Stadt Musterbach", *lines), dpi=150)], dpi=150)


def furnish(town: Town) -> None:
    """Documents of every kind that there can be: filed, duplicate, quarantined, dismissed, …"""
    same = scan("Friedhofssatzung", "Die Genehmigung wird erteilt.")
    town.drop("satzung.pdf", same)
    town.drop("kopie.pdf", same)
    town.drop("zwei seiten.pdf", paper.text_pdf([("Haushaltsplan",), ("Friedhof am Berg",)]))
    town.drop("leer.pdf", paper.scan_pdf([paper.blank_image(150)], 150))
    town.drop("kein scan.pdf", b"nur ein Text, kein PDF\n")
    town.drop("geheim.pdf", paper.encrypted_pdf())
    town.drop("Irrtum.pdf", paper.text_pdf([("Sitzung des Ortsrates",)]))
    town.drop(b"M\xfcller.pdf", paper.text_pdf([("Frau Müller",)]))
    town.once(expected=3)
    with api(town, writes=True) as archive:
        ids = {problem["file"]: problem["id"] for problem in archive.upkeep.status()["problems"]}
        archive.intake.dismiss(ids["kein scan.pdf"], "eine Notiz")
        archive.intake.retry(ids["geheim.pdf"])
        archive.intake.withdraw(archive.documents.search("Ortsrates")["hits"][0]["id"], "Irrtum")
    town.once(expected=3)


@contextmanager
def api(town: Town, *, writes: bool = False) -> Iterator[Archive]:
    """The archive by its Python interface, which costs no process for each question."""
    config = load(town.config)
    with held(config, exclusive=writes):
        house = House(config)
        try:
            yield Archive(house, myself())
        finally:
            house.close()


def tables(town: Town) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the catalogue."""
    with sqlite3.connect(f"file:{town.root / 'catalogue.db'}?mode=ro", uri=True) as catalogue:
        names = catalogue.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        return {
            name: sorted(catalogue.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in names
        }


def schema(town: Town) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{town.root / 'catalogue.db'}?mode=ro", uri=True) as catalogue:
        return catalogue.execute(
            "SELECT type, name, sql FROM sqlite_master ORDER BY name"
        ).fetchall()


def view(town: Town) -> dict[str, Any]:
    """What people see: hits with snippets, problems, and everything shown of each document."""
    with api(town) as archive:
        hits = {query: archive.documents.search(query, 100)["hits"] for query in QUERIES}
        # Hits of equal score come in no promised order, and scores depend on the index's segments.
        ordered = {
            query: sorted(({**hit, "score": None} for hit in found), key=lambda hit: hit["id"])
            for query, found in hits.items()
        }
        shown = [archive.documents.show(hit["id"]) for hit in ordered["*"]]
        return {"hits": ordered, "problems": archive.upkeep.status()["problems"], "shown": shown}


def ledger(town: Town) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (town.root / "ledger").iterdir()}


def remove_catalogue(town: Town) -> None:
    for path in town.root.glob("catalogue.db*"):
        path.unlink()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """One furnished archive; a test harms what is derived and must leave all as it was."""
    town = Town(tmp_path_factory.mktemp("furnished") / "town")
    furnish(town)
    return town


@pytest.fixture(scope="module")
def expected(home: Town) -> tuple[dict[str, Any], dict[str, Any], dict[str, bytes]]:
    seen = view(home)
    states = {hit["state"] for hit in seen["hits"]["*"]}
    assert states == {"filed", "review", "quarantined", "withdrawn"}
    assert len(seen["problems"]) == 2
    (twice,) = seen["hits"]["kopie"]
    assert sorted(twice["file"].split()) == ["kopie.pdf", "satzung.pdf"]
    return tables(home), seen, ledger(home)


Expected = tuple[dict[str, Any], dict[str, Any], dict[str, bytes]]


def is_as_before(town: Town, expected: Expected) -> None:
    rows, seen, lines = expected
    now = tables(town)
    assert set(now) == set(rows)
    for name in rows:
        assert now[name] == rows[name], name
    assert view(town) == seen
    assert ledger(town) == lines
    with api(town) as archive:
        assert archive.upkeep.verify()["problems"] == []


def test_rebuild_gives_row_by_row_and_hit_by_hit_the_same(home: Town, expected: Expected) -> None:
    before = schema(home)
    remove_catalogue(home)
    shutil.rmtree(home.root / "index")
    (home.root / "index").mkdir()
    report = home.json("rebuild")
    assert report["lines"] == len(b"".join(expected[2].values()).splitlines())
    assert report["documents"] == len(expected[1]["hits"]["*"])
    assert schema(home) == before
    is_as_before(home, expected)


def test_rebuild_of_a_whole_archive_changes_nothing(home: Town, expected: Expected) -> None:
    home.json("rebuild")
    is_as_before(home, expected)


def test_rebuild_with_a_broken_ledger_leaves_the_catalogue(home: Town, expected: Expected) -> None:
    (file,) = (home.root / "ledger").iterdir()
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:5], lines[5].replace(b"event", b"evnet"), *lines[6:]]))
    try:
        refused = home.command("rebuild")
    finally:
        file.write_bytes(whole)
    assert refused.returncode == 15, refused.stderr
    assert "Traceback" not in refused.stderr
    is_as_before(home, expected)


def delete_index(town: Town) -> None:
    shutil.rmtree(town.root / "index" / "current")


def delete_whole_index_folder_content(town: Town) -> None:
    for path in (town.root / "index").iterdir():
        shutil.rmtree(path)


def damage_meta(town: Town) -> None:
    (town.root / "index" / "current" / "data" / "meta.json").write_bytes(b"\0garbage")


def damage_segment(town: Town) -> None:
    for path in (town.root / "index" / "current" / "data").iterdir():
        if path.suffix in (".term", ".store", ".idx", ".pos"):
            path.write_bytes(b"\xa5" * path.stat().st_size)


def truncate_segments(town: Town) -> None:
    for path in (town.root / "index" / "current" / "data").iterdir():
        if path.name != "meta.json":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def lose_cursor(town: Town) -> None:
    (town.root / "index" / "current" / "cursor").unlink()


def run_ahead(town: Town) -> None:
    (town.root / "index" / "current" / "cursor").write_text("99999\n")


def delete_catalogue(town: Town) -> None:
    remove_catalogue(town)


def delete_catalogue_and_index(town: Town) -> None:
    remove_catalogue(town)
    delete_index(town)


@pytest.mark.parametrize(
    "harm",
    [
        delete_index,
        pytest.param(delete_whole_index_folder_content, marks=pytest.mark.slow),
        damage_meta,
        damage_segment,
        pytest.param(truncate_segments, marks=pytest.mark.slow),
        pytest.param(lose_cursor, marks=pytest.mark.slow),
        run_ahead,
        delete_catalogue,
        pytest.param(delete_catalogue_and_index, marks=pytest.mark.slow),
    ],
    ids=lambda harm: harm.__name__,
)
def test_the_daemon_starts_and_mends_what_is_derived(
    home: Town, expected: Expected, harm: Any
) -> None:
    harm(home)
    with home.daemon():
        found = len(expected[1]["hits"]["*"])
        wait_for(lambda: len(home.search()) == found, "the index has caught up", deadline=60)
    is_as_before(home, expected)


def test_another_engine_in_the_configuration_makes_the_index_anew(
    home: Town, expected: Expected
) -> None:
    found = len(expected[1]["hits"]["*"])
    for engine in ("whoosh", "tantivy"):
        home.configure({"search": {"engine": engine}})
        with home.daemon():
            wait_for(lambda: len(home.search()) == found, f"{engine} has caught up", deadline=60)
        version = (home.root / "index" / "current" / "version").read_text()
        assert version.startswith(engine)
        is_as_before(home, expected)


def test_an_older_catalogue_catches_up_from_the_ledger(town: Town, tmp_path: Path) -> None:
    town.drop("eins.pdf", paper.encrypted_pdf())
    town.once(expected=3)
    older = tmp_path / "older.db"
    shutil.copyfile(town.root / "catalogue.db", older)
    town.drop("zwei.pdf", paper.text_pdf([("Friedhofssatzung",)]))
    with api(town, writes=True) as archive:
        archive.intake.dismiss(archive.upkeep.status()["problems"][0]["id"], "nicht zu öffnen")
    town.once()
    before = tables(town), view(town), ledger(town)

    remove_catalogue(town)
    shutil.copyfile(older, town.root / "catalogue.db")
    with town.daemon():
        wait_for(lambda: town.search("Friedhofssatzung state:filed"), "all is there again")
    is_as_before(town, before)


def test_a_ledger_that_lost_its_end_is_not_gone_on_with(town: Town) -> None:
    town.drop("eins.pdf", paper.text_pdf([("Haushaltsplan",)]))
    town.once()
    (file,) = (town.root / "ledger").iterdir()
    whole = file.read_bytes()
    file.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    refused = town.command("run", "--once")
    assert refused.returncode == 15
    assert "a part of the ledger is missing" in refused.stderr
    file.write_bytes(whole)
    town.once()
    assert town.json("verify")["problems"] == []


def damaged(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("place", ["brace", "digest", "newline"])
def test_a_damaged_last_line_is_never_forgotten(home: Town, place: str) -> None:
    """Whatever is asked of the archive, the line stays as it is and everybody is told."""
    (file,) = (home.root / "ledger").iterdir()
    whole = file.read_bytes()
    spot = {"brace": len(whole) - 2, "digest": len(whole) - 10, "newline": len(whole) - 1}[place]
    file.write_bytes(harmed := damaged(whole, spot))
    try:
        for words in (("status",), ("verify",), ("rebuild",), ("run", "--once")):
            refused = home.command(*words)
            assert refused.returncode == 15, (words, refused.stdout, refused.stderr)
            assert "back-up" in refused.stderr and "Traceback" not in refused.stderr
            assert [path.read_bytes() for path in file.parent.iterdir()] == [harmed]
    finally:
        file.write_bytes(whole)
    assert home.json("verify")["problems"] == []


def test_what_a_crash_left_is_kept_and_told_until_somebody_has_seen_it(town: Town) -> None:
    town.drop("eins.pdf", b"")
    town.once(expected=3)
    (file,) = (town.root / "ledger").iterdir()
    whole = file.read_bytes()
    count = len(whole.splitlines())
    tail = b'{"seq":%d,"at":"2026-1' % (count + 1) + bytes(70)
    file.write_bytes(whole + tail)
    for _ in range(2):
        (told,) = town.status()["system"]
        kept = Path(told["message"].split(" lies in ")[1].rstrip("."))
        assert told["reason"] == "ledger_tail_kept" and kept.read_bytes() == tail
        assert file.read_bytes() == whole
    with town.daemon():
        assert [one["reason"] for one in town.status()["system"]] == ["ledger_tail_kept"]
    kept.unlink()
    assert town.status()["system"] == [] and town.json("verify")["problems"] == []


def test_a_rebuild_does_not_forget_lines_that_the_catalogue_has_taken_over(town: Town) -> None:
    town.drop("eins.pdf", b"")
    town.once(expected=3)
    (file,) = (town.root / "ledger").iterdir()
    whole, before = file.read_bytes(), tables(town)
    file.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    refused = town.command("rebuild")
    assert refused.returncode == 15 and "a part of the ledger is missing" in refused.stderr
    assert tables(town) == before
    # A person says that this ledger is to count.
    remove_catalogue(town)
    assert town.command("rebuild").returncode == 0


def test_folders_that_can_be_made_anew_are_made_at_the_start(town: Town) -> None:
    town.drop("brief.pdf", paper.text_pdf([("Friedhof am Berg",)]))
    town.once()
    for name in ("index", "stage", "released", "exports"):
        shutil.rmtree(town.root / name)
    assert [hit["subject"] for hit in town.search("Friedhof")]
    # A vault is not made anew: its disk may not be mounted.
    shutil.rmtree(town.root / "vault")
    shutil.rmtree(town.root / "index")
    (town.root / "vault").mkdir()
    assert town.command("run", "--once").returncode != 0
    assert not (town.root / "index").exists()

"""Quality control on the whole way: draw, look, release; what is refused; transfer notes."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import pdfa

from tests import paper
from tests.test_batch_way import dividing, ledger, letters
from tests.test_rebuild import tables
from tests.town import Town

ME = f"uid:{os.getuid()}"


def checking(town: Town, percent: float = 50, **quality: Any) -> None:
    town.configure({"quality": {"percent": percent, **quality}})


def told(town: Town, *arguments: str, code: int = 14) -> str:
    """What a command says that is refused."""
    ended = town.command(*arguments)
    assert ended.returncode == code, (ended.returncode, ended.stdout, ended.stderr)
    return ended.stderr


def filed_batch(town: Town, count: int = 4) -> str:
    """Have a batch of letters of one page divided; its id."""
    dividing(town, at="pages", pages=1)
    town.drop("Stapel Meier.pdf", paper.scan_pdf(letters(count), 150))
    town.once()
    assert town.status()["documents"] == {"divided": 1, "filed": count}
    return str(next(line["id"] for line in ledger(town) if line["event"] == "divided"))


def test_a_batch_goes_when_a_sample_that_stands_for_all_of_it_has_passed(
    town: Town, tmp_path: Path
) -> None:
    checking(town)
    batch = filed_batch(town)
    with town.daemon():
        assert "no sample stands for 4 of its documents" in told(town, "release", batch)
        first = town.json("qc", "draw")
        assert (first["population"], first["drawn"], first["percent"]) == (4, 2, 50)
        assert first["id"] in told(town, "release", batch)
        assert "nothing to draw" in told(town, "qc", "draw")

        shown = town.json("qc", "show")
        good, bad = (one["id"] for one in shown["documents"])
        one = town.json("qc", "show", "--document", good)
        assert "Lindenstraße 4" in one["text"][0]
        assert one["note"]["quality"]["result"] == "drawn"
        assert town.json("qc", "pass", first["id"], good, "--paper")["state"] == "drawn"
        failed = town.json("qc", "fail", first["id"], bad, "--reason", "Frau Müllers Seite schief")
        assert (failed["state"], failed["checked"], failed["failed"]) == ("failed", 2, 1)
        assert "has ended" in told(town, "qc", "pass", first["id"], good)

        waiting = town.json("show", bad)
        assert (waiting["state"], waiting["reason"]) == ("review", "quality_failed")
        assert "documents still wait" in told(town, "release", batch)
        # A better scan is read anew, and stands for itself.
        better = tmp_path / "besser.pdf"
        better.write_bytes(paper.scan_pdf([paper.letter_image(("Neu gescannt", *paper.LETTER))]))
        assert town.command("replace", bad, str(better)).returncode == 0
        town.wait_until_settled()
        assert "has failed" in told(town, "release", batch)

        # All of it now, whatever the rate is.
        again = town.json("qc", "draw", "--rate", "1%", "--batch", batch)
        assert (again["population"], again["drawn"]) == (4, 4)
        assert town.json("qc", "pass", again["id"], "--all")["state"] == "passed"
        (line,) = town.json("qc", "report")["lines"]
        counted = {k: line[k] for k in ("scans", "covered", "drawn", "failed", "waiting")}
        assert counted == {"scans": 4, "covered": 4, "drawn": 4, "failed": 1, "waiting": 1}
        assert town.command("release", batch).returncode == 0
        assert town.json("show", batch)["state"] == "destroyed"

        note = town.json("note", good)
        assert note["quality"]["result"] == "passed"
        assert [match["by"] for match in note["matches"]] == ["daemon", ME]
        exchanged = town.json("note", bad)
        assert exchanged["intake"]["file_name"] == "besser.pdf"
        assert [match["between"] for match in exchanged["matches"]] == ["rendition"]

    output = tmp_path / "bericht.csv"
    assert town.command("qc", "report", "-o", str(output)).returncode == 0
    (row,) = csv.DictReader(io.StringIO(output.read_bytes().decode("utf-8-sig")), delimiter=";")
    assert (row["pipeline"], row["released"], row["waiting"]) == ("incoming", "1", "0")
    assert told(town, "qc", "report", "-o", str(output), code=16)

    lines = json.dumps(ledger(town), ensure_ascii=False)
    assert "Müller" not in lines and "Meier" not in lines
    before = tables(town)
    assert town.command("rebuild").returncode == 0
    assert tables(town) == before
    assert town.json("verify")["problems"] == []


def test_a_scan_that_was_exchanged_after_the_sample_is_drawn_again(
    town: Town, tmp_path: Path
) -> None:
    checking(town, 1)
    town.drop("eins.pdf", paper.scan_pdf([paper.letter_image()]))
    town.drop("zwei.pdf", paper.scan_pdf([paper.letter_image(("Zweiter", *paper.LETTER))]))
    # Born digital: no scan, so nothing to compare with paper.
    town.drop("digital.pdf", paper.text_pdf([("Haushaltsplan", *paper.LETTER)]))
    town.once()
    sample = town.json("qc", "draw")
    assert (sample["population"], sample["drawn"]) == (2, 1)
    assert town.json("qc", "pass", sample["id"], "--all")["state"] == "passed"
    assert "nothing to draw" in told(town, "qc", "draw")

    (shown,) = town.json("qc", "show", sample["id"])["documents"]
    better = tmp_path / "besser.pdf"
    better.write_bytes(paper.scan_pdf([paper.letter_image(("Neu gescannt", *paper.LETTER))]))
    assert town.command("replace", shown["id"], str(better)).returncode == 0
    town.once()
    assert town.json("note", shown["id"])["quality"]["result"] == "not_drawn"
    again = town.json("qc", "draw")
    assert [one["id"] for one in town.json("qc", "show")["documents"]] == [shown["id"]]
    assert again["population"] == 1


def test_wrong_steps_are_refused_in_both_languages(town: Town) -> None:
    checking(town, 100, other_person=True)
    batch = filed_batch(town, 2)
    one, two = town.json("show", batch)["parts"]
    assert "No sample runs" in told(town, "qc", "show", code=13)
    assert "no batch" in told(town, "qc", "draw", "--batch", one)
    for rate in ("0", "101%", "viel", "nan", "-5"):
        assert "no share" in told(town, "qc", "draw", f"--rate={rate}", code=2)
    sample = town.json("qc", "draw", "--batch", batch)["id"]
    assert "somebody else" in told(town, "qc", "pass", sample, "--all")
    assert "somebody else" in told(town, "qc", "fail", sample, one, "--reason", "schief")
    assert town.json("show", one)["state"] == "filed"

    checking(town, 100, other_person=False)
    assert "which scans" in told(town, "qc", "pass", sample, code=2)
    assert "which scans" in told(town, "qc", "pass", sample, one, "--all", code=2)
    assert "No sample is known" in told(town, "qc", "pass", "01XYZ", one, code=13)
    assert town.command("qc", "pass", sample, one).returncode == 0
    assert "looked at already" in told(town, "qc", "pass", sample, one, two)
    assert "was not drawn" in told(town, "qc", "fail", sample, batch, "--reason", "schief")
    # A fault takes nothing with it: the second one is still open.
    results = {shown["id"]: shown["result"] for shown in town.json("qc", "show")["documents"]}
    assert results == {one: "pass", two: None}

    town.configure({"ui": {"language": "de"}})
    assert "Stichprobe" in told(town, "release", batch)
    german = town.command("qc", "list").stdout
    assert "1 von 2 angesehen" in german


def test_a_batch_is_kept_while_a_hold_covers_a_part_of_it(town: Town) -> None:
    batch = filed_batch(town, 2)
    part = town.json("show", batch)["parts"][1]
    placed = town.command(
        "hold", "place", "document", part, "--reason", "audit", "--authority", "Prüfungsamt",
        "--review", "31.12.2099",
    )  # fmt: skip
    assert placed.returncode == 0, placed.stderr
    (hold,) = town.json("hold", "list")["holds"]
    assert hold["id"] in told(town, "release", batch)
    assert town.command("hold", "lift", hold["id"]).returncode == 0
    assert town.command("release", batch).returncode == 0


def test_a_transfer_note_says_what_was_recorded_and_no_more(town: Town, tmp_path: Path) -> None:
    batch = filed_batch(town, 2)
    part = town.json("show", batch)["parts"][1]
    town.drop("lage.jpg", paper.jpeg(paper.letter_image(rotation=180)))
    town.once()
    note = town.json("note", part)
    assert note["origins"] == [{"source": batch, "pages": [2], "is_kept": True}]
    assert note["intake"]["brought_by"] == ME
    assert note["intake"]["pipeline"] == "Posteingang"
    assert note["technology"]["product"] == "archiver 0.1.0"
    assert (note["technology"]["engine"], note["technology"]["languages"]) == ("tesserocr", "deu")
    assert (note["scan"]["pages"], note["scan"]["recognised"]) == (1, 1)
    (match,) = note["matches"]
    # The machine has checked the rendition's form, and has not compared it with anything.
    assert (match["between"], match["image"], match["content"]) == ("rendition", None, None)
    assert match["compared"] == ["pdfa"]
    assert note["quality"]["result"] == "not_drawn"

    # Digests are those of the ledger: each line holds that of the line before it.
    follows = {line["seq"] - 1: line["prev"] for line in ledger(town)}
    assert note["ledger"][0]["event"] == "received"
    assert all(follows.get(one["seq"], one["digest"]) == one["digest"] for one in note["ledger"])

    picture = next(
        shown
        for hit in town.search()
        if (shown := town.json("note", hit["id"]))["scan"]["media_type"] == "image/jpeg"
    )
    assert picture["processing"]["rotations"] == [[1, 180]]
    assert picture["processing"]["converted"]
    assert picture["origins"] == []

    target = tmp_path / "vermerk.pdf"
    assert town.command("note", part, "-o", str(target)).returncode == 0
    with pikepdf.open(target) as pdf:
        assert pdfa.check(pdf, "2b").findings == []
    assert told(town, "note", part, "-o", str(target), code=16)
    text = town.command("note", part).stdout
    assert "Way of the pages" in text and batch in text

    assert town.command("withdraw", part, "--reason", "doppelt").returncode == 0
    assert town.command("release", batch).returncode == 0
    assert "nothing left" in told(town, "note", batch)
    assert town.json("note", part)["origins"][0]["is_kept"] is False

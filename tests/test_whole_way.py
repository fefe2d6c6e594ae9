"""The product's main job, as its users meet it: dropped, recognised, found, read, settled."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pikepdf
import pytest
from pikepdf import pdfa

from tests import paper
from tests.town import Town, wait_for

TEXT_PAGE = ("Die Sitzung des Ortsrates findet im Rathaus statt.", "Tagesordnung: Haushaltsplan")
SCANNED_PAGE = ("Bekanntmachung der Friedhofssatzung", "Gebühren für Urnengräber")


def test_a_scan_is_found_by_search_and_given_back(town: Town, tmp_path: Path) -> None:
    scan = paper.scan_pdf([paper.letter_image(SCANNED_PAGE)])
    town.drop("Scan.pdf", scan)
    town.once()

    assert [path.name for path in town.inbox.iterdir()] == ["_received.csv"]
    (hit,) = town.search("Friedhofssatzung")
    assert hit["state"] == "filed"
    assert hit["snippets"][0]["page"] == 1
    start, end = hit["snippets"][0]["marks"][0]
    assert hit["snippets"][0]["text"][start:end] == "Friedhofssatzung"

    original, rendition = tmp_path / "o.pdf", tmp_path / "r.pdf"
    assert town.command("get", hit["id"], "--original", "-o", str(original)).returncode == 0
    assert original.read_bytes() == scan
    assert town.command("get", hit["id"], "-o", str(rendition)).returncode == 0
    with pikepdf.open(rendition) as pdf:
        assert not pdfa.check(pdf, "2b").findings
    assert town.command("get", hit["id"], "-o", str(rendition)).returncode == 16
    shown = town.json("show", hit["id"])
    assert [line["event"] for line in shown["history"]] == [
        "received",
        "separated",
        "recognised",
        "classified",
        "filed",
    ]
    text = town.command("show", hit["id"], "--text").stdout
    assert "Urnengräber" in text


def test_text_page_and_scanned_page_are_both_found(town: Town) -> None:
    town.drop("gemischt.pdf", paper.mixed_pdf([TEXT_PAGE, paper.letter_image(SCANNED_PAGE)]))
    town.once()
    (hit,) = town.search("Tagesordnung")
    assert [found["id"] for found in town.search("Urnengräber")] == [hit["id"]]
    pages = town.command("show", hit["id"], "--text").stdout.split("\f")
    assert "Haushaltsplan" in pages[0]
    assert "Friedhofssatzung" in pages[1]


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "jpeg"])
def test_tiff_pages_are_read(town: Town, compression: str) -> None:
    images = [paper.letter_image(TEXT_PAGE), paper.letter_image(SCANNED_PAGE)]
    town.drop("stapel.tif", paper.tiff(images, compression))
    town.once()
    (hit,) = town.search("Urnengräber Haushaltsplan")
    assert hit["pages"] == 2


def test_receipt_tells_the_clerk_file_id_state_and_time(town: Town) -> None:
    town.drop("Brief.pdf", paper.text_pdf([TEXT_PAGE]))
    town.once()
    raw = (town.inbox / "_received.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["file", "id", "state", "time"]
    assert rows[1][0] == "Brief.pdf"
    assert rows[1][2] == "filed"


def test_notice_appears_and_vanishes_when_the_matter_is_settled(town: Town) -> None:
    town.drop("Notiz.pdf", b"nur ein Text, kein PDF\n")
    town.once(expected=3)
    (notice,) = town.problems.iterdir()
    text = notice.read_text(encoding="utf-8-sig")
    assert "not a scan" in text or "no PDF" in text
    (problem,) = town.status()["problems"]
    assert problem["id"] in text
    with town.daemon():
        ended = town.command("dismiss", problem["id"], "--reason", "nur eine Notiz")
        assert ended.returncode == 0, ended.stderr
        wait_for(lambda: not town.problems.exists(), "the notice vanishes")
    shown = town.json("show", problem["id"])
    assert shown["state"] == "withdrawn"
    assert shown["notes"][0]["text"] == "nur eine Notiz"
    assert "nur eine Notiz" not in "".join(
        path.read_text() for path in (town.root / "ledger").iterdir()
    )


def test_add_leaves_the_source_and_the_daemon_files_it(town: Town, tmp_path: Path) -> None:
    source = tmp_path / "Antrag.pdf"
    source.write_bytes(paper.text_pdf([("Antrag auf Erteilung einer Baugenehmigung",)]))
    with town.daemon():
        (answer,) = town.json("add", str(source))
        assert source.exists()
        wait_for(lambda: town.search("Erteilung state:filed"), "the added file is filed")
    assert town.search("Baugenehmigung")[0]["id"] == answer["id"]


def test_retry_works_once_more_and_withdraw_ends_it(town: Town) -> None:
    town.drop("geheim.pdf", paper.encrypted_pdf())
    town.once(expected=3)
    (problem,) = town.status()["problems"]
    assert problem["reason"] == "encrypted"
    assert town.json("retry", problem["id"])["state"] == "accepted"
    town.once(expected=3)
    assert town.json("withdraw", problem["id"], "--reason", "Irrtum")["state"] == "withdrawn"
    assert town.command("retry", problem["id"]).returncode == 14
    assert town.status()["problems"] == []


def test_a_withdrawn_file_dropped_again_is_a_new_document(town: Town) -> None:
    scan = paper.text_pdf([TEXT_PAGE])
    town.drop("a.pdf", scan)
    town.once()
    (first,) = town.search()
    town.json("withdraw", first["id"], "--reason", "zu früh")
    town.drop("a.pdf", scan)
    town.once()
    assert {hit["state"] for hit in town.search()} == {"withdrawn", "filed"}


def test_refusals_are_sentences_with_exit_codes(town: Town, tmp_path: Path) -> None:
    unknown = town.command("show", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert unknown.returncode == 13
    assert "No document is known" in unknown.stderr
    assert town.command("search", "(Haus").returncode == 2
    assert town.command("add", str(tmp_path / "fehlt.pdf")).returncode == 13
    with town.daemon():
        second = town.command("run", "--once")
        assert second.returncode == 12
        assert town.command("rebuild").returncode == 12
    again = town.command("init", str(town.root), configured=False)
    assert again.returncode == 14
    assert "Traceback" not in again.stderr + second.stderr + unknown.stderr

"""Batches on the whole way: separator sheets, fixed lengths, labels, fronts and backs, crashes."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from archiver.separate import labels
from archiver.separate.sheets import SheetMark
from bench.separation import CREATED, drawn
from tests import paper
from tests.stack import DOCUMENTS, DPI, FRONTS_AND_BACKS, SHEETS, raw_streams, sides
from tests.town import Town, wait_for

MARKS = (
    SheetMark("building_permit", "632.21-12/2024"),
    SheetMark("invoice", "10.1/Mü 2023-17", "01HXYZABCDEFGHJKMNPQRSTVWX"),
    SheetMark("trade_registration"),
    SheetMark("council_minutes", "022.31:2024/03"),
)


def dividing(town: Town, **rule: Any) -> None:
    """Have the first drop folder divided."""
    lines = ['folder = "incoming"', 'title = "Posteingang"', "[separate]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in rule.items()]
    (town.root / "pipelines" / "incoming.toml").write_text("\n".join(lines), encoding="utf-8")


def ledger(town: Town) -> list[dict[str, Any]]:
    files = sorted((town.root / "ledger").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def original(town: Town, identifier: str, folder: Path) -> bytes:
    target = folder / f"{identifier}.pdf"
    ended = town.command("get", identifier, "--original", "-o", str(target))
    assert ended.returncode == 0, ended.stderr
    return target.read_bytes()


def documents(town: Town) -> list[dict[str, Any]]:
    """All that search finds, in the order of their numbers."""
    found = [town.json("show", hit["id"]) for hit in town.search()]
    return sorted(found, key=lambda shown: shown["id"])


def test_a_damaged_two_sided_batch_with_sheets(town: Town, tmp_path: Path) -> None:
    batch = paper.scan_pdf(sides(MARKS), DPI, quality=60)
    dividing(town, at="sheets", two_sided=True)
    town.drop("Stapel.pdf", batch)
    town.once()

    found = documents(town)
    whole = found[0]["made_of"][0]["id"]
    assert [shown["made_of"] for shown in found] == [
        [{"id": whole, "pages": list(pages)}] for pages in DOCUMENTS
    ]
    assert [shown["class"] for shown in found] == [mark.record_class for mark in MARKS]
    said = [mark.reference for mark in MARKS if mark.reference]
    assert [shown["reference"] for shown in (*found[:2], found[3])] == said
    assert found[2]["dossier"] is None  # what was only read proposes, no more
    assert found[1]["dossier"] == MARKS[1].dossier
    assert found[0]["dossier"] == MARKS[0].reference  # a sheet's reference is sure
    assert {shown["state"] for shown in found} == {"filed"}
    assert [shown["files"][0]["file"] for shown in found] == [
        f"Stapel-00{number}.pdf" for number in range(1, 5)
    ]

    (divided,) = [line for line in ledger(town) if line["event"] == "divided"]
    assert divided["id"] == whole
    assert divided["data"]["proof"] == {"pages_in": 40, "documents": 23, "sheets": 4, "blanks": 13}
    assert divided["data"]["documents"] == [shown["id"] for shown in found]
    assert divided["data"]["sheets"] == list(SHEETS)

    source = raw_streams(batch)
    assert original(town, whole, tmp_path) == batch
    for shown, pages in zip(found, DOCUMENTS, strict=True):
        assert raw_streams(original(town, shown["id"], tmp_path)) == [source[n - 1] for n in pages]
    # The word of one page is found in its own document, and in no other.
    (hit,) = town.search(f"{FRONTS_AND_BACKS.index('t') + 1:03}B")
    assert hit["id"] == found[0]["id"]
    assert town.json("show", whole)["parts"] == [shown["id"] for shown in found]
    assert town.json("verify")["problems"] == []


def letters(count: int) -> list[Image.Image]:
    return [
        paper.letter_image((f"Seite Nummer{number:03}", *paper.LETTER), 150)
        for number in range(1, count + 1)
    ]


def test_a_fixed_number_of_pages_and_what_is_left_over(town: Town, tmp_path: Path) -> None:
    dividing(town, at="pages", pages=2)
    town.drop("vier.pdf", paper.scan_pdf(letters(4), 150))
    town.drop("drei.tif", tiff(letters(3)))
    town.once()

    four, three = (
        [shown for shown in documents(town) if shown["files"][0]["file"].startswith(name)]
        for name in ("vier", "drei")
    )
    assert [shown["pages"] for shown in four] == [2, 2]
    (waiting,) = three
    assert (waiting["state"], waiting["reason"]) == ("review", "batch_remainder")
    assert town.command("review", "accept", waiting["id"]).returncode == 0
    town.once()
    parts = [town.json("show", part) for part in town.json("show", waiting["id"])["parts"]]
    assert [part["pages"] for part in parts] == [2, 1]
    assert [part["media_type"] for part in parts] == ["image/tiff", "image/tiff"]


def tiff(pages: list[Image.Image]) -> bytes:
    target = io.BytesIO()
    pages[0].save(
        target, "TIFF", save_all=True, append_images=pages[1:], dpi=(150, 150),
        compression="tiff_lzw",
    )  # fmt: skip
    return target.getvalue()


def test_fronts_and_backs_meet_in_their_own_folder_only(town: Town, tmp_path: Path) -> None:
    dividing(town, backs_follow_minutes=30)
    other = town.root / "inbox" / "other"
    other.mkdir()
    (town.root / "pipelines" / "other.toml").write_text(
        'folder = "other"\n[separate]\nbacks_follow_minutes = 30\n', encoding="utf-8"
    )
    pages = letters(6)
    fronts, backs = pages[0::2], pages[1::2][::-1]
    town.drop("vorn.pdf", paper.scan_pdf(fronts, 150))
    (other / "fremd.pdf").write_bytes(paper.scan_pdf(letters(3)[::-1], 150))
    town.once()
    assert town.status()["documents"] == {"accepted": 2}
    town.drop("hinten.pdf", paper.scan_pdf(backs, 150))
    town.once()

    assert town.status()["documents"] == {"accepted": 1, "divided": 2, "filed": 1}
    (joined,) = [shown for shown in documents(town) if shown["made_of"]]
    assert [source["pages"] for source in joined["made_of"]] == [[1, 2, 3], [3, 2, 1]]
    text = town.json("show", joined["id"], "--text")["pages"]
    assert [f"Nummer{n:03}" in page for n, page in enumerate(text, start=1)] == [True] * 6


def test_a_stack_whose_backs_never_come_is_told(town: Town) -> None:
    dividing(town, backs_follow_minutes=0.02)
    town.drop("vorn.pdf", paper.scan_pdf(letters(2), 150))
    with town.daemon():
        wait_for(lambda: town.status()["problems"], "the lone stack is told")
        (problem,) = town.status()["problems"]
        assert problem["reason"] == "stack_alone"
        assert town.command("review", "accept", problem["id"]).returncode == 0
        town.wait_until_settled()
    assert town.json("show", problem["id"])["state"] == "filed"


@pytest.mark.parametrize("moment", ["staged", "published", "told"])
def test_a_kill_while_a_batch_is_divided_leaves_each_page_once(town: Town, moment: str) -> None:
    dividing(town, at="sheets")
    sheet = list(drawn(labels.separator_sheets([labels.Sheet(SheetMark())], CREATED), 150))
    pages = letters(6)
    town.drop("Stapel.pdf", paper.scan_pdf([*sheet, *pages[:3], *sheet, *pages[3:]], 150))
    seen: dict[str, Callable[[], bool]] = {
        "staged": lambda: len(list((town.root / "stage").glob("*.intent"))) > 1,
        "published": lambda: len(list((town.root / "vault").rglob("inventory.json"))) > 2,
        "told": lambda: any(line["event"] == "divided" for line in ledger(town)),
    }
    daemon = town.start()
    deadline = time.monotonic() + 120
    while not seen[moment]() and time.monotonic() < deadline:
        pass
    os.killpg(daemon.pid, signal.SIGKILL)
    daemon.wait()
    town.once()

    found = documents(town)
    assert [shown["pages"] for shown in found] == [3, 3]
    assert town.status()["documents"] == {"divided": 1, "filed": 2}
    assert len([line for line in ledger(town) if line["event"] == "divided"]) == 1
    assert town.json("verify")["problems"] == []
    assert not list((town.root / "stage").glob("*.intent"))

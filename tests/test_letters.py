"""Scanned letters dropped at once on a running daemon: none is lost, all are found."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from pikepdf import pdfa

from archiver.cli.remote import RemoteArchive
from bench import accuracy
from tests import corpora
from tests.town import Town, wait_for

# Half of them, good and poor ones; `make bench-ocr` reads all.
LETTERS = sorted(corpora.LETTERS.glob("*.pdf"))[:8]

# What the bare engine reaches on these pages (tesserocr, German model, psm 3).
CER, CER_WITHOUT_ORDER, RECALL = 0.022, 0.017, 0.93

pytestmark = corpora.needs(corpora.LETTERS)


@dataclass(frozen=True)
class Filed:
    """A running archive that has filed all letters; ids by name of the file."""

    town: Town
    ids: dict[str, str]

    def asked(self) -> RemoteArchive:
        return RemoteArchive(self.town.root / "archiver.sock")


# Few tests: each worker process that takes one of them would read all letters for itself.
@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filed]:
    town = Town(tmp_path_factory.mktemp("letters") / "town")
    with town.daemon():
        for path in LETTERS:
            town.drop(path.name, path.read_bytes())
        wait_for(lambda: town.status()["documents"].get("filed", 0) >= len(LETTERS), "all filed")
        wait_for(lambda: len(town.search("state:filed")) == len(LETTERS), "all found")
        yield Filed(town, {hit["file"]: hit["id"] for hit in town.search()})


def truth(path: Path) -> str:
    return path.with_suffix(".txt").read_text(encoding="utf-8")


def test_none_is_lost_and_the_inbox_is_empty(filed: Filed) -> None:
    assert sorted(filed.ids) == [path.name for path in LETTERS]
    assert filed.town.status()["documents"] == {"filed": len(LETTERS)}
    assert filed.town.status()["problems"] == []
    inbox = filed.town.inbox
    wait_for(lambda: [path.name for path in inbox.iterdir()] == ["_received.csv"], "empty inbox")


def test_each_letter_is_found_by_the_words_on_it(filed: Filed) -> None:
    for path in LETTERS:
        words = {word for word in truth(path).split() if word.isalpha() and len(word) >= 8}
        found = {word for word in words if path.name in _files_with(filed, word)}
        assert max(words, key=lambda word: (len(word), word)) in found, path.name
        assert len(found) >= 0.9 * len(words), (path.name, sorted(words - found))


def _files_with(filed: Filed, word: str) -> set[str]:
    archive = filed.asked()
    return {hit["file"] for hit in archive.documents.search(word, len(LETTERS))["hits"]}


def test_originals_and_pdfa_come_back(filed: Filed, tmp_path: Path) -> None:
    for path in LETTERS:
        original, rendition = tmp_path / f"o-{path.name}", tmp_path / f"r-{path.name}"
        for target, how in ((original, ["--original"]), (rendition, [])):
            ended = filed.town.command("get", filed.ids[path.name], *how, "-o", str(target))
            assert ended.returncode == 0, ended.stderr
        assert original.read_bytes() == path.read_bytes()
        assert _scan(rendition) == _scan(original), path.name
        gc.collect()  # what other tests left open would be taken for a fault of the PDF
        with pikepdf.open(rendition) as pdf:
            assert pdfa.check(pdf, "2b").findings == [], path.name
        with pypdfium2.PdfDocument(rendition) as shown:
            text = shown[0].get_textpage().get_text_range()
        assert accuracy.missed_words(truth(path), text).rate < 0.15, path.name


def _scan(path: Path) -> bytes:
    """The one picture of a page as the scanner compressed it."""
    with pikepdf.open(path) as pdf:
        (picture,) = pdf.pages[0].get_images().values()
        return picture.read_raw_bytes()


def test_it_reads_no_worse_than_the_bare_engine(filed: Filed) -> None:
    archive = filed.asked()
    pairs = [
        (truth(path), "\n".join(archive.documents.text(filed.ids[path.name]))) for path in LETTERS
    ]
    ordered = accuracy.added([accuracy.character_errors(*pair) for pair in pairs]).rate
    placed = accuracy.added([accuracy.line_errors(*pair) for pair in pairs]).rate
    missed = accuracy.added([accuracy.missed_words(*pair) for pair in pairs]).rate
    assert ordered <= CER, f"{ordered:.2%}"
    assert placed <= CER_WITHOUT_ORDER, f"{placed:.2%}"
    assert 1 - missed >= RECALL, f"{missed:.2%}"

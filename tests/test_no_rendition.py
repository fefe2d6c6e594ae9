"""Whatever goes wrong with the PDF/A, a document is filed with the words that were read of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from archiver.errors import DocumentFault
from archiver.pipeline.office import cage_of, reader_of
from archiver.recognise.assembly import seconds_for
from archiver.recognise.reader import Assembled, WorkerDied
from tests import lane

STAYS = ("filed", "review")


def read_at_once_drawn_never() -> bytes:
    """A typed page under a pattern of millions of tiles; only its text takes no time."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        name, table = pikepdf.Name, pikepdf.Dictionary
        font = table(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
        tile = pdf.make_stream(
            b"0.9 g 0 0 9 9 re f", PatternType=1, PaintType=1, TilingType=1, BBox=[0, 0, 9, 9]
        )
        tile.XStep = tile.YStep = 0.01
        tile.Resources = table()
        page = pdf.pages[0].obj
        page.Resources = table(Font=table(F1=font), Pattern=table(P1=tile))
        page.Contents = pdf.make_stream(
            b"/Pattern cs /P1 scn 0 0 595 842 re f 0 g"
            b" BT /F1 12 Tf 72 700 Td (Antrag auf Wohngeld der Familie Muster) Tj ET"
        )
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def findings(one: lane.Lane, document: str) -> tuple[str, ...]:
    return one.house.holdings.record(document).findings


def words(one: lane.Lane, document: str) -> list[str]:
    return [word.text for page in one.house.holdings.pages(document) for word in page.words]


def test_making_it_takes_as_long_as_its_pages_need_and_no_longer() -> None:
    assert seconds_for(1, 900) == 31
    assert seconds_for(200, 900) == 230
    assert seconds_for(1, 3) == 4


def test_a_conversion_without_end_costs_a_moment_and_no_text(tmp_path: Path) -> None:
    root = lane.founded(tmp_path / "archive")
    config = root / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("wall_seconds = 900", "wall_seconds = 6"), encoding="utf-8")
    with lane.Lane(root) as one:
        one.tools.reader = reader_of(one.config, cage_of(one.config), "lane-0")
        one.tools.reader.warm()
        document = one.drop("antrag.pdf", read_at_once_drawn_never())
        assert one.walk(document) in STAYS
        assert not one.house.holdings.has_rendition(document)
        assert "pdfa_failed" in findings(one, document)
        assert "Wohngeld" in words(one, document)
        assert one.staged() == []


def failing(fault: Callable[[], Exception], times: int) -> type[lane.OpenReader]:
    class Failing(lane.OpenReader):
        left = times

        def assemble(self, *_asked: object) -> Assembled:
            if self.left == 0:
                return Assembled(None, ("converted",))
            self.left -= 1
            raise fault()

    return Failing


@pytest.mark.parametrize(
    ("fault", "times", "deaths", "found"),
    [
        (lambda: DocumentFault("took_too_long"), 1, 0, "pdfa_failed"),
        (lambda: DocumentFault("damaged"), 1, 0, "pdfa_failed"),
        (lambda: DocumentFault("too_much_memory"), 1, 0, "pdfa_failed"),
        (lambda: WorkerDied("crashed", "ValueError x.py:1"), 1, 0, "pdfa_failed"),
        # The kernel may have killed it for the memory of another process: it is tried again.
        (lambda: WorkerDied("signal", 9), 2, 2, "converted"),
        (lambda: WorkerDied("signal", 11), 99, 3, "pdfa_failed"),
    ],
)
def test_faults_of_the_making_leave_the_words(
    tmp_path: Path, fault: Callable[[], Exception], times: int, deaths: int, found: str
) -> None:
    with lane.Lane(lane.founded(tmp_path / "archive")) as one:
        one.tools.reader = failing(fault, times)(100)  # type: ignore[assignment]
        document = one.drop("brief.pdf", lane.letter("Hundesteuer"))
        for _death in range(deaths):
            assert one.walk(document) == "accepted"
        assert one.walk(document) in STAYS
        assert findings(one, document) == (found,)
        assert "Hundesteuer" in words(one, document)

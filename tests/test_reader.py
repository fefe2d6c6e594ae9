"""The caged reader: real processes, hostile files, and the daemon that survives them."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from pikepdf import pdfa
from PIL import Image

from archiver.errors import DocumentFault, SystemFault
from archiver.recognise import cage, media, messages
from archiver.recognise.channel import CREDITS
from archiver.recognise.guard import descendants
from archiver.recognise.reader import Pixels, Reader, WorkerDied
from archiver.recognise.reader_process import _explained
from archiver.records import Page, Word
from tests import corpora
from tests.paper import LETTER, bomb_png, jpeg, letter_image, mixed_pdf, png, scan_pdf, text_pdf

CREATED = datetime(2026, 3, 1, tzinfo=UTC)
LIMITS = cage.Limits(address_space=2 << 30, cpu_seconds=20, file_size=1 << 30, wall_seconds=40.0)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with Reader(tmp_path_factory.mktemp("slot"), cage.probe(), LIMITS) as slot:
        yield slot


@contextlib.contextmanager
def received(content, folder):
    path = folder / "received"
    path.write_bytes(content)
    fd = os.open(path, os.O_RDONLY)
    path.unlink()  # the reader gets a descriptor; there is no path to follow
    try:
        yield fd
    finally:
        os.close(fd)


def as_if_recognised(item):
    """Stand in for the engine: a few words where they fit."""
    if isinstance(item, Page):
        return item
    os.close(item.fd)
    across, down = min(item.width, 200), min(item.height, 40)
    words = (Word("Probe", 0, 0, across, down, 90.0, 0, 0),)
    return Page(item.number, item.width, item.height, item.dpi, 0, "recognised", 90.0, words)


def all_the_way(reader, fd, media_type):
    """Inspect, read and assemble; closes what it gets."""
    found = reader.inspect(fd, media_type)
    wanted = range(1, len(found.sheets) + 1)
    pages = [as_if_recognised(item) for item in reader.pages(fd, media_type, wanted)]
    made = reader.assemble(fd, media_type, pages, CREATED)
    if made.fd is not None:
        os.close(made.fd)
    return found, pages, made


def test_a_letter_goes_all_the_way(reader, tmp_path):
    image = letter_image()
    with received(scan_pdf([image]), tmp_path) as fd:
        assert len(reader.inspect(fd, media.PDF).sheets) == 1
        (pixels,) = reader.pages(fd, media.PDF, [1])
        assert isinstance(pixels, Pixels)
        assert (pixels.width, pixels.height) == image.size
        assert len(os.pread(pixels.fd, 1 << 30, 0)) == image.width * image.height
        with pytest.raises(PermissionError):
            os.ftruncate(pixels.fd, 10)
        made = reader.assemble(fd, media.PDF, [as_if_recognised(pixels)], CREATED)
    with os.fdopen(made.fd, "rb") as stream:
        assert pdfa.validate_written(stream, "2b").passed


def test_many_pages_come_in_order_and_no_more_than_three_wait(reader, tmp_path):
    with received(mixed_pdf([LETTER, *[letter_image(dpi=150)] * 8]), tmp_path) as fd:
        answers = reader.pages(fd, media.PDF, range(1, 10))
        seen = [next(answers)]
        assert isinstance(seen[0], Page)
        for item in answers:
            seen.append(item)
            os.close(item.fd)
    assert [item.number for item in seen] == list(range(1, 10))
    assert CREDITS == 3


def test_a_caller_who_stops_half_way_leaves_a_working_reader(reader, tmp_path):
    with received(scan_pdf([letter_image(dpi=150)] * 9), tmp_path) as fd:
        answers = reader.pages(fd, media.PDF, range(1, 10))
        os.close(next(answers).fd)
        answers.close()
        assert len(reader.inspect(fd, media.PDF).sheets) == 9


def test_a_preview_is_a_png_of_the_page(reader, tmp_path):
    for content, kind in ((text_pdf(), media.PDF), (jpeg(letter_image()), media.JPEG)):
        with (
            received(content, tmp_path) as fd,
            os.fdopen(reader.preview(fd, kind, 1), "rb") as drawn,
        ):
            image = Image.open(drawn)
            assert image.format == "PNG"
            assert abs(image.width - 827) < 4


def test_a_fault_of_the_file_is_told_and_the_next_file_is_fine(reader, tmp_path):
    fault = pytest.raises(DocumentFault, match="looks_like_bomb")
    with received(bomb_png(), tmp_path) as fd, fault:
        reader.inspect(fd, media.PNG)
    before = reader.pid
    with received(text_pdf(), tmp_path) as fd:
        assert reader.inspect(fd, media.PDF).findings == ()
    assert reader.pid == before


def open_files(pid):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_fifty_documents_leave_nothing_open(reader, tmp_path):
    def opened():
        return open_files(max([reader.pid, *descendants(reader.pid)])), open_files("self")

    with received(scan_pdf([letter_image(dpi=100)]), tmp_path) as fd:
        all_the_way(reader, fd, media.PDF)
        before, pid = opened(), reader.pid
        for _ in range(24):
            reader.inspect(fd, media.PDF)
            for item in reader.pages(fd, media.PDF, [1]):
                os.close(item.fd)
        with Path(os.devnull).open("rb") as empty, pytest.raises(DocumentFault, match="empty_file"):
            reader.inspect(empty.fileno(), media.PDF)
        all_the_way(reader, fd, media.PDF)
        assert (opened(), reader.pid) == (before, pid)


def test_a_memory_bomb_is_the_documents_fault(tmp_path):
    small = cage.Limits(
        address_space=700 << 20, cpu_seconds=20, file_size=1 << 30, wall_seconds=40.0
    )
    with Reader(tmp_path / "slot", cage.probe(), small, max_megapixels=900) as reader:
        fault = pytest.raises(DocumentFault, match="too_much_memory")
        with received(bomb_png(28_000, 28_000), tmp_path) as fd, fault:
            list(reader.pages(fd, media.PNG, [1]))
        with received(text_pdf(), tmp_path) as fd:
            assert len(reader.inspect(fd, media.PDF).sheets) == 1


def test_a_file_that_grows_too_large_is_the_documents_fault(tmp_path):
    small = cage.Limits(address_space=2 << 30, cpu_seconds=20, file_size=4_200_000, wall_seconds=40)
    with Reader(tmp_path / "slot", cage.probe(), small) as reader:
        noise = [Image.effect_noise((1654, 2338), 120)] * 3
        with received(scan_pdf(noise, 200, quality=98), tmp_path) as fd:
            pages = [as_if_recognised(item) for item in reader.pages(fd, media.PDF, [1])]
            with pytest.raises(DocumentFault, match="too_much_output"):
                reader.assemble(fd, media.PDF, pages, CREATED)


def test_a_full_disk_is_not_the_documents_fault():
    wrapped = RuntimeError("cannot write")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(_explained(wrapped), messages.Full)
    assert isinstance(_explained(ValueError("x")), messages.Crashed)


def test_a_killed_reader_is_told_and_replaced(tmp_path):
    slot = Reader(tmp_path / "slot", cage.probe(), LIMITS)
    with slot, received(scan_pdf([letter_image(dpi=150)] * 9), tmp_path) as fd:
        answers = slot.pages(fd, media.PDF, range(1, 10))
        os.close(next(answers).fd)
        for pid in [*descendants(slot.pid), slot.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerDied):
            for item in answers:
                os.close(item.fd)
        assert len(slot.inspect(fd, media.PDF).sheets) == 9


def endless_pdf():
    """A small PDF whose one page takes minutes to draw."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.pages[0].Contents = pdf.make_stream(b"0 0 595 842 re f\n" * 300_000)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize(("cpu", "wall"), [(1, 60.0), (60, 1.0)])
def test_a_page_without_end_is_ended(tmp_path, cpu, wall):
    limits = cage.Limits(2 << 30, cpu, 1 << 30, wall)
    slot = Reader(tmp_path / "slot", cage.probe(), limits)
    with slot, received(endless_pdf(), tmp_path) as fd:
        with pytest.raises(DocumentFault, match="took_too_long"):
            list(slot.pages(fd, media.PDF, [1]))
        family = [slot.pid, *descendants(slot.pid)] if slot.pid else []
        assert len(family) <= 3  # bubblewrap twice and the template; no child of it
    with slot, received(text_pdf(), tmp_path) as fd:
        assert len(slot.inspect(fd, media.PDF).sheets) == 1


def test_a_reader_that_cannot_start_is_a_fault_of_the_system(tmp_path, monkeypatch):
    monkeypatch.setattr("archiver.recognise.reader._MODULE", "archiver.recognise.no_such_module")
    fault = pytest.raises(SystemFault, match="reader_failed")
    slot = Reader(tmp_path / "slot", cage.probe(), LIMITS)
    with slot, received(text_pdf(), tmp_path) as fd, fault:
        slot.inspect(fd, media.PDF)


@pytest.mark.parametrize("kind", ["landlock", "none"])
def test_without_bubblewrap_it_works_too(tmp_path, kind):
    slot = Reader(tmp_path / "slot", kind, LIMITS)
    with slot, received(png(letter_image()), tmp_path) as fd:
        _found, pages, made = all_the_way(slot, fd, media.PNG)
    assert len(pages) == 1
    assert made.findings == ()
    assert list((tmp_path / "slot").iterdir()) == []


UNTRUE_MARKS = (
    [["qr", "x", 0, 0, 11, 5]],
    [["qr", "x", 0, -1, 5, 5]],
    [["qr", "x", 5, 0, 4, 5]],
    [["qr", "", 0, 0, 5, 5]],
    [["qr", "x" * 4097, 0, 0, 5, 5]],
    [["patch_t", "x", 0, 0, 5, 5]],
    [["patch_3", "", 0, 0, 5, 5]],
    [["qr", "x", 0, 0, 5, 5]] * 501,
)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "nonsense"},
        {"kind": "fault", "reason": "Ihr Rechner wurde gesperrt", "params": {}},
        {"kind": "made", "findings": ["all is well"]},
        {"kind": "made", "findings": [], "more": 1},
        {"kind": "pixels", "number": "1", "width": 1, "height": 1, "dpi": 300},
        {
            "kind": "page",
            "page": {
                "number": 1, "width": 10, "height": 10, "dpi": 300, "rotation": 0,
                "source": "own_text", "confidence": None,
                "words": [["x", 0, 0, 11, 5, 100, 0, 0]],
            },
        },
        *[{"kind": "page", "page": {
            "number": 1, "width": 10, "height": 10, "dpi": 300, "rotation": 0,
            "source": "own_text", "confidence": None, "words": [], "codes": marks,
        }} for marks in UNTRUE_MARKS],
    ],
)  # fmt: skip
def test_an_answer_that_says_too_much_is_refused(message):
    with pytest.raises(ValueError):
        messages.decode(message)


@corpora.needs(corpora.HOSTILE, corpora.INVOICES)
def test_every_hostile_file_gets_an_answer_in_time(tmp_path):
    tight = cage.Limits(address_space=1 << 30, cpu_seconds=4, file_size=1 << 28, wall_seconds=3.0)
    answers = {}
    files = sorted([*corpora.HOSTILE.glob("*.pdf"), *corpora.INVOICES.glob("*.pdf")])
    with Reader(tmp_path / "slot", cage.probe(), tight) as reader:
        for path in files:
            fd = os.open(path, os.O_RDONLY)
            try:
                all_the_way(reader, fd, media.PDF)
                answers[path.name] = "done"
            except DocumentFault as fault:
                answers[path.name] = fault.reason
            finally:
                os.close(fd)
        with received(text_pdf(), tmp_path) as fd:
            _found, pages, _made = all_the_way(reader, fd, media.PDF)
            assert pages[0].source == "own_text"
    assert answers["qpdf-69977a.pdf"] in {"took_too_long", "truncated"}
    assert answers["pyhanko-minimal-aes256.pdf"] == "encrypted"
    assert answers["pyhanko-circular-page-tree.pdf"] == "damaged"
    done = [name for name, answer in answers.items() if answer == "done"]
    assert sum("ZUGFeRD" in name or "zugferd" in name for name in done) == 7
    assert set(answers.values()) <= messages.FAULTS | {"done", "took_too_long"}

"""What every OCR engine must do, in process and as the caged process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from archiver.errors import DocumentFault, ExitCode, SystemFault
from archiver.recognise import cage, wire
from archiver.recognise.engine import (
    GrayImage,
    OcrEngine,
    Orientation,
    find_tessdata,
    installed_models,
    open_engine,
)
from archiver.recognise.engine_client import Engine, EngineDied, checked_page
from archiver.recognise.engine_process import read_page
from archiver.records import Code, Page, Word
from tests.paper import blank_image, letter_image

ENGINES = ("tesserocr", "pytesseract")
LINES = (
    "Bescheid über die Festsetzung der Hundesteuer",
    "Sehr geehrte Frau Öztürk,",
    "für das Grundstück in der Lindenstraße wird die Gebühr",
    "nach § 28 Abs. 1 der Satzung auf 47,50 € festgesetzt.",
    "Die §§ 53 bis 55 gelten entsprechend.",
    "Gegen diesen Bescheid kann Widerspruch erhoben werden.",
    "Mit freundlichen Grüßen, im Auftrag: Jäger",
)
HAS_LATIN = bool({"Latin", "script/Latin"} & installed_models(find_tessdata(None)))
needs_latin = pytest.mark.skipif(not HAS_LATIN, reason="the Latin model is not installed")


def gray(image, dpi: float = 200) -> GrayImage:
    return GrayImage(image.width, image.height, dpi, image.tobytes())


@pytest.fixture(scope="module")
def letter() -> GrayImage:
    return gray(letter_image(LINES, dpi=200, size=12))


@pytest.fixture(scope="module", params=ENGINES)
def engine(request) -> Iterator[OcrEngine]:
    opened = open_engine(request.param, "deu")
    yield opened
    opened.close()


class TestContract:
    def test_it_says_what_it_is(self, engine):
        assert engine.name in ENGINES
        assert engine.version()[0].isdigit()
        assert {"deu"} <= engine.languages()

    def test_german_text_is_read_in_order_with_boxes(self, engine, letter):
        page = read_page(engine, letter, 3, signs=False)
        assert (page.number, page.rotation, page.source, page.dpi) == (3, 0, "recognised", 200)
        assert page.confidence is not None and page.confidence > 87
        assert page.text.replace("\n\n", "\n").splitlines()[:3] == list(LINES[:3])
        assert checked_page(msgspec.to_builtins(page), 3, letter.width, letter.height) == page
        lines = {word.line: word for word in page.words}
        assert list(lines) == list(range(len(LINES)))
        assert all(0 < word.bottom - word.top < 60 for word in page.words)

    @pytest.fixture(scope="class")
    def upright(self, engine, letter):
        return read_page(engine, letter, 1, signs=False)

    @pytest.mark.parametrize("lies", [90, 180, 270])
    def test_a_page_that_lies_wrong_is_turned_upright(self, engine, letter, upright, lies):
        page = read_page(engine, letter.turned(lies), 1, signs=False)
        assert page.rotation == 360 - lies
        assert (page.width, page.height) == (letter.width, letter.height)
        assert page.text == upright.text
        for ours, theirs in zip(page.words, upright.words, strict=True):
            assert abs(ours.left - theirs.left) <= 3 and abs(ours.bottom - theirs.bottom) <= 3

    def test_orientation_is_counted_clockwise(self, engine, letter):
        text = letter.turned(90)
        assert engine.orientation(text).degrees == 270
        assert engine.orientation(gray(blank_image(dpi=100), 100)) == Orientation(0, 0.0)

    def test_a_blank_page_has_no_words_worth_a_letter(self, engine):
        page = read_page(engine, gray(blank_image(dpi=150, specks=0), 150), 1, signs=True)
        assert (page.rotation, page.confidence, page.text.strip()) == (0, 0.0, "")

    @needs_latin
    def test_the_paragraph_sign_is_found_and_nothing_else_changes(self, engine, letter, upright):
        signed = read_page(engine, letter, 1, signs=True)
        assert "§" not in upright.text
        assert "nach § 28 Abs. 1" in signed.text and "Die §§ 53 bis" in signed.text
        changed = [
            (old.text, new.text)
            for old, new in zip(upright.words, signed.words, strict=True)
            if old != new
        ]
        assert [new for _old, new in changed] == ["§", "§§"]

    @needs_latin
    def test_a_sign_on_a_turned_page_is_found_too(self, engine, letter):
        assert "nach § 28 Abs. 1" in read_page(engine, letter.turned(90), 1, signs=True).text

    def test_without_the_latin_model_it_goes_on(self, engine, letter, upright, tmp_path):
        for model in ("deu", "osd"):
            source = find_tessdata(None) / f"{model}.traineddata"
            (tmp_path / source.name).symlink_to(source)
        (tmp_path / "configs").symlink_to(find_tessdata(None) / "configs")
        poor = open_engine(engine.name, "deu", tmp_path)
        assert poor.line_language is None
        assert read_page(poor, letter, 1, signs=True).words == upright.words
        poor.close()

    @pytest.mark.parametrize("size", [(1, 1), (3, 3), (2000, 1), (1, 2000)])
    def test_tiny_pages_do_no_harm(self, engine, size):
        width, height = size
        image = GrayImage(width, height, 300, bytes(width * height))
        assert read_page(engine, image, 1, signs=True).text == ""

    def test_a_language_that_is_not_installed_is_named(self, engine):
        with pytest.raises(SystemFault) as caught:
            open_engine(engine.name, "deu+tlh")
        assert (caught.value.reason, caught.value.params["language"]) == (
            "language_missing",
            "tlh",
        )
        assert caught.value.exit_code == ExitCode.ENGINE_MISSING

    def test_a_folder_without_models_is_a_missing_engine(self, engine, tmp_path):
        with pytest.raises(SystemFault) as caught:
            open_engine(engine.name, "deu", tmp_path)
        assert (caught.value.reason, caught.value.exit_code) == ("engine_missing", 11)


def test_without_the_program_pytesseract_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemFault, match="engine_missing engine=tesseract"):
        open_engine("pytesseract", "deu")


@pytest.mark.parametrize("sizes", [(0, 5, 0), (5, 5, 24), (40_000, 1, 40_000), (20_000, 20_000, 1)])
def test_an_image_whose_sizes_do_not_fit_cannot_be_made(sizes):
    width, height, count = sizes
    with pytest.raises(ValueError, match="pixels"):
        GrayImage(width, height, 300, bytes(count))


def test_cutting_and_turning_keep_the_right_pixels():
    image = GrayImage(3, 2, 300, bytes([1, 2, 3, 4, 5, 6]))
    assert image.cut(1, 0, 3, 2).pixels == bytes([2, 3, 5, 6])
    assert image.turned(90) == GrayImage(2, 3, 300, bytes([4, 1, 5, 2, 6, 3]))
    assert image.turned(270).turned(90) == image
    assert image.turned(180).pixels == bytes([6, 5, 4, 3, 2, 1])


class Plain:
    """An engine process without a cage."""

    def __init__(self, options: dict) -> None:
        self.sock, theirs = socket.socketpair()
        command = [sys.executable, "-m", "archiver.recognise.engine_process"]
        self.process = subprocess.Popen(
            [*command, str(theirs.fileno()), json.dumps(options)], pass_fds=(theirs.fileno(),)
        )
        theirs.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def alive(self) -> bool:
        return self.process.poll() is None

    def ended(self) -> int | None:
        return self.process.wait(10)


@contextmanager
def memory_of(data: bytes) -> Iterator[int]:
    fd = os.memfd_create("page")
    try:
        os.write(fd, data)
        yield fd
    finally:
        os.close(fd)


def recognised(handle: Engine, image: GrayImage, number: int = 1, timeout: float = 60) -> Page:
    with memory_of(image.pixels) as fd:
        return handle.recognise(fd, number, image.width, image.height, image.dpi, timeout)


@pytest.fixture(scope="module", params=ENGINES)
def running(request) -> Iterator[Engine]:
    handle = Engine(Plain({"engine": request.param}))
    yield handle
    handle.kill()


class TestProcess:
    def test_it_greets_and_reads_pages_one_after_the_other(self, running, letter):
        assert running.greeting.name in ENGINES
        assert "deu" in running.greeting.languages
        first = recognised(running, letter, 1)
        second = recognised(running, letter.turned(180), 2)
        assert (first.number, second.number, second.rotation) == (1, 2, 180)
        assert first.text == second.text
        assert LINES[0] in first.text

    @pytest.mark.parametrize(
        ("count", "width", "height", "dpi"),
        [
            (99, 10, 10, 300.0),
            (101, 10, 10, 300.0),
            (0, 0, 0, 300.0),
            (100, -10, -10, 300.0),
            (40_000, 40_000, 1, 300.0),
            (100, 10, 10, float("nan")),
            (100, 10, 10, 0.0),
        ],
    )
    def test_wrong_pixels_are_refused_and_it_lives_on(self, running, count, width, height, dpi):
        with memory_of(bytes(count)) as fd, pytest.raises(DocumentFault) as caught:
            running.recognise(fd, 7, width, height, dpi, 60)
        assert (caught.value.reason, caught.value.params) == ("page_unreadable", {"page": 7})
        assert running.alive()
        assert recognised(running, GrayImage(9, 9, 300, bytes(81))).words == ()

    def test_what_is_no_file_is_refused(self, running, tmp_path):
        fd = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(DocumentFault, match="page_unreadable"):
                running.recognise(fd, 1, 10, 10, 300, 60)
        finally:
            os.close(fd)


@pytest.mark.parametrize("kind", sorted({"none", "landlock", cage.probe()} - {"missing"}))
@pytest.mark.parametrize("name", ENGINES)
def test_it_works_in_the_cage(kind, name, tmp_path, letter):
    options = json.dumps({"engine": name})
    caged = cage.spawn(
        "archiver.recognise.engine_process", kind=kind, scratch=tmp_path, arguments=[options]
    )
    handle = Engine(caged)
    page = recognised(handle, letter.turned(180))
    assert page.rotation == 180 and LINES[0] in page.text
    handle.close()
    assert ends(handle)


def ends(handle: Engine, seconds: float = 20) -> bool:
    """Whether the process ends by itself within the time."""
    process = handle._process
    popen = process.process if isinstance(process, Plain) else process._process
    try:
        popen.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_it_ends_when_the_socket_closes():
    handle = Engine(Plain({"engine": "tesserocr"}))
    assert handle.alive()
    handle.close()
    assert ends(handle)
    assert handle._process.process.returncode == 0


def test_it_ends_when_the_socket_closes_in_the_middle_of_a_page(letter):
    handle = Engine(Plain({"engine": "tesserocr"}))
    with memory_of(letter.pixels) as fd:
        request = {"number": 1, "width": letter.width, "height": letter.height, "dpi": 200.0}
        wire.send(handle._process.sock, request, (fd,))
    handle.close()
    assert ends(handle)


def test_a_killed_engine_says_so():
    handle = Engine(Plain({"engine": "tesserocr"}))
    os.kill(handle._process.process.pid, signal.SIGKILL)
    with pytest.raises(EngineDied, match="engine_died"):
        recognised(handle, GrayImage(9, 9, 300, bytes(81)))
    assert not handle.alive()


def test_an_engine_that_hangs_is_killed_and_says_so(letter):
    handle = Engine(Plain({"engine": "tesserocr"}))
    os.kill(handle._process.process.pid, signal.SIGSTOP)
    with pytest.raises(EngineDied, match="engine_timeout"):
        recognised(handle, letter, timeout=0.2)
    assert not handle.alive()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"languages": "tlh"}, "language_missing"),
        ({"tessdata": "/nowhere"}, "engine_missing"),
        ({"engine": "pytesseract", "languages": "deu+tlh"}, "language_missing"),
    ],
)
def test_an_engine_that_cannot_open_gives_the_reason(options, reason):
    with pytest.raises(SystemFault) as caught:
        Engine(Plain(options))
    assert (caught.value.reason, caught.value.exit_code) == (reason, ExitCode.ENGINE_MISSING)


def test_options_that_do_not_parse_end_it_before_the_greeting():
    with pytest.raises(EngineDied, match="engine_died"):
        Engine(Plain({"engine": "abacus"}))


MARKED = (Code("qr", "ARV1;k=s;x=0", 1, 2, 30, 50), Code("patch_2", "", 0, 0, 100, 9))
GOOD = Page(1, 100, 50, 300.0, 0, "recognised", 90.0, (Word("Akte", 1, 2, 30, 20, 90.0, 0, 0),))


class Liar:
    """A process that answers whatever it likes."""

    def __init__(self, answers: list[object]) -> None:
        self.sock, self._theirs = socket.socketpair()
        self._dead = threading.Event()
        wire.send(self._theirs, {"hello": {"name": "x", "version": "5", "languages": []}})
        for answer in answers:
            wire.send(self._theirs, answer)

    def kill(self) -> None:
        self._dead.set()
        self._theirs.close()

    def alive(self) -> bool:
        return not self._dead.is_set()

    def ended(self) -> int | None:
        return -9 if self._dead.is_set() else None


def lie(change: Callable[[dict], object]) -> dict:
    page = msgspec.to_builtins(GOOD)
    change(page)
    return {"page": page}


@pytest.mark.parametrize(
    "change",
    [
        lambda page: page.update(number=2),
        lambda page: page.update(width=101),
        lambda page: page.update(rotation=90),
        lambda page: page.update(rotation=45),
        lambda page: page.update(source="own_text"),
        lambda page: page.update(confidence=None),
        lambda page: page.update(confidence=float("nan")),
        lambda page: page.update(words=[["Akte", 1, 2, 101, 20, 90.0, 0, 0]]),
        lambda page: page.update(words=[["Akte", 30, 2, 1, 20, 90.0, 0, 0]]),
        lambda page: page.update(words=[["Akte", 1, -2, 30, 20, 90.0, 0, 0]]),
        lambda page: page.update(words=[["Akte", 1, 2, 30, 20, 101.0, 0, 0]]),
        lambda page: page.update(words=[["Akte", 1, 2, 30, 20, 90.0, 7, 0]]),
        lambda page: page.update(words=[["", 1, 2, 30, 20, 90.0, 0, 0]]),
        lambda page: page.update(words=[[1, 1, 2, 30, 20, 90.0, 0, 0]]),
        lambda page: page.update(words="Akte"),
        lambda page: page.update(codes=[["qr", "x", 1, 2, 101, 20]]),
        lambda page: page.update(codes=[["qr", "x", 30, 2, 1, 20]]),
        lambda page: page.update(codes=[["qr", "x" * 4097, 1, 2, 30, 20]]),
        lambda page: page.update(codes=[["patch_t", "x", 1, 2, 30, 20]]),
        lambda page: page.update(codes=[["aztec", "x", 1, 2, 30, 20]]),
        lambda page: page.update(codes=[["qr", "x", 1, 2, 30, 20]] * 501),
        lambda page: page.clear(),
    ],
)
def test_a_page_that_cannot_be_true_counts_as_death(change):
    liar = Liar([lie(change)])
    handle = Engine(liar)
    with memory_of(bytes(5000)) as fd, pytest.raises(EngineDied, match="cause=protocol"):
        handle.recognise(fd, 1, 100, 50, 300, 5, marks=True)
    assert not handle.alive()


def test_a_true_page_is_taken():
    handle = Engine(Liar([lie(lambda page: None)]))
    with memory_of(bytes(5000)) as fd:
        assert handle.recognise(fd, 1, 100, 50, 300, 5) == GOOD
    handle.kill()


def test_marks_are_taken_where_they_were_asked_for_only():
    marked = msgspec.structs.replace(GOOD, codes=MARKED)
    answer = {"page": msgspec.to_builtins(marked)}
    handle = Engine(Liar([answer, answer]))
    with memory_of(bytes(5000)) as fd:
        assert handle.recognise(fd, 1, 100, 50, 300, 5, marks=True) == marked
        with pytest.raises(EngineDied, match="cause=protocol"):
            handle.recognise(fd, 1, 100, 50, 300, 5)


def test_importing_the_handle_loads_no_engine():
    code = "import sys, archiver.recognise.engine_client, archiver.recognise.engine_process; "
    code += "heavy = ('tesserocr', 'pytesseract', 'PIL', 'zxingcpp'); "
    code += "print([m for m in heavy if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Batches in the cage: marks on pages, parts cut out of files, files woven; real processes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import socket
import stat
from pathlib import Path

import msgspec
import pikepdf
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from archiver.errors import DocumentFault, ReviewNeeded
from archiver.pipeline.engines import Engines
from archiver.recognise import cage, codes, media, messages, wire
from archiver.recognise.blank import looks_blank
from archiver.recognise.channel import CREDITS, Channel
from archiver.recognise.engine_client import Engine
from archiver.recognise.reader import Pixels, Reader
from archiver.records import Code, Page
from archiver.separate import labels, marks, split, tiff
from archiver.separate.division import Rule, divide
from archiver.separate.sheets import SheetMark, payload
from bench.separation import CREATED, KEY, Treatment, drawn, scanned
from tests import corpora, paper
from tests.test_separate_split import flavoured

LIMITS = cage.Limits(address_space=2 << 30, cpu_seconds=20, file_size=1 << 30, wall_seconds=40.0)
DPI = 200
MARKS = (SheetMark("bauantrag", "632.21-12/2024"), SheetMark("rechnung"), SheetMark("satzung"))
UPSIDE_DOWN = 5
ORDER = "0ttt1tt-t2tt"
"""Twelve pages: a figure is a separator sheet, ``t`` a printed page, ``-`` a blank one."""
DOCUMENTS = ((2, 3, 4), (6, 7, 9), (11, 12))


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with Reader(tmp_path_factory.mktemp("slot"), cage.probe(), LIMITS) as slot:
        yield slot


@pytest.fixture(scope="module")
def engines():
    def start():
        module = "archiver.recognise.engine_process"
        options = json.dumps({"engine": "tesserocr", "signs": False})
        return Engine(cage.spawn(module, kind=cage.probe(), scratch=None, arguments=[options]))

    pool = Engines(1, start, 60.0)
    yield pool
    pool.close()


@contextlib.contextmanager
def received(*contents):
    """Descriptors of files without a path, one for each content."""
    fds = [os.memfd_create("received") for _content in contents]
    try:
        for fd, content in zip(fds, contents, strict=True):
            with os.fdopen(os.dup(fd), "wb") as out:
                out.write(content)
        yield fds
    finally:
        for fd in fds:
            os.close(fd)


def read(reader, engines, content, media_type, wanted, *, looked_for=True):
    """Read pages to their end: the reader's own ones and those of the engine."""
    with received(content) as (fd,):
        seen = [
            engines.submit(item, looked_for) if isinstance(item, Pixels) else item
            for item in reader.pages(fd, media_type, wanted, looked_for)
        ]
        return [item if isinstance(item, Page) else item.result() for item in seen]


def taken(fd):
    """All bytes of a part, which is then closed; it must be a regular file without a name."""
    told = os.fstat(fd)
    assert stat.S_ISREG(told.st_mode) and told.st_nlink == 0
    with os.fdopen(fd, "rb") as part:
        return part.read()


def pixel_digests(content, media_type):
    """A digest of the pixels of each page."""
    if media_type == media.TIFF:
        with Image.open(io.BytesIO(content)) as image:
            found = []
            for number in range(image.n_frames):
                image.seek(number)
                found.append(hashlib.sha256(image.tobytes()).hexdigest())
            return found
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [
            hashlib.sha256(pikepdf.PdfImage(stream).as_pil_image().tobytes()).hexdigest()
            for page in pdf.pages
            for stream in page.get_images().values()
        ]


def letters(count):
    return [paper.letter_image((f"Seite {n}", "Text"), dpi=100) for n in range(1, count + 1)]


def made(media_type, pages):
    return paper.scan_pdf(pages, 100) if media_type == media.PDF else paper.tiff(pages, "jpeg", 100)


@pytest.fixture(scope="module")
def printed():
    return labels.separator_sheets([labels.Sheet(mark) for mark in MARKS], CREATED, key=KEY)


@pytest.fixture(scope="module")
def sheets(printed):
    return list(drawn(printed, DPI))


@pytest.fixture(scope="module")
def batch(sheets):
    sides = []
    for number, side in enumerate(ORDER, start=1):
        if side == "-":
            sides.append(paper.blank_image(DPI, seed=number))
        elif side == "t":
            text = (f"Blatt {number} des Schriftstücks", "im Bauamt der Stadt Musterbach")
            sides.append(paper.letter_image(text, DPI))
        else:
            how = Treatment(turned=180 if number == UPSIDE_DOWN else 0, skew=0.7)
            sides.append(scanned(sheets[int(side)], how, number))
    return paper.scan_pdf(sides, DPI, quality=60)


@pytest.fixture(scope="module")
def pages(reader, engines, batch):
    return read(reader, engines, batch, media.PDF, range(1, 13))


class TestMarks:
    def test_a_batch_is_divided_by_what_the_cage_has_seen(self, pages):
        plan = divide(pages, Rule("sheets", key=KEY))
        assert tuple(part.pages for part in plan.parts) == DOCUMENTS
        assert tuple(part.says for part in plan.parts) == MARKS
        assert plan.findings == ()
        assert [page.number for page in pages if page.source == "blank"] == [8]

    def test_a_sheet_upside_down_has_its_marks_where_the_upright_page_shows_them(self, pages):
        upright, turned = pages[0], pages[UPSIDE_DOWN - 1]
        assert (upright.rotation, turned.rotation) == (0, 180)
        assert [code.kind for code in upright.codes] == ["patch_t", "qr", "qr", "patch_2"]
        for code in upright.codes:
            assert any(
                other.kind == code.kind
                and (other.left, other.top) == pytest.approx((code.left, code.top), abs=40)
                for other in turned.codes
            )

    @pytest.mark.parametrize("degrees", [90, 180, 270])
    def test_a_patch_is_named_as_it_stands_on_the_upright_page(self, reader, engines, degrees):
        letter = paper.letter_image(("Stadt Musterbach", "Bauamt", *[""] * 16, *paper.LETTER), DPI)
        bars(letter, top=600)
        fed = letter.rotate(degrees, expand=True)
        content = paper.png(fed, DPI)
        (page,) = read(reader, engines, content, media.PNG, [1])
        assert page.rotation == degrees
        (code,) = page.codes
        assert code.kind == "patch_t"
        assert (code.left, code.top) == pytest.approx((157, 600), abs=25)

    def test_nobody_looks_without_being_asked(self, reader, engines, batch, printed):
        assert read(reader, engines, batch, media.PDF, [1], looked_for=False)[0].codes == ()
        (page,) = read(reader, engines, printed, media.PDF, [1], looked_for=False)
        assert (page.source, page.codes) == ("own_text", ())

    @pytest.mark.parametrize("turn", [0, 180])
    def test_a_born_digital_sheet_has_marks_beside_its_own_text(
        self, reader, engines, printed, turn
    ):
        with (
            pikepdf.open(io.BytesIO(paper.text_pdf())) as whole,
            pikepdf.open(io.BytesIO(printed)) as part,
        ):
            whole.pages.append(part.pages[1])
            whole.pages[1].Rotate = turn
            out = io.BytesIO()
            whole.save(out)
        letter, sheet = read(reader, engines, out.getvalue(), media.PDF, [1, 2])
        assert (letter.source, letter.codes, sheet.source) == ("own_text", (), "own_text")
        (large,) = (
            code for code in sheet.codes if code.kind == "qr" and code.right - code.left > 600
        )
        assert large.text == payload(MARKS[1], key=KEY)
        left, top, right, bottom = (round(mm * 300 / 25.4) for mm in (67.5, 56, 142.5, 131))
        if turn:
            left, top = sheet.width - right, sheet.height - bottom
        assert (large.left, large.top) == pytest.approx((left, top), abs=6)
        assert sorted(code.kind for code in sheet.codes) == ["patch_2", "patch_t", "qr", "qr"]

    @pytest.mark.parametrize("kind", [media.PDF, media.TIFF])
    def test_a_page_with_a_mark_alone_is_not_blank(self, reader, kind):
        patch, label, blank = (paper.blank_image(DPI) for _ in range(3))
        bars(patch, top=100)
        label.paste(qr("ASN000123", scale=3), (800, 900))
        assert looks_blank(patch)  # bars across the page are no ink to it
        make = paper.scan_pdf if kind == media.PDF else lambda sides: paper.tiff(sides, "group4")
        with received(make([patch, label, blank])) as (fd,):
            *marked, empty = reader.pages(fd, kind, [1, 2, 3], marks=True)
            for pixels in marked:
                assert isinstance(pixels, Pixels)
                os.close(pixels.fd)
        assert (empty.source, empty.codes) == ("blank", ())

    def test_a_tiff_has_marks_too(self, reader, engines, sheets):
        content = paper.tiff([sheets[2]], "group4")
        (page,) = read(reader, engines, content, media.TIFF, [1])
        assert payload(MARKS[2], key=KEY) in {code.text for code in page.codes}

    def test_a_huge_code_is_left_out_and_harms_nobody(self, reader, engines):
        page = paper.blank_image(DPI)
        page.paste(qr("7" * 7000, scale=4), (300, 300))
        assert len(marks.find_codes(page.tobytes(), *page.size, DPI)[0].text) == 7000
        (seen,) = read(reader, engines, paper.png(page), media.PNG, [1])
        assert (seen.source, seen.codes) == ("recognised", ())


def bars(page, top):
    """Draw a Patch-T across the page."""
    draw = ImageDraw.Draw(page)
    for width in (16, 40, 16, 40):
        draw.rectangle((157, top, page.width - 157, top + width - 1), fill=30)
        top += width + 16


def qr(text, scale):
    out = io.BytesIO()
    segno.make(text, error="l", micro=False).save(out, kind="png", scale=scale, border=4)
    return Image.open(out).convert("L")


CODES = st.builds(
    Code,
    st.sampled_from(sorted(codes.KINDS - codes.PATCHES)),
    st.sampled_from(["x", "y" * codes.LONGEST_TEXT, "z" * (codes.LONGEST_TEXT + 1)]),
    *[st.integers(-50, 3000)] * 2,
    *[st.integers(3000, 9000)] * 2,
)
SIZES = st.tuples(st.integers(1, 9000), st.integers(1, 9000))


@given(st.lists(CODES, max_size=4), st.sampled_from([1, 400]), SIZES, SIZES)
def test_what_is_found_within_bounds_passes_the_check(found, times, size, wanted):
    kept = codes.resized(found * times, size, wanted)
    codes.check(kept, *wanted)
    short = [code for code in found if len(code.text) <= codes.LONGEST_TEXT]
    assert len(kept) == min(len(short) * times, codes.MOST)


def test_the_kinds_are_those_that_can_be_found():
    assert set(marks._KINDS.values()) | set(marks._PATTERNS) == codes.KINDS


class TestParts:
    @pytest.mark.parametrize("kind", [media.PDF, media.TIFF])
    def test_parts_hold_their_pages_pixel_by_pixel(self, reader, kind):
        content = made(kind, letters(9))
        parts = [(1, 2), (9,), (4, 3), (5, 6, 7, 8), (1,)]
        with received(content) as (fd,):
            found = [taken(part) for part in reader.split(fd, kind, parts)]
        before = pixel_digests(content, kind)
        assert len(set(before)) == 9
        for part, numbers in zip(found, parts, strict=True):
            assert pixel_digests(part, kind) == [before[number - 1] for number in numbers]

    def test_the_batch_itself_is_cut_along_its_plan(self, reader, batch, pages):
        plan = divide(pages, Rule("sheets", key=KEY))
        before = pixel_digests(batch, media.PDF)
        with received(batch) as (fd,):
            parts = list(reader.split(fd, media.PDF, [part.pages for part in plan.parts]))
        for numbers, part in zip(DOCUMENTS, parts, strict=True):
            assert pixel_digests(taken(part), media.PDF) == [before[n - 1] for n in numbers]

    def test_a_picture_file_is_its_own_part(self, reader):
        content = paper.jpeg(letters(1)[0])
        with received(content) as (fd,):
            (part,) = reader.split(fd, media.JPEG, [(1,)])
        assert taken(part) == content

    def test_stopping_half_way_leaves_nothing_behind(self, tmp_path):
        slot = Reader(tmp_path / "slot", cage.probe(), LIMITS)
        with slot, received(made(media.PDF, letters(9))) as (fd,):
            before = open_files()
            slot.warm()
            parts = slot.split(fd, media.PDF, [(number,) for number in range(1, 10)])
            os.close(next(parts))
            parts.close()
            assert list((tmp_path / "slot").iterdir()) == []
            assert len(list(map(taken, slot.split(fd, media.PDF, [(1,), (2,)])))) == 2
            slot.close()
            assert open_files() == before

    def test_no_more_than_three_parts_are_under_way(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.settimeout(0.05)
            channel = Channel(theirs, 60)
            for _ in range(CREDITS):
                channel.take_turn()
            with pytest.raises(wire.PeerGone):
                channel.take_turn()
            wire.send(ours, {"credit": 1})
            channel.take_turn()

    @pytest.mark.parametrize(
        ("kind", "parts", "page"),
        [
            (media.PDF, [(1,), (2, 99)], 99),
            (media.PDF, [(0,)], 0),
            (media.PDF, [(-1,)], -1),
            (media.TIFF, [(3, 1)], 3),
            (media.JPEG, [(1,), (2,)], 2),
            (media.JPEG, [(1, 1)], 1),
        ],
    )
    def test_a_list_that_lies_is_told_by_its_page(self, reader, kind, parts, page):
        sides = letters(2)
        content = paper.jpeg(sides[0]) if kind == media.JPEG else made(kind, sides)
        reader.warm()
        before = reader.pid
        with received(content) as (fd,), pytest.raises(DocumentFault, match="damaged") as caught:
            for part in reader.split(fd, kind, parts):
                os.close(part)
        assert not isinstance(caught.value, ReviewNeeded)
        assert caught.value.params == {"page": page}
        assert reader.pid == before

    def test_a_part_without_pages_is_the_callers_mistake(self, reader):
        with received(made(media.PDF, letters(1))) as (fd,):
            with pytest.raises(ValueError, match="at least one"):
                list(reader.split(fd, media.PDF, [(1,), ()]))
            for order in ((), ((1, 1),), ((-1, 1),)):
                with pytest.raises(ValueError, match="not there"):
                    reader.weave([fd], media.PDF, order)

    def test_a_part_that_grows_too_large_is_the_documents_fault(self, tmp_path):
        small = cage.Limits(2 << 30, 20, file_size=60_000, wall_seconds=40)
        noise = Image.effect_noise((827, 1169), 120)
        slot = Reader(tmp_path / "slot", cage.probe(), small)
        with slot, received(paper.scan_pdf([noise], 100, quality=95)) as (fd,):
            with pytest.raises(DocumentFault, match="too_much_output"):
                list(slot.split(fd, media.PDF, [(1,)]))
            assert list((tmp_path / "slot").iterdir()) == []


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


class TestWhatCannotBeCut:
    @pytest.fixture(scope="class")
    def files(self):
        with pikepdf.open(io.BytesIO(paper.text_pdf([("a",), ("b",)]))) as pdf:
            pdf.attachments["rechnung.xml"] = pikepdf.AttachedFileSpec(pdf, b"<xml/>")
            attached = io.BytesIO()
            pdf.save(attached)
        with pikepdf.open(io.BytesIO(paper.text_pdf([("a",), ("b",)]))) as pdf:
            name = pikepdf.Dictionary(FT=pikepdf.Name.Tx, T=pikepdf.String("Name"))
            pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[pdf.make_indirect(name)])
            form = io.BytesIO()
            pdf.save(form)
        return {
            "split_signed": paper.signed_pdf(),
            "split_form": form.getvalue(),
            "split_attachments": attached.getvalue(),
        }

    @pytest.mark.parametrize("reason", ["split_signed", "split_form", "split_attachments"])
    def test_a_sound_file_that_holds_together_is_for_a_person(self, reader, files, reason):
        with received(files[reason], paper.text_pdf()) as (fd, other):
            with pytest.raises(ReviewNeeded, match=reason):
                list(reader.split(fd, media.PDF, [(1,)]))
            with pytest.raises(ReviewNeeded, match=reason):
                reader.weave([other, fd], media.PDF, [(0, 1), (1, 1)])

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (paper.encrypted_pdf(), "encrypted"),
            (b"%PDF-1.7\nnothing\n%%EOF", "damaged"),
            (b"", "empty_file"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_for_quarantine(self, reader, content, reason):
        with received(content) as (fd,), pytest.raises(DocumentFault, match=reason) as caught:
            list(reader.split(fd, media.PDF, [(1,)]))
        assert not isinstance(caught.value, ReviewNeeded)

    def test_every_reason_of_the_cutters_may_be_told(self):
        source = "".join(Path(module.__file__).read_text() for module in (split, tiff))
        reasons = set(re.findall(r'(?:DocumentFault|ReviewNeeded)\("(\w+)"', source))
        assert reasons >= messages.DOUBTS
        assert reasons <= messages.FAULTS | messages.DOUBTS
        assert not messages.FAULTS & messages.DOUBTS
        for doubt in messages.DOUBTS:
            told = messages.encode(messages.Faulty(doubt, {"page": 1}))
            assert isinstance(messages.decode(told).fault(), ReviewNeeded)

    @corpora.needs(corpora.HOSTILE, corpora.INVOICES)
    def test_hostile_files_and_invoices_end_in_parts_or_a_reason(self, tmp_path):
        tight = cage.Limits(1 << 30, cpu_seconds=4, file_size=1 << 28, wall_seconds=3.0)
        answers = {}
        files = [*corpora.HOSTILE.glob("*.pdf"), *corpora.INVOICES.glob("*.pdf")]
        with Reader(tmp_path / "slot", cage.probe(), tight) as slot:
            for path in sorted(files):
                with path.open("rb") as source:
                    try:
                        for part in slot.split(source.fileno(), media.PDF, [(1,)]):
                            os.close(part)
                        answers[path.name] = "done"
                    except DocumentFault as fault:
                        answers[path.name] = fault.reason
        known = messages.FAULTS | messages.DOUBTS | {"done", "took_too_long"}
        assert set(answers.values()) <= known
        assert {"done", "split_attachments"} <= set(answers.values())


class TestWeaving:
    @pytest.mark.parametrize("kind", [media.PDF, media.TIFF])
    def test_two_stacks_become_one_pixel_by_pixel(self, reader, kind):
        sides = letters(6)
        stacks = made(kind, sides[0::2]), made(kind, sides[1::2][::-1])
        order = [(0, 1), (1, 3), (0, 2), (1, 2), (0, 3), (1, 1)]
        with received(*stacks) as fds:
            woven = taken(reader.weave(fds, kind, order))
        assert pixel_digests(woven, kind) == pixel_digests(made(kind, sides), kind)

    def test_more_documents_are_joined_than_one_message_can_carry(self, reader):
        sides = letters(8)
        before = open_files()
        with received(*[made(media.PDF, [side]) for side in sides]) as fds:
            whole = taken(reader.weave(fds, media.PDF, [(n, 1) for n in range(8)]))
        assert pixel_digests(whole, media.PDF) == pixel_digests(made(media.PDF, sides), media.PDF)
        assert open_files() == before

    def test_what_would_have_to_be_changed_is_left_to_a_person(self, reader):
        with (
            received(flavoured("<", False), flavoured(">", False)) as fds,
            pytest.raises(ReviewNeeded, match="stacks_differ_in_kind"),
        ):
            reader.weave(fds, media.TIFF, [(0, 1), (1, 1)])
        with (
            received(*map(paper.jpeg, letters(2))) as fds,
            pytest.raises(ReviewNeeded, match="one_page_kind"),
        ):
            reader.weave(fds, media.JPEG, [(0, 1), (1, 1)])
        with (
            received(paper.jpeg(letters(1)[0])) as (fd,),
            pytest.raises(ReviewNeeded, match="one_page_kind"),
        ):
            reader.weave([fd], media.JPEG, [(0, 2)])

    def test_a_page_that_is_not_there_is_told(self, reader):
        with (
            received(*[made(media.PDF, letters(2))] * 2) as fds,
            pytest.raises(DocumentFault, match="damaged page=3"),
        ):
            reader.weave(fds, media.PDF, [(0, 1), (1, 3)])


def test_a_page_with_marks_that_nobody_asked_for_is_no_answer(reader, monkeypatch, printed):
    """A template that always looks is one that does what it was not asked to do."""
    asked = Reader._asking

    def looking(self, do, fd, media_type, *more, marks=False, **rest):
        return asked(self, do, fd, media_type, *more, marks=True, **rest)

    monkeypatch.setattr(Reader, "_asking", looking)
    with received(printed) as (fd,), pytest.raises(Exception, match="protocol marks"):
        list(reader.pages(fd, media.PDF, [1]))


def test_marks_of_a_page_survive_being_stored(pages):
    stored = msgspec.json.decode(msgspec.json.encode(pages), type=list[Page])
    assert stored == pages and any(page.codes for page in stored)

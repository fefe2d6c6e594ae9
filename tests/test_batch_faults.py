"""What goes wrong around batches: deaths, full disks, persons who are faster, odd stacks.

No page may be lost, none may be in two documents, and what is doubtful waits for a person.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver import phrases
from archiver.clock import now
from archiver.errors import Refusal, SystemFault, UsageFault
from archiver.house import new_id
from archiver.inbox.settling import Settling
from archiver.inbox.sightings import look
from archiver.pipeline import parts
from archiver.records import Code, Page
from archiver.store import durable, objects
from archiver.store.commit import Change
from archiver.store.objects import Order, Part
from tests import paper
from tests.lane import Lane, founded, letter

EVERY_TWO = "at = 'pages'\npages = 2"
STACKS = "backs_follow_minutes = 30"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return founded(tmp_path / "town", incoming=EVERY_TWO)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """An archive whose clerks scan fronts and then backs."""
    return founded(tmp_path / "town", incoming=STACKS, other=STACKS)


# --- deaths ------------------------------------------------------------------------------------


class Tripwire:
    """Ends the process, as a kill does, before or after the n-th step that lasts."""

    def __init__(self, lane: Lane, fatal: int) -> None:
        self.left = fatal
        vault, ledger, register = lane.house.vault, lane.house.ledger, lane.house.register
        for owner, name in (
            (vault, "stage_object"),
            (vault, "add_version"),
            (vault, "publish"),
            (ledger, "write"),
            (register, "record"),
            (vault, "settled"),
        ):
            setattr(owner, name, self.around(getattr(owner, name)))

    def around(self, step: Any) -> Any:
        def tripping(*values: Any, **named: Any) -> Any:
            self.pass_by()
            answer = step(*values, **named)
            self.pass_by()
            return answer

        return tripping

    def pass_by(self) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(9)


def killed_at(root: Path, fatal: int) -> bool:
    """Work in a process that dies at a step; whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            with Lane(root) as lane:
                Tripwire(lane, fatal)
                for row in lane.house.register.jobs():
                    lane.walk(str(row["id"]))
            os._exit(0)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9)
    return code == 9


def each_page_once(lane: Lane, pages: dict[str, int]) -> None:
    held = [
        (source, page)
        for sources in lane.living().values()
        for source, numbers in sources
        for page in numbers
    ]
    assert sorted(held) == [(one, n) for one, count in pages.items() for n in range(1, count + 1)]
    assert lane.archive.upkeep.verify()["problems"] == []


def test_killed_between_any_two_steps_of_a_division(root: Path, tmp_path: Path) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
    fatal, saved = 1, tmp_path / "saved"
    shutil.copytree(root, saved)
    while killed_at(root, fatal):
        with Lane(root) as lane:
            if lane.state(batch) != "divided":
                assert lane.walk(batch) == "divided"
            each_page_once(lane, {batch: 4})
            assert len(lane.parts(batch)) == 2, fatal
            assert {str(row["id"]) for row in lane.house.register.jobs()} == set(lane.parts(batch))
            assert [name for name in lane.staged() if len(name) > 26] == [], fatal
        shutil.rmtree(root)
        shutil.copytree(saved, root)
        fatal += 1
    assert fatal > 12, "the steps were not seen"


@contextmanager
def power_cut(monkeypatch: pytest.MonkeyPatch, whole: int) -> Iterator[None]:
    """Of the next append to the ledger only some lines get to the disk; nothing is tidied up."""
    write_all = durable.write_all

    def torn(descriptor: int, content: bytes) -> None:
        if Path(f"/proc/self/fd/{descriptor}").resolve().suffix != ".jsonl":
            write_all(descriptor, content)
            return
        lines = content.splitlines(keepends=True)
        os.write(descriptor, b"".join(lines[:whole]) + lines[whole][:40])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "ftruncate", lambda _descriptor, _length: None)
        patch.setattr(durable, "write_all", torn)
        yield


@pytest.mark.parametrize("whole", [0, 1, 2])
def test_a_power_cut_tears_the_lines_of_a_division(
    root: Path, whole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
        with power_cut(monkeypatch, whole):
            lane.walk(batch)
    with Lane(root) as lane:
        lane.work_off()
        assert lane.state(batch) == "divided"
        each_page_once(lane, {batch: 4})
        assert len(lane.parts(batch)) == 2


@pytest.mark.parametrize("whole", [1, 2])
def test_a_power_cut_tears_the_lines_of_a_joining(
    root: Path, whole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lane(root) as lane:
        one, two = in_review(lane, "a.pdf", 3), in_review(lane, "b.pdf", 3)
        lane.archive.scans.merge([one, two])
        with power_cut(monkeypatch, whole):
            lane.walk(one)
    with Lane(root) as lane:
        assert (lane.state(one), lane.state(two)) == ("divided", "divided")
        each_page_once(lane, {one: 3, two: 3})
        assert lane.parts(one) == lane.parts(two)


def in_review(lane: Lane, name: str, pages: int, pipeline: str = "incoming") -> str:
    """A document that waits because its pages do not come out even."""
    document = lane.drop(name, letter(*(f"{name} {n}" for n in range(pages))), pipeline)
    assert lane.walk(document) == "review"
    return document


# --- full disks --------------------------------------------------------------------------------


@contextmanager
def failing(owner: Any, name: str, at: int) -> Iterator[None]:
    """Have the n-th call of a method find the disk full, and all after it."""
    real, left = getattr(owner, name), [at]

    def full(*values: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] <= 0:
            raise SystemFault("disk_full")
        return real(*values, **named)

    setattr(owner, name, full)
    try:
        yield
    finally:
        setattr(owner, name, real)


@pytest.mark.parametrize(
    ("part", "name", "at"),
    [
        ("vault", "stage_object", 2),
        ("vault", "add_version", 1),
        ("vault", "publish", 2),
        ("ledger", "write", 1),
    ],
)
def test_a_full_disk_leaves_nothing_of_a_division(
    root: Path, part: str, name: str, at: int
) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
        with failing(getattr(lane.house, part), name, at):
            for _attempt in range(3):
                assert lane.walk(batch) == "accepted"
        assert [left for left in lane.staged() if not left.startswith(batch)] == []
        assert list(lane.house.vault.ids()) == [batch]
        assert lane.walk(batch) == "divided"
        each_page_once(lane, {batch: 4})


def test_a_catalogue_that_is_behind_keeps_no_part_waiting(root: Path) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
        real, told = lane.house.register._transaction, lane.house.ledger.head()

        @contextmanager
        def uncommitted() -> Iterator[Any]:
            with real() as connection:
                yield connection
                if lane.house.ledger.head() != told:
                    raise SystemFault("disk_full")

        lane.house.register._transaction = uncommitted  # type: ignore[method-assign]
        lane.walk(batch)
        lane.house.register._transaction = real  # type: ignore[method-assign]
        queued = list(lane.runner._turns._queue)
        assert lane.walk(batch) == "divided"
        assert len(lane.events("divided")) == 1
        made = lane.parts(batch)
        assert len(made) == 2 and set(made) <= set(queued)
        assert lane.events("reviewed") == []


# --- persons who are faster --------------------------------------------------------------------


def test_what_a_person_said_while_a_lane_divides_stays(root: Path) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
        reader = lane.tools.reader
        split = reader.split

        def meanwhile(*values: Any) -> Any:
            yield from split(*values)
            lane.archive.intake.withdraw(batch, "falscher Stapel")

        reader.split = meanwhile  # type: ignore[method-assign]
        assert lane.walk(batch) == "withdrawn"
        assert [note.text for note in lane.house.holdings.record(batch).notes] == [
            "falscher Stapel"
        ]
        assert lane.events("divided") == []
        assert lane.staged() == []


def test_a_source_that_gets_a_better_scan_meanwhile_is_not_joined(root: Path) -> None:
    with Lane(root) as lane:
        one, two = in_review(lane, "a.pdf", 3), in_review(lane, "b.pdf", 3)
        lane.archive.scans.merge([one, two])
        weave = lane.tools.reader.weave

        def meanwhile(*values: Any) -> int:
            lane.archive.scans.replace(two, io.BytesIO(letter("besser", "gut")), b"c.pdf")
            return weave(*values)

        lane.tools.reader.weave = meanwhile  # type: ignore[method-assign]
        lane.walk(one)
        assert lane.reason(one) == ("review", "pages_are_gone")
        assert lane.state(two) == "accepted"


@pytest.mark.parametrize("fate", ["quarantined", "destroyed", "withdrawn"])
def test_a_source_that_is_no_longer_there_is_said(root: Path, fate: str) -> None:
    with Lane(root) as lane:
        one, two = in_review(lane, "a.pdf", 3), in_review(lane, "b.pdf", 3)
        lane.archive.scans.merge([one, two])
        if fate == "destroyed":
            lane.archive.scans.split(two, [2])
            assert lane.walk(two) == "divided"
            for part in lane.parts(two):
                lane.archive.intake.withdraw(part, "doppelt")
            lane.archive.scans.release(two)
        elif fate == "withdrawn":
            lane.archive.intake.withdraw(two, "doppelt")
        else:
            lane.archive.scans.replace(two, io.BytesIO(paper.encrypted_pdf()), b"geheim.pdf")
            lane.walk(two)
        assert lane.state(two) == fate
        lane.walk(one)
        assert lane.reason(one) == ("review", "pages_are_gone")


def test_a_good_document_does_not_go_to_quarantine_for_its_neighbour(root: Path) -> None:
    with Lane(root) as lane:
        one, two = in_review(lane, "a.pdf", 3), in_review(lane, "b.pdf", 3)
        broken = io.BytesIO(paper.truncated_pdf(letter("eins", "zwei", "drei")))
        lane.archive.scans.merge([one, two])
        lane.archive.scans.replace(two, broken, b"halb.pdf")
        lane.walk(one)
        assert lane.state(one) == "review"


def test_the_second_of_two_persons_is_told_that_it_is_decided(root: Path) -> None:
    """Both see the document in review; what the first one said must not be overwritten."""
    with Lane(root) as lane:
        document = in_review(lane, "a.pdf", 3)
        lane.archive.scans.split(document, [])
        assert lane.walk(document) == "review"
        seen = lane.archive.review._document(document)
        lane.archive.review.set(document, ["class=invoice"])
        with pytest.raises(Refusal, match="wrong_state"):
            lane.archive.review._decide(seen, "confirmed", {"class": "building_permit"})
        assert lane.row(document)["record_class"] == "invoice"


# --- what a person may say about a batch -------------------------------------------------------


def test_a_signed_batch_is_kept_whole_and_read_when_it_is_accepted(root: Path) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vertrag.pdf", paper.signed_pdf(blank_pages(4)))
        lane.walk(batch)
        assert lane.reason(batch) == ("review", "batch_blank")
        batch = lane.drop("formular.pdf", signed_letter())
        lane.walk(batch)
        assert lane.reason(batch) == ("review", "split_signed")
        assert lane.staged() == []
        lane.archive.review.accept(batch)
        lane.walk(batch)
        assert lane.row(batch)["pages"] == 4, "it was read"
        assert lane.state(batch) in ("filed", "review")


def signed_letter() -> bytes:
    """Four pages with an attachment: nothing that may be cut."""
    import pikepdf

    with pikepdf.open(io.BytesIO(letter("eins", "zwei", "drei", "vier"))) as pdf:
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([]), SigFlags=3)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def blank_pages(count: int) -> bytes:
    return paper.scan_pdf([paper.blank_image(100, seed=n) for n in range(count)], 100)


def test_a_blank_batch_that_is_accepted_does_not_come_back_the_same(root: Path) -> None:
    with Lane(root) as lane:
        batch = lane.drop("leer.pdf", blank_pages(4))
        lane.walk(batch)
        assert lane.reason(batch) == ("review", "batch_blank")
        lane.archive.review.accept(batch)
        lane.walk(batch)
        assert lane.reason(batch) == ("review", "only_blank_pages")
        assert lane.row(batch)["pages"] == 4


def test_nothing_is_filed_unread_because_a_class_was_said(root: Path, tmp_path: Path) -> None:
    with Lane(root) as lane:
        batch = in_review(lane, "drei.pdf", 3)
        for say in (lane.archive.review.set, lane.archive.review.accept):
            with pytest.raises(Refusal, match="not_divided"):
                say(batch, ["class=invoice"])
        signed = lane.drop("formular.pdf", signed_letter())
        lane.walk(signed)
        lane.archive.review.set(signed, ["class=invoice"])
        lane.walk(signed)
        row = lane.row(signed)
        assert (row["state"], row["pages"], row["record_class"]) == ("filed", 4, "invoice")


def test_a_class_that_no_plan_has_is_not_accepted(root: Path) -> None:
    with Lane(root) as lane:
        batch = lane.drop("zwei.pdf", letter("eins", "zwei"))
        document = cut(lane, batch, Part(((batch, (1, 2)),), 1, "no_such_class"))
        lane.walk(document)
        assert lane.reason(document) == ("review", "sheet_class_unknown")
        with pytest.raises(UsageFault, match="class_not_in_plan"):
            lane.archive.review.accept(document)
        assert lane.archive.review.accept(document, ["class=invoice"])["state"] == "filed"


def cut(lane: Lane, batch: str, *made_of: Part) -> str:
    """Divide a batch as if a sheet had said so; the last document."""
    with parts.in_the_making(lane.runner._work(batch), lane.tools) as making:
        pages = [part.sources[0][1] for part in made_of]
        with lane.house.vault.open(batch, "original.pdf") as file:
            extracts = lane.tools.reader.split(file.fileno(), "application/pdf", pages)
            for part, extract in zip(made_of, extracts, strict=True):
                parts.stage(making, part, extract)
        parts.say(making, {batch: lane.row(batch)["sha512"]}, dict)
    return making.made[-1].id


def test_joined_documents_keep_what_the_sheet_said(root: Path) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
        said = Part(((batch, (1, 2)),), 1, "invoice", "632.21", "D-7", "ASN00042")
        two = cut(lane, batch, said, Part(((batch, (3, 4)),)))
        one = next(part for part in lane.parts(batch) if part != two)
        lane.work_off()
        lane.archive.scans.merge([one, two])
        assert lane.walk(one) == "divided"
        (joined,) = lane.parts(one)
        part = lane.house.holdings.receipt(joined, joined).part
        assert part is not None
        assert (part.record_class, part.reference, part.dossier, part.archive_number) == (
            "invoice",
            "632.21",
            "D-7",
            "ASN00042",
        )


def test_a_label_on_a_single_document_is_not_lost(tmp_path: Path) -> None:
    root = founded(tmp_path / "town", incoming="at = 'numbers'")
    with Lane(root) as lane:
        batch = lane.drop("einer.pdf", letter("eins"))
        label = Code("code128", "ASN00042", 10, 10, 90, 30)
        lane.keep(batch, Page(1, 1000, 1400, 120.0, 0, "own_text", None, (), (label,)))
        assert lane.walk(batch) == "divided"
        (document,) = lane.parts(batch)
        part = lane.house.holdings.receipt(document, document).part
        assert part is not None and part.archive_number


# --- stacks ------------------------------------------------------------------------------------


def fronts(name: str, count: int = 2) -> bytes:
    return letter(*(f"{name} vorn {n}" for n in range(count)))


def test_backs_that_lay_there_first_by_name_do_not_become_fronts(tmp_path: Path) -> None:
    for name, second in ((b"vorn.pdf", 1), (b"hinten.pdf", 2)):
        path = tmp_path / name.decode()
        path.write_bytes(name)
        os.utime(path, (second, second))
    settling = Settling(0.0, 0.0)
    settling.judge(look(tmp_path), 0.0)
    settled = settling.judge(look(tmp_path), 1.0).settled
    assert [one.name for one in settled] == [b"vorn.pdf", b"hinten.pdf"]


def test_drops_that_lay_there_for_hours_are_no_couple(desk: Path) -> None:
    """The daemon did not run: both came at the same moment, but were scanned hours apart."""
    inbox = desk / "inbox" / "incoming"
    with Lane(desk) as lane:
        ids = []
        for name, at in (("eins.pdf", 8 * 3600), ("zwei.pdf", 11 * 3600)):
            (inbox / name).write_bytes(fronts(name))
            os.utime(inbox / name, (at, at))
        ids = [lane.accept("eins.pdf"), lane.accept("zwei.pdf")]
        lane.walk(ids[1])
        assert lane.state(ids[1]) == "accepted"
        lane.walk(ids[0])
        assert lane.reason(ids[0]) == ("review", "stack_alone")


def test_a_clock_that_is_set_back_does_not_swap_fronts_and_backs(desk: Path) -> None:
    moment = [datetime(2026, 3, 1, 10, tzinfo=UTC)]

    def clock() -> str:
        return moment[0].strftime("%Y-%m-%dT%H:%M:%S.000Z")

    with Lane(desk, clock) as lane:
        front = lane.add(b"vorn.pdf", fronts("vorn"))
        moment[0] -= timedelta(minutes=5)
        back = lane.add(b"hinten.pdf", fronts("hinten"))
        lane.work_off()
        (joined,) = lane.parts(front)
        part = lane.house.holdings.receipt(joined, joined).part
        assert part is not None
        assert part.sources == ((front, (1, 2)), (back, (2, 1)))


def test_a_file_that_took_longer_to_copy_than_the_next_is_looked_at(desk: Path) -> None:
    """Its number is older, but it was received later."""
    with Lane(desk) as lane:
        early, late = new_id(), new_id()
        intake, ids = lane.house.intake, iter([late, early])
        intake._stores = replace(intake._stores, new_id=lambda: next(ids))
        lane.add(b"klein.pdf", fronts("klein"))
        lane.add(b"gross.pdf", fronts("gross", 3))
        lane.walk(early)
        assert lane.reason(early) == ("review", "stack_counts_differ")


def test_stacks_that_differ_in_number_are_told_with_their_numbers(desk: Path) -> None:
    with Lane(desk) as lane:
        lane.drop("vorn.pdf", fronts("vorn", 3))
        back = lane.drop("hinten.pdf", fronts("hinten", 2))
        lane.walk(back)
        row = lane.row(back)
        assert (row["reason"], row["params"]) == (
            "stack_counts_differ",
            {"fronts": 3, "backs": 2},
        )
        assert "{" not in phrases.sentence(row["reason"], row["params"])


def test_fronts_that_were_withdrawn_do_not_shift_the_next_couples(desk: Path) -> None:
    with Lane(desk) as lane:
        bad = lane.drop("schief.pdf", fronts("schief"))
        lane.archive.intake.withdraw(bad, "schief eingezogen")
        one, two = lane.drop("a.pdf", fronts("a")), lane.drop("b.pdf", fronts("b"))
        three = lane.drop("c.pdf", fronts("c"))
        lane.work_off()
        assert lane.parts(one) == lane.parts(two) != []
        assert lane.state(three) == "accepted"


@pytest.mark.parametrize("torn", ["quarantined", "other_count"])
def test_behind_a_couple_that_does_not_fit_nothing_is_guessed(desk: Path, torn: str) -> None:
    with Lane(desk) as lane:
        one = lane.drop("a.pdf", fronts("a"))
        damaged = paper.truncated_pdf(fronts("b")) if torn == "quarantined" else fronts("b", 3)
        bad = lane.drop("b.pdf", damaged)
        lane.walk(bad)
        again = lane.drop("b2.pdf", fronts("b2"))
        lane.walk(one)
        lane.walk(again)
        next_front = lane.drop("c.pdf", fronts("c"))
        lane.walk(next_front)
        assert lane.events("divided") == []
        assert lane.reason(again) == ("review", "stacks_out_of_step")
        assert lane.state(one) == "review"
        # A person puts it right; what was kept waiting goes on.
        lane.archive.scans.merge([one, again], woven=True)
        lane.walk(one)
        assert lane.parts(one) == lane.parts(again) != []
        archive = lane.archive
        settle_bad = archive.intake.dismiss if torn == "quarantined" else archive.review.reject
        settle_bad(bad, "neu gescannt")
        lane.archive.intake.retry(next_front)
        assert lane.walk(next_front) == "accepted"
        last = lane.drop("d.pdf", fronts("d"))
        lane.walk(last)
        assert lane.parts(next_front) == lane.parts(last) != []


def test_the_same_fronts_twice_are_no_couple(desk: Path) -> None:
    with Lane(desk) as lane:
        one = lane.drop("a.pdf", fronts("a"))
        assert lane.drop("a noch einmal.pdf", fronts("a")) != one
        lane.walk(one)
        assert lane.reason(one) == ("review", "stacks_out_of_step")


def test_fronts_that_a_person_lets_go_alone_get_no_backs(desk: Path) -> None:
    with Lane(desk) as lane:
        one = lane.drop("a.pdf", fronts("a"))
        event = parts.Event("reviewed", now(), "daemon", one, {"reason": "stack_alone"})
        lane.house.register.record(event)
        lane.archive.review.accept(one)
        two = lane.drop("b.pdf", fronts("b"))
        lane.walk(two)
        assert (lane.state(one), lane.state(two)) == ("accepted", "accepted")
        assert lane.house.holdings.record(one).order == Order(whole=True)


def test_stacks_of_two_clerks_are_never_woven(desk: Path) -> None:
    with Lane(desk) as lane:
        ids = [lane.drop("a.pdf", fronts("a")), lane.drop("b.pdf", fronts("b"), "other")]
        for one in ids:
            event = parts.Event("reviewed", now(), "daemon", one, {"reason": "x"})
            lane.house.register.record(event)
        with pytest.raises(Refusal, match="stacks_of_two_folders"):
            lane.archive.scans.merge(ids, woven=True)


def test_a_joined_stack_has_the_name_of_its_fronts(desk: Path) -> None:
    with Lane(desk) as lane:
        front = lane.drop("vorn.pdf", fronts("vorn"))
        lane.drop("hinten.pdf", fronts("hinten"))
        lane.work_off()
        (joined,) = lane.parts(front)
        assert lane.archive.documents.show(joined)["files"][0]["file"] == "vorn.pdf"


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"scan", "scan-001"),
        (b"a.tar.gz", "a.tar-001.gz"),
        (b".verdeckt", "-001.verdeckt"),
        (b"M\xfcller.pdf", "M\\xFCller-001.pdf"),
        (b"x" * 251 + b".pdf", "x" * 251 + "-001.pdf"),
    ],
)
def test_odd_names_are_carried_on(root: Path, name: bytes, shown: str) -> None:
    with Lane(root) as lane:
        batch = lane.add(name, letter("eins", "zwei", "drei", "vier"))
        assert lane.walk(batch) == "divided"
        first = lane.archive.documents.show(lane.parts(batch)[0])["files"][0]["file"]
        assert first.casefold() == shown.casefold()


# --- other scans -------------------------------------------------------------------------------


def test_the_old_scan_of_a_replaced_document_is_still_known(root: Path) -> None:
    with Lane(root) as lane:
        document = in_review(lane, "a.pdf", 3)
        old = lane.house.vault.path(document, "original.pdf").read_bytes()
        lane.archive.scans.replace(document, io.BytesIO(letter("neu", "gut", "klar")), b"neu.pdf")
        again = lane.add(b"a noch einmal.pdf", old)
        assert lane.row(again)["id"] == document
        digest = lane.house.register.accession(document)["sha512"]
        assert digest == durable.file_digest(lane.house.vault.path(document, "original.pdf", 1))


@pytest.mark.parametrize("death", [False, True])
def test_an_exchange_that_the_ledger_does_not_know_is_taken_back(
    root: Path, death: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lane(root) as lane:
        document = in_review(lane, "a.pdf", 3)
        old = lane.house.vault.path(document, "original.pdf").read_bytes()
        if death:
            monkeypatch.setattr(Change, "_take_back", lambda _change: None)
        with failing(lane.house.ledger, "write", 1), pytest.raises(SystemFault):
            lane.archive.scans.replace(document, io.BytesIO(letter("neu")), b"neu.pdf")
        if not death:
            assert lane.house.vault.path(document, "original.pdf").read_bytes() == old
    with Lane(root) as lane:
        assert lane.house.vault.path(document, "original.pdf").read_bytes() == old
        assert lane.archive.upkeep.verify()["problems"] == []


def test_an_order_that_the_ledger_does_not_know_is_not_carried_out(root: Path) -> None:
    with Lane(root) as lane:
        document = in_review(lane, "a.pdf", 3)
        with failing(lane.house.ledger, "write", 1), pytest.raises(SystemFault):
            lane.archive.scans.split(document, [2])
        lane.archive.intake.retry(document)
        assert lane.walk(document) == "review"
        assert lane.events("divided") == []


# --- from vault and ledger alone ---------------------------------------------------------------


def tables(root: Path) -> dict[str, list[Any]]:
    with sqlite3.connect(f"file:{root / 'catalogue.db'}?mode=ro", uri=True) as catalogue:
        names = catalogue.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        rows = {
            name: sorted(catalogue.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in names
        }
    catalogue.close()
    return rows


def test_all_of_it_can_be_made_again_and_a_released_batch_is_gone(tmp_path: Path) -> None:
    root = founded(tmp_path / "town", incoming=f"{STACKS}\n{EVERY_TWO}")
    with Lane(root) as lane:
        front, back = lane.drop("vorn.pdf", fronts("v")), lane.add(b"hinten.pdf", fronts("h"))
        lane.walk(back)
        (woven,) = lane.parts(front)
        assert lane.walk(woven) == "divided"
        made = lane.parts(woven)
        assert len(made) == 2
        for batch in (front, woven):
            with pytest.raises(Refusal, match="batch_not_ready"):
                lane.archive.scans.release(batch)
        for document in made:
            lane.walk(document)
            if lane.state(document) == "review":
                lane.archive.review.accept(document)
        lane.archive.scans.release(front)
        lane.archive.scans.release(woven)
        lane.archive.review.correct(made[0], ["subject=Zaun"])
        lane.archive.scans.replace(made[1], io.BytesIO(letter("neu", "gut")), b"neu.pdf")
        assert not lane.house.vault.exists(woven)
        lane.work_off()
    before = tables(root)
    with Lane(root) as lane:
        lane.archive.upkeep.rebuild()
    assert tables(root) == before


@pytest.mark.parametrize("kept", [0, 1])
def test_a_lost_ledger_doubles_no_page(root: Path, kept: int) -> None:
    """The ledger was put back from an older back-up; the vault has all that came after."""
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
        lane.walk(batch)
        made = lane.parts(batch)
        (file,) = (root / "ledger").iterdir()
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:kept]))
    (root / "catalogue.db").unlink()
    with Lane(root) as lane:
        lane.archive.upkeep.rebuild()
        lane.work_off()
        assert lane.state(batch) == "divided"
        each_page_once(lane, {batch: 4})
        assert lane.parts(batch) == made


def test_documents_stay_when_their_batch_is_destroyed_and_the_ledger_lost(root: Path) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
        lane.walk(batch)
        made = lane.parts(batch)
        lane.work_off()
        for document in made:
            if lane.state(document) == "review":
                lane.archive.review.accept(document)
        lane.archive.scans.release(batch)
        (file,) = (root / "ledger").iterdir()
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    (root / "catalogue.db").unlink()
    with Lane(root) as lane:
        lane.archive.upkeep.rebuild()
        assert set(made) <= set(lane.house.vault.ids())
        assert all(lane.house.register.knows(document) for document in made)


def test_a_part_that_could_not_be_taken_back_is_not_adopted_later(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lane(root) as lane:
        batch = lane.drop("vier.pdf", letter("eins", "zwei", "drei", "vier"))
        with failing(lane.house.ledger, "write", 1), failing(lane.house.vault, "destroy", 1):
            lane.walk(batch)
        assert lane.walk(batch) == "divided"
        assert len(list(lane.house.vault.ids())) == 5
    with Lane(root) as lane:
        assert len(list(lane.house.vault.ids())) == 3
        each_page_once(lane, {batch: 4})
        assert objects.DIVISION in lane.house.vault.inventory(batch).state()

"""Whose turn it is: no document is lost or on two lanes, and one lane stays free for letters."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.pipeline import runner as runner_module
from archiver.pipeline.office import cage_of, reader_of
from archiver.pipeline.runner import Runner, Workshop
from archiver.pipeline.turns import Turns
from archiver.pipeline.work import Tools
from tests import lane
from tests.town import wait_for

LANES = 3
steps = st.lists(
    st.tuples(st.sampled_from(["add", "take", "done", "again", "slow"]), st.integers(0, LANES - 1)),
    max_size=60,
)


class Free(Turns):
    """Turns that never wait: a lane that gets nothing goes on asking later."""

    def next(self, lane: int) -> str | None:
        document = self._choice(lane)
        return self.take(lane) if document is not None else None


@given(steps)
def test_every_document_is_on_one_lane_at_most_and_comes_to_its_end(
    taken: list[tuple[str, int]],
) -> None:
    turns, on, slow, left = Free(LANES), dict[int, str](), set[str](), set[str]()
    for number, (what, at) in enumerate(taken):
        if what == "add":
            left.add(f"d{number}")
            turns.add(f"d{number}")
        elif what == "take" and at not in on:
            document = turns.next(at)
            if document is not None:
                assert document not in on.values()
                if turns.is_quick(at):
                    assert set(on) == {0, 1}
                    assert document not in slow
                on[at] = document
        elif at in on and what in ("done", "again"):
            document = on.pop(at)
            turns.give_back(document, again=what == "again")
            if what == "done":
                left.discard(document)
                slow.discard(document)
        elif at in on and what == "slow":
            assert turns.find_slow(on[at], at)
            assert turns.must_leave(on[at]) is turns.is_quick(at)
            slow.add(on[at])
    for document in on.values():
        turns.give_back(document, again=True)
    for _ in range(len(left)):
        document = turns.next(0)
        assert document is not None
        turns.give_back(document, again=False)
        left.remove(document)
    assert not left
    assert turns.idle()


def test_a_document_that_killed_the_daemon_is_worked_on_alone() -> None:
    turns = Free(LANES)
    turns.alone({"b"})
    for document in "abc":
        turns.add(document)
    assert turns.next(0) == "a"
    assert turns.next(1) is None
    turns.give_back("a", again=False)
    assert turns.next(1) == "b"
    assert turns.next(0) is None
    turns.give_back("b", again=False)
    assert turns.next(0) == "c"


def endless_pdf(number: int) -> bytes:
    """A small PDF whose one page takes minutes to draw."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842 + number))
        pdf.pages[0].Contents = pdf.make_stream(b"0 0 595 842 re f\n" * 300_000)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


@contextmanager
def working(one: lane.Lane, lanes: int) -> Iterator[Runner]:
    """Lanes with real readers in real cages."""
    readers = [reader_of(one.config, cage_of(one.config), f"lane-{n}") for n in range(lanes)]
    pages = one.root / "stage" / "pages"
    house = one.house
    shop = Workshop(one.config, house.stores, one.health, pages, "b")

    def tools(number: int, others_wait: object) -> Tools:
        return Tools(**{**vars(one.tools), "reader": readers[number], "others_wait": others_wait})

    runner = Runner(shop, lanes, tools, lambda: None)
    runner.start(warm=True)
    try:
        yield runner
    finally:
        runner.halt()
        runner.join()


def test_papers_that_hang_leave_a_lane_for_a_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "QUICK_SECONDS", 8.0)
    with lane.Lane(lane.founded(tmp_path / "archive")) as one:
        hanging = [one.drop(f"{number}.pdf", endless_pdf(number)) for number in range(2)]
        with working(one, 2) as runner:
            wait_for(lambda: runner.progress() == (0, 2), "both lanes hang", 60)
            letter = one.drop("brief.pdf", lane.letter("Hundesteuer"))
            runner.add(letter)
            wait_for(lambda: one.state(letter) in ("filed", "review"), "the letter is read", 60)
            assert {one.state(document) for document in hanging} == {"accepted"}
            # No worker died: those that were ended were ended on purpose.
            assert [row["worker_deaths"] for row in one.house.register.jobs()] == [0, 0]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lane-")]

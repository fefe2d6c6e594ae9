"""The school: examples become a model, whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.classify.background import Fitted
from archiver.classify.classifier import classify
from archiver.classify.examples import Example
from archiver.classify.fitting import fit
from archiver.clock import now
from archiver.config import load
from archiver.errors import Fault, SystemFault, UsageFault
from archiver.founding import found
from archiver.house import House
from archiver.pipeline import school as module
from archiver.pipeline.school import LONGEST, QUIET, REST, Pace, School, event_of
from tests.classify_texts import PLAN, examples, paper
from tests.town import wait_for

LIMIT = 180.0  # fits take only what nobody else wants
CORRECTION = Example(paper("dog_tax", 1), "leave", id="01TOLD", corrected=True)


class Place:
    """An archive with a school, and what the school has said."""

    def __init__(self, folder: Path) -> None:
        self.config = load(found(folder))
        self.events = []
        self.troubles = []
        self.wakes = 0
        self.schools = []

    def school(self, record=None) -> School:
        made = School(
            self.config, record or self.events.append, now, self.woken, self.troubles.append
        )
        self.schools.append(made)
        return made

    def woken(self) -> None:
        self.wakes += 1

    def versions(self) -> list[str]:
        return sorted(p.name for p in (self.config.places.learned / "model").glob("[!.]*"))


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "archive")
    yield made
    for school in made.schools:
        school.stop()


def fits_of(parent: int) -> list[int]:
    """Fits that a process has begun and that live."""
    found_ = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, above = folder.joinpath("stat").read_text().rpartition(")")[2].split()[:2]
            words = folder.joinpath("cmdline").read_bytes()
        except OSError:
            continue
        if int(above) == parent and state != "Z" and b"archiver.classify.background" in words:
            found_.append(int(folder.name))
    return found_


def test_one_correction_in_a_fresh_archive_speaks_for_the_next_like_paper(place):
    school = place.school()
    assert school.model() is None
    school.start()
    assert school.teach([CORRECTION]) == 1
    model = school.wait(LIMIT)
    verdict = classify(paper("dog_tax", 2), PLAN, school.model())
    assert (verdict.record_class, verdict.basis, verdict.alone) == (
        "leave", "corrected_alike", False,
    )  # fmt: skip
    assert verdict.evidence.alike.id == "01TOLD"
    assert verdict.evidence.model == model.version == 1
    # Rules go on as before, and nothing is made of what is not alike.
    other = classify(paper("invoice", 2), PLAN, school.model())
    assert (other.record_class, other.basis) == ("invoice", "rule_only")
    wait_for(lambda: place.wakes == 1, "who waits for the model is woken", LIMIT)


def test_what_was_learned_is_one_line_of_the_ledger_without_a_word(place):
    house = House(place.config)
    school = place.school(house.register.record)
    school.start()
    school.teach(examples(6))
    school.wait(LIMIT)
    school.stop()
    (entry,) = list(house.ledger.read(0))
    house.close()
    assert (entry.event, entry.id) == ("learned", None)
    assert entry.data["version"] == 1
    assert entry.data["examples"] == 24
    assert entry.data["model_accuracy"] >= 0.9
    # The starter plan has no class "building".
    assert entry.data["other_classes"] == 1
    assert entry.data["classes"] == {"dog_tax": 6, "invoice": 6, "leave": 6}
    learned = place.config.places.learned
    assert learned.stat().st_mode & 0o777 == 0o750
    assert (learned / "examples.jsonl").stat().st_mode & 0o777 == 0o640


def test_keys_of_the_plan_are_named_and_others_are_counted():
    figures = fit(examples(3)).figures
    event = event_of(Fitted(7, figures), ["leave"], "2024-01-01T00:00:00.000Z")
    assert event.data["classes"] == {"leave": 3}
    assert event.data["other_classes"] == 3
    assert b"dog_tax" not in msgspec.json.encode(event)


def test_too_little_to_learn_from_is_no_trouble(place):
    school = place.school()
    school.start()
    school.teach([Example("Antrag", "a")])
    with pytest.raises(Fault) as caught:
        school.wait(LIMIT)
    assert caught.value.reason == "too_few_examples"
    assert not school.due()
    assert not place.events
    assert not any(place.troubles)
    lesson = school.learn([Example("Rechnung", "b")], wait=True)
    assert (lesson.examples, lesson.model) == (1, 1)
    assert lesson.figures.classes == {"a": 1, "b": 1}


def test_examples_that_are_not_learned_are_due_at_the_next_start(place):
    lesson = place.school().learn(examples(2), wait=False)
    assert (lesson.examples, lesson.model) == (8, None)
    school = place.school()
    school.start()
    assert school.due()
    assert school.wait(LIMIT).figures.examples == 8
    school.stop()
    again = place.school()
    again.start()
    assert not again.due()
    assert again.model().version == 1
    again.stop()
    # Without a daemon, learning lasts as long as it is waited for.
    alone = place.school()
    lesson = alone.learn(examples(1, start=2), wait=True)
    assert (lesson.model, lesson.figures.examples) == (2, 12)
    assert alone.learn(examples(1, start=3), wait=True).figures.examples == 16


def test_a_bad_example_adds_nothing(place):
    def torn():
        yield CORRECTION
        raise UsageFault("bad_example", file="x", line=2)

    school = place.school()
    with pytest.raises(UsageFault):
        school.teach(torn())
    assert not school.due()
    assert (place.config.places.learned / "examples.jsonl").stat().st_size == 0


def test_a_fit_that_is_killed_is_told_and_stops_nothing(place):
    school = place.school()
    school.start()
    school.teach([CORRECTION])
    before = school.wait(LIMIT)
    school.teach(examples(200))

    def kill() -> bool:
        for process in fits_of(os.getpid()):
            os.kill(process, signal.SIGKILL)
        return any(place.troubles)

    wait_for(kill, "the trouble is told", LIMIT)
    fault = next(filter(None, place.troubles))
    assert isinstance(fault, SystemFault)
    assert (fault.reason, fault.params) == ("fit_died", {"code": -signal.SIGKILL})
    assert school.model() is before
    assert school.due()
    assert place.versions() == ["000001"]
    assert school.wait(LIMIT).figures.examples == 801
    wait_for(lambda: place.troubles[-1] is None, "the school is well again", LIMIT)


def test_stopping_breaks_a_fit_off_and_leaves_nothing_half_written(place):
    school = place.school()
    school.start()
    school.teach(examples(300))

    def wait() -> None:
        with pytest.raises(Fault):
            school.wait()

    waiting = threading.Thread(target=wait)
    waiting.start()
    wait_for(lambda: fits_of(os.getpid()), "the fit runs", LIMIT)
    begin = time.monotonic()
    school.stop()
    waiting.join(LIMIT)
    assert time.monotonic() - begin < 5
    assert not waiting.is_alive()
    assert not fits_of(os.getpid())
    assert place.versions() == []
    assert not any(place.troubles)


LIVING = """
import sys, threading
from pathlib import Path
from archiver.clock import now
from archiver.config import load
from archiver.pipeline.school import School
school = School(load(Path(sys.argv[1])), lambda event: None, now)
school.start()
threading.Event().wait()
"""


def test_a_daemon_that_is_killed_leaves_no_fit_behind(place):
    place.school().teach(examples(300))
    daemon = subprocess.Popen([sys.executable, "-c", LIVING, str(place.config.file)])
    try:
        (fit_,) = wait_for(lambda: fits_of(daemon.pid), "the fit runs", LIMIT)
    finally:
        daemon.kill()
        daemon.wait()

    def is_gone() -> bool:
        try:
            return Path(f"/proc/{fit_}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    wait_for(is_gone, "the fit ends with the daemon", 10)
    assert place.versions() == []
    school = place.school()
    school.start()
    assert school.wait(LIMIT).version == 1


def test_what_comes_during_a_fit_is_learned_by_the_next(place, monkeypatch):
    monkeypatch.setattr(module, "QUIET", 0.0)
    monkeypatch.setattr(module, "REST", 0.0)
    school = place.school()
    school.start()
    school.teach(examples(60))
    wait_for(lambda: fits_of(os.getpid()), "the fit runs", LIMIT)
    school.teach([CORRECTION])
    wait_for(lambda: len(place.events) == 2, "both have been learned", LIMIT)
    assert school.model().figures.examples == 241
    wait_for(lambda: not school.due(), "nothing is due", LIMIT)


def test_whoever_asks_gets_a_whole_model_while_new_ones_come(place):
    school = place.school()
    school.start()
    school.teach(examples(3))
    school.wait(LIMIT)
    ends, wrong = threading.Event(), []

    def ask() -> None:
        versions = []
        while not ends.is_set():
            model = school.model()
            versions.append(model.version)
            if model.predict(paper("leave", 50)).ranking[0][0] != "leave":
                wrong.append(model.version)
        if versions != sorted(versions):
            wrong.append(versions)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for start in (3, 4):
        school.teach(examples(1, start=start))
        school.wait(LIMIT)
    ends.set()
    for thread in asking:
        thread.join()
    assert not wrong
    assert school.model().version == 3


seconds = st.floats(0, 1e5)


@given(
    first=seconds, more=seconds, ended=seconds, took=st.floats(0, 1e4), failures=st.integers(0, 50)
)
def test_a_fit_begins_soon_but_never_without_pause(first, more, ended, took, failures):
    pace = Pace(first, first + more, ended, took, failures)
    begin = pace.begin()
    assert begin >= ended + REST * took
    assert begin >= min(pace.last + QUIET, first + LONGEST)
    if not failures:
        assert begin <= max(pace.last + QUIET, ended + REST * took)
        assert begin <= max(first + LONGEST, ended + REST * took)
    else:
        assert begin > ended + REST * took
    worse = msgspec.structs.replace(pace, failures=failures + 1)
    assert worse.begin() >= begin

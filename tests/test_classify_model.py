"""The model: learning, answers, reasons, and its life on disk."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.classify import fitting, solving
from archiver.classify.background import fit_in_background
from archiver.classify.examples import Example, ExampleStore
from archiver.classify.features import WIDTH, features, names
from archiver.classify.fitting import fit
from archiver.classify.modelfolder import ModelFolder
from archiver.errors import Fault, Refusal, SystemFault, UsageFault
from tests.classify_texts import PLAN, WORDS, examples, paper
from tests.town import wait_for


@pytest.fixture(scope="module")
def model():
    return fit(examples(6), PLAN)


def right(model, start=100, count=10):
    asked = [
        (key, paper(key, n, titled=False)) for n in range(start, start + count) for key in WORDS
    ]
    answers = [model.predict(text).ranking[0][0] == key for key, text in asked]
    return sum(answers) / len(answers)


@given(st.text(max_size=800))
def test_features_of_any_text_are_hashes_with_a_name(text):
    counted = features(text)
    ids = counted.ids.tolist()
    assert ids == sorted(set(ids))
    assert all(value < WIDTH for value in ids)
    assert (counted.counts >= 1).all()
    called = names(text)
    assert set(called) == set(ids)
    assert all(called.values())


def test_words_that_a_line_end_parted_are_one_word():
    assert set(names("die Haupt-\nversammlung").values()) >= {"hauptversammlung"}


def test_a_few_examples_suffice_and_the_figures_are_honest(model):
    assert right(model) >= 0.95
    figures = model.figures
    assert figures.examples == figures.held_out == 24
    assert figures.classes == dict.fromkeys(sorted(WORDS), 6)
    assert figures.accuracy >= 0.95
    assert figures.precision is not None
    assert figures.precision >= 0.95
    assert figures.trust["leave"] == (6, 6)


def test_confidences_are_a_distribution(model):
    prediction = model.predict(paper("leave", 200))
    assert {name for name, _ in prediction.ranking} == set(WORDS)
    shares = [share for _, share in prediction.ranking]
    assert shares == sorted(shares, reverse=True)
    assert abs(sum(shares) - 1) < 1e-5
    assert prediction.known > 0.5


def test_the_reasons_are_words_of_the_text_and_add_up(model):
    text = paper("dog_tax", 300, titled=False)
    speakers = model.speakers(text, "dog_tax", most=10_000)
    assert {s.name for s in speakers if s.weight > 0} & set(WORDS["dog_tax"].split())
    columns, values = model.scale.weigh(features(text))
    rows = model.weights[columns]
    place = model.classes.index("dog_tax")
    score = float((values * (rows[:, place] - rows.mean(axis=1))).sum())
    assert abs(sum(s.weight for s in speakers) - score) < 0.01
    assert model.speakers(text, "unheard of") == ()


def test_nothing_is_said_to_a_text_without_words(model):
    for text in ("", " \n", "·— ~~ %% |"):
        assert model.predict(text).ranking == ()


def test_the_same_examples_make_the_same_model(model):
    again = fit(examples(6), PLAN)
    assert np.array_equal(model.weights, again.weights)
    assert model.figures == again.figures


def test_many_examples_are_solved_as_well_as_few(monkeypatch, model):
    monkeypatch.setattr(fitting, "EXACT", 10)
    monkeypatch.setattr(solving, "LEAST_STEPS", 40)
    batched = fit(examples(30), PLAN)
    assert batched.figures.held_out == 12
    assert right(batched) >= 0.95
    assert batched.figures.model_accuracy >= 0.9
    assert np.array_equal(batched.weights, fit(examples(30), PLAN).weights)


def test_weights_are_bounded_whatever_the_vocabulary(monkeypatch):
    monkeypatch.setattr(fitting, "MOST_WEIGHTS", 4000)
    small = fit(examples(6), PLAN)
    assert small.weights.size <= 4000
    assert right(small) >= 0.8


def test_both_ways_find_the_same_plane():
    chance = np.random.default_rng(3)
    from scipy.sparse import csr_matrix

    centres = chance.normal(size=(3, 12))
    labels = np.arange(300) % 3
    points = centres[labels] + chance.normal(size=(300, 12)) * 0.6
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    sparse = csr_matrix(points.astype(np.float32))
    rows = solving.spanned(sparse)
    weights, bias = solving.exactly(rows, labels, 3)
    exact = points @ solving.unspanned(sparse, rows, weights) + bias
    assert np.allclose(exact, rows @ weights + bias, atol=0.02)
    other, offset = solving.in_batches(lambda places: sparse[list(places)], labels, 12, 3, 0)
    batched = points @ other + offset
    assert (exact.argmax(axis=1) == batched.argmax(axis=1)).mean() >= 0.98


def test_sharpness_makes_confidence_as_high_as_it_is_right():
    chance = np.random.default_rng(5)
    labels = chance.integers(4, size=4000)
    scores = chance.normal(size=(4000, 4)) * 0.2
    scores[np.arange(4000), labels] += 0.2
    factor = solving.sharpened(scores, labels)
    shares = np.exp(factor * scores)
    shares /= shares.sum(axis=1, keepdims=True)
    accuracy = (scores.argmax(axis=1) == labels).mean()
    assert abs(shares.max(axis=1).mean() - accuracy) < 0.03


def test_what_was_decided_last_about_a_document_counts():
    wrong = [Example(e.text, "leave", id=e.id) for e in examples(6)]
    corrected = fit(wrong + examples(6))
    assert corrected.figures.examples == 24
    assert corrected.figures.classes["leave"] == 6


def test_a_correction_speaks_for_the_next_like_paper():
    text = paper("dog_tax", 400)
    told = [*examples(6), Example(text, "leave", id="told", corrected=True)]
    like = fit(told).predict(text.replace("Mai", "Juni")).alike
    assert like is not None
    assert (like.id, like.record_class) == ("told", "leave")
    assert fit(told).predict(paper("invoice", 5)).alike is None


SAMPLES = Path(__file__).resolve().parents[1] / "sample_docs" / "expected"


def next_year(text: str) -> str:
    """The same letter with other figures, and every eighth word another one."""
    chance = Random(1)
    words = re.sub(r"\d", lambda _: str(chance.randrange(10)), text).split(" ")
    others = sorted({word for word in words if word.isalpha()})
    return " ".join(chance.choice(others) if n % 8 == 7 else w for n, w in enumerate(words))


def test_one_correction_alone_knows_its_like_among_real_papers():
    papers = {file.name: file.read_text(encoding="utf-8") for file in SAMPLES.glob("*.txt")}
    assert len(papers) >= 15
    for name, text in papers.items():
        one = fit([Example(text, "told", id=name, corrected=True)])
        assert (one.classes, one.figures.held_out) == ((), 0)
        answers = {other: one.predict(papers[other]) for other in papers}
        assert {other for other, answer in answers.items() if answer.alike} == {name}
        assert all(answer.ranking == () for answer in answers.values())
        like = one.predict(next_year(text)).alike
        assert like is not None, name
        assert (like.id, like.record_class) == (name, "told")


def test_common_words_make_nothing_alike():
    """What is not in the model counts: else one short letter would be like every other."""
    told = [Example("Die Stadt bittet um die Zahlung der Steuer.", "a", id="x", corrected=True)]
    assert fit(told).predict(paper("leave", 3) + "Die Stadt bittet um die Zahlung.").alike is None


def test_too_little_to_learn_from_is_said():
    with pytest.raises(UsageFault) as caught:
        fit([Example("Antrag", "a"), Example("Antrag zwei", "a")])
    assert (caught.value.reason, caught.value.params["classes"]) == ("too_few_examples", 1)
    # One example of each class is learned, but nobody can say yet whether it tells them apart.
    single = [Example(paper(key, 1), key, id=key, corrected=True) for key in WORDS]
    model = fit(single)
    assert model.classes == model.predict(paper("leave", 2)).ranking == ()
    assert model.figures.classes == dict.fromkeys(sorted(WORDS), 1)
    assert model.figures.held_out == 0
    assert fit([*single, *examples(3, start=2)]).classes == tuple(sorted(WORDS))


def saved(folder: Path, model) -> ModelFolder:
    place = ModelFolder(folder)
    with place.claimed():
        place.save(model)
    return place


def test_a_model_is_the_same_when_read_again(tmp_path, model):
    told = fit([*examples(3), Example(paper("leave", 9), "invoice", id="x", corrected=True)])
    place = saved(tmp_path / "model", told)
    read = place.newest()
    first = ModelFolder(tmp_path / "first")
    with first.claimed():
        first.save(fit([Example(paper("leave", 9), "invoice", id="x", corrected=True)]), seen=7)
    alone = first.newest()
    assert alone is not None
    assert (alone.classes, alone.seen) == ((), 7)
    assert alone.predict(paper("leave", 9)).alike is not None
    assert read is not None
    text = paper("leave", 9)
    assert read.predict(text) == told.predict(text)
    assert read.speakers(text, "leave") == told.speakers(text, "leave")
    assert (read.version, read.figures) == (1, told.figures)
    # No word of a document is in it.
    stored = b"".join(p.read_bytes() for p in (tmp_path / "model" / "000001").iterdir())
    assert b"chipnummer" not in stored


def test_old_versions_go_and_a_damaged_one_gives_way(tmp_path, model):
    place = saved(tmp_path, model)
    for _ in range(3):
        saved(tmp_path, model)
    assert place.versions() == [3, 4]
    for damage in ("weights.npy", "model.json"):
        file = tmp_path / "000004" / damage
        content = file.read_bytes()
        file.write_bytes(content[:-9] + b"123456789")
        newest = place.newest()
        assert newest is not None
        assert newest.version == 3
        file.write_bytes(content)
    newest = place.newest()
    assert newest is not None
    assert newest.version == 4
    assert ModelFolder(tmp_path / "none").newest() is None


def test_arrays_that_hold_code_are_not_loaded(tmp_path, model):
    import hashlib
    import pickle

    place = saved(tmp_path, model)
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(marker),)

    weights = tmp_path / "000001" / "weights.npy"
    before = hashlib.sha512(weights.read_bytes()).hexdigest()
    header = np.lib.format.header_data_from_array_1_0(np.array([None], dtype=object))
    with weights.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        pickle.dump(Evil(), file)
    described = tmp_path / "000001" / "model.json"
    after = hashlib.sha512(weights.read_bytes()).hexdigest()
    described.write_text(described.read_text().replace(before, after))
    assert place.newest() is None
    assert not marker.exists()


def test_only_one_process_fits_at_a_time(tmp_path):
    place = ModelFolder(tmp_path)
    with place.claimed(), pytest.raises(Refusal) as caught, ModelFolder(tmp_path).claimed():
        pass
    assert caught.value.reason == "fit_running"


def stored(folder: Path, per_class: int) -> Path:
    store = ExampleStore(folder / "examples.jsonl")
    store.append(examples(per_class))
    return store.path


def test_a_fit_in_the_background_steps_back_and_tells_its_figures(tmp_path):
    file = stored(tmp_path, 40)
    running = fit_in_background(file, tmp_path / "model")

    def is_idle():
        try:
            return os.sched_getscheduler(running.process.pid) == os.SCHED_IDLE
        except ProcessLookupError:
            return False

    wait_for(lambda: is_idle() or running.is_done(), "the fit is idle")
    assert os.getsid(running.process.pid) == running.process.pid
    with suppress(OSError):  # it would wait until no other test has anything to do
        os.sched_setscheduler(running.process.pid, os.SCHED_OTHER, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, running.process.pid, 0)
    fitted = running.result(timeout=120)
    newest = ModelFolder(tmp_path / "model").newest()
    assert newest is not None
    assert (newest.version, newest.figures) == (fitted.version, fitted.figures)
    assert fitted.figures.examples == 160


def test_what_is_wrong_in_the_background_is_said(tmp_path):
    file = stored(tmp_path, 0)
    with pytest.raises(Fault) as caught:
        fit_in_background(file, tmp_path / "model", is_awaited=True).result(timeout=120)
    assert (caught.value.reason, int(caught.value.exit_code)) == ("too_few_examples", 2)


def test_a_killed_fit_leaves_the_model_before(tmp_path, model):
    place = saved(tmp_path / "model", model)
    file = stored(tmp_path, 100)
    running = fit_in_background(file, tmp_path / "model")
    running.cancel()
    with pytest.raises(SystemFault) as caught:
        running.result(timeout=60)
    assert (caught.value.reason, caught.value.params["code"]) == ("fit_died", -signal.SIGKILL)
    newest = place.newest()
    assert newest is not None
    assert newest.version == 1
    again = fit_in_background(file, tmp_path / "model", is_awaited=True)
    assert again.result(timeout=120).version == 2


DYING = """
import os, signal, sys
from pathlib import Path
from archiver.classify.modelfolder import ModelFolder
from archiver.store import durable

left = int(sys.argv[2])

def dying(function):
    def called(*arguments):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return called

for name in ("write_all", "sync_folder"):
    setattr(durable, name, dying(getattr(durable, name)))
durable.os.fsync = dying(os.fsync)
place = ModelFolder(Path(sys.argv[1]))
with place.claimed():
    place.save(place.newest())
"""


def test_a_save_that_dies_at_any_step_leaves_a_whole_model(tmp_path, model):
    place = saved(tmp_path, model)
    text = paper("leave", 3)
    deaths = 0
    for step in range(0, 40, 3):
        ended = subprocess.run([sys.executable, "-c", DYING, str(tmp_path), str(step)], timeout=60)
        newest = place.newest()
        assert newest is not None
        assert newest.predict(text) == model.predict(text)
        if ended.returncode == 0:
            break
        deaths += 1
        assert ended.returncode == -signal.SIGKILL
    assert deaths >= 5
    assert not list(tmp_path.glob(".building-*"))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 400))
def test_a_model_cut_at_any_byte_is_no_model(cut):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        place = saved(Path(folder), fit([Example("Antrag", "a"), Example("Rechnung", "b")]))
        file = Path(folder) / "000001" / "model.json"
        content = file.read_bytes()
        file.write_bytes(content[: min(cut, len(content) - 1)])
        assert place.newest() is None


def test_prediction_needs_no_heavy_library(tmp_path, model):
    saved(tmp_path, model)
    code = (
        "import sys; from archiver.classify.classifier import classify;"
        "assert 'numpy' not in sys.modules and 'rapidfuzz' not in sys.modules;"
        "from archiver.classify.modelfolder import ModelFolder; from pathlib import Path;"
        f"v = classify('Urlaubsantrag', (), ModelFolder(Path({str(tmp_path)!r})).newest());"
        "assert v.evidence.model == 1, v;"
        "heavy = {'sklearn', 'scipy', 'matplotlib'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_file_of_200_pages_costs_little(model):
    text = paper("leave", 1) + "Der Rat der Stadt beschließt mit Mehrheit. " * 12_000
    begin = time.process_time()
    prediction = model.predict(text)
    assert time.process_time() - begin < 2
    assert prediction.ranking

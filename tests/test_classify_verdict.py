"""What rules and model make of a document together, and when a person must look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.classify.classifier import classify
from archiver.classify.examples import Example
from archiver.classify.fitting import fit
from archiver.classify.measures import Outcome, measure
from archiver.classify.model import Alike, Prediction
from archiver.classify.rules import Hit, Reading, Where
from archiver.classify.verdict import combine
from archiver.config import RecordClass
from archiver.records import UNCLASSIFIED, Page, Word
from tests.classify_texts import FRENCH, PLAN, TITLES, WORDS, examples, paper

pytestmark = pytest.mark.pure


@pytest.fixture(scope="module")
def model():
    return fit(examples(6), PLAN)


def hit(key, headline=True, score=100.0):
    return Hit(key, key, key, score, headline, Where(1, 0, 0, 1))


def rule(key, headline=True, clear=True):
    return Reading(hit(key, headline), (hit(key, headline),), (), clear)


def says(*shares, foreign=False, alike=None):
    return Prediction(tuple(shares), 0.7, foreign, alike)


def test_only_agreement_files_alone():
    verdict = combine(rule("a"), says(("a", 0.6), ("b", 0.4)))
    assert (verdict.record_class, verdict.alone, verdict.basis) == ("a", True, "agreed")
    assert verdict.confidence > 0.95


def test_a_weak_model_does_not_overrule_a_rule():
    verdict = combine(rule("a"), says(("b", 0.55), ("a", 0.3), ("c", 0.15)))
    assert (verdict.record_class, verdict.alone, verdict.basis) == ("a", False, "disagreed")
    assert [c.record_class for c in verdict.candidates] == ["a", "b"]


def test_a_certain_model_overrules_a_rule_that_often_errs():
    prediction = says(("b", 0.95), ("a", 0.04), ("c", 0.01))
    assert combine(rule("a"), prediction).record_class == "a"
    assert combine(rule("a"), prediction, (), {"a": (40, 12)}).record_class == "b"
    assert combine(rule("a", headline=False), prediction).record_class == "b"


def test_rules_alone_propose_and_file_only_what_the_plan_calls_sure():
    for prediction in (None, says(("b", 0.9), ("c", 0.1)), says(("a", 0.9), foreign=True)):
        proposed = combine(rule("a"), prediction)
        assert (proposed.record_class, proposed.alone) == ("a", False)
        assert combine(rule("a"), prediction, {"a"}).alone is True
        assert combine(rule("a", clear=False), prediction, {"a"}).alone is False


def test_a_sure_rule_does_not_file_against_the_model():
    verdict = combine(rule("a"), says(("b", 0.6), ("a", 0.4)), {"a"})
    assert verdict.alone is False


def test_a_contradiction_is_no_answer_unless_the_model_is_confident():
    torn = Reading(None, (hit("a"), hit("b")), ("a", "b"))
    assert combine(torn, None).record_class == UNCLASSIFIED
    assert combine(torn, says(("a", 0.4), ("b", 0.35), ("c", 0.25))).record_class == UNCLASSIFIED
    verdict = combine(torn, says(("a", 0.8), ("b", 0.2)))
    assert (verdict.record_class, verdict.alone) == ("a", False)
    assert verdict.basis == "contradictory_rules"


def test_a_correction_of_a_like_paper_comes_first_and_is_looked_at():
    alike = Alike("01ABC", "c", 0.9)
    verdict = combine(rule("a"), says(("a", 0.9), ("b", 0.1), alike=alike))
    assert (verdict.record_class, verdict.alone) == ("c", False)
    assert [c.by for c in verdict.candidates] == ["correction", "rule"]
    same = combine(rule("a"), says(("a", 0.9), alike=Alike("01ABC", "a", 0.9)))
    assert same.alone is True


NAMES = st.sampled_from(["a", "b", "c"])
READINGS = st.one_of(
    st.just(Reading()),
    st.builds(rule, NAMES, st.booleans(), st.booleans()),
    st.just(Reading(None, (hit("a"), hit("b")), ("a", "b"))),
)


@given(
    READINGS,
    st.one_of(
        st.none(),
        st.builds(
            lambda order, share, foreign: says(
                (order[0], share), (order[1], 1 - share), foreign=foreign
            ),
            st.permutations(["a", "b", "c"]),
            st.floats(0.5, 1),
            st.booleans(),
        ),
    ),
    st.sets(NAMES),
)
def test_every_case_has_an_answer_that_is_a_candidate(reading, prediction, sure):
    verdict = combine(reading, prediction, sure)
    named = [candidate.record_class for candidate in verdict.candidates]
    assert len(named) == len(set(named))
    assert 0 <= verdict.confidence <= 1
    if verdict.record_class == UNCLASSIFIED:
        assert (verdict.confidence, verdict.alone) == (0, False)
    else:
        assert named[0] == verdict.record_class
    if verdict.alone:
        assert reading.winner is not None
        assert reading.winner.record_class == verdict.record_class


def test_without_rules_and_examples_everything_is_unknown():
    page = Page(1, 100, 100, 72, 0, "recognised", 90.0, (Word("Antrag", 1, 1, 9, 9, 90.0, 0, 0),))
    assert classify([page]).record_class == UNCLASSIFIED
    assert classify([]).basis == "unknown"


@pytest.mark.parametrize(
    "text", ["", "\f \n", "~|. ,; 0 8 1 5 |||", "xq zzkw vrrt pllm " * 200, FRENCH, FRENCH * 300]
)
def test_what_the_model_never_saw_is_unknown(model, text):
    verdict = classify(text, PLAN, model)
    assert (verdict.record_class, verdict.alone) == (UNCLASSIFIED, False)


def test_an_answer_carries_its_reasons(model):
    text = paper("leave", 700)
    words = tuple(
        Word(word, 10, 10 + 30 * line, 90, 30 + 30 * line, 95.0, line, line)
        for line, row in enumerate(text.splitlines())
        for word in row.split()
    )
    pages = [Page(1, 1000, 1400, 150, 0, "recognised", 95.0, words)]
    verdict = classify(pages, PLAN, model)
    assert (verdict.record_class, verdict.alone, verdict.basis) == ("leave", True, "agreed")
    evidence = verdict.evidence
    assert evidence.winner is not None
    assert (evidence.winner.found, evidence.winner.where.box) == ("Urlaubsantrag", (10, 10, 90, 30))
    assert any(speaker.weight > 0 for speaker in evidence.speakers["leave"])
    assert evidence.known is not None


def test_a_paper_under_a_wrong_title_goes_to_a_person(model):
    text = f"{TITLES['invoice']}\n\n" + paper("dog_tax", 7, titled=False)
    verdict = classify(text, PLAN, model)
    assert verdict.alone is False
    assert {c.record_class for c in verdict.candidates} == {"invoice", "dog_tax"}
    assert set(verdict.evidence.speakers) == {"invoice", "dog_tax"}


def test_a_decision_changes_the_next_like_answer_and_says_because_of_what(model):
    text = paper("dog_tax", 900)
    assert classify(text, PLAN, model).record_class == "dog_tax"
    decided = Example(paper("dog_tax", 901), "invoice", id="01DECIDED", corrected=True)
    near = decided.text.replace("Mai", "Juli")
    after = classify(near, PLAN, fit([*examples(6), decided], PLAN))
    assert (after.record_class, after.basis) == ("invoice", "corrected_alike")
    assert after.evidence.alike is not None
    assert after.evidence.alike.id == "01DECIDED"


def test_contradictory_rules_are_no_guess():
    plan = (RecordClass("one", words=("Meldung",)), RecordClass("two", words=("Meldung",)))
    verdict = classify("Meldung\n\nText", plan)
    assert (verdict.record_class, verdict.basis) == (UNCLASSIFIED, "contradictory_rules")
    assert verdict.evidence.contradiction == ("one", "two")


def test_measures_are_what_they_are_called():
    outcomes = [
        Outcome("a", "a", True),
        Outcome("a", "b", False),
        Outcome("b", "b", True),
        Outcome("b", "b", False),
        Outcome("c", UNCLASSIFIED, False),
    ]
    counted = measure(outcomes)
    assert (counted.accuracy, counted.coverage, counted.precision) == (0.6, 0.4, 1.0)
    assert counted.classes["b"].precision == round(2 / 3, 4)
    assert counted.classes["a"].recall == 0.5
    assert counted.macro_f1 == round((2 / 3 + 0.8 + 0) / 3, 4)
    assert ("a", "b", 1) in counted.confusion
    assert measure([]).precision is None
    assert set(counted.classes) <= {*WORDS, "a", "b", "c"}

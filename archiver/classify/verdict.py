"""The verdict: what rules and model say together, and whether a person must look.

Promises a pure table of cases. A document may be filed without a person only where

* the rule and the model name the same class (measured precision .98 to .99), or
* the filing plan calls the class ``sure``, the headline is clear, and the model has no say, as it
  has no examples of that class or there is no model.

Rules alone were right in .95 to .97: too little to file by, so by default they propose. Where rule
and model disagree, the answer is what is likeliest by Bayes' rule from the model's confidence and
from how often the rule of that class was right on the examples. A class that a person gave to a
like document is proposed before anything else. Unknown is an answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from archiver.classify.model import Alike, Prediction, Speaker
from archiver.classify.rules import Hit, Reading
from archiver.records import UNCLASSIFIED

DECIDES = 0.5
"""Confidence from which the model chooses between classes whose rules contradict."""

PROPOSES = 0.3
"""Least confidence at which the model alone proposes a class."""

_HEADLINE_RIGHT = 0.95
_MENTION_RIGHT = 0.75
_BELIEF = 20  # examples that weigh as much as the two shares above

By = Literal["rule", "model", "correction"]

Basis = Literal[
    "agreed",  # rule and model name the same class
    "sure_rule",  # a clear headline of a class that the plan calls sure
    "rule_only",  # the model has no say
    "model_only",  # no rule has a say
    "disagreed",  # rule and model name different classes
    "contradictory_rules",  # two classes claim the same headline
    "corrected_alike",  # a person decided otherwise about a like document
    "unknown",
]


class Candidate(msgspec.Struct, frozen=True):
    """A class that comes into question.

    Attributes:
        record_class: its key.
        confidence: 0 to 1.
        by: who names it.
    """

    record_class: str
    confidence: float
    by: By


class Evidence(msgspec.Struct, frozen=True):
    """Why: everything that `show` tells.

    Attributes:
        hits: phrases of the rules in the head, the winner among them.
        winner: the hit that decided for the rules.
        contradiction: classes that claim the same headline.
        speakers: for each candidate of the model, the features for and against it.
        alike: the corrected document that is like this one.
        known: share of the text's words and pairs that the model knows, None without a model.
        foreign: whether that was too little for the model to have a say.
        model: version of the model, 0 without one.
    """

    hits: tuple[Hit, ...] = ()
    winner: Hit | None = None
    contradiction: tuple[str, ...] = ()
    speakers: dict[str, tuple[Speaker, ...]] = {}
    alike: Alike | None = None
    known: float | None = None
    foreign: bool = False
    model: int = 0


class Verdict(msgspec.Struct, frozen=True):
    """The class of a document, or that it is unknown.

    Attributes:
        record_class: key of the proposed class, or `UNCLASSIFIED`.
        confidence: 0 to 1; 0 where nothing is known.
        alone: whether it may be filed without a person.
        basis: what the answer rests on.
        candidates: all that come into question, the answer first.
        evidence: why.
    """

    record_class: str
    confidence: float
    alone: bool = False
    basis: Basis = "unknown"
    candidates: tuple[Candidate, ...] = ()
    evidence: Evidence = Evidence()


Trust = Mapping[str, tuple[int, int]]
"""How often the rule of a class spoke on examples, and how often it was right."""


def combine(
    reading: Reading,
    prediction: Prediction | None,
    sure: Collection[str] = (),
    trust: Trust = MappingProxyType({}),
) -> Verdict:
    """Decide by what the rules read and the model predicts.

    Args:
        reading: of the rules.
        prediction: of the model, None where there is none.
        sure: keys of the classes that the plan calls sure.
        trust: how the rules did on the examples.
    """
    by_rule = _by_rule(reading, trust)
    heard = prediction if prediction and prediction.ranking and not prediction.foreign else None
    answer, alone, basis = _case(reading, by_rule, heard, sure)
    named = [answer, by_rule, _top(heard)]
    alike = prediction.alike if prediction else None
    if alike and (answer is None or alike.record_class != answer.record_class):
        decided = Candidate(alike.record_class, alike.likeness, "correction")
        answer, alone, basis = decided, False, "corrected_alike"
        named.insert(0, decided)
    candidates: dict[str, Candidate] = {}
    for candidate in named:
        if candidate:
            candidates.setdefault(candidate.record_class, candidate)
    listed = tuple(candidates.values())
    if answer is None:
        return Verdict(UNCLASSIFIED, 0.0, False, basis, listed)
    return Verdict(answer.record_class, answer.confidence, alone, basis, listed)


def _by_rule(reading: Reading, trust: Trust) -> Candidate | None:
    """The rules' class, with how often its rule is right."""
    hit = reading.winner
    if hit is None:
        return None
    spoke, right = trust.get(hit.record_class, (0, 0))
    share = _HEADLINE_RIGHT if hit.headline else _MENTION_RIGHT
    return Candidate(
        hit.record_class, round((_BELIEF * share + right) / (_BELIEF + spoke), 4), "rule"
    )


def _top(prediction: Prediction | None) -> Candidate | None:
    if prediction is None:
        return None
    name, confidence = prediction.ranking[0]
    return Candidate(name, round(confidence, 4), "model")


def _case(
    reading: Reading,
    by_rule: Candidate | None,
    heard: Prediction | None,
    sure: Collection[str],
) -> tuple[Candidate | None, bool, Basis]:
    """The answer, whether it files alone, and on what it rests; corrections left aside."""
    by_model = _top(heard)
    if by_rule and (heard is None or by_rule.record_class not in dict(heard.ranking)):
        if by_rule.record_class in sure and reading.clear:
            return by_rule, True, "sure_rule"
        return by_rule, False, "rule_only"
    if by_rule and heard and by_model:
        likeliest = _likeliest(by_rule, heard)
        agreed = by_rule.record_class == by_model.record_class
        return likeliest, agreed, "agreed" if agreed else "disagreed"
    if reading.contradiction:
        fits = by_model and by_model.confidence >= DECIDES
        return (by_model if fits else None), False, "contradictory_rules"
    if by_model and by_model.confidence >= PROPOSES:
        return by_model, False, "model_only"
    return None, False, "unknown"


def _likeliest(by_rule: Candidate, heard: Prediction) -> Candidate:
    """The likeliest class, given what the rule says and the model's confidences.

    The rule names the right class with its own confidence, and each wrong one equally seldom.
    """
    wrong = (1 - by_rule.confidence) / max(1, len(heard.ranking) - 1)
    weights = {
        name: share * (by_rule.confidence if name == by_rule.record_class else wrong)
        for name, share in heard.ranking
    }
    best = max(weights, key=lambda name: (weights[name], name == by_rule.record_class))
    total = sum(weights.values())
    confidence = weights[best] / total if total else by_rule.confidence
    return Candidate(
        best, round(confidence, 4), "rule" if best == by_rule.record_class else "model"
    )

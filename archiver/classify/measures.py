"""Measures of answers against the truth: accuracy, F1, and what would be filed alone.

Promises pure counting. "Unknown" counts as wrong for the accuracy, and costs recall only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """One answer.

    Attributes:
        truth, answer: keys of classes.
        alone: whether it would be filed without a person.
    """

    truth: str
    answer: str
    alone: bool


class ClassMeasure(msgspec.Struct, frozen=True):
    """One class: documents of it, and precision, recall, F1 of the answer, 0 to 1."""

    documents: int
    precision: float
    recall: float
    f1: float


class Measures(msgspec.Struct, frozen=True):
    """All figures of a set of answers.

    Attributes:
        documents: number of answers.
        accuracy: share that is right.
        macro_f1: mean F1 of the classes that occur.
        coverage: share that would be filed alone.
        precision: share of those that is right; None where none is.
        classes: by class that occurs.
        confusion: how often each truth got each answer: truth, answer, number.
    """

    documents: int
    accuracy: float
    macro_f1: float
    coverage: float
    precision: float | None
    classes: dict[str, ClassMeasure]
    confusion: tuple[tuple[str, str, int], ...]


def measure(outcomes: Sequence[Outcome]) -> Measures:
    """Count answers; without any answer all figures are 0."""
    pairs = Counter((outcome.truth, outcome.answer) for outcome in outcomes)
    classes = _by_class(pairs)
    alone = [outcome for outcome in outcomes if outcome.alone]
    right_alone = sum(outcome.truth == outcome.answer for outcome in alone)
    return Measures(
        documents=len(outcomes),
        accuracy=_share(sum(pairs[name, name] for name in classes), len(outcomes)),
        macro_f1=_share(sum(one.f1 for one in classes.values()), len(classes)),
        coverage=_share(len(alone), len(outcomes)),
        precision=_share(right_alone, len(alone)) if alone else None,
        classes=classes,
        confusion=tuple((truth, answer, n) for (truth, answer), n in sorted(pairs.items())),
    )


def summed(runs: Sequence[Measures]) -> dict[str, ClassMeasure]:
    """Figures by class over several runs, every answer counted as one."""
    pairs: Counter[tuple[str, str]] = Counter()
    for run in runs:
        for truth, answer, many in run.confusion:
            pairs[truth, answer] += many
    return _by_class(pairs)


def _by_class(pairs: Counter[tuple[str, str]]) -> dict[str, ClassMeasure]:
    truths: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for (truth, answer), many in pairs.items():
        truths[truth] += many
        answers[answer] += many
    return {name: _one(pairs[name, name], truths[name], answers[name]) for name in sorted(truths)}


def _one(right: int, documents: int, answers: int) -> ClassMeasure:
    return ClassMeasure(
        documents=documents,
        precision=_share(right, answers),
        recall=_share(right, documents),
        f1=_share(2 * right, documents + answers),
    )


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0

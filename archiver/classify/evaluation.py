"""Evaluation: how good rules and model are on examples that they have not seen.

Promises figures that can be made again: the split and the noise depend on the examples' ids and
the seeds alone. Nothing of the archive is read or changed; every seed fits a model of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from statistics import mean

import msgspec

from archiver.classify.examples import Example
from archiver.classify.fitting import fit
from archiver.classify.measures import Measures, Outcome, measure
from archiver.classify.model import Model
from archiver.classify.noise import noisy
from archiver.classify.rules import read
from archiver.classify.verdict import combine
from archiver.config import RecordClass
from archiver.errors import UsageFault

SEEDS = (1, 2, 3)
TRAINING_SHARE = 0.7


class Run(msgspec.Struct, frozen=True):
    """One split.

    Attributes:
        seed: of the split.
        training: number of examples that were fitted.
        together: figures of rules and model.
        model_accuracy: of the model's first class alone, whatever its confidence.
        rules_coverage, rules_precision: of the rules alone; None where they never spoke.
    """

    seed: int
    training: int
    together: Measures
    model_accuracy: float
    rules_coverage: float
    rules_precision: float | None


class Evaluation(msgspec.Struct, frozen=True):
    """Means over all seeds, and each run.

    Attributes:
        accuracy, macro_f1, coverage, model_accuracy, rules_coverage: means, 0 to 1.
        precision, rules_precision: means of the runs that have one.
        noise: share of damaged characters in the texts asked.
        runs: by seed.
    """

    accuracy: float
    macro_f1: float
    coverage: float
    precision: float | None
    model_accuracy: float
    rules_coverage: float
    rules_precision: float | None
    noise: float
    runs: tuple[Run, ...]


def evaluate(
    examples: Sequence[Example],
    train: Sequence[Example] | None = None,
    *,
    per_class: int | None = None,
    noise: float = 0.0,
    seeds: Sequence[int] = SEEDS,
    plan: Sequence[RecordClass] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measure rules and model.

    Args:
        examples: that are asked; without `train` they are split at random, by id.
        train: examples to learn from instead; those with an id that is asked are left out.
        per_class: examples of each class to learn from, 0 for rules alone; None: all of
            `train`, or seven in ten of `examples`.
        noise: share of characters damaged in the texts asked, 0 to 1.
        seeds: one run each.
        plan: the filing plan; none: model alone.
        progress: told how many texts of all runs have been learned or asked.

    Raises:
        UsageFault: ``nothing_to_evaluate`` where no example is left to ask,
            ``too_few_examples`` where there are fewer than two classes to learn.
    """
    runs = []
    for number, seed in enumerate(seeds):
        taught, asked = split(examples, train, per_class, seed)
        if not asked:
            raise UsageFault("nothing_to_evaluate", examples=len(examples))
        size = len(taught) + len(asked)
        counted = _Counter(progress, number * size, len(seeds) * size)
        model = fit(counted(taught), plan, seed=seed) if taught else None
        runs.append(_run(model, plan, counted(asked), noise, seed, len(taught)))
    return Evaluation(
        accuracy=_mean(run.together.accuracy for run in runs) or 0.0,
        macro_f1=_mean(run.together.macro_f1 for run in runs) or 0.0,
        coverage=_mean(run.together.coverage for run in runs) or 0.0,
        precision=_mean(run.together.precision for run in runs),
        model_accuracy=_mean(run.model_accuracy for run in runs) or 0.0,
        rules_coverage=_mean(run.rules_coverage for run in runs) or 0.0,
        rules_precision=_mean(run.rules_precision for run in runs),
        noise=noise,
        runs=tuple(runs),
    )


class _Counter:
    """Tells `progress` about each example that passes."""

    def __init__(self, progress: Callable[[int, int], None] | None, done: int, total: int) -> None:
        self._progress = progress
        self._done = done
        self._total = total

    def __call__(self, examples: Iterable[Example]) -> Iterator[Example]:
        for example in examples:
            yield example
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, self._total)


def split(
    examples: Sequence[Example],
    train: Sequence[Example] | None,
    per_class: int | None,
    seed: int,
) -> tuple[list[Example], list[Example]]:
    """Part what is learned from what is asked; see `evaluate`.

    Examples with one id, or without ids of one text, are never on both sides.
    """
    groups: dict[str, list[Example]] = {}
    for example in examples if train is None else _others(train, examples):
        groups.setdefault(example.id or example.text, []).append(example)
    names = sorted(groups)
    Random(seed).shuffle(names)
    if per_class is None:
        share = TRAINING_SHARE if train is None else 1.0
        chosen = set(names[: round(share * len(names))])
    else:
        chosen = _first_of_each(groups, names, per_class)
    taught = [example for name in names if name in chosen for example in groups[name]]
    if train is not None:
        return taught, list(examples)
    return taught, [example for name in names if name not in chosen for example in groups[name]]


def _others(train: Sequence[Example], examples: Sequence[Example]) -> list[Example]:
    asked = {example.id or example.text for example in examples}
    return [example for example in train if (example.id or example.text) not in asked]


def _first_of_each(groups: dict[str, list[Example]], names: list[str], per_class: int) -> set[str]:
    counts: dict[str, int] = {}
    chosen = set()
    for name in names:
        key = groups[name][0].record_class
        if counts.get(key, 0) < per_class:
            counts[key] = counts.get(key, 0) + 1
            chosen.add(name)
    return chosen


def _run(
    model: Model | None,
    plan: Sequence[RecordClass],
    asked: Iterable[Example],
    noise: float,
    seed: int,
    training: int,
) -> Run:
    sure = {record_class.key for record_class in plan if record_class.sure}
    trust = model.figures.trust if model else {}
    outcomes = []
    by_model = by_rules = spoken = 0
    for number, example in enumerate(asked):
        text = noisy(example.text, noise, f"{seed} {example.id or number}")
        reading = read(text, plan)
        prediction = model.predict(text) if model else None
        verdict = combine(reading, prediction, sure, trust)
        outcomes.append(Outcome(example.record_class, verdict.record_class, verdict.alone))
        if reading.winner:
            spoken += 1
            by_rules += reading.winner.record_class == example.record_class
        if prediction and prediction.ranking:
            by_model += prediction.ranking[0][0] == example.record_class
    return Run(
        seed=seed,
        training=training,
        together=measure(outcomes),
        model_accuracy=round(by_model / len(outcomes), 4),
        rules_coverage=round(spoken / len(outcomes), 4),
        rules_precision=round(by_rules / spoken, 4) if spoken else None,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return round(mean(there), 4) if there else None

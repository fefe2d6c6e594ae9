"""Fitting: examples to a model, with figures on examples that were held out.

Promises the same model from the same examples, and memory that does not grow with their number
beyond some hundred bytes an example: features lie on file, weights are bounded (`MOST_WEIGHTS`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archiver.classify import rules
from archiver.classify.examples import Example
from archiver.classify.features import SPACE, features
from archiver.classify.measures import Outcome, measure
from archiver.classify.model import Corrections, Figures, Model, Prediction, Scale
from archiver.classify.shelf import Shelf
from archiver.classify.solving import exactly, in_batches, sharpened, spanned, unspanned
from archiver.classify.verdict import combine
from archiver.config import RecordClass
from archiver.errors import UsageFault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

SAMPLE = 1000
"""Examples at most by which it is measured how familiar a text should be."""

EXACT = 1500
"""Up to so many examples are solved exactly, and each is held out once."""

FOLDS = 5
MOST_HELD_OUT = 5000
"""Of more examples a tenth is held out, and no more than this."""

MOST_COLUMNS = 150_000
MOST_WEIGHTS = 6_000_000
"""Weights of a model: columns times classes."""

MOST_CORRECTIONS = 500
"""Corrections, the newest, that are remembered one by one."""


@dataclass(frozen=True, eq=False)
class _Material:
    """What a fit works on; all lists by example, oldest first.

    Attributes:
        shelf: features.
        numbers: of the examples that count on the shelf.
        labels: int[n], place of each one's class in `classes`.
        classes: keys in alphabetical order.
        readings: what the rules say, without the hits.
        ids: of the documents.
        corrected: whether a person changed the machine's answer.
    """

    shelf: Shelf
    numbers: list[int]
    labels: NDArray[np.intp]
    classes: tuple[str, ...]
    readings: list[rules.Reading]
    ids: list[str]
    corrected: list[bool]


@dataclass(frozen=True, eq=False)
class _Solved:
    """Weights of all examples, and scores of some by weights that had not seen them.

    Attributes:
        weights, bias: of the model.
        held: places of the examples held out.
        scores: float[len(held), K].
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    held: NDArray[np.intp]
    scores: NDArray[np.float64]


def fit(
    examples: Iterable[Example],
    plan: Sequence[RecordClass] = (),
    *,
    folder: str | None = None,
    seed: int = 0,
) -> Model:
    """Fit a model to examples.

    Args:
        examples: oldest first; of several with one id the last counts.
        plan: the filing plan, for the figures of rules and model together.
        folder: for the unnamed file, about 5 KB an example; None: the system's.
        seed: of the order, and of the choice of what is held out.

    Returns:
        the model; as long as not two classes have two examples, one that knows the corrections
        and ranks nothing.

    Raises:
        UsageFault: ``too_few_examples`` with fewer than two classes and no correction, or as
            `examples` raises.
    """
    shelf = Shelf(folder)
    try:
        material = _gathered(shelf, examples, plan)
        classes = material.classes
        if len(classes) < 2 and not any(material.corrected):
            raise UsageFault(
                "too_few_examples", classes=len(classes), examples=len(material.numbers)
            )
        scale = shelf.scale(material.numbers, min(MOST_COLUMNS, MOST_WEIGHTS // len(classes)))
        ranked = classes if _can_be_told_apart(material) else ()
        solved = _solved(material, scale, seed) if ranked else _unsolved(scale)
        figures = _figures(material, scale, solved, plan)
        corrections = _corrections(material, scale)
        return Model(ranked, scale, solved.weights, solved.bias, figures, corrections)
    finally:
        shelf.close()


def _gathered(shelf: Shelf, examples: Iterable[Example], plan: Sequence[RecordClass]) -> _Material:
    """Walk over the examples once: features to the shelf, the little else to memory."""
    import numpy as np

    newest: dict[str | int, int] = {}
    rows: list[tuple[str, rules.Reading, str, bool]] = []
    for number, example in enumerate(examples):
        newest[example.id or number] = number
        shelf.put(features(example.text))
        reading = rules.read(example.text, plan)
        bare = rules.Reading(reading.winner, (), reading.contradiction, reading.clear)
        rows.append((example.record_class, bare, example.id, example.corrected))
    numbers = sorted(newest.values())
    kept = [rows[number] for number in numbers]
    classes = tuple(sorted({name for name, _, _, _ in kept}))
    place = {name: at for at, name in enumerate(classes)}
    return _Material(
        shelf=shelf,
        numbers=numbers,
        labels=np.array([place[name] for name, _, _, _ in kept], dtype=np.intp),
        classes=classes,
        readings=[reading for _, reading, _, _ in kept],
        ids=[document for _, _, document, _ in kept],
        corrected=[corrected for _, _, _, corrected in kept],
    )


def _folds(labels: NDArray[np.intp], folds: int, seed: int) -> NDArray[np.intp]:
    """A fold for each example, so that every class is spread over the folds."""
    import numpy as np

    chance = np.random.default_rng(seed)
    fold = np.zeros(len(labels), dtype=np.intp)
    for label in np.unique(labels):
        places = chance.permutation(np.flatnonzero(labels == label))
        fold[places] = (np.arange(len(places)) + chance.integers(folds)) % folds
    return fold


def _can_be_told_apart(material: _Material) -> bool:
    """Whether two classes have a second example, so that the first can be held out.

    Measured with single examples of two to eight classes: none that was held out was known, and
    without rules the model's proposal was wrong for 700 of 892 papers.
    """
    import numpy as np

    return bool((np.bincount(material.labels) > 1).sum() > 1)


def _solved(material: _Material, scale: Scale, seed: int) -> _Solved:
    if len(material.numbers) <= EXACT:
        return _solved_exactly(material, scale, seed)
    return _solved_in_batches(material, scale, seed)


def _unsolved(scale: Scale) -> _Solved:
    """No weights, and nothing held out."""
    import numpy as np

    return _Solved(
        weights=np.zeros((len(scale.columns), 0), np.float32),
        bias=np.zeros(0, np.float32),
        held=np.zeros(0, np.intp),
        scores=np.zeros((0, 1)),
    )


def _solved_exactly(material: _Material, scale: Scale, seed: int) -> _Solved:
    import numpy as np

    labels, classes = material.labels, len(material.classes)
    matrix = material.shelf.matrix(material.numbers, scale)
    rows = spanned(matrix)
    scores = np.zeros((len(labels), classes))
    fold = _folds(labels, FOLDS, seed)
    for number in np.unique(fold):
        out, rest = fold == number, fold != number
        if rest.any():
            weights, bias = exactly(rows[rest], labels[rest], classes)
            scores[out] = rows[out] @ weights + bias
    weights, bias = exactly(rows, labels, classes)
    features_weights = unspanned(matrix, rows, weights)
    held = np.arange(len(labels))
    return _Solved(features_weights, bias.astype(np.float32), held, scores)


def _solved_in_batches(material: _Material, scale: Scale, seed: int) -> _Solved:
    import numpy as np

    labels, classes, width = material.labels, len(material.classes), len(scale.columns)
    folds = max(10, -(-len(labels) // MOST_HELD_OUT))
    out = _folds(labels, folds, seed) == 0

    def solved(places: NDArray[np.intp]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        def batch(chosen: Sequence[int]) -> csr_matrix:
            numbers = [material.numbers[places[i]] for i in chosen]
            return material.shelf.matrix(numbers, scale)

        return in_batches(batch, labels[places], width, classes, seed)

    held = np.flatnonzero(out)
    weights, bias = solved(np.flatnonzero(~out))
    scores = np.concatenate(
        [
            material.shelf.matrix([material.numbers[i] for i in part], scale) @ weights + bias
            for part in np.array_split(held, -(-len(held) // 256))
        ]
    )
    del weights
    weights, bias = solved(np.arange(len(labels)))
    return _Solved(weights, bias, held, scores.astype(np.float64))


def _figures(
    material: _Material, scale: Scale, solved: _Solved, plan: Sequence[RecordClass]
) -> Figures:
    """Put the held-out examples through the verdict and count."""
    import numpy as np

    truth = material.labels[solved.held]
    sharpness = sharpened(solved.scores, truth) if len(truth) else 1.0
    shares = np.exp(sharpness * (solved.scores - solved.scores.max(axis=1, keepdims=True)))
    shares /= shares.sum(axis=1, keepdims=True)
    sure = {record_class.key for record_class in plan if record_class.sure}
    trust = _trust(material)
    outcomes = []
    for place, row in zip(solved.held.tolist(), shares, strict=True):
        order = np.argsort(-row, kind="stable").tolist()
        ranking = tuple((material.classes[k], float(row[k])) for k in order)
        verdict = combine(material.readings[place], Prediction(ranking, 1.0), sure, trust)
        name = material.classes[material.labels[place]]
        outcomes.append(Outcome(name, verdict.record_class, verdict.alone))
    counted = measure(outcomes)
    held = max(1, len(truth))
    many = np.bincount(material.labels, minlength=len(material.classes)).tolist()
    return Figures(
        examples=len(material.numbers),
        classes=dict(zip(material.classes, many, strict=True)),
        held_out=len(solved.held),
        accuracy=counted.accuracy,
        macro_f1=counted.macro_f1,
        model_accuracy=round(float((solved.scores.argmax(axis=1) == truth).sum()) / held, 4),
        coverage=counted.coverage,
        precision=counted.precision,
        sharpness=round(sharpness, 4),
        trust=trust,
        familiar=_familiar(material, scale),
    )


def _familiar(material: _Material, scale: Scale) -> float:
    """Median share of an example's words and pairs that stand in another one, of up to SAMPLE."""
    import numpy as np

    once = np.log((1 + len(material.numbers)) / 2) + 1  # idf of what stands in one example only
    shared = scale.columns[scale.idf < once - 1e-4]
    shares = []
    for number in material.numbers[:: -(-len(material.numbers) // SAMPLE)]:
        ids = material.shelf.get(number).ids
        words = ids[ids < SPACE]
        if len(words):
            shares.append(float(np.isin(words, shared).mean()))
    return round(float(np.median(shares)), 4) if shares else 0.0


def _trust(material: _Material) -> dict[str, tuple[int, int]]:
    """How the rules did on the examples, by the class that they named."""
    spoke: dict[str, tuple[int, int]] = {}
    for reading, label in zip(material.readings, material.labels.tolist(), strict=True):
        if reading.winner:
            named = reading.winner.record_class
            before, right = spoke.get(named, (0, 0))
            spoke[named] = (before + 1, right + (named == material.classes[label]))
    return dict(sorted(spoke.items()))


def _corrections(material: _Material, scale: Scale) -> Corrections:
    """The vectors of the newest corrections."""
    import numpy as np

    places = [i for i, corrected in enumerate(material.corrected) if corrected]
    places = places[-MOST_CORRECTIONS:]
    rows = [scale.weigh(material.shelf.get(material.numbers[i]), whole=True) for i in places]
    none: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
    return Corrections(
        ids=tuple(material.ids[i] for i in places),
        record_classes=tuple(material.classes[material.labels[i]] for i in places),
        ends=np.cumsum([len(columns) for columns, _ in rows], dtype=np.int64),
        columns=np.concatenate([columns for columns, _ in rows] or none).astype(np.int32),
        values=np.concatenate([values for _, values in rows] or none).astype(np.float32),
    )

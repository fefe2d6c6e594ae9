"""The linear support vector machine in two ways that answer alike: exact, and in batches.

One machine for each class against all others, with squared hinge loss; `sharpened` makes its
scores to confidences. Promises weights that depend on data and seed alone. Few texts are solved
exactly (L-BFGS) in the space that they span, which has as many dimensions as there are texts: a
rotation, after which the number of features no longer counts. Many texts are solved by Adam
(https://arxiv.org/abs/1412.6980) in a few passes over the file, in memory that depends on the
number of weights alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    Floats = NDArray[np.float32] | NDArray[np.float64]
    Labels = NDArray[np.intp]

STRENGTH = 1.0
"""C: half the squares of the weights are added to C times the sum of all squared losses."""

ROUNDS = 60
JITTER = 1e-5
BATCH = 256
PASSES = 6
LEAST_STEPS = 150
RATE = 0.2
_MEMORY = (0.9, 0.999)


def spanned(matrix: csr_matrix) -> NDArray[np.float64]:
    """Coordinates of each row in the space of all rows: float64[n, n], lower triangular."""
    import numpy as np
    from scipy.linalg import cholesky

    products = np.asarray((matrix @ matrix.T).toarray(), dtype=np.float64)
    products[np.diag_indices_from(products)] += JITTER
    coordinates: NDArray[np.float64] = cholesky(products, lower=True)
    return coordinates


def unspanned(
    matrix: csr_matrix, coordinates: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Weights of the features from weights of the coordinates that `spanned` gave."""
    import numpy as np
    from scipy.linalg import solve_triangular

    shares = solve_triangular(coordinates, weights, lower=True, trans="T")
    return np.asarray(matrix.T @ shares, dtype=np.float32)


def exactly(
    rows: NDArray[np.float64], labels: Labels, classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Solve for dense rows.

    Args:
        rows: float64[n, d].
        labels: int[n], below `classes`.
        classes: number of classes.

    Returns:
        weights float64[d, classes] and bias float64[classes].
    """
    import numpy as np
    from scipy.optimize import minimize

    count, width = rows.shape
    penalty = 1 / (2 * STRENGTH * count)
    side = _sides(labels, classes)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat[classes:].reshape(width, classes)
        missing = np.maximum(0, 1 - side * (rows @ weights + flat[:classes]))
        error = -side * missing / count
        slope = rows.T @ error + penalty * weights
        value = ((missing**2).sum() / count + penalty * (weights**2).sum()) / 2
        return float(value), np.concatenate([error.sum(axis=0), slope.ravel()])

    start = np.zeros(classes + width * classes)
    solved: Any = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS, "maxcor": 8}
    )
    return solved.x[classes:].reshape(width, classes), solved.x[:classes]


def _sides(labels: Labels, classes: int) -> NDArray[np.float32]:
    """1 for the class of each row, -1 for all others: float32[n, classes]."""
    import numpy as np

    sides = np.full((len(labels), classes), -1, dtype=np.float32)
    sides[np.arange(len(labels)), labels] = 1
    return sides


@dataclass
class _Adam:
    """Weights and what Adam remembers of their slopes; all float32[V, K]."""

    weights: NDArray[np.float32]
    mean: NDArray[np.float32]
    square: NDArray[np.float32]
    step: int = 0

    def move(self, slope: NDArray[np.float32], rate: float) -> None:
        """One step against the slope; the slope's array is used up."""
        import numpy as np

        self.step += 1
        first, second = _MEMORY
        self.mean *= first
        self.mean += (1 - first) * slope
        np.square(slope, out=slope)
        slope *= 1 - second
        self.square *= second
        self.square += slope
        np.divide(self.square, 1 - second**self.step, out=slope)
        np.sqrt(slope, out=slope)
        slope += 1e-8
        np.divide(self.mean, slope, out=slope)
        slope *= rate / (1 - first**self.step)
        self.weights -= slope


def in_batches(
    batch: Callable[[Sequence[int]], csr_matrix],
    labels: Labels,
    width: int,
    classes: int,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Solve for rows that are read as they are needed.

    Args:
        batch: gives the sparse rows of some places in `labels`: float32[m, width].
        labels: int[n], below `classes`.
        width: number of features.
        classes: number of classes.
        seed: of the order.

    Returns:
        weights float32[width, classes] and bias float32[classes].
    """
    import numpy as np

    count = len(labels)
    rounds = max(PASSES, math.ceil(LEAST_STEPS * BATCH / count))
    steps = rounds * math.ceil(count / BATCH)
    penalty = np.float32(1 / (2 * STRENGTH * count))
    adam = _Adam(
        np.zeros((width, classes), np.float32),
        np.zeros((width, classes), np.float32),
        np.zeros((width, classes), np.float32),
    )
    bias = np.zeros(classes, np.float32)
    order = np.random.default_rng(seed)
    for _ in range(rounds):
        mixed = order.permutation(count)
        for start in range(0, count, BATCH):
            places = mixed[start : start + BATCH]
            rows = batch(places.tolist())
            side = _sides(labels[places], classes)
            missing = np.maximum(0, 1 - side * (rows @ adam.weights + bias))
            error = -side * missing / np.float32(len(places))
            slope = np.asarray(rows.T @ error, dtype=np.float32)
            slope += penalty * adam.weights
            rate = RATE * (1 - adam.step / steps)
            adam.move(slope, rate)
            bias -= np.float32(rate) * error.sum(axis=0)
    return adam.weights, bias


def sharpened(scores: Floats, labels: Labels) -> float:
    """The factor of the scores under which the truth is most likely (temperature scaling).

    Source: https://arxiv.org/abs/1706.04599. Asked of scores of texts that were held out.
    """
    import numpy as np

    def surprise(factor: float) -> float:
        scaled = scores * factor
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        totals = np.log(np.exp(scaled).sum(axis=1))
        return float((totals - scaled[np.arange(len(labels)), labels]).mean())

    return float(min(np.geomspace(0.1, 20, 60), key=surprise))

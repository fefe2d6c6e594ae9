"""The confusion matrix as a picture: which class was taken for which.

Promises a PNG without a display and without touching global state of the drawing library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from archiver.classify.measures import Measures

_CELL = 0.42  # inches
_MARGIN = 2.6


def draw(runs: Sequence[Measures], target: BinaryIO, labels: tuple[str, str] = ("", "")) -> None:
    """Write the sum of some runs as a picture: rows are the truth, columns the answer.

    Args:
        runs: figures of the runs.
        target: takes the PNG.
        labels: of the vertical and the horizontal axis, in the language of the reader.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    truths = sorted({truth for run in runs for truth, _, _ in run.confusion})
    others = {answer for run in runs for _, answer, _ in run.confusion} - set(truths)
    answers = truths + sorted(others)
    cells = np.zeros((len(truths), len(answers)), dtype=int)
    for run in runs:
        for truth, answer, many in run.confusion:
            cells[truths.index(truth), answers.index(answer)] += many
    size = (_MARGIN + _CELL * len(answers), _MARGIN + _CELL * len(truths))
    figure = Figure(figsize=size, dpi=120, layout="constrained")
    axes = figure.add_subplot()
    shares = cells / np.maximum(1, cells.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(answers)), answers, rotation=90)
    axes.set_yticks(range(len(truths)), truths)
    axes.set_ylabel(labels[0])
    axes.set_xlabel(labels[1])
    for row, column in np.argwhere(cells):
        colour = "white" if shares[row, column] > 0.6 else "black"
        axes.text(
            column, row, str(cells[row, column]), ha="center", va="center", color=colour, fontsize=7
        )
    FigureCanvasAgg(figure)
    figure.savefig(target, format="png")

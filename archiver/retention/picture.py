"""The table of due dates as a picture: classes by years, the more the darker.

Promises a PNG without a display and without touching global state of the drawing library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from archiver.retention.table import DueTable

_CELL = 0.42  # inches
_MARGIN = 3.2
_MOST_GAPLESS = 40  # years; beyond, only those are drawn in which something may go


def draw(
    table: DueTable,
    target: BinaryIO,
    titles: Mapping[str, str] | None = None,
    labels: tuple[str, str] = ("", ""),
) -> None:
    """Write a table of due dates as a picture: rows are classes, columns years.

    Args:
        table: to draw; rows in which nothing may go are left out.
        target: takes the PNG.
        titles: of the classes, by key.
        labels: of the vertical and the horizontal axis, in the language of the reader.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows, years = [row for row in table.rows if row.by_year], _columns(table)
    cells = np.zeros((max(1, len(rows)), max(1, len(years))), dtype=int)
    for place, row in enumerate(rows):
        for year, many in row.by_year.items():
            cells[place, years.index(year)] = many
    size = (_MARGIN + _CELL * cells.shape[1], _MARGIN / 2 + _CELL * cells.shape[0])
    figure = Figure(figsize=size, dpi=120, layout="constrained")
    axes = figure.add_subplot()
    # Counts of classes differ by powers of ten; by their roots the small ones are still seen.
    shades = np.sqrt(cells / max(1, cells.max()))
    axes.imshow(shades, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(years)), [str(year) for year in years], rotation=90)
    named = [
        f"{(titles or {}).get(row.class_key, row.class_key)} {row.disposition}" for row in rows
    ]
    axes.set_yticks(range(len(rows)), [name.strip() for name in named])
    axes.set_ylabel(labels[0])
    axes.set_xlabel(labels[1])
    for place, column in np.argwhere(cells):
        colour = "white" if shades[place, column] > 0.6 else "black"
        text = str(cells[place, column])
        axes.text(column, place, text, ha="center", va="center", color=colour, fontsize=7)
    FigureCanvasAgg(figure)
    figure.savefig(target, format="png")


def _columns(table: DueTable) -> list[int]:
    """Years to draw: all from the first to the last, where these are not too many."""
    years = list(table.years)
    if years and years[-1] - years[0] < _MOST_GAPLESS:
        return list(range(years[0], years[-1] + 1))
    return years

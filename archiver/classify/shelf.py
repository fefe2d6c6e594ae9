"""Features of many texts on file while a model is fitted, and as sparse matrices of a few.

Promises bounded memory: four bytes a feature in an unnamed file that vanishes with the process,
however it ends; in memory only the ends of the texts and the batch that is asked for.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archiver.classify.features import WIDTH, Counts
from archiver.classify.model import Scale

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_COUNT_BITS = 33 - WIDTH.bit_length()
_MOST_COUNT = (1 << _COUNT_BITS) - 1


class Shelf:
    """Feature counts of texts, by number in the order in which they were put.

    Args:
        folder: where the unnamed file lies; None: the system's place for temporary files.
    """

    def __init__(self, folder: str | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as we do
        self._ends = array("q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def put(self, counts: Counts) -> None:
        """Add the features of one more text."""
        import numpy as np

        many = np.minimum(counts.counts, _MOST_COUNT).astype(np.uint32)
        packed = (counts.ids << np.uint32(_COUNT_BITS)) | many
        self._file.write(packed.tobytes())
        self._ends.append(self._ends[-1] + packed.nbytes)

    def get(self, number: int) -> Counts:
        """The features of a text."""
        import numpy as np

        self._file.flush()
        start, end = self._ends[number], self._ends[number + 1]
        packed = np.frombuffer(os.pread(self._file.fileno(), end - start, start), dtype=np.uint32)
        counts = (packed & np.uint32(_MOST_COUNT)).astype(np.float32)
        return Counts(packed >> np.uint32(_COUNT_BITS), counts)

    def scale(self, numbers: Sequence[int], most: int) -> Scale:
        """Weights of the features of some texts: idf as log((1 + n) / (1 + df)) + 1.

        Args:
            numbers: of the texts.
            most: columns at most; the features in most texts are kept.
        """
        import numpy as np

        texts = np.zeros(WIDTH, dtype=np.uint32)
        for number in numbers:
            texts[self.get(number).ids] += 1
        columns = np.flatnonzero(texts)
        if len(columns) > most:
            order = np.argsort(-texts[columns].astype(np.int64), kind="stable")
            columns = np.sort(columns[order[:most]])
        idf = np.log((1 + len(numbers)) / (1 + texts[columns])) + 1
        return Scale(columns.astype(np.uint32), idf.astype(np.float32))

    def matrix(self, numbers: Sequence[int], scale: Scale) -> csr_matrix:
        """Weighed features of some texts, one row each: float32[len(numbers), V]."""
        import numpy as np
        from scipy.sparse import csr_matrix

        rows = [scale.weigh(self.get(number)) for number in numbers]
        ends = np.cumsum([0] + [len(columns) for columns, _ in rows])
        columns = np.concatenate([columns for columns, _ in rows]).astype(np.int32)
        values = np.concatenate([values for _, values in rows])
        return csr_matrix((values, columns, ends), shape=(len(rows), len(scale.columns)))

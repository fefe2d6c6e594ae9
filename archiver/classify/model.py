"""The linear model: a text to classes with confidence, and the words that spoke for each.

Promises prediction from plain arrays with numpy alone: no code is loaded with a model, and a model
holds hashes and weights, never a word of a document. An answer is a distribution over the classes
of its examples; how much of the text the model has ever seen is told beside it, so that a foreign
text can be known as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from archiver.classify.features import SPACE, Counts, features, names

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOREIGN = 0.25
"""A text of which the model knows less than this part of what it knows of its examples is foreign.

Measured: French and English lie at .06 to .18 of it; of German texts with 10 % wrong letters one
in forty lies below a quarter (its answer then waits for a person).
"""

LEAST_WORDS = 5
"""Words and pairs that the model must know to have a say."""

LIKE = 0.6
"""Least likeness (cosine) at which a corrected document speaks for a new one.

Measured on the sample papers with 40 council papers in the model: the same letter with other
figures and 5 to 12 % other words lies at .69 to .90, with 1 % wrong letters in both at .63 to .81,
with 3 % at .57 to .69 (three in four above .6); two letters of different kinds under one town's
letterhead lie below .6 but for 1 % (at most .61); other letters at .35 or less.
"""

LIKE_FIRST = 0.55
"""The same, as long as the model ranks nothing: it hardly knows then which words are common.

Measured with one correction alone: the same letter .60 to .87, with 1 % wrong letters .54 to .78
(97 % above), with 3 % .47 to .65 (56 %); of different kinds under one letterhead at most .545.
Beside one to twelve other letters: .53 to .92 with up to 2 %, others at most .50.
"""


class Figures(msgspec.Struct, frozen=True):
    """What a fit measured on examples that it had not seen.

    Attributes:
        examples: number of examples fitted.
        classes: examples by class.
        held_out: number of examples that were held out (all, in turn, where they are few).
        accuracy, macro_f1: of rules and model together, 0 to 1.
        model_accuracy: of the model alone.
        coverage: share that would be filed without a person.
        precision: share of these that is right, None where none is filed.
        sharpness: factor that makes scores to confidences, found on the held-out ones.
        trust: by class how often its rule spoke on all examples, and how often it was right.
        familiar: share of an example's words and pairs that other examples have too, the median.
    """

    examples: int
    classes: dict[str, int]
    held_out: int
    accuracy: float
    macro_f1: float
    model_accuracy: float
    coverage: float
    precision: float | None
    sharpness: float
    trust: dict[str, tuple[int, int]] = {}
    familiar: float = 0.0


class Speaker(msgspec.Struct, frozen=True):
    """One feature that spoke for a class (weight above 0) or against it.

    Attributes:
        name: word, pair of words, or letters of the head with ``·`` for a word's edge.
        weight: its part of the score: coefficient, as it differs from the mean of all classes,
            times TF-IDF.
    """

    name: str
    weight: float


class Alike(msgspec.Struct, frozen=True):
    """A corrected document that is like this one.

    Attributes:
        id: of the document that a person decided.
        record_class: what the person decided.
        likeness: cosine of both, 0 to 1.
    """

    id: str
    record_class: str
    likeness: float


class Prediction(msgspec.Struct, frozen=True):
    """What the model says.

    Attributes:
        ranking: classes with confidence 0 to 1, best first; all classes of the model.
        known: share of the text's words and word pairs that occurred in the examples, 0 to 1.
        foreign: the text is so unlike the examples that the ranking means nothing.
        alike: the most like corrected document, None where none is alike enough.
    """

    ranking: tuple[tuple[str, float], ...]
    known: float
    foreign: bool = False
    alike: Alike | None = None


@dataclass(frozen=True, eq=False)
class Scale:
    """TF-IDF: which hashes are columns, and what each weighs.

    Attributes:
        columns: uint32[V], hashes in ascending order.
        idf: float32[V].
    """

    columns: NDArray[np.uint32]
    idf: NDArray[np.float32]

    def weigh(
        self, counts: Counts, *, whole: bool = False
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Columns of a text and their values; words and letters have length 1 each.

        Args:
            counts: features of the text.
            whole: features that are no column make the rest shorter, as heavy as the commonest
                column. Else a text would be like any other as soon as it shares "the" and "and".
        """
        import numpy as np

        if not len(self.columns) or not len(counts.ids):
            return np.zeros(0, np.intp), np.zeros(0, np.float32)
        place = np.searchsorted(self.columns, counts.ids)
        place[place == len(self.columns)] = 0
        known = self.columns[place] == counts.ids
        columns = place[known]
        heights = 1 + np.log(counts.counts)
        values = heights[known] * self.idf[columns]
        is_word = counts.ids < SPACE
        for kind in (is_word, ~is_word):
            part = kind[known]
            others = (heights[kind & ~known] ** 2).sum() if whole else 0.0
            length = float(np.sqrt((values[part] ** 2).sum() + others))
            if length:
                values[part] /= length
        return columns, values.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Corrections:
    """Vectors of the newest decisions of people.

    Attributes:
        ids, record_classes: of each, newest last.
        ends: int64[n], end of each in `columns` and `values`.
        columns: int32[nnz].
        values: float32[nnz].
    """

    ids: tuple[str, ...]
    record_classes: tuple[str, ...]
    ends: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]

    def nearest(
        self, columns: NDArray[np.intp], values: NDArray[np.float32], width: int, least: float
    ) -> Alike | None:
        """The correction that is most like a text; the newest of equals.

        Args:
            columns: of the text, weighed as a whole.
            values: of these columns.
            width: number of all columns.
            least: likeness below which there is none.
        """
        import numpy as np

        if not self.ids:
            return None
        row = np.zeros(width, np.float32)
        row[columns] = values
        sums = np.concatenate([[0.0], np.cumsum(row[self.columns] * self.values, dtype=np.float64)])
        starts = np.concatenate([[0], self.ends[:-1]])
        likeness = np.round((sums[self.ends] - sums[starts]) / 2, 6)
        best = len(likeness) - 1 - int(np.argmax(likeness[::-1]))
        if likeness[best] < least:
            return None
        return Alike(self.ids[best], self.record_classes[best], round(float(likeness[best]), 3))


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted model.

    Attributes:
        classes: keys, in the order of the columns of `weights`; none where the examples do not
            suffice to tell classes apart: then only the corrections speak.
        scale: of the features.
        weights: float32[V, K].
        bias: float32[K].
        figures: what the fit measured.
        corrections: what people decided last.
        version: number of the folder that it was read from, 0 where it was not.
        seen: bytes of the file of examples that were there when it was fitted.
    """

    classes: tuple[str, ...]
    scale: Scale
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    figures: Figures
    corrections: Corrections
    version: int = 0
    seen: int = 0

    def predict(self, text: str) -> Prediction:
        """Rank the classes for a text; a text without any known feature has no ranking."""
        import numpy as np

        counts = features(text)
        columns, values = self.scale.weigh(counts)
        if not len(columns):
            return Prediction((), 0.0, True)
        scores = (values @ self.weights[columns] + self.bias) * self.figures.sharpness
        shares = np.exp(scores - scores.max(initial=-np.inf))
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable").tolist()
        ranking = tuple((self.classes[k], float(shares[k])) for k in order)
        whole = self.scale.weigh(counts, whole=True)
        least = LIKE if self.classes else LIKE_FIRST
        alike = self.corrections.nearest(*whole, len(self.scale.columns), least)
        met = int((self.scale.columns[columns] < SPACE).sum())
        known = met / max(1, int((counts.ids < SPACE).sum()))
        foreign = met < LEAST_WORDS or known < FOREIGN * self.figures.familiar
        return Prediction(ranking, known, foreign, alike)

    def speakers(self, text: str, record_class: str, most: int = 8) -> tuple[Speaker, ...]:
        """The features that spoke loudest for or against a class, strongest first.

        Args:
            text: as given to `predict`.
            record_class: one of `classes`; for any other nothing speaks.
            most: number of features, at most.
        """
        import numpy as np

        if record_class not in self.classes:
            return ()
        columns, values = self.scale.weigh(features(text))
        rows = self.weights[columns]
        parts = values * (rows[:, self.classes.index(record_class)] - rows.mean(axis=1))
        called = names(text)
        strongest = np.argsort(-np.abs(parts), kind="stable")[:most].tolist()
        return tuple(
            Speaker(called[int(self.scale.columns[columns[i]])], round(float(parts[i]), 4))
            for i in strongest
            if parts[i]
        )

"""Sampling: which scans a person looks at, what was found, and what that says of the others.

Promises that the same candidates and the same seed give the same documents, in whatever order the
candidates come; that every batch whose original still exists has a document among them; and that a
sample says nothing of a scan that was exchanged after the draw. BSI TR-03138, A.SC.8: quality
control by samples whose size follows the need of protection, before originals may go.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Literal

import msgspec

from archiver.errors import Refusal
from archiver.records import Id

Result = Literal["pass", "fail"]
# As the table of states of matters has them.
Outcome = Literal["drawn", "passed", "failed"]

EVERYTHING = 100.0


class Candidate(msgspec.Struct, frozen=True):
    """A scan that may be drawn.

    Attributes:
        document: its id.
        percent: of its like that are drawn.
        batches: received files that hold its pages too and still exist.
    """

    document: Id
    percent: float
    batches: tuple[Id, ...] = ()


class Drawn(msgspec.Struct, frozen=True):
    """A document that was drawn, and what a person found.

    Attributes:
        document: its id.
        result: None while nobody has looked.
        at: time, UTC, ISO 8601.
        by: pseudonym.
        note: the person's words.
        paper: the paper was at hand and the scan was compared with it.
    """

    document: Id
    result: Result | None = None
    at: str = ""
    by: str = ""
    note: str = ""
    paper: bool = False


class Sample(msgspec.Struct, frozen=True):
    """One sample.

    Attributes:
        seed: from which the draw follows.
        percent: rate that was asked for; some candidates may have had a higher one.
        population: for which it stands.
        drawn: in the order of the draw.
    """

    seed: str
    percent: float
    population: tuple[Id, ...]
    drawn: tuple[Drawn, ...]

    @property
    def unchecked(self) -> tuple[Id, ...]:
        """Documents at which nobody has looked."""
        return tuple(one.document for one in self.drawn if one.result is None)

    @property
    def failed(self) -> tuple[Id, ...]:
        """Documents that were found bad."""
        return tuple(one.document for one in self.drawn if one.result == "fail")

    @property
    def outcome(self) -> Outcome:
        """What it says: nothing before all were looked at."""
        if self.unchecked:
            return "drawn"
        return "failed" if self.failed else "passed"

    def item(self, document: Id) -> Drawn | None:
        """What was found of a document; None where it was not drawn."""
        return next((one for one in self.drawn if one.document == document), None)


class Known(msgspec.Struct, frozen=True):
    """A sample as it stands.

    Attributes:
        id: of the sample.
        state: ``drawn``, ``passed`` or ``failed``.
        seq: number of the ledger line with which it was drawn.
        sample: what is known of it.
    """

    id: Id
    state: str
    seq: int
    sample: Sample


class Coverage(msgspec.Struct, frozen=True):
    """What all samples together say.

    Attributes:
        passed, running, failed: the newest such sample of each document that it stands for.
        bad: documents that a failed sample has found bad, exchanged or not.
    """

    passed: dict[Id, Id]
    running: dict[Id, Id]
    failed: dict[Id, Id]
    bad: frozenset[Id]

    def is_open(self, document: Id) -> bool:
        """Whether no passed or running sample stands for a document."""
        return document not in self.passed and document not in self.running


def size(count: int, percent: float) -> int:
    """How many of `count` documents are drawn: the share, rounded up."""
    return math.ceil(Fraction(str(percent)) * count / 100)


def draw(candidates: Collection[Candidate], seed: str) -> tuple[Id, ...]:
    """Draw at random.

    Documents of one rate are drawn together. The order of the draw is that of SHA-256 over seed
    and id, so anybody can draw again with other tools.

    Args:
        candidates: the population, each document once.
        seed: not known to whoever has made the population.

    Returns:
        of each rate at least its share, of each batch at least one document, one at least where
        there is any; in the order of the draw.
    """
    ordered = sorted(candidates, key=lambda one: _rank(seed, one.document))
    chosen = _one_of_each_batch(ordered)
    by_rate = sorted(ordered, key=lambda one: one.percent)  # keeps the order within a rate
    for percent, alike in groupby(by_rate, key=lambda one: one.percent):
        group = [one.document for one in alike]
        missing = size(len(group), percent) - len(chosen.intersection(group))
        others = [document for document in group if document not in chosen]
        chosen.update(others[: max(0, missing)])
    if not chosen:
        chosen.update(one.document for one in ordered[:1])
    return tuple(one.document for one in ordered if one.document in chosen)


def _one_of_each_batch(ordered: Sequence[Candidate]) -> set[Id]:
    chosen: set[Id] = set()
    seen: set[Id] = set()
    for one in ordered:
        if not seen.issuperset(one.batches):
            chosen.add(one.document)
            seen.update(one.batches)
    return chosen


def _rank(seed: str, document: Id) -> bytes:
    return hashlib.sha256(f"{seed}:{document}".encode()).digest()


def drawn(candidates: Collection[Candidate], seed: str, percent: float) -> Sample:
    """A new sample of these candidates; `percent` is what was asked for."""
    population = tuple(sorted(one.document for one in candidates))
    return Sample(seed, percent, population, tuple(map(Drawn, draw(candidates, seed))))


def checked(sample: Sample, documents: Iterable[Id], found: Drawn) -> Sample:
    """The sample after a person has looked at some documents.

    Args:
        sample: that runs.
        documents: at which he has looked.
        found: what he found, who and when; its `document` does not matter.

    Raises:
        Refusal: ``not_in_sample``; ``already_checked``, but what has passed may still be failed.
    """
    named = set(documents)
    known = {one.document: one for one in sample.drawn}
    for document in sorted(named):
        if document not in known:
            raise Refusal("not_in_sample", id=document)
        before = known[document].result
        if before == "fail" or before == found.result:
            raise Refusal("already_checked", id=document)
    after = tuple(
        msgspec.structs.replace(found, document=one.document) if one.document in named else one
        for one in sample.drawn
    )
    return msgspec.structs.replace(sample, drawn=after)


def coverage(samples: Iterable[Known], exchanged: Mapping[Id, int]) -> Coverage:
    """What samples say of documents.

    Args:
        samples: in any order.
        exchanged: number of the last ledger line with which a document got another scan.
    """
    by_state: dict[str, dict[Id, Id]] = {"passed": {}, "drawn": {}, "failed": {}}
    bad: set[Id] = set()
    for one in sorted(samples, key=lambda known: known.seq):
        stands_for = by_state[one.state]
        for document in one.sample.population:
            if exchanged.get(document, 0) < one.seq:
                stands_for[document] = one.id
        if one.state == "failed":
            bad.update(one.sample.failed)
    return Coverage(by_state["passed"], by_state["drawn"], by_state["failed"], frozenset(bad))

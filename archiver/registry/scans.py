"""Scans as they stand: what came as a picture of paper, in which batch, and which sample covers it.

Promises one pass over the documents, however many there are; that a part of a batch is found also
where it was divided or joined again; and that the received file of a batch goes only when a passed
sample stands for every document with pages of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from archiver.errors import Refusal
from archiver.records import DocumentState, Id
from archiver.registry import holdbook
from archiver.registry.parts import Registry
from archiver.registry.units import Shelf
from archiver.retention.sampling import EVERYTHING, Candidate, Coverage, Known, Sample, coverage
from archiver.store.asking import Row

# States in which a document is complete and its pages can be seen.
SETTLED = frozenset({DocumentState.FILED, DocumentState.OFFERED, DocumentState.HANDED_OVER})


def sample_of(row: Row) -> Sample:
    """The value in a row of the catalogue."""
    return msgspec.convert(row["about"], Sample)


def known_samples(registry: Registry) -> list[Known]:
    """All samples, oldest first."""
    drawn = {
        str(line["id"]): int(line["seq"]) for line in registry.register.lines_of("sample_drawn")
    }
    return [
        Known(str(row["id"]), str(row["state"]), drawn[str(row["id"])], sample_of(row))
        for row in registry.register.matters("sample")
    ]


class Scans:
    """All scans of an archive at one moment.

    Args:
        registry: of the archive.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        register = registry.register
        self._parts: dict[Id, list[Id]] = {
            str(line["id"]): list(map(str, line["data"]["documents"]))
            for line in register.lines_of("divided")
        }
        self._sources: dict[Id, list[Id]] = {}
        for source, parts in self._parts.items():
            for part in parts:
                self._sources.setdefault(part, []).append(source)
        self._gone = frozenset(register.destroyed())
        exchanged = {str(line["id"]): int(line["seq"]) for line in register.lines_of("replaced")}
        self.samples = known_samples(registry)
        self.coverage: Coverage = coverage(self.samples, exchanged)
        self._bad_batches = {
            batch for document in self.coverage.bad for batch in self._came_in(document)
        }

    def _came_in(self, document: Id) -> set[Id]:
        """All received files that held its pages, there or gone."""
        above = self._sources.get(document, ())
        return set(above).union(*(self._came_in(source) for source in above))

    def batches(self, document: Id) -> tuple[Id, ...]:
        """Received files that hold its pages too and still exist."""
        return tuple(sorted(self._came_in(document) - self._gone))

    def documents(self, batch: Id) -> list[Id]:
        """Documents into which the pages of a batch have gone in the end."""
        found: dict[Id, None] = {}
        for part in self._parts.get(batch, ()):
            found.update(dict.fromkeys(self.documents(part) if part in self._parts else [part]))
        return list(found)

    def is_scan(self, row: Row) -> bool:
        """Whether a document is a picture of paper: one that was read from pixels, or a part.

        Args:
            row: as `archiver.store.matterqueries.MatterQueries.scans` gives it.
        """
        is_picture = str(row["media_type"]).startswith("image/")
        return bool(row["source"]) or is_picture or row["confidence"] is not None

    def candidates(self, percent: float, only: Sequence[Id] = ()) -> Iterator[Candidate]:
        """Scans for which no passed or running sample stands.

        Single scans when they are filed; parts of batches also when they are on their way out,
        as long as the batch's own object exists.

        Args:
            percent: of them are to be drawn; of what stood beside a bad scan in its batch, and
                of scans that were bad themselves, all are.
            only: batches; empty: of everything.
        """
        for row in self._registry.register.scans():
            document = str(row["id"])
            batches = self.batches(document)
            if only and not set(only).intersection(batches):
                continue
            allowed = SETTLED if batches else (DocumentState.FILED,)
            if row["state"] in allowed and self.is_scan(row) and self.coverage.is_open(document):
                rate = EVERYTHING if self._is_suspect(document) else percent
                yield Candidate(document, rate, batches)

    def _is_suspect(self, document: Id) -> bool:
        return document in self.coverage.bad or bool(self._came_in(document) & self._bad_batches)


def require_released(registry: Registry, batch: Id) -> None:
    """Refuse to destroy the received file of a batch before quality control has ended.

    Args:
        registry: of the archive.
        batch: a document that was divided.

    Raises:
        Refusal: ``batch_part_held`` while a hold covers it or a document of it; ``sample_failed``,
            ``sample_running`` or ``sample_missing`` where no passed sample stands for one.
    """
    scans = Scans(registry)
    rows = [registry.register.document(one) for one in (batch, *scans.documents(batch))]
    shelf = Shelf(registry, registry.today)
    there = [row for row in rows if row is not None and row["state"] != DocumentState.DESTROYED]
    held = {hold.id: hold for row in there for hold in shelf.unit_of(row).holds}
    if held:
        raise Refusal("batch_part_held", id=batch, holds=holdbook.named(held.values()))
    if registry.config.quality.percent:
        settled = [str(row["id"]) for row in there if row["state"] in SETTLED]
        _require_passed(scans.coverage, batch, settled)


def _require_passed(covered: Coverage, batch: Id, documents: Iterable[Id]) -> None:
    lacking = [document for document in documents if document not in covered.passed]
    running = [document for document in lacking if document in covered.running]
    failed = [one for one in lacking if one in covered.failed and one not in running]
    if failed:
        raise Refusal("sample_failed", id=batch, sample=covered.failed[failed[0]])
    if len(running) < len(lacking):
        raise Refusal("sample_missing", id=batch, count=len(lacking) - len(running))
    if running:
        raise Refusal("sample_running", id=batch, sample=covered.running[running[0]])

"""Quality control of scans: samples drawn and looked at, how far it has come, transfer notes.

Promises that a scan is never called checked which nobody has looked at or which no sample stands
for, and that a transfer note is made of what was recorded.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from archiver import phrases
from archiver.acts import Json, act
from archiver.archive.registering import Registering
from archiver.archive.visit import worded
from archiver.errors import NotFound, Refusal, UsageFault
from archiver.records import DocumentState, Id
from archiver.registry import samples
from archiver.registry.scans import sample_of
from archiver.retention.sampling import Drawn, Sample
from archiver.rights import Right


class Quality(Registering):
    """Acts of those who check scans."""

    @act(Right.DISPOSE)
    def draw(self, percent: float | None = None, batches: Sequence[str] = ()) -> Json:
        """Draw a sample of all scans for which no sample stands.

        Args:
            percent: above 0, at most 100; None: as configured.
            batches: only what was in these.

        Raises:
            Refusal: ``not_a_batch``, ``nothing_to_draw``.
            UsageFault: ``not_a_rate``.
        """
        ids = [self._batch(word) for word in batches]
        actor, seed = self._caller.pseudonym, secrets.token_hex(16)
        drawn = samples.draw(self._shown, percent, ids, seed, actor)
        return self._sample(drawn)

    def _batch(self, word: str) -> Id:
        row = self._document(word)
        if row["state"] != DocumentState.DIVIDED:
            state = phrases.state_name(str(row["state"]))
            raise Refusal("not_a_batch", id=str(row["id"]), state=state)
        return str(row["id"])

    @act(Right.READ)
    def list(self) -> Json:
        """All samples, the newest first."""
        rows = self._house.register.matters("sample")
        return {"samples": [self._told(row) for row in reversed(rows) if self._sees_sample(row)]}

    @act(Right.READ)
    def show(self, name: str = "", document: str = "") -> Json:
        """A sample with the documents that were drawn; or what was found of one of them.

        Args:
            name: of the sample; empty: the newest that runs.
            document: of it.

        Raises:
            NotFound: ``no_such_sample``, ``no_sample_runs``.
            Refusal: ``not_in_sample``.
        """
        row = self._sample_row(name)
        sample = self._of_sample(sample_of(row))
        if not document:
            return {
                **self._sample(str(row["id"])),
                "documents": list(map(self._drawn, sample.drawn)),
                "history": self._history(str(row["id"])),
            }
        identifier = str(self._document(document)["id"])
        item = sample.item(identifier)
        if item is None:
            raise Refusal("not_in_sample", id=identifier)
        return {"sample": str(row["id"]), **self._drawn(item)}

    @act(Right.DISPOSE)
    def passed(
        self,
        name: str,
        documents: Sequence[str] = (),
        everything: bool = False,
        paper: bool = False,
    ) -> Json:
        """Say that scans of a sample are good.

        Args:
            name: of the sample.
            documents: that were looked at.
            everything: all that nobody has looked at yet.
            paper: the paper was at hand and they were compared with it.

        Raises:
            UsageFault: ``pass_what``.
            Refusal: as `archiver.registry.samples.check`.
        """
        if bool(documents) == everything:
            raise UsageFault("pass_what")
        found = Drawn("", "pass", by=self._caller.pseudonym, paper=paper)
        return self._check(name, documents, found)

    @act(Right.DISPOSE)
    def failed(self, name: str, document: str, reason: str) -> Json:
        """Say that a scan of a sample is bad; it goes into review.

        Args:
            name: of the sample.
            document: that was looked at.
            reason: the person's words; they stand in the object only.

        Raises:
            UsageFault: ``reason_missing``.
            Refusal: as `archiver.registry.samples.check`.
        """
        found = Drawn("", "fail", by=self._caller.pseudonym, note=worded(reason))
        return self._check(name, [document], found)

    def _check(self, name: str, words: Sequence[str], found: Drawn) -> Json:
        row = self._sample_row(name)
        documents = [str(self._document(word)["id"]) for word in words]
        if not documents and not self._sight.is_whole:
            # All that nobody has looked at, as far as he can look at it.
            documents = self._visible(sample_of(row).unchecked)
            if not documents:
                raise Refusal("sample_not_yours", id=str(row["id"]))
        sample = samples.check(self._house.registry, str(row["id"]), documents, found)
        for document in documents if found.result == "fail" else ():
            self._tell(document)
        return self._sample(sample)

    @act(Right.READ)
    def report(self) -> Json:
        """How far quality control has come, by month of receipt and pipeline."""
        titles = {one.name: one.title or one.name for one in self._house.config.pipelines}
        lines = msgspec.to_builtins(samples.report(self._shown))
        return {
            "lines": [
                {**line, "title": titles.get(line["pipeline"], line["pipeline"])} for line in lines
            ]
        }

    def _sample(self, identifier: Id) -> Json:
        row = self._house.register.matter(identifier)
        assert row is not None
        return self._told(row)

    def _told(self, row: Mapping[str, Any]) -> Json:
        """A sample in figures."""
        sample = self._of_sample(sample_of(dict(row)))
        return {
            "id": row["id"],
            "state": row["state"],
            "changed_at": row["changed_at"],
            "percent": sample.percent,
            "seed": sample.seed,
            "population": len(sample.population),
            "drawn": len(sample.drawn),
            "checked": len(sample.drawn) - len(sample.unchecked),
            "failed": len(sample.failed),
        }

    def _sample_row(self, name: str) -> Json:
        """The row of a sample that stands for something which this person may see.

        Raises:
            NotFound: ``no_such_sample``; without a name ``no_sample_runs``.
            UsageFault: ``id_not_unique``.
        """
        if name:
            return self._matter(name, "sample", "no_such_sample", self._sees_sample)
        rows = self._house.register.matters("sample", ("drawn",))
        running = [row for row in rows if self._sees_sample(row)]
        if not running:
            raise NotFound("no_sample_runs")
        return running[-1]

    def _sees_sample(self, row: Json) -> bool:
        return self._sight.is_whole or bool(self._of_sample(sample_of(row)).population)

    def _of_sample(self, sample: Sample) -> Sample:
        """A sample with those of its documents that this person may see."""
        if self._sight.is_whole:
            return sample
        seen = set(self._visible(sample.population))
        return msgspec.structs.replace(
            sample,
            population=tuple(one for one in sample.population if one in seen),
            drawn=tuple(one for one in sample.drawn if one.document in seen),
        )

    def _drawn(self, item: Drawn) -> Json:
        """A document of a sample, and what is needed to look at it."""
        row = self._document(item.document)
        return {
            "id": item.document,
            **{key: row[key] for key in ("state", "subject", "pages")},
            "class": row["record_class"],
            "file": self._house.register.accessions(item.document)[0]["file"],
            "result": item.result,
            "at": item.at,
            "by": item.by,
            "reason": item.note,
            "paper": item.paper,
        }

"""Disposing: batches go the archive's way, from the proposal to the proof of destruction.

Promises that each answer says what came of the step, and that of an odd answer of the archive
every item is told.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from archiver import phrases
from archiver.acts import File, Json, Progress, act, silent
from archiver.archive.registering import Registering
from archiver.errors import UsageFault
from archiver.records import MATTERS_GONE, Id
from archiver.registry import answering, batches, destruction, handover
from archiver.registry.batch import (
    Batch,
    batch_of,
    decisions_of,
    find,
    message_offer,
    notes_of,
    require_state,
)
from archiver.registry.corrections import corrections
from archiver.retention.exchange.messages import offer_package
from archiver.rights import Right
from archiver.tongue import tr

if TYPE_CHECKING:
    from archiver.registry.answering import Answered
    from archiver.registry.units import Unit
    from archiver.retention.exchange.appraisal import Finding

_REASONS, _SHOWN = 5, 300  # of the archive's words in a sentence: how many, and letters of each
_STAMPS = ("proposed", "approved", "offered", "appraised", "exported", "confirmed")


class Disposal(Registering):
    """Acts of those who hand over and destroy."""

    @act(Right.DISPOSE)
    def propose(
        self,
        classes: Sequence[str] = (),
        until: date | None = None,
        most: int = 0,
        older_than: int = 0,
        withdrawn: bool = False,
        progress: Progress = silent,
    ) -> Json:
        """Gather what is due and free to go, see `archiver.registry.batches.propose`."""
        for number in (most, older_than):
            if number < 0:
                raise UsageFault("not_a_number", value=str(number))
        proposed = batches.propose(
            self._house.registry,
            self._caller.pseudonym,
            classes=[self._class(one) for one in classes],
            until=until,
            most=most,
            older_than=older_than,
            withdrawn=withdrawn,
            progress=progress,
            is_seen=self._seen_units(),
        )
        return self.show(proposed)

    def _seen_units(self) -> Callable[[Unit], bool] | None:
        """Says whether the person may see all that would go with a unit; None: he sees all."""
        if self._sight.is_whole:
            return None
        seen = {*self._seen.documents(), *(row["id"] for row in self._seen.matters("dossier"))}
        return lambda unit: {unit.id, *(row["id"] for row in unit.papers)} <= seen

    @act(Right.READ)
    def list(self, everything: bool = False) -> Json:
        """Batches that have not ended, or all that there ever were."""
        rows = self._seen.matters("batch")
        return {
            "batches": [
                {
                    "id": row["id"],
                    "state": row["state"],
                    "changed_at": row["changed_at"],
                    **(_batch_json(batch_of(row)) if row["about"] else {}),
                }
                for row in rows
                if everything or row["state"] not in MATTERS_GONE
            ]
        }

    @act(Right.READ)
    def show(self, name: str) -> Json:
        """Everything known of a batch: its steps, its units, and what was said about them."""
        registry = self._shown
        row = find(registry, name)
        identifier = str(row["id"])
        told = {"id": identifier, "state": row["state"], "history": self._history(identifier)}
        if not row["about"]:
            return told
        said = decisions_of(registry, identifier)
        states = {
            **dict.fromkeys(said.exempt, "exempt"),
            **dict.fromkeys(said.taken, "taken"),
            **dict.fromkeys(said.waived, "waived"),
            **dict.fromkeys(said.arrived, "arrived"),
            **dict.fromkeys(said.disputed, "disputed"),
            **dict.fromkeys(said.dropped, "dropped"),
        }
        units = [
            {
                **msgspec.to_builtins(note),
                "documents": len(note.documents),
                "said": states.get(note.uuid),
            }
            for note in notes_of(registry, identifier)
        ]
        return {
            **told,
            **_batch_json(batch_of(row)),
            "items": units,
            "corrections": self._corrections(identifier),
        }

    @act(Right.DISPOSE)
    def approve(self, name: str) -> Json:
        """Say, as a second person, that a batch may go its way; tells what was corrected."""
        batch = batches.approve(self._house.registry, self._batch_id(name), self._caller.pseudonym)
        return {**self._batch_told(batch), "corrections": self._corrections(batch)}

    @act(Right.DISPOSE)
    def offer(self, name: str) -> Json:
        """Offer a batch to the archive; `message` gives the 0501 to send."""
        batch = batches.offer(self._house.registry, self._batch_id(name), self._caller.pseudonym)
        return self._batch_told(batch)

    @act(Right.DISPOSE)
    def message(self, name: str) -> File:
        """The 0501 of a batch that is offered, as it is to be sent.

        Raises:
            Refusal: ``wrong_step``.
        """
        registry = self._shown
        row = find(registry, name)
        states = ("offered", "appraised", "exported", "handed_over")
        require_state(row, "batch_offered", states)
        title, content = offer_package(message_offer(registry, str(row["id"])))
        return File(io.BytesIO(content), len(content), title, "application/zip", None)

    @act(Right.DISPOSE)
    def appraise(self, name: str, source: BinaryIO) -> Json:
        """Read in the archive's appraisal list 0502.

        Args:
            name: of the batch.
            source: as the archive sent it.

        Returns:
            ``state``, ``waiting`` (items without a decision), ``findings`` item by item.
        """
        actor = self._caller.pseudonym
        return _answered(
            answering.take_appraisal(self._house.registry, self._batch_id(name), source, actor)
        )

    @act(Right.DISPOSE)
    def export(self, name: str, folder: str = "", progress: Progress = silent) -> Json:
        """Write what the archive takes, see `archiver.registry.handover.export`."""
        registry, actor = self._house.registry, self._caller.pseudonym
        package = handover.export(registry, self._batch_id(name), folder, actor, progress)
        return {"package": str(package)}

    @act(Right.DISPOSE)
    def confirm(self, name: str, source: BinaryIO) -> Json:
        """Read in the archive's import confirmation 0506; see `appraise`."""
        actor = self._caller.pseudonym
        return _answered(
            answering.take_confirmation(self._house.registry, self._batch_id(name), source, actor)
        )

    @act(Right.DISPOSE)
    def drop(self, name: str, units: Sequence[str]) -> Json:
        """Take units out of a batch; they stay in the archive as they were."""
        batch, actor = self._batch_id(name), self._caller.pseudonym
        count = batches.drop(self._house.registry, batch, units, actor)
        return {"dropped": count}

    @act(Right.DISPOSE)
    def cancel(self, name: str) -> Json:
        """Call a batch off that has not been exported."""
        batch, actor = self._batch_id(name), self._caller.pseudonym
        return self._batch_told(batches.cancel(self._house.registry, batch, actor))

    @act(Right.DISPOSE)
    def destroy(self, name: str, thorough: bool = False, progress: Progress = silent) -> Json:
        """Destroy what remains of a batch and what was handed over, with proof.

        Args:
            name: of the batch.
            thorough: whether the proof reads every object of the vault.
            progress: is told documents done and in all.

        Returns:
            ``certificate``: its id, None where nothing was to be destroyed.
        """
        certificate = destruction.destroy(
            self._house.registry,
            self._house,
            self._batch_id(name),
            self._caller.pseudonym,
            thorough=thorough,
            progress=progress,
        )
        return {"certificate": certificate}

    # --- inside --------------------------------------------------------------------------------

    def _corrections(self, batch: str) -> Sequence[Json]:
        """What persons have changed of the units of a batch, for those who approve it."""
        registry = self._house.registry
        return [
            {
                **msgspec.to_builtins(one),
                "title": phrases.event_name(one.event),
                "was_title": registry.title(one.was) if one.was else None,
                "now_title": registry.title(one.now) if one.now else None,
            }
            for one in corrections(registry, batch)
        ]

    def _batch_id(self, name: str) -> Id:
        """Id of a batch all of which this person may see.

        Raises:
            NotFound: ``no_such_batch``.
            UsageFault: ``id_not_unique``.
        """
        return str(find(self._shown, name)["id"])

    def _batch_told(self, identifier: str) -> Json:
        row = self._house.register.matter(identifier)
        assert row is not None
        return {"id": identifier, "state": row["state"]}


def _batch_json(batch: Batch) -> Json:
    told: Json = msgspec.to_builtins(batch)
    for name in _STAMPS:
        stamp = told.pop(name)
        told[name] = {"at": stamp[0], "by": stamp[1]} if stamp else None
    return told


def _answered(answer: Answered) -> Json:
    return {
        "state": answer.state,
        "waiting": answer.waiting,
        "findings": [
            {
                "code": one.code,
                "item": one.uuid,
                "id": one.id,
                "document": one.part or None,
                "words": list(one.words),
                "message": _message(one),
            }
            for one in answer.findings
        ],
    }


def _message(finding: Finding) -> str:
    """A finding as a sentence, with the reasons that the archive gives."""
    params = {"uuid": finding.uuid, "id": finding.id, "part": finding.part}
    said = phrases.sentence(finding.code, params)
    if not finding.words:
        return said
    words = "; ".join(" ".join(one.split())[:_SHOWN] for one in finding.words[:_REASONS])
    return f"{said} " + tr("The archive’s words: “{words}”").format(words=words)

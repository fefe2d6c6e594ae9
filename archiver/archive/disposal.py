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
from archiver.archive.documents import File
from archiver.archive.registering import Registering
from archiver.archive.visit import Json, Progress, silent
from archiver.errors import Fault, UsageFault
from archiver.records import Id
from archiver.rights import Act
from archiver.sight import MIXED
from archiver.tongue import tr

if TYPE_CHECKING:
    from archiver.registry.answering import Answered
    from archiver.registry.batch import Batch
    from archiver.registry.units import Unit
    from archiver.retention.exchange.appraisal import Finding

_REASONS, _SHOWN = 5, 300  # of the archive's words in a sentence: how many, and letters of each
_STAMPS = ("proposed", "approved", "offered", "appraised", "exported", "confirmed")


class Disposing(Registering):
    """Use cases of those who hand over and destroy."""

    def batch_propose(
        self,
        classes: Sequence[str] = (),
        until: date | None = None,
        most: int = 0,
        older_than: int = 0,
        withdrawn: bool = False,
        progress: Progress = silent,
    ) -> Json:
        """Gather what is due and free to go, see `archiver.registry.batches.propose`."""
        from archiver.registry import batches

        self._standing.require(Act.DISPOSE)
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
        return self.batch_show(proposed)

    def _seen_units(self) -> Callable[[Unit], bool] | None:
        """Says whether the person may see all that would go with a unit; None: he sees all."""
        if self._sight.is_whole:
            return None
        seen = {*self._seen.documents(), *(row["id"] for row in self._seen.matters("dossier"))}
        return lambda unit: {unit.id, *(row["id"] for row in unit.papers)} <= seen

    def batch_list(self, everything: bool = False) -> Json:
        """Batches that have not ended, or all that there ever were."""
        from archiver.records import MATTERS_GONE
        from archiver.registry.batch import batch_of

        self._standing.require(Act.READ)
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

    def batch_show(self, name: str) -> Json:
        """Everything known of a batch: its steps, its units, and what was said about them."""
        from archiver.registry.batch import batch_of, decisions_of, find, notes_of

        self._standing.require(Act.READ)
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

    def batch_approve(self, name: str) -> Json:
        """Say, as a second person, that a batch may go its way; tells what was corrected."""
        from archiver.registry import batches

        self._standing.require(Act.DISPOSE)
        batch = batches.approve(self._house.registry, self._batch_id(name), self._caller.pseudonym)
        return {**self._batch_told(batch), "corrections": self._corrections(batch)}

    def batch_offer(self, name: str) -> Json:
        """Offer a batch to the archive; `batch_message` gives the 0501 to send."""
        from archiver.registry import batches

        self._standing.require(Act.DISPOSE)
        batch = batches.offer(self._house.registry, self._batch_id(name), self._caller.pseudonym)
        return self._batch_told(batch)

    def batch_message(self, name: str) -> File:
        """The 0501 of a batch that is offered, as it is to be sent.

        Raises:
            Refusal: ``wrong_step``.
        """
        from archiver.registry.batch import find, message_offer, require_state
        from archiver.retention.exchange.messages import offer_package

        self._standing.require(Act.DISPOSE)
        registry = self._shown
        row = find(registry, name)
        states = ("offered", "appraised", "exported", "handed_over")
        require_state(row, "batch_offered", states)
        title, content = offer_package(message_offer(registry, str(row["id"])))
        return File(io.BytesIO(content), len(content), title, "application/zip", None)

    def batch_appraise(self, name: str, source: BinaryIO) -> Json:
        """Read in the archive's appraisal list 0502.

        Args:
            name: of the batch.
            source: as the archive sent it.

        Returns:
            ``state``, ``waiting`` (items without a decision), ``findings`` item by item.
        """
        from archiver.registry import answering

        self._standing.require(Act.DISPOSE)
        actor = self._caller.pseudonym
        return _answered(
            answering.take_appraisal(self._house.registry, self._batch_id(name), source, actor)
        )

    def batch_export(self, name: str, folder: str = "", progress: Progress = silent) -> Json:
        """Write what the archive takes, see `archiver.registry.handover.export`."""
        from archiver.registry import handover

        self._standing.require(Act.DISPOSE)
        registry, actor = self._house.registry, self._caller.pseudonym
        package = handover.export(registry, self._batch_id(name), folder, actor, progress)
        return {"package": str(package)}

    def batch_confirm(self, name: str, source: BinaryIO) -> Json:
        """Read in the archive's import confirmation 0506; see `batch_appraise`."""
        from archiver.registry import answering

        self._standing.require(Act.DISPOSE)
        actor = self._caller.pseudonym
        return _answered(
            answering.take_confirmation(self._house.registry, self._batch_id(name), source, actor)
        )

    def batch_drop(self, name: str, units: Sequence[str]) -> Json:
        """Take units out of a batch; they stay in the archive as they were."""
        from archiver.registry import batches

        self._standing.require(Act.DISPOSE)
        batch, actor = self._batch_id(name), self._caller.pseudonym
        count = batches.drop(self._house.registry, batch, units, actor)
        return {"dropped": count}

    def batch_cancel(self, name: str) -> Json:
        """Call a batch off that has not been exported."""
        from archiver.registry import batches

        self._standing.require(Act.DISPOSE)
        batch, actor = self._batch_id(name), self._caller.pseudonym
        return self._batch_told(batches.cancel(self._house.registry, batch, actor))

    def batch_destroy(self, name: str, thorough: bool = False, progress: Progress = silent) -> Json:
        """Destroy what remains of a batch and what was handed over, with proof.

        Args:
            name: of the batch.
            thorough: whether the proof reads every object of the vault.
            progress: is told documents done and in all.

        Returns:
            ``certificate``: its id, None where nothing was to be destroyed.
        """
        from archiver.registry import destruction

        self._standing.require(Act.DISPOSE)
        certificate = destruction.destroy(
            self._house.registry,
            self._house,
            self._batch_id(name),
            self._caller.pseudonym,
            thorough=thorough,
            progress=progress,
        )
        return {"certificate": certificate}

    def certificate_list(self) -> Json:
        """Certificates of destruction, oldest first."""
        self._standing.require(Act.READ)
        rows = self._house.register.matters("certificate")
        shown = ("batch", "documents", "at", "is_proved")
        return {
            "certificates": [
                {"id": row["id"], "state": row["state"], **{k: row["about"].get(k) for k in shown}}
                for row in rows
                if self._sees_certificate(row)
            ]
        }

    def certificate_show(self, name: str) -> Json:
        """What a certificate says of its proof: ``is_complete``, and finds by store."""
        from archiver.papers.destruction_sheet import STORES
        from archiver.registry.certificates import issued

        self._standing.require(Act.READ)
        identifier, made = issued(self._house.registry, self._certificate_id(name))
        row = self._house.register.matter(identifier)
        return {
            "id": identifier,
            "batch": made.batch,
            "at": made.at,
            "documents": len(made.documents),
            "is_complete": made.is_complete,
            "is_proved": bool(row and row["about"].get("is_proved")),
            "witnesses": made.witnesses,
            "weak": made.weak,
            "left": made.left,
            "searched": [
                {**msgspec.to_builtins(one), "title": tr(STORES.get(one.store, one.store))}
                for one in made.searched
            ],
        }

    def certificate_prove(
        self, name: str, thorough: bool = False, progress: Progress = silent
    ) -> Json:
        """Look once more for what a certificate says is still there; see `certificate_show`."""
        from archiver.registry import destruction

        self._standing.require(Act.DISPOSE)
        proved = destruction.prove(
            self._house.registry,
            self._house,
            self._certificate_id(name),
            self._caller.pseudonym,
            thorough=thorough,
            progress=progress,
        )
        return self.certificate_show(proved)

    def certificate_get(self, name: str, as_json: bool = False) -> File:
        """A certificate as PDF/A, or as JSON for machines.

        Raises:
            NotFound: ``no_such_certificate``.
            UsageFault: ``id_not_unique``.
        """
        from archiver.registry.certificates import CERTIFICATE, PAPER, issued

        self._standing.require(Act.READ)
        identifier, _made = issued(self._house.registry, self._certificate_id(name))
        file, media = (CERTIFICATE, "application/json") if as_json else (PAPER, "application/pdf")
        stream = self._house.vault.open(identifier, file)
        size = stream.seek(0, 2)
        stream.seek(0)
        return File(stream, size, f"{identifier}-{file}", media, None)

    # --- inside --------------------------------------------------------------------------------

    def _corrections(self, batch: str) -> list[Json]:
        """What persons have changed of the units of a batch, for those who approve it."""
        from archiver.registry.corrections import corrections

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
        from archiver.registry.batch import find

        return str(find(self._shown, name)["id"])

    def _certificate_id(self, name: str) -> Id:
        """Id of a certificate that this person may see.

        Raises:
            NotFound: ``no_such_certificate``.
            UsageFault: ``id_not_unique``.
        """
        sees = self._sees_certificate
        return str(self._matter(name, "certificate", "no_such_certificate", sees)["id"])

    def _sees_certificate(self, row: Json) -> bool:
        """Whether nothing was destroyed with it of a class that is kept from the person."""
        if self._sight.guards is None:
            return True
        from archiver.registry.certificates import issued

        try:
            _identifier, made = issued(self._house.registry, str(row["id"]))
        except Fault:
            return False  # nobody can tell
        gone = [one.document for one in made.documents]
        classes: dict[Id, str] = {}
        for line in self._house.register.history(gone):
            if "class" in line["data"]:
                classes[str(line["id"])] = str(line["data"]["class"])
        return all(self._sight.passes(classes.get(one, MIXED)) for one in gone)

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

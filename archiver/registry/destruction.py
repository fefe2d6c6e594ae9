"""Destruction: what may go goes from every place, with a certificate of it.

Promises that nothing on hold and nothing that the archive wants and has not imported is destroyed,
that two persons have said so, that what a crash breaks off is brought to its end at the next
start, and that the certificate holds ids and digests only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from archiver.clock import town_day
from archiver.errors import IntegrityFault, Refusal
from archiver.papers import certificate as papers
from archiver.papers.certificate import Certificate
from archiver.pipeline import erasure
from archiver.pipeline.erasure import Erasure
from archiver.pipeline.erasureplan import Parts
from archiver.records import DocumentState, Id
from archiver.registry.batch import (
    Batch,
    UnitNote,
    batch_of,
    decisions_of,
    find,
    lines,
    move,
    notes_of,
    require_sound,
)
from archiver.registry.parts import Registry
from archiver.store.asking import Row

DRAFT, CERTIFICATE, PAPER = "draft.json", "certificate.json", "certificate.pdf"
_NEARLY = ("approved", "appraised", "handed_over")  # states before a destruction


class Draft(msgspec.Struct, frozen=True):
    """What a certificate will say, written down before anything is destroyed.

    Attributes:
        batch: id of the batch.
        rules: that were applied.
        documents: that go.
        approvals: of persons.
        appraisal: of the archive, None where it has waived the classes in general.
        dossiers: that end with their documents.
        folder: below the exports, empty where there is none.
    """

    batch: Id
    rules: tuple[papers.RuleUsed, ...]
    documents: tuple[papers.Destroyed, ...]
    approvals: tuple[papers.Approval, ...]
    appraisal: papers.Appraisal | None
    dossiers: tuple[Id, ...]
    folder: str


def destroy(
    registry: Registry,
    parts: Parts,
    name: str,
    actor: str,
    *,
    thorough: bool,
    progress: Callable[[int, int], None],
) -> Id | None:
    """Destroy what remains of a batch and what was handed over, and prove it.

    Args:
        registry: of the archive.
        parts: of the archive, as an erasure needs them.
        name: of the batch.
        actor: pseudonym of the person.
        thorough: whether the proof reads every object of the vault.
        progress: is told documents done and in all.

    Returns:
        id of the certificate, None where nothing was to be destroyed.

    Raises:
        Refusal: ``batch_not_ready_to_destroy``, ``second_person_needed``, ``batch_on_hold``,
            ``batch_changed``.
        SystemFault: disk full, storage failed; asked again, or at the next start, it goes on.
    """
    resume(registry, parts)
    with registry.register.exclusive():
        row = find(registry, name)
        identifier = str(row["id"])
        if row["state"] == "done":
            return _issued(registry, identifier)
        notes, staying = _parted(registry, row)
        if row["state"] != "destroying":
            _require_other_person(registry, row, actor)
        if not _has_begun(registry, identifier):
            require_sound(registry, identifier)
        if row["state"] != "destroying":
            moves = lines(registry, "declined", identifier, staying, actor)
            if moves:
                registry.register.record(*moves)
            if not notes:
                if row["state"] != "handed_over":
                    move(registry, "batch_destroying", row, actor, {})
                registry.matters.end("batch_done", identifier, actor, {})
                return None
        certificate = _prepared(registry, row, notes, actor)
        if row["state"] != "destroying":
            move(registry, "batch_destroying", row, actor, {"certificate": certificate})
    draft = _draft(registry, certificate)
    erasure.erase(
        parts,
        [one.document for one in draft.documents],
        actor,
        {"batch": identifier, "certificate": certificate},
        registry.now,
        exports=[draft.folder] if draft.folder else [],
        whole_vault=thorough,
        progress=progress,
        ending=Ending(registry),
    )
    return certificate


def _require_other_person(registry: Registry, row: Row, actor: str) -> None:
    """Refuse who has approved a batch to destroy it as well.

    Raises:
        Refusal: ``second_person_needed``.
    """
    approved = batch_of(row).approved
    if registry.config.disposition.two_persons and approved and approved[1] == actor:
        raise Refusal("second_person_needed", id=str(row["id"]))


def _has_begun(registry: Registry, identifier: Id) -> bool:
    """Whether something of a batch is destroyed; until then a hold can still stop it."""
    rows = registry.register.items(identifier)
    return any(one["state"] == DocumentState.DESTROYED for one in rows)


def _issued(registry: Registry, identifier: Id) -> Id | None:
    """The certificate of a batch that has ended, None where nothing was destroyed."""
    issued = registry.register.matters("certificate", ("issued",))
    ids = (str(one["id"]) for one in issued if one["about"].get("batch") == identifier)
    return next(ids, None)


def resume(registry: Registry, parts: Parts) -> None:
    """Bring an erasure to its end that a crash broke off; asked at each start."""
    erasure.finish(parts, registry.now, ending=Ending(registry))


def _parted(registry: Registry, row: Row) -> tuple[list[UnitNote], set[Id]]:
    """Units that are to be destroyed, and ids of those that stay as they were.

    What the archive has taken over and is not to be destroyed here stays handed over.

    Raises:
        Refusal: ``batch_not_ready_to_destroy``.
    """
    identifier = str(row["id"])
    if row["state"] not in (*_NEARLY, "destroying"):
        raise Refusal("batch_not_ready_to_destroy", id=identifier, state=f"batch_{row['state']}")
    said = decisions_of(registry, identifier)
    away = set(said.dropped)
    notes = [note for note in notes_of(registry, identifier) if note.uuid not in away]
    asked = {note.uuid for note in notes} - set(said.exempt)
    taken = set(said.taken) & asked
    # Where no unit is left that must be taken over or appraised, a later state will do as well.
    first = 2 if taken else 1 if asked else 0
    if row["state"] not in (*_NEARLY[first:], "destroying"):
        raise Refusal("batch_not_ready_to_destroy", id=identifier, state=f"batch_{row['state']}")
    kept = taken if not registry.config.disposition.destroy_handed_over else set()
    going = [note for note in notes if note.is_due and note.uuid not in kept]
    staying = {note.unit for note in notes if not note.is_due and note.uuid not in taken}
    return going, staying


def _prepared(registry: Registry, row: Row, notes: Collection[UnitNote], actor: str) -> Id:
    """The certificate that is being prepared for a batch; begun where there is none.

    One that a crash left before the batch was being destroyed counts only if it says the same:
    units may have been taken out of the batch since.
    """
    identifier = str(row["id"])
    draft = _drafted(registry, identifier, batch_of(row), notes, actor)
    known = [
        str(one["id"])
        for one in registry.register.matters("certificate", ("prepared",))
        if one["about"].get("batch") == identifier
    ]
    if known and (row["state"] == "destroying" or _is_like(_draft(registry, known[-1]), draft)):
        return known[-1]
    about = {"batch": identifier, "documents": len(draft.documents)}
    files = {DRAFT: msgspec.json.encode(draft)}
    data = {"batch": identifier, "documents": len(draft.documents)}
    return registry.matters.begin("certificate_prepared", about, actor, data, files=files)


def _is_like(one: Draft, other: Draft) -> bool:
    """Whether two drafts say the same but for the time."""
    by = [[approval.by for approval in draft.approvals] for draft in (one, other)]
    return one.documents == other.documents and by[0] == by[1]


def _drafted(
    registry: Registry, identifier: Id, batch: Batch, notes: Collection[UnitNote], actor: str
) -> Draft:
    approvals = [papers.Approval("proposal", batch.proposed[1], batch.proposed[0])]
    if batch.approved:
        approvals.append(papers.Approval("approval", batch.approved[1], batch.approved[0]))
    approvals.append(papers.Approval("destruction", actor, registry.now()))
    appraisal = _earlier_appraisal(registry, notes)
    if batch.appraised:
        appraisal = papers.Appraisal(batch.process, batch.appraised[0])
    rules = {
        (note.class_key, note.version): papers.RuleUsed(
            note.class_key,
            note.version,
            registry.title(note.class_key),
            note.basis,
            msgspec.convert(note.disposition, papers.Letter),
        )
        for note in notes
    }
    return Draft(
        batch=identifier,
        rules=tuple(rules.values()),
        documents=tuple(_destroyed(registry, notes)),
        approvals=tuple(approvals),
        appraisal=appraisal,
        dossiers=_dossiers(registry, [note.unit for note in notes if note.kind == "dossier"]),
        folder=batch.folder,
    )


def _dossiers(registry: Registry, ending: Sequence[Id]) -> tuple[Id, ...]:
    """Dossiers that end, with those whose papers they took: their titles may say the same."""
    merged = registry.register.matters("dossier", ("merged",))
    found = list(ending)
    for dossier in found:  # grows while it is gone through: one may have taken another's before
        found += [str(row["id"]) for row in merged if row["about"].get("merged_into") == dossier]
    return tuple(found)


def _earlier_appraisal(registry: Registry, notes: Collection[UnitNote]) -> papers.Appraisal | None:
    """The archive's decision about units that it took over with an earlier batch."""
    register = registry.register
    for note in notes:
        for line in register.history(note.documents[:1]):
            if line["event"] == "handed_over":
                told = {one["event"]: one for one in register.history([line["data"]["batch"]])}
                proposed, appraised = told["batch_proposed"], told["batch_appraised"]
                return papers.Appraisal(str(proposed["data"]["process"]), str(appraised["at"]))
    return None


def _destroyed(registry: Registry, notes: Collection[UnitNote]) -> Iterator[papers.Destroyed]:
    for note in notes:
        for document in note.documents:
            yield papers.Destroyed(
                document, _digest(registry, document), note.class_key, note.version, note.ends
            )


def _digest(registry: Registry, document: Id) -> str:
    """The salted digest that the ledger has of a document's arrival; empty where it has none."""
    for line in registry.register.history([document]):
        if "digest" in line["data"]:
            return str(line["data"]["digest"])
    return ""


def _draft(registry: Registry, certificate: Id) -> Draft:
    try:
        with registry.vault.open(certificate, DRAFT) as file:
            return msgspec.json.decode(file.read(), type=Draft)
    except (FileNotFoundError, msgspec.DecodeError) as error:
        raise IntegrityFault("object_damaged", id=certificate) from error


@dataclass(frozen=True)
class Ending:
    """What ends with an erasure: dossiers and batch are gone too, and the certificate is issued.

    Attributes:
        registry: of the archive.
    """

    registry: Registry

    def others(self, certificate: Id) -> tuple[Id, ...]:
        """Objects beside the documents in which their words may stand."""
        draft = _draft(self.registry, certificate)
        return (draft.batch, *draft.dossiers)

    def beside(self, certificate: Id, actor: str) -> None:
        """End the dossiers and the batch; made again, it does nothing."""
        register, matters = self.registry.register, self.registry.matters
        issued = register.matter(certificate)
        if issued is not None and issued["state"] == "issued":
            return  # its draft is gone, and everything with it
        draft = _draft(self.registry, certificate)
        for dossier in draft.dossiers:
            row = register.matter(dossier)
            if row is not None and row["state"] != "disposed":
                matters.end("dossier_disposed", dossier, actor, {"batch": draft.batch})
        row = register.matter(draft.batch)
        if row is not None and row["state"] != "done":
            matters.end("batch_done", draft.batch, actor, {"certificate": certificate})

    def sign(self, certificate: Id, ended: Erasure, actor: str) -> None:
        """Issue the certificate; made again, it does nothing."""
        row = self.registry.register.matter(certificate)
        if row is None or row["state"] == "issued":
            return
        made = _certificate(self.registry, _draft(self.registry, certificate), ended)
        content, paper = papers.encode(made), _paper(self.registry, made)
        data = {
            "documents": len(made.documents),
            "is_proved": ended.is_proved,
            "json": hashlib.sha256(content).hexdigest(),
            "pdf": hashlib.sha256(paper).hexdigest(),
        }
        self.registry.matters.change(
            "certificate_issued",
            certificate,
            lambda about: {**about, "at": made.at, "is_proved": ended.is_proved},
            actor,
            data,
            files={DRAFT: None, CERTIFICATE: content, PAPER: paper},
        )


def _certificate(registry: Registry, draft: Draft, ended: Erasure) -> Certificate:
    at = registry.now()
    weak = len(ended.weak)
    return papers.certificate(
        draft.batch,
        at,
        registry.config.disposition.authority.name or ", ".join(registry.config.town.names),
        draft.rules,
        draft.documents,
        draft.approvals,
        draft.appraisal,
        before=papers.Head(ended.head_before.seq, ended.head_before.digest),
        after=papers.Head(ended.head_after.seq, ended.head_after.digest),
        searched=[
            papers.Searched(store, len(found.hits), len(ended.after[store].hits))
            for store, found in ended.before.items()
        ],
        backups=[
            papers.Backup(one.name, _until(at, one.keep_days))
            for one in registry.config.disposition.backups
        ],
        witnesses=ended.witnesses,
        weak=weak,
        left=len(ended.left),
    )


def _until(at: str, days: int) -> str:
    return town_day((datetime.fromisoformat(at) + timedelta(days=days)).isoformat()).isoformat()


def _paper(registry: Registry, made: Certificate) -> bytes:
    from archiver.papers.destruction_sheet import as_paper
    from archiver.papers.typeset import pdf

    return pdf(as_paper(made, registry.config.ui.language))

"""Destruction: what may go goes from every place, with a certificate of it.

Promises that nothing on hold and nothing that the archive wants and has not imported is destroyed,
that two persons have said so, that what a crash breaks off is brought to its end at the next
start, and that the certificate holds ids and digests only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

import msgspec

from archiver.errors import Refusal
from archiver.papers import certificate as papers
from archiver.papers.certificate import Certificate
from archiver.pipeline import erasure
from archiver.pipeline.erasure import Erasure
from archiver.pipeline.erasureplan import Parts
from archiver.records import DocumentState, Id
from archiver.registry import packages
from archiver.registry.batch import (
    UnitNote,
    batch_of,
    decisions_of,
    find,
    has_begun,
    lines,
    move,
    notes_of,
    require_answered,
    require_sound,
    some,
)
from archiver.registry.certificates import (
    CERTIFICATE,
    DRAFT,
    PAPER,
    Draft,
    certificate_of,
    draft_of,
    drafted,
    issued,
    paper_of,
    proved_again,
)
from archiver.registry.parts import Registry
from archiver.store.asking import Row

_NEARLY = ("approved", "appraised", "handed_over")  # states before a destruction


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
        Refusal: ``clock_in_doubt``, ``batch_not_ready_to_destroy``, ``batch_unanswered``,
            ``second_person_needed``, ``batch_on_hold``, ``batch_changed``.
        SystemFault: disk full, storage failed; asked again, or at the next start, it goes on.
    """
    registry.require_sure_time()
    with erasure.ALONE:
        resume(registry, parts)
        certificate = _begun(registry, name, actor)
        if certificate is None or _state(registry, certificate) == "issued":
            return certificate
        draft = draft_of(registry, certificate)
        own = {draft.folder} if draft.folder else set()
        erasure.erase(
            parts,
            [one.document for one in draft.documents],
            actor,
            {"batch": draft.batch, "certificate": certificate},
            registry.now,
            exports=sorted(own.union(packages.folders(registry, draft.batch))),
            whole_vault=thorough,
            progress=progress,
            ending=Ending(registry),
            ask=lambda: _ask(registry, draft),
        )
    return certificate


def _begun(registry: Registry, name: str, actor: str) -> Id | None:
    """Let a batch be destroyed from now on; the certificate, None where nothing is to go."""
    with registry.register.exclusive():
        row = find(registry, name)
        identifier = str(row["id"])
        if row["state"] == "done":
            return _issued(registry, identifier)
        notes, staying = _parted(registry, row)
        if not has_begun(registry, identifier):
            _require_other_person(registry, row, actor)
            require_sound(registry, identifier)
        moves = lines(registry, "declined", identifier, staying, actor)
        if moves:
            registry.register.record(*moves)
        if not notes:
            if row["state"] not in ("handed_over", "destroying"):
                move(registry, "batch_destroying", row, actor, {})
            packages.discard(registry, packages.folders(registry, identifier))
            registry.matters.end("batch_done", identifier, actor, {})
            return None
        certificate = _prepared(registry, row, notes, actor)
        if row["state"] != "destroying":
            move(registry, "batch_destroying", row, actor, {"certificate": certificate})
        return certificate


def _ask(registry: Registry, draft: Draft) -> None:
    """Ask for the last time, for much may have come while the erasure was prepared.

    Raises:
        Refusal: ``batch_on_hold`` or ``batch_changed``.
    """
    if has_begun(registry, draft.batch):
        return
    require_sound(registry, draft.batch)
    inside = {str(row["id"]) for row in registry.register.items(draft.batch)}
    gone = [one.document for one in draft.documents if one.document not in inside]
    if gone:
        raise Refusal("batch_changed", id=draft.batch, count=len(gone), units=some(gone))


def _state(registry: Registry, matter: Id) -> str:
    row = registry.register.matter(matter)
    return str(row["state"]) if row else ""


def _require_other_person(registry: Registry, row: Row, actor: str) -> None:
    """Refuse who has approved a batch to destroy it as well.

    Raises:
        Refusal: ``second_person_needed``.
    """
    approved = batch_of(row).approved
    if registry.config.disposition.two_persons and approved and approved[1] == actor:
        raise Refusal("second_person_needed", id=str(row["id"]))


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

    What the archive has taken over, now or before, and is not to be destroyed here stays handed
    over.

    Raises:
        Refusal: ``batch_not_ready_to_destroy``, ``batch_unanswered``.
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
    require_answered(registry, identifier, is_last=True)
    kept: set[Id] = set()
    if not registry.config.disposition.destroy_handed_over:
        rows = registry.register.items(identifier)
        kept = {str(row["unit"]) for row in rows if row["state"] == DocumentState.HANDED_OVER}
    going = [note for note in notes if note.is_due and note.unit not in kept]
    return going, {note.unit for note in notes} - {note.unit for note in going}


def _prepared(registry: Registry, row: Row, notes: Collection[UnitNote], actor: str) -> Id:
    """The certificate that is being prepared for a batch; begun where there is none.

    One that a crash left before the batch was being destroyed counts only if it says the same:
    units may have been taken out of the batch since.
    """
    identifier = str(row["id"])
    draft = drafted(registry, identifier, batch_of(row), notes, actor)
    known = [
        str(one["id"])
        for one in registry.register.matters("certificate", ("prepared",))
        if one["about"].get("batch") == identifier
    ]
    if known:
        is_last = has_begun(registry, identifier)
        if is_last or _is_like(draft_of(registry, known[-1]), draft):
            return known[-1]
    about = {"batch": identifier, "documents": len(draft.documents)}
    files = {DRAFT: msgspec.json.encode(draft)}
    data = {"batch": identifier, "documents": len(draft.documents)}
    return registry.matters.begin("certificate_prepared", about, actor, data, files=files)


def _is_like(one: Draft, other: Draft) -> bool:
    """Whether two drafts say the same but for the time."""
    by = [[approval.by for approval in draft.approvals] for draft in (one, other)]
    return one.documents == other.documents and by[0] == by[1]


@dataclass(frozen=True)
class Ending:
    """What ends with an erasure: dossiers and batch are gone too, and the certificate is issued.

    Attributes:
        registry: of the archive.
    """

    registry: Registry

    def others(self, certificate: Id) -> tuple[Id, ...]:
        """Objects beside the documents in which their words may stand."""
        draft = draft_of(self.registry, certificate)
        return (draft.batch, *draft.dossiers)

    def beside(self, certificate: Id, actor: str) -> None:
        """End the dossiers and the batch; made again, it does nothing."""
        register, matters = self.registry.register, self.registry.matters
        issued = register.matter(certificate)
        if issued is not None and issued["state"] == "issued":
            return  # its draft is gone, and everything with it
        draft = draft_of(self.registry, certificate)
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
        made = certificate_of(self.registry, draft_of(self.registry, certificate), ended)
        _write(self.registry, "certificate_issued", certificate, made, ended, actor)


def prove(
    registry: Registry,
    parts: Parts,
    name: str,
    actor: str,
    *,
    thorough: bool,
    progress: Callable[[int, int], None],
) -> Id:
    """Look once more for what a certificate says is still there, and write down what came of it.

    A certificate that is complete stays as it is.

    Args:
        registry: of the archive.
        parts: of the archive, as an erasure needs them.
        name: of the certificate, or of its beginning.
        actor: pseudonym of the person.
        thorough: whether every object of the vault is read.
        progress: is told steps of the index.

    Returns:
        its id.

    Raises:
        NotFound: ``no_such_certificate``.
        Refusal: ``proof_impossible`` where nothing is kept by which it could be proved.
        SystemFault: disk full, storage failed; may be asked again.
    """
    identifier, made = issued(registry, name)
    with erasure.ALONE:
        ended = erasure.prove_again(parts, identifier, whole_vault=thorough, progress=progress)
        if ended is None:
            if made.is_complete:
                return identifier
            raise Refusal("proof_impossible", id=identifier)
        again = proved_again(made, ended, registry.now())
        _write(registry, "certificate_proved", identifier, again, ended, actor)
        if ended.is_proved:
            erasure.drop_unproved(parts.config, identifier)
    return identifier


def _write(
    registry: Registry, event: str, certificate: Id, made: Certificate, ended: Erasure, actor: str
) -> None:
    """Write a certificate for machines and for people."""
    content, paper = papers.encode(made), paper_of(registry, made)
    data = {
        "documents": len(made.documents),
        "is_proved": ended.is_proved,
        "json": hashlib.sha256(content).hexdigest(),
        "pdf": hashlib.sha256(paper).hexdigest(),
    }
    registry.matters.change(
        event,
        certificate,
        lambda about: {**about, "at": made.at, "is_proved": ended.is_proved},
        actor,
        data,
        files={DRAFT: None, CERTIFICATE: content, PAPER: paper},
    )

"""Certificates of destruction: what they will say, and how they are made.

Promises that all that a certificate needs of what goes is written down before anything is
destroyed, and that it holds ids and digests only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from archiver.clock import town_day
from archiver.errors import IntegrityFault, NotFound
from archiver.papers import certificate as papers
from archiver.papers.certificate import Certificate
from archiver.phrases import moment
from archiver.pipeline.erasure import Erasure
from archiver.records import Id
from archiver.registry.batch import Batch, UnitNote
from archiver.registry.parts import Registry
from archiver.tongue import tr

DRAFT, CERTIFICATE, PAPER = "draft.json", "certificate.json", "certificate.pdf"


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


def drafted(
    registry: Registry, identifier: Id, batch: Batch, notes: Collection[UnitNote], actor: str
) -> Draft:
    """What the certificate of a batch will say.

    Args:
        registry: of the archive.
        identifier: of the batch.
        batch: its value.
        notes: of the units that go.
        actor: pseudonym of the person who destroys.
    """
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


def draft_of(registry: Registry, certificate: Id) -> Draft:
    """The draft in the object of a certificate that is being prepared.

    Raises:
        IntegrityFault: ``object_damaged``.
    """
    # What lies beyond that version was never told: the draft is still needed.
    version = registry.register.version_of(certificate)
    try:
        with registry.vault.open(certificate, DRAFT, version) as file:
            return msgspec.json.decode(file.read(), type=Draft)
    except (FileNotFoundError, msgspec.DecodeError) as error:
        raise IntegrityFault("object_damaged", id=certificate) from error


def certificate_of(registry: Registry, draft: Draft, ended: Erasure) -> Certificate:
    """The certificate of an erasure that has ended."""
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


def proved_again(made: Certificate, ended: Erasure, at: str) -> Certificate:
    """A certificate after its proof was made once more.

    Args:
        made: as it was.
        ended: what was found now; what was found before the destruction is what it was.
        at: time of the proof, UTC, ISO 8601.
    """
    return papers.reissued(
        made,
        searched=[
            papers.Searched(store, len(found.hits), len(ended.after[store].hits))
            for store, found in ended.before.items()
        ],
        after=papers.Head(ended.head_after.seq, ended.head_after.digest),
        witnesses=ended.witnesses,
        left=len(ended.left),
        remarks=tr("The proof was made again on {moment}.").format(moment=moment(at)),
    )


def issued(registry: Registry, name: str) -> tuple[Id, Certificate]:
    """A certificate that was issued, and its id.

    Raises:
        NotFound: ``no_such_certificate``.
        UsageFault: ``id_not_unique``.
        IntegrityFault: it is damaged.
    """
    row = registry.register.matter_named(name, "certificate")
    if row is None or row["state"] != "issued":
        raise NotFound("no_such_certificate", id=name)
    identifier = str(row["id"])
    with registry.vault.open(identifier, CERTIFICATE) as file:
        return identifier, papers.read(file.read())


def _until(at: str, days: int) -> str:
    return town_day((datetime.fromisoformat(at) + timedelta(days=days)).isoformat()).isoformat()


def paper_of(registry: Registry, made: Certificate) -> bytes:
    """A certificate for people, as PDF/A in the language of the archive."""
    from archiver.papers.destruction_sheet import as_paper
    from archiver.papers.typeset import pdf

    return pdf(as_paper(made, registry.config.ui.language))

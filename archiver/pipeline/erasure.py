"""Erasure: a document, or the past of one, is taken out of every place, and that is proved.

Promises the order *ledger line, vault, everything made from it*, that every step can be made
again, and that an erasure which broke off is known at the next start (`unfinished`) and brought
to its end (`finish`). The proof looks for odd words of the documents in every store, before and
after: only what was found before says something by not being found after. The words stand in one
file of the stage while the erasure lasts, never in the ledger nor in a log.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from archiver.config import Config
from archiver.errors import Fault
from archiver.inbox.settling import TEMPORARY_PREFIX
from archiver.pipeline import present, traces
from archiver.pipeline.bystanders import said_by_others
from archiver.pipeline.erasureplan import (
    Head,
    Kind,
    Parts,
    Plan,
    Progress,
    journal_of,
    own_of,
    planned,
    renumbered,
    row_of,
    stores_of,
    unproved_of,
)
from archiver.pipeline.healing import Healing
from archiver.pipeline.present import PURGED
from archiver.pipeline.recheck import Recheck
from archiver.pipeline.traces import Finding
from archiver.records import DocumentState, Event, Id, check_transition
from archiver.store import durable, ocfl

DESTROYED = "destroyed"
_CHUNK = 500  # ledger lines of one append

# There is one journal, so there is one erasure at a time. Taken before the register, never within.
ALONE = threading.RLock()


class Erasure(msgspec.Struct, frozen=True):
    """How an erasure ended; values for the proof, no word of a document among them.

    Attributes:
        kind: ``erased``, or ``purged`` where only what the documents once were is gone.
        documents: concerned.
        weak: documents of which no word was found before (``witness_weak``): for them only the
            files were looked for.
        witnesses: how many words were looked for.
        before, after: what was found in each store.
        left: files that bear a document's id and should be gone, below the archive's places.
        head_before, head_after: of the ledger.
    """

    kind: Kind
    documents: tuple[Id, ...]
    weak: tuple[Id, ...]
    witnesses: int
    before: dict[str, Finding]
    after: dict[str, Finding]
    left: tuple[str, ...]
    head_before: Head
    head_after: Head

    @property
    def is_proved(self) -> bool:
        """Whether words were there before, and nothing is there now."""
        return any(finding.hits for finding in self.before.values()) and self.is_complete

    @property
    def is_complete(self) -> bool:
        """Whether nothing is there now; where no word was known, only files were looked for."""
        return not self.left and not any(finding.hits for finding in self.after.values())


class Ending(Protocol):
    """What ends with an erasure that has a certificate; each call may be made again."""

    def others(self, certificate: Id) -> tuple[Id, ...]:
        """Objects beside the documents in which their words may stand."""
        ...

    def beside(self, certificate: Id, actor: str) -> None:
        """Let everything go that goes with the documents."""
        ...

    def sign(self, certificate: Id, ended: Erasure, actor: str) -> None:
        """Write down how it ended."""
        ...


def erase(
    parts: Parts,
    documents: Sequence[Id],
    actor: str,
    because: Mapping[str, Any],
    now: Callable[[], str],
    *,
    exports: Sequence[str] = (),
    whole_vault: bool = False,
    progress: Progress = lambda _done, _total: None,
    ending: Ending | None = None,
    ask: Callable[[], None] = lambda: None,
) -> Erasure:
    """Destroy documents in every place and prove it; rights and holds are the caller's to ask.

    Args:
        parts: of the archive.
        documents: ids; those that are destroyed already are cleared away once more.
        actor: pseudonym of the person.
        because: codes and ids for the ledger lines, e.g. the batch.
        now: gives the time, UTC, ISO 8601.
        exports: names below the exports that hold copies and go as well.
        whole_vault: read every object for the proof, not only those of the documents.
        progress: is told steps done and steps in all, then those of the index.
        ending: what ends with it, where `because` names a ``certificate``.
        ask: refuses at the last moment what may not be destroyed; nothing was done then.

    Raises:
        NotFound: ``no_such_document``; nothing was done.
        Refusal: ``wrong_state``; nothing was done.
        SystemFault: disk full, storage failed; `finish` goes on.
    """
    with ALONE:
        finish(parts, now, progress, ending=ending)
        _bring_back(parts, documents, now)
        for document in documents:
            state = row_of(parts, document)["state"]
            if state != DocumentState.DESTROYED:
                check_transition(DocumentState(state), DocumentState.DESTROYED, document)
        others = ending.others(str(because["certificate"])) if ending else ()
        plan = planned(parts, "erased", documents, actor, because, exports, whole_vault, others)
        with parts.register.exclusive():
            _ask(parts, ask)
            _say_destroyed(parts, plan, now)
        return _done(parts, plan, now, progress, ending)


def purge(
    parts: Parts,
    document: Id,
    actor: str,
    because: Mapping[str, Any],
    now: Callable[[], str],
    *,
    reason: str = "",
    others: Sequence[Id] = (),
    whole_vault: bool = False,
    progress: Progress = lambda _done, _total: None,
    ask: Callable[[], None] = lambda: None,
) -> Erasure:
    """Take everything away that a document once was and no longer is; see `erase`.

    Its object becomes a new one of one version, whose record no longer says what was replaced; its
    receipts stay, for they say what came. An example that it gave is given again as it is now.

    Args:
        parts: of the archive.
        document: its id.
        actor: pseudonym of the person.
        because: codes and ids for the ledger line.
        now: gives the time, UTC, ISO 8601.
        reason: the person's words, kept in the object.
        others: objects in which its past may stand as well; they are looked through, not changed.
        whole_vault: read every object for the proof.
        progress: see `erase`.
        ask: refuses at the last moment what may not be purged; nothing was done then.
    """
    with ALONE:
        finish(parts, now, progress)
        row_of(parts, document)
        own = (document,)
        _bring_back(parts, own, now)
        plan = planned(parts, "purged", own, actor, because, (), whole_vault, others, reason)
        with parts.register.exclusive():
            _ask(parts, ask)
            _renew(parts, document, plan, now)
        return _done(parts, plan, now, progress)


def _bring_back(parts: Parts, documents: Sequence[Id], now: Callable[[], str]) -> None:
    """Bring kept drops back to which more was written: the archive lacks what they hold.

    They are papers of their own; what was made of their first state then waits for a person.
    """
    came = {str(row["id"]) for one in documents for row in parts.register.accessions(one)}
    healing = Healing(parts.stores)
    Recheck(parts.config, parts.register, healing, now).compare(came)


def _ask(parts: Parts, ask: Callable[[], None]) -> None:
    """Ask for the last time; an erasure that is refused is called off."""
    try:
        ask()
    except Fault:
        _forget(parts)
        raise


def unfinished(config: Config) -> bool:
    """Whether an erasure broke off."""
    return journal_of(config).exists()


def finish(
    parts: Parts,
    now: Callable[[], str],
    progress: Progress = lambda _done, _total: None,
    *,
    ending: Ending | None = None,
) -> Erasure | None:
    """Bring an erasure to its end that broke off.

    To be called at the start, after the vault and the register were recovered. One that broke off
    before its first step was true is called off: nobody was told that it had begun.

    Returns:
        how it ended, None where there is none.

    Raises:
        SystemFault: as `erase`.
    """
    file = journal_of(parts.config)
    with ALONE:
        if not file.exists():
            return None
        plan = msgspec.json.decode(file.read_bytes(), type=Plan)
        if not _has_begun(parts, plan):
            _forget(parts)
            return None
        return _done(parts, plan, now, progress, ending)


def _has_begun(parts: Parts, plan: Plan) -> bool:
    rows = [row_of(parts, document) for document in plan.documents]
    if plan.kind == "erased":
        return any(row["state"] == DocumentState.DESTROYED for row in rows)
    return any(parts.vault.inventory(str(row["id"])).latest == 1 for row in rows)


def _forget(parts: Parts) -> None:
    journal_of(parts.config).unlink(missing_ok=True)
    durable.sync_folder(parts.config.places.stage)


def _done(
    parts: Parts,
    plan: Plan,
    now: Callable[[], str],
    progress: Progress,
    ending: Ending | None = None,
) -> Erasure:
    """Make every step that is not made yet, and prove."""
    certificate = plan.because.get("certificate")
    if plan.kind == "erased":
        _destroy(parts, plan, now, progress)
    else:
        for document in plan.documents:
            _renew(parts, document, plan, now)
    if ending is not None and certificate:
        ending.beside(certificate, plan.actor)
    ended = _proved(parts, plan, progress)
    if ending is not None and certificate:
        if plan.words and not ended.is_proved:
            # Before the certificate says so: it must be possible to prove it again.
            _keep(parts, plan, certificate)
        ending.sign(certificate, ended, plan.actor)
    _forget(parts)
    return ended


def prove_again(
    parts: Parts, certificate: Id, *, whole_vault: bool = False, progress: Progress
) -> Erasure | None:
    """Clear away what is left of an erasure whose proof has failed, and look once more.

    Args:
        parts: of the archive.
        certificate: that says it is not complete.
        whole_vault: read every object.
        progress: is told steps of the index.

    Returns:
        how it ended now; None where nothing is kept by which it could be proved.

    Raises:
        SystemFault: as `erase`.
    """
    kept = unproved_of(parts.config, certificate)
    with ALONE:
        if not kept.exists():
            return None
        plan = msgspec.json.decode(kept.read_bytes(), type=Plan)
        plan = msgspec.structs.replace(plan, whole_vault=plan.whole_vault or whole_vault)
        return _proved(parts, plan, progress)


def drop_unproved(config: Config, certificate: Id) -> None:
    """Let the words of an erasure go that is proved now."""
    with durable.storage_faults(config.places.stage):
        unproved_of(config, certificate).unlink(missing_ok=True)
        durable.sync_folder(config.places.stage)


def _keep(parts: Parts, plan: Plan, certificate: Id) -> None:
    stage = parts.config.places.stage
    with durable.storage_faults(stage):
        durable.replace(unproved_of(parts.config, certificate), msgspec.json.encode(plan), stage)


def _proved(parts: Parts, plan: Plan, progress: Progress) -> Erasure:
    """Clear away what was made of the documents, and look for their words in every place.

    What others have come to say since the words were chosen is no longer a witness.
    """
    _clear(parts, plan, progress)
    places = (*plan.documents, *plan.others)
    found = traces.find(plan.words, stores_of(parts, places, plan.whole_vault))
    own = own_of(parts, places, plan.exports, plan.whole_vault)
    said = said_by_others(parts.config, parts.register, plan.words, own, found)
    good = [number for number in range(len(plan.words)) if number not in said]
    return Erasure(
        plan.kind,
        plan.documents,
        plan.weak,
        len(good),
        {name: renumbered(finding, good) for name, finding in plan.before.items()},
        {name: renumbered(finding, good) for name, finding in found.items()},
        tuple(_left(parts, plan)) if plan.kind == "erased" else (),
        plan.head,
        Head(*parts.register.head()),
    )


def _destroy(parts: Parts, plan: Plan, now: Callable[[], str], progress: Progress) -> None:
    """The ledger says it of all documents; then the objects go."""
    _say_destroyed(parts, plan, now)
    for number, document in enumerate(plan.documents, start=1):
        if parts.vault.exists(document):
            parts.vault.destroy(document)
        progress(number, len(plan.documents))


def _say_destroyed(parts: Parts, plan: Plan, now: Callable[[], str]) -> None:
    """Write the ledger lines, some at once; no other writer comes in between.

    A hold that is placed has come before all of them or after.
    """
    with parts.register.exclusive():
        for start in range(0, len(plan.documents), _CHUNK):
            some = plan.documents[start : start + _CHUNK]
            alive = [d for d in some if row_of(parts, d)["state"] != DocumentState.DESTROYED]
            at = now()
            lines = [Event(DESTROYED, at, plan.actor, d, plan.because) for d in alive]
            if lines:
                parts.register.record(*lines)


def _renew(parts: Parts, document: Id, plan: Plan, now: Callable[[], str]) -> None:
    """The object loses its past; then the ledger says so. Repeated, it says it once."""
    with parts.stores.commit(plan.actor, now()) as change:
        change.alone()
        latest, known = parts.vault.inventory(document).latest, row_of(parts, document)["version"]
        # Else a crash came between the new object and its line.
        if latest >= known:
            latest = present.say_no_more(change, parts, document, int(known), plan)
        if latest > 1 or known != 1:
            change.renew(document, PURGED)
            change.line(PURGED, document, {**plan.because, "version": 1})


def _clear(parts: Parts, plan: Plan, progress: Progress) -> None:
    """Take everything away that was made from the documents, once for all of them."""
    places = parts.config.places
    with durable.storage_faults(places.stage):
        for document in plan.documents:
            durable.remove_tree(places.stage / "pages" / document)
        for path in _drops(parts, plan):
            path.unlink(missing_ok=True)
        durable.sync_folder(places.released)
        for name in plan.exports:
            durable.remove_tree(places.exports / name)
        durable.sync_folder(places.exports)
    parts.school.forget(plan.documents)
    if plan.kind == "purged":
        for document in plan.documents:
            present.teach_again(parts, document)
    parts.reindex(progress)
    if parts.office is not None:
        parts.office.publish()
    else:
        _publish(parts)
    # Last: whatever else was written to the catalogue meanwhile is in it.
    parts.register.scrub()


def _publish(parts: Parts) -> None:
    """Write the clerks' notices and receipts anew, as a daemon does."""
    from archiver.clock import now
    from archiver.pipeline.health import Health
    from archiver.pipeline.projector import Projector

    index = parts.current_index()
    Projector(parts.config, parts.register, parts.holdings, index, Health(now)).publish()


def _drops(parts: Parts, plan: Plan) -> Iterator[Path]:
    """Drops of the documents that are kept until a back-up has seen them."""
    ids = {str(row["id"]) for d in plan.documents for row in parts.register.accessions(d)}
    for path in sorted(parts.config.places.released.iterdir()):
        # A copy from another file system has its name only at the end.
        start = path.name.removeprefix(os.fsdecode(TEMPORARY_PREFIX))[:26]
        if start in ids:
            yield path


def _left(parts: Parts, plan: Plan) -> Iterator[str]:
    """What bears the name of a document or of one of its files, and should be gone."""
    for document in plan.documents:
        if parts.vault.exists(document):
            yield f"vault/{ocfl.object_place(document)}"
        if (parts.config.places.stage / "pages" / document).exists():
            yield f"stage/pages/{document}"
    gone = set(plan.documents)
    for path in sorted(parts.config.places.stage.iterdir()):
        if path.name.split(".")[0] in gone:
            yield f"stage/{path.name}"
    yield from (f"released/{path.name[:26]}" for path in _drops(parts, plan))

"""The present of a document whose past is taken away: what it says from then on.

Promises that each call may be made again without harm.
"""

from __future__ import annotations

from archiver.pipeline.decisions import CLASS
from archiver.pipeline.erasureplan import Parts, Plan, row_of
from archiver.pipeline.remainder import remainder
from archiver.records import UNCLASSIFIED, Id
from archiver.store import objects
from archiver.store.commit import Change
from archiver.store.objects import Note

PURGED = "purged"


def say_no_more(change: Change, parts: Parts, document: Id, known: int, plan: Plan) -> int:
    """Leave a newest version whose record no longer says what was replaced.

    Args:
        change: that takes its past away.
        parts: of the archive.
        document: its id.
        known: newest version that the ledger names.
        plan: of the purge.

    Returns:
        the number of the version.

    Raises:
        SystemFault: disk full, storage failed.
    """
    before = parts.holdings.record(document, known)
    note = Note(change.at, plan.actor, PURGED, plan.reason) if plan.reason else None
    # Repeated, it is said once.
    same = (one for one in before.notes if (one.event, one.text) == (PURGED, plan.reason))
    record = objects.encode(remainder(before, next(same, note)))
    return change.version(document, {objects.RECORD: record}, PURGED)


def teach_again(parts: Parts, document: Id) -> None:
    """Give an example again that a person's decision gave, as the document is now."""
    decisions = parts.holdings.record(document).decisions
    said = [one.values[CLASS] for one in decisions if CLASS in one.values]
    if said and said[-1] != UNCLASSIFIED:
        corrected = said[-1] != row_of(parts, document)["proposed"]
        parts.teach(document, said[-1], corrected=corrected)

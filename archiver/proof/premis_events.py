"""The ledger's kinds of events in the words of PREMIS, so that other archives understand them.

Promises a type for every kind: a term of the vocabulary of the Library of Congress with its
address, or the kind itself as a local term without one, where no term fits. PREMIS knows nothing
of offers, holds and samples, and a term that fits by half would say something untrue.
Source: http://id.loc.gov/vocabulary/preservation/eventType (as of 2018-09-24).
"""

from __future__ import annotations

from typing import NamedTuple

VOCABULARY = "http://id.loc.gov/vocabulary/preservation/eventType/"


class EventType(NamedTuple):
    """A type of event: its label, and its address; empty for a local term."""

    label: str
    uri: str


TERMS: dict[str, str] = {
    "acc": "accession",
    "app": "appraisal",
    "dea": "deaccession",
    "del": "deletion",
    "dis": "dissemination",
    "dsg": "digital signature generation",
    "ing": "ingestion",
    "ipc": "information package creation",
    "ipm": "information package merging",
    "ips": "information package splitting",
    "mee": "metadata extraction",
    "mem": "metadata modification",
    "mod": "modification",
    "poa": "policy assignment",
    "qua": "quarantine",
    "tra": "transfer",
    "unq": "unquarantine",
}

# Kind of ledger line -> code of a term, None for a local term.
KINDS: dict[str, str | None] = {
    # A document's way
    "received": "ing",
    "duplicate": "mem",  # a receipt is added to the object that is there already
    "separated": "ips",
    "recognised": "mee",
    "classified": "mem",
    "filed": "acc",
    "reviewed": None,
    "quarantined": "qua",
    "retried": "unq",
    "dismissed": "dea",
    "withdrawn": "dea",
    "confirmed": "mem",
    "corrected": "mem",
    "ordered": "mod",
    "replaced": "mod",
    "divided": "ips",
    "offered": None,
    "declined": "app",
    "handover_undone": "app",
    "handed_over": "tra",
    "destroyed": "del",
    "purged": "del",
    "healed": None,
    "read": None,
    # Rules and dossiers
    "plan_adopted": "poa",
    "plan_revised": "poa",
    "rule_confirmed": "poa",
    "dossier_opened": None,
    "dossier_changed": "mem",
    "dossier_told": "mem",
    "dossier_closed": None,
    "dossier_reopened": None,
    "dossier_merged": "ipm",
    "dossier_disposed": "dea",
    # Holds
    "hold_placed": "poa",
    "hold_reviewed": None,
    "hold_lifted": "poa",
    # Disposition
    "batch_proposed": None,
    "batch_approved": None,
    "batch_offered": None,
    "batch_answered": None,
    "batch_appraised": "app",
    "batch_exported": "ipc",
    "batch_confirmed": "tra",
    "batch_reduced": None,
    "batch_cancelled": None,
    "batch_destroying": None,
    "batch_done": None,
    "certificate_issued": None,
    "certificate_proved": None,
    # Replacement scanning
    "sample_drawn": None,
    "sample_checked": None,
    "sample_passed": None,
    "sample_failed": None,
    # Outward
    "disclosed": "dis",
    "sealed": "dsg",
}


def event_type(kind: str) -> EventType:
    """The type of a kind of ledger line; one that is not known is a local term."""
    code = KINDS.get(kind)
    return EventType(TERMS[code], VOCABULARY + code) if code else EventType(kind, "")

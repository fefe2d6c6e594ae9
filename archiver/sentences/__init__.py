"""What people are told, by reason code: what happened, and what to do next.

Promises one row for every code that is raised anywhere (a test compares), in English, the source
language; German stands in the catalogue beside it. Each part of the product has a table of its
own, and no code stands in two of them.
"""

from __future__ import annotations

from archiver.sentences import (
    arrivals,
    backups,
    disclosure,
    disposition,
    keeping,
    monitoring,
    proof,
    refusals,
    stacks,
    system,
    upkeep,
)
from archiver.sentences.phrase import Phrase
from archiver.sentences.reckoning import STEPS

__all__ = ["REASONS", "STEPS", "Phrase"]

_TABLES = (
    arrivals.REASONS,
    stacks.REASONS,
    refusals.REASONS,
    system.REASONS,
    upkeep.REASONS,
    backups.REASONS,
    keeping.REASONS,
    monitoring.REASONS,
    disposition.REASONS,
    disclosure.REASONS,
    proof.REASONS,
)
REASONS: dict[str, Phrase] = {code: row for table in _TABLES for code, row in table.items()}
assert len(REASONS) == sum(map(len, _TABLES))

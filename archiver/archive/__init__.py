"""The façade: every use case of the archive is a method of `Archive`; also the Python API.

Promises that rights are asked first and in one place, that answers are plain values ready for
JSON, and that a search opens nothing but the index.
"""

from __future__ import annotations

from archiver.archive.disclosures import Disclosing
from archiver.archive.disposal import Disposing
from archiver.archive.documents import File, Finding
from archiver.archive.dossiers import Dossiers
from archiver.archive.examples import Teaching
from archiver.archive.holds import Holds
from archiver.archive.intake import Bringing
from archiver.archive.ledger import Proving
from archiver.archive.periods import Periods
from archiver.archive.quality import Quality
from archiver.archive.upkeep import Upkeep
from archiver.archive.versions import Purging
from archiver.archive.visit import Json, Progress, silent

__all__ = ["Archive", "File", "Json", "Progress", "silent"]


class Archive(
    Quality,
    Disclosing,
    Disposing,
    Dossiers,
    Periods,
    Holds,
    Proving,
    Purging,
    Finding,
    Bringing,
    Teaching,
    Upkeep,
):
    """One archive as one person sees it; see `archiver.archive.visit.Visit`."""

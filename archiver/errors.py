"""Faults and exit codes: what can go wrong, and whom it concerns.

Promises that every error a person may meet carries a *reason code* with parameters instead of a
sentence; the sentence is made in one place, `archiver.phrases`. The class says who is concerned:
one document (`DocumentFault`), the whole system (`SystemFault`), a rule (`Refusal`) or the
caller's own words (`UsageFault`).
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line; the numbers are part of the interface."""

    OK = 0
    BUG = 1
    USAGE = 2
    FINDINGS = 3
    CONFIG = 10
    ENGINE_MISSING = 11
    LOCKED = 12
    NOT_FOUND = 13
    REFUSED = 14
    INTEGRITY = 15
    OUTPUT_EXISTS = 16
    INTERRUPTED = 130


class Fault(Exception):
    """Base of all foreseen errors.

    Args:
        reason: code that `archiver.phrases` knows, e.g. ``"encrypted"``.
        params: values for the sentence; never put text of a document here.
    """

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, reason: str, **params: str | int | float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params

    def __str__(self) -> str:
        if not self.params:
            return self.reason
        return self.reason + " " + " ".join(f"{key}={value}" for key, value in self.params.items())


class DocumentFault(Fault):
    """One document cannot be worked on as it is; it goes to quarantine, the others go on."""

    exit_code = ExitCode.FINDINGS


class ReviewNeeded(DocumentFault):
    """The document is sound, but a person must look at it; it goes to review."""


class SystemFault(Fault):
    """The machine lacks something (space, engine, database); no document is to blame."""

    exit_code = ExitCode.BUG

    def __init__(
        self, reason: str, *, exit_code: ExitCode | None = None, **params: str | int | float
    ) -> None:
        super().__init__(reason, **params)
        if exit_code is not None:
            self.exit_code = exit_code


class Refusal(Fault):
    """A right, a hold or a state forbids the step."""

    exit_code = ExitCode.REFUSED


class NotFound(Fault):
    """No document, accession or file is known by that name."""

    exit_code = ExitCode.NOT_FOUND


class UsageFault(Fault):
    """The caller's words cannot be taken as they are (a query, a date, an option)."""

    exit_code = ExitCode.USAGE


class IntegrityFault(Fault):
    """Stored bytes or the ledger's chain are not what they were when they were written."""

    exit_code = ExitCode.INTEGRITY

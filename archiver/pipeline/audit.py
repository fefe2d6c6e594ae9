"""The audit: everything is read again and compared with what it was when it was written.

Promises to change nothing and to name every difference with the document's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from archiver import phrases
from archiver.records import MATTERS_GONE, DocumentState
from archiver.store.ledger import Ledger
from archiver.store.register import Register
from archiver.store.vault import Vault

Found = dict[str, Any]


def audit(
    vault: Vault, ledger: Ledger, register: Register, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Check every object's fixity, the ledger's chain, and that vault and catalogue agree.

    Returns:
        ``objects``, ``lines``, ``problems`` (each with ``id``, ``code``, ``path``, ``message``).
    """
    problems = list(_ledger_problems(ledger, register))
    expected = {*register.documents(), *register.matter_ids()}
    stored = set(vault.ids())
    for done, identifier in enumerate(sorted(stored), start=1):
        problems += [_found(p.id or identifier, p.code, p.path) for p in vault.verify(identifier)]
        progress(done, len(stored))
    # Asked again one by one: documents come and go while this reads for hours.
    for identifier in sorted(expected - stored):
        if not _is_gone(register, identifier) and not vault.exists(identifier):
            problems.append(_found(identifier, "no_object", ""))
    for identifier in sorted(stored - expected):
        if vault.exists(identifier) and not register.knows(identifier):
            problems.append(_found(identifier, "unknown_object", ""))
    return {"objects": len(stored), "lines": ledger.head()[0], "problems": problems}


def _is_gone(register: Register, identifier: str) -> bool:
    """Whether only a tombstone is expected of a document or matter."""
    matter = register.matter(identifier)
    if matter is not None:
        return matter["state"] in MATTERS_GONE
    row = register.document(identifier)
    return row is None or row["state"] == DocumentState.DESTROYED


def _ledger_problems(ledger: Ledger, register: Register) -> Iterator[Found]:
    for problem in ledger.verify(expected_head=register.head()):
        yield _found(None, f"ledger_{problem.code}", f"{problem.file}:{problem.seq}")


def _found(identifier: str | None, code: str, path: str) -> Found:
    message = phrases.sentence(f"audit_{code}", {"path": path, "id": identifier or ""})
    return {"id": identifier, "code": code, "path": path, "message": message}

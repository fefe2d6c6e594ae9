"""The audit: everything is read again and compared with what it was when it was written.

Promises to change nothing and to name every difference with the document's id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from archiver import phrases
from archiver.config import Config
from archiver.errors import IntegrityFault, NotFound
from archiver.pipeline.sealaudit import Trouble, check_seals
from archiver.records import MATTERS_GONE, DocumentState
from archiver.store.ledger import Ledger
from archiver.store.register import Register
from archiver.store.vault import Vault

Found = dict[str, Any]

_BESIDE = 3  # the ledger's chain, its seals, certificates


def audit(
    config: Config,
    vault: Vault,
    ledger: Ledger,
    register: Register,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Check every object's fixity, the ledger's chain and seals, and that all of them agree.

    Args:
        config: of the archive.
        vault: of the archive.
        ledger: of the archive.
        register: of the archive.
        progress: is told steps done and in all: each object is one; the ledger's
            chain, its seals and the certificates are one each.

    Returns:
        ``objects``, ``lines``, ``seals``, ``problems`` (each with ``id``, ``code``, ``path``,
        ``message``).
    """
    stored = set(vault.ids())
    total = len(stored) + _BESIDE
    problems = list(_ledger_problems(ledger, register))
    progress(1, total)
    sealed = check_seals(config, ledger, register)
    problems += [_told(trouble) for trouble in sealed.troubles]
    progress(2, total)
    problems += _certificate_problems(vault, register)
    progress(_BESIDE, total)
    expected = {*register.documents(), *register.matter_ids()}
    for done, identifier in enumerate(sorted(stored), start=_BESIDE + 1):
        problems += [_found(p.id or identifier, p.code, p.path) for p in vault.verify(identifier)]
        progress(done, total)
    # Asked again one by one: documents come and go while this reads for hours.
    for identifier in sorted(expected - stored):
        if not _is_gone(register, identifier) and not vault.exists(identifier):
            problems.append(_found(identifier, "no_object", ""))
    for identifier in sorted(stored - expected):
        if vault.exists(identifier) and not register.knows(identifier):
            problems.append(_found(identifier, "unknown_object", ""))
    return {
        "objects": len(stored),
        "lines": ledger.head()[0],
        "seals": sealed.seals,
        "problems": problems,
    }


def _certificate_problems(vault: Vault, register: Register) -> Iterator[Found]:
    """Certificates of destruction that are not those that the ledger has the digests of.

    An object that was exchanged as a whole is sound in itself; only the ledger tells.
    """
    for line in register.lines_of("certificate_issued"):
        identifier, data = str(line["id"]), line["data"]
        for key in ("json", "pdf"):
            name = f"certificate.{key}"
            # What cannot be opened is named by the fixity of its object, or as missing.
            with suppress(NotFound, IntegrityFault, FileNotFoundError):
                with vault.path(identifier, name).open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                if digest != data.get(key):
                    yield _found(identifier, "certificate_differs", name)


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


def _told(trouble: Trouble) -> Found:
    return {"id": None, "code": trouble.code, "path": trouble.path, "message": trouble.message}

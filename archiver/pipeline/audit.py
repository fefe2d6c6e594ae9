"""The audit: everything is read again and compared with what it was when it was written.

Promises to change nothing, to name every difference with the document's id, and to end soon after
whoever watches it has gone: `progress` may raise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from archiver.config import Config
from archiver.pipeline.objectcheck import LEDGER_LACKS, VAULT_LACKS, Found, ObjectCheck, found
from archiver.pipeline.sealaudit import Trouble, check_seals
from archiver.pipeline.sealer import seal_folders
from archiver.proof.heads import stored_seals
from archiver.store.ledger import Ledger
from archiver.store.register import Register
from archiver.store.vault import Vault

_BESIDE = 3  # the ledger's chain, its seals, and what in the vault belongs to nothing


def audit(
    config: Config,
    vault: Vault,
    ledger: Ledger,
    register: Register,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Check every object that the ledger tells of, the ledger's chain and seals, and the vault.

    Args:
        config: of the archive.
        vault: of the archive.
        ledger: of the archive.
        register: of the archive.
        progress: is told steps done and in all: each object is one; the ledger's
            chain, its seals and what is strange in the vault are one each.

    Returns:
        ``objects``, ``lines``, ``seals``, ``problems`` (each with ``id``, ``code``, ``path``,
        ``message``), and ``lacks``: ``objects`` and ``versions`` that the ``vault`` lacks of what
        the ledger tells, and the other way round.
    """
    check = ObjectCheck(vault, register)
    expected = check.expected()
    total = len(expected) + _BESIDE
    problems = beside_objects(config, ledger, register)
    progress(2, total)
    problems += check.of_strangers()
    progress(_BESIDE, total)
    for done, identifier in enumerate(expected, start=_BESIDE + 1):
        problems += check.of_object(identifier)
        progress(done, total)
    return {
        "objects": len(expected),
        "lines": ledger.head()[0],
        "seals": len(stored_seals(seal_folders(config).heads)),
        "problems": problems,
        "lacks": lacks(problems),
    }


def beside_objects(config: Config, ledger: Ledger, register: Register) -> list[Found]:
    """What is wrong with the ledger's chain, and with its seals."""
    chain = ledger.verify(expected_head=register.head())
    problems = [found(None, f"ledger_{one.code}", f"{one.file}:{one.seq}") for one in chain]
    return problems + [_told(one) for one in check_seals(config, ledger, register).troubles]


def lacks(problems: Collection[Found]) -> dict[str, dict[str, int]]:
    """What one side tells of and the other has not, in numbers, for vault and ledger."""

    def counted(kinds: Mapping[str, str]) -> dict[str, int]:
        counts = Counter(kinds[one["code"]] for one in problems if one["code"] in kinds)
        return {kind: counts[kind] for kind in kinds.values()}

    return {"vault": counted(VAULT_LACKS), "ledger": counted(LEDGER_LACKS)}


def _told(trouble: Trouble) -> Found:
    return {"id": None, "code": trouble.code, "path": trouble.path, "message": trouble.message}

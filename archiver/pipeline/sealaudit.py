"""The check of seals: do seals, stamps and keys fit the ledger, and are all there that it tells of?

Promises to change nothing and to name each seal that is wrong with its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import msgspec

from archiver import phrases
from archiver.config import Config
from archiver.errors import Fault
from archiver.pipeline.sealer import seal_folders
from archiver.proof import seal as seals
from archiver.proof.heads import SEALED, STAMP_SUFFIX, Stored, stored_seals
from archiver.proof.verification import Problem
from archiver.store.asking import Row
from archiver.store.ledger import Ledger
from archiver.store.register import Register


class Trouble(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        code: reason code.
        path: of the file below the folder of the seals; empty where it is the ledger.
        message: for people.
    """

    code: str
    path: str
    message: str


class SealReport(msgspec.Struct, frozen=True):
    """What the check has shown.

    Attributes:
        seals, stamps: how many there are.
        newest: day of the newest seal; empty where there is none.
        keys: fingerprints of the public keys.
        troubles: empty where everything holds.
    """

    seals: int
    stamps: int
    newest: str
    keys: tuple[str, ...]
    troubles: tuple[Trouble, ...]


def check_seals(config: Config, ledger: Ledger, register: Register) -> SealReport:
    """Check all seals and stamps of an archive against its ledger.

    Args:
        config: of the archive; names the certificates for stamps.
        ledger: of the archive.
        register: of the archive.
    """
    from archiver.proof.keys import known_keys
    from archiver.proof.timestamp import read_roots
    from archiver.proof.verification import verify_heads

    folders = seal_folders(config)
    lines = register.lines_of(SEALED)
    stored = stored_seals(folders.heads)
    keys, roots, troubles = [], None, []
    try:
        keys = known_keys(folders.keys)
        roots = read_roots(config.timestamp_roots) if config.timestamp_roots else None
    except Fault as fault:
        troubles.append(_of_fault(fault))
    else:
        found = verify_heads(ledger.read(), folders.heads, keys, due(lines), roots)
        found = [problem for problem in found if not is_before(problem, lines)]
        found += untrue(found, stored, lines)
        troubles += [_of_problem(problem) for problem in found]
    stamps = sum((folders.heads / f"{one.day}{STAMP_SUFFIX}").is_file() for one in stored)
    newest = stored[-1].day if stored else ""
    names = tuple(map(seals.fingerprint, keys))
    return SealReport(len(stored), stamps, newest, names, tuple(troubles))


def due(lines: Sequence[Row]) -> str:
    """The first day that needs no seal: the one after the newest of which the ledger tells."""
    days = [str(line["data"]["day"]) for line in lines]
    if not days:
        return ""
    return (date.fromisoformat(max(days)) + timedelta(days=1)).isoformat()


def is_before(problem: Problem, lines: Sequence[Row]) -> bool:
    """Whether a day is missed that the first seal covers, which may be damaged itself."""
    first = min((str(line["data"]["day"]) for line in lines), default="")
    return problem.code == "seal_missing_day" and problem.day < first


def untrue(
    found: Iterable[Problem], stored: Sequence[Stored], lines: Sequence[Row]
) -> Iterator[Problem]:
    """Seals that are gone, or are not those of which the ledger tells.

    Args:
        found: what is known to be wrong; nothing is named twice.
        stored: all seals.
        lines: of the ledger about seals; the last one of a day counts.
    """
    named = {problem.day for problem in found}
    digests = {one.day: seals.digest(one.raw) for one in stored}
    told = {str(line["data"]["day"]): line for line in lines}
    for day, line in told.items():
        if day in named:
            continue
        if day not in digests:
            yield Problem("seal_missing_day", day, int(line["data"]["line"]))
        elif digests[day] != line["data"]["seal"]:
            yield Problem("seal_exchanged", day, int(line["seq"]))


def _of_problem(problem: Problem) -> Trouble:
    ending = STAMP_SUFFIX if problem.code.startswith("timestamp_") else ".json"
    path = f"heads/{problem.day}{ending}" if problem.day else ""
    params = {**problem.params, "day": phrases.date(problem.day)}
    return Trouble(problem.code, path, phrases.sentence(problem.code, params))


def _of_fault(fault: Fault) -> Trouble:
    path = str(fault.params.get("path", ""))
    return Trouble(fault.reason, path, phrases.sentence(fault.reason, fault.params))

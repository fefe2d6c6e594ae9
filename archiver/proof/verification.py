"""Whether seals and ledger prove each other: every difference, with the day it belongs to.

Promises to name a seal that is missing, cut out, forged, from another key or of another ledger,
each once, in one pass through the ledger, and to say nothing against days on which nothing
happened. That the chain itself holds is asked of the ledger; here a broken link only tells how far
seals prove anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from archiver.clock import town_day
from archiver.errors import IntegrityFault
from archiver.proof import seal as seals
from archiver.proof.heads import SEALED, STAMP_SUFFIX, Stored, stored_seals
from archiver.proof.seal import Seal
from archiver.store.chain import GENESIS
from archiver.store.ledger import Entry, Head

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Problem(msgspec.Struct, frozen=True):
    """One difference.

    Attributes:
        code: ``seal_unreadable``, ``seal_forged``, ``seal_key_unknown``, ``seal_link_broken``,
            ``seal_missing_day``, ``seal_not_in_ledger``, ``seal_chain_broken`` or one of the
            ``timestamp_…`` of `archiver.proof.stamp_process`, and ``timestamp_wrong_time``.
        day: of the seal, ISO; empty for the ledger's own.
        seq: number of the ledger's line, 0 where it is about none.
    """

    code: str
    day: str
    seq: int = 0

    @property
    def params(self) -> dict[str, str | int]:
        """Values for the sentence."""
        return {"day": self.day, "seq": self.seq, "host": "–"}


def verify_heads(
    entries: Iterable[Entry],
    folder: Path,
    keys: Iterable[Ed25519PublicKey],
    due: str,
    roots: bytes | None = None,
) -> list[Problem]:
    """Check all seals of a folder against a ledger.

    Args:
        entries: the whole ledger from its first line, e.g. ``ledger.read()``.
        folder: of the seals.
        keys: those that are known to be the archive's; from `archiver.proof.keys.known_keys` or,
            better, from where nobody at the archive can change them.
        due: the first day that need not be sealed yet, ISO.
        roots: PEM; where given, stamps are checked too (`archiver.proof.timestamp.read_roots`).

    Returns:
        Problems: of the files first, then in the order of the ledger, then of stamps.
    """
    stored = stored_seals(folder)
    by_name = seals.by_fingerprint(keys)
    problems = list(judge_files(stored, by_name))
    accused = {problem.day for problem in problems if problem.code != "seal_link_broken"}
    sound = [one for one in stored if one.day not in accused]
    genuine = [one.seal for one in sound if one.seal]
    problems += judge_places(entries, genuine, {one.day for one in stored}, due)
    if roots:
        problems += _judge_stamps(folder, sound, roots)
    return problems


def judge_files(
    stored: Sequence[Stored], keys: Mapping[str, Ed25519PublicKey]
) -> Iterator[Problem]:
    """What can be said about seals without the ledger.

    Args:
        stored: all, by day.
        keys: by fingerprint.
    """
    prev, is_sound = seals.NONE_BEFORE, True
    for one in stored:
        problem = _judge_file(one, keys)
        if problem:
            yield problem
        elif one.seal and one.seal.prev != prev and is_sound:
            yield Problem("seal_link_broken", one.day)
        # After a bad file a link says nothing new.
        prev, is_sound = seals.digest(one.raw), problem is None


def _judge_file(one: Stored, keys: Mapping[str, Ed25519PublicKey]) -> Problem | None:
    if one.seal is None:
        return Problem("seal_unreadable", one.day)
    key = keys.get(one.seal.public_key)
    if key is None:
        return Problem("seal_key_unknown", one.day)
    if one.seal.day != one.day or not seals.check(one.seal, key):
        return Problem("seal_forged", one.day)
    return None


def judge_places(
    entries: Iterable[Entry], genuine: Sequence[Seal], days: set[str], due: str
) -> Iterator[Problem]:
    """What only the ledger can say: seals that are not of it, and days without a seal.

    Args:
        entries: from the first line on.
        genuine: seals by day.
        days: on which there is a file, whatever it is worth.
        due: as in `verify_heads`.
    """
    waiting = sorted(genuine, key=lambda seal: seal.seq)
    covered = ""  # day of the newest seal passed
    missing: dict[str, int] = {}
    head, archive = GENESIS, ""
    for entry in _unbroken(entries):
        if isinstance(entry, Problem):
            yield entry
            continue
        archive = archive or entry.digest
        head = Head(entry.seq, entry.digest)
        day = town_day(entry.at).isoformat()
        if entry.event != SEALED and covered < day < due and day not in days:
            missing.setdefault(day, entry.seq)
        while waiting and waiting[0].seq <= entry.seq:
            seal = waiting.pop(0)
            if (seal.seq, seal.digest, seal.archive) != (*head, archive):
                yield Problem("seal_not_in_ledger", seal.day, seal.seq)
            # The first seal covers all that was before sealing began.
            held = [] if not covered else [d for d in missing if d < seal.day]
            yield from (Problem("seal_missing_day", d, missing[d]) for d in held)
            missing = {d: seq for d, seq in missing.items() if d > seal.day}
            covered = max(covered, seal.day)
    yield from (Problem("seal_not_in_ledger", seal.day, seal.seq) for seal in waiting)
    rest = [*missing.items()] if covered else [*missing.items()][-1:]
    yield from (Problem("seal_missing_day", day, seq) for day, seq in rest)


def _unbroken(entries: Iterable[Entry]) -> Iterator[Entry | Problem]:
    """The entries, and the first place where their chain does not hold."""
    head, is_whole = GENESIS, True
    try:
        for entry in entries:
            if is_whole and (entry.seq, entry.prev) != (head.seq + 1, head.digest):
                is_whole = False
                yield Problem("seal_chain_broken", "", entry.seq)
            head = Head(entry.seq, entry.digest)
            yield entry
    except IntegrityFault as fault:
        if is_whole:
            yield Problem("seal_chain_broken", "", int(fault.params.get("seq", 0)))


def _judge_stamps(folder: Path, sound: Sequence[Stored], roots: bytes) -> Iterator[Problem]:
    from archiver.proof import timestamp
    from archiver.proof.stamp_process import Token

    asked: list[tuple[Seal, Token]] = []
    for one in sound:
        path = folder / f"{one.day}{STAMP_SUFFIX}"
        if one.seal and path.is_file():
            with path.open("rb") as reader:
                raw = reader.read(timestamp.MAX_ANSWER)
            asked.append((one.seal, Token(raw, seals.digest(one.raw))))
    verdicts = timestamp.judge([token for _seal, token in asked], roots)
    for (seal, _token), verdict in zip(asked, verdicts, strict=True):
        if verdict.reason:
            yield Problem(verdict.reason, seal.day)
        elif (
            datetime.fromisoformat(verdict.at)
            < datetime.fromisoformat(seal.at) - timestamp.TOLERANCE
        ):
            # Nobody can have stamped a seal before it was made.
            yield Problem("timestamp_wrong_time", seal.day)

"""Seals in their folder: one for each day on which something happened, ``YYYY-MM-DD.json``.

Promises that a day's seal is written once, whole and durable, and never again; that a seal holds
the last line of its day, so that a clock that was set back leaves no line out; and that
`verify_heads` names every seal that is missing, forged, or not of this ledger. Sealing judges
nothing: it seals what is there, so a damaged seal of long ago does not stop it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from archiver.clock import town_day
from archiver.errors import NotFound, Refusal
from archiver.proof import seal as seals
from archiver.proof.seal import Seal, Sealing
from archiver.store import durable
from archiver.store.ledger import Entry, Ledger

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from archiver.proof.timestamp import Authority

# The line that tells of a seal calls for no seal of its own, else there would be one for ever.
SEALED = "sealed"
STAMP_SUFFIX = ".tsr"
_FILE = re.compile(r"(\d{4}-\d\d-\d\d)\.json")
_MAX_BYTES = 4096  # a seal has some 560


class Stored(msgspec.Struct, frozen=True):
    """One file of the folder.

    Attributes:
        day: by its name.
        raw: its bytes; empty where it cannot be read.
        seal: what it says, None where it is no seal.
    """

    day: str
    raw: bytes
    seal: Seal | None

    @property
    def file(self) -> str:
        """Its name."""
        return f"{self.day}.json"


def stored_seals(folder: Path) -> list[Stored]:
    """All seals, by day; none where there is no folder."""
    if not folder.is_dir():
        return []
    names = sorted(path.name for path in folder.iterdir() if _FILE.fullmatch(path.name))
    return [_stored(folder, name.removesuffix(".json")) for name in names]


def _stored(folder: Path, day: str) -> Stored:
    try:
        with (folder / f"{day}.json").open("rb") as reader:
            raw = reader.read(_MAX_BYTES)
    except OSError:
        raw = b""
    return Stored(day, raw, seals.parse(raw))


def day_ends(entries: Iterable[Entry], after_day: str, before_day: str) -> dict[str, Entry]:
    """The line that each day's seal has to hold.

    Args:
        entries: those that no seal covers yet, in order.
        after_day: day of the newest seal; empty where there is none.
        before_day: the first day that is not over.

    Returns:
        For each day between these two on which something happened, in order: the last line of it
        or of a day before, whichever is later. Lines of a day that is sealed already (the clock
        was set back) go with the next.
    """
    last: dict[str, Entry] = {}
    own: set[str] = set()
    for entry in entries:
        day = town_day(entry.at).isoformat()
        if day < before_day:
            last[day] = entry
            if day > after_day and entry.event != SEALED:
                own.add(day)
    ends: dict[str, Entry] = {}
    newest: Entry | None = None
    for day in sorted(last):
        if newest is None or last[day].seq > newest.seq:
            newest = last[day]
        if day in own:
            ends[day] = newest
    return ends


def seal_day(
    ledger: Ledger, folder: Path, key: Ed25519PrivateKey, day: str, now: str
) -> Seal | None:
    """Seal one day that is over.

    Args:
        ledger: of the archive.
        folder: of the seals; made where it is missing.
        key: see `archiver.proof.keys.found_key`.
        day: of the town, ISO.
        now: the time, UTC, ISO 8601.

    Returns:
        The day's seal, made now or earlier; None where nothing happened on that day.

    Raises:
        Refusal: ``seal_day_not_over``; ``seal_out_of_order``, a later day is sealed already.
        SystemFault: ``disk_full``, ``storage_failed``.
        IntegrityFault: ``ledger_broken``.
    """
    if day >= town_day(now).isoformat():
        raise Refusal("seal_day_not_over", day=day)
    known = stored_seals(folder)
    if any(one.day == day for one in known):
        return next(one.seal for one in known if one.day == day)
    if known and known[-1].day > day:
        raise Refusal("seal_out_of_order", day=day, newest=known[-1].day)
    following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    after = known[-1].day if known else ""
    entry = day_ends(_unsealed(ledger, known), after, following).get(day)
    return _write(ledger, folder, key, day, entry, now) if entry else None


def seal_finished_days(
    ledger: Ledger, folder: Path, key: Ed25519PrivateKey, now: str
) -> list[Seal]:
    """Seal every day that is over and lacks its seal.

    The first seal of all is for the newest of these days and covers what is before it.

    Returns:
        The new seals, oldest first.

    Raises:
        As `seal_day`.
    """
    known = stored_seals(folder)
    after = known[-1].day if known else ""
    ends = day_ends(_unsealed(ledger, known), after, town_day(now).isoformat())
    wanted = [*ends.items()] if known else [*ends.items()][-1:]
    return [_write(ledger, folder, key, day, entry, now) for day, entry in wanted]


def _unsealed(ledger: Ledger, known: Sequence[Stored]) -> Iterable[Entry]:
    newest = known[-1].seal if known else None
    return ledger.read(newest.seq if newest else 0)


def _write(
    ledger: Ledger, folder: Path, key: Ed25519PrivateKey, day: str, entry: Entry, now: str
) -> Seal:
    known = stored_seals(folder)
    first = next(iter(ledger.read()))
    prev = seals.digest(known[-1].raw) if known else seals.NONE_BEFORE
    made = seals.sealed(Sealing(first.digest, day, entry.seq, entry.digest, prev), key, now)
    with durable.storage_faults(folder):
        for place in (folder.parent, folder):
            place.mkdir(durable.FOLDER_MODE, exist_ok=True)
        durable.replace(folder / f"{day}.json", seals.encode(made), stage=folder)
    return made


def stamp_day(folder: Path, day: str, authority: Authority, nonce: int, now: str) -> Path:
    """Have a day's seal stamped by an authority, once.

    A day whose stamp failed is covered by the stamp of any later day, because seals are a chain.

    Args:
        folder: of the seals.
        day: whose seal is there.
        authority: whom to ask.
        nonce: see `archiver.proof.timestamp.request`.
        now: the time, UTC, ISO 8601.

    Returns:
        The file of the stamp, ``YYYY-MM-DD.tsr``.

    Raises:
        NotFound: ``seal_missing_day``.
        SystemFault: as `archiver.proof.timestamp.ask`, ``disk_full``, ``storage_failed``.
    """
    from archiver.proof import timestamp

    target = folder / f"{day}{STAMP_SUFFIX}"
    if not target.exists():
        raw = _stored(folder, day).raw
        if not raw:
            raise NotFound("seal_missing_day", day=day)
        imprint = bytes.fromhex(seals.digest(raw))
        answer = timestamp.ask(imprint, authority, nonce, now)
        with durable.storage_faults(folder):
            durable.replace(target, answer, stage=folder)
    return target


def days_without_stamp(folder: Path) -> list[str]:
    """Days whose seal has no stamp, oldest first; to stamp the newest is enough."""
    return [
        one.day
        for one in stored_seals(folder)
        if not (folder / f"{one.day}{STAMP_SUFFIX}").exists()
    ]

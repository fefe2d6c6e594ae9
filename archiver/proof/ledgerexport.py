"""The ledger to take away: lines, seals, keys, and all that others need to check them.

Promises the lines byte by byte as they are chained, a table of them in PREMIS's words, and a
folder or zip that appears whole or not at all and never over another one. What is exported holds
what the ledger holds: ids, codes and times, no names and no text.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from archiver.clock import town_day
from archiver.errors import IntegrityFault, NotFound, Refusal
from archiver.proof.heads import STAMP_SUFFIX, stored_seals
from archiver.proof.keys import PUBLIC_SUFFIX
from archiver.proof.leaflet import leaflet
from archiver.proof.premis_events import event_type
from archiver.store import durable
from archiver.store.chain import encode, line_digest

if TYPE_CHECKING:
    from archiver.store.ledger import Entry, Ledger

_CHECKER = Path(__file__).with_name("check_ledger.py")
_LINES, _TABLE, _SUMS = "ledger.jsonl", "events.csv", "SHA256SUMS"


class Span(msgspec.Struct, frozen=True):
    """Which lines; a limit that is None does not limit.

    Attributes:
        first_seq, last_seq: numbers of lines.
        first_day, last_day: of the town, ISO; from the first line of that day to the last one,
            with all between, because a gap cannot be proven.
    """

    first_seq: int | None = None
    last_seq: int | None = None
    first_day: str | None = None
    last_day: str | None = None


class Sources(msgspec.Struct, frozen=True):
    """Where things are.

    Attributes:
        heads: folder of the seals.
        keys: folder of the public keys; private ones in it are left alone.
        roots: certificates of the time-stamp authority, PEM, None without one.
    """

    heads: Path
    keys: Path
    roots: Path | None = None


class Exported(msgspec.Struct, frozen=True):
    """What was written: the folder or file, the numbers of its lines, how many seals."""

    path: Path
    first: int
    last: int
    seals: int


def limits(entries: Iterable[Entry], span: Span) -> tuple[int, int]:
    """The numbers of the first and the last line of a span; the last is 0 where it is empty."""
    first, last = 0, 0
    for entry in entries:
        day = town_day(entry.at).isoformat()
        is_from = entry.seq >= (span.first_seq or 1) and day >= (span.first_day or "")
        if not first and is_from:
            first = entry.seq
        is_to = (span.last_seq is None or entry.seq <= span.last_seq) and (
            span.last_day is None or day <= span.last_day
        )
        if first and is_to:
            last = entry.seq
    return first, last


def export_ledger(
    ledger: Ledger, sources: Sources, target: Path, now: str, span: Span | None = None
) -> Exported:
    """Write an export.

    Args:
        ledger: to export.
        sources: of the seals and keys.
        target: a new folder, or a new zip file where its name ends in ``.zip``.
        now: the time, UTC, ISO 8601.
        span: which lines; all of them by default.

    Raises:
        Refusal: ``output_exists``.
        NotFound: ``ledger_span_empty``.
        IntegrityFault: ``ledger_broken``.
        SystemFault: ``disk_full``, ``storage_failed``.
    """
    if target.exists():
        raise Refusal("output_exists", path=str(target))
    first, last = limits(ledger.read(), span or Span())
    if not last:
        raise NotFound("ledger_span_empty")
    part = target.with_name(f".{target.name}.part")
    with durable.storage_faults(target.parent):
        durable.remove_tree(part)
        try:
            folder = part / (target.stem if target.suffix == ".zip" else target.name)
            durable.make_folder(folder)
            seals = _fill(folder, ledger, sources, (first, last), now)
            finished = _zip(folder, part, now) if target.suffix == ".zip" else folder
            finished.rename(target)
            durable.sync_folder(target.parent)
        finally:
            durable.remove_tree(part)
    return Exported(target, first, last, seals)


def _fill(
    folder: Path, ledger: Ledger, sources: Sources, numbers: tuple[int, int], now: str
) -> int:
    """Write all files; how many seals there are among them."""
    first, last = numbers
    with (
        (folder / _LINES).open("xb") as lines,
        (folder / _TABLE).open("x", encoding="utf-8", newline="") as table,
    ):
        rows = _rows(table)
        for entry in ledger.read(first - 1):
            if entry.seq > last:
                break
            raw = encode(entry)
            if line_digest(raw) != entry.digest:
                # A line in another form than ours: what we would write were not what is chained.
                raise IntegrityFault("ledger_broken", file=_LINES, seq=entry.seq)
            lines.write(raw)
            kind = event_type(entry.event)
            rows.writerow([entry.seq, entry.at, entry.event, entry.id or "", *kind])
    seals = _copy_seals(folder / "heads", sources.heads, numbers)
    (folder / "keys").mkdir()
    for key in sorted(sources.keys.glob(f"*{PUBLIC_SUFFIX}")):
        durable.copy_file(key, folder / "keys" / key.name)
    if sources.roots and sources.roots.is_file():
        durable.copy_file(sources.roots, folder / "tsa.pem")
    durable.copy_file(_CHECKER, folder / _CHECKER.name)
    durable.write_file(folder / "README.txt", leaflet(first, last, now).encode())
    durable.write_file(folder / _SUMS, "".join(_sums(folder)).encode())
    return seals


def _rows(table: TextIO) -> csv._writer:  # type: ignore[name-defined]
    rows = csv.writer(table, delimiter=";", lineterminator="\r\n")
    rows.writerow(["seq", "at", "event", "id", "premis_type", "premis_uri"])
    return rows


def _copy_seals(target: Path, heads: Path, numbers: tuple[int, int]) -> int:
    """Copy the seals of these lines and of the line before them, which vouches for the first.

    One that cannot be read comes along: leaving it out would hide it.
    """
    first, last = numbers
    target.mkdir()
    count = 0
    for one in stored_seals(heads):
        if one.seal and not first - 1 <= one.seal.seq <= last:
            continue
        count += 1
        durable.copy_file(heads / one.file, target / one.file)
        stamp = heads / f"{one.day}{STAMP_SUFFIX}"
        if stamp.is_file():
            durable.copy_file(stamp, target / stamp.name)
    return count


def _sums(folder: Path) -> Iterator[str]:
    """Lines as ``sha256sum -c`` reads them."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as reader:
            digest = hashlib.file_digest(reader, "sha256").hexdigest()
        yield f"{digest}  {path.relative_to(folder)}\n"


def _zip(folder: Path, part: Path, now: str) -> Path:
    """Pack a folder; its files have the time of the export."""
    packed, when = part / "export.zip", datetime.fromisoformat(now).timetuple()[:6]
    with zipfile.ZipFile(packed, "x", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(str(path.relative_to(folder.parent)), when)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            with path.open("rb") as reader, archive.open(info, "w", force_zip64=True) as writer:
                shutil.copyfileobj(reader, writer)
    durable.sync_file(packed)
    return packed

"""The delivery: package, bag and what lies beside it, written whole or not at all.

Promises that the folder of a batch appears under its name only when everything in it has been read
again and found right; that a run which was killed goes on when it is asked again, and that what
stands there in the end is, byte for byte, what an undisturbed run would have written. While it is
written, the folder ends in ``.part`` and a journal lies beside.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from archiver.errors import IntegrityFault, Refusal
from archiver.retention.exchange import (
    bag,
    dialect,
    listing,
    markup,
    messages,
    package,
    premis,
    verification,
    zipformat,
)
from archiver.retention.exchange.batch import Delivery
from archiver.retention.exchange.package import Digests, Opener, Plan, Progress, quiet
from archiver.retention.exchange.zipformat import Entry
from archiver.store.durable import (
    FILE_MODE,
    make_folder,
    remove_tree,
    storage_faults,
    sync_folder,
    write_all,
)

# Part of the fingerprint: a batch that was begun by another way of writing is not gone on with.
_WAY = 1


def deliver(delivery: Delivery, folder: Path, opener: Opener, progress: Progress = quiet) -> Path:
    """Write a batch, or go on with one that was begun.

    Args:
        delivery: what to hand over.
        folder: where batches lie; the batch becomes a folder in it.
        opener: gives a primary file's bytes from their beginning; closed after use.
        progress: told the phase (``write``, ``reread``), bytes done and bytes in all.

    Returns:
        The folder of the batch.

    Raises:
        Refusal: ``output_exists``; ``export_empty``, there is nothing to hand over;
            ``export_other_batch``, another delivery was begun here under the same number;
            ``export_running``, another process is at it.
        IntegrityFault: ``export_source_changed`` or ``export_written_wrong``.
        SystemFault: ``disk_full``, ``storage_failed``.
    """
    if not delivery.items:
        raise Refusal("export_empty")
    target = folder / dialect.stem(delivery.head, "0503")
    part, journal = _beside(target, ".part"), _beside(target, ".journal")
    make_folder(folder)
    sync_folder(folder.parent)
    with storage_faults(folder), _alone(folder):
        if target.exists():
            if not journal.exists():
                raise Refusal("output_exists", path=str(target))
            # Killed between the last two steps: the batch is whole, its journal was left.
            journal.unlink()
            sync_folder(folder)
            return target
        plan = _plan(delivery, part, journal)
        make_folder(plan.path.parent)
        try:
            _fill(delivery, part, plan, opener, progress)
        except IntegrityFault as fault:
            if fault.reason == "export_written_wrong":
                # The medium did not keep what it was given, so nothing of it is gone on with.
                journal.unlink()
                remove_tree(part)
            raise
        part.rename(target)
        sync_folder(folder)
        journal.unlink()
        sync_folder(folder)
        return target


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second process off the folder; the lock ends with the process, whatever ends it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refusal("export_running", path=str(folder)) from error
        yield
    finally:
        os.close(descriptor)


def _plan(delivery: Delivery, part: Path, journal: Path) -> Plan:
    stem = dialect.stem(delivery.head, "0503")
    files = tuple(delivery.files())
    if len({file.name for file in files}) < len(files):
        raise ValueError("two primary files have one name")
    fingerprint = hashlib.sha256(msgspec.json.encode((_WAY, delivery))).hexdigest()
    return Plan(
        part / "data" / f"{stem}.zip",
        journal,
        fingerprint,
        zipformat.stamp(delivery.head.created_at),
        f"{stem}.xml",
        files,
        sum(file.size for file in files),
    )


def _fill(delivery: Delivery, part: Path, plan: Plan, opener: Opener, progress: Progress) -> None:
    """Write all of a batch and read it again."""
    entries = package.write(plan, messages.delivery_list(delivery), opener, progress)
    payload = package.reread(plan, entries, progress)
    path = f"data/{plan.path.name}"
    tags = {
        name: _write(part / name, markup.utf8(pieces))
        for name, pieces in _tags(delivery, path, payload, entries)
    }
    for algorithm in bag.ALGORITHMS:
        name = f"manifest-{algorithm}.txt"
        tags[name] = _write(part / name, [_manifest({path: payload}, algorithm)])
    for algorithm in bag.ALGORITHMS:
        _write(part / f"tagmanifest-{algorithm}.txt", [_manifest(tags, algorithm)])
    sync_folder(plan.path.parent)
    sync_folder(part)
    wrong = verification.examine(part, {path: payload}).findings
    if wrong:
        raise IntegrityFault("export_written_wrong", file=wrong[0].path)


def _tags(
    delivery: Delivery, path: str, payload: Digests, entries: tuple[Entry, ...]
) -> Iterator[tuple[str, Iterable[str]]]:
    """What lies beside the package, by name."""
    yield "bagit.txt", [bag.DECLARATION]
    yield "bag-info.txt", [bag.information(delivery, payload.size)]
    yield verification.CONTENTS, verification.contents(entries)
    yield listing.TABLE, listing.table(delivery)
    yield "index.html", listing.page(delivery, path)
    yield "premis.xml", premis.record(delivery)


def _manifest(files: dict[str, Digests], algorithm: bag.Algorithm) -> bytes:
    return bag.manifest({path: getattr(of, algorithm) for path, of in files.items()}).encode()


def _write(path: Path, pieces: Iterable[bytes]) -> Digests:
    """Write a file anew and bring it to the disk."""
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, FILE_MODE)
    try:
        for piece in pieces:
            sha256.update(piece)
            sha512.update(piece)
            size += len(piece)
            write_all(descriptor, piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return Digests(sha256.hexdigest(), sha512.hexdigest(), size)

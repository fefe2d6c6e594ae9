"""Packages of a batch below the exports: which there are, and whether they say what is to go.

Promises that a folder counts as the batch's own only if nothing else lies in it, and that a
package which was written before a unit was taken out is never taken for the one to hand over.
"""

from __future__ import annotations

from pathlib import Path

from archiver.records import Id
from archiver.registry.batch import offer_of
from archiver.registry.parts import Registry
from archiver.retention.exchange import dialect, listing, markup
from archiver.retention.exchange.batch import Delivery
from archiver.store import durable


def folders(registry: Registry, batch: Id) -> list[str]:
    """Names below the exports under which packages of a batch lie, whole or begun.

    Raises:
        IntegrityFault: ``object_damaged``: it is not known what they are called.
    """
    stem = dialect.stem(offer_of(registry, batch).head, "0503")
    places = (one for one in registry.config.places.exports.iterdir() if one.is_dir())
    return sorted(one.name for one in places if any(one.iterdir()) and is_own(one, stem))


def is_own(place: Path, stem: str) -> bool:
    """Whether a folder holds nothing but one batch: its name has the UUID of the disposal."""
    return all(entry.name.startswith(stem) for entry in place.iterdir())


def is_of(package: Path, delivery: Delivery) -> bool:
    """Whether a whole package lists what is to be handed over, and nothing else."""
    wanted = b"".join(markup.utf8(listing.table(delivery)))
    try:
        return (package / listing.TABLE).read_bytes() == wanted
    except FileNotFoundError:
        return False


def discard(registry: Registry, names: list[str]) -> None:
    """Remove folders below the exports.

    Raises:
        SystemFault: ``storage_failed``.
    """
    exports = registry.config.places.exports
    with durable.storage_faults(exports):
        for name in names:
            durable.remove_tree(exports / name)
        durable.sync_folder(exports)


def begin_anew(place: Path, stem: str) -> None:
    """Remove what was written of a package that says something else by now."""
    with durable.storage_faults(place):
        for name in (stem, f"{stem}.part"):
            durable.remove_tree(place / name)
        # Last: without it nobody would know that the others are not whole.
        (place / f"{stem}.journal").unlink(missing_ok=True)
        durable.sync_folder(place)

"""After acceptance: the drop leaves the clerk's sight, and whatever else took its name comes back.

Promises that no byte which is not in the archive is ever removed: the rename to ``.done-<id>``
takes atomically whatever lies under the name, only then it is hashed, and anything else than the
accepted bytes goes back under a visible name. Every state that a crash can leave is brought to
an end by `recover`. What happens to a taken drop later is told in `archiver.inbox.kept`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from archiver.inbox.claim import DropChanged, open_regular, pour
from archiver.inbox.dropfolder import blaming, entry_names, exists, opened, rename_to_free, sync
from archiver.inbox.leases import writers
from archiver.inbox.names import display_name
from archiver.inbox.settling import DONE_PREFIX, TEMPORARY_PREFIX
from archiver.inbox.sightings import Sighting
from archiver.records import Id

_NAME_BYTES = 255  # NAME_MAX of all file systems in question
_EXTENSION_BYTES = 16
ULID = rb"[0-7][0-9A-HJKMNP-TV-Z]{25}"
_DONE = re.compile(re.escape(DONE_PREFIX) + b"(" + ULID + b")", re.DOTALL)
# Where nobody can know whether a file is still open, a writer is given so long to say something.
_UNSURE_REST = 86400.0


class Arrival(msgspec.Struct, frozen=True):
    """What the archive knows of an accession.

    Attributes:
        sha512: lower-case hex digest of the accepted bytes.
        name: raw name of the drop.
    """

    sha512: str
    name: bytes


Lookup = Callable[[Id], Arrival | None]
"""Gives the arrival of an accession, None where there is none."""


class Taken(msgspec.Struct, frozen=True):
    """How taking a drop ended.

    Attributes:
        outcome: ``released``, the accepted bytes are out of the drop folder; ``replaced``,
            something else lay under the name and is there again, as a new drop; ``gone``,
            nothing lay there any more.
        name: raw name of the new drop, None unless ``replaced``.
        is_written_on: whether it is the accepted file itself, to which more was written.
    """

    outcome: Literal["released", "replaced", "gone"]
    name: bytes | None = None
    is_written_on: bool = False


class Recovered(msgspec.Struct, frozen=True):
    """One drop that a crash had left half taken.

    Attributes:
        id: accession named by the file.
        outcome: ``released``, it held the accepted bytes; ``again``, it held others; ``rescued``,
            no such accession exists. The latter two are visible drops again.
        name: raw name of the visible drop, None when ``released``.

    A drop on another file system may lie there for a day after it was ``released``.
    """

    id: Id
    outcome: Literal["released", "again", "rescued"]
    name: bytes | None = None


def _again_names(name: bytes, accession: Id) -> Iterator[bytes]:
    """Names for a drop that comes back: its own, then ``<name> (again-<id>)<ext>``, numbered."""
    yield name
    stem, extension = os.path.splitext(name)  # noqa: PTH122 (raw bytes)
    if len(extension) > _EXTENSION_BYTES:
        stem, extension = name, b""
    for mark in _numbered(f" (again-{accession}".encode()):
        ending = mark + b")" + extension
        yield _cut(stem, _NAME_BYTES - len(ending)) + ending


def _numbered(name: bytes) -> Iterator[bytes]:
    yield name
    for number in itertools.count(2):
        yield name + b"-%d" % number


def _cut(name: bytes, most: int) -> bytes:
    return name if len(name) <= most else name[:most].decode("utf-8", "ignore").encode()


def _kept_name(name: bytes, accession: Id) -> bytes:
    """``<id>-<name>``: a drop restored from here after a disaster still has its name."""
    room = _NAME_BYTES - len(accession) - 1
    return accession.encode() + b"-" + name[-room:]


def is_at_rest(descriptor: int) -> bool:
    """Whether nobody will write into a file any more that nobody can open any more.

    Where it cannot be known who has it open, it must not have changed for a day.
    """
    known = writers(descriptor)
    if known == "unknown":
        return time.time() - os.fstat(descriptor).st_ctime > _UNSURE_REST
    return known == "none"


def _keep_across(descriptor: int, sha512: str, origin: Path, keeping: int, kept: bytes) -> None:
    """Copy to another file system; durable and compared before the caller unlinks the drop."""
    temporary = TEMPORARY_PREFIX + kept[:26]
    if exists(keeping, temporary):  # from a crash right here
        os.unlink(temporary, dir_fd=keeping)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    out = os.open(temporary, flags, 0o600, dir_fd=keeping)
    with os.fdopen(out, "wb", buffering=0):
        poured = pour(descriptor, out, os.fstat(descriptor).st_size, origin)
        os.fsync(out)
    if poured is None or poured.sha512 != sha512:
        # Written to since it was hashed. It stays hidden; `recover` will find other bytes in it.
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    os.rename(temporary, kept, src_dir_fd=keeping, dst_dir_fd=keeping)
    sync(keeping)


class _Done:
    """A ``.done-<id>`` file in an open drop folder: compare it, then release it or give it back."""

    def __init__(self, path: Path, folder: int, accession: Id) -> None:
        self._path = path
        self._folder = folder
        self.name = DONE_PREFIX + accession.encode()

    @contextlib.contextmanager
    def opened(self) -> Iterator[int | None]:
        """Open it for reading; None where it is no plain file or its rights forbid it."""
        try:
            descriptor = open_regular(self.name, self._folder)
        except PermissionError:
            descriptor = None
        try:
            yield descriptor
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def release(self, descriptor: int, sha512: str, released: Path | None, kept: bytes) -> None:
        """Move it, hashed a moment ago, to `released` under the name `kept`, or remove it.

        To another file system it is copied. A writer that still has it open writes into what lies
        here, so this goes only when it is at rest; `recover` looks again until it is.
        """
        if released is None:
            if is_at_rest(descriptor):
                os.unlink(self.name, dir_fd=self._folder)
        else:
            with blaming("released_unwritable", released), opened(released) as keeping:
                try:
                    os.rename(self.name, kept, src_dir_fd=self._folder, dst_dir_fd=keeping)
                    sync(keeping)
                except OSError as error:
                    if error.errno != errno.EXDEV:
                        raise
                    if not any(name.startswith(kept[:26]) for name in entry_names(keeping)):
                        _keep_across(descriptor, sha512, self._path, keeping, kept)
                    if is_at_rest(descriptor):
                        os.unlink(self.name, dir_fd=self._folder)
        sync(self._folder)

    def give_back(self, names: Iterator[bytes]) -> bytes:
        """Make it a visible drop under the first free name, and give that."""
        name = rename_to_free(self._folder, self.name, names)
        sync(self._folder)
        return name


def digest(descriptor: int | None) -> str | None:
    """SHA-512 of an open file in lower-case hex, None for None."""
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def take(sighting: Sighting, accession: Id, sha512: str, released: Path | None) -> Taken:
    """Take an accepted drop out of its folder.

    A ``.done-<id>`` of the same accession, left by an earlier attempt, is brought to its end
    first; the drop under the visible name then stays for the next look.

    Args:
        sighting: the drop as it was copied.
        accession: its id, already committed.
        sha512: lower-case hex digest of the accepted bytes.
        released: folder to keep it in until a back-up has seen it; None removes it.

    Returns:
        What became of it; after ``gone`` and ``replaced`` the accession stands all the same.

    Raises:
        DropChanged: ``drop_open_for_writing``; it lies under its name again, try again later.
        SystemFault: ``inbox_unwritable``, ``released_unwritable`` or ``disk_full``; `recover`
            brings the drop to its end once the cause is gone.
    """
    with blaming("inbox_unwritable", sighting.folder), opened(sighting.folder) as folder:
        done = _Done(sighting.folder, folder, accession)
        if not exists(folder, done.name):
            try:
                os.rename(sighting.name, done.name, src_dir_fd=folder, dst_dir_fd=folder)
            except FileNotFoundError:
                return Taken("gone")
            except OSError as error:
                if error.errno not in (errno.EBUSY, errno.ETXTBSY):
                    raise
                # A file server does not let go of what a program has open.
                file = display_name(sighting.name)
                raise DropChanged("drop_open_for_writing", file=file) from error
            sync(folder)
        back = _again_names(sighting.name, accession)
        with done.opened() as descriptor:
            # Asked before hashing: nobody can open the hidden name, so nobody writes after a no.
            written = descriptor is not None and writers(descriptor) == "some"
            if descriptor is not None and digest(descriptor) == sha512:
                if written:
                    done.give_back(back)
                    raise DropChanged("drop_open_for_writing", file=display_name(sighting.name))
                kept = _kept_name(sighting.name, accession)
                done.release(descriptor, sha512, released, kept)
                return Taken("released")
            written_on = descriptor is not None and _is_file_of(sighting, descriptor)
        return Taken("replaced", done.give_back(back), written_on)


def _is_file_of(sighting: Sighting, descriptor: int) -> bool:
    status = os.fstat(descriptor)
    return (status.st_dev, status.st_ino) == (sighting.device, sighting.inode)


def recover(folder: Path, lookup: Lookup, released: Path | None) -> list[Recovered]:
    """Bring every drop to its end that a crash left half taken.

    Run it at start, under the daemon's lock and before the first look; it may run again at any
    time between two drops.

    Args:
        folder: a drop folder.
        lookup: asked for each accession that a file names.
        released: as in `take`.

    Returns:
        What was found, by id.

    Raises:
        SystemFault: ``inbox_unwritable``, ``released_unwritable`` or ``disk_full``.
    """
    with blaming("inbox_unwritable", folder), opened(folder) as descriptor:
        matches = map(_DONE.fullmatch, entry_names(descriptor))
        ids = [match[1].decode() for match in matches if match is not None]
        return [_recover(_Done(folder, descriptor, one), one, lookup(one), released) for one in ids]


def _recover(done: _Done, accession: Id, known: Arrival | None, released: Path | None) -> Recovered:
    if known is None:
        rescued = _numbered(f"rescued-{accession}".encode())
        return Recovered(accession, "rescued", done.give_back(rescued))
    with done.opened() as descriptor:
        if descriptor is not None and digest(descriptor) == known.sha512:
            kept = _kept_name(known.name, accession)
            done.release(descriptor, known.sha512, released, kept)
            return Recovered(accession, "released")
    return Recovered(accession, "again", done.give_back(_again_names(known.name, accession)))


def bring_back(kept: bytes, released: Path, accession: Id, folder: Path, name: bytes) -> bytes:
    """Make a drop that was taken a visible drop again, because it holds other bytes by now.

    A program that still has it open goes on writing into the visible drop. From another file
    system it is copied, and what lies in `released` stays.

    Args:
        kept: its raw name in `released`.
        released: the folder given to `take`.
        accession: under which it was taken.
        folder: the drop folder that it came from.
        name: raw name that it had there.

    Returns:
        The raw name that it has now.

    Raises:
        SystemFault: ``inbox_unwritable``, ``released_unwritable`` or ``disk_full``.
        DropChanged: ``drop_changed``, while it was copied: look again later.
    """
    with (
        blaming("inbox_unwritable", folder),
        opened(folder) as target,
        blaming("released_unwritable", released),
        opened(released) as keeping,
    ):
        done = _Done(folder, target, accession)
        # What a crash left under the hidden name is not to be replaced by this.
        if exists(target, done.name):
            done.give_back(_again_names(name, accession))
        try:
            os.rename(kept, done.name, src_dir_fd=keeping, dst_dir_fd=target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_back(kept, keeping, released, target, done.name)
        sync(target)
        sync(keeping)
        return done.give_back(_again_names(name, accession))


def _copy_back(kept: bytes, keeping: int, released: Path, target: int, done: bytes) -> None:
    """Copy a kept drop into its drop folder on another file system."""
    descriptor = open_regular(kept, keeping)
    if descriptor is None:
        raise DropChanged("drop_changed", file=display_name(kept))
    try:
        _keep_across(descriptor, str(digest(descriptor)), released, target, done)
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
        raise DropChanged("drop_changed", file=display_name(kept)) from error
    finally:
        os.close(descriptor)

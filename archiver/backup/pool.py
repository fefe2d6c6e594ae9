"""The pool: bytes under their own digest, each once, whatever number of sets needs them.

Promises that what `Pool.put` and `Pool.put_file` returned is durable once `Pool.settle` returned,
and that nothing but the bytes that a name says takes that name: damaged bytes of the archive cannot
take the place of good ones.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.backup.sets import Kept
from archiver.errors import ExitCode, SystemFault
from archiver.store import durable

_CONTENT = "content"
_PART = "part"
_DAMAGED = ".damaged"
_DIGEST_LENGTH = 128


class Changed(Exception):
    """The bytes of a source are not those that were expected, or change while they are read."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Blame the folder of the back-up for what the disk says.

    Raises:
        SystemFault: ``backup_unwritable``.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(folder: Path, error: OSError) -> SystemFault:
    """The fault of a back-up folder that cannot be written."""
    why = os.strerror(error.errno) if error.errno else str(error)
    return SystemFault(
        "backup_unwritable", exit_code=ExitCode.REFUSED, folder=str(folder), error=why
    )


class Pool:
    """The bytes of one back-up folder.

    Args:
        folder: of the back-up.

    Attributes:
        new: files that were brought since this was made.
        new_bytes: their size.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fresh: set[Path] = set()
        self.new = 0
        self.new_bytes = 0

    def path(self, digest: str) -> Path:
        """Where bytes lie, there or not."""
        return self._folder / _CONTENT / digest[:2] / digest

    def has(self, kept: Kept) -> bool:
        """Whether there are such bytes, as far as their size tells."""
        try:
            return self.path(kept.sha512).stat().st_size == kept.size
        except FileNotFoundError:
            return False

    def known(self, digest: str) -> Kept | None:
        """Bytes that an earlier set brought, as far as their name tells."""
        try:
            return Kept(digest, self.path(digest).stat().st_size)
        except FileNotFoundError:
            return None

    def put(self, content: bytes) -> Kept:
        """Keep bytes.

        Raises:
            SystemFault: ``backup_unwritable``.
        """
        kept = Kept(hashlib.sha512(content).hexdigest(), len(content))
        if not self.has(kept):
            with writing(self._folder), self._arriving(kept) as part:
                durable.write_file(part, content)
        return kept

    def put_file(self, source: Path, expected: str = "") -> Kept:
        """Keep the bytes of a file.

        Args:
            source: regular file.
            expected: sha512 that they must have; empty: any.

        Raises:
            OSError: the source cannot be read.
            Changed: its bytes are others, or change while they are read.
            SystemFault: ``backup_unwritable``.
        """
        kept = Kept(expected, source.stat().st_size)
        if expected and self.has(kept):
            return kept
        # Read by itself first: so a source that cannot be read is not taken for a bad target.
        digest = durable.file_digest(source)
        if expected and digest != expected:
            raise Changed
        kept = Kept(digest, kept.size)
        if not self.has(kept):
            with writing(self._folder), self._arriving(kept) as part:
                if durable.copy_file(source, part) != digest:
                    part.unlink()
                    raise Changed
        return kept

    def settle(self) -> None:
        """Make the names of all that was brought durable.

        Raises:
            SystemFault: ``backup_unwritable``.
        """
        with writing(self._folder):
            for folder in self._fresh:
                durable.sync_folder(folder)
            if self._fresh:
                durable.sync_folder(self._folder / _CONTENT)
        self._fresh.clear()

    def read(self, kept: Kept) -> bytes | None:
        """Bytes of a small file; None where they are missing or not what they were."""
        try:
            content = self.path(kept.sha512).read_bytes()
        except OSError:
            return None
        return content if hashlib.sha512(content).hexdigest() == kept.sha512 else None

    def digests(self) -> Iterator[str]:
        """Digests of all that is there, in order."""
        with suppress(FileNotFoundError):
            for shard in sorted(os.scandir(self._folder / _CONTENT), key=lambda one: one.name):
                if shard.is_dir():
                    names = sorted(entry.name for entry in os.scandir(shard))
                    yield from (name for name in names if len(name) == _DIGEST_LENGTH)

    def is_sound(self, digest: str) -> bool:
        """Whether bytes are what their name says; reads all of them."""
        try:
            return durable.file_digest(self.path(digest)) == digest
        except OSError:
            return False

    def set_aside(self, digest: str) -> None:
        """Give damaged bytes another name, so that the next back-up brings them anew.

        Nothing happens where the folder may only be read.
        """
        path = self.path(digest)
        with suppress(OSError):
            path.rename(path.with_name(digest + _DAMAGED))

    def remove(self, digest: str) -> None:
        """Remove bytes that no set needs.

        Raises:
            SystemFault: ``backup_unwritable``.
        """
        with writing(self._folder):
            self.path(digest).unlink(missing_ok=True)

    @contextmanager
    def _arriving(self, kept: Kept) -> Iterator[Path]:
        """Where to write bytes that are then given their place."""
        part, place = self._folder / _PART, self.path(kept.sha512)
        part.unlink(missing_ok=True)  # of a run that broke off
        durable.make_folder(place.parent)
        yield part
        part.rename(place)
        self._fresh.add(place.parent)
        self.new += 1
        self.new_bytes += kept.size

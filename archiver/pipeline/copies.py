"""Copies that wait to be fetched: packages of disclosures, for an hour at most.

Promises that the archive keeps no copy: one that was fetched goes at once, one that nobody
fetched, and what a killed process left, at the next request. A package under way is never touched:
its folder is locked, and the kernel lets go of the lock when the process dies.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from archiver.errors import NotFound
from archiver.records import Id
from archiver.store import durable

_WAITS = timedelta(hours=1)
_PACKAGE = "package"
# Copies are for one recipient; nobody else of the machine reads them.
_MODE = 0o700
# A zip says when its files were made; the same package is the same zip.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Copies:
    """The packages of one archive.

    Args:
        folder: where they wait; made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def making(self, disclosure: Id) -> Iterator[Path]:
        """Give the path of a package to be made; where that fails nothing is left.

        Raises:
            SystemFault: ``disk_full``, ``storage_failed``.
        """
        home = self._folder / disclosure
        with durable.storage_faults(self._folder):
            home.mkdir(_MODE, parents=True)
            lock = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield home / _PACKAGE
        except BaseException:
            durable.remove_tree(home)
            raise
        finally:
            os.close(lock)

    def zipped(self, disclosure: Id, stage: Path) -> BinaryIO:
        """A package as one file, to be read from its beginning; its name vanished already.

        Args:
            disclosure: whose package.
            stage: folder on a disk with room.

        Raises:
            NotFound: ``package_gone``.
            SystemFault: ``disk_full``, ``storage_failed``.
        """
        package = self._folder / disclosure / _PACKAGE
        if not package.is_dir():
            raise NotFound("package_gone", id=disclosure)
        with durable.storage_faults(stage):
            sink: BinaryIO = tempfile.TemporaryFile(dir=stage)  # noqa: SIM115  # the caller closes
            try:
                with zipfile.ZipFile(sink, "w") as archive:
                    for path in sorted(package.iterdir()):
                        entry = zipfile.ZipInfo(path.name, _EPOCH)
                        archive.writestr(entry, path.read_bytes())
                sink.seek(0)
            except BaseException:
                sink.close()
                raise
        return sink

    def remove(self, disclosure: Id) -> None:
        """Remove a package; it is no error when there is none."""
        durable.remove_tree(self._folder / disclosure)

    def sweep(self, given_at: Callable[[Id], str | None], now: str) -> None:
        """Remove what nobody is making, and what is no longer waited for.

        Args:
            given_at: when a disclosure was recorded, None where it never was.
            now: UTC, ISO 8601.
        """
        if not self._folder.is_dir():
            return
        for home in self._folder.iterdir():
            given = given_at(home.name)
            is_fresh = given is not None and _age(given, now) < _WAITS
            if not is_fresh and not _is_locked(home):
                durable.remove_tree(home)


def _age(since: str, now: str) -> timedelta:
    return datetime.fromisoformat(now) - datetime.fromisoformat(since)


def _is_locked(home: Path) -> bool:
    """Whether a process is working in a folder."""
    try:
        descriptor = os.open(home, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False

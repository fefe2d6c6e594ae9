"""The folder of an index: which engine and version made it, and how far it has come.

Promises that a folder is *fresh*, *whole* by its papers, or damaged; and that the cursor is
never ahead of what was committed, because it is written after the commit. What lies in a folder
without a cursor is the remains of a first round that was cut off, and is begun again.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from archiver.errors import SystemFault
from archiver.machine import fault_of
from archiver.search.columns import SCHEMA_VERSION

_OS_ERROR = re.compile(r"\(os error (\d+)\)|Os \{ code: (\d+)")
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EINVAL})
_LONGEST = 200


class IndexFolder:
    """The papers of one index.

    Args:
        folder: need not exist.
        engine: name that the papers must bear.
    """

    def __init__(self, folder: Path, engine: str) -> None:
        self.path = folder
        self.data = folder / "data"
        self._made_by = f"{engine} {SCHEMA_VERSION}\n"
        self._version = folder / "version"
        self._cursor = folder / "cursor"

    @property
    def is_fresh(self) -> bool:
        """Whether no round of writing was ever finished here.

        Raises:
            SystemFault: ``index_damaged`` if the papers are of another engine or version, or
                missing beside other files, or the data are gone from beside the cursor.
        """
        try:
            if self._version.read_text(encoding="ascii") != self._made_by:
                raise damaged(self.path)
        except FileNotFoundError:
            # Asked last, for a first round may begin between the two looks; it writes this first.
            if self.path.is_dir() and any(self._remains()) and not self._version.exists():
                raise damaged(self.path) from None
            return True
        except (OSError, ValueError) as error:
            raise damaged(self.path, error) from error
        if not self._cursor.exists():
            return True
        if not self.data.is_dir():
            raise damaged(self.path)
        return False

    def begin(self) -> None:
        """Make the folder, its version and an empty place for data, before the first round."""
        self.path.mkdir(parents=True, exist_ok=True)
        _replace(self._version, self._made_by)
        if self.data.exists():
            shutil.rmtree(self.data)
        self.data.mkdir()

    def cursor(self) -> int:
        """The cursor, 0 where none can be read."""
        try:
            return max(0, int(self._cursor.read_text(encoding="ascii")))
        except (OSError, ValueError):
            return 0

    def remember(self, cursor: int) -> None:
        """Write the cursor, after the commit that it speaks of."""
        _replace(self._cursor, f"{cursor}\n")

    def _remains(self) -> Iterator[Path]:
        unfinished = _beside(self._version)
        return (path for path in self.path.iterdir() if path != unfinished)


def damaged(folder: Path, cause: object = "version") -> SystemFault:
    """The fault after which the caller deletes the folder and builds it again.

    Args:
        folder: of the index.
        cause: what was raised, or in a word what does not fit.

    Returns:
        ``index_damaged``; where the system forbade or lacked something, what it said instead.
    """
    return _told("index_damaged", folder, cause)


def unwritten(folder: Path, cause: object) -> SystemFault:
    """The fault of an index that could not be written: ``index_write_failed``, or as `damaged`."""
    return _told("index_write_failed", folder, cause)


def _told(reason: str, folder: Path, cause: object) -> SystemFault:
    """Tantivy names the system's error number in its text in two ways; Python in `errno`."""
    named = _OS_ERROR.search(str(cause))
    number = int(named[1] or named[2]) if named else getattr(cause, "errno", None)
    if number is not None and number not in _NO_FILE:
        path = getattr(cause, "filename", None) or str(folder)
        return fault_of(OSError(number, "", path))
    text = str(cause) if isinstance(cause, str) or str(cause) else type(cause).__name__
    return SystemFault(reason, folder=str(folder), error=text[:_LONGEST])


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _replace(path: Path, text: str) -> None:
    beside = _beside(path)
    with beside.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""One look into a drop folder: what lies there, by lstat, without opening or following anything.

Promises that a look never changes, follows or blocks on an entry, and that an entry which goes
away meanwhile is simply not seen.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Literal

import msgspec

from archiver.inbox.dropfolder import blaming

Kind = Literal["file", "folder", "symlink", "fifo", "other"]
Fingerprint = tuple[int, int, int, int, int]

_KINDS: dict[int, Kind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
}


class Sighting(msgspec.Struct, frozen=True):
    """One entry of a drop folder as one look found it.

    Attributes:
        folder: the drop folder.
        name: raw name within it.
        kind: what lstat says; ``other`` are devices, sockets and entries that lstat refuses.
        device, inode: identity of the file under that name.
        links: number of hard links.
        size: bytes.
        mtime_ns, ctime_ns: nanoseconds since 1970; mtime is the sender's word, ctime is ours.
    """

    folder: Path
    name: bytes
    kind: Kind
    device: int
    inode: int
    links: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def path(self) -> bytes:
        """The raw path."""
        return os.path.join(os.fsencode(self.folder), self.name)  # noqa: PTH118 (raw bytes)

    @property
    def fingerprint(self) -> Fingerprint:
        """What must stay equal for the file to be the same and unchanged."""
        return (self.device, self.inode, self.size, self.mtime_ns, self.ctime_ns)


def fingerprint(status: os.stat_result) -> Fingerprint:
    """Give the `Sighting.fingerprint` of an open file from its fstat."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _sight(folder: Path, entry: os.DirEntry[bytes]) -> Sighting | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError:
        if not os.access(folder, os.X_OK):
            raise  # the folder lost its x bit: that concerns all entries, not this one
        # One entry with a damaged inode must not hide the others.
        return Sighting(folder, entry.name, "other", 0, 0, 0, 0, 0, 0)
    return Sighting(
        folder,
        entry.name,
        _KINDS.get(stat.S_IFMT(status.st_mode), "other"),
        status.st_dev,
        status.st_ino,
        status.st_nlink,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def look(folder: Path) -> list[Sighting]:
    """List a drop folder, in no order.

    Args:
        folder: the drop folder itself; its subfolders are not entered.

    Returns:
        One sighting per entry that was still there when it was asked for.

    Raises:
        SystemFault: ``inbox_unreadable`` when the folder is away or may not be read.
    """
    with (
        blaming("inbox_unreadable", folder),
        os.scandir(os.fsencode(folder)) as entries,
    ):
        return [seen for entry in entries if (seen := _sight(folder, entry)) is not None]

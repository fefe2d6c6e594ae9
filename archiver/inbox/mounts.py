"""Which file system a folder or an open file lies on, and whether other machines write there too.

Promises to answer from the kernel's table of mounts alone, so that a share which does not answer
never makes anybody wait.
"""

from __future__ import annotations

import os
from pathlib import Path

# inotify and leases answer there without an error, but know nothing of what other machines do.
NETWORK_FILE_SYSTEMS = frozenset(
    {"cifs", "smb3", "smbfs", "nfs", "nfs4", "9p", "virtiofs", "ceph", "afs", "fuse.sshfs"}
    | {"fuse.glusterfs", "fuse.rclone", "fuse.davfs2", "vboxsf", "fuse.vmhgfs-fuse"}
)


def file_system_of(folder: Path, mountinfo: str) -> str:
    """Give the type of the file system that a folder lies on, empty when unknown.

    Args:
        folder: absolute and resolved.
        mountinfo: text of ``/proc/self/mountinfo``, see proc_pid_mountinfo(5).
    """
    found, depth = "", -1
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split(" ")
        if not separator or len(fields) < 5:
            continue
        place = Path(fields[4].encode().decode("unicode_escape"))  # a space is written \040
        # >=: of two mounts on the same place the later one covers the earlier.
        if folder.is_relative_to(place) and len(place.parts) >= depth:
            found, depth = right.split(" ")[0], len(place.parts)
    return found


def mount_table() -> str:
    """Give the text of ``/proc/self/mountinfo``."""
    return Path("/proc/self/mountinfo").read_text(errors="replace")


def is_remote(device: int, mountinfo: str) -> bool:
    """Whether a file lies where other machines write, too.

    Args:
        device: ``st_dev`` of the file; one that no mount bears (parts of btrfs and of overlays)
            is a local one.
        mountinfo: see `file_system_of`.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - ")
        if separator and left.split(" ")[2:3] == [number]:
            return right.split(" ")[0] in NETWORK_FILE_SYSTEMS
    return False

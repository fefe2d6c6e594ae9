"""Calls of the Linux kernel that Python does not offer, each raising OSError where it is refused.

Promises thin wrappers without any policy; what they are put together for stands in
`archiver.recognise.confinement`.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterable
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)

CLONE_NEWTIME = 0x00000080
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REC, _MS_PRIVATE = 1 << 14, 1 << 18

_CAPABILITIES_3 = 0x20080522

# The same numbers on all machines.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION = 1
_LANDLOCK_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
# Rights on files, on TCP, and what may be reached beyond, by the version that brought them.
_RIGHTS_SINCE = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_TCP_SINCE = {4: 0b11}
_SCOPES_SINCE = {6: 0b11}
SCOPES_SIGNALS = 6


def die_with_parent(expected: int | None = None) -> None:
    """Ask the kernel to kill this process when its parent ends.

    Args:
        expected: the parent's id; where it is already gone this process ends now.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if expected is not None and os.getppid() != expected:
        os._exit(0)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that none escapes."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hide_memory(hidden: bool = True) -> None:
    """Let no other process of this user look into this one or stop it for tracing."""
    _prctl(_PR_SET_DUMPABLE, int(not hidden))


def renounce_privileges() -> None:
    """Let no program that is started later have more rights than this process."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability that this process has."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    _checked(_LIBC.capset(header, (ctypes.c_uint32 * 6)()))


def unshare(flags: int) -> None:
    """Leave namespaces that are shared with other processes (man 2 unshare)."""
    _checked(_LIBC.unshare(ctypes.c_int(flags)))


def keep_mounts_to_oneself() -> None:
    """Let no mount of this namespace be seen in another one."""
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE, "")


def mount_memory(target: str, size: int) -> None:
    """Cover a folder with empty memory of a bounded size.

    Args:
        target: the folder.
        size: bytes; 0: nothing can be written.
    """
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | (0 if size else _MS_RDONLY)
    # A file takes a page at least; the kernel takes 0 for "no bound".
    _mount("tmpfs", target, "tmpfs", flags, f"size={max(size, 4096)},nr_inodes=65536,mode=0700")


def landlock_version() -> int:
    """Version of Landlock, 0 where the kernel has none."""
    return max(0, int(_LIBC.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)))


def landlock(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Take from this process, for good, every file but those below some paths.

    What it starts has the same bounds. It may trace none but its own descendants, open no TCP
    connection and, where the kernel knows how, signal nobody outside.

    Args:
        readable: files and folders that may be read and executed; what is missing is passed over.
        writable: the same for what may be written as well.

    Raises:
        OSError: the kernel has no Landlock, or `renounce_privileges` was not called before.
    """
    version = landlock_version()
    rights = _known(_RIGHTS_SINCE, version)
    wanted = (rights, _known(_TCP_SINCE, version), _known(_SCOPES_SINCE, version))
    attributes = (ctypes.c_uint64 * 3)(*wanted)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    rules = _checked(_LIBC.syscall(_LANDLOCK_CREATE, attributes, size, 0))
    try:
        for path in readable:
            _allow(rules, path, _EXECUTE | _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(rules, path, rights)
        _checked(_LIBC.syscall(_LANDLOCK_RESTRICT, rules, 0))
    finally:
        os.close(rules)


class _Beneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not Path(path).is_dir():
            rights &= _FILE_RIGHTS
        rule = _Beneath(rights, parent)
        _checked(_LIBC.syscall(_LANDLOCK_ADD, rules, _LANDLOCK_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(parent)


def _known(since: dict[int, int], version: int) -> int:
    """All bits that a version knows."""
    return sum(bits for first, bits in since.items() if first <= version)


def _mount(source: str, target: str, kind: str, flags: int, data: str) -> None:
    words = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _checked(_LIBC.mount(*words))


def _prctl(option: int, value: int) -> None:
    _checked(_LIBC.prctl(option, ctypes.c_ulong(value), *(ctypes.c_ulong(0),) * 3))


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result

"""What runs first inside a cage: ties its life to the daemon's, then becomes the module asked for.

Promises that a module which meets received bytes itself does so behind all walls, watched by a
guard; and that a module which starts a process for each document can do the same for each of them.
"""

from __future__ import annotations

import os
import runpy
import socket
import sys
from collections.abc import Callable

import msgspec

import archiver.recognise.systemcalls  # noqa: F401 (once, not again by each document's process)
from archiver.recognise import confinement, guard, kernel
from archiver.recognise.cage import OVER, TOLD, Inside, Kind
from archiver.recognise.confinement import Space, Walls

_SPACES: dict[Kind, Space] = {"bubblewrap": "cage", "landlock": "machine", "none": "open"}


def walls(inside: Inside) -> Walls:
    """Find out which walls can be built here around a document's process.

    Args:
        inside: as the daemon said.

    Raises:
        OSError: the kernel has no Landlock, and nothing else stands around this process.
    """
    landlock = kernel.landlock_version()
    if inside.kind == "landlock" and not landlock:
        raise OSError("this kernel has no Landlock")
    space = _SPACES[inside.kind]
    if space == "cage" and inside.per_document and confinement.namespaces_work():
        space = "own"
    return Walls(
        readable=inside.readable,
        folder=inside.folder,
        budget=inside.budget,
        space=space,
        landlock=landlock,
    )


def main() -> None:
    """Become the module, or its guard."""
    inside = msgspec.json.decode(os.environ.pop(TOLD), type=Inside)
    module, control = sys.argv[1], int(sys.argv[2])
    # Inside bubblewrap the parent is bubblewrap itself, which has --die-with-parent.
    kernel.die_with_parent(None if inside.kind == "bubblewrap" else inside.daemon)
    if _hung_up(control):
        # The daemon died before bubblewrap could tie itself to it.
        os._exit(0)
    kernel.adopt_orphans()
    kernel.hide_memory()
    if inside.kind != "none":
        kernel.renounce_privileges()
    around = walls(inside)
    if inside.per_document:
        told = msgspec.json.encode(around).decode()
        sys.argv = [module, str(control), told, *sys.argv[3:]]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    sys.argv = [module, *sys.argv[2:]]
    _end_as(guard.guarded(around, _becoming(module), lambda: os.close(control)))


def _becoming(module: str) -> Callable[[], None]:
    def become() -> None:
        runpy.run_module(module, run_name="__main__", alter_sys=True)

    return become


def _end_as(end: guard.End) -> None:
    """End with the status that tells the daemon how the guarded module has ended."""
    if end.over:
        os._exit(OVER[end.over])
    os._exit(end.status if end.status >= 0 else 128 - end.status)


def _hung_up(descriptor: int) -> bool:
    """Whether nobody holds the other end of a socket any more."""
    with socket.socket(fileno=os.dup(descriptor)) as control:
        try:
            return control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True


if __name__ == "__main__":
    main()

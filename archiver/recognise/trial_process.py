"""A trial of the cage: says which walls it has found, from behind them, and ends.

Promises to answer only where everything that a reader needs of the cage works.
"""

from __future__ import annotations

import os
import socket
import sys

import msgspec

from archiver.recognise import guard, wire
from archiver.recognise.confinement import Walls


def main() -> None:
    """Build the walls around a child, and have it tell of them."""
    control = socket.socket(fileno=int(sys.argv[1]))
    walls = msgspec.json.decode(sys.argv[2], type=Walls)

    def tell() -> None:
        with open(os.path.join(walls.folder, "trial"), "wb") as file:  # noqa: PTH118, PTH123
            file.write(b"trial")
        os.unlink(file.name)  # noqa: PTH108
        wire.send(control, {"space": walls.space, "landlock": walls.landlock})

    guard.guarded(walls, tell)


if __name__ == "__main__":
    main()

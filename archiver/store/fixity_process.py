"""Reading objects again at idle priority: a process of its own, so that nobody waits for it.

Promises to change nothing, and to answer each object's folder and id, a line of JSON on standard
input, with the problems that `archiver.store.fixity.examine` has found, a line on standard output.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from archiver.background import end_with, step_back
from archiver.records import Id
from archiver.store import fixity
from archiver.store.fixity import Problem


class Examiner:
    """Has objects read by a process that starts with the first of them.

    The kernel kills the process when the thread that began it ends.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def examine(self, home: Path, id: Id) -> list[Problem] | None:
        """The problems of an object; None where the process died over it, or was closed."""
        process = self._process = self._process or _started()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode((str(home), id)) + b"\n")
            process.stdin.flush()
            return msgspec.json.decode(process.stdout.readline(), type=list[Problem])
        except (OSError, ValueError, msgspec.DecodeError):
            self.close()
            return None

    def close(self) -> None:
        """End the process, from any thread."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "archiver.store.fixity_process", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def main(parent: int) -> None:
    """Answer until nobody asks any more."""
    end_with(parent)
    step_back()
    for line in sys.stdin.buffer:
        home, id = msgspec.json.decode(line, type=tuple[str, str])
        sys.stdout.buffer.write(msgspec.json.encode(fixity.examine(Path(home), id)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))

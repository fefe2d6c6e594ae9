"""Threads that decode into one type at once do not end the process."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, threading
import msgspec
from archiver.structs import make_ready
sys.setswitchinterval(1e-6)
made = []
for number in range(100):
    fields = [("a", dict[str, list[int]]), ("b", tuple[str, ...], ())]
    inner = msgspec.defstruct(f"I{number}", fields)
    made.append(msgspec.defstruct(f"O{number}", [("x", int), ("y", list[inner])]))
make_ready()
for kind in made:
    start = threading.Barrier(4)
    def work():
        start.wait()
        msgspec.json.decode(b'{"x":1,"y":[{"a":{"q":[1]},"b":["z"]}]}', type=kind)
    threads = [threading.Thread(target=work) for _ in range(4)]
    [one.start() for one in threads]
    [one.join() for one in threads]
"""


def test_types_that_were_made_ready_are_used_by_threads_at_once() -> None:
    assert subprocess.run([sys.executable, "-c", CODE], timeout=60).returncode == 0
    # Without it the same ends by a signal, as long as the library is as it is.
    bare = CODE.replace("\nmake_ready()\n", "\n").replace("range(100)", "range(400)")
    assert subprocess.run([sys.executable, "-c", bare], timeout=60).returncode in (0, -11)


# Loaded by one command in a process of its own, or by one thread of the service alone.
BY_ONE = {
    "archiver.backup.folder", "archiver.backup.sets", "archiver.backup.taking",
    "archiver.classify.evaluation", "archiver.classify.measures",
    "archiver.disclosure.requestfile", "archiver.proof.stamp_process", "archiver.proof.timestamp",
    "archiver.separate.labels",
}  # fmt: skip
LATE = """
import pathlib, re, sys
import archiver.daemon, archiver.search.tantivy_index
from archiver.archive import load_parts
load_parts()
root = pathlib.Path(archiver.daemon.__file__).parent
for file in root.rglob("*.py"):
    name = ".".join(("archiver", *file.relative_to(root).with_suffix("").parts))
    if re.search(r"Struct[,)]", file.read_text()) and name not in sys.modules:
        print(name)
"""


def test_a_daemon_loads_no_types_of_messages_while_it_serves() -> None:
    told = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)
    late = {name for name in told.stdout.split() if not name.startswith("archiver.cli")}
    assert late <= BY_ONE

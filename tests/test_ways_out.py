"""Ways out of the cage, tried from within, as by a document that has taken over its process.

Each way is tried under every cage, by a process that stands where a parser does, and without a
cage as well, where it must succeed: else the test would prove nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from archiver.recognise import cage, kernel, wire
from archiver.recognise.guard import descendants
from archiver.recognise.reader import Reader
from archiver.recognise.sealing import harmless

MIB = 1 << 20
LIMITS = cage.Limits(200 * MIB, 60, 100 * MIB, 60.0, room=40 * MIB)
ESCAPES = Path(__file__).with_name("escapes.py")
DRIVER = """
import sys
from archiver.recognise import confinement, guard, wire
from archiver.recognise.confinement import Walls
import msgspec
walls = msgspec.json.decode(sys.argv[2], type=Walls)
sock = socket.socket(fileno=int(sys.argv[1]))
wire.send(sock, {"space": walls.space})
while True:
    message, fds = wire.receive(sock)
    def work():
        os.chdir(walls.folder)
        reached = globals()[message["way"]](message["told"], *fds)
        wire.send(sock, {"reached": reached})
    end = guard.guarded(walls, work)
    for fd in fds:
        os.close(fd)
    confinement.wipe(walls)
    wire.send(sock, {"status": end.status, "over": end.over, "mark": MARK.decode()})
"""
# Bubblewrap where a document cannot get namespaces of its own, as under some profiles of AppArmor.
KINDS = ["bubblewrap", "bubblewrap, not nested", "landlock"]


class Prison(NamedTuple):
    """A process that stands where a reader's template does, and what it can be told."""

    caged: cage.Caged
    original: Path
    told: dict[str, object]
    space: str

    def attempt(self, way: str) -> tuple[list[str], dict[str, object]]:
        """What a document's process reached, and how it ended."""
        with self.original.open("rb") as file:
            fd = file.fileno()
            # Without a cage the received file itself is given, as it once was.
            given = contextlib.nullcontext(fd) if self.space == "open" else harmless(fd)
            with given as copy:
                wire.send(self.caged.sock, {"way": way, "told": self.told}, (copy,))
                message, _fds = wire.receive(self.caged.sock)
        reached = []
        if "reached" in message:
            reached = message["reached"]
            message, _fds = wire.receive(self.caged.sock)
        return reached, message


@contextlib.contextmanager
def prison(kind, folder, monkeypatch):
    if kind.startswith("bubblewrap") and cage.probe() != "bubblewrap":
        pytest.skip("this machine allows no bubblewrap")
    if kind == "landlock" and not kernel.landlock_version():
        pytest.skip("this kernel has no Landlock")
    if kind == "bubblewrap, not nested":
        walls = cage._walls
        monkeypatch.setattr(cage, "_walls", lambda seen, limits, _each: walls(seen, limits, False))
    original = folder / "original.pdf"
    original.write_bytes(b"received" * 100)
    scratch = folder / "scratch"
    scratch.mkdir()
    source = ESCAPES.read_text(encoding="utf-8") + DRIVER
    code = f"exec({source!r}, {{'__name__': 'escapes'}})"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as daemon,
        socket.socket(socket.AF_UNIX) as abstract,
        subprocess.Popen(["/bin/sleep", "600"]) as sibling,
    ):
        daemon.bind(str(folder / "archiver.sock"))
        daemon.listen()
        abstract.bind(f"\0{original}")
        abstract.listen()
        caged = cage.spawn(
            "timeit",
            kind=kind.partition(",")[0],
            scratch=scratch,
            arguments=[code],
            limits=LIMITS,
            per_document=True,
        )
        try:
            caged.sock.settimeout(60)
            message, _fds = wire.receive(caged.sock)
            others = [caged.pid, sibling.pid]
            if kind != "none":  # what succeeds without a cage must not be done to the tests
                others.append(os.getpid())
            told = {
                "original": str(original),
                "scratch": str(scratch),
                "processes": others,
                "port": server.getsockname()[1],
                "socket": str(folder / "archiver.sock"),
                "abstract": str(original),
            }
            yield Prison(caged, original, told, message["space"])
        finally:
            sibling.kill()
            caged.kill()


@pytest.fixture(scope="module", params=KINDS)
def inmate(request, tmp_path_factory):
    with (
        pytest.MonkeyPatch.context() as patch,
        prison(request.param, tmp_path_factory.mktemp("cage"), patch) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def free(tmp_path_factory):
    with (
        pytest.MonkeyPatch.context() as patch,
        prison("none", tmp_path_factory.mktemp("open"), patch) as opened,
    ):
        yield opened


CLOSED = [
    "change_the_received_file",
    "take_over_another_process",
    "disturb_another_process",
    "reach_the_network",
    "make_a_namespace",
    "call_what_no_parser_needs",
    "change_the_archive",
]


def state(path):
    status = path.stat()
    return path.read_bytes(), status.st_mode, status.st_mtime_ns, status.st_nlink


@pytest.mark.parametrize("way", CLOSED)
def test_the_way_is_closed(inmate, way):
    before = state(inmate.original)
    reached, end = inmate.attempt(way)
    assert reached == []
    assert end == {"status": 0, "over": "", "mark": "honest template"}
    assert state(inmate.original) == before
    assert inmate.caged.alive()


@pytest.mark.parametrize("way", CLOSED)
def test_the_same_way_is_open_without_a_cage(free, way):
    reached, end = free.attempt(way)
    assert reached, (end, free.caged.words.verbatim())


def test_nothing_is_left_to_the_next_document(inmate):
    inmate.attempt("leave_something")
    assert inmate.attempt("find_something")[0] == []


@pytest.mark.parametrize("way", ["breed", "fill_memory"])
def test_too_much_is_ended_with_the_whole_family(inmate, way):
    before = len(descendants(inmate.caged.pid))
    reached, end = inmate.attempt(way)
    assert (reached, end["over"] in ("processes", "memory")) == ([], True)
    assert len(descendants(inmate.caged.pid)) == before
    # The next document is not concerned.
    assert inmate.attempt("find_something")[1]["status"] == 0


def test_what_may_be_written_is_bounded(inmate):
    reached, end = inmate.attempt("fill_disk")
    if inmate.space == "machine":
        assert end["over"] == "room"
    else:
        assert 38 <= int(reached[0].split()[0]) <= 72
    assert inmate.attempt("find_something")[1]["status"] == 0
    assert not list(Path(inmate.told["scratch"]).iterdir())


def test_the_walls_are_those_that_were_asked_for(inmate, request):
    wanted = dict(zip(KINDS, ("own", "cage", "machine"), strict=True))
    assert inmate.space == wanted[request.node.callspec.params["inmate"]]


HOSTILE = """
import sys
from archiver.recognise import messages, reader_process, tasks

def hostile(channel, request, document, fds, folder):
    told = {"processes": []}
    reached = take_over_another_process(told, fds[0])
    channel.send_content(folder / "told", repr((reached, MARK)).encode())

def honest(channel, request, document, fds, folder):
    channel.send_content(folder / "told", repr(([], MARK)).encode())

tasks.TASKS["preview"] = lambda *asked: (hostile if asked[1].wanted == (1,) else honest)(*asked)
reader_process.main()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_does_not_take_over_its_lane(kind, tmp_path, monkeypatch):
    """The attack that once worked: overwrite the template, by which all that follow are read."""
    with prison(kind, tmp_path, monkeypatch):
        pass  # only for its conditions
    source = ESCAPES.read_text(encoding="utf-8") + HOSTILE
    code = f"exec({source!r}, {{'__name__': 'escapes'}})"
    real = cage.spawn

    def spawned(_module, **how):
        return real("timeit", arguments=[code], **how)

    monkeypatch.setattr(cage, "spawn", spawned)
    original = tmp_path / "original.pdf"
    with (
        original.open("rb") as file,
        Reader(tmp_path / "slot", kind.partition(",")[0], LIMITS) as reader,
    ):
        for number in (1, 2):
            made = reader.preview(file.fileno(), "application/pdf", number)
            with os.fdopen(made, "rb") as told:
                assert told.read() == repr(([], bytearray(b"honest template"))).encode()

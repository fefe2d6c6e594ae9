"""The door of the daemon: idle, too many and unknown visitors keep nobody from being served."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archiver import door
from archiver.cli.remote import RemoteArchive
from archiver.door import Door
from archiver.errors import DocumentFault, Fault, Refusal
from archiver.house import _PICTURE_SECONDS
from archiver.patience import Patience
from archiver.pools import Pools
from archiver.rights import Caller
from archiver.server import farewell
from tests import corpora, paper
from tests.corpora import CASES
from tests.town import Town, wait_for

STRANGER, CROWD = farewell(Refusal("not_allowed")), farewell(Fault("crowd"))


class Echo(asyncio.Protocol):
    """Gives back what it gets."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


@contextlib.asynccontextmanager
async def opened(place: Path, *, known: bool = True, most: int = 100) -> AsyncIterator[None]:
    """A door in this loop that takes us for one among others."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(place))
        sock.setblocking(False)
        sock.listen(512)

        def is_known(caller: Caller) -> bool:
            assert caller.uid == os.geteuid()
            return known

        serving = asyncio.create_task(
            Door(
                sock, Echo, is_known, owners=frozenset(),
                stranger=STRANGER, crowd=CROWD, most=most,
            ).serve()
        )  # fmt: skip
        yield
        serving.cancel()


async def _visit(place: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.wait_for(asyncio.open_unix_connection(str(place)), 20)


async def _is_served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    with contextlib.suppress(ConnectionError, BrokenPipeError):
        writer.write(b"hello")
        return await asyncio.wait_for(reader.read(64), 20) == b"hello"
    return False


def _open_files() -> int:
    return sum(1 for _one in Path("/proc/self/fd").iterdir())


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for more connections than a process usually has."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
def test_a_stranger_is_told_and_sent_away_however_often_he_comes(tmp_path: Path) -> None:
    async def came() -> None:
        async with opened(tmp_path / "s", known=False):
            before = _open_files()
            visits = [await _visit(tmp_path / "s") for _ in range(1100)]
            for reader, _writer in visits:
                assert await asyncio.wait_for(reader.read(), 20) == STRANGER
            # On our side each is still open; on the daemon's none is.
            assert _open_files() - before == len(visits)
            for _reader, writer in visits:
                writer.close()

    asyncio.run(came())


@pytest.mark.usefixtures("many_files")
def test_nobody_takes_more_than_his_share_and_gets_it_back(tmp_path: Path) -> None:
    async def came() -> None:
        async with opened(tmp_path / "s"):
            visits = [await _visit(tmp_path / "s") for _ in range(1100)]
            served = [one for one in visits if await _is_served(*one)]
            assert len(served) == door.MOST_EACH
            one_more, _writer = await _visit(tmp_path / "s")
            assert await asyncio.wait_for(one_more.read(), 20) == CROWD
            for _reader, writer in visits:
                writer.close()
            for _ in range(100):
                reader, writer = await _visit(tmp_path / "s")
                if await _is_served(reader, writer):
                    return
                writer.close()
                await asyncio.sleep(0.02)
            raise AssertionError("the share is not given back")

    asyncio.run(came())


def test_all_together_leave_open_files_for_the_intake(tmp_path: Path) -> None:
    async def came() -> None:
        async with opened(tmp_path / "s", most=3):
            visits = [await _visit(tmp_path / "s") for _ in range(6)]
            assert sum([await _is_served(*one) for one in visits]) == 3
            for _reader, writer in visits:
                writer.close()

    asyncio.run(came())
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = door.connections_at_most()
    raised, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert raised == hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert 0 < most * 4 <= raised


def test_who_says_nothing_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PATIENCE", 0.2)

    async def came() -> None:
        async with opened(tmp_path / "s"):
            reader, writer = await _visit(tmp_path / "s")
            assert await asyncio.wait_for(reader.read(), 20) == b""
            writer.close()

    asyncio.run(came())


# --- threads ------------------------------------------------------------------------------------


def test_nobody_takes_all_threads_and_slow_work_waits_for_itself_alone() -> None:
    pools, gate = Pools(), threading.Event()

    async def came() -> None:
        slow = [asyncio.create_task(pools.run("pictures", 1, gate.wait)) for _ in range(7)]
        slow += [asyncio.create_task(pools.run("quick", 1, gate.wait)) for _ in range(50)]
        assert await asyncio.wait_for(pools.run("quick", 2, lambda: "found"), 20) == "found"
        assert await asyncio.wait_for(pools.run("pictures", 2, lambda: "drawn"), 20) == "drawn"
        assert not pools.close(0.0)
        gate.set()
        await asyncio.gather(*slow, return_exceptions=True)
        assert pools.close(20)

    asyncio.run(came())


def test_patience_lets_go_what_hangs_on_it_and_what_comes_too_late() -> None:
    let_go: list[str] = []
    patience = Patience()
    with patience.held(lambda: let_go.append("first")):
        patience.end()
        patience.end()
    with patience.held(lambda: let_go.append("late")):
        pass
    assert let_go == ["first", "late"]
    assert patience.has_ended


# --- the daemon ---------------------------------------------------------------------------------


def _drawn(town: Town, document: str) -> str:
    try:
        with (
            RemoteArchive(town.root / "archiver.sock").documents.picture(document).stream as stream
        ):
            return "drawn" if stream.read(8).startswith(b"\x89PNG") else "other"
    except Fault as fault:
        return fault.reason


def _walk_away(town: Town, document: str) -> socket.socket:
    """Ask for a picture; whoever closes the socket has gone."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(town.root / "archiver.sock"))
    words = json.dumps({"identifier": document})
    head = f"POST /acts/documents.picture HTTP/1.0\r\nContent-Length: {len(words)}\r\n\r\n"
    sock.sendall((head + words).encode())
    return sock


def _desks(town: Town) -> int:
    folder = town.root / "stage" / "cage"
    return sum(one.name.startswith("desk-") for one in folder.iterdir()) if folder.exists() else 0


def test_pictures_of_a_slow_document_keep_nobody_waiting_and_a_stop_is_quick(
    tmp_path: Path,
) -> None:
    slow = CASES / "tiling-tiny-step.pdf"
    corpora.require(CASES)
    town = Town(tmp_path / "town", {"work": {"wall_seconds": 5}})
    town.drop("langsam.pdf", slow.read_bytes())
    town.drop("brief.pdf", paper.text_pdf([("Friedhofssatzung",)]))
    daemon = town.start()
    try:
        place = RemoteArchive(town.root / "archiver.sock")
        # Nothing of it needs to be read before somebody may look at it.
        (held,) = wait_for(
            lambda: place.documents.search("datei:langsam")["hits"], "the slow one is known"
        )
        (letter,) = wait_for(
            lambda: place.documents.search("Friedhofssatzung")["hits"], "the letter is read"
        )
        gone = [_walk_away(town, held["id"]) for _ in range(7)]
        wait_for(lambda: _desks(town), "a picture is being drawn")
        for ask in (place.upkeep.status, lambda: place.documents.search("Friedhofssatzung")):
            began = time.monotonic()
            ask()
            assert time.monotonic() - began < 10.0  # a picture is waited for longer
        for sock in gone:
            sock.close()
        began = time.monotonic()
        assert _drawn(town, letter["id"]) == "drawn"
        # Two at a time, seven of them would take four times as long as one may.
        assert time.monotonic() - began < 3 * _PICTURE_SECONDS
        wait_for(lambda: not _desks(town), "nothing is left of what nobody waits for", 20)
        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(_drawn, town, held["id"]) for _ in range(2)]
            wait_for(lambda: _desks(town), "a picture is being drawn")
            began = time.monotonic()
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=60) == 0, (town.root / "daemon.log").read_text()
            assert time.monotonic() - began < 30.0
            assert {one.result() for one in waiting} <= {"daemon_gone", "picture_failed"}
    finally:
        daemon.kill()
        daemon.wait()
    log = [json.loads(line) for line in (town.root / "daemon.log").read_text().splitlines()]
    assert not [line for line in log if line["event"] == "request failed"]


def test_a_page_that_cannot_be_drawn_in_time_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = CASES / "tiling-tiny-step.pdf"
    corpora.require(CASES)
    from archiver import house as house_module
    from archiver.archive import Archive
    from archiver.config import load
    from archiver.house import House, held
    from archiver.rights import myself

    monkeypatch.setattr(house_module, "_PICTURE_SECONDS", 1)
    config = load(Town(tmp_path / "town").config)
    with held(config, exclusive=True):
        house = House(config)
        archive = Archive(house, myself())
        with slow.open("rb") as source:
            document = archive.intake.add(source, b"langsam.pdf")["id"]
        with pytest.raises(DocumentFault, match="picture_too_slow"):
            archive.documents.picture(document)
        archive.patience.end()
        with pytest.raises(DocumentFault, match=r"picture_failed|picture_too_slow"):
            archive.documents.picture(document)
        house.close()

"""The daemon: one process per archive that watches, works, and answers on its socket.

Promises to stop cleanly on SIGTERM and SIGINT, to finish nothing half, and to leave the archive
locked by nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path

from archiver import memory
from archiver.archive import Archive, Progress, load_parts, silent
from archiver.clock import now
from archiver.config import Config
from archiver.door import Door, caller_of, connections_at_most
from archiver.errors import ExitCode, Fault, Refusal, SystemFault
from archiver.house import House, held
from archiver.inbox import leases
from archiver.monitoring import metrics
from archiver.monitoring.signs import signs
from archiver.pipeline.chore import Chore
from archiver.pipeline.office import Office, new_boot
from archiver.pools import Pools
from archiver.records import DocumentState
from archiver.registry import rulebook
from archiver.rights import Caller, standing
from archiver.search.index import SearchIndex
from archiver.server import farewell, served
from archiver.store import rebuilding
from archiver.structs import make_ready

log = logging.getLogger(__name__)

_GLANCE = 0.1
_WORTH_TELLING = 1.0  # seconds that whoever asks waits without a word
_BACKLOG = 512  # who waits to be looked at
_FAREWELL = 3.0
_MINUTE = 60.0
_TIDY_SECONDS = 20.0
_LAST_WORK = 15.0
# All in all less than the unit allows (TimeoutStopSec=90s).
_LONGEST_STOP = 60.0

# Is told how many documents wait, are on their way, and are done since the start.
Glance = Callable[[int, int, int], None]


def run(
    config: Config,
    *,
    once: bool,
    glance: Glance | None = None,
    progress: Progress = silent,
) -> ExitCode:
    """Run until told to stop, or until everything there is has been worked off.

    Args:
        config: of the archive.
        once: end when nothing is left to do.
        glance: is told about progress ten times a second.
        progress: is told ledger lines done and in all where the catalogue is made anew first.

    Returns:
        OK, or FINDINGS where something went to quarantine during a run `once`.

    Raises:
        Refusal: ``locked``.
        SystemFault: a store cannot be opened.
    """
    leases.keep_to_myself()
    memory.spare()
    rebuild = _Rebuild(progress)
    house = House(config, progress=rebuild)
    house.prepare()
    with held(config, exclusive=True):
        try:
            with _excused(house, rebuild):
                house.register  # noqa: B018
            return asyncio.run(_serve(house, once, glance))
        finally:
            house.close()


class _Rebuild:
    """How far a new catalogue is, for those who wait for it.

    Args:
        progress: is told the same.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._percent = 0

    def __call__(self, done: int, total: int) -> None:
        """So many of so many ledger lines are taken over."""
        self._percent = 100 * done // total
        self._progress(done, total)

    def told(self) -> Fault:
        """What whoever asks is told."""
        code = ExitCode.LOCKED
        return SystemFault("catalogue_rebuilt", exit_code=code, percent=self._percent)


@contextlib.contextmanager
def _excused(house: House, rebuild: _Rebuild) -> Iterator[None]:
    """Answer meanwhile on the socket that the catalogue is being made anew, where that lasts."""
    if rebuilding.is_current(house.config.places.catalogue):
        yield
        return
    over = threading.Event()
    telling = threading.Thread(target=_excuse, args=(house, rebuild, over), daemon=True)
    telling.start()
    try:
        yield
    finally:
        over.set()
        telling.join()


def _excuse(house: House, rebuild: _Rebuild, over: threading.Event) -> None:
    if over.wait(_WORTH_TELLING):
        return
    with _bound(house.config.places.socket) as sock:
        log.info("catalogue is made anew")
        sock.settimeout(_GLANCE)
        while not over.is_set():
            with contextlib.suppress(OSError, KeyError), sock.accept()[0] as guest:
                caller = caller_of(guest)
                is_known = caller.uid == 0 or standing(house.config, caller, house.owner).roles
                guest.sendall(farewell(rebuild.told() if is_known else Refusal("not_allowed")))


async def _serve(house: House, once: bool, glance: Glance | None) -> ExitCode:
    house.intake.recover(house.folders())
    house.require_ledger()
    rulebook.adopt_first(house.registry, "daemon")
    unfinished = _end_erasure(house)
    first_line = house.register.head()[0]
    office = Office(
        house.config,
        house.stores,
        house.intake,
        _fresh_index(house),
        new_boot(),
        house.ledger,
        house.time,
        lambda: house.new_index(lambda _done, _total: None),
    )
    if unfinished is not None:
        office.health.ill("erasure", unfinished)
    stop, pools = asyncio.Event(), Pools()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tidying = asyncio.create_task(_tidy())
    try:
        house.office = office
        # What is loaded later would be made ready by threads, two at once perhaps.
        load_parts()
        make_ready()
        office.start(warm=not once)
        async with _listening(house, pools), _measured(house, office):
            log.info("started")
            _tell_manager(b"READY=1")
            await _until_done(office, stop, once, glance)
    finally:
        tidying.cancel()
        house.office = None
        await _stopped(office, pools)
        log.info("stopped")
    return _outcome(house, first_line) if once else ExitCode.OK


@contextlib.asynccontextmanager
async def _measured(house: House, office: Office) -> AsyncIterator[None]:
    """Figures for Prometheus each minute, where they are wanted."""
    target = house.config.metrics_file
    if target is None:
        yield
        return
    owner = Caller(house.owner, frozenset())

    def write() -> None:
        moment = datetime.fromisoformat(now())
        status = Archive(house, owner).upkeep.status()
        found = signs(status, house.config.monitoring, moment)
        try:
            metrics.write(target, metrics.text(status, found, moment))
        except OSError as error:
            raise SystemFault("metrics_unwritable", path=str(target)) from error

    chore = Chore("metrics", write, office.health, every=_MINUTE)
    chore.start()
    try:
        yield
    finally:
        chore.halt()
        await asyncio.to_thread(chore.join, _FAREWELL)


async def _tidy() -> None:
    """Give memory back from time to time, for as long as the daemon runs."""
    while True:
        await asyncio.sleep(_TIDY_SECONDS)
        await asyncio.to_thread(memory.give_back)


async def _stopped(office: Office, pools: Pools) -> None:
    """Stop all parts and all that was asked for; what does not end is cut off as by a power cut."""
    stopping = asyncio.gather(
        asyncio.to_thread(office.stop), asyncio.to_thread(pools.close, _LAST_WORK)
    )
    done, _pending = await asyncio.wait({asyncio.ensure_future(stopping)}, timeout=_LONGEST_STOP)
    if not done or not stopping.result()[1]:
        # The lock is held to the last, so that nobody else begins while something still runs.
        log.error("cut off while stopping")
        logging.shutdown()
        os._exit(ExitCode.OK)


def _tell_manager(word: bytes) -> None:
    """Tell the service manager how far the daemon is, where there is one (``sd_notify(3)``)."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):
        sock.sendto(word, f"\0{place[1:]}" if place.startswith("@") else place)


async def _until_done(
    office: Office, stop: asyncio.Event, once: bool, glance: Glance | None
) -> None:
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _GLANCE if once or glance else None)
        if glance is not None:
            glance(*office.progress(), office.done())
        if once and await asyncio.to_thread(office.finished):
            return
        if once and (fault := office.hopeless()) is not None:
            raise fault


def _outcome(house: House, first_line: int) -> ExitCode:
    """FINDINGS where a document of this run lies in quarantine."""
    for identifier in house.register.changed_after(first_line):
        row = house.register.document(identifier)
        if row is not None and row["state"] == DocumentState.QUARANTINED:
            return ExitCode.FINDINGS
    return ExitCode.OK


def _end_erasure(house: House) -> Fault | None:
    """Bring a destruction to its end that a crash broke off; what keeps it from that is told."""
    from archiver.registry import destruction

    try:
        destruction.resume(house.registry, house)
    except Fault as fault:
        # The archive opens all the same: what is asked to be destroyed next goes on with this.
        log.error("destruction is not finished", extra={"reason": fault.reason})
        return fault
    return None


def _fresh_index(house: House) -> SearchIndex:
    """The index, made anew where it is damaged, of another engine, or ahead of the ledger."""
    try:
        index = house.index
        if index.cursor() <= house.register.head()[0]:
            return index
    except SystemFault as fault:
        if fault.reason != "index_damaged":
            raise
        log.warning("index is made anew", extra={"reason": fault.reason, **fault.params})
    house.reindex(lambda _done, _total: None)
    return house.index


@contextlib.asynccontextmanager
async def _listening(house: House, pools: Pools) -> AsyncIterator[None]:
    """Answer on the socket; the door lets those in who are something to the archive."""
    runner = served(house, pools)
    await runner.setup()
    server = runner.server
    assert server is not None
    with _bound(house.config.places.socket) as sock:
        door = Door(
            sock,
            server,
            lambda caller: bool(standing(house.config, caller, house.owner).roles),
            owners=frozenset({0, house.owner}),
            stranger=farewell(Refusal("not_allowed")),
            crowd=farewell(SystemFault("crowd", exit_code=ExitCode.LOCKED)),
            most=connections_at_most(),
        )
        serving = asyncio.create_task(door.serve())
        try:
            yield
        finally:
            serving.cancel()
            pools.is_closing = True
            await runner.cleanup()


@contextlib.contextmanager
def _bound(place: Path) -> Iterator[socket.socket]:
    """A listening socket at `place`; a stale one is replaced, since we hold the lock."""
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.bind(str(place))
        except OSError as error:
            raise SystemFault("socket_failed", path=str(place)) from error
        place.chmod(0o666)
        sock.setblocking(False)
        sock.listen(_BACKLOG)
        try:
            yield sock
        finally:
            place.unlink(missing_ok=True)

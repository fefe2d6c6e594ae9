"""The office: all that works in a running daemon, wired together once.

Promises an order of start (recover, then projections, lanes, watch) and the reverse order of
stop, so that nothing is offered to a part that does not run.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from archiver.config import Config
from archiver.errors import Fault, SystemFault
from archiver.inbox.settling import Listing
from archiver.pipeline import clockwatch, rounds, sealer
from archiver.pipeline.audit import beside_objects
from archiver.pipeline.chore import Chore
from archiver.pipeline.clockwatch import ClockWatch
from archiver.pipeline.engines import Engines
from archiver.pipeline.health import Health
from archiver.pipeline.intake import Intake
from archiver.pipeline.invoices import Invoices
from archiver.pipeline.objectcheck import ObjectCheck
from archiver.pipeline.postman import Postman
from archiver.pipeline.projector import Projector
from archiver.pipeline.rejudge import Rejudge
from archiver.pipeline.rounds import Rounds
from archiver.pipeline.runner import Runner, Workshop
from archiver.pipeline.school import School
from archiver.pipeline.sealer import Sealer
from archiver.pipeline.summary import Summary
from archiver.pipeline.watch import Watch
from archiver.pipeline.work import Tools
from archiver.recognise import cage
from archiver.recognise.confinement import empty
from archiver.recognise.engine_client import Engine
from archiver.recognise.engine_process import Options
from archiver.recognise.reader import Reader
from archiver.records import DocumentState, Id
from archiver.search.index import SearchIndex
from archiver.store.ledger import Ledger
from archiver.store.register import Register
from archiver.store.stores import Stores
from archiver.store.timekeeping import Timekeeper

log = logging.getLogger(__name__)

_MIB = 1 << 20
_ENGINE = "archiver.recognise.engine_process"
_PAGE_SECONDS = 300.0
_NO_CAGE: dict[cage.Kind, str] = {"none": "cage_off", "missing": "cage_missing"}
_TRIES = 8  # about half a minute


class Office:
    """The parts of a running daemon.

    Args:
        config: of the archive.
        stores: of the archive.
        intake: its way in.
        index: opened anew after each exchange.
        boot: identity of this run of the daemon.
        ledger: of the archive.
        keeper: of the archive's time.
        renew_index: makes another index in the place of a damaged one; see `Projector`.

    Attributes:
        health: trouble of all parts.
        cage: in which received files are opened.
        engines: for the pages of all documents.
    """

    def __init__(
        self,
        config: Config,
        stores: Stores,
        intake: Intake,
        index: SearchIndex,
        boot: str,
        ledger: Ledger,
        keeper: Timekeeper,
        renew_index: Callable[[], tuple[int, SearchIndex]] | None = None,
    ) -> None:
        self._config = config
        self._stores = stores
        register, now = stores.register, stores.now
        self.health = Health(now)
        self.cage = cage_of(config)
        self.engines = engines_of(config, self.cage)
        self._projector = Projector(
            config, register, stores.holdings, index, self.health, renew_index
        )
        pages = config.places.stage / "pages"
        shop = Workshop(config, stores, self.health, pages, boot)
        # One lane more than engines: while one document is assembled the engines stay busy.
        lanes = config.work.engines + 1
        self._runner = Runner(shop, lanes, self._tools, self._projector.wake)
        self.clock = ClockWatch(keeper, self.health)
        self._watch = Watch(
            config, intake, self.health, self.tell, self._projector.held, keeper.sure
        )
        self.school = School(config, register.record, now, self._learned, self._schooled)
        rejudge = Rejudge(config, stores, self.school.model)
        self._judging = Chore("judging", rejudge.judge, self.health, last=False)
        self._catching_up = Chore("catalogue", self._catch_up, self.health, last=False)
        self._postman = Postman(config, lambda: summed_up(register), now, self.health)
        check = ObjectCheck(stores.vault, register)
        beside = partial(beside_objects, config, ledger, register)
        self._rounds = Rounds(config, check, stores.vault.home, beside, now, self.health)
        self.sealer = Sealer(config, ledger, register, keeper.sure, new_nonce, self.health)

    def start(self, *, warm: bool) -> None:
        """Start all parts; the stores have been recovered.

        Args:
            warm: whether readers start at once, so that the first paper does not wait for them.

        Raises:
            SystemFault: ``engine_missing``, ``language_missing``: nothing was started.
        """
        scratch = self._config.places.stage / "cage"
        empty(str(scratch))
        self.clock.start()
        if self.cage in _NO_CAGE:
            # For as long as the daemon runs: nobody shall forget it.
            self.health.ill("cage", SystemFault(_NO_CAGE[self.cage]))
            log.warning("no cage", extra={"cage": self.cage})
        if self.cage != "missing":
            self.engines.warm()
        self._projector.start()
        self._stores.register.follow(self._projector.wake, self._catching_up.wake)
        self._runner.start(warm=warm)
        self._catching_up.start()
        self._watch.start()
        self.school.start()
        self._judging.start()
        self.sealer.start()
        if warm:
            self._postman.start()
            self._rounds.start()

    def stop(self) -> None:
        """Stop all parts; work under way goes on at the next start."""
        self._rounds.stop()
        self.clock.stop()
        self._postman.stop()
        self.sealer.stop()
        self.school.stop()
        self._judging.halt()
        self._judging.join()
        self._catching_up.halt()
        self._catching_up.join()
        self._watch.stop()
        self._runner.halt()
        # Lanes wait for pages, so the engines end first.
        self.engines.close()
        self._runner.join()
        self._stores.register.follow(None)
        self._projector.stop()

    def tell(self, identifier: Id) -> None:
        """An accession was accepted or a person decided: work and projections follow."""
        # The bytes of a duplicate may have healed the document that it repeats.
        row = self._stores.register.document(identifier)
        self._runner.add(str(row["id"]) if row is not None else identifier)
        self._projector.wake()
        self._rounds.tell(str(row["id"]) if row is not None else identifier)

    def verified(self, problems: list[dict[str, Any]]) -> None:
        """A person has had everything read again, with these problems."""
        self._rounds.seen(problems)

    def listings(self) -> dict[str, Listing]:
        """What waits, is held or ignored in each pipeline's folder."""
        return self._watch.listings()

    def watching(self) -> tuple[float, float]:
        """Seconds that the oldest file has waited, and since the folders were looked at."""
        return self._watch.waited(), self._watch.looked()

    def progress(self) -> tuple[int, int]:
        """Documents that wait and documents that are on their way."""
        return self._runner.progress()

    def done(self) -> int:
        """Documents worked off since the start."""
        return self._runner.done

    def troubles(self) -> list[dict[str, Any]]:
        """Trouble of the system, as sentences."""
        return [trouble.told() for trouble in self.health.troubles()]

    def exchange_index(self, exchange: Callable[[], tuple[int, SearchIndex]]) -> int:
        """Have the index exchanged while nobody writes it; returns the documents in it."""
        return self._projector.exchange(exchange)

    def index_damaged(self) -> None:
        """The index turned out to be damaged: have it made anew."""
        self._projector.damaged()

    def follow_index(self) -> None:
        """Have everything that is in the ledger found from now on."""
        self._projector.follow()

    def publish(self) -> None:
        """Write notices and receipts anew, where they are not what the ledger says."""
        self._projector.publish()

    def finished(self) -> bool:
        """Whether everything that lay in the folders is worked off and can be found."""
        return self._watch.nothing_waits() and self._runner.idle() and self._projector.current()

    def hopeless(self) -> SystemFault | None:
        """Trouble that has lasted so long that waiting for the end makes no sense."""
        for trouble in self.health.troubles():
            # Papers come to their end without a seal or a stamp, whatever is wrong with others.
            lasts = trouble.grade == "bad" and trouble.times >= _TRIES
            if lasts and trouble.part not in (*sealer.PARTS, rounds.PART, clockwatch.PART):
                fault = SystemFault(trouble.reason)
                fault.params = trouble.params
                return fault
        return None

    def _catch_up(self) -> None:
        """Take over what only the ledger knows: whoever recorded it could offer no work for it."""
        self._stores.register.catch_up()
        for row in self._stores.register.jobs():
            self._runner.add(str(row["id"]))
        self._projector.wake()

    def _learned(self) -> None:
        """A new model is there: what waits for a class is judged again."""
        self._projector.wake()
        self._judging.wake()

    def _schooled(self, fault: Fault | None) -> None:
        if fault is None:
            self.health.well("school")
        else:
            self.health.ill("school", fault)

    def _tools(self, lane: int, others_wait: Callable[[], bool]) -> Tools:
        return Tools(
            config=self._config,
            stores=self._stores,
            reader=reader_of(self._config, self.cage, f"lane-{lane}"),
            engines=self.engines,
            invoices=Invoices(self.cage, _limits(self._config)),
            model=self.school.model,
            others_wait=others_wait,
        )


def cage_of(config: Config) -> cage.Kind:
    """The cage to use: what is configured, where it works."""
    return "none" if config.work.cage == "none" else cage.probe()


def engines_of(config: Config, kind: cage.Kind, count: int | None = None) -> Engines:
    """Engines as configured; they start with their first page, or when they are warmed.

    Args:
        config: of the archive.
        kind: their cage.
        count: of engines; None: as configured.
    """
    options = Options(config.ocr.engine, config.ocr.languages, signs=config.ocr.paragraph_signs)
    arguments = [msgspec.json.encode(options).decode()]

    def start() -> Engine:
        process = cage.spawn(
            _ENGINE, kind=kind, scratch=None, arguments=arguments, limits=_limits(config)
        )
        return Engine(process)

    return Engines(count or config.work.engines, start, _PAGE_SECONDS)


def reader_of(config: Config, kind: cage.Kind, slot: str, *, seconds: int | None = None) -> Reader:
    """A reader with the limits that are configured.

    Args:
        config: of the archive.
        kind: its cage.
        slot: name of its folder below the stage.
        seconds: for which an answer may be worked at and waited for; None: as configured.
    """
    limits = _limits(config)
    if seconds is not None:
        limits = msgspec.structs.replace(limits, cpu_seconds=seconds, wall_seconds=seconds)
    return Reader(
        config.places.stage / "cage" / slot,
        kind,
        limits,
        max_megapixels=config.limits.megapixels,
        max_pages=config.limits.pages,
    )


def _limits(config: Config) -> cage.Limits:
    work = config.work
    return cage.Limits(
        address_space=work.memory_mib * _MIB,
        cpu_seconds=work.wall_seconds,
        file_size=work.file_mib * _MIB,
        wall_seconds=work.wall_seconds,
        room=work.scratch_mib * _MIB,
    )


def summed_up(register: Register) -> Summary:
    """What waits for a person, in numbers."""
    waiting = register.waiting()
    by_reason = Counter(str(row["reason"]) for row in waiting)
    oldest = min((str(row["changed_at"]) for row in waiting), default=None)
    counts = register.counts()
    return Summary(
        waiting=len(waiting),
        by_reason=dict(by_reason),
        oldest=oldest,
        quarantined=counts.get(DocumentState.QUARANTINED, 0),
        unclassified=register.unclassified(),
    )


def new_nonce() -> int:
    """A number for one time stamp: up to 64 bits, above 0."""
    return secrets.randbits(63) + 1


def new_boot() -> str:
    """An identity for one run of the daemon."""
    return os.urandom(8).hex()

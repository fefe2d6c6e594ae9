"""The runner: lanes that take documents from the queue and walk them through the steps.

Promises that one document's fault never stops another's way: a `DocumentFault` puts the document
aside, a `SystemFault` blames nobody and is tried again, and only the death of a worker under a
living daemon counts against a document (three, then a person must look).
"""

from __future__ import annotations

import contextlib
import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archiver.config import Config, Separate
from archiver.errors import (
    DocumentFault,
    Fault,
    IntegrityFault,
    NotFound,
    Refusal,
    ReviewNeeded,
    SystemFault,
)
from archiver.machine import fault_of
from archiver.pipeline.health import Health
from archiver.pipeline.pagestore import PageStore, forget_others
from archiver.pipeline.steps import walk
from archiver.pipeline.turns import Turns
from archiver.pipeline.work import NotYet, Tools, Waits, Work
from archiver.recognise.engine_client import EngineDied
from archiver.recognise.reader import WorkerDied
from archiver.records import AccessionState, Event, Id
from archiver.store import durable
from archiver.store.stores import Stores

log = logging.getLogger(__name__)

WORKER_DEATHS = 3
DAEMON_DEATHS = 10
# A letter takes a few seconds from end to end.
QUICK_SECONDS = 30.0


@dataclass(frozen=True)
class Workshop:
    """What every lane shares."""

    config: Config
    stores: Stores
    health: Health
    pages: Path
    boot: str


class Runner:
    """Lanes that work off the queue.

    Args:
        shop: what the lanes share.
        lanes: how many documents are on their way at once.
        tools: makes the tools of one lane, given its number and the queue's question whether
            others wait.
        changed: is called after every recorded step.

    Attributes:
        done: documents worked off since the start.
    """

    def __init__(
        self,
        shop: Workshop,
        lanes: int,
        tools: Callable[[int, Callable[[], bool]], Tools],
        changed: Callable[[], None],
    ) -> None:
        self._shop = shop
        self._tools = tools
        self._changed = changed
        self._turns = Turns(lanes)
        self._leaving = threading.Lock()
        self.done = 0
        self._stopping = threading.Event()
        self._closing: list[Callable[[], None]] = []
        self._warm = False
        self._threads = [
            threading.Thread(target=self._lane, args=(number,), name=f"lane-{number}")
            for number in range(lanes)
        ]

    def start(self, *, warm: bool) -> None:
        """Take up unfinished work and start the lanes.

        Args:
            warm: whether lanes start their readers at once, not with their first document.
        """
        self._warm = warm
        jobs = self._shop.stores.register.jobs()
        forget_others(self._shop.pages, {str(row["id"]) for row in jobs})
        often = [str(row["id"]) for row in jobs if int(row["daemon_deaths"]) >= DAEMON_DEATHS]
        self._turns.alone(often)
        for row in jobs:
            self.add(str(row["id"]))
        for thread in self._threads:
            thread.start()

    def add(self, document: Id) -> None:
        """Queue a document, once; those that wait for another one are looked at again."""
        self._turns.add(document)

    def idle(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        return self._turns.idle()

    def progress(self) -> tuple[int, int]:
        """Documents that wait and documents that are on their way."""
        return self._turns.progress()

    def halt(self) -> None:
        """Have the lanes end; a document on its way goes on at the next start."""
        self._stopping.set()
        self._turns.end()
        for close in self._closing:
            close()

    def join(self) -> None:
        """Wait until the lanes have ended."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _lane(self, number: int) -> None:
        tools = self._tools(number, self._turns.others_wait)
        self._closing += [tools.reader.close, tools.invoices.close]
        quick = self._turns.is_quick(number)
        if self._warm:
            _warm(tools)
        while (document := self._turns.take(number)) is not None:
            again = False
            try:
                if quick:
                    self._hurry(document, number, tools, QUICK_SECONDS)
                again = self._attempt(document, tools)
            finally:
                with self._leaving:
                    self.done += not again
                    self._turns.give_back(document, again=again)
            if quick and again:
                # Whatever was slow has cost the reader; the next paper does not wait for another.
                _warm(tools)
        # `stop` may have come while it was still warming up.
        tools.reader.close()

    def _hurry(self, document: Id, lane: int, tools: Tools, seconds: float) -> None:
        """Take a document off its lane when its time there is up: it goes on in another one."""

        def expire() -> None:
            # The lane cannot go on to its next document meanwhile, whose reader this would end.
            with self._leaving:
                if not self._turns.find_slow(document, lane):
                    return
                tools.reader.close()
                tools.invoices.give_up()
            # It may have stood between two requests just now.
            self._hurry(document, lane, tools, 1.0)

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()

    def _attempt(self, document: Id, tools: Tools) -> bool:
        """Try once; returns whether the document must be tried again."""
        shop = self._shop
        try:
            if not shop.stores.register.begin_job(document, shop.boot):
                # Settled by a person; what was read of it must not stay in the stage.
                PageStore(shop.pages, document).clear()
                self._changed()
                return False
            again = self._walk(document, tools)
            shop.health.well("work")
            return again
        except Exception as error:
            # A lane must outlive everything: nobody would notice that it is gone.
            shop.health.ill("work", _named(error, document))
            self._stopping.wait(shop.health.pause("work"))
            return not self._stopping.is_set()

    def _walk(self, document: Id, tools: Tools) -> bool:
        shop = self._shop
        work = None
        try:
            # A full disk is never the document's fault, wherever on its way it is met.
            with durable.storage_faults(shop.pages):
                work = self._work(document)
                walk(work, tools)
        except NotYet:
            shop.stores.register.end_job(document)
            return True
        except Waits as waits:
            shop.stores.register.end_job(document)
            self._turns.park(document, waits.seconds)
            return False
        except ReviewNeeded as fault:
            self._put_aside("reviewed", document, fault)
        except DocumentFault as fault:
            self._put_aside("quarantined", document, fault)
        except (IntegrityFault, NotFound) as fault:
            # The vault's own bytes, or all of the object: nothing that a worker could do again.
            log.warning("object damaged", extra={"id": document, "reason": fault.reason})
            self._put_aside("reviewed", document, IntegrityFault("object_damaged", id=document))
        except (WorkerDied, EngineDied) as error:
            return self._died(document, work, error)
        except SystemFault:
            self._add_made(work)
            shop.stores.register.end_job(document)
            if self._turns.must_leave(document):
                # Its reader was ended while it started.
                return True
            raise
        except OSError as error:
            shop.stores.register.end_job(document)
            log.exception("system fault", extra={"id": document})
            raise fault_of(error) from error
        except Exception as error:
            log.exception("step failed", extra={"id": document})
            return self._died(document, work, error)
        self._clear(document, work)
        self._add_made(work)
        return False

    def _add_made(self, work: Work | None) -> None:
        """Queue the documents that a walk has made."""
        for made in work.made if work is not None else ():
            self.add(made)

    def _died(self, document: Id, work: Work | None, error: Exception) -> bool:
        """Count a worker's death against its document; returns whether to try again."""
        if self._stopping.is_set():
            # It was ended on purpose.
            self._shop.stores.register.end_job(document)
            return False
        if self._turns.must_leave(document):
            self._shop.stores.register.end_job(document)
            return True
        deaths = self._shop.stores.register.end_job(document, worker_died=True)
        cause = _cause(error)
        log.warning("worker died", extra={"id": document, "times": deaths, "cause": cause})
        # One whose pages are all read is tried once more, without the making of a PDF/A.
        if deaths >= WORKER_DEATHS + (work is not None and bool(work.pages)):
            fault = ReviewNeeded("worker_died", times=deaths, cause=cause)
            self._put_aside("reviewed", document, fault)
            self._clear(document, None)
            return False
        return True

    def _put_aside(self, kind: str, document: Id, fault: Fault) -> None:
        """Record that a document cannot go on; a person may have settled it meanwhile."""
        data = {"reason": fault.reason, "params": dict(fault.params)}
        event = Event(kind=kind, at=self._shop.stores.now(), actor="daemon", id=document, data=data)
        try:
            self._shop.stores.register.record(event)
        except Refusal as refusal:
            log.info("settled meanwhile", extra={"id": document, "reason": refusal.reason})

    def _clear(self, document: Id, work: Work | None) -> None:
        """Forget what a finished walk left behind."""
        shop = self._shop
        row = shop.stores.register.document(document)
        log.info("walked", extra={"id": document, "state": row["state"] if row else None})
        with shop.stores.register.exclusive():
            # Of a walk that was put aside a version may be left that was never told.
            if shop.stores.vault.is_announced(document):
                shop.stores.take_back(document)
        PageStore(shop.pages, document).clear()
        if work is not None and work.rendition is not None:
            work.rendition.unlink(missing_ok=True)
        self._changed()

    def _work(self, document: Id) -> Work:
        shop = self._shop
        row = shop.stores.register.document(document)
        came = shop.stores.register.accessions(document)
        assert row is not None
        first, scans = came[0], [a for a in came if a["state"] != AccessionState.DUPLICATE]
        rules = {one.name: one.separate for one in shop.config.pipelines}
        return Work(
            id=document,
            media_type=str(row["media_type"]),
            size=int(scans[-1]["size"]),
            sha512=str(row["sha512"]),
            received_at=str(first["received_at"]),
            state=str(row["state"]),
            receipt=shop.stores.holdings.receipt(document, document),
            # A newer version may have no ledger line: what it says was never decided.
            record=shop.stores.holdings.record_left(document, int(row["version"]))[0],
            separated=first["state"] == AccessionState.SEPARATED,
            rule=rules.get(str(first["pipeline"]), Separate()),
            store=PageStore(shop.pages, document),
            plain=shop.stores.register.worker_deaths(document) >= WORKER_DEATHS,
        )


def _warm(tools: Tools) -> None:
    """Start a lane's reader; what is wrong with it is told when a document needs it."""
    with contextlib.suppress(Exception):
        tools.reader.warm()


def _named(error: Exception, document: Id) -> Fault:
    """The trouble as people are told it; the log has the rest."""
    if isinstance(error, Fault):
        log.warning("system fault", extra={"id": document, "reason": error.reason})
        return error
    log.error("lane failed", exc_info=error, extra={"id": document})
    return SystemFault("projection_failed", part="work")


def _cause(error: Exception) -> str:
    """Of what a worker died, in codes: signal or status, or the kind of exception and its place."""
    if isinstance(error, WorkerDied):
        # What it said that cannot be may hold text.
        return f"reader {error.how}" if error.how == "protocol" else f"reader {error}"
    if isinstance(error, EngineDied):
        return " ".join([error.reason, *map(str, error.params.values())])
    frames = traceback.extract_tb(error.__traceback__)
    place = f" {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"step {type(error).__name__}{place}"

"""The watch over the drop folders: look, judge, accept, again and again.

Promises that the scan is the truth and events only wake it, that one file's trouble never keeps
another from being taken, and that what is held or waits can be asked at any time.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from archiver.config import Config, Pipeline
from archiver.errors import DocumentFault, Fault, SystemFault
from archiver.inbox import claim, leases
from archiver.inbox.settling import Held, Listing, Settling
from archiver.inbox.sightings import Sighting, look
from archiver.inbox.wake import Wake
from archiver.machine import fault_of
from archiver.pipeline.health import Health
from archiver.pipeline.intake import Intake
from archiver.records import Id

log = logging.getLogger(__name__)

_DAY = 86400.0


def survey(config: Config) -> dict[str, Listing]:
    """What lies in the drop folders now, without a daemon: nothing has settled yet."""
    listings = {}
    for pipeline in config.pipelines:
        settling = Settling(config.inbox.settle_seconds, config.inbox.empty_after_seconds)
        listings[pipeline.name] = settling.judge(look(config.drop_folder(pipeline)), 0.0)
    return listings


class Watch:
    """Watches all drop folders of one archive in a thread of its own.

    Args:
        config: of the archive.
        intake: accepts what has settled.
        health: where trouble is said.
        accepted: is told every accession.
        held: is told what is held in a folder after each look.
        sure: gives the time by which what was taken long ago expires; in doubt it stands still.
    """

    def __init__(
        self,
        config: Config,
        intake: Intake,
        health: Health,
        accepted: Callable[[Id], None],
        held: Callable[[Path, tuple[Held, ...]], None],
        sure: Callable[[], str],
    ) -> None:
        self._config = config
        self._intake = intake
        self._health = health
        self._accepted = accepted
        self._held = held
        self._sure = sure
        self._settling = {
            pipeline.name: Settling(
                config.inbox.settle_seconds,
                config.inbox.empty_after_seconds,
                config.inbox.unsure_seconds,
                claim.is_knowable,
            )
            for pipeline in config.pipelines
        }
        self._listings: dict[str, Listing] = {}
        self._ill: set[str] = set()
        self._looks = 0
        self._looked_at = time.monotonic()
        self._stopping = threading.Event()
        self._wake = Wake([config.drop_folder(p) for p in config.pipelines], config.inbox.watch)
        self._expire_at = 0.0
        self._thread = threading.Thread(target=self._run, name="watch")

    def start(self) -> None:
        """Begin to watch."""
        if self._wake.degraded is not None:
            log.warning("watching by scan alone", extra={"reason": self._wake.degraded.reason})
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; a file that is being accepted is finished first."""
        self._stopping.set()
        self._wake.stop()
        if self._thread.is_alive():
            self._thread.join()

    def listings(self) -> dict[str, Listing]:
        """The latest look at each pipeline's folder."""
        return dict(self._listings)

    def waited(self) -> float:
        """Seconds for which the file that has waited longest has been seen."""
        return max((one.waited for one in self._listings.values()), default=0.0)

    def looked(self) -> float:
        """Seconds since all folders had been looked at, or since the watch was made."""
        return time.monotonic() - self._looked_at

    def nothing_waits(self) -> bool:
        """Whether the latest look found nothing that could still be accepted."""
        waiting = any(one.waiting or one.settled for one in self._listings.values())
        return self._looks > 0 and not self._ill and not waiting

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = self._config.inbox.poll_seconds
            for pipeline in self._config.pipelines:
                try:
                    if pipeline.name in self._ill:
                        self._intake.recover_drops([self._config.drop_folder(pipeline)])
                    listing = self._round(pipeline)
                    self._ill.discard(pipeline.name)
                    self._health.well(f"inbox:{pipeline.name}")
                except Exception as error:
                    # The watch must outlive everything: nobody would notice that it is gone.
                    self._health.ill(f"inbox:{pipeline.name}", _named(error, pipeline.folder))
                    self._ill.add(pipeline.name)
                    pause = min(pause, self._health.pause(f"inbox:{pipeline.name}"))
                    continue
                if listing.next_check is not None:
                    pause = min(pause, listing.next_check)
            self._looks += 1
            self._looked_at = time.monotonic()
            self._look_after()
            self._wake.wait(max(pause, 0.02))

    def _round(self, pipeline: Pipeline) -> Listing:
        """One look at one folder; what has settled is accepted."""
        self._tell_doubt(pipeline)
        folder = self._config.drop_folder(pipeline)
        listing = self._settling[pipeline.name].judge(look(folder), time.monotonic())
        self._listings[pipeline.name] = listing
        unreadable: list[Held] = []
        left: list[Sighting] = []
        trouble: Exception | None = None
        for sighting in listing.settled:
            if self._stopping.is_set():
                break
            try:
                if not self._take(sighting, pipeline):
                    left.append(sighting)
            except DocumentFault:
                unreadable.append(Held(sighting, "held_unreadable"))
            except Exception as error:
                # One drop's trouble must not keep the others waiting.
                trouble = error
                left.append(sighting)
        held = (*listing.held, *unreadable)
        waiting = (*listing.waiting, *left)
        seen = msgspec.structs.replace(listing, settled=(), waiting=waiting, held=held)
        self._listings[pipeline.name] = seen
        self._held(folder, held)
        if trouble is not None:
            raise trouble
        return seen

    def _take(self, sighting: Sighting, pipeline: Pipeline) -> bool:
        """Accept a drop and take it out of its folder; False where it has to settle again."""
        accepted = self._intake.receive_drop(sighting, pipeline.name)
        if accepted is None:
            return False
        # Work begins even where the drop cannot be taken out of its folder just now.
        self._accepted(accepted.id)
        self._intake.release_drop(sighting, accepted)
        return True

    def _look_after(self) -> None:
        """Compare drops that were taken a while ago; once a day remove those of long ago."""
        try:
            if time.monotonic() >= self._expire_at:
                self._expire_at = time.monotonic() + _DAY
                days = timedelta(days=self._config.inbox.keep_released_days)
                limit = datetime.fromisoformat(self._sure()) - days
                for document in self._intake.recheck.expire(limit):
                    self._accepted(document)
            self._intake.recheck.look()
            self._health.well("released")
            self._tell_kept()
        except Exception as error:
            self._health.ill("released", _named(error, "released"))

    def _tell_kept(self) -> None:
        """Say that files are kept of which the archive knows nothing, or has nothing any more."""
        recheck, folder = self._intake.recheck, str(self._config.places.released)
        for part, code, names in (
            ("strangers", "released_unknown", recheck.strangers),
            ("needed", "released_needed", recheck.needed),
        ):
            fault = SystemFault(code, count=len(names), folder=folder)
            self._note(part, fault if names else None)

    def _tell_doubt(self, pipeline: Pipeline) -> None:
        """Say where it cannot be known whether a file is still being written."""
        folder = self._config.drop_folder(pipeline)
        reason = leases.doubt(folder, os.geteuid())
        fault = SystemFault(reason, folder=str(folder)) if reason else None
        self._note(f"writers:{pipeline.name}", fault)

    def _note(self, part: str, fault: SystemFault | None) -> None:
        if fault is None:
            self._health.well(part)
        else:
            self._health.note(part, fault)


def _named(error: Exception, part: str) -> Fault:
    """The trouble as people are told it; the log has the rest."""
    if isinstance(error, Fault):
        log.warning("system fault", extra={"part": part, "reason": error.reason})
        return error
    if isinstance(error, OSError):
        log.warning("system fault", exc_info=error, extra={"part": part})
        return fault_of(error)
    log.error("watch failed", exc_info=error, extra={"part": part})
    return SystemFault("projection_failed", part=part)

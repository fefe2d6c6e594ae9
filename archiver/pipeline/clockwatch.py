"""The watch over the clock: each minute the time is kept, and a jump of the clock is told.

Promises to say so for as long as the clock is in doubt, and no longer.
"""

from __future__ import annotations

import logging
import threading

from archiver.errors import Fault, SystemFault
from archiver.pipeline.health import Health
from archiver.store.timekeeping import Timekeeper

log = logging.getLogger(__name__)

PART = "clock"
_LOOK = 60.0


class ClockWatch:
    """Looks at the clock in a thread of its own.

    Args:
        keeper: of the archive's time.
        health: where trouble is said, as part ``clock``.
    """

    def __init__(self, keeper: Timekeeper, health: Health) -> None:
        self._keeper = keeper
        self._health = health
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Look once, so that what starts next knows, and go on looking."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK):
            self.look()

    def look(self) -> None:
        """Keep the time, or say why it cannot be believed."""
        try:
            doubt = self._keeper.look()
        except Fault as fault:
            self._health.ill(PART, fault)
            return
        if doubt is None:
            self._health.well(PART)
            return
        log.warning("clock in doubt", extra={"part": PART, "reason": doubt.code})
        jumped = SystemFault(doubt.code)
        jumped.params = doubt.params
        self._health.ill(PART, jumped)

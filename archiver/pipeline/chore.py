"""A chore: one thing that follows from what was recorded, done again whenever there is more to do.

Promises a thread and a pause of its own for each chore, so that one which fails or hangs never
keeps another waiting; that its trouble is said for as long as it lasts; and that it outlives
every error.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from archiver.errors import SystemFault
from archiver.machine import fault_of
from archiver.pipeline.health import Health

log = logging.getLogger(__name__)

# What comes within the same moment is done in one go.
_GATHER = 0.2


class Chore:
    """Does one thing, as often as it is told that there is something to do.

    Args:
        part: how trouble is named.
        action: does all that there is to do.
        health: where trouble is said.
        last: whether it is done once more at the end.
        every: seconds after which it is done although nobody says so; None: only when told.
    """

    def __init__(
        self,
        part: str,
        action: Callable[[], None],
        health: Health,
        *,
        last: bool = True,
        every: float | None = None,
    ) -> None:
        self._part = part
        self._action = action
        self._health = health
        self._last = last
        self._every = every
        self._due = threading.Event()
        self._stopping = threading.Event()
        # A share that does not answer must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=part, daemon=True)

    def start(self) -> None:
        """Begin, with one round."""
        self._due.set()
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._due.set()

    def halt(self) -> None:
        """Have it end, after a last round where that is wanted."""
        self._stopping.set()
        self._due.set()

    def join(self, patience: float | None = None) -> None:
        """Wait until it has ended.

        Args:
            patience: seconds after which what hangs is left behind; None: as long as it takes.
        """
        if self._thread.is_alive():
            self._thread.join(patience)

    def _run(self) -> None:
        while True:
            self._due.wait(self._every)
            self._due.clear()
            if self._stopping.is_set():
                if self._last:
                    self._attempt()
                return
            self._stopping.wait(self._attempt())

    def _attempt(self) -> float:
        """Do it; returns the seconds until the next round may begin."""
        try:
            self._action()
        except (SystemFault, OSError) as error:
            fault = error if isinstance(error, SystemFault) else fault_of(error)
            log.warning("system fault", extra={"part": self._part, "reason": fault.reason})
            self._health.ill(self._part, fault)
        except Exception:
            log.exception("chore failed", extra={"part": self._part})
            self._health.ill(self._part, SystemFault("projection_failed", part=self._part))
        else:
            self._health.well(self._part)
            return _GATHER
        self._due.set()
        return self._health.pause(self._part)

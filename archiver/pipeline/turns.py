"""Whose turn it is: documents that wait, those on their way, and which lane takes up which.

Promises that a document is on one lane at most, that one under which the daemon died often is
worked on alone, and that the last lane stays free for quick papers: it works only where all others
do, and on nothing that has been found to be slow.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection

from archiver.records import Id


class Turns:
    """The queue of all lanes.

    Args:
        lanes: how many there are, numbered from 0; the last of several is the quick one.
    """

    def __init__(self, lanes: int) -> None:
        self._last = lanes - 1
        self._queue: deque[Id] = deque()
        self._active: dict[Id, int] = {}
        self._again: set[Id] = set()
        self._alone: frozenset[Id] = frozenset()
        self._slow: set[Id] = set()
        self._parked: dict[Id, float] = {}
        self._state = threading.Condition()
        self._ended = False

    def alone(self, documents: Collection[Id]) -> None:
        """Name the documents that are worked on by themselves."""
        self._alone = frozenset(documents)

    def is_quick(self, lane: int) -> bool:
        """Whether a lane is the one for quick papers."""
        return 0 < lane == self._last

    def add(self, document: Id) -> None:
        """Queue a document, once; those that wait for another one are looked at again."""
        with self._state:
            self._unpark(float("inf"))
            if document in self._active:
                self._again.add(document)
            else:
                self._enqueue(document)

    def take(self, lane: int) -> Id | None:
        """Wait for a lane's next document; None at the end of all work."""
        with self._state:
            while not self._ended:
                self._unpark(time.monotonic())
                document = self._choice(lane)
                if document is not None:
                    self._queue.remove(document)
                    self._active[document] = lane
                    # The last lane waits for the others to have something to do.
                    self._state.notify_all()
                    return document
                due = min(self._parked.values(), default=None)
                self._state.wait(None if due is None else max(0.0, due - time.monotonic()))
            return None

    def give_back(self, document: Id, *, again: bool) -> None:
        """A lane lets go of a document; `again`: it goes on later."""
        with self._state:
            del self._active[document]
            if not again:
                self._slow.discard(document)
            if again or document in self._again:
                self._again.discard(document)
                self._enqueue(document)
            self._state.notify_all()

    def park(self, document: Id, seconds: float) -> None:
        """Have a document looked at again later, or when another one is added."""
        with self._state:
            self._parked[document] = time.monotonic() + seconds

    def find_slow(self, document: Id, lane: int) -> bool:
        """Keep a document off the quick lane from now on.

        Returns:
            whether it is on that lane now, and has to leave it.
        """
        with self._state:
            if self._ended or self._active.get(document) != lane:
                return False
            self._slow.add(document)
            return True

    def must_leave(self, document: Id) -> bool:
        """Whether a document has been found to be too slow for the lane it is on."""
        with self._state:
            lane = self._active.get(document)
            return lane is not None and self.is_quick(lane) and document in self._slow

    def idle(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        with self._state:
            return not self._queue and not self._active

    def others_wait(self) -> bool:
        """Whether a document waits for a lane."""
        with self._state:
            return bool(self._queue)

    def progress(self) -> tuple[int, int]:
        """Documents that wait and documents that are on their way."""
        with self._state:
            return len(self._queue) + len(self._parked), len(self._active)

    def end(self) -> None:
        """Nobody gets a document any more."""
        with self._state:
            self._ended = True
            self._state.notify_all()

    def _choice(self, lane: int) -> Id | None:
        quick = self.is_quick(lane)
        if quick and len(self._active) < self._last:
            return None
        wanted = (one for one in self._queue if not (quick and one in self._slow))
        document = next(wanted, None)
        if document in self._alone:
            return document if not self._active else None
        return document if self._alone.isdisjoint(self._active) else None

    def _enqueue(self, document: Id) -> None:
        if document not in self._queue:
            self._queue.append(document)
            self._state.notify_all()

    def _unpark(self, until: float) -> None:
        """Queue what has waited for another document for long enough."""
        due = [one for one, at in self._parked.items() if at <= until]
        # One whose lane has not let go of it yet has been looked at just now.
        for document in (one for one in due if one not in self._active):
            del self._parked[document]
            self._enqueue(document)

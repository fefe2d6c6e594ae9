"""The health of the system: which part has trouble, since when, and how long to wait.

Promises that trouble is said (in `status` and in the log) for as long as it lasts and no longer,
and that retries back off instead of spinning. What works, but not as well as it could, is said
as a notice: it is shown and gives no alarm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from archiver import phrases
from archiver.errors import Fault

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


Grade = Literal["bad", "notice"]


@dataclass(frozen=True)
class Trouble:
    """One part's trouble, or what is to be noticed about it."""

    part: str
    reason: str
    params: dict[str, str | int | float]
    since: str
    times: int
    grade: Grade = "bad"

    def told(self) -> dict[str, Any]:
        """What people are told: part, code, sentence, advice and since when."""
        return {
            "part": self.part,
            "reason": self.reason,
            "message": phrases.sentence(self.reason, self.params),
            "advice": phrases.advice(self.reason, self.params),
            "since": self.since,
            "grade": self.grade,
        }


class Health:
    """Trouble of all parts; safe to use from all threads.

    Args:
        now: gives the time, UTC, ISO 8601.
    """

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._troubles: dict[str, Trouble] = {}

    def ill(self, part: str, fault: Fault) -> None:
        """A part failed, perhaps again."""
        self._say(part, fault, "bad")

    def note(self, part: str, fault: Fault) -> None:
        """A part works, but not as well as it could."""
        self._say(part, fault, "notice")

    def _say(self, part: str, fault: Fault, grade: Grade) -> None:
        with self._lock:
            before = self._troubles.get(part)
            since = before.since if before else self._now()
            times = before.times + 1 if before else 1
            params = dict(fault.params)
            self._troubles[part] = Trouble(part, fault.reason, params, since, times, grade)

    def well(self, part: str) -> None:
        """A part did its work."""
        with self._lock:
            self._troubles.pop(part, None)

    def pause(self, part: str) -> float:
        """Seconds to wait before the part tries again."""
        with self._lock:
            trouble = self._troubles.get(part)
        times = trouble.times if trouble else 0
        return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(times, 10)))

    def troubles(self) -> list[Trouble]:
        """All trouble there is."""
        with self._lock:
            return list(self._troubles.values())

"""Patience: somebody waits for work that can be given up.

Promises that what hangs on it is let go once, whichever comes first: the end of the patience or
the work that hangs itself on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock


class Patience:
    """One piece of work that somebody waits for; `end` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ended = False
        self._let_go: Callable[[], None] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nobody waits any more."""
        return self._ended

    @contextmanager
    def held(self, let_go: Callable[[], None]) -> Iterator[None]:
        """Have something let go, should the patience end meanwhile.

        Args:
            let_go: ends the work from another thread; is called at once where nobody waits any
                more.
        """
        with self._lock:
            self._let_go = let_go
            ended = self._ended
        if ended:
            let_go()
        try:
            yield
        finally:
            with self._lock:
                self._let_go = None

    def end(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            let_go = self._let_go
        if let_go is not None:
            let_go()

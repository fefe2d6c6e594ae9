"""Threads for the requests of people, apart by how long the work takes.

Promises that slow work keeps nobody from quick work, that no person takes more than half of the
threads of a kind, and that a stop waits for no more than it says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Literal, ParamSpec, TypeVar
from weakref import WeakValueDictionary

Kind = Literal["quick", "desk", "slow", "pictures", "bytes"]

# ``quick`` looks something up; ``desk`` records, which may wait for another who records; ``slow``
# goes through the whole archive; ``pictures`` draws pages; ``bytes`` moves files to and fro.
_THREADS: dict[Kind, int] = {"quick": 8, "desk": 8, "slow": 6, "pictures": 2, "bytes": 8}

P = ParamSpec("P")
T = TypeVar("T")


class Pools:
    """Threads of one daemon; for one event loop.

    Attributes:
        is_closing: whether work that can be given up should be.
    """

    def __init__(self) -> None:
        self._pools = {
            kind: ThreadPoolExecutor(threads, thread_name_prefix=kind)
            for kind, threads in _THREADS.items()
        }
        # Gone with the last request of the person.
        self._turns: WeakValueDictionary[tuple[Kind, int], asyncio.Semaphore] = (
            WeakValueDictionary()
        )
        self.is_closing = False
        self._busy = 0
        self._counting = Lock()

    async def run(
        self, kind: Kind, uid: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Have work done in a thread, in its turn.

        Args:
            kind: of the work.
            uid: number of the person's user.
            work: is done.
            *args: its arguments.
            **kwargs: its arguments by name.
        """
        turn = self._turns.setdefault((kind, uid), asyncio.Semaphore(_THREADS[kind] // 2))
        call = partial(self._counted, partial(work, *args, **kwargs))
        async with turn:
            return await asyncio.get_running_loop().run_in_executor(self._pools[kind], call)

    def _counted(self, call: Callable[[], T]) -> T:
        with self._counting:
            self._busy += 1
        try:
            return call()
        finally:
            with self._counting:
                self._busy -= 1

    def close(self, patience: float) -> bool:
        """Begin no more work and wait for what is under way.

        Args:
            patience: seconds.

        Returns:
            whether all of it has ended.
        """
        self.is_closing = True
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + patience
        while self._busy and time.monotonic() < end:
            time.sleep(0.05)
        return not self._busy

"""The engines of a daemon: page images in, pages with words out, one engine per core.

Promises that pages of all documents share the engines in the order in which they come, that a
dead engine is replaced, and that at most one page of a document is lost with it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from archiver.errors import SystemFault
from archiver.recognise.engine_client import Engine, EngineDied
from archiver.recognise.reader import Pixels
from archiver.records import Page

_STARTS = 3
# A page of a letter has nine megapixels and takes three seconds. One that takes a hundred is noise,
# and papers of others wait for its engine.
_SECONDS, _SECONDS_A_MEGAPIXEL = 90.0, 3.0


class Engines:
    """A fixed number of long-lived engine processes, each driven by a thread of its own.

    Args:
        count: number of engines.
        start: starts one engine process.
        page_seconds: time after which an engine is taken for dead, less with small pages.
    """

    def __init__(self, count: int, start: Callable[[], Engine], page_seconds: float) -> None:
        self.count = count
        self._start = start
        self._page_seconds = page_seconds
        self._own = threading.local()
        self._all: set[Engine] = set()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="engine")

    def warm(self) -> None:
        """Start the engines now, not with the first page.

        Raises:
            SystemFault: an engine cannot be started.
        """
        # The barrier gives every thread exactly one of these.
        together = threading.Barrier(self.count)
        started = [self._threads.submit(self._started, together) for _ in range(self.count)]
        for future in started:
            future.result()

    def submit(self, pixels: Pixels, marks: bool = False) -> Future[Page]:
        """Have a page read; its pixels are closed afterwards.

        Args:
            pixels: the page as scanned.
            marks: whether QR codes and other marks are looked for, see `Page.codes`.

        Returns:
            the page; it raises EngineDied where the engine did not survive it, or DocumentFault.
        """
        return self._threads.submit(self._read, pixels, marks)

    def close(self) -> None:
        """End all engines; pages under way are given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for engine in list(self._all):
            engine.kill()
        self._threads.shutdown(wait=True)

    def _engine(self) -> Engine:
        """This thread's engine, started where there is none.

        One that ended while it had nothing to do is replaced: no page is to blame for that.
        """
        engine: Engine | None = getattr(self._own, "engine", None)
        if engine is not None and not engine.alive():
            self._all.discard(engine)
            engine.kill()
            engine = None
        if engine is None:
            engine = self._own.engine = self._fresh()
            self._all.add(engine)
        return engine

    def _fresh(self) -> Engine:
        """A new engine; one that is killed while it starts is followed by another."""
        failure: Exception | None = None
        for _ in range(_STARTS):
            try:
                return self._start()
            except (EngineDied, OSError) as error:
                failure = error
        # No page was in it, so no document is to blame.
        raise SystemFault("engine_failed") from failure

    def _started(self, together: threading.Barrier) -> None:
        together.wait()
        self._engine()

    def _read(self, pixels: Pixels, marks: bool) -> Page:
        try:
            engine = self._engine()
            try:
                return engine.recognise(
                    pixels.fd,
                    pixels.number,
                    pixels.width,
                    pixels.height,
                    pixels.dpi,
                    min(self._page_seconds, _SECONDS + _SECONDS_A_MEGAPIXEL * pixels.megapixels),
                    marks=marks,
                )
            except EngineDied:
                self._all.discard(engine)
                self._own.engine = None
                raise
        finally:
            os.close(pixels.fd)

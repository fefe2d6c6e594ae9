"""The school: how the archive learns from what people decide, while it works.

Promises that an example is durable before `teach` returns; that a new model is fitted soon after
the last one came, beside the daily work and not without pause; that whoever asks gets the newest
whole model at once; and that no failure here stops anything else. Each new model is one ledger
line of numbers and keys of the filing plan; the examples themselves can be deleted and stand in no
ledger.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from archiver.classify.background import Fit, Fitted, fit_in_background
from archiver.classify.examples import Example, ExampleStore
from archiver.classify.model import Figures, Model
from archiver.classify.modelfolder import ModelFolder
from archiver.config import Config
from archiver.errors import Fault, Refusal, SystemFault
from archiver.records import Event, Id
from archiver.store import durable

log = logging.getLogger(__name__)

QUIET = 2.0
"""Seconds after the last example until a fit begins: who decides about a stack is not done yet."""

LONGEST = 30.0
"""Seconds after the first example that is not learned until a fit begins although more come."""

REST = 4.0
"""A fit is followed by a pause of so many times its length: one fifth of the time at most."""

RETRY = 60.0
"""Seconds after a fit that died until it is tried again; twice as long after each."""

LONGEST_RETRY = 3600.0

_NORMAL = "too_few_examples"


class Lesson(msgspec.Struct, frozen=True):
    """What came of teaching.

    Attributes:
        examples: number taken in.
        model: version of the model that knows them; None where nobody waited for it, or where
            there is too little to learn from.
        figures: of that model.
    """

    examples: int
    model: int | None = None
    figures: Figures | None = None


class Pace(msgspec.Struct, frozen=True):
    """When examples came and how the last fit went; all in seconds of one clock.

    Attributes:
        first: when the first came that no model has seen.
        last: when the last came.
        ended: when the last fit ended.
        took: how long it took.
        failures: fits that failed, one after the other.
    """

    first: float
    last: float
    ended: float = 0.0
    took: float = 0.0
    failures: int = 0

    def begin(self) -> float:
        """When the next fit is to begin."""
        settled = min(self.last + QUIET, self.first + LONGEST)
        rested = self.ended + REST * self.took
        if self.failures:
            rested += min(LONGEST_RETRY, RETRY * 2.0 ** min(self.failures - 1, 10))
        return max(settled, rested)


def event_of(fitted: Fitted, plan: Iterable[str], at: str) -> Event:
    """The ledger's line about a new model.

    Args:
        fitted: version and figures.
        plan: keys of the filing plan; other classes, whose names an older system gave, are
            only counted.
        at: UTC, ISO 8601.
    """
    figures, keys = fitted.figures, frozenset(plan)
    named = {key: many for key, many in figures.classes.items() if key in keys}
    data: dict[str, Any] = {
        "version": fitted.version,
        "examples": figures.examples,
        "classes": named,
        "other_classes": len(figures.classes) - len(named),
        "held_out": figures.held_out,
        "accuracy": figures.accuracy,
        "macro_f1": figures.macro_f1,
        "model_accuracy": figures.model_accuracy,
        "coverage": figures.coverage,
        "precision": figures.precision,
    }
    return Event(kind="learned", at=at, actor="daemon", data=data)


class School:
    """Examples, the model, and the thread that makes the one from the other.

    Args:
        config: of the archive.
        record: writes an event to the ledger.
        now: gives the time, UTC, ISO 8601.
        wake: called from the school's thread when a new model is there.
        trouble: told what ails the school, and None when it is well again.
    """

    def __init__(
        self,
        config: Config,
        record: Callable[[Event], None],
        now: Callable[[], str],
        wake: Callable[[], None] | None = None,
        trouble: Callable[[Fault | None], None] | None = None,
    ) -> None:
        self._folder = config.places.learned
        self._plan = config.file.parent / "filingplan.toml"
        self._keys = tuple(record_class.key for record_class in config.classes)
        self._store = ExampleStore(self._folder / "examples.jsonl")
        self._versions = ModelFolder(self._folder / "model")
        self._record = record
        self._now = now
        self._wake = wake
        self._trouble = trouble
        self._changed = threading.Condition()
        self._reading = threading.Lock()
        self._is_read = False
        self._model: Model | None = None
        # Under _changed: lessons are counted, so that a fit knows which of them it has seen.
        self._given = self._learned = 0
        self._pace = Pace(0.0, 0.0)
        self._hurried = self._is_awaited = self._stopping = False
        self._fit: Fit | None = None
        self._failed: Fault | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to learn; what was not learned when the school last stopped is due."""
        self._stopping = False
        if self._is_behind():
            self._give()
        self._thread = threading.Thread(target=self._work, name="school", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; a fit under way is broken off and begun anew at the next start."""
        with self._changed:
            self._stopping = True
            if self._fit is not None:
                self._fit.cancel()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def model(self) -> Model | None:
        """The newest whole model, None where nothing has been learned; from any thread."""
        if not self._is_read:
            with self._reading:
                if not self._is_read:
                    self._model = self._versions.newest()
                    self._is_read = True
        return self._model

    def teach(self, examples: Iterable[Example]) -> int:
        """Take examples in, durably and all or none; a new model is due then.

        Returns:
            the number taken in.

        Raises:
            SystemFault: ``disk_full`` or ``storage_failed``.
            Fault: as `examples` raises.
        """
        with durable.storage_faults(self._folder.parent):
            durable.make_folder(self._folder)
        count = self._store.append(examples)
        if count:
            self._give()
        return count

    def forget(self, documents: Iterable[Id]) -> int:
        """Take out what was learned of documents; a model without them is due then.

        Every model is removed, for their words have shaped it, and until the next one there is
        none. May be repeated: after a crash in between, the second call finishes.

        Args:
            documents: by id.

        Returns:
            the number of examples taken out.

        Raises:
            SystemFault: ``disk_full`` or ``storage_failed``.
            Refusal: ``fit_running`` in another process.
        """
        if not self._folder.is_dir():
            return 0
        gone = frozenset(documents)
        count = self._store.forget(lambda example: example.id in gone)
        if count or self._is_behind():
            self._drop_models()
            self._give()
        return count

    def _drop_models(self) -> None:
        while True:
            with self._changed:
                # A fit that has read the old examples would leave one more model behind.
                self._changed.wait_for(lambda: self._fit is None)
            try:
                with self._versions.claimed():
                    self._versions.forget()
                break
            except Refusal:
                with self._changed:
                    if self._fit is None:
                        raise
        with self._reading:
            self._model, self._is_read = None, True

    def learn(self, examples: Iterable[Example], *, wait: bool) -> Lesson:
        """Take examples in and, where it is asked for, wait for the model that knows them.

        A school that has not been started learns for as long as it waits.

        Raises:
            SystemFault: ``fit_died``; the examples are taken in nevertheless.
            Fault: as `teach` raises.
        """
        count = self.teach(examples)
        if not wait:
            return Lesson(count)
        is_ours = self._thread is None
        if is_ours:
            self.start()
        try:
            model = self.wait()
        except Fault as fault:
            if fault.reason != _NORMAL:
                raise
            model = None
        finally:
            if is_ours:
                self.stop()
        return Lesson(count, model.version, model.figures) if model else Lesson(count)

    def due(self) -> bool:
        """Whether there are examples that no model has seen."""
        with self._changed:
            return self._learned < self._given

    def wait(self, timeout: float | None = None) -> Model | None:
        """Hurry, and wait until everything that was taught so far has been learned.

        Args:
            timeout: seconds; None: as long as it takes.

        Returns:
            the newest model; None where nothing has ever been taught.

        Raises:
            Fault: as the fit raised it, e.g. ``too_few_examples`` or ``fit_died``.
            TimeoutError: it is not done in time; it goes on.
        """
        with self._changed:
            wanted, failures = self._given, self._pace.failures
            self._hurried = self._learned < wanted
            self._changed.notify_all()
            done = self._changed.wait_for(
                lambda: self._learned >= wanted or self._pace.failures > failures or self._stopping,
                timeout,
            )
            if not done:
                raise TimeoutError
            if self._failed is not None or self._learned < wanted:
                raise self._failed or SystemFault("fit_died", code=0)
        return self.model()

    def _is_behind(self) -> bool:
        """Whether the file of examples is not the one that the newest model has seen."""
        try:
            size = self._store.path.stat().st_size
        except FileNotFoundError:
            return False
        model = self.model()
        return size != (model.seen if model else 0)

    def _give(self) -> None:
        with self._changed:
            at = time.monotonic()
            first = self._pace.first if self._learned < self._given else at
            self._pace = msgspec.structs.replace(self._pace, first=first, last=at)
            self._given += 1
            self._changed.notify_all()

    def _work(self) -> None:
        """Wait until a fit is due, and make it; until the end."""
        while (lesson := self._next()) is not None:
            begun = time.monotonic()
            fault = self._attempt()
            with self._changed:
                ended = time.monotonic()
                failed = fault is not None and fault.reason != _NORMAL
                self._pace = msgspec.structs.replace(
                    self._pace,
                    ended=ended,
                    took=ended - begun,
                    failures=self._pace.failures + 1 if failed else 0,
                )
                self._failed = fault
                if not failed:
                    self._learned = lesson
                self._changed.notify_all()
                if self._stopping:
                    return
            self._tell(fault if failed else None)
            if fault is None and self._wake is not None:
                self._wake()

    def _next(self) -> int | None:
        """Wait until a fit is due; returns the lesson that it will have seen, None at the end."""
        with self._changed:
            while not self._stopping:
                pause = None
                if self._learned < self._given:
                    pause = self._pace.begin() - time.monotonic()
                    if pause <= 0 or self._hurried:
                        self._is_awaited, self._hurried = self._hurried, False
                        return self._given
                self._changed.wait(pause)
        return None

    def _attempt(self) -> Fault | None:
        """Fit, write the ledger's line and take the new model over; returns what went wrong."""
        try:
            fitted = self._fitted()
            # In the ledger before anything is decided by it.
            self._record(event_of(fitted, self._keys, self._now()))
            with self._reading:
                self._model = self._versions.newest()
                self._is_read = True
        except Fault as fault:
            return fault
        except Exception as error:
            log.exception("learning failed")
            return SystemFault("fit_died", code=getattr(error, "errno", None) or 0)
        log.info("learned", extra={"model": fitted.version, "examples": fitted.figures.examples})
        return None

    def _fitted(self) -> Fitted:
        plan = self._plan if self._plan.exists() else None
        with self._changed:
            if self._stopping:
                raise SystemFault("fit_died", code=0)
            # The thread that begins a fit must outlive it: the kernel ends it with this one.
            folder = self._versions.folder
            self._fit = fit_in_background(
                self._store.path, folder, plan, is_awaited=self._is_awaited
            )
        try:
            return self._fit.result()
        finally:
            with self._changed:
                self._fit = None
                self._changed.notify_all()

    def _tell(self, fault: Fault | None) -> None:
        if fault is not None:
            log.warning("learning failed", extra={"reason": fault.reason})
        if self._trouble is not None:
            self._trouble(fault)

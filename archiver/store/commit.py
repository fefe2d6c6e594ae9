"""The door for truth: the one way in which objects and ledger lines become true together.

Promises one order, *objects, ledger lines, catalogue, markers gone*, and one answer to whatever
fails on the way:

- before the ledger has the lines, nothing has happened: new objects are taken out of the vault, and
  what versions said is taken back;
- from then on it is true and stays, even where the catalogue has to catch up (`CatalogueBehind`);
- a take-back that fails as well, and the death of the process at any moment, leave a marker, by
  which the next start does the same (`archiver.pipeline.intake.Intake.recover`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

from archiver.errors import Fault, NotFound
from archiver.records import Event, Id
from archiver.store import overhang
from archiver.store.register import CatalogueBehind, Register
from archiver.store.stage import Changes, Source
from archiver.store.vault import Vault

log = logging.getLogger(__name__)


class Change:
    """What becomes true at the end of a ``with``, all of it or nothing; see `Stores.commit`.

    Without a line it comes to nothing: what was made for it is taken back.

    Args:
        vault: of the archive.
        register: of the archive.
        actor: pseudonym of who makes it.
        at: time of its versions and lines, UTC, ISO 8601.

    Attributes:
        actor, at: as given.
        is_true: whether the ledger has it; for after the end.
    """

    def __init__(self, vault: Vault, register: Register, actor: str, at: str) -> None:
        self.actor = actor
        self.at = at
        self.is_true = False
        self._vault = vault
        self._register = register
        self._lock = ExitStack()
        self._is_alone = False
        self._new: list[Id] = []
        self._changed: list[Id] = []
        self._open: set[Id] = set()  # with something of others that was never told
        self._adopted: list[Id] = []
        self._ended: list[Id] = []
        self._lines: list[Event] = []

    def alone(self) -> None:
        """Let nobody else decide until the end; the catalogue has all that the ledger has.

        What a decision rests on is read after this.

        Raises:
            SystemFault: as `Register.catch_up`.
        """
        if not self._is_alone:
            self._lock.enter_context(self._register.exclusive())
            self._is_alone = True
            self._register.catch_up()

    def new(
        self, id: Id, files: Mapping[str, Source], message: str, *, created: str | None = None
    ) -> None:
        """Build a new object, which nobody sees before the end; others need not wait for it.

        Args:
            id: fresh, or that of an object which the vault has lost: this one then stays.
            files: as for `Vault.stage_object`.
            message: code of the reason.
            created: its time, where that is another one.

        Raises:
            IntegrityFault, SystemFault: as `Vault.stage_object`.
        """
        self._vault.stage_object(id, files, created or self.at, message, self.actor)
        self._new.append(id)

    def version(self, id: Id, files: Changes, message: str, *, as_is: bool = False) -> int:
        """Add a version to an object; from here on nobody else decides.

        Args:
            id: of the object.
            files: as for `Vault.add_version`.
            message: code of the reason.
            as_is: leave what the ledger does not name. For a walk, which writes the same once more
                after a failure, and for what says nothing of the rest of the object.

        Returns:
            its number, for the line.

        Raises:
            NotFound, IntegrityFault, SystemFault: as `Vault.add_version`.
        """
        self.alone()
        if as_is:
            self._open |= {id} if self._vault.is_announced(id) else set()
        else:
            known = self._register.version_of(id)
            knows = self._register.is_received
            overhang.put_back(self._vault, id, known, self.at, knows, anew=files)
        number = self._vault.add_version(id, files, self.at, message, self.actor)
        self._changed.append(id)
        return number

    def renew(self, id: Id, message: str) -> None:
        """Take the past out of an object; it cannot come back, so a line must follow.

        Raises:
            NotFound, IntegrityFault, SystemFault: as `Vault.renew`; to be asked for again.
        """
        self.adopt(id)
        self._changed = [one for one in self._changed if one != id]
        self._vault.renew(id, self.at, message, self.actor)

    def adopt(self, id: Id) -> None:
        """Have an object that is in the vault already become true as well; it stays anyway."""
        self._adopted.append(id)

    def end(self, id: Id) -> None:
        """Remove an object after the ledger says that it goes; a next start would, too."""
        self._ended.append(id)

    def line(self, kind: str, id: Id | None, data: Mapping[str, Any]) -> None:
        """Add a line to what the ledger is told.

        Args:
            kind: of the event.
            id: of the document or matter.
            data: codes, ids, numbers and digests.
        """
        self._lines.append(Event(kind, self.at, self.actor, id, dict(data)))

    def lines(self, events: Iterable[Event]) -> None:
        """Add lines that were made elsewhere."""
        self._lines += events

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._lock:
            if error is None:
                self._make_true()
            elif isinstance(error, Exception):
                # Whatever else ends a process is like its death: the next start sees to it.
                self._take_back()
        if self.is_true:
            for identifier in self._ended:
                with suppress(NotFound):
                    self._vault.destroy(identifier)

    def _make_true(self) -> None:
        if self._lines:
            try:
                self.alone()
                for identifier in self._new:
                    self._vault.publish(identifier)
                self._register.record(*self._lines)
            except CatalogueBehind:
                self.is_true = True
                raise
            except Exception:
                self._take_back()
                raise
            self.is_true = True
            self._settle(one for one in (*self._new, *self._changed) if one not in self._open)
        else:
            self._take_back()
        self._settle(self._adopted)

    def _settle(self, identifiers: Iterable[Id]) -> None:
        # Others that write to the object wait: theirs would be the marker that goes.
        for identifier in identifiers:
            with suppress(Fault):  # it is true; a marker that stays is looked at and dropped
                self._vault.settled(identifier)

    def _take_back(self) -> None:
        self._each(self._new, self._drop)
        self._each(self._changed, self._restore)

    def _each(self, identifiers: Iterable[Id], undo: Callable[[Id], None]) -> None:
        for identifier in identifiers:
            try:
                undo(identifier)
            except (Fault, OSError) as error:
                # What went wrong at first is told; the next start finds this by its marker.
                told = {"id": identifier, "error": type(error).__name__}
                log.warning("left behind", extra=told)

    def _drop(self, identifier: Id) -> None:
        self._vault.discard(identifier)
        if self._vault.exists(identifier) and not self._register.knows(identifier):
            self._vault.destroy(identifier)

    def _restore(self, identifier: Id) -> None:
        overhang.take_back(self._vault, self._register, identifier, self.at)

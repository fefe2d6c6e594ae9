"""Matters: what the office leads beside documents, each in an object of its own.

Promises that each step of a matter is one new version of its object and one ledger line, the
object first; that what a crash leaves between the two counts for nothing; and that a matter which
is gone leaves a tombstone and no object. Names and free text stand in the object only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from archiver.errors import Fault, IntegrityFault, NotFound
from archiver.records import MATTER_STEPS, Event, Id, matter_state
from archiver.store import objects, overhang
from archiver.store.holdings import Holdings
from archiver.store.objects import Item, Matter
from archiver.store.register import CatalogueBehind, Register
from archiver.store.vault import Vault

Files = Mapping[str, Path | bytes | None]


class Matters:
    """Leads the matters of one archive.

    Args:
        vault: its vault.
        register: its register.
        now: gives the time, UTC, ISO 8601.
        new_id: gives a fresh ULID.
    """

    def __init__(
        self,
        vault: Vault,
        register: Register,
        now: Callable[[], str],
        new_id: Callable[[], Id],
    ) -> None:
        self._vault = vault
        self._holdings = Holdings(vault)
        self._register = register
        self._now = now
        self._new_id = new_id

    def begin(
        self,
        event: str,
        about: Mapping[str, Any],
        actor: str,
        data: Mapping[str, Any],
        *,
        key: str | None = None,
        items: Sequence[Item] | None = None,
        files: Files | None = None,
    ) -> Id:
        """Begin a matter.

        Args:
            event: kind of the ledger line; tells the kind of the matter.
            about: its value, ready for JSON.
            actor: pseudonym of the person.
            data: codes, ids and dates for the ledger.
            key: by what people call it.
            items: documents of a batch.
            files: further files of its object.

        Returns:
            its id.

        Raises:
            SystemFault: as `Vault.stage_object` and `Register.record`; nothing was begun.
        """
        identifier, at = self._new_id(), self._now()
        matter = Matter(MATTER_STEPS[event].kind, key, dict(about))
        made: dict[str, Path | bytes] = {objects.MATTER: objects.encode(matter)}
        made |= {name: file for name, file in (files or {}).items() if file is not None}
        if items is not None:
            made[objects.ITEMS] = objects.encode(list(items))
        self._vault.stage_object(identifier, made, at, event, actor)
        self._vault.publish(identifier)
        try:
            line = Event(event, at, actor, identifier, {**data, "version": 1})
            self._register.record(line)
        except CatalogueBehind:
            raise
        except Exception:
            with contextlib.suppress(Fault):  # else at the next start: nobody was told of it
                self._vault.destroy(identifier)
            raise
        self._vault.settled(identifier)
        return identifier

    def change(
        self,
        event: str,
        matter: Id,
        change: Callable[[dict[str, Any]], Mapping[str, Any]],
        actor: str,
        data: Mapping[str, Any],
        *,
        items: Sequence[Item] | None = None,
        files: Files | None = None,
        first: Sequence[Event] = (),
    ) -> None:
        """Move a matter one step, with the documents that move along.

        Args:
            event: kind of the ledger line.
            matter: its id.
            change: makes the new value of the old one.
            actor: pseudonym of the person.
            data: codes, ids and dates for the ledger.
            items: documents of a batch, where they change.
            files: further files that change; None takes one away.
            first: lines about documents that become true with the step, and stand before its own.

        Raises:
            NotFound: ``no_such_matter``.
            Refusal: ``wrong_step``, or a document that cannot move; nothing was written.
            IntegrityFault: ``object_damaged``.
        """
        with self._register.exclusive():
            row = self._register.matter(matter)
            if row is None:
                raise NotFound("no_such_matter", id=matter)
            matter_state(event, str(row["kind"]), str(row["state"]), matter)
            at, known = self._now(), int(row["version"])
            overhang.put_back(self._vault, matter, known, at, self._register.is_received)
            before = self._holdings.matter(matter)
            if before is None:
                raise IntegrityFault("object_damaged", id=matter)
            after = Matter(before.kind, before.key, dict(change(dict(before.about))))
            changed: dict[str, Path | bytes | None] = {objects.MATTER: objects.encode(after)}
            changed |= files or {}
            if items is not None:
                changed[objects.ITEMS] = objects.encode(list(items))
            version = self._vault.add_version(matter, changed, at, event, actor)
            line = Event(event, at, actor, matter, {**data, "version": version})
            self._register.record(*first, line)
        self._vault.settled(matter)

    def end(
        self,
        event: str,
        matter: Id,
        actor: str,
        data: Mapping[str, Any],
        *,
        first: Sequence[Event] = (),
    ) -> None:
        """Move a matter to a state in which only its tombstone remains; `first` as in `change`.

        Raises:
            Refusal: ``wrong_step``; nothing was written.
        """
        self._register.record(*first, Event(event, self._now(), actor, matter, dict(data)))
        with contextlib.suppress(NotFound):
            self._vault.destroy(matter)

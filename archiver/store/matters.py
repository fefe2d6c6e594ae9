"""Matters: what the office leads beside documents, each in an object of its own.

Promises that each step of a matter is one new version of its object and one ledger line, the
object first; that what a crash leaves between the two counts for nothing; and that a matter which
is gone leaves a tombstone and no object. Names and free text stand in the object only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from archiver.errors import IntegrityFault, NotFound
from archiver.records import MATTER_STEPS, Event, Id, matter_state
from archiver.store import objects
from archiver.store.objects import Item, Matter
from archiver.store.stores import Stores

Files = Mapping[str, Path | bytes | None]


class Matters:
    """Leads the matters of one archive.

    Args:
        stores: of the archive.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

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
        identifier: Id | None = None,
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
            identifier: its id, where it was drawn before.

        Returns:
            its id.

        Raises:
            SystemFault: as `Stores.commit`; nothing was begun.
        """
        identifier = identifier or self._stores.new_id()
        matter = Matter(MATTER_STEPS[event].kind, key, dict(about))
        made: dict[str, Path | bytes] = {objects.MATTER: objects.encode(matter)}
        made |= {name: file for name, file in (files or {}).items() if file is not None}
        if items is not None:
            made[objects.ITEMS] = objects.encode(list(items))
        with self._stores.commit(actor) as change:
            change.new(identifier, made, event)
            change.line(event, identifier, {**data, "version": 1})
        return identifier

    def change(
        self,
        event: str,
        matter: Id,
        revise: Callable[[dict[str, Any]], Mapping[str, Any]],
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
            revise: makes the new value of the old one.
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
        with self._stores.commit(actor) as change:
            change.alone()
            row = self._stores.register.matter(matter)
            if row is None:
                raise NotFound("no_such_matter", id=matter)
            matter_state(event, str(row["kind"]), str(row["state"]), matter)
            before = self._stores.holdings.matter(matter, int(row["version"]))
            if before is None:
                raise IntegrityFault("object_damaged", id=matter)
            after = Matter(before.kind, before.key, dict(revise(dict(before.about))))
            changed: dict[str, Path | bytes | None] = {objects.MATTER: objects.encode(after)}
            changed |= files or {}
            if items is not None:
                changed[objects.ITEMS] = objects.encode(list(items))
            version = change.version(matter, changed, event)
            change.lines(first)
            change.line(event, matter, {**data, "version": version})

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
        with self._stores.commit(actor) as change:
            change.lines(first)
            change.line(event, matter, data)
            change.end(matter)

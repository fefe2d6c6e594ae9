"""The stores of one archive as one value, and the door through which they are changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archiver.records import Id
from archiver.store import overhang
from archiver.store.commit import Change
from archiver.store.holdings import Holdings
from archiver.store.register import Register
from archiver.store.vault import Vault


@dataclass(frozen=True)
class Stores:
    """What whoever reads or changes an archive needs of it.

    Attributes:
        vault: received bytes and what was made of them.
        holdings: reads of our own files in the vault.
        register: ledger and catalogue.
        now: gives the time to be written down, UTC, ISO 8601.
        new_id: gives a fresh ULID.
    """

    vault: Vault
    holdings: Holdings
    register: Register
    now: Callable[[], str]
    new_id: Callable[[], Id]

    def commit(self, actor: str, at: str | None = None) -> Change:
        """Begin a change, for ``with``; at its end all of it becomes true, or nothing.

        Args:
            actor: pseudonym of who makes it.
            at: time of its versions and lines, UTC, ISO 8601; None: now.

        Raises:
            CatalogueBehind: at the end: it is true, but the catalogue has to catch up.
            Refusal: at the end: the state machines do not have a step; nothing has happened.
            SystemFault, IntegrityFault: at the end: as the stores said; nothing has happened.
        """
        return Change(self.vault, self.register, actor, at or self.now())

    def take_back(self, identifier: Id) -> None:
        """Have nothing in an object that the ledger does not name; see `overhang.take_back`."""
        overhang.take_back(self.vault, self.register, identifier, self.now())

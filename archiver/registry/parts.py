"""What the registry works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from archiver.clock import town_day
from archiver.config import Config
from archiver.records import WITHDRAWN_CLASS
from archiver.store.holdings import Holdings
from archiver.store.matters import Matters
from archiver.store.register import Register
from archiver.store.vault import Vault
from archiver.tongue import tr


@dataclass(frozen=True)
class Registry:
    """The parts of one archive that the registry needs.

    Attributes:
        config: of the archive.
        vault, register, holdings, matters: its stores.
        now: gives the time to be written down, UTC, ISO 8601.
        sure: gives the time by which periods end; it stands still where the clock is in doubt.
        require_sure_time: refuses what nobody can take back while the clock is in doubt.
    """

    config: Config
    vault: Vault
    register: Register
    holdings: Holdings
    matters: Matters
    now: Callable[[], str]
    sure: Callable[[], str]
    require_sure_time: Callable[[], None]

    @property
    def today(self) -> date:
        """The town's day; it stands still where the clock is in doubt."""
        return town_day(self.sure())

    def title(self, class_key: str) -> str:
        """Title of a class in the filing plan; its key where the plan does not have it."""
        if class_key == WITHDRAWN_CLASS:
            return tr("Papers that were taken back")
        found = (one.title for one in self.config.classes if one.key == class_key)
        return next(found, class_key) or class_key

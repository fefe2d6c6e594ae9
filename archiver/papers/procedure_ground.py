"""On what the procedure documentation rests: the configuration in force, and what stands beside it.

Promises plain values, and one way of marking what only the office itself can say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from archiver.config import Config

_GAP = re.compile(r"\[von der Stelle auszufüllen: [^\]]+\]")


class RuleVersion(msgspec.Struct, frozen=True):
    """One version of a rule of retention.

    Attributes:
        key: of the class.
        version: from 1.
        valid_from: day, ISO; empty: for all time before.
        is_confirmed: whether the archivist has confirmed it.
    """

    key: str
    version: int
    valid_from: str
    is_confirmed: bool


class Change(msgspec.Struct, frozen=True):
    """An earlier version of the documentation.

    Attributes:
        version: its name.
        on: day, ISO.
        by: who has released it.
        what: what was changed.
    """

    version: str
    on: str
    by: str
    what: str


class Surroundings(msgspec.Struct, frozen=True):
    """What the configuration does not say.

    Attributes:
        version: of this documentation.
        at: time at which it is made, UTC, ISO 8601.
        product: name and version of the program.
        engines: name and version of what reads, searches and makes PDF/A.
        host: class of the machine, e.g. ``x86_64, 4 Kerne, 16 GB``.
        system: of the machine, e.g. ``Debian GNU/Linux 12``.
        rules: versions of the rules of retention that are recorded.
        ledger_seq, ledger_digest: head of the ledger; SHA-256, hex.
        settings: files of the configuration with their SHA-256, hex.
        history: earlier versions, oldest first.
    """

    version: str
    at: str
    product: str
    engines: tuple[tuple[str, str], ...]
    host: str
    system: str
    rules: tuple[RuleVersion, ...]
    ledger_seq: int
    ledger_digest: str
    settings: tuple[tuple[str, str], ...]
    history: tuple[Change, ...] = ()


class Ground(NamedTuple):
    """What every chapter may ask."""

    config: Config
    around: Surroundings

    @property
    def office(self) -> str:
        """Name of the office, or that it must be said."""
        names = (self.config.disposition.authority.name, *self.config.town.names)
        return next((name for name in names if name), gap("Name der Stelle"))


def gap(what: str) -> str:
    """The mark of something that the office must say itself; `what` without square brackets."""
    return f"[von der Stelle auszufüllen: {what}]"


def gaps(text: str) -> Iterator[str]:
    """The marks in a text."""
    return iter(_GAP.findall(text))


def said(values: Sequence[str], otherwise: str) -> str:
    """Values in a row, or what is said where there are none."""
    return ", ".join(values) or otherwise


def number(value: float) -> str:
    """A number as it is written in German."""
    return f"{value:g}".replace(".", ",")

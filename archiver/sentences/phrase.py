"""What a person is told: what happened, and what to do next."""

from __future__ import annotations

from typing import NamedTuple


class Phrase(NamedTuple):
    """What happened, and what to do next; both may hold ``{parameter}``."""

    message: str
    advice: str = ""

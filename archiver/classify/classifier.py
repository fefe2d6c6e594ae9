"""Answers which class of the filing plan a document belongs to, or that it does not know.

Promises never to guess: without rules and without examples every answer is `UNCLASSIFIED`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from archiver.records import Page

UNCLASSIFIED = "unclassified"


class Verdict(msgspec.Struct, frozen=True):
    """A class and how sure the answer is.

    Attributes:
        record_class: key in the filing plan.
        confidence: 0 to 1; 0 where nothing is known.
    """

    record_class: str
    confidence: float


def classify(_pages: Sequence[Page]) -> Verdict:
    """The class of a document read as `pages`; unclassified, as no rule is configured."""
    return Verdict(UNCLASSIFIED, 0.0)

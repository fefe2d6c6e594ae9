"""Sight: which papers one person may see, as one value that catalogue and index filter by.

Promises one rule: `guard` says by what a paper is guarded, a `Sight` which guards let its person
pass. What he may not see is for him as if it were not there, withdrawn papers among it.
"""

from __future__ import annotations

import msgspec

from archiver.records import UNCLASSIFIED, DocumentState

UNJUDGED = "?"
"""Guard of papers that nobody has read yet; no key of a class, which are plain words."""

MIXED = "*"
"""Guard of what may be of any class: received files that were divided, and tombstones."""


def guard(state: str, record_class: str | None, proposed: str | None) -> str:
    """By what a paper is guarded: the key of the class that it has, else of the proposed one.

    Args:
        state: of the document.
        record_class: that it has; one that was decided counts more than what is proposed.
        proposed: by rules and model.
    """
    if state in (DocumentState.DIVIDED, DocumentState.DESTROYED):
        return MIXED
    known = [key for key in (record_class, proposed) if key]
    named = (key for key in known if key != UNCLASSIFIED)
    return next(named, UNCLASSIFIED if known else UNJUDGED)


class Sight(msgspec.Struct, frozen=True):
    """What one person may see.

    Attributes:
        guards: that let him pass; None: all of them.
        withdrawn: whether papers that were taken back are there for him.
        reads: whether he may read at all; else only what came by his folders is there for him.
        folders: names of the pipelines whose clerk he is; what came by them and is not judged
            yet he sees.
        unjudged: guards of what counts as not judged yet where it came by his folders.
    """

    guards: frozenset[str] | None = None
    withdrawn: bool = True
    reads: bool = True
    folders: tuple[str, ...] = ()
    unjudged: frozenset[str] = frozenset({UNJUDGED, UNCLASSIFIED})

    @property
    def is_whole(self) -> bool:
        """Whether nothing is kept from him."""
        return self.guards is None and self.withdrawn and self.reads

    def passes(self, guarded_by: str) -> bool:
        """Whether a guard lets him pass."""
        return self.guards is None or guarded_by in self.guards

"""Two-sided stacks scanned with a one-sided scanner: first all fronts, then all backs.

Promises pure decisions. Two files are woven only where they lie in the same drop folder, follow
one another within the time allowed and have the same number of pages; anything else is a reason
for a person. A folder is one clerk's, so stacks of two clerks never meet.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from archiver.errors import ReviewNeeded
from archiver.records import Id


class Stack(msgspec.Struct, frozen=True):
    """One dropped file with one side of a stack.

    Attributes:
        id: of the accession.
        folder: the drop folder, by the name of its pipeline.
        media_type: of the file.
        pages: its number of pages.
        arrived: seconds on any clock that all stacks share.
    """

    id: Id
    folder: str
    media_type: str
    pages: int
    arrived: float


class Couple(msgspec.Struct, frozen=True):
    """Two stacks that belong together."""

    fronts: Stack
    backs: Stack


class Meeting(msgspec.Struct, frozen=True):
    """What became of the stacks that wait.

    Attributes:
        couples: to be woven, in order of arrival.
        waiting: fronts whose backs may still come.
        doubts: ids of stacks with the reason code why a person must look.
        misfits: couples that do not fit; `woven` says why.
    """

    couples: tuple[Couple, ...]
    waiting: tuple[Stack, ...]
    doubts: tuple[tuple[Id, str], ...]
    misfits: tuple[Couple, ...] = ()


def meet(stacks: Iterable[Stack], now: float, patience: float) -> Meeting:
    """Find the stacks that belong together.

    In each folder the first file is taken for fronts, the next one for its backs. A couple that
    does not fit is left to a person as a couple, so that one torn stack does not shift all that
    come after it.

    Args:
        stacks: all that wait, of all folders.
        now: on the stacks' clock.
        patience: seconds within which the backs must follow.

    Returns:
        couples, waiting ones and doubts; the codes are those of `woven` and ``stack_alone``.
    """
    couples: list[Couple] = []
    waiting: list[Stack] = []
    doubts: list[tuple[Id, str]] = []
    misfits: list[Couple] = []
    ordered = sorted(stacks, key=lambda stack: (stack.arrived, stack.id))
    for folder in sorted({stack.folder for stack in ordered}):
        fronts: Stack | None = None
        for stack in (stack for stack in ordered if stack.folder == folder):
            if fronts is None:
                fronts = stack
            elif stack.arrived - fronts.arrived > patience:
                doubts.append((fronts.id, "stack_alone"))
                fronts = stack
            else:
                try:
                    woven(fronts, stack)
                    couples.append(Couple(fronts, stack))
                except ReviewNeeded as fault:
                    doubts += [(fronts.id, fault.reason), (stack.id, fault.reason)]
                    misfits.append(Couple(fronts, stack))
                fronts = None
        if fronts is not None and now - fronts.arrived > patience:
            doubts.append((fronts.id, "stack_alone"))
        elif fronts is not None:
            waiting.append(fronts)
    couples.sort(key=lambda couple: couple.fronts.arrived)
    return Meeting(tuple(couples), tuple(waiting), tuple(doubts), tuple(misfits))


def woven(
    fronts: Stack, backs: Stack, *, last_back_first: bool = True
) -> tuple[tuple[int, int], ...]:
    """Give the order of the pages of two stacks.

    Args:
        fronts: side one of every sheet, in order.
        backs: side two.
        last_back_first: the stack was turned over as a whole, so its last sheet came first.

    Returns:
        pairs of source (0 fronts, 1 backs) and page number from 1.

    Raises:
        ReviewNeeded: ``stacks_of_two_folders``, ``stacks_differ_in_kind`` (media types),
            ``stack_counts_differ`` with both counts, ``stack_empty``.
    """
    if fronts.folder != backs.folder:
        raise ReviewNeeded("stacks_of_two_folders")
    if fronts.media_type != backs.media_type:
        raise ReviewNeeded("stacks_differ_in_kind")
    if fronts.pages != backs.pages:
        raise ReviewNeeded("stack_counts_differ", fronts=fronts.pages, backs=backs.pages)
    if fronts.pages < 1:
        raise ReviewNeeded("stack_empty")
    order: list[tuple[int, int]] = []
    for number in range(1, fronts.pages + 1):
        back = fronts.pages + 1 - number if last_back_first else number
        order += [(0, number), (1, back)]
    return tuple(order)

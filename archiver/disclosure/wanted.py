"""What a person asks for, before anything is looked up: words typed at the command line.

Promises pure functions. Documents and finds are named as people name them; who makes the request
of it fills in what only the archive knows.
"""

from __future__ import annotations

import math

import msgspec

from archiver.disclosure.request import Basis, Chosen, Ground, Region, Term
from archiver.errors import UsageFault
from archiver.records import Id

# Instead of a find's key: all uncertain finds about which nothing else was said.
ALL = "all"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A disclosure as a person words it.

    Attributes:
        basis: the right that is served; None while nobody has said it.
        recipient: who gets the package; empty while nobody has said it.
        documents: named by their ids, or beginnings of them.
        searches: queries that name further documents.
        looked_through: document and number of pages that a person has looked through.
        terms, regions, blacken, leave, absent, confirmed: as in
            `archiver.disclosure.request.Request`; `ALL` in `blacken` stands for all uncertain
            finds.
    """

    basis: Basis | None = None
    recipient: str = ""
    documents: tuple[Chosen, ...] = ()
    searches: tuple[str, ...] = ()
    looked_through: tuple[tuple[Id, int], ...] = ()
    terms: tuple[Term, ...] = ()
    regions: tuple[Region, ...] = ()
    blacken: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()


def joined(first: Wanted, second: Wanted) -> Wanted:
    """Put two wordings together; what the second says of basis and recipient counts."""
    return Wanted(
        basis=second.basis or first.basis,
        recipient=second.recipient or first.recipient,
        documents=first.documents + second.documents,
        searches=first.searches + second.searches,
        looked_through=first.looked_through + second.looked_through,
        terms=tuple(dict.fromkeys(first.terms + second.terms)),
        regions=tuple(dict.fromkeys(first.regions + second.regions)),
        blacken=tuple(dict.fromkeys(first.blacken + second.blacken)),
        leave=tuple(dict.fromkeys(first.leave + second.leave)),
        absent=tuple(dict.fromkeys(first.absent + second.absent)),
        confirmed=tuple(dict.fromkeys(first.confirmed + second.confirmed)),
    )


def term_of(word: str) -> Term:
    """A word to be blackened, as typed: ``Müller=personal_data``.

    Raises:
        UsageFault: ``ground_unknown``.
    """
    text, _, ground = word.rpartition("=")
    return Term(text, _ground(ground, word))


def region_of(word: str) -> Region:
    """A place to be blackened, as typed: ``ID:page:left,top,right,bottom=ground``, millimetres.

    Raises:
        UsageFault: ``ground_unknown`` or ``region_unreadable``.
    """
    place, _, ground = word.rpartition("=")
    why = _ground(ground, word)
    try:
        document, page, sides = place.split(":")
        left, top, right, bottom = (float(side) for side in sides.split(","))
        if not all(map(math.isfinite, (left, top, right, bottom))):
            raise ValueError
        return Region(document, int(page), left, top, right, bottom, why)
    except ValueError:
        raise UsageFault("region_unreadable", value=word) from None


def pages_of(word: str) -> tuple[tuple[Id, int], ...]:
    """Pages that a person has looked through, as typed: ``ID:3`` or ``ID:3,4``.

    Raises:
        UsageFault: ``pages_unreadable``.
    """
    document, _, pages = word.partition(":")
    try:
        return tuple((document, int(page)) for page in pages.split(","))
    except ValueError:
        raise UsageFault("pages_unreadable", value=word) from None


def _ground(ground: str, word: str) -> Ground:
    try:
        return Ground(ground.strip())
    except ValueError:
        raise UsageFault("ground_unknown", value=word, known=", ".join(Ground)) from None

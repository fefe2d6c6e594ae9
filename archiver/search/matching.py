"""What a query asks of the columns: the tree of words made a tree of look-ups.

Promises the one place where it is decided which columns a word is looked for in and what weighs
more; pure. An engine translates the seven kinds of look-up and adds nothing of its own.
"""

from __future__ import annotations

from datetime import date

import msgspec

from archiver.records import DocumentState
from archiver.search import dates, fields
from archiver.search.columns import FILLED, GUARD, TEXT, guard_key, id_key
from archiver.search.german import key, plain_text, words
from archiver.search.query import (
    And,
    Days,
    Everything,
    Field,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
)
from archiver.search.stemmer import stem
from archiver.sight import Sight

EXACT_WEIGHT, SUBJECT_WEIGHT, REFERENCE_WEIGHT = 0.5, 2.0, 10.0

SHORTEST_REFERENCE = 4
"""Letters and digits from which a word with a digit is also tried as a reference."""


class InOrder(msgspec.Struct, frozen=True):
    """Words side by side in one value; if `is_open`, the last is the beginning of a word.

    They weigh more the rarer they are among all documents, or, if `is_even`, all alike.
    """

    column: str
    words: tuple[str, ...]
    is_open: bool = False
    weight: float = 1.0
    is_even: bool = False


class Keyed(msgspec.Struct, frozen=True):
    """A key, or if `is_open` its beginning; of constant weight."""

    column: str
    key: str
    is_open: bool = False
    weight: float = 1.0


class Between(msgspec.Struct, frozen=True):
    """A number from `low` to `high`, both inclusive, None open."""

    column: str
    low: int | None
    high: int | None


class All(msgspec.Struct, frozen=True):
    """Every document."""


class Both(msgspec.Struct, frozen=True):
    """Documents of all parts, at least one."""

    parts: tuple[Match, ...]


class Either(msgspec.Struct, frozen=True):
    """Documents of some part; the weights of those that match add up."""

    parts: tuple[Match, ...]


class Without(msgspec.Struct, frozen=True):
    """All documents but those of the part."""

    part: Match


Match = InOrder | Keyed | Between | All | Both | Either | Without


def matching(query: Query, today: date) -> Match:
    """Make a query's tree a tree of look-ups.

    Args:
        query: tree of `archiver.search.query.parse`.
        today: the day from which relative days count.
    """
    match query:
        case And(parts):
            return Both(tuple(matching(part, today) for part in parts))
        case Or(parts):
            return Either(tuple(matching(part, today) for part in parts))
        case Not(part):
            return Without(matching(part, today))
        case Days(name, first, last):
            return Between(name, dates.resolved(first, today), dates.resolved(last, today))
        case Field(name, value):
            return _in_field(name, value)
        case Word(text):
            return _anywhere(text)
        case Phrase(text):
            return InOrder(f"{TEXT}_exact", _folded(text))
        case Prefix(text):
            reference = _as_reference(text)
            return _either(InOrder(f"{TEXT}_exact", _folded(text), True), *reference)
        case _:
            return All()


def within(match: Match, sight: Sight) -> Match:
    """Limit look-ups to what a person may see; it weighs nothing.

    Who may not see everything gets an order that does not depend on what is hidden: how rare a
    word is would tell whether it stands there.
    """
    limits: list[Match] = []
    if sight.guards is not None:
        match = _evenly(match)
        passed = (Keyed(GUARD, guard_key(one), weight=0.0) for one in sorted(sight.guards))
        limits.append(_either(*passed))
    if not sight.withdrawn:
        limits.append(Without(Keyed(fields.STATE, key(DocumentState.WITHDRAWN), weight=0.0)))
    return Both((match, *limits)) if limits else match


def _evenly(match: Match) -> Match:
    """The same look-ups, with words that all weigh alike."""
    if isinstance(match, InOrder):
        return msgspec.structs.replace(match, is_even=True)
    if isinstance(match, Both | Either):
        return msgspec.structs.replace(match, parts=tuple(map(_evenly, match.parts)))
    return match


def is_ranked(match: Match) -> bool:
    """Whether words decide the order of hits; if not, the day of receipt does."""
    if isinstance(match, Both | Either):
        return any(is_ranked(part) for part in match.parts)
    return isinstance(match, InOrder)


def _anywhere(text: str) -> Match:
    folded = _folded(text)
    stems = tuple(map(stem, folded))
    return _either(
        InOrder(f"{TEXT}_stem", stems),
        InOrder(f"{TEXT}_exact", folded, weight=EXACT_WEIGHT),
        InOrder(f"{fields.SUBJECT}_stem", stems, weight=SUBJECT_WEIGHT),
        *_as_reference(text),
        Keyed(fields.ID, id_key(text), weight=REFERENCE_WEIGHT),
    )


def _as_reference(text: str) -> tuple[Match, ...]:
    code = key(text)
    if len(code) < SHORTEST_REFERENCE or code.isalpha():
        return ()
    return (Keyed(fields.REFERENCE, code, True, REFERENCE_WEIGHT),)


def _in_field(name: str, value: Everything | Word | Prefix | Phrase) -> Match:
    if isinstance(value, Everything):
        always = name in (fields.ID, fields.STATE)
        return All() if always else Keyed(FILLED, name)
    is_open = isinstance(value, Prefix)
    if name == fields.REFERENCE:
        return Keyed(name, key(value.text), True)
    if name == fields.ID:
        return Keyed(name, id_key(value.text), is_open)
    if name not in fields.TEXTS:
        return Keyed(name, key(value.text), is_open)
    folded = _folded(value.text)
    if isinstance(value, Word):
        inside = InOrder(f"{name}_stem", tuple(map(stem, folded)))
    else:
        inside = InOrder(f"{name}_exact", folded, is_open)
    if name == fields.DOSSIER:
        return _either(inside, Keyed("dossier_key", key(value.text), True))
    return inside


def _either(*parts: Match) -> Match:
    return parts[0] if len(parts) == 1 else Either(parts)


def _folded(text: str) -> tuple[str, ...]:
    return tuple(words(plain_text(text)))

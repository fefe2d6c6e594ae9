"""What remains of a record when the past of its document is taken away.

Promises pure functions: values that a later decision replaced are gone, and what stands today is
as it was. That somebody decided, and when, stays.
"""

from __future__ import annotations

import re

import msgspec

from archiver.search.german import fold
from archiver.store.objects import Note, Record

_WORD = re.compile(r"[^\W_]{4,}")


def remainder(record: Record, note: Note | None = None) -> Record:
    """A record without what was said before and no longer stands.

    Of the readings of the machine those stay that are of the pages as they are.

    Args:
        record: as it is.
        note: why the past goes; takes the place of all earlier notes.
    """
    later: set[str] = set()
    kept = []
    for decision in reversed(record.decisions):
        values = {kind: value for kind, value in decision.values.items() if kind not in later}
        later |= set(decision.values)
        kept.append(msgspec.structs.replace(decision, values=values, was=None))
    notes = (note,) if note is not None else ()
    return msgspec.structs.replace(record, decisions=tuple(reversed(kept)), notes=notes)


def is_repeated(words: str, record: Record) -> bool:
    """Whether a text says a word of a replaced value or of a note that is to go.

    Args:
        words: e.g. why the past is to go.
        record: as it is before.
    """
    gone, said = _words(*_said(record)), _words(*_said(remainder(record)), *_standing(record))
    return not _words(words).isdisjoint(gone - said)


def _said(record: Record) -> list[str]:
    values = [value for one in record.decisions for value in one.values.values()]
    return [*values, *(note.text for note in record.notes)]


def _standing(record: Record) -> list[str]:
    return [one.normal for one in record.fields]


def _words(*texts: str) -> set[str]:
    return {fold(word) for text in texts for word in _WORD.findall(text)}

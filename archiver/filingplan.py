"""The filing plan: the classes into which documents are filed, and how long they are kept.

Promises that a plan is taken whole or not at all, and that two classes which claim the same words
are a problem to be told, never a guess to be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from archiver.errors import UsageFault
from archiver.records import UNCLASSIFIED
from archiver.tables import ConfigProblems, Problem, checked, parse

_SHORTEST_PHRASE = 3  # letters; shorter ones are found in every text


StartEvent = Literal[
    "",
    "closed",  # the file was closed (zu den Akten)
    "created",
    "issued",
    "sent_or_received",
    "last_entry",
    "awarded",
    "contract_ended",
    "registered",
    "moved_or_died",
    "expired",
    "elected",
    "born",
    "died",
    "left_service",
    "final",  # can no longer be appealed against
    "deregistered",
    "demolished",
]


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long records of a class are kept, and what happens then.

    Attributes:
        years, months, days: the period after `start`; all 0: it ends with that event. Without a
            `start` no period is named.
        permanent: never destroyed.
        start: event from which the period counts.
        year_end: the period counts from the end of the calendar year of that event.
        not_before: an event before which the period never ends, empty where there is none.
        changed_on: day (2025-01-01) on which a law made the period `years` long; empty: never.
        former_years: before that day. What runs on it keeps these until the archivist confirms.
        basis: the norm or list that says so, for people.
        disposition: A archive, B appraise, V destroy; empty where the archivist has not said.
        confidence: how sure the basis is: high (norm read), medium (secondary), low (convention).
    """

    years: int = 0
    months: int = 0
    days: int = 0
    permanent: bool = False
    start: StartEvent = ""
    year_end: bool = False
    not_before: StartEvent = ""
    changed_on: str = ""
    former_years: int = 0
    basis: str = ""
    disposition: Literal["A", "B", "V", ""] = ""
    confidence: Literal["high", "medium", "low", ""] = ""


class RecordClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One class of the filing plan.

    Attributes:
        key: stable, never shown translated; documents name it.
        number: in the filing plan (Aktenplan).
        title: for people.
        words: headline words and phrases by which a document is known; none: no rule.
        zone: characters of a document's head in which the words count.
        generic: the words count only where no other class has a headline.
        sure: a clear headline alone files the document, without agreement of the model.
        leads: the office that leads.
        fields: names of the fields that a document of the class should have.
        groups: groups (names or numbers) of this machine that alone may see it; none: all staff.
        retention: how long it is kept, and then.
    """

    key: str
    number: str = ""
    title: str = ""
    words: tuple[str, ...] = ()
    zone: int = 400
    generic: bool = False
    sure: bool = False
    leads: str = ""
    fields: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    retention: Retention = Retention()


def class_words(plan: Sequence[RecordClass]) -> dict[str, str]:
    """By which words, in lower case, a class may be called; the key of each.

    A class is called by its key, title or number, or by number and title as they are shown.
    """
    return {
        word.casefold(): one.key
        for one in plan
        for word in (one.key, one.title, one.number, f"{one.number} {one.title}".strip())
        if word
    }


def find_class(word: str, plan: Sequence[RecordClass]) -> str:
    """Key of the class that is meant.

    Args:
        word: as typed; a key is taken as it is.
        plan: the filing plan.

    Raises:
        UsageFault: ``class_not_in_plan`` with the keys that come nearest.
    """
    if word == UNCLASSIFIED:
        return word
    words, asked = class_words(plan), word.casefold()
    if asked in words:
        return words[asked]
    from difflib import get_close_matches

    # "Rechnung" is no title, but there is a class of "Rechnungen".
    begun = [name for name in words if name.startswith(asked)]
    near = [*begun, *get_close_matches(asked, words, n=9, cutoff=0.0)]
    nearest = list(dict.fromkeys(words[name] for name in near))[:3]
    raise UsageFault("class_not_in_plan", key=word, nearest=", ".join(nearest) or "–")


def filing_plan(file: Path) -> tuple[RecordClass, ...]:
    """Read and check one filing plan.

    Raises:
        ConfigProblems: with all problems found in it.
    """
    problems: list[Problem] = []
    found = tuple(classes(file, problems))
    if problems:
        raise ConfigProblems(problems)
    return found


def classes(file: Path, problems: list[Problem]) -> Iterator[RecordClass]:
    """The classes of the filing plan; a key used twice is a problem, and so is a phrase."""
    table = parse(file, problems)
    problems += [Problem(file, key, "unknown_key") for key in table if key != "class"]
    rows = table.get("class", [])
    if not isinstance(rows, list):
        problems.append(Problem(file, "class", "wrong_type", {"wanted": "list"}))
        rows = []
    seen: set[str] = set()
    owners: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        where = f"class[{number}]."
        values = _sound(row) or checked(RecordClass, row, file, where, problems)
        key = values.get("key")
        if key is None:
            continue
        problems += _bad_class(values, file, where, owners)
        if key in seen:
            problems.append(Problem(file, where + "key", "key_twice", {"value": key}))
        else:
            seen.add(key)
            yield RecordClass(**values)


def _bad_class(
    values: Mapping[str, Any], file: Path, where: str, owners: dict[str, str]
) -> Iterator[Problem]:
    """What is wrong with one class beside its types.

    Args:
        values: of the class.
        file: where it stands.
        where: what stands before a key in a problem's key.
        owners: key of the class by phrase, of the classes before; is added to.
    """
    key = values["key"]
    if not key:
        yield Problem(file, where + "key", "key_missing")
    if values.get("zone", 1) <= 0:
        yield Problem(file, where + "zone", "not_positive", {"value": values["zone"]})
    retention = values.get("retention", Retention())
    for name in ("years", "months", "days", "former_years"):
        if getattr(retention, name) < 0:
            value = getattr(retention, name)
            yield Problem(file, f"{where}retention.{name}", "negative", {"value": value})
    if retention.changed_on and not _is_day(retention.changed_on):
        wanted = {"wanted": "2025-01-01"}
        yield Problem(file, f"{where}retention.changed_on", "wrong_type", wanted)
    for phrase in values.get("words", ()):
        if sum(char.isalnum() for char in phrase) < _SHORTEST_PHRASE:
            yield Problem(file, where + "words", "phrase_too_short", {"value": phrase})
            continue
        owner = owners.setdefault("".join(phrase.casefold().split()), key)
        if owner != key:
            params = {"value": phrase, "other": owner}
            yield Problem(file, where + "words", "phrase_taken", params)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _sound(row: Any) -> dict[str, Any] | None:
    """Values of a class of the plan where nothing is wrong with them, which is soon said."""
    try:
        return msgspec.structs.asdict(msgspec.convert(row, RecordClass))
    except msgspec.ValidationError:
        return None

"""Access closure (Sperrfrist): from when an archived record may be seen by the public.

Promises the later of all periods that apply, and doubt that keeps closed. The periods are those of
archive laws and town archives in the Saarland (SArchG § 11; town by-laws say it alike): 30 years
after closing; 60 where secrecy binds, such as that of taxes or of health; and for records about
persons not before 10 years after death, where that is not known 90 after birth, where neither is
known 60 after closing. Closing is the date of the newest page of the file. Other Länder differ
(100 years after birth in some), so the lengths are a value that may be replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import msgspec

from archiver.retention.periods import Amount, Step, counted


class Lengths(msgspec.Struct, frozen=True):
    """Years of closure.

    Attributes:
        general: after the newest page.
        secret: after the newest page, where secrecy binds.
        died: after a person's death.
        born: after a person's birth, where the death is not known.
        neither: after the newest page, where neither is known.
    """

    general: int = 30
    secret: int = 60
    died: int = 10
    born: int = 90
    neither: int = 60


class Person(msgspec.Struct, frozen=True):
    """A person whom a record is about, without a name.

    Attributes:
        died, born: the day; where only the year is known, 31 December of it.
    """

    died: date | None = None
    born: date | None = None


class Closure(msgspec.Struct, frozen=True):
    """Until when a record is closed, and why.

    Attributes:
        ends: last day of the closure; None where it is not known, and then it stays closed.
        steps: the calculation, in order.
    """

    ends: date | None
    steps: tuple[Step, ...]


def closure(
    newest_page: date | None,
    *,
    is_secret: bool = False,
    persons: Sequence[Person] = (),
    lengths: Lengths | None = None,
) -> Closure:
    """Until when a dossier or a document is closed to the public.

    Args:
        newest_page: date of its newest page, which may be later than the day of closing.
        is_secret: whether a law binds its content to secrecy.
        persons: whom it is about by its purpose; empty for records that are about no person.
        lengths: of the law that counts.
    """
    if newest_page is None:
        return Closure(None, (Step("newest_page_missing"),))
    steps = [Step("newest_page", {"on": newest_page.isoformat()})]
    latest: date | None = date.min
    years = lengths or Lengths()
    for code, start, length in _periods(newest_page, is_secret, persons, years):
        ends, reckoned = counted(start, Amount(years=length))
        steps += [Step(code, {"on": start.isoformat()}), *reckoned]
        latest = None if latest is None or ends is None else max(latest, ends)
    if latest is None or latest == date.max:
        return Closure(None, tuple(steps))
    opens = latest + timedelta(days=1)
    steps.append(Step("opens", {"on": opens.isoformat()}))
    return Closure(latest, tuple(steps))


def _periods(
    newest_page: date, is_secret: bool, persons: Sequence[Person], years: Lengths
) -> Iterator[tuple[str, date, int]]:
    """All periods that apply: code, event, years."""
    if is_secret:
        yield "closure_secret", newest_page, years.secret
    else:
        yield "closure_general", newest_page, years.general
    for person in persons:
        if person.died is not None:
            yield "closure_died", person.died, years.died
        elif person.born is not None:
            yield "closure_born", person.born, years.born
        else:
            yield "closure_neither", newest_page, years.neither

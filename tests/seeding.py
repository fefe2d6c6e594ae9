"""Documents filed through the Python API, without recognition, at whatever day a test says.

What lies in vault, ledger and catalogue afterwards is what the daemon's walk leaves behind. A
`Bureau` has two persons who dispose of records, as the command line would let them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from archiver.archive import Archive
from archiver.config import load
from archiver.house import House, held
from archiver.pipeline.decisions import overlaid
from archiver.records import Box, Event, Field, Page, Word
from archiver.rights import Caller
from archiver.store import objects
from archiver.store.objects import Record
from tests.state_archive import Sent, StateArchive, have_schemas, package_in, received
from tests.town import Town

ARCHIVISTS = 61005
TOWN_NAME, ARCHIVE_NAME = "Stadt Musterbach", "Landesarchiv"
_WIDTH, _HEIGHT = 2480, 3508


class Clock:
    """A clock that a test sets; each look is a millisecond later."""

    def __init__(self, day: str = "2026-11-22") -> None:
        self.day = day
        self._ticks = 0

    def __call__(self) -> str:
        self._ticks += 1
        seconds, milliseconds = divmod(self._ticks, 1000)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        return f"{self.day}T{6 + hour % 12:02}:{minute:02}:{second:02}.{milliseconds:03}Z"


@dataclass(frozen=True)
class Letter:
    """One paper as it would have been read."""

    text: str
    record_class: str
    letter_date: str | None = None
    reference: str | None = None
    subject: str | None = None
    sender: str | None = None
    content: bytes = b""
    name: str = "scan.pdf"
    is_sure: bool = True

    def numbered(self, number: int) -> Letter:
        """The same, with other bytes and another name."""
        return replace(
            self, content=self.content + f"{number}".encode(), name=f"scan_{number:05}.pdf"
        )


def opened(config: Path, now: Callable[[], str]) -> House:
    """An archive in this process, by a clock of the test's own."""
    return House(load(config), now)


def filed(house: House, letter: Letter, rendition: bytes = b"") -> str:
    """File a letter; returns the document's id.

    Args:
        house: the archive.
        letter: as it would have been read.
        rendition: its PDF/A; empty: something short.
    """
    content = b"%PDF-1.7\n" + letter.text.encode() + letter.content + b"\n%%EOF\n"
    source = io.BytesIO(content)
    document = house.intake.receive_stream(source, letter.name.encode(), "incoming", "daemon")
    record = overlaid(_record(letter), None)
    files: dict[str, Path | bytes | None] = {
        objects.WORDS: objects.encode([_page(letter.text)]),
        objects.RECORD: objects.encode(record),
        objects.RENDITION: rendition or b"%PDF-1.7\n% PDF/A of " + content,
    }
    version = house.vault.add_version(document, files, house.now(), "filed", "daemon")
    data = {"version": version}
    at = house.now()
    house.register.record(
        Event("separated", at, "daemon", document, {**data, "documents": [document]}),
        Event("recognised", at, "daemon", document, data),
        Event("classified", at, "daemon", document, {**data, "class": letter.record_class}),
        Event("filed", at, "daemon", document, {**data, "class": letter.record_class}),
    )
    house.vault.settled(document)
    return document


def _record(letter: Letter) -> Record:
    given = {
        "letter_date": letter.letter_date,
        "reference": letter.reference,
        "subject": letter.subject,
        "sender": letter.sender,
    }
    cue = "person" if letter.is_sure else "label:Az"
    fields = tuple(
        Field(kind, value, value, 1, Box(0, 0, 10, 10), 1.0, cue, True)  # type: ignore[arg-type]
        for kind, value in given.items()
        if value
    )
    return Record(pages=1, confidence=95.0, record_class=letter.record_class, fields=fields)


def _page(text: str) -> Page:
    words = tuple(
        Word(word, 100, 100 + 50 * number, 400, 140 + 50 * number, 95.0, number, 0)
        for number, word in enumerate(text.split())
    )
    return Page(1, _WIDTH, _HEIGHT, 300.0, 0, "recognised", 95.0, words)


class Bureau:
    """An archive in this process, two persons in it, and the state archive that they write to.

    Args:
        town: whose daemon does not run.
        house: its parts.
        clock: by which it lives.

    Attributes:
        one, two: the archive as each of two persons may use it.
    """

    def __init__(self, town: Town, house: House, clock: Clock) -> None:
        self.town = town
        self.house = house
        self.clock = clock
        self.one, self.two = (
            Archive(house, Caller(uid, frozenset({ARCHIVISTS}))) for uid in (4711, 4712)
        )

    def filed(self, *letters: Letter) -> list[str]:
        """File letters, each with bytes of its own."""
        known = sum(self.house.register.counts().values())
        return [filed(self.house, one.numbered(known + n)) for n, one in enumerate(letters)]

    def grown(self, letters: Sequence[Letter]) -> list[str]:
        """File letters as they came over the years, each on its own day; ids in their order."""
        today, ids = self.clock.day, {}
        order = sorted(range(len(letters)), key=lambda number: str(letters[number].letter_date))
        for number in order:
            self.clock.day = str(letters[number].letter_date)
            ids[number] = filed(self.house, letters[number])
        self.clock.day = today
        return [ids[number] for number in range(len(letters))]

    def dossier(self, reference: str, closed: str | None, *letters: Letter, title: str = "") -> str:
        """A dossier with papers; closed on a day, or left open."""
        self.filed(*(replace(one, reference=reference) for one in letters))
        opened_ = self.one.dossiers.open(reference=reference, title=title)
        if closed is not None:
            self.one.dossiers.close(name=reference, on=date.fromisoformat(closed))
        return str(opened_["id"])

    def hold(self, scope: str, *targets: str) -> str:
        """Place a hold."""
        placed = self.one.holds.place(
            scope, targets, "lawsuit", "Rechtsamt Musterbach", date(2099, 1, 1)
        )
        return str(placed["id"])

    def state(self, batch: str) -> str:
        return str(self.one.disposal.show(name=batch)["state"])

    def units(self, batch: str) -> dict[str, dict[str, Any]]:
        """What is told of each unit of a batch, by its id."""
        return {item["unit"]: item for item in self.one.disposal.show(name=batch)["items"]}

    def offered(self, batch: str) -> Sent:
        """The 0501 as the archive reads it."""
        with self.one.disposal.message(name=batch).stream as stream:
            return received(stream.read(), judged=have_schemas())

    def package(self, batch: str) -> Sent:
        """The 0503 as the archive reads it."""
        folder = self.house.config.places.exports / batch
        return received(package_in(folder), judged=have_schemas())

    def appraised(self, batch: str, message: bytes) -> dict[str, Any]:
        """Read in a 0502."""
        with self.message(message).open("rb") as file:
            return self.one.disposal.appraise(name=batch, source=file)

    def confirmed(self, batch: str, message: bytes) -> dict[str, Any]:
        """Read in a 0506."""
        with self.message(message).open("rb") as file:
            return self.one.disposal.confirm(name=batch, source=file)

    def message(self, content: bytes) -> Path:
        """A message as a file; the caged process that reads it needs one."""
        path = self.town.root.with_name(f"{self.town.root.name}-answer.xml")
        path.write_bytes(content)
        return path

    def brought(self, batch: str, state: str, archive: StateArchive) -> str:
        """Bring a proposed batch to a state, as `archive` answers."""
        steps: list[tuple[str, Callable[[], Any]]] = [
            ("approved", lambda: self.two.disposal.approve(name=batch)),
            ("offered", lambda: self.one.disposal.offer(name=batch)),
            (
                "appraised",
                lambda: self.appraised(batch, archive.appraisal(self.offered(batch))),
            ),
            ("exported", lambda: self.one.disposal.export(name=batch)),
            (
                "handed_over",
                lambda: self.confirmed(batch, archive.confirmation(self.package(batch))),
            ),
            ("done", lambda: self.one.disposal.destroy(name=batch)),
        ]
        for after, step in steps:
            if self.state(batch) == state:
                break
            step()
            assert self.state(batch) == after
        return batch

    def ledger(self) -> str:
        """The text of the whole ledger."""
        places = sorted(self.house.config.places.ledger.iterdir())
        return "".join(place.read_text(encoding="utf-8") for place in places)


def furnished(root: Path, settings: Mapping[str, Mapping[str, Any]] | None = None) -> Town:
    """An archive whose settings name both sides of a handover and a group of archivists."""
    merged: dict[str, Mapping[str, Any]] = {
        "rights": {"archivists": [str(ARCHIVISTS)]},
        "disposition.authority": {"name": TOWN_NAME},
        "disposition.archive": {"name": ARCHIVE_NAME},
    }
    return Town(root, merged | dict(settings or {}))


@contextmanager
def bureau(town: Town, day: str = "2026-11-22") -> Iterator[Bureau]:
    """The archive in this process, on some day; nobody else writes meanwhile."""
    clock = Clock(day)
    with held(load(town.config), exclusive=True):
        house = opened(town.config, clock)
        try:
            yield Bureau(town, house, clock)
        finally:
            house.close()

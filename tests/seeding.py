"""Documents filed through the Python API, without recognition, at whatever day a test says.

What lies in vault, ledger and catalogue afterwards is what the daemon's walk leaves behind.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from archiver.config import load
from archiver.house import House
from archiver.pipeline.decisions import overlaid
from archiver.records import Box, Event, Field, Page, Word
from archiver.store import objects
from archiver.store.objects import Record

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
        return replace(self, content=f"{number}".encode(), name=f"scan_{number:05}.pdf")


def opened(config: Path, now: Callable[[], str]) -> House:
    """An archive in this process, by a clock of the test's own."""
    return House(load(config), now)


def filed(house: House, letter: Letter) -> str:
    """File a letter; returns the document's id."""
    content = b"%PDF-1.7\n" + letter.text.encode() + letter.content + b"\n%%EOF\n"
    source = io.BytesIO(content)
    document = house.intake.receive_stream(source, letter.name.encode(), "incoming", "daemon")
    record = overlaid(_record(letter), None)
    files: dict[str, Path | bytes | None] = {
        objects.WORDS: objects.encode([_page(letter.text)]),
        objects.RECORD: objects.encode(record),
        objects.RENDITION: b"%PDF-1.7\n% PDF/A of " + content,
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


def years_before(day: date, years: int) -> str:
    """The same day some years earlier, ISO."""
    return date(day.year - years, day.month, min(day.day, 28)).isoformat()

"""The procedure documentation (Verfahrensdokumentation) after TR-RESISCAN and GoBD, in German.

Promises a text that says of the program only what the configuration in force makes it do, and that
marks and counts at its end everything that the office must still say itself: the program knows no
scanner, no room and no service instruction. The same chapters become PDF/A and Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from archiver.config import Config
from archiver.papers import procedure_keeping as keeping
from archiver.papers import procedure_setting as setting
from archiver.papers import procedure_steps as steps
from archiver.papers.paper import Block, Facts, Heading, Items, Paper, Paragraph, Table, texts
from archiver.papers.procedure_ground import Change, Ground, RuleVersion, Surroundings, gaps

__all__ = ["Change", "OpenPoint", "RuleVersion", "Surroundings", "open_points", "procedure"]

_CHAPTERS: tuple[Callable[[Ground], Iterator[Block]], ...] = (
    setting.scope,
    setting.organisation,
    setting.technology,
    steps.process,
    steps.quality,
    steps.originals,
    keeping.periods,
    keeping.holds,
    keeping.backups,
    keeping.control,
    keeping.history,
    keeping.annexes,
)


class OpenPoint(msgspec.Struct, frozen=True):
    """Something that the office must say itself.

    Attributes:
        place: headline under which it stands.
        label: of the row in which it stands; empty in running text.
        text: the mark as it stands there.
    """

    place: str
    label: str
    text: str


def procedure(config: Config, around: Surroundings) -> Paper:
    """Write the documentation.

    Args:
        config: in force.
        around: what it does not say.

    Returns:
        a paper for `archiver.papers.typeset.pdf` and `archiver.papers.markdown.as_markdown`.
    """
    ground = Ground(config, around)
    chapters = tuple(block for chapter in _CHAPTERS for block in chapter(ground))
    return Paper(
        "Verfahrensdokumentation",
        "de",
        datetime.fromisoformat(around.at),
        (*chapters, *_to_do(open_points(chapters))),
        f"Verfahrensdokumentation, Fassung {around.version}, {around.product}",
    )


def open_points(blocks: Sequence[Block]) -> tuple[OpenPoint, ...]:
    """What must still be said in some chapters, in reading order."""
    found = []
    place = ""
    for block in blocks:
        if isinstance(block, Heading):
            place = block.text
        for label, text in _labelled(block):
            found += [OpenPoint(place, label, mark) for mark in gaps(text)]
    return tuple(found)


def _labelled(block: Block) -> Iterator[tuple[str, str]]:
    """The texts of a block, each with what its row is about."""
    match block:
        case Facts(rows):
            yield from rows
        case Table(_, rows):
            for row in rows:
                # The first cell may be a bare number; the second says what it is.
                label = row[1] if row[0].replace(".", "").isdigit() else row[0]
                yield from ((label, cell) for cell in row)
        case _:
            yield from (("", text) for text in texts(block))


def _to_do(points: Sequence[OpenPoint]) -> Iterator[Block]:
    yield Heading("Offene Angaben")
    if not points:
        yield Paragraph("Es sind keine Angaben offen.")
        return
    yield Paragraph(
        f"Von der Stelle sind noch {len(points)} Angaben zu machen. Solange sie fehlen, ist die "
        "Dokumentation nicht vollständig."
    )
    # Without the brackets, so that whoever searches for the mark finds each place once.
    yield Items(tuple(map(_asked, points)))


def _asked(point: OpenPoint) -> str:
    mark = point.text.removeprefix("[von der Stelle auszufüllen: ").removesuffix("]")
    return ": ".join(part for part in (point.place, point.label, mark) if part)

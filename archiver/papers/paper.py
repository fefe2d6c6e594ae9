"""A paper as a value: a title and blocks in their order, before anybody says how it looks.

Promises plain frozen values without typography, so that the same chapters become PDF/A
(`archiver.papers.typeset`) and Markdown (`archiver.papers.markdown`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

Language = Literal["de", "en"]


class Heading(msgspec.Struct, frozen=True):
    """A headline; `level` 1 for chapters, 2 for sections, 3 for what stands below."""

    text: str
    level: Literal[1, 2, 3] = 1


class Paragraph(msgspec.Struct, frozen=True):
    """Running text; a line end begins a new line."""

    text: str


class Items(msgspec.Struct, frozen=True):
    """A list of points."""

    texts: tuple[str, ...]


class Facts(msgspec.Struct, frozen=True):
    """Labels with their values."""

    rows: tuple[tuple[str, str], ...]


class Table(msgspec.Struct, frozen=True):
    """A table with headed columns.

    Attributes:
        header: one text for each column, at least one.
        rows: each with as many cells as the header.
        numbers: places of columns, from 0, that are set flush right.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


Block: TypeAlias = Heading | Paragraph | Items | Facts | Table


class Paper(msgspec.Struct, frozen=True):
    """One paper.

    Attributes:
        title: stands above the first block.
        language: of its text.
        created: with its time zone; date of the file, and nothing else of the paper.
        blocks: in reading order.
        footer: stands at the foot of each page; what is longer than a line is cut.
    """

    title: str
    language: Language
    created: datetime
    blocks: tuple[Block, ...]
    footer: str = ""


def texts(block: Block) -> Iterator[str]:
    """Every text of a block in reading order."""
    match block:
        case Heading() | Paragraph():
            yield block.text
        case Items():
            yield from block.texts
        case Facts():
            for label, value in block.rows:
                yield from (label, value)
        case Table():
            yield from block.header
            for row in block.rows:
                yield from row

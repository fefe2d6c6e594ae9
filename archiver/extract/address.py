"""Who wrote to whom, what about: address field, letterhead and the line above the salutation.

Promises only places on the page (DIN 5008: address field at the left, in the upper third); names
are compared with the known ones elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from archiver.extract import labels
from archiver.extract.layout import Passage, Sheet
from archiver.extract.lookalikes import DIGIT, folded

_TOWN_LINE = re.compile(rf"^\W*(?:D-)?{DIGIT}{{5,6}}\s+[^\W\d_]")
_STREET_AND_TOWN = re.compile(rf"^[^\d·•:*|]*\s\d+\s?[a-z]?\s?,\s*{DIGIT}{{5}}\s+[^\W\d_]")
_RETURN_LINE = re.compile(rf"[-–·•:*°»|+].*\b{DIGIT}{{5,6}}\s+[^\W\d_]{{2}}")
_PARTED = re.compile(r"\s+[-–·•:*°»|+]\s*|[·•]")
_SALUTATION = re.compile(
    r"^\W*(?:sehr\s+ge\w{3,7}e?r?|guten\s+tag|hallo|liebe[rs]?|geehrte[rs]?)\b", re.IGNORECASE
)
_TO = re.compile(
    r"^(?:an|an\s+(?:die|den|das|dem|der)|herrn?|frau|familie|eheleute|firma|fa\.)\b", re.IGNORECASE
)
_TITLE_ONLY = re.compile(
    r"^(?:an|an\s+(?:die|den|das|dem|der)|herrn?|frau|familie|eheleute|firma|fa\.)\W*$",
    re.IGNORECASE,
)
_TITLE = re.compile(r"^(?:an\s+(?:die|den|das)\s+|an\s+|herrn?\s+|frau\s+|firma\s+)", re.IGNORECASE)
_ADDRESS_END = 0.45
_LETTERHEAD_END = 0.22
_SUBJECT_END = 0.6
_LINES = 6
_STEP = 2.9


class Block(NamedTuple):
    """One address.

    Attributes:
        lines: from the first name to the town, top down.
        is_recipient: whether it begins as an address to someone (An, Herrn, Frau).
    """

    lines: tuple[Passage, ...]
    is_recipient: bool

    @property
    def name(self) -> Passage:
        """The line with the name: the first that is not only a title."""
        named = (line for line in self.lines if not _TITLE_ONLY.match(line.text))
        return next(named, self.lines[0])


def blocks(sheet: Sheet) -> list[Block]:
    """Addresses in the upper part of the left half, top down."""
    middle = sheet.page.width * 0.55
    left = [
        passage
        for passage in sheet.passages
        if passage.bounds.left < middle
        and sheet.height_share(passage) <= _ADDRESS_END
        and sum(c.isalnum() for c in passage.text) >= 2
    ]
    left.sort(key=lambda passage: passage.bounds.top)
    found = []
    for index, passage in enumerate(left):
        if not (_TOWN_LINE.match(passage.text) or _STREET_AND_TOWN.match(passage.text)):
            continue
        if _RETURN_LINE.search(passage.text) and not _STREET_AND_TOWN.match(passage.text):
            continue
        if sheet.left_of(passage) is not None:
            continue  # the value of a form's field
        lines = [passage]
        for other in reversed(left[:index]):
            if not _in_one_column(other, lines[0]):
                continue
            if len(lines) == _LINES or not _continues(other, lines[0]):
                break
            lines.insert(0, other)
        if len(lines) >= 2:
            found.append(Block(tuple(lines), any(_TO.match(line.text) for line in lines[:2])))
    return found


def _continues(above: Passage, below: Passage) -> bool:
    """Whether a line stands right above another in the same column, and is no return line."""
    height = max(above.height, below.height)
    return (
        below.bounds.top - above.bounds.top <= _STEP * height
        and not _RETURN_LINE.search(above.text)
        and not re.search(r"\w:$", above.text)
    )


def _in_one_column(one: Passage, other: Passage) -> bool:
    reach = 1.5 * max(one.height, other.height)
    return abs(one.bounds.left - other.bounds.left) <= reach


def without_title(text: str) -> str:
    """A name without Herrn, Frau, An die."""
    return _TITLE.sub("", text).strip(" ,:-|")


def letterhead(sheet: Sheet) -> list[Passage]:
    """Lines of the letterhead, in reading order: the top of the page down to the address."""
    first = min((block.lines[0].bounds.top for block in blocks(sheet)), default=sheet.page.height)
    limit = min(first + 1, _LETTERHEAD_END * sheet.page.height)
    return [passage for passage in sheet.passages if passage.bounds.top < limit]


def return_parts(sheet: Sheet) -> list[tuple[Passage, str]]:
    """The first part of each return-address line (name · street · town), with its passage."""
    found = []
    for passage in sheet.passages:
        if sheet.height_share(passage) <= _ADDRESS_END and _RETURN_LINE.search(passage.text):
            name = _PARTED.split(passage.text, maxsplit=1)[0].strip(" ,:-|")
            if len(name) >= 4 and ":" not in name and any(c.isalpha() for c in name):
                found.append((passage, name))
    return found


def subject_line(sheet: Sheet) -> Passage | None:
    """The line or two between address and salutation, at the salutation's edge."""
    salutation = next((one for one in sheet.passages if _SALUTATION.match(one.text)), None)
    if salutation is None or sheet.height_share(salutation) > _SUBJECT_END:
        return None
    edge, height = salutation.bounds.left, sheet.line_height
    end = max((block.lines[-1].bounds.bottom for block in blocks(sheet)), default=0)
    between = [
        passage
        for passage in sheet.passages
        if end <= passage.bounds.top < salutation.bounds.top
        and abs(passage.bounds.left - edge) <= 3 * height
        and sum(c.isalpha() for c in passage.text) >= 4
        and labels.begins(passage.text, (*labels.REFERENCE, *labels.THEIR_REFERENCE)) is None
        and not _RETURN_LINE.search(passage.text)
        and not _SALUTATION.match(passage.text)
    ]
    between.sort(key=lambda passage: passage.bounds.top)
    if not between:
        return None
    last = between[-1]
    if len(between) > 1 and last.bounds.top - between[-2].bounds.top <= 4 * last.height:
        return between[-2] + last
    return last


def heading(sheet: Sheet, own_names: Sequence[str]) -> Passage | None:
    """The topmost line of the upper third that is set larger than the text, below an address.

    Where none stands below the address, the page is a form, and its title is at the top.
    """
    end = max((block.lines[-1].bounds.bottom for block in blocks(sheet)), default=0)
    large = [
        passage
        for passage in sheet.passages
        if sheet.height_share(passage) <= 1 / 3
        and sum(c.isalpha() for c in passage.text) >= 5
        and passage.height >= 1.25 * sheet.line_height
        and not is_own(passage.text, own_names)
    ]
    below = [passage for passage in large if passage.bounds.top >= end]
    return min(below or large, key=lambda passage: passage.bounds.top, default=None)


def own_name(text: str, own_names: Sequence[str]) -> str | None:
    """The name of the town itself that a line begins with."""
    written = folded(text)
    return next((name for name in own_names if written.startswith(folded(name))), None)


def is_own(text: str, own_names: Sequence[str]) -> bool:
    """Whether a line begins with a name of the town itself."""
    return own_name(text, own_names) is not None

"""What a caged reader may say, as types: the daemon takes nothing else from it.

Promises that an answer either decodes into one of these values within its bounds or is refused
as a whole; reasons and findings are drawn from closed lists.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from archiver.errors import DocumentFault, ReviewNeeded
from archiver.plaintext import is_plain
from archiver.recognise import codes
from archiver.recognise.assembly import CONVERTED, LAYER_LEFT_OUT, PDFA_FAILED, SIGNED
from archiver.recognise.inspection import Inspection
from archiver.records import Page

FAULTS = frozenset(
    {
        "empty_file",
        "truncated",
        "damaged",
        "encrypted",
        "no_pages",
        "too_many_pages",
        "dynamic_xfa",
        "looks_like_bomb",
        "tiny_pages",
        "too_much_memory",
        "too_much_output",
    }
)
# A sound file that cannot be divided or joined as it is: no quarantine, a person decides.
DOUBTS = frozenset(
    {
        "split_signed",
        "split_form",
        "split_attachments",
        "split_old_tiff",
        "too_large_for_tiff",
        "stacks_differ_in_kind",
        "extract_differs",
    }
)
FINDINGS = frozenset({SIGNED, "repaired", "jbig2", PDFA_FAILED, LAYER_LEFT_OUT, CONVERTED})
Over = Literal["", "memory", "processes", "room"]
LONGEST_SIDE = 200_000


class _Answer(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of the answers; the field ``kind`` tells them apart."""


class Inspected(_Answer, frozen=True, tag="inspected"):
    """The first look."""

    inspection: Inspection


class Finished(_Answer, frozen=True, tag="page"):
    """A page that needs no engine."""

    page: Page


class Sent(_Answer, frozen=True, tag="pixels"):
    """A page for the engine; its pixels come as a descriptor."""

    number: int
    width: int
    height: int
    dpi: float


class Made(_Answer, frozen=True, tag="made"):
    """A file was made (its descriptor comes along) or, without descriptor, could not be."""

    findings: tuple[str, ...]


class Faulty(_Answer, frozen=True, tag="fault"):
    """The document cannot be worked on, or not without a person."""

    reason: str
    params: dict[str, int | float]

    def fault(self) -> DocumentFault:
        """Give the exception; the reason alone decides whether it is one for review."""
        kind = ReviewNeeded if self.reason in DOUBTS else DocumentFault
        return kind(self.reason, **self.params)


class Full(_Answer, frozen=True, tag="full"):
    """The disk is full; the document is not to blame."""


class Crashed(_Answer, frozen=True, tag="crashed"):
    """An unforeseen exception: its type and where it was raised, never its text."""

    error: str
    place: str


class Done(_Answer, frozen=True, tag="done"):
    """All that was asked for has been sent."""


Answer = Inspected | Finished | Sent | Made | Faulty | Full | Crashed | Done


class Ended(msgspec.Struct, frozen=True):
    """The template's word about the end of its child.

    Attributes:
        ended: exit status, or minus the signal.
        peak: most memory the child held, in bytes.
        over: ``memory``, ``processes`` or ``room`` where it was killed for that.
    """

    ended: int
    peak: int
    over: Over = ""


def encode(answer: Answer) -> dict[str, Any]:
    """Turn an answer into what `archiver.recognise.wire.send` takes."""
    value: dict[str, Any] = msgspec.to_builtins(answer)
    return value


def decode(message: dict[str, Any]) -> Answer:
    """Turn a received message into an answer.

    Raises:
        ValueError: it is none, or its values are out of bounds.
    """
    answer: Answer = msgspec.convert(message, Answer)
    if isinstance(answer, Faulty) and answer.reason not in FAULTS | DOUBTS:
        raise ValueError("unknown reason")
    findings = answer.findings if isinstance(answer, Made) else ()
    if isinstance(answer, Inspected):
        findings = answer.inspection.findings
        if not answer.inspection.sheets:
            raise ValueError("no pages")
    if not FINDINGS.issuperset(findings):
        raise ValueError("unknown finding")
    if isinstance(answer, Finished):
        check_page(answer.page)
    return answer


def check_page(page: Page) -> None:
    """Refuse a page whose words or marks do not lie on it, or hold more than can be read.

    Raises:
        ValueError: a side, a box or a mark is out of bounds, or a word holds control characters.
    """
    if not (0 < page.width <= LONGEST_SIDE and 0 < page.height <= LONGEST_SIDE and page.dpi > 0):
        raise ValueError("page size")
    if page.rotation not in (0, 90, 180, 270):
        raise ValueError("rotation")
    for word in page.words:
        across = 0 <= word.left <= word.right <= page.width
        if not (across and 0 <= word.top <= word.bottom <= page.height):
            raise ValueError("box of a word")
        if not is_plain(word.text):
            raise ValueError("text of a word")
    codes.check(page.codes, page.width, page.height)

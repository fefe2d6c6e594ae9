"""The words of the field as values: accession, document, page, event, and their state machines.

Promises plain frozen values without I/O. Every state machine stands here as one literal table;
`check_transition` is asked by the one place that writes the ledger, so no other code guards.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, NamedTuple

import msgspec

from archiver.errors import Refusal

Id = str  # a ULID in its 26 letters

# Class of those documents whose class nobody knows.
UNCLASSIFIED = "unclassified"

# Stands for a class or a dossier that a document was counted among, and nobody can tell which.
UNKNOWN = "?"

# Stands for a class in batches and certificates of papers that were taken back.
WITHDRAWN_CLASS = "withdrawn"


class AccessionState(StrEnum):
    """States of one received file."""

    RECEIVED = "received"
    SEPARATED = "separated"
    QUARANTINED = "quarantined"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


class DocumentState(StrEnum):
    """States of one document, in the order of its life."""

    ACCEPTED = "accepted"
    RECOGNISED = "recognised"
    CLASSIFIED = "classified"
    FILED = "filed"
    OFFERED = "offered"
    HANDED_OVER = "handed_over"
    DESTROYED = "destroyed"
    REVIEW = "review"
    QUARANTINED = "quarantined"
    WITHDRAWN = "withdrawn"
    DIVIDED = "divided"


A, D = AccessionState, DocumentState

ACCESSION_TRANSITIONS: dict[AccessionState, frozenset[AccessionState]] = {
    A.RECEIVED: frozenset({A.SEPARATED, A.QUARANTINED, A.WITHDRAWN, A.DUPLICATE}),
    A.SEPARATED: frozenset({A.WITHDRAWN}),
    A.QUARANTINED: frozenset({A.RECEIVED, A.WITHDRAWN}),
    A.WITHDRAWN: frozenset(),
    A.DUPLICATE: frozenset(),
}

DOCUMENT_TRANSITIONS: dict[DocumentState, frozenset[DocumentState]] = {
    D.ACCEPTED: frozenset({D.RECOGNISED, D.REVIEW, D.QUARANTINED, D.WITHDRAWN, D.DIVIDED}),
    D.RECOGNISED: frozenset({D.CLASSIFIED, D.REVIEW, D.QUARANTINED, D.WITHDRAWN}),
    D.CLASSIFIED: frozenset({D.FILED, D.REVIEW, D.WITHDRAWN}),
    # Into review: its scan was found bad in quality control.
    D.FILED: frozenset(
        {D.FILED, D.ACCEPTED, D.REVIEW, D.OFFERED, D.DESTROYED, D.WITHDRAWN, D.DIVIDED}
    ),
    # Destroyed without having been handed over: what the archive does not want.
    D.OFFERED: frozenset({D.FILED, D.HANDED_OVER, D.DESTROYED}),
    # Back: the archive has said since that it was not imported.
    D.HANDED_OVER: frozenset({D.OFFERED, D.DESTROYED}),
    # For another reason: more was written to its file after it had been taken.
    D.REVIEW: frozenset({D.ACCEPTED, D.FILED, D.REVIEW, D.WITHDRAWN, D.DIVIDED}),
    D.QUARANTINED: frozenset({D.ACCEPTED, D.WITHDRAWN}),
    D.WITHDRAWN: frozenset({D.DESTROYED}),
    # A batch whose pages live on in other documents.
    D.DIVIDED: frozenset({D.DESTROYED}),
    D.DESTROYED: frozenset(),
}


# States in which a document is counted among no class until somebody says one: it is not filed, or
# its pages are found in others.
_CLASSLESS = frozenset({D.ACCEPTED, D.RECOGNISED, D.CLASSIFIED, D.REVIEW, D.QUARANTINED, D.DIVIDED})


def counted_class(record_class: str | None, state: str) -> str:
    """The class that a document is counted among, empty where it is among none.

    Args:
        record_class: key of its class, None where nobody has said one.
        state: of the document; once it is filed, no class is `UNCLASSIFIED`.
    """
    return record_class or ("" if state in _CLASSLESS else UNCLASSIFIED)


def check_transition(before: DocumentState, after: DocumentState, document: Id) -> None:
    """Refuse a step that the table of documents does not have.

    Raises:
        Refusal: ``wrong_state`` with the state as it is and as it was asked for.
    """
    if after not in DOCUMENT_TRANSITIONS[before]:
        raise Refusal("wrong_state", id=document, state=str(before), wanted=str(after))


MatterKind = Literal["plan", "dossier", "hold", "batch", "sample", "certificate", "disclosure"]


class MatterStep(NamedTuple):
    """One step of the state machine of a matter.

    Attributes:
        kind: of the matter.
        before: states in which the step is allowed; empty: it begins a matter.
        after: state behind it, None where it stays as it was.
    """

    kind: MatterKind
    before: frozenset[str]
    after: str | None


def _step(kind: MatterKind, before: str, after: str | None) -> MatterStep:
    return MatterStep(kind, frozenset(before.split()), after)


# What the office leads beside documents, and how it moves. Every step is one ledger line.
MATTER_STEPS: dict[str, MatterStep] = {
    "plan_adopted": _step("plan", "", "in_force"),
    "plan_revised": _step("plan", "in_force", None),
    "rule_confirmed": _step("plan", "in_force", None),
    "dossier_opened": _step("dossier", "", "open"),
    "dossier_changed": _step("dossier", "open closed", None),
    "dossier_closed": _step("dossier", "open", "closed"),
    "dossier_reopened": _step("dossier", "closed", "open"),
    "dossier_merged": _step("dossier", "open", "merged"),
    "dossier_disposed": _step("dossier", "open closed merged", "disposed"),
    "hold_placed": _step("hold", "", "stands"),
    "hold_reviewed": _step("hold", "stands", None),
    "hold_lifted": _step("hold", "stands", "lifted"),
    "batch_proposed": _step("batch", "", "proposed"),
    "batch_approved": _step("batch", "proposed", "approved"),
    "batch_offered": _step("batch", "approved", "offered"),
    "batch_appraised": _step("batch", "offered", "appraised"),
    "batch_exported": _step("batch", "appraised", "exported"),
    "batch_confirmed": _step("batch", "exported", "handed_over"),
    # Some answers come in parts, a later one can take back an earlier one, and single items can be
    # taken out again.
    "batch_answered": _step("batch", "offered appraised exported handed_over", None),
    "batch_reduced": _step(
        "batch", "proposed approved offered appraised exported handed_over destroying", None
    ),
    "batch_cancelled": _step("batch", "proposed approved offered appraised", "cancelled"),
    "batch_destroying": _step("batch", "approved appraised handed_over", "destroying"),
    "batch_done": _step("batch", "destroying handed_over", "done"),
    "sample_drawn": _step("sample", "", "drawn"),
    "sample_checked": _step("sample", "drawn", None),
    "sample_passed": _step("sample", "drawn", "passed"),
    "sample_failed": _step("sample", "drawn", "failed"),
    "certificate_prepared": _step("certificate", "", "prepared"),
    "certificate_issued": _step("certificate", "prepared", "issued"),
    "certificate_proved": _step("certificate", "issued", None),
    "disclosed": _step("disclosure", "", "given"),
}


# States of matters of which only a tombstone remains: their objects are destroyed.
MATTERS_GONE = frozenset({"disposed", "done", "cancelled"})


def matter_state(event: str, kind: str, before: str | None, matter: Id) -> str:
    """The state of a matter after a step.

    Args:
        event: kind of the ledger line, a key of `MATTER_STEPS`.
        kind: of the matter.
        before: its state, None where it does not exist yet.
        matter: its id.

    Raises:
        Refusal: ``wrong_step`` where the table does not have the step.
    """
    step = MATTER_STEPS[event]
    is_begin = before is None and not step.before
    if step.kind != kind or not (is_begin or before in step.before):
        raise Refusal("wrong_step", id=matter, state=f"{kind}_{before or 'none'}", step=event)
    return step.after or before or ""


class Word(msgspec.Struct, frozen=True, array_like=True):
    """One recognised word.

    Attributes:
        text: as read.
        left, top, right, bottom: box in pixels of the upright page image, origin top left.
        confidence: 0 to 100; 100 for words of a page's own text layer.
        line: number of the line on the page, from 0, in reading order.
        block: number of the block (paragraph) on the page, from 0.
    """

    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float
    line: int
    block: int


class Code(msgspec.Struct, frozen=True, array_like=True):
    """A machine-readable mark on a page.

    Attributes:
        kind: ``qr``, ``code128``, ``datamatrix``, ``patch_t`` or ``patch_2``.
        text: what it says; empty for patch codes.
        left, top, right, bottom: box in pixels of the upright page image, origin top left.
    """

    kind: str
    text: str
    left: int
    top: int
    right: int
    bottom: int


PageSource = Literal["own_text", "recognised", "blank", "unread"]


class Page(msgspec.Struct, frozen=True):
    """One page as the machine reads it.

    Attributes:
        number: from 1.
        width, height: pixels of the upright page image.
        dpi: resolution of that image.
        rotation: degrees clockwise (0, 90, 180, 270) by which the page was turned to read it.
        source: where the words come from; ``unread`` pages are kept but too large to read.
        confidence: mean word confidence 0 to 100, None where no engine ran.
        words: in reading order.
        codes: marks found on the page; looked for only where a pipeline separates batches.
    """

    number: int
    width: int
    height: int
    dpi: float
    rotation: int
    source: PageSource
    confidence: float | None
    words: tuple[Word, ...]
    codes: tuple[Code, ...] = ()

    @property
    def text(self) -> str:
        """The page's text: words parted by spaces, lines by newlines, blocks by a blank line."""
        lines: list[str] = []
        previous: Word | None = None
        for word in self.words:
            if previous is None or word.line != previous.line:
                if previous is not None and word.block != previous.block:
                    lines.append("")
                lines.append(word.text)
            else:
                lines[-1] += " " + word.text
            previous = word
        return "\n".join(lines)


FieldKind = Literal[
    "letter_date",
    "received_stamp",
    "reference",
    "their_reference",
    "sender",
    "recipient",
    "subject",
    "iban",
    "vat_id",
    "email",
    "amount",
    "total",
    "invoice_number",
    "parcel",
    "case_worker",
    "place",
    "dossier",
    "archive_number",
    "due_date",
    "currency",
    "net_total",
    "buyer_reference",
    "order_number",
    "contract_number",
]


class Box(msgspec.Struct, frozen=True, array_like=True):
    """A place on a page, in pixels of the upright page image, origin top left."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.bottom - self.top


class Field(msgspec.Struct, frozen=True):
    """One value that was read, and why it is believed.

    Attributes:
        kind: what it is.
        value: as it stands on the paper.
        normal: in its one form: dates ISO, amounts with a point, accounts without blanks.
        page: number from 1; 0 where it stands on no page.
        box: the words it was read from; empty on page 0.
        confidence: 0 to 1.
        cue: code of what made it, with the printed label after a colon where there was one,
            e.g. ``label:Datum``, ``place_and_date``, ``known_iban``; ``person`` where a person
            said it, ``sheet`` where a separator sheet did, ``xml`` for an electronic invoice.
        is_fact: whether it may be used without a person.
    """

    kind: FieldKind
    value: str
    normal: str
    page: int
    box: Box
    confidence: float
    cue: str
    is_fact: bool


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the ledger, without its place in the chain.

    Attributes:
        kind: what happened, e.g. ``received``, ``filed``, ``reindexed``.
        at: time in UTC, ISO 8601 with milliseconds and ``Z``.
        actor: pseudonymous, ``daemon`` or ``uid:1000``.
        id: document or accession concerned.
        data: codes, ids, counts and salted digests only; no names, no text.
    """

    kind: str
    at: str
    actor: str
    id: Id | None = None
    data: dict[str, Any] = {}

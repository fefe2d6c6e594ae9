"""The transfer note: who scanned what, when, with what, and how it was checked.

Promises one note for each scan with everything that BSI TR-03138 RESISCAN asks for in A.NB.4, and
that nothing is attested which nobody has checked: the machine speaks of the rendition and the
received file only; that the received file matches the paper is said by persons or left open.
The note is shown to people and kept in the document's object; it is never logged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from archiver import phrases
from archiver.errors import IntegrityFault
from archiver.records import Id
from archiver.tongue import speaking

FORMAT: Literal["archiver-transfer-note/1"] = "archiver-transfer-note/1"

# Lines of the ledger that say that something was not as usual.
_ANOMALIES = frozenset({"quarantined", "retried", "reviewed", "dismissed", "ordered", "replaced"})


class Intake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the scan came.

    Attributes:
        accession: its id.
        received_at: time in UTC, ISO 8601.
        brought_by: pseudonym of who put it into the folder.
        organisation: that has scanned; empty where the configuration does not say.
        pipeline: title of the drop folder.
        file_name: as it was dropped.
    """

    accession: Id
    received_at: str
    brought_by: str
    organisation: str
    pipeline: str
    file_name: str


class Scan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came, and what was made of it.

    Attributes:
        media_type: of the received bytes.
        size: of the received bytes.
        sha512: of the received bytes, hex.
        rendition_sha512: of the PDF/A, hex; empty where there is none.
        pages: number.
        own_text, recognised, blank, unread: number of pages whose words come from the file itself,
            from the engine, that have none, that were not read.
        confidence: mean word confidence 0 to 100; None where no engine ran.
    """

    media_type: str
    size: int
    sha512: str
    rendition_sha512: str = ""
    pages: int = 0
    own_text: int = 0
    recognised: int = 0
    blank: int = 0
    unread: int = 0
    confidence: float | None = None


class Technology(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With what it was read.

    Attributes:
        product: name and version.
        engine: name and version; empty where no engine ran.
        languages: of the engine.
        host: class of the machine, never its name, e.g. ``x86_64``.
        system: of the machine, e.g. ``Debian 12``.
        scanner: model of the scanner as the file names it; empty where it does not.
    """

    product: str
    engine: str
    languages: str
    host: str
    system: str
    scanner: str = ""


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was in force.

    Attributes:
        procedure: version of the procedure documentation; empty where there is none.
        procedure_sha512: of its text, hex.
        settings_sha512: of the configuration, hex.
    """

    procedure: str = ""
    procedure_sha512: str = ""
    settings_sha512: str = ""


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Result of quality control.

    Attributes:
        result: ``not_drawn`` into a sample, ``drawn`` and open, ``passed`` or ``failed``.
        sample: id of the sample.
        at: time of the result, UTC.
        by: pseudonym of who has looked.
    """

    result: Literal["not_drawn", "drawn", "passed", "failed"] = "not_drawn"
    sample: str = ""
    at: str = ""
    by: str = ""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That two things are the same.

    Attributes:
        between: ``paper`` and received file, or received file and ``rendition``.
        image, content: whether they match to the eye, and word by word; None: not checked.
        by: pseudonym, or ``daemon``.
        at: time, UTC.
        compared: codes of what was compared, see `archiver.papers.transfer_sheet.COMPARED`.
    """

    between: Literal["paper", "rendition"]
    image: bool | None
    content: bool | None
    by: str
    at: str
    compared: tuple[str, ...] = ()


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A received file from which pages were taken over as they came.

    Attributes:
        source: id of its object.
        pages: their numbers there, from 1, in the order of the document.
        is_kept: whether the object still existed when the note was made.
    """

    source: Id
    pages: tuple[int, ...]
    is_kept: bool


class Processing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done to the rendition; the received bytes are never touched.

    Attributes:
        rotations: page and degrees clockwise, for each page that was turned.
        text_layer: recognised words lie behind the pages.
        converted: the received file was no PDF.
    """

    rotations: tuple[tuple[int, int], ...] = ()
    text_layer: bool = False
    converted: bool = False


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person has decided.

    Attributes:
        at: time, UTC.
        by: pseudonym.
        kinds: kinds of fields that were changed (``record_class``, ``letter_date`` …); no values.
    """

    at: str
    by: str
    kinds: tuple[str, ...]


class LedgerLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the ledger about the document; `digest` is its SHA-256, hex."""

    seq: int
    event: str
    at: str
    digest: str


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding: its code and the sentence as it was said when the note was made."""

    code: str
    sentence: str


class TransferNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One note.

    Attributes:
        format: `FORMAT`.
        document: id.
        made_at: time of the note, UTC.
        created_by: pseudonym of who stands for the note; a person, not only the organisation.
        anomalies: the lines that say that something was not as usual, and pages not read.
        ledger: all lines about the document, oldest first; they protect it and this note.
        origins: of what it was cut or put together; empty where it came as one file.
    """

    format: Literal["archiver-transfer-note/1"]
    document: Id
    made_at: str
    created_by: str
    intake: Intake
    scan: Scan
    technology: Technology
    rules: Rules
    quality: Quality
    matches: tuple[Match, ...]
    processing: Processing
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]
    anomalies: tuple[LedgerLine, ...]
    ledger: tuple[LedgerLine, ...]
    origins: tuple[Origin, ...] = ()

    @property
    def is_unusual(self) -> bool:
        """Whether anything was remarkable."""
        return bool(self.findings or self.anomalies or self.scan.unread)


def note(
    document: Id,
    made_at: str,
    created_by: str,
    intake: Intake,
    scan: Scan,
    technology: Technology,
    *,
    rules: Rules | None = None,
    quality: Quality | None = None,
    matches: Iterable[Match] = (),
    processing: Processing | None = None,
    decisions: Iterable[Decision] = (),
    findings: Iterable[str] = (),
    ledger: Iterable[LedgerLine] = (),
    origins: Iterable[Origin] = (),
    language: str = "de",
) -> TransferNote:
    """Make the note of a document.

    Args:
        document: id.
        made_at: time in UTC, ISO 8601.
        created_by: pseudonym.
        intake: how the scan came.
        scan: what came.
        technology: with what it was read.
        rules: in force; None: none are recorded.
        quality: None: not drawn.
        matches: what was compared with what.
        processing: None: nothing was done.
        decisions: of persons, oldest first.
        findings: reason codes of the document.
        ledger: lines about the document, in any order.
        origins: received files of which it was made.
        language: of the sentences that are kept with the codes.
    """
    lines = tuple(sorted(ledger, key=lambda line: line.seq))
    with speaking(language):
        told = tuple(Finding(code, phrases.sentence(code)) for code in findings)
    return TransferNote(
        FORMAT,
        document,
        made_at,
        created_by,
        intake,
        scan,
        technology,
        rules or Rules(),
        quality or Quality(),
        tuple(matches),
        processing or Processing(),
        tuple(decisions),
        told,
        tuple(line for line in lines if line.event in _ANOMALIES),
        lines,
        tuple(origins),
    )


def as_json(made: TransferNote) -> dict[str, object]:
    """The note in plain values; `read` takes their JSON."""
    plain: dict[str, object] = msgspec.to_builtins(made)
    return plain


def read(content: bytes) -> TransferNote:
    """A note as it was kept.

    Raises:
        IntegrityFault: ``transfer_note_damaged``.
    """
    try:
        return msgspec.json.decode(content, type=TransferNote)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise IntegrityFault("transfer_note_damaged") from None

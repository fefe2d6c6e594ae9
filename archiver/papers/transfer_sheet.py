"""The transfer note as a paper for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from archiver import phrases
from archiver.papers.paper import Block, Facts, Heading, Items, Language, Paper, Paragraph, Table
from archiver.papers.transfernote import LedgerLine, Match, TransferNote
from archiver.tongue import N_, speaking, tr

COMPARED: dict[str, str] = {
    "page_count": N_("number of pages"),
    "page_size": N_("size of every page"),
    "pixels": N_("picture of every page"),
    "words": N_("words of every page"),
    "digest": N_("digest of the bytes"),
    "pdfa": N_("rules of PDF/A"),
    "eye": N_("looked at by a person, page by page"),
}
"""What may have been compared, by code; another code is shown as it is."""

_RESULTS = {
    "not_drawn": N_("not drawn into a sample"),
    "drawn": N_("drawn into a sample, not yet looked at"),
    "passed": N_("passed"),
    "failed": N_("failed"),
}
_KINDS = {
    "record_class": N_("Class"),
    "letter_date": N_("Date of the letter"),
    "received_on": N_("Received on"),
    "reference": N_("Reference"),
    "their_reference": N_("Their reference"),
    "sender": N_("Sender"),
    "recipient": N_("Recipient"),
    "subject": N_("Subject"),
    "dossier": N_("Dossier"),
    "total": N_("Total"),
    "invoice_number": N_("Invoice number"),
    "iban": N_("IBAN"),
}


def as_paper(note: TransferNote, language: Language) -> Paper:
    """The note as a paper."""
    with speaking(language):
        title = tr(N_("Transfer note"))
        footer = tr(N_("Transfer note {document}, made on {at}")).format(
            document=note.document, at=phrases.moment(note.made_at)
        )
        return Paper(
            title, language, datetime.fromisoformat(note.made_at), tuple(_blocks(note)), footer
        )


def _blocks(note: TransferNote) -> Iterator[Block]:
    yield Paragraph(
        tr(N_("For a scan, after A.NB.4 of the technical guideline BSI TR-03138 (RESISCAN)."))
    )
    yield from _scan(note)
    yield from _origins(note)
    yield from _surroundings(note)
    yield Heading(tr(N_("Quality control")))
    yield Facts(
        _given(
            (N_("Result"), tr(_RESULTS[note.quality.result])),
            (N_("Sample"), note.quality.sample),
            (N_("Checked by"), note.quality.by),
            (N_("Checked on"), phrases.moment(note.quality.at)),
        )
    )
    yield from _matches(note)
    yield from _remarkable(note)
    yield from _processing(note)
    yield from _integrity(note.ledger)


def _scan(note: TransferNote) -> Iterator[Block]:
    """What came, when, and from whom."""
    intake, scan = note.intake, note.scan
    yield Heading(tr(N_("The scan")))
    yield Facts(
        _given(
            (N_("Document"), note.document),
            (N_("Receipt"), intake.accession),
            (N_("Received on"), phrases.moment(intake.received_at)),
            (N_("Brought by"), intake.brought_by),
            (N_("Scanned by"), intake.organisation or tr(N_("not recorded"))),
            (N_("Drop folder"), intake.pipeline),
            (N_("File"), intake.file_name),
            (N_("Kind of file"), scan.media_type),
            (N_("Size in bytes"), str(scan.size)),
            (N_("SHA-512 of the received file"), scan.sha512),
            (
                N_("SHA-512 of the rendition"),
                scan.rendition_sha512 or tr(N_("there is no rendition")),
            ),
            (N_("Note made by"), note.created_by),
        )
    )
    yield Heading(tr(N_("Pages")), 2)
    confidence = "" if scan.confidence is None else f"{scan.confidence:.0f}"
    yield Facts(
        _given(
            (N_("Pages"), str(scan.pages)),
            (N_("with the file's own text"), str(scan.own_text)),
            (N_("read by the engine"), str(scan.recognised)),
            (N_("blank pages"), str(scan.blank)),
            (N_("pages not read"), str(scan.unread)),
            (N_("Mean confidence (0 to 100)"), confidence),
        )
    )


def _origins(note: TransferNote) -> Iterator[Block]:
    """Which way the pages came, where they did not come as this file."""
    if not note.origins:
        return
    yield Heading(tr(N_("Way of the pages")), 2)
    yield Paragraph(
        tr(
            N_(
                "The pages were taken over from received files as they came: what is stored of "
                "each page and of its pictures was compared byte by byte when the document was "
                "made, and not encoded again."
            )
        )
    )
    header = (tr(N_("Received file")), tr(N_("Pages in it")), tr(N_("Still kept")))
    yes, no = tr(N_("yes")), tr(N_("no"))
    yield Table(
        header,
        tuple(
            (one.source, ", ".join(map(str, one.pages)), yes if one.is_kept else no)
            for one in note.origins
        ),
    )


def _surroundings(note: TransferNote) -> Iterator[Block]:
    """Technical and organisational environment."""
    technology, rules = note.technology, note.rules
    unknown = tr(N_("not recorded"))
    yield Heading(tr(N_("Technical environment")))
    yield Facts(
        _given(
            (N_("Program"), technology.product),
            (N_("Recognition engine"), technology.engine or tr(N_("none was needed"))),
            (N_("Languages"), technology.languages),
            (N_("Kind of machine"), technology.host),
            (N_("Operating system"), technology.system),
            (N_("Scanner"), technology.scanner or unknown),
        )
    )
    yield Heading(tr(N_("Organisational environment")))
    yield Facts(
        _given(
            (N_("Procedure documentation"), rules.procedure or unknown),
            (N_("SHA-512 of the procedure documentation"), rules.procedure_sha512),
            (N_("SHA-512 of the settings"), rules.settings_sha512),
        )
    )


def _matches(note: TransferNote) -> Iterator[Block]:
    """What matches what; what nobody has said is said to be open."""
    yield Heading(tr(N_("Match of image and content")))
    yield Paragraph(tr(N_("The document is a scan; the paper itself was not seen by the archive.")))
    for match in note.matches:
        yield Facts(_match(match))
    if all(match.between != "paper" for match in note.matches):
        yield Paragraph(
            tr(
                N_(
                    "Nobody has yet stated to the archive that the received file matches the "
                    "paper. Whoever has scanned must state it before the paper is destroyed."
                )
            )
        )
    if all(match.between != "rendition" for match in note.matches):
        yield Paragraph(tr(N_("The rendition was not compared with the received file.")))


def _match(match: Match) -> tuple[tuple[str, str], ...]:
    between = {
        "paper": N_("Paper and received file"),
        "rendition": N_("Received file and rendition"),
    }
    words = {True: N_("matches"), False: N_("does not match"), None: N_("not checked")}
    return _given(
        (N_("Compared"), tr(between[match.between])),
        (N_("Image"), tr(words[match.image])),
        (N_("Content"), tr(words[match.content])),
        (N_("By comparing"), ", ".join(tr(COMPARED.get(code, code)) for code in match.compared)),
        (N_("Checked by"), match.by),
        (N_("Checked on"), phrases.moment(match.at)),
    )


def _remarkable(note: TransferNote) -> Iterator[Block]:
    """Anomalies of the file and of its way."""
    yield Heading(tr(N_("Anomalies")))
    if not note.is_unusual:
        yield Paragraph(tr(N_("None.")))
        return
    told = [
        f"{_sentence(finding.code, finding.sentence)} ({finding.code})" for finding in note.findings
    ]
    if note.scan.unread:
        told.append(tr(N_("Pages that were not read: {count}")).format(count=note.scan.unread))
    told += [
        f"{phrases.moment(line.at)}: {phrases.event_name(line.event)}" for line in note.anomalies
    ]
    yield Items(tuple(told))


def _sentence(code: str, kept: str) -> str:
    """A finding in the paper's language; one that is no longer known as it was said then."""
    now = phrases.sentence(code)
    return kept if now == code else now


def _processing(note: TransferNote) -> Iterator[Block]:
    """Post-processing by the machine, and decisions of persons."""
    done = note.processing
    yes, no = tr(N_("yes")), tr(N_("no"))
    turned = ", ".join(
        tr(N_("page {page} by {degrees}°")).format(page=page, degrees=degrees)
        for page, degrees in done.rotations
    )
    yield Heading(tr(N_("Post-processing")))
    yield Paragraph(
        tr(N_("The received file is kept as it came. Only the rendition made of it was changed."))
    )
    yield Facts(
        _given(
            (N_("Pages turned clockwise"), turned or tr(N_("no page"))),
            (N_("Recognised words behind the pages"), yes if done.text_layer else no),
            (N_("Picture made into a PDF"), yes if done.converted else no),
        )
    )
    if note.decisions:
        yield Heading(tr(N_("Decisions of persons")), 2)
        header = (tr(N_("Time")), tr(N_("By")), tr(N_("Changed")))
        rows = tuple(
            (
                phrases.moment(one.at),
                one.by,
                ", ".join(tr(_KINDS.get(kind, kind)) for kind in one.kinds),
            )
            for one in note.decisions
        )
        yield Table(header, rows)


def _integrity(ledger: tuple[LedgerLine, ...]) -> Iterator[Block]:
    yield Heading(tr(N_("Protection of integrity")))
    yield Paragraph(
        tr(
            N_(
                "Every line of the ledger holds the SHA-256 of the line before it. These lines "
                "are about this document."
            )
        )
    )
    header = (tr(N_("No.")), tr(N_("Step")), tr(N_("Time")), "SHA-256")
    rows = tuple(
        (str(line.seq), phrases.event_name(line.event), phrases.moment(line.at), line.digest)
        for line in ledger
    )
    yield Table(header, rows, frozenset({0}))


def _given(*rows: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Rows that say something, their labels translated."""
    return tuple((tr(label), value) for label, value in rows if value)

"""Transfer notes as they are made: on demand, of receipt, record, history and sample.

Promises that a note holds what was recorded when it happened and leaves open what was not; that it
speaks of the scan that the document has now; and that nothing is written when one is made.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from archiver.errors import IntegrityFault, NotFound, Refusal
from archiver.papers import transfernote as paper
from archiver.papers.transfernote import TransferNote
from archiver.pipeline.decisions import CLASS
from archiver.records import DocumentState, Id, Page
from archiver.registry import samples
from archiver.registry.parts import Registry
from archiver.store import objects
from archiver.store.asking import Row
from archiver.store.objects import Record

# SHA-256 of ledger lines by their number.
Digests = Callable[[Sequence[Row]], Mapping[int, str]]

# Finding: the rendition had to be converted, and was compared with its source.
_CONVERTED = "converted"


def made(registry: Registry, row: Row, digests: Digests, by: str, language: str) -> TransferNote:
    """Make the note of a document.

    Args:
        registry: of the archive.
        row: of the document.
        digests: gives those of its ledger lines.
        by: pseudonym of who asks for it.
        language: of the sentences in it.

    Raises:
        Refusal: ``no_note_of_destroyed``, or ``not_read_yet``.
    """
    document, state = str(row["id"]), row["state"]
    if state == DocumentState.DESTROYED:
        raise Refusal("no_note_of_destroyed", id=document)
    if row["pages"] is None:
        raise Refusal("not_read_yet", id=document)
    came = registry.register.accessions(document)
    history = registry.register.history([str(one["id"]) for one in came])
    registry.holdings.require_own(row)
    record = registry.holdings.record(document, int(row["version"]))
    pages = registry.holdings.pages(document)
    scanned = next((one for one in reversed(came) if one["sha512"] == row["sha512"]), came[0])
    files = registry.vault.inventory(document).state(None)
    rendition = files.get(objects.RENDITION, "")
    read = next((line for line in reversed(history) if line["event"] == "recognised"), None)
    found = samples.findings_of(registry, document)
    digest = digests(history)
    return paper.note(
        document,
        registry.now(),
        by,
        _intake(registry, scanned),
        _scan(row, scanned, pages, rendition),
        _technology(read),
        quality=_quality(found),
        matches=_matches(read, record, rendition, found),
        processing=_processing(row, pages, rendition),
        decisions=_decisions(record),
        findings=record.findings,
        ledger=[
            paper.LedgerLine(int(one["seq"]), str(one["event"]), str(one["at"]), digest[one["seq"]])
            for one in history
        ],
        origins=_origins(registry, document),
        language=language,
    )


def _intake(registry: Registry, scanned: Row) -> paper.Intake:
    config = registry.config
    pipeline = str(scanned["pipeline"])
    titles = {one.name: one.title for one in config.pipelines}
    return paper.Intake(
        accession=str(scanned["id"]),
        received_at=str(scanned["received_at"]),
        brought_by=str(scanned["actor"]),
        organisation=config.disposition.authority.name or next(iter(config.town.names), ""),
        pipeline=titles.get(pipeline) or pipeline,
        file_name=str(scanned["file"]),
    )


def _scan(row: Row, scanned: Row, pages: Sequence[Page], rendition: str) -> paper.Scan:
    sources = [page.source for page in pages]
    return paper.Scan(
        media_type=str(row["media_type"]),
        size=int(scanned["size"]),
        sha512=str(row["sha512"]),
        rendition_sha512=rendition,
        pages=int(row["pages"]),
        own_text=sources.count("own_text"),
        recognised=sources.count("recognised"),
        blank=sources.count("blank"),
        unread=sources.count("unread"),
        confidence=row["confidence"],
    )


def _technology(read: Row | None) -> paper.Technology:
    """With what the pages were read, as the ledger has it; the machine is the one of today."""
    data = read["data"] if read else {}
    program = data.get("program")
    return paper.Technology(
        product=f"archiver {program}" if program else "archiver",
        engine=str(data.get("engine", "")),
        languages=str(data.get("languages", "")),
        host=platform.machine(),
        system=_system(),
    )


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _quality(found: Sequence[samples.Finding]) -> paper.Quality:
    """What the newest sample says that stands for it."""
    if not found:
        return paper.Quality()
    sample, _state, drawn = found[0]
    if drawn is None:
        return paper.Quality("not_drawn", sample)
    if drawn.result is None:
        return paper.Quality("drawn", sample)
    result: samples.Ended = "passed" if drawn.result == "pass" else "failed"
    return paper.Quality(result, sample, drawn.at, drawn.by)


def _matches(
    read: Row | None, record: Record, rendition: str, found: Iterable[samples.Finding]
) -> Iterator[paper.Match]:
    """What was compared; a conversion alone is compared with its source, as seen from afar."""
    if rendition and read is not None:
        same = True if _CONVERTED in record.findings else None
        codes = ("page_count", "words", "pixels", "pdfa") if same else ("pdfa",)
        yield paper.Match("rendition", same, same, "daemon", str(read["at"]), codes)
    # What exactly is wrong with a bad scan only its checker's words say.
    looks = (drawn for _sample, _state, drawn in found if drawn is not None and drawn.paper)
    for drawn in looks:
        yield paper.Match("paper", True, True, drawn.by, drawn.at, ("eye",))


def _processing(row: Row, pages: Iterable[Page], rendition: str) -> paper.Processing:
    if not rendition:
        return paper.Processing()
    read = [page for page in pages if page.source == "recognised" and page.words]
    return paper.Processing(
        rotations=tuple((page.number, page.rotation) for page in read if page.rotation),
        text_layer=bool(read),
        converted=row["media_type"] != "application/pdf",
    )


def _decisions(record: Record) -> Iterator[paper.Decision]:
    for one in record.decisions:
        kinds = sorted("record_class" if kind == CLASS else kind for kind in one.values)
        yield paper.Decision(one.at, one.actor, tuple(kinds))


def _origins(registry: Registry, document: Id) -> Iterator[paper.Origin]:
    try:
        part = registry.holdings.receipt(document, document).part
    except (IntegrityFault, NotFound):
        return
    for source, pages in part.sources if part else ():
        yield paper.Origin(source, tuple(pages), registry.vault.exists(source))

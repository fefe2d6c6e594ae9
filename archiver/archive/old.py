"""The façade: every use case of the archive is a method of `Archive`; also the Python API.

Promises that rights are asked first and in one place, that answers are plain values ready for
JSON, and that a search opens nothing but the index.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from archiver import phrases
from archiver.answers import (
    field_answer,
    file_answer,
    finding_answer,
    hit_answer,
    problem_answer,
    shown_name,
)
from archiver.clock import now, town_day
from archiver.errors import NotFound, Refusal, UsageFault
from archiver.house import House
from archiver.records import AccessionState, DocumentState, Id
from archiver.rights import Act, Caller, Standing, standing

if TYPE_CHECKING:
    pass

Progress = Callable[[int, int], None]
Json = dict[str, Any]

# An engine reserves room for every hit that is asked for.
MOST_HITS = 10_000


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


class File(msgspec.Struct, frozen=True):
    """Bytes of a document on their way to a person.

    Attributes:
        stream: open for reading; the receiver closes it.
        size: in bytes.
        name: under which a person would save it.
        media_type: of the bytes.
        notice: reason code worth telling, e.g. ``no_rendition``, or None.
    """

    stream: BinaryIO
    size: int
    name: str
    media_type: str
    notice: str | None


class Archive:
    """One archive as one person sees it.

    Args:
        house: the parts.
        caller: the person, as the kernel names him.
    """

    def __init__(self, house: House, caller: Caller) -> None:
        self._house = house
        self._caller = caller

    @property
    def _standing(self) -> Standing:
        return standing(self._house.config, self._caller, self._house.owner)

    # --- finding and reading -----------------------------------------------------------------

    def search(self, query: str, limit: int = 20) -> Json:
        """Documents that match, best first.

        Args:
            query: in the query language; ``*`` finds everything.
            limit: most hits to return.

        Returns:
            ``query``, ``total`` (exact), ``took_ms``, ``hits``.

        Raises:
            UsageFault: the query cannot be understood (names the place), or ``limit``.
        """
        from archiver.search.query import parse

        self._standing.require(Act.SEARCH)
        if not 1 <= limit <= MOST_HITS:
            raise UsageFault("limit_out_of_range", limit=limit, most=MOST_HITS)
        started = time.perf_counter()
        found = self._house.current_index().search(parse(query), limit, town_day(now()))
        return {
            "query": query,
            "total": found.total,
            "took_ms": round((time.perf_counter() - started) * 1000, 1),
            "hits": [hit_answer(hit) for hit in found.hits],
        }

    def show(self, identifier: Id) -> Json:
        """Everything known of one document, with its history.

        Raises:
            NotFound: no document or accession has this id.
        """
        self._standing.require(Act.READ)
        row = self._document(identifier)
        document = str(row["id"])
        register = self._house.register
        accessions = register.accessions(document)
        record = self._house.holdings.record(document, int(row["version"]))
        problem = str(row["reason"]) if row["reason"] else None
        return {
            "id": document,
            "state": row["state"],
            "state_name": phrases.state_name(str(row["state"])),
            "class": row["record_class"],
            "reference": row["reference"],
            "subject": row["subject"],
            "sender": row["sender"],
            "date": row["letter_date"],
            "received_on": row["received_on"],
            "pages": row["pages"],
            "confidence": row["confidence"],
            "media_type": row["media_type"],
            "sha512": row["sha512"],
            "version": row["version"],
            "rendition": self._house.holdings.has_rendition(document),
            "findings": [finding_answer(code, document) for code in row["findings"]],
            "reason": problem,
            "message": phrases.sentence(problem, row["params"]) if problem else None,
            "advice": phrases.advice(problem, row["params"]) if problem else None,
            "files": [file_answer(accession) for accession in accessions],
            "fields": [field_answer(one) for one in record.fields],
            "notes": [
                {"at": n.at, "actor": n.actor, "event": n.event, "text": n.text}
                for n in record.notes
            ],
            "history": [
                {key: line[key] for key in ("seq", "at", "event", "actor", "id", "data")}
                for line in register.history([str(a["id"]) for a in accessions])
            ],
        }

    def text(self, identifier: Id) -> list[str]:
        """The text of each page."""
        self._standing.require(Act.READ)
        document = str(self._document(identifier)["id"])
        return [page.text for page in self._house.holdings.pages(document)]

    def fetch(self, identifier: Id, *, original: bool = False) -> File:
        """The PDF/A of a document, or the bytes as they were received.

        Args:
            identifier: of the document or of one of its accessions.
            original: as received; also where there is no PDF/A, then with a notice.
        """
        from archiver.store import objects

        self._standing.require(Act.READ)
        row = self._document(identifier)
        document, media_type = str(row["id"]), str(row["media_type"])
        name = str(self._house.register.accessions(document)[0]["file"])
        notice = None
        inner = objects.original_name(media_type)
        if not original:
            if self._house.holdings.has_rendition(document):
                inner, media_type = objects.RENDITION, "application/pdf"
                name = Path(name).stem + ".pdf"
            else:
                notice = "no_rendition"
        stream = self._house.vault.open(document, inner)
        return File(stream, stream.seek(0, 2) - stream.seek(0), name, media_type, notice)

    # --- bringing and settling ---------------------------------------------------------------

    def add(self, source: BinaryIO, name: bytes, pipeline: str | None = None) -> Json:
        """Accept a file that a person sends; the source stays with the person.

        Args:
            source: read to its end.
            name: of the file.
            pipeline: by which it comes; the caller's only one, or the first, where not named.

        Returns:
            ``id``, ``document``, ``state``, ``file``.
        """
        chosen = self.way_in(pipeline)
        identifier = self._house.intake.receive_stream(source, name, chosen, self._caller.pseudonym)
        self._tell(identifier)
        row = self._document(identifier)
        duplicate = row["id"] != identifier
        return {
            "id": identifier,
            "document": row["id"],
            "state": str(AccessionState.DUPLICATE) if duplicate else row["state"],
            "file": shown_name(name),
        }

    def way_in(self, pipeline: str | None = None) -> str:
        """The pipeline by which the caller's files come; asks the rights, changes nothing.

        Raises:
            UsageFault: ``unknown_pipeline``.
            Refusal: the caller may not add, or not there.
        """
        mine = self._standing
        mine.require(Act.ADD)
        chosen = pipeline or mine.pipelines[0]
        if all(chosen != known.name for known in self._house.config.pipelines):
            raise UsageFault("unknown_pipeline", pipeline=chosen)
        mine.require_pipeline(chosen)
        return chosen

    def retry(self, identifier: Id) -> Json:
        """Work once more on a document that is in quarantine or review."""
        return self._settle("retried", identifier, None)

    def dismiss(self, identifier: Id, reason: str) -> Json:
        """Settle a file in quarantine; its bytes stay until disposal."""
        self._standing.require(Act.SETTLE)
        row = self._document(identifier)
        if row["state"] != DocumentState.QUARANTINED:
            raise Refusal("not_in_quarantine", id=str(row["id"]), state=str(row["state"]))
        return self._settle("dismissed", identifier, reason)

    def withdraw(self, identifier: Id, reason: str) -> Json:
        """Take back a document that was dropped by mistake; its bytes stay until disposal."""
        return self._settle("withdrawn", identifier, reason)

    # --- looking after -----------------------------------------------------------------------

    def status(self) -> Json:
        """What waits, what is held, how many documents in each state, and every problem."""
        from archiver.pipeline.watch import survey

        mine = self._standing
        mine.require(Act.STATUS)
        house = self._house
        shown = [p for p in house.config.pipelines if mine.sees_all or p.name in mine.pipelines]
        office = house.office
        listings = office.listings() if office else survey(house.config)
        inbox: dict[str, list[str]] = {"waiting": [], "held": [], "ignored": []}
        problems = []
        for pipeline in shown:
            listing = listings.get(pipeline.name)
            if listing is None:
                continue
            held = [entry.sighting for entry in listing.held]
            groups = {
                "waiting": (*listing.waiting, *listing.settled),
                "held": held,
                "ignored": listing.ignored,
            }
            for kind, sightings in groups.items():
                names = (shown_name(sighting.name) for sighting in sightings)
                inbox[kind] += [f"{pipeline.folder}/{name}" for name in names]
            problems += [problem_answer(None, h.sighting.name, h.reason, {}) for h in listing.held]
        rows = house.register.problems([p.name for p in shown])
        problems += [
            problem_answer(str(r["id"]), bytes(r["file_raw"]), str(r["reason"]), r["params"])
            for r in rows
        ]
        queued, active = office.progress() if office else (0, 0)
        return {
            "inbox": inbox,
            "documents": house.register.counts() if mine.sees_all else {},
            "problems": problems,
            "daemon": office is not None,
            "work": {"queued": queued, "active": active},
            "system": office.troubles() if office else [],
        }

    def reindex(self, progress: Progress = silent) -> Json:
        """Make the search index anew from the vault; returns the number of documents."""
        self._standing.require(Act.MAINTAIN)
        return {"documents": self._house.reindex(progress)}

    def rebuild(self, progress: Progress = silent) -> Json:
        """Make catalogue and index anew from vault and ledger; only where no daemon runs.

        Raises:
            IntegrityFault: one of them cannot be read; nothing was changed.
        """
        self._standing.require(Act.MAINTAIN)
        house = self._house
        lines = house.new_catalogue(progress)
        house.intake.recover(house.folders())
        house.intake.adopt_unknown()
        return {"lines": lines, "documents": house.reindex(progress)}

    def verify(self, progress: Progress = silent) -> Json:
        """Read everything again: fixity of every object, the ledger's chain, the catalogue.

        Returns:
            ``objects`` (how many were read), ``lines`` of the ledger, ``problems``.
        """
        from archiver.pipeline.audit import audit

        self._standing.require(Act.MAINTAIN)
        return audit(self._house.vault, self._house.ledger, self._house.register, progress)

    # --- inside ------------------------------------------------------------------------------

    def _settle(self, event: str, identifier: Id, reason: str | None) -> Json:
        """Record a person's decision, with its free text kept in the object."""
        self._standing.require(Act.SETTLE)
        row = self._document(identifier)
        document = str(row["id"])
        self._house.settle(event, document, reason, self._caller.pseudonym)
        self._tell(document)
        return {"id": document, "state": self._document(document)["state"]}

    def _tell(self, identifier: Id) -> None:
        if self._house.office is not None:
            self._house.office.tell(identifier)

    def _document(self, identifier: Id) -> Json:
        """The row of a document by its id, an accession's id, or a beginning that is unique."""
        row = self._house.register.document(identifier.upper())
        if row is None:
            matches = self._house.register.matching(identifier.upper()) if identifier else []
            if len(matches) > 1:
                raise UsageFault("id_not_unique", id=identifier)
            row = self._house.register.document(matches[0]) if matches else None
        if row is None:
            raise NotFound("no_such_document", id=identifier)
        return row

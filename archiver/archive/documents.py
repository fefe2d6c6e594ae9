"""Finding and reading: search, one document with all its evidence, its text, its bytes.

Promises that a search opens nothing but the index.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from archiver import phrases
from archiver.acts import File, Json, act
from archiver.answers import (
    field_answer,
    file_answer,
    finding_answer,
    hit_answer,
    verdict_answer,
)
from archiver.archive.visit import Visit
from archiver.clock import town_day
from archiver.errors import DocumentFault, IntegrityFault, NotFound, UsageFault
from archiver.records import Id
from archiver.rights import Right

if TYPE_CHECKING:
    from archiver.search.index import Hit
    from archiver.store.objects import Record

# An engine reserves room for every hit that is asked for.
MOST_HITS = 10_000


class Documents(Visit):
    """Acts of those who look for something."""

    @act(Right.SEARCH, "quick")
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
        if not 1 <= limit <= MOST_HITS:
            raise UsageFault("limit_out_of_range", limit=limit, most=MOST_HITS)
        started = time.perf_counter()
        tree, today = self._query(query), town_day(self._house.now())
        found = self._house.current_index().search(tree, limit, today, self._sight)
        return {
            "query": query,
            "total": found.total,
            "took_ms": round((time.perf_counter() - started) * 1000, 1),
            "hits": [self._hit(hit, place) for place, hit in enumerate(found.hits, start=1)],
        }

    def _hit(self, hit: Hit, place: int) -> Json:
        """One hit; how rare words are in papers that the person may not see is not told."""
        answer = hit_answer(hit)
        if self._sight.guards is not None and hit.score:
            answer["score"] = round(1 / place, 3)
        return answer

    @act(Right.READ, "quick")
    def show(self, identifier: Id) -> Json:
        """Everything known of one document, with its history.

        Raises:
            NotFound: no document or accession has this id.
            IntegrityFault: ``object_damaged``, ``version_lost``.
        """
        row = self._document(identifier)
        document = str(row["id"])
        if self._house.vault.exists(document):
            self._house.holdings.require_own(row)
        self._opened(row, "show")
        register = self._seen
        accessions = register.accessions(document)
        record = self._house.holdings.record(document, int(row["version"]))
        problem = str(row["reason"]) if row["reason"] else None
        told = {
            "id": document,
            "state": row["state"],
            "state_name": phrases.state_name(str(row["state"])),
            "class": row["record_class"],
            "class_title": self._titles().get(str(row["record_class"]), ""),
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
            "dossier": row["dossier"],
            "fields": [field_answer(one) for one in record.fields],
            "verdict": self._verdict(record),
            "invoice": record.invoice,
            "decisions": msgspec.to_builtins(record.decisions),
            "made_of": self._made_of(document),
            "parts": self._parts(document),
            "notes": [
                {"at": n.at, "actor": n.actor, "event": n.event, "text": n.text}
                for n in record.notes
            ],
            "history": [
                {key: line[key] for key in ("seq", "at", "event", "actor", "id", "data")}
                for line in register.history([str(a["id"]) for a in accessions])
            ],
        }
        return self._without_hidden(told)

    def _verdict(self, record: Record) -> Json | None:
        # Only here and below: a search must not pay for it.
        from archiver.classify.verdict import Verdict

        if record.verdict is None:
            return None

        answer = verdict_answer(msgspec.convert(record.verdict, Verdict), self._titles())
        alike = answer["alike"]
        if alike is not None and self._without_hidden(alike) != alike:
            answer["alike"] = None
        return answer

    def _titles(self) -> dict[str, str]:
        """Titles of the classes, by key."""
        return {one.key: one.title for one in self._house.config.classes}

    def _made_of(self, document: Id) -> list[Json]:
        """Objects and pages that a document was cut or put together from."""
        try:
            part = self._house.holdings.receipt(document, document).part
        except (IntegrityFault, NotFound):
            return []
        sources = part.sources if part else ()
        return [{"id": source, "pages": list(pages)} for source, pages in sources]

    @act(Right.READ, "quick")
    def text(self, identifier: Id) -> list[str]:
        """The text of each page.

        Raises:
            IntegrityFault: ``object_damaged``, ``object_missing``.
        """
        row = self._stored(identifier)
        self._opened(row, "text")
        document = str(row["id"])
        return [page.text for page in self._house.holdings.pages(document)]

    @act(Right.READ, "quick")
    def fetch(self, identifier: Id, *, original: bool = False) -> File:
        """The PDF/A of a document, or the bytes as they were received.

        Args:
            identifier: of the document or of one of its accessions.
            original: as received; also where there is no PDF/A, then with a notice.

        Raises:
            IntegrityFault: ``object_damaged``, ``object_missing``, ``version_lost``: nothing is
                handed out.
        """
        from archiver.store import objects

        row = self._stored(identifier, newest=not original)
        self._opened(row, "original" if original else "file")
        document, media_type = str(row["id"]), str(row["media_type"])
        name = str(self._seen.accessions(document)[0]["file"])
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

    @act(Right.READ, "pictures", while_wanted=True)
    def picture(self, identifier: Id, page: int = 1) -> File:
        """A page as a PNG of about 100 dpi.

        Raises:
            UsageFault: ``no_such_page``.
            DocumentFault: the file cannot be opened.
            IntegrityFault: ``object_damaged``, ``object_missing``.
        """
        row = self._stored(identifier)
        pages = row["pages"]
        if page < 1 or (pages and page > int(pages)):
            raise UsageFault("no_such_page", page=page, pages=int(pages or 1))
        self._opened(row, "picture")
        try:
            media_type = str(row["media_type"])
            stream = self._house.picture(str(row["id"]), media_type, page, self._patience)
        except DocumentFault as fault:
            # How many pages an undivided batch has is not known; its first one was seen.
            if fault.reason == "damaged" and pages is None and page > 1:
                raise DocumentFault("page_unreadable", page=page) from fault
            raise
        size = stream.seek(0, 2) - stream.seek(0)
        return File(stream, size, f"{row['id']}-{page}.png", "image/png", None)

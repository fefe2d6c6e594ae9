"""What can be asked of the catalogue about documents: plain rows, read while others write.

Promises to change nothing, and that reads never wait for the writer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from archiver.records import UNCLASSIFIED, DocumentState, Id
from archiver.store import schema as t
from archiver.store.asking import Asking, Row

# How reason codes of questions about the class begin.
CLASS_QUESTION = "class_"

# Bytes that were received before are no new document, unless the earlier one is gone.
_GONE = (DocumentState.WITHDRAWN, DocumentState.DESTROYED)


_NAMES = 500  # in one question


class Queries(Asking):
    """What can be asked about documents and how they came."""

    def knows(self, document: Id) -> bool:
        """Whether the ledger has received this document, or begun this matter."""
        if self._rows(select(t.document.c.id).where(t.document.c.id == document)):
            return True
        return bool(self._rows(select(t.matter.c.id).where(t.matter.c.id == document)))

    def version_of(self, identifier: Id) -> int:
        """The newest version of an object that the ledger names; 0 where it names none."""
        for table in (t.document, t.matter):
            rows = self._rows(select(table.c.version).where(table.c.id == identifier))
            if rows:
                return int(rows[0]["version"] or 0)
        return 0

    def head(self) -> tuple[int, str]:
        """Number and digest of the last ledger line that the catalogue has."""
        with self._reading() as connection:
            return self._position(connection)

    def jobs(self) -> list[Row]:
        """Unfinished work, oldest first."""
        return self._rows(select(t.job).order_by(t.job.c.id))

    def is_on_its_way(self, document: Id) -> bool:
        """Whether there is unfinished work on a document."""
        return bool(self._rows(select(t.job.c.id).where(t.job.c.id == document)))

    def worker_deaths(self, document: Id) -> int:
        """How many workers have died over a document; 0 where there is no work on it."""
        (row,) = self._rows(select(t.job).where(t.job.c.id == document)) or ({},)
        return int(row.get("worker_deaths", 0))

    def arrivals_named(self, names: Collection[bytes]) -> list[Row]:
        """What was received under one of these raw names and belongs to a living document.

        Returns:
            id, document, file_raw and size of each accession.
        """
        came = t.accession.c
        wanted = sorted(names)
        query = (
            select(came.id, came.document, came.file_raw, came.size)
            .join(t.document, t.document.c.id == came.document)
            .where(t.document.c.state.not_in(_GONE))
        )
        return [
            row
            for start in range(0, len(wanted), _NAMES)
            for row in self._rows(query.where(came.file_raw.in_(wanted[start : start + _NAMES])))
        ]

    def document_with(self, sha512: str) -> Id | None:
        """The first living document that came with these bytes, if there is one."""
        return next(iter(self.documents_with(sha512)), None)

    def documents_with(self, sha512: str) -> list[Id]:
        """Living documents that came with these bytes; more than one after damage only."""
        rows = self._rows(
            select(t.document.c.id)
            .join(t.accession, t.accession.c.document == t.document.c.id)
            .where(t.accession.c.sha512 == sha512, t.document.c.state.not_in(_GONE))
            .distinct()
            .order_by(t.document.c.id)
        )
        return [str(row["id"]) for row in rows]

    def document(self, identifier: Id) -> Row | None:
        """One document, asked for by its own id or by that of any of its accessions."""
        rows = self._rows(select(t.document).where(t.document.c.id == identifier))
        if not rows:
            owner = select(t.accession.c.document).where(t.accession.c.id == identifier)
            rows = self._rows(select(t.document).where(t.document.c.id.in_(owner)))
        return rows[0] if rows else None

    def present(self, identifiers: Iterable[Id]) -> set[Id]:
        """Those of some ids that are documents, accessions or matters which are there."""
        wanted = list(dict.fromkeys(identifiers))
        found: set[Id] = set()
        for at in range(0, len(wanted), _NAMES):
            part = wanted[at : at + _NAMES]
            for table in (t.accession, t.document, t.matter):
                rows = self._rows(select(table.c.id).where(table.c.id.in_(part)))
                found |= {str(row["id"]) for row in rows}
        return found

    def matching(self, start: str) -> list[Id]:
        """Ids of documents and accessions that begin so, at most ten."""
        found = select(t.accession.c.id).where(
            t.accession.c.id >= start, t.accession.c.id < start + "\uffff"
        )
        return [str(row["id"]) for row in self._rows(found.order_by(t.accession.c.id).limit(10))]

    def accessions(self, document: Id) -> list[Row]:
        """All files that were received for a document, the first one first."""
        query = select(t.accession).where(t.accession.c.document == document)
        return self._rows(query.order_by(t.accession.c.id))

    def accession(self, accession: Id) -> Row | None:
        """One received file, with the state of its document as ``document_state``."""
        query = (
            select(t.accession, t.document.c.state.label("document_state"))
            .join(t.document, t.document.c.id == t.accession.c.document)
            .where(t.accession.c.id == accession)
        )
        rows = self._rows(query)
        return rows[0] if rows else None

    def newest_accessions(self, pipeline: str, limit: int) -> list[Row]:
        """The newest receipts of one pipeline, with the state of their documents."""
        newest = (
            select(t.accession)
            .where(t.accession.c.pipeline == pipeline)
            .order_by(t.accession.c.id.desc())
            .limit(limit)
            .subquery()
        )
        query = (
            select(newest, t.document.c.state.label("document_state"))
            .join(t.document, t.document.c.id == newest.c.document)
            .order_by(newest.c.id.desc())
        )
        return self._rows(query)

    def newest_files(self, pipeline: str, limit: int) -> list[Row]:
        """The files that came last by one pipeline, the ledger's newest first.

        What was cut out of other files is left out.

        Returns:
            the accession, with ``document_state``, ``media_type`` and ``version`` of its document.
        """
        newest = (
            select(t.accession)
            .where(t.accession.c.pipeline == pipeline, t.accession.c.source.is_(None))
            .order_by(t.accession.c.id.desc())
            .limit(limit)
            .subquery()
        )
        of = t.document.c
        query = (
            select(newest, of.state.label("document_state"), of.media_type, of.version)
            .join(t.document, of.id == newest.c.document)
            .join(t.event, t.event.c.id == newest.c.id)
            .where(t.event.c.event.in_(("received", "duplicate")))
            .order_by(t.event.c.seq.desc())
        )
        return self._rows(query)

    def problems(
        self,
        pipelines: Sequence[str] | None = None,
        *,
        with_questions: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        """Documents in quarantine or review, once with each name under which they came.

        Questions about the class are no problems: the paper is well, and whoever dropped it
        cannot help; they are given where they are asked for.
        Whoever drops a bad file that somebody else has dropped before is told as well.

        Args:
            pipelines: by which they came; None: all.
            with_questions: those about the class, too.
            limit: most rows to give; None: all.
        """
        query = _problems(pipelines, with_questions).order_by(t.document.c.id, t.accession.c.id)
        return self._rows(query if limit is None else query.limit(limit))

    def problem_counts(self, pipelines: Sequence[str] | None = None) -> dict[str, int]:
        """How many there are of `problems`, by reason, the most frequent first."""
        every = _problems(pipelines, with_questions=False).subquery()
        many = func.count().label("n")
        query = select(every.c.reason, many).group_by(every.c.reason)
        rows = self._rows(query.order_by(many.desc(), every.c.reason))
        return {str(row["reason"]): int(row["n"]) for row in rows}

    def destroyed(self) -> list[Id]:
        """Documents of which only a tombstone remains."""
        query = select(t.document.c.id).where(t.document.c.state == DocumentState.DESTROYED)
        return [str(row["id"]) for row in self._rows(query)]

    def waiting(self) -> list[Row]:
        """Documents in review, the longest waiting first."""
        query = select(t.document).where(t.document.c.state == DocumentState.REVIEW)
        return self._rows(query.order_by(t.document.c.changed_at, t.document.c.id))

    def oldest_unfinished(self) -> str | None:
        """Since when the document has waited that has waited longest to be worked off."""
        query = select(func.min(t.document.c.changed_at).label("at")).join(
            t.job, t.job.c.id == t.document.c.id
        )
        found = self._rows(query)[0]["at"]
        return str(found) if found else None

    def unclassified(self) -> int:
        """Number of filed documents whose class nobody knows."""
        query = (
            select(func.count().label("n"))
            .select_from(t.document)
            .where(
                t.document.c.state == DocumentState.FILED,
                t.document.c.record_class == UNCLASSIFIED,
            )
        )
        return int(self._rows(query)[0]["n"])

    def senders(self) -> list[Row]:
        """Senders that persons confirmed: ``name`` and ``keys`` of each document."""
        return self._rows(select(t.sender).order_by(t.sender.c.document))

    def counts(self) -> dict[str, int]:
        """Number of documents in each state that occurs."""
        query = select(t.document.c.state, func.count().label("n")).group_by(t.document.c.state)
        return {str(row["state"]): int(row["n"]) for row in self._rows(query)}

    def history(self, identifiers: Sequence[Id]) -> list[Row]:
        """Ledger lines that concern these ids, oldest first."""
        query = select(t.event).where(t.event.c.id.in_(identifiers)).order_by(t.event.c.seq)
        return self._rows(query)

    def changed_after(self, seq: int) -> set[Id]:
        """Ids that ledger lines after `seq` concern."""
        rows = self._rows(select(t.event.c.id).where(t.event.c.seq > seq))
        return {str(row["id"]) for row in rows if row["id"] is not None}

    def documents(self) -> Iterator[Id]:
        """All ids of documents, in order, without holding a transaction."""
        after = ""
        while True:
            query = select(t.document.c.id).where(t.document.c.id > after)
            rows = self._rows(query.order_by(t.document.c.id).limit(1000))
            if not rows:
                return
            yield from (str(row["id"]) for row in rows)
            after = str(rows[-1]["id"])

    def is_received(self, accession: Id) -> bool:
        """Whether the ledger knows a received file or a document by this id."""
        return self.document(accession) is not None


def _problems(pipelines: Sequence[str] | None, with_questions: bool) -> Select[Any]:
    """See `Queries.problems`."""
    came = t.accession
    of_document = came.c.document == t.document.c.id
    begins = func.substr(t.document.c.reason, 1, len(CLASS_QUESTION))
    waits: list[ColumnElement[bool]] = [
        t.document.c.state.in_((DocumentState.QUARANTINED, DocumentState.REVIEW))
    ]
    if not with_questions:
        waits.append(begins != CLASS_QUESTION)
    named = (
        select(func.min(came.c.id))
        .join(t.document, of_document)
        .where(*waits)
        .group_by(came.c.document, came.c.pipeline, came.c.file_raw)
    )
    query = (
        select(t.document, came.c.file, came.c.file_raw, came.c.pipeline)
        .join(came, of_document)
        .where(came.c.id.in_(named))
    )
    return query if pipelines is None else query.where(came.c.pipeline.in_(pipelines))

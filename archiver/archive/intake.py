"""Bringing and settling: files in by command; retry, dismiss and withdraw.

Promises that a file is accepted as a drop is: safe in vault, ledger and catalogue before the
answer goes out.
"""

from __future__ import annotations

from typing import BinaryIO

from archiver.answers import shown_name
from archiver.archive.visit import Json, Visit
from archiver.errors import Refusal, UsageFault
from archiver.records import AccessionState, DocumentState, Id
from archiver.rights import Act

_PROBLEMS = (DocumentState.QUARANTINED, DocumentState.REVIEW)


class Bringing(Visit):
    """Use cases of clerks."""

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
        row = self._house.register.document(identifier)
        assert row is not None
        duplicate = row["id"] != identifier
        return {
            "id": identifier,
            # What he has brought he may know, but not which paper that he may not see it equals.
            "document": row["id"] if self._seen.document(identifier) else identifier,
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
        """Work once more on a document in quarantine or review; a filed one is read anew.

        Raises:
            NotFound: ``no_such_document``.
            Refusal: ``not_allowed``, ``not_your_paper``.
        """
        return self._settle("retried", self._tidied(identifier), None)

    def dismiss(self, identifier: Id, reason: str) -> Json:
        """Settle a file in quarantine; its bytes stay until disposal.

        Raises:
            NotFound: ``no_such_document``.
            Refusal: ``not_allowed``, ``not_your_paper``, ``not_in_quarantine``.
        """
        row = self._tidied(identifier)
        if row["state"] != DocumentState.QUARANTINED:
            raise Refusal("not_in_quarantine", id=str(row["id"]), state=str(row["state"]))
        return self._settle("dismissed", row, reason)

    def withdraw(self, identifier: Id, reason: str) -> Json:
        """Take back a document that was dropped by mistake; its bytes stay until disposal."""
        self._standing.require(Act.SETTLE)
        return self._settle("withdrawn", self._document(identifier), reason)

    def _tidied(self, identifier: Id) -> Json:
        """A document that the person may retry or dismiss: any, or what he has brought himself.

        A clerk tidies up what lies in his own folder as a problem, and nothing that somebody else
        has brought as well.
        """
        mine = self._standing
        mine.require(Act.TIDY)
        row = self._document(identifier)
        if not mine.may(Act.SETTLE):
            document = str(row["id"])
            came = {str(one["pipeline"]) for one in self._house.register.accessions(document)}
            if row["state"] not in _PROBLEMS or not came <= set(mine.pipelines):
                raise Refusal("not_your_paper", id=document)
        return row

    def _settle(self, event: str, row: Json, reason: str | None) -> Json:
        """Record a person's decision, with its free text kept in the object."""
        document = str(row["id"])
        self._require_free(row)
        self._house.settle(event, document, reason, self._caller.pseudonym)
        self._tell(document, at_once=event != "retried")
        return {"id": document, "state": self._state(document)}

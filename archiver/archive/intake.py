"""Bringing and settling: files in by command; retry, dismiss and withdraw.

Promises that a file is accepted as a drop is: safe in vault, ledger and catalogue before the
answer goes out.
"""

from __future__ import annotations

from typing import BinaryIO

from archiver.acts import Json, act
from archiver.answers import shown_name
from archiver.archive.visit import Visit, require_name, worded
from archiver.errors import Refusal, UsageFault
from archiver.records import AccessionState, DocumentState, Id
from archiver.rights import Right

_PROBLEMS = (DocumentState.QUARANTINED, DocumentState.REVIEW)


class Intake(Visit):
    """Acts of clerks."""

    def _may_add(self, name: bytes, pipeline: str | None = None) -> str:
        """The pipeline by which the caller's file comes; changes nothing.

        Raises:
            UsageFault: ``bad_name``, ``unknown_pipeline``.
            Refusal: ``not_your_folder``.
        """
        require_name(name)
        mine = self._standing
        chosen = pipeline or mine.pipelines[0]
        if all(chosen != known.name for known in self._house.config.pipelines):
            raise UsageFault("unknown_pipeline", pipeline=chosen)
        mine.require_pipeline(chosen)
        return chosen

    @act(Right.ADD, "desk", before=_may_add)
    def add(self, source: BinaryIO, name: bytes, pipeline: str | None = None) -> Json:
        """Accept a file that a person sends; the source stays with the person.

        Args:
            source: read to its end.
            name: of the file.
            pipeline: by which it comes; the caller's only one, or the first, where not named.

        Returns:
            ``id``, ``document``, ``state``, ``file``.
        """
        chosen = self._may_add(name, pipeline)
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

    @act(Right.TIDY, "desk")
    def retry(self, identifier: Id) -> Json:
        """Work once more on a document in quarantine or review; a filed one is read anew.

        Raises:
            NotFound: ``no_such_document``.
            Refusal: ``not_allowed``, ``not_your_paper``.
        """
        return self._settle("retried", self._tidied(identifier), None)

    @act(Right.TIDY, "desk")
    def dismiss(self, identifier: Id, reason: str) -> Json:
        """Settle a file in quarantine; its bytes stay until disposal.

        Raises:
            UsageFault: ``reason_missing``.
            NotFound: ``no_such_document``.
            Refusal: ``not_allowed``, ``not_your_paper``, ``not_in_quarantine``.
        """
        words, row = worded(reason), self._tidied(identifier)
        if row["state"] != DocumentState.QUARANTINED:
            raise Refusal("not_in_quarantine", id=str(row["id"]), state=str(row["state"]))
        return self._settle("dismissed", row, words)

    @act(Right.SETTLE, "desk")
    def withdraw(self, identifier: Id, reason: str) -> Json:
        """Take back a document that was dropped by mistake; its bytes stay until disposal."""
        words = worded(reason)
        return self._settle("withdrawn", self._document(identifier), words)

    def _tidied(self, identifier: Id) -> Json:
        """A document that the person may retry or dismiss: any, or what he has brought himself.

        A clerk tidies up what lies in his own folder as a problem, and nothing that somebody else
        has brought as well.
        """
        mine = self._standing
        row = self._document(identifier)
        if not mine.may(Right.SETTLE):
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

"""Moving pages: documents divided and joined by hand, scans exchanged, batches released.

Promises that what a person orders is recorded with its ledger line at once, and done by the
daemon without loss; and that a batch stays until every document of it has been settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from archiver import phrases
from archiver.acts import Json, act
from archiver.archive.deciding import Deciding
from archiver.archive.visit import require_name
from archiver.errors import Refusal, UsageFault
from archiver.pipeline.objectcheck import ObjectCheck
from archiver.records import DocumentState, Id
from archiver.registry.scans import require_released
from archiver.rights import Right
from archiver.store.objects import HOLD_PAGES, Order

# Documents about which a person must still decide, or that are not read yet.
_UNSETTLED = frozenset(
    {
        DocumentState.ACCEPTED, DocumentState.RECOGNISED, DocumentState.CLASSIFIED,
        DocumentState.REVIEW, DocumentState.QUARANTINED,
    })  # fmt: skip


class Scans(Deciding):
    """Acts of those who decide where pages belong."""

    @act(Right.DECIDE, "desk")
    def split(self, identifier: Id, starts: Sequence[int]) -> Json:
        """Have a document divided; the daemon does it.

        Args:
            identifier: in review or filed.
            starts: pages with which documents begin; empty: it is to stay one document.

        Raises:
            UsageFault: ``no_such_page``.
            Refusal: ``pages_not_movable``: files of this kind cannot be divided.
        """
        row = self._settleable(identifier)
        pages = int(row["pages"] or 0)
        wrong = [start for start in starts if start < 1 or (pages and start > pages)]
        if wrong:
            raise UsageFault("no_such_page", page=wrong[0], pages=pages)
        if not set(starts) - {1}:
            return self._order(row, Order(whole=True))
        _require_pages(row)
        return self._order(row, Order(starts=tuple(starts)))

    @act(Right.DECIDE, "desk")
    def merge(self, identifiers: Sequence[Id], *, woven: bool = False) -> Json:
        """Have documents joined in this order to one; the daemon does it.

        Args:
            identifiers: at least two, each in review or filed.
            woven: the first holds fronts, the second the backs, last sheet first.

        Raises:
            UsageFault: ``merge_needs_two``.
            Refusal: ``stacks_differ_in_kind``, ``stacks_of_two_folders`` (fronts and backs of two
                clerks) or ``pages_not_movable``.
        """
        rows = [self._settleable(one) for one in identifiers]
        ids = [str(row["id"]) for row in rows]
        if len(set(ids)) < 2 or len(set(ids)) < len(ids) or (woven and len(ids) != 2):
            raise UsageFault("merge_needs_two")
        kinds = {str(row["media_type"]) for row in rows}
        if len(kinds) > 1:
            raise Refusal("stacks_differ_in_kind")
        came = [self._house.register.accessions(one)[0]["pipeline"] for one in ids]
        if woven and len(set(came)) > 1:
            raise Refusal("stacks_of_two_folders")
        _require_pages(rows[0])
        return self._order(rows[0], Order(join=tuple(ids[1:]), woven=woven))

    @act(Right.DECIDE, "desk")
    def replace(self, identifier: Id, source: BinaryIO, name: bytes) -> Json:
        """Exchange a bad scan for a better one; what persons decided stays.

        Args:
            identifier: in review or filed.
            source: the new scan, read to its end.
            name: of its file.
        """
        require_name(name)
        row = self._settleable(identifier)
        document = str(row["id"])
        self._house.rescan.replace(document, source, name, self._caller.pseudonym)
        self._tell(document)
        return {"id": document, "state": self._state(document)}

    @act(Right.DECIDE, "desk")
    def restore(self, identifier: Id, source: BinaryIO) -> Json:
        """Put back what is damaged or lost of a document, from a good copy.

        Args:
            identifier: in any state but destroyed.
            source: the original, or another file of its object, read to its end.

        Returns:
            ``id``, ``state``, ``files``: how many were put back; ``again``: whether the document
            is read again; ``problems``: sentences, what is wrong with the object all the same.

        Raises:
            Refusal: ``not_a_copy``, ``wrong_state``.
        """
        row = self._document(identifier)
        document, state = str(row["id"]), str(row["state"])
        if state == DocumentState.DESTROYED:
            raise Refusal("wrong_state", id=document, state=state, wanted=state)
        files = self._house.rescan.restore(document, source, self._caller.pseudonym)
        self._tell(document)
        after = str(self._document(document)["state"])
        again = after == DocumentState.ACCEPTED
        check = ObjectCheck(self._house.vault, self._house.register)
        problems = [str(one["message"]) for one in check.of_object(document)]
        return {
            "id": document,
            "state": after,
            "files": files,
            "again": again,
            "problems": problems,
        }

    @act(Right.DISPOSE, "desk")
    def release(self, identifier: Id) -> Json:
        """Quality control of a divided batch has ended: its own object is destroyed.

        Raises:
            Refusal: ``not_a_batch``, ``batch_not_ready`` while one of its documents waits, or as
                `archiver.registry.scans.require_released`.
        """
        row = self._document(identifier)
        batch = str(row["id"])
        if row["state"] != DocumentState.DIVIDED:
            raise Refusal("not_a_batch", id=batch, state=phrases.state_name(str(row["state"])))
        with self._house.register.exclusive():
            waiting = self._unsettled(batch)
            if waiting:
                raise Refusal("batch_not_ready", id=batch, count=waiting)
            require_released(self._house.registry, batch)
            because = {"because": "quality_control_ended"}
            self._house.destroy(batch, self._caller.pseudonym, because)
        self._tell(batch)
        return {"id": batch, "state": self._state(batch)}

    # --- inside ------------------------------------------------------------------------------

    def _settleable(self, identifier: Id) -> Json:
        """A document whose pages may be moved or exchanged."""
        row = self._document(identifier)
        if row["state"] not in (DocumentState.REVIEW, DocumentState.FILED):
            state = phrases.state_name(str(row["state"]))
            raise Refusal("not_in_review", id=str(row["id"]), state=state)
        self._require_free(row)
        return row

    def _unsettled(self, batch: Id) -> int:
        """Number of documents from a batch that still wait, also where they were divided again."""
        parts = {part: self._state(part) for part in self._parts(batch)}
        again = [part for part, state in parts.items() if state == DocumentState.DIVIDED]
        waiting = sum(state in _UNSETTLED for state in parts.values())
        return waiting + sum(self._unsettled(part) for part in again)


def _require_pages(row: Json) -> None:
    """Refuse to move pages of a file of a kind that has only one, or none."""
    if row["media_type"] not in HOLD_PAGES:
        raise Refusal("pages_not_movable")

"""Adoption: whole objects in the vault that the ledger does not know.

Promises that each page of them is in the archive afterwards, and once: what a crash left of a
division that never became true is dropped, because its pages still lie in the batch; what the
ledger once knew and has lost is accepted, and what it was cut out of is divided again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable

from archiver.errors import Refusal
from archiver.pipeline import parts
from archiver.pipeline.healing import Healing
from archiver.records import MATTER_STEPS, Event, Id
from archiver.store import objects
from archiver.store.objects import Receipt
from archiver.store.overhang import TAKEN_BACK
from archiver.store.stores import Stores


class Adoption:
    """Accepts objects into one archive.

    Args:
        stores: of the archive.
        healing: uses bytes that came anew where the stored ones are damaged.
        arrival: makes the ledger's lines of a file that came from outside.
    """

    def __init__(
        self, stores: Stores, healing: Healing, arrival: Callable[[Receipt], list[Event]]
    ) -> None:
        self._stores = stores
        self._vault = stores.vault
        self._holdings = stores.holdings
        self._register = stores.register
        self._healing = healing
        self._arrival = arrival

    def after_crash(self, identifiers: Collection[Id]) -> None:
        """Accept or drop what was being made when a process died."""
        cut: list[Receipt] = []
        received = [one for one in identifiers if self._holdings.matter(one) is None]
        for identifier in set(identifiers) - set(received):
            # Nobody was told of a matter whose first ledger line was not written.
            self._vault.destroy(identifier)
        for receipt in self._receipts(received):
            if receipt.part is None:
                self._accept(receipt)
            elif self._is_told(receipt) or not self._has_sources(receipt):
                cut.append(receipt)
            else:
                # Its pages still lie in the batch, which is divided once more.
                self._vault.destroy(receipt.id)
        self._accept_parts(cut)

    def after_loss(self) -> None:
        """Accept every whole object of the vault, as after a ledger was restored."""
        unknown = [
            identifier
            for identifier in self._vault.ids()
            if not self._register.knows(identifier) and not self._vault.verify(identifier)
        ]
        lost = [one for one in unknown if self._holdings.matter(one) is not None]
        for identifier in sorted(lost):
            self._tell_again(identifier)
        cut: list[Receipt] = []
        for receipt in self._receipts(set(unknown) - set(lost)):
            if receipt.part is None:
                self._accept(receipt)
            else:
                cut.append(receipt)
        self._accept_parts(cut)

    def _tell_again(self, matter: Id) -> None:
        """Write the ledger's lines of a matter again; its object names its steps.

        A step that no longer fits, because documents have moved on, is left out; so is one that
        was taken back, for it was never told.
        """
        stamps = list(self._vault.inventory(matter).stamps())
        messages = [stamp.message for stamp in stamps[1:]] + [""]
        for number, (stamp, after) in enumerate(zip(stamps, messages, strict=True), start=1):
            if stamp.message not in MATTER_STEPS or after == TAKEN_BACK:
                continue
            data = {"version": number, "told_again": True}
            line = Event(stamp.message, self._stores.now(), stamp.user, matter, data)
            with contextlib.suppress(Refusal):
                self._register.record(line)

    def _receipts(self, identifiers: Iterable[Id]) -> list[Receipt]:
        # Ids rise with time, so a batch comes before what was cut out of it.
        return [self._holdings.receipt(one, one) for one in sorted(identifiers)]

    def _accept(self, receipt: Receipt) -> None:
        """Accept a file that came from outside, unless its bytes came anew."""
        copy = self._vault.path(receipt.id, objects.original_name(receipt.media_type))
        if self._healing.living(copy, receipt.sha512, "daemon") is None:
            with self._stores.commit("daemon") as change:
                change.adopt(receipt.id)
                change.lines(self._arrival(receipt))
        else:
            self._vault.destroy(receipt.id)

    def _accept_parts(self, cut: list[Receipt]) -> None:
        """Accept documents cut out of others, all of one division together."""
        together: dict[tuple[Id, ...], list[Receipt]] = {}
        for receipt in cut:
            together.setdefault(_sources(receipt), []).append(receipt)
        for sources, made in together.items():
            data = {"documents": [receipt.id for receipt in made]}
            rows = {source: self._register.document(source) for source in sources}
            with self._stores.commit("daemon") as change:
                for source, row in rows.items():
                    if row is not None and parts.has_pages(row, str(row["sha512"])):
                        change.line("divided", source, {**data, **self._newest(source)})
                for receipt in made:
                    change.adopt(receipt.id)
                    change.lines([parts.arrival(receipt, change.at)])

    def _newest(self, source: Id) -> dict[str, int]:
        """The version of a source that the lost line must have named: the one of its division."""
        if not self._vault.exists(source):
            return {}
        return {"version": self._vault.inventory(source).latest}

    def _is_told(self, receipt: Receipt) -> bool:
        """Whether the ledger says that this document was made; only its arrival was lost."""
        lines = self._register.history(_sources(receipt))
        told = [line["data"]["documents"] for line in lines if line["event"] == "divided"]
        return any(receipt.id in documents for documents in told)

    def _has_sources(self, receipt: Receipt) -> bool:
        """Whether its pages lie elsewhere too."""
        return all(
            self._register.knows(source) and self._vault.exists(source)
            for source in _sources(receipt)
        )


def _sources(receipt: Receipt) -> tuple[Id, ...]:
    assert receipt.part is not None
    return tuple(source for source, _pages in receipt.part.sources)

"""Transfer notes: what is known of how a paper became a scan.

Promises that a note is made of what was recorded.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from archiver.acts import File, Json, act
from archiver.archive.visit import Visit
from archiver.papers import transfer_sheet, typeset
from archiver.papers.transfernote import TransferNote, as_json
from archiver.registry import transfernotes
from archiver.rights import Right


class Notes(Visit):
    """Acts of those who need the transfer note of a scan."""

    @act(Right.READ)
    def show(self, identifier: str) -> Json:
        """The transfer note of a scan, as `archiver.papers.transfernote.as_json` gives it."""
        return self._without_hidden(dict(as_json(self._note(identifier))))

    @act(Right.READ)
    def paper(self, identifier: str) -> File:
        """The transfer note of a scan as PDF/A."""
        note = self._note(identifier)
        made = typeset.pdf(transfer_sheet.as_paper(note, self._house.config.ui.language))
        name = f"{note.document}-transfer-note.pdf"
        return File(io.BytesIO(made), len(made), name, "application/pdf", None)

    def _note(self, identifier: str) -> TransferNote:
        row, by = self._document(identifier), self._caller.pseudonym
        self._opened(row, "note")
        language = self._house.config.ui.language
        return transfernotes.made(self._shown, row, self._digests, by, language)

    def _digests(self, lines: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        """Digests of ledger lines: one look into the file of each month that has some."""
        found: dict[int, str] = {}
        for _month, group in groupby(lines, key=lambda line: str(line["at"])[:7]):
            wanted = {int(line["seq"]) for line in group}
            for entry in self._house.ledger.read(min(wanted) - 1):
                if entry.seq in wanted:
                    found[entry.seq] = entry.digest
                if entry.seq >= max(wanted):
                    break
        return found

"""The procedure documentation (Verfahrensdokumentation).

Promises that it says what is configured and in force now.
"""

from __future__ import annotations

import io
from typing import Literal

from archiver.acts import File, act
from archiver.archive.ledger import newest
from archiver.archive.visit import Visit
from archiver.clock import town_day
from archiver.papers import procedure as papers
from archiver.papers.markdown import as_markdown
from archiver.papers.typeset import pdf
from archiver.registry import surroundings
from archiver.rights import Right


class Procedure(Visit):
    """The act of those who describe how the archive is kept."""

    @act(Right.DISPOSE)
    def write(self, form: Literal["pdf", "md"] = "pdf", version: str = "") -> File:
        """The procedure documentation (Verfahrensdokumentation), from what is configured now.

        Args:
            form: PDF/A, or Markdown to be worked on.
            version: what this version of it is called; empty: its day.

        Raises:
            SystemFault: ``font_missing``.
        """
        registry = self._house.registry
        around = surroundings.surroundings(registry, newest(self._house), version)
        paper = papers.procedure(surroundings.in_force(registry), around)
        content, media = (
            (pdf(paper), "application/pdf")
            if form == "pdf"
            else (as_markdown(paper).encode(), "text/markdown; charset=utf-8")
        )
        name = f"Verfahrensdokumentation-{town_day(around.at).isoformat()}.{form}"
        return File(io.BytesIO(content), len(content), name, media, None)

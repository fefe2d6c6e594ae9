"""Prints docs/messages.md: every message that a person may meet, in German and English."""

from __future__ import annotations

import gettext

from archiver.sentences import REASONS
from archiver.tongue import LOCALE

HEAD = """\
# Messages

Every message with its code, as it stands in logs and in JSON, and what to do. This page is made
from the product's own sentences: `make docs`. Words in braces are filled in.

| code | Deutsch | English |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    german = gettext.translation("archiver", LOCALE, languages=["de"])
    rows = []
    for code, phrase in REASONS.items():
        both = [text for text in (phrase.message, phrase.advice) if text]
        cells = (" ".join(german.gettext(text) for text in both), " ".join(both))
        told = " | ".join(cell.replace("|", "\\|") for cell in cells)
        rows.append(f"| `{code}` | {told} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(page(), end="")

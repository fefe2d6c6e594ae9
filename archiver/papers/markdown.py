"""A paper as Markdown: what a person edits, compares and prints with tools of his own.

Promises CommonMark with the tables of GitHub, in which no text of the paper is taken for markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.papers.paper import Block, Facts, Heading, Items, Paper, Paragraph, Table

# An underscore between letters is none of Markdown's, and keys of classes are full of them.
_MARKUP = re.compile(r"[\\`*<>|~&]|(?<![^\W_])_|_(?![^\W_])|(?<=\])[(:\[]|!(?=\[)|(?<= )#")
_AT_START = re.compile(r"^(#+|[-+=]|\d+(?=[.)](?:\s|$)))")


def as_markdown(paper: Paper) -> str:
    """The text of a paper; its footer stands at the end."""
    parts = [f"# {_line(paper.title)}"]
    parts += [part for block in paper.blocks if (part := "\n".join(_block(block)))]
    if paper.footer:
        parts += ["---", _line(paper.footer)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> Iterator[str]:
    """The lines of a block."""
    match block:
        case Heading(text, level):
            # The title is the one headline of the first level.
            yield f"{'#' * (level + 1)} {_line(text)}"
        case Paragraph(text):
            # A backslash at the end of a line keeps the line end.
            yield "\\\n".join(_line(line) for line in text.split("\n") if line.strip())
        case Items(items):
            yield from (f"- {_line(text)}" for text in items)
        case Facts(facts):
            yield from (f"- {_line(label)}: {_inner(value)}" for label, value in facts)
        case Table(header, rows, numbers):
            yield _cells(header)
            yield (
                "|" + "|".join("---:" if n in numbers else "---" for n in range(len(header))) + "|"
            )
            yield from map(_cells, rows)


def _cells(texts: tuple[str, ...]) -> str:
    return "| " + " | ".join(map(_inner, texts)) + " |"


def _line(text: str) -> str:
    """A text on one line, at the start of which nothing is markup."""
    return _AT_START.sub(_guarded, _inner(text))


def _guarded(match: re.Match[str]) -> str:
    """What would begin a headline, list or rule: digits keep and the sign after them is escaped."""
    found = match.group()
    return f"{found}\\" if found.isdigit() else f"\\{found}"


def _inner(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))

"""A long request as a file that a clerk edits: TOML, one table for each document, word and find.

Promises pure functions, that a draft which is read again says what it was made of, and that a
find about which nobody has decided stays undecided.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from archiver.disclosure.request import Basis, Chosen, Ground, Region, Term
from archiver.disclosure.wanted import Wanted
from archiver.errors import UsageFault
from archiver.tongue import tr

Decision = Literal["blacken", "leave", ""]


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    version: int | None = None
    looked_through: tuple[int, ...] = ()


class _Word(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    ground: Ground
    absent: bool = False


class _Picture(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    confirmed: bool = False


class _Find(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    decision: Decision = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    basis: str = ""
    recipient: str = ""
    searches: tuple[str, ...] = ()
    document: tuple[_Document, ...] = ()
    word: tuple[_Word, ...] = ()
    region: tuple[Region, ...] = ()
    find: tuple[_Find, ...] = ()
    picture: tuple[_Picture, ...] = ()


def read(text: str, name: str) -> Wanted:
    """Read a request.

    Args:
        text: TOML.
        name: of the file, for the sentence about it.

    Raises:
        UsageFault: ``request_unreadable``.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
        basis = msgspec.convert(file.basis, Basis) if file.basis else None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise UsageFault("request_unreadable", path=name, error=str(error)) from None
    return Wanted(
        basis=basis,
        recipient=file.recipient,
        documents=tuple(
            Chosen(one.id, one.version, looked_through=one.looked_through) for one in file.document
        ),
        searches=file.searches,
        terms=tuple(Term(one.text, one.ground) for one in file.word),
        regions=file.region,
        blacken=tuple(one.key for one in file.find if one.decision == "blacken"),
        leave=tuple(one.key for one in file.find if one.decision == "leave"),
        absent=tuple(one.text for one in file.word if one.absent),
        confirmed=tuple(one.key for one in file.picture if one.confirmed),
    )


def draft(
    wanted: Wanted, documents: Sequence[Mapping[str, Any]], missing: Collection[str] = ()
) -> str:
    """Write a request for a person to complete.

    Args:
        wanted: as asked so far.
        documents: as `archiver.archive.disclosures.Disclosures.look` tells them; what
            was found by a search is named by its id from now on.
        missing: words that were found nowhere.
    """
    lines = [
        _note(tr("Request for a disclosure: edit it, look again, then give. It holds names: keep it"
                 " where nobody else reads it.")),
        _note(f"basis: {', '.join(Basis)}"),
        f"basis = {_said(wanted.basis or '')}",
        f"recipient = {_said(wanted.recipient)}",
        "",
        _note(tr("Words to be blackened wherever they stand, each with its ground:")),
        _note(", ".join(Ground)),
    ]  # fmt: skip
    for term in wanted.terms:
        lines += ["[[word]]", f"text = {_said(term.text)}", f"ground = {_said(term.ground)}"]
        if term.text in missing:
            lines.append(_note(tr("Found nowhere. If a person has looked and it is so: true.")))
            lines.append(f"absent = {str(term.text in wanted.absent).lower()}")
        lines.append("")
    note = tr("Places to be blackened, from the upper left corner of the upright page; unit: mm,"
              " permille.")  # fmt: skip
    lines.append(_note(note))
    for region in wanted.regions:
        lines.append("[[region]]")
        lines += [f"{key} = {_said(value)}" for key, value in msgspec.to_builtins(region).items()]
        lines.append("")
    for document in documents:
        lines += _document(document)
    return "\n".join(lines) + "\n"


def _document(document: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "[[document]]"
    yield f"id = {_said(document['id'])}"
    yield f"version = {document['version']}"
    if document["unread"]:
        note = tr("The machine could not read these pages: {pages}. Look them through, mark what is"
                  " to be blackened, and name them here.")  # fmt: skip
        yield _note(note.format(pages=_numbers(document["unread"])))
    if document["weak"]:
        note = tr("Read badly, look them through as well: {pages}.")
        yield _note(note.format(pages=_numbers(document["weak"])))
    yield f"looked_through = [{_numbers(document['looked_through'])}]"
    yield ""
    for find in document["finds"]:
        yield "[[find]]"
        yield _note(tr("Page {page}, “{term}”: {context}").format(**find))
        yield f"key = {_said(find['key'])}"
        if find["kind"] == "exact":
            yield f"decision = {_said(find['decision'])}"
        else:
            yield _note(tr("Uncertain: write blacken or leave."))
            yield f"decision = {_said(find['decision'] or '')}"
        yield ""
    pictures = document.get("pictures", ())
    if pictures:
        yield _note(tr("Look at each page as it would be given (disclose preview). Where nothing is"
                       " left to be seen that must not be: true."))  # fmt: skip
    for one in pictures:
        yield "[[picture]]"
        yield f"key = {_said(one['key'])}"
        yield f"confirmed = {str(one['confirmed']).lower()}"
        yield ""


def _note(text: str) -> str:
    """A text as a comment; what a paper says cannot end it, control signs are left out."""
    return "# " + "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _said(value: str | float) -> str:
    """A value as TOML writes it: strings as JSON does, but for DEL, which TOML forbids."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

"""Answers: hits, problems, fields and files as plain values, ready for JSON and for printing.

Promises the names of the keys that scripts rely on; nothing else makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from archiver import phrases
from archiver.records import Field, Id

if TYPE_CHECKING:
    from archiver.classify.verdict import Verdict
    from archiver.search.index import Hit, Snippet

Json = dict[str, Any]


def hit_answer(hit: Hit) -> Json:
    """One found document with its snippets."""
    return {
        "id": hit.id,
        "state": hit.state,
        "class": hit.record_class,
        "reference": hit.reference,
        "subject": hit.subject,
        "sender": hit.sender,
        "file": hit.file_name,
        "date": hit.date,
        "received_on": hit.received_on,
        "pages": hit.pages,
        "score": round(hit.score, 3),
        "snippets": [_snippet(snippet) for snippet in hit.snippets],
    }


def _snippet(snippet: Snippet) -> Json:
    """Page, plain text, and where in it the matched words stand, as [start, end)."""
    from archiver.search.index import MARK_OFF, MARK_ON

    text, marks = "", []
    for number, part in enumerate(snippet.text.split(MARK_ON)):
        word, _, rest = part.partition(MARK_OFF) if number else ("", "", part)
        if word:
            marks.append([len(text), len(text) + len(word)])
        text += word + rest
    return {"page": snippet.page, "text": text, "marks": marks}


def shown_name(raw: bytes) -> str:
    """A file's name as people see it."""
    from archiver.inbox.names import display_name

    return display_name(raw)


def problem_answer(identifier: Id | None, raw: bytes, reason: str, params: Json) -> Json:
    """What is wrong with a file, as sentences; a file that is held has no id."""
    name = shown_name(raw)
    return {
        "id": identifier,
        "file": name,
        "file_raw": None if _is_utf8(raw) else _base64(raw),
        "reason": reason,
        "message": phrases.sentence(reason, params),
        "advice": phrases.advice(reason, params),
    }


def waiting_answer(row: Json) -> Json:
    """A document that waits for a person: why, since when, and what is proposed."""
    answer = problem_answer(
        str(row["id"]), bytes(row["file_raw"]), str(row["reason"]), row["params"]
    )
    keys = ("state", "proposed", "basis", "subject", "sender", "pages")
    return {
        **answer,
        **{key: row[key] for key in keys},
        "since": row["changed_at"],
        "class": row["record_class"],
        "date": row["letter_date"],
    }


def verdict_answer(verdict: Verdict, titles: Mapping[str, str]) -> Json:
    """Why a class was proposed: rules and where they matched, words and their weight.

    Args:
        verdict: as classification gave it.
        titles: of the classes, by key.
    """
    evidence = msgspec.to_builtins(verdict.evidence)
    candidates = [
        {
            "class": one.record_class,
            "title": titles.get(one.record_class, ""),
            "confidence": round(one.confidence, 3),
            "by": one.by,
        }
        for one in verdict.candidates
    ]
    return {
        "class": verdict.record_class,
        "title": titles.get(verdict.record_class, ""),
        "confidence": round(verdict.confidence, 3),
        "alone": verdict.alone,
        "basis": verdict.basis,
        "basis_name": phrases.basis_name(verdict.basis),
        "candidates": candidates,
        "rule": evidence["winner"],
        "rules": evidence["hits"],
        "contradiction": evidence["contradiction"],
        "words": evidence["speakers"],
        "alike": evidence["alike"],
        "model": evidence["model"],
    }


def _base64(raw: bytes) -> str:
    import base64

    return base64.b64encode(raw).decode()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def field_answer(one: Field) -> Json:
    """A field that was read, with its evidence."""
    return {
        "kind": one.kind,
        "value": one.value,
        "normal": one.normal,
        "page": one.page,
        "box": [one.box.left, one.box.top, one.box.right, one.box.bottom],
        "confidence": one.confidence,
        "cue": one.cue,
        "is_fact": one.is_fact,
    }


def finding_answer(code: str, document: Id) -> Json:
    """Something worth knowing of a document."""
    return {"code": code, "message": phrases.sentence(code, {"id": document})}


def file_answer(accession: Json) -> Json:
    """One received file of a document."""
    raw = bytes(accession["file_raw"])
    return {
        "id": accession["id"],
        "state": accession["state"],
        "file": accession["file"],
        "file_raw": None if _is_utf8(raw) else _base64(raw),
        "pipeline": accession["pipeline"],
        "size": accession["size"],
        "received_at": accession["received_at"],
        "actor": accession["actor"],
    }

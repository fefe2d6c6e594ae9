"""Which date is *the* letter's date, and which one is the received stamp.

Promises that a date becomes a fact only through a cue on the paper: a label, place and date, a
line of its own in the head; ``vom`` in running text names another paper and stays a candidate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from archiver.extract import labels
from archiver.extract.dates import SURE, DateFound, find_dates
from archiver.extract.layout import Passage, Sheet
from archiver.extract.lookalikes import distance, folded
from archiver.extract.values import Box, Field, FieldKind

_PLACE_DEN = re.compile(r"[^\W\d_][\w.\s()/-]{1,40},?\s*den\s*$|^\W*den\s*$", re.IGNORECASE)
_PLACE = re.compile(r"(?:^|.*[:|])\s*[^\W\d_][\w.()/-]+(?:\s[\w.()/-]+){0,3}\s?,\s*$")
_OF = re.compile(r"\b(?:vom|v\.)\s*$", re.IGNORECASE)
_OWN_PAPER = re.compile(r"\bseite\s+\d+\s+(?:zum|zur|des|der)\b.*\bvom\s*$", re.IGNORECASE)
_OTHER_PAPER = re.compile(
    r"\b(?:ihr|ihre[nmrs]?|sitzung|geboren|geb|geburtsdatum|bis|ab|seit|frist|fällig|am|zum"
    r"|wurfdatum|lieferdatum|leistungsdatum)\b\W*(?:\w+\W+){0,2}$",
    re.IGNORECASE,
)
_ARRIVED = ("eingegangen", "eingang", "posteingang", "empfangen", "erhalten")
_OFFICE = re.compile(
    r"(?:amt|kasse|poststelle|rathaus|verwaltung|bauhof|dezernat|fachbereich)\b|^(?:stadt|gemeinde"
    r"|landkreis|kreis)\b",
    re.IGNORECASE,
)
_HEAD = 0.45
_STAMP_REACH = 2.5
_STAMP_WORDS = 4


def date_fields(sheets: Sequence[Sheet], own_names: Sequence[str], today: date) -> list[Field]:
    """Candidates and facts for letter date and received stamp.

    Args:
        sheets: all pages.
        own_names: of the town; they stand in its stamps.
        today: later dates are never facts.
    """
    fields: list[Field] = []
    for sheet in sheets:
        labelled = {
            id(met.value): met for met in labels.find(sheet, labels.DATE) if not _is_label(met)
        }
        whole = {id(met.value.words[0]): met for met in labelled.values()}
        for passage in sheet.passages:
            for found in find_dates(passage.text, today):
                kind, cue, weight = _judged(sheet, passage, found, whole, own_names)
                fields.append(_field(kind, cue, weight, passage, found, today))
    return _only_one_fact(fields)


def _is_label(met: labels.Labelled) -> bool:
    """Whether the value is itself the next label of a form."""
    return met.value.text.rstrip().endswith(":")


def _judged(
    sheet: Sheet,
    passage: Passage,
    found: DateFound,
    labelled: dict[int, labels.Labelled],
    own_names: Sequence[str],
) -> tuple[FieldKind, str, float]:
    """Kind, cue and weight of one date where it stands."""
    before = passage.text[: found.start]
    first = passage.box(found.start, found.end)
    if _is_stamp(sheet, passage, found, own_names):
        return "received_stamp", "stamp", 0.9
    for word in passage.words:
        met = labelled.get(id(word))
        if met is not None and _same_place(word.left, first, passage):
            weight = 0.99 if met.name.startswith("Rechnung") else 0.97
            return "letter_date", f"label:{met.name}", weight - met.doubt
    alone = not any(c.isalnum() for c in before + passage.text[found.end :])
    later_page = 0.01 * min(sheet.page.number - 1, 5)
    if _PLACE_DEN.search(before):
        return "letter_date", "place_and_date", 0.95 - later_page
    ends = not any(c.isalnum() for c in passage.text[found.end :])
    if ends and _PLACE.search(before) and not _weekday(before):
        return "letter_date", "place_and_date", 0.93 - later_page
    in_head = sheet.page.number == 1 and sheet.height_share(passage) <= _HEAD
    if in_head and ends and re.fullmatch(r"\W*vom\s*", before, re.IGNORECASE):
        return "letter_date", "of_line", 0.85
    if in_head and alone:
        return "letter_date", "alone_in_head", 0.8
    if _OWN_PAPER.search(before):
        return "letter_date", "page_header", 0.78
    if _OTHER_PAPER.search(before):
        return "letter_date", "text", 0.2
    return "letter_date", "text", 0.4 if _OF.search(before) else 0.3


def _same_place(left: int, date_box: Box, passage: Passage) -> bool:
    """Whether the date is the first thing behind the label, not a later one in the line."""
    return date_box.left - left <= 3 * passage.height


def _weekday(before: str) -> bool:
    return bool(re.search(r"\b\w{2,7}tag\w*\s?,\s*$|\bMittwoch\s?,\s*$", before))


def _is_stamp(sheet: Sheet, passage: Passage, found: DateFound, own_names: Sequence[str]) -> bool:
    """Whether a date is that of a stamp: nearly alone, under or above a word of arrival."""
    text = passage.text
    other = text[: found.start] + " " + text[found.end :]
    if len(other.split()) > _STAMP_WORDS:
        return False
    if _arrives(other):
        return True
    if any(c.isalpha() for c in other):
        return False
    near = [one for one in sheet.around(passage, _STAMP_REACH) if len(one.words) <= _STAMP_WORDS]
    if any(_arrives(one.text) for one in near):
        return True
    own = [folded(name) for name in own_names]
    offices = sum(bool(_OFFICE.search(one.text)) or folded(one.text.strip()) in own for one in near)
    return offices > 0 and _stands_free(sheet, passage, near)


def _arrives(text: str) -> bool:
    words = [folded(word.strip(".,:;!")) for word in text.split()]
    return any(
        distance(word, folded(arrived), 2 if len(arrived) > 8 else 1)
        <= (2 if len(arrived) > 8 else 1)
        for word in words
        for arrived in _ARRIVED
    )


def _stands_free(sheet: Sheet, passage: Passage, near: Sequence[Passage]) -> bool:
    """Whether a date is centred under or above its neighbours, as only stamps are."""
    box = passage.bounds
    middle = (box.left + box.right) / 2
    return (
        any(
            abs((one.bounds.left + one.bounds.right) / 2 - middle) <= 1.5 * passage.height
            and abs(one.bounds.left - box.left) > 0.5 * passage.height
            for one in near
        )
        and sheet.right_of(passage) is None
    )


def _field(
    kind: FieldKind, cue: str, weight: float, passage: Passage, found: DateFound, today: date
) -> Field:
    confidence = weight * min(found.confidence / SURE, 1.0) if found.confidence < SURE else weight
    if found.value > today:
        cue, confidence = f"future:{cue}", min(confidence, 0.3)
    return Field(
        kind=kind,
        value=passage.text[found.start : found.end],
        normal=found.value.isoformat(),
        page=passage.page,
        box=passage.box(found.start, found.end),
        confidence=round(confidence, 3),
        cue=cue,
        is_fact=weight >= 0.75 and found.confidence >= SURE and found.value <= today,
    )


def _only_one_fact(fields: list[Field]) -> list[Field]:
    """Of all facts of a kind only the surest, the earlier of equals, stays one."""
    import msgspec

    best: dict[str, Field] = {}
    for field in fields:
        if field.is_fact and (
            field.kind not in best or field.confidence > best[field.kind].confidence
        ):
            best[field.kind] = field
    return [
        field
        if not field.is_fact or best[field.kind] is field
        else msgspec.structs.replace(field, is_fact=False)
        for field in fields
    ]

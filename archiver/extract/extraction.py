"""Pages to fields: every rule is asked, and the surest answers stand first.

Promises a pure function that never raises on any pages, and takes time in proportion to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from archiver.extract import address, labels, numbers, references
from archiver.extract.layout import Passage, Sheet
from archiver.extract.letterdate import date_fields
from archiver.extract.parcels import parcel_fields
from archiver.extract.senders import sender_fields
from archiver.extract.values import Extracted, Field, FieldKind, Known
from archiver.records import Page

_RELATIVE = ("Unser Zeichen", "Unsere Zeichen", "Mein Zeichen", "Unser Aktenzeichen")
_PERSON = re.compile(
    r"^\W*((?:(?:Herrn?|Frau|Hr\.|Fr\.)\s+)?(?:(?:Dr|Prof|Dipl)\.\S*\s+)*[A-ZÄÖÜ][\w'’.-]+"
    r"(?:\s+(?:von|van|de|zu)?\s?[A-ZÄÖÜ][\w'’-]+){0,3})"
)
_TOTAL_IN_TEXT = re.compile(
    r"\b(Gesamt(?:kosten|betrag|summe)|Rechnungsbetrag|Endbetrag)\b[^,.\d]{0,30}$", re.IGNORECASE
)
# More amounts, e-mail addresses or parcels than this on a document are no fields of it.
_MOST = 200


def extract(pages: Sequence[Page], today: date, known: Known) -> Extracted:
    """Read the fields of a document.

    Args:
        pages: as recognised, in order.
        today: later dates are never facts.
        known: the town's shapes, senders and own names.

    Returns:
        All fields, facts first, the surest first; no field twice.
    """
    sheets = [Sheet(page) for page in pages if page.words]
    keys = [field for sheet in sheets for field in _key_fields(sheet)]
    fields = [
        *date_fields(sheets, known.own_names, today),
        *keys,
        *sender_fields(sheets, keys, known),
        *_recipients(sheets[:1], known),
        *_subjects(sheets, known),
        *_case_workers(sheets),
        *_amounts(sheets),
        *_invoice_numbers(sheets),
        *(field for sheet in sheets for field in parcel_fields(sheet)),
    ]
    incoming = any(f.kind == "recipient" and f.cue == "own_name" for f in fields)
    fields += [field for sheet in sheets for field in _reference_fields(sheet, known, incoming)]
    return Extracted(_sorted(fields))


def _sorted(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Facts first, the surest first, the same value of a kind once."""
    kept: dict[tuple[str, str], Field] = {}
    count: dict[str, int] = {}
    for field in sorted(fields, key=lambda one: (not one.is_fact, -one.confidence, one.page)):
        key = field.kind, field.normal.casefold()
        if key not in kept and count.get(field.kind, 0) < _MOST:
            kept[key] = field
            count[field.kind] = count.get(field.kind, 0) + 1
    return tuple(kept.values())


def _key_fields(sheet: Sheet) -> Iterator[Field]:
    """Accounts, VAT ids and e-mail addresses of a page."""
    for index, line in enumerate(sheet.lines):
        following = sheet.lines[index + 1] if index + 1 < len(sheet.lines) else None
        for found in numbers.find_ibans(line.text):
            yield from _iban(line, found, following)
        for found in numbers.find_vat_ids(line.text):
            yield _number("vat_id", line, found, "check_digit" if found.verified else "bad_check")
        for found in numbers.find_emails(line.text):
            yield _number("email", line, found, "at_sign")


def _iban(line: Passage, found: numbers.NumberFound, following: Passage | None) -> Iterator[Field]:
    """An account; one that the end of the line cuts is completed from the next line."""
    if not found.verified and following is not None and found.end >= len(line.text) - 2:
        both = line + following
        for longer in numbers.find_ibans(both.text):
            if longer.start == found.start and longer.verified:
                yield _number("iban", both, longer, "check_digit")
                return
    yield _number("iban", line, found, "check_digit" if found.verified else "bad_check")


def _number(kind: FieldKind, line: Passage, found: numbers.NumberFound, cue: str) -> Field:
    sure = max(0.99 - 0.02 * found.repaired, 0.8)
    return Field(
        kind,
        line.text[found.start : found.end],
        found.normal,
        line.page,
        line.box(found.start, found.end),
        round(sure if found.verified else 0.3, 3),
        cue,
        found.verified,
    )


def _reference_fields(sheet: Sheet, known: Known, incoming: bool) -> Iterator[Field]:
    """References behind labels, beside and below them, and configured shapes in the text."""
    ours = (*labels.REFERENCE, *known.labels)
    for names, kind in ((ours, "reference"), (labels.THEIR_REFERENCE, "their_reference")):
        for met in labels.find(sheet, names):
            found = references.behind_label(met.value.text, known.shapes)
            if found is not None:
                yield _reference(_side(kind, met.name, incoming), met.value, found, met)
    in_text = re.compile(
        r"\b(?:" + "|".join(re.escape(name) for name in sorted(ours, key=len, reverse=True)) + r")"
        r"\b\.?\s*:?\s*",
        re.IGNORECASE,
    )
    for line in sheet.lines:
        for label in in_text.finditer(line.text):
            rest = line.rest(label.end())
            found = references.behind_label(rest.text, known.shapes) if rest else None
            if rest is not None and found is not None:
                met = labels.Labelled(label[0].strip(" :."), rest, 0.02, True)
                yield _reference("reference", rest, found, met)
        for found in references.find_shapes(line.text, known.shapes):
            yield Field(
                "reference",
                line.text[found.start : found.end],
                found.normal,
                line.page,
                line.box(found.start, found.end),
                0.4,
                f"shape:{found.shape}",
                False,
            )


def _side(kind: str, label: str, incoming: bool) -> FieldKind:
    """Whose reference it is: on a letter to the town, ``Ihr Zeichen`` is the town's own."""
    if incoming and label in _RELATIVE:
        return "their_reference"
    if incoming and kind == "their_reference":
        return "reference"
    return "reference" if kind == "reference" else "their_reference"


def _reference(
    kind: FieldKind, passage: Passage, found: references.ReferenceFound, met: labels.Labelled
) -> Field:
    fits = found.shape is not None
    confidence = (0.97 if fits else 0.82) - met.doubt - 0.03 * found.repaired
    if "asse" in met.name or "uchung" in met.name:
        confidence -= 0.02  # behind the Aktenzeichen, where a paper has both
    return Field(
        kind,
        passage.text[found.start : found.end],
        found.normal,
        passage.page,
        passage.box(found.start, found.end),
        round(max(confidence, 0.1), 3),
        f"label:{met.name}",
        found.is_sure or (not fits and found.repaired == 0 and met.doubt <= 0.02),
    )


def _recipients(sheets: Sequence[Sheet], known: Known) -> Iterator[Field]:
    for sheet in sheets:
        found = address.blocks(sheet)
        for index, block in enumerate(found):
            name = block.name
            own = next((o for line in block.lines if (o := _own(line, known))), None)
            last = index == len(found) - 1
            sure = own is not None or block.is_recipient
            text = own or address.without_title(name.text)
            yield Field(
                "recipient",
                name.text,
                text,
                name.page,
                name.bounds,
                0.9 if sure else 0.7 if last else 0.3,
                "own_name" if own is not None else "address_field",
                sure or last,
            )
        if not found:
            yield from _addressed(sheet, known)


def _own(line: Passage, known: Known) -> str | None:
    return address.own_name(line.text, known.own_names)


def _addressed(sheet: Sheet, known: Known) -> Iterator[Field]:
    """A form is addressed to the town in its head, without an address field."""
    for passage in sheet.passages:
        text = passage.text
        if sheet.height_share(passage) > 1 / 3:
            continue
        own = next((name for name in known.own_names if name.casefold() in text.casefold()), None)
        if own is not None and passage.height < 1.25 * sheet.line_height:
            yield Field(
                "recipient", text, own, passage.page, passage.bounds, 0.6, "own_name_in_head", False
            )
            return


def _subjects(sheets: Sequence[Sheet], known: Known) -> Iterator[Field]:
    for sheet in sheets[:1]:
        for met in labels.find(sheet, labels.SUBJECT):
            yield _subject(met.value, 0.96 - met.doubt, f"label:{met.name}", True)
        line = address.subject_line(sheet)
        if line is not None:
            yield _subject(line, 0.88, "above_salutation", True)
            continue
        head = address.heading(sheet, known.own_names)
        if head is not None:
            yield _subject(head, 0.5, "heading", False)


def _subject(passage: Passage, confidence: float, cue: str, is_fact: bool) -> Field:
    text = passage.text.strip()
    return Field(
        "subject",
        text,
        re.sub(r"^(?:Betreff|Betr\.?)\s*:?\s*", "", text),
        passage.page,
        passage.bounds,
        round(confidence, 3),
        cue,
        is_fact,
    )


def _case_workers(sheets: Sequence[Sheet]) -> Iterator[Field]:
    for sheet in sheets[:1]:
        for met in labels.find(sheet, labels.CASE_WORKER):
            person = _PERSON.match(met.value.text)
            if person:
                confidence = 0.93 - met.doubt
                yield Field(
                    "case_worker",
                    person[1],
                    person[1],
                    met.value.page,
                    met.value.box(person.start(1), person.end(1)),
                    round(confidence, 3),
                    f"label:{met.name}",
                    confidence >= 0.85,
                )


def _amounts(sheets: Sequence[Sheet]) -> Iterator[Field]:
    alone: dict[str, Field] = {}
    labelled = False
    for sheet in sheets:
        for met in labels.find(sheet, labels.TOTAL):
            for found in list(numbers.find_amounts(met.value.text))[:1]:
                confidence = 0.93 - met.doubt - (0.0 if found.verified else 0.05)
                if met.name in ("Betrag", "Summe", "Gesamt"):
                    confidence -= 0.1
                labelled = True
                yield _amount("total", met.value, found, confidence, f"label:{met.name}", True)
        for line in sheet.lines:
            for found in numbers.find_amounts(line.text):
                if not found.verified:
                    continue
                yield _amount("amount", line, found, 0.9, "currency", True)
                cue = _TOTAL_IN_TEXT.search(line.text[: found.start])
                if cue:
                    labelled = True
                    yield _amount("total", line, found, 0.85, f"label:{cue[1]}", True)
                alone[found.normal] = _amount("total", line, found, 0.6, "only_amount", False)
    if len(alone) == 1 and not labelled:
        yield from alone.values()


def _amount(
    kind: FieldKind,
    passage: Passage,
    found: numbers.NumberFound,
    confidence: float,
    cue: str,
    is_fact: bool,
) -> Field:
    return Field(
        kind,
        passage.text[found.start : found.end].strip(),
        found.normal,
        passage.page,
        passage.box(found.start, found.end),
        round(confidence, 3),
        cue,
        is_fact and confidence >= 0.75,
    )


def _invoice_numbers(sheets: Sequence[Sheet]) -> Iterator[Field]:
    for sheet in sheets:
        for met in labels.find(sheet, labels.INVOICE_NUMBER):
            found = references.behind_label(met.value.text, ())
            if found is None or (met.name == "Rechnung" and not _numbers_only(found.normal)):
                continue
            confidence = (0.93 if met.behind or met.doubt < 0.03 else 0.8) - met.doubt
            yield Field(
                "invoice_number",
                met.value.text[found.start : found.end],
                found.normal,
                met.value.page,
                met.value.box(found.start, found.end),
                round(confidence, 3),
                f"label:{met.name}",
                found.repaired == 0 and confidence >= 0.7,
            )


def _numbers_only(text: str) -> bool:
    """Whether it is made like a number, so that ``Rechnung vom 3.4.`` is none."""
    return not any(c.isspace() for c in text) and sum(c.isdecimal() for c in text) >= 4

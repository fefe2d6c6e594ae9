"""What persons and separator sheets say about a document, laid over what the machine read.

Promises pure functions. What a person said stands for every later reading of the same document;
a machine's fact that contradicts it becomes a candidate and stays visible. A dossier is proposed
by a reference that was read, and sure only where a person or a separator sheet named it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec

from archiver.clock import typed_day
from archiver.config import RecordClass
from archiver.errors import UsageFault
from archiver.extract import numbers
from archiver.extract.values import KnownSender
from archiver.filingplan import find_class
from archiver.naming import CLASS as CLASS
from archiver.naming import DAY_FIELDS, FIELD_WORDS, SUM_FIELDS, field_name
from archiver.records import Box, Field, FieldKind
from archiver.separate.plan import NEEDS_PERSON
from archiver.store.objects import Decision, Order, Part, Record, SenderKeys

KINDS: tuple[FieldKind, ...] = get_args(FieldKind)

# How people may call a value, beside the names that stand in the JSON.
_ALSO = {word.casefold(): kind for kind, words in FIELD_WORDS.items() for word in words}
_GERMAN_SUM = re.compile(r"-?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]{1,2})?")
_PLAIN_SUM = re.compile(r"-?[0-9]+(\.[0-9]{1,2})?")
_NOWHERE = Box(0, 0, 0, 0)

# Reasons why a file is not read even where a person lets it go on.
_UNREADABLE = frozenset({"worker_died", "file_too_large", "too_many_pages"})

# A sender is not known again by the domain of a public provider.
_PUBLIC = frozenset(
    {
        "gmail.com", "googlemail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "outlook.com",
        "outlook.de", "hotmail.com", "hotmail.de", "live.de", "yahoo.com", "yahoo.de", "icloud.com",
        "me.com", "aol.com", "freenet.de", "posteo.de", "mailbox.org", "proton.me",
        "protonmail.com", "mail.de", "arcor.de", "vodafone.de", "online.de",
    })  # fmt: skip


def parsed(words: Iterable[str], plan: Sequence[RecordClass]) -> dict[str, str]:
    """Read ``key=value`` as a person types it.

    Args:
        words: e.g. ``class=invoice``, ``datum=12.3.2024``; an empty value takes the machine's away.
        plan: the filing plan.

    Returns:
        normal forms by kind of field or ``class``.

    Raises:
        UsageFault: ``not_a_setting``, ``unknown_setting``, ``class_missing``,
            ``class_not_in_plan`` (with the nearest keys), ``not_a_date``, ``not_an_amount``,
            ``not_an_iban``.
    """
    values: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise UsageFault("not_a_setting", value=word)
        key = _ALSO.get(name.strip().casefold(), name.strip().casefold())
        if key != CLASS and key not in KINDS:
            raise UsageFault(
                "unknown_setting",
                field=name.strip(),
                known=", ".join(map(field_name, (CLASS, *KINDS))),
            )
        values[key] = _normal(key, value.strip(), plan)
    return values


def _normal(key: str, value: str, plan: Sequence[RecordClass]) -> str:
    if key == CLASS and not value:
        raise UsageFault("class_missing")
    if key == CLASS:
        return find_class(value, plan)
    if not value:
        return ""
    if key in DAY_FIELDS:
        return typed_day(value).isoformat()
    if key in SUM_FIELDS:
        return _sum(value)
    if key == "iban":
        found = next(numbers.find_ibans(value), None)
        if found is None or not found.verified:
            raise UsageFault("not_an_iban", value=value)
        return found.normal
    return " ".join(value.split())


def _sum(value: str) -> str:
    plain = value
    if _GERMAN_SUM.fullmatch(value):
        plain = value.replace(".", "").replace(",", ".")
    if not _PLAIN_SUM.fullmatch(plain):
        raise UsageFault("not_an_amount", value=value)
    whole, _, cents = plain.partition(".")
    return f"{whole}.{cents:0<2}"


def overlaid(record: Record, part: Part | None) -> Record:
    """Lay what a sheet and persons said over what the machine read, and fill the columns.

    Args:
        record: as the machine made it, with the decisions of persons.
        part: what the separator sheet said, None where there was none.
    """
    said = list(_said_by_sheet(part))
    record_class = part.record_class if part and part.record_class else record.record_class
    for decision in record.decisions:
        said += [(kind, v, "person") for kind, v in decision.values.items() if kind != CLASS]
        record_class = decision.values.get(CLASS, record_class)
    # A dossier is never read: it was said, or follows from the reference that stands now.
    fields = tuple(one for one in record.fields if one.kind != "dossier")
    for kind, value, cue in said:
        fields = _with(fields, kind, value, cue)
    if not any(kind == "dossier" for kind, _value, _cue in said):
        fields = _with_dossier(fields)
    return msgspec.structs.replace(
        record,
        record_class=record_class,
        fields=fields,
        reference=fact(fields, "reference"),
        subject=fact(fields, "subject"),
        sender=fact(fields, "sender"),
        letter_date=fact(fields, "letter_date"),
        dossier=fact(fields, "dossier"),
        confirmed_sender=_sender_keys(fields),
    )


def fact(fields: Iterable[Field], kind: FieldKind) -> str | None:
    """The normal form of the surest fact of a kind; a candidate is none."""
    return next((field.normal for field in fields if field.kind == kind and field.is_fact), None)


def _said_by_sheet(part: Part | None) -> Iterator[tuple[str, str, str]]:
    if part is not None:
        for kind in ("reference", "dossier", "archive_number"):
            value = getattr(part, kind)
            if value:
                yield kind, value, "sheet"


def _with(fields: tuple[Field, ...], kind: str, value: str, cue: str) -> tuple[Field, ...]:
    """Put a statement before what was read, which becomes a candidate where it differs."""
    assert kind in KINDS
    kept = [
        msgspec.structs.replace(one, is_fact=False) if one.kind == kind and one.is_fact else one
        for one in fields
        if not (one.kind == kind and one.cue == cue)
    ]
    # The place on the page is still the right one where the machine had read the same.
    same = next((one for one in kept if one.kind == kind and one.normal == value), None)
    page, box = (same.page, same.box) if same else (0, _NOWHERE)
    if not value:
        return tuple(kept)
    return (Field(kind, value, value, page, box, 1.0, cue, True), *kept)


def _with_dossier(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """A reference names the dossier: surely where it was confirmed, else as a proposal."""
    reference = next((one for one in fields if one.kind == "reference" and one.is_fact), None)
    if reference is None:
        return fields
    sure = reference.cue in ("person", "sheet")
    named = msgspec.structs.replace(
        reference, kind="dossier", cue=reference.cue if sure else "reference", is_fact=sure
    )
    return (*fields, named)


def _sender_keys(fields: Sequence[Field]) -> SenderKeys | None:
    """By what a confirmed sender is known again: only what stands on the paper once."""
    name = next((f.normal for f in fields if f.kind == "sender" and f.cue == "person"), None)
    if name is None:
        return None
    ibans, vat_ids = _only(fields, "iban"), _only(fields, "vat_id")
    domains = {mail.rpartition("@")[2].casefold() for mail in _only(fields, "email")}
    return SenderKeys(name, ibans, vat_ids, tuple(sorted(domains - _PUBLIC)))


def _only(fields: Iterable[Field], kind: FieldKind) -> tuple[str, ...]:
    found = {one.normal for one in fields if one.kind == kind and one.is_fact}
    return tuple(found) if len(found) == 1 else ()


def accepted(record: Record, proposed: str | None) -> dict[str, str]:
    """What a person confirms who accepts a document as it is shown.

    Args:
        record: of the document.
        proposed: class that is proposed, None where there is none.

    Returns:
        class, and the sender, reference and dossier where they are facts or the only candidate.
    """
    values = {CLASS: proposed} if proposed else {}
    for kind in ("sender", "reference", "dossier"):
        # The town's own name needs no confirmation.
        found = [f for f in record.fields if f.kind == kind and not f.cue.startswith("own_")]
        facts = {one.normal for one in found if one.is_fact}
        offered = facts or {one.normal for one in found if kind == "dossier"}
        if len(offered) == 1:
            values[kind] = offered.pop()
    return values


def order_of(reason: str) -> Order | None:
    """How a file is to go on that waits before it was read, once a person lets it go on.

    Args:
        reason: why it waits.

    Returns:
        divided as the marks say, whole, or None where it cannot be read and is filed as it is.
    """
    if reason in _UNREADABLE:
        return None
    if reason in NEEDS_PERSON - {"batch_blank"}:
        return Order(as_planned=True)
    return Order(whole=True)


def decided(record: Record, decision: Decision, part: Part | None) -> Record:
    """A record with one more decision, which stands over all before it."""
    more = (*record.decisions, decision)
    return overlaid(msgspec.structs.replace(record, decisions=more, order=None), part)


def ordered(record: Record, order: Order, decision: Decision | None, part: Part | None) -> Record:
    """A record with the order how its pages are to be moved, and what else was decided with it."""
    said = decided(record, decision, part) if decision else record
    return msgspec.structs.replace(said, order=order)


def known_senders(rows: Iterable[Mapping[str, Any]]) -> tuple[KnownSender, ...]:
    """The table of known senders from what persons confirmed.

    A key that two names claim belongs to neither: an account of a payment service is nobody's.

    Args:
        rows: ``name`` and ``keys`` (ibans, vat_ids, domains) of each confirmed document.
    """
    owners: dict[tuple[str, str], set[str]] = {}
    names: set[str] = set()
    for row in rows:
        names.add(str(row["name"]))
        for kind, values in row["keys"].items():
            for value in values:
                owners.setdefault((kind, value), set()).add(str(row["name"]))
    found: dict[str, dict[str, list[str]]] = {name: {} for name in sorted(names)}
    for (kind, value), claimants in sorted(owners.items()):
        if len(claimants) == 1:
            found[next(iter(claimants))].setdefault(kind, []).append(value)
    return tuple(
        KnownSender(name, name, **{kind: tuple(values) for kind, values in keys.items()})
        for name, keys in found.items()
    )

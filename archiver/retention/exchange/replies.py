"""The archive's answers as values: appraisal list 0502 and import confirmation 0506.

Promises pure functions from bytes to values that take nothing for granted: kind and version of the
message, one value where the standard has one, UUIDs and yes/no in their form. What an answer means
for a batch is told by `archiver.retention.exchange.appraisal`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from archiver.errors import UsageFault
from archiver.retention.exchange import dialect, received_xml
from archiver.retention.exchange.batch import VERSIONS, Version
from archiver.retention.exchange.dialect import DIALECTS
from archiver.retention.exchange.received_xml import Path, Received, Values

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_YES = {"1": True, "true": True, "0": False, "false": False}
_SHOWN = 80
# Elements with one item each: of the 0502 in 3.1.0 and in 4.0.0, of the 0506 in both.
_RECORDS = frozenset({"BewertetesObjekt", "BewertetesSGO", "AusgesondertesSGO"})
_HEADS = ("Kopf", "nachrichtenkopf")  # in 3.1.0 and in 4.0.0
_NO_WORDS = "–"
# All that the schemas of 3.1.0 and 4.0.0 have, but for the head of a message.
_CODED = (("code",), ("name",))
_DECISION: frozenset[Path] = frozenset(
    {
        ("Aussonderungsart", "AussonderungsartKonfigurierbar"),
        *(("Aussonderungsart", "Aussonderungsart", *one) for one in _CODED),
    }
)
_RESULT: frozenset[Path] = frozenset(
    {("Erfolgreich",), ("Fehlermeldung",), *(("FehlermeldungCode", *one) for one in _CODED)}
)
_PART: frozenset[Path] = frozenset(
    {("UUIDUrsprungsnachricht",), ("LfdNrNachrichtProTyp",), ("GesamtanzahlNachrichtenProTyp",)}
)
# What would decide, if it did not stand in the head of a message.
_DECISIVE = ("Erfolg", "Fehlermeldung", "Aussonderungsart", "IDSGO")


class Identity(msgspec.Struct, frozen=True):
    """Who answers to what.

    Attributes:
        version: of xdomea.
        process_id: UUID of the disposal, in lower case.
        origin: UUID of the message that is answered; None in 3.1.0, which does not say it.
        number: which message of the process is answered; None in 3.1.0.
        sender, receiver: names of the institutions, in full and short.
        sender_keys, receiver_keys: their keys in the directory of services.
    """

    version: Version
    process_id: str
    origin: str | None
    number: int | None
    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    sender_keys: tuple[str, ...] = ()
    receiver_keys: tuple[str, ...] = ()


class Appraised(msgspec.Struct, frozen=True):
    """One decision: ``A``, ``B`` or ``V``, or None where it is in words of the archive's own."""

    uuid: str
    decision: str | None


class AppraisalList(msgspec.Struct, frozen=True):
    """A 0502 as it says."""

    identity: Identity
    items: tuple[Appraised, ...]


class Imported(msgspec.Struct, frozen=True):
    """Whether one item has arrived.

    Attributes:
        uuid: of the item.
        is_done: as the archive says.
        archive_id: under which the archive keeps it; may be empty.
        errors: the archive's own words.
    """

    uuid: str
    is_done: bool
    archive_id: str = ""
    errors: tuple[str, ...] = ()


class ImportList(msgspec.Struct, frozen=True):
    """A 0506 as it says.

    Attributes:
        identity: who answers to what.
        is_done: for the message as a whole; None in 3.1.0, which speaks of items only.
        items: for each item; 4.0.0 may leave them out.
        errors: the archive's own words about the whole.
    """

    identity: Identity
    is_done: bool | None
    items: tuple[Imported, ...]
    errors: tuple[str, ...] = ()


def read_appraisal(content: bytes) -> AppraisalList:
    """Read a 0502.

    Args:
        content: the XML, or the zip with it.

    Raises:
        UsageFault: ``reply_...``, see the package's readers: no XML of this kind and version, or
            a value that is missing, double or out of form.
    """
    received, version = _received(content, "0502")
    uuid = (DIALECTS[version].uuid,)
    beside = _PART | {("Empfangsbestaetigung",)} if version == "4.0.0" else frozenset()
    _require_known(received, beside, _DECISION | {uuid})
    return AppraisalList(
        _identity(received, version),
        tuple(Appraised(_uuid(one, uuid), _decision(one)) for one in received.records),
    )


def read_import(content: bytes) -> ImportList:
    """Read a 0506.

    Args:
        content: the XML, or the zip with it.

    Raises:
        UsageFault: as `read_appraisal`.
    """
    received, version = _received(content, "0506")
    is_new = version == "4.0.0"
    place: Path = ("ErfolgOderMisserfolg",) if is_new else ()
    uuid: Path = ("xdomeaUUID",) if is_new else ("IDSGO",)
    result = frozenset((*place, *one) for one in _RESULT)
    beside = _PART | result if is_new else frozenset()
    _require_known(received, beside, result | {uuid, ("Archivkennung",)})
    items = tuple(
        Imported(
            _uuid(one, uuid),
            _yes(one, (*place, "Erfolgreich")),
            (one.get(("Archivkennung",)) or ("",))[0],
            _reasons(one, place),
        )
        for one in received.records
    )
    if not is_new:
        return ImportList(_identity(received, version), None, items)
    is_done = _yes(received.head, (*place, "Erfolgreich"))
    errors = _reasons(received.head, place)
    return ImportList(_identity(received, version), is_done, items, errors)


def _require_known(received: Received, beside: Collection[Path], record: Collection[Path]) -> None:
    """Refuse what the standard does not have: it might say that something has not arrived.

    Args:
        received: the message.
        beside: paths that it may have beside its head and its records.
        record: paths that a record may have.

    Raises:
        UsageFault: ``reply_record_misplaced``.
    """
    odd = [path for one in received.records for path in one if not _is_known(path, one, record)]
    for path in received.head:
        if path[0] in _HEADS or path[0].startswith("{"):
            # Much may stand there, but nothing that would decide elsewhere.
            if any(name.rpartition("}")[2].startswith(_DECISIVE) for name in path):
                odd.append(path)
        elif not _is_known(path, received.head, beside):
            odd.append(path)
    for path in odd:
        raise UsageFault("reply_record_misplaced", field="/".join(path)[:_SHOWN])


def _is_known(path: Path, values: Values, known: Collection[Path]) -> bool:
    """Whether the standard has a path; what is missing below it is missed by whoever reads it."""
    above = (one[: len(path)] for one in known)
    return path in known or (path in above and not any(values[path]))


def _reasons(values: Values, place: Path) -> tuple[str, ...]:
    """Why something was not imported: the archive's words, and the codes of its lists."""
    code = (*place, "FehlermeldungCode")
    places = ((*place, "Fehlermeldung"), (*code, "name"), (*code, "code"))
    said = [word for where in places for word in values.get(where, ())]
    # A report of an error is one, without a word in it as well.
    return tuple(filter(None, said)) or ((_NO_WORDS,) if said else ())


def _received(content: bytes, code: dialect.Code) -> tuple[Received, Version]:
    """The words of a message of the kind asked for, and its version."""
    message = received_xml.unwrapped(content)
    received = received_xml.parse(message, _RECORDS)
    wanted = f"{dialect.MESSAGES[code]}.{code}"
    if received.name != wanted:
        raise UsageFault("reply_other_message", wanted=code, found=received.name[:_SHOWN])
    for version in VERSIONS:
        if received.namespace == DIALECTS[version].namespace:
            return received, version
    raise UsageFault("reply_unknown_version", found=received.namespace[:_SHOWN])


def _identity(received: Received, version: Version) -> Identity:
    words, head = DIALECTS[version], received.head
    is_new = version == "4.0.0"
    top = _HEADS[is_new]
    sender, receiver = ("autor", "leser") if is_new else ("Absender", "Empfaenger")
    key = ("kennung",) if is_new else ("Behoerdenschluessel", "code")

    def names(party: str) -> tuple[str, ...]:
        place = (top, party, words.institution)
        return head.get((*place, "Name"), ()) + head.get((*place, "Kurzbezeichnung"), ())

    def keys(party: str) -> tuple[str, ...]:
        found = head.get((top, party, "Behoerdenkennung", *key), ())
        return tuple(one.rpartition(":")[2] for one in found)

    return Identity(
        version,
        _uuid(head, (top, "ProzessID")),
        _uuid(head, ("UUIDUrsprungsnachricht",)) if is_new else None,
        _number(head, ("LfdNrNachrichtProTyp",)) if is_new else None,
        names(sender),
        names(receiver),
        keys(sender),
        keys(receiver),
    )


def _one(values: Values, path: Path) -> str:
    """The value that the standard has exactly once."""
    found = values.get(path, ())
    if len(found) > 1:
        raise UsageFault("reply_field_twice", field=path[-1])
    if not found or not found[0]:
        raise UsageFault("reply_field_missing", field=path[-1])
    return found[0]


def _uuid(values: Values, path: Path) -> str:
    value = _one(values, path).lower()
    if not _UUID.fullmatch(value):
        raise UsageFault("reply_field_bad", field=path[-1], value=value[:_SHOWN])
    return value


def _number(values: Values, path: Path) -> int:
    value = _one(values, path)
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise UsageFault("reply_field_bad", field=path[-1], value=value[:_SHOWN])
    return int(value)


def _yes(values: Values, path: Path) -> bool:
    value = _one(values, path)
    if value not in _YES:
        raise UsageFault("reply_field_bad", field=path[-1], value=value[:_SHOWN])
    return _YES[value]


def _decision(values: Values) -> str | None:
    """The code; None where the archive uses a list of its own."""
    if ("Aussonderungsart", "AussonderungsartKonfigurierbar") in values:
        return None
    path = ("Aussonderungsart", "Aussonderungsart", "code")
    value = _one(values, path)
    if value not in ("A", "B", "V"):
        raise UsageFault("reply_field_bad", field=path[-1], value=value[:_SHOWN])
    return value

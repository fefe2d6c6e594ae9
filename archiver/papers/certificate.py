"""The certificate of destruction: what was destroyed, by which rule and whose word, and the proof.

Promises that a certificate which `certificate` makes or `read` accepts does not contradict itself:
every document stands in it once, under a rule that is listed, and the counts are those of the
list. It holds ids and salted digests, no names and no texts, so it may be kept for ever.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from archiver.clock import town_day
from archiver.errors import IntegrityFault
from archiver.records import Id
from archiver.tongue import N_

FORMAT: Literal["archiver-destruction/1"] = "archiver-destruction/1"
MOST_DOCUMENTS = 10_000

Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Letter = Literal["A", "B", "V"]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Moment = Annotated[str, msgspec.Meta(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z\Z")]
Day = Annotated[str, msgspec.Meta(pattern=r"\A\d{4}-\d\d-\d\d\Z")]
Count = Annotated[int, msgspec.Meta(ge=0)]

_PLACE = re.compile(r" - at `(.{1,80}?)`\Z")


class RuleUsed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a rule that was applied.

    Attributes:
        key: of the class.
        version: of the rule.
        title: of the class.
        basis: norm or list.
        disposition: A archive, B appraise, V destroy.
    """

    key: Text
    version: Annotated[int, msgspec.Meta(ge=1)]
    title: str
    basis: str
    disposition: Letter


class Destroyed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One document that is gone.

    Attributes:
        document: id.
        digest: of its received bytes, salted, as the ledger has it since it came; hex. The salt is
            destroyed too, so nobody can find out the document from it by guessing.
        class_key: class it was filed in.
        rule_version: of that class's rule.
        period_ended: last day of its period.
    """

    document: Text
    digest: Sha256
    class_key: Text
    rule_version: Annotated[int, msgspec.Meta(ge=1)]
    period_ended: Day


class ClassCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Number of documents of one class."""

    key: Text
    title: str
    count: Annotated[int, msgspec.Meta(ge=1)]


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who has said that it may be done: role, pseudonym and time (UTC)."""

    role: Text
    by: Text
    at: Moment


class Appraisal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The archive's decision that it does not want the documents.

    Attributes:
        message: id of the archive's message.
        at: its time, UTC.
    """

    message: Text
    at: Moment


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The end of the ledger: number and SHA-256 of its last line."""

    seq: Count
    digest: Sha256


class Searched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the proof found in one store.

    Attributes:
        store: code, see `archiver.papers.destruction_sheet.STORES`.
        before, after: number of finds before and after the destruction.
    """

    store: Text
    before: Count
    after: Count


class Backup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A back-up that still holds the documents, and until when; None: not known."""

    name: Text
    until: Day | None


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One certificate.

    Attributes:
        format: `FORMAT`.
        batch: id of the batch.
        at: time of the destruction, UTC.
        organisation: whose documents they were.
        counts: by class, sorted by key.
        rules: that were applied, sorted by key and version.
        documents: in the order of the batch.
        approvals: at least one.
        appraisal: None where the archive has waived the classes beforehand.
        before, after: head of the ledger.
        searched: stores that the proof has looked at, at least one.
        backups: that still hold the documents.
        remarks: for people; no names.
        witnesses: odd words of the documents that were looked for.
        weak: number of documents of which no such word was known; of them only files were looked
            for.
        left: number of files that bear a document's id and should be gone.
    """

    format: Literal["archiver-destruction/1"]
    batch: Text
    at: Moment
    organisation: str
    counts: tuple[ClassCount, ...]
    rules: tuple[RuleUsed, ...]
    documents: tuple[Destroyed, ...]
    approvals: tuple[Approval, ...]
    appraisal: Appraisal | None
    before: Head
    after: Head
    searched: tuple[Searched, ...]
    backups: tuple[Backup, ...] = ()
    remarks: str = ""
    witnesses: Count = 0
    weak: Count = 0
    left: Count = 0

    @property
    def is_complete(self) -> bool:
        """Whether no store holds anything of the documents any more; back-ups do not count."""
        return not self.left and not any(store.after for store in self.searched)


def certificate(
    batch: Id,
    at: str,
    organisation: str,
    rules: Iterable[RuleUsed],
    documents: Iterable[Destroyed],
    approvals: Iterable[Approval],
    appraisal: Appraisal | None,
    *,
    before: Head,
    after: Head,
    searched: Iterable[Searched],
    backups: Iterable[Backup] = (),
    remarks: str = "",
    witnesses: int = 0,
    weak: int = 0,
    left: int = 0,
) -> Certificate:
    """Make a certificate; the counts are taken from the list of documents.

    Args:
        batch: id.
        at: time in UTC, ISO 8601 with ``Z``.
        organisation: whose documents they were.
        rules: those that the documents name; others are left out.
        documents: at most `MOST_DOCUMENTS`.
        approvals: who has said that it may be done.
        appraisal: the archive's decision.
        before: head of the ledger before the destruction.
        after: head after it.
        searched: finds of the proof.
        backups: that still hold the documents.
        remarks: for people.
        witnesses: words that were looked for.
        weak: documents without such a word.
        left: files that should be gone.

    Raises:
        IntegrityFault: ``certificate_damaged`` where a value is not of its form;
            ``certificate_contradicts`` where the parts do not agree.
    """
    listed = tuple(documents)
    used = {(one.class_key, one.rule_version) for one in listed}
    kept = {(rule.key, rule.version): rule for rule in rules if (rule.key, rule.version) in used}
    ordered = tuple(kept[key] for key in sorted(kept))
    made = Certificate(
        FORMAT,
        batch,
        at,
        organisation,
        _counts(ordered, listed),
        ordered,
        listed,
        tuple(approvals),
        appraisal,
        before,
        after,
        tuple(searched),
        tuple(backups),
        remarks,
        witnesses,
        weak,
        left,
    )
    return _consistent(_formed(as_json(made), Certificate))


def reissued(
    made: Certificate,
    *,
    searched: Iterable[Searched],
    after: Head,
    witnesses: int,
    left: int,
    remarks: str,
) -> Certificate:
    """A certificate whose proof was made again; all else is what it was.

    Raises:
        IntegrityFault: as `certificate`.
    """
    again = msgspec.structs.replace(
        made,
        searched=tuple(searched),
        after=after,
        witnesses=witnesses,
        left=left,
        remarks=remarks,
    )
    return _consistent(_formed(as_json(again), Certificate))


def as_json(made: Certificate) -> dict[str, object]:
    """The certificate in plain values; `read` takes their JSON."""
    plain: dict[str, object] = msgspec.to_builtins(made)
    return plain


def encode(made: Certificate) -> bytes:
    """The certificate as the bytes of its JSON file."""
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def read(content: bytes) -> Certificate:
    """A certificate as it was kept or came from elsewhere.

    Raises:
        IntegrityFault: ``certificate_damaged`` where it is no JSON, or a value is missing,
            unknown or not of its form; ``certificate_contradicts`` where the parts do not agree.
    """
    try:
        plain = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise IntegrityFault("certificate_damaged", at="$") from None
    return _consistent(_formed(plain, Certificate))


_T = TypeVar("_T")


def _formed(plain: Any, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(plain, kind, strict=True)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        raise IntegrityFault("certificate_damaged", at=place[1] if place else "$") from None


def _consistent(made: Certificate) -> Certificate:
    """The certificate itself, where its parts agree."""
    documents, rules = made.documents, {(rule.key, rule.version) for rule in made.rules}
    checks: Mapping[str, bool] = {
        N_("the documents"): 0 < len(documents) <= MOST_DOCUMENTS
        and len({one.document for one in documents}) == len(documents),
        N_("the rules"): rules == {(one.class_key, one.rule_version) for one in documents}
        and len(rules) == len(made.rules),
        N_("the counts"): [(count.key, count.count) for count in made.counts]
        == sorted(Counter(one.class_key for one in documents).items()),
        N_("the ends of the periods"): all(_ended(one.period_ended, made.at) for one in documents),
        N_("the decision of the archive and the rules"): made.appraisal is not None
        or all(rule.disposition != "A" for rule in made.rules),
        N_("the approvals"): bool(made.approvals)
        and all(one.at <= made.at for one in made.approvals),
        N_("the stores that were searched"): bool(made.searched)
        and len({one.store for one in made.searched}) == len(made.searched),
        N_("the heads of the ledger"): made.before.seq < made.after.seq,
    }
    for part, agrees in checks.items():
        if not agrees:
            raise IntegrityFault("certificate_contradicts", part=part)
    return made


def _ended(day: str, at: str) -> bool:
    """Whether a day is one, and lies before the town's day of destruction."""
    try:
        return date.fromisoformat(day) < town_day(at)
    except ValueError:
        return False


def _counts(rules: Iterable[RuleUsed], documents: Iterable[Destroyed]) -> tuple[ClassCount, ...]:
    """Documents by class; the title is that of the newest rule."""
    titles = {rule.key: rule.title for rule in rules}
    found = Counter(one.class_key for one in documents)
    return tuple(ClassCount(key, titles.get(key, ""), found[key]) for key in sorted(found))

"""Samples of scans: drawn, looked at, passed or failed, each step in the ledger.

Promises that what a person found stands in the sample's object with his words, and ids, codes and
counts in the ledger; that the last look ends a sample in the same step; and that a scan found bad
goes into review with the step that says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from archiver import phrases
from archiver.errors import NotFound, Refusal, UsageFault
from archiver.records import DocumentState, Event, Id
from archiver.registry.parts import Registry
from archiver.registry.scans import SETTLED, Scans, known_samples, sample_of
from archiver.retention.sampling import EVERYTHING, Drawn, Sample, checked, drawn
from archiver.store.asking import Row

# What a person can look at and find good; a document that was taken back is still there.
_SEEN = SETTLED | {DocumentState.WITHDRAWN, DocumentState.DIVIDED}


Ended = Literal["passed", "failed"]
# Id and state of a sample, and what was found of a document that was drawn.
Finding = tuple[Id, str, Drawn | None]


class Line(msgspec.Struct, frozen=True):
    """Scans of one month that came by one pipeline, as the report counts them.

    Attributes:
        month: of receipt, 2026-01.
        pipeline: name.
        scans: documents that are there.
        covered: for which a passed sample stands.
        drawn: at which somebody was to look.
        failed: that were found bad.
        released, waiting: received files of batches that are gone, and that still exist.
    """

    month: str
    pipeline: str
    scans: int
    covered: int
    drawn: int
    failed: int
    released: int
    waiting: int


def draw(
    registry: Registry, percent: float | None, batches: Sequence[Id], seed: str, actor: str
) -> Id:
    """Draw a sample of all scans for which none stands.

    Args:
        registry: of the archive.
        percent: above 0, at most 100; None: as configured.
        batches: only of these; empty: of everything.
        seed: random.
        actor: pseudonym of the person.

    Raises:
        UsageFault: ``not_a_rate``.
        Refusal: ``nothing_to_draw``.
    """
    rate = registry.config.quality.percent if percent is None else percent
    if not 0 < rate <= EVERYTHING:
        raise UsageFault("not_a_rate", value=f"{rate:g}")
    with registry.register.exclusive():
        population = list(Scans(registry).candidates(rate, batches))
        if not population:
            raise Refusal("nothing_to_draw")
        sample = drawn(population, seed, rate)
        data = {
            "seed": seed,
            "percent": rate,
            "population": len(sample.population),
            "drawn": len(sample.drawn),
        }
        return registry.matters.begin("sample_drawn", _plain(sample), actor, data)


def check(registry: Registry, name: str, documents: Sequence[Id], found: Drawn) -> Id:
    """Say what was found of some documents of a sample; the last of them end it.

    Args:
        registry: of the archive.
        name: the sample's id or the beginning of it.
        documents: that were looked at; empty: all that nobody has looked at.
        found: what was found; time and document are filled in.

    Raises:
        NotFound: ``no_such_sample``.
        Refusal: ``sample_has_ended``, ``not_in_sample``, ``already_checked``,
            ``checker_is_bringer``, ``not_filed`` (cannot be seen as it will stay) or, of a bad
            one, ``document_in_batch``; nothing was said of any of them.
    """
    with registry.register.exclusive():
        row = find(registry, name)
        sample, at = sample_of(row), registry.now()
        if row["state"] != "drawn":
            raise Refusal("sample_has_ended", id=str(row["id"]))
        named = list(dict.fromkeys(documents)) or list(sample.unchecked)
        after = checked(sample, named, msgspec.structs.replace(found, at=at))
        moves = [
            Event("reviewed", at, found.by, document, {"reason": "quality_failed"})
            for document in named
            if _is_to_move(registry, document, found)
        ]
        data: dict[str, Any] = {"documents": named, "result": found.result, "paper": found.paper}
        if after.outcome == "drawn":
            event = "sample_checked"
        else:
            event = f"sample_{after.outcome}"
            data |= {"checked": len(after.drawn), "failed": len(after.failed)}
        matter = str(row["id"])
        registry.matters.change(
            event, matter, lambda _before: _plain(after), found.by, data, first=moves
        )
    return matter


def _is_to_move(registry: Registry, document: Id, found: Drawn) -> bool:
    """Whether a document goes into review with what was found.

    Raises:
        Refusal: see `check`.
    """
    register = registry.register
    row = register.document(document)
    state = row["state"] if row else DocumentState.DESTROYED
    if registry.config.quality.other_person:
        brought = {str(came["actor"]) for came in register.accessions(document)}
        if found.by in brought:
            raise Refusal("checker_is_bringer", id=document)
    if found.result == "pass":
        if state not in _SEEN:
            raise Refusal("not_filed", id=document, state=phrases.state_name(str(state)))
        return False
    batch = register.batch_of(document)
    if batch is not None:
        raise Refusal("document_in_batch", id=document, batch=batch)
    return state == DocumentState.FILED


def find(registry: Registry, name: str) -> Row:
    """A sample by its id or the beginning of it; without a name the newest that runs.

    Raises:
        NotFound: ``no_such_sample``, ``no_sample_runs``.
        UsageFault: ``id_not_unique``.
    """
    if not name:
        running = registry.register.matters("sample", ("drawn",))
        if not running:
            raise NotFound("no_sample_runs")
        return running[-1]
    row = registry.register.matter_named(name, "sample")
    if row is None:
        raise NotFound("no_such_sample", id=name)
    return row


def findings_of(registry: Registry, document: Id) -> list[Finding]:
    """What the samples say of a document that stand for its present scan, the newest first."""
    exchanged = max(
        (line["seq"] for line in registry.register.history([document])
         if line["event"] == "replaced"),
        default=0,
    )  # fmt: skip
    return [
        (known.id, known.state, known.sample.item(document))
        for known in sorted(known_samples(registry), key=lambda one: -one.seq)
        if known.seq > exchanged and document in known.sample.population
    ]


def report(registry: Registry) -> list[Line]:
    """How far quality control has come, by month of receipt and pipeline, the oldest first."""
    scans = Scans(registry)
    found = [one for known in scans.samples for one in known.sample.drawn]
    looked = {one.document for one in found}
    bad = {one.document for one in found if one.result == "fail"}
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in registry.register.scans():
        place = (str(row["received_on"])[:7], str(row["pipeline"]))
        counts.setdefault(place, Counter()).update(_counted(row, scans, looked, bad))
    return [
        Line(month, pipeline, **{name: count[name] for name in Line.__struct_fields__[2:]})
        for (month, pipeline), count in sorted(counts.items())
        if count.total()
    ]


def _counted(row: Row, scans: Scans, looked: set[Id], bad: set[Id]) -> Iterator[str]:
    """As what a document counts."""
    document, state = str(row["id"]), row["state"]
    if scans.documents(document):
        yield "released" if state == DocumentState.DESTROYED else "waiting"
    elif state not in (DocumentState.DESTROYED, DocumentState.WITHDRAWN) and scans.is_scan(row):
        yield "scans"
        if document in scans.coverage.passed:
            yield "covered"
        if document in looked:
            yield "drawn"
        if document in bad:
            yield "failed"


def _plain(sample: Sample) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(sample)
    return plain

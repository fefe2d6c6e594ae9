"""Stacks: the pages of several received files become one document.

Promises that fronts meet backs only within one folder and only where it is sure that they belong
together: the order of the ledger counts, not the clock, and where an earlier stack of the folder
waits for a person, every later one waits too.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import datetime

from archiver.errors import DocumentFault, IntegrityFault, ReviewNeeded
from archiver.pipeline import parts
from archiver.pipeline.leafing import as_doubt, inspected, original
from archiver.pipeline.work import Tools, Waits, Work
from archiver.records import AccessionState, DocumentState, Id
from archiver.separate.interleave import Stack, meet, woven
from archiver.store import objects
from archiver.store.objects import UNKNOWN_TYPE, Part
from archiver.store.register import Row

# So many of a folder's newest files are looked at.
_MOST = 500
# Later by the ledger is later, whatever the clock says.
_LATER = 0.001

_ON_ITS_WAY = (AccessionState.RECEIVED, AccessionState.QUARANTINED)
_STUCK = (DocumentState.REVIEW, DocumentState.QUARANTINED)


def join(work: Work, tools: Tools, sources: Sequence[Id], *, backs_last: bool) -> None:
    """Make one document of the pages of several.

    Args:
        work: one of the sources.
        tools: of the lane.
        sources: documents in order.
        backs_last: the second holds the backs to the first one's fronts, last sheet first.

    Raises:
        ReviewNeeded: they do not fit together.
    """
    rows = {source: tools.stores.register.document(source) for source in sources}
    digests = {source: str(row["sha512"]) for source, row in rows.items() if row is not None}
    if not all(parts.has_pages(rows[source], digests.get(source, "")) for source in sources):
        raise ReviewNeeded("pages_are_gone")
    if {str(row["media_type"]) for row in rows.values() if row} != {work.media_type}:
        raise ReviewNeeded("stacks_differ_in_kind")
    first = [tools.stores.holdings.receipt(source, source) for source in sources]
    if backs_last and len({receipt.pipeline for receipt in first}) > 1:
        raise ReviewNeeded("stacks_of_two_folders")
    with parts.in_the_making(work, tools) as making:
        extract, order = _woven(work, tools, sources, backs_last)
        of_each = [tuple(page for n, page in order if n == one) for one in range(len(sources))]
        said = first[0].part or Part(())
        made_of = Part(
            tuple(zip(sources, of_each, strict=True)),
            sheet=None,
            record_class=said.record_class,
            reference=said.reference,
            dossier=said.dossier,
            archive_number=said.archive_number,
            woven=backs_last,
        )
        parts.stage(making, made_of, extract)
        data = {"pages": [list(numbers) for numbers in of_each], "woven": backs_last}
        parts.say(making, digests, lambda: data)


def _woven(
    work: Work, tools: Tools, sources: Sequence[Id], backs_last: bool
) -> tuple[int, list[tuple[int, int]]]:
    """Descriptor of the joined file, and the places of its pages: source from 0, page from 1."""
    limit = tools.config.limits.pages
    with ExitStack() as stack, as_doubt():
        name = objects.original_name(work.media_type)
        fds = [stack.enter_context(tools.stores.vault.open(one, name)).fileno() for one in sources]
        looks = [tools.reader.inspect(fd, work.media_type) for fd in fds]
        counts = [len(look.sheets) for look in looks]
        if any(look.signed for look in looks):
            raise ReviewNeeded("split_signed")
        if sum(counts) > limit:
            raise ReviewNeeded("too_many_pages", limit=limit)
        order = _order(counts, backs_last)
        return tools.reader.weave(fds, work.media_type, order), order


def _order(counts: Sequence[int], backs_last: bool) -> list[tuple[int, int]]:
    """Places of all pages: woven, or one file behind the other."""
    if backs_last and len(counts) == 2:
        stacks = [Stack("", "", "", count, 0.0) for count in counts]
        return list(woven(stacks[0], stacks[1]))
    return [(n, page) for n, count in enumerate(counts) for page in range(1, count + 1)]


def meet_others(work: Work, tools: Tools) -> None:
    """Put the two sides of a stack together, once both are there.

    Raises:
        ReviewNeeded: it is not sure what belongs together.
        Waits: the other side may still come.
    """
    with original(work, tools) as fd:
        inspected(work, tools, fd)
    patience = work.rule.backs_follow_minutes * 60
    waited = max(0.0, _seconds(tools.stores.now()) - _seconds(work.received_at))
    stacks = _stacks(work, tools, patience)
    own = next(n for n, stack in enumerate(stacks) if stack.id == work.id)
    if any(not stack.media_type for stack in stacks[:own]):
        raise ReviewNeeded("stacks_out_of_step")
    meeting = meet(stacks, stacks[own].arrived + waited, patience)
    for couple in meeting.couples:
        if couple.backs.id == work.id:
            join(work, tools, (couple.fronts.id, work.id), backs_last=True)
            return
    for couple in meeting.misfits:
        if work.id in (couple.fronts.id, couple.backs.id):
            if not (couple.fronts.media_type and couple.backs.media_type):
                raise ReviewNeeded("stacks_out_of_step")
            woven(couple.fronts, couple.backs)
    if work.id in dict(meeting.doubts):
        raise ReviewNeeded("stack_alone")
    raise Waits(min(max(1.0, patience - waited), patience))


def _stacks(work: Work, tools: Tools, patience: float) -> list[Stack]:
    """What lies unsettled in the folder since the last long pause, in the ledger's order.

    One that cannot be put together with anything keeps its place, without kind and pages.
    """
    rows = tools.stores.register.newest_files(work.receipt.pipeline, _MOST)[::-1]
    own = next(n for n, row in enumerate(rows) if row["id"] == work.id)
    start = own
    while start and _apart(rows[start - 1], rows[start]) <= patience:
        start -= 1
    stacks: list[Stack] = []
    before: Row | None = None
    for row in rows[start:]:
        pages, media_type = _fit(row, tools)
        if pages is None:
            continue
        gap = max(_apart(before, row), _scanned_apart(before, row, tools)) if before else 0.0
        arrived = stacks[-1].arrived + max(gap, _LATER) if stacks else 0.0
        stacks.append(Stack(str(row["id"]), work.receipt.pipeline, media_type, pages, arrived))
        before = row
    return stacks


def _fit(row: Row, tools: Tools) -> tuple[int | None, str]:
    """Pages and kind of a stack; no pages where it fits nothing, None where it is none."""
    kind = str(row["media_type"])
    if row["state"] == AccessionState.DUPLICATE:
        return 0, ""
    if row["state"] not in _ON_ITS_WAY or kind not in (*objects.HOLD_PAGES, UNKNOWN_TYPE):
        return None, ""
    if row["document_state"] in _STUCK:
        return 0, ""
    document = str(row["id"])
    if row["document_state"] != DocumentState.ACCEPTED or _is_ordered(row, tools):
        return None, ""
    inspection = parts.store_of(tools, document).inspection()
    if inspection is None:
        with tools.stores.vault.open(document, objects.original_name(kind)) as file:
            try:
                inspection = tools.reader.inspect(file.fileno(), kind)
            except DocumentFault:
                # Its own walk will find the same.
                return 0, ""
        with suppress(FileNotFoundError):  # its own walk has ended meanwhile
            parts.store_of(tools, document).save_inspection(inspection)
    return len(inspection.sheets), kind


def _is_ordered(row: Row, tools: Tools) -> bool:
    """Whether a person has said what is to become of a stack."""
    record, _is_whole = tools.stores.holdings.record_left(str(row["id"]), int(row["version"]))
    return record.order is not None


def _apart(one: Row, other: Row) -> float:
    """Seconds between two arrivals; a clock that was set back makes no stacks follow closely."""
    return abs(_seconds(str(one["received_at"])) - _seconds(str(other["received_at"])))


def _scanned_apart(one: Row, other: Row, tools: Tools) -> float:
    """Seconds between the last changes of two drops: they may have lain there for a while."""
    drops = []
    for row in (one, other):
        with suppress(IntegrityFault):
            drops.append(tools.stores.holdings.receipt(str(row["document"]), str(row["id"])).drop)
    times = [drop.mtime_ns for drop in drops if drop is not None]
    return abs(times[0] - times[1]) / 1e9 if len(times) == 2 else 0.0


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()

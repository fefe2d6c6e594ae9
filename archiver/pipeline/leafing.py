"""Leafing through a received file: the first look, and every page read once and kept.

Promises that finished pages survive whatever comes after, and that a long document lets others go
first after each turn.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from archiver.errors import DocumentFault, ReviewNeeded
from archiver.pipeline.pagestore import PageStore
from archiver.pipeline.work import NotYet, Tools, Work
from archiver.recognise.inspection import Inspection
from archiver.recognise.reader import Pixels
from archiver.recognise.sealing import copied
from archiver.records import Page
from archiver.store import durable, fixity, objects

log = logging.getLogger(__name__)

# Pages that are read before another document gets its turn.
TURN = 8


@contextmanager
def as_doubt() -> Iterator[None]:
    """Leave it to a person where pages cannot be moved: the file itself may be read all the same.

    Raises:
        ReviewNeeded: with the reason of the fault.
    """
    try:
        yield
    except ReviewNeeded:
        raise
    except DocumentFault as fault:
        raise ReviewNeeded(fault.reason, **fault.params) from fault


@contextmanager
def original(work: Work, tools: Tools) -> Iterator[int]:
    """Copy the received file for the cage: what it does to its copy reaches nothing.

    The bytes are hashed as they are copied, and the stored ones once more at the end.

    Yields:
        descriptor of the copy, open for reading.

    Raises:
        DocumentFault: it is empty or nothing that can be read; ``object_damaged`` where the stored
            bytes are not those that were received.
        ReviewNeeded: it is too large to be opened.
    """
    if work.media_type == objects.UNKNOWN_TYPE:
        raise DocumentFault("unsupported_type" if work.size else "empty_file")
    limit = tools.config.limits.file_mib
    if work.size > limit << 20:
        raise ReviewNeeded("file_too_large", limit=limit)
    stored = tools.stores.vault.path(work.id, objects.original_name(work.media_type))
    try:
        with durable.opened(stored) as file:
            copy = copied(file.fileno(), tools.config.places.stage)
    except fixity.OUT_OF_PLACE as error:
        raise DocumentFault("object_damaged", id=work.id) from error
    try:
        _compare(work, copy.sha512)
        yield copy.fd
        _compare(work, durable.file_digest(stored))
    finally:
        os.close(copy.fd)


def _compare(work: Work, sha512: str) -> None:
    """Refuse bytes that were not received; of a document without receipt nobody knows any."""
    if work.sha512 not in ("", sha512):
        log.error("original is not what was received", extra={"id": work.id})
        raise DocumentFault("object_damaged", id=work.id)


def inspected(work: Work, tools: Tools, fd: int) -> Inspection:
    """The first look at a file, taken once.

    Raises:
        ReviewNeeded: it has more pages than are allowed.
        DocumentFault: it cannot be opened.
    """
    inspection = work.store.inspection()
    if inspection is None:
        inspection = tools.reader.inspect(fd, work.media_type)
        work.store.save_inspection(inspection)
    limit = tools.config.limits.pages
    if len(inspection.sheets) > limit:
        raise ReviewNeeded("too_many_pages", limit=limit)
    return inspection


def read_pages(work: Work, tools: Tools, fd: int, count: int, *, marks: bool) -> list[Page]:
    """All pages of a file, those that are not kept yet read now.

    Args:
        work: whose pages.
        tools: of the lane.
        fd: of the file.
        count: of its pages.
        marks: whether marks of separator sheets and labels are looked for.

    Raises:
        NotYet: others wait, and this document has had its turn.
        DocumentFault: a page cannot be read.
    """
    missing = work.store.missing(count)
    for start in range(0, len(missing), TURN):
        if start and tools.others_wait():
            raise NotYet
        _read(work, tools, fd, missing[start : start + TURN], marks)
    stored = [work.store.page(number) for number in range(1, count + 1)]
    pages = [page for page in stored if page is not None]
    if len(pages) < count:
        # A page that a power cut left half written was thrown away: it is read again.
        raise NotYet
    return pages


def _read(work: Work, tools: Tools, fd: int, wanted: Sequence[int], marks: bool) -> None:
    """Read some pages; every finished one is kept at once."""
    waiting: list[Future[Page]] = []
    try:
        for item in tools.reader.pages(fd, work.media_type, wanted, marks=marks):
            if isinstance(item, Pixels):
                waiting.append(tools.engines.submit(item, marks=marks))
            else:
                work.store.save(item)
            while len(waiting) > tools.engines.count:
                work.store.save(waiting.pop(0).result())
    finally:
        # Pages that can still be finished are kept even where one of them failed.
        failed = [error for future in waiting if (error := _keep(future, work.store))]
    if failed:
        raise failed[0]


def _keep(future: Future[Page], store: PageStore) -> BaseException | None:
    error = future.exception()
    if error is None:
        store.save(future.result())
    return error

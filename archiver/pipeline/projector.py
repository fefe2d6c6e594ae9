"""What follows from the ledger for the outside: the index, the clerk's notices and receipts.

Promises that these lag behind the ledger by moments only and are made from it again after any
crash: the index knows the last line it has seen, notices and receipts are written whole.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from archiver import phrases
from archiver.config import Config, Pipeline
from archiver.errors import IntegrityFault, NotFound, SystemFault
from archiver.extract.einvoice_reading import Statement
from archiver.extract.einvoice_text import plain
from archiver.inbox import notices
from archiver.inbox.names import display_name
from archiver.inbox.settling import Held
from archiver.phrases import tr
from archiver.pipeline.chore import Chore
from archiver.pipeline.health import Health
from archiver.records import AccessionState, DocumentState, Id
from archiver.search.index import Entry, SearchIndex
from archiver.sight import guard
from archiver.store import objects
from archiver.store.holdings import Holdings
from archiver.store.register import Register, Row

log = logging.getLogger(__name__)

_BATCH = 200

# The pages of a divided batch are found in its documents.
_NOT_FOUND = (DocumentState.DESTROYED, DocumentState.DIVIDED)
_RECEIPTS = 500
_RENEWAL = "renewal"
_FAREWELL = 5.0  # seconds


class Projector:
    """Keeps index, notices and receipts of one archive up with its ledger.

    Args:
        config: of the archive.
        register: is read.
        holdings: is read.
        index: is written by nobody else.
        health: where trouble is said.
        renew: makes another index in the place of a damaged one; gives the number of documents in
            it, and the index. None: damage is only told.
    """

    def __init__(
        self,
        config: Config,
        register: Register,
        holdings: Holdings,
        index: SearchIndex,
        health: Health,
        renew: Callable[[], tuple[int, SearchIndex]] | None = None,
    ) -> None:
        self._config = config
        self._register = register
        self._holdings = holdings
        self._index = index
        self._health = health
        self._renew = renew
        self._held: dict[Path, tuple[Held, ...]] = {}
        self._published: dict[str, tuple[list[notices.ProblemNotice], list[notices.Receipt]]] = {}
        self._indexing = threading.Lock()
        self._publishing = {pipeline.name: threading.Lock() for pipeline in config.pipelines}
        self._is_damaged = threading.Event()
        self._index_chore = Chore("index", self._keep_index, health)
        self._notice_chores = {one.name: self._notice_chore(one) for one in config.pipelines}

    def _notice_chore(self, pipeline: Pipeline) -> Chore:
        # Each has a thread: a folder that cannot be written keeps no other waiting.
        return Chore(f"notices:{pipeline.name}", lambda: self._publish_one(pipeline), self._health)

    @property
    def _chores(self) -> tuple[Chore, ...]:
        return (self._index_chore, *self._notice_chores.values())

    def start(self) -> None:
        """Begin to follow the ledger."""
        for chore in self._chores:
            chore.start()

    def wake(self) -> None:
        """Something was recorded."""
        for chore in self._chores:
            chore.wake()

    def held(self, folder: Path, held: tuple[Held, ...]) -> None:
        """Files that are held in a drop folder; the clerk is told."""
        if self._held.get(folder, ()) != held:
            self._held[folder] = held
            for chore in self._notice_chores.values():
                chore.wake()

    def current(self) -> bool:
        """Whether everything that is in the ledger can be found."""
        return self._index.cursor() == self._register.head()[0]

    def stop(self) -> None:
        """Follow to the end once more and stop; a folder that hangs is not waited for."""
        for chore in self._chores:
            chore.halt()
        for notices_of_one in self._notice_chores.values():
            notices_of_one.join(_FAREWELL)
        self._index_chore.join()

    def damaged(self) -> None:
        """The index turned out to be damaged: it is made anew by itself."""
        self._is_damaged.set()
        self._index_chore.wake()

    def _keep_index(self) -> None:
        """Follow; an index that cannot be read, or not be written for its own sake, is made anew.

        Raises:
            SystemFault: the disk is at fault, or no new index can be made.
        """
        if not self._is_damaged.is_set():
            try:
                self.follow()
            except SystemFault as fault:
                if self._renew is None or not self._is_beyond_repair(fault):
                    raise
                log.warning("index is made anew", extra={"reason": fault.reason})
            else:
                return
        if self._renew is not None:
            self._health.note(_RENEWAL, SystemFault("index_renewing"))
            self.exchange(self._renew)
        self._is_damaged.clear()
        self._health.well(_RENEWAL)

    def _is_beyond_repair(self, fault: SystemFault) -> bool:
        if fault.reason == "index_write_failed":
            return _can_write(self._config.places.index)
        return fault.reason == "index_damaged"

    def exchange(self, make: Callable[[], tuple[int, SearchIndex]]) -> int:
        """Put another index in the place of the present one while nobody writes.

        Args:
            make: makes it; gives the number of documents in it, and the index.
        """
        with self._indexing:
            count, self._index = make()
        self.wake()
        return count

    def follow(self) -> None:
        """Have everything that is in the ledger found from now on.

        Raises:
            SystemFault: the index cannot be written.
        """
        with self._indexing:
            follow(self._index, self._register, self._holdings)

    def publish(self) -> None:
        """Tell the clerks of each folder; one that cannot be written keeps no other waiting.

        Raises:
            SystemFault: as the last folder that could not be written said.
        """
        trouble: Exception | None = None
        for pipeline in self._config.pipelines:
            try:
                self._publish_one(pipeline)
            except Exception as error:
                trouble = error
        if trouble is not None:
            raise trouble

    def _publish_one(self, pipeline: Pipeline) -> None:
        with self._publishing[pipeline.name]:
            self._publish_locked(pipeline)

    def _publish_locked(self, pipeline: Pipeline) -> None:
        folder = self._config.drop_folder(pipeline)
        problems = list(self._notices(pipeline, folder))
        newest = self._register.newest_accessions(pipeline.name, _RECEIPTS)
        receipts = [_receipt(row) for row in newest]
        if self._published.get(pipeline.name) == (problems, receipts):
            return
        self._published.pop(pipeline.name, None)
        notices.publish(folder, problems)
        header = (tr("file"), tr("id"), tr("state"), tr("time"))
        notices.receipts(folder, header, receipts)
        self._published[pipeline.name] = (problems, receipts)

    def _notices(self, pipeline: Pipeline, folder: Path) -> Iterator[notices.ProblemNotice]:
        for row in self._register.problems([pipeline.name]):
            text = _notice_text(str(row["id"]), str(row["reason"]), row["params"])
            yield notices.ProblemNotice(str(row["file"]), bytes(row["file_raw"]), text)
        for held in self._held.get(folder, ()):
            name = held.sighting.name
            text = _notice_text(None, held.reason, {})
            yield notices.ProblemNotice(display_name(name), name, text)


def _can_write(folder: Path) -> bool:
    """Whether the disk takes a megabyte: then it is not the disk that refuses the index."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(1 << 20))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


def follow(index: SearchIndex, register: Register, holdings: Holdings) -> None:
    """Bring an index up to the newest line that the catalogue has."""
    head, cursor = register.head()[0], index.cursor()
    if cursor >= head:
        return
    if cursor == 0:
        fill(index, register, holdings, lambda _done, _total: None)
        return
    changed = sorted(register.changed_after(cursor))
    documents = {str(row["id"]): row for i in changed if (row := register.document(i)) is not None}
    _apply(index, documents.values(), register, holdings, head)


def fill(
    index: SearchIndex,
    register: Register,
    holdings: Holdings,
    progress: Callable[[int, int], None],
    unread: Callable[[Id], None] = lambda _id: None,
) -> int:
    """Put every document into an empty index; returns how many.

    Args:
        index: empty.
        register: is read.
        holdings: is read.
        progress: is told documents done and documents in all.
        unread: is told documents whose words cannot be read; they are found by all else.
    """
    head = register.head()[0]
    total = sum(register.counts().values())
    done = 0
    batch: list[Row] = []
    for identifier in register.documents():
        row = register.document(identifier)
        if row is not None:
            batch.append(row)
        if len(batch) == _BATCH:
            _apply(index, batch, register, holdings, 0, unread)
            done += len(batch)
            progress(done, total)
            batch = []
    _apply(index, batch, register, holdings, head, unread)
    progress(done + len(batch), total)
    return done + len(batch)


def _apply(
    index: SearchIndex,
    rows: Iterable[Row],
    register: Register,
    holdings: Holdings,
    cursor: int,
    unread: Callable[[Id], None] = lambda _id: None,
) -> None:
    """Write rows in batches; the cursor moves with the last one."""
    rows = list(rows)
    for start in range(0, max(len(rows), 1), _BATCH):
        part = rows[start : start + _BATCH]
        gone = [str(row["id"]) for row in part if row["state"] in _NOT_FOUND]
        entries = [_entry(row, register, holdings, unread) for row in part if row["id"] not in gone]
        last = start + _BATCH >= len(rows)
        index.apply(entries, gone, cursor if last else min(cursor, index.cursor()))


def _entry(row: Row, register: Register, holdings: Holdings, unread: Callable[[Id], None]) -> Entry:
    identifier: Id = str(row["id"])
    files = [str(accession["file"]) for accession in register.accessions(identifier)]
    try:
        texts = _texts(row, holdings)
    except (IntegrityFault, NotFound) as fault:
        # It is found by what the catalogue knows; `verify` names what is wrong with it.
        log.error("object damaged", extra={"id": identifier, "reason": fault.reason})
        unread(identifier)
        texts = []
    return Entry(
        id=identifier,
        state=str(row["state"]),
        record_class=row["record_class"],
        reference=row["reference"],
        subject=row["subject"],
        sender=row["sender"],
        date=row["letter_date"],
        received_on=str(row["received_on"]),
        file_name=" ".join(dict.fromkeys(files)),
        dossier=row["dossier"],
        pages=tuple(texts),
        page_count=int(row["pages"] or 0),
        guard=guard(str(row["state"]), row["record_class"], row["proposed"]),
    )


def _texts(row: Row, holdings: Holdings) -> list[str]:
    """What the pages of a document say, of that document and no other."""
    identifier: Id = str(row["id"])
    holdings.require_own(row)
    texts = [page.text for page in holdings.pages(identifier)]
    if objects.INVOICE_ATTACHED in row["findings"] and texts:
        texts[-1] += _invoice_text(identifier, holdings)
    return texts


def _invoice_text(document: Id, holdings: Holdings) -> str:
    """What an attached invoice says, also what its pages do not show."""
    invoice = holdings.record(document).invoice
    if invoice is None:
        return ""
    return "\n\n" + plain(msgspec.convert(invoice, Statement).invoice)


def _receipt(row: Row) -> notices.Receipt:
    state = str(row["document_state"])
    if row["state"] == AccessionState.DUPLICATE:
        state = str(AccessionState.DUPLICATE)
    return notices.Receipt(
        str(row["file"]),
        str(row["id"]),
        phrases.state_name(state),
        phrases.moment(str(row["received_at"])),
    )


def _notice_text(identifier: Id | None, reason: str, params: dict[str, object]) -> str:
    """The clerk's notice: what happened, what to do, under which number to ask."""
    lines = [phrases.sentence(reason, params), "", phrases.advice(reason, params)]
    if identifier is not None:
        lines += ["", tr("Number in the archive: {id}").format(id=identifier)]
    return "\n".join(lines) + "\n"

"""The house: the parts of one archive in one process, each opened when it is first needed.

Promises that nobody else writes while the house is held exclusively, and that asking the index
does not open the database.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from archiver.clock import now as machine_now
from archiver.config import Config
from archiver.errors import DocumentFault, ExitCode, IntegrityFault, Refusal, SystemFault
from archiver.machine import fault_of, user_name
from archiver.patience import Patience
from archiver.records import DocumentState, Event, Id, check_transition
from archiver.rights import owner_of

if TYPE_CHECKING:
    from archiver.pipeline.intake import Intake
    from archiver.pipeline.office import Office
    from archiver.pipeline.rescan import Rescan
    from archiver.pipeline.school import School
    from archiver.registry.parts import Registry
    from archiver.search.index import SearchIndex
    from archiver.store.holdings import Holdings
    from archiver.store.ledger import Ledger
    from archiver.store.objects import Note, Part, Record
    from archiver.store.rebuilding import Sources
    from archiver.store.register import Register
    from archiver.store.stores import Stores
    from archiver.store.timekeeping import Doubt, Timekeeper
    from archiver.store.vault import LocalVault

_PATIENCE = 5.0
_PICTURE_SECONDS = 15  # somebody sits before it


def new_id() -> str:
    """A fresh ULID."""
    from ulid import ULID

    return str(ULID())


class House:
    """Parts of one archive.

    Args:
        config: of the archive.
        now: gives the time, UTC, ISO 8601.
        progress: is told lines done and in all where the catalogue has to be made anew.

    Attributes:
        config: as given.
        office: the daemon's parts in this process, None where no daemon runs here.
    """

    def __init__(
        self,
        config: Config,
        now: Callable[[], str] = machine_now,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        self.config = config
        self._progress = progress
        # A clock of the caller's own is believed; the machine's has to be looked at.
        self._given = None if now is machine_now else now
        self.office: Office | None = None

    @cached_property
    def time(self) -> Timekeeper:
        """The archive's time."""
        from archiver.store.timekeeping import Timekeeper

        return Timekeeper(self.config.places.stage, self.ledger.last_at)

    def now(self) -> str:
        """The time to be written down, UTC, ISO 8601."""
        return self.time.now() if self._given is None else self._given()

    def sure(self) -> str:
        """The time by which periods end, UTC, ISO 8601; it stands still where a clock jumped."""
        return self.time.sure() if self._given is None else self._given()

    def doubt(self) -> Doubt | None:
        """Why the machine's clock cannot be believed, None where it can."""
        return self.time.doubt() if self._given is None else None

    def require_sure_time(self) -> None:
        """Refuse what nobody can take back while the clock is in doubt.

        Raises:
            Refusal: ``clock_in_doubt``.
        """
        if self.doubt() is not None:
            raise Refusal("clock_in_doubt")

    @cached_property
    def owner(self) -> int:
        """User to whom the archive belongs."""
        return owner_of(self.config)

    def require_owner(self) -> None:
        """Refuse to open the archive as somebody else: his files would lock the owner out.

        Raises:
            Refusal: ``daemon_needed``, or for root ``not_the_owner``.
        """
        uid = os.geteuid()
        if uid == self.owner:
            return
        if uid != 0:
            raise Refusal("daemon_needed")
        raise Refusal("not_the_owner", owner=user_name(self.owner))

    def prepare(self) -> None:
        """See that the owner asks, and make the folders that can be made anew.

        Where the vault is not, its disk may not be mounted: then nothing is made.

        Raises:
            Refusal: as `require_owner`.
            SystemFault: ``disk_full``, ``storage_failed``.
        """
        self.require_owner()
        places = self.config.places
        missing = [folder for folder in places.renewable().values() if not folder.is_dir()]
        if missing:
            from archiver.store import durable, ocfl

            if (places.vault / ocfl.ROOT_DECLARATION).is_file():
                with durable.storage_faults(places.vault):
                    for folder in missing:
                        durable.make_folder(folder)

    @cached_property
    def vault(self) -> LocalVault:
        """The vault."""
        from archiver.store.vault import LocalVault

        return LocalVault(self.config.places.vault, self.config.places.stage)

    @cached_property
    def holdings(self) -> Holdings:
        """Reads of our own files in the vault."""
        from archiver.store.holdings import Holdings

        return Holdings(self.vault)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        from archiver.store.ledger import Ledger

        ledger = Ledger(self.config.places.ledger)
        torn = ledger.open()
        if torn is not None:
            # Only here: a search without the daemon must not pay for it.
            import logging

            # A line that a crash cut off was never acknowledged; its bytes lie in a file beside.
            log = logging.getLogger(__name__)
            log.warning("torn ledger line put aside", extra={"file": torn.file, "kept": torn.kept})
        return ledger

    @cached_property
    def register(self) -> Register:
        """Ledger and catalogue as one; a catalogue of other tables is made anew."""
        from archiver.store import rebuilding
        from archiver.store.register import Register

        catalogue = self.config.places.catalogue
        rebuilding.ensure_current(catalogue, self._sources, self._progress)
        register = Register(catalogue, self.ledger, self.holdings)
        register.catch_up()
        return register

    def lacks_ledger(self) -> bool:
        """Whether the vault has objects, but the ledger has no line at all."""
        if self.register.head()[0]:
            return False
        return any(not self.vault.is_announced(one) for one in self.vault.ids())

    def require_ledger(self) -> None:
        """Refuse to go on as a new archive where the ledger of an old one is lost.

        Raises:
            IntegrityFault: ``ledger_lost``.
        """
        if self.lacks_ledger():
            raise IntegrityFault("ledger_lost", path=str(self.config.places.ledger))

    @cached_property
    def stores(self) -> Stores:
        """Vault, ledger and catalogue, and the door through which they are changed."""
        from archiver.store.stores import Stores

        return Stores(self.vault, self.holdings, self.register, self.now, new_id)

    @cached_property
    def index(self) -> SearchIndex:
        """The search index."""
        from archiver.search.index import open_index

        return open_index(self.config.search.engine, self._index_folder)

    def current_index(self) -> SearchIndex:
        """The index, brought up to the ledger where a daemon died before it could."""
        if self.office is None and self._index_may_be_behind():
            from archiver.pipeline.projector import follow

            # Another process that is writing it brings it up as well.
            with contextlib.suppress(SystemFault):
                follow(self.index, self.register, self.holdings)
        if self.office is None:
            return self.index
        from archiver.search.reporting import ReportingIndex

        return ReportingIndex(self.index, self.office.index_damaged)

    def _index_may_be_behind(self) -> bool:
        """Whether the ledger was written after the index; the files' times tell."""
        written = _newest(self.config.places.ledger)
        return written > 0 and written > _newest(self._index_folder)

    @property
    def _index_folder(self) -> Path:
        return self.config.places.index / "current"

    @cached_property
    def intake(self) -> Intake:
        """The way in."""
        from archiver.pipeline.intake import Intake

        return Intake(self.config, self.stores)

    @cached_property
    def rescan(self) -> Rescan:
        """The exchange of scans."""
        from archiver.pipeline.rescan import Rescan

        return Rescan(self.config.places.stage, self.stores)

    @cached_property
    def registry(self) -> Registry:
        """Dossiers, periods, holds and disposition."""
        from archiver.registry.parts import Registry
        from archiver.store.matters import Matters

        return Registry(
            config=self.config,
            vault=self.vault,
            register=self.register,
            holdings=self.holdings,
            matters=Matters(self.stores),
            now=self.now,
            sure=self.sure,
            require_sure_time=self.require_sure_time,
        )

    def folders(self) -> list[Path]:
        """All drop folders."""
        return [self.config.drop_folder(pipeline) for pipeline in self.config.pipelines]

    def reindex(
        self,
        progress: Callable[[int, int], None],
        unread: Callable[[Id], None] = lambda _id: None,
    ) -> int:
        """Make the index anew beside the old one and exchange them; returns the documents.

        Args:
            progress: is told documents done and in all.
            unread: is told documents whose words cannot be read.
        """
        if self.office is None:
            return self.new_index(progress, unread)[0]
        return self.office.exchange_index(lambda: self.new_index(progress, unread))

    def new_index(
        self,
        progress: Callable[[int, int], None],
        unread: Callable[[Id], None] = lambda _id: None,
    ) -> tuple[int, SearchIndex]:
        """Make another index in the place of the present one, while nobody writes there."""
        import shutil

        from archiver.pipeline.projector import fill
        from archiver.search.index import open_index
        from archiver.store import durable

        folder = self.config.places.index
        fresh, current, old = folder / "fresh", folder / "current", folder / "old"
        for leftover in (fresh, old):
            durable.remove_tree(leftover)
        index = open_index(self.config.search.engine, fresh)
        count = fill(index, self.register, self.holdings, progress, unread)
        with contextlib.suppress(FileNotFoundError):
            current.rename(old)
        fresh.rename(current)
        shutil.rmtree(old, ignore_errors=True)
        self.__dict__.pop("index", None)
        return count, self.index

    def new_catalogue(self, progress: Callable[[int, int], None]) -> int:
        """Make the catalogue anew beside the old one and exchange them; returns the ledger's lines.

        Raises:
            IntegrityFault, SystemFault: see `archiver.store.rebuilding.rebuild`.
        """
        from archiver.store import rebuilding

        self.close()
        return rebuilding.rebuild(self.config.places.catalogue, self._sources, progress)

    @property
    def _sources(self) -> Sources:
        """What a catalogue is made from."""
        from archiver.store.rebuilding import Sources

        return Sources(self.ledger, self.holdings)

    def settle(self, event: str, document: Id, reason: str | None, actor: str) -> None:
        """Record a person's decision; its free text goes into the object, not the ledger.

        Args:
            event: kind of the ledger line, one of those that move a document.
            document: concerned.
            reason: the person's words, or None.
            actor: pseudonym of the person.

        Raises:
            Refusal: the document's state does not allow it.
        """
        from archiver.store.objects import Note

        if reason is None:
            self.register.record(Event(event, self.now(), actor, document))
            return
        note = Note(self.now(), actor, event, reason)
        self.decide(event, document, lambda record, _part: _noted(record, note), {}, actor)

    def decide(
        self,
        event: str,
        document: Id,
        change: Callable[[Record, Part | None], Record],
        data: Mapping[str, Any],
        actor: str,
        seen: str | None = None,
    ) -> None:
        """Record a person's decision: what was said goes into the object, codes into the ledger.

        Args:
            event: kind of the ledger line, one of those that move a document.
            document: concerned.
            change: makes the new record from the one before and what a separator sheet said.
            data: codes and keys for the ledger.
            actor: pseudonym of the person.
            seen: state in which the person saw the document, where that matters.

        Raises:
            Refusal: the document's state does not allow it, or is no longer what was seen.
        """
        from archiver.store import objects
        from archiver.store.projection import MOVES

        with self.stores.commit(actor) as made:
            made.alone()
            row = self.register.document(document)
            assert row is not None
            check_transition(DocumentState(row["state"]), MOVES[event], document)
            if seen is not None and row["state"] != seen:
                state, wanted = str(row["state"]), str(MOVES[event])
                raise Refusal("wrong_state", id=document, state=state, wanted=wanted)
            record = change(
                self.holdings.record(document, int(row["version"])),
                self.holdings.receipt(document, document).part,
            )
            version = made.version(document, {objects.RECORD: objects.encode(record)}, event)
            made.line(event, document, {**data, "version": version})

    def destroy(self, document: Id, actor: str, data: Mapping[str, Any]) -> None:
        """Destroy an object: the ledger says so first, so that a crash is finished at the start.

        Raises:
            Refusal: the document's state does not allow it.
        """
        with self.stores.commit(actor) as change:
            change.line("destroyed", document, data)
            change.end(document)

    def picture(self, document: Id, media_type: str, page: int, patience: Patience) -> BinaryIO:
        """Have a page drawn as PNG, in a cage.

        Args:
            document: its id.
            media_type: of its original.
            page: number from 1.
            patience: of the person who waits for it.

        Raises:
            DocumentFault: ``picture_too_slow``, ``picture_failed``, or what is wrong with the file.
        """
        from archiver.pipeline.office import cage_of, reader_of
        from archiver.recognise.exchange import WorkerDied
        from archiver.store import durable, objects

        name = objects.original_name(media_type)
        if self.holdings.has_rendition(document):
            name, media_type = objects.RENDITION, "application/pdf"
        slot = f"desk-{new_id()}"
        reader = reader_of(self.config, cage_of(self.config), slot, seconds=_PICTURE_SECONDS)
        try:
            with self.vault.open(document, name) as file, reader, patience.held(reader.close):
                return os.fdopen(reader.preview(file.fileno(), media_type, page), "rb")
        except WorkerDied as died:
            raise DocumentFault("picture_failed", page=page) from died
        except DocumentFault as fault:
            if fault.reason != "took_too_long":
                raise
            seconds = _PICTURE_SECONDS
            raise DocumentFault("picture_too_slow", page=page, seconds=seconds) from fault
        finally:
            durable.remove_tree(self.config.places.stage / "cage" / slot)

    @property
    def school(self) -> School:
        """Where the archive learns: the daemon's where it runs here."""
        return self.office.school if self.office is not None else self._own_school

    @cached_property
    def _own_school(self) -> School:
        from archiver.pipeline.school import School

        return School(self.config, self.register.record, self.now)

    def teach(self, document: Id, record_class: str, *, corrected: bool) -> None:
        """Make a person's decision an example."""
        from archiver.classify.examples import Example

        row = self.register.document(document)
        text = "\n\n".join(page.text for page in self.holdings.pages(document))
        if row is not None and text:
            day = str(row["letter_date"] or row["received_on"])
            self.school.teach([Example(text, record_class, document, day, corrected)])

    def close(self) -> None:
        """Close what was opened."""
        self.__dict__.pop("registry", None)
        self.__dict__.pop("stores", None)
        register: Register | None = self.__dict__.pop("register", None)
        if register is not None:
            register.close()


def _noted(record: Record, note: Note) -> Record:
    return msgspec.structs.replace(record, notes=(*record.notes, note))


def _newest(folder: Path) -> int:
    """When the newest file in a folder was written, in ns; 0 where there is none."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return 0
    return max((entry.stat().st_mtime_ns for entry in entries if entry.is_file()), default=0)


@contextmanager
def held(config: Config, *, exclusive: bool, patience: float = _PATIENCE) -> Iterator[None]:
    """Hold the archive, alone or together with other readers.

    Args:
        config: of the archive.
        exclusive: alone.
        patience: seconds to wait while another process holds it.

    Raises:
        Refusal: ``locked``: another process holds it and does not let go in time.
        SystemFault: ``access_denied``: the caller may not open the archive; or as the disk said.
    """
    try:
        fd = os.open(_lock_file(config), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise fault_of(error, _lock_file(config)) from error
    try:
        _lock(fd, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, patience)
        yield
    finally:
        os.close(fd)


def _lock_file(config: Config) -> Path:
    return config.places.catalogue.with_name("archiver.lock")


def _lock(fd: int, kind: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        if time.monotonic() > deadline:
            refusal = Refusal("locked")
            refusal.exit_code = ExitCode.LOCKED
            raise refusal
        time.sleep(0.05)

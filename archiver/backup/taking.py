"""Taking a set: the archive is read while it works, without asking it to pause.

Promises that a set holds the archive as it was at one line of its ledger, with whatever the vault
had already beyond that. It reads in the order in which nothing can fall between two stools: a drop
goes from its folder into the vault and then to the released ones, an object is written before its
line, and is removed after its line; so first the drops, then the line is chosen, then the objects,
and where one of them went meanwhile, a later line is chosen and what happened until then is looked
at again. An object that is damaged in the archive is taken as the set before had it, and told; of a
ledger whose chain does not hold, no set is made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Container, Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import msgspec

from archiver.backup import sets
from archiver.backup.pool import Changed, Pool, writing
from archiver.backup.sets import Head, Kept, Line
from archiver.config import Config
from archiver.errors import IntegrityFault, SystemFault
from archiver.inbox.settling import PROBLEMS, RECEIPTS, TEMPORARY_PREFIX
from archiver.proof.heads import stored_seals
from archiver.records import MATTER_STEPS, MATTERS_GONE, Id
from archiver.store import chain, durable, ocfl
from archiver.store.ledger import Ledger
from archiver.store.rebuilding import require_ledger
from archiver.store.tree import Tree

Progress = Callable[[int, int], None]

_ROUNDS = 10
_TRIES, _MOMENT = 50, 0.02  # a version is published in a few milliseconds
# An object is there from such a line on, and until such a one.
_BEGINNING = {"received"} | {event for event, step in MATTER_STEPS.items() if not step.before}
_REMOVING = {"destroyed"} | {
    event for event, step in MATTER_STEPS.items() if step.after in MATTERS_GONE
}
_PURGED = "purged"


class Trouble(msgspec.Struct, frozen=True):
    """Something that the archive could not give.

    Attributes:
        code: reason code.
        id: of the object; empty where it is another file.
        path: of the file.
    """

    code: str
    id: Id
    path: str


class Taken(NamedTuple):
    """What came of a back-up.

    Attributes:
        number: of the set.
        head: its first line.
        objects: in it.
        files: beside the vault.
        troubles: what the archive could not give.
    """

    number: int
    head: Head
    objects: int
    files: int
    troubles: list[Trouble]


def take(config: Config, folder: Path, pool: Pool, now: str, progress: Progress) -> Taken:
    """Take a set of an archive, whether its daemon runs or not.

    Args:
        config: of the archive.
        folder: a founded back-up folder that is held.
        pool: of that folder.
        now: UTC, ISO 8601.
        progress: is told objects done and in all.

    Raises:
        SystemFault: ``backup_unwritable``, ``backup_restless``.
        IntegrityFault: ``ledger_broken``.
    """
    taking = _Taking(config, pool, _before(folder), progress)
    head, lines = taking.run(now)
    pool.settle()
    number = max(sets.numbers(folder), default=0) + 1
    with writing(folder):
        sets.write(folder, number, head, lines)
    objects = sum(1 for line in lines if line.id)
    return Taken(number, head, objects, len(lines) - objects, taking.troubles)


def require_whole(config: Config) -> None:
    """Refuse to take an archive whose vault is not there, or whose ledger is not what it was.

    Raises:
        SystemFault: ``vault_missing``.
        IntegrityFault: ``ledger_broken``, ``catalogue_ahead``.
    """
    Tree(config.places.vault).require()
    require_ledger(Ledger(config.places.ledger), config.places.catalogue)


def first_digest(ledger: Ledger) -> str:
    """Digest of a ledger's first line, empty where there is none; it tells archives apart."""
    return next((entry.digest for entry in ledger.read()), "")


def _before(folder: Path) -> dict[Id, Kept]:
    """The objects of the newest set that can be read."""
    for number in reversed(sets.numbers(folder)):
        one = sets.read(folder, number)
        if one.lines:
            return one.objects()
    return {}


class _Taking:
    """One run."""

    def __init__(
        self, config: Config, pool: Pool, before: dict[Id, Kept], progress: Progress
    ) -> None:
        self._config = config
        self._places = config.places
        self._root = config.file.parent
        self._pool = pool
        self._before = before
        self._progress = progress
        self._ledger = Ledger(config.places.ledger)
        self._unread: set[Path] = set()  # homes of objects whose inventory makes no sense
        self.troubles: list[Trouble] = []

    def run(self, now: str) -> tuple[Head, list[Line]]:
        files = [*self._settings(), *self._drops(), *self._loose()]
        head = self._ledger.head()
        objects = {line.id: line for line in self._objects()}
        for _round in range(_ROUNDS):
            if not self._has_lost(head.seq, objects.keys()):
                break
            before, head = head.seq, self._ledger.head()
            for identifier in {e.id for e in self._ledger.read(before) if e.id}:
                line = self._object(self._places.vault / ocfl.object_place(identifier))
                if line is None:
                    objects.pop(identifier, None)
                else:
                    objects[identifier] = line
        else:
            raise SystemFault("backup_restless")
        carried = [*self._carried(head.seq, objects.keys())]
        files += [*self._seals(head.seq), *self._lines_until(head)]
        first = Head(sets.FORMAT, now, head.seq, head.digest, first_digest(self._ledger))
        return first, [*files, *objects.values(), *carried]

    def _has_lost(self, seq: int, taken: Container[Id]) -> bool:
        """Whether an object may be missing of which the ledger's lines up to `seq` speak."""
        return any(
            e.event == _PURGED or (e.event in _REMOVING and e.id not in taken)
            for e in self._ledger.read(seq)
        )

    # --- beside the vault --------------------------------------------------------------------

    def _settings(self) -> Iterator[Line]:
        folder = self._root / "pipelines"
        for path in (self._config.file, self._root / "filingplan.toml", *folder.glob("*.toml")):
            yield from self._file(path, path)

    def _drops(self) -> Iterator[Line]:
        for pipeline in self._config.pipelines:
            for path in _plain_files(self._config.drop_folder(pipeline)):
                name = os.fsencode(path.name)
                if name not in (PROBLEMS, RECEIPTS) and not name.startswith(TEMPORARY_PREFIX):
                    yield from self._file(path, path, "backup_drop_unreadable")
        for path in _plain_files(self._places.released):
            yield from self._file(path, path)

    def _loose(self) -> Iterator[Line]:
        """Packages on their way, examples, the vault's own files."""
        for top in (self._places.exports, self._places.learned):
            for folder, _folders, names in os.walk(top):
                for name in sorted(names):
                    yield from self._file(Path(folder, name), Path(folder, name))
        for name, content in ocfl.ROOT_FILES.items():
            kept = self._pool.put(content)
            yield Line(kept.sha512, kept.size, path=self._name(self._places.vault / name))

    def _seals(self, seq: int) -> Iterator[Line]:
        """Seals of lines up to `seq`, their stamps, and the keys that are for everybody."""
        heads, keys = self._places.seals / "heads", self._places.seals / "keys"
        later = {one.day for one in stored_seals(heads) if one.seal and one.seal.seq > seq}
        for path in _plain_files(heads):
            if path.name.partition(".")[0] not in later:
                yield from self._file(path, path)
        for path in _plain_files(keys):
            # Whoever has the private key and the archive can forge seals: it is kept apart.
            if path.suffix == ".pub":
                yield from self._file(path, path)

    def _lines_until(self, head: chain.Head) -> list[Line]:
        """The ledger's files, up to a line; the bytes that are kept are followed once more."""
        lines: list[Line] = []

        def kept() -> Iterator[tuple[str, bytes]]:
            for path in sorted(self._places.ledger.glob("*")):
                if path.suffix != ".jsonl":
                    lines.extend(self._file(path, path))
                    continue
                content = _until(path.read_bytes(), head.seq)
                if content:
                    kept = self._pool.put(content)
                    lines.append(Line(kept.sha512, kept.size, path=self._name(path)))
                    yield from ((path.name, raw) for raw in content.splitlines(keepends=True))

        problem = chain.first_break(kept(), head)
        if problem is not None:
            raise IntegrityFault("ledger_broken", file=problem.file, seq=problem.seq)
        return lines

    def _file(
        self, path: Path, place: Path, trouble: str = "backup_file_unreadable"
    ) -> Iterator[Line]:
        """Take one file; what goes away or changes meanwhile belongs to the next set."""
        try:
            if path.is_symlink() or not path.is_file():
                return
            kept = self._pool.put_file(path)
        except (FileNotFoundError, Changed):
            return
        except OSError:
            self.troubles.append(Trouble(trouble, "", str(path)))
            return
        yield Line(kept.sha512, kept.size, path=self._name(place))

    def _name(self, path: Path) -> str:
        """A path as the set has it: below the archive, wherever its places lie."""
        for name in ("inbox", "vault", "ledger", "released", "exports", "learned", "seals"):
            place: Path = getattr(self._places, name)
            if path.is_relative_to(place) and not place.is_relative_to(self._root):
                return sets.quoted(os.fsencode(Path(name) / path.relative_to(place)))
        return sets.quoted(os.fsencode(path.relative_to(self._root)))

    # --- the vault ---------------------------------------------------------------------------

    def _objects(self) -> Iterator[Line]:
        """A line for each object that lies in the vault."""
        homes = list(_homes(self._places.vault))
        for done, home in enumerate(homes, start=1):
            line = self._object(home)
            if line is not None:
                yield line
            self._progress(done, len(homes))

    def _carried(self, seq: int, taken: Collection[Id]) -> Iterator[Line]:
        """What the archive should have at a line of the ledger, and lost: as the set before had it.

        An object goes after its line, so whatever was not taken and has none is lost.
        """
        expected, gone = set(self._before), set()
        for entry in takewhile(lambda entry: entry.seq <= seq, self._ledger.read()):
            if entry.event in _BEGINNING and entry.id:
                expected.add(entry.id)
            elif entry.event in _REMOVING:
                gone.add(entry.id)
        for identifier in sorted(expected - gone - set(taken)):
            home = self._places.vault / ocfl.object_place(identifier)
            kept = self._before.get(identifier)
            if home in self._unread:
                self._unread.remove(home)
                code = "backup_object_unreadable" if kept is None else "backup_object_carried"
                self.troubles.append(Trouble(code, identifier, ocfl.INVENTORY))
            else:
                code = "backup_object_missing" if kept is None else "backup_object_kept"
                self.troubles.append(Trouble(code, identifier, ""))
            if kept is not None:
                yield Line(kept.sha512, kept.size, id=identifier)
        for home in sorted(self._unread):
            self.troubles.append(Trouble("backup_file_unreadable", "", str(home)))

    def _object(self, home: Path) -> Line | None:
        """Take one object at one version; None where it is gone, or nothing of it can be read."""
        self._unread.discard(home)
        for _try in range(_TRIES):
            inventory = _inventory(home)
            if inventory is None:
                if not home.exists():
                    return None
                time.sleep(_MOMENT)
                continue
            files = self._files(home, inventory)
            # Exchanged or written meanwhile: what was read may belong to both.
            if _inventory(home) == inventory:
                break
        else:
            self._unread.add(home)
            return None
        broken = [path for path, kept in files.items() if kept is None]
        before = self._before.get(inventory.id)
        if broken:
            code = "backup_object_unreadable" if before is None else "backup_object_carried"
            self.troubles += [Trouble(code, inventory.id, path) for path in broken]
            if before is not None:
                return Line(before.sha512, before.size, id=inventory.id)
        sound = {path: kept for path, kept in files.items() if kept is not None}
        kept = self._pool.put(sets.encode_files(sound))
        return Line(kept.sha512, kept.size, id=inventory.id)

    def _files(self, home: Path, inventory: ocfl.Inventory) -> dict[str, Kept | None]:
        """An object's files at one version; None for one that is not what it was.

        What the newest inventory tells by itself is not read: damage in it stays where it is.
        """
        files: dict[str, Kept | None] = {
            path: self._pool.put(content) for path, content in ocfl.papers(inventory)
        }
        for path, digest in inventory.content().items():
            files[path] = self._content(home / path, digest)
        return files

    def _content(self, path: Path, digest: str) -> Kept | None:
        try:
            return self._pool.put_file(path, digest)
        except (OSError, Changed):
            # What an earlier set brought may be sound still; its size is that of the good bytes.
            return self._pool.known(digest)


def _inventory(home: Path) -> ocfl.Inventory | None:
    """An object's inventory as it stands, None where it makes no sense or not yet."""
    try:
        raw = durable.content(home / ocfl.INVENTORY)
        is_whole = durable.content(home / ocfl.SIDECAR) == ocfl.sidecar(raw)
        return ocfl.decode(raw) if is_whole else None
    except (OSError, msgspec.DecodeError):
        return None


def _plain_files(folder: Path) -> list[Path]:
    try:
        return sorted(Path(entry) for entry in os.scandir(folder) if not entry.is_dir())
    except FileNotFoundError:
        return []


def _homes(vault: Path) -> Iterator[Path]:
    """Folders of all objects, whatever is in them."""
    for first in sorted(vault.iterdir()):
        if len(first.name) == ocfl.TUPLE_SIZE and first.is_dir():
            for second in sorted(first.iterdir()):
                yield from sorted(second.iterdir())


def _until(content: bytes, seq: int) -> bytes:
    """The beginning of a ledger file, up to a line and with it."""
    end = 0
    for raw in content.splitlines(keepends=True):
        entry = chain.parse(raw)
        if entry is not None and entry.seq > seq:
            break
        if not raw.endswith(b"\n"):
            break  # is being written, or was torn
        end += len(raw)
    return content[:end]

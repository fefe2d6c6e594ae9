"""Taking a set: the archive is read while it works, without asking it to pause.

Promises that a set holds the archive as it was at one line of its ledger, with whatever the vault
had already beyond that. It reads in the order in which nothing can fall between two stools: a drop
goes from its folder into the vault and then to the released ones, an object is written before its
line, and is removed after its line; so first the drops, then the line is chosen, then the objects,
and where one of them went meanwhile, a later line is chosen and what happened until then is looked
at again. An object that is damaged in the archive is taken as the set before had it, and told.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from archiver.backup import sets
from archiver.backup.pool import Changed, Pool, writing
from archiver.backup.sets import Head, Kept, Line
from archiver.config import Config
from archiver.errors import SystemFault
from archiver.inbox.settling import PROBLEMS, RECEIPTS, TEMPORARY_PREFIX
from archiver.proof.heads import stored_seals
from archiver.records import MATTER_STEPS, MATTERS_GONE, Id
from archiver.store import chain, durable, ocfl
from archiver.store.ledger import Ledger

Progress = Callable[[int, int], None]

_ROUNDS = 10
_TRIES, _MOMENT = 50, 0.02  # a version is published in a few milliseconds
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
        files += [*self._seals(head.seq), *self._lines_until(head.seq)]
        first = Head(sets.FORMAT, now, head.seq, head.digest, first_digest(self._ledger))
        return first, [*files, *objects.values()]

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
        for name in ocfl.ROOT_FILES:
            path = self._places.vault / name
            yield from self._file(path, path)

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

    def _lines_until(self, seq: int) -> Iterator[Line]:
        """The ledger's files, up to a line."""
        files = sorted(self._places.ledger.glob("*"))
        for path in files:
            if path.suffix != ".jsonl":
                yield from self._file(path, path)
                continue
            content = _until(path.read_bytes(), seq)
            if content:
                kept = self._pool.put(content)
                yield Line(kept.sha512, kept.size, path=self._name(path))

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
        """A line for each object; what the set before had and the archive lost is kept."""
        homes = list(_homes(self._places.vault))
        seen: set[str] = set()
        for done, home in enumerate(homes, start=1):
            line = self._object(home)
            if line is not None:
                seen.add(line.id)
                yield line
            self._progress(done, len(homes))
        missing = self._before.keys() - seen
        if missing:
            # Also what went only now: its line is there before the object goes.
            gone = {e.id for e in self._ledger.read() if e.event in _REMOVING}
            for identifier in sorted(missing - gone):
                self.troubles.append(Trouble("backup_object_carried", identifier, ""))
                kept = self._before[identifier]
                yield Line(kept.sha512, kept.size, id=identifier)

    def _object(self, home: Path) -> Line | None:
        """Take one object at one version; None where it is gone, or nothing of it can be read."""
        for _try in range(_TRIES):
            raw = _inventory(home)
            if raw is None:
                if not home.exists():
                    return None
                time.sleep(_MOMENT)
                continue
            inventory = ocfl.decode(raw)
            files = self._files(home, inventory, raw)
            # Exchanged or written meanwhile: what was read may belong to both.
            if _inventory(home) == raw:
                break
        else:
            return self._carried(home)
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

    def _files(self, home: Path, inventory: ocfl.Inventory, raw: bytes) -> dict[str, Kept | None]:
        """An object's files at one version; None for one that is not what it was."""
        files: dict[str, Kept | None] = {
            ocfl.OBJECT_DECLARATION: self._pool.put(ocfl.OBJECT_DECLARATION_CONTENT),
            ocfl.INVENTORY: self._pool.put(raw),
            ocfl.SIDECAR: self._pool.put(ocfl.sidecar(raw)),
        }
        wanted = dict(inventory.content())
        for number in range(1, inventory.latest + 1):
            for name in (ocfl.INVENTORY, ocfl.SIDECAR):
                wanted[f"v{number}/{name}"] = ""
        wanted[f"{inventory.head}/{ocfl.INVENTORY}"] = ocfl.digest(raw)
        for path, digest in wanted.items():
            files[path] = self._content(home / path, digest)
        return files

    def _content(self, path: Path, digest: str) -> Kept | None:
        try:
            return self._pool.put_file(path, digest)
        except (OSError, Changed):
            # What an earlier set brought may be sound still; its size is that of the good bytes.
            return self._pool.known(digest) if digest else None

    def _carried(self, home: Path) -> Line | None:
        """An object whose inventory cannot be read: as the set before had it."""
        for identifier, kept in self._before.items():
            if ocfl.object_place(identifier).endswith(home.name):
                self.troubles.append(Trouble("backup_object_carried", identifier, ocfl.INVENTORY))
                return Line(kept.sha512, kept.size, id=identifier)
        self.troubles.append(Trouble("backup_object_unreadable", "", str(home)))
        return None


def _inventory(home: Path) -> bytes | None:
    """An object's inventory as it stands, None where it makes no sense or not yet."""
    try:
        raw = durable.content(home / ocfl.INVENTORY)
        is_whole = durable.content(home / ocfl.SIDECAR) == ocfl.sidecar(raw)
        return raw if is_whole and ocfl.decode(raw) else None
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

"""The doctor: what in an archive does not fit together, and the remedy for each.

Promises to look at each thing on its own and in little time (bytes are for ``verify``), to change
nothing by looking, and to repair only what can be made again from vault and ledger, or what is a
mode of our own files. Everything else gets a remedy for a person.
"""

from __future__ import annotations

import os
import pwd
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from archiver import checkup
from archiver.archive import Archive
from archiver.backup import note
from archiver.checkup import Result
from archiver.clock import now
from archiver.config import Config
from archiver.errors import ExitCode, Fault, SystemFault
from archiver.house import House, held
from archiver.records import MATTERS_GONE, DocumentState
from archiver.rights import myself
from archiver.store import durable, ocfl
from archiver.store.ledger import Ledger
from archiver.store.timekeeping import Timekeeper
from archiver.store.tree import Tree

_OTHERS = 0o007
_MOST = 20  # of a kind

# What ``--repair`` may do, by the code of what was found. Where catalogue and ledger contradict
# each other a person decides: either of them may be the one that was changed.
_MAKE_FOLDER, _CLOSE, _ROOT, _REMOVE = "folder", "close", "root", "remove"
_REINDEX, _REBUILD = "reindex", "rebuild"
REPAIRS = {
    "doctor_folder_missing": _MAKE_FOLDER,
    "doctor_open_to_others": _CLOSE,
    "seal_key_open": _CLOSE,
    "doctor_root_file": _ROOT,
    "doctor_left_behind": _REMOVE,
    "index_damaged": _REINDEX,
    "doctor_index_ahead": _REINDEX,
    "doctor_catalogue_missing": _REBUILD,
    "catalogue_damaged": _REBUILD,
    "audit_unknown_object": _REBUILD,
}
_DAMAGE = {"audit_no_object", "catalogue_ahead", "catalogue_differs", "vault_missing"}


def examine(config: Config, try_cage: Callable[[], dict[str, Any]]) -> list[Result]:
    """Look at everything; what is as it should be is left out.

    Args:
        config: of the archive.
        try_cage: as for `archiver.checkup.results`.

    Raises:
        Refusal: ``daemon_needed``, ``not_the_owner``.
    """
    House(config).require_owner()
    looks: tuple[Callable[[Config], Iterator[Result]], ...] = (
        lambda config: _machine(config, try_cage),
        _folders,
        _owners,
        _modes,
        _vault,
        _ledger,
        _catalogue,
        _index,
        _left_behind,
        _clock,
        _backup,
    )
    return list(_limited(result for look in looks for result in _safely(look, config)))


def _limited(found: Iterable[Result]) -> Iterator[Result]:
    """What was found, of each kind so much that a person reads it, and how much more there is."""
    counts = Counter[str]()
    for result in found:
        counts[result.code] += 1
        if counts[result.code] <= _MOST:
            yield result
    more = sum(count - _MOST for count in counts.values() if count > _MOST)
    if more:
        yield Result("doctor_more", "bad", {"count": more})


def outcome(found: list[Result]) -> ExitCode:
    """The exit code for what was found."""
    codes = {result.code for result in found}
    if codes & _DAMAGE or any(code.startswith("audit_ledger_") for code in codes):
        return ExitCode.INTEGRITY
    return ExitCode.FINDINGS if found else ExitCode.OK


def repair(config: Config, found: list[Result]) -> list[Result]:
    """Repair what can be repaired for certain; no daemon may run.

    Args:
        config: of the archive.
        found: by `examine`.

    Returns:
        What was repaired.

    Raises:
        Refusal: ``locked``.
        IntegrityFault, SystemFault: as the façade's ``rebuild``; what was repaired stays so.
    """
    able = [result for result in found if result.code in REPAIRS]
    wanted = {REPAIRS[result.code] for result in able}
    if not able:
        return []
    with held(config, exclusive=True):
        for result in able:
            _mend(config, result)
        house = House(config)
        try:
            archive = Archive(house, myself())
            if _REBUILD in wanted:
                archive.upkeep.rebuild()
            elif _REINDEX in wanted:
                archive.upkeep.reindex()
        finally:
            house.close()
    return able


def _mend(config: Config, result: Result) -> None:
    """Repair one thing on the disk."""
    kind, path = REPAIRS[result.code], Path(str(result.params.get("path", "")))
    with durable.storage_faults(config.file.parent):
        if kind == _MAKE_FOLDER:
            durable.make_folder(path)
        elif kind == _CLOSE:
            keep = 0o600 if path.name == "seal.key" else ~_OTHERS
            path.chmod(stat.S_IMODE(path.stat().st_mode) & keep)
        elif kind == _ROOT:
            durable.make_folder(path.parent)
            content = ocfl.ROOT_FILES[path.relative_to(config.places.vault).as_posix()]
            durable.replace(path, content, config.places.stage)
        elif kind == _REMOVE:
            durable.remove_tree(path)


def _safely(look: Callable[[Config], Iterator[Result]], config: Config) -> Iterator[Result]:
    """What one look finds; a look that fails is told, and hides no other."""
    try:
        yield from look(config)
    except Fault as fault:
        yield Result(fault.reason, "bad", dict(fault.params))
    except OSError as error:
        place, why = str(error.filename or ""), os.strerror(error.errno or 0)
        yield Result("doctor_unreadable", "bad", {"path": place, "error": why})


def _machine(config: Config, try_cage: Callable[[], dict[str, Any]]) -> Iterator[Result]:
    # Whether the daemon runs is no defect; it must not, where something is to be repaired.
    quiet = {"check_daemon_off"}
    return (r for r in checkup.results(config, try_cage) if r.grade != "ok" and r.code not in quiet)


def _folders(config: Config) -> Iterator[Result]:
    for folder in config.places.renewable().values():
        if not folder.exists():
            yield Result("doctor_folder_missing", "bad", {"path": str(folder)})


def _owners(config: Config) -> Iterator[Result]:
    """What belongs to somebody else cannot be written, or not be read."""
    owner, places = House(config).owner, config.places
    ours = (places.vault, places.ledger, places.index, places.stage, places.exports)
    for place in (*ours, places.learned, places.seals, places.catalogue):
        wrong = [path for path in _all_below(place) if path.lstat().st_uid != owner]
        if wrong:
            yield Result(
                "doctor_owner",
                "bad",
                {
                    "path": str(wrong[0]),
                    "more": len(wrong) - 1,
                    "place": str(place),
                    "owner": _user(owner),
                },
            )


def _all_below(place: Path) -> Iterator[Path]:
    if place.exists():
        yield place
    for folder, folders, names in os.walk(place):
        yield from (Path(folder, name) for name in (*folders, *names))


def _modes(config: Config) -> Iterator[Result]:
    """Full text and received files are for the daemon alone; the way to the socket for all."""
    places = config.places
    closed = (places.vault, places.ledger, places.index, places.stage, places.released)
    for place in (*closed, places.exports, places.learned, places.seals, places.catalogue):
        if place.exists() and place.stat().st_mode & _OTHERS:
            yield Result("doctor_open_to_others", "bad", {"path": str(place)})
    key = places.seals / "keys" / "seal.key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield Result("seal_key_open", "bad", {"path": str(key)})
    if config.rights.staff or config.rights.reviewers or config.rights.archivists:
        for folder in {config.file.parent, places.socket.parent}:
            if not folder.stat().st_mode & 0o001:
                yield Result("doctor_no_way_in", "bad", {"path": str(folder)})
    for pipeline in config.pipelines:
        folder = config.drop_folder(pipeline)
        mode = folder.stat().st_mode
        if pipeline.clerks and not (mode & stat.S_ISGID and mode & 0o020):
            yield Result("doctor_drop_mode", "bad", {"path": str(folder)})


def _vault(config: Config) -> Iterator[Result]:
    vault = config.places.vault
    if not (vault / ocfl.ROOT_DECLARATION).is_file():
        yield Result("vault_missing", "bad", {"path": str(vault)})
        return
    for name, content in ocfl.ROOT_FILES.items():
        path = vault / name
        if not path.is_file() or path.read_bytes() != content:
            yield Result("doctor_root_file", "bad", {"path": str(path)})


def _ledger(config: Config) -> Iterator[Result]:
    for problem in Ledger(config.places.ledger).verify():
        place = f"{problem.file}:{problem.seq}"
        yield Result(f"audit_ledger_{problem.code}", "bad", {"path": place})


def _catalogue(config: Config) -> Iterator[Result]:
    """Whether the catalogue is one, fits the ledger, and knows what lies in the vault."""
    file, ledger = config.places.catalogue, Ledger(config.places.ledger)
    if not file.exists():
        if ledger.head().seq:
            yield Result("doctor_catalogue_missing", "bad", {"path": str(file)})
        return
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as catalogue:
            verdict = str(catalogue.execute("PRAGMA quick_check").fetchone()[0])
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
            seq, digest = catalogue.execute("SELECT seq, digest FROM position").fetchone()
            documents = catalogue.execute("SELECT id, state FROM document").fetchall()
            matters = catalogue.execute("SELECT id, state FROM matter").fetchall()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise SystemFault("catalogue_locked") from error
        yield Result("catalogue_damaged", "bad", {"error": str(error)})
        return
    head = ledger.head()
    if seq > head.seq:
        yield Result("catalogue_ahead", "bad", {"catalogue": seq, "ledger": head.seq})
        return
    if seq and any(p.code == "line_changed" for p in ledger.verify((seq, digest))):
        yield Result("catalogue_differs", "bad", {"seq": seq})
        return
    gone = {*MATTERS_GONE, str(DocumentState.DESTROYED)}
    known = dict((*documents, *matters))
    yield from _objects(config, {id for id in known if known[id] not in gone}, set(known))


def _objects(config: Config, expected: set[str], known: set[str]) -> Iterator[Result]:
    """Objects that are missing in the vault, or that nobody knows."""
    vault = config.places.vault
    if not (vault / ocfl.ROOT_DECLARATION).is_file():
        return  # told already, once and not for each
    for identifier in sorted(expected):
        if not (vault / ocfl.object_place(identifier)).is_dir():
            yield Result("audit_no_object", "bad", {"id": identifier})
    if checkup.listener(config.places.socket) is not None:
        return  # what has just come may not have its line yet
    for identifier in sorted(set(Tree(vault).ids()) - known):
        yield Result("audit_unknown_object", "bad", {"id": identifier})


def _index(config: Config) -> Iterator[Result]:
    from archiver.search.index import open_index

    folder = config.places.index / "current"
    if not config.places.index.exists():
        return
    index = open_index(config.search.engine, folder)
    head = Ledger(config.places.ledger).head().seq
    if index.cursor() > head:
        yield Result("doctor_index_ahead", "bad", {"index": index.cursor(), "ledger": head})


def _left_behind(config: Config) -> Iterator[Result]:
    if checkup.listener(config.places.socket) is not None:
        return
    root = config.places.catalogue.parent
    places = (config.places.index / "fresh", config.places.index / "old")
    for path in (*places, root / "catalogue.db.fresh"):
        if path.exists():
            yield Result("doctor_left_behind", "notice", {"path": str(path)})


def _clock(config: Config) -> Iterator[Result]:
    ledger = Ledger(config.places.ledger)
    doubt = Timekeeper(config.places.stage, ledger.last_at).doubt()
    if doubt is not None:
        yield Result(doubt.code, "bad", doubt.params)


def _backup(config: Config) -> Iterator[Result]:
    most = config.monitoring.backup_days
    last = note.last(config.places.stage)
    if not most:
        return  # others look after it
    if last is None:
        yield Result("doctor_no_backup", "notice")
    elif (days := note.age_days(last, now())) > most:
        yield Result("doctor_backup_old", "notice", {"days": days, "folder": last.folder})
    elif last.troubles:
        yield Result(
            "doctor_backup_troubles", "bad", {"count": last.troubles, "folder": last.folder}
        )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

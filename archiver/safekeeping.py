"""Safekeeping: back-ups made, brought back, checked and listed, as one IT person asks for them.

Promises to need no daemon and to disturb none: whoever owns the archive reads its files. A place
that was restored is opened, its catalogue and index are made, and every byte is verified before
anything is said about it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archiver import phrases
from archiver.archive import Archive
from archiver.backup import checking, note, restoring, sets, taking
from archiver.backup import folder as folders
from archiver.backup.note import Note
from archiver.backup.pool import Pool
from archiver.backup.sets import Set
from archiver.backup.taking import Trouble
from archiver.clock import now
from archiver.config import Config, ConfigProblems, load
from archiver.errors import ExitCode, Fault, NotFound, Refusal, SystemFault
from archiver.house import House, held
from archiver.rights import myself
from archiver.store.ledger import Ledger
from archiver.store.timekeeping import Timekeeper

Progress = Callable[[str], Callable[[int, int], None]]
Json = dict[str, Any]

_RESTIC = "restic"


def make(
    config: Config,
    folder: Path,
    *,
    keep_days: int | None,
    anew: bool,
    repository: str,
    progress: Progress,
) -> Json:
    """Make a back-up of an archive.

    Args:
        config: of the archive.
        folder: where; made where it is missing.
        keep_days: sets older than this are removed, None: none is. None is removed either where
            the archive could not give everything: an older one may have it still.
        anew: begin again although a back-up that was made there is gone.
        repository: of restic, which then takes the folder in encrypted; empty: none.
        progress: gives for a label what is told how far it is.

    Returns:
        ``set``, ``made_at``, ``line`` of the ledger, ``objects``, ``files``, ``new_files``,
        ``new_bytes``, ``removed_sets``, ``problems``.

    Raises:
        Refusal: ``daemon_needed``, ``not_the_owner``, ``backup_inside``, ``backup_gone``,
            ``backup_of_another``, ``backup_locked``, ``folder_not_empty``.
        SystemFault: ``backup_unwritable``, ``backup_restless``, ``backup_restic``,
            ``vault_missing``.
        IntegrityFault: ``ledger_broken``, ``catalogue_ahead``.
    """
    House(config).require_owner()
    taking.require_whole(config)
    folder, stage = folder.resolve(), config.places.stage
    ledger = Ledger(config.places.ledger)
    keeper = Timekeeper(stage, ledger.last_at)
    known = not anew and any(one.folder == str(folder) for one in note.notes(stage))
    folders.found(folder, config, taking.first_digest(ledger), known=known)
    with folders.held(folder):
        pool, at = Pool(folder), now()
        taken = taking.take(config, folder, pool, at, progress("copying"))
        removed = 0
        # By a clock that jumped, every back-up but one would be too old.
        if keep_days is not None and not taken.troubles and keeper.doubt() is None:
            removed = checking.expire(folder, pool, keep_days, at)
        if repository:
            _hand_to_restic(folder, repository)
    note.remember(stage, Note(str(folder), at, taken.number, taken.head.seq, len(taken.troubles)))
    return {
        "set": taken.number,
        "made_at": at,
        "line": taken.head.seq,
        "objects": taken.objects,
        "files": taken.files,
        "new_files": pool.new,
        "new_bytes": pool.new_bytes,
        "removed_sets": removed,
        "problems": [_told(trouble) for trouble in taken.troubles],
    }


def restore(folder: Path, place: Path, *, number: int | None, progress: Progress) -> Json:
    """Bring a set back into an empty place, and verify the archive that stands there then.

    Args:
        folder: of the back-ups.
        place: empty, or not there yet.
        number: of the set; None: the newest.
        progress: as for `make`.

    Returns:
        ``set``, ``made_at``, ``line``, ``documents`` (None where the archive cannot be opened),
        ``config``, ``problems``: what is lost, then what the check of the archive found.

    Raises:
        NotFound: ``no_backup``, ``no_backup_set``.
        Refusal: ``folder_not_empty``, ``place_of_another``.
    """
    folder, place = folder.resolve(), place.resolve()
    folders.require(folder)
    numbers = sets.numbers(folder)
    if not numbers or (number is not None and number not in numbers):
        raise NotFound("no_backup_set", number=number or 0)
    one = sets.read(folder, numbers[-1] if number is None else number)
    restoring.require_empty(place, os.geteuid())
    lost = restoring.bring_back(Pool(folder), one, place, progress("restoring"))
    config_file = place / "config.toml"
    documents, problems = None, [_told(trouble) for trouble in lost]
    try:
        documents, found = _opened(config_file, Note(str(folder), *_when(one), 0), progress)
        problems += found
    except Fault as fault:
        # What is lost must be told, also where it is so much that nothing can be opened.
        message = " ".join(filter(None, _sentences(fault)))
        problems.append({"id": None, "code": fault.reason, "path": "", "message": message})
    made_at, number, line = _when(one)
    return {
        "set": number,
        "made_at": made_at or None,
        "line": line,
        "documents": documents,
        "config": str(config_file),
        "problems": problems,
    }


def _opened(config_file: Path, made: Note, progress: Progress) -> tuple[int, list[Json]]:
    """Make catalogue and index of what was brought back, and verify it; documents and problems."""
    config = load(config_file, folders=False)
    if astray := restoring.elsewhere(config, config_file.parent):
        raise Refusal("backup_places_elsewhere", folder=str(astray[0]), config=str(config_file))
    restoring.make_folders(config)
    with held(config, exclusive=True):
        house = House(config)
        try:
            archive = Archive(house, myself())
            rebuilt = archive.upkeep.rebuild(progress("rebuilding"))
            found = archive.upkeep.verify(progress("verifying"))["problems"]
        finally:
            house.close()
    note.remember(config.places.stage, made)
    return int(rebuilt["documents"]), found


def _when(one: Set) -> tuple[str, int, int]:
    """When a set was made, its number, and its line of the ledger."""
    return (one.head.made_at, one.number, one.head.seq) if one.head else ("", one.number, 0)


def _sentences(fault: Fault) -> list[str]:
    """What happened and what to do, of each problem where it is the configuration's."""
    parts = fault.problems if isinstance(fault, ConfigProblems) else ()
    each = [f"{one.file}: {phrases.sentence(one.reason, one.params)}" for one in parts]
    own = [phrases.sentence(fault.reason, fault.params), phrases.advice(fault.reason, fault.params)]
    return [*own, *each]


def check(folder: Path, progress: Progress) -> Json:
    """Read all bytes of a back-up folder; ``sets``, ``files``, ``problems`` with their ``sets``.

    Raises:
        NotFound: ``no_backup``.
        Refusal: ``backup_locked``.
    """
    folder = folder.resolve()
    folders.require(folder)
    with folders.held(folder):
        found = checking.check(folder, Pool(folder), progress("reading"))
    return {
        "sets": found.sets,
        "files": found.files,
        "problems": [{**_told(trouble), "sets": numbers} for trouble, numbers in found.troubles],
    }


def listing(folder: Path) -> list[Json]:
    """The sets of a back-up folder, oldest first.

    Raises:
        NotFound: ``no_backup``.
    """
    folder = folder.resolve()
    folders.require(folder)
    return [
        {
            "set": one.number,
            "made_at": one.head.made_at if one.head else None,
            "line": one.head.seq if one.head else None,
            "objects": len(one.objects()),
            "whole": one.is_whole,
        }
        for one in sets.sets(folder)
    ]


def _hand_to_restic(folder: Path, repository: str) -> None:
    """Have restic take the folder in; it finds its password as its own documentation says.

    Raises:
        SystemFault: ``backup_restic_missing``, ``backup_restic``.
    """
    command = [_RESTIC, "-r", repository, "--quiet", "backup", "--tag", "archiver", str(folder)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SystemFault("backup_restic_missing", exit_code=ExitCode.REFUSED) from None
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or [str(ended.returncode)]
        raise SystemFault("backup_restic", exit_code=ExitCode.REFUSED, detail=said[-1])


def _told(trouble: Trouble) -> Json:
    params = {"id": trouble.id, "path": trouble.path}
    code = trouble.code
    if trouble.id and code in ("backup_content_missing", "backup_content_damaged"):
        code = code.replace("content", "document")
    return {
        "id": trouble.id or None,
        "code": code,
        "path": trouble.path,
        "message": phrases.sentence(code, params),
    }

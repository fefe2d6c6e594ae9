"""A back-up folder: founded once for one archive, held by one process at a time.

Promises that nothing is written into a folder that is something else, belongs to another archive,
lies in the archive itself, or is only the empty place at which a disk should be mounted.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from archiver.backup import sets
from archiver.backup.pool import unwritable, writing
from archiver.config import Config
from archiver.errors import NotFound, Refusal
from archiver.store import durable

MARKER = "archiver-backup.json"
_README = "README.txt"
_LOCK = "lock"
_LEAFLET = """\
Sicherungen eines Archivs (archiver). Jede Datei in sets/ ist eine Sicherung: eine Zeile für jede
Datei mit ihrem Pfad und ihrer SHA-512-Prüfsumme. Der Inhalt liegt unter dieser Prüfsumme in
content/. Zeilen mit "id" stehen für ein Objekt des Tresors; unter ihrer Prüfsumme liegt die Liste
seiner Dateien, die in vault/ab/cd/abcd... gehören (SHA-256 der id).
Zurückholen: archiver backup restore DIESER_ORDNER NEUER_ORDNER

Back-ups of an archive (archiver). Each file in sets/ is one back-up: a line for each file with its
path and its SHA-512. The bytes lie under that digest in content/. Lines with "id" are objects of
the vault; under their digest lies the list of their files, whose place is vault/ab/cd/abcd...
(SHA-256 of the id).
To bring it back: archiver backup restore THIS_FOLDER NEW_FOLDER
"""


class Marker(msgspec.Struct, frozen=True):
    """Says that a folder holds back-ups."""

    format: int


def require(folder: Path) -> None:
    """Refuse what is no back-up folder.

    Raises:
        NotFound: ``no_backup``.
        Refusal: ``backup_format``: a later version made it.
    """
    try:
        marker = msgspec.json.decode((folder / MARKER).read_bytes(), type=Marker)
    except (OSError, msgspec.DecodeError):
        raise NotFound("no_backup", folder=str(folder)) from None
    if marker.format != sets.FORMAT:
        raise Refusal("backup_format", folder=str(folder))


def found(folder: Path, config: Config, archive: str, *, known: bool) -> None:
    """Make a back-up folder, or see that it is one of this archive.

    Args:
        folder: absolute.
        config: of the archive.
        archive: digest of the ledger's first line.
        known: whether back-ups were made there before.

    Raises:
        Refusal: ``backup_inside``, ``backup_gone``, ``folder_not_empty``, ``backup_of_another``,
            ``backup_format``.
        SystemFault: ``backup_unwritable``.
    """
    own = [config.file.parent, *config.places.folders().values()]
    if any(folder == place or folder.is_relative_to(place) for place in own):
        raise Refusal("backup_inside", folder=str(folder))
    if (folder / MARKER).exists():
        require(folder)
        others = {one.head.archive for one in sets.sets(folder) if one.head} - {"", archive}
        if archive and others:
            raise Refusal("backup_of_another", folder=str(folder))
        return
    if known:
        raise Refusal("backup_gone", folder=str(folder))
    with writing(folder):
        folder.mkdir(0o700, exist_ok=True)
        if any(path.name != "lost+found" for path in folder.iterdir()):
            raise Refusal("folder_not_empty", folder=str(folder))
        durable.write_file(folder / _README, _LEAFLET.encode("utf-8"))
        durable.write_file(folder / MARKER, msgspec.json.encode(Marker(sets.FORMAT)) + b"\n")
        durable.sync_folder(folder)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a back-up folder alone.

    Raises:
        Refusal: ``backup_locked``: another process writes or checks it.
        SystemFault: ``backup_unwritable``.
    """
    try:
        fd = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, durable.FILE_MODE)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refusal("backup_locked", folder=str(folder)) from None
        yield
    finally:
        os.close(fd)

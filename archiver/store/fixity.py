"""Looking at stored objects: is every byte still what was written, and nothing else there?

Promises to change nothing. `examine` judges a whole object, `is_whole` one version folder, which
is what recovery asks after a crash.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from archiver.records import Id
from archiver.store import durable, ocfl

# What is said of a path where something else lies than was put there.
OUT_OF_PLACE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class Problem(msgspec.Struct, frozen=True):
    """One thing that is not as it should be.

    Attributes:
        code: ``missing_file``, ``changed_file``, ``unreadable_file``,
            ``unreadable_folder``, ``extra_file``, ``extra_folder``, ``bad_declaration``,
            ``bad_inventory``, ``bad_sidecar``, ``wrong_id``, ``no_object``, ``bad_root``.
        id: of the object; empty where it cannot be told.
        path: below the object's folder (for the root's own files: below the root).
    """

    code: str
    id: Id
    path: str


def read_inventory(folder: Path) -> ocfl.Inventory | None:
    """The inventory in a folder, None where there is none or it fails its sidecar."""
    try:
        raw = durable.content(folder / ocfl.INVENTORY)
        if durable.content(folder / ocfl.SIDECAR) != ocfl.sidecar(raw):
            return None
        return ocfl.decode(raw)
    except (*OUT_OF_PLACE, msgspec.DecodeError):
        return None


def sound_inventory(home: Path, id: Id) -> ocfl.Inventory | None:
    """The newest inventory of an object, vouched for by a sidecar; None where it is damaged.

    While a version is added, or after a crash in the middle of that, the sidecar beside it is
    still the one before; then the copy in the version's own folder vouches.

    Raises:
        OSError: it cannot be read although it is there.
    """
    try:
        raw = durable.content(home / ocfl.INVENTORY)
        inventory = ocfl.decode(raw)
    except (*OUT_OF_PLACE, msgspec.DecodeError):
        return None
    places = (home / ocfl.SIDECAR, home / inventory.head / ocfl.SIDECAR)
    vouched = inventory.latest and any(has(place, ocfl.sidecar(raw)) for place in places)
    return inventory if vouched and inventory.id == id else None


def version_numbers(home: Path) -> list[int]:
    """Numbers of the version folders that lie in an object's folder, in order."""
    numbers = (ocfl.version_number(path.name) for path in home.iterdir())
    return sorted(number for number in numbers if number is not None)


def is_whole(home: Path, version: int) -> bool:
    """Whether a version's folder is complete: its inventory, and every byte it brought."""
    inventory = read_inventory(home / f"v{version}")
    if inventory is None or inventory.latest != version:
        return False
    content = inventory.content(version)
    expected = {*content, f"v{version}/{ocfl.INVENTORY}", f"v{version}/{ocfl.SIDECAR}"}
    if _files(home, home / f"v{version}")[0] != expected:
        return False
    return all(durable.file_digest(home / path) == digest for path, digest in content.items())


def examine(home: Path, object_id: Id) -> list[Problem]:
    """Compare everything in an object's folder with its inventory; reads every byte.

    Args:
        home: the object's folder.
        object_id: id that the inventory must have.

    Returns:
        The problems, in the order of their paths; empty when the object is sound.
    """
    try:
        if home.is_symlink() or not home.is_dir():
            return [Problem("no_object", object_id, "")]
    except OSError:
        return [Problem("unreadable_folder", object_id, "")]
    found: list[tuple[str, str]] = []
    if not has(home / ocfl.OBJECT_DECLARATION, ocfl.OBJECT_DECLARATION_CONTENT):
        found.append(("bad_declaration", ocfl.OBJECT_DECLARATION))
    root = _inventory(home, "", found)
    if root is None:
        found += [("unreadable_folder", path) for path in _files(home, home)[2]]
        return [Problem(code, object_id, path) for code, path in found]
    if root.id != object_id:
        found.append(("wrong_id", ocfl.INVENTORY))
    expected = {ocfl.OBJECT_DECLARATION, ocfl.INVENTORY, ocfl.SIDECAR}
    for number in range(1, root.latest + 1):
        folder = f"v{number}/"
        expected |= {folder + ocfl.INVENTORY, folder + ocfl.SIDECAR}
        earlier = _inventory(home, folder, found)
        if earlier is not None and not ocfl.agrees(root, earlier, number):
            found.append(("bad_inventory", folder + ocfl.INVENTORY))
    content = root.content()
    for path, digest in content.items():
        if problem := content_problem(home / path, digest):
            found.append((problem, path))
    files, empty, unreadable = _files(home, home)
    found += [("unreadable_folder", path) for path in unreadable]
    found += [("extra_file", path) for path in files - expected - set(content)]
    found += [("extra_folder", path) for path in empty]
    return [Problem(code, object_id, path) for code, path in sorted(found, key=lambda f: f[::-1])]


def has(path: Path, content: bytes) -> bool:
    """Whether a file holds just these bytes."""
    try:
        return durable.content(path) == content
    except OSError:
        return False


def _inventory(home: Path, folder: str, found: list[tuple[str, str]]) -> ocfl.Inventory | None:
    """Read one inventory and note what is wrong with it and its sidecar."""
    try:
        raw = durable.content(home / folder / ocfl.INVENTORY)
    except OUT_OF_PLACE:
        found.append(("missing_file", folder + ocfl.INVENTORY))
        return None
    except OSError:
        found.append(("unreadable_file", folder + ocfl.INVENTORY))
        return None
    if not has(home / folder / ocfl.SIDECAR, ocfl.sidecar(raw)):
        found.append(("bad_sidecar", folder + ocfl.SIDECAR))
    try:
        return ocfl.decode(raw)
    except msgspec.DecodeError:
        found.append(("bad_inventory", folder + ocfl.INVENTORY))
        return None


def content_problem(path: Path, digest: str) -> str | None:
    """What is wrong with a stored file, as a code of `Problem`; None where it is sound."""
    try:
        if path.is_symlink() or not path.is_file():
            return "missing_file"
        return None if durable.file_digest(path) == digest else "changed_file"
    except OSError:
        return "unreadable_file"


def _files(home: Path, top: Path) -> tuple[set[str], set[str], set[str]]:
    """Everything below `top` that is no folder, empty folders, and those that cannot be read.

    Paths are below `home`.
    """
    files: set[str] = set()
    empty: set[str] = set()
    unreadable: set[str] = set()

    def note(error: OSError) -> None:
        unreadable.add(Path(str(error.filename)).relative_to(home).as_posix())

    for folder, folders, names in os.walk(top, onerror=note):
        place = Path(folder)
        # os.walk lists links to folders among the folders; to us they are strange files.
        names = [*names, *(name for name in folders if (place / name).is_symlink())]
        files |= {(place / name).relative_to(home).as_posix() for name in names}
        if not names and not folders:
            empty.add(place.relative_to(home).as_posix())
    return files, empty, unreadable

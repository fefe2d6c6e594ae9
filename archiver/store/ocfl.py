"""The words of OCFL 1.1 as values: names, places, inventories; no file is touched here.

Promises that an inventory built by `successor` is valid by https://ocfl.io/1.1/spec/ and that
equal content is listed once for all versions of an object. Places follow the registered layout
https://ocfl.github.io/extensions/0004-hashed-n-tuple-storage-layout.html with two levels of two
digits: 65,536 folders carry millions of objects, and a new object costs at most two new parents.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from archiver.records import Id

OBJECT_DECLARATION = "0=ocfl_object_1.1"
OBJECT_DECLARATION_CONTENT = b"ocfl_object_1.1\n"
ROOT_DECLARATION = "0=ocfl_1.1"
INVENTORY = "inventory.json"
SIDECAR = "inventory.json.sha512"
INVENTORY_TYPE = "https://ocfl.io/1.1/spec/#inventory"
LAYOUT = "0004-hashed-n-tuple-storage-layout"
TUPLE_SIZE, TUPLES = 2, 2

_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"
_NAME = re.compile(rf"{_PART}(/{_PART}){{0,3}}")
_VERSION = re.compile(r"v([1-9][0-9]{0,5})")


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


# The declaration comes last: where it stands, the root is complete.
ROOT_FILES: dict[str, bytes] = {
    f"extensions/{LAYOUT}/config.json": _json(
        {
            "extensionName": LAYOUT,
            "digestAlgorithm": "sha256",
            "tupleSize": TUPLE_SIZE,
            "numberOfTuples": TUPLES,
            "shortObjectRoot": False,
        }
    ),
    "ocfl_layout.json": _json(
        {
            "extension": LAYOUT,
            "description": "sha256 of the object id: two folders of two digits, then all 64.",
        }
    ),
    ROOT_DECLARATION: b"ocfl_1.1\n",
}


class Stamp(NamedTuple):
    """Who made a version, when and why.

    Attributes:
        created: UTC, ISO 8601 with ``Z``.
        message: a code such as ``received``, no sentence.
        user: pseudonym as in the ledger, e.g. ``daemon``.
    """

    created: str
    message: str
    user: str


class User(msgspec.Struct, frozen=True):
    """The pseudonym that made a version."""

    name: str


class Version(msgspec.Struct, frozen=True):
    """One version as the inventory has it; `state` is digest → logical names."""

    created: str
    state: dict[str, list[str]]
    message: str
    user: User


class Inventory(msgspec.Struct, frozen=True, rename="camel"):
    """The inventory of one object; field names as in OCFL, keys in camel case on disk.

    Attributes:
        id: of the object.
        type: address of the OCFL rule.
        digest_algorithm: always ``sha512``.
        head: newest version, ``v1`` and up.
        manifest: digest → paths below the object's folder.
        versions: ``v1`` … head.
    """

    id: Id
    type: str
    digest_algorithm: str
    head: str
    manifest: dict[str, list[str]]
    versions: dict[str, Version]

    @property
    def latest(self) -> int:
        """Number of the newest version, from 1."""
        return version_number(self.head) or 0

    def stamps(self) -> list[Stamp]:
        """Who made each version, when and why, from the first on."""
        versions = (self.versions[f"v{number}"] for number in range(1, self.latest + 1))
        return [Stamp(one.created, one.message, one.user.name) for one in versions]

    def state(self, version: int | None = None) -> dict[str, str]:
        """The files of a version (None: the newest), logical name → sha512.

        Raises:
            KeyError: there is no such version.
        """
        files = self.versions[self.head if version is None else f"v{version}"].state
        return {name: digest for digest, names in files.items() for name in names}

    def content_path(self, name: str, version: int | None = None) -> str:
        """Path of a logical file's bytes, below the object's folder.

        Raises:
            KeyError: the version has no such file, or there is no such version.
        """
        return self.manifest[self.state(version)[name]][0]

    def content(self, version: int | None = None) -> dict[str, str]:
        """Stored files, path → sha512; of all versions, or those that one version brought."""
        prefix = "" if version is None else f"v{version}/"
        return {
            path: digest
            for digest, paths in self.manifest.items()
            for path in paths
            if path.startswith(prefix)
        }


def digest(content: bytes) -> str:
    """The sha512 of these bytes, as hex digits."""
    return hashlib.sha512(content).hexdigest()


def is_id(text: str) -> bool:
    """Whether this is a ULID in its 26 capital letters and digits."""
    return _ID.fullmatch(text) is not None


def version_number(name: str) -> int | None:
    """Number of a version folder's name, None where the name is none."""
    match = _VERSION.fullmatch(name)
    return int(match[1]) if match else None


def object_place(object_id: Id) -> str:
    """Path of an object's folder below the storage root, e.g. ``3c/0f/3c0f…``."""
    digest = hashlib.sha256(object_id.encode()).hexdigest()
    cuts = [digest[i * TUPLE_SIZE : (i + 1) * TUPLE_SIZE] for i in range(TUPLES)]
    return "/".join([*cuts, digest])


def check_names(names: Iterable[str]) -> None:
    """Refuse logical names that are not ours: absolute, with dots that climb, or odd letters.

    Raises:
        ValueError: a name is bad, or one is a folder of another (OCFL E095). Names come from code
            alone, so this is a bug and no fault of a person.
    """
    known = set(names)
    for name in known:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a logical name: {name!r}")
        folders = name.split("/")[:-1]
        if any("/".join(folders[: i + 1]) in known for i in range(len(folders))):
            raise ValueError(f"a folder of this name is a file: {name!r}")


def successor(
    previous: Inventory | None, object_id: Id, changes: Mapping[str, str | None], stamp: Stamp
) -> Inventory:
    """Build the inventory of the next version.

    Args:
        previous: inventory so far, None for version 1.
        object_id: id of the object.
        changes: logical name → sha512 of its new bytes, or None to leave it out from now on.
        stamp: who, when, why.

    Returns:
        The new inventory. New content lies at ``vN/content/<logical name>``; bytes that any
        version has already are referred to, not listed again.

    Raises:
        ValueError: a name is bad, see `check_names`.
    """
    head = f"v{previous.latest + 1 if previous else 1}"
    state = previous.state() if previous else {}
    manifest = dict(previous.manifest) if previous else {}
    for name, digest in sorted(changes.items()):
        if digest is None:
            state.pop(name, None)
            continue
        state[name] = digest
        manifest.setdefault(digest, [f"{head}/content/{name}"])
    check_names(state)
    by_digest: dict[str, list[str]] = {}
    for name, digest in sorted(state.items()):
        by_digest.setdefault(digest, []).append(name)
    version = Version(stamp.created, by_digest, stamp.message, User(stamp.user))
    versions = {**(previous.versions if previous else {}), head: version}
    return Inventory(object_id, INVENTORY_TYPE, "sha512", head, manifest, versions)


def encode(inventory: Inventory) -> bytes:
    """The bytes of ``inventory.json``; the same inventory gives the same bytes."""
    return _json(inventory)


def decode(raw: bytes) -> Inventory:
    """Read ``inventory.json``.

    Raises:
        msgspec.DecodeError: it is no inventory as this house writes them.
    """
    try:
        return msgspec.json.decode(raw, type=Inventory)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error


def sidecar(raw: bytes) -> bytes:
    """The bytes of the sidecar to an inventory's bytes."""
    return f"{digest(raw)} {INVENTORY}\n".encode()


def earlier(root: Inventory, version: int) -> Inventory:
    """The inventory as it was in vN, of the newest one."""
    names = {f"v{n}" for n in range(1, version + 1)}
    manifest = {
        digest: [path for path in paths if path.split("/")[0] in names]
        for digest, paths in root.manifest.items()
    }
    return msgspec.structs.replace(
        root,
        head=f"v{version}",
        manifest={digest: paths for digest, paths in manifest.items() if paths},
        versions={name: one for name, one in root.versions.items() if name in names},
    )


def papers(inventory: Inventory) -> Iterator[tuple[str, bytes]]:
    """What an object's newest inventory alone tells of its files: path and bytes of each.

    The declaration, the inventories of all versions and their sidecars; the object's own come last.
    """
    yield OBJECT_DECLARATION, OBJECT_DECLARATION_CONTENT
    for number in range(1, inventory.latest + 1):
        raw = encode(earlier(inventory, number))
        yield f"v{number}/{INVENTORY}", raw
        yield f"v{number}/{SIDECAR}", sidecar(raw)
    raw = encode(inventory)
    yield INVENTORY, raw
    yield SIDECAR, sidecar(raw)


def agrees(root: Inventory, earlier: Inventory, version: int) -> bool:
    """Whether the inventory kept in ``vN`` tells the same story as the newest one, up to vN."""
    names = {f"v{n}" for n in range(1, version + 1)}
    manifest = {path: d for path, d in root.content().items() if path.split("/")[0] in names}
    return (
        (earlier.id, earlier.head, earlier.digest_algorithm, earlier.type)
        == (root.id, f"v{version}", root.digest_algorithm, root.type)
        and earlier.content() == manifest
        and earlier.versions == {n: v for n, v in root.versions.items() if n in names}
    )

"""A batch read again, years later and without the archive: is every byte as it was written?

Promises to read everything and to name what is wrong as closely as it can be known: the file of
the bag, the file inside the package with its document's id, or the manifest itself where only it
disagrees. Needs nothing but the folder.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from archiver.errors import UsageFault
from archiver.retention.exchange import bag, listing
from archiver.retention.exchange.bag import ALGORITHMS, Algorithm
from archiver.retention.exchange.package import Digests, Progress, quiet
from archiver.retention.exchange.zipformat import Entry

CONTENTS = "contents.txt"
_CHUNK = 1 << 20
# An id of the archive as it stands in the table.
_ID = re.compile("[0-9A-HJKMNP-TV-Z]{26}")
_LONGEST_LINE = 1 << 16
_LINE = re.compile("([0-9a-f]{128}) ([0-9]{1,18}) ([0-9]{1,18}) ([^\n/]+)")


class Finding(msgspec.Struct, frozen=True):
    """Something wrong with a batch.

    Attributes:
        code: reason code.
        path: file of the bag, relative to it.
        member: file inside the package, where that is known.
        document: id of its document, where the table beside the package tells.
    """

    code: str
    path: str
    member: str = ""
    document: str = ""


class Verification(msgspec.Struct, frozen=True):
    """What reading everything has shown.

    Attributes:
        files: that were read.
        size: bytes that were read.
        findings: empty where all is as it was written.
    """

    files: int
    size: int
    findings: tuple[Finding, ...]


def contents(entries: tuple[Entry, ...]) -> Iterator[str]:
    """Where each file lies in the package: digest, first byte, length, name.

    It names the file that a changed byte belongs to even where the zip's own directory is lost.
    """
    for entry in entries:
        yield f"{entry.sha512} {entry.data_start} {entry.size} {entry.name}\n"


def verify(folder: Path, progress: Progress = quiet) -> Verification:
    """Read a batch and compare all of it with its manifests.

    Args:
        folder: the bag.
        progress: told ``reread``, bytes done and bytes in all.

    Raises:
        UsageFault: ``export_no_bag``; the folder is no batch of this program.
        OSError: as the disk said.
    """
    return examine(folder, {}, progress)


def examine(folder: Path, known: dict[str, Digests], progress: Progress = quiet) -> Verification:
    """As `verify`, but with the digests of files that have been read a moment ago.

    Args:
        folder: the bag.
        known: by path in the bag.
        progress: as for `verify`.
    """
    if not (folder / "bagit.txt").is_file():
        raise UsageFault("export_no_bag", path=str(folder))
    files = sorted(_files(folder))
    sizes = {path: (folder / path).lstat().st_size for path in files}
    found: dict[str, Digests] = {}
    done, total = 0, sum(sizes.values())
    for path in files:
        found[path] = known.get(path) or digests(folder / path)
        done += sizes[path]
        progress("reread", done, total)
    findings = [*_manifests(folder, found, "manifest"), *_manifests(folder, found, "tagmanifest")]
    closer = [nearer for finding in findings for nearer in _inside(folder, finding)]
    # A damaged manifest is found by itself and by the tag manifests; it is told once.
    once = {(finding.path, finding.member): finding for finding in reversed(closer)}
    told = tuple(reversed(once.values()))
    owners = _documents(folder, {finding.member for finding in told if finding.member})
    return Verification(len(files), total, tuple(_owned(finding, owners) for finding in told))


def _files(folder: Path) -> Iterator[str]:
    """Every file below a folder, relative; links are named, not followed."""
    for place, folders, names in os.walk(folder):
        for name in names:
            yield (Path(place) / name).relative_to(folder).as_posix()
        for name in folders:
            if (Path(place) / name).is_symlink():
                yield (Path(place) / name).relative_to(folder).as_posix()


def digests(path: Path) -> Digests:
    """Read a file whole; what is no plain file has the digests of nothing."""
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
    if path.is_file() and not path.is_symlink():
        with path.open("rb", buffering=0) as reader:
            while piece := reader.read(_CHUNK):
                sha256.update(piece)
                sha512.update(piece)
                size += len(piece)
    return Digests(sha256.hexdigest(), sha512.hexdigest(), size)


def _manifests(folder: Path, found: dict[str, Digests], kind: str) -> Iterator[Finding]:
    """Compare the files with both manifests of a kind.

    A file on which both agree is judged by them. Where only one disagrees with the file or does
    not name it, that manifest is damaged, not the file.
    """
    names = {algorithm: f"{kind}-{algorithm}.txt" for algorithm in ALGORITHMS}
    listed: dict[Algorithm, dict[str, str]] = {}
    for algorithm, name in names.items():
        read = _listed(folder / name, algorithm)
        if read is None:
            code = "export_manifest_damaged" if name in found else "export_file_missing"
            yield Finding(code, name)
        else:
            listed[algorithm] = read
    concerned = {path for path in found if _belongs(path, kind)}
    for path in sorted(concerned.union(*listed.values())):
        says = {algorithm: paths.get(path) for algorithm, paths in listed.items()}
        is_named = any(says.values())
        if path not in found:
            if all(says.values()):
                yield Finding("export_file_missing", path)
            else:
                yield from _blamed(names, [key for key in says if says[key]])
            continue
        wrong = [key for key, digest in says.items() if digest != getattr(found[path], key)]
        if says and not is_named:
            yield Finding("export_file_unlisted", path)
        elif wrong and len(wrong) == len(says):
            yield Finding("export_file_changed", path)
        else:
            yield from _blamed(names, wrong)


def _blamed(names: dict[Algorithm, str], wrong: list[Algorithm]) -> Iterator[Finding]:
    return (Finding("export_manifest_damaged", names[algorithm]) for algorithm in wrong)


def _belongs(path: str, kind: str) -> bool:
    """Whether a kind of manifest must list a file."""
    if kind == "manifest":
        return path.startswith("data/")
    return not path.startswith(("data/", "tagmanifest-"))


def _listed(path: Path, algorithm: Algorithm) -> dict[str, str] | None:
    try:
        return bag.read_manifest(path.read_bytes().decode("utf-8"), algorithm)
    except (OSError, UnicodeDecodeError):
        return None


def _inside(folder: Path, finding: Finding) -> list[Finding]:
    """The files inside a changed package that are not what they were; else the finding itself."""
    if finding.code != "export_file_changed" or not finding.path.startswith("data/"):
        return [finding]
    members = []
    with (folder / finding.path).open("rb") as reader:
        for line in _contents(folder):
            sha512, start, size, name = line
            reader.seek(int(start))
            own, left = hashlib.sha512(), int(size)
            while left > 0 and (piece := reader.read(min(left, _CHUNK))):
                own.update(piece)
                left -= len(piece)
            if own.hexdigest() != sha512:
                members.append(Finding("export_member_changed", finding.path, name))
    return members or [finding]


def _contents(folder: Path) -> Iterator[tuple[str, ...]]:
    try:
        lines = (folder / CONTENTS).read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        if match := _LINE.fullmatch(line):
            yield match.groups()


def _owned(finding: Finding, owners: Mapping[str, str]) -> Finding:
    """A finding with the document to which its file belongs; the message belongs to none."""
    document = owners.get(finding.member, "")
    if not document:
        return finding
    return Finding("export_document_changed", finding.path, finding.member, document)


def _documents(folder: Path, names: Collection[str]) -> dict[str, str]:
    """Ids of the documents to which some files belong, from the table beside the package.

    The table may be damaged as well; what cannot be read of it names nothing.
    """
    if not names:
        return {}
    file, number = (listing.COLUMNS.index(name) for name in ("Datei", "Nummer"))
    found: dict[str, str] = {}
    try:
        with (folder / listing.TABLE).open(encoding="utf-8-sig", errors="replace") as table:
            lines = iter(lambda: table.readline(_LONGEST_LINE), "")
            for row in csv.reader(lines, delimiter=";"):
                is_whole = len(row) == len(listing.COLUMNS) and _ID.fullmatch(row[number])
                if is_whole and row[file] in names:
                    found[row[file]] = row[number]
    except (OSError, csv.Error):
        pass
    return found

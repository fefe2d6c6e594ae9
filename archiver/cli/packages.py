"""Fetching a package: from the archive into a folder of the clerk's.

Promises that a folder lies there only when every byte of it has arrived and agrees with the
package's manifest, and that nothing is overwritten.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from archiver.cli import desk
from archiver.disclosure.package import MANIFEST
from archiver.errors import IntegrityFault, Refusal


def require_room(output: Path) -> None:
    """Refuse a place where nothing can be written, before an hour's work.

    Raises:
        Refusal: ``output_exists``, ``output_unwritable``.
    """
    if os.path.lexists(output):
        raise desk.output_exists(output)
    if not os.access(output.absolute().parent, os.W_OK | os.X_OK):
        raise Refusal("output_unwritable", path=str(output))


def fetch(archive: Any, name: str, output: Path) -> None:
    """Write a package into a new folder, then have the archive drop its copy."""
    part = output.with_name(output.name + ".part")
    try:
        part.mkdir(mode=0o700)
        try:
            _unpack(archive.disclosures.package(name=name), part)
            part.rename(output)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except FileExistsError:
        raise desk.output_exists(part) from None
    except OSError as error:
        raise Refusal("output_unwritable", path=str(output)) from error
    archive.disclosures.taken(name=name)


def _unpack(file: Any, folder: Path) -> None:
    """Unpack into a folder and compare every file with the manifest.

    Raises:
        IntegrityFault: ``package_damaged``.
    """
    with file.stream, tempfile.TemporaryFile(dir=folder) as whole:
        shutil.copyfileobj(file.stream, whole)
        try:
            with zipfile.ZipFile(whole) as archive:
                for name in archive.namelist():
                    # Only plain names, whoever answered.
                    with archive.open(name) as source, (folder / Path(name).name).open("xb") as to:
                        shutil.copyfileobj(source, to)
        except zipfile.BadZipFile:
            raise IntegrityFault("package_damaged", path=str(folder)) from None
    listed = _manifest(folder)
    for path in folder.iterdir():
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha512").hexdigest()
        if path.name != MANIFEST and listed.pop(path.name, None) != digest:
            raise IntegrityFault("package_damaged", path=str(folder))
    if listed:
        raise IntegrityFault("package_damaged", path=str(folder))


def _manifest(folder: Path) -> dict[str, str]:
    """Digests by name of file."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise IntegrityFault("package_damaged", path=str(folder)) from None
    pairs = (line.split("  ", 1) for line in text.splitlines())
    return {name: digest for digest, name in pairs}

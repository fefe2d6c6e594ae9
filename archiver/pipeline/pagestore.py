"""Finished pages of a document that is being read, so that a restart does not read them again.

Promises that a page is there whole or not at all. Nothing here is truth: a lost store only costs
the time of reading again.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TypeVar

import msgspec

from archiver.recognise.inspection import Inspection
from archiver.records import Id, Page

_T = TypeVar("_T")


def forget_others(root: Path, documents: set[Id]) -> None:
    """Forget the pages of all documents but these: a crash left them behind."""
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name not in documents:
            shutil.rmtree(folder, ignore_errors=True)


class PageStore:
    """Pages of one document, in a folder of its own below the stage.

    Args:
        root: folder of all page stores.
        document: whose pages.
    """

    def __init__(self, root: Path, document: Id) -> None:
        self._folder = root / document
        self._folder.mkdir(parents=True, exist_ok=True)

    def save_inspection(self, inspection: Inspection) -> None:
        """Keep what was found when the file was first opened."""
        self._save("inspection.json", msgspec.json.encode(inspection))

    def inspection(self) -> Inspection | None:
        """What was found when the file was first opened, if that was kept."""
        return self._load("inspection.json", Inspection)

    def save(self, page: Page) -> None:
        """Keep a finished page."""
        self._save(f"{page.number:06d}.json", msgspec.json.encode(page))

    def page(self, number: int) -> Page | None:
        """A finished page, or None."""
        return self._load(f"{number:06d}.json", Page)

    def missing(self, count: int) -> list[int]:
        """Numbers of the pages 1 to `count` that are not finished."""
        there = {path.name for path in self._folder.iterdir()}
        return [n for n in range(1, count + 1) if f"{n:06d}.json" not in there]

    def clear(self) -> None:
        """Forget all pages."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _save(self, name: str, data: bytes) -> None:
        # Two lanes may look at the same file.
        part = self._folder / f"{name}.{threading.get_ident()}.part"
        part.write_bytes(data)
        part.rename(self._folder / name)

    def _load(self, name: str, kind: type[_T]) -> _T | None:
        path = self._folder / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError:
            path.unlink()
            return None

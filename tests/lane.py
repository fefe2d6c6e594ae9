"""One lane of an archive in this process: steps are taken one at a time, whenever a test says so.

Vault, ledger and catalogue are the real ones. Papers have text of their own, so no recognition
engine is needed; one that is asked for all the same is an error. The reader's work is done in this
process, which saves a second for each archive that is opened; no PDF/A is made.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archiver.archive import Archive
from archiver.clock import now
from archiver.config import load
from archiver.errors import DocumentFault
from archiver.founding import found
from archiver.house import House
from archiver.inbox.sightings import look
from archiver.pipeline.health import Health
from archiver.pipeline.invoices import Invoices
from archiver.pipeline.office import _limits
from archiver.pipeline.pagestore import PageStore
from archiver.pipeline.runner import Runner, Workshop
from archiver.pipeline.work import Tools
from archiver.recognise import inspection, messages
from archiver.recognise.document import Document
from archiver.recognise.inspection import Inspection
from archiver.recognise.reader import Assembled
from archiver.recognise.sheets import sheets
from archiver.records import Page
from archiver.rights import myself
from archiver.separate.split import extract_parts, weave
from tests import paper


class OpenReader:
    """What the caged reader does with a file, without the cage."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def inspect(self, fd: int, media_type: str) -> Inspection:
        return inspection.inspect(Document(fd, media_type), max_pages=self._limit)

    def pages(
        self, fd: int, media_type: str, wanted: Sequence[int], marks: bool = False
    ) -> Iterator[Page]:
        for page in sheets(Document(fd, media_type), wanted, max_pixels=10**8, marks=marks):
            assert isinstance(page, Page)
            yield page

    def split(self, fd: int, media_type: str, parts: Sequence[Sequence[int]]) -> Iterator[int]:
        with as_told():
            for part in extract_parts(Document(fd, media_type).stream(), media_type, parts):
                yield in_memory(part)

    def weave(self, fds: Sequence[int], media_type: str, order: Sequence[tuple[int, int]]) -> int:
        with as_told():
            return in_memory(
                weave([Document(fd, media_type).stream() for fd in fds], media_type, order)
            )

    def assemble(self, *_asked: object) -> Assembled:
        return Assembled(None, ("pdfa_failed",))

    def close(self) -> None:
        pass


@contextmanager
def as_told() -> Iterator[None]:
    """Faults as they arrive from the other process."""
    try:
        yield
    except DocumentFault as fault:
        raise messages.Faulty(fault.reason, dict(fault.params)).fault() from fault  # type: ignore[arg-type]


def in_memory(content: bytes) -> int:
    fd = os.memfd_create("part")
    os.write(fd, content)
    return fd


class NoEngines:
    count = 1

    def submit(self, *_asked: object, **_how: object) -> None:
        raise AssertionError("these papers need no engine")


def founded(root: Path, **rules: str) -> Path:
    """A new archive; `rules` are the tables [separate] of its drop folders, by name."""
    found(root)
    for name, rule in (rules or {"incoming": ""}).items():
        (root / "inbox" / name).mkdir(exist_ok=True)
        text = f'folder = "{name}"\n[separate]\n{rule}\n'
        (root / "pipelines" / f"{name}.toml").write_text(text, encoding="utf-8")
    config = root / "config.toml"
    quiet = config.read_text(encoding="utf-8").replace('cage = "auto"', 'cage = "none"')
    quiet = quiet.replace("percent = 5.0", "percent = 0.0")
    config.write_text(quiet, encoding="utf-8")
    return root


def letter(*pages: str) -> bytes:
    return paper.text_pdf([("Stadt Musterbach", f"Blatt {page}", *paper.LETTER) for page in pages])


class Lane:
    """An archive that was opened as the daemon opens it, and its only lane."""

    def __init__(self, root: Path, now: Callable[[], str] = now) -> None:
        self.root = root
        self.config = load(root / "config.toml")
        self.house = House(self.config, now)
        self.house.intake.recover(self.house.folders())
        self.archive = Archive(self.house, myself())
        self.health = Health(now)
        house, pages = self.house, root / "stage" / "pages"
        self.tools = Tools(
            config=self.config,
            stores=house.stores,
            reader=OpenReader(self.config.limits.pages),  # type: ignore[arg-type]
            engines=NoEngines(),  # type: ignore[arg-type]
            invoices=Invoices("none", _limits(self.config)),
            model=lambda: None,
            others_wait=lambda: False,
        )
        shop = Workshop(self.config, house.stores, self.health, pages, "b")
        self.runner = Runner(shop, 0, lambda _n, _w: self.tools, lambda: None)
        self.runner._stopping.wait = lambda _pause=None: False  # type: ignore[method-assign]
        self.runner.start(warm=False)

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, *_error: object) -> None:
        self.tools.reader.close()
        self.house.close()

    def drop(self, name: str, data: bytes, pipeline: str = "incoming") -> str:
        """Drop a file and have it accepted."""
        (self.root / "inbox" / pipeline / name).write_bytes(data)
        return self.accept(name, pipeline)

    def accept(self, name: str, pipeline: str = "incoming") -> str:
        (sighting,) = [
            one
            for one in look(self.root / "inbox" / pipeline)
            if one.name == name.encode("utf-8", "surrogateescape")
        ]
        accepted = self.house.intake.receive_drop(sighting, pipeline)
        assert accepted is not None
        self.house.intake.release_drop(sighting, accepted)
        return accepted.id

    def add(self, name: bytes, data: bytes, pipeline: str = "incoming") -> str:
        return self.house.intake.receive_stream(io.BytesIO(data), name, pipeline, "uid:7")

    def keep(self, document: str, *pages: Page) -> None:
        """Have pages been read already."""
        for page in pages:
            PageStore(self.root / "stage" / "pages", document).save(page)

    def walk(self, document: str) -> str:
        """One attempt; the state after it."""
        self.runner._attempt(document, self.tools)
        return self.state(document)

    def work_off(self) -> None:
        """All that can go on, until nothing moves any more."""
        while due := [str(row["id"]) for row in self.house.register.jobs()]:
            before = self.house.register.head()
            for document in due:
                self.walk(document)
            if self.house.register.head() == before:
                return

    def state(self, document: str) -> str:
        return str(self.row(document)["state"])

    def row(self, document: str) -> dict[str, Any]:
        row = self.house.register.document(document)
        assert row is not None
        return row

    def reason(self, document: str) -> tuple[str, str | None]:
        row = self.row(document)
        return row["state"], row["reason"]

    def parts(self, document: str) -> list[str]:
        return [str(part) for part in self.archive.documents.show(document)["parts"]]

    def living(self) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
        """Where each document in use has its pages from."""
        pages = {}
        for document in self.house.register.documents():
            if self.state(document) in ("divided", "destroyed", "withdrawn"):
                continue
            part = self.house.holdings.receipt(document, document).part
            pages[document] = list(part.sources) if part else [(document, ())]
        return pages

    def events(self, kind: str) -> list[dict[str, Any]]:
        entries = self.house.ledger.read()
        return [{"id": one.id, **one.data} for one in entries if one.event == kind]

    def staged(self) -> list[str]:
        """What lies in the stage that no living walk needs."""
        names = [path.name for path in (self.root / "stage").iterdir()]
        pages = [path.name for path in (self.root / "stage" / "pages").glob("*")]
        jobs = {str(row["id"]) for row in self.house.register.jobs()}
        left = [name for name in names if name not in ("pages", "cage", "archiver.lock")]
        return sorted(left + [name for name in pages if name not in jobs])

"""Making a package for somebody who has a right to see papers: looked for, blackened, proven.

Promises that a package exists whole, with every check passed, or not at all. Received files and
what was made of them are only parsed in the reader's cage.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from archiver.clock import town_day
from archiver.disclosure import package, plan, proof
from archiver.disclosure.package import Disclosure, Given
from archiver.disclosure.plan import Plan, Seen
from archiver.disclosure.request import Chosen, Request
from archiver.errors import DocumentFault, IntegrityFault, Refusal, SystemFault
from archiver.pipeline.engines import Engines
from archiver.recognise.engine_client import EngineDied
from archiver.recognise.media import JPEG, JPEG_2000, PDF, PNG, TIFF
from archiver.recognise.reader import Pixels, Reader, WorkerDied
from archiver.recognise.redaction import Order
from archiver.records import Id, Page, Word
from archiver.search.german import fold
from archiver.store import durable, objects
from archiver.store.vault import Vault
from archiver.tongue import N_

Progress = Callable[[int, int], None]

# What a proof checks, as the sentence about a leak names it.
CHECKS = (
    N_("pages"), N_("text"), N_("bytes"), N_("pixels"), N_("reading"), N_("codes"),
)  # fmt: skip
# What the system says where something stands at the target meanwhile.
_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR})
# Kinds of received files that have pages to be seen.
_DRAWN = (PDF, TIFF, JPEG, PNG, JPEG_2000)


class Parts(NamedTuple):
    """What a disclosure is made with.

    Attributes:
        vault: of the archive.
        reader: nobody else uses it meanwhile.
        engines: of the archive.
        now: gives the time, UTC, ISO 8601.
    """

    vault: Vault
    reader: Reader
    engines: Engines
    now: Callable[[], str]


def look(vault: Vault, request: Request) -> tuple[Seen, ...]:
    """Say what would be blackened, and what a person has to decide or to look through.

    Args:
        vault: of the archive.
        request: as it stands; it need not be decided.

    Raises:
        NotFound: a document does not exist.
        Refusal: ``not_read_yet``.
        UsageFault: ``term_empty``.
    """
    return tuple(_seen(vault, request, chosen)[0] for chosen in request.documents)


def pictures(vault: Vault, request: Request) -> dict[Id, tuple[str, ...]]:
    """Keys of the pages as they would be given, by document; a person confirms each.

    Args:
        vault: of the archive.
        request: decided in all its finds.
    """
    return {
        chosen.document: _keys(vault, request, *_seen(vault, request, chosen))
        for chosen in request.documents
    }


def _keys(vault: Vault, request: Request, seen: Seen, pages: list[Page]) -> tuple[str, ...]:
    planned = plan.planned(request, seen, pages, fold)
    name, _media_type = _source_name(vault, seen.document, seen.version)
    source = vault.inventory(seen.document).state(seen.version)[name]
    return plan.picture_keys(seen, planned, source)


def preview(parts: Parts, request: Request, document: Id) -> BinaryIO:
    """Make one document as it would be given, to be looked at; nothing is proven or recorded.

    Args:
        parts: to make it with.
        request: decided in all its finds.
        document: one of those in it.

    Raises:
        UsageFault, Refusal, DocumentFault, SystemFault: as `disclose`.
    """
    read = {one.document: _seen(parts.vault, request, one) for one in request.documents}
    plan.check(request, [seen for seen, _pages in read.values()])
    seen, pages = read[document]
    with _as_faults():
        planned = plan.planned(request, seen, pages, fold)
        job = _Job(parts, request, seen, planned, parts.now(), _Told(lambda _done, _all: None, 0))
        return job.redacted()


def disclose(
    parts: Parts, request: Request, target: Path, progress: Progress = lambda _done, _all: None
) -> Disclosure:
    """Make the package.

    Args:
        parts: to make it with.
        request: decided in all its parts.
        target: folder to be made; it must not exist.
        progress: told the pages that are proven, and all pages.

    Returns:
        what was given, for the archive to keep.

    Raises:
        Refusal: ``output_exists``, ``not_read_yet``, ``finds_undecided``,
            ``page_not_looked_through``, ``words_found_nowhere``, ``pages_not_confirmed``.
        UsageFault: see `archiver.disclosure.plan.check`.
        IntegrityFault: ``redaction_leak``, a check has failed; nothing was written.
        DocumentFault: a received file cannot be drawn; ``redaction_failed`` without PDF/A.
        SystemFault: the disk, an engine or the reader.
    """
    if target.exists():
        raise Refusal("output_exists", path=str(target))
    read = [_seen(parts.vault, request, chosen) for chosen in request.documents]
    plan.check(request, [seen for seen, _pages in read])
    keys = {seen.document: _keys(parts.vault, request, seen, pages) for seen, pages in read}
    plan.require_confirmed(request, keys)
    told = _Told(progress, sum(seen.pages for seen, _pages in read))
    at = parts.now()
    with _package(target) as folder, _as_faults():
        given = []
        for place, (chosen, (seen, pages)) in enumerate(
            zip(request.documents, read, strict=True), 1
        ):
            job = _Job(parts, request, seen, plan.planned(request, seen, pages, fold), at, told)
            given.append(job.give(folder, place, chosen.title))
        text = package.sheet(request.id, request.basis, _day(at), given)
        durable.write_file(folder / package.SHEET, text.encode())
        digests = {one.file: one.sha512 for one in given}
        digests[package.SHEET] = durable.file_digest(folder / package.SHEET)
        manifest = package.manifest(digests).encode()
        durable.write_file(folder / package.MANIFEST, manifest)
    return Disclosure(
        request=request.id,
        basis=request.basis,
        recipient=request.recipient,
        actor=request.actor,
        at=at,
        documents=tuple(given),
        manifest=hashlib.sha512(manifest).hexdigest(),
    )


def _day(at: str) -> str:
    return town_day(at).isoformat()


@contextmanager
def _package(target: Path) -> Iterator[Path]:
    """Give a folder that becomes the package at the end, or vanishes."""
    part = target.with_name(target.name + ".part")
    with durable.storage_faults(target):
        try:
            part.mkdir(parents=True)
        except FileExistsError as error:
            raise Refusal("output_exists", path=str(part)) from error
        try:
            yield part
            durable.sync_folder(part)
            try:
                part.rename(target)
            except OSError as error:
                if error.errno in _TAKEN:
                    raise Refusal("output_exists", path=str(target)) from error
                raise
            durable.sync_folder(target.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(part)
            raise


@contextmanager
def _as_faults() -> Iterator[None]:
    """Say in a person's terms that a caged process has died."""
    try:
        yield
    except WorkerDied as error:
        raise SystemFault("reader_failed") from error
    except EngineDied as error:
        raise SystemFault("engine_failed") from error


def _seen(vault: Vault, request: Request, chosen: Chosen) -> tuple[Seen, list[Page]]:
    """Read a document's words and look for the terms in them."""
    version = chosen.version or vault.inventory(chosen.document).latest
    try:
        with vault.open(chosen.document, objects.WORDS, version) as file:
            pages = objects.decode_pages(file.read())
    except FileNotFoundError as error:
        raise Refusal("not_read_yet", id=chosen.document) from error
    except msgspec.DecodeError as error:
        raise IntegrityFault("object_damaged", id=chosen.document) from error
    return plan.seen(chosen, version, pages, request, fold), pages


def _source_name(vault: Vault, document: Id, version: int) -> tuple[str, str]:
    """What the words were read from, and its kind: the received file, or an invoice's rendering."""
    names = vault.inventory(document).state(version)
    for media_type in _DRAWN:
        name = objects.original_name(media_type)
        if name in names:
            return name, media_type
    return objects.RENDITION, PDF


class _Told:
    """Tells how far the work is."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def page(self) -> None:
        self._done += 1
        self._progress(self._done, self._total)


class _Job:
    """One document on its way into the package."""

    def __init__(
        self, parts: Parts, request: Request, seen: Seen, planned: Plan, at: str, told: _Told
    ) -> None:
        self._parts = parts
        self._terms = [term.text for term in request.terms]
        self._seen = seen
        self._plan = planned
        self._at = at
        self._told = told

    def give(self, folder: Path, place: int, title: str) -> Given:
        """Make the document's file and prove it."""
        tells = plan.title_tells(title, self._terms, self._plan, fold)
        path = folder / package.file_name(place, "" if tells else title)
        sha512 = self._made(path)
        with path.open("rb") as file:
            read = self._prove(file)
        if self._drop_unseen(read):
            path.unlink()
            sha512 = self._made(path)
            with path.open("rb") as file:
                self._prove(file)
        for _page in self._plan.pages:
            self._told.page()
        return Given(
            document=self._seen.document,
            version=self._seen.version,
            file=path.name,
            sha512=sha512,
            pages=len(self._plan.pages),
            bars=package.counted(self._plan.bars),
            proof=proof.Proof(
                pages=len(self._plan.pages),
                bars=len(self._plan.bars),
                words=sum(map(len, self._plan.gone.values())),
                terms=len(self._terms),
            ),
        )

    def _drop_unseen(self, read: list[Page]) -> bool:
        """Take own text out of which nothing is seen on the finished pages; whether there is."""
        pages = tuple(
            page if page.source == "recognised" else without(page, proof.unseen(page, seen, fold))
            for page, seen in zip(self._plan.pages, read, strict=True)
        )
        was, self._plan = self._plan.pages, msgspec.structs.replace(self._plan, pages=pages)
        return pages != was

    def _made(self, path: Path) -> str:
        """Have the file made and store it; its digest."""
        with self.redacted() as file:
            durable.write_file(path, file.read())
        return durable.file_digest(path)

    def redacted(self) -> BinaryIO:
        """Have the file made."""
        boxes = tuple(
            tuple(bar.box for bar in self._plan.on(page.number)) for page in self._plan.pages
        )
        order = Order(self._plan.pages, boxes)
        created = datetime.fromisoformat(self._at)
        document, version = self._seen.document, self._seen.version
        name, media_type = _source_name(self._parts.vault, document, version)
        with self._parts.vault.open(document, name, version) as source:
            made = self._parts.reader.redact(source.fileno(), media_type, order, created)
        if made.fd is None:
            raise DocumentFault("redaction_failed", id=self._seen.document)
        file = os.fdopen(made.fd, "rb")
        file.seek(0)
        return file

    def _prove(self, file: BinaryIO) -> list[Page]:
        """Read the file again in every way in which a word could be left in it.

        Returns:
            its pages as the engine reads them.

        Raises:
            IntegrityFault: ``redaction_leak``.
        """
        pages = self._plan.pages
        with ExitStack() as closing:
            bare = self._parts.reader.bare(file.fileno(), [page.number for page in pages])
            closing.callback(bare.close)  # type: ignore[attr-defined]  # it is a generator
            texts = msgspec.json.decode(_content(next(bare)), type=list[str])
            said = _content(next(bare))
            self._check("pages", len(texts) == len(pages))
            for page, text in zip(pages, texts, strict=True):
                leaks = proof.layer_leaks(text, page, self._plan.gone[page.number], fold)
                self._check("text", leaks == 0, page.number)
            file.seek(0)
            self._check("bytes", not proof.byte_leaks([file.read(), said], self._plan, fold))
            return self._prove_pictures(bare)

    def _prove_pictures(self, bare: Iterator[int | Pixels]) -> list[Page]:
        """See that the bars are black, and have the pages read anew."""
        read: list[Page] = []
        waiting: list[Future[Page]] = []
        for page, item in zip(self._plan.pages, bare, strict=True):
            assert isinstance(item, Pixels)
            waiting.append(self._seen_again(page, item))
            while len(waiting) > self._parts.engines.count:
                read.append(self._read_again(waiting.pop(0).result()))
        read += [self._read_again(future.result()) for future in waiting]
        return read

    def _seen_again(self, page: Page, pixels: Pixels) -> Future[Page]:
        """Compare a page with what it must be, then hand it to an engine."""
        try:
            same = (pixels.width, pixels.height) == (page.width, page.height)
            self._check("pages", same, page.number)
            content = os.pread(pixels.fd, pixels.width * pixels.height, 0)
            boxes = [bar.box for bar in self._plan.on(page.number)]
            gray = proof.gray_bars(content, pixels.width, boxes)
            self._check("pixels", gray == 0, page.number)
        except BaseException:
            os.close(pixels.fd)
            raise
        return self._parts.engines.submit(pixels._replace(dpi=page.dpi), marks=True)

    def _read_again(self, read: Page) -> Page:
        """See that no term can be read on a finished page."""
        leaks = proof.read_leaks(read, self._terms, self._plan, fold)
        self._check("reading", leaks == 0, read.number)
        leaks = proof.code_leaks(read, self._terms, self._plan, fold)
        self._check("codes", leaks == 0, read.number)
        return read

    def _check(self, what: str, passed: bool, page: int = 0) -> None:
        if not passed:
            raise IntegrityFault("redaction_leak", id=self._seen.document, check=what, page=page)


def without(page: Page, words: Collection[Word]) -> Page:
    """A page without some of its words."""
    gone = set(words)
    kept = tuple(word for word in page.words if word not in gone)
    return msgspec.structs.replace(page, words=kept)


def _content(item: int | Pixels) -> bytes:
    """Read a descriptor to its end and close it."""
    assert isinstance(item, int)
    with os.fdopen(item, "rb") as file:
        file.seek(0)
        return file.read()

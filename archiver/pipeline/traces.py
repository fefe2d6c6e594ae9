"""Traces: where words still stand in an archive, read through everything that packs them.

Promises to change nothing, to say where words were found and never what was there, and to name
what could not be read. Every place is read twice where it can be asked as well: as files with
their packed layers (`archiver.pipeline.unpacking`), and as what it is (the catalogue's rows, the
index's documents and its lists of words). Received files are read by pure Python alone. The
pixels of a scan are not read: that its file is gone is for the caller to prove by its name.
"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import BinaryIO, Literal
from unicodedata import normalize

import msgspec

from archiver.config import Config
from archiver.pipeline.unpacking import Budget, Layer, Spent, layers
from archiver.search.german import fold
from archiver.search.traces import stored

Name = Literal[
    "vault", "ledger", "catalogue", "index", "learned", "stage", "released", "inbox", "exports"
]

JOURNAL = "erasure"
"""So begin the names of files in the stage that hold the words while they are looked for."""

_UNPACKED = 1 << 30  # bytes that the packed layers of one file may have
_SECONDS = 120.0
_ROWS = "rows"
_CORE = 4  # letters that all spellings must share to be looked for first
_DIGITS = 7  # of base 64; fewer would be found by chance
_WRITTEN_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)


class Store(msgspec.Struct, frozen=True):
    """A place that may hold words.

    Attributes:
        name: of the place.
        roots: its folders and files; those that are not there are empty.
        engine: of an index, whose documents and words are asked for too.
    """

    name: Name
    roots: tuple[Path, ...]
    engine: str | None = None


class Hit(msgspec.Struct, frozen=True):
    """A word in a place.

    Attributes:
        word: its number among those that were looked for, from 0.
        path: below the store, ``rows/<table>``, ``documents/<id>`` or ``words/<column>``; what
            would itself say a word that was looked for is an asterisk.
    """

    word: int
    path: str


class Finding(msgspec.Struct, frozen=True):
    """What was found in one store.

    Attributes:
        files, size: that were read, and their bytes.
        hits: in the order in which they were found.
        unread: paths of what could not be read, or not to its end.
    """

    files: int
    size: int
    hits: tuple[Hit, ...]
    unread: tuple[str, ...] = ()


def stores(config: Config, homes: Collection[Path] | None = None) -> list[Store]:
    """The places of an archive that may hold words of its documents.

    Args:
        config: of the archive.
        homes: folders of objects, where not the whole vault is to be read.
    """
    places = config.places
    catalogue = places.catalogue
    endings = ("", "-wal", "-shm", "-journal", ".fresh", ".fresh-wal", ".fresh-shm")
    beside = tuple(catalogue.with_name(catalogue.name + ending) for ending in endings)
    drops = dict.fromkeys(config.drop_folder(pipeline) for pipeline in config.pipelines)
    return [
        Store("vault", (places.vault,) if homes is None else tuple(homes)),
        Store("ledger", (places.ledger,)),
        Store("catalogue", beside),
        Store("index", (places.index,), config.search.engine),
        Store("learned", (places.learned,)),
        Store("stage", (places.stage,)),
        Store("released", (places.released,)),
        Store("inbox", tuple(drops)),
        Store("exports", (places.exports,)),
    ]


def find(words: Sequence[str], places: Iterable[Store]) -> dict[str, Finding]:
    """Look for words in places.

    Args:
        words: each of letters and digits; in any spelling of case, umlauts and accents, in any
            coding of this house's files.
        places: from `stores`.

    Returns:
        by name of the store, what was found.

    Raises:
        SystemFault: ``index_damaged``.
    """
    sought = Sought(words)
    return {store.name: _Search(sought, store).finding() for store in places}


class Sought:
    """Words as the bytes in which they may stand.

    Args:
        words: in their order.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._ways = [_Ways(word) for word in words]
        self._longest = max((ways.longest for ways in self._ways), default=1)
        self.words = tuple(words)
        # Most paths are made of the same few names.
        self._masked_part = lru_cache(maxsize=1000)(self._mask)

    def within(self, layer: Layer) -> set[int]:
        """Numbers of the words that stand in a layer, also across the borders of its blocks."""
        found: set[int] = set()
        tail = b""
        for block in layer:
            window = tail + block
            lower = window.lower()
            for number, ways in enumerate(self._ways):
                if number not in found and ways.lead_into(window, lower):
                    found.add(number)
            tail = window[-self._longest :]
        return found

    def masked(self, path: str) -> str:
        """A path without the parts that hold a word."""
        return "/".join(map(self._masked_part, path.split("/")))

    def _mask(self, part: str) -> str:
        return "*" if self.within(iter([os.fsencode(part)])) else part


class _Ways:
    """The bytes in which one word may stand.

    All spellings share some letters, most often all but the umlauts. Those alone are looked for
    first, for that is many times quicker than looking for every spelling in every coding.
    """

    def __init__(self, word: str) -> None:
        spellings = _spellings(word)
        self._folded = _codings(spellings)
        self._exact = _base64(word)
        core = _shared([text.lower() for text in spellings])
        wide = core.encode("utf-16-le")[:-1]  # so cut it stands in both orders of the bytes
        self._cores = [core.encode(), wide] if len(core) >= _CORE else [b""]
        self.longest = max(map(len, (*self._folded, *self._exact)))

    def lead_into(self, window: bytes, lower: bytes) -> bool:
        """Whether the word stands in some bytes.

        Args:
            window: the bytes.
            lower: the same with small letters of ASCII.
        """
        if any(core in lower for core in self._cores) and any(c in lower for c in self._folded):
            return True
        return any(coded in window for coded in self._exact)


def _spellings(word: str) -> set[str]:
    """A word in every case, with umlauts as such, written out and left out."""
    written_out = word.translate(_WRITTEN_OUT)
    plain = {word, written_out, fold(word)}
    cased = {f(p) for p in plain for f in (str, str.lower, str.upper, str.capitalize)}
    return {normalize(form, text) for form in ("NFC", "NFD") for text in cased if text}


def _shared(texts: Sequence[str]) -> str:
    """The longest piece of ASCII that stands in all of some texts."""
    shortest = min(texts, key=len)
    for size in range(len(shortest), 0, -1):
        for start in range(len(shortest) - size + 1):
            piece = shortest[start : start + size]
            if piece.isascii() and all(piece in text for text in texts):
                return piece
    return ""


def _codings(spellings: Iterable[str]) -> set[bytes]:
    """Spellings in every coding, as they are when letters of ASCII are made small."""
    found: set[bytes] = set()
    for text in spellings:
        found |= {text.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be")}
        with suppress(UnicodeEncodeError):
            found.add(text.encode("latin-1"))
        found.add(json.dumps(text)[1:-1].encode())
        found.add(text.encode("ascii", "xmlcharrefreplace"))
        found.add("".join(c if c.isascii() else f"&#x{ord(c):x};" for c in text).encode())
    return {coded.lower() for coded in found}


def _base64(word: str) -> set[bytes]:
    """A word in base 64, as names of files stand in JSON, at each of the three places it may take.

    Only the digits that the word alone decides are kept.
    """
    found = set()
    for form in ("NFC", "NFD"):
        raw = normalize(form, word).encode()
        for before in range(3):
            coded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
            found.add(coded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6])
    return {coded for coded in found if len(coded) >= _DIGITS}


class _Search:
    """One search in one store."""

    def __init__(self, sought: Sought, store: Store) -> None:
        self._sought = sought
        self._store = store
        self._files = self._size = 0
        self._hits: list[Hit] = []
        self._unread: list[str] = []

    def finding(self) -> Finding:
        for root in self._store.roots:
            for path in _files(root):
                self._read(root, path)
        if self._store.name == "catalogue":
            self._try(_ROWS, self._rows)
        elif self._store.engine is not None:
            current = self._store.roots[0] / "current"
            self._documents(self._store.engine, current)
        return Finding(self._files, self._size, tuple(self._hits), tuple(self._unread))

    def _hit(self, path: str, found: Iterable[int]) -> None:
        self._hits += [Hit(word, self._sought.masked(path)) for word in sorted(found)]

    def _try(self, path: str, action: Callable[[], None]) -> None:
        """Do what may fail for what lies there; a file that is gone meanwhile is no trouble."""
        try:
            action()
        except FileNotFoundError:
            return
        except (OSError, Spent, sqlite3.Error):
            self._unread.append(self._sought.masked(path))

    def _read(self, root: Path, path: Path) -> None:
        """Look through one file, its name and all its layers."""
        below = path.relative_to(root).as_posix() if path != root else path.name
        is_staged = self._store.name == "stage" and path.parent == root
        if not (is_staged and path.name.startswith(JOURNAL)):
            found = self._sought.within(iter([os.fsencode(below)]))
            self._try(below, partial(self._through, path, found))
            self._hit(below, found)

    def _through(self, path: Path, found: set[int]) -> None:
        with _opened(path) as file:
            self._files += 1
            self._size += os.fstat(file.fileno()).st_size
            for layer in layers(file, Budget(_UNPACKED, _SECONDS)):
                found |= self._sought.within(layer)

    def _rows(self) -> None:
        """Look through the catalogue's rows: a long value is torn apart in the file."""
        file = self._store.roots[0]
        if not file.exists():
            return
        catalogue = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=30)
        try:
            named = catalogue.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in named.fetchall():
                found: set[int] = set()
                for row in catalogue.execute(f'SELECT * FROM "{table}"'):
                    cells = (cell(value) for value in row)
                    found |= self._sought.within(one + b"\n" for one in cells)
                self._hit(f"{_ROWS}/{table}", found)
        finally:
            catalogue.close()

    def _documents(self, engine: str, folder: Path) -> None:
        """Look through what an index gives back, and its lists of words."""
        for path, content in stored(engine, folder, self._sought.words):
            if content is None:
                self._unread.append(path)
            elif isinstance(content, int):
                self._hit(path, [content])
            else:
                self._hit(path, self._sought.within(iter([content])))


def _files(root: Path) -> Iterator[Path]:
    """All plain files at or below a place, links not followed."""
    if not root.is_dir():
        if root.is_file():
            yield root
        return
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            try:
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path
            except FileNotFoundError:
                continue


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def cell(value: object) -> bytes:
    """A cell of the catalogue as bytes."""
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "replace")

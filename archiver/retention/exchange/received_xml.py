"""A received message as plain words: the XML reader for files from outside.

Promises a pure function from bytes to a value that treats the file as hostile: a document type is
refused before any entity of it can be read, nothing is fetched, size, depth, number of elements
and length of a value have limits, and no tree is built. Names of foreign namespaces never match;
an element that is called as a record is, and stands where none may, refuses the message, and so
does text beside elements: nothing that was written is passed over here.
It may be called inside a cage or outside of one.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

import msgspec

from archiver.errors import UsageFault
from archiver.plaintext import plain_lines

MAX_BYTES = 64 << 20
_MAX_DEPTH = 32
_MAX_ELEMENTS = 2_000_000
_MAX_VALUE = 1 << 16
_MAX_ENTRIES = 64
_CHUNK = 1 << 20

Path = tuple[str, ...]
Values = dict[Path, tuple[str, ...]]


class Received(msgspec.Struct, frozen=True):
    """What a message says, without its build.

    Attributes:
        namespace: of the root.
        name: of the root.
        head: values by their path below the root, of all that is no record.
        records: values by their path below each record, in order.
    """

    namespace: str
    name: str
    head: Values
    records: tuple[Values, ...]


def unwrapped(content: bytes, limit: int = MAX_BYTES) -> bytes:
    """The message inside a received file: the file itself, or the one XML in its zip.

    Args:
        content: all bytes of the file.
        limit: bytes that the message may have.

    Raises:
        UsageFault: ``reply_zip_bad`` or ``reply_too_large``.
    """
    if not content.startswith(b"PK"):
        return content
    try:
        with ZipFile(BytesIO(content)) as package:
            entries = package.infolist()
            found = [entry for entry in entries if entry.filename.lower().endswith(".xml")]
            if len(found) != 1 or len(entries) > _MAX_ENTRIES:
                raise UsageFault("reply_zip_bad")
            with package.open(found[0]) as reader:
                # What the zip says about sizes is the sender's word; the reading is bounded.
                message = reader.read(limit + 1)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise UsageFault("reply_zip_bad") from error
    if len(message) > limit:
        raise UsageFault("reply_too_large", limit=limit >> 20)
    return message


def parse(content: bytes, records: frozenset[str], limit: int = MAX_BYTES) -> Received:
    """Read a message.

    Args:
        content: XML.
        records: names of the elements directly below the root that are told apart.
        limit: bytes that the message may have.

    Raises:
        UsageFault: ``reply_too_large``, ``reply_not_xml``, ``reply_dtd``,
            ``reply_too_complex`` or ``reply_record_misplaced``.
    """
    if len(content) > limit:
        raise UsageFault("reply_too_large", limit=limit >> 20)
    listener = _Listener(records)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = listener.start
    parser.CharacterDataHandler = listener.data
    parser.EndElementHandler = listener.end
    try:
        for start in range(0, len(content), _CHUNK):
            parser.Parse(content[start : start + _CHUNK], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        line = error.lineno if isinstance(error, expat.ExpatError) else 1
        raise UsageFault("reply_not_xml", line=line) from error
    return listener.received()


def _refuse_doctype(*_words: Any) -> None:
    raise UsageFault("reply_dtd")


class _Listener:
    """Gathers the values of leaves while the parser walks."""

    def __init__(self, records: frozenset[str]) -> None:
        self._names = records
        self._root = ("", "")
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._is_leaf = False
        self._elements = 0
        self._head: dict[Path, tuple[str, ...]] = {}
        self._records: list[dict[Path, tuple[str, ...]]] = []

    def start(self, full: str, _attributes: dict[str, str]) -> None:
        namespace, _blank, name = full.rpartition(" ")
        self._elements += 1
        if len(self._path) >= _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise UsageFault("reply_too_complex")
        self._refuse_stray()
        if not self._path:
            self._root = (namespace, name)
        elif name in self._names and (len(self._path) != 1 or namespace != self._root[0]):
            # What the archive says about an item must not be overlooked.
            raise UsageFault("reply_record_misplaced", field=name)
        elif namespace not in ("", self._root[0]):
            name = f"{{{namespace}}}{name}"
        self._path.append(name)
        if len(self._path) == 2 and name in self._names:
            self._records.append({})
        self._text, self._length, self._is_leaf = [], 0, True

    def data(self, text: str) -> None:
        self._length += len(text)
        if self._length > _MAX_VALUE:
            raise UsageFault("reply_too_complex")
        self._text.append(text)

    def end(self, _full: str) -> None:
        path = self._path
        if self._is_leaf and len(path) > 1:
            is_record = path[1] in self._names
            values, place = (self._records[-1], path[2:]) if is_record else (self._head, path[1:])
            key = tuple(place)
            values[key] = (*values.get(key, ()), plain_lines("".join(self._text)).strip())
        else:
            self._refuse_stray()
        path.pop()
        self._text, self._length, self._is_leaf = [], 0, False

    def _refuse_stray(self) -> None:
        if "".join(self._text).strip():
            raise UsageFault("reply_record_misplaced", field=self._path[-1])

    def received(self) -> Received:
        namespace, name = self._root
        return Received(namespace, name, self._head, tuple(self._records))

"""XML as text: elements from names and values, with nothing in them that XML forbids.

Promises well-formed text from any value, the same on every machine and under every version of a
library, which is why none is asked: two runs must write the same bytes. Letters that XML 1.0
forbids become the replacement character (https://www.w3.org/TR/xml/#charsets).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Most values are plain, and a batch has a million of them.
_PLAIN = re.compile("[\t\n\x20-%'-;=?-\ud7ff]*")
_TEXT = {"\r": "&#13;"}
_ATTRIBUTE = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}
_CHUNK = 1 << 16


def text(value: str | int) -> str:
    """A value as it stands between tags."""
    if isinstance(value, int) or _PLAIN.fullmatch(value):
        return str(value)
    return escape(_FORBIDDEN.sub("\ufffd", value), _TEXT)


def attributes(**values: str) -> str:
    """Attributes with a blank before each, in the order given."""
    return "".join(
        f' {name}="{escape(_FORBIDDEN.sub(chr(0xFFFD), value), _ATTRIBUTE)}"'
        for name, value in values.items()
    )


def utf8(pieces: Iterable[str]) -> Iterator[bytes]:
    """Gather small pieces of text into blocks of some 64 KiB."""
    waiting: list[str] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= _CHUNK:
            yield "".join(waiting).encode()
            waiting, length = [], 0
    if waiting:
        yield "".join(waiting).encode()

"""Broken files by the thousand: each made from a sound or hostile one, the same for the same seed.

Promises mutants that parsers still begin to read: a few bytes are changed, numbers become huge, a
piece is lost, doubled, moved or taken from another file; headers mostly stay.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests import paper

_NUMBERS = (b"0", b"-1", b"65536", b"2147483647", b"4294967296", b"99999999999999999999", b"1e38")
_NUMBER = re.compile(rb"\d+")
_NAME = re.compile(rb"/[A-Z][A-Za-z]+")
_MOST_BYTES = 300_000


def seeds(*folders: Path) -> list[tuple[str, bytes]]:
    """Files to start from: our own papers, and the smaller ones of some folders."""
    image = paper.letter_image(dpi=100)
    own = [
        ("brief.pdf", paper.text_pdf()),
        ("scan.pdf", paper.scan_pdf([image], 100)),
        ("fax.tif", paper.tiff([image, image], "group4", 100)),
        ("lzw.tif", paper.tiff([image], "tiff_lzw", 100)),
        ("foto.jpg", paper.jpeg(image, 100)),
        ("bild.png", paper.png(image, 100)),
    ]
    files = [path for folder in folders for path in sorted(folder.glob("*"))]
    kinds = (".pdf", ".tif", ".jpg", ".png", ".xml")
    small = [one for one in files if one.suffix in kinds and one.stat().st_size < _MOST_BYTES]
    return own + [(one.name, one.read_bytes()) for one in small]


def mutants(
    count: int, seed: int, parents: Sequence[tuple[str, bytes]]
) -> Iterator[tuple[str, bytes]]:
    """Make mutants.

    Args:
        count: how many.
        seed: the same gives the same mutants of the same parents.
        parents: name and content of each file to start from.

    Yields:
        a name that no other has, and a content that differs from its parent's.
    """
    chance = random.Random(seed)
    for number in range(count):
        name, parent = parents[number % len(parents)]
        child = parent
        while child == parent:
            for _ in range(chance.choice((1, 1, 2, 4))):
                child = chance.choice(_WAYS)(chance, child, parents[chance.randrange(len(parents))])
        yield f"m{number:05}-{name}", child


Way = Callable[[random.Random, bytes, tuple[str, bytes]], bytes]


def _bytes_changed(chance: random.Random, data: bytes, _other: tuple[str, bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3, 20))):
        changed[_place(chance, data)] = chance.randrange(256)
    return bytes(changed)


def _number_changed(chance: random.Random, data: bytes, _other: tuple[str, bytes]) -> bytes:
    return _replaced(chance, data, _NUMBER, lambda _old: chance.choice(_NUMBERS))


def _name_changed(chance: random.Random, data: bytes, _other: tuple[str, bytes]) -> bytes:
    names = _NAME.findall(data) or [b"/Kids"]
    return _replaced(chance, data, _NAME, lambda _old: chance.choice(names))


def _reference_turned(chance: random.Random, data: bytes, _other: tuple[str, bytes]) -> bytes:
    """Objects that name themselves, or one another in a ring."""
    number = b"%d 0 R" % chance.randrange(1, 12)
    return _replaced(chance, data, re.compile(rb"\d+ 0 R"), lambda _old: number)


def _cut(chance: random.Random, data: bytes, _other: tuple[str, bytes]) -> bytes:
    return data[: max(_place(chance, data), 20)]


def _lost(chance: random.Random, data: bytes, _other: tuple[str, bytes]) -> bytes:
    start = _place(chance, data)
    return data[:start] + data[start + chance.choice((1, 40, 4000)) :]


def _doubled(chance: random.Random, data: bytes, _other: tuple[str, bytes]) -> bytes:
    start, length = _place(chance, data), chance.choice((10, 400, 9000))
    return data[: start + length] + data[start:]


def _spliced(chance: random.Random, data: bytes, other: tuple[str, bytes]) -> bytes:
    start, length = _place(chance, data), chance.choice((40, 2000))
    taken = _place(chance, other[1])
    return data[:start] + other[1][taken : taken + length] + data[start + length :]


_WAYS: tuple[Way, ...] = (
    _bytes_changed, _number_changed, _name_changed, _reference_turned, _cut, _lost, _doubled,
    _spliced,
)  # fmt: skip


def _place(chance: random.Random, data: bytes) -> int:
    """Anywhere, seldom in the first bytes: a file that is nothing known is told at once."""
    first = 8 if chance.random() < 0.97 else 0
    return chance.randrange(min(first, len(data) - 1), len(data))


def _replaced(
    chance: random.Random, data: bytes, kind: re.Pattern[bytes], new: Callable[[bytes], bytes]
) -> bytes:
    found = list(kind.finditer(data))
    if not found:
        return _bytes_changed(chance, data, ("", data))
    one = chance.choice(found)
    return data[: one.start()] + new(one[0]) + data[one.end() :]

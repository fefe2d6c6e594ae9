"""The proof that blackened words are gone from a finished file.

Promises pure checks that compare what a file says with what may be left of it, and counts instead
of words: a proof can be shown to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher

import msgspec

from archiver.disclosure.finds import Pages
from archiver.disclosure.plan import Plan
from archiver.disclosure.spellings import Fold, joined, spellings
from archiver.records import Box, Page, Word

# Of 255: what JPEG makes of black beside white (measured: up to 7).
BLACKEST_GRAY = 40
# Pixels at a bar's edge that a viewer mixes with those beside it when it fits a picture to the
# page; a bar's margin is wider.
_EDGE = 2
_LEAST_IN_BYTES = 5
# Shorter numbers stand in every PDF by chance: offsets, sizes, codes of characters.
_LEAST_NUMBER = 9
_LEAST_IN_CODES = 4
# Shorter words are misread as a whole now and then: something that stands there will do.
_LEAST_ALIKE = 3
_ALIKE = 0.6
_TOKEN = re.compile(r"[^\W_]+")
# What every PDF/A of ours says of itself, so that it is no trace of a word.
_MACHINE_WORDS = """
    about adobe archiver begin beginbfchar beginbfrange begincmap begincodespacerange
    cidinit cidsysteminfo cmapname cmaptype conformance createdate creatortool currentdict
    defineresource description endbfchar endbfrange endcmap endcodespacerange findresource
    identity instanceid metadata metadatadate modifydate ordering pdfaid pikepdf procset
    producer registry supplement syntax w5m0mpcehihzreszntczkc9d xmlns xmpmeta xpacket
"""
MACHINE_WORDS = frozenset(_MACHINE_WORDS.split())


class Proof(msgspec.Struct, frozen=True):
    """What was checked on one finished file; a proof only exists where every check has passed.

    Attributes:
        pages: compared in number and size with the document's.
        bars: whose every pixel is black.
        words: taken from the text, searched in the text of the file and in its bytes.
        terms: looked for by reading the finished pages anew.
    """

    pages: int
    bars: int
    words: int
    terms: int


def unseen(page: Page, read: Page, fold: Fold) -> tuple[Word, ...]:
    """Words of a page's own text that cannot be read in its picture where they are said to be.

    Text that lies hidden beneath or behind other text has ink under it, but not its own. A word
    that the engine misreads beyond knowing is taken for one of these: then only the search in the
    copy lacks it.

    Args:
        page: as it is to be given.
        read: the finished page as the engine reads it, in the same pixels.
        fold: spells one word without case, accents and umlauts.
    """
    return tuple(word for word in page.words if not _is_read(word, read.words, fold))


def _is_read(word: Word, read: Sequence[Word], fold: Fold) -> bool:
    there = [one for one in read if _touch(one, word)]
    key = joined(word.text, fold)
    said = [joined(one.text, fold) for one in there]
    if len(key) < _LEAST_ALIKE:
        return bool(there)
    return key in "".join(said) or any(
        SequenceMatcher(None, key, one, autojunk=False).ratio() >= _ALIKE for one in said
    )


def _touch(one: Word, other: Word) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > 0 and down > 0


def layer_leaks(text: str, page: Page, gone: Collection[str], fold: Fold) -> int:
    """Count blackened words in a page's text, also where blanks are missing in it.

    Args:
        text: as extracted from the finished file.
        page: with the words that survive.
        gone: folded words that must not be there more often than among the survivors.
        fold: spells one word without case, accents and umlauts.
    """
    found, allowed = joined(text, fold), joined(page.text, fold)
    return sum(max(found.count(key) - allowed.count(key), 0) for key in gone)


def byte_leaks(contents: Sequence[bytes], plan: Plan, fold: Fold) -> int:
    """Count blackened words that stand in bytes, in the usual encodings.

    Words that also survive elsewhere, short ones and the machine's own are left out: they would
    be found by right or by chance.

    Args:
        contents: the file as it is, and what is in it unpacked.
        plan: of the document.
        fold: spells one word without case, accents and umlauts.
    """
    survivors = {
        fold(token)
        for page in plan.pages
        for word in page.words
        for token in _TOKEN.findall(word.text)
    }
    tokens = {
        token
        for text in plan.written
        for token in _TOKEN.findall(text)
        if len(token) >= (_LEAST_NUMBER if token.isdigit() else _LEAST_IN_BYTES)
        and token.casefold() not in MACHINE_WORDS
        and fold(token) not in survivors
    }
    wanted = {code for token in tokens for code in _codes(token)}
    return sum(code in content for code in wanted for content in contents)


def _codes(token: str) -> Iterator[bytes]:
    """Write a word in the encodings that PDF knows, plain and as hexadecimal digits."""
    for encoding in ("utf-8", "cp1252", "utf-16-be"):
        code = token.encode(encoding, "ignore")
        if len(code) >= _LEAST_IN_BYTES:
            yield code
            yield code.hex().encode()
            yield code.hex().upper().encode()


def gray_bars(pixels: bytes, width: int, boxes: Sequence[Box]) -> int:
    """Count bars that are not black all over.

    Args:
        pixels: 8-bit gray, row by row.
        width: of a row.
        boxes: of the bars, within the page.
    """
    import numpy as np

    rows = np.frombuffer(pixels, dtype=np.uint8).reshape(-1, width)
    return sum(
        int(rows[_inside(box.top, box.bottom), _inside(box.left, box.right)].max() > BLACKEST_GRAY)
        for box in boxes
    )


def _inside(low: int, high: int) -> slice:
    """Leave out the edge, but never the middle."""
    edge = min(_EDGE, (high - low - 1) // 2)
    return slice(low + edge, high - edge)


def read_leaks(read: Page, terms: Sequence[str], plan: Plan, fold: Fold) -> int:
    """Count terms that an engine reads on a finished page and that were not left by a person.

    Args:
        read: the finished page, recognised anew.
        terms: of the request.
        plan: of the document.
        fold: spells one word without case, accents and umlauts.
    """
    counts = [0] * len(terms)
    for find in Pages("", [read], fold).find(terms):
        counts[find.term] += find.kind == "exact"
    return sum(
        max(count - plan.left.get((read.number, term), 0), 0) for term, count in enumerate(counts)
    )


def code_leaks(read: Page, terms: Sequence[str], plan: Plan, fold: Fold) -> int:
    """Count terms in the machine-readable marks of a finished page.

    The code for a transfer on an invoice holds name and account, and nobody sees them.

    Args:
        read: the finished page, with its marks.
        terms: of the request; one that was left on this page is allowed.
        plan: of the document.
        fold: spells one word without case, accents and umlauts.
    """
    said = [joined(code.text, fold) for code in read.codes]
    return sum(
        any(len(one.key) >= _LEAST_IN_CODES and one.key in text for one in spellings(term, fold))
        for number, term in enumerate(terms)
        if not plan.left.get((read.number, number))
        for text in said
    )

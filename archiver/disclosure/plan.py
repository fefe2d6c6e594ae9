"""From finds and regions to what is done with one document: bars, survivors, and what must be gone.

Promises pure functions. Nothing uncertain is decided here: a find that no person has decided on
and that is not certain is an error.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from archiver.disclosure.bars import Bar, region_bar, surviving, word_bars
from archiver.disclosure.finds import Find, Pages
from archiver.disclosure.request import Chosen, Region, Request
from archiver.disclosure.spellings import Fold, folded_runs, joined
from archiver.errors import Refusal, UsageFault
from archiver.records import Id, Page, Word

# Below this mean confidence a person should look through the page: it may hold handwriting.
WEAK = 80.0


class Seen(msgspec.Struct, frozen=True):
    """What a dry run says about one document.

    Attributes:
        document, version: which.
        pages: how many it has.
        finds: where terms stand or may stand.
        unread: pages without any reading; a person must look them through.
        weak: pages that were read badly; a person should look them through.
    """

    document: Id
    version: int
    pages: int
    finds: tuple[Find, ...]
    unread: tuple[int, ...]
    weak: tuple[int, ...]


class Plan(msgspec.Struct, frozen=True):
    """What is done with one document.

    Attributes:
        pages: with the words that survive.
        bars: all bars.
        gone: for each page the folded words that were taken, each term's in one piece.
        written: the words that were taken, as they are written on paper and in the request.
        left: how often a term stays readable on a page, by page and index of the term.
    """

    pages: tuple[Page, ...]
    bars: tuple[Bar, ...]
    gone: dict[int, tuple[str, ...]]
    written: frozenset[str]
    left: dict[tuple[int, int], int]

    def on(self, page: int) -> tuple[Bar, ...]:
        """The bars of one page."""
        return tuple(bar for bar in self.bars if bar.page == page)


def seen(chosen: Chosen, version: int, pages: Sequence[Page], request: Request, fold: Fold) -> Seen:
    """Look what would be blackened in a document.

    Raises:
        UsageFault: ``term_empty``.
    """
    terms = [term.text for term in request.terms]
    return Seen(
        chosen.document,
        version,
        len(pages),
        Pages(f"{chosen.document}:{_edition(pages)}", pages, fold).find(terms),
        tuple(page.number for page in pages if page.source == "unread"),
        tuple(
            page.number
            for page in pages
            if page.source == "recognised" and (page.confidence or 0.0) < WEAK
        ),
    )


def _edition(pages: Sequence[Page]) -> str:
    """Name a reading, so that a decision about a place is never taken for one in another."""
    return hashlib.sha512(msgspec.msgpack.encode(list(pages))).hexdigest()[:6]


def check_named(request: Request, everything: Sequence[Seen]) -> None:
    """Refuse a request that names nothing, something twice, or a place that is not there.

    Raises:
        UsageFault: ``nothing_to_disclose``, ``disclosed_twice`` or ``region_outside``.
    """
    if not request.documents:
        raise UsageFault("nothing_to_disclose")
    ids = [chosen.document for chosen in request.documents]
    for document, count in Counter(ids).items():
        if count > 1:
            raise UsageFault("disclosed_twice", id=document)
    pages = {one.document: one.pages for one in everything}
    for region in request.regions:
        if not 1 <= region.page <= pages.get(region.document, 0):
            raise UsageFault("region_outside", id=region.document, page=region.page)


def check(request: Request, everything: Sequence[Seen]) -> None:
    """Refuse a request that is not decided in all its parts, or that names what is not there.

    Raises:
        UsageFault: as `check_named`, and ``find_unknown``.
        Refusal: ``finds_undecided``, ``page_not_looked_through`` or ``words_found_nowhere``.
    """
    check_named(request, everything)
    finds = [find for one in everything for find in one.finds]
    known = {find.key for find in finds}
    decided = {*request.blacken, *request.leave}
    for key in sorted(decided - known):
        raise UsageFault("find_unknown", key=key)
    open_finds = {find.key for find in finds if find.kind != "exact"} - decided
    if open_finds:
        raise Refusal("finds_undecided", count=len(open_finds))
    for chosen, one in zip(request.documents, everything, strict=True):
        for page in one.unread:
            if page not in chosen.looked_through:
                raise Refusal("page_not_looked_through", id=one.document, page=page)
    nowhere = found_nowhere(request, everything)
    if nowhere:
        raise Refusal("words_found_nowhere", count=len(nowhere))


def found_nowhere(request: Request, everything: Sequence[Seen]) -> list[str]:
    """Words that stand nowhere, as far as the machine has read, and nobody has said it is so."""
    found = {find.term for one in everything for find in one.finds}
    words = [term.text for place, term in enumerate(request.terms) if place not in found]
    return [word for word in words if word not in request.absent]


def picture_keys(one: Seen, plan: Plan, source: str) -> tuple[str, ...]:
    """For each page what names its picture as it would be given; it changes with each bar.

    Args:
        one: the document.
        plan: what is done with it.
        source: digest of the file that is drawn.
    """
    keys = []
    for page in plan.pages:
        bars = sorted((bar.box for bar in plan.on(page.number)), key=msgspec.structs.astuple)
        said = (source, page.number, page.width, page.height, page.rotation, bars)
        digest = hashlib.sha512(msgspec.msgpack.encode(said)).hexdigest()[:8]
        keys.append(f"{one.document}:{page.number}:{digest}")
    return tuple(keys)


def require_confirmed(request: Request, keys: Mapping[Id, Sequence[str]]) -> None:
    """Refuse pages whose pictures no person has seen.

    The machine does not see all that a person does: white letters on a dark ground, handwriting,
    faces. Nothing that can be read but was not may be given away.

    Args:
        request: with the keys that a person has confirmed.
        keys: of the pages of each document.

    Raises:
        Refusal: ``pages_not_confirmed``, of the first document that has such.
    """
    for document, pictures in keys.items():
        unseen = [number for number, key in enumerate(pictures, 1) if key not in request.confirmed]
        if unseen:
            pages = ", ".join(map(str, unseen))
            raise Refusal("pages_not_confirmed", id=document, count=len(unseen), pages=pages)


def planned(request: Request, one: Seen, pages: Sequence[Page], fold: Fold) -> Plan:
    """Decide what becomes of a document whose request has been checked.

    Args:
        request: what is asked for.
        one: the document's finds.
        pages: its pages.
        fold: spells one word without case, accents and umlauts.
    """
    by_number = {page.number: page for page in pages}
    bars: list[Bar] = []
    gone: dict[int, list[str]] = {page.number: [] for page in pages}
    left: Counter[tuple[int, int]] = Counter()
    for find in one.finds:
        if find.key in request.leave:
            left[find.page, find.term] += 1
            continue
        ground = request.terms[find.term].ground
        bars += word_bars(by_number, find.words, ground)
        for number in sorted({page for page, _index in find.words}):
            texts = [by_number[p].words[index].text for p, index in find.words if p == number]
            gone[number].append(joined(" ".join(texts), fold))
    bars += [region_bar(by_number[region.page], region) for region in _regions(request, one)]
    kept = tuple(msgspec.structs.replace(page, words=surviving(page, bars)) for page in pages)
    taken = [_taken(page, after) for page, after in zip(pages, kept, strict=True)]
    for page, words in zip(pages, taken, strict=True):
        gone[page.number] += [joined(word.text, fold) for word in words]
    return Plan(
        pages=kept,
        bars=tuple(dict.fromkeys(bars)),
        gone={number: tuple(dict.fromkeys(filter(None, keys))) for number, keys in gone.items()},
        written=frozenset(
            [word.text for words in taken for word in words]
            + [
                term.text
                for index, term in enumerate(request.terms)
                if not any(at[1] == index for at in left)
            ]
        ),
        left=dict(left),
    )


def _regions(request: Request, one: Seen) -> list[Region]:
    return [region for region in request.regions if region.document == one.document]


def _taken(page: Page, kept: Page) -> tuple[Word, ...]:
    """The words of a page that do not survive."""
    rest = Counter(kept.words)
    taken = Counter(page.words)
    taken.subtract(rest)
    return tuple(word for word, count in taken.items() if count > 0)


def title_tells(title: str, terms: Sequence[str], plan: Plan, fold: Fold) -> bool:
    """Say whether a title holds what is blackened: a term, even misread, or a word under a bar.

    Args:
        title: of the document.
        terms: of the request.
        plan: of the document.
        fold: spells one word without case, accents and umlauts.
    """
    words = tuple(Word(text, 0, 0, 1, 1, 100.0, 0, 0) for text in folded_runs(title, fold))
    line = Page(1, 1, 1, 300.0, 0, "own_text", None, words)
    if Pages("", [line], fold).find(terms):
        return True
    under_bars = {key for keys in plan.gone.values() for key in keys}
    return any(len(word.text) >= 3 and word.text in under_bars for word in words)

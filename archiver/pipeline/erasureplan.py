"""What is to be erased, and by which words it will be proved: chosen, looked for, written down.

Promises that the plan is durable in the stage before anything is taken away, so that the proof
can be made after a crash when the documents themselves can no longer be asked. It holds the
words themselves and is the one file in which they may stand; it goes with the end of the erasure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from archiver.config import Config
from archiver.errors import IntegrityFault, NotFound
from archiver.pipeline import traces
from archiver.pipeline.bystanders import Own, said_by_others
from archiver.pipeline.remainder import remainder
from archiver.pipeline.traces import Finding
from archiver.pipeline.witnesses import is_said_by, witnesses
from archiver.records import Id
from archiver.store import durable, ocfl

if TYPE_CHECKING:
    from archiver.pipeline.office import Office
    from archiver.pipeline.school import School
    from archiver.search.index import SearchIndex
    from archiver.store.holdings import Holdings
    from archiver.store.register import Register
    from archiver.store.stores import Stores
    from archiver.store.vault import LocalVault

Progress = Callable[[int, int], None]
Kind = Literal["erased", "purged"]

_WITNESSES = 24  # of one erasure; each is looked for in every byte
_OF_ONE, _EACH = 6, 3  # of one document; of each of many: of its name, its data and its text
_SPARE = 2  # times as many are looked for, since others may say some of them
_OFFERED = 100  # words of a document among which rare ones are looked for
_NO_DAY = date(1970, 1, 1)  # a search for words asks for no day


class Parts(Protocol):
    """What an erasure needs of an archive; `archiver.house.House` has it."""

    config: Config
    office: Office | None

    @property
    def vault(self) -> LocalVault:
        """The vault."""
        ...

    @property
    def holdings(self) -> Holdings:
        """Reads of our own files."""
        ...

    @property
    def register(self) -> Register:
        """Ledger and catalogue."""
        ...

    @property
    def stores(self) -> Stores:
        """All of these, and the door through which they are changed."""
        ...

    @property
    def school(self) -> School:
        """Where the archive learns."""
        ...

    def current_index(self) -> SearchIndex:
        """The index, brought up to the ledger."""
        ...

    def teach(self, document: Id, record_class: str, *, corrected: bool) -> None:
        """Make a person's decision an example."""
        ...

    def reindex(self, progress: Progress) -> int:
        """Make the index anew and exchange it."""
        ...


class Head(msgspec.Struct, frozen=True):
    """A place in the ledger: number and digest of a line."""

    seq: int
    digest: str


class Plan(msgspec.Struct, frozen=True):
    """An erasure that has begun, as it stands in the stage until its end.

    Attributes:
        kind: of it.
        documents: concerned.
        actor: pseudonym of the person.
        because: codes and ids for the ledger.
        exports: folders and files below the exports that go as well.
        words: the witnesses.
        weak: documents of which no word could be taken for a witness.
        whole_vault: whether the proof reads every object.
        others: objects beside the documents in which their words may stand.
        before: what was found in each store.
        head: of the ledger before.
        reason: a person's words; for the object only.
    """

    kind: Kind
    documents: tuple[Id, ...]
    actor: str
    because: dict[str, Any]
    exports: tuple[str, ...]
    words: tuple[str, ...]
    weak: tuple[Id, ...]
    whole_vault: bool
    others: tuple[Id, ...]
    before: dict[str, Finding]
    head: Head
    reason: str = ""


def planned(
    parts: Parts,
    kind: Kind,
    documents: Sequence[Id],
    actor: str,
    because: Mapping[str, Any],
    exports: Sequence[str],
    whole_vault: bool,
    others: Sequence[Id] = (),
    reason: str = "",
) -> Plan:
    """Choose the witnesses, see where they stand, and write it down.

    Args:
        parts: of the archive.
        kind: of the erasure.
        documents: concerned.
        actor: pseudonym of the person.
        because: codes and ids for the ledger.
        exports: names below the exports that go as well.
        whole_vault: whether the proof reads every object.
        others: objects beside the documents in which their words may stand.
        reason: a person's words.
    """
    own = tuple(dict.fromkeys(documents))
    each = max(_EACH, min(_OF_ONE, _WITNESSES // max(1, len(own))))
    offered = dict(_choices(parts, kind, own, each))
    words = list(dict.fromkeys(word for several in offered.values() for word in several))
    before = traces.find(words, stores_of(parts, (*own, *others), whole_vault))
    ours = own_of(parts, (*own, *others), exports, whole_vault)
    said = said_by_others(parts.config, parts.register, words, ours, before)
    known = {words[number] for number in _good(kind, words, before) if number not in said}
    chosen = {
        document: [word for word in several if word in known][:each]
        for document, several in offered.items()
    }
    kept = tuple(dict.fromkeys(word for several in chosen.values() for word in several))
    good = [words.index(word) for word in kept]
    plan = Plan(
        kind,
        own,
        actor,
        dict(because),
        tuple(exports),
        kept,
        tuple(document for document in own if not chosen.get(document)),
        whole_vault,
        tuple(others),
        {name: renumbered(finding, good) for name, finding in before.items()},
        Head(*parts.register.head()),
        reason,
    )
    stage = parts.config.places.stage
    with durable.storage_faults(stage):
        durable.replace(journal_of(parts.config), msgspec.json.encode(plan), stage)
    return plan


def own_of(parts: Parts, objects: Sequence[Id], exports: Sequence[str], whole_vault: bool) -> Own:
    """What belongs to an erasure, for those who ask what others say."""
    received = (str(row["id"]) for one in objects for row in parts.register.accessions(one))
    return Own(frozenset((*objects, *received)), frozenset(exports), whole_vault)


def _choices(
    parts: Parts, kind: Kind, documents: Sequence[Id], each: int
) -> Iterator[tuple[Id, list[str]]]:
    """Odd words of some of the documents, spread over all of them, some to spare."""
    step = -(-len(documents) // (_WITNESSES // each)) or 1
    vocabulary = [t for c in parts.config.classes for t in (c.key, c.title, *c.words)]
    index = parts.current_index()
    for document in documents[::step]:
        if not parts.vault.exists(document):
            continue
        offered = _offered(parts, kind, document, _OFFERED)
        own = [word for word in offered if not is_said_by(word, vocabulary)]
        # A word that all of many documents say would be found in each of their files.
        for group in ((document,), documents):
            rare = (word for word in own if _is_rare(index, word, group))
            found = list(islice(rare, _SPARE * each))
            if found:
                break
        yield document, found


def _offered(parts: Parts, kind: Kind, document: Id, count: int) -> list[str]:
    """Words of a document as it is; of its past those that it will no longer say."""
    from archiver.store import objects

    holdings, vault = parts.holdings, parts.vault
    record, pages = holdings.record(document), holdings.pages(document)
    if kind == "erased":
        names = [str(row["file"]) for row in parts.register.accessions(document)]
        return witnesses(record, pages, names, count)
    today = {w.casefold() for w in witnesses(remainder(record), pages, (), 1 << 20)}
    found: dict[str, None] = {}
    for version in range(vault.inventory(document).latest, 0, -1):
        try:
            with vault.open(document, objects.WORDS, version) as file:
                then = objects.decode_pages(file.read())
        except (FileNotFoundError, IntegrityFault):
            then = []
        # What is damaged says nothing that could be looked for, and goes with the rest.
        was, _is_whole = holdings.record_left(document, version)
        past = witnesses(was, then, (), 1 << 20)
        found |= dict.fromkeys(word for word in past if word.casefold() not in today)
    return list(found)[:count]


def _is_rare(index: SearchIndex, word: str, documents: Sequence[Id]) -> bool:
    """Whether no other document says a word, as far as the index knows."""
    from archiver.search.query import parse

    sought, own = parse(f'"{word}"'), set(documents)
    # Most are said by too many: that is known without the hits themselves.
    if index.search(sought, 1, _NO_DAY).total > len(own):
        return False
    found = index.search(sought, len(own) + 1, _NO_DAY)
    return found.total <= len(own) and all(hit.id in own for hit in found.hits)


def _good(kind: Kind, words: Sequence[str], before: dict[str, Finding]) -> set[int]:
    """Numbers of the words that were found; of a past those that the document no longer says."""
    there = {hit.word for hit in before["vault"].hits} & set(range(len(words)))
    if kind == "erased":
        return there
    return there - {hit.word for hit in before["index"].hits if hit.path.startswith("documents/")}


def renumbered(finding: Finding, good: Sequence[int]) -> Finding:
    """A finding for some of the words only, which get their places among them as numbers."""
    numbers = {word: place for place, word in enumerate(good)}
    hits = (traces.Hit(numbers[hit.word], hit.path) for hit in finding.hits if hit.word in numbers)
    return msgspec.structs.replace(finding, hits=tuple(hits))


def stores_of(parts: Parts, documents: Sequence[Id], whole_vault: bool) -> list[traces.Store]:
    """The places to look through: of the vault the objects concerned, or all of them."""
    homes = [parts.vault.root / ocfl.object_place(document) for document in documents]
    return traces.stores(parts.config, None if whole_vault else homes)


def row_of(parts: Parts, document: Id) -> dict[str, Any]:
    """What the catalogue has of a document.

    Raises:
        NotFound: ``no_such_document``.
    """
    row = parts.register.document(document)
    if row is None or row["id"] != document:
        raise NotFound("no_such_document", id=document)
    return row


def journal_of(config: Config) -> Path:
    """File of the plan while the erasure lasts."""
    return config.places.stage / f"{traces.JOURNAL}.json"


def unproved_of(config: Config, certificate: Id) -> Path:
    """File of the plan of an erasure whose proof has failed, until it is proved again."""
    return config.places.stage / f"{traces.JOURNAL}-{certificate}.json"

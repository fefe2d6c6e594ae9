"""Disclosing: copies for those who have a right to see papers, and the log of what was given.

Promises that a package is recorded before anybody can fetch it, that the archive keeps no copy of
it, and that only papers which stand in the archive are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from archiver import phrases
from archiver.acts import File, Json, Progress, act, silent
from archiver.archive import disclosed
from archiver.archive.visit import Visit
from archiver.clock import town_day
from archiver.disclosure.plan import check_named, found_nowhere
from archiver.disclosure.request import Basis, Chosen, Request
from archiver.disclosure.wanted import ALL, Wanted
from archiver.errors import Refusal, SystemFault, UsageFault
from archiver.house import new_id
from archiver.pipeline.copies import Copies
from archiver.pipeline.disclosure import Parts, disclose, look, pictures, preview
from archiver.pipeline.office import cage_of, engines_of, reader_of
from archiver.records import UNCLASSIFIED, DocumentState, Id
from archiver.rights import Right
from archiver.store import durable
from archiver.store.objects import WORDS

if TYPE_CHECKING:
    from archiver.disclosure.package import Disclosure

# Papers that a person or the rules have settled, and that are still here.
_GIVABLE = frozenset({DocumentState.FILED, DocumentState.OFFERED, DocumentState.HANDED_OVER})


class Disclosures(Visit):
    """Acts of those who answer requests for access."""

    @act(Right.DISPOSE)
    def look(self, wanted: Json) -> Json:
        """Say what would be blackened, what a person has to decide, and what cannot be given.

        Args:
            wanted: an `archiver.disclosure.wanted.Wanted`, ready for JSON; basis and recipient
                may be missing.

        Returns:
            ``documents`` with their ``finds``, ``unread`` and ``weak`` pages, and the ``pictures``
            that a person has to confirm, each with its key (none while a find of the document is
            undecided); ``refused`` documents, each with a sentence; ``undecided`` (number of
            finds); ``missing`` words, and of these the ``unanswered``.

        Raises:
            NotFound: ``no_such_document``.
            UsageFault: words that cannot be understood.
            Refusal: ``paper_changed``, ``not_read_yet``.
        """
        self._sweep()
        said = _wanted(wanted)
        request, refused = self._request(said, "")
        seen = look(self._house.vault, request)
        if not refused:
            check_named(request, seen)
        secret = set(self._house.config.disposition.secret)
        keys = pictures(self._house.vault, request)
        documents = [
            {
                "secret": self._document(one.document)["record_class"] in secret,
                **disclosed.seen_json(one, chosen, request, keys[one.document]),
            }
            for one, chosen in zip(seen, request.documents, strict=True)
        ]
        found = {find.term for one in seen for find in one.finds}
        return {
            "documents": documents,
            "refused": [
                {"id": str(fault.params["id"]), "message": _sentence(fault)} for fault in refused
            ],
            "undecided": sum(not find["decision"] for one in documents for find in one["finds"]),
            "missing": [t.text for place, t in enumerate(request.terms) if place not in found],
            "unanswered": found_nowhere(request, seen),
        }

    @act(Right.DISPOSE)
    def preview(self, wanted: Json, document: str) -> File:
        """One document as it would be given, for a person to look at each of its pages.

        Args:
            wanted: as `look`, decided in all its finds.
            document: its id.

        Raises:
            UsageFault: ``not_in_request``; and as `give`.
            Refusal, Fault: as `give`.
        """
        request, refused = self._request(_wanted(wanted), "")
        if refused:
            raise refused[0]
        identifier = str(self._document(document)["id"])
        if identifier not in {one.document for one in request.documents}:
            raise UsageFault("not_in_request", id=identifier)
        with self._parts_for(new_id()) as parts:
            stream = preview(parts, request, identifier)
        size = stream.seek(0, 2)
        stream.seek(0)
        return File(stream, size, f"{identifier}.pdf", "application/pdf", None)

    @act(Right.DISPOSE)
    def give(self, wanted: Json, progress: Progress = silent) -> Json:
        """Make a package and record it; `package` gives it.

        Args:
            wanted: as `look`, decided in all its parts, with basis and recipient.
            progress: is told pages proven and in all.

        Raises:
            UsageFault: ``basis_missing``, ``recipient_missing``, or as
                `archiver.pipeline.disclosure.disclose`.
            Refusal: ``not_disclosable``, or as there.
            Fault: as there.
        """
        self._sweep()
        said = _wanted(wanted)
        if said.basis is None:
            raise UsageFault("basis_missing")
        if not said.recipient.strip():
            raise UsageFault("recipient_missing")
        identifier = new_id()
        request, refused = self._request(said, identifier)
        if refused:
            raise refused[0]
        with self._copies.making(identifier) as target, self._parts_for(identifier) as parts:
            made = disclose(parts, request, target, progress)
            self._record(made)
        return disclosed.disclosure_json(made)

    @act(Right.DISPOSE)
    def package(self, name: str) -> File:
        """A package that was made just now, as a zip.

        Raises:
            NotFound: ``no_such_disclosure``, ``package_gone``.
        """
        self._sweep()
        identifier = str(self._disclosure(name)["id"])
        stream = self._copies.zipped(identifier, self._house.config.places.stage)
        size = stream.seek(0, 2)
        stream.seek(0)
        return File(stream, size, f"{identifier}.zip", "application/zip", None)

    @act(Right.DISPOSE)
    def taken(self, name: str) -> Json:
        """Say that a package has arrived whole: the archive removes its copy."""
        identifier = str(self._disclosure(name)["id"])
        self._copies.remove(identifier)
        return {"id": identifier}

    @act(Right.DISPOSE)
    def list(self, document: str = "") -> Json:
        """What was given, oldest first.

        Args:
            document: only what had a copy of it; empty: everything.
        """
        rows = self._seen.matters("disclosure")
        given = [disclosed.kept(row) for row in rows if self._sees_disclosure(row)]
        if document:
            wanted = str(self._document(document)["id"])
            given = [one for one in given if wanted in {paper.document for paper in one.documents}]
        return {
            "disclosures": [
                {**disclosed.disclosure_json(one), "documents": len(one.documents)} for one in given
            ]
        }

    @act(Right.DISPOSE)
    def show(self, name: str) -> Json:
        """What was given to whom, on which basis, when, by whom.

        Raises:
            NotFound: ``no_such_disclosure``.
            UsageFault: ``id_not_unique``.
        """
        return disclosed.disclosure_json(disclosed.kept(self._disclosure(name)))

    # --- inside --------------------------------------------------------------------------------

    def _request(self, wanted: Wanted, identifier: Id) -> tuple[Request, Sequence[Refusal]]:
        """Look up what a person has named; documents that cannot be given are told apart."""
        rows = [(self._document(one.document), one.version) for one in wanted.documents]
        looked = [(one.document, n) for one in wanted.documents for n in one.looked_through]
        named = {str(row["id"]) for row, _version in rows}
        for row in self._searched(wanted.searches):
            if row["id"] not in named:
                named.add(str(row["id"]))
                rows.append((row, None))
        pages = [
            (str(self._document(one)["id"]), n) for one, n in (*wanted.looked_through, *looked)
        ]
        good = [pair for pair in rows if pair[0]["state"] in _GIVABLE]
        for row, _version in good:
            self._opened(row, "disclosure")
        refused = [_refusal(row) for row, _version in rows if row["state"] not in _GIVABLE]
        regions = [
            msgspec.structs.replace(one, document=str(self._document(one.document)["id"]))
            for one in wanted.regions
        ]
        request = Request(
            id=identifier,
            # Looking asks for no basis; giving has asked for it already.
            basis=wanted.basis or _any_basis(),
            recipient=wanted.recipient.strip(),
            actor=self._caller.pseudonym,
            documents=tuple(self._chosen(row, version, pages) for row, version in good),
            terms=wanted.terms,
            regions=tuple(regions),
            blacken=tuple(key for key in wanted.blacken if key != ALL),
            leave=wanted.leave,
            absent=wanted.absent,
            confirmed=wanted.confirmed,
        )
        return (self._all_black(request) if ALL in wanted.blacken else request), refused

    def _searched(self, queries: Sequence[str]) -> Iterator[Json]:
        """Documents that are named by queries."""
        if not queries:
            return

        register = self._house.register
        most = max(1, sum(register.counts().values()))
        index, today = self._house.current_index(), town_day(self._house.now())
        for query in queries:
            for hit in index.search(self._query(query), most, today, self._sight).hits:
                yield self._document(hit.id)

    def _chosen(self, row: Json, version: int | None, pages: Sequence[tuple[Id, int]]) -> Chosen:
        """A document of the package: its title is its class, which is about no person."""
        document = str(row["id"])
        self._house.holdings.require_own(row)
        key = str(row["record_class"] or UNCLASSIFIED)
        titles = {one.key: one.title for one in self._house.config.classes}
        title = "" if key == UNCLASSIFIED else titles.get(key, "")
        if version is not None:
            self._require_same(document, version)
        looked = tuple(dict.fromkeys(number for id_, number in pages if id_ == document))
        return Chosen(document, title=title, looked_through=looked)

    def _require_same(self, document: Id, version: int) -> None:
        """Refuse a request that was made for another scan or another reading.

        Raises:
            Refusal: ``paper_changed``.
        """
        inventory = self._house.vault.inventory(document)
        try:
            same = _paper(inventory.state(version)) == _paper(inventory.state())
        except KeyError:
            same = False
        if not same:
            raise Refusal("paper_changed", id=document)

    def _all_black(self, request: Request) -> Request:
        """Have all uncertain finds blackened that a person does not want to leave."""
        finds = [find for one in look(self._house.vault, request) for find in one.finds]
        unsure = [
            find.key for find in finds if find.kind != "exact" and find.key not in request.leave
        ]
        return msgspec.structs.replace(
            request, blacken=tuple(dict.fromkeys((*request.blacken, *unsure)))
        )

    @property
    def _copies(self) -> Copies:
        return Copies(self._house.config.places.exports / "disclosures")

    def _sweep(self) -> None:
        def given_at(name: str) -> str | None:
            row = self._house.register.matter(name)
            return str(row["changed_at"]) if row else None

        self._copies.sweep(given_at, self._house.now())

    @contextmanager
    def _parts_for(self, identifier: Id) -> Iterator[Parts]:
        """A reader of its own, and the daemon's engines or, without a daemon, own ones."""
        house = self._house
        kind, office = cage_of(house.config), house.office
        engines = office.engines if office else engines_of(house.config, kind)
        slot = f"disclosure-{identifier}"
        try:
            with reader_of(house.config, kind, slot) as reader:
                yield Parts(house.vault, reader, engines, house.now)
        except CancelledError as error:
            raise SystemFault("daemon_gone") from error  # it stops, and gives pages up
        finally:
            if office is None:
                engines.close()
            durable.remove_tree(house.config.places.stage / "cage" / slot)

    def _record(self, made: Disclosure) -> None:
        """Log a package: names in the object, codes and counts in the ledger."""
        about = msgspec.to_builtins(made, str_keys=True)
        # The sheet of the package names the disclosure, so its id was drawn before.
        self._house.registry.matters.begin(
            "disclosed", about, self._caller.pseudonym, made.line(), identifier=made.request
        )

    def _disclosure(self, name: str) -> Json:
        """The row of a disclosure by its id or a beginning that is unique."""
        return self._matter(name, "disclosure", "no_such_disclosure", self._sees_disclosure)

    def _sees_disclosure(self, row: Json) -> bool:
        given = [paper.document for paper in disclosed.kept(row).documents]
        return len(self._visible(given)) == len(given)


def _wanted(words: Json) -> Wanted:
    try:
        return msgspec.convert(words, Wanted)
    except msgspec.ValidationError as error:
        raise UsageFault("bad_request", word=str(error)) from None


def _any_basis() -> Any:
    return Basis.GDPR


def _refusal(row: Json) -> Refusal:
    return Refusal(
        "not_disclosable", id=str(row["id"]), state=phrases.state_name(str(row["state"]))
    )


def _sentence(fault: Refusal) -> str:
    return phrases.sentence(fault.reason, fault.params)


def _paper(state: dict[str, str]) -> dict[str, str]:
    """Digests of what is given and of what was read, of all files of a version."""
    return {n: digest for n, digest in state.items() if n == WORDS or n.startswith("original.")}

"""Papers of closed classes are for others as if they were not there: in every answer there is.

The same questions are asked before and after papers came that a person may not see: the answers
must not differ. What he asks about them by their numbers and names gets the answer of a number or
name that does not exist. A table names the questions of every use case, so that a new one cannot
be forgotten.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from archiver.archive import Archive, File, acts
from archiver.classify.verdict import Candidate, Verdict
from archiver.errors import Fault
from archiver.records import UNCLASSIFIED, Event
from archiver.rights import Caller
from archiver.store import objects
from archiver.store.objects import Record
from tests.places import memory_folder
from tests.seeding import ARCHIVISTS, Bureau, Letter, bureau, filed, furnished
from tests.town import Town

STAFF, REVIEWERS, INSIDERS, CLERKS = 61001, 61004, 61006, 61002
CLOSED_SINGLE, CLOSED_DOSSIER = "invoice", "leave"
SECRET = "Geheimniskrämer"
NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OPEN_REFERENCE, SECRET_REFERENCE, NO_REFERENCE = "632.21-12/2024", "115.77-1/2004", "999.99-9/1999"


class Hidden(NamedTuple):
    """Numbers of what some may not see, by what it is."""

    document: str
    waiting: str
    withdrawn: str
    dossier: str
    hold: str
    batch: str
    certificate: str
    destroyed: str

    @property
    def documents(self) -> tuple[str, ...]:
        return self.document, self.waiting, self.withdrawn, self.destroyed


def person(office: Bureau, *groups: int, uid: int = 4720) -> Archive:
    return Archive(office.house, Caller(uid, frozenset(groups)))


OUTSIDERS = {
    "staff": (STAFF,),
    "reviewer": (REVIEWERS,),
    "archivist": (ARCHIVISTS,),
    "clerk": (CLERKS,),
    "clerk and staff": (CLERKS, STAFF),
}


def _close_classes(root: Path) -> None:
    plan = root / "filingplan.toml"
    text = plan.read_text(encoding="utf-8")
    for key in (CLOSED_SINGLE, CLOSED_DOSSIER):
        assert f'key = "{key}"\n' in text
        text = text.replace(f'key = "{key}"\n', f'key = "{key}"\ngroups = ["{INSIDERS}"]\n')
    plan.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def office() -> Iterator[Bureau]:
    settings: dict[str, dict[str, Any]] = {
        "rights": {
            "staff": [str(STAFF)], "reviewers": [str(REVIEWERS)], "archivists": [str(ARCHIVISTS)],
        },
        "disposition": {"waived": [CLOSED_SINGLE]},
    }  # fmt: skip
    with memory_folder() as folder:
        town = furnished(folder / "town", settings)
        _close_classes(town.root)
        yield from _furnished(town)


def _furnished(town: Town) -> Iterator[Bureau]:
    (town.root / "pipelines" / "incoming.toml").write_text(
        f'folder = "incoming"\nclerks = ["{CLERKS}"]\n', encoding="utf-8"
    )
    with bureau(town) as made:
        insiders = frozenset({ARCHIVISTS, INSIDERS})
        made.one, made.two = (Archive(made.house, Caller(uid, insiders)) for uid in (4711, 4712))
        _open_papers(made)
        yield made


def _open_papers(office: Bureau) -> None:
    """What everybody who reads may see, one of each kind."""
    letter = Letter(
        "Schreiben an die Firma", "business_letter", "2005-03-01", subject="Angebot über Streusalz",
        sender="Salz und Sand KG",
    )  # fmt: skip
    first, _second = office.filed(letter, letter)
    office.dossier(OPEN_REFERENCE, "2010-05-06", letter, title="Streusalz")
    office.hold("document", first)
    waiting(office, letter.numbered(77), "business_letter", "class_rule_only")
    office.one.quality.draw(percent=100.0)


def waiting(office: Bureau, letter: Letter, proposed: str, reason: str) -> str:
    """A paper in review, for which a class is only proposed."""
    content = b"%PDF-1.7\n" + letter.text.encode() + letter.content + b"\n%%EOF\n"
    house = office.house
    source, name = io.BytesIO(content), letter.name.encode()
    document = house.intake.receive_stream(source, name, "incoming", "daemon")
    candidate = Candidate(proposed, 0.7, "rule")
    verdict = Verdict(proposed, 0.7, basis="rule_only", candidates=(candidate,))
    record = Record(
        pages=1, confidence=95.0, subject=letter.subject, sender=letter.sender,
        verdict=msgspec.to_builtins(verdict),
    )  # fmt: skip
    files: dict[str, Path | bytes | None] = {objects.RECORD: objects.encode(record)}
    version = house.vault.add_version(document, files, house.now(), "reviewed", "daemon")
    data, at = {"version": version}, house.now()
    house.register.record(
        Event("separated", at, "daemon", document, {**data, "documents": [document]}),
        Event("recognised", at, "daemon", document, data),
        Event("classified", at, "daemon", document, {**data, "proposed": proposed}),
        Event("reviewed", at, "daemon", document, {**data, "reason": reason}),
    )
    house.vault.settled(document)
    return document


def _secret_papers(office: Bureau) -> Hidden:
    """What those from whom two classes are kept may not see, one of each kind."""
    letter = Letter(
        f"Rechnung der {SECRET} über Streusalz", CLOSED_SINGLE, "2001-03-01",
        subject=f"Rechnung {SECRET}", sender=f"{SECRET} GmbH", name=f"{SECRET}.pdf",
    )  # fmt: skip
    house = office.house
    document, withdrawn, held, going, gone = (
        filed(house, Letter(**{**_fields(letter), "content": bytes([65 + n])})) for n in range(5)
    )
    owner = Archive(house, Caller(house.owner, frozenset()))
    owner.intake.withdraw(withdrawn, f"{SECRET} gehört nicht hierher")
    hold = office.hold("document", held)
    office.hold("class", CLOSED_DOSSIER)
    office.one.holds.place(
        "search", [f"subject:{SECRET}"], "lawsuit", "Rechtsamt", date(2099, 1, 1), f"wegen {SECRET}"
    )
    standing = [one["id"] for one in office.one.holds.list()["holds"] if one["scope"] == "search"]
    for one in standing:
        office.one.holds.lift(one)
    paper = Letter(
        f"Urlaubsantrag von {SECRET}", CLOSED_DOSSIER, "2004-03-01", subject=f"Urlaub {SECRET}"
    )
    dossier = office.dossier(SECRET_REFERENCE, "2005-01-01", paper, title=f"Urlaub {SECRET}")
    # A reference that only such papers name.
    office.filed(Letter(f"{SECRET} fehlt", CLOSED_DOSSIER, "2004-03-02", "115.77-9/2004"))
    unread = Letter(SECRET, "", subject=SECRET, sender=SECRET)
    wait = waiting(office, unread, CLOSED_SINGLE, "low_confidence")
    waiting(office, Letter(f"{SECRET} 2", "", subject=SECRET), CLOSED_SINGLE, "class_rule_only")
    ended = _destroyed(office, going, gone)
    still = _batch(office)
    office.one.quality.draw(percent=100.0)
    return Hidden(document, wait, withdrawn, dossier, hold, still, ended, gone)


def _fields(letter: Letter) -> dict[str, Any]:
    return {name: getattr(letter, name) for name in Letter.__dataclass_fields__}


def _destroyed(office: Bureau, *documents: str) -> str:
    """Some papers of the closed class are destroyed; the others are dropped from the batch."""
    batch = _batch(office)
    others = [unit for unit in office.units(batch) if unit not in documents]
    office.one.disposal.drop(name=batch, units=others)
    office.two.disposal.approve(name=batch)
    return str(office.one.disposal.destroy(name=batch)["certificate"])


def _batch(office: Bureau) -> str:
    return str(office.one.disposal.propose(classes=[CLOSED_SINGLE])["id"])


# --- questions ----------------------------------------------------------------------------------

# What each use case is asked before and after. None: it changes something, or says nothing of
# papers; see the second table.
ASKED: dict[str, list[dict[str, Any]]] = {
    "documents.search": [
        {"query": query, "limit": limit}
        for query in ("*", "Streusalz", f"Streusalz OR {SECRET}", f"{SECRET}*", f'"{SECRET}"',
                      "NOT Streusalz", f"typ:{CLOSED_SINGLE}", "typ:*", f"az:{SECRET_REFERENCE}",
                      f"datei:{SECRET}*", f"akte:{SECRET_REFERENCE}", "status:review",
                      "status:withdrawn", "datum:..2005", "-Schreiben")
        for limit in (1, 100)
    ],
    "upkeep.status": [{}, {"limit": 1}],
    "review.list": [{}, {"limit": 1}],
    "dossiers.list": [{}, {"proposed": True}, {"state": "open"}, {"state": "closed"},
                     {"state": "disposed"}],
    "dossiers.show": [{"name": OPEN_REFERENCE}],
    "periods.due": [{}, {"units": True}, {"until": date(2080, 1, 1), "units": True}],
    "periods.picture": [{}],
    "periods.explain": [{"identifier": OPEN_REFERENCE}],
    "periods.rules": [{}],
    "holds.list": [{}, {"everything": True}],
    "disposal.list": [{}, {"everything": True}],
    "certificates.list": [{}],
    "quality.list": [{}],
    "quality.show": [{}],
    "quality.report": [{}],
    "disclosures.list": [{}],
    "ledger.export": [{}],
}  # fmt: skip

# What asks for one thing by its number or name: the argument, and of what kind that is.
NAMED: dict[str, tuple[dict[str, Any], str, str]] = {
    **{
        name: ({}, "identifier", "document")
        for name in ("documents.show", "documents.text", "documents.fetch", "documents.picture",
                     "intake.retry", "scans.release", "review.accept", "periods.explain",
                     "notes.show", "notes.paper")
    },
    "intake.dismiss": ({"reason": "weg"}, "identifier", "document"),
    "intake.withdraw": ({"reason": "weg"}, "identifier", "document"),
    "review.reject": ({"reason": "weg"}, "identifier", "document"),
    "versions.purge": ({"reason": "weg"}, "identifier", "document"),
    "review.set": ({"words": ["subject=x"]}, "identifier", "document"),
    "review.correct": ({"words": ["subject=x"]}, "identifier", "document"),
    "scans.split": ({"starts": [1]}, "identifier", "document"),
    "scans.merge": ({}, "identifiers", "documents"),
    "scans.replace": ({"source": io.BytesIO(b"%PDF-1.7"), "name": b"x.pdf"}, "identifier",
                      "document"),
    "scans.restore": ({"source": io.BytesIO(b"%PDF-1.7")}, "identifier", "document"),
    "dossiers.show": ({}, "name", "dossier"),
    "dossiers.close": ({}, "name", "dossier"),
    "dossiers.reopen": ({}, "name", "dossier"),
    "dossiers.change": ({"title": "x"}, "name", "dossier"),
    "dossiers.tell": ({"event": "expired", "on": date(2020, 1, 1)}, "name", "dossier"),
    "dossiers.merge": ({"into": OPEN_REFERENCE}, "name", "dossier"),
    "dossiers.move": ({"to": OPEN_REFERENCE}, "documents", "documents"),
    "holds.place": ({"scope": "document", "reason": "lawsuit", "authority": "Amt",
                    "review_on": date(2099, 1, 1)}, "targets", "documents"),
    "holds.show": ({}, "name", "hold"),
    "holds.review": ({"review_on": date(2098, 1, 1)}, "name", "hold"),
    "holds.lift": ({}, "name", "hold"),
    **{
        name: ({}, "name", "batch")
        for name in ("disposal.show", "disposal.approve", "disposal.offer", "disposal.message",
                     "disposal.export", "disposal.cancel", "disposal.destroy")
    },
    "disposal.drop": ({"units": [NOBODY]}, "name", "batch"),
    "disposal.appraise": ({"source": io.BytesIO(b"x")}, "name", "batch"),
    "disposal.confirm": ({"source": io.BytesIO(b"x")}, "name", "batch"),
    "certificates.get": ({}, "name", "certificate"),
    "certificates.show": ({}, "name", "certificate"),
    "certificates.prove": ({}, "name", "certificate"),
    "quality.draw": ({}, "batches", "documents"),
    "quality.show": ({}, "document", "document"),
    "quality.passed": ({"name": ""}, "documents", "documents"),
    "quality.failed": ({"name": "", "reason": "schief"}, "document", "document"),
    "disclosures.look": ({}, "wanted", "wanted"),
    "disclosures.give": ({}, "wanted", "wanted"),
    "disclosures.preview": ({"document": NOBODY}, "wanted", "wanted"),
    "disclosures.list": ({}, "document", "document"),
}  # fmt: skip

# Say nothing of papers, or have a test of their own below.
APART = {
    "intake.add", "examples.learn", "upkeep.reindex", "upkeep.rebuild", "upkeep.verify",
    "ledger.head", "ledger.seal", "ledger.verify", "procedure.write", "periods.adopt",
    "periods.confirm", "dossiers.open", "disposal.propose", "disclosures.package",
    "disclosures.taken", "disclosures.show", "upkeep.clock",
    "upkeep.confirm_clock", "upkeep.try_cage",
}  # fmt: skip


def test_every_use_case_is_asked() -> None:
    # A new one gets its question in one of the three tables.
    assert set(acts()) == set(ASKED) | set(NAMED) | APART


def _answer(archive: Archive, name: str, words: dict[str, Any]) -> Any:
    """What somebody is told, but for the time that it took; a fault by all that he sees of it."""
    try:
        answer = attrgetter(name)(archive)(**words)
    except Fault as fault:
        return [fault.reason, int(fault.exit_code), dict(fault.params)]
    if isinstance(answer, File):
        with answer.stream as stream:
            return [answer.name, answer.size, stream.read()]
    if isinstance(answer, dict):
        answer.pop("took_ms", None)
        answer.get("figures", {}).pop("free_bytes", None)
    return answer


def _answers(office: Bureau) -> dict[str, Any]:
    return {
        f"{who} asks {name} {words}": _answer(person(office, *groups), name, dict(words))
        for who, groups in OUTSIDERS.items()
        for name, questions in ASKED.items()
        for words in questions
    }


@pytest.fixture(scope="module")
def before(office: Bureau) -> dict[str, Any]:
    return _answers(office)


@pytest.fixture(scope="module")
def hidden(office: Bureau, before: dict[str, Any]) -> Hidden:
    assert before
    return _secret_papers(office)


def test_answers_do_not_change_when_papers_come_that_one_may_not_see(
    office: Bureau, before: dict[str, Any], hidden: Hidden
) -> None:
    after = _answers(office)
    for question, answer in before.items():
        assert after[question] == answer, question
    told = repr(after)
    for one in hidden:
        assert one not in told
    # Who is asked by whom matters: those in the group see them all.
    assert office.one.documents.search(f"{SECRET}")["total"] >= 4
    assert office.one.dossiers.show(SECRET_REFERENCE)["papers"]
    assert len(office.one.disposal.list(everything=True)["batches"]) == 2
    assert office.one.certificates.list()["certificates"]


def _named(hidden: Hidden, kind: str) -> list[tuple[Any, Any]]:
    """Pairs of a name that somebody may not know, and of one that nobody knows."""
    if kind == "document":
        return [(one, NOBODY) for one in hidden.documents] + [
            # Neither is the beginning of a number.
            (hidden.document[:25], NOBODY[:25])
        ]
    if kind == "documents":
        return [([one], [NOBODY]) for one in hidden.documents]
    if kind == "wanted":
        wanted: Callable[[str], dict[str, Any]] = lambda one: {  # noqa: E731
            "documents": [{"document": one}], "terms": [{"text": "Salz", "ground": "third_party"}],
            "basis": "gdpr", "recipient": "x",
        }  # fmt: skip
        return [(wanted(one), wanted(NOBODY)) for one in hidden.documents]
    if kind == "dossier":
        return [
            (hidden.dossier, NOBODY),
            (SECRET_REFERENCE, NO_REFERENCE),
            ("115.77-9/2004", NO_REFERENCE),
        ]
    return [(getattr(hidden, kind), NOBODY)]


@pytest.mark.parametrize("name", NAMED)
def test_what_one_may_not_see_answers_as_what_does_not_exist(
    office: Bureau, hidden: Hidden, name: str
) -> None:
    words, argument, kind = NAMED[name]
    seq = office.house.register.head()[0]
    for who, groups in OUTSIDERS.items():
        for known, unknown in _named(hidden, kind):
            asked, other = (
                _answer(person(office, *groups), name, {**words, argument: one})
                for one in (known, unknown)
            )
            told = json.dumps(asked, default=str)
            for secret, plain in zip(_leaves(known), _leaves(unknown), strict=True):
                told = told.replace(str(secret), str(plain))
            assert told == json.dumps(other, default=str), (who, name, known)
            assert isinstance(asked, list), (who, name, asked)
    assert office.house.register.head()[0] == seq


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    return [leaf for one in value for leaf in _leaves(one)] if isinstance(value, list) else [value]


def test_the_order_of_hits_tells_nothing_of_what_one_may_not_see(office: Bureau) -> None:
    """A word weighs more the rarer it is: so papers that one may not see would change the order."""
    letter = Letter("Schreiben", "business_letter", "2005-03-01", subject="Angebot")
    words = ("Alphawort", "Betawort")
    office.filed(*(replace(letter, text=f"Schreiben wegen {word} und mehr") for word in words))

    def order() -> list[str]:
        query = " OR ".join(words)
        return [hit["id"] for hit in person(office, STAFF).documents.search(query)["hits"]]

    before = order()
    assert len(before) == 2
    for word in words:
        for number in range(6):
            secret = Letter(f"Rechnung {word}", CLOSED_SINGLE, "2001-03-01")
            office.filed(replace(secret, content=f"{word}{number}".encode()))
        assert order() == before


def test_a_reference_of_papers_that_one_may_not_see_is_refused_whatever_their_state(
    office: Bureau, hidden: Hidden
) -> None:
    letter = Letter("Schreiben", "business_letter", "2005-03-01", subject="Angebot")
    filed, *_ = office.filed(replace(letter, content=b"reference"))
    archivist = person(office, ARCHIVISTS)
    for ask in (
        lambda: archivist.dossiers.open(SECRET_REFERENCE),
        lambda: archivist.review.correct(filed, [f"reference={SECRET_REFERENCE}"]),
        lambda: archivist.review.correct(filed, [f"dossier={SECRET_REFERENCE}"]),
    ):
        with pytest.raises(Fault, match="reference_not_yours"):
            ask()


def test_an_outsider_gathers_only_what_he_may_see(office: Bureau, hidden: Hidden) -> None:
    archivist = person(office, ARCHIVISTS)
    known = {
        str(row["id"]) for row in office.house.register.seen(archivist.documents._sight).items("")
    }
    with pytest.raises(Fault, match="nothing_due") as refused:
        archivist.disposal.propose(classes=[CLOSED_SINGLE, CLOSED_DOSSIER])
    # Not even how many keep it waiting is told.
    assert set(refused.value.params.values()) == {0}
    assert not known & set(hidden)


def test_whoever_brings_a_paper_again_is_not_told_which_one_it_equals(
    office: Bureau, hidden: Hidden
) -> None:
    with office.house.vault.open(hidden.document, "original.pdf") as file:
        content = file.read()
    told = person(office, CLERKS).intake.add(io.BytesIO(content), b"nochmal.pdf")
    assert told["document"] == told["id"]
    assert hidden.document not in json.dumps(told)


def test_opening_a_paper_of_a_closed_class_is_an_event(office: Bureau, hidden: Hidden) -> None:
    insider = person(office, STAFF, INSIDERS, uid=4799)

    def opened() -> list[tuple[str, str]]:
        history = office.house.register.history([hidden.document])
        return [
            (line["actor"], line["data"]["what"]) for line in history if line["event"] == "read"
        ]

    assert opened() == []
    insider.documents.search(SECRET)
    for _ in range(2):
        insider.documents.show(hidden.document)
        insider.documents.text(hidden.document)
        insider.documents.fetch(hidden.document).stream.close()
        insider.documents.fetch(hidden.document, original=True).stream.close()
    ways = ["show", "text", "file", "original"]
    assert opened() == [("uid:4799", way) for way in ways]
    office.clock.day = "2026-11-23"
    insider.documents.show(hidden.document)
    assert opened()[4:] == [("uid:4799", "show")]
    # What is open to all is nobody's secret.
    open_paper = str(insider.documents.search("Schreiben")["hits"][0]["id"])
    insider.documents.show(open_paper)
    lines = office.house.register.history([open_paper])
    assert not [line for line in lines if line["event"] == "read"]


def test_what_was_filed_without_a_class_is_kept_back_until_somebody_has_judged_it(
    office: Bureau, hidden: Hidden
) -> None:
    staff, reviewer = person(office, STAFF), person(office, REVIEWERS)
    asked: list[tuple[str, dict[str, Any]]] = [
        ("documents.search", {"query": "Personalakte"}),
        ("documents.search", {"query": "class:unclassified"}),
        ("upkeep.status", {}), ("dossiers.list", {"proposed": True}),
    ]  # fmt: skip
    before = [_answer(staff, name, words) for name, words in asked]
    paper = filed(office.house, Letter("Auszug aus der Personalakte", UNCLASSIFIED))
    assert [_answer(staff, name, words) for name, words in asked] == before
    assert _answer(staff, "documents.show", {"identifier": paper})[0] == "no_such_document"
    assert [hit["id"] for hit in reviewer.documents.search("Personalakte")["hits"]] == [paper]
    reviewer.review.correct(paper, ["class=business_letter"])
    assert [hit["id"] for hit in staff.documents.search("Personalakte")["hits"]] == [paper]

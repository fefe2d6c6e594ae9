"""Fifteen years of paper go their way: proposed, offered, handed over, destroyed, and proved.

One invented town, one archive that answers in its own time, two versions of the standard. The
same with the real daemon, the command and two users of the machine stands at the end.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import bagit
import msgspec
import pikepdf
import pytest
from pikepdf import pdfa

from archiver.papers import certificate as papers
from archiver.pipeline import traces
from archiver.retention.exchange.verification import verify
from archiver.store.objects import Note
from tests import paper
from tests.ocfl_judge import judge
from tests.places import memory_folder, only_root
from tests.seeding import (
    ARCHIVE_NAME,
    ARCHIVISTS,
    TOWN_NAME,
    Bureau,
    Letter,
    bureau,
    furnished,
)
from tests.state_archive import STRANGER, StateArchive, have_schemas, received
from tests.test_rebuild import tables
from tests.test_rights import _user
from tests.town import Town, wait_for

GOES, STAYS = "Vergehwort", "Bleibewort"
ODD = (
    TEXT, SUBJECT, SENDER, TITLE, NAME, NOTE, CORRECTION
) = (
    "Quarzuhrwerk", "Xylofonbügel", "Jachthafenkapitän", "Zwiebelturmhaube", "Zwölfkampfübung",
    "Wattwurmhügel", "Nebelkrähennest",
)  # fmt: skip
YEARS = range(2006, 2021)
LAST = 2025  # periods that ended with this year are over
# Years of single papers by class; invoices as the archivist has confirmed the changed law.
PERIODS = {
    "invoice": 8,
    "voucher": 10,
    "business_letter": 6,
    "tax_paper": 6,
    "claim": 3,
    "ephemeral": 1,
    "council_minutes": None,
}
HELD_CLASS, WAIVED = "tax_paper", "ephemeral"


def word(number: int) -> str:
    """A word of letters that no other number has, also when the search strips its ending."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:04}") + "z"


def goes(record_class: str, year: int) -> bool:
    """Whether a single paper may go, reckoned by hand."""
    period = PERIODS[record_class]
    if period is None or record_class == HELD_CLASS:
        return False
    if record_class == "invoice" and year + 10 <= 2024:
        return True  # its period had ended before the law changed
    return year + period <= LAST


def single(number: int) -> Letter:
    """One of 140 papers that are in no dossier."""
    record_class = tuple(PERIODS)[number % len(PERIODS)]
    year = YEARS[number // len(PERIODS) % len(YEARS)]
    stem = GOES if goes(record_class, year) else STAYS
    keeping = " Jubiläum" if record_class == "business_letter" and number % 3 == 0 else ""
    return Letter(
        f"Schreiben {stem}{word(number)} der Gemeinde",
        record_class,
        f"{year}-05-{1 + number % 28:02}",
        subject=f"Sache {stem}{word(number)}{keeping}",
        sender=f"Firma {stem}{word(number)}",
    )


def five(record_class: str, number: int, year: int, stem: str) -> list[Letter]:
    """The papers of one dossier."""
    made = range(number, number + 5)
    return [
        Letter(
            f"Vorgang {stem}{word(n)}", record_class, f"{year}-03-0{1 + n % 9}", sender="Amt",
            subject=f"Blatt {stem}{word(n)}",
        )
        for n in made
    ]  # fmt: skip


# Name, class, year of the papers, day of closing, what becomes of it.
DOSSIERS: tuple[tuple[str, str, int, str | None, str], ...] = (
    ("dog", "dog_tax", 2008, "2012-05-04", GOES),
    ("dog_late", "dog_tax", 2014, "2018-05-04", STAYS),
    ("dog_merged", "dog_tax", 2008, None, GOES),
    ("offence", "offence", 2010, "2011-02-03", GOES),
    ("offence_open", "offence", 2010, None, STAYS),
    ("offence_two", "offence", 2016, "2018-08-08", GOES),
    ("aid", "social_assistance", 2009, "2013-01-09", GOES),
    ("aid_two", "social_assistance", 2012, "2016-01-09", GOES),
    ("permit", "building_permit", 2007, "2008-12-01", GOES),
    ("permit_held", "building_permit", 2007, "2008-12-01", STAYS),
    ("leave", "leave", 2011, "2019-04-01", GOES),
    ("leave_late", "leave", 2019, "2022-04-01", STAYS),
)
# With all that people say of papers; nobody but this one has the odd words.
SPECIAL = Letter(
    f"Am {TEXT} wird gearbeitet", "claim", "2010-01-01", None, f"Wegen {SUBJECT}",
    f"Haus {SENDER}", b"special", f"{NAME}.pdf",
)  # fmt: skip


def reference(number: int) -> str:
    """Of one of the dossiers."""
    return f"{10 + number}.1-{number}/{DOSSIERS[number][2]}"


class Fate:
    """What was filed, and what must become of it."""

    def __init__(self, one: Bureau) -> None:
        self.letters = [single(number) for number in range(140)]
        parts = [
            replace(letter, reference=reference(number))
            for number, (_name, record_class, year, _closed, stem) in enumerate(DOSSIERS)
            for letter in five(record_class, 200 + 5 * number, year, stem)
        ]
        papers = [letter.numbered(n) for n, letter in enumerate((*self.letters, *parts))]
        *self.ids, self.special = one.grown([*papers, SPECIAL])
        del self.ids[140:]
        self.dossiers = _dossiers(one)
        _talked_about(one, self.special)

    def singles(self, *, go: bool, waived: bool = False) -> set[str]:
        """Ids of papers in no dossier that may go, or may not."""
        pairs = zip(self.ids, self.letters, strict=True)
        mine = {
            i
            for i, one in pairs
            if goes(one.record_class, int(str(one.letter_date)[:4])) is go
            and (one.record_class == WAIVED) is waived
        }
        return mine | ({self.special} if go and not waived else set())


def _dossiers(one: Bureau) -> dict[str, str]:
    """Twelve dossiers are proposed by sixty papers, opened, merged, closed; ids by their names."""
    shown = one.one.dossiers.list(proposed=True)["proposed"]
    assert {row["reference"]: row["documents"] for row in shown} == {
        reference(number): 5 for number in range(len(DOSSIERS))
    }
    ids: dict[str, str] = {}
    for number, (name, _class, _year, closed, stem) in enumerate(DOSSIERS):
        title = f"Akte {stem}{word(900 + number)}" + f" {TITLE}" * (name == "offence")
        # See test_title_of_a_merged_dossier_goes_with_its_papers.
        title = "Zweitakte" if name == "dog_merged" else title
        ids[name] = one.one.dossiers.open(reference=reference(number), title=title)["id"]
        if name == "dog_merged":
            one.one.dossiers.merge(name=ids[name], into=ids["dog"])
        elif closed and name != "dog":
            one.one.dossiers.close(name=ids[name], on=date.fromisoformat(closed))
    one.one.dossiers.close(name=ids["dog"], on=date(2012, 5, 4))
    for name in ("permit", "permit_held"):
        one.one.dossiers.tell(name=ids[name], event="demolished", on=date(2015, 6, 1))
    return ids


def _talked_about(one: Bureau, document: str) -> None:
    """A person's note, and a correction."""

    def noted(record: Any, _part: Any) -> Any:
        note = Note(one.clock(), "uid:4711", "corrected", f"wegen {NOTE}")
        return msgspec.structs.replace(record, notes=(*record.notes, note))

    one.house.decide("corrected", document, noted, {}, "uid:4711")
    one.one.review.correct(document, [f"subject=Nun {CORRECTION}"])


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


def files_with(root: Path, *words: str) -> list[str]:
    """Files that say a word as it is, in small letters or capitals, in their names or bytes."""
    sought = [word.casefold().encode() for word in words]
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if any(one in os.fsencode(path.name).lower() for one in sought)
        or (path.is_file() and any(one in path.read_bytes().lower() for one in sought))
    ]


def hits(one: Bureau, *words: str) -> dict[str, list[str]]:
    """Where words stand, by store."""
    found = traces.find(words, traces.stores(one.house.config))
    return {
        store: sorted({hit.path for hit in finding.hits})
        for store, finding in found.items()
        if finding.hits
    }


def documents_in(one: Bureau, batch: str) -> set[str]:
    return {str(row["id"]) for row in one.house.register.items(batch)}


@pytest.mark.parametrize("version", ["3.1.0", "4.0.0"])
def test_two_hundred_papers_go_their_way(folder: Path, version: str) -> None:
    settings = {"disposition": {"xdomea": version, "waived": [WAIVED]}}
    town = furnished(folder / "town", settings)
    with bureau(town) as one:
        fate = Fate(one)
        one.one.periods.adopt()
        assert sum(one.house.register.counts().values()) == 201
        assert judge(one.house.vault.root) == []
        confirm_the_law(one, fate)
        holds = [one.hold("dossier", fate.dossiers["permit_held"]), one.hold("class", HELD_CLASS)]
        waived_goes_alone(one, fate)
        batch = proposed(one, fate)
        archive = StateArchive(
            ARCHIVE_NAME, TOWN_NAME, lambda title: "Jubiläum" in title or title in whole(one)
        )
        appraised(one, batch, archive)
        handed_over(one, batch, archive, version)
        destroyed(one, batch, fate)
        untouched(one, fate, holds)


def whole(one: Bureau) -> set[str]:
    """Titles of the dossiers that the archive wants whole: those of two classes."""
    rows = one.one.dossiers.list()["dossiers"]
    return {r["title"] for r in rows if r["class"] in ("building_permit", "social_assistance")}


def confirm_the_law(one: Bureau, fate: Fate) -> None:
    """Periods that run follow a changed law only once the archivist has said so."""
    by_year = {
        int(str(letter.letter_date)[:4]): i
        for i, letter in zip(fate.ids, fate.letters, strict=True)
        if letter.record_class == "invoice"
    }
    assert one.one.periods.explain(by_year[2016])["ends"] == "2026-12-31"
    assert one.one.periods.explain(by_year[2014])["ends"] == "2024-12-31"
    one.one.periods.confirm("invoice", 2)
    assert one.one.periods.explain(by_year[2016])["ends"] == "2024-12-31"
    assert one.one.periods.explain(by_year[2014])["ends"] == "2024-12-31"
    assert one.one.periods.explain(by_year[2018])["obstacle"] == "not_due"


def waived_goes_alone(one: Bureau, fate: Fate) -> None:
    """What the archive has waived in general goes without an offer, in a batch of its own."""
    batch = one.one.disposal.propose(classes=[WAIVED])["id"]
    gone = fate.singles(go=True, waived=True)
    assert documents_in(one, batch) == gone
    assert {item["said"] for item in one.units(batch).values()} == {"exempt"}
    one.two.disposal.approve(name=batch)
    certificate = one.one.disposal.destroy(name=batch)["certificate"]
    with one.one.certificates.get(certificate, as_json=True).stream as file:
        made = papers.read(file.read())
    assert made.appraisal is None
    assert {document.document for document in made.documents} == gone


def proposed(one: Bureau, fate: Fate) -> str:
    told = one.one.disposal.propose()
    going = {fate.dossiers[name] for name in (
        "dog", "offence", "offence_two", "aid", "aid_two", "permit", "leave",
    )}  # fmt: skip
    assert {item["unit"] for item in told["items"]} == fate.singles(go=True) | going
    assert (told["units"], told["skipped"]) == (len(told["items"]), {"held": 1 + 19})
    assert told["documents"] == len(fate.singles(go=True)) + 8 * 5
    by_unit = {item["unit"]: item for item in told["items"]}
    assert by_unit[fate.dossiers["dog"]]["documents"] == 10
    assert {item["version"] for item in told["items"] if item["class_key"] == "invoice"} == {1, 2}
    return str(told["id"])


def appraised(one: Bureau, batch: str, archive: StateArchive) -> None:
    """The first answer is incomplete and names something unknown; the second completes it."""
    one.two.disposal.approve(name=batch)
    one.one.disposal.offer(name=batch)
    sent = one.offered(batch)
    assert set(sent.items.values()) == {"Akte", "Vorgang"}
    lacking = list(sent.items)[:3]
    first = archive.appraisal(sent, {**dict.fromkeys(lacking, ""), STRANGER: "A"})
    told = one.appraised(batch, first)
    assert (told["state"], told["waiting"]) == ("offered", 3)
    assert [f["code"] for f in told["findings"]] == [
        "reply_about_unknown", *["appraisal_missing"] * 3
    ]  # fmt: skip
    assert STRANGER in told["findings"][0]["message"]
    again = one.appraised(batch, archive.appraisal(sent))
    assert again == {"state": "appraised", "waiting": 0, "findings": []}
    assert judge(one.house.vault.root) == []


def handed_over(one: Bureau, batch: str, archive: StateArchive, version: str) -> None:
    package = Path(one.one.disposal.export(name=batch)["package"])
    bagit.Bag(str(package)).validate()
    assert verify(package).findings == ()
    sent = one.package(batch)
    taken = {item["uuid"] for item in one.units(batch).values() if item["said"] == "taken"}
    assert set(sent.items) == taken and sent.version == version
    assert {"Akte", "Vorgang"} == set(sent.items.values())
    stored = {
        one.house.vault.path(row["id"], "document.pdf").read_bytes()
        for row in one.house.register.items(batch)
        if one.units(batch)[row["unit"]]["said"] == "taken"
    }
    assert set(sent.files.values()) == stored
    told = one.confirmed(batch, archive.confirmation(sent))
    assert told == {"state": "handed_over", "waiting": 0, "findings": []}
    states = {row["unit"]: row["state"] for row in one.house.register.items(batch)}
    for unit, item in one.units(batch).items():
        assert states[unit] == ("handed_over" if item["said"] == "arrived" else "offered")
    assert judge(one.house.vault.root) == []


def destroyed(one: Bureau, batch: str, fate: Fate) -> None:
    gone = documents_in(one, batch)
    there = hits(one, *ODD)
    assert {"vault", "catalogue", "index"} <= set(there)
    certificate = one.one.disposal.destroy(name=batch, thorough=True)["certificate"]
    assert one.state(batch) == "done"
    assert hits(one, *ODD, GOES) == {}
    assert files_with(one.town.root, *ODD[:1], TITLE, GOES) == []
    with one.one.certificates.get(certificate, as_json=True).stream as file:
        made = papers.read(file.read())
    assert {document.document for document in made.documents} == gone
    assert len({document.digest for document in made.documents}) == len(gone)
    assert [approval.by for approval in made.approvals] == ["uid:4711", "uid:4712", "uid:4711"]
    assert made.organisation == TOWN_NAME and made.appraisal is not None
    assert all(store.after == 0 for store in made.searched) and made.left == 0
    assert sum(store.before for store in made.searched) > 0 and made.witnesses > 5
    with one.one.certificates.get(certificate).stream as file:
        sheet = file.read()
    with pikepdf.open(io.BytesIO(sheet)) as pdf:
        assert pdfa.check(pdf, "2b").findings == []
    (listed,) = [c for c in one.one.certificates.list()["certificates"] if c["id"] == certificate]
    assert listed["is_proved"] and listed["documents"] == len(gone)
    assert not gone & set(one.house.vault.ids())
    assert judge(one.house.vault.root) == []
    assert not (one.house.config.places.exports / batch).exists()
    for name in ("dog", "offence", "aid", "permit"):
        assert one.one.dossiers.show(name=fate.dossiers[name])["state"] == "disposed"


def untouched(one: Bureau, fate: Fate, holds: list[str]) -> None:
    """What is held, open or not due is there as before, and everything agrees."""
    kept = fate.singles(go=False) | fate.singles(go=False, waived=True)
    states = {i: one.house.register.document(i)["state"] for i in kept}
    assert set(states.values()) == {"filed"}
    for letter_id, letter in zip(fate.ids, fate.letters, strict=True):
        if letter_id in kept and letter_id[-1] in "0123456789":
            said = letter.text.split()[1]
            assert [hit["id"] for hit in one.one.documents.search(said, 5)["hits"]] == [letter_id]
    shown = {name: one.one.dossiers.show(name=i) for name, i in fate.dossiers.items()}
    assert [hold["id"] for hold in shown["permit_held"]["holds"]] == holds[:1]
    obstacles = {name: told["obstacle"] for name, told in shown.items() if "obstacle" in told}
    assert obstacles == {
        "permit_held": "held",
        "offence_open": "not_due",
        "dog_late": "not_due",
        "leave_late": "not_due",
    }
    assert all(len(shown[name]["papers"]) == 5 for name in obstacles)
    assert one.one.documents.search(GOES, 5)["hits"] == []
    ledger = one.ledger()
    assert not any(name in ledger for name in (*ODD, GOES, STAYS, "Firma", "Akte "))
    assert one.two.disposal.list()["batches"] == []
    assert one.house.ledger.verify(one.house.register.head()) == []
    before = tables(one.town)
    one.house.new_catalogue(lambda _done, _total: None)
    one.house.close()
    assert tables(one.town) == before


def test_the_title_of_a_merged_dossier_goes_with_its_papers(folder: Path) -> None:
    with bureau(furnished(folder / "town", {"disposition": {"waived": ["dog_tax"]}})) as one:
        letter = Letter("Bescheid", "dog_tax", "2008-03-01")
        into = one.dossier("22.1-1/2008", None, letter)
        other = one.dossier("22.1-2/2008", None, letter, title=f"Hund von {TITLE}")
        one.one.dossiers.merge(name=other, into=into)
        one.one.dossiers.close(name=into, on=date(2010, 1, 1))
        batch = one.one.disposal.propose()["id"]
        one.two.disposal.approve(name=batch)
        assert one.one.disposal.destroy(name=batch)["certificate"]
        assert hits(one, TITLE) == {}


def test_what_was_handed_over_stays_where_the_settings_say_so(folder: Path) -> None:
    with bureau(furnished(folder / "town", {"disposition": {"destroy_handed_over": False}})) as one:
        one.filed(
            Letter(f"Ein {STAYS}", "claim", "2010-01-01", subject="Chronik"),
            Letter(f"Ein {GOES}", "claim", "2010-01-01", subject="Mahnung"),
        )
        one.clock.day = "2036-01-01"
        archive = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda title: title == "Chronik")
        batch = one.brought(one.one.disposal.propose()["id"], "handed_over", archive)
        certificate = one.one.disposal.destroy(name=batch)["certificate"]
        with one.one.certificates.get(certificate, as_json=True).stream as file:
            assert len(papers.read(file.read()).documents) == 1
        assert one.state(batch) == "done" and hits(one, GOES) == {}
        (kept,) = one.one.documents.search(STAYS, 5)["hits"]
        assert kept["state"] == "handed_over"
        assert one.one.disposal.destroy(name=batch)["certificate"] == certificate
        # Where the archive takes everything, nothing is destroyed and the batch has ended.
        one.filed(Letter("Noch eine", "claim", "2010-01-01", subject="Chronik"))
        one.clock.day = "2046-01-01"
        batch = one.brought(one.one.disposal.propose()["id"], "handed_over", archive)
        assert one.one.disposal.destroy(name=batch) == {"certificate": None}
        assert one.state(batch) == "done"
        assert one.one.disposal.destroy(name=batch) == {"certificate": None}
        assert judge(one.house.vault.root) == []


# --- the real daemon, the real command, two users of this machine ---------------------------------

FIRST, SECOND = 61105, 61106


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may reach."""
    only_root()
    made = Path(tempfile.mkdtemp(prefix="archiver-disposition-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_two_users_bring_papers_all_the_way_by_the_command(open_folder: Path) -> None:
    town = furnished(open_folder / "town")
    desk = open_folder / "desk"
    desk.mkdir()
    desk.chmod(0o777)
    with town.daemon():
        ids = brought_in(town)
        first, second = (_user(town, uid, ARCHIVISTS) for uid in (FIRST, SECOND))
        batch = first.json("batch", "propose", "--class", "claim")["id"]
        assert "second person" in first.is_refused("batch", "approve", batch)
        second.json("batch", "approve", batch)
        offer = Path(first.json("batch", "offer", batch, "-o", str(desk))["file"])
        sent = received(offer.read_bytes(), judged=have_schemas())
        archive = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda title: "Chronik" in title)
        answer = desk / "0502.xml"
        answer.write_bytes(archive.appraisal(sent))
        assert first.json("batch", "appraise", batch, str(answer))["state"] == "appraised"
        package = Path(first.json("batch", "export", batch)["package"])
        assert town.command("export", "verify", str(package)).returncode == 0
        (zipped,) = (package / "data").glob("*.zip")
        receipt = desk / "0506.xml"
        receipt.write_bytes(archive.confirmation(received(zipped.read_bytes(), judged=False)))
        assert first.json("batch", "confirm", batch, str(receipt))["state"] == "handed_over"
        assert "second person" in second.is_refused("batch", "destroy", batch)
        certificate = first.json("batch", "destroy", batch, "--thorough")["certificate"]
        target = desk / "certificate.json"
        assert first.says(
            "certificate", "get", certificate, "-o", str(target), "--json"
        ).returncode == 0  # fmt: skip
        made = papers.read(target.read_bytes())
        assert {document.document for document in made.documents} == set(ids)
        assert first.json("certificate", "list")["certificates"][0]["is_proved"]
        wait_for(lambda: not town.search("Zirbelkiefer"), "it is found no more")
        assert town.search("Friedhofssatzung")
        assert town.json("verify")["problems"] == []
        lines = [json.loads(line) for p in (town.root / "ledger").iterdir() for line in p.open()]
        said = {line["event"]: line["actor"] for line in lines}
        assert (
            said["batch_proposed"] == f"uid:{FIRST}" and said["batch_approved"] == f"uid:{SECOND}"
        )
    assert files_with(town.root, "Zirbelkiefer", "Chronik") == []


def brought_in(town: Town) -> list[str]:
    """Two papers that might have gone long ago, and one that stays."""
    for name, text in (("a.pdf", "Zirbelkiefer eins"), ("b.pdf", "Zirbelkiefer zwei")):
        town.drop(name, paper.text_pdf([("Stadt Musterbach", text)]))
    town.drop("c.pdf", paper.text_pdf([("Friedhofssatzung der Stadt",)]))
    wait_for(lambda: len(town.search("state:filed")) == 3, "all are filed")
    ids = sorted(hit["id"] for hit in town.search("Zirbelkiefer"))
    for document, subject in zip(ids, ("Chronik", "Mahnung"), strict=True):
        words = ("class=claim", "date=02.04.2010", f"subject={subject}")
        town.json("correct", document, *words)
    return ids

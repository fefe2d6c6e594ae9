"""Disclosure as a clerk does it: the real daemon, the real command, scans, and what is kept."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive import Archive
from archiver.clock import now
from archiver.config import load
from archiver.disclosure import requestfile
from archiver.disclosure.request import Basis, Ground, Region, Term
from archiver.disclosure.wanted import Wanted, joined, pages_of, region_of, term_of
from archiver.errors import NotFound, Refusal, UsageFault
from archiver.house import House
from archiver.pipeline.copies import Copies
from archiver.rights import Caller
from archiver.search.german import fold
from tests.paper import letter_image, scan_pdf
from tests.town import Town, wait_for

LETTER = (
    "Stadt Musterbach",
    "Aktenzeichen: 632.21-12/2024",
    "",
    "Frau Anneliese Krämer",
    "geboren am 14. Februar 1991",
    "",
    "Sehr geehrte Frau Krämer,",
    "der Bauantrag Krämers für das Grundstück Lindenstraße ist",
    "vollständig eingegangen.",
)
OTHER = ("Stadt Musterbach", "", "Niederschrift der Sitzung", "Es sprach Frau Krämer.")
WORDS = ("--word", "Krämer=personal_data", "--word", "14.02.1991=personal_data")
FOR_ERIKA = ("--basis", "gdpr_15", "--to", "Erika Beispiel")


def found(town: Town, query: str) -> str:
    """Id of the filed document that a search finds; empty while there is none."""
    return next((hit["id"] for hit in town.search(query) if hit["state"] == "filed"), "")


class Office:
    """A town with a running daemon and two papers."""

    def __init__(self, town: Town) -> None:
        self.town = town
        town.drop("antrag.pdf", scan_pdf([letter_image(LETTER)]))
        town.drop("sitzung.pdf", scan_pdf([letter_image(OTHER)]))
        self.letter = wait_for(lambda: found(town, "Lindenstraße"), "it is filed and found")
        self.minutes = wait_for(lambda: found(town, "Niederschrift"), "it is filed and found")

    def refused(self, *arguments: str, code: int) -> str:
        """Run a command that must be refused; its sentence, on one line."""
        ended = self.town.command("disclose", *arguments)
        assert ended.returncode == code, (ended.returncode, ended.stdout, ended.stderr)
        return " ".join(ended.stderr.split())

    def waiting(self) -> list[Path]:
        """Copies below the exports."""
        return list((self.town.root / "exports" / "disclosures").glob("*"))

    def lines(self) -> str:
        """The ledger."""
        return "".join(f.read_text() for f in (self.town.root / "ledger").glob("*.jsonl"))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    town = Town(tmp_path_factory.mktemp("disclosing") / "town")
    with town.daemon():
        yield Office(town)


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        return "\n".join(page.get_textpage().get_text_range() for page in pdf)


def assert_without(path: Path, *secrets: str) -> str:
    """Neither the text nor any stream of a file holds one of the words."""
    text = text_of(path)
    with pikepdf.open(path) as pdf:
        streams = [
            item.read_bytes() for item in pdf.objects
            if isinstance(item, pikepdf.Stream) and item.get("/Subtype") != "/Image"
        ]  # fmt: skip
    for secret in secrets:
        assert fold(secret) not in "".join(map(fold, text.split()))
        assert secret.encode() not in b"".join(streams) + path.read_bytes()
    return text


def confirmed(town: Town, *asked: str) -> tuple[str, str]:
    """The option by which a person confirms every page of what is asked for."""
    documents = town.json("disclose", "look", *asked)["documents"]
    keys = [page["key"] for one in documents for page in one["pictures"]]
    assert len(keys) == sum(one["pages"] for one in documents)
    return "--confirmed", ",".join(keys)


def decided(text: str, decision: str) -> str:
    """The draft as a clerk has completed it."""
    text = text.replace('basis = ""', 'basis = "gdpr_15"')
    text = text.replace('recipient = ""', 'recipient = "Erika Beispiel"')
    return text.replace('decision = ""', f'decision = "{decision}"')


def test_a_clerk_looks_decides_gives_and_finds_it_in_the_log(
    office: Office, tmp_path: Path
) -> None:
    town, request, out = office.town, tmp_path / "request.toml", tmp_path / "copies"
    town_before = len(town.json("disclose", "list")["disclosures"])
    seen = town.json("disclose", "look", office.letter[:14], *WORDS, "--write", str(request))
    (paper,) = seen["documents"]
    assert paper["id"] == office.letter and seen["undecided"] == 1 and seen["missing"] == []
    unsure = [find for find in paper["finds"] if find["decision"] is None]
    assert ["«Krämers»" in find["context"] for find in unsure] == [True]
    assert len(town.json("disclose", "list")["disclosures"]) == town_before

    arguments = ("give", "--request", str(request), "-o", str(out))
    assert "legal basis" in office.refused(*arguments, code=2)
    assert "uncertain" in office.refused(*arguments, *FOR_ERIKA, code=14)
    assert not out.exists() and office.waiting() == []

    request.write_text(decided(request.read_text(), "blacken"), encoding="utf-8")
    assert "confirmed the pictures" in office.refused(*arguments, code=14)
    again, folder = tmp_path / "confirmed.toml", tmp_path / "preview"
    shown = town.json(
        "disclose", "preview", "--request", str(request), "-o", str(folder), "--write", str(again)
    )
    (drawn,) = shown["files"].values()
    assert_without(Path(drawn), "Krämer")
    assert office.waiting() == [] and "confirmed = false" in again.read_text()
    request.write_text(again.read_text().replace("confirmed = false", "confirmed = true"))
    made = town.json("disclose", *arguments)
    assert made["recipient"] == "Erika Beispiel" and made["basis"] == "gdpr_15"
    assert made["bars"] == {"personal_data": 4}
    (pdf,) = out.glob("*.pdf")
    text = assert_without(pdf, "Krämer", "Krämers", "Februar", "1991")
    assert "Lindenstraße" in text and "Anneliese" in text
    assert_manifest(out)
    sheet = (out / "00_Begleitblatt.txt").read_text()
    assert made["id"] in sheet and "Art. 15 Abs. 4 DSGVO" in sheet and "Krämer" not in sheet

    assert office.waiting() == [] and not list(town.root.glob("**/*.part"))
    assert not list((town.root / "stage" / "cage").glob("disclosure-*"))
    shown = town.json("disclose", "show", made["id"])
    assert {**shown, "folder": str(out)} == made
    assert shown["documents"][0]["document"] == office.letter and shown["actor"].startswith("uid:")
    assert_log_without_names(office, made)


def assert_manifest(out: Path) -> None:
    listed = dict(
        reversed(line.split("  ", 1))
        for line in (out / "manifest-sha512.txt").read_text().splitlines()
    )
    assert set(listed) == {path.name for path in out.iterdir()} - {"manifest-sha512.txt"}
    for name, digest in listed.items():
        assert hashlib.sha512((out / name).read_bytes()).hexdigest() == digest


def assert_log_without_names(office: Office, made: dict[str, Any]) -> None:
    ledger = office.lines()
    (line,) = [
        line for line in map(json.loads, ledger.splitlines()) if line.get("id") == made["id"]
    ]
    assert line["event"] == "disclosed"
    assert line["data"] == {
        "basis": "gdpr_15",
        "documents": [[office.letter, made["documents"][0]["version"]]],
        "bars": {"personal_data": 4},
        "version": 1,
    }
    assert not any(name in ledger for name in ("Erika", "Beispiel", "Kr", "antrag"))


def test_two_papers_by_search_with_a_place_and_a_find_left(office: Office, tmp_path: Path) -> None:
    town, out = office.town, tmp_path / "copies"
    query, region = "Musterbach", f"{office.letter[:14]}:1:20,20,190,45=trade_secret"
    asked = ["--search", query, *WORDS, "--region", region]
    seen = town.json("disclose", "look", *asked, "--word", "Zimmermann=trade_secret")
    assert {one["id"] for one in seen["documents"]} == {office.letter, office.minutes}
    assert seen["missing"] == ["Zimmermann"]
    assert {one["id"]: one["regions"] for one in seen["documents"]}[office.letter] == 1
    finds = {one["id"]: one["finds"] for one in seen["documents"]}
    left = finds[office.minutes][0]["key"]
    asked += ["--word", "Zimmermann=trade_secret", "--blacken", "all", "--leave", left]
    give = ("give", *asked, *FOR_ERIKA, *confirmed(town, *asked), "-o", str(out))
    assert "found nowhere: 1" in office.refused(*give, code=14)
    made = town.json("disclose", *give, "--absent", "Zimmermann")
    assert made["bars"] == {"personal_data": 4, "trade_secret": 1}
    texts = {one["document"]: text_of(out / one["file"]) for one in made["documents"]}
    assert "Krämer" in texts[office.minutes] and "Krämer" not in texts[office.letter]
    assert "Musterbach" in texts[office.minutes] and "Musterbach" not in texts[office.letter]
    given = town.json("disclose", "list", "--document", office.minutes)["disclosures"]
    assert [one["id"] for one in given] == [made["id"]]


def test_what_cannot_be_done_is_refused_with_a_sentence(office: Office, tmp_path: Path) -> None:
    out, there = str(tmp_path / "out"), tmp_path / "there"
    there.mkdir()
    broken = tmp_path / "broken.toml"
    broken.write_text('[[word]]\ntext = "Krämer"\nground = "shyness"\n', encoding="utf-8")
    give = ("give", office.letter, *FOR_ERIKA, *WORDS, "--blacken", "all")
    cases: list[tuple[tuple[str, ...], int, str]] = [
        ((*give, "-o", str(there)), 16, "There is a file already"),
        ((*give, "-o", str(tmp_path / "no" / "folder")), 14, "cannot be written"),
        ((*give, office.letter, "-o", out), 2, "named twice"),
        ((*give, "--region", f"{office.letter}:7:1,1,2,2=trade_secret", "-o", out), 2, "page 7"),
        ((*give, "--leave", "X:abc:1.1-1.1", "-o", out), 2, "no find X:abc:1.1-1.1"),
        (("give", office.letter, "--basis", "sifg", "-o", out), 2, "who gets the copies"),
        (("look", *WORDS), 2, "No document was named"),
        (("look", "01J0000", *WORDS), 13, "01J0000"),
        (("look", office.letter, "--word", "Krämer"), 2, "WORD=GROUND"),
        (("look", office.letter, "--region", "1:2=trade_secret"), 2, "place on a page"),
        (("look", office.letter, "--looked-through", "3"), 2, "pages"),
        (("look", "--request", str(broken)), 2, "shyness"),
        (("show", "01J0000"), 13, "no disclosure 01J0000"),
    ]
    for arguments, code, sentence in cases:
        assert sentence in office.refused(*arguments, code=code), arguments
    assert not Path(out).exists() and list(there.iterdir()) == [] and office.waiting() == []


def test_only_papers_that_stand_here_are_given_and_a_hold_does_not_matter(
    office: Office, tmp_path: Path
) -> None:
    town = office.town
    town.drop("fehler.pdf", scan_pdf([letter_image(("Irrtum", "aus Versehen gescannt"))]))
    wrong = wait_for(lambda: found(town, "Versehen"), "it is filed and can be found")
    assert town.command("withdraw", wrong, "--reason", "Irrtum").returncode == 0
    held = town.command(
        "hold", "place", "document", office.minutes, "--reason", "lawsuit",
        "--authority", "Rechtsamt", "--review", "1.6.2030",
    )  # fmt: skip
    assert held.returncode == 0, held.stderr
    seen = town.json("disclose", "look", wrong, office.minutes)
    assert [one["id"] for one in seen["refused"]] == [wrong]
    assert [one["id"] for one in seen["documents"]] == [office.minutes]
    arguments = ("give", wrong, office.minutes, *FOR_ERIKA, "-o", str(tmp_path / "a"))
    assert "cannot be given" in office.refused(*arguments, code=14)
    seen_to = (*FOR_ERIKA, *confirmed(town, office.minutes))
    made = town.json("disclose", "give", office.minutes, *seen_to, "-o", str(tmp_path / "b"))
    assert made["bars"] == {}
    assert "complete, nothing withheld" in (tmp_path / "b" / "00_Begleitblatt.txt").read_text()


def test_a_request_for_another_scan_is_refused(office: Office, tmp_path: Path) -> None:
    town = office.town
    town.drop("alt.pdf", scan_pdf([letter_image(("Meldung von Frau Krämer", "Zeder"))]))
    paper = wait_for(lambda: found(town, "Zeder"), "it is filed and can be found")
    request, scan = tmp_path / "request.toml", tmp_path / "neu.pdf"
    key = town.json("disclose", "look", paper, *WORDS, "--write", str(request))["documents"][0][
        "finds"
    ][0]["key"]
    # What is known of it may change: the paper is the same.
    assert town.command("correct", paper, "subject=Meldung").returncode == 0
    assert town.json("disclose", "look", "--request", str(request))["undecided"] == 0
    scan.write_bytes(scan_pdf([letter_image(("Meldung", "von Frau Krämer", "Zeder"))]))
    assert town.command("replace", paper, str(scan)).returncode == 0
    town.wait_until_settled()
    arguments = ("give", "--request", str(request), *FOR_ERIKA, "-o", str(tmp_path / "a"))
    assert "anew" in office.refused(*arguments, code=14)
    typed = ("give", paper, *WORDS, "--leave", key, *FOR_ERIKA, "-o", str(tmp_path / "a"))
    assert "no find" in office.refused(*typed, code=2)


def test_a_copy_that_did_not_arrive_is_fetched_and_leftovers_go(
    office: Office, tmp_path: Path
) -> None:
    """The archive is asked as the command does, but the command has died before it fetched."""
    from archiver.cli.remote import RemoteArchive

    remote = RemoteArchive(office.town.root / "archiver.sock")
    killed = office.town.root / "exports" / "disclosures" / "01J00000000000000000000000"
    (killed / "package.part").mkdir(parents=True)
    words = {"documents": [{"document": office.minutes}], "basis": "sifg", "recipient": "E. B."}
    told: list[tuple[int, int]] = []
    (paper,) = remote.disclosures.look(wanted=words)["documents"]
    words["confirmed"] = [page["key"] for page in paper["pictures"]]
    made = remote.disclosures.give(wanted=words, progress=lambda *step: told.append(step))
    assert told[-1] == (1, 1) and not killed.exists()
    assert [path.name for path in office.waiting()] == [made["id"]]
    out = tmp_path / "late"
    assert office.town.command("disclose", "fetch", made["id"], "-o", str(out)).returncode == 0
    assert_manifest(out)
    assert office.waiting() == []
    gone = office.refused("fetch", made["id"], "-o", str(tmp_path / "again"), code=13)
    assert "no longer here" in gone and not (tmp_path / "again").exists()


def test_german_throughout(office: Office, tmp_path: Path) -> None:
    town = office.town
    town.configure({"ui": {"language": "de"}})
    try:
        looked = town.command("disclose", "look", office.letter, *WORDS)
        assert "geschwärzt" in looked.stdout or "schwärzen" in looked.stdout
        assert "Unsicher" in looked.stdout
        draft = tmp_path / "anfrage.toml"
        assert (
            town.command("disclose", "look", office.letter, "--write", str(draft)).returncode == 0
        )
        assert "Wörter" in draft.read_text()
        assert "Rechtsgrundlage" in office.refused("give", office.letter, "-o", "x", code=2)
    finally:
        town.configure({"ui": {"language": "en"}})


def test_without_a_daemon_it_works_and_a_rebuild_keeps_the_log(town: Town, tmp_path: Path) -> None:
    town.drop("sitzung.pdf", scan_pdf([letter_image(OTHER)]))
    town.once()
    (hit,) = town.search()
    asked = (hit["id"], *WORDS, "--absent", "14.02.1991")
    give = ("give", *asked, *confirmed(town, *asked), *FOR_ERIKA, "-o", str(tmp_path / "out"))
    made = town.json("disclose", *give)
    assert made["bars"] == {"personal_data": 1}
    assert_without(tmp_path / "out" / made["documents"][0]["file"], "Krämer")
    before = town.json("disclose", "show", made["id"])
    assert town.command("rebuild").returncode == 0
    assert town.json("disclose", "show", made["id"]) == before
    assert town.json("verify")["problems"] == []


def test_nobody_but_archivist_and_owner_may(town: Town) -> None:
    archive = Archive(House(load(town.config)), Caller(4711, frozenset({4711})))
    asked = [
        lambda: archive.disclosures.look({}),
        lambda: archive.disclosures.preview({}, "01J"),
        lambda: archive.disclosures.give({}),
        lambda: archive.disclosures.package("01J"),
        lambda: archive.disclosures.taken("01J"),
        lambda: archive.disclosures.list(),
        lambda: archive.disclosures.show("01J"),
    ]
    for ask in asked:
        with pytest.raises(Refusal, match="not_allowed"):
            ask()


# --- copies that wait --------------------------------------------------------------------------


def test_copies_wait_an_hour_and_are_never_taken_from_under_their_maker(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "waiting")
    times = {"FRESH": "2026-03-01T10:00:00.000Z", "OLD": "2026-03-01T08:59:00.000Z"}
    for name in (*times, "UNKNOWN"):
        with copies.making(name) as package:
            package.mkdir()
            (package / "01.pdf").write_bytes(b"copy")
    with copies.making("BUSY") as package:
        package.with_name("package.part").mkdir()
        copies.sweep(times.get, "2026-03-01T10:30:00.000Z")
        assert {path.name for path in (tmp_path / "waiting").iterdir()} == {"FRESH", "BUSY"}
    with copies.zipped("FRESH", tmp_path) as first, copies.zipped("FRESH", tmp_path) as second:
        assert first.read() == second.read() != b""
    with pytest.raises(NotFound, match="package_gone"):
        copies.zipped("OLD", tmp_path)
    with pytest.raises(ZeroDivisionError), copies.making("FAILED") as package:
        package.mkdir()
        raise ZeroDivisionError
    assert not (tmp_path / "waiting" / "FAILED").exists()
    copies.remove("FRESH")
    copies.sweep(times.get, now())
    assert list((tmp_path / "waiting").iterdir()) == []


# --- words and files ---------------------------------------------------------------------------

GROUNDS = st.sampled_from(Ground)
TEXTS = st.text(max_size=30)
NUMBERS = st.floats(-1000, 1000, allow_nan=False)
REGIONS = st.builds(
    Region, TEXTS, st.integers(1, 9), NUMBERS, NUMBERS, NUMBERS, NUMBERS, GROUNDS,
    st.sampled_from(["mm", "permille"]),
)  # fmt: skip
KEYS = st.text(string.ascii_letters + string.digits + ":.-", min_size=1, max_size=30)
FINDS = st.fixed_dictionaries(
    {
        "key": KEYS,
        "kind": st.sampled_from(["exact", "similar"]),
        "page": st.integers(1, 9),
        "term": TEXTS,
        "context": TEXTS,
        "decision": st.sampled_from(["blacken", "leave", None]),
    }
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "version": st.integers(1, 9),
        "unread": st.lists(st.integers(1, 9), max_size=2),
        "weak": st.lists(st.integers(1, 9), max_size=2),
        "looked_through": st.lists(st.integers(1, 9), max_size=2),
        "finds": st.lists(
            FINDS.filter(lambda f: f["kind"] != "exact" or f["decision"]), max_size=3
        ),
    }
)


@given(
    st.builds(
        Wanted,
        basis=st.none() | st.sampled_from(Basis),
        recipient=TEXTS,
        terms=st.lists(st.builds(Term, TEXTS, GROUNDS), max_size=3).map(tuple),
        regions=st.lists(REGIONS, max_size=2).map(tuple),
    ),
    st.lists(DOCUMENTS, max_size=3),
)
def test_a_draft_says_what_it_was_made_of(wanted: Wanted, documents: list[dict[str, Any]]) -> None:
    """Whatever stands on the papers: it cannot change the request, nor decide anything."""
    got = requestfile.read(requestfile.draft(wanted, documents), "draft")
    assert (got.basis, got.recipient) == (wanted.basis, wanted.recipient)
    assert (got.terms, got.regions) == (wanted.terms, wanted.regions)
    finds = [find for one in documents for find in one["finds"]]
    for decision, keys in (("blacken", got.blacken), ("leave", got.leave)):
        assert list(keys) == [f["key"] for f in finds if f["decision"] == decision]
    assert [(one.document, one.version, list(one.looked_through)) for one in got.documents] == [
        (one["id"], one["version"], one["looked_through"]) for one in documents
    ]


@pytest.mark.parametrize(
    "text",
    ["basis = 7", 'basis = "shyness"', "[[word]]\ntext=''", "[[find]]\nkey='a'\ndecision='maybe'",
     "rubbish", 'colour = "red"', '[[document]]\nid = "A"\nlooked = [1]'],
)  # fmt: skip
def test_a_request_that_says_something_else_is_not_guessed_at(text: str) -> None:
    with pytest.raises(UsageFault, match="request_unreadable"):
        requestfile.read(text, "request.toml")


def test_words_as_typed() -> None:
    assert term_of("Müller=personal_data") == Term("Müller", Ground.PERSONAL_DATA)
    assert term_of("a=b=trade_secret") == Term("a=b", Ground.TRADE_SECRET)
    assert region_of("01J:2:1,2.5,30,40=public_safety") == Region(
        "01J", 2, 1, 2.5, 30, 40, Ground.PUBLIC_SAFETY
    )
    assert pages_of("01J:3,4") == (("01J", 3), ("01J", 4))
    for wrong in (
        "01J:2:1,2,3=trade_secret",
        "01J:x:1,2,3,4=trade_secret",
        "1:1:nan,1,1,1=trade_secret",
    ):
        with pytest.raises(UsageFault, match="region_unreadable"):
            region_of(wrong)
    first = Wanted(basis=Basis.GDPR, recipient="A", blacken=("k",))
    both = joined(first, Wanted(recipient="B", blacken=("k", "l")))
    assert (both.basis, both.recipient, both.blacken) == (Basis.GDPR, "B", ("k", "l"))

"""The review desk as its users meet it: what waits and why, and what came of each decision."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from archiver.store.vault import LocalVault
from tests import paper
from tests.places import only_root
from tests.test_extract_einvoices import ubl
from tests.test_rebuild import ledger as ledger_bytes
from tests.test_rebuild import tables, view
from tests.test_rights import CLERK, STAFF, User, _user
from tests.town import Town, wait_for

ASK = {"ask": ["disagreed", "contradictory_rules", "corrected_alike", "rule_only", "model_only"]}
REVIEWERS = 61004
WAITS = {"review", "filed", "quarantined", "divided", "withdrawn"}
GERMAN = {"ARCHIVER_LANGUAGE": "de", "PATH": os.defpath, "LANG": "C.UTF-8"}


def invoice(sender: str, number: str, *more: str) -> bytes:
    """A born-digital invoice of one page."""
    lines = (
        sender,
        "Gewerbering 7, 00999 Musterbach",
        "",
        "Rechnung",
        f"Rechnungsnummer: {number}",
        "Datum: 02.04.2024",
        *more,
        "Gesamtbetrag: 119,00 EUR",
    )
    return paper.text_pdf([lines])


def electronic(seller: str) -> bytes:
    """An invoice in XML."""
    made: bytes = ubl(seller=seller)  # type: ignore[no-untyped-call]
    return made


class Desk:
    """A town with a running daemon, and what tests ask it.

    Args:
        town: whose daemon runs.
    """

    def __init__(self, town: Town) -> None:
        self.town = town

    def add(self, name: str, data: bytes, state: str | None = "review") -> str:
        """Have a file worked off; returns its id."""
        file = self.town.root / name
        file.write_bytes(data)
        (answer,) = self.town.json("add", str(file))
        self.rest(answer["id"])
        if state:
            assert self.show(answer["id"])["state"] == state
        return str(answer["id"])

    def rest(self, identifier: str) -> str:
        """Wait until a document has a state that stays; returns it."""

        def state() -> str | None:
            found = str(self.show(identifier)["state"])
            return found if found in WAITS else None

        return str(wait_for(state, f"{identifier} comes to rest"))

    def show(self, identifier: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.town.json("show", identifier)
        return shown

    def lines(self) -> list[dict[str, Any]]:
        """All lines of the ledger."""
        whole = b"".join(ledger_bytes(self.town)[name] for name in sorted(ledger_bytes(self.town)))
        return [json.loads(line) for line in whole.splitlines()]

    def says_nothing_of(self, *texts: str) -> bool:
        """Whether none of these texts stands in the ledger."""
        whole = b"".join(ledger_bytes(self.town).values()).decode()
        plain = json.dumps([json.loads(line) for line in whole.splitlines()], ensure_ascii=False)
        return not any(text in whole or text in plain for text in texts)

    def found(self, query: str, *ids: str) -> None:
        """Wait until a search finds just these documents."""
        wait_for(
            lambda: {hit["id"] for hit in self.town.search(query)} == set(ids),
            f"{query!r} finds {ids}",
        )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One town with its daemon for all tests here; each brings papers of its own."""
    town = Town(tmp_path_factory.mktemp("desk") / "town", {"review": ASK})
    with town.daemon():
        yield Desk(town)


def facts(shown: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Normal form and cue of the surest fact of each kind."""
    found: dict[str, tuple[str, str]] = {}
    for one in shown["fields"]:
        if one["is_fact"]:
            found.setdefault(one["kind"], (one["normal"], one["cue"]))
    return found


def pictures(data: bytes) -> list[bytes]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return [i.read_raw_bytes() for p in pdf.pages for i in p.get_images().values()]


def original(town: Town, identifier: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "original"
        ended = town.command("get", identifier, "--original", "-o", str(target))
        assert ended.returncode == 0, ended.stderr
        return target.read_bytes()


# --- the list -----------------------------------------------------------------------------------


def test_the_list_is_ordered_by_urgency_and_names_the_next_command(town: Town) -> None:
    town.configure({"review": ASK})
    town.drop("rechnung.pdf", invoice("Meier OHG", "4711"))
    town.drop("leer.pdf", paper.scan_pdf([paper.blank_image(150)], 150))
    town.drop("kein scan.pdf", b"nur ein Text")
    town.drop("brief.pdf", paper.text_pdf([("Beobachtungen am Storchennest",)]))
    town.once(expected=3)

    listed = town.json("review")
    waiting = listed["waiting"]
    assert [one["file"] for one in waiting] == ["kein scan.pdf", "leer.pdf", "rechnung.pdf"]
    assert [one["reason"] for one in waiting[1:]] == ["only_blank_pages", "class_rule_only"]
    assert (waiting[2]["proposed"], waiting[2]["title"][:10]) == ("invoice", "Rechnungen")
    assert listed["unclassified"] == 1
    assert sum(listed["counts"].values()) == 3
    assert all(one["message"] and one["advice"] and one["since"] for one in waiting)

    told = town.command("review").stdout
    assert told.index("kein scan.pdf") < told.index("leer.pdf") < told.index("rechnung.pdf")
    assert "3 documents wait." in told
    assert "Filed without a class: 1" in told
    assert f"Next: archiver show {waiting[0]['id']}" in told
    assert "Proposed: invoice – Rechnungen" in told
    german = town.command("review", env=GERMAN).stdout
    assert "3 Dokumente warten." in german
    assert f"Weiter mit: archiver show {waiting[0]['id']}" in german
    assert [hit["file"] for hit in town.search("class:unclassified state:filed")] == ["brief.pdf"]

    status = town.json("status")["review"]
    assert (status["waiting"], status["unclassified"]) == (2, 1)
    assert status["oldest"] == min(one["since"] for one in waiting[1:])
    lines = town.command("status").stdout.splitlines()
    place = lines.index("Review desk")
    assert lines[place + 1].split()[:2] == ["waiting", "2"]
    assert "since" in lines[place + 1]
    assert lines[place + 2].split() == ["without", "class", "1"]


def test_an_empty_desk_says_so(town: Town) -> None:
    assert town.command("review").stdout == "0 documents wait.\n"
    assert town.json("review") == {"waiting": [], "counts": {}, "unclassified": 0}


def test_a_document_is_shown_with_its_picture_and_its_reasons(desk: Desk, tmp_path: Path) -> None:
    id_ = desk.add("bild.pdf", invoice("Bild und Ton KG", "B-1"))
    picture = tmp_path / "seite.png"
    shown = desk.town.json("review", "show", id_, "--picture", str(picture))
    assert shown["picture"] == str(picture)
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert 800 <= image.width <= 850  # A4 at about 100 dpi
        assert image.convert("L").point(lambda shade: 255 * (shade < 128)).getbbox()
    (candidate,) = shown["verdict"]["candidates"]
    assert (candidate["class"], candidate["by"]) == ("invoice", "rule")
    told = desk.town.command("review", "show", id_).stdout
    assert "invoice – Rechnungen (Eingang und Ausgang)  95 %  the headline" in told
    assert "“Rechnung” on page 1, line 4, as a headline: invoice" in told
    assert "total=119.00 (label:Gesamtbetrag, p. 1)" in told
    assert f"archiver review accept {id_}" in told
    nowhere = {"PATH": os.defpath, "TMPDIR": str(tmp_path)}
    ended = desk.town.command("review", "show", id_, "--open", env=nowhere)
    assert Path(ended.stdout.splitlines()[-1]).read_bytes() == picture.read_bytes()
    assert desk.town.command("review", "show", id_, "--picture", str(picture)).returncode == 16
    for page in ("2", "0"):
        ended = desk.town.command("review", "show", id_, "--page", page, "--open")
        assert ended.returncode == 2
        assert f"There is no page {page}; the document has 1." in ended.stderr


# --- decisions ----------------------------------------------------------------------------------


def test_accept_files_what_is_shown_but_for_what_is_said(desk: Desk) -> None:
    id_ = desk.add("annahme.pdf", invoice("Zander und Söhne", "Z-1"))
    words = ("datum=12.3.2024", "betrag=1.234,56", "absender=Zander & Söhne")
    answer = desk.town.json("review", "accept", id_, *words)
    assert (answer["state"], answer["class"]) == ("filed", "invoice")
    shown = desk.show(id_)
    assert (shown["date"], shown["sender"]) == ("2024-03-12", "Zander & Söhne")
    assert facts(shown)["total"] == ("1234.56", "person")
    # What was read stays, as a candidate.
    read = [f for f in shown["fields"] if f["kind"] == "letter_date" and not f["is_fact"]]
    assert [one["normal"] for one in read] == ["2024-04-02"]
    (decision,) = shown["decisions"]
    assert decision["values"] == {
        "class": "invoice",
        "letter_date": "2024-03-12",
        "total": "1234.56",
        "sender": "Zander & Söhne",
    }
    told = desk.town.command("show", id_).stdout
    assert "a person decided so on" in told
    assert "letter_date=2024-03-12" in told
    event = next(line for line in desk.lines() if line["event"] == "confirmed")
    assert set(event["data"]) == {"set", "class", "was", "proposed", "changed", "version"}
    assert desk.says_nothing_of("Zander", "1234.56", "2024-03-12", "annahme")
    again = desk.town.command("review", "accept", id_)
    assert again.returncode == 14
    assert "is not in review but filed" in again.stderr


def test_words_that_cannot_be_understood_change_nothing(desk: Desk) -> None:
    id_ = desk.add("unklar.pdf", invoice("Unklar AG", "U-1"))
    before = desk.show(id_)
    for words, sentence in (
        (("class=invoise",), "nearest keys are: invoice"),
        (("class=Rechnung",), "nearest keys are: invoice"),
        (("class=invoice", "date=31.2.2024"), "“31.2.2024” is no date."),
        (("total=12,345",), "“12,345” is no amount."),
        (("iban=DE75 5999 9990 0000 1200 35",), "is no IBAN"),
        (("colour=red",), "no value called “colour”"),
        (("invoice",), "“invoice” says nothing"),
        (("class=",), "The class is empty."),
    ):
        for command in (("review", "set"), ("review", "accept")):
            ended = desk.town.command(*command, id_, *words)
            assert ended.returncode == 2, words
            assert sentence in ended.stderr
            assert ended.stdout == ""
    assert desk.town.command("review", "split", id_, "2,x").returncode == 2
    assert desk.town.command("review", "split", id_, "2").returncode == 2
    assert desk.town.command("review", "merge", id_).returncode == 2
    assert desk.town.command("correct", id_, "class=invoice").returncode == 14
    assert desk.show(id_) == before


def test_a_correction_is_a_new_version_and_the_old_one_stays(desk: Desk) -> None:
    id_ = desk.add("falsch.pdf", invoice("Altmann KG", "A-1"))
    desk.town.json("review", "set", id_, "class=voucher")
    filed = desk.show(id_)
    assert (filed["class"], filed["state"]) == ("voucher", "filed")
    answer = desk.town.json("correct", id_, "class=invoice", "betreff=Dachziegel für Haus Sorge")
    assert (answer["state"], answer["class"]) == ("filed", "invoice")
    shown = desk.show(id_)
    assert (shown["version"], shown["subject"]) == (
        filed["version"] + 1,
        "Dachziegel für Haus Sorge",
    )
    assert [one["event"] for one in shown["decisions"]] == ["confirmed", "corrected"]
    assert shown["decisions"][1]["was"] == "voucher"
    vault = LocalVault(desk.town.root / "vault", desk.town.root / "stage")
    with vault.open(id_, "record.json", filed["version"]) as old:
        assert json.loads(old.read())["record_class"] == "voucher"
    event = [line for line in desk.lines() if line["id"] == id_][-1]
    assert (event["event"], event["data"]["class"], event["data"]["was"]) == (
        "corrected",
        "invoice",
        "voucher",
    )
    assert event["data"]["set"] == ["class", "subject"]
    assert desk.says_nothing_of("Dachziegel", "Sorge", "Altmann")
    desk.found('"Haus Sorge"', id_)

    # What was said stands when the paper is read once more, and nobody is asked again.
    desk.town.json("retry", id_)
    assert desk.rest(id_) == "filed"
    again = desk.show(id_)
    for key in ("class", "subject", "fields", "decisions"):
        assert again[key] == shown[key], key
    taken = desk.town.json("correct", id_, "subject=")
    assert taken["state"] == "filed"
    assert desk.show(id_)["subject"] is None


def test_a_better_scan_takes_the_place_of_a_bad_one(desk: Desk) -> None:
    first, second = invoice("Xaver Bader", "X-1", "Kirschbaum"), invoice("Bader", "X-2", "Pflaume")
    id_ = desk.add("schlecht.pdf", first)
    desk.town.json("review", "accept", id_, "absender=Xaver Bader")
    desk.found("Kirschbaum", id_)
    better = desk.town.root / "besser.pdf"
    better.write_bytes(second)
    told = desk.town.command("replace", id_, str(better))
    assert told.returncode == 0, told.stderr
    assert desk.rest(id_) == "filed"
    desk.found("Pflaume", id_)
    desk.found("Kirschbaum")
    shown = desk.show(id_)
    assert (shown["class"], shown["sender"]) == ("invoice", "Xaver Bader")
    assert shown["version"] > 2
    assert original(desk.town, id_) == second
    stored = [path.read_bytes() for path in (desk.town.root / "vault").rglob("original.pdf")]
    assert first in stored
    assert desk.town.command("replace", id_, str(better)).returncode == 14
    assert desk.town.command("replace", id_, str(better) + "x").returncode == 13
    assert [one["file"] for one in shown["files"]] == ["schlecht.pdf", "besser.pdf"]


def test_what_is_not_to_be_filed_is_rejected_with_a_reason(desk: Desk) -> None:
    id_ = desk.add("werbung.pdf", invoice("Prospekt GmbH", "P-1"))
    ended = desk.town.command("review", "reject", id_, "--reason", " ")
    assert ended.returncode == 2
    assert "A reason is needed." in ended.stderr
    answer = desk.town.json("review", "reject", id_, "--reason", "Reklame von Prospekt")
    assert answer == {"id": id_, "state": "withdrawn"}
    assert desk.show(id_)["notes"][0]["text"] == "Reklame von Prospekt"
    assert desk.says_nothing_of("Reklame")
    assert id_ not in {one["id"] for one in desk.town.json("review")["waiting"]}
    assert desk.town.command("review", "reject", id_, "--reason", "x").returncode == 14


def test_a_sender_confirmed_once_is_known_on_the_next_letter(desk: Desk) -> None:
    vat = "USt-IdNr. DE136695976"
    name = "Kesselbau Wüstenrot GmbH"
    first = desk.add("eins.pdf", invoice(name, "K-1", vat))
    assert desk.show(first)["sender"] is None
    desk.town.json("review", "accept", first, f"absender={name}")
    second = desk.show(desk.add("zwei.pdf", invoice("KBW", "K-2", vat)))
    assert facts(second)["sender"] == (name, "known_vat_id")
    third = desk.show(desk.add("drei.pdf", invoice(name, "K-3")))
    assert facts(third)["sender"] == (name, "known_name")
    told = desk.town.command("review", "show", third["id"]).stdout
    assert f"sender={name} (name of a known sender, p. 1)" in told
    assert desk.says_nothing_of("Wüstenrot", "DE136695976")


def test_a_correction_changes_the_answer_to_the_next_like_document(desk: Desk) -> None:
    like = ("Wartung der Aufzugsanlage im Rathaus", "Prüfung von Seilen, Bremsen und Notruf")
    first = desk.add("wartung1.pdf", invoice("Hubfix Aufzüge", "W-1", *like))
    waits = desk.add("wartung0.pdf", invoice("Hubfix Aufzüge", "W-0", *like))
    before = sum(line["event"] == "learned" for line in desk.lines())
    desk.town.json("review", "set", first, "class=claim")
    wait_for(
        lambda: sum(line["event"] == "learned" for line in desk.lines()) > before,
        "the model has learned",
    )
    # What waits is judged again, too.
    wait_for(lambda: desk.show(waits)["reason"] == "class_corrected_alike", "it is judged again")
    second = desk.show(desk.add("wartung2.pdf", invoice("Hubfix Aufzüge", "W-2", *like)))
    verdict = second["verdict"]
    assert (verdict["class"], verdict["basis"]) == ("claim", "corrected_alike")
    assert second["reason"] == "class_corrected_alike"
    assert (verdict["alike"]["id"], verdict["alike"]["record_class"]) == (first, "claim")
    for command in (("show",), ("review", "show")):
        told = desk.town.command(*command, second["id"]).stdout
        assert f"because of document {first}, which a person put into claim" in told
        assert "a person decided so about a like document" in told
    german = desk.town.command("show", second["id"], env=GERMAN).stdout
    assert f"wegen Dokument {first}" in german


def test_an_electronic_invoice_is_explained(desk: Desk) -> None:
    id_ = desk.add("rechnung.xml", electronic("Sonnenschuh"), None)
    told = desk.town.command("show", id_).stdout
    rows = dict(line.split("  ", 1) for line in told.splitlines() if "  " in line.strip())
    values = {label.strip(): text.strip() for label, text in rows.items()}
    assert values["Checked"] == "its form is not valid; contradictions in it: 1"
    assert values["Amounts"] == (
        "net 100,00 EUR; tax 19,00 EUR; gross 119,00 EUR; to pay 119,00 EUR"
    )
    assert values["Due on"] == "15.04.2024"
    assert values["E-invoice"] == "ubl_invoice"
    # It has pages for people only; nothing of it can be cut off or joined.
    other = desk.add("zweite.xml", electronic("Mondschein"), None)
    for command in (("split", id_, "2"), ("merge", id_, other)):
        refused = desk.town.command("review", *command)
        assert refused.returncode in (2, 14), refused.stderr
    assert desk.town.command("review", "merge", id_, other).returncode == 14
    assert desk.rest(id_) == desk.show(id_)["state"] != "quarantined"


# --- pages --------------------------------------------------------------------------------------


def test_pages_are_divided_and_joined_by_hand(desk: Desk) -> None:
    town = desk.town
    words = ("Birnbaum", "Ahornallee", "Walnuss")
    scans = [paper.letter_image((word, "Sitzung des Rates"), dpi=100, size=14) for word in words]
    whole = paper.scan_pdf(scans, 100)
    batch = desk.add("stapel.pdf", whole, None)
    answer = town.json("review", "split", batch, "2")
    assert answer == {"id": batch, "state": "accepted"}
    assert desk.rest(batch) == "divided"
    shown = desk.show(batch)
    one, two = shown["parts"]
    desk.rest(one)
    desk.rest(two)
    assert [desk.show(part)["pages"] for part in (one, two)] == [1, 2]
    assert desk.show(two)["made_of"] == [{"id": batch, "pages": [2, 3]}]
    assert [pictures(original(town, part)) for part in (one, two)] == [
        pictures(whole)[:1],
        pictures(whole)[1:],
    ]
    desk.found("Birnbaum", one)
    desk.found("Walnuss", two)
    assert f"pages 2–3 of {batch}" in town.command("show", two).stdout
    assert f"{one}, {two}" in town.command("show", batch).stdout

    assert town.json("review", "merge", two, one)["state"] == "accepted"
    assert desk.rest(two) == desk.rest(one) == "divided"
    (joined,) = desk.show(one)["parts"]
    assert desk.show(two)["parts"] == [joined]
    desk.rest(joined)
    assert desk.show(joined)["pages"] == 3
    assert pictures(original(town, joined)) == [*pictures(whole)[1:], pictures(whole)[0]]
    desk.found("Birnbaum Walnuss", joined)

    if desk.show(joined)["state"] == "review":
        for gone in (one, two):
            refused = town.command("release", gone)
            assert refused.returncode == 14
            assert "1 of its documents still wait" in refused.stderr
        town.json("review", "accept", joined)
    # A batch whose quality control has ended leaves a tombstone; its documents stay.
    assert town.json("release", batch) == {"id": batch, "state": "destroyed"}
    assert town.command("get", batch, "-o", str(town.root / "weg.pdf")).returncode == 13
    told = town.command("show", batch)
    assert told.returncode == 0, told.stderr
    assert pictures(original(town, joined)) == [*pictures(whole)[1:], pictures(whole)[0]]
    assert town.command("release", joined).returncode == 14


def test_fronts_and_backs_are_woven(desk: Desk) -> None:
    def stack(*words: str) -> bytes:
        return paper.text_pdf([(word, "eine Seite") for word in words])

    fronts = desk.add("vorn.pdf", stack("Erstens", "Drittens"), None)
    backs = desk.add("hinten.pdf", stack("Viertens", "Zweitens"), None)
    desk.town.json("review", "merge", fronts, backs, "--backs")
    desk.rest(fronts)
    (woven,) = desk.show(fronts)["parts"]
    desk.rest(woven)
    pages = desk.town.json("show", woven, "--text")["pages"]
    assert [page.split()[0] for page in pages] == ["Erstens", "Zweitens", "Drittens", "Viertens"]


def test_a_doubtful_batch_is_divided_as_planned_or_stays_whole(town: Town) -> None:
    (town.root / "pipelines" / "incoming.toml").write_text(
        'folder = "incoming"\n[separate]\nat = "pages"\npages = 2\n', encoding="utf-8"
    )
    for name in ("eins.pdf", "zwei.pdf"):
        pages = [(f"{name} Blatt {number}", "Bericht") for number in (1, 2, 3)]
        town.drop(name, paper.text_pdf(pages))
    town.once()
    waiting = town.json("review")["waiting"]
    assert {one["reason"] for one in waiting} == {"batch_remainder"}
    first, second = (one["id"] for one in sorted(waiting, key=lambda one: one["file"]))
    nowhere = {"PATH": os.defpath, "TMPDIR": str(town.root)}
    told = town.command("review", "show", first, "--page", "3", "--open", env=nowhere)
    with Image.open(told.stdout.splitlines()[-1]) as image:
        assert image.format == "PNG"
    assert "archiver review accept" in told.stdout
    assert town.command("review", "show", first, "--page", "4", "--open").returncode == 3
    assert town.json("review", "accept", first)["state"] == "accepted"
    assert town.json("review", "split", second)["state"] == "accepted"
    town.once()
    shown = town.json("show", first)
    assert [town.json("show", part)["pages"] for part in shown["parts"]] == [2, 1]
    whole = town.json("show", second)
    assert (whole["state"], whole["pages"], whole["parts"]) == ("filed", 3, [])


# --- rights -------------------------------------------------------------------------------------


@pytest.fixture
def shared_desk() -> Iterator[Desk]:
    """A town with staff, reviewers and clerks, which other users may reach."""
    only_root()
    folder = Path(tempfile.mkdtemp(prefix="archiver-desk-"))
    folder.chmod(0o755)
    rights = {"staff": [str(STAFF)], "reviewers": [str(REVIEWERS)]}
    try:
        town = Town(folder / "town", {"rights": rights, "review": ASK})
        (town.root / "pipelines" / "incoming.toml").write_text(
            f'folder = "incoming"\nclerks = ["{CLERK}"]\n', encoding="utf-8"
        )
        with town.daemon():
            yield Desk(town)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_only_reviewers_decide(shared_desk: Desk) -> None:
    desk, town = shared_desk, shared_desk.town
    first = desk.add("a.pdf", invoice("Anders AG", "A-7"))
    second = desk.add("b.pdf", invoice("Bertram OHG", "B-7"))
    scan = town.root.parent / "neu.pdf"
    scan.write_bytes(invoice("Cäsar KG", "C-7"))
    scan.chmod(0o644)
    before = len(desk.lines())
    decisions = (
        ("review", "accept", first),
        ("review", "set", first, "class=invoice"),
        ("review", "split", first),
        ("review", "merge", first, second),
        ("review", "reject", first, "--reason", "x"),
        ("correct", first, "class=invoice"),
        ("replace", first, str(scan)),
        ("release", first),
    )
    staff: User = _user(town, 61101, STAFF)
    clerk: User = _user(town, 61102, CLERK)
    for person in (staff, clerk):
        for arguments in decisions:
            assert "You may not do this here." in person.is_refused(*arguments)
    assert "You may not" in clerk.is_refused("review", "show", first)
    assert {one["id"] for one in staff.json("review")["waiting"]} == {first, second}
    assert len(desk.lines()) == before

    reviewer: User = _user(town, 61104, REVIEWERS)
    assert reviewer.json("review", "accept", first)["state"] == "filed"
    assert reviewer.json("correct", first, "class=voucher")["class"] == "voucher"
    assert reviewer.json("review", "reject", second, "--reason", "doppelt")["state"] == "withdrawn"
    actors = {line["actor"] for line in desk.lines()[before:] if line["event"] != "learned"}
    assert actors == {f"uid:{reviewer.uid}"}
    assert "You may not do this here." in reviewer.is_refused("release", first)


# --- without a daemon, and made anew ------------------------------------------------------------


def test_without_a_daemon_decisions_are_kept_and_all_can_be_rebuilt(town: Town) -> None:
    town.configure({"review": ASK})
    names = {
        "annehmen.pdf": invoice("Emil Erpel", "E-1"),
        "ablehnen.pdf": invoice("Fritz Fink", "F-1"),
        "teilen.pdf": paper.text_pdf([("Protokoll Bachlauf",), ("Protokoll Wiesengrund",)]),
        "tauschen.pdf": invoice("Gans GmbH", "G-1"),
    }
    for name, data in names.items():
        town.drop(name, data)
    town.once()
    ids = {hit["file"]: hit["id"] for hit in town.search()}
    accepted = town.json("review", "accept", ids["annehmen.pdf"], "absender=Emil Erpel")
    assert accepted["state"] == "filed"
    town.json("correct", ids["annehmen.pdf"], "dossier=10.1-7", "class=voucher")
    town.json("review", "reject", ids["ablehnen.pdf"], "--reason", "doppelt")
    told = town.command("review", "split", ids["teilen.pdf"], "2")
    assert "accepted" in told.stdout
    assert "The daemon does it when it runs" in told.stdout
    better = town.root / "neu.pdf"
    better.write_bytes(invoice("Gans GmbH", "G-2", "Gänseblümchen"))
    assert town.json("replace", ids["tauschen.pdf"], str(better))["state"] == "accepted"
    assert ids["tauschen.pdf"] not in {one["id"] for one in town.json("review")["waiting"]}
    town.once()
    assert town.json("show", ids["teilen.pdf"])["state"] == "divided"
    assert [hit["id"] for hit in town.search("Gänseblümchen")] == [ids["tauschen.pdf"]]
    assert town.json("release", ids["teilen.pdf"])["state"] == "destroyed"

    before = tables(town), view(town), ledger_bytes(town)
    town.json("rebuild")
    after = tables(town), view(town), ledger_bytes(town)
    for name, rows in before[0].items():
        assert after[0][name] == rows, name
    assert after[1:] == before[1:]
    assert town.json("verify")["problems"] == []

"""Purging with the real daemon: a word typed by mistake is nowhere after, the rest stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.config import load
from archiver.pipeline import traces
from archiver.pipeline.remainder import is_repeated, remainder
from archiver.records import Box, Field
from archiver.store.objects import Decision, Note, Record
from tests import paper
from tests.ocfl_judge import judge
from tests.test_dossiers import Office
from tests.test_holds_way import SOON
from tests.test_rebuild import tables
from tests.test_review_desk import invoice
from tests.town import Town, wait_for

WRONG = "Zuckerhutprinzessin"
RIGHT = "Dachrinnenerneuerung"
ASKS = {"review": {"ask": ["rule_only", "agreed"]}}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    town = Town(tmp_path_factory.mktemp("purge") / "town", ASKS)
    with town.daemon():
        yield Office(town)
    before = tables(town)
    town.json("rebuild")
    assert tables(town) == before
    assert town.json("verify")["problems"] == []
    assert judge(town.root / "vault") == []


def places(town: Town, word: str) -> dict[str, list[str]]:
    """Where a word stands, by store."""
    found = traces.find([word], traces.stores(load(town.config)))
    return {store: [hit.path for hit in one.hits] for store, one in found.items() if one.hits}


def filed(office: Office, number: str) -> str:
    made = office.add(f"{number}.pdf", invoice("Meier OHG", number))
    office.town.json("review", "accept", made, "class=voucher", f"subject={WRONG} {number}")
    return made


def test_a_replaced_word_is_nowhere_and_the_document_is_found(office: Office) -> None:
    town = office.town
    made = filed(office, "P-1")
    town.json("correct", made, "class=invoice", f"subject={RIGHT}")
    wait_for(lambda: RIGHT in str(town.search(RIGHT)), "the index knows the new subject")
    # One that nobody corrected keeps its word, so that the words of purged ones are odd.
    assert {"vault", "catalogue"} >= set(places(town, WRONG)) - {"index"} > set()

    told = town.json("purge", made[:24], "--reason", "Name einer Unbeteiligten", "--thorough")
    assert (told["id"], told["is_proved"], told["remains"]) == (made, True, [])
    assert told["versions"] > 1 and told["before"]["vault"] and not any(told["after"].values())
    assert places(town, WRONG) == {}

    (hit,) = town.search(RIGHT)
    assert (hit["id"], hit["state"]) == (made, "filed")
    shown = town.json("show", made)
    assert (shown["class"], shown["subject"]) == ("invoice", RIGHT)
    examples = (town.root / "learned" / "examples.jsonl").read_text(encoding="utf-8")
    (example,) = [line for line in examples.splitlines() if made in line]
    assert '"invoice"' in example
    (line,) = [line for line in office.lines() if line["event"] == "purged"]
    assert (line["id"], line["data"]) == (made, {"version": 1})
    # Once more only the reason before goes.
    again = town.json("purge", made, "--reason", "nochmals")
    assert (again["versions"], again["remains"]) == (0, [])
    assert places(town, "Unbeteiligten") == {}


def test_what_may_not_be_purged_is_refused(office: Office) -> None:
    town = office.town
    made = filed(office, "P-2")
    town.json("correct", made, f"subject={RIGHT} zwei")
    refusal = office.refused(2, "purge", made, "--reason", f"{WRONG} war falsch")
    assert "word that is to be taken away" in refusal
    assert "reason is needed" in office.refused(2, "purge", made, "--reason", " ")
    words = ("--reason", "lawsuit", "--authority", "Rechtsamt", "--review", SOON)
    hold = town.json("hold", "place", "document", made, *words)["id"]
    assert hold in office.refused(14, "purge", made, "--reason", "falsch")
    waiting = office.add("wartet.pdf", invoice("Schulze AG", "P-3"))
    office.refused(14, "purge", waiting, "--reason", "falsch")
    office.refused(13, "purge", "01J00000000000000000000000", "--reason", "falsch")
    assert places(town, WRONG)


def test_a_replaced_scan_goes_and_the_receipt_stays(office: Office, tmp_path: Path) -> None:
    town = office.town
    made = office.add("schief.pdf", paper.text_pdf([("Einladung zum Quittenblütenfest",)]), "filed")
    town.json("correct", made, "class=ephemeral")
    better = tmp_path / "gerade.pdf"
    better.write_bytes(paper.text_pdf([("Einladung zum Apfelblütenfest",)]))
    town.json("replace", made, str(better))
    wait_for(lambda: town.search("Apfelblütenfest"), "the new scan is read")
    wait_for(lambda: town.json("show", made)["state"] == "filed", "it is filed again")
    assert "vault" in places(town, "Quittenblütenfest")
    told = town.json("purge", made, "--reason", "falsches Blatt")
    assert told["is_proved"], told
    assert places(town, "Quittenblütenfest") == {}
    assert len(town.json("show", made)["files"]) == 2
    assert [hit["id"] for hit in town.search("Apfelblütenfest")] == [made]


def decision(**values: str) -> Decision:
    return Decision("2026-01-01T00:00:00.000Z", "uid:1", "corrected", values, "voucher")


def test_what_stands_today_is_all_that_remains() -> None:
    read = Field("subject", "gelesen", "gelesen", 1, Box(0, 0, 1, 1), 1.0, "label", False)
    record = Record(
        subject="drei",
        fields=(read,),
        decisions=(
            decision(subject="eins", reference="Az. 7"),
            decision(subject="zwei", place=""),
            decision(subject="drei"),
        ),
        notes=(Note("2026-01-01", "uid:1", "retried", "wegen Blumenkohl"),),
    )
    left = remainder(record)
    assert [one.values for one in left.decisions] == [
        {"reference": "Az. 7"},
        {"place": ""},
        {"subject": "drei"},
    ]
    assert [one.was for one in left.decisions] == [None] * 3
    assert (left.notes, left.fields, left.subject) == ((), (read,), "drei")
    assert remainder(left) == left
    assert is_repeated("wegen BLUMENKOHL!", record) and is_repeated("zwei und eins", record)
    assert not is_repeated("drei gelesen", record)

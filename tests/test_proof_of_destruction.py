"""The proof of a destruction asks for words that nobody else says, and can be made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from archiver.classify.examples import Example, ExampleStore
from archiver.errors import NotFound, Refusal
from archiver.pipeline import erasureplan
from tests.places import memory_folder
from tests.seeding import Bureau, Letter, bureau, furnished
from tests.town import Town

WORD = "Quarzuhrwerk"
PAPER = Letter(f"Einladung {WORD} Xylofonbügel", "ephemeral", "2009-02-02", subject="Einladung")
WAIVED = {"disposition": {"waived": ["ephemeral"]}}


@contextmanager
def approved() -> Iterator[tuple[Town, str, str]]:
    """An archive with a paper that may be destroyed; its batch and its id."""
    with memory_folder() as folder:
        town = furnished(folder / "town", WAIVED)
        with bureau(town, "2012-01-01") as one:
            (paper,) = one.filed(PAPER)
            one.clock.day = "2022-01-01"
            batch = one.one.disposal.propose()["id"]
            one.two.disposal.approve(batch)
            one.house.config.places.learned.mkdir()
        yield town, batch, paper


def others_say(one: Bureau) -> None:
    """Every word of the paper in somebody else's example, drop, dossier and kept drop."""
    text = f"{PAPER.text} {PAPER.subject}"
    places = one.house.config.places
    ExampleStore(places.learned / "examples.jsonl").append(
        [Example(text, "ephemeral"), Example(text, "ephemeral", id="01J0000000000000000000000A")]
    )
    (one.town.root / "inbox" / "incoming" / "brief.txt").write_text(text)


def test_a_word_that_others_say_is_no_witness() -> None:
    with approved() as (town, batch, _paper), bureau(town, "2022-01-02") as one:
        # One word is left that only the paper says.
        text = "Einladung Xylofonbügel"
        store = ExampleStore(one.house.config.places.learned / "examples.jsonl")
        store.append([Example(text, "ephemeral")])
        certificate = one.one.disposal.destroy(batch)["certificate"]
        told = one.one.certificates.show(certificate)
        assert (told["is_complete"], told["is_proved"], told["weak"]) == (True, True, 0)
        assert told["witnesses"] >= 1
        assert [example.text for example in store] == [text]


def test_where_others_say_all_of_it_the_certificate_says_that_nothing_could_be_asked() -> None:
    with approved() as (town, batch, _paper), bureau(town, "2022-01-02") as one:
        others_say(one)
        told = one.one.certificates.show(one.one.disposal.destroy(batch)["certificate"])
        assert (told["is_complete"], told["is_proved"], told["weak"]) == (True, False, 1)
        with pytest.raises(NotFound):
            one.one.certificates.prove("01ZZ")
        assert one.one.certificates.prove(told["id"]) == told


def test_destroy_says_what_its_certificate_says_and_it_can_be_proved_again() -> None:
    with approved() as (town, batch, paper):
        with bureau(town, "2022-01-02") as one:
            # A copy that nobody named; it belongs to what goes, as far as is known.
            place = one.house.config.places.learned / "notes.txt"
            place.write_text(f"{WORD} Xylofonbügel Einladung")
        # Years have passed since the last line: a person says that the clock is right.
        assert town.command("clock", "--confirm").returncode == 0
        ended = town.command("batch", "destroy", batch, "--json")
        assert ended.returncode == 3, ended.stderr
        proof = json.loads(ended.stdout)["proof"]
        assert not proof["is_complete"]
        assert {one["store"] for one in proof["searched"] if one["after"]} == {"learned"}
        ended = town.command("certificate", "prove", proof["id"])
        assert ended.returncode == 3 and "NOT COMPLETE" in ended.stdout
        place.unlink()
        ended = town.command("certificate", "prove", proof["id"])
        assert ended.returncode == 0, ended.stdout
        assert town.command("verify").returncode == 0
        with bureau(town, "2022-01-03") as one:
            told = one.one.certificates.show(proof["id"])
            assert told["is_complete"] and told["is_proved"] and told["documents"] == 1
            assert not erasureplan.unproved_of(one.house.config, proof["id"]).exists()
            assert not one.house.vault.exists(paper)


def test_what_comes_meanwhile_is_not_counted_as_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with approved() as (town, batch, _paper), bureau(town, "2022-01-02") as one:
        scrub = one.house.register.scrub

        def come_and_scrub() -> None:
            text = f"{WORD} kommt neu"
            (town.root / "inbox" / "incoming" / "neu.txt").write_text(text)
            scrub()

        monkeypatch.setattr(one.house.register, "scrub", come_and_scrub)
        told = one.one.certificates.show(one.one.disposal.destroy(batch)["certificate"])
        assert told["is_complete"] and told["is_proved"]


def test_words_that_are_not_kept_prove_nothing() -> None:
    with approved() as (town, batch, _paper), bureau(town, "2022-01-02") as one:
        place = one.house.config.places.learned / "notes.txt"
        place.write_text(f"{WORD} Xylofonbügel Einladung")
        certificate = one.one.disposal.destroy(batch)["certificate"]
        erasureplan.unproved_of(one.house.config, certificate).unlink()
        with pytest.raises(Refusal, match="proof_impossible"):
            one.one.certificates.prove(certificate)

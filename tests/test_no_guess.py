"""Papers and plans that invite a guess: the answer is that a person must look, and why."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests import paper
from tests.classify_texts import FRENCH, examples
from tests.test_teaching import written
from tests.town import Town

ASK = {"ask": ["disagreed", "contradictory_rules", "corrected_alike", "rule_only", "model_only"]}
PAGES = 200
TWO_CLAIM = """
[[class]]
key = "unclassified"

[[class]]
key = "yellow"
title = "Gelber Bereich"
words = ["Antrag auf Fernwärmeanschluss"]

[[class]]
key = "green"
title = "Grüner Bereich"
words = ["Antrag auf Fernwärme-Anschluss"]
"""


def noise(dpi: int = 150) -> Image.Image:
    """A page of grey noise, as a broken scanner gives it."""
    size = (round(8.27 * dpi), round(11.69 * dpi))
    page = Image.frombytes("L", size, random.Random(3).randbytes(size[0] * size[1]))
    page.info["dpi"] = (dpi, dpi)
    return page


def garbage() -> tuple[str, ...]:
    """Lines of letters that are no words."""
    chance = random.Random(4)
    signs = "bcdfghjklmnpqrstvwxz0123456789#%&/"
    return tuple("".join(chance.choices(signs + "  ", k=60)) for _line in range(30))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, dict[str, dict[str, Any]]]:
    """What an archive that knows four classes says to all of these papers, by file."""
    town = Town(tmp_path_factory.mktemp("guess") / "town", {"review": ASK})
    taught = written(town.root / "papers.jsonl", examples(8))
    town.json("learn", str(taught), "--map", "building=building_permit", "--wait")
    long = [(f"Blatt {number}", f"Merkwort{number:03}") for number in range(1, PAGES + 1)]
    papers = {
        "leer.pdf": paper.scan_pdf([paper.blank_image(150)], 150),
        "rauschen.pdf": paper.scan_pdf([noise()], 150),
        "buchstaben.pdf": paper.text_pdf([garbage()]),
        "brief.pdf": paper.text_pdf([FRENCH.splitlines()]),
        "lang.pdf": paper.text_pdf(long),
    }
    for name, data in papers.items():
        town.drop(name, data)
    town.once()
    shown = [town.json("show", hit["id"]) for hit in town.search()]
    return town, {one["files"][0]["file"]: one for one in shown}


@pytest.mark.parametrize(
    ("name", "state", "reasons"),
    [
        ("leer.pdf", "review", {"only_blank_pages"}),
        ("rauschen.pdf", "review", {"no_text", "low_confidence", "only_blank_pages"}),
        ("buchstaben.pdf", "filed", {None}),
        ("brief.pdf", "filed", {None}),
        ("lang.pdf", "filed", {None}),
    ],
)
def test_nothing_is_guessed(
    answers: tuple[Town, dict[str, dict[str, Any]]],
    name: str,
    state: str,
    reasons: set[str | None],
) -> None:
    town, shown = answers
    one = shown[name]
    assert one["state"] == state
    assert one["reason"] in reasons
    assert one["class"] == "unclassified"
    verdict = one["verdict"]
    assert (verdict["class"], verdict["basis"], verdict["alone"]) == (
        "unclassified",
        "unknown",
        False,
    )
    told = town.command("show", one["id"])
    assert told.returncode == 0, told.stderr
    assert "nothing speaks for any class" in told.stdout
    waiting = {entry["id"] for entry in town.json("review")["waiting"]}
    assert (one["id"] in waiting) == (state == "review")
    asked = town.command("review", "show", one["id"])
    assert asked.returncode == 0, asked.stderr
    if state == "review":
        assert one["message"] in asked.stdout
        assert one["advice"] in asked.stdout


def test_who_reads_the_status_sees_how_many_nobody_knows(
    answers: tuple[Town, dict[str, dict[str, Any]]],
) -> None:
    town, shown = answers
    filed = {one["id"] for one in shown.values() if one["state"] == "filed"}
    assert town.json("status")["review"]["unclassified"] == len(filed) == 3
    found = {hit["id"] for hit in town.search("class:unclassified state:filed")}
    assert found == filed


def test_two_hundred_pages_are_read_to_the_last(
    answers: tuple[Town, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    town, shown = answers
    one = shown["lang.pdf"]
    assert one["pages"] == PAGES
    for number in (1, 117, PAGES):
        assert [hit["id"] for hit in town.search(f"Merkwort{number:03}")] == [one["id"]]
    picture = tmp_path / "letzte.png"
    ended = town.command(
        "review", "show", one["id"], "--page", str(PAGES), "--picture", str(picture)
    )
    assert ended.returncode == 0, ended.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert town.command("review", "show", one["id"], "--page", "201", "--open").returncode == 2


def test_a_headline_that_two_classes_claim_is_asked_about(town: Town) -> None:
    town.configure({"review": ASK})
    (town.root / "filingplan.toml").write_text(TWO_CLAIM, encoding="utf-8")
    town.drop("antrag.pdf", paper.text_pdf([("Antrag auf Fernwärmeanschluss", "Musterbach")]))
    town.once()
    (waiting,) = town.json("review")["waiting"]
    assert waiting["reason"] == "class_contradictory_rules"
    assert waiting["proposed"] == "unclassified"
    told = town.command("review", "show", waiting["id"]).stdout
    assert "the same headline is claimed by" in told
    assert "yellow" in told
    assert "green" in told
    # To accept nothing is to file it without a class; which class it is, a person must say.
    answer = town.json("review", "set", waiting["id"], "class=Grüner Bereich")
    assert (answer["state"], answer["class"]) == ("filed", "green")


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ('key = "invoice"\nwords = ["Kassenzettel"]', "class[2].key"),
        ('key = "other"\nwords = ["Rechnung"]', "class[2].words"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused_whole(
    town: Town, second: str, sentence: str
) -> None:
    (town.root / "filingplan.toml").write_text(
        f'[[class]]\nkey = "invoice"\nwords = ["Rechnung"]\n\n[[class]]\n{second}\n',
        encoding="utf-8",
    )
    for command in (("review",), ("status",), ("run", "--once")):
        ended = town.command(*command)
        assert ended.returncode == 10
        assert sentence in ended.stderr
        assert "Traceback" not in ended.stderr

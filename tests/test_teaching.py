"""The commands about learning, as people type them."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from archiver import phrases
from archiver.classify.examples import Example
from archiver.classify.verdict import Basis
from archiver.tongue import LANGUAGES
from tests.classify_texts import TITLES, WORDS, examples
from tests.town import Town


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Town:
    """One archive for all tests that only ask."""
    return Town(tmp_path_factory.mktemp("teaching") / "town")


@pytest.fixture(scope="module")
def papers(asked) -> Path:
    return written(asked.root / "papers.jsonl", examples(8))


@pytest.fixture(scope="module")
def plan(asked) -> Path:
    file = asked.root / "four.toml"
    rows = [f'[[class]]\nkey = "{k}"\ntitle = "{t}"\nwords = ["{t}"]\n' for k, t in TITLES.items()]
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


def written(file: Path, papers: list[Example]) -> Path:
    file.write_bytes(b"".join(msgspec.json.encode(paper) + b"\n" for paper in papers))
    return file


def test_figures_are_told_to_people_and_to_scripts(asked, papers, plan):
    given = ("evaluate", str(papers), "--plan", str(plan), "--per-class", "4", "--seeds", "2")
    figures = asked.json(*given)
    assert figures["accuracy"] >= 0.95
    assert figures["coverage"] >= 0.5
    assert [run["seed"] for run in figures["runs"]] == [1, 2]
    assert sum(n for *_, n in figures["runs"][0]["together"]["confusion"]) == 16
    told = asked.command(*given).stdout
    assert f"{100 * figures['accuracy']:.1f} %" in told
    for key in WORDS:
        assert any(line.split()[:2] == [key, "8"] for line in told.splitlines()), told
    german = asked.command(*given, env={"ARCHIVER_LANGUAGE": "de", "PATH": "/usr/bin"}).stdout
    assert "Allein abgelegt" in german
    assert f"{100 * figures['accuracy']:.1f} %".replace(".", ",") in german


def test_rules_alone_model_alone_and_a_file_to_learn_from(asked, papers, plan):
    common = ("evaluate", str(papers), "--seeds", "1")
    rules = asked.json(*common, "--plan", str(plan), "--per-class", "0")
    assert (rules["rules_precision"], rules["coverage"]) == (1.0, 0.0)
    model = asked.json(*common, "--no-plan")
    assert model["rules_coverage"] == 0.0
    assert model["model_accuracy"] >= 0.9
    other = written(asked.root / "other.jsonl", examples(5, start=20))
    taught = asked.json(*common, "--train", str(other), "--plan", str(plan))
    assert taught["runs"][0]["training"] == 20
    assert taught["runs"][0]["together"]["documents"] == 32
    # The archive's own plan, and no process of the archive.
    own = asked.json(*common, "--per-class", "2")
    assert own["rules_coverage"] > 0


def test_the_confusion_matrix_is_written_once(asked, papers):
    picture = asked.root / "confusion.png"
    given = ("evaluate", str(papers), "--seeds", "1", "--picture", str(picture))
    assert asked.command(*given).returncode == 0
    before = picture.read_bytes()
    assert before.startswith(b"\x89PNG")
    ended = asked.command(*given)
    assert (ended.returncode, ended.stdout) == (16, "")
    assert picture.read_bytes() == before
    nowhere = str(asked.root / "none" / "x.png")
    assert asked.command(*given[:-1], nowhere).returncode == 14


@pytest.mark.parametrize("command", ["learn", "evaluate"])
def test_what_is_no_example_is_said_with_its_line(asked, command):
    bad = asked.root / "bad.jsonl"
    bad.write_text('{"text": "Antrag", "class": "a"}\n\n{"text": "ohne Klasse"}\n')
    ended = asked.command(command, str(bad))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Line 3 of bad.jsonl" in ended.stderr
    ended = asked.command(command, str(asked.root / "none.jsonl"))
    assert ended.returncode == 2
    assert "none.jsonl" in ended.stderr
    assert not (asked.root / "learned").exists()


def test_a_mapping_that_maps_nothing_is_said(asked, papers):
    for given in ("RECH", "=invoice", "RECH="):
        ended = asked.command("learn", str(papers), "--map", given)
        assert ended.returncode == 2
        assert given in ended.stderr


def test_every_basis_of_an_answer_has_a_name_in_both_languages():
    try:
        for language in LANGUAGES:
            phrases.use(language)
            names = {phrases.basis_name(basis) for basis in get_args(Basis)}
            assert len(names) == len(get_args(Basis))
            assert not names & set(get_args(Basis)) - {"unknown"}
            assert ("Regel und Modell stimmen überein" in names) == (language == "de")
    finally:
        phrases.use("en")
    assert set(phrases.BASES) == set(get_args(Basis))
    assert phrases.basis_name("never heard of") == "never heard of"


def test_an_older_system_s_papers_are_learned_without_a_daemon(tmp_path, papers):
    town = Town(tmp_path / "town")
    packed = tmp_path / "old.jsonl.gz"
    with papers.open("rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)
    told = town.json("learn", str(packed), "--map", "building=building_permit", "--wait")
    assert (told["examples"], told["model"]) == (32, 1)
    assert told["classes"]["building_permit"] == 8
    assert "building" not in told["unknown"]
    assert told["figures"]["classes"]["building_permit"] == 8
    assert told["figures"]["held_out"] == 32
    again = town.command("learn", str(packed))
    assert again.returncode == 0
    assert "building  8" in again.stderr
    assert "32" in again.stdout


def test_a_daemon_learns_while_it_works(tmp_path, papers):
    town = Town(tmp_path / "town")
    with town.daemon():
        told = town.json("learn", str(papers), "--wait")
        assert (told["examples"], told["model"]) == (32, 1)
        more = written(tmp_path / "more.jsonl", examples(1, start=50))
        told = town.json("learn", str(more), "--wait")
        assert (told["examples"], told["model"]) == (4, 2)
        assert told["figures"]["examples"] == 36
    lines = [
        json.loads(line)
        for file in sorted((town.root / "ledger").glob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    learned = [line for line in lines if line.get("event") == "learned"]
    assert [line["data"]["version"] for line in learned] == [1, 2]

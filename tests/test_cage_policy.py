"""Where no cage works nothing is opened, unless it was asked for; and both are said, always."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archiver import tongue
from archiver.config import Config
from archiver.errors import DocumentFault
from archiver.pipeline import trial
from archiver.recognise import cage
from tests import paper
from tests.town import COMMAND, Town, wait_for

# Runs a program on a machine without namespaces and perhaps without Landlock, as some containers.
BARE = """
import errno, os, sys
import pyseccomp as seccomp
rules = seccomp.SyscallFilter(seccomp.ALLOW)
rules.add_rule(seccomp.ERRNO(errno.EPERM), "unshare")
new_user = seccomp.Arg(0, seccomp.MASKED_EQ, 1 << 28, 1 << 28)
rules.add_rule(seccomp.ERRNO(errno.EPERM), "clone", new_user)
rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
if sys.argv.pop(1) == "no Landlock":
    rules.add_rule(seccomp.ERRNO(errno.EOPNOTSUPP), 444)
rules.load()
os.execv(sys.argv[1], sys.argv[1:])
"""


def bare(town: Town, lacks: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", BARE, lacks, COMMAND, "-c", str(town.config), *arguments]


def codes(told: str) -> dict[str, str]:
    return {result["code"]: result["grade"] for result in json.loads(told)}


@pytest.fixture
def listening(town: Town):
    """A daemon on such a machine."""
    with (town.root / "daemon.log").open("ab") as log:
        daemon = subprocess.Popen(
            bare(town, "no Landlock", "run"), stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        wait_for(lambda: (town.root / "archiver.sock").exists(), "it listens")
        yield town
    finally:
        daemon.terminate()
        daemon.wait(60)


def test_where_no_cage_works_nothing_is_opened_and_it_is_said(listening: Town) -> None:
    town = listening
    town.drop("brief.pdf", paper.text_pdf())
    wait_for(lambda: town.search("file:brief"), "it is accepted all the same")
    state = wait_for(
        lambda: (now := town.status()) and len(now["system"]) >= 2 and now, "a lane has tried"
    )
    assert state["cage"] == "missing"
    assert {trouble["part"] for trouble in state["system"]} == {"cage", "work"}
    assert {trouble["reason"] for trouble in state["system"]} == {"cage_missing"}
    assert state["documents"]["accepted"] == 1
    assert state["problems"] == []
    assert "No cage can be built" in town.command("status").stdout
    # This shell could build one; the daemon cannot, and it is the daemon that counts.
    assert cage.probe() != "missing"
    checked = town.command("check", "--json")
    assert codes(checked.stdout)["check_cage_missing"] == "bad"
    assert checked.returncode == 3


def test_a_cage_that_is_switched_off_is_said_as_long_as_it_is(tmp_path: Path) -> None:
    town = Town(tmp_path / "town", {"work": {"cage": "none"}})
    with town.daemon():
        town.drop("brief.pdf", paper.text_pdf([("Die Wiese am Weiher",)]))
        wait_for(lambda: town.search("Weiher state:filed"), "it is filed")
        assert town.status()["cage"] == "none"
        assert [trouble["reason"] for trouble in town.status()["system"]] == ["cage_off"]
        assert "The cage is switched off" in town.command("status").stdout
        assert codes(town.command("check", "--json").stdout)["check_cage_off"] == "notice"


def test_the_check_reads_a_line_in_the_daemons_cage_or_without_one_in_its_own(town: Town) -> None:
    alone = town.command("check", "--json")
    assert codes(alone.stdout)["check_cage"] == "ok"
    with town.daemon():
        asked = town.command("check", "--json")
        assert codes(asked.stdout)["check_cage"] == "ok"
        assert town.status()["system"] == []
        assert town.status()["cage"] == cage.probe()


def test_the_second_best_cage_is_used_where_the_best_does_not_work_and_it_is_said(
    town: Town,
) -> None:
    command = bare(town, "no namespaces", "check", "--json")
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert codes(told.stdout)["check_cage"] == "ok", told.stdout
    assert codes(told.stdout)["check_cage_second"] == "notice"


def test_a_cage_in_which_other_words_are_read_does_not_work_and_says_so_in_german(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(_config: Config, _kind: cage.Kind) -> str:
        raise DocumentFault("encrypted")

    monkeypatch.setattr(cage, "tried", lambda _kind: cage.Trial("own", 4))
    monkeypatch.chdir(tmp_path)
    Path("stage").mkdir()
    with tongue.speaking("de"):
        for read, said in (
            (lambda _config, _kind: "Stadtgarten", "gelesen wurde etwas anderes"),
            (unread, "Das PDF ist geschützt"),
        ):
            monkeypatch.setattr(trial, "_read", read)
            told = trial.trial(Config(tmp_path / "config.toml"), "bubblewrap")
            assert not told.reads and told.said.startswith(said)

"""Twenty thousand problems: what people and scripts are told stays short and says how many."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator

import pytest

from archiver.house import new_id
from tests.town import Town

MANY = 20_000


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """An archive in which a scanner has gone mad."""
    town = Town(tmp_path_factory.mktemp("flood") / "town")
    town.drop("eins.pdf", b"kein Scan")
    town.once(expected=3)
    for number in range(200):
        (town.inbox / f"link{number}.pdf").symlink_to("/nowhere")
    ids = [new_id() for _ in range(MANY)]
    with sqlite3.connect(town.root / "catalogue.db") as catalogue:
        for table, more in (("document", "id, state"), ("accession", "id, document")):
            names = [row[1] for row in catalogue.execute(f"PRAGMA table_info({table})")]
            kept = [name for name in names if name not in more.split(", ")]
            columns = ", ".join(kept)
            values = "?, 'quarantined'" if table == "document" else "?1, ?1"
            catalogue.executemany(
                f"INSERT INTO {table} ({more}, {columns})"
                f" SELECT {values}, {columns} FROM {table} LIMIT 1",
                [(one,) for one in ids],
            )
    return town


def test_status_lists_some_and_counts_all(flooded: Town) -> None:
    started = time.monotonic()
    ended = flooded.command("status")
    assert time.monotonic() - started < 20.0
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) < 200
    assert f"50 of {MANY + 201} problems are listed" in ended.stdout
    # Both kinds of problems are counted, one line each.
    assert f"{MANY + 1}  This is not a scan" in ended.stdout
    assert "200  This is a link" in ended.stdout


def test_json_is_bounded_and_has_the_counts(flooded: Town) -> None:
    status = flooded.json("status", "--limit", "7")
    assert len(status["problems"]) == len(status["inbox"]["held"]) == 7
    assert status["counts"] == {
        "waiting": 0, "held": 200, "ignored": 0, "problems": MANY + 201,
    }  # fmt: skip
    assert status["problem_counts"] == {"unsupported_type": MANY + 1, "held_symlink": 200}
    assert len(json.dumps(status)) < 20_000


def test_the_review_desk_lists_some_and_counts_all(flooded: Town) -> None:
    ended = flooded.command("review", "--limit", "3")
    assert len(ended.stdout.splitlines()) < 20
    assert f"3 of {MANY + 1} documents are listed" in ended.stdout
    assert len(flooded.json("review")["waiting"]) == 50


@pytest.mark.parametrize("command", [("status",), ("review",)])
@pytest.mark.parametrize("limit", ["0", "-1", "10001"])
def test_a_limit_out_of_range_is_a_sentence(
    flooded: Town, command: tuple[str, ...], limit: str
) -> None:
    ended = flooded.command(*command, "--limit", limit)
    assert ended.returncode == 2
    assert "Between 1 and 10000 entries can be listed" in ended.stderr

"""The doctor: every way in which an archive can come apart has a finding, a remedy, or a repair."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver import doctor
from archiver.archive import Archive
from archiver.backup import note
from archiver.backup.note import Note
from archiver.checkup import Result
from archiver.clock import now
from archiver.config import Config, load
from archiver.errors import ExitCode
from archiver.house import House, held
from archiver.rights import myself
from archiver.store import ocfl
from tests.seeding import Letter, filed
from tests.town import Town

LETTER = Letter("Bescheid über die Friedhofsgebühr", "friedhof")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, list[str]]:
    """An archive in order, with two letters, an index and a back-up."""
    town = Town(tmp_path_factory.mktemp("doctor") / "town")
    config = load(town.config)
    with held(config, exclusive=True):
        house = House(config)
        ids = [filed(house, LETTER.numbered(number)) for number in range(2)]
        Archive(house, myself()).upkeep.reindex()
        house.time.look()
        house.close()
    note.remember(config.places.stage, Note("/backup", now(), 1, 1, 0))
    return town, ids


@pytest.fixture
def ill(
    ground: tuple[Town, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Config, list[str]]:
    """A copy of it, on a machine that lacks nothing."""
    monkeypatch.setattr(doctor.checkup, "results", lambda *_: [])
    shutil.copytree(ground[0].root, tmp_path / "town")
    return load(tmp_path / "town" / "config.toml"), ground[1]


def codes(found: list[Result]) -> list[str]:
    return [one.code for one in found]


def test_an_archive_in_order_has_nothing(ill: tuple[Config, list[str]]) -> None:
    found = doctor.examine(ill[0], dict)
    assert codes(found) == []
    assert doctor.outcome(found) == ExitCode.OK


def _home(config: Config, document: str) -> Path:
    return config.places.vault / ocfl.object_place(document)


def _changed_row(config: Config, _ids: list[str]) -> None:
    with sqlite3.connect(config.places.catalogue) as catalogue:
        catalogue.execute("UPDATE position SET digest = ?", ("0" * 64,))
    catalogue.close()


def _newer_index(config: Config, _ids: list[str]) -> None:
    (ledger,) = config.places.ledger.iterdir()
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:2]))


def _changed_line(config: Config, _ids: list[str]) -> None:
    (ledger,) = config.places.ledger.iterdir()
    ledger.write_bytes(ledger.read_bytes().replace(b"daemon", b"demoan", 1))


def _configure(config: Config, before: str, after: str) -> None:
    text = config.file.read_text(encoding="utf-8")
    assert before in text
    config.file.write_text(text.replace(before, after), encoding="utf-8")


def _moved(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


ILLNESSES: dict[str, tuple[Callable[[Config, list[str]], object], list[str], ExitCode, bool]] = {
    "index gone": (
        lambda c, _: shutil.rmtree(c.places.index),
        ["doctor_folder_missing"],
        ExitCode.FINDINGS,
        True,
    ),
    "index of noise": (
        lambda c, _: (c.places.index / "current" / "version").write_bytes(b"noise"),
        ["index_damaged"],
        ExitCode.FINDINGS,
        True,
    ),
    "catalogue gone": (
        lambda c, _: c.places.catalogue.unlink(),
        ["doctor_catalogue_missing"],
        ExitCode.FINDINGS,
        True,
    ),
    "catalogue of noise": (
        lambda c, _: c.places.catalogue.write_bytes(b"noise" * 4000),
        ["catalogue_damaged"],
        ExitCode.FINDINGS,
        True,
    ),
    "catalogue of another ledger": (
        _changed_row,
        ["catalogue_differs"],
        ExitCode.INTEGRITY,
        False,
    ),
    "older ledger": (
        _newer_index,
        ["catalogue_ahead", "doctor_index_ahead"],
        ExitCode.INTEGRITY,
        False,
    ),
    "changed line": (
        _changed_line,
        ["audit_ledger_line_changed", "catalogue_differs"],
        ExitCode.INTEGRITY,
        False,
    ),
    "object gone": (
        lambda c, ids: shutil.rmtree(_home(c, ids[0])),
        ["audit_no_object"],
        ExitCode.INTEGRITY,
        False,
    ),
    "vault not mounted": (
        lambda c, _: (shutil.rmtree(c.places.vault), c.places.vault.mkdir(mode=0o750)),
        ["vault_missing"],
        ExitCode.INTEGRITY,
        False,
    ),
    "root file changed": (
        lambda c, _: (c.places.vault / "ocfl_layout.json").write_bytes(b"{}"),
        ["doctor_root_file"],
        ExitCode.FINDINGS,
        True,
    ),
    "open to others": (
        lambda c, _: (c.places.vault.chmod(0o755), c.places.catalogue.chmod(0o644)),
        ["doctor_open_to_others", "doctor_open_to_others"],
        ExitCode.FINDINGS,
        True,
    ),
    "left behind": (
        lambda c, _: (c.places.index / "fresh").mkdir(),
        ["doctor_left_behind"],
        ExitCode.FINDINGS,
        True,
    ),
    "old back-up": (
        lambda c, _: note.remember(
            c.places.stage, Note("/backup", "2026-01-01T00:00:00.000Z", 1, 1, 0)
        ),
        ["doctor_backup_old"],
        ExitCode.FINDINGS,
        False,
    ),
    "old back-up, and others look after it": (
        lambda c, _: (
            note.remember(c.places.stage, Note("/backup", "2026-01-01T00:00:00.000Z", 1, 1, 0)),
            _configure(c, "backup_days = 7", "backup_days = 0"),
        ),
        [],
        ExitCode.OK,
        False,
    ),
    "clock": (
        lambda c, _: (c.places.stage / "clock.json").write_text(
            '{"at":"2020-01-01T08:00:00.000Z","boot":"other","running":1.0}'
        ),
        ["clock_ahead"],
        ExitCode.FINDINGS,
        False,
    ),
}


@pytest.mark.parametrize("name", ILLNESSES)
def test_each_illness_is_found_and_repaired_or_left_alone(
    ill: tuple[Config, list[str]], name: str
) -> None:
    harm, expected, outcome, repairable = ILLNESSES[name]
    config, ids = ill
    config.file.parent.chmod(0o711)
    harm(config, ids)
    config = load(config.file)
    found = doctor.examine(config, dict)
    assert codes(found) == expected
    assert doctor.outcome(found) == outcome
    for one in found:
        told = one.as_json()
        assert "{" not in f"{told['message']}{told['remedy']}"
    before = sorted(path for path in config.file.parent.rglob("*"))
    repaired = doctor.repair(config, found) if repairable else []
    assert bool(repaired) == repairable
    if repairable:
        assert codes(doctor.examine(config, dict)) == []
    else:
        assert sorted(config.file.parent.rglob("*")) == before
        assert all(one.code not in doctor.REPAIRS for one in found) or name == "older ledger"


def test_of_a_kind_so_much_is_told_that_a_person_reads_it() -> None:
    found = [Result("audit_no_object", "bad", {"id": str(n)}) for n in range(50)]
    told = list(doctor._limited(found))
    assert [one.code for one in told] == ["audit_no_object"] * 20 + ["doctor_more"]
    assert told[-1].params == {"count": 30}


def test_an_object_that_nobody_knows_is_taken_over(
    ill: tuple[Config, list[str]], tmp_path: Path
) -> None:
    config, _ids = ill
    shutil.copytree(config.file.parent, tmp_path / "later")
    later = load(tmp_path / "later" / "config.toml")
    with held(later, exclusive=True):
        house = House(later)
        fresh = filed(house, LETTER.numbered(9))
        house.close()
    _moved(_home(later, fresh), _home(config, fresh))
    found = doctor.examine(config, dict)
    assert codes(found) == ["audit_unknown_object"]
    doctor.repair(config, found)
    assert codes(doctor.examine(config, dict)) == []


@pytest.mark.root
def test_files_of_somebody_else_are_named(ill: tuple[Config, list[str]]) -> None:
    config, _ids = ill
    os.chown(config.places.ledger, 4711, 4711)
    (found,) = doctor.examine(config, dict)
    assert (found.code, found.params["path"]) == ("doctor_owner", str(config.places.ledger))


def test_the_command(ground: tuple[Town, list[str]]) -> None:
    town, _ids = ground
    for name in ("index", "stage"):
        (town.root / name).rename(town.root.with_name(name))
    before = sorted(town.root.rglob("*"))
    told = json.loads(town.command("doctor", "--json").stdout)
    missing = [one["code"] for one in told["findings"]].count("doctor_folder_missing")
    assert (missing, set(town.root.rglob("*")) - set(before)) == (2, set())
    for name in ("index", "stage"):
        town.root.with_name(name).rename(town.root / name)
    (town.root / "index" / "old").mkdir()
    told = json.loads(town.command("doctor", "--json").stdout)
    left = [one for one in told["findings"] if one["code"] == "doctor_left_behind"]
    assert left and left[0]["repairable"]
    with town.daemon():
        (town.root / "exports").chmod(0o755)
        assert town.command("doctor", "--repair").returncode == 12
        (town.root / "exports").chmod(0o750)
    repaired = json.loads(town.command("doctor", "--repair", "--json").stdout)
    assert [one["code"] for one in repaired["repaired"]] == ["doctor_left_behind"]

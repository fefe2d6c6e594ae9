"""A wrong owner or mode anywhere in the archive is a sentence with its remedy, never a traceback.

Each folder and file in turn is taken from the archive's owner, a real user without rights; then
commands are asked as that user.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy.exc import OperationalError

from archiver import phrases
from archiver.errors import SystemFault
from archiver.machine import fault_of
from archiver.store import ocfl
from archiver.store.asking import translated
from tests.seeding import Clock, Letter, filed, opened
from tests.test_rights import _python_for
from tests.town import Town

OWNER = 61021
_REPOSITORY = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.root


class Home(NamedTuple):
    """An archive that belongs to `OWNER`, and a process of his that asks commands of it."""

    town: Town
    document: str
    ask: Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    place = Path(tempfile.mkdtemp(prefix="archiver-access-"))
    place.chmod(0o755)
    town = Town(place / "town")
    house = opened(town.config, Clock())
    document = filed(house, Letter("Die Satzung tritt in Kraft", "council_paper", "2026-01-02"))
    house.reindex(lambda _done, _total: None)
    house.close()
    for path in (town.root, *town.root.rglob("*")):
        os.chown(path, OWNER, OWNER)
    python, environment = _python_for(OWNER)
    worker = subprocess.Popen(
        [*python, "-m", "tests.access_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_REPOSITORY,
        env=environment | {"ARCHIVER_LANGUAGE": "en", "HOME": "/nonexistent"},
        user=OWNER,
        group=OWNER,
        extra_groups=[],
    )
    assert worker.stdin is not None and worker.stdout is not None

    def ask(*words: str) -> dict[str, Any]:
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write(json.dumps(["-c", str(town.config), *words]) + "\n")
        worker.stdin.flush()
        answer: dict[str, Any] = json.loads(worker.stdout.readline())
        return answer

    assert ask("verify")["code"] == 0
    yield Home(town, document, ask)
    worker.stdin.close()
    worker.wait(30)
    shutil.rmtree(place)


def nothing(path: Path) -> None:
    path.chmod(0)


def read_only(path: Path) -> None:
    path.chmod(0o555 if path.is_dir() else 0o444)


def foreign(path: Path) -> None:
    os.chown(path, 0, 0)
    path.chmod(0o700 if path.is_dir() else 0o600)


def places(home: Home) -> list[Path]:
    """What lies in the archive's folder, and one of each kind of file and folder below."""
    root = home.town.root
    one = Path("vault") / ocfl.object_place(home.document)
    kinds = """
        inbox/incoming index/current index/current/data index/current/version
        index/current/data/meta.json pipelines/incoming.toml vault/0=ocfl_1.1
    """
    inside = (
        ". inventory.json inventory.json.sha512 v1 v1/content/original.pdf v2/content/record.json"
    )
    below = [
        *(one.parent.parent, one.parent, *(one / name for name in inside.split())),
        *map(Path, kinds.split()),
        *(path.relative_to(root) for path in (root / "ledger").iterdir()),
    ]
    return [root, *sorted(root.iterdir()), *(root / path for path in below)]


def is_told(answer: dict[str, Any]) -> bool:
    """Whether a command went on, or said in a sentence why not."""
    said = answer["said"]
    if answer["code"] == "traceback" or "Traceback" in said or "fault in the program" in said:
        return False
    words = ("may not use", "cannot be read", "cannot be written", "no vault", "only its owner")
    return answer["code"] in (0, 3, 15) or any(word in said for word in words)


COMMANDS = [
    ("status",),
    ("search", "Satzung"),
    ("get", "ID", "--original", "-o", "-"),
    ("verify",),
    ("reindex",),
    ("ledger", "head"),
    ("add", "FILE"),
]
MORE = [
    ("show", "ID"),
    ("check",),
    ("dossier", "list"),
    ("review",),
    ("rebuild",),
    ("run", "--once"),
]


@pytest.mark.parametrize("harm", [nothing, foreign], ids=lambda harm: harm.__name__)
def test_whatever_is_taken_from_the_owner_is_told(home: Home, harm: Callable[[Path], None]) -> None:
    ask_everywhere(home, harm, COMMANDS)


@pytest.mark.slow
def test_what_can_only_be_read_is_told(home: Home) -> None:
    ask_everywhere(home, read_only, COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("words", MORE, ids=lambda words: words[0])
def test_more_commands_tell_what_was_taken(home: Home, words: tuple[str, ...]) -> None:
    ask_everywhere(home, foreign, [words])


def ask_everywhere(
    home: Home, harm: Callable[[Path], None], commands: list[tuple[str, ...]]
) -> None:
    """Harm each place in turn and ask all commands."""
    scan = home.town.root.parent / "neu.pdf"
    untold = []
    for number, place in enumerate(places(home)):
        if not place.exists():
            continue
        before = place.stat()
        harm(place)
        scan.write_bytes(b"no paper %d" % number)
        try:
            for words in commands:
                said = [{"ID": home.document, "FILE": str(scan)}.get(word, word) for word in words]
                answer = home.ask(*said)
                if not is_told(answer):
                    untold.append((str(place), words[0], answer["code"], answer["said"][-600:]))
        finally:
            for path in (place, home.town.root / "index" / "old" / place.name):
                if path.exists():
                    os.chown(path, before.st_uid, before.st_gid)
                    path.chmod(before.st_mode & 0o7777)
    assert not untold, "\n".join(map(str, untold))
    assert home.ask("verify")["code"] == 0


def test_the_folder_or_file_at_fault_is_named_with_its_owner(home: Home) -> None:
    ledger = home.town.root / "ledger"
    before = ledger.stat().st_mode
    foreign(ledger)
    try:
        told = home.ask("ledger", "head")
    finally:
        os.chown(ledger, OWNER, OWNER)
        ledger.chmod(before & 0o7777)
    assert told["code"] == 14
    assert f"#{OWNER} may not" in told["said"] and "belongs to root" in told["said"]
    assert str(ledger) in told["said"] and "drwx------" in told["said"] and "chown" in told["said"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EROFS, "storage_readonly"),
        (errno.EIO, "storage_failed"),
        (errno.EACCES, "access_denied"),
        (errno.EPERM, "access_denied"),
        (errno.ENOENT, "path_missing"),
        (errno.EMFILE, "machine_fault"),
        (errno.ENOMEM, "machine_fault"),
    ],
)
def test_each_error_of_the_system_has_a_sentence_of_its_own(number: int, reason: str) -> None:
    fault = fault_of(OSError(number, "", "/srv/archive/vault"))
    assert fault.reason == reason
    assert "{" not in phrases.sentence(fault.reason, fault.params)


# --- the database's causes -----------------------------------------------------------------------


def without_rights(file: Path) -> None:
    os.chown(file, 0, 0)
    file.chmod(0o444)


def test_each_cause_of_the_database_is_kept(home: Home) -> None:
    """SQLite's result codes, from a real database that is really locked, damaged, and so on."""
    catalogue = home.town.root / "catalogue.db"
    whole = catalogue.read_bytes()

    def reason() -> str:
        answer = home.ask("status")
        assert answer["code"] != "traceback", answer
        return str(answer["said"])

    try:
        catalogue.write_bytes(b"no database" * 1000)
        assert "The catalogue is damaged (SQLITE_NOTADB)" in reason()
        catalogue.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
        assert "The catalogue is damaged (SQLITE_CORRUPT" in reason()
        catalogue.write_bytes(whole)
        without_rights(catalogue)
        assert "may not use" in reason() and str(catalogue) in reason()
    finally:
        catalogue.write_bytes(whole)
        os.chown(catalogue, OWNER, OWNER)
        catalogue.chmod(0o640)
    assert home.ask("status")["code"] == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SQLITE_FULL", "disk_full"),
        ("SQLITE_BUSY", "catalogue_locked"),
        ("SQLITE_LOCKED", "catalogue_locked"),
        ("SQLITE_IOERR_WRITE", "storage_failed"),
        ("SQLITE_CORRUPT", "catalogue_damaged"),
        ("SQLITE_NOTADB", "catalogue_damaged"),
        ("SQLITE_NOMEM", "machine_fault"),
    ],
)
def test_result_codes_of_the_database_are_told_apart(
    tmp_path: Path, name: str, reason: str
) -> None:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, name), name
    with pytest.raises(SystemFault) as fault, translated(tmp_path / "catalogue.db"):
        raise OperationalError("SELECT", None, error)
    assert fault.value.reason == reason
    assert "{" not in phrases.sentence(fault.value.reason, fault.value.params)

"""Damage in the vault: `verify` names it, nothing damaged goes out, and no side forgets the other.

Every kind of damage is done to a real archive in turn, one object at a time; each test leaves the
archive as it found it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.errors import ExitCode, Fault, IntegrityFault
from archiver.house import House, held
from archiver.rights import myself
from archiver.store import objects, ocfl
from tests.seeding import Clock, Letter, filed, opened
from tests.town import Town

LETTERS = [
    Letter("Die Genehmigung wird erteilt", "council_paper", "2026-01-02"),
    Letter("Der Haushaltsplan liegt aus", "council_paper", "2026-01-03"),
]


class Holding:
    """An archive with two letters and a dossier."""

    def __init__(self, root: Path) -> None:
        self.town = Town(root)
        self.clock = Clock()
        with self.open() as house:
            self.first, self.second = (filed(house, letter) for letter in LETTERS)
            dossier = Archive(house, myself()).dossiers.open(
                "632.21-1/2026", "council_paper", "Bau"
            )
        self.dossier = str(dossier["id"])

    @contextmanager
    def open(self) -> Iterator[House]:
        with held(opened(self.town.config, self.clock).config, exclusive=True):
            house = opened(self.town.config, self.clock)
            try:
                yield house
            finally:
                house.close()

    @property
    def vault(self) -> Path:
        return self.town.root / "vault"

    def home(self, identifier: str) -> Path:
        return self.vault / ocfl.object_place(identifier)

    def found(self) -> set[tuple[str | None, str]]:
        """What `verify` names: id and code of each problem."""
        with self.open() as house:
            report = Archive(house, myself()).upkeep.verify()
        assert all(one["message"] and "{" not in one["message"] for one in report["problems"])
        return {(one["id"], one["code"]) for one in report["problems"]}

    @contextmanager
    def harmed(self) -> Iterator[None]:
        """The vault may be harmed inside; afterwards it is as before."""
        kept = self.town.root / "kept"
        shutil.copytree(self.vault, kept, symlinks=True)
        try:
            yield
        finally:
            shutil.rmtree(self.vault)
            kept.rename(self.vault)


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Holding:
    made = Holding(tmp_path_factory.mktemp("fixity") / "town")
    assert made.found() == set()
    return made


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


HARMS: list[Callable[[Path], None]] = [flip, zero, cut, Path.unlink, as_folder]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_every_file_of_every_object_is_looked_at(
    holding: Holding, harm: Callable[[Path], None]
) -> None:
    """Documents and matters alike: content, inventories, sidecars, declarations."""
    with holding.harmed():
        for identifier in (holding.first, holding.dossier):
            for path in sorted(holding.home(identifier).rglob("*")):
                if not path.is_file():
                    continue
                whole = path.read_bytes()
                harm(path)
                named = {one for one, _code in holding.found()}
                assert named == {identifier}, path
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
                path.write_bytes(whole)
    assert holding.found() == set()


def empty(home: Path, _other: Path) -> None:
    shutil.rmtree(home)
    home.mkdir()


def lose(home: Path, _other: Path) -> None:
    shutil.rmtree(home)


def lose_shard(home: Path, _other: Path) -> None:
    shutil.rmtree(home.parent.parent)


def exchange(home: Path, other: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(other, home)


def link(home: Path, other: Path) -> None:
    shutil.rmtree(home)
    home.symlink_to(other)


def lose_inventories(home: Path, _other: Path) -> None:
    for path in home.rglob("inventory.json*"):
        path.unlink()


def make_a_file(home: Path, _other: Path) -> None:
    shutil.rmtree(home)
    home.write_bytes(b"no folder")


@pytest.mark.parametrize(
    "harm",
    [empty, lose, lose_shard, exchange, link, lose_inventories, make_a_file],
    ids=lambda harm: harm.__name__,
)
@pytest.mark.parametrize("which", ["first", "dossier"])
def test_an_object_that_is_not_in_its_place_is_named(
    holding: Holding, which: str, harm: Callable[[Path, Path], None]
) -> None:
    identifier = getattr(holding, which)
    with holding.harmed():
        harm(holding.home(identifier), holding.home(holding.second))
        assert {one for one, _code in holding.found()} == {identifier}


def test_what_belongs_to_no_object_is_named(holding: Holding) -> None:
    with holding.harmed():
        shutil.copytree(holding.home(holding.first), holding.vault / "00" / "11" / ("2" * 64))
        (holding.vault / "note.txt").write_bytes(b"?")
        (holding.home(holding.second).parent / "note.txt").write_bytes(b"?")
        assert holding.found() == {(None, "stray")}
        (holding.vault / "ocfl_layout.json").write_bytes(b"{}")
        with pytest.raises(IntegrityFault, match="vault_layout"):
            holding.found()


def rewritten(house: House, identifier: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Give an object other content with inventories that fit: only the ledger can tell."""
    vault = house.vault
    files = {}
    for name in vault.inventory(identifier).state():
        with vault.open(identifier, name) as file:
            files[name] = file.read()
    change(files)
    versions = vault.inventory(identifier).latest
    vault.destroy(identifier)
    vault.stage_object(identifier, files, house.now(), "received", "daemon")
    vault.publish(identifier)
    for number in range(2, versions + 1):
        again = {"record.json": files["record.json"] + b" " * number}
        vault.add_version(identifier, again, house.now(), "filed", "daemon")
    vault.settled(identifier)


def test_a_forged_object_with_sound_inventories_is_named(holding: Holding) -> None:
    def exchange_original(files: dict[str, Any]) -> None:
        files["original.pdf"] += b"% changed"

    def exchange_both(files: dict[str, Any]) -> None:
        exchange_original(files)
        name = objects.receipt_name(holding.first)
        receipt = objects.decode_receipt(files[name])
        digest = ocfl.digest(files["original.pdf"])
        files[name] = objects.encode(type(receipt)(**{**_fields(receipt), "sha512": digest}))

    for change, codes in (
        (exchange_original, {"original_differs"}),
        (exchange_both, {"original_differs", "receipt_differs"}),
    ):
        with holding.harmed():
            with holding.open() as house:
                rewritten(house, holding.first, change)
            assert holding.found() == {(holding.first, code) for code in codes}


def _fields(receipt: objects.Receipt) -> dict[str, Any]:
    return {name: getattr(receipt, name) for name in receipt.__struct_fields__}


# --- one side is older than the other ------------------------------------------------------------


@pytest.fixture
def grown(tmp_path: Path) -> tuple[Holding, Path]:
    """An archive that went on after a copy of it was made: one paper more, one changed."""
    holding = Holding(tmp_path / "town")
    shutil.copytree(holding.town.root, tmp_path / "yesterday", symlinks=True)
    with holding.open() as house:
        filed(house, Letter("Der Bebauungsplan ist neu", "council_paper", "2026-02-02"))
        Archive(house, myself()).review.correct(holding.first, ["subject=Zaun"])
    return holding, tmp_path / "yesterday"


def put_back(holding: Holding, yesterday: Path, *places: str) -> None:
    for place in places:
        path = holding.town.root / place
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for place in places:
        if (yesterday / place).is_dir():
            shutil.copytree(yesterday / place, holding.town.root / place)
        elif (yesterday / place).exists():
            shutil.copyfile(yesterday / place, holding.town.root / place)


def test_a_vault_of_yesterday_is_told_with_what_it_lacks(grown: tuple[Holding, Path]) -> None:
    holding, yesterday = grown
    put_back(holding, yesterday, "vault")
    ended = holding.town.command("verify")
    assert ended.returncode == ExitCode.INTEGRITY
    assert "Lost objects: 1; objects without their newest version: 1." in ended.stdout
    assert "Is the vault of an older back-up" in ended.stdout
    with holding.open() as house:
        report = Archive(house, myself()).upkeep.verify()
    assert report["lacks"]["vault"] == {"objects": 1, "versions": 1}
    assert report["lacks"]["ledger"] == {"objects": 0, "versions": 0}


def test_a_ledger_of_yesterday_is_told_with_what_it_lacks(grown: tuple[Holding, Path]) -> None:
    holding, yesterday = grown
    put_back(holding, yesterday, "ledger", "catalogue.db")
    ended = holding.town.command("verify")
    assert ended.returncode == ExitCode.INTEGRITY
    assert "Is the ledger of an older back-up" in ended.stdout
    with holding.open() as house:
        report = Archive(house, myself()).upkeep.verify()
    assert report["lacks"]["ledger"] == {"objects": 1, "versions": 1}


def test_a_ledger_of_yesterday_beside_a_catalogue_of_today_is_refused(
    grown: tuple[Holding, Path],
) -> None:
    holding, yesterday = grown
    put_back(holding, yesterday, "ledger")
    for words in (("status",), ("verify",), ("rebuild",)):
        refused = holding.town.command(*words)
        assert refused.returncode == ExitCode.INTEGRITY
        assert "a part of the ledger is missing" in refused.stderr


# --- every way out -------------------------------------------------------------------------------

WAYS: dict[str, tuple[Callable[[Archive, str], object], str]] = {
    "get": (lambda archive, one: archive.documents.fetch(one), "document.pdf"),
    "get --original": (
        lambda archive, one: archive.documents.fetch(one, original=True),
        "original.pdf",
    ),
    "picture": (lambda archive, one: archive.documents.picture(one), "document.pdf"),
    "text": (lambda archive, one: archive.documents.text(one), "words.json"),
    "show": (lambda archive, one: archive.documents.show(one), "record.json"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("harm", [flip, Path.unlink, cut], ids=lambda harm: harm.__name__)
def test_nothing_damaged_goes_out(holding: Holding, way: str, harm: Callable[[Path], None]) -> None:
    ask, name = WAYS[way]
    with holding.harmed(), holding.open() as house:
        harm(house.vault.path(holding.first, name))
        with pytest.raises(IntegrityFault) as fault:
            ask(Archive(house, myself()), holding.first)
        assert (fault.value.reason, fault.value.exit_code) == ("object_damaged", 15)


def test_a_damaged_or_lost_document_is_told_by_get_with_its_exit_code(holding: Holding) -> None:
    for name in ("inventory.json", "v1/content/original.pdf"):
        with holding.harmed():
            flip(holding.home(holding.first) / name)
            ended = holding.town.command("get", holding.first, "--original", "-o", "-")
            assert ended.returncode == ExitCode.INTEGRITY and ended.stdout == ""
            assert "archiver restore" in ended.stderr
    with holding.harmed():
        shutil.rmtree(holding.home(holding.first))
        for words in (("get", "-o", "-"), ("show", "--text")):
            ended = holding.town.command(words[0], holding.first, *words[1:])
            assert ended.returncode == ExitCode.INTEGRITY, words
            assert "the vault has lost it" in ended.stderr


def test_damage_gets_no_digest_of_its_own(holding: Holding) -> None:
    """A version that the ledger does not name is taken back: not with damaged bytes."""
    from archiver.store import overhang

    with holding.harmed(), holding.open() as house:
        vault = house.vault
        vault.add_version(holding.first, {"document.pdf": b"other"}, house.now(), "x", "daemon")
        flip(vault.path(holding.first, "document.pdf", 2))
        known = house.register.is_received
        with pytest.raises(Fault, match="object_damaged"):
            overhang.put_back(vault, holding.first, 2, house.now(), known)

"""Proof on the whole way: sealed and stamped by the daemon, checked, exported, damaged, found."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive import Archive
from archiver.archive.ledger import short_head, written_head
from archiver.clock import town_day
from archiver.config import load
from archiver.errors import Refusal, UsageFault
from archiver.house import House
from archiver.pipeline.audit import audit
from archiver.pipeline.health import Health
from archiver.pipeline.sealaudit import check_seals, due
from archiver.pipeline.sealer import Sealer, pause_after
from archiver.proof.heads import stored_seals
from archiver.registry import rulebook
from archiver.rights import Caller, myself
from tests import paper
from tests.test_proof_timestamp import local, made  # noqa: F401
from tests.town import Town, wait_for


def at(days: float) -> str:
    """A time so many days from now, as it is stored."""
    moment = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def day(days: float) -> str:
    return town_day(at(days)).isoformat()


@contextmanager
def opened(town: Town, when: str) -> Iterator[House]:
    """The archive in this process, at some time."""
    house = House(load(town.config), lambda: when)
    try:
        yield house
    finally:
        house.close()


def brought(town: Town, when: str, word: str) -> str:
    """A paper that came at some time, accepted only; its id."""
    with opened(town, when) as house:
        rulebook.adopt_first(house.registry, "daemon")
        file = town.root / f"{word}.pdf"
        file.write_bytes(paper.text_pdf([(f"Die {word} wird bekannt gemacht.",)]))
        with file.open("rb") as source:
            told = Archive(house, myself()).intake.add(source, file.name.encode(), "incoming")
        file.unlink()
        return str(told["id"])


def verified(town: Town, expected: int) -> list[dict[str, str]]:
    ended = town.command("verify", "--json")
    assert ended.returncode == expected, (ended.stdout, ended.stderr)
    problems: list[dict[str, str]] = json.loads(ended.stdout)["problems"]
    return problems


@contextmanager
def flipped(path: Path, place: int) -> Iterator[None]:
    """One bit of a file changed, for a while."""
    content = path.read_bytes()
    changed = bytearray(content)
    changed[place] ^= 1
    path.write_bytes(changed)
    try:
        yield
    finally:
        path.write_bytes(content)


@pytest.fixture(scope="module")
def proved(made, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:  # noqa: F811
    """A town whose first papers came days ago, sealed and stamped by its daemon."""
    folder = tmp_path_factory.mktemp("proved")
    made.behave = None
    town = Town(
        folder / "town",
        {"seal": {"timestamp_url": made.url, "timestamp_ca": str(made.folder / "root.pem")}},
    )
    first = brought(town, at(-3), "Marktsatzung")
    brought(town, at(-2), "Friedhofsordnung")
    heads = town.root / "seals" / "heads"
    export = folder / "ledger.zip"
    # For days nobody was here: the archive wants to be told that the clock is right.
    assert town.command("clock", "--confirm").returncode == 0
    with town.daemon():
        wait_for((heads / f"{day(-2)}.tsr").exists, "the newest seal is stamped", 60)
        town.wait_until_settled()
        wait_for(lambda: not town.status()["system"], "there is no trouble", 20)
        head = town.json("ledger", "head")
        again = town.json("ledger", "seal")
        checked = town.json("ledger", "verify", "--head", head["short"])
        written = town.command("ledger", "export", "-o", str(export))
        audited = town.json("verify")
    return SimpleNamespace(
        town=town, first=first, heads=heads, export=export, head=head, again=again,
        checked=checked, written=written, audited=audited,
    )  # fmt: skip


def test_the_daemon_seals_what_is_over_and_has_the_newest_stamped(proved):
    # The first seal of all covers what was before it.
    assert [path.name for path in sorted(proved.heads.iterdir())] == [
        f"{day(-2)}.json", f"{day(-2)}.tsr"
    ]  # fmt: skip
    assert proved.again == {"days": [], "stamped": ""}
    key = proved.heads.parent / "keys" / "seal.key"
    assert key.stat().st_mode & 0o077 == 0
    told = [json.loads(line) for line in ledger_lines(proved.town)]
    (sealed,) = [line for line in told if line["event"] == "sealed"]
    seal = (proved.heads / f"{day(-2)}.json").read_bytes()
    assert sealed["data"]["day"] == day(-2)
    assert sealed["data"]["seal"] == hashlib.sha256(seal).hexdigest()
    assert json.loads(seal)["seq"] == sealed["data"]["line"] < sealed["seq"]


def ledger_lines(town: Town) -> list[str]:
    files = sorted((town.root / "ledger").glob("*.jsonl"))
    return [line for file in files for line in file.read_text().splitlines()]


def test_what_is_whole_is_called_whole(proved):
    assert proved.checked["problems"] == []
    assert (proved.checked["seals"], proved.checked["stamps"]) == (1, 1)
    assert proved.audited["problems"] == [] and proved.audited["seals"] == 1
    assert proved.head["sealed"] == day(-2)
    ended = proved.town.command("ledger", "verify", "--head", "3-aaaa-bbbb-cccc-dddd-eeee")
    assert ended.returncode == 15 and "line 3" in ended.stderr
    assert proved.town.command("ledger", "verify", "--head", "three").returncode == 2


def test_others_can_check_the_export_without_the_archive(proved, tmp_path):
    assert proved.written.returncode == 0, proved.written.stderr
    with zipfile.ZipFile(proved.export) as package:
        package.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    ended = subprocess.run(
        [sys.executable, "-I", str(folder / "check_ledger.py")], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout
    assert (folder / "tsa.pem").exists() and (folder / "heads" / f"{day(-2)}.tsr").exists()
    assert not list(folder.rglob("*.key"))
    again = proved.town.command("ledger", "export", "-o", str(proved.export))
    assert again.returncode == 16
    span = ["--from", day(-3), "--to", day(-3), "-o", str(tmp_path / "one.zip")]
    assert proved.town.command("ledger", "export", *span).returncode == 0
    none = ["--from", day(5), "-o", str(tmp_path / "none.zip")]
    assert proved.town.command("ledger", "export", *none).returncode == 13
    assert not (tmp_path / "none.zip").exists()
    left = [path.name for path in (proved.town.root / "stage").iterdir() if ".zip" in path.name]
    assert left == []


def objects(town: Town, identifier: str) -> Path:
    """Folder of an object."""
    with opened(town, at(0)) as house:
        return house.vault.path(identifier, next(iter(house.vault.inventory(identifier).state())))


def test_one_flipped_bit_is_named_by_verify(proved):
    town = proved.town
    with opened(town, at(0)) as house:
        plan = str(rulebook.plan_id(house.registry))
    for identifier in (proved.first, plan):
        file = objects(town, identifier)
        with flipped(file, 10):
            problems = verified(town, 15)
            assert {p["id"] for p in problems} == {identifier}, problems
            assert all(identifier in p["message"] for p in problems)
    ledger = sorted((town.root / "ledger").glob("*.jsonl"))[0]
    with flipped(ledger, len(ledger.read_bytes().splitlines(keepends=True)[0]) + 60):
        problems = verified(town, 15)
        assert problems[0]["code"].startswith("ledger_line_")
        assert problems[0]["path"] == f"{ledger.name}:2"
        ended = town.command("ledger", "verify")
        assert ended.returncode == 15 and f"{ledger.name}:2" in ended.stderr
    seal, stamp = (proved.heads / f"{day(-2)}{ending}" for ending in (".json", ".tsr"))
    told = ".".join(reversed(day(-2).split("-")))
    with flipped(seal, 120):
        problems = verified(town, 15)
        assert len(problems) == 1, problems
        (problem,) = problems
        assert problem["code"].startswith("seal_") and told in problem["message"]
    with flipped(stamp, len(stamp.read_bytes()) - 20):
        (problem,) = verified(town, 15)
        assert problem["code"].startswith("timestamp_") and problem["path"] == f"heads/{stamp.name}"
    assert verified(town, 0) == []


def test_a_seal_that_vanished_or_was_made_anew_is_named(proved):
    town, seal = proved.town, proved.heads / f"{day(-2)}.json"
    kept = proved.heads.parent / "kept"
    shutil.copytree(proved.heads, kept)
    try:
        for path in proved.heads.iterdir():
            path.unlink()
        (problem,) = verified(town, 15)
        assert (problem["code"], problem["path"]) == ("seal_missing_day", f"heads/{seal.name}")
        # With the archive's own key, but not the seal that the ledger tells of.
        with opened(town, at(0)) as house:
            from archiver.proof.heads import seal_day
            from archiver.proof.keys import found_key

            key = found_key(proved.heads.parent / "keys" / "seal.key")
            seal_day(house.ledger, proved.heads, key, day(-2), at(0))
        (problem,) = verified(town, 15)
        assert problem["code"] == "seal_exchanged"
    finally:
        shutil.rmtree(proved.heads)
        kept.rename(proved.heads)
    assert verified(town, 0) == []


# --- the sealer by itself ----------------------------------------------------------------------


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "town")


def sealer_of(house: House, health: Health) -> Sealer:
    return Sealer(
        house.config, house.ledger, house.register, house.now,
        lambda: secrets.randbits(60) + 1, health,
    )  # fmt: skip


def test_days_are_sealed_one_by_one_as_they_pass(town: Town):
    clock = [at(-3)]
    house = House(load(town.config), lambda: clock[0])
    try:
        health = Health(house.now)
        sealer = sealer_of(house, health)
        rulebook.adopt_first(house.registry, "daemon")
        heads = town.root / "seals" / "heads"
        for passed in (-3, -2, -1, 0):
            clock[0] = at(passed)
            assert sealer.look() == 60.0
        # Only the first day had a step of its own: later ones hold nothing but tidings of seals.
        assert [one.day for one in stored_seals(heads)] == [day(-3)]
        assert [line["data"]["day"] for line in house.register.lines_of("sealed")] == [day(-3)]
        rulebook.adopt(house.registry, "uid:1", datetime.now(UTC).date())
        assert check_seals(house.config, house.ledger, house.register).troubles == ()
        assert due(house.register.lines_of("sealed")) == day(-2)
        # One that was lost is made anew at the next start, and the ledger is told again.
        (heads / f"{day(-3)}.json").unlink()
        assert sealer_of(house, health).seal("uid:1") == [day(-3)]
        assert check_seals(house.config, house.ledger, house.register).troubles == ()
        assert len(house.register.lines_of("sealed")) == 2
    finally:
        house.close()


def test_an_authority_that_does_not_answer_is_told_and_ends_nothing(town: Town, local):  # noqa: F811
    roots = str(local.folder / "root.pem")
    town.configure({"seal": {"timestamp_url": "http://127.0.0.1:1/", "timestamp_ca": roots}})
    brought(town, at(-1), "Marktsatzung")
    with opened(town, at(0)) as house:
        health = Health(house.now)
        sealer = sealer_of(house, health)
        assert [sealer.look(), sealer.look()] == [60.0, 120.0]
        assert [(t.part, t.reason) for t in health.troubles()] == [
            ("timestamp", "timestamp_unreachable")
        ]
        assert len(stored_seals(town.root / "seals" / "heads")) == 1
    town.configure({"seal": {"timestamp_url": local.url}})
    with opened(town, at(0)) as house:
        sealer = sealer_of(house, health)
        assert sealer.look() == 60.0
        assert health.troubles() == []
    assert [pause_after(n) for n in (1, 2, 3, 99)] == [60.0, 120.0, 240.0, 3600.0]


def test_a_lost_key_is_told_and_papers_go_on(town: Town):
    brought(town, at(-1), "Marktsatzung")
    assert town.command("clock", "--confirm").returncode == 0
    keys = town.root / "seals" / "keys"
    keys.mkdir(parents=True)
    (keys / "seal.pub").write_text("-----BEGIN PUBLIC KEY-----\n")

    def seal_troubles() -> list[str]:
        return [one["reason"] for one in town.status()["system"] if one["part"] == "seal"]

    with town.daemon():
        told = wait_for(seal_troubles, "the trouble is told", 60)
        assert told == ["seal_key_lost"]
        town.wait_until_settled()
        assert len(town.search("Marktsatzung")) == 1
    ended = town.command("ledger", "seal")
    assert ended.returncode == 15 and "seal.key" in ended.stderr


def test_nothing_is_sealed_where_it_is_switched_off(town: Town):
    town.configure({"seal": {"daily": False}})
    brought(town, at(-1), "Marktsatzung")
    town.once()
    assert not (town.root / "seals").exists()
    assert town.json("ledger", "seal")["days"] == [day(-1)]


def test_a_certificate_is_compared_with_the_ledger(town: Town):
    good, other = b'{"a": 1}', b"%PDF-1.7 \n"
    with opened(town, at(0)) as house:
        matters = house.registry.matters
        ids = []
        for json_digest in (hashlib.sha256(good).hexdigest(), "00" * 32):
            identifier = matters.begin("certificate_prepared", {}, "uid:1", {})
            data = {"json": json_digest, "pdf": hashlib.sha256(other).hexdigest()}
            files = {"certificate.json": good, "certificate.pdf": other}
            matters.change(
                "certificate_issued", identifier, dict, "uid:1", data, files=files
            )  # fmt: skip
            ids.append(identifier)
        steps: list[tuple[int, int]] = []

        def audited() -> list[tuple[str, str, str]]:
            found = audit(
                house.config, house.vault, house.ledger, house.register,
                lambda *step: steps.append(step),
            )  # fmt: skip
            return [(p["code"], p["id"], p["path"]) for p in found["problems"]]

        wrong = ("certificate_differs", ids[1], "certificate.json")
        assert audited() == [wrong]
        assert steps == [(n, 5) for n in range(2, 6)]
        with flipped(house.vault.path(ids[0], "certificate.pdf"), 3):
            found = audited()
        assert {(code, id_) for code, id_, _ in found} == {wrong[:2], ("changed_file", ids[0])}


def test_who_may_prove(town: Town):
    town.configure({"rights": {"staff": ["54321"], "archivists": ["54322"]}})
    brought(town, at(0), "Marktsatzung")
    with opened(town, at(0)) as house:
        staff = Archive(house, Caller(12345, frozenset({54321})))
        assert staff.ledger.head()["seq"] > 0
        for refused in (
            staff.ledger.verify, staff.ledger.export, staff.ledger.seal, staff.procedure.write
        ):  # fmt: skip
            with pytest.raises(Refusal, match="not_allowed"):
                refused()
        archivist = Archive(house, Caller(12345, frozenset({54322})))
        assert archivist.ledger.verify()["problems"] == []
        archivist.ledger.export().stream.close()
        with pytest.raises(Refusal, match="not_allowed"):
            archivist.ledger.seal()


@given(st.integers(1, 10**12), st.binary(min_size=32, max_size=32))
def test_a_printed_head_is_read_again(seq: int, raw: bytes):
    number, digits = written_head(f" {short_head(seq, raw.hex()).upper()}")
    assert number == seq and len(digits) == 20 and raw.hex().startswith(digits)


@pytest.mark.parametrize(
    "word", ["", "12", "0-" + "a" * 20, "1-aaaa", "1-" + "g" * 20, "²-" + "a" * 20]
)
def test_what_is_no_head_is_refused(word: str):
    with pytest.raises(UsageFault, match="not_a_head"):
        written_head(word)

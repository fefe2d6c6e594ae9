"""Who may do what: the table, and real users whom the kernel names to the daemon."""

from __future__ import annotations

import itertools
import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from archiver.config import Config, Pipeline, Rights
from archiver.errors import Refusal
from archiver.rights import TABLE, Caller, Right, Role, standing
from tests import paper
from tests.places import only_root
from tests.town import DEADLINE, Town, wait_for

STAFF, CLERK, OTHERS = 61001, 61002, 61003
REVIEWERS, ARCHIVISTS = 61004, 61005
_START = "from archiver.cli import main; main()"
_REPOSITORY = Path(__file__).resolve().parents[1]

# --- the table ----------------------------------------------------------------------------------

CONFIG = Config(
    file=Path("/nowhere/config.toml"),
    rights=Rights(staff=(str(STAFF),), archivists=(str(ARCHIVISTS),)),
    pipelines=(
        Pipeline("incoming", "incoming", clerks=(str(CLERK),)),
        Pipeline("permits", "permits", clerks=("no such group",)),
    ),
)


def test_every_role_has_an_answer_for_every_act() -> None:
    assert set(TABLE) == set(Role)
    allowed = {(role, act) for role, act in itertools.product(Role, Right) if act in TABLE[role]}
    assert allowed == {
        *((Role.OWNER, act) for act in Right),
        (Role.STAFF, Right.SEARCH),
        (Role.STAFF, Right.READ),
        (Role.STAFF, Right.STATUS),
        (Role.REVIEWER, Right.SEARCH),
        (Role.REVIEWER, Right.READ),
        (Role.REVIEWER, Right.STATUS),
        (Role.REVIEWER, Right.DECIDE),
        (Role.REVIEWER, Right.TIDY),
        (Role.REVIEWER, Right.SETTLE),
        (Role.ARCHIVIST, Right.SEARCH),
        (Role.ARCHIVIST, Right.READ),
        (Role.ARCHIVIST, Right.STATUS),
        (Role.ARCHIVIST, Right.DECIDE),
        (Role.ARCHIVIST, Right.TIDY),
        (Role.ARCHIVIST, Right.SETTLE),
        (Role.ARCHIVIST, Right.DISPOSE),
        (Role.CLERK, Right.ADD),
        (Role.CLERK, Right.STATUS),
        (Role.CLERK, Right.TIDY),
    }


@pytest.mark.parametrize("act", Right)
@pytest.mark.parametrize(
    ("uid", "gids", "roles"),
    [
        (0, set(), {Role.OWNER}),
        (77, set(), {Role.OWNER}),
        (5, {STAFF}, {Role.STAFF}),
        (5, {ARCHIVISTS}, {Role.ARCHIVIST}),
        (5, {ARCHIVISTS, CLERK}, {Role.ARCHIVIST, Role.CLERK}),
        (5, {CLERK}, {Role.CLERK}),
        (5, {STAFF, CLERK, 9}, {Role.STAFF, Role.CLERK}),
        (5, {9}, set()),
        (STAFF, {9}, set()),  # the number of a user is no number of a group
    ],
)
def test_roles_add_up_and_nobody_has_more(
    uid: int, gids: set[int], roles: set[Role], act: Right
) -> None:
    mine = standing(CONFIG, Caller(uid, frozenset(gids)), owner=77)
    assert mine.roles == roles
    may = any(act in TABLE[role] for role in roles)
    assert mine.may(act) is may
    if not may:
        with pytest.raises(Refusal, match="not_allowed"):
            mine.require(act)


def test_a_clerk_adds_to_his_own_folder_only() -> None:
    mine = standing(CONFIG, Caller(5, frozenset({CLERK})), owner=77)
    mine.require_pipeline("incoming")
    with pytest.raises(Refusal, match="not_your_folder"):
        mine.require_pipeline("permits")
    assert not mine.sees_all


# --- real users ---------------------------------------------------------------------------------


class User(NamedTuple):
    """A person of this machine, by numbers that nobody else uses."""

    uid: int
    group: int
    python: list[str]
    environment: dict[str, str]
    town: Town

    def says(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command as this user."""
        return subprocess.run(
            [*self.python, "-c", _START, "-c", str(self.town.config), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=DEADLINE,
            user=self.uid,
            group=self.uid,
            extra_groups=[self.group],
            env=self.environment,
            cwd="/",
        )

    def json(self, *arguments: str) -> Any:
        ended = self.says(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def is_refused(self, *arguments: str) -> str:
        """The sentence with which he is refused."""
        ended = self.says(*arguments)
        assert ended.returncode == 14, (arguments, ended.returncode, ended.stdout, ended.stderr)
        assert ended.stdout == ""
        assert "Traceback" not in ended.stderr
        return ended.stderr


def _python_for(uid: int) -> tuple[list[str], dict[str, str]]:
    """An interpreter that another user can run: ours, or the system's with our packages."""
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    packages = f"{_REPOSITORY}{os.pathsep}{sysconfig.get_path('purelib')}"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [(sys.executable, {}), (shutil.which(version, path=os.defpath), packages)]
    for python, path in candidates:
        if python is None:
            continue
        chosen = environment | ({"PYTHONPATH": str(path)} if path else {})
        try:
            tried = subprocess.run(
                [python, "-c", "import archiver.cli.commands, msgspec"],
                user=uid,
                group=uid,
                extra_groups=[],
                env=chosen,
                cwd="/",
                capture_output=True,
                check=False,
            )
        except PermissionError:
            continue
        if tried.returncode == 0:
            return [python], chosen
    pytest.skip("no Python with these packages can be run by another user of this machine")


@pytest.fixture(scope="module")
def open_town() -> Iterator[Town]:
    """An archive that other users may reach, with a running daemon and one problem a folder."""
    only_root()
    folder = Path(tempfile.mkdtemp(prefix="archiver-rights-"))
    folder.chmod(0o755)
    try:
        groups = {
            "staff": [str(STAFF)],
            "reviewers": [str(REVIEWERS)],
            "archivists": [str(ARCHIVISTS)],
        }
        town = Town(folder / "town", {"rights": groups})
        pipelines = town.root / "pipelines"
        (pipelines / "incoming.toml").write_text(
            f'folder = "incoming"\nclerks = ["{CLERK}"]\n', encoding="utf-8"
        )
        (pipelines / "permits.toml").write_text('folder = "permits"\n', encoding="utf-8")
        (town.root / "inbox" / "permits").mkdir()
        town.drop("brief.pdf", paper.text_pdf([("Friedhofssatzung",)]))
        town.drop("meins.pdf", b"kein Scan")
        (town.root / "inbox" / "permits" / "deins.pdf").write_bytes(b"auch kein Scan")
        with town.daemon() as running:
            # As many open files as a service usually has.
            resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (1024, 1024))
            wait_for(lambda: len(town.status()["problems"]) == 2, "both problems are known")
            wait_for(lambda: town.search("Friedhofssatzung state:filed"), "the letter is filed")
            yield town
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user(town: Town, uid: int, group: int) -> User:
    python, environment = _python_for(uid)
    return User(uid, group, python, environment | {"ARCHIVER_LANGUAGE": "en"}, town)


@pytest.fixture
def staff(open_town: Town) -> User:
    return _user(open_town, 61101, STAFF)


@pytest.fixture
def clerk(open_town: Town) -> User:
    return _user(open_town, 61102, CLERK)


@pytest.fixture
def archivist(open_town: Town) -> User:
    return _user(open_town, 61104, ARCHIVISTS)


@pytest.fixture
def reviewer(open_town: Town) -> User:
    return _user(open_town, 61105, REVIEWERS)


@pytest.fixture
def stranger(open_town: Town) -> User:
    return _user(open_town, 61103, OTHERS)


@pytest.fixture
def letter(open_town: Town) -> Path:
    """A file that everybody may read."""
    path = open_town.root.parent / "antrag.pdf"
    path.write_bytes(paper.text_pdf([("Antrag auf Baugenehmigung",)]))
    path.chmod(0o644)
    return path


@pytest.fixture
def desk() -> Iterator[Path]:
    """A folder into which everybody may write."""
    folder = Path(tempfile.mkdtemp(prefix="archiver-desk-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def test_staff_find_and_read_and_change_nothing(staff: User, letter: Path, desk: Path) -> None:
    (hit,) = staff.json("search", "Friedhofssatzung")["hits"]
    assert staff.json("show", hit["id"])["id"] == hit["id"]
    assert "Friedhofssatzung" in staff.says("show", hit["id"], "--text").stdout
    target = desk / "brief.pdf"
    assert staff.says("get", hit["id"], "--original", "-o", str(target)).returncode == 0
    assert target.read_bytes().startswith(b"%PDF")
    assert target.stat().st_uid == staff.uid

    status = staff.json("status")
    assert {problem["file"] for problem in status["problems"]} == {"meins.pdf", "deins.pdf"}
    problem = status["problems"][0]["id"]
    lines_before = _ledger(staff.town)
    for arguments in (
        ("add", str(letter)),
        ("retry", problem),
        ("dismiss", problem, "--reason", "weg damit"),
        ("withdraw", hit["id"], "--reason", "weg damit"),
        ("reindex",),
        ("verify",),
    ):
        assert "You may not do this here." in staff.is_refused(*arguments)
    assert _ledger(staff.town) == lines_before
    # The catalogue cannot be exchanged under a running daemon, whoever asks.
    assert staff.says("rebuild").returncode in (12, 14)


def test_a_clerk_adds_and_sees_the_problems_of_his_folder(clerk: User, letter: Path) -> None:
    (answer,) = clerk.json("add", str(letter))
    assert letter.exists()
    added = next(line for line in _ledger(clerk.town) if line["id"] == answer["id"])
    assert (added["event"], added["actor"]) == ("received", f"uid:{clerk.uid}")
    shown = clerk.town.json("show", answer["id"])
    assert shown["files"][0]["actor"] == f"uid:{clerk.uid}"

    status = clerk.json("status")
    assert [problem["file"] for problem in status["problems"]] == ["meins.pdf"]
    assert not [name for names in status["inbox"].values() for name in names if "permits" in name]
    assert "meins.pdf" in clerk.says("status").stdout
    assert "You may not add to the folder" in clerk.is_refused(
        "add", str(letter), "--pipeline", "permits"
    )
    for arguments in (("search", "*"), ("show", answer["id"]), ("verify",)):
        assert "You may not do this here." in clerk.is_refused(*arguments)


def test_an_archivist_leads_dossiers_and_looks_after_no_machine(
    archivist: User, staff: User, clerk: User
) -> None:
    reference = "632.21-12/2024"
    dispositions = (
        ("dossier", "open", reference, "--class", "invoice"),
        ("dossier", "close", reference),
        ("retention", "adopt"),
        ("retention", "confirm", "invoice", "2"),
        (
            *("hold", "place", "class", "invoice", "--reason", "audit"),
            *("--authority", "RPA", "--review", "31.12.2999"),
        ),
    )
    lines_before = _ledger(staff.town)
    for arguments in dispositions:
        assert "You may not do this here." in staff.is_refused(*arguments)
        assert "You may not do this here." in clerk.is_refused(*arguments)
    assert _ledger(staff.town) == lines_before
    for arguments in dispositions:
        ended = archivist.says(*arguments)
        assert ended.returncode == 0, (arguments, ended.stderr)
    made = _ledger(staff.town)[len(lines_before) :]
    assert {line["actor"] for line in made} == {f"uid:{archivist.uid}"}
    assert {line["event"] for line in made} >= {"dossier_opened", "dossier_closed", "hold_placed"}
    # Staff may look at what is kept and why; clerks may not.
    assert staff.json("dossier", "show", reference)["state"] == "closed"
    assert staff.json("hold", "list")["holds"]
    assert "You may not" in clerk.is_refused("retention", "due")
    for arguments in (("verify",), ("reindex",)):
        assert "You may not do this here." in archivist.is_refused(*arguments)


def test_a_stranger_is_refused_everything(stranger: User, letter: Path, desk: Path) -> None:
    (hit,) = stranger.town.search("Friedhofssatzung")
    for arguments in (
        ("search", "*"),
        ("show", hit["id"]),
        ("get", hit["id"], "-o", str(desk / "x.pdf")),
        ("status",),
        ("add", str(letter)),
        ("retry", hit["id"]),
        ("verify",),
        ("reindex",),
    ):
        assert "You may not do this here." in stranger.is_refused(*arguments)
    # Whether a number exists is nobody's business either.
    assert "You may not" in stranger.is_refused("show", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert list(desk.iterdir()) == []


def test_a_clerk_tidies_up_in_his_own_folder_and_nowhere_else(clerk: User) -> None:
    town = clerk.town
    town.drop("nochmal.pdf", b"wieder kein Scan")
    wait_for(lambda: len(town.status()["problems"]) == 3, "one more problem is known")
    problems = {one["file"]: one["id"] for one in town.status()["problems"]}
    mine, others = problems["nochmal.pdf"], problems["deins.pdf"]
    # What came by the folder of somebody else is not there for him, as no such number is.
    for arguments in (("retry",), ("dismiss", "--reason", "weg")):
        command, *rest = arguments
        told = [clerk.says(command, one, *rest) for one in (others, "01ARZ3NDEKTSV4RRFFQ69G5FAV")]
        assert {ended.returncode for ended in told} == {13}
        assert told[0].stderr.replace(others, "01ARZ3NDEKTSV4RRFFQ69G5FAV") == told[1].stderr
    (letter,) = town.search("Friedhofssatzung")
    assert "waits in a folder of yours" in clerk.is_refused("retry", letter["id"])
    assert "You may not do this here." in clerk.is_refused("withdraw", mine, "--reason", "weg")
    assert clerk.json("retry", mine)["state"] == "accepted"
    wait_for(lambda: len(town.status()["problems"]) == 3, "it is tried and still is none")
    assert clerk.json("dismiss", mine, "--reason", "kein Scan")["state"] == "withdrawn"
    actors = [line["actor"] for line in _ledger(town) if line["id"] == mine]
    assert actors.count(f"uid:{clerk.uid}") == 2


def test_a_reviewer_settles_and_sees_pages_also_by_the_forced_command(
    reviewer: User, desk: Path
) -> None:
    town = reviewer.town
    (letter,) = town.search("Friedhofssatzung")
    town.drop("verirrt.pdf", b"auch dies ist kein Scan")
    wait_for(lambda: any(p["file"] == "verirrt.pdf" for p in town.status()["problems"]), "it waits")
    (lost,) = (p["id"] for p in town.status()["problems"] if p["file"] == "verirrt.pdf")
    program = desk / "archiver"
    words = " ".join(map(shlex.quote, [*reviewer.python, "-c", _START]))
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    program.chmod(0o755)

    def by_ssh(said: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["/bin/sh", str(_REPOSITORY / "deploy" / "archiver-ssh")],
            capture_output=True,
            check=False,
            timeout=DEADLINE,
            user=reviewer.uid,
            group=reviewer.uid,
            extra_groups=[reviewer.group],
            env={
                **reviewer.environment,
                "PATH": f"{desk}{os.pathsep}{os.defpath}",
                "ARCHIVER_CONFIG": str(town.config),
                "SSH_ORIGINAL_COMMAND": said,
            },
            cwd="/",
        )

    picture = by_ssh(f"archiver review show {letter['id']} --picture -")
    assert picture.returncode == 0, picture.stderr
    assert picture.stdout.startswith(b"\x89PNG")
    settled = by_ssh(f"archiver dismiss {lost} --reason 'kein Scan, nur Text'")
    assert settled.returncode == 0, settled.stderr
    note = town.json("show", lost)["notes"][-1]
    assert (note["text"], note["actor"]) == ("kein Scan, nur Text", f"uid:{reviewer.uid}")
    # What was taken back is gone for him at once, and for staff; the archivist decides on it.
    assert by_ssh(f"show {lost}").returncode == 13
    assert "You may not do this here." in reviewer.is_refused("release", letter["id"])


_FLOOD = """
import resource, socket, sys
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
socks = []
for _ in range(1100):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(sys.argv[1])
    socks.append(sock)
print("here", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("who", ["stranger", "staff"])
def test_a_thousand_idle_connections_stop_nobody_else(
    open_town: Town, reviewer: User, letter: Path, who: str, request: pytest.FixtureRequest
) -> None:
    flooding: User = request.getfixturevalue(who)
    place = str(open_town.root / "archiver.sock")
    with subprocess.Popen(
        [*flooding.python, "-c", _FLOOD, place],
        user=flooding.uid,
        group=flooding.uid,
        extra_groups=[flooding.group],
        env=flooding.environment,
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as flood:
        try:
            assert flood.stdout is not None
            assert flood.stdout.readline() == "here\n"
            assert reviewer.json("search", "Friedhofssatzung")["total"] == 1
            assert open_town.status()["daemon"]
            (added,) = open_town.json("add", str(letter))
            assert added["id"]
            if who == "staff":
                # He himself is told why, and how to go on.
                ended = flooding.says("status")
                assert ended.returncode == 12
                assert "Too many requests are open" in ended.stderr
        finally:
            flood.kill()


def test_others_cannot_open_the_files_themselves(stranger: User, open_town: Town) -> None:
    root = open_town.root
    closed = [root / name for name in ("vault", "ledger", "index", "stage", "released", "exports")]
    files = [path for folder in closed for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in (*closed, *files, *root.glob("catalogue.db*")):
        look = subprocess.run(
            ["ls" if path.is_dir() else "cat", str(path)],
            user=stranger.uid,
            group=stranger.uid,
            extra_groups=[OTHERS],
            capture_output=True,
            check=False,
        )
        assert look.returncode != 0, path
        assert look.stdout == b"", path


def test_without_a_daemon_staff_are_told_that_it_is_needed() -> None:
    only_root()
    folder = Path(tempfile.mkdtemp(prefix="archiver-rights-"))
    folder.chmod(0o755)
    try:
        town = Town(folder / "town", {"rights": {"staff": [str(STAFF)]}})
        staff = _user(town, 61101, STAFF)
        for arguments in (("search", "*"), ("status",), ("run", "--once")):
            assert "daemon is not running" in staff.is_refused(*arguments)
    finally:
        shutil.rmtree(folder)


def _ledger(town: Town) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for file in sorted((town.root / "ledger").iterdir())
        for line in file.read_bytes().splitlines()
    ]

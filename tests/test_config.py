"""Configuration: all problems at once with file and key, and nothing but `ConfigProblems` ever."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver import config, phrases
from archiver.config import Config, ConfigProblems, find, load
from archiver.errors import Refusal
from archiver.founding import found
from archiver.sentences import REASONS
from archiver.settings import Backup
from tests.places import memory_folder, only_root
from tests.town import Town


@pytest.fixture
def archive() -> Iterator[Path]:
    """The folder of a founded archive."""
    with memory_folder() as folder:
        found(folder / "town")
        yield folder / "town"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    found(tmp_path / "town")
    return tmp_path / "town"


def problems(file: Path) -> set[tuple[str, str, str]]:
    """File name, key and reason of every problem."""
    with pytest.raises(ConfigProblems) as caught:
        load(file)
    for problem in caught.value.problems:
        assert problem.reason in REASONS
        assert "{" not in phrases.sentence(problem.reason, problem.params)
    return {(p.file.name, p.key, p.reason) for p in caught.value.problems}


def test_init_makes_a_configuration_that_holds_and_says_its_defaults(home: Path) -> None:
    config = load(home / "config.toml")
    assert config.ui.language == "de"
    assert config.places.vault == home / "vault"
    assert [pipeline.name for pipeline in config.pipelines] == ["incoming"]
    assert config.drop_folder(config.pipelines[0]).is_dir()
    assert "unclassified" in {record_class.key for record_class in config.classes}
    # The values that are shown are those that hold where they are left out.
    (home / "config.toml").write_text("", encoding="utf-8")
    bare = load(home / "config.toml")
    same = ("places", "inbox", "work", "ocr", "limits", "search", "rights", "seal")
    assert {name: getattr(bare, name) for name in same} == {
        name: getattr(config, name) for name in same
    }


def test_the_example_in_the_repository_is_what_init_writes(home: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    for name in ("config.toml", "filingplan.toml", "pipelines/incoming.toml"):
        assert (root / name).read_bytes() == (home / name).read_bytes(), name


def test_init_touches_nothing_that_is_there(home: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    with pytest.raises(Refusal, match="archive_exists"):
        found(home)
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.pdf").write_bytes(b"%PDF")
    with pytest.raises(Refusal, match="folder_not_empty"):
        found(other)
    assert [path.name for path in other.iterdir()] == ["letter.pdf"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refusal, match="folder_unwritable"):
        found(tmp_path / "file" / "town")


def test_all_problems_are_named_at_once(home: Path) -> None:
    (home / "config.toml").write_text(
        """
        colour = "red"
        inbox = 3
        [ui]
        language = "fr"
        [work]
        processes = true
        memory_mib = 0
        [limits]
        pages = "many"
        megapixel = 1
        [ocr]
        languages = "deu eng"
        [places]
        vault = ""
        ledger = "elsewhere"
        [rights]
        staff = [true]
        """,
        encoding="utf-8",
    )
    pipelines = home / "pipelines"
    (pipelines / "again.toml").write_text('folder = "incoming"\n', encoding="utf-8")
    (pipelines / "away.toml").write_text('folder = "../elsewhere"\n', encoding="utf-8")
    (pipelines / "gone.toml").write_text('folder = "gone"\ntitel = "?"\n', encoding="utf-8")
    (pipelines / "nothing.toml").write_text("", encoding="utf-8")
    (pipelines / "torn.toml").write_text("folder = ", encoding="utf-8")
    (home / "filingplan.toml").write_text(
        '[[class]]\nkey = "a"\n[[class]]\nkey = "a"\n[[class]]\nname = "x"\n', encoding="utf-8"
    )
    expected = {
        ("config.toml", "colour", "unknown_key"),
        ("config.toml", "inbox", "wrong_type"),
        ("config.toml", "ui.language", "wrong_type"),
        ("config.toml", "work.processes", "wrong_type"),
        ("config.toml", "work.memory_mib", "not_positive"),
        ("config.toml", "limits.pages", "wrong_type"),
        ("config.toml", "limits.megapixel", "unknown_key"),
        ("config.toml", "ocr.languages", "bad_languages"),
        ("config.toml", "places.vault", "wrong_type"),
        ("config.toml", "places.ledger", "folder_missing"),
        ("config.toml", "rights.staff", "wrong_type"),
        ("incoming.toml", "folder", "folder_taken"),
        ("away.toml", "folder", "bad_folder_name"),
        ("gone.toml", "titel", "unknown_key"),
        ("gone.toml", "folder", "folder_missing"),
        ("nothing.toml", "folder", "key_missing"),
        ("torn.toml", "", "not_toml"),
        ("filingplan.toml", "class[2].key", "key_twice"),
        ("filingplan.toml", "class[3].name", "unknown_key"),
        ("filingplan.toml", "class[3].key", "key_missing"),
    }
    assert problems(home / "config.toml") >= expected


def test_two_broken_files_are_both_named(home: Path) -> None:
    (home / "config.toml").write_text("[ui\n", encoding="utf-8")
    (home / "filingplan.toml").write_bytes(b"title = '\xff'")
    assert problems(home / "config.toml") == {
        ("config.toml", "", "not_toml"),
        ("filingplan.toml", "", "not_toml"),
    }


def test_folders_that_can_be_made_anew_are_no_problem(home: Path) -> None:
    for name in ("index", "stage", "released", "exports"):
        (home / name).rmdir()
    assert load(home / "config.toml").places.index == home / "index"


def test_missing_files_and_folders_are_named(home: Path) -> None:
    (home / "filingplan.toml").unlink()
    (home / "pipelines" / "incoming.toml").unlink()
    (home / "stage").rmdir()
    (home / "stage").write_text("no folder")
    assert problems(home / "config.toml") == {
        ("filingplan.toml", "", "file_missing"),
        ("pipelines", "", "no_pipeline"),
        ("config.toml", "places.stage", "folder_missing"),
    }


def test_the_named_file_comes_before_the_environment_and_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, named, other = (tmp_path / name for name in ("config.toml", "named.toml", "other.toml"))
    monkeypatch.chdir(tmp_path)
    environ = {"ARCHIVER_CONFIG": str(other)}
    for path in (here, named, other):
        path.touch()
    assert find(named, environ) == named
    assert find(None, environ) == other
    assert find(None, {}).resolve() == here
    # Who names a file means that one, even where another could be found.
    named.unlink()
    other.unlink()
    for wanted, there in ((named, environ), (None, environ)):
        with pytest.raises(ConfigProblems) as caught:
            find(wanted, there)
        assert [problem.reason for problem in caught.value.problems] == ["config_not_found"]
    here.unlink()
    system = tmp_path / "etc.toml"
    system.touch()
    monkeypatch.setattr("archiver.config.SEARCH_ORDER", ("./config.toml", str(system)))
    assert find(None, {}) == system


@pytest.mark.parametrize(
    "whose",
    ["folder", "file", "link", "way", "plan", "pipelines", "open folder", "open file", "group"],
)
def test_a_configuration_that_others_can_have_put_there_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    only_root()
    there, elsewhere = tmp_path / "there", tmp_path / "elsewhere"
    for folder in (there, elsewhere):
        folder.mkdir(mode=0o755)
        (folder / "config.toml").touch(mode=0o644)
    here, stranger = there / "config.toml", 61903
    monkeypatch.chdir(there)
    monkeypatch.setattr("archiver.config.SEARCH_ORDER", ("./config.toml",))
    assert find(None, {}).resolve() == here
    if whose == "link":
        here.unlink()
        here.symlink_to(elsewhere / "config.toml")
        assert find(None, {}).resolve() == elsewhere / "config.toml"
        os.chown(elsewhere, stranger, stranger)
    elif whose == "way":
        (tmp_path / "foreign").mkdir()
        os.chown(tmp_path / "foreign", stranger, stranger)
        (tmp_path / "foreign" / "link").symlink_to(elsewhere)
        here.unlink()
        here.symlink_to("../foreign/link/config.toml")
    elif whose in ("plan", "pipelines"):
        beside = there / {"plan": "filingplan.toml"}.get(whose, whose)
        beside.touch()
        os.chown(beside, stranger, stranger)
    elif whose == "group":
        os.chown(there, 0, stranger)
        there.chmod(0o775)
    elif whose.startswith("open"):
        (there if whose == "open folder" else here).chmod(0o777)
    else:
        os.chown(there if whose == "folder" else here, stranger, stranger)
    with pytest.raises(ConfigProblems) as caught:
        find(None, {})
    assert [problem.reason for problem in caught.value.problems] == ["config_of_others"]
    # Who names it means it, and what the machine's owner has installed comes next.
    assert find(here, {}) == here
    monkeypatch.setattr(
        "archiver.config.SEARCH_ORDER", ("./config.toml", str(tmp_path / "etc.toml"))
    )
    (tmp_path / "etc.toml").touch()
    assert find(None, {}) == tmp_path / "etc.toml"


def test_the_command_tells_every_problem_and_ends_with_10(town: Town, tmp_path: Path) -> None:
    text = town.config.read_text(encoding="utf-8")
    broken = text.replace("[search]", "[serach]").replace("poll_seconds = ", "pol_seconds = ")
    town.config.write_text(broken, encoding="utf-8")
    ended = town.command("status")
    assert ended.returncode == 10
    assert f"{town.config}: serach: " in ended.stderr
    assert f"{town.config}: inbox.pol_seconds: " in ended.stderr
    assert "2 problem(s)" in ended.stderr
    assert ended.stdout == ""
    missing = town.command("-c", str(tmp_path / "no.toml"), "status", configured=False)
    assert missing.returncode == 10
    assert "no.toml" in missing.stderr


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(codec="utf-8"), max_size=8)
    | st.sampled_from(["incoming", "deu", "events", "tantivy", ".", "\0", "a/b", "V", "x" * 300]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "folder", "x", "retention", "words"]), inner)
    ),
    max_leaves=4,
)
KEYS: dict[str, list[str]] = {
    section: [*default.__struct_fields__]
    for section, default in msgspec.structs.asdict(Config(Path("x"))).items()
    if isinstance(default, msgspec.Struct)
}
sections = st.fixed_dictionaries(
    {},
    optional={
        section: values | st.dictionaries(st.sampled_from([*keys, "unknown"]), values, max_size=3)
        for section, keys in KEYS.items()
    },
)


def test_lists_of_tables_and_who_stamps_seals_are_checked(home: Path) -> None:
    file = home / "config.toml"
    file.write_text(
        '[disposition]\nbackups = [{ name = "tapes", keep_days = 90 }]\n'
        '[seal]\ntimestamp_url = "https://tsa.example/tsr"\ntimestamp_ca = "tsa.pem"\n',
        encoding="utf-8",
    )
    config = load(file)
    assert config.disposition.backups == (Backup("tapes", 90),)
    assert config.timestamp_roots == home / "tsa.pem"
    file.write_text(
        '[disposition]\nbackups = [{ name = "tapes" }, { keep_days = 1, x = 2 }, 3, {}]\n'
        '[seal]\ntimestamp_url = "tsa.example"\n',
        encoding="utf-8",
    )
    key = "disposition.backups"
    assert problems(file) == {
        ("config.toml", f"{key}.keep_days", "key_missing"),
        ("config.toml", f"{key}.name", "key_missing"),
        ("config.toml", f"{key}.x", "unknown_key"),
        ("config.toml", key, "wrong_type"),
        ("config.toml", "seal.timestamp_url", "not_a_web_address"),
        ("config.toml", "seal.timestamp_ca", "timestamp_ca_missing"),
    }
    file.write_text("[disposition]\nbackups = 3\n", encoding="utf-8")
    assert problems(file) == {("config.toml", key, "wrong_type")}


def toml(value: Any) -> str:
    """A value as TOML writes it, as an inline table or list where it has parts."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "1979-05-27"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ("nan" if value != value else "inf")
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08X}" for letter in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    return str(value)


def document(table: dict[str, Any]) -> str:
    return "".join(f"{toml(key)} = {toml(value)}\n" for key, value in table.items())


# The archive is one for all examples: each writes its files anew.
ONE_FOR_ALL = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(suppress_health_check=ONE_FOR_ALL)
@given(
    config=sections,
    pipeline=st.dictionaries(
        st.sampled_from(["folder", "title", "clerks", "name", "x"]), values, max_size=4
    ),
    plan=st.dictionaries(st.sampled_from(["class", "x"]), values | st.lists(values, max_size=3)),
)
def test_whatever_the_files_say_loading_ends_with_a_config_or_with_problems(
    archive: Path, config: dict[str, Any], pipeline: dict[str, Any], plan: dict[str, Any]
) -> None:
    (archive / "config.toml").write_text(document(config), encoding="utf-8")
    (archive / "pipelines" / "incoming.toml").write_text(document(pipeline), encoding="utf-8")
    (archive / "filingplan.toml").write_text(document(plan), encoding="utf-8")
    try:
        loaded = load(archive / "config.toml")
    except ConfigProblems as fault:
        assert fault.problems
        for problem in fault.problems:
            assert phrases.sentence(problem.reason, problem.params) != problem.reason
    else:
        assert loaded.inbox.poll_seconds > 0


@settings(suppress_health_check=ONE_FOR_ALL)
@given(content=st.binary(max_size=60))
def test_whatever_bytes_the_file_has_loading_does_not_break(archive: Path, content: bytes) -> None:
    (archive / "config.toml").write_bytes(content)
    try:
        load(archive / "config.toml")
    except ConfigProblems as fault:
        assert fault.problems


def _changed(town: Town, key: str, folder: str) -> list[str]:
    """Reasons and keys of the problems after one place was moved."""
    (town.root / folder).mkdir(parents=True, exist_ok=True)
    town.configure({"places": {key: folder}})
    try:
        load(town.config)
    except ConfigProblems as fault:
        return [f"{one.reason} {one.key} {one.params.get('other')}" for one in fault.problems]
    return []


@pytest.mark.parametrize(
    ("key", "folder", "problem"),
    [
        ("released", "inbox/incoming", "places.released places.inbox"),
        ("stage", "vault", "places.stage places.vault"),
        ("exports", "vault/exports", "places.exports places.vault"),
        ("inbox", ".", "places.vault places.inbox"),
        ("learned", "index/learned", "places.learned places.index"),
        ("index", "released/../stage", "places.index places.stage"),
    ],
)
def test_places_that_lie_in_one_another_are_refused(
    town: Town, key: str, folder: str, problem: str
) -> None:
    assert f"places_overlap {problem}" in _changed(town, key, folder)


def test_links_to_the_same_place_are_refused_and_told_in_a_sentence(town: Town) -> None:
    released = town.root / "released"
    released.rmdir()
    released.symlink_to("inbox/incoming")
    ended = town.command("status")
    assert ended.returncode == 10
    assert "would be taken for those of the other" in ended.stderr
    released.unlink()
    released.mkdir()
    town.inbox.rmdir()
    town.inbox.symlink_to(town.root / "released")
    assert "would be taken" in town.command("status").stderr


def test_two_drop_folders_that_are_one_are_refused(town: Town) -> None:
    (town.root / "inbox" / "second").symlink_to("incoming")
    (town.root / "pipelines" / "second.toml").write_text('folder = "second"\n', encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        load(town.config)
    assert {one.reason for one in caught.value.problems} == {"places_overlap"}


def test_folders_beside_one_another_are_fine_wherever_they_lie(town: Town) -> None:
    assert _changed(town, "exports", "vault-exports") == []
    assert _changed(town, "released", "kept/released") == []


@pytest.mark.root
def test_a_home_that_may_not_be_looked_into_hides_no_configuration(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after ``sudo -u archiver archiver status`` in the home of an administrator."""
    base = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        base.chmod(0o755)
        (base / "home").mkdir(0o700)
        found = Path(shutil.copy(home / "config.toml", base / "config.toml"))
        found.chmod(0o644)
        monkeypatch.chdir(base / "home")
        monkeypatch.setattr(config, "SEARCH_ORDER", ("config.toml", str(found)))
        os.seteuid(65534)
        try:
            assert config.find(None, {}) == found
            monkeypatch.setattr(config, "SEARCH_ORDER", ("config.toml", str(base / "none.toml")))
            with pytest.raises(ConfigProblems) as caught:
                config.find(None, {})
            assert [one.reason for one in caught.value.problems] == ["file_unreadable"]
        finally:
            os.seteuid(0)
    finally:
        shutil.rmtree(base)

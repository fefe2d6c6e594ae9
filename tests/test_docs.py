"""The pages for people: links lead somewhere, commands exist, nothing is left out or invented."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import click
import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "bench").glob("*.md"),
        *(ROOT / "sample_docs").glob("*.md"),
    ]
)
WRITTEN = [page for page in PAGES if page.name != "cli.md"]
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Places and customs of the machine on which this was written; nobody who reads can follow them.
_FOREIGN = re.compile(
    r"(?<![\w.])/(?:work|tmp/lab|root)(?:/|\b)|\bsub-?agents?\b|\b(?:this|a|the|each) session\b",
    re.IGNORECASE,
)


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as code hosts make them."""
    found = re.findall(r"^#+ +(.+)$", _FENCE.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_local_links_resolve(page: Path) -> None:
    dead = []
    for target in _LINK.findall(_FENCE.sub("", text(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or (
            anchor and place.suffix == ".md" and anchor not in anchors(place)
        ):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_nothing_of_the_building_place_is_named(page: Path) -> None:
    assert [found.group() for found in _FOREIGN.finditer(text(page))] == []


def test_readme_names_the_two_commands_in_their_order() -> None:
    readme = text(ROOT / "README.md")
    demo, test = readme.index("make demo"), readme.index("make test")
    assert demo < test
    targets = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))
    targets |= {f"bench-{path.stem}" for path in (ROOT / "bench").glob("*.py")}
    for page in WRITTEN:
        in_code = re.findall(r"`(?:sudo )?make (?:-C \S+ )?([a-z-]+)", text(page))
        assert set(in_code) <= targets, named(page)


def dependencies() -> dict[str, str]:
    """Names of all packages in pyproject.toml, each with the table where it stands."""
    settings = tomllib.loads(text(ROOT / "pyproject.toml"))
    project = settings["project"]
    groups = {
        "run": project["dependencies"],
        **project["optional-dependencies"],
        **settings["dependency-groups"],
    }
    return {
        re.split(r"[\[<>=!~ ;]", entry, maxsplit=1)[0]: group
        for group, entries in groups.items()
        for entry in entries
    }


def rows() -> dict[str, list[str]]:
    """Rows of the tables in docs/dependencies.md by the package in their first cell."""
    found = {}
    for line in text(ROOT / "docs" / "dependencies.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if match := re.fullmatch(r"`([\w.-]+)`", cells[0]):
            found[match[1]] = cells[1:]
    return found


def test_every_dependency_has_its_row_and_its_locked_version() -> None:
    locks = text(ROOT / "requirements-build.lock") + text(ROOT / "requirements-dev.lock")
    pins = re.findall(r"^([\w.-]+)==([\w.!+-]+)", locks, re.MULTILINE)
    locked: dict[str, set[str]] = {}
    for name, version in pins:
        # Where Python versions need different ones, any of them will do on the page.
        locked.setdefault(name, set()).add(version)
    described = rows()
    assert set(dependencies()) - set(described) == set()
    wrong = {
        n: (described[n][0], locked[n]) for n in dependencies() if described[n][0] not in locked[n]
    }
    assert wrong == {}
    assert all(described[name][1] and described[name][2] for name in dependencies())


def test_every_row_is_a_dependency() -> None:
    setup = text(ROOT / "tools" / "setup.sh").replace("\\\n", "")
    system = set(" ".join(re.findall(r'packages="(?:\$packages )?([^"]+)"', setup)).split())
    assert {"tesseract-ocr", "strace"} <= system
    assert set(rows()) == set(dependencies()) | system


def test_architecture_names_every_module_folder_and_only_real_ones() -> None:
    page = text(ROOT / "docs" / "architecture.md")
    paths = set(re.findall(r"`(archiver/[\w./]+)`", page))
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    packages = {
        f"archiver/{folder.name}/"
        for folder in (ROOT / "archiver").iterdir()
        if (folder / "__init__.py").is_file()
    }
    assert packages - paths == set()


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_paths_in_code_style_exist(page: Path) -> None:
    """What a page calls by a path of this repository is there."""
    paths = set(re.findall(r"`((?:archiver|deploy|tools|bench|tests)/[\w./-]+\w)`", text(page)))
    assert {path for path in paths if not (ROOT / path).exists()} == set()


# Elsewhere in a line `archiver` is the user or the unit.
_CALLED = re.compile(r"(?:^|\"|&& |ssh archiv )archiver (?:-c \S+ )?([a-z]+)\b([^|#&]*)")


def commands() -> dict[str, set[str]]:
    """All commands, such as "search" or "labels sheets", each with its long options."""
    from archiver.cli.commands import root

    context, found = click.Context(root), {}
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        inner = command.commands if isinstance(command, click.Group) else {}
        # A group that does something itself is called by its name alone.
        alone = {} if inner and not command.invoke_without_command else {name: command}
        for called, one in (alone | {f"{name} {word}": it for word, it in inner.items()}).items():
            options = (o for p in one.params for o in p.opts if isinstance(p, click.Option))
            found[called] = {"--help", *options}
    return found


def calls(page: Path) -> list[tuple[str, set[str]]]:
    """The commands that a page names in code, each as it is called with its options."""
    code = [*re.findall(r"`([^`\n]+)`", _FENCE.sub("", text(page))), *_FENCE.findall(text(page))]
    lines = "\n".join(code).replace("\\\n", " ").replace("sudo -u archiver ", "").splitlines()
    known, found = commands(), []
    for line in lines:
        for word, rest in _CALLED.findall(line.strip()):
            inner = rest.split(maxsplit=1)
            pair = f"{word} {inner[0]}" if inner else word
            options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", re.sub(r"'[^']*'", "", rest)))
            found.append((pair if pair in known or word not in known else word, options))
    return found


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_commands_and_options_on_the_pages_exist(page: Path) -> None:
    known = commands()
    groups = {name.split()[0] for name in known}
    unknown = [
        (name, options - known.get(name, set()))
        for name, options in calls(page)
        # "archiver dossier" alone speaks of the whole group.
        if name not in groups | set(known) or options - known.get(name, set())
    ]
    assert unknown == []


# Which commands a person of each kind needs; the German page of the role names them all.
ROLES = {
    "scannen": "status add retry dismiss labels",
    "suche": "status search show get open note hold+list hold+show dossier+list dossier+show"
    " retention+due retention+explain ledger+head",
    "pruefung": "review correct replace retry dismiss withdraw",
    "archiv": "dossier retention hold batch export certificate purge qc release disclose"
    " ledger+verify ledger+export procedure",
    "betrieb": "init run status check doctor clock verify backup alarm ledger+seal restore reindex"
    " rebuild learn evaluate",
}


def of_role(role: str) -> set[str]:
    words = [word.replace("+", " ") for word in ROLES[role].split()]
    return {name for name in commands() for word in words if f"{name} ".startswith(f"{word} ")}


@pytest.mark.parametrize("role", ROLES)
def test_the_page_of_a_role_names_each_of_its_commands(role: str) -> None:
    told = {name for name, _options in calls(ROOT / "docs" / "de" / f"{role}.md")}
    assert of_role(role) - told == set()


def test_every_command_belongs_to_a_role() -> None:
    assert set(commands()) - set().union(*map(of_role, ROLES)) == set()


def test_every_command_is_on_an_english_page() -> None:
    pages = [page for page in WRITTEN if "de" not in page.parent.parts]
    told = {name for page in pages for name, _options in calls(page)}
    assert set(commands()) - told == set()


def test_every_exit_code_is_on_the_operations_page() -> None:
    from archiver.errors import ExitCode

    page = text(ROOT / "docs" / "operations.md")
    listed = page[page.index("**Exit codes**") :].split("\n\n", 1)[0]
    assert {int(number) for number in re.findall(r"\b(\d+) ", listed)} == {*map(int, ExitCode)}


def test_decisions_are_numbered_without_gaps_and_short() -> None:
    notes = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    for number, note in enumerate(notes, start=1):
        assert note.name.startswith(f"{number:04d}-")
        assert text(note).startswith(f"# {number:04d} ")
        assert 8 <= len(text(note).splitlines()) <= 40
    assert notes


def test_the_hooks_of_a_commit_ask_what_the_check_asks() -> None:
    make = text(ROOT / "Makefile")
    check = make[make.index("\ncheck:") :].split("\n\n", 1)[0].splitlines()[2:]
    hooks = re.findall(r"entry: (.+)", text(ROOT / ".pre-commit-config.yaml"))
    assert hooks == [line.strip() for line in check]

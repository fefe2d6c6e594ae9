"""The files in deploy/: systemd takes them, and the forced SSH command lets nothing through."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "archiver.service"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

# With these bubblewrap cannot build the cage (docs/decisions/0008-service-unit.md).
BREAK_THE_CAGE = {"RestrictNamespaces", "ProtectKernelTunables", "ProtectKernelLogs", "ProcSubset"}


def settings() -> dict[str, str]:
    """Keys and values of the unit; comments and sections left out."""
    lines = UNIT.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Za-z]+=", line))


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    command = settings()["ExecStart"].split()[0]
    # systemd looks whether the program is there, which it is only where archiver is installed.
    unit.write_text(text.replace(command, "/bin/true"), encoding="utf-8")
    verify = [tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    about_us = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert about_us == [], done.stderr
    assert done.returncode == 0, done.stderr


def test_systemd_would_refuse_a_broken_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("KillMode=mixed", "KillMode=gently")
    unit.write_text(text.replace(settings()["ExecStart"].split()[0], "/bin/true"), encoding="utf-8")
    verify = [tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    assert "gently" in done.stderr


def test_unit_leaves_the_cage_its_namespaces() -> None:
    assert not BREAK_THE_CAGE & set(settings())
    allowed = settings()["SystemCallFilter"].split()
    assert {"@mount", "seccomp", "landlock_restrict_self"} <= set(allowed)


def test_unit_and_page_speak_of_the_same_places() -> None:
    unit = settings()
    program, option, config, command = unit["ExecStart"].split()
    assert (option, command) == ("-c", "run")
    assert program in OPERATIONS
    assert f"ln -s {config} /etc/archiver/config.toml" in OPERATIONS
    assert unit["ReadWritePaths"] == str(Path(config).parent)
    assert f"archiver init {Path(config).parent}" in OPERATIONS


def test_every_deploy_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"deploy/[\w.-]*\w", OPERATIONS))
    assert "deploy/archiver.service" in named
    assert {path for path in named if not (ROOT / path).is_file()} == set()
    assert {f"deploy/{path.name}" for path in DEPLOY.iterdir()} <= named
    # Commands are typed in any folder.
    typed = "".join(re.findall(r"```sh\n(.*?)```", OPERATIONS, re.DOTALL))
    assert "/opt/archiver/deploy/archiver-ssh" in typed
    assert not re.search(r"(?<!/opt/archiver/)deploy/", typed)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_what_the_page_adds_to_the_nightly_backup_fits_its_unit(tmp_path: Path) -> None:
    added = re.search(r"  ```ini\n(  \[Service\]\n.*?)  ```", OPERATIONS, re.DOTALL)
    assert added is not None
    lines = [line.strip() for line in added.group(1).splitlines()]
    unit = (DEPLOY / "archiver-backup.service").read_text(encoding="utf-8")
    (command,) = (line for line in unit.splitlines() if line.startswith("ExecStart="))
    assert lines[-1] == f"{command} --restic /mnt/usb/archive"
    whole = "\n".join([unit, *lines]).replace(command.split()[0], "ExecStart=/bin/true")
    (tmp_path / "archiver-backup.service").write_text(whole.replace("User=archiver", "User=root"))
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "archiver-backup.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "archiver-backup" not in done.stderr, done.stderr


def test_sysusers_makes_the_users_of_the_unit(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    make = [tool("systemd-sysusers"), f"--root={tmp_path}", str(DEPLOY / "archiver.sysusers")]
    done = subprocess.run(make, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0 and os.geteuid() != 0:
        pytest.skip("only root can make users, even in another folder")
    assert done.returncode == 0, done.stderr
    users = (tmp_path / "etc" / "passwd").read_text(encoding="utf-8")
    groups = (tmp_path / "etc" / "group").read_text(encoding="utf-8").splitlines()
    assert f"{settings()['User']}:x:" in users
    members = {line.split(":")[0]: line.split(":")[3] for line in groups}
    assert members["archiv-posteingang"] == "archiver"
    assert "archiv-auskunft" in members


def forced(
    words: str, place: Path, programs: Path = Path(sys.executable).parent
) -> subprocess.CompletedProcess[str]:
    """What the forced command does with the words of an SSH client; runs in `place`."""
    environment = {
        "PATH": os.pathsep.join((str(programs), os.defpath)),
        "SSH_ORIGINAL_COMMAND": words,
        "ARCHIVER_CONFIG": str(place / "none.toml"),
        "LANG": "C.UTF-8",
    }
    return subprocess.run(
        ["/bin/sh", str(DEPLOY / "archiver-ssh")],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_forced_command_runs_archiver(tmp_path: Path) -> None:
    done = forced("archiver --version", tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("archiver ")
    # The search itself is reached: what is missing here is only the archive.
    assert forced("archiver search '\"ein Wort\" ODER *'", tmp_path).returncode == 10
    assert forced("get 01JB2Q8T --original -o -", tmp_path).returncode == 10


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("archiver review", ["review"]),
        ("review --json", ["review", "--json"]),
        ("archiver review --limit 20", ["review", "--limit", "20"]),
        ("review --json --limit 5", ["review", "--json", "--limit", "5"]),
        (
            "archiver review show 01JB2Q8T --picture - --page 2",
            ["review", "show", "01JB2Q8T", "--picture", "-", "--page", "2"],
        ),
        ("get 01JB2Q8T -o - --original", ["get", "01JB2Q8T", "-o", "-", "--original"]),
        ("get --output - 01JB2Q8T", ["get", "--output", "-", "01JB2Q8T"]),
        ("archiver show 01JB2Q8T --text", ["show", "01JB2Q8T", "--text"]),
        (
            "archiver review set 01JB2Q8T 'subject=Antrag auf Bau' class=letter",
            ["review", "set", "01JB2Q8T", "subject=Antrag auf Bau", "class=letter"],
        ),
        (
            'archiver dismiss 01JB2Q8T --reason "kein Brief; $(id) `id` *"',
            ["dismiss", "01JB2Q8T", "--reason", "kein Brief; $(id) `id` *"],
        ),
        ("correct 01JB2Q8T sender=", ["correct", "01JB2Q8T", "sender="]),
        ("retry 01JB2Q8T", ["retry", "01JB2Q8T"]),
        ("withdraw 01JB2Q8T --reason x", ["withdraw", "01JB2Q8T", "--reason", "x"]),
        (
            "review show 01JB2Q8T --page 2 --picture -",
            ["review", "show", "01JB2Q8T", "--page", "2", "--picture", "-"],
        ),
        ("archiver search '\"ein Wort\" ODER *'", ["search", '"ein', 'Wort"', "ODER", "*"]),
    ],
)
def test_forced_command_hands_words_on_as_they_were_meant(
    words: str, heard: list[str], tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "archiver"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done\n')
    program.chmod(0o755)
    done = forced(words, tmp_path, program.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == heard
    assert [one.name for one in tmp_path.iterdir()] == ["bin"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "sh -c id",
        "archiver run",
        "archiver -c other.toml search x",
        "archiver get 01JB2Q8T -o taken",
        "archiver get 01JB2Q8T",
        "archiver review show 01JB2Q8T --picture taken",
        "archiver review show 01JB2Q8T --picture=taken",
        "archiver review show 01JB2Q8T --picture - --picture taken x",
        "archiver review show 01JB2Q8T --picture taken --picture -x",
        "archiver review show 01JB2Q8T --open",
        "archiver show 01JB2Q8T --open",
        "archiver review --json show 01JB2Q8T --picture taken",
        "archiver review --limit 5 show 01JB2Q8T --picture taken",
        "archiver review show 01JB2Q8T --page 2 --picture",
        "archiver get 01JB2Q8T -o - -o taken",
        "archiver get 01JB2Q8T --output=taken -o -",
        "archiver get 01JB2Q8T -otaken -o -",
        "archiver get 01JB2Q8T -o - --output taken --original",
        "archiver review run",
        "archiver replace 01JB2Q8T taken",
        "archiver add taken",
        "archiver batch export x",
        "archiver dismiss 01JB2Q8T --reason 'half a quote",
        "archiver --version; touch taken",
        "$(touch taken)",
        "`touch taken`",
    ],
)
def test_forced_command_refuses_all_else(words: str, tmp_path: Path) -> None:
    done = forced(words, tmp_path)
    assert done.returncode == 14
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []

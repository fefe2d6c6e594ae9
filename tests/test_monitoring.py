"""Monitoring: signs of the state, each told once; one line, figures and messages for others."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import phrases
from archiver.cli import alarming
from archiver.config import Config
from archiver.errors import SystemFault
from archiver.monitoring import metrics, note
from archiver.monitoring.alarms import LOOKS, Known, Memory, News, look
from archiver.monitoring.delivery import deliver
from archiver.monitoring.signs import Sign, line, signs
from archiver.settings import Monitoring
from tests.town import Town, wait_for

AT = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
LIMITS = Monitoring()
DEPLOY = Path(__file__).resolve().parent.parent / "deploy"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    phrases.use("en")
    yield
    phrases.use("en")


def before(**ago: float) -> str:
    return (AT - timedelta(**ago)).isoformat()


def well(**changes: Any) -> dict[str, Any]:
    """The state of an archive in which all is well, with changes by dotted key."""
    state: dict[str, Any] = {
        "daemon": True,
        "documents": {"filed": 10},
        "counts": {"waiting": 1, "held": 0, "ignored": 0, "problems": 0},
        "problem_counts": {},
        "work": {"queued": 3, "active": 1},
        "review": {"waiting": 2},
        "system": [],
        "backup": {"made_at": before(days=1), "folder": "/b", "problems": 0},
        "figures": {
            "free_bytes": 100 << 30,
            "waited_seconds": 5.0,
            "looked_seconds": 3.0,
            "oldest_unfinished": before(minutes=5),
            "verified": {"at": before(days=3), "problems": 0},
        },
    }
    for key, value in changes.items():
        place, names = state, key.split("__")
        for name in names[:-1]:
            place = place[name]
        place[names[-1]] = value
    return state


TROUBLE = {"part": "work", "reason": "x", "message": "Disk.", "advice": "Look.", "since": ""}


@pytest.mark.parametrize(
    ("changes", "key", "grade"),
    [
        ({"daemon": False}, "daemon", "critical"),
        ({"figures__looked_seconds": 400.0}, "intake", "critical"),
        ({"system": [TROUBLE | {"grade": "bad"}]}, "system:work", "critical"),
        ({"figures__waited_seconds": 4000.0}, "waiting", "warning"),
        ({"figures__oldest_unfinished": before(hours=30)}, "queue", "warning"),
        ({"documents": {"quarantined": 21}}, "quarantine", "warning"),
        ({"figures__free_bytes": 4 << 30}, "disk", "warning"),
        ({"figures__free_bytes": 400 << 20}, "disk", "critical"),
        ({"figures__verified": {"at": before(days=1), "problems": 2}}, "verify", "critical"),
        (
            {
                "system": [TROUBLE | {"grade": "bad", "part": "verify"}],
                "figures__verified": {"at": before(days=1), "problems": 2},
            },
            "verify",
            "critical",
        ),
        ({"backup": None}, "backup", "warning"),
        ({"backup": {"made_at": before(days=8)}}, "backup", "warning"),
    ],
)
def test_each_thing_that_is_wrong_is_one_sign(
    changes: dict[str, Any], key: str, grade: str
) -> None:
    assert signs(well(), LIMITS, AT) == ()
    state = well(**changes)
    (sign,) = signs(state, LIMITS, AT)
    assert (sign.key, sign.grade) == (key, grade)
    for language in ("en", "de"):
        phrases.use(language)
        code, text = line(state, (sign,))
        assert code == {"warning": 1, "critical": 2}[grade]
        assert text.startswith(f"{grade.upper()} – {sign.message}")
        assert sign.reason not in text
        assert not re.search(r"\d{4}-\d\d-\d\d|[{}\n]", text)


def test_what_works_but_could_be_better_gives_no_alarm() -> None:
    assert signs(well(system=[TROUBLE | {"grade": "notice"}]), LIMITS, AT) == ()
    assert signs(well(backup=None), Monitoring(backup_days=0), AT) == ()
    assert line(well(), ())[0] == 0
    assert line(well(), ())[1].startswith("OK – The archive is in order | documents=10 inbox=1")


def test_the_gravest_is_named_and_the_others_are_counted() -> None:
    state = well(backup=None, daemon=False)
    code, text = line(state, signs(state, LIMITS, AT))
    assert code == 2
    assert "The daemon is not running" in text
    assert "(+1)" in text


# --- told once ------------------------------------------------------------------------------------


@given(st.lists(st.sets(st.sampled_from("abc")), max_size=40))
def test_each_sign_is_told_once_and_once_when_it_is_over(looks: list[set[str]]) -> None:
    memory: Memory = {}
    told: dict[str, list[str]] = {key: [] for key in "abc"}
    for number, there in enumerate(looks):
        found = [Sign(key, "warning", "sign_test") for key in sorted(there)]
        memory, news = look(memory, found, str(number))
        for one in news.begun:
            told[one.sign.key].append("begun")
            # It was there at enough looks in a row.
            assert all(one.sign.key in past for past in looks[number - LOOKS + 1 : number + 1])
        for one in news.over:
            told[one.sign.key].append("over")
            assert not any(one.sign.key in past for past in looks[number - LOOKS + 1 : number + 1])
    for said in told.values():
        assert said == ["begun", "over"] * (len(said) // 2) + ["begun"] * (len(said) % 2)


@given(st.integers(1, 5))
def test_what_stays_is_told_at_the_second_look_and_never_again(more: int) -> None:
    memory: Memory = {}
    news = []
    for number in range(LOOKS + more):
        memory, said = look(memory, [Sign("a", "critical", "sign_test")], str(number))
        news.append(said)
    assert [bool(one) for one in news] == [False, True, *[False] * more]
    assert news[1].begun[0].since == "0"


def test_a_memory_that_makes_no_sense_counts_as_none(tmp_path: Path) -> None:
    memory, _news = look({}, [Sign("a", "critical", "sign_system", {"message": "x"})], "t")
    note.remember_alarms(tmp_path, memory)
    assert note.alarms(tmp_path) == memory
    (tmp_path / "alarms.json").write_bytes(b"{")
    assert note.alarms(tmp_path) == {}
    assert note.verified(tmp_path) is None


# --- for others -----------------------------------------------------------------------------------


def test_figures_have_the_form_that_prometheus_reads(tmp_path: Path) -> None:
    state = well(system=[TROUBLE | {"grade": "bad", "part": 'inbox:a"b\\'}])
    content = metrics.text(state, signs(state, LIMITS, AT), AT)
    sample = re.compile(
        r'archiver_[a-z_]+(\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\})? -?[0-9.e+]+'
    )
    typed: list[str] = []
    for one in content.splitlines():
        if one.startswith("# TYPE "):
            typed.append(one.split()[2])
        elif not one.startswith("#"):
            assert sample.fullmatch(one), one
            assert re.split(r"[{ ]", one)[0] == typed[-1]
    assert len(typed) == len(set(typed))
    target = tmp_path / "archiver.prom"
    metrics.write(target, content)
    assert target.read_text() == content
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    with pytest.raises(OSError, match="nowhere"):
        metrics.write(tmp_path / "nowhere" / "x.prom", content)
    assert list(tmp_path.iterdir()) == [target]


NEWS = News(
    begun=(Known(Sign("disk", "critical", "sign_disk", {"free": "0.3"}), before(minutes=5)),),
    over=(Known(Sign("daemon", "critical", "sign_daemon"), before(hours=1)),),
)


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A mail program that keeps what it is given, and where it does."""
    box = tmp_path / "mail"
    program = tmp_path / "sendmail"
    program.write_text(f'#!/bin/sh\n[ "$*" = "-i -t" ] && cat >>{box}\n')
    program.chmod(0o755)
    yield program, box


def test_a_mail_goes_through_the_mail_program(mailbox: tuple[Path, Path]) -> None:
    program, box = mailbox
    settings = Monitoring(mail_to=("it@musterbach.de",), sendmail=str(program))
    phrases.use("de")
    deliver(NEWS, settings, "archiv@musterbach.de")
    mail = message_from_bytes(box.read_bytes(), policy=default)
    assert mail["To"] == "it@musterbach.de"
    expected = "Archiv: Freier Platz auf der Festplatte des Magazins: nur 0.3 GiB."
    assert mail["Subject"].strip() == f"{expected} (+1)"
    body = mail.get_content()  # type: ignore[attr-defined]
    assert "31.12.2026" in body
    assert "Der Dienst läuft nicht" in body
    assert socket.gethostname() in body


@pytest.mark.parametrize("program", ["/nowhere/sendmail", "/bin/false"])
def test_a_mail_program_that_fails_is_told(program: str) -> None:
    settings = Monitoring(mail_to=("it@musterbach.de",), sendmail=program)
    with pytest.raises(SystemFault, match="alarm_mail_failed"):
        deliver(NEWS, settings, "archiv@musterbach.de")


def test_a_webhook_gets_json_although_the_mail_failed() -> None:
    got: list[Any] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        settings = Monitoring(
            mail_to=("it@musterbach.de",),
            sendmail="/bin/false",
            webhook=f"http://127.0.0.1:{server.server_port}/alarm",
        )
        with pytest.raises(SystemFault, match="alarm_mail_failed"):
            deliver(NEWS, settings, "archiv@musterbach.de")
        thread.join(10)
    assert [(one["key"], one["state"]) for one in got[0]["alarms"]] == [
        ("disk", "begun"),
        ("daemon", "over"),
    ]
    with pytest.raises(SystemFault, match="alarm_webhook_failed"):
        deliver(NEWS, Monitoring(webhook=settings.webhook), "a@b.de")


def test_from_the_first_alarm_to_its_end(tmp_path: Path, mailbox: tuple[Path, Path]) -> None:
    """The real commands: no daemon, one that runs, figures that it writes, one that has ended."""
    program, box = mailbox
    figures = tmp_path / "figures" / "archiver.prom"
    figures.parent.mkdir()
    monitoring = {
        "mail_to": ["it@musterbach.de"], "sendmail": str(program), "backup_days": 0,
        "free_gib": 0.0, "metrics_file": str(figures),
    }  # fmt: skip
    town = Town(tmp_path / "town", {"monitoring": monitoring})

    def checked() -> tuple[int, str]:
        ended = town.command("status", "--check")
        assert ended.stdout.count("\n") == 1
        return ended.returncode, ended.stdout.split(" – ")[0]

    def alarm() -> list[str]:
        told = town.json("alarm")["alarms"]
        return [f"{one['key']} {one['state']}" for one in told]

    assert checked() == (2, "CRITICAL")
    assert [alarm() for _look in range(2)] == [[], ["daemon begun"]]
    with town.daemon():
        assert checked() == (0, "OK")
        assert [alarm() for _look in range(2)] == [[], ["daemon over"]]
        wait_for(figures.exists, "figures are written")
        assert "archiver_written_timestamp_seconds" in figures.read_text()
    assert box.read_text().count("Subject:") == 2
    # A message that could not be delivered is tried again.
    program.chmod(0o644)
    assert alarm() == []
    assert town.command("alarm").returncode == 1
    program.chmod(0o755)
    assert alarm() == ["daemon begun"]
    assert town.command("alarm", "--test").returncode == 0
    # The disk of the vault is away: those in [monitoring] are told all the same.
    (town.root / "vault").rename(tmp_path / "away")
    assert checked() == (3, "UNKNOWN")
    assert [alarm() for _look in range(2)] == [[], ["asked begun"]]
    message = message_from_bytes(box.read_bytes().rpartition(b"Subject:")[2], policy=default)
    assert "vault" in message.as_string()
    (tmp_path / "away").rename(town.root / "vault")
    # What cannot be asked is not known; the unit's OnFailure= tells who cannot be named.
    whole = town.config.read_text()
    town.config.write_text(whole + "[uy]\n")
    assert alarm() == []
    town.config.write_text("[ui\n")
    assert checked() == (3, "UNKNOWN")
    assert town.command("alarm").returncode == 10


@pytest.mark.parametrize(
    "error", [SystemFault("daemon_gone"), ConnectionResetError(104, "x"), KeyError("figures")]
)
def test_the_check_is_one_line_and_a_code_whatever_happens(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def raising(_context: click.Context) -> Config:
        raise error

    monkeypatch.setattr("archiver.cli.desk.configured", raising)
    with pytest.raises(click.exceptions.Exit) as ended:
        alarming.check(click.Context(click.Command("status")))
    assert ended.value.exit_code == 3
    told = capsys.readouterr().out
    assert told.startswith("UNKNOWN – ") and told.count("\n") == 1


def test_verify_is_remembered(tmp_path: Path) -> None:
    town = Town(tmp_path / "town")
    assert town.command("verify").returncode == 0
    state = town.status()
    assert state["figures"]["verified"]["problems"] == 0
    assert state["verify"]["last_full"] == state["figures"]["verified"]["at"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units_of_the_alarm(tmp_path: Path) -> None:
    for name in (
        "archiver-alarm.service",
        "archiver-alarm.timer",
        "archiver-alarm-failed.service",
    ):
        text = (DEPLOY / name).read_text().replace("/opt/archiver/.venv/bin/archiver", "/bin/true")
        (tmp_path / name).write_text(text.replace("User=archiver", "User=root"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "archiver-alarm" not in done.stderr, done.stderr


def test_that_alarms_fail_is_told_without_the_archive(mailbox: tuple[Path, Path]) -> None:
    program, box = mailbox
    unit = (DEPLOY / "archiver-alarm-failed.service").read_text()
    assert (
        "OnFailure=archiver-alarm-failed.service" in (DEPLOY / "archiver-alarm.service").read_text()
    )
    (line,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    words = shlex.split(line.replace("/usr/sbin/sendmail", str(program)))
    subprocess.run(words, check=True, env={"MAIL_TO": "root", "PATH": os.defpath})
    mail = message_from_bytes(box.read_bytes(), policy=default)
    assert (mail["To"], mail["Subject"]) == (
        "root",
        f"Archive: alarms fail on {socket.gethostname()}",
    )

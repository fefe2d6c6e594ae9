"""The daily summary by mail: due once a day, sent once, told when it cannot be, and no names."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import tongue
from archiver.classify.verdict import Basis
from archiver.clock import in_town
from archiver.config import BASES, Config, ConfigProblems, Places, Review, load
from archiver.errors import SystemFault
from archiver.founding import found
from archiver.pipeline.health import Health
from archiver.pipeline.postman import Delivery, Postman, Record, due, last_day, pause_after
from archiver.pipeline.summary import Summary, body, compose, subject
from archiver.sentences import REASONS
from tests.mail_server import Mailbox, mail_server
from tests.town import wait_for

BERLIN = ZoneInfo("Europe/Berlin")
TO = ("archiv@musterbach.example", "registratur@musterbach.example")
SEVEN = Summary(
    waiting=6,
    by_reason={"low_confidence": 4, "too_many_pages": 2},
    oldest="2024-03-01T23:30:00.000Z",
    quarantined=1,
    unclassified=3,
)
# 06:30 in the town's winter.
MORNING = "2024-03-12T05:30:00.000Z"
EARLY = "2024-03-12T05:29:59.999Z"


@dataclass
class Desk:
    """A postman with all that surrounds him; the clock and what waits are set by hand."""

    stage: Path
    port: int
    at: str = MORNING
    summary: Summary = SEVEN
    to: tuple[str, ...] = TO
    health: Health = field(init=False)
    postman: Postman = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        review = Review(mail_to=self.to, mail_host="127.0.0.1", mail_port=self.port)
        config = Config(self.stage / "x.toml", places=Places(stage=self.stage), review=review)
        self.health = Health(lambda: self.at)
        self.postman = Postman(config, lambda: self.summary, lambda: self.at, self.health)

    def look(self, at: str | None = None) -> float:
        self.at = at or self.at
        return self.postman.look()

    def trouble(self) -> list[tuple[str, str]]:
        return [(trouble.part, trouble.reason) for trouble in self.health.troubles()]

    def remembered(self) -> dict[str, object]:
        read: dict[str, object] = json.loads((self.stage / "mail.json").read_bytes())
        return read


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, box: Mailbox) -> Desk:
    return Desk(tmp_path, box.port)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


# --- when -------------------------------------------------------------------------------------

moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.astimezone(BERLIN)
)
hours = st.times().map(lambda at: at.replace(second=0, microsecond=0))
steps = st.lists(st.integers(1, 30 * 60), min_size=1, max_size=40)  # minutes


@given(moments, hours, steps, st.data())
def test_whatever_the_steps_of_the_clock_each_day_is_sent_at_most_once(
    start: datetime, at: time, minutes: list[int], data: st.DataObject
) -> None:
    record, started, now = Record(), start.date(), start
    sent: list[str] = []
    for step in minutes:
        now = (now.astimezone(UTC) + timedelta(minutes=step)).astimezone(BERLIN)
        if data.draw(st.booleans(), label="restart"):
            started = now.date()
        delivery = due(now, at, started, record, TO)
        if delivery is None:
            # Nothing is due only when the hour's day is done, or lies before the start.
            day = last_day(now, at)
            assert day.isoformat() in record.days or day < started
            continue
        assert date.fromisoformat(delivery.day) >= started
        assert delivery.day == last_day(now, at).isoformat()
        sent.append(delivery.day)
        record = record.begun(delivery.day, ())
    assert sent == sorted(set(sent))


@given(moments, hours, st.lists(st.integers(-3000, 3000), max_size=30))
def test_a_clock_that_runs_back_sends_no_day_twice(
    start: datetime, at: time, minutes: list[int]
) -> None:
    record, now = Record(), start
    sent = []
    for step in minutes:
        now = (now.astimezone(UTC) + timedelta(minutes=step)).astimezone(BERLIN)
        delivery = due(now, at, date.min, record, TO)
        if delivery is not None:
            sent.append(delivery.day)
            record = record.begun(delivery.day, ())
    assert len(sent) == len(set(sent))


@given(moments, hours, st.sets(st.sampled_from(TO)))
def test_who_has_not_got_it_stays_due_until_the_next_hour(
    now: datetime, at: time, missing: set[str]
) -> None:
    day = last_day(now, at)
    record = Record().begun(day.isoformat(), tuple(sorted(missing)))
    left = tuple(address for address in TO if address in missing)
    expected = Delivery(day.isoformat(), left) if left else None
    # Also after a restart past midnight: what was begun is brought to its end.
    assert due(now, at, now.date(), record, TO) == expected
    later = now + timedelta(days=1)
    following = due(later, at, now.date(), record, TO)
    assert following is not None
    assert (following.day > day.isoformat(), following.to) == (True, TO)


def test_what_is_missing_of_another_day_is_not_sent_for_this_one() -> None:
    """The clock was set back over midnight while the newest day's mail waited."""
    record = Record().begun("2024-03-12", ()).begun("2024-03-13", TO)
    assert due(in_town(MORNING), time(6, 30), date(2024, 3, 12), record, TO) is None


@pytest.mark.parametrize("day", ["2024-03-31", "2024-10-27"])
def test_an_hour_that_the_clock_leaves_out_or_has_twice_is_one_hour(day: str) -> None:
    at, record, sent = time(2, 30), Record(), 0
    for quarter in range(24 * 4):
        now = datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(minutes=15 * quarter)
        town = now.astimezone(BERLIN)
        delivery = due(town, at, date.fromisoformat(day), record, TO)
        if delivery is not None and delivery.day == day:
            sent += 1
            record = record.begun(day, ())
            assert town.hour in (2, 3)
    assert sent == 1


def test_pauses_grow_to_an_hour() -> None:
    pauses = [pause_after(times) for times in range(1, 100)]
    assert pauses[:3] == [60.0, 120.0, 240.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 3600.0


# --- what -------------------------------------------------------------------------------------


@pytest.fixture(params=tongue.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    tongue.use(request.param)
    yield request.param
    tongue.use("en")


def test_the_mail_says_numbers_and_reasons_in_the_towns_language(language: str) -> None:
    mail = compose(SEVEN, Review(mail_to=TO), in_town(MORNING), "<1@musterbach.example>")
    text = mail.get_content()
    subjects = {
        "de": "Archiv: 7 Dokumente warten auf eine Entscheidung",
        "en": "Archive: 7 documents wait for a decision",
    }
    assert mail["Subject"] == subjects[language]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Tue, 12 Mar 2024 06:30:00 +0100"
    assert mail["Message-ID"] == "<1@musterbach.example>"
    assert mail.get_content_type() == "text/plain"
    assert "    archiver review\n" in text
    assert "02.03.2024" in text  # the town's day, which had begun
    reason = tongue.tr(REASONS["low_confidence"].message)
    assert f"     4  {reason}" in " ".join(text.replace("\n        ", "\n").split("\n"))
    assert text.index("     4  ") < text.index("     2  ")
    assert not any(mark in text for mark in "{}")
    assert max(map(len, text.splitlines())) <= 72


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (Summary(waiting=1), "Archive: 1 document waits for a decision"),
        (Summary(quarantined=1), "Archive: 1 document waits for a decision"),
        (Summary(waiting=1, quarantined=1), "Archive: 2 documents wait for a decision"),
    ],
)
def test_one_is_one_and_two_are_two(summary: Summary, said: str) -> None:
    assert subject(summary) == said
    text = body(summary)
    assert ("1 document is in review." in text) == bool(summary.waiting)
    assert ("1 file is in quarantine" in text) == bool(summary.quarantined)
    assert "filed without a class" not in text


counts = st.integers(0, 10**6)


@given(
    st.builds(
        Summary,
        counts,
        st.dictionaries(st.sampled_from([*REASONS, "of_a_later_version"]), counts, max_size=5),
        st.none() | st.just("2024-03-01T23:30:00.000Z"),
        counts,
        counts,
    )
)
@pytest.mark.parametrize("spoken", tongue.LANGUAGES)
def test_any_summary_can_be_mailed(spoken: str, summary: Summary) -> None:
    tongue.use(spoken)
    try:
        mail = compose(summary, Review(mail_to=TO), in_town(MORNING), "<1@x>")
        assert mail.as_bytes().isascii()
        text = mail.get_content()
        assert max(map(len, text.splitlines())) <= 72
        assert all(str(count) in text for count in summary.by_reason.values())
    finally:
        tongue.use("en")


# --- sending ----------------------------------------------------------------------------------


def test_it_is_sent_at_its_hour_and_once(desk: Desk, box: Mailbox) -> None:
    desk.look(EARLY)
    assert box.connections == 0
    desk.look(MORNING)
    desk.look("2024-03-12T12:00:00.000Z")
    ((to, mail),) = box.mails
    assert tuple(to) == TO
    assert mail["From"] == "archiver@localhost"
    assert mail["To"] == ", ".join(TO)
    assert mail["Message-ID"].endswith("@localhost>")
    assert "6 documents are in review." in mail.get_content()
    assert desk.trouble() == []
    desk.look("2024-03-13T05:30:00.000Z")
    assert len(box.mails) == 2
    assert box.mails[0][1]["Message-ID"] != box.mails[1][1]["Message-ID"]


def test_a_restart_sends_neither_the_same_day_again_nor_days_of_rest(
    desk: Desk, box: Mailbox
) -> None:
    desk.look("2024-03-12T09:00:00.000Z")
    assert len(box.mails) == 1  # started after the hour: at once
    desk.restart()
    desk.look("2024-03-12T10:00:00.000Z")
    assert len(box.mails) == 1
    desk.restart()
    desk.look("2024-03-20T05:00:00.000Z")  # before the hour, after a week of rest
    assert len(box.mails) == 1
    desk.look("2024-03-20T05:31:00.000Z")
    assert len(box.mails) == 2
    assert box.mails[1][1]["Date"].endswith("06:31:00 +0100")


def test_where_nothing_waits_the_day_is_done_without_a_mail(desk: Desk, box: Mailbox) -> None:
    desk.summary = Summary(unclassified=5)
    desk.look()
    desk.summary = SEVEN
    desk.restart()
    desk.look("2024-03-12T20:00:00.000Z")
    assert (box.connections, desk.trouble()) == (0, [])
    assert desk.remembered()["days"] == ["2024-03-12"]


def test_a_server_that_is_not_there_is_told_and_tried_again(tmp_path: Path) -> None:
    port = free_port()
    desk = Desk(tmp_path, port)
    pauses = [desk.look() for _try in range(3)]
    assert pauses == [60.0, 120.0, 240.0]
    assert desk.trouble() == [("mail", "mail_unreachable")]
    assert desk.health.troubles()[0].params["port"] == port
    # The night does not end it, and neither does a restart.
    desk.look("2024-03-13T01:00:00.000Z")
    desk.restart()
    assert desk.trouble() == []
    with mail_server(port) as box:
        desk.look("2024-03-13T02:00:00.000Z")
        assert [tuple(to) for to, _mail in box.mails] == [TO]
        assert desk.trouble() == []
        desk.look("2024-03-13T03:00:00.000Z")
        assert len(box.mails) == 1
        desk.look("2024-03-13T05:30:00.000Z")
        assert len(box.mails) == 2


@pytest.mark.parametrize("setting", [{"greeting": 554}, {"answer": 451}])
def test_a_server_that_refuses_gets_it_again(
    desk: Desk, box: Mailbox, setting: dict[str, int]
) -> None:
    for name, code in setting.items():
        setattr(box, name, code)
    assert desk.look() == 60.0
    assert desk.trouble() == [("mail", "mail_refused")]
    assert desk.health.troubles()[0].params["code"] in setting.values()
    assert box.mails == []
    desk.restart()
    box.greeting, box.answer = 220, 250
    desk.look()
    assert (len(box.mails), desk.trouble()) == (1, [])


def test_one_refused_address_costs_the_others_nothing(desk: Desk, box: Mailbox) -> None:
    box.refused = {TO[0]}
    desk.look()
    assert [to for to, _mail in box.mails] == [[TO[1]]]
    assert desk.trouble() == [("mail", "mail_address_refused")]
    assert desk.health.troubles()[0].params["addresses"] == TO[0]
    box.refused = set()
    desk.restart()
    desk.look()
    assert [to for to, _mail in box.mails] == [[TO[1]], [TO[0]]]
    assert desk.trouble() == []


def test_a_connection_that_breaks_at_the_worst_moment_is_told_and_not_repeated(
    desk: Desk, box: Mailbox
) -> None:
    box.answer = 0
    desk.look()
    assert desk.trouble() == [("mail", "mail_unsure")]
    box.answer = 250
    desk.look()
    desk.restart()
    desk.look()
    desk.look()
    assert (box.connections, box.mails) == (1, [])
    assert desk.trouble() == [("mail", "mail_unsure")]
    desk.look("2024-03-13T05:30:00.000Z")
    assert (len(box.mails), desk.trouble()) == (1, [])


def test_a_rude_goodbye_changes_nothing(desk: Desk, box: Mailbox) -> None:
    box.goodbye = 500
    desk.look()
    desk.look()
    assert (len(box.mails), desk.trouble()) == (1, [])


SENDER = """
import sys
from pathlib import Path
from tests.test_postman import Desk
Desk(Path(sys.argv[1]), int(sys.argv[2])).look()
"""


def test_a_daemon_killed_while_it_hands_over_tells_so_at_its_next_start(
    desk: Desk, box: Mailbox
) -> None:
    arguments = [sys.executable, "-c", SENDER, str(desk.stage), str(box.port)]
    root = Path(__file__).resolve().parents[1]
    # The server kills the sender when it has the last byte, and before it says so.
    with subprocess.Popen(arguments, cwd=root) as sender:
        box.arrived = sender.kill
        assert sender.wait(60) == -signal.SIGKILL
    wait_for(lambda: box.mails, "the mail that was sent", 10)
    box.arrived = bool
    desk.look()
    desk.look()
    assert (len(box.mails), desk.trouble()) == (1, [("mail", "mail_unsure")])


def test_a_record_that_makes_no_sense_may_stand_for_a_mail(desk: Desk, box: Mailbox) -> None:
    (desk.stage / "mail.json").write_bytes(b"{")
    desk.look()
    desk.look()
    assert (box.mails, desk.trouble()) == ([], [("mail", "mail_unsure")])
    desk.look("2024-03-13T05:30:00.000Z")
    assert (len(box.mails), desk.trouble()) == (1, [])


def test_what_cannot_be_remembered_is_not_sent(desk: Desk, box: Mailbox) -> None:
    (desk.stage / "mail.json").mkdir()
    desk.look()
    assert (box.mails, desk.trouble()) == ([], [("mail", "stage_unwritable")])
    (desk.stage / "mail.json").rmdir()
    desk.look()
    assert (len(box.mails), desk.trouble()) == (1, [])
    assert [path.name for path in desk.stage.iterdir()] == ["mail.json"]


def test_a_count_that_fails_is_trouble_and_no_end(desk: Desk, box: Mailbox) -> None:
    def fails() -> Summary:
        raise SystemFault("catalogue_locked")

    desk.postman._summary = fails
    assert desk.look() == 60.0
    assert desk.trouble() == [("mail", "catalogue_locked")]
    desk.postman._summary = lambda: SEVEN
    desk.look()
    assert (len(box.mails), desk.trouble()) == (1, [])


def test_a_clock_that_was_ahead_at_the_start_silences_nothing(desk: Desk, box: Mailbox) -> None:
    desk.look("2034-01-01T12:00:00.000Z")
    desk.look("2024-03-12T05:30:00.000Z")
    assert len(box.mails) == 2


def test_a_host_that_cannot_be_one_is_trouble(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 25)
    for host in ("", "a" * 300, "a\0b", ".."):
        review = msgspec.structs.replace(desk.postman._review, mail_host=host)
        desk.postman._review = review
        desk.look()
        assert desk.trouble() == [("mail", "mail_unreachable")]


def test_the_thread_sends_and_stops(desk: Desk, box: Mailbox) -> None:
    desk.postman.start()
    wait_for(lambda: box.mails, "the mail", 10)
    desk.postman.stop()
    assert "postman" not in {thread.name for thread in threading.enumerate()}
    silent = Desk(desk.stage, box.port, to=())
    silent.postman.start()
    silent.look()
    silent.postman.stop()
    assert box.connections == 1


# --- configuration ----------------------------------------------------------------------------


def test_the_bases_are_those_of_the_classifier() -> None:
    assert set(BASES) == set(get_args(Basis))
    assert set(Review().ask) <= set(BASES)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        *((f'mail_at = "{at}"', "not_a_time") for at in ("24:00", "6:30", "06:30:00", "", "٠٦:٣٠")),
        *((f"mail_port = {port}", "port_out_of_range") for port in (0, -1, 65536)),
        *(
            (f'mail_to = ["a@b.example", "{bad}"]', "not_an_address")
            for bad in ("", "a", "a@", "@b", "a b@c", "a@b,c@d", "<a@b>", "a@b\\nBcc: c@d", "ä@b")
        ),
        ('mail_from = "Archiv <a@b>"', "not_an_address"),
        ('ask = ["rule_only", "maybe"]', "unknown_basis"),
    ],
)
def test_what_cannot_be_is_a_problem_of_the_configuration(
    tmp_path: Path, line: str, reason: str
) -> None:
    found(tmp_path / "town")
    file = tmp_path / "town" / "config.toml"
    file.write_text(f"[review]\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        load(file)
    key = f"review.{line.split(' ')[0]}"
    assert [(p.key, p.reason) for p in caught.value.problems] == [(key, reason)]


def test_what_can_be_is_taken(tmp_path: Path) -> None:
    found(tmp_path / "town")
    file = tmp_path / "town" / "config.toml"
    file.write_text(
        '[review]\nmail_to = ["a.b+c@xn--mnchen-3ya.example", "root@localhost"]\n'
        'mail_at = "23:59"\nmail_port = 65535\nask = []\n',
        encoding="utf-8",
    )
    assert load(file).review.mail_at == "23:59"


@given(st.from_regex(r"\A[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,20}@[a-z]{1,9}\.[a-z]{2}\Z"))
def test_every_address_that_is_taken_can_stand_in_a_mail(address: str) -> None:
    review = Review(mail_to=(address,), mail_from=address)
    assert compose(SEVEN, review, in_town(MORNING), "<1@x>").as_bytes().isascii()

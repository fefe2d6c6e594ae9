"""The postman: once a day a mail that says how much waits for a person.

Promises at most one mail for a day, whatever dies in between, and that a day's mail which could
not be sent is tried again and told as trouble, never lost silently. Both hold because the day is
written down before the mail is handed over: where a connection breaks in the very moment between
the last byte and the server's answer, nobody can know whether the mail was taken (RFC 1047); it
is then told as trouble and not sent again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from archiver import phrases
from archiver.clock import in_town
from archiver.config import Config
from archiver.errors import Fault, SystemFault
from archiver.pipeline.health import Health
from archiver.pipeline.summary import Summary, compose
from archiver.store import durable

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP

log = logging.getLogger(__name__)

PART = "mail"
_FILE = "mail.json"
_REMEMBERED = 31  # days; more than one, since a clock may be set back over midnight
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0
_LOOK = 60.0  # seconds; the clock may jump, so the next hour is not waited for in one go
_ANSWER = 20.0  # seconds for each answer of the server
_FAREWELL = 5.0
_DONE, _WILL_FORWARD = 250, 251  # RFC 5321, 4.2.3


class Record(msgspec.Struct, frozen=True):
    """What was sent.

    Attributes:
        days: the last days that were begun, the newest last; ISO dates of the town.
        missing: addresses that have not yet got the mail of the newest day.
        unsure: whether it is not known if the newest day's mail was taken by the server.
    """

    days: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unsure: bool = False

    def begun(self, day: str, missing: tuple[str, ...]) -> Record:
        """The record with one more day."""
        return Record((*self.days, day)[-_REMEMBERED:], missing)


class Delivery(NamedTuple):
    """A mail that is due: its day, and to whom."""

    day: str
    to: tuple[str, ...]


def last_day(moment: datetime, at: time) -> date:
    """The day whose hour for mail has come last, at a moment on the town's clock."""
    day = moment.date()
    return day if moment.time() >= at else day - timedelta(days=1)


def due(
    moment: datetime, at: time, started: date, record: Record, addresses: tuple[str, ...]
) -> Delivery | None:
    """Decide what is to be sent now.

    A mail stays due over midnight until the next one's hour comes, which then stands for both.

    Args:
        moment: now, on the town's clock.
        at: the hour for mail.
        started: the town's day on which the daemon started; days before it are not made up for.
        record: what was sent.
        addresses: who is to get it.

    Returns:
        the delivery, or None.
    """
    last = last_day(moment, at)
    day = last.isoformat()
    if day not in record.days:
        return Delivery(day, addresses) if addresses and last >= started else None
    left = tuple(address for address in addresses if address in record.missing)
    return Delivery(day, left) if left and record.days[-1] == day else None


def pause_after(times: int) -> float:
    """Seconds to wait after so many tries in vain: a minute, two, four, up to an hour."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(times - 1, 10))


class Postman:
    """Sends the daily summary of one archive, in a thread of its own.

    Args:
        config: of the archive; without addresses nothing is ever done.
        summary: gives what waits; is called in the postman's thread.
        now: gives the time, UTC, ISO 8601.
        health: where trouble is said, as part ``mail``.
    """

    def __init__(
        self, config: Config, summary: Callable[[], Summary], now: Callable[[], str], health: Health
    ) -> None:
        self._review = config.review
        self._stage = config.places.stage
        self._summary = summary
        self._now = now
        self._health = health
        self._at = time.fromisoformat(config.review.mail_at)
        self._started: date | None = None
        self._record: Record | None = None
        self._tries = ("", 0)  # in vain, for a day
        self._stopping = threading.Event()
        # What it writes before it hands over makes it safe to leave it behind at the end.
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        """Begin to look at the clock."""
        if self._review.mail_to:
            self._thread.start()

    def stop(self) -> None:
        """Stop; a server that does not answer is waited for no longer than a moment."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_FAREWELL)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self.look())

    def look(self) -> float:
        """Send what is due.

        Returns:
            seconds after which to look again.
        """
        moment = in_town(self._now())
        # A clock that was ahead at the start must not silence all days until then.
        self._started = min(self._started or moment.date(), moment.date())
        day = last_day(moment, self._at).isoformat()
        try:
            if self._record is None:
                self._record = self._remembered(day)
                if self._record.unsure:
                    raise _doubt(self._record)
            delivery = due(moment, self._at, self._started, self._record, self._review.mail_to)
            if delivery is None:
                return _LOOK
            self._deliver(delivery, moment)
        except Fault as fault:
            log.warning("system fault", extra={"part": PART, "reason": fault.reason})
            self._health.ill(PART, fault)
        except Exception:
            # The postman must outlive everything: nobody would notice that it is gone.
            log.exception("mail failed", extra={"part": PART})
            self._health.ill(PART, SystemFault("projection_failed", part=PART))
        else:
            self._tries = ("", 0)
            return _LOOK
        self._tries = (day, self._tries[1] + 1 if self._tries[0] == day else 1)
        return pause_after(self._tries[1])

    def _deliver(self, delivery: Delivery, moment: datetime) -> None:
        """Send one mail, or note that there is nothing to be told.

        Raises:
            SystemFault: ``mail_unreachable``, ``mail_refused``, ``mail_address_refused``,
                ``mail_unsure``, or the disk's.
        """
        from email.utils import make_msgid

        record = self._record or Record()
        summary = self._summary()
        missing = delivery.to if summary.decisions else ()
        if delivery.day not in record.days:
            record = record.begun(delivery.day, missing)
        else:
            record = msgspec.structs.replace(record, missing=missing)
        self._remember(record)
        if missing:
            domain = self._review.mail_from.rpartition("@")[2]
            mail = compose(summary, self._review, moment, make_msgid(domain=domain))
            self._hand_over(mail, record)
            log.info("summary sent", extra={"part": PART})
        if record.unsure:
            raise _doubt(record)
        self._health.well(PART)

    def _hand_over(self, mail: EmailMessage, record: Record) -> None:
        """Give the mail to the server for all who have not got it."""
        from email.policy import SMTP as LINES
        from smtplib import SMTPDataError

        content = mail.as_bytes(policy=LINES)
        with _connection(self._review.mail_host, self._review.mail_port) as smtp:
            refused, code = _envelope(smtp, self._review.mail_from, record.missing)
            if len(refused) < len(record.missing):
                before = msgspec.structs.replace(record, missing=refused, unsure=True)
                self._remember(before)
                try:
                    answer, _text = smtp.data(content)
                except SMTPDataError as error:
                    answer = error.smtp_code
                except OSError as error:
                    raise _doubt(record) from error
                if answer != _DONE:
                    self._remember(record)
                    raise SystemFault("mail_refused", code=answer)
                self._remember(msgspec.structs.replace(record, missing=refused))
        if refused:
            raise SystemFault("mail_address_refused", addresses=", ".join(refused), code=code)

    def _remembered(self, day: str) -> Record:
        """What was sent before this start; a file that makes no sense may stand for a mail."""
        try:
            with durable.storage_faults(self._stage):
                content = (self._stage / _FILE).read_bytes()
            return msgspec.json.decode(content, type=Record)
        except FileNotFoundError:
            return Record()
        except msgspec.DecodeError:
            return Record((day,), unsure=True)
        except OSError as error:
            raise SystemFault("stage_unwritable", folder=str(self._stage)) from error

    def _remember(self, record: Record) -> None:
        """Write the record down, durably; only then it holds.

        Raises:
            SystemFault: ``disk_full``, ``storage_failed``, ``stage_unwritable``.
        """
        try:
            with durable.storage_faults(self._stage):
                durable.replace(self._stage / _FILE, msgspec.json.encode(record), self._stage)
        except OSError as error:
            raise SystemFault("stage_unwritable", folder=str(self._stage)) from error
        self._record = record


def _doubt(record: Record) -> SystemFault:
    """That nobody knows whether the newest day's mail went out."""
    return SystemFault("mail_unsure", day=phrases.date(record.days[-1]))


@contextmanager
def _connection(host: str, port: int) -> Iterator[SMTP]:
    """A conversation with the server, up to its greeting."""
    import smtplib

    try:
        smtp = smtplib.SMTP(host, port, timeout=_ANSWER)
        try:
            smtp.ehlo_or_helo_if_needed()
            yield smtp
        finally:
            # How the server takes leave changes nothing about what it took.
            with suppress(OSError):
                smtp.quit()
            smtp.close()
    except smtplib.SMTPResponseException as error:
        raise SystemFault("mail_refused", code=error.smtp_code) from error
    # A name of a host that cannot be one is a ValueError.
    except (OSError, ValueError) as error:
        name = type(error).__name__
        raise SystemFault("mail_unreachable", host=host, port=port, error=name) from error


def _envelope(smtp: SMTP, sender: str, to: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """Name sender and addresses; gives the addresses that were refused, and the last such answer.

    Raises:
        SMTPResponseException: the sender was refused.
    """
    from smtplib import SMTPSenderRefused

    code, text = smtp.mail(sender)
    if code != _DONE:
        raise SMTPSenderRefused(code, text, sender)
    refused, last = [], 0
    for address in to:
        code, _text = smtp.rcpt(address)
        if code not in (_DONE, _WILL_FORWARD):
            refused.append(address)
            last = code
    return tuple(refused), last

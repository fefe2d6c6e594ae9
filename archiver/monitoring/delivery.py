"""Delivery: alarms by the machine's own mail program, and by a web address.

Promises the product's sentences and the name of this machine only: no names of papers, no text.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from archiver import phrases
from archiver.errors import SystemFault
from archiver.monitoring.alarms import Known, News
from archiver.settings import Monitoring
from archiver.tongue import tr

_PATIENCE = 30.0  # seconds


def deliver(news: News, settings: Monitoring, sender: str) -> None:
    """Tell the news by every way that is configured.

    Args:
        news: not empty.
        settings: name the ways.
        sender: address from which mail comes.

    Raises:
        SystemFault: ``alarm_mail_failed``, ``alarm_webhook_failed``; where the first way failed
            the second was tried all the same.
    """
    trouble: SystemFault | None = None
    for way in (_mail, _webhook):
        try:
            way(news, settings, sender)
        except SystemFault as fault:
            trouble = fault
    if trouble is not None:
        raise trouble


def _mail(news: News, settings: Monitoring, sender: str) -> None:
    """Hand a mail to the sendmail program, whose interface every mail service has."""
    if not settings.mail_to:
        return
    content = compose(news, settings.mail_to, sender).as_bytes()
    # -i: a line with one dot is no end; -t: the addresses stand in the mail.
    command = [settings.sendmail, "-i", "-t"]
    try:
        ended = subprocess.run(
            command, input=content, capture_output=True, check=False, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        word = type(error).__name__
        raise SystemFault("alarm_mail_failed", program=settings.sendmail, error=word) from error
    if ended.returncode != 0:
        code = f"exit {ended.returncode}"
        raise SystemFault("alarm_mail_failed", program=settings.sendmail, error=code)


def _webhook(news: News, settings: Monitoring, _sender: str) -> None:
    """Post the news as JSON."""
    if not settings.webhook:
        return
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    body = json.dumps(as_json(news), ensure_ascii=False).encode()
    asked = Request(settings.webhook, body, {"Content-Type": "application/json; charset=utf-8"})
    try:
        with urlopen(asked, timeout=_PATIENCE):
            pass
    except (URLError, OSError, ValueError) as error:
        word = type(error).__name__
        raise SystemFault("alarm_webhook_failed", error=word) from error


def as_json(news: News) -> dict[str, Any]:
    """The news as a web service gets them."""
    told = [("begun", one) for one in news.begun] + [("over", one) for one in news.over]
    return {
        "host": socket.gethostname(),
        "text": "\n".join(_lines(news)),
        "alarms": [{**one.sign.told(), "state": state, "since": one.since} for state, one in told],
    }


def compose(news: News, to: tuple[str, ...], sender: str) -> EmailMessage:
    """Write the mail in the language in use."""
    from email.utils import formatdate, make_msgid

    first = (news.begun or news.over)[0]
    count = len(news.begun) + len(news.over)
    head = tr("Archive: {message}") if news.begun else tr("Archive, over: {message}")
    subject = head.format(message=first.sign.message)
    mail = EmailMessage()
    mail["Subject"] = subject + (f" (+{count - 1})" if count > 1 else "")
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    host = tr("Machine: {host}").format(host=socket.gethostname())
    ending = tr("Each alarm is told once, and once more when it is over.")
    text = "\n".join([*_lines(news), "", host, ending]) + "\n"
    mail.set_content(text, cte="quoted-printable")
    return mail


def _lines(news: News) -> Iterator[str]:
    for one in news.begun:
        yield from _told(tr("Since {moment}:"), one)
        yield f"    {one.sign.advice}"
    for one in news.over:
        yield from _told(tr("Over (began {moment}):"), one)


def _told(head: str, one: Known) -> Iterator[str]:
    yield head.format(moment=phrases.moment(one.since))
    yield f"    {one.sign.message}"

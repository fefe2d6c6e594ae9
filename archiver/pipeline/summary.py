"""The daily summary: how much waits for a person, as a mail to read.

Promises numbers and sentences of the product only: no names, no text, no file names, whatever the
documents hold.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from archiver import phrases
from archiver.clock import town_day
from archiver.config import Review
from archiver.tongue import tr, trn

if TYPE_CHECKING:
    from email.message import EmailMessage

_WIDTH = 72


class Summary(msgspec.Struct, frozen=True):
    """What waits, in numbers.

    Attributes:
        waiting: documents in review.
        by_reason: how many of them for each reason code.
        oldest: since when the oldest of them waits, UTC, ISO 8601; None where none waits.
        quarantined: files in quarantine; not counted in `waiting`.
        unclassified: documents filed without a class; they do not wait, and alone make no mail.
    """

    waiting: int = 0
    by_reason: Mapping[str, int] = {}
    oldest: str | None = None
    quarantined: int = 0
    unclassified: int = 0

    @property
    def decisions(self) -> int:
        """Papers about which a person must decide."""
        return self.waiting + self.quarantined


def subject(summary: Summary) -> str:
    """The subject: how much waits."""
    count = summary.decisions
    line = trn(
        "Archive: 1 document waits for a decision",
        "Archive: {count} documents wait for a decision",
        count,
    )
    return line.format(count=count)


def body(summary: Summary) -> str:
    """The text of the mail, lines of at most 72 characters unless a word is longer."""
    counted = sorted(summary.by_reason.items(), key=lambda pair: (-pair[1], pair[0]))
    paragraphs = [
        _counted(
            summary.waiting,
            trn(
                "1 document is in review.",
                "{count} documents are in review.",
                summary.waiting,
            ),
        ),
        "\n".join(_wrapped(f"{count:>6}  {phrases.kind(code)}", 8) for code, count in counted),
        _since(summary.oldest) if summary.oldest else "",
        _counted(
            summary.quarantined,
            trn(
                "1 file is in quarantine: it could not be opened.",
                "{count} files are in quarantine: they could not be opened.",
                summary.quarantined,
            ),
        ),
        _counted(
            summary.unclassified,
            trn(
                "For information: 1 document is filed without a class.",
                "For information: {count} documents are filed without a class.",
                summary.unclassified,
            ),
        ),
        tr("To see and decide them, type:") + "\n\n    archiver review",
        _wrapped(
            tr(
                "The archive sends this mail at most once a day. It never holds names or text of"
                " documents."
            )
        ),
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _counted(count: int, line: str) -> str:
    """The sentence for a number; none for zero."""
    return _wrapped(line.format(count=count)) if count else ""


def _since(oldest: str) -> str:
    day = phrases.date(town_day(oldest).isoformat())
    return tr("The oldest has waited since {day}.").format(day=day)


def _wrapped(line: str, indent: int = 0) -> str:
    return textwrap.fill(line, _WIDTH, subsequent_indent=" " * indent)


def compose(summary: Summary, review: Review, moment: datetime, identity: str) -> EmailMessage:
    """Write the mail in the language in use.

    Args:
        summary: what waits.
        review: has sender and addresses.
        moment: now, on the town's clock.
        identity: for the header Message-ID, with its angle brackets.
    """
    from email.message import EmailMessage
    from email.policy import SMTP as LINES
    from email.utils import format_datetime

    mail = EmailMessage(policy=LINES)
    mail["Subject"] = subject(summary)
    mail["From"] = review.mail_from
    mail["To"] = ", ".join(review.mail_to)
    mail["Date"] = format_datetime(moment)
    mail["Message-ID"] = identity
    mail["Auto-Submitted"] = "auto-generated"
    # Quoted-printable, since not every server takes eight bits.
    mail.set_content(body(summary), cte="quoted-printable")
    return mail

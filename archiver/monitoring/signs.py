"""Signs: what the state of the archive says about its health, as pure thinking.

Promises one sign for each thing that is wrong, with a key that stays the same for as long as it
is wrong, so that it can be told once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from archiver import phrases
from archiver.settings import Monitoring

Grade = Literal["warning", "critical"]

_GIB = 1 << 30
_NO_SPACE = 0.5  # GiB; with less nothing can be taken soon
_STALLED = 300.0  # seconds in which the drop folders must have been looked at


class Sign(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        key: names it, for as long as it is wrong.
        grade: ``critical`` where papers are in danger or nothing goes on.
        reason: code that `archiver.phrases` knows.
        params: values for its sentence.
    """

    key: str
    grade: Grade
    reason: str
    params: Mapping[str, Any] = {}

    @property
    def message(self) -> str:
        """What is wrong, as a sentence."""
        return phrases.sentence(self.reason, self.params)

    @property
    def advice(self) -> str:
        """What to do, as a sentence."""
        return phrases.advice(self.reason, self.params)

    def told(self) -> dict[str, str]:
        """The sign as scripts get it."""
        return {
            "key": self.key,
            "grade": self.grade,
            "reason": self.reason,
            "message": self.message,
            "advice": self.advice,
        }


def signs(status: Mapping[str, Any], limits: Monitoring, at: datetime) -> tuple[Sign, ...]:
    """Judge the state of an archive, the gravest first.

    Args:
        status: the answer of `archiver.archive.upkeep.Upkeep.status` to whoever may see all.
        limits: from which on something is wrong.
        at: now, aware.
    """
    found = (
        *_of_the_daemon(status, at),
        *_of_the_system(status),
        *_of_the_papers(status, limits, at),
        *_of_the_stores(status, limits, at),
    )
    once: dict[str, Sign] = {}
    for one in found:
        once.setdefault(one.key, one)
    return tuple(sorted(once.values(), key=lambda one: one.grade != "critical"))


def _of_the_daemon(status: Mapping[str, Any], at: datetime) -> Iterator[Sign]:
    if not status["daemon"]:
        yield Sign("daemon", "critical", "sign_daemon")
        return
    looked = status["figures"]["looked_seconds"]
    if looked is not None and looked > _STALLED:
        since = {"moment": _moment(at - timedelta(seconds=looked))}
        yield Sign("intake", "critical", "sign_stalled", since)


def _of_the_system(status: Mapping[str, Any]) -> Iterator[Sign]:
    for trouble in status["system"]:
        if trouble["grade"] == "bad":
            said = {"message": trouble["message"], "advice": trouble["advice"]}
            # What reading again has found is one thing, told here or by its last date below.
            key = "verify" if trouble["part"] == "verify" else f"system:{trouble['part']}"
            yield Sign(key, "critical", "sign_system", said)


def _of_the_papers(status: Mapping[str, Any], limits: Monitoring, at: datetime) -> Iterator[Sign]:
    figures = status["figures"]
    waited = figures["waited_seconds"]
    if waited > limits.waiting_minutes * 60:
        since = {"moment": _moment(at - timedelta(seconds=waited))}
        yield Sign("waiting", "warning", "sign_waiting", since)
    oldest = figures["oldest_unfinished"]
    if oldest and at - datetime.fromisoformat(oldest) > timedelta(hours=limits.queue_hours):
        queue = {"moment": phrases.moment(oldest), "count": status["work"]["queued"]}
        yield Sign("queue", "warning", "sign_queue", queue)
    quarantined = status["documents"].get("quarantined", 0)
    if quarantined > limits.quarantine_most:
        many = {"count": quarantined, "most": limits.quarantine_most}
        yield Sign("quarantine", "warning", "sign_quarantine", many)


def _of_the_stores(status: Mapping[str, Any], limits: Monitoring, at: datetime) -> Iterator[Sign]:
    figures = status["figures"]
    free = figures["free_bytes"] / _GIB
    if free < limits.free_gib:
        grade: Grade = "critical" if free < _NO_SPACE else "warning"
        yield Sign("disk", grade, "sign_disk", {"free": phrases.decimal(free, 1)})
    verified = figures["verified"]
    if verified and verified["problems"]:
        said = {"count": verified["problems"], "moment": phrases.moment(verified["at"])}
        yield Sign("verify", "critical", "sign_verify", said)
    if not limits.backup_days:
        return
    backup = status["backup"]
    if backup is None:
        yield Sign("backup", "warning", "sign_backup_none")
    elif at - datetime.fromisoformat(backup["made_at"]) > timedelta(days=limits.backup_days):
        last = {"moment": phrases.moment(backup["made_at"])}
        yield Sign("backup", "warning", "sign_backup_old", last)


def _moment(at: datetime) -> str:
    return phrases.moment(at.isoformat())


def line(status: Mapping[str, Any], found: tuple[Sign, ...]) -> tuple[int, str]:
    """Give exit code and text of a check as monitoring programs want it.

    The form is that of the Monitoring Plugins Development Guidelines: one line, the grade first,
    figures behind ``|``; 0 in order, 1 warning, 2 critical (3, unknown, is the caller's).
    """
    figures = " ".join(f"{name}={value}" for name, value in _performance(status))
    if not found:
        return 0, f"OK – {phrases.sentence('sign_none')} | {figures}"
    code = 2 if found[0].grade == "critical" else 1
    more = f" (+{len(found) - 1})" if len(found) > 1 else ""
    text = " ".join(found[0].message.replace("|", "/").split())
    return code, f"{found[0].grade.upper()} – {text}{more} | {figures}"


def _performance(status: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "documents", sum(status["documents"].values())
    yield "inbox", status["counts"]["waiting"]
    yield "queue", status["work"]["queued"]
    yield "quarantine", status["documents"].get("quarantined", 0)
    yield "review", status["review"].get("waiting", 0)
    yield "free", f"{status['figures']['free_bytes']}B"

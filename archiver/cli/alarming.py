"""Monitoring on the command line: the check of one line, and alarms by mail and webhook."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import click

from archiver import clock
from archiver.cli import desk
from archiver.config import Config, ConfigProblems, find, read
from archiver.errors import Fault
from archiver.machine import fault_of
from archiver.monitoring.alarms import Memory
from archiver.monitoring.signs import Sign, line, signs
from archiver.phrases import sentence
from archiver.tongue import tr

_UNKNOWN = 3


def check(context: click.Context) -> None:
    """Print one line for a monitoring program and end with its code, whatever happens."""
    try:
        config = desk.configured(context)
        status = _asked(config)
        code, text = line(status, _signs(status, config))
    except Fault as fault:
        code, text = _UNKNOWN, f"UNKNOWN – {_reason(fault)}"
    except OSError as error:
        code, text = _UNKNOWN, f"UNKNOWN – {_reason(fault_of(error))}"
    except Exception as error:  # a traceback is no answer that such a program understands
        code, text = _UNKNOWN, f"UNKNOWN – {type(error).__name__}"
    desk.say(text)
    context.exit(code)


def _asked(config: Config) -> dict[str, Any]:
    try:
        with desk.archive(config) as archive:
            status = archive.upkeep.status(1)
    except OSError as error:
        raise fault_of(error) from error
    if not status["figures"]:
        raise Fault("not_allowed", act="status")
    return status


def _signs(status: dict[str, Any], config: Config) -> tuple[Sign, ...]:
    return signs(status, config.monitoring, datetime.fromisoformat(clock.now()))


def _reason(fault: Fault) -> str:
    """A fault in one line; of a configuration its first problem."""
    if isinstance(fault, ConfigProblems):
        first = fault.problems[0]
        return " ".join(f"{first.file}: {first.key} {sentence(first.reason, first.params)}".split())
    return " ".join(sentence(fault.reason, fault.params).split())


@click.command(
    cls=desk.Command,
    short_help=tr("Tell what is wrong by mail or webhook, once."),
    help=tr(
        "Look at the archive, and tell by mail or webhook ([monitoring] in config.toml) what is"
        " wrong: each thing once, and once more when it is over. A timer starts this every few"
        " minutes; --test sends a message to try the way.\n\nExample: archiver alarm --test"
    ),
)
@click.option("--test", is_flag=True, help=tr("Send a message now, whatever is wrong."))
@desk.json_option
@click.pass_context
def alarm(context: click.Context, test: bool, json_: bool) -> None:
    """Tell what is wrong."""
    from archiver.monitoring import alarms, note
    from archiver.monitoring.delivery import as_json, deliver

    config, problems = _readable(context)
    at = clock.now()
    if test:
        known = alarms.Known(Sign("test", "warning", "sign_test"), at, told=True)
        news = alarms.News((known,))
    else:
        memory = note.alarms(config.places.stage)
        found = _unasked(problems, memory) if problems else _found(config, memory)
        memory, news = alarms.look(memory, found, at)
    if news:
        deliver(news, config.monitoring, config.review.mail_from)
    if not test:
        # Only now: what could not be delivered is tried again at the next look.
        note.remember_alarms(config.places.stage, memory)
    if json_:
        desk.as_json(as_json(news))
        return
    for state, some in ((tr("told"), news.begun), (tr("over"), news.over)):
        for one in some:
            desk.say(f"{state}: {one.sign.message}")


def _readable(context: click.Context) -> tuple[Config, ConfigProblems | None]:
    """The configuration with its problems, as long as it names somebody who can be told of them.

    Raises:
        ConfigProblems: it does not; then the unit's OnFailure= is who tells.
    """
    config, problems = read(find(context.find_root().params.get("config"), os.environ))
    if not problems:
        return config, None
    ways = config.monitoring.mail_to or config.monitoring.webhook
    if not ways or any(one.key.startswith("monitoring.") for one in problems):
        raise ConfigProblems(problems)
    return config, ConfigProblems(problems)


def _found(config: Config, memory: Memory) -> tuple[Sign, ...]:
    """The signs that are there; an archive that cannot be asked is one."""
    try:
        return _signs(_asked(config), config)
    except Fault as fault:
        return _unasked(fault, memory)


def _unasked(fault: Fault, memory: Memory) -> tuple[Sign, ...]:
    """That the archive cannot be asked; whether what was wrong before is over, nobody knows."""
    sign = Sign("asked", "critical", "sign_unasked", {"message": _reason(fault)})
    before = (one.sign for key, one in memory.items() if one.seen and key != sign.key)
    return (sign, *before)


COMMANDS: dict[str, click.Command] = {"alarm": alarm}

"""How batches of disposition are told: their state, their units, and what is to be done next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from archiver import phrases
from archiver.cli import desk
from archiver.errors import ExitCode
from archiver.naming import actor_name, class_short
from archiver.tongue import tr


def told(answer: Mapping[str, Any], json_: bool) -> None:
    """A batch as it is after a step, and what comes next."""
    if json_:
        desk.as_json(dict(answer))
        return
    desk.say(f"{answer['id']}  {phrases.state_name(answer['state'])}")
    tell_corrections(answer.get("corrections", ()))
    tell_next(answer)


def tell_line(one: Mapping[str, Any]) -> None:
    """A batch in a list."""
    counts = ""
    if "documents" in one:
        counts = _counts(one)
    day = phrases.moment(one["changed_at"])
    desk.say(f"{one['id']}  {phrases.state_name(one['state'])}  {day}  {counts}".rstrip())


def tell_batch(told: Mapping[str, Any]) -> None:
    """A batch with its counts."""
    desk.say(f"{told['id']}  {phrases.state_name(told['state'])}")
    if "documents" not in told:
        return
    size = phrases.decimal(told["size"] / (1 << 20), 1)
    desk.say(f"  {_counts(told)}, {size} MiB, xdomea {told['xdomea']}")
    for key, count in sorted(told["classes"].items()):
        desk.say(f"  {class_short(key)}: {count}")
    for obstacle, count in sorted(told["skipped"].items()):
        line = tr("not proposed: {count}").format(count=count)
        desk.say(f"  {line} ({_OBSTACLES[obstacle]})")


def _counts(batch: Mapping[str, Any]) -> str:
    """How much is in a batch."""
    units, documents = batch["units"], batch["documents"]
    return f"{phrases.counted('unit', units)}, {phrases.counted('document', documents)}"


def tell_item(item: Mapping[str, Any]) -> None:
    """A unit of a batch."""
    said = _SAID.get(item["said"] or "", "")
    ends = phrases.date(item["ends"])
    version = tr("v{version}").format(version=item["version"])
    rule = f"{class_short(item['class_key'])} {version} {item['disposition']}"
    desk.say(f"  {item['unit']}  {item['documents']:>4}  {rule}  {ends}  {said}".rstrip())


def tell_corrections(corrections: Sequence[Mapping[str, Any]]) -> None:
    """What persons have changed of the units, which those who approve must know."""
    if corrections:
        desk.say(tr("Changed or withdrawn before, by whom and when:"))
    for one in corrections:
        names = [_VALUES.get(code) or phrases.start_name(code) for code in one["what"]]
        what = f" ({', '.join(names)})" if names else ""
        change = ""
        if one["now_title"]:
            change = "  " + " → ".join(filter(None, (one["was_title"], one["now_title"])))
        moment = phrases.moment(one["at"])
        desk.say(
            f"  {one['unit']}  {moment}  {one['title']}{what}{change}  {actor_name(one['actor'])}"
        )


def tell_answer(context: click.Context, told: Mapping[str, Any], json_: bool) -> None:
    """What an answer of the archive came to; odd items end with the code for findings."""
    if json_:
        desk.as_json(dict(told))
    else:
        for finding in told["findings"]:
            desk.say(finding["message"], fg="yellow", err=True)
        desk.say(phrases.state_name(told["state"]))
        if told["waiting"]:
            desk.say(tr("Items without a usable answer: {count}").format(count=told["waiting"]))
    if told["findings"]:
        context.exit(int(ExitCode.FINDINGS))


def tell_next(told: Mapping[str, Any]) -> None:
    """What is to be done next."""
    step = _NEXT.get(told["state"])
    if step:
        desk.say(tr("Next: {step}").format(step=step))


_OBSTACLES = {
    "held": tr("on hold"),
    "in_batch": tr("in another batch"),
    "unsettled": tr("a paper waits for a person"),
    "open": tr("the dossier is open"),
    "no_disposition": tr("the plan does not say what becomes of them"),
    "handed_over": tr("the archive has them already"),
    "beyond_limit": tr("more than asked for"),
}
_VALUES = {
    "class": tr("class"),
    "letter_date": tr("date of the letter"),
    "received_stamp": tr("received stamp"),
    "reference": tr("reference"),
    "dossier": tr("dossier"),
}
_SAID = {
    "exempt": tr("waived in general"),
    "taken": tr("the archive takes it"),
    "waived": tr("the archive does not want it"),
    "arrived": tr("arrived in the archive"),
    "disputed": tr("the archive contradicts itself"),
    "dropped": tr("taken out"),
}
_NEXT = {
    "proposed": tr("a second person approves it (batch approve)"),
    "approved": tr("offer it to the archive (batch offer)"),
    "offered": tr("send the list, and read the answer 0502 in (batch appraise)"),
    "appraised": tr(
        "write what the archive takes (batch export); if it takes nothing, destroy (batch destroy)"
    ),
    "exported": tr("hand the package over, and read the receipt 0506 in (batch confirm)"),
    "handed_over": tr("destroy what remains (batch destroy)"),
    "destroying": tr("ask again to bring the destruction to its end (batch destroy)"),
}

"""Sentences for people: reason code and parameters in, German or English out.

Promises that every sentence for a person passes through here: reasons from `archiver.sentences`,
texts of the command line through `tr`. English is the source; German comes from
`locale/de/LC_MESSAGES/archiver.mo`. A code that is not known gives the code itself, never an
error: a message about trouble must not make trouble.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import TYPE_CHECKING

from archiver.naming import class_short
from archiver.tongue import N_, NN_, tr, trn, use

if TYPE_CHECKING:
    from archiver.sentences import Phrase

__all__ = [
    "N_", "advice", "amount", "basis_name", "counted", "date", "decimal", "event_name", "kind",
    "moment", "sentence", "start_name", "state_name", "step", "tr", "use",
]  # fmt: skip


_LONGEST_VALUE = 1000  # more than any list of names that we tell
_OF_CLASSES = frozenset({"key", "nearest", "class", "class_"})  # values that may be classes
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def sentence(reason: str, params: Mapping[str, object] | None = None) -> str:
    """What happened, as a sentence."""
    phrase = _phrase(reason)
    return _filled(phrase.message, params) if phrase else reason


def kind(reason: str) -> str:
    """What happened to many, as a sentence: what differs from one to the other is left open."""
    phrase = _phrase(reason)
    names = Formatter().parse(phrase.message) if phrase else ()
    return sentence(reason, {name: "…" for _text, name, _spec, _how in names if name})


def decimal(number: float, places: int) -> str:
    """A number with decimals, as people write it."""
    whole, _, decimals = f"{number:.{places}f}".partition(".")
    return tr("{whole}.{decimals}").format(whole=whole, decimals=decimals)


def advice(reason: str, params: Mapping[str, object] | None = None) -> str:
    """What to do next, as a sentence, or empty."""
    phrase = _phrase(reason)
    return _filled(phrase.advice, params) if phrase else ""


def _phrase(reason: str) -> Phrase | None:
    # Only here: a command that succeeds says none of them.
    from archiver.sentences import REASONS

    return REASONS.get(reason)


def _filled(text: str, params: Mapping[str, object] | None) -> str:
    values = {key: _named(key, str(value)) for key, value in (params or {}).items()}
    try:
        return tr(text).format_map(values)
    except (KeyError, IndexError, ValueError):
        return tr(text)


def _named(key: str, value: str) -> str:
    """A value of a sentence: codes of states and steps by their names, none without end."""
    if len(value) > _LONGEST_VALUE:
        return value[:_LONGEST_VALUE] + "…"
    if key == "step":
        return event_name(value)
    if key in _OF_CLASSES:
        return ", ".join(map(class_short, value.split(", ")))
    kind, _, state = value.partition("_")
    if key == "state" and kind in MATTERS:
        return f"{tr(MATTERS[kind])}: {state_name(state)}"
    return state_name(value) if key in ("state", "wanted") else tr(value)


def state_name(state: str) -> str:
    """A state as people call it."""
    return tr(STATES.get(state, state))


def event_name(event: str) -> str:
    """A kind of ledger line as people call it."""
    return tr(EVENTS.get(event, event))


def basis_name(basis: str) -> str:
    """What the answer about a document's class rests on, as people say it."""
    return tr(BASES.get(basis, basis))


def start_name(event: str) -> str:
    """The event from which a period counts, as people call it."""
    return tr(STARTS.get(event, event))


def amount(years: int = 0, months: int = 0, days: int = 0) -> str:
    """A length of time: 1 year and 6 months."""
    units = {"year": years, "month": months, "day": days}
    parts = [counted(unit, count) for unit, count in units.items() if count]
    return tr(" and ").join(parts) or counted("day", 0)


def counted(thing: str, count: int) -> str:
    """A number of things: 1 document, 2 documents.

    Args:
        thing: a key of `COUNTED`.
        count: how many.
    """
    return trn(*COUNTED[thing], count).format(count=count)


def step(code: str, params: Mapping[str, str | int] | None = None) -> str:
    """One step of the reckoning of a period (`archiver.retention`), for people.

    Args:
        code: that `archiver.sentences.STEPS` knows; another is told as it is.
        params: its values; days as 2026-12-31.
    """
    from archiver.sentences import STEPS

    given = params or {}
    values: dict[str, object] = {
        key: date(value) if isinstance(value, str) and _DAY.fullmatch(value) else value
        for key, value in given.items()
    }
    if "event" in given:
        values["event"] = start_name(str(given["event"]))
    if "years" in given:
        values["amount"] = amount(
            *(int(given.get(unit, 0)) for unit in ("years", "months", "days"))
        )
    return _filled(STEPS.get(code, code), values)


def date(iso: str | None) -> str:
    """A stored date 2026-12-31 as 31.12.2026; empty for None."""
    if not iso:
        return ""
    year, month, day = iso[:10].split("-")
    return f"{day}.{month}.{year}"


def moment(iso: str | None) -> str:
    """A stored UTC time as local time of the town: 31.12.2026 14:05."""
    if not iso:
        return ""
    from archiver.clock import in_town

    return in_town(iso).strftime("%d.%m.%Y %H:%M")


# What is counted, as one and as many.
COUNTED: dict[str, tuple[str, str]] = {
    "year": NN_("1 year", "{count} years"),
    "month": NN_("1 month", "{count} months"),
    "day": NN_("1 day", "{count} days"),
    "document": NN_("1 document", "{count} documents"),
    "page": NN_("1 page", "{count} pages"),
    "bar": NN_("1 bar", "{count} bars"),
    "unit": NN_("1 unit", "{count} units"),
    "dossier": NN_("1 dossier", "{count} dossiers"),
    "hold": NN_("1 hold", "{count} holds"),
    "rule": NN_("1 rule", "{count} rules"),
    "object": NN_("1 object", "{count} objects"),
    "ledger_line": NN_("1 ledger line", "{count} ledger lines"),
    "line": NN_("1 line", "{count} lines"),
    "seal": NN_("1 seal", "{count} seals"),
    "stamp": NN_("1 time stamp", "{count} time stamps"),
    "problem": NN_("1 problem", "{count} problems"),
    "file": NN_("1 file", "{count} files"),
    "version": NN_("1 earlier version", "{count} earlier versions"),
}

STATES: dict[str, str] = {
    "received": N_("received"),
    "separated": N_("separated"),
    "duplicate": N_("duplicate"),
    "accepted": N_("accepted"),
    "recognised": N_("recognised"),
    "classified": N_("classified"),
    "filed": N_("filed"),
    "offered": N_("offered"),
    "handed_over": N_("handed over"),
    "destroyed": N_("destroyed"),
    "review": N_("in review"),
    "quarantined": N_("in quarantine"),
    "withdrawn": N_("withdrawn"),
    "divided": N_("divided"),
    # Of matters
    "in_force": N_("in force"),
    "open": N_("open"),
    "closed": N_("closed"),
    "merged": N_("merged into another one"),
    "disposed": N_("disposed of"),
    "stands": N_("stands"),
    "lifted": N_("lifted"),
    "proposed": N_("proposed"),
    "approved": N_("approved"),
    "appraised": N_("appraised"),
    "exported": N_("exported"),
    "destroying": N_("being destroyed"),
    "done": N_("done"),
    "cancelled": N_("cancelled"),
    "drawn": N_("drawn"),
    "passed": N_("passed"),
    "failed": N_("failed"),
    "prepared": N_("prepared"),
    "issued": N_("issued"),
    "given": N_("given"),
    "none": N_("not begun"),
}

# Kinds of matters, beside which their states are told.
MATTERS: dict[str, str] = {
    "plan": N_("rules"),
    "dossier": N_("dossier"),
    "hold": N_("hold"),
    "batch": N_("batch of disposition"),
    "sample": N_("sample"),
    "certificate": N_("certificate"),
    "disclosure": N_("disclosure"),
}

EVENTS: dict[str, str] = {
    "received": N_("received"),
    "duplicate": N_("received once more"),
    "separated": N_("separated into documents"),
    "recognised": N_("recognised"),
    "classified": N_("classified"),
    "filed": N_("filed"),
    "reviewed": N_("put into review"),
    "quarantined": N_("put into quarantine"),
    "retried": N_("tried again"),
    "read": N_("opened by a person"),
    "dismissed": N_("dismissed"),
    "withdrawn": N_("withdrawn"),
    "confirmed": N_("confirmed by a person"),
    "corrected": N_("corrected by a person"),
    "ordered": N_("pages divided or joined by a person's order"),
    "replaced": N_("scan replaced"),
    "divided": N_("pages went into other documents"),
    "destroyed": N_("destroyed"),
    "purged": N_("earlier versions removed"),
    "healed": N_("damaged bytes put back from a good copy"),
    "offered": N_("offered to the archive"),
    "declined": N_("not taken by the archive"),
    "handover_undone": N_("not taken over after all"),
    "handed_over": N_("taken over by the archive"),
    "plan_adopted": N_("filing plan adopted"),
    "plan_revised": N_("changed filing plan adopted"),
    "rule_confirmed": N_("rule confirmed for running periods"),
    "dossier_opened": N_("dossier opened"),
    "dossier_changed": N_("dossier changed"),
    "dossier_closed": N_("dossier closed"),
    "dossier_reopened": N_("dossier opened again"),
    "dossier_merged": N_("dossier merged into another one"),
    "dossier_disposed": N_("dossier disposed of"),
    "hold_placed": N_("hold placed"),
    "hold_reviewed": N_("hold reviewed"),
    "hold_lifted": N_("hold lifted"),
    "batch_proposed": N_("batch proposed"),
    "batch_approved": N_("batch approved"),
    "batch_offered": N_("batch offered"),
    "batch_appraised": N_("appraisal read in"),
    "batch_exported": N_("batch exported"),
    "batch_confirmed": N_("take-over confirmed"),
    "batch_answered": N_("answer of the archive read in"),
    "batch_reduced": N_("taken out of the batch"),
    "batch_cancelled": N_("batch cancelled"),
    "batch_destroying": N_("destruction begun"),
    "batch_done": N_("batch done"),
    "certificate_prepared": N_("certificate prepared"),
    "certificate_issued": N_("certificate issued"),
    "certificate_proved": N_("destruction proved again"),
    "disclosed": N_("disclosed"),
    "sealed": N_("day sealed"),
    "clock_confirmed": N_("time confirmed"),
    "sample_drawn": N_("sample drawn"),
    "sample_checked": N_("looked at by a person"),
    "sample_passed": N_("sample passed"),
    "sample_failed": N_("sample failed"),
}

BASES: dict[str, str] = {
    "agreed": N_("rule and model agree"),
    "sure_rule": N_("clear headline of a class that is sure"),
    "rule_only": N_("only a rule speaks for it"),
    "model_only": N_("only the model speaks for it"),
    "disagreed": N_("rule and model disagree"),
    "contradictory_rules": N_("two classes claim the same headline"),
    "corrected_alike": N_("a person decided so about a like document"),
    "unknown": N_("nothing speaks for any class"),
}

STARTS: dict[str, str] = {
    "closed": N_("Dossier closed"),
    "created": N_("Document made"),
    "issued": N_("Invoice issued"),
    "sent_or_received": N_("Sent or received"),
    "last_entry": N_("Last entry"),
    "awarded": N_("Contract awarded"),
    "contract_ended": N_("End of the contract"),
    "registered": N_("Entry in the register"),
    "moved_or_died": N_("Moved away or died"),
    "expired": N_("End of validity"),
    "elected": N_("Day of the election"),
    "born": N_("Birth"),
    "died": N_("Death"),
    "left_service": N_("Left the service"),
    "final": N_("No longer open to appeal"),
    "deregistered": N_("Taken off the register"),
    "demolished": N_("Building demolished"),
}

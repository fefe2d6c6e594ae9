"""Sentences for people: reason code and parameters in, German or English out.

Promises that every sentence for a person passes through here: reasons from `archiver.sentences`,
texts of the command line through `tr`. English is the source; German comes from
`locale/de/LC_MESSAGES/archiver.mo`. A code that is not known gives the code itself, never an
error: a message about trouble must not make trouble.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archiver.tongue import N_, tr, use

if TYPE_CHECKING:
    from archiver.sentences import Phrase

__all__ = [
    "N_", "advice", "basis_name", "date", "event_name", "moment", "sentence", "state_name",
    "tr", "use",
]  # fmt: skip


def sentence(reason: str, params: Mapping[str, object] | None = None) -> str:
    """What happened, as a sentence."""
    phrase = _phrase(reason)
    return _filled(phrase.message, params) if phrase else reason


def advice(reason: str, params: Mapping[str, object] | None = None) -> str:
    """What to do next, as a sentence, or empty."""
    phrase = _phrase(reason)
    return _filled(phrase.advice, params) if phrase else ""


def _phrase(reason: str) -> Phrase | None:
    # Only here: a command that succeeds says none of them.
    from archiver.sentences import REASONS

    return REASONS.get(reason)


def _filled(text: str, params: Mapping[str, object] | None) -> str:
    values = {key: tr(str(value)) for key, value in (params or {}).items()}
    try:
        return tr(text).format_map(values)
    except (KeyError, IndexError, ValueError):
        return tr(text)


def state_name(state: str) -> str:
    """A state as people call it."""
    return tr(STATES.get(state, state))


def event_name(event: str) -> str:
    """A kind of ledger line as people call it."""
    return tr(EVENTS.get(event, event))


def basis_name(basis: str) -> str:
    """What the answer about a document's class rests on, as people say it."""
    return tr(BASES.get(basis, basis))


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
    "dismissed": N_("dismissed"),
    "withdrawn": N_("withdrawn"),
    "confirmed": N_("confirmed by a person"),
    "corrected": N_("corrected by a person"),
    "ordered": N_("pages divided or joined by a person's order"),
    "replaced": N_("scan replaced"),
    "divided": N_("pages went into other documents"),
    "destroyed": N_("destroyed"),
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

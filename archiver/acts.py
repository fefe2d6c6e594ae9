"""Acts: the use cases that travel over the socket by their name.

Promises that only what stands here can be asked by name, by those who have the right to it, and
that the words of a request are of the types that the use case wants.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_type_hints

import msgspec

from archiver.errors import UsageFault
from archiver.plaintext import plain_values
from archiver.rights import Act

# How an act answers, and whether a file comes with it.
Way = Literal["plain", "progress", "file", "upload"]

ACTS: dict[str, Way] = {
    "dossier_list": "plain",
    "dossier_show": "plain",
    "dossier_open": "plain",
    "dossier_close": "plain",
    "dossier_reopen": "plain",
    "dossier_change": "plain",
    "dossier_tell": "plain",
    "dossier_move": "plain",
    "dossier_merge": "plain",
    "retention_due": "plain",
    "retention_picture": "file",
    "retention_explain": "plain",
    "retention_rules": "plain",
    "retention_adopt": "plain",
    "retention_confirm": "plain",
    "hold_place": "plain",
    "hold_list": "plain",
    "hold_show": "plain",
    "hold_review": "plain",
    "hold_lift": "plain",
    "batch_propose": "progress",
    "batch_list": "plain",
    "batch_show": "plain",
    "batch_approve": "plain",
    "batch_offer": "plain",
    "batch_message": "file",
    "batch_appraise": "upload",
    "batch_export": "progress",
    "batch_confirm": "upload",
    "batch_drop": "plain",
    "batch_cancel": "plain",
    "batch_destroy": "progress",
    "certificate_list": "plain",
    "certificate_show": "plain",
    "certificate_prove": "progress",
    "certificate_get": "file",
    "quality_draw": "plain",
    "quality_list": "plain",
    "quality_show": "plain",
    "quality_pass": "plain",
    "quality_fail": "plain",
    "quality_report": "plain",
    "purge": "progress",
    "note_show": "plain",
    "note_paper": "file",
    "disclosure_look": "plain",
    "disclosure_preview": "file",
    "disclosure_give": "progress",
    "disclosure_package": "file",
    "disclosure_taken": "plain",
    "disclosure_list": "plain",
    "disclosure_show": "plain",
    "ledger_head": "plain",
    "ledger_seal": "plain",
    "ledger_verify": "plain",
    "ledger_export": "file",
    "procedure": "file",
    "try_cage": "plain",
    "clock": "plain",
    "clock_confirm": "plain",
}

# The right that an act takes: to read or to maintain; all others dispose of records.
_READING = frozenset(
    {
        "batch_list",
        "batch_show",
        "certificate_get",
        "certificate_list",
        "certificate_show",
        "clock",
        "dossier_list",
        "dossier_show",
        "hold_list",
        "hold_show",
        "ledger_head",
        "note_paper",
        "note_show",
        "quality_list",
        "quality_report",
        "quality_show",
        "retention_due",
        "retention_explain",
        "retention_picture",
        "retention_rules",
    }
)
_MAINTAINING = frozenset(
    {
        "clock_confirm",
        "try_cage",
        "ledger_seal",
    }
)

MOST = 1_000_000_000
"""No number in a request is larger: pages, years, versions and shares are all far below."""

# Not words of a request: what comes with it otherwise.
_BESIDE = frozenset({"progress", "source", "return"})


def required(name: str) -> Act:
    """The right that an act takes; what is no act, only the owner may ask for, in vain.

    Args:
        name: as it was asked for.
    """
    if name in _READING:
        return Act.READ
    return Act.DISPOSE if name in ACTS and name not in _MAINTAINING else Act.MAINTAIN


def too_large() -> UsageFault:
    """What is said of a number that is too large."""
    return UsageFault("number_too_large", most=f"{MOST:,}".replace(",", " "))


def sound(value: Any) -> Any:
    """A value of a request with nothing in it but what can be read and counted.

    Args:
        value: text, or made from JSON.

    Raises:
        UsageFault: ``number_too_large``.
    """
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict | list):
            pending += one.values() if isinstance(one, dict) else one
        elif isinstance(one, int | float) and not -MOST <= one <= MOST:
            raise too_large()
    return plain_values(value)


def words_of(method: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The words of a request as the arguments of a use case.

    Args:
        method: of the façade; takes them by name.
        given: from JSON.

    Raises:
        UsageFault: ``bad_request`` where a word is missing, unknown or of another type.
    """
    hints = {name: kind for name, kind in get_type_hints(method).items() if name not in _BESIDE}
    try:
        words = {name: msgspec.convert(value, hints[name]) for name, value in given.items()}
    except KeyError as error:
        raise UsageFault("bad_request", word=str(error.args[0])) from None
    except msgspec.ValidationError as error:
        raise UsageFault("bad_request", word=str(error)) from None
    parameters = inspect.signature(method).parameters
    missing = [n for n in hints if n not in words and parameters[n].default is parameters[n].empty]
    if missing:
        raise UsageFault("bad_request", word=missing[0])
    return words

"""Acts: the use cases that travel over the socket by their name.

Promises that only what stands here can be asked by name, and that the words of a request are of
the types that the use case wants.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_type_hints

import msgspec

from archiver.errors import UsageFault

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
}

# Not words of a request: what comes with it otherwise.
_BESIDE = frozenset({"progress", "source", "return"})


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

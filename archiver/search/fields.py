"""Names of the query language: fields and states, in German and English.

Promises literal tables with folded names, and pure look-ups that name what is known when a name
is not.
"""

from __future__ import annotations

from archiver.errors import UsageFault
from archiver.records import AccessionState, DocumentState
from archiver.search.german import fold, key

REFERENCE, CLASS, SENDER, SUBJECT = "reference", "class", "sender", "subject"
DATE, RECEIVED, STATE, FILE, DOSSIER, ID = "date", "received", "state", "file", "dossier", "id"

DATES = frozenset({DATE, RECEIVED})
TEXTS = frozenset({SENDER, SUBJECT, FILE, DOSSIER})

SPELLINGS: dict[str, tuple[str, ...]] = {
    REFERENCE: ("az", "aktenzeichen", "ref", "reference"),
    CLASS: ("typ", "klasse", "class", "type"),
    SENDER: ("absender", "von", "sender", "from"),
    SUBJECT: ("betreff", "subject"),
    DATE: ("datum", "date"),
    RECEIVED: ("eingang", "received"),
    STATE: ("status", "zustand", "state"),
    FILE: ("datei", "file"),
    DOSSIER: ("akte", "dossier"),
    ID: ("id",),
}

_D, _A = DocumentState, AccessionState
_GERMAN_STATES: dict[str, tuple[str, ...]] = {
    _D.ACCEPTED: ("angenommen",),
    _D.RECOGNISED: ("erkannt", "gelesen"),
    _D.CLASSIFIED: ("klassifiziert", "zugeordnet"),
    _D.FILED: ("abgelegt",),
    _D.OFFERED: ("angeboten",),
    _D.HANDED_OVER: ("abgegeben", "übergeben"),
    _D.DESTROYED: ("vernichtet",),
    _D.REVIEW: ("in Prüfung", "Prüfung", "zu prüfen"),
    _D.QUARANTINED: ("Quarantäne", "in Quarantäne", "quarantine"),
    _D.WITHDRAWN: ("zurückgezogen",),
    _A.RECEIVED: ("empfangen", "eingegangen"),
    _A.SEPARATED: ("getrennt",),
    _A.DUPLICATE: ("Dublette", "doppelt"),
}

_FIELDS = {fold(name): field for field, names in SPELLINGS.items() for name in names}
_STATES = {key(state): str(state) for state in (*DocumentState, *AccessionState)} | {
    key(name): str(state) for state, names in _GERMAN_STATES.items() for name in names
}


def field_named(name: str, position: int) -> str:
    """Find a field by one of its spellings.

    Args:
        name: as typed, without the colon.
        position: of the name in the query, for the fault.

    Raises:
        UsageFault: ``unknown_field`` with the names that are known.
    """
    field = _FIELDS.get(fold(name))
    if field is None:
        known = ", ".join(spelling for names in SPELLINGS.values() for spelling in names)
        raise UsageFault("unknown_field", field=name, position=position, known=known)
    return field


def is_field(name: str) -> bool:
    """Whether a name is the spelling of a field."""
    return fold(name) in _FIELDS


def state_named(name: str, position: int) -> str:
    """Find a state by its code or its German name.

    Raises:
        UsageFault: ``unknown_state`` with the names that are known.
    """
    state = _STATES.get(key(name))
    if state is None:
        german = (names[0] for names in _GERMAN_STATES.values())
        raise UsageFault("unknown_state", state=name, position=position, known=", ".join(german))
    return state

"""Deciding: how a person's word about a document is recorded, and what it brings with it.

Promises that each decision is one ledger line and, in the object, what was said; that it stands
for every later reading of the document; and that it becomes an example for the next like one.
"""

from __future__ import annotations

from archiver import phrases
from archiver.acts import Json
from archiver.archive.visit import Visit
from archiver.errors import Refusal
from archiver.pipeline.decisions import CLASS, decided, ordered
from archiver.records import UNCLASSIFIED, DocumentState, Id
from archiver.registry import dossiers, rulebook
from archiver.registry.dossiers import require_leaving, require_open
from archiver.retention.units import needs_dossier
from archiver.store.objects import Decision, Order, dossier_key


class Deciding(Visit):
    """What all parts need in which persons decide about documents."""

    def _required(self, identifier: Id, state: DocumentState, reason: str) -> Json:
        row = self._document(identifier)
        if row["state"] != state:
            raise Refusal(reason, id=str(row["id"]), state=phrases.state_name(str(row["state"])))
        self._require_free(row)
        return row

    def _order(self, row: Json, order: Order, values: dict[str, str] | None = None) -> Json:
        """Record how pages are to be moved, and have it done."""
        document, actor = str(row["id"]), self._caller.pseudonym
        decision, data = self._said(row, "ordered", values) if values else (None, {})
        self._house.decide(
            "ordered",
            document,
            lambda record, part: ordered(record, order, decision, part),
            data,
            actor,
            str(row["state"]),
        )
        self._tell(document)
        return {"id": document, "state": self._state(document)}

    def _said(self, row: Json, event: str, values: dict[str, str]) -> tuple[Decision, Json]:
        """A decision, and what the ledger says of it."""
        was = row["record_class"] if CLASS in values else None
        data: Json = {"set": sorted(values)}
        if CLASS in values:
            data |= {"class": values[CLASS], "was": was, "proposed": row["proposed"]}
        if event == "confirmed":
            data["changed"] = _changed(row, values)
        return Decision(self._house.now(), self._caller.pseudonym, event, values, was), data

    def _decide(self, row: Json, event: str, values: dict[str, str]) -> Json:
        """Record what a person said, and learn from it."""
        document, actor = str(row["id"]), self._caller.pseudonym
        self._require_open_dossier(row, event, values)
        decision, data = self._said(row, event, values)
        self._house.decide(
            event,
            document,
            lambda record, part: decided(record, decision, part),
            data,
            actor,
            str(row["state"]),
        )
        closes = any(one.groups for one in self._house.config.classes)
        self._tell(document, at_once=CLASS in values and closes)
        if event == "confirmed":
            self._open_dossier(document)
        if values.get(CLASS, UNCLASSIFIED) != UNCLASSIFIED:
            self._house.teach(document, values[CLASS], corrected=values[CLASS] != row["proposed"])
        return self._settled(document)

    def _require_open_dossier(self, row: Json, event: str, values: dict[str, str]) -> None:
        """Refuse to put a paper into a dossier that is closed, or to take it out of one on hold.

        Raises:
            Refusal: ``dossier_is_closed``, ``reference_not_yours`` or ``document_on_hold``.
        """
        said = values.get("dossier", values.get("reference"))
        key = dossier_key(said) if said is not None else str(row["dossier_key"] or "")
        if said is not None:
            self._require_reference(said)
        if key and (event == "confirmed" or key != row["dossier_key"]):
            require_open(self._house.registry, key)
        # What a paper in review seems to belong to may have been read wrongly.
        is_in = row["dossier_key"] and (event != "confirmed" or row["dossier"])
        if is_in and key != row["dossier_key"]:
            require_leaving(self._house.registry, str(row["id"]), str(row["dossier_key"]))

    def _open_dossier(self, document: Id) -> None:
        """Open the dossier that a person has confirmed with a paper, where its class needs one."""
        row, registry = self._house.register.document(document), self._house.registry
        assert row is not None
        reference, key = row["dossier"], str(row["record_class"])
        if not reference or registry.register.dossier(str(row["dossier_key"])) is not None:
            return
        if needs_dossier(rulebook.in_force(registry), key, registry.today):
            dossiers.open_(registry, str(reference), key, "", self._caller.pseudonym)

    def _settled(self, document: Id) -> Json:
        row = self._house.register.document(document)
        assert row is not None
        return {"id": document, "state": row["state"], "class": row["record_class"]}


def proposed_class(row: Json) -> str | None:
    """The class that stands or, where none does, the one that is proposed."""
    known = (row["record_class"], row["proposed"])
    return next((str(key) for key in known if key and key != UNCLASSIFIED), None)


def _changed(row: Json, values: dict[str, str]) -> list[str]:
    """Names of values that decide when a paper may go and are other than it was shown with."""
    shown = {
        CLASS: proposed_class(row),
        "letter_date": row["letter_date"],
        "received_stamp": row["stamped_on"],
        "reference": row["reference"],
        "dossier": row["dossier_key"],
    }
    said = values | ({"dossier": dossier_key(values["dossier"])} if "dossier" in values else {})
    return sorted(name for name in said if name in shown and said[name] != (shown[name] or ""))

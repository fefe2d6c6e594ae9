"""Judged again: documents that wait for an answer about their class, when something was learned.

Promises the same answer that a document would get which came now, without reading any page again;
that only a wait for a class ends so; and that a person who decides meanwhile is heard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from archiver.classify.classifier import classify
from archiver.classify.verdict import Verdict
from archiver.config import Config
from archiver.errors import IntegrityFault
from archiver.pipeline.decisions import overlaid
from archiver.pipeline.steps import class_doubt, dossier_doubt, standing_class
from archiver.records import DocumentState, Id
from archiver.store import objects
from archiver.store.objects import Record
from archiver.store.queries import CLASS_QUESTION
from archiver.store.register import Row
from archiver.store.stores import Stores

if TYPE_CHECKING:
    from archiver.classify.model import Model


class Rejudge:
    """Judges the waiting documents of one archive.

    Args:
        config: of the archive.
        stores: of the archive.
        model: gives the newest model, None where nothing has been learned.
    """

    def __init__(self, config: Config, stores: Stores, model: Callable[[], Model | None]) -> None:
        self._config = config
        self._stores = stores
        self._holdings = stores.holdings
        self._register = stores.register
        self._model = model

    def judge(self) -> None:
        """Judge all that wait: what is clear now is filed, what is not is asked anew.

        Raises:
            SystemFault: disk full, storage failed.
        """
        model = self._model()
        for row in self._register.waiting():
            if _asks_for_class(row):
                self._judge_one(str(row["id"]), int(row["version"]), model)

    def _judge_one(self, document: Id, version: int, model: Model | None) -> None:
        try:
            if _heard(self._holdings.record(document, version), model):
                return
            pages = self._holdings.pages(document)
        except IntegrityFault:
            return  # `verify` names what is wrong with it
        verdict = classify(pages, self._config.classes, model)
        with self._stores.commit("daemon") as change:
            change.alone()
            row = self._register.document(document)
            if row is None or not _asks_for_class(row):
                return  # a person was quicker
            known = int(row["version"])
            record = self._judged(document, self._holdings.record(document, known), verdict)
            reason = self._doubt(document, record, verdict)
            if (reason, verdict.record_class) == (row["reason"], row["proposed"]):
                return
            kind = "filed" if reason is None else "reviewed"
            version = change.version(document, {objects.RECORD: objects.encode(record)}, kind)
            data: dict[str, Any] = {"version": version, "basis": verdict.basis}
            data |= {"class": record.record_class} if reason is None else {"reason": reason}
            change.line(kind, document, data)

    def _judged(self, document: Id, before: Record, verdict: Verdict) -> Record:
        record = msgspec.structs.replace(
            before,
            record_class=standing_class(verdict),
            verdict=msgspec.to_builtins(verdict),
        )
        return overlaid(record, self._holdings.receipt(document, document).part)

    def _doubt(self, document: Id, record: Record, verdict: Verdict) -> str | None:
        part = self._holdings.receipt(document, document).part
        return dossier_doubt(record, self._register) or class_doubt(
            verdict, part, record, self._config
        )


def _heard(record: Record, model: Model | None) -> bool:
    """Whether the verdict that stands was given with this very model."""
    evidence = (record.verdict or {}).get("evidence", {})
    return bool(evidence.get("model", 0) == (model.version if model else 0))


def _asks_for_class(row: Row) -> bool:
    reason = str(row["reason"])
    return row["state"] == DocumentState.REVIEW and reason.startswith(CLASS_QUESTION)

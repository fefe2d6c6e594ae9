"""Answers which class of the filing plan a document belongs to, or that it does not know.

Promises never to guess: without rules and without examples every answer is `UNCLASSIFIED`. The
answer carries everything that `show` tells about it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from archiver.classify import rules
from archiver.classify.features import WHOLE_CHARACTERS
from archiver.classify.model import Model, Prediction, Speaker
from archiver.classify.verdict import Evidence, Verdict, combine
from archiver.config import RecordClass
from archiver.records import Page

__all__ = ["Verdict", "classify"]


def classify(
    source: str | Sequence[Page],
    plan: Sequence[RecordClass] = (),
    model: Model | None = None,
) -> Verdict:
    """The class of a document, with the evidence.

    Args:
        source: the document's text, or its pages.
        plan: the filing plan.
        model: the newest one, None where nothing has been learned.
    """
    text = source if isinstance(source, str) else _text(source)
    reading = rules.read(source, plan)
    prediction = model.predict(text) if model else None
    sure = {record_class.key for record_class in plan if record_class.sure}
    trust = model.figures.trust if model else {}
    verdict = combine(reading, prediction, sure, trust)
    evidence = Evidence(
        hits=reading.hits, winner=reading.winner, contradiction=reading.contradiction
    )
    if model and prediction:
        evidence = msgspec.structs.replace(
            evidence,
            speakers=_speakers(model, text, verdict, prediction),
            alike=prediction.alike,
            known=round(prediction.known, 3),
            foreign=prediction.foreign,
            model=model.version,
        )
    return msgspec.structs.replace(verdict, evidence=evidence)


def _speakers(
    model: Model, text: str, verdict: Verdict, prediction: Prediction
) -> dict[str, tuple[Speaker, ...]]:
    """What spoke for and against every candidate that the model knows."""
    heard = dict(prediction.ranking)
    keys = [c.record_class for c in verdict.candidates if c.record_class in heard]
    return {key: model.speakers(text, key) for key in keys}


def _text(pages: Sequence[Page]) -> str:
    """The text that the model reads: page by page, as far as it looks."""
    parts: list[str] = []
    length = 0
    for page in pages:
        if length >= WHOLE_CHARACTERS:
            break
        parts.append(page.text)
        length += len(parts[-1])
    return "\n\n".join(part for part in parts if part)

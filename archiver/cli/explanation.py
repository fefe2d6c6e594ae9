"""The explanation: why a document is what it is, as rows of a label and a text for people.

Promises only to put into words what `archiver show --json` holds, the surest first: class and who
named it, the rule and its place, words that spoke for it, the like document that a person decided,
an electronic invoice's checks, where pages came from and went, and what persons said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archiver import phrases
from archiver.naming import (
    CLASS,
    DAY_FIELDS,
    SUM_FIELDS,
    actor_name,
    class_name,
    class_short,
    field_name,
)
from archiver.records import UNCLASSIFIED
from archiver.tongue import N_, is_german, tr

Json = dict[str, Any]
Row = tuple[str, str]

_BY = {
    "rule": N_("the headline"),
    "model": N_("what was learned"),
    "correction": N_("a person, on a document like it"),
}
_SCHEMA = {
    "valid": N_("its form is valid"),
    "invalid": N_("its form is not valid"),
    "not_checked": N_("its form was not checked"),
}
_MOST_FOR, _MOST_AGAINST = 4, 2  # words that spoke


def percent(share: float) -> str:
    """A share from 0 to 1 as 93 %."""
    return f"{100 * share:.0f} %"


def numbers(pages: Sequence[int]) -> str:
    """Numbers of pages as people write them: 1–3, 7."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def classed(document: Json) -> list[Row]:
    """The class that stands and who named it; and what is proposed instead.

    Args:
        document: the answer of `archiver.archive.documents.Documents.show`.
    """
    verdict, standing = document["verdict"], document["class"]
    rows = [(tr("Class"), class_name(standing, document["class_title"]))]
    decided = [one for one in document["decisions"] if "class" in one["values"]]
    if decided:
        day = phrases.moment(decided[-1]["at"])
        rows.append((tr("Because"), tr("a person decided so on {day}").format(day=day)))
    if verdict is None:
        return rows
    if verdict["class"] == UNCLASSIFIED:
        because = verdict["basis_name"]
    else:
        because = f"{verdict['basis_name']} ({percent(verdict['confidence'])})"
    if verdict["class"] == standing and not decided:
        rows.append((tr("Because"), because))
    elif verdict["class"] != standing:
        proposed = class_name(verdict["class"], verdict["title"])
        rows.append((tr("Proposed"), f"{proposed}: {because}"))
    return rows


def explained(document: Json) -> list[Row]:
    """Rows that tell why and where from.

    Args:
        document: the answer of `archiver.archive.documents.Documents.show`.
    """
    verdict = document["verdict"]
    return [
        *((tr("Evidence"), text) for text in (evidence(verdict) if verdict else ())),
        *_invoice(document["invoice"]),
        *_pages(document),
        *_decisions(document["decisions"]),
    ]


def evidence(verdict: Json) -> Iterator[str]:
    """What spoke: the like document, the rule, contradictions, and words."""
    alike = verdict["alike"]
    if alike is not None:
        text = tr("because of document {id}, which a person put into {class_} (likeness {share})")
        share = percent(alike["likeness"])
        yield text.format(id=alike["id"], class_=class_short(alike["record_class"]), share=share)
    if verdict["contradiction"]:
        text = tr("the same headline is claimed by {classes}")
        yield text.format(classes=", ".join(map(class_short, verdict["contradiction"])))
    if verdict["rule"] is not None:
        yield _rule(verdict["rule"])
    for key, speakers in verdict["words"].items():
        if speakers:
            yield _words(key, speakers)


def _rule(hit: Json) -> str:
    where = hit["where"]
    text = (
        tr("“{found}” on page {page}, line {line}, as a headline: {class_}")
        if hit["headline"]
        else tr("“{found}” on page {page}, line {line}, in running text: {class_}")
    )
    told = text.format(
        found=hit["found"],
        page=where["page"],
        line=where["line"] + 1,
        class_=class_short(hit["record_class"]),
    )
    if hit["phrase"].casefold() != hit["found"].casefold():
        told += " " + tr("(the plan's “{phrase}”)").format(phrase=hit["phrase"])
    return told


def _words(key: str, speakers: Sequence[Json]) -> str:
    """The loudest words for and against one class, with their weights."""
    speaks = [one for one in speakers if one["weight"] > 0][:_MOST_FOR]
    against = [one for one in speakers if one["weight"] < 0][:_MOST_AGAINST]
    parts, name = [], class_short(key)
    if speaks:
        parts.append(tr("for {class_}: {words}").format(class_=name, words=_weighed(speaks)))
    if against:
        parts.append(tr("against {class_}: {words}").format(class_=name, words=_weighed(against)))
    return "; ".join(parts)


def _weighed(speakers: Sequence[Json]) -> str:
    return ", ".join(f"{one['name']} {_decimal(one['weight'])}" for one in speakers)


def _decimal(number: float) -> str:
    """A weight with three places: +1.250, in German +1,250."""
    whole, decimals = f"{number:+.3f}".split(".")
    return tr("{whole}.{decimals}").format(whole=whole, decimals=decimals)


def candidates(verdict: Json | None) -> list[str]:
    """The classes that come into question, each with confidence and who names it."""
    return [
        f"{class_name(one['class'], one['title'])}  {percent(one['confidence'])}"
        f"  {tr(_BY[one['by']])}"
        for one in (verdict["candidates"] if verdict else ())
    ]


def _invoice(statement: Json | None) -> Iterator[Row]:
    """Profile, checks, sums and due date of an electronic invoice."""
    if statement is None:
        return
    from archiver.extract.einvoice_text import german_amount

    invoice, checks = statement["invoice"], statement["validation"]
    yield tr("E-invoice"), invoice["profile"] or invoice["syntax"]
    count = len(checks["findings"])
    found = (
        tr("contradictions in it: {count}").format(count=count)
        if count
        else tr("nothing in it contradicts itself")
    )
    yield tr("Checked"), f"{tr(_SCHEMA[checks['schema']])}; {found}"
    sums = (
        (tr("net"), invoice["net"]),
        (tr("tax"), invoice["tax"]),
        (tr("gross"), invoice["gross"]),
        (tr("to pay"), invoice["payable"]),
    )
    told = [f"{label} {german_amount(s, invoice['currency'])}" for label, s in sums if s]
    if told:
        yield tr("Amounts"), "; ".join(told)
    if invoice["due_date"]:
        yield tr("Due on"), phrases.date(invoice["due_date"])


def _pages(document: Json) -> Iterator[Row]:
    """Of which pages a document was made, and which documents its own became."""
    for source in document["made_of"]:
        text = (
            tr("page {pages} of {id}") if len(source["pages"]) == 1 else tr("pages {pages} of {id}")
        )
        yield tr("Made of"), text.format(pages=numbers(source["pages"]), id=source["id"])
    if document["parts"]:
        yield tr("Became"), ", ".join(document["parts"])


def _decisions(decisions: Sequence[Json]) -> Iterator[Row]:
    """What persons said, in the words in which it can be said again."""
    for one in decisions:
        what = f"{phrases.event_name(one['event'])} ({actor_name(one['actor'])})"
        yield tr("Decision"), f"{phrases.moment(one['at'])} {what}: {said(one['values'])}"


def said(values: Mapping[str, str]) -> str:
    """Values as they are given to ``set``: class=invoice, in German Klasse=20.31 Rechnungen."""
    return ", ".join(f"{field_name(key)}={field_value(key, one)}" for key, one in values.items())


def field_value(kind: str, value: str) -> str:
    """The normal form of a value as people write it; in English as the JSON has it.

    Args:
        kind: of the field, or ``class``.
        value: its normal form; empty: it was taken away.
    """
    from archiver.extract.einvoice_text import german_amount

    if kind == CLASS:
        return class_short(value)
    if not value or not is_german():
        return value
    if kind in DAY_FIELDS:
        return phrases.date(value)
    return german_amount(value) if kind in SUM_FIELDS else value

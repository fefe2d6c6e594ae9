"""The catalogue as one person may see it: views of his own in place of the tables.

Promises that no question which is asked through such a connection gets a row of a paper that its
person may not see, whatever the question: SQLite looks into the connection's own (temporary) views
before it looks into the tables of the same names.
"""

from __future__ import annotations

import sqlite3

from archiver.records import MATTERS_GONE
from archiver.sight import Sight
from archiver.store.matterqueries import NOT_THERE

# `archiver.sight.guard` in the words of the database, which has a hundred thousand rows to judge.
_GUARD = (
    "CASE WHEN {0}.state IN ('divided', 'destroyed') THEN '*' ELSE coalesce("
    "nullif(nullif({0}.record_class, 'unclassified'), ''),"
    " nullif(nullif({0}.proposed, 'unclassified'), ''),"
    " CASE coalesce({0}.record_class, '') || coalesce({0}.proposed, '')"
    " WHEN '' THEN '?' ELSE 'unclassified' END) END"
)
_PASSED = f"{_GUARD} IN (SELECT key FROM temp.passed_guard)"
_CAME = (
    "EXISTS (SELECT 1 FROM main.accession AS came WHERE came.document = {0}.id"
    " AND came.pipeline IN (SELECT name FROM temp.own_folder))"
)


def prepare(connection: sqlite3.Connection, sight: Sight) -> None:
    """Put the views of a sight in the place of the tables; the connection only reads after it.

    Args:
        connection: fresh, of the catalogue.
        sight: of the person.
    """
    connection.executescript(
        "PRAGMA temp_store=MEMORY;"
        "CREATE TEMP TABLE passed_guard (key TEXT PRIMARY KEY);"
        "CREATE TEMP TABLE own_folder (name TEXT PRIMARY KEY);"
    )
    passed = [(key,) for key in sorted(sight.guards or ())]
    connection.executemany("INSERT INTO temp.passed_guard VALUES (?)", passed)
    folders = [(name,) for name in sorted(set(sight.folders))]
    connection.executemany("INSERT INTO temp.own_folder VALUES (?)", folders)
    for name, condition in _views(sight).items():
        connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT * FROM main.{name} AS it WHERE {condition}"
        )
    connection.execute("PRAGMA query_only=ON")


def _views(sight: Sight) -> dict[str, str]:
    """The condition under which a row of each table is there."""
    views = {"document": _seen("it", sight)}
    its_document = (
        f"SELECT 1 FROM main.document AS d WHERE d.id = it.document AND {_seen('d', sight)}"
    )
    for name in ("accession", "batch_item"):
        views[name] = f"EXISTS ({its_document})"
    if sight.guards is not None:
        views["matter"] = _seen_matter(sight)
    return views


def _seen(row: str, sight: Sight) -> str:
    """The condition for a row of documents, by the name that it has in the question."""
    parts = []
    if not sight.withdrawn:
        parts.append("{0}.state <> 'withdrawn'")
    if sight.guards is not None:
        unjudged = ", ".join(f"'{key}'" for key in sorted(sight.unjudged))
        parts.append(f"({_PASSED} OR ({_GUARD} IN ({unjudged}) AND {_CAME}))")
    if not sight.reads:
        parts.append(_CAME)
    return (" AND ".join(parts) or "1").format(row)


def _seen_matter(sight: Sight) -> str:
    """Dossiers by their class and papers, batches by all their papers; others the façade judges.

    Nobody can tell any more what was in a batch that has ended.
    """
    there = ", ".join(f"'{state}'" for state in NOT_THERE)
    gone = ", ".join(f"'{state}'" for state in sorted(MATTERS_GONE))
    papers = (
        "SELECT 1 FROM main.document AS d WHERE d.dossier_key = it.key"
        f" AND d.state NOT IN ({there})"
    )
    own_class = "json_extract(it.about, '$.class_key') IN (SELECT key FROM temp.passed_guard)"
    dossier = (
        f"{own_class} AND (NOT EXISTS ({papers}) OR EXISTS ({papers} AND {_seen('d', sight)}))"
    )
    hidden = (
        "SELECT 1 FROM main.batch_item AS i JOIN main.document AS d ON d.id = i.document"
        f" WHERE i.batch = it.id AND NOT ({_seen('d', sight)})"
    )
    batch = f"it.state NOT IN ({gone}) AND NOT EXISTS ({hidden})"
    return f"CASE it.kind WHEN 'dossier' THEN {dossier} WHEN 'batch' THEN {batch} ELSE 1 END"

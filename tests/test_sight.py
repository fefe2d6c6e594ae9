"""What a person may see: one rule, held to by the catalogue and by both index engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from archiver.config import Config, Pipeline, RecordClass, Rights
from archiver.records import UNCLASSIFIED, DocumentState
from archiver.rights import Caller, sight, standing
from archiver.search.index import Entry, open_index
from archiver.search.query import parse
from archiver.sight import MIXED, UNJUDGED, Sight, guard
from archiver.store import schema as t
from archiver.store.holdings import Holdings
from archiver.store.ledger import Ledger
from archiver.store.register import Register
from archiver.store.vault import LocalVault

pytestmark = pytest.mark.pure

OPEN, CLOSED, GONE = "by_law", "personnel", "no longer in the plan"
STAFF, REVIEWERS, ARCHIVISTS, PERSONNEL, CLERKS = "51", "52", "53", "54", "55"

CONFIG = Config(
    file=Path("/nowhere/config.toml"),
    rights=Rights(staff=(STAFF,), reviewers=(REVIEWERS,), archivists=(ARCHIVISTS,)),
    pipelines=(Pipeline("front", "front", clerks=(CLERKS,)), Pipeline("back", "back")),
    classes=(RecordClass(OPEN), RecordClass(CLOSED, groups=(PERSONNEL,))),
)


def seen_by(*groups: str, config: Config = CONFIG, uid: int = 5) -> Sight:
    caller = Caller(uid, frozenset(map(int, groups)))
    return sight(config, caller, standing(config, caller, owner=77))


def test_a_closed_class_is_open_to_its_groups_and_to_the_owner() -> None:
    assert not seen_by(STAFF).passes(CLOSED)
    assert not seen_by(ARCHIVISTS).passes(CLOSED)
    assert seen_by(STAFF, PERSONNEL).guards is None
    assert seen_by(uid=77).is_whole
    assert seen_by(uid=0).is_whole


def test_from_whom_a_class_is_kept_all_is_kept_that_may_be_of_it() -> None:
    for guarded_by in (CLOSED, UNJUDGED, UNCLASSIFIED, MIXED, GONE):
        assert not seen_by(STAFF).passes(guarded_by)
        assert not seen_by(CLERKS).passes(guarded_by)
    assert seen_by(STAFF).passes(OPEN)
    # Somebody must be able to judge what nobody has judged yet.
    for guarded_by in (UNJUDGED, UNCLASSIFIED):
        assert seen_by(REVIEWERS).passes(guarded_by)
        assert guarded_by in seen_by(CLERKS, STAFF).unjudged
    assert not seen_by(REVIEWERS).passes(MIXED)


@pytest.mark.parametrize("listed", [True, False])
def test_unclassified_papers_are_kept_as_long_as_the_plan_does_not_say_otherwise(
    listed: bool,
) -> None:
    # The plan may have the class for its title alone.
    also = (RecordClass(UNCLASSIFIED, title="Noch nicht zugeordnet"),) if listed else ()
    silent = msgspec.structs.replace(CONFIG, classes=(*CONFIG.classes, *also))
    assert not seen_by(STAFF, config=silent).passes(UNCLASSIFIED)
    assert seen_by(REVIEWERS, config=silent).passes(UNCLASSIFIED)
    assert seen_by(STAFF, PERSONNEL, config=silent).passes(UNCLASSIFIED)
    named = (*CONFIG.classes, RecordClass(UNCLASSIFIED, groups=(STAFF,)))
    told = msgspec.structs.replace(CONFIG, classes=named)
    assert seen_by(STAFF, config=told).passes(UNCLASSIFIED)
    assert not seen_by(STAFF, config=told).passes(UNJUDGED)
    # To the groups alone: not even to those who decide, or who brought the paper.
    assert not seen_by(REVIEWERS, config=told).passes(UNCLASSIFIED)
    assert UNCLASSIFIED not in seen_by(CLERKS, config=told).unjudged


def test_where_no_class_is_closed_nothing_is_kept_but_what_was_taken_back() -> None:
    plain = Config(file=CONFIG.file, rights=CONFIG.rights, classes=(RecordClass(OPEN),))
    assert seen_by(STAFF, config=plain) == Sight(withdrawn=False)
    assert seen_by(ARCHIVISTS, config=plain).is_whole
    assert not seen_by(CLERKS, config=plain).reads


# --- catalogue and index hold to it -------------------------------------------------------------


class Paper(NamedTuple):
    """What decides whether somebody sees a paper."""

    state: str
    record_class: str | None
    proposed: str | None
    folder: str


CLASSES = st.sampled_from([None, UNCLASSIFIED, OPEN, CLOSED, GONE])
PAPERS = st.lists(
    st.builds(
        Paper, st.sampled_from(list(DocumentState)), CLASSES, CLASSES,
        st.sampled_from(["front", "back"]),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip
GUARDS = st.frozensets(st.sampled_from([OPEN, CLOSED, UNCLASSIFIED, UNJUDGED, MIXED]), min_size=1)
SIGHTS = st.builds(
    Sight, st.none() | GUARDS, st.booleans(), st.booleans(),
    st.sampled_from([(), ("front",)]),
    st.sampled_from([frozenset({UNJUDGED}), frozenset({UNJUDGED, UNCLASSIFIED})]),
)  # fmt: skip


def _decides(paper: Paper) -> str:
    """The rule once more, as a person would say it."""
    if paper.state in ("divided", "destroyed"):
        return MIXED
    if paper.record_class not in (None, UNCLASSIFIED):
        return str(paper.record_class)
    if paper.proposed not in (None, UNCLASSIFIED):
        return str(paper.proposed)
    return UNCLASSIFIED if paper.record_class or paper.proposed else UNJUDGED


def _sees(by: Sight, paper: Paper) -> bool:
    decides, came = _decides(paper), paper.folder in by.folders
    passes = by.guards is None or decides in by.guards or (decides in by.unjudged and came)
    return passes and (by.reads or came) and (by.withdrawn or paper.state != "withdrawn")


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    root = tmp_path_factory.mktemp("catalogue")
    (root / "ledger").mkdir()
    ledger = Ledger(root / "ledger")
    ledger.open()
    vault = LocalVault.create(root / "vault", root / "stage")
    made = Register(root / "catalogue.db", ledger, Holdings(vault))
    yield made
    made.close()


def _filled(register: Register, papers: list[Paper]) -> None:
    with register._transaction() as connection:
        for table in (t.accession, t.document):
            connection.execute(delete(table))
        for number, paper in enumerate(papers):
            identifier = f"D{number:02}"
            connection.execute(
                insert(t.document).values(
                    id=identifier, state=paper.state, media_type="application/pdf", sha512="",
                    version=1, received_on="2026-01-02", findings=[], params={}, changed_at="",
                    record_class=paper.record_class, proposed=paper.proposed,
                    dossier_key=_decides(paper),
                )
            )  # fmt: skip
            connection.execute(
                insert(t.accession).values(
                    id=identifier, state="separated", document=identifier, pipeline=paper.folder,
                    file="", file_raw=b"", size=0, received_at="", actor="",
                )
            )  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(papers=PAPERS, by=SIGHTS)
def test_the_catalogue_shows_what_a_person_may_see_and_counts_it(
    register: Register, papers: list[Paper], by: Sight
) -> None:
    _filled(register, papers)
    seen = register.seen(by)
    expected = [f"D{n:02}" for n, paper in enumerate(papers) if _sees(by, paper)]
    assert list(seen.documents()) == expected
    assert sum(seen.counts().values()) == len(expected)
    assert [row["id"] for row in seen.scans()] == expected
    assert seen.matching("D") == expected[:10]
    for number, paper in enumerate(papers):
        identifier = f"D{number:02}"
        assert (seen.document(identifier) is not None) is (identifier in expected)
        assert len(seen.accessions(identifier)) == (identifier in expected)
        assert guard(paper.state, paper.record_class, paper.proposed) == _decides(paper)
    # Nothing was taken away from anybody else.
    assert len(list(register.documents())) == len(papers)


def _entry(number: int, paper: Paper) -> Entry:
    guarded_by = guard(paper.state, paper.record_class, paper.proposed)
    return Entry(
        f"D{number:02}", paper.state, paper.record_class, None, None, None, None, "2026-01-02",
        "scan.pdf", None, ("Satzung über den Friedhof",), 1, guarded_by,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["tantivy", "whoosh"])
def test_a_search_finds_and_counts_what_a_person_may_see(engine: str, tmp_path: Path) -> None:
    papers = [
        Paper(state, record_class, proposed, "back")
        for state in (DocumentState.FILED, DocumentState.WITHDRAWN, DocumentState.REVIEW)
        for record_class in (None, UNCLASSIFIED, OPEN, CLOSED, GONE)
        for proposed in (None, CLOSED)
    ]
    index = open_index(engine, tmp_path / "index")
    index.apply([_entry(number, paper) for number, paper in enumerate(papers)], (), 1)
    sights: list[Any] = [
        Sight(), Sight(withdrawn=False), seen_by(STAFF), seen_by(REVIEWERS), seen_by(ARCHIVISTS),
    ]  # fmt: skip
    for by in sights:
        expected = {f"D{n:02}" for n, paper in enumerate(papers) if _sees(by, paper)}
        for typed in ("*", "Satzung", "NOT Satzungen", "-zzz", "a OR Satzung", "status:review"):
            whole = {hit.id for hit in index.search(parse(typed), 100, date(2026, 1, 3)).hits}
            found = index.search(parse(typed), 100, date(2026, 1, 3), by)
            assert {hit.id for hit in found.hits} == whole & expected
            assert found.total == len(whole & expected)

"""The registry when something comes between: other writers, failing disks, damaged objects.

Nothing may be destroyed that a hold covers, that the archive has not been asked about, or whose
period runs; and no batch may wait for something that cannot come.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from archiver import server
from archiver.archive import Archive
from archiver.errors import Fault, IntegrityFault, Refusal, SystemFault, UsageFault
from archiver.pipeline import erasure, erasureplan
from archiver.pipeline.erasureplan import journal_of
from archiver.pools import Pools
from archiver.retention.rules import FOR_ALL
from archiver.rights import Caller
from archiver.store import ocfl
from tests.places import memory_folder
from tests.seeding import ARCHIVE_NAME, TOWN_NAME, Bureau, Letter, bureau, furnished
from tests.state_archive import StateArchive
from tests.town import Town

REFERENCE = "32.1-4/2009"
TAKES_CHRONICLES = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda title: "Chronik" in title)
TAKES_NOTHING = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda _title: False)
OFFENCE = Letter("Ordnungswidrigkeit Steinbruch", "offence", "2009-02-02", subject="Bescheid")
CLAIM = Letter("Mahnung Kieswerk", "claim", "2010-01-01", subject="Mahnung")
WAIVED = {"disposition": {"waived": ["claim", "offence"]}}


@pytest.fixture
def town() -> Iterator[Town]:
    with memory_folder() as folder:
        yield furnished(folder / "town")


@pytest.fixture
def one(town: Town) -> Iterator[Bureau]:
    with bureau(town, "2012-01-01") as made:
        yield made


@pytest.fixture
def free(town: Town) -> Iterator[Bureau]:
    """An archive of which the state archive wants neither claims nor offences."""
    town.configure(WAIVED)
    with bureau(town, "2022-01-01") as made:
        yield made


def owner(one: Bureau) -> Archive:
    return Archive(one.house, Caller(0, frozenset()))


def three(one: Bureau) -> tuple[str, str]:
    """A batch of a dossier that the archive takes and two papers, one of which it takes."""
    dossier = one.dossier(REFERENCE, "2010-01-01", OFFENCE, OFFENCE, title="Chronik der Verstöße")
    one.filed(Letter("Jubiläum", "claim", "2010-01-01", subject="Chronik"), CLAIM)
    one.clock.day = "2022-01-01"
    return str(one.one.disposal.propose()["id"]), dossier


def documents(one: Bureau, batch: str) -> list[str]:
    return [str(row["id"]) for row in one.house.register.items(batch)]


def refused(reason: str, step: Callable[[], Any], kind: type[Fault] = Refusal) -> Fault:
    with pytest.raises(kind) as caught:
        step()
    assert caught.value.reason == reason, caught.value
    return caught.value


@contextmanager
def no_room_for(one: Bureau, event: str) -> Iterator[None]:
    """The disk is full when a ledger line of a kind is to be written."""
    ledger = one.house.ledger
    write = ledger.write

    def full(entries: Any) -> None:
        if any(entry.event == event for entry in entries):
            raise SystemFault("disk_full")
        write(entries)

    ledger.write = full  # type: ignore[method-assign]
    try:
        yield
    finally:
        del ledger.write


# --- between the last question and the deed -----------------------------------------------------


def test_a_hold_that_comes_while_destruction_is_prepared_still_stops_it(
    free: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = free.filed(CLAIM, CLAIM)
    batch = free.brought(free.one.disposal.propose()["id"], "approved", TAKES_NOTHING)
    planned, holds = erasureplan.planned, list[str]()

    def slow(*values: Any, **named: Any) -> Any:
        plan = planned(*values, **named)
        if not holds:
            holds.append(free.hold("document", papers[0]))
        return plan

    monkeypatch.setattr(erasure, "planned", slow)
    refused("batch_on_hold", lambda: free.one.disposal.destroy(batch))
    assert all(map(free.house.vault.exists, papers))
    assert not erasure.unfinished(free.house.config)
    free.one.disposal.drop(batch, [papers[0]])
    assert free.one.disposal.destroy(batch)["certificate"]
    assert [free.house.vault.exists(one) for one in papers] == [True, False]


def test_nobody_comes_between_the_first_and_the_last_document_of_a_destruction(
    free: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = free.filed(CLAIM, CLAIM, CLAIM)
    batch = free.brought(free.one.disposal.propose()["id"], "approved", TAKES_NOTHING)
    monkeypatch.setattr(erasure, "_CHUNK", 1)
    seen: list[set[str]] = []

    def told(_done: int, _total: int) -> None:
        rows = [free.house.register.document(paper) for paper in papers]
        seen.append({str(row["state"]) for row in rows if row})

    free.one.disposal.destroy(batch, progress=told)
    assert seen[0] == {"destroyed"}


def test_two_destructions_wait_for_each_other(
    free: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    free.filed(CLAIM)
    first = free.brought(free.one.disposal.propose()["id"], "approved", TAKES_NOTHING)
    free.filed(Letter("Bescheid Sägewerk", "claim", "2010-01-01"))
    second = free.brought(free.one.disposal.propose()["id"], "approved", TAKES_NOTHING)
    begun: list[threading.Thread] = []
    answers: dict[str, Any] = {}
    destroy = erasure._destroy

    def slow(*values: Any, **named: Any) -> None:
        if not begun:
            journal = journal_of(free.house.config)
            plan = journal.read_bytes()
            for name, batch in (("same", first), ("other", second)):
                ask = lambda name=name, batch=batch: answers.update(  # noqa: E731
                    {name: free.one.disposal.destroy(batch)["certificate"]}
                )
                begun.append(threading.Thread(target=ask))
            for thread in begun:
                thread.start()
            begun[1].join(0.5)
            assert journal.read_bytes() == plan, "another one has taken it away"
        destroy(*values, **named)

    monkeypatch.setattr(erasure, "_destroy", slow)
    certificate = free.one.disposal.destroy(first)["certificate"]
    for thread in begun:
        thread.join(60)
    assert answers["same"] == certificate
    assert answers["other"] not in (None, certificate)
    shown = free.one.certificates.list()["certificates"]
    assert [one["is_proved"] for one in shown] == [True, True]


def test_who_approved_does_not_destroy_what_another_began(
    free: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    free.filed(CLAIM)
    batch = free.brought(free.one.disposal.propose()["id"], "approved", TAKES_NOTHING)

    def full(*_values: Any, **_named: Any) -> None:
        raise SystemFault("disk_full")

    with monkeypatch.context() as patch, pytest.raises(SystemFault):
        patch.setattr(erasure, "planned", full)
        free.one.disposal.destroy(batch)
    assert free.state(batch) == "destroying"
    refused("second_person_needed", lambda: free.two.disposal.destroy(batch))
    assert free.one.disposal.destroy(batch)["certificate"]


def test_a_unit_that_is_held_up_does_not_keep_the_others_of_its_batch_for_ever(
    one: Bureau,
) -> None:
    batch, dossier = three(one)
    one.brought(batch, "handed_over", TAKES_CHRONICLES)
    going = set(documents(one, batch))
    one.filed(Letter("Nachtrag", "offence", "2009-03-03", reference=REFERENCE))
    refused("batch_changed", lambda: one.one.disposal.destroy(batch))
    one.one.disposal.drop(batch, [dossier])
    staying = {str(row["id"]) for row in one.house.register.in_dossier(REFERENCE)}
    assert one.one.disposal.destroy(batch)["certificate"]
    assert all(map(one.house.vault.exists, staying))
    assert not any(map(one.house.vault.exists, going - staying))
    states = [row["state"] for row in one.house.register.in_dossier(REFERENCE)]
    assert states == ["handed_over", "handed_over", "filed"]


@pytest.mark.parametrize("state", ["exported", "handed_over"])
def test_the_last_unit_of_a_batch_that_cannot_be_called_off_can_stay(
    one: Bureau, state: str
) -> None:
    dossier = one.dossier(REFERENCE, "2010-01-01", OFFENCE, title="Chronik")
    one.clock.day = "2022-01-01"
    batch = one.brought(one.one.disposal.propose()["id"], state, TAKES_CHRONICLES)
    one.filed(Letter("Nachtrag", "offence", "2009-03-03", reference=REFERENCE))
    after = one.one.disposal.destroy if state == "handed_over" else None
    if after is not None:
        refused("batch_changed", lambda: after(batch))
    one.one.disposal.drop(batch, [dossier])
    assert one.state(batch) == "handed_over"
    assert one.one.disposal.destroy(batch) == {"certificate": None}
    assert one.state(batch) == "done"
    states = [row["state"] for row in one.house.register.in_dossier(REFERENCE)]
    assert states == ["filed" if state == "exported" else "handed_over", "filed"]
    assert list(one.house.config.places.exports.iterdir()) == []


# --- a line that could not be written -----------------------------------------------------------


def test_what_a_failed_step_left_in_an_object_is_not_taken_for_true(one: Bureau) -> None:
    batch, dossier = three(one)
    before = set(documents(one, batch))
    units = one.units(batch)
    first, second = [unit for unit in units if unit != dossier]
    with no_room_for(one, "batch_reduced"), pytest.raises(SystemFault):
        one.one.disposal.drop(batch, [first])
    one.one.disposal.drop(batch, [second])
    assert set(documents(one, batch)) == before - {second}


def test_a_certificate_that_could_not_be_issued_is_issued_when_asked_again(
    free: Bureau,
) -> None:
    (paper,) = free.filed(CLAIM)
    batch = free.brought(free.one.disposal.propose()["id"], "approved", TAKES_NOTHING)
    with no_room_for(free, "certificate_issued"), pytest.raises(SystemFault):
        free.one.disposal.destroy(batch)
    assert not free.house.vault.exists(paper)
    issued = free.one.disposal.destroy(batch)["certificate"]
    (shown,) = free.one.certificates.list()["certificates"]
    assert (shown["id"], shown["is_proved"]) == (issued, True)
    assert not erasure.unfinished(free.house.config)


def test_a_batch_is_cancelled_with_its_documents_or_not_at_all(one: Bureau) -> None:
    batch, _dossier = three(one)
    one.brought(batch, "offered", TAKES_CHRONICLES)
    with no_room_for(one, "batch_cancelled"), pytest.raises(SystemFault):
        one.one.disposal.cancel(batch)
    assert {row["state"] for row in one.house.register.items(batch)} == {"offered"}
    inside = documents(one, batch)
    one.one.disposal.cancel(batch)
    rows = [one.house.register.document(document) for document in inside]
    assert {row["state"] for row in rows if row} == {"filed"}


def test_a_hold_that_was_not_lifted_stands_after_the_ledger_was_lost(town: Town) -> None:
    with bureau(town, "2012-01-01") as one:
        (paper,) = one.filed(CLAIM)
        hold = one.hold("document", paper)
        with no_room_for(one, "hold_lifted"), pytest.raises(SystemFault):
            one.one.holds.lift(hold)
        one.one.holds.review(hold, date(2098, 1, 1))
        assert one.one.holds.show(hold)["state"] == "stands"
        places = one.house.config.places
    for file in places.ledger.iterdir():
        file.unlink()
    for file in places.catalogue.parent.glob(places.catalogue.name + "*"):
        file.unlink()
    with bureau(town, "2012-01-02") as one:
        one.house.intake.adopt_unknown()
        shown = one.one.holds.show(hold)
        assert (shown["state"], shown["review_on"]) == ("stands", "2098-01-01")


# --- packages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("comes", ["hold", "drop"])
def test_what_was_taken_out_while_it_was_written_is_not_handed_over(
    one: Bureau, comes: str
) -> None:
    batch, dossier = three(one)
    one.brought(batch, "appraised", TAKES_CHRONICLES)
    came: list[bool] = []

    def told(_done: int, _total: int) -> None:
        if not came:
            came.append(True)
            if comes == "hold":
                one.hold("dossier", REFERENCE)
            else:
                one.one.disposal.drop(batch, [dossier])

    reason = "batch_on_hold" if comes == "hold" else "batch_changed"
    refused(reason, lambda: one.one.disposal.export(batch, progress=told))
    assert came and one.state(batch) == "appraised"
    if comes == "hold":
        one.one.disposal.drop(batch, [dossier])
    one.one.disposal.export(batch)
    assert list(one.package(batch).titles.values()) == ["Chronik"]


def test_a_package_that_broke_off_before_a_unit_was_taken_out_is_begun_anew(
    one: Bureau,
) -> None:
    batch, dossier = three(one)
    one.brought(batch, "appraised", TAKES_CHRONICLES)

    def killed(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one.one.disposal.export(batch, progress=killed)
    one.one.disposal.drop(batch, [dossier])
    one.one.disposal.export(batch)
    assert list(one.package(batch).titles.values()) == ["Chronik"]


def test_all_packages_of_a_batch_go_with_it(one: Bureau) -> None:
    batch, _dossier = three(one)
    exports = one.house.config.places.exports
    one.brought(batch, "exported", TAKES_CHRONICLES)
    one.one.disposal.export(batch, folder="noch-einmal")
    kept = exports / "anderes"
    kept.mkdir()
    (kept / "brief.txt").write_text("bleibt", encoding="utf-8")
    assert sorted(path.name for path in exports.iterdir()) == sorted([
        batch, "anderes", "noch-einmal"
    ])  # fmt: skip
    one.confirmed(batch, TAKES_CHRONICLES.confirmation(one.package(batch)))
    one.one.disposal.destroy(batch)
    assert [path.name for path in exports.iterdir()] == ["anderes"]


def test_a_batch_that_is_called_off_leaves_no_package(one: Bureau) -> None:
    batch, _dossier = three(one)
    one.brought(batch, "appraised", TAKES_CHRONICLES)
    with no_room_for(one, "batch_exported"), pytest.raises(SystemFault):
        one.one.disposal.export(batch)
    one.one.disposal.cancel(batch)
    assert list(one.house.config.places.exports.iterdir()) == []


# --- what need not be offered -------------------------------------------------------------------


def test_paper_that_came_after_the_handover_is_offered_too(one: Bureau) -> None:
    letter = Letter("Verstoß", "offence", "2009-02-02", subject="Chronik")
    dossier = one.dossier(REFERENCE, "2010-01-01", letter, title="Chronik")
    old = one.one.disposal.propose(older_than=1)["id"]
    one.brought(old, "done", TAKES_CHRONICLES)
    one.one.dossiers.reopen(REFERENCE)
    late = Letter("Nachtrag", "offence", "2010-03-03", reference=REFERENCE)
    (paper,) = one.filed(late)
    one.one.dossiers.close(REFERENCE, date(2011, 1, 1))
    one.clock.day = "2030-01-01"
    batch = one.one.disposal.propose()["id"]
    assert one.units(batch)[dossier]["said"] is None
    one.brought(batch, "handed_over", TAKES_CHRONICLES)
    assert one.house.register.document(paper)["state"] == "handed_over"  # type: ignore[index]


def test_a_class_that_is_waived_does_not_speak_for_a_dossier_of_another(town: Town) -> None:
    town.configure({"disposition": {"waived": ["claim"]}})
    with bureau(town, "2012-01-01") as one:
        one.filed(Letter("Mahnung", "claim", "2009-01-01", reference=REFERENCE))
        dossier = one.one.dossiers.open(REFERENCE, "offence")["id"]
        one.one.dossiers.close(REFERENCE, date(2010, 1, 1))
        one.clock.day = "2022-01-01"
        batch = one.one.disposal.propose()["id"]
        assert one.units(batch)[dossier]["said"] is None


def test_what_stays_here_after_the_handover_stays_though_the_settings_were_others(
    town: Town,
) -> None:
    with bureau(town, "2012-01-01") as one:
        dossier = one.dossier(REFERENCE, "2010-01-01", OFFENCE, title="Chronik")
        one.brought(one.one.disposal.propose(older_than=1)["id"], "done", TAKES_CHRONICLES)
        one.clock.day = "2030-01-01"
        batch = one.one.disposal.propose()["id"]
        assert one.units(batch)[dossier]["said"] == "exempt"
        one.two.disposal.approve(batch)
        papers = documents(one, batch)
    town.configure({"disposition": {"destroy_handed_over": False}})
    with bureau(town, "2030-01-02") as one:
        assert one.one.disposal.destroy(batch) == {"certificate": None}
        assert one.state(batch) == "done" and all(map(one.house.vault.exists, papers))


# --- periods ------------------------------------------------------------------------------------


def test_a_dossier_keeps_as_long_as_the_longest_of_its_classes(one: Bureau) -> None:
    tax = Letter("Hundesteuer", "dog_tax", "2009-02-02")
    one.dossier(REFERENCE, "2010-06-01", OFFENCE, OFFENCE, tax)
    shown = one.one.dossiers.show(REFERENCE)
    assert (shown["class"], shown["ends"]) == ("offence", "2020-12-31")
    permit = Letter("Baugenehmigung", "building_permit", "2009-02-02")
    one.dossier("63-1/2009", "2010-06-01", OFFENCE, OFFENCE, permit)
    assert one.one.dossiers.show("63-1/2009")["due"] == "open"
    one.one.dossiers.tell("63-1/2009", "demolished", date(2010, 1, 1))
    assert one.one.dossiers.show("63-1/2009")["due"] == "dated"


def test_a_period_that_was_corrected_stops_what_was_proposed_under_the_old_one(
    town: Town,
) -> None:
    town.configure(WAIVED)
    with bureau(town, "2022-01-01") as one:
        owner(one).periods.adopt()
        papers = one.filed(CLAIM, OFFENCE)
        batch = one.brought(one.one.disposal.propose()["id"], "approved", TAKES_NOTHING)
        inside = documents(one, batch)
    assert inside == papers[:1]
    plan = town.root / "filingplan.toml"
    head, claim = plan.read_text(encoding="utf-8").split('key = "claim"')
    plan.write_text(
        head + 'key = "claim"' + claim.replace("years = 3", "years = 30", 1), encoding="utf-8"
    )
    with bureau(town, "2022-01-02") as one:
        owner(one).periods.adopt(running_on=FOR_ALL)
        refused("batch_changed", lambda: one.one.disposal.destroy(batch))
        assert one.house.vault.exists(papers[0])


# --- holds --------------------------------------------------------------------------------------


def test_no_paper_leaves_a_dossier_that_is_on_hold(one: Bureau) -> None:
    one.dossier(REFERENCE, None, OFFENCE)
    one.dossier("32.1-5/2009", None, OFFENCE)
    paper = str(one.house.register.in_dossier(REFERENCE)[0]["id"])
    hold = one.hold("dossier", REFERENCE)
    other = "32.1-5/2009"
    for step in (
        lambda: one.one.dossiers.move([paper], other),
        lambda: one.one.review.correct(paper, [f"dossier={other}"]),
        lambda: one.one.review.correct(paper, ["dossier="]),
    ):
        fault = refused("document_on_hold", step)
        assert fault.params["holds"] == hold
    refused("dossier_on_hold", lambda: one.one.dossiers.merge(REFERENCE, other))
    assert [row["id"] for row in one.house.register.in_dossier(REFERENCE)] == [paper]
    one.one.review.correct(paper, ["subject=Bescheid vom Amt"])
    one.one.holds.lift(hold)
    one.one.dossiers.merge(REFERENCE, other)
    assert len(one.house.register.in_dossier(other)) == 2


def test_an_empty_dossier_on_hold_is_not_merged(one: Bureau) -> None:
    one.one.dossiers.open(REFERENCE, "offence")
    one.dossier("32.1-5/2009", None, OFFENCE)
    one.hold("dossier", REFERENCE)
    refused("dossier_on_hold", lambda: one.one.dossiers.merge(REFERENCE, "32.1-5/2009"))


# --- damaged objects ----------------------------------------------------------------------------


def damage(one: Bureau, matter: str) -> None:
    """Make all that a matter's object says unreadable."""
    place = one.house.vault.root / ocfl.object_place(matter)
    contents = [path for path in place.rglob("*.json") if "content" in path.parts]
    assert contents
    for path in contents:
        path.chmod(0o600)
        path.write_bytes(b"{")


def test_papers_of_a_dossier_that_cannot_be_read_are_not_loose(one: Bureau) -> None:
    claim = Letter("Mahnung", "claim", "2009-01-01")
    dossier = one.dossier(REFERENCE, None, claim, OFFENCE)
    damage(one, dossier)
    owner(one).upkeep.rebuild()
    one.clock.day = "2022-01-01"
    fault = refused("object_damaged", lambda: one.one.disposal.propose(), IntegrityFault)
    assert fault.params["id"] == dossier


def test_a_batch_that_cannot_be_read_says_so(one: Bureau) -> None:
    batch, _dossier = three(one)
    damage(one, batch)
    owner(one).upkeep.rebuild()
    for step in (
        lambda: one.two.disposal.approve(batch),
        lambda: one.one.disposal.drop(batch, ["01"]),
        lambda: one.one.disposal.cancel(batch),
    ):
        fault = refused("object_damaged", step, IntegrityFault)
        assert fault.params["id"] == batch
    assert one.one.disposal.show(batch)["state"] == "proposed"


def test_a_new_catalogue_is_the_old_one_when_matters_are_gone(one: Bureau) -> None:
    batch, _dossier = three(one)
    one.brought(batch, "done", TAKES_CHRONICLES)
    one.filed(CLAIM)
    one.one.disposal.cancel(one.one.disposal.propose()["id"])
    one.dossier("32.1-5/2009", None, OFFENCE)
    one.dossier("32.1-6/2009", None, OFFENCE)
    one.one.dossiers.merge("32.1-5/2009", "32.1-6/2009")

    def told() -> dict[str, Any]:
        register = one.house.register
        kinds = ("dossier", "batch", "certificate", "hold")
        return {kind: register.matters(kind) for kind in kinds} | {  # type: ignore[arg-type]
            "documents": [register.document(one) for one in register.documents()]
        }

    before = told()
    owner(one).upkeep.rebuild()
    assert told() == before


# --- over the socket ----------------------------------------------------------------------------


@contextmanager
def served(one: Bureau, place: Path) -> Iterator[Callable[[bytes], tuple[int, bytes]]]:
    """The archive on a socket; gives a function that sends bytes and gives status and body."""
    import asyncio

    from aiohttp import web

    loop, pools = asyncio.new_event_loop(), Pools()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner = server.served(one.house, pools)

    async def begin() -> None:
        await runner.setup()
        await web.UnixSite(runner, str(place)).start()

    asyncio.run_coroutine_threadsafe(begin(), loop).result(20)

    def ask(request: bytes) -> tuple[int, bytes]:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(str(place))
            sock.sendall(request)
            with sock.makefile("rb") as stream:
                status, size = int(stream.readline().split()[1]), -1
                while header := stream.readline().strip():
                    name, _, value = header.partition(b":")
                    size = int(value) if name.lower() == b"content-length" else size
                return status, stream.read(size)

    try:
        yield ask
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        pools.close(60)


def act(name: str, body: bytes, size: int | None = None) -> bytes:
    return b"POST /acts/%s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (
        name.encode(), len(body) if size is None else size, body
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("no_such.act", b"{}"),
        ("dossiers.no_such_act", b"{}"),
        ("dossiers._dossier", b"{}"),
        ("dossiers.__init__", b"{}"),
        ("house", b"{}"),
        ("dossiers.show", b"{}"),
        ("dossiers.show", b"[]"),
        ("dossiers.show", b'{"name": 5}'),
        ("dossiers.show", b'{"name": "x", "self": 1}'),
        ("dossiers.show", b'{"name": "\\udcff"}'),
        ("dossiers.show", b'{"name": "\xff"}'),
        ("dossiers.show", b"[" * 100_000),
        ("disposal.propose", b'{"progress": 1}'),
        ("disposal.propose", b'{"older_than": -1}'),
        ("disposal.propose", b'{"older_than": true}'),
        ("holds.place", b'{"scope": "document", "targets": "x"}'),
        ("dossiers.close", b'{"name": "x", "on": "2024-02-30"}'),
    ],
)
def test_words_that_do_not_fit_are_refused_and_are_no_bug(
    one: Bureau, tmp_path: Path, name: str, body: bytes
) -> None:
    with served(one, tmp_path / "socket") as ask:
        status, answer = ask(act(name, body))
    if name == "disposal.propose" and b"-1" in body:
        assert b"not_a_number" in answer
    else:
        assert (status, b'"bad_request"' in answer) == (400, True), answer


def test_a_limit_beyond_all_years_is_no_bug(one: Bureau) -> None:
    one.filed(CLAIM)
    refused("nothing_due", lambda: one.one.disposal.propose(older_than=10**30))


@pytest.mark.parametrize("name", ["disposal.appraise", "disposal.confirm"])
def test_nothing_is_received_from_who_may_not_dispose(
    one: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(server, "caller_of", lambda _sock: Caller(4999, frozenset({4999})))
    stage = one.house.config.places.stage
    with served(one, tmp_path / "socket") as ask:
        query = f"{name}?words=%7B%22name%22%3A%22x%22%7D"
        # The answer comes although not a byte of the body was sent.
        status, answer = ask(act(query, b"", size=1 << 40))
        assert (status, b'"not_allowed"' in answer) == (403, True)
        assert not list(stage.glob("*.part"))


def test_a_dossier_is_not_closed_before_the_letters_in_it(one: Bureau) -> None:
    key = one.dossier("22.1-9/2010", None, Letter("Bescheid", "dog_tax", "2010-06-01"))
    with pytest.raises(UsageFault, match="closed_before_paper"):
        one.one.dossiers.close(name=key, on=date(2005, 6, 1))
    assert one.one.dossiers.close(name=key, on=date(2010, 6, 1))["state"] == "closed"

"""What stops a batch of disposition: holds, skipped steps, one person alone, odd answers, crashes.

Each refusal has a sentence that says what to do, and leaves batch and documents as they were.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from archiver import phrases
from archiver.errors import Fault, IntegrityFault, NotFound, Refusal, SystemFault, UsageFault
from archiver.pipeline import erasure
from archiver.registry import destruction
from archiver.retention.exchange.delivery import deliver
from archiver.retention.exchange.verification import verify
from tests import disposition_worker
from tests.ocfl_judge import judge
from tests.places import memory_folder
from tests.seeding import ARCHIVE_NAME, TOWN_NAME, Bureau, Letter, bureau, furnished
from tests.state_archive import STRANGER, Sent, StateArchive, have_schemas, package_in, received

TAKES_SOME = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda title: "Chronik" in title)
STATES = (
    "proposed", "approved", "offered", "appraised", "exported", "handed_over", "done", "cancelled",
)  # fmt: skip
# Before the real day, for at the next start the daemon goes by the real clock.
LONG_AGO = "2012-01-01"
REFERENCE = "32.1-4/2009"
MUCH = b"%PDF" + os.urandom(200_000)


@pytest.fixture
def one() -> Iterator[Bureau]:
    with memory_folder() as folder, bureau(furnished(folder / "town"), LONG_AGO) as made:
        yield made


def batch_of_three(one: Bureau) -> str:
    """A batch of a dossier that the archive takes and two papers, one of which it takes."""
    closing = Letter("Ordnungswidrigkeit", "offence", "2009-02-02", subject="Bescheid")
    one.dossier(REFERENCE, "2010-01-01", closing, closing, title="Chronik der Verstöße")
    one.filed(
        Letter("Jubiläum", "claim", "2010-01-01", subject="Chronik", content=MUCH),
        Letter("Mahnung", "claim", "2010-01-01", subject="Mahnung"),
    )
    one.clock.day = "2022-01-01"
    return str(one.one.disposal.propose()["id"])


def taken(one: Bureau, batch: str) -> str:
    """The single paper of a batch that the archive takes."""
    units = one.units(batch)
    rows = one.house.register.items(batch)
    return next(
        str(row["id"]) for row in rows if row["unit"] in units and row["subject"] == "Chronik"
    )


def refused(reason: str, step: Callable[[], Any], kind: type[Fault] = Refusal) -> Fault:
    """A refusal with sentences in both languages, all of whose holes are filled."""
    with pytest.raises(kind) as caught:
        step()
    fault = caught.value
    assert fault.reason == reason, fault
    for language in ("de", "en"):
        phrases.use(language)
        try:
            said = (
                phrases.sentence(reason, fault.params), phrases.advice(reason, fault.params)
            )  # fmt: skip
        finally:
            phrases.use("en")
        assert all(said) and not any("{" in text for text in said), said
    return fault


def steps(one: Bureau, batch: str) -> dict[str, Callable[[], Any]]:
    """Every step, and the states in which it may be taken, below `ALLOWED`."""
    return {
        "approve": lambda: one.two.disposal.approve(name=batch),
        "offer": lambda: one.one.disposal.offer(name=batch),
        "message": lambda: one.one.disposal.message(name=batch).stream.close(),
        "appraise": lambda: one.appraised(batch, b"<x/>"),
        "export": lambda: one.one.disposal.export(name=batch),
        "confirm": lambda: one.confirmed(batch, b"<x/>"),
        "drop": lambda: one.one.disposal.drop(name=batch, units=["01"]),
        "cancel": lambda: one.one.disposal.cancel(name=batch),
        "destroy": lambda: one.one.disposal.destroy(name=batch),
    }


ALLOWED = {
    "approve": {"proposed"},
    "offer": {"approved", "offered"},
    "message": {"offered", "appraised", "exported", "handed_over"},
    "appraise": {"offered", "appraised"},
    "export": {"appraised", "exported"},
    "confirm": {"exported", "handed_over"},
    "drop": {"proposed", "approved", "offered", "appraised", "exported", "handed_over"},
    "cancel": {"proposed", "approved", "offered", "appraised"},
    "destroy": {"handed_over", "done"},
}


@pytest.mark.parametrize("state", STATES)
def test_no_step_can_be_skipped_or_taken_out_of_turn(one: Bureau, state: str) -> None:
    batch = batch_of_three(one)
    if state == "cancelled":
        one.one.disposal.cancel(name=batch)
    else:
        one.brought(batch, state, TAKES_SOME)
    head = one.house.register.head()
    for name, step in steps(one, batch).items():
        if state not in ALLOWED[name]:
            reason = "batch_not_ready_to_destroy" if name == "destroy" else "wrong_step"
            fault = refused(reason, step)
            assert state in str(fault.params["state"])
    assert one.house.register.head() == head and one.state(batch) == state


@pytest.mark.parametrize("scope", ["document", "dossier", "class", "search"])
@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("proposed", "approve"),
        ("approved", "offer"),
        ("appraised", "export"),
        ("exported", "confirm"),
        ("handed_over", "destroy"),
    ],
)
def test_a_hold_stops_a_batch_at_every_stage(
    one: Bureau, state: str, step: str, scope: str
) -> None:
    batch = one.brought(batch_of_three(one), state, TAKES_SOME)
    target = {
        "document": taken(one, batch),
        "dossier": REFERENCE,
        "class": "offence",
        "search": "Chronik",
    }[scope]
    if step == "confirm":
        receipt = TAKES_SOME.confirmation(one.package(batch))
        call: Callable[[], Any] = lambda: one.confirmed(batch, receipt)  # noqa: E731
    else:
        call = steps(one, batch)[step]
    hold = one.hold(scope, target)
    fault = refused("batch_on_hold", call)
    assert fault.params["count"] == 1 and fault.params["units"] in one.units(batch)
    assert one.state(batch) == state
    assert all(one.house.vault.exists(row["id"]) for row in one.house.register.items(batch))
    if step == "destroy":
        one.one.holds.lift(name=hold)
    else:
        # The unit is taken out, and the others go on.
        one.one.disposal.drop(name=batch, units=[str(fault.params["units"])])
    if step != "confirm":
        call()
    else:
        one.confirmed(batch, receipt)
    assert one.state(batch) != state


def test_one_person_has_no_two_parts(one: Bureau) -> None:
    batch = batch_of_three(one)
    refused("second_person_needed", lambda: one.one.disposal.approve(name=batch))
    one.brought(batch, "handed_over", TAKES_SOME)
    refused("second_person_needed", lambda: one.two.disposal.destroy(name=batch))
    assert one.state(batch) == "handed_over"


def test_what_is_in_no_batch_and_nowhere_has_its_refusal(one: Bureau) -> None:
    refused("nothing_due", one.one.disposal.propose)
    refused("no_such_batch", lambda: one.one.disposal.show("01ZZ"), NotFound)
    refused("no_such_certificate", lambda: one.one.certificates.get("01ZZ"), NotFound)
    with pytest.raises(UsageFault, match="not_a_number"):
        one.one.disposal.propose(most=-1)
    batch = batch_of_three(one)
    refused("not_in_batch", lambda: one.one.disposal.drop(batch, ["01ZZZZ"]), NotFound)
    refused("batch_would_be_empty", lambda: one.one.disposal.drop(batch, list(one.units(batch))))
    refused("nothing_due", one.one.disposal.propose)
    one.brought(batch, "appraised", TAKES_SOME)
    refused("export_folder_bad", lambda: one.one.disposal.export(batch, "../weg"), UsageFault)


def test_where_nobody_is_named_nothing_is_offered_and_what_is_waived_need_not_be() -> None:
    names: dict[str, dict[str, Any]] = {
        "disposition.archive": {"name": ""},
        "disposition": {"waived": ["claim"]},
    }
    letters = (Letter("Mahnung", "claim", "2010-01-01"), Letter("Brief", "ephemeral", "2010-01-01"))
    with memory_folder() as folder, bureau(furnished(folder / "town", names), LONG_AGO) as one:
        one.filed(*letters)
        one.clock.day = "2022-01-01"
        refused("parties_missing", one.one.disposal.propose)
        batch = one.one.disposal.propose(classes=["claim"])["id"]
        one.two.disposal.approve(batch)
        refused("nothing_to_offer", lambda: one.one.disposal.offer(batch))


# --- answers of the archive -----------------------------------------------------------------------


def bomb() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    return f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><x>&l8;</x>'.encode()


def test_an_answer_to_something_else_is_refused_as_a_whole(one: Bureau) -> None:
    batch = one.brought(batch_of_three(one), "offered", TAKES_SOME)
    sent = one.offered(batch)
    good = TAKES_SOME.appraisal(sent)
    other = Sent(sent.version, STRANGER, sent.items, sent.titles, {})
    stranger = StateArchive("Stadtarchiv Anderswo", TOWN_NAME, lambda _title: True)
    for reason, kind, message in (
        ("reply_other_process", Refusal, TAKES_SOME.appraisal(other)),
        ("reply_other_sender", Refusal, stranger.appraisal(sent)),
        ("reply_other_message", UsageFault, TAKES_SOME.confirmation(sent)),
        ("reply_not_xml", UsageFault, good[: len(good) // 2]),
        ("reply_dtd", UsageFault, bomb()),
        ("reply_not_xml", UsageFault, b""),
        ("reply_zip_bad", UsageFault, b"PK\x03\x04" + good),
    ):
        refused(reason, lambda m=message: one.appraised(batch, m), kind)  # type: ignore[misc]
    assert one.state(batch) == "offered"
    # Said twice it is the same; said otherwise it is told and changes nothing.
    assert one.appraised(batch, good)["state"] == "appraised"
    head = one.house.register.head()
    assert one.appraised(batch, good) == {"state": "appraised", "waiting": 0, "findings": []}
    all_waived = TAKES_SOME.appraisal(sent, dict.fromkeys(sent.items, "V"))
    told = one.appraised(batch, all_waived)
    assert {finding["code"] for finding in told["findings"]} == {"appraisal_contradictory"}
    assert {finding["id"] for finding in told["findings"]} == {
        unit for unit, item in one.units(batch).items() if item["said"] == "taken"
    }
    assert all(finding["id"] in finding["message"] for finding in told["findings"])
    assert one.house.register.head() == head


def test_a_receipt_is_believed_only_for_what_was_sent(one: Bureau) -> None:
    batch = one.brought(batch_of_three(one), "exported", TAKES_SOME)
    package = one.package(batch)
    first, second = package.items
    good = TAKES_SOME.confirmation(package)
    other = Sent(package.version, STRANGER, package.items, package.titles, {})
    stranger = StateArchive("Stadtarchiv Anderswo", TOWN_NAME, lambda _title: True)
    elsewhere = StateArchive(ARCHIVE_NAME, "Stadt Anderswo", lambda _title: True)
    for reason, kind, message in (
        ("reply_other_process", Refusal, TAKES_SOME.confirmation(other)),
        ("reply_other_sender", Refusal, stranger.confirmation(package)),
        ("reply_other_receiver", Refusal, elsewhere.confirmation(package)),
        ("reply_other_message", UsageFault, TAKES_SOME.appraisal(one.offered(batch))),
        ("reply_not_xml", UsageFault, good[:-20]),
        ("reply_dtd", UsageFault, bomb()),
    ):
        refused(reason, lambda m=message: one.confirmed(batch, m), kind)  # type: ignore[misc]
    assert one.state(batch) == "exported"

    unsent = Sent(package.version, package.process, {first: "", STRANGER: ""}, {}, {})
    told = one.confirmed(batch, TAKES_SOME.confirmation(unsent))
    assert (told["state"], told["waiting"]) == ("exported", 1)
    assert {f["code"] for f in told["findings"]} == {"reply_about_unknown", "import_missing"}
    refused("already_arrived", lambda: one.one.disposal.drop(batch, [_unit(one, batch, first)]))
    told = one.confirmed(batch, TAKES_SOME.confirmation(package, failed=(second,)))
    assert [f["code"] for f in told["findings"]] == ["import_failed"]
    refused("batch_not_ready_to_destroy", lambda: one.one.disposal.destroy(name=batch))
    assert one.confirmed(batch, good) == {"state": "handed_over", "waiting": 0, "findings": []}
    head = one.house.register.head()
    assert one.confirmed(batch, good)["state"] == "handed_over"
    assert one.house.register.head() == head


def _unit(one: Bureau, batch: str, uuid: str) -> str:
    return next(unit for unit, item in one.units(batch).items() if item["uuid"] == uuid)


def test_what_is_taken_out_leaves_no_batch_that_waits_for_ever(one: Bureau) -> None:
    batch = one.brought(batch_of_three(one), "offered", TAKES_SOME)
    sent = one.offered(batch)
    lacking = next(uuid for uuid in sent.items if sent.titles[uuid] == "Chronik")
    told = one.appraised(batch, TAKES_SOME.appraisal(sent, {lacking: ""}))
    assert told["state"] == "offered"
    one.one.disposal.drop(batch, [_unit(one, batch, lacking)])
    assert one.state(batch) == "appraised"
    one.one.disposal.export(name=batch)
    (left,) = one.package(batch).items
    one.one.disposal.drop(batch, [_unit(one, batch, left)])
    assert one.state(batch) == "handed_over"
    assert one.one.disposal.destroy(name=batch)["certificate"]
    states = [one.house.register.document(i)["state"] for i in one.house.register.documents()]
    assert sorted(states) == ["destroyed", "filed", "filed", "filed"]


# --- the export -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["document.pdf", "original.pdf"])
def test_nothing_damaged_goes_into_a_package(one: Bureau, name: str) -> None:
    batch = one.brought(batch_of_three(one), "appraised", TAKES_SOME)
    exports = one.house.config.places.exports
    for item in one.house.holdings.items(batch):
        path = one.house.vault.path(item.document, name)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    if name == "document.pdf":
        refused("object_damaged", lambda: one.one.disposal.export(batch), IntegrityFault)
        assert one.state(batch) == "appraised" and not list(exports.rglob("bagit.txt"))
    else:
        # What is not taken along is no hindrance.
        assert one.one.disposal.export(batch)["package"]


def test_a_folder_that_is_there_is_left_alone_and_ours_is_read_again(one: Bureau) -> None:
    batch = one.brought(batch_of_three(one), "appraised", TAKES_SOME)
    exports = one.house.config.places.exports
    (exports / "fremd").mkdir()
    (exports / "fremd" / "brief.txt").write_text("nicht unser")
    fault = refused("output_exists", lambda: one.one.disposal.export(batch, "fremd"))
    assert str(fault.params["path"]).endswith("fremd")
    package = Path(one.one.disposal.export(batch)["package"])
    assert one.one.disposal.export(batch) == {"package": str(package)}
    (damaged,) = (package / "data").glob("*.zip")
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    refused("export_damaged", lambda: one.one.disposal.export(batch), IntegrityFault)


@contextmanager
def small_disk(place: Path) -> Iterator[Callable[[], None]]:
    """A disk too small for a package in place of a folder; gives what makes room on it."""

    def mount(option: str) -> None:
        words = ["mount", "-t", "tmpfs", "-o", option, "archiver-test", str(place)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"this machine does not let us mount: {done.stderr.strip()}")

    mount("size=128k")
    try:
        yield lambda: mount("remount,size=16m")
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.root
def test_an_export_goes_on_after_room_was_made_and_is_the_same(one: Bureau) -> None:
    batch = one.brought(batch_of_three(one), "appraised", TAKES_SOME)
    exports = one.house.config.places.exports
    with small_disk(exports) as make_room:
        refused("disk_full", lambda: one.one.disposal.export(batch), SystemFault)
        assert one.state(batch) == "appraised" and not list(exports.rglob("bagit.txt"))
        make_room()
        package = Path(one.one.disposal.export(batch)["package"])
        assert verify(package).findings == ()
        assert _bytes_of(package) == _bytes_of(undisturbed(one, batch))


def undisturbed(one: Bureau, batch: str) -> Path:
    """The same package, written where there was room all the time."""
    from archiver.registry.batch import batch_of, delivery_for, find
    from archiver.registry.handover import _opener

    registry = one.house.registry
    delivery = delivery_for(registry, batch, batch_of(find(registry, batch)))
    place = one.town.root.with_name("undisturbed")
    return deliver(delivery, place, _opener(registry, delivery))


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# --- what changes meanwhile -----------------------------------------------------------------------


def test_nothing_in_a_batch_is_changed_by_the_desk(one: Bureau) -> None:
    batch = batch_of_three(one)
    document = taken(one, batch)
    scan = io.BytesIO(b"%PDF-1.7\nanders\n%%EOF\n")
    for call in (
        lambda: one.one.review.correct(document, ["subject=Anders"]),
        lambda: one.one.scans.replace(document, scan, b"anders.pdf"),
        lambda: one.one.dossiers.move([document], REFERENCE),
        lambda: _owner(one).intake.withdraw(document, "Irrtum"),
    ):
        fault = None
        try:
            call()
        except Refusal as caught:
            fault = caught
        assert fault is not None, "it was changed"
        assert fault.reason in ("document_in_batch", "dossier_is_closed"), fault
    refused("dossier_in_batch", lambda: one.one.dossiers.reopen(REFERENCE))
    refused("dossier_in_batch", lambda: one.one.dossiers.change(REFERENCE, title="Anders"))
    refused(
        "dossier_in_batch", lambda: one.one.dossiers.tell(REFERENCE, "expired", date(2020, 1, 1))
    )
    one.two.disposal.approve(batch)


def _owner(one: Bureau) -> Any:
    from archiver.archive import Archive
    from archiver.rights import Caller

    return Archive(one.house, Caller(0, frozenset()))


@pytest.mark.parametrize("state", ["proposed", "approved", "appraised", "handed_over"])
def test_a_late_paper_for_a_dossier_in_a_batch_stops_it(one: Bureau, state: str) -> None:
    batch = one.brought(batch_of_three(one), state, TAKES_SOME)
    late = Letter("Nachtrag", "offence", "2009-03-03", reference=REFERENCE)
    (paper,) = one.filed(late)
    next_step = {
        "proposed": "approve", "approved": "offer", "appraised": "export", "handed_over": "destroy"
    }[state]  # fmt: skip
    fault = refused("batch_changed", steps(one, batch)[next_step])
    dossier = next(unit for unit, item in one.units(batch).items() if item["kind"] == "dossier")
    assert fault.params["units"] == dossier
    assert one.house.vault.exists(paper)
    if state != "handed_over":
        one.one.disposal.drop(batch, [dossier])
        steps(one, batch)[next_step]()


def test_a_paper_that_came_into_a_dossier_on_hold_is_not_destroyed(one: Bureau) -> None:
    """Its dossier was opened when the batch had been proposed; that hold counts for it as well."""
    letter = Letter("Bescheid", "claim", "2010-01-01", reference="77.7-7/2010")
    (paper,) = one.filed(letter)
    one.filed(Letter("Mahnung", "claim", "2010-01-01"))
    one.clock.day = "2022-01-01"
    nothing = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda _title: False)
    batch = one.brought(one.one.disposal.propose()["id"], "appraised", nothing)
    one.one.dossiers.open(reference="77.7-7/2010", title="Später")
    one.one.dossiers.close(name="77.7-7/2010", on=date(2011, 1, 1))
    one.hold("dossier", "77.7-7/2010")
    with pytest.raises(Refusal, match="batch_on_hold"):
        one.one.disposal.destroy(batch)
    one.one.disposal.drop(batch, [paper])
    assert one.one.disposal.destroy(batch)["certificate"]
    assert one.house.vault.exists(paper)


# --- crashes --------------------------------------------------------------------------------------


def die_at(one: Bureau, batch: str, step: str) -> None:
    """Destroy or export in another process that kills itself before a step."""
    program = [
        sys.executable, disposition_worker.__file__, str(one.town.config), batch, step,
    ]  # fmt: skip
    died = subprocess.run(
        program,
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[1],
        env={"PYTHONPATH": ".", "PATH": os.environ["PATH"]},
        timeout=60,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()


@pytest.mark.parametrize("step", disposition_worker.DESTROYING)
def test_killed_while_it_destroys_and_brought_to_its_end_at_the_start(step: str) -> None:
    with memory_folder() as folder:
        town = furnished(folder / "town")
        with bureau(town, LONG_AGO) as one:
            batch = one.brought(batch_of_three(one), "handed_over", TAKES_SOME)
            documents = {str(row["id"]) for row in one.house.register.items(batch)}
        die_at(one, batch, step)
        ended = town.command("run", "--once")
        assert ended.returncode == 0, ended.stderr
        with bureau(town, "2022-02-01") as one:
            if step in disposition_worker.NOT_YET:
                # Nothing was gone yet, so a hold stops it still; without it, it is asked again.
                assert one.state(batch) in ("handed_over", "destroying")
                assert all(map(one.house.vault.exists, documents))
                hold = one.hold("dossier", REFERENCE)
                refused("batch_on_hold", lambda: one.one.disposal.destroy(batch))
                one.one.holds.lift(hold)
                one.one.disposal.destroy(batch)
            assert one.state(batch) == "done"
            assert not any(map(one.house.vault.exists, documents))
            assert not erasure.unfinished(one.house.config)
            issued = [c for c in one.one.certificates.list()["certificates"] if c["at"]]
            assert [(c["documents"], c["is_proved"]) for c in issued] == [(4, True)]
            assert judge(one.house.vault.root) == []
            assert destruction.resume(one.house.registry, one.house) is None
            assert one.one.disposal.destroy(batch) == {"certificate": issued[0]["id"]}
            assert _owner(one).upkeep.verify()["problems"] == []


def test_killed_between_the_package_and_its_ledger_line() -> None:
    with memory_folder() as folder:
        town = furnished(folder / "town")
        with bureau(town, LONG_AGO) as one:
            batch = one.brought(batch_of_three(one), "appraised", TAKES_SOME)
        die_at(one, batch, "exported")
        place = town.root / "exports" / batch
        before = package_in(place)
        with bureau(town, "2022-02-01") as one:
            assert one.state(batch) == "appraised"
            package = Path(one.one.disposal.export(batch)["package"])
            assert one.state(batch) == "exported"
            assert package_in(place) == before and verify(package).findings == ()
            sent = received(before, judged=have_schemas())
            one.confirmed(batch, TAKES_SOME.confirmation(sent))
            assert one.state(batch) == "handed_over"

"""Erasing documents, and the past of one: every copy goes, others stay, and it is proved."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from archiver.archive import Archive
from archiver.classify.examples import Example
from archiver.clock import now
from archiver.config import load
from archiver.errors import NotFound, Refusal, SystemFault
from archiver.house import House, held, new_id
from archiver.pipeline import erasure, traces
from archiver.pipeline.office import Office, new_boot
from archiver.rights import myself
from archiver.store.register import Register
from tests import erasure_worker, paper
from tests.ocfl_judge import judge
from tests.town import Town

# In the text, the file's name, the subject and a person's note of the first document only.
TEXT, NAME, SUBJECT, NOTE = "Quarzuhrwerk", "Zwölfkampfübung", "Xylofonbügel", "Wattwurmhügel"
ODD = (TEXT, NAME, SUBJECT, NOTE)
OTHERS = ("Marktsatzung", "Wasserzähler")
LETTER = ("Stadt Musterbach", f"Die Reparatur am {TEXT} ist bewilligt.", "Gebühren fallen an.")
BECAUSE = {"batch": "01J0000000000000000000000A"}


@contextmanager
def opened(town: Town) -> Iterator[House]:
    config = load(town.config)
    with held(config, exclusive=True):
        house = House(config)
        try:
            yield house
        finally:
            house.close()


@contextmanager
def working(house: House) -> Iterator[Office]:
    """The daemon's parts, as the daemon starts them."""
    house.intake.recover(house.folders())
    office = Office(
        house.config, house.stores, house.intake, house.index, new_boot(), house.ledger, house.time
    )
    office.start(warm=False)
    house.office = office
    try:
        yield office
    finally:
        house.office = None
        office.stop()


def furnish(town: Town) -> dict[str, str]:
    """Three documents; all odd words belong to the first of them. Gives ids by short name."""
    town.drop(f"{NAME}.pdf", paper.scan_pdf([paper.letter_image(LETTER, dpi=200)]))
    town.drop("markt.pdf", paper.text_pdf([("Die Marktsatzung wird bekannt gemacht.",)]))
    town.drop("wasser.pdf", paper.text_pdf([("Der Wasserzähler ist auszutauschen.",)]))
    town.once()
    with opened(town) as house:
        archive = Archive(house, myself())
        found = {hit["file"]: hit["id"] for hit in archive.documents.search("*", 10)["hits"]}
        odd = found[f"{NAME}.pdf"]
        archive.review.correct(odd, [f"subject={SUBJECT} am Markt"])
        house.decide("corrected", odd, lambda record, _: noted(record), {}, "uid:1")
        house.school.teach([Example(f"{TEXT} und {NOTE}", "leave", id=odd)])
        house.current_index()
    return {"odd": odd, "markt": found["markt.pdf"], "wasser": found["wasser.pdf"]}


def noted(record):
    from archiver.store.objects import Note

    note = Note(now(), "uid:1", "corrected", f"wegen {NOTE}")
    return msgspec.structs.replace(record, notes=(*record.notes, note))


def clutter(house: House, odd: str) -> None:
    """What a living archive has beside: pages in work, a model, an export."""
    places = house.config.places
    for folder, content in (
        (places.stage / "pages" / odd, json.dumps({"words": [TEXT]}).encode()),
        (places.learned / "model" / "000001", b"{}"),
        (places.exports / "abgabe-1" / odd, f"<name>{NAME.upper()}</name>".encode()),
    ):
        folder.mkdir(parents=True)
        (folder / "model.json").write_bytes(content)


def hits(house: House, words=ODD) -> dict[str, set[int]]:
    """Numbers of the words by store, where there are any."""
    found = traces.find(words, traces.stores(house.config))
    return {name: {h.word for h in f.hits} for name, f in found.items() if f.hits}


def duplicate(town: Town, root: Path) -> Town:
    copy = object.__new__(Town)
    copy.root, copy.config = root, root / "config.toml"
    shutil.copytree(town.root, root)
    return copy


@pytest.fixture(scope="module", params=["tantivy", "whoosh"])
def furnished(request, tmp_path_factory) -> tuple[Town, dict[str, str]]:
    folder = tmp_path_factory.mktemp(request.param)
    town = Town(folder / "town", {"search": {"engine": request.param}})
    return town, furnish(town)


@pytest.fixture
def copied(furnished, tmp_path) -> tuple[Town, dict[str, str]]:
    town, ids = furnished
    return duplicate(town, tmp_path / "town"), ids


def check_erased(house: House, ids: dict[str, str], before: dict[str, traces.Finding]) -> None:
    assert hits(house) == {}
    assert not house.vault.exists(ids["odd"])
    assert judge(house.vault.root) == []
    kept = traces.find(OTHERS, traces.stores(house.config))
    assert {name: f.hits for name, f in kept.items() if name == "vault"} == {
        "vault": before["vault"].hits
    }
    archive = Archive(house, myself())
    assert [hit["id"] for hit in archive.documents.search("Marktsatzung", 5)["hits"]] == [
        ids["markt"]
    ]
    assert [hit["id"] for hit in archive.documents.search("Wasserzähler", 5)["hits"]] == [
        ids["wasser"]
    ]
    assert archive.documents.search(TEXT, 5)["hits"] == []
    assert archive.upkeep.verify()["problems"] == []
    assert house.register.document(ids["odd"])["state"] == "destroyed"
    ledger = "".join(p.read_text() for p in house.config.places.ledger.iterdir())
    assert ledger.count('"destroyed"') == 1
    assert not erasure.unfinished(house.config)


@pytest.mark.parametrize("with_daemon", [False, True])
def test_every_copy_goes_and_the_others_stay(copied, with_daemon: bool) -> None:
    town, ids = copied
    with opened(town) as house:
        clutter(house, ids["odd"])
        before = traces.find(OTHERS, traces.stores(house.config))
        assert hits(house) == {
            "vault": {0, 1, 2, 3},
            "catalogue": {1, 2},
            "index": {0, 1, 2},
            "learned": {0, 3},
            "stage": {0},
            "released": {1},
            "inbox": {1},
            "exports": {1},
        }

        def erased() -> erasure.Erasure:
            return erasure.erase(
                house, [ids["odd"]], "uid:1", BECAUSE, now, exports=["abgabe-1"], whole_vault=True
            )

        if with_daemon:
            with working(house):
                done = erased()
                check_erased(house, ids, before)
        else:
            done = erased()
        check_erased(house, ids, before)
        assert done.is_proved and done.weak == () and done.witnesses >= 4
        assert done.head_after.seq == done.head_before.seq + 1 or with_daemon
        said = msgspec.json.encode(done).decode()
        assert not any(word in said for word in (*ODD, "Zwölf", "zwolfkampf"))
        # Pages of what nobody works on are gone when the daemon starts.
        assert {name for name, f in done.before.items() if f.hits} | {"stage"} == {
            "vault", "catalogue", "index", "learned", "stage", "released", "inbox", "exports",
        }  # fmt: skip


def test_a_sample_of_many_is_asked_and_those_without_odd_words_are_named(copied) -> None:
    town, ids = copied
    with opened(town) as house:
        done = erasure.erase(house, list(ids.values()), "uid:1", BECAUSE, now)
        assert done.is_proved and set(done.documents) == set(ids.values())
        assert not set(house.vault.ids()) & set(ids.values()) and judge(house.vault.root) == []
        assert hits(house, (*ODD, *OTHERS)) == {}
        again = erasure.erase(house, [ids["markt"]], "uid:1", BECAUSE, now)
        assert again.weak == (ids["markt"],) and not again.is_proved
        assert again.head_after == again.head_before


def test_nothing_is_done_where_one_may_not_be_destroyed(copied) -> None:
    town, ids = copied
    with opened(town) as house:
        head = house.register.head()
        with pytest.raises(NotFound, match="no_such_document"):
            erasure.erase(house, [ids["odd"], new_id()], "uid:1", BECAUSE, now)
        Archive(house, myself()).scans.split(ids["markt"], [])
        with pytest.raises(Refusal, match="wrong_state"):
            erasure.erase(house, [ids["odd"], ids["markt"]], "uid:1", BECAUSE, now)
        assert house.register.head()[0] == head[0] + 1
        assert house.vault.exists(ids["odd"]) and not erasure.unfinished(house.config)


def test_a_copy_that_nobody_named_is_found(copied) -> None:
    town, ids = copied
    with opened(town) as house:
        stray = house.config.places.exports / "alt.txt"
        stray.write_text(f"Abschrift: {TEXT}", encoding="utf-16")
        done = erasure.erase(house, [ids["odd"]], "uid:1", BECAUSE, now)
        assert not done.is_proved
        assert {hit.path for hit in done.after["exports"].hits} == {"alt.txt"}
        assert [name for name, f in done.after.items() if f.hits] == ["exports"]


@pytest.mark.parametrize("step", erasure_worker.STEPS)
def test_killed_before_a_step_and_finished_at_the_next_start(copied, step: str) -> None:
    town, ids = copied
    if step != "vault" and load(town.config).search.engine == "whoosh":
        pytest.skip("the steps are the same with every engine")
    with opened(town) as house:
        before = traces.find(OTHERS, traces.stores(house.config))
    program = [sys.executable, erasure_worker.__file__, str(town.config), ids["odd"], step]
    died = subprocess.run(program, capture_output=True, check=False, cwd=Path(__file__).parents[1],
                          env={"PYTHONPATH": "."}, timeout=60)  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    with opened(town) as house:
        house.intake.recover(house.folders())
        assert erasure.unfinished(house.config)
        done = erasure.finish(house, now)
        if step == "ledger":
            # It was not true yet, so it never was.
            assert done is None and house.vault.exists(ids["odd"])
            done = erasure.erase(house, [ids["odd"]], "uid:1", BECAUSE, now)
        assert done is not None and done.is_proved
        check_erased(house, ids, before)
        assert erasure.finish(house, now) is None


def test_a_fault_stops_it_and_the_next_call_goes_on(copied, monkeypatch) -> None:
    town, ids = copied
    with opened(town) as house:
        full = SystemFault("disk_full", path="index")

        def fails(*_: object) -> int:
            raise full

        with monkeypatch.context() as broken:
            broken.setattr(House, "reindex", fails)
            with pytest.raises(SystemFault, match="disk_full"):
                erasure.erase(house, [ids["odd"]], "uid:1", BECAUSE, now)
        assert erasure.unfinished(house.config)
        erasure.erase(house, [ids["wasser"]], "uid:1", BECAUSE, now)
        assert hits(house) == {} and house.vault.exists(ids["markt"])


def test_learning_goes_on_without_the_example(copied) -> None:
    town, ids = copied
    with opened(town) as house, working(house) as office:
        office.school.teach([Example("Hundesteuer " * 5, "leave", id=new_id())])
        size = office.school.forget([ids["odd"]])
        assert size == 1 and office.school.model() is None
        assert TEXT.encode() not in (house.config.places.learned / "examples.jsonl").read_bytes()
        assert office.school.due()
        assert office.school.forget([ids["odd"]]) == 0


def replaced(house: House, ids: dict[str, str]) -> None:
    """A better scan takes the place of the first one, which had the odd word."""
    again = paper.text_pdf([("Stadt Musterbach, die Reparatur am Turm ist bewilligt.",)])
    archive = Archive(house, myself())
    archive.scans.replace(ids["odd"], io.BytesIO(again), b"besser.pdf")


@pytest.fixture(scope="module")
def rescanned(furnished, tmp_path_factory) -> tuple[Town, dict[str, str]]:
    town, ids = furnished
    copy = duplicate(town, tmp_path_factory.mktemp("rescanned") / "town")
    with opened(copy) as house:
        replaced(house, ids)
    copy.once()
    return copy, ids


def check_purged(house: House, odd: str, state: dict[str, str]) -> None:
    """The past is gone, the present is as it was, in vault, catalogue and a new catalogue."""
    inventory = house.vault.inventory(odd)
    # The record says less: values that a later decision replaced are gone.
    changed = {name for name, digest in inventory.state().items() if state[name] != digest}
    assert inventory.latest == 1 and set(state) == set(inventory.state())
    assert changed <= {"record.json"}
    assert judge(house.vault.root) == []
    assert Archive(house, myself()).upkeep.verify()["problems"] == []
    assert not any(0 in numbers for numbers in hits(house).values()), "nobody says the old word"
    ledger = "".join(p.read_text() for p in house.config.places.ledger.iterdir())
    assert ledger.count('"purged"') == 1
    assert not erasure.unfinished(house.config)
    live, senders = house.register.document(odd), house.register.senders()
    house.new_catalogue(lambda _done, _total: None)
    assert house.register.document(odd) == live and house.register.senders() == senders


def test_the_past_of_a_document_goes_and_the_rest_stays(rescanned, tmp_path) -> None:
    town, ids = duplicate(rescanned[0], tmp_path / "town"), rescanned[1]
    odd = ids["odd"]
    with opened(town) as house:
        assert house.vault.inventory(odd).latest > 3
        assert 0 in hits(house)["vault"]
        state = house.vault.inventory(odd).state()
        row = house.register.document(odd)
        done = erasure.purge(house, odd, "uid:1", {}, now)
        assert done.is_proved, done
        assert house.register.document(odd) == {**row, "version": 1}
        check_purged(house, odd, state)
        archive = Archive(house, myself())
        archive.review.correct(odd, ["subject=Ein Turm"])
        assert house.vault.inventory(odd).latest == 2
        live = house.register.document(odd)
        house.new_catalogue(lambda _done, _total: None)
        assert house.register.document(odd) == live
        assert [hit["id"] for hit in archive.documents.search("Reparatur", 5)["hits"]] == [odd]


@pytest.mark.parametrize("start_anew", [False, True])
def test_a_purge_without_its_ledger_line_gets_it(
    rescanned, tmp_path, monkeypatch, start_anew: bool
) -> None:
    town, ids = duplicate(rescanned[0], tmp_path / "town"), rescanned[1]
    odd = ids["odd"]
    with opened(town) as house:
        state = house.vault.inventory(odd).state()

        def fails(*_: object) -> None:
            raise SystemFault("disk_full", path="ledger")

        with monkeypatch.context() as broken:
            broken.setattr(Register, "record", fails)
            with pytest.raises(SystemFault, match="disk_full"):
                erasure.purge(house, odd, "uid:1", {}, now)
        assert house.vault.inventory(odd).latest == 1
        if not start_anew:
            assert erasure.finish(house, now).is_proved
            check_purged(house, odd, state)
            return
    with opened(town) as house:
        house.intake.recover(house.folders())
        assert erasure.finish(house, now).is_proved
        check_purged(house, odd, state)


def test_where_there_is_no_past_nothing_is_done(copied) -> None:
    town, ids = copied
    with opened(town) as house:
        erasure.purge(house, ids["markt"], "uid:1", {}, now)
        head = house.register.head()
        done = erasure.purge(house, ids["markt"], "uid:1", {}, now)
        assert house.register.head() == head and not done.is_proved
        assert done.weak == (ids["markt"],)

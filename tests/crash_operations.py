"""What an archive does that must survive a death at any moment, each with its promises.

An operation has a template (the archive before it), the work itself, and what must hold at the
next start: nothing is lost, the stores agree, and the operation can be made again to its end. The
next start is the daemon's: intake, destruction, index.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archiver import safekeeping
from archiver.archive import Archive
from archiver.classify.examples import Example
from archiver.classify.fitting import fit
from archiver.classify.modelfolder import ModelFolder
from archiver.config import load
from archiver.daemon import _fresh_index
from archiver.house import House, held
from archiver.inbox.sightings import look
from archiver.registry import destruction, dossiers
from archiver.retention.exchange.verification import verify
from archiver.rights import myself
from archiver.store import objects
from tests.crashing import Begin
from tests.lane import Lane, founded, letter
from tests.ocfl_judge import judge
from tests.seeding import ARCHIVE_NAME, TOWN_NAME, Bureau, Clock, Letter, bureau, filed, furnished
from tests.state_archive import StateArchive
from tests.test_register import rows_of
from tests.town import Town

BEFORE, DAY, AFTER = "2022-01-01", "2022-01-02", "2022-01-03"
OLD = Letter("Die Friedhofssatzung tritt in Kraft", "council_paper", "2012-01-02", subject="Alt")
DROP = "neu.pdf"
TAKES_SOME = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda title: "Chronik" in title)


@dataclass(frozen=True)
class Operation:
    """Attributes are called with a folder that holds the archive ``town`` and what is beside it.

    Attributes:
        name: for people.
        furnish: makes the archive before the operation.
        act: opens what it needs, says that it begins, does it.
        check: the next start after a death, or after none.
    """

    name: str
    furnish: Callable[[Path], None]
    act: Callable[[Path, Begin], None]
    check: Callable[[Path], None]


@contextmanager
def house_of(place: Path, day: str) -> Iterator[House]:
    """The archive, by a clock that goes on from start to start."""
    config = load(place / "town" / "config.toml")
    with held(config, exclusive=True):
        house = House(config, Clock(day))
        try:
            yield house
        finally:
            house.close()


@contextmanager
def next_start(place: Path) -> Iterator[House]:
    """What the daemon does first, and what must hold then."""
    with house_of(place, AFTER) as house:
        house.intake.recover(house.folders())
        destruction.resume(house.registry, house)
        _fresh_index(house)
        house.current_index()
        yield house
        stores_agree(house)


def stores_agree(house: House) -> None:
    """Ledger, vault and catalogue are whole and say the same; nothing is left in the stage."""
    assert Archive(house, myself()).upkeep.verify()["problems"] == []
    assert house.ledger.verify(house.register.head()) == []
    assert judge(house.vault.root) == []
    known = {*house.register.documents(), *house.register.matter_ids()}
    assert set(house.vault.ids()) == known - set(house.register.destroyed())
    before = rows_of(house.config.places.catalogue)
    house.new_catalogue(lambda _done, _total: None)
    after = rows_of(house.config.places.catalogue)
    # How often somebody died is not in the ledger.
    assert before | {"job": []} == after | {"job": []}
    left = {path.name for path in house.config.places.stage.iterdir() if path.is_file()}
    notes = {name for name in left if name.endswith(("lock", ".json")) and "erasure" not in name}
    assert left == notes, left


def desk(place: Path) -> None:
    """An archive with one filed document."""
    founded(place / "town")
    with house_of(place, BEFORE) as house:
        filed(house, OLD)
        house.current_index()


def the_document(house: House) -> str:
    (document, *_others) = house.register.documents()
    return str(document)


def archive_of(house: House) -> Archive:
    return Archive(house, myself())


def found(house: House, word: str) -> list[str]:
    return [str(hit["id"]) for hit in archive_of(house).documents.search(word, 10)["hits"]]


# --- the door itself -----------------------------------------------------------------------------

HOLD, BATCH, FRESH = (f"01J000000000000000000000{letter}0" for letter in "ABC")


def _hold(reason: str) -> dict[str, bytes]:
    return {objects.MATTER: objects.encode(objects.Matter("hold", None, {"reason": reason}))}


def with_matters(place: Path) -> None:
    founded(place / "town")
    with house_of(place, BEFORE) as house, house.stores.commit("uid:7") as change:
        change.new(HOLD, _hold("before"), "hold_placed")
        batch = objects.encode(objects.Matter("batch", None, {}))
        change.new(BATCH, {objects.MATTER: batch}, "batch_proposed")
        change.line("hold_placed", HOLD, {"version": 1})
        change.line("batch_proposed", BATCH, {"version": 1})


def all_at_once(house: House) -> None:
    """One change of all kinds: a new object, a version, the end of an object."""
    with house.stores.commit("uid:7") as change:
        change.new(FRESH, _hold("new"), "hold_placed")
        version = change.version(HOLD, _hold("after"), "hold_reviewed")
        change.line("hold_placed", FRESH, {"version": 1})
        change.line("hold_reviewed", HOLD, {"version": version})
        change.line("batch_cancelled", BATCH, {})
        change.end(BATCH)


def door(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        assert house.register.head()[0] > 0
        begin()
        all_at_once(house)


def check_door(place: Path) -> None:
    with next_start(place) as house:
        if set(house.vault.ids()) == {HOLD, BATCH}:
            stored = house.holdings.matter(HOLD)
            assert stored is not None and stored.about == {"reason": "before"}
            all_at_once(house)
        assert set(house.vault.ids()) == {HOLD, FRESH}
        told = {one: house.holdings.matter(one) for one in (HOLD, FRESH)}
        assert [one and one.about["reason"] for one in told.values()] == ["after", "new"]


# --- intake, reading and filing ------------------------------------------------------------------


def desk_with_drop(place: Path) -> None:
    desk(place)
    (place / "town" / "inbox" / "incoming" / DROP).write_bytes(letter("eins"))


def accept(house: House) -> str:
    folder = house.config.places.inbox / "incoming"
    (sighting,) = (one for one in look(folder) if one.name == DROP.encode())
    accepted = house.intake.receive_drop(sighting, "incoming")
    assert accepted is not None
    house.intake.release_drop(sighting, accepted)
    return accepted.id


def intake(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        assert house.register.head()[0] > 0
        begin()
        accept(house)


def check_intake(place: Path) -> None:
    drop = place / "town" / "inbox" / "incoming" / DROP
    with next_start(place) as house:
        content = letter("eins")
        digest = hashlib.sha512(content).hexdigest()
        document = house.register.document_with(digest)
        if document is None:
            assert drop.read_bytes() == content, "in the vault or in the folder"
            document = accept(house)
        assert not drop.exists(), "taken, not accepted once more"
        assert len(house.register.accessions(document)) == 1
        stored = house.vault.path(document, "original.pdf")
        assert stored.read_bytes() == content
        (kept,) = (place / "town" / "released").iterdir()
        assert kept.read_bytes() == content


def desk_with_arrival(place: Path) -> None:
    desk_with_drop(place)
    with house_of(place, BEFORE) as house:
        accept(house)


def reading(place: Path, begin: Begin) -> None:
    with Lane(place / "town", Clock(DAY)) as lane:
        (document,) = (str(row["id"]) for row in lane.house.register.jobs())
        begin()
        lane.walk(document)


def check_reading(place: Path) -> None:
    with Lane(place / "town", Clock(AFTER)) as lane:
        lane.work_off()
        assert not lane.house.register.jobs()
        assert lane.staged() == []
    with next_start(place) as house:
        document = house.register.document_with(hashlib.sha512(letter("eins")).hexdigest())
        assert document is not None
        row = house.register.document(document)
        assert row is not None and row["state"] in ("filed", "review") and row["pages"] == 1
        assert document in found(house, "Musterbach")


def desk_with_batch(place: Path) -> None:
    founded(place / "town", incoming="at = 'pages'\npages = 2")
    with Lane(place / "town", Clock(BEFORE)) as lane:
        lane.drop(DROP, letter("eins", "zwei", "drei", "vier"))


def division(place: Path, begin: Begin) -> None:
    with Lane(place / "town", Clock(DAY)) as lane:
        (document,) = (str(row["id"]) for row in lane.house.register.jobs())
        begin()
        lane.walk(document)


def check_division(place: Path) -> None:
    with Lane(place / "town", Clock(AFTER)) as lane:
        batch = min(lane.house.register.documents())
        if lane.state(batch) != "divided":
            lane.walk(batch)
        made = lane.parts(batch)
        pages = [lane.house.holdings.receipt(one, one).part for one in made]
        assert [part and part.sources for part in pages] == [((batch, (1, 2)),), ((batch, (3, 4)),)]
        lane.work_off()
        assert lane.staged() == []
    with next_start(place) as house:
        assert set(house.register.documents()) == {batch, *made}


# --- correction, index, model --------------------------------------------------------------------


def correction(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        document = the_document(house)
        begin()
        archive_of(house).review.correct(document, ["subject=Neuer Betreff"])


def check_correction(place: Path) -> None:
    with next_start(place) as house:
        document = the_document(house)
        told = archive_of(house).documents.show(document)["subject"]
        assert told in ("Alt", "Neuer Betreff")
        if told == "Alt":
            archive_of(house).review.correct(document, ["subject=Neuer Betreff"])
        assert archive_of(house).documents.show(document)["subject"] == "Neuer Betreff"
        house.current_index()
        assert found(house, "Betreff") == [document]


BETTER = b"%PDF-1.7\nbesser gescannt\n%%EOF\n"


def rescan(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        document = the_document(house)
        begin()
        archive_of(house).scans.replace(document, io.BytesIO(BETTER), b"besser.pdf")


def check_rescan(place: Path) -> None:
    with next_start(place) as house:
        document = the_document(house)
        stored = house.vault.path(document, "original.pdf")
        if stored.read_bytes() != BETTER:
            assert stored.read_bytes() == _original()
            archive_of(house).scans.replace(document, io.BytesIO(BETTER), b"besser.pdf")
        assert stored.parent.parent.parent == house.vault.home(document)
        assert house.vault.path(document, "original.pdf").read_bytes() == BETTER
        assert house.vault.path(document, "original.pdf", 1).read_bytes() == _original()
        assert len(house.register.accessions(document)) == 2


def purge(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        document = the_document(house)
        begin()
        archive_of(house).versions.purge(document, "Versehen")


def check_purge(place: Path) -> None:
    with next_start(place) as house:
        document = the_document(house)
        if house.vault.inventory(document).latest > 1:
            archive_of(house).versions.purge(document, "Versehen")
        assert house.vault.inventory(document).latest == 1
        assert archive_of(house).documents.show(document)["subject"] == "Neuer Betreff"


REFERENCE = "632.21-1/2024"


def dossier(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        assert house.register.head()[0] > 0
        begin()
        opened = dossiers.open_(house.registry, REFERENCE, "invoice", "Eins", "uid:7")
        dossiers.close(house.registry, opened, None, "uid:7")


def check_dossier(place: Path) -> None:
    with next_start(place) as house:
        row = house.register.dossier(REFERENCE)
        if row is None:
            dossiers.open_(house.registry, REFERENCE, "invoice", "Eins", "uid:7")
        if row is None or row["state"] == "open":
            dossiers.close(house.registry, REFERENCE, None, "uid:7")
        (one,) = house.register.matters("dossier")
        assert one["state"] == "closed"


def desk_behind(place: Path) -> None:
    """The index does not have the newest lines."""
    desk(place)
    with house_of(place, BEFORE) as house:
        archive_of(house).review.correct(the_document(house), ["subject=Neuer Betreff"])


def index(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        assert house.index.cursor() < house.register.head()[0]
        begin()
        house.current_index()


def new_index(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        assert house.register.head()[0] > 0
        begin()
        house.reindex(lambda _done, _total: None)


def check_index(place: Path) -> None:
    with next_start(place) as house:
        document = the_document(house)
        assert found(house, "Betreff") == found(house, "Friedhofssatzung") == [document]
        assert house.reindex(lambda _done, _total: None) == 1
        assert found(house, "Betreff") == [document]


def examples() -> list[Example]:
    texts = {"a": "Hundesteuer Bescheid Marke", "b": "Bauantrag Flurstück Genehmigung"}
    return [
        Example(f"{text} Nummer {n}", kind, id=f"{kind}{n}")
        for kind, text in texts.items()
        for n in range(8)
    ]


def model_folder(place: Path) -> ModelFolder:
    return ModelFolder(place / "town" / "learned" / "model")


def taught(place: Path) -> None:
    desk(place)
    folder = model_folder(place)
    with folder.claimed():
        folder.save(fit(examples()), 1)


def model(place: Path, begin: Begin) -> None:
    folder = model_folder(place)
    known = folder.newest()
    assert known is not None
    begin()
    for seen in (2, 3):  # the second one lets the oldest go
        with folder.claimed():
            folder.save(known, seen)


def check_model(place: Path) -> None:
    folder = model_folder(place)
    known = folder.newest()
    assert known is not None and known.predict("Bauantrag Flurstück").ranking[0][0] == "b"
    with folder.claimed():
        folder.save(known, 4)
    newest = folder.newest()
    assert newest is not None and newest.seen == 4
    assert not list(folder.folder.glob(".building-*"))
    with next_start(place):
        pass


# --- export and destruction ----------------------------------------------------------------------


def brought(state: str) -> Callable[[Path], None]:
    """A batch of which the archive takes some."""

    def furnish(place: Path) -> None:
        with bureau(furnished(place / "town"), "2012-01-01") as one:
            closing = replace(OLD, record_class="offence", letter_date="2009-02-02")
            one.dossier("32.1-4/2009", "2010-01-01", closing, closing, title="Chronik")
            one.filed(Letter("Mahnung", "claim", "2010-01-01", subject="Mahnung"))
            one.clock.day = BEFORE
            batch = str(one.one.disposal.propose()["id"])
            one.brought(batch, state, TAKES_SOME)
            one.house.current_index()

    return furnish


def the_batch(one: Bureau) -> str:
    (row,) = one.house.register.matters("batch")
    return str(row["id"])


@contextmanager
def office(place: Path, day: str) -> Iterator[Bureau]:
    town = object.__new__(Town)
    town.root, town.config = place / "town", place / "town" / "config.toml"
    with bureau(town, day) as one:
        yield one


def export(place: Path, begin: Begin) -> None:
    with office(place, DAY) as one:
        batch = the_batch(one)
        begin()
        one.one.disposal.export(name=batch)


def check_export(place: Path) -> None:
    with next_start(place):
        pass
    with office(place, AFTER) as one:
        batch = the_batch(one)
        if one.state(batch) == "appraised":
            one.one.disposal.export(name=batch)
        assert one.state(batch) == "exported"
        (package,) = (place / "town" / "exports" / batch).iterdir()
        assert verify(package).findings == ()


def destroy(place: Path, begin: Begin) -> None:
    with office(place, DAY) as one:
        batch = the_batch(one)
        begin()
        one.one.disposal.destroy(name=batch)


def check_destroy(place: Path) -> None:
    with next_start(place):
        pass
    with office(place, AFTER) as one:
        batch = the_batch(one)
        if one.state(batch) != "done":
            one.one.disposal.destroy(name=batch)
        assert one.state(batch) == "done"
        (certificate,) = one.one.certificates.list()["certificates"]
        assert certificate["is_proved"], certificate
        assert len(one.house.register.destroyed()) == 3
    with next_start(place) as house:
        assert not list(house.config.places.exports.glob("*/*/data/*"))


# --- heal and back-up ----------------------------------------------------------------------------


def damaged(place: Path) -> None:
    desk(place)
    with house_of(place, BEFORE) as house:
        path = house.vault.path(the_document(house), "original.pdf")
        content = bytearray(path.read_bytes())
        content[10] ^= 1
        path.chmod(0o640)
        path.write_bytes(content)


def _original() -> bytes:
    return b"%PDF-1.7\n" + OLD.text.encode() + b"\n%%EOF\n"


def heal(place: Path, begin: Begin) -> None:
    with house_of(place, DAY) as house:
        document = the_document(house)
        begin()
        archive_of(house).scans.restore(document, io.BytesIO(_original()))


def check_heal(place: Path) -> None:
    with house_of(place, AFTER) as house:
        house.intake.recover(house.folders())
        document = the_document(house)
        archive_of(house).scans.restore(document, io.BytesIO(_original()))
        assert house.vault.path(document, "original.pdf").read_bytes() == _original()
    with next_start(place) as house:
        assert archive_of(house).documents.show(the_document(house))["state"] == "filed"


def saved(place: Path) -> None:
    """An archive with a back-up, and a document that is not in it."""
    desk(place)
    back_up(place)
    with house_of(place, BEFORE) as house:
        filed(house, replace(OLD, content=b"zwei"))


def back_up(place: Path) -> None:
    told = safekeeping.make(
        load(place / "town" / "config.toml"),
        place / "backup",
        keep_days=None,
        anew=False,
        repository="",
        progress=_quiet,
    )
    assert told["problems"] == []


def _quiet(_label: str) -> Callable[[int, int], None]:
    return lambda _done, _total: None


def backup(place: Path, begin: Begin) -> None:
    begin()
    back_up(place)


def check_backup(place: Path) -> None:
    for least, name in ((1, "first"), (2, "second")):
        back = safekeeping.restore(place / "backup", place / name, number=None, progress=_quiet)
        assert back["problems"] == [] and back["documents"] >= least
        back_up(place)
    with next_start(place):
        pass


OPERATIONS = (
    Operation("door", with_matters, door, check_door),
    Operation("intake", desk_with_drop, intake, check_intake),
    Operation("reading and filing", desk_with_arrival, reading, check_reading),
    Operation("division", desk_with_batch, division, check_division),
    Operation("correction", desk, correction, check_correction),
    Operation("rescan", desk, rescan, check_rescan),
    Operation("purge", desk_behind, purge, check_purge),
    Operation("dossier", desk, dossier, check_dossier),
    Operation("index commit", desk_behind, index, check_index),
    Operation("new index", desk_behind, new_index, check_index),
    Operation("model swap", taught, model, check_model),
    Operation("export", brought("appraised"), export, check_export),
    Operation("destruction", brought("handed_over"), destroy, check_destroy),
    Operation("heal", damaged, heal, check_heal),
    Operation("back-up", saved, backup, check_backup),
)

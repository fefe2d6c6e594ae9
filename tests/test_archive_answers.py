"""Answers of the archive that speak of documents inside a unit, or contradict one another.

What the archive says it has not imported, or wants, is not destroyed, whatever else it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from zipfile import ZipFile

import msgspec
import pytest

from archiver.errors import Refusal
from archiver.retention.exchange.appraisal import appraise, confirm
from archiver.retention.exchange.batch import VERSIONS, Delivery, Offer, Party
from archiver.retention.exchange.replies import read_appraisal, read_import
from tests import corpora
from tests.corpora import CASES
from tests.places import memory_folder
from tests.seeding import ARCHIVE_NAME, TOWN_NAME, Bureau, Letter, bureau, furnished
from tests.state_archive import Sent, StateArchive, decided, imported
from tests.xdomea_batches import Store, a_delivery, an_offer

LAND = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda _title: True)
REFERENCE = "32.1-4/2009"


@pytest.fixture(params=VERSIONS)
def one(request: pytest.FixtureRequest) -> Iterator[Bureau]:
    town = {"disposition": {"xdomea": request.param}}
    with memory_folder() as at, bureau(furnished(at / "town", town), "2012-01-01") as made:
        yield made


def batch_of_two(one: Bureau) -> str:
    """A batch of a dossier with two papers, and one paper alone."""
    paper = Letter("Ordnungswidrigkeit", "offence", "2009-02-02", subject="Bescheid")
    one.dossier(REFERENCE, "2010-01-01", paper, paper, title="Verstöße")
    one.filed(Letter("Mahnung", "claim", "2010-01-01", subject="Mahnung"))
    one.clock.day = "2022-01-01"
    return str(one.one.disposal.propose()["id"])


def unit_and_documents(sent: Sent) -> tuple[str, list[str]]:
    """UUIDs of the dossier in a message, and of the documents in it, as the archive reads them."""
    (dossier,) = [uuid for uuid, kind in sent.items.items() if kind == "Akte"]
    return dossier, sent.parts[dossier]


def said(code: str, sent: Sent, body: str) -> bytes:
    return LAND.answered(code, sent, body)


def unit_of(one: Bureau, batch: str, uuid: str) -> str:
    return next(unit for unit, item in one.units(batch).items() if item["uuid"] == uuid)


def refused(reason: str, step: object) -> None:
    with pytest.raises(Refusal) as caught:
        step()  # type: ignore[operator]
    assert caught.value.reason == reason


def test_a_document_that_was_not_imported_is_not_destroyed(one: Bureau) -> None:
    batch = one.brought(batch_of_two(one), "exported", LAND)
    sent = one.package(batch)
    dossier, documents = unit_and_documents(sent)
    everything = [(uuid, True) for uuid in (*sent.items, *documents)]
    failed = imported(sent.version, *everything[:-1], (documents[-1], False))
    told = one.confirmed(batch, said("0506", sent, failed))
    assert (told["state"], told["waiting"]) == ("exported", 1)
    (finding,) = told["findings"]
    assert finding["code"] == "import_part_failed" and "Datei fehlt" in finding["message"]
    assert finding["id"] == unit_of(one, batch, dossier)
    refused("batch_not_ready_to_destroy", lambda: one.one.disposal.destroy(name=batch))

    # Mended and handed over again: every record object is named, and nothing is odd about that.
    good = said("0506", sent, imported(sent.version, *everything))
    assert one.confirmed(batch, good) == {"state": "handed_over", "waiting": 0, "findings": []}
    # The old answer says nothing new. Another one that takes it back is believed.
    told = one.confirmed(batch, said("0506", sent, failed))
    assert (told["state"], told["waiting"]) == ("handed_over", 0)
    torn = imported(sent.version, (dossier, True), (documents[0], False))
    told = one.confirmed(batch, said("0506", sent, torn))
    assert told["waiting"] == 1
    assert one.units(batch)[unit_of(one, batch, dossier)]["said"] == "disputed"
    refused("batch_unanswered", lambda: one.one.disposal.destroy(name=batch))
    again = imported(sent.version, *everything, (dossier, True))
    told = one.confirmed(batch, said("0506", sent, again))
    assert [one["code"] for one in told["findings"]] == ["import_contradictory"]
    refused("batch_unanswered", lambda: one.one.disposal.destroy(name=batch))

    one.one.disposal.drop(batch, [unit_of(one, batch, dossier)])
    assert one.one.disposal.destroy(name=batch)["certificate"]
    states = [one.house.register.document(i)["state"] for i in one.house.register.documents()]
    assert sorted(states) == ["destroyed", "filed", "filed"]
    # What has come back is offered anew.
    fresh = one.one.disposal.propose()["id"]
    assert [item["said"] for item in one.units(fresh).values()] == [None]


def test_a_document_that_the_archive_wants_is_not_destroyed(one: Bureau) -> None:
    batch = one.brought(batch_of_two(one), "offered", LAND)
    sent = one.offered(batch)
    dossier, documents = unit_and_documents(sent)
    waived = [(uuid, "V") for uuid in sent.items]
    wanted = decided(sent.version, *waived, (documents[0], "A"))
    told = one.appraised(batch, said("0502", sent, wanted))
    assert (told["state"], told["waiting"]) == ("offered", 1)
    (finding,) = told["findings"]
    assert finding["code"] == "appraisal_part_differs"
    assert finding["document"] in finding["message"]
    refused("batch_not_ready_to_destroy", lambda: one.one.disposal.destroy(name=batch))

    # A whole answer settles it; what contradicts it later opens it again.
    told = one.appraised(batch, said("0502", sent, decided(sent.version, *waived)))
    assert (told["state"], told["waiting"]) == ("appraised", 0)
    assert one.appraised(batch, said("0502", sent, wanted))["waiting"] == 0  # read in before
    told = one.appraised(
        batch, said("0502", sent, decided(sent.version, (documents[1], "B"), *waived))
    )
    assert (told["state"], told["waiting"]) == ("appraised", 1)
    refused("batch_unanswered", lambda: one.one.disposal.destroy(name=batch))
    refused("batch_unanswered", lambda: one.one.disposal.export(name=batch))
    every = ((uuid, "V") for uuid in (*sent.items, *documents))
    told = one.appraised(batch, said("0502", sent, decided(sent.version, *every)))
    assert [one["code"] for one in told["findings"]] == ["appraisal_contradictory"]
    assert told["waiting"] == 1
    # What it wants, it gets.
    told = one.appraised(batch, said("0502", sent, decided(sent.version, (dossier, "A"))))
    assert told["waiting"] == 0
    one.one.disposal.export(name=batch)
    assert list(one.package(batch).items) == [dossier]
    refused("batch_not_ready_to_destroy", lambda: one.one.disposal.destroy(name=batch))


# --- answers as another receiver has written them -------------------------------------------------


def case(name: str) -> tuple[str, list[str]]:
    """The message in a file of the corpora, and the ids in it in their order."""
    corpora.require(CASES)
    with ZipFile(CASES / name) as package:
        content = package.read(package.namelist()[0]).decode()
    return content, re.findall(r"<xdomea:ID(?:SGO)?>([0-9a-f-]{36})<", content)


def addressed(sent: Offer | Delivery, content: str) -> Offer | Delivery:
    """What was sent, as if it were of the process that a message speaks of."""
    process = re.findall(r"<xdomea:ProzessID>([^<]+)<", content)[0]
    head = msgspec.structs.replace(
        sent.head,
        process_id=process,
        archive=Party("Landesarchiv Saarland"),
        authority=Party("Stadt Musterbach"),
    )
    return msgspec.structs.replace(sent, head=head)


def named(sent: Offer | Delivery, dossier: str, documents: list[str]) -> Offer | Delivery:
    """Its first unit alone, with ids of a message in it."""
    unit = sent.items[0]
    inside = tuple(
        msgspec.structs.replace(one, uuid=uuid)
        for one, uuid in zip(unit.documents, documents, strict=True)
    )
    renamed = msgspec.structs.replace(unit, uuid=dossier, documents=inside)
    return msgspec.structs.replace(sent, items=(renamed,))


def test_messages_of_the_state_archives_own_receiver() -> None:
    content, ids = case("0506-one-document-failed.zip")
    delivery = named(addressed(a_delivery(Store(), "3.1.0"), content), ids[0], ids[1:3])
    found = confirm(delivery, read_import(content.encode()))  # type: ignore[arg-type]
    assert not found.arrived
    odd = [one for one in found.findings if one.code != "reply_about_unknown"]
    assert [(one.code, one.words) for one in odd] == [
        ("import_part_failed", ("Datei defekt, nicht importiert",))
    ]

    content, ids = case("0506-names-every-record-object.zip")
    delivery = named(addressed(a_delivery(Store(), "3.1.0"), content), ids[0], ids[1:3])
    found = confirm(delivery, read_import(content.encode()))  # type: ignore[arg-type]
    assert found.arrived == {ids[0]}
    assert {one.code for one in found.findings} == {"reply_about_unknown"}

    content, ids = case("0502-one-document-wanted.zip")
    offer = named(addressed(an_offer(Store(), "3.1.0"), content), ids[0], [ids[3], ids[1]])
    decision = appraise(offer, read_appraisal(content.encode()))  # type: ignore[arg-type]
    assert not decision.waived and not decision.taken
    assert "appraisal_part_differs" in {one.code for one in decision.findings}

"""0501 and 0503 against the published schemas, in both versions."""

from __future__ import annotations

import io
from zipfile import ZipFile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.retention.exchange import dialect, messages
from archiver.retention.exchange.batch import VERSIONS, Offer, derived_uuid
from tests.xdomea_batches import (
    PROCESS,
    Store,
    a_delivery,
    a_head,
    an_item,
    an_offer,
    assert_valid,
)

pytestmark = pytest.mark.pure


def local(element) -> str:
    return element.tag.rpartition("}")[2]


def texts(message, name: str) -> list[str | None]:
    return [element.text for element in message.iter() if local(element) == name]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_offer_is_valid_and_names_no_file(version: str) -> None:
    offer = an_offer(Store(), version)
    message = assert_valid(b"".join(messages.offer_list(offer)), version)
    assert local(message) == "Aussonderung.Anbieteverzeichnis.0501"
    assert texts(message, "ProzessID") == [PROCESS]
    assert not texts(message, "Dateiname")
    assert texts(message, "Aufbewahrungsende") == ["2025-12-31", "2025-12-31"]
    assert texts(message, "Unbefristet") == ["1"]
    tops = [local(child) for top in message if local(top) == "Schriftgutobjekt" for child in top]
    assert tops == ["Akte", "Vorgang", "Akte"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_offer_is_sent_in_a_zip_named_after_the_process(version: str) -> None:
    offer = an_offer(Store(), version)
    name, content = messages.offer_package(offer)
    with ZipFile(io.BytesIO(content)) as package:
        (inside,) = package.namelist()
        assert package.testzip() is None
        assert_valid(package.read(inside), version)
    stem = dialect.stem(offer.head, "0501")
    assert (name, inside) == (f"{stem}.zip", f"{stem}.xml")
    assert messages.offer_package(offer) == (name, content)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_delivery_is_valid_and_names_every_file_with_its_digest(version: str) -> None:
    delivery = a_delivery(Store(), version)
    content = b"".join(messages.delivery_list(delivery))
    message = assert_valid(content, version)
    files = list(delivery.files())
    assert texts(message, "Dateiname") == [file.name for file in files]
    place = "Wert" if version == "4.0.0" else "MetadatumNeuerWert"
    assert texts(message, place) == [file.sha512 for file in files]
    assert texts(message, "Importbestaetigung") == ["1"]
    documents = {document.uuid for _item, document in delivery.documents()}
    assert not any(
        name.startswith(uuid) for name in texts(message, "Dateiname") for uuid in documents
    )
    assert content == b"".join(messages.delivery_list(delivery))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_known_is_left_out_and_the_message_stays_valid(version: str) -> None:
    store = Store()
    bare = msgspec.structs.replace(
        store.document(1),
        kind="",
        reference="",
        their_reference="",
        received_on=None,
        dated=None,
        case_worker="",
        events=(),
    )
    item = msgspec.structs.replace(
        an_item(1, (bare,)), reference="", unit="", begins=None, ends=None, closed_on=None
    )
    head = a_head(version)
    head = msgspec.structs.replace(
        head, authority=msgspec.structs.replace(head.authority, unit="", key="", prefix="")
    )
    offer = Offer(head, (item,))
    message = assert_valid(b"".join(messages.offer_list(offer)), version)
    assert not texts(message, "Posteingangsdatum")


@given(title=st.text(max_size=40), version=st.sampled_from(VERSIONS))
def test_any_subject_gives_a_valid_message_with_that_subject(title: str, version: str) -> None:
    store = Store()
    offer = Offer(a_head(version), (an_item(1, (store.document(1, title=title),)),))
    message = assert_valid(b"".join(messages.offer_list(offer)), version)
    allowed = "".join(c if ord(c) >= 32 or c in "\t\n\r" else "\ufffd" for c in title)
    allowed = allowed.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    found = texts(message, "Betreff")
    assert found[1:] == ([allowed] if title else [])


def test_files_of_a_message_are_named_as_the_standard_asks() -> None:
    assert dialect.stem(a_head("3.1.0"), "0503") == f"{PROCESS}_Aussonderung.Aussonderung.0503"
    assert dialect.stem(a_head("4.0.0"), "0503") == f"{PROCESS}_0503_1"
    assert (
        dialect.stem(a_head("3.1.0"), "0501") == f"{PROCESS}_Aussonderung.Anbieteverzeichnis.0501"
    )


def test_derived_ids_are_the_same_at_every_call_and_apart_from_each_other() -> None:
    first = derived_uuid(PROCESS, "file", "1")
    assert first == derived_uuid(PROCESS, "file", "1")
    assert len({first, derived_uuid(PROCESS, "file", "2"), derived_uuid(PROCESS, "item", "1")}) == 3

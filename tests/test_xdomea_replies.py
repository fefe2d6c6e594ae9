"""0502 and 0506: read, checked against what was sent, and hostile files refused."""

from __future__ import annotations

import io
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import Refusal, UsageFault
from archiver.retention.exchange import received_xml
from archiver.retention.exchange.appraisal import appraise, confirm
from archiver.retention.exchange.batch import VERSIONS, Offer
from archiver.retention.exchange.replies import read_appraisal, read_import
from tests.state_archive import STRANGER, answer, decided, imported
from tests.xdomea_batches import Store, a_delivery, an_offer, assert_valid

pytestmark = pytest.mark.pure


def uuids(offer: Offer) -> list[str]:
    return [item.uuid for item in offer.items]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_appraisal_is_read_item_by_item(version: str) -> None:
    offer = an_offer(Store(), version)
    first, second, third = uuids(offer)
    content = answer(
        "0502", version, decided(version, (first.upper(), "A"), (second, "V"), (third, "A"))
    )
    assert_valid(content, version)
    found = appraise(offer, read_appraisal(content))
    assert found.taken == {first, third}
    assert found.waived == {second}
    assert found.findings == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_odd_in_an_appraisal_is_reported(version: str) -> None:
    offer = an_offer(Store(), version)
    first, second, third = uuids(offer)
    document = offer.items[0].documents[0].uuid
    body = decided(
        version, (first, "A"), (first, "V"), (second, "B"), (STRANGER, "A"), (document, "A")
    )
    content = answer("0502", version, body)
    assert_valid(content, version)
    found = appraise(offer, read_appraisal(content))
    assert not found.taken and not found.waived
    assert [(f.code, f.uuid) for f in found.findings] == [
        ("reply_about_unknown", STRANGER),
        ("appraisal_contradictory", first),
        ("appraisal_undecided", second),
        ("appraisal_missing", third),
    ]
    body = decided(version, (first, "A"), (first, "A"), (second, "Auswahl"), (third, "V"))
    found = appraise(offer, read_appraisal(answer("0502", version, body)))
    assert found.taken == {first}
    assert [(f.code, f.id) for f in found.findings] == [("appraisal_unclear", offer.items[1].id)]


@pytest.mark.parametrize("version", VERSIONS)
def test_only_what_has_arrived_is_confirmed(version: str) -> None:
    delivery = a_delivery(Store(), version)
    first, second, third = [item.uuid for item in delivery.items]
    body = imported(version, (first, True), (second, False), (STRANGER, True))
    content = answer("0506", version, body)
    assert_valid(content, version)
    read = read_import(content)
    assert read.items[1].errors == ("Datei fehlt",)
    found = confirm(delivery, read)
    assert found.arrived == {first}
    assert found.archive_ids == {first: "LA-7"}
    assert [(f.code, f.uuid) for f in found.findings] == [
        ("reply_about_unknown", STRANGER),
        ("import_failed", second),
        ("import_missing", third),
    ]
    body = imported(version, (first, True), (first, False), (second, True), (third, True))
    found = confirm(delivery, read_import(answer("0506", version, body)))
    assert found.arrived == {second, third}
    assert [f.code for f in found.findings] == ["import_contradictory"]


def test_a_confirmation_of_the_whole_counts_for_all_unless_items_say_otherwise() -> None:
    delivery = a_delivery(Store(), "4.0.0")
    everything = {item.uuid for item in delivery.items}
    content = answer("0506", "4.0.0", imported("4.0.0"))
    assert_valid(content, "4.0.0")
    assert confirm(delivery, read_import(content)).arrived == everything
    failed = confirm(delivery, read_import(answer("0506", "4.0.0", imported("4.0.0", whole=False))))
    assert not failed.arrived
    assert {f.code for f in failed.findings} == {"import_failed"}
    body = imported("4.0.0", *((uuid, True) for uuid in everything), whole=False)
    torn = confirm(delivery, read_import(answer("0506", "4.0.0", body)))
    assert not torn.arrived and not torn.archive_ids
    assert {f.code for f in torn.findings} == {"import_contradictory"}


@pytest.mark.parametrize(
    ("version", "said", "reason"),
    [
        ("3.1.0", {"process": STRANGER}, "reply_other_process"),
        ("4.0.0", {"process": STRANGER}, "reply_other_process"),
        ("4.0.0", {"origin": STRANGER}, "reply_other_origin"),
        ("4.0.0", {"number": "2"}, "reply_other_part"),
        ("3.1.0", {"sender": "Stadtarchiv Nirgendwo"}, "reply_other_sender"),
        ("4.0.0", {"receiver": "Gemeinde Anderswo"}, "reply_other_receiver"),
    ],
)
def test_an_answer_to_something_else_is_refused(version: str, said: dict, reason: str) -> None:
    offer = an_offer(Store(), version)
    content = answer("0502", version, decided(version, (uuids(offer)[0], "A")), **said)
    with pytest.raises(Refusal) as caught:
        appraise(offer, read_appraisal(content))
    assert caught.value.reason == reason


def test_an_answer_in_another_version_is_refused_and_an_alias_is_known() -> None:
    offer = an_offer(Store(), "4.0.0")
    with pytest.raises(Refusal, match="reply_other_version"):
        appraise(offer, read_appraisal(answer("0502", "3.1.0", decided("3.1.0", (STRANGER, "A")))))
    body = decided("4.0.0", *((uuid, "V") for uuid in uuids(offer)))
    content = answer("0502", "4.0.0", body, sender="LANDESARCHIV")
    assert appraise(offer, read_appraisal(content)).waived == set(uuids(offer))


def test_a_key_in_the_directory_weighs_more_than_a_name() -> None:
    offer = an_offer(Store(), "4.0.0")
    head = offer.head
    archive = msgspec.structs.replace(head.archive, prefix="psw", key="777")
    offer = msgspec.structs.replace(offer, head=msgspec.structs.replace(head, archive=archive))
    body = decided("4.0.0", *((uuid, "V") for uuid in uuids(offer)))
    keyed = (
        "x</xdomea:Name></xdomea:NameInstitution></xdomea:autor><xdomea:autor><xdomea:Behoerdenkennung>"
        "<xdomea:kennung>psw:{}</xdomea:kennung></xdomea:Behoerdenkennung><xdomea:NameInstitution>"
        "<xdomea:Name>Landesarchiv"
    )
    right = answer("0502", "4.0.0", body, sender=keyed.format("777"))
    assert appraise(offer, read_appraisal(right)).waived
    wrong = answer("0502", "4.0.0", body, sender=keyed.format("778"))
    with pytest.raises(Refusal, match="reply_other_sender"):
        appraise(offer, read_appraisal(wrong))


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name.replace("_dot_", "."), content)
    return buffer.getvalue()


def test_a_message_may_come_in_its_zip() -> None:
    offer = an_offer(Store(), "4.0.0")
    message = answer("0502", "4.0.0", decided("4.0.0", *((u, "A") for u in uuids(offer))))
    assert appraise(offer, read_appraisal(zipped(a_dot_xml=message))).taken == set(uuids(offer))
    for bad in (
        zipped(a_dot_txt=b"x"),
        zipped(a_dot_xml=message, b_dot_xml=message),
        b"PK\x03\x04",
    ):
        with pytest.raises(UsageFault, match="reply_zip_bad"):
            read_appraisal(bad)


GOOD = answer("0502", "4.0.0", decided("4.0.0", (STRANGER, "A")))
DOCTYPE = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "reply_not_xml"),
        (b"%PDF-1.7", "reply_not_xml"),
        (GOOD[:-20], "reply_not_xml"),
        (GOOD + b"<more/>", "reply_not_xml"),
        (b"<?xml version='1.0' encoding='nonsense'?><a/>", "reply_not_xml"),
        (DOCTYPE + b"<x>&b;</x>", "reply_dtd"),
        ((DOCTYPE + b"<x>&b;</x>").decode().encode("utf-16"), "reply_dtd"),
        (b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>", "reply_dtd"),
        (b"<a>" * 5000, "reply_too_complex"),
        (b"<a><b>" + b"x" * 200_000 + b"</b></a>", "reply_too_complex"),
        (b"<x/>", "reply_other_message"),
        (answer("0506", "4.0.0", imported("4.0.0")), "reply_other_message"),
        (GOOD.replace(b"4.0.0", b"2.3.0"), "reply_unknown_version"),
        (GOOD.replace(STRANGER.encode(), b"no-uuid"), "reply_field_bad"),
        (GOOD.replace(b"<code>A<", b"<code>X<"), "reply_field_bad"),
        (GOOD.replace(b"<code>A</code>", b""), "reply_field_missing"),
        (GOOD.replace(b"<code>A</code>", b"<code>A</code><code>V</code>"), "reply_field_twice"),
        (
            GOOD.replace(
                b"<xdomea:ProzessID>", b"<xdomea:ProzessID>1</xdomea:ProzessID><xdomea:ProzessID>"
            ),
            "reply_field_twice",
        ),
        (GOOD.replace(b"Typ>1<", b"Typ>-1<"), "reply_field_bad"),
    ],
)
def test_files_that_are_no_answer_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UsageFault) as caught:
        read_appraisal(content)
    assert caught.value.reason == reason


def test_sizes_are_bounded_whatever_a_zip_claims() -> None:
    bomb = zipped(a_dot_xml=b" " * (received_xml.MAX_BYTES + 2))
    assert len(bomb) < 1 << 20
    with pytest.raises(UsageFault, match="reply_too_large"):
        read_appraisal(bomb)
    with pytest.raises(UsageFault, match="reply_too_large"):
        received_xml.parse(b"<a/>" + b" " * 100, frozenset(), limit=50)


def test_elements_of_other_namespaces_say_nothing() -> None:
    foreign = b"<o:Vermerk xmlns:o='urn:other'><o:xdomeaUUID>x</o:xdomeaUUID></o:Vermerk>"
    content = GOOD.replace(b"<xdomea:BewertetesSGO>", foreign + b"<xdomea:BewertetesSGO>", 1)
    assert [one.uuid for one in read_appraisal(content).items] == [STRANGER]


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"<AusgesondertesSGO xmlns='urn:other'>", b"</AusgesondertesSGO>"),
        (b"<AusgesondertesSGO>", b"</AusgesondertesSGO>"),
        (
            b"<xdomea:Teile><xdomea:AusgesondertesSGO>",
            b"</xdomea:AusgesondertesSGO></xdomea:Teile>",
        ),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_result_in_a_place_of_its_own_is_not_overlooked(
    version: str, before: bytes, behind: bytes
) -> None:
    """Read as if it were not there, the answer would say that everything has arrived."""
    content = answer("0506", version, imported(version, (STRANGER, True)))
    failed = b"<xdomea:IDSGO>x</xdomea:IDSGO><xdomea:Erfolgreich>0</xdomea:Erfolgreich>"
    for end in (b"</xdomea:AusgesondertesSGO>", b"</xdomea:Aussonderung.Aussonderung"):
        place = content.index(end)
        odd = content[:place] + before + failed + behind + content[place:]
        with pytest.raises(UsageFault, match="reply_record_misplaced"):
            read_import(odd)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with pytest.raises(UsageFault):
        read_appraisal(content)


@given(place=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_gives_a_value_or_a_refusal(place: int, byte: int) -> None:
    try:
        found = read_appraisal(GOOD[:place] + bytes([byte]) + GOOD[place + 1 :])
    except UsageFault:
        return
    assert all(one.decision in ("A", "B", "V", None) for one in found.items)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_unit_has_arrived_only_if_nothing_in_it_failed(version: str) -> None:
    delivery = a_delivery(Store(), version)
    first, _second, third = delivery.items
    units = [(item.uuid, True) for item in delivery.items]
    documents = [(one.uuid, True) for _item, one in delivery.documents()]
    files = [(file.uuid, True) for file in delivery.files()]

    def told(*pairs: tuple[str, bool]) -> tuple[set[str], list[tuple[str, str, tuple[str, ...]]]]:
        content = answer("0506", version, imported(version, *pairs))
        assert_valid(content, version)
        found = confirm(delivery, read_import(content))
        return {*found.arrived}, [(one.code, one.part, one.words) for one in found.findings]

    everything = {uuid for uuid, _yes in units}
    # What the archive names besides the units is no finding as long as it agrees.
    assert told(*units, *documents) == (everything, [])
    assert told(*units, *documents, *files) == (everything, [])
    inside = first.documents[0]
    failed = ("import_part_failed", inside.id, ("Datei fehlt",))
    for part in (inside.uuid, inside.files[0].uuid):
        assert told(*units, (part.upper(), False)) == (everything - {first.uuid}, [failed])
        assert told(*units, *documents, *files, (part, False)) == (
            everything - {first.uuid}, [failed],
        )  # fmt: skip
    lone = third.documents[0]
    alone = ("import_part_failed", lone.id, ("Datei fehlt",))
    assert told(*units, (lone.uuid, False)) == (everything - {third.uuid}, [alone])
    if len(first.documents) > 1:
        left_out = [pair for pair in documents if pair[0] != first.documents[1].uuid]
        missing = ("import_part_missing", first.documents[1].id, ())
        assert told(*units, *left_out) == (everything - {first.uuid}, [missing])
    assert told(*units[1:], *documents)[0] == everything - {first.uuid}


@pytest.mark.parametrize("version", VERSIONS)
def test_reasons_are_told_and_a_success_with_reasons_is_none(version: str) -> None:
    delivery = a_delivery(Store(), version)
    body = imported(version, *((item.uuid, True) for item in delivery.items))
    why = (
        "<xdomea:FehlermeldungCode listURI='urn:x' listVersionID='1'><code>17</code>"
        "<name>Pr\u00fcfsumme falsch</name></xdomea:FehlermeldungCode>"
    )
    head, mark, tail = body.rpartition("<xdomea:Erfolgreich>1</xdomea:Erfolgreich>")
    content = answer("0506", version, head + mark + why + tail)
    assert_valid(content, version)
    found = confirm(delivery, read_import(content))
    assert found.arrived == {item.uuid for item in delivery.items[:-1]}
    (odd,) = found.findings
    assert (odd.code, odd.words) == ("import_contradictory", ("Pr\u00fcfsumme falsch", "17"))


ERROR = "<xdomea:Fehlermeldung>Ein Dokument fehlt</xdomea:Fehlermeldung>"
IN_RESULT, AFTER_RESULT = "</xdomea:Erfolgreich>", "</xdomea:AusgesondertesSGO>"
BEGIN, END = "<xdomea:Aussonderungsart>", "</xdomea:Aussonderungsart>"
OWN = "xdomea:AussonderungsartKonfigurierbar"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("behind", "more"),
    [
        (IN_RESULT, "<xdomea:FehlermeldungNeu>fehlt</xdomea:FehlermeldungNeu>"),
        (IN_RESULT, "<f:Erfolgreich xmlns:f='urn:x'>0</f:Erfolgreich>"),
        (IN_RESULT, "<xdomea:Fehlermeldung><text>fehlt</text></xdomea:Fehlermeldung>"),
        (IN_RESULT, "ein Dokument fehlt"),
        (AFTER_RESULT, "ein Dokument fehlt"),
        (AFTER_RESULT, "<xdomea:Verlust><xdomea:ID>x</xdomea:ID></xdomea:Verlust>"),
        (AFTER_RESULT, "<f:Verlust xmlns:f='urn:x'><f:Erfolgreich>0</f:Erfolgreich></f:Verlust>"),
        (AFTER_RESULT, ERROR),
        ("<xdomea:AusgesondertesSGO>", "<xdomea:Teil><xdomea:ID>x</xdomea:ID></xdomea:Teil>"),
    ],
)
def test_what_the_standard_does_not_have_refuses_a_confirmation(
    version: str, behind: str, more: str
) -> None:
    """It says that something has not arrived, in a place that nobody would look at."""
    body = imported(version, (STRANGER, True)).replace(behind, behind + more)
    with pytest.raises(UsageFault, match="reply_record_misplaced"):
        read_import(answer("0506", version, body))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("behind", "more"),
    [
        (f"{END}{END}", "<xdomea:Teil><code>A</code></xdomea:Teil>"),
        (BEGIN, f"<{OWN}><code>A</code></{OWN}>"),
        (BEGIN, "<f:Aussonderungsart xmlns:f='urn:x'>A</f:Aussonderungsart>"),
    ],
)
def test_what_the_standard_does_not_have_refuses_an_appraisal(
    version: str, behind: str, more: str
) -> None:
    body = decided(version, (STRANGER, "V")).replace(behind, behind + more, 1)
    assert more in body
    with pytest.raises(UsageFault, match="reply_record_misplaced"):
        read_appraisal(answer("0502", version, body))


@pytest.mark.parametrize("words", [ERROR, ERROR.replace("Ein Dokument fehlt", " ")])
def test_an_error_about_the_whole_is_not_overlooked_where_all_has_arrived(words: str) -> None:
    delivery = a_delivery(Store(), "4.0.0")
    body = imported("4.0.0", *((item.uuid, True) for item in delivery.items))
    content = answer("0506", "4.0.0", body.replace(IN_RESULT, IN_RESULT + words, 1))
    assert_valid(content, "4.0.0")
    found = confirm(delivery, read_import(content))
    assert not found.arrived
    assert {one.code for one in found.findings} == {"import_contradictory"}
    assert {*found.findings[0].words} <= {"Ein Dokument fehlt", "–"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_failure_of_what_was_not_sent_may_mean_any_part(version: str) -> None:
    delivery = a_delivery(Store(), version)
    body = imported(version, *((item.uuid, True) for item in delivery.items), (STRANGER, False))
    found = confirm(delivery, read_import(answer("0506", version, body)))
    assert not found.arrived
    assert [one.code for one in found.findings][:2] == ["reply_about_unknown", "import_stranger"]
    assert found.findings[0].words == ("Datei fehlt",)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("whole", ["A", "V"])
@pytest.mark.parametrize("part", ["A", "V", "B", "Auswahl"])
def test_a_part_that_is_decided_otherwise_makes_its_unit_wait(
    version: str, whole: str, part: str
) -> None:
    offer = an_offer(Store(), version)
    for inside in (offer.items[0].documents[0].uuid, offer.items[0].documents[0].files[0].uuid):
        body = decided(version, *((uuid, whole) for uuid in uuids(offer)), (inside, part))
        found = appraise(offer, read_appraisal(answer("0502", version, body)))
        settled = found.taken | found.waived
        if part == whole:
            assert settled == {*uuids(offer)} and not found.findings
        else:
            assert settled == {*uuids(offer)[1:]}
            (odd,) = found.findings
            assert (odd.code, odd.uuid) == ("appraisal_part_differs", uuids(offer)[0])
            assert odd.part == offer.items[0].documents[0].id


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["A", "B", "V", "Auswahl"])), max_size=12
    ),
    st.sampled_from(VERSIONS),
)
def test_every_item_is_decided_or_reported_exactly_once(pairs, version: str) -> None:
    offer = an_offer(Store(), version)
    known = [*uuids(offer), offer.items[0].documents[0].uuid, STRANGER]
    body = decided(version, *((known[n], word) for n, word in pairs))
    found = appraise(offer, read_appraisal(answer("0502", version, body)))
    reported = [f.uuid for f in found.findings]
    assert len(reported) == len(set(reported))
    for uuid in uuids(offer):
        words = {word for n, word in pairs if known[n] == uuid}
        if uuid == known[0]:
            parts = {word for n, word in pairs if n == 3}
            words |= parts if words and words <= {"A", "V"} else set()
        assert (uuid in found.taken) == (words == {"A"})
        assert (uuid in found.waived) == (words == {"V"})
        assert (uuid in reported) == (words not in ({"A"}, {"V"}))

"""Electronic invoices on their way: read in the cage, distrusted, filed and found."""

from __future__ import annotations

import io
import os
import threading
from datetime import date
from pathlib import Path

import msgspec
import pikepdf
import pytest
from pikepdf import pdfa

from archiver.errors import DocumentFault, SystemFault
from archiver.extract.einvoice_text import german_amount, german_day, title
from archiver.pipeline import invoices
from archiver.pipeline.invoices import Invoices
from archiver.recognise import cage, media
from archiver.recognise.exchange import WorkerDied
from archiver.recognise.guard import descendants
from tests import corpora
from tests.corpora import INVOICES
from tests.paper import text_pdf
from tests.test_extract_einvoices import EXPECTED, needs_corpus, ubl, xml_of
from tests.town import Town, wait_for

TODAY = date(2026, 6, 30)
LIMITS = cage.Limits(address_space=2 << 30, cpu_seconds=60, file_size=64 << 20, wall_seconds=60.0)
BODY = ubl().decode().partition("?>")[2]
EXTERNAL = '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
LAUGHS = (
    "<!DOCTYPE Invoice ["
    + '<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    + "]>"
)
HOSTILE = {
    "external": (EXTERNAL + BODY.replace("R-1", "&x;")).encode(),
    "laughs": (LAUGHS + BODY.replace("R-1", "&a9;")).encode(),
    "utf-16": ('<?xml version="1.0" encoding="utf-16"?>' + LAUGHS + BODY).encode("utf-16"),
}
LIES = {
    "utf-8": ubl(seller="Müller").decode().encode("latin-1"),
    "utf-16": ubl().replace(b'"UTF-8"', b'"UTF-16"', 1),
    "unknown": ubl().replace(b'"UTF-8"', b'"KLINGON"', 1),
}


def with_attachment(xml, name="factur-x.xml"):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(text_pdf())) as pdf:
        pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, xml, filename=name)
        pdf.save(out)
    return out.getvalue()


@pytest.fixture
def examined(tmp_path):
    """Have bytes examined: what they give, with the XML or the rendition read."""

    def examine(content, media_type=media.XML, limits=LIMITS, kind=None):
        path = tmp_path / "received"
        path.write_bytes(content)
        reader = Invoices(kind or cage.probe(), limits)
        with path.open("rb") as file:
            outcome = reader.examine(file.fileno(), media_type, TODAY)
        if outcome is None:
            return None, b""
        fd = outcome.xml if outcome.rendition is None else outcome.rendition
        if fd is None:
            return outcome, b""
        with os.fdopen(fd, "rb") as made:
            return outcome, made.read()

    return examine


@needs_corpus
@pytest.mark.parametrize(
    "name", ["01.20a-INVOICE_ubl.xml", "zugferd_2p1_EN16931_Physiotherapeut.pdf"]
)
def test_an_invoice_of_either_kind_is_read_in_the_cage(name, examined):
    content = (INVOICES / name).read_bytes()
    told = media.sniff(content[:4096], content[-2048:])
    outcome, made = examined(content, told)
    assert outcome.fields.fact("invoice_number").normal == EXPECTED[name][0]
    assert outcome.fields.fact("due_date").normal == EXPECTED[name][2]
    # What is kept with the document can be read again.
    kept = msgspec.json.encode(outcome.statement)
    assert msgspec.json.decode(kept, type=type(outcome.statement)) == outcome.statement
    if told == media.XML:
        assert made.startswith(b"%PDF-")
        assert outcome.xml is None
        assert outcome.pages[0].text.startswith(title(outcome.statement.invoice))
    else:
        assert made.lstrip().startswith(b"<")
        assert (outcome.rendition, outcome.pages) == (None, ())
        assert outcome.statement.name == "factur-x.xml"


def test_a_pdf_with_another_xml_has_no_invoice(examined):
    assert examined(with_attachment(b"<a/>", "notes.xml"), media.PDF) == (None, b"")


@pytest.mark.parametrize("wrap", [bytes, with_attachment])
@pytest.mark.parametrize("case", HOSTILE)
def test_declarations_are_refused_alone_and_attached(case, wrap, examined):
    with pytest.raises(DocumentFault) as caught:
        examined(wrap(HOSTILE[case]), media.XML if wrap is bytes else media.PDF)
    assert caught.value.reason == "xml_entities"


@pytest.mark.parametrize("case", LIES)
def test_an_encoding_that_lies_is_broken_xml(case, examined):
    with pytest.raises(DocumentFault) as caught:
        examined(LIES[case])
    assert caught.value.reason == "xml_broken"


@pytest.mark.parametrize(("xml", "reason"), [(b"<a>", "xml_broken"), (b"<a/>", "not_an_invoice")])
def test_an_attachment_of_no_use_leaves_a_document_for_people(xml, reason, examined):
    with pytest.raises(DocumentFault) as caught:
        examined(xml)
    assert caught.value.reason == reason
    outcome, _made = examined(with_attachment(xml), media.PDF)
    assert outcome.findings == (invoices.UNREAD,)
    assert (outcome.statement, outcome.xml, outcome.fields.fields) == (None, None, ())


def test_memory_has_an_end(examined):
    # Some 30 MiB that become a tree of more than a gigabyte.
    lines = b"<a b='c'/>" * (3 << 20)
    xml = ubl().replace(b"</Invoice>", lines + b"</Invoice>")
    with pytest.raises(DocumentFault) as caught:
        examined(xml, limits=msgspec.structs.replace(LIMITS, address_space=600 << 20))
    assert caught.value.reason == "too_much_memory"


@pytest.fixture
def odd(monkeypatch):
    monkeypatch.setattr(invoices, "_MODULE", "tests.odd_invoices")


def open_descriptors():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def ordered(what):
    return what.encode() + b"\n" + ubl()


def test_an_honest_answer_is_believed(odd, examined):
    outcome, made = examined(ordered("honest"), kind="none")
    assert outcome.statement.invoice.number == "R-1"
    assert made.startswith(b"%PDF-")


@pytest.mark.parametrize(
    "lie",
    [
        "rubbish", "amount", "day", "finding", "long", "box", "recognised", "no_pages", "reason",
        "nothing", "open", "empty", "folder",
    ],
)  # fmt: skip
def test_a_lie_is_not_believed(lie, odd, examined):
    before = open_descriptors()
    with pytest.raises(WorkerDied) as caught:
        examined(ordered(lie), kind="none")
    assert caught.value.how == ("status" if lie == "rubbish" else "protocol")
    assert open_descriptors() == before


def test_a_death_counts_and_the_machine_is_blamed_for_its_own(odd, examined):
    with pytest.raises(WorkerDied):
        examined(ordered("die"), kind="none")
    for order, reason in [("full", "disk_full"), ("fault", "font_missing")]:
        with pytest.raises(SystemFault) as caught:
            examined(ordered(order), kind="none")
        assert caught.value.reason == reason


@pytest.mark.parametrize("order", ["hang", "trickle"])
def test_waiting_ends_and_nothing_is_left_behind(order, odd, examined):
    with pytest.raises(DocumentFault) as caught:
        examined(
            ordered(order), limits=msgspec.structs.replace(LIMITS, wall_seconds=2.0), kind="none"
        )
    assert caught.value.reason == "took_too_long"
    wait_for(lambda: not descendants(os.getpid()), "no process is left")


def test_another_thread_can_end_it(odd, tmp_path):
    path = tmp_path / "received"
    path.write_bytes(ordered("hang"))
    reader = Invoices("none", LIMITS)
    ends = []

    def read():
        with path.open("rb") as file:
            try:
                reader.examine(file.fileno(), media.XML, TODAY)
            except WorkerDied as end:
                ends.append(end.how)

    others = set(descendants(os.getpid()))
    thread = threading.Thread(target=read)
    thread.start()
    wait_for(lambda: set(descendants(os.getpid())) - others, "it reads")
    reader.close()
    thread.join(timeout=30)
    assert ends == ["signal"]
    with path.open("rb") as file, pytest.raises(WorkerDied):
        reader.examine(file.fileno(), media.XML, TODAY)


def test_a_process_that_cannot_start_is_a_fault_of_the_system(examined, monkeypatch):
    monkeypatch.setattr("archiver.recognise.cage.sys.executable", "/nowhere/python")
    with pytest.raises(SystemFault) as caught:
        examined(ubl(), kind="none")
    assert caught.value.reason == "reader_failed"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """An archive into which the whole corpus was dropped."""
    corpora.require(INVOICES)
    town = Town(tmp_path_factory.mktemp("town") / "archive")
    for name in EXPECTED:
        town.drop(name, (INVOICES / name).read_bytes())
    town.once()
    return town, {hit["file"]: hit["id"] for hit in town.search()}


def facts(shown):
    return {one["kind"]: one["normal"] for one in reversed(shown["fields"]) if one["is_fact"]}


@needs_corpus
@pytest.mark.parametrize("name", EXPECTED)
def test_a_dropped_invoice_is_shown_found_and_given_back(name, filled, tmp_path):
    town, ids = filled
    shown = town.json("show", ids[name])
    number, day, due, leitweg, order, contract, seller, _vat, buyer, net, *rest = EXPECTED[name]
    payable = rest[2]
    wanted = {
        "invoice_number": number,
        "letter_date": day,
        "due_date": due,
        "currency": "EUR",
        "net_total": net,
        "total": payable,
        "sender": seller,
        "recipient": buyer,
        "buyer_reference": leitweg,
        "order_number": order,
        "contract_number": contract,
    }
    known = facts(shown)
    assert {kind: known.get(kind) for kind in wanted} == wanted
    assert (shown["sender"], shown["date"]) == (seller, day)
    assert shown["subject"].endswith(number)
    assert shown["rendition"] or "pdfa_failed" in {one["code"] for one in shown["findings"]}
    # The routing id stands in the XML of a PDF and seldom on its pages.
    for query in filter(None, (number, german_amount(payable), german_day(due), leitweg)):
        if query:
            assert ids[name] in [hit["id"] for hit in town.search(f'"{query}"')], query
    original = tmp_path / "original"
    assert town.command("get", ids[name], "--original", "-o", str(original)).returncode == 0
    assert original.read_bytes() == (INVOICES / name).read_bytes()


@needs_corpus
def test_the_xml_of_a_pdf_is_kept_beside_it_and_a_rendition_is_made_for_an_xml(filled, tmp_path):
    town, ids = filled
    found = {path.read_bytes() for path in (town.root / "vault").rglob("invoice.xml")}
    # Two of the PDFs carry the same XML.
    assert found == {xml_of(INVOICES / name) for name in EXPECTED if name.endswith(".pdf")}
    rendition = tmp_path / "rendition.pdf"
    name = "01.12a-INVOICE_ubl.xml"
    assert town.command("get", ids[name], "-o", str(rendition)).returncode == 0
    with pikepdf.open(rendition) as pdf:
        assert not pdfa.check(pdf, "2b").findings
    text = town.command("show", ids[name], "--text").stdout
    assert "Fällig am 16.03.2016" in text
    assert "DE79 0000 0000 1234 5678 90" in text


def test_hostile_and_lying_xml_is_put_aside_with_a_sentence(tmp_path):
    town = Town(tmp_path / "archive")
    for name, content in HOSTILE.items():
        town.drop(f"{name}.xml", content)
    town.drop("angehängt.pdf", with_attachment(HOSTILE["external"]))
    town.drop("gelogen.xml", LIES["utf-8"])
    town.drop("gut.xml", ubl())
    town.once(expected=3)
    problems = {one["file"]: one for one in town.status()["problems"]}
    assert {name: one["reason"] for name, one in problems.items() if name != "gut.xml"} == {
        "external.xml": "xml_entities",
        "laughs.xml": "xml_entities",
        "utf-16.xml": "xml_entities",
        "angehängt.pdf": "xml_entities",
        "gelogen.xml": "xml_broken",
    }
    assert "it was not opened" in problems["laughs.xml"]["message"]
    assert [hit["file"] for hit in town.search("Sonnenschuh")] == ["gut.xml"]


def test_an_attachment_of_no_use_does_not_keep_the_pages_from_being_read(tmp_path):
    town = Town(tmp_path / "archive")
    town.drop("kaputt.pdf", with_attachment(b"<a>"))
    town.once(expected=0)
    (hit,) = town.search("Baugenehmigung")
    shown = town.json("show", hit["id"])
    (finding,) = [one for one in shown["findings"] if one["code"] == invoices.UNREAD]
    assert "pages were read" in finding["message"]
    assert shown["pages"] == 1

"""The certificate of destruction: strict, free of contradictions, and readable with 10,000 rows."""

from __future__ import annotations

import hashlib
import io
import time

import msgspec
import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import pdfa

from archiver.errors import IntegrityFault
from archiver.papers import certificate as co
from archiver.papers import destruction_sheet, typeset
from tests.test_papers_typeset import printed

AT = "2027-02-01T09:00:00.000Z"
RULES = (
    co.RuleUsed("voucher", 2, "Buchungsbelege", "AO § 147", "V"),
    co.RuleUsed("voucher", 1, "Buchungsbelege", "AO § 147 (alt)", "V"),
    co.RuleUsed("leave", 1, "Urlaub", "Beamtengesetz", "B"),
    co.RuleUsed("unused", 1, "Nicht gebraucht", "", "A"),
)


def salted(number):
    return hashlib.sha256(f"salt {number}".encode()).hexdigest()


def documents(count):
    kinds = (("voucher", 2), ("voucher", 1), ("leave", 1))
    return tuple(
        co.Destroyed(f"01JB2Q8T{number:018d}", salted(number), *kinds[number % 3], "2026-12-31")
        for number in range(count)
    )


def made(count=7, **changes):
    parts = {
        "rules": RULES,
        "documents": documents(count),
        "approvals": (co.Approval("archivist", "uid:1004", "2027-01-20T10:00:00.000Z"),),
        "appraisal": co.Appraisal("b7c1f0de", "2027-01-18T08:00:00.000Z"),
        "before": co.Head(500, "1" * 64),
        "after": co.Head(509, "2" * 64),
        "searched": (co.Searched("vault", 7, 0), co.Searched("index", 21, 0)),
        "backups": (co.Backup("Bänder", "2027-05-02"), co.Backup("Spiegel", None)),
        "remarks": "Ohne Besonderheiten.",
    }
    return co.certificate("01JB2Q8TZZZZZZZZZZZZZZZZZZ", AT, "Stadt Musterbach", **parts | changes)


def test_counts_and_rules_are_those_of_the_documents():
    one = made()
    assert [(count.key, count.title, count.count) for count in one.counts] == [
        ("leave", "Urlaub", 2),
        ("voucher", "Buchungsbelege", 5),
    ]
    assert [(rule.key, rule.version) for rule in one.rules] == [
        ("leave", 1),
        ("voucher", 1),
        ("voucher", 2),
    ]
    assert one.is_complete
    assert not made(searched=(co.Searched("index", 3, 1),)).is_complete


def test_json_comes_back():
    one = made()
    assert co.read(msgspec.json.encode(co.as_json(one))) == one


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"documents": ()}, "the documents"),
        ({"documents": documents(3) * 2}, "the documents"),
        ({"rules": RULES[:2]}, "the rules"),
        ({"approvals": ()}, "the approvals"),
        ({"approvals": (co.Approval("archivist", "uid:1", "2027-03-01T00:00:00Z"),)},
         "the approvals"),
        ({"searched": ()}, "the stores that were searched"),
        ({"searched": (co.Searched("vault", 1, 0),) * 2}, "the stores that were searched"),
        ({"after": co.Head(500, "2" * 64)}, "the heads of the ledger"),
        ({"documents": (co.Destroyed("x", salted(1), "leave", 1, "2027-02-01"),)},
         "the ends of the periods"),
        ({"documents": (co.Destroyed("x", salted(1), "leave", 1, "2026-02-30"),)},
         "the ends of the periods"),
        ({"documents": (co.Destroyed("x", salted(1), "unused", 1, "2026-12-31"),),
          "appraisal": None}, "the decision of the archive and the rules"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(changes, part):
    with pytest.raises(IntegrityFault) as fault:
        made(**changes)
    assert (fault.value.reason, fault.value.params) == ("certificate_contradicts", {"part": part})


def test_a_changed_count_is_found_when_it_is_read():
    plain = co.as_json(made())
    plain["counts"][0]["count"] += 1
    with pytest.raises(IntegrityFault) as fault:
        co.read(msgspec.json.encode(plain))
    assert fault.value.params == {"part": "the counts"}


PLACES = [
    (("documents", 3, "digest"), "ab", "$.documents[3].digest"),
    (("documents", 3, "digest"), 12, "$.documents[3].digest"),
    (("at",), "2027-02-01 09:00", "$.at"),
    (("at",), "2027-02-01T09:00:00+01:00", "$.at"),
    (("before", "seq"), -1, "$.before.seq"),
    (("format",), "archiver-destruction/2", "$.format"),
    (("extra",), 1, "$"),
    (("rules", 0, "disposition"), "X", "$.rules[0].disposition"),
]


@pytest.mark.parametrize(("path", "value", "place"), PLACES)
def test_what_is_not_of_its_form_is_refused_with_its_place(path, value, place):
    plain = co.as_json(made())
    inner = plain
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(IntegrityFault) as fault:
        co.read(msgspec.json.encode(plain))
    assert (fault.value.reason, fault.value.params) == ("certificate_damaged", {"at": place})


@given(st.integers(0, 10**6), st.binary(max_size=3), st.integers(0, 3))
def test_reading_never_fails_otherwise(place, put, taken):
    good = msgspec.json.encode(co.as_json(made()))
    place %= len(good)
    changed = good[:place] + put + good[place + taken :]
    try:
        co.read(changed)
    except IntegrityFault as fault:
        assert fault.reason in ("certificate_damaged", "certificate_contradicts")


@pytest.mark.parametrize("content", [b"", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format": 1}'])
def test_what_is_no_certificate_at_all(content):
    with pytest.raises(IntegrityFault, match="certificate_damaged"):
        co.read(content)


def test_the_paper_says_what_was_found_and_what_is_left_elsewhere():
    text = " ".join(printed(typeset.pdf(destruction_sheet.as_paper(made(), "de"))))
    for wanted in (
        "Vernichtungsnachweis", "in keinem Bestand mehr", "Datensicherungen enthalten",
        "Bänder 02.05.2027", "Spiegel nicht bekannt", "Tresor 7 0", "Suchindex 21 0", "uid:1004",
        "Archivarin/Archivar", "b7c1f0de", "AO § 147 (alt)", "509 · " + "2" * 16,
        "Stadt Musterbach", "Ohne Besonderheiten.", "01.02.2027 10:00",
    ):  # fmt: skip
        assert wanted in text, wanted
    closed = text.replace(" ", "").replace("\ufffe", "")
    assert all(one.digest in closed and one.document in closed for one in made().documents)
    rest = made(searched=(co.Searched("index", 3, 1),), backups=(), appraisal=None, remarks="")
    text = " ".join(printed(typeset.pdf(destruction_sheet.as_paper(rest, "en"))))
    assert "NOT COMPLETE" in text and "Index 3 1" in text
    assert "in general" in text and "No back-up" in text


def test_ten_thousand_documents():
    start = time.process_time()
    one = made(10_000)
    kept = msgspec.json.encode(co.as_json(one))
    assert co.read(kept) == one
    pdf = typeset.pdf(destruction_sheet.as_paper(one, "de"))
    assert time.process_time() - start < 30
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert pdfa.check(opened, "2b").findings == []
        last = printed(pdf)[-1]
        assert f"von {len(opened.pages)}" in last and "10000" in last
    with pytest.raises(IntegrityFault, match="certificate_contradicts"):
        made(10_001)

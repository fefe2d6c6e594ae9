"""What persons said, laid over what the machine read: it stands, whatever is read later."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config import RecordClass
from archiver.errors import UsageFault
from archiver.pipeline.decisions import (
    CLASS,
    KINDS,
    accepted,
    decided,
    fact,
    known_senders,
    overlaid,
    parsed,
)
from archiver.records import UNCLASSIFIED, Box, Field, FieldKind
from archiver.store.objects import Decision, Order, Part, Record

pytestmark = pytest.mark.pure

PLAN = (
    RecordClass("invoice", number="20.10", title="Rechnungen (Eingang)"),
    RecordClass("dog_tax", number="22.05", title="Hundesteuer"),
    RecordClass("letter", title="Schriftwechsel"),
)
READ_KINDS = [kind for kind in KINDS if kind != "dossier"]

values = st.text("abXY1 ", max_size=3).map(str.strip)
fields = st.builds(
    Field,
    kind=st.sampled_from(READ_KINDS),
    value=values,
    normal=values.filter(bool),
    page=st.integers(1, 3),
    box=st.builds(Box, *[st.integers(0, 99)] * 4),
    confidence=st.floats(0, 1),
    cue=st.sampled_from(["label:Datum", "known_iban", "xml", "letterhead"]),
    is_fact=st.booleans(),
)
said = st.dictionaries(st.sampled_from(KINDS), values, max_size=4)
classes = st.sampled_from([one.key for one in PLAN])
decisions = st.lists(
    st.builds(
        lambda about, key: Decision(
            "2024-03-12T08:00:00.000Z", "uid:7", "corrected", about | ({CLASS: key} if key else {})
        ),
        said,
        st.none() | classes,
    ),
    max_size=4,
)
records = st.builds(
    Record,
    record_class=st.sampled_from([UNCLASSIFIED, "invoice"]),
    fields=st.lists(fields, max_size=8).map(tuple),
)
parts = st.none() | st.builds(
    Part,
    sources=st.just((("01ARZ3NDEKTSV4RRFFQ69G5FAV", (2, 3)),)),
    record_class=st.none() | classes,
    reference=st.none() | st.just("632.21"),
    dossier=st.none() | st.just("D-7"),
)


def laid(record: Record, made: list[Decision], part: Part | None) -> Record:
    return overlaid(msgspec.structs.replace(record, decisions=tuple(made)), part)


@given(records, decisions, parts)
def test_said_one_after_the_other_is_the_same_as_read_anew(record, made, part):
    """A retry reads the paper anew and lays all decisions over it: nothing may differ."""
    step = overlaid(record, part)
    for decision in made:
        step = decided(step, decision, part)
    assert step == laid(record, made, part)
    assert overlaid(step, part) == step


@given(records, decisions, parts)
def test_the_last_word_stands_and_there_is_one_fact_of_it(record, made, part):
    result = laid(record, made, part)
    last = {kind: value for decision in made for kind, value in decision.values.items()}
    for kind, value in last.items():
        if kind == CLASS:
            assert result.record_class == value
            continue
        facts = [one for one in result.fields if one.kind == kind and one.is_fact]
        assert [one.normal for one in facts] == ([value] if value else [])
        assert fact(result.fields, kind) == (value or None)
    if CLASS not in last:
        by_sheet = part.record_class if part else None
        assert result.record_class == (by_sheet or record.record_class)


@given(records, decisions, parts)
def test_what_the_machine_read_stays_visible(record, made, part):
    result = laid(record, made, part)
    shown = [
        (one.kind, one.normal, one.page, one.box)
        for one in result.fields
        if one.cue not in ("person", "sheet", "reference")
    ]
    assert shown == [(one.kind, one.normal, one.page, one.box) for one in record.fields]
    sure = {one for one in result.fields if one.is_fact}
    read = set(record.fields)
    assert all(one in read or one.cue in ("person", "sheet") for one in sure)


@given(records, decisions, parts)
def test_a_dossier_is_sure_only_where_it_was_said(record, made, part):
    result = laid(record, made, part)
    for one in (one for one in result.fields if one.kind == "dossier"):
        # Beside a person's word what a sheet says is a candidate.
        assert one.cue in ("person", "sheet") or not one.is_fact
    reference = fact(result.fields, "reference")
    told = any("dossier" in d.values for d in made) or (part and part.dossier)
    if reference and not told:
        (dossier,) = [one for one in result.fields if one.kind == "dossier"]
        assert dossier.normal == reference


def test_a_reference_that_is_corrected_takes_its_dossier_along():
    first = decided(Record(), Decision("t", "uid:7", "confirmed", {"reference": "632.21-1"}), None)
    assert first.dossier == "632.21-1"
    second = decided(first, Decision("t", "uid:7", "corrected", {"reference": "632.21-2"}), None)
    assert second.dossier == "632.21-2"
    none = decided(second, Decision("t", "uid:7", "corrected", {"dossier": ""}), None)
    assert (none.reference, none.dossier) == ("632.21-2", None)


def test_an_order_ends_with_the_next_decision():
    waiting = Record(order=Order(whole=True))
    assert decided(waiting, Decision("t", "uid:7", "confirmed"), None).order is None


@given(records, st.none() | classes, parts)
def test_accepting_twice_changes_nothing_and_invents_nothing(record, proposed, part):
    shown = overlaid(record, part)
    first = accepted(shown, proposed)
    assert first.get(CLASS) == proposed
    known = {(one.kind, one.normal) for one in shown.fields}
    assert {(kind, value) for kind, value in first.items() if kind != CLASS} <= known
    after = decided(shown, Decision("t", "uid:7", "confirmed", first), part)
    assert accepted(after, after.record_class if proposed else None) == first


def test_the_town_s_own_name_is_not_confirmed():
    own = Field(
        "sender", "Stadt", "Stadt Musterbach", 1, Box(0, 0, 1, 1), 0.9, "own_letterhead", True
    )
    assert accepted(Record(fields=(own,)), "letter") == {CLASS: "letter"}


# --- words of a person -----------------------------------------------------------------------


@given(st.dates())
def test_days_are_read_as_they_are_written_in_german_and_iso(day):
    written = f"{day.day}.{day.month}.{day.year:04}"
    full = f"{day.day:02}.{day.month:02}.{day.year:04}"
    for text in (written, full, day.isoformat()):
        assert parsed([f"datum={text}"], PLAN) == {"letter_date": day.isoformat()}


@given(st.integers(-(10**9), 10**9))
def test_sums_are_read_as_they_are_written_in_german_and_plain(cents):
    sign, whole, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    normal = f"{sign}{whole}.{rest:02}"
    grouped = f"{whole:,}".replace(",", ".")
    for text in (f"{sign}{grouped},{rest:02}", f"{sign}{whole},{rest:02}", normal):
        assert parsed([f"betrag={text}"], PLAN) == {"total": normal}


@given(st.text(max_size=12))
def test_whatever_is_typed_is_understood_or_refused(text):
    for key in ("class", "date", "total", "iban", "sender", text):
        try:
            (value,) = parsed([f"{key}={text}"], PLAN).values()
        except UsageFault as fault:
            assert fault.reason
            continue
        assert value == " ".join(value.split())


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("class=invoice", {"class": "invoice"}),
        ("Klasse=Hundesteuer", {"class": "dog_tax"}),
        ("class=22.05", {"class": "dog_tax"}),
        ("class=unclassified", {"class": UNCLASSIFIED}),
        ("date=29.2.2024", {"letter_date": "2024-02-29"}),
        ("total=1.234", {"total": "1234.00"}),
        ("total=12,5", {"total": "12.50"}),
        ("iban=DE75 5999 9990 0000 1200 34", {"iban": "DE75599999900000120034"}),
        ("absender=  Müller \n GmbH ", {"sender": "Müller GmbH"}),
        ("subject=a=b", {"subject": "a=b"}),
        ("sender=", {"sender": ""}),
    ],
)
def test_words_are_normalised(word, expected):
    assert parsed([word], PLAN) == expected


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("invoice", "not_a_setting"),
        ("colour=red", "unknown_setting"),
        ("class=", "class_missing"),
        ("class=invoce", "class_not_in_plan"),
        ("date=31.2.2024", "not_a_date"),
        ("date=12.3.24", "not_a_date"),
        ("total=1.2,3", "not_an_amount"),
        ("total=1,234.56", "not_an_amount"),
        ("total=1.234,567", "not_an_amount"),
        ("total=viel", "not_an_amount"),
        ("iban=DE75 5999 9990 0000 1200 35", "not_an_iban"),
    ],
)
def test_words_that_say_nothing_are_refused(word, reason):
    with pytest.raises(UsageFault) as caught:
        parsed([word], PLAN)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("typed", "first"),
    [("invoce", "invoice"), ("Rechnung", "invoice"), ("hundsteuer", "dog_tax")],
)
def test_an_unknown_class_names_the_nearest(typed, first):
    with pytest.raises(UsageFault) as caught:
        parsed([f"class={typed}"], PLAN)
    assert str(caught.value.params["nearest"]).split(", ")[0] == first


# --- known senders -----------------------------------------------------------------------------

keys = st.fixed_dictionaries(
    {
        kind: st.lists(st.sampled_from(["1", "2", "3"]), max_size=2)
        for kind in ("ibans", "vat_ids", "domains")
    }
)
rows = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["Müller", "Meier"]), "keys": keys}), max_size=5
)


@given(rows)
def test_a_key_that_two_claim_belongs_to_neither(table):
    known = known_senders(table)
    assert [one.name for one in known] == sorted({row["name"] for row in table})
    for one in known:
        for kind in ("ibans", "vat_ids", "domains"):
            claims = {
                value: {row["name"] for row in table if value in row["keys"][kind]}
                for value in ("1", "2", "3")
            }
            expected = {value for value, names in claims.items() if names == {one.name}}
            assert set(getattr(one, kind)) == expected
            assert len(getattr(one, kind)) == len(expected)


def test_only_what_stands_once_on_the_paper_is_a_sender_s_key():
    def read(kind: FieldKind, normal: str) -> Field:
        return Field(kind, normal, normal, 1, Box(0, 0, 1, 1), 1.0, "check_digit", True)

    paper = Record(
        fields=(
            read("vat_id", "DE136695976"),
            read("iban", "DE1"),
            read("iban", "DE2"),
            read("email", "post@mueller.example"),
        )
    )
    known = decided(paper, Decision("t", "uid:7", "confirmed", {"sender": "Müller"}), None)
    sender = known.confirmed_sender
    assert sender is not None
    assert (sender.vat_ids, sender.ibans) == (("DE136695976",), ())
    assert sender.domains == ("mueller.example",)
    mail = msgspec.structs.replace(paper, fields=(read("email", "mueller@web.de"),))
    public = decided(mail, Decision("t", "uid:7", "confirmed", {"sender": "Müller"}), None)
    assert public.confirmed_sender is not None
    assert public.confirmed_sender.domains == ()
    # A sender that only the machine read is not confirmed.
    assert overlaid(paper, None).confirmed_sender is None


def test_every_kind_of_field_can_be_set():
    assert set(KINDS) == set(get_args(FieldKind))

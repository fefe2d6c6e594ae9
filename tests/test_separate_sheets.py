"""The grammar of sheets and labels: written and read alike, foreign codes silent, damage loud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from archiver.errors import ReviewNeeded, UsageFault
from archiver.plaintext import is_plain
from archiver.records import Code
from archiver.separate.sheets import NumberMark, SheetMark, parse, payload, read

pytestmark = pytest.mark.pure

SHEET = SheetMark("invoice", "10.1/Mü 2023-17", "01HXYZABCDEFGHJKMNPQRSTVWX")
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
texts = st.none() | words
marks = st.builds(SheetMark, texts, texts, texts) | st.builds(NumberMark, words)


@given(marks, st.binary(max_size=40))
def test_what_is_written_is_read_again(mark, key) -> None:
    try:
        text = payload(mark, key=key)
    except UsageFault as fault:
        assert fault.reason == "label_not_plain"
        assert not all(is_plain(word) for word in astuple(mark) if word)
        return
    assert text.isascii()
    assert parse(text, key=key) == mark


def test_the_form_of_a_payload_is_fixed_because_sheets_are_used_for_years() -> None:
    written = payload(SheetMark("invoice", "632.21-12/2024"))
    assert written == "ARV1;k=s;c=invoice;r=632.21-12/2024;x=db60ba81"
    assert payload(NumberMark("ASN000123")) == "ARV1;k=n;n=ASN000123;x=b24f8509"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://musterbach.example/termin?x=1",
        "BCD\n002\n1\nSCT\n\nStadt Musterbach\nDE02120300000000202051\nEUR12.30",
        "ARV;k=s",
        "arv1;k=s",
        "DEA 4711",
    ],
)
def test_codes_of_others_are_silently_not_ours(text) -> None:
    assert parse(text) is None


@given(st.integers(0, 200), st.characters(min_codepoint=32, max_codepoint=126))
def test_any_changed_sign_is_noticed(place, sign) -> None:
    text = payload(SHEET, key=b"k")
    place %= len(text)
    changed = text[:place] + sign + text[place + 1 :]
    if changed == text:
        return
    try:
        assert parse(changed, key=b"k") is None
    except ReviewNeeded as fault:
        assert fault.reason in {"sheet_damaged", "sheet_version"}
    else:
        assert place < 5  # only what no longer begins like ours may pass as foreign


@pytest.mark.parametrize("other", [b"", b"nachbarstadt"])
def test_a_sheet_that_somebody_else_has_made_is_refused(other) -> None:
    with pytest.raises(ReviewNeeded, match="sheet_damaged"):
        parse(payload(SHEET, key=other), key=b"musterbach")


def test_a_sheet_of_a_later_version_says_so() -> None:
    with pytest.raises(ReviewNeeded) as caught:
        parse("ARV2;k=s;x=00000000")
    assert (caught.value.reason, caught.value.params["version"]) == ("sheet_version", 2)


def test_a_plain_archive_number_needs_its_prefix_and_digits() -> None:
    def number(text: str, prefix: str = "ASN") -> object:
        return read(Code("code128", text, 0, 0, 1, 1), prefix=prefix)

    assert number("ASN000123") == NumberMark("ASN000123")
    assert number("ASN") is None
    assert number("ASN12a") is None
    assert number("ASN٣٤") is None
    assert number("4006381333931") is None
    assert number("ASN000123", prefix="") is None


def test_what_does_not_fit_a_code_is_refused_before_printing() -> None:
    with pytest.raises(UsageFault, match="label_too_long"):
        payload(SheetMark(reference="ü" * 80))
    with pytest.raises(UsageFault, match="label_without_number"):
        payload(NumberMark(""))

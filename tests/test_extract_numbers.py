"""References, accounts, VAT ids, e-mail addresses and amounts."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.extract.numbers import find_amounts, find_emails, find_ibans, find_vat_ids
from archiver.extract.references import behind_label, compiled, find_shapes
from archiver.extract.values import COMMON_SHAPES
from bench import extraction as bench

pytestmark = pytest.mark.pure


def test_no_account_is_wrongly_accepted_and_clean_ones_are_read():
    for seed, kind in ((1, "recognition"), (2, "any"), (3, "digits")):
        lines = bench.iban_strings(4000, 0.03, random.Random(seed), kind=kind)
        tally = bench.measured_ibans(lines)
        assert tally.wrong == 0
        assert tally.recall >= 0.45
    clean = bench.measured_ibans(bench.iban_strings(1000, 0.0, random.Random(4)))
    assert (clean.right, clean.wrong) == (1000, 0)


@pytest.mark.parametrize(
    "text",
    [
        "IBAN DE75 5999 9990 0000 1200 3",  # one digit short
        "IBAN DE75 5999 9990 0000 1200 345",  # one too many
        "IBAN DE76 5999 9990 0000 1200 34",
    ],
)
def test_failed_check_digits_are_candidates(text):
    assert not any(found.verified for found in find_ibans(text))


def test_account_is_repaired_and_foreign_ones_are_known():
    (found,) = find_ibans("IBAN DE7S 5999 999O 0000 l200 34")
    assert (found.normal, found.verified) == ("DE75599999900000120034", True)
    assert [one.normal for one in find_ibans("FR20 1242 1242 1242 1242 1242 124")] == [
        "FR2012421242124212421242124"
    ]


@pytest.mark.parametrize(
    ("text", "normal", "verified"),
    [
        ("USt-IdNr. DE136695976", "DE136695976", True),
        ("USt-IdNr. DE l36695976", "DE136695976", True),
        ("USt-IdNr. DE136695975", "DE136695975", False),
        ("ATU13585627", "ATU13585627", True),
    ],
)
def test_vat_ids(text, normal, verified):
    assert [(one.normal, one.verified) for one in find_vat_ids(text)] == [(normal, verified)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("E-Mail: bauamt@musterbach.example", "bauamt@musterbach.example"),
        ("bauamt @ musterbach. example", "bauamt@musterbach.example"),
        ("Bau.Amt@stadt-west .de,", "bau.amt@stadt-west.de"),
    ],
)
def test_emails(text, address):
    assert [one.normal for one in find_emails(text) if one.verified] == [address]


def test_a_sentence_behind_an_address_is_not_taken_in():
    found = list(find_emails("Schreiben Sie an bauamt@musterbach. Danke sehr."))
    assert not any(one.verified for one in found)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("1.284,50 EUR", ["1284.50"]),
        ("17,00 € und 3.900,65 €", ["17.00", "3900.65"]),
        ("EUR 1 860 000,00", ["1860000.00"]),
        ("12.03.2024 Nr. 4,5", []),
        ("50,-- Euro", ["50.00"]),
    ],
)
def test_amounts(text, amounts):
    assert [one.normal for one in find_amounts(text) if one.verified] == amounts


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("70.820.46206-8", "70.820.46206-8"),
        ("7O.82O.462O6-8", "70.820.46206-8"),
        ("632.21 - 12/2024", "632.21-12/2024"),
        ("10.1/Mü 2023-17", "10.1/Mü 2023-17"),
        ("32.4-OWi 1187/2024", "32.4-OWi 1187/2024"),
        ("2021/0123", "2021/0123"),
        ("5,0214.000872.1.", "5.0214.000872.1"),
    ],
)
def test_shapes_are_normalised_and_repaired(text, normal):
    found = behind_label(text, COMMON_SHAPES)
    assert found is not None
    assert found.shape is not None
    assert found.normal == normal


def test_a_shape_never_cuts_a_longer_reference_short():
    assert list(find_shapes("2021/01234-5", ("9999/9999",))) == []
    found = behind_label("2021/01234-5", ("9999/9999",))
    assert found is not None
    assert (found.normal, found.shape) == ("2021/01234-5", None)


def test_words_are_no_references():
    assert behind_label("bitte bei Antwort angeben", COMMON_SHAPES) is None
    assert behind_label("SoSo/SSSS", COMMON_SHAPES) is None


def test_noisy_references_of_configured_shapes():
    lines = bench.reference_strings(6000, 0.03, random.Random(21))
    tally = bench.measured_references(lines)
    assert tally.noticeable >= 0.98
    assert tally.precision >= 0.97
    clean = bench.measured_references(bench.reference_strings(2000, 0.0, random.Random(22)))
    assert (clean.recall, clean.precision) == (1.0, 1.0)


@given(st.text(max_size=12), st.text(max_size=40))
def test_any_shape_and_any_text_are_borne(shape, text):
    compiled(shape)
    list(find_shapes(text, (shape,)))
    for find in (find_ibans, find_vat_ids, find_emails, find_amounts):
        assert all(0 <= one.start <= one.end <= len(text) for one in find(text))

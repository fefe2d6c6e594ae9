"""Whole pages to fields: places, cues, facts and candidates."""

import random
import subprocess
import sys
import time
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.extract.extraction import extract
from archiver.extract.values import Extracted, Known, KnownSender
from archiver.records import Page, Word
from bench import extraction as bench
from tests import corpora
from tests.letters import page, town_letter

TODAY = date(2026, 6, 30)
TOWN = Known(own_names=("Stadt Musterbach",), own_domains=("musterbach.example",))


def facts(read, kind):
    return [field.normal for field in read.all(kind) if field.is_fact]


def test_every_field_of_a_letter():
    read = extract([town_letter()], TODAY, TOWN)
    assert facts(read, "letter_date") == ["2024-04-02"]
    assert facts(read, "reference") == ["70.820.46206-8"]
    assert facts(read, "sender") == ["Stadt Musterbach"]
    assert facts(read, "recipient") == ["Anneliese Krämer"]
    assert facts(read, "subject") == ["Baugenehmigung für Ihren Wintergarten"]
    assert facts(read, "iban") == ["DE75599999900000120034"]
    assert facts(read, "email") == ["bauamt@musterbach.example"]
    assert facts(read, "case_worker") == ["Frau Wießner"]
    assert facts(read, "total") == ["1284.50"]
    assert facts(read, "parcel") == ["Gemarkung Süd, Flur 7, Flurstück 118/3"]
    assert facts(read, "received_stamp") == []


def test_a_field_says_where_it_stands_and_why():
    letter = town_letter()
    field = extract([letter], TODAY, TOWN).fact("letter_date")
    (word,) = [word for word in letter.words if word.text == "02.04.2024"]
    assert (field.value, field.page, field.cue) == ("02.04.2024", 1, "label:Datum")
    assert tuple(msgspec.structs.astuple(field.box)) == (
        word.left,
        word.top,
        word.right,
        word.bottom,
    )
    assert 0.9 < field.confidence <= 1


@pytest.mark.parametrize(
    ("line", "day", "cue"),
    [
        ("Datum: | 02.04.2024", "2024-04-02", "label:Datum"),
        ("Dalum: | O2.04.2024", "2024-04-02", "label:Datum"),
        ("Rechnungsdatum: 17. April 2024", "2024-04-17", "label:Rechnungsdatum"),
        ("Musterbach, den 2. April 2024", "2024-04-02", "place_and_date"),
        ("Musterbach, 2.4.2024", "2024-04-02", "place_and_date"),
        ("vom 12.06.2024", "2024-06-12", "of_line"),
    ],
)
def test_cues_of_the_letters_date(line, day, cue):
    field = extract([town_letter(date=line)], TODAY, TOWN).fact("letter_date")
    assert (field.normal, field.cue) == (day, cue)


@pytest.mark.parametrize(
    "line", ["Geburtsdatum: | 03.11.1978", "Lieferdatum: 15.04.2024", "Zimmer 12", "Datum: |"]
)
def test_without_a_cue_no_date_is_a_fact(line):
    read = extract([town_letter(date=line)], TODAY, TOWN)
    assert facts(read, "letter_date") == []
    assert "2024-03-08" in [field.normal for field in read.all("letter_date")]


def test_a_date_in_the_future_is_kept_as_a_candidate():
    read = extract([town_letter(date="Datum: | 02.04.2027")], TODAY, TOWN)
    assert read.fact("letter_date") is None
    (field,) = [one for one in read.all("letter_date") if one.normal == "2027-04-02"]
    assert field.cue == "future:label:Datum"
    assert not field.is_fact


def test_label_above_its_value():
    letter = page(
        (300, 500, "Ihr Zeichen | Unser Zeichen | Datum"),
        (300, 545, "WG-7/24 | 632.21-12/2024 | 02.04.2024"),
        (300, 1000, "Sehr geehrte Damen und Herren,"),
    )
    read = extract([letter], TODAY, TOWN)
    assert facts(read, "letter_date") == ["2024-04-02"]
    assert facts(read, "reference") == ["632.21-12/2024"]
    assert [field.normal for field in read.all("their_reference")] == ["WG-7/24"]


@pytest.mark.parametrize(
    "stamp",
    [
        ((1700, 300, "EINGEGANGEN"), (1720, 350, "12. MRZ. 2024"), (1760, 400, "Bauamt")),
        ((1700, 300, "EINGEGANGEN 12. MRZ. 2024"),),
        ((1700, 2800, "STADTKASSE"), (1675, 2850, "12. 3. 2024"), (1690, 2900, "Musterbach")),
        ((1700, 300, "Posteingang: 12.03.24"),),
    ],
)
def test_stamps(stamp):
    letter = town_letter()
    words = [
        msgspec.structs.replace(word, line=word.line + 100, block=word.block + 100)
        for word in page(*stamp).words
    ]
    both = msgspec.structs.replace(letter, words=(*letter.words, *words))
    read = extract([both], TODAY, TOWN)
    assert facts(read, "received_stamp") == ["2024-03-12"]
    assert facts(read, "letter_date") == ["2024-04-02"]


ROOFER = KnownSender(
    key="roofer",
    name="Dachwerk Sonnenschuh GmbH",
    ibans=("DE16 5999 9990 0004 7118 15",),
    vat_ids=("DE136695976",),
    domains=("sonnenschuh.example",),
)
OTHER = KnownSender(key="mill", name="Mühlenwerke Untermusterbach AG")


def incoming(head, foot="mit freundlichen Grüßen"):
    return page(
        (300, 200, head),
        (300, 560, "Stadt Musterbach"),
        (300, 620, "Rathausplatz 1"),
        (300, 680, "00999 Musterbach"),
        (300, 1000, "Ihr Zeichen: 632.21-12/2024"),
        (300, 1100, "Angebot"),
        (300, 1230, "Sehr geehrte Damen und Herren,"),
        (300, 3200, foot),
    )


@pytest.mark.parametrize(
    ("head", "foot", "cue"),
    [
        ("Unleserlich", "IBAN DE16 5999 9990 0004 7118 15", "known_iban"),
        ("Unleserlich", "USt-IdNr. DE136695976", "known_vat_id"),
        ("Unleserlich", "buero@sonnenschuh.example", "known_domain"),
        ("Dachwcrk Sonnenschuh GmbH", "Grüße", "known_name"),
        ("Dachwerk Sonnenschuh GmbH - Ziegelgasse 12 - 00998 Dorf", "Grüße", "known_name"),
    ],
)
def test_known_senders(head, foot, cue):
    known = msgspec.structs.replace(TOWN, senders=(ROOFER, OTHER))
    field = extract([incoming(head, foot)], TODAY, known).fact("sender")
    assert (field.normal, field.cue) == (ROOFER.name, cue)


@pytest.mark.parametrize(
    "head", ["Dachwerk Mondschein KG", "Sonnenschuh", "Werke GmbH", "Mühlenwerke Neustadt GmbH"]
)
def test_an_unknown_sender_stays_unknown_and_is_offered(head):
    known = msgspec.structs.replace(TOWN, senders=(ROOFER, OTHER))
    read = extract([incoming(head)], TODAY, known)
    assert read.fact("sender") is None
    assert head in [field.normal for field in read.all("sender")]


def test_two_known_senders_on_one_paper_are_no_fact():
    known = msgspec.structs.replace(
        TOWN, senders=(ROOFER, msgspec.structs.replace(OTHER, vat_ids=("ATU13585627",)))
    )
    letter = incoming("Unleserlich", "IBAN DE16 5999 9990 0004 7118 15 ATU13585627")
    assert extract([letter], TODAY, known).fact("sender") is None


def test_on_a_letter_to_the_town_their_ihr_zeichen_is_ours():
    read = extract([incoming("Kanzlei Muster")], TODAY, TOWN)
    assert facts(read, "reference") == ["632.21-12/2024"]
    assert facts(read, "recipient") == ["Stadt Musterbach"]


def test_an_account_over_two_lines():
    letter = page(
        (300, 2000, "auf das Konto IBAN DE75 5999 9990 0000"), (300, 2050, "1200 34, Kassenzeichen")
    )
    assert facts(extract([letter], TODAY, TOWN), "iban") == ["DE75599999900000120034"]


def test_nothing_on_the_page():
    assert extract([], TODAY, TOWN) == Extracted()
    assert extract([page()], TODAY, TOWN) == Extracted()


def test_garbage_makes_no_facts():
    chance = random.Random(5)
    letters = "abcdefghijklmnopqrstuvwxyz,.-;:|/ 0123456789"
    lines = [
        (200, 100 + 50 * row, "".join(chance.choice(letters) for _ in range(90)))
        for row in range(60)
    ]
    read = extract([page(*lines)], TODAY, TOWN)
    for kind in ("letter_date", "received_stamp", "sender", "iban", "reference", "subject"):
        assert facts(read, kind) == []


def test_a_french_letter():
    letter = page(
        (300, 250, "Commune de Rivière-Exemple"),
        (300, 700, "Monsieur le Maire"),
        (300, 760, "1 place de la Mairie"),
        (1500, 500, "Rivière-Exemple, le 12 août 2021"),
        (300, 1100, "Objet : demande de renseignements"),
        (300, 1230, "Monsieur le Maire,"),
        (300, 1320, "nous avons bien reçu votre lettre du 3 février 2021, réf. 12-A."),
    )
    read = extract([letter], TODAY, TOWN)
    assert [field for field in read.fields if field.is_fact] == []


def test_two_hundred_pages_in_seconds():
    pages = [msgspec.structs.replace(town_letter(), number=number) for number in range(1, 201)]
    start = time.process_time()
    read = extract(pages, TODAY, TOWN)
    assert time.process_time() - start < 10
    assert read.fact("letter_date").page == 1


WORDS = st.builds(
    Word,
    st.text(min_size=0, max_size=14)
    | st.sampled_from(["Datum:", "12.03.2021", "Az.", "Flurstück", "IBAN", "DE75", "5999", "An"]),
    st.integers(-10, 3000),
    st.integers(-10, 4000),
    st.integers(-10, 3000),
    st.integers(-10, 4000),
    st.floats(0, 100),
    st.integers(0, 8),
    st.integers(0, 3),
)


@given(st.lists(WORDS, max_size=25), st.integers(0, 3000), st.integers(0, 4000))
def test_no_page_is_too_strange(words, width, height):
    strange = Page(1, width, height, 300.0, 0, "recognised", None, tuple(words))
    known = msgspec.structs.replace(TOWN, senders=(ROOFER,))
    for field in extract([strange], TODAY, known).fields:
        assert 0 <= field.confidence <= 1
        assert field.value


@corpora.needs(corpora.LETTERS)
def test_date_and_reference_of_real_scans():
    letters = bench.letter_pages(corpora.LETTERS, "letter0*_poor.pdf")
    tallies = bench.measured_letters(letters)
    assert {kind: (one.right, one.wrong) for kind, one in tallies.items()} == {
        "letter_date": (2, 0),
        "reference": (2, 0),
    }


def test_light_commands_do_not_load_the_libraries():
    code = (
        "import sys, archiver.extract.extraction, archiver.extract.einvoice, "
        "archiver.extract.einvoice_checks, archiver.extract.einvoice_pdf;"
        "print(sorted({'rapidfuzz', 'stdnum', 'lxml', 'facturx', 'pikepdf'} & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == "[]"


def test_a_form_with_labels_at_the_left():
    form = page(
        (300, 200, "Antrag auf Baugenehmigung"),
        (300, 400, "Stadt Musterbach, Bauamt"),
        (300, 600, "Name, Vorname | Krämer, Anneliese"),
        (300, 680, "PLZ, Ort | 00999 Musterbach"),
        (300, 760, "Gemarkung | Musterbach-Süd"),
        (300, 840, "Flur / Flurstück | 7 / 118/3"),
        (300, 2600, "Musterbach, den 8. März 2024"),
    )
    read = extract([form], TODAY, TOWN)
    assert facts(read, "parcel") == ["Gemarkung Musterbach-Süd, Flur 7, Flurstück 118/3"]
    assert facts(read, "letter_date") == ["2024-03-08"]
    assert facts(read, "sender") == []
    assert "Anneliese Krämer" in [field.normal for field in read.all("sender")]


def test_configured_labels_and_shapes():
    paper = page((300, 400, "Wohngeldnummer | 50.3/WG 2O24-0088"))
    known = Known(shapes=("99.9/WG 9999-9999",), labels=("Wohngeldnummer",))
    assert facts(extract([paper], TODAY, known), "reference") == ["50.3/WG 2024-0088"]
    assert facts(extract([paper], TODAY, Known(shapes=())), "reference") == []

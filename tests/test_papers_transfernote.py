"""The transfer note: everything that A.NB.4 asks for, and no word that nobody can stand for."""

from __future__ import annotations

import io

import msgspec
import pikepdf
import pytest
from pikepdf import pdfa

from archiver import tongue
from archiver.errors import IntegrityFault
from archiver.papers import transfer_sheet, typeset
from archiver.papers import transfernote as tn
from tests.test_papers_typeset import printed

DOCUMENT = "01JB2Q8TAAAAAAAAAAAAAAAAAA"
AT = "2026-05-04T08:15:00.000Z"
INTAKE = tn.Intake(
    "01JB2Q8TBBBBBBBBBBBBBBBBBB", AT, "uid:1007", "Stadt Musterbach", "Bauamt", "scan 0001.pdf"
)
SCAN = tn.Scan("application/pdf", 123456, "ab" * 64, "cd" * 64, 7, 1, 4, 1, 1, 91.4)
TECHNOLOGY = tn.Technology(
    "archiver 0.1.0", "tesserocr 2.13 / Tesseract 5.5", "deu", "x86_64", "Debian 12", "Musterscan 5"
)
LEDGER = (
    tn.LedgerLine(12, "filed", "2026-05-04T08:20:00.000Z", "22" * 32),
    tn.LedgerLine(10, "received", AT, "11" * 32),
    tn.LedgerLine(11, "reviewed", "2026-05-04T08:17:00.000Z", "33" * 32),
)
EYE = tn.Match("paper", True, True, "uid:1009", "2026-05-06T10:00:00.000Z", ("eye",))
MACHINE = tn.Match("rendition", True, True, "daemon", AT, ("page_count", "pixels", "pdfa"))
BARE = tn.note(DOCUMENT, AT, "uid:1007", INTAKE, SCAN, TECHNOLOGY)
FULL = tn.note(
    DOCUMENT,
    AT,
    "uid:1007",
    INTAKE,
    SCAN,
    TECHNOLOGY,
    rules=tn.Rules("1.3", "ef" * 32, "0a" * 32),
    quality=tn.Quality("passed", "01JB2Q8TCCCCCCCCCCCCCCCCCC", "2026-05-06T10:00:00.000Z", "uid:9"),
    matches=(MACHINE, EYE),
    processing=tn.Processing(((3, 90), (4, 180)), True, False),
    decisions=(tn.Decision("2026-05-05T09:00:00.000Z", "uid:1008", ("record_class", "odd_kind")),),
    findings=("jbig2", "repaired"),
    ledger=LEDGER,
)


def shown(note, language="de"):
    made = typeset.pdf(transfer_sheet.as_paper(note, language))
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert pdfa.check(pdf, "2b").findings == []
    return " ".join(printed(made))


def test_a_note_says_what_the_guideline_asks_for():
    text = shown(FULL)
    for wanted in (
        "uid:1007", "Stadt Musterbach", "Bauamt", "scan 0001.pdf", "04.05.2026 10:15",
        "archiver 0.1.0", "tesserocr 2.13", "Debian 12", "Musterscan 5",
        "Bildliche und inhaltliche Übereinstimmung", "Papier und empfangene Datei",
        "von einem Menschen Seite für Seite angesehen", "Qualitätskontrolle", "bestanden",
        "(jbig2)", "Nicht gelesene Seiten: 1", "zur Prüfung gestellt",
        "Seite 3 um 90°, Seite 4 um 180°", "Klasse, odd_kind", "1.3",
    ):  # fmt: skip
        assert wanted in text, wanted
    for digest in ("ab" * 64, "cd" * 64, "11" * 32, "22" * 32, "33" * 32, "ef" * 32):
        assert digest in text.replace(" ", "").replace("\ufffe", "")


def test_nothing_is_attested_that_nobody_has_checked():
    text = shown(BARE)
    assert "noch keine Erklärung vor" in text
    assert "nicht mit der empfangenen Datei verglichen" in text
    assert "stimmt überein" not in text
    assert "nicht in eine Stichprobe gezogen" in text
    only_machine = shown(msgspec.structs.replace(BARE, matches=(MACHINE,)))
    assert "noch keine Erklärung vor" in only_machine
    assert "noch keine Erklärung vor" not in shown(FULL)
    doubtful = tn.Match("paper", None, False, "uid:9", AT)
    assert "nicht geprüft" in shown(msgspec.structs.replace(BARE, matches=(doubtful,)))


def test_anomalies_are_told_or_there_are_none():
    plain = tn.note(DOCUMENT, AT, "uid:1", INTAKE, tn.Scan("image/png", 1, "ab" * 64), TECHNOLOGY)
    assert not plain.is_unusual
    assert "Auffälligkeiten Keine." in shown(plain)
    assert [line.seq for line in FULL.ledger] == [10, 11, 12]
    assert [line.event for line in FULL.anomalies] == ["reviewed"]
    assert FULL.is_unusual and BARE.is_unusual


def test_english_even_where_the_process_speaks_german():
    tongue.use("de")
    try:
        text = shown(FULL, "en")
    finally:
        tongue.use("en")
    assert "Protection of integrity" in text and "Page 1 of" in text
    assert "Qualitätskontrolle" not in text and "JBIG2, which may exchange" in text


def test_a_finding_that_is_no_longer_known_keeps_its_sentence():
    old = tn.Finding("gone_code", "So hieß es damals.")
    text = shown(msgspec.structs.replace(BARE, findings=(old,)))
    assert "So hieß es damals. (gone_code)" in text


def test_json_comes_back_and_nothing_else_does():
    kept = msgspec.json.encode(tn.as_json(FULL))
    assert tn.read(kept) == FULL
    assert tn.as_json(FULL)["findings"][0]["sentence"].startswith("Die Bilder")
    for broken in (
        b"", b"[]", b"[" * 100_000, b'{"\x80format":1}', kept[:-1],
        kept.replace(b"note/1", b"note/2"),
        kept.replace(b'"pages":7', b'"pages":"7"'), kept.replace(b'"scan":', b'"skan":'),
    ):  # fmt: skip
        with pytest.raises(IntegrityFault) as fault:
            tn.read(broken)
        assert fault.value.reason == "transfer_note_damaged"

"""Chapters 7 to 12 of the procedure documentation: periods, holds, back-ups, control, annexes."""

from __future__ import annotations

from collections.abc import Iterator

from archiver import phrases
from archiver.filingplan import RecordClass, Retention
from archiver.papers.paper import Block, Facts, Heading, Items, Paragraph, Table
from archiver.papers.procedure_ground import Ground, gap, number, said
from archiver.records import UNCLASSIFIED
from archiver.tongue import speaking

_DISPOSITIONS = {"A": "A – archivieren", "B": "B – bewerten", "V": "V – vernichten"}
_OPEN = "noch nicht festgelegt"


def periods(ground: Ground) -> Iterator[Block]:
    """Chapter 7."""
    config = ground.config
    rules = config.disposition
    yield Heading("7 Fristen und Aussonderung")
    yield Paragraph(
        "Die Frist rechnet vom Auslöser an, wo angegeben vom Ende seines Kalenderjahres. Ist ein "
        "Auslöser nicht bekannt, bleibt das Ende offen; im Zweifel wird aufbewahrt. Das Ende der "
        "Frist erlaubt für sich keine Vernichtung: Zuvor werden die Unterlagen dem Archiv "
        "angeboten, und Sperren halten alles an (Kapitel 8)."
    )
    yield Heading("7.1 Klassen und Fristen", 2)
    with speaking("de"):
        rows = tuple(_class(one) for one in config.classes if one.key != UNCLASSIFIED)
    yield Table(("Nr.", "Klasse", "Frist", "Auslöser", "Grundlage", "Danach"), rows)
    yield from _unsaid(config.classes)
    yield Heading("7.2 Anbietung, Abgabe und Vernichtung", 2)
    yield Items(
        (
            "Fällige Unterlagen werden zu einer Aussonderung zusammengestellt, geprüft und "
            "freigegeben.",
            f"Angeboten und abgegeben wird mit xdomea {rules.xdomea} an "
            + (rules.archive.name or gap("Name des zuständigen Archivs"))
            + ". Ohne Antwort des Archivs wird nichts vernichtet.",
            "Das Archiv hat allgemein verzichtet auf: "
            + said(_titles(ground, rules.waived), "keine Klasse")
            + (f" ({gap('Fundstelle der Verzichtserklärung')})." if rules.waived else "."),
            (
                "Was das Archiv übernommen und bestätigt hat, wird hier vernichtet."
                if rules.destroy_handed_over
                else "Was das Archiv übernommen hat, bleibt hier bis zu einer eigenen Entscheidung."
            ),
            "Die Vernichtung umfasst Tresor, Katalog, Suchindex, Gelerntes, übernommene Dateien "
            "und Ausgaben. Danach wird in allen Beständen gesucht; das Ergebnis steht im "
            "Vernichtungsnachweis. Im Journal bleiben Kennung, Zeit und gesalzene Prüfsumme; das "
            "Salz wird mit vernichtet, so dass sie keinen Rückschluss mehr erlaubt.",
        )
    )
    yield Heading("7.3 Schutzfristen im Archiv", 2)
    yield Facts(
        (
            (
                "Klassen unter besonderer Geheimhaltung",
                said(_titles(ground, rules.secret), "keine bezeichnet"),
            ),
            (
                "Personenbezogene Klassen",
                said(_titles(ground, rules.personal), "keine bezeichnet"),
            ),
        )
    )


def _class(record_class: RecordClass) -> tuple[str, ...]:
    """One row of the table of periods."""
    rule = record_class.retention
    return (
        record_class.number,
        record_class.title or record_class.key,
        _period(rule),
        _start(rule),
        rule.basis or gap("Rechtsgrundlage"),
        _DISPOSITIONS.get(rule.disposition, _OPEN),
    )


def _period(rule: Retention) -> str:
    if rule.permanent:
        return "dauernd"
    if not rule.start:
        return gap("Frist")
    if not (rule.years or rule.months or rule.days):
        return "bis zum Auslöser"
    text = phrases.amount(rule.years, rule.months, rule.days)
    if rule.changed_on:
        text += f" (vor dem {phrases.date(rule.changed_on)}: {phrases.amount(rule.former_years)})"
    return text


def _start(rule: Retention) -> str:
    if rule.permanent or not rule.start:
        return "–"
    text = phrases.start_name(rule.start)
    if rule.year_end:
        text += ", Jahresende"
    if rule.not_before:
        text += f"; nicht vor: {phrases.start_name(rule.not_before)}"
    return text


def _unsaid(classes: tuple[RecordClass, ...]) -> Iterator[Block]:
    """What the archivist has still to confirm."""
    weak = [
        one.title or one.key for one in classes if one.retention.confidence in ("low", "medium")
    ]
    if weak:
        yield Paragraph(
            f"Bei {len(weak)} Klassen beruht die Frist nicht auf einer selbst geprüften Norm und "
            f"ist zu bestätigen: {'; '.join(weak)}."
        )
    yield Paragraph(f"Fristen geprüft und bestätigt: {gap('durch wen, am')}.")


def _titles(ground: Ground, keys: tuple[str, ...]) -> list[str]:
    known = {one.key: one.title for one in ground.config.classes}
    return [known.get(key) or key for key in keys]


def holds(_ground: Ground) -> Iterator[Block]:
    """Chapter 8."""
    yield Heading("8 Sperren")
    yield Paragraph(
        "Eine Sperre hält jede Aussonderung an, gleich welche Frist abgelaufen ist: wegen eines "
        "Rechtsstreits, einer offenen Steuerfestsetzung (§ 147 Abs. 3 AO), einer Prüfung, einer "
        "Wahlprüfung, eines Anspruchs, eines Begehrens der betroffenen Person oder einer "
        "Untersuchung. Sie gilt für ein Dokument, eine Akte, eine Klasse oder ein Suchergebnis. "
        "Sie nennt die anordnende Stelle und einen Tag der Wiedervorlage und gilt, bis ein Mensch "
        "sie aufhebt; der Tag der Wiedervorlage erinnert nur."
    )
    yield Facts(
        (
            ("Anordnung und Aufhebung", gap("zuständige Funktionen")),
            ("Meldung offener Verfahren", gap("wer meldet wem, Turnus")),
        )
    )


def backups(ground: Ground) -> Iterator[Block]:
    """Chapter 9."""
    yield Heading("9 Datensicherung")
    yield Paragraph(
        "Gesichert werden Tresor, Journal, Siegel, Gelerntes und die Einstellungen; Katalog und "
        "Suchindex lassen sich daraus neu herstellen (archiver rebuild). Läuft der Dienst, wird in "
        "der Reihenfolge Katalog, Siegel, Journal, Tresor, Ablageordner, übernommene Dateien "
        "gesichert."
    )
    known = ground.config.disposition.backups
    if known:
        yield Table(
            ("Sicherung", "Vernichtetes verschwindet nach (Tagen)"),
            tuple((one.name, str(one.keep_days)) for one in known),
            frozenset({1}),
        )
    else:
        yield Paragraph("Sicherungen: " + gap("Name, Turnus, Aufbewahrungsdauer in Tagen"))
    yield Facts(
        (
            ("Sicherungsorte und Verschlüsselung", gap("Orte, räumliche Trennung, Schlüssel")),
            ("Probe der Wiederherstellung", gap("Turnus (empfohlen: monatlich), letzter Nachweis")),
            ("Erlaubte Ausfallzeit", gap("Stunden; hinnehmbarer Datenverlust")),
        )
    )


def control(ground: Ground) -> Iterator[Block]:
    """Chapter 10."""
    ocr = ground.config.ocr
    yield Heading("10 Internes Kontrollsystem")
    yield Table(
        ("Kontrolle", "Durch", "Turnus", "Nachweis"),
        (
            ("Zugangsrechte je Rolle", "Programm", "jeder Zugriff", "Ablehnung mit Grund"),
            ("Bytegleichheit der Übernahme", "Programm", "jede Datei", "Journal"),
            ("Vollständigkeit getrennter Stapel", "Programm", "jeder Stapel", "Seitennachweis"),
            (
                f"Lesbarkeit (Schwelle {number(ocr.accept_confidence)})",
                "Programm, Prüfplatz",
                "jedes Dokument",
                "Transfervermerk",
            ),
            ("PDF/A-Prüfung der Wiedergabe", "Programm", "jedes Dokument", "Befund am Dokument"),
            ("Stichprobe", "Mensch", "Kapitel 5", "Journal, Transfervermerk"),
            ("Kette des Journals", "Programm", "jede Bestandsprüfung", "deren Ausgabe"),
            ("Bestandsprüfung (archiver verify)", "Betrieb", gap("Turnus"), gap("Ablageort")),
            ("Zustand des Dienstes (archiver status)", "Betrieb", gap("Turnus"), gap("Ablageort")),
            ("Rechte und Gruppen", "Mensch", gap("Turnus"), gap("Ablageort")),
            ("Diese Dokumentation", "Mensch", gap("Turnus, mindestens jährlich"), "Kapitel 11"),
        ),
    )
    yield Paragraph(
        "Vorgehen bei Störungen und Verdacht auf Verfälschung: "
        + gap("Meldewege, Sicherung von Beweisen, Entscheidung über den Weiterbetrieb")
    )


def history(ground: Ground) -> Iterator[Block]:
    """Chapter 11."""
    around = ground.around
    yield Heading("11 Änderungshistorie")
    rows = tuple((one.version, phrases.date(one.on), one.by, one.what) for one in around.history)
    current = (
        around.version,
        phrases.date(around.at),
        gap("Name, Funktion"),
        gap("Anlass der Fassung"),
    )
    yield Table(("Fassung", "Datum", "Freigegeben durch", "Änderung"), (*rows, current))
    yield Paragraph(
        "Frühere Fassungen werden so lange aufbewahrt wie die Unterlagen, für die sie galten."
    )


def annexes(ground: Ground) -> Iterator[Block]:
    """The annexes; the list of what is open follows them."""
    around = ground.around
    yield Heading("Anlagen")
    yield Heading("Anlage 1: Einstellungen in Kraft", 2)
    yield Table(("Datei", "SHA-256"), around.settings)
    yield Heading("Anlage 2: Fassungen der Aufbewahrungsregeln", 2)
    if around.rules:
        yield Table(
            ("Klasse", "Fassung", "Gültig ab", "Bestätigt"),
            tuple(
                (
                    rule.key,
                    str(rule.version),
                    phrases.date(rule.valid_from) or "seit jeher",
                    "ja" if rule.is_confirmed else "nein",
                )
                for rule in around.rules
            ),
            frozenset({1}),
        )
    else:
        yield Paragraph("Es sind noch keine Fassungen in Kraft gesetzt.")
    yield Heading("Anlage 3: Stand des Journals", 2)
    yield Facts(
        (
            ("Letzte Zeile", str(around.ledger_seq)),
            ("SHA-256", around.ledger_digest),
            ("Stand", phrases.moment(around.at)),
        )
    )
    yield Heading("Anlage 4: Weitere Unterlagen", 2)
    yield Items(
        (
            gap("Schutzbedarfsanalyse"),
            gap("Datenschutz-Folgenabschätzung und Verzeichnis der Verarbeitungstätigkeiten"),
            gap("Dienstanweisungen, Schulungsnachweise, Verträge mit Dienstleistern"),
            gap("Vereinbarung mit dem zuständigen Archiv"),
        )
    )

"""Chapters 4 to 6 of the procedure documentation: from the post to the shredder for paper."""

from __future__ import annotations

from collections.abc import Iterator

from archiver.papers.paper import Block, Facts, Heading, Items, Paragraph, Table
from archiver.papers.procedure_ground import Ground, gap, number

_BASES = {
    "agreed": "Regel und Modell nennen dieselbe Klasse",
    "sure_rule": "eindeutige Überschrift einer als sicher bezeichneten Klasse",
    "rule_only": "nur eine Regel spricht dafür",
    "model_only": "nur das Modell spricht dafür",
    "disagreed": "Regel und Modell widersprechen sich",
    "contradictory_rules": "zwei Klassen beanspruchen dieselbe Überschrift",
    "corrected_alike": "ein gleichartiges Dokument wurde von einem Menschen so berichtigt",
    "unknown": "nichts spricht für irgendeine Klasse",
}


def process(ground: Ground) -> Iterator[Block]:
    """Chapter 4."""
    yield Heading("4 Ablauf")
    yield from _scanning()
    yield from _intake(ground)
    yield from _reading(ground)
    yield from _integrity(ground)


def _scanning() -> Iterator[Block]:
    """4.1 and 4.2: what happens before the program sees anything."""
    yield Heading("4.1 Posteingang und Vorbereitung", 2)
    yield Paragraph(
        "Die Post wird geöffnet, mit dem Eingangsstempel versehen und nach der "
        "Zuständigkeit verteilt. Vor dem Scannen werden Klammern entfernt, Reihenfolge und "
        "Zusammengehörigkeit gesichert und die Zahl der Blätter festgehalten, damit sich die "
        "Vollständigkeit prüfen lässt (A.DV.1, A.DV.2)."
    )
    yield Paragraph("Die Organisationsanweisung zum bildlichen Erfassen (GoBD) lautet:")
    yield Table(
        ("Frage", "Regelung"),
        (
            ("Wer darf erfassen?", "die Gruppen der Erfassung (Kapitel 2 und 3.3)"),
            (
                "Wann wird erfasst?",
                gap("z. B. beim Posteingang oder nach Abschluss der Bearbeitung; Frist"),
            ),
            ("Welches Schriftgut?", gap("erfasste und ausgenommene Arten")),
            (
                "Bildliche oder inhaltliche Übereinstimmung?",
                gap("bildlich ist bei empfangenen Handelsbriefen und Buchungsbelegen nötig"),
            ),
            ("Farbe?", gap("Farbe, wo ihr Beweiswert zukommt, sonst Graustufen")),
            ("Qualitätskontrolle?", "nach Kapitel 5"),
            (
                "Protokollierung von Fehlern?",
                "im Journal und im Transfervermerk jedes Dokuments; Fehler vor der Übernahme: "
                + gap("wo geführt"),
            ),
            ("Vorgehen bei Sonderfällen?", gap("Übergrößen, Bücher, Durchschläge, Haftzettel")),
        ),
    )
    yield Heading("4.2 Scannen", 2)
    yield Facts(
        (
            ("Auflösung", gap("mindestens 300 dpi empfohlen")),
            ("Farbtiefe und Dateiformat", gap("PDF, TIFF, JPEG, PNG oder JPEG 2000")),
            ("Vorder- und Rückseiten", gap("beidseitig; leere Rückseiten bleiben erhalten")),
            ("Sperrung der Einstellungen", gap("wer darf den Scanner umstellen")),
        )
    )
    yield Paragraph(
        "Verfahren, die ähnliche Zeichen gegeneinander austauschen können (JBIG2 im "
        "symbolkodierenden Betrieb), sind nicht zulässig (A.SC.12). Kommt eine mit JBIG2 "
        "verdichtete Datei an, wird sie aufbewahrt und der Befund am Dokument vermerkt."
    )


def _intake(ground: Ground) -> Iterator[Block]:
    """4.3: from the drop folder into the vault."""
    days = ground.config.inbox.keep_released_days
    yield Heading("4.3 Übernahme", 2)
    yield Items(
        (
            "Die Datei wird aus dem Ablageordner Byte für Byte kopiert, ihre Prüfsumme (SHA-512) "
            "berechnet und als unveränderliches Objekt im Tresor gespeichert.",
            "Danach wird eine Zeile im Journal geschrieben. Erst damit gilt die Datei als "
            "angenommen; der Eingang mit Zeit, Herkunft und Prüfsumme steht im Objekt.",
            "Zuletzt wird die abgelegte Datei nochmals gelesen, verglichen und nach "
            f"{ground.config.places.released} verschoben, wo sie {days} Tage bleibt.",
            "Dieselben Bytes ein zweites Mal ergeben einen weiteren Eingang, aber kein zweites "
            "Dokument.",
            "Den Erfassenden zeigt _received.csv im Ablageordner, was angenommen wurde, und der "
            "Ordner _problems, was nicht verarbeitet werden konnte.",
        )
    )
    if any(pipeline.separate.at != "none" for pipeline in ground.config.pipelines):
        yield Paragraph(
            "Stapel werden an den vereinbarten Zeichen (Kapitel 3.3) in Dokumente getrennt. Ein "
            "Nachweis, dass jede Seite des Stapels genau einem Dokument oder einem Trennblatt "
            "zugehört, wird gespeichert. Geht die Rechnung nicht auf, entscheidet ein Mensch."
        )
    yield Paragraph(
        "Dateien, die sich nicht öffnen lassen (beschädigt, verschlüsselt, verdächtig), kommen in "
        "Quarantäne: Sie bleiben unverändert erhalten, bis ein Mensch entschieden hat."
    )


def _reading(ground: Ground) -> Iterator[Block]:
    """4.4 to 4.6: reading, classifying, deciding, post-processing."""
    config = ground.config
    yield Heading("4.4 Erkennen und Zuordnen", 2)
    yield Paragraph(
        "Jede Seite wird gelesen; Wörter, ihre Orte auf der Seite und die Erkennungssicherheit "
        "werden gespeichert. Dokumente mit einer mittleren Sicherheit unter "
        f"{number(config.ocr.accept_confidence)} (von 100) werden einem Menschen vorgelegt. "
        "Überschriften des Aktenplans und ein Modell, das nur aus bestätigten Entscheidungen der "
        "Stelle lernt, schlagen die Klasse vor. Geraten wird nicht: Wofür nichts spricht, das wird "
        "als „noch nicht zugeordnet“ abgelegt oder vorgelegt."
    )
    yield Paragraph("Ein Mensch bestätigt die Klasse, wenn ihre Grundlage lautet:")
    yield Items(
        tuple(f"{_BASES.get(basis, basis)} ({basis});" for basis in config.review.ask)
        or ("nie; alle Vorschläge ohne eigenes Gewicht werden als nicht zugeordnet abgelegt.",)
    )
    yield Paragraph(
        "Bei elektronischen Rechnungen (XRechnung, ZUGFeRD) ist die XML-Datei das Original; sie "
        "wird unverändert und maschinell auswertbar aufbewahrt, die Lesefassung ist abgeleitet."
    )
    yield Heading("4.5 Entscheidungen am Prüfplatz", 2)
    yield Paragraph(
        "Was ein Mensch bestätigt oder berichtigt, wird mit Zeit und Pseudonym als neue Version "
        "des Objekts gespeichert und gilt für jede spätere Lesung. Frühere Versionen bleiben "
        "erhalten. Ein besserer Scan ersetzt den alten nicht, sondern tritt als Version hinzu."
    )
    yield Facts(
        (
            ("Besetzung des Prüfplatzes", gap("Personen, Vertretung")),
            ("Bearbeitungsfrist", gap("z. B. drei Arbeitstage")),
            ("Tägliche Übersicht per E-Mail", "ja" if config.review.mail_to else "nein"),
        )
    )
    yield Heading("4.6 Nachbearbeitung", 2)
    yield Paragraph(
        "Die empfangene Datei wird nie verändert. Nachbearbeitet wird nur die Wiedergabe "
        "(PDF/A), und nur zur Lesbarkeit: Seiten werden aufrecht gedreht, erkannte Wörter hinter "
        "das Bild gelegt, Bilder in PDF überführt. Jede Drehung steht im Transfervermerk "
        "(A.NB.1 bis A.NB.3). Fremde Bildbearbeitung vor der Übernahme: "
        + gap("welche Funktionen des Scanners eingeschaltet sind")
        + "."
    )


def _integrity(ground: Ground) -> Iterator[Block]:
    """4.7 to 4.9: integrity, transfer note, keeping."""
    seal = ground.config.seal
    yield Heading("4.7 Integritätssicherung", 2)
    yield Items(
        (
            "Jede Datei im Tresor hat eine SHA-512-Prüfsumme in einem Verzeichnis (OCFL), das "
            "selbst geprüft wird.",
            "Jeder Schritt ist eine Zeile im Journal mit der SHA-256-Prüfsumme der Zeile davor; "
            "eine nachträgliche Änderung bricht die Kette. Das Journal enthält Kennungen, Zeiten "
            "und Prüfsummen, aber keine Namen und keine Inhalte.",
            "archiver verify liest alle Bytes erneut und vergleicht sie mit Verzeichnis und "
            "Journal.",
            (
                "Der Stand des Journals wird täglich in einer Siegeldatei festgehalten."
                if seal.daily
                else "Der Stand des Journals wird nicht täglich festgehalten; ersatzweise: "
                + gap("wie der Stand des Journals außerhalb des Systems gesichert wird")
            ),
            (
                f"Dafür wird ein Zeitstempel (RFC 3161) von {seal.timestamp_url} geholt."
                if seal.daily and seal.timestamp_url
                else "Ein Zeitstempel eines Vertrauensdiensteanbieters wird nicht geholt; warum "
                "das Verfahren dennoch ausreicht (A.IS.1): " + gap("Begründung")
            ),
        )
    )
    yield Heading("4.8 Transfervermerk", 2)
    yield Paragraph(
        "Zu jedem Scan gibt es einen Transfervermerk (A.NB.4) mit Ersteller, technischem und "
        "organisatorischem Umfeld, Auffälligkeiten, Zeit, Ergebnis der Qualitätskontrolle, "
        "Erklärung der Übereinstimmung, Nachbearbeitung, Entscheidungen und den Zeilen des "
        "Journals. Die Übereinstimmung von Wiedergabe und empfangener Datei prüft das Programm; "
        "die Übereinstimmung der empfangenen Datei mit dem Papier bestätigt ein Mensch."
    )
    yield Heading("4.9 Aufbewahrung und Auskunft", 2)
    yield Paragraph(
        "Abgelegte Dokumente sind über jedes Wort, über Aktenzeichen, Absender, Datum und Klasse "
        "auffindbar. Ausgegeben werden empfangene Datei und Wiedergabe. Den Datenzugriff der "
        "Finanzverwaltung (§ 147 Abs. 6 AO) regelt: "
        + gap("Leserecht für Prüfende, Überlassung von Daten")
        + "."
    )


def quality(ground: Ground) -> Iterator[Block]:
    """Chapter 5."""
    rules = ground.config.quality
    yield Heading("5 Qualitätssicherung und Stichprobe")
    if rules.percent > 0:
        yield Paragraph(
            f"Aus den erfassten Dokumenten werden {number(rules.percent)} Prozent als Stichprobe "
            "gezogen und Seite für Seite mit dem Papier verglichen: Vollständigkeit, Reihenfolge, "
            "Lesbarkeit, Farbe, richtige Trennung (A.SC.8). Das Ergebnis steht im Journal und im "
            "Transfervermerk. Papier der Menge, aus der gezogen wurde, wird erst vernichtet, wenn "
            "die Stichprobe bestanden ist."
        )
    else:
        yield Paragraph(
            "Eine Stichprobe ist im Programm abgeschaltet. Ohne Qualitätskontrolle darf kein "
            "Papier vernichtet werden (A.SC.8). Ersatzweise gilt: "
            + gap("andere Qualitätskontrolle, Umfang, Nachweis")
        )
    other = (
        "Wer ein Dokument gebracht hat, darf es nicht prüfen; das Programm setzt es durch."
        if rules.other_person
        else "Wer ein Dokument gebracht hat, darf es auch prüfen. Bei sehr hohem Schutzbedarf der "
        "Integrität müssen es verschiedene Personen sein (A.AM.IN.SH.1)."
    )
    yield Paragraph(other)
    yield Facts(
        (
            ("Begründung des Stichprobenumfangs", gap("nach Schutzbedarf und Fehlerquote")),
            ("Prüfende Personen", gap("Funktion, Vertretung")),
            (
                "Folge einer nicht bestandenen Stichprobe",
                gap("z. B. vollständige Prüfung und erneutes Scannen der ganzen Menge"),
            ),
        )
    )


def originals(ground: Ground) -> Iterator[Block]:
    """Chapter 6."""
    days = ground.config.inbox.keep_released_days
    yield Heading("6 Vernichtung der Originale")
    yield Paragraph("Papier wird nur vernichtet, wenn alle folgenden Bedingungen erfüllt sind:")
    yield Items(
        (
            "Das Dokument ist abgelegt und nicht in Quarantäne oder in Prüfung.",
            "Die Qualitätskontrolle nach Kapitel 5 ist abgeschlossen und bestanden.",
            "Eine Datensicherung, die das Dokument enthält, ist geschrieben und geprüft. Die "
            f"übernommene Datei bleibt {days} Tage liegen; die Sicherung muss vorher erfolgt sein.",
            "Keine Vorschrift verlangt die Aufbewahrung in Papier (Kapitel 1.1), und das Papier "
            "hat für sich keinen Archivwert.",
            "Keine Sperre besteht (Kapitel 8) und keine Rückgabe an Einsender steht aus.",
        )
    )
    yield Facts(
        (
            ("Frist zwischen Scannen und Vernichten", gap("z. B. sechs Wochen")),
            ("Anordnung der Vernichtung", gap("Funktion, Form")),
            ("Verfahren", gap("Sicherheitsstufe nach DIN 66399 (ISO/IEC 21964), Dienstleister")),
            ("Nachweis", gap("Protokoll, Ablageort")),
            ("Zustimmung des Archivs", gap("Vereinbarung mit dem zuständigen Archiv, Datum")),
        )
    )

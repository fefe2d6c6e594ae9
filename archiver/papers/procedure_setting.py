"""Chapters 1 to 3 of the procedure documentation: scope, organisation, technology."""

from __future__ import annotations

from collections.abc import Iterator

from archiver.papers.paper import Block, Facts, Heading, Items, Paragraph, Table
from archiver.papers.procedure_ground import Ground, gap, number, said
from archiver.settings import Pipeline

_SEPARATION = {
    "none": "eine Datei ist ein Dokument",
    "sheets": "Trennblätter mit QR-Code oder Patch-Code",
    "pages": "feste Zahl von Seiten",
    "numbers": "Archivnummern auf Etiketten",
}


def scope(ground: Ground) -> Iterator[Block]:
    """Chapter 1."""
    yield Heading("1 Allgemeines und Geltungsbereich")
    yield Paragraph(
        f"Diese Verfahrensdokumentation ({ground.office}) beschreibt, wie Papierunterlagen "
        "gescannt, mit dem Programm archiver erfasst, geprüft, aufbewahrt, ausgesondert und "
        "vernichtet werden. Sie gilt für alle Beschäftigten, die daran beteiligt sind, und ist "
        "zugleich die Organisationsanweisung für das bildliche Erfassen von Papierbelegen."
    )
    yield Paragraph("Sie richtet sich nach:")
    yield Items(
        (
            "BSI TR-03138 „Ersetzendes Scannen“ (TR-RESISCAN);",
            "den Grundsätzen zur ordnungsmäßigen Führung und Aufbewahrung von Büchern, "
            "Aufzeichnungen und Unterlagen in elektronischer Form sowie zum Datenzugriff (GoBD), "
            "§§ 145 bis 147 AO und § 14b UStG, soweit Unterlagen steuerlich von Bedeutung sind;",
            "Art. 5, 17, 30 und 32 DSGVO;",
            "Archivrecht und Haushaltsrecht: "
            + gap("Archivgesetz des Landes, Archivsatzung, kommunales Haushaltsrecht")
            + ";",
            f"eigenen Dienstanweisungen: {gap('Aktenordnung, Scananweisung, Aktenplan')}.",
        )
    )
    yield Facts(
        (
            ("Stelle", ground.office),
            ("Fassung", ground.around.version),
            ("In Kraft seit", gap("Tag des Inkrafttretens")),
            ("Freigegeben durch", gap("Name und Funktion der Leitung")),
            ("Fachlich verantwortlich", gap("Name, Funktion, Erreichbarkeit")),
        )
    )
    yield Heading("1.1 Erfasste Unterlagen und Schutzbedarf", 2)
    yield Paragraph(
        "Welche Unterlagen erfasst werden, sagt der Aktenplan (Kapitel 7). Unterlagen, deren "
        "Original kraft Gesetzes in Papier aufzubewahren ist, werden zwar erfasst, ihr Papier "
        "wird aber nicht vernichtet."
    )
    yield Facts(
        (
            ("Nur in Papier gültige Unterlagen", gap("Arten, z. B. Urkunden, Wertpapiere")),
            ("Schutzbedarf Integrität", gap("normal, hoch oder sehr hoch, mit Begründung")),
            ("Schutzbedarf Vertraulichkeit", gap("normal, hoch oder sehr hoch, mit Begründung")),
            ("Schutzbedarf Verfügbarkeit", gap("normal, hoch oder sehr hoch, mit Begründung")),
        )
    )


def organisation(ground: Ground) -> Iterator[Block]:
    """Chapter 2."""
    rights = ground.config.rights
    nobody = "keine Gruppe eingerichtet"
    yield Heading("2 Organisation und Rollen")
    yield Paragraph(
        "Rechte hängen an Gruppen des Betriebssystems. Wer fragt, sagt der Kern des "
        "Betriebssystems dem Dienst; ein eigenes Kennwort gibt es nicht. Rechte addieren sich; wer "
        "in keiner Gruppe ist, wird abgewiesen. Im Journal steht jede Person mit einem Pseudonym "
        "(uid:Nummer); die Zuordnung zur Person führt die Stelle getrennt."
    )
    yield Table(
        ("Rolle", "Gruppen", "Darf"),
        (
            ("Eigentümer des Archivs", "Benutzer des Dienstes, root", "alles, auch die Wartung"),
            (
                "Archivarin, Archivar",
                said(rights.archivists, nobody),
                "suchen, lesen, entscheiden; Akten, Sperren, Stichproben, Aussonderung führen",
            ),
            (
                "Prüfplatz",
                said(rights.reviewers, nobody),
                "suchen, lesen; über zweifelhafte Dokumente entscheiden, Abgelegtes berichtigen",
            ),
            ("Auskunft", said(rights.staff, nobody), "suchen und lesen"),
            (
                "Erfassung",
                said(sorted({g for p in ground.config.pipelines for g in p.clerks}), nobody),
                "in die eigenen Ablageordner ablegen, deren Probleme sehen",
            ),
        ),
    )
    yield Facts(
        (
            ("Personen in den Gruppen", gap("Liste oder Verweis auf die Benutzerverwaltung")),
            ("Verzeichnis der Pseudonyme", gap("wo geführt, wer Zugang hat")),
            ("Schulung und Verpflichtung", gap("Inhalt, Turnus, Nachweis")),
            ("Datenschutzbeauftragte Person", gap("Name, Erreichbarkeit")),
            ("Informationssicherheit", gap("Name, Erreichbarkeit")),
            ("Technischer Betrieb", gap("Name oder Dienstleister, Vertrag")),
        )
    )
    if ground.config.disposition.two_persons:
        text = (
            "Für die Aussonderung gilt das Vier-Augen-Prinzip: Wer freigibt, hat nicht "
            "vorgeschlagen; wer vernichtet, hat nicht freigegeben. Das Programm setzt es durch."
        )
    else:
        text = (
            "Das Vier-Augen-Prinzip bei der Aussonderung ist im Programm abgeschaltet. Ersatzweise "
            f"gilt: {gap('organisatorische Regelung zur Trennung der Aufgaben')}"
        )
    yield Paragraph(text)


def technology(ground: Ground) -> Iterator[Block]:
    """Chapter 3."""
    config, around = ground.config, ground.around
    yield Heading("3 Technik und Systeme")
    yield Facts(
        (
            ("Programm", around.product),
            ("Betriebssystem", around.system),
            ("Rechner", around.host),
            ("Standort und Zutritt", gap("Raum, Zutrittsregelung")),
            ("Scanner", gap("Hersteller, Modell, Aufstellort, Einstellungen")),
        )
    )
    yield Table(("Bestandteil", "Fassung"), around.engines)
    yield Paragraph(
        f"Schrift erkennt {config.ocr.engine} (Sprachen: {config.ocr.languages}). Die Suche "
        f"beantwortet {config.search.engine}. Wiedergaben sind PDF/A-2b, mit Anlagen PDF/A-3b, und "
        "werden erst nach bestandener Formatprüfung gespeichert."
    )
    yield Heading("3.1 Speicher", 2)
    places = config.places
    yield Table(
        ("Ort", "Pfad", "Inhalt"),
        (
            ("Tresor", str(places.vault), "empfangene Dateien und Wiedergaben (OCFL, SHA-512)"),
            ("Journal", str(places.ledger), "jeder Schritt, verkettet mit SHA-256"),
            ("Siegel", str(places.seals), "tägliche Siegel des Journals, Schlüssel dazu"),
            ("Gelerntes", str(places.learned), "Beispiele und daraus gerechnetes Modell"),
            ("Katalog", str(places.catalogue), "abgeleitet aus Tresor und Journal"),
            ("Suchindex", str(places.index), "abgeleitet aus Tresor und Katalog"),
            ("Arbeitsbereich", str(places.stage), "laufende Arbeit, vergänglich"),
            (
                "Übernommene Dateien",
                str(places.released),
                f"{config.inbox.keep_released_days} Tage nach der Übernahme",
            ),
            ("Ausgaben", str(places.exports), "Abgaben an das Archiv und Pakete"),
        ),
    )
    yield Heading("3.2 Schutz vor schädlichen Dateien", 2)
    work = config.work
    where = (
        "in einem abgeschotteten Prozess ohne Netz und ohne andere Dateien geöffnet, soweit der "
        "Rechner das erlaubt (archiver check zeigt es an)"
        if work.cage == "auto"
        else "in einem eigenen Prozess geöffnet; die Abschottung ist abgeschaltet"
    )
    yield Paragraph(
        f"Empfangene Dateien werden nur {where}. Der Prozess lebt für ein Dokument und ist "
        f"begrenzt auf {work.memory_mib} MiB Speicher, {work.wall_seconds} Sekunden und "
        f"{work.file_mib} MiB je geschriebener Datei."
    )
    yield Heading("3.3 Ablageordner", 2)
    yield Table(
        ("Ordner", "Bezeichnung", "Erfassung durch", "Trennung der Dokumente"),
        tuple(_pipeline(pipeline) for pipeline in config.pipelines),
    )
    limits = config.limits
    yield Paragraph(
        f"Größere Dateien als {limits.file_mib} MiB werden aufbewahrt, aber nicht geöffnet; Seiten "
        f"über {limits.megapixels} Megapixel und Dokumente über {limits.pages} Seiten werden "
        "aufbewahrt, aber nicht gelesen. In allen drei Fällen entscheidet ein Mensch. Eine Datei "
        f"wird übernommen, wenn sie {number(config.inbox.settle_seconds)} Sekunden unverändert war."
    )


def _pipeline(pipeline: Pipeline) -> tuple[str, str, str, str]:
    separation = _SEPARATION[pipeline.separate.at]
    if pipeline.separate.at == "pages":
        separation += f" ({pipeline.separate.pages})"
    return (
        pipeline.folder,
        pipeline.title or pipeline.name,
        said(pipeline.clerks, "nur der Eigentümer"),
        separation,
    )

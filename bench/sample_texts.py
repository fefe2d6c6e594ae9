"""What the sample papers of the invented Stadt Musterbach say.

Promises that every person, place, company, number and account is invented: the postcode begins
with 00, the domains end in ``.example``, telephone numbers are from the range kept free for films,
and accounts lie at a bank code that is not given out (their check digits are right).

The markup of the pages is described in `bench.sample_pages`; an empty page is a blank back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.sample_pages import Look, Stamp

Container = Literal["pdf", "text_pdf", "mixed_pdf", "tiff", "jpeg", "png", "jp2"]


def iban(account: str) -> str:
    """The German IBAN of an account number (10 digits) at the invented bank, in groups of four."""
    body = "59999990" + account
    check = 98 - int(body + "131400") % 97  # D = 13, E = 14 (ISO 13616)
    whole = f"DE{check:02d}{body}"
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


TOWN_ACCOUNT = iban("0000120034")
ROOFER, PAPERS, POWER = iban("0004711815"), iban("0030056789"), iban("0000998870")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One sample file and what a reader should find in it.

    Attributes:
        name: of the file, as a clerk or a scanner gives it.
        kind: key of its record class.
        pages: markup of each page; ``""`` is a blank back.
        container: what the file is; the last page of a mixed PDF is the scanned one.
        look: print and scan.
        stamp: on the first page.
        find: words that a search must find.
        reference, letter_date, received, sender, recipient, subject, amount, account: as printed,
            dates in ISO, the amount in plain euros; empty where the paper has none.
        shows: what is hard about it, in a few words.
    """

    name: str
    kind: str
    pages: tuple[str, ...]
    container: Container = "pdf"
    look: Look = Look()
    stamp: Stamp | None = None
    find: tuple[str, str, str]
    reference: str = ""
    letter_date: str = ""
    received: str = ""
    sender: str
    recipient: str = ""
    subject: str
    amount: str = ""
    account: str = ""
    shows: str


def letterhead(department: str, clerk: str, extension: str, reference: str, date: str) -> str:
    """Head of the town's own letters, down to the recipient's address."""
    mail = department.split()[-1].lower().replace("ü", "ue").replace("ä", "ae")
    return f"""
= Stadt Musterbach
Der Bürgermeister · {department}
---
|| Auskunft erteilt: {clerk}
|| Telefon: 069 90009-{extension}
|| E-Mail: {mail}@musterbach.example
- Stadt Musterbach · Rathausplatz 1 · 00999 Musterbach || Aktenzeichen: {reference}
|| Datum: {date}
"""


FOOT = f"""
---
- Stadt Musterbach · Rathausplatz 1 · 00999 Musterbach · Sprechzeiten: Mo–Fr 8–12 Uhr, Do 14–18 Uhr
- Stadtkasse: Kreisbank Musterbach · IBAN {TOWN_ACCOUNT}
"""

BUILDING_APPLICATION = (
    """
= Antrag auf Baugenehmigung
im vereinfachten Genehmigungsverfahren (§ 64 LBO)



An die untere Bauaufsichtsbehörde
Stadt Musterbach, Bauamt
Rathausplatz 1, 00999 Musterbach



# 1. Bauherrin / Bauherr
Name, Vorname :: Krämer, Anneliese
Straße, Hausnummer :: Lindenstraße 4
PLZ, Ort :: 00999 Musterbach
Telefon :: 069 90009 417

# 2. Grundstück
Gemarkung :: Musterbach-Süd
Flur / Flurstück :: 7 / 118/3
Größe :: 642 m2

# 3. Bauvorhaben
Bezeichnung :: Anbau eines Wintergartens
Brutto-Rauminhalt :: 94 m3
Baukosten (geschätzt) :: 48.500,00 EUR

# 4. Entwurfsverfasser
Name :: Dipl.-Ing. Ümit Größlin
Bauvorlageberechtigung :: Listen-Nr. 00-4417

# 5. Unterschrift
Musterbach, den 8. März 2024
~
Anneliese Krämer
""",
    "",
    """
= Anlage 1: Baubeschreibung
zum Antrag auf Baugenehmigung vom 8. März 2024

# Beschreibung des Vorhabens
An der Südseite des bestehenden Wohnhauses soll ein Winter¦garten mit einer Grund¦fläche von 28 m2 errichtet werden. Die Trag¦konstruktion besteht aus Brett¦schicht¦holz, die Dach¦fläche aus Ver¦bund¦sicherheits¦glas. Die Grenz¦ab¦stände nach § 8 LBO werden ein¦ge¦halten.

# Gründung
Streifen¦funda¦mente, frost¦frei gegründet, 80 cm unter Ge¦lände¦ober¦kante. Die Boden¦platte wird gedämmt (12 cm) und erhält einen schwim¦menden Estrich.

# Entwässerung
Das Nieder¦schlags¦wasser wird über die vor¦handene Zisterne ver¦sickert. Ein An¦schluss an den Misch¦wasser¦kanal ist nicht vor¦gesehen.

# Beigefügte Unterlagen
[X] Lageplan im Maßstab 1 : 500
[X] Bauzeichnungen, zweifach
[  ] Standsicherheitsnachweis (wird nachgereicht)
[X] Einverständnis der Nachbarn Familie Özdemir
""",
    "",
)

BUILDING_PERMIT = (
    letterhead("Bauamt", "Frau Wießner", "214", "632.21-12/2024", "02.04.2024")
    + """
Frau
Anneliese Krämer
Lindenstraße 4
00999 Musterbach



# Baugenehmigung

# Vorhaben: Anbau eines Wintergartens, Lindenstraße 4, Flur 7, Flurstück 118/3

Sehr geehrte Frau Krämer,

auf Ihren Antrag vom 8. März 2024, hier ein¦ge¦gan¦gen am 12. März 2024, wird Ihnen nach § 73 der Landes¦bau¦ordnung un¦be¦schadet der Rechte Dritter die Bau¦ge¦neh¦mi¦gung für das oben be¦zeichnete Vor¦haben erteilt. Die mit Prüf¦vermerk ver¦sehenen Bau¦vorlagen sind Be¦stand¦teil dieser Ge¦neh¦mi¦gung.

# Nebenbestimmungen
1. Der Bau¦beginn ist der Bau¦auf¦sichts¦be¦hörde mindestens eine Woche vorher schrift¦lich an¦zu¦zeigen.
2. Der Stand¦sicher¦heits¦nach¦weis ist vor Bau¦beginn vor¦zu¦legen.
3. Der vor¦handene Kugel¦ahorn an der Grund¦stücks¦grenze ist während der Bau¦arbeiten zu schützen.
4. Die Ge¦neh¦mi¦gung er¦lischt, wenn nicht inner¦halb von drei Jahren mit der Aus¦führung be¦gonnen wird.
"""
    + FOOT,
    """
- Seite 2 zum Bescheid vom 02.04.2024, Aktenzeichen 632.21-12/2024

# Gebührenfestsetzung
Für diese Ge¦neh¦mi¦gung wird nach der Bau¦ge¦bühren¦ordnung eine Gebühr von 1.284,50 EUR fest¦ge¦setzt. Bitte über¦weisen Sie den Betrag bis zum 03.05.2024 unter Angabe des Kassen¦zeichens:

Kassenzeichen: 5.0214.000872.1
"""
    + f"IBAN: {TOWN_ACCOUNT}"
    + """
Betrag: 1.284,50 EUR

# Rechtsbehelfsbelehrung
Gegen diesen Bescheid kann inner¦halb eines Monats nach Bekannt¦gabe Wider¦spruch er¦hoben werden. Der Wider¦spruch ist bei der Stadt Musterbach, Rathaus¦platz 1, 00999 Musterbach, schrift¦lich oder zur Nieder¦schrift ein¦zu¦legen.

Mit freundlichen Grüßen
Im Auftrag
~
Wießner
""",
)

ROOFER_INVOICE = f"""
= Dachwerk Sonnenschuh GmbH
Meisterbetrieb für Steildach, Flachdach und Bauspenglerei
---
- Dachwerk Sonnenschuh GmbH · Ziegelgasse 12 · 00998 Obermusterbach

Stadt Musterbach || Rechnungsnummer: R-2024/0317
Gebäudewirtschaft || Rechnungsdatum: 15.03.2024
Rathausplatz 1 || Kundennummer: 10482
00999 Musterbach || Ihr Auftrag: 65-GW/2024-031



# Rechnung: Reparatur Dach Grundschule am Mühlbach

Sehr geehrte Damen und Herren,

für die aus¦geführten Arbeiten vom 4. bis 8. März 2024 be¦rechnen wir Ihnen wie folgt:

| Pos. | Leistung | Menge | Einzelpreis | Betrag EUR
| 1 | Dachziegel Biberschwanz, naturrot | 420 Stück | 1,85 | 777,00
| 2 | Dachlatten 30 x 50 mm erneuern | 96 m | 6,40 | 614,40
| 3 | Kehlblech Titanzink, gefalzt | 14 m | 48,50 | 679,00
| 4 | Dachdeckerstunden | 38 h | 58,00 | 2.204,00
| 5 | Gerüst stellen und vorhalten | 1 psch. | 890,00 | 890,00

>  Nettobetrag: 5.164,40 EUR
> zzgl. 19 % Umsatzsteuer: 981,24 EUR
> Rechnungsbetrag: 6.145,64 EUR

Zahlbar inner¦halb von 30 Tagen ohne Abzug auf unser Konto bei der Kreisbank Musterbach:

# IBAN {ROOFER}

Auf die Leistungen wird eine Gewähr¦leistung von vier Jahren nach § 13 VOB/B gewährt. Wir danken für Ihren Auftrag.

~
Severin Sonnenschuh, Dachdeckermeister

---
- Geschäftsführer: Severin Sonnenschuh · USt-IdNr. DE999999999 · Steuer-Nr. 000/117/00482
"""

OFFICE_INVOICE = f"""
= Papier & Klammer Bürobedarf e. K.
Inhaberin: Thea Klammer · Federweg 3 · 00997 Untermusterbach
---

Stadt Musterbach || Rechnung Nr. 2024-0417
Hauptamt, Beschaffung || Rechnungsdatum: 17. April 2024
Rathausplatz 1 || Lieferdatum: 15. April 2024
00999 Musterbach || Bestellung: HA-2024/88



# Rechnung Nr. 2024-0417

| Pos. | Artikel | Menge | Einzelpreis | Betrag EUR
| 1 | Kopierpapier A4, 80 g/m2, Karton | 40 | 21,90 | 876,00
| 2 | Aktendeckel, Recyclingkarton, chamois | 500 | 0,32 | 160,00
| 3 | Heftstreifen, grün | 1.000 | 0,06 | 60,00
| 4 | Stempelfarbe ohne Öl, blau | 6 | 4,80 | 28,80

> Zwischensumme: 1.124,80 EUR
> Umsatzsteuer 19 %: 213,71 EUR
> Gesamtbetrag: 1.338,51 EUR

Bitte über¦weisen Sie den Gesamt¦betrag bis zum 17. Mai 2024 auf das Konto

IBAN {PAPERS}

Die Ware bleibt bis zur voll¦ständigen Be¦zahlung unser Eigen¦tum (§ 449 BGB). Leitweg-ID: 00999-0001-42.

Mit freundlichen Grüßen
Thea Klammer
"""

COMPLAINT = """
Gerlinde Oßwald || Musterbach, 17. Mai 2024
Am Gänsebühl 9
00999 Musterbach



An die
Stadt Musterbach
Amt für Abfallwirtschaft
Rathausplatz 1
00999 Musterbach



# Widerspruch gegen den Abfallgebührenbescheid vom 29.04.2024
# Kassenzeichen 7.3310.004518.6

Sehr geehrte Damen und Herren,

gegen den oben ge¦nannten Bescheid er¦hebe ich Wider¦spruch. Sie be¦rechnen mir für das Jahr 2024 eine Rest¦müll¦tonne mit 240 Litern. Ich wohne seit dem Tod meines Mannes allein im Haus und habe bereits im Oktober schrift¦lich um eine 60-Liter-Tonne ge¦beten. Die Müll¦ab¦fuhr hat die große Tonne trotz¦dem nicht ab¦ge¦holt.

Außer¦dem be¦schwere ich mich darüber, dass die Glas¦container am Fest¦platz seit Wochen über¦quellen. Über¦all liegen Scherben, und niemand fühlt sich zu¦ständig.

Ich bitte um Be¦richtigung der Gebühr von 312,40 Euro und um eine schrift¦liche Ant¦wort bis zum 14.6.2024.

Mit freundlichen Grüßen
~
Gerlinde Oßwald
"""

DOG_TAX = """
= Anmeldung zur Hundesteuer
Stadt Musterbach · Steueramt · Rathausplatz 1 · 00999 Musterbach
---
Nach § 9 der Hundesteuersatzung ist ein Hund innerhalb von zwei Wochen anzumelden.



# Halterin / Halter
Name, Vorname :: Düwel, Hanno
Anschrift :: Schloßgarten 21
PLZ, Ort :: 00999 Musterbach
Geburtsdatum :: 03.11.1978

# Hund
Rufname :: Äneas
Rasse :: Deutsch Drahthaar
Geschlecht / Farbe :: Rüde, braunschimmel
Wurfdatum :: 21.12.2023
Chipnummer :: 276 0999 0000 4711
Gehalten seit :: 01.03.2024

# Angaben zur Steuer
[  ] Ersthund     [X] Zweithund     [  ] gefährlicher Hund
[X] Steuerermäßigung als Jagdgebrauchshund wird beantragt

# SEPA-Lastschriftmandat
Kontoinhaber :: Hanno Düwel
IBAN :: {account}

Musterbach, 25.3.2024
~
Unterschrift
""".replace("{account}", iban("0000330091"))

HOUSING_BENEFIT = (
    """
= Antrag auf Wohngeld (Mietzuschuss)
An die Wohngeldbehörde der Stadt Musterbach, Sozialamt
---




# 1. Antragstellende Person
Familienname :: Krämer-Nuñez
Vorname :: Lioba
Anschrift :: Fährgasse 17, 2. OG
PLZ, Ort :: 00999 Musterbach
Wohngeldnummer :: 50.3/WG 2024-0088

# 2. Haushaltsmitglieder
| Nr. | Name | geboren | Einnahmen/Monat
| 1 | Lioba Krämer-Nuñez | 14.02.1991 | 1.412,00 EUR
| 2 | Jaro Krämer | 30.07.2016 | 250,00 EUR
| 3 | Mila Krämer | 09.01.2020 | 250,00 EUR

# 3. Wohnung
Wohnfläche :: 68 m2
Bezugsfertig seit :: 1974
Miete ohne Heizung :: 612,00 EUR
Umlagen :: 94,50 EUR
""",
    """
- Antrag auf Wohngeld, Blatt 2, Krämer-Nuñez, Lioba

# 4. Vermögen
Das zu be¦rück¦sichtigende Ver¦mögen über¦steigt 60.000 EUR: [  ] ja  [X] nein

# 5. Weitere Leistungen
Kinder¦geld und Unter¦halts¦vor¦schuss werden be¦zogen. Bürger¦geld nach dem SGB II wurde nicht be¦an¦tragt.

# 6. Auszahlung
Kontoinhaberin :: Lioba Krämer-Nuñez
IBAN :: {account}

# 7. Erklärung
Ich ver¦sichere, dass alle An¦gaben voll¦ständig und wahr sind. Mir ist be¦kannt, dass ich nach § 27 Abs. 3 WoGG Ände¦rungen un¦ver¦züg¦lich mit¦teilen muss, wenn sich die Miete um mehr als 15 Prozent ver¦ringert oder das Gesamt¦ein¦kommen um mehr als 15 Prozent erhöht.

Musterbach, den 05. 04. 2024
~
Lioba Krämer-Nuñez
""".replace("{account}", iban("0007700162")),
    """
= Mietbescheinigung
Anlage zum Antrag auf Wohngeld
---

Vermieterin :: Wohnbau Fährtor eG
Mieterin :: Lioba Krämer-Nuñez
Mietbeginn :: 1. Oktober 2021
Grundmiete :: 612,00 EUR
Betriebskosten :: 94,50 EUR
Heizkosten :: 88,00 EUR
Garage / Stellplatz :: keine

Die Wohnung ist öffentlich ge¦fördert. Miet¦rück¦stände bestehen nicht.

Musterbach, 2. April 2024
~
Wohnbau Fährtor eG, i. V. Käßbohrer
""",
)

TRADE_REGISTRATION = """
= Gewerbe-Anmeldung
nach § 14 der Gewerbeordnung (GewA 1)
---
Stadt Musterbach, Ordnungsamt || Gemeindekennzahl: 00 0 99 012
Gewerbemeldestelle || Betriebsstätten-Nr.: GEW-2024/0093

# Angaben zur Person
Name :: Yıldız-Böhm
Vornamen :: Selin Marie
Geburtsdatum, Ort :: 19.06.1989, Musterbach
Staatsangehörigkeit :: deutsch
Anschrift :: Färberstraße 33, 00999 Musterbach

# Angaben zum Betrieb
Name des Geschäfts :: Fahrradwerkstatt Kettenglück
Betriebsstätte :: Mühlenstraße 8, Hinterhof
Telefon :: 069 90009 338
Tätigkeit :: Reparatur und Verkauf von Fahrrädern
Art :: Neuerrichtung, Einzelhandel und Handwerk
Beginn der Tätigkeit :: 01.06.2024
Im Nebenerwerb :: nein
Beschäftigte :: 1 Teilzeit

# Erlaubnisse
Eintragung Handwerksrolle :: nicht erforderlich (Anlage B1)
Aufenthaltserlaubnis :: entfällt

Hinweis: Diese An¦zeige be¦rechtigt nicht zum Be¦ginn des Ge¦werbe¦betriebes, wenn noch eine Er¦laubnis not¦wendig ist. Zu¦wider¦hand¦lungen können mit Geld¦buße ge¦ahndet werden (§ 146 Abs. 2 GewO).

Musterbach, 28. Mai 2024
~
Unterschrift der anzeigenden Person
Die Gebühr von 26,00 EUR wurde bar entrichtet.
"""

COUNCIL_PAPER = (
    """
= Stadt Musterbach
# Beschlussvorlage
---
Vorlage Nr.: 2024/0123 || Datum: 22.02.2024
Federführung: Tiefbauamt || Aktenzeichen: 66.1-04/2024
Bearbeiter: Herr Quandt || Status: öffentlich
---

| Beratungsfolge | Sitzung am | Zuständigkeit
| Bau- und Umweltausschuss | 05.03.2024 | Vorberatung
| Stadtrat | 14.03.2024 | Entscheidung

# Betreff: Erneuerung der Brücke über den Mühlbach im Zuge der Färberstraße

# Beschlussvorschlag
Der Stadt¦rat be¦schließt die Er¦neuerung der Mühl¦bach¦brücke nach der Ent¦wurfs¦planung des Büros Steg & Partner (Variante B) und be¦auf¦tragt die Ver¦waltung mit der Aus¦schreibung.

# Sachverhalt
Die Brücke wurde 1958 er¦richtet. Die Haupt¦prüfung nach DIN 1076 er¦gab die Zu¦stands¦note 3,4. Die zu¦lässige Last wurde auf 12 Tonnen be¦schränkt. Eine In¦stand¦setzung ist nach dem Gut¦achten nicht mehr wirt¦schaft¦lich.

# Finanzielle Auswirkungen
Die Gesamt¦kosten be¦tragen 1.860.000,00 EUR. Das Land hat eine Zu¦wendung von 65 v. H. in Aus¦sicht ge¦stellt (§ 5 GVFG). Der Eigen¦anteil ist im Haus¦halt 2024 unter der Buchungs¦stelle 54.1.01.785200 ver¦anschlagt.

# Anlagen
Anlage 1: Stellungnahme des Naturschutzbeirates
""",
    """
= Naturschutzbeirat der Stadt Musterbach
Der Vorsitzende
---
> Musterbach, 19. Feb. 2024

An das Tiefbauamt
im Hause

# Stellungnahme zur Erneuerung der Mühlbachbrücke (Anlage 1)

Sehr geehrter Herr Quandt,

der Bei¦rat hat in seiner Sitzung vom 15.02.2024 über die Ent¦wurfs¦planung be¦raten. Gegen die Variante B be¦stehen keine Be¦denken, wenn

1. die Bau¦zeit außer¦halb der Laich¦zeit der Bach¦forelle liegt,
2. unter der Brücke eine Berme für den Fisch¦otter er¦halten bleibt,
3. die Nist¦kästen der Wasser¦amsel vor Bau¦beginn um¦ge¦hängt werden.

Die öko¦logische Bau¦be¦gleitung ist mit der unteren Natur¦schutz¦be¦hörde ab¦zu¦stimmen.

Mit freundlichen Grüßen
~
Prof. Dr. Balthasar Röhricht
""",
)

COUNCIL_MINUTES = (
    """
= Stadt Musterbach
# Niederschrift (Auszug)
über die 38. öffentliche Sitzung des Stadtrates am Donnerstag, dem 14. März 2024, 18.00 Uhr, großer Sitzungssaal des Rathauses
---
Vorsitz: Bürgermeisterin Dr. Hedwig Straßner
Anwesend: 27 von 31 Mitgliedern
Schriftführung: Herr Ölschläger

# TOP 4: Erneuerung der Brücke über den Mühlbach (Vorlage 2024/0123)

Herr Quandt (Tief¦bau¦amt) er¦läutert die Vor¦lage. Rats¦mitglied Frau Füßl fragt nach der Um¦leitung während der Bau¦zeit. Herr Quandt ant¦wortet, der Verkehr werde über die Gerber¦straße ge¦führt; für Fuß¦gänger ent¦stehe ein Behelfs¦steg. Rats¦mitglied Herr Tönnies be¦antragt, die Stellung¦nahme des Natur¦schutz¦bei¦rates zum Be¦stand¦teil des Be¦schlusses zu machen.

# Beschluss:
Der Stadt¦rat be¦schließt die Er¦neuerung der Mühl¦bach¦brücke in der Variante B. Die Hin¦weise des Natur¦schutz¦bei¦rates sind zu be¦achten.

Abstimmungsergebnis: 24 Ja-Stimmen, 2 Nein-Stimmen, 1 Enthaltung

# TOP 5: Änderung der Hundesteuersatzung

Der Haupt¦aus¦schuss empfiehlt, den Steuer¦satz für den zweiten Hund auf 132,00 EUR an¦zu¦heben. Rats¦mitglied Herr Tönnies hält die Er¦höhung für un¦sozial. Kämmerin Frau Nägele ver¦weist auf die Haus¦halts¦lage und auf § 78 der Gemeinde¦ordnung.
""",
    """
- Niederschrift Stadtrat 14.03.2024, Seite 2

# Beschluss:
Die Satzung zur Änderung der Hunde¦steuer¦satzung wird in der vor¦ge¦legten Fassung be¦schlossen.

Abstimmungsergebnis: 19 Ja-Stimmen, 8 Nein-Stimmen

# TOP 6: Verschiedenes

Die Bürger¦meisterin teilt mit, dass die An¦frage der Bürger¦initiative Auen¦wald be¦antwortet und der Vor¦gang zu den Akten ge¦nommen ist.

Ende der öffentlichen Sitzung: 20.35 Uhr

Musterbach, den 21. März 2024

Die Vorsitzende
~
Dr. Straßner

Der Schriftführer
~
Ölschläger
""",
)

OFFENCE = (
    letterhead("Ordnungsamt", "Herr Jäckle", "305", "32.4-OWi 1187/2024", "6. Mai 2024")
    + f"""
Herrn
Korbinian Zäpfle
Weidenweg 2 a
00998 Obermusterbach



# Bußgeldbescheid

Sehr geehrter Herr Zäpfle,

Ihnen wird vor¦ge¦worfen, am 11.04.2024 um 14.52 Uhr in Musterbach, Markt¦platz, als Führer des Personen¦kraft¦wagens MB-XY 4711 folgende Ordnungs¦widrig¦keit be¦gangen zu haben:

Sie parkten länger als eine Stunde im Be¦reich eines ab¦so¦luten Halte¦ver¦bots (Zeichen 283) und be¦hinderten dadurch die Feuer¦wehr¦zu¦fahrt.

# § 12 Abs. 1, § 49 StVO; § 24 StVG; 51b.2 BKat
Beweismittel: Lichtbild, Zeugnis der Bediensteten Frau Lößner

| Geldbuße | Gebühr (§ 107 OWiG) | Auslagen | Gesamtbetrag
| 55,00 EUR | 25,00 EUR | 3,50 EUR | 83,50 EUR

Zahlen Sie den Gesamt¦betrag zwei Wochen nach Rechts¦kraft auf das Konto IBAN {TOWN_ACCOUNT}, Kassen¦zeichen 3.2404.011870.9.

Gegen diesen Be¦scheid können Sie inner¦halb von zwei Wochen nach Zu¦stellung Ein¦spruch ein¦legen (§ 67 OWiG). Bei Nicht¦zahlung kann Er¦zwingungs¦haft an¦ge¦ordnet werden.

Im Auftrag
~
Jäckle
"""
    + FOOT
)

BY_LAW = (
    """
= Satzung der Stadt Musterbach
# über die Erhebung der Hundesteuer (Hundesteuersatzung)
vom 14. März 2024
---

Auf Grund des § 12 der Gemeinde¦ordnung und der §§ 1 und 3 des Kommunal¦ab¦gaben¦ge¦setzes hat der Stadt¦rat in seiner Sitzung am 14. März 2024 folgende Satzung be¦schlossen:

# § 1 Steuergegenstand
(1) Gegen¦stand der Steuer ist das Halten von Hunden im Stadt¦gebiet.
(2) Kann das Alter eines Hundes nicht nach¦ge¦wiesen werden, wird an¦ge¦nommen, dass er älter als drei Monate ist.

# § 2 Steuerschuldner
Steuer¦schuldner ist, wer einen Hund in seinem Haus¦halt auf¦ge¦nommen hat. Halten mehrere Personen ge¦mein¦sam einen Hund, so sind sie Gesamt¦schuldner.

# § 3 Steuersatz
(1) Die Steuer be¦trägt jähr¦lich für den ersten Hund 96,00 EUR, für den zweiten Hund 132,00 EUR und für jeden weiteren Hund 168,00 EUR.
(2) Für ge¦fähr¦liche Hunde be¦trägt die Steuer 720,00 EUR.

# § 4 Steuerbefreiung
Steuer¦be¦freiung wird auf Antrag ge¦währt für Blinden¦führ¦hunde, für Rettungs¦hunde und für Hunde aus dem Tier¦heim im ersten Jahr.
""",
    """
- Hundesteuersatzung der Stadt Musterbach, Seite 2

# § 9 Anzeigepflicht
Wer einen Hund hält, hat ihn inner¦halb von zwei Wochen beim Steuer¦amt an¦zu¦melden. Die Steuer¦marke ist sicht¦bar am Hals¦band zu be¦festigen.

# § 10 Ordnungswidrigkeiten
Ordnungs¦widrig handelt, wer vor¦sätz¦lich oder leicht¦fertig der An¦zeige¦pflicht nicht nach¦kommt. Die Ordnungs¦widrig¦keit kann mit einer Geld¦buße bis zu 10.000 EUR ge¦ahndet werden.

# § 11 Inkrafttreten
Diese Satzung tritt am 1. Juli 2024 in Kraft. Gleich¦zeitig tritt die Hunde¦steuer¦satzung vom 9. Dezember 2010 außer Kraft.

Ausgefertigt: Musterbach, den 20. März 2024
~
Dr. Hedwig Straßner, Bürgermeisterin

# Hinweis
Eine Ver¦letzung von Ver¦fahrens¦vor¦schriften kann nur inner¦halb eines Jahres nach der Be¦kannt¦machung geltend ge¦macht werden.
""",
)

LEAVE = """
= Urlaubsantrag
Stadt Musterbach · Personalamt
---

Name, Vorname :: Ölschläger, Ruprecht
Personalnummer :: 000-2718
Amt / Sachgebiet :: Hauptamt, Ratsbüro
Entgeltgruppe :: E 9b TVöD

# Beantragt wird
[X] Erholungsurlaub   [  ] Sonderurlaub   [  ] Zeitausgleich
Erster Urlaubstag :: 22.07.2024
Letzter Urlaubstag :: 09.08.2024
Arbeitstage :: 15
Vertretung :: Frau Häberlein

# Urlaubskonto
| Anspruch 2024 | Rest 2023 | genommen | verbleibend
| 30 Tage | 4 Tage | 11 Tage | 8 Tage

Musterbach, 10.06.2024
~
Antragsteller

# Genehmigung
Der Urlaub wird ge¦nehmigt. Dienst¦liche Gründe nach § 26 TVöD stehen nicht ent¦gegen.
12. Juni 2024
~
Amtsleitung
"""

SPECIAL_USE = (
    letterhead("Ordnungsamt", "Frau Lößner", "311", "32.2-SN 045/2024", "21. Mai 2024")
    + """
Café Gänseblümchen
Inh. Philomena Rößle
Marktplatz 6
00999 Musterbach



# Sondernutzungserlaubnis für eine Außengastronomie

Sehr geehrte Frau Rößle,

auf Ihren An¦trag vom 2. Mai 2024 wird Ihnen nach § 18 des Straßen¦ge¦setzes wider¦ruf¦lich er¦laubt, vor dem An¦wesen Markt¦platz 6 eine Fläche von 24 m2 für Tische, Stühle und Sonnen¦schirme zu nutzen.

Zeitraum: 1. Juni bis 30. September 2024
Gebühr: 24 m2 x 4 Monate x 3,50 EUR = 336,00 EUR

# Auflagen
1. Eine Rest¦geh¦weg¦breite von 1,60 m ist frei¦zu¦halten.
2. Die Möbel sind täg¦lich bis 22.00 Uhr weg¦zu¦räumen.
3. Hydranten und Schächte dürfen nicht ver¦stellt werden.

Der Be¦trag ist bis zum 14.06.2024 unter dem Kassen¦zeichen 3.2202.000045.7 zu zahlen.

Mit freundlichen Grüßen
Im Auftrag
~
Lößner
"""
    + FOOT
)

NURSERY = (
    letterhead("Jugendamt", "Frau Häberlein", "188", "51.2-KT 0231/24", "3. April 2024")
    + """
Familie
Özdemir
Lindenstraße 6
00999 Musterbach


# Platz in der Kindertagesstätte Wühlmäuse

Sehr geehrte Frau Özdemir,
sehr geehrter Herr Özdemir,

wir freuen uns, Ihnen für Ihre Tochter Elif ab dem 1. September 2024 einen Ganz¦tags¦platz in der städti¦schen Kinder¦tages¦stätte Wühl¦mäuse an¦bieten zu können. Der Rechts¦an¦spruch nach § 24 SGB VIII ist damit er¦füllt.

Der Eltern¦bei¦trag be¦trägt monat¦lich 184,00 EUR zu¦züg¦lich Mittag¦essen. Bitte senden Sie den bei¦ge¦fügten Be¦treuungs¦ver¦trag bis zum 30. April 2024 unter¦schrieben zurück und bringen Sie zum Auf¦nahme¦ge¦spräch das gelbe Unter¦suchungs¦heft mit.

Mit freundlichen Grüßen
Im Auftrag
~
Häberlein
"""
    + FOOT
)

ROAD_LETTER = (
    letterhead("Tiefbauamt", "Herr Quandt", "260", "10.1/Mü 2023-17", "12. Juni 2024")
    + """
Herrn
Eginhard Müller
Färberstraße 40
00999 Musterbach



# Straßenausbau Färberstraße – Ihre Anfrage vom 28. 05. 2024

Sehr geehrter Herr Müller,

die Geh¦wege der Färber¦straße werden zu¦sammen mit der Mühl¦bach¦brücke er¦neuert. Ein Aus¦bau¦bei¦trag wird von den An¦liegern nicht er¦hoben, denn die Maß¦nahme wird voll¦ständig aus der Städte¦bau¦förderung be¦zahlt.

Ihre Grund¦stücks¦zu¦fahrt bleibt während der Bau¦arbeiten er¦reich¦bar. Die ab¦ge¦senkten Bord¦steine werden nach § 9 der Straßen¦satzung auf Kosten der Stadt wieder¦her¦ge¦stellt. Der von Ihnen ge¦meldete Schacht¦deckel wurde am 10.06.2024 aus¦ge¦tauscht.

Damit ist Ihre An¦frage er¦ledigt; wir nehmen den Vor¦gang zu den Akten.

Mit freundlichen Grüßen
Im Auftrag
~
Quandt
"""
    + FOOT
)

POWER_INVOICE = f"""
= MUSTERBACHER STADTWERKE
Strom · Wasser · Wärme · Gaswerkstraße 1 · 00999 Musterbach
---

Stadt Musterbach || RECHNUNG 88-240612-03
Freibad am Gänsebühl || vom 12.06.2024
Rathausplatz 1 || Kundennr. 400 117
00999 Musterbach || Zähler 1ESY 0099 471



# Abrechnung Strom, 01.05.2024 bis 31.05.2024

| Bezeichnung | Menge | EUR
| Zählerstand alt | 148.220 kWh |
| Zählerstand neu | 156.905 kWh |
| Verbrauch | 8.685 kWh |
| Arbeitspreis 21,40 ct/kWh | | 1.858,59
| Grundpreis | | 118,00
| Stromsteuer 2,05 ct/kWh | | 178,04
| Umsatzsteuer 19 % | | 409,38

> Zu zahlen bis 28.06.2024: 2.564,01 EUR

Bitte über¦weisen Sie auf unser Konto:
IBAN {POWER}

Ein¦wendungen gegen diese Rechnung sind nach § 17 StromGVV inner¦halb von vier Wochen zu er¦heben. Der Mehr¦ver¦brauch be¦ruht auf der neuen Um¦wälz¦pumpe.
"""

TABLE = (68.0, 100.0, 310.0, 375.0, 455.0)

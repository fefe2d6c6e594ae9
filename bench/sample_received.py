"""What the papers say that citizens, firms and employees hand in to the invented Stadt Musterbach.

Promises the same as `bench.sample_texts`: all is invented. An empty page is a blank back.
"""

from __future__ import annotations

from bench.sample_texts import (
    DOG_ACCOUNT,
    OFFICE_ACCOUNT,
    POWER_ACCOUNT,
    ROOFER_ACCOUNT,
    TENANT_ACCOUNT,
)

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
An der Südseite des bestehenden Wohnhauses soll ein Winter¦garten mit einer Grund¦fläche von 28 \
m2 errichtet werden. Die Trag¦konstruktion besteht aus Brett¦schicht¦holz, die Dachfläche aus \
Verbund¦sicherheits¦glas. Die Grenz¦abstände nach § 8 LBO werden einge¦halten.

# Gründung
Streifen¦funda¦mente, frostfrei gegründet, 80 cm unter Gelände¦ober¦kante. Die Boden¦platte wird \
gedämmt (12 cm) und erhält einen schwim¦menden Estrich.

# Entwässerung
Das Nieder¦schlags¦wasser wird über die vorhandene Zisterne versickert. Ein Anschluss an den \
Misch¦wasser¦kanal ist nicht vorgesehen.

# Beigefügte Unterlagen
[X] Lageplan im Maßstab 1 : 500
[X] Bauzeichnungen, zweifach
[  ] Standsicherheitsnachweis (wird nachgereicht)
[X] Einverständnis der Nachbarn Familie Özdemir
""",
    "",
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

für die ausgeführten Arbeiten vom 4. bis 8. März 2024 berechnen wir Ihnen wie folgt:

| Pos. | Leistung | Menge | Einzelpreis | Betrag EUR
| 1 | Dachziegel Biberschwanz, naturrot | 420 Stück | 1,85 | 777,00
| 2 | Dachlatten 30 x 50 mm erneuern | 96 m | 6,40 | 614,40
| 3 | Kehlblech Titanzink, gefalzt | 14 m | 48,50 | 679,00
| 4 | Dachdeckerstunden | 38 h | 58,00 | 2.204,00
| 5 | Gerüst stellen und vorhalten | 1 psch. | 890,00 | 890,00

> Nettobetrag: 5.164,40 EUR
> zzgl. 19 % Umsatzsteuer: 981,24 EUR
> Rechnungsbetrag: 6.145,64 EUR

Zahlbar innerhalb von 30 Tagen ohne Abzug auf unser Konto bei der Kreisbank Musterbach:

# IBAN {ROOFER_ACCOUNT}

Auf die Leistungen wird eine Gewähr¦leistung von vier Jahren nach § 13 VOB/B gewährt. Wir danken \
für Ihren Auftrag.

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

Bitte überweisen Sie den Gesamt¦betrag bis zum 17. Mai 2024 auf das Konto

IBAN {OFFICE_ACCOUNT}

Die Ware bleibt bis zur voll¦ständigen Bezahlung unser Eigentum (§ 449 BGB). Leitweg-ID: \
00999-0001-42.

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

gegen den oben genannten Bescheid erhebe ich Wider¦spruch. Sie berechnen mir für das Jahr 2024 \
eine Rest¦müll¦tonne mit 240 Litern. Ich wohne seit dem Tod meines Mannes allein im Haus und habe \
bereits im Oktober schrift¦lich um eine 60-Liter-Tonne gebeten. Die Müllabfuhr hat die große \
Tonne trotzdem nicht abgeholt.

Außerdem beschwere ich mich darüber, dass die Glas¦container am Festplatz seit Wochen \
über¦quellen. Überall liegen Scherben, und niemand fühlt sich zuständig.

Ich bitte um Berichtigung der Gebühr von 312,40 Euro und um eine schrift¦liche Antwort bis zum \
14.6.2024.

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
""".replace("{account}", DOG_ACCOUNT)

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
Das zu berück¦sichtigende Vermögen übersteigt 60.000 EUR: [  ] ja  [X] nein

# 5. Weitere Leistungen
Kindergeld und Unter¦halts¦vorschuss werden bezogen. Bürgergeld nach dem SGB II wurde nicht \
beantragt.

# 6. Auszahlung
Kontoinhaberin :: Lioba Krämer-Nuñez
IBAN :: {account}

# 7. Erklärung
Ich versichere, dass alle Angaben voll¦ständig und wahr sind. Mir ist bekannt, dass ich nach § 27 \
Abs. 3 WoGG Änderungen unver¦züglich mitteilen muss, wenn sich die Miete um mehr als 15 Prozent \
verringert oder das Gesamt¦einkommen um mehr als 15 Prozent erhöht.

Musterbach, den 05. 04. 2024
~
Lioba Krämer-Nuñez
""".replace("{account}", TENANT_ACCOUNT),
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

Die Wohnung ist öffentlich gefördert. Miet¦rück¦stände bestehen nicht.

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

Hinweis: Diese Anzeige berechtigt nicht zum Beginn des Gewerbe¦betriebes, wenn noch eine \
Erlaubnis notwendig ist. Zuwider¦hand¦lungen können mit Geldbuße geahndet werden (§ 146 Abs. 2 \
GewO).

Musterbach, 28. Mai 2024
~
Unterschrift der anzeigenden Person
Die Gebühr von 26,00 EUR wurde bar entrichtet.
"""

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
Der Urlaub wird genehmigt. Dienst¦liche Gründe nach § 26 TVöD stehen nicht entgegen.
12. Juni 2024
~
Amtsleitung
"""

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

Bitte überweisen Sie auf unser Konto:
IBAN {POWER_ACCOUNT}

Einwendungen gegen diese Rechnung sind nach § 17 StromGVV innerhalb von vier Wochen zu erheben. \
Der Mehr¦verbrauch beruht auf der neuen Umwälz¦pumpe.
"""

"""What the own papers of the invented Stadt Musterbach say, and its accounts.

Promises that every person, place, company, number and account is invented: the postcode begins
with 00, the domains end in ``.example``, telephone numbers are from the range kept free for films,
and accounts lie at a bank code that is not given out (their check digits are right).

The markup of the pages is described in `bench.sample_pages`; the papers it receives are in
`bench.sample_received`.
"""

from __future__ import annotations


def iban(account: str) -> str:
    """The German IBAN of an account number (10 digits) at the invented bank, in groups of four."""
    body = "59999990" + account
    check = 98 - int(body + "131400") % 97  # D = 13, E = 14 (ISO 13616)
    whole = f"DE{check:02d}{body}"
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


TOWN_ACCOUNT = iban("0000120034")
ROOFER_ACCOUNT = iban("0004711815")
OFFICE_ACCOUNT = iban("0030056789")
POWER_ACCOUNT = iban("0000998870")
DOG_ACCOUNT = iban("0000330091")
TENANT_ACCOUNT = iban("0007700162")


def letterhead(department: str, clerk: str, extension: str, reference: str, date: str) -> str:
    """Head of the town's own letters, down to the recipient's address."""
    mail = department.split()[-1].lower().replace("ü", "ue").replace("ä", "ae")
    return f"""
= Stadt Musterbach
Die Bürgermeisterin · {department}
---
|| Auskunft erteilt: {clerk}
|| Telefon: 069 90009-{extension}
|| E-Mail: {mail}@musterbach.example
|| Aktenzeichen: {reference}
|| Datum: {date}
- Stadt Musterbach · Rathausplatz 1 · 00999 Musterbach
"""


FOOT = f"""
---
- Stadt Musterbach · Rathausplatz 1 · 00999 Musterbach · Sprechzeiten: Mo–Fr 8–12 Uhr, Do 14–18 Uhr
- Stadtkasse: Kreisbank Musterbach · IBAN {TOWN_ACCOUNT}
"""

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

auf Ihren Antrag vom 8. März 2024, hier einge¦gangen am 12. März 2024, wird Ihnen nach § 73 der \
Landes¦bauordnung unbe¦schadet der Rechte Dritter die Bauge¦nehmi¦gung für das oben bezeichnete \
Vorhaben erteilt. Die mit Prüf¦vermerk versehenen Bauvorlagen sind Bestand¦teil dieser Geneh¦migung.

# Nebenbestimmungen
1. Der Baubeginn ist der Bauauf¦sichts¦behörde mindestens eine Woche vorher schrift¦lich anzuzeigen.
2. Der Stand¦sicher¦heits¦nach¦weis ist vor Baubeginn vorzulegen.
3. Der vorhandene Kugelahorn an der Grund¦stücks¦grenze ist während der Bauarbeiten zu schützen.
4. Die Geneh¦migung erlischt, wenn nicht innerhalb von drei Jahren mit der Ausführung begonnen wird.
"""
    + FOOT,
    """
- Seite 2 zum Bescheid vom 02.04.2024, Aktenzeichen 632.21-12/2024

# Gebührenfestsetzung
Für diese Geneh¦migung wird nach der Bauge¦bühren¦ordnung eine Gebühr von 1.284,50 EUR \
fest¦gesetzt. Bitte überweisen Sie den Betrag bis zum 03.05.2024 unter Angabe des Kassen¦zeichens:

Kassenzeichen: 5.0214.000872.1
"""
    + f"IBAN: {TOWN_ACCOUNT}"
    + """
Betrag: 1.284,50 EUR

# Rechtsbehelfsbelehrung
Gegen diesen Bescheid kann innerhalb eines Monats nach Bekannt¦gabe Wider¦spruch erhoben werden. \
Der Wider¦spruch ist bei der Stadt Musterbach, Rathaus¦platz 1, 00999 Musterbach, schrift¦lich \
oder zur Nieder¦schrift einzulegen.

Mit freundlichen Grüßen
Im Auftrag
~
Wießner
""",
)

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
Der Stadtrat beschließt die Erneuerung der Mühl¦bach¦brücke nach der Entwurfs¦planung des Büros \
Steg & Partner (Variante B) und beauftragt die Verwaltung mit der Ausschreibung.

# Sachverhalt
Die Brücke wurde 1958 errichtet. Die Haupt¦prüfung nach DIN 1076 ergab die Zustands¦note 3,4. Die \
zulässige Last wurde auf 12 Tonnen beschränkt. Eine Instand¦setzung ist nach dem Gutachten nicht \
mehr wirt¦schaft¦lich.

# Finanzielle Auswirkungen
Die Gesamt¦kosten betragen 1.860.000,00 EUR. Das Land hat eine Zuwendung von 65 v. H. in Aussicht \
gestellt (§ 5 GVFG). Der Eigen¦anteil ist im Haushalt 2024 unter der Buchungs¦stelle \
54.1.01.785200 veranschlagt.

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

der Beirat hat in seiner Sitzung vom 15.02.2024 über die Entwurfs¦planung beraten. Gegen die \
Variante B bestehen keine Bedenken, wenn

1. die Bauzeit außerhalb der Laichzeit der Bach¦forelle liegt,
2. unter der Brücke eine Berme für den Fischotter erhalten bleibt,
3. die Nistkästen der Wasser¦amsel vor Baubeginn umgehängt werden.

Die ökologische Baube¦gleitung ist mit der unteren Natur¦schutz¦behörde abzu¦stimmen.

Mit freundlichen Grüßen
~
Prof. Dr. Balthasar Röhricht
""",
)

COUNCIL_MINUTES = (
    """
= Stadt Musterbach
# Niederschrift (Auszug)
über die 38. öffentliche Sitzung des Stadtrates am Donnerstag, dem 14. März 2024, 18.00 Uhr, \
großer Sitzungssaal des Rathauses
---
Vorsitz: Bürgermeisterin Dr. Hedwig Straßner
Anwesend: 27 von 31 Mitgliedern
Schriftführung: Herr Ölschläger

# TOP 4: Erneuerung der Brücke über den Mühlbach (Vorlage 2024/0123)

Herr Quandt (Tiefbauamt) erläutert die Vorlage. Rats¦mitglied Frau Füßl fragt nach der Umleitung \
während der Bauzeit. Herr Quandt antwortet, der Verkehr werde über die Gerber¦straße geführt; für \
Fußgänger entstehe ein Behelfs¦steg. Rats¦mitglied Herr Tönnies beantragt, die Stellung¦nahme des \
Natur¦schutz¦beirates zum Bestand¦teil des Beschlusses zu machen.

# Beschluss:
Der Stadtrat beschließt die Erneuerung der Mühl¦bach¦brücke in der Variante B. Die Hinweise des \
Natur¦schutz¦beirates sind zu beachten.

Abstimmungsergebnis: 24 Ja-Stimmen, 2 Nein-Stimmen, 1 Enthaltung

# TOP 5: Änderung der Hundesteuersatzung

Der Haupt¦ausschuss empfiehlt, den Steuersatz für den zweiten Hund auf 132,00 EUR anzuheben. \
Rats¦mitglied Herr Tönnies hält die Erhöhung für unsozial. Kämmerin Frau Nägele verweist auf die \
Haus¦halts¦lage und auf § 78 der Gemeinde¦ordnung.
""",
    """
- Niederschrift Stadtrat 14.03.2024, Seite 2

# Beschluss:
Die Satzung zur Änderung der Hunde¦steuer¦satzung wird in der vorge¦legten Fassung beschlossen.

Abstimmungsergebnis: 19 Ja-Stimmen, 8 Nein-Stimmen

# TOP 6: Verschiedenes

Die Bürger¦meisterin teilt mit, dass die Anfrage der Bürger¦initiative Auenwald beantwortet und \
der Vorgang zu den Akten genommen ist.

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

Ihnen wird vorge¦worfen, am 11.04.2024 um 14.52 Uhr in Musterbach, Marktplatz, als Führer des \
Personen¦kraft¦wagens MUB-XY 4711 folgende Ordnungs¦widrig¦keit begangen zu haben:

Sie parkten länger als eine Stunde im Bereich eines absoluten Halte¦verbots (Zeichen 283) und \
behinderten dadurch die Feuer¦wehr¦zufahrt.

# § 12 Abs. 1, § 49 StVO; § 24 StVG; 51b.2 BKat
Beweismittel: Lichtbild, Zeugnis der Bediensteten Frau Lößner

| Geldbuße | Gebühr (§ 107 OWiG) | Auslagen | Gesamtbetrag
| 55,00 EUR | 25,00 EUR | 3,50 EUR | 83,50 EUR

Zahlen Sie den Gesamt¦betrag zwei Wochen nach Rechts¦kraft auf das Konto IBAN {TOWN_ACCOUNT}, \
Kassen¦zeichen 3.2404.011870.9.

Gegen diesen Bescheid können Sie innerhalb von zwei Wochen nach Zustellung Einspruch einlegen (§ \
67 OWiG). Bei Nicht¦zahlung kann Erzwingungs¦haft angeordnet werden.

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

Auf Grund des § 12 der Gemeinde¦ordnung und der §§ 1 und 3 des Kommunal¦abgaben¦gesetzes hat der \
Stadtrat in seiner Sitzung am 14. März 2024 folgende Satzung beschlossen:

# § 1 Steuergegenstand
(1) Gegenstand der Steuer ist das Halten von Hunden im Stadt¦gebiet.
(2) Kann das Alter eines Hundes nicht nach¦gewiesen werden, wird angenommen, dass er älter als \
drei Monate ist.

# § 2 Steuerschuldner
Steuer¦schuldner ist, wer einen Hund in seinem Haushalt aufge¦nommen hat. Halten mehrere Personen \
gemeinsam einen Hund, so sind sie Gesamt¦schuldner.

# § 3 Steuersatz
(1) Die Steuer beträgt jährlich für den ersten Hund 96,00 EUR, für den zweiten Hund 132,00 EUR \
und für jeden weiteren Hund 168,00 EUR.
(2) Für gefähr¦liche Hunde beträgt die Steuer 720,00 EUR.

# § 4 Steuerbefreiung
Steuer¦befreiung wird auf Antrag gewährt für Blinden¦führ¦hunde, für Rettungs¦hunde und für Hunde \
aus dem Tierheim im ersten Jahr.
""",
    """
- Hundesteuersatzung der Stadt Musterbach, Seite 2

# § 9 Anzeigepflicht
Wer einen Hund hält, hat ihn innerhalb von zwei Wochen beim Steueramt anzumelden. Die \
Steuer¦marke ist sichtbar am Halsband zu befestigen.

# § 10 Ordnungswidrigkeiten
Ordnungs¦widrig handelt, wer vorsätz¦lich oder leicht¦fertig der Anzeige¦pflicht nicht nachkommt. \
Die Ordnungs¦widrig¦keit kann mit einer Geldbuße bis zu 10.000 EUR geahndet werden.

# § 11 Inkrafttreten
Diese Satzung tritt am 1. Juli 2024 in Kraft. Gleich¦zeitig tritt die Hunde¦steuer¦satzung vom 9. \
Dezember 2010 außer Kraft.

Ausgefertigt: Musterbach, den 20. März 2024
~
Dr. Hedwig Straßner, Bürgermeisterin

# Hinweis
Eine Verletzung von Verfahrens¦vorschriften kann nur innerhalb eines Jahres nach der \
Bekannt¦machung geltend gemacht werden.
""",
)

SPECIAL_USE = (
    letterhead("Ordnungsamt", "Frau Lößner", "311", "32.2-SN 045/2024", "21. Mai 2024")
    + """
Café Gänseblümchen
Inh. Philomena Rößle
Marktplatz 6
00999 Musterbach



# Sondernutzungserlaubnis für eine Außengastronomie

Sehr geehrte Frau Rößle,

auf Ihren Antrag vom 2. Mai 2024 wird Ihnen nach § 18 des Straßen¦gesetzes wider¦ruflich erlaubt, \
vor dem Anwesen Marktplatz 6 eine Fläche von 24 m2 für Tische, Stühle und Sonnen¦schirme zu nutzen.

Zeitraum: 1. Juni bis 30. September 2024
Gebühr: 24 m2 x 4 Monate x 3,50 EUR = 336,00 EUR

# Auflagen
1. Eine Rest¦gehweg¦breite von 1,60 m ist frei¦zuhalten.
2. Die Möbel sind täglich bis 22.00 Uhr wegzu¦räumen.
3. Hydranten und Schächte dürfen nicht verstellt werden.

Der Betrag ist bis zum 14.06.2024 unter dem Kassen¦zeichen 3.2202.000045.7 zu zahlen.

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

wir freuen uns, Ihnen für Ihre Tochter Elif ab dem 1. September 2024 einen Ganz¦tags¦platz in der \
städti¦schen Kinder¦tages¦stätte Wühlmäuse anbieten zu können. Der Rechts¦anspruch nach § 24 SGB \
VIII ist damit erfüllt.

Der Eltern¦beitrag beträgt monatlich 184,00 EUR zuzüglich Mittag¦essen. Bitte senden Sie den \
beige¦fügten Betreuungs¦vertrag bis zum 30. April 2024 unter¦schrieben zurück und bringen Sie zum \
Aufnahme¦gespräch das gelbe Unter¦suchungs¦heft mit.

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

die Gehwege der Färber¦straße werden zusammen mit der Mühl¦bach¦brücke erneuert. Ein \
Ausbau¦beitrag wird von den Anliegern nicht erhoben, denn die Maßnahme wird voll¦ständig aus der \
Städte¦bauförderung bezahlt.

Ihre Grund¦stücks¦zufahrt bleibt während der Bauarbeiten erreichbar. Die abge¦senkten Bordsteine \
werden nach § 9 der Straßen¦satzung auf Kosten der Stadt wieder¦herge¦stellt. Der von Ihnen \
gemeldete Schacht¦deckel wurde am 10.06.2024 ausge¦tauscht.

Damit ist Ihre Anfrage erledigt; wir nehmen den Vorgang zu den Akten.

Mit freundlichen Grüßen
Im Auftrag
~
Quandt
"""
    + FOOT
)

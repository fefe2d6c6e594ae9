"""The list of sample papers: how each is printed and scanned, and what is to be read from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench import sample_received as received
from bench import sample_texts as texts
from bench.sample_pages import Look, Stamp

Container = Literal["pdf", "text_pdf", "mixed_pdf", "tiff_g4", "tiff_jpeg", "jpeg", "png", "jp2"]

PLAIN = Look()


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
        reference, letter_date, received, sender, recipient, subject, amount, iban: dates in ISO,
            the amount in euros with a point; empty where the paper has none.
        shows: what is hard about it, in a few words.
    """

    name: str
    kind: str
    pages: tuple[str, ...]
    container: Container = "pdf"
    look: Look = PLAIN
    stamp: Stamp | None = None
    find: tuple[str, str, str]
    reference: str = ""
    letter_date: str = ""
    received: str = ""
    sender: str
    recipient: str = "Stadt Musterbach"
    subject: str
    amount: str = ""
    iban: str = ""
    shows: str


TOWN = "Stadt Musterbach"

PAPERS = (
    Paper(
        name="Scan_20240312_0815.pdf",
        kind="building_application",
        pages=received.BUILDING_APPLICATION,
        look=Look(face="narrow", size=11, skew=1.2, paper=240, specks=40),
        stamp=Stamp(("EINGEGANGEN", "12. MRZ. 2024", "Bauamt"), (465, 150), 7),
        find=("Wintergartens", "Brettschichtholz", "Zisterne"),
        letter_date="2024-03-08",
        received="2024-03-12",
        sender="Anneliese Krämer",
        subject="Anbau eines Wintergartens",
        shows="two-sided with blank noisy backs, askew, turned stamp",
    ),
    Paper(
        name="Scan_20240402_1010.pdf",
        kind="building_permit",
        pages=texts.BUILDING_PERMIT,
        look=Look(dpi=300, skew=-0.7, bitonal=True, noise=30, specks=60),
        find=("Baugenehmigung", "Kugelahorn", "Bauaufsichtsbehörde"),
        reference="632.21-12/2024",
        letter_date="2024-04-02",
        sender=TOWN,
        recipient="Anneliese Krämer",
        subject="Baugenehmigung Anbau eines Wintergartens, Lindenstraße 4",
        amount="1284.50",
        iban=texts.TOWN_ACCOUNT,
        shows="black and white G4, 300 dpi, specks, words parted at line ends",
    ),
    Paper(
        name="Rechnung Dachdecker.pdf",
        kind="invoice",
        pages=(received.ROOFER_INVOICE,),
        look=Look(
            face="wide", size=9.2, columns=(68, 102, 300, 365, 445), skew=0.6, paper=236, noise=7
        ),
        stamp=Stamp(("STADTKASSE", "18. 3. 2024", "Musterbach"), (462, 700), -11, "ring"),
        find=("Biberschwanz", "Kehlblech", "Sonnenschuh"),
        reference="R-2024/0317",
        letter_date="2024-03-15",
        received="2024-03-18",
        sender="Dachwerk Sonnenschuh GmbH",
        subject="Reparatur Dach Grundschule am Mühlbach",
        amount="6145.64",
        iban=texts.ROOFER_ACCOUNT,
        shows="table, round stamp, small print",
    ),
    Paper(
        name="Rechnung 2024-0417 Bürobedarf.pdf",
        kind="invoice",
        pages=(received.OFFICE_INVOICE,),
        container="text_pdf",
        look=Look(columns=(68, 102, 310, 375, 455)),
        find=("Aktendeckel", "Heftstreifen", "Stempelfarbe"),
        reference="2024-0417",
        letter_date="2024-04-17",
        sender="Papier & Klammer Bürobedarf e. K.",
        subject="Rechnung Nr. 2024-0417",
        amount="1338.51",
        iban=texts.OFFICE_ACCOUNT,
        shows="born digital with real text, umlaut and blank in the name, table",
    ),
    Paper(
        name="Widerspruch Müllgebühr.jpg",
        kind="letter",
        pages=(received.COMPLAINT,),
        container="jpeg",
        look=Look(face="mono", size=10, skew=-1.6, paper=226, shadow=True, noise=9),
        stamp=Stamp(("EINGEGANGEN", "21. MAI 2024"), (440, 190), -5),
        find=("Glascontainer", "Restmülltonne", "Oßwald"),
        reference="7.3310.004518.6",
        letter_date="2024-05-17",
        received="2024-05-21",
        sender="Gerlinde Oßwald",
        subject="Widerspruch gegen den Abfallgebührenbescheid vom 29.04.2024",
        amount="312.40",
        shows="plain JPEG, typewriter, dark edge, askew",
    ),
    Paper(
        name="Hundesteuer Anmeldung.png",
        kind="dog_tax",
        pages=(received.DOG_TAX,),
        container="png",
        look=Look(dpi=200, skew=0.4, bitonal=True, noise=24, specks=90),
        stamp=Stamp(("Stadt Musterbach", "27.03.24", "Steueramt"), (470, 735), 12, "ring"),
        find=("Jagdgebrauchshund", "Chipnummer", "Düwel"),
        letter_date="2024-03-25",
        received="2024-03-27",
        sender="Hanno Düwel",
        subject="Anmeldung zur Hundesteuer",
        iban=texts.DOG_ACCOUNT,
        shows="black and white PNG, 200 dpi, form typed in another face",
    ),
    Paper(
        name="Wohngeld Krämer-Nuñez.tif",
        kind="housing_benefit",
        pages=received.HOUSING_BENEFIT,
        container="tiff_g4",
        look=Look(
            face="serif", size=11, columns=(68, 105, 270, 380), dpi=300, bitonal=True, noise=26
        ),
        stamp=Stamp(("EINGEGANGEN", "08. April 2024"), (465, 143), 3),
        find=("Mietbescheinigung", "Unterhaltsvorschuss", "Wohnbau"),
        reference="50.3/WG 2024-0088",
        letter_date="2024-04-05",
        received="2024-04-08",
        sender="Lioba Krämer-Nuñez",
        subject="Antrag auf Wohngeld (Mietzuschuss)",
        iban=texts.TENANT_ACCOUNT,
        shows="TIFF of three G4 pages, date with blanks",
    ),
    Paper(
        name="Gewerbeanmeldung_0093.tif",
        kind="trade_registration",
        pages=(received.TRADE_REGISTRATION,),
        container="tiff_jpeg",
        look=Look(face="narrow", size=10.5, skew=-0.9, paper=238, noise=8),
        find=("Fahrradwerkstatt", "Kettenglück", "Handwerksrolle"),
        reference="GEW-2024/0093",
        letter_date="2024-05-28",
        sender="Selin Marie Yıldız-Böhm",
        subject="Gewerbe-Anmeldung Fahrradwerkstatt Kettenglück",
        amount="26.00",
        shows="JPEG inside TIFF, a letter that is not German",
    ),
    Paper(
        name="Vorlage 2024-0123 Mühlbachbrücke.pdf",
        kind="council_paper",
        pages=texts.COUNCIL_PAPER,
        container="mixed_pdf",
        look=Look(face="serif", size=11, columns=(68, 270, 390), skew=1.0, paper=232, noise=7),
        find=("Zustandsnote", "Fischotter", "Beschlussvorschlag"),
        reference="66.1-04/2024",
        letter_date="2024-02-22",
        sender=TOWN,
        recipient="Stadtrat",
        subject="Erneuerung der Brücke über den Mühlbach im Zuge der Färberstraße",
        amount="1860000.00",
        shows="mixed PDF: first page real text, second page a scan",
    ),
    Paper(
        name="Niederschrift Stadtrat 14.03.2024.pdf",
        kind="council_minutes",
        pages=texts.COUNCIL_MINUTES,
        look=Look(face="book", size=10, skew=-0.4, paper=247, noise=6),
        find=("Behelfssteg", "Abstimmungsergebnis", "Auenwald"),
        letter_date="2024-03-21",
        sender=TOWN,
        recipient="",
        subject="38. öffentliche Sitzung des Stadtrates",
        shows="two pages, dots in the name; the sitting's date is not the paper's",
    ),
    Paper(
        name="scan0007.pdf",
        kind="offence",
        pages=(texts.OFFENCE,),
        look=Look(size=10, columns=(68, 175, 310, 415), turned=True, skew=0.8, paper=238, noise=8),
        find=("Feuerwehrzufahrt", "Erzwingungshaft", "Zäpfle"),
        reference="32.4-OWi 1187/2024",
        letter_date="2024-05-06",
        sender=TOWN,
        recipient="Korbinian Zäpfle",
        subject="Bußgeldbescheid",
        amount="83.50",
        iban=texts.TOWN_ACCOUNT,
        shows="fed upside down",
    ),
    Paper(
        name="Hundesteuersatzung_2024.pdf",
        kind="by_law",
        pages=texts.BY_LAW,
        look=Look(face="serif", size=11.5, dpi=300, bitonal=True, noise=20, skew=0.3),
        find=("Blindenführhunde", "Steuerschuldner", "Inkrafttreten"),
        letter_date="2024-03-20",
        sender=TOWN,
        recipient="",
        subject="Satzung über die Erhebung der Hundesteuer",
        shows="many paragraph signs, serif, 300 dpi G4",
    ),
    Paper(
        name="Urlaubsantrag.jp2",
        kind="leave",
        pages=(received.LEAVE,),
        container="jp2",
        look=Look(face="sans", columns=(68, 185, 300, 420), skew=0.7, paper=244, noise=5),
        find=("Erholungsurlaub", "Häberlein", "Urlaubskonto"),
        letter_date="2024-06-10",
        sender="Ruprecht Ölschläger",
        subject="Urlaubsantrag",
        shows="JPEG 2000 (states no resolution)",
    ),
    Paper(
        name="Scan_20240521_0902.pdf",
        kind="special_use",
        pages=(texts.SPECIAL_USE,),
        look=Look(face="sans", ink=128, paper=206, noise=9, skew=-1.1, specks=50),
        find=("Sondernutzungserlaubnis", "Sonnenschirme", "Rößle"),
        reference="32.2-SN 045/2024",
        letter_date="2024-05-21",
        sender=TOWN,
        recipient="Philomena Rößle",
        subject="Sondernutzungserlaubnis für eine Außengastronomie",
        amount="336.00",
        iban=texts.TOWN_ACCOUNT,
        shows="low contrast on gray recycled paper",
    ),
    Paper(
        name="Kita Zusage Özdemir.pdf",
        kind="letter",
        pages=(texts.NURSERY,),
        look=Look(face="serif", size=11.5, paper=222, ink=50, noise=12, skew=1.9, shadow=True),
        find=("Wühlmäuse", "Ganztagsplatz", "Untersuchungsheft"),
        reference="51.2-KT 0231/24",
        letter_date="2024-04-03",
        sender=TOWN,
        recipient="Familie Özdemir",
        subject="Platz in der Kindertagesstätte Wühlmäuse",
        amount="184.00",
        iban=texts.TOWN_ACCOUNT,
        shows="gray background, dark edge, two degrees askew",
    ),
    Paper(
        name="Scan_20240612_1333.pdf",
        kind="letter",
        pages=(texts.ROAD_LETTER,),
        look=Look(face="wide", size=9.8, dpi=300, paper=245, noise=5),
        find=("Bordsteine", "Städtebauförderung", "Grundstückszufahrt"),
        reference="10.1/Mü 2023-17",
        letter_date="2024-06-12",
        sender=TOWN,
        recipient="Eginhard Müller",
        subject="Straßenausbau Färberstraße",
        iban=texts.TOWN_ACCOUNT,
        shows="a good gray scan at 300 dpi; a reference with an umlaut and a blank",
    ),
    Paper(
        name="Rechnung Stadtwerke 06-2024.pdf",
        kind="invoice",
        pages=(received.POWER_INVOICE,),
        look=Look(
            face="mono", size=9.5, columns=(68, 270, 410), bitonal=True, noise=40, specks=150
        ),
        stamp=Stamp(("EINGEGANGEN", "14. JUNI 2024"), (455, 560), 5),
        find=("Umwälzpumpe", "Zählerstand", "Stromsteuer"),
        reference="88-240612-03",
        letter_date="2024-06-12",
        received="2024-06-14",
        sender="Musterbacher Stadtwerke",
        subject="Abrechnung Strom, 01.05.2024 bis 31.05.2024",
        amount="2564.01",
        iban=texts.POWER_ACCOUNT,
        shows="black and white as from a fax, 200 dpi, much dirt",
    ),
)

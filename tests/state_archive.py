"""A state archive of an invented land: it reads offers and packages, and answers as archives do.

It reads what was sent with another XML library than the product, and knows nothing of its code but
the way in which ids of messages are derived.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from lxml import etree

from archiver.retention.exchange.batch import derived_uuid
from tests import corpora
from tests.xdomea_batches import PROCESS, assert_valid

STRANGER = "99999999-0000-4000-8000-000000000001"
NAMES = {"0502": "Bewertungsverzeichnis", "0506": "AussonderungImportBestaetigen"}


def answer(code: str, version: str, body: str, **said: str) -> bytes:
    """A message of the archive; what is not said is as it should be."""
    words = {
        "process": PROCESS,
        "origin": derived_uuid(PROCESS, "0501" if code == "0502" else "0503", "1"),
        "sender": "Landesarchiv  musterland",
        "receiver": "Stadt Musterhausen",
        "number": "1",
    } | said
    name = f"xdomea:Aussonderung.{NAMES[code]}.{code}"
    space = f'xmlns:xdomea="urn:xoev-de:xdomea:schema:{version}"'
    kind = f'listURI="urn:xoev-de:xdomea:codeliste:nachrichtentyp"><code>{code}</code>'
    receipt = "<xdomea:Empfangsbestaetigung>0</xdomea:Empfangsbestaetigung>" * (code == "0502")
    if version == "3.1.0":
        return (
            f"<?xml version='1.0' encoding='UTF-8'?>\n<{name} {space}><xdomea:Kopf>"
            f"<xdomea:ProzessID>{words['process']}</xdomea:ProzessID>"
            f"<xdomea:Nachrichtentyp {kind}</xdomea:Nachrichtentyp>"
            "<xdomea:Erstellungszeitpunkt>2026-04-01T10:00:00Z</xdomea:Erstellungszeitpunkt>"
            f"<xdomea:Absender><xdomea:Institution><xdomea:Name>{words['sender']}</xdomea:Name>"
            "</xdomea:Institution></xdomea:Absender>"
            f"<xdomea:Empfaenger><xdomea:Institution><xdomea:Name>{words['receiver']}"
            f"</xdomea:Name></xdomea:Institution></xdomea:Empfaenger>{receipt}</xdomea:Kopf>"
            f"{body}</{name}>"
        ).encode()
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<{name} {space} produkt='P' "
        "produkthersteller='H' standard='xdomea' version='4.0.0'><xdomea:nachrichtenkopf>"
        f"<xdomea:identifikation.nachricht><nachrichtenUUID>{STRANGER}</nachrichtenUUID>"
        f"<nachrichtentyp {kind}</nachrichtentyp>"
        "<erstellungszeitpunkt>2026-04-01T10:00:00.000Z</erstellungszeitpunkt>"
        "</xdomea:identifikation.nachricht>"
        f"<xdomea:leser><xdomea:NameInstitution><xdomea:Name>{words['receiver']}</xdomea:Name>"
        "</xdomea:NameInstitution></xdomea:leser>"
        f"<xdomea:autor><xdomea:NameInstitution><xdomea:Name>{words['sender']}</xdomea:Name>"
        "</xdomea:NameInstitution></xdomea:autor>"
        f"<xdomea:ProzessID>{words['process']}</xdomea:ProzessID></xdomea:nachrichtenkopf>{receipt}"
        f"<xdomea:UUIDUrsprungsnachricht>{words['origin']}</xdomea:UUIDUrsprungsnachricht>"
        f"<xdomea:LfdNrNachrichtProTyp>{words['number']}</xdomea:LfdNrNachrichtProTyp>"
        "<xdomea:GesamtanzahlNachrichtenProTyp>1</xdomea:GesamtanzahlNachrichtenProTyp>"
        f"{body}</{name}>"
    ).encode()


def decided(version: str, *pairs: tuple[str, str]) -> str:
    """The items of a 0502; a decision longer than a letter is one of the archive's own."""
    record, uuid = (
        ("BewertetesObjekt", "ID") if version == "3.1.0" else ("BewertetesSGO", "xdomeaUUID")
    )
    return "".join(
        f"<xdomea:{record}><xdomea:{uuid}>{one}</xdomea:{uuid}><xdomea:Aussonderungsart>"
        + (
            f"<xdomea:Aussonderungsart><code>{word}</code></xdomea:Aussonderungsart>"
            if len(word) == 1
            else f"<xdomea:AussonderungsartKonfigurierbar>{word}"
            "</xdomea:AussonderungsartKonfigurierbar>"
        )
        + f"</xdomea:Aussonderungsart></xdomea:{record}>"
        for one, word in pairs
    )


def imported(version: str, *pairs: tuple[str, bool], whole: bool = True) -> str:
    def result(is_done: bool) -> str:
        error = "" if is_done else "<xdomea:Fehlermeldung>Datei fehlt</xdomea:Fehlermeldung>"
        return f"<xdomea:Erfolgreich>{int(is_done)}</xdomea:Erfolgreich>{error}"

    def wrapped(inside: str) -> str:
        if version == "3.1.0":
            return inside
        return f"<xdomea:ErfolgOderMisserfolg>{inside}</xdomea:ErfolgOderMisserfolg>"

    uuid = "IDSGO" if version == "3.1.0" else "xdomeaUUID"
    head = "" if version == "3.1.0" else wrapped(result(whole))
    return head + "".join(
        f"<xdomea:AusgesondertesSGO><xdomea:{uuid}>{one}</xdomea:{uuid}>{wrapped(result(is_done))}"
        + ("<xdomea:Archivkennung>LA-7</xdomea:Archivkennung>" if is_done else "")
        + "</xdomea:AusgesondertesSGO>"
        for one, is_done in pairs
    )


@dataclass(frozen=True)
class Sent:
    """A message as the archive has read it.

    Attributes:
        version: of xdomea.
        process: UUID of the disposal.
        items: UUID of each item and its kind (``Akte`` or ``Vorgang``), in order.
        titles: subject of each item, by its UUID.
        files: bytes of primary files by their name.
        parts: UUIDs of the documents in each item, by its UUID.
    """

    version: str
    process: str
    items: dict[str, str]
    titles: dict[str, str]
    files: dict[str, bytes]
    parts: dict[str, list[str]] = field(default_factory=dict)


def have_schemas() -> bool:
    """Whether the published schemas are here."""
    return corpora.is_here(corpora.XDOMEA)


def received(zipped: bytes, *, judged: bool = True) -> Sent:
    """Read an offer 0501 or a package 0503, and judge it by the published schema."""
    with ZipFile(io.BytesIO(zipped)) as package:
        (message,) = [name for name in package.namelist() if name.endswith(".xml")]
        content = package.read(message)
        files = {name: package.read(name) for name in package.namelist() if name != message}
    root = etree.fromstring(content)
    space = etree.QName(root).namespace
    version = space.rpartition(":")[2]
    if judged:
        assert_valid(content, version)
    within = {"x": space}
    process = root.findtext(".//x:ProzessID", namespaces=within)
    items, titles, parts = {}, {}, {}
    for one in root.iterfind("x:Schriftgutobjekt/*", within):
        name = "ID" if version == "3.1.0" else "xdomeaUUID"
        uuid = one.findtext(f"x:Identifikation/x:{name}", namespaces=within)
        assert uuid and uuid not in items
        title = one.findtext("x:AllgemeineMetadaten/x:Betreff", namespaces=within)
        items[uuid] = etree.QName(one).localname
        titles[uuid] = title or ""
        inside = one.iterfind(f".//x:Dokument/x:Identifikation/x:{name}", within)
        parts[uuid] = [str(document.text) for document in inside]
    return Sent(version, process, items, titles, files, parts)


class StateArchive:
    """An archive that takes what it is told to take.

    Args:
        name: as it signs.
        town: to which it answers.
        takes: whether it takes an item of that title.
    """

    def __init__(self, name: str, town: str, takes: Callable[[str], bool]) -> None:
        self.name = name
        self.town = town
        self._takes = takes

    def appraisal(self, sent: Sent, instead: Mapping[str, str] | None = None) -> bytes:
        """The 0502 to an offer; `instead` gives other decisions, empty for none at all."""
        said = {uuid: "A" if self._takes(sent.titles[uuid]) else "V" for uuid in sent.items}
        said |= instead or {}
        pairs = [(uuid, word) for uuid, word in said.items() if word]
        return self.answered("0502", sent, decided(sent.version, *pairs))

    def confirmation(self, package: Sent, failed: tuple[str, ...] = ()) -> bytes:
        """The 0506 to a package; what is named as failed was not imported."""
        pairs = [(uuid, uuid not in failed) for uuid in package.items]
        return self.answered("0506", package, imported(package.version, *pairs, whole=not failed))

    def answered(self, code: str, sent: Sent, body: str) -> bytes:
        """A message with that body, to what was sent."""
        origin = derived_uuid(sent.process, "0501" if code == "0502" else "0503", "1")
        return answer(
            code,
            sent.version,
            body,
            process=sent.process,
            origin=origin,
            sender=self.name,
            receiver=self.town,
        )


def package_in(folder: Path) -> bytes:
    """The one package below a folder of exports."""
    (package,) = folder.glob("*/data/*.zip")
    return package.read_bytes()

"""The messages that go out, as a stream of text: offer list 0501 and delivery 0503.

Promises valid xdomea 3.1.0 and 4.0.0 (checked against the published schemas by the tests), written
in one pass with one document in memory at a time, and the same bytes for the same value.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.retention.exchange import dialect, markup, zipformat
from archiver.retention.exchange.batch import (
    Delivery,
    Document,
    Head,
    Item,
    Offer,
    Party,
    PrimaryFile,
)
from archiver.retention.exchange.dialect import DIALECTS, Dialect

_LIST = "urn:xoev-de:xdomea:codeliste:"
_ALGORITHMS = "urn:xoev-de:kosit:codeliste:xta.serviceprofile.kryptographische-algorithmen"
_DIRECTORIES = "urn:xoev-de:kosit:codeliste:verzeichnisdienst"
_ELECTRONIC = "001"


def offer_list(offer: Offer) -> Iterator[bytes]:
    """The 0501 of an offer: metadata of every item and its documents, no files.

    Yields:
        UTF-8 in blocks of some 64 KiB.
    """
    return markup.utf8(_message(offer.head, "0501", offer.items, with_files=False))


def offer_package(offer: Offer) -> tuple[str, bytes]:
    """The 0501 as it is sent: name and bytes of the zip with the message in it."""
    stem = dialect.stem(offer.head, "0501")
    when = zipformat.stamp(offer.head.created_at)
    return f"{stem}.zip", zipformat.single(f"{stem}.xml", b"".join(offer_list(offer)), when)


def delivery_list(delivery: Delivery) -> Iterator[bytes]:
    """The 0503 of a delivery: all metadata, and the name of every file in the package.

    Yields:
        UTF-8 in blocks of some 64 KiB.
    """
    return markup.utf8(_message(delivery.head, "0503", delivery.items, with_files=True))


def _e(tag: str, *content: str) -> str:
    return f"<xdomea:{tag}>{''.join(content)}</xdomea:{tag}>"


def _t(tag: str, value: str | int | None) -> str:
    """An element with a value; nothing where there is none."""
    return "" if value is None or value == "" else _e(tag, markup.text(value))


def _bare(tag: str, *content: str) -> str:
    """An element of no namespace, as the library of base types has them."""
    return f"<{tag}>{''.join(content)}</{tag}>"


def _code(tag: str, uri: str, version: str, code: str, name: str = "") -> str:
    """An element with a code of a list."""
    where = markup.attributes(listURI=uri, listVersionID=version)
    inside = _bare("code", markup.text(code)) + (_bare("name", markup.text(name)) if name else "")
    open_tag, close_tag = (f"xdomea:{tag}", f"xdomea:{tag}") if tag[0].isupper() else (tag, tag)
    return f"<{open_tag}{where}>{inside}</{close_tag}>"


def _message(
    head: Head, code: dialect.Code, items: tuple[Item, ...], *, with_files: bool
) -> Iterator[str]:
    words = DIALECTS[head.version]
    name = f"xdomea:{dialect.MESSAGES[code]}.{code}"
    root = {"xmlns:xdomea": words.namespace}
    if head.version == "4.0.0":
        root |= {"produkt": head.product, "produkthersteller": head.maker}
        root |= {"produktversion": head.product_version, "standard": "xdomea", "version": "4.0.0"}
    yield f"{markup.DECLARATION}<{name}{markup.attributes(**root)}>\n"
    yield (_head_3 if head.version == "3.1.0" else _head_4)(head, code) + "\n"
    for item in items:
        yield "<xdomea:Schriftgutobjekt>\n"
        yield from _item(head, words, item, with_files=with_files)
        yield "</xdomea:Schriftgutobjekt>\n"
    yield f"</{name}>\n"


def _wishes(code: dialect.Code) -> str:
    """Which answers are asked for; the fixed 1 must be written as 1."""
    asked = _e("Importbestaetigung", "1") + _e("RueckmeldungArchivkennung", "1")
    return (asked if code == "0503" else "") + _e("Empfangsbestaetigung", "1")


def _head_3(head: Head, code: dialect.Code) -> str:
    return _e(
        "Kopf",
        _t("ProzessID", head.process_id),
        _code("Nachrichtentyp", _LIST + "nachrichtentyp", DIALECTS["3.1.0"].message_list, code),
        _t("Erstellungszeitpunkt", head.created_at),
        _e("Absender", _party_3(head.authority)),
        _e("Empfaenger", _party_3(head.archive)),
        _e("SendendesSystem", _t("Produktname", head.product), _t("Version", head.product_version)),
        _wishes(code),
    )


def _head_4(head: Head, code: dialect.Code) -> str:
    kind = _code(
        "nachrichtentyp",
        _LIST + "nachrichtentyp",
        DIALECTS["4.0.0"].message_list,
        code,
        dialect.MESSAGES[code],
    )
    return "".join(
        (
            _e(
                "nachrichtenkopf",
                _e(
                    "identifikation.nachricht",
                    _bare("nachrichtenUUID", markup.text(head.message_id)),
                    kind,
                    _bare("erstellungszeitpunkt", markup.text(head.created_at)),
                ),
                _e("leser", _party_4(head.archive)),
                _e("autor", _party_4(head.authority)),
                _t("ProzessID", head.process_id),
            ),
            _wishes(code),
            _t("LfdNrNachrichtProTyp", head.number),
            _t("GesamtanzahlNachrichtenProTyp", head.total),
        )
    )


def _names(words: Dialect, party: Party) -> str:
    unit = _e(words.unit, _t("Name", party.unit)) if party.unit else ""
    return _e(words.institution, _t("Name", party.name)) + unit


def _party_3(party: Party) -> str:
    key = ""
    if party.key:
        key = _e(
            "Behoerdenkennung",
            _e("Behoerdenschluessel", _bare("code", markup.text(party.key))),
            _e("Praefix", _bare("code", markup.text(party.prefix))),
        )
    return key + _names(DIALECTS["3.1.0"], party)


def _party_4(party: Party) -> str:
    key = ""
    if party.key:
        where = markup.attributes(listURI=_DIRECTORIES, listVersionID="1")
        directory = _bare("code", "DVDV")
        key = _e(
            "Behoerdenkennung",
            f"<xdomea:verzeichnisdienst{where}>{directory}</xdomea:verzeichnisdienst>",
            _t("kennung", f"{party.prefix}:{party.key}"),
        )
    return key + _names(DIALECTS["4.0.0"], party)


def _item(head: Head, words: Dialect, item: Item, *, with_files: bool) -> Iterator[str]:
    """One Akte or Vorgang; the order of elements is the schema's."""
    is_dossier = item.kind == "dossier"
    tag = "Akte" if is_dossier else "Vorgang"
    is_new = head.version == "4.0.0"
    period = _e("Laufzeit", _t("Beginn", item.begins), _t("Ende", item.ends))
    closed = (_e("ZdA", "1") + _t("ZdADatum", item.closed_on)) if item.closed_on else ""
    yield f"<xdomea:{tag}>"
    yield _e("Identifikation", _t(words.uuid, item.uuid))
    yield _e("Kontextobjekt", "0") if is_new else ""
    yield _e("AllgemeineMetadaten", _general(item))
    yield _e(words.disposal, _disposal(item, is_new=is_new))
    yield (period + "<xdomea:Akteninhalt>\n") if is_dossier else (closed + period + "\n")
    for number, document in enumerate(item.documents, 1):
        inside = _e("Dokument", _document(head, words, document, number, with_files=with_files))
        yield (_e("DokumentOderDokumentMitSchriftstueck", inside) if is_new else inside) + "\n"
    yield ("</xdomea:Akteninhalt>" + closed) if is_dossier else ""
    yield f"</xdomea:{tag}>\n"


def _general(item: Item) -> str:
    return "".join(
        (
            _t("Betreff", item.title),
            _t("Kennzeichen", item.reference),
            _t("Federfuehrung", item.unit),
            _code("Medium", _LIST + "medium", "1.0", _ELECTRONIC),
            _e(
                "Aktenplaneinheit",
                _t("Kennzeichen", item.class_code),
                _t("Inhaltsangabe", item.class_title),
            ),
        )
    )


def _disposal(item: Item, *, is_new: bool) -> str:
    kept = item.retention
    years = _e("Unbefristet", "1") if kept.years is None else _t("AnzahlJahre", kept.years)
    proposal = ""
    if kept.proposal:
        proposal = _code("Bewertungsvorschlag", _LIST + "bewertungsvorschlag", "1.0", kept.proposal)
    return "".join(
        (
            _e("Aufbewahrungsdauer", years),
            _e(
                "Aussonderungsart",
                _code("Aussonderungsart", _LIST + "aussonderungsart", "1.0", kept.disposition),
            ),
            proposal,
            _t("BewertungsvorschlagBegruendung", kept.proposal_reason) if is_new else "",
            _t("Aufbewahrungsende", kept.ends),
            _t("Transferfristende", kept.transfer_until) if is_new else "",
        )
    )


def _document(
    head: Head, words: Dialect, document: Document, number: int, *, with_files: bool
) -> str:
    files = enumerate(document.files, 1) if with_files else ()
    return "".join(
        (
            _e(
                "Identifikation",
                _t(words.uuid, document.uuid),
                _t("NummerImUebergeordnetenContainer", number),
            ),
            _e(
                "AllgemeineMetadaten",
                _t("Betreff", document.title),
                _t("Kennzeichen", document.reference),
                _code("Medium", _LIST + "medium", "1.0", _ELECTRONIC),
            ),
            _t("FremdesGeschaeftszeichen", document.their_reference),
            _t("Posteingangsdatum", document.received_on),
            _t("Postausgangsdatum", document.sent_on),
            _t("DatumDesSchreibens", document.dated),
            _t("Bearbeiter", document.case_worker),
            _t("Typ", document.kind),
            _history(head, document) if with_files else "",
            *(_e("Version", _t("Nummer", nth), _format(head, file)) for nth, file in files),
        )
    )


def _history(head: Head, document: Document) -> str:
    """The events of a document; 3.1.0 has no place for a digest, so it stands among them."""
    past = [
        _e(
            "HistorienProtokollInformation",
            _t("Akteur", event.actor),
            _t("DatumUhrzeit", event.at),
            _t("Bemerkung", event.detail),
            _t("Aktion", event.kind),
        )
        for event in document.events
    ]
    if head.version == "3.1.0":
        past += [
            _e(
                "HistorienProtokollInformation",
                _t("MetadatumName", f"SHA-512 {file.name}"),
                _t("MetadatumNeuerWert", file.sha512),
                _t("Akteur", head.product),
                _t("DatumUhrzeit", head.created_at),
                _t("Aktion", "message digest calculation"),
            )
            for file in document.files
        ]
    return "".join(past)


def _format(head: Head, file: PrimaryFile) -> str:
    is_new = head.version == "4.0.0"
    # 3.1.0 allows the code of a format, but not its name, which stands beside it instead.
    name = _code(
        "Name",
        _LIST + "dateiformat",
        file.format.list_version,
        file.format.code,
        file.format.name if is_new else "",
    )
    digest = _e(
        "Hash",
        _t("Wert", file.sha512),
        _code(
            "Algorithmus",
            _ALGORITHMS,
            "1.0.0",
            "SHA-512",
            "http://www.w3.org/2001/04/xmlenc#sha512",
        ),
    )
    return _e(
        "Format",
        name,
        "" if is_new else _t("SonstigerName", file.format.name),
        _e("Version", markup.text(file.format.version)),
        _e(
            "Primaerdokument",
            _t("Dateiname", file.name),
            _t("DateinameOriginal", file.original_name),
            _t("DatumUhrzeit", file.created_at),
            digest if is_new else "",
        ),
    )

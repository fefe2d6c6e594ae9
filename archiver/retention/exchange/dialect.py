"""What the two versions of xdomea call things, and how the files of a message are named.

Promises that every difference between 3.1.0 and 4.0.0 that is a mere name stands in one table; the
differences of build stand in `archiver.retention.exchange.messages`. Names of files after the
specifications, chapters on transport: 3.x ``<ProzessID>_<message>.zip``, 4.0 ``<ProzessID>_<code>_
<n>.zip``; the message inside has the same name and ends in ``.xml``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from archiver.retention.exchange.batch import Head, Version

Code = Literal["0501", "0502", "0503", "0506"]

MESSAGES: dict[Code, str] = {
    "0501": "Aussonderung.Anbieteverzeichnis",
    "0502": "Aussonderung.Bewertungsverzeichnis",
    "0503": "Aussonderung.Aussonderung",
    "0506": "Aussonderung.AussonderungImportBestaetigen",
}


class Dialect(msgspec.Struct, frozen=True):
    """Names of one version.

    Attributes:
        namespace: of its elements.
        message_list: version of the code list of message types.
        uuid: element that holds the UUID of a record.
        disposal: element that holds period and disposition.
        institution: element of a party that holds the institution's names.
        unit: element of a party that holds its unit.
    """

    namespace: str
    message_list: str
    uuid: str
    disposal: str
    institution: str
    unit: str


DIALECTS: dict[Version, Dialect] = {
    "3.1.0": Dialect(
        namespace="urn:xoev-de:xdomea:schema:3.1.0",
        message_list="2.0",
        uuid="ID",
        disposal="ArchivspezifischeMetadaten",
        institution="Institution",
        unit="Organisationseinheit",
    ),
    "4.0.0": Dialect(
        namespace="urn:xoev-de:xdomea:schema:4.0.0",
        message_list="3.0",
        uuid="xdomeaUUID",
        disposal="Aussonderungsmetadaten",
        institution="NameInstitution",
        unit="NameOrganisationseinheit",
    ),
}


def stem(head: Head, code: Code) -> str:
    """Name of a message's files, without the suffix."""
    if head.version == "3.1.0":
        return f"{head.process_id}_{MESSAGES[code]}.{code}"
    return f"{head.process_id}_{code}_{head.number}"

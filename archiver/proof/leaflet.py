"""The leaflet in an export of the ledger: how to check it without this program.

Promises German and English, and commands that standard tools have (coreutils, sed, OpenSSL 3).
"""

from __future__ import annotations

_GERMAN = """\
JOURNAL EINES ARCHIVS, ZEILEN {first} BIS {last}
Ausgegeben am {at} (UTC).

ledger.jsonl     ein Vorgang je Zeile; „prev“ ist die SHA-256-Prüfsumme der ganzen vorigen Zeile
                 (mit Zeilenende), bei der allerersten Zeile stehen dort 64 Nullen
events.csv       dieselben Vorgänge als Tabelle, mit ihrem Namen nach PREMIS
heads/           je Tag ein Siegel über die letzte Zeile des Tages (*.json), unterschrieben mit
                 Ed25519; *.tsr: Zeitstempel einer anderen Stelle dazu (RFC 3161), soweit vorhanden
keys/            öffentliche Schlüssel zu den Siegeln
tsa.pem          Zertifikate, denen die Zeitstempel-Stelle untersteht, soweit vorhanden
SHA256SUMS       Prüfsummen aller Dateien hier
check_ledger.py  prüft alles; braucht nur Python 3:    python3 -I check_ledger.py

WICHTIG: Die Schlüssel liegen hier nur bei. Vergleichen Sie den Fingerabdruck mit dem, den das
Archiv Ihnen auf anderem Weg genannt hat; sonst beweisen die Siegel nicht, von wem sie sind.

Von Hand:
"""

_ENGLISH = """\

------------------------------------------------------------------------------------------------

LEDGER OF AN ARCHIVE, LINES {first} TO {last}
Written at {at} (UTC).

ledger.jsonl     one event a line; "prev" is the SHA-256 of the whole line before it, its newline
                 included; in the very first line there are 64 zeros
events.csv       the same events as a table, with their PREMIS types
heads/           for each day a seal of its last line (*.json), signed with Ed25519; *.tsr: a time
                 stamp of it by somebody else (RFC 3161), where there is one
keys/            public keys of the seals
tsa.pem          certificates which the time-stamp authority answers to, where there are any
SHA256SUMS       digests of all files here
check_ledger.py  checks everything; needs Python 3 only:    python3 -I check_ledger.py

IMPORTANT: the keys here only come along. Compare the fingerprint with the one that the archive
told you by another way; else the seals do not prove whose they are.

By hand:
"""

_COMMANDS = """\
    sha256sum -c SHA256SUMS
    sed -n 5p ledger.jsonl | sha256sum          # = prev of / „prev“ in: sed -n 6p ledger.jsonl
    openssl pkey -pubin -in keys/seal.pub -outform DER | sha256sum                # fingerprint
    sed 's/,"signature":"[^"]*"}$/}/' heads/DAY.json > message
    sed 's/.*"signature":"\\([^"]*\\)".*/\\1/' heads/DAY.json | base64 -d > signature
    openssl pkeyutl -verify -pubin -inkey keys/seal.pub -rawin -in message -sigfile signature
    openssl ts -reply -in heads/DAY.tsr -text
    openssl ts -verify -data heads/DAY.json -in heads/DAY.tsr -CAfile tsa.pem \\
        -attime "$(date -d "$(sed 's/.*"at":"\\([^"]*\\)".*/\\1/' heads/DAY.json)" +%s)"
"""


def leaflet(first: int, last: int, at: str) -> str:
    """The text.

    Args:
        first: number of the first line in the export.
        last: number of the last.
        at: when it was written, UTC, ISO 8601.
    """
    values = {"first": first, "last": last, "at": at}
    german, english = _GERMAN.format(**values), _ENGLISH.format(**values)
    return german + _COMMANDS + english + _COMMANDS

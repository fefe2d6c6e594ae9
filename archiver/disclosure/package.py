"""What goes into a package beside the papers, and what is kept about it.

Promises texts that say what was withheld, where and why, and never which words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from archiver import phrases
from archiver.disclosure.bars import Bar
from archiver.disclosure.proof import Proof
from archiver.disclosure.request import Basis, Ground
from archiver.records import Id
from archiver.tongue import N_, tr

SHEET = "00_Begleitblatt.txt"
MANIFEST = "manifest-sha512.txt"
_UNFIT = re.compile(r"[^\w.,+ -]+")
_LONGEST_TITLE = 60

BASES: dict[Basis, str] = {
    Basis.GDPR: N_("Right of access, GDPR Art. 15"),
    Basis.FREEDOM_OF_INFORMATION: N_("Freedom of information, SIFG § 1"),
    Basis.ENVIRONMENT: N_("Access to environmental information"),
    Basis.FILE_INSPECTION: N_("Inspection of files by a party"),
}
GROUNDS: dict[Ground, str] = {
    Ground.PERSONAL_DATA: N_("personal data of others"),
    Ground.TRADE_SECRET: N_("trade and business secrets"),
    Ground.PUBLIC_SAFETY: N_("public safety"),
    Ground.ONGOING_PROCEDURE: N_("ongoing procedure"),
    Ground.COPYRIGHT: N_("copyright of others"),
}
# Norms that say so beyond doubt. Where none stands here, the town's own letter must name it.
NORMS: dict[tuple[Basis, Ground], str] = {
    **dict.fromkeys(
        [
            (Basis.GDPR, Ground.PERSONAL_DATA),
            (Basis.GDPR, Ground.TRADE_SECRET),
            (Basis.GDPR, Ground.COPYRIGHT),
        ],
        "Art. 15 Abs. 4 DSGVO",
    ),
    **{(Basis.FREEDOM_OF_INFORMATION, ground): "§ 1 SIFG" for ground in Ground},
}


class Given(msgspec.Struct, frozen=True):
    """One document as it was given away.

    Attributes:
        document, version: of which it is a copy.
        file: its name in the package.
        sha512: of the file.
        pages: how many.
        bars: how many on each page that has any, by ground.
        proof: what was checked on the finished file.
    """

    document: Id
    version: int
    file: str
    sha512: str
    pages: int
    bars: dict[int, dict[Ground, int]]
    proof: Proof

    @property
    def count(self) -> int:
        """All bars."""
        return sum(sum(grounds.values()) for grounds in self.bars.values())


class Disclosure(msgspec.Struct, frozen=True):
    """What was given to whom on which basis; kept as an object, it names the recipient.

    Attributes:
        request: id of the request.
        basis: the right that was served.
        recipient: who got the package.
        actor: pseudonym of who made it.
        at: time in UTC, ISO 8601.
        documents: as given, in order.
        manifest: SHA-512 of the package's manifest, which names all its files.
    """

    request: str
    basis: Basis
    recipient: str
    actor: str
    at: str
    documents: tuple[Given, ...]
    manifest: str

    def by_ground(self) -> dict[str, int]:
        """All bars of the package by ground."""
        total: Counter[str] = Counter()
        for given in self.documents:
            for grounds in given.bars.values():
                total.update({str(ground): count for ground, count in grounds.items()})
        return dict(sorted(total.items()))

    def line(self) -> dict[str, Any]:
        """What the ledger's line may say: ids, codes and counts, no name and no digest."""
        return {
            "basis": str(self.basis),
            "documents": [[given.document, given.version] for given in self.documents],
            "bars": self.by_ground(),
        }


def counted(bars: Sequence[Bar]) -> dict[int, dict[Ground, int]]:
    """Count bars by page and ground."""
    counts: dict[int, dict[Ground, int]] = {}
    for bar in sorted(bars, key=lambda bar: (bar.page, bar.ground)):
        on_page = counts.setdefault(bar.page, {})
        on_page[bar.ground] = on_page.get(bar.ground, 0) + 1
    return counts


def file_name(place: int, title: str) -> str:
    """Name a document's file.

    Args:
        place: in the package, from 1.
        title: of the document; empty where it must not be told.
    """
    plain = " ".join(_UNFIT.sub(" ", title).split())[:_LONGEST_TITLE].strip(" .")
    return f"{place:02d}_{plain or tr(N_('Document'))}.pdf"


def sheet(request: str, basis: Basis, day: str, documents: Sequence[Given]) -> str:
    """Write the sheet that goes with a package, in the language in use.

    Args:
        request: id of the request.
        basis: the right that is served.
        day: ISO date of the package.
        documents: as given.
    """
    lines = [
        tr(N_("Disclosure {request}")).format(request=request),
        "",
        tr(N_("Date: {day}")).format(day=phrases.date(day)),
        tr(N_("Legal basis: {basis}")).format(basis=tr(BASES[basis])),
        "",
        tr(N_("What is black in these copies was withheld for the ground named. It is not under "
              "the bars: pictures and text were made anew without it.")),
        "",
    ]  # fmt: skip
    for given in documents:
        lines += [_heading(given), *_withheld(given, basis), ""]
    lines.append(tr(N_("Checksums of all files: {file}")).format(file=MANIFEST))
    return "\n".join(lines) + "\n"


def _heading(given: Given) -> str:
    return f"{given.file}: {phrases.counted('page', given.pages)}"


def _withheld(given: Given, basis: Basis) -> list[str]:
    """List the bars of a document by page and ground."""
    if not given.bars:
        return ["  " + tr(N_("complete, nothing withheld"))]
    lines = []
    for page, grounds in sorted(given.bars.items()):
        for ground, count in grounds.items():
            norm = NORMS.get((basis, ground))
            why = tr(GROUNDS[ground]) + (f" ({norm})" if norm else "")
            where = tr(N_("page {page}")).format(page=page)
            lines.append(f"  {where}: {phrases.counted('bar', count)}, {why}")
    return lines


def manifest(digests: dict[str, str]) -> str:
    """Write the manifest in the form that ``sha512sum --check`` reads.

    Args:
        digests: SHA-512 in hexadecimal digits by name of file.
    """
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))

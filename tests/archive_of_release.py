"""An invented archive as each released version left it, and what people were told by that version.

    python -m tests.archive_of_release 0.1.0        # with the code of that version

makes ``tests/archives/0.1.0.tar.xz``: an archive of papers in every state, with dossiers, a hold, a
disposition that has ended and one on its way, and beside it ``told.json``. It is made once, before
the version is released, and never again: `tests/test_archives_of_releases.py` opens it with the
code of today.
"""

from __future__ import annotations

import itertools
import json
import secrets
import shutil
import sys
import tarfile
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from ulid import ULID

from archiver import house as parts
from archiver.archive import Archive
from archiver.config import load
from archiver.house import held
from archiver.registry import rulebook
from archiver.rights import myself
from tests import paper
from tests.seeding import ARCHIVE_NAME, TOWN_NAME, Bureau, Clock, Letter, bureau, furnished, opened
from tests.state_archive import StateArchive
from tests.town import Town

ARCHIVES = Path(__file__).parent / "archives"
TODAY = "2026-12-01"
QUERIES = (
    "*",
    "Friedhof*",
    '"wird erteilt"',
    "state:review",
    "state:withdrawn",
    "Wohngeld",
    "kopie",
)


def answers(archive: Archive) -> dict[str, Any]:
    """What people are told: hits, everything shown of each document, matters, periods."""
    # Hits of equal score come in no promised order, and scores depend on the index's segments.
    hits = {
        query: {
            hit["id"]: {**hit, "score": None}
            for hit in archive.documents.search(query, 100)["hits"]
        }
        for query in QUERIES
    }
    documents = sorted(hits["*"])
    batches = archive.disposal.list(everything=True)["batches"]
    dossiers = archive.dossiers.list()["dossiers"]
    status = archive.upkeep.status()
    return {
        "hits": hits,
        "shown": {one: archive.documents.show(one) for one in documents},
        "texts": {one: archive.documents.text(one) for one in documents},
        "status": {key: status[key] for key in ("documents", "problems", "counts", "review")},
        "dossiers": {one["id"]: archive.dossiers.show(one["id"]) for one in dossiers},
        "holds": archive.holds.list(everything=True),
        "batches": {one["id"]: archive.disposal.show(one["id"]) for one in batches},
        "certificates": archive.certificates.list(),
        "rules": archive.periods.rules(),
        "due": archive.periods.due(until=date(2040, 1, 1), units=True),
    }


def _papers(town: Town) -> None:
    """What the daemon itself has read, filed, doubted and refused."""
    for name, data in {
        "satzung.pdf": paper.text_pdf([("Friedhofssatzung", "Die Genehmigung wird erteilt.")]),
        "kopie.pdf": paper.text_pdf([("Friedhofssatzung", "Die Genehmigung wird erteilt.")]),
        "zwei seiten.pdf": paper.text_pdf([("Haushaltsplan",), ("Friedhof am Berg",)]),
        "bauantrag.pdf": paper.text_pdf(),
        "kein scan.pdf": b"nur ein Text, kein PDF\n",
        "kaputt.pdf": paper.truncated_pdf(),
        "leer.pdf": paper.scan_pdf([paper.blank_image(60)], 60),
        "Irrtum.pdf": paper.text_pdf([("Sitzung des Ortsrates",)]),
    }.items():
        town.drop(name, data)
    town.drop(b"M\xfcller.pdf", paper.text_pdf([("Frau Müller",)]))
    town.once(expected=3)


def _decisions(one: Bureau) -> None:
    """What persons say: corrections, notes, dossiers, a hold, dispositions, a destruction."""
    archive = one.one
    by_name = {hit["file"]: hit["id"] for hit in archive.documents.search("*", 100)["hits"]}
    archive.intake.withdraw(by_name["Irrtum.pdf"], "gehört nicht hierher")
    archive.intake.dismiss(by_name["kein scan.pdf"], "eine Notiz")
    archive.review.correct(
        by_name["bauantrag.pdf"], ["class=building_permit", "subject=Bauantrag Linde"]
    )

    def letters(text: str, kind: str, count: int) -> list[Letter]:
        return [Letter(text, kind, letter_date="2010-03-01")] * count

    benefit, business, closed = "housing_benefit", "business_letter", "2010-06-30"
    one.dossier("460.1/2009", closed, *letters("Wohngeld Bescheid", benefit, 3), title="Wohngeld A")
    one.dossier("460.2/2009", closed, *letters("Wohngeld Antrag", benefit, 2), title="Wohngeld B")
    one.dossier("632.5/2010", None, *letters("Brücke am Bach", business, 1), title="Brücke")
    one.filed(*letters("Bestellung von Papier", business, 2))
    one.hold("dossier", "460.2/2009")
    state_archive = StateArchive(ARCHIVE_NAME, TOWN_NAME, lambda title: "Wohngeld" in title)
    one.brought(archive.disposal.propose(until=date(2026, 12, 1))["id"], "done", state_archive)
    one.dossier("460.3/2009", closed, *letters("Wohngeld Ende", benefit, 2))
    archive.disposal.propose(until=date(2026, 12, 1))


def make(version: str) -> Path:
    """Make the archive of the version that runs; returns the packed file."""
    _same_each_time()
    with tempfile.TemporaryDirectory() as folder:
        town = furnished(Path(folder) / "town")
        _papers(town)
        with bureau(town, TODAY) as one:
            rulebook.adopt_first(one.house.registry, "daemon")
            _decisions(one)
            one.house.current_index()
        told = told_by(town.config)
        (town.root / "told.json").write_text(json.dumps(told, ensure_ascii=False, indent=1))
        for name in ("released", "exports"):
            shutil.rmtree(town.root / name)
        target = ARCHIVES / f"{version}.tar.xz"
        target.parent.mkdir(exist_ok=True)
        with tarfile.open(target, "w:xz", preset=9) as packed:
            packed.add(town.root, "town", filter=_nobodys)
    return target


def told_by(config: Path) -> dict[str, Any]:
    """What the owner of an archive is told by the code that runs."""
    with held(load(config), exclusive=True):
        house = opened(config, Clock(TODAY))
        try:
            answered: dict[str, Any] = json.loads(json.dumps(answers(Archive(house, myself()))))
        finally:
            house.close()
    return answered


def _same_each_time() -> None:
    """Ids and salts that are invented, not thrown; those of the daemon's own process are not."""
    numbers = itertools.count(1)

    def invented(size: int | None = None) -> bytes:
        return next(numbers).to_bytes(size or 16, "big")

    parts.new_id = lambda: str(ULID.from_bytes(b"\x01\x9a\xd0\0" + invented(12)))
    secrets.token_bytes = invented


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """A member without its owner; sockets and locks stay behind."""
    if not (member.isfile() or member.isdir()) or member.name.endswith(".lock"):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    print(make(sys.argv[1]))

"""The catalogue made anew from ledger and vault, as at the first start after its tables changed.

Prints how long that takes and what part of it is reading the vault, decoding what was read, and the
database. The archive is filled as the walk of every paper leaves it, but without fsync and without
a catalogue: filling is not what is measured here.

    python -m bench.rebuild [--documents 100000] [--folder DIR] [--short]

Exits 1 where it takes more than ten minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ulid import ULID

from archiver.config import load
from archiver.founding import found
from archiver.house import House
from archiver.records import Box, Event, Field, FieldKind
from archiver.store import holdings, objects
from archiver.store.objects import Receipt, Record
from bench import history

MOST_SECONDS = 600
_KINDS: tuple[FieldKind, ...] = (
    "letter_date", "reference", "subject", "sender", "recipient", "amount", "iban", "dossier",
)  # fmt: skip


def fill(house: House, documents: int) -> None:
    """Give an archive so many filed documents, in vault and ledger alone."""
    for number in range(documents):
        at = f"{2016 + number * 10 // documents}-{1 + number * 120 // documents % 12:02}"
        at += f"-{1 + number % 28:02}T08:00:00.000Z"
        _file(house, number, at)


def _file(house: House, number: int, at: str) -> None:
    digest = hashlib.sha512(str(number).encode())
    document = str(ULID.from_bytes(number.to_bytes(6, "big") + digest.digest()[:10]))
    name = f"scan_{number:06}.pdf"
    receipt = Receipt(
        document, "incoming", name, name.encode(), 1000, "application/pdf",
        digest.hexdigest(), digest.digest()[:16], "daemon", at,
    )  # fmt: skip
    record = objects.encode(_record(number))
    files = {
        objects.original_name(receipt.media_type): f"%PDF-1.7 {number}".encode(),
        objects.receipt_name(document): objects.encode(receipt),
    }
    house.vault.stage_object(document, files, at, "received", "daemon")
    house.vault.publish(document)
    more: dict[str, Path | bytes | None] = {
        objects.RECORD: record,
        objects.WORDS: b"[]",
        objects.RENDITION: f"%PDF-1.7 PDF/A {number}".encode(),
    }
    house.vault.add_version(document, more, at, "filed", "daemon")
    house.vault.settled(document)
    came = {"pipeline": "incoming", "media_type": receipt.media_type, "size": receipt.size}
    walked: dict[str, Any] = {"version": 2, "class": "business_letter"}
    house.ledger.append(
        [
            Event("received", at, "daemon", document, {**came, "original": receipt.salted()}),
            Event("separated", at, "daemon", document, {"version": 2, "documents": [document]}),
            Event("recognised", at, "daemon", document, {"version": 2}),
            Event("classified", at, "daemon", document, walked),
            Event("filed", at, "daemon", document, walked),
        ]
    )


def _record(number: int) -> Record:
    """A record as long as that of a letter: eight facts and as many candidates."""
    box = Box(0, 0, 10, 10)
    fields = tuple(
        Field(kind, f"{kind} {number}", f"{kind} {number // 50}", 1, box, 1.0, "label:Az", is_fact)
        for kind in _KINDS
        for is_fact in (True, False)
    )
    verdict = {
        "record_class": "business_letter",
        "confidence": 0.98,
        "basis": "agreed",
        "evidence": [{"word": f"Wort {place}", "weight": place / 10} for place in range(10)],
    }
    return Record(
        pages=1,
        confidence=95.0,
        record_class="business_letter",
        subject=f"Schreiben an die Stadt Musterhausen, laufende Nummer {number}",
        fields=fields,
        verdict=verdict,
    )


def measured(house: House) -> dict[str, float]:
    """Seconds of the whole, and of what it spends in the vault and in decoding."""
    spent = dict.fromkeys(("vault", "json"), 0.0)

    def timed(owner: Any, name: str, part: str) -> None:
        plain: Callable[..., Any] = getattr(owner, name)

        def wrapped(*args: Any) -> Any:
            begun = time.perf_counter()
            try:
                return plain(*args)
            finally:
                spent[part] += time.perf_counter() - begun

        setattr(owner, name, wrapped)

    timed(holdings.Holdings, "_read", "vault")
    timed(objects, "decode_receipt", "json")
    timed(objects, "decode_record", "json")
    begun, used = time.perf_counter(), time.process_time()
    lines = house.new_catalogue(lambda _done, _total: None)
    whole = time.perf_counter() - begun
    return {"lines": lines, "whole": whole, "processor": time.process_time() - used, **spent}


def _no_sync(fd: object) -> None:
    """What stands in for fsync while the archive is filled."""
    del fd


def main() -> int:
    """Fill an archive and have its catalogue made anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None, help="where an archive may stay")
    asked = history.options(parser, documents=100)
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="archiver-rebuild-"))
    try:
        if not (folder / "town").exists():
            os.fsync, sync = _no_sync, os.fsync
            filling = House(load(found(folder / "town")))
            fill(filling, asked.documents)
            filling.close()
            os.fsync = sync
            os.sync()
        house = House(load(folder / "town" / "config.toml"))
        took = measured(house)
        house.close()
    finally:
        if asked.folder is None:
            shutil.rmtree(folder)
    database = took["whole"] - took["vault"] - took["json"]
    print(f"{asked.documents} documents, {took['lines']:.0f} ledger lines: {took['whole']:.1f} s")
    print(f"of these {took['processor']:.1f} s of processor")
    print(f"vault {took['vault']:.1f} s, JSON {took['json']:.1f} s, the rest {database:.1f} s")
    history.note(asked, "rebuild", {"whole/vault": took["whole"] / took["vault"]})
    return int(took["whole"] > MOST_SECONDS and not asked.short)


if __name__ == "__main__":
    sys.exit(main())
